"""到窗口办、请人联系: a request for a person that already holds what a guided check has found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import ClassVar

from typing_extensions import override

from bot.dialogue.flows.model import BACK, LEAVE, Answer, At, Choice, Data, Opening, Path, Puzzled, Say

WISHES = ("visit", "call", "write")  # come to the window, be called, be answered here
LONGEST = 1000  # characters of somebody's own words


class Step(StrEnum):
    """how → words → confirm → done."""

    HOW = "how"
    WORDS = "words"
    CONFIRM = "confirm"
    DONE = "done"


class Window(Path):
    """The path to a person; data `source` and `facts` come from the check that led here."""

    kind = "window"
    Step = Step
    ends = frozenset({Step.DONE})
    free = frozenset({Step.WORDS})
    examples: ClassVar[Mapping[str, Sequence[str]]] = {Step.WORDS: ("a few words",)}

    @override
    def order(self, data: Data) -> Sequence[str]:
        """The same for everybody."""
        return (Step.HOW, Step.WORDS, Step.CONFIRM, Step.DONE)

    @override
    def filled(self, step: str, data: Data) -> bool:
        """A step is filled by the datum of its name."""
        return step in data

    @override
    def opened(self, opening: Opening) -> Data:
        """The answers of the check go along, so that nobody is asked twice."""
        return {"source": opening.source, "facts": dict(opening.data)} if opening.source else {}

    @override
    def ask(self, at: At, today: date) -> Say:
        """How, and what else should be known."""
        if at.step == Step.HOW:
            return Say("guide.window.how", {}, (*(Choice(f"guide.window.{w}", w) for w in WISHES), LEAVE))
        if at.step == Step.WORDS:
            return Say("guide.window.words", {}, (Choice("party.button.skip", "none"), BACK, LEAVE))
        if at.step == Step.CONFIRM:
            words = at.data.get("words") or Say("guide.window.nothing")
            choices = (
                Choice("guide.window.send", "yes"),
                Choice("guide.window.change_how", "fix-how"),
                Choice("guide.window.change_words", "fix-words"),
                LEAVE,
            )
            return Say("guide.window.confirm", {"how": Say(f"guide.window.{at.data['how']}"), "words": words}, choices)
        return Say("guide.window.done")

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """Words are words."""
        if at.step == Step.HOW:
            return {"how": answer.choice} if answer.choice in WISHES else Puzzled("party.flow.press")
        if at.step == Step.WORDS:
            text = "" if answer.choice == "none" else answer.text.strip()[:LONGEST]
            return {"words": text} if text or answer.choice == "none" else Puzzled("party.note.words")
        return {"confirm": True} if answer.choice == "yes" else Puzzled("party.flow.press")
