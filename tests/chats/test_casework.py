"""What staff do without a chat turn (the console's use cases): receipts, decisions, papers, and whose case it is."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from bot.guide.settlement.model import SettlementError
from bot.ledger import wording
from bot.ledger.model import Actor, Broken, NewPayment, Planned, Settlement, Source, Status
from bot.ledger.wording import told
from bot.reach import transcript
from bot.reach.model import ReachError
from bot.reach.transcript import Line
from bot.staff.model import Role
from tests.cases import STAFF, bind, id_number, opens, owes, said, task, view
from tests.office import hire
from tests.world import TEXTS, Person, World

DUE = date(2026, 11, 30)
XIXIU = frozenset({"xixiu"})
OTHER = frozenset({"pingba"})


@pytest.fixture
async def world(make_world: Callable[..., Any]) -> World:
    """A running bot on both databases; a clerk in chat hears of tasks."""
    made: World = await make_world()
    await made.clerk()
    await made.start_bot()
    await made.settled()
    return made


async def both_sides(world: World) -> tuple[Any, Person, Person]:
    """A debtor and a creditor who have proven who they are."""
    owed = await owes(world, "李大山", due=DUE)
    debtor, creditor = await world.person("甲"), await world.person("乙")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await bind(world, creditor, owed.creditor, "王小二", owed.creditor_number)
    return owed, debtor, creditor


async def reported(world: World, debtor: Person) -> int:
    """The debtor reports 5,000 yuan; the payment's id."""
    await debtor.says("昨天转了5000")
    await debtor.taps("party.way.bank")
    await debtor.taps("party.button.no_proof")
    await debtor.taps("party.button.confirm")
    async with world.bot.services.store.work() as work:
        [payment] = await work.ledger.reported()
    return payment.id


async def test_verified_at_the_desk_both_sides_have_a_receipt_and_the_task_is_done(world: World) -> None:
    """The same receipts as from the chat, another sum if that is what came, and no task is left."""
    owed, debtor, creditor = await both_sides(world)
    payment = await reported(world, debtor)
    seen = await world.bot.services.casework.verify(payment, STAFF, XIXIU, amount=480_000)
    await world.settled()
    assert seen.standing.balance == 6_047_500 - 480_000
    receipt = await debtor.hears("4,800 元")
    assert receipt.data.get("has_protected_content")  # nobody forwards the facts of a case
    await creditor.hears("还欠 55,675 元")
    async with world.bot.services.store.work() as work:
        assert await work.tasks.open("verify") == []
        told = await work.reach.messages_of(owed.obligation)
    assert len({m.conversation_id for m in told}) == 2


async def test_two_clerks_who_verify_at_once_send_one_receipt(world: World) -> None:
    """The second one is told that it is done already; nothing is counted or said twice."""
    owed, debtor, creditor = await both_sides(world)
    payment = await reported(world, debtor)
    verify = world.bot.services.casework.verify
    done = await asyncio.gather(*(verify(payment, STAFF, XIXIU) for _ in range(2)), return_exceptions=True)
    await world.settled()
    assert sorted(isinstance(d, Broken) for d in done) == [False, True]
    assert said(debtor).count("收到并核实") == 1
    assert said(creditor).count("5,000 元已核实") == 1
    assert (await view(world, owed)).standing.settled == 500_000


async def test_rejected_at_the_desk_the_debtor_hears_why_and_a_second_decision_is_refused(world: World) -> None:
    """A reason must be given; what is decided is decided once."""
    owed, debtor, creditor = await both_sides(world)
    casework = world.bot.services.casework
    payment = await reported(world, debtor)
    with pytest.raises(Broken, match="reason"):
        await casework.reject(payment, " ", STAFF, XIXIU)
    await casework.reject(payment, "账上没有这一笔", STAFF, XIXIU)
    with pytest.raises(Broken, match="payment_step"):
        await casework.verify(payment, STAFF, XIXIU)
    await world.settled()
    await debtor.hears("账上没有这一笔")
    assert "没有这一笔" not in said(creditor)
    assert (await view(world, owed)).standing.balance == 6_047_500


