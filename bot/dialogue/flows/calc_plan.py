"""排分期计划: the sum, in how many parts or how much each time or on which days, from which day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from typing_extensions import override

from bot.dialogue.flows.calc import (
    WORDS,
    Calculation,
    amount_line,
    as_amount,
    as_cents,
    carried_amount,
    carried_day,
    day_line,
    read_amount,
    read_day,
)
from bot.dialogue.flows.model import Answer, At, Choice, Data, Line, Opening, Puzzled, Say, yuan
from bot.guide.days import after_months
from bot.guide.instalments import MOST, check_parts, needed
from bot.guide.model import LARGEST, CannotWorkOutError
from bot.guide.reading import dated_sums, impossible_day, listed_days
from bot.guide.settlement.reading import leftover
from bot.reach.saying import find_count, find_each

COMMON = ("3", "6", "12", "24")


class Step(StrEnum):
    """amount → parts → first (unless days were named) → confirm → done."""

    AMOUNT = "amount"
    PARTS = "parts"
    FIRST = "first"
    CONFIRM = "confirm"
    DONE = "done"


class CalcPlan(Calculation):
    """The path to a plan of instalments. `parts` holds count, each (分) or both; days; or pairs of day and sum (分)."""

    kind = "calc_plan"
    Step = Step
    calculator = "plan"
    topic = "apply.installment"
    examples: ClassVar[Mapping[str, Sequence[str]]] = {
        Step.AMOUNT: ("100000",),
        Step.PARTS: ("12",),
        Step.FIRST: ("2026-12-31",),
    }

    @override
    def order(self, data: Data) -> Sequence[str]:
        """Days that were named need no first one."""
        named = {"days", "parts"} & set(data.get("parts", {}))
        first = () if named else (Step.FIRST,)
        return (Step.AMOUNT, Step.PARTS, *first, Step.CONFIRM, Step.DONE)

    @override
    def opened(self, opening: Opening) -> Data:
        """A sentence tells sum and number; the first day is then a month from today, and can be changed."""
        data: Data = {**carried_amount(opening)}
        if opening.source != WORDS:
            return data
        told = opening.data
        parts = {"each": as_cents(told["each"])} if "each" in told else {}
        parts |= {"count": told["count"]} if "count" in told else {}
        if parts:
            data["parts"] = parts
        first = carried_day(opening, "first") or {"first": after_months(opening.today, 1).isoformat()}
        return {**data, **first, "confirm": True}

    @override
    def ask(self, at: At, today: date) -> Say:
        """Common numbers as buttons."""
        if at.step == Step.PARTS:
            return self.question("parts", *(Choice("calc.choice.plan.count", c, {"count": c}) for c in COMMON))
        if at.step == Step.FIRST:
            return self.question("first", Choice("calc.choice.plan.next_month", "month"))
        if at.step == Step.CONFIRM:
            return self.review(at, "calc.choice.work_out")
        if at.step == Step.DONE:
            return self.done()
        return self.question("amount", first=True)

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """Four ways of saying in which parts."""
        if at.step == Step.AMOUNT:
            amount = read_amount(answer)
            return amount if isinstance(amount, Puzzled) else {"amount": amount}
        if at.step == Step.PARTS:
            return self._parts(at, answer)
        if at.step == Step.CONFIRM:
            return {"confirm": True} if answer.choice == "yes" else Puzzled("party.flow.press")
        if answer.choice == "month":
            return {"first": after_months(answer.today, 1).isoformat()}
        day = read_day(answer, past=False)
        return day if isinstance(day, Puzzled) else {"first": day}

    def _parts(self, at: At, answer: Answer) -> Data | Puzzled:
        text = answer.choice if answer.choice in COMMON else answer.text.strip()
        if odd := impossible_day(text):
            return Puzzled("calc.wrong.no_such_day", {"day": odd}, understood=True)
        pairs, parts = dated_sums(text, answer.today, past=False), find_count(text)
        whole = int(at.data["amount"])
        if pairs and len(pairs) == 1 and parts:
            pairs = []  # the day by which it is paid in so many parts
        if pairs and all(amount <= LARGEST for _, amount in pairs):
            return {"parts": {"parts": [[d.isoformat(), as_cents(a)] for d, a in pairs]}}
        days = listed_days(text, answer.today, past=False)
        if len(days) > 1:
            return {"parts": {"days": [d.isoformat() for d in days]}}
        each = find_each(text, answer.today)
        if (each or parts) and (other := leftover(text, answer.today, each or 0, 0, whole)):
            return Puzzled("calc.ask.leftover", {"amount": yuan(other)}, understood=True)
        if each and each <= as_cents(LARGEST):
            try:
                check_parts(as_amount(whole), as_amount(each), parts or needed(as_amount(whole), as_amount(each)))
            except CannotWorkOutError as error:
                return Puzzled(error.key, error.params, understood=True)
            return {"parts": {"each": each} | ({"count": parts} if parts else {})}
        count = int(text) if text.isdecimal() and len(text) < 5 else parts or 0
        return {"parts": {"count": count}} if 1 <= count <= MOST else Puzzled("calc.ask.no_count", {"most": MOST})

    @override
    def lines(self, at: At) -> Sequence[Line]:
        """Every answer."""
        parts = at.data.get("parts", {})
        return [
            *amount_line(at.data),
            Line("parts", "calc.name.parts", _shown(parts)),
            *(() if {"days", "parts"} & set(parts) else day_line(at.data, "first")),
        ]

    @override
    def inputs(self, data: Data) -> dict[str, Any]:
        """As the calculator takes them."""
        parts: dict[str, Any] = dict(data["parts"])
        if "each" in parts:
            parts["each"] = as_amount(parts["each"])
        if "parts" in parts:
            parts["parts"] = [{"day": day, "amount": as_amount(cents)} for day, cents in parts["parts"]]
        first = {} if {"days", "parts"} & set(parts) else {"first": data["first"]}
        return {"amount": as_amount(data["amount"]), **parts, **first}

    @override
    def blames(self, error: CannotWorkOutError) -> str:
        """By then only the parts can be wrong."""
        return Step.PARTS


def _shown(parts: Mapping[str, Any]) -> Say:
    if "each" in parts:
        key = "calc.value.each_count" if "count" in parts else "calc.value.each"
        return Say(key, {"amount": yuan(parts["each"]), "count": parts.get("count", 0)})
    for name in ("days", "parts"):
        if name in parts:
            return Say("calc.value.dates", {"count": len(parts[name])})
    return Say("calc.value.count", {"count": parts.get("count", 0)})
