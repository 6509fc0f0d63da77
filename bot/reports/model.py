"""What a figure is: how the rows that it counts become a number; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Unit(StrEnum):
    """How a figure is read."""

    COUNT = "count"
    YUAN = "yuan"  # kept in 分
    SHARE = "share"  # of 1
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: `rows` are the facts that it counts; a share is among `of`. Its words are in the catalogue.

    `everywhere` tells that its rows belong to no court: a chat does not say which court it is about.
    """

    name: str
    rows: str
    unit: Unit = Unit.COUNT
    of: str = ""
    everywhere: bool = False
    against_last_year: bool = False


# In the order in which they are reported.
FIGURES: tuple[Figure, ...] = (
    Figure("asked", "asked", everywhere=True),
    Figure("answered_share", "answered", Unit.SHARE, "asked", everywhere=True),
    Figure("handed_over", "handed_over"),
    Figure("helpful_share", "helpful", Unit.SHARE, "helpful+unhelpful", everywhere=True),
    Figure("satisfied_share", "satisfied", Unit.SHARE, "rated"),
    Figure("visits", "visits"),
    Figure("visits_settle", "visits_settle"),
    Figure("first_enforcement", "first_enforcement", against_last_year=True),
    Figure("urged", "urged"),
    Figure("performed", "performed"),
    Figure("performed_amount", "performed", Unit.YUAN),
    Figure("performed_before", "performed_before"),
    Figure("performed_before_amount", "performed_before", Unit.YUAN),
    Figure("performed_urged", "performed_urged"),
    Figure("paid_amount", "paid", Unit.YUAN),
    Figure("paid_third_amount", "paid_third", Unit.YUAN),
    Figure("referred_before", "referred_before"),
    Figure("settled_before", "settled_before"),
    Figure("referred_in", "referred_in"),
    Figure("settled_in", "settled_in"),
    Figure("settled_amount", "settled_before+settled_in", Unit.YUAN),
    Figure("settlement_broken", "settlement_broken"),
    Figure("follow_ups", "follow_ups"),
    Figure("follow_up_share", "followed_up", Unit.SHARE, "follow_ups"),
    Figure("node_days", "nodes", Unit.DAYS),
    Figure("nodes_in_time_share", "nodes_in_time", Unit.SHARE, "nodes"),
    Figure("notary", "notary"),
    Figure("priority_cases", "priority_cases"),
    Figure("performed_wage_amount", "performed_wage", Unit.YUAN),
    Figure("petitions", "petitions"),
    Figure("petitions_share", "petitions_answered", Unit.SHARE, "petitions"),
)
BY_NAME: Mapping[str, Figure] = {f.name: f for f in FIGURES}


@dataclass(frozen=True, slots=True)
class Value:
    """A figure of one court: None where nothing can be said, such as of a year of which the ledger knows nothing.

    `before` is the same month a year earlier.
    """

    value: float | int | None
    before: int | None = None

    @property
    def growth(self) -> float | None:
        """Against last year, as a share; None without anything to compare."""
        if self.before in (None, 0) or self.value is None:
            return None
        return self.value / self.before - 1


@dataclass(frozen=True, slots=True)
class Month:
    """The figures of a month: by figure, then by court; "" is all courts together."""

    first: date
    courts: tuple[str, ...]
    values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)


class Kind(StrEnum):
    """What a line of the table says of its figure."""

    VALUE = "value"
    LAST_YEAR = "last_year"
    GROWTH = "growth"


# The lines of the table, in order: each figure, and what stands below it.
LINES: tuple[tuple[Figure, Kind], ...] = tuple(
    (figure, kind) for figure in FIGURES for kind in Kind if kind is Kind.VALUE or figure.against_last_year
)


def first_of(text: str) -> date:
    """The first day of a month written 2026-11; ValueError otherwise, and for one without a year before and after."""
    year, _, month = text.strip().partition("-")
    if not date.min.year < int(year) < date.max.year:
        raise ValueError(f"{year} is no year of which there are figures")
    return date(int(year), int(month), 1)


def next_month(first: date) -> date:
    """The first day of the month after."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def share(part: int, whole: int) -> float | None:
    """None of nothing is unknown, not zero."""
    return part / whole if whole else None


def written(figure: Figure, value: Value | None, kind: Kind = Kind.VALUE) -> str:
    """A figure as people read it; a dash where nothing can be said."""
    if value is None:
        return "–"
    number = {Kind.VALUE: value.value, Kind.LAST_YEAR: value.before, Kind.GROWTH: value.growth}[kind]
    if number is None:
        return "–"
    if kind is Kind.GROWTH:
        return f"{number:+.1%}"
    if figure.unit is Unit.SHARE:
        return f"{number:.1%}"
    if figure.unit is Unit.YUAN:
        yuan, fen = divmod(int(number), 100)
        return f"{yuan:,}.{fen:02d}"
    return f"{number:.1f}" if figure.unit is Unit.DAYS else f"{number:,}"
