"""First visits that people enter themselves in chat: the answers of a guided path become an intake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.dialogue.flows.model import Refused, Say
from bot.dialogue.scene import Entered
from bot.reception.intake import Intakes
from bot.reception.model import DeskError, NewIntake
from bot.store.work import Work

_TRUTH = {"yes": True, "no": False}


class FromChat:
    """What the dialogue sees of the reception."""

    def __init__(self, intakes: Intakes) -> None:
        self._intakes = intakes

    async def enter(self, work: Work, conversation_id: int, given: Mapping[str, Any]) -> Entered:
        """Register a first visit within the turn. Refused with the rule's own words when it cannot be."""
        try:
            made = await self._intakes.fill_within(work, _new(given), conversation_id=conversation_id)
        except DeskError as error:
            raise Refused(Say(f"desk.wrong.{error.code}", error.params)) from error
        return Entered(made.label, made.new.court, made.assessment.materials)


def _new(given: Mapping[str, Any]) -> NewIntake:
    return NewIntake(
        court=given["court"],
        applicant=given["applicant"],
        other=given["opponent"],
        title=given["title"],
        title_number=given.get("number", ""),
        amount=given.get("amount"),
        effective_on=_day(given.get("effective")),
        due_on=_day(given.get("due")),
        settle_first=_TRUTH.get(given.get("settle", "")),
        wage=given.get("wage") == "wage",
        livelihood=given.get("wage") == "other",
        property_known=_TRUTH.get(given.get("property", "")),
        phone=given.get("phone", ""),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
