"""What the reach part of the store hands out: plain values, opened (unsealed)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A one-time link."""

    id: int
    token_hash: str
    party_id: int
    helper: bool
    made_at: datetime
    made_by: str
    expires_at: datetime
    used_at: datetime | None = None
    used_by: int | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BindingRow:
    """A chat that belongs to a party; `name` is a helper's own."""

    id: int
    party_id: int
    conversation_id: int
    relation: str
    status: str
    linked_at: datetime
    changed_at: datetime
    name: str | None = None
    tries: int = 0
    stopped: bool = False
    consent_at: datetime | None = None
    consent_to: str | None = None
    proven_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReachEventRow:
    """Something that happened on the way to a party."""

    id: int
    party_id: int | None
    conversation_id: int | None
    at: datetime
    kind: str
    actor: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class PartyMessageRow:
    """Which obligation and delivery a logged message belongs to."""

    message_id: int
    obligation_id: int
    conversation_id: int
    at: datetime
    delivery_id: int | None = None
    party_id: int | None = None
    external_id: int | None = None


@dataclass(slots=True)
class FlowState:
    """A guided path under way; changed by the turn and written back."""

    id: int
    conversation_id: int
    kind: str
    step: str
    begun_at: datetime
    moved_at: datetime
    status: str = "open"  # open, left, done
    data: dict[str, Any] = field(default_factory=dict)
    party_id: int | None = None
    obligation_id: int | None = None
    delivery_id: int | None = None
    result_id: int | None = None


@dataclass(frozen=True, slots=True)
class IncomingFileRow:
    """A file that somebody sent; `remote` is the channel's handle until it is fetched."""

    id: int
    conversation_id: int
    external_id: int
    flow_id: int | None
    channel: str
    remote: str | None
    album: str
    media_type: str
    name: str | None
    size: int | None
    status: str
    received_at: datetime
    sha256: str | None = None
    tries: int = 0
    claimed_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate that was issued."""

    number: str
    obligation_id: int
    code: str
    issued_at: datetime
    issued_by: str
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RedactionRow:
    """A message that is to be deleted in the chat."""

    conversation_id: int
    external_id: int  # the channel's number of the message
    sent_at: datetime
