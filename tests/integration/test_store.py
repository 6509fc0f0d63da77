"""The database: migrations, time, outages, and what is never written into it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import ProgrammingError, StatementError

from bot.core.errors import SettingsError, StoreUnavailableError
from bot.core.privacy import Vault
from bot.store import migrate
from bot.store.engine import open_engine, reach
from bot.store.rows import NewUpdate
from bot.store.tables import Base, Worker
from bot.store.work import Store
from tests.conftest import new_postgres
from tests.integration.process import until
from tests.world import KEY, ROOT, World

MakeWorld = Callable[..., Any]
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


async def test_an_empty_database_migrated_to_the_head_equals_the_tables(database: str) -> None:
    """What the migrations make and what the program expects is the same."""
    engine = open_engine(database)
    await migrate.upgrade(engine)

    def compare(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(compare) == []
    await engine.dispose()


async def test_processes_that_start_together_migrate_one_after_the_other(database: str, tmp_path: Path) -> None:
    """Three programs over one empty database: all end well, and it is at the head."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ZHIYUAN_")}
    programs = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "main.py"),
            "db",
            "upgrade",
            cwd=tmp_path,
            env=clean | {"ZHIYUAN_DATABASE__URL": database, "ZHIYUAN_FAQ__PATH": str(ROOT / "faq")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        for _ in range(3)
    ]
    outputs = [(await program.communicate())[0].decode() for program in programs]
    assert [program.returncode for program in programs] == [0, 0, 0], "\n".join(outputs)
    engine = open_engine(database)
    assert await migrate.revision(engine) == migrate.head()
    await engine.dispose()


