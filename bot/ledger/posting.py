"""Writing checked rows into the ledger: what is new in bulk, what differs as single changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from bot.ledger import cells
from bot.ledger.book import (
    Book,
    case_row,
    difference,
    jsonable,
    obligation_rows,
    party_row,
    plain,
)
from bot.ledger.entry import Entry
from bot.ledger.model import (
    Broken,
    Facts,
    NewObligation,
    NewParty,
    NewPayment,
    PaymentStatus,
    Planned,
    Role,
    Source,
    check_payment,
    standing,
)
from bot.store.ledger import Row
from bot.store.ledger_rows import (
    CasePartyRow,
    CaseRow,
    EventRow,
    InstalmentRow,
    ObligationRow,
    PartyRow,
    PaymentRow,
    SideRow,
)

IMPORT = "import "  # how the reason of an import's changes begins
_FLAGS = ("wage", "livelihood")  # an event does not tell what is not so


class Kind(StrEnum):
    """What a row does to the ledger."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a row and the ledger, in values that a person can read."""

    number: str
    label: str
    column: str
    old: str
    new: str


class Posting:
    """Posts the entries of one chunk: knows all rows of the ledger that they may touch.

    With `dry` nothing is written; the same code then tells what would be.
    """

    def __init__(self, book: Book, *, dry: bool, why: str | None, courts: frozenset[str] | None = None) -> None:
        self._book, self._dry, self._why, self._courts = book, dry, why, courts
        self._pending: list[Row] = []
        self._cases: dict[str, CaseRow] = {}
        self._parties: dict[int, PartyRow] = {}
        self._by_number: dict[str, int] = {}
        self._in_case: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._roles: set[tuple[int, int, str]] = set()
        self._obligations: dict[tuple[int, int, str], ObligationRow] = {}
        self._instalments: dict[int, list[InstalmentRow]] = {}
        self._payments: dict[int, list[PaymentRow]] = {}
        self._sides: dict[int, set[tuple[int, str]]] = {}  # by obligation: who stands on which side
        self._events: dict[int, list[EventRow]] = {}  # by case, where something differs
        self._newer = False
        self.kept = 0  # rows of which the ledger knows something newer than the table

    @classmethod
    async def of(
        cls,
        book: Book,
        entries: Sequence[Entry],
        *,
        dry: bool = False,
        why: str | None = None,
        courts: frozenset[str] | None = None,
    ) -> Posting:
        """A posting that knows everything that these entries may touch; `courts` whose cases it may (None: all)."""
        posting = cls(book, dry=dry, why=why, courts=courts)
        await posting._load(entries)
        return posting

    async def _load(self, entries: Sequence[Entry]) -> None:
        rows = self._book.rows
        cases = await rows.cases(numbers={e.case.number for e in entries})
        self._cases = {c.number: c for c in cases}
        roles = await rows.case_parties([c.id for c in cases])
        numbers = {p.number for e in entries for p in (e.debtor, *e.co_debtors, *e.creditors) if p.number}
        for party in await rows.parties_with(numbers=numbers):
            self._know(party)
        for party in (await rows.parties({r.party_id for r in roles})).values():
            self._know(party)
        for role in roles:
            self._join(role.case_id, role.party_id, role.role)
        obligations = await rows.obligations(case_ids=[c.id for c in cases])
        self._obligations = {(o.case_id, o.debtor_id, o.label): o for o in obligations}
        ids = [o.id for o in obligations]
        self._instalments = await rows.instalments(ids)
        self._payments = await rows.payments(ids)
        sides = await rows.sides(ids)
        self._sides = {o: {(s.party_id, s.role) for s in found} for o, found in sides.items()}

    def _know(self, party: PartyRow) -> None:
        self._parties[party.id] = party
        if party.number:
            self._by_number[party.number] = party.id

    def _join(self, case_id: int, party_id: int, role: str) -> None:
        here = self._in_case[case_id, self._parties[party_id].name]
        if party_id not in here:
            here.append(party_id)
        self._roles.add((case_id, party_id, role))

    # -- posting -----------------------------------------------------------------------------

    async def post(self, entry: Entry) -> tuple[Kind, list[Change]]:
        """Post one row. What it did, and the differences; Broken when the ledger forbids it.

        What differs only because the ledger was changed since the table was imported is no difference: a
        table that says what it said before takes nothing back (a plan that was agreed, a new telephone).
        """
        self._refuse(entry)
        self._newer = False
        case, differences = await self._case(entry)
        debtor, found = await self._party(entry, case.id, entry.debtor, Role.DEBTOR, "debtor")
        differences += found
        others: dict[str, list[PartyRow]] = {"co_debtor": [], "creditor": []}
        for side, role, people in (
            ("co_debtor", Role.DEBTOR, entry.co_debtors),
            ("creditor", Role.CREDITOR, entry.creditors),
        ):
            for new in people:
                party, found = await self._party(entry, case.id, new, role, side)
                others[side].append(party)
                differences += found
        known = self._obligations.get((case.id, debtor.id, entry.label))
        if known is None:
            self._owe(entry, case.id, debtor.id, others["co_debtor"], others["creditor"])
            return Kind.NEW, []
        differences += await self._alter(entry, known, others["co_debtor"], others["creditor"])
        self.kept += self._newer
        changes = [Change(entry.case.number, entry.label, column, old, new) for column, old, new in differences]
        return (Kind.CHANGED if changes else Kind.SAME), changes

    async def flush(self) -> None:
        """Write what is new so far."""
        if self._pending and not self._dry:
            await self._book.rows.add(self._pending, self._book.now)
        self._pending.clear()

    def _refuse(self, entry: Entry) -> None:
        """Broken before anything of the row is written."""
        known_case = self._cases.get(entry.case.number)
        for court in (entry.case.court, known_case.court if known_case else entry.case.court):
            if self._courts is not None and court not in self._courts:
                raise Broken("other_court")
        if entry.paid:
            check_payment(entry.kind, NewPayment(entry.paid, entry.paid_on or self._book.today), self._book.today)
        for new in (entry.debtor, *entry.co_debtors, *entry.creditors):
            known = self._by_number.get(new.number or "")
            if known is not None and self._parties[known].name != new.name:
                raise Broken("number_of_another")
        case = self._cases.get(entry.case.number)
        if case is None:
            return
        for party_id in self._in_case.get((case.id, entry.debtor.name), []):
            known_obligation = self._obligations.get((case.id, party_id, entry.label))
            if known_obligation is None:
                continue
            number = self._parties[party_id].number
            # A corrected ID must not make a second debtor with a second debt out of the same one.
            if number and entry.debtor.number and number != entry.debtor.number:
                raise Broken("number_differs")
            if known_obligation.kind != entry.kind:
                raise Broken("kind_change")

    # -- cases and parties -------------------------------------------------------------------

    async def _case(self, entry: Entry) -> tuple[CaseRow, list[tuple[str, str, str]]]:
        known = self._cases.get(entry.case.number)
        if known is None:
            row = case_row(self._book.new_id(), entry.case, self._book.now)
            self._cases[row.number] = row
            self._add(row, kind="case.opened", new=row)
            return row, []
        values = {
            f.name: getattr(entry.case, f.name)
            for f in fields(entry.case)
            if f.name in entry.given and f.name != "number"
        }
        old, new = difference(known, values)
        new = await self._unsaid(known.id, "case", known.id, new)
        if new:
            self._cases[known.number] = known = replace(known, **new)
            if not self._dry:
                await self.flush()
                await self._book.change_case(known.id, self._why, **new)
        return known, [(column, _shown(old[column]), _shown(new[column])) for column in new]

    async def _party(
        self, entry: Entry, case_id: int, new: NewParty, role: Role, side: str
    ) -> tuple[PartyRow, list[tuple[str, str, str]]]:
        known = self._known(case_id, new)
        if known is None:
            row = party_row(self._book.new_id(), new)
            self._know(row)
            self._add(row, kind="party.entered", case_id=case_id, new=row)
            self._take_part(case_id, row.id, role)
            return row, []
        values: dict[str, Any] = {"number": new.number or known.number, "phone": new.phone or known.phone}
        if f"{side}_kind" in entry.given:
            values["kind"] = new.kind
        old, changed = difference(known, values)
        changed = await self._unsaid(case_id, "party", known.id, changed)
        if changed:
            self._know(known := replace(known, **changed))
            if not self._dry:
                await self.flush()
                await self._book.change_party(known.id, case_id, self._why, **changed)
        self._take_part(case_id, known.id, role)
        return known, [(f"{side}_{name}", _hidden(name, old[name]), _hidden(name, changed[name])) for name in changed]

    def _known(self, case_id: int, new: NewParty) -> PartyRow | None:
        if new.number and new.number in self._by_number:
            return self._parties[self._by_number[new.number]]
        here = (self._parties[p] for p in self._in_case.get((case_id, new.name), []))
        return next((p for p in here if not (new.number and p.number)), None)

    def _take_part(self, case_id: int, party_id: int, role: Role) -> None:
        if (case_id, party_id, role.value) not in self._roles:
            self._join(case_id, party_id, role.value)
            self._pending.append(CasePartyRow(case_id, party_id, role, None))

    # -- obligations -------------------------------------------------------------------------

    def _owe(
        self,
        entry: Entry,
        case_id: int,
        debtor_id: int,
        co_debtors: Sequence[PartyRow],
        creditors: Sequence[PartyRow],
    ) -> None:
        new = NewObligation(
            label=entry.label,
            kind=entry.kind,
            plan=entry.plan,
            act=entry.act,
            creditors=tuple((c.id, None) for c in creditors),
            co_debtors=tuple(c.id for c in co_debtors),
        )
        row, rows = obligation_rows(self._book.new_id, case_id, debtor_id, new, self._book.now)
        if entry.paid:
            row, rows = self._performed_before(entry, row, rows)
        self._obligations[case_id, debtor_id, entry.label] = row
        self._pending += rows
        told = plain(row) | {"plan": [plain(p) for p in entry.plan], "creditors": [c.id for c in creditors]}
        if co_debtors:
            told["co_debtors"] = [c.id for c in co_debtors]
        self._pending.append(row)
        if not self._dry:
            self._pending.append(self._book.event("obligation.entered", row, new=told, why=self._why))

    def _performed_before(
        self, entry: Entry, row: ObligationRow, rows: Sequence[Row]
    ) -> tuple[ObligationRow, list[Row]]:
        """The rows with what was performed before, already allocated."""
        now, by = self._book.now, self._book.actor
        payment = PaymentRow(
            id=self._book.new_id(),
            obligation_id=row.id,
            instalment_id=None,
            amount=entry.paid,
            paid_on=entry.paid_on or self._book.today,
            status=PaymentStatus.VERIFIED,
            source=Source.OPENING,
            way=None,
            payer_id=None,
            payer_name=None,
            third_party=False,
            reference=None,
            note=None,
            reported_at=now,
            reported_by=by,
            decided_at=now,
            decided_by=by,
            decided_why=self._why,
        )
        instalments = [r for r in rows if isinstance(r, InstalmentRow)]
        stands = standing(Facts(row.amount, instalments, [payment]), self._book.today)
        filled = [
            replace(i, settled=(got := stands.by_instalment[i.id]).amount, done_on=got.done_on) for i in instalments
        ]
        others = [r for r in rows if not isinstance(r, InstalmentRow)]
        self._add(payment, kind="payment.verified", case_id=row.case_id, new=payment)
        row = replace(
            row,
            settled=stands.settled,
            performed_on=stands.performed_on,
            next_due=stands.next_due,
            oldest_due=stands.oldest_due,
        )
        return row, [*filled, *others]

    async def _alter(
        self, entry: Entry, known: ObligationRow, co_debtors: Sequence[PartyRow], creditors: Sequence[PartyRow]
    ) -> list[tuple[str, str, str]]:
        found: list[tuple[str, str, str]] = []
        plan = [Planned(i.amount, i.due_on) for i in self._instalments.get(known.id, []) if not i.dropped]
        told: dict[str, Any] = {"plan": [plain(p) for p in entry.plan]} if plan != list(entry.plan) else {}
        if await self._unsaid(known.case_id, "obligation", known.id, told):
            found.append(("plan", cells.written_plan(plan), cells.written_plan(entry.plan)))
            await self._do(self._book.replan, known.id, entry.plan)
        told = {"act": entry.act} if "act" in entry.given and entry.act != known.act else {}
        if await self._unsaid(known.case_id, "obligation", known.id, told):
            found.append(("act", known.act or "", entry.act or ""))
            await self._do(self._book.change_obligation, known.id, act=entry.act)
        for column, role, people in (("co_debtor", Role.DEBTOR, co_debtors), ("creditor", Role.CREDITOR, creditors)):
            missing = [c for c in people if (c.id, role) not in self._sides.get(known.id, set())]
            if missing:
                found.append((column, "", "、".join(c.name for c in missing)))
                self._pending += [SideRow(known.id, c.id, role, None) for c in missing]
                if not self._dry:
                    told = {f"{column}s": [c.id for c in missing]}
                    self._pending.append(self._book.event("obligation.changed", known, new=told, why=self._why))
        return found + await self._alter_opening(entry, known)

    async def _alter_opening(self, entry: Entry, known: ObligationRow) -> list[tuple[str, str, str]]:
        if "paid" not in entry.given:
            return []
        before = self.opening(self._payments.get(known.id, []))
        total = sum(p.amount for p in before)
        moved = bool(before) and entry.paid_on is not None and before[-1].paid_on != entry.paid_on
        if total == entry.paid and not moved:
            return []
        opened = [p for p in self._payments.get(known.id, []) if p.source == Source.OPENING]
        if opened and opened[-1].amount == entry.paid and entry.paid_on in (None, opened[-1].paid_on):
            self._newer = True  # it stands in the table still, and somebody has taken it back since
            return []
        for payment in before:
            await self._do(self._book.revoke_payment, payment.id)
        if entry.paid:
            paid_on = entry.paid_on or (before[-1].paid_on if before else self._book.today)
            await self._do(self._book.pay, known.id, NewPayment(entry.paid, paid_on, Source.OPENING))
        return [("paid", cells.yuan(total), cells.yuan(entry.paid))]

    @staticmethod
    def opening(payments: Sequence[PaymentRow]) -> list[PaymentRow]:
        """The payments that were made before the obligation came into this ledger."""
        return [p for p in payments if p.source == Source.OPENING and p.status == PaymentStatus.VERIFIED]

    async def _unsaid(self, case_id: int, subject: str, subject_id: int, values: dict[str, Any]) -> dict[str, Any]:
        """Those of some values that the last table did not say already."""
        if not values:
            return {}
        if case_id not in self._events:
            self._events[case_id] = await self._book.rows.events(case_id=case_id)
        said: dict[str, Any] = {}
        for event in self._events[case_id]:
            if (event.subject, event.subject_id) == (subject, subject_id) and (event.why or "").startswith(IMPORT):
                begins = event.kind.endswith(("opened", "entered"))
                said |= dict.fromkeys(_FLAGS, False) | (event.new or {}) if begins else (event.new or {})
        told = jsonable(values) or {}
        fresh = {name: value for name, value in values.items() if name not in said or said[name] != told[name]}
        self._newer = self._newer or len(fresh) < len(values)
        return fresh

    async def _do(self, change: Callable[..., Awaitable[Any]], *args: Any, **values: Any) -> None:
        """A single change through the book, which keeps the rules and writes the event."""
        if not self._dry:
            await self.flush()
            await change(*args, why=self._why, **values)

    def _add(self, row: Any, *, kind: str, new: Any, case_id: int | None = None) -> None:
        self._pending.append(row)
        if not self._dry:
            self._pending.append(self._book.event(kind, row, case_id=case_id, new=plain(new), why=self._why))


def _shown(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _hidden(name: str, value: Any) -> str:
    """A number or telephone as a preview may show it: the last four characters."""
    plain_value = _shown(value)
    return f"***{plain_value[-4:]}" if plain_value and name in ("number", "phone") else plain_value
