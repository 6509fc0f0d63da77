"""What people write into cells: sums, days, plans, yes and no; each in every usual form; no I/O."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from bot.ledger.model import MOST, Broken, Planned

Cell = str | int | float | Decimal | bool | date | datetime | None
_SUM = re.compile(r"([+-]?\d+(?:\.\d+)?)(万|亿|千)?(?:元|圆)?(?:整)?")
_FACTOR = {None: 1, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_DAY = re.compile(r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?")
_DAY_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_PART = re.compile(r"[;\n\r]+")
_PAIR = re.compile(r"(\d{4}\D\d{1,2}\D\d{1,2}(?:日|(?!\d)))[\s=:,]*(\S.*)")
_LARGEST_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number


def text(cell: Cell) -> str:
    """A cell as text without outer spaces; a whole number without its `.0`."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return str(cell).strip()


def exact(cell: Cell) -> str:
    """A cell that holds an identifier; Broken `number_rounded` when a spreadsheet has cut its digits."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= _LARGEST_EXACT:
        raise Broken("number_rounded")
    found = text(cell)
    if re.fullmatch(r"\d(?:\.\d+)?[Ee]\+\d+", found):
        raise Broken("number_rounded")
    return found


def amount(cell: Cell) -> int:
    """A sum in 分, from a number or from text such as 60,475.00 or 6万元; positive or zero."""
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        # A spreadsheet's 0.1 + 0.2 is 0.30000000000000004: what is within a thousandth of a 分 is meant.
        value = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
        value = value.quantize(Decimal("0.00001"))
    else:
        value = _written(text(cell))
    fen = value * 100
    if fen != fen.to_integral_value():
        raise Broken("amount_fen")
    if fen < 0:
        raise Broken("amount_positive")
    if fen > MOST:
        raise Broken("amount_large")
    return int(fen)


def _written(found: str) -> Decimal:
    plain = re.sub(r"[\s,¥$]|人民币|RMB", "", unicodedata.normalize("NFKC", found).replace("，", ""))
    match = _SUM.fullmatch(plain)
    if not match:
        raise Broken("amount", text=found[:40])
    try:
        return Decimal(match[1]) * _FACTOR[match[2]]
    except InvalidOperation as error:
        raise Broken("amount", text=found[:40]) from error


def day(cell: Cell) -> date:
    """A day, from a date cell or from text such as 2026-12-31, 2026/12/31, 2026年12月31日, 20261231."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = text(cell)
    plain = unicodedata.normalize("NFKC", found).strip()
    match = _DAY.fullmatch(plain) or _DAY_COMPACT.fullmatch(plain)
    if not match:
        raise Broken("day", text=found[:40])
    try:
        given = date(*(int(part) for part in match.groups()))
    except ValueError as error:
        raise Broken("day", text=found[:40]) from error
    if not 1980 <= given.year <= 2100:
        raise Broken("day", text=found[:40])
    return given


def plan(cell: Cell) -> tuple[Planned, ...]:
    """A plan such as `2026-12-31 20000；2027-01-31 20000`, in the order of its days as written."""
    found = text(cell)
    parts = [p.strip(" ,、。") for p in _PART.split(unicodedata.normalize("NFKC", found))]
    planned = []
    for part in filter(None, parts):
        pair = _PAIR.fullmatch(part)
        if not pair:
            raise Broken("plan", text=part[:40])
        planned.append(Planned(amount(pair[2]), day(pair[1])))
    if not planned:
        raise Broken("plan", text=found[:40])
    return tuple(planned)


def several(cell: Cell) -> list[str]:
    """The names or numbers in one cell, separated by 、 or ；."""
    return [part.strip() for part in re.split(r"[、;\n\r]+", unicodedata.normalize("NFKC", text(cell))) if part.strip()]


def yuan(fen: int) -> str:
    """分 as 元 for reading: 6047500 → 60,475.00."""
    return f"{Decimal(fen) / 100:,.2f}"


def written_plan(planned: tuple[Planned, ...] | list[Planned]) -> str:
    """A plan as `plan` reads it."""
    return "；".join(f"{p.due_on.isoformat()} {Decimal(p.amount) / 100:.2f}" for p in planned)
