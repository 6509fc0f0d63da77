"""Court fees by law: every worked example, and what must hold for all amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guide.fees import CENT, PRESERVATION_CAP, execution_fee, preservation_fee

AMOUNTS = st.decimals(min_value="0.01", max_value="1e10", places=2)


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        ("8000", "50.00"),
        ("10000", "50.00"),
        ("20000", "200.00"),
        ("50000", "650.00"),
        ("100000", "1400.00"),
        ("500000", "7400.00"),
        ("500001", "7400.01"),
        ("1000000", "12400.00"),
        ("5000000", "52400.00"),
        ("8000000", "67400.00"),
        ("10000000", "77400.00"),
        ("100000000", "167400.00"),
    ],
)
def test_the_enforcement_fee_of_the_worked_examples(amount: str, fee: str) -> None:
    """收费办法第14条第1项, at and around every border of its bands."""
    assert execution_fee(Decimal(amount)).total == Decimal(fee)


@pytest.mark.parametrize(
    ("amount", "fee"),
    [("500", "30.00"), ("1000", "30.00"), ("100000", "1020.00"), ("300000", "2020.00"), ("896000", "5000.00")],
)
def test_the_preservation_fee_of_the_worked_examples(amount: str, fee: str) -> None:
    """收费办法第14条第2项, up to its cap."""
    assert preservation_fee(Decimal(amount)).total == Decimal(fee)


@given(AMOUNTS, AMOUNTS)
def test_more_money_never_costs_less(one: Decimal, other: Decimal) -> None:
    """Both fees grow with the amount, and the cap holds."""
    low, high = sorted((one, other))
    assert execution_fee(low).total <= execution_fee(high).total
    assert preservation_fee(low).total <= preservation_fee(high).total <= PRESERVATION_CAP


@given(AMOUNTS)
def test_the_steps_add_up_to_the_total(amount: Decimal) -> None:
    """What is shown is what is charged, to the 分."""
    fee = execution_fee(amount)
    assert abs(fee.base + sum(s.fee for s in fee.steps) - fee.total) < CENT


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity"])
def test_an_amount_that_is_none_is_refused(amount: str) -> None:
    """Zero, less, and what is no number."""
    with pytest.raises(ValueError, match="wrong"):
        execution_fee(Decimal(amount))
