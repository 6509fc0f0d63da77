"""Published interest rates that the operator enters by hand: `faq/rates.yaml`. No rate is built in.

A table holds, for each term, the yearly rate from a day on. It is needed only where an enforcement
basis refers to a published rate (the loan prime rate, a benchmark), instead of naming a rate itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from bot.core.errors import SettingsError
from bot.guide.model import CannotWorkOutError

FILE = "rates.yaml"
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
            raise CannotWorkOutError("calc.wrong.no_rate", day=day, name=self.name)
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
        """From the operator's file; nothing when there is none. SettingsError names what cannot be used."""
        if not path.exists():
            return cls()
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise SettingsError(f"{path}: {error}") from error
        if not isinstance(data, dict):
            raise SettingsError(f"{path}: a table by the names of rates is expected")
        return cls({str(name): _series(str(name), entries, path) for name, entries in data.items()})


def _series(name: str, entries: Any, path: Path) -> Series:
    if not isinstance(entries, dict | None):
        raise SettingsError(f"{path}: {name}: days with rates are expected, such as 2026-01-20: '3.10'")
    found = sorted(_entry(name, day, rate, path) for day, rate in (entries or {}).items())
    return Series(name, tuple(d for d, _ in found), tuple(r for _, r in found))


def _entry(name: str, day: Any, rate: Any, path: Path) -> tuple[date, Decimal]:
    """A day, and a rate in percent a year written as text: a float would not be exact."""
    try:
        when = day if isinstance(day, date) else date.fromisoformat(str(day))
        value = Decimal(rate) / 100 if isinstance(rate, str | int) else Decimal(0)
    except (ValueError, InvalidOperation) as error:
        raise SettingsError(f"{path}: {name}: {day}: {error}") from error
    if not 0 < value < 1:
        raise SettingsError(f"{path}: {name}: {day}: percent a year between quotation marks are expected: '3.10'")
    return when, value
