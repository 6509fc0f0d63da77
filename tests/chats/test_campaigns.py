"""Broadcasts: four eyes, who gets them, what they say, what became of each, and how a wrong one is put right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.clock import SHANGHAI
from bot.ledger.model import DisputeKind, NewPayment
from bot.reach.model import BindingStatus, Relation
from bot.reminders.campaigns import NewCampaign, WrongReminders
from bot.reminders.model import CampaignError
from bot.store.ledger_rows import CaseRow
from bot.store.reach_rows import BindingRow
from bot.store.rows import ConversationRow
from commands.bench_reminders import Someone, fill
from sandbox import Fault
from tests.cases import bind, owes
from tests.reminding import (
    CLERK,
    LATER,
    TODAY,
    TOMORROW,
    bindings,
    broadcast,
    debtor,
    deliveries,
    ledger,
    outcomes,
    owes_more,
    remind,
    reminders,
    tasks,
)
from tests.world import START, Person, World


@pytest.fixture
async def world(make_world: Callable[..., Any]) -> World:
    """A bot on each kind of database."""
    made: World = await make_world()
    await made.start_bot()
    return made


async def subscribe(world: World, *people: Person) -> None:
    """They want to read about the law now and then."""
    services = world.bot.services
    for person in people:
        lane = services.dialogue.lane("telegram", person.id)
        async with services.store.work() as work:
            row = (await work.conversations.load([lane]))[lane]
            await work.reach.subscribe(row.id, services.clock.now())
            await work.commit()


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
    """Paused half-way: nothing leaves; resumed: it goes on with those who are left; cancelled: the rest never."""
    people = [await debtor(world, name, LATER) for name in ("甲某", "乙某", "丙某", "丁某")]

    def heard() -> int:
        found = [len(reminders(p)) for p in people]
        assert max(found) <= 1
        return sum(found)

    campaigns = world.bot.services.campaigns
    number = await broadcast(world, NewCampaign("年底", {"name": "{salutation}您好。"}, {}, "王", per_minute=1))
    await remind(world)
    assert heard() == 1
    await campaigns.pause(number, "李")
    world.advance(minutes=10)
    await remind(world)
    assert heard() == 1
    with pytest.raises(CampaignError, match="step"):
        await campaigns.retry(number)
    await campaigns.resume(number, "李")
    with pytest.raises(CampaignError, match="step"):
        await campaigns.resume(number, "李")
    world.advance(minutes=2)
    await remind(world)
    assert heard() == 2, "one a minute, however long it was paused"
    assert await campaigns.cancel(number, "李") == 2
    world.advance(minutes=10)
    await remind(world)
    assert heard() == 2
    assert (await campaigns.progress(number)).counts == {("sent", ""): 2, ("skipped", "cancelled"): 2}


async def test_a_wrong_text_is_corrected_to_those_who_got_it(world: World) -> None:
    """The correction goes to everybody who got it, past the cap, and only after a second approval."""
    person = await debtor(world, "张三", TODAY + timedelta(days=90))
    other = await debtor(world, "李四", TODAY + timedelta(days=90))
    world.sandbox.people.block(other.id)
    await world.settled()
    campaigns = world.bot.services.campaigns
    number = await campaigns.new(NewCampaign("年底", {"name": "{salutation}您好，周日来。"}, {}, "王"))
    await campaigns.approve(number, "李")
    await campaigns.start(number)
    await remind(world)
    fix = await campaigns.correct(number, "{salutation}您好，周一来。", "王")
    seen = await campaigns.preview(fix)
    assert (seen.people, seen.chats, [s.text[:3] for s in seen.samples]) == (1, 1, ["更正："])
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
    await subscribe(world, wants)
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


# -- before it leaves ----------------------------------------------------------------------------


async def test_the_preview_counts_who_gets_it_when_and_who_not_and_shows_each_arm(world: World) -> None:
    """Neutral for the unproven, later for those who had one today, not for the blocked; five samples over the arms."""
    for name in ("甲某", "乙某", "丙某", "丁某", "戊某", "己某", "庚某"):
        await debtor(world, name, LATER)
    told_today = await debtor(world, "辛某", TOMORROW)
    await remind(world)
    assert reminders(told_today)
    async with world.bot.services.store.work() as work:
        unproven, wrong, out = (await bindings(world))[:3]
        await work.reach.change(BindingRow, unproven.id, status=BindingStatus.LINKED, proven_at=None)
        await work.reach.change(BindingRow, wrong.id, status=BindingStatus.WRONG)
        await work.reach.change(BindingRow, out.id, stopped=True)
        await work.commit()
    texts = {"name": "{salutation}您好。", "plan": "{salutation}您好，哪天付？"}
    number = await world.bot.services.campaigns.new(NewCampaign("年底", texts, {}, "王"))
    seen = await world.bot.services.campaigns.preview(number)
    assert (seen.people, seen.chats, seen.neutral) == (8, 6, 1)
    assert seen.held == {"cap": 1}
    assert sum(seen.not_reached.values()) == 2
    assert seen.not_reached["stopped"] == 1
    assert len(seen.samples) == 5
    assert {s.arm for s in seen.samples} == {a for a, n in seen.arms.items() if n} == {"name", "plan"}
    assert not await deliveries(world) or {d.kind for d in await deliveries(world)} == {"reminder"}


async def test_nobody_approves_or_writes_beyond_what_they_may(world: World) -> None:
    """No nameless approval, no disguised author, no foreign court, no word that is wrong tomorrow."""
    campaigns = world.bot.services.campaigns
    number = await campaigns.new(NewCampaign("年底", {"name": "{salutation}您好。"}, {}, "王 五"))
    for approver, code in (("", "empty"), ("王五", "four_eyes"), ("王\u3000五", "four_eyes")):
        with pytest.raises(CampaignError, match=code):
            await campaigns.approve(number, approver)
    for draft, code in (
        (NewCampaign("年底", {"name": "请明天来。"}, {}, "王"), "明天"),
        (NewCampaign("年底", {"name": "您好"}, {"court": ["pingba"]}, "王", courts=("xixiu",)), "scope"),
        (NewCampaign("年底", {"name": "您好"}, {}, "王", per_minute=0), "per_minute"),
        (NewCampaign("年底", {"name": "您好"}, {}, "王", holdout=0.9), "hold-out"),
    ):
        with pytest.raises(CampaignError, match=code):
            await campaigns.new(draft)
    own = await campaigns.new(NewCampaign("年底", {"name": "您好"}, {}, "王", courts=("xixiu",)))
    assert (await campaigns.progress(own)).row.audience == {"court": ["xixiu"]}


async def test_it_begins_when_it_was_told_to_and_only_within_the_hours(world: World) -> None:
    """Scheduled for the evening: held over the night, out in the morning, once."""
    person = await debtor(world, "张三", LATER)
    campaigns = world.bot.services.campaigns
    number = await campaigns.new(NewCampaign("年底", {"name": "{salutation}您好。"}, {}, "王"))
    await campaigns.approve(number, "李")
    await campaigns.start(number, START.astimezone(SHANGHAI).replace(hour=21))
    for hours, heard in ((0, 0), (10.5, 0), (3, 0), (10.5, 1), (1, 1)):
        world.advance(hours=hours)
        await remind(world)
        assert len(reminders(person)) == heard
    with pytest.raises(CampaignError, match="not_approved"):
        await campaigns.start(number)


async def test_who_pays_reports_or_objects_after_it_began_is_left_out(world: World) -> None:
    """The conditions are asked again at the moment of sending; nobody is urged for what is done."""
    names = ("甲某", "乙某", "丙某", "丁某")
    people = {name: await debtor(world, name, TODAY - timedelta(days=60)) for name in names}
    world.advance(hours=12)
    number = await broadcast(
        world, NewCampaign("督促", {"name": "{salutation}您好，您已逾期。"}, {"overdue": True}, "王")
    )
    await world.bot.services.campaigns.start_due()
    written = await deliveries(world)
    assert len(written) == 4
    async with ledger(world).change(CLERK) as book:
        await book.pay(written[0].obligation_id, NewPayment(100_000, TODAY))
        await book.report_payment(written[1].obligation_id, NewPayment(100_000, TODAY))
        await book.dispute(written[2].obligation_id, DisputeKind.AMOUNT, "数额不对")
    world.advance(hours=12)
    await remind(world)
    assert [(d.status, d.why) for d in await deliveries(world)] == [
        ("skipped", "not_meant"),
        ("skipped", "reported"),
        ("skipped", "not_meant"),
        ("sent", None),
    ]
    assert (await world.bot.services.campaigns.progress(number)).row.status == "done"
    assert sum(len(reminders(p)) for p in people.values()) == 1


async def test_a_person_with_cases_in_two_courts_hears_of_the_court_whose_case_it_is(world: World) -> None:
    """Once, and court and case belong together."""
    person = await debtor(world, "张三", LATER)
    await owes_more(world, person, "张三", LATER)
    async with world.bot.services.store.work() as work:
        rows = [r async for r in work.ledger.stream_due(LATER, LATER)]
        await work.ledger.change(CaseRow, rows[0].case_id, court="pingba")
        await work.commit()
    await broadcast(
        world, NewCampaign("年底", {"name": "{salutation}您好，这里是{court}。"}, {"court": "pingba"}, "王")
    )
    await remind(world)
    assert "平坝区人民法院" in reminders(person)[0]
    assert (await deliveries(world))[0].case_id == rows[0].case_id


# -- afterwards ----------------------------------------------------------------------------------


async def test_only_those_who_did_not_get_it_are_tried_again(world: World) -> None:
    """Blocked and back, linked meanwhile, refused: again. Opted out, uncertain, arrived: never."""
    campaigns = world.bot.services.campaigns
    good, back, gone, out, unsure, bad = [
        await debtor(world, name, LATER) for name in ("甲某", "乙某", "丙某", "丁某", "戊某", "己某")
    ]
    owed = await owes(world, "李四", due=LATER)
    for person in (back, gone):
        world.sandbox.people.block(person.id)
    await out.starts()
    async with world.bot.services.store.work() as work:
        lane = world.bot.services.dialogue.lane("telegram", out.id)
        row = (await work.conversations.load([lane]))[lane]
        (bound,) = await work.reach.bindings_of_chat(row.id)
        await work.reach.change(BindingRow, bound.id, stopped=True)
        await work.commit()
    world.sandbox.faults.add(Fault("drop_after", method="sendMessage", times=1, chat_id=unsure.id))
    refused = Fault("fail", method="sendMessage", times=1, chat_id=bad.id, code=400)
    world.sandbox.faults.add(refused)
    await world.settled()
    number = await broadcast(world)
    await remind(world)
    await remind(world)
    before = (await campaigns.progress(number)).counts
    assert before == {
        ("sent", ""): 1,
        ("suppressed", "blocked"): 2,
        ("suppressed", "never_linked"): 1,
        ("skipped", "stopped"): 1,
        ("unknown", "Interrupted"): 1,
        ("failed", "Internal Server Error"): 1,
    }
    world.sandbox.people.unblock(back.id)
    new = await world.person("李四")
    await bind(world, new, owed.debtor, "李四", owed.number)
    world.advance(days=1)
    assert await campaigns.retry(number) == 3
    for _ in range(2):
        await remind(world)
    after = await campaigns.progress(number)
    assert (after.of("sent"), after.of("suppressed"), after.row.status) == (4, 1, "done")
    heard = {p: len(reminders(p)) for p in (good, back, gone, out, unsure, bad, new)}
    assert list(heard.values()) == [1, 1, 0, 0, 1, 1, 1]
    assert await campaigns.retry(number) == 0
    told = await campaigns.recipients(number, statuses=("unknown",))
    assert [(r.name, r.status, r.why) for r in told] == [("戊某", "unknown", "Interrupted")]
    first = await campaigns.recipients(number, limit=4)
    rest = await campaigns.recipients(number, after=first[-1].delivery.id)
    assert len(first) + len(rest) == after.total
    assert {r.case for r in first + rest if r.name == "李四"} == {owed.case}


async def test_a_person_says_what_became_of_an_uncertain_message(world: World) -> None:
    """It arrived: settled. It did not: sent again, once. Its task is closed, and it cannot be said twice."""
    campaigns = world.bot.services.campaigns
    got, lost = await debtor(world, "甲某", LATER), await debtor(world, "乙某", LATER)
    world.sandbox.faults.add(Fault("drop_after", method="sendMessage", times=1, chat_id=got.id))
    world.sandbox.faults.add(Fault("drop_before", method="sendMessage", times=1, chat_id=lost.id))
    number = await broadcast(world)
    await remind(world)
    by_name = {r.name: r.delivery.id for r in await campaigns.unknown(number)}
    assert set(by_name) == {"甲某", "乙某"}
    assert sorted(k for k, _ in await tasks(world)) == ["unknown", "unknown"]
    await campaigns.resolve(by_name["甲某"], arrived=True, by="李")
    await campaigns.resolve(by_name["乙某"], arrived=False, by="李")
    with pytest.raises(CampaignError, match="not_unknown"):
        await campaigns.resolve(by_name["甲某"], arrived=False, by="李")
    await remind(world)
    assert (len(reminders(got)), len(reminders(lost))) == (1, 1)
    progress = await campaigns.progress(number)
    assert (progress.of("sent"), progress.row.status) == (2, "done")
    assert await tasks(world) == []


async def test_wrong_words_in_the_plan_are_corrected_to_those_who_read_them(world: World) -> None:
    """Everybody who got that step by name; not who only got the neutral preview, not who got another step."""
    read, unproven = await debtor(world, "甲某", TOMORROW), await debtor(world, "乙某", TOMORROW)
    other = await debtor(world, "丙某", TODAY + timedelta(days=7))
    async with world.bot.services.store.work() as work:
        bound = (await bindings(world))[1]
        await work.reach.change(BindingRow, bound.id, status=BindingStatus.LINKED, proven_at=None)
        await work.commit()
    await remind(world)
    heard = [len(reminders(p)) for p in (read, unproven, other)]
    assert heard == [1, 1, 1]
    campaigns = world.bot.services.campaigns
    wrong = WrongReminders(START - timedelta(hours=1), START + timedelta(hours=1), step="T-1")
    number = await campaigns.correct_reminders(wrong, "T-1 错字", "{salutation}您好，日期以文书为准。", "王")
    await campaigns.approve(number, "李")
    await campaigns.start(number)
    await remind(world)
    assert reminders(read)[-1].startswith("更正：")
    named = {p: [t for t in reminders(p) if "更正" in t] for p in (unproven, other)}
    assert not any(named.values())
    assert sorted(o for o in await outcomes(world) if o[0] == "correction") == sorted(
        [("correction", "sent", None), ("correction", "skipped", "unproven")]
    )


async def test_wrong_words_about_the_law_are_corrected_as_such(world: World) -> None:
    """A correction of an education broadcast says so, without any name, to those who read it."""
    wants = await world.person("甲某")
    await subscribe(world, wants)
    campaigns = world.bot.services.campaigns
    number = await broadcast(world, NewCampaign("普法", {"name": "期限是一年。"}, {}, "王", education=True))
    await remind(world)
    fix = await campaigns.correct(number, "期限是二年。", "王")
    await campaigns.approve(fix, "李")
    await campaigns.start(fix)
    await remind(world)
    assert wants.heard()[-1].startswith("更正：此前")
    assert "期限是二年。" in wants.heard()[-1]
    assert "普法消息" in wants.heard()[-1]


async def test_who_unsubscribes_meanwhile_gets_no_education(world: World) -> None:
    """Opting in is asked at the moment of sending."""
    wants, wants_not = await world.person("甲某"), await world.person("乙某")
    await subscribe(world, wants, wants_not)
    world.advance(hours=12)
    await broadcast(world, NewCampaign("普法", {"name": "什么是执行。"}, {}, "王", education=True))
    await world.bot.services.campaigns.start_due()
    await wants_not.says("退订")
    world.advance(hours=12)
    await remind(world)
    assert sorted((d.status, d.why or "") for d in await deliveries(world)) == [
        ("sent", ""),
        ("skipped", "not_opted_in"),
    ]


async def test_a_group_that_became_a_supergroup_is_followed(world: World) -> None:
    """Telegram answers with the new number: the message goes there, once, and so does the next one."""
    services = world.bot.services
    owner = await world.person("群主")
    group = world.sandbox.people.create_group("普法群", "group", members=[owner.id])
    async with services.store.work() as work:
        row = ConversationRow(
            id=services.ids.new(world.clock.now()),
            lane=services.dialogue.lane("telegram", group.id),
            channel="telegram",
            kind="group",
            person="",
            address={"chat": group.id, "name": ""},
            state={},
            created_at=world.clock.now(),
        )
        await work.conversations.add([row], world.clock.now())
        await work.reach.subscribe(row.id, world.clock.now())
        await work.commit()
    moved = world.sandbox.people.upgrade_group(group.id)
    for text in ("第一条。", "第二条。"):
        await broadcast(world, NewCampaign("普法", {"name": text}, {}, "王", education=True))
        await remind(world)
        world.advance(days=1)
    heard = [m.text for m in world.sandbox.people.messages(moved.id) if m.from_bot]
    assert [t[:4] for t in heard] == ["第一条。", "第二条。"]


async def test_a_retry_brings_nobody_a_second_copy(world: World) -> None:
    """Two chats of one party: one got it, the other is blocked; whoever got it does not get the other's copy."""
    person, helper = await debtor(world, "张三", LATER), await world.person("张小妹")
    await helper.says("你好")
    await second_chat(world, helper)
    world.sandbox.people.block(person.id)
    await world.settled()
    number = await broadcast(world)
    await remind(world)
    campaigns = world.bot.services.campaigns
    assert (await campaigns.progress(number)).counts == {("sent", ""): 1, ("suppressed", "blocked"): 1}
    world.advance(days=1)
    assert await campaigns.retry(number) == 0
    await remind(world)
    assert len(reminders(helper)) == 1
    world.sandbox.people.unblock(person.id)
    await world.settled()
    assert await campaigns.retry(number) == 1
    await remind(world)
    assert (len(reminders(person)), len(reminders(helper))) == (1, 1)


