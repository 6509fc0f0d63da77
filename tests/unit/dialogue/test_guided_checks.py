"""The two guided checks: what is concluded from the answers, and that every provision they cite is there."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bot.core.texts import Texts
from bot.dialogue.flows import PATHS, Answer, At
from bot.dialogue.flows.debtor_options import OPTIONS
from bot.dialogue.flows.model import Opening
from bot.dialogue.scene import rendered
from tests.world import library

TODAY = date(2026, 11, 23)
TEXTS = Texts.load()
CITED = re.compile(r"《([^》]+)》((?:第[\d之一二三]+条、?)+)")


def walk(kind: str, *answers: str, data: dict[str, object] | None = None) -> At:
    """Answer step by step: words, or a button's code with ! in front."""
    path = PATHS[kind]
    at, _ = path.begin(dict(data or {}), TODAY)
    for given in answers:
        choice = given.removeprefix("!") if given.startswith("!") else ""
        at, _ = path.advance(at, Answer(TODAY, "" if choice else given, choice))
    return at


def told(at: At, kind: str = "can_apply") -> str:
    """What is said there."""
    return rendered(TEXTS, PATHS[kind].ask(at, TODAY), "fl:1:x").text


def test_every_provision_that_a_check_cites_is_in_the_knowledge() -> None:
    """Instrument and article stand in faq/laws.yaml with their clauses."""
    laws = library().knowledge.laws
    wrong = [
        f"{key}: {law} {article}"
        for key, text in TEXTS.under("guide").items()
        for law, articles in CITED.findall(text)
        for article in re.findall(r"第([\d之一二三]+)条", articles)
        if law not in laws or article not in laws[law].clauses
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("basis", "answers", "effective"),
    [
        ("judgment", ("!no", "2026年3月2日"), "2026-03-18"),  # 15 days from the next day, then the day after
        ("judgment", ("!no", "!notice", "2026年3月2日"), "2026-04-17"),  # 30 days of notice first
        ("judgment", ("!no", "!effective", "2026年3月2日"), "2026-03-02"),
        ("second", ("2026年3月2日",), "2026-03-02"),
        ("mediation", ("2026年3月2日",), "2026-03-02"),
        ("award", ("2026年3月2日",), "2026-03-02"),
        ("labour", ("!no", "2026年3月2日"), "2026-03-18"),
    ],
)
def test_the_day_of_effect_follows_from_the_kind_of_title(basis: str, answers: tuple[str, ...], effective: str) -> None:
    """Worked out as the calculator does, so that nobody needs to know it."""
    at = walk("can_apply", "!own", f"!{basis}", "!money", *answers)
    assert (at.step, at.data["effective"]) == ("period", effective)


@pytest.mark.parametrize(
    ("words", "due"),
    [("生效后10日内", "2026-03-12"), ("10", "2026-03-12"), ("三十日内", "2026-04-01"), ("2026年5月6日", "2026-05-06")],
)
def test_the_end_of_the_period_is_read_as_it_stands_in_the_title(words: str, due: str) -> None:
    """A span counts from the day of effect; a day is a day."""
    at = walk("can_apply", "!own", "!second", "!money", "2026年3月2日", words)
    assert (at.step, at.data["due"]) == ("paid", due)


def test_a_period_that_ends_before_the_effect_is_asked_about_once() -> None:
    """It may be a slip, or stand so in the title: whoever says that it does is believed."""
    at = walk("can_apply", "!own", "!second", "!money", "2026年3月2日", "2026年2月2日")
    assert at.step == "period"
    assert "履行期比生效还早" in told(at)
    sure, _ = PATHS["can_apply"].advance(at, Answer(TODAY, choice="sure"))
    assert (sure.step, sure.data["due"]) == ("paid", "2026-02-02")


