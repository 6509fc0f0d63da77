"""What people write about an offer: schedules in their own words, and what starts the path."""

from __future__ import annotations

from datetime import date

import pytest

from bot.dialogue.flows import PATHS, Answer, At
from bot.dialogue.flows.calc_plan import CalcPlan
from bot.dialogue.flows.model import Data, Opening, Puzzled
from bot.dialogue.flows.plan import plan_of
from bot.guide.settlement.reading import leftover, read_down, read_schedule
from bot.reach.intents import Replies
from tests.world import ROOT

TODAY = date(2026, 11, 23)
PLAN = PATHS["plan"]
REPLIES = Replies(ROOT / "faq")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "12月10日付2万，1月10日付3万，余款2月底",
            [(2_000_000, (2026, 12, 10)), (3_000_000, (2027, 1, 10)), (1_047_500, (2027, 2, 28))],
        ),
        ("2026-12-10 20,000；2027-01-10 40,475", [(2_000_000, (2026, 12, 10)), (4_047_500, (2027, 1, 10))]),
        ("下周三2000，下个月10号3000", [(200_000, (2026, 12, 2)), (300_000, (2026, 12, 10))]),
        ("3月1日一万、2月1日一万", [(1_000_000, (2027, 3, 1)), (1_000_000, (2028, 2, 1))]),
    ],
)
def test_days_and_sums_one_after_the_other(text: str, expected: list[tuple[int, tuple[int, int, int]]]) -> None:
    """Each part has a day and a sum; the rest is what is left; a day without a year follows the one before it."""
    assert read_schedule(text, TODAY, 6_047_500) == [(a, date(*d)) for a, d in expected]


@pytest.mark.parametrize(
    "text", ["分6期", "每月2000", "12月10日付2万", "没钱，先缓缓", "", "，，，", "12月10日，1月10日"]
)
def test_what_is_no_schedule_is_left_to_other_questions(text: str) -> None:
    """One day, or days without sums, are no schedule."""
    assert read_schedule(text, TODAY, 6_047_500) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("同意分12期", {"kind": "instalment", "count": 12}),
        ("我每个月只能还3000", {"kind": "instalment", "each": 300_000}),
        ("能不能少还点一次性付清", {"kind": "lump"}),
        ("一次性付5万行不行", {"kind": "lump", "total": 5_000_000}),
        ("我想和解", {}),
    ],
)
def test_the_words_that_set_out_tell_what_they_tell(text: str, expected: Data) -> None:
    """What is said already is not asked again."""
    assert PLAN.opened(Opening(TODAY, text)) == expected


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("同意", "yes"), ("我同意", "yes"), ("接受这个方案", "yes"), ("愿意和解", "yes"), ("不同意", "no"), ("不行", "no"),
        ("太少了，不接受", "no"), ("我不同意分期", "no"), ("好的", ""), ("如果不同意会怎样", ""), ("收到", ""), ("谢谢", ""),
    ],
)  # fmt: skip
def test_words_about_an_offer_that_waits(text: str, verdict: str) -> None:
    """同意 and 不同意 are told apart; a nod or a question is neither."""
    assert REPLIES.verdict(text) == verdict


def walk(data: Data, *answers: str) -> At:
    """Answer step by step: words, or a button's code with ! in front."""
    at, _ = PLAN.begin(dict(data), TODAY)
    for given in answers:
        choice = given.removeprefix("!") if given.startswith("!") else ""
        at, _ = PLAN.advance(at, Answer(TODAY, "" if choice else given, choice))
    return at


def test_less_at_once_asks_how_much_and_when() -> None:
    """少一些，一次付清: the total, the day, the reason, the review."""
    at = walk({"balance": 6_047_500}, "!lump", "5万", "12月31日", "!none")
    assert at.step == "confirm"
    assert plan_of(at.data) == [(5_000_000, date(2026, 12, 31))]


