"""设置: the courts' data, the reminder plans with their source, staff and sessions, the audit log, uncertain messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.staff.model import Right, Role, Who
from console.fields import text_field
from console.frame import Page, ask, empty, frame, grid, hand_out, moment, page_at, section
from console.pages import audit

if TYPE_CHECKING:
    from console.desk import Desk

_NAME = re.compile(r"\{(\w+)\}")
# What a browser tells of itself, and the key of its name; the first that fits counts, since each claims to be others too.
_BROWSERS = (("MicroMessenger", "wechat"), ("Edg", "edge"), ("QQBrowser", "qq"), ("360", "q360"), ("Firefox", "firefox"), ("Chrome", "chrome"), ("Safari", "safari"))
_SYSTEMS = (("Android", "android"), ("iPhone", "iphone"), ("iPad", "ipad"), ("Windows", "windows"), ("Mac OS", "mac"), ("Linux", "linux"))

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
            with ui.tabs().props("dense align=left no-caps outside-arrows mobile-arrows") as tabs:
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
        "id": str(s.id), "name": s.name, "begun": moment(s.made_at), "seen": moment(s.seen_at), "agent": _agent(page, s.agent or ""), "address": s.address or "–",
    } for s in found], on_row=end)


def _agent(page: Page, told: str) -> str:
    """The browser and the system of a session, in words."""
    browser, system = (next((key for mark, key in known if mark in told), "other") for known in (_BROWSERS, _SYSTEMS))
    return page.t("settings.agent", browser=page.label("browser", browser), system=page.label("system", system))


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
            when = "；".join(f"{page.label('condition', k)}：{'、'.join(_condition(page, k, x) for x in v)}" for k, v in plan.when.items())
            ui.label(when or page.t("settings.every_case")).classes("soft")
            if not plan.steps:
                ui.label(page.t("settings.no_steps")).classes("soft")
                continue
            grid([(c, page.t(f"settings.column.{c}")) for c in ("when", "text")], [{
                "id": s.step.id, "when": _offset(page, s.step.days), "text": _worded(page, next(iter(s.texts.values()), "")),
            } for s in plan.steps])


def _condition(page: Page, name: str, value: str) -> str:
    """A value of a condition in words, such as of the stage or of yes and no."""
    named: Mapping[str, Callable[[str], str]] = {
        "court": page.court, "settlement": partial(page.label, "settlement"), "stage": partial(page.label, "stage"),
        "title": partial(page.label, "title"), "kind": partial(page.label, "kind"),
    }
    return named.get(name, partial(page.label, "frame"))(value)


def _offset(page: Page, days: int) -> str:
    key = "before" if days < 0 else "after" if days > 0 else "on"
    return page.t(f"settings.offset.{key}", days=abs(days))


def _worded(page: Page, text: str) -> str:
    """A wording with its names in words: 〔称呼〕 for {salutation}; without one, somebody of the staff takes over."""
    if not text:
        return page.t("settings.by_hand")
    return _NAME.sub(lambda found: f"〔{page.label('settings.name', found[1])}〕", text.replace("**", "").replace("\n", " "))


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
            empty(page.t("settings.no_broken"), page.t("settings.no_broken_then"))
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

        async def invited(found: tuple[str, str]) -> None:
            name, start = found
            hand_out(page, page.t("settings.invited", name=name), page.services.reach.address.link(start), page.t("settings.invite_how"))
            await _again(page, body, _staff)

        ask(page, page.t("settings.invite"), {
            "name": lambda: text_field(page.t("settings.column.name")),
            "court": lambda: ui.select(courts, value=next(iter(courts)), label=page.t("settings.column.court")).props("outlined dense"),
            "role": lambda: ui.select({r.value: page.label("role", r) for r in Role}, value=Role.CLERK.value, label=page.t("settings.column.role")).props("outlined dense"),
        }, page.t("settings.do.invite"), made, then=invited)

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
