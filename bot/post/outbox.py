"""The sender: takes rows of the outbox to their chats, in order within a chat, answers first."""

from __future__ import annotations

import asyncio
import bisect
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.core.clock import Clock
from bot.core.errors import StoreUnavailableError
from bot.core.log import get
from bot.core.metrics import SENDS
from bot.post.pace import Pace, PaceLimits
from bot.post.receipts import Receipts
from bot.store.rows import OutgoingRow, Sent
from bot.store.tables import OutboxStatus
from bot.store.work import Store

log = get(__name__)

WIDEN = 0.2  # seconds of waiting after which one more message may be under way
GIVE_UP_AFTER_HOURS = 24  # an answer that could not leave for a day helps nobody any more


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived at the server; `external_id` is the server's number for it."""

    external_id: int | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """It did not arrive, or nobody can know: an answer is tried again after a pause.

    `certain` tells that it did not arrive; a broadcast is tried again only then. `moved_to` is the
    chat's new number when the group has become another one.
    """

    why: str
    certain: bool = False
    moved_to: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """The server asks to keep still for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never arrive; `unreachable` tells that nothing else will either."""

    why: str
    unreachable: bool = False


Outcome = Delivered | Later | Wait | Refused


class Carrier(Protocol):
    """What takes one message to its chat: Telegram's door, the terminal, a test's recorder."""

    async def deliver(self, row: OutgoingRow) -> Outcome:
        """Take it there; never raises for what the other side answers."""
        ...


class Guard(Protocol):
    """Whoever owns the broadcasts: asked right before each leaves, told what became of it."""

    async def admit(self, row: OutgoingRow) -> OutgoingRow | None:
        """What is to be sent, marked as leaving and committed; None: not this one, not now."""
        ...

    async def settle(self, row: OutgoingRow, outcome: Outcome) -> None:
        """Record what became of it; the next broadcast waits for that."""
        ...

    async def held(self, seconds: float) -> None:
        """An answer was refused: the server asks to keep still so long, and broadcasts are to know."""
        ...


@dataclass(slots=True)
class _Lane:
    """The messages of one chat; one at a time is under way."""

    name: str
    replies: deque[OutgoingRow] = field(default_factory=deque)
    bulk: deque[OutgoingRow] = field(default_factory=deque)
    busy: bool = False
    ready: float = float("-inf")  # since when its next message could have left
    not_before: float = float("-inf")  # pause after a failure

    def queue(self) -> deque[OutgoingRow]:
        return self.replies or self.bulk

    def head(self) -> OutgoingRow | None:
        queue = self.queue()
        return queue[0] if queue else None

    def put(self, row: OutgoingRow) -> None:
        """Answers in the order in which they were written: what was taken over belongs before the rest.

        Broadcasts in the order in which they come: whoever owns them knows what is urgent.
        """
        queue = self.bulk if row.bulk else self.replies
        if queue and queue[-1].id > row.id and not row.bulk:
            bisect.insort(queue, row, key=lambda r: r.id)
        else:
            queue.append(row)


