"""What must hold for every input of the calculators: sums grow, parts add up, days follow the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.calendar import CourtCalendar
from bot.core.errors import KnowledgeError
from bot.guide import effect, fees, instalments, interest, limitation, seizure
from bot.guide.days import Span, after_months, after_years, days_without, last_day
from bot.guide.model import CENT, CannotWorkOutError
from bot.guide.rates import Rates, Series

COURTS = CourtCalendar()
SUMS = st.integers(1, 10**11).map(lambda cents: Decimal(cents) / 100)
DAYS = st.dates(date(2015, 1, 1), date(2026, 12, 31))
KINDS = st.sampled_from(list(fees.FeeKind))


def extra(base: Decimal, due: date, until: date, **more: object) -> Decimal:
    """The doubled part of one sum."""
    return interest.work_out(interest.Claim((interest.Due(due, base),), until, **more)).extra  # type: ignore[arg-type]


# -- fees ----------------------------------------------------------------------------------------


@given(KINDS, SUMS, SUMS)
def test_a_fee_never_falls_when_the_amount_rises(kind: fees.FeeKind, one: Decimal, other: Decimal) -> None:
    """All three fees are monotone."""
    low, high = sorted((one, other))
    assert fees.FEES[kind](low).total <= fees.FEES[kind](high).total


@pytest.mark.parametrize(
    ("kind", "border"),
    [(kind, tier.upto) for kind, tiers in (
        (fees.FeeKind.EXECUTION, fees.EXECUTION), (fees.FeeKind.PRESERVATION, fees.PRESERVATION),
        (fees.FeeKind.PAYMENT_ORDER, fees.CASE),
    ) for tier in tiers if tier.upto.is_finite()],
)  # fmt: skip
def test_a_fee_does_not_leap_at_the_border_of_a_band(kind: fees.FeeKind, border: Decimal) -> None:
    """One 分 more than the border costs at most one 分 more."""
    step = fees.FEES[kind](border + CENT).total - fees.FEES[kind](border).total
    assert 0 <= step <= CENT


@given(KINDS, SUMS)
def test_a_fee_is_exact_to_the_cent(kind: fees.FeeKind, amount: Decimal) -> None:
    """Whole 分, and no float anywhere in the result."""
    fee = fees.FEES[kind](amount)
    assert fee.total == fee.total.quantize(CENT)
    assert all(isinstance(v, Decimal) for s in fee.steps for v in (s.part, s.rate, s.fee))


# -- interest ------------------------------------------------------------------------------------


@given(SUMS, DAYS, st.integers(0, 3000), st.integers(0, 3000))
def test_interest_grows_with_time(base: Decimal, due: date, one: int, other: int) -> None:
    """A day later never costs less, and no day costs nothing."""
    low, high = sorted((one, other))
    assert extra(base, due, due + timedelta(days=low)) <= extra(base, due, due + timedelta(days=high))
    assert extra(base, due, due) == 0


@given(SUMS, DAYS, st.integers(1, 2000), st.integers(1, 2000))
def test_interest_of_two_stretches_adds_up(base: Decimal, due: date, one: int, other: int) -> None:
    """To a day and on from it is the same as through, but for the rounding of each."""
    middle, end = due + timedelta(days=one), due + timedelta(days=one + other)
    together = extra(base, due, middle) + extra(base, middle, end)
    assert abs(extra(base, due, end) - together) <= CENT


@given(st.lists(SUMS, min_size=1, max_size=6), DAYS, st.integers(0, 1000))
def test_interest_of_parts_adds_up(parts: list[Decimal], due: date, days: int) -> None:
    """Several parts due on one day bear what their sum bears."""
    until = due + timedelta(days=days)
    whole = interest.work_out(interest.Claim(tuple(interest.Due(due, p) for p in parts), until))
    assert whole.extra == extra(sum(parts, Decimal(0)), due, until)


@given(SUMS, DAYS, st.integers(1, 800), st.integers(1, 800), SUMS)
def test_a_payment_never_raises_what_is_owed(base: Decimal, due: date, one: int, other: int, paid: Decimal) -> None:
    """Money set off is found again: debt, general part, doubled part, or what was paid too much."""
    day, until = due + timedelta(days=one), due + timedelta(days=one + other)
    claim = interest.Claim((interest.Due(due, base),), until, (interest.Paid(day, paid),))
    result = interest.work_out(claim)
    (off,) = result.set_offs
    assert off.general + off.debt + off.extra + off.over == paid
    assert result.owed <= interest.work_out(replace(claim, payments=())).owed
    assert result.debt_left >= 0
    assert result.extra_left >= 0


@given(DAYS, st.integers(0, 2000), st.lists(st.tuples(st.integers(0, 2500), st.integers(0, 300)), max_size=6))
def test_days_that_are_not_counted_are_left_out_once(begin: date, days: int, spans: list[tuple[int, int]]) -> None:
    """Overlapping stretches are one; what lies outside takes nothing away."""
    end = begin + timedelta(days=days)
    without = [Span(begin + timedelta(days=a - 100), begin + timedelta(days=a - 100 + b)) for a, b in spans]
    all_days = [begin + timedelta(days=n) for n in range(1, days + 1)]
    counted = [d for d in all_days if not any(s.first <= d <= s.last for s in without)]
    assert days_without(begin, end, without) == len(counted)


def test_a_leap_day_counts() -> None:
    """2024-02-29 is a day of delay as any other."""
    assert extra(Decimal(10_000), date(2024, 2, 1), date(2024, 3, 1)) == Decimal("50.75")
    assert extra(Decimal(10_000), date(2023, 2, 1), date(2023, 3, 1)) == Decimal("49.00")


def test_what_lies_before_august_2014_is_left_to_a_person() -> None:
    """The old rule governs it: the days are named, payments within them are refused, nothing is invented."""
    claim = interest.Claim((interest.Due(date(2014, 1, 1), Decimal(100)),), date(2014, 7, 1))
    result = interest.work_out(claim)
    assert (result.extra, result.manual) == (Decimal("0.00"), Span(date(2014, 1, 2), date(2014, 7, 1)))
    with pytest.raises(CannotWorkOutError, match="paid_before_2014"):
        interest.work_out(replace(claim, payments=(interest.Paid(date(2014, 6, 1), Decimal(1)),)))


def test_a_published_rate_comes_from_the_operators_table_or_not_at_all(tmp_path: Path) -> None:
    """四倍LPR: each day by the rate then in force; without an entry the general part is left out and that is said."""
    path = tmp_path / "rates.yaml"
    path.write_text("made_up:\n  2024-01-01: '10'\n  2025-01-01: '5'\n", encoding="utf-8")
    general = interest.General(since=date(2024, 12, 1), table="made_up", multiple=Decimal(4))
    claim = interest.Claim((interest.Due(date(2024, 12, 1), Decimal(36_500)),), date(2025, 1, 31), general=general)
    result = interest.work_out(claim, Rates.read(path))
    # 30 days (2 to 31 December) at 40 %, 31 days at 20 %; 100 元 a day and percent over 365.
    assert result.general == Decimal("1820.00")
    assert [p.rate for p in result.general_pieces] == [Decimal("0.4"), Decimal("0.2")]
    fixed = interest.work_out(replace(claim, general=replace(general, fixed_on=date(2024, 12, 1))), Rates.read(path))
    assert fixed.general == Decimal("2440.00")
    without = interest.work_out(claim, Rates())
    assert (without.general, without.extra) == (Decimal(0), result.extra)
    assert without.missing is not None
    assert "calc.interest.missing" in [n.key for n in interest.told(without).notes]


def test_an_entry_that_repeats_the_rate_changes_nothing() -> None:
    """1,000 at 3.5 % over 9 days of 360 is 0.875 exactly, whether or not a rate was published anew each day."""
    days = tuple(date(2025, 1, 1) + timedelta(days=n) for n in range(12))
    table = Rates({"each_day": Series("each_day", days, (Decimal("0.035"),) * len(days))})
    general = interest.General(since=days[0], table="each_day", year=360)
    claim = interest.Claim((interest.Due(days[0], Decimal(1000)),), days[9], general=general)
    assert interest.work_out(claim, table).general == Decimal("0.88")
    assert interest.work_out(replace(claim, general=replace(general, rate=Decimal("0.035")))).general == Decimal("0.88")


@pytest.mark.parametrize(
    "text", ["- 1\n", "x: 5\n", "x:\n  2024-13-01: '3'\n", "x:\n  2024-01-01: 3.1\n", "x: {2024-01-01: '0'}\n", "{", "x: {2024-01-01: nan}\n"]
)
def test_a_table_of_rates_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    """A float, an impossible day, a rate of nothing: the file and the line's name are told."""
    path = tmp_path / "rates.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"rates\.yaml"):
        Rates.read(path)


