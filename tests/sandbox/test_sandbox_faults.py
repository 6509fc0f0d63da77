"""Faults on order, the journal, and the control endpoints for other processes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from sandbox import Fault, Person, Roster, RosterGroup, RosterPerson, Sandbox, Settings, create

if TYPE_CHECKING:
    from conftest import Api, HandClock


@pytest.fixture
def zhang(sandbox: Sandbox) -> Person:
    return sandbox.people.create_person("张三", started=True)


def _heard(sandbox: Sandbox, person: Person) -> list[str]:
    return [message.text for message in sandbox.people.messages(person.id)]


async def test_server_errors(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """The next n requests fail, nothing is done; then all is well."""
    sandbox.fault(Fault("fail", times=2, method="sendMessage", code=502))
    await api.ok("getMe")
    for _ in range(2):
        assert await api.refused("sendMessage", chat_id=zhang.id, text="x") == "502 Bad Gateway"
    await api.ok("sendMessage", chat_id=zhang.id, text="x")
    assert _heard(sandbox, zhang) == ["x"]


async def test_dropped_connections(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Dropped before: not delivered. Dropped after: delivered, but the bot cannot know."""
    for kind, delivered in (("drop_before", []), ("drop_after", ["x"])):
        sandbox.fault(Fault(kind))  # type: ignore[arg-type]
        with pytest.raises(aiohttp.ClientError):
            await api("sendMessage", chat_id=zhang.id, text="x")
        assert _heard(sandbox, zhang) == delivered
    assert [call.status for call in sandbox.calls.of("sendMessage")] == [0, 0]


