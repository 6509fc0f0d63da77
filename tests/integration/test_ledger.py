"""The ledger as its users live it, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select

from bot.core.clock import ManualClock
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.ledger import identity
from bot.ledger.courts import Courts
from bot.ledger.model import (
    Actor,
    Broken,
    DisputeKind,
    NewCase,
    NewFile,
    NewObligation,
    NewParty,
    NewPayment,
    ObligationKind,
    PartyKind,
    PaymentStatus,
    Planned,
    PromiseStatus,
    Role,
    Settlement,
    Source,
    Status,
)
from bot.ledger.service import Ledger, View
from bot.store import ledger_tables as tables
from bot.store import migrate
from bot.store.base import table_of
from bot.store.engine import open_engine
from bot.store.reminder_rows import NewTask
from bot.store.tables import Base
from bot.store.work import Store

FAQ = Path(__file__).parents[2] / "faq"
CLERK = Actor("staff", "clerk")
DEBTOR = Actor("party", "debtor")
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, ten in the morning in Shanghai
TODAY = date(2026, 11, 23)


class Desk:
    """A ledger over one database, with a clock that obeys."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(START)
        self.ledger = Ledger(store, self.clock, Ids(), Courts.read(FAQ))

    async def money(
        self,
        plan: tuple[tuple[int, date], ...],
        *,
        number: str = "（2026）黔0402民初1号",
        debtor: str = "李四",
        creditors: tuple[str, ...] = ("张三",),
        label: str = "借款",
        series: str | None = None,
    ) -> int:
        """An obligation in money; its id."""
        async with self.ledger.change(CLERK) as book:
            known = await book.rows.case_numbered(number)
            case = known.id if known else await book.open_case(NewCase("xixiu", number, series=series))
            owing = await book.party(NewParty(debtor), case)
            owed = [await book.party(NewParty(c), case) for c in creditors]
            new = NewObligation(
                label,
                ObligationKind.MONEY,
                tuple(Planned(a, d) for a, d in plan),
                creditors=tuple((c, None) for c in owed),
            )
            return await book.owe(case, owing, new)

    async def view(self, obligation_id: int) -> View:
        """The obligation as it stands."""
        found = await self.ledger.obligation(obligation_id)
        assert found is not None
        return found


@pytest.fixture
async def desk(database: str) -> AsyncIterator[Desk]:
    """A ledger on each kind of database."""
    engine = open_engine(database)
    await migrate.upgrade(engine)
    store = Store(engine, Vault(b"k" * 32))
    yield Desk(store)
    await store.close()


async def test_a_third_party_pays_part_of_it_and_the_rest_stays_owed(desk: Desk) -> None:
    """30,000 of 60,475 paid by a third party leave 30,475; who paid is told in the history."""
    owed = await desk.money(((6_047_500, date(2026, 12, 1)),))
    async with desk.ledger.change(CLERK) as book:
        new = NewPayment(3_000_000, TODAY, Source.ACCOUNT, payer_name="王五", third_party=True, reference="T1")
        await book.pay(owed, new, "收据")
    view = await desk.view(owed)
    assert view.standing.balance == 3_047_500
    assert view.standing.status is Status.OPEN
    assert view.payments[0].payer_name == "王五"
    assert [e.kind for e in await desk.ledger.history(obligation_id=owed)] == [
        "obligation.entered",
        "payment.reported",
        "payment.verified",
    ]


async def test_what_is_only_reported_does_not_count(desk: Desk) -> None:
    """A reported payment changes nothing until somebody verifies it; revoking brings the debt back."""
    owed = await desk.money(((100_000, date(2026, 11, 20)),))
    async with desk.ledger.change(DEBTOR) as book:
        payment = await book.report_payment(owed, NewPayment(100_000, TODAY))
    view = await desk.view(owed)
    assert (view.standing.balance, view.standing.reported) == (100_000, 100_000)
    assert view.standing.status is Status.OVERDUE
    async with desk.ledger.change(CLERK) as book:
        await book.verify_payment(payment)
    view = await desk.view(owed)
    assert (view.standing.status, view.row.performed_on) == (Status.PERFORMED, TODAY)
    assert view.standing.in_time is False
    async with desk.ledger.change(CLERK) as book:
        await book.revoke_payment(payment, "看错了")
    view = await desk.view(owed)
    assert (view.standing.status, view.row.settled, view.row.performed_on) == (Status.OVERDUE, 0, None)
    with pytest.raises(Broken, match="payment_step"):
        async with desk.ledger.change(CLERK) as book:
            await book.verify_payment(payment)


