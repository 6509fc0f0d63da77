"""The ledger's use cases: each owns its transaction; what is shown is derived when it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date

from bot.core.clock import Clock, local_day
from bot.core.ids import Ids
from bot.ledger.book import Book
from bot.ledger.courts import Courts
from bot.ledger.model import (
    SYSTEM,
    Actor,
    Broken,
    Facts,
    Figures,
    PromiseStatus,
    Role,
    Settled,
    Settlement,
    Standing,
    Status,
    expected_on,
    promise_status,
    standing,
)
from bot.store.ledger import Taken
from bot.store.ledger_rows import (
    CasePartyRow,
    CaseRow,
    DisputeRow,
    EventRow,
    GraceRow,
    InstalmentRow,
    ObligationRow,
    PartyRow,
    PaymentRow,
    PromiseRow,
    ProofRow,
    SideRow,
)
from bot.store.work import Store, Work

PAGE = 500  # obligations read at once


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise and what became of it."""

    row: PromiseRow
    status: PromiseStatus


@dataclass(frozen=True, slots=True)
class View:
    """One obligation as people look at it: the facts, and what follows from them today."""

    row: ObligationRow
    case: CaseRow
    parties: dict[int, PartyRow]
    sides: Sequence[SideRow]
    instalments: Sequence[InstalmentRow]  # without dropped ones
    payments: Sequence[PaymentRow]
    promises: Sequence[Promised]
    graces: Sequence[GraceRow]
    disputes: Sequence[DisputeRow]
    proofs: Sequence[ProofRow]
    standing: Standing

    @property
    def id(self) -> int:
        """The obligation's id."""
        return self.row.id

    @property
    def debtor(self) -> PartyRow:
        """The (first) debtor."""
        return self.parties[self.row.debtor_id]

    @property
    def creditors(self) -> list[PartyRow]:
        """The creditors."""
        return [self.parties[s.party_id] for s in self.sides if s.role == Role.CREDITOR]

    @property
    def debtors(self) -> list[PartyRow]:
        """All debtors, the first one first."""
        rest = [s.party_id for s in self.sides if s.role == Role.DEBTOR and s.party_id != self.row.debtor_id]
        return [self.debtor, *(self.parties[p] for p in rest)]

    @property
    def responsible(self) -> str | None:
        """Who looks after it: the obligation's own person, else the case's."""
        return self.row.responsible or self.case.responsible


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with everybody in it and all obligations."""

    row: CaseRow
    parties: dict[int, PartyRow]
    roles: Sequence[CasePartyRow]
    obligations: Sequence[View]


class Ledger:
    """The ledger of performance (自动履行跟踪台账)."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, courts: Courts) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self.courts = courts

    # -- changing ----------------------------------------------------------------------------

    @asynccontextmanager
    async def change(self, actor: Actor) -> AsyncIterator[Book]:
        """The book in a transaction of its own: committed when the block ends, rolled back when it raises.

        Broken `meanwhile` when somebody else has entered the same thing at the same time.
        """
        try:
            async with self._store.work() as work:
                yield self.within(work, actor)
                await work.commit()
        except Taken as error:
            raise Broken("meanwhile") from error

    def within(self, work: Work, actor: Actor) -> Book:
        """The book in a transaction that somebody else has opened and will commit."""
        return Book(work, self._clock, self._ids, actor)

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Book]:
        """The book in a transaction that only reads."""
        async with self._store.work(read_only=True) as work:
            yield self.within(work, SYSTEM)

    # -- reading -----------------------------------------------------------------------------

    def today(self) -> date:
        """The day in Shanghai."""
        return local_day(self._clock.now())

    async def obligation(self, obligation_id: int, work: Work | None = None) -> View | None:
        """One obligation; in the caller's transaction when it gives one."""
        found = await self.views(ids=[obligation_id], work=work)
        return found[0] if found else None

    async def of_party(self, party_id: int, role: Role | None = None, work: Work | None = None) -> list[View]:
        """All obligations on whose side this party stands, over all its cases."""
        return await self.views(party_id=party_id, role=role, work=work)

    async def views(
        self,
        *,
        ids: Sequence[int] | None = None,
        case_ids: Sequence[int] | None = None,
        party_id: int | None = None,
        role: Role | None = None,
        work: Work | None = None,
    ) -> list[View]:
        """Obligations by id, by case, or by a party; in the order of their making."""
        if work is None:
            async with self._store.work(read_only=True) as own:
                return await self.views(ids=ids, case_ids=case_ids, party_id=party_id, role=role, work=own)
        rows = await work.ledger.obligations(ids=ids, case_ids=case_ids, party_id=party_id, role=role)
        return await self._views(rows, work)

    async def _views(self, rows: Sequence[ObligationRow], work: Work) -> list[View]:
        ids = [r.id for r in rows]
        stored = work.ledger
        cases = {c.id: c for c in await stored.cases(ids={r.case_id for r in rows})}
        sides = await stored.sides(ids)
        parties = await stored.parties({s.party_id for found in sides.values() for s in found})
        instalments, payments = await stored.instalments(ids), await stored.payments(ids)
        promises, graces = await stored.promises(ids), await stored.graces(ids)
        disputes, proofs = await stored.disputes(ids), await stored.proofs(ids)
        today = self.today()
        return [
            View(
                row=row,
                case=cases[row.case_id],
                parties={s.party_id: parties[s.party_id] for s in sides.get(row.id, [])},
                sides=sides.get(row.id, []),
                instalments=[i for i in instalments.get(row.id, []) if not i.dropped],
                payments=payments.get(row.id, []),
                promises=[
                    Promised(p, promise_status(p, payments.get(row.id, []), today)) for p in promises.get(row.id, [])
                ],
                graces=graces.get(row.id, []),
                disputes=disputes.get(row.id, []),
                proofs=proofs.get(row.id, []),
                standing=standing(
                    facts(row, instalments.get(row.id, []), payments.get(row.id, []), graces.get(row.id, [])), today
                ),
            )
            for row in rows
        ]

    async def case(self, number: str, work: Work | None = None) -> CaseView | None:
        """The case with this (normalised) number, everybody in it, and its obligations."""
        if work is None:
            async with self._store.work(read_only=True) as own:
                return await self.case(number, own)
        row = await work.ledger.case_numbered(number)
        if row is None:
            return None
        roles = await work.ledger.case_parties([row.id])
        parties = await work.ledger.parties({r.party_id for r in roles})
        return CaseView(row, parties, roles, await self.views(case_ids=[row.id], work=work))

    async def history(self, *, obligation_id: int | None = None, case_id: int | None = None) -> list[EventRow]:
        """All changes of an obligation or of a case, oldest first."""
        async with self._store.work(read_only=True) as work:
            return await work.ledger.events(obligation_id=obligation_id, case_id=case_id)

    async def select(
        self,
        *,
        court: str | None = None,
        series: str | None = None,
        responsible: str | None = None,
        wage: bool | None = None,
    ) -> AsyncIterator[View]:
        """Obligations by properties of their case, read in pages: memory does not grow with their number."""
        after = 0
        while True:
            async with self._store.work(read_only=True) as work:
                rows = await work.ledger.select_obligations(
                    court=court, series=series, responsible=responsible, wage=wage, after=after, limit=PAGE
                )
                views = await self._views(rows, work)
            for view in views:
                yield view
            if len(rows) < PAGE:
                return
            after = rows[-1].id

    async def figures(
        self, *, court: str | None = None, series: str | None = None, responsible: str | None = None
    ) -> Figures:
        """A group in figures, such as all obligations of a series (20 workers against one debtor)."""
        cases: set[int] = set()
        creditors: set[int] = set()
        debtors: set[int] = set()
        status: Counter[Status] = Counter()
        settlement: Counter[Settlement] = Counter()
        sums = Figures()
        async for view in self.select(court=court, series=series, responsible=responsible):
            cases.add(view.case.id)
            creditors.update(c.id for c in view.creditors)
            debtors.update(d.id for d in view.debtors)
            status[view.standing.status] += 1
            settlement[Settlement(view.row.settlement)] += 1
            sums = replace(
                sums,
                obligations=sums.obligations + 1,
                amount=sums.amount + view.row.amount,
                settled=sums.settled + view.standing.settled,
                reported=sums.reported + view.standing.reported,
            )
        return replace(
            sums,
            cases=len(cases),
            creditors=len(creditors),
            debtors=len(debtors),
            by_status=dict(status),
            by_settlement=dict(settlement),
        )

    async def check(self) -> list[int]:
        """Obligations of which a stored figure differs from what follows from the facts; should be none."""
        return [view.id async for view in self.select() if not _consistent(view)]


def _consistent(view: View) -> bool:
    row, stands = view.row, view.standing
    still_open = any(d.closed_at is None for d in view.disputes)
    stored = (row.settled, row.performed_on, row.disputed, row.next_due, row.oldest_due)
    if stored != (stands.settled, stands.performed_on, still_open, stands.next_due, stands.oldest_due):
        return False
    return all(
        Settled(i.settled, i.done_on) == stands.by_instalment[i.id] and i.expected_on == expected_on(i, view.graces)
        for i in view.instalments
    )


def facts(
    row: ObligationRow,
    instalments: Sequence[InstalmentRow],
    payments: Sequence[PaymentRow],
    graces: Sequence[GraceRow],
) -> Facts:
    """What the standing of an obligation depends on."""
    return Facts(row.amount, instalments, payments, graces, row.disputed, row.ended_on is not None)
