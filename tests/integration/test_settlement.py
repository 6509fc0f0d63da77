"""The negotiating table over both databases: proposals brought over, nobody first twice, figures, what the ledger refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from bot.core.clock import ManualClock
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.guide.settlement.model import AnswerKind, Part, SettlementError, Side, Status, Terms
from bot.guide.settlement.service import Settlements, agreement_fields
from bot.guide.settlement.table import Deal, Policy
from bot.ledger.courts import Courts
from bot.ledger.model import (
    Actor,
    Broken,
    NewCase,
    NewObligation,
    NewParty,
    NewPayment,
    ObligationKind,
    Planned,
    Settlement,
    Source,
)
from bot.ledger.service import Ledger, View
from bot.store import migrate
from bot.store.engine import open_engine
from bot.store.work import Store

FAQ = Path(__file__).parents[2] / "faq"
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAY = date(2026, 12, 10)
CLERK, DEBTOR, CREDITOR = Actor("staff", "clerk"), Actor("party", "d"), Actor("party", "c")


class Room:
    """A ledger with one obligation of 1,000 yuan, and a table."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(START)
        ids = Ids()
        self.ledger = Ledger(store, self.clock, ids, Courts.read(FAQ))
        self.settlements = Settlements(store, self.clock, ids, self.ledger, Policy())
        self.obligation = self.debtor = self.creditor = 0

    async def enter(self) -> None:
        """Write the case."""
        async with self.ledger.change(CLERK) as book:
            case = await book.open_case(NewCase("pingba", "（2026）黔0403民初1号"))
            self.debtor = await book.party(NewParty("李四"), case)
            self.creditor = await book.party(NewParty("张三"), case)
            plan = (Planned(100_000, date(2026, 11, 30)),)
            new = NewObligation("借款", ObligationKind.MONEY, plan, creditors=((self.creditor, None),))
            self.obligation = await book.owe(case, self.debtor, new)

    async def view(self) -> View:
        """The obligation as it stands."""
        found = await self.ledger.obligation(self.obligation)
        assert found
        return found

    async def offer(self, *parts: tuple[int, date], side: Side = Side.DEBTOR) -> Deal:
        """One side offers, in a transaction of its own."""
        terms = Terms(tuple(Part(a, d) for a, d in parts), (await self.view()).standing.balance)
        party = self.debtor if side is Side.DEBTOR else self.creditor
        async with self.store.work() as work:
            table = self.settlements.within(work, DEBTOR if side is Side.DEBTOR else CREDITOR)
            deal = await table.open(await self.view())
            deal = await table.offer(deal.id, side, party, terms)
            await work.commit()
        return deal

    async def answer(self, deal: Deal, offer: int, *, yes: bool = True) -> Deal:
        """The creditor answers one version."""
        async with self.store.work() as work:
            found = await self.settlements.within(work, CREDITOR).answer(deal.id, offer, self.creditor, yes=yes)
            await work.commit()
        return found

    async def confirm(self, deal: Deal) -> Deal:
        """Staff confirm."""
        async with self.store.work() as work:
            found = await self.settlements.within(work, CLERK).confirm(deal.id, "双方同意")
            await work.commit()
        return found


@pytest.fixture
async def room(database: str) -> AsyncIterator[Room]:
    """An open table on each kind of database in turn."""
    engine = open_engine(database)
    await migrate.upgrade(engine)
    store = Store(engine, Vault(bytes(32)))
    made = Room(store)
    await made.enter()
    yield made
    await store.close()


async def test_accept_and_a_new_offer_at_the_same_moment_never_both_count(room: Room) -> None:
    """Whoever gets the lock first wins: the other is told that the version is replaced, or accepted already."""
    for _ in range(5):
        deal = await room.offer((100_000, DAY))
        assert deal.current
        accept = room.answer(deal, deal.current.row.id)
        replace = room.offer((50_000, DAY), (50_000, date(2027, 1, 10)))
        first, second = await asyncio.gather(accept, replace, return_exceptions=True)
        after = await room.settlements.deal(deal.id)
        assert after.current
        if isinstance(first, SettlementError):
            assert first.code == "replaced"
            assert (after.row.status, after.current.waiting) == (Status.TALKING, [room.creditor])
        else:
            assert isinstance(second, SettlementError)
            assert second.code == "accepted_already"
            assert after.row.status == Status.ACCEPTED
        async with room.store.work() as work:
            await room.settlements.within(work, CLERK).close(deal.id, Status.CLOSED, "again")
            await work.commit()


