"""Opening hours: the clock by which waiting is counted, and the moment at which somebody will answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from bot.core.calendar import CourtCalendar, Hours
from bot.core.clock import SHANGHAI
from bot.ledger.courts import Courts

# The operator writes hours in words, such as 周一至周五 9:00—12:00，13:30—17:00; the spans are what counts,
# and the days are those of the court's calendar.
_SPAN = re.compile("(\\d{1,2})[:：](\\d{2})\\s*[-–—~～至到]+\\s*(\\d{1,2})[:：](\\d{2})")


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Spans of a working day, in order, none over midnight."""

    spans: tuple[Hours, ...]
    calendar: CourtCalendar

    @classmethod
    def parse(cls, text: str, calendar: CourtCalendar) -> OpeningHours:
        """From `09:00-12:00,13:30-17:00`; ValueError when there is no span in it, or they overlap."""
        spans = read_spans(text)
        if not spans:
            raise ValueError(f"{text!r}: opening hours are written like 09:00-12:00,13:30-17:00")
        return cls(spans, calendar)

    def _of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if self.calendar.working(day):
            for span in self.spans:
                yield datetime.combine(day, span.begin, SHANGHAI), datetime.combine(day, span.end, SHANGHAI)

    def open(self, moment: datetime) -> bool:
        """Whether somebody is there at that moment."""
        return any(begin <= moment < end for begin, end in self._of(moment.astimezone(SHANGHAI).date()))

    def next_open(self, moment: datetime) -> datetime:
        """That moment if somebody is there, else the first one after it at which somebody is."""
        return self.add(moment, timedelta()) if not self.open(moment) else moment

    def add(self, moment: datetime, worked: timedelta) -> datetime:
        """The moment at which so much working time has passed since."""
        day, left = moment.astimezone(SHANGHAI).date(), worked
        while True:
            for begin, end in self._of(day):
                start = max(begin, moment)
                if start < end and start + left <= end and (left or start < end):
                    return (start + left).astimezone(moment.tzinfo)
                left -= max(timedelta(), end - start)
            day += timedelta(days=1)

    def between(self, first: datetime, last: datetime) -> timedelta:
        """The working time between two moments."""
        day, until = first.astimezone(SHANGHAI).date(), last.astimezone(SHANGHAI).date()
        worked = timedelta()
        while day <= until:
            for begin, end in self._of(day):
                worked += max(timedelta(), min(end, last) - max(begin, first))
            day += timedelta(days=1)
        return worked


def read_spans(text: str) -> tuple[Hours, ...]:
    """The spans of time in somebody's words; ValueError for an impossible or overlapping one."""
    found = []
    for h1, m1, h2, m2 in _SPAN.findall(text):
        span = Hours(time(int(h1), int(m1)), time(int(h2), int(m2)))
        if span.end <= span.begin:
            raise ValueError(f"{text!r}: a span of opening hours ends after it begins")
        found.append(span)
    found.sort(key=lambda s: s.begin)
    if any(a.end > b.begin for a, b in pairwise(found)):
        raise ValueError(f"{text!r}: the spans of opening hours overlap")
    return tuple(found)


class CourtHours:
    """The hours of each court: what the operator has filled in, else those of the settings."""

    def __init__(self, courts: Courts, usual: str, calendar: CourtCalendar) -> None:
        self._usual = OpeningHours.parse(usual, calendar)
        self._own: dict[str, OpeningHours] = {}
        for court in courts:
            try:
                spans = read_spans(court.hours)
            except ValueError:
                continue  # words that name no usable span: the usual hours hold, and the words are still shown
            if spans:
                self._own[court.id] = OpeningHours(spans, calendar)

    def of(self, court: str | None) -> OpeningHours:
        """The hours of that court."""
        return self._own.get(court or "", self._usual)