async def second_chat(world: World, person: Person) -> None:
    """Somebody of the family gets the messages of the one debtor there is, too."""
    services, now = world.bot.services, world.clock.now()
    (own,) = await bindings(world)
    async with services.store.work() as work:
        lane = services.dialogue.lane("telegram", person.id)
        chat = (await work.conversations.load([lane]))[lane]
        made = replace(own, id=services.ids.new(now), conversation_id=chat.id, relation=Relation.FAMILY)
        await work.reach.add([made])
        await work.commit()


async def test_the_arms_of_education_are_drawn_over_people_who_are_nobodys_debtors(world: World) -> None:
    """Subscribers without any case are drawn one by one, not all into the same arm."""
    people = [await world.person(f"听众{i}") for i in range(24)]
    await subscribe(world, *people)
    texts = {"one": "什么是执行。", "two": "执行是什么。"}
    number = await broadcast(world, NewCampaign("普法", texts, {}, "王", education=True, holdout=0.3))
    for _ in range(2):
        await remind(world)
    assert {d.arm for d in await deliveries(world)} == {"one", "two", "holdout"}
    assert (await world.bot.services.campaigns.progress(number)).row.status == "done"


async def test_a_clerk_of_one_court_corrects_what_they_wrote(world: World) -> None:
    """The correction of a campaign to one court is that court's too: its clerks see it and its leader approves it."""
    await debtor(world, "张三", LATER)
    campaigns = world.bot.services.campaigns
    number = await campaigns.new(NewCampaign("年底", {"name": "{salutation}您好。"}, {}, "王", courts=("xixiu",)))
    await campaigns.approve(number, "李")
    await campaigns.start(number)
    await remind(world)
    fix = await campaigns.correct(number, "{salutation}您好，更正。", "王")
    assert (await campaigns.progress(fix)).row.audience == {"court": ["xixiu"]}
    assert (await campaigns.preview(fix)).chats == 1


async def test_education_names_the_court_in_whose_name_it_goes_out_or_none(world: World) -> None:
    """Readers are nobody's debtors: `{court}` is the one court of the campaign, and refused where there is not one."""
    wants = await world.person("甲某")
    await subscribe(world, wants)
    text = {"name": "{court}提醒您：执行不收手续费。"}
    for courts in ({}, {"court": ["xixiu", "pingba"]}):
        with pytest.raises(CampaignError, match="法院的名称"):
            await world.bot.services.campaigns.new(NewCampaign("普法", text, courts, "王", education=True))
    number = await broadcast(world, NewCampaign("普法", text, {}, "王", education=True, courts=("xixiu",)))
    assert (await world.bot.services.campaigns.preview(number)).samples[0].text.startswith("安顺市西秀区人民法院提醒您")
    await remind(world)
    await wants.hears("安顺市西秀区人民法院提醒您")
