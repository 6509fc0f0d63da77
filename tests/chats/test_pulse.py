"""Reminders that stand still: administrators hear of it, once, and when they go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bot.dialogue.pulse import STILL
from bot.post.outbox import Outcome
from bot.store.rows import OutgoingRow
from sandbox import Fault
from tests.chats.conftest import Court
from tests.reminding import TOMORROW, debtor, outcomes, remind, reminders
from tests.world import TEXTS, Person, World, plain


def alarms(clerk: Person) -> list[str]:
    """What an administrator heard about it."""
    known = {plain(TEXTS("staff.courier_still", minutes=10)), plain(TEXTS("staff.courier_goes_on"))}
    return [text for text in clerk.heard() if text in known]


async def ten_minutes(world: World) -> None:
    """As many looks as it takes, with a round of the courier before each."""
    courier = world.bot.services.courier
    for _ in range(STILL + 1):
        await courier._safe_round()
        await world.bot.pulse.look()
    await world.bot.services.sender.idle()


async def test_rounds_that_fail_are_told_once_and_answers_go_on(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in planning: nothing leaves, everybody is answered, both administrators hear of it, and of its end."""
    world = court.world
    person = await debtor(world, "张三", TOMORROW)

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a fault")

    with monkeypatch.context() as fault:
        fault.setattr(world.bot.services.reminders, "plan", broken)
        world.bot.services.courier.wake()
        for _ in range(3):
            await ten_minutes(world)
        await world.settled()
        assert not reminders(person)
        for clerk in (court.clerk, court.other_clerk):
            assert alarms(clerk) == [plain(TEXTS("staff.courier_still", minutes=10))]
        await person.says("执行费怎么算")
        await person.hears("申请执行不用先交钱")
    await remind(world)
    await ten_minutes(world)
    await world.settled()
    assert len(reminders(person)) == 1
    assert alarms(court.clerk)[1:] == [plain(TEXTS("staff.courier_goes_on"))]


async def test_a_round_that_never_ends_is_told(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    """It raises nothing and logs nothing: only the missing beat shows it."""
    world, started = court.world, asyncio.Event()

    async def hangs() -> None:
        started.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(world.bot.services.campaigns, "start_due", hangs)
    world.bot.services.courier.wake()
    await started.wait()
    for _ in range(STILL + 1):
        await world.bot.pulse.look()
    await world.settled()
    assert len(alarms(court.clerk)) == 1


async def test_what_lies_still_with_the_sender_is_told(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds go on and nothing that was handed over gets an outcome; once it does, all is well."""
    world, answer = court.world, asyncio.Event()
    carrier = world.bot.services.sender._carriers["telegram"]
    real = carrier.deliver

    async def never(row: OutgoingRow) -> Outcome:
        if row.bulk:
            await answer.wait()
        return await real(row)

    person = await debtor(world, "张三", TOMORROW)
    monkeypatch.setattr(carrier, "deliver", never)
    courier = world.bot.services.courier
    courier.wake()
    for _ in range(STILL + 2):
        await courier.round()
        await world.bot.pulse.look()
        await asyncio.sleep(0.05)
    await court.clerk.hears("staff.courier_still", minutes=10)
    answer.set()
    await remind(world)
    await ten_minutes(world)
    await court.clerk.hears("staff.courier_goes_on")
    assert len(reminders(person)) == 1


async def test_silence_that_is_meant_is_no_alarm(make_world_sqlite: Callable[..., Any]) -> None:
    """At night, with nothing to do, and while Telegram asks for an hour of silence."""
    world: World = await make_world_sqlite()
    clerk = await world.clerk()
    await world.start_bot()
    await ten_minutes(world)
    await debtor(world, "张三", TOMORROW)
    world.sandbox.faults.add(Fault("flood", method="sendMessage", times=1, retry_after=3600))
    await remind(world)
    assert await outcomes(world) == [("T-1", "planned", "429")]
    await ten_minutes(world)
    world.advance(hours=12)
    await ten_minutes(world)
    assert alarms(clerk) == []