class Sender:
    """One for the process: keeps Telegram's limits, loses nothing, repeats only what it must.

    Answers that are under way when the process is killed may have arrived or not, and are sent
    again. So no more of them than needed are under way at once: one while nobody waits, and one
    more for each `WIDEN` seconds that the next message has waited, up to the limit.
    """

    def __init__(
        self,
        store: Store,
        carriers: dict[str, Carrier],
        limits: PaceLimits,
        clock: Clock,
        worker: str = "",
        receipts: Receipts | None = None,
    ) -> None:
        self._store = store
        self._carriers = carriers
        self._clock = clock
        self._pace = Pace(limits)
        self._lanes: dict[str, _Lane] = {}
        self._heaps: dict[bool, list[tuple[float, int, str]]] = {False: [], True: []}
        self._sequence = itertools.count()
        self._wake = asyncio.Event()
        self._quiet = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._on_the_wire: set[int] = set()
        self._receipts = receipts
        self._recorder = _Recorder(store, worker, self.submit, receipts)
        self._loop_task: asyncio.Task[None] | None = None
        self._guard: Guard | None = None
        self._bulk_under_way = 0
        self.sent = 0

    @property
    def channels(self) -> list[str]:
        """The channels that this process can deliver to."""
        return list(self._carriers)

    def guard_bulk(self, guard: Guard) -> None:
        """Who decides about broadcasts: their rows are not in the outbox, and are not repeated here."""
        self._guard = guard

    def bulk_waiting(self) -> int:
        """Broadcast messages handed in that have not left yet."""
        return self._bulk_under_way + sum(len(lane.bulk) for lane in self._lanes.values())

    def start(self) -> None:
        """Begin to send."""
        self._loop_task = asyncio.create_task(self._run(), name="sender")

    async def stop(self) -> None:
        """Finish what is under way and record it; the rest stays in the database."""
        if self._loop_task:
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)
        self._recorder.give_up()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._recorder.flushed()
        if self._receipts:
            self._receipts.close()

    async def resume(self, rows: Sequence[OutgoingRow]) -> None:
        """Rows of a process that ended: what it noted as arrived is recorded, the rest is sent."""
        if not rows:
            return
        arrived = self._receipts.left() if self._receipts else {}
        if self._receipts:
            self._receipts.tidy(self._clock.now())
        self.submit(row for row in rows if row.id not in arrived)
        known = [(row, Delivered(arrived[row.id])) for row in rows if row.id in arrived]
        await asyncio.gather(*(self._recorder.record(self._result(r, d), r, d) for r, d in known))

    def submit(self, rows: Iterable[OutgoingRow]) -> None:
        """Rows that are committed and belong to this process."""
        for row in rows:
            lane = self._lanes.setdefault(row.lane, _Lane(row.lane))
            lane.put(row)
            if lane.head() is row:  # otherwise the lane is offered already
                self._offer(lane)
        self._wake.set()

    def waiting(self) -> int:
        """Messages that have not left yet."""
        return sum(len(lane.replies) + len(lane.bulk) for lane in self._lanes.values())

    async def idle(self) -> None:
        """Return when nothing waits and nothing is under way (for tests and for stopping)."""
        while self._lanes or self._under_way:
            self._quiet.clear()
            await self._quiet.wait()
        await self._recorder.flushed()

    # -- choosing --------------------------------------------------------------------------------

    def _offer(self, lane: _Lane) -> None:
        """Put a lane where the loop will see it, at the time from which it may send."""
        head = lane.head()
        if head is None or lane.busy:
            return
        at = max(lane.not_before, self._pace.chat_ready_at(lane.name))
        lane.ready = max(at, asyncio.get_running_loop().time())
        # By `ready`, not by `at`: who has been written to before must not stand behind all who have not.
        heapq.heappush(self._heaps[head.bulk], (lane.ready, next(self._sequence), lane.name))

    def _next(self, now: float) -> tuple[_Lane | None, float]:
        """The lane that may send now, or the moment at which to look again."""
        look_again = float("inf")
        for bulk in (False, True):
            if bulk and self._bulk_under_way >= self._pace.limits.bulk_in_flight:
                break  # the end of one wakes the loop
            heap = self._heaps[bulk]
            while heap:
                at, _, name = heap[0]
                lane = self._lanes.get(name)
                head = lane.head() if lane else None
                # A lane may stand in a heap several times, or in the wrong one by now: skip those.
                if lane is None or lane.busy or head is None or head.bulk is not bulk:
                    heapq.heappop(heap)
                    continue
                due = max(lane.not_before, self._pace.chat_ready_at(name))
                if due > at:
                    heapq.heapreplace(heap, (due, next(self._sequence), name))
                    continue
                widens = due if bulk else max(due, lane.ready) + WIDEN * len(self._on_the_wire)
                opens = max(due, widens, self._pace.open_at(bulk=bulk))
                if opens <= now:
                    heapq.heappop(heap)
                    return lane, now
                look_again = min(look_again, opens)
                break
        return None, look_again

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            if len(self._on_the_wire) >= self._pace.limits.in_flight:
                await self._wake.wait()
                continue
            now = loop.time()
            lane, look_again = self._next(now)
            if lane is not None:
                self._send(lane, now)
                continue
            delay = None if look_again == float("inf") else look_again - now
            try:
                # Not wait_for: before Python 3.12 it may swallow a cancellation.
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                continue

    # -- sending ---------------------------------------------------------------------------------

    def _send(self, lane: _Lane, now: float) -> None:
        row = lane.queue().popleft()
        lane.busy = True
        self._bulk_under_way += row.bulk
        group = bool(row.payload.get("group"))
        if not row.payload.get("free"):  # answers to button presses do not count as messages
            self._pace.take(lane.name, now, group=group, bulk=row.bulk)
            # Nor is anybody hurt by one that is answered twice.
            if not row.bulk:
                self._on_the_wire.add(row.id)
        task = asyncio.create_task(self._deliver(lane, row))
        self._under_way.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()
        self._quiet.set()
        if not task.cancelled() and task.exception():
            log.error("sender.broken", exc_info=task.exception())

    async def _deliver(self, lane: _Lane, row: OutgoingRow) -> None:
        try:
            if row.bulk and self._guard is not None:
                await self._guarded(self._guard, lane, row)
            else:
                if row.bulk:
                    self._pace.leaves(asyncio.get_running_loop().time())
                await self._land(lane, row, await self._carry(row))
        finally:
            lane.busy = False
            self._bulk_under_way -= row.bulk
            if lane.head() is None:
                self._lanes.pop(lane.name, None)
            else:
                self._offer(lane)

    async def _guarded(self, guard: Guard, lane: _Lane, row: OutgoingRow) -> None:
        ready = await guard.admit(row)
        if ready is None:
            self._pace.stayed()
            return
        now = asyncio.get_running_loop().time()
        if parked := self._pace.bulk_parked_for(now):  # refused while this one was checked: it stays
            self._pace.stayed()
            await guard.settle(ready, Wait(parked))
            return
        self._pace.leaves(now)
        outcome = await self._carry(ready)
        SENDS.labels(f"bulk_{type(outcome).__name__.lower()}").inc()
        if isinstance(outcome, Wait):
            self._pace.park(lane.name, asyncio.get_running_loop().time(), outcome.seconds)
        await guard.settle(ready, outcome)
        self.sent += isinstance(outcome, Delivered)

    async def _carry(self, row: OutgoingRow) -> Outcome:
        try:
            return await self._carriers[row.channel].deliver(row)
        except Exception as error:
            log.exception("sender.carrier_failed", row=row.id)
            return Later(type(error).__name__)
        finally:
            self._on_the_wire.discard(row.id)
            self._wake.set()

    async def _land(self, lane: _Lane, row: OutgoingRow, outcome: Outcome) -> None:
        now = asyncio.get_running_loop().time()
        SENDS.labels(type(outcome).__name__.lower()).inc()
        if isinstance(outcome, Wait):
            self._pace.park(lane.name, now, outcome.seconds)
            log.warning("sender.parked", seconds=outcome.seconds, lane=lane.name)
            lane.put(replace(row, attempts=row.attempts + 1))
            if self._guard is not None:
                await self._guard.held(outcome.seconds)
        elif isinstance(outcome, Later) and not self._too_old(row) and (outcome.certain or not row.bulk):
            lane.not_before = now + min(30.0, 0.5 * 2 ** min(row.attempts, 6))
            log.warning("sender.later", why=outcome.why, attempts=row.attempts, lane=lane.name)
            lane.put(replace(row, attempts=row.attempts + 1))
        else:
            if isinstance(outcome, Delivered):
                if self._receipts:
                    self._receipts.note(row.id, outcome.external_id)
            elif isinstance(outcome, (Refused, Later)):
                log.warning("sender.given_up", why=outcome.why, lane=lane.name)
            # The next message of this chat waits until this one is recorded: after a crash at
            # most one per chat is uncertain.
            await self._recorder.record(self._result(row, outcome), row, outcome)
            self.sent += isinstance(outcome, Delivered)

    def _too_old(self, row: OutgoingRow) -> bool:
        if row.created_at is None:
            return False
        return (self._clock.now() - row.created_at).total_seconds() > GIVE_UP_AFTER_HOURS * 3600

    def _result(self, row: OutgoingRow, outcome: Outcome) -> Sent:
        attempts, now = row.attempts + 1, self._clock.now()
        if isinstance(outcome, Delivered):
            return Sent(row.id, OutboxStatus.SENT, attempts, now, outcome.external_id, None, row.message_id)
        why = outcome.why if isinstance(outcome, (Refused, Later)) else ""
        return Sent(row.id, OutboxStatus.FAILED, attempts, now, None, why, row.message_id)


