"""One case: who is in it, what is owed in it, and who helps with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.core.privacy import mask_identifiers
from bot.dialogue.hand import INVITED, Invitation
from bot.ledger.identity import GivenParty
from bot.ledger.model import Stage
from bot.ledger.service import CaseView
from bot.reach.sheet import mark_of
from bot.reception.model import Node
from bot.staff.model import Right, Role, Who
from console.fields import day_field, given_day, text_field
from console.frame import Page, Refused, ask, day, facts, frame, grid, moment, money, page_at, section

if TYPE_CHECKING:
    from console.desk import Desk


def register(desk: Desk) -> None:
    """The page of one case."""

    @page_at("/cases/{number}")
    async def case(number: str) -> None:
        with frame(desk, "ledger", number) as page:
            if not page.who.may(Right.SEE_LEDGER):
                return
            view = await page.do(lambda who: page.services.cases.case(who, number))
            if view is None:
                page.missing(page.t("case.none"), page.t("case.none_then"))
            else:
                _show(page, view)
                await _help(page, view)


def _show(page: Page, view: CaseView) -> None:
    row = view.row
    with ui.column().classes("section"):
        with ui.row().classes("section-head"):
            ui.label(row.number).classes("section-title")
            ui.space()
            if page.who.may(Right.EDIT_LEDGER):
                ui.button(page.t("case.do.change"), on_click=lambda: _change(page, view)).props("dense flat").props("data-mark=change")
            if page.who.may(Right.MAKE_LINK):
                ui.button(page.t("case.do.sheets"), on_click=lambda: _sheets(page, view)).props("dense flat").props("data-mark=sheets")
            if page.who.may(Right.FLOW):
                ui.button(page.t("case.do.node"), on_click=page.doing(lambda: _node(page, view))).props("dense flat")
            if page.who.may(Right.ASSIGN_NOTARY):
                ui.button(page.t("case.do.notary"), on_click=page.doing(lambda: _notary(page, view))).props("dense flat")
        with ui.element("div").classes("two"):
            facts([
                (page.t("obligation.court"), page.court(row.court)),
                (page.t("case.title"), page.label("title", row.title)),
                (page.t("case.stage"), page.label("stage", row.stage)),
                (page.t("case.filed_on"), day(row.filed_on)),
            ])
            facts([
                (page.t("obligation.cause"), row.cause),
                (page.t("case.series"), row.series or ""),
                (page.t("obligation.responsible"), row.responsible or ""),
                (page.t("obligation.mediator"), row.mediator or ""),
            ])
    with section(page.t("case.people"), len(view.roles)):
        grid(
            [(c, page.t(f"case.column.{c}")) for c in ("role", "name", "number", "phone")],
            [
                {
                    "id": f"{r.party_id}{r.role}",
                    "party": str(r.party_id),
                    "role": page.label("party_role", r.role),
                    "name": view.parties[r.party_id].name,
                    "number": mask_identifiers(view.parties[r.party_id].number or "") or "–",
                    "phone": mask_identifiers(view.parties[r.party_id].phone or "") or "–",
                }
                for r in view.roles
            ],
            on_row=(lambda r: _party(page, view, int(r["party"]))) if page.who.may(Right.EDIT_LEDGER) else None,
        )
    with section(page.t("case.obligations"), len(view.obligations)):
        grid(
            [(c, page.t(f"ledger.column.{c}")) for c in ("label", "debtor", "status", "amount", "balance", "next_due")],
            [
                {
                    "id": str(o.id),
                    "label": o.row.label,
                    "debtor": o.debtor.name,
                    "status": page.label("status", o.standing.status),
                    "amount": money(o.row.amount),
                    "balance": money(o.standing.balance),
                    "next_due": day(o.standing.next_due),
                }
                for o in view.obligations
            ],
            right=("amount", "balance"),
            on_row=lambda r: ui.navigate.to(f"/obligations/{r['id']}"),
        )


async def _help(page: Page, view: CaseView) -> None:
    """The steps of its flow, and the notaries who help with it."""
    services = page.services
    if page.who.may(Right.FLOW):
        nodes = await page.do(lambda who: services.nodes.list(who, open=None, case_id=view.row.id)) or []
        if nodes:
            with section(page.t("case.flow"), len(nodes)):
                grid([(c, page.t(f"flow.column.{c}")) for c in ("node", "started", "limit", "days", "state")], [{
                    "id": n.row.number, "node": page.label("node", n.row.node), "started": day(n.row.started_on), "limit": day(n.row.limit_on),
                    "days": n.days, "tone": "late" if n.overdue else "",
                    "state": page.t("flow.finished", day=day(n.row.finished_on)) if n.row.finished_on else page.t("flow.late" if n.overdue else "flow.running"),
                } for n in nodes], right=("days",), toned="state",
                    on_row=lambda r: ui.navigate.to(f"/flow?row={r['id']}"))
    assists = await page.do(lambda who: services.notaries.list(who, running=False, case_id=view.row.id)) or []
    if assists:
        with section(page.t("case.notaries"), len(assists)):
            grid([(c, page.t(f"tasks.assist.{c}")) for c in ("notary", "since", "note", "ended")], [{
                "id": row.number, "notary": name, "since": moment(row.assigned_at), "note": row.note or "–",
                "ended": moment(row.ended_at) if row.ended_at else page.t("case.helping"), "running": "" if row.ended_at else "1",
            } for row, _, name in assists],
                on_row=(lambda r: _end_help(page, view, r)) if page.who.may(Right.ASSIGN_NOTARY) else None)


def _end_help(page: Page, view: CaseView, row: dict[str, Any]) -> None:
    """A notary's help is over."""
    if not row["running"]:
        return

    async def show(_: None) -> None:
        ui.navigate.to(f"/cases/{view.row.number}")

    ask(page, page.t("case.end_help", name=row["notary"]), {}, page.t("case.do.end_help"),
        lambda who, _: page.services.notaries.end(who, int(row["id"])), "frame.done", show)


