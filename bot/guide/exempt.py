"""What may be seized and what must be left to the debtor: a table of kinds, with the provision of each.

查封规定第3条 to 第5条; 民诉法第254条; 异议复议规定第20条. No share of wages and no sum is fixed for the
whole country, so none is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.guide.laws import (
    CPL,
    HOUSING_FUND,
    MIGRANT_WAGES,
    OBJECTION,
    SEIZURE,
    SOCIAL_INSURANCE,
    article,
)
from bot.guide.model import Cited, Line, Told


class Outcome(StrEnum):
    """What holds of a thing."""

    EXEMPT = "exempt"
    EXECUTABLE = "executable"
    CONDITIONAL = "conditional"
    ALLOWED = "allowed"  # may be seized, which is not yet sold
    NO_FIXED_RULE = "no_fixed_rule"


class Item(StrEnum):
    """A kind of property, or a question about one."""

    LIVING = "living"
    WAGES = "wages"
    WAGE_SHARE = "wage_share"
    HOUSING_FUND = "housing_fund"
    MIGRANT_WAGES = "migrant_wages"
    ONLY_HOME_SEIZED = "only_home_seized"
    ONLY_HOME_RENT = "only_home_rent"
    LARGE_HOME = "large_home"
    MEDICAL = "medical"
    UNPUBLISHED = "unpublished"
    MEDALS = "medals"
    SOCIAL_INSURANCE = "social_insurance"


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds, and by which provision."""

    outcome: Outcome
    basis: tuple[Cited, ...]


RULES: dict[Item, Rule] = {
    Item.LIVING: Rule(Outcome.EXEMPT, (article(SEIZURE, 3, item=2),)),
    Item.WAGES: Rule(Outcome.EXECUTABLE, (article(CPL, 254),)),
    Item.WAGE_SHARE: Rule(Outcome.NO_FIXED_RULE, (article(CPL, 254), article(SEIZURE, 3, item=2))),
    Item.HOUSING_FUND: Rule(Outcome.CONDITIONAL, (article(HOUSING_FUND, 24),)),
    Item.MIGRANT_WAGES: Rule(Outcome.EXEMPT, (article(MIGRANT_WAGES, 33),)),
    Item.ONLY_HOME_SEIZED: Rule(Outcome.ALLOWED, (article(SEIZURE, 4),)),
    Item.ONLY_HOME_RENT: Rule(Outcome.EXECUTABLE, (article(OBJECTION, 20, 1, 3),)),
    Item.LARGE_HOME: Rule(Outcome.EXECUTABLE, (article(SEIZURE, 5),)),
    Item.MEDICAL: Rule(Outcome.EXEMPT, (article(SEIZURE, 3, item=5),)),
    Item.UNPUBLISHED: Rule(Outcome.EXEMPT, (article(SEIZURE, 3, item=4),)),
    Item.MEDALS: Rule(Outcome.EXEMPT, (article(SEIZURE, 3, item=6),)),
    Item.SOCIAL_INSURANCE: Rule(Outcome.EXEMPT, (article(SOCIAL_INSURANCE, 64),)),
}


def told(item: Item) -> Told:
    """What holds of a kind of property, as it is told."""
    rule = RULES[item]
    return Told(
        kind="exempt",
        head=Line(f"calc.exempt.item.{item}"),
        steps=(Line(f"calc.exempt.outcome.{rule.outcome}"),),
        basis=rule.basis,
        values={"item": item.value, "outcome": rule.outcome.value},
    )
