"""Service level: how long somebody has waited in working time, until when we have to answer, what will be late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.reception.hours import CourtHours
from bot.reception.model import Breach, ChatState
from bot.store.reception_rows import TicketRow


@dataclass(frozen=True, slots=True)
class Level:
    """How a ticket stands against the desk's promises; times in working time."""

    breach: Breach
    due_at: datetime | None  # until when the next thing is due; None when nothing is
    waited: timedelta  # since the person began to wait for our words
    answered_in: timedelta | None  # until the first answer
    resolved_in: timedelta | None


@dataclass(frozen=True, slots=True)
class Levels:
    """The promises: an answer within `answer`, resolved within `resolve`; a warning at that share of them."""

    hours: CourtHours
    answer: timedelta
    resolve: timedelta
    warn: float

    def of(self, ticket: TicketRow, now: datetime) -> Level:
        """How a ticket stands now."""
        hours = self.hours.of(ticket.court)
        waited = hours.between(ticket.waiting_since, now) if ticket.waiting_since else timedelta()
        first, done = ticket.first_answer_at, ticket.resolved_at
        answered = hours.between(ticket.opened_at, first) if first else None
        resolved = hours.between(ticket.opened_at, done) if done else None
        if resolved is not None:
            kept = resolved <= self.resolve and (answered is None or answered <= self.answer)
            return Level(Breach.MET if kept else Breach.LATE, None, waited, answered, resolved)
        if ticket.waiting_since is not None:
            due, spent, allowed = hours.add(ticket.waiting_since, self.answer), waited, self.answer
        elif ticket.state == ChatState.SNOOZED:
            return Level(Breach.OK, ticket.snoozed_until, waited, answered, None)
        else:
            due, spent = hours.add(ticket.opened_at, self.resolve), hours.between(ticket.opened_at, now)
            allowed = self.resolve
        breach = Breach.LATE if spent > allowed else Breach.SOON if spent >= allowed * self.warn else Breach.OK
        return Level(breach, due, waited, answered, None)
