"""The tables of staff: accounts, one-time links, sessions, and the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables import Base

_Serial = BigInteger().with_variant(Integer(), "sqlite")


class Account(Base):
    """Somebody who works at the desk; life: `bot.staff.model.AccountStatus`."""

    __tablename__ = "staff_accounts"

    id: Mapped[int] = mapped_column(_Serial, primary_key=True)
    court: Mapped[str] = mapped_column(String(16))
    role: Mapped[str] = mapped_column(String(12))
    name: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    person: Mapped[str | None] = mapped_column(String(32), unique=True)  # pseudonym in the chat
    chat: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed; where notices go
    status: Mapped[str] = mapped_column(String(8))
    bootstrap: Mapped[bool] = mapped_column(Boolean, default=False)  # good while telegram.admins names the person
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    seen_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class StaffLink(Base):
    """An invitation or a way into the console; only the hash of its token is kept, and the first use wins."""

    __tablename__ = "staff_links"

    id: Mapped[int] = mapped_column(_Serial, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(8))  # LinkKind
    court: Mapped[str | None] = mapped_column(String(16))
    role: Mapped[str | None] = mapped_column(String(12))
    name: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("staff_accounts.id"))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class StaffSession(Base):
    """Somebody is at the console: open → expired (idle, or by its day) | revoked."""

    __tablename__ = "staff_sessions"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("staff_accounts.id"), index=True)
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # whatever happens
    revoked_at: Mapped[datetime | None]
    agent: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    address: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed


class AuditEntry(Base):
    """Who saw, changed, exported or sent what. Never changed, never deleted: the database refuses it."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_court", "court", "id"),
        Index("ix_audit_log_object", "object", "object_id"),
        Index("ix_audit_log_actor", "actor", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    court: Mapped[str] = mapped_column(String(16))
    deed: Mapped[str] = mapped_column(String(10))  # Deed
    object: Mapped[str] = mapped_column(String(24))
    object_id: Mapped[str] = mapped_column(String(64))
    detail: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed, identifiers masked before
