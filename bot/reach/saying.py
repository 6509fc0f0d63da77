"""Days, sums and instalments in what people write: 下周三还3000, 分6期每月一千, 12月3号; pure, nothing is guessed.

The grammar of dates and numerals stands here, as in `bot/consult/normalise.py`; words that express a
wish (已还, 退订, 有困难 …) are data in `faq/replies.yaml`.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_HAN = "零〇一二两俩三四五六七八九十百千万亿"
_NUMBER = rf"(?:\d+|[{_HAN}]+)"
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5} | {
    str(n + 1): n for n in range(7)
}
_NEAR = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "今天": 0, "今日": 0, "今晚": 0, "今早": 0,
    "刚刚": 0, "刚才": 0, "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "大后天": 3, "后天": 2,
}  # fmt: skip
_LATEST_YEARS = 10  # a day further away than this is a slip


_BANKERS = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬億弍參兩號", "一二三四五六七八九十百千万亿二三两号")


def plain(text: str) -> str:
    """Width folded, bankers' numerals and spaces gone."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower().translate(_BANKERS)


def numeral(text: str) -> Decimal:
    """A number in digits or Chinese numerals: 三千五 is 3500, 一万二 is 12000, 十五 is 15."""
    if text[0].isdigit():
        return Decimal(text.replace(",", ""))
    total = section = digit = Decimal(0)
    last = 1
    for char in text:
        if char in _DIGITS:
            digit = Decimal(_DIGITS[char])
            if not _DIGITS[char]:
                last = 1  # 三千零五 is 3005
            continue
        unit = _UNITS[char]
        if unit >= 10_000:
            total += (section + digit) * unit if section + digit or not total else 0
            section = Decimal(0)
        else:
            section += (digit or 1) * unit
        digit, last = Decimal(0), unit
    # A digit after a larger unit stands for the next smaller one: 三千五.
    return total + section + (digit * last / 10 if last > 10 else digit)


# -- days ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FoundDay:
    """A day that a text names, and where."""

    day: date
    begin: int
    end: int


