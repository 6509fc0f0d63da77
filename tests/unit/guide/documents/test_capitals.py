"""Sums in Chinese capitals: vectors of the bankers' rules, and what holds for every sum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guide.documents.capitals import LARGEST, capitals
from bot.reach.saying import numeral, plain

VECTORS = {
    0: "零元整",
    1: "壹分",
    5: "伍分",
    10: "壹角整",
    50: "伍角整",
    55: "伍角伍分",
    100: "壹元整",
    105: "壹元零伍分",
    150: "壹元伍角整",
    1_000: "壹拾元整",
    1_005: "壹拾元零伍分",
    1_600: "壹拾陆元整",
    10_100: "壹佰零壹元整",
    32_504: "叁佰贰拾伍元零肆分",
    140_950: "壹仟肆佰零玖元伍角整",
    168_032: "壹仟陆佰捌拾元叁角贰分",
    600_714: "陆仟零柒元壹角肆分",
    1_000_000: "壹万元整",
    1_000_100: "壹万零壹元整",
    1_640_902: "壹万陆仟肆佰零玖元零贰分",
    6_047_500: "陆万零肆佰柒拾伍元整",
    10_000_000: "壹拾万元整",
    10_010_000: "壹拾万零壹佰元整",
    10_700_053: "壹拾万柒仟元伍角叁分",
    100_050_000: "壹佰万零伍佰元整",
    100_000_000_00: "壹亿元整",
    100_000_001_00: "壹亿零壹元整",
    100_010_000_00: "壹亿零壹万元整",
    1_000_000_000_000_00: "壹万亿元整",
    1_000_100_000_000_00: "壹万零壹亿元整",
}


@pytest.mark.parametrize(("cents", "words"), VECTORS.items())
def test_vectors(cents: int, words: str) -> None:
    """整 after 元 and 角, none after 分; one 零 inside, and one before 分 without 角."""
    assert capitals(cents) == words


@given(st.integers(min_value=1, max_value=10**14 - 1))
def test_read_back_it_is_the_same_sum(cents: int) -> None:
    """The words say exactly the sum in figures, up to where our reader of numerals goes."""
    words = plain(capitals(cents)).removesuffix("整")
    whole, _, rest = words.rpartition("元")
    value = int(numeral(whole)) * 100 if whole else 0
    rest = rest.removeprefix("零")
    tenth, found, hundredth = rest.rpartition("角")
    value += int(numeral(tenth)) * 10 if found else 0
    value += int(numeral(hundredth.removesuffix("分"))) if hundredth else 0
    assert value == cents


@given(st.integers(min_value=0, max_value=LARGEST))
def test_zeros_are_said_once_and_never_last(cents: int) -> None:
    """No 零零, no 零 before 元 except for nothing at all, no unit without a figure."""
    words = capitals(cents)
    assert "零零" not in words
    assert "零元" not in words or words == "零元整"
    assert words[0] not in "拾佰仟万亿"
    assert words.endswith(("整", "分"))


@given(st.integers(min_value=0, max_value=LARGEST), st.integers(min_value=0, max_value=LARGEST))
def test_different_sums_have_different_words(one: int, other: int) -> None:
    """Nobody can read one sum as another."""
    assert (capitals(one) == capitals(other)) is (one == other)


@pytest.mark.parametrize("cents", [-1, LARGEST + 1])
def test_what_is_no_sum_is_refused(cents: int) -> None:
    """Below nothing and beyond eighteen digits there are no words."""
    with pytest.raises(ValueError, match="10\\^18"):
        capitals(cents)
