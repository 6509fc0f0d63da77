"""`faq …`: check the knowledge, match questions, evaluate."""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from typing import Annotated, Any

import typer

from bot.consult.check import check
from bot.consult.following import Conversation
from bot.consult.library import Library
from bot.consult.loader import read
from bot.core.faults import words
from bot.dialogue.flows import LEADS, PATHS
from bot.guide import cues, rates, reading
from bot.guide.documents import loader as documents
from bot.reach import intents
from bot.reminders import wording
from commands import faq_eval, faq_gaps
from commands.program import current

group = typer.Typer(no_args_is_help=True, help="The knowledge in faq/.")


@group.command("check")
def check_command(context: typer.Context) -> None:
    """Print every problem of faq/ with file and line; status 1 if there is one."""
    here = current(context)
    path = here.settings.faq.path
    draft = read(path)
    topics = {entry.id for entry in draft.entries} if not draft.problems else None
    problems = check(path, here.today(), LEADS)
    if (path / wording.FILE).exists():
        problems += wording.check(path, draft.laws, draft.courts, here.today())
    if (path / intents.FILE).exists():
        problems += intents.check(path, PATHS)
    if (path / documents.FOLDER).exists():
        quoted = {law: frozenset(instrument.clauses) for law, instrument in draft.laws.items()}
        problems += documents.problems(path / documents.FOLDER, quoted)
    if (path / reading.FILE).exists():
        problems += cues.read(path, topics)[1]
    problems += rates.check(path / rates.FILE)
    for problem in problems:
        typer.echo(f"{'notice: ' if problem.notice else ''}{path / problem.file}:{problem.line}: {problem.message}")
    wrong = sum(not p.notice for p in problems)
    summary = words()(
        "check.summary",
        topics=len(draft.entries),
        phrasings=sum(len(e.phrasings) for e in draft.entries),
        outside=len(draft.outside),
        laws=len(draft.laws),
        wrong=wrong,
        notices=len(problems) - wrong,
    )
    typer.echo(summary)
    raise typer.Exit(1 if wrong else 0)


@group.command()
def provisions(context: typer.Context) -> None:
    """Print every citation: instrument, article, topic; tab-separated."""
    for entry in read(current(context).settings.faq.path).entries:
        for provision in entry.cited:
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
        result = _conversation(library, line, today) or _judged(_begun(library, today), line)
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
    conversation = _begun(library, today)
    return {"turns": [_judged(conversation, turn) for turn in turns]}


def _begun(library: Library, today: date) -> Conversation:
    return Conversation(lambda question, before: library.match(question, before, today), faq_eval.chooser())


def _judged(conversation: Conversation, question: str) -> dict[str, Any]:
    started = time.perf_counter()
    verdict = conversation.take(question)
    ms = (time.perf_counter() - started) * 1000
    return {
        "q": question,
        "decision": verdict.decision.value,
        "topics": [{"id": c.topic, "score": round(c.score, 4)} for c in verdict.candidates[:5]],
        "ms": round(ms, 3),
        "reason": verdict.reason.value,
    }


def _readable(result: dict[str, Any]) -> str:
    if "turns" in result:
        return "\n".join(_readable(turn) for turn in result["turns"])
    topics = "  ".join(f"{t['id']} {t['score']:.2f}" for t in result["topics"])
    return f"{result['decision']:8}{result['ms']:6.1f} ms  {topics}  {result['q']}"


group.command("eval")(faq_eval.evaluate)
group.command("train")(faq_eval.train_command)
group.add_typer(faq_gaps.group, name="gaps")
