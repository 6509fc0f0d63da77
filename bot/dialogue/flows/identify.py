"""Who is it? Consent to the privacy notice, then name and last characters of the ID or credit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import ClassVar

from typing_extensions import override

from bot.dialogue.flows.model import LEAVE, Answer, At, Choice, Data, Path, Puzzled, Say

_NO_NAME = 4  # figures in a row of words that make them something else than a name
_SIGNS = "，。！？,!?;；\n"


def _figures(text: str) -> int:
    return sum(c.isdigit() for c in text)


class Step(StrEnum):
    """consent → name → tail → proven | locked; consent → declined | notme."""

    CONSENT = "consent"
    NAME = "name"
    TAIL = "tail"
    PROVEN = "proven"
    LOCKED = "locked"
    DECLINED = "declined"
    NOTME = "notme"


class Identify(Path):
    """The path from a link to a proven person. Nothing of any case is said on it."""

    kind = "identify"
    Step = Step
    ends = frozenset({Step.PROVEN, Step.LOCKED, Step.DECLINED, Step.NOTME})
    free = frozenset({Step.NAME, Step.TAIL})
    secret = frozenset({Step.TAIL})
    bound = True
    examples: ClassVar[Mapping[str, Sequence[str]]] = {Step.NAME: ("Li",), Step.TAIL: ("123456",)}

    @override
    def order(self, data: Data) -> Sequence[str]:
        """An end that was reached early closes the path."""
        return (Step.CONSENT, Step.NAME, Step.TAIL, data.get("end", Step.PROVEN))

    @override
    def filled(self, step: str, data: Data) -> bool:
        """An end fills everything."""
        return step in data or "end" in data

    @override
    def ask(self, at: At, today: date) -> Say:
        """The privacy notice first; nobody need go on after it."""
        if at.step == Step.CONSENT:
            choices = (
                Choice("party.button.consent", "yes"),
                Choice("party.button.decline", "no"),
                Choice("party.button.notme", "notme"),
            )
            return Say("party.identify.consent", {"days": at.data.get("days", 0)}, choices)
        if at.step in self.ends:
            return Say(f"party.identify.{at.step}")
        return Say(f"party.identify.{at.step}", {}, (Choice("party.button.notme", "notme"), LEAVE))

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """`proven` was looked up by whoever runs the path."""
        if answer.choice == "notme":
            return {"end": Step.NOTME}
        if at.step == Step.CONSENT:
            if answer.choice == "no":
                return {"end": Step.DECLINED}
            return {"consent": True} if answer.choice == "yes" else Puzzled("party.identify.consent_first")
        if at.step == Step.NAME:
            return self._name(answer)
        return self._tail(answer)

    @override
    def hides(self, step: str, text: str) -> bool:
        """Neither the last characters, nor a name with figures behind it, which may be those."""
        return super().hides(step, text) or (step == Step.NAME and _figures(text) >= _NO_NAME)

    def _name(self, answer: Answer) -> Data | Puzzled:
        """A name; a sentence, a question or figures are none, and must not cost a try later on."""
        name = answer.text.strip()
        if _figures(name) >= _NO_NAME:
            return Puzzled("party.identify.name_only")
        sentence = answer.asks or any(sign in name.rstrip(_SIGNS) for sign in _SIGNS)
        return {"name": name} if 2 <= len(name) <= 60 and not sentence else Puzzled("party.identify.no_name")

    def _tail(self, answer: Answer) -> Data | Puzzled:
        if answer.proven:
            return {"tail": True}
        if answer.proven is None:
            return Puzzled("party.identify.no_tail")
        if answer.tries_left <= 0:
            return {"end": Step.LOCKED}
        return Puzzled("party.identify.wrong", {"left": answer.tries_left}, without=("name", "tail"))
