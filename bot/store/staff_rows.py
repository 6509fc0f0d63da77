"""What the staff's part of the store hands out and takes in: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Somebody who works at the desk; `chat` is the channel's number of their private chat."""

    id: int
    court: str
    role: str
    name: str
    person: str | None
    chat: str | None
    status: str
    bootstrap: bool
    made_at: datetime
    made_by: str
    seen_at: datetime | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StaffLinkRow:
    """A one-time link."""

    id: int
    token_hash: str
    kind: str
    court: str | None
    role: str | None
    name: str | None
    account_id: int | None
    made_at: datetime
    made_by: str
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session of the console."""

    id: int
    token_hash: str
    account_id: int
    made_at: datetime
    seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    agent: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the audit log."""

    id: int
    at: datetime
    actor: str
    court: str
    deed: str
    object: str
    object_id: str
    detail: str | None = None
