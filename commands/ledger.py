"""`ledger …`: the ledger of performance in the operator's hand: tables in and out, and single changes."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.core.clock import SystemClock, shown
from bot.core.ids import Ids
from bot.core.texts import Texts
from bot.ledger import casenumber, cells
from bot.ledger.book import Book
from bot.ledger.columns import Words
from bot.ledger.courts import Courts
from bot.ledger.importing import Importer, Result, reason
from bot.ledger.model import (
    Actor,
    Broken,
    DisputeKind,
    NewPayment,
    Settlement,
    Source,
)
from bot.ledger.service import CaseView, Ledger, View
from bot.ledger.sheet import write_template
from bot.ledger.wording import told
from bot.store.work import Store
from commands.program import Current, current, note_export

group = typer.Typer(no_args_is_help=True, help="The ledger of performance (自动履行跟踪台账).")

Number = Annotated[str, typer.Argument(help="case number (案号), in any brackets and width")]
Debtor = Annotated[str, typer.Option(help="name of the debtor, where a case has several")]
Label = Annotated[str, typer.Option(help="label of the obligation, where a debtor has several")]
Why = Annotated[str, typer.Option(help="the reason, kept in the history")]


@dataclass(frozen=True, slots=True)
class Desk:
    """The ledger as a command sees it."""

    here: Current
    store: Store
    ledger: Ledger
    texts: Texts
    actor: Actor

    async def case(self, number: str) -> CaseView:
        """The case of that number; Broken when it is not in the ledger."""
        found = await self.ledger.case(casenumber.sought(number, self.ledger.today().year))
        if found is None:
            raise Broken("no_case")
        return found

    async def one(self, number: str, debtor: str, label: str) -> View:
        """The one obligation that is meant."""
        case = await self.case(number)
        fitting = [
            v
            for v in case.obligations
            if (not debtor or v.debtor.name == debtor) and (not label or v.row.label == label)
        ]
        if len(fitting) == 1:
            return fitting[0]
        if not fitting:
            raise Broken("no_obligation")
        options = "；".join(f"{v.debtor.name} {v.row.label}" for v in fitting)
        raise Ambiguous(self.texts("ledger.report.ambiguous", number=case.row.number, options=options))


class Ambiguous(Exception):
    """More than one obligation fits; the message lists them."""


# -- running a command -----------------------------------------------------------------------------


@asynccontextmanager
async def _desk(here: Current) -> AsyncIterator[Desk]:
    store = await here.program.open_store(here.settings)
    try:
        clock = SystemClock(here.settings.clock_offset)
        ledger = Ledger(store, clock, Ids(), Courts.read(here.settings.faq.path))
        yield Desk(here, store, ledger, Texts.load(), Actor("operator", getpass.getuser()[:32]))
    finally:
        await store.close()


def _run(context: typer.Context, work: Callable[[Desk], Coroutine[Any, Any, int | None]]) -> None:
    """Run a command; a broken rule is told in words, with status 1."""
    raise typer.Exit(asyncio.run(_guarded(current(context), work)) or 0)


async def _guarded(here: Current, work: Callable[[Desk], Coroutine[Any, Any, int | None]]) -> int | None:
    async with _desk(here) as desk:
        try:
            return await work(desk)
        except Broken as broken:
            said = told(desk.texts, broken)
        except Ambiguous as error:
            said = str(error)
        sys.stderr.write(said + "\n")
        return 1


def _change(context: typer.Context, change: Callable[[Book, View], Coroutine[Any, Any, object]], *which: str) -> None:
    """Make one change to the one obligation that is meant, and show how it stands."""

    async def work(desk: Desk) -> None:
        view = await desk.one(*which)
        async with desk.ledger.change(desk.actor) as book:
            await change(book, view)
        await _show_one(desk, view.id)

    _run(context, work)


# -- tables ----------------------------------------------------------------------------------------


@group.command()
def template(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="file to write (.xlsx)")],
) -> None:
    """Write the empty table with notes and drop-downs."""
    here, texts = current(context), Texts.load()
    if target.exists():
        sys.stderr.write(texts("ledger.file.exists", path=target) + "\n")
        raise typer.Exit(1)
    write_template(target, texts, Words(texts, Courts.read(here.settings.faq.path)))
    typer.echo(texts("ledger.report.template", path=target))


@group.command("import")
def import_command(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="filled-in table (.xlsx or .csv)", exists=True, dir_okay=False)],
    preview: Annotated[bool, typer.Option("--preview", help="only tell what would change")] = False,
    only_good: Annotated[bool, typer.Option("--only-good", help="import the good rows though others are bad")] = False,
    errors: Annotated[Path | None, typer.Option(help="workbook for bad rows; default: beside the table")] = None,
) -> None:
    """Import a table: all of it or nothing, or with --only-good every row that is right."""
    refused = errors or source.with_name(f"{source.stem}.errors.xlsx")

    async def work(desk: Desk) -> int:
        importer = Importer(desk.ledger, desk.texts)
        with _progress() as bar:
            reading = _ticker(bar, desk.texts("ledger.report.reading"))
            if preview:
                result = await importer.preview(source, refused, reading)
            else:
                writing = _ticker(bar, desk.texts("ledger.report.writing"))
                result = await importer.run(
                    source, desk.actor, only_good=only_good, errors=refused, progress=reading, writing=writing
                )
        _tell(result, desk.texts, preview=preview)
        return 1 if result.wrong and not only_good else 0

    _run(context, work)


def _tell(result: Result, texts: Texts, *, preview: bool) -> None:
    if result.unknown:
        typer.echo(texts("ledger.file.unknown", columns="、".join(result.unknown)), err=True)
    for problem in result.problems:
        said = reason(problem, texts)
        typer.echo(texts("ledger.report.problem", row=problem.row, reason=said), err=True)
    for change in result.changes:
        column = texts(f"ledger.column.{change.column}")
        params = {"number": change.number, "label": change.label, "old": change.old, "new": change.new}
        typer.echo(texts("ledger.report.change", column=column, **params))
    figures = {k: getattr(result, k) for k in ("new", "changed", "same", "wrong")}
    if result.written:
        typer.echo(texts("ledger.report.applied", **figures))
    else:
        typer.echo(texts("ledger.report.preview", rows=result.rows, **figures))
        typer.echo(texts("ledger.report.only_shown" if preview else "ledger.report.nothing"))
    if result.kept:
        typer.echo(texts("ledger.report.kept", rows=result.kept))
    if result.errors:
        typer.echo(texts("ledger.report.errors", path=result.errors))


@group.command()
def export(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="file to write (.xlsx or .csv)")],
    personal: Annotated[bool, typer.Option("--personal", help="with ID numbers and telephones")] = False,
    court: Annotated[str, typer.Option(help="only this court")] = "",
    series: Annotated[str, typer.Option(help="only this series of cases")] = "",
    responsible: Annotated[str, typer.Option(help="only what this person looks after")] = "",
) -> None:
    """Write the ledger in the columns of the template, with status and balance."""

    async def work(desk: Desk) -> int:
        if target.exists():
            sys.stderr.write(desk.texts("ledger.file.exists", path=target) + "\n")
            return 1
        place = desk.ledger.courts.find(court) if court else None
        await note_export(desk.here, desk.store, "ledger", place or "", place, "personal" if personal else "")
        with _progress() as bar:
            rows = await Importer(desk.ledger, desk.texts).export(
                target,
                personal=personal,
                court=place,
                series=series or None,
                responsible=responsible or None,
                progress=_ticker(bar, desk.texts("ledger.report.writing")),
            )
        typer.echo(desk.texts("ledger.report.exported", rows=rows, path=target))
        return 0

    _run(context, work)


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar


def _ticker(bar: Progress, title: str) -> Callable[[int, int | None], None]:
    tasks: list[Any] = []

    def tick(rows: int, about: int | None) -> None:
        if not tasks:
            tasks.append(bar.add_task(title, total=about))
        bar.update(tasks[0], completed=rows, total=about)

    return tick


# -- looking ---------------------------------------------------------------------------------------


@group.command()
def show(
    context: typer.Context,
    number: Number,
    history: Annotated[bool, typer.Option("--history", help="with every change")] = False,
) -> None:
    """Show a case: people, obligations, instalments, payments, promises."""

    async def work(desk: Desk) -> None:
        case = await desk.case(number)
        for line in _case_lines(desk, case):
            typer.echo(line)
        for view in case.obligations:
            typer.echo("\n".join(_lines(desk.texts, view)))
        if history:
            for event in await desk.ledger.history(case_id=case.row.id):
                words = {"at": shown(event.at), "actor": event.actor, "kind": event.kind, "why": event.why or ""}
                typer.echo(desk.texts("ledger.show.event", **words).rstrip())

    _run(context, work)


def _case_lines(desk: Desk, case: CaseView) -> list[str]:
    row, texts = case.row, desk.texts
    nobody = texts("ledger.show.nobody")
    return [
        texts(
            "ledger.show.case",
            number=row.number,
            court=desk.ledger.courts.name(row.court),
            title=texts(f"ledger.kind_of.title.{row.title}"),
            stage=texts(f"ledger.kind_of.stage.{row.stage}"),
        ),
        texts(
            "ledger.show.people",
            responsible=row.responsible or nobody,
            mediator=row.mediator or nobody,
            cause=row.cause or nobody,
        ),
    ]


async def _show_one(desk: Desk, obligation_id: int) -> None:
    view = await desk.ledger.obligation(obligation_id)
    typer.echo(desk.texts("ledger.report.done"))
    if view is not None:
        typer.echo("\n".join(_lines(desk.texts, view)))


def _lines(texts: Texts, view: View) -> Iterator[str]:
    """An obligation as text."""
    stands = view.standing

    def sum_of(fen: int) -> str:
        return texts("ledger.report.money", amount=cells.yuan(fen))

    yield texts(
        "ledger.show.obligation",
        label=view.row.label,
        debtor="、".join(d.name for d in view.debtors),
        creditors="、".join(c.name for c in view.creditors),
        status=texts(f"ledger.kind_of.status.{stands.status}"),
        id=view.id,
    )
    if view.row.act:
        yield "  " + texts("ledger.show.act", act=view.row.act)
    names = ("settled", "reported", "balance", "overdue")
    sums = {name: sum_of(getattr(stands, name)) for name in names}
    yield "  " + texts("ledger.show.sums", amount=sum_of(view.row.amount), **sums)
    if stands.surplus:
        yield "  " + texts("ledger.show.surplus", amount=sum_of(stands.surplus))
    if view.row.settlement != Settlement.NONE:
        stage = texts(f"ledger.kind_of.settlement.{view.row.settlement}")
        yield "  " + texts("ledger.show.settlement", stage=stage)
    for line in _dated(texts, view, sum_of):
        yield "  " + line


def _dated(texts: Texts, view: View, sum_of: Callable[[int], str]) -> Iterator[str]:
    for i in view.instalments:
        yield texts(
            "ledger.show.instalment",
            n=i.no,
            amount=sum_of(i.amount),
            due=i.due_on,
            state=_state(texts, i, sum_of),
            id=i.id,
        )
    for p in view.payments:
        status = texts(f"ledger.kind_of.payment.{p.status}")
        who = p.payer_name or ""
        yield texts("ledger.show.payment", day=p.paid_on, amount=sum_of(p.amount), status=status, who=who, id=p.id)
    for q in view.promises:
        status = texts(f"ledger.kind_of.promise.{q.status}")
        yield texts(
            "ledger.show.promise", day=q.row.promised_on, amount=sum_of(q.row.amount), status=status, id=q.row.id
        )
    for g in view.graces:
        yield texts(
            "ledger.show.grace_lifted" if g.lifted else "ledger.show.grace", day=g.until, reason=g.reason, id=g.id
        )
    for d in view.disputes:
        day = shown(d.raised_at, "%Y-%m-%d")
        key = "ledger.show.dispute_closed" if d.closed_at else "ledger.show.dispute"
        said = d.text or texts(f"ledger.kind_of.dispute.{d.kind}")
        yield texts(key, day=day, text=said, id=d.id, outcome=d.outcome or "")
    for f in view.proofs:
        yield texts("ledger.show.proof", day=shown(f.received_at, "%Y-%m-%d"), files=len(f.files), id=f.id)


def _state(texts: Texts, instalment: Any, sum_of: Callable[[int], str]) -> str:
    if instalment.done_on:
        return texts("ledger.show.instalment_done", day=instalment.done_on)
    parts = []
    if instalment.expected_on != instalment.due_on:
        parts.append(texts("ledger.show.instalment_moved", day=instalment.expected_on))
    if instalment.settled:
        parts.append(texts("ledger.show.instalment_left", amount=sum_of(instalment.settled)))
    return "　".join(parts)


@group.command()
def figures(
    context: typer.Context,
    court: Annotated[str, typer.Option(help="only this court")] = "",
    series: Annotated[str, typer.Option(help="only this series of cases")] = "",
    responsible: Annotated[str, typer.Option(help="only what this person looks after")] = "",
) -> None:
    """Show a group in figures, such as a series of wage cases."""

    async def work(desk: Desk) -> None:
        texts = desk.texts
        found = await desk.ledger.figures(
            court=desk.ledger.courts.find(court) if court else None,
            series=series or None,
            responsible=responsible or None,
        )
        counts = {k: getattr(found, k) for k in ("cases", "obligations", "debtors", "creditors")}
        typer.echo(texts("ledger.show.figures", **counts))
        sums = {k: cells.yuan(getattr(found, k)) for k in ("amount", "settled", "reported", "balance")}
        typer.echo(texts("ledger.show.figures_sums", **sums))
        for kinds, counted in (("status", found.by_status), ("settlement", found.by_settlement)):
            for code, count in counted.items():
                word = texts(f"ledger.kind_of.{kinds}.{code}")
                typer.echo(texts("ledger.show.figures_status", status=word, count=count))

    _run(context, work)


@group.command()
def waiting(context: typer.Context) -> None:
    """List payments that were reported and wait for somebody to verify them."""

    async def work(desk: Desk) -> None:
        async with desk.ledger.looking() as book:
            reported = await book.rows.reported()
            views = {v.id: v for v in await desk.ledger.views(ids=[p.obligation_id for p in reported], work=book.work)}
        for p in reported:
            view = views[p.obligation_id]
            amount = desk.texts("ledger.report.money", amount=cells.yuan(p.amount))
            who = f"{view.case.number} {view.debtor.name} {view.row.label}"
            status = desk.texts(f"ledger.kind_of.payment.{p.status}")
            typer.echo(desk.texts("ledger.show.payment", day=p.paid_on, amount=amount, status=status, who=who, id=p.id))

    _run(context, work)


@group.command()
def check(context: typer.Context) -> None:
    """Compare the stored sums with what follows from payments; status 1 when they differ."""

    async def work(desk: Desk) -> int:
        wrong = await desk.ledger.check()
        ids = "、".join(map(str, wrong))
        typer.echo(desk.texts("ledger.report.inconsistent" if wrong else "ledger.report.consistent", ids=ids))
        return 1 if wrong else 0

    _run(context, work)


# -- changing --------------------------------------------------------------------------------------


@group.command()
def pay(
    context: typer.Context,
    number: Number,
    amount: Annotated[str, typer.Argument(help="sum in 元, such as 30000 or 3万; 0 when an act was performed")],
    on: Annotated[str, typer.Option(help="day of payment; default: today")] = "",
    by: Annotated[str, typer.Option(help="name of a third party who paid")] = "",
    way: Annotated[str, typer.Option(help="how it was paid")] = "",
    reference: Annotated[str, typer.Option(help="number of the transfer or receipt; counts once")] = "",
    reported: Annotated[bool, typer.Option("--reported", help="only reported, to be verified later")] = False,
    debtor: Debtor = "",
    label: Label = "",
    why: Why = "",
) -> None:
    """Enter a payment; without --reported it counts at once."""

    async def change(book: Book, view: View) -> None:
        new = NewPayment(
            amount=cells.amount(amount),
            paid_on=cells.day(on) if on else book.today,
            source=Source.STAFF,
            way=way or None,
            payer_name=by or None,
            third_party=bool(by),
            reference=reference or None,
        )
        await (book.report_payment if reported else book.pay)(view.id, new, why or None)

    _change(context, change, number, debtor, label)


PaymentId = Annotated[int, typer.Argument(help="number of the payment, as `ledger show` tells it")]


@group.command()
def verify(
    context: typer.Context,
    payment: PaymentId,
    amount: Annotated[str, typer.Option(help="sum that really came, in 元, when it differs")] = "",
    why: Why = "",
) -> None:
    """Confirm a reported payment: from now on it counts."""
    _decide(context, payment, lambda b: b.verify_payment(payment, why or None, amount=_sum(amount)))


@group.command()
def reject(context: typer.Context, payment: PaymentId, why: Why = "") -> None:
    """Say that a reported payment cannot be found."""
    _decide(context, payment, lambda b: b.reject_payment(payment, _given(why)))


@group.command()
def revoke(context: typer.Context, payment: PaymentId, why: Why = "") -> None:
    """Take the verification of a payment back."""
    _decide(context, payment, lambda b: b.revoke_payment(payment, _given(why)))


def _decide(context: typer.Context, payment_id: int, decide: Callable[[Book], Coroutine[Any, Any, None]]) -> None:
    async def work(desk: Desk) -> None:
        async with desk.ledger.change(desk.actor) as book:
            await decide(book)
            payment = await book.rows.payment(payment_id)
        if payment is not None:
            await _show_one(desk, payment.obligation_id)

    _run(context, work)


def _sum(text: str) -> int | None:
    return cells.amount(text) if text else None


def _given(why: str) -> str:
    if not why.strip():
        raise Broken("reason")
    return why


Day = Annotated[str, typer.Argument(help="day, such as 2026-12-31")]


@group.command()
def promise(
    context: typer.Context,
    number: Number,
    day: Day,
    amount: Annotated[str, typer.Argument(help="sum in 元; without it, all that is left")] = "",
    debtor: Debtor = "",
    label: Label = "",
) -> None:
    """Note a promise to perform by a day."""
    _change(context, lambda b, v: b.promise(v.id, cells.day(day), _sum(amount)), number, debtor, label)


@group.command()
def grace(
    context: typer.Context, number: Number, day: Day, debtor: Debtor = "", label: Label = "", why: Why = ""
) -> None:
    """Grant a grace period until a day (included); a reason is needed."""
    _change(context, lambda b, v: b.grant_grace(v.id, cells.day(day), why), number, debtor, label)


@group.command()
def move(
    context: typer.Context,
    number: Number,
    instalment: Annotated[int, typer.Argument(help="which instalment: 1, 2, …")],
    day: Day,
    debtor: Debtor = "",
    label: Label = "",
    why: Why = "",
) -> None:
    """Move the due date of an instalment; a reason is needed."""

    async def change(book: Book, view: View) -> None:
        found = next((i for i in view.instalments if i.no == instalment), None)
        if found is None:
            raise Broken("no_instalment")
        await book.move_due(found.id, cells.day(day), _given(why))

    _change(context, change, number, debtor, label)


@group.command()
def replan(
    context: typer.Context,
    number: Number,
    plan: Annotated[str, typer.Argument(help="such as '2026-12-31 20000; 2027-01-31 20000'")],
    debtor: Debtor = "",
    label: Label = "",
    why: Why = "",
) -> None:
    """Replace the plan of instalments; a reason is needed."""
    _change(context, lambda b, v: b.replan(v.id, cells.plan(plan), _given(why)), number, debtor, label)


@group.command()
def dispute(
    context: typer.Context,
    number: Number,
    text: Annotated[str, typer.Argument(help="what is objected to")],
    kind: Annotated[DisputeKind, typer.Option(help="amount, paid, person, title or other")] = DisputeKind.OTHER,
    debtor: Debtor = "",
    label: Label = "",
) -> None:
    """Note an objection: reminders stop until it is closed."""
    _change(context, lambda b, v: b.dispute(v.id, kind, text), number, debtor, label)


@group.command()
def resolve(
    context: typer.Context,
    number: Number,
    outcome: Annotated[str, typer.Argument(help="what came of it")],
    debtor: Debtor = "",
    label: Label = "",
) -> None:
    """Close the open objections to an obligation."""

    async def change(book: Book, view: View) -> None:
        still_open = [d for d in view.disputes if d.closed_at is None]
        if not still_open:
            raise Broken("no_dispute")
        for found in still_open:
            await book.close_dispute(found.id, outcome)

    _change(context, change, number, debtor, label)


@group.command()
def settle(
    context: typer.Context,
    number: Number,
    stage: Annotated[Settlement, typer.Argument(help="negotiating, agreed, failed or broken")],
    debtor: Debtor = "",
    label: Label = "",
    why: Why = "",
) -> None:
    """Note where settlement stands."""
    _change(context, lambda b, v: b.settle(v.id, stage, why or None), number, debtor, label)


@group.command()
def assign(
    context: typer.Context,
    number: Number,
    responsible: Annotated[str, typer.Argument(help="who looks after it")],
    debtor: Debtor = "",
    label: Label = "",
    why: Why = "",
) -> None:
    """Name the person who looks after an obligation."""
    _change(context, lambda b, v: b.assign(v.id, responsible, why or None), number, debtor, label)


@group.command()
def end(context: typer.Context, number: Number, debtor: Debtor = "", label: Label = "", why: Why = "") -> None:
    """End an obligation by decision (withdrawn, waived, handed on); a reason is needed."""
    _change(context, lambda b, v: b.end(v.id, _given(why)), number, debtor, label)


@group.command()
def reopen(context: typer.Context, number: Number, debtor: Debtor = "", label: Label = "", why: Why = "") -> None:
    """Take the end of an obligation back; a reason is needed."""
    _change(context, lambda b, v: b.reopen(v.id, _given(why)), number, debtor, label)
