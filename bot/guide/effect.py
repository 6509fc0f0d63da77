"""When a title takes effect, and the last day on which it can be performed in time.

民诉法第85条, 第95条, 第100条, 第158条, 第165条, 第171条, 第182条, 第185条, 第227条, 第283条, 第286条;
仲裁法第70条; 劳动仲裁法第47条, 第50条; 民诉法解释第138条.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.core.calendar import CourtCalendar
from bot.guide.days import ROLL, LastDay, Period, after_days, last_day
from bot.guide.laws import ARBITRATION, CIVIL_GENERAL, CPL, CPL_INTERPRETATION, LABOUR_ARBITRATION, article
from bot.guide.model import CannotWorkOutError, Cited, Line, Told, checked_day

APPEAL_JUDGMENT, APPEAL_RULING, APPEAL_ABROAD = 15, 10, 30  # days (第171条, 第286条)
NOTICE, NOTICE_ABROAD = 30, 60  # days (第95条, 第283条)
NOTICE_SINCE = date(2022, 1, 1)  # before it a public notice took 60 days
MOST_DAYS, MOST_MONTHS = 3650, 120
MOST_PARTIES = 200


class Title(StrEnum):
    """The kind of title, as far as its effect depends on it."""

    JUDGMENT = "judgment"  # first instance
    RULING = "ruling"  # one of the three that can be appealed (民诉法第157条)
    SECOND_INSTANCE = "second_instance"
    SMALL_CLAIM = "small_claim"
    MEDIATION = "mediation"
    CONFIRMATION = "confirmation"  # the ruling that an agreement made in mediation is valid (民诉法第206条)
    ARBITRATION = "arbitration_award"
    LABOUR = "labor_award"  # one that is not final
    LABOUR_FINAL = "labor_final"
    PAYMENT_ORDER = "payment_order"
    ABROAD = "foreign_party"  # a party without domicile in the country


# What may be served by public notice: a mediation paper must be taken in person (民诉法解释第133条), a confirmation
# has been asked for by both sides, a payment order must reach the debtor (民诉法第225条), an award takes effect on the day it is made.
BY_NOTICE = (Title.JUDGMENT, Title.RULING, Title.SECOND_INSTANCE, Title.ABROAD)
_APPEAL = {
    Title.JUDGMENT: APPEAL_JUDGMENT,
    Title.RULING: APPEAL_RULING,
    Title.LABOUR: APPEAL_JUDGMENT,
    Title.PAYMENT_ORDER: APPEAL_JUDGMENT,
    Title.ABROAD: APPEAL_ABROAD,
}
_BASIS: dict[Title, tuple[Cited, ...]] = {
    Title.JUDGMENT: (article(CPL, 171, 1), article(CPL, 158)),
    Title.RULING: (article(CPL, 157, 2), article(CPL, 171, 2), article(CPL, 158)),
    Title.SECOND_INSTANCE: (article(CPL, 182),),
    Title.SMALL_CLAIM: (article(CPL, 165),),
    Title.MEDIATION: (article(CPL, 100, 3),),
    Title.CONFIRMATION: (article(CPL, 185), article(CPL, 206), article(CPL_INTERPRETATION, 372, 2)),
    Title.ARBITRATION: (article(ARBITRATION, 70),),
    Title.LABOUR: (article(LABOUR_ARBITRATION, 50),),
    Title.LABOUR_FINAL: (article(LABOUR_ARBITRATION, 47),),
    Title.PAYMENT_ORDER: (article(CPL, 227),),
    Title.ABROAD: (article(CPL, 286), article(CPL, 158)),
}


@dataclass(frozen=True, slots=True)
class Effect:
    """When a title takes effect; the period before it, where there is one."""

    title: Title
    served: date  # on the last party
    effective: date
    appeal: LastDay | None = None
    days: int = 0  # of the period for an appeal
    notice: date | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """The last day of the period of performance."""

    effective: date
    within: Period
    last: LastDay


def effect(
    title: Title, served: Sequence[date], courts: CourtCalendar, *, notice: date | None = None, days: int | None = None
) -> Effect:
    """When a title takes effect, served on these days; `notice` is the last day of a public notice.

    `days` is another period for an appeal, where the title itself names one. CannotWorkOutError for a
    notice under the old law, and for no day at all.
    """
    known = [checked_day(d) for d in served]
    if len(known) > MOST_PARTIES:
        raise CannotWorkOutError("calc.wrong.too_many", most=MOST_PARTIES)
    if notice:
        if title not in BY_NOTICE:
            raise CannotWorkOutError("calc.wrong.no_notice")
        known.append(deemed_served(notice, abroad=title is Title.ABROAD))
    if not known:
        raise CannotWorkOutError("calc.wrong.no_days")
    last = max(known)
    period = _APPEAL.get(title)
    if period is None:
        return Effect(title, last, last, notice=notice)
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise CannotWorkOutError("calc.wrong.days", most=MOST_DAYS)
    period = days or period
    appeal = last_day(after_days(last, period), courts)
    return Effect(title, last, after_days(appeal.day, 1), appeal, period, notice)


def deemed_served(notice: date, *, abroad: bool = False) -> date:
    """The day on which a public notice counts as service: 30 days after it, 60 for parties abroad."""
    if checked_day(notice) < NOTICE_SINCE:
        raise CannotWorkOutError("calc.wrong.notice_old", day=notice)
    return after_days(notice, NOTICE_ABROAD if abroad else NOTICE)


def performance(effective: date, within: Period, courts: CourtCalendar) -> Performance:
    """生效之日起N日内, N个月内: the day of effect is not counted; over holidays (民诉法第85条第3款)."""
    if not 1 <= within.count <= (MOST_MONTHS if within.months else MOST_DAYS):
        raise CannotWorkOutError("calc.wrong.within", days=MOST_DAYS, months=MOST_MONTHS)
    return Performance(effective, within, last_day(within.after(checked_day(effective)), courts))


# -- told ----------------------------------------------------------------------------------------


def told(found: Effect, then: Performance | None = None) -> Told:
    """The day of effect as it is told, with the end of the period of performance if it was asked for."""
    head = Line("calc.effect.head.effective", {"day": found.effective})
    values: dict[str, object] = {"effective": found.effective, "served": found.served}
    if found.appeal:
        values["last_appeal_day"] = found.appeal.day
    steps, notes, basis = _steps(found), list(found.appeal.notes() if found.appeal else ()), _basis_of(found)
    conventions = [Line(f"calc.effect.open.{found.title}")] if found.title in _OPEN else []
    if found.notice:
        conventions.append(Line("calc.effect.open.notice"))
    if then:
        head = Line("calc.effect.head.both", {"day": found.effective, "last": then.last.day})
        more = told_performance(then)
        steps += more.steps
        conventions += more.conventions
        notes += [n for n in more.notes if n not in notes]
        values |= more.values
        basis = tuple(dict.fromkeys((*basis, *more.basis)))
    notes.append(Line(f"calc.effect.certificate.{found.title}"))
    return Told(
        "effect",
        head,
        tuple(steps),
        basis,
        tuple(conventions),
        tuple(notes),
        {"title": found.title, **values},
    )


_OPEN = (Title.SECOND_INSTANCE, Title.SMALL_CLAIM, Title.CONFIRMATION, Title.RULING)


def _steps(found: Effect) -> list[Line]:
    steps = []
    if found.notice:
        days = (found.served - found.notice).days
        line = {"notice": found.notice, "days": days, "served": found.served}
        steps.append(Line("calc.effect.notice" if days in (NOTICE, NOTICE_ABROAD) else "calc.effect.served", line))
    if found.appeal is None:
        steps.append(Line(f"calc.effect.at_once.{found.title}", {"day": found.served}))
        return steps
    steps.append(
        Line(
            f"calc.effect.period.{found.title}",
            {"served": found.served, "days": found.days, "day": found.appeal.counted},
        )
    )
    return [*steps, *found.appeal.steps(), Line("calc.effect.next_day", {"day": found.effective})]


def _basis_of(found: Effect) -> tuple[Cited, ...]:
    notice: tuple[Cited, ...] = ()
    if found.notice:
        law = article(CPL, 283) if found.title is Title.ABROAD else article(CPL, 95)
        notice = (law, article(CPL_INTERPRETATION, 138))
    return (*_BASIS[found.title], *notice, *(ROLL if found.appeal else ()))


def told_performance(found: Performance) -> Told:
    """The end of the period of performance as it is told."""
    alt = []
    if found.last.moved:
        alt = [Line("calc.effect.open.roll", {"day": found.last.counted})]
    return Told(
        kind="effect",
        head=Line("calc.effect.head.performance", {"day": found.last.day}),
        steps=(
            Line(
                "calc.effect.within_months" if found.within.months else "calc.effect.within",
                {"effective": found.effective, "count": found.within.count, "day": found.last.counted},
            ),
            *found.last.steps(),
        ),
        basis=(article(CIVIL_GENERAL, 202), *ROLL) if found.within.months else ROLL,
        conventions=tuple(alt),
        notes=found.last.notes(),
        values={
            "effective": found.effective,
            "performance_last_day": found.last.day,
            "alt": {"no_rollover": found.last.counted} if found.last.moved else {},
        },
    )
