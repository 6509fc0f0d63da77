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
from bot.guide.documents.word import BODY_SIZE, INDENTED, MARGINS, SIZES, SPACING
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
LEADINGS = (SPACING, SPACING - 1.5, SPACING - 3, SPACING - 4)  # points from row to row, the best first
_LOOSEST = 4.0  # points between two characters of a justified row
_WHOLE = 3  # rows of a paragraph that is not parted
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

    def write_in(self, line: Line) -> None:
        """The face and size of a paragraph."""
        heavy = line.style in (Style.TITLE, Style.HEADING)
        self.set_font("title" if heavy else "body", size=SIZES.get(line.style, BODY_SIZE))

    @override
    def footer(self) -> None:
        """— 1 —"""
        self.set_y(-27)
        self.set_font("body", size=14)
        self.set_char_spacing(0)
        self.cell(0, 8, f"— {self.page_no()} —", align="C")


def as_pdf(lines: Sequence[Line], faces: Faces, title: str) -> bytes:
    """The finished document; a little closer where that saves a last page of few lines."""
    sheet = _Sheet(faces)
    sheet.set_title(title)
    sheet.set_lang("zh-CN")
    sheet.add_page()
    paragraphs = _Paragraphs(sheet)
    groups = [[(line, paragraphs.rows(line)) for line in group] for group in _together(lines)]
    pages = {leading: _Setter(sheet, leading, dry=True).write(groups) for leading in LEADINGS}
    fewest = min(pages.values())
    _Setter(sheet, next(leading for leading in LEADINGS if pages[leading] == fewest)).write(groups)
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


_Row = tuple[str, float, bool]  # text, indent in millimetres, whether the paragraph ends with it
_Group = list[tuple[Line, list[_Row]]]  # paragraphs that must not be parted


class _Paragraphs:
    """Breaks paragraphs into rows."""

    def __init__(self, sheet: _Sheet) -> None:
        self._sheet = sheet
        self._width = sheet.epw

    def rows(self, line: Line) -> list[_Row]:
        """The rows of a paragraph."""
        self._sheet.write_in(line)
        return list(self._rows(line))

    def _rows(self, line: Line) -> Iterator[_Row]:
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

    def _measure(self, text: str) -> float:
        return self._sheet.get_string_width(text)


class _Setter:
    """Sets paragraphs from the top of the page to the bottom; `dry`: only to see how many pages it takes."""

    def __init__(self, sheet: _Sheet, leading: float, *, dry: bool = False) -> None:
        self._sheet = sheet
        self._leading = leading
        self._dry = dry
        self._width = sheet.epw
        self._bottom = sheet.h - sheet.b_margin
        self._y = sheet.t_margin
        self._pages = 1

    def write(self, groups: Sequence[_Group]) -> int:
        """All of it; how many pages that takes."""
        for group in groups:
            self._group(group)
        return self._pages

    def _group(self, group: _Group) -> None:
        """A group; on a new page if it would be torn apart and fits on one."""
        *others, (end, rows) = group
        # Of the last paragraph the first two rows stay with what is before it, three rows and fewer stay whole.
        keeps = sum(_space(line) + self._height(line) * len(r) for line, r in others)
        keeps += _space(end) + self._height(end) * (2 if len(rows) > _WHOLE else len(rows))
        if self._y + keeps > self._bottom:
            self._turn()
        for line, texts in group:
            self._paragraph(line, texts)

    def _turn(self) -> None:
        """The next page."""
        self._pages += 1
        self._y = self._sheet.t_margin
        if not self._dry:
            self._sheet.add_page()

    def _paragraph(self, line: Line, rows: Sequence[_Row]) -> None:
        if self._y > self._sheet.t_margin + 1:
            self._y += _space(line)
        height = self._height(line)
        for number, row in enumerate(rows):
            # The last row takes the one before it along: none stands alone on the next page.
            needed = 2 if number and len(rows) - number == 2 else 1
            if self._y + height * needed > self._bottom:
                self._turn()
            if not self._dry:
                self._row(line, row, height)
            self._y += height
        if line.style is Style.TITLE:
            self._y += BODY_SIZE * _MM

    def _row(self, line: Line, row: _Row, height: float) -> None:
        text, indent, last = row
        self._sheet.write_in(line)
        width = self._sheet.get_string_width(text)
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
        self._sheet.set_xy(x, self._y)
        self._sheet.cell(width + 1, height, text)
        self._sheet.set_char_spacing(0)

    def _height(self, line: Line) -> float:
        size = SIZES.get(line.style, BODY_SIZE)
        return size * _MM * (1.4 if line.style is Style.NOTE else self._leading / BODY_SIZE)


def _end_of(row: Sequence[str]) -> int:
    """How many pieces of an overfull row stay: a comma takes the word before it down, a bracket goes with its word."""
    end = len(row) - 1
    while end > max(1, len(row) - 6) and (row[end][0] in _NOT_FIRST or row[end - 1][-1] in _NOT_LAST):
        end -= 1
    fits = row[end][0] not in _NOT_FIRST and row[end - 1][-1] not in _NOT_LAST
    return end if fits else len(row) - 1


def _space(line: Line) -> float:
    """Empty space above a paragraph."""
    if line.style is Style.NOTE:
        return BODY_SIZE * _MM / 2
    if line.style is Style.ATTACHED or (line.style is Style.SIGN and line.bound):
        return BODY_SIZE * _MM
    return 0.0
