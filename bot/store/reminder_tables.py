"""The tables of reminders: deliveries, campaigns, tasks for people, and holds on sending."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Float, Index, Integer, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables import Base

_Serial = BigInteger().with_variant(Integer(), "sqlite")


class Delivery(Base):
    """One message to one person, written before anything is sent; life: `bot.reminders.model.DeliveryStatus`.

    `key` makes it unique: obligation, instalment, step, due version and person for a step of the plan;
    campaign and person for a campaign. `claimed_at` is the moment before it left; caps count it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_feed", "status", "not_before"),
        Index("ix_deliveries_cap", "conversation_id", "claimed_at"),
        Index("ix_deliveries_campaign", "campaign_id", "status"),
        Index("ix_deliveries_party", "party_id", "status"),
        Index("ix_deliveries_settled", "status", "settled_at"),
        Index("ix_deliveries_obligation", "obligation_id", "status", "settled_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(12))  # Kind
    court: Mapped[str] = mapped_column(String(16), default="")
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    obligation_id: Mapped[int | None] = mapped_column(BigInteger)
    instalment_id: Mapped[int | None] = mapped_column(BigInteger)
    promise_id: Mapped[int | None] = mapped_column(BigInteger)
    campaign_id: Mapped[int | None] = mapped_column(BigInteger)
    step: Mapped[str] = mapped_column(String(24), default="")
    due_version: Mapped[int | None] = mapped_column(Integer)
    party_id: Mapped[int] = mapped_column(BigInteger, default=0)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    arm: Mapped[str | None] = mapped_column(String(24))
    status: Mapped[str] = mapped_column(String(10))  # DeliveryStatus
    why: Mapped[str | None] = mapped_column(String(48))
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    owner: Mapped[str | None] = mapped_column(String(32))  # the process that claimed it
    message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)  # the logged message
    external_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class Campaign(Base):
    """A broadcast; life: `bot.reminders.model.CampaignStatus`. Its texts hold no personal data."""

    __tablename__ = "campaigns"

    number: Mapped[int] = mapped_column(_Serial, primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    education: Mapped[bool] = mapped_column(Boolean)
    audience: Mapped[str] = mapped_column(Text)  # JSON
    texts: Mapped[str] = mapped_column(Text)  # JSON: arm → text
    holdout: Mapped[float] = mapped_column(Float)
    per_minute: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(10))
    corrects: Mapped[int | None] = mapped_column(BigInteger)  # the campaign whose text was wrong
    author: Mapped[str] = mapped_column(String(80))
    approver: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    start_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]  # when its deliveries were written
    until: Mapped[datetime]  # after this nothing of it leaves any more
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))


class Task(Base):
    """Work for a person: open → done. `key`, while it is open, keeps the same work from standing twice."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_status", "status", "kind", "number"),)

    number: Mapped[int] = mapped_column(_Serial, primary_key=True)
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    why: Mapped[str] = mapped_column(String(48))
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    obligation_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    instalment_id: Mapped[int | None] = mapped_column(BigInteger)
    party_id: Mapped[int | None] = mapped_column(BigInteger)
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    subject_id: Mapped[int | None] = mapped_column(BigInteger)  # what it is about: a payment, a proposal
    responsible: Mapped[str | None] = mapped_column(String(64), index=True)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    status: Mapped[str] = mapped_column(String(6))
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(80))
    outcome: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed


class SendHold(Base):
    """Nothing of that name leaves before `until`: what Telegram asked for (429), kept over a restart."""

    __tablename__ = "send_holds"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    until: Mapped[datetime]
    why: Mapped[str] = mapped_column(String(80))
