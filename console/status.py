"""The console's first page: whether the bot serves, and what waits; figures only, nobody's data."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

from bot.core.clock import shown
from bot.service import Services

_PAGE = Template(Path(__file__).with_name("status.html").read_text(encoding="utf-8"))


async def render(services: Services, *, serving: bool) -> str:
    """The page as HTML."""
    texts, knowledge = services.texts, services.library.knowledge
    async with services.store.work(read_only=True) as work:
        waiting = await work.requests.waiting(limit=1000)
    figures = {
        "state": texts("console.serving" if serving else "console.starting"),
        "knowledge": texts("console.knowledge_value", entries=len(knowledge.entries), version=knowledge.version),
        "requests": len(waiting),
        "urgent": sum(r.urgent for r in waiting),
        "inbox": services.inbox.waiting(),
        "outbox": services.sender.waiting(),
        "time": shown(services.clock.now(), "%Y-%m-%d %H:%M:%S"),
    }
    rows = "\n".join(_row(texts(f"console.{name}"), value) for name, value in figures.items())
    offset = services.settings.clock.offset
    note = texts("console.moved_clock", seconds=offset) if offset else texts("console.note")
    return _PAGE.substitute(title=html.escape(texts("console.title")), note=html.escape(note), rows=rows)


def _row(name: str, value: object) -> str:
    return f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
