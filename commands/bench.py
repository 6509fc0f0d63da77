"""`bench …`: measurements with the alternative beside them in the same run."""

from __future__ import annotations

import typer

group = typer.Typer(no_args_is_help=True, help="Measurements.")


@group.command()
def answer(context: typer.Context) -> None:
    """Questions answered per second."""