async def test_more_than_is_owed_is_asked_about_and_the_surplus_is_told(world: World) -> None:
    """Two zeros too many are refused with the sums; meant so, it is written, told to the debtor and seen as a surplus."""
    owed, debtor, creditor = await both_sides(world)
    casework = world.bot.services.casework
    payment = await reported(world, debtor)
    heard = len(debtor.heard())
    with pytest.raises(Broken, match="surplus") as slip:
        await casework.verify(payment, STAFF, XIXIU, amount=50_000_000)
    assert told(TEXTS, slip.value) == "这笔 500,000.00 元，比还没有履行的 60,475.00 元多出 439,525.00 元"
    too_much = NewPayment(6_047_501, date(2026, 11, 23))
    with pytest.raises(Broken, match="surplus"):
        await casework.pay(owed.obligation, too_much, STAFF, XIXIU)
    assert len(debtor.heard()) == heard
    stands = (await view(world, owed)).standing
    assert (stands.settled, stands.reported) == (0, 500_000)
    await casework.verify(payment, STAFF, XIXIU, amount=6_100_000, surplus=True)
    await world.settled()
    await debtor.hears("多付了 525 元")
    assert "多付" not in said(creditor)
    stands = (await view(world, owed)).standing
    assert (stands.status, stands.surplus) == (Status.PERFORMED, 52_500)


async def test_in_chat_more_than_is_owed_wants_another_word(make_world: Callable[..., Any]) -> None:
    """`ok` with too large a sum writes nothing and says how much it is too much; `over` means it."""
    world: World = await make_world()
    clerk = await world.clerk()
    await world.start_bot()
    await world.settled()
    owed, debtor, _ = await both_sides(world)
    await reported(world, debtor)
    number = await task(world, "verify")
    await clerk.says(f"/verify {number} ok 99999元")
    await clerk.hears("多出 39,524.00 元")
    await clerk.hears("把 ok 换成 over")
    assert (await view(world, owed)).standing.settled == 0
    await clerk.says(f"/verify {number} over 99999元")
    await clerk.hears("已核实并通知双方")
    assert (await view(world, owed)).standing.surplus == 3_952_400


async def test_what_was_decided_already_is_told_in_words(world: World) -> None:
    """The second of two who verify reads what it is now, not a code of the program."""
    _, debtor, _ = await both_sides(world)
    payment = await reported(world, debtor)
    await world.bot.services.casework.verify(payment, STAFF, XIXIU)
    with pytest.raises(Broken) as second:
        await world.bot.services.casework.verify(payment, STAFF, XIXIU)
    assert told(TEXTS, second.value) == "这笔履行已经处理过了，现在是“已核实”"


async def test_nobody_touches_the_cases_of_another_court(world: World) -> None:
    """Every use case refuses what belongs to a court outside the scope, and nothing is written or said."""
    owed, debtor, _ = await both_sides(world)
    casework = world.bot.services.casework
    payment = await reported(world, debtor)
    heard = len(debtor.heard())
    number = await task(world, "verify")
    instalment = (await view(world, owed)).instalments[0].id
    paid = NewPayment(100, date(2026, 11, 23), Source.ACCOUNT)
    deeds = [
        lambda: casework.view(owed.obligation, STAFF, OTHER),
        lambda: casework.pay(owed.obligation, paid, STAFF, OTHER),
        lambda: casework.verify(payment, STAFF, OTHER),
        lambda: casework.reject(payment, "不对", STAFF, OTHER),
        lambda: casework.revoke(payment, "不对", STAFF, OTHER),
        lambda: casework.move_due(instalment, date(2027, 1, 1), "不对", STAFF, OTHER),
        lambda: casework.grant_grace(owed.obligation, date(2027, 1, 1), "不对", STAFF, OTHER),
        lambda: casework.close_disputes(owed.obligation, "不对", STAFF, OTHER),
        lambda: casework.issue_certificate(owed.obligation, STAFF, OTHER),
        lambda: casework.close_task(number, "", STAFF, OTHER),
        lambda: casework.make_link(owed.debtor, STAFF, OTHER),
        lambda: casework.invite(owed.case, STAFF, OTHER),
        lambda: casework.picture(payment, 0, STAFF, OTHER),
        lambda: casework.negotiations(owed.obligation, STAFF, OTHER),
        lambda: casework.transcript(owed.obligation, "text", STAFF, OTHER),
    ]
    for deed in deeds:
        with pytest.raises(Broken, match="other_court"):
            await deed()
    await world.settled()
    assert len(debtor.heard()) == heard
    assert await task(world, "verify") == number
    assert (await view(world, owed)).standing.reported == 500_000


