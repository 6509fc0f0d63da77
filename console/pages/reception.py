"""接待: first visits as a guided form, with what follows from them, the queue of the day, and the receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.ledger.model import Broken, PartyKind
from bot.reception.intake import Assessment, Conversion, Converted, Intake
from bot.reception.model import TITLES, DeskError, IntakeStatus, NewIntake, NextStep
from bot.staff.model import Right, Who
from console.drafts import Draft
from console.fields import MaybeNumber, Number, Unread, day_field, given_day, given_sum, money_field, text_field
from console.frame import Page, Refused, ask, day, empty, facts, frame, hand_out, moment, money, page_at, section

if TYPE_CHECKING:
    from console.desk import Desk

_PAUSE = 0.4  # seconds without a change after which what follows is worked out
_YES_NO = {"": None, "yes": True, "no": False}


def register(desk: Desk) -> None:
    """The queue, the form, and one visit."""

    @page_at("/reception")
    async def reception(chat: MaybeNumber = 0) -> None:
        with frame(desk, "reception") as page:
            if page.who.may(Right.INTAKE):
                await _Reception(page, chat).open()

    @page_at("/reception/{number}")
    async def visit(number: Number) -> None:
        with frame(desk, "reception") as page:
            if page.who.may(Right.INTAKE):
                await _Visit(page, number).open()


class _Reception:
    """The form on the left; on the right what follows from it, and the queue."""

    def __init__(self, page: Page, chat: int) -> None:
        self._page, self._chat = page, chat
        self._typed = 0  # changes so far: what follows is worked out when there are no more

    async def open(self) -> None:
        """Build all of it."""
        page = self._page
        self._conversation = None
        name = ""
        if self._chat:
            thread = await page.do(lambda who: page.services.chats.thread(who, self._chat, refresh=True))
            if thread is not None:
                self._conversation, name = thread.item.conversation_id, thread.item.name
        with ui.element("div").classes("two"):
            with ui.column().classes("section") as form:
                self._form(form, name)
            with ui.column().style("gap: 1rem; align-items: stretch"):
                with ui.column().classes("section"):
                    ui.label(page.t("reception.follows")).classes("section-title")
                    self._told = ui.column().style("width: 100%; gap: .4rem").props("data-mark=follows")
                self._queue = ui.column().style("width: 100%; gap: 1rem; align-items: stretch")
        self._follow()
        await self._show_queue()
        self._page.every(15, self._show_queue)

    def _form(self, box: ui.column, name: str) -> None:
        page = self._page
        with ui.row().classes("section-head"):
            ui.label(page.t("reception.new")).classes("section-title")
            if self._chat:
                ui.link(page.t("reception.from_chat", number=self._chat), f"/chats/{self._chat}")
        courts = page.courts()
        own = page.who.court if page.who.court in courts else next(iter(courts), "")
        self._fields = _Form(page, NewIntake(own, name, "", "judgment"), courts)
        for field in self._fields.elements.values():
            field.on_value_change(self._changed)
        kept = Draft(page, f"reception:{self._chat or ''}", self._fields.elements)
        page.client.on_connect(kept.restore)

        async def fill(who: Who) -> Intake:
            return await page.services.intakes.fill(self._fields.read(), who=who, conversation_id=self._conversation)

        async def register() -> None:
            made = await page.do(fill)
            if made is not None:
                kept.drop()
                ui.navigate.to(f"/reception/{made.number}")

        def clear() -> None:
            kept.drop()
            ui.navigate.to("/reception")

        with ui.row().classes("bars"):
            ui.button(page.t("reception.do.fill"), on_click=page.doing(register)).props("unelevated dense title=Ctrl+Enter").props("data-mark=fill")
            ui.button(page.t("reception.do.clear"), on_click=clear).props("flat dense").props("data-mark=clear")
        box.on("keydown.ctrl.enter", page.doing(register))

    async def _changed(self) -> None:
        self._typed += 1
        count = self._typed
        await asyncio.sleep(_PAUSE)
        if count == self._typed:
            self._follow()

    def _follow(self) -> None:
        """What follows from what stands in the form so far; what cannot be read yet is said where it would stand."""
        page = self._page
        self._told.clear()
        with self._told:
            if self._fields.blank():
                ui.label(page.t("reception.follows_how")).classes("soft")
                return
            try:
                made = page.services.intakes.preview(self._fields.read())
            except (DeskError, Unread, Broken) as error:
                ui.label(page.refusal(error)).classes("soft")
                return
            _assessment(page, made)

    async def _show_queue(self) -> None:
        page = self._page
        today = page.services.ledger.today()
        found = await page.do(page.services.intakes.list)
        done = await page.do(lambda who: _done_today(page, who))
        if found is None or done is None:
            return
        now = [i for i in found if i.day == today]
        self._queue.clear()
        with self._queue:
            with ui.column().classes("section"):
                with ui.row().classes("section-head"):
                    ui.label(page.t("reception.queue")).classes("section-title")
                    ui.label(str(len(now))).classes("count" if now else "count none")
                    ui.space()
                    first = next((i for i in now if i.status is IntakeStatus.WAITING), None)
                    if first is not None:
                        ui.button(page.t("reception.do.next", queue=first.queue), on_click=page.doing(partial(self._call, first))).props(
                            "unelevated dense").props("data-mark=next")
                for intake in now:
                    _line(page, intake, str(intake.queue))
                if not now:
                    empty(page.t("reception.nobody"), page.t("reception.nobody_then"))
            for title, rows, number in (
                ("reception.earlier", [i for i in found if i.day != today], lambda i: i.label),
                ("reception.done_today", done, lambda i: str(i.queue)),
            ):
                if rows:
                    with section(page.t(title), len(rows)):
                        for intake in rows:
                            _line(page, intake, number(intake))

    async def _call(self, intake: Intake) -> None:
        """Call the next one of the queue, and open what they want."""
        page = self._page
        try:
            await page.attempt(lambda who: page.services.intakes.move(who, intake.number, IntakeStatus.CALLED))
        except Refused as error:  # a colleague was faster, as a rule
            page.tell(str(error), "warning")
            await self._show_queue()
        else:
            ui.navigate.to(f"/reception/{intake.number}")


async def _done_today(page: Page, who: Who) -> list[Intake]:
    """Who was served today, or has left."""
    today = page.services.ledger.today()
    return [i for s in (IntakeStatus.DONE, IntakeStatus.LEFT) for i in await page.services.intakes.list(who, s, day=today)]


def _line(page: Page, intake: Intake, number: str) -> None:
    with ui.link(target=f"/reception/{intake.number}").classes("line"):
        ui.label(number).classes("line-side").style("font-weight: 600; min-width: 2rem")
        ui.label(page.t("reception.against", applicant=intake.new.applicant, other=intake.new.other)).classes("line-main")
        if intake.assessment.priority:
            ui.label(page.t("obligation.priority")).classes("tag hot")
        ui.label(page.label("intake", intake.status)).classes("line-side")


class _Form:
    """The fields of a first visit; `read` gives what stands in them and raises `Unread` for a day or sum that is none."""

    def __init__(self, page: Page, given: NewIntake, courts: Mapping[str, str]) -> None:
        self._page, self._given = page, given
        self.elements: dict[str, Any] = {}
        f, t = self.elements, page.t
        titles = {x: page.label("title", x) for x in TITLES}
        answers = {"": t("reception.not_asked"), "yes": t("frame.yes"), "no": t("frame.no")}
        ui.label(t("reception.who")).classes("group")
        if len(courts) > 1:
            f["court"] = ui.select(dict(courts), value=given.court, label=t("obligation.court")).props("outlined dense")
        with ui.element("div").classes("two tight"):
            f["applicant"] = text_field(t("reception.applicant"), given.applicant).props("data-mark=applicant autofocus")
            f["phone"] = text_field(t("reception.phone_of"), given.phone).props('inputmode="tel"')
            f["other"] = text_field(t("reception.other"), given.other).props("data-mark=other")
            f["parties"] = ui.number(t("reception.parties"), value=given.parties, min=2, max=10000, step=1).props("outlined dense")
        ui.label(t("reception.what")).classes("group")
        with ui.element("div").classes("two tight"):
            f["title"] = ui.select(titles, value=given.title, label=t("case.title")).props("outlined dense")
            f["title_number"] = text_field(t("reception.title_number"), given.title_number).props("data-mark=title-number")
            f["amount"] = money_field(t("reception.amount"), given.amount).props("data-mark=amount")
            f["act"] = text_field(t("reception.act"), given.act)
            f["effective_on"] = day_field(t("reception.effective_on"), given.effective_on)
            f["due_on"] = day_field(t("reception.due_on"), given.due_on)
        ui.label(t("reception.more")).classes("group")
        with ui.element("div").classes("two tight"):
            f["settle_first"] = ui.select(answers, value=_answer(given.settle_first), label=t("reception.settle_first")).props("outlined dense")
            f["property_known"] = ui.select(answers, value=_answer(given.property_known), label=t("reception.property_known")).props("outlined dense")
        with ui.row():
            f["wage"] = ui.checkbox(t("reception.wage"), value=given.wage)
            f["livelihood"] = ui.checkbox(t("reception.livelihood"), value=given.livelihood)
        f["words"] = ui.textarea(t("reception.words"), value=given.words).props("outlined dense rows=2")

    def blank(self) -> bool:
        """Whether nothing has been entered yet that anything follows from."""
        return not any(self.elements[name].value for name in ("other", "title_number", "amount", "act", "effective_on", "due_on"))

    def read(self) -> NewIntake:
        """What stands in the fields."""
        t = self._page.t
        f = {name: field.value for name, field in self.elements.items()}
        return NewIntake(
            court=f.get("court") or self._given.court,
            applicant=f["applicant"] or "",
            other=f["other"] or "",
            title=f["title"],
            title_number=f["title_number"] or "",
            amount=given_sum(t("reception.amount"), f["amount"]),
            act=f["act"] or "",
            effective_on=given_day(t("reception.effective_on"), f["effective_on"]),
            due_on=given_day(t("reception.due_on"), f["due_on"]),
            settle_first=_YES_NO[f["settle_first"]],
            wage=bool(f["wage"]),
            livelihood=bool(f["livelihood"]),
            property_known=_YES_NO[f["property_known"]],
            parties=int(f["parties"] or 2),
            phone=f["phone"] or "",
            words=f["words"] or "",
        )


def _answer(given: bool | None) -> str:
    return next(name for name, value in _YES_NO.items() if value is given)


def _assessment(page: Page, a: Assessment) -> None:
    """What follows from the facts: time limit, fee, court, materials, track, next step."""
    tone = "late" if a.days_left is not None and a.days_left < 0 else ""
    if a.priority:
        ui.label(page.t("obligation.priority")).classes("tag hot")
    facts([
        (page.t("reception.last_day"), page.t("reception.days_left", day=day(a.last_day), days=a.days_left) if a.last_day and (a.days_left or 0) >= 0 else day(a.last_day) if a.last_day else page.t("reception.unknown")),
        (page.t("reception.fee"), page.t("reception.about", sum=money(a.fee)) if a.fee is not None else page.t("reception.unknown")),
        (page.t("reception.jurisdiction"), a.jurisdiction),
        (page.t("reception.track"), f"{page.label('track', a.track)}：{a.reason}"),
        (page.t("reception.next_step"), page.label("step", a.next_step)),
        (page.t("reception.materials"), "\n".join(a.materials)),
    ])
    if tone:
        ui.label(page.t("reception.time_over")).classes(tone)
    ui.label(page.t("reception.reference")).classes("soft")


class _Visit:
    """One visit on its way."""

    def __init__(self, page: Page, number: int) -> None:
        self._page, self._number = page, number
        self._intakes = page.services.intakes

    async def open(self) -> None:
        """Build it."""
        self._body = ui.column().style("width: 100%; gap: 1rem; align-items: stretch")
        await self._show()

    async def _show(self) -> None:
        page = self._page
        intake = await page.do(lambda who: self._intakes.get(who, self._number))
        self._body.clear()
        with self._body:
            if intake is None:
                page.missing(page.t("reception.none"))
                return
            self._head(intake)
            self._below = ui.column().classes("section")
            with self._below:
                _assessment(page, intake.assessment)

    def _correct(self, intake: Intake) -> None:
        """The form of the visit in the place of what follows from it."""
        page, old = self._page, intake.new
        self._below.clear()
        with self._below:
            ui.label(page.t("reception.correct")).classes("section-title")
            form = _Form(page, old, {})

            async def change(who: Who) -> bool:
                new = form.read()
                changed = {f.name: getattr(new, f.name) for f in fields(new) if getattr(new, f.name) != getattr(old, f.name)}
                if changed:
                    await self._intakes.change(who, self._number, **changed)
                return bool(changed)

            async def keep() -> None:
                done = await page.do(change)
                if done is not None:
                    page.tell(page.t("reception.corrected" if done else "reception.unchanged"), "positive" if done else "info")
                    await self._show()

            with ui.row().classes("bars"):
                ui.button(page.t("frame.cancel"), on_click=page.doing(self._show)).props("flat dense")
                ui.button(page.t("reception.do.keep"), on_click=page.doing(keep)).props("unelevated dense").props("data-mark=keep")

    def _head(self, intake: Intake) -> None:
        page, new = self._page, intake.new
        with ui.column().classes("section"):
            with ui.row().classes("section-head"):
                ui.label(intake.label).classes("section-title").props("data-mark=label")
                ui.label(page.t("reception.queue_number", queue=intake.queue)).classes("tag")
                ui.label(page.label("intake", intake.status)).classes("tag").props("data-mark=status")
                if intake.assessment.priority:
                    ui.label(page.t("obligation.priority")).classes("tag hot")
                ui.space()
                self._deeds(intake)
            with ui.element("div").classes("two"):
                facts([
                    (page.t("reception.applicant"), new.applicant),
                    (page.t("reception.other"), new.other),
                    (page.t("case.title"), page.label("title", new.title)),
                    (page.t("reception.title_number"), new.title_number),
                    (page.t("reception.amount"), money(new.amount) if new.amount is not None else new.act),
                    (page.t("reception.phone"), new.phone),
                ])
                facts([
                    (page.t("obligation.court"), page.court(intake.court)),
                    (page.t("reception.effective_on"), day(new.effective_on)),
                    (page.t("reception.due_on"), day(new.due_on)),
                    (page.t("reception.settle_first"), page.t({True: "frame.yes", False: "frame.no", None: "reception.not_asked"}[new.settle_first])),
                    (page.t("reception.words"), new.words),
                    (page.t("reception.made"), moment(intake.made_at)),
                ])
            if intake.obligation_id:
                ui.link(page.t("reception.converted"), f"/obligations/{intake.obligation_id}")

    def _deeds(self, intake: Intake) -> None:
        page = self._page
        steps = {
            IntakeStatus.WAITING: ("called", "left"),
            IntakeStatus.CALLED: ("working", "waiting", "left"),
            IntakeStatus.WORKING: ("done", "left"),
            IntakeStatus.LEFT: ("waiting",),
        }.get(intake.status, ())
        for step in steps:
            ui.button(page.t(f"reception.do.{step}"), on_click=page.doing(partial(self._then, partial(self._move, step=step)))).props(
                "dense unelevated" if step in ("called", "working", "done") else "dense flat").props(f"data-mark=do-{step}")
        ui.button(page.t("reception.do.step"), on_click=page.doing(lambda: self._step(intake))).props("dense flat")
        if intake.obligation_id is None:
            ui.button(page.t("reception.do.correct"), on_click=lambda: self._correct(intake)).props("dense flat").props("data-mark=correct")
        if intake.obligation_id is None and page.who.may(Right.EDIT_LEDGER):
            ui.button(page.t("reception.do.convert"), on_click=page.doing(lambda: self._convert(intake))).props("dense flat").props("data-mark=convert")
        ui.button(page.t("reception.do.receipt"), on_click=page.doing(self._receipt)).props("dense flat").props("data-mark=receipt")

    async def _then(self, deed: Any) -> None:
        await self._page.do(deed)
        await self._show()

    async def _move(self, who: Who, step: str) -> None:
        await self._intakes.move(who, self._number, IntakeStatus(step))

    async def _step(self, intake: Intake) -> None:
        page = self._page
        steps = {s.value: page.label("step", s) for s in NextStep}
        ask(page, page.t("reception.next_step"), {
            "step": lambda: ui.radio(steps, value=intake.next_step.value),
            "why": lambda: text_field(page.t("obligation.why")),
        }, page.t("frame.save"), lambda who, entered: self._intakes.step(
            who, self._number, NextStep(entered["step"]), entered["why"] or ""), then=lambda _: self._show())

    async def _convert(self, intake: Intake) -> None:
        page = self._page

        async def convert(who: Who, entered: Mapping[str, Any]) -> Converted:
            return await self._intakes.convert(who, self._number, Conversion(
                label=entered["label"] or page.t("reception.label_default"),
                due_on=given_day(page.t("reception.perform_by"), entered["due_on"]),
                case_number=entered["case_number"] or "",
                cause=entered["cause"] or "",
                filed_on=given_day(page.t("reception.filed_on"), entered["filed_on"]),
                debtor_kind=PartyKind(entered["debtor_kind"]),
                debtor_number=entered["debtor_number"] or None,
                debtor_phone=entered["debtor_phone"] or None,
                creditor_kind=PartyKind(entered["creditor_kind"]),
                creditor_number=entered["creditor_number"] or None,
            ))

        kinds, new = {k.value: page.label("party_kind", k) for k in PartyKind}, intake.new
        ask(page, page.t("reception.convert"), {
            "case_number": lambda: text_field(page.t("reception.case_number"), new.title_number),
            "label": lambda: text_field(page.t("reception.label"), page.t("reception.label_default") if new.amount is not None else new.act),
            "cause": lambda: text_field(page.t("obligation.cause")),
            "due_on": lambda: day_field(page.t("reception.perform_by"), new.due_on),
            "filed_on": lambda: day_field(page.t("reception.filed_on"), None),
            "debtor_kind": lambda: ui.select(kinds, value=_kind(page, new.other), label=page.t("reception.kind_of", name=new.other)).props("outlined dense"),
            "debtor_number": lambda: text_field(page.t("reception.debtor_number")),
            "debtor_phone": lambda: text_field(page.t("reception.debtor_phone")).props('inputmode="tel"'),
            "creditor_kind": lambda: ui.select(kinds, value=_kind(page, new.applicant), label=page.t("reception.kind_of", name=new.applicant)).props("outlined dense"),
            "creditor_number": lambda: text_field(page.t("reception.creditor_number")),
        }, page.t("reception.do.convert"), convert, then=self._converted, columns=2)

    async def _converted(self, done: Converted) -> None:
        page = self._page
        title = page.t("reception.converted_to" if done.link else "reception.converted_only")
        hand_out(page, title, done.link or "", page.t("obligation.link_how"), (page.t("reception.open"), f"/obligations/{done.obligation_id}"))
        await self._show()

    async def _receipt(self) -> None:
        found = await self._page.do(lambda who: self._intakes.receipt(who, self._number))
        if found:
            ui.download.content(found[1], found[0], "application/pdf")




def _kind(page: Page, name: str) -> str:
    """Whether somebody is rather a person or an organisation, by how the name ends; the clerk says it in the end."""
    ends = tuple(page.t("reception.organisations").split())
    return (PartyKind.ORGANISATION if name.strip().endswith(ends) else PartyKind.PERSON).value
