"""`db …`: bring the database up to date, check it, back it up."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from bot.core.errors import SettingsError
from bot.store import migrate
from bot.store.engine import database_url, open_engine
from bot.store.tables import Base
from commands.program import Current, current

group = typer.Typer(no_args_is_help=True, help="The database.")


@group.command()
def upgrade(context: typer.Context) -> None:
    """Bring the database to the newest revision (`run` does it too)."""
    typer.echo(asyncio.run(_upgrade(current(context))))


async def _upgrade(here: Current) -> str:
    engine = open_engine(here.settings.database.url)
    try:
        before = await migrate.revision(engine)
        await migrate.upgrade(engine)
        return f"{before or 'empty'} -> {await migrate.revision(engine)}"
    finally:
        await engine.dispose()


@group.command()
def check(context: typer.Context) -> None:
    """Say whether the database can be opened, is up to date and fits the key; status 1 if not."""
    problems = asyncio.run(_problems(current(context)))
    for problem in problems:
        typer.echo(problem)
    typer.echo("ok" if not problems else f"{len(problems)} problems")
    raise typer.Exit(1 if problems else 0)


async def _problems(here: Current) -> list[str]:
    engine = open_engine(here.settings.database.url)
    problems = []
    try:
        found = await migrate.revision(engine)
        if found != migrate.head():
            problems.append(f"revision {found or 'none'}, expected {migrate.head()}: run `python main.py db upgrade`")
        elif problem := await _key_problem(here):
            problems.append(problem)
        if engine.dialect.name == "sqlite":
            async with engine.connect() as connection:
                said = (await connection.exec_driver_sql("PRAGMA integrity_check")).scalar_one()
            if said != "ok":
                problems.append(f"integrity: {said}")
    finally:
        await engine.dispose()
    return problems


async def _key_problem(here: Current) -> str | None:
    store = await here.program.open_store(here.settings)
    try:
        async with store.work(read_only=True) as work:
            ids = await work.log.conversation_ids()
            if ids:
                await work.conversations.get(ids[0])
    except SettingsError as error:
        return str(error)
    finally:
        await store.close()
    return None


@group.command()
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="file to write; must not exist")],
) -> None:
    """Copy a SQLite database while it is in use, with the key that opens it beside it."""
    settings = current(context).settings
    url = database_url(settings.database.url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise SettingsError("db backup copies SQLite files; for PostgreSQL use pg_dump (docs/operations.md)")
    if target.exists():
        raise SettingsError(f"{target}: exists already; name a new file")
    if not Path(url.database).exists():
        raise SettingsError(f"{url.database}: there is no database yet")
    source, copy = sqlite3.connect(url.database), sqlite3.connect(target)
    with source, copy:
        source.backup(copy)
    source.close()
    copy.close()
    typer.echo(f"{target}: {sum(1 for _ in Base.metadata.tables)} tables")
    key = settings.privacy.key_file
    if key.exists():
        beside = target.with_suffix(target.suffix + ".key")
        shutil.copy2(key, beside)
        typer.echo(f"{beside}: the key; keep it apart from the copy, without it nothing can be read")


_ = Base  # the tables must be registered before they are counted
