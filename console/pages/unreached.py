"""未触达: debtors whom the chat does not reach, why, what was tried by hand, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.core.privacy import mask_identifiers
from bot.reach.calls import tried
from bot.reach.model import Outcome, Unreached, Way
from bot.reach.service import NotReached
from bot.staff.model import Right, Who
from console.fields import text_field
from console.frame import Page, ask, empty, frame, grid, page_at, section

if TYPE_CHECKING:
    from console.desk import Desk

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def register(desk: Desk) -> None:
    """The list."""

    @page_at("/unreached")
    async def unreached() -> None:
        with frame(desk, "ledger", desk.texts("unreached.title")) as page:
            if page.who.may(Right.SEE_LEDGER):
                await _List(page).show()


class _List:
    """The list, and what is entered about one of it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._why: Unreached | None = None
        reasons = {"": page.t("unreached.every_why"), **{w.value: page.services.texts(f"reach.why.{w}") for w in Unreached}}
        with ui.row().classes("bars"):
            ui.label(page.t("unreached.how")).classes("soft")
            ui.space()
            ui.select(reasons, value="", on_change=lambda e: self._only(e.value)).props("outlined dense").props("data-mark=why")
            if page.who.may(Right.EXPORT):
                ui.button(page.t("unreached.do.export"), on_click=page.doing(self._export)).props("dense flat").props("data-mark=export")
        self._body = ui.column().style("width: 100%; gap: 1rem; align-items: stretch")

    async def _only(self, why: str) -> None:
        self._why = Unreached(why) if why else None
        await self.show()

    async def show(self) -> None:
        """Build it anew."""
        page, texts = self._page, self._page.services.texts
        found = await page.do(lambda who: page.services.cases.unreached(who, why=self._why)) or []
        self._body.clear()
        with self._body, section(page.t("unreached.title"), len(found)):
            if not found:
                empty(page.t("unreached.nothing"), page.t("unreached.nothing_then"))
                return
            listed = {f"{n.party.id}-{n.case.id}": n for n in found}
            on_row = self._note if page.who.may(Right.MAKE_LINK) else None
            names = ("number", "name", "phone", "why", "tried")
            grid([(c, texts(f"reach.column.{c}")) for c in names], [{
                "id": key, "number": n.case.number, "name": n.party.name, "phone": mask_identifiers(n.party.phone or "") or "–",
                "why": texts(f"reach.why.{n.why}"), "tried": tried(n, texts) or "–",
            } for key, n in listed.items()], on_row=on_row and (lambda row: on_row(listed[row["id"]]))).props("data-mark=unreached")

    async def _note(self, one: NotReached) -> None:
        """Show the telephone number, which is written down, and ask what came of the call."""
        page, texts = self._page, self._page.services.texts

        async def note(who: Who, entered: dict[str, Any]) -> None:
            await page.services.cases.outcome(who, one.party.id, Way(entered["way"]), Outcome(entered["outcome"]), entered["note"] or "")

        await page.do(lambda who: page.services.audit.seen(who, "party", one.party.id, one.case.court))
        phone = page.t("unreached.call", phone=one.party.phone) if one.party.phone else page.t("unreached.no_phone")
        ways = {w.value: texts(f"reach.way.{w}") for w in Way}
        outcomes = {o.value: texts(f"reach.outcome.{o}") for o in Outcome}
        ask(page, f"{page.t('unreached.tried', name=one.party.name)}（{phone}）", {
            "way": lambda: ui.select(ways, value=Way.PHONE.value, label=page.t("unreached.way")).props("outlined dense"),
            "outcome": lambda: ui.radio(outcomes, value=Outcome.NO_ANSWER.value),
            "note": lambda: text_field(page.t("obligation.note")),
        }, page.t("unreached.do.note"), note, "unreached.noted", lambda _: self.show())

    async def _export(self) -> None:
        page = self._page
        content = await page.do(lambda who: page.services.cases.unreached_file(who, why=self._why))
        if content is not None:
            ui.download.content(content, page.t("unreached.file", day=page.services.ledger.today()), _XLSX)
