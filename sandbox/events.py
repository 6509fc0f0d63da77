"""News for whoever looks on: the chat page, and tests that wait."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.settings import Json


class Events:
    """Publishes to any number of listeners; costs nothing while nobody listens."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Json | None]] = set()
        self._changed = asyncio.Event()
        self.count = 0

    def publish(self, kind: str, **fields: Any) -> None:
        """Tell everybody."""
        self._changed.set()
        self.count += 1
        if not self._queues:
            return
        event = {"kind": kind, **fields}
        for queue in list(self._queues):
            if queue.qsize() > 5000:  # a page that sleeps must reload, not eat the memory
                self._queues.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(event)

    def touch(self) -> None:
        """Wake those who wait, without news for the page."""
        self._changed.set()

    def listen(self) -> asyncio.Queue[Json | None]:
        """A queue of all news from now on; None means that the listener must go."""
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        self._queues.add(queue)
        return queue

    def forget(self, queue: asyncio.Queue[Json | None]) -> None:
        """The listener has gone."""
        self._queues.discard(queue)

    def close(self) -> None:
        """Send all listeners home."""
        for queue in self._queues:
            queue.put_nowait(None)
        self._queues.clear()

    async def wait_for(self, condition: Callable[[], Any], limit: float) -> Any:
        """The first true value of the condition; TimeoutError when it stays false."""
        async with asyncio.timeout(limit):
            while True:
                value = condition()
                if inspect.isawaitable(value):
                    value = await value
                if value:
                    return value
                self._changed.clear()
                # The condition may look at things outside the sandbox, so look again soon anyway.
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.02)
