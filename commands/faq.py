"""`faq …`: check the knowledge, match questions, evaluate."""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.consult.check import check
from bot.consult.library import Library
from bot.consult.loader import read
from bot.consult.model import Context, Decision, Verdict
from commands.program import current

group = typer.Typer(no_args_is_help=True, help="The knowledge in faq/.")


@group.command("check")
def check_command(context: typer.Context) -> None:
    """Print every problem of faq/ with file and line; status 1 if there is one."""
    here = current(context)
    path = here.settings.faq.path
    problems = check(path, here.today())
    for problem in problems:
        typer.echo(f"{'notice: ' if problem.notice else ''}{path / problem.file}:{problem.line}: {problem.message}")
    wrong = sum(not p.notice for p in problems)
    draft = read(path)
    typer.echo(
        f"{len(draft.entries)} topics, {sum(len(e.phrasings) for e in draft.entries)} phrasings, "
        f"{len(draft.outside)} kinds outside, {len(draft.laws)} instruments: "
        f"{wrong} problems, {len(problems) - wrong} notices"
    )
    raise typer.Exit(1 if wrong else 0)


@group.command()
def provisions(context: typer.Context) -> None:
    """Print every citation: instrument, article, topic; tab-separated."""
    for entry in read(current(context).settings.faq.path).entries:
        for provision in entry.provisions:
            typer.echo(f"{provision.law}\t{provision.article}\t{entry.id}")


@group.command()
def match(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="one question; without it, lines of standard input")] = "",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="one JSON object per line of standard input")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="say why it matched")] = False,
) -> None:
    """Find the topic of questions: one a line; a line that is a JSON array holds a conversation's turns."""
    here = current(context)
    library, today = here.program.open_library(here.settings), here.today()
    if explain:
        typer.echo(library.matcher.explain(question).render())  # type: ignore[attr-defined]  # the real matcher explains
        return
    lines = [question] if question else (line.rstrip("\n") for line in sys.stdin)
    for line in lines:
        if not line.strip():
            continue
        result = _conversation(library, line, today) or _judged(library, line, Context(), today)[0]
        typer.echo(json.dumps(result, ensure_ascii=False) if jsonl else _readable(result))


def _conversation(library: Library, line: str, today: date) -> dict[str, Any] | None:
    """The result of a line that holds several turns; None for a plain question."""
    if not line.lstrip().startswith("["):
        return None
    try:
        turns = json.loads(line)
    except ValueError:
        return None
    if not isinstance(turns, list) or not all(isinstance(t, str) for t in turns):
        return None
    context, results = Context(), []
    for turn in turns:
        result, context = _judged(library, turn, context, today)
        results.append(result)
    return {"turns": results}


def _judged(library: Library, question: str, context: Context, today: date) -> tuple[dict[str, Any], Context]:
    started = time.perf_counter()
    verdict = library.match(question, context, today)
    ms = (time.perf_counter() - started) * 1000
    result = {
        "q": question,
        "decision": verdict.decision.value,
        "topics": [{"id": c.topic, "score": round(c.score, 4)} for c in verdict.candidates[:5]],
        "ms": round(ms, 3),
        "reason": verdict.reason.value,
    }
    return result, following(context, question, verdict)


def following(context: Context, question: str, verdict: Verdict) -> Context:
    """What the next turn may lean on, as the dialogue keeps it."""
    answered = verdict.decision is Decision.ANSWER
    return Context(
        last_topic=verdict.best if answered else context.last_topic,
        viewpoint=verdict.viewpoint or context.viewpoint,
        clarified=verdict.decision is Decision.CLARIFY,
        offered=() if answered else tuple(c.topic for c in verdict.candidates[:3]),
        last_question=question,
    )


def _readable(result: dict[str, Any]) -> str:
    if "turns" in result:
        return "\n".join(_readable(turn) for turn in result["turns"])
    topics = "  ".join(f"{t['id']} {t['score']:.2f}" for t in result["topics"])
    return f"{result['decision']:8}{result['ms']:6.1f} ms  {topics}  {result['q']}"


@group.command("eval")
def evaluate(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="JSON lines: q, best, ok", exists=True, dir_okay=False)],
) -> None:
    """Measure the matcher on labelled questions."""
    here = current(context)
    raise typer.Exit(_evaluate(here.program.open_library(here.settings), files))


def _evaluate(library: Library, files: list[Path]) -> int:
    raise NotImplementedError
