"""The tables of settlement: negotiations, their offers, and every answer; offers and answers are never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, LargeBinary, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables import Base


class Negotiation(Base):
    """People talk about settling one obligation, or (without one) all of a case; see `bot.guide.settlement.model.Status`.

    `offer_id` is the one version on the table, so there is never more than one.
    """

    __tablename__ = "negotiations"
    __table_args__ = (
        Index("ix_negotiations_case", "case_id", "status"),
        Index("ix_negotiations_until", "status", "until"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    obligation_id: Mapped[int | None] = mapped_column(ForeignKey("obligations.id", ondelete="CASCADE"), index=True)
    stage: Mapped[str] = mapped_column(String(8))  # before, in: as it was when it began
    status: Mapped[str] = mapped_column(String(10))
    mediator: Mapped[str | None] = mapped_column(String(64))  # 特邀调解员
    offer_id: Mapped[int | None] = mapped_column(BigInteger)
    until: Mapped[datetime | None]  # when it ends by itself if nothing happens
    task: Mapped[int | None] = mapped_column(BigInteger)
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(80))
    referred_at: Mapped[datetime | None]  # 委派、委托
    agreed_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    broken_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_why: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    amount: Mapped[int] = mapped_column(BigInteger, default=0)  # 分 agreed
    before: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed JSON: plans and grace as they were


class Offer(Base):
    """One version of the terms. Insert only."""

    __tablename__ = "offers"
    __table_args__ = (UniqueConstraint("negotiation_id", "number", name="uq_offers_version"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    negotiation_id: Mapped[int] = mapped_column(ForeignKey("negotiations.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(SmallInteger)
    side: Mapped[str] = mapped_column(String(8))  # Side
    party_id: Mapped[int | None] = mapped_column(BigInteger)  # none: the mediator's
    relation: Mapped[str] = mapped_column(String(8))  # of the one who spoke for the party
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime]
    held: Mapped[bool] = mapped_column(Boolean)  # goes through the mediator first
    owed: Mapped[int] = mapped_column(BigInteger)  # 分, at that time
    base: Mapped[bytes | None] = mapped_column(
        LargeBinary
    )  # sealed JSON: obligation -> [balance, settled] at that time
    plan: Mapped[bytes] = mapped_column(LargeBinary)  # sealed JSON: [[分, day], …]
    security: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    fee: Mapped[str] = mapped_column(String(8))  # Fee
    note: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    answers: Mapped[int | None] = mapped_column(BigInteger)  # the offer that this one counters


class OfferAnswer(Base):
    """What happened to an offer. Insert only."""

    __tablename__ = "offer_answers"
    __table_args__ = (Index("ix_offer_answers_negotiation", "negotiation_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    negotiation_id: Mapped[int] = mapped_column(ForeignKey("negotiations.id", ondelete="CASCADE"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))  # AnswerKind
    at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    party_id: Mapped[int | None] = mapped_column(BigInteger)
    relation: Mapped[str | None] = mapped_column(String(8))
    by_hand: Mapped[bool] = mapped_column(Boolean)  # entered by the mediator for a party without a chat
    digest: Mapped[str] = mapped_column(String(64))  # of the terms that were answered
    words: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
