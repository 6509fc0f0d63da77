"""The ledger as a table: its columns, and reading and writing them as .xlsx or .csv in a stream."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import file_digest
from pathlib import Path
from typing import Any, Protocol

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation

from bot.core.errors import SettingsError
from bot.core.texts import Texts
from bot.ledger.cells import Cell, clean
from bot.ledger.columns import COLUMNS, REQUIRED, Line, Words

_TEXT = frozenset(COLUMNS) - {"filed_on", "amount", "due", "paid", "paid_on"}
_MONEY = {"amount", "paid", "settled", "balance"}
_DAYS = {"filed_on", "due", "paid_on", "next_due"}
_WIDE = {"court": 30, "number": 24, "plan": 40, "act": 30, "debtor_number": 22, "co_debtor_number": 22, "creditor_number": 22, "reason": 60}
_LAST_ROW = 50_001  # drop-downs reach as far as the largest import that is promised
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_MOST_BYTES = 2**30  # an .xlsx is a zip: what unfolds to more than this is refused
_EMPTY_END = 1_000  # so many empty rows one after the other are the end of the table
_HEADER_ROWS = 5
_RANGE = re.compile(rb'mergeCell ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_RANGE_LENGTH = 64  # a reference that lies across two blocks
_OWN = frozenset({"amount", "plan", "paid"})  # a sum over several rows would count in each of them
_OLE = b"\xd0\xcf\x11\xe0"

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Merged:
    """The value of a merged cell, in a row in which it does not stand itself."""

    value: Cell


class FileError(SettingsError):
    """The file cannot be used; the message is for whoever chose it."""


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


# -- reading ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Table:
    """An open file: its rows in a stream, how many there may be, and columns nobody knows."""

    lines: Iterator[Line]
    about: int | None
    unknown: tuple[str, ...]


@contextmanager
def opened(path: Path, texts: Texts) -> Iterator[Table]:
    """Open .xlsx or .csv for one pass; FileError when it cannot be read as this table."""
    rows, about, close = _csv(path, texts) if path.suffix.lower() == ".csv" else _xlsx(path, texts)
    try:
        header_row, columns, unknown, stream = _header(rows, path, texts)
        yield Table(_lines(stream, columns, header_row, texts("ledger.file.merged")), about, unknown)
    finally:
        close()


def _xlsx(path: Path, texts: Texts) -> tuple[Iterator[Sequence[Cell]], int | None, Callable[[], None]]:
    try:
        with path.open("rb") as file:
            if file.read(4) == _OLE:
                raise FileError(texts("ledger.file.old_excel", path=path))
        with zipfile.ZipFile(path) as archive:
            if sum(i.file_size for i in archive.infolist()) > _MOST_BYTES:
                raise FileError(texts("ledger.file.huge", path=path))
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, InvalidFileException) as error:
        raise FileError(texts("ledger.file.unreadable", path=path)) from error
    name = texts("ledger.sheet.entries")
    sheet: Any = book[name] if name in book.sheetnames else book.worksheets[0]
    about = sheet.max_row
    # The dimension that a program wrote may be wrong; without it every row that is there is read.
    sheet.reset_dimensions()
    rows = iter(sheet.iter_rows(values_only=True))
    merged = _merged(path, getattr(sheet, "_worksheet_path", ""))
    return (_unmerged(rows, merged) if merged else rows), about, book.close


def _merged(path: Path, part: str) -> dict[int, dict[int, int]]:
    """Row → column → the row in which the value of a merged cell stands; for cells merged over several rows.

    A streaming reader does not tell them, and they stand behind the rows, so the sheet is gone through once.
    """
    found: dict[int, dict[int, int]] = {}
    try:
        with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as stream:
            rest = b""
            while block := stream.read(1 << 20):
                rest = rest[-_RANGE_LENGTH:] + block
                for reference in _RANGE.findall(rest):
                    _spread(reference.decode(), found)
    except KeyError:  # no part of that name: then nothing is known to be merged
        return {}
    return found


def _spread(reference: str, found: dict[int, dict[int, int]]) -> None:
    left, top, right, bottom = (edge or 0 for edge in range_boundaries(reference))
    for row in range(top + 1, min(bottom, top + _LAST_ROW) + 1):
        found.setdefault(row, {}).update(dict.fromkeys(range(left, right + 1), top))


def _unmerged(rows: Iterator[Sequence[Any]], merged: dict[int, dict[int, int]]) -> Iterator[Sequence[Any]]:
    """The rows with the value of a merged cell in each row that it spans, as whoever merged it reads them."""
    tops = {(top, column) for columns in merged.values() for column, top in columns.items()}
    held: dict[tuple[int, int], Any] = {}
    for number, row in enumerate(rows, 1):
        cells = list(row)
        for column, cell in enumerate(cells, 1):
            if (number, column) in tops:
                held[number, column] = cell
        for column, top in merged.get(number, {}).items():
            if column <= len(cells) and cells[column - 1] is None and held.get((top, column)) is not None:
                cells[column - 1] = Merged(held[top, column])
        yield cells


def _csv(path: Path, texts: Texts) -> tuple[Iterator[Sequence[Cell]], int | None, Callable[[], None]]:
    try:
        encoding = _encoding(path)
        file = path.open(encoding=encoding, newline="")
    except OSError as error:
        raise FileError(texts("ledger.file.unreadable", path=path)) from error

    def rows() -> Iterator[Sequence[Cell]]:
        try:
            for row in csv.reader(file):
                # A quote before a formula's first character was put there by whoever exported it.
                yield [c[1:] if c.startswith("'") and c[1:].startswith(_DANGEROUS) else c for c in row]
        except (UnicodeDecodeError, csv.Error) as error:
            raise FileError(texts("ledger.file.unreadable", path=path)) from error

    return rows(), None, file.close


def _encoding(path: Path) -> str:
    """UTF-8 when all of it is; else what Chinese spreadsheets write."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _header(
    rows: Iterator[Sequence[Cell]], path: Path, texts: Texts
) -> tuple[int, list[str | None], tuple[str, ...], Iterator[Sequence[Cell]]]:
    names = {_titled(title): key for key, title in texts.under("ledger.column").items()}
    needed = "、".join(texts(f"ledger.column.{c}") for c in REQUIRED)
    for number, row in zip(range(1, _HEADER_ROWS + 1), rows, strict=False):
        titles = [str(c or "").strip() for c in row]
        columns = [names.get(_titled(t)) for t in titles]
        if "number" not in columns or sum(c is not None for c in columns) < 3:
            continue
        missing = [texts(f"ledger.column.{c}") for c in REQUIRED if c not in columns]
        if missing:
            raise FileError(texts("ledger.file.columns", path=path, columns="、".join(missing)))
        twice = sorted({t for t, c in zip(titles, columns, strict=True) if c and columns.count(c) > 1})
        if twice:
            raise FileError(texts("ledger.file.twice", path=path, columns="、".join(twice)))
        unknown = tuple(t for t, c in zip(titles, columns, strict=True) if t and c is None)
        return number, columns, unknown, rows
    raise FileError(texts("ledger.file.header", path=path, columns=needed))


