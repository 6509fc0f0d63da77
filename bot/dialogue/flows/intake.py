"""到窗口登记 (首次接待): who, against whom, by which title, how much; a place in the queue of a court's reception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import ClassVar

from typing_extensions import override

from bot.dialogue.flows.model import (
    BACK,
    LEAVE,
    Answer,
    At,
    Choice,
    Data,
    Line,
    Opening,
    Path,
    Puzzled,
    Say,
    yuan,
)
from bot.ledger import casenumber, identity
from bot.ledger.model import Broken, TitleKind
from bot.reach.saying import find_one

MOST = 10**13  # 分
TITLES = tuple(t.value for t in TitleKind)
# The titles of the check whether one can apply, as the ledger knows them.
_TITLE_OF = {
    "judgment": "judgment", "second": "judgment", "small": "judgment", "mediation": "mediation",
    "confirmation": "ruling", "labour": "arbitration", "award": "arbitration", "order": "order", "notarial": "notary",
}  # fmt: skip
_KNOWN = ("yes", "no", "unknown")


class Step(StrEnum):
    """court → applicant → opponent → title → number → amount → property → settle → wage → phone → confirm → done."""

    COURT = "court"
    APPLICANT = "applicant"
    OPPONENT = "opponent"
    TITLE = "title"
    NUMBER = "number"
    AMOUNT = "amount"
    PROPERTY = "property"
    SETTLE = "settle"
    WAGE = "wage"
    PHONE = "phone"
    CONFIRM = "confirm"
    DONE = "done"


class Intake(Path):
    """A first visit entered in chat; data `courts` ([id, what people call it], …) come with it."""

    kind = "intake"
    Step = Step
    ends = frozenset({Step.DONE})
    identifying = frozenset({Step.PHONE})
    examples: ClassVar[Mapping[str, Sequence[str]]] = {
        Step.APPLICANT: ("Ana Lima",),
        Step.OPPONENT: ("Bo Chen",),
        Step.AMOUNT: ("50000",),
        Step.PHONE: ("13800000000",),
    }
    starts: ClassVar[Sequence[Data]] = ({"courts": [["xixiu", "Xixiu"]]},)

    @override
    def order(self, data: Data) -> Sequence[str]:
        """The same for everybody."""
        return tuple(Step)

    @override
    def filled(self, step: str, data: Data) -> bool:
        """A step is filled by the datum of its name."""
        return step in data

    @override
    def opened(self, opening: Opening) -> Data:
        """What the check has found out already."""
        given = opening.data if opening.source == "can_apply" else {}
        found: Data = {}
        if title := _TITLE_OF.get(given.get("basis", "")):
            found["title"] = title
        if isinstance(given.get("rest"), int):
            found["amount"] = given["rest"]
        elif given.get("claim") == "act":
            found["amount"] = None
        if urgent := given.get("urgent"):
            found["wage"] = {"wage": "wage", "no": "no"}.get(urgent, "other")
        days = {name: given[name] for name in ("effective", "due") if isinstance(given.get(name), str)}
        return found | days

    @override
    def ask(self, at: At, today: date) -> Say:
        """Names and numbers in words, the rest by button."""
        key = f"guide.intake.{at.step}"
        if at.step == Step.COURT:
            courts = (Choice("guide.intake.court_is", code, {"name": name}) for code, name in at.data.get("courts", ()))
            return Say(key, {}, (*courts, LEAVE))
        if at.step == Step.TITLE:
            return Say(key, {}, (*(Choice(f"guide.intake.title_is.{t}", t) for t in TITLES), BACK, LEAVE))
        if at.step in (Step.PROPERTY, Step.SETTLE):
            return Say(key, {}, (*(Choice(f"guide.intake.answer.{a}", a) for a in _KNOWN), BACK))
        if at.step == Step.WAGE:
            return Say(key, {}, (*(Choice(f"guide.intake.wage_is.{w}", w) for w in ("wage", "other", "no")), BACK))
        if at.step == Step.AMOUNT:
            return Say(key, {}, (Choice("guide.intake.no_amount", "none"), BACK, LEAVE))
        if at.step in (Step.NUMBER, Step.PHONE):
            return Say(key, {}, (Choice("party.button.skip", "none"), BACK, LEAVE))
        if at.step == Step.CONFIRM:
            return self.review(at, "guide.intake.send")
        return Say(key, {}, () if at.step == Step.DONE else (BACK, LEAVE))

    @override
    def lines(self, at: At) -> Sequence[Line]:
        """Every answer."""
        data = at.data
        court = dict(data.get("courts", ())).get(data["court"], data["court"])
        empty = Say("guide.intake.empty")
        amount = Say("guide.window.sum", {"amount": yuan(data["amount"])}) if data["amount"] else empty
        values: Mapping[str, object] = {
            Step.COURT: court,
            Step.APPLICANT: data["applicant"],
            Step.OPPONENT: data["opponent"],
            Step.TITLE: Say(f"guide.intake.title_is.{data['title']}"),
            Step.NUMBER: data["number"] or empty,
            Step.AMOUNT: amount,
            Step.PROPERTY: Say(f"guide.intake.answer.{data['property']}"),
            Step.SETTLE: Say(f"guide.intake.answer.{data['settle']}"),
            Step.WAGE: Say(f"guide.intake.wage_is.{data['wage']}"),
            Step.PHONE: data["phone"] or empty,
        }
        return [Line(step, f"guide.intake.name.{step}", value) for step, value in values.items()]

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """What cannot be a name, a case number, a sum or a telephone is told."""
        choices = {
            Step.COURT: tuple(code for code, _ in at.data.get("courts", ())),
            Step.TITLE: TITLES,
            Step.PROPERTY: _KNOWN,
            Step.SETTLE: _KNOWN,
            Step.WAGE: ("wage", "other", "no"),
            Step.CONFIRM: ("yes",),
        }.get(Step(at.step))
        if choices is not None:
            return {at.step: answer.choice} if answer.choice in choices else Puzzled("party.flow.press")
        if answer.choice == "none" and at.step in (Step.NUMBER, Step.PHONE):
            return {at.step: ""}
        if answer.choice == "none" and at.step == Step.AMOUNT:
            return {"amount": None}
        return self._words(at, answer)

    def _words(self, at: At, answer: Answer) -> Data | Puzzled:
        text = answer.text.strip()
        if at.step == Step.AMOUNT:
            amount = find_one(text, answer.today)
            return {"amount": amount} if amount and amount <= MOST else Puzzled("party.flow.no_amount")
        try:
            if at.step == Step.NUMBER:
                return {"number": casenumber.normalise(text, answer.today.year, TitleKind(at.data["title"]))}
            if at.step == Step.PHONE:
                return {"phone": identity.phone(text)}
            name = identity.name(text)
        except Broken:
            return Puzzled(f"guide.intake.wrong.{at.step if at.step in (Step.NUMBER, Step.PHONE) else 'person'}")
        if answer.asks or len(name) < 2:
            return Puzzled("guide.intake.wrong.person")
        if at.step == Step.OPPONENT and name == at.data.get("applicant"):
            return Puzzled("guide.intake.wrong.same")
        return {at.step: name}
