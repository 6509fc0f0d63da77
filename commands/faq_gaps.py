"""`faq gaps`: questions that the knowledge missed; accept one as a phrasing, or mark it as outside."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.consult.cases import Case, overlaps, read_cases
from bot.consult.check import check
from bot.consult.evaluate import Outcome, by_file, changed, judge_with, run
from bot.consult.gaps import Gap, Gaps, Kind
from bot.consult.loader import Draft, read
from bot.consult.matcher import Matcher
from bot.consult.model import Knowledge
from bot.consult.policy import MatchSettings
from bot.consult.report import comparison_table, excerpt
from bot.consult.tables import table
from bot.consult.writing import problems_of, read_text, replace_text, with_phrasing
from bot.core.clock import SystemClock, shown
from bot.core.errors import KnowledgeError, SettingsError
from bot.store.gap_tables import GapDecision
from commands.faq_eval import ROOT, chooser, matcher_of, own_cases, progress
from commands.program import Current, current

group = typer.Typer(invoke_without_command=True, help="Questions that the knowledge missed.")

_SHOWN_CHANGES = 20
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
    if wrong := list(problems_of(phrasing)):
        raise SettingsError("\n".join(f"{phrasing!r}: {each}" for each in wrong))
    cases = read_cases(files, matcher.knowledge.entries, ROOT) if files else own_cases(matcher.knowledge)
    with progress() as told:
        told("measuring the effect")
        change = proposed(here, matcher, owner, phrasing, cases)
    typer.echo(f"{change.file}: {owner} + {phrasing}")
    if cases:
        typer.echo(effect(change.before, change.after, matcher.settings))
    if not save:
        typer.echo("nothing is saved yet: add --yes")
        return
    path = here.settings.faq.path / change.file
    if read_text(path) != change.original:
        raise SettingsError(f"{path}: somebody changed it meanwhile; look at the effect again")
    replace_text(path, change.text)
    asyncio.run(_with_gaps(here, matcher, lambda gaps: _decided(gaps, number, decision, owner, phrasing)))
    typer.echo(f"saved; gap {number} is settled")


@dataclass(frozen=True, slots=True)
class Change:
    """A phrasing that may be added: the file as it would be, and the evaluation before and after."""

    file: str
    original: str
    text: str
    before: list[Outcome]
    after: list[Outcome]


def proposed(here: Current, matcher: Matcher, owner: str, phrasing: str, cases: Sequence[Case]) -> Change:
    """The change and its effect, worked out on a copy of `faq/`; KnowledgeError when the copy has a fault."""
    folder = here.settings.faq.path
    file = _file_of(read(folder), owner)
    original = read_text(folder / file)
    text = with_phrasing(original, owner, phrasing)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "faq"
        shutil.copytree(folder, copy)
        replace_text(copy / file, text)
        if wrong := [str(each) for each in check(copy, here.today()) if not each.notice]:
            raise KnowledgeError(wrong)
        knowledge = read(copy).knowledge()
    if found := overlaps(cases, knowledge):
        raise KnowledgeError([*map(str, found), "a question of the evaluation cannot be a phrasing as well"])
    return Change(file, original, text, _asked(matcher, cases), _asked(_with(matcher, knowledge), cases))


def _with(matcher: Matcher, knowledge: Knowledge) -> Matcher:
    return Matcher(knowledge, matcher.settings, weights=matcher.weights)


def _asked(matcher: Matcher, cases: Sequence[Case]) -> list[Outcome]:
    return run(cases, judge_with(matcher), chooser())


def _file_of(draft: Draft, owner: str) -> str:
    place = draft.lines.get((owner, ""))
    if place is None:
        raise KnowledgeError([f"{owner}: its place in faq/ is not known"])
    return place[0]


def effect(before: Sequence[Outcome], after: Sequence[Outcome], costs: MatchSettings) -> str:
    """The evaluation before and after, and the questions that are decided differently."""
    parts = [comparison_table(by_file(before, costs), by_file(after, costs))]
    differing = changed(before, after)
    parts += [
        f"{_mark(old)} {old.verdict.decision} {old.verdict.best} → {_mark(new)} {new.verdict.decision} "
        f"{new.verdict.best}: {excerpt(new.question.text)}"
        for old, new in differing[:_SHOWN_CHANGES]
    ]
    parts.append(f"{len(differing)} of {len(before)} questions are decided differently")
    return "\n".join(parts)


def _mark(outcome: Outcome) -> str:
    if outcome.question.outside:
        return "✗" if outcome.wrong_answer else "✓"
    return "✓" if outcome.right else "✗"
