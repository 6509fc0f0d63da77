"""Housekeeping: says that this process lives, takes over from those that died, forgets what is old."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timedelta

from bot.core.clock import Clock
from bot.core.errors import StoreUnavailableError
from bot.core.log import get
from bot.post.inbox import Inbox
from bot.post.outbox import Sender
from bot.store.work import Store

log = get(__name__)

BEAT = 3.0  # seconds between two signs of life
GONE_AFTER = timedelta(seconds=15)
DOCUMENTS = "doc_"  # begins the kind of a document's path: its answers have a shorter life than a conversation
SETTLED_DAYS = 7  # updates and sent messages are kept this long for looking into faults


class Keeper:
    """Runs beside the doors for as long as the process does."""

    def __init__(
        self,
        store: Store,
        inbox: Inbox,
        sender: Sender,
        clock: Clock,
        *,
        worker: str,
        place: str,
        retention_days: int,
        document_days: int = 7,
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._sender = sender
        self._clock = clock
        self._worker = worker
        self._place = place
        self._retention = timedelta(days=retention_days)
        self._documents = timedelta(days=document_days)
        self._purged_at: datetime | None = None

    async def begin(self) -> None:
        """At the start: take up everything that nobody alive will do."""
        await self._beat()
        replies = await self._take_over()
        updates = await self._inbox.recover()
        if replies or updates:
            log.info("recovered", updates=updates, replies=replies)

    async def run(self) -> None:
        """Keep house until cancelled; a database that is away for a while is no reason to stop."""
        rounds = 0
        while True:
            await asyncio.sleep(BEAT)
            rounds += 1
            try:
                somebody_died = await self._beat()
                if self._store.replicated:
                    await self._take_over()
                    if somebody_died:
                        await self._inbox.recover()
                    elif rounds % 2 == 0:
                        await self._recover_left_behind()
                await self._purge_daily()
            except StoreUnavailableError as error:
                log.warning("keeper.no_database", why=str(error))
            except Exception:
                log.exception("keeper.round_failed")

    async def _beat(self) -> bool:
        """Say that this process lives; whether others were found not to."""
        async with self._store.work() as work:
            now = self._clock.now()
            await work.outbox.beat(self._worker, self._place, now)
            gone = [
                w
                for w, place, seen in await work.outbox.workers()
                if w != self._worker and self._is_gone(place, seen, now)
            ]
            await work.outbox.retire(gone)
            await work.commit()
        return bool(gone)

    def _is_gone(self, place: str, seen: datetime, now: datetime) -> bool:
        """Silent for long, or a process of this machine that does not exist any more."""
        host, _, number = place.rpartition(":")
        if place == self._place:
            return True  # it had our process number: in a container that is nearly always 1
        if host == self._place.rpartition(":")[0] and number.isdecimal() and not _runs(int(number)):
            return True
        return now - seen > GONE_AFTER

    async def _take_over(self) -> int:
        """Replies that a lost process wrote and did not send."""
        async with self._store.work() as work:
            # SQLite: one process, so whatever has another owner is orphaned.
            seen = self._clock.now() - GONE_AFTER if self._store.replicated else None
            rows = await work.outbox.take_over(self._worker, self._sender.channels, seen_before=seen)
            await work.commit()
        await self._sender.resume(rows)
        return len(rows)

    async def _recover_left_behind(self) -> None:
        """Updates that have waited too long: whoever stored them is gone."""
        await self._inbox.recover(older_than=self._clock.now() - GONE_AFTER)

    async def _purge_daily(self) -> None:
        now = self._clock.now()
        if self._purged_at and now - self._purged_at < timedelta(hours=24):
            return
        self._purged_at = now
        async with self._store.work() as work:
            conversations = await work.conversations.purge(now - self._retention)
            messages = await work.log.purge(now - self._retention)
            await work.reach.purge_messages(now - self._retention)
            await work.reach.purge_guided(now - self._retention)
            await work.reach.purge_flows(DOCUMENTS, now - self._documents)
            await work.requests.purge(now - self._retention)
            settled = now - timedelta(days=SETTLED_DAYS)
            await work.inbox.purge(settled)
            await work.outbox.purge(settled)
            await work.commit()
        log.info("retention", conversations=conversations, messages=messages)


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
