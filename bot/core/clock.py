"""The one source of time: aware UTC inside, Asia/Shanghai when shown, injected everywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock, ahead by `offset` (a rehearsal's setting `clock.offset`)."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC) + self.offset  # noqa: TID251 - the only place that may ask the machine


class ManualClock:
    """A clock that stands still until it is told to move: for tests and rehearsals."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware moment")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it was last set to, aware, in UTC."""
        return self._now

    def advance(self, **delta: float) -> datetime:
        """Move forward by `timedelta(**delta)` and tell the new time."""
        self._now += timedelta(**delta)
        return self._now


def local_day(moment: datetime) -> date:
    """The calendar day in Shanghai, on which legal days are counted."""
    return moment.astimezone(SHANGHAI).date()


def shown(moment: datetime, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """A moment as people in China read it."""
    return moment.astimezone(SHANGHAI).strftime(pattern)
