"""Identifiers made by the application: 64-bit, sorted by time, unique over replicas."""

from __future__ import annotations

import secrets
from datetime import datetime

_RANDOM_BITS = 21
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_EPOCH_MS = 1_704_067_200_000  # 2024-01-01, so that ids stay positive in a signed 64-bit column


class Ids:
    """Makes ids that grow with time; within one millisecond they grow by a random step.

    Rows can then be inserted in bulk without asking the database for keys, and sorting by id is
    sorting by creation.
    """

    def __init__(self) -> None:
        self._last = 0

    def new(self, now: datetime) -> int:
        """A fresh id; always greater than the one before it from this maker."""
        base = (int(now.timestamp() * 1000) - _EPOCH_MS) << _RANDOM_BITS
        step = secrets.randbelow(1 << 10) + 1
        self._last = max(base | secrets.randbelow(1 << (_RANDOM_BITS - 2)), self._last + step)
        return self._last


def first_at(moment: datetime) -> int:
    """The least id of that millisecond: rows made since then have a greater one."""
    return (int(moment.timestamp() * 1000) - _EPOCH_MS) << _RANDOM_BITS


def short(number: int) -> str:
    """An id in base 36, for a button's 64 bytes."""
    out = ""
    while number:
        number, digit = divmod(number, 36)
        out = _DIGITS[digit] + out
    return out or "0"


def long(text: str) -> int:
    """The id that `short` wrote; ValueError when it is none."""
    return int(text, 36)
