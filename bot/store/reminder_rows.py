"""What the reminders' part of the store hands out and takes in: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message to one person, planned or past."""

    id: int
    key: str
    kind: str
    status: str
    not_before: datetime
    expires_at: datetime
    created_at: datetime
    court: str = ""
    case_id: int | None = None
    obligation_id: int | None = None
    instalment_id: int | None = None
    promise_id: int | None = None
    campaign_id: int | None = None
    step: str = ""
    due_version: int | None = None
    party_id: int = 0
    conversation_id: int | None = None
    arm: str | None = None
    why: str | None = None
    attempts: int = 0
    owner: str | None = None
    message_id: int | None = None
    external_id: int | None = None
    claimed_at: datetime | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueuedRow:
    """A delivery whose time has come, with the chat that it goes to."""

    id: int
    lane: str
    channel: str
    campaign_id: int | None = None


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A broadcast; `texts` by arm (the first is used when there is no experiment)."""

    number: int
    title: str
    education: bool
    audience: dict[str, Any]
    texts: dict[str, str]
    holdout: float
    per_minute: int | None
    status: str
    corrects: int | None
    author: str
    approver: str | None
    created_at: datetime
    approved_at: datetime | None
    start_at: datetime | None
    started_at: datetime | None
    until: datetime
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class RecipientRow:
    """A person in a campaign's audience, with the case on whose account they are in it."""

    party_id: int
    court: str
    case_id: int | None = None
    obligation_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewTask:
    """Work for a person; with a `key` it stands only once while it is open."""

    kind: str
    why: str
    key: str | None = None
    case_id: int | None = None
    obligation_id: int | None = None
    instalment_id: int | None = None
    party_id: int | None = None
    delivery_id: int | None = None
    conversation_id: int | None = None
    subject_id: int | None = None
    responsible: str | None = None
    note: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as stored."""

    number: int
    kind: str
    why: str
    status: str
    created_at: datetime
    case_id: int | None = None
    obligation_id: int | None = None
    instalment_id: int | None = None
    party_id: int | None = None
    delivery_id: int | None = None
    conversation_id: int | None = None
    subject_id: int | None = None
    responsible: str | None = None
    note: str | None = None
    due_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    outcome: str | None = None
