"""Reads the figures of a month, and the rows behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.clock import SHANGHAI, Clock, local_day
from bot.ledger.courts import Courts
from bot.reports.model import BY_NAME, FIGURES, Figure, Month, Unit, Value, next_month, share
from bot.staff.audit import Audit
from bot.staff.model import Right, Who
from bot.store.reports import Fact, Span
from bot.store.work import Store, Work

Totals = dict[str | None, tuple[int, int]]
EVERYWHERE = ""  # all courts together
MOST = 500  # rows behind a figure that are listed


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows behind a figure: how many there are, and the newest of them."""

    count: int
    rows: Sequence[Fact]


class Reports:
    """Figures for those with `Right.SEE_REPORT`, of the courts that they see."""

    def __init__(self, store: Store, clock: Clock, courts: Courts, audit: Audit) -> None:
        self._store = store
        self._clock = clock
        self._courts = courts
        self._audit = audit

    def this_month(self) -> date:
        """The first day of the month that runs."""
        return local_day(self._clock.now()).replace(day=1)

    async def month(self, who: Who, first: date, court: str | None = None) -> Month:
        """All figures of a month, per court that this person sees (or of one), and all of these together."""
        who.require(Right.SEE_REPORT, court)
        scope = frozenset({court}) if court else who.courts
        shown = tuple(c.id for c in self._courts if (c.id == court if court else who.sees(c.id)))
        span, before = span_of(first), span_of(date(first.year - 1, first.month, 1))
        values: dict[str, dict[str, Value]] = {}
        async with self._store.work(read_only=True) as work:
            totals = {name: await self._totals(work, name, span, scope) for name in _needed()}
            last = {f.rows: await self._totals(work, f.rows, before, scope) for f in FIGURES if f.against_last_year}
            days = await work.reports.node_days(span, scope)
            begins = {c: day for c, day in (await work.reports.begins()).items() if scope is None or c in scope}
        known = {p for p in (*shown, EVERYWHERE) if _begins(begins, p) < before.after}
        for figure in FIGURES:
            places = (*shown, EVERYWHERE) if not figure.everywhere else (EVERYWHERE,)
            values[figure.name] = {p: _value(figure, p, totals, last if p in known else {}, days) for p in places}
        return Month(first, shown, values)

    async def year(self, who: Who, name: str, first: date, court: str | None = None) -> list[tuple[date, int]]:
        """A number or a sum over twelve months, the last one beginning on `first`, for a chart."""
        who.require(Right.SEE_REPORT, court)
        figure = BY_NAME[name]
        scope = None if figure.everywhere else frozenset({court}) if court else who.courts
        at = 1 if figure.unit is Unit.YUAN else 0
        begins = span_of(_back(first, 11)).begin
        span = replace(span_of(first), first=_back(first, 11), begin=begins)
        found = {_back(first, months): 0 for months in range(11, -1, -1)}
        async with self._store.work(read_only=True) as work:
            for part in _parts(figure.rows):
                for on, *counted in await work.reports.over(part, span, scope):
                    day = local_day(on) if isinstance(on, datetime) else on
                    if day is not None:
                        found[day.replace(day=1)] += counted[at]
        return list(found.items())

    async def rows(self, who: Who, name: str, first: date, court: str | None = None, most: int = MOST) -> Listed:
        """The rows that a figure counts: how many, and the newest of them."""
        who.require(Right.SEE_REPORT, court)
        figure, span = BY_NAME[name], span_of(first)
        scope = None if figure.everywhere else frozenset({court}) if court else who.courts
        found: list[Fact] = []
        count = 0
        async with self._store.work(read_only=True) as work:
            for part in _parts(figure.rows):
                rows = await work.reports.facts(part, span, scope, most)
                counted = await work.reports.totals(part, span, scope) if len(rows) == most else {}
                count += sum(n for n, _ in counted.values()) or len(rows)
                found += rows
        if len(_parts(figure.rows)) > 1:
            found.sort(key=lambda f: str(f.on), reverse=True)
        return Listed(count, tuple(found[:most]))

    async def exported(self, who: Who, first: date, court: str | None) -> None:
        """Somebody takes the table out of the house: recorded, and refused without the right to."""
        await self._audit.exported(who, "report", f"{first:%Y-%m}", court)

    async def _totals(self, work: Work, name: str, span: Span, scope: frozenset[str] | None) -> Totals:
        everywhere = all(f.everywhere for f in FIGURES if name in _parts(f.rows) + _parts(f.of))
        return await work.reports.totals(name, span, None if everywhere else scope)


def _back(first: date, months: int) -> date:
    """The first day of the month so many months before."""
    year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _begins(begins: Mapping[str, date], place: str) -> date:
    """The day from which on the ledger knows of a court, or of any."""
    found = begins.values() if place == EVERYWHERE else [begins[place]] if place in begins else []
    return min(found, default=date.max)


def span_of(first: date) -> Span:
    """The month that begins on that day, in Shanghai."""
    after = next_month(first)
    begin, end = (datetime(d.year, d.month, d.day, tzinfo=SHANGHAI) for d in (first, after))
    return Span(first, after, begin, end)


def _parts(names: str) -> list[str]:
    return names.split("+") if names else []


def _needed() -> list[str]:
    return sorted({n for f in FIGURES for n in _parts(f.rows) + _parts(f.of)})


def _sum(totals: dict[str, Totals], names: Sequence[str], place: str, at: int) -> int:
    """Count (0) or amount (1) of some facts at a court, or everywhere."""
    found = [totals[name] for name in names]
    return sum(v[at] for t in found for court, v in t.items() if place == EVERYWHERE or court == place)


def _value(
    figure: Figure, place: str, totals: dict[str, Totals], last: dict[str, Totals], days: dict[str, list[int]]
) -> Value:
    parts = _parts(figure.rows)
    if figure.unit is Unit.DAYS:
        taken = [d for court, found in days.items() if place in (EVERYWHERE, court) for d in found]
        return Value(sum(taken) / len(taken) if taken else None)
    if figure.unit is Unit.SHARE:
        return Value(share(_sum(totals, parts, place, 0), _sum(totals, _parts(figure.of), place, 0)))
    if figure.unit is Unit.YUAN:
        return Value(_sum(totals, parts, place, 1))
    before = _sum(last, parts, place, 0) if figure.against_last_year and last else None
    return Value(_sum(totals, parts, place, 0), before)
