"""From what people type to what can be compared: one script, one width, one wording, no filler.

The case number and the amounts that a question names are taken out as facts and leave a mask,
because their digits say nothing about the topic.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

import opencc

from bot.consult.lexicon import Scanner, Words

LONGEST = 1200  # characters that are looked at: the head and the tail of a longer message

CASE_NUMBER = re.compile(
    r"[(\[〔【]?\s*((?:19|20)\d{2})\s*[)\]〕】]?\s*([\u4e00-\u9fff]?\d{0,4}[\u4e00-\u9fff]{1,6}\d{0,2}?)\s*(?:字第)?\s*(\d{1,6})\s*号(?:之[一二三四五六七八九十\d]+)?"
)
AMOUNT = re.compile(
    r"(?<![\dA-Za-z.])(\d+(?:[,，]\d{3})*(?:\.\d+)?|[一二两三四五六七八九十百千]+(?:万[零一二两三四五六七八九十百千]+)?)\s*(亿|千万|百万|万|千|w|k)?\s*(\d(?![\d.])千?)?\s*(多|余|来)?\s*(亿|万)?\s*(元|块钱|块|人民币|圆|塊)?"
)
IDENTITY = re.compile(r"(?<!\d)\d{17}[\dxX](?!\d)|(?<!\d)\d{11,19}(?!\d)")
ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
REPEATED = re.compile(r"(.{4,40}?)\1+")
STUTTER = re.compile(r"([\u4e00-\u9fff])\1{2,}")
BREAKS = re.compile(r"[^\w%]+")
SENTENCE_ENDS = re.compile(r"[。！？!?;；\n…]+")
KEPT_MARK = "\x00"
DIGITS = {each: value for value, each in enumerate("零一二三四五六七八九")} | {"两": 2}
UNITS = {"十": 10, "百": 100, "千": 1000}
SCALES = {"亿": 1e8, "千万": 1e7, "百万": 1e6, "万": 1e4, "w": 1e4, "千": 1e3, "k": 1e3}
LARGE = ("万", "w", "亿", "百万", "千万")  # nothing but money is counted so
NO_NUMBER = ("百", "千")  # as in 千万不要
PAYING = re.compile(r"[还付给交欠赔凑拿借扣差判](?:了|我|你|他|她|您|出|到|满|够|起)?\s*$")  # what follows is a sum: 先还三千, 欠5000
COUNTED = re.compile(r"\s*[年月天日号个条次户人名件份期岁分%％章款点时小套辆台亩]")  # and this is none: 给三百人
UNIT_OR_PIECE = "块"  # 一块地 is no money, 500块 is
AMOUNT_MASK = "某元"
CASE_MASK = "案号"


@dataclass(frozen=True, slots=True)
class Normal:
    """A question in comparable form."""

    raw: str
    clauses: tuple[str, ...]  # between punctuation, without filler; joined they are the text
    sentence_of: tuple[int, ...]  # the number of the sentence to which each clause belongs
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All clauses without a break."""
        return "".join(self.clauses)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The clauses joined again into sentences."""
        joined: dict[int, str] = {}
        for number, clause in zip(self.sentence_of, self.clauses, strict=True):
            joined[number] = joined.get(number, "") + clause
        return tuple(joined.values())


class Normaliser:
    """Brings texts into comparable form, by the lexicon's wording."""

    def __init__(self, words: Words) -> None:
        """Takes the compiled lexicon."""
        self._replace = words.replace
        self._filler: Scanner[str] = words.filler
        self._address: Scanner[str] = words.address

    def __call__(self, text: str) -> Normal:
        """The text in comparable form, with the facts that it names."""
        plain = simplified(unicodedata.normalize("NFKC", _shortened(text))).lower()
        facts: dict[str, str] = {}
        plain = _masked(plain, facts)
        parts = [
            (number, self._replace.replace(part.replace("_", "")))
            for number, sentence in enumerate(SENTENCE_ENDS.split(plain))
            for part in BREAKS.split(_collapsed(sentence))
            if part
        ]
        kept = [(number, clause) for number, part in parts if (clause := self._without_filler(part))]
        numbers, clauses = zip(*(kept or parts or [(0, "")]), strict=True)
        return Normal(text, clauses, numbers, facts)

    def _without_filler(self, part: str) -> str:
        """A clause without what people say before and after what they mean."""
        while part:
            hit = self._filler.longest(part, 0)
            if hit is None:
                break
            part = part[hit[0] :]
        while part:
            end = self._filler.ending(part)
            if end is None:
                break
            part = part[:end]
        return "" if part in self._address else part


def simplified(text: str) -> str:
    """The text in simplified script."""
    return str(_converter().convert(text))


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def _shortened(text: str) -> str:
    """Head and tail of an overlong message: that is where people ask."""
    return text if len(text) <= LONGEST else text[: LONGEST // 2] + "\n" + text[-LONGEST // 2 :]


def _collapsed(text: str) -> str:
    """Says once what was pasted or stammered twice."""
    return STUTTER.sub(r"\1", REPEATED.sub(r"\1", text))


def _masked(text: str, facts: dict[str, str]) -> str:
    """Takes addresses, case numbers, identity numbers and amounts out of the text."""
    text = ADDRESS.sub(" 链接 ", text)
    text = CASE_NUMBER.sub(lambda found: _case(found, facts), text)
    text = IDENTITY.sub("号码", text)
    return AMOUNT.sub(lambda found: _amount(found, facts), text)


def _case(found: re.Match[str], facts: dict[str, str]) -> str:
    year, court, number = found.groups()
    facts.setdefault("case_number", f"（{year}）{court}{number}号")
    return CASE_MASK


def _amount(found: re.Match[str], facts: dict[str, str]) -> str:
    """An amount becomes a mask; a number that is none (a year, a share) stays."""
    number, scale, further, _, late_scale, currency = found.groups()
    if not currency and not (scale in LARGE or late_scale or "万" in number) and not _paid(found):
        return found.group()
    if number in NO_NUMBER or (currency == UNIT_OR_PIECE and not scale and not number[0].isdigit()):
        return found.group()
    value = _number(number) * SCALES.get(scale or "", 1)
    if further and scale:
        value += int(further[0]) * SCALES[scale] / 10
    value *= SCALES.get(late_scale or "", 1)
    if value <= 0:
        return found.group()
    facts.setdefault("amount", f"{value:.2f}")
    return AMOUNT_MASK


def _paid(found: re.Match[str]) -> bool:
    """Whether a bare number is what somebody pays or owes: at least a hundred, behind a word of paying."""
    if not PAYING.search(found.string[: found.start()]) or COUNTED.match(found.string, found.end()):
        return False
    number, scale = found.group(1), found.group(2)
    return number not in NO_NUMBER and _number(number) * SCALES.get(scale or "", 1) >= 100


def _number(text: str) -> float:
    """A number in digits or in simple Chinese numerals."""
    if text[0].isdigit():
        return float(text.replace(",", "").replace("，", ""))
    high, _, low = text.rpartition("万")
    value = _number(high) * 10_000 if high else 0.0
    total, digit = 0, 0
    for each in low:
        if each in UNITS:
            total += (digit or 1) * UNITS[each]
            digit = 0
        else:
            digit = DIGITS.get(each, 0)
    if len(text) > 1 and (before := {**UNITS, "万": 10_000}.get(text[-2], 0)) >= 100:
        digit *= before // 10  # 三千五 is 3,500
    return value + total + digit
