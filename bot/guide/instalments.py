"""A plan of instalments: equal ones with a rule for the remainder, by a sum each time, or by days and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

from bot.guide.days import after_months
from bot.guide.laws import CPL, CPL_INTERPRETATION, DELAY_INTEREST, SETTLEMENT, article
from bot.guide.model import CENT, CannotWorkOutError, Line, Told, checked_amount, checked_day, rounded
from bot.reach.saying import pays_off

MOST = 120
SHOWN = 12  # lines of a plan in a chat; the rest is summed up
_WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Part:
    """An instalment."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that adds up to the total."""

    total: Decimal
    parts: tuple[Part, ...]
    rule: str  # equal, each, listed

    @property
    def uneven(self) -> bool:
        """Whether the last one differs from the others."""
        return self.rule != "listed" and len({p.amount for p in self.parts}) > 1


def equal(total: Decimal, count: int, first: date, every: int = 1) -> Plan:
    """Monthly parts of equal size from the first day on; what does not divide goes into the last one.

    Parts are whole 元 where each is at least one 元, else whole 分. A month without that day: its last day.
    """
    checked_amount(total)
    _check_count(count, every)
    days = [after_months(checked_day(first), n * every) for n in range(count)]
    return Plan(total, _even(total, days), "equal")


def over_days(total: Decimal, days: Sequence[date]) -> Plan:
    """Equal parts on days that are named."""
    checked_amount(total)
    _check_count(len(days))
    return Plan(total, _even(total, _in_order(days)), "equal")


def each(total: Decimal, amount: Decimal, first: date, every: int = 1, count: int | None = None) -> Plan:
    """So much every month until it is used up; the last part is what is left.

    With `count` in so many parts: what they leave over goes into the last one, if it is less than one part more.
    """
    checked_amount(total)
    checked_amount(amount)
    count = needed(total, amount) if count is None else count
    _check_count(count, every)
    check_parts(total, amount, count)
    days = [after_months(checked_day(first), n * every) for n in range(count)]
    amounts = [amount] * (count - 1) + [total - amount * (count - 1)]
    return Plan(total, tuple(Part(d, a) for d, a in zip(days, amounts, strict=True)), "each")


def needed(total: Decimal, amount: Decimal) -> int:
    """In how many parts of that sum it is paid."""
    return -(-int(total * 100) // int(amount * 100))  # in 分: Decimal's // does not round down


def check_parts(total: Decimal, amount: Decimal, count: int) -> None:
    """CannotWorkOutError where so many parts of that sum are far from the total: both cannot have been meant."""
    if not pays_off(total, amount, count):
        raise CannotWorkOutError("calc.wrong.contradicts", amount=amount, count=count, made=needed(total, amount))


def listed(total: Decimal, parts: Sequence[Part]) -> Plan:
    """Days with their sums, which must add up to the total."""
    checked_amount(total)
    _check_count(len(parts))
    for part in parts:
        checked_amount(part.amount)
    ordered = sorted(parts, key=lambda p: p.day)
    _in_order([p.day for p in ordered])
    together = sum((p.amount for p in ordered), Decimal(0))
    if together != total:
        raise CannotWorkOutError("calc.wrong.sum", sum=together, total=total)
    return Plan(total, tuple(ordered), "listed")


def _check_count(count: int, every: int = 1) -> None:
    if not 1 <= count <= MOST:
        raise CannotWorkOutError("calc.wrong.count", most=MOST)
    if not 1 <= every <= 12:
        raise CannotWorkOutError("calc.wrong.every")


def _in_order(days: Sequence[date]) -> list[date]:
    ordered = sorted(checked_day(d) for d in days)
    if len(set(ordered)) != len(ordered):
        raise CannotWorkOutError("calc.wrong.twice", day=next(d for d in ordered if ordered.count(d) > 1))
    return ordered


def _even(total: Decimal, days: Sequence[date]) -> tuple[Part, ...]:
    count = len(days)
    unit = _WHOLE if total >= count else CENT
    part = (total / count).quantize(unit, ROUND_DOWN)
    if not part:
        raise CannotWorkOutError("calc.wrong.too_small")
    last = total - part * (count - 1)
    return (*(Part(d, part) for d in days[:-1]), Part(days[-1], last))


def told(plan: Plan) -> Told:
    """The plan as it is told."""
    first, last = plan.parts[0], plan.parts[-1]
    params = {"total": plan.total, "count": len(plan.parts), "first": first.day, "last": last.day}
    steps = [
        Line("calc.plan.part", {"no": no, "day": p.day, "amount": p.amount})
        for no, p in enumerate(plan.parts, 1)
        if no < SHOWN or no == len(plan.parts) or len(plan.parts) == SHOWN
    ]
    if len(plan.parts) > SHOWN:
        steps.insert(-1, Line("calc.plan.more", {"first_no": SHOWN, "last_no": len(plan.parts) - 1}))
    head = "calc.plan.head.listed" if plan.rule == "listed" else "calc.plan.head.even"
    return Told(
        kind="plan",
        head=Line(head, params if plan.rule == "listed" else {**params, "amount": first.amount, "rest": last.amount}),
        steps=tuple(steps),
        basis=(
            article(CPL, 241, 1),
            article(SETTLEMENT, 1),
            article(CPL_INTERPRETATION, 466),
            article(DELAY_INTEREST, 2),
        ),
        conventions=(Line("calc.plan.remainder", {"amount": last.amount}),) if plan.uneven else (),
        notes=(Line("calc.plan.agree"),),
        values={
            "total": rounded(plan.total),
            "parts": [{"no": n, "day": p.day, "amount": rounded(p.amount)} for n, p in enumerate(plan.parts, 1)],
        },
    )
