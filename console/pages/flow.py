"""流程节点: which step of which case runs, and until when it has to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.staff.model import Right
from console.fields import MaybeNumber
from console.frame import Page, ask, day, empty, frame, go_to, grid, page_at, section

if TYPE_CHECKING:
    from console.desk import Desk


def register(desk: Desk) -> None:
    """The list of nodes that are under way."""

    @page_at("/flow")
    async def flow(row: MaybeNumber = 0) -> None:
        with frame(desk, "flow") as page:
            if page.who.may(Right.FLOW):
                body = ui.column().style("width: 100%; gap: 1rem; align-items: stretch")
                await _show(page, body, row)


async def _show(page: Page, body: ui.column, row: int = 0) -> None:
    found = await page.do(page.services.nodes.list) or []
    body.clear()
    with body, section(page.t("menu.flow"), len(found)):
        ui.label(page.t("flow.how", days=page.services.settings.reception.node_days)).classes("soft")
        if not found:
            empty(page.t("flow.nothing"), page.t("flow.nothing_then"))
            return

        async def finish(row: dict[str, Any]) -> None:
            ask(page, page.t("flow.finish", case=row["case"], node=row["node"]), {}, page.t("flow.do.finish"),
                lambda who, _: page.services.nodes.finish(who, int(row["id"])), "frame.done", lambda _: _show(page, body),
                aside=(page.t("flow.do.case"), f"/cases/{row['case']}"))

        rows = [{
            "id": n.row.number, "case": n.case_number, "court": page.court(n.row.court), "node": page.label("node", n.row.node),
            "started": day(n.row.started_on), "limit": day(n.row.limit_on), "days": n.days,
            "state": page.t("flow.late" if n.overdue else "flow.running"), "tone": "late" if n.overdue else "",
        } for n in found]
        grid([(c, page.t(f"flow.column.{c}")) for c in ("case", "court", "node", "started", "limit", "days", "state")], rows, on_row=finish, right=("days",), toned="state")
        go_to(page, rows, row, finish)
