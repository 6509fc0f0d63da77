"""What comes in: webhook and polling, repeated, misordered, unreadable, poisonous."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from sqlalchemy import func, select

from bot.core.errors import StoreUnavailableError
from bot.dialogue.turn import Turn
from bot.store.tables import Inbox, InboxStatus
from sandbox import Actor, Sandbox
from tests.integration.conftest import StartBot
from tests.integration.process import SECRET, free_port, until
from tests.world import TEXTS, World, plain

MakeWorld = Callable[..., Any]


class Hook:
    """Calls the bot's webhook the way Telegram does."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __call__(self, body: object, secret: str | None = SECRET) -> int:
        """Post a body (JSON unless it is bytes); the status of the answer."""
        headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with aiohttp.ClientSession() as http, http.post(self._url, data=data, headers=headers) as answer:
            return answer.status


@pytest.fixture
async def hooked(make_world: MakeWorld) -> tuple[World, Hook]:
    """A world whose bot listens for webhook calls."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram/webhook"
    world: World = await make_world(
        telegram={"mode": "webhook", "webhook_url": url, "webhook_secret": SECRET}, http={"port": port}
    )
    await world.start_bot()
    return world, Hook(url)


def message(update_id: int, chat: Actor, text: str, message_id: int = 1) -> dict[str, Any]:
    """An update with a text message of a person in their private chat."""
    user = {"id": chat.id, "is_bot": False, "first_name": chat.person.name}
    return {
        "update_id": update_id,
        "message": {
            "message_id": message_id,
            "date": 1_795_000_000,
            "chat": {"id": chat.id, "type": "private", "first_name": chat.person.name},
            "from": user,
            "text": text,
        },
    }


async def statuses(world: World) -> dict[str, int]:
    """How many stored updates are in which state."""
    async with world.bot.services.store.work(read_only=True) as work:
        rows = await work.connection.execute(select(Inbox.status, func.count().label("count")).group_by(Inbox.status))
        return {row.status: row.count for row in rows}


async def asked(world: World) -> list[str]:
    """What people said, as the log has it."""
    async with world.bot.services.store.work(read_only=True) as work:
        return [m.text async for m in work.log.read() if m.direction == "in"]


async def test_a_call_without_the_secret_is_refused_and_garbage_is_told_apart(hooked: tuple[World, Hook]) -> None:
    """403 without or with a wrong secret, 400 for what is no update; nothing of it is stored."""
    world, hook = hooked
    alice = world.sandbox.actor("张三")
    update = message(1, alice, "执行费怎么算")
    assert await hook(update, None) == 403
    assert await hook(update, "") == 403
    assert await hook(update, SECRET[:-1]) == 403
    assert await hook(b"not json") == 400
    assert await hook(b"\xff\xfe") == 400
    assert await hook(b"[" * 100_000) == 400
    assert await hook([update]) == 400
    assert await hook({"message": {}}) == 400
    assert await hook({"update_id": "seven"}) == 400
    assert await hook({"update_id": 2**70}) == 400
    assert await statuses(world) == {}


async def test_a_webhook_that_somebody_removed_is_set_again(make_world: MakeWorld) -> None:
    """Another program with the token asked for updates itself; without a look the bot would stay deaf."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram/webhook"
    world = await make_world(
        telegram={"mode": "webhook", "webhook_url": url, "webhook_secret": SECRET, "webhook_check_seconds": 0.2},
        http={"port": port},
    )
    await world.start_bot()
    async with aiohttp.ClientSession() as http:
        await http.post(f"{world.sandbox.base_url}/bot{world.sandbox.token}/deleteWebhook")
    await until(lambda: world.sandbox.core.webhook.hook is not None, 10, "set again")
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交钱")


async def test_the_same_update_twice_is_one_question(hooked: tuple[World, Hook]) -> None:
    """Telegram repeats what it thinks was not taken; a restart in between changes nothing."""
    world, hook = hooked
    alice = await world.person("张三")
    told = len(alice.heard())
    update = message(77, alice.actor, "执行费怎么算")
    assert [await hook(update), await hook(update)] == [200, 200]
    await world.settled()
    await world.stop_bot()
    await world.start_bot()
    assert await hook(update) == 200
    assert await asyncio.gather(*(hook(update) for _ in range(5))) == [200] * 5
    await world.settled()
    assert len(alice.heard()) == told + 1


async def test_a_lower_number_after_a_higher_one_is_still_new(hooked: tuple[World, Hook]) -> None:
    """Numbers may come out of order and begin lower after a quiet week: each is judged by itself."""
    world, hook = hooked
    alice = await world.person("张三")
    for number, text in ((900, "执行费怎么算"), (899, "什么是终本"), (5, "卡被冻结了怎么办")):
        assert await hook(message(number, alice.actor, text, number)) == 200
        await world.settled()
    assert (await asked(world))[-3:] == ["执行费怎么算", "什么是终本", "卡被冻结了怎么办"]


