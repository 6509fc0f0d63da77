"""Steps around a due date, and whether a message may leave: the rules, over whole years of days."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.calendar import CourtCalendar, Hours, SendWindow
from bot.core.clock import SHANGHAI, local_day
from bot.reminders.model import (
    HOLDOUT,
    CampaignError,
    CampaignStatus,
    Caps,
    Drop,
    Experiment,
    Go,
    Hold,
    Scheme,
    Sendable,
    Step,
    arm_of,
    check_approval,
    check_scope,
    due_dates,
    may_leave,
    next_campaign_status,
    pause_after,
    retry_at,
    scheme_for,
    slots,
)

STEPS = (
    Step("T-7", -7, late=2),
    Step("T-3", -3, late=1, working=True),
    Step("T-1", -1),
    Step("T", 0),
    Step("T+1", 1, late=2),
    Step("T+7", 7, late=3),
    Step("T+15", 15, late=3),
    Step("person", 18, late=5, task=True),
)
CALENDAR = CourtCalendar()
WINDOW = SendWindow(Hours.parse("09:00-20:00"), (Hours.parse("12:00-13:30"), Hours.parse("22:00-08:00")))
days = st.dates(date(2024, 1, 1), date(2028, 12, 31))  # with two leap days
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # ten in the morning of a working day


@given(due=days)
def test_every_step_is_taken_on_a_working_day_and_in_order(due: date) -> None:
    """No step falls on a day of rest; two messages never share a day; none before T comes after it."""
    placed = slots(STEPS, due, CALENDAR)
    messages = [s for s in placed if not s.step.task]
    assert all(CALENDAR.working(s.day) for s in placed)
    assert all(a.day < b.day for a, b in itertools.pairwise(messages))
    assert all(s.day < due for s in placed if s.step.days < 0)
    assert all(s.day <= due for s in placed if s.step.days == 0)
    assert all(s.day > due for s in placed if s.step.days > 0)


@given(due=days)
def test_a_step_never_goes_out_when_the_next_one_is_due_or_its_day_has_passed(due: date) -> None:
    """The last day of a step lies before the next step; of T-7 … T-1 before the due date."""
    placed = slots(STEPS, due, CALENDAR)
    for slot, following in itertools.pairwise(placed):
        assert slot.day <= slot.last < following.day
    assert all(s.last < due for s in placed if s.step.days < 0)
    assert all(s.last == s.day for s in placed if s.step.id == "T-1")


@given(day=days)
def test_what_is_due_on_a_day_is_found_from_the_day(day: date) -> None:
    """Asking from the day's side finds exactly the due dates whose steps hold that day."""
    found = due_dates([Scheme("all", STEPS)], day, CALENDAR)["all"]
    for due in (day + timedelta(days=n) for n in range(-140, 140)):
        expected = [s for s in slots(STEPS, due, CALENDAR) if s.holds(day)]
        assert found.get(due, []) == expected


def test_holidays_and_make_up_days_of_the_announced_year() -> None:
    """The Spring Festival of 2026 is rest, the Saturday worked in exchange is not."""
    assert not CALENDAR.working(date(2026, 2, 17))
    assert CALENDAR.working(date(2026, 2, 28))
    assert not CALENDAR.working(date(2026, 11, 28))


def test_a_year_that_is_not_announced_is_assumed_and_says_so() -> None:
    """2028: festivals and weekends are rest, marked as not announced; the court's own days overrule."""
    assert not CALENDAR.day(date(2028, 1, 27)).working
    assert not CALENDAR.day(date(2028, 1, 27)).announced
    assert CALENDAR.day(date(2028, 3, 1)).working
    own = CourtCalendar(rest=[date(2028, 3, 1)], work=[date(2028, 3, 4)])
    assert not own.day(date(2028, 3, 1)).working
    assert own.day(date(2028, 3, 4)).working
    assert own.day(date(2028, 3, 4)).announced


