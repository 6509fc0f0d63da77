"""Tables of made-up cases for tests and measurements of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.core.texts import Texts
from bot.ledger.columns import COLUMNS
from bot.ledger.sheet import writer

FIRST = date(2026, 12, 1)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(n: int) -> str:
    """A made-up ID number with a right check digit; no administrative division has the code 999999."""
    born = date(1960, 1, 1) + timedelta(days=n // 1000)
    body = f"999999{born:%Y%m%d}{n % 1000:03}"
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, _WEIGHTS, strict=True)) % 11]


def row(n: int, **values: Any) -> dict[str, Any]:
    """The cells of one right row, number `n`; `values` replace some."""
    cells: dict[str, Any] = {
        "court": "安顺市西秀区人民法院",
        "number": f"（2026）黔0402执{n}号",
        "title": "判决",
        "cause": "民间借贷纠纷",
        "wage": "否",
        "responsible": "王法官",
        "debtor": f"义务人{n}",
        "debtor_number": id_number(n),
        "debtor_phone": f"139{n:08}",
        "creditor": f"权利人{n}",
        "label": "借款本金",
        "amount": 60475 + n,
    }
    plan = {"due": FIRST + timedelta(days=n % 365)}
    if n % 5 == 0:
        half = (60475 + n) // 2
        plan = {"plan": f"2026-12-31 {half}；2027-01-31 {60475 + n - half}"}  # type: ignore[dict-item]  # text instead of a day
    return {k: v for k, v in {**cells, **plan, **values}.items() if v is not None}


def rows(count: int, first: int = 1) -> Iterator[dict[str, Any]]:
    """Right rows, one after the other."""
    return (row(n) for n in range(first, first + count))


def table(path: Path, lines: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> Path:
    """Write rows as a table (.xlsx or .csv) and give its path back."""
    target = writer(path, COLUMNS, Texts.load(), "台账")
    for line in lines:
        target.write(line)
    target.close()
    return path
