"""回访: after a settlement or performance somebody asks how it went, and writes down what was found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.reception.follow_ups import FollowUp
from bot.reception.model import FollowUpResult
from bot.staff.model import Right
from console.fields import MaybeNumber
from console.frame import Page, ask, day, empty, frame, go_to, grid, moment, page_at, section, tallied

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
    office = page.services.follow_ups
    tally = await page.do(office.tally)
    waiting = await page.do(office.list) or []
    done = await page.do(partial(office.list, status="done")) or []
    body.clear()
    with body:
        if tally is not None and tally.every:
            with ui.row().classes("bars"):
                tallied(page, "follow_ups.tally", tally)
        with section(page.t("follow_ups.waiting"), len(waiting)):
            if waiting:
                _waiting(page, body, waiting, row)
            else:
                empty(page.t("follow_ups.nothing"), page.t("follow_ups.nothing_then"))
        with section(page.t("follow_ups.done"), len(done)):
            if done:
                _done(page, done)
            else:
                empty(page.t("follow_ups.none_done"), page.t("follow_ups.none_done_then"))


def _waiting(page: Page, body: ui.column, found: Sequence[FollowUp], wanted: int) -> None:
    async def record(row: dict[str, Any]) -> None:
        results = {r.value: page.label("follow_up", r) for r in FollowUpResult}
        ask(page, page.t("follow_ups.record", case=row["case"], cause=row["cause"]), {
            "result": lambda: ui.radio(results, value=FollowUpResult.CONTENT.value),
            "note": lambda: ui.textarea(page.t("obligation.note")).props("outlined dense rows=3"),
        }, page.t("follow_ups.do.record"), lambda who, entered: page.services.follow_ups.record(
            who, int(row["id"]), FollowUpResult(entered["result"]), entered["note"] or ""),
            "frame.done", lambda _: _show(page, body), aside=(page.t("tasks.do.open"), f"/obligations/{row['obligation']}"))

    rows = [_row(page, f) | {
        "status": page.t("follow_ups.late") if f.overdue else page.label("follow_up", f.row.result) if f.row.result else page.t("follow_ups.open"),
        "tone": "late" if f.overdue else "",
    } for f in found]
    columns = [(c, page.t(f"follow_ups.column.{c}")) for c in ("case", "court", "cause", "due", "status", "note")]
    grid(columns, rows, on_row=record, toned="status")
    go_to(page, rows, wanted, record)


def _done(page: Page, found: Sequence[FollowUp]) -> None:
    rows = [_row(page, f) | {"result": page.label("follow_up", f.row.result or ""), "at": moment(f.row.done_at)} for f in found]
    columns = [(c, page.t(f"follow_ups.column.{c}")) for c in ("case", "court", "cause", "at", "result", "note")]
    grid(columns, rows, on_row=lambda r: ui.navigate.to(f"/obligations/{r['obligation']}"))


def _row(page: Page, f: FollowUp) -> dict[str, Any]:
    return {
        "id": f.row.number, "obligation": str(f.row.obligation_id), "case": f.case_number, "court": page.court(f.row.court),
        "cause": page.label("follow_cause", f.row.cause), "due": day(f.row.due_on), "note": (f.row.note or "–").replace("\n", "；"),
    }
