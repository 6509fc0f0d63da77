"""Tables into the ledger and out of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from bot.core.clock import ManualClock
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.core.texts import Texts
from bot.ledger.columns import COLUMNS, DERIVED, EXTRA
from bot.ledger.courts import Courts
from bot.ledger.importing import Importer, reason
from bot.ledger.model import Actor, NewPayment, Planned, Status
from bot.ledger.service import Ledger, View
from bot.ledger.sheet import FileError, opened, write_template
from bot.store import migrate
from bot.store.engine import open_engine
from bot.store.work import Store
from tests.ledger_tables import id_number, row, rows, table

FAQ = Path(__file__).parents[2] / "faq"
TEXTS = Texts.load()
CLERK = Actor("staff", "clerk")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class Desk:
    """A ledger with its importer."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.ledger = Ledger(store, ManualClock(NOW), Ids(), Courts.read(FAQ))
        self.importer = Importer(self.ledger, TEXTS)

    def table(self, *lines: dict[str, Any], name: str = "table.xlsx") -> Path:
        """A table of these rows."""
        return table(self.folder / name, list(lines))

    async def take(self, *lines: dict[str, Any], name: str = "table.xlsx", **how: Any) -> tuple[int, int, int, int]:
        """Import these rows; how many were new, changed, same, wrong."""
        done = await self.importer.run(self.table(*lines, name=name), CLERK, **how)
        return done.new, done.changed, done.same, done.wrong

    async def reasons(self, *lines: dict[str, Any]) -> list[str]:
        """What is wrong with these rows, as the operator reads it."""
        result = await self.importer.preview(self.table(*lines))
        return [f"{p.row}:{p.column}:{p.code}" for p in result.problems]

    async def all(self) -> list[View]:
        """Everything in the ledger."""
        return [v async for v in self.ledger.select()]


