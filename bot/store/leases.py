"""Rows of leases: rights that one process has at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import Lease, Worker


class Leases:
    """Who may do what only one may do."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(self, name: str, holder: str, now: datetime, span: timedelta) -> bool:
        """Take or renew a lease; False while somebody else has it.

        A holder that is no running process any more has lost it, however long it was to last.
        """
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(Lease).values(name=name, holder=holder, until=now + span)
        statement = statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "until": now + span},
            where=or_(Lease.holder == holder, Lease.until < now, Lease.holder.not_in(select(Worker.id))),
        )
        result = await self._connection.execute(statement)
        return bool(result.rowcount)

    async def drop(self, name: str, holder: str) -> None:
        """Give a lease back, so that the next one need not wait."""
        await self._connection.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))