class _Recorder:
    """Writes outcomes in groups: whatever arrives while one transaction runs goes into the next.

    While the database is away it keeps trying: what was sent must not be sent again after a restart
    only because nobody wrote it down.
    """

    def __init__(
        self,
        store: Store,
        worker: str,
        submit: Callable[[Iterable[OutgoingRow]], None],
        receipts: Receipts | None,
    ) -> None:
        self._store = store
        self._receipts = receipts
        self._worker = worker
        self._submit = submit
        self._pending: list[_Landed] = []
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def record(self, result: Sent, row: OutgoingRow, outcome: Outcome) -> None:
        """Return when the outcome is committed."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append(_Landed(result, row, outcome, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name="outbox-recorder")
        await future

    async def flushed(self) -> None:
        """Return when nothing waits to be written."""
        while self._task and not self._task.done():
            await asyncio.wait([self._task])

    def give_up(self) -> None:
        """From now on a database that is away is not waited for: the process stops."""
        self._stopping = True

    async def _write(self) -> None:
        while self._pending:
            batch, self._pending = self._pending, []
            try:
                await self._keep_trying(batch)
            except Exception as error:
                log.exception("outbox.not_recorded", count=len(batch))
                for landed in batch:
                    landed.future.set_exception(error)
                continue
            if self._receipts:
                self._receipts.settle((p.result.id, p.result.external_id) for p in self._pending)
            for landed in batch:
                landed.future.set_result(None)

    async def _keep_trying(self, batch: Sequence[_Landed]) -> None:
        pause = 0.1
        while True:
            try:
                return await self._commit(batch)
            except StoreUnavailableError as error:
                if self._stopping:
                    raise
                if pause == 0.1:
                    log.warning("outbox.waits_for_database", count=len(batch), why=str(error))
            await asyncio.sleep(pause)
            pause = min(3.0, pause * 2)

    async def _commit(self, batch: Sequence[_Landed]) -> None:
        async with self._store.work() as work:
            await work.outbox.record([landed.result for landed in batch])
            for landed in batch:
                if isinstance(landed.outcome, Refused) and landed.outcome.unreachable:
                    why = landed.outcome.why[:32]
                    await work.conversations.unreachable(landed.row.lane, why, landed.result.at)
            instead = [_instead(landed) for landed in batch if _owes_notice(landed)]
            if instead:
                await work.outbox.add(instead, self._worker, batch[0].result.at)
            await work.commit()
        self._submit(instead)


def _owes_notice(landed: _Landed) -> bool:
    """Whether somebody must hear that this will never arrive."""
    return not isinstance(landed.outcome, Delivered) and "otherwise" in landed.row.payload


def _instead(landed: _Landed) -> OutgoingRow:
    """The message to the one who must hear it, written in the transaction that gives the first one up."""
    notice = landed.row.payload["otherwise"]
    return OutgoingRow(notice["id"], notice["lane"], landed.row.channel, notice["payload"], created_at=landed.result.at)


@dataclass(frozen=True, slots=True)
class _Landed:
    result: Sent
    row: OutgoingRow
    outcome: Outcome
    future: asyncio.Future[None]