@pytest.mark.parametrize("text", ["25:99-08:00", "09:00", "9-20", "08:00-08:00", ""])
def test_malformed_hours_are_refused(text: str) -> None:
    """A time that cannot be, or a span without length, is an error and not a loop."""
    with pytest.raises(ValueError, match=r"\S"):
        Hours.parse(text)


def test_quiet_hours_over_midnight() -> None:
    """22:00-08:00 holds at 23:00 and at 07:59, not at 08:00 nor at noon."""
    quiet = Hours.parse("22:00-08:00")
    assert quiet.holds(time(23))
    assert quiet.holds(time(7, 59))
    assert not quiet.holds(time(8))
    assert not quiet.holds(time(12))


def test_a_window_that_is_never_open_is_refused() -> None:
    """Quiet hours that leave nothing of the day are an error."""
    with pytest.raises(ValueError, match="leave nothing"):
        SendWindow(Hours.parse("09:00-10:00"), (Hours.parse("08:00-11:00"),))


@given(moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_what_is_held_is_released_at_an_open_moment(moment: datetime) -> None:
    """The next open moment is open, not before now, and nothing between is."""
    release = WINDOW.next_open(moment, CALENDAR)
    assert release >= moment
    assert WINDOW.open(release, CALENDAR)
    if release > moment:
        assert not WINDOW.open(moment, CALENDAR)
        assert not WINDOW.open(release - timedelta(seconds=1), CALENDAR)


def judged(caps: Caps = Caps(), now: datetime = NOW, **facts: object) -> Go | Hold | Drop:  # noqa: B008 - frozen
    """The decision about a delivery that would leave, with these facts changed."""
    sendable = Sendable(**{"expires_at": NOW + timedelta(hours=12), **facts})  # type: ignore[arg-type]
    tomorrow = WINDOW.next_open(datetime.combine(local_day(now) + timedelta(days=1), time(0), SHANGHAI), CALENDAR)
    return may_leave(sendable, now, WINDOW.next_open(now, CALENDAR), tomorrow, caps)


def test_it_leaves_when_nothing_speaks_against_it() -> None:
    """An open window, a chat, nothing changed: go."""
    assert judged() == Go()


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"stopped_by_ledger": "done"}, "done"),
        ({"stopped_by_ledger": "disputed"}, "disputed"),
        ({"stopped_by_ledger": "reported"}, "reported"),
        ({"planned_version": 1, "current_version": 2}, "moved"),
        ({"opted_out": True}, "stopped"),
        ({"wrong_person": True}, "wrong_person"),
        ({"opted_in": False}, "not_opted_in"),
        ({"campaign": CampaignStatus.CANCELLED}, "cancelled"),
        ({"expires_at": NOW}, "stale"),
        ({"chat": False}, "never_linked"),
        ({"unreachable": "blocked"}, "blocked"),
        ({"meant": False}, "not_meant"),
        ({"proven": False}, "unproven"),
    ],
)
def test_each_reason_not_to_send_is_checked_and_told(facts: dict[str, object], why: str) -> None:
    """Paid, moved, opted out, wrong person, blocked … : dropped with that reason."""
    decision = judged(**facts)
    assert isinstance(decision, Drop)
    assert decision.why == why
    assert decision.unreachable is (why in ("never_linked", "blocked"))


def test_outside_the_hours_it_waits_and_is_dropped_if_it_would_be_stale_then() -> None:
    """Nine in the evening holds until nine in the morning; a T-1 that ends at midnight is dropped."""
    evening = datetime.combine(local_day(NOW), time(21), SHANGHAI).astimezone(UTC)
    held = judged(now=evening, expires_at=NOW + timedelta(days=3))
    assert isinstance(held, Hold)
    assert held.until.astimezone(SHANGHAI).time() == time(9)
    assert judged(now=evening, expires_at=evening + timedelta(hours=3)) == Drop("stale")