async def test_every_change_is_told_with_who_when_why_old_and_new(desk: Desk) -> None:
    """A moved due date leaves an event with both days, the actor, the reason and the moment."""
    owed = await desk.money(((100_000, date(2026, 12, 1)),))
    instalment = (await desk.view(owed)).instalments[0]
    desk.clock.advance(hours=1)
    async with desk.ledger.change(CLERK) as book:
        await book.move_due(instalment.id, date(2026, 12, 15), "双方同意")
    event = (await desk.ledger.history(obligation_id=owed))[-1]
    assert (event.kind, event.actor, event.why) == ("instalment.moved", "staff:clerk", "双方同意")
    assert (event.old, event.new) == ({"due_on": "2026-12-01"}, {"due_on": "2026-12-15"})
    assert event.at == desk.clock.now()
    moved = (await desk.view(owed)).instalments[0]
    assert (moved.due_version, moved.expected_on) == (instalment.due_version + 1, date(2026, 12, 15))


async def test_a_month_of_grace_and_then_payment_is_in_time(desk: Desk) -> None:
    """While grace runs the debt is not overdue, reminders get a new version, and paying within it is in time."""
    owed = await desk.money(((100_000, date(2026, 11, 20)),))
    assert (await desk.view(owed)).standing.status is Status.OVERDUE
    async with desk.ledger.change(CLERK) as book:
        await book.grant_grace(owed, date(2026, 12, 20), "住院")
    view = await desk.view(owed)
    assert view.standing.status is Status.GRACE
    assert (view.instalments[0].expected_on, view.instalments[0].due_version) == (date(2026, 12, 20), 2)
    desk.clock.advance(days=20)
    async with desk.ledger.change(CLERK) as book:
        await book.pay(owed, NewPayment(100_000, date(2026, 12, 10)))
    view = await desk.view(owed)
    assert (view.standing.status, view.standing.in_time) == (Status.PERFORMED, True)


async def test_grace_that_is_lifted_leaves_the_old_day(desk: Desk) -> None:
    """A grace period that ends early makes the due date count again."""
    owed = await desk.money(((100_000, date(2026, 11, 20)),))
    async with desk.ledger.change(CLERK) as book:
        grace = await book.grant_grace(owed, date(2026, 12, 20), "住院")
        await book.lift_grace(grace, "转移财产")
    view = await desk.view(owed)
    assert (view.standing.status, view.instalments[0].due_version) == (Status.OVERDUE, 3)


async def test_a_dispute_stops_everything_until_it_is_closed(desk: Desk) -> None:
    """A disputed obligation says so to the plan; closing the last dispute lets it go on."""
    owed = await desk.money(((100_000, date(2026, 11, 20)),))
    async with desk.ledger.change(DEBTOR) as book:
        first = await book.dispute(owed, DisputeKind.AMOUNT, "利息算多了")
        second = await book.dispute(owed, DisputeKind.PERSON)
    view = await desk.view(owed)
    assert view.standing.status is Status.DISPUTED
    async with desk.store.work(read_only=True) as work:
        due = await work.ledger.due([view.instalments[0].id])
    assert due[0].stopped == "disputed"
    async with desk.ledger.change(CLERK) as book:
        await book.close_dispute(first, "已核算")
    assert (await desk.view(owed)).row.disputed
    async with desk.ledger.change(CLERK) as book:
        await book.close_dispute(second, "是本人")
    assert (await desk.view(owed)).standing.status is Status.OVERDUE


