"""What happens by itself as time passes: sleepers wake, what is late goes to the supervisor once, follow-ups appear."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from bot.core.clock import Clock, local_day
from bot.core.errors import StoreUnavailableError
from bot.core.ids import Ids
from bot.core.log import get
from bot.core.texts import Texts
from bot.dialogue.model import Reply
from bot.dialogue.voice import Letters
from bot.post.outbox import Sender
from bot.reception.feed import Feed
from bot.reception.follow_ups import FollowUps
from bot.reception.levels import Levels
from bot.reception.model import Breach, ChatState, EventKind, PetitionStatus
from bot.staff.model import Right
from bot.staff.service import Staff
from bot.store.reception_rows import DeskEventRow, PetitionRow, TicketRow
from bot.store.work import Store, Work

log = get(__name__)

EVERY = 20.0  # seconds between two rounds
_SYNC_EVERY = timedelta(minutes=5)


class Steward:
    """Runs beside the doors. Every step is safe to take twice, and by several processes."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        texts: Texts,
        sender: Sender,
        worker: str,
        *,
        staff: Staff,
        levels: Levels,
        feed: Feed,
        follow_ups: FollowUps,
        channel: str = "telegram",
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._texts = texts
        self._sender = sender
        self._worker = worker
        self._staff = staff
        self._levels = levels
        self._feed = feed
        self._follow_ups = follow_ups
        self._channel = channel
        self._synced_at: datetime | None = None

    async def run(self) -> None:
        """Look after things until cancelled."""
        while True:
            try:
                await self.round()
            except StoreUnavailableError as error:
                log.warning("steward.no_database", why=str(error))
            except Exception:
                log.exception("steward.round_failed")
            await asyncio.sleep(EVERY)

    async def round(self) -> None:
        """One look at everything."""
        await self._chats()
        await self._petitions()
        now = self._clock.now()
        if self._synced_at is None or not timedelta() <= now - self._synced_at < _SYNC_EVERY:
            self._synced_at = now
            await self._follow_ups.sync()

    async def _chats(self) -> None:
        now = self._clock.now()
        async with self._store.work(read_only=True) as work:
            found = await work.desk.to_look_at(now)
        wake = [t for t in found if t.state == ChatState.SNOOZED and t.snoozed_until and t.snoozed_until <= now]
        late = [t for t in found if t.waiting_since is not None and self._levels.of(t, now).breach is Breach.LATE]
        if not wake and not late:
            return
        async with self._store.work() as work:
            letters = Letters(work, now, self._ids, self._store.vault)
            for ticket in wake:
                await self._wake(work, ticket, now)
            for ticket in late:
                await self._escalate(letters, ticket)
            await letters.write(self._worker)
            await work.commit()
        self._submit(letters)
        self._feed.changed()

    async def _wake(self, work: Work, ticket: TicketRow, now: datetime) -> None:
        again = work.desk.still("snoozed")
        if await work.desk.change(TicketRow, ticket.number, again, state=ChatState.OPEN.value, snoozed_until=None):
            await self._note(work, ticket, EventKind.WOKEN, now)

    async def _escalate(self, letters: Letters, ticket: TicketRow) -> None:
        """Once for each time that the person waits: whoever hears of what is late is told, with a mark in the thread."""
        work, now = letters.work, letters.now
        if not await work.desk.change(TicketRow, ticket.number, work.desk.not_escalated(), escalated_at=now):
            return
        await self._note(work, ticket, EventKind.ESCALATED, now)
        waited = self._levels.of(ticket, now).waited
        text = self._texts("desk.late", number=ticket.number, minutes=int(waited.total_seconds() // 60))
        for chat in await self._staff.chats(work, Right.HEAR_LATE, ticket.court):
            letters.tell(self._channel, chat, Reply(text, key="desk.late"))

    async def _note(self, work: Work, ticket: TicketRow, kind: EventKind, now: datetime) -> None:
        row = DeskEventRow(self._ids.new(now), ticket.conversation_id, ticket.number, now, kind.value)
        await work.desk.add(row)
        await work.desk.touch(ticket.conversation_id, now)

    async def _petitions(self) -> None:
        """A petition past its day is brought before the supervisor, once."""
        now = self._clock.now()
        yesterday = local_day(now) - timedelta(days=1)
        async with self._store.work(read_only=True) as work:
            rows = await work.reception.petitions(None, status=PetitionStatus.OPEN.value, due_until=yesterday)
        late = [r for r in rows if r.escalated_at is None]
        if not late:
            return
        async with self._store.work() as work:
            letters = Letters(work, now, self._ids, self._store.vault)
            for row in late:
                why = self._texts("desk.petition_late", number=row.number, day=row.due_on)
                fresh = work.reception.not_escalated()
                if await work.reception.change(PetitionRow, row.number, fresh, escalated_at=now, escalated_why=why):
                    for chat in await self._staff.chats(work, Right.HEAR_LATE, row.court):
                        letters.tell(self._channel, chat, Reply(why, key="desk.petition_late"))
            await letters.write(self._worker)
            await work.commit()
        self._submit(letters)

    def _submit(self, letters: Letters) -> None:
        served = set(self._sender.channels)
        self._sender.submit(o for o in letters.outgoing if o.channel in served)