def test_a_stretch_is_told_once_though_a_rate_changed_within_it() -> None:
    """The doubled part does not fall to pieces with every published rate, nor the general part with every due day."""
    days = tuple(after_months(date(2025, 1, 1), n) for n in range(12))
    table = Rates({"monthly": Series("monthly", days, tuple(Decimal(n + 1) / 100 for n in range(12)))})
    general = interest.General(since=days[0], table="monthly")
    dues = (interest.Due(days[0], Decimal(1000)), interest.Due(days[3] + timedelta(days=5), Decimal(500)))
    result = interest.work_out(interest.Claim(dues, date(2025, 12, 31), general=general), table)
    assert [p.base for p in result.pieces] == [1000, 1500]
    assert len(result.general_pieces) == 12


# -- days ----------------------------------------------------------------------------------------


@given(st.dates(date(1992, 1, 1), date(2090, 1, 1)), st.integers(1, 10))
def test_years_lead_to_the_corresponding_day_or_the_months_last(day: date, years: int) -> None:
    """民法典第202条; only the 29th of February has no corresponding day."""
    then = after_years(day, years)
    assert (then.year, then.month) == (day.year + years, day.month)
    assert then.day == day.day or (day.month, day.day, then.day) == (2, 29, 28)


@given(st.dates(date(2004, 1, 1), date(2090, 1, 1)))
def test_a_last_day_is_never_moved_back_nor_by_a_guess(day: date) -> None:
    """A known holiday moves it on to a working day; an unknown year leaves it and says so."""
    found = last_day(day, COURTS)
    assert found.day >= day
    assert COURTS.working(found.day) or not found.announced
    assert found.announced or found.day == day


