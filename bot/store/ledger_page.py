"""Pages of the ledger and of the tasks: filtered, sorted, counted and cut in SQL, for tables that scroll."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from bot.core.ids import first_at
from bot.store.audited import number_part
from bot.store.base import Rows
from bot.store.ledger_tables import Case, CaseParty, Instalment, Obligation, ObligationParty, Party, Payment, Promise
from bot.store.reach_tables import PartyMessage
from bot.store.reminder_rows import TaskRow
from bot.store.reminder_tables import Task

MOST = 500  # rows of one page
MOST_NAMES = 20_000  # people whose names are opened to find a part of one
_BEGINS_NUMBER = re.compile(r"\(?\d")  # as a case number does, and no name


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which obligations a table shows, in which order; what is None or empty does not filter.

    `status` holds values of `bot.ledger.model.Status`. `silent_since` keeps those that are still open and
    from whose parties nothing was heard since that moment. `text` is part of a case number, or of the name
    of a party in the form in which names are stored. `responsible` "" means nobody.
    """

    court: str | None = None
    status: frozenset[str] = frozenset()
    due_from: date | None = None
    due_to: date | None = None
    overdue: bool | None = None
    silent_since: datetime | None = None
    responsible: str | None = None
    priority: bool | None = None  # wages and other matters of livelihood
    special: bool | None = None
    stage: str | None = None
    series: str | None = None
    settlement: str | None = None
    reported: bool | None = None  # somebody says that they have paid, and nobody has looked yet
    promised_from: date | None = None  # somebody promised to pay on a day from this one
    promised_to: date | None = None  # up to this one; both or none
    text: str = ""
    sort: str = "next_due"  # a key of ORDERS
    descending: bool = False
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the table. Sums in 分; `heard_at` is when a party last said something about it."""

    obligation_id: int
    case_id: int
    number: str
    court: str
    title: str
    cause: str
    stage: str
    wage: bool
    livelihood: bool
    special: str | None
    series: str | None
    debtor_id: int
    label: str
    kind: str
    amount: int
    settled: int
    settlement: str
    next_due: date | None
    performed_on: date | None
    responsible: str | None
    updated_at: datetime
    status: str
    debtor: str = ""
    overdue: int = 0
    heard_at: datetime | None = None

    @property
    def balance(self) -> int:
        """What is still owed, in 分."""
        return self.amount - self.settled


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTasks:
    """Which tasks a list shows; urgent matters (wages, livelihood) first, then by number."""

    kind: str | None = None
    responsible: str | None = None
    court: str | None = None
    open: bool = True
    late_by: datetime | None = None  # only those whose time was up at that moment
    obligation_id: int | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ObligationPage:
    """Some obligations, and how many there are in all.

    `whole_names` tells that there were too many people to open their names: only whole names were looked for.
    """

    rows: Sequence[Listed]
    count: int
    whole_names: bool = False


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Some tasks, and how many there are in all."""

    rows: Sequence[TaskRow]
    count: int
    cases: Mapping[int, str] = field(default_factory=dict)  # numbers of the cases that they are about, by id


_PRIORITY = case((Case.wage, 2), (Case.livelihood, 1), else_=0)
_RESPONSIBLE = func.coalesce(Obligation.responsible, Case.responsible)
ORDERS: Mapping[str, ColumnElement[Any]] = {
    "next_due": Obligation.next_due.expression,
    "number": Case.number.expression,
    "court": Case.court.expression,
    "amount": Obligation.amount.expression,
    "balance": (Obligation.amount - Obligation.settled).expression,
    "responsible": _RESPONSIBLE,
    "priority": _PRIORITY,
    "updated": Obligation.updated_at.expression,
}
_SHOWN = (
    "id",
    "case_id",
    "debtor_id",
    "label",
    "kind",
    "amount",
    "settled",
    "settlement",
    "next_due",
    "performed_on",
    "updated_at",
)
_OF_CASE = ("number", "court", "title", "cause", "stage", "wage", "livelihood", "special", "series")


