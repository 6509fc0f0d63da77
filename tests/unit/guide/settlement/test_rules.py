"""Terms that can be and cannot be, versions and their codes, life cycles, plans over several obligations, breach, figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.guide.settlement.model import (
    MOST_PARTS,
    STEPS,
    AnswerKind,
    Cell,
    Fee,
    OfferStatus,
    Part,
    Report,
    SettlementError,
    Status,
    Terms,
    breach,
    check_terms,
    check_total,
    code,
    digest,
    divide,
    next_status,
    offer_status,
    still_fits,
    waiting,
    whole_plan,
)

TODAY = date(2026, 11, 23)
DAY = date(2026, 12, 10)


def later(days: int) -> date:
    """A day after the first one."""
    return DAY + timedelta(days=days)


def monthly(count: int, amount: int) -> tuple[Part, ...]:
    """So many parts, thirty days apart."""
    return tuple(Part(amount, later(30 * n)) for n in range(count))


GOOD = Terms(monthly(3, 100_000), 400_000)


# -- terms -------------------------------------------------------------------------------------------


def test_what_the_total_is_less_than_what_is_owed_is_waived() -> None:
    """Owed 4,000, offered 3,000: 1,000 are given up, nothing comes on top; and the other way round."""
    assert (GOOD.total, GOOD.waived, GOOD.extra, GOOD.delay) == (300_000, 100_000, 0, False)
    more = replace(GOOD, owed=250_000)
    assert (more.waived, more.extra) == (0, 50_000)
    assert Terms((Part(400_000, DAY),), 400_000).delay


@pytest.mark.parametrize(
    ("terms", "wrong"),
    [
        (Terms((), 1), "empty"),
        (Terms(monthly(MOST_PARTS + 1, 1), 10_000), "too_many"),
        (Terms(monthly(1000, 1), 10_000), "too_many"),
        (Terms((Part(-1, DAY),), 10), "amount"),
        (Terms((Part(0, DAY),), 10), "amount"),
        (Terms((Part(1, DAY), Part(1, DAY)), 10), "order"),
        (Terms((Part(1, later(1)), Part(1, DAY)), 10), "order"),
        (Terms((Part(1, TODAY),), 10), "past"),
        (Terms((Part(1, TODAY - timedelta(days=1)),), 10), "past"),
        (Terms((Part(1, DAY), Part(1, later(366 * 12))), 10), "far"),
        (Terms((Part(21, DAY),), 10), "too_much"),
        (Terms((Part(1, DAY),), 0), "nothing_owed"),
        (Terms((Part(1, DAY),), -5), "nothing_owed"),
        (Terms((Part(1, DAY),), 10, note="x" * 501), "words"),
        (Terms((Part(1, DAY),), 10, security="x" * 501), "words"),
    ],
)
def test_terms_that_cannot_be_are_refused(terms: Terms, wrong: str) -> None:
    """A thousand parts, negative sums, days gone by or out of order, ten times what is owed: each has its reason."""
    with pytest.raises(SettlementError, match=wrong):
        check_terms(terms, TODAY)


def test_an_act_has_a_day_and_no_sum() -> None:
    """Moving out can only be put off."""
    check_terms(Terms((Part(0, DAY),), 0), TODAY, act=True)
    for plan in ((Part(5, DAY),), (Part(0, DAY), Part(0, later(1)))):
        with pytest.raises(SettlementError, match="act"):
            check_terms(Terms(plan, 0), TODAY, act=True)


def test_parts_that_do_not_make_the_total_are_refused() -> None:
    """Somebody who names a total and parts must have them add up."""
    check_total(GOOD.plan, 300_000)
    with pytest.raises(SettlementError, match="sum"):
        check_total(GOOD.plan, 300_001)


def test_a_version_whose_first_day_went_by_cannot_be_accepted() -> None:
    """On the day itself it can; the day after it cannot."""
    still_fits(GOOD, DAY)
    with pytest.raises(SettlementError, match="stale"):
        still_fits(GOOD, later(1))


def test_the_code_stands_for_exactly_these_terms() -> None:
    """Any term, the version or the negotiation changed: another fingerprint; the same terms: the same one."""
    base = digest(GOOD, 7, 1)
    others = [
        digest(GOOD, 7, 2),
        digest(GOOD, 8, 1),
        digest(replace(GOOD, plan=monthly(3, 100_001)), 7, 1),
        digest(replace(GOOD, plan=(*GOOD.plan[:2], Part(100_000, later(61)))), 7, 1),
        digest(replace(GOOD, owed=1), 7, 1),
        digest(replace(GOOD, security="x"), 7, 1),
        digest(replace(GOOD, fee=Fee.HALF), 7, 1),
        digest(replace(GOOD, note="x"), 7, 1),
    ]
    assert base == digest(replace(GOOD), 7, 1)
    assert len({base, *others}) == len(others) + 1
    assert len(code(base)) == 4
    assert not set(code(base)) & set("01OI25SZB8")


# -- answers -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """An answer."""

    kind: str
    party_id: int | None = None
    digest: str = "d"


def where(*answers: Said, held: bool = False, needed: tuple[int, ...] = (1, 2)) -> OfferStatus:
    """Where an offer stands after these answers."""
    return offer_status(held=held, answers=answers, needed=needed, digest="d")


def test_everybody_must_accept_exactly_this_version() -> None:
    """One of two is not enough; an acceptance of other terms counts for nothing."""
    yes = Said(AnswerKind.ACCEPTED, 1)
    assert where() is OfferStatus.OPEN
    assert where(yes) is OfferStatus.OPEN
    assert where(yes, Said(AnswerKind.ACCEPTED, 2, "other")) is OfferStatus.OPEN
    assert where(yes, Said(AnswerKind.ACCEPTED, 2)) is OfferStatus.ACCEPTED
    assert waiting([yes], (1, 2), "d") == [2]


def test_a_held_offer_opens_when_the_mediator_passes_it_on() -> None:
    """Until then nobody can accept it; a comment does not open it."""
    assert where(held=True) is OfferStatus.HELD
    assert where(Said(AnswerKind.COMMENT), held=True) is OfferStatus.HELD
    assert where(Said(AnswerKind.PASSED), held=True) is OfferStatus.OPEN


@pytest.mark.parametrize("kind", ["refused", "replaced", "returned", "withdrawn", "expired"])
def test_an_offer_that_ended_stays_ended(kind: str) -> None:
    """Whatever was accepted before or after."""
    yes = (Said(AnswerKind.ACCEPTED, 1), Said(AnswerKind.ACCEPTED, 2))
    assert where(yes[0], Said(kind), yes[1]) == kind


def test_only_the_steps_that_are_drawn_exist() -> None:
    """Ends have no way out; every status is reached from somewhere."""
    ends = {s for s, then in STEPS.items() if not then}
    assert ends == {
        Status.RESUMED,
        Status.AMENDED,
        Status.KEPT,
        Status.REFUSED,
        Status.EXPIRED,
        Status.CLOSED,
        Status.URGED,
    }
    assert {t for then in STEPS.values() for t in then} == set(Status)
    with pytest.raises(SettlementError, match="step"):
        next_status(Status.KEPT, Status.TALKING)
    assert next_status("talking", Status.ACCEPTED) is Status.ACCEPTED


# -- into the ledger ---------------------------------------------------------------------------------

SUMS = some.integers(1, 10**9)


@given(some.lists(SUMS, min_size=1, max_size=20), some.lists(SUMS, min_size=1, max_size=6))
def test_a_plan_over_several_obligations_adds_up_both_ways(parts: list[int], owed: list[int]) -> None:
    """No 分 is lost or made: per part, per obligation, and in all; the days keep their order."""
    plan = [Part(amount, later(n)) for n, amount in enumerate(parts)]
    found = divide(plan, dict(enumerate(owed)))
    by_day: dict[date, int] = {}
    for mine in found.values():
        assert all(p.amount > 0 for p in mine)
        assert [p.day for p in mine] == sorted({p.day for p in mine})
        for p in mine:
            by_day[p.day] = by_day.get(p.day, 0) + p.amount
    assert by_day == {p.day: p.amount for p in plan}


@given(some.lists(SUMS, min_size=1, max_size=6))
def test_paying_all_that_is_owed_pays_each_obligation_in_full(owed: list[int]) -> None:
    """Without a waiver everybody gets exactly what is owed to them."""
    found = divide([Part(sum(owed), DAY)], dict(enumerate(owed)))
    assert [sum(p.amount for p in found[n]) for n in range(len(owed))] == owed


def test_each_creditor_waives_in_proportion() -> None:
    """Half of the total: half for each."""
    found = divide([Part(30_000, DAY), Part(20_000, later(30))], {1: 80_000, 2: 20_000})
    assert [p.amount for p in found[1]] == [24_000, 16_000]
    assert [p.amount for p in found[2]] == [6_000, 4_000]


def test_what_was_paid_while_people_talked_shortens_the_plan_from_its_end() -> None:
    """Offered 3 × 1,000 when nothing was paid; 1,500 came meanwhile: 1,000 and 500 are left."""
    parts = list(monthly(3, 100_000))
    made = whole_plan(parts, 0, 150_000, date(2026, 11, 30))
    assert [p.amount for p in made] == [150_000, 100_000, 50_000]
    assert made[0].day == date(2026, 11, 30)
    assert whole_plan(parts, 0, 400_000, date(2026, 11, 30)) == [Part(400_000, date(2026, 11, 30))]
    assert whole_plan(parts, 50_000, 50_000, later(60))[0] == Part(50_000, DAY - timedelta(days=1))


# -- breach ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Due:
    """An instalment of the ledger."""

    amount: int
    expected_on: date
    settled: int = 0
    done_on: date | None = None


GRACE = timedelta(days=3)


def test_a_part_is_broken_only_after_its_day_and_the_grace_days() -> None:
    """Three days after its day it is not yet; on the fourth it is; paid in full it never is."""
    due = [Due(100, DAY), Due(100, later(30))]
    assert breach(due, 0, later(3), GRACE) is None
    assert breach(due, 0, later(4), GRACE) == (100, DAY)
    assert breach([Due(100, DAY, 100, DAY)], 0, later(40), GRACE) is None
    assert breach([Due(100, DAY, 40), Due(100, later(1))], 0, later(40), GRACE) == (160, DAY)


def test_what_is_reported_and_not_verified_yet_is_no_breach() -> None:
    """A report that covers it holds it up; one that does not, does not."""
    assert breach([Due(100, DAY)], 100, later(9), GRACE) is None
    assert breach([Due(100, DAY)], 99, later(9), GRACE) == (100, DAY)


# -- figures -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """A negotiation in days."""

    court: str = "pingba"
    stage: str = "before"
    status: str = "talking"
    opened_on: date = date(2026, 11, 28)
    referred_on: date | None = None
    agreed_on: date | None = None
    signed_on: date | None = None
    broken_on: date | None = None
    closed_on: date | None = None
    amount: int = 0


def test_figures_count_each_event_in_its_own_month() -> None:
    """Opened in November, agreed in December, broken in January; 委派 and 委托 are two stages."""
    report = Report()
    report.add(
        Story(status="broken", referred_on=date(2026, 11, 29), agreed_on=DAY, broken_on=date(2027, 1, 20), amount=500)
    )
    report.add(Story(status="refused", closed_on=DAY))
    report.add(Story(stage="in", status="urged", closed_on=DAY))
    november = report.cells[Cell("pingba", date(2026, 11, 1), "before")]
    december = report.cells[Cell("pingba", date(2026, 12, 1), "before")]
    assert (november.opened, november.referred, november.succeeded) == (2, 1, 0)
    assert (december.succeeded, december.succeeded_referred, december.amount, december.refused) == (1, 1, 500, 1)
    assert report.cells[Cell("pingba", date(2027, 1, 1), "before")].broken == 1
    assert report.cells[Cell("pingba", date(2026, 12, 1), "in")].urged == 1
