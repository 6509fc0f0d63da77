"""What the lines of the audit log are about: the number of a case, or the name of a party, for each object."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, or_, select

from bot.store.base import Rows
from bot.store.ledger_tables import Case, CaseParty, Instalment, Obligation, Party, Payment
from bot.store.reach_tables import Certificate
from bot.store.reception_tables import FlowNode, FollowUp, NotaryAssist, Petition
from bot.store.reminder_tables import Delivery, Task
from bot.store.settlement_tables import Negotiation
from bot.store.staff_rows import AuditRow
from bot.store.staff_tables import AuditEntry

ROUND = str.maketrans("()〔〕[]【】", "（）（）（）（）")  # a case number is stored with these brackets


def _of(key: Any, *joins: ColumnElement[bool], number: Any = Case.number, court: Any = Case.court) -> Select[Any]:
    return select(key.label("key"), number.label("number"), court.label("court")).where(*joins)


_OF_OBLIGATION = (Obligation.case_id == Case.id,)
# The case that an object belongs to, by the word under which the log keeps it.
_CASES: Mapping[str, Select[Any]] = {
    "case": _of(Case.id),
    "obligation": _of(Obligation.id, *_OF_OBLIGATION),
    "transcript": _of(Obligation.id, *_OF_OBLIGATION),
    "payment": _of(Payment.id, Payment.obligation_id == Obligation.id, *_OF_OBLIGATION),
    "proof": _of(Payment.id, Payment.obligation_id == Obligation.id, *_OF_OBLIGATION),
    "instalment": _of(Instalment.id, Instalment.obligation_id == Obligation.id, *_OF_OBLIGATION),
    "certificate": _of(Certificate.number, Certificate.obligation_id == Obligation.id, *_OF_OBLIGATION),
    "settlement": _of(Negotiation.id, Negotiation.case_id == Case.id),
    "task": _of(Task.number, Task.case_id == Case.id),
    "delivery": _of(Delivery.id, Delivery.case_id == Case.id),
    "node": _of(FlowNode.number, FlowNode.case_id == Case.id),
    "notary": _of(NotaryAssist.number, NotaryAssist.case_id == Case.id),
    "follow_up": _of(FollowUp.number, FollowUp.case_id == Case.id),
    "party": _of(CaseParty.party_id, CaseParty.case_id == Case.id),
    "petition": _of(Petition.number, number=Petition.case_number, court=Petition.court),
}
_NAMES = select(Party.id.label("key"), Party.name.label("number"))  # sealed
_LONGEST = 19  # digits: no id has as many
_WORDS = {"certificate"}  # objects whose key is no number


def number_part(text: str) -> str:
    """A case number, or a part of one, with the widths and brackets in which it is stored."""
    return "".join(unicodedata.normalize("NFKC", text).split()).translate(ROUND)


def of_case(text: str) -> ColumnElement[bool]:
    """Whether a line of the log is about a case with that in its number."""
    part = number_part(text)
    found = [and_(AuditEntry.object == "case", AuditEntry.object_id.contains(part, autoescape=True))]
    for name, query in _CASES.items():
        cases = query.subquery()
        keys = select(cast(cases.c.key, String)).where(cases.c.number.contains(part, autoescape=True))
        found.append(and_(AuditEntry.object == name, AuditEntry.object_id.in_(keys)))
    return or_(*found)


class AuditedRows(Rows):
    """Reads what the log speaks of; changes nothing."""

    async def court_of(self, name: str, key: str, courts: frozenset[str] | None) -> str | None:
        """The court whose affair an object is, one of these if it stands in cases of several; None for what has none."""
        query = _CASES.get(name)
        if query is None:
            return None
        table = query.subquery()
        if name == "case" and not key.isdecimal():
            own = table.c.number == key
        elif name in _WORDS or (key.isdecimal() and len(key) < _LONGEST):
            own = table.c.key == (key if name in _WORDS else int(key))
        else:
            return None
        wanted = select(table.c.court).where(own)
        if courts is not None:
            wanted = wanted.where(table.c.court.in_(sorted(courts)))
        return (await self._connection.execute(wanted.limit(1))).scalar_one_or_none()

    async def about(self, rows: Iterable[AuditRow]) -> dict[tuple[str, str], str]:
        """The case number, or of a party the name, by object and key; what has none is left out."""
        keys: dict[str, set[str]] = {}
        for row in rows:
            keys.setdefault(row.object, set()).add(row.object_id)
        found: dict[tuple[str, str], str] = {}
        for name, wanted in keys.items():
            query = _NAMES if name == "party" else _CASES.get(name)
            if query is None:
                continue
            table = query.subquery()
            good = [k if name in _WORDS else int(k) for k in wanted if name in _WORDS or (k.isdecimal() and len(k) < _LONGEST)]
            for row_found in await self._connection.execute(select(table).where(table.c.key.in_(good))):
                number = row_found.number
                found[name, str(row_found.key)] = self._vault.open(number) if name == "party" else number or ""
        return found
