"""The table of a month as an Excel file, laid out for reporting: a line per figure, a column per court."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from bot.core.texts import Texts
from bot.ledger.courts import Courts
from bot.reports.model import FIGURES, LINES, Figure, Kind, Month, Unit, Value
from bot.reports.service import EVERYWHERE

_FORMATS = {Unit.COUNT: "#,##0", Unit.YUAN: "#,##0.00", Unit.SHARE: "0.0%", Unit.DAYS: "0.0"}
_LINE = Side(style="thin", color="BBBBBB")
_BOX = Border(_LINE, _LINE, _LINE, _LINE)
_HEAD = PatternFill("solid", fgColor="E4F0EF")


def workbook(month: Month, courts: Courts, texts: Texts, made_on: date) -> bytes:
    """The file's bytes: the table, and a second sheet with the definitions."""
    book = Workbook()
    sheet = book.create_sheet(texts("report.sheet.table"))
    del book[book.sheetnames[0]]
    places = (*month.courts, EVERYWHERE) if len(month.courts) > 1 else month.courts or (EVERYWHERE,)
    width = len(places) + 2
    sheet.append([texts("report.sheet.title", year=month.first.year, month=month.first.month)])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=width)
    sheet["A1"].font = Font(size=16, bold=True)
    sheet["A1"].alignment = Alignment(horizontal="center")
    by = courts.name(places[0]) if len(places) == 1 and places[0] else courts.name(courts.first())
    sheet.append([texts("report.sheet.made", court=by, day=made_on.isoformat())])
    names = [texts("report.sheet.everywhere") if p == EVERYWHERE else _short(courts, p) for p in places]
    sheet.append([texts("report.sheet.figure"), texts("report.sheet.unit"), *names])
    for cell in sheet[3]:
        cell.font, cell.fill, cell.border = Font(bold=True), _HEAD, _BOX
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    for figure, kind in LINES:
        values = month.values[figure.name]
        line = [_shown(figure, kind, values.get(p) or (values.get(EVERYWHERE) if len(places) == 1 else None)) for p in places]
        sheet.append([*_named(figure, kind, texts), *line])
        for cell in sheet[sheet.max_row]:
            cell.border = _BOX
            if cell.column > 2:
                cell.alignment = Alignment(horizontal="right")
                cell.number_format = _FORMATS[Unit.SHARE if kind is Kind.GROWTH else figure.unit]
    sheet.append([])
    sheet.append([texts("report.sheet.signed")])
    _page(sheet, width)
    _definitions(book.create_sheet(texts("report.sheet.definitions")), texts)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def _short(courts: Courts, court_id: str) -> str:
    found = courts.get(court_id)
    return found.short if found else court_id


def _named(figure: Figure, kind: Kind, texts: Texts) -> tuple[str, str]:
    """The words before a line: what it is, and its unit."""
    if kind is Kind.VALUE:
        return texts(f"report.figure.{figure.name}"), texts(f"report.unit.{figure.unit}")
    return texts(f"report.sheet.{kind}"), texts(f"report.unit.{Unit.SHARE if kind is Kind.GROWTH else figure.unit}")


def _shown(figure: Figure, kind: Kind, value: Value | None) -> float | int | str:
    if value is None:
        return "–"
    number = {Kind.VALUE: value.value, Kind.LAST_YEAR: value.before, Kind.GROWTH: value.growth}[kind]
    if number is None:
        return "–"
    return number / 100 if figure.unit is Unit.YUAN else number


def _page(sheet: Worksheet, width: int) -> None:
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 7
    for number in range(3, width + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 14
    sheet.freeze_panes = "C4"
    _printed(sheet, "3:3")


def _printed(sheet: Worksheet, head: str) -> None:
    """On A4 across, as wide as the paper, the head on each sheet."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = head


def _definitions(sheet: Worksheet, texts: Texts) -> None:
    sheet.append([texts("report.sheet.figure"), texts("report.sheet.definition")])
    for figure in FIGURES:
        sheet.append([texts(f"report.figure.{figure.name}"), texts(f"report.definition.{figure.name}")])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 100
    for row in sheet.iter_rows():
        for cell in row:
            cell.border, cell.alignment = _BOX, Alignment(wrap_text=True, vertical="top")
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), _HEAD
    _printed(sheet, "1:1")
