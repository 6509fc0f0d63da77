"""算执行费、保全费、支付令费: which fee, for how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from typing_extensions import override

from bot.dialogue.flows.calc import (
    Calculation,
    amount_line,
    as_amount,
    carried_amount,
    choices,
    chosen_line,
    read_amount,
)
from bot.dialogue.flows.model import Answer, At, Choice, Data, Line, Opening, Puzzled, Say
from bot.guide.fees import FeeKind

KINDS = tuple(k.value for k in FeeKind)
SEVERAL = "several"  # two fees were asked for at once: which one first is asked back
TOPICS = {"preservation": "property.preservation", "payment_order": "apply.payment_order"}


class Step(StrEnum):
    """sort → amount → done."""

    SORT = "sort"
    AMOUNT = "amount"
    DONE = "done"


class CalcFee(Calculation):
    """The path to a fee; a button's argument may name which one."""

    kind = "calc_fee"
    Step = Step
    calculator = "fee"
    topic = "apply.fee"
    examples: ClassVar[Mapping[str, Sequence[str]]] = {Step.AMOUNT: ("500000",)}

    @override
    def order(self, data: Data) -> Sequence[str]:
        """Two questions at most."""
        return (Step.SORT, Step.AMOUNT, Step.DONE)

    @override
    def opened(self, opening: Opening) -> Data:
        """The enforcement fee unless another one was meant."""
        sort = opening.arg or str(opening.data.get("kind", "")) or FeeKind.EXECUTION.value
        if sort == SEVERAL:
            return dict(carried_amount(opening))
        return {"sort": sort if sort in KINDS else FeeKind.EXECUTION.value, **carried_amount(opening)}

    @override
    def ask(self, at: At, today: date) -> Say:
        """Kind by button, the sum in words."""
        if at.step == Step.SORT:
            return self.question("sort", *choices("fee", KINDS), first=True)
        if at.step == Step.AMOUNT:
            none = () if at.data.get("sort") == FeeKind.PAYMENT_ORDER else (Choice("calc.choice.fee.none", "none"),)
            return self.question("amount", *none)
        return self.done()

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """A title without a sum has a fee too."""
        if at.step == Step.SORT:
            return {"sort": answer.choice} if answer.choice in KINDS else Puzzled("party.flow.press")
        if answer.choice == "none" and at.data.get("sort") != FeeKind.PAYMENT_ORDER:
            return {"amount": 0}
        amount = read_amount(answer)
        return amount if isinstance(amount, Puzzled) else {"amount": amount}

    @override
    def lines(self, at: At) -> Sequence[Line]:
        """Both answers."""
        return [*chosen_line(at.data, "sort", "fee"), *(amount_line(at.data) if at.data.get("amount") else [])]

    @override
    def topic_of(self, data: Data) -> str:
        """Each fee has its own topic."""
        return TOPICS.get(data.get("sort", ""), self.topic)

    @override
    def inputs(self, data: Data) -> dict[str, Any]:
        """As the calculator takes them."""
        amount = {"amount": as_amount(data["amount"])} if data["amount"] else {}
        return {"kind": data["sort"], **amount}