async def test_promises_are_kept_or_broken_by_verified_payments(desk: Desk) -> None:
    """A promise is open, then broken when its day passes; paid by then and verified, it is kept."""
    owed = await desk.money(((100_000, date(2026, 12, 1)),))
    async with desk.ledger.change(DEBTOR) as book:
        await book.promise(owed, date(2026, 11, 25), 30_000)
        await book.promise(owed, date(2026, 11, 26), 30_000)
    assert [p.status for p in (await desk.view(owed)).promises] == [PromiseStatus.WITHDRAWN, PromiseStatus.OPEN]
    desk.clock.advance(days=4)
    assert (await desk.view(owed)).promises[1].status is PromiseStatus.BROKEN
    async with desk.ledger.change(DEBTOR) as book:
        payment = await book.report_payment(owed, NewPayment(30_000, date(2026, 11, 26)))
    assert (await desk.view(owed)).promises[1].status is PromiseStatus.CLAIMED
    async with desk.ledger.change(CLERK) as book:
        await book.verify_payment(payment)
    assert (await desk.view(owed)).promises[1].status is PromiseStatus.KEPT


async def test_an_album_is_one_proof_however_its_photos_arrive(desk: Desk) -> None:
    """Photos of one album make one proof; a photo that comes twice is kept once."""
    owed = await desk.money(((100_000, date(2026, 12, 1)),))
    photos = [NewFile(f"{n:064x}", "image/jpeg", 1000 + n) for n in range(3)]
    for photo in (photos[0], photos[1], photos[1], photos[2]):
        async with desk.ledger.change(DEBTOR) as book:
            await book.add_proof(owed, [photo], group_key="album-7")
    view = await desk.view(owed)
    assert len(view.proofs) == 1
    assert [f.sha256 for f in view.proofs[0].files] == [p.sha256 for p in photos]
    async with desk.ledger.change(DEBTOR) as book:
        payment = await book.report_payment(owed, NewPayment(100_000, TODAY))
        await book.link_proof(view.proofs[0].id, payment)
    assert (await desk.view(owed)).proofs[0].payment_id == payment
    other = await desk.money(((5_000, date(2026, 12, 1)),), number="（2026）黔0402民初2号")
    async with desk.ledger.change(DEBTOR) as book:
        await book.add_proof(other, [photos[0]])
    async with desk.store.work(read_only=True) as work:
        assert [o for o, _ in await work.ledger.uses_of(photos[0].sha256)] == [owed, other]


async def test_twenty_workers_against_one_debtor_in_figures(desk: Desk) -> None:
    """Of 20 wage claims in a series 13 are paid at once and 7 settle: the group's figures say so."""
    owed = [
        await desk.money(
            ((1_000_000 + n, date(2026, 11, 25)),),
            number=f"（2026）黔0402民初{100 + n}号",
            debtor="某建筑公司",
            creditors=(f"工人{n}",),
            label="工资",
            series="某工地欠薪",
        )
        for n in range(20)
    ]
    for number, obligation in enumerate(owed):
        async with desk.ledger.change(CLERK) as book:
            if number < 13:
                await book.pay(obligation, NewPayment(1_000_000 + number, TODAY, Source.ACCOUNT))
            else:
                await book.settle(obligation, Settlement.AGREED, "书面保证")
                await book.replan(
                    obligation, [Planned(500_000, date(2026, 12, 25)), Planned(500_000 + number, date(2027, 1, 25))]
                )
    figures = await desk.ledger.figures(series="某工地欠薪")
    assert (figures.cases, figures.obligations, figures.creditors) == (20, 20, 20)
    assert figures.by_status == {Status.PERFORMED: 13, Status.OPEN: 7}
    assert figures.by_settlement == {Settlement.NONE: 13, Settlement.AGREED: 7}
    assert figures.balance == sum(1_000_000 + n for n in range(13, 20))
    assert await desk.ledger.check() == []


async def test_a_payment_is_split_among_creditors_and_only_among_them(desk: Desk) -> None:
    """Shares must add up and go to creditors of this obligation."""
    owed = await desk.money(((100_000, date(2026, 12, 1)),), creditors=("张三", "赵六"))
    first, second = (await desk.view(owed)).creditors
    async with desk.ledger.change(CLERK) as book:
        await book.pay(owed, NewPayment(50_000, TODAY, shares=((first.id, 30_000), (second.id, 20_000))))
    with pytest.raises(Broken, match="shares_sum"):
        async with desk.ledger.change(CLERK) as book:
            await book.pay(owed, NewPayment(50_000, TODAY, shares=((first.id, 30_000),)))
    with pytest.raises(Broken, match="share_stranger"):
        async with desk.ledger.change(CLERK) as book:
            await book.pay(owed, NewPayment(50_000, TODAY, shares=(((await desk.view(owed)).debtor.id, 50_000),)))
    assert (await desk.view(owed)).standing.balance == 50_000


