"""算迟延履行利息: how much, due when, until when, what was paid meanwhile, and which interest the title orders."""

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
    period,
    read_amount,
    read_day,
)
from bot.dialogue.flows.model import Answer, At, Choice, Data, Line, Opening, Puzzled, Say, yuan
from bot.guide.days import Period
from bot.guide.model import LARGEST, CannotWorkOutError
from bot.guide.reading import dated_sums, days_of, period_of, rate_of, vague_period

MOST = 60  # payments


class Step(StrEnum):
    """amount → due → until → paid (again and again) → general → since (a rate only) → confirm → done."""

    AMOUNT = "amount"
    DUE = "due"
    UNTIL = "until"
    PAID = "paid"
    GENERAL = "general"
    SINCE = "since"
    CONFIRM = "confirm"
    DONE = "done"


_BLAMED = {
    "calc.wrong.not_due": Step.DUE,
    "calc.wrong.day_far": Step.DUE,
    "calc.wrong.paid_later": Step.UNTIL,
    "calc.wrong.paid_before_2014": Step.PAID,
    "calc.wrong.days": Step.DUE,
    "calc.wrong.rate": Step.GENERAL,
}


class CalcInterest(Calculation):
    """The path to the interest for delay. A sentence with sum and day skips the rest, which stays open to change."""

    kind = "calc_interest"
    Step = Step
    calculator = "interest"
    topic = "debtor.interest"
    examples: ClassVar[Mapping[str, Sequence[str]]] = {
        Step.AMOUNT: ("100000",),
        Step.DUE: ("2024-03-01",),
        Step.UNTIL: ("2026-03-01",),
        Step.PAID: ("2025-01-01 30000",),
        Step.GENERAL: ("12%",),
        Step.SINCE: ("2024-01-01",),
    }

    @override
    def order(self, data: Data) -> Sequence[str]:
        """Only a rate needs a day from which it runs."""
        since = (Step.SINCE,) if data.get("general") else ()
        return (Step.AMOUNT, Step.DUE, Step.UNTIL, Step.PAID, Step.GENERAL, *since, Step.CONFIRM, Step.DONE)

    @override
    def clear(self, step: str) -> tuple[str, ...]:
        """The payments are told anew together; another rate has another beginning."""
        more = {
            Step.DUE: ("due", "parts", "effective", "within"),
            Step.PAID: ("paid", "payments"),
            Step.GENERAL: ("general", "since"),
        }
        return more.get(Step(step), (step,))

    @override
    def filled(self, step: str, data: Data) -> bool:
        """Parts that no longer make up the sum are asked for again."""
        parts: list[tuple[str, int]] = data.get("parts") or []
        fits = not parts or sum(cents for _, cents in parts) == data.get("amount")
        return super().filled(step, data) and (step != Step.DUE or fits)

    @override
    def opened(self, opening: Opening) -> Data:
        """Until today, nothing paid, no interest by the title: what a sentence leaves out."""
        data: Data = {**carried_amount(opening), **carried_day(opening, "due")}
        if opening.source != WORDS:
            return data
        if "effective" in opening.data:
            data |= _performed(opening.data["effective"], Period.of(opening.data["within"]))
        told = opening.data.get("general", {})
        until = carried_day(opening, "until") or {"until": "today"}
        payments = [[day.isoformat(), as_cents(amount)] for day, amount in opening.data.get("payments", [])]
        paid: Data = {"paid": True} | ({"payments": payments} if payments else {})
        return {**data, **until, **paid, **({"general": told} if told is not None else {}), "confirm": True}

    @override
    def ask(self, at: At, today: date) -> Say:
        """One thing at a time; every question says where the answer stands in the title."""
        if at.step == Step.UNTIL:
            return self.question("until", Choice("calc.choice.today", "today"))
        if at.step == Step.PAID:
            payments = at.data.get("payments", [])
            none = Choice("calc.choice.no_more" if payments else "calc.choice.nothing_paid", "none")
            return self.question("paid_more" if payments else "paid", none)
        if at.step == Step.GENERAL:
            return self.question("general", Choice("calc.choice.no_general", "none"))
        if at.step == Step.CONFIRM:
            return self.review(at, "calc.choice.work_out")
        if at.step == Step.DONE:
            return self.done()
        return self.question(at.step, first=at.step == Step.AMOUNT)

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """Days that contradict each other are said at once."""
        if at.step == Step.AMOUNT:
            amount = read_amount(answer)
            return amount if isinstance(amount, Puzzled) else {"amount": amount}
        if at.step == Step.PAID:
            return self._paid(at, answer)
        if at.step == Step.GENERAL:
            if answer.choice == "none":
                return {"general": {}}
            rate = rate_of(answer.text)
            return {"general": rate} if rate else Puzzled("calc.ask.no_rate")
        if at.step == Step.CONFIRM:
            return {"confirm": True} if answer.choice == "yes" else Puzzled("party.flow.press")
        if at.step == Step.UNTIL and answer.choice == "today":
            return {"until": "today"}
        if at.step == Step.DUE:
            return self._due(at, answer)
        day = read_day(answer)
        if isinstance(day, Puzzled):
            return day
        first = min((d for d, _ in at.data.get("parts") or ()), default=at.data.get("due", ""))
        if at.step == Step.UNTIL and day < first:
            return Puzzled("calc.wrong.not_due", {"day": date.fromisoformat(first)}, understood=True)
        return {at.step: day}

    def _due(self, at: At, answer: Answer) -> Data | Puzzled:
        """One day; a day of effect with a period; or several days, each with its sum."""
        if period := period_of(answer.text, answer.today):
            return _performed(*period)
        if len(days_of(answer.text, answer.today)) < 2 and "\n" not in answer.text.strip():
            day = read_day(answer)
            return day if isinstance(day, Puzzled) else {"due": day, "parts": [], "effective": ""}
        if vague_period(answer.text):
            return Puzzled("calc.ask.period", understood=True)
        parts = dated_sums(answer.text, answer.today, past=True)
        if parts is None or len(parts) > MOST or any(amount > LARGEST for _, amount in parts):
            return Puzzled("calc.ask.no_parts", understood=True)
        made = sum(as_cents(amount) for _, amount in parts)
        if made != at.data["amount"]:
            return Puzzled(
                "calc.ask.parts_total", {"sum": yuan(made), "total": yuan(at.data["amount"])}, understood=True
            )
        listed = [[day.isoformat(), as_cents(amount)] for day, amount in parts]
        return {"due": max(day for day, _ in parts).isoformat(), "parts": listed, "effective": ""}

    def _paid(self, at: At, answer: Answer) -> Data | Puzzled:
        if answer.choice == "none":
            return {"paid": True}
        found = dated_sums(answer.text, answer.today, past=True)
        if found is None or any(amount > LARGEST for _, amount in found):
            return Puzzled("calc.ask.no_payment")
        payments = [*at.data.get("payments", []), *([d.isoformat(), as_cents(a)] for d, a in found)]
        if len(payments) > MOST:
            return Puzzled("calc.wrong.too_many", {"most": MOST}, understood=True)
        return {"payments": payments}

    @override
    def lines(self, at: At) -> Sequence[Line]:
        """Every answer."""
        data = at.data
        until = data.get("until")
        day = (
            [Line("until", "calc.name.until", Say("calc.choice.today"))]
            if until == "today"
            else day_line(data, "until")
        )
        general: dict[str, str] = data.get("general", {})
        if "table" in general:
            rate = Say(f"calc.value.table.{general['table']}", {"multiple": general["multiple"]})
        else:
            rate = Say("calc.value.rate", {"rate": general["rate"]}) if general else Say("calc.choice.no_general")
        return [
            *amount_line(data),
            *_due_line(data),
            *day,
            Line("paid", "calc.name.paid", _payments(data)),
            Line("general", "calc.name.general", rate),
            *(day_line(data, "since") if general else []),
        ]

    @override
    def inputs(self, data: Data) -> dict[str, Any]:
        """Today stays open until the result is worked out."""
        general: dict[str, Any] = {**data["general"], "since": data["since"]} if data.get("general") else {}
        due: dict[str, Any] = {"amount": as_amount(data["amount"]), "due": data["due"]}
        if data.get("parts"):
            due = {"parts": [{"day": day, "amount": as_amount(cents)} for day, cents in data["parts"]]}
        elif data.get("effective"):
            due = {"amount": due["amount"], "effective": data["effective"], "within": data["within"]}
        return {
            **due,
            "until": None if data["until"] == "today" else data["until"],
            "payments": [{"day": day, "amount": as_amount(cents)} for day, cents in data.get("payments", [])],
            "general": general or None,
        }

    @override
    def blames(self, error: CannotWorkOutError) -> str:
        """The step whose answer cannot be."""
        return _BLAMED.get(error.key, Step.AMOUNT)


def _performed(effective: date, within: Period) -> Data:
    """生效后十日内: the last day is worked out with the court's holidays, at the end; `due` is as it is counted."""
    due = within.after(effective)
    return {"due": due.isoformat(), "parts": [], "effective": effective.isoformat(), "within": within.code}


def _due_line(data: Data) -> Sequence[Line]:
    if data.get("parts"):
        value = Say("calc.value.parts", {"count": len(data["parts"])})
        return [Line("due", "calc.name.due", value)]
    if data.get("effective"):
        value = Say("calc.value.performed", {"day": date.fromisoformat(data["effective"]), "within": period(data["within"])})
        return [Line("due", "calc.name.due", value)]
    return day_line(data, "due")


def _payments(data: Data) -> Say:
    payments = data.get("payments", [])
    if not payments:
        return Say("calc.choice.nothing_paid")
    return Say("calc.value.payments", {"count": len(payments), "amount": yuan(sum(cents for _, cents in payments))})
