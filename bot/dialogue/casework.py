"""Case work without a chat turn: what the console does about cases, each use case in a transaction of its own.

Every method takes who does it and the courts whose cases they may touch (None: all). What is said to
both sides is written in the same transaction and leaves after the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.dialogue.hand import Hand, Invitation, Scope
from bot.dialogue.model import Reply
from bot.dialogue.scene import House
from bot.dialogue.settling import Settling
from bot.dialogue.voice import Letters
from bot.guide.settlement.table import Deal
from bot.ledger import identity
from bot.ledger.book import Book
from bot.ledger.model import SYSTEM, Actor, Broken, NewPayment, PaymentStatus
from bot.ledger.service import View
from bot.post.outbox import Sender
from bot.reach import people
from bot.reach.calls import workbook
from bot.reach.documents import Documents
from bot.reach.files import lost
from bot.reach.model import Outcome, ReachError, Unreached, Way
from bot.reach.service import NotReached
from bot.reach.sheet import Sheet, mark_of, sheets_pdf
from bot.store.ledger import Taken
from bot.store.ledger_page import ObligationPage, TaskPage, Wanted, WantedTasks
from bot.store.ledger_rows import EventRow
from bot.store.reach_rows import CertificateRow, IncomingFileRow
from bot.store.reminder_rows import TaskRow
from bot.store.work import Store, Work

LOOK_BACK = timedelta(days=14)  # a promise older than that was seen to, or the bot was away for long


@dataclass(frozen=True, slots=True)
class Picture:
    """One file of a proof, opened; `elsewhere` are other obligations in which the same file serves as proof."""

    name: str
    media_type: str
    content: bytes
    elsewhere: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """One change in the history of an obligation, and the name of whoever made it."""

    event: EventRow
    name: str


class CaseWork:
    """The use cases of staff. Raises what `Hand` raises: `Broken` and `ReachError`, whose words are in the catalogue."""

    def __init__(self, store: Store, sender: Sender, house: House, documents: Documents, worker: str) -> None:
        self._store = store
        self._sender = sender
        self._house = house
        self._documents = documents
        self._worker = worker

    @asynccontextmanager
    async def by(self, actor: Actor, courts: Scope) -> AsyncIterator[Hand]:
        """Several deeds in one transaction: committed when the block ends, nothing of it when it raises.

        Broken `meanwhile` when somebody else was first.
        """
        try:
            async with self._store.work() as work:
                letters = Letters(work, self._house.clock.now(), self._house.ids, self._store.vault)
                yield Hand(self._house, letters, actor, courts)
                await letters.write(self._worker)
                await work.commit()
        except Taken as error:
            raise Broken("meanwhile") from error
        self._submit(letters)

    @asynccontextmanager
    async def settling(self, actor: Actor, courts: Scope) -> AsyncIterator[Settling]:
        """Deeds at the negotiating table in one transaction, as `by`."""
        try:
            async with self._store.work() as work:
                letters = Letters(work, self._house.clock.now(), self._house.ids, self._store.vault)
                yield Settling(self._house, letters, actor, courts)
                await letters.write(self._worker)
                await work.commit()
        except Taken as error:
            raise Broken("meanwhile") from error
        self._submit(letters)

    def _submit(self, letters: Letters) -> None:
        """A channel that this process does not serve waits in the outbox for one that does."""
        served = set(self._sender.channels)
        self._sender.submit(o for o in letters.outgoing if o.channel in served)

    @asynccontextmanager
    async def _looking(self, actor: Actor, courts: Scope) -> AsyncIterator[Hand]:
        async with self._store.work(read_only=True) as work:
            letters = Letters(work, self._house.clock.now(), self._house.ids, self._store.vault)
            yield Hand(self._house, letters, actor, courts)

    # -- lists -----------------------------------------------------------------------------------

    async def obligations(self, wanted: Wanted, courts: Scope) -> ObligationPage:
        """A page of the ledger: filtered, sorted and counted in SQL; what is looked for is folded as names are."""
        wanted = replace(wanted, text=identity.folded(wanted.text))
        async with self._store.work(read_only=True) as work:
            return await work.pages.obligations(wanted, courts, self._house.ledger.today())

    async def tasks(self, wanted: WantedTasks, courts: Scope) -> TaskPage:
        """A page of tasks, wages and other urgent matters first."""
        async with self._store.work(read_only=True) as work:
            return await work.pages.tasks(wanted, courts)

    async def unreached(self, courts: Scope, *, why: Unreached | None = None) -> list[NotReached]:
        """Debtors with something left to perform whom the chat does not reach, by case."""
        found = await self._house.reach.unreached(courts)
        return [n for n in found if why is None or n.why is why]

    async def outcome(self, party_id: int, way: Way, outcome: Outcome, note: str, actor: Actor, courts: Scope) -> None:
        """Note what came of a call, a text message, a visit to somebody whom the chat does not reach."""
        async with self.by(actor, courts) as hand:
            await hand.outcome(party_id, way, outcome, note)

    async def calls(self, rows: Sequence[NotReached]) -> bytes:
        """These as an Excel file."""
        return await asyncio.to_thread(workbook, rows, self._house.texts)

    async def sheets(self, number: str, actor: Actor, courts: Scope) -> tuple[str, bytes, list[Invitation]]:
        """The printable sheets for the parties of a case: its court, the PDF, and whose they are.

        ReachError `no_font`, or `no_numbers` when nobody of it can prove who they are; no link is made then.
        """
        font = self._documents.font()
        async with self.by(actor, courts) as hand:
            court = (await hand.case(number)).row.court
            made = await hand.invite(number)
            if not made:
                raise ReachError("no_numbers")
        name, until = self._house.ledger.courts.name(court), self._house.reach.expires()
        sheets = [Sheet(name, one.link, until, mark_of(one.party.id)) for one in made]
        return court, await asyncio.to_thread(sheets_pdf, sheets, self._house.texts, font), made

    # -- the ledger ------------------------------------------------------------------------------

    async def view(self, obligation_id: int, actor: Actor, courts: Scope) -> View:
        """One obligation with everything that belongs to it."""
        async with self._looking(actor, courts) as hand:
            return await hand.view(obligation_id)

    async def history(self, obligation_id: int, actor: Actor, courts: Scope) -> list[Happened]:
        """Every change of an obligation, oldest first: who, when, why, old and new value."""
        view = await self.view(obligation_id, actor, courts)
        events = await self._house.ledger.history(obligation_id=view.id)
        async with self._store.work(read_only=True) as work:
            names = await people.names(work, {e.actor for e in events}, view, self._house.texts)
        return [Happened(e, names[e.actor]) for e in events]

    @asynccontextmanager
    async def book(self, obligation_id: int, actor: Actor, courts: Scope) -> AsyncIterator[Book]:
        """The ledger for changes that nobody is told of (responsible person, note of settlement, end …)."""
        async with self.by(actor, courts) as hand:
            _ = await hand.view(obligation_id)
            yield hand.book

    async def pay(
        self,
        obligation_id: int,
        payment: NewPayment,
        actor: Actor,
        courts: Scope,
        *,
        why: str | None = None,
        surplus: bool = False,
    ) -> View:
        """Enter a payment that is certain already; both sides have a receipt."""
        async with self.by(actor, courts) as hand:
            return await hand.pay(obligation_id, payment, why, surplus=surplus)

    async def verify(
        self,
        payment_id: int,
        actor: Actor,
        courts: Scope,
        *,
        amount: int | None = None,
        why: str | None = None,
        surplus: bool = False,
    ) -> View:
        """A reported payment is found, perhaps with another sum (分): receipts to both sides."""
        async with self.by(actor, courts) as hand:
            return await hand.verify(payment_id, amount=amount, why=why, surplus=surplus)

    async def reject(self, payment_id: int, why: str, actor: Actor, courts: Scope) -> View:
        """A reported payment cannot be found; the debtors hear why."""
        async with self.by(actor, courts) as hand:
            return await hand.reject(payment_id, why)

    async def revoke(self, payment_id: int, why: str, actor: Actor, courts: Scope) -> View:
        """Take a verification back; both sides hear why."""
        async with self.by(actor, courts) as hand:
            return await hand.revoke(payment_id, why)

    async def move_due(self, instalment_id: int, due_on: date, why: str, actor: Actor, courts: Scope) -> View:
        """Move the day of one instalment; both sides hear it."""
        async with self.by(actor, courts) as hand:
            return await hand.move_due(instalment_id, due_on, why)

    async def grant_grace(
        self,
        obligation_id: int,
        until: date,
        why: str,
        actor: Actor,
        courts: Scope,
        *,
        instalment_id: int | None = None,
    ) -> View:
        """Grant a grace period; both sides hear it."""
        async with self.by(actor, courts) as hand:
            return await hand.grant_grace(obligation_id, until, why, instalment_id)

    async def close_disputes(self, obligation_id: int, outcome: str, actor: Actor, courts: Scope) -> View:
        """Close the open objections; reminders go on, and the debtors hear the outcome."""
        async with self.by(actor, courts) as hand:
            return await hand.close_disputes(obligation_id, outcome)

    # -- settlement, certificates, tasks, links ---------------------------------------------------

    async def decide(self, negotiation_id: int, *, agreed: bool, why: str, actor: Actor, courts: Scope) -> Deal:
        """Pass an offer on or write the agreement into the ledger; or give it back, or end the negotiation, with a reason."""
        async with self.settling(actor, courts) as hand:
            return await (hand.ok(negotiation_id, why) if agreed else hand.no(negotiation_id, why))

    async def counter(
        self, negotiation_id: int, plan: Sequence[tuple[int, date]], actor: Actor, courts: Scope
    ) -> Deal:
        """The mediator's own version: other sums (分) and days, put to everybody."""
        async with self.settling(actor, courts) as hand:
            return await hand.counter(negotiation_id, plan)

    async def negotiations(self, obligation_id: int, actor: Actor, courts: Scope) -> list[Deal]:
        """The negotiations about an obligation or its whole case, oldest first."""
        view = await self.view(obligation_id, actor, courts)
        found = await self._house.settlements.of_case(view.case.id, courts)
        return [d for d in found if d.row.obligation_id in (None, obligation_id)]

    async def issue_certificate(self, obligation_id: int, actor: Actor, courts: Scope) -> CertificateRow:
        """A person confirms: the certificate is issued and handed out."""
        async with self.by(actor, courts) as hand:
            return await hand.issue_certificate(obligation_id)

    async def close_task(self, number: int, words: str, actor: Actor, courts: Scope) -> TaskRow:
        """A task is settled; the words, if any, go to the chat whose matter it is."""
        async with self.by(actor, courts) as hand:
            return await hand.close_task(number, words)

    async def make_link(self, party_id: int, actor: Actor, courts: Scope) -> str:
        """A one-time link for a party: the whole address."""
        async with self.by(actor, courts) as hand:
            return await hand.make_link(party_id)

    async def invite(self, number: str, actor: Actor, courts: Scope) -> list[Invitation]:
        """Links for all debtors and creditors of a case."""
        async with self.by(actor, courts) as hand:
            return await hand.invite(number)

    async def file_lost(self, work: Work, row: IncomingFileRow) -> Callable[[], None]:
        """A file was given up: whoever sent it is asked for it again, once for all that did not come of one report."""
        letters = Letters(work, self._house.clock.now(), self._house.ids, self._store.vault)
        chat = await work.conversations.get(row.conversation_id)
        if chat and not chat.unreachable and await self._wants(work, row):
            letters.say_to(chat, Reply(self._house.texts("party.photo.lost"), key="party.photo.lost"))
        await letters.write(self._worker)
        return lambda: self._submit(letters)

    async def _wants(self, work: Work, row: IncomingFileRow) -> bool:
        """Whether somebody still waits for that file, and its sender has not been asked for it yet."""
        flow = await work.reach.flow(row.flow_id) if row.flow_id else None
        if flow is None:
            return await work.desk.open_of(row.conversation_id) is not None
        if lost(await work.reach.files_of_flow(flow.id)):
            return False
        payment = await work.ledger.payment(flow.result_id) if flow.kind == "paid" and flow.result_id else None
        return payment.status == PaymentStatus.REPORTED if payment else flow.status != "done"

    async def follow_promises(self) -> int:
        """A promise that was broken becomes a task for a person, once; how many did just now.

        Nobody is sent a sterner message for it: a promise not kept wants a person who asks why.
        """
        today = self._house.ledger.today()
        async with self.by(SYSTEM, None) as hand:
            return await hand.follow_promises(today - LOOK_BACK, today - timedelta(days=1))

    # -- files -----------------------------------------------------------------------------------

    async def pictures(self, payments: Iterable[int], actor: Actor, courts: Scope) -> dict[int, list[str]]:
        """The media types of the files handed in as proof of each of these payments."""
        async with self._looking(actor, courts) as hand:
            return {payment: [part.file.media_type for part in await hand.proofs(payment)] for payment in payments}

    async def awaited(self, payments: Iterable[int], actor: Actor, courts: Scope) -> set[int]:
        """Those of the payments with a file that did not come, and that was asked for again."""
        async with self._looking(actor, courts) as hand:
            return {payment for payment in payments if await hand.awaits_proof(payment)}

    async def picture(self, payment_id: int, number: int, actor: Actor, courts: Scope) -> Picture:
        """One of the files handed in as proof of a payment. Broken `no_proof` when there is none, or none any more."""
        async with self._looking(actor, courts) as hand:
            parts = await hand.proofs(payment_id)
        if not 0 <= number < len(parts):
            raise Broken("no_proof")
        part, file = parts[number], parts[number].file
        try:
            name, content = await self._documents.open(f"proof:{file.sha256}:{file.media_type}")
        except LookupError as error:
            raise Broken("no_proof") from error
        return Picture(file.name or name, file.media_type, content, part.elsewhere)

    async def transcript(self, obligation_id: int, form: str, actor: Actor, courts: Scope) -> tuple[str, bytes]:
        """Every word about an obligation as `text`, `xlsx` or `pdf`: file name and bytes."""
        async with self._looking(actor, courts) as hand:
            view = await hand.view(obligation_id)
        return await self._documents.transcript(view.id, form)

    async def certificate_file(self, number: str, form: str, actor: Actor, courts: Scope) -> tuple[str, bytes]:
        """A certificate as `docx` or `pdf`: file name and bytes. Broken `no_obligation` when there is none."""
        async with self._store.work(read_only=True) as work:
            row = await work.reach.certificate(number)
        _ = await self.view(row.obligation_id if row else 0, actor, courts)
        return await self._documents.open(f"certificate:{number}:{form}")
