"""Case numbers (案号): one written form for every bracket, width and leading zero; no I/O.

Form since 2016: （收案年度）法院代字 类型代字 案件编号 号 (《最高人民法院关于人民法院案件案号的若干规定》);
older numbers and those of arbitration bodies and notaries carry 字第 or 字〔year〕第.
"""

from __future__ import annotations

import re
import unicodedata

from bot.ledger.model import Broken, TitleKind

_OPEN = "([{<〔【〖「《［｛＜（"
_CLOSE = ")]}>〕】〗」》］｝＞）"
_BRACKETS = str.maketrans(dict.fromkeys(_OPEN, "(") | dict.fromkeys(_CLOSE, ")"))
_SPACES = re.compile(r"[\s\u200b\ufeff]+")
_HAN = "\u4e00-\u9fff"
_MODERN = re.compile(
    rf"\((\d{{4}})\)(最高法|[{_HAN}]\d{{0,4}})([{_HAN}]{{1,6}})(\d{{1,7}})号(之[一二三四五六七八九十]{{1,3}})?"
)
_OLDER = re.compile(rf"\((\d{{4}})\)([{_HAN}]{{1,10}})字第?(\d{{1,7}})(?:-(\d{{1,3}}))?号")
_BODY = re.compile(rf"([{_HAN}]{{2,16}})字?\((\d{{4}})\)第?(\d{{1,7}})(?:-(\d{{1,3}}))?号")
# A year without brackets can only be meant as one before a court's Chinese letters, or between 字 and 第.
_BARE_YEAR = re.compile(rf"^\(?(\d{{4}})\)?年?(?=[{_HAN}])|(?<=字)(\d{{4}})(?=第)")
_FIRST_YEAR = 1979  # the first code of civil procedure is of 1982, archives reach a little further back
_MODERN_SINCE = 2016
OTHER_BODIES = (TitleKind.ARBITRATION, TitleKind.NOTARY)  # these number in forms of their own


def normalise(text: str, latest_year: int, title: TitleKind | None = None) -> str:
    """The number in its one form, such as （2024）黔0402执123号.

    Broken: `case_number` when it is none, `case_year` when its year cannot be (after `latest_year`).
    Arbitration bodies and notaries number in forms of their own; with such a `title` they are taken.
    """
    plain = _SPACES.sub("", unicodedata.normalize("NFKC", text.translate(_BRACKETS)).translate(_BRACKETS))
    plain = _BARE_YEAR.sub(lambda found: f"({found[1] or found[2]})", plain)
    if found := _OLDER.fullmatch(plain):
        year, kind, number, part = found.groups()
        _check_year(year, latest_year if title in OTHER_BODIES else _MODERN_SINCE - 1)
        return f"（{year}）{kind}字第{int(number)}{f'-{int(part)}' if part else ''}号"
    if found := _MODERN.fullmatch(plain):
        year, court, kind, number, part = found.groups()
        _check_year(year, latest_year)
        return f"（{year}）{court}{kind}{int(number)}号{part or ''}"
    if title in OTHER_BODIES and (found := _BODY.fullmatch(plain)):
        kind, year, number, part = found.groups()
        _check_year(year, latest_year)
        return f"{kind.removesuffix('字')}字〔{year}〕第{int(number)}{f'-{int(part)}' if part else ''}号"
    raise Broken("case_number", text=text[:60])


def sought(text: str, latest_year: int) -> str:
    """The number in its one form, of whichever body: for whoever looks for a case that is in the ledger."""
    try:
        return normalise(text, latest_year)
    except Broken:
        return normalise(text, latest_year, OTHER_BODIES[0])


def _check_year(year: str, latest: int) -> None:
    if not _FIRST_YEAR <= int(year) <= latest:
        raise Broken("case_year", year=year)
