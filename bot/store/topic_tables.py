"""The tables of the Telegram desk: topics of a staff group, what was shown there, what waits to be said there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables import Base


class Topic(Base):
    """The topic of a person; `number` is the ticket that it shows. Everything in it can be made again."""

    __tablename__ = "topics"
    __table_args__ = (Index("ix_topics_thread", "chat", "thread"), Index("ix_topics_closed", "closed", "number"))

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(BigInteger)
    chat: Mapped[int] = mapped_column(BigInteger)  # the group
    thread: Mapped[int | None] = mapped_column(BigInteger)  # None: not made yet, or gone
    floor: Mapped[int] = mapped_column(BigInteger)  # lines with a lesser id are not looked at any more
    version: Mapped[int] = mapped_column(Integer)  # of the conversation, as it was shown last
    closed: Mapped[bool] = mapped_column(Boolean)
    card: Mapped[int | None] = mapped_column(BigInteger)  # the message with the buttons
    card_mark: Mapped[str] = mapped_column(String(64))  # what the card says, shortened, to see whether it is still so
    tries: Mapped[int] = mapped_column(SmallInteger)  # attempts to make it of which nobody knows how they ended


class TopicLine(Base):
    """A message or a deed that stands in the topic: shown there by us, or written there by staff."""

    __tablename__ = "topic_lines"
    __table_args__ = (Index("ix_topic_lines_conversation", "conversation_id", "external_id"),)

    line_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    external_id: Mapped[int | None] = mapped_column(BigInteger)  # the message of staff that it came from
    note: Mapped[bool] = mapped_column(Boolean)


class TopicAside(Base):
    """A word to staff that is still to be said in a topic: a refusal, a choice of colleagues."""

    __tablename__ = "topic_asides"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chat: Mapped[int] = mapped_column(BigInteger)
    thread: Mapped[int] = mapped_column(BigInteger)
    reply: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    at: Mapped[datetime]


class TopicStranger(Base):
    """Somebody without an account who was told so once."""

    __tablename__ = "topic_strangers"

    person: Mapped[str] = mapped_column(String(32), primary_key=True)  # pseudonymous
    at: Mapped[datetime]


class TopicGroup(Base):
    """The number that the group of the settings has now, if it was upgraded since."""

    __tablename__ = "topic_groups"

    configured: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chat: Mapped[int] = mapped_column(BigInteger)