def test_the_cap_counts_all_cases_of_a_person_and_corrections_pass_it() -> None:
    """One today already: tomorrow, or not at all if that is too late; a correction goes."""
    assert isinstance(judged(sent_today=1, expires_at=NOW + timedelta(days=3)), Hold)
    assert isinstance(judged(sent_this_week=4, expires_at=NOW + timedelta(days=3)), Hold)
    assert judged(sent_today=1) == Drop("cap")
    assert judged(sent_today=1, exempt_from_cap=True) == Go()


def test_tries_grow_apart_and_end() -> None:
    """15 s, 1 min, 4 min … and then a person takes over."""
    waits = [retry_at(n, NOW) for n in range(1, 7)]
    assert [w - NOW for w in waits[:3] if w] == [timedelta(seconds=s) for s in (15, 60, 240)]
    assert waits[-1] is None


def test_a_few_failures_may_be_chance_and_many_are_the_line() -> None:
    """Three in a row stop nothing; then all keep still, twice as long each time, five minutes at most."""
    assert [pause_after(n).total_seconds() for n in (0, 3, 4, 5, 6, 12, 13, 60)] == [0, 0, 1, 2, 4, 256, 300, 300]


def test_the_first_plan_that_matches_counts_and_the_last_is_for_every_case() -> None:
    """By court and kind of case; a condition with several values needs one of them, several conditions all."""
    schemes = (
        Scheme("none", (), {"settlement": ("negotiating",)}),
        Scheme("own", STEPS[:1], {"court": ("xixiu", "pingba"), "title": ("order",)}),
        Scheme("general", STEPS),
    )

    def name(**facts: str) -> str | None:
        found = scheme_for(schemes, {"court": "xixiu", "title": "judgment", "settlement": "none", **facts})
        return found.name if found else None

    assert name() == "general"
    assert name(title="order") == "own"
    assert name(title="order", court="puding") == "general"
    assert name(title="order", settlement="negotiating") == "none"
    assert scheme_for(schemes[:2], {"court": "puding"}) is None


def test_nobody_writes_to_a_court_that_is_not_theirs() -> None:
    """Without a court in the conditions it is the author's own; one too many is refused by name."""
    assert check_scope({"overdue": True}, None) == {"overdue": True}
    assert check_scope({"overdue": True}, ("xixiu",)) == {"overdue": True, "court": ["xixiu"]}
    assert check_scope({"court": "xixiu"}, ("xixiu", "pingba")) == {"court": ["xixiu"]}
    with pytest.raises(CampaignError, match="pingba"):
        check_scope({"court": ["xixiu", "pingba"]}, ("xixiu",))


def test_arms_are_random_over_people_and_stable_for_each() -> None:
    """Half of the rest each, a fifth held out; the same person gets the same arm again."""
    experiment = Experiment(("name", "plan"), 0.2)
    drawn = [arm_of(experiment, "salt", n) for n in range(5000)]
    assert drawn == [arm_of(experiment, "salt", n) for n in range(5000)]
    assert drawn != [arm_of(experiment, "other", n) for n in range(5000)]
    assert 0.17 < drawn.count(HOLDOUT) / 5000 < 0.23
    assert 0.36 < drawn.count("name") / 5000 < 0.44
    assert arm_of(Experiment(), "salt", 1) is None


def test_four_eyes() -> None:
    """Nobody approves a campaign of their own, however they write their name."""
    check_approval("甲", "乙")
    with pytest.raises(CampaignError, match="four_eyes"):
        check_approval("Zhang", " zhang ")


def test_a_campaign_takes_only_the_steps_that_exist() -> None:
    """A draft cannot run, a cancelled one cannot come back, a finished one may be retried."""
    assert next_campaign_status("done", CampaignStatus.RUNNING) is CampaignStatus.RUNNING
    for now, then in (("draft", CampaignStatus.RUNNING), ("cancelled", CampaignStatus.RUNNING)):
        with pytest.raises(CampaignError, match="step"):
            next_campaign_status(now, then)