@given(DAYS, DAYS)
def test_a_later_beginning_never_ends_earlier(one: date, other: date) -> None:
    """The last day to apply, the day of effect and the end of a seizure follow their beginning."""
    low, high = sorted((one, other))
    periods = [limitation.from_day(limitation.Start.FIXED, d, COURTS).safe for d in (low, high)]
    effects = [effect.effect(effect.Title.JUDGMENT, [d], COURTS).effective for d in (low, high)]
    ends = [seizure.seizure(seizure.Asset.REALTY, d).latest for d in (low, high)]
    for first, second in (periods, effects, ends):
        assert first <= second


@given(DAYS, st.lists(st.integers(1, 365), min_size=1, max_size=6))
def test_a_renewed_seizure_counts_from_its_last_renewal(start: date, after: list[int]) -> None:
    """Each in time; the other way to count, from the end of the period before, never ends earlier."""
    days = [start + timedelta(days=sum(after[: i + 1])) for i in range(len(after))]
    found = seizure.seizure(seizure.Asset.DEPOSIT, start, renewed=days)
    assert found.latest == seizure.seizure(seizure.Asset.DEPOSIT, days[-1]).latest
    assert found.before is not None
    assert after_years(found.before, 1) >= found.latest
    late = found.latest + timedelta(days=1)
    with pytest.raises(CannotWorkOutError, match="renewed_late"):
        seizure.seizure(seizure.Asset.DEPOSIT, start, renewed=[*days, late])


@given(DAYS, st.integers(0, 700), st.integers(0, 400))
def test_an_obstacle_never_shortens_the_period(start: date, after: int, length: int) -> None:
    """By the rule of higher rank the last day moves on or stays; the day that is told is safe by both rules."""
    stop = Span(start + timedelta(days=after), start + timedelta(days=after + length))
    plain = limitation.from_day(limitation.Start.FIXED, start, COURTS)
    found = limitation.from_day(limitation.Start.FIXED, start, COURTS, obstacle=stop)
    assert found.day >= plain.day
    assert found.safe <= found.day


def test_an_event_after_the_end_does_not_begin_the_period_anew() -> None:
    """It is told that it came too late; one in time counts, and a settlement from its own last day."""
    start = date(2020, 1, 2)
    late = limitation.Interruption(limitation.Event.DEMAND, date(2023, 1, 1))
    found = limitation.from_day(limitation.Start.FIXED, start, COURTS, [late])
    assert (found.last.counted, found.late) == (date(2022, 1, 2), (late,))
    settled = limitation.Interruption(limitation.Event.SETTLED, date(2021, 6, 1), date(2021, 12, 1))
    found = limitation.from_day(limitation.Start.FIXED, start, COURTS, [settled, late])
    assert found.last.counted == date(2025, 1, 1)


