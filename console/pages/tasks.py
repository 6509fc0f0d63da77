"""任务: what the program cannot do by itself, wages and other urgent matters first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.staff.model import Right, Role
from bot.store.ledger_page import WantedTasks
from console.fields import MaybeNumber
from console.frame import Page, ask, empty, frame, go_to, grid, moment, page_at, section

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
                await _assists(page)


async def _assists(page: Page) -> None:
    """The cases in which a notary helps: all that one sees, a notary their own."""
    found = await page.do(page.services.notaries.list) or []
    if not found and Role.NOTARY not in page.who.roles:
        return
    with section(page.t("tasks.assists"), len(found)):
        if not found:
            empty(page.t("tasks.no_assists"), page.t("tasks.no_assists_then"))
            return
        grid([(c, page.t(f"tasks.assist.{c}")) for c in ("case", "court", "notary", "since", "note")], [{
            "id": row.number, "case": number, "court": page.court(row.court), "notary": name, "since": moment(row.assigned_at), "note": row.note or "–",
        } for row, number, name in found], on_row=lambda r: ui.navigate.to(f"/cases/{r['case']}"))


async def _show(page: Page, body: ui.column, row: int = 0) -> None:
    found = await page.do(lambda who: page.services.cases.tasks(who, WantedTasks(limit=_MOST)))
    body.clear()
    with body, section(page.t("menu.tasks"), found.count if found else 0):
        if found is None or not found.rows:
            empty(page.t("tasks.nothing"), page.t("tasks.nothing_then"))
            return

        async def take(row: dict[str, Any]) -> None:
            title = page.t("tasks.close", number=row["number"], kind=row["kind"])
            aside = (page.t("tasks.do.open"), f"/obligations/{row['obligation']}") if row["obligation"] else None
            if not page.who.may(Right.CLOSE_TASK):
                ui.navigate.to(aside[1] if aside else "/tasks")
                return
            ask(page, title, {
                "words": lambda: ui.textarea(page.t("tasks.words")).props("outlined dense rows=3"),
            }, page.t("tasks.do.close"), lambda who, entered: page.services.cases.close_task(who, int(row["id"]), entered["words"] or ""),
                "tasks.done", lambda _: _show(page, body), aside=aside,
                beside=lambda: ui.label(" ".join(x for x in (row["case"], row["note"]) if x != "–") or "–").classes("sample"))

        rows = [{
            "id": t.number,
            "number": t.number,
            "kind": page.label("clerk.kind", t.kind),
            "case": found.cases.get(t.case_id or 0, "–"),
            "note": (t.note or "–").replace("\n", " "),
            "responsible": t.responsible or "–",
            "made": moment(t.created_at),
            "obligation": str(t.obligation_id or ""),
        } for t in found.rows]
        grid([(c, page.t(f"tasks.column.{c}")) for c in ("number", "kind", "case", "note", "responsible", "made")], rows, on_row=take)
        go_to(page, rows, row, take)
