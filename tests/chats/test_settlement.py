"""Two sides, and a mediator between them, settle in chat: offers, counters, answers, the ledger, breach."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from docx import Document

from bot.guide.settlement.model import Status as Talk
from bot.guide.settlement.service import agreement_fields, history
from bot.guide.settlement.table import Deal
from bot.ledger.model import NewPayment, Settlement, Source, Stage, Status
from bot.settings import SettlementSettings
from tests.cases import STAFF, Owed, bind, owes, remind, said, task, view, words
from tests.chats.conftest import Court
from tests.world import Person, World

DUE = date(2026, 11, 30)


async def both(world: World, *, stage: Stage = Stage.BEFORE) -> tuple[Owed, Person, Person]:
    """A debtor who owes 60,475 yuan and a creditor, both proven."""
    owed = await owes(world, "李大山", due=DUE)
    if stage is Stage.IN:
        async with world.bot.services.ledger.change(STAFF) as book:
            known = await book.rows.case_numbered(owed.case)
            assert known
            await book.change_case(known.id, stage=Stage.IN)
    debtor, creditor = await world.person("甲"), await world.person("乙")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await bind(world, creditor, owed.creditor, "王小二", owed.creditor_number)
    return owed, debtor, creditor


async def instalments(person: Person, count: str = "6", first: str = "12月10日") -> None:
    """Somebody offers even instalments."""
    await person.taps("party.button.instalment")
    await person.says(count)
    await person.says(first)


async def offers(debtor: Person, count: str = "6") -> None:
    """The debtor offers instalments from 我想和解 on."""
    await debtor.says("我想和解")
    await instalments(debtor, count)
    await debtor.taps("party.button.skip")
    await debtor.taps("party.button.send")
    await debtor.hears("方案已经提交")


async def deals(world: World, owed: Owed) -> list[Deal]:
    """The negotiations about it, oldest first."""
    return await world.bot.services.casework.negotiations(owed.obligation, STAFF, None)


async def sweep(world: World) -> None:
    """Let time do its work."""
    await world.bot.services.watch.sweep()
    await world.settled()


# -- to and fro --------------------------------------------------------------------------------------


async def test_offer_counter_counter_accept_then_the_ledger_and_the_reminders_follow(court: Court) -> None:
    """Six parts; four and a guarantor; five; accepted by its code, confirmed, reminded of on the new day."""
    world, clerk = court.world, court.clerk
    owed, debtor, creditor = await both(world, stage=Stage.IN)
    await offers(debtor)
    await creditor.hears("第 6 期：2027年5月10日")
    await creditor.taps("party.button.counter")
    await instalments(creditor, "4")
    await creditor.taps("party.button.fix.security")
    await creditor.says("要李四担保")
    await creditor.taps("party.button.fix.fee")
    await creditor.taps("settlement.fee.debtor")
    await creditor.hears("执行费：义务人出")
    await creditor.taps("party.button.send")
    await debtor.hears("担保：要李四担保")
    await debtor.taps("party.button.counter")
    await instalments(debtor, "5")
    await debtor.taps("party.button.send")
    [deal] = await deals(world, owed)
    assert deal.current
    assert [v.status for v in deal.versions] == ["replaced", "replaced", "open"]
    await creditor.hears(deal.current.code)
    assert len((await view(world, owed)).instalments) == 1
    await creditor.taps("party.button.accept")
    await creditor.hears("在这之前，原来的判决、调解书照样有效")
    await debtor.hears("对方同意了您的方案（第 3 版")
    number = await task(world, "plan")
    await clerk.hears(f"/settle {number} ok")
    await clerk.says(f"/settle {number} ok")
    await debtor.hears("新的履行方案已经确认")
    await creditor.hears("新的履行方案已经确认")
    seen = await view(world, owed)
    assert [i.due_on for i in seen.instalments][:2] == [date(2026, 12, 10), date(2027, 1, 10)]
    assert (len(seen.instalments), sum(i.amount for i in seen.instalments)) == (5, 6_047_500)
    assert seen.row.settlement == Settlement.AGREED
    assert await task(world, "sign")
    before = len(debtor.heard())
    await remind(world)
    assert len(debtor.heard()) == before  # the old day, a week ahead, is not asked for any more
    world.advance(days=10)
    await remind(world)
    await debtor.hears("请在12月10日 周四")
    assert await world.bot.services.ledger.check() == []
    [deal] = await deals(world, owed)
    await clerk.says(f"/settle {await task(world, 'sign')} doc")
    assert any(m.data.get("document") for m in clerk.actor.sees() if m.from_bot)
    name, content = await world.bot.services.documents.open(f"agreement:{deal.id}:docx")
    assert name.endswith(".docx")
    paper = "\n".join(p.text for p in Document(io.BytesIO(content)).paragraphs)
    for fact in ("李大山", "王小二", owed.case, "60,475元", "2027年4月10日", "陆万零肆佰柒拾伍元", "恢复执行"):
        assert fact in paper, fact
    fields = agreement_fields(deal)
    assert (fields["total"], fields["waived"], len(fields["parts"])) == (6_047_500, 0, 5)
    assert [c["name"] for c in fields["creditors"]] == ["王小二"]


async def test_less_at_once_is_a_waiver_that_only_the_creditor_can_grant(court: Court) -> None:
    """能不能少还点一次性付清: the FAQ answers and leads there; the ledger owes less only after yes and the word of staff."""
    world, clerk = court.world, court.clerk
    owed, debtor, creditor = await both(world)
    await debtor.says("能不能少还点一次性付清")
    await debtor.taps("party.button.do.plan")
    await debtor.hears("您打算一共付多少")
    await debtor.says("5万")
    await debtor.says("12月31日")
    await debtor.says("亲戚只借得到这么多")
    await debtor.hears("请求减免 10,475 元")
    await debtor.taps("party.button.send")
    await creditor.hears("请求减免 10,475 元")
    await creditor.says("同意")
    await creditor.hears("点“同意”才算数")
    assert (await deals(world, owed))[0].row.status == Talk.TALKING
    await creditor.taps("party.button.accept")
    await clerk.says(f"/settle {await task(world, 'plan')} ok")
    await debtor.hears("新的履行方案已经确认")
    seen = await view(world, owed)
    assert (seen.row.amount, seen.standing.balance) == (5_000_000, 5_000_000)
    async with world.bot.services.ledger.change(STAFF) as book:
        await book.pay(owed.obligation, NewPayment(5_000_000, date(2026, 11, 23), Source.ACCOUNT))
    await sweep(world)
    assert (await deals(world, owed))[0].row.status == Talk.KEPT
    assert (await view(world, owed)).standing.status is Status.PERFORMED


async def test_the_creditor_may_begin_and_answers_in_words(court: Court) -> None:
    """A creditor offers; the debtor says 不同意 and then 分10期: a button confirms, a count begins the counter-offer."""
    world = court.world
    owed, debtor, creditor = await both(world)
    await creditor.says("我想和解")
    await creditor.taps("party.button.instalment")
    await creditor.says("12月10日2万，1月10日2万，余款2月底")
    await creditor.taps("party.button.skip")
    await creditor.hears("第 3 期：2027年2月28日")
    await creditor.taps("party.button.send")
    await debtor.hears("第 3 期：2027年2月28日")
    await debtor.says("不同意")
    await debtor.hears("您是说不同意下面这一版吗")
    await debtor.says("分10期吧")
    await debtor.hears("party.plan.first")
    await debtor.says("12月20日")
    await debtor.taps("party.button.send")
    await creditor.hears("第 10 期：")
    [deal] = await deals(world, owed)
    assert [v.row.side for v in deal.versions] == ["creditor", "debtor"]
    assert (await view(world, owed)).standing.status is not Status.DISPUTED


# -- no agreement ------------------------------------------------------------------------------------


async def test_refused_then_nothing_new_ends_the_talks_and_reminders_go_on(court: Court) -> None:
    """Both hear the refusal; a week of silence ends it as refused; the duty was never changed."""
    world = court.world
    owed, debtor, creditor = await both(world)
    await offers(debtor)
    await creditor.taps("party.button.refuse")
    await creditor.hears("您不同意第 1 版")
    await debtor.hears("对方没有同意您的方案")
    world.advance(days=8)
    await sweep(world)
    await debtor.hears("这次和解没有谈成")
    [deal] = await deals(world, owed)
    assert deal.row.status == Talk.REFUSED
    assert (await view(world, owed)).row.settlement == Settlement.FAILED
    async with world.bot.services.store.work() as work:
        assert await work.tasks.open("plan") == []
    await creditor.taps("party.button.do.settle")
    await creditor.hears("party.plan.kind")


async def test_an_offer_that_nobody_answers_expires(court: Court) -> None:
    """After the days of the setting its buttons say so kindly, also before anybody has swept."""
    world = court.world
    owed, debtor, creditor = await both(world)
    await offers(debtor)
    world.advance(days=7, minutes=1)
    await creditor.taps("party.button.accept")
    await creditor.hears("settlement.wrong.expired")
    await sweep(world)
    await debtor.hears("方案到期没有人答复")
    await creditor.hears("方案到期没有人答复")
    [deal] = await deals(world, owed)
    assert (deal.row.status, deal.versions[0].status) == (Talk.EXPIRED, "expired")
    await sweep(world)
    assert said(debtor).count("方案到期没有人答复") == 1


async def test_whoever_made_an_offer_can_take_it_back(court: Court) -> None:
    """撤回: the other side hears it, a late yes is told that it is gone; only the one who made it has the button."""
    world = court.world
    owed, debtor, creditor = await both(world)
    await offers(debtor)
    [deal] = await deals(world, owed)
    assert deal.current
    code = deal.current.row.id
    await press(world, creditor, code, "withdraw")
    await creditor.hears("settlement.wrong.not_yours")
    await debtor.taps("party.button.withdraw")
    await debtor.hears("第 1 版已经撤回")
    await creditor.hears("对方撤回了第 1 版方案")
    await press(world, creditor, code, "yes")
    await creditor.hears("这次协商已经结束了")
    assert (await deals(world, owed))[0].row.status == Talk.CLOSED
    assert (await view(world, owed)).row.settlement == Settlement.FAILED


async def press(world: World, person: Person, offer: int, word: str) -> None:
    """Press a button of an offer, whatever stands on the screen (an old message, or a program of one's own)."""
    from bot.core.ids import short

    own = [m for m in person.actor.sees() if m.from_bot and m.buttons][-1]
    world.sandbox.people._query(world.sandbox.people.person(person.id), own, f"pp:{short(offer)}:{word}")
    await world.settled()


# -- races, strangers --------------------------------------------------------------------------------


async def test_accepting_a_version_that_was_replaced_is_refused_kindly(court: Court) -> None:
    """The debtor sends a new version while the creditor presses yes under the old one: told so, shown the new one."""
    world = court.world
    owed, debtor, creditor = await both(world)
    await offers(debtor)
    [deal] = await deals(world, owed)
    assert deal.current
    old = deal.current.row.id
    await debtor.says("分8期")
    await debtor.says("12月15日")
    await debtor.taps("party.button.skip")
    await debtor.taps("party.button.send")
    await press(world, creditor, old, "yes")
    await creditor.hears("settlement.wrong.replaced")
    await creditor.hears("第 8 期：")
    [deal] = await deals(world, owed)
    assert deal.row.status == Talk.TALKING
    assert [a.kind for a in deal.versions[0].answers] == ["replaced"]
    await creditor.taps("party.button.accept")
    assert (await deals(world, owed))[0].row.status == Talk.ACCEPTED


async def test_an_offer_composed_while_another_came_in_is_not_sent_blindly(court: Court) -> None:
    """The creditor is at the review when the debtor changes the offer: shown first, sent only when pressed again."""
    world = court.world
    owed, debtor, creditor = await both(world)
    await offers(debtor)
    await creditor.taps("party.button.counter")
    await instalments(creditor, "3")
    await debtor.says("分9期")
    await debtor.says("12月15日")
    await debtor.taps("party.button.skip")
    await debtor.taps("party.button.send")
    await creditor.taps("party.button.send")
    await creditor.hears("settlement.crossed")
    assert len((await deals(world, owed))[0].versions) == 2
    await creditor.taps("party.button.send")
    await debtor.hears("第 3 期：")
    assert len((await deals(world, owed))[0].versions) == 3


async def test_a_third_person_neither_sees_nor_answers(court: Court) -> None:
    """The right button data in the wrong chat does nothing and tells nothing."""
    world = court.world
    owed, debtor, _ = await both(world)
    other = await owes(world, "赵六", "钱七", case="（2026）黔0402执999号", serial=9)
    stranger = await world.person("丙")
    await bind(world, stranger, other.debtor, "赵六", other.number)
    await offers(debtor)
    [deal] = await deals(world, owed)
    assert deal.current
    for word in ("yes", "no", "counter", "withdraw"):
        await press(world, stranger, deal.current.row.id, word)
        await stranger.hears("feedback.gone")
    await stranger.says("同意")
    assert not any(fact in said(stranger) for fact in ("60,475", owed.case, "李大山", deal.current.code))
    assert (await deals(world, owed))[0].current == deal.current


async def test_a_side_of_several_must_all_accept(court: Court) -> None:
    """Two creditors: one yes is not enough, the mediator enters the one without a chat, with the reason."""
    world, clerk = court.world, court.clerk
    owed, debtor, creditor = await both(world)
    async with world.bot.services.ledger.change(STAFF) as book:
        from bot.ledger.model import NewParty, Role
        from bot.store.ledger_rows import SideRow

        row = await book.rows.obligation(owed.obligation)
        assert row
        second = await book.party(NewParty("王小三"), row.case_id)
        await book.join(row.case_id, second, Role.CREDITOR)
        await book.rows.add([SideRow(owed.obligation, second, Role.CREDITOR, None)])
    await offers(debtor)
    await creditor.taps("party.button.accept")
    assert (await deals(world, owed))[0].row.status == Talk.TALKING
    number = await task(world, "plan")
    await clerk.says(f"/settle {number} accept 王小三 到窗口当面同意")
    await clerk.hears("已登记")
    [deal] = await deals(world, owed)
    assert deal.row.status == Talk.ACCEPTED
    assert [(e.kind, e.by_hand) for e in history(deal)][-1] == ("accepted", True)
    await clerk.says(f"/settle {number}")
    await clerk.hears("代登记同意")
    await clerk.says(f"/settle {number} ok")
    assert (await view(world, owed)).row.settlement == Settlement.AGREED


# -- the mediator in between -------------------------------------------------------------------------


async def test_where_the_mediator_stands_in_between_nothing_passes_without_them(make_world: Callable[..., Any]) -> None:
    """Held: the other side hears nothing and cannot answer; given back with a reason; passed on with a word."""
    world: World = await make_world(settlement=SettlementSettings(mediated=("xixiu",)))
    clerk = await world.clerk("调解员")
    await world.start_bot()
    await world.settled()
    owed, debtor, creditor = await both(world)
    heard = len(creditor.heard())
    await offers(debtor)
    assert len(creditor.heard()) == heard
    [deal] = await deals(world, owed)
    assert deal.current
    await press(world, creditor, deal.current.row.id, "yes")
    await creditor.hears("settlement.wrong.held")
    number = await task(world, "plan")
    await clerk.says(f"/settle {number} no 太久了，先分短一点")
    await debtor.hears("太久了，先分短一点")
    await debtor.says("分3期")
    await debtor.says("12月10日")
    await debtor.taps("party.button.skip")
    await debtor.taps("party.button.send")
    await clerk.says(f"/settle {number} refer 特邀调解员老周")
    await debtor.hears("特邀调解员老周")
    await clerk.says(f"/settle {number}")
    await clerk.hears("特邀调解员老周（委派执行前和解）")
    await clerk.says(f"/settle {number} ok 建议接受")
    told = await creditor.hears("第 3 期：2027年2月10日")
    assert "建议接受" in told.text
    await clerk.says(f"/settle {number} say 双方都退一步")
    await creditor.hears("双方都退一步")
    await debtor.hears("双方都退一步")
    await clerk.says(f"/settle {number} ok")
    await clerk.hears("还有人没有答复")
    await creditor.taps("party.button.accept")
    await clerk.says(f"/settle {number} ok")
    await creditor.hears("新的履行方案已经确认")
    report = await world.bot.services.settlements.report(date(2026, 11, 1), date(2026, 11, 30))
    [(cell, counts)] = report.cells.items()
    assert (cell.court, cell.stage) == ("xixiu", "before")
    assert (counts.opened, counts.referred, counts.succeeded_referred, counts.amount) == (1, 1, 1, 6_047_500)
    assert (
        await world.bot.services.settlements.report(date(2026, 11, 1), date(2026, 11, 30), frozenset({"pingba"}))
    ).cells == {}


async def test_staff_open_talks_about_a_case_with_several_obligations(court: Court) -> None:
    """/settle 案号: both sides are asked; one plan is divided over both debts in proportion."""
    world, clerk = court.world, court.clerk
    owed = await owes(world, "李大山", due=DUE)
    second = await owes(world, "李大山", due=DUE, label="利息", amount=952_500)
    debtor, creditor = await world.person("甲"), await world.person("乙")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await bind(world, creditor, owed.creditor, "王小二", owed.creditor_number)
    await clerk.says(f"/settle {owed.case} 老周")
    await debtor.hears("法院请双方先谈谈和解")
    await creditor.hears("法院请双方先谈谈和解")
    await debtor.taps("party.button.do.settle")
    await instalments(debtor, "2")
    await debtor.taps("party.button.skip")
    await debtor.hears("现在还欠 70,000 元")
    await debtor.taps("party.button.send")
    await creditor.taps("party.button.accept")
    await clerk.says("/settle")
    await clerk.hears("各方已同意，等确认")
    await clerk.says(f"/settle {await task(world, 'plan')} ok")
    await debtor.hears("新的履行方案已经确认")
    one, two = await view(world, owed), await view(world, second)
    assert [i.amount for i in one.instalments] == [3_023_750, 3_023_750]
    assert [i.amount for i in two.instalments] == [476_250, 476_250]
    assert await world.bot.services.ledger.check() == []


async def test_without_the_need_to_confirm_the_last_yes_concludes(make_world: Callable[..., Any]) -> None:
    """A court that does not want to confirm: the ledger follows the last acceptance at once."""
    world: World = await make_world(settlement=SettlementSettings(confirmed=()))
    await world.clerk()
    await world.start_bot()
    await world.settled()
    owed, debtor, creditor = await both(world)
    await offers(debtor)
    await creditor.taps("party.button.accept")
    await debtor.hears("新的履行方案已经确认")
    assert len((await view(world, owed)).instalments) == 6
    assert await task(world, "sign")


# -- after the agreement -----------------------------------------------------------------------------


async def agreed(world: World, clerk: Person, *, stage: Stage = Stage.IN) -> tuple[Owed, Person, Person]:
    """Two instalments, agreed, signed."""
    owed, debtor, creditor = await both(world, stage=stage)
    await offers(debtor, "2")
    await creditor.taps("party.button.accept")
    await clerk.says(f"/settle {await task(world, 'plan')} ok")
    await clerk.says(f"/settle {await task(world, 'sign')} signed")
    await creditor.hears("书面和解协议已经签好")
    return owed, debtor, creditor


async def test_breach_tells_the_creditor_both_legal_ways_and_the_original_basis_comes_back(court: Court) -> None:
    """Unpaid after its day and three more: two ways with their articles, a task; resumed: the old plan, what was paid counts."""
    world, clerk = court.world, court.clerk
    owed, debtor, creditor = await agreed(world, clerk)
    async with world.bot.services.ledger.change(STAFF) as book:
        await book.pay(owed.obligation, NewPayment(1_000_000, date(2026, 11, 23), Source.ACCOUNT))
    world.advance(days=20)  # 13 December: three days after its day
    await sweep(world)
    assert (await deals(world, owed))[0].row.status == Talk.SIGNED
    world.advance(days=1)
    await sweep(world)
    told = await creditor.hears("就履行和解协议向执行法院起诉")
    assert "执行和解规定第9条" in told.text
    assert "2027年1月10日" in told.text
    assert "20,237 元" in told.text
    await debtor.hears("请尽快补上")
    assert (await view(world, owed)).row.settlement == Settlement.BROKEN
    number = await task(world, "breach")
    await sweep(world)
    assert said(creditor).count("就履行和解协议向执行法院起诉") == 1
    await creditor.taps("party.button.do.contact")
    assert await task(world, "contact")
    await clerk.says(f"/settle {number} resume 申请人要求恢复执行")
    await debtor.hears("改回按原来的判决、调解书办")
    seen = await view(world, owed)
    assert [(i.amount, i.due_on) for i in seen.instalments] == [(6_047_500, DUE)]
    assert seen.standing.balance == 5_047_500
    assert (await deals(world, owed))[0].row.status == Talk.RESUMED


async def test_what_is_enforced_again_is_the_title_not_the_sum_of_the_settlement(court: Court) -> None:
    """60,475 settled at 40,000, 1,000 paid, broken: the application asks for 59,475, as the title orders (和解规定第17条)."""
    world, clerk = court.world, court.clerk
    owed, debtor, creditor = await both(world, stage=Stage.IN)
    await creditor.says("我想和解")
    for step in ("party.button.lump", "4万", "12月10日", "party.button.skip", "party.button.send"):
        await (creditor.taps(step) if step.startswith("party") else creditor.says(step))
    told = await debtor.hears("合计付 40,000 元")
    assert "同意减免 20,475 元" in told.text
    await debtor.taps("party.button.accept")
    await clerk.says(f"/settle {await task(world, 'plan')} ok")
    await clerk.says(f"/settle {await task(world, 'sign')} signed")
    async with world.bot.services.ledger.change(STAFF) as book:
        await book.pay(owed.obligation, NewPayment(100_000, date(2026, 11, 23), Source.ACCOUNT))
    world.advance(days=30)
    await sweep(world)
    await creditor.hears("就履行和解协议向执行法院起诉")
    await creditor.taps("settlement.button.resume")
    begun = await creditor.hears("下面这些您的案子里有")
    assert "59,475元" in begun.text
    assert "39,000元" not in begun.text
    await creditor.taps("party.button.leave")
    await creditor.says("我要去告他违反和解")
    again = await creditor.hears("就履行和解协议向执行法院起诉")
    assert "执行和解规定第9条" in again.text
    assert len(await deals(world, owed)) == 1


async def test_a_report_that_waits_is_no_breach_and_a_late_payment_mends(court: Court) -> None:
    """Reported and not verified: not broken. Broken and then verified: stands again, both hear it."""
    world, clerk = court.world, court.clerk
    owed, debtor, creditor = await agreed(world, clerk, stage=Stage.BEFORE)
    world.advance(days=25)
    await sweep(world)
    told = await creditor.hears("原来的判决、调解书照样有效，您可以向法院申请强制执行")
    assert "起诉" not in told.text
    await debtor.says("昨天转了30237元")
    await debtor.taps("party.way.bank")
    await debtor.taps("party.button.no_proof")
    await debtor.taps("party.button.confirm")
    await clerk.says(f"/verify {await task(world, 'verify')} ok")
    await sweep(world)
    await creditor.hears("前面欠的已经补上并核实")
    [deal] = await deals(world, owed)
    assert deal.row.status == Talk.SIGNED
    assert (await view(world, owed)).row.settlement == Settlement.AGREED
    async with world.bot.services.store.work() as work:
        assert await work.tasks.open("breach") == []
    world.advance(days=30)
    await debtor.says("今天转了30238元")
    await debtor.taps("party.way.bank")
    await debtor.taps("party.button.no_proof")
    await debtor.taps("party.button.confirm")
    world.advance(days=10)
    await sweep(world)
    assert (await deals(world, owed))[0].row.status == Talk.SIGNED  # reported: held in the debtor's favour


async def test_an_agreement_is_changed_by_a_new_one(court: Court) -> None:
    """和解规定第5条: the old one stands while people talk, gives way when they agree, and its origin is kept."""
    world, clerk = court.world, court.clerk
    owed, debtor, creditor = await agreed(world, clerk)
    await debtor.says("我想改成分4期")
    await debtor.says("12月20日")
    await debtor.taps("party.button.skip")
    await debtor.taps("party.button.send")
    assert (await view(world, owed)).row.settlement == Settlement.AGREED
    await creditor.taps("party.button.accept")
    await clerk.says(f"/settle {await task(world, 'plan')} ok")
    await creditor.hears("最后期限是 2027年3月20日")
    old, new = await deals(world, owed)
    assert (old.row.status, new.row.status) == (Talk.AMENDED, Talk.AGREED)
    assert new.row.before
    assert new.row.before[str(owed.obligation)]["plan"] == [[6_047_500, "2026-11-30"]]


async def test_paid_while_people_talk_is_urged_not_settled(court: Court) -> None:
    """督促履行: performed in full before anybody agreed; counted as such, and the talks are over."""
    world = court.world
    owed, debtor, _ = await both(world)
    await offers(debtor)
    async with world.bot.services.ledger.change(STAFF) as book:
        await book.pay(owed.obligation, NewPayment(6_047_500, date(2026, 11, 23), Source.ACCOUNT))
    await sweep(world)
    assert (await deals(world, owed))[0].row.status == Talk.URGED
    report = await world.bot.services.settlements.report(date(2026, 11, 1), date(2026, 11, 1))
    assert [c.urged for c in report.cells.values()] == [1]


# -- restart, hostile input --------------------------------------------------------------------------


async def test_a_restart_in_the_middle_loses_nothing(make_world: Callable[..., Any]) -> None:
    """Half composed, stopped, started, finished; offered, stopped, started, accepted."""
    world: World = await make_world()
    clerk = await world.clerk()
    await world.start_bot()
    await world.settled()
    owed, debtor, creditor = await both(world)
    await debtor.says("我想和解")
    await instalments(debtor)
    await world.stop_bot()
    await world.start_bot()
    await debtor.says("工地没结账")
    await debtor.taps("party.button.send")
    await creditor.hears("说明：工地没结账")
    await world.stop_bot()
    await world.start_bot()
    await creditor.taps("party.button.accept")
    await clerk.says(f"/settle {await task(world, 'plan')} ok")
    assert len((await view(world, owed)).instalments) == 6


@pytest.mark.parametrize(
    "answer",
    ["分1000期", "-3000", "12月10日2万，1月10日2万", "每月1块", "🙂", "去年12月10日2万，12月11日4万", "每月还6万，分3期"],
)
async def test_plans_that_cannot_be_are_said_so(world: World, answer: str) -> None:
    """A thousand parts, negative sums, sums that do not add up, days gone by: asked again, nothing is offered."""
    owed, debtor, creditor = await both(world)
    heard = len(creditor.heard())
    await debtor.says("我想和解")
    await debtor.taps("party.button.instalment")
    await debtor.says(answer)
    assert "打算分几期" in debtor.heard()[-1]
    assert len(creditor.heard()) == heard
    assert await deals(world, owed) == []


async def test_a_sum_and_a_number_of_parts_go_together_or_are_asked_about(world: World) -> None:
    """每月6万分3期 cannot be of 60,475, and neither is chosen; 每月3万分3期 is what it says."""
    _, debtor, _ = await both(world)
    await debtor.says("我想和解，每月还6万，分3期")
    assert "打算分几期" in debtor.heard()[-1]
    await debtor.says("每月还6万，分3期")
    assert "要 2 期才付得完，和您写的 3 期对不上" in debtor.heard()[-1]
    for each, count, made in (("5000", 11, 13), ("5000", 14, 13), ("3000", 3, 21)):
        await debtor.says(f"每月还{each}，分{count}期")
        assert f"要 {made} 期才付得完，和您写的 {count} 期对不上" in "".join(debtor.heard()[-2:])
    await debtor.says("每月还3万，分3期，从12月10日开始")
    await debtor.taps("party.button.skip")
    assert "分 3 期，每月 30,000 元（最后一期 475 元）" in debtor.heard()[-1]


async def test_a_first_part_and_equal_ones_are_all_offered(court: Court) -> None:
    """先2万，剩下的每月5千: nothing of it is lost; a sum that fits nowhere is asked about."""
    world = court.world
    _, _, creditor = await both(world)
    await creditor.says("我想和解")
    await creditor.taps("party.button.instalment")
    await creditor.says("2万，每月5千")
    told = await creditor.hears("没全看懂：看到了每次 5,000 元")
    assert "20,000 元不知道放在哪里" in told.text
    await creditor.says("先2万，剩下的每月5千")
    await creditor.says("12月10日")
    await creditor.taps("party.button.skip")
    shown = await creditor.hears("第 1 期：2026年12月10日（周四）前付 20,000 元")
    for line in ("第 2 期：2027年1月10日（周日）前付 5,000 元", "第 10 期：2027年9月10日（周五）前付 475 元"):
        assert line in shown.text


async def test_a_wish_with_days_and_sums_becomes_a_proposal(court: Court) -> None:
    """能不能分12期还，从明年1月10号开始，每个月还5000: a proposal with what was said, only the reason is asked.

    Twelve times 5,000 are 475 less than is owed: they come with the last part, and the review says so.
    """
    world = court.world
    owed, debtor, creditor = await both(world)
    await debtor.says("能不能分12期还，从明年1月10号开始，每个月还5000")
    await debtor.taps("party.button.skip")
    shown = await debtor.hears("分 12 期，每月 5,000 元（最后一期 5,475 元），第一期 2027年1月10日")
    assert "零头 475 元并到最后一期一起付" in shown.text
    await debtor.taps("party.button.send")
    assert "第 12 期：2027年12月10日（周五）前付 5,475 元" in (await creditor.hears("第 12 期")).text
    assert len(await deals(world, owed)) == 1


@pytest.mark.parametrize("said_so", ["同意吧", "行吧", "就这样吧", "可以的", "没意见"])
async def test_yes_in_other_words_is_asked_to_be_confirmed(world: World, said_so: str) -> None:
    """Nothing is accepted by words alone, and nobody who says yes is told that it was not understood."""
    _, debtor, creditor = await both(world)
    await offers(debtor)
    await creditor.hears("第 6 期")
    await creditor.says(said_so)
    await creditor.hears("您是说同意下面这一版吗")


async def test_only_staff_lead_negotiations(court: Court) -> None:
    """/settle answers nobody else; wrong use says how; unknown names, missing reasons and late words are refused."""
    world, clerk = court.world, court.clerk
    owed, debtor, creditor = await both(world)
    await offers(debtor)
    number = await task(world, "plan")
    for text in ("/settle", f"/settle {number} ok", f"/settle {owed.case}"):
        await debtor.says(text)
        await debtor.hears("staff.only")
    for text, answer in (
        ("/settle 99999 ok", "settlement.clerk.usage"),
        (f"/settle {number} what", "settlement.clerk.usage"),
        (f"/settle {number} no", "settlement.wrong.reason"),
        (f"/settle {number} accept 谁谁谁 电话", "settlement.wrong.no_name"),
        (f"/settle {number} accept 王小二", "settlement.wrong.reason"),
        (f"/settle {number} resume 违约", "现在是“协商中”"),
        (f"/settle {owed.case}", "settlement.wrong.talking_already"),
        ("/settle （2026）黔0402执888号", "没有"),
    ):
        await clerk.says(text)
        await clerk.hears(answer)
    await clerk.says(f"/settle {number} no 债权人明确不同意")
    await creditor.hears("这次和解没有谈成：债权人明确不同意")
    await clerk.says(f"/settle {number} ok")
    await clerk.hears("这次协商已经结束了（没有谈成）")
    assert words("staff.only") not in said(clerk)
