"""任务: what the program cannot do by itself, wages and other urgent matters first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.staff.model import Right
from bot.store.ledger_page import WantedTasks
from console.fields import MaybeNumber
from console.frame import Page, answered, ask, empty, frame, go_to, grid, moment, page_at, section

if TYPE_CHECKING:
    from console.desk import Desk

_MOST = 200


def register(desk: Desk) -> None:
    """The list."""

    @page_at("/tasks")
    async def tasks(row: MaybeNumber = 0) -> None:
        with frame(desk, "tasks") as page:
            if page.who.may(Right.SEE_LEDGER):
                body = ui.column().style("width: 100%; gap: 1rem; align-items: stretch")
                await _show(page, body, row)


async def _show(page: Page, body: ui.column, row: int = 0) -> None:
    found = await page.do(lambda who: page.services.cases.tasks(who, WantedTasks(limit=_MOST)))
    body.clear()
    with body, section(page.t("menu.tasks"), found.count if found else 0):
        if found is None or not found.rows:
            empty(page.t("tasks.nothing"), page.t("tasks.nothing_then"))
            return

        async def take(row: dict[str, Any]) -> None:
            number = int(row["id"])
            with page.client, ui.dialog() as dialog, ui.card().classes("dialog"):
                ui.label(page.t("tasks.close", number=number, kind=row["kind"])).classes("dialog-title")
                ui.label(str(row["note"])).classes("sample")
                with ui.row().classes("dialog-buttons"):
                    if row["obligation"]:
                        ui.button(page.t("tasks.do.open"), on_click=lambda: ui.navigate.to(f"/obligations/{row['obligation']}")).props("flat")
                    if page.who.may(Right.CLOSE_TASK):
                        ui.button(page.t("tasks.do.close"), on_click=lambda: dialog.submit(True)).props("unelevated")
            if await answered(dialog):
                ask(page, page.t("tasks.close", number=number, kind=row["kind"]), {
                    "words": lambda: ui.textarea(page.t("tasks.words")).props("outlined dense rows=3"),
                }, page.t("tasks.do.close"),
                    lambda who, entered: page.services.cases.close_task(who, number, entered["words"] or ""),
                    "tasks.done", lambda _: _show(page, body))

        rows = [{
            "id": t.number,
            "number": t.number,
            "kind": page.label("clerk.kind", t.kind),
            "note": (t.note or "–").replace("\n", " "),
            "responsible": t.responsible or "–",
            "made": moment(t.created_at),
            "obligation": str(t.obligation_id or ""),
        } for t in found.rows]
        grid([(c, page.t(f"tasks.column.{c}")) for c in ("number", "kind", "note", "responsible", "made")], rows, on_row=take)
        go_to(page, rows, row, take)
