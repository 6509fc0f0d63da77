"""Days, sums and instalments in what people write."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reach.saying import (
    clauses,
    even_plan,
    find_count,
    find_day,
    find_delay,
    find_each,
    find_share,
    find_sum,
    numeral,
    pays_off,
    said_characters,
    said_name,
    tries,
    waives,
    whole,
)

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("今天", (2026, 11, 23)),
        ("明天付", (2026, 11, 24)),
        ("后天", (2026, 11, 25)),
        ("大后天", (2026, 11, 26)),
        ("下周三还3000", (2026, 12, 2)),
        ("这周五之前", (2026, 11, 27)),
        ("周一", (2026, 11, 23)),
        ("周末", (2026, 11, 28)),
        ("星期天", (2026, 11, 29)),
        ("下下周一", (2026, 12, 7)),
        ("三天后", (2026, 11, 26)),
        ("两个星期内", (2026, 12, 7)),
        ("一个月内还清", (2026, 12, 23)),
        ("半个月后", (2026, 12, 8)),
        ("月底", (2026, 11, 30)),
        ("下月底", (2026, 12, 31)),
        ("12月底", (2026, 12, 31)),
        ("年底", (2026, 12, 31)),
        ("下个月15号", (2026, 12, 15)),
        ("3号", (2026, 12, 3)),
        ("十五号前", (2026, 12, 15)),
        ("12月3日", (2026, 12, 3)),
        ("十二月三號", (2026, 12, 3)),
        ("明年3月1日", (2027, 3, 1)),
        ("1月5日", (2027, 1, 5)),
        ("2026-12-05", (2026, 12, 5)),
        ("2026年12月5日", (2026, 12, 5)),
        ("１２月５日", (2026, 12, 5)),
        ("11/30", (2026, 11, 30)),
    ],
)
def test_a_day_to_come_is_read(words: str, day: tuple[int, int, int]) -> None:
    """A day without year or month is the next one."""
    found = find_day(words, MONDAY)
    assert found
    assert found.day == date(*day)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("昨天", (2026, 11, 22)),
        ("前天转的", (2026, 11, 21)),
        ("上周五", (2026, 11, 20)),
        ("周五付的", (2026, 11, 20)),
        ("20号", (2026, 11, 20)),
        ("25号", (2026, 10, 25)),
        ("12月1日", (2025, 12, 1)),
        ("三天前", (2026, 11, 20)),
        ("上个月15号", (2026, 10, 15)),
    ],
)
def test_a_day_gone_by_is_read(words: str, day: tuple[int, int, int]) -> None:
    """Asked when something was paid, a day without year or month is the last one."""
    found = find_day(words, MONDAY, past=True)
    assert found
    assert found.day == date(*day)


@pytest.mark.parametrize("words", ["", "以后再说", "2月30日", "13月5日", "尽快", "一号线", "等我有钱", "9999年1月1日"])
def test_what_is_no_day_is_none(words: str) -> None:
    """Nothing is guessed."""
    assert find_day(words, MONDAY) is None


def test_month_ends_leap_years_and_the_turn_of_the_year() -> None:
    """31 January and a month is the last of February; 29 February exists only every fourth year."""
    assert find_day("一个月后", date(2027, 1, 31)).day == date(2027, 2, 28)  # type: ignore[union-attr]
    assert find_day("一个月后", date(2028, 1, 31)).day == date(2028, 2, 29)  # type: ignore[union-attr]
    assert find_day("2月29日", date(2027, 12, 30)).day == date(2028, 2, 29)  # type: ignore[union-attr]
    assert find_day("月底", date(2026, 12, 31)).day == date(2026, 12, 31)  # type: ignore[union-attr]
    assert find_day("明天", date(2026, 12, 31)).day == date(2027, 1, 1)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "cents"),
    [
        ("还3000", 300_000),
        ("3,000.50元", 300_050),
        ("三千五", 350_000),
        ("一万二", 1_200_000),
        ("1万2", 1_200_000),
        ("2万5千", 2_500_000),
        ("1.5万", 150_000 * 10),
        ("五百块", 50_000),
        ("3块5毛", 350),
        ("叁仟元", 300_000),
        ("下周三还3000", 300_000),
        ("12月3日付两千", 200_000),
        ("20号转了2000", 200_000),
        ("两万五", 2_500_000),
    ],
)
def test_a_sum_is_read_and_a_day_is_not_taken_for_it(words: str, cents: int) -> None:
    """In 分, exactly."""
    assert find_sum(words, MONDAY) == cents


@pytest.mark.parametrize(
    "words", ["千万不要", "我有2个孩子", "一起去", "打12368", "（2024）黔0402执123号", "下周三", "第3期"]
)
def test_what_is_no_sum_is_none(words: str) -> None:
    """Numbers of other things are not money."""
    assert find_sum(words, MONDAY) in (None, 1_236_800 if "12368" in words else None)


def test_asked_for_a_sum_any_number_is_one() -> None:
    """Somebody was asked how much."""
    assert find_sum("3000", MONDAY, strict=False) == 300_000
    assert find_sum("三百", MONDAY, strict=False) == 30_000


def test_instalments_are_read() -> None:
    """How many, how much each time, or everything."""
    assert find_count("分6期") == 6
    assert find_count("十二个月付清") == 12
    assert find_each("每月还2000", MONDAY) == 200_000
    assert whole("剩下的一次性结清")


@pytest.mark.parametrize(
    "text",
    ["昨天还了一些", "去年底判的", "大概三四万吧", "还过两次", "2024年3月左右生效", "上个月老板给了一点", "还了一半", "好几年前的"],
)
def test_an_attempt_at_a_day_or_a_sum_is_known(text: str) -> None:
    """Words that hold something of a day or a sum, and little else."""
    assert tries(text)


@pytest.mark.parametrize(
    "text", ["上个月被列入失信名单", "三个月还没结果", "诉讼时效三年", "失信怎么撤", "分期付款", "没还过", "一年内没还款被限高"]
)
def test_words_of_something_else_are_no_attempt(text: str) -> None:
    """A day among other words is not what they are about."""
    assert not tries(text)


@given(st.integers(1000, 10**9), st.integers(100, 10**9), st.integers(1, 60))
def test_parts_and_their_number_go_together_within_one_part(total: int, each: int, count: int) -> None:
    """The last part is what is left: more than nothing, and less than two parts."""
    last = total - each * (count - 1)
    assert pays_off(total, each, count) == (0 < last < 2 * each)
    try:
        plan = even_plan(total, count, date(2026, 1, 31), each)
    except ValueError:
        return
    assert [amount for amount, _ in plan] == [each] * (count - 1) + [last]
    assert 0 < last < 2 * each


@given(st.integers(100, 10**12), st.integers(2, 60))
def test_a_plan_is_exactly_the_balance(balance: int, count: int) -> None:
    """Whatever does not divide is in the last instalment; days follow each other month by month."""
    try:
        plan = even_plan(balance, count, date(2026, 1, 31))
    except ValueError:
        assert balance < count * 100
        return
    assert sum(amount for amount, _ in plan) == balance
    assert all(amount > 0 for amount, _ in plan)
    assert all(a[1] < b[1] for a, b in pairwise(plan))


@given(st.text(max_size=60))
def test_nothing_that_people_type_breaks_the_reading(words: str) -> None:
    """Any text is read or not; it never raises."""
    find_day(words, MONDAY)
    find_day(words, MONDAY, past=True)
    find_sum(words, MONDAY)
    find_count(words)
    find_each(words, MONDAY)


def test_chinese_numerals() -> None:
    """With and without zero, units, and the digit after a larger unit."""
    for text, number in (
        ("十五", 15),
        ("二十三", 23),
        ("一百零五", 105),
        ("三千零五", 3005),
        ("两万五千", 25000),
        ("一亿", 10**8),
    ):
        assert numeral(text) == number


@pytest.mark.parametrize(
    ("said", "cents"),
    [
        ("昨天还了12万3456元", 12_345_600), ("还12万3456.5元", 12_345_650), ("还了2万300元", 2_030_000),
        ("还1亿2000万", 12_000_000_000), ("还了1万5", 1_500_000), ("还3万5千", 3_500_000),
    ],
)  # fmt: skip
def test_a_sum_with_wan_in_the_middle_is_one_sum(said: str, cents: int) -> None:
    """What follows 万 belongs to it; it was once read as 12 元."""
    assert find_sum(said, date(2026, 11, 23)) == cents


@pytest.mark.parametrize(
    ("words", "day"),
    [("晚一个月行吗", (2026, 12, 30)), ("缓半个月", (2026, 12, 15)), ("宽限20天", (2026, 12, 20)), ("再给我两个星期", (2026, 12, 14))],
)  # fmt: skip
def test_a_delay_counts_from_the_day_that_is_due(words: str, day: tuple[int, int, int]) -> None:
    """It is neither a day of its own nor a number of instalments."""
    assert find_delay(words, date(2026, 11, 30)) == date(*day)
    assert find_count(words) is None


def test_a_share_and_a_waiver_are_read() -> None:
    """一半, 三成, 30% of what is owed; 少两万 names what is left out."""
    assert [find_share(w) for w in ("先给一半", "三分之一", "三成", "30%", "成立")] == [
        Fraction(1, 2), Fraction(1, 3), Fraction(3, 10), Fraction(3, 10), None,
    ]  # fmt: skip
    assert waives("一次付清，少两万要得不")
    assert not waives("先给两万")


def test_a_message_is_read_clause_by_clause() -> None:
    """Signs and spaces between words part it; a comma within a number, or spaces between letters, do not."""
    assert len(clauses("给过了，判错了 我不认账")) == 3
    assert len(clauses("还了3,000元")) == 1
    assert len(clauses("我 没 钱")) == 1


def test_what_is_said_around_a_name_is_no_part_of_it() -> None:
    """我叫…啊, a full stop, a mark that nobody sees; a name that is short stays whole."""
    for said in ("我叫李大山啊。", "您好，我是李大山", "姓名：李大山", "本人李大山"):
        assert said_name(said) == "李大山"
    assert said_name("叫山") == "叫山"
    assert said_characters("零幺两四五叉") == "01245X"
