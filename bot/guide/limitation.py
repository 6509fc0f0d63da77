"""The last day to apply for enforcement: two years, their beginning, what makes them begin anew, what stops them.

民诉法第250条; 民诉法解释第466条, 第481条, 第518条; 执行程序解释第19条 to 第21条; 民法典第194条, 第195条.
Where two rules lead to two days, both are worked out and the earlier one is recommended: nobody loses a
right by applying too early.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from bot.core.calendar import CourtCalendar
from bot.guide.days import ROLL, LastDay, Span, after_days, after_months, after_years, last_day
from bot.guide.laws import CIVIL_GENERAL, CPL, CPL_INTERPRETATION, ENFORCEMENT_PROCEDURE, NOTARIAL, article
from bot.guide.model import CannotWorkOutError, Cited, Line, Told, checked_day

YEARS = 2
LAST_MONTHS = 6  # within these an obstacle stops the period
LAST_INSTALMENT_SINCE = date(2022, 1, 1)  # before it each instalment had a period of its own
MOST = 200


class Start(StrEnum):
    """From what the period runs."""

    FIXED = "fixed"  # the last day of the period of performance
    INSTALMENTS = "instalments"  # the last day of the last instalment
    NO_PERIOD = "no_period"  # the title's effect
    OMISSION = "omission"  # the breach of a duty to refrain
    SETTLEMENT = "settlement"  # the last day agreed in a settlement during enforcement
    NOTARIAL = "notarial"  # each instalment of a notarised instrument


class Event(StrEnum):
    """What makes the period begin anew (执行程序解释第20条)."""

    DEMAND = "demand"
    AGREED = "agreed"
    APPLIED = "applied"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Interruption:
    """An event, its day, and for a settlement the last day that it agreed (民诉法解释第466条)."""

    kind: Event
    day: date
    until: date | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until < self.day:
            raise CannotWorkOutError("calc.wrong.order", first=self.day, last=self.until)

    @property
    def begins(self) -> date:
        """From which day the two years run anew."""
        return self.until if self.kind is Event.SETTLED and self.until else self.day


@dataclass(frozen=True, slots=True)
class Suspension:
    """An obstacle within the last six months, and the two days to which it leads."""

    obstacle: Span
    six_months: LastDay  # 民法典第194条: six months after it ended
    going_on: LastDay  # 执行程序解释第19条: what was left goes on

    @property
    def earlier(self) -> date:
        """The day that is safe by both rules."""
        return min(self.six_months.day, self.going_on.day)


@dataclass(frozen=True, slots=True)
class Anew:
    """An event that made the period begin anew; where only an obstacle kept it open until then, that too."""

    event: Interruption
    held: Suspension | None = None

    @property
    def doubtful(self) -> bool:
        """In time by the rule of higher rank only."""
        return self.held is not None and self.event.day > self.held.earlier


@dataclass(frozen=True, slots=True)
class Limitation:
    """The last day to apply, and how it came about."""

    kind: Start
    start: date
    begins: date  # after the last event that made it begin anew
    last: LastDay
    interruptions: tuple[Anew, ...] = ()
    late: tuple[Interruption, ...] = ()  # after the period had ended: they do not make it begin anew
    suspension: Suspension | None = None
    ineffective: Span | None = None  # an obstacle that ended before the last six months
    each: tuple[tuple[date, LastDay], ...] = ()  # notarised instalments, each with its own beginning
    manual: str = ""  # a sentence of the catalogue: why no day is told

    @property
    def day(self) -> date:
        """The last day by the rule of higher rank."""
        return self.suspension.six_months.day if self.suspension else self.last.day

    @property
    def safe(self) -> date:
        """The day that is told to people: the earlier one where rules differ."""
        return self.suspension.earlier if self.suspension else self.last.day


def two_years(start: date, courts: CourtCalendar) -> LastDay:
    """Two years on, at the corresponding day, over holidays."""
    return last_day(after_years(checked_day(start), YEARS), courts)


def from_day(
    kind: Start,
    start: date,
    courts: CourtCalendar,
    interruptions: Sequence[Interruption] = (),
    obstacle: Span | None = None,
) -> Limitation:
    """The last day where the period runs from one day."""
    if len(interruptions) > MOST:
        raise CannotWorkOutError("calc.wrong.too_many", most=MOST)
    last, begins, used, late = two_years(start, courts), start, [], []
    for event in sorted(interruptions, key=lambda e: e.day):
        if event.day < start:
            raise CannotWorkOutError("calc.wrong.event_early", day=event.day, start=start)
        held = suspended(last.day, obstacle, courts) if obstacle and event.day > last.day else None
        if event.day > (held.six_months.day if held else last.day):
            late.append(event)
            continue
        used.append(Anew(event, held))
        begins, last = event.begins, two_years(event.begins, courts)
    found = Limitation(kind, start, begins, last, tuple(used), tuple(late))
    held_once = any(e.held for e in used)
    return _suspended(found, obstacle, courts, spent=held_once) if obstacle else found


def suspended(last: date, obstacle: Span, courts: CourtCalendar) -> Suspension | None:
    """What an obstacle does to a last day; None when it ended before the last six months or began after it."""
    window = after_months(last, -LAST_MONTHS)
    if obstacle.last < window or obstacle.first > last:
        return None
    remaining = (last - max(obstacle.first, window)).days
    after = last_day(max(last, after_months(obstacle.last, LAST_MONTHS)), courts)
    return Suspension(obstacle, after, last_day(after_days(obstacle.last, remaining), courts))


def _suspended(found: Limitation, obstacle: Span, courts: CourtCalendar, *, spent: bool) -> Limitation:
    """`spent`: the obstacle has had its effect before the period began anew."""
    effect = suspended(found.last.day, obstacle, courts)
    if effect:
        return replace(found, suspension=effect)
    return found if spent else replace(found, ineffective=obstacle)


def from_instalments(
    days: Sequence[date],
    courts: CourtCalendar,
    interruptions: Sequence[Interruption] = (),
    obstacle: Span | None = None,
) -> Limitation:
    """By instalments: from the last one; where some fell due before 2022 a person must look (another rule held)."""
    if not days:
        raise CannotWorkOutError("calc.wrong.no_days")
    if len(days) > MOST:
        raise CannotWorkOutError("calc.wrong.too_many", most=MOST)
    last = max(checked_day(d) for d in days)
    found = from_day(Start.INSTALMENTS, last, courts, interruptions, obstacle)
    if min(days) < LAST_INSTALMENT_SINCE:
        return replace(found, manual="calc.limitation.manual.pre2022")
    return found


def from_notarised(days: Sequence[date], courts: CourtCalendar) -> Limitation:
    """A notarised instrument by instalments: each runs by itself (公证执行规定第9条)."""
    if not days:
        raise CannotWorkOutError("calc.wrong.no_days")
    if len(days) > MOST:
        raise CannotWorkOutError("calc.wrong.too_many", most=MOST)
    each = tuple((d, two_years(d, courts)) for d in sorted(days))
    first = min(days)
    return Limitation(Start.NOTARIAL, first, first, each[0][1], each=each)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An application that was withdrawn: the day to keep to, and the one that another reading gives."""

    applied: date
    conservative: LastDay  # two years after the application
    other: LastDay  # two years after enforcement ended (民法典第195条)


