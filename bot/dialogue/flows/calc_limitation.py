"""算申请执行的期限: from what it runs, from which day, what began it anew, what stopped it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from typing_extensions import override

from bot.dialogue.flows.calc import (
    WORDS,
    Calculation,
    carried_day,
    choices,
    chosen_line,
    day_line,
    read_day,
)
from bot.dialogue.flows.model import Answer, At, Choice, Data, Line, Opening, Puzzled, Say
from bot.guide.limitation import Event, Start
from bot.guide.model import CannotWorkOutError, checked_day
from bot.guide.reading import impossible_day, listed_days

RULES = (Start.FIXED, Start.NO_PERIOD, Start.INSTALMENTS, Start.SETTLEMENT, Start.NOTARIAL, Start.OMISSION)
BY_PARTS = (Start.INSTALMENTS, Start.NOTARIAL)
EVENTS = tuple(e.value for e in Event)


class Step(StrEnum):
    """rule → start → event → event_day → until (a settlement only) → obstacle → confirm → done.

    A notarised title has no events here.
    """

    RULE = "rule"
    START = "start"
    EVENT = "event"
    EVENT_DAY = "event_day"
    UNTIL = "until"
    OBSTACLE = "obstacle"
    CONFIRM = "confirm"
    DONE = "done"


class CalcLimitation(Calculation):
    """The path to the last day on which to apply."""

    kind = "calc_limitation"
    Step = Step
    calculator = "limitation"
    topic = "apply.time_limit"
    examples: ClassVar[Mapping[str, Sequence[str]]] = {
        Step.START: ("2025-05-10",),
        Step.EVENT_DAY: ("2026-08-20",),
        Step.UNTIL: ("2027-08-20",),
        Step.OBSTACLE: ("2026-12-01 2027-02-01",),
    }

    @override
    def order(self, data: Data) -> Sequence[str]:
        """An event needs its day; each part of a notarised title runs by itself."""
        if data.get("rule") == Start.NOTARIAL:
            return (Step.RULE, Step.START, Step.CONFIRM, Step.DONE)
        event = data.get("event", "none")
        days = () if event == "none" else (Step.EVENT_DAY, Step.UNTIL) if event == Event.SETTLED else (Step.EVENT_DAY,)
        return (Step.RULE, Step.START, Step.EVENT, *days, Step.OBSTACLE, Step.CONFIRM, Step.DONE)

    @override
    def clear(self, step: str) -> tuple[str, ...]:
        """Another rule asks for another day; another event for another day."""
        return {Step.RULE: ("rule", "start"), Step.EVENT: ("event", "event_day", "until")}.get(Step(step), (step,))

    @override
    def opened(self, opening: Opening) -> Data:
        """A sentence tells day and rule; that nothing happened since is taken for granted, and can be changed."""
        start = carried_day(opening, "start", *(("due", "effective") if opening.source != WORDS else ()))
        data: Data = {"start": [start["start"]]} if start else {}
        if opening.source != WORDS:
            return {"rule": Start.FIXED.value, **data} if data and "due" in opening.data else {}
        rule = opening.data.get("rule")
        return {**data, **({"rule": rule} if rule else {}), "event": "none", "obstacle": [], "confirm": True}

    @override
    def ask(self, at: At, today: date) -> Say:
        """Buttons for what kind, words for days."""
        if at.step == Step.RULE:
            return self.question("rule", *choices("limitation", RULES), first=True)
        if at.step == Step.START:
            return self.question(f"start_{at.data['rule']}")
        if at.step == Step.EVENT:
            return self.question("event", *choices("limitation", ("none", *EVENTS)))
        if at.step == Step.OBSTACLE:
            return self.question("obstacle", Choice("calc.choice.limitation.no_obstacle", "none"))
        if at.step == Step.UNTIL:
            return self.question("until", Choice("calc.choice.limitation.no_until", "none"))
        if at.step == Step.CONFIRM:
            return self.review(at, "calc.choice.work_out")
        if at.step == Step.DONE:
            return self.done()
        return self.question(f"event_{at.data['event']}")

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """Instalments may be told as several days."""
        if at.step == Step.RULE:
            return {"rule": answer.choice} if answer.choice in RULES else Puzzled("party.flow.press")
        if at.step == Step.START:
            return self._start(at, answer)
        if at.step == Step.EVENT:
            known = answer.choice in ("none", *EVENTS)
            return {"event": answer.choice} if known else Puzzled("party.flow.press")
        if at.step == Step.OBSTACLE:
            return self._obstacle(answer)
        if at.step == Step.CONFIRM:
            return {"confirm": True} if answer.choice == "yes" else Puzzled("party.flow.press")
        if at.step == Step.UNTIL and answer.choice == "none":
            return {"until": ""}
        day = read_day(answer, past=at.step == Step.EVENT_DAY)
        if isinstance(day, Puzzled):
            return day
        return self._after(at, day)

    def _after(self, at: At, day: str) -> Data | Puzzled:
        """What happened comes after the beginning, and the last day that was agreed after the agreement."""
        said = date.fromisoformat(day)
        if at.step == Step.UNTIL:
            signed = at.day("event_day")
            wrong = said < signed and Puzzled("calc.wrong.order", {"first": signed, "last": said}, understood=True)
        else:
            start = date.fromisoformat(max(at.data["start"]))
            wrong = said < start and Puzzled("calc.wrong.event_early", {"day": said, "start": start}, understood=True)
        return wrong or {at.step: day}

    def _start(self, at: At, answer: Answer) -> Data | Puzzled:
        if at.data["rule"] not in BY_PARTS:
            day = read_day(answer)
            return day if isinstance(day, Puzzled) else {"start": [day]}
        days = _days(answer)
        return days if isinstance(days, Puzzled) else {"start": [d.isoformat() for d in days]}

    def _obstacle(self, answer: Answer) -> Data | Puzzled:
        if answer.choice == "none":
            return {"obstacle": []}
        days = _days(answer)
        if isinstance(days, Puzzled):
            return days
        if len(days) != 2 or days[1] < days[0]:
            return Puzzled("calc.ask.two_days", understood=True)
        return {"obstacle": [d.isoformat() for d in days]}

    @override
    def lines(self, at: At) -> Sequence[Line]:
        """Every answer."""
        data, found = at.data, [*chosen_line(at.data, "rule", "limitation")]
        if days := [date.fromisoformat(d) for d in data.get("start", [])]:
            value = days[0] if len(days) == 1 else Say("calc.value.days", {"count": len(days), "last": max(days)})
            found.append(Line("start", "calc.name.start", value))
        if data.get("rule") == Start.NOTARIAL:
            return found
        found += [*chosen_line(data, "event", "limitation")]
        if data.get("event", "none") != "none":
            found += [*day_line(data, "event_day")]
        if data.get("event") == Event.SETTLED:
            until: object = date.fromisoformat(data["until"]) if data.get("until") else Say("calc.choice.limitation.no_until")
            found.append(Line("until", "calc.name.agreed_until", until))
        if stop := data.get("obstacle"):
            first, last = (date.fromisoformat(d) for d in stop)
            found.append(Line("obstacle", "calc.name.obstacle", Say("calc.value.span", {"first": first, "last": last})))
        return found

    @override
    def inputs(self, data: Data) -> dict[str, Any]:
        """As the calculator takes them."""
        days = {"days": data["start"]} if data["rule"] in BY_PARTS else {"start": data["start"][0]}
        found: dict[str, Any] = {"rule": data["rule"], **days}
        if data["rule"] == Start.NOTARIAL:
            return found
        if data.get("event", "none") != "none":
            found["events"] = [{"kind": data["event"], "day": data["event_day"], "until": data.get("until")}]
        if stop := data.get("obstacle"):
            found["obstacle"] = {"first": stop[0], "last": stop[1]}
        return found

    @override
    def blames(self, error: CannotWorkOutError) -> str:
        """An event before the beginning is a wrong day of the event."""
        return Step.EVENT if error.key == "calc.wrong.event_early" else Step.START


def _days(answer: Answer) -> list[date] | Puzzled:
    if odd := impossible_day(answer.text):
        return Puzzled("calc.wrong.no_such_day", {"day": odd}, understood=True)
    try:
        found = [checked_day(d) for d in listed_days(answer.text, answer.today, past=True)]
    except CannotWorkOutError as error:
        return Puzzled(error.key, error.params, understood=True)
    return found or Puzzled("calc.ask.no_day")
