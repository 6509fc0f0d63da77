"""`bench desk`: today's board and the inbox over a full ledger and many open conversations."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

from bot.core.calendar import CourtCalendar
from bot.core.clock import ManualClock, SystemClock, local_day
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.core.texts import Texts
from bot.ledger.courts import Courts
from bot.ledger.model import ObligationKind, Planned
from bot.ledger.service import Ledger
from bot.post.outbox import Sender
from bot.post.pace import PaceLimits
from bot.reach.files import ProofStore
from bot.reception.chats import Chats
from bot.reception.feed import Feed
from bot.reception.hours import CourtHours
from bot.reception.levels import Levels
from bot.reception.today import Today
from bot.settings import Settings
from bot.staff.audit import Audit
from bot.staff.model import OPERATOR, Role, Who
from bot.staff.service import Staff, StaffSettings
from bot.store import migrate
from bot.store.base import table_of
from bot.store.engine import open_engine
from bot.store.ledger_rows import CaseRow, InstalmentRow, ObligationRow, PartyRow, SideRow
from bot.store.reception_rows import TicketRow
from bot.store.reminder_tables import Delivery
from bot.store.rows import ConversationRow
from bot.store.work import Store
from commands.bench_reminders import KEY, ROOT, postgres_server
from commands.program import current

ROUNDS = 15
_BATCH = 5_000
_COURTS = ("xixiu", "pingba", "puding", "zhenning", "guanling", "ziyun")


def desk(
    context: typer.Context,
    obligations: Annotated[int, typer.Option(help="open obligations in the ledger")] = 50_000,
    chats: Annotated[int, typer.Option(help="open conversations")] = 200,
    postgres: Annotated[str, typer.Option(help="URL of an empty PostgreSQL database; default: one started here")] = "",
) -> None:
    """Today's board, the inbox and its versions, for a basic court's clerk and for one who sees all courts."""
    table = Table(title=f"bench desk: {obligations:,} obligations, {chats} open conversations")
    for heading in ("database", "what", "who", "median ms", "worst ms"):
        table.add_column(heading, justify="left" if heading in ("database", "what", "who") else "right")
    library = current(context).program.open_library(Settings(faq=current(context).settings.faq))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        urls = [("SQLite", f"sqlite:///{folder}/bench.db")]
        with postgres_server(postgres, folder) as url:
            urls += [("PostgreSQL", url)] if url else []
            for database, at in urls:
                for row in asyncio.run(_measure(at, folder, obligations, chats, library)):
                    table.add_row(database, *row)
    Console(width=110).print(table)


async def _measure(url: str, folder: Path, obligations: int, chats: int, library: Any) -> list[tuple[str, ...]]:
    engine = open_engine(url)
    await migrate.upgrade(engine)
    store = Store(engine, Vault(KEY))
    clock = ManualClock(SystemClock().now())
    try:
        await _fill(store, clock.now(), obligations)
        await _talk(store, clock.now(), chats)
        today, inbox, feed = _services(store, clock, folder, library)
        clerk = Who(1, "clerk", frozenset({Role.CLERK}), "xixiu", frozenset({"xixiu"}))
        found: list[tuple[str, ...]] = []
        for name, who in (("clerk of one court", clerk), ("all courts", OPERATOR)):
            found.append(("today's board", name, *await _timed(lambda w=who: today.of(w))))  # type: ignore[misc]  # mypy: default of a lambda
            found.append(("inbox", name, *await _timed(lambda w=who: inbox.list(w))))  # type: ignore[misc]  # as above
            found.append(("versions", name, *await _timed(lambda w=who: feed.versions(w))))  # type: ignore[misc]  # as above
        return found
    finally:
        await store.close()


async def _timed(deed: Callable[[], Awaitable[object]]) -> tuple[str, str]:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await deed()
        taken.append((time.perf_counter() - started) * 1000)
    return f"{statistics.median(taken):.1f}", f"{max(taken):.1f}"


def _services(store: Store, clock: ManualClock, folder: Path, library: Any) -> tuple[Today, Chats, Feed]:
    ids, courts = Ids(), Courts.read(ROOT / "faq")
    audit, feed = Audit(store, clock, ids), Feed(store)
    staff = Staff(store, clock, ids, courts, audit, StaffSettings())
    hours = CourtHours(courts, Settings().reception.hours, CourtCalendar())
    inbox = Chats(
        store,
        clock,
        ids,
        Sender(store, {}, PaceLimits(), clock),
        "bench",
        Texts.load(),
        staff=staff,
        audit=audit,
        levels=Levels(hours, timedelta(hours=1), timedelta(hours=14), 0.75),
        feed=feed,
        ledger=Ledger(store, clock, ids, courts),
        library=library,
        files=ProofStore(folder / "proofs", store.vault),
    )
    return Today(store, clock, inbox, warn_days=2), inbox, feed


async def _fill(store: Store, now: datetime, count: int) -> None:
    """Obligations with days around today; one in ten is overdue, and of those half were reminded in vain."""
    ids, today = Ids(), local_day(now)
    for start in range(0, count, _BATCH):
        async with store.work() as work:
            rows: list[Any] = []
            sent: list[dict[str, Any]] = []
            for n in range(start, min(start + _BATCH, count)):
                case, debtor, obligation, instalment = (ids.new(now) for _ in range(4))
                court = _COURTS[n % len(_COURTS)]
                due = today + timedelta(days=n % 300 - 30)
                rows += _rows(case, debtor, obligation, instalment, court, n, due, now)
                if n % 20 == 0 and due < today:
                    sent.append(_reminder(ids.new(now), obligation, court, n, now))
            await work.ledger.add(rows, now)
            if sent:
                await work.connection.execute(insert(table_of(Delivery)), sent)
            await work.commit()


def _rows(
    case: int, debtor: int, obligation: int, instalment: int, court: str, n: int, due: date, now: datetime
) -> list[Any]:
    plan = Planned(100_000, due)
    nothing: dict[str, Any] = {"special": None, "series": None, "tribunal": None, "mediator": None, "responsible": None}
    return [
        CaseRow(case, court, f"bench {n}", "judgment", "", "before", wage=False, livelihood=False, created_at=now,
                updated_at=now, **nothing),
        PartyRow(debtor, f"debtor {n}", "person", None, None, provable=False),
        ObligationRow(obligation, case, debtor, "principal", ObligationKind.MONEY, plan.amount, None, "none", None,
                      disputed=False, ended_on=None, ended_why=None, settled=0, performed_on=None, created_at=now,
                      updated_at=now),
        InstalmentRow(instalment, obligation, 1, plan.amount, due, due, 1, 0, None, dropped=False),
        SideRow(obligation, debtor, "debtor", None),
    ]  # fmt: skip


def _reminder(delivery: int, obligation: int, court: str, n: int, now: datetime) -> dict[str, Any]:
    then = now - timedelta(days=5)
    return {
        "id": delivery,
        "key": f"bench {n}",
        "kind": "step",
        "court": court,
        "obligation_id": obligation,
        "step": "due",
        "party_id": 0,
        "status": "sent",
        "not_before": then,
        "expires_at": now,
        "attempts": 1,
        "created_at": then,
        "claimed_at": then,
    }


async def _talk(store: Store, now: datetime, count: int) -> None:
    """Conversations that wait, spread over the courts; every tenth belongs to none yet."""
    ids = Ids()
    async with store.work() as work:
        for n in range(count):
            chat = ConversationRow(
                ids.new(now), f"lane{n}", "telegram", "private", f"person{n}", {"chat": n, "name": f"{n}"}, {}, now
            )
            await work.conversations.add([chat], now)
            number = await work.requests.open(chat.id, "question " * 10, "asked", now)
            court = None if n % 10 == 0 else _COURTS[n % len(_COURTS)]
            since = now - timedelta(minutes=n)
            await work.desk.add(TicketRow(number, chat.id, court, "open", since, waiting_since=since))
            await work.desk.touch(chat.id, now)
        await work.commit()
