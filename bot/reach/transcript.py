"""Every word about an obligation, in and out, with times and outcomes: as text, Excel and PDF."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from bot.core.clock import shown
from bot.core.texts import Texts
from bot.ledger.service import Ledger, View
from bot.reach.pdf import Page
from bot.store.work import Store

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said, or that happened."""

    at: datetime
    who: str  # a key below `document.transcript.who`
    kind: str
    text: str
    step: str  # the reminder's step that it belongs to
    outcome: str  # what became of a reminder, or how an answer was understood


async def gather(store: Store, ledger: Ledger, obligation_id: int, texts: Texts) -> tuple[View, list[Line]] | None:
    """The obligation and its lines in the order of time; None when there is no such obligation."""
    view = await ledger.obligation(obligation_id)
    if view is None:
        return None
    lines = await _said(store, obligation_id)
    for event in await ledger.history(obligation_id=obligation_id):
        key = f"document.transcript.event.{event.kind}"
        told = texts(key) if key in texts else event.kind
        lines.append(Line(event.at, "ledger", "event", told, "", event.why or ""))
    return view, sorted(lines, key=lambda line: line.at)


async def _said(store: Store, obligation_id: int) -> list[Line]:
    lines: list[Line] = []
    async with store.work(read_only=True) as work:
        belongs = {m.message_id: m for m in await work.reach.messages_of(obligation_id)}
        deliveries = {d.message_id: d for d in await work.reminders.of(obligation_id=obligation_id) if d.message_id}
        by_id = {d.id: d for d in deliveries.values()}
        wanted = set(belongs) | set(deliveries)
        chats = {m.conversation_id for m in belongs.values()}
        chats |= {d.conversation_id for d in deliveries.values() if d.conversation_id}
        for chat in sorted(chats):
            async for message in work.log.read(conversation_id=chat):
                if message.id not in wanted:
                    continue
                own = deliveries.get(message.id)
                link = belongs.get(message.id)
                answered = by_id.get(link.delivery_id or 0) if link else None
                lines.append(
                    Line(
                        at=message.at,
                        who=message.sender,
                        kind=message.kind,
                        text=message.text,
                        step=own.step if own else answered.step if answered else "",
                        outcome=own.status if own else message.decision or "",
                    )
                )
    return lines


def _shown(line: Line, texts: Texts) -> tuple[str, str, str, str, str]:
    kind = f"document.transcript.kind.{line.kind}"
    mark = texts(kind) if kind in texts else ""
    outcome = f"document.transcript.outcome.{line.outcome}"
    # The reason of a change is somebody's own words, whatever they look like.
    known = line.kind != "event" and outcome in texts
    text = f"{mark} {line.text}".strip()
    return (
        shown(line.at, "%Y-%m-%d %H:%M:%S"),
        texts(f"document.transcript.who.{line.who}"),
        text,
        line.step,
        texts(outcome) if known else line.outcome,
    )


def title(view: View, texts: Texts) -> str:
    """What the transcript is about."""
    return texts("document.transcript.title", matter=f"{view.case.number} {view.row.label}")


def as_text(view: View, lines: Sequence[Line], texts: Texts) -> str:
    """For reading in any editor."""
    out = [title(view, texts)]
    for line in lines:
        at, who, text, step, outcome = _shown(line, texts)
        note = " ".join(n for n in (step, outcome) if n)
        out.append(f"{at} {who}{f' [{note}]' if note else ''}: " + text.replace("\n", "\n    "))
    return "\n".join(out) + "\n"


def as_excel(view: View, lines: Sequence[Line], texts: Texts) -> bytes:
    """For sorting and filtering; what people wrote is text, never a formula."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = texts("document.transcript.sheet")
    sheet.append([title(view, texts)])
    sheet.append([texts(f"document.transcript.column.{c}") for c in ("at", "who", "text", "step", "outcome")])
    for line in lines:
        sheet.append([safe_cell(c) for c in _shown(line, texts)])
    for cell in sheet[2]:
        cell.font = Font(bold=True)
    for row in sheet.iter_rows(min_row=3, min_col=3, max_col=3):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column, width in zip("ABCDE", (20, 12, 70, 10, 16), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A3"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_pdf(view: View, lines: Sequence[Line], texts: Texts, font: Path) -> bytes:
    """For the file of the case."""
    page = Page(font).line(title(view, texts), 14, align="C").gap(4)
    for line in lines:
        at, who, text, step, outcome = _shown(line, texts)
        note = "  ".join(n for n in (at, who, step, outcome) if n)
        page.line(note, 8).line(printable(text), 10).gap(2)
    return page.content()


def safe_cell(text: str) -> str:
    """A cell that a spreadsheet does not run: what begins like a formula gets an apostrophe."""
    return "'" + text if text.startswith(_FORMULA) else text


def printable(text: str) -> str:
    """Without the pictures that a text font has no shapes for."""
    return "".join(c for c in text if ord(c) < 0x1F000 and c not in "\ufe0f\u200d")
