"""群发: written, looked at, approved by a second person, sent, watched, retried, stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.ledger.model import Stage
from bot.reminders.campaigns import NewCampaign, Progress
from bot.reminders.model import CampaignStatus, DeliveryStatus
from bot.reminders.wording import DEFAULT_ARM, campaign_fields
from bot.staff.model import Right, Who
from bot.store.reminder_rows import CampaignRow
from console.drafts import Draft
from console.fields import Number, given_count, given_moment, moment_field, text_field
from console.frame import Page, Refused, ask, empty, facts, frame, grid, moment, page_at, rich, section

if TYPE_CHECKING:
    from console.desk import Desk

SHOWN = 200  # recipients on a page
EVERY = 2.0  # seconds between two looks at a campaign that runs
# In the browser: {name} is written where the cursor stands.
_PUT = """() => {{
  const field = getHtmlElement({id}).querySelector("textarea") ?? getHtmlElement({id});
  field.setRangeText("{{{name}}}", field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", {{bubbles: true}}));
  field.focus();
}}"""


def register(desk: Desk) -> None:
    """The list, a new one, and one of them."""

    @page_at("/campaigns")
    async def campaigns() -> None:
        with frame(desk, "campaigns") as page:
            if page.who.may(Right.WRITE_CAMPAIGN):
                await _list(page)

    @page_at("/campaigns/new")
    async def new() -> None:
        with frame(desk, "campaigns", desk.texts("campaigns.new")) as page:
            if page.who.may(Right.WRITE_CAMPAIGN):
                _Draft(page).open()

    @page_at("/campaigns/{number}")
    async def campaign(number: Number) -> None:
        with frame(desk, "campaigns", desk.texts("campaigns.one", number=number)) as page:
            if page.who.may(Right.WRITE_CAMPAIGN):
                await _Campaign(page, number).open()


async def _list(page: Page) -> None:
    found = await page.do(page.services.broadcasts.all) or []
    with ui.row().classes("bars"):
        ui.label(page.t("campaigns.how")).classes("soft")
        ui.space()
        ui.button(page.t("campaigns.do.new"), on_click=lambda: ui.navigate.to("/campaigns/new")).props("unelevated dense").props("data-mark=new")
    with section(page.t("menu.campaigns"), len(found)):
        if not found:
            empty(page.t("campaigns.nothing"), page.t("campaigns.nothing_then"))
            return
        grid([(c, page.t(f"campaigns.column.{c}")) for c in ("number", "title", "status", "author", "begun")], [{
            "id": c.number,
            "number": c.number,
            "title": c.title,
            "status": page.label("campaign", c.status),
            "author": await _name(page, c.author),
            "begun": moment(c.started_at or c.start_at),
        } for c in found], on_row=lambda r: ui.navigate.to(f"/campaigns/{r['number']}"))


async def _name(page: Page, key: str) -> str:
    """The name behind `staff:7`."""
    kind, _, number = key.partition(":")
    if kind != "staff":
        return key
    names = {str(c.id): c.name for c in await page.do(page.services.staff.colleagues) or []}
    return names.get(number, page.label("actor", "staff"))


class _Draft:
    """A campaign being written."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def open(self) -> None:
        """The form."""
        page = self._page
        with ui.column().classes("section").style("max-width: 52rem"):
            title = ui.input(page.t("campaigns.title")).props("outlined dense maxlength=120").props("data-mark=title")
            text = ui.textarea(page.t("campaigns.text")).props("outlined dense rows=6").props("data-mark=text")
            names = ui.row().classes("bars")
            other = ui.textarea(page.t("campaigns.other_text")).props("outlined dense rows=4")
            holdout = ui.number(page.t("campaigns.holdout"), value=0, min=0, max=50, step=5).props('outlined dense suffix="%"')
            education = ui.checkbox(page.t("campaigns.education"), on_change=lambda e: self._names(names, text, education=bool(e.value)))
            education.props("data-mark=education")
            self._names(names, text, education=False)
            ui.label(page.t("campaigns.audience")).classes("section-title")
            with ui.row().classes("bars"):
                courts = ui.select(page.courts(), multiple=True, label=page.t("campaigns.courts")).props("outlined dense use-chips").style("min-width: 14rem")
                stage = ui.select({"": page.t("ledger.every_stage"), **{s.value: page.label("stage", s) for s in Stage}}, value="").props("outlined dense")
                series = ui.input(page.t("case.series")).props("outlined dense")
            with ui.row().classes("bars"):
                overdue = ui.checkbox(page.t("campaigns.overdue"))
                wage = ui.checkbox(page.t("campaigns.wage"))
            ui.label(page.t("campaigns.pace")).classes("section-title")
            with ui.row().classes("bars"):
                per_minute = text_field(page.t("campaigns.per_minute")).props('inputmode="numeric"').props("data-mark=per-minute")
                until = moment_field(page.t("campaigns.until"), page.t("frame.moment_hint")).props("data-mark=until")
            ui.label(page.t("campaigns.pace_how")).classes("soft")

            async def write(who: Who) -> int:
                audience: dict[str, Any] = {}
                if courts.value:
                    audience["court"] = list(courts.value)
                audience |= {k: v for k, v in (("stage", stage.value), ("series", series.value)) if v}
                audience |= {k: True for k, box in (("overdue", overdue), ("wage", wage)) if box.value}
                texts = {DEFAULT_ARM: text.value or ""} | ({"b": other.value} if other.value else {})
                return await page.services.broadcasts.new(who, NewCampaign(
                    title.value or "",
                    texts,
                    {k: v for k, v in audience.items() if k == "court"} if education.value else audience,
                    "",
                    education=bool(education.value),
                    holdout=float(holdout.value or 0) / 100,
                    per_minute=given_count(page.t("campaigns.per_minute"), per_minute.value),
                    until=given_moment(page.t("campaigns.until"), until.value),
                ))

            async def draft() -> None:
                wrong.set_visibility(False)
                try:
                    number = await page.attempt(write)
                except Refused as error:
                    wrong.text = str(error)
                    wrong.set_visibility(True)
                    return
                kept.drop()
                ui.navigate.to(f"/campaigns/{number}")

            kept = Draft(page, "campaign", {
                "title": title, "text": text, "other": other, "holdout": holdout, "education": education, "courts": courts, "stage": stage,
                "series": series, "overdue": overdue, "wage": wage, "per_minute": per_minute, "until": until,
            })
            page.client.on_connect(kept.restore)
            wrong = ui.label().classes("late").props("role=alert data-mark=refused")
            wrong.set_visibility(False)
            ui.button(page.t("campaigns.do.draft"), on_click=page.doing(draft)).props("unelevated").props("data-mark=draft")

    def _names(self, place: ui.row, text: ui.textarea, *, education: bool) -> None:
        """What may stand in braces, as buttons that put it where one writes."""
        page = self._page
        place.clear()
        with place:
            ui.label(page.t("campaigns.names")).classes("soft")
            for name in campaign_fields(education=education):
                put = _PUT.format(id=text.id, name=name)
                ui.button(page.label("campaigns.name", name)).props("dense outline no-caps").props(f"data-mark=name-{name}").on(
                    "click", js_handler=put)
            ui.label(page.t("campaigns.names_education" if education else "campaigns.names_how")).classes("soft")


class _Campaign:
    """One campaign on its way."""

    def __init__(self, page: Page, number: int) -> None:
        self._page, self._number = page, number
        self._office = page.services.broadcasts
        self._shown = ""
        self._names: dict[str, str] = {}  # of author and approver
        self._told: tuple[CampaignRow, dict[tuple[str, str], int]] | None = None

    async def open(self) -> None:
        """Build it, and look again while it runs."""
        self._head = ui.column().style("width: 100%; gap: 1rem")
        self._rest = ui.column().style("width: 100%; gap: 1rem")
        found = await self._look()
        if found is None:
            with self._rest:
                self._page.missing(self._page.t("campaigns.none"))
            return
        self._page.every(EVERY, self._look)

    async def _look(self) -> Progress | None:
        found = await self._page.do(lambda who: self._office.progress(who, self._number))
        if found is not None:
            for key in filter(None, (found.row.author, found.row.approver)):
                if key not in self._names:
                    self._names[key] = await _name(self._page, key)
            self._progress(found)
            if found.row.status != self._shown:
                self._shown = found.row.status
                await self._details(found)
        return found

    def _progress(self, found: Progress) -> None:
        page, row = self._page, found.row
        told = (row, dict(found.counts))
        if told == self._told:  # a button that is made anew every other second cannot be pressed
            return
        self._told = told
        self._head.clear()
        with self._head, ui.column().classes("section"):
            with ui.row().classes("section-head"):
                ui.label(row.title).classes("section-title")
                ui.label(page.label("campaign", row.status)).classes("tag").props("data-mark=status")
                ui.space()
                self._deeds(found)
            with ui.element("div").classes("two"):
                facts([
                    (page.t("campaigns.audience"), _audience(page, row)),
                    (page.t("campaigns.column.author"), self._names[row.author]),
                    (page.t("campaigns.approver"), self._names[row.approver] if row.approver else page.t("campaigns.not_yet")),
                ])
                facts([
                    (page.t("campaigns.begins"), moment(row.started_at or row.start_at) if row.started_at or row.start_at else page.t("campaigns.not_yet")),
                    (page.t("campaigns.until"), moment(row.until)),
                    (page.t("campaigns.per_minute"), str(row.per_minute or page.t("campaigns.as_fast"))),
                ])
            for arm, text in row.texts.items():
                if len(row.texts) > 1:
                    ui.label(page.label("campaigns.arm_name", arm)).classes("soft")
                rich(written(page, text)).classes("sample").props("data-mark=text")
            if found.total:
                ui.linear_progress(1 - found.left / found.total, show_value=False)
                counts = {s: found.of(s) for s in DeliveryStatus}
                ui.label("　".join(f"{page.label('delivery', s)} {n}" for s, n in counts.items() if n)).classes("soft").props("data-mark=counts")

    def _deeds(self, found: Progress) -> None:
        page, number, status = self._page, self._number, found.row.status
        deeds: list[tuple[str, Any]] = []
        if status == CampaignStatus.DRAFT and (found.row.author == page.who.key or not page.who.may(Right.APPROVE_CAMPAIGN)):
            ui.label(page.t("campaigns.waits_for_second")).classes("soft")
        elif status == CampaignStatus.DRAFT:
            deeds.append(("approve", lambda who: self._office.approve(who, number)))
        if status == CampaignStatus.APPROVED:
            deeds.append(("start", None))
        if status == CampaignStatus.RUNNING:
            deeds.append(("pause", lambda who: self._office.pause(who, number)))
        if status == CampaignStatus.PAUSED:
            deeds.append(("resume", lambda who: self._office.resume(who, number)))
        if status in (CampaignStatus.DONE, CampaignStatus.RUNNING):
            deeds.append(("retry", lambda who: self._office.retry(who, number)))
        for name, deed in deeds:
            ui.button(page.t(f"campaigns.do.{name}"), on_click=page.doing(partial(self._do, name, deed))).props("dense unelevated").props(f"data-mark=do-{name}")
        if status not in (CampaignStatus.DONE, CampaignStatus.CANCELLED):
            ui.button(page.t("campaigns.do.cancel"), on_click=page.doing(lambda: self._do("cancel", lambda who: self._office.cancel(who, number)))).props("dense flat")
        if status not in (CampaignStatus.DRAFT, CampaignStatus.APPROVED):
            ui.button(page.t("campaigns.do.correct"), on_click=page.doing(self._correct)).props("dense flat")

    async def _do(self, name: str, deed: Any) -> None:
        page = self._page
        if name == "start":
            ask(page, page.t("campaigns.sure.start"), {"at": lambda: moment_field(page.t("campaigns.at"), page.t("frame.moment_hint"))},
                page.t("campaigns.do.start"), self._start, then=lambda _: self._look())
            return
        if name in ("cancel", "retry"):
            ask(page, page.t(f"campaigns.sure.{name}"), {}, page.t(f"campaigns.do.{name}"), lambda who, _: deed(who),
                then=lambda _: self._look())
            return
        await page.do(deed)
        await self._look()

    async def _start(self, who: Who, entered: Mapping[str, Any]) -> None:
        at = given_moment(self._page.t("campaigns.at"), entered["at"])
        await self._office.start(who, self._number, at)

    async def _correct(self) -> None:
        page = self._page

        async def drafted(number: int) -> None:
            ui.navigate.to(f"/campaigns/{number}")

        ask(page, page.t("campaigns.correct"), {
            "text": lambda: ui.textarea(page.t("campaigns.text")).props("outlined dense rows=5"),
        }, page.t("campaigns.do.correct"), lambda who, entered: self._office.correct(who, self._number, entered["text"] or ""), then=drafted)

    async def _details(self, found: Progress) -> None:
        self._rest.clear()
        with self._rest:
            if found.row.status in (CampaignStatus.DRAFT, CampaignStatus.APPROVED):
                await self._preview()
            else:
                await self._outcomes(found)

    async def _preview(self) -> None:
        page = self._page
        seen = await page.do(lambda who: self._office.preview(who, self._number))
        if seen is None:
            return
        with section(page.t("campaigns.preview")):
            facts([
                (page.t("campaigns.people"), str(seen.people)),
                (page.t("campaigns.chats"), str(seen.chats)),
                (page.t("campaigns.neutral"), str(seen.neutral)),
                (page.t("campaigns.held"), _counted(page, seen.held)),
                (page.t("campaigns.not_reached"), _counted(page, seen.not_reached)),
            ])
            for sample in seen.samples:
                rich(sample.text).classes("sample").props("data-mark=sample")
            if not seen.samples:
                ui.label(page.t("campaigns.no_samples")).classes("soon")

    async def _outcomes(self, found: Progress) -> None:
        page = self._page
        results = await page.do(lambda who: self._office.results(who, self._number)) or []
        if results:
            with section(page.t("campaigns.results")):
                grid([(c, page.t(f"campaigns.arm.{c}")) for c in ("arm", "people", "sent", "in14", "in30")], [{
                    "id": r.arm, "arm": page.label("campaigns.arm_name", r.arm), "people": r.people, "sent": r.sent,
                    "in14": r.performed_14, "in30": r.performed_30,
                } for r in results])
        await self._recipients(found)

    async def _recipients(self, found: Progress) -> None:
        """What became of each message: all of them or those that stand somewhere, a page at a time."""
        page, shown = self._page, _Shown()
        with section(page.t("campaigns.recipients"), found.total):
            counts = {s.value: found.of(s) for s in DeliveryStatus}
            named = {s: f"{page.label('delivery', s)} {n}" for s, n in counts.items() if n}
            choice = ui.select({"": page.t("campaigns.every_status"), **named}, value="").props("outlined dense").props("data-mark=only")
            table = grid([(c, page.t(f"campaigns.recipient.{c}")) for c in ("name", "case", "status", "why")], []).props("data-mark=recipients")
            more = ui.button(page.t("campaigns.more", count=SHOWN)).props("dense flat").props("data-mark=more")

            async def look(*, anew: bool) -> None:
                shown.after = 0 if anew else shown.after
                statuses = [choice.value] if choice.value else []
                people = await page.do(lambda who: self._office.recipients(
                    who, self._number, statuses=statuses, after=shown.after, limit=SHOWN)) or []
                table.rows = ([] if anew else table.rows) + [{
                    "id": str(r.delivery.id), "name": r.name, "case": r.case, "status": page.label("delivery", r.status),
                    "why": page.label("why", r.why),
                } for r in people]
                table.update()
                shown.after = people[-1].delivery.id if people else shown.after
                more.set_visibility(len(people) == SHOWN)

            choice.on_value_change(page.doing(lambda: look(anew=True)))
            more.on_click(page.doing(lambda: look(anew=False)))
            await look(anew=True)


@dataclass
class _Shown:
    """Up to which message the recipients on the page go."""

    after: int = 0


def _audience(page: Page, row: CampaignRow) -> str:
    """To whom it goes, in words."""
    if row.education:
        return page.t("campaigns.education")
    if row.corrects:
        return page.t("campaigns.corrects", number=row.corrects)
    told, given = [], row.audience
    courts = given.get("court") or ()
    told += [page.court(c) for c in ([courts] if isinstance(courts, str) else courts)]
    told += [page.label("stage", given["stage"])] if given.get("stage") else []
    told += [page.t("campaigns.of_series", series=given["series"])] if given.get("series") else []
    told += [page.t(f"campaigns.{name}") for name in ("overdue", "wage") if given.get(name)]
    return "、".join(told) or page.t("campaigns.everybody")


def written(page: Page, text: str) -> str:
    """A text with its names in words: 〔称呼〕 for {salutation}."""
    for name in campaign_fields(education=False):
        text = text.replace("{" + name + "}", f"〔{page.label('campaigns.name', name)}〕")
    return text


def _counted(page: Page, counts: Any) -> str:
    return "，".join(f"{page.label('why', name)} {n}" for name, n in counts.most_common())
