"""Changes of the ledger within one transaction: each keeps the rules and writes who, when, why, old, new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

from bot.core.clock import Clock, local_day
from bot.core.ids import Ids
from bot.ledger import identity
from bot.ledger.model import (
    MOST,
    Actor,
    Broken,
    DisputeKind,
    Facts,
    NewCase,
    NewFile,
    NewObligation,
    NewParty,
    NewPayment,
    ObligationKind,
    PaymentStatus,
    Planned,
    Role,
    Settlement,
    allocate,
    check_payment,
    check_plan,
    expected_on,
    next_payment_status,
    next_settlement,
    standing,
)
from bot.store.ledger import Row
from bot.store.ledger_rows import (
    CasePartyRow,
    CaseRow,
    DisputeRow,
    EventRow,
    FileRow,
    GraceRow,
    InstalmentRow,
    ObligationRow,
    PartyRow,
    PaymentRow,
    PromiseRow,
    ProofRow,
    ShareRow,
    SideRow,
)
from bot.store.work import Work


class Book:
    """The open ledger in one transaction, in the hand of one actor.

    Whoever opens the transaction commits it. Every method raises `Broken` before anything is written
    when a rule of the ledger would be broken.
    """

    def __init__(self, work: Work, clock: Clock, ids: Ids, actor: Actor) -> None:
        self.work = work
        self.rows = work.ledger
        self.now: datetime = clock.now()
        self.today: date = local_day(self.now)
        self.actor = actor.text
        self._ids = ids

    def new_id(self) -> int:
        """A fresh id."""
        return self._ids.new(self.now)

    # -- cases and parties -------------------------------------------------------------------

    async def open_case(self, new: NewCase, why: str | None = None) -> int:
        """Open a case; Broken `case_known` when there is one of that number, `day_to_come` for its day. Its id."""
        self._check_filed(new.filed_on)
        if await self.rows.case_numbered(new.number):
            raise Broken("case_known", number=new.number)
        row = case_row(self.new_id(), new, self.now)
        await self.rows.add([row, self.event("case.opened", row, new=plain(row), why=why)])
        return row.id

    async def change_case(self, case_id: int, why: str | None = None, **values: Any) -> None:
        """Change fields of a case (those of NewCase); what stays the same makes no event."""
        row = await self._case(case_id)
        self._check_filed(values.get("filed_on"))
        old, new = difference(row, values)
        if not new:
            return
        await self.rows.change(CaseRow, case_id, **new, updated_at=self.now)
        await self.rows.add([self.event("case.changed", row, old=old, new=new, why=why)])

    def _check_filed(self, day: date | None) -> None:
        if day is not None and day > self.today:
            raise Broken("day_to_come", day=day)

    async def party(self, new: NewParty, case_id: int, why: str | None = None) -> int:
        """The id of this party; entered when it is new.

        The same ID or credit code is the same party in every case. Without one, the same name is the
        same party within this case only, never across cases: namesakes are common. Broken
        `number_of_another` when the number is known under another name.
        """
        found = await self._known_party(new, case_id)
        if found is not None:
            await self._complete(found, new, case_id, why)
            return found.id
        row = party_row(self.new_id(), new)
        await self.rows.add([row], self.now)
        await self.rows.add([self.event("party.entered", row, case_id=case_id, new=plain(row), why=why)])
        return row.id

    async def _known_party(self, new: NewParty, case_id: int) -> PartyRow | None:
        if new.number:
            known = await self.rows.parties_with(numbers=[new.number])
            if known:
                if known[0].name != new.name:
                    raise Broken("number_of_another")
                return known[0]
        here = {r.party_id for r in await self.rows.case_parties([case_id])}
        return next(
            (
                p
                for p in await self.rows.parties_with(names=[new.name])
                if p.id in here and not (new.number and p.number and p.number != new.number)
            ),
            None,
        )

    async def _complete(self, row: PartyRow, new: NewParty, case_id: int, why: str | None) -> None:
        """Fill in what was not known of a party; a telephone number that differs replaces the old one."""
        given = {"number": new.number or row.number, "phone": new.phone or row.phone}
        await self.change_party(row.id, case_id, why, **given)

    async def change_party(self, party_id: int, case_id: int, why: str | None = None, **values: Any) -> None:
        """Change name, kind, number or phone of a party; the event is told in this case's history."""
        row = await self._party(party_id)
        old, new = difference(row, values)
        if not new:
            return
        if new.get("number") and any(p.id != party_id for p in await self.rows.parties_with(numbers=[new["number"]])):
            raise Broken("number_of_another")
        await self.rows.change_party(replace(row, **new), self.now)
        await self.rows.add([self.event("party.changed", row, case_id=case_id, old=old, new=new, why=why)])

    async def join(
        self, case_id: int, party_id: int, role: Role, acts_for: int | None = None, why: str | None = None
    ) -> None:
        """Let a party take part in a case; once is enough. An agent names whom it acts for."""
        if role is Role.AGENT and acts_for is None:
            raise Broken("agent_alone")
        row = CasePartyRow(case_id, party_id, role, acts_for)
        if row in await self.rows.case_parties([case_id]):
            return
        event = self.event("party.joined", row, case_id=case_id, subject_id=party_id, new=plain(row), why=why)
        await self.rows.add([row, event])

    # -- obligations -------------------------------------------------------------------------

    async def owe(self, case_id: int, debtor_id: int, new: NewObligation, why: str | None = None) -> int:
        """Enter an obligation with its plan. Its id.

        Broken `obligation_known` when case, debtor and label are there already.
        """
        check_plan(new.kind, new.plan)
        for known in await self.rows.obligations(case_ids=[case_id]):
            if (known.debtor_id, known.label) == (debtor_id, new.label):
                raise Broken("obligation_known", label=new.label)
        obligation, rows = obligation_rows(self.new_id, case_id, debtor_id, new, self.now)
        await self.rows.add([obligation, *rows])
        told = plain(obligation) | {"plan": [plain(p) for p in new.plan]}
        await self.rows.add([self.event("obligation.entered", obligation, new=told, why=why)])
        await self.join(case_id, debtor_id, Role.DEBTOR)
        for party_id in new.co_debtors:
            await self.join(case_id, party_id, Role.DEBTOR)
        for party_id, _ in new.creditors:
            await self.join(case_id, party_id, Role.CREDITOR)
        return obligation.id

    async def change_obligation(self, obligation_id: int, why: str | None = None, **values: Any) -> None:
        """Change label, act or responsible person."""
        row = await self._obligation(obligation_id)
        old, new = difference(row, values)
        if new:
            await self._alter(row, "obligation.changed", old, new, why)

    async def assign(self, obligation_id: int, responsible: str | None, why: str | None = None) -> None:
        """Name the responsible person of an obligation; None: whoever is responsible for the case."""
        await self.change_obligation(obligation_id, why, responsible=responsible)

    async def replan(self, obligation_id: int, plan: Sequence[Planned], why: str | None = None) -> None:
        """Replace the plan: what is the same stays, what differs gets a new due version, the rest is dropped.

        The sum of the plan becomes the sum of the obligation. Payments are allocated anew.
        """
        row = await self._obligation(obligation_id)
        check_plan(ObligationKind(row.kind), plan)
        known = (await self.rows.instalments([obligation_id])).get(obligation_id, [])
        old = [plain(Planned(i.amount, i.due_on)) for i in known if not i.dropped]
        new = [plain(p) for p in plan]
        if old == new:
            return
        await self._fit(obligation_id, known, plan)
        await self._alter(
            row,
            "obligation.replanned",
            {"amount": row.amount, "plan": old},
            {"amount": sum(p.amount for p in plan), "plan": new},
            why,
            columns=("amount",),
        )
        await self.derive(obligation_id)

    async def _fit(self, obligation_id: int, known: Sequence[InstalmentRow], plan: Sequence[Planned]) -> None:
        by_no = {i.no: i for i in known}
        fresh: list[Row] = []
        for no, planned in enumerate(plan, 1):
            before = by_no.pop(no, None)
            if before is None:
                fresh.append(instalment_row(self.new_id(), obligation_id, no, planned))
            elif (before.amount, before.due_on, before.dropped) != (planned.amount, planned.due_on, False):
                # A day that moves gets its new version in `derive`, which knows the grace periods.
                same = (before.amount, before.dropped) == (planned.amount, False)
                await self.rows.change(
                    InstalmentRow,
                    before.id,
                    amount=planned.amount,
                    due_on=planned.due_on,
                    dropped=False,
                    due_version=before.due_version + (0 if same else 1),
                )
        for extra in by_no.values():
            await self.rows.change(InstalmentRow, extra.id, dropped=True, due_version=extra.due_version + 1)
        await self.rows.add(fresh)

    async def move_due(self, instalment_id: int, due_on: date, why: str | None = None) -> None:
        """Move the due date of one instalment; reminders planned for the old one go stale."""
        instalment = await self.rows.instalment(instalment_id)
        if instalment is None or instalment.dropped:
            raise Broken("no_instalment")
        if instalment.due_on == due_on:
            return
        row = await self._obligation(instalment.obligation_id)
        known = (await self.rows.instalments([row.id]))[row.id]
        moved = [replace(i, due_on=due_on) if i.id == instalment_id else i for i in known if not i.dropped]
        check_plan(ObligationKind(row.kind), [Planned(i.amount, i.due_on) for i in moved])
        await self.rows.change(InstalmentRow, instalment_id, due_on=due_on)
        event = self.event(
            "instalment.moved",
            instalment,
            case_id=row.case_id,
            obligation_id=row.id,
            old={"due_on": instalment.due_on},
            new={"due_on": due_on},
            why=why,
        )
        await self.rows.add([event])
        await self.derive(row.id)

    async def end(self, obligation_id: int, why: str) -> None:
        """End an obligation by a person's decision (withdrawn, waived, handed to compulsory enforcement)."""
        row = await self._obligation(obligation_id)
        if row.ended_on is not None:
            raise Broken("ended_already")
        new = {"ended_on": self.today, "ended_why": why}
        await self._alter(row, "obligation.ended", {"ended_on": None}, new, why)

    async def reopen(self, obligation_id: int, why: str) -> None:
        """Take the end back."""
        row = await self._obligation(obligation_id)
        if row.ended_on is None:
            raise Broken("not_ended")
        old = {"ended_on": row.ended_on, "ended_why": row.ended_why}
        await self._alter(row, "obligation.reopened", old, {"ended_on": None, "ended_why": None}, why)

    async def settle(self, obligation_id: int, stage: Settlement, why: str | None = None) -> None:
        """Note where settlement stands; Broken `settlement_step` for a step that does not exist."""
        row = await self._obligation(obligation_id)
        if row.settlement == stage:
            return
        then = next_settlement(row.settlement, stage)
        await self._alter(row, "settlement." + then, {"settlement": row.settlement}, {"settlement": then.value}, why)

    # -- payments ----------------------------------------------------------------------------

    async def report_payment(self, obligation_id: int, new: NewPayment, why: str | None = None) -> int:
        """Note that somebody says to have paid (or performed); it counts once it is verified. Its id."""
        row = await self._obligation(obligation_id)
        await self._check_payment(row, new)
        payment = self._payment(row, new)
        shares = [ShareRow(payment.id, party, amount) for party, amount in new.shares]
        told = plain(payment) | ({"shares": dict(new.shares)} if new.shares else {})
        event = self.event("payment.reported", payment, case_id=row.case_id, new=told, why=why)
        await self.rows.add([payment, *shares, event])
        return payment.id

    async def _check_payment(self, row: ObligationRow, new: NewPayment) -> None:
        check_payment(row.kind, new, self.today)
        if new.instalment_id is not None:
            instalment = await self.rows.instalment(new.instalment_id)
            if instalment is None or instalment.obligation_id != row.id or instalment.dropped:
                raise Broken("no_instalment")
        if new.reference and await self.rows.same_reference(new.reference):
            raise Broken("reference_known", reference=new.reference)
        if new.shares:
            sides = (await self.rows.sides([row.id])).get(row.id, [])
            if {p for p, _ in new.shares} - {s.party_id for s in sides if s.role == Role.CREDITOR}:
                raise Broken("share_stranger")

    def _payment(self, row: ObligationRow, new: NewPayment) -> PaymentRow:
        return PaymentRow(
            id=self.new_id(),
            obligation_id=row.id,
            instalment_id=new.instalment_id,
            amount=new.amount,
            paid_on=new.paid_on,
            status=PaymentStatus.REPORTED,
            source=new.source,
            way=new.way,
            payer_id=new.payer_id,
            payer_name=new.payer_name,
            third_party=new.third_party,
            reference=new.reference,
            note=new.note,
            reported_at=self.now,
            reported_by=self.actor,
            decided_at=None,
            decided_by=None,
            decided_why=None,
        )

    async def pay(
        self, obligation_id: int, new: NewPayment, why: str | None = None, *, within: bool = False
    ) -> int:
        """Enter a payment that is certain already (court account, receipt seen): reported and verified. Its id."""
        payment_id = await self.report_payment(obligation_id, new, why)
        await self.verify_payment(payment_id, why, within=within)
        return payment_id

    async def verify_payment(
        self, payment_id: int, why: str | None = None, *, amount: int | None = None, within: bool = False
    ) -> None:
        """Confirm a reported payment; `amount` (分) corrects what was reported.

        `within`: Broken `surplus` when it is more than is still owed.
        """
        payment = await self._payment_to(payment_id, PaymentStatus.VERIFIED)
        row = await self._obligation(payment.obligation_id)
        changed: dict[str, Any] = {}
        if amount is not None and amount != payment.amount:
            if await self.rows.shares([payment_id]):
                raise Broken("shares_sum")
            check_payment(row.kind, NewPayment(amount, payment.paid_on), self.today)
            changed["amount"] = amount
        found, owed = changed.get("amount", payment.amount), row.amount - row.settled
        if within and found > owed:
            raise Broken("surplus", amount=found, balance=owed, surplus=found - owed)
        await self._decide(row, payment, PaymentStatus.VERIFIED, why, changed)

    async def reject_payment(self, payment_id: int, why: str) -> None:
        """Say that a reported payment cannot be found."""
        payment = await self._payment_to(payment_id, PaymentStatus.REJECTED)
        await self._decide(await self._obligation(payment.obligation_id), payment, PaymentStatus.REJECTED, why, {})

    async def revoke_payment(self, payment_id: int, why: str) -> None:
        """Take a verification back; the balance grows again."""
        payment = await self._payment_to(payment_id, PaymentStatus.REVOKED)
        await self._decide(await self._obligation(payment.obligation_id), payment, PaymentStatus.REVOKED, why, {})

    async def _payment_to(self, payment_id: int, then: PaymentStatus) -> PaymentRow:
        payment = await self.rows.payment(payment_id)
        if payment is None:
            raise Broken("no_payment")
        # The lock first, then the status again: somebody else may have decided meanwhile.
        await self.rows.obligation(payment.obligation_id, lock=True)
        payment = await self.rows.payment(payment_id)
        if payment is None:
            raise Broken("no_payment")
        next_payment_status(payment.status, then)
        return payment

    async def _decide(
        self, row: ObligationRow, payment: PaymentRow, then: PaymentStatus, why: str | None, changed: dict[str, Any]
    ) -> None:
        old = {"status": payment.status} | {name: getattr(payment, name) for name in changed}
        new = {"status": then.value} | changed
        decided = {"decided_at": self.now, "decided_by": self.actor, "decided_why": why}
        await self.rows.change(PaymentRow, payment.id, **new, **decided)
        await self.rows.add([self.event(f"payment.{then}", payment, case_id=row.case_id, old=old, new=new, why=why)])
        # The task that asked for the decision is done with it, whichever door it came through.
        outcome = " ".join(w for w in (then.value, why) if w)
        await self.work.tasks.close_key(f"verify:{payment.id}", self.actor, outcome, self.now)
        await self.derive(row.id)

    # -- promises, proofs --------------------------------------------------------------------

    async def promise(
        self,
        obligation_id: int,
        promised_on: date,
        amount: int | None = None,
        *,
        instalment_id: int | None = None,
        party_id: int | None = None,
        note: str | None = None,
    ) -> int:
        """Note a promise; without an amount (分) it is about all that is still owed. Its id.

        An open promise for the same instalment is withdrawn by it: the last word counts.
        """
        if promised_on < self.today:
            raise Broken("day_past", day=promised_on)
        if amount is not None and not 0 < amount <= MOST:
            raise Broken("amount_positive")
        row = await self._obligation(obligation_id)
        for earlier in (await self.rows.promises([obligation_id])).get(obligation_id, []):
            open_still = not earlier.withdrawn and earlier.promised_on >= self.today
            if open_still and earlier.instalment_id == instalment_id:
                await self.withdraw_promise(earlier.id, "replaced")
        promise = PromiseRow(
            id=self.new_id(),
            obligation_id=obligation_id,
            instalment_id=instalment_id,
            party_id=party_id,
            amount=await self._left(row, instalment_id) if amount is None else amount,
            whole=amount is None,
            made_on=self.today,
            promised_on=promised_on,
            made_at=self.now,
            withdrawn=False,
            note=note,
        )
        event = self.event("promise.made", promise, case_id=row.case_id, new=plain(promise))
        await self.rows.add([promise, event])
        return promise.id

    async def _left(self, row: ObligationRow, instalment_id: int | None) -> int:
        instalment = await self.rows.instalment(instalment_id) if instalment_id else None
        return instalment.amount - instalment.settled if instalment else row.amount - row.settled

    async def withdraw_promise(self, promise_id: int, why: str | None = None) -> None:
        """A promise does not stand any more."""
        promise = await self.rows.promise(promise_id)
        if promise is None or promise.withdrawn:
            raise Broken("no_promise")
        row = await self._obligation(promise.obligation_id)
        await self.rows.change(PromiseRow, promise_id, withdrawn=True)
        await self.rows.add([self.event("promise.withdrawn", promise, case_id=row.case_id, why=why)])

    async def add_proof(
        self,
        obligation_id: int,
        files: Sequence[NewFile],
        *,
        payment_id: int | None = None,
        party_id: int | None = None,
        group_key: str | None = None,
        note: str | None = None,
    ) -> int:
        """Note files handed in as proof. Its id.

        Files of the same `group_key` (an album) become one proof, whenever they arrive; the same file
        twice is kept once.
        """
        row = await self._obligation(obligation_id)
        known = await self.rows.proof_of_group(obligation_id, group_key) if group_key else None
        proof_id = known or self.new_id()
        before = await self.rows.files_of(proof_id) if known else []
        fresh = fresh_files(proof_id, before, files)
        proof = ProofRow(proof_id, obligation_id, payment_id, party_id, group_key, note, self.now)
        if not known:
            await self.rows.add([proof])
        if fresh or not known:
            told = {"files": [f.sha256 for f in fresh], "payment_id": payment_id}
            event = self.event("proof.added", proof, case_id=row.case_id, new=told)
            await self.rows.add([*fresh, event])
        return proof_id

    async def link_proof(self, proof_id: int, payment_id: int) -> None:
        """Say which payment a proof is about, once that is known."""
        payment = await self.rows.payment(payment_id)
        if payment is None:
            raise Broken("no_payment")
        proofs = (await self.rows.proofs([payment.obligation_id])).get(payment.obligation_id, [])
        proof = next((p for p in proofs if p.id == proof_id), None)
        if proof is None:
            raise Broken("no_proof")
        row = await self._obligation(payment.obligation_id)
        await self.rows.change(ProofRow, proof_id, payment_id=payment_id)
        event = self.event(
            "proof.linked",
            proof,
            case_id=row.case_id,
            old={"payment_id": proof.payment_id},
            new={"payment_id": payment_id},
        )
        await self.rows.add([event])

    # -- grace, disputes ---------------------------------------------------------------------

    async def grant_grace(self, obligation_id: int, until: date, reason: str, instalment_id: int | None = None) -> int:
        """Grant a grace period until that day (included), for everything due before it or one instalment. Its id."""
        if until <= self.today:
            raise Broken("day_past", day=until)
        if not reason.strip():
            raise Broken("reason")
        row = await self._obligation(obligation_id)
        grace = GraceRow(self.new_id(), obligation_id, instalment_id, until, reason, self.now, self.actor, lifted=False)
        event = self.event("grace.granted", grace, case_id=row.case_id, new=plain(grace), why=reason)
        await self.rows.add([grace, event])
        await self.derive(obligation_id)
        return grace.id

    async def lift_grace(self, grace_id: int, why: str) -> None:
        """End a grace period before its time."""
        grace = await self.rows.grace(grace_id)
        if grace is None or grace.lifted:
            raise Broken("no_grace")
        row = await self._obligation(grace.obligation_id)
        await self.rows.change(GraceRow, grace_id, lifted=True)
        event = self.event("grace.lifted", grace, case_id=row.case_id, old={"until": grace.until}, why=why)
        await self.rows.add([event])
        await self.derive(row.id)

    async def dispute(self, obligation_id: int, kind: DisputeKind, text: str = "", party_id: int | None = None) -> int:
        """Note an objection; reminders stop until a person closes it. Its id."""
        row = await self._obligation(obligation_id)
        dispute = DisputeRow(
            self.new_id(), obligation_id, party_id, kind, text, self.now, closed_at=None, closed_by=None, outcome=None
        )
        event = self.event("dispute.raised", dispute, case_id=row.case_id, new=plain(dispute))
        await self.rows.add([dispute, event])
        await self.rows.change(ObligationRow, obligation_id, disputed=True, updated_at=self.now)
        return dispute.id

    async def describe_dispute(self, dispute_id: int, kind: DisputeKind | None, text: str) -> None:
        """Say what an open objection is about, after it was raised with few words."""
        dispute = await self.rows.dispute(dispute_id)
        if dispute is None or dispute.closed_at is not None:
            raise Broken("no_dispute")
        row = await self._obligation(dispute.obligation_id)
        given = {"kind": (kind or DisputeKind(dispute.kind)).value, "text": text or dispute.text}
        old, new = difference(dispute, given)
        if new:
            await self.rows.change(DisputeRow, dispute_id, **new)
            event = self.event("dispute.described", dispute, case_id=row.case_id, old=old, new=new)
            await self.rows.add([event])

    async def close_dispute(self, dispute_id: int, outcome: str) -> None:
        """Close an objection; when it was the last one, the obligation goes its way again."""
        dispute = await self.rows.dispute(dispute_id)
        if dispute is None or dispute.closed_at is not None:
            raise Broken("no_dispute")
        row = await self._obligation(dispute.obligation_id)
        await self.rows.change(DisputeRow, dispute_id, closed_at=self.now, closed_by=self.actor, outcome=outcome)
        event = self.event("dispute.closed", dispute, case_id=row.case_id, new={"outcome": outcome}, why=outcome)
        await self.rows.add([event])
        others = (await self.rows.disputes([row.id]))[row.id]
        still = any(d.closed_at is None for d in others)
        await self.rows.change(ObligationRow, row.id, disputed=still, updated_at=self.now)
        for task in [] if still else await self.work.tasks.open_about(row.id, ("dispute",)):
            await self.work.tasks.close(task, self.actor, outcome, self.now)

    # -- what follows ------------------------------------------------------------------------

    async def derive(self, obligation_id: int) -> None:
        """Write what follows from payments and grace periods into the rows that plans read.

        A day that moved because a grace period came or went gets a new due version.
        """
        row = await self._obligation(obligation_id)
        instalments = (await self.rows.instalments([obligation_id])).get(obligation_id, [])
        payments = (await self.rows.payments([obligation_id])).get(obligation_id, [])
        graces = (await self.rows.graces([obligation_id])).get(obligation_id, [])
        got = allocate(instalments, payments)
        for instalment in instalments:
            values = _derived(instalment, got, expected_on(instalment, graces))
            if values:
                await self.rows.change(InstalmentRow, instalment.id, **values)
        now = standing(Facts(row.amount, instalments, payments, graces), self.today)
        await self.rows.change(
            ObligationRow,
            obligation_id,
            settled=now.settled,
            performed_on=now.performed_on,
            next_due=now.next_due,
            oldest_due=now.oldest_due,
            updated_at=self.now,
        )

    # -- events ------------------------------------------------------------------------------

    def event(
        self,
        kind: str,
        row: Any,
        *,
        case_id: int | None = None,
        obligation_id: int | None = None,
        subject_id: int | None = None,
        old: dict[str, Any] | None = None,
        new: dict[str, Any] | None = None,
        why: str | None = None,
    ) -> EventRow:
        """The event of a change to this row; case and obligation are taken from the row where it has them."""
        own_obligation = row.id if isinstance(row, ObligationRow) else getattr(row, "obligation_id", None)
        own_case = row.id if isinstance(row, CaseRow) else getattr(row, "case_id", None)
        found_case = case_id if case_id is not None else own_case
        if found_case is None:
            raise ValueError(f"{kind}: an event belongs to a case")
        return EventRow(
            id=self.new_id(),
            case_id=found_case,
            obligation_id=obligation_id or own_obligation,
            kind=kind,
            subject=kind.partition(".")[0],
            subject_id=subject_id if subject_id is not None else row.id,
            at=self.now,
            actor=self.actor,
            why=why,
            old=jsonable(old),
            new=jsonable(new),
        )

    async def _alter(
        self,
        row: ObligationRow,
        kind: str,
        old: dict[str, Any],
        new: dict[str, Any],
        why: str | None,
        columns: Sequence[str] | None = None,
    ) -> None:
        written = {k: v for k, v in new.items() if columns is None or k in columns}
        await self.rows.change(ObligationRow, row.id, **written, updated_at=self.now)
        await self.rows.add([self.event(kind, row, old=old, new=new, why=why)])

    async def _case(self, case_id: int) -> CaseRow:
        row = await self.rows.case(case_id)
        if row is None:
            raise Broken("no_case")
        return row

    async def _party(self, party_id: int) -> PartyRow:
        found = await self.rows.parties([party_id])
        if party_id not in found:
            raise Broken("no_party")
        return found[party_id]

    async def _obligation(self, obligation_id: int) -> ObligationRow:
        row = await self.rows.obligation(obligation_id, lock=True)
        if row is None:
            raise Broken("no_obligation")
        return row