async def test_two_who_begin_at_once_sit_at_one_table(room: Room) -> None:
    """Debtor and creditor offer at the same moment: one negotiation, two versions, one on the table."""
    await asyncio.gather(
        room.offer((100_000, DAY)), room.offer((100_000, date(2026, 12, 1)), side=Side.CREDITOR), return_exceptions=True
    )
    async with room.store.work(read_only=True) as work:
        rows = await work.settlement.listed(("talking", "accepted"))
    assert len(rows) == 1
    deal = await room.settlements.deal(rows[0].id)
    assert sorted(v.row.number for v in deal.versions) == list(range(1, len(deal.versions) + 1))
    assert sum(v.status == "open" for v in deal.versions) == 1


async def test_talks_that_come_to_nothing_again_and_again_are_begun_by_staff_only(room: Room) -> None:
    """To offer and take back is no way out of reminders: the seventh time within 90 days is refused."""
    for _ in range(6):
        deal = await room.offer((100_000, DAY))
        assert deal.current
        async with room.store.work() as work:
            await room.settlements.within(work, DEBTOR).withdraw(deal.id, deal.current.row.id, room.debtor)
            await work.commit()
    with pytest.raises(SettlementError, match="too_often"):
        await room.offer((100_000, DAY))
    async with room.store.work() as work:
        assert await room.settlements.within(work, CLERK).open(await room.view())


async def test_the_history_is_never_changed(room: Room) -> None:
    """Each version keeps who, when and terms; the acceptance keeps the fingerprint of what was accepted."""
    deal = await room.offer((100_000, DAY))
    room.clock.advance(hours=1)
    deal = await room.offer((60_000, DAY), (40_000, date(2027, 1, 10)))
    assert deal.current
    deal = await room.answer(deal, deal.current.row.id)
    first, second = deal.versions
    assert [p.amount for p in first.terms.plan] == [100_000]
    assert (first.row.made_by, first.row.made_at) == ("party:d", START)
    [yes] = [a for a in second.answers if a.kind == AnswerKind.ACCEPTED]
    assert (yes.digest, yes.made_by) == (second.digest, "party:c")
    again = await room.answer(deal, second.row.id) if deal.row.status == Status.TALKING else deal
    assert len([a for v in again.versions for a in v.answers if a.kind == AnswerKind.ACCEPTED]) == 1


async def test_what_was_paid_meanwhile_counts_and_another_debt_is_refused(room: Room) -> None:
    """300 paid between offer and yes: the plan is shorter by it. The sum corrected by staff: offer anew."""
    deal = await room.offer((60_000, DAY), (40_000, date(2027, 1, 10)))
    assert deal.current
    async with room.ledger.change(CLERK) as book:
        await book.pay(room.obligation, NewPayment(30_000, date(2026, 11, 23), Source.ACCOUNT))
    await room.confirm(await room.answer(deal, deal.current.row.id))
    view = await room.view()
    assert [i.amount for i in view.instalments] == [30_000, 60_000, 10_000]
    assert (view.row.amount, view.standing.balance) == (100_000, 70_000)
    assert view.row.settlement == Settlement.AGREED
    assert await room.ledger.check() == []

    deal = await room.offer((70_000, date(2027, 3, 1)))
    assert deal.current
    async with room.ledger.change(CLERK) as book:
        await book.replan(room.obligation, [Planned(200_000, DAY)], "重新计算")
    answered = await room.answer(deal, deal.current.row.id)
    with pytest.raises(SettlementError, match="ledger_changed"):
        await room.confirm(answered)
    assert (await room.view()).row.amount == 200_000


async def test_a_day_that_went_by_cannot_be_accepted_or_confirmed(room: Room) -> None:
    """Accepted in time, confirmed too late: refused; nothing of it stands in the ledger."""
    deal = await room.offer((100_000, date(2026, 11, 25)))
    assert deal.current
    answered = await room.answer(deal, deal.current.row.id)
    room.clock.advance(days=3)
    with pytest.raises(SettlementError, match="stale"):
        await room.confirm(answered)
    assert (await room.view()).instalments[0].due_on == date(2026, 11, 30)


