"""Triage, next steps, service level: functions of facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.calendar import CourtCalendar
from bot.core.texts import Texts
from bot.ledger.courts import Courts
from bot.reception.agencies import Agencies
from bot.reception.hours import CourtHours
from bot.reception.levels import Levels
from bot.reception.model import (
    INTAKE_STEPS,
    Breach,
    DeskError,
    IntakeStatus,
    NewIntake,
    NextStep,
    Rule,
    Track,
    check_intake,
    next_step,
    triage,
)
from bot.settings import ReceptionSection
from bot.store.reception_rows import TicketRow

TEXTS = Texts.load()
PLAIN = NewIntake("xixiu", "张三", "李四", "judgment", amount=8_000_000, property_known=True)
RULES = tuple(Rule.parse(text) for text in ReceptionSection().triage)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday, ten o'clock
LEVELS = Levels(
    CourtHours(Courts(()), "09:00-12:00,13:30-17:00", CourtCalendar()), timedelta(hours=1), timedelta(hours=14), 0.75
)


@pytest.mark.parametrize(
    ("values", "track", "rule"),
    [
        ({}, Track.SIMPLE, None),
        ({"amount": 60_000_000}, Track.COMPLEX, "amount>500000:complex"),
        ({"amount": 50_000_000}, Track.SIMPLE, None),  # exactly at the limit: not above it
        ({"parties": 21, "wage": True, "amount": 500_000}, Track.COMPLEX, "parties>3:complex"),
        ({"wage": True}, Track.SIMPLE, "wage=yes:simple"),
        ({"title": "notary"}, Track.SIMPLE, "title=notary:simple"),
        ({"amount": None, "act": "搬出房屋"}, Track.COMPLEX, "act=yes:complex"),
        ({"property_known": None}, Track.COMPLEX, "property=unknown:complex"),
        ({"amount": 100_000, "property_known": False}, Track.SIMPLE, "amount<=50000:simple"),
    ],
)
def test_the_first_rule_that_applies_decides(values: dict[str, object], track: Track, rule: str | None) -> None:
    """In the order of config.yaml, with the rule as the reason; none: simple."""
    found, decided = triage(replace(PLAIN, **values), RULES)  # type: ignore[arg-type]  # fields of the intake
    assert (found, decided.text if decided else None) == (track, rule)


@pytest.mark.parametrize("text", ["amount>5", "colour=red:simple", "amount>x:simple", "wage>yes:simple", "act=yes:hard"])
def test_a_rule_that_cannot_be_read_is_refused(text: str) -> None:
    """With the words that are wrong."""
    with pytest.raises(ValueError, match=r"amount|red|wage|hard|could not convert"):
        Rule.parse(text)


def test_an_unknown_amount_is_neither_large_nor_small() -> None:
    """A rule about amounts waits until one is known."""
    assert not Rule.parse("amount<=50000:simple").holds(replace(PLAIN, amount=None))


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ({}, NextStep.COMPLETE),
        ({"title_number": "x", "effective_on": date(2026, 1, 1)}, NextStep.URGE),
        ({"title_number": "x", "effective_on": date(2026, 1, 1), "settle_first": True}, NextStep.SETTLE),
        ({"title_number": "x", "effective_on": date(2026, 1, 1), "settle_first": False}, NextStep.FILE),
    ],
)
def test_what_is_proposed_first(values: dict[str, object], step: NextStep) -> None:
    """What is missing first, then the wish to settle, then urging, filing only where they want it and can."""
    assert next_step(replace(PLAIN, **values)) is step  # type: ignore[arg-type]  # fields of the intake


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"applicant": " "}, "names"),
        ({"title": "letter"}, "title"),
        ({"amount": 0}, "amount"),
        ({"effective_on": date(2030, 1, 1)}, "effective_to_come"),
        ({"parties": 1}, "parties"),
    ],
)
def test_an_intake_that_cannot_be_is_refused(values: dict[str, object], code: str) -> None:
    """With the rule's code, whose words are in the catalogue."""
    with pytest.raises(DeskError) as error:
        check_intake(replace(PLAIN, **values), date(2026, 11, 23))  # type: ignore[arg-type]  # fields of the intake
    assert error.value.code == code
    assert f"desk.wrong.{code}" in TEXTS


def test_nothing_leads_out_of_done() -> None:
    """An intake that has become a case stays so; whoever went away may come back."""
    assert INTAKE_STEPS[IntakeStatus.DONE] == frozenset()
    assert IntakeStatus.WAITING in INTAKE_STEPS[IntakeStatus.LEFT]


def ticket(**values: object) -> TicketRow:
    """A ticket opened at ten that waits since."""
    return replace(TicketRow(1, 2, None, "open", NOW, waiting_since=NOW), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("minutes", "breach"), [(10, Breach.OK), (45, Breach.SOON), (60, Breach.SOON), (61, Breach.LATE)]
)
def test_waiting_is_forecast_and_then_late(minutes: int, breach: Breach) -> None:
    """An hour is promised; after three quarters of it the screen warns."""
    level = LEVELS.of(ticket(), NOW + timedelta(minutes=minutes))
    assert level.breach is breach
    assert level.due_at == NOW + timedelta(hours=1)
    assert level.waited == timedelta(minutes=minutes)


def test_the_night_does_not_count_as_waiting() -> None:
    """Asked on Monday at a quarter to five, answered on Tuesday at nine: a quarter of an hour."""
    asked = datetime(2026, 11, 23, 8, 45, tzinfo=UTC)
    level = LEVELS.of(ticket(opened_at=asked, waiting_since=asked), asked + timedelta(hours=16, minutes=15))
    assert (level.breach, level.waited) == (Breach.OK, timedelta(minutes=15))


def test_a_resolved_ticket_has_kept_or_missed_its_time() -> None:
    """By its first answer and by its end."""
    kept = ticket(state="resolved", waiting_since=None, first_answer_at=NOW, resolved_at=NOW + timedelta(hours=1))
    assert LEVELS.of(kept, NOW).breach is Breach.MET
    assert LEVELS.of(replace(kept, first_answer_at=NOW + timedelta(hours=2)), NOW).breach is Breach.LATE


def test_agencies_are_found_by_every_word() -> None:
    """In any width; without words all of them; an empty list finds nothing."""
    listed = Agencies(("甲公司（安顺中院委托；看样）", "乙公司（西秀法院委托）"), "没有")
    assert listed.search("安顺 看样") == [listed.lines[0]]
    assert listed.search("Ｘ") == []
    assert list(listed.search()) == list(listed.lines)
    assert Agencies((), "没有").search("甲") == []
