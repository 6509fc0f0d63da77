"""Import and export of the ledger: check, preview, write; the same file twice changes nothing.

A file is read twice, in a stream: first every row is checked and compared with the ledger, then what
is good is written, in transactions of a few hundred rows. An import that is cut off has written whole
rows; running it again finishes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from bot.core.texts import Texts
from bot.ledger import cells
from bot.ledger.columns import COLUMNS, DERIVED, EXTRA, Line, Words
from bot.ledger.entry import Check, Entry, Problem
from bot.ledger.model import Actor, Broken, ObligationKind, Planned
from bot.ledger.posting import IMPORT, Change, Kind, Posting
from bot.ledger.service import Ledger, View
from bot.ledger.sheet import FileError, Progress, Writer, digest, money, opened, writer

CHUNK = 200  # rows of one transaction: short enough that nobody else waits long for the database
SHOWN = 20  # problems and changes that a preview tells in full


@dataclass(slots=True)
class Result:
    """What an import would do, or did: rows by kind, and the first problems and changes."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    wrong: int = 0
    kept: int = 0  # rows among them of which the ledger knows something newer, which stays
    problems: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unknown: tuple[str, ...] = ()
    errors: Path | None = None  # the workbook of the rows that are wrong
    written: bool = False

    def count(self, kind: Kind) -> None:
        """Count a good row."""
        if kind is Kind.NEW:
            self.new += 1
        elif kind is Kind.CHANGED:
            self.changed += 1
        else:
            self.same += 1


