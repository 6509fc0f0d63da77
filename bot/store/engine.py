"""How the database is opened: the same behaviour from SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.core.errors import SettingsError

# PostgreSQL's classes of "not now": connection lost, out of resources, shutting or starting up.
_AWAY = ("08", "53", "57P")
_SQLITE_AWAY = ("locked", "busy", "disk i/o", "unable to open", "disk is full")
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
        engine = create_async_engine(
            url, pool_size=1, max_overflow=4, connect_args={"timeout": 30}, hide_parameters=True
        )
        _prepare_sqlite(engine)
        return engine
    # Parameters stay out of error messages, and so out of the log: they are what people wrote.
    return create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True, hide_parameters=True)


async def reach(engine: AsyncEngine) -> None:
    """Open a connection; SettingsError says why that is impossible, without the password."""
    try:
        async with engine.connect():
            return
    except Exception as error:
        await engine.dispose()
        said = error.orig if isinstance(error, DBAPIError) else error
        where = engine.url.render_as_string(hide_password=True)
        raise SettingsError(f"database.url: {where} cannot be opened: {said}") from error


def is_away(error: BaseException) -> bool:
    """Whether the database just cannot be reached or written now, and the same would succeed later."""
    if isinstance(error, (ConnectionError, PoolTimeout)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    # SQLAlchemy's error wraps the dialect's, which wraps the driver's: the state may stand in any.
    state = str(getattr(error.orig, "sqlstate", None) or "")
    said = str(error.orig).lower()
    return state.startswith(_AWAY) or (not state and any(words in said for words in _SQLITE_AWAY))


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
