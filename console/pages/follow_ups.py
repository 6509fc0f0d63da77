"""回访: after a settlement or performance somebody asks how it went, and writes down what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from bot.reception.model import FollowUpResult
from bot.staff.model import Right
from console.fields import MaybeNumber
from console.frame import Page, ask, day, empty, frame, go_to, grid, page_at, section

if TYPE_CHECKING:
    from console.desk import Desk


def register(desk: Desk) -> None:
    """The list."""

    @page_at("/follow_ups")
    async def follow_ups(row: MaybeNumber = 0) -> None:
        with frame(desk, "follow_ups") as page:
            if page.who.may(Right.FOLLOW_UP):
                body = ui.column().style("width: 100%; gap: 1rem; align-items: stretch")
                await _show(page, body, row)


async def _show(page: Page, body: ui.column, row: int = 0) -> None:
    found = await page.do(page.services.follow_ups.list) or []
    body.clear()
    with body, section(page.t("menu.follow_ups"), len(found)):
        if not found:
            empty(page.t("follow_ups.nothing"), page.t("follow_ups.nothing_then"))
            return

        async def record(row: dict[str, object]) -> None:
            results = {r.value: page.label("follow_up", r) for r in FollowUpResult}
            ask(page, page.t("follow_ups.record", case=row["case"]), {
                "result": lambda: ui.radio(results, value=FollowUpResult.CONTENT.value),
                "note": lambda: ui.textarea(page.t("obligation.note")).props("outlined dense rows=3"),
            }, page.t("follow_ups.do.record"), lambda who, entered: page.services.follow_ups.record(
                who, int(str(row["id"])), FollowUpResult(entered["result"]), entered["note"] or ""),
                "frame.done", lambda _: _show(page, body))

        rows = [{
            "id": f.row.number, "case": f.case_number, "court": page.court(f.row.court), "cause": page.label("follow_cause", f.row.cause),
            "due": day(f.row.due_on), "status": page.t("follow_ups.late") if f.overdue else page.label("follow_status", f.row.status),
            "result": page.label("follow_up", f.row.result or ""),
        } for f in found]
        grid([(c, page.t(f"follow_ups.column.{c}")) for c in ("case", "court", "cause", "due", "status", "result")], rows, on_row=record)
        go_to(page, rows, row, record)
