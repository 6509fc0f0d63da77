"""Rows of conversations: who, how to reach them, where the dialogue stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, update

from bot.store.base import Rows, table_of
from bot.store.rows import ConversationRow
from bot.store.tables import Conversation

_COLUMNS = (
    Conversation.id,
    Conversation.lane,
    Conversation.channel,
    Conversation.kind,
    Conversation.person,
    Conversation.address,
    Conversation.state,
    Conversation.created_at,
    Conversation.unreachable,
    Conversation.held,
)


class Conversations(Rows):
    """Chats and their dialogue state."""

    async def load(self, lanes: Sequence[str]) -> dict[str, ConversationRow]:
        """The conversations of these lanes that exist."""
        rows = await self._connection.execute(select(*_COLUMNS).where(Conversation.lane.in_(lanes)))
        return {r.lane: self._row(r) for r in rows}

    async def get(self, conversation_id: int) -> ConversationRow | None:
        """One conversation by id."""
        rows = await self._connection.execute(select(*_COLUMNS).where(Conversation.id == conversation_id))
        found = rows.first()
        return self._row(found) if found else None

    def _row(self, r: Any) -> ConversationRow:
        return ConversationRow(
            id=r.id,
            lane=r.lane,
            channel=r.channel,
            kind=r.kind,
            person=r.person,
            address=self._open_json(r.address),
            state=json.loads(r.state),
            created_at=r.created_at,
            unreachable=r.unreachable,
            held=r.held,
        )

    async def add(self, rows: Sequence[ConversationRow], now: datetime) -> None:
        """Write new conversations."""
        if rows:
            await self._connection.execute(
                insert(table_of(Conversation)),
                [
                    {
                        "id": r.id,
                        "lane": r.lane,
                        "channel": r.channel,
                        "kind": r.kind,
                        "person": r.person,
                        "address": self._seal_json(r.address),
                        "state": _json(r.state),
                        "created_at": r.created_at,
                        "updated_at": now,
                    }
                    for r in rows
                ],
            )

    async def save(self, rows: Sequence[ConversationRow], now: datetime) -> None:
        """Write the changed state of known conversations."""
        if rows:
            table = table_of(Conversation)
            statement = (
                update(table)
                .where(table.c.id == bindparam("row_id"))
                .values(state=bindparam("new_state"), updated_at=bindparam("moment"), unreachable=bindparam("reason"))
            )
            await self._connection.execute(
                statement,
                [{"row_id": r.id, "new_state": _json(r.state), "moment": now, "reason": r.unreachable} for r in rows],
            )

    async def hold(self, conversation_id: int, account: int | None) -> None:
        """Somebody of the staff holds a conversation, or (None) nobody does any more."""
        await self._connection.execute(
            update(Conversation).where(Conversation.id == conversation_id).values(held=account)
        )

    async def unreachable(self, lane: str, reason: str, now: datetime) -> None:
        """Note that messages do not arrive there any more, and why."""
        await self._connection.execute(
            update(Conversation).where(Conversation.lane == lane).values(unreachable=reason, unreachable_at=now)
        )

    async def lock(self, lanes: Sequence[str]) -> set[str]:
        """The lanes that this transaction now has for itself (until it ends).

        PostgreSQL only: with several replicas two of them may hold updates of one chat. On SQLite
        there is one process, which keeps the order in memory.
        """
        if self._connection.dialect.name != "postgresql":
            return set(lanes)
        query = text(
            "SELECT lane FROM unnest(CAST(:lanes AS text[])) AS lane WHERE pg_try_advisory_xact_lock(hashtextextended(lane, 0))"
        )
        return {r.lane for r in await self._connection.execute(query, {"lanes": sorted(lanes)})}

    async def purge(self, before: datetime) -> int:
        """Delete conversations that have been silent since; their messages and requests go with them."""
        result = await self._connection.execute(delete(Conversation).where(Conversation.updated_at < before))
        return result.rowcount


def _json(state: dict[str, Any]) -> str:
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))
