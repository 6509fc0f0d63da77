"""Rows of reach: links, bound chats, flows, files on their way in, certificates."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, delete, func, insert, or_, select, tuple_, update

from bot.store import ledger_tables as ledger
from bot.store import reach_tables as tables
from bot.store.base import Rows, table_of
from bot.store.reach_rows import (
    BindingRow,
    CertificateRow,
    FlowState,
    IncomingFileRow,
    LinkRow,
    PartyMessageRow,
    ReachEventRow,
    RedactionRow,
)
from bot.store.rows import ContactRow
from bot.store.tables import Base, Conversation

Row = (
    BindingRow | CertificateRow | FlowState | IncomingFileRow | LinkRow | PartyMessageRow | ReachEventRow
)
R = TypeVar("R", bound=Row)

_TABLES: Mapping[type, type[Base]] = {
    BindingRow: tables.Binding,
    CertificateRow: tables.Certificate,
    FlowState: tables.FlowRow,
    IncomingFileRow: tables.IncomingFile,
    LinkRow: tables.ReachLink,
    PartyMessageRow: tables.PartyMessage,
    ReachEventRow: tables.ReachEvent,
}
_TEXTS = {"name", "detail", "remote", "code"}  # sealed
_JSON = {"data"}  # sealed, and JSON inside
_NAMES = {kind: tuple(f.name for f in fields(kind)) for kind in _TABLES}
BATCH = 900  # values of one IN, below SQLite's limit


class ReachRows(Rows):
    """Who is bound to which chat, and what they are about to say."""

    # -- any kind of row -------------------------------------------------------------------------

    async def add(self, rows: Sequence[Row]) -> None:
        """Insert rows, those of one kind in one statement."""
        kinds: dict[type, list[dict[str, Any]]] = {}
        for row in rows:
            values = self._written({name: getattr(row, name) for name in _NAMES[type(row)]})
            if isinstance(row, CertificateRow):
                values["code_hash"] = self.code_key(row.code)
            kinds.setdefault(type(row), []).append(values)
        for kind, written in kinds.items():
            await self._connection.execute(insert(table_of(_TABLES[kind])), written)

    async def change(self, kind: type[Row], row_id: int, /, **values: Any) -> None:
        """Update columns of one row that has an id."""
        table = table_of(_TABLES[kind])
        await self._connection.execute(update(table).where(table.c.id == row_id).values(**self._written(values)))

    def _written(self, values: dict[str, Any]) -> dict[str, Any]:
        written = dict(values)
        for name, value in values.items():
            if value is None:
                continue
            if name in _TEXTS:
                written[name] = self._vault.seal(value)
            elif name in _JSON:
                written[name] = self._seal_json(value)
        return written

    def _row(self, kind: type[R], mapping: Mapping[Any, Any]) -> R:
        values = {name: mapping[name] for name in _NAMES[kind]}
        for name, value in values.items():
            if not isinstance(value, bytes):
                continue
            if name in _TEXTS:
                values[name] = self._vault.open(value)
            elif name in _JSON:
                values[name] = self._open_json(value)
        return kind(**values)

    async def _all(self, kind: type[R], query: Select[Any]) -> list[R]:
        return [self._row(kind, r._mapping) for r in await self._connection.execute(query)]

    async def _first(self, kind: type[R], query: Select[Any]) -> R | None:
        found = (await self._connection.execute(query.limit(1))).first()
        return self._row(kind, found._mapping) if found else None

    # -- links -----------------------------------------------------------------------------------

    def token_key(self, token: str) -> str:
        """The hash under which a token is kept; useless without the vault's secret."""
        return self._vault.pseudonym("reach-link", token)

    async def link(self, token: str) -> LinkRow | None:
        """The link with that token."""
        return await self._first(LinkRow, _select(LinkRow).where(tables.ReachLink.token_hash == self.token_key(token)))

    async def use_link(self, link_id: int, conversation_id: int, now: datetime) -> bool:
        """The first chat to open a link takes it; False when somebody else was first, or it is too late."""
        table = tables.ReachLink
        result = await self._connection.execute(
            update(table)
            .where(table.id == link_id, table.used_at.is_(None), table.revoked_at.is_(None), table.expires_at > now)
            .values(used_at=now, used_by=conversation_id)
        )
        return bool(result.rowcount)

    async def revoke_links(self, party_id: int, now: datetime, *, helper: bool) -> int:
        """Links of a party that nobody used yet are good for nothing any more."""
        table = tables.ReachLink
        result = await self._connection.execute(
            update(table)
            .where(
                table.party_id == party_id,
                table.helper.is_(helper),
                table.used_at.is_(None),
                table.revoked_at.is_(None),
            )
            .values(revoked_at=now)
        )
        return int(result.rowcount)

    async def links_of(self, party_ids: Iterable[int]) -> list[LinkRow]:
        """All links of these parties, newest first."""
        query = _select(LinkRow).where(tables.ReachLink.party_id.in_(list(party_ids)))
        return await self._all(LinkRow, query.order_by(tables.ReachLink.id.desc()))

    # -- bound chats -----------------------------------------------------------------------------

    async def binding(self, party_id: int, conversation_id: int) -> BindingRow | None:
        """The binding of this chat to this party."""
        table = tables.Binding
        return await self._first(
            BindingRow,
            _select(BindingRow).where(table.party_id == party_id, table.conversation_id == conversation_id),
        )

    async def binding_numbered(self, binding_id: int) -> BindingRow | None:
        """A binding by its id."""
        return await self._first(BindingRow, _select(BindingRow).where(tables.Binding.id == binding_id))

    async def bindings_of_chat(self, conversation_id: int) -> list[BindingRow]:
        """All parties that a chat belongs to, oldest first."""
        query = _select(BindingRow).where(tables.Binding.conversation_id == conversation_id)
        return await self._all(BindingRow, query.order_by(tables.Binding.id))

    async def bindings_of(self, party_ids: Iterable[int]) -> list[BindingRow]:
        """All chats of these parties, oldest first."""
        found: list[BindingRow] = []
        for some in _batches(list(party_ids)):
            query = _select(BindingRow).where(tables.Binding.party_id.in_(some)).order_by(tables.Binding.id)
            found += await self._all(BindingRow, query)
        return found

    async def bound_people(self, people: Collection[str]) -> dict[str, list[BindingRow]]:
        """Which parties these people (pseudonyms) are, or act for, oldest first; those who are bound to none are left out."""
        chats = await self._connection.execute(
            select(Conversation.id, Conversation.person).where(Conversation.person.in_(list(people)))
        )
        person_of = {r.id: r.person for r in chats}
        query = _select(BindingRow).where(tables.Binding.conversation_id.in_(list(person_of))).order_by(tables.Binding.id)
        found: dict[str, list[BindingRow]] = {}
        for binding in await self._all(BindingRow, query):
            found.setdefault(person_of[binding.conversation_id], []).append(binding)
        return found

    async def contacts(self, party_ids: Sequence[int]) -> list[ContactRow]:
        """Every chat through which these parties (or who helps them) can be written to.

        A chat that was bound and is a wrong person's is told as such; one that was locked after too
        many tries, replaced or declined is left out.
        """
        b, s, c = tables.Binding, tables.Subscription, Conversation
        query = (
            select(b.party_id, b.conversation_id, b.status, b.stopped, s.conversation_id.label("education"))
            .join(c, c.id == b.conversation_id)
            .outerjoin(s, s.conversation_id == b.conversation_id)
            .where(b.status.in_(("linked", "proven", "wrong")))
            .order_by(b.id)
        )
        found: list[ContactRow] = []
        for some in _batches(list(party_ids)):
            rows = await self._connection.execute(query.where(b.party_id.in_(some)))
            found += [
                ContactRow(
                    party_id=r.party_id,
                    conversation_id=r.conversation_id,
                    proven=r.status == "proven",
                    stopped=r.stopped,
                    wrong_person=r.status == "wrong",
                    education=r.education is not None,
                )
                for r in rows
            ]
        return found

    async def education(self) -> list[ContactRow]:
        """Every chat that wants to read about the law now and then."""
        s, c, b = tables.Subscription, Conversation, tables.Binding
        query = (
            select(s.conversation_id, func.min(b.party_id).label("party_id"))
            .join(c, c.id == s.conversation_id)
            .outerjoin(b, (b.conversation_id == s.conversation_id) & (b.status == "proven"))
            .group_by(s.conversation_id)
            .order_by(s.conversation_id)
        )
        return [
            ContactRow(r.party_id or 0, r.conversation_id, proven=r.party_id is not None, education=True)
            for r in await self._connection.execute(query)
        ]

    async def subscribe(self, conversation_id: int, now: datetime) -> None:
        """Wants to read about the law."""
        statement = self._upsert(tables.Subscription).values(conversation_id=conversation_id, since=now)
        await self._connection.execute(statement.on_conflict_do_nothing())

    async def unsubscribe(self, conversation_id: int) -> bool:
        """Does not want it any more; False when nobody had subscribed."""
        result = await self._connection.execute(
            delete(tables.Subscription).where(tables.Subscription.conversation_id == conversation_id)
        )
        return bool(result.rowcount)

    async def events_of(self, party_ids: Iterable[int]) -> list[ReachEventRow]:
        """What happened on the way to these parties, oldest first."""
        found: list[ReachEventRow] = []
        for some in _batches(list(party_ids)):
            query = _select(ReachEventRow).where(tables.ReachEvent.party_id.in_(some))
            found += await self._all(ReachEventRow, query.order_by(tables.ReachEvent.id))
        return found

    async def debtors(self, courts: Collection[str] | None = None) -> list[tuple[int, int]]:
        """(party, case) of every debtor of an obligation that is neither performed nor ended."""
        o, p, c = ledger.Obligation, ledger.ObligationParty, ledger.Case
        query = (
            select(p.party_id, o.case_id)
            .join(o, o.id == p.obligation_id)
            .join(c, c.id == o.case_id)
            .where(p.role == "debtor", o.performed_on.is_(None), o.ended_on.is_(None))
            .distinct()
            .order_by(o.case_id, p.party_id)
        )
        if courts is not None:
            query = query.where(c.court.in_(sorted(courts)))
        return [(r.party_id, r.case_id) for r in await self._connection.execute(query)]

    async def unreachable_chats(self, conversation_ids: Iterable[int]) -> dict[int, str | None]:
        """The chats that exist, with why messages do not arrive there (None: they do)."""
        found: dict[int, str | None] = {}
        for some in _batches(list(conversation_ids)):
            rows = await self._connection.execute(
                select(Conversation.id, Conversation.unreachable).where(Conversation.id.in_(some))
            )
            found |= {r.id: r.unreachable for r in rows}
        return found

    # -- what belongs to an obligation -----------------------------------------------------------

    async def messages_of(self, obligation_id: int) -> list[PartyMessageRow]:
        """The messages that belong to an obligation, oldest first."""
        query = _select(PartyMessageRow).where(tables.PartyMessage.obligation_id == obligation_id)
        return await self._all(PartyMessageRow, query.order_by(tables.PartyMessage.message_id))

    async def message_heard(self, conversation_id: int, external_id: int) -> list[PartyMessageRow]:
        """What an incoming message, by the channel's number, belonged to."""
        m = tables.PartyMessage
        query = _select(PartyMessageRow).where(m.conversation_id == conversation_id, m.external_id == external_id)
        return await self._all(PartyMessageRow, query.order_by(m.message_id))

    async def purge_messages(self, before: datetime) -> int:
        """Forget what old messages belonged to; the messages themselves go at the same time."""
        result = await self._connection.execute(delete(tables.PartyMessage).where(tables.PartyMessage.at < before))
        return int(result.rowcount)

    # -- flows -----------------------------------------------------------------------------------

    async def flow(self, flow_id: int) -> FlowState | None:
        """One flow."""
        return await self._first(FlowState, _select(FlowState).where(tables.FlowRow.id == flow_id))

    async def open_flow(self, conversation_id: int) -> FlowState | None:
        """The flow that a chat is on."""
        f = tables.FlowRow
        query = _select(FlowState).where(f.conversation_id == conversation_id, f.status == "open")
        return await self._first(FlowState, query.order_by(f.id.desc()))

    async def flows_since(self, conversation_id: int, kinds: str, since: datetime) -> list[FlowState]:
        """A chat's flows whose kind begins so and that were moved since then, oldest first."""
        f = tables.FlowRow
        query = _select(FlowState).where(
            f.conversation_id == conversation_id, f.kind.startswith(kinds, autoescape=True), f.moved_at >= since
        )
        return await self._all(FlowState, query.order_by(f.moved_at, f.id))

    async def purge_flows(self, kinds: str, before: datetime) -> int:
        """Forget flows whose kind begins so, with everything that was answered on them."""
        f = tables.FlowRow
        statement = delete(f).where(f.kind.startswith(kinds, autoescape=True), f.moved_at < before)
        return (await self._connection.execute(statement)).rowcount

    async def purge_guided(self, before: datetime) -> int:
        """Forget paths that belong to no party and no obligation."""
        f = tables.FlowRow
        statement = delete(f).where(f.party_id.is_(None), f.obligation_id.is_(None), f.moved_at < before)
        return (await self._connection.execute(statement)).rowcount

    async def done_flow(self, kind: str, result_id: int) -> FlowState | None:
        """The flow that led to a payment, promise or offer."""
        f = tables.FlowRow
        query = _select(FlowState).where(f.kind == kind, f.result_id == result_id)
        return await self._first(FlowState, query.order_by(f.id.desc()))

    async def write_flow(self, flow: FlowState) -> None:
        """Write where a flow stands."""
        await self.change(
            FlowState,
            flow.id,
            step=flow.step,
            status=flow.status,
            data=flow.data,
            party_id=flow.party_id,
            obligation_id=flow.obligation_id,
            delivery_id=flow.delivery_id,
            result_id=flow.result_id,
            moved_at=flow.moved_at,
        )

    async def leave_flows(self, conversation_id: int) -> None:
        """Only one flow of a chat is open at a time; the others can be resumed."""
        f = tables.FlowRow
        await self._connection.execute(
            update(f).where(f.conversation_id == conversation_id, f.status == "open").values(status="left")
        )

    # -- files -----------------------------------------------------------------------------------

    async def file(self, file_id: int) -> IncomingFileRow | None:
        """One file."""
        return await self._first(IncomingFileRow, _select(IncomingFileRow).where(tables.IncomingFile.id == file_id))

    async def files_of_flow(self, flow_id: int) -> list[IncomingFileRow]:
        """The files that came in on a flow, in order."""
        f = tables.IncomingFile
        return await self._all(IncomingFileRow, _select(IncomingFileRow).where(f.flow_id == flow_id).order_by(f.id))

    async def files_of_chat(self, conversation_id: int, external_id: int | None = None) -> list[IncomingFileRow]:
        """The files that came in in a conversation, or the one of a message, by the channel's number of it."""
        f = tables.IncomingFile
        query = _select(IncomingFileRow).where(f.conversation_id == conversation_id)
        if external_id is not None:
            query = query.where(f.external_id == external_id)
        return await self._all(IncomingFileRow, query.order_by(f.id))

    async def file_known(self, conversation_id: int, external_id: int) -> bool:
        """Whether the file of that message is noted already."""
        f = tables.IncomingFile
        query = select(f.id).where(f.conversation_id == conversation_id, f.external_id == external_id)
        return (await self._connection.execute(query)).first() is not None

    async def flow_of_album(self, conversation_id: int, album: str) -> int | None:
        """The flow in which the first part of an album arrived."""
        f = tables.IncomingFile
        query = select(f.flow_id).where(f.conversation_id == conversation_id, f.album == album, f.flow_id.is_not(None))
        found: int | None = (await self._connection.execute(query.limit(1))).scalar_one_or_none()
        return found

    async def flow_missing_file(self, conversation_id: int, since: datetime) -> FlowState | None:
        """The last report of a payment in this chat with a file that did not come."""
        f, p = tables.IncomingFile, tables.FlowRow
        lost = select(f.flow_id).where(
            f.conversation_id == conversation_id, f.status == "refused", f.received_at >= since
        )
        query = _select(FlowState).where(p.id.in_(lost), p.kind == "paid", p.result_id.is_not(None))
        return await self._first(FlowState, query.order_by(p.id.desc()))

    async def claim_files(self, now: datetime, patience: timedelta, limit: int = 16) -> list[IncomingFileRow]:
        """Files to be fetched now: nobody is fetching them, or whoever did has not said so for long."""
        f = tables.IncomingFile
        waiting = (
            select(f.id)
            .where(f.status == "pending", or_(f.claimed_at.is_(None), f.claimed_at < now - patience))
            .order_by(f.id)
            .limit(limit)
        )
        if self._connection.dialect.name == "postgresql":
            waiting = waiting.with_for_update(skip_locked=True)
        names = [getattr(f, name) for name in _NAMES[IncomingFileRow]]
        statement = (
            update(f)
            .where(f.id.in_(waiting.scalar_subquery()))
            .values(claimed_at=now, tries=f.tries + 1)
            .returning(*names)
            .execution_options(synchronize_session=False)
        )
        rows = [self._row(IncomingFileRow, r._mapping) for r in await self._connection.execute(statement)]
        return sorted(rows, key=lambda r: r.id)

    # -- what is deleted in the chats ------------------------------------------------------------

    async def redact(self, conversation_id: int, external_id: int, sent_at: datetime, after: timedelta) -> None:
        """Have a message deleted so long after it was sent; once is enough."""
        values = {"conversation_id": conversation_id, "external_id": external_id, "sent_at": sent_at}
        statement = self._upsert(tables.Redaction).values(**values, due_at=sent_at + after)
        await self._connection.execute(statement.on_conflict_do_nothing())

    async def take_redactions(self, now: datetime, limit: int) -> list[RedactionRow]:
        """Take out what is due, oldest first; who took it queues its deletion in the same transaction."""
        r = tables.Redaction
        due = select(r.conversation_id, r.external_id).where(r.due_at <= now).order_by(r.due_at).limit(limit)
        if self._connection.dialect.name == "postgresql":
            due = due.with_for_update(skip_locked=True)
        keys = [(k.conversation_id, k.external_id) for k in await self._connection.execute(due)]
        taken = (
            delete(r)
            .where(tuple_(r.conversation_id, r.external_id).in_(keys))
            .returning(r.conversation_id, r.external_id, r.sent_at)
        )
        return [RedactionRow(*row) for row in await self._connection.execute(taken)] if keys else []

    # -- certificates ----------------------------------------------------------------------------

    def code_key(self, code: str) -> str:
        """The hash by which a verification code is compared."""
        return self._vault.pseudonym("certificate-code", code)

    async def certificate(self, number: str) -> CertificateRow | None:
        """One certificate by its number."""
        return await self._first(CertificateRow, _select(CertificateRow).where(tables.Certificate.number == number))

    async def certificate_of(self, obligation_id: int) -> CertificateRow | None:
        """The certificate of an obligation."""
        query = _select(CertificateRow).where(tables.Certificate.obligation_id == obligation_id)
        return await self._first(CertificateRow, query)

    async def revoke_certificate(self, obligation_id: int, now: datetime | None) -> None:
        """A certificate is void from now on; None: it is good again."""
        table = tables.Certificate
        await self._connection.execute(update(table).where(table.obligation_id == obligation_id).values(revoked_at=now))

    async def count_certificates(self, prefix: str) -> int:
        """How many numbers begin like that."""
        query = select(func.count()).where(tables.Certificate.number.startswith(prefix, autoescape=True))
        return int((await self._connection.execute(query)).scalar_one())


def _select(kind: type[Row]) -> Select[Any]:
    table = _TABLES[kind]
    return select(*(getattr(table, name) for name in _NAMES[kind]))


def _batches(values: list[int]) -> Iterable[list[int]]:
    return (values[i : i + BATCH] for i in range(0, len(values), BATCH))


def as_json(value: object) -> str:
    """A value for an event's detail."""
    return json.dumps(value, ensure_ascii=False, default=str)
