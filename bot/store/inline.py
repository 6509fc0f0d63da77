"""SQLite without a thread: each statement runs where it stands, in the event loop.

aiosqlite hands every step of every statement (cursor, execute, fetch, close) to a thread and waits
for it; while the loop is busy finding topics, each of these hand-overs may wait for the interpreter
lock. Our writing statements take some ten microseconds each, so that the hand-over costs far more
than the work: docs/measurements.md has the figures. Reading, which may take long, keeps its threads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from typing import Any

import aiosqlite
from typing_extensions import override


class InlineConnection(aiosqlite.Connection):
    """aiosqlite's connection with its thread never started."""

    @override
    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._connect().__await__()

    @override
    async def _connect(self) -> aiosqlite.Connection:
        if self._connection is None:
            self._connection = self._connector()
        return self

    @override
    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None:
            raise ValueError("Connection closed")
        return fn(*args, **kwargs)

    @override
    async def close(self) -> None:
        self.stop()

    @override
    def stop(self) -> None:
        self._running = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def connect(path: str, timeout: float) -> Callable[..., InlineConnection]:
    """What SQLAlchemy calls for a new connection; `timeout`: seconds that a lock may stop the loop."""

    def connector() -> sqlite3.Connection:
        # No isolation level: the driver must not begin transactions by itself.
        return sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)

    return lambda *_, **__: InlineConnection(connector, 64)
