"""What the reception's part of the store hands out and takes in: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A request for a person as the desk works on it."""

    number: int
    conversation_id: int
    court: str | None
    state: str
    opened_at: datetime
    assignee: int | None = None
    role: str | None = None
    urgent: bool = False
    claimed_at: datetime | None = None
    waiting_since: datetime | None = None
    first_answer_at: datetime | None = None
    snoozed_until: datetime | None = None
    resolved_at: datetime | None = None
    escalated_at: datetime | None = None
    asked_at: datetime | None = None
    rating: int | None = None


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """A ticket with what a list shows of its request, its conversation and its version."""

    ticket: TicketRow
    question: str
    why: str
    name: str
    channel: str
    person: str
    version: int


@dataclass(frozen=True, slots=True)
class DeskEventRow:
    """What staff did in a conversation."""

    id: int
    conversation_id: int
    number: int | None
    at: datetime
    kind: str
    author: int | None = None
    text: str | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class IntakeRow:
    """A first visit; `data` holds what was asked for."""

    number: int
    court: str
    day: date
    queue: int
    status: str
    next_step: str
    track: str
    rule: str
    priority: bool
    conversation_id: int | None
    data: dict[str, Any]
    made_at: datetime
    made_by: str
    moved_at: datetime
    case_id: int | None = None
    obligation_id: int | None = None


@dataclass(frozen=True, slots=True)
class PetitionRow:
    """A petition or complaint."""

    number: int
    kind: str
    court: str
    status: str
    conversation_id: int | None
    case_number: str | None
    name: str
    phone: str | None
    text: str
    opened_at: datetime
    opened_by: str
    due_on: date
    assignee: int | None = None
    escalated_at: datetime | None = None
    escalated_why: str | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class FollowUpRow:
    """A follow-up."""

    number: int
    court: str
    case_id: int
    obligation_id: int
    cause: str
    status: str
    due_on: date
    made_at: datetime
    result: str | None = None
    note: str | None = None
    done_at: datetime | None = None
    done_by: str | None = None


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node of a case's flow."""

    number: int
    case_id: int
    court: str
    node: str
    started_on: date
    limit_on: date
    finished_on: date | None
    started_by: str
    finished_by: str | None = None


@dataclass(frozen=True, slots=True)
class AssistRow:
    """A notary helps with a case."""

    number: int
    case_id: int
    court: str
    account: int
    note: str | None
    assigned_at: datetime
    assigned_by: str
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """An obligation that was settled or performed and has no follow-up yet."""

    obligation_id: int
    case_id: int
    court: str
    cause: str
    on: date


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A line of today's board: what it is, where it stands, and the day or moment that matters."""

    id: int
    court: str | None
    label: str
    case_number: str = ""
    on: date | None = None
    at: datetime | None = None
    amount: int = 0  # 分
    obligation_id: int | None = None
    case_id: int | None = None
    name: str = ""  # of the person, where the line is about one
