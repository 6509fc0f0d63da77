"""What goes out: faults of the network, Telegram's limits, and people who cannot be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import Fault, Limits
from tests.integration.process import until
from tests.world import World

MakeWorld = Callable[..., Any]
SHIPPED = {"chat_per_second": 1.0, "chat_burst": 3}


async def row_of(world: World, person: int) -> Any:
    """Somebody's conversation as the database has it."""
    store = world.bot.services.store
    lane = store.vault.pseudonym("telegram", person)
    async with store.work(read_only=True) as work:
        return (await work.conversations.load([lane]))[lane]


@pytest.mark.parametrize(
    ("fault", "most"),
    [
        (Fault("drop_before", times=2, method="sendMessage"), 1),
        (Fault("drop_after", times=1, method="sendMessage"), 2),
        (Fault("fail", times=2, method="sendMessage", code=500), 1),
        (Fault("fail", times=2, method="sendMessage", code=502), 1),
    ],
    ids=["dropped before", "dropped after", "500", "502"],
)
async def test_an_answer_survives_faults_of_the_way(make_world: MakeWorld, fault: Fault, most: int) -> None:
    """It arrives; twice only where nobody could know whether it had arrived."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    told = len(alice.heard())
    world.sandbox.fault(fault)
    alice.actor.says("执行费怎么算")
    await until(lambda: len(alice.heard()) > told, 10, "the answer is there")
    await world.settled()
    assert 1 <= len(alice.heard()) - told <= most
    assert fault.hits == fault.times


@pytest.mark.parametrize("kind", ["drop_before", "fail"])
async def test_polling_goes_on_after_faults_of_the_way(make_world: MakeWorld, kind: Any) -> None:
    """A poll that breaks is made again, and nothing that waited is missed or doubled."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    told = len(alice.heard())
    world.sandbox.fault(Fault(kind, times=2, method="getUpdates"))
    for text in ("执行费怎么算", "什么是终本"):
        alice.actor.says(text)
    await until(lambda: len(alice.heard()) == told + 2, 15, "both are answered")
    await world.settled()
    assert len(alice.heard()) == told + 2


@pytest.mark.slow
async def test_a_429_is_kept_to_the_second(make_world: MakeWorld) -> None:
    """Nothing leaves before retry_after has passed, whatever else is waiting; then all of it does."""
    world: World = await make_world()
    await world.start_bot()
    people = [await world.person(f"P{n}") for n in range(8)]
    told = [len(p.heard()) for p in people]
    world.sandbox.fault(Fault("flood", times=1, method="sendMessage", retry_after=3, park=True))
    people[0].actor.says("执行费怎么算")
    await until(lambda: world.sandbox.calls.statuses[429] == 1, 5, "the server has refused")
    begun = asyncio.get_running_loop().time()
    for person in people[1:]:
        person.actor.says("什么是终本")
    await until(lambda: all(len(p.heard()) > n for p, n in zip(people, told, strict=True)), 15, "all are answered")
    assert asyncio.get_running_loop().time() - begun >= 2.8
    assert world.sandbox.violations == []


@pytest.mark.slow
async def test_a_long_429_on_one_chat_does_not_stop_the_others(make_world: MakeWorld) -> None:
    """Ten minutes for one chat: everybody else is answered at once, and that chat is left alone."""
    world: World = await make_world()
    await world.start_bot()
    alice, bob = await world.person("张三"), await world.person("李四")
    told = len(alice.heard())
    world.sandbox.fault(Fault("flood", times=1, method="sendMessage", chat_id=alice.id, retry_after=600, park=True))
    alice.actor.says("执行费怎么算")
    await until(lambda: world.sandbox.calls.statuses[429] == 1, 5, "the server has refused")
    bob.actor.says("执行费怎么算")
    await bob.hears("申请执行不用先交钱")
    await asyncio.sleep(1.5)
    assert len(alice.heard()) == told
    assert world.sandbox.violations == []
    assert world.bot.services.sender.waiting() == 1, "kept for later"


@pytest.mark.slow
async def test_our_pace_stays_below_telegrams_limits(make_world: MakeWorld) -> None:
    """With Telegram's limits and the shipped settings a busy chat and a busy hour see no 429."""
    world: World = await make_world(limits=Limits.telegram(overall_per_second=None), telegram=SHIPPED)
    await world.start_bot()
    people = [world.sandbox.actor(f"P{n}") for n in range(20)]
    for person in people:
        person.starts()
    for text in ("执行费怎么算", "什么是终本", "卡被冻结了怎么办"):
        people[0].says(text)
    await until(lambda: sum(m.from_bot for m in people[0].sees()) >= 5, 20, "all is said")
    assert world.sandbox.calls.statuses[429] == 0
    assert world.sandbox.violations == []


@pytest.mark.slow
async def test_a_server_with_a_tighter_limit_is_met_with_a_slower_pace(make_world: MakeWorld) -> None:
    """Thirty a second over all chats: all is answered, and after the first refusals the pace is kept."""
    world: World = await make_world(limits=Limits.telegram(private_per_second=None))
    await world.start_bot()
    people = [world.sandbox.actor(f"P{n}") for n in range(120)]
    for person in people:
        person.says("执行费怎么算")
    await until(lambda: all(any(m.from_bot for m in p.sees()) for p in people), 60, "everybody is answered")
    refused = world.sandbox.calls.statuses[429]
    assert refused <= 40, "not a refusal per message"


async def test_who_has_blocked_the_bot_is_noted_and_heard_again_later(make_world: MakeWorld) -> None:
    """Blocked is no error to repeat; writing again makes the chat reachable."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    world.sandbox.fault(Fault("delay", seconds=0.5, method="sendMessage", times=1))
    alice.actor.says("执行费怎么算")
    world.sandbox.people.block(alice.id)
    await world.settled()
    assert (await row_of(world, alice.id)).unreachable == "blocked"
    calls = len(world.sandbox.calls.of("sendMessage", chat_id=alice.id))
    await asyncio.sleep(1.0)
    assert len(world.sandbox.calls.of("sendMessage", chat_id=alice.id)) == calls, "not tried again"
    world.sandbox.people.unblock(alice.id)
    await alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交钱")
    assert (await row_of(world, alice.id)).unreachable is None


async def test_an_account_that_is_gone_is_noted_and_stops_nobody(make_world: MakeWorld) -> None:
    """Deactivated: noted with its reason, and the next person is answered."""
    world: World = await make_world()
    await world.start_bot()
    alice, bob = await world.person("张三"), await world.person("李四")
    world.sandbox.fault(Fault("delay", seconds=0.5, method="sendMessage", chat_id=alice.id, times=1))
    alice.actor.says("执行费怎么算")
    world.sandbox.people.deactivate(alice.id)
    bob.actor.says("执行费怎么算")
    await bob.hears("申请执行不用先交钱")
    await world.settled()
    assert (await row_of(world, alice.id)).unreachable == "deactivated"


async def test_a_group_that_becomes_a_supergroup_still_gets_its_answer(make_world: MakeWorld) -> None:
    """The group has another number by the time the answer leaves; it arrives there."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    people = world.sandbox.people
    group = people.create_group("问答", "group", members=[alice.id], bot_admin=True)
    world.sandbox.fault(Fault("fail", times=1, method="sendMessage", chat_id=group.id))
    people.say(alice.id, "@zhiyuan_sandbox_bot 执行费怎么算", chat_id=group.id)
    new = people.upgrade_group(group.id)
    await until(
        lambda: any(m.from_bot and "申请执行" in m.text for m in people.messages(new.id)),
        10,
        "the answer is in the new group",
    )