async def test_a_payment_on_the_court_account_is_entered_and_taken_back(world: World) -> None:
    """Certain money counts at once with receipts; taken back, both sides hear the old balance and why."""
    owed, debtor, creditor = await both_sides(world)
    casework = world.bot.services.casework
    paid = NewPayment(6_047_500, date(2026, 11, 23), Source.ACCOUNT, reference="A1")
    seen = await casework.pay(owed.obligation, paid, STAFF, XIXIU)
    assert seen.standing.status is Status.PERFORMED
    row = await casework.issue_certificate(owed.obligation, STAFF, XIXIU)
    await world.settled()
    await creditor.hears("已经全部履行")
    await debtor.hears(row.number)
    start = (await world.bot.services.documents.paper(row.number)).link.partition("start=")[2]
    await casework.revoke(seen.payments[0].id, "银行退回", STAFF, XIXIU)
    await world.settled()
    await debtor.hears("银行退回")
    await creditor.hears("还欠 60,475 元")
    bank = await world.person("银行职员")
    await opens(world, bank, start)
    await bank.hears("party.certificate.unknown")
    with pytest.raises(ReachError, match="not_due"):
        await casework.issue_certificate(owed.obligation, STAFF, XIXIU)
    again = await casework.pay(owed.obligation, NewPayment(6_047_500, date(2026, 11, 23)), STAFF, XIXIU)
    assert again.standing.in_time
    assert (await casework.issue_certificate(owed.obligation, STAFF, XIXIU)).number == row.number
    await opens(world, bank, start)
    await bank.hears("是真的")


async def test_an_offer_is_countered_and_then_written_into_the_ledger(world: World) -> None:
    """The desk answers with other days, both sides accept in chat, the desk confirms; decided twice is refused."""
    owed, debtor, creditor = await both_sides(world)
    casework = world.bot.services.casework
    await debtor.says("能缓一缓")
    await debtor.hears("party.plan.until")
    await debtor.says("明年3月1日")
    await debtor.taps("party.button.skip")
    await debtor.taps("party.button.send")
    [deal] = await casework.negotiations(owed.obligation, STAFF, XIXIU)
    plan = [(3_000_000, date(2026, 12, 15)), (3_047_500, date(2027, 1, 15))]
    await casework.counter(deal.id, plan, STAFF, XIXIU)
    await world.settled()
    await debtor.hears("第 2 期：2027年1月15日")
    await debtor.taps("party.button.accept")
    with pytest.raises(SettlementError, match="not_all"):
        await casework.decide(deal.id, agreed=True, why="", actor=STAFF, courts=XIXIU)
    await creditor.hears("第 2 期：2027年1月15日")
    await creditor.taps("party.button.accept")
    await casework.decide(deal.id, agreed=True, why="双方同意", actor=STAFF, courts=XIXIU)
    await world.settled()
    await creditor.hears("新的履行方案已经确认")
    seen = await view(world, owed)
    assert [i.amount for i in seen.instalments] == [3_000_000, 3_047_500]
    assert seen.row.settlement == Settlement.AGREED
    with pytest.raises(SettlementError, match="over"):
        await casework.decide(deal.id, agreed=False, why="迟了", actor=STAFF, courts=XIXIU)


async def test_an_objection_is_closed_with_its_outcome_and_reminders_go_on(world: World) -> None:
    """The dispute and its task are closed together; the debtor hears the outcome; status goes by the day again."""
    owed, debtor, _ = await both_sides(world)
    casework = world.bot.services.casework
    await debtor.says("利息不对，多算了")
    await debtor.taps("party.dispute.amount")
    await debtor.says("利息多算两年")
    assert (await view(world, owed)).standing.status is Status.DISPUTED
    seen = await casework.close_disputes(owed.obligation, "利息计算无误", STAFF, XIXIU)
    await world.settled()
    assert seen.standing.status is Status.OPEN
    await debtor.hears("利息计算无误")
    async with world.bot.services.store.work() as work:
        assert await work.tasks.open("dispute") == []
    with pytest.raises(Broken, match="no_dispute"):
        await casework.close_disputes(owed.obligation, "再来", STAFF, XIXIU)


