"""台账: the ledger as a table that filters, sorts and scrolls over everything; import with a preview, export."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nicegui import events, ui

from bot.core.errors import SettingsError
from bot.ledger.importing import Result, reason
from bot.ledger.model import Settlement, Stage, Status
from bot.ledger.sheet import csv_text
from bot.staff.model import Right, Who
from bot.store.board import PROMISED
from bot.store.ledger_page import ORDERS, Listed, Wanted
from console.frame import Page, Refused, answered, ask, day, empty, frame, money, page_at, tone

if TYPE_CHECKING:
    from console.desk import Desk

PER_PAGES = (20, 50, 100, 200)
PER_PAGE = 50
SORT = "next_due"
SHOWS = ("mine", "nobody", "priority", "special", "silent", "proofs", "promises", "settling", "settled")
COLUMNS = ("number", "debtor", "label", "court", "status", "amount", "balance", "next_due", "responsible", "heard")
RIGHT = ("amount", "balance")
_TONES: Mapping[str, str] = {Status.OVERDUE: "late", Status.DUE: "soon", Status.PERFORMED: "good"}
SILENT = timedelta(days=7)
LARGEST = 60 * 2**20  # bytes of a table: 50,000 rows take a tenth of it
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def register(desk: Desk) -> None:
    """The table."""

    @page_at("/ledger")
    async def ledger(
        text: str = "", status: str = "", court: str = "", stage: str = "", show: str = "", sort: str = "", down: str = "",
        at: str = "", per: str = "",
    ) -> None:
        with frame(desk, "ledger") as page:
            if page.who.may(Right.SEE_LEDGER):
                await _Table(page, _Chosen(text, status, court, stage, show, sort, down, at, per)).open()


@dataclass
class _Chosen:
    """What is chosen in the table, as it stands in the address; what is not known there counts as not chosen."""

    text: str = ""
    status: str = ""
    court: str = ""
    stage: str = ""
    show: str = ""
    sort: str = ""
    down: str = ""
    at: str = ""  # the page
    per: str = ""  # rows on a page

    def known(self, courts: Collection[str]) -> _Chosen:
        """Without what does not exist."""
        lists: Mapping[str, Collection[str]] = {
            "status": set(Status), "court": courts, "stage": set(Stage), "show": SHOWS, "sort": ORDERS,
            "down": ("1",), "per": [str(n) for n in PER_PAGES],
        }
        wrong = {name: "" for name, list_ in lists.items() if getattr(self, name) not in list_}
        return replace(self, **wrong, at=self.at if re.fullmatch(r"[1-9]\d{0,5}", self.at) else "")


class _Table:
    """The table and what is chosen in it."""

    def __init__(self, page: Page, chosen: _Chosen) -> None:
        self._page = page
        self._office = page.services.cases
        self._chosen = chosen.known(page.courts())

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
                if c != "court" or len(page.courts()) > 1
            ]
            self._table = ui.table(columns=columns, rows=[], row_key="id", selection="multiple", pagination={
                "rowsPerPage": int(self._chosen.per or PER_PAGE), "rowsNumber": 0,
            }).props(f"flat dense :rows-per-page-options='{list(PER_PAGES)}'").classes("grid clicks tall").props("data-mark=ledger")
            self._table.on("request", self._turned)
            self._table.on("rowClick", lambda e: ui.navigate.to(f"/obligations/{e.args[1]['id']}"), [[], ["id"], None])
            tone(self._table, "status")
            self._table.add_slot("no-data", page.t("ledger.nothing"))
        await self._load()

    def _filters(self) -> None:
        page = self._page
        with ui.row().classes("bars"):
            chosen = self._chosen
            words = ui.input(placeholder=page.t("ledger.search"), value=chosen.text).props(
                'outlined dense clearable debounce="350"').classes("search").style("flex: 2; min-width: 11rem")
            words.on_value_change(lambda e: self._filter(text=(e.value or "").strip()))
            lists = {
                "status": {"": page.t("ledger.every_status"), **{s.value: page.label("status", s) for s in Status}},
                "court": {"": page.t("ledger.every_court"), **page.courts()} if len(page.courts()) > 1 else {},
                "stage": {"": page.t("ledger.every_stage"), **{s.value: page.label("stage", s) for s in Stage}},
                "show": {"": page.t("ledger.show_all"), **{name: page.t(f"ledger.show.{name}") for name in SHOWS}},
            }
            for name, listed in lists.items():
                if listed:
                    ui.select(listed, value=getattr(chosen, name), on_change=lambda e, name=name: self._filter(**{name: e.value})).props(
                        "outlined dense").style("min-width: 7rem")
            ui.space()
            self._buttons()

    def _buttons(self) -> None:
        page = self._page
        ui.button(page.t("ledger.do.unreached"), on_click=lambda: ui.navigate.to("/unreached")).props("dense flat").props("data-mark=unreached")
        if page.who.may(Right.EDIT_LEDGER):
            ui.button(page.t("ledger.do.assign"), on_click=page.doing(self._assign)).props("dense flat")
            ui.button(page.t("ledger.do.import"), on_click=page.doing(self._import)).props("dense flat").props("data-mark=import")
        if page.who.may(Right.MAKE_LINK):
            ui.button(page.t("ledger.do.links"), on_click=page.doing(self._links)).props("dense flat")
        if page.who.may(Right.EXPORT):
            ui.button(page.t("ledger.do.export"), on_click=page.doing(self._export)).props("dense flat").props("data-mark=export")

    async def _filter(self, **values: str) -> None:
        self._chosen = replace(self._chosen, **values, at="")
        await self._load()

    async def _turned(self, event: events.GenericEventArguments) -> None:
        turned = event.args["pagination"]
        self._chosen = replace(
            self._chosen, at=str(turned["page"]), sort=turned.get("sortBy") or "", down="1" if turned.get("descending") else "",
            per=str(turned["rowsPerPage"]),
        ).known(self._page.courts())
        await self._load()

    def _wants(self, who: Who) -> Wanted:
        chosen = self._chosen
        per_page = int(chosen.per or PER_PAGE)
        today = self._page.services.ledger.today()
        special: Mapping[str, Mapping[str, Any]] = {
            "mine": {"responsible": who.name},
            "nobody": {"responsible": ""},
            "priority": {"priority": True},
            "special": {"special": True},
            "silent": {"silent_since": self._page.services.clock.now() - SILENT},
            "proofs": {"reported": True},
            "promises": {"promised_from": today - PROMISED, "promised_to": today},
            "settling": {"settlement": Settlement.NEGOTIATING.value},
            "settled": {"settlement": Settlement.AGREED.value},
        }
        return Wanted(
            text=chosen.text,
            status=frozenset({chosen.status} if chosen.status else ()),
            court=chosen.court or None,
            stage=chosen.stage or None,
            sort=chosen.sort or SORT,
            descending=bool(chosen.down),
            limit=per_page,
            offset=(int(chosen.at or 1) - 1) * per_page,
            **special.get(chosen.show, {}),
        )

    async def _load(self) -> None:
        chosen = self._chosen
        self._page.keep(**asdict(chosen))
        found = await self._page.do(lambda who: self._office.page(who, self._wants(who)))
        if found is None:
            return
        self._hint.set_visibility(found.whole_names)
        self._table.rows[:] = [self._row(x) for x in found.rows]
        self._table.pagination |= {"rowsNumber": found.count, "page": int(chosen.at or 1), "sortBy": chosen.sort or SORT,
                                   "descending": bool(chosen.down), "rowsPerPage": int(chosen.per or PER_PAGE)}
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
            "tone": _TONES.get(x.status, ""),
            "amount": money(x.amount) if x.kind == "money" else page.t("ledger.act"),
            "balance": money(x.balance) if x.kind == "money" else "–",
            "next_due": day(x.next_due),
            "responsible": x.responsible or "–",
            "heard": x.heard_at.date().isoformat() if x.heard_at else "–",
        }

    # -- deeds -----------------------------------------------------------------------------------

    def _ticked(self) -> list[dict[str, Any]]:
        if not self._table.selected:
            self._page.tell(self._page.t("ledger.choose_first"), "info")
        return list(self._table.selected)

    async def _assign(self) -> None:
        page, chosen = self._page, self._ticked()
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
        numbers = list(dict.fromkeys(row["number"] for row in self._ticked()))
        if not numbers:
            return

        async def links(who: Who, _: Mapping[str, Any]) -> None:
            lines = [page.t("ledger.links_head").split(",")]
            for number in numbers:
                made = await self._office.invite(who, number)
                lines += [[number, one.party.name, page.label("party_role", one.role), one.link] for one in made]
            ui.download.content(csv_text(lines), "links.csv", "text/csv")

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
        with self._body, ui.column().classes("drop"):
            # The uploader's own face is a bar of figures; it only takes the file.
            files = ui.upload(on_upload=self._given, auto_upload=True, max_file_size=LARGEST, max_files=1,
                              on_rejected=lambda: self._page.tell(self._page.t("ledger.file_refused"), "warning"))
            files.style("display: none").props('accept=".xlsx,.csv" data-mark=table')
            ui.button(self._page.t("ledger.file"), on_click=lambda: files.run_method("pickFiles")).props("unelevated").props("data-mark=pick")

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
                page.tell(str(error).replace(str(self._source), self._name), "warning")
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
        if result.kept:
            ui.label(page.services.texts("ledger.report.kept", rows=result.kept)).classes("soon")
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

