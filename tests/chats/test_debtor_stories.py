"""Whole stories of debtors: a wage case of twenty workers, a third party, a month of grace, an album, a blocked bot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from bot.ledger.model import (
    NewCase,
    NewObligation,
    NewParty,
    NewPayment,
    ObligationKind,
    PartyKind,
    Planned,
    PromiseStatus,
    Settlement,
    Source,
    Status,
)
from bot.ledger.service import View
from bot.reach.documents import Documents
from bot.reach.model import Outcome, Unreached, Way
from sandbox.files import sample_png
from tests.cases import STAFF, bind, id_number, link, opens, owes, remind, said, task, view
from tests.chats.conftest import Court
from tests.world import Person, World

DUE = date(2026, 11, 30)
XIXIU = frozenset({"xixiu"})
SERIES = "某工地农民工工资"


async def reports(debtor: Person, words: str) -> None:
    """Somebody says what they paid, without proof."""
    await debtor.says(words)
    await debtor.taps("party.way.bank")
    await debtor.taps("party.button.no_proof")
    await debtor.taps("party.button.confirm")


# -- twenty workers ----------------------------------------------------------------------------------


async def wage_case(world: World) -> list[tuple[int, str, int]]:
    """Twenty workers against one builder: (obligation, case number, sum in 分)."""
    found = []
    async with world.bot.services.ledger.change(STAFF) as book:
        for n in range(20):
            number = f"（2026）黔0402执{300 + n}号"
            case = await book.open_case(NewCase("xixiu", number, cause="劳务合同", wage=True, series=SERIES))
            builder = await book.party(NewParty("吴建筑", PartyKind.PERSON, id_number(1)), case)
            worker = await book.party(
                NewParty(f"工人{'甲乙丙丁戊己庚辛壬癸'[n % 10]}{n}", PartyKind.PERSON, id_number(100 + n)), case
            )
            amount = 800_000 + n * 10_000
            plan = (Planned(amount, DUE),)
            new = NewObligation("工资", ObligationKind.MONEY, plan, creditors=((worker, None),))
            found.append((await book.owe(case, builder, new), number, amount))
    return found


async def test_of_twenty_workers_thirteen_are_paid_at_once_and_seven_settle(court: Court) -> None:
    """One debtor, one chat, twenty claims: 13 paid by one transfer each, 7 in two parts by written guarantee."""
    world, clerk = court.world, court.clerk
    claims = await wage_case(world)
    services = world.bot.services
    builder = await world.person("甲")
    views = await services.ledger.views(ids=[o for o, _, _ in claims])
    await bind(world, builder, views[0].debtor.id, "吴建筑", id_number(1))
    assert "您名下有 20 项" in said(builder)
    workers = {}
    for n in (0, 5, 19):  # paid by the chat, paid on the court's account, settled
        workers[n] = await world.person(f"工友{n}")
        await bind(world, workers[n], views[n].creditors[0].id, views[n].creditors[0].name, id_number(100 + n))
    for obligation, _, amount in claims[1:13]:  # the court account's list of that morning
        await services.casework.pay(obligation, NewPayment(amount, date(2026, 11, 23), Source.ACCOUNT), STAFF, XIXIU)
    await world.settled()
    await workers[5].hears("应付 8,500 元全部付清")
    await builder.says("刚才转了工资")
    await builder.hears("party.which")
    await builder.taps(claims[0][1])
    await builder.hears("party.paid.day")
    await builder.taps("party.button.today")
    await builder.taps("party.button.whole", amount="8,000")
    await builder.taps("party.way.bank")
    await builder.taps("party.button.no_proof")
    await builder.taps("party.button.confirm")
    assert "付清" not in said(workers[0])  # reported is not verified
    await clerk.says(f"/verify {await task(world, 'verify')} ok")
    await workers[0].hears("应付 8,000 元全部付清")
    await seven_settle(world, claims[13:])
    figures = await services.ledger.figures(series=SERIES)
    assert (figures.cases, figures.creditors, figures.debtors) == (20, 20, 1)
    assert figures.by_status == {Status.PERFORMED: 13, Status.OPEN: 7}
    assert figures.by_settlement[Settlement.AGREED] == 7
    assert figures.settled == sum(a for _, _, a in claims[:13])
    assert figures.balance == sum(a for _, _, a in claims[13:])
    assert await services.ledger.check() == []
    async with services.store.work() as work:
        assert len(await work.tasks.open("certificate")) == 13  # each performed in time
    await only_the_seven_are_asked_for(world, builder, claims)
    assert "付清" not in said(workers[19])


async def seven_settle(world: World, claims: list[tuple[int, str, int]]) -> None:
    """By written guarantee: half on 10 December, half a month later."""
    async with world.bot.services.ledger.change(STAFF) as book:
        for obligation, _, amount in claims:
            await book.settle(obligation, Settlement.AGREED, "书面保证")
            half = amount // 2
            parts = [Planned(half, date(2026, 12, 10)), Planned(amount - half, date(2027, 1, 10))]
            await book.replan(obligation, parts, "书面保证")


async def only_the_seven_are_asked_for(world: World, builder: Person, claims: list[tuple[int, str, int]]) -> None:
    """On no day more than one reminder, by the new days, and never for a claim that is paid."""
    paid = {o for o, _, _ in claims[:13]}
    sent = 0
    for _ in range(10):  # 23 November to 10 December, working days only
        before = len(builder.heard())
        await remind(world)
        assert len(builder.heard()) - before <= 1
        sent += len(builder.heard()) - before
        world.advance(days=2)
    assert sent
    async with world.bot.services.store.work() as work:
        for obligation, _, _ in claims:
            gone = [d for d in await work.reminders.of(obligation_id=obligation) if d.status == "sent"]
            assert not (gone and obligation in paid)


# -- payments ----------------------------------------------------------------------------------------


async def test_a_third_party_pays_30000_of_60475(court: Court) -> None:
    """案外人代为履行: the payer's name is asked for, the rest stays owed, both sides hear the same sums."""
    world, clerk = court.world, court.clerk
    owed = await owes(world, "李大山", due=DUE)
    debtor, creditor = await world.person("甲"), await world.person("乙")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await bind(world, creditor, owed.creditor, "王小二", owed.creditor_number)
    await debtor.says("我哥昨天帮我还了3万")
    await debtor.hears("party.paid.payer")  # no need to ask by which way
    await debtor.says("李大海")
    await debtor.taps("party.button.no_proof")
    await debtor.taps("party.button.confirm")
    await clerk.says(f"/verify {await task(world, 'verify')} ok")
    await debtor.hears("应付 60,475 元，已付 30,000 元，还欠 30,475 元")
    await creditor.hears("30,000 元已核实。应付 60,475 元，已付 30,000 元，还欠 30,475 元")
    seen = await view(world, owed)
    [payment] = seen.payments
    assert payment.third_party
    assert payment.payer_name == "李大海"
    assert (seen.standing.balance, seen.standing.status) == (3_047_500, Status.OPEN)
    world.advance(days=8)  # the first working day after it was due
    seen = await view(world, owed)
    assert (seen.standing.overdue, seen.standing.status) == (3_047_500, Status.OVERDUE)
    assert await world.bot.services.ledger.check() == []


