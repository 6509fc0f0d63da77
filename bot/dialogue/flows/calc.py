"""What the calculators' paths share: answers read as sums and days, the review, and the data as a calculator takes them.

A path only asks; the result is worked out and said at its end (`bot/dialogue/ends_calc.py`), where the
court's calendar and the table of rates are at hand. Every answer can still be changed under the result.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from bot.dialogue.flows.model import (
    BACK,
    LEAVE,
    Answer,
    At,
    Choice,
    Data,
    Line,
    Opening,
    Path,
    Puzzled,
    Say,
    elsewhere,
    yuan,
)
from bot.guide.days import Period
from bot.guide.model import LARGEST, CannotWorkOutError, checked_amount, checked_day
from bot.guide.reading import LONGEST, amount_of, days_of, impossible_day, vague_period
from bot.reach.amounts import foreign
from bot.reach.saying import plain

WORDS = "words"  # `Opening.source` of data that were read from a sentence
DONE = "done"


class Calculation(Path):
    """A path that ends in a result; `calculator` names it for `bot.guide.service.Calculators`."""

    reopens = True
    ends = frozenset({DONE})
    calculator: ClassVar[str]
    topic: ClassVar[str]  # the FAQ's full answer
    worded: ClassVar[frozenset[str]] = frozenset()  # steps whose buttons the words of `faq/calculators.yaml` name too

    @abstractmethod
    def inputs(self, data: Data) -> dict[str, Any]:
        """The answers as the calculator takes them."""

    @override
    def filled(self, step: str, data: Data) -> bool:
        """A step is filled by the datum of its name."""
        return step in data

    def topic_of(self, data: Data) -> str:  # noqa: ARG002 - for those who override it
        """The topic of the full answer."""
        return self.topic

    def blames(self, error: CannotWorkOutError) -> str:  # noqa: ARG002 - for those who override it
        """Which step is asked again when the answers cannot be worked with: the first one."""
        return self.order({})[0]

    def fixes(self, data: Data) -> tuple[Choice, ...]:
        """The buttons under a result that change an answer."""
        at = At(DONE, data)
        return tuple(Choice("flow.fix", f"fix-{line.step}", {"name": Say(line.label)}) for line in self.lines(at))

    def question(self, step: str, *choices: Choice, first: bool = False) -> Say:
        """The question of a step with its buttons."""
        return Say(f"calc.ask.{self.calculator}.{step}", {}, (*choices, *(() if first else (BACK,)), LEAVE))

    def done(self) -> Say:
        """What stands at the end for whoever comes back to it; the result itself is said by the end."""
        return Say("calc.ask.done", {}, (elsewhere("button.menu", "menu"),))


def told_by(opening: Opening) -> Mapping[str, Any]:
    """What a sentence told, as the reader found it; empty for anything else."""
    return opening.data if opening.source == WORDS else {}


def as_cents(amount: Decimal) -> int:
    """元 as 分."""
    return int(amount * 100)


def as_amount(cents: int) -> Decimal:
    """分 as 元."""
    return Decimal(cents) / 100


def read_amount(answer: Answer) -> int | Puzzled:
    """The sum of an answer in 分."""
    if foreign(plain(answer.text[:LONGEST])):
        return Puzzled("calc.ask.foreign", understood=True)
    found = amount_of(answer.text, answer.today)
    if found is None:
        return Puzzled("calc.ask.no_amount")
    try:
        return as_cents(checked_amount(found))
    except CannotWorkOutError as error:
        return Puzzled(error.key, error.params, understood=True)


def read_day(answer: Answer, *, past: bool = True) -> str | Puzzled:
    """The one day of an answer, in ISO form. A period (生效后十日内) is no day, wherever it is counted from."""
    if odd := impossible_day(answer.text):
        return Puzzled("calc.wrong.no_such_day", {"day": odd}, understood=True)
    found = days_of(answer.text, answer.today, past=past)
    if past and vague_period(answer.text):
        return Puzzled("calc.ask.period", understood=True)
    if len(found) != 1:
        return Puzzled("calc.ask.one_day" if found else "calc.ask.no_day", understood=bool(found))
    try:
        return checked_day(found[0]).isoformat()
    except CannotWorkOutError as error:
        return Puzzled(error.key, error.params, understood=True)


def carried_amount(opening: Opening) -> dict[str, int]:
    """The sum that another path, or a sentence, has told (分)."""
    if opening.source == WORDS:
        amount = opening.data.get("amount")
        return {"amount": as_cents(amount)} if amount is not None and 0 < amount <= LARGEST else {}
    for name in ("amount", "rest", "balance"):
        value = opening.data.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return {"amount": value}
    return {}


def carried_day(opening: Opening, name: str, *others: str) -> dict[str, str]:
    """A day that another path, or a sentence, has told."""
    for key in (name, *others):
        value = opening.data.get(key)
        if isinstance(value, date):
            return {name: value.isoformat()}
        if isinstance(value, str):
            try:
                return {name: date.fromisoformat(value).isoformat()}
            except ValueError:
                continue
    return {}


def amount_line(data: Data) -> Sequence[Line]:
    """The review's line of the sum."""
    return (
        [Line("amount", "calc.name.amount", Say("calc.value.amount", {"amount": yuan(data["amount"])}))]
        if "amount" in data
        else []
    )


def day_line(data: Data, step: str) -> Sequence[Line]:
    """The review's line of a day."""
    return [Line(step, f"calc.name.{step}", date.fromisoformat(data[step]))] if data.get(step) else []


def chosen_line(data: Data, step: str, calculator: str) -> Sequence[Line]:
    """The review's line of something that was chosen by a button."""
    if step not in data:
        return []
    return [Line(step, f"calc.name.{step}", Say(f"calc.choice.{calculator}.{data[step]}"))]


def period(code: int | str) -> Say:
    """How long one has, as the review shows it."""
    found = Period.of(code)
    return Say(f"calc.value.within_{'months' if found.months else 'days'}", {"count": found.count})


def choices(calculator: str, codes: Sequence[str]) -> tuple[Choice, ...]:
    """Buttons of a calculator, labelled by their code."""
    return tuple(Choice(f"calc.choice.{calculator}.{code}", code) for code in codes)
