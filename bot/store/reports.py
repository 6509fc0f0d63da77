"""The rows behind the figures of a month; each query gives what one figure counts, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal, null, or_, select
from sqlalchemy.orm import aliased

from bot.core.clock import local_day
from bot.store.base import Rows
from bot.store.ledger_tables import Case, Obligation, Payment
from bot.store.reception_tables import FlowNode, FollowUp, Intake, NotaryAssist, Petition, Ticket
from bot.store.reminder_tables import Delivery
from bot.store.settlement_tables import Negotiation
from bot.store.tables import Message

_ENFORCEMENT = "%执%"
_NOT_FIRST = ("%执恢%", "%执异%", "%执复%", "%保%", "%执监%", "%执督%", "%执他%", "%执协%")


@dataclass(frozen=True, slots=True)
class Span:
    """A span of days in Shanghai, as days and as moments; the end is not in it."""

    first: date
    after: date
    begin: datetime
    end: datetime

    def years(self) -> Iterator[Span]:
        """The parts of it that lie in one year each."""
        first, begin = self.first, self.begin
        while first < self.after:
            after = min(self.after, date(first.year + 1, 1, 1))
            end = self.end if after == self.after else datetime(after.year, 1, 1, tzinfo=self.begin.tzinfo)
            yield Span(first, after, begin, end)
            first, begin = after, end


@dataclass(frozen=True, slots=True)
class Fact:
    """One row that a figure counts. `amount` in 分 or days, as the figure says.

    `label` is the number of the case, where there is one; `about` says what of it: the topic, the kind, the
    number in the queue, the obligation, the node. `page` is the id of what the row leads to.
    """

    id: int
    court: str | None
    on: date | datetime | None
    amount: int
    label: str
    about: str
    page: int


_NOTHING = literal(0)
_NO_WORDS = literal("")


def _select(
    key: Any, court: Any, on: Any, amount: Any, label: Any, *where: ColumnElement[bool], about: Any = _NO_WORDS, page: Any = None
) -> Select[Any]:
    columns = {"id": key, "court": court, "on": on, "amount": amount, "label": label, "about": about,
               "page": key if page is None else page}
    return select(*(column.label(name) for name, column in columns.items())).where(*where)


def _days(column: Any, span: Span) -> ColumnElement[bool]:
    return and_(column >= span.first, column < span.after)


def _moments(column: Any, span: Span) -> ColumnElement[bool]:
    return and_(column >= span.begin, column < span.end)


def _asked(span: Span, *decisions: str) -> Select[Any]:
    edit = aliased(Message)  # a question that was edited is one question: as it stands now
    replaced = select(edit.id).where(
        edit.conversation_id == Message.conversation_id,
        edit.external_id == Message.external_id,
        edit.direction == "in",
        edit.version > Message.version,
    )
    return _select(
        Message.id, null(), Message.at, _NOTHING, _NO_WORDS,
        Message.direction == "in", Message.decision.in_(decisions), _moments(Message.at, span), ~replaced.exists(),
        about=func.coalesce(Message.topic, ""),
    )


def _rated(span: Span, value: int) -> Select[Any]:
    return _select(
        Message.id, null(), Message.at, _NOTHING, _NO_WORDS,
        Message.feedback == value, _moments(Message.at, span),
        about=func.coalesce(Message.topic, ""),
    )


def _tickets(span: Span, column: Any, *where: ColumnElement[bool]) -> Select[Any]:
    return _select(Ticket.number, Ticket.court, column, _NOTHING, _NO_WORDS, _moments(column, span), *where)


def _cases(span: Span, *where: ColumnElement[bool]) -> Select[Any]:
    return _select(Case.id, Case.court, Case.created_at, _NOTHING, Case.number, _moments(Case.created_at, span), *where)


def _first_enforcement(span: Span) -> Select[Any]:
    others = [Case.number.not_like(pattern) for pattern in _NOT_FIRST]
    # Without its day of filing a case counts when it came into the ledger, unless its number is of another year.
    undated = [
        and_(_moments(Case.created_at, part), Case.number.like(f"（{part.first.year}）{_ENFORCEMENT}"))
        for part in span.years()
    ]
    # With that day it counts under the number of its title too: that is how it was registered before it was filed.
    filed = or_(_days(Case.filed_on, span), and_(Case.filed_on.is_(None), or_(*undated)))
    return _select(
        Case.id, Case.court, Case.filed_on, _NOTHING, Case.number, filed, Case.stage != "before", *others,
    )


def _urged(span: Span) -> Select[Any]:
    before = aliased(Delivery)
    earlier = select(before.id).where(
        before.obligation_id == Delivery.obligation_id, before.status == "sent", before.settled_at < span.begin
    )
    first = (
        select(Delivery.obligation_id, func.min(Delivery.settled_at).label("at"))
        .where(Delivery.status == "sent", _moments(Delivery.settled_at, span), ~earlier.exists())
        .group_by(Delivery.obligation_id)
        .subquery()
    )
    return _select(
        Obligation.id, Case.court, first.c.at, Obligation.amount, Case.number,
        Obligation.id == first.c.obligation_id, Obligation.case_id == Case.id, about=Obligation.label,
    )


def _before_enforcement() -> ColumnElement[bool]:
    """Performed before it was enforced, whatever has become of the case since: a month that was reported stays as it was."""
    never = and_(Case.stage == "closed", Case.filed_on.is_(None), Case.number.not_like(_ENFORCEMENT))
    return or_(Case.stage == "before", Case.filed_on > Obligation.performed_on, never)


def _performed(span: Span, *where: ColumnElement[bool]) -> Select[Any]:
    return _select(
        Obligation.id, Case.court, Obligation.performed_on, Obligation.amount, Case.number,
        _days(Obligation.performed_on, span), Obligation.case_id == Case.id, *where, about=Obligation.label,
    )


def _after_urging(span: Span) -> Select[Any]:
    urged = select(Delivery.obligation_id).where(Delivery.status == "sent", Delivery.obligation_id == Obligation.id)
    return _performed(span, urged.exists())


def _paid(span: Span, *where: ColumnElement[bool]) -> Select[Any]:
    # What was paid before each payment, as `allocate` orders them: what goes beyond the sum that is owed does not count.
    before = aliased(Payment)
    first = or_(before.paid_on < Payment.paid_on, and_(before.paid_on == Payment.paid_on, before.id < Payment.id))
    earlier = (
        select(func.coalesce(func.sum(before.amount), 0))
        .where(before.obligation_id == Payment.obligation_id, before.status == "verified", first)
        .scalar_subquery()
    )
    left = Obligation.amount - earlier
    counted = case((left <= 0, 0), (Payment.amount > left, left), else_=Payment.amount)
    return _select(
        Payment.id, Case.court, Payment.paid_on, counted, Case.number,
        _days(Payment.paid_on, span), Payment.status == "verified", Payment.obligation_id == Obligation.id,
        Obligation.case_id == Case.id, *where,
        about=Obligation.label, page=Obligation.id,
    )


def _settled(span: Span, column: Any, stage: str, *where: ColumnElement[bool]) -> Select[Any]:
    return _select(
        Negotiation.id, Case.court, column, Negotiation.amount, Case.number,
        _moments(column, span), Negotiation.stage == stage, Negotiation.case_id == Case.id, *where,
    )


def _followed(span: Span, *where: ColumnElement[bool]) -> Select[Any]:
    return _select(
        FollowUp.number, FollowUp.court, FollowUp.made_at, _NOTHING, Case.number,
        _moments(FollowUp.made_at, span), FollowUp.case_id == Case.id, *where,
        about=FollowUp.cause, page=FollowUp.obligation_id,
    )


def _nodes(span: Span, *where: ColumnElement[bool]) -> Select[Any]:
    # What a node took is worked out from both days by whoever reads it: no two databases subtract days alike.
    return _select(
        FlowNode.number, FlowNode.court, FlowNode.finished_on, _NOTHING, Case.number,
        _days(FlowNode.finished_on, span), FlowNode.case_id == Case.id, *where, about=FlowNode.node,
    )


def _petitions(span: Span, *where: ColumnElement[bool]) -> Select[Any]:
    return _select(
        Petition.number, Petition.court, Petition.opened_at, _NOTHING, func.coalesce(Petition.case_number, ""),
        _moments(Petition.opened_at, span), *where, about=Petition.kind,
    )


def _intakes(span: Span, *where: ColumnElement[bool]) -> Select[Any]:
    return _select(
        Intake.number, Intake.court, Intake.day, _NOTHING, _NO_WORDS, _days(Intake.day, span), *where,
        about=cast(Intake.queue, String),
    )


# What each figure counts. `bot.reports.model` says how rows become a figure; docs/reports.md explains each.
FACTS: Mapping[str, Callable[[Span], Select[Any]]] = {
    "asked": lambda s: _asked(s, "answer", "clarify", "handoff"),
    "answered": lambda s: _asked(s, "answer"),
    "helpful": lambda s: _rated(s, 1),
    "unhelpful": lambda s: _rated(s, -1),
    "handed_over": lambda s: _tickets(s, Ticket.opened_at),
    "rated": lambda s: _tickets(s, Ticket.resolved_at, Ticket.rating.is_not(None)),
    "satisfied": lambda s: _tickets(s, Ticket.resolved_at, Ticket.rating == 3),
    "visits": _intakes,
    "visits_settle": lambda s: _intakes(s, Intake.next_step == "settle"),
    "visits_priority": lambda s: _intakes(s, Intake.priority.is_(True)),
    "first_enforcement": _first_enforcement,
    "priority_cases": lambda s: _cases(s, or_(Case.wage.is_(True), Case.livelihood.is_(True))),
    "urged": _urged,
    "performed": _performed,
    "performed_before": lambda s: _performed(s, _before_enforcement()),
    "performed_urged": _after_urging,
    "performed_wage": lambda s: _performed(s, Case.wage.is_(True)),
    "paid": _paid,
    "paid_third": lambda s: _paid(s, Payment.third_party.is_(True)),
    "referred_before": lambda s: _settled(s, Negotiation.referred_at, "before"),
    "settled_before": lambda s: _settled(s, Negotiation.agreed_at, "before"),
    "referred_in": lambda s: _settled(s, Negotiation.referred_at, "in"),
    "settled_in": lambda s: _settled(s, Negotiation.agreed_at, "in"),
    "settlement_broken": lambda s: _select(
        Negotiation.id, Case.court, Negotiation.broken_at, Negotiation.amount, Case.number,
        _moments(Negotiation.broken_at, s), Negotiation.case_id == Case.id,
    ),
    "follow_ups": _followed,
    "followed_up": lambda s: _followed(s, FollowUp.done_at.is_not(None)),
    "nodes": _nodes,
    "nodes_in_time": lambda s: _nodes(s, FlowNode.finished_on <= FlowNode.limit_on),
    "notary": lambda s: _select(
        NotaryAssist.number, NotaryAssist.court, NotaryAssist.assigned_at, _NOTHING, Case.number,
        _moments(NotaryAssist.assigned_at, s), NotaryAssist.case_id == Case.id,
    ),
    "petitions": _petitions,
    "petitions_answered": lambda s: _petitions(s, Petition.answered_at.is_not(None)),
}


class ReportRows(Rows):
    """Reads what figures count; changes nothing."""

    async def facts(self, name: str, span: Span, courts: frozenset[str] | None, limit: int | None = None) -> list[Fact]:
        """The rows of a figure (a key of `FACTS`) for these courts (None: all, rows without a court included)."""
        query = FACTS[name](span).subquery()
        wanted = select(query).order_by(query.c.on.desc(), query.c.id)
        if courts is not None:
            wanted = wanted.where(query.c.court.in_(sorted(courts)))
        rows = await self._connection.execute(wanted.limit(limit) if limit else wanted)
        return [Fact(r.id, r.court, r.on, r.amount or 0, r.label, r.about, r.page) for r in rows]

    async def totals(self, name: str, span: Span, courts: frozenset[str] | None) -> dict[str | None, tuple[int, int]]:
        """How many rows each court has, and the sum of their amounts."""
        query = FACTS[name](span).subquery()
        wanted = select(query.c.court, func.count(), func.coalesce(func.sum(query.c.amount), 0)).group_by(query.c.court)
        if courts is not None:
            wanted = wanted.where(query.c.court.in_(sorted(courts)))
        return {court: (int(count), int(total)) for court, count, total in await self._connection.execute(wanted)}

    async def over(
        self, name: str, span: Span, courts: frozenset[str] | None
    ) -> list[tuple[date | datetime | None, int, int]]:
        """How many rows there are of each day or moment, and the sum of their amounts."""
        query = FACTS[name](span).subquery()
        wanted = select(query.c.on, func.count(), func.coalesce(func.sum(query.c.amount), 0)).group_by(query.c.on)
        if courts is not None:
            wanted = wanted.where(query.c.court.in_(sorted(courts)))
        return [(on, int(count), int(total)) for on, count, total in await self._connection.execute(wanted)]

    async def begins(self) -> dict[str, date]:
        """The day from which on the ledger knows of each court's cases: the first filing, or the first entry."""
        query = select(Case.court, func.min(Case.filed_on), func.min(Case.created_at)).group_by(Case.court)
        rows = await self._connection.execute(query)
        return {court: min(d for d in (filed, local_day(made)) if d) for court, filed, made in rows}

    async def node_days(self, span: Span, courts: frozenset[str] | None) -> dict[str, list[int]]:
        """How many days each finished node took, by court."""
        query = select(FlowNode.court, FlowNode.started_on, FlowNode.finished_on).where(_days(FlowNode.finished_on, span))
        if courts is not None:
            query = query.where(FlowNode.court.in_(sorted(courts)))
        found: dict[str, list[int]] = {}
        for court, begun, done in await self._connection.execute(query):
            if done is not None:
                found.setdefault(court, []).append((done - begun).days)
        return found