def _change(page: Page, view: CaseView) -> None:
    """Stage and day of filing."""
    stages = {s.value: page.label("stage", s) for s in Stage}

    async def change(who: Who, entered: dict[str, Any]) -> None:
        await page.services.cases.change_case(
            who, view.row.number, entered["why"] or "", stage=Stage(entered["stage"]),
            filed_on=given_day(page.t("case.filed_on"), entered["filed_on"]))

    async def show(_: None) -> None:
        ui.navigate.to(f"/cases/{view.row.number}")

    ask(page, page.t("case.change"), {
        "stage": lambda: ui.select(stages, value=view.row.stage, label=page.t("case.stage")).props("outlined dense"),
        "filed_on": lambda: day_field(page.t("case.filed_on"), view.row.filed_on),
        "why": lambda: text_field(page.t("obligation.why")),
    }, page.t("frame.save"), change, "frame.done", show)


def _party(page: Page, view: CaseView, party_id: int) -> None:
    """Name, number and telephone of somebody; what is registered shows masked and stays unless something is typed."""
    party = view.parties[party_id]

    async def change(who: Who, entered: dict[str, Any]) -> None:
        name = entered["name"] or ""
        given = GivenParty("" if name == party.name else name, entered["number"] or "", entered["phone"] or "")
        await page.services.cases.change_party(who, view.row.number, party_id, entered["why"] or "", given)

    async def show(_: None) -> None:
        ui.navigate.to(f"/cases/{view.row.number}")

    def field(name: str, known: str | None) -> ui.input:
        made = text_field(page.t(f"case.column.{name}"))
        return made.props(f'hint="{page.t("case.known", value=mask_identifiers(known))}"') if known else made

    ask(page, page.t("case.party"), {
        "name": lambda: text_field(page.t("case.column.name"), party.name),
        "number": lambda: field("number", party.number),
        "phone": lambda: field("phone", party.phone),
        "why": lambda: text_field(page.t("case.party_why")),
    }, page.t("frame.save"), change, "frame.done", show)


def _sheets(page: Page, view: CaseView) -> None:
    """The sheets that go with the judgment, and into whose envelope each goes."""
    number = view.row.number

    async def hand_out(made: tuple[bytes, list[Invitation]]) -> None:
        ui.download.content(made[0], page.t("case.sheets_name", number=number), "application/pdf")
        with page.client, ui.dialog(value=True) as shown, ui.card().classes("dialog"):
            ui.label(page.t("case.sheets_whose")).classes("dialog-title")
            facts([(mark_of(one.party.id), f"{page.label('party_role', one.role)} {one.party.name}") for one in made[1]])
            if without := [p.name for r in view.roles if r.role in INVITED and not (p := view.parties[r.party_id]).provable]:
                ui.label(page.t("case.sheets_without"))
                ui.label("、".join(dict.fromkeys(without)))
            ui.button(page.t("frame.close"), on_click=shown.close).props("flat")

    ask(page, page.t("case.sheets"), {}, page.t("case.do.sheets"),
        lambda who, _: page.services.cases.sheets(who, number), then=hand_out)


async def _node(page: Page, view: CaseView) -> None:
    nodes = {n.value: page.label("node", n) for n in Node}
    async def show(_: int) -> None:
        ui.navigate.to(f"/cases/{view.row.number}")

    ask(page, page.t("case.node"), {
        "node": lambda: ui.select(nodes, value=Node.ACCEPT.value).props("outlined dense"),
    }, page.t("case.do.node"), lambda who, entered: page.services.nodes.start(who, view.row.id, Node(entered["node"])), "frame.done", show)


async def _notary(page: Page, view: CaseView) -> None:
    colleagues = await page.do(page.services.staff.colleagues) or []
    notaries = {c.id: c.name for c in colleagues if c.role is Role.NOTARY}
    if not notaries:
        page.tell(page.t("case.no_notary"), "info")
        return

    async def assign(who: Who, entered: Mapping[str, Any]) -> None:
        if not entered["account"]:
            raise Refused(page.t("frame.choose_one"))
        await page.services.notaries.assign(who, view.row.id, entered["account"], entered["note"] or "")

    async def show(_: None) -> None:
        ui.navigate.to(f"/cases/{view.row.number}")

    ask(page, page.t("case.notary"), {
        "account": lambda: ui.select(notaries, label=page.t("case.which_notary")).props("outlined dense"),
        "note": lambda: text_field(page.t("obligation.note")),
    }, page.t("case.do.notary"), assign, "frame.done", show)
