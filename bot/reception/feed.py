"""The change feed of the desk: who looks at a screen hears of changes, those of other processes included.

The truth is the version that each conversation has in the database. A change in this process wakes
every watcher; what another process changes is found by looking once a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from bot.core.errors import StoreUnavailableError
from bot.staff.model import Right, Who
from bot.store.work import Store

LOOK = 1.0  # seconds between two looks
_SETTLE = 0.05  # seconds after which the transaction that caused a change is committed, as a rule


class Feed:
    """Wakes those who watch."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watching: set[asyncio.Event] = set()

    def changed(self) -> None:
        """Something has changed in this process, or is about to with the transaction that is open."""
        if self._watching:
            asyncio.get_running_loop().call_later(_SETTLE, self._wake)

    def _wake(self) -> None:
        for event in self._watching:
            event.set()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that is set when something has changed in this process; whoever waits for it clears it."""
        event = asyncio.Event()
        self._watching.add(event)
        try:
            yield event
        finally:
            self._watching.discard(event)

    async def versions(self, who: Who) -> dict[int, int]:
        """The version of every ticket that is not resolved, by its number."""
        who.require(Right.SEE_CHATS)
        async with self._store.work(read_only=True) as work:
            return await work.desk.versions(who.courts, who.account)

    async def watch(self, who: Who) -> AsyncIterator[set[int]]:
        """The numbers of tickets that are new, have changed, or have gone; ends only with its reader."""
        known = await self.versions(who)
        event = asyncio.Event()
        self._watching.add(event)
        try:
            while True:
                await self._wait(event)
                try:
                    now = await self.versions(who)
                except StoreUnavailableError:
                    continue  # the database is away for a moment: look again
                different = {n for n in known.keys() | now.keys() if known.get(n) != now.get(n)}
                known = now
                if different:
                    yield different
        finally:
            self._watching.discard(event)

    async def beats(self, seconds: float) -> AsyncIterator[None]:
        """Now, when something has changed in this process, and after so many seconds in any case."""
        with self.listening() as event:
            while True:
                yield
                await self._wait(event, seconds)

    async def _wait(self, event: asyncio.Event, seconds: float = LOOK) -> None:
        try:
            # Not wait_for: before Python 3.12 it may swallow a cancellation.
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        event.clear()
