"""How the database is opened: the same behaviour from SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.core.errors import SettingsError

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


def database_url(text: str) -> URL:
    """The URL with its async driver; SettingsError for a database that we do not know."""
    try:
        url = make_url(text)
    except Exception as error:
        raise SettingsError(f"database.url: not a database URL: {error}") from error
    name = url.get_backend_name()
    if name not in _DRIVERS:
        raise SettingsError(f"database.url: {name} is not supported; use sqlite or postgresql")
    return url.set(drivername=_DRIVERS[name])


def open_engine(text: str) -> AsyncEngine:
    """An engine for the URL; makes the folder of a SQLite file."""
    url = database_url(text)
    if url.get_backend_name() == "sqlite":
        if url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        # One connection: SQLite has one writer, and our writes are grouped before they come here.
        engine = create_async_engine(url, pool_size=1, max_overflow=4, connect_args={"timeout": 30})
        _prepare_sqlite(engine)
        return engine
    return create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: its own way leaks reads out of them.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        # IMMEDIATE: a transaction that reads and then writes can otherwise fail half-way.
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
