"""Flood control: who is throttled, for how long, and who is caught ignoring it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sandbox import Limits, Person, Sandbox

if TYPE_CHECKING:
    from conftest import Api


@pytest.fixture
def limits() -> Limits:
    return Limits.telegram(private_burst=3, overall_per_second=50, overall_burst=30)


@pytest.fixture
def crowd(sandbox: Sandbox) -> list[Person]:
    return sandbox.people.create_people(60)


async def _send(api: Api, chat_id: int, times: int) -> list[int]:
    answers = [await api("sendMessage", chat_id=chat_id, text="x") for _ in range(times)]
    return [answer.get("error_code", 200) for answer in answers]


async def test_private_chat(api: Api, sandbox: Sandbox, crowd: list[Person]) -> None:
    """A burst passes, then one a second; the others are not concerned."""
    assert await _send(api, crowd[0].id, 3) == [200] * 3
    refused = await api("sendMessage", chat_id=crowd[0].id, text="x")
    assert refused["description"] == "Too Many Requests: retry after 1"
    assert refused["parameters"] == {"retry_after": 1}
    assert sandbox.violations == []
    assert await _send(api, crowd[1].id, 1) == [200]
    await asyncio.sleep(1.01)
    assert await _send(api, crowd[0].id, 2) == [200, 429]


async def test_who_does_not_wait_is_recorded(api: Api, sandbox: Sandbox, crowd: list[Person]) -> None:
    """Requests while parked are violations; they neither pass nor shorten the wait."""
    assert await _send(api, crowd[0].id, 6) == [200, 200, 200, 429, 429, 429]
    assert [violation.chat_id for violation in sandbox.violations] == [crowd[0].id] * 2
    assert sandbox.violations[0].scope == "chat"
    assert 0 < sandbox.violations[0].remaining <= 1
    assert len(sandbox.people.messages(crowd[0].id)) == 3


async def test_group_gets_twenty_a_minute(api: Api, sandbox: Sandbox) -> None:
    """The twenty-first must wait until the first is a minute old; edits count."""
    group = sandbox.people.create_group("群")
    sent = await api.ok("sendMessage", chat_id=group.id, text="x")
    for number in range(19):
        at = {"chat_id": group.id, "message_id": sent["message_id"]}
        await api.ok("editMessageText", **at, text=str(number))
    refused = await api("sendMessage", chat_id=group.id, text="x")
    assert 58 <= refused["parameters"]["retry_after"] <= 60


async def test_overall(api: Api, sandbox: Sandbox, crowd: list[Person]) -> None:
    """Many chats together are throttled too, and then everybody waits."""
    codes = [(await _send(api, person.id, 1))[0] for person in crowd]
    assert codes.count(200) < 60
    assert codes[:30] == [200] * 30
    assert {violation.scope for violation in sandbox.violations} == {"overall"}


async def test_album_costs_its_pictures(api: Api, sandbox: Sandbox, crowd: list[Person]) -> None:
    """An album of ten empties the bucket of the chat; reading costs nothing."""
    file_id = sandbox.people.send_photo(crowd[0].id).data["photo"][0]["file_id"]
    media = [{"type": "photo", "media": file_id}] * 3
    await api.ok("sendMediaGroup", chat_id=crowd[0].id, media=media)
    assert await _send(api, crowd[0].id, 1) == [429]
    for _ in range(30):
        await api.ok("getChat", chat_id=crowd[0].id)


async def test_refused_messages_cost_nothing(api: Api, crowd: list[Person]) -> None:
    """A bad request is refused before it is counted."""
    for _ in range(10):
        await api.refused("sendMessage", chat_id=crowd[0].id, text="")
    assert await _send(api, crowd[0].id, 3) == [200] * 3


async def test_lifted_limits_do_not_throttle(sandbox: Sandbox) -> None:
    """Lifted: no rates, but the sizes stay."""
    lifted = Limits.lifted()
    assert lifted.private_per_second is lifted.group_per_minute is lifted.overall_per_second is None
    assert lifted.text_chars == Limits.telegram().text_chars == 4096
