"""Working time: what counts as waiting, and when somebody will answer."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.core.calendar import CourtCalendar, Hours
from bot.core.clock import SHANGHAI
from bot.ledger.courts import Court, Courts
from bot.reception.hours import CourtHours, OpeningHours, read_spans

HOURS = OpeningHours.parse("09:00-12:00,13:30-17:00", CourtCalendar())


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """A moment of 2026 as people in China read it."""
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at(23, 10), at(23, 10)),  # Monday morning: now
        (at(23, 12, 30), at(23, 13, 30)),  # at lunch
        (at(20, 17), at(23, 9)),  # Friday at closing time: after the weekend
        (at(30, 18, month=9), at(8, 9, month=10)),  # before the national holiday
        (at(21, 8), at(23, 9)),  # Saturday
    ],
)
def test_somebody_answers_at_the_next_opening(moment: datetime, opens: datetime) -> None:
    """Lunch, evenings, weekends and holidays are stepped over; the answer is in the zone of the question."""
    assert HOURS.next_open(moment) == opens
    assert HOURS.next_open(moment.astimezone(UTC)).tzinfo is UTC


def test_make_up_working_days_are_open() -> None:
    """A Saturday on which people work to make up for a holiday counts."""
    saturday = at(10, 9, month=10)
    assert saturday.weekday() == 5
    assert HOURS.open(saturday)


@pytest.mark.parametrize(
    ("first", "last", "worked"),
    [
        (at(23, 9), at(23, 10), timedelta(hours=1)),
        (at(23, 11, 30), at(23, 14), timedelta(hours=1)),
        (at(20, 16, 30), at(23, 9, 30), timedelta(hours=1)),
        (at(21, 8), at(22, 20), timedelta()),
        (at(23, 0), at(24, 0), timedelta(hours=6, minutes=30)),
    ],
)
def test_only_working_time_is_counted(first: datetime, last: datetime, worked: timedelta) -> None:
    """From one moment to another; adding the same time leads back to the second."""
    assert HOURS.between(first, last) == worked
    if worked:
        assert HOURS.between(first, HOURS.add(first, worked)) == worked


def test_a_time_limit_ends_with_the_day_rather_than_at_the_next_opening() -> None:
    """Sixty minutes from four o'clock end at five, not at nine the next day."""
    assert HOURS.add(at(23, 16), timedelta(hours=1)) == at(23, 17)


@pytest.mark.parametrize("words", ["周一至周五 9:00—12:00，13:30—17:00，法定节假日除外", "09:00-12:00 13:30～17:00"])
def test_hours_are_read_from_the_operators_words(words: str) -> None:
    """The spans count, whatever stands around them."""
    assert read_spans(words) == (Hours(time(9), time(12)), Hours(time(13, 30), time(17)))


@pytest.mark.parametrize("words", ["12:00-09:00", "09:00-12:00,11:00-13:00"])
def test_impossible_hours_are_refused(words: str) -> None:
    """A span ends after it begins, and none overlaps another."""
    with pytest.raises(ValueError, match="opening hours"):
        read_spans(words)


def test_a_courts_own_hours_come_before_the_usual_ones() -> None:
    """What the operator filled in holds; words without a usable span leave the usual hours in force."""
    courts = Courts((Court("a", "甲", hours="8:00-9:00"), Court("b", "乙", hours="看公告"), Court("c", "丙")))
    hours = CourtHours(courts, "09:00-12:00", CourtCalendar())
    assert hours.of("a").spans == (Hours(time(8), time(9)),)
    assert hours.of("b") == hours.of("c") == hours.of(None)