async def test_a_clerk_closes_an_objection_in_chat(make_world: Callable[..., Any]) -> None:
    """/resolve N outcome does the same; /resolve without an outcome explains itself."""
    world: World = await make_world()
    clerk = await world.clerk()
    await world.start_bot()
    owed = await owes(world, "李大山", due=DUE)
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await debtor.says("我不服")
    number = await task(world, "dispute")
    await clerk.says(f"/resolve {number}")
    await clerk.hears("clerk.usage.dispute")
    await clerk.says(f"/resolve {number} 已核对，照判决办")
    await clerk.hears("异议已了结")
    await debtor.hears("照判决办")
    assert (await view(world, owed)).standing.status is Status.OPEN


async def test_a_transcript_is_in_words(world: World) -> None:
    """What stood on a button, who said it by name, sums in 元; no codes, no markup, in every form of the file."""
    owed, debtor, _ = await both_sides(world)
    services = world.bot.services
    async with services.ledger.change(Actor("operator", "root")) as book:
        await book.replan(owed.obligation, [Planned(2_000_000, DUE), Planned(4_047_500, date(2026, 12, 30))], "import 66429d1117d9")
    judge = await hire(services, "xixiu", Role.JUDGE, "陈法官", 4711)
    await services.cases.grant_grace(judge, owed.obligation, date(2026, 12, 5), "住院了")
    await debtor.says("付了5000")
    await debtor.taps("party.button.yesterday")
    await debtor.taps("party.way.bank")
    await debtor.taps("party.button.no_proof")
    await debtor.taps("party.button.confirm")
    async with services.store.work() as work:
        [payment] = await work.ledger.reported()
    await services.cases.verify(judge, payment.id)
    _, content = await services.casework.transcript(owed.obligation, "text", STAFF, None)
    text = content.decode()
    assert "李大山: 【按钮】 昨天" in text
    assert re.search(r"陈法官 \[住院了\]: 【台账】给予宽限：宽限到：2026-12-05", text)
    assert "系统管理员 [从台账表格导入]: 【台账】改变履行计划" in text
    assert "2026-11-30 20,000.00 元、2026-12-30 40,475.00 元" in text
    assert "李大山: 【台账】报告付款：金额：5,000.00 元；付款日：2026-11-22" in text
    assert "状态：待核实 → 已核实" in text
    _, sheet = await services.casework.transcript(owed.obligation, "xlsx", STAFF, None)
    rows = load_workbook(io.BytesIO(sheet)).worksheets[0].iter_rows(values_only=True)
    for words in (text, "\n".join(str(c) for row in rows for c in row if c)):
        assert not re.search(r"fl:|ob:|\*\*|import [0-9a-f]|verified|bank|\bT[-+]\d|'amount'|staff:|party:", words), words


async def test_old_presses_and_steps_are_told_without_codes() -> None:
    """A log from before the labels were kept: that something was pressed; a step by its day."""
    old = Line(datetime(2026, 11, 23, 2, tzinfo=UTC), "李大山", "button", "fl:1gfs3npvozaz:day:yesterday", "T-1", "answer")
    assert transcript._shown(old, TEXTS)[1:] == ("李大山", "【按钮】（当时没有存下按钮上的字）", "到期前 1 天的提醒", "回答")
    for step, words in (("T", "到期日的提醒"), ("T+7", "到期后 7 天的提醒"), ("person", "转承办人"), ("春节前", "春节前")):
        assert transcript._shown(replace(old, step=step), TEXTS)[3] == words


