"""A world without waiting: an event loop whose clock jumps, a store that keeps lists, a carrier that notes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from typing_extensions import override

from bot.core.errors import StoreUnavailableError
from bot.post.outbox import Delivered, Outcome
from bot.store.rows import OutgoingRow, Sent

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class VirtualLoop(asyncio.SelectorEventLoop):
    """When nothing is left to do, its time is that of the next thing planned."""

    def __init__(self) -> None:
        super().__init__()
        self._moment = 0.0

    @override
    def time(self) -> float:
        return self._moment

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self._moment = max(self._moment, self._scheduled[0]._when)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Live through a story in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story())


class LoopClock:
    """The wall clock of a virtual loop."""

    def now(self) -> datetime:
        """The present moment."""
        return START + timedelta(seconds=asyncio.get_running_loop().time())


class ListStore:
    """What the sender writes, in a list; `away` makes every transaction fail."""

    def __init__(self) -> None:
        self.recorded: list[Sent] = []
        self.unreachable: list[tuple[str, str]] = []
        self.away = False

    def work(self) -> ListStore:
        """A unit of work: itself."""
        return self

    @property
    def outbox(self) -> ListStore:
        """The rows of the outbox: itself."""
        return self

    @property
    def conversations(self) -> _Conversations:
        """The rows of conversations."""
        return _Conversations(self)

    async def __aenter__(self) -> Self:
        if self.away:
            raise StoreUnavailableError("away")
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)

    async def record(self, results: Sequence[Sent]) -> None:
        """Keep them."""
        self.recorded += results

    async def add(self, rows: Sequence[OutgoingRow], owner: str, now: datetime) -> None:
        """Nothing of this is looked at."""

    async def commit(self) -> None:
        """Nothing to do."""


class _Conversations:
    def __init__(self, store: ListStore) -> None:
        self._store = store

    async def unreachable(self, lane: str, reason: str, now: datetime) -> None:
        self._store.unreachable.append((lane, reason))


class NotingCarrier:
    """Notes what it is given and when; outcomes can be ordered per row."""

    def __init__(self, seconds: float = 0.05) -> None:
        self.seconds = seconds
        self.seen: list[tuple[float, int]] = []
        self.outcomes: dict[int, list[Outcome]] = {}
        self.under_way = self.most = 0

    async def deliver(self, row: OutgoingRow) -> Outcome:
        """Take some time."""
        self.seen.append((asyncio.get_running_loop().time(), row.id))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(self.seconds)
        self.under_way -= 1
        ordered = self.outcomes.get(row.id)
        return ordered.pop(0) if ordered else Delivered(row.id)

    def at(self, row_id: int) -> list[float]:
        """When that row was tried."""
        return [moment for moment, number in self.seen if number == row_id]


def row(number: int, lane: str = "a", *, bulk: bool = False, created: datetime = START) -> OutgoingRow:
    """A message to that chat."""
    return OutgoingRow(number, lane, "test", {"group": False}, bulk=bulk, created_at=created)