async def test_the_same_reference_counts_once(desk: Desk) -> None:
    """A bank reference that is known is refused, unless its payment was rejected."""
    owed = await desk.money(((100_000, date(2026, 12, 1)),))
    async with desk.ledger.change(CLERK) as book:
        payment = await book.report_payment(owed, NewPayment(50_000, TODAY, reference="A-1"))
    with pytest.raises(Broken, match="reference_known"):
        async with desk.ledger.change(CLERK) as book:
            await book.report_payment(owed, NewPayment(50_000, TODAY, reference="A-1"))
    async with desk.ledger.change(CLERK) as book:
        await book.reject_payment(payment, "未到账")
        await book.pay(owed, NewPayment(50_000, TODAY, reference="A-1"))
    assert (await desk.view(owed)).standing.balance == 50_000


async def test_a_new_plan_keeps_what_was_paid(desk: Desk) -> None:
    """Replanning allocates payments anew; instalments that fall away are no longer asked for."""
    owed = await desk.money(tuple((10_000, date(2027, month, 10)) for month in range(1, 6)))
    async with desk.ledger.change(CLERK) as book:
        await book.pay(owed, NewPayment(15_000, TODAY))
        await book.replan(owed, [Planned(10_000, date(2027, 1, 10)), Planned(40_000, date(2027, 6, 10))])
    view = await desk.view(owed)
    assert [(i.no, i.settled) for i in view.instalments] == [(1, 10_000), (2, 5_000)]
    async with desk.store.work(read_only=True) as work:
        due = [r async for r in work.ledger.stream_due(date(2026, 1, 1), date(2028, 1, 1))]
    assert [(r.no, r.left, r.due_on) for r in due] == [(2, 35_000, date(2027, 6, 10))]


async def test_identity_is_proven_by_name_and_last_characters_only(desk: Desk) -> None:
    """Name and tail of the same party prove; a tail alone, a namesake, or an unknown number does not."""
    async with desk.ledger.change(CLERK) as book:
        case = await book.open_case(NewCase("xixiu", "（2026）黔0402民初1号"))
        known = await book.party(NewParty("李四", PartyKind.PERSON, "11010519491231002X"), case)
        other = await book.party(NewParty("钱七"), case)


    async def proves(party: int, name: str, tail: str) -> bool:
        async with desk.store.work(read_only=True) as work:
            return await work.ledger.tail_matches(party, identity.name(name), identity.tail(tail))

    assert await proves(known, "李四", "31002x")
    assert await proves(known, " 李 四 ", "11010519491231002Ｘ")
    assert await proves(known, "李四", "后六位是31002x。")
    assert not await proves(known, "李四", "31002")
    assert not await proves(known, "张三", "31002X")
    assert not await proves(other, "钱七", "31002X")


async def test_the_same_number_is_one_person_in_all_cases_and_namesakes_are_not(desk: Desk) -> None:
    """With an ID the party is the same everywhere; without one, the same name elsewhere is somebody else."""
    async with desk.ledger.change(CLERK) as book:
        one = await book.open_case(NewCase("xixiu", "（2026）黔0402民初1号"))
        two = await book.open_case(NewCase("pingba", "（2026）黔0403民初1号"))
        known = await book.party(NewParty("李四", number="11010519491231002X"), one)
        assert await book.party(NewParty("李四", number="11010519491231002X", phone="13800000000"), two) == known
        first = await book.party(NewParty("王五"), one)
        await book.join(one, first, Role.CREDITOR)
        assert await book.party(NewParty("王五"), one) == first
        assert await book.party(NewParty("王五"), two) != first
        with pytest.raises(Broken, match="number_of_another"):
            await book.party(NewParty("李四光", number="11010519491231002X"), two)