async def test_a_month_of_grace_then_payment_and_the_certificate(court: Court) -> None:
    """宽限一个月: no reminder of the old day; paid within it counts as in time; certificate after a person confirms."""
    world, clerk = court.world, court.clerk
    owed = await owes(world, "李大山", due=DUE)
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await debtor.says("能缓一缓")
    await debtor.hears("party.plan.until")
    await debtor.says("12月30日")
    await debtor.taps("party.button.skip")
    await debtor.taps("party.button.send")
    await clerk.says(f"/plan {await task(world, 'plan')} ok 善意文明，宽限一个月")
    await debtor.hears("新的履行方案已经确认")
    world.advance(days=8)
    before = len(debtor.heard())
    await remind(world)
    assert len(debtor.heard()) == before
    assert (await view(world, owed)).standing.status is Status.GRACE
    world.advance(days=20)
    await reports(debtor, "今天全部还清了，转了60475元")
    await clerk.says(f"/verify {await task(world, 'verify')} ok")
    await debtor.hears("已经全部履行")
    stands = (await view(world, owed)).standing
    assert (stands.balance, stands.status, stands.in_time) == (0, Status.PERFORMED, True)
    number = await task(world, "certificate")
    assert "自动履行证明》，编号" not in said(debtor)
    await clerk.says(f"/certificate {number}")
    await debtor.hears("自动履行证明》，编号 XIXIU-2026-0001")
    files = [m for m in debtor.actor.sees() if m.from_bot and m.data.get("document")]
    assert files
    await anybody_can_check(world, world.bot.services.documents)


