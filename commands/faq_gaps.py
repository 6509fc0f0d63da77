"""`faq gaps`: questions that the knowledge missed; accept one as a phrasing, or mark it as outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.consult.cases import read_cases
from bot.consult.gaps import Gap, Gaps, Kind
from bot.consult.learning import propose
from bot.consult.matcher import Matcher
from bot.consult.report import excerpt
from bot.consult.tables import table
from bot.core.clock import SystemClock, shown
from bot.core.errors import SettingsError
from bot.dialogue.flows import LEADS
from bot.store.gap_tables import GapDecision
from commands.faq_eval import ROOT, chooser, matcher_of, own_cases, progress
from commands.program import Current, current

group = typer.Typer(invoke_without_command=True, help="Questions that the knowledge missed.")

_Number = Annotated[int, typer.Argument(help="number of the gap, as `faq gaps` shows it")]
_Wording = Annotated[str, typer.Option("--as", help="the phrasing in other words; without it, the question as asked")]
_Yes = Annotated[bool, typer.Option("--yes", help="save it; without this only the effect is shown")]
_Files = Annotated[list[Path] | None, typer.Option("--on", help="evaluation files; default: those of the project")]


@group.callback()
def gaps(
    context: typer.Context,
    days: Annotated[int, typer.Option(help="how far back the log is read", min=1)] = 90,
    most: Annotated[int, typer.Option(help="how many gaps are shown", min=1)] = 50,
) -> None:
    """List unanswered and thumbs-down questions: grouped, newest first, each with the nearest topic."""
    if context.invoked_subcommand:
        return
    here = current(context)
    found = asyncio.run(_open(here, days))
    if not found:
        typer.echo("no gaps")
        return
    typer.echo(listing(found[:most]))
    if len(found) > most:
        typer.echo(f"{len(found) - most} more: --most {len(found)}")
    typer.echo("faq gaps accept N TOPIC · faq gaps outside N [KIND]")


def listing(found: Sequence[Gap]) -> str:
    """The gaps as a table; below a group its further wordings."""
    rows = []
    for gap in found:
        counts = gap.counts
        rows.append(
            [
                str(gap.number),
                shown(gap.newest),
                *(str(counts[kind] or "-") for kind in Kind),
                gap.proposed or "-",
                f"{gap.score:.2f}",
                excerpt(gap.questions[0].text),
            ]
        )
        others = list(dict.fromkeys(each.text for each in gap.questions[1:] if each.text != gap.questions[0].text))
        rows += [[""] * 7 + [excerpt(text)] for text in others[:3]]
    return table(["gap", "last asked", "unanswered", "asked back", "unhelpful", "nearest topic", "score", "question"], rows)


async def _open(here: Current, days: int) -> list[Gap]:
    async def use(gaps: Gaps) -> list[Gap]:
        now = SystemClock(here.settings.clock_offset).now()
        return await gaps.open(since=now - timedelta(days=days))

    return await _with_gaps(here, matcher_of(here), use)


_T = TypeVar("_T")


async def _with_gaps(here: Current, matcher: Matcher, use: Callable[[Gaps], Awaitable[_T]]) -> _T:
    store = await here.program.open_store(here.settings)
    try:
        return await use(Gaps(store, matcher, SystemClock(here.settings.clock_offset)))
    finally:
        await store.close()


# -- deciding ------------------------------------------------------------------------------------


@group.command()
def accept(
    context: typer.Context,
    number: _Number,
    topic: Annotated[str, typer.Argument(help="id of the topic that answers it")],
    wording: _Wording = "",
    yes: _Yes = False,
    files: _Files = None,
) -> None:
    """Add a gap's question to a topic's phrasings, after showing what that does to the evaluation."""
    here = current(context)
    matcher = matcher_of(here)
    if topic not in matcher.knowledge.entries:
        raise SettingsError(f"{topic}: there is no such topic; see faq/taxonomy.yaml")
    _add(here, matcher, number, topic, wording, GapDecision.ACCEPTED, save=yes, files=files)


@group.command()
def outside(
    context: typer.Context,
    number: _Number,
    kind: Annotated[str, typer.Argument(help="id in faq/outside.yaml whose phrasings it joins; without it none")] = "",
    wording: _Wording = "",
    yes: _Yes = False,
    files: _Files = None,
) -> None:
    """Mark a gap as none of this desk's questions; with a kind, add it to that kind's phrasings."""
    here = current(context)
    matcher = matcher_of(here)
    if not kind:
        gap = asyncio.run(_with_gaps(here, matcher, lambda gaps: _decided(gaps, number, GapDecision.OUTSIDE, None)))
        typer.echo(f"gap {number} is marked as outside: {excerpt(gap.questions[0].text)}")
        return
    if kind not in matcher.knowledge.outside:
        raise SettingsError(f"{kind}: there is no such kind in outside.yaml")
    _add(here, matcher, number, kind, wording, GapDecision.OUTSIDE, save=yes, files=files)


async def _found(gaps: Gaps, number: int) -> Gap:
    gap = await gaps.get(number)
    if gap is None:
        raise SettingsError(f"gap {number}: there is none, or it is settled; see `faq gaps`")
    return gap


async def _decided(
    gaps: Gaps, number: int, decision: GapDecision, target: str | None, phrasing: str = ""
) -> Gap:
    gap = await _found(gaps, number)
    await gaps.decide(gap, decision, target, phrasing)
    return gap


def _add(
    here: Current,
    matcher: Matcher,
    number: int,
    owner: str,
    wording: str,
    decision: GapDecision,
    *,
    save: bool,
    files: list[Path] | None,
) -> None:
    """Show what a new phrasing does; save it when wanted."""
    gap = asyncio.run(_with_gaps(here, matcher, lambda gaps: _found(gaps, number)))
    phrasing = (wording or gap.questions[0].text).strip()
    cases = read_cases(files, matcher.knowledge.entries, ROOT) if files else own_cases(matcher.knowledge)
    with progress() as told:
        told("measuring the effect")
        folder = here.settings.faq.path
        change = propose(folder, matcher, owner, phrasing, cases, here.today(), LEADS, chooser())
    typer.echo(f"{change.file.name}: {owner} + {phrasing}")
    if cases:
        typer.echo(change.effect)
    if not save:
        typer.echo("nothing is saved yet: add --yes")
        return
    change.save()
    asyncio.run(_with_gaps(here, matcher, lambda gaps: _decided(gaps, number, decision, owner, phrasing)))
    typer.echo(f"saved; gap {number} is settled")
