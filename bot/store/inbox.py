"""Rows of the inbox: updates stored before they are handled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update

from bot.store.base import Rows
from bot.store.rows import NewUpdate, StoredUpdate
from bot.store.tables import Inbox, InboxStatus


class InboxRows(Rows):
    """Stored updates, in the order of arrival."""

    async def store(self, updates: Sequence[NewUpdate], now: datetime) -> list[StoredUpdate]:
        """Store what is new; an update that was stored before is left out of the answer."""
        if not updates:
            return []
        values = [
            {
                "source": u.source,
                "update_id": u.update_id,
                "lane": u.lane,
                "raw": self._vault.seal(u.raw),
                "received_at": now,
                "status": InboxStatus.NEW,
                "attempts": 0,
            }
            for u in updates
        ]
        statement = (
            self._upsert(Inbox)
            .on_conflict_do_nothing(index_elements=["source", "update_id"])
            .returning(Inbox.id, Inbox.update_id)
        )
        # The values as parameters, not as `.values([…])`: such a statement would be compiled anew each time.
        stored = {row.update_id: row.id for row in await self._connection.execute(statement, values)}
        # `pop`: the same update twice in one batch is one update.
        numbers = ((u, stored.pop(u.update_id, None)) for u in updates)
        fresh = [StoredUpdate(number, u.lane, u.raw) for u, number in numbers if number is not None]
        return sorted(fresh, key=lambda u: u.id)

    async def waiting(self, *, received_before: datetime | None = None) -> list[StoredUpdate]:
        """Stored and not handled, oldest first: after a start, or left behind by a lost process.

        All of them: what is left out now would be overtaken by its chat's next update.
        """
        query = select(Inbox.id, Inbox.lane, Inbox.raw, Inbox.attempts).where(Inbox.status == InboxStatus.NEW)
        if received_before is not None:
            query = query.where(Inbox.received_at < received_before)
        rows = await self._connection.execute(query.order_by(Inbox.id))
        return [StoredUpdate(r.id, r.lane, self._vault.open(r.raw), r.attempts) for r in rows]

    async def first_waiting(self, lanes: Sequence[str]) -> dict[str, int]:
        """The oldest unhandled update of each lane."""
        query = (
            select(Inbox.lane, Inbox.id)
            .where(Inbox.status == InboxStatus.NEW, Inbox.lane.in_(lanes))
            .order_by(Inbox.id.desc())
        )
        # Descending, so that the oldest of a lane is the one that stays in the mapping.
        return {row.lane: row.id for row in await self._connection.execute(query)}

    async def done(self, ids: Sequence[int], now: datetime) -> None:
        """Handled: in the same transaction as the effects; the raw text is not needed any more."""
        if ids:
            await self._connection.execute(
                update(Inbox).where(Inbox.id.in_(ids)).values(status=InboxStatus.DONE, handled_at=now, raw=None)
            )

    async def tried(self, row_id: int, error: str, now: datetime, *, last: bool) -> None:
        """One more failed try; after the last one the update is set aside for people to look at."""
        status = InboxStatus.FAILED if last else InboxStatus.NEW
        await self._connection.execute(
            update(Inbox)
            .where(Inbox.id == row_id)
            .values(attempts=Inbox.attempts + 1, status=status, handled_at=now, error=error[:200])
        )

    async def purge(self, before: datetime) -> int:
        """Forget handled updates; Telegram repeats none that is older than a day."""
        result = await self._connection.execute(
            delete(Inbox).where(Inbox.status != InboxStatus.NEW, Inbox.received_at < before)
        )
        return result.rowcount
