"""操作记录: who saw, changed, exported, sent what; by person, case, day and kind of deed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from nicegui import ui

from bot.core.clock import SHANGHAI
from bot.staff.audit import Search
from bot.staff.model import Deed, Who
from console.audit import Telling
from console.fields import day_field, given_day
from console.frame import Page, grid, moment, section

MOST = 200  # lines shown at once
COLUMNS = ("at", "name", "deed", "object", "court", "detail")


async def build(page: Page, _: ui.column) -> None:
    """The filters and the lines that fit."""
    audit = page.services.audit
    people = await page.do(audit.people) or {}
    telling = Telling(page, people)
    deeds = {"": page.t("settings.every_deed"), **{d.value: page.label("deed", d) for d in Deed}}
    with section(page.t("settings.audit")):
        with ui.row().classes("bars"):
            actor = ui.select({"": page.t("settings.everybody"), **people}, value="", label=page.t("settings.column.name"),
                              with_input=True).props("outlined dense data-mark=audit-who").style("min-width: 10rem")
            deed = ui.select(deeds, value="", label=page.t("settings.column.deed")).props("outlined dense data-mark=audit-deed").style("min-width: 8rem")
            case = ui.input(page.t("settings.column.case")).props('outlined dense clearable debounce="350" data-mark=audit-case').style("min-width: 12rem")
            day = day_field(page.t("settings.day"), None).props("clearable data-mark=audit-day")
        table = grid([(c, page.t(f"settings.column.{c}")) for c in COLUMNS], [])
        hint = ui.label(page.t("settings.audit_more", count=MOST)).classes("soft")

        async def look(who: Who) -> None:
            on = given_day(page.t("settings.day"), day.value)
            since = datetime(on.year, on.month, on.day, tzinfo=SHANGHAI).astimezone(UTC) if on else None
            wanted = Search(
                actor=actor.value or None,
                deed=Deed(deed.value) if deed.value else None,
                case=case.value or "",
                since=since,
                until=since + timedelta(days=1) if since else None,
            )
            found = await audit.search(who, wanted, limit=MOST)
            table.rows[:] = [{
                "id": str(a.row.id), "at": moment(a.row.at), "name": telling.name(a), "deed": page.label("deed", a.row.deed),
                "object": telling.object(a), "court": page.court(a.row.court), "detail": telling.detail(a),
            } for a in found]
            table.update()
            hint.set_visibility(len(found) == MOST)

        async def again() -> None:
            await page.do(look)

        for field in (actor, deed, case, day):
            field.on_value_change(again)
        await again()
