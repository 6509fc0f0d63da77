"""`docs …`: the parts of the documentation that are made from the code."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bot.dialogue.flows import PATHS
from bot.dialogue.flows.diagram import page_of

group = typer.Typer(no_args_is_help=True, help="Documentation made from the code.")
PAGE = Path(__file__).parent.parent / "docs" / "flows.md"
DRAWN_ON = date(2026, 11, 23)  # the day of the examples: a diagram does not change with the calendar


@group.callback()
def docs() -> None:
    """Documentation made from the code."""


@group.command()
def flows(
    write: Annotated[bool, typer.Option("--write", help="write docs/flows.md instead of comparing")] = False,
) -> None:
    """Compare the diagrams of docs/flows.md with the guided paths; status 1 when they differ."""
    is_, should_be = page_of(PAGE, PATHS, DRAWN_ON)
    if write:
        PAGE.write_text(should_be, encoding="utf-8")
        typer.echo(f"{PAGE.name}: {len(PATHS)} paths drawn")
    elif is_ != should_be:
        typer.echo(f"{PAGE.name}: differs from the code; run `python main.py docs flows --write`")
        raise typer.Exit(1)