async def test_what_nobody_can_read_is_stored_and_stops_nobody(hooked: tuple[World, Hook]) -> None:
    """New kinds of update, ones without a chat, and malformed ones: taken, and everybody else is answered."""
    world, hook = hooked
    alice = await world.person("张三")
    told = len(alice.heard())
    strange: list[dict[str, Any]] = [
        {"update_id": 1, "hologram": {"chat": {"id": alice.id}}},
        {"update_id": 2, "poll": {"id": "1"}},
        {"update_id": 3, "message": "a string"},
        {"update_id": 4, "message": {"message_id": 1, "chat": []}},
        {"update_id": 5, "message": {"text": 5, "chat": {"id": "five"}}},
        {"update_id": 6, "callback_query": {"id": "1", "from": None, "message": []}},
        {"update_id": 7},
        {
            "update_id": 8,
            "channel_post": {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "channel"}, "text": "x"},
        },
        {"update_id": 9, "inline_query": {"id": "1", "from": {"id": alice.id}, "query": "", "offset": ""}},
    ]
    assert [await hook(update) for update in strange] == [200] * len(strange)
    assert await hook(message(10, alice.actor, "执行费怎么算 \ud83d")) == 200
    await until(lambda: len(alice.heard()) > told, 10, "the question is answered")
    await world.settled()
    found = await statuses(world)
    assert found.get(InboxStatus.NEW, 0) == 0
    assert found[InboxStatus.DONE] >= 5


async def test_an_update_that_cannot_be_handled_is_set_aside_after_three_tries(make_world: MakeWorld) -> None:
    """Its sender hears an apology, the administrators its number; the chat and all others go on."""
    world: World = await make_world()
    clerk = await world.clerk()
    await world.start_bot()
    alice, bob = await world.person("张三"), await world.person("李四")
    responder = world.bot.services.dialogue._responder
    tries = []

    class Poisoned:
        async def respond(self, turn: Turn) -> None:
            if turn.incoming.text == "毒":
                tries.append(turn.incoming.inbox_id)
                raise RuntimeError("poison")
            await responder.respond(turn)

    world.bot.services.dialogue._responder = Poisoned()
    alice.actor.says("毒")
    alice.actor.says("执行费怎么算")
    bob.actor.says("执行费怎么算")
    await alice.hears("error.apology")
    await alice.hears("申请执行不用先交钱")
    await bob.hears("申请执行不用先交钱")
    await clerk.hears(f"{tries[0]}")
    await world.settled()
    assert len(tries) == 3 or len(set(tries)) == 1
    assert (await statuses(world))[InboxStatus.FAILED] == 1
    assert plain(TEXTS("error.apology")) not in bob.heard()


async def test_polling_confirms_only_what_is_stored(make_world: MakeWorld) -> None:
    """While the database does not take updates they stay with Telegram, and are taken later."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    told = len(alice.heard())
    inbox = world.bot.services.inbox
    accept = inbox._store.work

    def broken(**_: Any) -> Any:
        raise StoreUnavailableError("gone")

    inbox._store.work = broken  # type: ignore[method-assign]
    alice.actor.says("执行费怎么算")
    await asyncio.sleep(1.0)
    assert len(world.sandbox.core.updates.pending) == 1, "not confirmed"
    inbox._store.work = accept  # type: ignore[method-assign]
    await until(lambda: len(alice.heard()) > told, 15, "the question is answered")


async def test_after_an_empty_poll_lower_numbers_are_seen_too(make_world: MakeWorld) -> None:
    """After a week without updates Telegram may count from a lower number; nothing is missed."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    told = len(alice.heard())
    lower = message(3, alice.actor, "执行费怎么算")
    world.sandbox.inject(lower)
    await until(lambda: len(alice.heard()) == told + 1, 10, "answered")
    world.sandbox.redeliver(3)
    alice.actor.says("什么是终本")
    await until(lambda: len(alice.heard()) == told + 2, 10, "answered once each")
    await world.settled()
    assert len(alice.heard()) == told + 2


@pytest.mark.slow
async def test_two_copies_with_one_token_end_with_a_clear_message(telegram: Sandbox, new_sqlite_bot: StartBot) -> None:
    """One of them says what is wrong and ends with status 1; the other goes on answering."""
    alice = telegram.actor("张三")
    first = new_sqlite_bot()
    second = new_sqlite_bot(url=f"sqlite:///{first.folder}/other.db")
    await first.start()
    await second.start()
    endings = [asyncio.create_task(bot.ended(60)) for bot in (first, second)]
    done, waiting = await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
    for ending in waiting:
        ending.cancel()
    assert [task.result() for task in done] == [1]
    loser, winner = (first, second) if endings[0] in done else (second, first)
    assert TEXTS("operator.conflict.polling") in loser.said()
    assert "Traceback" not in loser.said()
    assert loser.said().count("telegram.conflict") <= 3, "said once, not in a loop"
    alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交钱", timeout=20)
    assert winner.said().count("telegram.conflict") <= 2
