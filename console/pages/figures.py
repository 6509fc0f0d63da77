"""统计: the figures of a month per court, each with its definition, a chart of the year, and its rows one click away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from bot.core.clock import shown
from bot.reception.petitions import label_of
from bot.reports.model import BY_NAME, LINES, Figure, Kind, Month, Unit, first_of, written
from bot.reports.service import EVERYWHERE
from bot.reports.sheet import workbook
from bot.staff.model import Right
from bot.store.reports import Fact
from console.frame import Page, empty, frame, grid, money, page_at

if TYPE_CHECKING:
    from console.desk import Desk

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHARTED = ("urged", "performed_before", "settled_before", "paid_amount")
_CASE = "/cases/{label}"
_OBLIGATION = "/obligations/{page}"
# What the rows of a figure show, and where one of them leads.
_OBLIGATIONS = (("on", "label", "obligation", "court", "amount"), _OBLIGATION)
_CASES = (("on", "label", "court"), _CASE)
_DEALS = (("on", "label", "court", "amount"), _CASE)
_TOPICS = (("on", "topic"), "/knowledge/{about}")
_CHATS = (("on", "chat", "court"), "/chats/{page}")
_VISITS = (("on", "visit", "court"), "/reception/{page}")
_FOLLOW_UPS = (("on", "label", "cause", "court"), _OBLIGATION)
_NODES = (("on", "label", "node", "court"), _CASE)
_PETITIONS = (("on", "petition", "label", "court"), "/petitions/{page}")
_ROWS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "asked": _TOPICS, "answered": _TOPICS, "helpful": _TOPICS, "handed_over": _CHATS, "satisfied": _CHATS, "visits": _VISITS,
    "visits_settle": _VISITS, "first_enforcement": _CASES, "priority_cases": _CASES, "urged": _OBLIGATIONS,
    "performed": _OBLIGATIONS, "performed_before": _OBLIGATIONS, "performed_urged": _OBLIGATIONS,
    "performed_wage": _OBLIGATIONS, "paid": _OBLIGATIONS, "paid_third": _OBLIGATIONS, "referred_before": _DEALS,
    "settled_before": _DEALS, "settled_before+settled_in": _DEALS, "referred_in": _DEALS, "settled_in": _DEALS,
    "settlement_broken": _DEALS, "follow_ups": _FOLLOW_UPS, "followed_up": _FOLLOW_UPS, "nodes": _NODES,
    "nodes_in_time": _NODES, "notary": _CASES, "petitions": _PETITIONS, "petitions_answered": _PETITIONS,
}


def register(desk: Desk) -> None:
    """The table, and the rows of one figure."""

    @page_at("/figures")
    async def figures(month: str = "", court: str = "") -> None:
        with frame(desk, "figures") as page:
            if page.who.may(Right.SEE_REPORT):
                await _Figures(page, month, court).open()

    @page_at("/figures/{name}")
    async def rows(name: str, month: str = "", court: str = "") -> None:
        with frame(desk, "figures") as page:
            if name not in BY_NAME:
                page.missing(page.t("figures.unknown"), page.t("figures.unknown_then"))
            elif page.who.may(Right.SEE_REPORT):
                await _rows(page, BY_NAME[name], month, court)


class _Figures:
    """The page."""

    def __init__(self, page: Page, month: str, court: str) -> None:
        self._page, self._court = page, court
        self._reports = page.services.reports
        try:
            self._first = first_of(month)
        except ValueError:
            self._first = self._reports.this_month()

    async def open(self) -> None:
        """Build it."""
        page = self._page
        with ui.column().classes("section"), ui.row().classes("bars"):
            month = ui.input(page.t("figures.month"), value=f"{self._first:%Y-%m}").props('outlined dense mask="####-##"').props("data-mark=month")
            courts = page.courts()
            court = ui.select({"": page.t("figures.all"), **courts}, value=self._court if self._court in courts else "",
                              label=page.t("figures.court")).props("outlined dense").style("min-width: 9rem")

            def go() -> None:
                ui.navigate.to(f"/figures?month={month.value}&court={court.value}")

            month.on("keydown.enter", go)
            court.on_value_change(go)
            ui.button(page.t("figures.do.show"), on_click=go).props("dense flat")
            ui.space()
            if page.who.may(Right.EXPORT):
                ui.button(page.t("figures.do.export"), on_click=page.doing(self._export)).props("dense unelevated").props("data-mark=export")
        found = await page.do(lambda who: self._reports.month(who, self._first, self._court or None))
        if found is None:
            return
        self._cards(found)
        charts = ui.element("div").classes("two").style("min-height: 230px")
        self._table(found)

        async def drawn() -> None:
            with charts:
                await self._charts()

        ui.timer(0.1, drawn, once=True)  # a year is read after the month stands on the screen

    def _cards(self, month: Month) -> None:
        page = self._page
        with ui.element("div").classes("figures"):
            for name in ("asked", "answered_share", "urged", "performed_before", "settled_before", "paid_amount", "follow_up_share", "nodes_in_time_share"):
                figure = BY_NAME[name]
                value = month.values[name].get(EVERYWHERE) or next(iter(month.values[name].values()), None)
                with ui.link(target=self._to(name)).classes("figure").style("text-decoration: none; color: inherit; display: block"):
                    ui.label(page.services.texts(f"report.figure.{name}")).classes("soft")
                    ui.label(written(figure, value)).classes("figure-value").props(f"data-mark=figure-{name}")

    def _to(self, name: str) -> str:
        return f"/figures/{name}?month={self._first:%Y-%m}&court={self._court}"

    async def _charts(self) -> None:
        page = self._page
        for name in _CHARTED:
            found = await page.do(partial(self._reports.year, name=name, first=self._first, court=self._court or None)) or []
            scale = 100 if BY_NAME[name].unit is Unit.YUAN else 1
            with ui.column().classes("section").props(f"data-mark=chart-{name}"):
                ui.label(page.services.texts(f"report.figure.{name}")).classes("section-title")
                ui.echart({
                    "grid": {"left": 60, "right": 12, "top": 12, "bottom": 24},
                    "xAxis": {"type": "category", "data": [f"{d.year}-{d.month}" if d.month == 1 else f"{d.month}" for d, _ in found]},
                    "yAxis": {"type": "value", "minInterval": 1},
                    "tooltip": {"trigger": "axis"},
                    "series": [{"type": "bar", "data": [v / scale for _, v in found], "itemStyle": {"color": "#1f6f6b"}}],
                    "animation": False,
                }).style("height: 170px; width: 100%")

    def _table(self, month: Month) -> None:
        page = self._page
        places = [*month.courts, EVERYWHERE] if len(month.courts) > 1 else list(month.courts) or [EVERYWHERE]
        columns = [("name", page.services.texts("report.sheet.figure")), *[
            (p or "all", page.court(p) if p else page.services.texts("report.sheet.everywhere")) for p in places
        ], ("definition", page.services.texts("report.sheet.definition"))]
        rows = []
        for figure, kind in LINES:
            values, own = month.values[figure.name], kind is Kind.VALUE
            shown_ = {p or "all": written(figure, values.get(p) or (values.get(EVERYWHERE) if len(places) == 1 else None), kind) for p in places}
            name = page.services.texts(f"report.figure.{figure.name}" if own else f"report.sheet.{kind}")
            rows.append({"id": f"{figure.name}-{kind}", "figure": figure.name, "name": name, **shown_,
                         "definition": page.services.texts(f"report.definition.{figure.name}") if own else ""})
        with ui.column().classes("section"):
            grid(columns, rows, right=[p or "all" for p in places], on_row=lambda r: ui.navigate.to(self._to(str(r["figure"])))).props("data-mark=table")

    async def _export(self) -> None:
        page = self._page
        done = await page.do(lambda who: _true(self._reports.exported(who, self._first, self._court or None)))
        month = await page.do(lambda who: self._reports.month(who, self._first, self._court or None)) if done else None
        if month is not None:
            content = await asyncio.to_thread(workbook, month, page.services.ledger.courts, page.services.texts, page.services.ledger.today())
            ui.download.content(content, page.services.texts("report.sheet.file", month=f"{self._first:%Y-%m}"), _XLSX)


async def _rows(page: Page, figure: Figure, month: str, court: str) -> None:
    try:
        first = first_of(month)
    except ValueError:
        first = page.services.reports.this_month()
    listed = await page.do(lambda who: page.services.reports.rows(who, figure.name, first, court or None))
    found = listed.rows if listed else ()
    columns, target = _ROWS[figure.rows]
    with ui.column().classes("section"):
        ui.link(page.t("figures.back"), f"/figures?month={first:%Y-%m}&court={court}")
        ui.label(f"{page.services.texts(f'report.figure.{figure.name}')} · {first:%Y-%m}").classes("section-title")
        ui.label(page.services.texts(f"report.definition.{figure.name}")).classes("soft")
        if not found:
            empty(page.t("figures.none"))
            return
        whole = listed is None or listed.count == len(found)
        told = page.t("figures.count" if whole else "figures.newest", count=listed.count if listed else 0, shown=len(found))
        ui.label(told).classes("soft").props("data-mark=rows")
        rows = [_line(page, f, columns, target) for f in found]
        grid([(c, page.t(f"figures.column.{c}")) for c in columns], rows, right=("amount",),
             on_row=lambda r: ui.navigate.to(r["to"]) if r["to"] else None).props("data-mark=facts")


def _line(page: Page, fact: Fact, columns: Sequence[str], target: str) -> dict[str, object]:
    on, texts, about = fact.on, page.services.texts, fact.about
    when = "–" if on is None else shown(on) if isinstance(on, datetime) else on.isoformat()
    line: dict[str, object] = {"id": str(fact.id), "on": when, "label": fact.label or "–",
                               "court": page.court(fact.court) if fact.court else "–",
                               "amount": money(fact.amount) if fact.amount else "–",
                               "to": "" if "{about}" in target and not about else target.format(label=fact.label, about=about, page=fact.page)}
    named: Mapping[str, Callable[[], str]] = {
        "obligation": lambda: about,
        "topic": lambda: _topic(page, about),
        "chat": lambda: page.t("figures.chat", number=fact.page),
        "visit": lambda: texts("reception.label", queue=f"{int(about):03}", day=f"{on:%m%d}"),
        "cause": lambda: page.label("follow_cause", about),
        "node": lambda: page.label("node", about),
        "petition": lambda: label_of(texts, about, on, fact.id) if isinstance(on, datetime) else "–",
    }
    return line | {name: make() for name, make in named.items() if name in columns}


def _topic(page: Page, topic: str) -> str:
    entry = page.services.library.knowledge.entries.get(topic)
    return entry.question if entry else topic or page.t("figures.no_topic")


async def _true(deed: Awaitable[None]) -> bool:
    await deed
    return True
