"""The receiver's side: store updates, then handle them in order within a chat, chats in parallel."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.clock import Clock
from bot.core.log import get
from bot.store.rows import NewUpdate, StoredUpdate
from bot.store.work import Store

log = get(__name__)

MAX_TRIES = 3
Handler = Callable[[StoredUpdate], Awaitable[None]]


class NotYet(Exception):
    """Another process holds this chat just now; the update is tried again in a moment."""


@dataclass(slots=True)
class _Lane:
    updates: deque[StoredUpdate] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class Inbox:
    """Stores what arrives and sees to it that each update is handled once, in its chat's order.

    The handler's service marks the update as done in the transaction that holds its effects; an
    update whose handler failed is tried again, and after `MAX_TRIES` set aside for people.
    """

    def __init__(self, store: Store, clock: Clock, *, parallel: int = 256) -> None:
        self._store = store
        self._clock = clock
        self._lanes: dict[str, _Lane] = {}
        self._slots = asyncio.Semaphore(parallel)
        self._handler: Handler | None = None
        self._on_failure: Callable[[StoredUpdate], Awaitable[None]] | None = None
        self._known: set[int] = set()
        self._pending: list[tuple[Sequence[NewUpdate], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._stopping = False
        self.received = 0

    def handle_with(self, handler: Handler, on_failure: Handler) -> None:
        """Who handles an update, and who is told when one is given up."""
        self._handler = handler
        self._on_failure = on_failure

    async def accept(self, updates: Sequence[NewUpdate]) -> None:
        """Return when the updates are stored for good; they are handled soon after.

        Raises what the database raises: the caller then must not confirm them.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((updates, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._store_pending(), name="inbox-writer")
        await future

    async def recover(self, *, older_than: datetime | None = None) -> int:
        """Take up what was stored and not handled: at the start, and what a lost process left."""
        async with self._store.work(read_only=True) as work:
            left = await work.inbox.waiting(received_before=older_than)
        fresh = [u for u in left if u.id not in self._known]
        for update in fresh:
            self._enqueue(update)
        return len(fresh)

    async def stop(self) -> None:
        """Let the updates that are being handled finish; the others stay stored."""
        self._stopping = True
        if self._writer:
            await asyncio.gather(self._writer, return_exceptions=True)
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def idle(self) -> None:
        """Return when nothing is being handled."""
        while self._lanes or (self._writer and not self._writer.done()):
            running = [t for lane in self._lanes.values() if (t := lane.task)]
            await asyncio.wait([*running, *([self._writer] if self._writer else [])])

    def waiting(self) -> int:
        """Updates stored and not yet handled by this process."""
        return len(self._known)

    async def _store_pending(self) -> None:
        # Group commit: what arrives while one transaction runs shares the next one.
        while self._pending:
            batch, self._pending = self._pending, []
            try:
                async with self._store.work() as work:
                    stored = await work.inbox.store([u for ups, _ in batch for u in ups], self._clock.now())
                    await work.commit()
            except Exception as error:  # noqa: BLE001 - handed to every caller, who must not confirm
                for _, future in batch:
                    future.set_exception(error)
                continue
            for _, future in batch:
                future.set_result(None)
            self.received += len(stored)
            for update in stored:
                self._enqueue(update)

    def _enqueue(self, update: StoredUpdate) -> None:
        self._known.add(update.id)
        lane = self._lanes.setdefault(update.lane, _Lane())
        lane.updates.append(update)
        if lane.task is None:
            lane.task = asyncio.create_task(self._work_off(update.lane, lane))

    async def _work_off(self, name: str, lane: _Lane) -> None:
        while lane.updates and not self._stopping:
            async with self._slots:
                update = lane.updates[0]
                if not await self._handle(update):
                    continue
            lane.updates.popleft()
            self._known.discard(update.id)
        self._lanes.pop(name, None)

    async def _handle(self, update: StoredUpdate) -> bool:
        """Handle one update; False when it must be tried again."""
        if self._handler is None:
            raise RuntimeError("the inbox has no handler; call handle_with() first")
        try:
            await self._handler(update)
        except NotYet:
            await asyncio.sleep(0.2)
            return False
        except Exception as error:
            log.exception("update.failed", inbox=update.id, tries=update.attempts + 1)
            return await self._failed(update, error)
        return True

    async def _failed(self, update: StoredUpdate, error: Exception) -> bool:
        last = update.attempts + 1 >= MAX_TRIES
        async with self._store.work() as work:
            await work.inbox.tried(update.id, type(error).__name__, self._clock.now(), last=last)
            await work.commit()
        if last and self._on_failure:
            await self._on_failure(update)
            return True
        await asyncio.sleep(0.1 * 2**update.attempts)
        again = StoredUpdate(update.id, update.lane, update.raw, update.attempts + 1)
        self._lanes[update.lane].updates[0] = again
        return False
