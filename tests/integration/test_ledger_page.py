"""Pages of the ledger and of the tasks on both databases: the same status as the rules say, filtered, sorted, counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, insert, select

from bot.core.clock import ManualClock
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.ledger.courts import Courts
from bot.ledger.model import (
    Actor,
    DisputeKind,
    NewCase,
    NewObligation,
    NewParty,
    NewPayment,
    ObligationKind,
    Planned,
    Status,
)
from bot.ledger.service import Ledger
from bot.store import ledger_page, migrate
from bot.store import ledger_tables as tables
from bot.store.base import table_of
from bot.store.engine import open_engine
from bot.store.ledger_page import ORDERS, ObligationPage, Wanted, WantedTasks
from bot.store.reach_rows import PartyMessageRow
from bot.store.reminder_rows import NewTask
from bot.store.tables import Base
from bot.store.work import Store

FAQ = Path(__file__).parents[2] / "faq"
CLERK = Actor("staff", "clerk")
TODAY = date(2026, 11, 23)
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class Shelf:
    """A ledger with one obligation of every kind, and pages of it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(START)
        self.ids = Ids()
        self.ledger = Ledger(store, self.clock, self.ids, Courts.read(FAQ))
        self.known: dict[str, int] = {}

    async def owe(self, name: str, *days: date, court: str = "xixiu", amount: int = 10_000, **of_case: object) -> int:
        """An obligation of so many equal parts."""
        async with self.ledger.change(CLERK) as book:
            number = f"（2026）黔0402执{len(self.known) + 1}号"
            case = await book.open_case(NewCase(court, number, **of_case))  # type: ignore[arg-type]
            debtor = await book.party(NewParty(name), case)
            creditor = await book.party(NewParty(f"{name}的债主"), case)
            plan = tuple(Planned(amount, d) for d in days)
            new = NewObligation("借款", ObligationKind.MONEY, plan, creditors=((creditor, None),))
            self.known[name] = await book.owe(case, debtor, new)
        return self.known[name]

    async def page(self, courts: frozenset[str] | None = None, **wanted: object) -> ObligationPage:
        """What the table shows today."""
        async with self.store.work(read_only=True) as work:
            return await work.pages.obligations(Wanted(**wanted), courts, self.ledger.today())  # type: ignore[arg-type]

    async def names(self, courts: frozenset[str] | None = None, **wanted: object) -> list[str]:
        """The debtors on that page."""
        return [r.debtor for r in (await self.page(courts, **wanted)).rows]


@pytest.fixture
async def shelf(database: str) -> AsyncIterator[Shelf]:
    """Obligations in every status, of two courts."""
    engine = open_engine(database)
    await migrate.upgrade(engine)
    made = Shelf(Store(engine, Vault(b"k" * 32)))
    await _fill(made)
    yield made
    await made.store.close()


async def _fill(shelf: Shelf) -> None:
    later, before = TODAY + timedelta(days=20), TODAY - timedelta(days=5)
    await shelf.owe("未到期", later, responsible="王法官")
    await shelf.owe("今天到期", TODAY, wage=True)
    await shelf.owe("过期", before, amount=90_000, livelihood=True)
    await shelf.owe("宽限", before, later)
    await shelf.owe("异议", before, court="pingba")
    await shelf.owe("已履行", before)
    await shelf.owe("了结", before)
    await shelf.owe("付了一期", before, later)
    async with shelf.ledger.change(CLERK) as book:
        await book.grant_grace(shelf.known["宽限"], TODAY + timedelta(days=10), "缓一缓")
        await book.dispute(shelf.known["异议"], DisputeKind.AMOUNT, "多算了")
        await book.pay(shelf.known["已履行"], NewPayment(10_000, before))
        await book.end(shelf.known["了结"], "撤回")
        await book.pay(shelf.known["付了一期"], NewPayment(10_000, before))


async def test_the_status_in_sql_is_the_status_of_the_rules(shelf: Shelf) -> None:
    """For every kind of obligation, day after day, a page says what the model says: status, sums, next day."""
    for _ in range(26):
        for row in (await shelf.page()).rows:
            seen = await shelf.ledger.obligation(row.obligation_id)
            assert seen is not None
            stands = seen.standing
            assert (row.status, row.settled, row.balance) == (stands.status, stands.settled, stands.balance), row
            assert (row.next_due, row.overdue) == (stands.next_due, stands.overdue), row
        shelf.clock.advance(days=1)
    assert await shelf.ledger.check() == []


