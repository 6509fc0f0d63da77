"""How a guided path works: a step asks, an answer fills in, the first step that still lacks something is next.

A path is pure: it gets where it stands and an answer, and tells where it stands then and what is said.
Whoever runs it keeps the place as a row, so that it survives a restart and can be resumed after days.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

Data = dict[str, Any]  # JSON values only: days in ISO form, sums in 分
CARRY = "@"  # at the end of a button's data: the id of the path that shows it
# What the party of a case may want of it; `go:` leads there as it leads to a path.
WISHES = ("paid", "promise", "plan", "settle", "hard", "dispute", "contact", "service")


@dataclass(frozen=True, slots=True)
class Choice:
    """A button under a question: the key of its label in the catalogue, and what it answers.

    With `data` it answers nothing here and leads elsewhere (see `go`).
    """

    label: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    data: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence of the catalogue, with buttons; `also` follows on lines of its own.

    A parameter may be a day (written out with its weekday) or another `Say` (put in as words).
    """

    key: str
    params: Mapping[str, object] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    also: tuple[Say, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the review: which step it corrects, the key of its name, and what was answered."""

    step: str
    label: str
    value: object


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answers, read as far as it can be read without the path."""

    today: date
    text: str = ""  # their words, identifiers masked unless the step is one of `Path.identifying`
    choice: str = ""  # the code of a button, or of words that stand for one
    files: int = 0  # files that this path has got so far, this answer's included
    proven: bool | None = None  # whether name and last characters are the party's
    tries_left: int = 0
    asks: bool = False  # whether the words read like a question
    by_other: bool = False  # whether the words say that somebody else paid
    named: str = ""  # the code of the step's button that a longer sentence names: 微信转的
    told: tuple[str, ...] = ()  # what else the words tell, as answers to reminders are understood: hard, plan
    corrects: bool = False  # whether the words take back what was answered before: 不对，是两万


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known when somebody sets out: the sentence that started the path, or a button's argument."""

    today: date
    text: str = ""
    arg: str = ""
    source: str = ""  # the kind of the path whose button led here
    data: Mapping[str, Any] = field(default_factory=dict)  # and what was answered there
    due: date | None = None  # by when it must be done now: 晚一个月 counts from there


@dataclass(frozen=True, slots=True)
class Begun:
    """What a path sets out with, and what it is about."""

    data: Data
    obligation: int | None = None
    party: int | None = None


@dataclass(frozen=True, slots=True)
class At:
    """Where a path stands."""

    step: str
    data: Data

    def day(self, name: str) -> date:
        """A day among the data."""
        return date.fromisoformat(self.data[name])


@dataclass(frozen=True, slots=True)
class Puzzled:
    """The answer cannot be understood here: what is said before the question is put again.

    `without` are data that are asked for anew because of it. `understood`: it was read, but cannot be; so
    the words are no question of something else, and why it cannot be is said.
    """

    key: str
    params: Mapping[str, object] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    understood: bool = False


class Refused(Exception):
    """What a path was for cannot be done: what is said, and the step that is asked again."""

    def __init__(self, say: Say, step: str = "") -> None:
        super().__init__(say.key)
        self.say = say
        self.step = step


class Path(ABC):
    """A guided path; subclasses name steps, questions and what counts as an answer."""

    kind: ClassVar[str]  # at most 24 characters, as the names of steps
    Step: ClassVar[type[StrEnum]]
    ends: ClassVar[frozenset[str]]
    free: ClassVar[frozenset[str]] = frozenset()  # steps at which whatever is written is the answer
    secret: ClassVar[frozenset[str]] = frozenset()  # steps whose answer is not logged
    identifying: ClassVar[frozenset[str]] = frozenset()  # steps that get ID numbers and the like unmasked
    unlogged: ClassVar[bool] = False  # the log keeps neither answers nor reviews: they have a shorter life
    bound: ClassVar[bool] = False  # only for a proven party
    reopens: ClassVar[bool] = False  # an answer may still be changed at the end (a calculation)
    examples: ClassVar[Mapping[str, Sequence[str]]] = {}  # good answers in words, for the diagram and the tests
    starts: ClassVar[Sequence[Data]] = ({},)  # data with which it may begin, for the diagram and the tests

    @abstractmethod
    def order(self, data: Data) -> Sequence[str]:
        """The steps of this path with these data, the last one an end."""

    @abstractmethod
    def filled(self, step: str, data: Data) -> bool:
        """Whether a step has what it asks for."""

    @abstractmethod
    def ask(self, at: At, today: date) -> Say:
        """The question of a step."""

    @abstractmethod
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """What the answer fills in; `Say` stays at the step without putting the question again."""

    def hides(self, step: str, text: str) -> bool:  # noqa: ARG002 - for those who override it
        """Whether the log must not keep what is answered at a step."""
        return step in self.secret

    def clear(self, step: str) -> tuple[str, ...]:
        """The data that a step fills in, to be forgotten when somebody goes back to it."""
        return (step,)

    def opened(self, opening: Opening) -> Data:  # noqa: ARG002 - for those who override it
        """What is known already from the words or the button that set out on it."""
        return {}

    def lines(self, at: At) -> Sequence[Line]:  # noqa: ARG002 - for those who override it
        """The answers as the review shows them."""
        return ()

    # -- the same for every path -----------------------------------------------------------------

    def begin(self, data: Data, today: date) -> tuple[At, tuple[Say, ...]]:
        """Set out, with what is known already."""
        at = self._next(data)
        return at, (self.ask(at, today),)

    def advance(self, at: At, answer: Answer) -> tuple[At, tuple[Say, ...]]:
        """Where the answer leads, and what is said. An end stays where it is, unless the path reopens."""
        fixes = answer.choice.startswith("fix-")
        if at.step in self.ends and not (self.reopens and fixes):
            return at, ()
        if answer.choice == "back":
            return self._back(at, answer.today)
        if fixes:
            return self._fix(at, answer.choice.removeprefix("fix-"), answer.today)
        taken = self.take(at, answer)
        if isinstance(taken, Say):
            return at, (taken,)
        if isinstance(taken, Puzzled):
            again = self._next({k: v for k, v in at.data.items() if k not in taken.without})
            return again, (Say(taken.key, taken.params), self.ask(again, answer.today))
        then = self._next(at.data | taken)
        return then, (self.ask(then, answer.today),)

    def return_to(self, at: At, step: str) -> At:
        """The place of an earlier step whose button is pressed again; the same place if it is none."""
        order = list(self.order(at.data))
        closed = at.step in self.ends and not self.reopens
        if closed or step in self.ends or step not in order or order.index(step) >= order.index(at.step):
            return at
        return self._at(step, at.data)

    def review(self, at: At, confirm: str = "flow.confirm") -> Say:
        """One screen with every answer, a button to change each, and `yes` to go on."""
        lines = self.lines(at)
        fixes = tuple(Choice("flow.fix", f"fix-{line.step}", {"name": Say(line.label)}) for line in lines)
        shown = tuple(Say("flow.line", {"name": Say(line.label), "value": line.value}) for line in lines)
        return Say("flow.review", {}, (Choice(confirm, "yes"), *fixes, LEAVE), shown)

    def _next(self, data: Data) -> At:
        order = self.order(data)
        return At(next((s for s in order if s not in self.ends and not self.filled(s, data)), order[-1]), data)

    def _at(self, step: str, data: Data) -> At:
        """At a step, with what it had filled in forgotten."""
        return At(step, {k: v for k, v in data.items() if k not in (*self.clear(step), *self._of_ends)})

    @property
    def _of_ends(self) -> tuple[str, ...]:
        return ("end", "confirm") if self.reopens else ("confirm",)

    def _back(self, at: At, today: date) -> tuple[At, tuple[Say, ...]]:
        order = list(self.order(at.data))
        if at.step not in order:
            there = self._next(at.data)
            return there, (self.ask(there, today),)
        before = order[max(0, order.index(at.step) - 1)]
        return self._fix(at, before, today)

    def _fix(self, at: At, step: str, today: date) -> tuple[At, tuple[Say, ...]]:
        if step not in self.order(at.data) or step in self.ends:
            return at, (self.ask(at, today),)
        there = self._at(step, at.data)
        return there, (self.ask(there, today),)


LEAVE = Choice("party.button.leave", "leave")
BACK = Choice("party.button.back", "back")


def go(kind: str, arg: str = "", *, carry: bool = False, label: str = "") -> Choice:
    """A button that sets out on another path; with `carry` that path may use what was answered on this one.

    It is shown only if that path is registered. The label is `button.go.<kind>` unless another key is given.
    """
    end = f":{CARRY}" if carry else f":{arg}" if arg else ""
    return Choice(label or f"button.go.{kind}", "", data=f"go:{kind}{end}")


def elsewhere(label: str, data: str) -> Choice:
    """A button that leads out of the path: `human`, `menu`, `topic:apply.fee`, `pt:mine`."""
    return Choice(label, "", data=data)


def yuan(cents: int) -> str:
    """分 as people write 元: 3,000 or 3,000.50."""
    whole, rest = divmod(cents, 100)
    return f"{whole:,}" + (f".{rest:02d}" if rest else "")
