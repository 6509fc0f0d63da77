"""到期前提醒我: a chat is reminded 30 and 7 days before a day that was worked out, once each, in working hours.

The reminders are rows of the deliveries, so that the courier sends them with every care that it takes
of others: checked at the moment of sending, kept over a restart, never twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from bot.core.calendar import CourtCalendar
from bot.core.clock import SHANGHAI, local_day
from bot.core.ids import Ids
from bot.store.reminder_rows import DeliveryRow
from bot.store.work import Work

KIND = "dated"  # `bot.reminders.model.Kind.DATED`
WHATS = ("seizure", "limitation", "apply")
AHEAD = (30, 7)  # days before
ON_THE_DAY = (0,)  # apply: from that day on something can be done
STAYS = timedelta(days=14)  # how late a message on the day itself may still leave
MOST = 20  # reminders that may wait in one chat
FURTHEST = timedelta(days=366 * 4)
STOPPED = "opted_out"


def step_of(what: str, day: date, ahead: int) -> str:
    """How a delivery remembers what it is for."""
    return f"{what}:{day:%Y%m%d}:{ahead}"


def read_step(step: str) -> tuple[str, date]:
    """What and which day a delivery is for; ValueError for another step."""
    what, day, _ = step.split(":")
    if what not in WHATS:
        raise ValueError(f"{step} is no step of a dated reminder")
    return what, date(int(day[:4]), int(day[4:6]), int(day[6:8]))


class TooManyError(ValueError):
    """So many reminders wait in this chat already."""


class Dated:
    """Writes and cancels the reminders of a chat, within the turn's transaction."""

    def __init__(self, ids: Ids, opens: Callable[[date], datetime], calendar: Callable[[], CourtCalendar]) -> None:
        """`opens` tells when messages of a day begin to leave."""
        self._ids = ids
        self._opens = opens
        self._calendar = calendar

    async def plan(self, work: Work, conversation_id: int, what: str, day: date, now: datetime) -> list[date]:
        """Write the reminders that still lie ahead; the days on which they come. Those that stand are left alone."""
        rows = [
            r
            for ahead in (ON_THE_DAY if what == "apply" else AHEAD)
            if (r := self._row(conversation_id, what, day, ahead, now))
        ]
        if not rows:
            return []
        if await work.reminders.waiting(conversation_id, KIND) > MOST:
            raise TooManyError(conversation_id)
        await work.reminders.revive([r.key for r in rows], STOPPED)
        await work.reminders.plan(rows)
        return [local_day(r.not_before) for r in rows]

    def _row(self, conversation_id: int, what: str, day: date, ahead: int, now: datetime) -> DeliveryRow | None:
        """None for one whose day has come already."""
        calendar, today = self._calendar(), local_day(now)
        on = calendar.on_or_before(day - timedelta(days=ahead)) if ahead else calendar.on_or_after(day)
        if on <= today or day - today > FURTHEST:
            return None
        step = step_of(what, day, ahead)
        later = [a for a in AHEAD if a < ahead]
        last = calendar.on_or_before(day - timedelta(days=later[0])) if later else day
        last = last if ahead else on + STAYS
        return DeliveryRow(
            id=self._ids.new(now),
            key=f"{KIND}:{conversation_id}:{step}",
            kind=KIND,
            status="planned",
            not_before=self._opens(on),
            expires_at=datetime.combine(last, time(0), SHANGHAI),
            created_at=now,
            step=step,
            conversation_id=conversation_id,
        )

    async def cancel(self, work: Work, conversation_id: int, now: datetime) -> int:
        """Nothing of the kind comes to this chat any more; how many were waiting."""
        return await work.reminders.cancel_kind(conversation_id, KIND, STOPPED, now)