def _last_of(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _month(day: date, shift: int) -> tuple[int, int]:
    number = day.year * 12 + day.month - 1 + shift
    return number // 12, number % 12 + 1


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def after_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = _month(day, months)
    return date(year, month, min(day.day, _last_of(year, month)))


def _near(found: re.Match[str], today: date, _past: bool) -> date | None:
    return today + timedelta(days=_NEAR[found.group(1)])


def _weekday(found: re.Match[str], today: date, past: bool) -> date | None:
    shift, name = found.group(1) or "", _WEEKDAYS[found.group(2)]
    monday = today - timedelta(days=today.weekday())
    day = monday + timedelta(days=name)
    if shift.startswith("下"):
        return day + timedelta(weeks=shift.count("下"))
    if shift.startswith("上"):
        return day - timedelta(weeks=shift.count("上"))
    if not shift and not past and day < today:
        return day + timedelta(weeks=1)
    if not shift and past and day > today:
        return day - timedelta(weeks=1)
    return day


def _span(found: re.Match[str], today: date, past: bool) -> date | None:
    number, unit, side = found.groups()
    count = Decimal("0.5") if number == "半" else numeral(number)
    back = side in ("前", "之前", "以前") or (past and side not in ("后", "之后", "以后"))
    sign = -1 if back else 1
    if unit.endswith("月"):
        return today + timedelta(days=15 * sign) if number == "半" else after_months(today, int(count) * sign)
    if unit == "年":
        return after_months(today, int(count * 12) * sign)
    days = int(count) * (7 if unit.endswith(("周", "星期", "礼拜")) else 1)
    return today + timedelta(days=days * sign) if days <= 3660 else None


def _full(found: re.Match[str], _today: date, _past: bool) -> date | None:
    return _safe(int(found.group(1)), int(found.group(2)), int(found.group(3)))


def _month_day(found: re.Match[str], today: date, past: bool) -> date | None:
    year, month, day = found.group(1), int(numeral(found.group(2))), int(numeral(found.group(3)))
    if year:
        fixed = {"今年": 0, "明年": 1, "去年": -1}.get(year)
        return _safe(today.year + fixed if fixed is not None else int(year[:4]), month, day)
    options = [d for y in (today.year - 1, today.year, today.year + 1) if (d := _safe(y, month, day))]
    return _nearest(options, today, past)


def _nearest(options: list[date], today: date, past: bool) -> date | None:
    if past:
        return max((d for d in options if d <= today), default=None)
    return min((d for d in options if d >= today), default=None)


def _day_only(found: re.Match[str], today: date, past: bool) -> date | None:
    which, day = found.group(1), int(numeral(found.group(2)))
    shift = {"下下": 2, "下": 1, "上": -1, "这": 0, "本": 0}.get((which or "").rstrip("个月"))
    if shift is not None:
        return _safe(*_month(today, shift), day)
    options = [d for s in range(-3, 4) if (d := _safe(*_month(today, s), day))]
    return _nearest(options, today, past)


_PART = {"初": 5, "中": 15, "中旬": 15, "上旬": 10, "底": 31, "末": 31, "下旬": 31}


def _part_of_month(found: re.Match[str], today: date, past: bool) -> date | None:
    which, part = found.groups()
    if which and which[0] not in "下上这本":
        month = int(numeral(which.removesuffix("月")))
        if not 1 <= month <= 12:
            return None
        year = today.year + (month < today.month and not past) - (month > today.month and past)
    else:
        shift = {"下下": 2, "下": 1, "上": -1}.get((which or "").rstrip("个月"), 0)
        year, month = _month(today, shift)
    return date(year, month, min(_PART[part], _last_of(year, month)))


def _year_end(found: re.Match[str], today: date, _past: bool) -> date | None:
    return date(today.year + {"明": 1, "去": -1}.get(found.group(1) or "", 0), 12, 31)


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str], date, bool], date | None]]
_RULES: tuple[_Rule, ...] = (
    (re.compile(r"(\d{4})[年\-/.](\d{1,2})[月\-/.](\d{1,2})[日号]?"), _full),
    (re.compile(rf"(今年|明年|去年|\d{{4}}年)?({_NUMBER})月({_NUMBER})[日号]?(?!个|期)"), _month_day),
    (re.compile(r"(?<![\d.])()(\d{1,2})[/\-](\d{1,2})(?![\d.万千元块])"), _month_day),
    (re.compile(rf"((?:下下|下|上|这|本)(?:个)?月)({_NUMBER})[日号]"), _day_only),
    (re.compile(rf"(?<![月\d{_HAN}])()({_NUMBER})[日号](?!码|院|文|线)"), _day_only),
    (re.compile(rf"((?:下下|下|上|这|本)(?:个)?月|{_NUMBER}月)?月?(?:份)?([上中下]旬|(?<=月)[初中底末]|(?<=月份)[初中底末])"), _part_of_month),
    (re.compile(r"([明今去])?年(?:底|末)"), _year_end),
    (re.compile(r"(下+|上+|这|本)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天末1-7])"), _weekday),
    (re.compile(rf"({_NUMBER}|半)(天|日|个?周|个?星期|个?礼拜|个月|年)(后|之后|以后|内|之内|以内|前|之前|以前)"), _span),
    (re.compile("(" + "|".join(_NEAR) + ")"), _near),
)  # fmt: skip


def find_day(text: str, today: date, *, past: bool = False) -> FoundDay | None:
    """The first day that the text names; a day without year or month is the nearest in that direction."""
    text = plain(text)
    found: list[FoundDay] = []
    for pattern, rule in _RULES:
        for match in pattern.finditer(text):
            day = rule(match, today, past)
            if day and abs(day.year - today.year) <= _LATEST_YEARS:
                found.append(FoundDay(day, match.start(), match.end()))
                break
    return min(found, key=lambda f: (f.begin, f.begin - f.end), default=None)


_WITHIN = re.compile(rf"({_NUMBER})个?(天|日|周|星期|礼拜|月)(?:内|之内|以内)")


def find_within(text: str) -> int | None:
    """A period in days: 生效之日起十日内; a bare number counts as days, a month as 30."""
    text = plain(text)
    if text.isdecimal() and len(text) <= 3:
        return int(text)
    found = _WITHIN.search(text)
    if not found:
        return None
    return int(numeral(found.group(1))) * {"天": 1, "日": 1, "月": 30}.get(found.group(2), 7)


# -- sums ----------------------------------------------------------------------------------------

