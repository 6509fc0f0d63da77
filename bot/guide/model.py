"""What every calculator gives back: the sum, each step to it, the law it rests on, and what the law leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 12  # 元; more than that is a slip of the finger
EARLIEST, LATEST = date(1991, 4, 9), date(2100, 12, 31)  # the Civil Procedure Law is of 1991-04-09


class CannotWorkOutError(ValueError):
    """The input cannot be worked with; `key` is the sentence of the catalogue that says why, filled by `params`."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(f"{key} {params}" if params else key)
        self.key = key
        self.params = params


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of the catalogue with its numbers: Decimal is 元, a date is a day, an int a count."""

    key: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cited:
    """A provision: an instrument's short name as in `faq/laws.yaml`, and its article."""

    law: str
    article: str
    at: str = ""  # a paragraph or item, as in the field's own citation


@dataclass(frozen=True, slots=True)
class Told:
    """A result as it is told to a person; `values` holds the same for another program."""

    kind: str
    head: Line
    steps: tuple[Line, ...] = ()
    basis: tuple[Cited, ...] = ()
    conventions: tuple[Line, ...] = ()  # what the law leaves open, how it was taken, what else would come out
    notes: tuple[Line, ...] = ()  # what is missing, what a person must look at, what to do next
    values: Mapping[str, Any] = field(default_factory=dict)
    remind: tuple[date, str] | None = None  # the day of which somebody may want to be reminded, and what it is


def rounded(amount: Decimal) -> Decimal:
    """To the 分, half up: at the last step only."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def checked_amount(amount: Decimal | None) -> Decimal:
    """An amount in 元 that can be worked with; CannotWorkOutError for zero, less, too much, or parts of a 分."""
    if amount is None or not amount.is_finite() or amount <= 0:
        raise CannotWorkOutError("calc.wrong.amount")
    if amount > LARGEST:
        raise CannotWorkOutError("calc.wrong.too_much")
    if amount != amount.quantize(CENT):
        raise CannotWorkOutError("calc.wrong.cents")
    return amount


def checked_day(day: date) -> date:
    """A day that can be worked with."""
    if not EARLIEST <= day <= LATEST:
        raise CannotWorkOutError("calc.wrong.day_far", day=day)
    return day


def percent(rate: Decimal) -> str:
    """A fraction as people write it: 0.015 is 1.5%."""
    return f"{(rate * 100).normalize():f}%"
