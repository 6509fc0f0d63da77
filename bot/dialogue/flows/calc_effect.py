"""算生效日期和履行期: which title, when it was served, within how many days to perform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from typing_extensions import override

from bot.core.calendar import CourtCalendar
from bot.dialogue.flows.calc import WORDS, Calculation, carried_day, choices, chosen_line, day_line, period, read_day
from bot.dialogue.flows.model import Answer, At, Choice, Data, Line, Opening, Puzzled, Say
from bot.guide.effect import BY_NOTICE, Title, performance
from bot.guide.model import CannotWorkOutError
from bot.guide.reading import within_of

TITLES = tuple(t.value for t in Title)


class Step(StrEnum):
    """title → served (or notice) → within → done."""

    TITLE = "title"
    SERVED = "served"
    NOTICE = "notice"
    WITHIN = "within"
    DONE = "done"


class CalcEffect(Calculation):
    """The path to the day of effect and the last day of performance."""

    kind = "calc_effect"
    Step = Step
    calculator = "effect"
    topic = "apply.effective"
    examples: ClassVar[Mapping[str, Sequence[str]]] = {
        Step.SERVED: ("2026-03-02",),
        Step.NOTICE: ("2026-03-02",),
        Step.WITHIN: ("10",),
    }

    @override
    def order(self, data: Data) -> Sequence[str]:
        """Served in person, or by public notice."""
        served = Step.NOTICE if data.get("served") == "" else Step.SERVED
        return (Step.TITLE, served, Step.WITHIN, Step.DONE)

    @override
    def clear(self, step: str) -> tuple[str, ...]:
        """Whoever corrects the notice says anew how it was served."""
        return ("served", "notice") if step in (Step.SERVED, Step.NOTICE) else (step,)

    @override
    def filled(self, step: str, data: Data) -> bool:
        """An empty day of service stands for a public notice."""
        return bool(data.get("served")) if step == Step.SERVED else step in data

    @override
    def opened(self, opening: Opening) -> Data:
        """A sentence tells the title and the day; how long one has for performing is asked under the result."""
        if opening.source != WORDS:
            return {}
        title, notice = opening.data.get("title"), carried_day(opening, "notice")
        served = {"served": "", **notice} if notice else carried_day(opening, "served")
        return {**served, **({"title": title} if title else {}), "within": 0}

    @override
    def ask(self, at: At, today: date) -> Say:
        """Buttons for the title."""
        if at.step == Step.TITLE:
            return self.question("title", *choices("effect", TITLES), first=True)
        if at.step == Step.SERVED:
            notice = (Choice("calc.choice.effect.notice", "notice"),) if at.data["title"] in BY_NOTICE else ()
            return self.question("served", *notice)
        if at.step == Step.WITHIN:
            return self.question("within", Choice("calc.choice.effect.no_within", "none"))
        if at.step == Step.DONE:
            return self.done()
        return self.question("notice")

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """By public notice the day of the notice is asked for instead."""
        if at.step == Step.TITLE:
            return {"title": answer.choice} if answer.choice in TITLES else Puzzled("party.flow.press")
        if at.step == Step.WITHIN:
            return self._within(answer)
        if at.step == Step.SERVED and answer.choice == "notice":
            return {"served": ""} if at.data["title"] in BY_NOTICE else Puzzled("calc.ask.no_day")
        day = read_day(answer)
        return day if isinstance(day, Puzzled) else {at.step: day}

    def _within(self, answer: Answer) -> Data | Puzzled:
        if answer.choice == "none":
            return {"within": 0}
        found = within_of(answer.text)
        if found is None:
            return Puzzled("calc.ask.no_within")
        try:
            performance(answer.today, found, CourtCalendar())
        except CannotWorkOutError as error:
            return Puzzled(error.key, error.params, understood=True)
        return {"within": found.code}

    @override
    def lines(self, at: At) -> Sequence[Line]:
        """Every answer."""
        data = at.data
        within = (
            period(data["within"])
            if data.get("within")
            else Say("calc.choice.effect.no_within")
        )
        return [
            *chosen_line(data, "title", "effect"),
            *day_line(data, "notice" if data.get("served") == "" else "served"),
            Line("within", "calc.name.within", within),
        ]

    @override
    def inputs(self, data: Data) -> dict[str, Any]:
        """As the calculator takes them."""
        day = {"notice": data["notice"]} if data["served"] == "" else {"served": [data["served"]]}
        return {"title": data["title"], **day, "within": data["within"] or None}

    @override
    def blames(self, error: CannotWorkOutError) -> str:
        """Only the day can be wrong by then."""
        return Step.NOTICE if error.key == "calc.wrong.notice_old" else Step.SERVED
