"""`log …`: conversations as they were said."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.core.clock import SHANGHAI, shown
from bot.core.errors import SettingsError
from bot.store.rows import MessageRow
from bot.store.work import Store
from commands.program import Current, current, note_export

group = typer.Typer(no_args_is_help=True, help="The log of conversations.")


class Form(StrEnum):
    """How a log is written."""

    JSONL = "jsonl"
    TEXT = "text"


@group.command("list")
def list_command(context: typer.Context) -> None:
    """List the conversations: number, channel, person (pseudonymous), begin."""
    asyncio.run(_list(current(context)))


@group.command()
def export(
    context: typer.Context,
    conversation: Annotated[int, typer.Option(help="number of a conversation; 0 = all")] = 0,
    form: Annotated[Form, typer.Option("--format", help="jsonl for programs, text for reading")] = Form.JSONL,
    since: Annotated[datetime | None, typer.Option(help="only from this day on", formats=["%Y-%m-%d"])] = None,
    output: Annotated[Path | None, typer.Option(help="file to write; without it, standard output")] = None,
) -> None:
    """Write conversations, every message with time, direction, topic, score, decision and feedback."""
    begin = since.replace(tzinfo=SHANGHAI) if since else None
    lines = asyncio.run(_export(current(context), conversation, form, begin))
    text = "\n".join(lines) + ("\n" if lines else "")
    if output:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"{output}: cannot be written: {error.strerror}") from error
    else:
        typer.echo(text, nl=False)


async def _list(here: Current) -> None:
    store = await here.program.open_store(here.settings)
    try:
        async with store.work(read_only=True) as work:
            for number in await work.log.conversation_ids():
                row = await work.conversations.get(number)
                if row:
                    typer.echo(f"{row.id}\t{row.channel}\t{row.kind}\t{row.person}\t{shown(row.created_at)}")
    finally:
        await store.close()


async def _export(here: Current, conversation: int, form: Form, since: datetime | None) -> list[str]:
    store = await here.program.open_store(here.settings)
    try:
        if conversation:
            async with store.work(read_only=True) as work:
                if await work.conversations.get(conversation) is None:
                    raise SettingsError(f"--conversation {conversation}: there is none; see `log list`")
        await note_export(here, store, "log", conversation or "")
        return [line async for line in _lines(store, conversation, form, since)]
    finally:
        await store.close()


async def _lines(store: Store, conversation: int, form: Form, since: datetime | None) -> Any:
    last = 0
    async with store.work(read_only=True) as work:
        async for message in work.log.read(conversation_id=conversation or None, since=since):
            if form is Form.TEXT and message.conversation_id != last:
                yield f"# {message.conversation_id} {message.person}"
                last = message.conversation_id
            yield as_json(message) if form is Form.JSONL else as_text(message)


def as_json(message: MessageRow) -> str:
    """One message as a JSON object; times in ISO format, UTC."""
    values = {k: v for k, v in asdict(message).items() if v is not None}
    values["at"] = message.at.isoformat()
    return json.dumps(values, ensure_ascii=False)


def as_text(message: MessageRow) -> str:
    """One message as a line that a person reads; Shanghai time."""
    arrow = "→" if message.direction == "in" else "←"
    marks = [
        message.kind if message.kind != "text" else "",
        message.decision or "",
        message.topic or "",
        f"{message.score:.2f}" if message.score is not None else "",
        {1: "+1", -1: "-1"}.get(message.feedback or 0, ""),
        f"v{message.version}" if message.version > 1 else "",
    ]
    note = " ".join(m for m in marks if m)
    body = message.text.replace("\n", "\n    ")
    return f"{shown(message.at, '%Y-%m-%d %H:%M:%S')} {arrow} {message.sender:6} {f'[{note}] ' if note else ''}{body}"
