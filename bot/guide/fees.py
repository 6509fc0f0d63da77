"""Court fees around enforcement, worked out step by step (诉讼费用交纳办法 第13条, 第14条).

Amounts are 元 as Decimal; a result is rounded to 分 (half up) at the last step, which the statute
leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bot.guide.laws import FEES as FEES_DECREE
from bot.guide.laws import article
from bot.guide.model import CENT, Line, Told, checked_amount, percent, rounded

__all__ = ["CENT", "Fee", "FeeKind", "Step", "Tier", "execution_fee", "no_amount", "payment_order_fee", "told"]
_NO_END = Decimal("Infinity")


class FeeKind(StrEnum):
    """What the fee is for."""

    EXECUTION = "execution"
    PRESERVATION = "preservation"
    PAYMENT_ORDER = "payment_order"


@dataclass(frozen=True, slots=True)
class Tier:
    """A band of the amount: what lies above the band before it and up to `upto` costs `rate`."""

    upto: Decimal
    rate: Decimal  # a fraction; 0 in the first band, which has a fixed price


@dataclass(frozen=True, slots=True)
class Step:
    """One band of a sum: so much of the amount, at that rate."""

    part: Decimal
    rate: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee with the way to it: the fixed price of the first band, then each band above it."""

    base: Decimal
    steps: tuple[Step, ...]
    total: Decimal
    capped: bool = False
    amount: Decimal = Decimal(0)
    kind: FeeKind = FeeKind.EXECUTION

    @property
    def full(self) -> Decimal:
        """All bands together, before a cap or a share."""
        return self.base + sum((s.fee for s in self.steps), Decimal(0))


def _tiers(*bands: tuple[str, str]) -> tuple[Tier, ...]:
    return tuple(Tier(Decimal(upto), Decimal(rate)) for upto, rate in bands)


# 第14条第1项: 1万元以下每件50元; 1万至50万1.5%; 50万至500万1%; 500万至1000万0.5%; 1000万以上0.1%.
EXECUTION = _tiers(
    ("10000", "0"), ("500000", "0.015"), ("5000000", "0.01"), ("10000000", "0.005"), ("Infinity", "0.001")
)
EXECUTION_BASE = Decimal(50)
EXECUTION_RANGE = (Decimal(50), Decimal(500))  # 没有执行金额或者价额的
# 第14条第2项: 1000元以下每件30元; 1000元至10万元1%; 10万元以上0.5%; 最多不超过5000元.
PRESERVATION = _tiers(("1000", "0"), ("100000", "0.01"), ("Infinity", "0.005"))
PRESERVATION_BASE = Decimal(30)
PRESERVATION_CAP = Decimal(5_000)
# 第13条第1项, of which a payment order costs a third (第14条第3项).
CASE = _tiers(
    ("10000", "0"), ("100000", "0.025"), ("200000", "0.02"), ("500000", "0.015"), ("1000000", "0.01"),
    ("2000000", "0.009"), ("5000000", "0.008"), ("10000000", "0.007"), ("20000000", "0.006"), ("Infinity", "0.005"),
)  # fmt: skip
CASE_BASE = Decimal(50)


def execution_fee(amount: Decimal) -> Fee:
    """The fee for an application for enforcement of that amount (收费办法第14条第1项).

    It is paid after enforcement and borne by the judgment debtor (第20条第2款, 第38条第1款).
    CannotWorkOutError (a ValueError) for an amount that is not above zero, or beyond all use.
    """
    base, steps = _banded(checked_amount(amount), EXECUTION, EXECUTION_BASE)
    return Fee(base, steps, rounded(_sum(base, steps)), amount=amount)


def preservation_fee(amount: Decimal) -> Fee:
    """The fee for an application for preservation of that amount (收费办法第14条第2项)."""
    base, steps = _banded(checked_amount(amount), PRESERVATION, PRESERVATION_BASE)
    full = _sum(base, steps)
    total = rounded(min(full, PRESERVATION_CAP))
    return Fee(base, steps, total, full > PRESERVATION_CAP, amount, FeeKind.PRESERVATION)


def payment_order_fee(amount: Decimal) -> Fee:
    """The fee for a payment order: a third of the fee for a case (收费办法第14条第3项, 第13条第1项)."""
    base, steps = _banded(checked_amount(amount), CASE, CASE_BASE)
    return Fee(base, steps, rounded(_sum(base, steps) / 3), amount=amount, kind=FeeKind.PAYMENT_ORDER)


