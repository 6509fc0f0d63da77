"""How long a seizure or freeze lasts at most, and by when its renewal must be asked for.

民诉法解释第485条, 第168条; 查封规定第26条, 第27条; 保全规定第17条, 第18条. The day written in the court's
ruling or notice goes before everything that is worked out here. A last day is not moved over holidays:
whoever waits for the Monday may have lost the seizure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.guide.days import after_years
from bot.guide.laws import CPL_INTERPRETATION, PRESERVATION, SEIZURE, article
from bot.guide.model import CannotWorkOutError, Line, Told, checked_day

MOST_RENEWALS = 20
PRESERVATION_NOTICE = 7  # days before the end (保全规定第18条)


class Asset(StrEnum):
    """What was seized; the limit depends on it."""

    DEPOSIT = "deposit"
    MOVABLE = "movable"
    VEHICLE = "vehicle"
    REALTY = "realty"
    OTHER = "other"  # equity, shares, funds, claims
    EWALLET = "ewallet"  # unsettled: taken like a deposit


LIMIT = {
    Asset.DEPOSIT: 1,
    Asset.MOVABLE: 2,
    Asset.VEHICLE: 2,
    Asset.REALTY: 3,
    Asset.OTHER: 3,
    Asset.EWALLET: 1,
}  # years


@dataclass(frozen=True, slots=True)
class Seizure:
    """A seizure with its last day; `stated` when the court's paper names it."""

    asset: Asset
    start: date | None
    latest: date
    stated: bool
    preservation: bool = False
    before: date | None = None  # the last day of the period before it, where it was renewed

    @property
    def remind_on(self) -> date:
        """The day by which one reckons: the day before a corresponding day, the stated day itself."""
        return self.latest if self.stated else self.latest - timedelta(days=1)

    @property
    def renew_by(self) -> date:
        """The last day on which to ask for renewal."""
        return self.latest - timedelta(days=PRESERVATION_NOTICE) if self.preservation else self.remind_on


def seizure(
    asset: Asset,
    start: date | None = None,
    *,
    years: int | None = None,
    ends: date | None = None,
    waiting: bool = False,
    preservation: bool = False,
    renewed: Sequence[date] = (),
) -> Seizure:
    """How long it lasts: until the day that the paper states, else the longest time from its beginning.

    `renewed` are the days of its renewals, each within the period before it; the last one begins a new period.
    CannotWorkOutError for more than the law allows, for a renewal that came too late, and for a waiting seizure
    (轮候), whose period no rule lets begin.
    """
    if waiting:
        raise CannotWorkOutError("calc.wrong.waiting")
    limit = LIMIT[asset]
    if years is not None and not 1 <= years <= limit:
        raise CannotWorkOutError("calc.wrong.over_limit", years=years, limit=limit)
    start, before = _renewed(start, renewed, limit)
    if ends is not None:
        checked_day(ends)
        if start is not None and ends < start:
            raise CannotWorkOutError("calc.wrong.order", first=start, last=ends)
        if start is not None and ends > after_years(checked_day(start), limit):
            raise CannotWorkOutError("calc.wrong.over_limit_day", limit=limit, day=after_years(start, limit))
        return Seizure(asset, start, ends, True, preservation, before)
    if start is None:
        raise CannotWorkOutError("calc.wrong.no_days")
    return Seizure(asset, start, after_years(checked_day(start), years or limit), False, preservation, before)


def _renewed(start: date | None, renewals: Sequence[date], limit: int) -> tuple[date | None, date | None]:
    """The day from which the period counts that runs now, and the last day of the one before it."""
    if len(renewals) > MOST_RENEWALS:
        raise CannotWorkOutError("calc.wrong.too_many", most=MOST_RENEWALS)
    before = None
    for day in sorted(checked_day(d) for d in renewals):
        if start is None:
            raise CannotWorkOutError("calc.wrong.missing", name="start")
        before = after_years(checked_day(start), limit)
        if day <= start:
            raise CannotWorkOutError("calc.wrong.order", first=start, last=day)
        if day > before:
            raise CannotWorkOutError("calc.wrong.renewed_late", day=day, last=before)
        start = day
    return start, before


def told(found: Seizure, today: date) -> Told:
    """The last day as it is told, and what to do about it."""
    over = found.remind_on < today
    if found.stated:
        steps = [Line("calc.seizure.stated", {"day": found.latest})]
    else:
        params = {"start": found.start or found.latest, "day": found.latest, "limit": LIMIT[found.asset]}
        steps = [Line(f"calc.seizure.limit.{found.asset}", params)]
    if found.preservation:
        steps.append(Line("calc.seizure.seven_days", {"day": found.renew_by}))
    basis = [article(CPL_INTERPRETATION, 485), article(SEIZURE, 27, 1), article(CPL_INTERPRETATION, 168)]
    if found.preservation:
        basis.append(article(PRESERVATION, 18))
    if found.before and found.start:
        steps.insert(0, Line("calc.seizure.renewed", {"day": found.start, "last": found.before}))
    conventions = [] if found.stated else [Line("calc.seizure.open.day", {"day": found.remind_on})]
    if found.before and not found.stated:
        conventions.append(Line("calc.seizure.open.renewed", {"day": after_years(found.before, LIMIT[found.asset])}))
    if found.asset is Asset.EWALLET:
        conventions.append(Line("calc.seizure.open.ewallet"))
    return Told(
        kind="seizure",
        head=Line(
            "calc.seizure.head.over" if over else "calc.seizure.head.until",
            {"day": found.remind_on, "renew": found.renew_by, "left": abs((found.remind_on - today).days)},
        ),
        steps=tuple(steps),
        basis=tuple(basis),
        conventions=tuple(conventions),
        notes=(Line("calc.seizure.gone" if over else "calc.seizure.renew"),),
        values={
            "asset": found.asset.value,
            "latest": found.latest,
            "reminder_basis": found.remind_on,
            "renew_by": found.renew_by,
            "expired": over,
            "stated": found.stated,
        },
        remind=None if found.renew_by < today else (found.renew_by, "seizure"),
    )