@pytest.mark.parametrize(
    ("basis", "before", "rule"),
    [
        ("second", ("2026年3月2日",), "第一审法院"),
        ("award", ("2026年3月2日",), "中级法院"),
        ("order", ("!no", "2026年3月2日"), "发支付令的法院"),
        ("notarial", ("!yes",), "《公证执行规定》第2条"),
    ],
)
def test_the_court_and_what_to_bring_follow_from_the_title(basis: str, before: tuple[str, ...], rule: str) -> None:
    """Jurisdiction by kind of title, with its provision."""
    at = walk("can_apply", "!own", f"!{basis}", "!money", *before, "2026年6月1日", "!none", "5万", "!no", "!none")
    assert at.step == "ready"
    assert rule in told(at)
    assert "执行费 650 元" in told(at)


def test_after_two_years_a_demand_in_time_begins_them_anew() -> None:
    """民诉法第250条, 执行程序解释第20条: an interruption counts if it came before the end, not after."""
    to = ("!own", "!second", "!money", "2022年3月1日", "2022年5月5日", "!none", "5万")
    in_time = walk("can_apply", *to, "2024年3月1日", "!no", "!none")
    assert in_time.step == "late"  # begun anew in time, but those two years are over as well
    again = walk("can_apply", "!own", "!second", "!money", "2023年3月1日", "2023年5月5日", "!none", "5万", "2025年3月3日",
                 "!no", "!none")  # fmt: skip
    assert again.step == "ready"
    assert "2027年3月3日" in told(again)
    assert "《民诉法解释》第481条" in told(in_time)


def test_instalments_count_from_the_last_and_those_of_a_notary_from_each() -> None:
    """民诉法第250条 against 公证执行规定第9条."""
    plan = ("!instalments", "2025年3月1日", "2026年10月1日", "!none", "5万", "!no", "!none")
    court = walk("can_apply", "!own", "!second", "!money", "2024年3月1日", *plan)
    notary = walk("can_apply", "!own", "!notarial", "!money", "!yes", *plan)
    assert "2028年10月" in told(court)
    assert "2027年3月1日" in told(notary)


def test_somebody_who_owes_is_shown_the_other_check() -> None:
    """Nobody is told that they cannot, and left there."""
    at = walk("can_apply", "!debtor")
    buttons = rendered(TEXTS, PATHS["can_apply"].ask(at, TODAY), "fl:1:x").buttons
    assert "go:debtor_options" in [b.data for row in buttons for b in row]


@pytest.mark.parametrize("bound", [True, False])
def test_each_matter_of_a_debtor_ends_in_something_to_do(*, bound: bool) -> None:
    """Advice with a provision or a plain next step, and at least one button besides a person."""
    for situation, details in OPTIONS.items():
        for detail in details:
            at = walk("debtor_options", f"!{situation}", f"!{detail}", data={"bound": True} if bound else {})
            reply = rendered(TEXTS, PATHS["debtor_options"].ask(at, TODAY), "fl:1:x")
            data = [b.data for row in reply.buttons for b in row]
            assert any(d.startswith(("go:", "topic:", "pt:")) for d in data), (situation, detail)
            assert "human" in data


def test_a_first_visit_takes_over_what_the_check_knows() -> None:
    """Title, sum, kind of claim and days go along; the rest is asked."""
    at = walk("can_apply", "!own", "!small", "!money", "2026年3月2日", "2026年6月1日", "!none", "5万", "!injury", "!none")
    opened = PATHS["intake"].opened(Opening(TODAY, source="can_apply", data=at.data))
    assert opened == {
        "title": "judgment",
        "amount": 5_000_000,
        "wage": "other",
        "effective": "2026-03-02",
        "due": "2026-06-01",
    }


def test_no_last_day_is_told_where_an_instalment_fell_due_under_the_former_rule() -> None:
    """Before 2022 each instalment had two years of its own; a person must look, and nobody is told to wait."""
    at = walk("can_apply", "!own", "!mediation", "!money", "2021年3月2日", "!instalments", "2021年6月1日", "2026年6月1日", "!none", "5万", "!no", "!none")
    assert at.step == "ready"
    said = told(at)
    assert "有 2022年1月1日 以前到期的分期" in said
    assert "2028" not in said
