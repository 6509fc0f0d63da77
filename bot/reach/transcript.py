"""Every word about an obligation, in and out, with times and outcomes: as text, Excel and PDF."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font

from bot.core.clock import shown
from bot.core.texts import Texts
from bot.ledger import wording
from bot.ledger.service import Ledger, View
from bot.reach import people
from bot.reach.pdf import Page
from bot.store.ledger_rows import EventRow
from bot.store.work import Store

_CODE = re.compile(r"[a-z]{2,10}(?::[\w@.+-]*)*")  # what a button means to the program: all that older logs kept of a press
_STEP = re.compile(r"T([+-]\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said, or that happened."""

    at: datetime
    who: str  # by name, where there is one
    kind: str
    text: str
    step: str  # the reminder's step that it belongs to
    outcome: str  # what became of a reminder, how an answer was understood, or the reason of a change


async def gather(store: Store, ledger: Ledger, obligation_id: int, texts: Texts) -> tuple[View, list[Line]] | None:
    """The obligation and its lines in the order of time; None when there is no such obligation."""
    view = await ledger.obligation(obligation_id)
    if view is None:
        return None
    lines = await _said(store, view, texts)
    history = await ledger.history(obligation_id=obligation_id)
    async with store.work(read_only=True) as work:
        names = await people.names(work, {e.actor for e in history}, view, texts)
    lines += [
        Line(e.at, names[e.actor], "event", _happened(e, texts), "", wording.why(texts, e))
        for e in history
        if f"document.transcript.event.{e.kind}" in texts
    ]
    return view, sorted(lines, key=lambda line: line.at)


def _happened(event: EventRow, texts: Texts) -> str:
    what, values = texts(f"document.transcript.event.{event.kind}"), wording.changed(texts, event)
    if not values:
        return texts("document.transcript.happened", what=what)
    told = texts("document.transcript.values_and").join(values)
    return texts("document.transcript.happened_so", what=what, values=told)


async def _said(store: Store, view: View, texts: Texts) -> list[Line]:
    lines: list[Line] = []
    obligation_id = view.id
    async with store.work(read_only=True) as work:
        staff = {a.id: a.name for a in await work.staff.accounts()}
        belongs = {m.message_id: m for m in await work.reach.messages_of(obligation_id)}
        deliveries = {d.message_id: d for d in await work.reminders.of(obligation_id=obligation_id) if d.message_id}
        by_id = {d.id: d for d in deliveries.values()}
        wanted = set(belongs) | set(deliveries)
        chats = {m.conversation_id for m in belongs.values()}
        chats |= {d.conversation_id for d in deliveries.values() if d.conversation_id}
        for chat in sorted(chats):
            person = people.party(await work.reach.bindings_of_chat(chat), view, texts)
            async for message in work.log.read(conversation_id=chat):
                if message.id not in wanted:
                    continue
                own = deliveries.get(message.id)
                link = belongs.get(message.id)
                answered = by_id.get(link.delivery_id or 0) if link else None
                lines.append(
                    Line(
                        at=message.at,
                        who=(person if message.sender == "person" else staff.get(message.author or 0, ""))
                        or texts(f"document.transcript.who.{message.sender}"),
                        kind=message.kind,
                        text=message.text,
                        step=own.step if own else answered.step if answered else "",
                        outcome=own.status if own else message.decision or "",
                    )
                )
    return lines


def _shown(line: Line, texts: Texts) -> tuple[str, str, str, str, str]:
    kind = f"document.transcript.kind.{line.kind}"
    text = f"{texts(kind) if kind in texts else ''} {line.text.replace('**', '')}".strip()
    if line.kind == "button" and _CODE.fullmatch(line.text):
        text = texts("document.transcript.kind.button_unknown")
    return shown(line.at, "%Y-%m-%d %H:%M:%S"), line.who, text, _step(line.step, texts), _outcome(line, texts)


def _outcome(line: Line, texts: Texts) -> str:
    """How it ended, in words; the reason of a change is somebody's own words, whatever they look like."""
    if line.kind == "event":
        return line.outcome
    key = f"document.transcript.outcome.{line.outcome}"
    return texts(key) if key in texts else ""


def _step(step: str, texts: Texts) -> str:
    """A step of the reminders by its day; one of a name of the court's own as it is called there."""
    if found := _STEP.fullmatch(step):
        days = int(found[1] or 0)
        key = "before" if days < 0 else "after"
        return texts(f"document.transcript.step.{key}", days=abs(days)) if days else texts("document.transcript.step.due")
    return texts("document.transcript.step.person") if step == "person" else step


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
    """A cell that a spreadsheet takes and does not run: what begins like a formula gets an apostrophe."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    return "'" + text if text.startswith(_FORMULA) else text


def printable(text: str) -> str:
    """Without the pictures that a text font has no shapes for."""
    return "".join(c for c in text if ord(c) < 0x1F000 and c not in "\ufe0f\u200d")
