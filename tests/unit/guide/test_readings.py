"""Days, sums and rates as people write them: read exactly, or not read at all. Expectations are worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from bot.guide.days import Period
from bot.guide.reading import amount_of, dated_sums, day_of, listed_days, period_of, rate_of, within_of
from bot.reach.saying import find_day, find_one, find_rough, find_sums, unclear_sum

TODAY = date(2026, 11, 24)  # a Tuesday

# What is written: the day as a promise, as a day gone by ("" where it must be asked for; "=" the same).
DAYS = """
前年3月1日 2024-03-01 =
大前年3月1日 2023-03-01 =
去年3月1日 2025-03-01 =
今年3月1日 2026-03-01 =
明年3月1日 2027-03-01 =
后年3月1日 2028-03-01 =
24年3月1日 2024-03-01 =
23年12月31号 2023-12-31 =
二四年三月一号 2024-03-01 =
二〇二四年三月一日 2024-03-01 =
二零二五年十月一日 2025-10-01 =
2024年的3月1日 2024-03-01 =
2024年3月1日 2024-03-01 =
2024-03-01 2024-03-01 =
2024.3.1 2024-03-01 =
2024/3/1 2024-03-01 =
2015年3月1日 2015-03-01 =
去年5月底 2025-05-31 =
前年2月底 2024-02-29 =
2025年5月底 2025-05-31 =
24年9月底 2024-09-30 =
明年3月底 2027-03-31 =
明年3月中旬 2027-03-15 =
2024年底 2024-12-31 =
24年底 2024-12-31 =
2024年年底 2024-12-31 =
去年年底 2025-12-31 =
前年底 2024-12-31 =
明年底 2027-12-31 =
明年年底 2027-12-31 =
后年年底 2028-12-31 =
今年年底 2026-12-31 =
年底 2026-12-31 =
下月底 2026-12-31 =
12月底 2026-12-31 2025-12-31
5月底 2027-05-31 2026-05-31
上个月15号 2026-10-15 =
12月3日 2026-12-03 2025-12-03
下周三还3000 2026-12-02 =
昨天 2026-11-23 =
15日前 2026-12-15 2026-11-09
三天后 2026-11-27 =
十日内 2026-12-04 -
一个月内 2026-12-24 -
生效后十日内 - -
判决生效之日起10日内 - -
判决生效后十日 - -
收到判决书之日起15日内 - -
2024年农历八月十五 - -
农历十二月初八还2万 - -
腊月二十 - -
正月初五 - -
次年3月1日 - -
廿四年3月1日 - -
二十四年三月一日 - -
借款2年3月1日还 - -
次年年底 - -
次月底 - -
2024年3月 - -
2025年6月2万 - -
30-50万 - -
5-6千 - -
2月30日 - -
9999年1月1日 - -
"""


def _days() -> list[tuple[str, str, str]]:
    rows = []
    for line in DAYS.strip().splitlines():
        said, ahead, back = line.split()
        rows.append((said, ahead.strip("-") and ahead, (ahead if back == "=" else back).strip("-") and back))
    return [(said, ahead, ahead if back == "=" else back) for said, ahead, back in rows]


@pytest.mark.parametrize(("said", "ahead", "back"), _days())
def test_days(said: str, ahead: str, back: str) -> None:
    """A year that stands there counts; what is not understood is no day of this year."""
    for past, wanted in ((False, ahead), (True, back)):
        found = find_day(said, TODAY, past=past)
        assert (found.day.isoformat() if found else "") == wanted, past


# Sums in 元; "" where the sum must be asked for.
SUMS = {
    "500000": "500000", "50万": "500000", "50万元": "500000", "五十万": "500000", "伍拾萬圓整": "500000",
    "50w": "500000", "1.5万": "15000", "十二点五万": "125000", "一点二亿": "120000000", "1亿2000万": "120000000",
    "3万5": "35000", "3万5千": "35000", "3w5": "35000", "12万3": "123000", "十五万六": "156000", "8千5": "8500",
    "八千五": "8500", "8千5百": "8500", "5k": "5000", "2万5千6": "25600", "2万5千6百": "25600", "2万5千6百元": "25600",
    "6万零5百": "60500", "10万零5百": "100500", "十万零五百": "100500", "两万零五十": "20050", "1万零50": "10050",
    "1万零50块": "10050", "3百5十万": "3500000", "三百五十万": "3500000", "叁拾万零伍佰元整": "300500",
    "12万3456元": "123456", "12万3456.78元": "123456.78", "123456元7角8分": "123456.78", "3块5毛": "3.5",
    "3块5": "3.5", "10 000 000": "10000000", "1,234,567.89元": "1234567.89", "一万两千三百四十五": "12345",
    "三千零五": "3005", "一亿零三百万": "103000000", "5千3百2十1": "5321", "50": "50", "大概50万": "500000", "50万左右": "500000",
    "50多万": "", "50万多": "", "五万余元": "", "5多万": "", "二十来万": "", "十几万": "", "几十万": "", "数十万": "",
    "5o万": "", "50万o": "", "1,5万": "", "1.2.3万": "", "1.5万5": "", "两万半": "", "2万块5千": "",
    "30万到50万": "", "30-50万": "", "5至6千": "", "30万或者50万": "", "本金10万，利息2万": "",
    "100美元": "", "50万美元": "", "5万港币": "", "欧元3万": "", "$500": "", "8万日元": "", "百分之十五": "", "千万不要": "",
}  # fmt: skip


@pytest.mark.parametrize(("said", "yuan"), SUMS.items())
def test_sums(said: str, yuan: str) -> None:
    """To the 分, or not at all: nothing shrinks by ten thousand, and no other currency becomes 元."""
    amount = find_one(said, TODAY)
    assert (f"{amount / 100:.2f}" if amount is not None else "") == (f"{float(yuan):.2f}" if yuan else "")
    by_calculator = amount_of(said, TODAY)
    assert (f"{by_calculator:.2f}" if by_calculator is not None else "") == (f"{float(yuan):.2f}" if yuan else "")


@pytest.mark.parametrize(
    ("said", "sums"),
    [
        ("我欠50多万，执行费多少", []),
        ("我已经还了5多万", []),
        ("房子抵押200万，欠80万，执行费多少", [200_000_000, 80_000_000]),
        ("万一还不上，先还3000", [300_000]),
        ("（2024）黔0402执123号，还了2万", [2_000_000]),
        ("12月3日付两千，下月底付三千", [200_000, 300_000]),
        ("一分不少", []),
        ("两万一次付清", [2_000_000]),
        ("三千一个月", [300_000]),
        ("200块一天", [20_000]),
        ("每月还2000分6期", [200_000]),
        ("下午3点半见", []),
    ],
)
def test_sums_within_a_sentence(said: str, sums: list[int]) -> None:
    """All of them in 分; none when one of them cannot be read."""
    assert find_sums(said, TODAY) == sums


def test_about_how_much_where_that_is_enough() -> None:
    """50多万 is about 500,000; of 几万 nobody knows."""
    assert [find_rough(s, TODAY) for s in ("50多万", "五万多元", "二十来万", "几万", "十几万", "50万", "5多万美元")] == [
        50_000_000, 5_000_000, 20_000_000, None, None, None, None,
    ]  # fmt: skip
    assert unclear_sum("差额5多万", TODAY)
    assert not unclear_sum("已核对流水", TODAY)


RATES = {
    "年利率12%": ("", "12"), "12%": ("", "12"), "年利率 15.4％": ("", "15.4"), "百分之十二": ("", "12"),
    "年利率百分之十二点五": ("", "12.5"), "月利率2%": ("", "24"), "每月2%": ("", "24"), "月息两分": ("", "24"),
    "月息2分": ("", "24"), "月息1分5": ("", "18"), "月息5厘": ("", "6"), "年息一分二": ("", "12"), "日万分之五": ("", "18.25"),
    "日利率0.05%": ("", "18.25"), "月千分之五": ("", "6"), "3.85%的1.5倍": ("", "5.775"),
    "LPR": ("lpr_1y", "1"), "LPR四倍": ("lpr_1y", "4"), "4倍LPR": ("lpr_1y", "4"), "一点五倍LPR": ("lpr_1y", "1.5"),
    "按LPR的1.95倍": ("lpr_1y", "1.95"), "一年期LPR上浮50%": ("lpr_1y", "1.5"), "LPR上浮百分之五十": ("lpr_1y", "1.5"),
    "LPR下浮10%": ("lpr_1y", "0.9"), "LPR的130%": ("lpr_1y", "1.3"), "五年期以上LPR": ("lpr_5y", "1"),
    "LPR加50个基点": None, "LPR+50bp": None, "LPR加1%": None, "12%或24%": None, "两分利": None, "24": None,
    "120%": None, "十五倍LPR": None, "万分之五": None, "同期贷款利率四倍": None,
}  # fmt: skip


@pytest.mark.parametrize(("said", "wanted"), RATES.items())
def test_rates(said: str, wanted: tuple[str, str] | None) -> None:
    """By the year, or a published rate and its multiple; what is neither is asked for."""
    found = rate_of(said)
    assert (found and (found.get("table", ""), found.get("rate") or found["multiple"])) == wanted


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2024年3月1日", "2024-03-01"),
        ("2024年3月1日，2025年3月1日", ""),  # two days are not one
        ("两年前", ""),
        ("半年前", ""),
        ("生效后十日内", ""),
        ("昨天", "2026-11-23"),
    ],
)
def test_one_day_is_one_day(said: str, day: str) -> None:
    """About two years ago is no day that anything could be counted from."""
    found = day_of(said, TODAY)
    assert (found.isoformat() if found else "") == day


def test_a_period_is_counted_from_the_day_of_effect_only() -> None:
    """The day of effect itself is not the last day of performance."""
    assert period_of("判决2024年3月1日生效，生效后30日内给付", TODAY) == (date(2024, 3, 1), Period(30))
    assert period_of("2024年3月1日生效，生效后一个月内付清", TODAY) == (date(2024, 3, 1), Period(1, months=True))
    assert period_of("生效后十日内", TODAY) is None
    assert period_of("2024年3月1日起十日内", TODAY) is None


@pytest.mark.parametrize(
    ("said", "count", "months"),
    [
        ("10日", 10, False), ("十天", 10, False), ("30", 30, False), ("两周内", 14, False), ("十日内付一半", 10, False),
        ("本判决3月1日生效，十日内", 10, False), ("一个月", 1, True), ("三个月内", 3, True), ("一年内", 12, True),
    ],
)  # fmt: skip
def test_a_month_is_no_day_and_no_thirty_days(said: str, count: int, months: bool) -> None:
    """一个月 was once one day, 两周 two days, and a month always 30 days."""
    assert within_of(said) == Period(count, months)


@pytest.mark.parametrize(
    "said", ["半个月", "15个工作日", "10天或者15天", "2026年3月1日", "三个月十日内", "每月10日", "第10日", "立即", "几天内"]
)
def test_what_cannot_be_counted_is_no_period(said: str) -> None:
    """It is asked about: 2026年3月1日 was once 2026 days."""
    assert within_of(said) is None


def test_days_with_sums_keep_their_years() -> None:
    """A second day without a year behind one that has another is asked about."""
    first, second = (date(2024, 6, 1), 50_000), (date(2024, 12, 1), 100_000)
    assert dated_sums("第一期2024年6月1日5万，第二期2024年12月1日10万", TODAY, past=True) == [first, second]
    assert dated_sums("2025-1-1 30000", TODAY, past=True) == [(date(2025, 1, 1), 30_000)]
    assert dated_sums("2024年6月1日5万，12月1日10万", TODAY, past=True) is None
    assert dated_sums("2024年6月1日 5万\n昨天 10万", TODAY, past=True) == [first, (date(2026, 11, 23), 100_000)]
    assert listed_days("2024年6月1日，12月1日", TODAY, past=True) == []
    assert listed_days("2024年6月1日、2024年12月1日", TODAY, past=True) == [first[0], second[0]]