def test_an_event_counts_while_an_obstacle_keeps_the_period_open() -> None:
    """C13 and a demand: within both rules it counts, by one of them only it counts and is said, after both it is late."""
    start, stop = date(2024, 5, 20), Span(date(2026, 2, 1), date(2026, 4, 10))  # open until 07-27, or until 10-10

    def after(day: date) -> limitation.Limitation:
        demand = limitation.Interruption(limitation.Event.DEMAND, day)
        return limitation.from_day(limitation.Start.FIXED, start, COURTS, [demand], stop)

    assert [after(date(2026, month, 1)).last.counted for month in (6, 7, 8)] == [date(2028, m, 1) for m in (6, 7, 8)]
    assert [e.doubtful for month in (6, 7, 8) for e in after(date(2026, month, 1)).interruptions] == [False, False, True]
    assert [e.day for e in after(date(2026, 11, 1)).late] == [date(2026, 11, 1)]


def test_a_right_is_not_said_to_be_lost_while_the_law_still_gives_it() -> None:
    """Between the two days nobody is told that it is over, only to hurry."""
    stop = Span(date(2026, 2, 1), date(2026, 4, 10))
    found = limitation.from_day(limitation.Start.FIXED, date(2024, 5, 20), COURTS, obstacle=stop)
    heads = {d: limitation.told(found, d) for d in (date(2026, 7, 27), date(2026, 8, 1), date(2026, 10, 11))}
    keys = [t.head.key.rpartition(".")[2] for t in heads.values()]
    assert keys == ["last", "between", "over"]
    assert [t.values["expired"] for t in heads.values()] == [False, False, True]


def test_a_settlement_runs_from_the_last_day_it_agreed_even_where_that_lies_ahead() -> None:
    """解释第466条: agreed within the period, its own last day may come long after that."""
    settled = limitation.Interruption(limitation.Event.SETTLED, date(2026, 5, 1), date(2027, 6, 1))
    found = limitation.from_day(limitation.Start.FIXED, date(2024, 12, 10), COURTS, [settled])
    assert (found.last.counted, found.late) == (date(2029, 6, 1), ())
    with pytest.raises(CannotWorkOutError, match="order"):
        limitation.Interruption(limitation.Event.SETTLED, date(2026, 5, 1), date(2026, 4, 1))


# -- plans ---------------------------------------------------------------------------------------


@given(SUMS, st.integers(1, instalments.MOST), DAYS)
def test_equal_instalments_add_up(total: Decimal, count: int, first: date) -> None:
    """To the 分; all but the last are equal, and the days go up month by month."""
    if total < count * CENT:
        with pytest.raises(CannotWorkOutError, match="too_small"):
            instalments.equal(total, count, first)
        return
    plan = instalments.equal(total, count, first)
    assert sum(p.amount for p in plan.parts) == total
    assert len({p.amount for p in plan.parts[:-1]}) <= 1
    assert [p.day for p in plan.parts] == [after_months(first, n) for n in range(count)]
    assert all(p.amount > 0 for p in plan.parts)


@given(st.integers(100, 10**7), st.integers(100, 10**7), DAYS)
def test_instalments_of_a_fixed_sum_add_up(total: int, each: int, first: date) -> None:
    """The last one is what is left, never more than the others."""
    whole, part = Decimal(total) / 100, Decimal(each) / 100
    if -(-total // each) > instalments.MOST:
        with pytest.raises(CannotWorkOutError, match="count"):
            instalments.each(whole, part, first)
        return
    plan = instalments.each(whole, part, first)
    assert sum(p.amount for p in plan.parts) == whole
    assert 0 < plan.parts[-1].amount <= part


def test_a_list_of_instalments_must_add_up_and_name_each_day_once() -> None:
    """What is missing is told in figures."""
    parts = [instalments.Part(date(2026, 1, n), Decimal(10)) for n in (1, 2)]
    assert instalments.listed(Decimal(20), parts).parts == tuple(parts)
    with pytest.raises(CannotWorkOutError, match="sum"):
        instalments.listed(Decimal(21), parts)
    with pytest.raises(CannotWorkOutError, match="twice"):
        instalments.listed(Decimal(20), [parts[0], parts[0]])
