"""`remind …` and `campaign …`: what a day brings, sending it, and broadcasts."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from bot.consult.loader import read as read_knowledge
from bot.core.clock import SHANGHAI, Clock, SystemClock, local_day, shown
from bot.core.errors import KnowledgeError, SettingsError
from bot.core.ids import Ids
from bot.reminders.campaigns import Campaigns, NewCampaign, Recipient, WrongReminders
from bot.reminders.model import ArmResult, CampaignError, DeliveryStatus
from bot.reminders.service import Foreseen, Reminders
from bot.reminders.wording import DEFAULT_ARM, Guides
from bot.store.work import Store
from commands.program import Current, current

T = TypeVar("T")
group = typer.Typer(no_args_is_help=True, help="Reminders: what a day brings, and sending it.")
campaign = typer.Typer(no_args_is_help=True, help="Broadcasts with approval by a second person.")

Number = Annotated[int, typer.Argument(help="the campaign's number")]
By = Annotated[str, typer.Option(help="who does it")]


def moment_of(text: str) -> datetime:
    """An ISO time; without a zone it is Shanghai's. SettingsError for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text}: not a time like 2026-11-23T10:00") from error
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


class _Fixed:
    """A clock that started at a chosen moment and goes on from there."""

    def __init__(self, moment: datetime | None, offset: timedelta) -> None:
        real = SystemClock(offset)
        self._clock = real if moment is None else SystemClock(offset + (moment - real.now()))

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return self._clock.now()


def _run(here: Current, work: Callable[[Store, Clock, Guides], Awaitable[T]], now: str = "") -> T:
    """Open the database, do it, close; a campaign that cannot is the user's input at fault."""
    clock = _Fixed(moment_of(now) if now else None, here.settings.clock_offset)
    folder = here.settings.faq.path
    draft = read_knowledge(folder)
    if draft.problems:
        raise KnowledgeError(draft.problems)
    knowledge = draft.knowledge()
    guides = Guides(folder, lambda: knowledge)

    async def run() -> T:
        store = await here.program.open_store(here.settings)
        try:
            return await work(store, clock, guides)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except CampaignError as error:
        raise SettingsError(f"campaign: {error}") from error


# -- remind --------------------------------------------------------------------------------------


@group.command("plan")
def plan_command(
    context: typer.Context,
    day: Annotated[
        datetime | None, typer.Option("--date", help="the day; today if left out", formats=["%Y-%m-%d"])
    ] = None,
    now: Annotated[str, typer.Option(help="pretend that it is this moment (ISO, Shanghai)")] = "",
    sums_only: Annotated[bool, typer.Option("--sums", help="only how many, not one line for each message")] = False,
    text: Annotated[bool, typer.Option("--text", help="with the words of each message")] = False,
) -> None:
    """Show who would get what on a day and why, and who not and why. Nothing is written or sent."""
    here = current(context)

    async def look(store: Store, clock: Clock, guides: Guides) -> tuple[date, bool, Counter[tuple[str, str, str]]]:
        reminders, campaigns = Reminders(store, clock, Ids(), guides), Campaigns(store, clock, Ids(), guides)
        wanted = day.date() if day else local_day(clock.now())
        sums: Counter[tuple[str, str, str]] = Counter()
        async for line in reminders.preview(wanted, texts=text, broadcasts=campaigns.coming(wanted)):
            sums[(line.outcome, line.delivery.step, line.why)] += 1
            if not sums_only:
                typer.echo(_line(line))
        return wanted, guides().calendar.day(wanted).announced, sums

    wanted, announced, sums = _run(here, look, now)
    table = Table("outcome", "step", "why", "count")
    for (outcome, step, why), count in sorted(sums.items()):
        table.add_row(outcome, step, why, str(count))
    Console(width=100).print(table)
    typer.echo(
        f"{wanted}: {sum(sums.values())} in all" + ("" if announced else "; the year's holidays are not announced")
    )


def _line(line: Foreseen) -> str:
    """Who, on account of what, which step in which words; what becomes of it, why, and when."""
    d, row = line.delivery, line.row
    matter = (row.number, row.label, f"due {row.expected_on}") if row else (f"campaign {d.campaign_id}", "", "")
    words = ", ".join(w for w in (str(line.form or ""), d.arm or "") if w)
    until = shown(line.until) if line.until else ""
    cells = (line.name or f"party {d.party_id}", *matter, d.step, line.outcome, line.why, words, until)
    told = "\t".join(cells).rstrip()
    return told + "\n" + "\n".join(f"\t| {t}" for t in line.text.splitlines()) if line.text else told


