"""`bench plan` and `bench deliver`: planning a day among many instalments, and the rate that broadcasts keep."""

from __future__ import annotations

import asyncio
import gc
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.consult.loader import read as read_knowledge
from bot.core.clock import Clock, ManualClock, local_day
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.reach.model import BindingStatus, Relation
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
            ledger += _debt(ids, now, index, person, party, dues(index))
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


def _debt(ids: Ids, now: datetime, index: int, person: Someone, party: int, days: Sequence[date]) -> list[Any]:
    case, obligation = ids.new(now), ids.new(now)
    number = f"（2026）黔0402执{index + 1}号"
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
        ),  # fmt: skip
        SideRow(obligation, party, "debtor", None),
    ]
    for no, day in enumerate(days, 1):
        rows.append(InstalmentRow(ids.new(now), obligation, no, 100_000, day, day, 1, 0, None, False))  # noqa: PERF401
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
        found = [asyncio.run(_plan(f"sqlite:///{folder}/bench.db", "SQLite", instalments, days))]
        with _postgres(postgres, Path(folder)) as url:
            if url:
                found.append(asyncio.run(_plan(url, "PostgreSQL", instalments, days)))
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


@contextmanager
def _postgres(given: str, folder: Path) -> Iterator[str]:
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
    server: Any = pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies; 0 for none."""
    if not values:
        return 0.0
    return (
        statistics.quantiles(values, n=1000, method="inclusive")[int(share * 1000) - 1]
        if len(values) > 1
        else values[0]
    )
