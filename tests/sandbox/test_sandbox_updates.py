"""getUpdates, and how webhooks are delivered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from sandbox import Person, Sandbox

if TYPE_CHECKING:
    from conftest import Api, HandClock


@pytest.fixture
def zhang(sandbox: Sandbox) -> Person:
    return sandbox.people.create_person("张三", started=True)


def _texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


async def test_offset_confirms(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Ids rise by one; what lies below the offset is gone; a negative offset keeps the last."""
    for text in "甲乙丙丁":
        sandbox.people.say(zhang.id, text)
    first = await api.ok("getUpdates", limit=2)
    assert _texts(first) == ["甲", "乙"]
    assert first[1]["update_id"] == first[0]["update_id"] + 1
    assert _texts(await api.ok("getUpdates", offset=first[1]["update_id"])) == ["乙", "丙", "丁"]
    assert _texts(await api.ok("getUpdates", offset=-1)) == ["丁"]
    assert _texts(await api.ok("getUpdates")) == ["丁"]


async def test_long_poll_wakes(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """A waiting poll answers at once when something comes, and empty when its time is over."""
    poll = asyncio.create_task(api.ok("getUpdates", timeout=5))
    await asyncio.sleep(0.05)
    sandbox.people.say(zhang.id, "来了")
    assert _texts(await asyncio.wait_for(poll, 0.5)) == ["来了"]
    offset = sandbox.core.updates.next_id
    assert await api.ok("getUpdates", offset=offset, timeout=1) == []


async def test_second_poll_ends_the_first(api: Api) -> None:
    """409 for the first, the second goes on."""
    first = asyncio.create_task(api.refused("getUpdates", timeout=5))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(api.refused("getUpdates", timeout=5))
    assert await first == (
        "409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    await api.ok("setWebhook", url="http://127.0.0.1:9/")
    assert await second == "409 Conflict: terminated by setWebhook request"
    assert await api.refused("getUpdates") == (
        "409 Conflict: can't use getUpdates method while webhook is active;"
        " use deleteWebhook to delete the webhook first"
    )


async def test_allowed_updates(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Unwanted kinds are never queued; the filter stays until it is changed."""
    await api.ok("getUpdates", allowed_updates=["callback_query"])
    sandbox.people.say(zhang.id, "没人要")
    await api.ok("getUpdates")
    assert await api.ok("getUpdates", allowed_updates=[]) == []
    sandbox.people.say(zhang.id, "有人要")
    assert _texts(await api.ok("getUpdates")) == ["有人要"]
    assert not sandbox.core.updates.wanted("chat_member")
    assert sandbox.core.updates.wanted("my_chat_member")


async def test_updates_are_kept_for_a_day(api: Api, sandbox: Sandbox, zhang: Person, clock: HandClock) -> None:
    """Older ones are dropped without a word."""
    sandbox.people.say(zhang.id, "旧")
    clock.advance(hours=23)
    sandbox.people.say(zhang.id, "新")
    clock.advance(hours=1)
    assert _texts(await api.ok("getUpdates")) == ["新"]
    assert sandbox.core.updates.dropped == 1


async def test_injected_and_repeated_updates(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Unknown kinds, ids out of order, and an update that comes twice."""
    first = sandbox.inject({"guest_message": {"x": 1}})
    sandbox.inject({"update_id": first + 5, "message": {"chat": {"id": 1}}})
    sandbox.inject({"update_id": first + 4, "message": {"chat": {"id": 1}}})
    got = [update["update_id"] for update in await api.ok("getUpdates")]
    assert got == [first, first + 5, first + 4]
    assert await api.ok("getUpdates", offset=first + 6) == []
    sandbox.redeliver(first)
    again = await api.ok("getUpdates", offset=first + 6)
    assert again == [{"update_id": first, "guest_message": {"x": 1}}]
    assert await api.ok("getUpdates", offset=first + 6) == []


class Hook:
    """A webhook that notes what it gets and answers as told."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.secrets: set[str | None] = set()
        self.answers: list[Any] = []
        self.busy: dict[int, int] = {}
        self.most_in_one_chat = 0
        self.most_at_once = 0
        self.delay = 0.0
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        update = json.loads(await request.read())
        self.secrets.add(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        chat = update.get("message", {}).get("chat", {}).get("id", 0)
        self.busy[chat] = self.busy.get(chat, 0) + 1
        self.most_in_one_chat = max(self.most_in_one_chat, *self.busy.values())
        self.most_at_once = max(self.most_at_once, sum(self.busy.values()))
        await asyncio.sleep(self.delay)
        self.busy[chat] -= 1
        self.got.append(update)
        answer = self.answers.pop(0) if self.answers else 200
        if answer == "drop":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(answer, dict):
            return web.json_response(answer)
        return web.Response(status=answer)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook()
    app = web.Application()
    app.router.add_post("/hook", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


async def test_webhook_gets_what_was_pending(api: Api, sandbox: Sandbox, zhang: Person, hook: Hook) -> None:
    """With the secret, in order, and then nothing is pending any more."""
    sandbox.people.say(zhang.id, "一")
    await api.ok("setWebhook", url=hook.url, secret_token="s3cr_e-t")
    sandbox.people.say(zhang.id, "二")
    await sandbox.wait_for(lambda: not sandbox.core.updates.pending)
    assert _texts(hook.got) == ["一", "二"]
    assert hook.secrets == {"s3cr_e-t"}
    info = await api.ok("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == (hook.url, 0)


async def test_webhook_order(api: Api, sandbox: Sandbox, hook: Hook) -> None:
    """One at a time within a chat, chats side by side up to max_connections."""
    crowd = sandbox.people.create_people(6)
    hook.delay = 0.02
    await api.ok("setWebhook", url=hook.url, max_connections=3)
    for text in "一二三":
        for person in crowd:
            sandbox.people.say(person.id, text)
    await sandbox.wait_for(lambda: len(hook.got) == 18)
    assert hook.most_in_one_chat == 1
    assert hook.most_at_once == 3
    for person in crowd:
        mine = [u for u in hook.got if u["message"]["chat"]["id"] == person.id]
        assert _texts(mine) == ["一", "二", "三"]


async def test_pressed_buttons_have_a_queue_of_their_own(api: Api, sandbox: Sandbox, zhang: Person, hook: Hook) -> None:
    """A press overtakes the same person's message that is still being handled."""
    markup = {"inline_keyboard": [[{"text": "按", "callback_data": "1"}]]}
    sent = await api.ok("sendMessage", chat_id=zhang.id, text="x", reply_markup=markup)
    hook.delay = 0.05
    await api.ok("setWebhook", url=hook.url)
    sandbox.people.say(zhang.id, "慢")
    sandbox.people.press(zhang.id, sent["message_id"], label="按")
    await sandbox.wait_for(lambda: len(hook.got) == 2)
    assert hook.most_at_once == 2


@pytest.mark.parametrize("failure", [500, 302, 404, "drop"])
async def test_webhook_is_retried(api: Api, sandbox: Sandbox, zhang: Person, hook: Hook, failure: Any) -> None:
    """Anything but 2xx, or a dropped connection: the same update again, nothing overtakes it."""
    hook.answers = [failure, failure]
    await api.ok("setWebhook", url=hook.url)
    sandbox.people.say(zhang.id, "一")
    sandbox.people.say(zhang.id, "二")
    await sandbox.wait_for(lambda: not sandbox.core.updates.pending)
    assert _texts(hook.got) == ["一", "一", "一", "二"]
    assert (await api.ok("getWebhookInfo"))["last_error_message"]


async def test_webhook_answer_may_carry_a_method(api: Api, sandbox: Sandbox, zhang: Person, hook: Hook) -> None:
    """One call in the reply is carried out; get… and webhook methods are not."""
    hook.answers = [
        {"method": "sendMessage", "chat_id": zhang.id, "text": "答"},
        {"method": "deleteWebhook"},
    ]
    await api.ok("setWebhook", url=hook.url)
    sandbox.people.say(zhang.id, "问")
    sandbox.people.say(zhang.id, "问")
    await sandbox.wait_for(lambda: len(hook.got) == 2)
    assert [m.text for m in sandbox.people.messages(zhang.id) if m.from_bot] == ["答"]
    assert sandbox.core.webhook.hook is not None


async def test_deleting_the_webhook_keeps_what_is_pending(
    api: Api, sandbox: Sandbox, zhang: Person, hook: Hook
) -> None:
    """Unconfirmed updates go to the next poll; the answers say what happened."""
    hook.answers = [500] * 100
    body = await api("setWebhook", url=hook.url)
    assert body["description"] == "Webhook was set"
    assert (await api("setWebhook", url=hook.url))["description"] == "Webhook is already set"
    sandbox.people.say(zhang.id, "一")
    await sandbox.wait_for(lambda: hook.got)
    assert (await api("deleteWebhook"))["description"] == "Webhook was deleted"
    assert (await api("deleteWebhook"))["description"] == "Webhook is already deleted"
    assert _texts(await api.ok("getUpdates")) == ["一"]
    await api.ok("deleteWebhook", drop_pending_updates=True)
    assert await api.ok("getUpdates") == []


async def test_webhook_repeats_an_update_on_request(api: Api, sandbox: Sandbox, zhang: Person, hook: Hook) -> None:
    """Redelivery works for webhooks too."""
    await api.ok("setWebhook", url=hook.url)
    sandbox.people.say(zhang.id, "一")
    await sandbox.wait_for(lambda: not sandbox.core.updates.pending)
    sandbox.redeliver(hook.got[0]["update_id"])
    await sandbox.wait_for(lambda: len(hook.got) == 2)
    assert hook.got[0] == hook.got[1]


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"url": "ftp://x"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "http://x", "secret_token": "有"}, "secret token contains unallowed characters"),
        ({"url": "http://x", "secret_token": "x" * 257}, "secret token is too long"),
    ],
)
async def test_bad_webhooks(api: Api, params: dict[str, str], refusal: str) -> None:
    """Address and secret are checked."""
    assert await api.refused("setWebhook", **params) == f"400 Bad Request: {refusal}"