def withdrawn(applied: date, terminated: date, courts: CourtCalendar) -> Withdrawn:
    """After a withdrawal one may apply again within the period (民诉法解释第518条)."""
    if terminated < applied:
        raise CannotWorkOutError("calc.wrong.event_early", day=terminated, start=applied)
    return Withdrawn(applied, two_years(applied, courts), two_years(terminated, courts))


@dataclass(frozen=True, slots=True)
class Late:
    """What an application after the last day leads to (民诉法解释第481条)."""

    court_accepts: bool = True
    debtor_may_object: bool = True
    refused_if_objection_upheld: bool = True


def too_late(last: date, day: date) -> Late | None:
    """What holds when one applies on that day; None while it is in time."""
    return Late() if day > last else None


# -- told ----------------------------------------------------------------------------------------

_BASIS: dict[Start, Cited] = {
    Start.FIXED: article(CPL, 250, 2),
    Start.INSTALMENTS: article(CPL, 250, 2),
    Start.NO_PERIOD: article(CPL, 250, 2),
    Start.OMISSION: article(ENFORCEMENT_PROCEDURE, 21),
    Start.SETTLEMENT: article(CPL_INTERPRETATION, 466),
    Start.NOTARIAL: article(NOTARIAL, 9),
}


def told(found: Limitation, today: date) -> Told:
    """The result as it is told; where no day can be told, why."""
    if found.manual:
        notes = (Line("calc.limitation.soon"),)
        return Told("limitation", Line(found.manual), basis=_basis(found), notes=notes, values={"manual": True})
    if found.each:
        return _each(found, today)
    late = found.day < today
    return Told(
        kind="limitation",
        head=_head(found, today),
        steps=tuple(_steps(found)),
        basis=_basis(found, late=late),
        conventions=tuple(_conventions(found)),
        notes=tuple(_notes(found, late=late)),
        values=_values(found, today),
        remind=(found.safe, "limitation") if found.safe >= today else None,
    )


def _head(found: Limitation, today: date) -> Line:
    if found.safe < today <= found.day:  # two rules: by one of them it is not over yet
        return Line("calc.limitation.head.between", {"day": found.safe, "other": found.day})
    over = found.day < today
    day = found.day if over else found.safe
    head = "calc.limitation.head.over" if over else "calc.limitation.head.last"
    return Line(head, {"day": day, "left": abs((day - today).days)})


