"""What all tests share: a scrubbed environment, both databases, and a world for stories."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import settings
from sqlalchemy.engine import make_url

# How long an example takes says how busy the machine is, and nothing about the rule.
settings.register_profile("rules", deadline=None)
settings.load_profile("rules")

for name in [n for n in os.environ if n.startswith("ZHIYUAN_")]:
    del os.environ[name]

from bot.core import log  # noqa: E402 - after the environment is clean
from bot.store import migrate  # noqa: E402
from bot.store.engine import open_engine  # noqa: E402
from tests.world import World  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _logging() -> None:
    log.configure("WARNING")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: the one of TEST_DATABASE_URL, else one started here."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    # Not below pytest's own folder: as root the server runs under another user, and a second pytest on this machine
    # would close that folder to it.
    with tempfile.TemporaryDirectory(prefix="zhiyuan-postgres-", ignore_cleanup_errors=True) as folder:
        # pgserver asks for the user's runtime folder; where there is none, that is a warning, and an error here.
        runtime, data = Path(folder, "runtime"), Path(folder, "data")
        runtime.mkdir(mode=0o700)
        data.mkdir()
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        import pgserver

        server = pgserver.get_server(data, cleanup_mode="stop")
        # No test pulls the plug of the database's machine, so it need not wait for the disk.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind in turn."""
    return _database(request, tmp_path, request.param)


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty SQLite database, for what does not depend on the kind."""
    return _database(request, tmp_path, "sqlite")


def _database(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> str:
    """Empty; for a story in the chat its tables are there already, because making them takes longer than most stories."""
    story = not {"make_world", "make_world_sqlite", "world"}.isdisjoint(request.fixturenames)
    if kind == "sqlite":
        if story:
            shutil.copy(request.getfixturevalue("sqlite_with_tables"), tmp_path / "test.db")
        return f"sqlite:///{tmp_path}/test.db"
    like = request.getfixturevalue("postgres_with_tables") if story else None
    return new_postgres(request.getfixturevalue("postgres_url"), like)


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file in which nothing stands yet, to be copied."""
    file = tmp_path_factory.mktemp("tables") / "tables.db"
    _make_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_url: str) -> str:
    """The name of a PostgreSQL database in which nothing stands yet, to be copied."""
    url = new_postgres(postgres_url)
    _make_tables(url)
    return str(make_url(url).database)


def _make_tables(url: str) -> None:
    async def make() -> None:
        engine = open_engine(url)
        await migrate.upgrade(engine)
        await engine.dispose()

    _in_a_thread(make)


def new_postgres(url: str, like: str | None = None) -> str:
    """A new database on that server: empty, or a copy of another that nobody has open."""
    name = f"t{uuid.uuid4().hex[:12]}"

    async def create() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{like}"' if like else ""))
        await connection.close()

    _in_a_thread(create)
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _in_a_thread(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """To its end, in a loop of its own: the test's own loop may be running already."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(lambda: asyncio.run(work())).result()


@pytest.fixture
async def make_world(tmp_path: Path, database: str) -> AsyncIterator[Callable[..., Any]]:
    """Makes worlds; each is ended after the test."""
    async with _Worlds(tmp_path, database) as make:
        yield make


@pytest.fixture
async def world(tmp_path: Path, sqlite: str) -> AsyncIterator[World]:
    """A local Telegram with the bot running on SQLite."""
    async with _Worlds(tmp_path, sqlite) as make:
        made = await make()
        await made.start_bot()
        yield made


class _Worlds:
    def __init__(self, folder: Path, database: str) -> None:
        self._folder, self._database = folder, database
        self._made: list[World] = []

    async def __aenter__(self) -> Callable[..., Any]:
        return self._make

    async def _make(self, **overrides: Any) -> World:
        made = World(self._folder, self._database, **overrides)
        self._made.append(made)
        return await made.begin()

    async def __aexit__(self, *_: object) -> None:
        for made in self._made:
            await made.end()
