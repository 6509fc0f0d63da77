"""Days, sums and instalments in what people write: 下周三还3000, 分6期每月一千, 12月3号; pure, nothing is guessed.

The grammar of dates and numerals stands here, as in `bot/consult/normalise.py`; words that express a
wish (已还, 退订, 有困难 …) are data in `faq/replies.yaml`.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from decimal import Decimal
from fractions import Fraction

from bot.reach.amounts import DIGITS as _DIGITS
from bot.reach.amounts import HAN as _HAN
from bot.reach.amounts import UNITS as _UNITS
from bot.reach.amounts import Amount, amounts, foreign

_NUMBER = rf"(?:\d+|[{_HAN}]+)"
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5} | {
    str(n + 1): n for n in range(7)
}
_NEAR = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "今天": 0, "今日": 0, "今晚": 0, "今早": 0,
    "刚刚": 0, "刚才": 0, "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "大后天": 3, "后天": 2,
}  # fmt: skip
_EARLIEST_YEARS, _LATEST_YEARS = 30, 10  # a day further away than this is a slip


_BANKERS = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬億弍參兩號", "一二三四五六七八九十百千万亿二三两号")


_GROUPS = re.compile(r"(?<![\d.\-/月年])\d{1,3}(?:\s\d{3})+(?!\d)")  # 10 000 000
_APART = re.compile(r"(?<=\d)\s+(?=\d)")


def plain(text: str) -> str:
    """Width folded, bankers' numerals and spaces gone; numbers that a space kept apart stay apart."""
    text = _GROUPS.sub(lambda found: re.sub(r"\s", "", found.group()), unicodedata.normalize("NFKC", text))
    return re.sub(r"\s+", "", _APART.sub("、", text)).lower().translate(_BANKERS)


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


# -- sentences -----------------------------------------------------------------------------------

_BREAKS = re.compile(r"(?<=[。！？；、!?;\n~])|(?<=,)(?!\d{3}(?!\d))")
_LEAST = 3  # letters on each side of a space that stands for a comma


def clauses(text: str) -> list[str]:
    """The parts that a message says one after the other, each with the sign at its end.

    A space parts them too where it stands between words: 已经还了 别再发了, but not 没 钱.
    """
    parts: list[str] = []
    for part in _BREAKS.split(unicodedata.normalize("NFKC", text)):
        words = part.split()
        apart = all(len(w) >= _LEAST for w in words)
        parts += words if apart else [part.strip()]
    return [p for p in parts if p]


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
    within = side in ("内", "之内", "以内")
    if (within and (past or _ANCHORED.search(found.string[: found.start()]))) or (
        unit == "日" and side == "前" and not past
    ):
        return None  # 生效后十日内 counts from a day that is not named; 15日前 is the fifteenth
    count = Decimal("0.5") if number == "半" else numeral(number)
    sign = -1 if side in ("前", "之前", "以前") else 1
    if unit.endswith("月"):
        return today + timedelta(days=15 * sign) if number == "半" else after_months(today, int(count) * sign)
    if unit == "年":
        return after_months(today, int(count * 12) * sign)
    days = int(count) * (7 if unit.endswith(("周", "星期", "礼拜")) else 1)
    return today + timedelta(days=days * sign) if days <= 3660 else None


def _full(found: re.Match[str], _today: date, _past: bool) -> date | None:
    return _safe(int(found.group(1)), int(found.group(2)), int(found.group(3)))


def _month_day(found: re.Match[str], today: date, past: bool) -> date | None:
    said, month, day = found.group(1), int(numeral(found.group(2))), int(numeral(found.group(3)))
    if said:
        year = _year(said, today)
        return _safe(year, month, day) if year else None
    options = [d for y in (today.year - 1, today.year, today.year + 1) if (d := _safe(y, month, day))]
    return _nearest(options, today, past)


def _year(said: str, today: date) -> int | None:
    """前年, 2024年, 24年, 二四年, 二〇二四年."""
    if (shift := _YEARS.get(said)) is not None:
        return today.year + shift
    digits = "".join(c if c.isdigit() else str(_DIGITS[c]) for c in said.removesuffix("年").replace("○", "〇"))
    if len(digits) != 2:
        return int(digits)
    century = today.year // 100 * 100
    return century + int(digits) - (100 if century + int(digits) > today.year + _LATEST_YEARS else 0)


