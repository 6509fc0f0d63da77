"""Rows of the Telegram desk: which topics are behind the database, and what they lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update

from bot.store import reception_tables as desk
from bot.store import topic_tables as tables
from bot.store.base import table_of
from bot.store.reception import OPEN_STATES
from bot.store.reception_rows import DeskEventRow, TicketRow
from bot.store.rows import MessageRow
from bot.store.sealed import SealedRows
from bot.store.tables import Base, Message
from bot.store.topic_rows import AsideRow, StaleTopic, TopicLineRow, TopicRow

_SILENT = ("button", "command", "blocked", "unblocked")  # kinds that say nothing to anybody
_MOST = 100  # lines that are looked at together
AGAIN = "again"  # the mark of a card that has to be shown again, in another topic
_TOLD_OTHERWISE = ("file", "corrected")  # deeds whose message stands there anyway


class TopicRows(SealedRows):
    """What the staff group shows of the desk."""

    TABLES: ClassVar[Mapping[type, type[Base]]] = {
        TopicRow: tables.Topic,
        TopicLineRow: tables.TopicLine,
        AsideRow: tables.TopicAside,
        TicketRow: desk.Ticket,
        DeskEventRow: desk.DeskEvent,
    }
    JSON: ClassVar[frozenset[str]] = frozenset({"reply"})

    # -- the group -------------------------------------------------------------------------------

    async def group(self, configured: int) -> int:
        """The number that the group of the settings has now."""
        query = select(tables.TopicGroup.chat).where(tables.TopicGroup.configured == configured)
        return (await self._connection.execute(query)).scalar_one_or_none() or configured

    async def moved(self, configured: int, chat: int) -> None:
        """The group has become another one."""
        statement = self._upsert(tables.TopicGroup).values(configured=configured, chat=chat)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["configured"], set_={"chat": chat})
        )

    async def stranger(self, person: str, now: datetime, again: timedelta) -> bool:
        """Note that somebody without an account was told so; False when they were within that time before."""
        table = tables.TopicStranger
        statement = self._upsert(table).values(person=person, at=now)
        told = statement.on_conflict_do_update(
            index_elements=["person"], set_={"at": now}, where=table_of(table).c.at < now - again
        )
        return bool((await self._connection.execute(told)).rowcount)

    # -- topics ----------------------------------------------------------------------------------

    async def topic(self, conversation_id: int) -> TopicRow | None:
        """The topic of a conversation."""
        return await self.by_key(TopicRow, conversation_id)

    async def in_thread(self, chat: int, thread: int) -> TopicRow | None:
        """The topic that the group calls so."""
        table = tables.Topic
        return await self.first(TopicRow, self.columns(TopicRow).where(table.chat == chat, table.thread == thread))

    async def of_number(self, number: int) -> TopicRow | None:
        """The topic that shows a ticket."""
        return await self.first(TopicRow, self.columns(TopicRow).where(tables.Topic.number == number))

    async def ticket_of(self, conversation_id: int) -> TicketRow | None:
        """The ticket that a topic has to show: the open one, else the last."""
        table = desk.Ticket
        query = self.columns(TicketRow).where(table.conversation_id == conversation_id)
        return await self.first(TicketRow, query.order_by(table.state == "resolved", table.number.desc()))

    async def version_of(self, conversation_id: int) -> int:
        """How often something has changed in a conversation."""
        query = select(desk.Thread.version).where(desk.Thread.conversation_id == conversation_id)
        return (await self._connection.execute(query)).scalar_one_or_none() or 0

    async def stale(self, chat: int) -> list[StaleTopic]:
        """Conversations whose topic is behind: what changed, what was said, what is done with and still open there."""
        ticket, topic, thread = desk.Ticket, tables.Topic, desk.Thread
        unsaid = exists().where(*_unsaid(ticket.conversation_id, func.coalesce(topic.floor, 0)))
        changed = func.coalesce(topic.version, -1) != func.coalesce(thread.version, 0)
        columns = (ticket.conversation_id, ticket.number, ticket.urgent, topic.thread, topic.tries, topic.card)
        query = (
            select(*columns)
            .outerjoin(topic, topic.conversation_id == ticket.conversation_id)
            .outerjoin(thread, thread.conversation_id == ticket.conversation_id)
        )
        behind = or_(topic.conversation_id.is_(None), topic.chat != chat, changed, topic.closed, unsaid)
        open_ones = query.where(ticket.state.in_(OPEN_STATES), behind)
        done = query.where(
            topic.closed.is_(False),
            topic.thread.is_not(None),
            topic.number == ticket.number,
            ticket.state == "resolved",
        )
        rows = [*await self._connection.execute(open_ones), *await self._connection.execute(done)]
        return list({r.conversation_id: StaleTopic(r[0], r[1], r[2], r[3], r[4] or 0, r[5]) for r in rows}.values())

    # -- lines -----------------------------------------------------------------------------------

    async def unsaid(self, conversation_id: int, floor: int) -> list[MessageRow]:
        """What was said in a conversation and does not stand in its topic yet, oldest first."""
        columns = [getattr(Message, name) for name in MessageRow.__dataclass_fields__]
        query = select(*columns).where(*_unsaid(conversation_id, floor)).order_by(Message.id).limit(_MOST)
        rows = await self._connection.execute(query)
        return [MessageRow(**{**r._mapping, "text": self._vault.open(r.text)}) for r in rows]

    async def undone(self, conversation_id: int, floor: int) -> list[DeskEventRow]:
        """What staff did and does not stand in the topic yet, oldest first."""
        table, line = desk.DeskEvent, tables.TopicLine
        query = self.columns(DeskEventRow).where(
            table.conversation_id == conversation_id,
            table.id >= floor,
            table.kind.not_in(_TOLD_OTHERWISE),
            ~exists().where(line.line_id == table.id),
        )
        return await self.all(DeskEventRow, query.order_by(table.id).limit(_MOST))

    async def papers(self, conversation_id: int, messages: Sequence[int]) -> dict[int, str]:
        """The files that staff sent, by the message in the log: `proof:SHA:TYPE`."""
        if not messages:
            return {}
        table = desk.DeskEvent
        query = select(table.message_id, table.text).where(
            table.conversation_id == conversation_id, table.kind == "file", table.message_id.in_(list(messages))
        )
        return {m: self._vault.open(text) for m, text in await self._connection.execute(query) if m and text}

    async def shown(
        self, conversation_id: int, lines: Sequence[int], external: int | None = None, *, note: bool = False
    ) -> None:
        """These stand in the topic now."""
        for line in dict.fromkeys(lines):
            statement = self._upsert(tables.TopicLine).values(
                line_id=line, conversation_id=conversation_id, external_id=external, note=note
            )
            await self._connection.execute(statement.on_conflict_do_nothing())

    async def written(self, conversation_id: int, external: int) -> list[TopicLineRow]:
        """What came of a message that staff wrote in a topic, oldest first."""
        table = tables.TopicLine
        query = self.columns(TopicLineRow).where(
            table.conversation_id == conversation_id, table.external_id == external
        )
        return await self.all(TopicLineRow, query.order_by(table.line_id))

    async def forget(self, conversation_id: int, floor: int) -> None:
        """The topic is gone: everything since the floor is to be shown again, in another one."""
        table = tables.TopicLine
        await self._connection.execute(delete(table).where(table.conversation_id == conversation_id))
        await self._connection.execute(
            update(tables.Topic)
            .where(tables.Topic.conversation_id == conversation_id)
            .values(thread=None, card=None, card_mark=AGAIN, closed=False, tries=0, floor=floor)
        )

    async def settle(self, row: TopicRow, version: int, floor: int) -> None:
        """All that the database knew at that version stands there; what lies below the floor is not kept."""
        line = tables.TopicLine
        await self.change(TopicRow, row.conversation_id, version=version, floor=max(floor, row.floor))
        await self._connection.execute(
            delete(line).where(
                line.conversation_id == row.conversation_id, line.line_id < floor, line.external_id.is_(None)
            )
        )

    # -- asides ----------------------------------------------------------------------------------

    async def aside(self) -> AsideRow | None:
        """The oldest word to staff that waits."""
        return await self.first(AsideRow, self.columns(AsideRow).order_by(tables.TopicAside.id))

    async def drop_aside(self, number: int) -> None:
        """It was said, or cannot be."""
        await self._connection.execute(delete(tables.TopicAside).where(tables.TopicAside.id == number))


def _unsaid(conversation: Any, floor: Any) -> list[ColumnElement[bool]]:
    """Words of the person and of staff, and answers of the bot that have a topic, which no line stands for."""
    by_person = and_(Message.direction == "in", Message.kind.not_in(_SILENT))
    by_us = or_(Message.sender == "staff", and_(Message.sender == "bot", Message.topic.is_not(None)))
    return [
        Message.conversation_id == conversation,
        Message.id >= floor,
        or_(by_person, and_(Message.direction == "out", by_us)),
        ~exists().where(tables.TopicLine.line_id == Message.id),
    ]
