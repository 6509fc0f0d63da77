"""Sums of money in one grammar: 3万5, 2万5千6百, 十二点五万, 5块3毛; pure, and what is not exact is never rounded.

A number that looks like money but cannot be read to the 分 (50多万, 5o万, 30到50万) is found all the same,
without a value, so that whoever reads it can ask instead of guessing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
UNITS = {"十": 10, "百": 100, "千": 1000, "k": 1000, "万": 10_000, "w": 10_000, "亿": 100_000_000}
HAN = "零〇一二两俩三四五六七八九十百千万亿"
_VAGUE = "多余来几数"
_NUMBER = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
_TOKEN = re.compile(rf"({_NUMBER})|([零〇])|([一二两俩三四五六七八九])|([十百千k万w亿])")
_RUN = re.compile(
    rf"[\d{HAN}几数](?:[\d{HAN}wk{_VAGUE}]|[.,](?=\d)|点(?=[一二三四五六七八九零〇\d])|半(?![年个月天数款])|来(?=[万千百]))*"
)
_DIGIT = r"([\d一二三四五六七八九])"
# After the currency: 元7角8分, or 3块5 for 3.5.
_TAIL = re.compile(
    rf"(元|块钱|块|圆|rmb|人民币|钱)(?:{_DIGIT}(?![\d{HAN}.,角毛分wk期个次号日月年天])|(?:{_DIGIT}[角毛])?(?:零?{_DIGIT}分)?)"
)
_POINT = re.compile(r"([零〇一二两三四五六七八九十百]+)点([零〇一二两三四五六七八九]+)")
_COUNTED = re.compile(r"[%‰°*期个次号日月年天级楼条名位岁点倍折号份套遍趟辆人口栋]|分之|分(?!期|\d)")
_ONCE = re.compile(r"[\d十百千万亿][一两]$")
_MISTYPED = re.compile("[a-z]+[万千亿元块]")  # 5o万
_RANGE = re.compile(r"[-~—–至到]|或者?")
_LARGE = frozenset("百千万亿wk")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number that may be money: its value in 元 (None: not to be read exactly), and where it stands."""

    value: Decimal | None
    begin: int
    end: int
    certain: bool  # a unit of currency or a large numeral: it is money, whatever stands around it
    rough: Decimal | None = None  # about how much 50多万 is


def amounts(text: str) -> Iterator[Amount]:
    """Every number of a plain text (see `saying.plain`) that may be a sum, in its order."""
    found = list(_all(text))
    for number, each in enumerate(found):
        after = found[number + 1] if number + 1 < len(found) else None
        before = found[number - 1] if number else None
        low = after and _RANGE.fullmatch(text[each.end : after.begin])
        high = before and _RANGE.fullmatch(text[before.end : each.begin])
        if low or high:
            certain = each.certain or bool(low and after and after.certain)
            yield Amount(None, each.begin, each.end, certain)
        else:
            yield each


def _all(text: str) -> Iterator[Amount]:
    behind = 0
    for run in _RUN.finditer(text):
        if run.start() < behind:
            continue
        said = run.group()
        if _ONCE.search(said) and _COUNTED.match(text, run.end()):
            said = said[:-1]  # 两万一次付清, 三千一个月
        stop = run.start() + len(said)
        tail = _TAIL.match(text, stop)
        end = behind = tail.end() if tail else stop
        if _skipped(text, said, run.start(), end, money=bool(tail)):
            continue
        certain = bool(tail) or bool(_LARGE & set(said))
        broken = _broken_by(text, run.start(), end)
        value = None if broken else _with_tail(exact(said), tail)
        rough = None if broken or value is not None else _rough(said)
        certain = certain or (broken and bool(_MISTYPED.match(text, end)))
        if value is not None or certain or said[0].isdigit():
            yield Amount(value, run.start(), end, certain, rough)


def _skipped(text: str, said: str, begin: int, end: int, *, money: bool) -> bool:
    """Whether a run counts something else, or nothing at all."""
    if not money and _COUNTED.match(text, end):
        return True
    if not any(c.isdigit() or c in DIGITS or c == "十" for c in said):
        return True  # 千万不要, 好几万
    if said[0] in "百千万亿" or (len(said) == 1 and not said.isdigit() and not money):
        return True  # 万一, 一起
    return bool(re.search(r"(?:第|分之)$", text[:begin]))


def _broken_by(text: str, begin: int, end: int) -> bool:
    """Whether a letter, a sign or a digit stands directly beside it: 5o万, x123."""
    behind = rf"[a-z*]|[.,]?\d|[{HAN}]+[十百千万亿]"
    return bool(re.match(behind, text[end:])) or bool(re.search(r"(?:[\da-z*]|\d[.,])$", text[:begin]))


