"""The instruments that the calculators rest on, by the short names of `faq/laws.yaml`, and how a place in one is cited."""

from __future__ import annotations

from bot.guide.model import Cited

CPL = "民诉法"  # Civil Procedure Law
CPL_INTERPRETATION = "民诉法解释"
ENFORCEMENT_PROCEDURE = "执行程序解释"
DELAY_INTEREST = "迟延利息解释"
FEES = "收费办法"
SEIZURE = "查封规定"
PRESERVATION = "保全规定"
CIVIL_GENERAL = "民法典总则"
CIVIL_CONTRACT = "民法典合同"
NOTARIAL = "公证执行规定"
ARBITRATION = "仲裁法"
LABOUR_ARBITRATION = "劳动仲裁法"
SETTLEMENT = "和解规定"
OBJECTION = "异议复议规定"
MIGRANT_WAGES = "农民工工资条例"
HOUSING_FUND = "公积金条例"
SOCIAL_INSURANCE = "社保法"


def article(law: str, number: int | str, paragraph: int = 0, item: int = 0) -> Cited:
    """A provision, down to paragraph and item where they matter."""
    at = (f"第{paragraph}款" if paragraph else "") + (f"第{item}项" if item else "")
    return Cited(law, str(number), at)
