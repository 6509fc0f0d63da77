"""Debtors are reminded: the right words at the right time, and nothing that should not be said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from bot.core.clock import local_day
from bot.ledger.courts import Courts
from bot.ledger.model import Actor, DisputeKind, NewPayment
from bot.ledger.service import Ledger
from bot.reach.model import BindingStatus
from bot.reminders.campaigns import NewCampaign
from bot.reminders.model import CampaignError
from bot.store.reach_rows import BindingRow
from bot.store.reminder_rows import DeliveryRow
from commands.bench_reminders import Someone, fill
from sandbox import Fault
from tests.world import ROOT, START, Person, World

CLERK = Actor("staff", "clerk")
TODAY = local_day(START)  # Monday 2026-11-23, ten in the morning
TOMORROW = TODAY + timedelta(days=1)


async def remind(world: World) -> None:
    """Let the bot plan and send what is due at this moment."""
    courier = world.bot.services.courier
    for _ in range(3):  # what was handed back at once is looked at again
        courier.wake()
        await courier.round()
        await world.settled()


async def debtor(world: World, name: str, *days: date, chat: bool = True) -> Person:
    """Somebody who owes 1,000 yuan on each of these days and has proven who they are."""
    person = await world.person(name)
    someone = Someone(name, person.id if chat else None)
    await fill(world.bot.services.store, world.clock, [someone], lambda _: days, world.bot.services.ids)
    return person


async def deliveries(world: World) -> list[DeliveryRow]:
    """All deliveries, oldest first."""
    async with world.bot.services.store.work(read_only=True) as work:
        found: list[DeliveryRow] = []
        for status in ("planned", "sending", "sent", "unknown", "skipped", "suppressed", "failed"):
            found += await work.reminders.with_status(status, 5000)
    return sorted(found, key=lambda d: d.id)


async def outcomes(world: World) -> list[tuple[str, str, str | None]]:
    """Step, status and reason of all deliveries."""
    return [(d.step, d.status, d.why) for d in await deliveries(world)]


def ledger(world: World) -> Ledger:
    """The ledger of this world."""
    services = world.bot.services
    return Ledger(services.store, world.clock, services.ids, Courts.read(ROOT / "faq"))


def reminders(person: Person) -> list[str]:
    """What a debtor was reminded of."""
    return [text for text in person.heard() if "自动" in text and "12368" in text and "退订" in text]


@pytest.fixture
async def world(make_world: Callable[..., Any]) -> World:
    """A bot on each kind of database."""
    made: World = await make_world()
    await made.start_bot()
    return made


async def test_a_reminder_says_first_what_to_do_then_why_and_how_to_get_out(world: World) -> None:
    """By name: action, date with weekday, court; consequence with its article, the way out, certificate, buttons."""
    person = await debtor(world, "张三", TOMORROW)
    await remind(world)
    (text,) = reminders(person)
    assert text.startswith("张三您好，请在11月24日 周二（明天）前")
    assert (
        text.index("西秀区人民法院")
        < text.index("第264条")
        < text.index("申请分期或延期”")
        < text.index("自动履行证明")
    )
    assert "不是法律文书送达" in text
    assert "1000" not in text  # the sum is no help and costs privacy
    assert {"已履行", "申请分期或延期", "有困难", "有异议", "不是本人", "联系承办人", "停止提醒"} <= set(
        person.buttons()
    )


async def test_the_message_is_logged_with_its_delivery(world: World) -> None:
    """The words stand in the log, and lead to the delivery and its instalment."""
    await debtor(world, "张三", TOMORROW)
    await remind(world)
    (d,) = await deliveries(world)
    assert (d.status, d.step) == ("sent", "T-1")
    async with world.bot.services.store.work(read_only=True) as work:
        (logged,) = [m async for m in work.log.read() if m.decision == "reminder"]
        assert await work.reminders.by_message(logged.id) == d
        assert await work.reminders.last_sent(d.conversation_id or 0, START) == d
    assert logged.external_id == d.external_id is not None


async def test_before_identity_is_proven_nothing_about_a_case_is_said(world: World) -> None:
    """A chat that only opened the link hears that a notice waits: no name, no date, no matter."""
    person = await debtor(world, "张三", TOMORROW)
    async with world.bot.services.store.work() as work:
        (d,) = await work.reach.contacts([b.party_id for b in await _bindings(world)])
        (row,) = await work.reach.bindings_of([d.party_id])
        await work.reach.change(BindingRow, row.id, status=BindingStatus.LINKED, proven_at=None)
        await work.commit()
    await remind(world)
    (text,) = reminders(person)
    for word in ("张三", "11月24日", "案", "款", "264"):
        assert word not in text
    assert person.buttons() == ["核验身份", "不是本人", "停止提醒"]


async def _bindings(world: World) -> list[Any]:
    async with world.bot.services.store.work(read_only=True) as work:
        conversations = await work.log.conversation_ids()
        return [b for c in conversations for b in await work.reach.bindings_of_chat(c)]


async def test_it_is_sent_once_however_often_the_day_is_planned(world: World) -> None:
    """Planning again, and starting again, repeats nothing."""
    person = await debtor(world, "张三", TOMORROW)
    for _ in range(3):
        await remind(world)
    await world.stop_bot()
    await world.start_bot()
    await remind(world)
    assert len(reminders(person)) == 1


async def test_who_has_paid_moved_or_disputed_since_the_plan_hears_nothing(world: World) -> None:
    """Checked at the moment of sending: done, reported, another day, disputed."""
    people = [await debtor(world, name, TOMORROW) for name in ("甲某", "乙某", "丙某", "丁某")]
    await world.bot.services.reminders.plan()
    planned = await deliveries(world)
    assert [d.status for d in planned] == ["planned"] * 4
    async with ledger(world).change(CLERK) as book:
        paid, said, moved, disputed = planned
        await book.pay(paid.obligation_id, NewPayment(100_000, TODAY))
        await book.report_payment(said.obligation_id, NewPayment(100_000, TODAY))
        await book.move_due(moved.instalment_id, TODAY + timedelta(days=60), "双方同意")
        await book.dispute(disputed.obligation_id, DisputeKind.AMOUNT, "数额不对")
    await remind(world)
    assert [why for _, status, why in await outcomes(world) if status == "skipped"] == [
        "done",
        "reported",
        "moved",
        "disputed",
    ]
    assert not any(reminders(p) for p in people)


async def test_who_has_opted_out_or_is_somebody_else_hears_nothing(world: World) -> None:
    """退订 and 不是本人 hold at the moment of sending."""
    people = [await debtor(world, name, TOMORROW) for name in ("甲某", "乙某")]
    await world.bot.services.reminders.plan()
    first, second = await _bindings(world)
    async with world.bot.services.store.work() as work:
        await work.reach.change(BindingRow, first.id, stopped=True)
        await work.reach.change(BindingRow, second.id, status=BindingStatus.WRONG)
        await work.commit()
    await remind(world)
    assert sorted(why or "" for _, _, why in await outcomes(world)) == ["stopped", "wrong_person"]
    assert not any(reminders(p) for p in people)


async def test_who_cannot_be_reached_is_tried_once_and_becomes_a_task(world: World) -> None:
    """403: one try, the reason, one task for the telephone; what follows is not even tried."""
    person = await debtor(world, "张三", TOMORROW)
    world.sandbox.people.deactivate(person.id)
    await remind(world)
    world.advance(days=1)
    await remind(world)
    async with world.bot.services.store.work(read_only=True) as work:
        tasks = await work.tasks.open("unreachable")
    assert await outcomes(world) == [("T-1", "suppressed", "deactivated"), ("T", "suppressed", "deactivated")]
    assert [t.why for t in tasks] == ["deactivated"]
    assert world.sandbox.core.journal.statuses[403] == 1


async def test_who_has_blocked_the_bot_is_not_tried_at_all(world: World) -> None:
    """The app tells of it: suppressed without a try, a task for the telephone."""
    person = await debtor(world, "张三", TOMORROW)
    world.sandbox.people.block(person.id)
    await world.settled()
    await remind(world)
    assert await outcomes(world) == [("T-1", "suppressed", "blocked")]
    assert world.sandbox.core.journal.statuses[403] == 0


async def test_at_night_it_is_held_and_released_once_in_the_morning(world: World) -> None:
    """A step of tomorrow that is planned at night leaves at half past nine, with the words of that day."""
    world.advance(hours=12)  # ten in the evening
    person = await debtor(world, "张三", TODAY + timedelta(days=8))
    await remind(world)
    assert not reminders(person)
    world.advance(hours=11, minutes=30)
    await remind(world)
    await remind(world)
    (text,) = reminders(person)
    assert "还有7天" in text


async def test_a_person_with_several_cases_gets_one_message_a_day(world: World) -> None:
    """The cap holds over all cases; the nearer day goes first, the other one the next day if it still may."""
    person = await debtor(world, "张三", TOMORROW)
    async with world.bot.services.store.work(read_only=True) as work:
        (bound,) = await work.reach.bindings_of([b.party_id for b in await _bindings(world)])
    second = Someone("张三", person.id)
    await fill(
        world.bot.services.store, world.clock, [second], lambda _: [TODAY + timedelta(days=7)], world.bot.services.ids
    )
    assert bound.status == BindingStatus.PROVEN
    await remind(world)
    assert len(reminders(person)) == 1
    assert "11月24日" in reminders(person)[0]
    world.advance(days=1)
    await remind(world)
    assert len(reminders(person)) == 2


async def test_what_nobody_can_know_is_not_repeated_and_shown_to_staff(world: World) -> None:
    """The answer is lost after the message arrived: unknown, a task, no second copy."""
    person = await debtor(world, "张三", TOMORROW)
    world.sandbox.faults.add(Fault("drop_after", method="sendMessage", times=1))
    await remind(world)
    world.advance(minutes=30)
    await remind(world)
    assert await outcomes(world) == [("T-1", "unknown", "Interrupted")]
    assert len(reminders(person)) == 1
    async with world.bot.services.store.work(read_only=True) as work:
        assert [t.kind for t in await work.tasks.open()] == ["unknown"]


async def test_what_certainly_did_not_arrive_is_tried_again(world: World) -> None:
    """502: tried again after a pause, and then it arrives once."""
    person = await debtor(world, "张三", TOMORROW)
    world.sandbox.faults.add(Fault("fail", method="sendMessage", times=2, code=502))
    for _ in range(4):
        await remind(world)
        world.advance(minutes=5)
    assert await outcomes(world) == [("T-1", "sent", None)]
    assert len(reminders(person)) == 1


async def test_a_long_429_parks_broadcasts_over_a_restart_and_staff_are_told(world: World) -> None:
    """Nothing leaves before the time that Telegram asked for, whoever restarts meanwhile."""
    person = await debtor(world, "张三", TOMORROW)
    world.sandbox.faults.add(Fault("flood", method="sendMessage", times=1, retry_after=3600))
    await remind(world)
    assert await outcomes(world) == [("T-1", "planned", "429")]
    await world.stop_bot()
    await world.start_bot()
    world.advance(minutes=50)
    await remind(world)
    assert not reminders(person)
    world.advance(minutes=11)
    await remind(world)
    assert len(reminders(person)) == 1
    async with world.bot.services.store.work(read_only=True) as work:
        assert [t.kind for t in await work.tasks.open()] == ["parked"]


async def test_the_last_step_is_a_task_for_the_responsible_person(world: World) -> None:
    """After T+15 a person takes over: one task, once."""
    await debtor(world, "张三", TODAY - timedelta(days=18))
    await remind(world)
    await remind(world)
    async with world.bot.services.store.work(read_only=True) as work:
        tasks = await work.tasks.open()
    assert [(t.kind, t.why) for t in tasks] == [("overdue", "person")]


async def test_who_cannot_be_written_to_yet_is_reminded_once_they_can(world: World) -> None:
    """Never linked: suppressed with the reason; a chat bound later brings the step back."""
    await debtor(world, "张三", TOMORROW, chat=False)
    await remind(world)
    assert await outcomes(world) == [("T-1", "suppressed", "never_linked")]


async def test_a_promise_is_asked_about_on_the_day_before(world: World) -> None:
    """Promised for tomorrow: asked today; a promise that was replaced is not."""
    person = await debtor(world, "张三", TODAY + timedelta(days=40))
    (d,) = [b.party_id for b in await _bindings(world)]
    book_of = ledger(world)
    (view,) = await book_of.of_party(d)
    async with book_of.change(CLERK) as book:
        await book.promise(view.id, TOMORROW)
    await remind(world)
    (text,) = reminders(person)
    assert "您说过11月24日 周二（明天）" in text


# -- campaigns -----------------------------------------------------------------------------------


async def test_a_campaign_needs_a_second_person_and_reaches_everybody_once(world: World) -> None:
    """Draft, preview with samples, four eyes, start, progress, done."""
    people = [await debtor(world, name, TODAY + timedelta(days=90)) for name in ("甲某", "乙某", "丙某")]
    campaigns = world.bot.services.campaigns
    number = await campaigns.new(
        NewCampaign("年底", {"name": "{salutation}您好，{court}提醒您。"}, {"court": "xixiu"}, "王")
    )
    seen = await campaigns.preview(number)
    assert (seen.people, seen.chats, len(seen.samples)) == (3, 3, 3)
    with pytest.raises(CampaignError, match="not_approved"):
        await campaigns.start(number)
    with pytest.raises(CampaignError, match="four_eyes"):
        await campaigns.approve(number, "王")
    await campaigns.approve(number, "李")
    await campaigns.start(number)
    await remind(world)
    progress = await campaigns.progress(number)
    assert (progress.of("sent"), progress.row.status) == (3, "done")
    assert all(len(reminders(p)) == 1 for p in people)


async def test_a_campaign_is_paused_resumed_and_cancelled(world: World) -> None:
    """Paused: nothing leaves; resumed: the rest; cancelled: the rest never."""
    person = await debtor(world, "张三", TODAY + timedelta(days=90))
    campaigns = world.bot.services.campaigns
    draft = NewCampaign("年底", {"name": "{salutation}您好。"}, {}, "王", per_minute=1)
    number = await campaigns.new(draft)
    await campaigns.approve(number, "李")
    await campaigns.start(number)
    await campaigns.start_due()
    await campaigns.pause(number)
    await remind(world)
    assert not reminders(person)
    await campaigns.cancel(number, "李")
    await remind(world)
    assert not reminders(person)
    assert await outcomes(world) == [("campaign", "skipped", "cancelled")]


async def test_a_wrong_text_is_corrected_to_those_who_got_it(world: World) -> None:
    """The correction goes to everybody who got it, past the cap, and only after a second approval."""
    person = await debtor(world, "张三", TODAY + timedelta(days=90))
    other = await debtor(world, "李四", TODAY + timedelta(days=90))
    world.sandbox.people.block(other.id)
    campaigns = world.bot.services.campaigns
    number = await campaigns.new(NewCampaign("年底", {"name": "{salutation}您好，周日来。"}, {}, "王"))
    await campaigns.approve(number, "李")
    await campaigns.start(number)
    await remind(world)
    fix = await campaigns.correct(number, "{salutation}您好，周一来。", "王")
    await campaigns.approve(fix, "李")
    await campaigns.start(fix)
    await remind(world)
    assert reminders(person)[-1].startswith("更正：")
    progress = await campaigns.progress(fix)
    assert progress.total == 1


async def test_education_goes_only_to_those_who_opted_in(world: World) -> None:
    """Two people; one has subscribed."""
    wants, wants_not = await world.person("甲某"), await world.person("乙某")
    services = world.bot.services
    lane = services.dialogue.lane("telegram", wants.id)
    async with services.store.work() as work:
        row = (await work.conversations.load([lane]))[lane]
        await work.reach.subscribe(row.id, services.clock.now())
        await work.commit()
    number = await services.campaigns.new(NewCampaign("普法", {"name": "什么是执行。"}, {}, "王", education=True))
    await services.campaigns.approve(number, "李")
    await services.campaigns.start(number)
    await remind(world)
    await wants.hears("什么是执行。")
    assert not [t for t in wants_not.heard() if "什么是执行" in t]


async def test_arms_hold_out_some_and_tell_what_came_of_each(world: World) -> None:
    """Two wordings and a hold-out: who was drawn where is stable, and the result counts by arm."""
    services = world.bot.services
    persons = world.sandbox.people.create_people(60)
    some = [Someone(p.first_name, p.id) for p in persons]
    await fill(services.store, world.clock, some, lambda _: [TODAY + timedelta(days=90)], services.ids)
    texts = {"name": "{salutation}您好。", "plan": "{salutation}您好，哪天付？"}
    number = await services.campaigns.new(NewCampaign("试验", texts, {}, "王", holdout=0.3))
    await services.campaigns.approve(number, "李")
    await services.campaigns.start(number)
    for _ in range(8):
        await remind(world)
    async with ledger(world).change(CLERK) as book:
        for d in (await deliveries(world))[:10]:
            await book.pay(d.obligation_id, NewPayment(100_000, TODAY))
    results = {r.arm: r for r in await services.campaigns.results(number)}
    assert set(results) == {"name", "plan", "holdout"}
    assert results["holdout"].sent == 0
    assert sum(r.people for r in results.values()) == 60
    assert sum(r.performed_14 for r in results.values()) == 10