@group.command()
def plans(context: typer.Context) -> None:
    """List the plans in the order in which they are tried: for which cases, which steps, and where it is written."""

    async def look(_store: Store, _clock: Clock, guides: Guides) -> list[str]:
        found = []
        for plan in guides().plans():
            when = " ".join(f"{k}={'/'.join(v)}" for k, v in plan.when.items()) or "every case"
            steps = " ".join(s.step.id for s in plan.steps) or "no reminders"
            found.append(f"{plan.file}:{plan.line}\t{plan.name}\t{when}\t{steps}")
        return found

    for line in _run(current(context), look):
        typer.echo(line)


@group.command()
def run(
    context: typer.Context,
    now: Annotated[str, typer.Option(help="pretend that it is this moment (ISO, Shanghai); rehearsals only")] = "",
) -> None:
    """Plan today and send what is due, then end (a running bot does it by itself)."""
    here = current(context)
    raise typer.Exit(asyncio.run(here.program.remind(here.settings, moment_of(now) if now else None)))


@group.command()
def unknown(context: typer.Context) -> None:
    """List the messages whose fate nobody knows: they may have arrived and are never repeated by the program."""
    for one in _campaigns(context, lambda c: c.unknown()):
        typer.echo(f"{one.delivery.id}\t{one.delivery.kind}\t{one.delivery.step}\t{_recipient(one)}")


@group.command()
def resolve(
    context: typer.Context,
    delivery: Annotated[int, typer.Argument(help="its number, as `remind unknown` shows it")],
    by: By,
    arrived: Annotated[bool, typer.Option("--arrived/--again", help="it arrived, or it is to be sent again")],
) -> None:
    """Say what became of a message whose fate nobody knew, after asking the person."""
    _campaigns(context, lambda c: c.resolve(delivery, arrived=arrived, by=by))


@group.command("result")
def plan_result(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="people drawn from this moment on (ISO)")],
    until: Annotated[str, typer.Option(help="and before this one (ISO)")],
) -> None:
    """Show what came of each arm of the experiment with the steps of the plan: performed within 14 and 30 days."""

    async def look(store: Store, clock: Clock, guides: Guides) -> list[ArmResult]:
        return await Reminders(store, clock, Ids(), guides).results(moment_of(since), moment_of(until))

    _print_results(_run(current(context), look))


# -- campaign ------------------------------------------------------------------------------------


def _campaigns(context: typer.Context, do: Callable[[Campaigns], Awaitable[T]]) -> T:
    async def work(store: Store, clock: Clock, guides: Guides) -> T:
        return await do(Campaigns(store, clock, Ids(), guides))

    return _run(current(context), work)


@campaign.command()
def new(
    context: typer.Context,
    title: Annotated[str, typer.Option(help="what it is called among staff")],
    by: By,
    text: Annotated[
        list[Path], typer.Option(help="file with the words; several for arms", exists=True, dir_okay=False)
    ],
    audience: Annotated[str, typer.Option(help='conditions as JSON: {"court": ["xixiu"], "overdue": true}')] = "{}",
    education: Annotated[bool, typer.Option("--education", help="only to those who opted in")] = False,
    holdout: Annotated[float, typer.Option(help="share that gets nothing, for comparison (0 to 0.5)")] = 0.0,
    per_minute: Annotated[int, typer.Option(help="at most so many a minute; 0 = as fast as allowed")] = 0,
    until: Annotated[str, typer.Option(help="nothing leaves after this (ISO); two weeks if left out")] = "",
) -> None:
    """Draft a broadcast. The arms are called after their files."""
    texts = {p.stem if len(text) > 1 else DEFAULT_ARM: p.read_text(encoding="utf-8").strip() for p in text}
    try:
        conditions: Any = json.loads(audience)
    except ValueError as error:
        raise SettingsError(f"--audience: not JSON: {error}") from error
    if not isinstance(conditions, dict):
        raise SettingsError('--audience: conditions in braces, such as {"court": ["xixiu"]}')
    draft = NewCampaign(
        title, texts, conditions, by, education, holdout, per_minute or None, moment_of(until) if until else None
    )
    typer.echo(f"campaign {_campaigns(context, lambda c: c.new(draft))}")


@campaign.command()
def preview(context: typer.Context, number: Number) -> None:
    """Show how many get it, who does not and why, and five of the messages as they will look."""
    seen = _campaigns(context, lambda c: c.preview(number))
    typer.echo(f"people\t{seen.people}\nchats\t{seen.chats}\nneutral preview\t{seen.neutral}")
    for name, counts in (("later", seen.held), ("not reached", seen.not_reached), ("arm", seen.arms)):
        for why, count in sorted(counts.items()):
            typer.echo(f"{name}\t{why}\t{count}")
    for index, sample in enumerate(seen.samples, 1):
        typer.echo(f"\n--- {index} ({sample.arm}, {sample.form})\n{sample.text}")


@campaign.command()
def approve(context: typer.Context, number: Number, by: By) -> None:
    """Say yes as a second person."""
    _campaigns(context, lambda c: c.approve(number, by))