async def test_rights_of_other_courts_end_at_the_door(room: Room) -> None:
    """A deal of another court is not shown, not counted, not listed."""
    deal = await room.offer((100_000, DAY))
    other = frozenset({"xixiu"})
    with pytest.raises(Broken, match="other_court"):
        await room.settlements.deal(deal.id, other)
    assert await room.settlements.deals(other) == []
    assert [d.id for d in await room.settlements.deals(frozenset({"pingba"}))] == [deal.id]
    assert (await room.settlements.report(date(2026, 11, 1), date(2026, 11, 1), other)).cells == {}
    [counts] = (await room.settlements.report(date(2026, 11, 1), date(2026, 11, 1))).cells.values()
    assert (counts.opened, counts.referred) == (1, 0)


async def test_the_fields_of_the_written_agreement(room: Room) -> None:
    """Sums in 分, days, both sides, waiver and code, from the version that was agreed."""
    deal = await room.offer((80_000, DAY))
    assert deal.current
    deal = await room.confirm(await room.answer(deal, deal.current.row.id))
    fields = agreement_fields(deal)
    assert (fields["owed"], fields["total"], fields["waived"]) == (100_000, 80_000, 20_000)
    assert fields["parts"] == [(1, 80_000, DAY)]
    assert (fields["creditors"][0]["name"], fields["debtors"][0]["name"]) == ("张三", "李四")
    assert fields["code"] == deal.versions[0].code
    assert fields["agreed_on"] == date(2026, 11, 23)


async def test_proposals_of_before_go_on_as_negotiations(database: str) -> None:
    """Migration 0007: the same number, the sealed plan and reason opened again, an open one runs out at the first look."""
    engine = open_engine(database)

    def to_0006(connection: Connection) -> None:
        command.upgrade(migrate._config(connection), "0006")

    async with engine.begin() as connection:
        await connection.run_sync(to_0006)
    vault = Vault(bytes(32))
    plan, reason = vault.seal('[[60000, "2026-12-10"], [40000, "2027-01-10"]]'), vault.seal("工程款没到")
    made = "2026-11-20 02:00:00+00:00" if engine.dialect.name == "sqlite" else START
    async with engine.begin() as connection:
        for statement in (
            "INSERT INTO cases (id, court, number, title, cause, stage, wage, livelihood, created_at, updated_at)"
            " VALUES (1, 'pingba', 'n', 'judgment', '', 'in', false, false, :made, :made)",
            "INSERT INTO parties (id, name, name_key, kind, created_at, updated_at) VALUES (2, :name, 'k', 'person', :made, :made)",
            "INSERT INTO obligations (id, case_id, debtor_id, label, kind, amount, settlement, disputed, settled, created_at,"
            " updated_at) VALUES (3, 1, 2, 'l', 'money', 100000, 'negotiating', false, 0, :made, :made)",
            "INSERT INTO obligation_parties (obligation_id, party_id, role) VALUES (3, 2, 'debtor')",
            "INSERT INTO proposals (id, obligation_id, kind, plan, until, reason, side, party_id, status, task, made_at)"
            " VALUES (77, 3, 'instalment', :plan, '2027-01-10', :reason, 'debtor', 2, 'open', 9, :made)",
        ):
            values = {"made": made, "name": vault.seal("李四"), "plan": plan, "reason": reason}
            until = date(2027, 1, 10)
            given = {k: v for k, v in values.items() if f":{k}" in statement}
            if engine.dialect.name == "postgresql":
                statement = statement.replace("'2027-01-10'", ":until")
                given |= {"until": until} if ":until" in statement else {}
            await connection.execute(text(statement), given)
    await migrate.upgrade(engine)
    store = Store(engine, vault)
    clock, ids = ManualClock(START), Ids()
    settlements = Settlements(store, clock, ids, Ledger(store, clock, ids, Courts.read(FAQ)), Policy())
    deal = await settlements.deal(77)
    assert (deal.row.status, deal.row.task, deal.row.stage) == (Status.TALKING, 9, "in")
    [version] = deal.versions
    assert [p.amount for p in version.terms.plan] == [60_000, 40_000]
    assert (version.terms.note, version.terms.owed) == ("工程款没到", 100_000)
    async with store.work() as work:
        assert await work.settlement.run_out(clock.now()) == [77]
        ended = await settlements.within(work, CLERK).run_out(77)
        await work.commit()
    assert ended
    assert ended.row.status == Status.EXPIRED
    await store.close()