async def test_nothing_personal_lies_open_in_the_database(desk: Desk) -> None:
    """Names, numbers, telephones, reasons and the history are sealed at rest."""
    owed = await desk.money(((100_000, date(2026, 12, 1)),), debtor="欧阳某某")
    async with desk.ledger.change(CLERK) as book:
        view = await desk.ledger.obligation(owed, book.work)
        assert view is not None
        await book.change_party(view.debtor.id, view.case.id, phone="13812345678", number="11010519491231002X")
        await book.grant_grace(owed, date(2027, 1, 1), "欧阳某某住院")
    async with desk.store.work(read_only=True) as work:
        found = []
        for table in (tables.Party, tables.LedgerEvent, tables.GracePeriod, tables.Obligation):
            rows = await work.connection.execute(select(table_of(table)))
            found += [repr(tuple(r)) for r in rows]
    everything = "".join(found)
    secrets = ("欧阳某某", "13812345678", "11010519491231002X")
    assert not any(s in everything or s.encode() in everything.encode() for s in secrets)
    assert not any(repr(s.encode())[2:-1] in everything for s in secrets)


async def test_an_act_is_performed_once_somebody_confirms_it(desk: Desk) -> None:
    """An act has no sum; its performance is reported and verified like a payment."""
    async with desk.ledger.change(CLERK) as book:
        case = await book.open_case(NewCase("xixiu", "（2026）黔0402民初9号"))
        debtor = await book.party(NewParty("李四"), case)
        act = NewObligation("腾房", ObligationKind.ACT, (Planned(0, date(2026, 11, 30)),), act="搬出某处房屋")
        owed = await book.owe(case, debtor, act)
        done = await book.report_payment(owed, NewPayment(0, TODAY))
    assert (await desk.view(owed)).standing.status is Status.OPEN
    async with desk.ledger.change(CLERK) as book:
        await book.verify_payment(done)
    view = await desk.view(owed)
    assert (view.standing.status, view.standing.in_time) == (Status.PERFORMED, True)


async def test_a_broken_rule_leaves_nothing_behind(desk: Desk) -> None:
    """When a rule is broken in the middle of a change, the whole change is undone."""
    owed = await desk.money(((100_000, date(2026, 12, 1)),))

    async def pay(*days: date) -> None:
        async with desk.ledger.change(CLERK) as book:
            for day in days:
                await book.pay(owed, NewPayment(10_000, day))

    with pytest.raises(Broken, match="day_to_come"):
        await pay(TODAY, date(2026, 11, 24))
    view = await desk.view(owed)
    assert (view.standing.settled, list(view.payments)) == (0, [])
    assert PaymentStatus.REPORTED not in {p.status for p in view.payments}


async def test_what_ended_can_be_reopened(desk: Desk) -> None:
    """A withdrawn obligation is not asked for; taken back, it is."""
    owed = await desk.money(((100_000, date(2026, 11, 20)),))
    async with desk.ledger.change(CLERK) as book:
        await book.end(owed, "撤回申请")
    assert (await desk.view(owed)).standing.status is Status.ENDED
    async with desk.ledger.change(CLERK) as book:
        await book.reopen(owed, "撤回有误")
    assert (await desk.view(owed)).standing.status is Status.OVERDUE


async def test_two_clerks_who_verify_at_once_count_it_once(desk: Desk) -> None:
    """The second one is told that it is decided; the balance falls once."""
    owed = await desk.money(((100_000, date(2026, 12, 1)),))
    async with desk.ledger.change(DEBTOR) as book:
        payment = await book.report_payment(owed, NewPayment(40_000, TODAY))

    async def verify() -> None:
        async with desk.ledger.change(CLERK) as book:
            await book.verify_payment(payment)

    said = await asyncio.gather(verify(), verify(), verify(), return_exceptions=True)
    assert sorted(e.code for e in said if isinstance(e, Broken)) == ["payment_step"] * 2
    assert (await desk.view(owed)).standing.balance == 60_000
    assert await desk.ledger.check() == []


async def test_two_clerks_who_open_the_same_case_get_one(desk: Desk) -> None:
    """Whoever is second is told so, and nothing is doubled."""

    async def enter() -> None:
        async with desk.ledger.change(CLERK) as book:
            await book.open_case(NewCase("xixiu", "（2026）黔0402民初1号"))
            await asyncio.sleep(0.05)

    said = await asyncio.gather(enter(), enter(), return_exceptions=True)
    assert [e.code for e in said if isinstance(e, Broken)] in (["case_known"], ["meanwhile"])
    found = await desk.ledger.case("（2026）黔0402民初1号")
    assert found is not None


