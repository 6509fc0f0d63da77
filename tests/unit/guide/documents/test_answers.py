"""Answers to the fields of documents: what is taken, what is refused and why, and that nothing hostile gets in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guide.documents import checks
from bot.guide.documents.model import Field, Kind, Option, Wrong
from tests.cases import id_number
from tests.unit.guide.documents.samples import TEXTS, TODAY, credit_code

NUMBER = id_number(7)


def field(kind: Kind, **facts: Any) -> Field:
    """A field of that kind."""
    return Field(id="x", label="x", ask="x", kind=kind, **facts)


def read(kind: Kind, text: str, values: dict[str, Any] | None = None, **facts: Any) -> Any:
    """What an answer is read as."""
    return checks.read(field(kind, **facts), text, checks.Answer(TODAY, values or {}))


def refused(kind: Kind, text: str, values: dict[str, Any] | None = None, **facts: Any) -> str:
    """The reason why an answer is refused; there are words for it."""
    with pytest.raises(Wrong) as error:
        read(kind, text, values, **facts)
    assert f"documents.wrong.{error.value.code}" in TEXTS
    assert TEXTS.placeholders(f"documents.wrong.{error.value.code}") == set(error.value.params)
    return error.value.code


@pytest.mark.parametrize(
    ("said", "cents"),
    [
        ("50000", 5_000_000), ("5万", 5_000_000), ("5万元整", 5_000_000), ("五万", 5_000_000), ("12345.67", 1_234_567),
        ("1,234,567.5元", 123_456_750), ("12万3456.78元", 12_345_678), ("1亿2000万", 12_000_000_000), ("1万5", 1_500_000),
        ("50万2千", 50_200_000), ("123456元7角8分", 12_345_678), ("12万3456元7角8分", 12_345_678), ("5块5毛", 550), ("10万元零5分", 10_000_005), ("三万五", 3_500_000), ("人民币壹拾万元整", 10_000_000), ("１０００元", 100_000), ("0.01", 1),
    ],
)  # fmt: skip
def test_sums_are_read_as_people_write_them(said: str, cents: int) -> None:
    """Figures, 万 and 亿 between, Chinese numerals, bankers' capitals, full width."""
    assert read(Kind.SUM, said, required=True) == cents


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("本金10万利息2万", "amount_one"), ("-500", "amount"), ("负5000", "amount"), ("很多", "amount"), ("0", "amount"),
        ("99999999999999999999", "amount_large"), ("0.001", "amount"), ("1e9", "amount_one"),
    ],
)  # fmt: skip
def test_no_sum_is_guessed(said: str, why: str) -> None:
    """Two numbers, less than nothing, and what is no sum are asked for again."""
    assert refused(Kind.SUM, said, required=True) == why


@pytest.mark.parametrize(
    ("said", "why"),
    [("50多万", "amount"), ("5o万", "amount"), ("5万美元", "amount_foreign"), ("30万到50万", "amount_one")],
)
def test_what_is_not_exact_is_no_sum_of_a_document(said: str, why: str) -> None:
    """50多万 was once written down as 50 元."""
    assert refused(Kind.SUM, said, required=True) == why


def test_a_period_of_performance_is_counted_from_the_day_of_effect() -> None:
    """生效后十日内 was once ten days before today."""
    effect = {"effect": "2026-03-02"}
    assert read(Kind.DATE, "判决生效后十日内", effect, of="effect", past=True) == "2026-03-12"
    assert read(Kind.DATE, "判决生效后一个月内", effect, of="effect", past=True) == "2026-04-02"
    assert refused(Kind.DATE, "判决生效后半个月内", effect, of="effect", past=True) == "day_period"
    assert refused(Kind.DATE, "判决生效后十日内", {}, of="effect", past=True) == "day_period"
    assert refused(Kind.DATE, "判决生效后十日内", past=True) == "day_period"
    assert refused(Kind.DATE, "2026年3月12日，2026年4月12日", past=True) == "day_one"
    due = Field(id="due", label="x", ask="x", kind=Kind.DATE, of="effect")
    with pytest.raises(Wrong, match="day_before"):
        checks.check_value(due, {**effect, "due": "2026-03-01"})
    checks.check_value(due, {**effect, "due": "2026-03-12"})


def test_nothing_is_left_where_nothing_need_be_said() -> None:
    """0 in answer to how much is still owed leaves the line out."""
    assert read(Kind.SUM, "0元") == ""


@pytest.mark.parametrize(
    ("values", "said", "why"),
    [
        ({}, NUMBER[:-1], "id_number"), ({}, NUMBER[:-1] + "0123456789X"[(int(NUMBER[-1]) + 1) % 10], "id_check"),
        ({}, "520402198013450077", "id_number"), ({}, "******0077", "masked"),
        ({"k": "organisation"}, credit_code()[:-1] + ("A" if credit_code()[-1] != "A" else "B"), "credit_check"),
        ({"k": "organisation"}, NUMBER[:17], "credit_code"),
    ],
)  # fmt: skip
def test_identity_numbers_are_checked(values: dict[str, Any], said: str, why: str) -> None:
    """Length, day of birth and check digit of an ID number (GB 11643), check character of a credit code (GB 32100)."""
    assert refused(Kind.NUMBER, said, values, of="k") == why