class PageRows(Rows):
    """Reads pages; changes nothing."""

    async def obligations(self, wanted: Wanted, courts: frozenset[str] | None, today: date) -> ObligationPage:
        """A page of obligations of these courts (None: of all), and how many fit. KeyError for an unknown order."""
        o = Obligation
        conditions, whole_names = self._conditions(wanted, courts, today), False
        if text := wanted.text.strip():
            people = await self._people(text, conditions)
            whole_names = people is None
            conditions.append(self._named(text, people or []))
        order = ORDERS[wanted.sort]
        columns = [getattr(o, name) for name in _SHOWN] + [getattr(Case, name) for name in _OF_CASE]
        query = (
            select(*columns, _RESPONSIBLE.label("responsible"), _status(today).label("status"))
            .join(Case, Case.id == o.case_id)
            .where(*conditions)
            # What has no day (performed, ended) comes last, whichever way the days run.
            .order_by(order.is_(None), order.desc() if wanted.descending else order.asc(), o.id)
            .limit(min(wanted.limit, MOST))
            .offset(wanted.offset)
        )
        counting = select(func.count()).select_from(o).join(Case, Case.id == o.case_id).where(*conditions)
        count = int((await self._connection.execute(counting)).scalar_one())
        found = [_listed(r._mapping) for r in await self._connection.execute(query)]
        return ObligationPage(await self._completed(found, today), count, whole_names)

    def _conditions(self, wanted: Wanted, courts: frozenset[str] | None, today: date) -> list[ColumnElement[bool]]:
        o = Obligation
        found: list[ColumnElement[bool]] = [] if courts is None else [Case.court.in_(sorted(courts))]
        exact: list[tuple[object, ColumnElement[bool]]] = [
            (wanted.court, Case.court == wanted.court),
            (wanted.stage, Case.stage == wanted.stage),
            (wanted.series, Case.series == wanted.series),
            (wanted.settlement, o.settlement == wanted.settlement),
            (wanted.priority, _PRIORITY > 0 if wanted.priority else _PRIORITY == 0),
            (wanted.special, Case.special.is_not(None) if wanted.special else Case.special.is_(None)),
            (wanted.responsible, _RESPONSIBLE.is_not_distinct_from(wanted.responsible or None)),
        ]
        found += [condition for given, condition in exact if given is not None]
        if wanted.due_from is not None:
            found.append(o.next_due >= wanted.due_from)
        if wanted.due_to is not None:
            found.append(o.next_due <= wanted.due_to)
        if wanted.status:
            found.append(or_(*(_STATUS[s](today) for s in sorted(wanted.status))))
        if wanted.overdue is not None:
            late = _STATUS["overdue"](today)
            found.append(late if wanted.overdue else ~late)
        if wanted.reported is not None:
            found.append(_reported() if wanted.reported else ~_reported())
        if wanted.promised_from is not None and wanted.promised_to is not None:
            found += [o.performed_on.is_(None), o.ended_on.is_(None), _promised(wanted.promised_from, wanted.promised_to)]
        if wanted.silent_since is not None:
            found += [o.performed_on.is_(None), o.ended_on.is_(None), ~_heard_since(wanted.silent_since)]
        return found

    async def _people(self, text: str, conditions: Sequence[ColumnElement[bool]]) -> list[int] | None:
        """The people with that part in their names, among those whom the other filters leave; None: too many people.

        Names lie sealed, so they are opened here, in memory, and forgotten again.
        """
        part = text.casefold()
        if len(part) < 2 or not any(c.isalpha() for c in part) or _BEGINS_NUMBER.match(part):
            return []
        theirs = (
            select(ObligationParty.party_id)
            .join(Obligation, Obligation.id == ObligationParty.obligation_id)
            .join(Case, Case.id == Obligation.case_id)
            .where(*conditions)
            .distinct()
            .limit(MOST_NAMES + 1)
        )
        counting = select(func.count()).select_from(theirs.subquery())
        if int((await self._connection.execute(counting)).scalar_one()) > MOST_NAMES:
            return None
        names = (await self._connection.execute(select(Party.id, Party.name).where(Party.id.in_(theirs)))).all()
        return await asyncio.to_thread(lambda: [i for i, name in names if part in self._vault.open(name).casefold()])

    def _named(self, text: str, people: Sequence[int]) -> ColumnElement[bool]:
        """Part of a case number, the whole name of a party, or one of these people."""
        part = number_part(text)
        party = select(Party.id).where(Party.name_key == self._vault.pseudonym("party-name", text))
        of_party = ObligationParty.party_id.in_(party)
        either = or_(of_party, ObligationParty.party_id.in_(people)) if people else of_party
        return or_(
            Case.number.contains(part, autoescape=True),
            Obligation.id.in_(select(ObligationParty.obligation_id).where(either)),
        )

    async def _completed(self, rows: list[Listed], today: date) -> list[Listed]:
        """With the debtors' names, the overdue sums, and when somebody was heard: for this page only."""
        ids = [r.obligation_id for r in rows]
        names = await self._connection.execute(
            select(Party.id, Party.name).where(Party.id.in_({r.debtor_id for r in rows}))
        )
        name = {r.id: self._vault.open(r.name) for r in names}
        i, m = Instalment, PartyMessage
        late = await self._connection.execute(
            select(i.obligation_id, func.sum(i.amount - i.settled).label("late"))
            .where(i.obligation_id.in_(ids), i.expected_on < today, i.done_on.is_(None), i.dropped.is_(False))
            .group_by(i.obligation_id)
        )
        overdue = {r.obligation_id: int(r.late) for r in late}
        said = await self._connection.execute(
            select(m.obligation_id, func.max(m.at).label("at"))
            .where(m.obligation_id.in_(ids), m.external_id.is_not(None))
            .group_by(m.obligation_id)
        )
        heard = {r.obligation_id: r.at for r in said}
        return [
            replace(
                r,
                debtor=name.get(r.debtor_id, ""),
                overdue=overdue.get(r.obligation_id, 0),
                heard_at=heard.get(r.obligation_id),
            )
            for r in rows
        ]

    # -- tasks -----------------------------------------------------------------------------------

    async def tasks(self, wanted: WantedTasks, courts: frozenset[str] | None) -> TaskPage:
        """A page of tasks of these courts (None: of all), and how many fit.

        A task belongs to the court of its case, else to the courts of its party's cases; one with neither
        is seen only by those who see all courts.
        """
        conditions = _task_conditions(wanted, courts)
        joined = Task.case_id == Case.id
        query = (
            select(*(getattr(Task, f.name) for f in fields(TaskRow)), Case.number.label("case_number"))
            .outerjoin(Case, joined)
            .where(*conditions)
            .order_by(func.coalesce(_PRIORITY, 0).desc(), Task.number)
            .limit(min(wanted.limit, MOST))
            .offset(wanted.offset)
        )
        counting = select(func.count()).select_from(Task).outerjoin(Case, joined).where(*conditions)
        count = int((await self._connection.execute(counting)).scalar_one())
        found = [dict(r._mapping) for r in await self._connection.execute(query)]
        numbers = {row["case_id"]: row.pop("case_number") for row in found}
        return TaskPage([self._task(row) for row in found], count, {k: v for k, v in numbers.items() if k})

    def _task(self, mapping: Mapping[Any, Any]) -> TaskRow:
        values = dict(mapping)
        for name in ("note", "outcome"):
            values[name] = self._vault.open(values[name]) if values[name] else None
        return TaskRow(**values)


