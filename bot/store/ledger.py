"""Rows of the ledger: cases, parties, obligations and what belongs to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Executable, LargeBinary, Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.store import ledger_tables as tables
from bot.store.base import Rows, table_of
from bot.store.ledger_rows import (
    CasePartyRow,
    CaseRow,
    DisputeRow,
    DueRow,
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
from bot.store.tables import Base

Row = (
    CaseRow
    | CasePartyRow
    | DisputeRow
    | EventRow
    | FileRow
    | GraceRow
    | InstalmentRow
    | ObligationRow
    | PartyRow
    | PaymentRow
    | PromiseRow
    | ProofRow
    | ShareRow
    | SideRow
)
R = TypeVar("R", bound=Row)

# In an order in which each may refer to those before it.
_TABLES: Mapping[type, type[Base]] = {
    CaseRow: tables.Case,
    PartyRow: tables.Party,
    CasePartyRow: tables.CaseParty,
    ObligationRow: tables.Obligation,
    SideRow: tables.ObligationParty,
    InstalmentRow: tables.Instalment,
    PaymentRow: tables.Payment,
    ShareRow: tables.PaymentShare,
    PromiseRow: tables.Promise,
    ProofRow: tables.Proof,
    FileRow: tables.ProofFile,
    GraceRow: tables.GracePeriod,
    DisputeRow: tables.Dispute,
    EventRow: tables.LedgerEvent,
}
_JSON = {"old", "new"}  # sealed, and JSON inside
_SEALED = {
    kind: tuple(c.name for c in table_of(table).columns if isinstance(c.type, LargeBinary))
    for kind, table in _TABLES.items()
}
_NAMES = {
    kind: tuple(f.name for f in fields(kind) if f.name in table_of(table).columns) for kind, table in _TABLES.items()
}


class Taken(Exception):
    """Somebody else has just entered the same case, party or obligation; the message names the table."""


class LedgerRows(Rows):
    """The ledger as stored. Whoever changes it writes an event too: `bot.ledger.service` does."""

    # -- any kind of row ---------------------------------------------------------------------

    async def add(self, rows: Sequence[Row], now: datetime | None = None) -> None:
        """Insert rows; those of one kind in one statement, whatever the order in which they are given.

        `now` is needed for parties, whose rows do not carry the time of their making. Raises `Taken`
        when another transaction was first with the same case, party or obligation.
        """
        kinds: dict[type, list[dict[str, Any]]] = {}
        for row in rows:
            kinds.setdefault(type(row), []).append(self._values(row, now))
        for kind, table in _TABLES.items():
            if kind in kinds:
                await self._execute(insert(table_of(table)), table.__tablename__, kinds[kind])

    async def _execute(self, statement: Executable, name: str, values: list[dict[str, Any]] | None = None) -> None:
        try:
            await self._connection.execute(statement, values)
        except IntegrityError as error:
            raise Taken(name) from error

    def _values(self, row: Row, now: datetime | None) -> dict[str, Any]:
        kind = type(row)
        values = self._sealed(kind, {name: getattr(row, name) for name in _NAMES[kind]})
        if isinstance(row, CasePartyRow):
            values["acts_for"] = row.acts_for or 0
        if isinstance(row, PaymentRow):
            values["reference_key"] = self.reference_key(row.reference)
        if isinstance(row, PartyRow):
            values |= self._party_keys(row.id, row.name, row.number) | {"created_at": now, "updated_at": now}
        return values

    def _sealed(self, kind: type, values: dict[str, Any]) -> dict[str, Any]:
        for name in _SEALED[kind]:
            if (value := values.get(name)) is not None:
                values[name] = self._seal_json(value) if name in _JSON else self._vault.seal(value)
        return values

    def _party_keys(self, party_id: int, name: str, number: str | None) -> dict[str, Any]:
        return {
            "name_key": self.name_key(name),
            "number_key": self.number_key(number) if number else None,
            "tail_key": self.tail_key(party_id, number[-6:]) if number else None,
        }

    async def change(self, kind: type[Row], row_id: int, /, **values: Any) -> None:
        """Update columns of one row that has an id."""
        table = table_of(_TABLES[kind])
        statement = update(table).where(table.c.id == row_id).values(**self._sealed(kind, dict(values)))
        await self._execute(statement, table.name)

    async def change_party(self, party: PartyRow, now: datetime) -> None:
        """Write a party anew, with the keys by which it is found and proven."""
        values = self._sealed(
            PartyRow, {"name": party.name, "kind": party.kind, "number": party.number, "phone": party.phone}
        )
        values |= self._party_keys(party.id, party.name, party.number) | {"updated_at": now}
        await self._execute(update(tables.Party).where(tables.Party.id == party.id).values(**values), "parties")

    async def _all(self, kind: type[R], query: Select[Any]) -> list[R]:
        return [self._row(kind, r._mapping) for r in await self._connection.execute(query)]

    async def _first(self, kind: type[R], query: Select[Any]) -> R | None:
        found = (await self._connection.execute(query)).first()
        return self._row(kind, found._mapping) if found else None

    def _row(self, kind: type[R], mapping: Mapping[Any, Any]) -> R:
        values = {name: mapping[name] for name in _NAMES[kind]}
        for name in _SEALED[kind]:
            if name in values and values[name] is not None:
                opened = values[name]
                values[name] = self._open_json(opened) if name in _JSON else self._vault.open(opened)
        if kind is PartyRow:
            values["provable"] = mapping["tail_key"] is not None
        if kind is CasePartyRow:
            values["acts_for"] = values["acts_for"] or None
        return kind(**values)

    # -- keys --------------------------------------------------------------------------------

    def name_key(self, name: str) -> str:
        """The pseudonym under which a name is found."""
        return self._vault.pseudonym("party-name", name)

    def number_key(self, number: str) -> str:
        """The pseudonym under which an ID or credit code is found."""
        return self._vault.pseudonym("party-number", number)

    def tail_key(self, party_id: int, tail: str) -> str:
        """What the last characters of a party's number are compared by; differs from party to party."""
        return self._vault.pseudonym("party-tail", party_id, tail)

    def reference_key(self, reference: str | None) -> str | None:
        """The pseudonym under which a payment's reference is found."""
        return self._vault.pseudonym("reference", reference) if reference else None

    # -- cases and parties -------------------------------------------------------------------

    async def case(self, case_id: int) -> CaseRow | None:
        """One case."""
        return await self._first(CaseRow, _select(CaseRow).where(tables.Case.id == case_id))

    async def cases(self, *, ids: Iterable[int] | None = None, numbers: Iterable[str] | None = None) -> list[CaseRow]:
        """The cases with these ids or numbers."""
        wanted = tables.Case.id.in_(list(ids)) if ids is not None else tables.Case.number.in_(list(numbers or ()))
        return await self._all(CaseRow, _select(CaseRow).where(wanted).order_by(tables.Case.id))

    async def case_numbered(self, number: str) -> CaseRow | None:
        """The case with this (normalised) number."""
        return await self._first(CaseRow, _select(CaseRow).where(tables.Case.number == number))

    async def case_parties(self, case_ids: Iterable[int]) -> list[CasePartyRow]:
        """Who takes part in these cases."""
        query = _select(CasePartyRow).where(tables.CaseParty.case_id.in_(list(case_ids)))
        return await self._all(CasePartyRow, query.order_by(tables.CaseParty.case_id, tables.CaseParty.party_id))

    async def roles_of(self, party_id: int) -> list[CasePartyRow]:
        """The cases that a party takes part in, and as what."""
        return await self._all(CasePartyRow, _select(CasePartyRow).where(tables.CaseParty.party_id == party_id))

    async def parties(self, ids: Iterable[int]) -> dict[int, PartyRow]:
        """Parties by id."""
        rows = await self._all(PartyRow, _parties().where(tables.Party.id.in_(list(ids))))
        return {r.id: r for r in rows}

    async def parties_with(self, *, numbers: Iterable[str] = (), names: Iterable[str] = ()) -> list[PartyRow]:
        """The parties that have one of these numbers, or one of these names."""
        by_number = [self.number_key(n) for n in numbers]
        by_name = [self.name_key(n) for n in names]
        wanted = tables.Party.number_key.in_(by_number) | tables.Party.name_key.in_(by_name)
        return await self._all(PartyRow, _parties().where(wanted).order_by(tables.Party.id))

    async def tail_matches(self, party_id: int, name: str, tail: str) -> bool:
        """Whether name and last characters are those of the party."""
        query = select(tables.Party.name_key, tables.Party.tail_key).where(tables.Party.id == party_id)
        found = (await self._connection.execute(query)).first()
        return (
            found is not None
            and found.tail_key == self.tail_key(party_id, tail)
            and found.name_key == self.name_key(name)
        )

    # -- obligations -------------------------------------------------------------------------

    async def obligation(self, obligation_id: int, *, lock: bool = False) -> ObligationRow | None:
        """One obligation; with `lock`, others wait until this transaction ends (SQLite has one writer anyway)."""
        query = _select(ObligationRow).where(tables.Obligation.id == obligation_id)
        return await self._first(ObligationRow, query.with_for_update() if lock else query)

    async def obligations(
        self,
        *,
        ids: Iterable[int] | None = None,
        case_ids: Iterable[int] | None = None,
        party_id: int | None = None,
        role: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[ObligationRow]:
        """Obligations by id, by case, or by a party on one of their sides; in the order of their making."""
        o = tables.Obligation
        query = _select(ObligationRow).where(o.id > after).order_by(o.id).limit(limit)
        if ids is not None:
            query = query.where(o.id.in_(list(ids)))
        if case_ids is not None:
            query = query.where(o.case_id.in_(list(case_ids)))
        if party_id is not None:
            side = tables.ObligationParty
            within = select(side.obligation_id).where(side.party_id == party_id)
            query = query.where(o.id.in_(within.where(side.role == role) if role else within))
        return await self._all(ObligationRow, query)

    async def sides(self, ids: Iterable[int]) -> dict[int, list[SideRow]]:
        """Who stands on which side, by obligation."""
        return await self._children(SideRow, ids, tables.ObligationParty.party_id)

    async def instalments(self, ids: Iterable[int]) -> dict[int, list[InstalmentRow]]:
        """All instalments, dropped ones too, by obligation."""
        return await self._children(InstalmentRow, ids, tables.Instalment.no)

    async def instalment(self, instalment_id: int) -> InstalmentRow | None:
        """One instalment."""
        return await self._first(InstalmentRow, _select(InstalmentRow).where(tables.Instalment.id == instalment_id))

    async def payments(self, ids: Iterable[int]) -> dict[int, list[PaymentRow]]:
        """Payments of every status, by obligation."""
        return await self._children(PaymentRow, ids, tables.Payment.id)

    async def payment(self, payment_id: int) -> PaymentRow | None:
        """One payment."""
        return await self._first(PaymentRow, _select(PaymentRow).where(tables.Payment.id == payment_id))

    async def reported(self, limit: int = 200) -> list[PaymentRow]:
        """Payments that wait for verification, oldest first."""
        query = _select(PaymentRow).where(tables.Payment.status == "reported").order_by(tables.Payment.id)
        return await self._all(PaymentRow, query.limit(limit))

    async def same_reference(self, reference: str) -> list[PaymentRow]:
        """Payments with this reference that count or may count."""
        query = _select(PaymentRow).where(
            tables.Payment.reference_key == self.reference_key(reference),
            tables.Payment.status.in_(("reported", "verified")),
        )
        return await self._all(PaymentRow, query)

    async def shares(self, payment_ids: Iterable[int]) -> list[ShareRow]:
        """How payments were split among creditors."""
        return await self._all(ShareRow, _select(ShareRow).where(tables.PaymentShare.payment_id.in_(list(payment_ids))))

    async def graces(self, ids: Iterable[int]) -> dict[int, list[GraceRow]]:
        """Grace periods, lifted ones too, by obligation."""
        return await self._children(GraceRow, ids, tables.GracePeriod.id)

    async def grace(self, grace_id: int) -> GraceRow | None:
        """One grace period."""
        return await self._first(GraceRow, _select(GraceRow).where(tables.GracePeriod.id == grace_id))

    async def promises(self, ids: Iterable[int]) -> dict[int, list[PromiseRow]]:
        """Promises, withdrawn ones too, by obligation."""
        return await self._children(PromiseRow, ids, tables.Promise.id)

    async def promise(self, promise_id: int) -> PromiseRow | None:
        """One promise."""
        return await self._first(PromiseRow, _select(PromiseRow).where(tables.Promise.id == promise_id))

    async def promises_on(self, first: date, last: date) -> list[PromiseRow]:
        """Promises that stand for these days (both included)."""
        query = _select(PromiseRow).where(
            tables.Promise.promised_on.between(first, last), tables.Promise.withdrawn.is_(False)
        )
        return await self._all(PromiseRow, query.order_by(tables.Promise.promised_on, tables.Promise.id))

    async def disputes(self, ids: Iterable[int]) -> dict[int, list[DisputeRow]]:
        """Disputes, closed ones too, by obligation."""
        return await self._children(DisputeRow, ids, tables.Dispute.id)

    async def dispute(self, dispute_id: int) -> DisputeRow | None:
        """One dispute."""
        return await self._first(DisputeRow, _select(DisputeRow).where(tables.Dispute.id == dispute_id))

    async def proofs(self, ids: Iterable[int]) -> dict[int, list[ProofRow]]:
        """Proofs with their files, by obligation."""
        found = await self._children(ProofRow, ids, tables.Proof.id)
        file = tables.ProofFile
        numbers = [p.id for proofs in found.values() for p in proofs]
        query = _select(FileRow).where(file.proof_id.in_(numbers)).order_by(file.proof_id, file.position)
        files: dict[int, list[FileRow]] = defaultdict(list)
        for row in await self._all(FileRow, query):
            files[row.proof_id].append(row)
        return {key: [_with_files(p, files[p.id]) for p in proofs] for key, proofs in found.items()}

    async def proof_of_group(self, obligation_id: int, group_key: str) -> int | None:
        """The proof that an album belongs to, if its first part has come already."""
        query = select(tables.Proof.id).where(
            tables.Proof.obligation_id == obligation_id, tables.Proof.group_key == group_key
        )
        found: int | None = (await self._connection.execute(query)).scalar_one_or_none()
        return found

    async def files_of(self, proof_id: int) -> list[FileRow]:
        """The files of one proof, in order."""
        query = _select(FileRow).where(tables.ProofFile.proof_id == proof_id)
        return await self._all(FileRow, query.order_by(tables.ProofFile.position))

    async def uses_of(self, sha256: str) -> list[tuple[int, int]]:
        """Where a file serves as proof: (obligation, proof); the same slip for two debts is worth a look."""
        query = (
            select(tables.Proof.obligation_id, tables.Proof.id)
            .join(tables.ProofFile, tables.ProofFile.proof_id == tables.Proof.id)
            .where(tables.ProofFile.sha256 == sha256)
            .order_by(tables.Proof.id)
        )
        return [(r.obligation_id, r.id) for r in await self._connection.execute(query)]

    async def _children(self, kind: type[R], ids: Iterable[int], order: Any) -> dict[int, list[R]]:
        column = table_of(_TABLES[kind]).c.obligation_id
        found: dict[int, list[R]] = defaultdict(list)
        wanted = list(ids)
        for start in range(0, len(wanted), 10_000):  # databases take 32,000 parameters at most
            query = _select(kind).where(column.in_(wanted[start : start + 10_000])).order_by(column, order)
            for row in await self._connection.execute(query):
                found[row._mapping["obligation_id"]].append(self._row(kind, row._mapping))
        return found

    # -- for plans ---------------------------------------------------------------------------

    async def stream_due(self, first: date, last: date) -> AsyncIterator[DueRow]:
        """Instalments asked for between these days (both included) and not yet met, once per debtor.

        Ordered by day; memory does not grow with their number. What is disputed or ended is among them
        (`stopped` says so), because a plan tells also who gets nothing and why.
        """
        i = tables.Instalment
        query = _due().where(i.expected_on.between(first, last), i.done_on.is_(None), i.dropped.is_(False))
        async with self._connection.stream(query.order_by(i.expected_on, i.id)) as rows:
            async for row in rows:
                yield DueRow(*row)

    async def due(self, instalment_ids: Iterable[int]) -> list[DueRow]:
        """The same for these instalments, whatever has become of them: for the check before sending."""
        i = tables.Instalment
        rows = await self._connection.execute(
            _due().where(i.id.in_(list(instalment_ids))).order_by(i.expected_on, i.id)
        )
        return [DueRow(*row) for row in rows]

    async def select_obligations(
        self,
        *,
        court: str | None = None,
        series: str | None = None,
        responsible: str | None = None,
        wage: bool | None = None,
        after: int = 0,
        limit: int = 500,
    ) -> list[ObligationRow]:
        """A page of obligations by properties of their case, in the order of their making."""
        o, c = tables.Obligation, tables.Case
        query = _select(ObligationRow).join(c, c.id == o.case_id).where(o.id > after).order_by(o.id).limit(limit)
        conditions: list[tuple[object, ColumnElement[bool]]] = [
            (court, c.court == court),
            (series, c.series == series),
            (responsible, func.coalesce(o.responsible, c.responsible) == responsible),
            (wage, c.wage.is_(wage)),
        ]
        for given, condition in conditions:
            if given is not None:
                query = query.where(condition)
        return await self._all(ObligationRow, query)

    async def count_obligations(self) -> int:
        """How many obligations there are."""
        return int((await self._connection.execute(select(func.count()).select_from(tables.Obligation))).scalar_one())

    # -- events ------------------------------------------------------------------------------

    async def events(self, *, obligation_id: int | None = None, case_id: int | None = None) -> list[EventRow]:
        """The history of an obligation or a case, oldest first."""
        event = tables.LedgerEvent
        query = _select(EventRow).order_by(event.id)
        if obligation_id is not None:
            query = query.where(event.obligation_id == obligation_id)
        if case_id is not None:
            query = query.where(event.case_id == case_id)
        return await self._all(EventRow, query)


def _select(kind: type[Any]) -> Select[Any]:
    table = _TABLES[kind]
    return select(*(getattr(table, name) for name in _NAMES[kind]))


def _parties() -> Select[Any]:
    return _select(PartyRow).add_columns(tables.Party.tail_key)


def _with_files(proof: ProofRow, files: Sequence[FileRow]) -> ProofRow:
    values = {f.name: getattr(proof, f.name) for f in fields(proof)}
    return ProofRow(**{**values, "files": tuple(files)})


def _due() -> Select[Any]:
    """The columns of DueRow, in its order."""
    i, o, c, p = tables.Instalment, tables.Obligation, tables.Case, tables.ObligationParty
    columns: Select[Any] = (
        select(  # type: ignore[assignment]  # SQLAlchemy types the first ten columns only
            i.id,
            i.obligation_id,
            o.case_id,
            p.party_id,
            i.no,
            i.amount,
            i.settled,
            i.due_on,
            i.expected_on,
            i.due_version,
            i.done_on,
            i.dropped,
            o.label,
            o.kind,
            o.disputed,
            o.ended_on,
            o.settlement,
            func.coalesce(o.responsible, c.responsible),
            c.court,
            c.number,
            c.title,
            c.cause,
            c.stage,
            c.wage,
            c.livelihood,
            c.special,
            c.series,
        )
        .join(o, o.id == i.obligation_id)
        .join(c, c.id == o.case_id)
        .join(p, (p.obligation_id == o.id) & (p.role == "debtor"))
    )
    return columns
