"""What the store of the Telegram desk hands out and takes in: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class TopicRow:
    """The topic of a person in the staff group."""

    conversation_id: int
    number: int
    chat: int
    thread: int | None = None
    floor: int = 0
    version: int = 0
    closed: bool = False
    card: int | None = None
    card_mark: str = ""
    tries: int = 0


@dataclass(frozen=True, slots=True)
class TopicLineRow:
    """A line that stands in the topic."""

    line_id: int
    conversation_id: int
    external_id: int | None = None
    note: bool = False


@dataclass(frozen=True, slots=True)
class AsideRow:
    """A word to staff that waits to be said."""

    id: int
    chat: int
    thread: int
    reply: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class StaleTopic:
    """A conversation whose topic does not show what the database knows."""

    conversation_id: int
    number: int
    urgent: bool
    thread: int | None
    tries: int
    card: int | None = None
