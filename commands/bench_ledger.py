"""`bench import`: a table of made-up cases imported twice, and pages of the table that the console shows of them."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.core.clock import SystemClock, local_day
from bot.core.errors import SettingsError
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.core.texts import Texts
from bot.ledger.cells import Cell
from bot.ledger.columns import COLUMNS
from bot.ledger.courts import Courts
from bot.ledger.sheet import writer
from bot.store import migrate
from bot.store.engine import open_engine
from bot.store.ledger_page import Wanted
from bot.store.reach_rows import PartyMessageRow
from bot.store.work import Store
from commands.bench_reminders import KEY, ROOT, postgres_server

ROUNDS = 15
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Run:
    """What one import took: seconds by the clock and of the processor, and the peak memory of its process in MB."""

    seconds: float
    processor: float
    memory: float


def import_table(
    rows: Annotated[int, typer.Option(help="rows of the table")] = 50_000,
    postgres: Annotated[str, typer.Option(help="URL of an empty PostgreSQL database; default: one started here")] = "",
    ending: Annotated[str, typer.Option(help="xlsx or csv")] = "xlsx",
) -> None:
    """Import a table into an empty ledger, import it again, then ask for pages of it; SQLite and PostgreSQL."""
    imports, pages = _imports_table(rows), _pages_table(rows)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        source = folder / f"table.{ending}"
        _write(source, rows)
        idle = _command(folder, f"sqlite:///{folder}/idle.db", "db", "upgrade").memory
        _measure("SQLite", f"sqlite:///{folder}/bench.db", source, rows, imports, pages)
        with postgres_server(postgres, folder) as url:
            if url:
                _measure("PostgreSQL", url, source, rows, imports, pages)
    imports.caption = f"the program alone, without reading a row: {idle:.0f} MB"
    console = Console(width=130)
    console.print(imports)
    console.print(pages)


def _imports_table(rows: int) -> Table:
    table = Table(title=f"bench import: {rows:,} rows")
    for heading in ("database", "what", "s", "rows/s", "processor s", "peak MB"):
        table.add_column(heading, justify="left" if heading in ("database", "what") else "right")
    return table


def _pages_table(rows: int) -> Table:
    table = Table(title=f"a page of 50 of {rows:,} obligations, with the count; median and slowest of {ROUNDS}, in ms")
    for heading in ("database", "page", "fit", "median", "slowest"):
        table.add_column(heading, justify="left" if heading in ("database", "page") else "right")
    return table


def _measure(name: str, url: str, source: Path, rows: int, imports: Table, pages: Table) -> None:
    for what in ("new", "again"):
        run = _command(source.parent, url, "ledger", "import", str(source))
        figures = (f"{run.seconds:.1f}", f"{rows / run.seconds:,.0f}", f"{run.processor:.1f}", f"{run.memory:.0f}")
        imports.add_row(name, what, *figures)
    for page, fit, times in asyncio.run(_pages(url)):
        pages.add_row(name, page, f"{fit:,}", f"{statistics.median(times):.0f}", f"{max(times):.0f}")


def _command(folder: Path, url: str, *arguments: str) -> Run:
    """Run the program as an operator does, and take its measure."""
    given = {"DATABASE__URL": url, "PRIVACY__KEY": KEY.hex(), "FAQ__PATH": str(ROOT / "faq"), "LOG__LEVEL": "WARNING"}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ZHIYUAN_")}
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, str(ROOT / "main.py"), *arguments],
        cwd=folder,
        env=clean | {f"ZHIYUAN_{k}": v for k, v in given.items()},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SettingsError(f"bench: {' '.join(arguments)} ended with status {process.returncode}")
    return Run(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


# -- pages -------------------------------------------------------------------------------------------


async def _pages(url: str) -> list[tuple[str, int, list[float]]]:
    engine = open_engine(url)
    await migrate.upgrade(engine)
    store = Store(engine, Vault(KEY))
    today = local_day(SystemClock().now())
    await _talk(store)
    found = []
    for name, wanted in _questions(today):
        times, fit = [], 0
        for _ in range(ROUNDS):
            started = time.perf_counter()
            async with store.work(read_only=True) as work:
                fit = (await work.pages.obligations(wanted, None, today)).count
            times.append((time.perf_counter() - started) * 1000)
        found.append((name, fit, times))
    await store.close()
    return found


def _questions(today: date) -> list[tuple[str, Wanted]]:
    """What a clerk asks the table for."""
    texts, long_ago = Texts.load(), SystemClock().now() - timedelta(days=14)
    late = frozenset({"overdue"})
    return [
        ("all, by next day", Wanted()),
        ("overdue, largest first", Wanted(overdue=True, sort="balance", descending=True)),
        ("page 800 by case number", Wanted(sort="number", offset=40_000)),
        ("status overdue or disputed, wages first", Wanted(status=late | {"disputed"}, sort="priority")),
        ("due within a month", Wanted(due_from=today, due_to=today + timedelta(days=30))),
        ("silent for two weeks", Wanted(silent_since=long_ago)),
        ("part of a case number", Wanted(text="123")),
        ("a party's name", Wanted(text=texts("ledger.example.debtor", n=777))),
    ]


async def _talk(store: Store) -> None:
    """Three of four parties have said something lately, so that silence means something."""
    ids, now, after = Ids(), SystemClock().now(), 0
    while True:
        async with store.work() as work:
            rows = await work.ledger.select_obligations(after=after, limit=1000)
            heard = [r.id for n, r in enumerate(rows) if n % 4]
            await work.reach.add([PartyMessageRow(ids.new(now), o, 1, now, external_id=1) for o in heard])
            await work.commit()
        if len(rows) < 1000:
            return
        after = rows[-1].id


# -- the table ---------------------------------------------------------------------------------------


def _write(path: Path, rows: int) -> None:
    texts = Texts.load()
    courts = Courts.read(ROOT / "faq")
    target = writer(path, COLUMNS, texts, texts("ledger.sheet.entries"))
    for line in _lines(rows, texts, courts):
        target.write(line)
    target.close()


def _lines(rows: int, texts: Texts, courts: Courts) -> Iterator[dict[str, Cell]]:
    """Made-up cases of all courts: every fifth in two parts, every seventh about wages."""
    today = local_day(SystemClock().now())
    names = [court.name for court in courts]
    for n in range(1, rows + 1):
        first = today + timedelta(days=n % 400 - 200)
        amount = 60_475 + n
        part = amount // 2
        parts = f"{first} {part}；{first + timedelta(days=31)} {amount - part}"
        plan: dict[str, Cell] = {"plan": parts} if n % 5 == 0 else {"due": first}
        yield {
            "court": names[n % len(names)],
            "number": texts("ledger.example.number", n=n),
            "title": texts("ledger.kind_of.title.judgment"),
            "cause": texts("ledger.example.cause"),
            "wage": texts("ledger.yes_word") if n % 7 == 0 else texts("ledger.no_word"),
            "responsible": texts("ledger.example.responsible", n=n % 40),
            "debtor": texts("ledger.example.debtor", n=n),
            "debtor_number": _id_number(n),
            "debtor_phone": f"139{n:08}",
            "creditor": texts("ledger.example.creditor", n=n),
            "amount": amount,
            **plan,
        }


def _id_number(n: int) -> str:
    """A made-up ID number with a right check digit; no administrative division has the code 999999."""
    body = f"999999{date(1960, 1, 1) + timedelta(days=n // 1000):%Y%m%d}{n % 1000:03}"
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, _WEIGHTS, strict=True)) % 11]
