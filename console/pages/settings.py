"""设置: the courts' data, the reminder plans with their source, staff and sessions, the audit log, uncertain messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.staff.model import Right, Role, Who
from console.fields import text_field
from console.frame import Page, ask, empty, frame, grid, moment, page_at, section
from console.pages import audit

if TYPE_CHECKING:
    from console.desk import Desk


def register(desk: Desk) -> None:
    """The page, with a tab for each part that the person may see."""

    @page_at("/settings")
    async def settings() -> None:
        with frame(desk, "settings") as page:
            parts: list[tuple[str, Any]] = [("mine", _mine), ("courts", _courts), ("plans", _plans)]
            if page.who.may(Right.WRITE_CAMPAIGN):
                parts.append(("broken", _broken))
            if page.who.may(Right.MANAGE_STAFF):
                parts.append(("staff", _staff))
            if page.who.may(Right.SEE_AUDIT):
                parts.append(("audit", audit.build))
            with ui.tabs().props("dense align=left no-caps") as tabs:
                made = {name: ui.tab(name, page.t(f"settings.{name}")) for name, _ in parts}
            with ui.tab_panels(tabs, value=made["mine"]).style("width: 100%; background: none").props("animated=false"):
                for name, build in parts:
                    with ui.tab_panel(made[name]).style("padding: 0"):
                        body = ui.column().style("width: 100%; gap: 1rem; align-items: stretch")
                        with body:
                            await build(page, body)


async def _again(page: Page, body: ui.column, build: Any) -> None:
    body.clear()
    with body:
        await build(page, body)


async def _mine(page: Page, body: ui.column) -> None:
    """One's own sessions."""
    found = await page.do(lambda who: page.services.staff.sessions(who, who.account)) or []

    async def end(row: dict[str, Any]) -> None:
        ask(page, page.t("settings.revoke_sure"), {}, page.t("settings.do.revoke"),
            lambda who, _: page.services.staff.revoke(who, int(row["id"])), "frame.done", lambda _: _again(page, body, _mine))

    with section(page.t("settings.my_sessions"), len(found)):
        ui.label(page.t("settings.my_roles", roles="、".join(page.label("role", r) for r in sorted(page.who.roles)), court=page.court(page.who.court)))
        ui.label(page.t("settings.sessions_how")).classes("soft")
        _sessions(page, found, end)


def _sessions(page: Page, found: Any, end: Any) -> None:
    grid([(c, page.t(f"settings.column.{c}")) for c in ("name", "begun", "seen", "agent", "address")], [{
        "id": str(s.id), "name": s.name, "begun": moment(s.made_at), "seen": moment(s.seen_at), "agent": s.agent or "–", "address": s.address or "–",
    } for s in found], on_row=end)


async def _courts(page: Page, _: ui.column) -> None:
    """What the answers say of each court; filled in `faq/courts.yaml`, shown here."""
    courts = page.services.library.knowledge.courts
    unfilled = sum(not c.filled for c in courts.values())
    with section(page.t("settings.courts"), len(courts)):
        ui.label(page.t("settings.courts_how", path=page.services.settings.faq.path / "courts.yaml")).classes("soft")
        if unfilled:
            ui.label(page.t("settings.courts_unfilled", count=unfilled)).classes("soon")
        grid([(c, page.t(f"settings.column.{c}")) for c in ("court", "place", "phone", "hours")], [{
            "id": c.id, "court": c.name, "place": c.address or "–", "phone": c.phone or "–", "hours": c.hours or "–",
        } for c in courts.values()])


async def _plans(page: Page, _: ui.column) -> None:
    """Which steps a reminder plan has, and where that is written."""
    plans = page.services.reminders.plans()
    path = page.services.settings.faq.path / "reminders.yaml"
    with section(page.t("settings.plans"), len(plans)):
        ui.label(page.t("settings.plans_how", path=path)).classes("soft")
        for plan in plans:
            ui.label(page.t("settings.plan", name=plan.name, file=plan.file, line=plan.line)).classes("section-title")
            when = "；".join(f"{page.label('condition', k)}：{'、'.join(v)}" for k, v in plan.when.items())
            ui.label(when or page.t("settings.every_case")).classes("soft")
            grid([(c, page.t(f"settings.column.{c}")) for c in ("step", "when", "text")], [{
                "id": s.step.id, "step": s.step.id, "when": page.t("settings.offset", days=s.step.days), "text": next(iter(s.texts.values()), ""),
            } for s in plan.steps])


