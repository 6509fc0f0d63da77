"""Court fees around enforcement, worked out step by step (诉讼费用交纳办法 第14条).

Amounts are 元 as Decimal; a result is rounded to 分 (half up) at the last step, which the statute
leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
_NO_END = Decimal("Infinity")


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


# 第14条第1项: 1万元以下每件50元; 1万至50万1.5%; 50万至500万1%; 500万至1000万0.5%; 1000万以上0.1%.
EXECUTION = (
    Tier(Decimal(10_000), Decimal(0)),
    Tier(Decimal(500_000), Decimal("0.015")),
    Tier(Decimal(5_000_000), Decimal("0.01")),
    Tier(Decimal(10_000_000), Decimal("0.005")),
    Tier(_NO_END, Decimal("0.001")),
)
EXECUTION_BASE = Decimal(50)
# 第14条第2项: 1000元以下每件30元; 1000元至10万元1%; 10万元以上0.5%; 最多不超过5000元.
PRESERVATION = (
    Tier(Decimal(1_000), Decimal(0)),
    Tier(Decimal(100_000), Decimal("0.01")),
    Tier(_NO_END, Decimal("0.005")),
)
PRESERVATION_BASE = Decimal(30)
PRESERVATION_CAP = Decimal(5_000)


def execution_fee(amount: Decimal) -> Fee:
    """The fee for an application for enforcement of that amount (收费办法第14条第1项).

    It is paid after enforcement and borne by the judgment debtor (第20条第2款, 第38条第1款).
    ValueError for an amount that is not above zero.
    """
    return _tiered(amount, EXECUTION, EXECUTION_BASE)


def preservation_fee(amount: Decimal) -> Fee:
    """The fee for an application for preservation of that amount (收费办法第14条第2项)."""
    return _tiered(amount, PRESERVATION, PRESERVATION_BASE, PRESERVATION_CAP)


def _tiered(amount: Decimal, tiers: tuple[Tier, ...], base: Decimal, cap: Decimal | None = None) -> Fee:
    if not amount.is_finite() or amount <= 0:
        raise ValueError("an amount above zero is expected")
    steps: list[Step] = []
    below = tiers[0].upto
    for tier in tiers[1:]:
        part = min(amount, tier.upto) - below
        if part <= 0:
            break
        steps.append(Step(part, tier.rate, part * tier.rate))
        below = tier.upto
    total = base + sum((s.fee for s in steps), Decimal(0))
    capped = cap is not None and total > cap
    if cap is not None:
        total = min(total, cap)
    return Fee(base, tuple(steps), total.quantize(CENT, ROUND_HALF_UP), capped)