def _titled(title: str) -> str:
    """A column's title as it is compared: any width, no spaces or line ends, no mark of what is needed."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", title)).rstrip("*")


def _lines(
    rows: Iterator[Sequence[Any]], columns: Sequence[str | None], header_row: int, merged: str
) -> Iterator[Line]:
    empty = 0
    for number, row in enumerate(rows, header_row + 1):
        cells: dict[str, Cell] = {
            column: clean(cell) if isinstance(cell, str) else cell
            for column, cell in ((c, _value(c, v, merged)) for c, v in zip(columns, row, strict=False))
            if column is not None and column in _READ and cell is not None and cell != ""
        }
        own = any(v not in (None, "") and not isinstance(v, Merged) for v in row)
        if own and any(cell != "" for cell in cells.values()):
            empty = 0
            yield Line(number, cells)
        else:
            empty += 1
            if empty > _EMPTY_END:
                return


def _value(column: str | None, cell: Any, merged: str) -> Cell:
    """A cell's value; a merged sum says that each row needs its own."""
    if not isinstance(cell, Merged):
        value: Cell = cell
        return value
    return merged if column in _OWN else cell.value


_READ = frozenset(COLUMNS)


# -- writing ---------------------------------------------------------------------------------------


class Writer(Protocol):
    """Writes rows, one after the other."""

    def write(self, values: dict[str, Cell]) -> None:
        """Write one row."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class XlsxWriter:
    """Rows into an .xlsx file, streamed: memory does not grow with their number."""

    def __init__(self, path: Path, columns: Sequence[str], texts: Texts, sheet: str) -> None:
        self._path, self._columns = path, columns
        self._book = Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet(sheet)
        self._sheet.freeze_panes = "C2"
        for number, column in enumerate(columns, 1):
            self._sheet.column_dimensions[get_column_letter(number)].width = _WIDE.get(column, 14)
        header = [WriteOnlyCell(self._sheet, texts(f"ledger.column.{c}")) for c in columns]
        for cell in header:
            cell.font = Font(bold=True)
        self._sheet.append(header)

    def write(self, values: dict[str, Cell]) -> None:
        """Write one row."""
        self._sheet.append([self._cell(column, values.get(column)) for column in self._columns])

    def _cell(self, column: str, value: Cell) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = ILLEGAL_CHARACTERS_RE.sub("", value)
        plain: Any = value
        cell: Any = WriteOnlyCell(self._sheet, plain)
        if isinstance(value, str):
            # Always text, never a formula, whatever somebody has put into a name.
            cell.data_type = "s"
            if value.startswith(_DANGEROUS):
                cell.quotePrefix = True
            elif column in _TEXT and value.isdigit():
                cell.number_format = "@"
        elif column in _MONEY:
            cell.number_format = "#,##0.00"
        elif column in _DAYS:
            cell.number_format = "yyyy-mm-dd"
        return cell

    def close(self) -> None:
        """Finish the file."""
        self._book.save(self._path)


class CsvWriter:
    """Rows into a .csv file that Chinese spreadsheets open as it is."""

    def __init__(self, path: Path, columns: Sequence[str], texts: Texts) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._columns = columns
        self._writer.writerow([texts(f"ledger.column.{c}") for c in columns])

    def write(self, values: dict[str, Cell]) -> None:
        """Write one row."""
        self._writer.writerow([_harmless(values.get(column)) for column in self._columns])

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def csv_text(lines: Iterable[Sequence[Cell]]) -> str:
    """Lines as the text of a small .csv file: quoted where needed, and nothing in it a formula."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows([_harmless(c) for c in line] for line in lines)
    return "\ufeff" + target.getvalue()


