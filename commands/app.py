"""All commands of `python main.py`, by group; each says what it does with `--help`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bot.core import log
from bot.core.errors import KnowledgeError, SettingsError
from bot.settings import Settings
from commands import bench, calc, database, demo, doc, docs, faq, ledger, log_export, reach, remind, report, staff
from commands.program import Current, Program, current

DEFAULT_CONFIG = Path("config.yaml")


def build_cli(program: Program) -> Callable[[], None]:
    """The command line as one callable."""
    cli = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Zhiyuan: consultation on court enforcement, on Telegram and beyond.",
    )

    @cli.callback()
    def settings(
        context: typer.Context,
        config: Annotated[Path, typer.Option(help="settings file")] = DEFAULT_CONFIG,
    ) -> None:
        loaded = program.load(config if config.exists() or config != DEFAULT_CONFIG else None)
        configure_logging(loaded)
        context.obj = Current(program, loaded)

    @cli.command()
    def run(context: typer.Context) -> None:
        """Run the bot; without a token, with the chat page of the sandbox."""
        here = current(context)
        raise typer.Exit(asyncio.run(here.program.run(here.settings)))

    @cli.command()
    def chat(context: typer.Context) -> None:
        """Talk to the bot in this terminal."""
        here = current(context)
        raise typer.Exit(asyncio.run(here.program.chat(here.settings)))

    cli.add_typer(calc.group, name="calc")
    cli.add_typer(faq.group, name="faq")
    cli.add_typer(doc.group, name="doc")
    cli.add_typer(ledger.group, name="ledger")
    cli.add_typer(log_export.group, name="log")
    cli.add_typer(database.group, name="db")
    cli.add_typer(docs.group, name="docs")
    cli.add_typer(reach.group, name="reach")
    cli.add_typer(remind.group, name="remind")
    cli.add_typer(remind.campaign, name="campaign")
    cli.add_typer(staff.group, name="staff")
    cli.command("report")(report.report)
    cli.command("demo")(demo.demo)
    cli.add_typer(bench.group, name="bench")
    return lambda: _guarded(cli)


def configure_logging(settings: Settings) -> None:
    """Logging as the settings want it, with every secret of theirs kept out."""
    secrets = (settings.telegram.token, settings.telegram.webhook_secret, settings.privacy.key, settings.rerank.key)
    log.configure(
        settings.log.level, as_json=settings.log.format == "json", secrets=tuple(s.get_secret_value() for s in secrets)
    )


def _guarded(cli: typer.Typer) -> None:
    """Input at fault: the message alone, and status 1 (wrong usage is typer's, status 2)."""
    try:
        cli()
    except (SettingsError, KnowledgeError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)  # whoever read our output has read enough
