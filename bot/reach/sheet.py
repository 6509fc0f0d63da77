"""The sheet that goes with the judgment: a QR code and what happens to whoever scans it; no fact of the case.

Whoever finds the sheet must not learn more from it than from the envelope: it names the court, not the
case, not a sum, not the other side, and not the person, whose name stands on the notice beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.core.clock import shown
from bot.core.texts import Texts
from bot.reach.pdf import Page


@dataclass(frozen=True, slots=True)
class Sheet:
    """One party's sheet; `mark` tells the clerk whose it is without telling anybody else."""

    court: str
    link: str
    expires: datetime
    mark: str


def mark_of(party_id: int) -> str:
    """The last characters of a party's id: they tell the clerk into whose envelope a sheet goes."""
    return f"{party_id % 10**8:08d}"


def sheets_pdf(sheets: Sequence[Sheet], texts: Texts, font: Path) -> bytes:
    """One page per sheet."""
    page = Page(font)
    for number, sheet in enumerate(sheets):
        if number:
            page.break_page()
        _draw(page, sheet, texts)
    return page.content()


def _draw(page: Page, sheet: Sheet, texts: Texts) -> None:
    until = shown(sheet.expires, "%Y-%m-%d")
    page.line(sheet.court, 16, align="C").line(texts("document.sheet.title"), 20, align="C").gap(6)
    page.lines(texts("document.sheet.what").split("\n"), 12).gap(4)
    page.code(sheet.link, 60).gap(2)
    page.line(sheet.link, 8, align="C").gap(4)
    page.lines(texts("document.sheet.how", until=until).split("\n"), 12).gap(3).rule()
    page.lines(texts("document.sheet.beware").split("\n"), 11).gap(3)
    page.line(texts("document.sheet.mark", mark=sheet.mark), 8, align="R")