def _nearest(options: list[date], today: date, past: bool) -> date | None:
    if past:
        return max((d for d in options if d <= today), default=None)
    return min((d for d in options if d >= today), default=None)


def _day_only(found: re.Match[str], today: date, past: bool) -> date | None:
    which, day = found.group(1), int(numeral(found.group(2)))
    if not which and found.group().endswith("日") and _ANCHORED.search(found.string[: found.start()]):
        return None  # 生效后十日 is no tenth of a month
    shift = {"下下": 2, "下": 1, "上": -1, "这": 0, "本": 0}.get((which or "").rstrip("个月"))
    if shift is not None:
        return _safe(*_month(today, shift), day)
    options = [d for s in range(-3, 4) if (d := _safe(*_month(today, s), day))]
    return _nearest(options, today, past)


_PART = {"初": 5, "中": 15, "中旬": 15, "上旬": 10, "底": 31, "末": 31, "下旬": 31}


def _part_of_month(found: re.Match[str], today: date, past: bool) -> date | None:
    said, number, which, part = found.groups()
    if number:
        month = int(numeral(number))
        if not 1 <= month <= 12:
            return None
        year = today.year + (month < today.month and not past) - (month > today.month and past)
        year = (_year(said, today) or 0) if said else year
    else:
        shift = {"下下": 2, "下": 1, "上": -1}.get((which or "").rstrip("个月份"), 0)
        year, month = _month(today, shift)
    return date(year, month, min(_PART[part], _last_of(year, month))) if MINYEAR <= year <= MAXYEAR else None