def _each(found: Limitation, today: date) -> Told:
    lines = [Line("calc.limitation.each", {"start": start, "day": last.day}) for start, last in found.each]
    lasts = [last for _, last in found.each]
    coming = next((last for last in lasts if last.day >= today), lasts[-1])
    late = coming.day < today
    return Told(
        kind="limitation",
        head=Line("calc.limitation.head.each", {"day": coming.day, "count": len(found.each)}),
        steps=tuple(lines),
        basis=_basis(found, late=late),
        conventions=(Line("calc.limitation.notarial"),),
        notes=tuple(_notes(found, late=late)),
        values={"each": [last.day for last in lasts], "expired": late},
        remind=None if late else (coming.day, "limitation"),
    )


def _basis(found: Limitation, *, late: bool = False) -> tuple[Cited, ...]:
    basis = [article(CPL, 250, 1), _BASIS[found.kind], *ROLL]
    if found.interruptions:
        basis.append(article(ENFORCEMENT_PROCEDURE, 20))
    if any(e.event.kind is Event.SETTLED for e in found.interruptions):
        basis.append(article(CPL_INTERPRETATION, 466))
    if found.suspension or found.ineffective or any(e.held for e in found.interruptions):
        basis += [article(CIVIL_GENERAL, 194, 2), article(ENFORCEMENT_PROCEDURE, 19)]
    if late:
        basis.append(article(CPL_INTERPRETATION, 481))
    return tuple(dict.fromkeys(basis))


def _steps(found: Limitation) -> list[Line]:
    steps = [Line(f"calc.limitation.from.{found.kind}", {"day": found.start})]
    for e in found.interruptions:
        steps += [_obstacle(e.held)] if e.held else []
        steps.append(_again(e.event))
    steps.append(Line("calc.limitation.two_years", {"begins": found.begins, "day": found.last.counted}))
    steps += found.last.steps()
    if found.suspension:
        steps.append(_obstacle(found.suspension))
    if found.ineffective:
        steps.append(Line("calc.limitation.no_obstacle", {"from_day": after_months(found.last.day, -LAST_MONTHS)}))
    return steps


def _again(event: Interruption) -> Line:
    if event.kind is not Event.SETTLED:
        return Line(f"calc.limitation.again.{event.kind}", {"day": event.day})
    if event.until is None:
        return Line("calc.limitation.again.settled_open", {"day": event.day})
    return Line("calc.limitation.again.settled", {"day": event.day, "begins": event.until})


def _obstacle(held: Suspension) -> Line:
    params = {"first": held.obstacle.first, "last": held.obstacle.last}
    return Line("calc.limitation.obstacle", {**params, "six": held.six_months.day, "on": held.going_on.day})


def _conventions(found: Limitation) -> list[Line]:
    lines = []
    if s := found.suspension:
        lines.append(
            Line("calc.limitation.two_rules", {"six": s.six_months.day, "on": s.going_on.day, "safe": s.earlier})
        )
    if found.kind is Start.NO_PERIOD:
        lines.append(Line("calc.limitation.period_later"))
    return lines


def _notes(found: Limitation, *, late: bool) -> list[Line]:
    lasts = tuple(last for _, last in found.each) or (found.last,)
    if found.suspension:
        lasts = (found.suspension.six_months, found.suspension.going_on)
    notes = list(dict.fromkeys((n.key, tuple(n.params.items())) for last in lasts for n in last.notes()))
    lines = [Line(key, dict(params)) for key, params in notes]
    lines += [Line("calc.limitation.late_event", {"day": e.day}) for e in found.late]
    doubtful = [(e.event.day, e.held.earlier) for e in found.interruptions if e.held and e.doubtful]
    lines += [Line("calc.limitation.doubtful_event", {"day": day, "on": on}) for day, on in doubtful]
    lines.append(Line("calc.limitation.expired" if late else "calc.limitation.soon"))
    return lines


def _values(found: Limitation, today: date) -> dict[str, object]:
    values: dict[str, object] = {
        "start": found.start,
        "last_day": found.day,
        "safe_day": found.safe,
        "counted": found.last.counted,
        "expired": found.day < today,
    }
    if s := found.suspension:
        values["alt"] = {"continue_counting": s.going_on.day, "six_months": s.six_months.day}
    if found.day < today:
        values["late"] = {"court_accepts": True, "debtor_may_object": True}
    return values


def told_withdrawn(found: Withdrawn, today: date) -> Told:
    """To people only the conservative day is told."""
    day = found.conservative.day
    late = day < today
    return Told(
        kind="limitation",
        head=Line("calc.limitation.head.over" if late else "calc.limitation.head.last",
                  {"day": day, "left": abs((day - today).days)}),
        steps=(
            Line("calc.limitation.withdrawn", {"applied": found.applied, "day": found.conservative.counted}),
            *found.conservative.steps(),
        ),
        basis=(article(CPL, 250, 1), article(ENFORCEMENT_PROCEDURE, 20), article(CPL_INTERPRETATION, 518), *ROLL),
        notes=(*found.conservative.notes(), Line("calc.limitation.expired" if late else "calc.limitation.soon")),
        values={"last_day": day, "expired": late},
        remind=None if late else (day, "limitation"),
    )  # fmt: skip


def days_to(day: date, today: date) -> int:
    """How many days are left; negative when it is past."""
    return (day - today) // timedelta(days=1)
