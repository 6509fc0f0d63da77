"""The receiver's side: store updates, then handle them in order within a chat, chats in parallel."""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.clock import Clock
from bot.core.errors import StoreUnavailableError
from bot.core.log import get
from bot.store.rows import NewUpdate, StoredUpdate
from bot.store.work import Store

log = get(__name__)

MAX_TRIES = 3
BATCH = 500  # updates stored in one transaction at most
Handler = Callable[[StoredUpdate], Awaitable[None]]


class NotYet(Exception):
    """Another process holds this chat just now; the update is tried again in a moment."""


@dataclass(slots=True)
class _Lane:
    """What one chat has waiting, oldest first; what a lost process left may come in before the rest."""

    name: str
    updates: list[StoredUpdate] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


class Inbox:
    """Stores what arrives and sees to it that each update is handled once, in its chat's order.

    The handler's service marks the update as done in the transaction that holds its effects; an
    update whose handler failed is tried again, and after `MAX_TRIES` set aside for people. While
    the database is away nothing counts as a try. Handling begins with `open`, so that what an
    earlier process left is in its place before anything newer is taken.
    """

    def __init__(self, store: Store, clock: Clock, *, parallel: int = 256) -> None:
        self._store = store
        self._clock = clock
        self._lanes: dict[str, _Lane] = {}
        self._slots = asyncio.Semaphore(parallel)
        self._handler: Handler | None = None
        self._on_failure: Handler | None = None
        self._known: set[int] = set()
        self._pending: list[tuple[Sequence[NewUpdate], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()
        self._stopping = False
        self.received = 0

    def handle_with(self, handler: Handler, on_failure: Handler) -> None:
        """Who handles an update, and who is told when one is given up."""
        self._handler = handler
        self._on_failure = on_failure

    def open(self) -> None:
        """Begin to handle; until then updates are only stored."""
        self._opened.set()

    async def accept(self, updates: Sequence[NewUpdate]) -> None:
        """Return when the updates are stored for good; they are handled soon after.

        Raises what the database raises: the caller then must not confirm them.
        """
        if not updates:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((updates, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._store_pending(), name="inbox-writer")
        await future

    async def recover(self, *, older_than: datetime | None = None) -> int:
        """Take up what was stored and not handled: at the start, and what a lost process left."""
        async with self._store.work(read_only=True) as work:
            left = await work.inbox.waiting(received_before=older_than)
        return sum(self._enqueue(update) for update in left)

    async def stop(self) -> None:
        """Let the updates that are being handled finish; the others stay stored."""
        self._stopping = True
        self._opened.set()
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

    # -- storing ---------------------------------------------------------------------------------

    async def _store_pending(self) -> None:
        # Group commit: what arrives while one transaction runs shares the next one.
        while self._pending:
            batch = self._next_batch()
            try:
                async with self._store.work() as work:
                    stored = await work.inbox.store([u for ups, _ in batch for u in ups], self._clock.now())
                    await work.commit()
            except Exception as error:  # noqa: BLE001 - handed to every caller, who must not confirm
                for _, future in batch:
                    _settle(future, error)
                continue
            for _, future in batch:
                _settle(future, None)
            self.received += len(stored)
            for update in stored:
                self._enqueue(update)

    def _next_batch(self) -> list[tuple[Sequence[NewUpdate], asyncio.Future[None]]]:
        count, size = 0, 0
        while count < len(self._pending) and (count == 0 or size + len(self._pending[count][0]) <= BATCH):
            size += len(self._pending[count][0])
            count += 1
        batch, self._pending = self._pending[:count], self._pending[count:]
        return batch

    # -- handling --------------------------------------------------------------------------------

    def _enqueue(self, update: StoredUpdate) -> bool:
        """Put an update into its chat's lane, by age; False when it stands there already."""
        if update.id in self._known:
            return False
        self._known.add(update.id)
        lane = self._lanes.setdefault(update.lane, _Lane(update.lane))
        bisect.insort(lane.updates, update, key=lambda u: u.id)
        if lane.task is None:
            lane.task = asyncio.create_task(self._work_off(lane))
        return True

    async def _work_off(self, lane: _Lane) -> None:
        await self._opened.wait()
        pause = 0.0
        while lane.updates and not self._stopping:
            update = lane.updates[0]
            async with self._slots:
                again, pause = await self._handle(update, pause)
            # By identity, not `[0]`: an older one may have come in before it meanwhile.
            place = lane.updates.index(update)
            if again is not None:
                lane.updates[place] = again
                await asyncio.sleep(pause)
            else:
                del lane.updates[place]
                self._known.discard(update.id)
        self._lanes.pop(lane.name, None)

    async def _handle(self, update: StoredUpdate, paused: float) -> tuple[StoredUpdate | None, float]:
        """Handle one update; if it must be tried again, it and the seconds to wait before."""
        if self._handler is None:
            raise RuntimeError("the inbox has no handler; call handle_with() first")
        try:
            try:
                await self._handler(update)
            except (NotYet, StoreUnavailableError):
                raise
            except Exception as error:
                log.exception("update.failed", inbox=update.id, tries=update.attempts + 1)
                return await self._failed(update, error)
        except NotYet:
            return update, 0.2
        except StoreUnavailableError as error:
            if not paused:
                log.warning("update.waits_for_database", inbox=update.id, why=str(error))
            return update, min(3.0, paused * 2 or 0.2)
        return None, 0.0

    async def _failed(self, update: StoredUpdate, error: Exception) -> tuple[StoredUpdate | None, float]:
        last = update.attempts + 1 >= MAX_TRIES
        if last:
            await self._tell(update)
        async with self._store.work() as work:
            await work.inbox.tried(update.id, type(error).__name__, self._clock.now(), last=last)
            await work.commit()
        if last:
            return None, 0.0
        return replace(update, attempts=update.attempts + 1), 0.1 * 2**update.attempts

    async def _tell(self, update: StoredUpdate) -> None:
        # Before it is set aside: a crash in between repeats an apology, the other way it would lose it.
        try:
            if self._on_failure:
                await self._on_failure(update)
        except StoreUnavailableError:
            raise
        except Exception:
            log.exception("update.failure_not_told", inbox=update.id)


def _settle(future: asyncio.Future[None], error: Exception | None) -> None:
    """Tell the one who waits, unless it was cancelled meanwhile."""
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(None)
