"""Those whom the chat does not reach, as a table for text messages, calls and visits."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Font

from bot.core.clock import shown
from bot.core.texts import Texts
from bot.reach.service import NotReached
from bot.reach.transcript import safe_cell

_WIDTHS = {"number": 28, "name": 16, "phone": 16, "why": 24, "tried": 40, "party": 20}


def tried(row: NotReached, texts: Texts) -> str:
    """What was tried by hand, and what came of it."""
    return "; ".join(
        f"{shown(at, '%Y-%m-%d')} {texts(f'reach.way.{way}')} {texts(f'reach.outcome.{outcome}')} {note}".strip()
        for at, way, outcome, note in row.tried
    )


def columns(row: NotReached, texts: Texts) -> tuple[str, ...]:
    """Case, name, telephone, why, what was tried, number of the party."""
    why = texts(f"reach.why.{row.why}")
    return row.case.number, row.party.name, row.party.phone or "", why, tried(row, texts), str(row.party.id)


def workbook(rows: Sequence[NotReached], texts: Texts) -> bytes:
    """The table as an Excel file."""
    book = Workbook()
    table = book.worksheets[0]
    table.append([texts(f"reach.column.{c}") for c in _WIDTHS])
    for cell in table[1]:
        cell.font = Font(bold=True)
    for row in rows:
        table.append([safe_cell(c) for c in columns(row, texts)])
    for letter, width in zip("ABCDEF", _WIDTHS.values(), strict=True):
        table.column_dimensions[letter].width = width
    table.freeze_panes = "A2"
    target = BytesIO()
    book.save(target)
    return target.getvalue()
