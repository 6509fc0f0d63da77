"""A promise: by which day, and how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import ClassVar

from typing_extensions import override

from bot.dialogue.flows.model import BACK, LEAVE, Answer, At, Choice, Data, Opening, Path, Puzzled, Say, yuan
from bot.reach.saying import find_day, find_one, find_share, find_sum, share_of, whole

LONGEST = 366  # days that a promise may reach ahead


class Step(StrEnum):
    """day → amount → confirm → done | dropped."""

    DAY = "day"
    AMOUNT = "amount"
    CONFIRM = "confirm"
    DONE = "done"
    DROPPED = "dropped"


class Promise(Path):
    """The path to a promise that is said back before it is noted; data `act` and `balance` (分) come with it."""

    kind = "promise"
    Step = Step
    ends = frozenset({Step.DONE, Step.DROPPED})
    bound = True
    examples: ClassVar[Mapping[str, Sequence[str]]] = {Step.DAY: ("2026-12-01",), Step.AMOUNT: ("3000",)}
    starts: ClassVar[Sequence[Data]] = ({"balance": 500_000}, {"balance": 0, "act": True})

    @override
    def order(self, data: Data) -> Sequence[str]:
        """The promise of an act has no sum."""
        amount = () if data.get("act") else (Step.AMOUNT,)
        return (Step.DAY, *amount, Step.CONFIRM, data.get("end", Step.DONE))

    @override
    def filled(self, step: str, data: Data) -> bool:
        """A step is filled by the datum of its name."""
        return step in data or "end" in data

    @override
    def ask(self, at: At, today: date) -> Say:
        """Day, sum, and the whole said back."""
        if at.step == Step.DAY:
            return Say("party.promise.day", {}, (LEAVE,))
        if at.step == Step.AMOUNT:
            rest = at.data.get("balance", 0)
            return Say(
                "party.promise.amount", {}, (Choice("party.button.whole", "whole", {"amount": yuan(rest)}), BACK, LEAVE)
            )
        day = at.day("day") if "day" in at.data else ""
        amount = yuan(at.data.get("amount", 0))
        if at.step == Step.CONFIRM:
            choices = (
                Choice("party.button.promise", "yes"),
                Choice("party.button.fix.day", "fix-day"),
                *(() if at.data.get("act") else (Choice("party.button.fix.amount", "fix-amount"),)),
                Choice("party.button.drop", "no"),
            )
            key = "party.promise.confirm_act" if at.data.get("act") else "party.promise.confirm"
            return Say(key, {"day": day, "amount": amount}, choices)
        key = "party.promise.done_act" if at.data.get("act") and at.step == Step.DONE else f"party.promise.{at.step}"
        return Say(key, {"day": day, "amount": amount})

    @override
    def opened(self, opening: Opening) -> Data:
        """A day to come, or a sum, that somebody wrote under a reminder."""
        found, amount = find_day(opening.text, opening.today), find_sum(opening.text, opening.today)
        ahead = (found.day - opening.today).days if found else -1
        day: Data = {"day": found.day.isoformat()} if found and 0 <= ahead <= LONGEST else {}
        return day | ({"amount": amount} if amount else {})

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """A day to come within a year, a sum above zero."""
        if at.step == Step.DAY:
            return self._day(at, answer)
        if at.step == Step.AMOUNT:
            return self._amount(at, answer)
        if answer.choice == "no":
            return {"end": Step.DROPPED}
        if answer.choice == "yes":
            return {"confirm": True}
        return self._put_right(at, answer) or Puzzled("party.flow.press")

    def _put_right(self, at: At, answer: Answer) -> Data:
        """Another day or sum in place of the confirmation: 改成两万, 还是20号吧."""
        told = self.opened(Opening(answer.today, answer.text))
        amount = find_one(answer.text, answer.today) if answer.corrects else None
        told |= {"amount": amount} if amount else {}
        return {k: v for k, v in told.items() if k == "day" or not at.data.get("act")}

    def _day(self, at: At, answer: Answer) -> Data | Puzzled:
        found = find_day(answer.text, answer.today)
        if found is None:
            return Puzzled("party.flow.no_day")
        if not 0 <= (found.day - answer.today).days <= LONGEST:
            return Puzzled("party.promise.day_wrong")
        amount = None if at.data.get("act") else sum_of(answer.text, answer.today, at.data.get("balance", 0))
        return {"day": found.day.isoformat()} | ({"amount": amount} if amount else {})

    def _amount(self, at: At, answer: Answer) -> Data | Puzzled:
        if answer.choice == "whole":
            return {"amount": at.data.get("balance", 0)}
        balance = at.data.get("balance", 0)
        share = find_share(answer.text)
        all_of_it = balance if whole(answer.text) else None
        amount = share_of(balance, share) if share else find_one(answer.text, answer.today) or all_of_it
        return {"amount": amount} if amount else Puzzled("party.flow.no_amount")


def sum_of(text: str, today: date, balance: int) -> int | None:
    """How much is promised (分): a sum, a part of what is owed (一半), or all of it (还清)."""
    if share := find_share(text):
        return share_of(balance, share) or None
    return find_sum(text, today) or (balance if whole(text) else None)
