"""Rows of the log: every message in and out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from bot.store.base import Rows, table_of
from bot.store.rows import MessageRow
from bot.store.tables import Conversation, Message

_FIELDS = tuple(MessageRow.__dataclass_fields__)


class Log(Rows):
    """The words of all conversations, sealed."""

    async def add(self, rows: Sequence[MessageRow]) -> None:
        """Write messages."""
        if rows:
            await self._connection.execute(
                insert(table_of(Message)),
                [{name: getattr(r, name) for name in _FIELDS} | {"text": self._vault.seal(r.text)} for r in rows],
            )

    async def feedback(self, message_id: int, conversation_id: int, value: int) -> bool:
        """Note 有帮助/没帮助 on an answer of this conversation; False when there is no such answer."""
        result = await self._connection.execute(
            update(Message)
            .where(Message.id == message_id, Message.conversation_id == conversation_id)
            .values(feedback=value)
        )
        return bool(result.rowcount)

    async def versions(self, conversation_id: int, external_id: int) -> list[MessageRow]:
        """All versions of an incoming message that are known, oldest first."""
        query = select(*_columns()).where(
            Message.conversation_id == conversation_id,
            Message.external_id == external_id,
            Message.direction == "in",
            Message.kind != "button",  # a press names the message that it stands under
        )
        rows = await self._connection.execute(query.order_by(Message.id))
        return [self._message(row._mapping) for row in rows]

    async def message(self, message_id: int) -> MessageRow | None:
        """One message by its id."""
        found = (await self._connection.execute(select(*_columns()).where(Message.id == message_id))).first()
        return self._message(found._mapping) if found else None

    async def about(self, topic: str, since: datetime, most: int) -> list[MessageRow]:
        """The last messages in and out that a topic was the matter of, newest first."""
        judged = or_(Message.decision.is_not(None), Message.feedback.is_not(None))
        query = select(*_columns()).where(Message.topic == topic, Message.at >= since, judged)
        rows = await self._connection.execute(query.order_by(Message.id.desc()).limit(most))
        return [self._message(row._mapping) for row in rows]

    async def recent(self, conversation_id: int, since: datetime, limit: int) -> list[MessageRow]:
        """The last messages of a conversation, oldest first."""
        query = select(*_columns()).where(Message.conversation_id == conversation_id, Message.at >= since)
        rows = await self._connection.execute(query.order_by(Message.id.desc()).limit(limit))
        return [self._message(row._mapping) for row in rows][::-1]

    async def read(
        self, *, conversation_id: int | None = None, since: datetime | None = None
    ) -> AsyncIterator[MessageRow]:
        """Messages in the order they were said, streamed."""
        query = select(*_columns()).order_by(Message.conversation_id, Message.id)
        if conversation_id is not None:
            query = query.where(Message.conversation_id == conversation_id)
        if since is not None:
            query = query.where(Message.at >= since)
        async with self._connection.stream(query) as rows:
            async for row in rows:
                yield self._message(row._mapping)

    def _message(self, values: Any) -> MessageRow:
        return MessageRow(**{**values, "text": self._vault.open(values["text"])})

    async def conversation_ids(self) -> list[int]:
        """All conversations, oldest first."""
        return list((await self._connection.execute(select(Conversation.id).order_by(Conversation.id))).scalars())

    async def purge(self, before: datetime) -> int:
        """Delete messages older than the retention allows."""
        result = await self._connection.execute(delete(Message).where(Message.at < before))
        return result.rowcount


def _columns() -> list[Any]:
    return [getattr(Message, name) for name in MessageRow.__dataclass_fields__]
