"""Tables as text: Markdown that also reads well in a terminal, Chinese characters counted as two columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from bot.core.errors import SettingsError


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A pipe table; the first column to the left, columns of numbers to the right."""
    cells = [[_cell(each) for each in row] for row in (headings, *rows)]
    widths = [max(3, *(width(row[place]) for row in cells)) for place in range(len(headings))]
    right = [place > 0 and all(_is_number(row[place]) for row in cells[1:]) for place in range(len(headings))]
    ruler = "|".join("-" * (size + 1) + (":" if flag else "-") for size, flag in zip(widths, right, strict=True))
    lines = [_line(row, widths, right) for row in cells]
    return "\n".join([lines[0], f"|{ruler}|", *lines[1:]])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[–-]?|[+−-]?[\d.,]+ ?(%|ms|MB|s|×)?", text))


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = []
    for text, size, flag in zip(row, widths, right, strict=True):
        gap = " " * (size - width(text))
        parts.append(gap + text if flag else text + gap)
    return "| " + " | ".join(parts) + " |"


def percent(part: float, whole: float) -> str:
    """A share as people read it; a dash when there is nothing to take a share of."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def replace_section(path: Path, name: str, text: str) -> None:
    """Put a text between `<!-- begin NAME -->` and `<!-- end NAME -->` of a Markdown file.

    SettingsError when the file lacks the two lines.
    """
    content = path.read_text(encoding="utf-8")
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    if content.count(begin) != 1 or content.count(end) != 1 or content.index(begin) > content.index(end):
        raise SettingsError(f"{path}: a line {begin} and a line {end} are needed")
    head, tail = content[: content.index(begin) + len(begin)], content[content.index(end) :]
    path.write_text(f"{head}\n\n{text.strip()}\n\n{tail}", encoding="utf-8")