@pytest.fixture
async def desk(database: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """An empty ledger on each kind of database."""
    engine = open_engine(database)
    await migrate.upgrade(engine)
    store = Store(engine, Vault(b"k" * 32))
    yield Desk(store, tmp_path)
    await store.close()


async def test_the_same_table_twice_changes_nothing(desk: Desk) -> None:
    """The second import finds everything the same and writes no event."""
    lines = [*rows(12), row(13, paid=475, paid_on=date(2026, 11, 1)), row(14, creditor="甲、乙", creditor_phone=None)]
    assert await desk.take(*lines) == (14, 0, 0, 0)
    before = [await desk.ledger.history(case_id=v.case.id) for v in await desk.all()]
    assert await desk.take(*lines, name="again.xlsx") == (0, 0, 14, 0)
    assert [await desk.ledger.history(case_id=v.case.id) for v in await desk.all()] == before
    assert await desk.ledger.check() == []


async def test_what_stands_in_the_table_stands_in_the_ledger(desk: Desk) -> None:
    """Case, people, plan and what was performed before arrive as written, with who and why."""
    line = row(5, series="某工地", livelihood="是", special="学校", stage="执行中", filed_on="2026-11-03", paid="2万", creditor="张三；李四")
    await desk.take(line)
    view = (await desk.all())[0]
    assert (view.case.court, view.case.number, view.case.title) == ("xixiu", "（2026）黔0402执5号", "judgment")
    assert (view.case.livelihood, view.case.special, view.case.stage, view.case.series) == (
        True,
        "school",
        "in",
        "某工地",
    )
    assert view.case.filed_on == date(2026, 11, 3)
    assert (view.debtor.name, view.debtor.number, view.debtor.phone) == ("义务人5", id_number(5), "13900000005")
    assert [c.name for c in view.creditors] == ["张三", "李四"]
    assert [(i.amount, i.due_on) for i in view.instalments] == [
        (3_024_000, date(2026, 12, 31)),
        (3_024_000, date(2027, 1, 31)),
    ]
    assert (view.standing.settled, view.standing.balance) == (2_000_000, 4_048_000)
    assert view.instalments[0].settled == 2_000_000
    event = (await desk.ledger.history(obligation_id=view.id))[0]
    assert event.actor == "staff:clerk"
    assert (event.why or "").startswith("import ")


async def test_a_bad_row_stops_all_or_only_itself_as_chosen(desk: Desk) -> None:
    """By default nothing is written when a row is wrong; with only_good the others are."""
    lines = [row(1), row(2, amount="很多"), row(3)]
    assert await desk.take(*lines) == (2, 0, 0, 1)
    assert await desk.all() == []
    assert await desk.take(*lines, only_good=True) == (2, 0, 0, 1)
    assert [v.debtor.name for v in await desk.all()] == ["义务人1", "义务人3"]


async def test_bad_rows_come_back_in_a_workbook_with_their_reasons(desk: Desk) -> None:
    """Cells as they were, the row they stood in, every reason; put right, the workbook itself imports."""
    errors = desk.folder / "errors.xlsx"
    bad = row(2, amount="很多", court="某法院", debtor_number=id_number(2)[:-1] + "?")
    result = await desk.importer.preview(desk.table(row(1), bad), errors)
    assert (result.new, result.wrong, result.errors) == (1, 1, errors)
    sheet: Any = load_workbook(errors).worksheets[0]
    header = [c.value for c in sheet[1]]
    assert header == [TEXTS(f"ledger.column.{c}") for c in (*COLUMNS, *EXTRA)]
    cells = dict(zip((*COLUMNS, *EXTRA), (c.value for c in sheet[2]), strict=True))
    assert (cells["amount"], cells["source_row"]) == ("很多", 3)
    for code in ("court", "amount", "id_number"):
        assert TEXTS(f"ledger.wrong.{code}", text={"court": "某法院", "amount": "很多"}.get(code)) in cells["reason"]
    for column, value in (("amount", 100), ("court", "安顺市西秀区人民法院"), ("debtor_number", id_number(2))):
        sheet.cell(2, COLUMNS.index(column) + 1, value)
    sheet.parent.save(errors)
    done = await desk.importer.run(errors, CLERK)
    assert (done.new, done.wrong) == (1, 0)


async def test_a_preview_tells_what_would_change_and_changes_nothing(desk: Desk) -> None:
    """New, changed and same are counted; differences are told with telephones masked."""
    await desk.take(row(1), row(2))
    changed = row(2, debtor_phone="13712345678", due=date(2027, 5, 1), cause="买卖合同纠纷")
    result = await desk.importer.preview(desk.table(row(1), changed, row(3), name="b.xlsx"))
    assert (result.new, result.changed, result.same) == (1, 1, 1)
    told = {c.column: (c.old, c.new) for c in result.changes}
    assert told["cause"] == ("民间借贷纠纷", "买卖合同纠纷")
    assert told["debtor_phone"] == ("***0002", "***5678")
    assert told["plan"][1] == "2027-05-01 60477.00"
    assert (await desk.all())[1].case.cause == "民间借贷纠纷"
    assert len(await desk.all()) == 2


async def test_changes_are_events_and_empty_cells_change_nothing(desk: Desk) -> None:
    """A moved day gets a new due version; what is left empty stays; a second import finds it the same."""
    await desk.take(row(2, mediator="刘调解员"))
    changed = row(2, due=date(2027, 5, 1), amount=70000, debtor_phone=None, debtor_number=None)
    assert await desk.take(changed, name="b.xlsx") == (0, 1, 0, 0)
    view = (await desk.all())[0]
    assert (view.row.amount, view.instalments[0].due_on) == (7_000_000, date(2027, 5, 1))
    assert view.instalments[0].due_version > 1
    assert (view.case.mediator, view.debtor.phone, view.debtor.number) == ("刘调解员", "13900000002", id_number(2))
    kinds = [e.kind for e in await desk.ledger.history(obligation_id=view.id)]
    assert kinds == ["obligation.entered", "obligation.replanned"]
    assert await desk.take(changed, name="b.xlsx") == (0, 0, 1, 0)


async def test_what_was_performed_before_can_be_corrected(desk: Desk) -> None:
    """A new figure replaces the old one; payments that came in since are left alone."""
    await desk.take(row(1, paid=10000))
    view = (await desk.all())[0]
    async with desk.ledger.change(CLERK) as book:
        await book.pay(view.id, NewPayment(500_000, date(2026, 11, 23)))
    assert await desk.take(row(1, paid=12000), name="b.xlsx") == (0, 1, 0, 0)
    view = (await desk.all())[0]
    assert view.standing.settled == 1_700_000
    assert await desk.take(row(1, paid=12000), name="c.xlsx") == (0, 0, 1, 0)
    assert await desk.ledger.check() == []


async def test_rows_of_one_file_must_agree(desk: Desk) -> None:
    """The same obligation twice, one case in two courts, one ID with two names: the later row is told."""
    assert await desk.reasons(row(1), row(1)) == ["3:number:repeated"]
    other_court = row(2, number=row(1)["number"], court="普定县人民法院")
    assert await desk.reasons(row(1), other_court) == ["3:court:disagrees"]
    same_id = row(2, debtor_number=id_number(1))
    assert await desk.reasons(row(1), same_id) == ["3:debtor:disagrees"]
    assert await desk.reasons(row(1), row(1, label="违约金"), row(1, label="利息", creditor="另一人")) == []


async def test_rows_must_agree_with_the_ledger(desk: Desk) -> None:
    """An ID known under another name, a corrected ID, money that became an act: refused, nothing doubled."""
    await desk.take(row(1))
    assert await desk.reasons(row(2, debtor_number=id_number(1))) == ["2:debtor_number:number_of_another"]
    assert await desk.reasons(row(1, debtor_number=id_number(9))) == ["2:debtor_number:number_differs"]
    act = row(1, kind="行为", act="腾房", amount=None, due=date(2026, 12, 31), plan=None)
    assert await desk.reasons(act) == ["2:kind:kind_change"]


async def test_every_problem_of_a_row_is_told(desk: Desk) -> None:
    """Missing, unreadable and impossible cells each have their own reason."""
    bad = {"number": "123", "court": "某法院", "wage": "也许", "amount": 0, "paid_on": date(2027, 1, 1)}
    told = await desk.reasons(bad)
    assert set(told) == {
        "2:title:required",
        "2:debtor:required",
        "2:creditor:required",
        "2:court:court",
        "2:number:case_number",
        "2:wage:option",
        "2:amount:amount_positive",
        "2:due:required",
        "2:paid_on:day_to_come",
    }
    assert await desk.reasons(row(5, plan="2026-12-31 1；2027-01-31 2")) == ["2:plan:plan_sum"]
    assert await desk.reasons(row(5, due=date(2026, 12, 1))) == ["2:due:plan_and_due"]
    assert await desk.reasons(row(1, debtor_number=110105194912310021)) == ["2:debtor_number:number_rounded"]
    assert await desk.reasons(row(1, creditor="义务人1")) == ["2:creditor:same_side"]
    assert await desk.reasons(row(1, creditor="甲、乙", creditor_number=id_number(7))) == [
        "2:creditor_number:number_count"
    ]


async def test_every_reason_has_its_words(desk: Desk) -> None:
    """No problem of a table is without a sentence in the catalogue."""
    bad = {"number": "123", "court": "某法院", "amount": "x", "due": "明天", "debtor": "1", "creditor_phone": "1"}
    result = await desk.importer.preview(desk.table(bad, row(5, plan="x"), row(1), row(1)))
    assert len(result.problems) > 8
    assert all("：" in reason(p, TEXTS) for p in result.problems)


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
async def test_an_export_reads_back_as_the_same(desk: Desk, ending: str) -> None:
    """The columns of the template, and what follows; with or without personal data, nothing changes."""
    act = row(4, kind="行为", act="腾退房屋", amount=None, due=date(2026, 12, 31))
    await desk.take(*rows(3), act, row(5, paid=100), row(6, creditor="甲、乙", creditor_phone=None))
    for personal in (True, False):
        target = desk.folder / f"out{personal}.{ending}"
        assert await desk.importer.export(target, personal=personal) == 6
        again = await desk.importer.preview(target)
        assert (again.new, again.changed, again.same, again.wrong, again.unknown) == (0, 0, 6, 0, ())
        content = target.read_bytes() if ending == "csv" else b""
        assert (b"13900000001" in content) is (personal and ending == "csv")
    with opened(desk.folder / f"outTrue.{ending}", TEXTS) as found:
        assert len(list(found.lines)) == 6


async def test_an_export_shows_how_each_obligation_stands(desk: Desk) -> None:
    """Status and balance are written for people and not read back."""
    await desk.take(row(1, paid=475))
    target = desk.folder / "out.xlsx"
    await desk.importer.export(target)
    sheet: Any = load_workbook(target).worksheets[0]
    header = [c.value for c in sheet[1]]
    assert header == [TEXTS(f"ledger.column.{c}") for c in (*COLUMNS, *DERIVED)]
    assert sheet.cell(2, header.index(TEXTS("ledger.column.status")) + 1).value == TEXTS("ledger.kind_of.status.open")
    assert sheet.cell(2, header.index(TEXTS("ledger.column.balance")) + 1).value == 60001
    assert Status.OPEN.value == "open"


@pytest.mark.parametrize("evil", ['=HYPERLINK("http://x")', "+1张三", "-2+3张", "@SUM(张)", "=cmd|' /C calc'!A0甲"])
async def test_what_looks_like_a_formula_is_written_as_text(desk: Desk, evil: str) -> None:
    """A name from outside never becomes a formula, in .xlsx nor in .csv, and reads back as it was."""
    await desk.take(row(1, series=evil[:60], creditor="甲"))
    book, text = desk.folder / "o.xlsx", desk.folder / "o.csv"
    await desk.importer.export(book)
    await desk.importer.export(text)
    place = COLUMNS.index("series") + 1
    cell: Any = load_workbook(book).worksheets[0].cell(2, place)
    assert (cell.data_type, cell.value) == ("s", evil)
    assert cell.quotePrefix
    line = text.read_text(encoding="utf-8-sig").splitlines()[1]
    assert f",'{evil[0]}" in line or f",\"'{evil[0]}" in line
    for path in (book, text):
        again = await desk.importer.preview(path)
        assert (again.same, again.wrong) == (1, 0)


async def test_the_template_is_empty_and_explains_itself(desk: Desk) -> None:
    """Headers, notes, drop-downs for fixed lists, text columns for numbers; filled in, it imports."""
    target = desk.folder / "template.xlsx"
    write_template(target, TEXTS, desk.importer.words)
    book = load_workbook(target)
    sheet: Any = book[TEXTS("ledger.sheet.entries")]
    assert [c.value for c in sheet[1]] == [TEXTS(f"ledger.column.{c}") for c in COLUMNS]
    assert all(c.comment is not None for c in sheet[1])
    assert len(sheet.data_validations.dataValidation) == len(desk.importer.words.options)
    options: Any = book[TEXTS("ledger.sheet.options")]
    assert [options.cell(n, 1).value for n in range(1, 8)] == [c.name for c in desk.ledger.courts]
    assert sheet.column_dimensions["O"].number_format == "@"
    assert book.sheetnames[0] == TEXTS("ledger.sheet.entries")
    for column, value in row(1).items():
        sheet.cell(2, COLUMNS.index(column) + 1, value)
    book.save(target)
    done = await desk.importer.run(target, CLERK)
    assert (done.new, done.wrong) == (1, 0)


async def test_tables_as_people_make_them(desk: Desk) -> None:
    """A title above the header, other columns between, empty rows, GBK text: all are read."""
    book = Workbook()
    sheet: Any = book.active
    sheet.append(["自动履行跟踪台账"])
    names = [TEXTS(f"ledger.column.{c}") for c in COLUMNS]
    sheet.append(["序号", *names])
    sheet.append([])
    sheet.append([1, *(row(1).get(c) for c in COLUMNS)])
    for _ in range(30):
        sheet.append([None])
    sheet.append([2, *(row(2).get(c) for c in COLUMNS)])
    path = desk.folder / "own.xlsx"
    book.save(path)
    result = await desk.importer.preview(path)
    assert (result.new, result.wrong, result.unknown) == (2, 0, ("序号",))
    as_csv = table(desk.folder / "own.csv", [row(1), row(2)])
    as_csv.write_bytes(as_csv.read_text(encoding="utf-8-sig").encode("gb18030"))
    assert (await desk.importer.preview(as_csv)).new == 2


async def test_a_file_that_cannot_be_used_says_why(desk: Desk) -> None:
    """Not a table, an old .xls, no header, a missing column, a column twice."""
    path = desk.folder / "x.xlsx"
    for content, key in (
        (b"nothing", "unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel"),
        (b"PK\x03\x04", "unreadable"),
    ):
        path.write_bytes(content)
        with pytest.raises(FileError) as caught:
            await desk.importer.preview(path)
        assert str(caught.value) == TEXTS(f"ledger.file.{key}", path=path)
    for header in (
        ["甲", "乙"],
        ["案号", "法院", "执行依据"],
        ["案号", "案号", "法院", "执行依据", "义务人", "权利人"],
    ):
        book = Workbook()
        sheet: Any = book.active
        sheet.append(header)
        book.save(path)
        with pytest.raises(FileError):
            await desk.importer.preview(path)


async def test_twenty_workers_in_one_table(desk: Desk) -> None:
    """Twenty rows of one case make one case, one debtor, twenty creditors and twenty obligations."""
    lines = [
        row(
            1,
            label=f"工资-{n}",
            creditor=f"工人{n}",
            creditor_phone=None,
            series="某工地欠薪",
            wage="是",
            due=date(2026, 12, 25),
        )
        for n in range(20)
    ]
    assert await desk.take(*lines) == (20, 0, 0, 0)
    figures = await desk.ledger.figures(series="某工地欠薪")
    assert (figures.cases, figures.debtors, figures.creditors, figures.obligations) == (1, 1, 20, 20)
    assert await desk.take(*lines) == (0, 0, 20, 0)


async def test_an_import_across_several_transactions_is_whole(desk: Desk) -> None:
    """More rows than one transaction takes, one case over the border between two: nothing twice, nothing lost."""
    shared = [row(1, label=f"第{n}项", due=date(2026, 12, 25)) for n in range(250)]
    assert await desk.take(*shared, *rows(170, first=2)) == (420, 0, 0, 0)
    assert await desk.take(*shared, *rows(170, first=2)) == (0, 0, 420, 0)
    async with desk.store.work(read_only=True) as work:
        assert await work.ledger.count_obligations() == 420


async def test_a_table_takes_nothing_back_that_was_changed_since(desk: Desk) -> None:
    """A plan agreed, a stage, a telephone, a sum taken back: the same table again leaves them, and says how many rows."""
    first = row(1, paid=1000, paid_on=date(2026, 11, 1), stage="执行前", wage="否")
    await desk.take(first)
    view = (await desk.all())[0]
    async with desk.ledger.change(CLERK) as book:
        await book.replan(view.id, [Planned(view.row.amount, date(2027, 6, 1))])
        await book.change_case(view.case.id, stage="in", wage=True)
        await book.change_party(view.debtor.id, view.case.id, phone="13700000000")
        await book.revoke_payment(view.payments[0].id, "没有这笔")
    result = await desk.importer.run(desk.table(first), CLERK)
    assert (result.same, result.changed, result.kept, result.changes) == (1, 0, 1, [])
    after = (await desk.all())[0]
    assert after.instalments[0].due_on == date(2027, 6, 1)
    assert (after.case.stage, after.case.wage, after.debtor.phone) == ("in", True, "13700000000")
    assert after.standing.settled == 0
    assert await desk.ledger.check() == []


async def test_what_the_table_says_anew_is_a_change_all_the_same(desk: Desk) -> None:
    """Another day than before is told in the preview with the ledger's own, and written; then it is the same."""
    await desk.take(row(1))
    view = (await desk.all())[0]
    async with desk.ledger.change(CLERK) as book:
        await book.replan(view.id, [Planned(view.row.amount, date(2027, 6, 1))])
    anew = row(1, due=date(2027, 7, 1))
    result = await desk.importer.preview(desk.table(anew))
    assert [(c.column, c.old) for c in result.changes] == [("plan", "2027-06-01 60476.00")]
    assert await desk.take(anew) == (0, 1, 0, 0)
    assert await desk.take(anew) == (0, 0, 1, 0)
    assert (await desk.all())[0].instalments[0].due_on == date(2027, 7, 1)


async def test_what_spreadsheets_do_to_a_table(desk: Desk) -> None:
    """Headers of any width or broken in two, merged cells, days as counts, marks that nobody sees, formulas that failed."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["法院", " 案 号\n", "执行依据", "义务人", "权利人", "金额(元)", "履行期限", "承办人*"])
    for name, amount, due in (("甲\u200b", 100, 46387), ("乙", None, "46387"), ("丙", 300, "2026 年 12 月 31 号")):
        sheet.append(["西秀区法院", "（2026）黔0402执1号", "判决", name, "丁", amount, due, "王\ufeff法官"])
    sheet.append(["西秀区法院", "（2026）黔0402执2号", "判决", "戊", "#N/A", 5, 46387, "王法官"])
    for column in "ABCF":
        sheet.merge_cells(f"{column}2:{column}3")
    path = desk.folder / "merged.xlsx"
    book.save(path)
    result = await desk.importer.preview(path)
    assert (result.new, result.wrong) == (2, 2)
    said = [(p.row, p.column, p.code) for p in result.problems]
    assert said == [(3, "amount", "amount"), (5, "creditor", "cell_error")]
    done = await desk.importer.run(path, CLERK, only_good=True)
    assert done.new == 2
    first = (await desk.all())[0]
    assert (first.debtor.name, first.case.responsible, first.instalments[0].due_on) == ("甲", "王法官", date(2026, 12, 31))


async def test_joint_debtors_owe_one_sum_together(desk: Desk) -> None:
    """Husband and wife, and who stands surety: one obligation with all of them, once in the figures; exported, it is the same."""
    joint = row(1, co_debtor="赵六、钱七", co_debtor_number=f"{id_number(901)}；{id_number(902)}")
    assert await desk.take(joint) == (1, 0, 0, 0)
    view = (await desk.all())[0]
    assert [d.name for d in view.debtors] == ["义务人1", "赵六", "钱七"]
    figures = await desk.ledger.figures()
    assert (figures.obligations, figures.debtors, figures.amount) == (1, 3, view.row.amount)
    assert await desk.take(row(1)) == (0, 0, 1, 0)
    assert await desk.take(row(1, co_debtor="赵六、钱七、孙八")) == (0, 1, 0, 0)
    assert len((await desk.all())[0].debtors) == 4
    out = desk.folder / "out.xlsx"
    await desk.importer.export(out, personal=True)
    done = await desk.importer.run(out, CLERK)
    assert (done.same, done.changed, done.wrong) == (1, 0, 0)
    assert await desk.reasons(row(2, co_debtor="义务人2")) == ["2:co_debtor:co_debtor_twice"]
    assert await desk.reasons(row(3, debtor="张三、李四")) == ["2:debtor:name_one"]
    assert await desk.reasons(row(4, co_debtor="甲、乙", co_debtor_number=id_number(903))) == [
        "2:co_debtor_number:number_count"
    ]


async def test_an_import_that_is_cut_off_is_finished_by_the_next(desk: Desk) -> None:
    """What was written before the power went is whole; the same file then writes the rest."""
    path = desk.table(*rows(450))

    def cut(done: int, _: int | None) -> None:
        if done >= 400:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await desk.importer.run(path, CLERK, writing=cut)
    assert await desk.ledger.check() == []
    done = await desk.importer.run(path, CLERK)
    assert (done.new, done.same, done.wrong) == (50, 400, 0)


async def test_a_file_that_changes_under_the_import_is_not_written(desk: Desk) -> None:
    """What was checked is what is written: a file saved meanwhile is refused as a whole."""
    path = desk.table(row(1))

    def edit(_: int, __: int | None) -> None:
        desk.table(row(1), row(2))

    with pytest.raises(FileError):
        await desk.importer.run(path, CLERK, progress=edit)
    assert await desk.all() == []