async def test_a_moment_comes_back_as_it_went_in(database: str) -> None:
    """Aware UTC in, aware UTC out, whatever zone it was given in; a time without a zone is refused."""
    engine = open_engine(database)
    await migrate.upgrade(engine)
    shanghai = datetime(2028, 2, 29, 23, 59, 59, 123456, tzinfo=timezone(timedelta(hours=8)))
    async with engine.begin() as connection:
        await connection.execute(insert(Worker).values(id="w", place="p", seen_at=shanghai))
        found = (await connection.execute(select(Worker.seen_at))).scalar_one()
    assert found == shanghai
    assert found.utcoffset() == timedelta(0)
    async with engine.connect() as connection:
        with pytest.raises(StatementError, match="without a zone"):
            await connection.execute(insert(Worker).values(id="n", place="p", seen_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - that is the point
    await engine.dispose()


async def test_what_waits_is_found_whole_and_each_update_once(database: str) -> None:
    """Updates repeated within a batch or later are one; none is left out however many wait."""
    store = Store(open_engine(database), Vault(bytes.fromhex(KEY)))
    await migrate.upgrade(store.engine)
    updates = [NewUpdate("telegram", n, f"lane{n % 7}", f'{{"update_id": {n}}}') for n in range(1500)]
    async with store.work() as work:
        first = await work.inbox.store([*updates, *updates[:100]], NOW)
        await work.commit()
    async with store.work() as work:
        assert await work.inbox.store(updates, NOW) == []
        await work.commit()
    async with store.work(read_only=True) as work:
        waiting = await work.inbox.waiting()
    assert [u.raw for u in waiting] == [u.raw for u in updates]
    assert [u.id for u in waiting] == [u.id for u in first]
    await store.close()


async def test_leaving_without_commit_keeps_nothing(database: str) -> None:
    """A unit of work that ends in an error has not happened."""
    store = Store(open_engine(database), Vault(bytes.fromhex(KEY)))
    await migrate.upgrade(store.engine)

    async def half_way() -> None:
        async with store.work() as work:
            await work.inbox.store([NewUpdate("telegram", 1, "lane", "{}")], NOW)
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError):
        await half_way()
    async with store.work(read_only=True) as work:
        assert await work.inbox.waiting() == []
    await store.close()


async def test_a_lease_belongs_to_one_living_process(database: str) -> None:
    """Nobody takes it from a holder that lives; a dead one has lost it at once."""
    store = Store(open_engine(database), Vault(bytes.fromhex(KEY)))
    await migrate.upgrade(store.engine)

    async def take(who: str, now: datetime = NOW) -> bool:
        async with store.work() as work:
            mine = await work.leases.take("poll", who, now, timedelta(seconds=40))
            await work.commit()
        return mine

    async with store.work() as work:
        await work.outbox.beat("a", "here:1", NOW)
        await work.outbox.beat("b", "here:2", NOW)
        await work.commit()
    assert await take("a")
    assert not await take("b")
    assert await take("a", NOW + timedelta(seconds=30)), "renewed"
    assert not await take("b", NOW + timedelta(seconds=60))
    async with store.work() as work:
        await work.outbox.retire(["a"])
        await work.commit()
    assert await take("b", NOW + timedelta(seconds=61)), "the holder is gone"
    await store.close()


async def test_a_database_that_cannot_be_opened_is_named_without_its_password() -> None:
    """The message says which setting, where, and why; a password in the address is not repeated."""
    engine = open_engine("postgresql://clerk:sesame@127.0.0.1:1/ledger")
    with pytest.raises(SettingsError) as caught:
        await reach(engine)
    assert "database.url" in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    assert "sesame" not in str(caught.value)


async def test_a_lost_connection_is_told_apart_from_a_mistake(postgres_url: str) -> None:
    """A server that goes away is `StoreUnavailableError`: the same may be tried again, and then works."""
    store = Store(open_engine(new_postgres(postgres_url)), Vault(bytes.fromhex(KEY)))
    await migrate.upgrade(store.engine)

    async def run(statement: str) -> None:
        async with store.work() as work:
            await work.connection.exec_driver_sql(statement)

    with pytest.raises(StoreUnavailableError):
        await run("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(ProgrammingError, match="no_such_table"):
        await run("SELECT * FROM no_such_table")
    async with store.work() as work:
        assert await work.inbox.waiting() == []
    await store.close()


async def test_a_file_that_somebody_holds_for_two_seconds_delays_and_loses_nothing(world: World, sqlite: str) -> None:
    """Another program writes to the SQLite file: everybody is answered once it is done."""
    people = [await world.person(f"P{n}") for n in range(5)]
    told = [len(p.heard()) for p in people]
    other = sqlite3.connect(sqlite.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for person in people:
        person.actor.says("执行费怎么算")
    await asyncio.sleep(2)
    assert [len(p.heard()) for p in people] == told
    other.execute("ROLLBACK")
    other.close()
    await until(lambda: all(len(p.heard()) == n + 1 for p, n in zip(people, told, strict=True)), 15, "all are answered")
    await world.settled()
    assert [len(p.heard()) for p in people] == [n + 1 for n in told]


class OwnPostgres:
    """A PostgreSQL server of this test alone, to be stopped and started."""

    def __init__(self, folder: Path) -> None:
        import pgserver

        self._pgserver: Any = pgserver
        self.server = self._pgserver.get_server(folder, cleanup_mode="stop")

    def stop(self) -> None:
        """Stop at once: connections are cut."""
        self._pgserver.pg_ctl(
            ["-w", "-m", "immediate", "stop"], pgdata=self.server.pgdata, user=self.server.system_user
        )

    def start(self) -> None:
        """Start again."""
        self.server.ensure_postgres_running()


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    # Not pytest's own folder: a server started by root runs as somebody else, who may not look in there.
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        made = OwnPostgres(Path(folder))
        yield made
        made.server.cleanup()


@pytest.mark.slow
async def test_a_postgresql_that_restarts_delays_and_loses_nothing(own_postgres: OwnPostgres, tmp_path: Path) -> None:
    """The server is stopped while people ask; when it is back all are answered, once and in order."""
    world = await World(tmp_path, new_postgres(own_postgres.server.get_uri())).begin()
    try:
        await world.start_bot()
        people = [await world.person(f"P{n}") for n in range(10)]
        told = [len(p.heard()) for p in people]
        for person in people:
            person.actor.says("执行费怎么算")
        await asyncio.to_thread(own_postgres.stop)
        for person in people:
            person.actor.says("卡被冻结了怎么办")
        await asyncio.sleep(2)
        await asyncio.to_thread(own_postgres.start)
        for person in people:
            person.actor.says("老赖名单怎么撤销")
        await until(lambda: all(len(p.heard()) >= n + 3 for p, n in zip(people, told, strict=True)), 40, "all answered")
        await world.settled()
        assert [len(p.heard()) - n for p, n in zip(people, told, strict=True)] == [3] * len(people)
    finally:
        await world.end()


async def test_numbers_that_identify_people_are_never_stored(world: World, sqlite: str) -> None:
    """ID-card and bank-card numbers are masked on the way in: neither the file nor the opened log has them."""
    alice = await world.person("张三")
    citizen, card = "52040219870317581X", "6222 0212 3456 7890 123"
    await alice.says(f"我的身份证是{citizen}，卡号{card}，执行费怎么算")
    message_id = [m for m in alice.actor.sees() if not m.from_bot][-1].id
    world.sandbox.people.edit(alice.id, message_id, f"更正：{citizen} 卡被冻结了怎么办")
    alice.actor.says("执行费怎么算", reply_to=message_id)
    await world.settled()
    digits = card.replace(" ", "")
    async with world.bot.services.store.work(read_only=True) as work:
        said = "\n".join([m.text async for m in work.log.read()])
        states = (await work.connection.exec_driver_sql("SELECT state FROM conversations")).scalars().all()
    for text in (said, *states):
        assert citizen not in text
        assert digits not in text.replace(" ", "")
    await world.stop_bot()
    raw = b"".join(path.read_bytes() for path in world.folder.glob("test.db*"))
    assert len(raw) > 10_000
    for secret in (citizen, citizen[:-1], card, digits, "执行费怎么算", "张三"):
        assert secret.encode() not in raw


async def test_fifty_first_messages_at_once_get_fifty_numbers(make_world: MakeWorld) -> None:
    """Everybody asks for a person with the very first words: no two get the same request number."""
    world: World = await make_world()
    await world.start_bot()
    actors = [world.sandbox.actor(f"P{n}") for n in range(50)]
    for actor in actors:
        actor.says("转人工")
    await until(lambda: all(any(m.from_bot for m in a.sees()) for a in actors), 30, "everybody has a number")
    await world.settled()
    async with world.bot.services.store.work(read_only=True) as work:
        waiting = await work.requests.waiting(limit=100)
    assert len({r.number for r in waiting}) == 50
    assert len({r.conversation_id for r in waiting}) == 50
