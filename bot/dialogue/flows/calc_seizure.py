"""算查封冻结到期日: what was seized, the day on the paper or the day of the seizure, before judgment or after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from typing_extensions import override

from bot.dialogue.flows.calc import WORDS, Calculation, carried_day, choices, chosen_line, day_line, read_day
from bot.dialogue.flows.model import Answer, At, Choice, Data, Line, Opening, Puzzled, Say
from bot.guide.model import CannotWorkOutError
from bot.guide.seizure import Asset

ASSETS = tuple(a.value for a in Asset)
STAGES = ("judgment", "preservation")


class Step(StrEnum):
    """asset → ends → start (when no end is written) → stage → done."""

    ASSET = "asset"
    ENDS = "ends"
    START = "start"
    STAGE = "stage"
    DONE = "done"


class CalcSeizure(Calculation):
    """The path to the end of a seizure and the day to renew it."""

    kind = "calc_seizure"
    Step = Step
    calculator = "seizure"
    worded = frozenset({Step.ASSET})
    topic = "property.period"
    examples: ClassVar[Mapping[str, Sequence[str]]] = {Step.ENDS: ("2027-03-01",), Step.START: ("2026-03-01",)}

    @override
    def order(self, data: Data) -> Sequence[str]:
        """The day that the court wrote goes before everything."""
        start = () if data.get("ends") else (Step.START,)
        return (Step.ASSET, Step.ENDS, *start, Step.STAGE, Step.DONE)

    @override
    def opened(self, opening: Opening) -> Data:
        """A sentence tells asset and day; the paper is asked for under the result."""
        if opening.source != WORDS:
            return {}
        asset = opening.data.get("asset")
        return {**carried_day(opening, "start"), **({"asset": asset} if asset else {}), "ends": "", "stage": "judgment"}

    @override
    def ask(self, at: At, today: date) -> Say:
        """The paper first: most of them name the day."""
        if at.step == Step.ASSET:
            return self.question("asset", *choices("seizure", ASSETS), first=True)
        if at.step == Step.ENDS:
            return self.question("ends", Choice("calc.choice.seizure.no_ends", "none"))
        if at.step == Step.STAGE:
            return self.question("stage", *choices("seizure", STAGES))
        if at.step == Step.DONE:
            return self.done()
        return self.question("start")

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """A beginning in the future is a slip."""
        if at.step == Step.ASSET:
            return {"asset": answer.choice} if answer.choice in ASSETS else Puzzled("party.flow.press")
        if at.step == Step.STAGE:
            return {"stage": answer.choice} if answer.choice in STAGES else Puzzled("party.flow.press")
        if at.step == Step.ENDS and answer.choice == "none":
            return {"ends": ""}
        day = read_day(answer, past=at.step == Step.START)
        if isinstance(day, Puzzled):
            return day
        if at.step == Step.START and day > answer.today.isoformat():
            return Puzzled("calc.ask.future", understood=True)
        return {at.step: day}

    @override
    def lines(self, at: At) -> Sequence[Line]:
        """Every answer."""
        data = at.data
        ends = day_line(data, "ends") or [Line("ends", "calc.name.ends", Say("calc.choice.seizure.no_ends"))]
        start = () if data.get("ends") else day_line(data, "start")
        return [*chosen_line(data, "asset", "seizure"), *ends, *start, *chosen_line(data, "stage", "seizure")]

    @override
    def inputs(self, data: Data) -> dict[str, Any]:
        """As the calculator takes them."""
        day = {"ends": data["ends"]} if data["ends"] else {"start": data["start"]}
        return {"asset": data["asset"], **day, "preservation": data["stage"] == "preservation"}

    @override
    def blames(self, error: CannotWorkOutError) -> str:
        """Only a day can be wrong by then."""
        return Step.ENDS