def _year_end(found: re.Match[str], today: date, _past: bool) -> date | None:
    said = found.group(1)
    year = _year(said, today) if said else today.year
    return _safe(year, 12, 31) if year else None


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str], date, bool], date | None]]
# A year before a month or its end. One that is not understood (次年, 廿四年) must not leave the month to this year.
_YEARS = {"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1, "后年": 2, "大后年": 3}
_HAN_DIGIT = "零〇○一二三四五六七八九"
_YEAR = (
    rf"(大前年|(?<![以之目年天])前年|去年|今年|本年|明年|大后年|(?<![以之今然最])后年"
    rf"|(?<!\d)(?:\d{{4}}|\d{{2}})年|(?<![{_HAN}○])(?:[{_HAN_DIGIT}]{{4}}|[{_HAN_DIGIT}]{{2}})年)"
)
_NO_YEAR = r"(?<!年)(?<!年的)(?<!年度)(?<!年里)"
_ALONE = rf"(?:(?<!\d)\d+|(?<![{_HAN}])[{_HAN}]+)"
_ANCHORED = re.compile(
    r"(?:生效|送达|签收|收到|判决|裁决|裁定|调解|作出|成交|签订|签字|届满|到期|之日|日)(?:之日)?(?:起|后|之后|以后)?(?:的)?$"
)
# The lunar calendar is not counted here: such a day is asked for.
_LUNAR = re.compile(r"农历|阴历|旧历|古历|腊月|正月|冬月|廿|(?<![上读念])初[一二三四五六七八九十](?!学|年级|班|中)")
FULL = re.compile(
    r"(?<!\d)(\d{4})[年\-/.](\d{1,2})[月\-/.](\d{1,2})(?:[日号]|(?!\.?\d|[万千百亿元块wk%个期次]))"
)
_RULES: tuple[_Rule, ...] = (
    (FULL, _full),
    (re.compile(rf"(?:{_YEAR}[的度里]?|{_NO_YEAR})({_ALONE})月({_NUMBER})(?:[日号]|(?!\.?\d|[万千百亿元块wk%个期天年月次]))"), _month_day),
    (re.compile(r"(?<![\d./\-年])()(\d{1,2})[/\-](\d{1,2})(?![\d./\-万千百亿元块%个期天年月次人wk])"), _month_day),
    (re.compile(rf"((?:下下|下|上|这|本)(?:个)?月)({_NUMBER})[日号]"), _day_only),
    (re.compile(rf"(?<![月\d{_HAN}])()({_NUMBER})(?:号|日(?!之?内|以内|之?后|以后))(?!码|院|文|线)"), _day_only),
    (re.compile(rf"(?:(?:{_YEAR}[的度里]?|{_NO_YEAR})({_ALONE})月月?份?|((?:下下|下|上|这|本)(?:个)?月份?)月?|(?<![次当每同那隔翌该两几半个{_HAN}\d])月份?|(?=[上中下]旬))([上中下]旬|初(?![{_HAN}])|中(?!秋|国|午)|底|末)"), _part_of_month),
    (re.compile(rf"(?:{_YEAR}年?|(?<![次当同那隔翌某头上下每来半一前后今明去\d{_HAN}年])年)(?:底|末)"), _year_end),
    (re.compile(r"(下+|上+|这|本)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天末1-7])"), _weekday),
    (re.compile(rf"({_NUMBER}|半)(天|日|个?周|个?星期|个?礼拜|个月|年)(后|之后|以后|内|之内|以内|前|之前|以前)"), _span),
    (re.compile("(" + "|".join(_NEAR) + ")"), _near),
)  # fmt: skip


def find_day(text: str, today: date, *, past: bool = False) -> FoundDay | None:
    """The first day that the text names; a day without year or month is the nearest in that direction.

    None when it is told by the lunar calendar, or counted from a day that is not named: it must be asked for.
    """
    text = plain(text)
    if _LUNAR.search(text):
        return None
    found: list[FoundDay] = []
    for pattern, rule in _RULES:
        for match in pattern.finditer(text):
            day = rule(match, today, past)
            if day and -_EARLIEST_YEARS <= day.year - today.year <= _LATEST_YEARS:
                found.append(FoundDay(day, match.start(), match.end()))
                break
    return min(found, key=lambda f: (f.begin, f.begin - f.end), default=None)


_DELAY = re.compile(
    rf"(?:晚|推迟|推后|往后推|推|延迟|延后|延期|延|缓期|缓|迟|宽限|拖|[再多]给|给我)(?:我|到|个|上|点|[还付交给])*"
    rf"({_NUMBER}|半)(天|日|个?周|个?星期|个?礼拜|个月|月|年)"
)


def find_delay(text: str, since: date) -> date | None:
    """By when, if something is put off by a span: 晚一个月 counts from `since`, 晚半个月 is 15 days."""
    found = _DELAY.search(plain(text))
    if not found:
        return None
    number, unit = found.groups()
    if unit.endswith("月"):
        return since + timedelta(days=15) if number == "半" else after_months(since, int(numeral(number)))
    if unit == "年":
        return after_months(since, 6 if number == "半" else int(numeral(number)) * 12)
    days = 1 if number == "半" else int(numeral(number)) * (1 if unit in ("天", "日") else 7)
    return since + timedelta(days=days) if days <= 3660 else None


# -- sums ----------------------------------------------------------------------------------------

_ASKED_BY = re.compile(r"(?:还|付|给|转|打|交|汇|存|支付|归还|转账|了|共|是|出)(?:了|过|给|款|完)?$")
_HUNDREDTHS = 100
_SHARE = re.compile(rf"一半|半数|({_NUMBER})分之({_NUMBER})|({_NUMBER})成(?![立功本员绩年交])|(\d{{1,3}})%")
_WHOLE = re.compile(
    r"全部|全款|一次性|剩下的?|剩余|余款|尾款|欠的(?:都|全)|结清|还清|付清|清账|都还|都付|都给|全还|全付|[还付给]完"
)


def whole(text: str) -> bool:
    """Whether everything that is still owed is meant."""
    return bool(_WHOLE.search(plain(text)))


def find_share(text: str) -> Fraction | None:
    """Which part of what is owed is meant: 一半, 三分之一, 三成, 30%."""
    found = _SHARE.search(plain(text))
    if not found:
        return None
    whole_of, part, tenths, percent = found.groups()
    if whole_of:
        share = Fraction(int(numeral(part)), max(1, int(numeral(whole_of))))
    elif tenths:
        share = Fraction(int(numeral(tenths)), 10)
    else:
        share = Fraction(int(percent), _HUNDREDTHS) if percent else Fraction(1, 2)
    return share if 0 < share <= 1 else None


def share_of(balance: int, share: Fraction) -> int:
    """A part of a sum (分), in whole 元 where it can be."""
    part = int(balance * share)
    return part // 100 * 100 or part


def find_sum(text: str, today: date, *, strict: bool = True) -> int | None:
    """The first sum of money in 分; days are not taken for sums.

    With `strict` a bare number counts only after a verb of paying (还3000) or as a round Chinese
    numeral with a unit; without it (somebody was asked for a sum) any number does. None too when any of
    them cannot be read to the 分 (50多万, 5o万), or is in another currency.
    """
    return next(iter(find_sums(text, today, strict=strict)), None)


def find_one(text: str, today: date) -> int | None:
    """The one sum of an answer to the question how much; None when it names none or several."""
    found = set(find_sums(text, today, strict=False))
    return found.pop() if len(found) == 1 else None


def find_sums(text: str, today: date, *, strict: bool = True) -> list[int]:
    """Every sum of money in 分, in the text's order; none when any of them cannot be read exactly."""
    found = _found(text, today, strict=strict)
    cents = [a.value * 100 if a.value is not None else None for a in found]
    if foreign(plain(text)) or any(c is None or c != c.to_integral_value() for c in cents):
        return []
    return [int(c) for c in cents if c]


def unclear_sum(text: str, today: date, *, strict: bool = False) -> bool:
    """Whether a text names a sum that cannot be read: 50多万, 5万美元, 30万到50万."""
    return bool(_found(text, today, strict=strict)) and not find_sums(text, today, strict=strict)


# What a day or a sum is told with when it is told badly: 昨天还了一些, 去年底判的, 大概三四万吧.
_VALUE = re.compile(
    rf"[今昨前明后]天|[上下这本]个?(?:月|周|星期|礼拜)|[今去前明后大]年|年前|[年月][初中底末]|春节|过年|前[几些]天|前阵子?|刚才|最近"
    rf"|[\d{_HAN}几半多]+(?:年|个?月|[日号天周]|星期|[元块万千百亿钱]|[次笔期回])+(?:钱|多|以?前|以?后)?|一些|一半|一点点?|一?部分|[有好]?几[次笔回千万百]"
    rf"|\d+"
)
_TOLD_WITH = re.compile(
    "大概|大约|差不多|左右|上下|不到|将近|好像|可能|应该|还过|付过|给过|转过|对方|他们|记得|判决|判|收到|拿到|生效|到期|签收"
    "|[还付给转交打收汇了过的是在就都也又只才我他她它吧啊呢呀嘛约于]"
)
_STRANGE = 2  # letters beside these that words for a day or a sum may have


def tries(text: str) -> bool:
    """Whether words are an attempt at a day or a sum, though neither can be read: 昨天还了一些. No other question then."""
    words = "".join(c for c in plain(text) if c.isalnum())
    rest, values = _VALUE.subn("", words)
    return bool(values) and len(_TOLD_WITH.sub("", rest)) <= _STRANGE


_ABOUT = re.compile(rf"左右|大概|大约|差不多|上下|将近|(?<!违)约(?=[\d{_HAN}])")


def says_about(text: str) -> bool:
    """Whether a sum is only about right: 三万左右, 大概五万."""
    return bool(_ABOUT.search(plain(text)))


def find_rough(text: str, today: date) -> int | None:
    """About how much 50多万 is, in 分, where a rough sum is enough; None when it is exact, or not one sum."""
    found = _found(text, today, strict=False)
    if len(found) != 1 or found[0].rough is None or foreign(plain(text)):
        return None
    return int(found[0].rough * 100)


def _found(text: str, today: date, *, strict: bool) -> list[Amount]:
    """Every number that is money there: the days are taken out first."""
    text = plain(text)
    for past in (False, True):
        while day := find_day(text, today, past=past):
            text = text[: day.begin] + "，" + text[day.end :]
    return [
        each
        for each in amounts(text)
        if each.value != 0 and (each.certain or not strict or _ASKED_BY.search(text[: each.begin]))
    ]


# -- who somebody is ---------------------------------------------------------------------------------

_NO_NAME_BEFORE = re.compile(
    r"^(?:[您你]好)?[,\s]*(?:我的?(?:名字|姓名)[叫是]?|(?:名字|姓名)[叫是]?|我就?[叫是]|本人[叫是]?|叫)[:\s]*"
)
_NO_NAME_AFTER = re.compile(r"[啊呀哦噢嘛呢,.!?。~\s]+$")
_SHORTEST_NAME = 2
_SPOKEN = str.maketrans("〇零一二三四五六七八九幺两叉", "001234567891" + "2X")


def said_name(text: str) -> str:
    """A name without what people put around it in a chat: 我叫李四。 is 李四."""
    plain = unicodedata.normalize("NFKC", text).strip(" ,.;:!?。、~")
    bare = _NO_NAME_AFTER.sub("", _NO_NAME_BEFORE.sub("", plain))
    return bare if len(bare) >= _SHORTEST_NAME else plain


def said_characters(text: str) -> str:
    """What was dictated, in figures: 零幺二叉 is 012X."""
    return text.translate(_SPOKEN)


# -- who paid ------------------------------------------------------------------------------------


def paid_by(kin: str) -> re.Pattern[str]:
    """我哥付的, 是老板转的, for a pattern of who it may be; not 转给我哥了, where they are the ones who got it."""
    own = "我们家|我家里?|我们|我|俺们?|咱们?|家里"
    return re.compile(
        rf"(?:^|[^给向跟找借欠到还付转打汇我们家俺咱里])(?:{own})?(?:的)?(?:{kin})[^我没不会要]{{0,8}}?[付还转给打交汇垫拿](?:[了的过清完出]|给(?!我))"
    )


# -- plans ---------------------------------------------------------------------------------------

# 两个月后 and 晚两个月 are days, no number of instalments.
_COUNT = re.compile(
    rf"(?:分(?:成)?|共|按)?({_NUMBER})(?:个)?(?:期|次|笔)"
    rf"|(?<![{_HAN}\d晚缓迟延推限拖给等过])(?<!延期)(?<!推迟|延迟|推后|延后|缓期)({_NUMBER})个月(?!之?[后内前]|以[后内前]|左右)"
)
_EACH = re.compile(r"(?:每|一)(?:个)?(?:月|期|次)(?:[^\d零一二两三四五六七八九十百千万]{0,4})")
MOST_INSTALMENTS = 60


def find_count(text: str) -> int | None:
    """In how many instalments: 分6期, 十二个月付清."""
    found = _COUNT.search(plain(text))
    if not found:
        return None
    count = int(numeral(found.group(1) or found.group(2)))
    return count if 2 <= count <= MOST_INSTALMENTS else None


_LESS = re.compile(rf"[少减免](?:[付给还交算掉了去点]|一点)*[\d{_HAN}]")


def waives(text: str) -> bool:
    """Whether the sum that is named is to be left out: 少两万."""
    return bool(_LESS.search(plain(text)))


_ONCE = re.compile(r"[一1][次笔]性?|[一1]个?月(?:之?内|以内|之?后|以后|之?前|左右)")


def once_less(text: str) -> str:
    """The text without 一次 and 一个月内, which are no "each time"."""
    return _ONCE.sub("", plain(text))


def find_each(text: str, today: date) -> int | None:
    """How much every time, in 分: 每月还2000; 一个月挣三千多，一个月还500 names it the second time."""
    text = plain(text)
    found = list(_EACH.finditer(text))
    ends = [*(f.start() for f in found[1:]), len(text)]
    sums = (find_sum(text[f.end() : end], today, strict=False) for f, end in zip(found, ends, strict=False))
    return next((amount for amount in sums if amount), None)


def by_parts(text: str) -> bool:
    """Whether something is to be paid every month or time, whatever the sum."""
    return bool(_EACH.search(once_less(text)))


def pays_off(total: Decimal | int, each: Decimal | int, count: int) -> bool:
    """Whether so many parts of that sum pay a total, so that both can have been meant.

    What is left over must be less than one part more: it goes into the last one. 12 parts of 5,000 pay
    60,475 (the last is 5,475) and 58,000 (3,000), but neither 65,000 nor 55,000.
    """
    return 0 < total - each * (count - 1) < 2 * each


def even_plan(balance: int, count: int | None, first: date, each: int | None = None) -> list[tuple[int, date]]:
    """Monthly instalments of a balance (分): even ones in whole 元, or `each` until it is used up.

    What does not divide goes into the last one; so does what so many parts of `each` leave over. ValueError
    when they do not go together (`pays_off`), or there are more than `MOST_INSTALMENTS`.
    """
    count = count or (-(-balance // each) if each else 1)
    if each and not pays_off(balance, each, count):
        raise ValueError("these parts do not pay it off")
    if not 1 <= count <= MOST_INSTALMENTS or balance < count * 100:
        raise ValueError("that many instalments cannot be")
    part = each or balance // count // 100 * 100
    sums = [part] * (count - 1)
    return [(amount, after_months(first, n)) for n, amount in enumerate([*sums, balance - sum(sums)])]
