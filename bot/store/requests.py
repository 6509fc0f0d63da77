"""Rows of requests for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from bot.store.base import Rows
from bot.store.rows import RequestRow
from bot.store.tables import Conversation, Request, RequestStatus

_LONGEST = 4000  # characters of a request with everything that was added to it


class Requests(Rows):
    """Who waits for a person; the database gives the numbers, so that no two are alike."""

    async def open(self, conversation_id: int, question: str, why: str, now: datetime, *, urgent: bool = False) -> int:
        """Register a request and tell its number."""
        values = {
            "conversation_id": conversation_id,
            "question": self._vault.seal(question),
            "why": why,
            "urgent": urgent,
            "status": RequestStatus.OPEN,
            "created_at": now,
        }
        result = await self._connection.execute(insert(Request).values(values).returning(Request.number))
        return int(result.scalar_one())

    async def append(self, number: int, question: str, *, urgent: bool = False) -> None:
        """Add what was said later to an open request."""
        found = await self.get(number)
        if found is None:
            return
        both = f"{found.question}\n{question}"
        if len(both) > _LONGEST:
            # What it began with and what was said last matter; all of it stands in the log.
            both = f"{both[: _LONGEST // 4]}\n…\n{both[-_LONGEST * 3 // 4 :]}"
        await self._connection.execute(
            update(Request)
            .where(Request.number == number)
            .values(question=self._vault.seal(both), urgent=found.urgent or urgent)
        )

    async def get(self, number: int) -> RequestRow | None:
        """One request by its number."""
        rows = await self._connection.execute(_select().where(Request.number == number))
        found = rows.first()
        return self._row(found) if found else None

    async def open_of(self, conversation_id: int) -> RequestRow | None:
        """The open request of a conversation, if there is one."""
        query = _select().where(Request.conversation_id == conversation_id, Request.status == RequestStatus.OPEN)
        found = (await self._connection.execute(query.order_by(Request.number.desc()).limit(1))).first()
        return self._row(found) if found else None

    async def count_waiting(self) -> int:
        """How many requests are open."""
        query = select(func.count()).where(Request.status == RequestStatus.OPEN)
        return int((await self._connection.execute(query)).scalar_one())

    async def waiting(self, limit: int = 50) -> list[RequestRow]:
        """Open requests, urgent ones first, then by number."""
        query = _select().where(Request.status == RequestStatus.OPEN)
        rows = await self._connection.execute(query.order_by(Request.urgent.desc(), Request.number).limit(limit))
        return [self._row(r) for r in rows]

    async def close(
        self, number: int, status: RequestStatus, by: str, now: datetime, answer: str | None = None
    ) -> bool:
        """Settle an open request; False when somebody else was first."""
        result = await self._connection.execute(
            update(Request)
            .where(Request.number == number, Request.status == RequestStatus.OPEN)
            .values(status=status, closed_at=now, closed_by=by, answer=self._vault.seal(answer) if answer else None)
        )
        return bool(result.rowcount)

    async def purge(self, before: datetime) -> int:
        """Forget requests that were settled before."""
        result = await self._connection.execute(
            delete(Request).where(Request.status != RequestStatus.OPEN, Request.closed_at < before)
        )
        return result.rowcount

    def _row(self, r: Any) -> RequestRow:
        return RequestRow(
            number=r.number,
            conversation_id=r.conversation_id,
            question=self._vault.open(r.question),
            why=r.why,
            urgent=r.urgent,
            status=r.status,
            created_at=r.created_at,
            closed_at=r.closed_at,
            answer=self._vault.open(r.answer) if r.answer else None,
            address=self._open_json(r.address),
        )


def _select() -> Any:
    return select(
        Request.number,
        Request.conversation_id,
        Request.question,
        Request.why,
        Request.urgent,
        Request.status,
        Request.created_at,
        Request.closed_at,
        Request.answer,
        Conversation.address,
    ).join(Conversation, Conversation.id == Request.conversation_id)
