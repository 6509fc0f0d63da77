"""What people write about a calculation: sums, days (二〇二四年三月一日 too), and the words of `faq/calculators.yaml`.

The grammar of numerals and dates is shared with `bot/reach/saying.py`; which words ask for which
calculator, and which datum they name, is data.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from bot.guide.days import Period
from bot.reach.amounts import DIGITS, HAN, exact, foreign
from bot.reach.saying import FULL, find_count, find_day, find_each, find_sums, plain, unclear_sum

FILE = "calculators.yaml"
LONGEST = 200  # characters of a sentence that is read for sums and days
_YEAR = re.compile("([12一二][〇零○0-9一二三四五六七八九]{3})年")
_YEAR_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_HAN = "一二三四五六七八九十"
_RUN_ON = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?![\d.,万千百亿元块])")  # 20240301
# A minus before a sum is no sum that is owed; before it there may be a date, whose dash it is then.
_NEGATIVE = re.compile(rf"(?:^|[^\W\d_日号期]|[:=])[-−–]\d|负(?:\d|[{HAN}])")
_MONTH_DAY = re.compile(rf"(?<![\d年{_HAN}])(\d{{1,2}}|[{_HAN}]{{1,2}})月(\d{{1,2}}|[{_HAN}]{{1,3}})[日号]")
# 15天内, 两年前: how long, and no day that anybody could count on.
_SPAN = re.compile(rf"(?<![月\d{_HAN}])(?:\d+|[{_HAN}两半]+)(?:个)?(?:天|日|周|星期|月|年)(?:之|以)?[内后前]")
# Nor are these, when a day gone by is asked for: about half a year ago is no day of a title.
_ABOUT = re.compile(
    rf"(?<![月\d{_HAN}])(?:\d+|[{_HAN}两半几]+)(?:个)?(?:多)?(?:周|星期|礼拜|月|年)(?:多)?(?:之|以)?[内后前](?!年)"
)
_YEARLESS = re.compile(rf"(?:\d{{1,2}}|[{_HAN}]+)月|\d{{1,2}}[/\-]")
_BARE = re.compile(r"[-+]?[\d,，]+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LARGEST_BARE = 40
MOST_TIMES = 10  # of a published rate


def amount_of(value: str | int | Decimal, today: date) -> Decimal | None:
    """An amount in 元 as somebody writes it: 500000, 50万, 3万5, 五十万; None when it is none. It may be too large."""
    if isinstance(value, int | Decimal):
        return Decimal(value)
    text = plain(value[:LONGEST])
    bare = text.removesuffix("元")
    if _BARE.fullmatch(bare) and len(bare) <= _LARGEST_BARE:
        try:
            return Decimal(bare.replace(",", "").replace("，", ""))
        except InvalidOperation:
            return None
    if text.startswith(("-", "负")):
        return Decimal(-1)
    found = find_sums(text, today, strict=False)
    return Decimal(found[0]) / 100 if len(found) == 1 else None


def readable(text: str) -> str:
    """The text with its years in digits, and days that were written as one number."""
    words = _YEAR.sub(lambda found: found.group(1).translate(_YEAR_DIGITS) + "年", plain(text[:LONGEST]))
    return _RUN_ON.sub(r"\1-\2-\3", words)


def day_of(text: str, today: date, *, past: bool = True) -> date | None:
    """The one day that a text names; None for none, for several, and for one that does not exist."""
    found = days_of(text, today, past=past)
    return found[0] if len(found) == 1 else None


def days_of(text: str, today: date, *, past: bool = True) -> list[date]:
    """Every day that a text names, in its order.

    None of them is certain, and the list empty, when one does not exist, or has no year and stands behind
    one that has another: 2024年6月1日、12月1日.
    """
    text = readable(text)
    if impossible_day(text):
        return []
    if past:
        text = _ABOUT.sub("，", text)
    found: list[tuple[int, date, bool]] = []
    for match in list(FULL.finditer(text)):
        found.append((match.start(), date(*(int(g) for g in match.groups())), True))
        text = text[: match.start()] + "，" * (match.end() - match.start()) + text[match.end() :]
    for _ in range(12):
        near = find_day(text, today, past=past)
        if near is None:
            break
        found.append((near.begin, near.day, not _YEARLESS.match(text, near.begin)))
        text = text[: near.begin] + "，" * (near.end - near.begin) + text[near.end :]
    found.sort()
    for (_, before, _), (_, day, dated) in pairwise(found):
        if not dated and _unsure(before, day):
            return []
    return list(dict.fromkeys(day for _, day, _ in found))


def _unsure(before: date, day: date) -> bool:
    """Whether a day without a year, read by itself, is another than the next one after the day before it."""
    return before.year != day.year and not (before < day <= before + timedelta(days=366))


def _adrift(piece: str, before: date, day: date) -> bool:
    """Whether a piece names a day without a year whose year the day before it leaves open: 2024年6月1日，12月1日."""
    words = readable(piece)
    return "年" not in words and not FULL.search(words) and bool(_YEARLESS.search(words)) and _unsure(before, day)


def within_of(text: str) -> Period | None:
    """How long a text gives one: 十日内, 一个月内, 两周; a bare number counts as days.

    None for a day, for several periods, and for one that nobody can count: 半个月, 15个工作日.
    """
    words = _MONTH_DAY.sub("，", FULL.sub("，", readable(text)))
    if _UNCOUNTED.search(words):
        return None
    if len(words) <= _LONGEST_COUNT and (count := exact(words)) is not None and count == count.to_integral_value():
        return Period(int(count))
    found = [p for number, unit in _PERIOD.findall(words) if (p := _period(number, unit))]
    return found[0] if len(found) == 1 else None


def _period(number: str, unit: str) -> Period | None:
    count = _figure(number)
    if not count or count != count.to_integral_value():
        return None
    times, months = _UNITS[unit.removeprefix("个")[:1]]
    return Period(int(count) * times, months)


_LONGEST_COUNT = 4  # characters of a bare number: 三十, 180
_UNCOUNTED = re.compile(rf"半[个天日周月年]|工作日|[几数多]个?[天日周月年]|个月零?[\d{HAN}]+[天日]")
_PERIOD = re.compile(
    rf"(?<![\d.第月年{HAN}])(\d+|[{HAN}]+)(个月|月(?=(?:之|以)?[内后])|个?周|个?星期|个?礼拜|年(?![级度底末前])|[天日])"
)
_UNITS = {"天": (1, False), "日": (1, False), "周": (7, False), "星": (7, False), "礼": (7, False), "月": (1, True), "年": (12, True)}


def period_of(text: str, today: date) -> tuple[date, Period] | None:
    """A day of effect, and how long from it: 2024年3月1日生效，生效后十日内. None when either is missing."""
    words = readable(text)
    within, days = _within(words), days_of(_SPAN.sub("，", words), today)
    return (days[0], within) if within and len(days) == 1 and "生效" in words else None


def _within(words: str) -> Period | None:
    """A period that is written as one (十日内), and no bare number."""
    return within_of(words) if re.search("[天日周期拜月年](?:之|以)?内", words) else None


def vague_period(text: str) -> bool:
    """Whether a text tells within how long, and so no day: 生效后十日内, 一个月内."""
    return bool(_SPAN.search(readable(text)))


def impossible_day(text: str) -> str:
    """A day that does not exist, as it is written (2月30日); empty when there is none."""
    text = readable(text)
    for match in FULL.finditer(text):
        try:
            date(*(int(g) for g in match.groups()))
        except ValueError:
            return match.group()
    for match in _MONTH_DAY.finditer(text):
        month, day = (_small(g) for g in match.groups())
        try:
            date(2024, month, day)
        except ValueError:
            return match.group()
    return ""


def _small(text: str) -> int:
    """A number of at most two digits, in either script."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    units = _HAN.find(ones) + 1 if ones else 0
    return ((_HAN.find(tens) + 1 if tens else 1) * 10 if ten else 0) + units