class Importer:
    """Brings tables into the ledger and out of it."""

    def __init__(self, ledger: Ledger, texts: Texts, courts: frozenset[str] | None = None) -> None:
        """`courts` are those whose cases may be read and written (None: all)."""
        self._ledger, self._texts, self._courts = ledger, texts, courts
        self.words = Words(texts, ledger.courts)

    # -- import ------------------------------------------------------------------------------

    async def preview(self, path: Path, errors: Path | None = None, progress: Progress | None = None) -> Result:
        """Check every row and tell what an import would change; bad rows go to the workbook `errors`."""
        result, _ = await self._examine(path, errors, progress)
        return result

    async def run(
        self,
        path: Path,
        actor: Actor,
        *,
        only_good: bool = False,
        errors: Path | None = None,
        progress: Progress | None = None,
        writing: Progress | None = None,
    ) -> Result:
        """Import a file: nothing when a row is wrong, or with `only_good` every row that is right.

        FileError when the file cannot be read, or was changed between the check and the writing.
        """
        before = await asyncio.to_thread(digest, path)
        result, wrong = await self._examine(path, errors, progress)
        if result.wrong and not only_good:
            return result
        if await asyncio.to_thread(digest, path) != before:
            raise FileError(self._texts("ledger.file.changed", path=path))
        done = Result(rows=result.rows, wrong=result.wrong, unknown=result.unknown, errors=result.errors, written=True)
        done.problems = result.problems
        await self._write(path, wrong, actor, f"{IMPORT}{before[:12]}", done, writing)
        return done

    async def _examine(self, path: Path, errors: Path | None, progress: Progress | None) -> tuple[Result, set[int]]:
        result = Result()
        wrong: set[int] = set()
        examiner = _Examiner(self._check())
        with _refused(errors, self._texts) as refused, opened(path, self._texts) as table:
            result.unknown = table.unknown
            async for lines in _chunks(table.lines):
                good, problems = examiner.judge(lines)
                problems += await self._compare(good, result)
                for line in lines:
                    own = [p for p in problems if p.row == line.row]
                    if own:
                        wrong.add(line.row)
                        refused.add(line, own)
                result.problems += problems[: SHOWN - len(result.problems)] if len(result.problems) < SHOWN else []
                result.rows += len(lines)
                _tell(progress, result.rows, table.about)
        result.wrong = len(wrong)
        result.errors = errors if wrong else None
        return result, wrong

    def _check(self) -> Check:
        return Check(self.words, self._ledger.courts, self._ledger.today(), self._texts("ledger.label_default"))

    async def _compare(self, entries: Sequence[Entry], result: Result) -> list[Problem]:
        """Count what these entries would do; problems that only the ledger knows of."""
        problems: list[Problem] = []
        async with self._ledger.looking() as book:
            posting = await Posting.of(book, entries, dry=True, courts=self._courts)
            for entry in entries:
                try:
                    kind, changes = await posting.post(entry)
                except Broken as broken:
                    problems.append(
                        Problem(entry.row, _COLUMN_OF.get(broken.code, "number"), broken.code, broken.params)
                    )
                    continue
                result.count(kind)
                result.changes += changes[: SHOWN - len(result.changes)] if len(result.changes) < SHOWN else []
            result.kept += posting.kept
        return problems

    async def _write(
        self, path: Path, wrong: set[int], actor: Actor, why: str, done: Result, progress: Progress | None
    ) -> None:
        check, seen = self._check(), 0
        with opened(path, self._texts) as table:
            async for lines in _chunks(table.lines):
                read = [check(line) for line in lines if line.row not in wrong]
                entries = [e for e in read if isinstance(e, Entry)]
                async with self._ledger.change(actor) as book:
                    posting = await Posting.of(book, entries, why=why, courts=self._courts)
                    for entry in entries:
                        kind, changes = await posting.post(entry)
                        done.count(kind)
                        done.changes += changes[: SHOWN - len(done.changes)] if len(done.changes) < SHOWN else []
                    await posting.flush()
                    done.kept += posting.kept
                seen += len(lines)
                _tell(progress, seen, done.rows)

    # -- export ------------------------------------------------------------------------------

    async def export(
        self,
        path: Path,
        *,
        personal: bool = False,
        court: str | None = None,
        series: str | None = None,
        responsible: str | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Write the ledger in the columns of the template, and how each obligation stands. How many rows.

        Without `personal`, ID numbers and telephones stay empty; read back, empty cells change nothing.
        """
        target = writer(path, (*COLUMNS, *DERIVED), self._texts, self._texts("ledger.sheet.entries"))
        rows = 0
        try:
            async for view in self._ledger.select(court=court, series=series, responsible=responsible):
                if self._courts is not None and view.case.court not in self._courts:
                    continue
                target.write(self._cells(view, personal))
                rows += 1
                if rows % CHUNK == 0:
                    _tell(progress, rows, None)
        finally:
            await asyncio.to_thread(target.close)
        return rows

    def _cells(self, view: View, personal: bool) -> dict[str, cells.Cell]:
        return self._case_cells(view) | self._party_cells(view, personal) | self._obligation_cells(view)

    def _case_cells(self, view: View) -> dict[str, cells.Cell]:
        case, words = view.case, self.words
        return {
            "court": self._ledger.courts.name(case.court),
            "number": case.number,
            "title": words.word("title", case.title),
            "cause": case.cause,
            "stage": words.word("stage", case.stage),
            "filed_on": case.filed_on,
            "wage": words.flag(case.wage),
            "livelihood": words.flag(case.livelihood),
            "special": words.word("special", case.special),
            "series": case.series,
            "tribunal": case.tribunal,
            "mediator": case.mediator,
            "responsible": case.responsible,
        }

    def _party_cells(self, view: View, personal: bool) -> dict[str, cells.Cell]:
        debtor, others, creditors = view.debtor, view.debtors[1:], view.creditors
        values: dict[str, cells.Cell] = {
            "debtor": debtor.name,
            "debtor_kind": self.words.word("debtor_kind", debtor.kind),
            "co_debtor": "、".join(c.name for c in others),
            "co_debtor_kind": self.words.word("co_debtor_kind", others[0].kind) if others else None,
            "creditor": "、".join(c.name for c in creditors),
            "creditor_kind": self.words.word("creditor_kind", creditors[0].kind) if creditors else None,
        }
        if personal:
            values |= {"debtor_number": debtor.number, "debtor_phone": debtor.phone}
            if others and all(c.number for c in others):
                values["co_debtor_number"] = "；".join(c.number or "" for c in others)
            if all(c.number for c in creditors):
                values["creditor_number"] = "；".join(c.number or "" for c in creditors)
            if len(creditors) == 1:
                values["creditor_phone"] = creditors[0].phone
        return values

    def _obligation_cells(self, view: View) -> dict[str, cells.Cell]:
        row, stands = view.row, view.standing
        in_money = row.kind == ObligationKind.MONEY
        plan = [Planned(i.amount, i.due_on) for i in view.instalments]
        opening = Posting.opening(view.payments)
        return {
            "label": row.label,
            "kind": self.words.word("kind", row.kind),
            "amount": money(row.amount) if in_money else None,
            "due": plan[0].due_on if len(plan) == 1 else None,
            "plan": cells.written_plan(plan) if len(plan) > 1 else None,
            "act": row.act,
            "paid": money(sum(p.amount for p in opening)) if opening else None,
            "paid_on": opening[-1].paid_on if opening else None,
            "status": self._texts(f"ledger.kind_of.status.{stands.status}"),
            "settled": money(stands.settled) if in_money else None,
            "balance": money(stands.balance) if in_money else None,
            "next_due": stands.next_due,
        }


# The cell that a problem found in the ledger is about, where it is not the case number.
_COLUMN_OF = {
    "number_of_another": "debtor_number",
    "number_differs": "debtor_number",
    "kind_change": "kind",
    "amount_positive": "paid",
    "day_to_come": "paid_on",
}


# -- rows of one file against each other -------------------------------------------------------------


class _Examiner:
    """Judges rows by themselves and against those before them; keeps some sixty bytes of each."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._rows: dict[int, int] = {}
        # What was said of a case or a person: the row, then four bytes for each column (zeros: nothing).
        self._said: dict[int, bytes] = {}

    def judge(self, lines: Sequence[Line]) -> tuple[list[Entry], list[Problem]]:
        """The good entries among these rows, and the problems of the others."""
        good: list[Entry] = []
        problems: list[Problem] = []
        for line in lines:
            read = self._check(line)
            found = self._among(read) if isinstance(read, Entry) else read
            if found or not isinstance(read, Entry):
                problems += found
            else:
                good.append(read)
        return good, problems

    def _among(self, entry: Entry) -> list[Problem]:
        key = _short(*entry.key)
        if key in self._rows:
            return [Problem(entry.row, "number", "repeated", {"row": self._rows[key]})]
        problems = [p for subject in _subjects(entry) if (p := self._agrees(entry.row, *subject)) is not None]
        if not problems:
            self._rows[key] = entry.row
            for subject in _subjects(entry):
                self._remember(entry.row, *subject)
        return problems

    def _agrees(self, row: int, key: int, values: dict[str, str]) -> Problem | None:
        """A case or a person is described once: of two rows that say different things the later is refused."""
        if key not in self._said:
            return None
        said = self._said[key]
        for place, (column, value) in enumerate(values.items(), 1):
            before = said[4 * place : 4 * place + 4]
            if value and before != _NOTHING and _mark(value) != before:
                return Problem(row, column, "disagrees", {"row": int.from_bytes(said[:4])})
        return None

    def _remember(self, row: int, key: int, values: dict[str, str]) -> None:
        said = self._said.get(key, row.to_bytes(4) + _NOTHING * len(values))
        marks = [
            _mark(value) if value else said[4 * place : 4 * place + 4] for place, value in enumerate(values.values(), 1)
        ]
        self._said[key] = said[:4] + b"".join(marks)


_NOTHING = bytes(4)
_CASE_COLUMNS = (
    "court",
    "title",
    "cause",
    "stage",
    "filed_on",
    "wage",
    "livelihood",
    "special",
    "series",
    "tribunal",
    "mediator",
    "responsible",
)


def _subjects(entry: Entry) -> Iterator[tuple[int, dict[str, str]]]:
    """The case and the people of a row, each with what the row says about it."""
    said = {c: str(getattr(entry.case, c) or "-") if c in entry.given else "" for c in _CASE_COLUMNS}
    yield _short("case", entry.case.number), said
    parties = [
        ("debtor", entry.debtor),
        *(("co_debtor", c) for c in entry.co_debtors),
        *(("creditor", c) for c in entry.creditors),
    ]
    for side, party in parties:
        values = {
            side: party.name,
            f"{side}_kind": party.kind if f"{side}_kind" in entry.given else "",
            f"{side}_number": party.number or "",
            f"{side}_phone": party.phone or "",
        }
        # Namesakes in one case are told apart by their numbers.
        yield (_short("id", party.number) if party.number else _short("name", entry.case.number, party.name)), values


def _short(*parts: str) -> int:
    return int.from_bytes(blake2b("\x1f".join(parts).encode(), digest_size=8).digest())


def _mark(value: str) -> bytes:
    return blake2b(value.encode(), digest_size=4).digest()


# -- small things ------------------------------------------------------------------------------------


async def _chunks(lines: Iterator[Line]) -> AsyncIterator[list[Line]]:
    """A few hundred rows at a time, read in a thread so that nothing else waits for the file."""
    while chunk := await asyncio.to_thread(lambda: list(islice(lines, CHUNK))):
        yield chunk


def _tell(progress: Progress | None, rows: int, about: int | None) -> None:
    if progress:
        progress(rows, about)


class _Refused:
    """The workbook of bad rows: their cells as they were, where they stood, and why."""

    def __init__(self, path: Path | None, texts: Texts) -> None:
        self._path, self._texts = path, texts
        self._writer: Writer | None = None

    def add(self, line: Line, problems: Sequence[Problem]) -> None:
        """Write one bad row."""
        if self._path is None:
            return
        if self._writer is None:
            self._writer = writer(self._path, (*COLUMNS, *EXTRA), self._texts, self._texts("ledger.sheet.errors"))
        reasons = [reason(p, self._texts) for p in problems]
        self._writer.write({**line.cells, "source_row": line.row, "reason": "\n".join(reasons)})

    def close(self) -> None:
        """Finish the workbook, if there is one."""
        if self._writer:
            self._writer.close()


@contextmanager
def _refused(path: Path | None, texts: Texts) -> Iterator[_Refused]:
    refused = _Refused(path, texts)
    try:
        yield refused
    finally:
        refused.close()


def reason(problem: Problem, texts: Texts) -> str:
    """A problem in words: which column, and why."""
    column = texts(f"ledger.column.{problem.column}")
    return texts("ledger.report.cell", column=column, reason=texts(f"ledger.wrong.{problem.code}", **problem.params))
