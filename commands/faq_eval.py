"""`faq eval` and `faq train`: measure the matcher on labelled questions, and fit its weights."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.consult import ablations, baselines
from bot.consult.calibration import WEIGHTS_FILE, Weights
from bot.consult.cases import Case, overlaps, read_cases
from bot.consult.evaluate import (
    Figures,
    Outcome,
    alone,
    cross_validated,
    figures,
    judge_with,
    run,
    without_context,
)
from bot.consult.evaluate import Progress as Told
from bot.consult.following import Chooser
from bot.consult.matcher import Matcher
from bot.consult.model import Knowledge
from bot.consult.report import Report
from bot.consult.tables import replace_section
from bot.consult.training import OUT_OF_SCOPE, train
from bot.core.errors import KnowledgeError, SettingsError
from bot.core.texts import Texts
from bot.dialogue.heard import Heard
from commands.program import Current, current

ROOT = Path(__file__).parent.parent
SECTION = "figures"  # of docs/matching.md, written by --write

Files = Annotated[
    list[Path], typer.Argument(help="JSON lines: {q, best, ok, tags} or {turns, tags}", exists=True, dir_okay=False)
]


def own_files() -> list[Path]:
    """The evaluation that belongs to the project; empty where it is not installed."""
    return sorted((ROOT / "tests" / "eval").glob("*.jsonl"))


def own_cases(knowledge: Knowledge) -> list[Case]:
    """The project's evaluation as far as that knowledge has its topics; a court may have left some out."""
    known = {*knowledge.entries, OUT_OF_SCOPE}
    return [each for each in read_cases(own_files(), None, ROOT) if {turn.best for turn in each.turns} <= known]


def matcher_of(here: Current) -> Matcher:
    """The real matcher over the knowledge of the settings."""
    found = here.program.open_library(here.settings).matcher
    if not isinstance(found, Matcher):
        raise TypeError("the library was not opened with the matcher of bot.consult")
    return found


def chooser() -> Chooser:
    """What hears 「第二个」 as a choice."""
    return Heard(Texts.load()).choice


@contextmanager
def progress() -> Iterator[Told]:
    """Says on standard error what is being done, and for how long."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("")
        yield lambda what: shown.update(task, description=what)


# -- faq eval ------------------------------------------------------------------------------------


def evaluate(
    context: typer.Context,
    files: Files,
    baseline: Annotated[bool, typer.Option("--baseline", help="the same for rapidfuzz, BM25 and TF-IDF")] = False,
    ablation: Annotated[
        bool, typer.Option("--ablations", help="what each part brings; takes about a quarter of an hour")
    ] = False,
    cross_validate: Annotated[bool, typer.Option("--cross-validate", help="judge each phrasing unseen")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the figures as one JSON object")] = False,
    write: Annotated[
        Path | None, typer.Option(help="put the tables into the section `figures` of this Markdown file")
    ] = None,
) -> None:
    """Measure the matcher on labelled questions; files of the project are split, any other is wholly test."""
    matcher = matcher_of(current(context))
    cases = read_cases(files, matcher.knowledge.entries, ROOT)
    if not cases:
        raise SettingsError(f"{', '.join(map(str, files))}: there is no question in it")
    _refuse_overlaps(cases, matcher.knowledge)
    with progress() as told:
        report = _report(matcher, cases, told)
        if baseline:
            report = replace(report, versus=_versus(matcher, cases, report.test, told))
        if cross_validate:
            report = replace(report, folds=cross_validated(matcher.knowledge, matcher.settings, progress=told))
        if ablation:
            report = replace(report, effects=ablations.ablations(matcher.knowledge, cases, matcher.settings, told))
    text = json.dumps(report.as_json(), ensure_ascii=False, indent=1) if as_json else report.text()
    if write:
        replace_section(write, SECTION, report.text())
    typer.echo(text)


def _refuse_overlaps(cases: list[Case], knowledge: Knowledge) -> None:
    """A question that stands among the phrasings measures nothing: it must go there or here."""
    found = overlaps(cases, knowledge)
    if found:
        raise KnowledgeError([*map(str, found), "take each out of faq/, or write another question"])


def _report(matcher: Matcher, cases: list[Case], told: Told) -> Report:
    told("asking the questions")
    judge, choose = judge_with(matcher), chooser()
    test = run([each for each in cases if not each.training], judge, choose)
    training = run([each for each in cases if each.training], judge, choose)
    notes = {"knowledge": matcher.knowledge.version, "weights": str(matcher.weights.provenance.get("questions_hash", ""))}
    return Report(test, training, matcher.settings, notes=notes)


def _versus(matcher: Matcher, cases: list[Case], test: Sequence[Outcome], told: Told) -> list[Figures]:
    """Ours and the baselines on every question of the test part, each by itself."""
    training = [each for each in cases if each.training]
    if not training:  # a foreign file has none: the thresholds are chosen on the project's own
        training = [each for each in own_cases(matcher.knowledge) if each.training]
    asked = alone(test)
    rows = [figures("Zhiyuan", run(asked, judge_with(matcher)), matcher.settings)]
    for each in baselines.baselines(matcher.knowledge, training, matcher.settings, told):
        told(f"baseline: {each.name}, asking")
        rows.append(figures(each.name, run(asked, without_context(each.judge)), matcher.settings))
    return rows


# -- faq train -----------------------------------------------------------------------------------


def train_command(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(help="evaluation files; default: those of the project")] = None,
    output: Annotated[Path, typer.Option(help="file to write")] = WEIGHTS_FILE,
) -> None:
    """Fit the weights of the matcher from the phrasings and the training part; the same input gives the same file."""
    knowledge = matcher_of(current(context)).knowledge
    cases = read_cases(files, knowledge.entries, ROOT) if files else own_cases(knowledge)
    _refuse_overlaps(cases, knowledge)
    with progress() as told:
        told("fitting the weights")
        weights = fitted(knowledge, cases)
    weights.save(output)
    story = weights.provenance
    typer.echo(
        f"{output}: fitted on {story['phrasings']} phrasings, {story['questions']} questions and {story['turns']} turns"
    )


def fitted(knowledge: Knowledge, cases: list[Case]) -> Weights:
    """The weights from the training part of these cases."""
    training = [each for each in cases if each.training]
    return train(
        knowledge,
        [each.turns[0] for each in training if not each.is_dialogue],
        [each.turns for each in training if each.is_dialogue],
        trained_on=" ".join(sorted({each.file for each in training})),
    )
