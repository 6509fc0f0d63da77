"""What staff do about cases, within one transaction: each deed with its words to both sides and its task closed.

The clerk's commands in chat and the console do the same things through this; whoever opened the
transaction commits it, and the messages leave afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.core.ids import short
from bot.dialogue.flows.model import yuan
from bot.dialogue.model import Button, Reply, quoted, rows
from bot.dialogue.scene import House, add_task, matter, sums, worded
from bot.dialogue.voice import Voice
from bot.ledger.book import Book
from bot.ledger.model import Actor, Broken, NewPayment, PromiseStatus, Role, Status
from bot.ledger.service import CaseView, View
from bot.reach.certificate import due, issue
from bot.reach.files import lost
from bot.reach.model import Outcome, ReachError, Way
from bot.reach.register import Register
from bot.store.ledger_rows import FileRow, PartyRow, PaymentRow, PromiseRow
from bot.store.reach_rows import CertificateRow, PartyMessageRow
from bot.store.reminder_rows import NewTask, TaskRow
from bot.store.work import Work

Scope = frozenset[str] | None  # the courts whose cases somebody may see and change; None: all


INVITED = frozenset((Role.DEBTOR, Role.CREDITOR, Role.AGENT))  # who of a case gets a sheet with a link


@dataclass(frozen=True, slots=True)
class Invitation:
    """A fresh one-time link for a party of a case."""

    role: str
    party: PartyRow
    start: str  # what follows `?start=`
    link: str


@dataclass(frozen=True, slots=True)
class ProofPart:
    """One file of a payment's proof."""

    file: FileRow
    elsewhere: tuple[int, ...]  # other obligations in which the same file serves as proof