_SCALE = {"亿": 10**8, "千万": 10**7, "百万": 10**6, "万": 10**4, "w": 10**4, "千": 1000, "k": 1000, "百": 100}
_SUM = re.compile(
    rf"(?<![\d.*第])(?:(\d{{1,3}}(?:,\d{{3}})+(?:\.\d{{1,2}})?|\d+(?:\.\d+)?)(亿|千万|百万|万|w|千|k|百)?"
    rf"(\d)?(千|百)?|([{_HAN}]+))(多|来|几)?(元|块钱|块|圆|rmb|人民币|钱)?(\d)?([毛角])?(?![\d.%*期个次号日月年天级楼条])"
)
# 12万3456元: the 万 stands between digits, and what follows it is no digit of the next place (1万5 is 15,000).
_BETWEEN = re.compile(r"(?<![\d.,])(\d+(?:\.\d+)?)(亿|万)(\d{2,8}(?:\.\d{1,2})?)(?![\d.,千百万亿wk])")
_HUNDRED_MILLIONS = re.compile(r"(?<![\d.,])(\d+)亿(\d{1,4}(?:\.\d+)?)万")
_ASKED_BY = re.compile(r"(?:还|付|给|转|打|交|汇|存|支付|归还|转账|了|共|是|出)(?:了|过|给|款|完)?$")
_WHOLE = re.compile(
    r"全部|全款|一次性|剩下的?|剩余|余款|尾款|欠的(?:都|全)|结清|还清|付清|清账|都还|都付|都给|全还|全付"
)


def whole(text: str) -> bool:
    """Whether everything that is still owed is meant."""
    return bool(_WHOLE.search(plain(text)))


def find_sum(text: str, today: date, *, strict: bool = True) -> int | None:
    """The first sum of money in 分; days are not taken for sums.

    With `strict` a bare number counts only after a verb of paying (还3000) or as a round Chinese
    numeral with a unit; without it (somebody was asked for a sum) any number does.
    """
    return next(_sums(text, today, strict=strict), None)


def find_sums(text: str, today: date, *, strict: bool = True) -> list[int]:
    """Every sum of money in 分, in the text's order."""
    return list(_sums(text, today, strict=strict))


def _sums(text: str, today: date, *, strict: bool) -> Iterator[int]:
    text = plain(text)
    for past in (False, True):
        while day := find_day(text, today, past=past):
            text = text[: day.begin] + "，" + text[day.end :]
    text = _HUNDRED_MILLIONS.sub(lambda m: f"{Decimal(m[1]) * 10**4 + Decimal(m[2]):f}万", text)
    text = _BETWEEN.sub(lambda m: f"{Decimal(m[1]) * _SCALE[m[2]] + Decimal(m[3]):f}", text)
    for found in _SUM.finditer(text):
        value = _value(found)
        if value is None or value <= 0:
            continue
        certain = bool(found.group(7) or found.group(2)) or bool(set(found.group(5) or "") & {"百", "千", "万", "亿"})
        if certain or not strict or _ASKED_BY.search(text[: found.start()]):
            yield value


def _value(found: re.Match[str]) -> int | None:
    digits, scale, further, unit, han, _, currency, tenth, _ = found.groups()
    if han:
        if not _DIGITS.keys() & set(han) or (len(han) == 1 and not currency):
            return None  # 千万不要; 一起
        amount = numeral(han)
    else:
        factor = _SCALE.get(scale or "", 1)
        amount = numeral(digits) * factor
        if further:
            amount += int(further) * (_SCALE[unit] if unit else Decimal(factor) / 10)
    if tenth and currency:
        amount += Decimal(tenth) / 10
    cents = amount * 100
    return int(cents) if cents == cents.to_integral_value() else None


# -- plans ---------------------------------------------------------------------------------------

_COUNT = re.compile(rf"(?:分(?:成)?|共|按)?({_NUMBER})(?:个)?(?:期|次|笔)|({_NUMBER})个月")
_EACH = re.compile(r"(?:每|一)(?:个)?(?:月|期|次)(?:[^\d零一二两三四五六七八九十百千万]{0,4})")
MOST_INSTALMENTS = 60


def find_count(text: str) -> int | None:
    """In how many instalments: 分6期, 十二个月付清."""
    found = _COUNT.search(plain(text))
    if not found:
        return None
    count = int(numeral(found.group(1) or found.group(2)))
    return count if 2 <= count <= MOST_INSTALMENTS else None


def find_each(text: str, today: date) -> int | None:
    """How much every time, in 分: 每月还2000."""
    text = plain(text)
    found = _EACH.search(text)
    return find_sum(text[found.end() :], today, strict=False) if found else None


def even_plan(balance: int, count: int, first: date, each: int | None = None) -> list[tuple[int, date]]:
    """Monthly instalments of a balance (分): even ones in whole 元, or `each` until it is used up.

    What does not divide goes into the last one. ValueError when that takes more than `MOST_INSTALMENTS`.
    """
    if each:
        count = -(-balance // each)
    if not 1 <= count <= MOST_INSTALMENTS or balance < count * 100:
        raise ValueError("that many instalments cannot be")
    part = each or balance // count // 100 * 100
    sums = [part] * (count - 1)
    return [(amount, after_months(first, n)) for n, amount in enumerate([*sums, balance - sum(sums)])]
