"""What the store hands out and takes in: plain values, so that no feature holds a database row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StoredUpdate:
    """An update waiting in the inbox."""

    id: int
    lane: str
    raw: str
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """An update that just arrived."""

    source: str
    update_id: int
    lane: str
    raw: str


@dataclass(slots=True)
class ConversationRow:
    """One chat as the dialogue sees it; `state` is changed by the turn and written back."""

    id: int
    lane: str
    channel: str
    kind: str
    person: str
    address: dict[str, Any]
    state: dict[str, Any]
    created_at: datetime
    unreachable: str | None = None
    is_new: bool = False
    held: int | None = None  # the account of staff that holds it: the bot keeps quiet


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A line of the log: one message in or out."""

    id: int
    conversation_id: int
    person: str
    at: datetime
    direction: str
    kind: str
    text: str
    sender: str = "person"
    topic: str | None = None
    score: float | None = None
    decision: str | None = None
    reason: str | None = None
    candidates: str | None = None
    knowledge: str | None = None
    ms: float | None = None
    feedback: int | None = None
    external_id: int | None = None
    version: int = 1
    author: int | None = None  # the account of staff who wrote it


@dataclass(frozen=True, slots=True)
class OutgoingRow:
    """A message waiting to be sent: which chat, what, and whether others go first."""

    id: int
    lane: str
    channel: str
    payload: dict[str, Any]
    bulk: bool = False
    attempts: int = 0
    message_id: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message that left."""

    id: int
    status: str
    attempts: int
    at: datetime
    external_id: int | None = None
    error: str | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request for a person."""

    number: int
    conversation_id: int
    question: str
    why: str
    urgent: bool
    status: str
    created_at: datetime
    closed_at: datetime | None = None
    answer: str | None = None
    address: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A chat in which a party can be reached; `proven` once their identity is."""

    party_id: int
    conversation_id: int
    proven: bool
    stopped: bool = False  # opted out of reminders
    wrong_person: bool = False
    education: bool = False  # opted in to education broadcasts
