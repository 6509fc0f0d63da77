"""Case-flow timers: each node of a case has a limit; and notaries who help with a case (执行+公证)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.core.clock import Clock, local_day
from bot.core.privacy import mask_identifiers
from bot.reception.model import DeskError, Node
from bot.staff.audit import Audit
from bot.staff.model import Deed, Right, Role, Who
from bot.staff.service import Staff
from bot.store.ledger_rows import CaseRow
from bot.store.reception_rows import AssistRow, NodeRow
from bot.store.work import Store, Work

_LARGEST = 2**31


@dataclass(frozen=True, slots=True)
class NodeItem:
    """A node with its case; `days` it took, or has taken until today."""

    row: NodeRow
    case_number: str
    days: int
    overdue: bool


@dataclass(frozen=True, slots=True)
class NodeFigures:
    """The nodes finished in a span (平均流转天数)."""

    count: int
    average_days: float | None  # calendar days from start to finish; the same day is 0
    within: int  # finished by their limit
    open_overdue: int  # not finished today, and past their limit

    @property
    def share(self) -> float | None:
        """Finished by their limit, among those finished; None when none was."""
        return self.within / self.count if self.count else None


class Nodes:
    """The timers."""

    def __init__(self, store: Store, clock: Clock, *, audit: Audit, limit_days: int) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._limit = timedelta(days=limit_days)

    async def start(self, who: Who, case_id: int, node: Node, on: date | None = None) -> int:
        """A case comes to a node; the number of the timer. DeskError `node_runs` when it is there already."""
        who.require(Right.FLOW)
        today = local_day(self._clock.now())
        started = on or today
        if started > today:
            raise DeskError("day_to_come", day=started)
        async with self._store.work() as work:
            case = await the_case(work, who, case_id, Right.FLOW)
            if any(n.node == node for n in await work.reception.nodes(None, finished=False, case_id=case_id)):
                raise DeskError("node_runs", number=case.number)
            row = NodeRow(0, case_id, case.court, node.value, started, started + self._limit, None, who.key)
            number = await work.reception.add_numbered(row)
            await self._audit.note(work, who, Deed.CHANGED, "node", number, case.court, f"{node.value} started")
            await work.commit()
        return number

    async def finish(self, who: Who, number: int, on: date | None = None) -> None:
        """The case has left the node."""
        who.require(Right.FLOW)
        today = local_day(self._clock.now())
        finished = on or today
        async with self._store.work() as work:
            row = await work.reception.by_key(NodeRow, number) if 0 < number < _LARGEST else None
            if row is None:
                raise DeskError("no_node", number=number)
            who.require(Right.FLOW, row.court)
            if row.finished_on is not None:
                raise DeskError("done", number=number)
            if not row.started_on <= finished <= today:
                raise DeskError("day_to_come", day=finished)
            await work.reception.change(NodeRow, number, finished_on=finished, finished_by=who.key)
            await self._audit.note(work, who, Deed.CHANGED, "node", number, row.court, f"{row.node} finished")
            await work.commit()

    async def list(
        self, who: Who, *, open: bool | None = True, court: str | None = None, case_id: int | None = None
    ) -> Sequence[NodeItem]:
        """Nodes, the next at its limit first; `open` None: finished ones too."""
        who.require(Right.FLOW, court)
        finished = None if open is None else not open
        async with self._store.work(read_only=True) as work:
            rows = await work.reception.nodes(who.courts, finished=finished, court=court, case_id=case_id)
            cases = {c.id: c.number for c in await work.ledger.cases(ids={r.case_id for r in rows})}
        return [self._item(r, cases.get(r.case_id, "")) for r in rows]

    async def overdue(self, who: Who) -> Sequence[NodeItem]:
        """Nodes past their limit that are not finished."""
        return [n for n in await self.list(who) if n.overdue]

    def _item(self, row: NodeRow, case_number: str) -> NodeItem:
        until = row.finished_on or local_day(self._clock.now())
        return NodeItem(row, case_number, (until - row.started_on).days, until > row.limit_on)

    async def figures(self, who: Who, court: str | None, first: date, last: date) -> NodeFigures:
        """The nodes finished from the first day to the last."""
        who.require(Right.SEE_REPORT, court)
        today = local_day(self._clock.now())
        async with self._store.work(read_only=True) as work:
            rows = await work.reception.nodes(
                who.courts, finished=True, court=court, done=(first, last), limit=1_000_000
            )
            late = await work.reception.nodes(
                who.courts, finished=False, court=court, limit_until=today - timedelta(days=1), limit=1_000_000
            )
        days = [(r.finished_on - r.started_on).days for r in rows if r.finished_on]
        within = sum(1 for r in rows if r.finished_on and r.finished_on <= r.limit_on)
        return NodeFigures(len(rows), sum(days) / len(days) if days else None, within, len(late))


class Notaries:
    """Which notary helps with which case."""

    def __init__(self, store: Store, clock: Clock, *, staff: Staff, audit: Audit) -> None:
        self._store = store
        self._clock = clock
        self._staff = staff
        self._audit = audit

    async def assign(self, who: Who, case_id: int, account: int, note: str = "") -> int:
        """A notary of the staff helps with a case from now on; the number of the assignment."""
        who.require(Right.ASSIGN_NOTARY)
        async with self._store.work() as work:
            case = await the_case(work, who, case_id, Right.ASSIGN_NOTARY)
            target = await self._staff.account(work, account)
            if Role.NOTARY not in target.roles or not target.sees(case.court):
                raise DeskError("no_notary", name=target.name)
            if await work.reception.assists(None, account=account, case_id=case_id):
                raise DeskError("assigned", name=target.name)
            row = AssistRow(
                0, case_id, case.court, account, mask_identifiers(note.strip()) or None, self._clock.now(), who.key
            )
            number = await work.reception.add_numbered(row)
            await self._audit.note(work, who, Deed.CHANGED, "notary", number, case.court, f"assigned {account}")
            await work.commit()
        return number

    async def end(self, who: Who, number: int) -> None:
        """The notary's help is over."""
        who.require(Right.ASSIGN_NOTARY)
        async with self._store.work() as work:
            row = await work.reception.by_key(AssistRow, number) if 0 < number < _LARGEST else None
            if row is None:
                raise DeskError("no_assist", number=number)
            who.require(Right.ASSIGN_NOTARY, row.court)
            await work.reception.change(AssistRow, number, ended_at=row.ended_at or self._clock.now())
            await self._audit.note(work, who, Deed.CHANGED, "notary", number, row.court, "ended")
            await work.commit()

    async def list(
        self, who: Who, *, running: bool = True, case_id: int | None = None
    ) -> Sequence[tuple[AssistRow, str, str]]:
        """Assignments with the case's number and the notary's name; a notary sees their own."""
        who.require(Right.SEE_LEDGER)
        own = who.account if who.roles == {Role.NOTARY} else None
        async with self._store.work(read_only=True) as work:
            rows = await work.reception.assists(who.courts, account=own, case_id=case_id, running=running)
            cases = {c.id: c.number for c in await work.ledger.cases(ids={r.case_id for r in rows})}
            names = await self._staff.names(work)
        return [(replace(r), cases.get(r.case_id, ""), names.get(r.account, "")) for r in rows]


async def the_case(work: Work, who: Who, case_id: int, right: Right) -> CaseRow:
    """A case of a court in which this person has the right. DeskError `no_case`, Forbidden."""
    who.require(right)
    case = await work.ledger.case(case_id)
    if case is None:
        raise DeskError("no_case")
    who.require(right, case.court)
    return case
