"""The ledger for staff: every use case of case work behind the rights of whoever asks, and in the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from typing import Any, TypeVar

from bot.dialogue.casework import CaseWork, Happened, Picture
from bot.dialogue.hand import Hand, Invitation
from bot.dialogue.settling import Settling
from bot.guide.settlement.model import SettlementError
from bot.guide.settlement.table import Deal
from bot.ledger.book import Book
from bot.ledger.cells import yuan
from bot.ledger.identity import GivenParty
from bot.ledger.model import Actor, Broken, NewPayment, PartyKind
from bot.ledger.service import CaseView, View
from bot.reach.model import Outcome, Unreached, Way
from bot.reach.service import NotReached
from bot.staff.audit import Audit
from bot.staff.model import Deed, Forbidden, Right, Who
from bot.store.ledger_page import ObligationPage, TaskPage, Wanted, WantedTasks
from bot.store.reach_rows import CertificateRow
from bot.store.reminder_rows import TaskRow

T = TypeVar("T")


def actor_of(who: Who) -> Actor:
    """Who the ledger says did it."""
    return Actor("staff", str(who.account)) if who.account else Actor("operator")


@contextmanager
def _told() -> Iterator[None]:
    """Another court's case is forbidden, whatever way it was asked for."""
    try:
        yield
    except (Broken, SettlementError) as error:
        if error.code == "other_court":
            raise Forbidden("court", court="") from error
        raise


