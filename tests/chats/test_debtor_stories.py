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
    Settlement,
    Source,
    Status,
)
from bot.ledger.service import View
from bot.reach.documents import Documents
from sandbox.files import sample_png
from tests.cases import STAFF, bind, id_number, link, opens, owes, remind, said, task, view
from tests.chats.conftest import Court
from tests.world import Person, World

DUE = date(2026, 11, 30)
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
    """One debtor, one chat, twenty claims: 13 paid by one transfer each, 7 in two instalments with staff's word."""
    world, clerk = court.world, court.clerk
    claims = await wage_case(world)
    services = world.bot.services
    builder = await world.person("甲")
    first = await services.ledger.obligation(claims[0][0])
    assert first
    await bind(world, builder, first.debtor.id, "吴建筑", id_number(1))
    assert "您名下有 20 项" in said(builder)
    worker = await world.person("乙")
    await bind(world, worker, first.creditors[0].id, first.creditors[0].name, id_number(100))
    async with services.ledger.change(STAFF) as book:  # the court account's list of that morning
        for obligation, _, amount in claims[1:13]:
            await book.pay(obligation, NewPayment(amount, date(2026, 11, 23), Source.ACCOUNT))
    await builder.says("刚才转了工资")
    await builder.hears("party.which")
    await builder.taps(claims[0][1])
    await builder.hears("party.paid.day")
    await builder.taps("party.button.today")
    await builder.taps("party.button.whole", amount="8,000")
    await builder.taps("party.way.bank")
    await builder.taps("party.button.no_proof")
    await builder.taps("party.button.confirm")
    await clerk.says(f"/verify {await task(world, 'verify')} ok")
    await worker.hears("已经全部履行")
    async with services.ledger.change(STAFF) as book:
        for obligation, _, amount in claims[13:]:
            await book.settle(obligation, Settlement.AGREED, "书面保证")
            half = amount // 2
            await book.replan(
                obligation, [Planned(half, date(2026, 12, 10)), Planned(amount - half, date(2027, 1, 10))]
            )
    figures = await services.ledger.figures(series=SERIES)
    assert figures.by_status[Status.PERFORMED] == 13
    assert figures.by_settlement[Settlement.AGREED] == 7
    before = len(builder.heard())
    await remind(world)
    # One reminder a day over all cases, however many claims are due; and none for what is paid.
    assert len(builder.heard()) - before <= 1


# -- payments ----------------------------------------------------------------------------------------


async def test_a_third_party_pays_30000_of_60475(court: Court) -> None:
    """案外人代为履行: the payer's name is asked for, the rest stays owed, both sides hear the same sums."""
    world, clerk = court.world, court.clerk
    owed = await owes(world, "李大山", due=DUE)
    debtor, creditor = await world.person("甲"), await world.person("乙")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await bind(world, creditor, owed.creditor, "王小二", owed.creditor_number)
    await debtor.says("我哥昨天帮我还了3万")
    await debtor.taps("party.way.third")
    await debtor.says("李大海")
    await debtor.taps("party.button.no_proof")
    await debtor.taps("party.button.confirm")
    await clerk.says(f"/verify {await task(world, 'verify')} ok")
    await debtor.hears("还欠 30,475 元")
    await creditor.hears("还欠 30,475 元")
    [payment] = (await view(world, owed)).payments
    assert payment.third_party
    assert payment.payer_name == "李大海"


async def test_a_month_of_grace_then_payment_and_the_certificate(court: Court) -> None:
    """宽限一个月: no reminder of the old day; paid within it counts as in time; certificate after a person confirms."""
    world, clerk = court.world, court.clerk
    owed = await owes(world, "李大山", due=DUE)
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await debtor.says("能缓一缓")
    await debtor.taps("party.button.delay")
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


async def test_a_blocked_bot_is_on_the_list_and_unblocking_takes_it_off(world: World) -> None:
    """屏蔽: on the unreached list with the reason, no message tried; reached again as soon as it is unblocked."""
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
    world.sandbox.people.unblock(debtor.id)
    await world.settled()
    assert await reach.unreached() == []


async def test_a_moved_due_date_is_what_everybody_sees(court: Court) -> None:
    """Moved by staff: the reminder of the old day does not go, 我的案子 shows the new one."""
    world = court.world
    owed = await owes(world, "李大山", due=DUE)
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    seen: View = await view(world, owed)
    async with world.bot.services.ledger.change(STAFF) as book:
        await book.move_due(seen.instalments[0].id, date(2027, 1, 15), "双方商定")
    before = len(debtor.heard())
    await remind(world)
    assert len(debtor.heard()) == before
    await debtor.says("/mine")
    await debtor.hears("2027年1月15日")


async def test_only_staff_may_use_staff_commands(world: World) -> None:
    """/tasks, /verify and the others answer nobody else."""
    stranger = await world.person("甲")
    for command in ("/tasks", "/verify 1 ok", "/certificate 1", "/done 1", "/link （2026）黔0402执123号", "/plan 1 ok"):
        await stranger.says(command)
        await stranger.hears("staff.only")
