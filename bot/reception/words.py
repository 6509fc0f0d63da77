"""What is said to staff when something cannot be done: every refusal of the services as a sentence."""

from __future__ import annotations

from bot.core.texts import Texts
from bot.dialogue.settling import wrong
from bot.guide.settlement.model import SettlementError
from bot.ledger import wording
from bot.ledger.model import Broken
from bot.reach.model import ReachError
from bot.reception.model import DeskError
from bot.staff.model import Forbidden, StaffError

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
