"""A schedule in somebody's own words: 12月10日付2万，1月10日付3万，余款2月底."""

from __future__ import annotations

import re
from datetime import date

from bot.reach.saying import find_day, find_one, unclear_sum, whole

_BREAK = re.compile(r"[;；,，、。\n\t]+")
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
