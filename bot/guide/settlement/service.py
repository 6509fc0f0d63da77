"""Settlement's use cases that only read, and the table in a transaction that somebody else has opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from bot.core.clock import SHANGHAI, Clock, local_day
from bot.core.ids import Ids
from bot.guide.settlement.model import LIVE, STANDING, AnswerKind, Referral, Report, SettlementError
from bot.guide.settlement.table import Deal, Policy, Table, Version
from bot.ledger.model import SYSTEM, Actor, Broken, Stage
from bot.ledger.service import Ledger
from bot.store.ledger_rows import PartyRow
from bot.store.settlement_rows import NegotiationRow
from bot.store.work import Store, Work

Scope = frozenset[str] | None  # the courts whose cases somebody may see; None: all


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a negotiation's history: an offer, or what happened to it."""

    at: datetime
    kind: str  # offered, or an AnswerKind
    number: int  # of the version
    code: str
    who: str  # a party's name, or who did it
    words: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    court: str
    stage: str
    status: str
    opened_on: date
    referred_on: date | None
    agreed_on: date | None
    signed_on: date | None
    broken_on: date | None
    closed_on: date | None
    amount: int


class Settlements:
    """The negotiations of all courts; what changes one goes through `Table`."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, ledger: Ledger, policy: Policy) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._ledger = ledger
        self.policy = policy

    def within(self, work: Work, actor: Actor) -> Table:
        """The table in a transaction that somebody else has opened and will commit."""
        return Table(work, self._clock, self._ids, actor, self._ledger, self.policy)

    async def deal(self, negotiation_id: int, courts: Scope = None) -> Deal:
        """One negotiation. SettlementError `none`, Broken `other_court`."""
        async with self._store.work(read_only=True) as work:
            found = await self.within(work, SYSTEM).deal(negotiation_id)
        return in_scope(found, courts)

    async def deals(
        self, courts: Scope = None, *, live: bool = True, standing: bool = False, limit: int = 200
    ) -> list[Deal]:
        """Negotiations under way (and agreements that stand), newest first."""
        wanted = (*(LIVE if live else ()), *(STANDING if standing else ()))
        async with self._store.work(read_only=True) as work:
            table = self.within(work, SYSTEM)
            return [await table.deal(row.id) for row in await work.settlement.listed(wanted, courts, limit)]

    async def of_case(self, case_id: int, courts: Scope = None) -> list[Deal]:
        """All negotiations of a case, oldest first."""
        async with self._store.work(read_only=True) as work:
            table = self.within(work, SYSTEM)
            found = [await table.deal(row.id) for row in await work.settlement.of_case(case_id)]
        return [in_scope(deal, courts) for deal in found]

    async def report(self, first: date, last: date, courts: Scope = None) -> Report:
        """Figures per court, month and stage for the months from `first` to `last` (both included).

        Each event counts in the month in which it happened; what happened outside is left out.
        """
        begin, end = first.replace(day=1), _next_month(last)
        async with self._store.work(read_only=True) as work:
            rows = await work.settlement.between(_midnight(begin), _midnight(end), courts)
        report = Report()
        for court, row in rows:
            report.add(_told(court, row))
        report.cells = {cell: counts for cell, counts in report.cells.items() if begin <= cell.month < end}
        return report


def in_scope(deal: Deal, courts: Scope) -> Deal:
    """The deal, if its court is in the scope. Broken `other_court`."""
    if courts is not None and deal.case.court not in courts:
        raise Broken("other_court")
    return deal


def referral(row: NegotiationRow) -> Referral:
    """How a mediator came to it."""
    if row.referred_at is None:
        return Referral.NONE
    return Referral.APPOINTED if row.stage == Stage.BEFORE else Referral.ENTRUSTED


def agreed(deal: Deal) -> Version | None:
    """The version that the ledger follows."""
    found = [v for v in deal.versions if any(a.kind == AnswerKind.CONFIRMED for a in v.answers)]
    return found[-1] if found else None


def history(deal: Deal) -> list[Event]:
    """Every offer and what happened to it, in order of time."""
    names = {p.id: p.name for p in deal.parties.values()}
    found = []
    for v in deal.versions:
        who = names.get(v.row.party_id or 0) or deal.row.mediator or deal.responsible or v.row.made_by
        found.append(Event(v.row.made_at, "offered", v.row.number, v.code, who, v.terms.note))
        for a in v.answers:
            by = names.get(a.party_id or 0) or a.made_by
            found.append(Event(a.at, a.kind, v.row.number, v.code, by, a.words or "", a.by_hand))
    return sorted(found, key=lambda e: e.at)


def agreement_fields(deal: Deal) -> dict[str, Any]:
    """What the written agreement (执行和解协议) says, from the version that was agreed; else the one on the table.

    Sums in 分, days as `date`. Keys: case_number, court, title, cause, stage, creditors and debtors (name,
    kind, number, phone), owed, settled, total, waived, extra, parts ((no, 分, day) …), security, fee, note,
    version, code, agreed_on. SettlementError `nothing_open` when there is no version.
    """
    version = agreed(deal) or deal.current
    if version is None:
        raise SettlementError("nothing_open")
    terms, base = version.terms, version.row.base or {}
    settled = sum(b[1] for b in base.values()) if base else sum(v.standing.settled for v in deal.views)
    return {
        "case_number": deal.case.number,
        "court": deal.case.court,
        "title": deal.case.title,
        "cause": deal.case.cause,
        "stage": deal.row.stage,
        "labels": [v.row.label for v in deal.views],
        "acts": [v.row.act for v in deal.views if v.row.act],
        "creditors": _people(p for v in deal.views for p in v.creditors),
        "debtors": _people(p for v in deal.views for p in v.debtors),
        "owed": terms.owed,
        "settled": settled,
        "total": terms.total,
        "waived": terms.waived,
        "extra": terms.extra,
        "parts": [(no, p.amount, p.day) for no, p in enumerate(terms.plan, 1)],
        "security": terms.security,
        "fee": terms.fee.value,
        "note": terms.note,
        "version": version.row.number,
        "code": version.code,
        "mediator": deal.row.mediator,
        "agreed_on": local_day(deal.row.agreed_at) if deal.row.agreed_at else None,
    }


def _people(parties: Iterable[PartyRow]) -> list[dict[str, Any]]:
    seen: dict[int, dict[str, Any]] = {}
    for p in parties:
        seen[p.id] = {"name": p.name, "kind": p.kind, "number": p.number, "phone": p.phone}
    return list(seen.values())


def _told(court: str, row: NegotiationRow) -> _Told:
    def day(moment: datetime | None) -> date | None:
        return local_day(moment) if moment else None

    return _Told(
        court,
        row.stage,
        row.status,
        local_day(row.opened_at),
        day(row.referred_at),
        day(row.agreed_at),
        day(row.signed_at),
        day(row.broken_at),
        day(row.closed_at),
        row.amount,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), SHANGHAI)


def _next_month(day: date) -> date:
    first = day.replace(day=1)
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
