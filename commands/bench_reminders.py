"""`bench plan` and `bench deliver`: planning a day among many instalments, and the rate that broadcasts keep."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.consult.loader import read as read_knowledge
from bot.core.calendar import CourtCalendar
from bot.core.clock import SHANGHAI, Clock, ManualClock, SystemClock, local_day
from bot.core.errors import SettingsError
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.reach.model import BindingStatus, Relation
from bot.reminders.campaigns import Campaigns, NewCampaign
from bot.reminders.service import Planned, Reminders
from bot.reminders.wording import Guides
from bot.store import migrate
from bot.store.engine import open_engine
from bot.store.ledger_rows import CaseRow, InstalmentRow, ObligationRow, PartyRow, SideRow
from bot.store.reach_rows import BindingRow
from bot.store.rows import ConversationRow
from bot.store.work import Store

KEY = b"bench-key-of-thirty-two-bytes-ok"
DAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, ten in the morning in Shanghai
PEOPLE_PER_STEP = 1000
ALLOWED = 30.0  # messages a second that Telegram lets pass
ROOT = Path(__file__).parent.parent

Dues = Callable[[int], Sequence[date]]


# -- people and debts ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Someone:
    """A debtor that was made up: a name, and the chat if there is one."""

    name: str
    chat: int | None


async def fill(store: Store, clock: Clock, people: Sequence[Someone], dues: Dues, ids: Ids | None = None) -> None:
    """Cases, debtors and instalments of 1,000 yuan each, and a proven chat for whoever has one."""
    ids, now = ids or Ids(), clock.now()
    for start in range(0, len(people), PEOPLE_PER_STEP):
        some = [(start + i, person) for i, person in enumerate(people[start : start + PEOPLE_PER_STEP])]
        ledger: list[Any] = []
        chats: list[ConversationRow] = []
        bound: list[int] = []
        for index, person in some:
            party = ids.new(now)
            ledger += _debt(ids, now, person, party, dues(index))
            if person.chat is not None:
                chats.append(_chat(store, ids, now, person))
                bound.append(party)
        async with store.work() as work:
            # In the order in which they refer to each other.
            for kinds in ((CaseRow, PartyRow), (ObligationRow,), (SideRow, InstalmentRow)):
                await work.ledger.add([row for row in ledger if isinstance(row, kinds)], now)
            known = await work.conversations.load([c.lane for c in chats])
            await work.conversations.add([c for c in chats if c.lane not in known], now)
            await work.reach.add(
                [_bound(ids, now, party, known.get(c.lane, c).id) for party, c in zip(bound, chats, strict=True)]
            )
            await work.commit()


def _debt(ids: Ids, now: datetime, person: Someone, party: int, days: Sequence[date]) -> list[Any]:
    case, obligation = ids.new(now), ids.new(now)
    number = f"bench {case}"
    rows: list[Any] = [
        CaseRow(case, "xixiu", number, "judgment", "", "before", False, False, None, None, None, None, None, now, now),
        PartyRow(party, person.name, "person", None, None, False),
        ObligationRow(
            obligation,
            case,
            party,
            "1",
            "money",
            100_000 * len(days),
            None,
            "none",
            None,
            False,
            None,
            None,
            0,
            None,
            now,
            now,
            min(days),
            min(days),
        ),
        SideRow(obligation, party, "debtor", None),
    ]
    for no, day in enumerate(days, 1):
        rows += [InstalmentRow(ids.new(now), obligation, no, 100_000, day, day, 1, 0, None, False)]
    return rows


def _chat(store: Store, ids: Ids, now: datetime, person: Someone) -> ConversationRow:
    chat = person.chat
    return ConversationRow(
        id=ids.new(now),
        lane=store.vault.pseudonym("telegram", chat),
        channel="telegram",
        kind="private",
        person=store.vault.pseudonym("telegram", "person", chat),
        address={"chat": chat, "name": person.name},
        state={"greeted": True},
        created_at=now,
    )


def _bound(ids: Ids, now: datetime, party: int, conversation: int) -> BindingRow:
    return BindingRow(
        id=ids.new(now),
        party_id=party,
        conversation_id=conversation,
        relation=Relation.SELF,
        status=BindingStatus.PROVEN,
        linked_at=now,
        changed_at=now,
        consent_at=now,
        proven_at=now,
    )


# -- bench plan ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """What planning took."""

    name: str
    instalments: int
    first: Planned
    first_seconds: float
    again_seconds: float
    year_seconds: float
    year_written: int
    memory: float  # MB that planning added


def plan(
    instalments: Annotated[int, typer.Option(help="instalments in the ledger")] = 1_000_000,
    postgres: Annotated[str, typer.Option(help="PostgreSQL URL; without it a server of pgserver")] = "",
    days: Annotated[int, typer.Option(help="days planned one after the other, besides the first")] = 30,
) -> None:
    """Plan a day among so many instalments, again, and then day after day; on SQLite and PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        found = [_apart(f"sqlite:///{folder}/bench.db", "SQLite", instalments, days)]
        with postgres_server(postgres, Path(folder)) as url:
            if url:
                found.append(_apart(url, "PostgreSQL", instalments, days))
    table = Table(title=f"bench plan: {instalments:,} instalments")
    for heading in (
        "database",
        "due that day",
        "written",
        "s",
        "instalments/s",
        "again s",
        f"{days} days s",
        "written",
        "MB",
    ):
        table.add_column(heading, justify="left" if heading == "database" else "right")
    for one in found:
        table.add_row(
            one.name,
            f"{one.first.looked_at:,}",
            f"{one.first.written:,}",
            f"{one.first_seconds:.1f}",
            f"{one.first.looked_at / one.first_seconds:,.0f}",
            f"{one.again_seconds:.1f}",
            f"{one.year_seconds:.1f}",
            f"{one.year_written:,}",
            f"{one.memory:.0f}",
        )
    Console(width=130).print(table)


