"""What is said to staff: every refusal of the services as a sentence, and what an event of a conversation is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.core.clock import shown
from bot.core.texts import Texts
from bot.dialogue.settling import wrong
from bot.guide.settlement.model import SettlementError
from bot.ledger import wording
from bot.ledger.courts import Courts
from bot.ledger.model import Broken
from bot.reach.model import ReachError
from bot.reception.model import DeskError, EventKind, Handed
from bot.staff.model import Forbidden, StaffError
from bot.store.reception_rows import DeskEventRow

Refusal = Forbidden | StaffError | DeskError | Broken | ReachError | SettlementError
REFUSALS = (Forbidden, StaffError, DeskError, Broken, ReachError, SettlementError)


def told(texts: Texts, error: Refusal) -> str:
    """The sentence for a refusal; rights, states and steps are named as people know them."""
    params = {name: _named(texts, name, value) for name, value in error.params.items()}
    if isinstance(error, SettlementError):
        return wrong(texts, error)
    if isinstance(error, (Forbidden, StaffError)):
        return texts(f"staff.wrong.{error.code}", **params)
    if isinstance(error, DeskError):
        return texts(f"desk.wrong.{error.code}", **params)
    if isinstance(error, ReachError):
        return texts(f"reach.wrong.{error.code}", **params)
    return wording.told(texts, error)


def _named(texts: Texts, name: str, value: object) -> object:
    if name == "right":
        return texts(f"staff.right.{value}")
    return texts(f"reception.status.{value}") if name in ("old", "new") else value


def about(texts: Texts, courts: Courts, names: Mapping[int, str], event: DeskEventRow) -> str:
    """What an event of a conversation is about, in words: until when, to whom, the note; nothing for a file."""
    text = event.text or ""
    if event.kind == EventKind.FILE or not text:
        return ""
    if event.kind == EventKind.SNOOZED:
        return shown(datetime.fromisoformat(text), "%m-%d %H:%M")
    if event.kind == EventKind.HANDED:
        given = Handed.read(text)
        court = courts.name(given.court) if given.court else ""
        role = texts(f"staff.role.{given.role}") if given.role else ""
        whom = names.get(given.account, "") if given.account else f"{court}{role}"
        return f"{whom}\n{given.note}".strip()
    return text
