"""Debtors are reminded: the right words at the right time, and nothing that should not be said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.ledger.model import DisputeKind, NewParty, NewPayment, PartyKind, Role, Settlement, SpecialSubject
from bot.reach.model import BindingStatus
from bot.reminders.campaigns import NewCampaign
from bot.store.ledger_rows import CaseRow, SideRow
from bot.store.reach_rows import BindingRow
from commands.bench_reminders import Someone, fill
from sandbox import Fault
from tests.cases import STAFF, bind, id_number, owes
from tests.reminding import (
    CLERK,
    TODAY,
    TOMORROW,
    bindings,
    debtor,
    deliveries,
    ledger,
    outcomes,
    owes_more,
    own_faq,
    plan_of,
    remind,
    reminders,
    tasks,
)
from tests.world import START, World


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
        (d,) = await work.reach.contacts([b.party_id for b in await bindings(world)])
        (row,) = await work.reach.bindings_of([d.party_id])
        await work.reach.change(BindingRow, row.id, status=BindingStatus.LINKED, proven_at=None)
        await work.commit()
    await remind(world)
    (text,) = reminders(person)
    for word in ("张三", "11月24日", "案", "款", "264"):
        assert word not in text
    assert person.buttons() == ["核验身份", "不是本人", "停止提醒"]


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
    day = TOMORROW + timedelta(days=1)
    people = [await debtor(world, name, day) for name in ("甲某", "乙某", "丙某", "丁某")]
    world.advance(hours=12)  # ten in the evening: the plan of tomorrow is written, and nothing leaves
    await world.bot.services.reminders.plan(TOMORROW)
    planned = await deliveries(world)
    assert [d.status for d in planned] == ["planned"] * 4
    async with ledger(world).change(CLERK) as book:
        paid, said, moved, disputed = planned
        await book.pay(paid.obligation_id, NewPayment(100_000, TODAY))
        await book.report_payment(said.obligation_id, NewPayment(100_000, TODAY))
        await book.move_due(moved.instalment_id, TODAY + timedelta(days=60), "双方同意")
        await book.dispute(disputed.obligation_id, DisputeKind.AMOUNT, "数额不对")
    world.advance(hours=12)
    await remind(world)
    assert [(d.id, d.status, d.why) for d in await deliveries(world)] == [
        (paid.id, "skipped", "done"),
        (said.id, "skipped", "reported"),
        (moved.id, "skipped", "moved"),
        (disputed.id, "skipped", "disputed"),
    ]
    assert not any(reminders(p) for p in people)


async def test_who_has_opted_out_or_is_somebody_else_hears_nothing(world: World) -> None:
    """退订 and 不是本人 hold at the moment of sending."""
    people = [await debtor(world, name, TOMORROW + timedelta(days=1)) for name in ("甲某", "乙某")]
    world.advance(hours=12)
    await world.bot.services.reminders.plan(TOMORROW)
    first, second = await bindings(world)
    async with world.bot.services.store.work() as work:
        await work.reach.change(BindingRow, first.id, stopped=True)
        await work.reach.change(BindingRow, second.id, status=BindingStatus.WRONG)
        await work.commit()
    world.advance(hours=12)
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
        (bound,) = await work.reach.bindings_of([b.party_id for b in await bindings(world)])
    await owes_more(world, person, "张三", TODAY + timedelta(days=7))
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
    await person.taps("party.button.do.contact")  # whoever answers has got it
    assert await outcomes(world) == [("T-1", "sent", "answered")]
    assert "unknown" not in [kind for kind, _ in await tasks(world)]


async def test_what_the_server_refused_to_take_is_tried_again(world: World) -> None:
    """503, and 500 in the Bot API's own words: again after a pause that grows, and then it arrives once."""
    person = await debtor(world, "张三", TOMORROW)
    world.sandbox.faults.add(Fault("fail", method="sendMessage", times=1, code=503))
    world.sandbox.faults.add(Fault("fail", method="sendMessage", times=1, code=500))
    waits = []
    for _ in range(4):
        await remind(world)
        (d,) = await deliveries(world)
        waits.append((d.not_before - world.clock.now()).total_seconds())
        world.advance(minutes=5)
    assert waits[:2] == [15, 60]
    assert await outcomes(world) == [("T-1", "sent", None)]
    assert len(reminders(person)) == 1