def test_a_schedule_must_add_up_and_lie_ahead() -> None:
    """Sums that do not make the total, a day gone by, days out of order: asked again, nothing is taken."""
    start = {"balance": 5_000_000}
    for words in ("12月10日2万，1月10日2万", "2026-11-20 2万，2026-12-10 3万", "2027-01-10 2万，2026-12-10 3万"):
        at = walk(start, "!instalment", words)
        assert (at.step, bool(at.data.get("parts"))) == ("count", False)
    at = walk(start, "!instalment", "12月10日2万，1月10日3万", "!none")
    assert at.step == "confirm"
    assert plan_of(at.data) == [(2_000_000, date(2026, 12, 10)), (3_000_000, date(2027, 1, 10))]


@pytest.mark.parametrize("words", ["1000期", "分1000期", "-6", "-3000", "负5000", "每月-2000", "0", "分0期", "每月1块"])
def test_impossible_counts_and_negative_sums_are_asked_again(words: str) -> None:
    """A thousand instalments and less than nothing are no plan."""
    assert walk({"balance": 6_047_500}, "!instalment", words).step == "count"
    assert walk({"balance": 6_047_500}, "!lump", "-5").step == "total"


def test_a_new_total_asks_for_a_schedule_that_fits_it() -> None:
    """改总额 after a schedule: the schedule goes; after even instalments they are worked out anew."""
    written = walk({"balance": 5_000_000}, "!instalment", "12月10日2万，1月10日3万", "!none", "!total", "4万")
    assert written.step == "count"
    even = walk({"balance": 5_000_000}, "!instalment", "5", "12月10日", "!none", "!total", "4万")
    assert even.step == "confirm"
    assert {amount for amount, _ in plan_of(even.data)} == {800_000}


def test_security_and_fee_are_asked_only_on_wish() -> None:
    """From the review and back to it; the fee only where there is an enforcement case."""
    at = walk(
        {"balance": 100_000, "enforced": True},
        "!delay",
        "12月31日",
        "!none",
        "!security",
        "李四担保",
        "!fee",
        "!half",
    )
    assert at.step == "confirm"
    assert (at.data["security"], at.data["fee"]) == ("李四担保", "half")
    assert "fee" not in PLAN.order({"balance": 1, "kind": "delay"})


@pytest.mark.parametrize(
    ("text", "down"),
    [
        ("先2万，剩下的每月5千", 2_000_000), ("首付1万5，其余每个月3000，从12月10日开始", 1_500_000),
        ("先还2万，剩下的分6期", 2_000_000), ("先2万再还3万，剩下的每月5千", 0), ("每月2000", 0), ("先还一点，剩下的慢慢还", 0),
    ],
)  # fmt: skip
def test_a_first_part_before_equal_ones(text: str, down: int) -> None:
    """Only where one sum stands before the rest, and none but the equal ones after."""
    assert read_down(text, TODAY) == down


def test_a_sum_that_fits_nowhere_is_found() -> None:
    """2万，每月5千 has one too many; the whole may be named."""
    assert leftover("2万，每月5千", TODAY, 500_000, 0, 6_000_000) == 2_000_000
    assert leftover("6万，每月5千", TODAY, 500_000, 0, 6_000_000) == 0
    assert leftover("先2万，剩下的每月5千", TODAY, 500_000, 2_000_000, 6_000_000) == 0


def test_the_day_by_which_it_is_paid_is_no_single_part() -> None:
    """10万，明年年底前分6期还 at 怎么分: six parts, not one; another sum is asked about."""
    at = At("parts", {"amount": 10_000_000})
    assert CalcPlan().take(at, Answer(TODAY, "10万，明年年底前分6期还")) == {"parts": {"count": 6}}
    puzzled = CalcPlan().take(at, Answer(TODAY, "先2万，剩下的每月5千"))
    assert isinstance(puzzled, Puzzled)
    assert puzzled.key == "calc.ask.leftover"
