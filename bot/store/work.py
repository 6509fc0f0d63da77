"""The unit of work: one transaction, left without commit is rolled back."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.core.privacy import Vault
from bot.store.conversations import Conversations
from bot.store.inbox import InboxRows
from bot.store.leases import Leases
from bot.store.log import Log
from bot.store.outbox import OutboxRows
from bot.store.requests import Requests


class Work:
    """One transaction and the rows within reach of it; never shared between tasks."""

    def __init__(self, engine: AsyncEngine, vault: Vault, *, read_only: bool = False) -> None:
        self._engine = engine.execution_options(read_only=True) if read_only else engine
        self._vault = vault

    async def __aenter__(self) -> Self:
        connection = await self._engine.connect()
        # The transaction begins by itself with the first statement.
        self.connection = connection
        self.inbox = InboxRows(connection, self._vault)
        self.outbox = OutboxRows(connection, self._vault)
        self.conversations = Conversations(connection, self._vault)
        self.log = Log(connection, self._vault)
        self.requests = Requests(connection, self._vault)
        self.leases = Leases(connection)
        return self

    async def commit(self) -> None:
        """Make everything since entering permanent; nothing may follow it."""
        await self.connection.commit()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing rolls back whatever was not committed.
        await self.connection.close()


class Store:
    """The database as features see it: `async with store.work() as work: …`."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self.engine = engine
        self.vault = vault

    @property
    def replicated(self) -> bool:
        """Whether several processes may share this database."""
        return self.engine.dialect.name == "postgresql"

    def work(self, *, read_only: bool = False) -> Work:
        """A unit of work; `read_only` ones do not wait for writers."""
        return Work(self.engine, self.vault, read_only=read_only)

    async def close(self) -> None:
        """Let go of all connections."""
        await self.engine.dispose()
