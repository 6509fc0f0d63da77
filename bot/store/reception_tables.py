"""The tables of reception: tickets of conversations, intakes, petitions, follow-ups, case-flow nodes, notaries."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables import Base

_Serial = BigInteger().with_variant(Integer(), "sqlite")


class Ticket(Base):
    """A request for a person as the desk works on it; its number is the request's, which the person was told.

    Life: `bot.reception.model.ChatState`.
    """

    __tablename__ = "desk_tickets"
    __table_args__ = (
        Index("ix_desk_tickets_state", "state", "court"),
        Index("ix_desk_tickets_conversation", "conversation_id", "number"),
    )

    number: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("requests.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    conversation_id: Mapped[int] = mapped_column(BigInteger)
    court: Mapped[str | None] = mapped_column(String(16))  # None: every court sees it
    state: Mapped[str] = mapped_column(String(8))
    assignee: Mapped[int | None] = mapped_column(BigInteger)  # the account that holds it
    role: Mapped[str | None] = mapped_column(String(12))  # handed to whoever has that role
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    opened_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    waiting_since: Mapped[datetime | None]  # since when the person waits for our words
    first_answer_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]  # when they were asked whether they are satisfied
    rating: Mapped[int | None] = mapped_column(SmallInteger)  # 3 satisfied, 2 so-so, 1 not


class Thread(Base):
    """How often something has changed in a conversation of the desk: what a screen compares."""

    __tablename__ = "desk_threads"

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    version: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(index=True)


class DeskEvent(Base):
    """What staff did in a conversation, internal notes included; the person sees none of it."""

    __tablename__ = "desk_events"
    __table_args__ = (Index("ix_desk_events_conversation", "conversation_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    number: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(12))  # EventKind
    author: Mapped[int | None] = mapped_column(BigInteger)  # the account; None: the program
    text: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    message_id: Mapped[int | None] = mapped_column(BigInteger)  # the message that it is about


class QueueCounter(Base):
    """The last queue number given out at a court on a day."""

    __tablename__ = "intake_queues"

    court: Mapped[str] = mapped_column(String(16), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


class Intake(Base):
    """A first visit (首次接待); life: `bot.reception.model.IntakeStatus`."""

    __tablename__ = "intakes"
    __table_args__ = (
        UniqueConstraint("court", "day", "queue", name="uq_intakes_queue"),
        Index("ix_intakes_status", "status", "court"),
    )

    number: Mapped[int] = mapped_column(_Serial, primary_key=True)
    court: Mapped[str] = mapped_column(String(16))
    day: Mapped[date] = mapped_column(Date)
    queue: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(10))
    next_step: Mapped[str] = mapped_column(String(8))
    track: Mapped[str] = mapped_column(String(8))
    rule: Mapped[str] = mapped_column(String(80))  # the rule of config.yaml that decided the track
    priority: Mapped[bool] = mapped_column(Boolean, default=False)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)  # sealed JSON: what was asked for
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    obligation_id: Mapped[int | None] = mapped_column(BigInteger)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    moved_at: Mapped[datetime]


class Petition(Base):
    """A petition or complaint (信访、投诉); open → answered, and nothing is closed without an answer."""

    __tablename__ = "petitions"
    __table_args__ = (Index("ix_petitions_status", "status", "court", "due_on"),)

    number: Mapped[int] = mapped_column(_Serial, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    court: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(10))
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    case_number: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    text: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(80))
    due_on: Mapped[date] = mapped_column(Date)
    assignee: Mapped[int | None] = mapped_column(BigInteger)
    escalated_at: Mapped[datetime | None]
    escalated_why: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(80))
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed


class FollowUp(Base):
    """A follow-up (回访) after a settlement or a performance; open → done with its result."""

    __tablename__ = "follow_ups"
    __table_args__ = (
        UniqueConstraint("obligation_id", "cause", name="uq_follow_ups_cause"),
        Index("ix_follow_ups_status", "status", "court", "due_on"),
    )

    number: Mapped[int] = mapped_column(_Serial, primary_key=True)
    court: Mapped[str] = mapped_column(String(16))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id", ondelete="CASCADE"))
    cause: Mapped[str] = mapped_column(String(10))  # settled, performed
    status: Mapped[str] = mapped_column(String(6))
    due_on: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime]
    result: Mapped[str | None] = mapped_column(String(12))
    note: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(String(80))


class FlowNode(Base):
    """A node of a case's flow (流转节点) with its limit; open until it is finished."""

    __tablename__ = "flow_nodes"
    __table_args__ = (
        Index("ix_flow_nodes_open", "finished_on", "court", "limit_on"),
        Index("ix_flow_nodes_case", "case_id"),
    )

    number: Mapped[int] = mapped_column(_Serial, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    court: Mapped[str] = mapped_column(String(16))
    node: Mapped[str] = mapped_column(String(16))
    started_on: Mapped[date] = mapped_column(Date)
    limit_on: Mapped[date] = mapped_column(Date)
    finished_on: Mapped[date | None] = mapped_column(Date)
    started_by: Mapped[str] = mapped_column(String(80))
    finished_by: Mapped[str | None] = mapped_column(String(80))


class NotaryAssist(Base):
    """A notary helps with a case (执行+公证)."""

    __tablename__ = "notary_assists"
    __table_args__ = (Index("ix_notary_assists_case", "case_id"),)

    number: Mapped[int] = mapped_column(_Serial, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    court: Mapped[str] = mapped_column(String(16))
    account: Mapped[int] = mapped_column(BigInteger, index=True)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    assigned_at: Mapped[datetime]
    assigned_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