async def _broken(page: Page, body: ui.column) -> None:
    """Messages of which nobody knows whether they arrived."""
    found = await page.do(page.services.broadcasts.unknown) or []

    async def settle(row: dict[str, Any]) -> None:
        choices = {True: page.t("settings.arrived"), False: page.t("settings.not_arrived")}
        ask(page, page.t("settings.resolve", name=row["name"]), {"arrived": lambda: ui.radio(choices, value=True)}, page.t("frame.save"),
            lambda who, entered: page.services.broadcasts.resolve(who, int(row["id"]), arrived=entered["arrived"]),
            "frame.done", lambda _: _again(page, body, _broken))

    with section(page.t("settings.broken"), len(found)):
        ui.label(page.t("settings.broken_how")).classes("soft")
        if not found:
            empty(page.t("settings.no_broken"))
            return
        grid([(c, page.t(f"settings.column.{c}")) for c in ("name", "case", "at")], [{
            "id": str(r.delivery.id), "name": r.name or "–", "case": r.case, "at": moment(r.delivery.created_at),
        } for r in found], on_row=settle)


async def _staff(page: Page, body: ui.column) -> None:
    """Accounts: invite, shut out, let in again, end sessions."""
    staff = page.services.staff
    accounts = await page.do(staff.accounts) or []
    sessions = await page.do(staff.sessions) or []

    async def invite() -> None:
        courts = page.courts()

        async def made(who: Who, entered: Mapping[str, Any]) -> tuple[str, str]:
            name = entered["name"] or ""
            return name, await staff.invite(who, entered["court"], Role(entered["role"]), name)

        async def hand_out(invited: tuple[str, str]) -> None:
            name, start = invited
            with page.client, ui.dialog(value=True), ui.card().classes("dialog"):
                ui.label(page.t("settings.invited", name=name)).classes("dialog-title")
                ui.label(page.services.reach.address.link(start)).classes("sample").props("data-mark=link")
                ui.label(page.t("settings.invite_how")).classes("soft")

        ask(page, page.t("settings.invite"), {
            "name": lambda: text_field(page.t("settings.column.name")),
            "court": lambda: ui.select(courts, value=next(iter(courts)), label=page.t("settings.column.court")).props("outlined dense"),
            "role": lambda: ui.select({r.value: page.label("role", r) for r in Role}, value=Role.CLERK.value, label=page.t("settings.column.role")).props("outlined dense"),
        }, page.t("settings.do.invite"), made, then=hand_out)

    async def choose(row: dict[str, Any]) -> None:
        account, active = int(row["id"]), row["state"] == "active"
        deeds = {"disable" if active else "enable": page.t("settings.do.disable") if active else page.t("settings.do.enable"), "revoke": page.t("settings.do.revoke_all")}
        found = {"disable": staff.disable, "enable": staff.enable, "revoke": staff.revoke_all}
        ask(page, row["name"], {"deed": lambda: ui.radio(deeds, value=next(iter(deeds)))}, page.t("frame.save"),
            lambda who, entered: found[entered["deed"]](who, account), "frame.done", lambda _: _again(page, body, _staff))

    with section(page.t("settings.staff"), len(accounts)):
        ui.button(page.t("settings.do.invite"), on_click=page.doing(invite)).props("unelevated dense").props("data-mark=invite")
        grid([(c, page.t(f"settings.column.{c}")) for c in ("name", "roles", "court", "status", "seen")], [{
            "id": a.id, "name": a.name, "roles": page.label("role", a.role), "court": page.court(a.court),
            "status": page.label("account", a.status), "state": str(a.status), "seen": moment(a.seen_at),
        } for a in accounts], on_row=choose)

    async def end(row: dict[str, Any]) -> None:
        ask(page, page.t("settings.revoke_sure"), {}, page.t("settings.do.revoke"),
            lambda who, _: staff.revoke(who, int(row["id"])), "frame.done", lambda _: _again(page, body, _staff))

    with section(page.t("settings.sessions"), len(sessions)):
        _sessions(page, sessions, end)