@campaign.command()
def start(
    context: typer.Context,
    number: Number,
    at: Annotated[str, typer.Option(help="when (ISO, Shanghai); now if left out")] = "",
) -> None:
    """Let it begin; the running bot sends it."""
    _campaigns(context, lambda c: c.start(number, moment_of(at) if at else None))


@campaign.command()
def pause(context: typer.Context, number: Number, by: Annotated[str, typer.Option(help="who does it")] = "") -> None:
    """Hold what has not left yet."""
    _campaigns(context, lambda c: c.pause(number, by))


@campaign.command()
def resume(context: typer.Context, number: Number, by: Annotated[str, typer.Option(help="who does it")] = "") -> None:
    """Go on."""
    _campaigns(context, lambda c: c.resume(number, by))


@campaign.command()
def cancel(context: typer.Context, number: Number, by: By) -> None:
    """End it for good."""
    typer.echo(f"dropped\t{_campaigns(context, lambda c: c.cancel(number, by))}")


@campaign.command()
def status(context: typer.Context, number: Annotated[int, typer.Argument(help="number; 0 lists all")] = 0) -> None:
    """Show where it stands: how many messages came to what."""
    if not number:
        for row in _campaigns(context, lambda c: c.all()):
            typer.echo(f"{row.number}\t{row.status}\t{row.title}\t{row.author}\t{row.approver or '-'}")
        return
    progress = _campaigns(context, lambda c: c.progress(number))
    typer.echo(f"{number}\t{progress.row.status}\t{progress.row.title}\ttotal {progress.total}\tleft {progress.left}")
    for (state, why), count in sorted(progress.counts.items()):
        typer.echo(f"{state}\t{why or '-'}\t{count}")


@campaign.command()
def recipients(
    context: typer.Context,
    number: Number,
    status: Annotated[list[str], typer.Option(help="only these: sent, unknown, failed, skipped …")] = [],  # noqa: B006 - typer's way
) -> None:
    """List what became of every message: status, reason, moment, name, case."""
    if odd := set(status) - set(DeliveryStatus):
        raise SettingsError(f"--status: {', '.join(sorted(odd))}: one of {', '.join(DeliveryStatus)}")

    async def pages(c: Campaigns) -> None:
        after = 0
        while page := await c.recipients(number, statuses=status, after=after):
            for one in page:
                typer.echo(_recipient(one))
            after = page[-1].delivery.id

    _campaigns(context, pages)


def _recipient(one: Recipient) -> str:
    d = one.delivery
    when = d.settled_at or d.claimed_at
    cells = (one.status, one.why or "-", shown(when) if when else "-", one.name or "-", one.case or "-")
    return "\t".join(cells)


@campaign.command()
def retry(context: typer.Context, number: Number) -> None:
    """Send again to those who certainly did not get it (never to uncertain ones)."""
    typer.echo(f"planned again\t{_campaigns(context, lambda c: c.retry(number))}")


@campaign.command()
def correct(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="the campaign whose text was wrong; 0: steps of the plan")],
    by: By,
    text: Annotated[Path, typer.Option(help="file with what is right", exists=True, dir_okay=False)],
    arm: Annotated[str, typer.Option(help="only who got this arm's words")] = "",
    since: Annotated[str, typer.Option(help="of the plan: what left from this moment on (ISO)")] = "",
    until: Annotated[str, typer.Option(help="of the plan: and before this one (ISO)")] = "",
    step: Annotated[str, typer.Option(help="of the plan: only this step, such as T-1")] = "",
) -> None:
    """Draft a correction to everybody who got a wrong text; it needs approval and start like any other."""
    words = text.read_text(encoding="utf-8").strip()
    if number:
        typer.echo(f"campaign {_campaigns(context, lambda c: c.correct(number, words, by, arm or None))}")
        return
    if not since or not until:
        raise SettingsError("campaign correct 0: --since and --until say which reminders were wrong")
    wrong = WrongReminders(moment_of(since), moment_of(until), step or None, arm or None)
    title = f"{step or 'T'} {since}"
    typer.echo(f"campaign {_campaigns(context, lambda c: c.correct_reminders(wrong, title, words, by))}")


@campaign.command()
def result(context: typer.Context, number: Number) -> None:
    """Show what came of each arm: performed within 14 and 30 days."""
    _print_results(_campaigns(context, lambda c: c.results(number)))


def _print_results(results: list[ArmResult]) -> None:
    table = Table("arm", "people", "sent", "14 days", "", "30 days", "", "yuan 14", "yuan 30")
    for arm in results:
        table.add_row(*_cells(arm))
    Console(width=110).print(table)


def _cells(arm: ArmResult) -> list[str]:
    return [
        arm.arm,
        str(arm.people),
        str(arm.sent),
        str(arm.performed_14),
        f"{arm.rate_14:.1%}",
        str(arm.performed_30),
        f"{arm.rate_30:.1%}",
        f"{arm.settled_14 / 100:,.2f}",
        f"{arm.settled_30 / 100:,.2f}",
    ]