async def anybody_can_check(world: World, documents: Documents) -> None:
    """The code on the certificate says that it is genuine, and nothing about the case."""
    paper = await documents.paper("XIXIU-2026-0001")
    bank = await world.person("银行职员")
    await opens(world, bank, paper.link.partition("start=")[2])
    await bank.hears("是真的")
    assert "60,475" not in said(bank)
    await opens(world, bank, "CXIXIU-2026-0001_AAAAAAAA")
    await bank.hears("party.certificate.unknown")
    name, content = await documents.open("certificate:XIXIU-2026-0001:docx")
    assert name.endswith(".docx")
    assert content[:2] == b"PK"


async def test_no_certificate_for_late_performance(court: Court) -> None:
    """Performed in full but late: a receipt, and no task for a certificate."""
    world, clerk = court.world, court.clerk
    owed = await owes(world, "李大山", due=DUE)
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    world.advance(days=20)
    await reports(debtor, "今天转了60475元")
    await clerk.says(f"/verify {await task(world, 'verify')} ok")
    await debtor.hears("已经全部履行")
    async with world.bot.services.store.work() as work:
        assert await work.tasks.open("certificate") == []


async def test_an_act_is_performed_without_sums(court: Court) -> None:
    """Moving out: asked for the day and proof only, verified, done."""
    world, clerk = court.world, court.clerk
    owed = await owes(world, "李大山", due=DUE, label="腾房", act="腾退房屋")
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await debtor.says("已经搬走了")
    await debtor.hears("party.paid.day_act")
    await debtor.says("昨天")
    await debtor.taps("party.button.no_proof")
    await debtor.taps("party.button.confirm")
    await clerk.says(f"/verify {await task(world, 'verify')} ok")
    await debtor.hears("已经全部履行")
    assert (await view(world, owed)).standing.status is Status.PERFORMED


async def test_two_debtors_answer_together_and_both_hear_everything(court: Court) -> None:
    """Several persons on one case: each proves themselves, both are reminded, one pays, both have the receipt."""
    world, clerk = court.world, court.clerk
    async with world.bot.services.ledger.change(STAFF) as book:
        case = await book.open_case(NewCase("xixiu", "（2026）黔0402执700号", cause="借款"))
        husband = await book.party(NewParty("李大山", PartyKind.PERSON, id_number(1)), case)
        wife = await book.party(NewParty("周小花", PartyKind.PERSON, id_number(2)), case)
        new = NewObligation("借款", ObligationKind.MONEY, (Planned(100_000, DUE),), co_debtors=(wife,))
        obligation = await book.owe(case, husband, new)
    first, second = await world.person("甲"), await world.person("乙")
    await bind(world, first, husband, "李大山", id_number(1))
    await bind(world, second, wife, "周小花", id_number(2))
    await remind(world)
    await first.hears("李大山")
    await second.hears("周小花")
    await reports(second, "今天付了1000元")
    await clerk.says(f"/verify {await task(world, 'verify')} ok")
    await first.hears("已经全部履行")
    await second.hears("已经全部履行")
    seen = await world.bot.services.ledger.obligation(obligation)
    assert seen
    assert seen.payments[0].payer_id == wife
    assert seen.standing.in_time


async def test_a_broken_promise_becomes_work_for_a_person_once(court: Court) -> None:
    """Promised, asked about the day before, not kept: a task with day and sum, no sterner message, never a second one."""
    world, clerk = court.world, court.clerk
    owed = await owes(world, "李大山", due=date(2027, 2, 26))
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await debtor.says("下周三还3000")
    await debtor.taps("party.button.promise")
    casework = world.bot.services.casework
    assert await casework.follow_promises() == 0
    world.advance(days=8)  # Tuesday, the day before
    await remind(world)
    await debtor.hears("12月2日")
    world.advance(days=1)
    assert await casework.follow_promises() == 0  # the day itself is not over
    world.advance(days=1)
    heard = len(debtor.heard())
    assert await casework.follow_promises() == 1
    await world.settled()
    await clerk.hears("答应的没有办到")
    assert len(debtor.heard()) == heard
    number = await task(world, "promise")
    await casework.close_task(number, "", STAFF, XIXIU)
    assert await casework.follow_promises() == 0
    [promised] = (await view(world, owed)).promises
    assert promised.status is PromiseStatus.BROKEN