FEES = {
    FeeKind.EXECUTION: execution_fee,
    FeeKind.PRESERVATION: preservation_fee,
    FeeKind.PAYMENT_ORDER: payment_order_fee,
}


def _banded(amount: Decimal, tiers: tuple[Tier, ...], base: Decimal) -> tuple[Decimal, tuple[Step, ...]]:
    steps: list[Step] = []
    below = tiers[0].upto
    for tier in tiers[1:]:
        part = min(amount, tier.upto) - below
        if part <= 0:
            break
        steps.append(Step(part, tier.rate, part * tier.rate))
        below = tier.upto
    return base, tuple(steps)


def _sum(base: Decimal, steps: tuple[Step, ...]) -> Decimal:
    return base + sum((s.fee for s in steps), Decimal(0))


# -- told ----------------------------------------------------------------------------------------

_BASIS = {
    FeeKind.EXECUTION: (
        article(FEES_DECREE, 14, item=1),
        article(FEES_DECREE, 20, 2),
        article(FEES_DECREE, 38, 1),
        article(FEES_DECREE, 38, 2),
    ),
    FeeKind.PRESERVATION: (article(FEES_DECREE, 14, item=2), article(FEES_DECREE, 38, 3)),
    FeeKind.PAYMENT_ORDER: (article(FEES_DECREE, 14, item=3), article(FEES_DECREE, 13, item=1)),
}
_LOWEST = {FeeKind.EXECUTION: "10000", FeeKind.PRESERVATION: "1000", FeeKind.PAYMENT_ORDER: "10000"}


def told(fee: Fee, recovered: Decimal | None = None) -> Told:
    """A fee as it is told; `recovered` (元) is what enforcement has brought in, by which some courts charge."""
    kind = fee.kind
    steps = [Line("calc.fee.first", {"upto": min(fee.amount, Decimal(_LOWEST[kind])), "fee": fee.base})]
    steps += [Line("calc.fee.band", {"part": s.part, "rate": percent(s.rate), "fee": s.fee}) for s in fee.steps]
    if fee.capped:
        steps.append(Line("calc.fee.capped", {"full": fee.full, "cap": PRESERVATION_CAP}))
    elif fee.steps and kind is not FeeKind.PAYMENT_ORDER:
        steps.append(Line("calc.fee.sum", {"fee": fee.total}))
    if kind is FeeKind.PAYMENT_ORDER:
        steps.append(Line("calc.fee.third", {"full": fee.full, "fee": fee.total}))
    values: dict[str, object] = {"fee": fee.total, "amount": fee.amount}
    conventions = [Line("calc.convention.rounding")] if fee.total != fee.full and not fee.capped else []
    if kind is FeeKind.EXECUTION:
        conventions = [*conventions, *_base_of(fee, recovered)]
        if recovered is not None:
            values["fee_by_recovered"] = execution_fee(recovered).total
    return Told(
        kind="fee",
        head=Line(f"calc.fee.head.{kind}", {"amount": fee.amount, "fee": fee.total}),
        steps=tuple(steps),
        basis=_BASIS[kind],
        conventions=tuple(conventions),
        notes=(Line(f"calc.fee.who.{kind}"),),
        values={"fee_kind": kind.value, **values},
    )


def _base_of(fee: Fee, recovered: Decimal | None) -> list[Line]:
    """The statute says only 执行金额: what was applied for, or what came in."""
    if recovered is None:
        return [Line("calc.fee.base_open")]
    other = execution_fee(recovered)
    return [Line("calc.fee.base_recovered", {"recovered": recovered, "fee": other.total, "asked": fee.total})]


def no_amount(kind: FeeKind) -> Told:
    """The fee where there is no amount: a range for enforcement, a fixed price for preservation."""
    if kind is FeeKind.EXECUTION:
        low, high = EXECUTION_RANGE
        values: dict[str, object] = {"fee_range": [low, high]}
        head = Line("calc.fee.head.range", {"low": low, "high": high})
    elif kind is FeeKind.PRESERVATION:
        values = {"fee": rounded(PRESERVATION_BASE)}
        head = Line("calc.fee.head.none", {"fee": PRESERVATION_BASE})
    else:
        checked_amount(None)
        raise AssertionError("a payment order always has an amount")
    who = (Line(f"calc.fee.who.{kind}"),)
    return Told("fee", head, basis=_BASIS[kind], notes=who, values={"fee_kind": kind.value, **values})
