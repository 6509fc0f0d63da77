"""Every worked example of `vectors.json`: derived by hand from the law, and worked out a second time independently."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.core.calendar import CourtCalendar
from bot.guide import effect, exempt, fees, interest, limitation, seizure
from bot.guide.days import Period, Span
from bot.guide.model import CannotWorkOutError, Told

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
)
COURTS = CourtCalendar()
TODAY = date(2026, 11, 23)
ZERO = Decimal(0)
D = date.fromisoformat
DONE: set[str] = set()


def of(group: str) -> list[Any]:
    """The examples of a group, by their id."""
    return [pytest.param(v, id=v["id"]) for v in VECTORS[group]]


def amount(text: str | None) -> Decimal:
    """A sum in the examples."""
    assert text is not None
    return Decimal(text)


@pytest.mark.parametrize("vector", of("a_fee"))
def test_fees(vector: dict[str, Any]) -> None:
    """收费办法第13条, 第14条: enforcement, preservation and payment order, at every border."""
    kind = fees.FeeKind(vector["kind"])
    if vector["amount"] is None:
        told = fees.no_amount(kind)
        assert told.values["fee_range"] == [Decimal(v) for v in vector["expected_fee_range"]]
        return
    assert fees.FEES[kind](Decimal(vector["amount"])).total == Decimal(vector["expected_fee"])


def claim_of(vector: dict[str, Any]) -> interest.Claim:
    """An example of interest as a claim."""
    dues: Iterator[tuple[str, str]]
    if "instalments" in vector:
        dues = ((day, sum_) for day, sum_ in vector["instalments"])
    else:
        dues = iter([(vector["due_last_day"], vector["base"])])
    parts = vector.get("components", {})
    costs, other = amount(parts.get("lawyer_fee", "0")), amount(parts.get("fixed_penalty", "0"))
    general = None
    if "general_rate_year" in vector:
        general = interest.General(
            since=D(vector["general_from"]), rate=Decimal(vector["general_rate_year"]), year=vector["year_basis"]
        )
    elif "general_interest" in parts:
        general = interest.General(accrued=amount(parts["general_interest"]))
    paid = [*vector.get("payments", ()), *vector.get("received", ())]
    return interest.Claim(
        dues=tuple(interest.Due(D(day), Decimal(sum_), costs, other) for day, sum_ in dues),
        until=D(vector["paid_off"]),
        payments=tuple(interest.Paid(D(day), Decimal(sum_)) for day, sum_ in paid),
        without=tuple(Span(D(a), D(b)) for a, b in vector.get("excluded_periods", ())),
        general=general,
    )


@pytest.mark.parametrize("vector", of("b_delay_interest"))
def test_interest(vector: dict[str, Any]) -> None:
    """迟延利息解释第1条 to 第7条: the doubled part, the order of setting off, both readings of the first day."""
    result = interest.work_out(claim_of(vector))
    assert result.extra == Decimal(vector["expected_extra_interest"])
    for name, sum_ in vector.get("alt", {}).items():
        assert result.alternatives[name] == Decimal(sum_)
    after = vector.get("expected_after", {})
    found = {
        "principal_left": result.debt_left,
        "extra_paid": result.extra_paid,
        "extra_left": result.extra_left,
        "general_interest": result.general,
    }
    assert {name: found[name] for name in after} == {name: Decimal(sum_) for name, sum_ in after.items()}
    manual = [result.manual.first.isoformat(), result.manual.last.isoformat()] if result.manual else None
    assert manual == vector.get("manual_part")


def _plain_period(vector: dict[str, Any]) -> None:
    rules = {"no_period": limitation.Start.NO_PERIOD, "omission": limitation.Start.OMISSION}
    kind = rules.get(vector.get("rule", ""), limitation.Start.FIXED)
    found = limitation.from_day(kind, D(vector["start"]), COURTS)
    assert found.safe == found.day == D(vector["expected_last_day"])


def _notarised(vector: dict[str, Any]) -> None:
    found = limitation.from_notarised([D(d) for d in vector["instalments"]], COURTS)
    assert [last.day for _, last in found.each] == [D(d) for d in vector["expected_each"]]


def _across_laws(vector: dict[str, Any]) -> None:
    found = limitation.from_instalments([D(d) for d in vector["instalments"]], COURTS)
    told = limitation.told(found, TODAY)
    assert vector["expected"] == "MANUAL"
    assert (found.manual, told.values) == ("calc.limitation.manual.pre2022", {"manual": True})


def _interrupted(vector: dict[str, Any]) -> None:
    event = limitation.Interruption(limitation.Event(vector["event"]), D(vector["start"]))
    found = limitation.from_day(limitation.Start.FIXED, D(vector["original"]), COURTS, [event])
    assert found.safe == D(vector["expected_last_day"])


def _suspended(vector: dict[str, Any]) -> None:
    last, (first, end) = D(vector["original_last_day"]), vector["obstacle"]
    found = limitation.suspended(last, Span(D(first), D(end)), COURTS)
    if "alt" not in vector:
        assert found is None
        assert last == D(vector["expected_last_day"])
        return
    assert found is not None
    assert found.six_months.day == D(vector["expected_last_day"])
    assert found.going_on.day == D(next(iter(vector["alt"].values())))
    assert found.earlier == min(found.six_months.day, found.going_on.day)


def _withdrawn(vector: dict[str, Any]) -> None:
    found = limitation.withdrawn(D(vector["applied"]), D(vector["terminated"]), COURTS)
    assert found.conservative.day == D(vector["expected_conservative"])
    assert found.other.day == D(vector["expected_alt"])
    told = limitation.told_withdrawn(found, TODAY)
    assert vector["expected_alt"] not in json.dumps(told.values, default=str)  # only the earlier day is told


def _expired(vector: dict[str, Any]) -> None:
    found = limitation.too_late(D(vector["last_day"]), D(vector["apply"]))
    assert found is not None
    assert found.court_accepts is vector["expected"]["court_accepts"]
    assert found.debtor_may_object is vector["expected"]["debtor_may_object"]
    assert found.refused_if_objection_upheld
    assert limitation.too_late(D(vector["last_day"]), D(vector["last_day"])) is None


_PERIODS: dict[str, Callable[[dict[str, Any]], None]] = {
    "notarial_each_instalment": _notarised,
    "pre2022_instalment": _across_laws,
    "interrupt": _interrupted,
    "suspend": _suspended,
    "withdraw": _withdrawn,
    "expired": _expired,
}


@pytest.mark.parametrize("vector", of("c_apply_period"))
def test_the_period_to_apply(vector: dict[str, Any]) -> None:
    """民诉法第250条 and what interrupts or suspends it."""
    _PERIODS.get(vector.get("rule", ""), _plain_period)(vector)


@pytest.mark.parametrize("vector", of("d_effective_performance"))
def test_effect_and_performance(vector: dict[str, Any]) -> None:
    """When titles of each kind take effect, and the last day of the period of performance."""
    kind = vector.get("kind", "judgment")
    if kind == "performance_last_day":
        then = effect.performance(D(vector["effective"]), Period(vector["within_days"]), COURTS)
        assert (then.last.day, then.last.counted) == (D(vector["expected"]), D(vector["alt"]["no_rollover"]))
        return
    notice = D(vector["notice"]) if "notice" in vector else None
    title = effect.Title.JUDGMENT if notice else effect.Title(kind)
    found = effect.effect(title, [] if notice else [D(d) for d in vector["served"]], COURTS, notice=notice)
    assert found.served == max(D(d) for d in vector["served"])
    assert found.effective == D(vector["expected_effective"])
    if "expected_last_appeal_day" in vector:
        assert found.appeal is not None
        assert (found.days, found.appeal.day) == (vector["days"], D(vector["expected_last_appeal_day"]))
    else:
        assert found.appeal is None


def _asset(vector: dict[str, Any]) -> seizure.Asset:
    return seizure.Asset(vector.get("asset", vector["kind"]))


@pytest.mark.parametrize("vector", of("e_freeze"))
def test_seizures(vector: dict[str, Any]) -> None:
    """民诉法解释第485条: the longest time, the stated time, renewal, and what is refused."""
    kind = vector["kind"]
    if kind == "preservation_renewal":
        ends = D(vector["expiry"])
        found = seizure.seizure(seizure.Asset.DEPOSIT, ends=ends, preservation=True)
        assert found.renew_by == D(vector["expected_apply_before"])
    elif kind == "expired_not_renewed":
        told = seizure.told(seizure.seizure(seizure.Asset.DEPOSIT, date(2024, 1, 1)), TODAY)
        assert told.values["expired"]
        assert "calc.seizure.gone" in [n.key for n in told.notes]
    elif kind == "over_limit":
        with pytest.raises(CannotWorkOutError, match="over_limit"):
            seizure.seizure(_asset(vector), date(2026, 1, 1), years=vector["years"])
    elif kind == "waiting_seizure":
        with pytest.raises(CannotWorkOutError, match="waiting"):
            seizure.seizure(seizure.Asset.DEPOSIT, date(2026, 1, 1), waiting=True)
    else:
        start, ends_on = vector.get("start"), None
        if "notice" in vector:
            start, ends_on = vector["notice"]
        found = seizure.seizure(_asset(vector), D(start), years=vector.get("years"), ends=ends_on and D(ends_on))
        assert found.latest == D(vector["expected_latest"])
        if "expected_reminder_basis" in vector:
            assert found.remind_on == D(vector["expected_reminder_basis"])


_ITEMS = {
    "F01": exempt.Item.LIVING,
    "F02": exempt.Item.WAGES,
    "F03": exempt.Item.WAGE_SHARE,
    "F05": exempt.Item.HOUSING_FUND,
    "F06": exempt.Item.MIGRANT_WAGES,
    "F07": exempt.Item.ONLY_HOME_SEIZED,
    "F09": exempt.Item.ONLY_HOME_RENT,
    "F10": exempt.Item.LARGE_HOME,
    "F11": exempt.Item.MEDICAL,
    "F13": exempt.Item.UNPUBLISHED,
    "F14": exempt.Item.MEDALS,
    "F15": exempt.Item.SOCIAL_INSURANCE,
}


@pytest.mark.parametrize("vector", of("f_exempt"))
def test_what_may_be_executed(vector: dict[str, Any]) -> None:
    """The table of what is left to the debtor; each kind of the examples has its line."""
    told: Told = exempt.told(_ITEMS[vector["id"]])
    assert told.values["outcome"] == vector["expected"]
    assert told.basis