def _ended(_today: date) -> ColumnElement[bool]:
    return Obligation.ended_on.is_not(None)


def _performed(_today: date) -> ColumnElement[bool]:
    return and_(Obligation.ended_on.is_(None), Obligation.performed_on.is_not(None))


def _disputed(_today: date) -> ColumnElement[bool]:
    return and_(_going(), Obligation.disputed)


def _going() -> ColumnElement[bool]:
    return and_(Obligation.ended_on.is_(None), Obligation.performed_on.is_(None))


def _by_day(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(_going(), Obligation.disputed.is_(False), condition)


# The same precedence as `bot.ledger.model.Status`; a test compares the two for every kind of case.
_STATUS: Mapping[str, Callable[[date], ColumnElement[bool]]] = {
    "ended": _ended,
    "performed": _performed,
    "disputed": _disputed,
    "overdue": lambda today: _by_day(Obligation.next_due < today),
    "due": lambda today: _by_day(Obligation.next_due == today),
    "grace": lambda today: _by_day(and_(Obligation.next_due > today, Obligation.oldest_due <= today)),
    "open": lambda today: _by_day(and_(Obligation.next_due > today, Obligation.oldest_due > today)),
}


def _status(today: date) -> ColumnElement[str]:
    return case(*((condition(today), name) for name, condition in _STATUS.items()))


def _heard_since(moment: datetime) -> ColumnElement[bool]:
    """Whether a party said something about the obligation since then; ids grow with time."""
    m = PartyMessage
    said = select(m.message_id).where(
        m.obligation_id == Obligation.id, m.message_id >= first_at(moment), m.external_id.is_not(None)
    )
    return said.exists()


def _reported() -> ColumnElement[bool]:
    p = Payment
    return select(p.id).where(p.obligation_id == Obligation.id, p.status == "reported").exists()


def _promised(first: date, last: date) -> ColumnElement[bool]:
    p = Promise
    made = select(p.id).where(
        p.obligation_id == Obligation.id, p.withdrawn.is_(False), p.promised_on >= first, p.promised_on <= last
    )
    return made.exists()


def _task_conditions(wanted: WantedTasks, courts: frozenset[str] | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Task.status == ("open" if wanted.open else "done")]
    exact: list[tuple[object, ColumnElement[bool]]] = [
        (wanted.kind, Task.kind == wanted.kind),
        (wanted.responsible, Task.responsible == wanted.responsible),
        (wanted.court, Case.court == wanted.court),
        (wanted.obligation_id, Task.obligation_id == wanted.obligation_id),
    ]
    found += [condition for given, condition in exact if given is not None]
    if wanted.late_by is not None:
        found.append(Task.due_at <= wanted.late_by)
    if courts is not None:
        own = select(Case.id).where(Case.court.in_(sorted(courts)))
        of_party = select(CaseParty.party_id).where(CaseParty.case_id.in_(own))
        found.append(or_(Case.court.in_(sorted(courts)), and_(Task.case_id.is_(None), Task.party_id.in_(of_party))))
    return found


def _listed(mapping: Mapping[Any, Any]) -> Listed:
    values = dict(mapping)
    return Listed(obligation_id=values.pop("id"), **values)
