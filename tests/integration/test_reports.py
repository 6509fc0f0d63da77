"""The figures of a month: recomputed by queries of the test's own over a month of invented cases."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bot.reports.model import BY_NAME, FIGURES, Kind, Unit, Value, first_of, next_month, share, written
from bot.reports.service import span_of
from tests.world import KEY, ROOT

MONTHS = 2  # the demonstration reaches back into the month before


class Program:
    """`python main.py …` over one database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    async def __call__(self, *command: str) -> tuple[int, str, str]:
        """Exit status, output, errors."""
        given = {"DATABASE__URL": self.url, "PRIVACY__KEY": KEY, "FAQ__PATH": str(ROOT / "faq"), "LOG__LEVEL": "WARNING"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOT / "main.py"), *command, cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", **{f"ZHIYUAN_{k}": v for k, v in given.items()}},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        out, error = await process.communicate()
        return process.returncode or 0, out.decode(), error.decode()


@pytest.fixture
async def demo(tmp_path: Path, database: str) -> Program:
    """A database with the demonstration in it."""
    program = Program(tmp_path, database)
    status, out, error = await program("demo")
    assert status == 0, error
    assert "/login?t=" in out
    return program


@pytest.mark.slow
async def test_figures_agree_with_the_rows_counted_another_way(tmp_path: Path, sqlite: str) -> None:
    """Performed, paid, nodes, follow-ups, petitions, visits: plain SQL of this test gives the same numbers."""
    program = Program(tmp_path, sqlite)
    status, _, error = await program("demo")
    assert status == 0, error
    today = datetime.now(UTC).astimezone().date()  # noqa: TID251 - the demonstration ends on the real day
    rows = sqlite3.connect(sqlite.removeprefix("sqlite:///"))
    for back in range(MONTHS):
        first = (today.replace(day=1) - timedelta(days=back)).replace(day=1) if back else today.replace(day=1)
        status, out, error = await program("report", "--month", f"{first:%Y-%m}", "--json")
        assert status == 0, error
        found = json.loads(out)["figures"]
        span = (first.isoformat(), next_month(first).isoformat())

        def one(query: str, span: tuple[str, str] = span) -> int | float | None:
            return rows.execute(query, span).fetchone()[0]

        own_performed = one("select count(*) from obligations where performed_on >= ? and performed_on < ?")
        own_paid = one("select coalesce(sum(amount), 0) from payments where status = 'verified' and paid_on >= ? and paid_on < ?")
        own_before = one(
            "select count(*) from obligations o join cases c on c.id = o.case_id "
            "where (c.stage = 'before' or c.filed_on > performed_on) and performed_on >= ? and performed_on < ?"
        )
        own_days = one("select avg(julianday(finished_on) - julianday(started_on)) from flow_nodes where finished_on >= ? and finished_on < ?")
        own_visits = one("select count(*) from intakes where day >= ? and day < ?")
        assert found["performed"]["all"] == own_performed
        assert found["paid_amount"]["all"] == own_paid
        assert found["performed_before"]["all"] == own_before
        assert found["visits"]["all"] == own_visits
        assert (found["node_days"]["all"] or 0) == pytest.approx(own_days or 0)
        for name in ("performed", "paid_amount", "visits", "petitions", "follow_ups", "priority_cases"):
            values = found[name]
            assert sum(v for place, v in values.items() if place != "all") == values["all"], name
    assert any(found[f.name]["all"] for f in FIGURES if f.unit is Unit.COUNT), "the demonstration shows something"


@pytest.mark.slow
async def test_the_excel_table_says_the_same_as_the_screen(demo: Program) -> None:
    """A line per figure, a column per court, definitions beside; an existing file is not overwritten."""
    target = demo.folder / "report.xlsx"
    status, _, error = await demo("report", "--out", str(target))
    assert status == 0, error
    status, out, _ = await demo("report", "--json")
    found = json.loads(out)
    book = load_workbook(target)
    table, definitions = book.worksheets
    lines = {row[0].value: [c.value for c in row] for row in table.iter_rows(min_row=4)}
    assert len(list(definitions.iter_rows(min_row=2))) == len(FIGURES)
    assert lines["履行完毕"][-1] == found["figures"]["performed"]["all"]
    assert lines["到账金额"][-1] == found["figures"]["paid_amount"]["all"] / 100
    assert [lines[name][-1] for name in ("首次执行收案", "　上年同月", "　同比")] == [found["figures"]["first_enforcement"]["all"][0], "–", "–"]
    assert "安顺市中级人民法院" in str(table["A2"].value)
    status, _, error = await demo("report", "--out", str(target))
    assert status == 1
    assert str(target) in error


@pytest.mark.slow
async def test_the_demonstration_is_marked_and_never_mixes_with_real_cases(demo: Program) -> None:
    """Every party's name says that it is invented; a database with cases is refused."""
    status, _, error = await demo("demo")
    assert status == 1
    assert "空的数据库" in error
    target = demo.folder / "ledger.xlsx"
    status, _, error = await demo("ledger", "export", str(target))
    assert status == 0, error
    sheet = load_workbook(target).worksheets[0]
    head = [c.value for c in sheet[1]] if sheet["A1"].value else []
    texts = [str(c.value) for row in sheet.iter_rows(min_row=2) for c in row if c.value]
    assert head is not None
    named = [t for t in texts if "示例" in t]
    assert len(named) >= 84, "debtor and creditor of each of 42 cases"


@pytest.mark.parametrize(("text", "first"), [("2026-11", date(2026, 11, 1)), ("2026-1", date(2026, 1, 1))])
def test_a_month_is_read(text: str, first: date) -> None:
    """With or without the leading zero."""
    assert first_of(text) == first


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "十一月", "1-01", "9999-12", "99999-01", "-1"])
def test_what_is_no_month_is_refused(text: str) -> None:
    """ValueError, of which the command makes a sentence."""
    with pytest.raises(ValueError, match=r".*"):
        first_of(text)


def test_a_month_begins_and_ends_at_midnight_in_shanghai() -> None:
    """Sixteen hours of UTC's last day of October belong to the first of November there."""
    span = span_of(date(2026, 11, 1))
    assert span.begin.astimezone(UTC) == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert span.end.astimezone(UTC) == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)


def test_nothing_of_nothing_is_unknown() -> None:
    """A share of no rows is a dash, not 0 %; growth needs something to compare."""
    assert share(0, 0) is None
    assert written(BY_NAME["follow_up_share"], Value(None)) == "–"
    assert written(BY_NAME["paid_amount"], Value(6_047_505)) == "60,475.05"
    first = BY_NAME["first_enforcement"]
    assert [written(first, Value(1_200, 1_000), kind) for kind in Kind] == ["1,200", "1,000", "+20.0%"]
    assert [written(first, Value(3), kind) for kind in Kind] == ["3", "–", "–"]
    assert Value(12, 10).growth == pytest.approx(0.2)
    assert Value(12, 0).growth is None