class Cases:
    """Case work with rights. Raises Forbidden, and what `Hand` raises: Broken and ReachError."""

    def __init__(self, work: CaseWork, audit: Audit) -> None:
        self._work = work
        self._audit = audit

    async def _do(
        self, who: Who, right: Right, call: Callable[[Hand], Awaitable[T]], object: str, key: object, detail: str
    ) -> T:
        """A deed and its line in the audit log, in one transaction."""
        who.require(right)
        with _told():
            async with self._work.by(actor_of(who), who.courts) as hand:
                result = await call(hand)
                await self._audit.note(hand.book.work, who, Deed.CHANGED, object, key, None, detail)
        return result

    # -- looking ---------------------------------------------------------------------------------

    async def page(self, who: Who, wanted: Wanted) -> ObligationPage:
        """A page of the ledger."""
        who.require(Right.SEE_LEDGER, wanted.court)
        return await self._work.obligations(wanted, who.courts)

    async def tasks(self, who: Who, wanted: WantedTasks) -> TaskPage:
        """A page of tasks."""
        who.require(Right.SEE_LEDGER, wanted.court)
        return await self._work.tasks(wanted, who.courts)

    async def view(self, who: Who, obligation_id: int) -> View:
        """One obligation with everything that belongs to it."""
        who.require(Right.SEE_LEDGER)
        with _told():
            found = await self._work.view(obligation_id, actor_of(who), who.courts)
        await self._audit.seen(who, "obligation", obligation_id, found.case.court)
        return found

    async def case(self, who: Who, number: str) -> CaseView:
        """A case by its normalised number. ReachError `no_case`."""
        who.require(Right.SEE_LEDGER)
        with _told():
            async with self._work.by(actor_of(who), who.courts) as hand:
                found = await hand.case(number)
                await self._audit.note(hand.book.work, who, Deed.SEEN, "case", found.row.id, found.row.court)
        return found

    async def change_case(self, who: Who, number: str, why: str, **values: Any) -> None:
        """Change fields of `NewCase` of a case by its normalised number. ReachError `no_case`, Broken."""
        who.require(Right.EDIT_LEDGER)
        with _told():
            async with self._work.by(actor_of(who), who.courts) as hand:
                found = await hand.case(number)
                await hand.book.change_case(found.row.id, why or None, **values)
                detail = " ".join(f"{k} {v}" for k, v in values.items())
                await self._audit.note(hand.book.work, who, Deed.CHANGED, "case", found.row.id, found.row.court, detail)

    async def change_party(self, who: Who, number: str, party_id: int, why: str, given: GivenParty) -> None:
        """Correct or complete somebody of a case: what is empty in `given` stays as it is.

        Broken `name`, `id_number`, `id_check`, `credit_code`, `credit_check`, `phone`, `number_of_another`,
        `no_party` when nobody of that id is in the case; ReachError `no_case`.
        """
        who.require(Right.EDIT_LEDGER)
        with _told():
            async with self._work.by(actor_of(who), who.courts) as hand:
                found = await hand.case(number)
                if party_id not in found.parties:
                    raise Broken("no_party")
                values = given.read(PartyKind(found.parties[party_id].kind))
                await hand.book.change_party(party_id, found.row.id, why or None, **values)
                if values:
                    detail = f"corrected {' '.join(values)}"
                    await self._audit.note(hand.book.work, who, Deed.CHANGED, "party", party_id, found.row.court, detail)

    async def history(self, who: Who, obligation_id: int) -> list[Happened]:
        """Everything that was changed about an obligation, and by whom."""
        who.require(Right.SEE_LEDGER)
        with _told():
            return await self._work.history(obligation_id, actor_of(who), who.courts)

    async def negotiations(self, who: Who, obligation_id: int) -> list[Deal]:
        """The negotiations about an obligation or its whole case, oldest first, each with its offers and answers."""
        who.require(Right.SEE_LEDGER)
        with _told():
            return await self._work.negotiations(obligation_id, actor_of(who), who.courts)

    async def unreached(self, who: Who, *, why: Unreached | None = None) -> list[NotReached]:
        """Debtors with something left to perform whom the chat does not reach."""
        who.require(Right.SEE_LEDGER)
        return await self._work.unreached(who.courts, why=why)

    async def unreached_file(self, who: Who, *, why: Unreached | None = None) -> bytes:
        """The same as an Excel file with telephone numbers, for text messages, calls and visits."""
        who.require(Right.EXPORT)
        found = await self.unreached(who, why=why)
        await self._audit.exported(who, "unreached", why or "", None, str(len(found)))
        return await self._work.calls(found)

    async def sheets(self, who: Who, number: str) -> tuple[bytes, list[Invitation]]:
        """The printable sheets with QR codes for the parties of a case, and whose they are; earlier links are void.

        ReachError `no_font`, `no_numbers`, `no_address`, `no_case`.
        """
        who.require(Right.MAKE_LINK)
        with _told():
            court, content, made = await self._work.sheets(number, actor_of(who), who.courts)
        async with self._work.by(actor_of(who), who.courts) as hand:
            await self._audit.note(hand.book.work, who, Deed.CHANGED, "case", number, court, "sheets")
        return content, made

    async def pictures(self, who: Who, payments: Iterable[int]) -> dict[int, list[str]]:
        """The media types of the files handed in as proof of each of these payments."""
        who.require(Right.SEE_LEDGER)
        with _told():
            return await self._work.pictures(payments, actor_of(who), who.courts)

    async def awaited(self, who: Who, payments: Iterable[int]) -> set[int]:
        """Those of the payments with a proof that did not come, and that was asked for again."""
        who.require(Right.SEE_LEDGER)
        with _told():
            return await self._work.awaited(payments, actor_of(who), who.courts)

    async def picture(self, who: Who, payment_id: int, number: int) -> Picture:
        """One of the files handed in as proof of a payment. Broken `no_proof` when there is none, or none any more."""
        who.require(Right.SEE_LEDGER)
        with _told():
            found = await self._work.picture(payment_id, number, actor_of(who), who.courts)
        await self._audit.seen(who, "proof", payment_id, None)
        return found

    async def transcript(self, who: Who, obligation_id: int, form: str) -> tuple[str, bytes]:
        """Every word about an obligation as a file: `text`, `xlsx` or `pdf`."""
        who.require(Right.EXPORT)
        with _told():
            found = await self._work.transcript(obligation_id, form, actor_of(who), who.courts)
        await self._audit.exported(who, "transcript", obligation_id, None, form)
        return found

    async def certificate_file(self, who: Who, number: str, form: str) -> tuple[str, bytes]:
        """A certificate as `docx` or `pdf`."""
        who.require(Right.SEE_LEDGER)
        with _told():
            found = await self._work.certificate_file(number, form, actor_of(who), who.courts)
        await self._audit.seen(who, "certificate", number, None, form)
        return found

    # -- payments, days, objections --------------------------------------------------------------

    @asynccontextmanager
    async def book(self, who: Who, obligation_id: int, detail: str = "book") -> AsyncIterator[Book]:
        """The ledger for changes that nobody is told of; committed when the block ends."""
        who.require(Right.EDIT_LEDGER)
        with _told():
            async with self._work.by(actor_of(who), who.courts) as hand:
                view = await hand.view(obligation_id)
                yield hand.book
                await self._audit.note(
                    hand.book.work, who, Deed.CHANGED, "obligation", obligation_id, view.case.court, detail
                )

    async def pay(
        self, who: Who, obligation_id: int, payment: NewPayment, why: str | None = None, *, surplus: bool = False
    ) -> View:
        """Enter a payment that is certain already; both sides have a receipt. Broken `surplus` unless that is meant."""
        return await self._do(
            who,
            Right.VERIFY,
            lambda h: h.pay(obligation_id, payment, why, surplus=surplus),
            "obligation",
            obligation_id,
            f"paid {yuan(payment.amount)}",
        )

    async def verify(
        self, who: Who, payment_id: int, *, amount: int | None = None, why: str | None = None, surplus: bool = False
    ) -> View:
        """A reported payment is found, perhaps with another sum (分). Broken `surplus` unless that is meant."""
        return await self._do(
            who,
            Right.VERIFY,
            lambda h: h.verify(payment_id, amount=amount, why=why, surplus=surplus),
            "payment",
            payment_id,
            "verified",
        )

    async def reject(self, who: Who, payment_id: int, why: str) -> View:
        """A reported payment cannot be found."""
        return await self._do(
            who, Right.VERIFY, lambda h: h.reject(payment_id, why), "payment", payment_id, f"rejected: {why}"
        )

    async def revoke(self, who: Who, payment_id: int, why: str) -> View:
        """Take a verification back."""
        return await self._do(
            who, Right.VERIFY, lambda h: h.revoke(payment_id, why), "payment", payment_id, f"revoked: {why}"
        )

    async def move_due(self, who: Who, instalment_id: int, due_on: date, why: str) -> View:
        """Move the day of one instalment."""
        return await self._do(
            who,
            Right.DECIDE_PLAN,
            lambda h: h.move_due(instalment_id, due_on, why),
            "instalment",
            instalment_id,
            f"{due_on} {why}",
        )

    async def grant_grace(
        self, who: Who, obligation_id: int, until: date, why: str, instalment_id: int | None = None
    ) -> View:
        """Grant a grace period."""
        return await self._do(
            who,
            Right.DECIDE_PLAN,
            lambda h: h.grant_grace(obligation_id, until, why, instalment_id),
            "obligation",
            obligation_id,
            f"grace {until} {why}",
        )

    async def close_disputes(self, who: Who, obligation_id: int, outcome: str) -> View:
        """Close the open objections; reminders go on."""
        return await self._do(
            who,
            Right.EDIT_LEDGER,
            lambda h: h.close_disputes(obligation_id, outcome),
            "obligation",
            obligation_id,
            f"disputes closed: {outcome}",
        )

    # -- settlement, certificates, tasks, links ---------------------------------------------------

    async def settle(
        self, who: Who, deed: Callable[[Settling], Awaitable[Deal]], detail: str, right: Right = Right.SETTLE
    ) -> Deal:
        """Any deed at the negotiating table (`open_case`, `ok`, `no`, `counter`, `say`, `by_hand`, `refer`, `sign`, `resume`)."""
        who.require(right)
        with _told():
            async with self._work.settling(actor_of(who), who.courts) as hand:
                deal = await deed(hand)
                await self._audit.note(hand.table.work, who, Deed.CHANGED, "settlement", deal.id, deal.case.court, detail)
        return deal

    async def decide(self, who: Who, negotiation_id: int, *, agreed: bool, why: str) -> Deal:
        """Pass an offer on or write the agreement into the ledger; or give it back, or end the negotiation."""

        def deed(hand: Settling) -> Awaitable[Deal]:
            return hand.ok(negotiation_id, why) if agreed else hand.no(negotiation_id, why)

        return await self.settle(who, deed, f"{'agreed' if agreed else 'refused'} {why}", Right.DECIDE_PLAN)

    async def counter(self, who: Who, negotiation_id: int, plan: Sequence[tuple[int, date]]) -> Deal:
        """The mediator's own version: other sums (分) and days, put to everybody."""
        return await self.settle(who, lambda h: h.counter(negotiation_id, plan), "countered")

    async def certify(self, who: Who, obligation_id: int) -> CertificateRow:
        """A person confirms: the certificate is issued."""
        return await self._do(
            who,
            Right.CERTIFY,
            lambda h: h.issue_certificate(obligation_id),
            "obligation",
            obligation_id,
            "certificate issued",
        )

    async def close_task(self, who: Who, number: int, words: str = "") -> TaskRow:
        """A task is settled; the words, if any, go to the chat whose matter it is."""
        return await self._do(
            who, Right.CLOSE_TASK, lambda h: h.close_task(number, words), "task", number, f"closed {words}"
        )

    async def make_link(self, who: Who, party_id: int) -> str:
        """A one-time link for a party."""
        return await self._do(who, Right.MAKE_LINK, lambda h: h.make_link(party_id), "party", party_id, "link")

    async def invite(self, who: Who, number: str) -> list[Invitation]:
        """Links for all debtors and creditors of a case."""
        return await self._do(who, Right.MAKE_LINK, lambda h: h.invite(number), "case", number, "links")

    async def outcome(self, who: Who, party_id: int, way: Way, outcome: Outcome, note: str) -> None:
        """Note what came of a call, a text message, a visit."""
        await self._do(
            who,
            Right.MAKE_LINK,
            lambda h: h.outcome(party_id, way, outcome, note),
            "party",
            party_id,
            f"{way} {outcome}",
        )
