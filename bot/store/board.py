"""The queries behind today's board: each pile counted and its first rows read, within the courts of one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select

from bot.store import reception_tables as desk
from bot.store.base import Rows
from bot.store.ledger_tables import Case, Instalment, Obligation, Payment, Promise
from bot.store.reach_tables import PartyMessage
from bot.store.reception import Scope, in_scope
from bot.store.reception_rows import BoardRow
from bot.store.reminder_tables import Delivery, Task

ITEMS = 20  # rows of a pile that are shown
PROMISED = timedelta(days=7)  # so long a promise whose day has come stays on the board
BROKEN = ("unreachable", "unknown", "failed")  # kinds of tasks about messages that did not arrive


@dataclass(frozen=True, slots=True)
class BoardDays:
    """The days and moments by which the piles are cut."""

    today: date
    warn: date  # until when a limit counts as near
    quiet_since: datetime  # a debtor from whom nothing was heard since a reminder before that moment is silent


class BoardRows(Rows):
    """Today's piles: for each the number of rows, and the first of them."""

    async def _pile(self, query: Any, order: tuple[Any, ...]) -> tuple[int, list[BoardRow]]:
        """Count and read; `query` gives id, court, label, case number, day, moment, sum, obligation, case, and a sealed name if any."""
        rows = list(await self._connection.execute(query.order_by(*order).limit(ITEMS)))
        count = len(rows)
        if count == ITEMS:
            counted = select(func.count()).select_from(query.order_by(None).subquery())
            count = int((await self._connection.execute(counted)).scalar_one())
        return count, [BoardRow(*row[:9], *(self._vault.open(sealed) for sealed in row[9:])) for row in rows]

    async def instalments(
        self, courts: Scope, since: date | None, until: date
    ) -> tuple[int, list[BoardRow]]:
        """What was asked for between two days (included) and is not performed, ended or disputed."""
        i, o, c = Instalment, Obligation, Case
        query = (
            select(
                i.id,
                c.court,
                o.label,
                c.number,
                i.expected_on,
                literal(None),
                i.amount - i.settled,
                o.id,
                c.id,
            )
            .join(o, o.id == i.obligation_id)
            .join(c, c.id == o.case_id)
            .where(_unmet(), i.expected_on <= until, *in_scope(c.court, courts))
        )
        if since is not None:
            query = query.where(i.expected_on >= since)
        return await self._pile(query, (i.expected_on, i.id))

    async def silent(self, courts: Scope, days: BoardDays) -> tuple[int, list[BoardRow]]:
        """Overdue obligations of which the debtor was reminded some time ago, and has said nothing since."""
        i, o, c = Instalment, Obligation, Case
        reminded = (
            select(Delivery.obligation_id, func.max(Delivery.claimed_at).label("at"))
            .where(Delivery.status == "sent", Delivery.obligation_id.is_not(None))
            .group_by(Delivery.obligation_id)
            .subquery()
        )
        heard = (
            select(PartyMessage.message_id)
            .where(
                PartyMessage.obligation_id == o.id,
                PartyMessage.external_id.is_not(None),
                PartyMessage.at >= reminded.c.at,
            )
            .exists()
        )
        first = (
            select(i.obligation_id, func.min(i.expected_on).label("day"))
            .where(_open_instalment(), i.expected_on < days.today)
            .group_by(i.obligation_id)
            .subquery()
        )
        query = (
            select(
                o.id,
                c.court,
                o.label,
                c.number,
                first.c.day,
                reminded.c.at,
                o.amount - o.settled,
                o.id,
                c.id,
            )
            .join(reminded, reminded.c.obligation_id == o.id)
            .join(first, first.c.obligation_id == o.id)
            .join(c, c.id == o.case_id)
            .where(
                o.ended_on.is_(None),
                o.disputed.is_(False),
                o.performed_on.is_(None),
                reminded.c.at < days.quiet_since,
                ~heard,
                *in_scope(c.court, courts),
            )
        )
        return await self._pile(query, (first.c.day, o.id))

    async def promises(self, courts: Scope, today: date) -> tuple[int, list[BoardRow]]:
        """Promises whose day is today or within the week before, with something still owed."""
        p, o, c = Promise, Obligation, Case
        query = (
            select(p.id, c.court, o.label, c.number, p.promised_on, literal(None), p.amount, o.id, c.id)
            .join(o, o.id == p.obligation_id)
            .join(c, c.id == o.case_id)
            .where(
                p.withdrawn.is_(False),
                p.promised_on <= today,
                p.promised_on >= today - PROMISED,
                o.performed_on.is_(None),
                o.ended_on.is_(None),
                *in_scope(c.court, courts),
            )
        )
        return await self._pile(query, (p.promised_on, p.id))

    async def proofs(self, courts: Scope) -> tuple[int, list[BoardRow]]:
        """Payments that somebody has reported and nobody has verified."""
        p, o, c = Payment, Obligation, Case
        query = (
            select(p.id, c.court, o.label, c.number, p.paid_on, p.reported_at, p.amount, o.id, c.id)
            .join(o, o.id == p.obligation_id)
            .join(c, c.id == o.case_id)
            .where(p.status == "reported", *in_scope(c.court, courts))
        )
        return await self._pile(query, (p.id,))

    async def petitions(self, courts: Scope, warn: date) -> tuple[int, list[BoardRow]]:
        """Petitions near or past their day."""
        t = desk.Petition
        query = select(
            t.number, t.court, t.kind, func.coalesce(t.case_number, ""), t.due_on, t.opened_at, literal(0),
            literal(None), literal(None), t.name,
        ).where(t.status == "open", t.due_on <= warn, *in_scope(t.court, courts))  # fmt: skip
        return await self._pile(query, (t.due_on, t.number))

    async def nodes(self, courts: Scope, warn: date) -> tuple[int, list[BoardRow]]:
        """Nodes of case flow near or past their limit."""
        n, c = desk.FlowNode, Case
        query = (
            select(n.number, n.court, n.node, c.number, n.limit_on, literal(None), literal(0), literal(None), c.id)
            .join(c, c.id == n.case_id)
            .where(n.finished_on.is_(None), n.limit_on <= warn, *in_scope(n.court, courts))
        )
        return await self._pile(query, (n.limit_on, n.number))

    async def follow_ups(self, courts: Scope, today: date) -> tuple[int, list[BoardRow]]:
        """Follow-ups that are due."""
        f, c = desk.FollowUp, Case
        query = (
            select(f.number, f.court, f.cause, c.number, f.due_on, literal(None), literal(0), f.obligation_id, c.id)
            .join(c, c.id == f.case_id)
            .where(f.status == "open", f.due_on <= today, *in_scope(f.court, courts))
        )
        return await self._pile(query, (f.due_on, f.number))

    async def broken(self, courts: Scope) -> tuple[int, list[BoardRow]]:
        """Open tasks about messages that did not arrive, or of which nobody knows."""
        t, c = Task, Case
        query = (
            select(t.number, c.court, t.kind, c.number, literal(None), t.created_at, literal(0), t.obligation_id, c.id)
            .outerjoin(c, c.id == t.case_id)
            .where(t.status == "open", t.kind.in_(BROKEN))
        )
        if courts is not None:
            query = query.where(*in_scope(c.court, courts))
        return await self._pile(query, (t.number,))

    async def figures(self, courts: Scope) -> Mapping[str, int]:
        """How much stands open at all: obligations that are neither performed nor ended."""
        o, c = Obligation, Case
        query = (
            select(func.count())
            .select_from(o)
            .join(c, c.id == o.case_id)
            .where(o.performed_on.is_(None), o.ended_on.is_(None), *in_scope(c.court, courts))
        )
        return {"open": int((await self._connection.execute(query)).scalar_one())}


def _open_instalment() -> ColumnElement[bool]:
    return and_(Instalment.done_on.is_(None), Instalment.dropped.is_(False))


def _unmet() -> ColumnElement[bool]:
    return and_(_open_instalment(), Obligation.ended_on.is_(None), Obligation.disputed.is_(False))