def _apart(url: str, name: str, instalments: int, days: int) -> PlanFigures:
    """In a process of its own: the peak of its memory is that run's and no other's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_alone, url, name, instalments, days).result()


def _alone(url: str, name: str, instalments: int, days: int) -> PlanFigures:
    return asyncio.run(_plan(url, name, instalments, days))


async def _plan(url: str, name: str, instalments: int, days: int) -> PlanFigures:
    engine = open_engine(url)
    await migrate.upgrade(engine)
    store, clock = Store(engine, Vault(KEY)), ManualClock(DAY)
    chance = random.Random(1)  # noqa: S311 - made-up days
    today = local_day(DAY)
    per_person = 10
    people = [Someone(f"P{i}", i + 1) for i in range(instalments // per_person)]

    def dues(_: int) -> list[date]:
        begin = today + timedelta(days=chance.randint(-200, 160))
        return [begin + timedelta(days=30 * k) for k in range(per_person)]

    await fill(store, clock, people, dues)
    del people
    gc.collect()
    folder = Path("faq")
    knowledge = read_knowledge(folder).knowledge()
    reminders = Reminders(store, clock, Ids(), Guides(folder, lambda: knowledge))
    before = _rss()
    first, seconds = await _timed(reminders)
    _, again = await _timed(reminders)
    started, written = time.perf_counter(), 0
    for _ in range(days):
        clock.advance(days=1)
        written += (await reminders.plan()).written
    figures = PlanFigures(
        name, instalments, first, seconds, again, time.perf_counter() - started, written, _rss() - before
    )
    await store.close()
    return figures


async def _timed(reminders: Reminders) -> tuple[Planned, float]:
    started = time.perf_counter()
    done = await reminders.plan()
    return done, time.perf_counter() - started


def _rss() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# -- bench deliver -------------------------------------------------------------------------------


def deliver(
    people: Annotated[int, typer.Option(help="how many get the broadcast")] = 10_000,
    rate: Annotated[float, typer.Option(help="questions a second beside it")] = 0.2,
    postgres: Annotated[str, typer.Option(help="PostgreSQL URL; without it SQLite only")] = "",
) -> None:
    """A broadcast against Telegram's limits: the rate kept, refusals, and how long answers wait beside it."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"SQLite": asyncio.run(_deliver(f"sqlite:///{folder}/bench.db", people, rate, Path(folder)))}
        if postgres:
            found["PostgreSQL"] = asyncio.run(_deliver(postgres, people, rate, Path(folder)))
    table = Table(title=f"bench deliver: {people:,} people, {ALLOWED:g} messages a second allowed")
    headings = ("sent", "per_second", "refused", "nothing", "twice", "asked", "p50_ms", "p99_ms", "max_ms")
    for heading in ("database", *headings, "of allowed"):
        table.add_column(heading, justify="left" if heading == "database" else "right")
    for name, seen in found.items():
        table.add_row(
            name, *(f"{seen[h]:,.1f}".removesuffix(".0") for h in headings), f"{seen['per_second'] / ALLOWED:.1%}"
        )
    Console(width=130).print(table)


