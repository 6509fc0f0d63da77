"""`doc …`: documents for clerks and tests: list the forms, make one from a file of answers, write a template."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.core.texts import Texts
from bot.guide.documents import checks, loader
from bot.guide.documents.model import Field, Form, Kind, Wrong
from bot.guide.documents.service import DOCX, PDF, Papers
from bot.ledger.courts import Courts
from bot.reach.model import ReachError
from bot.settings import Settings
from commands.program import current

group = typer.Typer(no_args_is_help=True, help="Documents: forms of faq/forms, made as Word files and PDFs.")
SHIPPED = Path(__file__).parent.parent / "faq"


class Format(StrEnum):
    """What `make` writes."""

    DOCX = DOCX
    PDF = PDF
    BOTH = "both"


@group.command("list")
def list_forms(
    context: typer.Context,
    fields: Annotated[str, typer.Option("--fields", help="instead: the fields of this form, for a file of answers")] = "",
) -> None:
    """Print the forms: name, title, for whom; tab-separated. With --fields what a form asks for."""
    papers = _papers(current(context).settings)
    if not fields:
        for form in papers.forms.values():
            typer.echo(f"{form.name}\t{form.title}\t{form.side}")
        return
    for field in _form(papers, fields).fields:
        options = "|".join(o.code for o in field.options)
        when = " ".join(f"{'!' if c.negated else ''}{c.field}{f'={c.code}' if c.code else ''}" for c in field.when)
        needed = "required" if field.required and not field.by_hand else "optional"
        typer.echo(f"{field.id}\t{field.kind}\t{needed}\t{field.label}\t{options}\t{when}")


@group.command()
def make(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="a form, as `doc list` names it")],
    answers: Annotated[Path, typer.Option("--input", help="JSON object: field id -> answer, as one would write it")],
    out: Annotated[Path, typer.Option("--out", help="folder for the files")] = Path(),
    form: Annotated[Format, typer.Option("--format", help="which files")] = Format.BOTH,
) -> None:
    """Make a document from a file of answers; status 1 names every answer that is missing or wrong."""
    here = current(context)
    papers = _papers(here.settings)
    wanted = _form(papers, name)
    values = _values(wanted, _read(answers), here.today(), here.settings)
    out.mkdir(parents=True, exist_ok=True)
    for kind, write in ((DOCX, papers.docx), (PDF, papers.pdf)):
        if form in (kind, Format.BOTH):
            path = out / f"{wanted.title}.{kind}"
            try:
                path.write_bytes(write(wanted, values))
            except ReachError as error:
                raise _wrong(Texts.load()(f"reach.wrong.{error.code}", **error.params)) from error
            typer.echo(str(path))


@group.command()
def template(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="a form, as `doc list` names it")],
    out: Annotated[Path, typer.Option("--out", help="file to write")],
) -> None:
    """Write the Word template of a form; laid out anew and put at faq/forms/NAME.docx it is used instead."""
    papers = _papers(current(context).settings)
    out.write_bytes(papers.template(_form(papers, name)))
    typer.echo(str(out))


def _papers(settings: Settings) -> Papers:
    own = settings.faq.path
    folder = own if (own / loader.FOLDER).exists() else SHIPPED
    return Papers.read(folder, Texts.load(), settings.documents.font)


def _form(papers: Papers, name: str) -> Form:
    if name not in papers.forms:
        raise _wrong(f"{name}: there is no such form; there are {', '.join(papers.forms)}")
    return papers.forms[name]


def _wrong(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _wrong(f"{path}: no JSON: {error}") from error
    if not isinstance(data, dict):
        raise _wrong(f"{path}: a JSON object is expected, with the ids of fields as keys")
    return data


def _values(form: Form, given: dict[str, Any], today: date, settings: Settings) -> dict[str, Any]:
    """The answers, each read by the rules of its field as in the chat."""
    texts = Texts.load()
    folder = settings.faq.path if (settings.faq.path / "courts.yaml").exists() else SHIPPED
    courts = Courts.read(folder)
    problems = [f"{key}: there is no such field" for key in given if key not in {f.id for f in form.fields}]
    values: dict[str, Any] = {}
    for field in form.fields:
        if field.id not in given or not field.applies(values):
            continue
        answer = checks.Answer(today, values, lambda said: courts.name(courts.find(said)))
        try:
            values[field.id] = _value(field, given[field.id], answer)
        except Wrong as error:
            why = texts(f"documents.wrong.{error.code}", **error.params)
            problems.append(f"{field.id}: {why}")
    told = {p.partition(":")[0] for p in problems}
    problems += [f"{f.id}: {texts('documents.wrong.none')}" for f in form.missing(values) if f.id not in told]
    try:
        checks.check_values(list(form.asked(values)), values)
    except Wrong as error:
        problems.append(texts(f"documents.wrong.{error.code}", **error.params))
    if problems:
        raise _wrong("\n".join(problems))
    return values


def _value(field: Field, given: Any, answer: checks.Answer) -> Any:
    if given in ("", None):
        return ""
    if field.kind is Kind.CHOICE and given in {o.code for o in field.options}:
        return given
    said = "\n".join(map(str, given)) if isinstance(given, list) else str(given)
    return checks.read(field, said, answer)