@pytest.mark.parametrize("code", [502, 504])
async def test_what_a_gateway_lost_is_not_repeated(world: World, code: int) -> None:
    """502 and 504: whoever stood behind the gateway may have sent it, so it is unknown, and a person asks."""
    person = await debtor(world, "张三", TOMORROW)
    world.sandbox.faults.add(Fault("fail", method="sendMessage", times=1, code=code))
    for _ in range(3):
        await remind(world)
        world.advance(minutes=5)
    assert await outcomes(world) == [("T-1", "unknown", f"http_{code}")]
    assert await tasks(world) == [("unknown", f"http_{code}")]
    assert not reminders(person)


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
    """Never linked: suppressed with the reason; a chat that is bound later the same day brings the step back."""
    owed = await owes(world, "李四", due=TOMORROW)
    await remind(world)
    assert await outcomes(world) == [("T-1", "suppressed", "never_linked")]
    person = await world.person("李四")
    await bind(world, person, owed.debtor, "李四", owed.number)
    world.advance(minutes=11)
    await remind(world)
    await remind(world)
    assert await outcomes(world) == [("T-1", "sent", None)]
    assert len(reminders(person)) == 1


async def test_a_promise_is_asked_about_on_the_day_before(world: World) -> None:
    """Promised for tomorrow: asked today; a promise that was replaced is not."""
    person = await debtor(world, "张三", TODAY + timedelta(days=40))
    (d,) = [b.party_id for b in await bindings(world)]
    book_of = ledger(world)
    (view,) = await book_of.of_party(d)
    async with book_of.change(CLERK) as book:
        await book.promise(view.id, TOMORROW)
    await remind(world)
    (text,) = reminders(person)
    assert "您说过11月24日 周二（明天）" in text


async def test_each_debtor_of_a_case_is_reminded_whatever_became_of_the_other(world: World) -> None:
    """Two owe together; the first one's message fails: the second one hears, and a restart repeats neither."""
    world.advance(hours=12)  # at night nothing leaves yet
    first = await owes(world, "李四", due=TOMORROW + timedelta(days=1), serial=1)
    number = id_number(2)
    async with ledger(world).change(CLERK) as book:
        case = await book.rows.case_numbered(first.case)
        assert case is not None
        other = await book.party(NewParty("赵六", PartyKind.PERSON, number), case.id)
        await book.rows.add([SideRow(first.obligation, other, "debtor", None)])
    one, two = await world.person("李四"), await world.person("赵六")
    await bind(world, one, first.debtor, "李四", first.number)
    await bind(world, two, other, "赵六", number)
    world.sandbox.people.deactivate(one.id)
    world.advance(hours=12)
    await remind(world)
    await world.stop_bot()
    await world.start_bot()
    await remind(world)
    steps = [d for d in await deliveries(world) if d.step == "T-1"]
    assert sorted((d.party_id == other, d.status) for d in steps) == [
        (False, "suppressed"),
        (True, "sent"),
    ]
    assert len(reminders(two)) == 1


async def test_a_chat_that_was_not_found_is_no_opting_out(world: World) -> None:
    """Telegram may forget a chat until its owner writes again: one try, one task, then the next step leaves as usual."""
    person = await debtor(world, "张三", TODAY + timedelta(days=3))
    world.sandbox.people.forget(person.id)
    await remind(world)
    world.advance(days=2)
    await remind(world)
    assert await outcomes(world) == [("T-3", "suppressed", "not_found"), ("T-1", "suppressed", "not_found")]
    assert len(world.sandbox.calls.of("sendMessage", ok=False)) == 1, "tried once"
    assert await tasks(world) == [("unreachable", "not_found")]
    await person.says("在吗")
    world.advance(days=1)
    await remind(world)
    assert (await outcomes(world))[-1] == ("T", "sent", None)
    assert len(reminders(person)) == 1


