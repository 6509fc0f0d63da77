"""`reach …`: one-time links and sheets, who is not reached, what came of it by hand, transcripts, certificates."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.core.clock import SystemClock
from bot.core.ids import Ids
from bot.core.texts import Texts
from bot.ledger import casenumber
from bot.ledger.courts import Courts
from bot.ledger.model import Actor, Broken, Role
from bot.ledger.service import CaseView, Ledger, View
from bot.reach import calls
from bot.reach.documents import Documents
from bot.reach.files import ProofStore
from bot.reach.model import Outcome, ReachError, Way
from bot.reach.pdf import find_font
from bot.reach.service import Reach
from bot.reach.sheet import Sheet, mark_of, sheets_pdf
from bot.store.ledger_rows import PartyRow
from bot.store.work import Store
from commands.program import Current, current, note_export

group = typer.Typer(no_args_is_help=True, help="Reaching the parties of cases.")

Number = Annotated[str, typer.Argument(help="case number (案号), in any brackets and width")]
Name = Annotated[str, typer.Option("--party", help="name of one party; without it, all debtors and creditors")]
Court = Annotated[str, typer.Option(help="only this court (id or name)")]
Output = Annotated[Path, typer.Option(help="file to write")]


class Form(StrEnum):
    """How a transcript is written."""

    TEXT = "text"
    XLSX = "xlsx"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Office:
    """Reach as a command sees it."""

    here: Current
    store: Store
    ledger: Ledger
    reach: Reach
    documents: Documents
    texts: Texts
    actor: Actor

    async def case(self, number: str) -> CaseView:
        """The case of that number; ReachError when it is not in the ledger."""
        normal = casenumber.sought(number, self.ledger.today().year)
        found = await self.ledger.case(normal)
        if found is None:
            raise ReachError("no_case", number=normal)
        return found

    async def parties(self, number: str, name: str) -> list[tuple[CaseView, str, PartyRow]]:
        """The parties of a case who can be given a link."""
        case = await self.case(number)
        found = [
            (case, role.role, case.parties[role.party_id])
            for role in case.roles
            if role.role in (Role.DEBTOR, Role.CREDITOR, Role.AGENT)
        ]
        once: dict[int, tuple[CaseView, str, PartyRow]] = {}
        for each in found:  # who is on both sides needs one link
            once.setdefault(each[2].id, each)
        fitting = [p for p in once.values() if (not name or p[2].name == name) and (name or p[2].provable)]
        if not fitting:
            raise ReachError("no_party" if name else "no_number")
        return fitting

    async def addressed(self) -> None:
        """Make sure that the bot's address is known; ReachError `no_address` else."""
        if not self.reach.address.bot:
            self.reach.address.bot = await self.here.program.bot_name(self.here.settings)


@asynccontextmanager
async def office(here: Current) -> AsyncIterator[Office]:
    """Open the database, and close it."""
    settings = here.settings
    store = await here.program.open_store(settings)
    clock, ids, texts = SystemClock(settings.clock_offset), Ids(), Texts.load()
    ledger = Ledger(store, clock, ids, Courts.read(settings.faq.path))
    reach = Reach(store, clock, ids, ledger, settings.reach.link_days, settings.reach.bot)
    proofs = ProofStore(settings.documents.proofs, store.vault)
    documents = Documents(store, ledger, reach, proofs, texts, settings.documents.font)
    actor = Actor("operator", getpass.getuser())
    try:
        yield Office(here, store, ledger, reach, documents, texts, actor)
    finally:
        await store.close()


@contextmanager
def told() -> Iterator[None]:
    """What is wrong is said in a sentence, with status 1."""
    try:
        yield
    except ReachError as error:
        sys.stderr.write(Texts.load()(f"reach.wrong.{error.code}", **error.params) + "\n")
        raise typer.Exit(1) from error
    except Broken as error:
        sys.stderr.write(Texts.load()(f"ledger.wrong.{error.code}", **error.params) + "\n")
        raise typer.Exit(1) from error


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


# -- links -------------------------------------------------------------------------------------------


@group.command()
def link(context: typer.Context, number: Number, party: Name = "") -> None:
    """Make one-time links for the parties of a case; once a party has proven who they are, unused ones are void."""
    with told():
        asyncio.run(_link(current(context), number, party))


async def _link(here: Current, number: str, name: str) -> None:
    async with office(here) as at:
        await at.addressed()
        for _, role, party in await at.parties(number, name):
            start = await at.reach.make_link(party.id, at.actor)
            typer.echo(
                f"{at.texts(f'reach.role.{role}')}\t{party.name}\t{at.reach.address.link(start)}\t/start {start}"
            )