_OWED = re.compile(r"(?:标的额?|欠款?|本金|金额|债务|执行|保全)[是为共有了]*(\d{3,}(?:\.\d{1,2})?)(?![\d.%年号期个次])")
_PAID = re.compile(r"还了|还过|已还|已经还|付了|付过|已付|已经付|扣了|扣划|先还")
_PIECES = re.compile(r"[。;；、，\n]|,(?!\d{3}(?!\d))")


# -- which calculator ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cue:
    """When a calculator is meant: topics, words that ask for a result, words that speak against it."""

    kind: str
    topics: frozenset[str]
    asks: tuple[str, ...]
    against: tuple[str, ...]
    roles: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    alone: bool = False  # its words are enough, without a topic; with a number of parts whatever the topic


@dataclass(frozen=True, slots=True)
class Meant:
    """A calculator that somebody wants, and what they told: values as the calculator takes them."""

    kind: str
    data: dict[str, Any]
    topic: str = ""


class Cues:
    """Tells from a sentence which calculator is meant; `cues.load` builds it from `faq/calculators.yaml`."""

    def __init__(self, cues: Sequence[Cue]) -> None:
        self._cues = tuple(cues)

    def wants(self, text: str) -> bool:
        """Whether a sentence may ask for a calculation at all; cheap."""
        text = readable(text)
        return any(_named(text, cue) for cue in self._cues) and bool(re.search(rf"\d|[{HAN}][年月万千百亿块元]", text))

    def find(self, text: str, topic: str, today: date) -> Meant | None:
        """The calculator, if the words ask for it, the topic fits, and they name at least one datum."""
        words = readable(text)
        for cue in self._cues:
            # 每月3000 may be somebody's wages to the matcher; in so many parts it is a plan.
            fits = topic in cue.topics or (cue.alone and (not topic or find_count(words) is not None))
            if fits and _named(words, cue):
                data = facts(cue, words, today)
                if data is None and (impossible_day(words) or foreign(words)):
                    data = {}  # what cannot be is said, and asked for
                if data is not None:
                    return Meant(cue.kind, data, topic if topic in cue.topics else "")
        return None

    def role(self, kind: str, name: str, text: str) -> str:
        """Which value of a role the words name: 我的房子 is realty; empty for none."""
        cue = next((c for c in self._cues if c.kind == kind), None)
        return _role(cue, name, readable(text)) if cue else ""

    def told(self, kind: str, text: str, today: date) -> dict[str, Any]:
        """What a sentence tells of a calculator's inputs, wherever it comes from."""
        cue = next((c for c in self._cues if c.kind == kind), None)
        return (facts(cue, readable(text), today) or {}) if cue and text else {}