async def test_it_is_beijing_time_wherever_the_machine_stands(
    make_world: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host in New York on the last of December: the day, the weekday and the hour are those of the court."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        world: World = await make_world()
        world.clock.advance(seconds=(datetime(2026, 12, 31, 1, 0, tzinfo=UTC) - world.clock.now()).total_seconds())
        await world.start_bot()
        person = await debtor(world, "张三", date(2027, 1, 1))
        await remind(world)
        assert not reminders(person), "nine in the morning: the window opens, reminders leave at half past"
        world.advance(minutes=31)
        await remind(world)
        (text,) = reminders(person)
        assert "2027年1月1日 周五（明天）" in text or "1月1日 周五（明天）" in text
    finally:
        monkeypatch.undo()
        time.tzset()


# -- who, why, and who not -----------------------------------------------------------------------


async def test_the_plan_of_a_day_names_who_gets_what_and_who_not_and_why(world: World) -> None:
    """Sent, kept back by the cap, disputed, never linked, no such step in their plan, a promise, a task."""
    names = ("甲某", "乙某", "丙某", "丁某", "戊某", "己某")
    far = TODAY + timedelta(days=40)
    people = {n: await debtor(world, n, far if n == "己某" else TOMORROW, chat=n != "丙某") for n in names}
    await owes_more(world, people["甲某"], "甲某", TODAY + timedelta(days=7))
    await debtor(world, "庚某", TODAY - timedelta(days=18))
    await debtor(world, "辛某", TODAY)
    by_name = {}
    async with world.bot.services.store.work(read_only=True) as work:
        rows = [r async for r in work.ledger.stream_due(TODAY - timedelta(days=30), far)]
        known = await work.ledger.parties({r.party_id for r in rows})
    for row in rows:
        by_name.setdefault(known[row.party_id].name, row)
    async with ledger(world).change(CLERK) as book:
        await book.dispute(by_name["乙某"].obligation_id, DisputeKind.AMOUNT, "数额不对")
        await book.settle(by_name["丁某"].obligation_id, Settlement.NEGOTIATING)
        await book.promise(by_name["己某"].obligation_id, TOMORROW)
        await book.rows.change(CaseRow, by_name["辛某"].case_id, special=SpecialSubject.SCHOOL)
    lines = await plan_of(world, TODAY, texts=True)
    seen = sorted((x.name, x.delivery.step, x.outcome, x.why) for x in lines)
    assert seen == sorted(
        [
            ("甲某", "T-1", "send", ""),
            ("甲某", "T-7", "hold", "cap"),
            ("乙某", "T-1", "drop", "disputed"),
            ("丙某", "T-1", "drop", "never_linked"),
            ("丁某", "T-1", "drop", "no_step 协商中不催"),
            ("戊某", "T-1", "send", ""),
            ("己某", "promise", "send", ""),
            ("庚某", "person", "task", "person"),
            ("辛某", "T", "drop", "no_step 特殊主体"),
        ]
    )
    (promise,) = [x for x in lines if x.delivery.step == "promise"]
    assert promise.text.startswith("己某您好，您说过**11月24日 周二**（明天）")
    assert not any(reminders(p) for p in people.values())
    await remind(world)
    after = {(x.name, x.delivery.step): x.outcome for x in await plan_of(world, TODAY)}
    assert after[("甲某", "T-1")] == after[("己某", "promise")] == "sent"
    assert after[("甲某", "T-7")] == "hold"
    assert after[("庚某", "person")] == "task"
    assert ("庚某", "person") not in {(x.name, x.delivery.step) for x in await plan_of(world, TOMORROW)}


async def test_each_court_and_kind_of_case_has_its_own_plan(make_world: Callable[..., Any], tmp_path: Any) -> None:
    """A court that wants one step only, written in `faq/reminders.yaml`; the others keep the general plan."""
    own = "plans:\n  - name: 西秀支付令\n    when: {court: [xixiu], title: [order]}\n    steps: [T]\n"
    file = own_faq(tmp_path / "faq", "plans:\n", own)
    world: World = await make_world(faq=file.parent)
    await world.start_bot()
    person, other = await debtor(world, "张三", TOMORROW), await debtor(world, "李四", TOMORROW)
    async with world.bot.services.store.work() as work:
        rows = [r async for r in work.ledger.stream_due(TODAY, TOMORROW)]
        names = await work.ledger.parties([r.party_id for r in rows])
        (case,) = [r.case_id for r in rows if names[r.party_id].name == "张三"]
        await work.ledger.change(CaseRow, case, title="order")
        await work.commit()
    await remind(world)
    assert not reminders(person)
    assert "明天" in reminders(other)[0]
    world.advance(days=1)
    await remind(world)
    assert "今天" in reminders(person)[0]
    plan = world.bot.services.reminders.plans()[0]
    assert (plan.name, [s.step.id for s in plan.steps], plan.steps[0].wording) == ("西秀支付令", ["T"], "today")
    assert file.read_text(encoding="utf-8").splitlines()[plan.line - 1].strip().startswith("- name: 西秀支付令")


async def test_after_a_standstill_nothing_goes_out_late_and_staff_hear_of_it(world: World) -> None:
    """Away over T-1 and T: no "tomorrow" afterwards, one task that says how many steps were missed."""
    person = await debtor(world, "张三", TODAY + timedelta(days=8))
    await remind(world)
    await world.stop_bot()
    world.advance(days=11)  # Friday, three days after the due date
    await world.start_bot()
    await remind(world)
    assert [text.split("，")[1] for text in reminders(person)] == ["您的案件应在12月1日 周二前把应付的款项付清"]
    missed = [why for kind, why in await tasks(world) if kind == "gap"]
    assert missed == ["4 2026-11-24 2026-12-03"]
    gone = {(x.delivery.step, x.outcome, x.why) for x in await plan_of(world, TODAY + timedelta(days=7))}
    assert gone == {("T-1", "drop", "stale")}


async def test_who_acts_for_a_debtor_is_reminded_too_in_that_case_only(world: World) -> None:
    """An agent in the ledger whose own chat is proven: the reminder says for whom, the buttons work, 退订 is theirs."""
    owed = await owes(world, "李四", due=TOMORROW)
    other = await owes(world, "李四", due=TODAY + timedelta(days=7), case="（2026）黔0402执124号")
    number = id_number(77)
    async with world.bot.services.ledger.change(STAFF) as book:
        case = await book.rows.case_numbered(owed.case)
        assert case is not None
        lawyer = await book.party(NewParty("周律师", PartyKind.PERSON, number), case.id)
        await book.join(case.id, lawyer, Role.AGENT, owed.debtor)
    person = await world.person("周律师")
    await remind(world)
    assert [d.party_id for d in await deliveries(world)] == [owed.debtor, other.debtor], "nothing before proof"
    await bind(world, person, lawyer, "周律师", number)
    world.advance(minutes=11)
    await remind(world)
    (text,) = reminders(person)
    assert text.startswith("周律师您好，请在11月24日 周二（明天）前")
    assert "您的（代理李四）买卖合同一案" in text
    await person.taps("联系承办人")
    assert ("contact", "contact") in await tasks(world)
    async with world.bot.services.store.work(read_only=True) as work:
        (task,) = await work.tasks.open("contact")
    assert task.obligation_id == owed.obligation
    await person.says("退订")
    world.advance(days=1)
    await remind(world)
    assert len(reminders(person)) == 1


async def test_the_arms_of_the_plan_are_compared_with_those_who_got_nothing(
    make_world: Callable[..., Any], tmp_path: Any
) -> None:
    """An experiment in the file: wordings by arm, a hold-out that hears nothing, and what came of each."""
    file = own_faq(tmp_path / "faq", "  arms: []\n  holdout: 0\n", "  arms: [name, plan]\n  holdout: 0.3\n")
    world: World = await make_world(faq=file.parent)
    await world.start_bot()
    services = world.bot.services
    persons = world.sandbox.people.create_people(40)
    some = [Someone(p.first_name, p.id) for p in persons]
    await fill(services.store, world.clock, some, lambda _: [TOMORROW], services.ids)
    for _ in range(4):
        await remind(world)
    found = await deliveries(world)
    arms = {d.arm for d in found}
    assert arms == {"name", "plan", "holdout"}
    assert {d.why for d in found if d.arm == "holdout"} == {"holdout"}
    heard = [[m.text for m in world.sandbox.people.messages(p.id) if m.from_bot] for p in persons]
    assert sum(map(len, heard)) == sum(d.arm != "holdout" for d in found)
    assert any("您打算哪一天" in text for texts in heard for text in texts)
    async with ledger(world).change(CLERK) as book:
        for d in found[:5]:
            await book.pay(d.obligation_id, NewPayment(100_000, TODAY))
    results = await services.reminders.results(START - timedelta(days=1), START + timedelta(days=1))
    assert sum(r.people for r in results) == 40
    assert sum(r.performed_14 for r in results) == 5
    assert sum(r.settled_30 for r in results) == 500_000
    assert {r.arm: r.sent for r in results}["holdout"] == 0


async def test_who_comes_back_or_has_two_chats_never_brings_a_step_twice_to_the_same_chat(world: World) -> None:
    """The first chat says 退订, the second one is reminded; when the first comes back nobody hears the step again."""
    person, helper = await debtor(world, "张三", TODAY + timedelta(days=7)), await world.person("张小妹")
    await helper.says("你好")
    services = world.bot.services
    async with services.store.work() as work:
        (own,) = await bindings(world)
        lane = services.dialogue.lane("telegram", helper.id)
        chat = (await work.conversations.load([lane]))[lane]
        now = world.clock.now()
        row = BindingRow(
            id=services.ids.new(now),
            party_id=own.party_id,
            conversation_id=chat.id,
            relation="family",
            status=BindingStatus.PROVEN,
            linked_at=now,
            changed_at=now,
            consent_at=now,
            proven_at=now,
        )
        await work.reach.add([row])
        await work.reach.change(BindingRow, own.id, stopped=True)
        await work.commit()
    await remind(world)
    assert (len(reminders(person)), len(reminders(helper))) == (0, 1)
    async with services.store.work() as work:
        await work.reach.change(BindingRow, own.id, stopped=False)
        await work.commit()
    for _ in range(3):
        world.advance(days=1)
        await remind(world)
    heard = [text for text in reminders(helper) if "还有" in text]
    assert len(heard) == len({d.step for d in await deliveries(world) if d.conversation_id == chat.id and d.status == "sent"})
    keys = [(d.step, d.conversation_id) for d in await deliveries(world) if d.status == "sent"]
    assert len(keys) == len(set(keys)), keys


async def test_a_day_ahead_shows_what_leaves_on_it_and_nothing_that_leaves_before(world: World) -> None:
    """T-7 may be taken two days late, and is shown on its own day only; what is held, and what begins then, is shown."""
    await debtor(world, "甲某", TODAY + timedelta(days=8))  # T-7 tomorrow
    person = await debtor(world, "乙某", TOMORROW)  # T-1 today, T tomorrow
    await owes_more(world, person, "乙某", TODAY + timedelta(days=7))  # T-7 today, held by the cap
    campaigns = world.bot.services.campaigns
    number = await campaigns.new(NewCampaign("年底", {"name": "{salutation}您好。"}, {}, "王"))
    await campaigns.approve(number, "李")
    evening = START + timedelta(hours=11)  # nine o'clock: its first messages leave in the morning
    await campaigns.start(number, evening)

    async def seen(days: int) -> list[tuple[str, str, str, str]]:
        lines = await plan_of(world, TODAY + timedelta(days=days))
        return sorted((x.name, x.delivery.step, x.outcome, x.why) for x in lines)

    assert await seen(0) == [("乙某", "T-1", "send", ""), ("乙某", "T-7", "hold", "cap")]
    assert await seen(2) == [("乙某", "T+1", "hold", "cap"), ("乙某", "T-3", "send", "")]
    await remind(world)
    assert await seen(1) == sorted(
        [
            ("甲某", "T-7", "send", ""),
            ("甲某", "campaign", "hold", "cap"),
            ("乙某", "T", "send", ""),
            ("乙某", "T-7", "drop", "cap"),  # the last day goes first, and the day after T-7 would be too late
            ("乙某", "campaign", "hold", "cap"),
            ("乙某", "campaign", "hold", "cap"),  # two parties in the ledger, one chat
        ]
    )


async def test_what_could_not_leave_all_day_is_told_to_staff_the_next_morning(world: World) -> None:
    """Told to wait until nine in the evening: yesterday's "tomorrow" is dropped, and one task says so; a late link is no gap."""
    await debtor(world, "甲某", TOMORROW)
    world.sandbox.faults.add(Fault("flood", method="sendMessage", times=1, retry_after=40_000))
    await remind(world)
    assert await outcomes(world) == [("T-1", "planned", "429")]
    world.advance(hours=11, minutes=30)
    await debtor(world, "乙某", TOMORROW)  # half past nine in the evening: nobody is written to any more
    await remind(world)
    assert [d.status for d in await deliveries(world)] == ["planned", "planned"]
    world.advance(hours=3)
    await remind(world)
    assert [why for kind, why in await tasks(world) if kind == "gap"] == ["1 2026-11-23 2026-11-23"]
    await remind(world)
    assert len([kind for kind, _ in await tasks(world) if kind == "gap"]) == 1


async def test_a_429_to_an_answer_holds_broadcasts_back_over_a_restart(world: World) -> None:
    """It means the bot, not the message; a shorter one that comes later does not shorten it."""
    person, other = await debtor(world, "张三", TOMORROW), await world.person("李四")
    world.sandbox.faults.add(Fault("flood", method="sendMessage", times=1, retry_after=3600, chat_id=other.id))
    other.actor.says("执行费怎么算")
    for _ in range(400):  # the answer stays parked, so nothing here ever settles
        if await tasks(world):
            break
        await asyncio.sleep(0.05)
    assert await tasks(world) == [("parked", "429 3600 s")]
    async with world.bot.services.store.work() as work:
        await work.reminders.hold_until("bulk", world.clock.now() + timedelta(seconds=3), "429 3 s")
        await work.commit()
    world.bot.services.sender._recorder.give_up()
    await world.stop_bot()
    await world.start_bot()
    world.advance(minutes=50)
    world.bot.services.courier.wake()
    await world.bot.services.courier.round()
    assert not reminders(person)
    world.advance(minutes=11)
    await remind(world)
    assert len(reminders(person)) == 1


async def test_where_one_message_a_day_may_leave_it_is_the_one_that_is_due_first(world: World) -> None:
    """T-7 of one debt was held yesterday, the last day of another one is today: the last day is what is said."""
    person = await debtor(world, "张三", TODAY + timedelta(days=7))  # T-7 today, one working day late at most
    await owes_more(world, person, "张三", TOMORROW)  # T-1 today
    await remind(world)
    (text,) = reminders(person)
    assert "11月24日 周二**（明天）" in text or "11月24日 周二（明天）" in text
    world.advance(hours=-1)  # nine o'clock of the next day: the window opens, and half past nine is when reminders leave
    world.advance(days=1)
    await remind(world)
    assert len(reminders(person)) == 1
    world.advance(minutes=45)
    await remind(world)
    assert "11月24日 周二（今天）" in reminders(person)[1]
    assert ("T-7", "skipped", "cap") in await outcomes(world)
