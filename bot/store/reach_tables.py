"""The tables of reach: links, chats bound to parties, consent, flows under way, files on their way in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables import Base, UtcDateTime


class ReachLink(Base):
    """A one-time link on paper or in a chat; only the hash of its token is kept.

    fresh → used (by the first chat that opens it) | expired (by its day) | revoked (a newer one was made).
    """

    __tablename__ = "reach_links"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"), index=True)
    helper: Mapped[bool] = mapped_column(Boolean, default=False)  # for a lawyer or family member of the party
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None] = mapped_column(BigInteger)  # the conversation
    revoked_at: Mapped[datetime | None]


class Binding(Base):
    """A chat that belongs to a party; its life is told in `bot.reach.model.BindingStatus`."""

    __tablename__ = "bindings"
    __table_args__ = (
        UniqueConstraint("party_id", "conversation_id", name="uq_bindings_party_chat"),
        Index("ix_bindings_conversation", "conversation_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    conversation_id: Mapped[int] = mapped_column(BigInteger)  # outlives the conversation's retention
    relation: Mapped[str] = mapped_column(String(8))  # Relation
    name: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed; of a helper
    status: Mapped[str] = mapped_column(String(8))  # BindingStatus
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)  # failed proofs of identity
    stopped: Mapped[bool] = mapped_column(Boolean, default=False)  # opted out of reminders
    linked_at: Mapped[datetime]
    consent_at: Mapped[datetime | None]
    consent_to: Mapped[str | None] = mapped_column(String(16))  # version of the privacy notice
    proven_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class Subscription(Base):
    """Who wants to read about the law now and then; anybody may, bound or not."""

    __tablename__ = "subscriptions"

    conversation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    since: Mapped[datetime]


class ReachEvent(Base):
    """What happened on the way to a party: link made, used, refused; consent; proof; stop; outcome by hand."""

    __tablename__ = "reach_events"
    __table_args__ = (Index("ix_reach_events_party", "party_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    party_id: Mapped[int | None] = mapped_column(BigInteger)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(24))  # EventKind
    actor: Mapped[str] = mapped_column(String(80))
    detail: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed


class PartyMessage(Base):
    """Which obligation, and which delivery, a logged message belongs to."""

    __tablename__ = "party_messages"
    __table_args__ = (Index("ix_party_messages_obligation", "obligation_id", "message_id"),)

    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    obligation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    delivery_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    party_id: Mapped[int | None] = mapped_column(BigInteger)
    conversation_id: Mapped[int] = mapped_column(BigInteger)
    external_id: Mapped[int | None] = mapped_column(BigInteger)  # the channel's number of what came in
    at: Mapped[datetime]


class FlowRow(Base):
    """A guided path that somebody is on, or was: kind, step, what was answered so far."""

    __tablename__ = "flows"
    __table_args__ = (Index("ix_flows_conversation", "conversation_id", "status"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    conversation_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(24))
    step: Mapped[str] = mapped_column(String(24))
    status: Mapped[str] = mapped_column(String(8))  # open, left, done
    data: Mapped[bytes] = mapped_column(LargeBinary)  # sealed JSON
    party_id: Mapped[int | None] = mapped_column(BigInteger)
    obligation_id: Mapped[int | None] = mapped_column(BigInteger)
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    result_id: Mapped[int | None] = mapped_column(BigInteger)  # the payment, promise or offer that it led to
    begun_at: Mapped[datetime]
    moved_at: Mapped[datetime]


class IncomingFile(Base):
    """A file that somebody sent: noted with the turn, fetched after it, its bytes sealed under its hash.

    pending → stored | refused (too large, or not there any more after several tries).
    """

    __tablename__ = "incoming_files"
    __table_args__ = (
        UniqueConstraint("conversation_id", "external_id", name="uq_incoming_files_message"),
        Index("ix_incoming_files_status", "status", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    conversation_id: Mapped[int] = mapped_column(BigInteger)
    external_id: Mapped[int] = mapped_column(BigInteger)
    flow_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    channel: Mapped[str] = mapped_column(String(16))
    remote: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed; the channel's handle, gone once fetched
    album: Mapped[str] = mapped_column(String(64), default="")
    media_type: Mapped[str] = mapped_column(String(80))
    name: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    size: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(8))
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    received_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(80))


class Redaction(Base):
    """A message of a person that is to be deleted in the chat: a picture, or words with an ID or card number.

    Taken out when its deletion is queued.
    """

    __tablename__ = "redactions"

    conversation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    external_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sent_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)


class Certificate(Base):
    """A certificate of voluntary performance (自动履行证明) that a person has issued."""

    __tablename__ = "certificates"

    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id"), unique=True)
    code_hash: Mapped[str] = mapped_column(String(32))
    code: Mapped[bytes] = mapped_column(LargeBinary)  # sealed; printed again on request
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(80))
    revoked_at: Mapped[datetime | None]