class Hand:
    """The hand of one actor at the cases of some courts.

    Every method raises `Broken` `no_…` for what does not exist, `Broken` `other_court` for what belongs
    to a court outside the scope, and whatever the ledger's rules refuse; nothing is then written.
    """

    def __init__(self, house: House, voice: Voice, actor: Actor, courts: Scope, *, here: int | None = None) -> None:
        """`here` is the chat in which the actor sits, if any: it hears nothing of what others are told."""
        self._house = house
        self._voice = voice
        self._work = voice.work
        self._actor = actor
        self._courts = courts
        self._here = here
        self._texts = house.texts

    @property
    def work(self) -> Work:
        """The transaction."""
        return self._work

    @property
    def book(self) -> Book:
        """The ledger in this transaction; ask `view` first, which keeps the scope."""
        return self._house.ledger.within(self._work, self._actor)

    @property
    def _register(self) -> Register:
        return self._house.reach.within(self._work, self._actor)

    # -- what may be touched ---------------------------------------------------------------------

    async def view(self, obligation_id: int) -> View:
        """One obligation, if it is of a court in the scope."""
        found = await self._house.ledger.obligation(obligation_id, self._work)
        if found is None:
            raise Broken("no_obligation")
        self._allowed(found.case.court)
        return found

    async def case(self, number: str) -> CaseView:
        """A case by its normalised number. ReachError `no_case`."""
        found = await self._house.ledger.case(number, self._work)
        if found is None:
            raise ReachError("no_case", number=number)
        self._allowed(found.row.court)
        return found

    async def task(self, number: int) -> TaskRow:
        """One open task. Broken `no_task` when there is none, or somebody has settled it."""
        found = await self._work.tasks.get(number)
        if found is None or found.status != "open":
            raise Broken("no_task")
        await self._allowed_task(found)
        return found

    async def payment(self, payment_id: int) -> PaymentRow:
        """One payment."""
        found = await self._work.ledger.payment(payment_id)
        if found is None:
            raise Broken("no_payment")
        _ = await self.view(found.obligation_id)
        return found

    def _allowed(self, court: str) -> None:
        if self._courts is not None and court not in self._courts:
            raise Broken("other_court")

    async def _allowed_task(self, task: TaskRow) -> None:
        """A task belongs to the court of its case, else to those of its party's cases, else to whoever sees all."""
        if self._courts is None:
            return
        if task.case_id is not None:
            case = await self._work.ledger.case(task.case_id)
            self._allowed(case.court if case else "")
        else:
            await self._allowed_party(task.party_id or 0)

    async def _allowed_party(self, party_id: int) -> None:
        if self._courts is None:
            return
        roles = await self._work.ledger.roles_of(party_id)
        cases = await self._work.ledger.cases(ids={r.case_id for r in roles})
        if not any(c.court in self._courts for c in cases):
            raise Broken("other_court")

    # -- payments --------------------------------------------------------------------------------

    async def verify(
        self, payment_id: int, *, amount: int | None = None, why: str | None = None, surplus: bool = False
    ) -> View:
        """A reported payment is found: it counts, both sides have a receipt, the task is settled.

        `amount` (分) corrects what was reported. The answer is how the obligation stands now. Broken
        `surplus` when that is more than is still owed, unless `surplus` says that it is meant so.
        """
        payment = await self.payment(payment_id)
        await self.book.verify_payment(payment_id, why, amount=amount, within=not surplus)
        return await self._receipts(payment.obligation_id, payment_id)

    async def reject(self, payment_id: int, why: str) -> View:
        """A reported payment cannot be found: the debtors hear why, and what to do."""
        payment = await self.payment(payment_id)
        await self.book.reject_payment(payment_id, _reason(why))
        view = await self.view(payment.obligation_id)
        code = short(view.id)
        buttons = (self._button("paid", code), self._button("contact", code))
        told = {"matter": matter(view), "amount": yuan(payment.amount), "day": payment.paid_on, "why": quoted(why)}
        for debtor in view.debtors:
            await self._tell(debtor.id, view, "party.receipt.rejected", *buttons, **told)
        return view

    async def pay(
        self, obligation_id: int, payment: NewPayment, why: str | None = None, *, surplus: bool = False
    ) -> View:
        """Enter a payment that is certain already, such as one on the court's account: both sides have a receipt.

        Broken `surplus` as for `verify`.
        """
        _ = await self.view(obligation_id)
        return await self._receipts(obligation_id, await self.book.pay(obligation_id, payment, why, within=not surplus))

    async def revoke(self, payment_id: int, why: str) -> View:
        """Take a verification back: the balance grows again, both sides hear why, a certificate is void."""
        payment = await self.payment(payment_id)
        await self.book.revoke_payment(payment_id, _reason(why))
        view = await self.view(payment.obligation_id)
        if not due(view):
            await self._work.reach.revoke_certificate(view.id, self._voice.now)
        told = {"matter": matter(view), "paid": yuan(payment.amount), "day": payment.paid_on, "why": quoted(why)}
        for party in (*view.debtors, *view.creditors):
            ask = self._button("contact", short(view.id))
            await self._tell(party.id, view, "party.receipt.revoked", ask, **told, **sums(view))
        return view

    async def _receipts(self, obligation_id: int, payment_id: int) -> View:
        """Both sides hear what counts now, and what comes next."""
        view, payment = await self.view(obligation_id), await self.payment(payment_id)
        told = {"matter": matter(view), "paid": yuan(payment.amount), "day": payment.paid_on, **sums(view)}
        performed = view.standing.status is Status.PERFORMED
        key = "act" if not view.row.amount else "performed" if performed else "partly"
        told["next"] = view.standing.next_due or "-"
        over = performed and view.standing.surplus > 0
        ask = (self._button("contact", short(view.id)),)
        contact = ask if over else ()
        told["surplus"] = yuan(view.standing.surplus)
        for debtor in view.debtors:
            await self._tell(debtor.id, view, f"party.receipt.debtor_{'surplus' if over else key}", *contact, **told)
        for creditor in view.creditors:
            await self._tell(creditor.id, view, f"party.receipt.creditor_{key}", *ask, **told)
        if performed and due(view):
            await self._offer_certificate(view)
        return view

    async def _offer_certificate(self, view: View) -> None:
        task = NewTask(
            "certificate",
            "performed_in_time",
            key=f"certificate:{view.id}",
            case_id=view.row.case_id,
            obligation_id=view.id,
            responsible=view.responsible,
            note=matter(view),
        )
        await add_task(self._house, self._voice, task)

    async def proofs(self, payment_id: int) -> list[ProofPart]:
        """The files handed in as proof of a payment, in order."""
        payment = await self.payment(payment_id)
        proofs = (await self._work.ledger.proofs([payment.obligation_id])).get(payment.obligation_id, [])
        parts = []
        for file in (f for p in proofs if p.payment_id == payment_id for f in p.files):
            uses = await self._work.ledger.uses_of(file.sha256)
            parts.append(ProofPart(file, tuple(o for o, _ in uses if o != payment.obligation_id)))
        return parts

    async def awaits_proof(self, payment_id: int) -> bool:
        """Whether a file of this payment's report did not come, and its sender was asked for it again."""
        payment = await self.payment(payment_id)
        flow = await self._work.reach.done_flow("paid", payment.id)
        return bool(flow and lost(await self._work.reach.files_of_flow(flow.id)))

    # -- days, grace, objections -----------------------------------------------------------------

    async def move_due(self, instalment_id: int, due_on: date, why: str) -> View:
        """Move the day of one instalment; both sides hear the new day."""
        instalment = await self._work.ledger.instalment(instalment_id)
        if instalment is None:
            raise Broken("no_instalment")
        _ = await self.view(instalment.obligation_id)
        await self.book.move_due(instalment_id, due_on, _reason(why))
        return await self._tell_day(instalment.obligation_id, due_on, why)

    async def grant_grace(self, obligation_id: int, until: date, why: str, instalment_id: int | None = None) -> View:
        """Grant a grace period until that day (included); both sides hear it."""
        _ = await self.view(obligation_id)
        await self.book.grant_grace(obligation_id, until, why, instalment_id)
        return await self._tell_day(obligation_id, until, why)

    async def _tell_day(self, obligation_id: int, day: date, why: str) -> View:
        view = await self.view(obligation_id)
        for party in (*view.debtors, *view.creditors):
            await self._tell(party.id, view, "party.day_moved", matter=matter(view), day=day, why=quoted(why))
        return view

    async def close_disputes(self, obligation_id: int, outcome: str) -> View:
        """Close every open objection with its outcome; reminders go on, and the debtors hear it.

        Broken `no_dispute` when none is open.
        """
        view = await self.view(obligation_id)
        still_open = [d for d in view.disputes if d.closed_at is None]
        if not still_open:
            raise Broken("no_dispute")
        for dispute in still_open:
            await self.book.close_dispute(dispute.id, _reason(outcome))
        for debtor in view.debtors:
            await self._tell(debtor.id, view, "party.dispute_closed", matter=matter(view), outcome=quoted(outcome))
        return await self.view(obligation_id)

    async def follow_promises(self, first: date, last: date) -> int:
        """Tasks for promises of these days that were broken and have had none; how many."""
        promises = await self._work.ledger.promises_on(first, last)
        known = await self._work.tasks.known_about("promise", [p.id for p in promises])
        wanted = {p.obligation_id for p in promises if p.id not in known}
        made = 0
        for view in await self._house.ledger.views(ids=sorted(wanted), work=self._work):
            going = view.standing.performed_on is None and view.row.ended_on is None
            for promised in view.promises if going else ():
                row = promised.row
                if promised.status is PromiseStatus.BROKEN and first <= row.promised_on <= last and row.id not in known:
                    made += await self._broken_promise(view, row) is not None
        return made

    async def _broken_promise(self, view: View, row: PromiseRow) -> int | None:
        told = {"matter": matter(view), "day": row.promised_on, "amount": yuan(row.amount)}
        task = NewTask(
            "promise",
            "broken",
            key=f"promise:{row.id}",
            case_id=view.row.case_id,
            obligation_id=view.id,
            party_id=row.party_id,
            subject_id=row.id,
            responsible=view.responsible,
            note=self._texts("clerk.note.promise", **told),
        )
        return await add_task(self._house, self._voice, task)

    # -- certificates, tasks, links --------------------------------------------------------------

    async def issue_certificate(self, obligation_id: int) -> CertificateRow:
        """A person confirms, and the certificate is issued and handed out; again: the same one once more.

        ReachError `not_due` when not everything was performed in time.
        """
        view = await self.view(obligation_id)
        if not due(view):
            raise ReachError("not_due")
        row = await issue(self._work, view, self._actor, self._voice.now)
        await self._settled(f"certificate:{view.id}", row.number)
        for debtor in view.debtors:
            await self._hand_out(view, debtor.id, row.number)
        return row

    async def _hand_out(self, view: View, party_id: int, number: str) -> None:
        words = self._texts("party.certificate.issued", number=number, matter=matter(view))
        caption = self._texts("party.certificate.file", number=number)
        paper = Reply(caption, key="party.certificate.file", kind="document", file=f"certificate:{number}:pdf")
        for chat in await self._say(party_id, view, Reply(words, key="party.certificate.issued")):
            conversation = await self._work.conversations.get(chat)
            if conversation:
                self._voice.say_to(conversation, paper)

    async def close_task(self, number: int, words: str = "") -> TaskRow:
        """A task is settled; the words, if any, go to the chat whose matter it is."""
        task = await self.task(number)
        await self._close(number, words)
        chat = await self._work.conversations.get(task.conversation_id) if task.conversation_id else None
        if words and chat and not chat.unreachable:
            text = self._texts("party.from_staff", text=quoted(words), number=number)
            before = len(self._voice.messages)
            self._voice.say_to(chat, Reply(text, key="party.from_staff"), sender="staff")
            if task.obligation_id:
                await self._belongs(before, task.obligation_id, task.party_id)
        return task

    async def make_link(self, party_id: int, *, helper: bool = False) -> str:
        """A one-time link for a party: the whole address. ReachError `no_party`, `no_number`, `no_address`."""
        await self._allowed_party(party_id)
        start = await self._register.make_link(party_id, self._house.reach.lives, helper=helper)
        return self._house.reach.address.link(start)

    async def invite(self, number: str) -> list[Invitation]:
        """Links for all debtors, creditors and agents of a case who can prove who they are."""
        case = await self.case(number)
        made: list[Invitation] = []
        for role in case.roles:
            party = case.parties[role.party_id]
            if role.role in INVITED and party.provable and party.id not in {m.party.id for m in made}:
                start = await self._register.make_link(party.id, self._house.reach.lives)
                made.append(Invitation(role.role, party, start, self._house.reach.address.link(start)))
        return made

    async def outcome(self, party_id: int, way: Way, outcome: Outcome, note: str) -> None:
        """Note what came of a call, a text message, a visit. ReachError `no_party`."""
        await self._allowed_party(party_id)
        await self._register.outcome(party_id, way, outcome, note)

    # -- saying, closing -------------------------------------------------------------------------

    def _button(self, action: str, code: str) -> tuple[str, str]:
        return f"party.button.do.{action}", f"ob:{code}:{action}"

    async def _tell(self, party_id: int, view: View, key: str, *buttons: tuple[str, str], **params: object) -> int:
        """Say a sentence in every chat of a party; in how many it could be said."""
        made = rows((Button(self._texts(label), data) for label, data in buttons), 2)
        return len(await self._say(party_id, view, Reply(self._texts(key, **worded(self._texts, params)), made, key)))

    async def _say(self, party_id: int, view: View, reply: Reply) -> list[int]:
        before = len(self._voice.messages)
        chats = await self._voice.say_to_party(party_id, reply, not_in=self._here)
        await self._belongs(before, view.id, party_id)
        return chats

    async def _belongs(self, before: int, obligation_id: int, party_id: int | None) -> None:
        """Note for the transcript which obligation the messages since then are about."""
        said = self._voice.messages[before:]
        await self._work.reach.add(
            [PartyMessageRow(m.id, obligation_id, m.conversation_id, m.at, party_id=party_id) for m in said]
        )

    async def _settled(self, key: str, outcome: str) -> None:
        """The task that asked for this deed, if there is one, is done."""
        await self._work.tasks.close_key(key, self._actor.text, outcome, self._voice.now)

    async def _close(self, number: int, outcome: str) -> None:
        await self._work.tasks.close(number, self._actor.text, outcome, self._voice.now)


def _reason(why: str) -> str:
    """The reason, which must be given. Broken `reason`."""
    if not why.strip():
        raise Broken("reason")
    return why
