"""One obligation: how it stands, its plan, payments with their proofs, promises, and everything that happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from bot.core.privacy import mask_identifiers
from bot.dialogue.casework import Happened
from bot.dialogue.settling import Settling
from bot.guide.settlement.model import LIVE, SettlementError
from bot.guide.settlement.model import Status as DealStatus
from bot.guide.settlement.table import Deal
from bot.ledger import wording
from bot.ledger.model import Broken, NewPayment, ObligationKind, PaymentStatus, Settlement, Source, Status
from bot.ledger.service import View
from bot.reception.chats import PICTURES
from bot.staff.model import Right, Who
from bot.store.ledger_rows import PaymentRow
from bot.store.reach_rows import CertificateRow
from console.fields import Number, day_field, money_field, needed_day, needed_sum, text_field
from console.frame import Page, Refused, ask, day, facts, frame, grid, hand_out, moment, money, page_at, section, sure

if TYPE_CHECKING:
    from console.desk import Desk

EVERY = 5.0  # seconds between two looks at what has happened
_FORMS = {"text": "text/plain", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "application/pdf"}


def register(desk: Desk) -> None:
    """The page of one obligation."""

    @page_at("/obligations/{number}")
    async def obligation(number: Number) -> None:
        with frame(desk, "ledger", desk.texts("obligation.title")) as page:
            if page.who.may(Right.SEE_LEDGER):
                await _Obligation(page, number).open()


class _Obligation:
    """The page; every deed ends in showing it anew."""

    def __init__(self, page: Page, number: int) -> None:
        self._page, self._id = page, number
        self._office = page.services.cases
        self._last = 0  # the newest event that is shown
        self._pictures: dict[int, list[str]] = {}  # the kinds of files handed in, by payment
        self._awaited: set[int] = set()  # payments with a proof that did not come

    async def open(self) -> None:
        """Build it."""
        self._body = ui.column().style("width: 100%; gap: 1rem; align-items: stretch")
        await self._show()
        self._page.every(EVERY, self._look)

    async def _look(self) -> None:
        """Show what has happened meanwhile, such as a picture that arrives after the words."""
        history = await self._page.do(lambda who: self._office.history(who, self._id))
        if history and self._last and history[-1].event.id != self._last:
            await self._show()

    async def _show(self) -> None:
        page = self._page
        view = await page.do(lambda who: self._office.view(who, self._id))
        if view is None:
            with self._body:
                page.missing(page.t("obligation.none"), page.t("obligation.none_then"))
            return
        deals = await page.do(lambda who: self._office.negotiations(who, self._id)) or []
        history = await page.do(lambda who: self._office.history(who, self._id)) or []
        self._last = history[-1].event.id if history else 0
        proven = [x.payment_id for x in view.proofs if x.payment_id]
        self._pictures = await page.do(lambda who: self._office.pictures(who, proven)) or {}
        reported = [p.id for p in view.payments if p.status == PaymentStatus.REPORTED]
        self._awaited = await page.do(lambda who: self._office.awaited(who, reported)) or set()
        self._body.clear()
        with self._body:
            self._head(view)
            with ui.element("div").classes("two"):
                self._plan(view)
                self._payments(view)
            with ui.element("div").classes("two"):
                self._promises(view)
                self._negotiations(view, deals)
            self._history(history)

    async def _then(self, deed: Any, said: str = "frame.done") -> None:
        """Do it, and show the page anew: after a refusal, too, which often says that somebody else was first."""
        await self._page.do(deed, said)
        await self._show()

    # -- the head --------------------------------------------------------------------------------

    def _head(self, view: View) -> None:
        page, s = self._page, view.standing

        def yuan(cents: int) -> str:
            return page.t("frame.yuan", sum=money(cents))

        with ui.column().classes("section"):
            with ui.row().classes("section-head"):
                ui.link(view.case.number, f"/cases/{view.case.number}").classes("section-title")
                ui.label(view.row.label).classes("section-title")
                ui.label(page.label("status", s.status)).classes(f"tag {'hot' if s.status is Status.OVERDUE else ''}").props("data-mark=status")
                if view.case.wage or view.case.livelihood:
                    ui.label(page.t("obligation.priority")).classes("tag hot")
                ui.space()
                self._deeds(view)
            with ui.element("div").classes("two"):
                facts([
                    (page.t("obligation.debtor"), "、".join(p.name for p in view.debtors)),
                    (page.t("obligation.creditor"), "、".join(p.name for p in view.creditors)),
                    (page.t("obligation.phone"), "、".join(mask_identifiers(p.phone) for p in view.debtors if p.phone)),
                    (page.t("obligation.court"), page.court(view.case.court)),
                    (page.t("obligation.cause"), view.case.cause),
                    (page.t("obligation.responsible"), view.responsible or ""),
                    (page.t("obligation.mediator"), view.case.mediator or ""),
                ])
                facts([
                    (page.t("obligation.amount"), yuan(view.row.amount) if view.row.amount else view.row.act or ""),
                    (page.t("obligation.settled"), yuan(s.settled)),
                    (page.t("obligation.balance"), yuan(s.balance)),
                    (page.t("obligation.overdue"), yuan(s.overdue)),
                    (page.t("obligation.reported"), yuan(s.reported)),
                    *([(page.t("obligation.surplus"), yuan(s.surplus))] if s.surplus else []),
                    (page.t("obligation.next_due"), day(s.next_due)),
                    (page.t("obligation.settlement"), page.label("settlement", view.row.settlement)),
                ])
            if s.surplus:
                ui.label(page.t("obligation.surplus_told", surplus=money(s.surplus))).classes("soon").props("data-mark=surplus")
            for dispute in view.disputes:
                if dispute.closed_at is None:
                    ui.label(page.t("obligation.disputed", kind=page.label("dispute", dispute.kind), text=dispute.text)).classes("late")

    def _deeds(self, view: View) -> None:
        page, may = self._page, self._page.who.may
        if view.standing.status in (Status.PERFORMED, Status.ENDED):
            if view.standing.status is Status.PERFORMED and may(Right.CERTIFY):
                self._button("certify", lambda: self._certify(view))
        else:
            if may(Right.VERIFY):
                self._button("pay", lambda: self._pay(view))
            if may(Right.DECIDE_PLAN):
                self._button("grace", self._grace)
            if may(Right.EDIT_LEDGER) and view.row.disputed:
                self._button("undispute", self._undispute)
            if may(Right.EDIT_LEDGER):
                self._button("settlement", lambda: self._settlement(view))
        if may(Right.EDIT_LEDGER):
            self._button("assign", self._assign)
            self._button("end" if view.standing.status is not Status.ENDED else "reopen", lambda: self._end(view))
        if may(Right.MAKE_LINK):
            self._button("link", lambda: self._link(view))
        if may(Right.EXPORT):
            with ui.button(page.t("obligation.do.transcript")).props("dense flat"), ui.menu():
                for form in _FORMS:
                    ui.menu_item(page.t(f"obligation.form.{form}"), on_click=page.doing(partial(self._transcript, form)))

    def _button(self, name: str, deed: Any) -> None:
        ui.button(self._page.t(f"obligation.do.{name}"), on_click=self._page.doing(deed)).props("dense flat").props(f"data-mark=do-{name}")

    async def _pay(self, view: View) -> None:
        page, act = self._page, view.row.kind == ObligationKind.ACT
        fields: dict[str, Any] = {
            "day": lambda: day_field(page.t("obligation.paid_on"), page.services.ledger.today()),
            "note": lambda: text_field(page.t("obligation.note")),
        }
        if not act:
            fields = {"amount": lambda: money_field(page.t("obligation.sum")), **fields,
                      "third": lambda: text_field(page.t("obligation.third"))}

        async def pay(who: Who, entered: Mapping[str, Any]) -> View:
            amount = 0 if act else needed_sum(page.t("obligation.sum"), entered["amount"])
            on = needed_day(page.t("obligation.paid_on"), entered["day"])
            third = (entered.get("third") or "").strip()
            payment = NewPayment(amount, on, Source.STAFF, payer_name=third or None, third_party=bool(third), note=entered["note"] or None)
            return await self._within(lambda surplus: self._office.pay(who, self._id, payment, surplus=surplus))

        self._ask("obligation.pay", fields, "pay", pay)

    async def _within(self, deed: Callable[[bool], Awaitable[View]]) -> View:
        """Enter a sum; when it is more than is owed, only after a question."""
        page = self._page
        try:
            return await deed(False)
        except Broken as error:
            if error.code != "surplus":
                raise
            question = page.t("obligation.surplus_sure", why=page.refusal(error))
            if not await sure(page, question, page.t("obligation.do.surplus")):
                raise Refused(page.t("obligation.not_written")) from error
        return await deed(True)

    def _ask(self, title: str, fields: Mapping[str, Callable[[], Any]], button: str,
             deed: Callable[[Who, dict[str, Any]], Awaitable[object]], said: str = "frame.done",
             beside: Callable[[], object] | None = None) -> None:
        """A dialog whose deed ends in showing the page anew: when the ledger refuses, too, since somebody else may have been first."""
        page = self._page

        async def tried(who: Who, entered: dict[str, Any]) -> object:
            try:
                return await deed(who, entered)
            except (Broken, SettlementError):
                await self._show()
                raise

        ask(page, page.t(title), fields, page.t(f"obligation.do.{button}"), tried, said, lambda _: self._show(), beside=beside)

    async def _grace(self) -> None:
        page = self._page

        async def grace(who: Who, entered: Mapping[str, Any]) -> None:
            await self._office.grant_grace(who, self._id, needed_day(page.t("obligation.until"), entered["until"]), entered["why"] or "")

        self._ask("obligation.grace", {
            "until": lambda: day_field(page.t("obligation.until"), None),
            "why": lambda: text_field(page.t("obligation.why")),
        }, "grace", grace)

    async def _undispute(self) -> None:
        self._words("obligation.undispute", "undispute", lambda who, why: self._office.close_disputes(who, self._id, why))

    def _words(self, title: str, button: str, deed: Callable[[Who, str], Awaitable[object]],
               beside: Callable[[], object] | None = None) -> None:
        """A deed with a sentence that must be given."""
        page = self._page

        async def given(who: Who, entered: Mapping[str, Any]) -> None:
            words = (entered["words"] or "").strip()
            if not words:
                raise Refused(page.t("frame.why_needed"))
            await deed(who, words)

        self._ask(title, {"words": lambda: ui.textarea(page.t("obligation.why")).props("outlined dense rows=3")}, button, given,
                  beside=beside)

    async def _settlement(self, view: View) -> None:
        page = self._page
        stages = {s.value: page.label("settlement", s) for s in Settlement if s is not Settlement.NONE}

        async def settle(who: Who, entered: Mapping[str, Any]) -> None:
            if not entered["stage"]:
                raise Refused(page.t("frame.choose_one"))
            await self._settle(who, Settlement(entered["stage"]), entered["why"] or None)

        self._ask("obligation.settlement", {
            "stage": lambda: ui.select(stages, value=view.row.settlement if view.row.settlement in stages else None).props("outlined dense"),
            "why": lambda: text_field(page.t("obligation.why")),
        }, "settlement", settle)

    async def _settle(self, who: Who, stage: Settlement, why: str | None) -> bool:
        async with self._office.book(who, self._id, f"settlement: {stage}") as book:
            await book.settle(self._id, stage, why)
        return True

    async def _assign(self) -> None:
        page = self._page
        colleagues = await page.do(page.services.staff.colleagues) or []

        async def give(who: Who, entered: Mapping[str, Any]) -> None:
            if not entered["to"]:
                raise Refused(page.t("frame.choose_one"))
            await self._give(who, entered["to"])

        self._ask("obligation.assign", {
            "to": lambda: ui.select({c.name: c.name for c in colleagues}, with_input=True).props("outlined dense"),
        }, "assign", give)

    async def _give(self, who: Who, name: str) -> bool:
        async with self._office.book(who, self._id, f"responsible: {name}") as book:
            await book.assign(self._id, name)
        return True

    async def _end(self, view: View) -> None:
        ended = view.standing.status is Status.ENDED
        self._words("obligation.reopen" if ended else "obligation.end", "reopen" if ended else "end",
                    lambda who, why: self._over(who, ended, why))

    async def _over(self, who: Who, ended: bool, why: str) -> bool:
        async with self._office.book(who, self._id, f"{'reopen' if ended else 'end'}: {why}") as book:
            await (book.reopen(self._id, why) if ended else book.end(self._id, why))
        return True

    async def _link(self, view: View) -> None:
        page = self._page
        link = await page.do(lambda who: self._office.make_link(who, view.row.debtor_id))
        if link:
            hand_out(page, page.t("obligation.link", name=view.debtor.name), link, page.t("obligation.link_how"))

    async def _certify(self, view: View) -> None:
        page = self._page

        async def certified(row: CertificateRow) -> None:
            found = await page.do(lambda who: self._office.certificate_file(who, row.number, "pdf"))
            if found:
                ui.download.content(found[1], found[0], "application/pdf")
            await self._show()

        ask(page, page.t("obligation.certify_sure", name=view.debtor.name), {}, page.t("obligation.do.certify"),
            lambda who, _: self._office.certify(who, self._id), "obligation.certified", certified)

    async def _transcript(self, form: str) -> None:
        found = await self._page.do(lambda who: self._office.transcript(who, self._id, form))
        if found:
            ui.download.content(found[1], found[0], _FORMS[form])

    # -- plan, payments, promises ----------------------------------------------------------------

    def _plan(self, view: View) -> None:
        page = self._page
        with section(page.t("obligation.plan"), len(view.instalments)):
            for i in view.instalments:
                with ui.row().classes("line").style("cursor: default"):
                    ui.label(page.t("obligation.instalment", no=i.no)).classes("line-main")
                    ui.label(money(i.amount) if i.amount else "").classes("line-side")
                    shown = day(i.due_on) if i.due_on == i.expected_on else f"{day(i.due_on)} → {day(i.expected_on)}"
                    ui.label(shown).classes("line-side")
                    ui.label(page.t("obligation.done_on", day=day(i.done_on)) if i.done_on else "").classes("line-side good")
                    if i.done_on is None and page.who.may(Right.EDIT_LEDGER):
                        ui.button(page.t("obligation.do.move"), on_click=page.doing(partial(self._move, i.id, i.due_on))).props("dense flat")
            for g in view.graces:
                if not g.lifted:
                    ui.label(page.t("obligation.graced", until=day(g.until), why=g.reason)).classes("soft")

    async def _move(self, instalment: int, due_on: date) -> None:
        page = self._page

        async def move(who: Who, entered: Mapping[str, Any]) -> None:
            await self._office.move_due(who, instalment, needed_day(page.t("obligation.new_day"), entered["day"]), entered["why"] or "")

        self._ask("obligation.move", {
            "day": lambda: day_field(page.t("obligation.new_day"), due_on),
            "why": lambda: text_field(page.t("obligation.why")),
        }, "move", move)

    def _payments(self, view: View) -> None:
        page = self._page
        with section(page.t("obligation.payments"), len(view.payments)):
            if not view.payments:
                ui.label(page.t("obligation.no_payments")).classes("soft")
            for p in sorted(view.payments, key=lambda p: p.paid_on, reverse=True):
                with ui.column().style("gap: .2rem; width: 100%; border-top: 1px solid var(--line); padding: .4rem 0").props(f"data-mark=payment-{p.status}"):
                    with ui.row().classes("bars"):
                        ui.label(money(p.amount) if p.amount else page.t("ledger.act")).style("font-weight: 600")
                        ui.label(day(p.paid_on)).classes("soft")
                        ui.label(page.label("payment", p.status)).classes("tag hot" if p.status == PaymentStatus.REPORTED else "tag")
                        ui.label(self._payer(p)).classes("soft")
                        ui.space()
                        self._decisions(p)
                    self._proofs(p, "proof")
                    if p.id in self._awaited:
                        ui.label(page.t("obligation.proof_awaited")).classes("soon")
                    if p.decided_why:
                        ui.label(p.decided_why).classes("soft")

    def _proofs(self, p: PaymentRow, look: str) -> None:
        """What was handed in for a payment: pictures as pictures, other files to be opened."""
        page = self._page
        with ui.row().classes("proofs"):
            for number, media_type in enumerate(self._pictures.get(p.id, ())):
                address = f"/proofs/{p.id}/{number}"
                with ui.link(target=address, new_tab=True).props(f'title="{page.t("chats.file_open")}"'):
                    if media_type in PICTURES:
                        ui.element("img").props(f'src="/desk{address}" alt="{page.t("obligation.proof")}"').classes(look)
                    else:
                        ui.label(page.t("obligation.proof_file", no=number + 1)).classes("tag")

    def _payer(self, p: PaymentRow) -> str:
        page = self._page
        parts = [page.label("source", p.source), page.label("way", p.way), p.payer_name or "", p.note or ""]
        return " · ".join(x for x in parts if x)

    def _decisions(self, p: PaymentRow) -> None:
        page = self._page
        if not page.who.may(Right.VERIFY):
            return
        if p.status == PaymentStatus.REPORTED:
            ui.button(page.t("obligation.do.verify"), on_click=page.doing(lambda: self._verify(p))).props("dense unelevated").props("data-mark=verify")
            ui.button(page.t("obligation.do.reject"), on_click=page.doing(lambda: self._reject(p))).props("dense flat")
        elif p.status == PaymentStatus.VERIFIED:
            ui.button(page.t("obligation.do.revoke"), on_click=page.doing(lambda: self._revoke(p))).props("dense flat")

    async def _verify(self, p: PaymentRow) -> None:
        page = self._page
        fields: dict[str, Any] = {} if not p.amount else {"amount": lambda: money_field(page.t("obligation.verified_sum"), p.amount)}

        async def verify(who: Who, entered: Mapping[str, Any]) -> None:
            amount = needed_sum(page.t("obligation.verified_sum"), entered["amount"]) if p.amount else None
            found = amount if amount != p.amount else None
            await self._within(lambda surplus: self._office.verify(who, p.id, amount=found, surplus=surplus))

        self._ask("obligation.verify", fields, "verify", verify, "obligation.verified", lambda: self._reported(p))

    def _reported(self, p: PaymentRow) -> None:
        """What is being decided on, with the pictures as large as they fit."""
        page = self._page
        said = [page.t("frame.yuan", sum=money(p.amount)) if p.amount else page.t("ledger.act"), day(p.paid_on), self._payer(p)]
        ui.label(" · ".join(x for x in said if x))
        if self._pictures.get(p.id):
            self._proofs(p, "proof large")
        if p.id in self._awaited:
            ui.label(page.t("obligation.proof_awaited")).classes("soon")
        elif not self._pictures.get(p.id):
            ui.label(page.t("obligation.no_proof")).classes("soon")

    async def _reject(self, p: PaymentRow) -> None:
        self._words("obligation.reject", "reject", lambda who, why: self._office.reject(who, p.id, why), lambda: self._reported(p))

    async def _revoke(self, p: PaymentRow) -> None:
        self._words("obligation.revoke", "revoke", lambda who, why: self._office.revoke(who, p.id, why))

    def _promises(self, view: View) -> None:
        page = self._page
        with section(page.t("obligation.promises"), len(view.promises)):
            if not view.promises:
                ui.label(page.t("obligation.no_promises")).classes("soft")
            for p in view.promises:
                with ui.row().classes("line").style("cursor: default"):
                    ui.label(day(p.row.promised_on)).classes("line-main")
                    ui.label(money(p.row.amount) if p.row.amount else "").classes("line-side")
                    ui.label(page.label("promise", p.status)).classes("line-side")

    def _negotiations(self, view: View, deals: list[Deal]) -> None:
        page = self._page
        with section(page.t("obligation.negotiations"), len(deals)):
            if not deals:
                ui.label(page.t("obligation.no_negotiations")).classes("soft")
                if page.who.may(Right.SETTLE) and view.standing.balance:
                    open_case = partial(self._settle_by, "open_case", lambda h: h.open_case(view.case))
                    ui.button(page.t("obligation.do.open_case"), on_click=page.doing(open_case)).props("dense flat")
            for deal in deals:
                self._deal(deal)

    def _deal(self, deal: Deal) -> None:
        page = self._page
        with ui.column().style("gap: .3rem; width: 100%; border-top: 1px solid var(--line); padding: .4rem 0"):
            with ui.row().classes("bars"):
                ui.label(page.label("deal", deal.row.status)).classes("tag").props("data-mark=deal")
                ui.label(page.label("stage", deal.row.stage)).classes("soft")
                ui.label(deal.row.mediator or "").classes("soft")
                ui.space()
                for name, deed in self._deal_deeds(deal):
                    ui.button(page.t(f"obligation.do.{name}"), on_click=page.doing(deed)).props("dense flat").props(f"data-mark=do-{name}")
            for number, version in enumerate(deal.versions, start=1):
                terms = version.terms
                ui.label(page.t("obligation.offer", no=number, code=version.code, side=page.label("side", version.row.side), at=moment(version.row.made_at)))
                ui.label("；".join(f"{day(part.day)} {money(part.amount)}" for part in terms.plan)).classes("soft")
                ui.label(page.t("obligation.total", total=money(terms.total), waived=money(terms.waived))).classes("soft")
                if terms.security:
                    ui.label(page.t("obligation.security", text=terms.security)).classes("soft")

    def _deal_deeds(self, deal: Deal) -> list[tuple[str, Callable[[], Awaitable[Any]]]]:
        may, number, status = self._page.who.may, deal.id, deal.row.status
        found: list[tuple[str, Callable[[], Awaitable[Any]]]] = []
        if status in LIVE and may(Right.DECIDE_PLAN):
            found += [("ok", partial(self._decided, number, True)), ("no", partial(self._decided, number, False))]
        if status in LIVE and may(Right.SETTLE):
            found += [("refer", partial(self._refer, number)), ("by_hand", partial(self._by_hand, number))]
        if status == DealStatus.AGREED and may(Right.SETTLE):
            found.append(("sign", partial(self._settle_by, "sign", lambda h: h.sign(number))))
        if status == DealStatus.BROKEN and may(Right.SETTLE):
            found.append(("resume", partial(self._resume, number)))
        return found

    async def _settle_by(self, detail: str, deed: Callable[[Settling], Awaitable[Deal]]) -> None:
        await self._then(lambda who: self._office.settle(who, deed, detail))

    async def _decided(self, number: int, agreed: bool) -> None:
        if agreed:
            await self._then(lambda who: self._office.decide(who, number, agreed=True, why=""))
        else:
            self._words("obligation.refuse", "no", lambda who, why: self._office.decide(who, number, agreed=False, why=why))

    async def _refer(self, number: int) -> None:
        page = self._page
        colleagues = await page.do(page.services.staff.colleagues) or []

        async def refer(who: Who, entered: Mapping[str, Any]) -> None:
            if not entered["to"]:
                raise Refused(page.t("frame.choose_one"))
            await self._office.settle(who, lambda h: h.refer(number, entered["to"]), "refer")

        self._ask("obligation.refer", {
            "to": lambda: ui.select({c.name: c.name for c in colleagues}, with_input=True).props("outlined dense"),
        }, "refer", refer)

    async def _by_hand(self, number: int) -> None:
        page = self._page

        async def said(who: Who, entered: Mapping[str, Any]) -> None:
            await self._office.settle(who, lambda h: h.by_hand(
                number, entered["name"] or "", yes=entered["yes"], words=entered["words"] or ""), "by hand")

        ask(page, page.t("obligation.do.by_hand"), {
            "name": lambda: text_field(page.t("obligation.by_whom")),
            "yes": lambda: ui.radio({True: page.t("obligation.do.accept"), False: page.t("obligation.do.refuse")}, value=True),
            "words": lambda: text_field(page.t("obligation.by_words")),
        }, page.t("frame.save"), said, "frame.done", lambda _: self._show())

    async def _resume(self, number: int) -> None:
        self._words("obligation.do.resume", "resume",
                    lambda who, why: self._office.settle(who, lambda h: h.resume(number, why), "resume"))

    # -- what happened ---------------------------------------------------------------------------

    def _history(self, history: list[Happened]) -> None:
        page, texts = self._page, self._page.services.texts
        rows = [{
            "id": str(h.event.id),
            "at": moment(h.event.at),
            "kind": page.label("event", h.event.kind),
            "actor": h.name,
            "values": "；".join(wording.changed(texts, h.event)),
            "why": wording.why(texts, h.event),
        } for h in reversed(history)]
        with section(page.t("obligation.history"), len(rows)):
            grid([(c, page.t(f"obligation.column.{c}")) for c in ("at", "kind", "actor", "values", "why")], rows)
