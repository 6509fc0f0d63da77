"""`staff …`: invitations, accounts, sessions, ways into the console, the audit log, and what the steward does."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import typer

from bot.core.clock import SystemClock, shown
from bot.core.errors import SettingsError
from bot.core.ids import Ids
from bot.core.texts import Texts
from bot.ledger.courts import Courts
from bot.ledger.model import Broken
from bot.reach.service import TELEGRAM
from bot.staff.audit import Audit, Search
from bot.staff.model import OPERATOR, Deed, Forbidden, Role, StaffError
from bot.staff.service import Staff, StaffSettings
from commands.program import Current, current

group = typer.Typer(no_args_is_help=True, help="Who works at the desk: accounts, sessions, audit.")

AccountNumber = Annotated[int, typer.Argument(help="number of the account, as `staff list` shows it")]


@dataclass(frozen=True, slots=True)
class Office:
    """Staff as a command sees it."""

    here: Current
    staff: Staff
    courts: Courts
    texts: Texts


@asynccontextmanager
async def office(here: Current) -> AsyncIterator[Office]:
    """Open the database, and close it."""
    settings, s = here.settings, here.settings.staff
    store = await here.program.open_store(settings)
    clock, ids = SystemClock(settings.clock_offset), Ids()
    courts = Courts.read(settings.faq.path)
    good_for = StaffSettings(
        invite=timedelta(hours=s.invite_hours),
        login=timedelta(minutes=s.login_minutes),
        idle=timedelta(minutes=s.idle_minutes),
        session=timedelta(hours=s.session_hours),
    )
    admins = frozenset(settings.telegram.admins)
    staff = Staff(store, clock, ids, courts, Audit(store, clock, ids), good_for, admins)
    staff.console = s.console_url.rstrip("/") or f"http://{settings.http.host}:{settings.http.port}"
    try:
        yield Office(here, staff, courts, Texts.load())
    finally:
        await store.close()


def _run(context: typer.Context, deed: Callable[[Office], Coroutine[Any, Any, None]]) -> None:
    """Do it; what is refused is said in one line, with status 1."""

    async def within() -> None:
        async with office(current(context)) as here:
            try:
                await deed(here)
            except (StaffError, Forbidden) as error:
                raise SettingsError(here.texts(f"staff.wrong.{error.code}", **error.params)) from error
            except Broken as error:
                raise SettingsError(here.texts(f"ledger.wrong.{error.code}", **error.params)) from error

    asyncio.run(within())


def _say(*cells: object) -> None:
    sys.stdout.write("\t".join(str(c) for c in cells) + "\n")


@group.command()
def invite(
    context: typer.Context,
    court: Annotated[str, typer.Option(help="id or name of the court")],
    role: Annotated[Role, typer.Option(help="what they are at the desk")],
    name: Annotated[str, typer.Option(help="their name, as colleagues see it")],
) -> None:
    """A one-time link that makes an account; they open it in Telegram, and the first who does so has it."""

    async def deed(here: Office) -> None:
        start = await here.staff.invite(OPERATOR, here.courts.find(court), role, name)
        settings = here.here.settings
        bot = settings.reach.bot or await here.here.program.bot_name(settings)
        base = bot if "://" in bot else TELEGRAM + bot.removeprefix("@")
        _say(f"{base}?start={start}")

    _run(context, deed)


@group.command("list")
def list_accounts(context: typer.Context) -> None:
    """Everybody who has an account: number, status, role, court, last seen, name."""

    async def deed(here: Office) -> None:
        for a in await here.staff.accounts(OPERATOR):
            seen = shown(a.seen_at) if a.seen_at else "-"
            _say(a.id, a.status, a.role, a.court, seen, a.name)

    _run(context, deed)


@group.command()
def disable(context: typer.Context, account: AccountNumber) -> None:
    """They do not work here any more: sessions end, and conversations they hold are free."""
    _run(context, lambda here: here.staff.disable(OPERATOR, account))


@group.command()
def enable(context: typer.Context, account: AccountNumber) -> None:
    """They are back."""
    _run(context, lambda here: here.staff.enable(OPERATOR, account))


@group.command()
def sessions(
    context: typer.Context,
    account: Annotated[int | None, typer.Option(help="only this account")] = None,
) -> None:
    """Who is at the console: id, account, since, last seen, until, address, name."""

    async def deed(here: Office) -> None:
        for s in await here.staff.sessions(OPERATOR, account):
            _say(s.id, s.account, shown(s.made_at), shown(s.seen_at), shown(s.expires_at), s.address or "-", s.name)

    _run(context, deed)


@group.command()
def revoke(
    context: typer.Context,
    account: AccountNumber,
    session: Annotated[int | None, typer.Option(help="only this session; without it, all of the account")] = None,
) -> None:
    """End sessions; unused links into the console become useless too."""

    async def deed(here: Office) -> None:
        if session is not None:
            await here.staff.revoke(OPERATOR, session)
            _say(1)
        else:
            _say(await here.staff.revoke_all(OPERATOR, account))

    _run(context, deed)


@group.command("login-link")
def login_link(
    context: typer.Context,
    account: Annotated[int | None, typer.Argument(help="whose; without it, the administrator at this machine")] = None,
) -> None:
    """An address that opens the console once, for whoever sits at this machine or cannot use Telegram."""

    async def deed(here: Office) -> None:
        number = account if account is not None else await here.staff.local_admin(getpass.getuser())
        _say(await here.staff.login_link(OPERATOR, number))

    _run(context, deed)


@group.command()
def audit(
    context: typer.Context,
    actor: Annotated[str | None, typer.Option(help="number of an account, or `operator`")] = None,
    court: Annotated[str | None, typer.Option(help="id or name of the court")] = None,
    deed: Annotated[Deed | None, typer.Option(help="what was done")] = None,
    thing: Annotated[str | None, typer.Option("--object", help="chat, obligation, intake, session …")] = None,
    number: Annotated[str | None, typer.Option("--id", help="number of that object")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """Who saw, changed, exported, sent what: when, who, court, deed, object, id, detail."""

    async def look(here: Office) -> None:
        key = f"staff:{actor}" if actor and actor.isdecimal() else actor
        place = here.courts.find(court) if court else None
        wanted = Search(actor=key, court=place, deed=deed, object=thing, object_id=number)
        for line in await here.staff.audit.search(OPERATOR, wanted, limit):
            row = line.row
            detail = (row.detail or "-").replace("\n", " ")
            words = here.texts(f"staff.deed.{row.deed}")
            _say(shown(row.at, "%Y-%m-%d %H:%M:%S"), line.name, row.court or "-", words, row.object, row.object_id, detail)

    _run(context, look)
