"""The PDF of a document: A4, justified, no line that begins with a comma, page numbers, signature kept together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fpdf import FPDF
from typing_extensions import override

from bot.guide.documents.compose import Line
from bot.guide.documents.model import Style
from bot.guide.documents.word import BODY_SIZE, INDENTED, MARGINS, SIZES
from bot.reach.pdf import face, find_font, find_named

# Serif faces first: 仿宋 where the machine has it, as courts print; bold of the same family for title and headings.
BODY_FACES = (
    "simfang.ttf",
    "FangSong.ttf",
    "STFANGSO.TTF",
    "NotoSerifCJK-Regular.ttc",
    "NotoSerifCJKsc-Regular.otf",
    "SourceHanSerifSC-Regular.otf",
    "NotoSerifSC-Regular.otf",
    "NotoSerifSC-Regular.ttf",
    "simsun.ttc",
)
TITLE_FACES = (
    "FZXBSJW.TTF",
    "NotoSerifCJK-Bold.ttc",
    "NotoSerifCJKsc-Bold.otf",
    "SourceHanSerifSC-Bold.otf",
    "NotoSerifSC-Bold.otf",
    "NotoSerifSC-Bold.ttf",
    "NotoSansCJK-Bold.ttc",
    "simhei.ttf",
    "msyhbd.ttc",
)
LINE = 1.6  # of the size: what 1.5 lines of a Chinese face come to in a Word file
_LOOSEST = 4.0  # points between two characters of a justified row
_MM = 0.352778  # millimetres in a point
_NOT_FIRST = frozenset("，。、；：？！）》〉」』】〕”’…—％%.,;:?!)]}·")  # never at the beginning of a line
_NOT_LAST = frozenset("（《〈「『【〔“‘([{")  # never at its end
_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.,:/@_\-]*[A-Za-z0-9])?|.", re.DOTALL)  # a number or a word is not torn apart


@dataclass(frozen=True, slots=True)
class Faces:
    """The font files of a document."""

    body: Path
    title: Path


def find_faces(given: Path | None = None) -> Faces:
    """The font of the settings, else what the machine has; ReachError when there is no Chinese one."""
    if given is not None:
        body = find_font(given)
        return Faces(body, body)
    body = find_named(BODY_FACES) or find_font()
    return Faces(body, find_named(TITLE_FACES) or body)


class _Sheet(FPDF):
    """A4 with the page's number below."""

    def __init__(self, faces: Faces) -> None:
        super().__init__(format="A4")
        self.add_font("body", "", str(faces.body), collection_font_number=face(faces.body))
        self.add_font("title", "", str(faces.title), collection_font_number=face(faces.title))
        self.set_margins(MARGINS["left"] * 10, MARGINS["top"] * 10, MARGINS["right"] * 10)
        self.set_auto_page_break(auto=False, margin=MARGINS["bottom"] * 10)
        self.set_creator("")
        self.set_producer("")

    @override
    def footer(self) -> None:
        """— 1 —"""
        self.set_y(-27)
        self.set_font("body", size=14)
        self.set_char_spacing(0)
        self.cell(0, 8, f"— {self.page_no()} —", align="C")


def as_pdf(lines: Sequence[Line], faces: Faces, title: str) -> bytes:
    """The finished document."""
    sheet = _Sheet(faces)
    sheet.set_title(title)
    sheet.set_lang("zh-CN")
    sheet.add_page()
    setter = _Setter(sheet)
    for group in _together(lines):
        setter.write(group)
    return bytes(sheet.output())


