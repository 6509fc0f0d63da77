"""Rows of reception: tickets and their threads, intakes, petitions, follow-ups, case-flow nodes, notaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, update

from bot.store import ledger_tables as ledger
from bot.store import reception_tables as tables
from bot.store.base import table_of
from bot.store.reception_rows import (
    AssistRow,
    Closing,
    DeskEventRow,
    FollowUpRow,
    IntakeRow,
    ListedTicket,
    NodeRow,
    PetitionRow,
    TicketRow,
)
from bot.store.sealed import SealedRows
from bot.store.tables import Base, Conversation, Request

Scope = frozenset[str] | None  # courts whose affairs somebody sees; None: all
OPEN_STATES = ("open", "pending", "snoozed")


def in_scope(column: Any, courts: Scope) -> list[ColumnElement[bool]]:
    """The condition that a row is of one of these courts."""
    return [] if courts is None else [column.in_(sorted(courts))]


class DeskRows(SealedRows):
    """Conversations that wait for a person, or are in the hands of one."""

    TABLES: ClassVar[Mapping[type, type[Base]]] = {TicketRow: tables.Ticket, DeskEventRow: tables.DeskEvent}

    async def ticket(self, number: int) -> TicketRow | None:
        """One ticket by its number."""
        return await self.by_key(TicketRow, number)

    async def open_of(self, conversation_id: int) -> TicketRow | None:
        """The ticket of a conversation that is not resolved, if there is one."""
        table = tables.Ticket
        query = self.columns(TicketRow).where(table.conversation_id == conversation_id, table.state.in_(OPEN_STATES))
        return await self.first(TicketRow, query.order_by(table.number.desc()))

    async def last_court(self, conversation_id: int) -> str | None:
        """The court to which this conversation was routed the last time."""
        table = tables.Ticket
        query = select(table.court).where(table.conversation_id == conversation_id, table.court.is_not(None))
        return (await self._connection.execute(query.order_by(table.number.desc()).limit(1))).scalar_one_or_none()

    async def courts_of(self, parties: Sequence[int]) -> list[str]:
        """The courts of the cases in which these parties stand."""
        if not parties:
            return []
        query = (
            select(ledger.Case.court)
            .join(ledger.CaseParty, ledger.CaseParty.case_id == ledger.Case.id)
            .where(ledger.CaseParty.party_id.in_(list(parties)))
            .distinct()
        )
        return list((await self._connection.execute(query)).scalars())

    async def claim(self, number: int, account: int, now: datetime) -> bool:
        """Take a ticket that nobody holds; False when somebody was first, or it is resolved."""
        table = tables.Ticket
        free = (table.assignee.is_(None), table.state.in_(OPEN_STATES))
        return await self.change(TicketRow, number, *free, assignee=account, claimed_at=now, role=None)

    async def release_all(self, account: int, now: datetime) -> None:
        """Whatever an account holds is free again."""
        table = tables.Ticket
        held = table.assignee == account
        query = select(table.conversation_id).where(held, table.state.in_(OPEN_STATES))
        conversations = list((await self._connection.execute(query)).scalars())
        await self._connection.execute(update(table).where(held).values(assignee=None, claimed_at=None))
        await self._connection.execute(update(Conversation).where(Conversation.held == account).values(held=None))
        for conversation in conversations:
            await self.touch(conversation, now)

    def _visible(self, courts: Scope, account: int) -> list[ColumnElement[bool]]:
        """Of their courts, or of none yet and held by nobody else."""
        if courts is None:
            return []
        table = tables.Ticket
        free = and_(table.court.is_(None), or_(table.assignee.is_(None), table.assignee == account))
        return [or_(table.court.in_(sorted(courts)), free)]

    async def listed(
        self,
        courts: Scope,
        account: int,
        *,
        states: Sequence[str] = OPEN_STATES,
        mine: bool = False,
        court: str | None = None,
        number: int | None = None,
        limit: int = 200,
    ) -> list[ListedTicket]:
        """Tickets that somebody may see, urgent ones first, then those that wait longest."""
        table, thread = tables.Ticket, tables.Thread
        query: Select[Any] = (
            self.columns(TicketRow)
            .add_columns(
                Request.question,
                Request.why,
                Conversation.address,
                Conversation.channel,
                Conversation.person,
                thread.version,
            )
            .join(Request, Request.number == table.number)
            .join(Conversation, Conversation.id == table.conversation_id)
            .outerjoin(thread, thread.conversation_id == table.conversation_id)
            .where(*self._visible(courts, account))
        )
        if number is not None:
            query = query.where(table.number == number)
        else:
            query = query.where(table.state.in_(list(states)))
        if mine:
            query = query.where(table.assignee == account)
        if court is not None:
            query = query.where(table.court == court)
        query = query.order_by(table.urgent.desc(), table.waiting_since.is_(None), table.waiting_since, table.number)
        return [self._listed(r) for r in await self._connection.execute(query.limit(limit))]

    def _listed(self, r: Any) -> ListedTicket:
        return ListedTicket(
            ticket=self._read(TicketRow, r._mapping),
            question=self._vault.open(r.question),
            why=r.why,
            name=str(self._open_json(r.address).get("name", "")),
            channel=r.channel,
            person=r.person,
            version=r.version or 0,
        )

    async def counts(self, courts: Scope, account: int) -> dict[str, int]:
        """How many tickets stand in which state."""
        table = tables.Ticket
        query = select(table.state, func.count()).where(*self._visible(courts, account)).group_by(table.state)
        return {state: int(count) for state, count in await self._connection.execute(query)}

    async def waiting(self, courts: Scope, account: int) -> int:
        """How many tickets wait for an answer that nobody else has taken on."""
        table = tables.Ticket
        query = select(func.count()).where(
            *self._visible(courts, account), table.state.in_(OPEN_STATES), table.waiting_since.is_not(None),
            or_(table.assignee.is_(None), table.assignee == account),
        )
        return int((await self._connection.execute(query)).scalar_one())

    async def versions(self, courts: Scope, account: int) -> dict[int, int]:
        """The version of every ticket that is not resolved and that somebody may see."""
        table, thread = tables.Ticket, tables.Thread
        query = (
            select(table.number, thread.version)
            .join(thread, thread.conversation_id == table.conversation_id)
            .where(table.state.in_(OPEN_STATES), *self._visible(courts, account))
        )
        return {number: version for number, version in await self._connection.execute(query)}  # noqa: C416 - rows

    async def heard(self, conversation_id: int, now: datetime) -> bool:
        """The person has written: whoever was answered, put aside or asleep waits again; whether a ticket stands."""
        table = tables.Ticket
        since = func.coalesce(table.waiting_since, now)
        statement = (
            update(table)
            .where(table.conversation_id == conversation_id, table.state.in_(OPEN_STATES))
            .values(state="open", snoozed_until=None, waiting_since=since)
        )
        found = (await self._connection.execute(statement)).rowcount
        if found:
            await self.touch(conversation_id, now)
        return bool(found)

    async def settle(self, number: int, now: datetime) -> None:
        """A ticket is done with, by whatever way; the bot answers again."""
        ticket = await self.ticket(number)
        if ticket is None:
            return
        values = {"state": "resolved", "resolved_at": now, "waiting_since": None, "snoozed_until": None}
        await self.change(TicketRow, number, **values)
        await self._connection.execute(
            update(Conversation).where(Conversation.id == ticket.conversation_id).values(held=None)
        )
        await self.touch(ticket.conversation_id, now)

    async def reopen_request(self, number: int) -> None:
        """A request that was settled waits again, under its old number."""
        await self._connection.execute(
            update(Request).where(Request.number == number).values(status="open", closed_at=None, closed_by=None)
        )

    async def touch(self, conversation_id: int, now: datetime) -> None:
        """Something has changed in a conversation: its version grows."""
        table = tables.Thread
        statement = self._upsert(table).values(conversation_id=conversation_id, version=1, changed_at=now)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["conversation_id"], set_={"version": table_of(table).c.version + 1, "changed_at": now}
            )
        )

    async def events(self, conversation_id: int, since: datetime) -> list[DeskEventRow]:
        """What staff did in a conversation, oldest first."""
        table = tables.DeskEvent
        query = self.columns(DeskEventRow).where(table.conversation_id == conversation_id, table.at >= since)
        return await self.all(DeskEventRow, query.order_by(table.id))

    @staticmethod
    def still(state: str) -> ColumnElement[bool]:
        """The condition that a ticket is in that state still."""
        return tables.Ticket.state == state

    @staticmethod
    def not_escalated() -> ColumnElement[bool]:
        """The condition that nobody was told yet that a person has waited too long since they began to wait this time."""
        table = tables.Ticket
        return or_(table.escalated_at.is_(None), table.escalated_at < table.waiting_since)

    async def to_look_at(self, now: datetime) -> list[TicketRow]:
        """Tickets about which something may have to be done: unanswered and nobody told, or snoozed too long."""
        table = tables.Ticket
        # Putting somebody aside who waits for an answer makes their waiting no shorter.
        waits = and_(table.state.in_(OPEN_STATES), table.waiting_since.is_not(None))
        unanswered = and_(waits, self.not_escalated())
        overslept = and_(table.state == "snoozed", table.snoozed_until <= now)
        query = self.columns(TicketRow).where(or_(unanswered, overslept)).order_by(table.number)
        return await self.all(TicketRow, query)

    async def resolved_between(self, courts: Scope, first: datetime, last: datetime) -> list[TicketRow]:
        """Tickets opened in a span, for figures."""
        table = tables.Ticket
        scope = in_scope(table.court, courts)
        query = self.columns(TicketRow).where(table.opened_at >= first, table.opened_at < last, *scope)
        return await self.all(TicketRow, query.order_by(table.number))


class ReceptionRows(SealedRows):
    """First visits, petitions, follow-ups, case-flow nodes, notaries."""

    TABLES: ClassVar[Mapping[type, type[Base]]] = {
        IntakeRow: tables.Intake,
        PetitionRow: tables.Petition,
        FollowUpRow: tables.FollowUp,
        NodeRow: tables.FlowNode,
        AssistRow: tables.NotaryAssist,
    }
    JSON: ClassVar[frozenset[str]] = frozenset({"data"})

    # -- intakes ---------------------------------------------------------------------------------

    async def next_in_queue(self, court: str, day: date) -> int:
        """The next queue number of a court on a day; no two people get the same."""
        table = tables.QueueCounter
        statement = self._upsert(table).values(court=court, day=day, last=1)
        counted = statement.on_conflict_do_update(
            index_elements=["court", "day"], set_={"last": table_of(table).c.last + 1}
        )
        return int((await self._connection.execute(counted.returning(table.last))).scalar_one())

    async def intakes(
        self,
        courts: Scope,
        *,
        statuses: Sequence[str] | None = None,
        court: str | None = None,
        day: date | None = None,
        limit: int = 200,
    ) -> list[IntakeRow]:
        """First visits, those with priority first, then by their number."""
        table = tables.Intake
        query = self.columns(IntakeRow).where(*in_scope(table.court, courts))
        if statuses is not None:
            query = query.where(table.status.in_(list(statuses)))
        if court is not None:
            query = query.where(table.court == court)
        if day is not None:
            query = query.where(table.day == day)
        return await self.all(IntakeRow, query.order_by(table.priority.desc(), table.number).limit(limit))

    async def intakes_of_chat(self, conversation_id: int) -> list[IntakeRow]:
        """The first visits that a person entered in a chat, the newest first."""
        table = tables.Intake
        query = self.columns(IntakeRow).where(table.conversation_id == conversation_id)
        return await self.all(IntakeRow, query.order_by(table.number.desc()))

    # -- petitions -------------------------------------------------------------------------------

    async def petitions(
        self,
        courts: Scope,
        *,
        status: str | None = None,
        court: str | None = None,
        due_until: date | None = None,
        opened: tuple[datetime, datetime] | None = None,
        limit: int = 500,
    ) -> list[PetitionRow]:
        """Petitions and complaints, the next to be answered first; of answered ones the newest first."""
        table = tables.Petition
        query = self.columns(PetitionRow).where(*in_scope(table.court, courts))
        if status is not None:
            query = query.where(table.status == status)
        if court is not None:
            query = query.where(table.court == court)
        if due_until is not None:
            query = query.where(table.due_on <= due_until)
        if opened is not None:
            query = query.where(table.opened_at >= opened[0], table.opened_at < opened[1])
        order = (table.answered_at.desc(),) if status == "answered" else (table.due_on, table.number)
        return await self.all(PetitionRow, query.order_by(*order).limit(limit))

    async def petition_tally(self, courts: Scope, today: date) -> tuple[int, int, int]:
        """How many there are at all, how many are answered, and how many are not though their day is past."""
        table = tables.Petition
        return await self._tally(table, table.status == "answered", and_(table.status == "open", table.due_on < today), courts)

    async def follow_up_tally(self, courts: Scope, today: date) -> tuple[int, int, int]:
        """The same for follow-ups."""
        table = tables.FollowUp
        return await self._tally(table, table.status == "done", and_(table.status == "open", table.due_on < today), courts)

    async def _tally(
        self, table: Any, done: ColumnElement[bool], late: ColumnElement[bool], courts: Scope
    ) -> tuple[int, int, int]:
        counted = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in (done, late)]
        query = select(func.count(), *counted).where(*in_scope(table.court, courts))
        every, finished, overdue = (await self._connection.execute(query)).one()
        return int(every), int(finished), int(overdue)

    @staticmethod
    def is_open_petition() -> ColumnElement[bool]:
        """The condition that a petition is not answered yet."""
        return tables.Petition.status == "open"

    @staticmethod
    def not_escalated() -> ColumnElement[bool]:
        """The condition that a petition was not brought before the supervisor yet."""
        return tables.Petition.escalated_at.is_(None)

    # -- follow-ups ------------------------------------------------------------------------------

    async def closings(self, since: date, moment: datetime) -> list[Closing]:
        """Obligations performed or settled since that day for which no follow-up stands yet."""
        o, c, f = ledger.Obligation, ledger.Case, tables.FollowUp

        def missing(cause: str) -> ColumnElement[bool]:
            return ~select(f.number).where(f.obligation_id == o.id, f.cause == cause).exists()

        performed = (
            select(o.id, o.case_id, c.court, literal("performed"), o.performed_on)
            .join(c, c.id == o.case_id)
            .where(o.performed_on >= since, missing("performed"))
        )
        settled = (
            select(o.id, o.case_id, c.court, literal("settled"), o.updated_at)
            .join(c, c.id == o.case_id)
            .where(o.settlement == "agreed", o.performed_on.is_(None), o.updated_at >= moment, missing("settled"))
        )
        rows: Any = await self._connection.execute(performed)
        found = [Closing(*row) for row in rows]
        for number, case_id, court, cause, at in await self._connection.execute(settled):
            found.append(Closing(number, case_id, court, cause, at.date()))
        return found

    async def add_follow_ups(self, rows: Iterable[FollowUpRow]) -> int:
        """Write follow-ups, those that stand already left out; how many are new."""
        made = 0
        for row in rows:
            values = self._written(FollowUpRow, {k: v for k, v in asdict(row).items() if k != "number"})
            statement = self._upsert(tables.FollowUp).values(values)
            kept = statement.on_conflict_do_nothing(index_elements=["obligation_id", "cause"])
            made += (await self._connection.execute(kept)).rowcount
        return made

    async def follow_ups(
        self,
        courts: Scope,
        *,
        status: str | None = None,
        court: str | None = None,
        made: tuple[datetime, datetime] | None = None,
        limit: int = 500,
    ) -> list[FollowUpRow]:
        """Follow-ups, the next due first; of done ones the newest first."""
        table = tables.FollowUp
        query = self.columns(FollowUpRow).where(*in_scope(table.court, courts))
        if status is not None:
            query = query.where(table.status == status)
        if court is not None:
            query = query.where(table.court == court)
        if made is not None:
            query = query.where(table.made_at >= made[0], table.made_at < made[1])
        order = (table.done_at.desc(),) if status == "done" else (table.due_on, table.number)
        return await self.all(FollowUpRow, query.order_by(*order).limit(limit))

    # -- case flow -------------------------------------------------------------------------------

    async def nodes(
        self,
        courts: Scope,
        *,
        finished: bool | None = None,
        case_id: int | None = None,
        court: str | None = None,
        limit_until: date | None = None,
        done: tuple[date, date] | None = None,
        limit: int = 500,
    ) -> list[NodeRow]:
        """Nodes, the next at its limit first."""
        table = tables.FlowNode
        query = self.columns(NodeRow).where(*in_scope(table.court, courts))
        if finished is not None:
            query = query.where(table.finished_on.is_not(None) if finished else table.finished_on.is_(None))
        if case_id is not None:
            query = query.where(table.case_id == case_id)
        if court is not None:
            query = query.where(table.court == court)
        if limit_until is not None:
            query = query.where(table.limit_on <= limit_until)
        if done is not None:
            query = query.where(table.finished_on >= done[0], table.finished_on <= done[1])
        return await self.all(NodeRow, query.order_by(table.limit_on, table.number).limit(limit))

    # -- notaries --------------------------------------------------------------------------------

    async def assists(
        self, courts: Scope, *, account: int | None = None, case_id: int | None = None, running: bool = True
    ) -> list[AssistRow]:
        """Which notary helps with which case."""
        table = tables.NotaryAssist
        query = self.columns(AssistRow).where(*in_scope(table.court, courts))
        if account is not None:
            query = query.where(table.account == account)
        if case_id is not None:
            query = query.where(table.case_id == case_id)
        if running:
            query = query.where(table.ended_at.is_(None))
        return await self.all(AssistRow, query.order_by(table.number))