async def test_a_decision_closes_the_task_that_asked_for_it(desk: Desk) -> None:
    """Verified, or the last objection closed, by whichever door: no task is left that asks for it again."""
    owed = await desk.money(((100, TODAY),))
    async with desk.ledger.change(DEBTOR) as book:
        payment = await book.report_payment(owed, NewPayment(40, TODAY))
        disputes = [await book.dispute(owed, DisputeKind.AMOUNT) for _ in range(2)]
        tasks = (
            NewTask("verify", "reported", key=f"verify:{payment}", obligation_id=owed),
            NewTask("dispute", "dispute", obligation_id=owed),
        )
        for task in tasks:
            await book.work.tasks.add(task, book.now)
    async with desk.ledger.change(CLERK) as book:
        await book.verify_payment(payment)
        await book.close_dispute(disputes[0], "无误")
        assert [t.kind for t in await book.work.tasks.open()] == ["dispute"]
        await book.close_dispute(disputes[1], "无误")
        assert await book.work.tasks.open() == []


async def test_the_plan_sees_each_debtor_once_and_nothing_that_is_done(desk: Desk) -> None:
    """Two debtors who answer together are two rows; a met instalment is none; the re-check knows all states."""
    async with desk.ledger.change(CLERK) as book:
        case = await book.open_case(NewCase("xixiu", "（2026）黔0402民初1号", responsible="王法官", wage=True))
        first = await book.party(NewParty("李四"), case)
        second = await book.party(NewParty("李五"), case)
        plan = (Planned(10_000, date(2026, 12, 1)), Planned(10_000, date(2027, 1, 1)))
        owed = await book.owe(case, first, NewObligation("货款", ObligationKind.MONEY, plan, co_debtors=(second,)))
        await book.pay(owed, NewPayment(10_000, TODAY))
    async with desk.store.work(read_only=True) as work:
        due = [r async for r in work.ledger.stream_due(date(2026, 11, 1), date(2027, 12, 31))]
        again = await work.ledger.due([i.id for i in (await desk.view(owed)).instalments])
    assert [(r.no, r.party_id, r.responsible, r.wage) for r in due] == [(2, p, "王法官", True) for p in (first, second)]
    assert sorted((r.no, r.stopped or "") for r in again) == [(1, "done"), (1, "done"), (2, ""), (2, "")]


async def test_an_agent_speaks_for_a_party(desk: Desk) -> None:
    """A lawyer is joined with whom the lawyer acts for; without that, not at all."""
    async with desk.ledger.change(CLERK) as book:
        case = await book.open_case(NewCase("xixiu", "（2026）黔0402民初1号"))
        debtor = await book.party(NewParty("李四"), case)
        await book.join(case, debtor, Role.DEBTOR)
        lawyer = await book.party(NewParty("孙律师"), case)
        with pytest.raises(Broken, match="agent_alone"):
            await book.join(case, lawyer, Role.AGENT)
        await book.join(case, lawyer, Role.AGENT, debtor)
        await book.join(case, lawyer, Role.AGENT, debtor)
    found = await desk.ledger.case("（2026）黔0402民初1号")
    assert found is not None
    assert [(r.party_id, r.acts_for) for r in found.roles if r.role == Role.AGENT] == [(lawyer, debtor)]


async def test_the_migration_makes_what_the_models_say(desk: Desk) -> None:
    """A database that was migrated from nothing differs in nothing from the ledger's tables."""
    own = {t.name for t in Base.metadata.sorted_tables if t.name in vars_of_tables()}

    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
        return [d for d in found if any(name in repr(d) for name in own)]

    async with desk.store.engine.connect() as connection:
        assert await connection.run_sync(compare) == []


def vars_of_tables() -> set[str]:
    """The names of the ledger's tables."""
    return {
        t.__tablename__ for t in vars(tables).values() if isinstance(t, type) and issubclass(t, Base) and t is not Base
    }
