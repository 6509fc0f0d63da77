"""What came of wordings: each person once, by intention, counted from the day it began."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.reminders.results import by_campaign, by_plan
from bot.store.reminder_rows import DeliveryRow

BEGIN = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def row(number: int, party: int, arm: str, status: str = "sent", obligation: int | None = None) -> DeliveryRow:
    """A delivery to somebody of an arm."""
    owed = party if obligation is None else obligation
    end = NOW + timedelta(days=14)
    return DeliveryRow(
        number,
        f"k{number}",
        "campaign",
        status,
        NOW,
        end,
        NOW,
        obligation_id=owed,
        instalment_id=owed,
        party_id=party,
        arm=arm,
    )


def test_whoever_was_drawn_counts_once_whether_it_arrived_or_not() -> None:
    """Two chats are one person; a message that failed counts among the people; earlier performance does not count."""
    rows = [
        row(1, 1, "name"),
        row(2, 1, "name"),
        row(3, 2, "name", "failed"),
        row(4, 3, "holdout", "skipped"),
        row(5, 4, "name"),
    ]
    performed = {
        1: (BEGIN + timedelta(days=14), [(BEGIN + timedelta(days=14), 500)]),
        2: (BEGIN + timedelta(days=15), [(BEGIN + timedelta(days=2), 100), (BEGIN + timedelta(days=15), 400)]),
        3: (None, []),
        4: (BEGIN - timedelta(days=1), [(BEGIN - timedelta(days=1), 500)]),
    }
    holdout, name = by_campaign(rows, performed, BEGIN)
    assert (name.people, name.sent, name.performed_14, name.performed_30) == (2, 2, 1, 2)
    assert (name.settled_14, name.settled_30) == (600, 1000)
    assert (name.rate_14, name.rate_30) == (0.5, 1.0)
    assert (holdout.people, holdout.sent, holdout.performed_30) == (1, 0, 0)


def test_a_plan_is_counted_by_instalment_from_its_first_step() -> None:
    """Later steps of the same instalment add messages, not people."""
    rows = [row(1, 1, "plan"), row(2, 1, "plan"), row(3, 2, "holdout", "skipped")]
    (holdout, plan) = by_plan(rows, {1: BEGIN + timedelta(days=20), 2: None}, {1: [(BEGIN + timedelta(days=20), 300)]})
    assert (plan.people, plan.sent, plan.performed_14, plan.performed_30, plan.settled_30) == (1, 2, 0, 1, 300)
    assert (holdout.people, holdout.sent) == (1, 0)
