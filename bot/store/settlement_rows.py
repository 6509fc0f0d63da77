"""What the settlement part of the store hands out: plain values, opened (unsealed)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class NegotiationRow:
    """A negotiation."""

    id: int
    case_id: int
    obligation_id: int | None
    stage: str
    status: str
    opened_at: datetime
    opened_by: str
    mediator: str | None = None
    offer_id: int | None = None
    until: datetime | None = None
    task: int | None = None
    referred_at: datetime | None = None
    agreed_at: datetime | None = None
    signed_at: datetime | None = None
    broken_at: datetime | None = None
    closed_at: datetime | None = None
    closed_why: str | None = None
    amount: int = 0
    before: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One version of the terms: `plan` as [[分, day in ISO form], …], `base` as obligation -> [balance, settled] (分)."""

    id: int
    negotiation_id: int
    number: int
    side: str
    party_id: int | None
    relation: str
    made_at: datetime
    made_by: str
    expires_at: datetime
    held: bool
    owed: int
    plan: list[list[Any]]
    base: dict[str, list[int]] | None = None
    security: str | None = None
    fee: str = "open"
    note: str | None = None
    answers: int | None = None


@dataclass(frozen=True, slots=True)
class OfferAnswerRow:
    """What happened to an offer."""

    id: int
    negotiation_id: int
    offer_id: int
    kind: str
    at: datetime
    made_by: str
    digest: str
    party_id: int | None = None
    relation: str | None = None
    by_hand: bool = False
    words: str | None = None
