"""Sums in Chinese capitals (大写): 100,000.00 元 is 壹拾万元整. No I/O.

The rules are those of bankers: 整 after 元 and none after 分; one 零 for zeros inside the number, and one
before 分 where there is no 角. Where a 零 is optional (a section that ends in zero before one that does not
begin with it) it is left out.
"""

from __future__ import annotations

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_SECTIONS = ("", "万", "亿", "万亿")
LARGEST = 10**18 - 1  # 分


def capitals(cents: int) -> str:
    """A sum of 0 to `LARGEST` 分 in capitals; ValueError outside of that."""
    if not 0 <= cents <= LARGEST:
        raise ValueError("a sum in capitals is from 0 to 10^18 - 1 分")
    whole, rest = divmod(cents, 100)
    tenths, hundredths = divmod(rest, 10)
    words = _whole(whole) + "元" if whole else ""
    if tenths:
        words += _DIGITS[tenths] + "角"
    elif hundredths and whole:
        words += "零"
    if hundredths:
        return words + _DIGITS[hundredths] + "分"
    return (words or "零元") + "整"


def _whole(number: int) -> str:
    words, gap = "", False
    sections = _in_sections(number)
    for place in range(len(sections) - 1, -1, -1):
        section = sections[place]
        if not section:
            gap = bool(words)
            continue
        if words and (gap or section < 1000):
            words += "零"
        # 万亿 carries its 亿 itself only where the section of 亿 below is empty.
        unit = "万" if place == 3 and sections[2] else _SECTIONS[place]
        words += _section(section) + unit
        gap = False
    return words


def _in_sections(number: int) -> list[int]:
    """Sections of four digits, the lowest first."""
    found = []
    while number:
        number, section = divmod(number, 10_000)
        found.append(section)
    return found


def _section(number: int) -> str:
    """1 to 9999; a zero inside it is said once."""
    words, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if gap and words else "") + _DIGITS[digit] + _PLACES[place]
            gap = False
        else:
            gap = True
    return words
