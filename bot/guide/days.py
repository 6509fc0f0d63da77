"""Counting periods: years and months to the corresponding day, days from the next day, holidays at the end.

民诉法第85条; 民法典第201条 to 第203条. A last day is moved only by a holiday that is announced: in a
year whose holidays nobody knows yet the earlier day is kept, and it is said that it may move.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.core.calendar import CourtCalendar
from bot.guide.laws import CIVIL_GENERAL, CPL, article
from bot.guide.model import Line

ROLL = (article(CPL, 85, 3), article(CIVIL_GENERAL, 203))


@dataclass(frozen=True, slots=True)
class LastDay:
    """The last day of a period: as counted, and as holidays leave it."""

    counted: date
    day: date
    announced: bool = True  # whether the holidays of that year are known

    @property
    def moved(self) -> bool:
        """Whether a holiday moved it."""
        return self.day != self.counted

    def notes(self) -> tuple[Line, ...]:
        """What must be said about its holidays."""
        return () if self.announced else (Line("calc.note.not_announced", {"year": self.counted.year}),)

    def steps(self) -> tuple[Line, ...]:
        """The step over a holiday, if there was one."""
        return (Line("calc.step.rolled", {"day": self.counted, "to": self.day}),) if self.moved else ()


def last_day(day: date, courts: CourtCalendar) -> LastDay:
    """A last day over its holidays; one on a make-up working day stays."""
    if not courts.day(day).announced:
        return LastDay(day, day, announced=False)
    at = day
    while not (found := courts.day(at)).working:
        if not found.announced:  # the holiday reaches into a year that is not known
            return LastDay(day, day, announced=False)
        at += timedelta(days=1)
    return LastDay(day, at)


def after_months(day: date, months: int) -> date:
    """The corresponding day of another month, or that month's last (民法典第202条)."""
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def after_years(day: date, years: int) -> date:
    """The corresponding day of another year, or that month's last."""
    return after_months(day, 12 * years)


def after_days(day: date, days: int) -> date:
    """So many days on; the first day is not counted."""
    return day + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Period:
    """How long one has: so many days, or so many months to the corresponding day (民法典第201条, 第202条)."""

    count: int
    months: bool = False

    def after(self, day: date) -> date:
        """The last day as it is counted; the first day is not."""
        return after_months(day, self.count) if self.months else after_days(day, self.count)

    @property
    def code(self) -> int | str:
        """As a path keeps it."""
        return f"{self.count}{_MONTHS}" if self.months else self.count

    @classmethod
    def of(cls, code: int | str) -> Period:
        """From such a code; ValueError for what is none."""
        text = str(code)
        return cls(int(text.removesuffix(_MONTHS)), text.endswith(_MONTHS))


_MONTHS = "m"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a span of days begins before it ends")


def days_without(begin: date, end: date, without: Sequence[Span]) -> int:
    """How many days lie after `begin` up to and with `end`, those of `without` left out."""
    first = begin + timedelta(days=1)
    left = max(0, (end - begin).days)
    done = begin
    for span in sorted(without, key=lambda s: s.first):
        lo, hi = max(span.first, first, done + timedelta(days=1)), min(span.last, end)
        if lo <= hi:
            left -= (hi - lo).days + 1
            done = hi
    return left
