"""Rows of the outbox: messages written with the decision, sent after commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from bot.store.base import Rows, table_of
from bot.store.rows import OutgoingRow, Sent
from bot.store.tables import Message, Outbox, OutboxStatus, Worker


class OutboxRows(Rows):
    """Messages on their way out."""

    async def add(self, rows: Sequence[OutgoingRow], owner: str, now: datetime) -> None:
        """Write messages to be sent by `owner` once the transaction is committed."""
        if rows:
            await self._connection.execute(insert(table_of(Outbox)), [self._values(r, owner, now) for r in rows])

    def _values(self, row: OutgoingRow, owner: str, now: datetime) -> dict[str, Any]:
        return {
            "id": row.id,
            "channel": row.channel,
            "lane": row.lane,
            "payload": self._seal_json(row.payload),
            "bulk": row.bulk,
            "status": OutboxStatus.PENDING,
            "owner": owner,
            "attempts": 0,
            "message_id": row.message_id,
            "created_at": now,
        }

    async def take_over(
        self, owner: str, channels: Sequence[str], *, seen_before: datetime | None
    ) -> list[OutgoingRow]:
        """Claim what no living process will send, in order; None: nobody else can be alive.

        With `seen_before`, only rows whose owner has not been seen since are taken.
        """
        orphaned = (Outbox.status == OutboxStatus.PENDING) & Outbox.channel.in_(channels) & (Outbox.owner != owner)
        if seen_before is not None:
            alive = select(Worker.id).where(Worker.seen_at >= seen_before)
            orphaned &= Outbox.owner.not_in(alive)
        statement = (
            update(Outbox)
            .where(orphaned)
            .values(owner=owner)
            .returning(
                Outbox.id,
                Outbox.lane,
                Outbox.channel,
                Outbox.payload,
                Outbox.bulk,
                Outbox.attempts,
                Outbox.message_id,
                Outbox.created_at,
            )
            .execution_options(synchronize_session=False)
        )
        rows = [
            OutgoingRow(
                r.id, r.lane, r.channel, self._open_json(r.payload), r.bulk, r.attempts, r.message_id, r.created_at
            )
            for r in await self._connection.execute(statement)
        ]
        return sorted(rows, key=lambda r: r.id)

    async def held_elsewhere(self, lanes: Sequence[str], owner: str, since: datetime) -> set[str]:
        """Lanes in which another process still has an answer to send: ours would overtake it.

        Only what was written since: an answer that could not leave for long must not silence a chat.
        """
        query = select(Outbox.lane).where(
            Outbox.status == OutboxStatus.PENDING,
            Outbox.owner != owner,
            Outbox.lane.in_(lanes),
            Outbox.bulk.is_(False),
            Outbox.created_at >= since,
        )
        return set((await self._connection.execute(query)).scalars())

    async def record(self, results: Sequence[Sent]) -> None:
        """Write what became of messages; a sent one's text is kept in the log only."""
        final = [r for r in results if r.status != OutboxStatus.PENDING]
        if final:
            statement = (
                update(table_of(Outbox))
                .where(table_of(Outbox).c.id == bindparam("row_id"))
                .values(
                    status=bindparam("new_status"),
                    attempts=bindparam("tries"),
                    sent_at=bindparam("moment"),
                    external_id=bindparam("external"),
                    error=bindparam("why"),
                    payload=None,
                )
            )
            await self._connection.execute(statement, [_result(r) for r in final])
        logged = [{"row_id": r.message_id, "external": r.external_id} for r in final if r.message_id and r.external_id]
        if logged:
            messages = table_of(Message)
            await self._connection.execute(
                update(messages).where(messages.c.id == bindparam("row_id")).values(external_id=bindparam("external")),
                logged,
            )

    async def purge(self, before: datetime) -> int:
        """Forget messages that were settled before."""
        result = await self._connection.execute(
            delete(Outbox).where(Outbox.status != OutboxStatus.PENDING, Outbox.created_at < before)
        )
        return result.rowcount

    async def beat(self, owner: str, place: str, now: datetime) -> None:
        """Say that this process is alive; forget those that are long gone."""
        statement = self._upsert(Worker).values(id=owner, place=place, seen_at=now)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now, "place": place})
        )
        await self._connection.execute(delete(Worker).where(Worker.seen_at < now - timedelta(days=1)))

    async def workers(self) -> list[tuple[str, str, datetime]]:
        """The processes known, with host and process number and when they were last seen."""
        rows = await self._connection.execute(select(Worker.id, Worker.place, Worker.seen_at))
        return [(r.id, r.place, r.seen_at) for r in rows]

    async def retire(self, workers: Sequence[str]) -> None:
        """Strike off processes that are known to be gone, so that their work is taken over at once."""
        if workers:
            await self._connection.execute(delete(Worker).where(Worker.id.in_(workers)))


def _result(r: Sent) -> dict[str, Any]:
    return {
        "row_id": r.id,
        "new_status": r.status,
        "tries": r.attempts,
        "moment": r.at,
        "external": r.external_id,
        "why": (r.error or "")[:200] or None,
    }