def _with_tail(value: Decimal | None, tail: re.Match[str] | None) -> Decimal | None:
    if value is None or tail is None:
        return value
    _, short, tenth, hundredth = tail.groups()
    return value + Decimal(_digit(tenth or short)) / 10 + Decimal(_digit(hundredth)) / 100


def _digit(text: str | None) -> int:
    return 0 if not text else int(text) if text.isdigit() else DIGITS[text]


def exact(said: str) -> Decimal | None:
    """The value of a number in digits, numerals or both; None when anything in it is left over or vague."""
    if found := _POINT.search(said):
        whole = exact(found.group(1)) if len(found.group(1)) > 1 else Decimal(DIGITS.get(found.group(1), 10))
        if whole is None:
            return None
        fraction = "".join(str(DIGITS[c]) for c in found.group(2))
        said = said[: found.start()] + f"{whole:f}.{fraction}" + said[found.end() :]
    tokens: list[tuple[str, str]] = []
    place = 0
    while place < len(said):
        match = _TOKEN.match(said, place)
        if match is None:
            return None
        kind = "nzdu"[(match.lastindex or 1) - 1]
        if tokens and kind in "nd" and tokens[-1][0] in "nd":
            return None  # 5三, 二〇二四
        tokens.append((kind, match.group()))
        place = match.end()
    return _sections(tokens, None)


def _sections(tokens: list[tuple[str, str]], below: int | None) -> Decimal | None:
    """A number whose parts all lie below a unit; split at its largest unit."""
    if not tokens:
        return Decimal(0)
    units = [UNITS[t] for kind, t in tokens if kind == "u"]
    if not units:
        return _plain(tokens, below)
    largest = max(units)
    if below is not None and largest >= below:
        return None
    at = next(i for i, (kind, t) in enumerate(tokens) if kind == "u" and UNITS[t] == largest)
    head, rest = tokens[:at], tokens[at + 1 :]
    if any(UNITS[t] == largest for kind, t in rest if kind == "u"):
        return None
    if not head and largest == 10:
        head = [("n", "1")]
    elif not head and largest < 10_000 and below is not None:
        return None
    coefficient = _coefficient(head)
    if coefficient is None:
        return None
    following = _following(rest, largest)
    if following is None or (following and coefficient != coefficient.to_integral_value()):
        return None
    return coefficient * largest + following


def _coefficient(head: list[tuple[str, str]]) -> Decimal | None:
    """What stands before a unit: 3, 十二, 3百5十; more than nothing. A leading zero (零五百) is none of it."""
    if head and head[0][0] == "z":
        head = head[1:]
    value = _sections(head, None) if head else None
    return value or None


def _following(rest: list[tuple[str, str]], unit: int) -> Decimal | None:
    """What stands after a unit. A single digit is of the next place (1万5), unless a zero goes before it."""
    if not rest:
        return Decimal(0)
    if len(rest) == 1 and (rest[0][0] == "d" or (rest[0][0] == "n" and len(rest[0][1]) == 1)) and unit > 10:
        return Decimal(_digit(rest[0][1])) * unit / 10
    if rest[0][0] == "z":
        rest = rest[1:]
        if not rest:
            return None
    value = _sections(rest, unit)
    return value if value is None or 0 < value < unit else None


def _plain(tokens: list[tuple[str, str]], below: int | None) -> Decimal | None:
    """One number, or one digit."""
    if len(tokens) != 1 or tokens[0][0] == "z":
        return None
    kind, said = tokens[0]
    if kind == "d":
        return Decimal(_digit(said))
    if below is not None and ("," in said or (len(said) > 1 and said.startswith("0") and below)):
        return None
    value = Decimal(said.replace(",", ""))
    return value if below is None or value < below else None


def _rough(said: str) -> Decimal | None:
    """About how much: 50多万 is about 500,000; None for 几万, of which nobody knows."""
    if "几" in said or "数" in said or "半" in said:
        return None
    return exact(re.sub("[多余来]", "", said))


FOREIGN = re.compile(
    r"美元|美金|美刀|港币|港元|港纸|欧元|日元|日币|日圆|英镑|澳元|澳币|加元|加币|韩元|韩币|新台币|台币|新加坡元|新币|泰铢|卢布|法郎|澳门元"
    r"|外币|外汇|比特币|usdt?|hkd|eur|jpy|gbp|[$€£]"
)


def foreign(text: str) -> str:
    """The currency other than 人民币 that a plain text names; empty for none."""
    found = FOREIGN.search(text)
    return found.group() if found else ""
