"""The unit of work: one transaction, left without commit is rolled back."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.core.errors import StoreUnavailableError
from bot.core.privacy import Vault
from bot.store.audited import AuditedRows
from bot.store.board import BoardRows
from bot.store.conversations import Conversations
from bot.store.engine import is_away, reading_engine
from bot.store.gaps import GapRows
from bot.store.inbox import InboxRows
from bot.store.leases import Leases
from bot.store.ledger import LedgerRows
from bot.store.ledger_page import PageRows
from bot.store.log import Log
from bot.store.outbox import OutboxRows
from bot.store.reach import ReachRows
from bot.store.reception import DeskRows, ReceptionRows
from bot.store.reminders import ReminderRows, TaskRows
from bot.store.reports import ReportRows
from bot.store.requests import Requests
from bot.store.settlement import SettlementRows
from bot.store.staff import StaffRows
from bot.store.topics import TopicRows

_QUEUE_SECONDS = 30.0  # how long a transaction may wait for those of its own process


class Work:
    """One transaction and the rows within reach of it; never shared between tasks.

    Raises `StoreUnavailableError` when the database is away: nothing of it is then kept, and the
    same may be tried again later.
    """

    def __init__(self, engine: AsyncEngine, vault: Vault, turnstile: asyncio.Lock | None = None) -> None:
        self._engine = engine
        self._vault = vault
        self._turnstile = turnstile

    async def __aenter__(self) -> Self:
        connection = await self._connect()
        # The transaction begins by itself with the first statement.
        self.connection = connection
        self.inbox = InboxRows(connection, self._vault)
        self.outbox = OutboxRows(connection, self._vault)
        self.conversations = Conversations(connection, self._vault)
        self.log = Log(connection, self._vault)
        self.requests = Requests(connection, self._vault)
        self.leases = Leases(connection)
        self.ledger = LedgerRows(connection, self._vault)
        self.pages = PageRows(connection, self._vault)
        self.reach = ReachRows(connection, self._vault)
        self.reminders = ReminderRows(connection, self._vault)
        self.tasks = TaskRows(connection, self._vault)
        self.gaps = GapRows(connection, self._vault)
        self.reports = ReportRows(connection, self._vault)
        self.staff = StaffRows(connection, self._vault)
        self.audited = AuditedRows(connection, self._vault)
        self.desk = DeskRows(connection, self._vault)
        self.reception = ReceptionRows(connection, self._vault)
        self.board = BoardRows(connection, self._vault)
        self.topics = TopicRows(connection, self._vault)
        self.settlement = SettlementRows(connection, self._vault)
        return self

    async def commit(self) -> None:
        """Make everything since entering permanent; nothing may follow it."""
        await self.connection.commit()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # Closing rolls back whatever was not committed.
            await self.connection.close()
        finally:
            if self._turnstile:
                self._turnstile.release()
        if error is not None and is_away(error):
            raise StoreUnavailableError(_reason(error)) from error

    async def _connect(self) -> AsyncConnection:
        if self._turnstile:
            try:
                # Not wait_for: before Python 3.12 it may swallow a cancellation that comes at the same moment.
                async with asyncio.timeout(_QUEUE_SECONDS):
                    await self._turnstile.acquire()
            except TimeoutError as error:
                raise StoreUnavailableError("the transactions before this one do not end") from error
        try:
            return await (self._begin() if self._turnstile else self._engine.connect())
        except BaseException as error:
            if self._turnstile:
                self._turnstile.release()
            # Whatever goes wrong at connecting: drivers raise the socket's errors and their own there.
            if isinstance(error, Exception):
                raise StoreUnavailableError(_reason(error)) from error
            raise

    async def _begin(self) -> AsyncConnection:
        """SQLite: begin at once, and wait without blocking for another program that is writing."""
        connection = await self._engine.connect()
        pause, waited = 0.005, 0.0
        while True:
            try:
                _ = await connection.begin()
                return connection
            except DBAPIError as error:
                if waited > _QUEUE_SECONDS or not is_away(error):
                    await connection.close()
                    raise
            await asyncio.sleep(pause)
            waited += pause
            pause = min(0.2, pause * 2)


def _reason(error: BaseException) -> str:
    """What the driver said, without statement and parameters: those may hold what people wrote."""
    return str(error.orig) if isinstance(error, DBAPIError) else f"{type(error).__name__}: {error}"


class Store:
    """The database as features see it: `async with store.work() as work: …`."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self.engine = engine
        self.vault = vault
        self._reading = reading_engine(engine)
        self._writing = engine if self.replicated else engine.execution_options(returns_at_once=True)
        # SQLite has one writer: queueing here is fair and at once, its own lock is polled with sleeps.
        self._turnstile = None if self.replicated else asyncio.Lock()

    @property
    def replicated(self) -> bool:
        """Whether several processes may share this database."""
        return self.engine.dialect.name == "postgresql"

    def work(self, *, read_only: bool = False) -> Work:
        """A unit of work; `read_only` ones do not wait for writers."""
        return Work(self._reading, self.vault) if read_only else Work(self._writing, self.vault, self._turnstile)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._reading.dispose()
        await self.engine.dispose()
