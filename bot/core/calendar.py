"""The court's calendar: working days with holidays and make-up days, and the hours in which one may write.

The arrangement of holidays is announced a year at a time (《国务院办公厅关于…部分节假日安排的通知》).
chinesecalendar carries the announced years. For a year that is not announced yet a day is *assumed*:
weekends and the usual stretch of each festival count as days of rest, because make-up days cannot be
guessed and keeping silent on a working day harms nobody. `Day.announced` says which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import chinese_calendar

from bot.core.clock import SHANGHAI

_ANNOUNCED_UNTIL = max(d.year for d in chinese_calendar.constants.holidays)
_ANNOUNCED_SINCE = min(d.year for d in chinese_calendar.constants.holidays)

# First day of the first lunar month, fifth of the fifth and fifteenth of the eighth: lunar days, which
# no rule of the solar year gives.
_LUNAR: dict[int, tuple[date, date, date]] = {
    2027: (date(2027, 2, 6), date(2027, 6, 9), date(2027, 9, 15)),
    2028: (date(2028, 1, 26), date(2028, 5, 28), date(2028, 10, 3)),
    2029: (date(2029, 2, 13), date(2029, 6, 16), date(2029, 9, 22)),
    2030: (date(2030, 2, 3), date(2030, 6, 5), date(2030, 9, 12)),
}


@dataclass(frozen=True, slots=True)
class Day:
    """Whether people work on a day, and whether that is announced or only assumed."""

    working: bool
    announced: bool


class CourtCalendar:
    """Working days of the People's Republic; `rest` and `work` are what the court itself knows better."""

    def __init__(self, rest: Iterable[date] = (), work: Iterable[date] = ()) -> None:
        self._own = {**dict.fromkeys(rest, False), **dict.fromkeys(work, True)}
        self._days: dict[date, Day] = {}

    def day(self, day: date) -> Day:
        """What kind of day it is."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._judge(day)
        return found

    def _judge(self, day: date) -> Day:
        if day in self._own:
            return Day(self._own[day], announced=True)
        if _ANNOUNCED_SINCE <= day.year <= _ANNOUNCED_UNTIL:
            return Day(chinese_calendar.is_workday(day), announced=True)
        return Day(day.weekday() < 5 and not _assumed_festival(day), announced=False)

    def working(self, day: date) -> bool:
        """Whether people work on that day."""
        return self.day(day).working

    def on_or_after(self, day: date) -> date:
        """The first working day from that day on."""
        while not self.working(day):
            day += timedelta(days=1)
        return day

    def on_or_before(self, day: date) -> date:
        """The last working day up to that day."""
        while not self.working(day):
            day -= timedelta(days=1)
        return day

    def shift(self, day: date, days: int) -> date:
        """So many working days later (or, negative, earlier); 0 gives the day itself."""
        step = timedelta(days=1 if days > 0 else -1)
        left = abs(days)
        while left:
            day += step
            left -= self.working(day)
        return day


def _assumed_festival(day: date) -> bool:
    """Whether the day falls into the usual stretch of a festival of a year not announced yet."""
    return any(first <= day <= last for first, last in _assumed_stretches(day.year))


def _assumed_stretches(year: int) -> list[tuple[date, date]]:
    qingming = 5 if year % 4 in (2, 3) else 4  # right for every year from 2009 to 2040
    stretches = [
        (date(year, 1, 1), date(year, 1, 1)),
        (date(year, 4, qingming), date(year, 4, qingming)),
        (date(year, 5, 1), date(year, 5, 5)),
        (date(year, 10, 1), date(year, 10, 8)),
    ]
    if year in _LUNAR:
        spring, dragon, moon = _LUNAR[year]
        stretches += [(spring - timedelta(days=2), spring + timedelta(days=7)), (dragon, dragon), (moon, moon)]
    else:  # the Spring Festival lies between 21 January and 20 February, wherever that year's is
        stretches.append((date(year, 1, 20), date(year, 2, 27)))
    return stretches


@dataclass(frozen=True, slots=True)
class Hours:
    """From one time of day to another, local; over midnight when the end is not after the beginning."""

    begin: time
    end: time

    def __post_init__(self) -> None:
        if self.begin == self.end:
            raise ValueError("a span of hours that begins when it ends is either nothing or the whole day")

    @classmethod
    def parse(cls, text: str) -> Hours:
        """`22:00-08:00`; ValueError for anything else (25:99 included)."""
        begin, dash, end = text.partition("-")
        if not dash:
            raise ValueError(f"{text!r}: hours are written like 09:00-20:00")
        return cls(_time(begin), _time(end))

    def holds(self, moment: time) -> bool:
        """Whether that time of day lies within; the end is no part of it."""
        if self.begin < self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text.strip()!r} is no time of day like 09:00") from error


@dataclass(frozen=True, slots=True)
class SendWindow:
    """When messages that nobody asked for may leave: hours, minus quiet hours, on working days."""

    hours: Hours
    quiet: tuple[Hours, ...] = ()
    working_days_only: bool = True

    def __post_init__(self) -> None:
        if not any(self._open_at(_minutes(m)) for m in range(0, 24 * 60, 5)):
            raise ValueError("the quiet hours leave nothing of the sending hours")

    def _open_at(self, moment: time) -> bool:
        return self.hours.holds(moment) and not any(q.holds(moment) for q in self.quiet)

    def open(self, moment: datetime, calendar: CourtCalendar) -> bool:
        """Whether a message may leave at that moment."""
        local = moment.astimezone(SHANGHAI)
        if self.working_days_only and not calendar.working(local.date()):
            return False
        return self._open_at(local.time())

    def next_open(self, moment: datetime, calendar: CourtCalendar) -> datetime:
        """That moment if a message may leave then, else the first one after it (aware, UTC)."""
        if self.open(moment, calendar):
            return moment
        edges = sorted({self.hours.begin, *(q.end for q in self.quiet), time(0)})
        day = moment.astimezone(SHANGHAI).date()
        while True:
            for edge in edges:
                candidate = datetime.combine(day, edge, SHANGHAI)
                if candidate > moment and self.open(candidate, calendar):
                    return candidate.astimezone(moment.tzinfo)
            day += timedelta(days=1)


def _minutes(number: int) -> time:
    return time(number // 60, number % 60)
