"""The tables, and what each state of a row means."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from typing_extensions import override

# SQLite only counts up by itself on a column that is exactly INTEGER.
_Serial = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out: SQLite forgets time zones, and a naive time is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Base(DeclarativeBase):
    """Where every table is registered."""

    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012 - SQLAlchemy's own form


class InboxStatus(StrEnum):
    """A stored update: new → done, or → failed after the last try (then staff see it)."""

    NEW = "new"
    DONE = "done"
    FAILED = "failed"


class Inbox(Base):
    """An update as it came, stored before it is handled; its raw text goes once it is done."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "update_id", name="uq_inbox_source_update"),
        Index("ix_inbox_status", "status", "id"),
    )

    id: Mapped[int] = mapped_column(_Serial, primary_key=True)
    source: Mapped[str] = mapped_column(String(32))
    update_id: Mapped[int] = mapped_column(BigInteger)
    lane: Mapped[str] = mapped_column(String(32))  # pseudonymous key of the chat: order is kept in it
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    received_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(8), default=InboxStatus.NEW)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    handled_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))


class OutboxStatus(StrEnum):
    """A message to be sent: pending → sent, failed (will never arrive) or unknown (may have)."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Outbox(Base):
    """One message of one chat, written in the transaction that decided it, sent after commit."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_status", "status", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    channel: Mapped[str] = mapped_column(String(16))
    lane: Mapped[str] = mapped_column(String(32))
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed; gone once sent
    bulk: Mapped[bool] = mapped_column(Boolean, default=False)
    status: Mapped[str] = mapped_column(String(8), default=OutboxStatus.PENDING)
    owner: Mapped[str] = mapped_column(String(32))  # the process that will send it
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    message_id: Mapped[int | None] = mapped_column(BigInteger)  # the logged message it carries
    external_id: Mapped[int | None] = mapped_column(BigInteger)  # Telegram's message id
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))


class Worker(Base):
    """A running process; one that has not been seen for a while has its work taken over."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    place: Mapped[str] = mapped_column(String(120))  # host and process number
    seen_at: Mapped[datetime]


class Lease(Base):
    """A right that one process has at a time, such as polling a token."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(32))
    until: Mapped[datetime]


class Conversation(Base):
    """One chat: who (a pseudonymous key), how to reach it, and where the dialogue stands."""

    __tablename__ = "conversations"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    lane: Mapped[str] = mapped_column(String(32), unique=True)
    channel: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(12))  # private, group
    person: Mapped[str] = mapped_column(String(32), index=True)  # pseudonymous
    address: Mapped[bytes] = mapped_column(LargeBinary)  # sealed: chat id, name
    state: Mapped[str] = mapped_column(Text, default="{}")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    unreachable: Mapped[str | None] = mapped_column(String(32))  # blocked, deactivated, not_found …
    unreachable_at: Mapped[datetime | None]
    held: Mapped[int | None] = mapped_column(BigInteger)  # the account of staff that holds it: the bot keeps quiet


class Message(Base):
    """Every word in and out; an edit is a new version of the message that it replaces."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_conversation", "conversation_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    person: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    direction: Mapped[str] = mapped_column(String(3))  # in, out
    kind: Mapped[str] = mapped_column(String(16))  # text, button, photo, voice, edited …
    text: Mapped[bytes] = mapped_column(LargeBinary)  # sealed, identifiers masked before
    topic: Mapped[str | None] = mapped_column(String(64))
    score: Mapped[float | None] = mapped_column(Float)
    decision: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(16))
    candidates: Mapped[str | None] = mapped_column(String(400))  # "topic:score …", best first
    knowledge: Mapped[str | None] = mapped_column(String(16))  # version of faq/
    ms: Mapped[float | None] = mapped_column(Float)  # time the decision took
    feedback: Mapped[int | None] = mapped_column(SmallInteger)  # 1 helpful, -1 not
    external_id: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)
    sender: Mapped[str] = mapped_column(String(8), default="bot")  # person, bot, staff
    author: Mapped[int | None] = mapped_column(BigInteger)  # the account, where sender is staff


class RequestStatus(StrEnum):
    """A request for a person: open → answered, or withdrawn by the one who asked."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class Request(Base):
    """Somebody waits for a person; the number is what both sides quote."""

    __tablename__ = "requests"

    number: Mapped[int] = mapped_column(_Serial, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    question: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    why: Mapped[str] = mapped_column(String(16))  # asked, missed, crisis
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    status: Mapped[str] = mapped_column(String(10), default=RequestStatus.OPEN, index=True)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(32))  # pseudonymous
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
