"""A lawyer or family member who may read along: who are you, and what are you to the party?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import ClassVar

from typing_extensions import override

from bot.dialogue.flows.model import LEAVE, Answer, At, Choice, Data, Path, Puzzled, Say

RELATIONS = ("lawyer", "family", "staff")


class Step(StrEnum):
    """consent → name → relation → waiting (for the party to agree); consent → declined."""

    CONSENT = "consent"
    NAME = "name"
    RELATION = "relation"
    WAITING = "waiting"
    DECLINED = "declined"


class Helper(Path):
    """The path from a link that the party passed on to the party's question whether that is right."""

    kind = "helper"
    Step = Step
    ends = frozenset({Step.WAITING, Step.DECLINED})
    free = frozenset({Step.NAME})
    bound = True
    examples: ClassVar[Mapping[str, Sequence[str]]] = {Step.NAME: ("Li",)}

    @override
    def order(self, data: Data) -> Sequence[str]:
        """An end that was reached early closes the path."""
        return (Step.CONSENT, Step.NAME, Step.RELATION, data.get("end", Step.WAITING))

    @override
    def filled(self, step: str, data: Data) -> bool:
        """An end fills everything."""
        return step in data or "end" in data

    @override
    def ask(self, at: At, today: date) -> Say:
        """The privacy notice first."""
        if at.step == Step.CONSENT:
            choices = (Choice("party.button.consent", "yes"), Choice("party.button.decline", "no"))
            return Say("party.helper.consent", {"days": at.data.get("days", 0)}, choices)
        if at.step == Step.RELATION:
            return Say("party.helper.relation", {}, tuple(Choice(f"party.relation.{r}", r) for r in RELATIONS))
        return Say(f"party.helper.{at.step}", {}, () if at.step in self.ends else (LEAVE,))

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """Only the buttons count for consent and relation."""
        if at.step == Step.CONSENT:
            if answer.choice == "no":
                return {"end": Step.DECLINED}
            return {"consent": True} if answer.choice == "yes" else Puzzled("party.identify.consent_first")
        if at.step == Step.NAME:
            name = answer.text.strip()
            return {"name": name} if 2 <= len(name) <= 60 else Puzzled("party.identify.no_name")
        return {"relation": answer.choice} if answer.choice in RELATIONS else Puzzled("party.flow.press")
