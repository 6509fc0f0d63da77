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


@dataclass(frozen=True, slots=True)
class Choice:
    """A button under a question: the key of its label in the catalogue, and what it answers."""

    label: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence of the catalogue, with buttons."""

    key: str
    params: Mapping[str, object] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answers, read as far as it can be read without the path."""

    today: date
    text: str = ""  # their words, identifiers masked
    choice: str = ""  # the code of a button, or of words that stand for one
    files: int = 0  # files that this path has got so far, this answer's included
    proven: bool | None = None  # whether name and last characters are the party's
    tries_left: int = 0


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

    `without` are data that are asked for anew because of it.
    """

    key: str
    params: Mapping[str, object] = field(default_factory=dict)
    without: tuple[str, ...] = ()


class Path(ABC):
    """A guided path; subclasses name steps, questions and what counts as an answer."""

    kind: ClassVar[str]
    Step: ClassVar[type[StrEnum]]
    ends: ClassVar[frozenset[str]]

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

    def clear(self, step: str) -> tuple[str, ...]:
        """The data that a step fills in, to be forgotten when somebody goes back to it."""
        return (step,)

    # -- the same for every path -----------------------------------------------------------------

    def begin(self, data: Data, today: date) -> tuple[At, tuple[Say, ...]]:
        """Set out, with what is known already."""
        at = self._next(data)
        return at, (self.ask(at, today),)

    def advance(self, at: At, answer: Answer) -> tuple[At, tuple[Say, ...]]:
        """Where the answer leads, and what is said. An end stays where it is."""
        if at.step in self.ends:
            return at, ()
        if answer.choice == "back":
            return self._back(at, answer.today)
        if answer.choice.startswith("fix-"):
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
        if at.step in self.ends or step not in order or order.index(step) >= order.index(at.step):
            return at
        return At(step, {k: v for k, v in at.data.items() if k not in self.clear(step)})

    def _next(self, data: Data) -> At:
        order = self.order(data)
        return At(next((s for s in order if s not in self.ends and not self.filled(s, data)), order[-1]), data)

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
        there = At(step, {k: v for k, v in at.data.items() if k not in self.clear(step)})
        return there, (self.ask(there, today),)


LEAVE = Choice("party.button.leave", "leave")
BACK = Choice("party.button.back", "back")


def yuan(cents: int) -> str:
    """分 as people write 元: 3,000 or 3,000.50."""
    whole, rest = divmod(cents, 100)
    return f"{whole:,}" + (f".{rest:02d}" if rest else "")
