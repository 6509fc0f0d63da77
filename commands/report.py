"""`report`: the figures of a month, on the screen, as JSON, or as the Excel table that is handed in."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from bot.core.clock import SystemClock
from bot.core.errors import SettingsError
from bot.core.ids import Ids
from bot.core.texts import Texts
from bot.ledger.courts import Courts
from bot.ledger.model import Broken
from bot.reports.model import BY_NAME, LINES, Kind, Month, first_of, written
from bot.reports.service import EVERYWHERE, Reports
from bot.reports.sheet import workbook
from bot.staff.audit import Audit
from bot.staff.model import OPERATOR
from commands.program import Current, current

T = TypeVar("T")


def report(
    context: typer.Context,
    month: Annotated[str, typer.Option(help="such as 2026-11; without it, the month that runs")] = "",
    court: Annotated[str, typer.Option(help="only this court")] = "",
    out: Annotated[Path | None, typer.Option(help="write the Excel table (.xlsx)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as one JSON object")] = False,
) -> None:
    """The figures that the court reports, each with its definition."""
    here, texts = current(context), Texts.load()
    courts = Courts.read(here.settings.faq.path)
    if out is not None and out.exists():
        raise SettingsError(texts("ledger.file.exists", path=out))
    try:
        first = first_of(month) if month else here.today().replace(day=1)
        wanted = courts.find(court) if court else None
    except ValueError as error:
        if isinstance(error, Broken):
            raise SettingsError(f"--court {court}: {', '.join(c.name for c in courts)}") from error
        raise SettingsError(f"--month {month}: a month is written 2026-11") from error

    found = asyncio.run(_with(here, courts, lambda reports: reports.month(OPERATOR, first, wanted)))
    if out is not None:
        _ = asyncio.run(_with(here, courts, lambda reports: reports.exported(OPERATOR, first, wanted)))
        out.write_bytes(workbook(found, courts, texts, here.today()))
        sys.stdout.write(f"{out}\n")
    elif as_json:
        sys.stdout.write(json.dumps(_plain(found), ensure_ascii=False) + "\n")
    else:
        _print(found, courts, texts)


async def _with(here: Current, courts: Courts, use: Callable[[Reports], Awaitable[T]]) -> T:
    store = await here.program.open_store(here.settings)
    clock = SystemClock(here.settings.clock_offset)
    try:
        return await use(Reports(store, clock, courts, Audit(store, clock, Ids())))
    finally:
        await store.close()


def _plain(month: Month) -> dict[str, object]:
    """Sums in 分, shares of 1."""
    figures = {
        name: {
            place or "all": [v.value, v.before] if BY_NAME[name].against_last_year else v.value
            for place, v in values.items()
        }
        for name, values in month.values.items()
    }
    return {"month": f"{month.first:%Y-%m}", "courts": list(month.courts), "figures": figures}


def _print(month: Month, courts: Courts, texts: Texts) -> None:
    places = (*month.courts, EVERYWHERE) if len(month.courts) > 1 else month.courts or (EVERYWHERE,)
    table = Table(title=texts("report.sheet.title", year=month.first.year, month=month.first.month))
    table.add_column(texts("report.sheet.figure"))
    for place in places:
        court = courts.get(place)
        table.add_column(court.short if court else texts("report.sheet.everywhere"), justify="right")
    for figure, kind in LINES:
        values = month.values[figure.name]
        shown = [values.get(p) or (values.get(EVERYWHERE) if len(places) == 1 else None) for p in places]
        name = texts(f"report.figure.{figure.name}" if kind is Kind.VALUE else f"report.sheet.{kind}")
        table.add_row(name, *(written(figure, v, kind) for v in shown))
    Console(width=max(80, 24 + 13 * len(places))).print(table)
