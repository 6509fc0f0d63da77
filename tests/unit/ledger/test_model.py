"""The rules of the ledger, on plain objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger.model import (
    PAYMENT_STEPS,
    SETTLEMENT_STEPS,
    Broken,
    Facts,
    NewPayment,
    ObligationKind,
    PaymentStatus,
    Planned,
    PromiseStatus,
    Settlement,
    Status,
    allocate,
    check_payment,
    check_plan,
    expected_on,
    next_payment_status,
    next_settlement,
    promise_status,
    standing,
)

DAY = date(2026, 12, 1)


@dataclass(frozen=True)
class Inst:
    """An instalment."""

    id: int
    amount: int
    due_on: date
    no: int = 1
    dropped: bool = False


@dataclass(frozen=True)
class Paid:
    """A payment."""

    id: int
    amount: int
    paid_on: date = DAY
    status: str = "verified"
    instalment_id: int | None = None


@dataclass(frozen=True)
class Pause:
    """A grace period."""

    until: date
    instalment_id: int | None = None
    lifted: bool = False


@dataclass(frozen=True)
class Vow:
    """A promise."""

    amount: int
    promised_on: date
    made_on: date = DAY
    withdrawn: bool = False


def three() -> list[Inst]:
    """Three instalments of 100, a month apart."""
    return [Inst(n, 100, DAY + timedelta(days=30 * n), n) for n in (1, 2, 3)]


def test_payments_go_to_the_oldest_due_first() -> None:
    """150 fills the first instalment and half of the second."""
    got = allocate(three(), [Paid(1, 150)])
    assert [got[n].amount for n in (1, 2, 3)] == [100, 50, 0]
    assert (got[1].done_on, got[2].done_on) == (DAY, None)


def test_a_payment_that_names_an_instalment_goes_there_first() -> None:
    """The named instalment is filled; what is left goes to the oldest due."""
    got = allocate(three(), [Paid(1, 150, instalment_id=3)])
    assert [got[n].amount for n in (1, 2, 3)] == [50, 0, 100]


def test_the_order_of_verification_does_not_matter() -> None:
    """Payments count by the day they were made, so a late verification gives the same picture."""
    early, late = Paid(9, 100, DAY), Paid(1, 100, DAY + timedelta(days=40))
    got = allocate(three(), [late, early])
    assert (got[1].done_on, got[2].done_on) == (early.paid_on, late.paid_on)


def test_a_dropped_instalment_takes_no_money() -> None:
    """What fell away with a new plan is not filled."""
    got = allocate([Inst(1, 100, DAY, dropped=True), Inst(2, 100, DAY, 2)], [Paid(1, 100)])
    assert 1 not in got
    assert got[2].amount == 100


@given(
    sums=st.lists(st.integers(1, 500), min_size=1, max_size=8),
    paid=st.lists(
        st.tuples(st.integers(1, 700), st.integers(0, 400), st.sampled_from(list(PaymentStatus))), max_size=12
    ),
    named=st.integers(0, 8),
)
def test_no_fen_is_lost_or_made(sums: list[int], paid: list[tuple[int, int, PaymentStatus]], named: int) -> None:
    """Balance and settled make the sum, settled and surplus make what was verified, no instalment is overfilled."""
    plan = [Inst(n, a, DAY + timedelta(days=n), n) for n, a in enumerate(sums, 1)]
    payments = [Paid(n, a, DAY + timedelta(days=d), s, named or None) for n, (a, d, s) in enumerate(paid)]
    stands = standing(Facts(sum(sums), plan, payments), DAY)
    assert stands.balance + stands.settled == sum(sums)
    assert stands.settled + stands.surplus == sum(p.amount for p in payments if p.status == "verified")
    assert all(0 <= stands.by_instalment[i.id].amount <= i.amount for i in plan)
    assert (stands.status is Status.PERFORMED) == (stands.balance == 0)
    assert all(
        (stands.by_instalment[i.id].done_on is not None) == (stands.by_instalment[i.id].amount == i.amount)
        for i in plan
    )


@pytest.mark.parametrize(
    ("day", "status"),
    [(-1, Status.OPEN), (0, Status.DUE), (1, Status.OVERDUE)],
)
def test_the_day_makes_the_status(day: int, status: Status) -> None:
    """Open before the due date, due on it, overdue a day later."""
    facts = Facts(100, [Inst(1, 100, DAY)], [])
    assert standing(facts, DAY + timedelta(days=day)).status is status


def test_grace_holds_what_is_due_and_ends_on_its_last_day() -> None:
    """Within grace nothing is overdue; on its last day it is due; a day later overdue."""
    facts = Facts(100, [Inst(1, 100, DAY)], [], [Pause(DAY + timedelta(days=30))])
    said = [standing(facts, DAY + timedelta(days=n)).status for n in (-1, 0, 29, 30, 31)]
    assert said == [Status.OPEN, Status.GRACE, Status.GRACE, Status.DUE, Status.OVERDUE]


def test_grace_moves_only_what_is_due_before_it_ends() -> None:
    """A later instalment keeps its day; a lifted grace period moves nothing; one for another instalment neither."""
    until = DAY + timedelta(days=20)
    assert expected_on(Inst(1, 100, DAY), [Pause(until)]) == until
    assert expected_on(Inst(1, 100, until + timedelta(days=1)), [Pause(until)]) == until + timedelta(days=1)
    assert expected_on(Inst(1, 100, DAY), [Pause(until, lifted=True)]) == DAY
    assert expected_on(Inst(1, 100, DAY), [Pause(until, instalment_id=2)]) == DAY


def test_the_order_of_precedence() -> None:
    """Ended before performed, performed before disputed, disputed before overdue."""
    late = DAY + timedelta(days=9)
    plan = [Inst(1, 100, DAY)]
    assert standing(Facts(100, plan, [], disputed=True), late).status is Status.DISPUTED
    assert standing(Facts(100, plan, [Paid(1, 100)], disputed=True), late).status is Status.PERFORMED
    assert standing(Facts(100, plan, [Paid(1, 100)], ended=True), late).status is Status.ENDED


def test_overdue_is_only_what_is_late() -> None:
    """The overdue sum is what is left of instalments whose day has passed."""
    stands = standing(Facts(300, three(), [Paid(1, 130)]), DAY + timedelta(days=61))
    assert (stands.overdue, stands.balance, stands.next_due) == (70, 170, DAY + timedelta(days=60))


def test_too_much_is_a_surplus_not_a_negative_balance() -> None:
    """Paying more than is owed leaves nothing to pay and shows the rest."""
    stands = standing(Facts(100, [Inst(1, 100, DAY)], [Paid(1, 160)]), DAY)
    assert (stands.balance, stands.surplus, stands.in_time) == (0, 60, True)


def test_performed_late_in_one_instalment_is_not_in_time() -> None:
    """Each instalment counts, not only the last one."""
    plan = three()
    payments = [Paid(n, 100, i.due_on + timedelta(days=1 if n == 2 else 0)) for n, i in enumerate(plan, 1)]
    assert standing(Facts(300, plan, payments), DAY).in_time is False


def test_an_act_is_done_by_a_verified_performance_without_a_sum() -> None:
    """A performance of 0 分 meets the one instalment of an act; a reported one does not."""
    act = [Inst(1, 0, DAY)]
    assert standing(Facts(0, act, []), DAY).status is Status.DUE
    assert standing(Facts(0, act, [Paid(1, 0, status="reported")]), DAY).status is Status.DUE
    assert standing(Facts(0, act, [Paid(1, 0)]), DAY).status is Status.PERFORMED


@pytest.mark.parametrize(
    ("paid", "today", "status"),
    [
        ([], 5, PromiseStatus.OPEN),
        ([], 6, PromiseStatus.BROKEN),
        ([Paid(1, 50, DAY + timedelta(days=5))], 5, PromiseStatus.KEPT),
        ([Paid(1, 49, DAY + timedelta(days=5))], 6, PromiseStatus.BROKEN),
        ([Paid(1, 50, DAY + timedelta(days=6))], 6, PromiseStatus.BROKEN),
        ([Paid(1, 50, DAY - timedelta(days=1))], 6, PromiseStatus.BROKEN),
        ([Paid(1, 50, DAY, "reported")], 5, PromiseStatus.OPEN),
        ([Paid(1, 50, DAY, "reported")], 6, PromiseStatus.CLAIMED),
        ([Paid(1, 50, DAY, "rejected")], 6, PromiseStatus.BROKEN),
        ([Paid(1, 20, DAY), Paid(2, 30, DAY)], 3, PromiseStatus.KEPT),
    ],
)
def test_a_promise_is_kept_by_what_was_paid_in_time_and_verified(
    paid: list[Paid], today: int, status: PromiseStatus
) -> None:
    """Between the day of the promise and the promised day, both included; a report alone is not enough."""
    assert promise_status(Vow(50, DAY + timedelta(days=5)), paid, DAY + timedelta(days=today)) is status


def test_a_withdrawn_promise_stays_withdrawn() -> None:
    """Nothing paid later makes a withdrawn promise kept."""
    vow = Vow(50, DAY, withdrawn=True)
    assert promise_status(vow, [Paid(1, 50)], DAY) is PromiseStatus.WITHDRAWN


@pytest.mark.parametrize("now", list(PaymentStatus))
@pytest.mark.parametrize("then", list(PaymentStatus))
def test_a_payment_takes_only_the_steps_of_its_life_cycle(now: PaymentStatus, then: PaymentStatus) -> None:
    """Reported may be verified or rejected, verified may be revoked, and nothing else."""
    if then in PAYMENT_STEPS[now]:
        assert next_payment_status(now, then) is then
    else:
        with pytest.raises(Broken, match="payment_step"):
            next_payment_status(now, then)


@pytest.mark.parametrize("now", list(Settlement))
@pytest.mark.parametrize("then", list(Settlement))
def test_settlement_takes_only_the_steps_of_its_life_cycle(now: Settlement, then: Settlement) -> None:
    """An agreement is negotiated, may be broken and negotiated again; it never becomes none."""
    if then in SETTLEMENT_STEPS[now]:
        assert next_settlement(now, then) is then
    else:
        with pytest.raises(Broken, match="settlement_step"):
            next_settlement(now, then)


@pytest.mark.parametrize(
    ("kind", "plan", "code"),
    [
        (ObligationKind.MONEY, [], "plan_empty"),
        (ObligationKind.MONEY, [Planned(0, DAY)], "amount_positive"),
        (ObligationKind.MONEY, [Planned(-1, DAY)], "amount_positive"),
        (ObligationKind.MONEY, [Planned(10**13 + 1, DAY)], "amount_large"),
        (ObligationKind.MONEY, [Planned(1, DAY), Planned(1, DAY)], "plan_order"),
        (ObligationKind.ACT, [Planned(1, DAY)], "plan_act"),
        (ObligationKind.ACT, [Planned(0, DAY), Planned(0, DAY)], "plan_act"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(kind: ObligationKind, plan: list[Planned], code: str) -> None:
    """Empty, without money, out of order, beyond belief, or an act with a sum."""
    with pytest.raises(Broken, match=code):
        check_plan(kind, plan)


@pytest.mark.parametrize(
    ("kind", "payment", "code"),
    [
        ("money", NewPayment(0, DAY), "amount_positive"),
        ("money", NewPayment(-5, DAY), "amount_positive"),
        ("money", NewPayment(10**14, DAY), "amount_large"),
        ("money", NewPayment(5, DAY + timedelta(days=1)), "day_to_come"),
        ("money", NewPayment(5, DAY, shares=((1, 4),)), "shares_sum"),
        ("money", NewPayment(5, DAY, shares=((1, 6), (2, -1))), "amount_positive"),
        ("act", NewPayment(5, DAY), "payment_act"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(kind: str, payment: NewPayment, code: str) -> None:
    """No sum, a day to come, shares that do not add up, money for an act."""
    with pytest.raises(Broken, match=code):
        check_payment(kind, payment, DAY)
