"""信访、投诉: every one with a number, a day by which it is answered, and an answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.reception.model import NewPetition, PetitionKind, PetitionStatus
from bot.reception.petitions import Petition
from bot.staff.model import Right, Who
from console.fields import MaybeNumber, Number, text_field
from console.frame import Page, Refused, ask, day, empty, facts, frame, grid, moment, page_at, section, tallied

if TYPE_CHECKING:
    from console.desk import Desk


def register(desk: Desk) -> None:
    """The list, and one of them."""

    @page_at("/petitions")
    async def petitions(chat: MaybeNumber = 0) -> None:
        with frame(desk, "petitions") as page:
            if page.who.may(Right.PETITION):
                await _list(page, chat)

    @page_at("/petitions/{number}")
    async def petition(number: Number) -> None:
        with frame(desk, "petitions") as page:
            if page.who.may(Right.PETITION):
                await _One(page, number).open()


async def _list(page: Page, chat: int) -> None:
    tally = await page.do(page.services.petitions.tally)
    with ui.row().classes("bars"):
        if tally is not None and tally.every:
            tallied(page, "petitions.tally", tally)
        ui.space()
        ui.button(page.t("petitions.new"), on_click=page.doing(lambda: _new(page, chat))).props("unelevated dense").props("data-mark=new")
    for status in PetitionStatus:
        found = await page.do(partial(page.services.petitions.list, status=status)) or []
        with section(page.label("petition", status), len(found)):
            if not found:
                empty(page.t(f"petitions.no_{status.value}"), page.t(f"petitions.no_{status.value}_then"))
                continue
            left = "left" if status is PetitionStatus.OPEN else "answered"
            columns = [(c, page.t(f"petitions.column.{c}")) for c in ("label", "kind", "name", "court", "due", left, "assignee")]
            grid(columns, [{
                "id": p.row.number, "label": p.label, "kind": page.label("petition_kind", p.row.kind), "name": p.row.name,
                "court": page.court(p.row.court), "due": day(p.row.due_on), left: _left(page, p), "assignee": p.assignee_name or "–",
                "tone": "late" if p.overdue else "",
            } for p in found], on_row=lambda r: ui.navigate.to(f"/petitions/{r['id']}"), toned=left)
    if chat:
        ui.timer(0.1, page.doing(lambda: _new(page, chat)), once=True)


def _left(page: Page, p: Petition) -> str:
    if p.row.status == PetitionStatus.ANSWERED:
        return moment(p.row.answered_at)
    return page.t("petitions.late", days=-p.days_left) if p.days_left < 0 else page.t("petitions.left", days=p.days_left)


async def _new(page: Page, chat: int) -> None:
    name, conversation = "", None
    if chat:
        thread = await page.do(lambda who: page.services.chats.thread(who, chat, refresh=True))
        if thread is not None:
            name, conversation = thread.item.name, thread.item.conversation_id
    kinds = {k.value: page.label("petition_kind", k) for k in PetitionKind}
    courts = page.courts()

    async def file(who: Who, entered: Mapping[str, Any]) -> Petition:
        return await page.services.petitions.open(who, NewPetition(
            PetitionKind(entered["kind"]), entered["court"], entered["name"] or "", entered["text"] or "",
            entered["phone"] or "", entered["case_number"] or "", conversation))

    async def filed(made: Petition) -> None:
        ui.navigate.to(f"/petitions/{made.row.number}")

    ask(page, page.t("petitions.new"), {
        "kind": lambda: ui.select(kinds, value=PetitionKind.PETITION.value, label=page.t("petitions.column.kind")).props("outlined dense"),
        "court": lambda: ui.select(courts, value=page.who.court if page.who.court in courts else next(iter(courts)),
                                   label=page.t("petitions.column.court")).props("outlined dense"),
        "name": lambda: text_field(page.t("petitions.name"), name),
        "phone": lambda: text_field(page.t("reception.phone")),
        "case_number": lambda: text_field(page.t("reception.case_number")),
        "text": lambda: ui.textarea(page.t("petitions.text")).props("outlined dense rows=4"),
    }, page.t("petitions.do.new"), file, then=filed)


class _One:
    """One petition."""

    def __init__(self, page: Page, number: int) -> None:
        self._page, self._number = page, number

    async def open(self) -> None:
        """Build it."""
        self._body = ui.column().style("width: 100%; gap: 1rem; align-items: stretch")
        await self._show()

    async def _show(self) -> None:
        page = self._page
        found = await page.do(lambda who: page.services.petitions.get(who, self._number))
        self._body.clear()
        with self._body:
            if found is None:
                page.missing(page.t("petitions.none"))
                return
            row = found.row
            with ui.column().classes("section"):
                with ui.row().classes("section-head"):
                    ui.label(found.label).classes("section-title")
                    ui.label(page.label("petition", row.status)).classes("tag").props("data-mark=status")
                    if row.status == PetitionStatus.OPEN:
                        ui.label(_left(page, found)).classes("late" if found.overdue else "soft")
                    ui.space()
                    if row.status == PetitionStatus.OPEN:
                        for name, deed in (("assign", self._assign), ("escalate", self._escalate), ("answer", self._answer)):
                            ui.button(page.t(f"petitions.do.{name}"), on_click=page.doing(deed)).props(
                                "dense unelevated" if name == "answer" else "dense flat").props(f"data-mark=do-{name}")
                facts([
                    (page.t("petitions.name"), row.name),
                    (page.t("reception.phone"), row.phone or ""),
                    (page.t("obligation.court"), page.court(row.court)),
                    (page.t("reception.case_number"), row.case_number or ""),
                    (page.t("petitions.opened"), moment(row.opened_at)),
                    (page.t("petitions.column.due"), day(row.due_on)),
                    *([(page.t("petitions.column.answered"), moment(row.answered_at))] if row.answered_at else []),
                    (page.t("petitions.column.assignee"), found.assignee_name),
                ])
                ui.label(row.text).classes("sample")
                if row.escalated_at:
                    ui.label(page.t("petitions.escalated", moment=moment(row.escalated_at), why=row.escalated_why or "")).classes("soon")
                if row.answer:
                    ui.label(page.t("petitions.answer")).classes("section-title")
                    ui.label(row.answer).classes("sample")

    async def _assign(self) -> None:
        page = self._page
        colleagues = await page.do(page.services.staff.colleagues) or []

        async def assign(who: Who, entered: Mapping[str, Any]) -> None:
            if not entered["to"]:
                raise Refused(page.t("frame.choose_one"))
            await page.services.petitions.assign(who, self._number, entered["to"])

        ask(page, page.t("petitions.do.assign"), {
            "to": lambda: ui.select({c.id: c.name for c in colleagues}, with_input=True).props("outlined dense"),
        }, page.t("petitions.do.assign"), assign, "frame.done", lambda _: self._show())

    async def _escalate(self) -> None:
        page = self._page
        ask(page, page.t("petitions.do.escalate"), {"why": lambda: text_field(page.t("obligation.why"))}, page.t("petitions.do.escalate"),
            lambda who, entered: page.services.petitions.escalate(who, self._number, entered["why"] or ""),
            "frame.done", lambda _: self._show())

    async def _answer(self) -> None:
        page = self._page

        async def told(arrived: bool) -> None:
            page.tell(page.t("petitions.told" if arrived else "petitions.not_told"), "positive" if arrived else "info")
            await self._show()

        ask(page, page.t("petitions.answer"), {
            "text": lambda: ui.textarea(page.t("petitions.answer_how")).props("outlined dense rows=6"),
        }, page.t("petitions.do.answer"),
            lambda who, entered: page.services.petitions.answer(who, self._number, entered["text"] or ""), then=told)