@group.command()
def sheet(context: typer.Context, number: Number, output: Output, party: Name = "") -> None:
    """Write the printable sheets with QR codes that go with the judgment: one page per party, no fact of the case."""
    with told():
        asyncio.run(_sheet(current(context), number, output, party))


async def _sheet(here: Current, number: str, output: Path, name: str) -> None:
    async with office(here) as at:
        font = find_font(here.settings.documents.font)
        await at.addressed()
        sheets = []
        for case, _, party in await at.parties(number, name):
            start = await at.reach.make_link(party.id, at.actor)
            court = at.ledger.courts.name(case.row.court)
            mark = mark_of(party.id)
            sheets.append(Sheet(court, at.reach.address.link(start), at.reach.expires(), mark))
            typer.echo(f"{mark}\t{party.name}")
        _write(output, sheets_pdf(sheets, at.texts, font))


# -- who is not reached ------------------------------------------------------------------------------


@group.command()
def unreached(context: typer.Context, court: Court = "") -> None:
    """List debtors whom the chat does not reach, with the reason and what was tried by hand."""
    with told():
        asyncio.run(_unreached(current(context), court))


async def _unreached(here: Current, court: str) -> None:
    async with office(here) as at:
        for row in await at.reach.unreached([at.ledger.courts.find(court)] if court else None):
            typer.echo("\t".join(calls.columns(row, at.texts)))


@group.command()
def export(context: typer.Context, output: Output, court: Court = "") -> None:
    """Write the unreached as an Excel table with telephone numbers, for text messages, calls and visits."""
    with told():
        asyncio.run(_export(current(context), output, court))


async def _export(here: Current, output: Path, court: str) -> None:
    async with office(here) as at:
        place = at.ledger.courts.find(court) if court else None
        rows = await at.reach.unreached([place] if place else None)
        await note_export(here, at.store, "unreached", "", place)
        _write(output, calls.workbook(rows, at.texts))
        typer.echo(len(rows))


@group.command()
def outcome(
    context: typer.Context,
    party: Annotated[int, typer.Argument(help="number of the party, as `reach unreached` shows it")],
    way: Annotated[Way, typer.Argument(help="how it was tried")],
    result: Annotated[Outcome, typer.Argument(help="what came of it")],
    note: Annotated[str, typer.Option(help="a few words")] = "",
) -> None:
    """Note what came of a text message, a call, a visit or a letter."""
    with told():
        asyncio.run(_outcome(current(context), party, way, result, note))


async def _outcome(here: Current, party: int, way: Way, result: Outcome, note: str) -> None:
    async with office(here) as at:
        await at.reach.outcome(party, way, result, note, at.actor)


# -- papers ------------------------------------------------------------------------------------------


@group.command()
def transcript(
    context: typer.Context,
    number: Number,
    output: Output,
    form: Annotated[Form, typer.Option("--format", help="text, xlsx or pdf")] = Form.TEXT,
    debtor: Annotated[str, typer.Option(help="name of the debtor, where a case has several")] = "",
    label: Annotated[str, typer.Option(help="label of the obligation, where a debtor has several")] = "",
) -> None:
    """Write every message about an obligation, in and out, with times and outcomes."""
    with told():
        asyncio.run(_transcript(current(context), number, output, form, debtor, label))


async def _transcript(here: Current, number: str, output: Path, form: Form, debtor: str, label: str) -> None:
    async with office(here) as at:
        case = await at.case(number)
        view = _one(case, debtor, label)
        await note_export(here, at.store, "transcript", view.id)
        _, content = await at.documents.transcript(view.id, form.value)
        _write(output, content)


def _one(case: CaseView, debtor: str, label: str) -> View:
    fitting = [
        v for v in case.obligations if (not debtor or v.debtor.name == debtor) and (not label or v.row.label == label)
    ]
    if len(fitting) != 1:
        raise ReachError(
            "which", options="；".join(f"{v.debtor.name} {v.row.label}" for v in fitting or case.obligations)
        )
    return fitting[0]


@group.command()
def certificate(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="number of a certificate that was issued")],
    output: Annotated[Path, typer.Option(help="folder to write into")] = Path(),
) -> None:
    """Write a certificate that was issued once more, as docx and PDF."""
    with told():
        asyncio.run(_certificate(current(context), number, output))


async def _certificate(here: Current, number: str, output: Path) -> None:
    async with office(here) as at:
        for form in ("docx", "pdf"):
            try:
                name, content = await at.documents.open(f"certificate:{number}:{form}")
            except LookupError as error:
                raise ReachError("no_certificate", number=number) from error
            _write(output / name, content)
            typer.echo(str(output / name))