async def _deliver(url: str, people: int, rate: float, folder: Path) -> dict[str, float]:
    """The program as it is run, and the other side as a process of its own."""
    pipe = asyncio.subprocess.PIPE
    crowd = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.bulk", str(people), str(rate), cwd=ROOT, stdin=pipe, stdout=pipe, limit=2**24
    )
    assert crowd.stdin  # noqa: S101 - narrows the type
    assert crowd.stdout  # noqa: S101
    try:
        town = json.loads(await crowd.stdout.readline())
        ahead = _to_working_hours()
        start = await _prepare(url, town["people"], SystemClock(ahead))
        port = _free_port()
        bot = await _bot(town, url, ahead, folder, port)
        try:
            await _serving(bot, port)
            await start()
            crowd.stdin.write(_question().encode() + b"\n")
            await crowd.stdin.drain()
            report, ended = asyncio.create_task(crowd.stdout.readline()), asyncio.create_task(bot.wait())
            await asyncio.wait({report, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not report.done():
                report.cancel()
                raise SettingsError(f"bench: the bot ended with status {bot.returncode} before all had their message")
            ended.cancel()
            seen: dict[str, float] = json.loads(report.result())
            return seen
        finally:
            if bot.returncode is None:
                bot.terminate()
            await bot.wait()
    finally:
        with suppress(ProcessLookupError):  # it ends by itself after its report
            crowd.kill()
        await crowd.wait()


def _to_working_hours() -> timedelta:
    """How far the clock must be ahead for it to be two in the afternoon of a working day."""
    now = SystemClock().now()
    day = CourtCalendar().on_or_after(local_day(now) + timedelta(days=1))
    return datetime.combine(day, time_of_day(14), SHANGHAI) - now


async def _prepare(url: str, chats: Sequence[int], clock: Clock) -> Callable[[], Awaitable[None]]:
    """People who owe, and an approved campaign to all of them; what it returns starts it."""
    engine = open_engine(url)
    await migrate.upgrade(engine)
    store = Store(engine, Vault(KEY))
    due = local_day(clock.now()) + timedelta(days=60)
    await fill(store, clock, [Someone(f"P{c}", c) for c in chats], lambda _: [due])
    knowledge = read_knowledge(ROOT / "faq").knowledge()
    campaigns = Campaigns(store, clock, Ids(), Guides(ROOT / "faq", lambda: knowledge))
    draft = NewCampaign("bench", {"name": "{salutation}, {court}"}, {"court": "xixiu"}, "author")
    number = await campaigns.new(draft)
    await campaigns.approve(number, "approver")

    async def start() -> None:
        await campaigns.start(number)
        await store.close()

    return start


def _question() -> str:
    """Something that people ask, out of the knowledge."""
    return next(iter(read_knowledge(ROOT / "faq").entries)).phrasings[0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _serving(bot: asyncio.subprocess.Process, port: int) -> None:
    """Return when the program answers questions."""
    for _ in range(600):
        if bot.returncode is not None:
            raise SettingsError(f"bench: the bot ended with status {bot.returncode}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
        except OSError:
            await asyncio.sleep(0.1)
            continue
        await asyncio.sleep(2)
        return
    raise SettingsError("bench: the bot did not begin to serve within a minute")


async def _bot(town: dict[str, Any], url: str, ahead: timedelta, folder: Path, port: int) -> asyncio.subprocess.Process:
    given = {
        "TELEGRAM__TOKEN": town["token"],
        "TELEGRAM__BASE_URL": town["base_url"],
        "DATABASE__URL": url,
        "HTTP__PORT": str(port),
        "FAQ__PATH": str(ROOT / "faq"),
        "PRIVACY__KEY": KEY.hex(),
        "CLOCK__OFFSET": str(int(ahead.total_seconds())),
        "LOG__LEVEL": "WARNING",
    }
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ZHIYUAN_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "main.py"),
        "run",
        cwd=folder,
        env=clean | {f"ZHIYUAN_{k}": v for k, v in given.items()},
    )


@contextmanager
def postgres_server(given: str, folder: Path) -> Iterator[str]:
    """The URL given, or a server of our own if `pgserver` is installed, or nothing."""
    if given:
        yield given
        return
    try:
        import pgserver  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        typer.echo("PostgreSQL is left out: give --postgres URL, or install requirements-dev.txt", err=True)
        yield ""
        return
    server: Any = pgserver.get_server(folder / "postgres", cleanup_mode="stop")  # type: ignore[attr-defined,unused-ignore]
    yield server.get_uri()
    server.cleanup()
