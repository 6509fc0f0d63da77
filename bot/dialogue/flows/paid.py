"""已履行: when, how much, by which way, with which proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import ClassVar

from typing_extensions import override

from bot.dialogue.flows.model import BACK, LEAVE, Answer, At, Choice, Data, Path, Puzzled, Say, yuan
from bot.reach.saying import find_day, find_one, find_share, find_sum, find_sums, share_of, whole

WAYS = ("bank", "app", "cash", "court", "third", "other")


class Step(StrEnum):
    """day → amount → way → payer (a third party only) → proof → confirm → done."""

    DAY = "day"
    AMOUNT = "amount"
    WAY = "way"
    PAYER = "payer"
    PROOF = "proof"
    CONFIRM = "confirm"
    DONE = "done"


class Paid(Path):
    """The report of a payment, or of an act that was done; data `act`, `received` and `balance` (分) come with it."""

    kind = "paid"
    Step = Step
    ends = frozenset({Step.DONE})
    free = frozenset({Step.PAYER})
    bound = True
    examples: ClassVar[Mapping[str, Sequence[str]]] = {Step.AMOUNT: ("3000",), Step.PAYER: ("Li",)}
    starts: ClassVar[Sequence[Data]] = (
        {"balance": 500_000},
        {"balance": 0, "act": True},
        {"balance": 500_000, "received": True},
    )

    @override
    def order(self, data: Data) -> Sequence[str]:
        """An act has neither sum nor way; only a third party is asked for by name."""
        if data.get("act"):
            return (Step.DAY, Step.PROOF, Step.CONFIRM, Step.DONE)
        payer = (Step.PAYER,) if data.get("way") == "third" else ()
        return (Step.DAY, Step.AMOUNT, Step.WAY, *payer, Step.PROOF, Step.CONFIRM, Step.DONE)

    @override
    def filled(self, step: str, data: Data) -> bool:
        """A step is filled by the datum of its name."""
        return step in data

    @override
    def ask(self, at: At, today: date) -> Say:
        """One thing at a time."""
        if at.step == Step.DAY:
            choices = (
                Choice("party.button.today", "today"),
                Choice("party.button.yesterday", "yesterday"),
                LEAVE,
            )
            asked = "day_act" if at.data.get("act") else "day"
            return Say(self._put(at, asked), {}, choices)
        if at.step == Step.AMOUNT:
            rest = at.data.get("balance", 0)
            all_of_it = (Choice("party.button.whole", "whole", {"amount": yuan(rest)}),) if rest else ()
            return Say(self._put(at, "amount"), {}, (*all_of_it, BACK, LEAVE))
        if at.step == Step.WAY:
            return Say("party.paid.way", {}, (*(Choice(f"party.way.{w}", w) for w in WAYS), BACK))
        if at.step == Step.PAYER:
            return Say(self._put(at, "payer"), {}, (BACK, LEAVE))
        if at.step == Step.PROOF:
            return Say(self._put(at, "proof"), {}, (Choice("party.button.no_proof", "none"), BACK, LEAVE))
        if at.step == Step.CONFIRM:
            return self._confirm(at)
        return Say("party.paid.done", {"number": at.data.get("task", "")})

    @staticmethod
    def _put(at: At, question: str) -> str:
        """A question as it is put to whoever paid, or to the creditor who got it (`received`)."""
        return f"party.paid.received.{question}" if at.data.get("received") else f"party.paid.{question}"

    def _confirm(self, at: At) -> Say:
        day = at.day("day")
        fixes = tuple(
            Choice(f"party.button.fix.{s}", f"fix-{s}")
            for s in self.order(at.data)
            if s not in (Step.CONFIRM, Step.DONE)
        )
        choices = (Choice("party.button.confirm", "yes"), *fixes, LEAVE)
        files = at.data.get("files", 0)
        if at.data.get("act"):
            return Say("party.paid.confirm_act", {"day": day, "files": files}, choices)
        amount = yuan(at.data["amount"])
        payer = at.data.get("payer", "")
        way = Say("party.way.by", {"payer": payer}) if at.data["way"] == "third" else Say(f"party.way.{at.data['way']}")
        return Say("party.paid.confirm", {"day": day, "amount": amount, "files": files, "way": way}, choices)

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """Each step takes what it asks for; later ones also a sum or a day that is put right."""
        if at.step == Step.DAY:
            return self._by(at, answer, self._day(answer))
        if at.step == Step.AMOUNT:
            return self._by(at, answer, self._amount(at, answer))
        if at.step == Step.PAYER:
            name = "" if answer.choice in WAYS else answer.text.strip()[:60]
            return {"payer": name} if name else Puzzled("party.paid.no_payer")
        fixed = self._put_right(at, answer)
        if at.step == Step.WAY:
            way = "third" if answer.by_other else answer.choice or answer.named
            return fixed | {"way": way} if way in WAYS else fixed or Puzzled("party.flow.press")
        if at.step == Step.PROOF:
            return fixed or self._proof(answer)
        return {"confirm": True} if answer.choice == "yes" else fixed or Puzzled("party.flow.press")

    def _put_right(self, at: At, answer: Answer) -> Data:
        """A sum or a day that is told anew after it was asked for: 不对，是两万五; the review shows it."""
        if answer.choice or not answer.text:
            return {}
        amount = find_one(answer.text, answer.today) if answer.corrects else find_sum(answer.text, answer.today)
        found = find_day(answer.text, answer.today, past=True) if answer.corrects else None
        data: Data = {"amount": amount} if amount and not at.data.get("act") else {}
        return data | ({"day": found.day.isoformat()} if found and found.day <= answer.today else {})

    def _by(self, at: At, answer: Answer, told: Data | Puzzled) -> Data | Puzzled:
        """What was told, and that somebody else paid: 昨天我哥替我付的三万."""
        third = answer.by_other and not at.data.get("act") and not isinstance(told, Puzzled)
        return {**told, "way": "third"} if third and not isinstance(told, Puzzled) else told

    def _day(self, answer: Answer) -> Data | Puzzled:
        near = {"today": 0, "yesterday": 1}.get(answer.choice)
        if near is not None:
            return {"day": (answer.today - timedelta(days=near)).isoformat()}
        found = find_day(answer.text, answer.today, past=True)
        if found is None:
            return Puzzled("party.flow.no_day")
        if found.day > answer.today:
            return Puzzled("party.paid.day_to_come")
        told = set(find_sums(answer.text, answer.today))  # two of them: it is asked for
        return {"day": found.day.isoformat()} | ({"amount": told.pop()} if len(told) == 1 else {})

    def _amount(self, at: At, answer: Answer) -> Data | Puzzled:
        if (answer.choice == "whole" or whole(answer.text)) and at.data.get("balance"):
            return {"amount": at.data["balance"]}
        share = find_share(answer.text)
        amount = share_of(at.data.get("balance", 0), share) if share else find_one(answer.text, answer.today)
        return {"amount": amount} if amount else Puzzled("party.flow.no_amount")

    def _proof(self, answer: Answer) -> Data | Puzzled | Say:
        if "none" in (answer.choice, answer.named) or (answer.choice == "finished" and not answer.files):
            return {"proof": "none", "files": answer.files}
        if answer.choice == "finished":
            return {"proof": "files", "files": answer.files}
        if answer.files:
            finished = (Choice("party.button.finished", "finished"), LEAVE)
            return Say("party.paid.got_file", {}, finished)
        return Puzzled("party.paid.proof_wanted")
