"""Broadcasts beside a faulty network, Telegram's limits, and people who ask meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.reminders.campaigns import NewCampaign
from bot.reminders.wording import Guides
from commands.bench_reminders import Someone, fill
from sandbox import Fault, Limits
from tests.world import START, World

PEOPLE = 60


async def campaign(world: World, people: int) -> tuple[int, list[int]]:
    """An approved and started campaign to so many debtors; its number and their chats."""
    services = world.bot.services
    persons = world.sandbox.people.create_people(people)
    some = [Someone(p.first_name, p.id) for p in persons]
    due = START.date() + timedelta(days=90)
    await fill(services.store, world.clock, some, lambda _: [due], services.ids)
    number = await services.campaigns.new(NewCampaign("督促", {"name": "{salutation}您好。"}, {}, "王"))
    await services.campaigns.approve(number, "李")
    await services.campaigns.start(number)
    services.courier.wake()
    return number, [p.id for p in persons]


async def done(world: World, number: int, seconds: float = 60, **step: float) -> Counter[str]:
    """Statuses of the campaign once nothing is left; `step` moves the clock on meanwhile."""
    services = world.bot.services
    async with asyncio.timeout(seconds):
        while (progress := await services.campaigns.progress(number)).left or progress.row.status != "done":
            if step:
                world.advance(**step)
            services.courier.wake()
            await asyncio.sleep(0.05)
    return Counter({status: progress.of(status) for status, _ in progress.counts})


def copies(world: World, chats: list[int]) -> Counter[int]:
    """How many copies people got."""
    return Counter(sum(m.from_bot for m in world.sandbox.people.messages(chat)) for chat in chats)


@pytest.fixture
async def world(make_world: Callable[..., Any]) -> World:
    """A bot on each kind of database that sends broadcasts as fast as it can."""
    made: World = await make_world(telegram={"bulk_per_second": 1000.0})
    await made.start_bot()
    return made


async def test_connections_that_break_before_and_after_lose_and_double_nothing(world: World) -> None:
    """Broken before: tried again only if that is certain; broken after: unknown, and never a second copy."""
    number = 0

    def now_and_then(method: str, params: dict[str, Any]) -> bool:
        nonlocal number
        number += method == "sendMessage"
        return method == "sendMessage" and number % 7 == 0

    world.sandbox.faults.add(Fault("drop_after", times=4, when=now_and_then))
    world.sandbox.faults.add(Fault("fail", times=5, method="sendMessage", code=503))
    campaign_number, chats = await campaign(world, PEOPLE)
    statuses = await done(world, campaign_number, 40, minutes=0.3)
    got = copies(world, chats)
    assert set(got) <= {0, 1}
    assert statuses["sent"] + statuses["unknown"] == PEOPLE
    assert 1 <= statuses["unknown"] <= 4
    assert got[0] <= statuses["unknown"]


async def test_a_storm_of_429_is_waited_out_and_nobody_is_lost(world: World) -> None:
    """Told to wait again and again: nothing leaves before its time, and in the end everybody has one copy."""
    world.sandbox.faults.add(Fault("flood", times=5, method="sendMessage", retry_after=1))
    number, chats = await campaign(world, 20)
    statuses = await done(world, number, 40, milliseconds=50)
    assert statuses == Counter({"sent": 20})
    assert copies(world, chats) == Counter({1: 20})
    assert not world.sandbox.core.flood.violations


async def test_answers_are_not_delayed_by_a_full_queue(make_world: Callable[..., Any]) -> None:
    """With more queued than can leave in a minute, each question is answered within two seconds."""
    world: World = await make_world(limits=Limits.telegram(), telegram={"chat_burst": 3, "chat_per_second": 1.0})
    await world.start_bot()
    await campaign(world, 400)
    waits = []
    loop = asyncio.get_running_loop()
    for index in range(8):
        actor = world.sandbox.actor(f"问{index}")
        actor.person.started = True
        begin = loop.time()
        actor.says("执行费怎么算")
        await actor.hears("申请执行")
        waits.append(loop.time() - begin)
        await asyncio.sleep(0.2)
    assert max(waits) <= 2.0
    assert world.sandbox.core.flood.refusals == 0
    assert world.bot.services.sender.bulk_waiting() > 0


async def test_exactly_one_replica_sends(make_world: Callable[..., Any], database: str) -> None:
    """Two bots over one database: one holds the lease; when it stops the other one goes on at once."""
    if not database.startswith("postgres"):
        return  # one process per SQLite file is all there is to show
    first: World = await make_world(telegram={"bulk_per_second": 50.0})
    await first.start_bot()
    second = World(first.folder, database, telegram={"bulk_per_second": 50.0})
    second.sandbox = first.sandbox
    await second.start_bot()
    number, chats = await campaign(first, 80)
    await asyncio.sleep(0.6)
    async with first.bot.services.store.work(read_only=True) as work:
        holder = await work.reminders.holder("bulk", first.clock.now())
    assert holder in (first.bot.services.worker, second.bot.services.worker)
    leader, other = (first, second) if holder == first.bot.services.worker else (second, first)
    await leader.stop_bot()
    statuses = await done(other, number, seconds=30)
    await other.stop_bot()
    assert statuses == Counter({"sent": 80})
    assert copies(first, chats) == Counter({1: 80})


async def test_a_broken_file_of_wordings_leaves_the_old_ones_in_force(world: World, tmp_path: Any) -> None:
    """The guide in force stays when a change is not sound, and a sound one is taken up."""
    library = world.bot.services.library
    folder = tmp_path / "faq"
    folder.mkdir()
    file = folder / "reminders.yaml"
    text = (library.folder / "reminders.yaml").read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    guides = Guides(folder, lambda: library.knowledge)
    assert guides().caps.per_day == 1
    file.write_text(text.replace("per_day: 1", "per_day: 0"), encoding="utf-8")
    assert guides().caps.per_day == 1
    file.write_text(text.replace("per_day: 1", "per_day: 12"), encoding="utf-8")
    assert guides().caps.per_day == 12