async def test_delay_storm_and_predicates(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Slow answers, 429 storms, and faults for chosen requests only."""
    sandbox.fault(Fault("delay", seconds=0.1))
    start = asyncio.get_running_loop().time()
    await api.ok("sendMessage", chat_id=zhang.id, text="慢")
    assert asyncio.get_running_loop().time() - start >= 0.1
    sandbox.fault(Fault("flood", times=2, retry_after=10_072))
    body = await api("sendMessage", chat_id=zhang.id, text="x")
    assert (body["error_code"], body["parameters"]) == (429, {"retry_after": 10_072})
    sandbox.faults.clear()
    sandbox.fault(Fault("fail", times=None, when=lambda method, params: "坏" in str(params.get("text"))))
    await api.ok("sendMessage", chat_id=zhang.id, text="好")
    await api.refused("sendMessage", chat_id=zhang.id, text="坏")
    sandbox.faults.clear()
    sandbox.fault(Fault("fail", chat_id=zhang.id, code=500))
    assert await api.ok("getUpdates") == []
    assert (await api.refused("sendMessage", chat_id=zhang.id, text="x")).startswith("500")


async def test_storm_that_means_it(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """With park the bot must really wait: every other send until then is a violation."""
    other = sandbox.people.create_person("李四", started=True)
    sandbox.fault(Fault("flood", retry_after=3, park=True))
    assert (await api.refused("sendMessage", chat_id=zhang.id, text="x")).endswith("retry after 3")
    assert (await api.refused("sendMessage", chat_id=other.id, text="x")).endswith("retry after 3")
    assert [violation.chat_id for violation in sandbox.violations] == [other.id]
    sandbox.core.flood.reset()
    await api.ok("sendMessage", chat_id=other.id, text="x")


async def test_journal(api: Api, sandbox: Sandbox, zhang: Person, clock: HandClock) -> None:
    """Each call with time, parameters, result; empty polls only count."""
    await api.ok("getUpdates")
    await api.ok("sendMessage", chat_id=zhang.id, text="x")
    await api.refused("sendMessage", chat_id=1, text="x")
    assert sandbox.calls.counts == {"getUpdates": 1, "sendMessage": 2}
    assert sandbox.calls.statuses == {200: 2, 400: 1}
    good, bad = sandbox.calls
    assert (good.at, good.params["text"], good.result["text"]) == (clock.now(), "x", "x")
    assert bad.result["description"] == "Bad Request: chat not found"
    assert sandbox.calls.of("sendMessage", ok=True, chat_id=zhang.id) == [good]


async def test_wait_for(sandbox: Sandbox, zhang: Person) -> None:
    """The condition's value, plain or awaitable; TimeoutError if it never comes true."""
    asyncio.get_running_loop().call_later(0.05, sandbox.people.say, zhang.id, "x")
    assert await sandbox.wait_for(lambda: _heard(sandbox, zhang)) == ["x"]

    async def truth() -> int:
        return 42

    assert await sandbox.wait_for(truth) == 42
    with pytest.raises(TimeoutError):
        await sandbox.wait_for(lambda: False, timeout=0.05)


class Remote:
    """Another process: only HTTP."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self.session = session
        self.base_url = base_url

    async def post(self, path: str, **arguments: Any) -> Any:
        async with self.session.post(f"{self.base_url}/sandbox/{path}", json=arguments) as answer:
            return await answer.json()

    async def get(self, path: str, **query: Any) -> Any:
        async with self.session.get(f"{self.base_url}/sandbox/{path}", params=query) as answer:
            return await answer.json()


@pytest.fixture
def remote(api: Api, sandbox: Sandbox) -> Remote:
    return Remote(api.session, sandbox.base_url)


async def test_control_endpoints(api: Api, remote: Remote, sandbox: Sandbox) -> None:
    """Everything a test in another process needs, over HTTP."""
    person = await remote.post("do/create_person", first_name="张三")
    said = await remote.post("do/start", person_id=person["id"], payload="abc")
    assert said["data"]["text"] == "/start abc"
    rows = [[{"text": "好", "callback_data": "1"}]]
    waiting = asyncio.create_task(remote.get(f"chats/{person['id']}/messages", after=said["message_id"], wait=5))
    await asyncio.sleep(0.02)
    await api.ok("sendMessage", chat_id=person["id"], text="x", reply_markup={"inline_keyboard": rows})
    heard = (await waiting)[0]
    assert heard["from_bot"] is True
    query = await remote.post("do/press", person_id=person["id"], message_id=heard["message_id"], label="好")
    await api.ok("answerCallbackQuery", callback_query_id=query, text="收到")
    assert (await remote.post("do/answer", query_id=query))["text"] == "收到"
    await remote.post("do/send_document", person_id=person["id"], content_base64="JVBERg==", file_name="a.pdf")
    assert len(await remote.post("do/send_album", person_id=person["id"], photos=3)) == 3
    assert (await remote.get("calls", method="sendMessage"))["total"] == 1
    await remote.post("faults", kind="fail", times=1, method="sendMessage", code=500)
    assert (await api.refused("sendMessage", chat_id=person["id"], text="x")).startswith("500")
    assert await remote.get("violations") == []
    update_id = await remote.post("inject", mystery={"a": 1})
    assert await remote.post("redeliver", update_id=update_id) is True
    state = await remote.get("state")
    assert [entry["first_name"] for entry in state["people"]] == ["张三"]
    await remote.post("reset")
    assert (await remote.get("state"))["people"] == []


async def test_control_mistakes_are_explained(remote: Remote, sandbox: Sandbox) -> None:
    """400 with a sentence; unknown actions and other web sites are turned away."""
    assert "nobody has the id 5" in (await remote.post("do/say", person_id=5, text="x"))["error"]
    assert "missing" in (await remote.post("do/say", person=5))["error"]
    assert "kinds are" in (await remote.post("faults", kind="explode"))["error"]
    url = f"{sandbox.base_url}/sandbox/do/"
    async with remote.session.post(f"{url}__init__", json={}) as answer:
        assert answer.status == 404
    foreign = {"Origin": "https://evil.example"}
    async with remote.session.post(f"{url}create_person", json={"first_name": "x"}, headers=foreign) as answer:
        assert answer.status == 403


ROSTER = Roster(
    people=(RosterPerson(key="a", first_name="张三", role="申请执行人"),),
    groups=(RosterGroup(key="g", title="工作群", members=("a",)),),
)


async def test_state_survives_a_restart(tmp_path: Path, clock: HandClock) -> None:
    """Persons, messages, files, pending updates and ids come back from the JSON file."""
    settings = Settings(clock=clock, persist=tmp_path / "state.json", roster=ROSTER)
    first = create(settings)
    await first.start()
    person, group = next(iter(first.people.core.world.people.values())), next(iter(first.core.world.groups.values()))
    said = first.people.say(person.id, "还在吗")
    photo = first.people.send_photo(person.id).data["photo"][0]["file_id"]
    topic = first.people.create_topic(person.id, group.id, "话题")
    waiting, next_id = list(first.core.updates.pending), first.core.updates.next_id
    await first.stop()
    second = create(settings)
    await second.start()
    assert len(second.core.world.people) == 1
    assert second.core.world.message(person.id, said.id) == said
    assert second.core.files.content(photo)
    assert second.people.group(group.id).topics[topic.id] == topic
    assert list(second.core.updates.pending) == waiting
    assert second.core.updates.next_id >= next_id + 1000, "no number is given out twice, also if the last save was missed"
    assert second.people.say(person.id, "在").id > said.id
    await second.stop()


async def test_spoilt_state_is_put_aside(tmp_path: Path) -> None:
    """A broken file does not stop the start, and is kept."""
    path = tmp_path / "state.json"
    path.write_text("{")
    sandbox = create(Settings(persist=path, roster=ROSTER))
    await sandbox.start()
    assert len(sandbox.core.world.people) == 1
    assert path.with_suffix(".spoilt").read_text() == "{"
    await sandbox.stop()