def _together(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Paragraphs that must not be parted, as one group."""
    group: list[Line] = []
    for line in lines:
        group.append(line)
        if not line.bound:
            yield group
            group = []
    if group:
        yield group


class _Setter:
    """Sets paragraphs from the top of the page to the bottom."""

    def __init__(self, sheet: _Sheet) -> None:
        self._sheet = sheet
        self._width = sheet.epw
        self._bottom = sheet.h - sheet.b_margin

    def write(self, group: Sequence[Line]) -> None:
        """A group; on a new page if it would be torn apart and fits on one."""
        rows = [(line, list(self._rows(line))) for line in group]
        # Of the last paragraph the first two rows stay with what is before it; of a single row, itself.
        keeps = sum(_space(line) + _height(line) * len(r) for line, r in rows[:-1])
        keeps += _space(rows[-1][0]) + _height(rows[-1][0]) * min(2, len(rows[-1][1]))
        if self._sheet.get_y() + keeps > self._bottom:
            self._sheet.add_page()
        for line, texts in rows:
            self._paragraph(line, texts)

    def _paragraph(self, line: Line, rows: list[tuple[str, float, bool]]) -> None:
        if self._sheet.get_y() > self._sheet.t_margin + 1:
            self._sheet.set_y(self._sheet.get_y() + _space(line))
        height = _height(line)
        for text, indent, last in rows:
            if self._sheet.get_y() + height > self._bottom:
                self._sheet.add_page()
            self._row(line, text, indent, last, height)
        if line.style is Style.TITLE:
            self._sheet.set_y(self._sheet.get_y() + BODY_SIZE * _MM)

    def _row(self, line: Line, text: str, indent: float, last: bool, height: float) -> None:
        self._font(line)
        width = self._measure(text)
        x = self._sheet.l_margin + indent
        if line.style is Style.TITLE:
            x += (self._width - width) / 2
        elif line.style is Style.SIGN:
            x += self._width - width
        elif not last and len(text) > 1:
            # Justified: what is left over goes between the characters.
            spare = (self._width - indent - width) / (len(text) - 1) / _MM
            # A long number that went down whole may leave so much that the row would fall apart: then not.
            self._sheet.set_char_spacing(spare if 0 < spare < _LOOSEST else 0)
        self._sheet.set_x(x)
        self._sheet.cell(width + 1, height, text)
        self._sheet.set_char_spacing(0)
        self._sheet.set_xy(self._sheet.l_margin, self._sheet.get_y() + height)

    def _rows(self, line: Line) -> Iterator[tuple[str, float, bool]]:
        """The rows of a paragraph: text, indent in millimetres, whether the paragraph ends with it."""
        self._font(line)
        size = SIZES.get(line.style, BODY_SIZE) * _MM
        for part in line.text.split("\n"):
            indent = 2 * size if line.style in INDENTED else 0.0
            row: list[str] = []
            for piece in self._pieces(part):
                row.append(piece)
                if len(row) > 1 and self._measure("".join(row).rstrip(" ")) > self._width - indent:
                    end = _end_of(row)
                    yield "".join(row[:end]).rstrip(" "), indent, False
                    row, indent = row[end:], 0.0
                    row[0] = row[0].lstrip(" ") or row[0]
            if row:
                yield "".join(row), indent, True

    def _pieces(self, text: str) -> Iterator[str]:
        """Characters, and words as a whole unless they are longer than a row."""
        for found in _WORD.finditer(text):
            piece = found.group()
            if self._measure(piece) > self._width - 2 * BODY_SIZE * _MM:
                yield from piece
            else:
                yield piece

    def _font(self, line: Line) -> None:
        heavy = line.style in (Style.TITLE, Style.HEADING)
        self._sheet.set_font("title" if heavy else "body", size=SIZES.get(line.style, BODY_SIZE))

    def _measure(self, text: str) -> float:
        return self._sheet.get_string_width(text)


def _end_of(row: Sequence[str]) -> int:
    """How many pieces of an overfull row stay: a comma takes the word before it down, a bracket goes with its word."""
    end = len(row) - 1
    while end > max(1, len(row) - 6) and (row[end][0] in _NOT_FIRST or row[end - 1][-1] in _NOT_LAST):
        end -= 1
    fits = row[end][0] not in _NOT_FIRST and row[end - 1][-1] not in _NOT_LAST
    return end if fits else len(row) - 1


def _height(line: Line) -> float:
    size = SIZES.get(line.style, BODY_SIZE)
    return size * _MM * (1.4 if line.style is Style.NOTE else LINE)


def _space(line: Line) -> float:
    """Empty space above a paragraph."""
    if line.style in (Style.NOTE, Style.ATTACHED) or (line.style is Style.SIGN and line.bound):
        return BODY_SIZE * _MM
    return 0.0
