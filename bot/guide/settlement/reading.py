"""A schedule in somebody's own words: 12月10日付2万，1月10日付3万，余款2月底."""

from __future__ import annotations

import re
from datetime import date

from bot.reach.saying import find_day, find_each, find_one, find_sums, unclear_sum, whole

_BREAK = re.compile(r"[;；,，、。\n\t]+")
_DOWN = re.compile(r"先|首付|首期|头期|第一期|第一次|第一笔")
_REST = re.compile(r"剩|余下|余款|其余|尾款|以后|之后|然后|再")
_LEFT = re.compile(r"剩|余下|余款|其余|尾款")
_FROM = re.compile(r"[从自].{1,12}|开始|起|首期|第一期")
_THOUSANDS = re.compile(r"(?<=\d)[,，](?=\d{3}(?!\d))")


def read_schedule(text: str, today: date, total: int) -> list[tuple[int, date]]:
    """(分, day) of each part, in the order in which they were written; empty when it is no schedule.

    A part without a sum that speaks of the rest gets what is left of `total`. A day without a year is
    the next one after the part before it.
    """
    found: list[tuple[int, date]] = []
    for piece in _BREAK.split(_THOUSANDS.sub("", text)):
        if not piece.strip():
            continue
        day = find_day(piece, today)
        if day and found and day.day <= found[-1][1]:
            day = find_day(piece, found[-1][1])
        if day is None:
            return []
        amount = find_one(piece, today)
        if amount is None and whole(piece) and not unclear_sum(piece, today):
            amount = total - sum(a for a, _ in found)
        if not amount:
            return []
        found.append((amount, day.day))
    return found if len(found) > 1 else []


def read_down(text: str, today: date) -> int:
    """What is paid first (分), before equal parts: 先2万，剩下的每月5千; 0 where nothing of the kind is said."""
    plain = _THOUSANDS.sub("", text)
    rest = _REST.search(plain)
    if rest is None or not _DOWN.search(plain[: rest.start()]):
        return 0
    before, after = plain[: rest.start()], plain[rest.start() :]
    sums = find_sums(before, today, strict=False)
    each = find_each(after, today)
    clear = len(sums) == 1 and not find_each(before, today) and {*find_sums(after, today)} <= {each}
    return sums[0] if clear else 0


def speaks_of_rest(text: str) -> bool:
    """Whether something comes before what is left: 剩下的明年年底前还清."""
    return bool(_LEFT.search(text))


def names_first(text: str) -> bool:
    """Whether a day in the words is that of the first part: 从1月10号开始."""
    return bool(_FROM.search(text))


def leftover(text: str, today: date, each: int, down: int, total: int) -> int:
    """A sum (分) in the words that is neither the one each time, nor the first, nor the whole; 0 for none."""
    used = {each, down, total}
    return next((s for s in find_sums(_THOUSANDS.sub("", text), today) if s not in used), 0)