def _named(text: str, cue: Cue) -> bool:
    return any(w in text for w in cue.asks) and not any(w in text for w in cue.against)


def _role(cue: Cue, name: str, text: str) -> str:
    """The first value of a role whose words the text has."""
    values = cue.roles.get(name, {})
    return next((value for value, words in values.items() if any(w in text for w in words)), "")


def facts(cue: Cue, text: str, today: date) -> dict[str, Any] | None:
    """The data of a calculator that a sentence names; None when it names none, or more than can be told apart."""
    if cue.kind == "interest":
        return _interest_facts(cue, text, today)
    text = _SPAN.sub("，", text)
    days = days_of(text, today)
    sums = _sums(text, today)
    read = {
        "fee": _fee_facts,
        "limitation": _limitation_facts,
        "effect": _effect_facts,
        "seizure": _seizure_facts,
        "plan": _plan_facts,
    }[cue.kind]
    return read(cue, text, sums, days, today)


def _without_days(text: str) -> str:
    return FULL.sub("，", text)


def _sums(text: str, today: date) -> list[Decimal]:
    """The sums of a sentence in 元; a bare number counts behind a word of what is owed: 标的500000."""
    text = _without_days(text)
    found = find_sums(text, today) if not _NEGATIVE.search(text) else []
    if not found and (bare := _OWED.search(text)):
        found = find_sums(bare.group(1), today, strict=False)
    return [Decimal(s) / 100 for s in found]


def unclear_amount(text: str, today: date) -> bool:
    """Whether a sentence names several sums, or one that is not exact: which is meant must be asked."""
    text = _without_days(_SPAN.sub("，", readable(text)))
    several = len(set(find_sums(text, today))) > 1
    return several or bool(_NEGATIVE.search(text)) or unclear_sum(text, today, strict=True)


def _fee_facts(cue: Cue, text: str, sums: list[Decimal], _days: list[date], today: date) -> dict[str, Any] | None:
    """One sum; several, or one that is not exact, are asked about, and so is which of two fees."""
    if len(sums) != 1 and not unclear_amount(text, today):
        return None
    kind = "" if "保全费" in text and "执行费" in text else _role(cue, "kind", text)
    several = {"kind": "several"} if not kind and "保全费" in text else {}
    amount = {"amount": sums[0]} if len(sums) == 1 else {}
    return amount | ({"kind": kind} if kind else several)


