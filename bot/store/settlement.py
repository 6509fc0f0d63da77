"""Rows of settlement: negotiations, offers, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import ColumnElement, and_, exists, or_, select

from bot.store import settlement_tables as tables
from bot.store.ledger_tables import Case, Instalment, Obligation
from bot.store.sealed import SealedRows
from bot.store.settlement_rows import NegotiationRow, OfferAnswerRow, OfferRow
from bot.store.tables import Base

_N = tables.Negotiation
BATCH = 400


class SettlementRows(SealedRows):
    """Who offered what to whom, and what was answered."""

    TABLES: ClassVar[Mapping[type, type[Base]]] = {
        NegotiationRow: tables.Negotiation,
        OfferRow: tables.Offer,
        OfferAnswerRow: tables.OfferAnswer,
    }
    JSON: ClassVar[frozenset[str]] = frozenset({"plan", "base", "before"})

    async def negotiation(self, negotiation_id: int, *, lock: bool = False) -> NegotiationRow | None:
        """One negotiation; with `lock` nobody else changes it until this transaction ends."""
        query = self.columns(NegotiationRow).where(_N.id == negotiation_id)
        if lock and self._connection.dialect.name == "postgresql":
            query = query.with_for_update()
        found = await self.all(NegotiationRow, query)
        return found[0] if found else None

    async def about(
        self, case_ids: Sequence[int], obligation_ids: Sequence[int] | None, statuses: Sequence[str]
    ) -> list[NegotiationRow]:
        """Negotiations of these cases in one of these states, newest first; None: of whatever obligation."""
        query = self.columns(NegotiationRow).where(_N.case_id.in_(list(case_ids)), _N.status.in_(list(statuses)))
        if obligation_ids is not None:
            query = query.where(or_(_N.obligation_id.is_(None), _N.obligation_id.in_(list(obligation_ids))))
        return await self.all(NegotiationRow, query.order_by(_N.id.desc()))

    async def of_case(self, case_id: int) -> list[NegotiationRow]:
        """All negotiations of a case, oldest first."""
        return await self.all(NegotiationRow, self.columns(NegotiationRow).where(_N.case_id == case_id).order_by(_N.id))

    async def listed(
        self, statuses: Sequence[str], courts: frozenset[str] | None = None, limit: int = 200
    ) -> list[NegotiationRow]:
        """Negotiations in one of these states, of some courts (None: all), newest first."""
        query = self.columns(NegotiationRow).where(_N.status.in_(list(statuses)))
        if courts is not None:
            query = query.join(Case, Case.id == _N.case_id).where(Case.court.in_(sorted(courts)))
        return await self.all(NegotiationRow, query.order_by(_N.id.desc()).limit(limit))

    async def offer(self, offer_id: int) -> OfferRow | None:
        """One version."""
        return await self.by_key(OfferRow, offer_id)

    async def offers(self, negotiation_id: int) -> list[OfferRow]:
        """All versions, oldest first."""
        o = tables.Offer
        return await self.all(
            OfferRow, self.columns(OfferRow).where(o.negotiation_id == negotiation_id).order_by(o.number)
        )

    async def answers(self, negotiation_id: int) -> list[OfferAnswerRow]:
        """Everything that happened to the versions, oldest first."""
        a = tables.OfferAnswer
        return await self.all(
            OfferAnswerRow, self.columns(OfferAnswerRow).where(a.negotiation_id == negotiation_id).order_by(a.id)
        )

    # -- what the sweep looks for ----------------------------------------------------------------

    async def run_out(self, now: datetime, after: int = 0) -> list[int]:
        """Live negotiations whose time is over, in portions."""
        live = _N.status.in_(("talking", "accepted"))
        return await self._ids(after, live, _N.until.is_not(None), _N.until <= now)

    async def overdue(self, before: date, after: int = 0) -> list[int]:
        """Standing agreements of which something was asked for before that day and is not complete."""
        return await self._ids(after, _N.status.in_(("agreed", "signed")), self._unmet(Instalment.expected_on < before))

    async def mended(self, before: date, after: int = 0) -> list[int]:
        """Broken agreements of which nothing is late any more."""
        return await self._ids(after, _N.status == "broken", ~self._unmet(Instalment.expected_on < before))

    async def performed(self, after: int = 0) -> list[int]:
        """Negotiations and agreements about which nothing is left to do."""
        live = _N.status.in_(("talking", "accepted", "agreed", "signed", "broken"))
        return await self._ids(after, live, ~self._unmet())

    async def _ids(self, after: int, *conditions: ColumnElement[bool]) -> list[int]:
        query = select(_N.id).where(_N.id > after, *conditions).order_by(_N.id).limit(BATCH)
        return [r.id for r in await self._connection.execute(query)]

    def _unmet(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        """Whether an instalment of what it is about is not met."""
        mine = or_(
            _N.obligation_id == Obligation.id, and_(_N.obligation_id.is_(None), Obligation.case_id == _N.case_id)
        )
        return exists(
            select(Instalment.id)
            .join(Obligation, Obligation.id == Instalment.obligation_id)
            .where(
                mine,
                Obligation.ended_on.is_(None),
                Instalment.dropped.is_(False),
                Instalment.done_on.is_(None),
                *conditions,
            )
            .correlate(_N)
        )

    # -- figures ---------------------------------------------------------------------------------

    async def between(
        self, first: datetime, last: datetime, courts: frozenset[str] | None
    ) -> list[tuple[str, NegotiationRow]]:
        """Negotiations to which something happened in that time, each with its court; None: of all courts."""
        moments = (_N.opened_at, _N.referred_at, _N.agreed_at, _N.signed_at, _N.broken_at, _N.closed_at)
        query = (
            self.columns(NegotiationRow)
            .add_columns(Case.court)
            .join(Case, Case.id == _N.case_id)
            .where(or_(*(and_(m >= first, m < last) for m in moments)))
        )
        if courts is not None:
            query = query.where(Case.court.in_(sorted(courts)))
        rows = await self._connection.execute(query.order_by(_N.id))
        return [(r.court, self._read(NegotiationRow, r._mapping)) for r in rows]