async def test_a_kept_promise_is_no_work_for_anybody(court: Court) -> None:
    """Paid on the promised day and verified: kept; reported and not verified yet: nobody is bothered about it."""
    world = court.world
    owed = await owes(world, "李大山", due=date(2027, 2, 26))
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await debtor.says("明天还3000")
    await debtor.taps("party.button.promise")
    world.advance(days=1)
    await reports(debtor, "今天付了3000")
    world.advance(days=1)
    casework = world.bot.services.casework
    assert await casework.follow_promises() == 0
    assert (await view(world, owed)).promises[0].status is PromiseStatus.CLAIMED
    await casework.verify((await view(world, owed)).payments[0].id, STAFF, XIXIU)
    assert (await view(world, owed)).promises[0].status is PromiseStatus.KEPT
    assert await casework.follow_promises() == 0


# -- pictures ----------------------------------------------------------------------------------------


def part_of_album(world: World, person: Person, *shades: int) -> None:
    """Some pictures of one and the same album."""
    people = world.sandbox.people
    for shade in shades:
        people._write(person.id, {"media_group_id": "7001", **people._photo(sample_png(shade=shade))}, None, 0)


async def test_an_album_is_one_proof_even_across_a_restart(make_world: Callable[..., Any]) -> None:
    """Five photos: two before the process is stopped, three after; one proof with five files, sealed on disk."""
    world: World = await make_world()
    clerk = await world.clerk()
    await world.start_bot()
    owed = await owes(world, "李大山", due=DUE)
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    part_of_album(world, debtor, 10, 60)
    await world.settled()
    await debtor.hears("party.paid.day")
    said_once = len(debtor.heard())
    await world.stop_bot()
    part_of_album(world, debtor, 110, 160, 210)
    await world.start_bot()
    await world.settled()
    # One word about an album, not one per picture; the day's reminder may have come meanwhile.
    assert [words for words in debtor.heard()[said_once:] if "自动提醒" not in words] == []
    await debtor.says("昨天转了60475元")
    await debtor.taps("party.way.bank")
    await debtor.hears("party.paid.proof")
    await debtor.taps("party.button.no_proof")
    await debtor.hears("凭证：5 个")
    await debtor.taps("party.button.confirm")
    [proof] = (await view(world, owed)).proofs
    assert len(proof.files) == 5
    sealed = list((world.folder / "proofs").rglob("??/*"))
    assert len(sealed) == 5
    assert not any(b"PNG" in path.read_bytes() for path in sealed)
    content = world.bot.services.files.proofs.get(proof.files[0].sha256)
    assert content[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")
    await clerk.says(f"/proof {await task(world, 'verify')}")
    assert "/file/bot" not in said(clerk)


async def test_a_picture_without_a_word_begins_a_report_that_is_easily_undone(world: World) -> None:
    """Taken for proof, said so; 不是付款凭证 drops the report."""
    owed = await owes(world, "李大山", due=DUE)
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    world.sandbox.people.send_photo(debtor.id)
    await world.settled()
    await debtor.hears("party.photo.taken")
    await debtor.taps("party.button.no_payment")
    await debtor.hears("party.photo.other")
    assert (await view(world, owed)).payments == []


# -- reach -------------------------------------------------------------------------------------------


async def test_a_blocked_bot_is_on_the_list_and_unblocking_takes_it_off(court: Court) -> None:
    """屏蔽: on the unreached list with the reason, no message tried; reached again as soon as it is unblocked."""
    world = court.world
    owed = await owes(world, "李大山", due=DUE)
    debtor = await world.person("甲")
    reach = world.bot.services.reach
    assert [m.why for m in await reach.unreached()] == ["no_link"]
    start = await link(world, owed.debtor)
    assert [m.why for m in await reach.unreached()] == ["never_linked"]
    await opens(world, debtor, start)
    assert [m.why for m in await reach.unreached()] == ["not_proven"]
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    assert await reach.unreached() == []
    world.sandbox.people.block(debtor.id)
    await world.settled()
    assert [m.why for m in await reach.unreached()] == ["blocked"]
    world.sandbox.core.journal.clear()
    await remind(world)
    # Staff entering a payment meanwhile finds nobody to tell, and that harms nothing.
    await world.bot.services.casework.pay(owed.obligation, NewPayment(100_000, date(2026, 11, 23)), STAFF, XIXIU)
    await world.settled()
    assert world.sandbox.core.journal.of("sendMessage", chat_id=debtor.id) == []
    await tried_by_hand(world, owed.debtor)
    world.sandbox.people.unblock(debtor.id)
    await world.settled()
    assert await reach.unreached() == []
    world.advance(days=4)  # the next step of the plan
    await remind(world)
    await debtor.hears("11月30日")
    assert (await view(world, owed)).standing.balance == 5_947_500


async def tried_by_hand(world: World, debtor: int) -> None:
    """A call is entered with what came of it; the list shows it, only to the court whose case it is."""
    casework = world.bot.services.casework
    await casework.outcome(debtor, Way.PHONE, Outcome.NO_ANSWER, "上午没人接", STAFF, XIXIU)
    [missed] = await casework.unreached(XIXIU, why=Unreached.BLOCKED)
    assert [t[1:] for t in missed.tried] == [("phone", "no_answer", "上午没人接")]
    assert await casework.unreached(frozenset({"puding"})) == []


async def test_a_moved_due_date_is_what_everybody_sees(court: Court) -> None:
    """Moved by staff: both sides hear it, no reminder of the old day goes, the new day's goes, 我的案子 shows it."""
    world = court.world
    owed = await owes(world, "李大山", due=DUE)
    debtor, creditor = await world.person("甲"), await world.person("乙")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await bind(world, creditor, owed.creditor, "王小二", owed.creditor_number)
    seen: View = await view(world, owed)
    moved = date(2027, 1, 15)
    await world.bot.services.casework.move_due(seen.instalments[0].id, moved, "双方商定", STAFF, XIXIU)
    await world.settled()
    await debtor.hears("期限改到 2027年1月15日（周五）：双方商定")
    await creditor.hears("期限改到 2027年1月15日（周五）：双方商定")
    before = len(debtor.heard())
    for _ in range(10):  # past the old day
        await remind(world)
        world.advance(days=1)
    assert len(debtor.heard()) == before
    assert (await view(world, owed)).standing.status is Status.OPEN
    await debtor.says("/mine")
    await debtor.hears("2027年1月15日")
    world.advance(days=36)  # 8 January, a week before
    await remind(world)
    await debtor.hears("1月15日")


async def test_a_proven_person_who_says_it_is_somebody_else_is_left_in_peace(court: Court) -> None:
    """Identity was proven and still 不是我: disputed at once, nothing more is sent, staff close it, the case goes on."""
    world = court.world
    owed = await owes(world, "李大山", due=DUE)
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await debtor.says("你们搞错人了，我不叫这个名")
    await debtor.hears("不会再给这里发这个案件的任何消息")
    assert (await view(world, owed)).standing.status is Status.DISPUTED
    before = len(debtor.heard())
    for _ in range(3):
        await remind(world)
        world.advance(days=3)
    assert len(debtor.heard()) == before
    seen = await world.bot.services.casework.close_disputes(owed.obligation, "核对后确是本人", STAFF, XIXIU)
    assert seen.standing.status is not Status.DISPUTED
    assert [m.why for m in await world.bot.services.reach.unreached()] == ["wrong_person"]


async def test_only_staff_may_use_staff_commands(world: World) -> None:
    """/tasks, /verify and the others answer nobody else."""
    stranger = await world.person("甲")
    for command in ("/tasks", "/verify 1 ok", "/certificate 1", "/done 1", "/link （2026）黔0402执123号", "/plan 1 ok"):
        await stranger.says(command)
        await stranger.hears("staff.only")
