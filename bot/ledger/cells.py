"""What people write into cells: sums, days, plans, yes and no; each in every usual form; no I/O."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from bot.ledger.model import MOST, Broken, Planned

Cell = str | int | float | Decimal | bool | date | datetime | None
_SUM = re.compile(r"([+-]?\d+(?:\.\d+)?)(万|亿|千)?(?:元|圆)?(?:整)?")
_FACTOR = {None: 1, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?")
_TIME = re.compile(r"(?<=\d)[ T]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$")
_DASHES = str.maketrans("—–‐－、", "-----")
_DAY_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_FIRST_SERIAL, _LAST_SERIAL = 29_221, 73_415  # 1980-01-01 and 2100-12-31 as a spreadsheet counts days
_SERIAL_ZERO = date(1899, 12, 30)
_PLANNED = re.compile(
    r"(?:(?:^|(?<=[;,\n\r]))\s*\d{1,2}[:、.)]\s*|第\d{1,2}期[:、]?\s*)?"
    r"(\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?:\s?[日号]|(?!\d)))"
)
_AROUND = " ,;:=、。\n\r\t"  # what stands between a day and its sum, and between parts
_PAYS = re.compile(r"^(?:支付|归还|偿还|履行|付|还|给)")
ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})  # what a formula gives that failed
_UNSEEN = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_SEVERAL = re.compile(r"[、;；，\n\r]+")  # no comma of half width: Co., Ltd
_LARGEST_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number


def clean(found: str) -> str:
    """Text without what nobody sees: control characters, and marks that come along when text is copied."""
    return _UNSEEN.sub("", found).strip()


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
    """A day: a date cell, a spreadsheet's count of days, or text (2026-12-31, 2026/12/31, 2026年12月31日, 20261231)."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = text(cell)
    plain = _TIME.sub("", unicodedata.normalize("NFKC", found).strip()).translate(_DASHES)
    plain = re.sub(r"\s", "", plain)
    serial = _SERIAL.fullmatch(plain)
    if serial and _FIRST_SERIAL <= int(serial[1]) <= _LAST_SERIAL:  # a date that lost its format when it was pasted
        return _SERIAL_ZERO + timedelta(days=int(serial[1]))
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
    found = unicodedata.normalize("NFKC", text(cell))
    days = list(_PLANNED.finditer(found))
    if not days or found[: days[0].start()].strip(_AROUND):
        raise Broken("plan", text=found[:40])
    ends = [*(d.start() for d in days[1:]), len(found)]
    planned = []
    for given, end in zip(days, ends, strict=True):
        sum_of = _PAYS.sub("", found[given.end() : end].strip(_AROUND)).strip(_AROUND)
        if not sum_of:
            raise Broken("plan", text=found[given.start() : end].strip()[:40])
        planned.append(Planned(amount(sum_of), day(given[1])))
    return tuple(planned)


def several(cell: Cell) -> list[str]:
    """The names or numbers in one cell, separated by 、 ； or ，."""
    parts = _SEVERAL.split(text(cell))
    return [plain for part in parts if (plain := unicodedata.normalize("NFKC", part).strip())]


def single(cell: Cell) -> str:
    """The one name in a cell; Broken `name_one` when several stand there."""
    found = text(cell)
    if len(several(found)) > 1:
        raise Broken("name_one")
    return found


def yuan(fen: int) -> str:
    """分 as 元 for reading: 6047500 → 60,475.00."""
    return f"{Decimal(fen) / 100:,.2f}"


def written_plan(planned: tuple[Planned, ...] | list[Planned]) -> str:
    """A plan as `plan` reads it."""
    return "；".join(f"{p.due_on.isoformat()} {Decimal(p.amount) / 100:.2f}" for p in planned)
