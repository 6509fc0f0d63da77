"""One row of the table as an entry for the ledger, or the reasons why it is none; no I/O."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from bot.ledger import casenumber, cells, identity
from bot.ledger.columns import REQUIRED, Line, Words
from bot.ledger.courts import Courts
from bot.ledger.model import (
    Broken,
    NewCase,
    NewParty,
    ObligationKind,
    PartyKind,
    Planned,
    SpecialSubject,
    Stage,
    TitleKind,
    check_plan,
)

T = TypeVar("T")
_LONGEST = {"cause": 120, "series": 64, "tribunal": 64, "mediator": 64, "responsible": 64, "label": 80, "act": 500}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell of one row; `code` is a key below `ledger.wrong`."""

    row: int
    column: str
    code: str
    params: dict[str, object]


@dataclass(frozen=True, slots=True)
class Entry:
    """A checked row. `given` names the columns that were filled in: the others change nothing."""

    row: int
    given: frozenset[str]
    case: NewCase
    debtor: NewParty
    co_debtors: tuple[NewParty, ...]  # who answer for the same obligation together with the debtor
    creditors: tuple[NewParty, ...]
    label: str
    kind: ObligationKind
    plan: tuple[Planned, ...]
    act: str | None
    paid: int  # 分, performed before it came here
    paid_on: date | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes an obligation the same one: case number, debtor, label."""
        return (self.case.number, self.debtor.name, self.label)


class Check:
    """Reads one row after the other; every problem of a row is told, not only the first."""

    def __init__(self, words: Words, courts: Courts, today: date, label: str) -> None:
        self._words, self._courts, self._today, self._label = words, courts, today, label

    def __call__(self, line: Line) -> Entry | list[Problem]:
        """The entry of a row, or what is wrong with it."""
        reading = _Reading(line, self._words, self._courts, self._today)
        entry = reading.entry(self._label)
        return entry if entry is not None and not reading.problems else reading.problems


class _Reading:
    """The reading of one row."""

    def __init__(self, line: Line, words: Words, courts: Courts, today: date) -> None:
        self.problems: list[Problem] = []
        self._line, self._words, self._courts, self._today = line, words, courts, today

    def entry(self, label: str) -> Entry | None:
        failed = [c for c, cell in self._line.cells.items() if cell in cells.ERRORS]
        self.problems += [Problem(self._line.row, c, "cell_error", {"text": self._line.cells[c]}) for c in failed]
        for column in REQUIRED:
            if column not in self._line.cells:
                self._wrong(column, Broken("required"))
        case = self._case()
        debtor, co_debtors, creditors = self._debtor(), self._people("co_debtor"), self._people("creditor")
        kind = ObligationKind(self._option("kind") or ObligationKind.MONEY)
        plan = self._plan(kind)
        act = self._text("act")
        if kind is ObligationKind.ACT and not act:
            self._wrong("act", Broken("required"))
        paid = self._read("paid", cells.amount) or 0
        paid_on = self._read("paid_on", cells.day)
        if paid_on and paid_on > self._today:
            self._wrong("paid_on", Broken("day_to_come", day=paid_on))
        name = unicodedata.normalize("NFKC", self._text("label") or label)
        if case is None or debtor is None or not creditors or not plan:
            return None
        if {debtor.name, *(c.name for c in co_debtors)} & {c.name for c in creditors}:
            self._wrong("creditor", Broken("same_side"))
        if debtor.name in {c.name for c in co_debtors}:
            self._wrong("co_debtor", Broken("co_debtor_twice"))
        given = frozenset(self._line.cells)
        return Entry(self._line.row, given, case, debtor, co_debtors, creditors, name, kind, plan, act, paid, paid_on)

    def _case(self) -> NewCase | None:
        court = self._read("court", lambda c: self._courts.find(cells.text(c)))
        title = TitleKind(self._option("title") or TitleKind.JUDGMENT)
        number = self._read("number", lambda c: casenumber.normalise(cells.text(c), self._today.year, title))
        special = self._option("special")
        stage = Stage(self._option("stage") or Stage.BEFORE)
        filed_on = self._read("filed_on", cells.day)
        if filed_on and filed_on > self._today:
            self._wrong("filed_on", Broken("day_to_come", day=filed_on))
        wage, livelihood = self._flag("wage"), self._flag("livelihood")
        texts = {c: self._text(c) for c in ("cause", "series", "tribunal", "mediator", "responsible")}
        if court is None or number is None:
            return None
        return NewCase(
            court=court,
            number=number,
            title=title,
            cause=texts["cause"] or "",
            stage=stage,
            wage=wage,
            livelihood=livelihood,
            special=SpecialSubject(special) if special else None,
            series=texts["series"],
            tribunal=texts["tribunal"],
            mediator=texts["mediator"],
            responsible=texts["responsible"],
            filed_on=filed_on,
        )

    def _debtor(self) -> NewParty | None:
        kind = PartyKind(self._option("debtor_kind") or PartyKind.PERSON)
        name = self._read("debtor", lambda c: _named(cells.single(c), kind))
        number = self._read("debtor_number", lambda c: identity.number(cells.exact(c), kind))
        phone = self._read("debtor_phone", lambda c: identity.phone(cells.text(c)))
        return NewParty(name, kind, number, phone) if name else None

    def _people(self, side: str) -> tuple[NewParty, ...]:
        """The people in one cell, their numbers in the same order in another."""
        kind = PartyKind(self._option(f"{side}_kind") or PartyKind.PERSON)
        names = self._read(side, lambda c: [_named(n, kind) for n in cells.several(c)]) or []
        numbers = self._read(f"{side}_number", lambda c: self._numbers(c, kind, len(names))) or []
        phone = self._read(f"{side}_phone", lambda c: identity.phone(cells.text(c)))
        if phone and len(names) > 1:
            self._wrong(f"{side}_phone", Broken("phone_one"))
        padded: list[str | None] = [*numbers, *[None] * (len(names) - len(numbers))]
        return tuple(NewParty(n, kind, number, phone) for n, number in zip(names, padded, strict=False))

    @staticmethod
    def _numbers(cell: cells.Cell, kind: PartyKind, wanted: int) -> list[str]:
        found = cells.several(cells.exact(cell))
        if len(found) != wanted:
            raise Broken("number_count")
        return [identity.number(n, kind) for n in found]

    def _plan(self, kind: ObligationKind) -> tuple[Planned, ...]:
        due = self._read("due", cells.day)
        if kind is ObligationKind.ACT:
            if "due" not in self._line.cells:
                self._wrong("due", Broken("required"))
            return (Planned(0, due),) if due else ()
        amount = self._read("amount", cells.amount)
        if "amount" not in self._line.cells:
            self._wrong("amount", Broken("required"))
        elif amount == 0:
            self._wrong("amount", Broken("amount_positive"))
        if "plan" in self._line.cells:
            return self._instalments(amount)
        if "due" not in self._line.cells:
            self._wrong("due", Broken("required"))
        return (Planned(amount, due),) if amount and due else ()

    def _instalments(self, amount: int | None) -> tuple[Planned, ...]:
        if "due" in self._line.cells:
            self._wrong("due", Broken("plan_and_due"))
        plan = self._read("plan", cells.plan)
        if not plan or amount is None:
            return ()
        try:
            _check_sum(plan, amount)
        except Broken as problem:
            self._wrong("plan", problem)
            return ()
        return plan

    def _option(self, column: str) -> str | None:
        word = unicodedata.normalize("NFKC", cells.text(self._line.cells.get(column)))
        if not word:
            return None
        code = self._words.code(column, cells.text(self._line.cells[column])) or self._words.code(column, word)
        if code is None:
            self._wrong(column, Broken("option", text=word[:40], options="、".join(self._words.options[column])))
        return code

    def _flag(self, column: str) -> bool:
        word = cells.text(self._line.cells.get(column))
        value = self._words.truth(word) if word else False
        if value is None:
            self._wrong(column, Broken("option", text=word[:40], options="、".join(self._words.options[column])))
        return bool(value)

    def _text(self, column: str) -> str | None:
        found = cells.text(self._line.cells.get(column))
        if len(found) > _LONGEST[column]:
            self._wrong(column, Broken("long", most=_LONGEST[column]))
        return found or None

    def _read(self, column: str, read: Callable[[cells.Cell], T]) -> T | None:
        if column not in self._line.cells:
            return None
        try:
            return read(self._line.cells[column])
        except Broken as problem:
            self._wrong(column, problem)
            return None

    def _wrong(self, column: str, problem: Broken) -> None:
        if self._line.cells.get(column) in cells.ERRORS:  # whatever else is wrong with it follows from that
            return
        self.problems.append(Problem(self._line.row, column, problem.code, problem.params))


def _named(found: str, kind: PartyKind) -> str:
    name = identity.name(found)
    identity.remarks(name, kind)
    return name


def _check_sum(plan: tuple[Planned, ...], amount: int) -> None:
    check_plan(ObligationKind.MONEY, plan)
    planned = sum(p.amount for p in plan)
    if planned != amount:
        raise Broken("plan_sum", plan=cells.yuan(planned), amount=cells.yuan(amount))