def _interest_facts(cue: Cue, text: str, today: date) -> dict[str, Any] | None:
    """One sum and the day by which it should have been paid; a later second day is the day of payment.

    What was paid meanwhile, and the rate that the title orders, are taken along; a rate that is not
    understood is None, and asked for.
    """
    payments, rest = _payments(text, today)
    period, cut = period_of(rest, today), _SPAN.sub("，", rest)
    days, sums = days_of(cut, today), _sums(cut, today)
    if len(days) > 2 or not (sums or days) or _role(cue, "unsure", rest):
        return None
    found: dict[str, Any] = {"amount": sums[0]} if len(sums) == 1 else {}
    if period:
        found |= {"effective": period[0], "within": period[1].code}
    elif not _within(rest):
        if days:
            found["due"] = min(days)
        if len(days) == 2 and max(days) > min(days):
            found["until"] = max(days)
    if payments:
        found["payments"] = payments
    if _RATED.search(rest):
        found["general"] = rate_of(rest)
    return found


def _payments(text: str, today: date) -> tuple[list[tuple[date, Decimal]], str]:
    """What a sentence says was paid on which day, and the sentence without it."""
    paid, rest = [], []
    for piece in _PIECES.split(text):
        days = days_of(piece, today)
        sums = find_sums(_without_days(piece), today, strict=False)
        if _PAID.search(piece) and len(days) == 1 and len(sums) == 1:
            paid.append((days[0], Decimal(sums[0]) / 100))
        else:
            rest.append(piece)
    return paid, "，".join(rest)


def _limitation_facts(
    cue: Cue, text: str, _sums: list[Decimal], days: list[date], today: date
) -> dict[str, Any] | None:
    if len(days) != 1 or days[0] > date(today.year + 5, 12, 31):
        return None
    rule = _role(cue, "rule", text)
    return {"start": days[0]} | ({"rule": rule} if rule else {})


def _effect_facts(cue: Cue, text: str, _sums: list[Decimal], days: list[date], _today: date) -> dict[str, Any] | None:
    """The last day of service; by public notice the one day is that of the notice."""
    notice = _role(cue, "by", text)
    if not days or len(days) > (1 if notice else 2):
        return None
    title = _role(cue, "title", text)
    return {notice or "served": max(days)} | ({"title": title} if title else {})


def _seizure_facts(cue: Cue, text: str, _sums: list[Decimal], days: list[date], today: date) -> dict[str, Any] | None:
    if len(days) != 1 or days[0] > today:
        return None
    asset = _role(cue, "asset", text)
    return {"start": days[0]} | ({"asset": asset} if asset else {})


_YEARS_LONG = re.compile(rf"(?<![\d年{HAN}])(半|\d|[{HAN}])年(?:之?内|以内)?(?:还|付|给)清")


def _plan_facts(_cue: Cue, text: str, sums: list[Decimal], _past: list[date], today: date) -> dict[str, Any] | None:
    """A total, with a count or a sum each time where they are told, and the first day where it lies ahead."""
    count, each, ahead = find_count(text), find_each(text, today), days_of(text, today, past=False)
    if not count and (long := _YEARS_LONG.search(text)):
        years = Decimal("0.5") if long.group(1) == "半" else _figure(long.group(1)) or Decimal(0)
        count = int(years * 12)
    totals = [s for s in sums if each is None or s * 100 != each]
    if len(totals) != 1:
        return None
    found: dict[str, Any] = {"amount": totals[0]}
    if each is not None:
        found["each"] = Decimal(each) / 100
    if count:
        found["count"] = count
    if len(ahead) == 1 and ahead[0] > today:
        found["first"] = ahead[0]
    return found


# -- answers on a path ---------------------------------------------------------------------------

_RATED = re.compile(r"lpr|报价利率|利率|[年月日]息|分利|%|‰|分之|基点")
_PUBLISHED = re.compile(r"lpr|报价利率")
_FIVE_YEARS = re.compile(r"五年|5年")
_FIGURE = rf"(?:\d+(?:\.\d+)?|[{HAN}]+(?:点[{HAN}]+)?)"
_SHARE = re.compile(rf"(?<![\d.])(\d+(?:\.\d+)?)([%‰])|([百千万])分之({_FIGURE})")
_PARTS = {"%": 100, "‰": 1000, "百": 100, "千": 1000, "万": 10_000}
# 月息两分 is two in a hundred a month, 年息一分二 twelve in a hundred a year.
_SHARES = re.compile(rf"(?<![{HAN}\d.])([\d{HAN}](?:\.\d)?)(分|厘)([\d{HAN}]?)(?!之)")
_FIN = {"年": 10, "月": 100, "日": 1000}
_TIMES = re.compile(rf"(?<![\d.点{HAN}])({_FIGURE})倍")
_FLOATS = re.compile(r"([上下])浮$")
_ADDED = re.compile(r"基点|bp|加点|[加减+]\d|[加减]百分")
_PER = re.compile(r"([年月日天])(?:利率|利息|息|化|千分|万分|百分)|每([年月日天])|按([年月日天])|/([年月日天])")
_A_YEAR = {"年": 1, "月": 12, "日": 365}
_SEPARATORS = re.compile(r"[\n；;。]+")


