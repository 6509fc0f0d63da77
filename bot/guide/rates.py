"""Published interest rates that the operator enters by hand: `faq/rates.yaml`. No rate is built in.

A table holds, for each term, the yearly rate from a day on. It is needed only where an enforcement
basis refers to a published rate (the loan prime rate, a benchmark), instead of naming a rate itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from bot.core import written
from bot.core.errors import KnowledgeError
from bot.core.faults import Fault, Problem
from bot.core.written import Node, Unreadable
from bot.guide.model import CannotWorkOutError, Line

FILE = "rates.yaml"
PUBLISHED = ("lpr_1y", "lpr_5y")  # what people name in words
STALE = 40  # days after the last entry of a monthly rate from which it is said that a newer one may exist


@dataclass(frozen=True, slots=True)
class Series:
    """One published rate: from which day which yearly rate (a fraction) was in force, oldest first."""

    name: str
    days: tuple[date, ...] = ()
    rates: tuple[Decimal, ...] = ()

    def on(self, day: date) -> Decimal:
        """The rate in force on that day; CannotWorkOutError when the table does not reach back so far."""
        place = bisect_right(self.days, day) - 1
        if place < 0:
            name = Line(f"calc.table.{self.name}") if self.name in PUBLISHED else self.name
            raise CannotWorkOutError("calc.wrong.no_rate", day=day, name=name)
        return self.rates[place]

    def changes(self, after: date, until: date) -> list[date]:
        """The days within (after, until] on which another rate comes into force."""
        return [d for d in self.days if after < d <= until]

    def stale(self, until: date) -> date | None:
        """The day of the last entry, if it lies long before `until`."""
        last = self.days[-1] if self.days else None
        return last if last and (until - last).days > STALE else None


class Rates:
    """All series of the file."""

    def __init__(self, series: Mapping[str, Series] | None = None) -> None:
        self._series = dict(series or {})

    def __call__(self, name: str) -> Series:
        """The series of that name; an empty one, which says what is missing, when nobody entered it."""
        return self._series.get(name, Series(name))

    def names(self) -> list[str]:
        """What may be asked for."""
        return list(self._series)

    @classmethod
    def read(cls, path: Path) -> Rates:
        """From the operator's file; nothing when there is none. KnowledgeError names what cannot be used."""
        if not path.exists():
            return cls()
        rates, problems = read(path)
        if problems:
            raise KnowledgeError(problems)
        return rates


def read(path: Path) -> tuple[Rates, list[Problem]]:
    """The series of a file, and everything that is wrong with it, by line."""
    problems: list[Problem] = []
    series: dict[str, Series] = {}
    try:
        root = written.read(path)
        if not root.is_mapping:
            raise root.unreadable(Fault("rates.table"))
        problems += written.repeated(root, deep=1)
        for name, node in root.pairs():
            entries = sorted(_entries(name, node, problems))
            series[name] = Series(name, tuple(d for d, _ in entries), tuple(r for _, r in entries))
    except Unreadable as bad:
        if bad.problem.code != "file.empty":  # everything in it may be a remark
            problems.append(bad.problem)
    return Rates(series), problems


def check(path: Path) -> list[Problem]:
    """Everything that is wrong with a file that need not be there."""
    return read(path)[1] if path.exists() else []


def _entries(name: str, node: Node, problems: list[Problem]) -> Iterator[tuple[date, Decimal]]:
    """Days, and rates in percent a year written as text: a float would not be exact."""
    if not node.is_mapping:
        if node.is_list or node.value() is not None:
            problems.append(node.problem(Fault("rates.series"), name))
        return
    for day, given in node.pairs():
        rate = given.value()
        value = _fraction(rate)
        if value is None:
            problems.append(given.problem(Fault("rates.percent", day=day, value=rate), name))
            continue
        try:
            yield date.fromisoformat(day), value
        except ValueError:
            problems.append(given.problem(Fault("rates.day", day=day), name))


def _fraction(rate: object) -> Decimal | None:
    """A rate in percent as a fraction; None for what is none."""
    try:
        value = Decimal(rate) / 100 if isinstance(rate, str | int) and not isinstance(rate, bool) else Decimal(0)
        return value if 0 < value < 1 else None
    except InvalidOperation:
        return None
