"""我是欠款方，怎么办: paid, in parts, cannot pay, disagree, not me, frozen, on the list; each ends in something to do.

民诉法第236条, 第238条, 第241条, 第252条, 第264条; 和解规定第1条; 失信规定第3条, 第9条 to 第12条; 限消规定第9条. A
debtor who has proven who they are acts in their own case, everybody else gets what anybody can do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from typing_extensions import override

from bot.dialogue.flows.model import BACK, LEAVE, Answer, At, Choice, Data, Path, Puzzled, Say, elsewhere, go

_HUMAN = elsewhere("button.human", "human")
_WINDOW = go("window", carry=True)


def _topic(name: str) -> Choice:
    return elsewhere(f"guide.debtor.read.{name.partition('.')[2]}", f"topic:{name}")


# What each situation divides into, and what can be done then: for a party of a case, and for everybody.
Actions = tuple[tuple[Choice, ...], tuple[Choice, ...]]
OPTIONS: Mapping[str, Mapping[str, Actions]] = {
    "paid": {
        "creditor": ((go("paid"),), (go("doc_performance", carry=True), _topic("debtor.closed_cert"))),
        "court": ((go("paid"),), (_topic("debtor.closed_cert"), _WINDOW)),
        "part": ((go("paid"), go("plan")), (go("calc_interest"), go("doc_performance", carry=True))),
    },
    "parts": {
        "instalments": ((go("plan"), go("settle")), (go("calc_plan"), go("doc_delay", carry=True), go("settle"))),
        "later": ((go("promise"), go("plan")), (go("doc_delay", carry=True), _topic("debtor.cannot_pay"))),
        "less": ((go("settle"), go("plan")), (go("settle"), go("doc_settlement", carry=True))),
    },
    "cannot": {
        "nothing": ((go("hard"),), (go("doc_delay", carry=True), _topic("property.report"))),
        "living": ((go("hard"),), (_topic("property.exempt"), go("doc_objection", carry=True))),
        "ill": ((go("hard"), go("plan")), (go("doc_delay", carry=True), _topic("service.legal_aid"))),
    },
    "disagree": {
        "judgment": ((go("dispute"),), (_topic("process.retrial"), _topic("debtor.unaware"))),
        "act": ((go("dispute"),), (go("doc_objection", carry=True), _topic("objection.behavior"))),
        "amount": ((go("dispute"),), (go("calc_interest"), go("doc_objection", carry=True))),
        "court": ((go("dispute"),), (_topic("apply.court"), _WINDOW)),
    },
    "notme": {
        "message": ((elsewhere("party.button.mine", "pt:mine"),), (_topic("debtor.scam"), _WINDOW)),
        "name": ((go("dispute"),), (go("doc_objection", carry=True), _topic("debtor.wrong_person"))),
        "property": ((go("dispute"),), (go("doc_objection", carry=True), _topic("objection.third_party"))),
    },
    "frozen": {
        "court": ((go("paid"), go("plan")), (go("doc_objection", carry=True), go("calc_seizure"))),
        "living": ((go("hard"),), (go("doc_objection", carry=True), _topic("property.exempt"))),
        "police": ((), (_topic("property.police_freeze"), _topic("debtor.scam"))),
        "unknown": ((go("contact"),), (_topic("property.unfreeze"), _WINDOW)),
    },
    "listed": {
        "performed": ((go("paid"), go("contact")), (go("doc_performance", carry=True), _topic("measures.dishonest_remove"))),
        "agreed": ((go("plan"), go("settle")), (go("settle"), _topic("measures.consumption_remove"))),
        "wrong": ((go("dispute"), go("contact")), (_topic("measures.dishonest_remove"), _WINDOW)),
        "travel": ((go("contact"),), (_topic("measures.consumption_remove"), _WINDOW)),
        "unknown": ((go("contact"),), (_topic("measures.query"), _WINDOW)),
    },
}  # fmt: skip


# Which situation it is that somebody tells in words.
_TOLD = {
    "paid": "paid",
    "promise": "parts",
    "plan": "parts",
    "hard": "cannot",
    "dispute": "disagree",
    "notme": "notme",
}


class Step(StrEnum):
    """situation → detail → advice."""

    SITUATION = "situation"
    DETAIL = "detail"
    ADVICE = "advice"


class DebtorOptions(Path):
    """From what is the matter to what can be done; data `bound` comes with a proven party."""

    kind = "debtor_options"
    Step = Step
    ends = frozenset({Step.ADVICE})
    reopens = True
    starts = ({}, {"bound": True})

    @override
    def order(self, data: Data) -> Sequence[str]:
        """Two questions."""
        return (Step.SITUATION, Step.DETAIL, Step.ADVICE)

    @override
    def filled(self, step: str, data: Data) -> bool:
        """A step is filled by the datum of its name."""
        return step in data

    @override
    def clear(self, step: str) -> tuple[str, ...]:
        """Another situation has other details."""
        return ("situation", "detail") if step == Step.SITUATION else (step,)

    @override
    def ask(self, at: At, today: date) -> Say:
        """Both by button."""
        if at.step == Step.SITUATION:
            choices = tuple(Choice(f"guide.debtor.situation.{s}", s) for s in OPTIONS)
            return Say("guide.debtor.ask", {}, (*choices, LEAVE))
        situation = at.data["situation"]
        if at.step == Step.DETAIL:
            details = tuple(Choice(f"guide.debtor.{situation}.is_{d}", d) for d in OPTIONS[situation])
            return Say(f"guide.debtor.{situation}.ask", {}, (*details, BACK))
        return self._advice(situation, at.data["detail"], bound=bool(at.data.get("bound")))

    def _advice(self, situation: str, detail: str, *, bound: bool) -> Say:
        own, general = OPTIONS[situation][detail]
        wanted = (*own, *general) if bound else (*general, *((_WINDOW,) if _WINDOW not in general else ()))
        change = Choice("guide.button.other_matter", "fix-situation")
        also = () if bound or not own else (Say("guide.debtor.bind"),)
        return Say(f"guide.debtor.{situation}.{detail}", {}, (*wanted[:5], change, _HUMAN), also)

    def _told(self, at: At, answer: Answer) -> str:
        """The one situation that words tell: 没钱，还不起. Who is a party does at once what they say, with its sums."""
        found = {_TOLD[told] for told in answer.told if told in _TOLD}
        found -= {"cannot"} if "parts" in found else set()  # 没钱，能不能分期 wants to pay in parts
        return found.pop() if len(found) == 1 and not at.data.get("bound") else ""

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """The buttons, their words, and what tells a situation plainly."""
        if at.step == Step.SITUATION:
            situation = answer.choice if answer.choice in OPTIONS else self._told(at, answer)
            return {"situation": situation} if situation else Puzzled("party.flow.press")
        known = OPTIONS[at.data["situation"]]
        return {"detail": answer.choice} if answer.choice in known else Puzzled("party.flow.press")
