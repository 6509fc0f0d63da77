"""申请分期或延期: a proposal with days and sums; also the counter-proposal of the other side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from typing_extensions import override

from bot.dialogue.flows.model import BACK, LEAVE, Answer, At, Choice, Data, Path, Puzzled, Say, yuan
from bot.reach.saying import after_months, even_plan, find_count, find_day, find_each

LONGEST = 366 * 3  # days that a proposal may reach ahead


class Step(StrEnum):
    """kind → count → first (instalments) | until (delay) → reason → confirm → done."""

    KIND = "kind"
    COUNT = "count"
    FIRST = "first"
    UNTIL = "until"
    REASON = "reason"
    CONFIRM = "confirm"
    DONE = "done"


class Plan(Path):
    """The path to a proposal; data `act` and `balance` (分) come with it, `counter` for the other side's."""

    kind = "plan"
    Step = Step
    ends = frozenset({Step.DONE})

    @override
    def order(self, data: Data) -> Sequence[str]:
        """An act can only be put off; a counter-proposal needs no reason."""
        middle = (Step.COUNT, Step.FIRST) if data.get("kind") == "instalment" else (Step.UNTIL,)
        reason = () if data.get("counter") else (Step.REASON,)
        return (Step.KIND, *middle, *reason, Step.CONFIRM, Step.DONE)

    @override
    def filled(self, step: str, data: Data) -> bool:
        """`count` may also be told by the sum of each instalment."""
        return step in data or (step == Step.COUNT and "each" in data)

    @override
    def clear(self, step: str) -> tuple[str, ...]:
        """Count and sum of each go together."""
        return ("count", "each") if step == Step.COUNT else (step,)

    @override
    def ask(self, at: At, today: date) -> Say:
        """Kind by button; the rest in words."""
        if at.step == Step.KIND:
            money = () if at.data.get("act") else (Choice("party.button.instalment", "instalment"),)
            return Say("party.plan.kind", {}, (*money, Choice("party.button.delay", "delay"), LEAVE))
        if at.step == Step.COUNT:
            return Say("party.plan.count", {"balance": yuan(at.data.get("balance", 0))}, (BACK, LEAVE))
        if at.step == Step.REASON:
            return Say("party.plan.reason", {}, (Choice("party.button.skip", "none"), BACK, LEAVE))
        if at.step == Step.CONFIRM:
            return self._confirm(at)
        if at.step == Step.DONE:
            return Say("party.plan.done", {"number": at.data.get("task", "")})
        return Say(f"party.plan.{at.step}", {}, (BACK, LEAVE))

    def _confirm(self, at: At) -> Say:
        fix = "fix-count" if at.data["kind"] == "instalment" else "fix-until"
        choices = (Choice("party.button.send", "yes"), Choice("party.button.fix.plan", fix), LEAVE)
        if at.data["kind"] == "delay":
            return Say("party.plan.confirm_delay", {"day": at.day("until")}, choices)
        plan = plan_of(at.data)
        return Say(
            "party.plan.confirm_instalment",
            {
                "count": len(plan),
                "amount": yuan(plan[0][0]),
                "last": yuan(plan[-1][0]),
                "first": plan[0][1],
                "until": plan[-1][1],
            },
            choices,
        )

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """What cannot be (61 instalments, a day gone by) is said, and asked again."""
        if at.step == Step.KIND:
            wanted = answer.choice if answer.choice in ("instalment", "delay") else kind_of(answer.text)
            return {"kind": wanted} if wanted else Puzzled("party.flow.press")
        if at.step == Step.COUNT:
            return self._count(at, answer)
        if at.step in (Step.FIRST, Step.UNTIL):
            return self._day(at, answer)
        if at.step == Step.REASON:
            return {"reason": "" if answer.choice == "none" else answer.text.strip()[:500]}
        return {"confirm": True} if answer.choice == "yes" else Puzzled("party.flow.press")

    def _count(self, at: At, answer: Answer) -> Data | Puzzled:
        each, count = find_each(answer.text, answer.today), find_count(answer.text)
        if count is None and answer.text.strip().isdecimal() and 2 <= int(answer.text) <= 60:
            count = int(answer.text)
        wanted = {"each": each} if each else {"count": count}
        if not each and not count:
            return Puzzled("party.plan.no_count")
        try:
            even_plan(at.data["balance"], count or 2, answer.today, each)
        except ValueError:
            return Puzzled("party.plan.impossible")
        found = find_day(answer.text, answer.today)
        first = {"first": found.day.isoformat()} if found and found.day >= answer.today else {}
        return wanted | first

    def _day(self, at: At, answer: Answer) -> Data | Puzzled:
        found = find_day(answer.text, answer.today)
        if found is None:
            return Puzzled("party.flow.no_day")
        if not 0 < (found.day - answer.today).days <= LONGEST:
            return Puzzled("party.promise.day_wrong")
        return {at.step: found.day.isoformat()}


def kind_of(text: str) -> str:
    """Instalments when a count or a sum a month is named; empty when it cannot be told."""
    return "instalment" if find_count(text) or find_each(text, date.min.replace(year=2000)) else ""


def plan_of(data: Data) -> list[tuple[int, date]]:
    """The instalments of a finished path: (分, day); a delay is one of them."""
    if data["kind"] == "delay":
        return [(data.get("balance", 0), date.fromisoformat(data["until"]))]
    first = date.fromisoformat(data["first"])
    return even_plan(data["balance"], data.get("count") or 2, first, data.get("each"))


def default_first(today: date) -> date:
    """A month from today, where nobody names a day."""
    return after_months(today, 1)