# -- rows of new things ----------------------------------------------------------------------------


def case_row(case_id: int, new: NewCase, now: datetime) -> CaseRow:
    """The row of a new case."""
    values = {f.name: getattr(new, f.name) for f in fields(new)}
    return CaseRow(id=case_id, created_at=now, updated_at=now, **values)


def party_row(party_id: int, new: NewParty) -> PartyRow:
    """The row of a new party."""
    return PartyRow(party_id, identity.name(new.name), new.kind, new.number, new.phone, bool(new.number))


def instalment_row(row_id: int, obligation_id: int, no: int, planned: Planned) -> InstalmentRow:
    """The row of a new instalment."""
    return InstalmentRow(
        id=row_id,
        obligation_id=obligation_id,
        no=no,
        amount=planned.amount,
        due_on=planned.due_on,
        expected_on=planned.due_on,
        due_version=1,
        settled=0,
        done_on=None,
        dropped=False,
    )


def obligation_rows(
    new_id: Any, case_id: int, debtor_id: int, new: NewObligation, now: datetime
) -> tuple[ObligationRow, list[Row]]:
    """The row of a new obligation, and those of its instalments and sides."""
    obligation = ObligationRow(
        id=new_id(),
        case_id=case_id,
        debtor_id=debtor_id,
        label=new.label,
        kind=new.kind,
        amount=new.amount,
        act=new.act,
        settlement=Settlement.NONE,
        responsible=new.responsible,
        disputed=False,
        ended_on=None,
        ended_why=None,
        settled=0,
        performed_on=None,
        created_at=now,
        updated_at=now,
        next_due=min(p.due_on for p in new.plan),
        oldest_due=min(p.due_on for p in new.plan),
    )
    rows: list[Row] = [instalment_row(new_id(), obligation.id, no, p) for no, p in enumerate(new.plan, 1)]
    debtors = dict.fromkeys((debtor_id, *new.co_debtors))
    rows += [SideRow(obligation.id, party, Role.DEBTOR, None) for party in debtors]
    rows += [SideRow(obligation.id, party, Role.CREDITOR, share) for party, share in new.creditors]
    return obligation, rows


