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
from bot.store import inline

# PostgreSQL's classes of "not now": connection lost, out of resources, shutting or starting up.
_AWAY = ("08", "53", "57P")
_SQLITE_AWAY = ("locked", "busy", "disk i/o", "unable to open", "disk is full")
# Seconds for which another program's lock may stop the event loop; a unit of work then tries again.
LOCK_WAIT = 0.02
PATIENCE = 30.0  # seconds that everybody else waits, such as a migration
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
    # Parameters stay out of error messages, and so out of the log: they are what people wrote.
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True, hide_parameters=True)
    if url.database and url.database != ":memory:":
        folder = Path(url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"database.url: the folder {folder} cannot be made: {error.strerror}") from error
    # One connection: SQLite has one writer, and our writes are grouped before they come here.
    creator = inline.connect(url.database or ":memory:", LOCK_WAIT)
    engine = create_async_engine(url, pool_size=1, max_overflow=4, hide_parameters=True, async_creator=creator)
    _prepare_sqlite(engine, LOCK_WAIT)
    return engine


def reading_engine(engine: AsyncEngine) -> AsyncEngine:
    """The same database for transactions that only read: on SQLite in threads, since they may take long."""
    if engine.dialect.name != "sqlite":
        return engine.execution_options(read_only=True)
    made = create_async_engine(
        engine.url, pool_size=4, max_overflow=8, connect_args={"isolation_level": None}, hide_parameters=True
    )
    _prepare_sqlite(made, PATIENCE)
    return made.execution_options(read_only=True)


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


def _prepare_sqlite(engine: AsyncEngine, lock_wait: float) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={lock_wait * 1000:.0f}",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        options = connection.get_execution_options()
        if options.get("read_only"):
            connection.exec_driver_sql("BEGIN")
            return
        # IMMEDIATE: a transaction that reads and then writes can otherwise fail half-way.
        if options.get("returns_at_once"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        connection.exec_driver_sql(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql(f"PRAGMA busy_timeout={lock_wait * 1000:.0f}")
