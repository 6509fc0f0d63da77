"""What people write about a calculation: sums, days (二〇二四年三月一日 too), and the words of `faq/calculators.yaml`.

The grammar of numerals and dates is shared with `bot/reach/saying.py`; which words ask for which
calculator, and which datum they name, is data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.reach.saying import find_count, find_day, find_each, find_sums, plain

FILE = "calculators.yaml"
LONGEST = 200  # characters of a sentence that is read for sums and days
_YEAR = re.compile("([12一二][〇零○0-9一二三四五六七八九]{3})年")
_YEAR_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_FULL = re.compile(r"(?<!\d)(\d{4})(?:[年\-/.])(\d{1,2})(?:[月\-/.])(\d{1,2})[日号]?")
_HAN = "一二三四五六七八九十"
_MONTH_DAY = re.compile(rf"(?<![\d年{_HAN}])(\d{{1,2}}|[{_HAN}]{{1,2}})月(\d{{1,2}}|[{_HAN}]{{1,3}})[日号]")
# 15天内, 两年前: how long, and no day that anybody could count on.
_SPAN = re.compile(rf"(?<![月\d{_HAN}])(?:\d+|[{_HAN}两半]+)(?:个)?(?:天|日|周|星期|月|年)(?:之|以)?[内后前]")
_BARE = re.compile(r"[-+]?[\d,，]+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LARGEST_BARE = 40


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
    """The text with its years in digits."""
    return _YEAR.sub(lambda found: found.group(1).translate(_YEAR_DIGITS) + "年", plain(text[:LONGEST]))


def day_of(text: str, today: date, *, past: bool = True) -> date | None:
    """The one day that a text names; None for none, and for one that does not exist."""
    found = days_of(text, today, past=past)
    return found[0] if found else None


def days_of(text: str, today: date, *, past: bool = True) -> list[date]:
    """Every day that a text names, in its order; one that does not exist makes the list empty."""
    text = readable(text)
    if impossible_day(text):
        return []
    found: list[tuple[int, date]] = []
    for match in list(_FULL.finditer(text)):
        found.append((match.start(), date(*(int(g) for g in match.groups()))))
        text = text[: match.start()] + "，" * (match.end() - match.start()) + text[match.end() :]
    for _ in range(12):
        near = find_day(text, today, past=past)
        if near is None:
            break
        found.append((near.begin, near.day))
        text = text[: near.begin] + "，" * (near.end - near.begin) + text[near.end :]
    return list(dict.fromkeys(day for _, day in sorted(found)))


def impossible_day(text: str) -> str:
    """A day that does not exist, as it is written (2月30日); empty when there is none."""
    text = readable(text)
    for match in _FULL.finditer(text):
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


# -- which calculator ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cue:
    """When a calculator is meant: topics, words that ask for a result, words that speak against it."""

    kind: str
    topics: frozenset[str]
    asks: tuple[str, ...]
    against: tuple[str, ...]
    roles: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    alone: bool = False  # its words are enough, without a topic


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
        return any(_named(text, cue) for cue in self._cues) and bool(re.search(rf"\d|[{_HAN}][年月万千百]", text))

    def find(self, text: str, topic: str, today: date) -> Meant | None:
        """The calculator, if the words ask for it, the topic fits, and they name at least one datum."""
        words = readable(text)
        for cue in self._cues:
            fits = topic in cue.topics or (cue.alone and not topic)
            if fits and _named(words, cue):
                data = facts(cue, words, today)
                if data is None and impossible_day(words):
                    data = {}  # the day is said to be none, and asked for
                if data is not None:
                    return Meant(cue.kind, data, topic if topic in cue.topics else "")
        return None

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
    text = _SPAN.sub("，", text)
    days = days_of(text, today)
    sums = [Decimal(s) / 100 for s in find_sums(_without_days(text), today)]
    read = {
        "fee": _fee_facts,
        "interest": _interest_facts,
        "limitation": _limitation_facts,
        "effect": _effect_facts,
        "seizure": _seizure_facts,
        "plan": _plan_facts,
    }[cue.kind]
    return read(cue, text, sums, days, today)


def _without_days(text: str) -> str:
    return _FULL.sub("，", text)


def _fee_facts(cue: Cue, text: str, sums: list[Decimal], _days: list[date], _today: date) -> dict[str, Any] | None:
    if len(sums) != 1:
        return None
    kind = _role(cue, "kind", text)
    return {"amount": sums[0]} | ({"kind": kind} if kind else {})


def _interest_facts(cue: Cue, _text: str, sums: list[Decimal], days: list[date], today: date) -> dict[str, Any] | None:
    """One sum and the day by which it should have been paid; a later second day is the day of payment."""
    if len(sums) > 1 or len(days) > 2 or not (sums or days) or _role(cue, "unsure", _text):
        return None
    found: dict[str, Any] = {"amount": sums[0]} if sums else {}
    past = sorted(d for d in days if d <= today)
    if past:
        found["due"] = past[0]
    if len(days) == 2 and max(days) > min(days):
        found["until"] = max(days)
    return found or None


def _limitation_facts(
    cue: Cue, text: str, _sums: list[Decimal], days: list[date], today: date
) -> dict[str, Any] | None:
    if len(days) != 1 or days[0] > date(today.year + 5, 12, 31):
        return None
    rule = _role(cue, "rule", text)
    return {"start": days[0]} | ({"rule": rule} if rule else {})


def _effect_facts(cue: Cue, text: str, _sums: list[Decimal], days: list[date], _today: date) -> dict[str, Any] | None:
    if not days or len(days) > 2 or _role(cue, "unsure", text):
        return None
    title = _role(cue, "title", text)
    return {"served": max(days)} | ({"title": title} if title else {})


def _seizure_facts(cue: Cue, text: str, _sums: list[Decimal], days: list[date], today: date) -> dict[str, Any] | None:
    if len(days) != 1 or days[0] > today:
        return None
    asset = _role(cue, "asset", text)
    return {"start": days[0]} | ({"asset": asset} if asset else {})


def _plan_facts(_cue: Cue, text: str, sums: list[Decimal], days: list[date], today: date) -> dict[str, Any] | None:
    """A total with a count, or with a sum each time."""
    count, each = find_count(text), find_each(text, today)
    if each is not None and len(sums) == 2:
        total = next((s for s in sums if s * 100 != each), None)
        found: dict[str, Any] = {"amount": total, "each": Decimal(each) / 100} if total else {}
    elif count and len(sums) == 1:
        found = {"amount": sums[0], "count": count}
    else:
        return None
    if days and days[-1] >= today:
        found["first"] = days[-1]
    return found or None


# -- answers on a path ---------------------------------------------------------------------------

_RATE = re.compile(r"(\d{1,2}(?:\.\d{1,4})?)%")
_PUBLISHED = re.compile(r"lpr|报价利率")
_FIVE_YEARS = re.compile(r"五年|5年")
_TIMES = re.compile(r"(\d{1,2}(?:\.\d{1,2})?|[一二两三四五六七八九])倍")
_TIMES_OF = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_SEPARATORS = re.compile(r"[\n；;。]+")


def rate_of(text: str) -> dict[str, str] | None:
    """A yearly rate (`rate`, percent), or a published one with its multiple (`table`, `multiple`); None for neither."""
    words = readable(text)
    if _PUBLISHED.search(words):
        times = _TIMES.search(words)
        said = times.group(1) if times else "1"
        table = "lpr_5y" if _FIVE_YEARS.search(words) else "lpr_1y"
        return {"table": table, "multiple": str(_TIMES_OF.get(said, said))}
    found = _RATE.search(words)
    return {"rate": found.group(1)} if found and Decimal(found.group(1)) > 0 else None


def dated_sums(text: str, today: date, *, past: bool) -> list[tuple[date, Decimal]] | None:
    """Lines that each name one day and one sum; None when a line does not."""
    found = []
    for line in _SEPARATORS.split(text[:2000]):
        if not line.strip():
            continue
        days = days_of(line, today, past=past)
        sums = find_sums(_without_days(readable(line)), today, strict=False)
        if len(days) != 1 or len(sums) != 1:
            return None
        found.append((days[0], Decimal(sums[0]) / 100))
    return found or None


def listed_days(text: str, today: date, *, past: bool) -> list[date]:
    """Every day of an answer that may run over several lines."""
    found = [d for line in re.split(r"[\n；;。、,，\s]+", text[:2000]) for d in days_of(line, today, past=past)]
    return list(dict.fromkeys(found))
