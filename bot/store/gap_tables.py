"""The table of gaps: questions that the knowledge missed, and what a clerk decided about each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables import Base

_Serial = BigInteger().with_variant(Integer(), "sqlite")


class GapDecision(StrEnum):
    """A gap: open → accepted as a phrasing, or → marked as outside what the desk answers."""

    OPEN = "open"
    ACCEPTED = "accepted"
    OUTSIDE = "outside"


class Gap(Base):
    """A missed question by its fingerprint: the words themselves stand sealed in the log alone."""

    __tablename__ = "gaps"

    number: Mapped[int] = mapped_column(_Serial, primary_key=True)  # what a clerk names it by
    fingerprint: Mapped[str] = mapped_column(String(32), unique=True)
    decision: Mapped[str] = mapped_column(String(10), default=GapDecision.OPEN)
    target: Mapped[str | None] = mapped_column(String(64))  # the topic, or the kind outside
    seen_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
