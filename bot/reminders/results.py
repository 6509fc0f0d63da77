"""What came of wordings that were compared: per arm how many performed, and how much was paid, within 14 and 30 days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from bot.core.clock import local_day
from bot.reminders.model import ArmResult, DeliveryStatus
from bot.reminders.wording import DEFAULT_ARM
from bot.store.reminder_rows import DeliveryRow

Paid = Sequence[tuple[date, int]]  # verified payments: day and 分
_ARRIVED = (DeliveryStatus.SENT, DeliveryStatus.UNKNOWN)


def by_campaign(
    rows: Sequence[DeliveryRow], performed: Mapping[int, tuple[date | None, Paid]], begin: date
) -> list[ArmResult]:
    """Per arm of a campaign, counted from its beginning, each person once; who had performed before is left out."""
    found: dict[str, ArmResult] = {}
    seen: set[int] = set()
    for row in rows:
        if row.obligation_id is None or row.obligation_id not in performed:
            continue
        done_on, payments = performed[row.obligation_id]
        result = _of(found, row)
        if done_on is not None and done_on < begin:
            continue
        result.sent += row.status in _ARRIVED
        if row.party_id not in seen:
            seen.add(row.party_id)
            _count(result, begin, done_on, payments)
    return sorted(found.values(), key=lambda r: r.arm)


def by_plan(
    rows: Sequence[DeliveryRow], done: Mapping[int, date | None], payments: Mapping[int, Paid]
) -> list[ArmResult]:
    """Per arm of the plan's experiment, each person once per instalment, counted from its first step."""
    found: dict[str, ArmResult] = {}
    seen: set[tuple[int, int]] = set()
    for row in rows:
        if row.instalment_id is None or row.instalment_id not in done:
            continue
        result, begin, done_on = _of(found, row), local_day(row.created_at), done[row.instalment_id]
        who = (row.instalment_id, row.party_id)
        if who not in seen and done_on is not None and done_on < begin:
            continue
        result.sent += row.status in _ARRIVED
        if who not in seen:
            seen.add(who)
            _count(result, begin, done_on, payments.get(row.obligation_id or 0, ()))
    return sorted(found.values(), key=lambda r: r.arm)


def _of(found: dict[str, ArmResult], row: DeliveryRow) -> ArmResult:
    arm = row.arm or DEFAULT_ARM
    return found.setdefault(arm, ArmResult(arm))


def _count(result: ArmResult, begin: date, done_on: date | None, payments: Paid) -> None:
    def within(days: int) -> tuple[bool, int]:
        end = begin + timedelta(days=days)
        paid = sum(amount for day, amount in payments if begin <= day <= end)
        return done_on is not None and done_on <= end, paid

    result.people += 1
    (kept_14, paid_14), (kept_30, paid_30) = within(14), within(30)
    result.performed_14 += kept_14
    result.performed_30 += kept_30
    result.settled_14 += paid_14
    result.settled_30 += paid_30
