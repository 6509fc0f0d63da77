"""台账: the ledger as a table that filters, sorts and scrolls over everything; import with a preview, export."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nicegui import events, ui

from bot.core.errors import SettingsError
from bot.ledger.importing import Result, reason
from bot.ledger.model import Settlement, Stage, Status
from bot.staff.model import Right, Who
from bot.store.ledger_page import ORDERS, Listed, Wanted
from console.frame import Page, Refused, answered, ask, day, empty, frame, money

if TYPE_CHECKING:
    from console.desk import Desk

PER_PAGE = 50
COLUMNS = ("number", "debtor", "label", "court", "status", "amount", "balance", "next_due", "responsible", "heard")
RIGHT = ("amount", "balance")
SILENT = timedelta(days=7)
LARGEST = 60 * 2**20  # bytes of a table: 50,000 rows take a tenth of it
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def register(desk: Desk) -> None:
    """The table."""

    @ui.page("/ledger")
    async def ledger(status: str = "", show: str = "", text: str = "") -> None:
        with frame(desk, "ledger") as page:
            if page.who.may(Right.SEE_LEDGER):
                await _Table(page, status, show, text).open()


class _Table:
    """The table and what is chosen in it."""

    def __init__(self, page: Page, status: str, show: str, text: str) -> None:
        self._page = page
        self._office = page.services.cases
        self._status = status if status in set(Status) else ""
        self._show = show
        self._text = text
        self._wanted: dict[str, Any] = {}
        self._sort, self._descending, self._at = "next_due", False, 1

    async def open(self) -> None:
        """Build it."""
        page = self._page
        with ui.column().classes("section"):
            self._filters()
            self._hint = ui.label(page.t("ledger.whole_names")).classes("soon").props("data-mark=whole-names")
            self._hint.set_visibility(False)
            columns = [
                {
                    "name": c,
                    "field": c,
                    "label": page.t(f"ledger.column.{c}"),
                    "align": "right" if c in RIGHT else "left",
                    "sortable": c in ORDERS,
                }
                for c in COLUMNS
            ]
            self._table = ui.table(columns=columns, rows=[], row_key="id", selection="multiple", pagination={
                "rowsPerPage": PER_PAGE, "sortBy": self._sort, "descending": False, "page": 1, "rowsNumber": 0,
            }).props("flat dense :rows-per-page-options=[20,50,100,200]").classes("grid clicks tall").props("data-mark=ledger")
            self._table.on("request", self._turned)
            self._table.on("rowClick", lambda e: ui.navigate.to(f"/obligations/{e.args[1]['id']}"), [[], ["id"], None])
            self._table.add_slot("body-cell-status", _STATUS)
            self._table.add_slot("no-data", page.t("ledger.nothing"))
        await self._load()

    def _filters(self) -> None:
        page = self._page
        with ui.row().classes("bars"):
            words = ui.input(placeholder=page.t("ledger.search"), value=self._text).props(
                'outlined dense clearable debounce="350"').classes("search").style("flex: 2; min-width: 12rem")
            words.on_value_change(lambda e: self._filter(text=(e.value or "").strip()))
            statuses = {"": page.t("ledger.every_status"), **{s.value: page.label("status", s) for s in Status}}
            ui.select(statuses, value=self._status, on_change=lambda e: self._filter(status=e.value)).props(
                "outlined dense").style("min-width: 8rem")
            if len(page.courts()) > 1:
                ui.select({"": page.t("ledger.every_court"), **page.courts()}, value="",
                          on_change=lambda e: self._filter(court=e.value or None)).props("outlined dense").style("min-width: 8rem")
            stages = {"": page.t("ledger.every_stage"), **{s.value: page.label("stage", s) for s in Stage}}
            ui.select(stages, value="", on_change=lambda e: self._filter(stage=e.value or None)).props("outlined dense")
            shows = {name: page.t(f"ledger.show.{name}" if name else "ledger.show_all")
                     for name in ("", "mine", "nobody", "priority", "special", "silent", "settling", "settled")}
            ui.select(shows, value=self._show if self._show in shows else "", on_change=lambda e: self._filter(show=e.value)).props(
                "outlined dense").style("min-width: 8rem")
            ui.space()
            self._buttons()

    def _buttons(self) -> None:
        page = self._page
        if page.who.may(Right.EDIT_LEDGER):
            ui.button(page.t("ledger.do.assign"), on_click=page.doing(self._assign)).props("dense flat")
            ui.button(page.t("ledger.do.import"), on_click=page.doing(self._import)).props("dense flat").props("data-mark=import")
        if page.who.may(Right.MAKE_LINK):
            ui.button(page.t("ledger.do.links"), on_click=page.doing(self._links)).props("dense flat")
        if page.who.may(Right.EXPORT):
            ui.button(page.t("ledger.do.export"), on_click=page.doing(self._export)).props("dense flat").props("data-mark=export")

    async def _filter(self, **values: Any) -> None:
        if "text" in values:
            self._text = values["text"]
        if "status" in values:
            self._status = values["status"]
        if "show" in values:
            self._show = values["show"]
        self._wanted |= {k: v for k, v in values.items() if k in ("court", "stage")}
        self._at = 1
        await self._load()

    async def _turned(self, event: events.GenericEventArguments) -> None:
        turned = event.args["pagination"]
        self._at = int(turned["page"])
        self._sort = turned.get("sortBy") or "next_due"
        self._descending = bool(turned.get("descending"))
        self._table.pagination["rowsPerPage"] = min(500, int(turned["rowsPerPage"]) or PER_PAGE)
        await self._load()

    def _wants(self, who: Who) -> Wanted:
        per_page = int(self._table.pagination["rowsPerPage"])
        special: Mapping[str, Mapping[str, Any]] = {
            "mine": {"responsible": who.name},
            "nobody": {"responsible": ""},
            "priority": {"priority": True},
            "special": {"special": True},
            "silent": {"silent_since": self._page.services.clock.now() - SILENT},
            "settling": {"settlement": Settlement.NEGOTIATING.value},
            "settled": {"settlement": Settlement.AGREED.value},
        }
        return Wanted(
            text=self._text,
            status=frozenset({self._status} if self._status else ()),
            sort=self._sort,
            descending=self._descending,
            limit=per_page,
            offset=(self._at - 1) * per_page,
            **self._wanted,
            **special.get(self._show, {}),
        )

    async def _load(self) -> None:
        found = await self._page.do(lambda who: self._office.page(who, self._wants(who)))
        if found is None:
            return
        self._hint.set_visibility(found.whole_names)
        self._table.rows[:] = [self._row(x) for x in found.rows]
        self._table.pagination |= {"rowsNumber": found.count, "page": self._at, "sortBy": self._sort,
                                   "descending": self._descending}
        self._table.update()

    def _row(self, x: Listed) -> dict[str, Any]:
        page = self._page
        return {
            "id": str(x.obligation_id),  # a browser's numbers are too short for it
            "number": x.number,
            "debtor": x.debtor,
            "label": x.label,
            "court": page.court(x.court),
            "status": page.label("status", x.status),
            "tone": x.status,
            "amount": money(x.amount) if x.kind == "money" else page.t("ledger.act"),
            "balance": money(x.balance) if x.kind == "money" else "–",
            "next_due": day(x.next_due),
            "responsible": x.responsible or "–",
            "heard": x.heard_at.date().isoformat() if x.heard_at else "–",
        }

    # -- deeds -----------------------------------------------------------------------------------

    def _chosen(self) -> list[dict[str, Any]]:
        if not self._table.selected:
            ui.notify(self._page.t("ledger.choose_first"), type="info")
        return list(self._table.selected)

    async def _assign(self) -> None:
        page, chosen = self._page, self._chosen()
        if not chosen:
            return
        colleagues = await page.do(page.services.staff.colleagues) or []
        names = {c.name: c.name for c in colleagues}

        async def assign(_: Who, entered: Mapping[str, Any]) -> int:
            if not entered["to"]:
                raise Refused(page.t("frame.choose_one"))
            deeds = [partial(self._assign_one, obligation=int(row["id"]), name=entered["to"]) for row in chosen]
            return sum([bool(await page.do(deed)) for deed in deeds])

        async def assigned(done: int) -> None:
            page.tell(page.t("ledger.assigned", count=done), "positive")
            self._table.selected.clear()
            await self._load()

        ask(page, page.t("ledger.assign", count=len(chosen)), {
            "to": lambda: ui.select(names, label=page.t("ledger.assign_to"), with_input=True).props("outlined dense"),
        }, page.t("ledger.do.assign"), assign, then=assigned)

    async def _assign_one(self, who: Who, obligation: int, name: str) -> bool:
        async with self._office.book(who, obligation, f"responsible: {name}") as book:
            await book.assign(obligation, name)
        return True

    async def _links(self) -> None:
        """One-time links for everybody of the chosen cases, as a table to be printed or mailed."""
        page = self._page
        numbers = list(dict.fromkeys(row["number"] for row in self._chosen()))
        if not numbers:
            return

        async def links(who: Who, _: Mapping[str, Any]) -> None:
            lines = [page.t("ledger.links_head")]
            for number in numbers:
                made = await self._office.invite(who, number)
                lines += [f"{number},{one.party.name},{page.label('party_role', one.role)},{one.link}" for one in made]
            ui.download.content("\ufeff" + "\r\n".join(lines) + "\r\n", "links.csv", "text/csv")

        ask(page, page.t("ledger.links_sure", count=len(numbers)), {}, page.t("ledger.do.links"), links)

    async def _export(self) -> None:
        page = self._page

        async def export(who: Who, entered: Mapping[str, Any]) -> None:
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / "ledger.xlsx"
                note = ui.notification(page.t("ledger.exporting"), spinner=True, timeout=None)
                try:
                    await page.services.tables.export(
                        who, target, personal=bool(entered["personal"]), court=entered["court"] or None)
                finally:
                    note.dismiss()
                content = await asyncio.to_thread(target.read_bytes)
            ui.download.content(content, page.t("ledger.export_name", day=page.services.ledger.today()), _XLSX)

        ask(page, page.t("ledger.export"), {
            "court": lambda: ui.select({"": page.t("ledger.every_court"), **page.courts()}, value="").props("outlined dense"),
            "personal": lambda: ui.checkbox(page.t("ledger.personal")),
        }, page.t("ledger.do.export"), export)

    async def _import(self) -> None:
        page = self._page
        with page.client, ui.dialog().props("persistent") as dialog, ui.card().classes("dialog").style("max-width: 52rem; width: 52rem"):
            ui.label(page.t("ledger.import")).classes("dialog-title")
            ui.label(page.t("ledger.import_how")).classes("soft")
            body = ui.column().style("width: 100%; gap: .6rem")
            with ui.row().classes("dialog-buttons"):
                ui.button(page.t("ledger.do.template"), on_click=page.doing(self._template)).props("flat")
                ui.button(page.t("frame.close"), on_click=dialog.close).props("flat")
        with tempfile.TemporaryDirectory() as folder:
            _Import(page, body, Path(folder)).open()
            await answered(dialog)
        if not page.client.is_deleted:
            await self._load()

    async def _template(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "template.xlsx"
            await self._page.services.tables.template(target)
            content = await asyncio.to_thread(target.read_bytes)
        ui.download.content(content, self._page.t("ledger.template_name"), _XLSX)


class _Import:
    """One table on its way into the ledger: chosen, looked at, written."""

    def __init__(self, page: Page, body: ui.column, folder: Path) -> None:
        self._page, self._body, self._folder = page, body, folder
        self._tables = page.services.tables
        self._rows, self._about = 0, 0
        self._name = ""  # of the file, as whoever gave it calls it

    def open(self) -> None:
        """Ask for the file."""
        with self._body:
            ui.upload(on_upload=self._given, auto_upload=True, max_file_size=LARGEST, max_files=1,
                      on_rejected=lambda: ui.notify(self._page.t("ledger.file_refused"), type="warning")).props(
                f'flat bordered accept=".xlsx,.csv" label="{self._page.t("ledger.file")}"').style("width: 100%").props("data-mark=table")

    async def _given(self, event: events.UploadEventArguments) -> None:
        suffix = ".csv" if event.file.name.lower().endswith(".csv") else ".xlsx"
        self._source, self._errors = self._folder / f"table{suffix}", self._folder / "errors.xlsx"
        self._name = event.file.name
        await event.file.save(self._source)
        await self._look()

    def _counted(self, rows: int, about: int | None) -> None:
        self._rows, self._about = rows, about or 0

    async def _with_bar(self, deed: Any) -> Result | None:
        """A deed with a progress bar; a file that cannot be read is told in words."""
        page = self._page
        self._body.clear()
        self._rows = self._about = 0
        with self._body:
            told = ui.label(page.t("ledger.reading")).classes("soft")
            bar = ui.linear_progress(value=0, show_value=False)

            def tick() -> None:
                told.text = page.t("ledger.rows_read", rows=self._rows)
                bar.value = min(1.0, self._rows / self._about) if self._about else 0

            timer = ui.timer(0.3, tick)
            try:
                result: Result | None = await page.do(deed)
            except SettingsError as error:
                ui.notify(str(error).replace(str(self._source), self._name), type="warning", timeout=9000, multi_line=True)
                result = None
            timer.cancel()
        self._body.clear()
        return result

    async def _look(self) -> None:
        result = await self._with_bar(lambda who: self._tables.preview(who, self._source, self._errors, self._counted))
        with self._body:
            if result is None:
                self.open()
            else:
                self._tell(result)

    def _tell(self, result: Result) -> None:
        page = self._page
        ui.label(page.t("ledger.preview", rows=result.rows, new=result.new, changed=result.changed, same=result.same,
                        wrong=result.wrong)).props("data-mark=preview")
        if result.unknown:
            ui.label(page.t("ledger.unknown_columns", columns="、".join(result.unknown))).classes("soon")
        for problem in result.problems:
            words = reason(problem, page.services.texts)
            ui.label(page.t("ledger.problem", row=problem.row, reason=words)).classes("late")
        for change in result.changes:
            column = page.services.texts(f"ledger.column.{change.column}")
            ui.label(page.t("ledger.change", number=change.number, label=change.label, column=column, old=change.old or "–",
                            new=change.new or "–")).classes("soft")
        with ui.row().classes("dialog-buttons"):
            if result.errors is not None:
                ui.button(page.t("ledger.do.errors"), on_click=self._hand_out).props("flat")
            if result.wrong and result.new + result.changed:
                ui.button(page.t("ledger.do.only_good"), on_click=lambda: self._write(only_good=True)).props("flat")
            if not result.wrong and result.new + result.changed:
                ui.button(page.t("ledger.do.write"), on_click=lambda: self._write(only_good=False)).props(
                    "unelevated").props("data-mark=write")

    async def _hand_out(self) -> None:
        content = await asyncio.to_thread(self._errors.read_bytes)
        ui.download.content(content, self._page.t("ledger.errors_name"), _XLSX)

    async def _write(self, *, only_good: bool) -> None:
        page = self._page
        result = await self._with_bar(lambda who: self._tables.run(
            who, self._source, self._errors, only_good=only_good, progress=self._counted))
        with self._body:
            if result is None:
                self.open()
                return
            empty(page.t("ledger.written", new=result.new, changed=result.changed, same=result.same, wrong=result.wrong))
            if result.errors is not None:
                ui.button(page.t("ledger.do.errors"), on_click=self._hand_out).props("flat")


_STATUS = """
<q-td :props="props"><span :class="props.row.tone === 'overdue' ? 'late' : props.row.tone === 'due' ? 'soon' :
  props.row.tone === 'performed' ? 'good' : ''">{{ props.value }}</span></q-td>
"""
