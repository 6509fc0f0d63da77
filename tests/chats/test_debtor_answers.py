"""Reminders are answered: paid, promised, later, hardship, dispute, stop; and every word is kept with its case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from bot.ledger.model import SYSTEM, PromiseStatus, Settlement, Status
from bot.reach.files import MAX_TRIES
from bot.reach.transcript import as_text, gather
from sandbox import Fault
from sandbox.files import sample_png
from tests import cases
from tests.cases import Owed, bind, owes, remind, task, view
from tests.chats.conftest import Court
from tests.world import TEXTS, Person, World, plain

DUE = date(2026, 11, 30)  # a Monday; reminded a week before, on the day on which the story begins


@pytest.fixture
async def court(tmp_path: Path, sqlite: str) -> AsyncIterator[Court]:
    """A bot with a clerk on SQLite: what is said does not depend on the database (the stories run on both)."""
    made = World(tmp_path, sqlite)
    await made.begin()
    clerk = await made.clerk("王书记员")
    await made.start_bot()
    await made.settled()
    yield Court(made, clerk, clerk)
    await made.end()


async def reminded(world: World, debtor: Person, **given: object) -> Owed:
    """A debtor who has proven who they are, with a reminder on the screen."""
    owed = await owes(world, "李大山", due=DUE, **given)  # type: ignore[arg-type]
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await remind(world)
    await debtor.hears("李大山")
    return owed


async def test_paid_by_button_step_by_step_until_both_sides_have_a_receipt(court: Court) -> None:
    """Day, sum, way, proof, confirmed; a task; verified; the balance is less and both sides hear of it."""
    world, clerk = court.world, court.clerk
    debtor, creditor = await world.person("甲"), await world.person("乙")
    owed = await reminded(world, debtor)
    await bind(world, creditor, owed.creditor, "王小二", owed.creditor_number)
    await debtor.taps("party.button.do.paid")
    await debtor.hears("party.paid.day")
    await debtor.taps("party.button.yesterday")
    await debtor.says("三万")
    await debtor.taps("party.way.bank")
    await debtor.hears("party.paid.proof")
    world.sandbox.people.send_photo(debtor.id)
    await world.settled()
    await debtor.hears("party.paid.got_file")
    await debtor.taps("party.button.finished")
    await debtor.hears("金额：30,000 元")
    await debtor.taps("party.button.confirm")
    number = await task(world, "verify")
    await debtor.hears(f"编号 {number}")
    assert (await view(world, owed)).standing.balance == 6_047_500  # nothing counts before it is verified
    await clerk.hears("核实付款")
    await clerk.says(f"/proof {number}")
    await clerk.hears("凭证 1/1")
    await clerk.says(f"/verify {number} ok")
    await debtor.hears("还欠 30,475 元")
    await creditor.hears("30,000 元已核实")
    assert (await view(world, owed)).standing.balance == 3_047_500


async def test_a_rejected_report_changes_no_balance_and_says_why(court: Court) -> None:
    """/verify N no reason: the debtor hears the reason and what to do."""
    world, clerk = court.world, court.clerk
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    await debtor.says("昨天转了5000")
    await debtor.taps("party.way.app")
    await debtor.taps("party.button.no_proof")
    await debtor.taps("party.button.confirm")
    await clerk.says(f"/verify {await task(world, 'verify')} no 账上没有这一笔")
    await debtor.hears("账上没有这一笔")
    assert (await view(world, owed)).standing.balance == 6_047_500


async def test_a_promise_in_free_words_is_said_back_and_then_noted(court: Court) -> None:
    """下周三还3000: day and sum are read, confirmed by a button, and stored with the day."""
    world = court.world
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    await debtor.says("下周三还3000")
    await debtor.hears("2026年12月2日（周三）")
    await debtor.taps("party.button.promise")
    await debtor.hears("记下了")
    [promise] = (await view(world, owed)).promises
    assert (promise.row.promised_on, promise.row.amount) == (date(2026, 12, 2), 300_000)
    assert promise.status is PromiseStatus.OPEN


async def test_an_edited_message_never_changes_a_promise(court: Court) -> None:
    """付500 edited to 付5000: logged as a new version, the promise stays, the way to change it is shown."""
    world = court.world
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    sent = debtor.actor.says("明天付500")
    await world.settled()
    await debtor.taps("party.button.promise")
    world.sandbox.people.edit(debtor.id, sent.id, "明天付5000")
    await world.settled()
    await debtor.hears("party.edited")
    [promise] = (await view(world, owed)).promises
    assert promise.row.amount == 50_000


async def test_an_edited_message_never_changes_what_was_reported(court: Court) -> None:
    """昨天付了500 edited to 5000, on the way and after 确认: what is confirmed is what is shown, and it stays so."""
    world = court.world
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    sent = debtor.actor.says("昨天转了500元")
    await world.settled()
    await debtor.taps("party.way.bank")
    await debtor.edits(sent, "昨天转了5000元")
    await debtor.hears("party.edited_flow")
    await debtor.taps("party.button.no_proof")
    await debtor.hears("500 元")
    await debtor.taps("party.button.confirm")
    [payment] = (await view(world, owed)).payments
    assert payment.amount == 50_000
    await debtor.edits(sent, "昨天转了50000元")
    await debtor.hears("party.edited")
    assert [p.amount for p in (await view(world, owed)).payments] == [50_000]


async def test_a_trembling_finger_reports_once(court: Court) -> None:
    """确认 pressed five times, at once and again a minute later: one payment, one task, every press is answered."""
    world = court.world
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    await debtor.says("昨天转了500元")
    await debtor.taps("party.way.bank")
    await debtor.taps("party.button.no_proof")
    last = [m for m in debtor.actor.sees() if m.from_bot][-1]
    pressed = len(world.sandbox.calls.of("answerCallbackQuery", ok=True))
    for pause in (0, 0, 0, 60, 3600):
        world.advance(seconds=pause)
        if pause:
            await world.settled()
        debtor.actor.taps(TEXTS("party.button.confirm"), last)
    await world.settled()
    assert len((await view(world, owed)).payments) == 1
    assert await task(world, "verify")
    assert len(world.sandbox.calls.of("answerCallbackQuery", ok=True)) == pressed + 5


@pytest.mark.parametrize("photos", [1, 2, 10])
async def test_any_number_of_photos_is_one_proof(court: Court, photos: int) -> None:
    """One picture or an album of up to ten: one proof with as many files, one word about it, nobody is slowed down."""
    world = court.world
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    await debtor.says("昨天转了60475元")
    await debtor.taps("party.way.bank")
    before = len(debtor.heard())
    await (debtor.sends("album", photos) if photos > 1 else debtor.sends("photo"))
    assert len(debtor.heard()) == before + 1
    await debtor.taps("party.button.finished")
    await debtor.hears(f"凭证：{photos} 个")
    await debtor.taps("party.button.confirm")
    [proof] = (await view(world, owed)).proofs
    assert len(proof.files) == photos


async def test_a_proof_that_does_not_come_is_asked_for_again(court: Court) -> None:
    """Telegram does not hand a picture out: it is no proof, its sender hears so once, and the next one joins the report."""
    world = court.world
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    await debtor.says("昨天转了60475元")
    await debtor.taps("party.way.bank")
    world.sandbox.faults.add(Fault("drop_before", method="getFile", times=3 * MAX_TRIES))
    for shade in (10, 60, 110):
        people = world.sandbox.people
        people._write(debtor.id, {"media_group_id": "9", **people._photo(sample_png(shade=shade))}, None, 0)
    await world.settled()
    await debtor.taps("party.button.finished")
    await debtor.hears("凭证：3 个")  # on their way
    await debtor.taps("party.button.confirm")
    before = len(debtor.heard())
    for _ in range(MAX_TRIES + 1):
        world.advance(minutes=3)
        await world.settled()
    assert debtor.heard()[before:] == [plain(TEXTS("party.photo.lost"))]
    assert (await view(world, owed)).proofs == []
    await court.clerk.says(f"/proof {await task(world, 'verify')}")
    await court.clerk.hears("clerk.proof_lost")
    desk, payment = world.bot.services.casework, (await view(world, owed)).payments[0].id
    assert await desk.awaited([payment], SYSTEM, None) == {payment}
    await debtor.sends("photo")
    await debtor.hears("party.photo.added")
    seen = await view(world, owed)
    assert [len(p.files) for p in seen.proofs] == [1]
    assert seen.proofs[0].payment_id == seen.payments[0].id
    assert len(seen.payments) == 1


async def test_a_file_that_is_too_large_is_no_proof_and_the_question_stays(court: Court) -> None:
    """More than Telegram hands to a bot: said at once, with the way on; by itself it begins no report."""
    world = court.world
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    huge = b"x" * (20 * 2**20 + 1)
    await debtor.sends("document", huge, file_name="录屏.mp4")
    assert debtor.heard()[-1] == plain(TEXTS("party.photo.too_large"))
    await debtor.says("昨天转了60475元")
    await debtor.taps("party.way.bank")
    await debtor.sends("document", huge, file_name="录屏.mp4")
    await debtor.hears("party.photo.too_large")
    await debtor.taps("party.button.no_proof")
    await debtor.hears("凭证：0 个")
    await debtor.taps("party.button.confirm")
    await debtor.sends("photo")
    await debtor.hears("party.photo.added")
    assert [len(p.files) for p in (await view(world, owed)).proofs] == [1]


async def test_words_in_between_are_answered_and_the_path_goes_on(court: Court) -> None:
    """A question inside a path gets its answer from the FAQ, then the open question again; nonsense is asked again."""
    world = court.world
    debtor = await world.person("甲")
    await reminded(world, debtor)
    await debtor.taps("party.button.do.paid")
    await debtor.says("执行费怎么算")
    await debtor.hears("依据")
    await debtor.hears("party.flow.back_to")
    await debtor.says("嗯那个啥")
    await debtor.hears("party.flow.no_day")
    await debtor.says("前天")
    await debtor.hears("party.paid.amount")


async def test_a_path_is_left_resumed_after_days_and_corrected(court: Court) -> None:
    """Left, gone on with three days later where it stood, and an earlier answer changed before it is sent."""
    world = court.world
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    await debtor.says("昨天转了5000")
    await debtor.says("先不填了")
    await debtor.hears("party.flow.left")
    world.advance(days=3)
    await debtor.taps("party.button.resume")
    await debtor.hears("party.paid.way")
    await debtor.taps("party.way.cash")
    await debtor.taps("party.button.no_proof")
    await debtor.hears("2026年11月22日")
    await debtor.taps("party.button.fix.amount")
    await debtor.says("6000")
    await debtor.hears("金额：6,000 元")
    await debtor.taps("party.button.confirm")
    [payment] = (await view(world, owed)).payments
    assert (payment.amount, payment.paid_on) == (600_000, date(2026, 11, 22))


async def test_a_proposal_is_agreed_by_the_creditor_and_applied_by_staff(court: Court) -> None:
    """Six instalments: the creditor accepts in chat, staff confirm, the plan stands in the ledger and both are told."""
    world, clerk = court.world, court.clerk
    debtor, creditor = await world.person("甲"), await world.person("乙")
    owed = await reminded(world, debtor)
    await bind(world, creditor, owed.creditor, "王小二", owed.creditor_number)
    await debtor.taps("party.button.do.plan")
    await debtor.taps("party.button.instalment")
    await debtor.says("分6期")
    await debtor.says("12月10日")
    await debtor.says("工程款年底才结")
    await debtor.hears("分 6 期")
    await debtor.taps("party.button.send")
    number = await task(world, "plan")
    await creditor.hears("对方提出")
    assert (await view(world, owed)).row.settlement == Settlement.NEGOTIATING
    await creditor.taps("party.button.accept")
    await debtor.hears("对方同意了您的方案")
    assert len((await view(world, owed)).instalments) == 1  # agreed is not confirmed
    await clerk.says(f"/plan {number} ok")
    await debtor.hears("新的履行方案已经确认")
    await creditor.hears("新的履行方案已经确认")
    seen = await view(world, owed)
    assert [i.due_on for i in seen.instalments][:2] == [date(2026, 12, 10), date(2027, 1, 10)]
    assert sum(i.amount for i in seen.instalments) == 6_047_500
    assert seen.row.settlement == Settlement.AGREED


async def test_the_creditor_counters_and_the_debtor_accepts(court: Court) -> None:
    """A counter-proposal takes the place of the first one, and staff apply that."""
    world, clerk = court.world, court.clerk
    debtor, creditor = await world.person("甲"), await world.person("乙")
    owed = await reminded(world, debtor)
    await bind(world, creditor, owed.creditor, "王小二", owed.creditor_number)
    await debtor.taps("party.button.do.plan")
    await debtor.taps("party.button.delay")
    await debtor.says("明年3月1日")
    await debtor.taps("party.button.skip")
    await debtor.taps("party.button.send")
    await creditor.taps("party.button.counter")
    await creditor.taps("party.button.delay")
    await creditor.says("12月31日")
    await creditor.taps("party.button.send")
    await debtor.hears("答复的方案")
    await debtor.taps("party.button.accept")
    await creditor.hears("对方同意了您的方案")
    await clerk.says(f"/plan {await task(world, 'plan')} ok")
    await debtor.hears("新的履行方案已经确认")
    assert (await view(world, owed)).instalments[0].expected_on == date(2026, 12, 31)


@pytest.mark.parametrize("words", ["退订", "TD", "别再发了！", "不要再给我发了", "請停止發送"])
async def test_opting_out_by_any_clear_wording(world: World, words: str) -> None:
    """No reminder follows; the duty stays; it can be taken back."""
    debtor = await world.person("甲")
    await reminded(world, debtor)
    await debtor.says(words)
    await debtor.hears("应尽的义务和期限不变")
    world.advance(days=6)
    await remind(world)
    assert "请在" not in debtor.heard()[-1]
    [missed] = await world.bot.services.reach.unreached()
    assert missed.why == "stopped"
    await debtor.taps("party.button.remind_again")
    assert await world.bot.services.reach.unreached() == []


async def test_a_dispute_stops_reminders_at_once_and_is_a_task(court: Court) -> None:
    """有异议: disputed in the ledger before any further word, a task with what was said, no more reminders."""
    world, clerk = court.world, court.clerk
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    await debtor.taps("party.button.do.dispute")
    assert (await view(world, owed)).standing.status is Status.DISPUTED
    number = await task(world, "dispute")
    await debtor.taps("party.dispute.amount")
    await debtor.says("利息多算了两年")
    await debtor.hears("party.note.done", number=number)
    await clerk.says("/tasks")
    await clerk.hears("利息多算了两年")
    before = len(debtor.heard())
    world.advance(days=6)
    await remind(world)
    assert len(debtor.heard()) == before
    await clerk.says(f"/done {number} 已核对，利息计算无误，有异议请到窗口")
    await debtor.hears("利息计算无误")


async def test_hardship_goes_to_a_person(court: Court) -> None:
    """有困难, in words: a task at once; what is added is seen by the person."""
    world = court.world
    debtor = await world.person("甲")
    await reminded(world, debtor)
    await debtor.says("实在没钱，老婆住院")
    number = await task(world, "hardship")
    await debtor.hears(f"编号 {number}")
    async with world.bot.services.store.work() as work:
        found = await work.tasks.get(number)
    assert found
    assert "住院" in (found.note or "")


async def test_service_of_documents_leaves_this_channel(court: Court) -> None:
    """送达 is not done here: said so, and a task."""
    world = court.world
    debtor = await world.person("甲")
    await reminded(world, debtor)
    await debtor.says("我没收到判决书，寄到我家")
    await debtor.hears("法律文书的送达不在这里办")
    assert await task(world, "service")


async def test_thanks_is_logged_and_a_question_goes_to_the_faq(world: World) -> None:
    """谢谢 gets a word and no task; a question gets the vetted answer; both stay with the obligation."""
    debtor = await world.person("甲")
    owed = await reminded(world, debtor)
    await debtor.says("谢谢提醒")
    await debtor.hears("party.thanks")
    await debtor.says("失信名单怎么撤")
    await debtor.hears("依据")
    services = world.bot.services
    found = await gather(services.store, services.ledger, owed.obligation, services.texts)
    assert found
    text = as_text(*found, services.texts)
    assert "谢谢提醒" in text
    assert "失信名单怎么撤" in text
    assert "到期前 7 天的提醒" in text


async def test_a_question_about_paying_later_is_answered_and_the_way_is_offered(world: World) -> None:
    """能不能分期 is a question: the FAQ answers, and a button leads to the proposal."""
    debtor = await world.person("甲")
    await reminded(world, debtor)
    await debtor.says("我想问一下能不能分期付")
    await debtor.hears("要现在就办")
    await debtor.taps("party.button.do.plan")
    await debtor.hears("party.plan.kind")


async def test_a_button_of_somebody_elses_reminder_does_nothing(world: World) -> None:
    """A reminder's button counts only in the chat that it was sent to, whatever a program makes of it."""
    debtor, stranger = await world.person("甲"), await world.person("乙")
    owed = await reminded(world, debtor)
    said = [m for m in debtor.actor.sees() if m.from_bot and m.buttons]
    data = str(said[-1].buttons[0]["callback_data"])
    assert data.startswith("rem:")
    own = [m for m in stranger.actor.sees() if m.from_bot and m.buttons][-1]
    world.sandbox.people._query(world.sandbox.people.person(stranger.id), own, data)
    await world.settled()
    await stranger.hears("feedback.gone")
    assert not any(fact in cases.said(stranger) for fact in ("60,475", owed.case))
    assert TEXTS("party.paid.day") not in stranger.heard()