def test_good_identity_numbers_are_taken() -> None:
    """Small x, spaces and full width are the same number."""
    assert read(Kind.NUMBER, "5204 0219 8001 0100 1x") == "52040219800101001X"
    assert read(Kind.NUMBER, credit_code().lower(), {"k": "organisation"}, of="k") == credit_code()


@pytest.mark.parametrize(
    ("said", "facts", "why"),
    [
        ("2027年1月1日", {"past": True}, "day_future"), ("2026-11-22", {"future": True}, "day_past"),
        ("2026年2月30日", {}, "no_such_day"), ("1900-01-01", {}, "day_year"), ("哪天都行", {}, "day"),
    ],
)  # fmt: skip
def test_days_that_cannot_be(said: str, facts: dict[str, Any], why: str) -> None:
    """A past that is to come, a plan for days gone by, a day that no calendar has."""
    assert refused(Kind.DATE, said, **facts) == why


def test_old_days_are_days() -> None:
    """A judgment may be older than the ten years within which a slip is suspected elsewhere."""
    assert read(Kind.DATE, "2009年7月3日", past=True) == "2009-07-03"
    assert read(Kind.DATE, "昨天", past=True) == "2026-11-22"


@pytest.mark.parametrize(
    ("kind", "said", "why"),
    [
        (Kind.PHONE, "123456", "phone"), (Kind.PHONE, "138****0000", "masked"), (Kind.ACCOUNT, "6222", "account"),
        (Kind.ACCOUNT, "******0123", "masked"), (Kind.NAME, "张", "name"), (Kind.NAME, "13800000000", "name"),
        (Kind.COURT, "派出所", "court"), (Kind.CASE, "123号", "case_number"), (Kind.CASE, "（2046）黔0402执1号", "case_year"),
        (Kind.TEXT, "　 \u200b\u202e", "empty"), (Kind.TEXT, "长" * 5000, "long"), (Kind.LIST, "短\n" + "长" * 400, "line_long"),
        (Kind.LIST, "\n".join(map(str, range(100, 140))), "many"), (Kind.SCHEDULE, "下次还\n2026-12-01", "schedule"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(kind: Kind, said: str, why: str) -> None:
    """Each kind refuses what it cannot be."""
    assert refused(kind, said) == why


def test_a_plan_makes_up_its_sum() -> None:
    """Lines with day and sum, or so many equal parts from a day on; another total is named."""
    values = {"t": 6_000_000}
    made = read(Kind.SCHEDULE, "分3期从2026年12月10日起", values, total="t", future=True)
    assert made[0] == {"day": "2026-12-10", "sum": 2_000_000}
    assert sum(item["sum"] for item in made) == 6_000_000
    lines = read(Kind.SCHEDULE, "2027年2月1日 4万元\n2027-01-01 2万", values, total="t", future=True)
    assert [item["day"] for item in lines] == ["2027-01-01", "2027-02-01"]
    checks.check_total(field(Kind.SCHEDULE, total="t"), lines, values)
    with pytest.raises(Wrong, match="total"):
        checks.check_total(field(Kind.SCHEDULE, total="t"), lines[:1], values)
    made = read(Kind.SCHEDULE, "分12期，每月5200，从2026年12月10日起", values, total="t", future=True)
    assert (len(made), made[-1]["sum"]) == (12, 280_000)
    assert refused(Kind.SCHEDULE, "分3期，每月3000，从2026年12月10日起", values, total="t") == "parts"
    assert refused(Kind.SCHEDULE, "分100期从2026年12月10日起", values, total="t") in ("schedule", "plan")


def test_a_choice_is_its_label_its_number_or_part_of_one() -> None:
    """What could be two options is none."""
    options = (Option("a", "被执行人承担"), Option("b", "申请执行人承担"))
    assert read(Kind.CHOICE, "被执行人承担。", options=options) == "a"
    assert read(Kind.CHOICE, "2", options=options) == "b"
    assert refused(Kind.CHOICE, "承担", options=options) == "choice"


def test_lines_lose_their_numbers() -> None:
    """A list that somebody numbered is numbered once."""
    assert read(Kind.LIST, "1. 房子\n二、车子；（存款）") == ["房子", "车子", "（存款）"]


@given(st.text(max_size=400))
def test_nothing_unprintable_gets_through(said: str) -> None:
    """No control character, no half character, nothing that turns a line round or hides."""
    kept = checks.clean(said)
    assert not any(ord(c) < 32 and c != "\n" for c in kept)
    assert not set(kept) & set("\u202e\u200b\u2066\ufeff\x7f")
    kept.encode("utf-8")


@given(st.sampled_from(list(Kind)), st.text(max_size=120))
def test_any_answer_is_taken_or_refused(kind: Kind, said: str) -> None:
    """Whatever is typed, there is a value or a reason, never an accident."""
    options = (Option("a", "甲"),) if kind is Kind.CHOICE else ()
    try:
        value, code = checks.read(field(kind, options=options), said, checks.Answer(TODAY, {})), ""
    except Wrong as error:
        value, code = None, error.code
    assert (value is None) is bool(code)
    assert not code or f"documents.wrong.{code}" in TEXTS