async def test_every_filter_finds_what_it_names(shelf: Shelf) -> None:
    """Status, court, overdue, days, person, priority; several at once; the count is that of all pages."""
    for status, name in (
        (Status.DUE, "今天到期"),
        (Status.OVERDUE, "过期"),
        (Status.GRACE, "宽限"),
        (Status.DISPUTED, "异议"),
        (Status.PERFORMED, "已履行"),
        (Status.ENDED, "了结"),
    ):
        assert await shelf.names(status=frozenset({status.value})) == [name]
    assert await shelf.names(overdue=True) == ["过期"]
    assert len(await shelf.names(overdue=False)) == 7
    assert await shelf.names(due_from=TODAY, due_to=TODAY) == ["今天到期"]
    assert await shelf.names(responsible="王法官") == ["未到期"]
    assert "未到期" not in await shelf.names(responsible="")
    assert sorted(await shelf.names(priority=True)) == ["今天到期", "过期"]
    assert await shelf.names(priority=True, overdue=True) == ["过期"]
    assert await shelf.names(court="pingba") == ["异议"]
    async with shelf.ledger.change(CLERK) as book:
        await book.report_payment(shelf.known["过期"], NewPayment(100, TODAY))
        await book.promise(shelf.known["今天到期"], TODAY)
        await book.promise(shelf.known["未到期"], TODAY + timedelta(days=3))
    assert await shelf.names(reported=True) == ["过期"]
    assert "过期" not in await shelf.names(reported=False)
    assert await shelf.names(promised_from=TODAY - timedelta(days=7), promised_to=TODAY) == ["今天到期"]
    page = await shelf.page(limit=3, offset=6)
    assert (len(page.rows), page.count) == (2, 8)


async def test_the_scope_holds_whatever_is_asked_for(shelf: Shelf) -> None:
    """Only the courts of the scope are read, also by count, search and the filter for another court."""
    own = frozenset({"pingba"})
    assert await shelf.names(own) == ["异议"]
    assert (await shelf.page(own)).count == 1
    assert await shelf.names(own, text="未到期") == []
    assert await shelf.names(own, court="xixiu") == []
    assert await shelf.names(frozenset()) == []


async def test_every_order_runs_both_ways_and_pages_join(shelf: Shelf) -> None:
    """Sorted by any column; what has no day comes last; one page after the other gives each line once."""
    for sort in ORDERS:
        for descending in (False, True):
            pages = [await shelf.page(sort=sort, descending=descending, limit=3, offset=at) for at in (0, 3, 6)]
            seen = [r.obligation_id for p in pages for r in p.rows]
            assert sorted(seen) == sorted(shelf.known.values()), sort
    assert (await shelf.names(sort="balance", descending=True))[0] == "过期"
    assert (await shelf.names(sort="priority", descending=True))[0] == "今天到期"
    assert (await shelf.names(sort="next_due"))[0] in ("过期", "异议", "了结")
    assert (await shelf.names(sort="next_due", descending=True))[-1] == "已履行"


async def test_searched_by_part_of_a_number_or_of_a_name(shelf: Shelf) -> None:
    """Any brackets and width; a creditor's name finds the case too; signs of the query language are plain signs."""
    assert len(await shelf.names(text="(2026)黔0402执")) == 8
    assert await shelf.names(text="执３号") == ["过期"]
    assert await shelf.names(text=" 宽限 ") == ["宽限"]
    assert await shelf.names(text="宽限的债主") == ["宽限"]
    assert await shelf.names(text="的债") == await shelf.names(), "a part of a name is found in memory"
    assert await shelf.names(frozenset({"pingba"}), text="异议的") == ["异议"]
    assert await shelf.names(frozenset({"pingba"}), text="宽限") == [], "names of other courts are not opened"
    assert await shelf.names(text="%") == []
    assert await shelf.names(text="宽") == [], "one character is everybody"