def rate_of(text: str) -> dict[str, str] | None:
    """A yearly rate (`rate`, percent), or a published one with its multiple (`table`, `multiple`).

    A rate by the month or the day is given by the year (12 months, 365 days). None for what is neither,
    or not exactly one: LPR with basis points added, 二分利 without month or year.
    """
    words = readable(text)
    times, shares = _TIMES.findall(words), list(_SHARE.finditer(words))
    if len(times) > 1 or len(shares) > 1 or _ADDED.search(words):
        return None
    multiple = _figure(times[0]) if times else Decimal(1)
    if multiple is None or not 0 < multiple <= MOST_TIMES:
        return None
    if _PUBLISHED.search(words):
        if shares:
            share = _share(shares[0])
            floats = _FLOATS.search(words[: shares[0].start()])
            if share is None or times or not (floats or words[: shares[0].start()].endswith("的")):
                return None
            multiple = share if not floats else 1 + share if floats.group(1) == "上" else 1 - share
        table = "lpr_5y" if _FIVE_YEARS.search(words) else "lpr_1y"
        return {"table": table, "multiple": _written(multiple)} if multiple > 0 else None
    rate = _yearly(words, shares)
    return {"rate": _written(rate * multiple * 100)} if rate and rate * multiple < 1 else None


def _yearly(words: str, shares: list[re.Match[str]]) -> Decimal | None:
    """A named rate as a fraction of a year."""
    periods = {("日" if p == "天" else p) for found in _PER.findall(words) for p in found if p}
    if len(periods) > 1:
        return None
    period = periods.pop() if periods else ""
    if shares:
        share = _share(shares[0])
        small = "万" in shares[0].group() or "千" in shares[0].group() or "‰" in shares[0].group()
        return None if share is None or (small and not period) else share * _A_YEAR[period or "年"]
    fen = _SHARES.findall(words)
    if len(fen) != 1 or not period:
        return None
    number, unit, more = fen[0]
    value = _figure(number)
    if value is None or (more and unit != "分"):
        return None
    tenths = _figure(more) or Decimal(0) if more else Decimal(0)
    return (value + tenths / 10) / _FIN[period] / (10 if unit == "厘" else 1) * _A_YEAR[period]


def _share(found: re.Match[str]) -> Decimal | None:
    digits, sign, of, figure = found.groups()
    value = Decimal(digits) if digits else _figure(figure)
    return value / _PARTS[sign or of] if value is not None else None


def _figure(text: str) -> Decimal | None:
    """A number in either script: 1.5, 一点五, 四, 十二."""
    return Decimal(DIGITS[text]) if text in DIGITS else exact(text)


def _written(value: Decimal) -> str:
    return f"{value.normalize():f}"


def dated_sums(text: str, today: date, *, past: bool) -> list[tuple[date, Decimal]] | None:
    """Lines, or pieces between commas, that each name one day and one sum; None when one does not."""
    return _dated(_SEPARATORS.split(text[:2000]), today, past=past) or _dated(
        _PIECES.split(_even(text)), today, past=past
    )


def _even(text: str) -> str:
    """The text in one width, its lines kept."""
    return unicodedata.normalize("NFKC", text[:2000])


def _dated(lines: list[str], today: date, *, past: bool) -> list[tuple[date, Decimal]] | None:
    found: list[tuple[date, Decimal]] = []
    for line in lines:
        if not line.strip():
            continue
        days = days_of(line, today, past=past)
        sums = find_sums(_without_days(readable(line)), today, strict=False)
        if len(days) != 1 or len(sums) != 1:
            return None
        if found and _adrift(line, found[-1][0], days[0]):
            return None
        found.append((days[0], Decimal(sums[0]) / 100))
    return found or None


def listed_days(text: str, today: date, *, past: bool) -> list[date]:
    """Every day of an answer that may run over several lines."""
    found: list[date] = []
    for piece in re.split(r"[\n；;。、,，\s]+", text[:2000]):
        days = days_of(piece, today, past=past)
        if found and days and _adrift(piece, found[-1], days[0]):
            return []
        found += days
    return list(dict.fromkeys(found))