async def test_the_history_names_people_and_says_values_in_words(world: World) -> None:
    """Who by name, plans and sums in 元, kinds in words; the reason stands once."""
    owed, _, _ = await both_sides(world)
    services = world.bot.services
    judge = await hire(services, "xixiu", Role.JUDGE, "陈法官", 4711)
    await services.cases.grant_grace(judge, owed.obligation, date(2026, 12, 5), "住院了")
    async with services.cases.book(judge, owed.obligation) as book:
        await book.end(owed.obligation, "申请人撤回")
    happened = {h.event.kind: h for h in await services.cases.history(judge, owed.obligation)}
    grace, end, entered = (happened[k] for k in ("grace.granted", "obligation.ended", "obligation.entered"))
    assert (grace.name, wording.changed(TEXTS, grace.event)) == ("陈法官", ["宽限到：2026-12-05"])
    assert (end.name, wording.changed(TEXTS, end.event), wording.why(TEXTS, end.event)) == ("陈法官", [], "申请人撤回")
    assert entered.name == "工作人员"
    told = wording.changed(TEXTS, entered.event)
    assert told == ["类型：金钱", "义务：货款", "金额：60,475.00 元", "履行计划：2026-11-30 60,475.00 元", "和解：未和解"]


async def test_pictures_and_transcript_are_opened_for_staff(world: World) -> None:
    """The bytes of a proof, a warning when the same file serves elsewhere, and every word as a file."""
    owed, debtor, _ = await both_sides(world)
    other = await owes(world, "赵大河", case="（2026）黔0402执500号", serial=7)
    await debtor.says("昨天转了5000")
    await debtor.taps("party.way.bank")
    await debtor.sends("photo")
    await debtor.taps("party.button.finished")
    await debtor.taps("party.button.confirm")
    services = world.bot.services
    async with services.store.work() as work:
        [payment] = await work.ledger.reported()
    picture = await services.casework.picture(payment.id, 0, STAFF, None)
    assert picture.content[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")
    assert picture.elsewhere == ()
    [proof] = (await view(world, owed)).proofs
    async with services.ledger.change(STAFF) as book:
        await book.add_proof(other.obligation, [proof.files[0]])
    picture = await services.casework.picture(payment.id, 0, STAFF, None)
    assert picture.elsewhere == (other.obligation,)
    await services.casework.verify(payment.id, STAFF, None)
    name, content = await services.casework.transcript(owed.obligation, "text", STAFF, None)
    assert name.endswith(".txt")
    text = content.decode()
    assert "昨天转了5000" in text
    assert "收到并核实" in text
    assert "[报告已履行]: 昨天转了5000" in text
    assert "付款核实" in text
    assert (await services.casework.transcript(owed.obligation, "xlsx", STAFF, None))[1][:2] == b"PK"


async def test_links_and_tasks_at_the_desk(world: World) -> None:
    """Links for everybody who can prove who they are; a task's words reach the person even 90 days later; done once."""
    owed, debtor, _ = await both_sides(world)
    casework = world.bot.services.casework
    made = await casework.invite(owed.case, STAFF, XIXIU)
    assert sorted(i.role for i in made) == ["creditor", "debtor"]
    assert all(i.start in i.link for i in made)
    await debtor.says("请承办法官给我打电话")
    number = await task(world, "contact")
    world.advance(days=90)  # late, and not lost: the task knows the chat
    await casework.close_task(number, "明天上午给您打电话", Actor("staff", "王"), XIXIU)
    await world.settled()
    await debtor.hears("明天上午给您打电话")
    async with world.bot.services.store.work() as work:
        closed = await work.tasks.get(number)
    assert closed
    assert closed.closed_by == "staff:王"
    with pytest.raises(Broken, match="no_task"):
        await casework.close_task(number, "再来", STAFF, XIXIU)
    with pytest.raises(ReachError, match="no_case"):
        await casework.invite("（2026）黔0402执999号", STAFF, XIXIU)


async def test_what_is_broken_leaves_nothing_said(world: World) -> None:
    """Several deeds in one transaction: the second one is refused, so neither happened and nobody heard of it."""
    owed, debtor, _ = await both_sides(world)
    heard = len(debtor.heard())

    async def two_deeds() -> None:
        async with world.bot.services.casework.by(STAFF, None) as hand:
            await hand.pay(owed.obligation, NewPayment(100, date(2026, 11, 23)))
            await hand.grant_grace(owed.obligation, date(2026, 11, 1), "太晚")

    with pytest.raises(Broken, match="day_past"):
        await two_deeds()
    await world.settled()
    assert len(debtor.heard()) == heard
    assert (await view(world, owed)).payments == []
    assert id_number(1) not in said(debtor)