def fresh_files(proof_id: int, before: Sequence[FileRow], files: Sequence[NewFile]) -> list[FileRow]:
    """The files that the proof does not have yet, numbered on."""
    known = {f.sha256 for f in before}
    fresh: list[FileRow] = []
    for file in files:
        if file.sha256 not in known:
            known.add(file.sha256)
            position = len(known)
            fresh.append(FileRow(proof_id, position, file.sha256, file.media_type, file.size, file.name))
    return fresh


def _derived(instalment: InstalmentRow, got: Any, expected: date) -> dict[str, Any]:
    settled = got.get(instalment.id)
    values: dict[str, Any] = {}
    if settled and (settled.amount, settled.done_on) != (instalment.settled, instalment.done_on):
        values |= {"settled": settled.amount, "done_on": settled.done_on}
    if expected != instalment.expected_on:
        values |= {"expected_on": expected, "due_version": instalment.due_version + 1}
    return values


# -- values in events ------------------------------------------------------------------------------

_DERIVED = {"settled", "performed_on", "disputed", "next_due", "oldest_due"}
_UNTOLD = {"id", "created_at", "updated_at", "provable", *_DERIVED}


def plain(row: Any) -> dict[str, Any]:
    """A row's values for an event: what is set, and is not told by the event itself."""
    values = {f.name: getattr(row, f.name) for f in fields(row)}
    return {k: v for k, v in values.items() if k not in _UNTOLD and v is not None and v is not False and v != ""}


def difference(row: Any, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Old and new values of those fields that would change."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    return {name: getattr(row, name) for name in changed}, changed


def jsonable(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Values as JSON can hold them: days in ISO form, kinds by their name."""
    return None if values is None else {k: _simple(v) for k, v in values.items()}


def _simple(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(k): _simple(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_simple(v) for v in value]
    return value
