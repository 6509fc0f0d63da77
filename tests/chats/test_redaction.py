"""Pictures and numbers that people sent do not stay in the chat beyond Telegram's 48 hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from sandbox.files import sample_png
from tests.cases import bind, id_number, owes, view
from tests.world import Person, World

DUE = date(2026, 11, 30)


@pytest.fixture
async def world(make_world: Callable[..., Any]) -> World:
    """A running bot on both databases."""
    made: World = await make_world()
    await made.start_bot()
    return made


def there(person: Person) -> list[int]:
    """The numbers of a person's own messages that still stand in the chat."""
    return [m.id for m in person.actor.sees() if not m.from_bot]


async def night(world: World) -> None:
    """The housekeeping's round, and what it sends."""
    await world.bot.redactor.round()
    await world.settled()


async def test_pictures_are_deleted_in_the_chat_and_kept_sealed_where_they_are_proof(world: World) -> None:
    """Proof of payment and any other picture: gone from the chat after a day, the proof still opens for staff."""
    owed = await owes(world, "李大山", due=DUE)
    debtor, stranger = await world.person("甲"), await world.person("乙")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await debtor.says("昨天转了5000")
    await debtor.taps("party.way.bank")
    proof = await debtor.sends("photo")
    other = await stranger.sends("photo")
    await debtor.taps("party.button.finished")
    await debtor.taps("party.button.confirm")
    await night(world)
    assert proof.id in there(debtor)  # not before its time
    world.advance(hours=24)
    await night(world)
    assert proof.id not in there(debtor)
    assert other.id not in there(stranger)
    assert len([m for m in debtor.actor.sees() if not m.from_bot]) > 1  # words stay
    [kept] = (await view(world, owed)).proofs
    assert world.bot.services.files.proofs.get(kept.files[0].sha256)


async def test_a_number_typed_in_full_is_deleted_in_the_chat_too(world: World) -> None:
    """Masked before it is stored, and gone from Telegram within the two days; an album goes as a whole."""
    person = await world.person("甲")
    number = person.actor.says(f"我的身份证号是{id_number(3)}，帮我查查")
    plain = person.actor.says("执行费怎么算")
    people = world.sandbox.people
    for shade in (10, 60, 110):
        people._write(person.id, {"media_group_id": "7002", **people._photo(sample_png(shade=shade))}, None, 0)
    await world.settled()
    assert len(there(person)) == 6
    world.advance(hours=25)
    await night(world)
    assert number.id not in there(person)
    assert plain.id in there(person)
    assert len(there(person)) == 2  # /start and the question


async def test_it_is_done_once_also_after_a_restart_and_not_when_it_is_too_late(make_world: Callable[..., Any]) -> None:
    """Noted in the turn's transaction; a bot that was away for longer than Telegram allows tries nothing."""
    world: World = await make_world()
    await world.start_bot()
    person = await world.person("甲")
    first = await person.sends("photo")
    await world.stop_bot()
    world.advance(hours=30)
    await world.start_bot()
    await night(world)
    assert first.id not in there(person)
    second = await person.sends("photo")
    await world.stop_bot()
    world.advance(hours=60)
    await world.start_bot()
    await night(world)
    assert second.id in there(person)
    assert len(world.sandbox.core.journal.of("deleteMessage")) == 1
    async with world.bot.services.store.work() as work:
        assert await work.reach.take_redactions(world.clock.now(), 10) == []


async def test_it_can_be_switched_off(make_world: Callable[..., Any]) -> None:
    """`privacy.redact_hours: 0`: nothing is noted and nothing deleted."""
    world: World = await make_world(privacy={"redact_hours": 0})
    await world.start_bot()
    person = await world.person("甲")
    picture = await person.sends("photo")
    world.advance(hours=47)
    await night(world)
    assert picture.id in there(person)
