"""有困难、有异议、联系承办人: a few words for the person who takes it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import ClassVar

from typing_extensions import override

from bot.dialogue.flows.model import LEAVE, Answer, At, Choice, Data, Path, Puzzled, Say

DISPUTES = ("amount", "paid", "title", "other")


class Step(StrEnum):
    """kind (a dispute only) → text → done."""

    KIND = "kind"
    TEXT = "text"
    DONE = "done"


class Note(Path):
    """A task has been made already when this path begins; it collects what the person should know.

    Data `about` (hard, dispute, contact, service) and `task` come with it.
    """

    kind = "note"
    Step = Step
    ends = frozenset({Step.DONE})
    free = frozenset({Step.TEXT})
    bound = True
    examples: ClassVar[Mapping[str, Sequence[str]]] = {Step.TEXT: ("a few words",)}
    starts: ClassVar[Sequence[Data]] = ({"about": "hard", "task": 1}, {"about": "dispute", "task": 1})

    @override
    def order(self, data: Data) -> Sequence[str]:
        """Only a dispute has kinds."""
        kind = (Step.KIND,) if data.get("about") == "dispute" else ()
        return (*kind, Step.TEXT, Step.DONE)

    @override
    def filled(self, step: str, data: Data) -> bool:
        """A step is filled by the datum of its name."""
        return step in data

    @override
    def ask(self, at: At, today: date) -> Say:
        """Nobody has to write anything: the task stands without it."""
        params = {"number": at.data.get("task", "")}
        if at.step == Step.KIND:
            return Say("party.note.kind", params, tuple(Choice(f"party.dispute.{k}", k) for k in DISPUTES))
        if at.step == Step.TEXT:
            return Say(f"party.note.{at.data['about']}", params, (Choice("party.button.skip", "none"), LEAVE))
        return Say("party.note.done", params)

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """Words are words; at `kind` they count as the text of another kind of dispute."""
        text = answer.text.strip()[:1000]
        if at.step == Step.KIND:
            if answer.choice in DISPUTES:
                return {"kind": answer.choice}
            return {"kind": "other", "text": text} if text else Puzzled("party.flow.press")
        if answer.choice == "none":
            return {"text": ""}
        if answer.files:
            return {"text": text}
        return {"text": text} if text else Puzzled("party.note.words")
