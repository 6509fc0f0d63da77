"""How results are told: provisions that resolve, sentences that exist, numbers without a float, and the disclaimer."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.consult.loader import read
from bot.core.texts import Texts
from bot.guide import wording
from bot.guide.exempt import Item
from bot.guide.model import CannotWorkOutError, Told
from bot.guide.rates import Rates
from bot.guide.service import Calculators

TEXTS = Texts.load()
FAQ = Path(__file__).parents[3] / "faq"
LAWS = read(FAQ).laws
TODAY = date(2026, 11, 23)
CALCULATE = Calculators()
INTEREST: dict[str, Any] = {"amount": "10万", "due": "2025-01-31"}
INPUTS: list[tuple[str, dict[str, Any]]] = [
    ("fee", {"amount": "500000"}),
    ("fee", {"amount": "1234567.89", "recovered": "1000"}),
    ("fee", {"kind": "preservation", "amount": "9000000"}),
    ("fee", {"kind": "payment_order", "amount": "100000"}),
    ("fee", {}),
    ("fee", {"kind": "preservation"}),
    ("interest", INTEREST),
    ("interest", {**INTEREST, "due": "2014-07-15"}),
    ("interest", {**INTEREST, "until": "2025-01-31"}),
    ("interest", {**INTEREST, "payments": [{"day": "2025-06-01", "amount": "20万"}]}),
    ("interest", {**INTEREST, "without": [{"first": "2025-03-01", "last": "2025-04-01"}]}),
    ("interest", {**INTEREST, "costs": 3000, "other": "5000", "general": {"accrued": "8000"}}),
    ("interest", {**INTEREST, "general": {"rate": "12%", "since": "2025-01-01", "year": 360}}),
    ("interest", {**INTEREST, "general": {"table": "lpr_1y", "multiple": "4", "since": "2025-01-01"}}),
    ("limitation", {"start": "2025-05-10"}),
    ("limitation", {"start": "2020-05-10", "rule": "no_period"}),
    ("limitation", {"start": "2026-01-01", "rule": "omission"}),
    ("limitation", {"start": "2025-01-01", "rule": "settlement"}),
    ("limitation", {"rule": "instalments", "days": ["2024-06-30", "2026-06-30"]}),
    ("limitation", {"rule": "instalments", "days": ["2019-06-30", "2020-06-30"]}),
    ("limitation", {"rule": "notarial", "days": ["2024-12-31", "2025-06-30"]}),
    ("limitation", {"rule": "withdraw", "applied": "2024-05-06", "terminated": "2024-06-20"}),
    *(
        ("limitation", {"start": "2025-01-01", "events": [{"kind": kind, "day": "2026-01-05", "until": "2026-03-01"}]})
        for kind in ("demand", "agreed", "applied", "settled")
    ),
    ("limitation", {"start": "2020-01-02", "events": [{"day": "2023-01-01"}]}),
    ("limitation", {"start": "2025-01-01", "events": [{"kind": "settled", "day": "2026-01-05"}]}),
    *(
        ("limitation", {"start": "2024-05-20", "events": [{"day": day}], "obstacle": {"first": "2026-02-01", "last": "2026-04-10"}})
        for day in ("2026-06-01", "2026-08-01")
    ),
    ("limitation", {"start": "2024-05-20", "obstacle": {"first": "2025-11-25", "last": "2026-05-19"}}),
    ("limitation", {"start": "2024-05-20", "obstacle": {"first": "2026-02-01", "last": "2026-04-10"}}),
    ("limitation", {"start": "2025-05-20", "obstacle": {"first": "2026-02-01", "last": "2026-04-10"}}),
    *(
        ("effect", {"title": title, "served": ["2026-03-02"], "within": 10})
        for title in (
            "judgment", "ruling", "second_instance", "small_claim", "mediation", "confirmation", "arbitration_award", "labor_award",
            "labor_final", "payment_order", "foreign_party",
        )
    ),
    ("effect", {"notice": "2026-01-05"}),
    ("effect", {"notice": "2026-01-05", "served": ["2026-03-01"]}),
    ("effect", {"title": "foreign_party", "notice": "2026-01-05"}),
    ("effect", {"effective": "2026-03-18", "within": 10}),
    ("effect", {"effective": "2026-03-18", "within": "1个月"}),
    *(("seizure", {"asset": a, "start": "2026-03-01"}) for a in ("deposit", "movable", "vehicle", "realty", "other", "ewallet")),
    ("seizure", {"asset": "deposit", "start": "2024-03-01"}),
    ("seizure", {"asset": "deposit", "start": "2024-03-01", "renewed": ["2025-02-20", "2026-02-10"]}),
    ("seizure", {"asset": "deposit", "ends": "2027-03-01", "preservation": True}),
    ("plan", {"amount": "10万", "count": 36, "first": "2026-12-31"}),
    ("plan", {"amount": "10万", "each": "3000", "first": "2026-12-31"}),
    ("plan", {"amount": "60475", "each": "5000", "count": 12, "first": "2026-12-31"}),
    ("plan", {"amount": "10万", "days": ["2026-12-31", "2027-12-31"]}),
    ("plan", {"amount": "3", "parts": [{"day": "2026-12-31", "amount": 1}, {"day": "2027-12-31", "amount": 2}]}),
    *(("exempt", {"item": item.value}) for item in Item),
]  # fmt: skip


def told(kind: str, data: dict[str, Any]) -> Told:
    """A result."""
    return CALCULATE(kind, data, TODAY)


@pytest.mark.parametrize(("kind", "data"), INPUTS)
def test_every_result_rests_on_provisions_that_are_quoted(kind: str, data: dict[str, Any]) -> None:
    """Instrument and article stand in faq/laws.yaml with the clause."""
    basis = told(kind, data).basis
    assert basis
    assert [b for b in basis if b.law not in LAWS or b.article not in LAWS[b.law].clauses] == []


@pytest.mark.parametrize(("kind", "data"), INPUTS)
def test_every_result_can_be_said_and_ends_with_the_disclaimer(kind: str, data: dict[str, Any]) -> None:
    """Every sentence finds its numbers; the sum comes first; markup is closed; it fits into one message."""
    text = wording.whole(TEXTS, told(kind, data), LAWS)
    assert text.startswith("**")
    assert text.endswith(TEXTS("calc.disclaimer"))
    assert text.count("**") % 2 == 0
    assert "{" not in text
    assert len(text) < 4000


@pytest.mark.parametrize(("kind", "data"), INPUTS)
def test_every_result_is_json_without_a_float(kind: str, data: dict[str, Any]) -> None:
    """Sums are text with two places, days are ISO; nothing is inexact."""
    found = json.loads(json.dumps(wording.as_json(TEXTS, told(kind, data))), parse_float=_refuse)
    assert found["kind"] == kind
    assert found["disclaimer"] == TEXTS("calc.disclaimer")
    if kind not in ("exempt", "fee") and not found.get("manual"):
        assert found["steps"]


def _refuse(text: str) -> float:
    raise AssertionError(f"{text} is a float")


@pytest.mark.parametrize(
    "amount",
    [
        "0",
        "-1",
        "-5万",
        "1e30",
        "99999999999万",
        "abc",
        "",
        "1.005",
        "NaN",
        "Infinity",
        "１２。３",
        "万",
        "2月30日",
        "1" * 500,
        True,
        1.5,
        [],
        {},
    ],
)
@pytest.mark.parametrize("kind", ["fee", "interest", "plan"])
def test_amounts_as_people_write_them_never_crash(kind: str, amount: Any) -> None:
    """What is no amount gets a sentence that says so."""
    more = {"interest": {"due": "2025-01-01"}, "plan": {"count": 3, "first": "2027-01-01"}}.get(kind, {})
    data = {"amount": amount, **more}
    if (kind, amount) == ("fee", ""):  # no amount at all has a fee of its own
        assert "fee_range" in told(kind, data).values
        return
    with pytest.raises(CannotWorkOutError) as error:
        told(kind, data)
    assert wording.wrong(TEXTS, error.value)


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("500000", 50_000_000),
        ("50万", 50_000_000),
        ("五十万", 50_000_000),
        ("3万5", 3_500_000),
        ("1,234.56元", 123_456),
        ("５０万", 50_000_000),
        ("叁万元", 3_000_000),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, cents: int) -> None:
    """Figures, units, both scripts, either width."""
    assert int(told("fee", {"amount": text}).values["amount"] * 100) == cents


@pytest.mark.parametrize(
    "day",
    ["2026-02-30", "2月30日", "二〇二六年二月三十日", "2026-13-01", "昨", "0000-00-00", "1900-01-01", "9999-12-31"],
)
def test_days_that_cannot_be_never_crash(day: str) -> None:
    """What does not exist, or lies beyond all use, gets a sentence that says so."""
    for kind, data in (
        ("interest", {"amount": "1", "due": day}), ("limitation", {"start": day}), ("effect", {"served": [day]}),
        ("seizure", {"asset": "deposit", "start": day}), ("plan", {"amount": "9", "count": 3, "first": day}),
    ):  # fmt: skip
        with pytest.raises(CannotWorkOutError) as error:
            told(kind, data)
        assert wording.wrong(TEXTS, error.value)


def test_chinese_numerals_name_the_same_day() -> None:
    """二〇二四年三月一日 is 2024-03-01."""
    for text in ("二〇二四年三月一日", "2024年3月1号", "2024/3/1", "2024.3.1", "２０２４年３月１日"):
        assert told("limitation", {"start": text}).values["start"] == date(2024, 3, 1)


@pytest.mark.parametrize(
    ("kind", "data", "key"),
    [
        ("fee", {"ammount": "1"}, "calc.wrong.name"),
        ("fee", {"kind": "other", "amount": "1"}, "calc.wrong.choice"),
        ("interest", {"amount": "1"}, "calc.wrong.missing"),
        ("interest", {"amount": "1", "due": "2027-01-01"}, "calc.wrong.not_due"),
        ("interest", {**INTEREST, "costs": "20万"}, "calc.wrong.parts"),
        ("interest", {**INTEREST, "payments": 5}, "calc.wrong.not_list"),
        ("interest", {**INTEREST, "payments": [5]}, "calc.wrong.not_list"),
        ("interest", {**INTEREST, "payments": [{"day": "2027-01-01", "amount": 1}]}, "calc.wrong.paid_later"),
        ("interest", {**INTEREST, "without": [{"first": "2025-03-01", "last": "2025-02-01"}]}, "calc.wrong.order"),
        ("interest", {**INTEREST, "general": {"rate": "120", "since": "2025-01-01"}}, "calc.wrong.rate"),
        ("interest", {**INTEREST, "general": {"rate": "12"}}, "calc.wrong.missing"),
        ("interest", {**INTEREST, "general": {"rate": "12", "since": "2025-01-01", "year": 366}}, "calc.wrong.rate"),
        ("limitation", {"start": "2025-01-01", "events": [{"day": "2024-01-01"}]}, "calc.wrong.event_early"),
        ("effect", {}, "calc.wrong.no_days"),
        ("effect", {"title": "mediation", "notice": "2026-03-02"}, "calc.wrong.no_notice"),
        ("effect", {"notice": "2021-12-31"}, "calc.wrong.notice_old"),
        ("effect", {"served": ["2026-01-01"], "within": 0}, "calc.wrong.within"),
        ("effect", {"served": ["2026-01-01"], "within": "半个月"}, "calc.wrong.not_period"),
        ("effect", {"served": ["2026-01-01"], "within": "121个月"}, "calc.wrong.within"),
        ("seizure", {"asset": "deposit", "start": "2026-01-01", "years": 2}, "calc.wrong.over_limit"),
        ("seizure", {"asset": "deposit", "start": "2026-01-01", "ends": "2027-06-01"}, "calc.wrong.over_limit_day"),
        ("seizure", {"asset": "realty", "start": "2026-01-01", "waiting": True}, "calc.wrong.waiting"),
        ("seizure", {"asset": "deposit", "start": "2024-01-10", "renewed": ["2025-01-11"]}, "calc.wrong.renewed_late"),
        ("seizure", {"asset": "deposit", "start": "2024-01-10", "renewed": ["2024-01-10"]}, "calc.wrong.order"),
        ("seizure", {"asset": "deposit", "renewed": ["2024-01-10"]}, "calc.wrong.missing"),
        ("seizure", {"asset": "realty", "start": "2026-01-01", "waiting": "yes"}, "calc.wrong.not_flag"),
        ("plan", {"amount": "9", "count": 1000, "first": "2027-01-01"}, "calc.wrong.count"),
        ("plan", {"amount": "9", "count": "x", "first": "2027-01-01"}, "calc.wrong.not_number"),
        ("plan", {"amount": "10万", "each": "3000", "count": 3, "first": "2027-01-01"}, "calc.wrong.contradicts"),
        ("plan", {"amount": "10万", "each": "6万", "count": 3, "first": "2027-01-01"}, "calc.wrong.contradicts"),
        ("plan", {"amount": "1", "each": "2", "count": 0, "first": "2027-01-01"}, "calc.wrong.count"),
    ],
)
def test_a_wrong_input_is_told_by_name(kind: str, data: dict[str, Any], key: str) -> None:
    """The sentence says which input, and what it may be."""
    with pytest.raises(CannotWorkOutError) as error:
        told(kind, data)
    assert error.value.key == key
    assert "{" not in wording.wrong(TEXTS, error.value)


def test_no_rate_is_built_in() -> None:
    """The shipped table of published rates is empty: an operator fills it."""
    rates = Rates.read(FAQ / "rates.yaml")
    assert rates.names() == ["lpr_1y", "lpr_5y"]
    assert all(not rates(name).days for name in rates.names())


@pytest.mark.parametrize(
    ("title", "by", "never"),
    [
        ("judgment", "作出一审判决的法院", "仲裁"), ("second_instance", "一审、二审的判决书都要带上", "生效证明"),
        ("arbitration_award", "仲裁机构", "一审判决"), ("labor_award", "劳动仲裁委员会", "一审判决"),
        ("labor_final", "劳动仲裁委员会", "一审判决"), ("payment_order", "书面异议", "一审判决"),
        ("mediation", "双方签收就生效", "一审判决"), ("small_claim", "一审终审", "作出一审判决的法院"),
        ("confirmation", "确认的调解协议都带上", "一审判决"),
    ],
)  # fmt: skip
def test_who_proves_the_effect_depends_on_the_title(title: str, by: str, never: str) -> None:
    """An award does not come from a court, and what is final at once has no first instance to go back to."""
    told = CALCULATE("effect", {"title": title, "served": ["2026-03-02"]}, TODAY)
    note = told.notes[-1]
    assert note.key == f"calc.effect.certificate.{title}"
    words = TEXTS(note.key)
    assert by in words
    assert never not in words