async def test_among_too_many_people_only_whole_names_are_found(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of a name opens at most so many names; the page tells that it looked for whole names only."""
    monkeypatch.setattr(ledger_page, "MOST_NAMES", 5)
    found = await shelf.page(text="宽限的")
    assert (found.count, found.whole_names) == (0, True)
    assert await shelf.names(text="宽限的债主") == ["宽限"]
    assert not (await shelf.page(frozenset({"pingba"}), text="异议的")).whole_names


async def test_silent_are_those_of_whom_nothing_was_heard(shelf: Shelf) -> None:
    """Open obligations without a word from a party since then; what the bot said does not count."""
    now = shelf.clock.now()
    heard, told = shelf.known["过期"], shelf.known["宽限"]
    async with shelf.store.work() as work:
        said = PartyMessageRow(shelf.ids.new(now), heard, 1, now, external_id=5)
        await work.reach.add([said, PartyMessageRow(shelf.ids.new(now), told, 1, now)])
        await work.commit()
    silent = await shelf.names(silent_since=now - timedelta(days=1))
    assert sorted(silent) == sorted(["未到期", "今天到期", "宽限", "异议", "付了一期"])
    assert "过期" in await shelf.names(silent_since=now + timedelta(seconds=1))
    [row] = (await shelf.page(status=frozenset({"overdue"}))).rows
    assert row.heard_at == now


async def test_tasks_by_kind_person_and_court_urgent_ones_first(shelf: Shelf) -> None:
    """Wages before the rest; a task without a case is shown to the courts of its party, else to those who see all."""
    views = {name: await shelf.ledger.obligation(number) for name, number in shelf.known.items()}
    plain, urgent, other = views["未到期"], views["今天到期"], views["异议"]
    assert plain
    assert urgent
    assert other
    async with shelf.store.work() as work:
        for view, kind in ((plain, "contact"), (urgent, "verify"), (other, "contact")):
            task = NewTask(kind, "story", case_id=view.case.id, obligation_id=view.id, note="说明", responsible="王")
            await work.tasks.add(task, shelf.clock.now())
        await work.tasks.add(NewTask("identity", "locked", party_id=plain.debtor.id), shelf.clock.now())
        await work.tasks.add(NewTask("parked", "429"), shelf.clock.now())
        await work.commit()

    async def listed(courts: frozenset[str] | None, **wanted: object) -> list[tuple[str, str | None]]:
        async with shelf.store.work(read_only=True) as work:
            page = await work.pages.tasks(WantedTasks(**wanted), courts)  # type: ignore[arg-type]
        assert page.count == len(page.rows)
        return [(t.kind, t.note) for t in page.rows]

    assert [k for k, _ in await listed(None)] == ["verify", "contact", "contact", "identity", "parked"]
    assert [k for k, _ in await listed(frozenset({"xixiu"}))] == ["verify", "contact", "identity"]
    assert await listed(frozenset({"pingba"})) == [("contact", "说明")]
    assert len(await listed(None, kind="contact")) == 2
    assert len(await listed(None, responsible="王")) == 3
    assert await listed(None, obligation_id=urgent.id) == [("verify", "说明")]
    assert await listed(None, open=False) == []


async def test_a_ledger_from_before_has_its_days_filled_in(database: str) -> None:
    """Migrated from the version without the columns: the first unmet day and due date stand in every obligation."""
    engine = open_engine(database)

    def to_before(connection: Connection) -> None:
        command.upgrade(migrate._config(connection), "0008")
        days = [(1, "2026-10-01", True), (2, "2026-12-24", False), (3, "2027-01-31", False)]
        at = {"created_at": START, "updated_at": START}
        rows = [
            (
                tables.Case,
                {"id": 1, "court": "xixiu", "number": "1", "title": "judgment", "cause": "", "stage": "before"},
            ),
            (tables.Party, {"id": 2, "name": b"x", "name_key": "k", "kind": "person"}),
            (tables.Obligation, {"id": 3, "case_id": 1, "debtor_id": 2, "label": "l", "kind": "money", "amount": 300}),
        ]
        for model, values in rows:
            connection.execute(insert(table_of(model)).values(**values, **at, **_DEFAULTS.get(model, {})))
        for no, day, done in days:
            due = date.fromisoformat(day)
            paid = {"settled": 100, "done_on": due} if done else {"settled": 0}
            expected = date(2027, 1, 10) if no == 2 else due  # a grace period
            connection.execute(
                insert(table_of(tables.Instalment)).values(
                    id=no, obligation_id=3, no=no, amount=100, due_on=due, expected_on=expected, due_version=1, **paid
                )
            )

    async with engine.begin() as connection:
        await connection.run_sync(to_before)
    await migrate.upgrade(engine)
    async with engine.connect() as connection:
        o = tables.Obligation
        found = (await connection.execute(select(o.next_due, o.oldest_due))).one()
    await engine.dispose()
    assert tuple(found) == (date(2027, 1, 10), date(2026, 12, 24))


_DEFAULTS: dict[type[Base], dict[str, object]] = {
    tables.Case: {"wage": False, "livelihood": False},
    tables.Obligation: {"settlement": "none", "disputed": False, "settled": 0},
}