def _harmless(value: Cell) -> str:
    """A value as text that no spreadsheet takes for a formula."""
    if isinstance(value, date):
        return value.isoformat()
    plain = "" if value is None else str(value)
    return f"'{plain}" if isinstance(value, str) and plain.startswith(_DANGEROUS) else plain


def writer(path: Path, columns: Sequence[str], texts: Texts, sheet: str) -> Writer:
    """A writer by the file's ending."""
    return CsvWriter(path, columns, texts) if path.suffix.lower() == ".csv" else XlsxWriter(path, columns, texts, sheet)


# -- the template ----------------------------------------------------------------------------------


def write_template(path: Path, texts: Texts, words: Words) -> None:
    """The empty table with headers, notes, drop-downs, and a sheet that explains every column."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = texts("ledger.sheet.entries")
    options: Any = book.create_sheet(texts("ledger.sheet.options"))
    for number, column in enumerate(COLUMNS, 1):
        letter = get_column_letter(number)
        cell = sheet.cell(1, number, texts(f"ledger.column.{column}"))
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFF2CC" if column in REQUIRED else "DDEBF7")
        cell.comment = Comment(texts(f"ledger.note.{column}"), "", width=280, height=90)
        dimension = sheet.column_dimensions[letter]
        dimension.width = _WIDE.get(column, 14)
        dimension.number_format = _format(column)
        if column in words.options:
            _drop_down(sheet, options, letter, words.options[column])
    sheet.freeze_panes = "C2"
    _explain(book.create_sheet(texts("ledger.sheet.notes")), texts)
    book.move_sheet(options, offset=1)
    book.save(path)


def _format(column: str) -> str:
    if column in _MONEY:
        return "#,##0.00"
    # Text, so that an ID number keeps its digits and a case number is not read as a date.
    return "yyyy-mm-dd" if column in _DAYS else "@"


def _drop_down(sheet: Any, options: Any, letter: str, words: Iterable[str]) -> None:
    # In cells of their own: a list inside the rule may not be longer than 255 characters.
    listed = list(words)
    for row, word in enumerate(listed, 1):
        options[f"{letter}{row}"] = word
    rule = DataValidation("list", f"'{options.title}'!${letter}$1:${letter}${len(listed)}", allow_blank=True)
    rule.showErrorMessage = True
    sheet.add_data_validation(rule)
    rule.add(f"{letter}2:{letter}{_LAST_ROW}")


def _explain(sheet: Any, texts: Texts) -> None:
    sheet.append([texts("ledger.sheet_note.column"), texts("ledger.sheet_note.how")])
    for column in COLUMNS:
        sheet.append([texts(f"ledger.column.{column}"), texts(f"ledger.note.{column}")])
    sheet.append(["", texts("ledger.sheet_note.again")])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 20, 90
    for row in sheet.iter_rows(max_col=2):
        row[1].alignment = Alignment(wrap_text=True)
    sheet["A1"].font = sheet["B1"].font = Font(bold=True)


def money(fen: int) -> Decimal:
    """分 as a number of 元 for a cell."""
    return Decimal(fen) / 100
