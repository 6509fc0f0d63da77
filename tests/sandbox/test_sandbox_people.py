"""What persons do, what the bot is told of it, and what the app does not allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox import Person, PersonError, Sandbox

if TYPE_CHECKING:
    from conftest import Api


@pytest.fixture
def zhang(sandbox: Sandbox) -> Person:
    return sandbox.people.create_person("张三", username="zhang_san")


async def _messages(api: Api) -> list[dict[str, Any]]:
    return [update["message"] for update in await api.ok("getUpdates") if "message" in update]


async def test_start_with_a_payload(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """/start PAYLOAD with its entity; payloads are 64 characters of a small alphabet."""
    sandbox.people.start(zhang.id, "abc_-9")
    message = (await _messages(api))[0]
    assert message["text"] == "/start abc_-9"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert message["from"] == {
        "id": zhang.id, "is_bot": False, "first_name": "张三",
        "username": "zhang_san", "language_code": "zh-hans",
    }  # fmt: skip
    for payload in ("中", "x" * 65, "a b"):
        with pytest.raises(PersonError):
            sandbox.people.start(zhang.id, payload)


async def test_blocking_is_told(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """my_chat_member says kicked, and member again; a blocked bot hears nothing."""
    sandbox.people.block(zhang.id)
    with pytest.raises(PersonError):
        sandbox.people.say(zhang.id, "x")
    sandbox.people.start(zhang.id)
    updates = await api.ok("getUpdates")
    statuses = [
        (update["my_chat_member"]["old_chat_member"]["status"],
         update["my_chat_member"]["new_chat_member"]["status"])
        for update in updates[:2]
    ]  # fmt: skip
    assert statuses == [("member", "kicked"), ("kicked", "member")]
    assert updates[2]["message"]["text"] == "/start"


async def test_editing_is_told(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """edited_message with the new text and an edit date; the old version is remembered."""
    message = sandbox.people.say(zhang.id, "付500")
    sandbox.people.edit(zhang.id, message.id, "付5000")
    edited = (await api.ok("getUpdates"))[1]["edited_message"]
    assert (edited["text"], edited["message_id"]) == ("付5000", message.id)
    assert edited["edit_date"]
    assert [version["text"] for version in message.versions] == ["付500"]


async def test_deleting_is_not_told(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Telegram never tells a bot that a person deleted something."""
    message = sandbox.people.say(zhang.id, "x")
    await api.ok("getUpdates", offset=-1)
    sandbox.people.delete(zhang.id, message.id)
    assert len(await api.ok("getUpdates")) == 1
    assert sandbox.people.messages(zhang.id) == []
    assert sandbox.people.messages(zhang.id, deleted=True)[0].view()["deleted"] is True


async def test_pressing(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """callback_query brings person, message and data; a button that is not there cannot be hit."""
    sandbox.people.start(zhang.id)
    rows = [[{"text": "已履行", "callback_data": "p:1"}, {"text": "网站", "url": "https://a.cn"}]]
    sent = await api.ok("sendMessage", chat_id=zhang.id, text="x", reply_markup={"inline_keyboard": rows})
    sandbox.people.press(zhang.id, sent["message_id"], label="已履行")
    query = (await api.ok("getUpdates"))[-1]["callback_query"]
    assert (query["from"]["id"], query["data"], query["message"]) == (zhang.id, "p:1", sent)
    for label in ("没有", "网站"):
        with pytest.raises(PersonError):
            sandbox.people.press(zhang.id, sent["message_id"], label=label)


async def test_privacy_mode(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """A plain member hears commands, mentions and replies; an administrator hears all."""
    group = sandbox.people.create_group("群", members=[zhang.id], bot_admin=False)
    sent = await api.ok("sendMessage", chat_id=group.id, text="大家好")
    say = sandbox.people.say
    say(zhang.id, "闲聊", chat_id=group.id)
    say(zhang.id, "/help", chat_id=group.id)
    say(zhang.id, f"问 @{sandbox.settings.username} 一句", chat_id=group.id)
    say(zhang.id, "答", chat_id=group.id, reply_to=sent["message_id"])
    assert len(await _messages(api)) == 3
    sandbox.people.set_bot_rights(group.id)
    say(zhang.id, "闲聊", chat_id=group.id)
    assert (await _messages(api))[-1]["text"] == "闲聊"


async def test_groups_and_topics(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Service messages of topics and of the upgrade; closed topics are closed for members."""
    li = sandbox.people.create_person("李四")
    forum = sandbox.people.create_group("工作群", "forum", members=[zhang.id, li.id])
    topic = sandbox.people.create_topic(zhang.id, forum.id, "张三")
    sandbox.people.say(li.id, "在话题里", chat_id=forum.id, thread_id=topic.id)
    sandbox.people.close_topic(zhang.id, forum.id, topic.id)
    with pytest.raises(PersonError):
        sandbox.people.say(li.id, "x", chat_id=forum.id, thread_id=topic.id)
    created, said, closed = await _messages(api)
    assert created["message_id"] == created["message_thread_id"] == topic.id
    assert (said["message_thread_id"], said["is_topic_message"]) == (topic.id, True)
    assert closed["forum_topic_closed"] == {}
    old = sandbox.people.create_group("小群", "group", members=[zhang.id])
    new = sandbox.people.upgrade_group(old.id)
    service = (await _messages(api))[-2:]
    assert service[0]["migrate_to_chat_id"] == new.id == service[1]["chat"]["id"]
    assert service[1]["migrate_from_chat_id"] == old.id
    with pytest.raises(PersonError):
        sandbox.people.say(zhang.id, "x", chat_id=old.id)


async def test_members_come_and_go(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Service messages; who is not inside cannot write; the bot's own status is told."""
    group = sandbox.people.create_group("群", bot_admin=True)
    with pytest.raises(PersonError):
        sandbox.people.say(zhang.id, "x", chat_id=group.id)
    sandbox.people.join(zhang.id, group.id)
    sandbox.people.leave(zhang.id, group.id)
    sandbox.people.kick_bot(group.id)
    updates = await api.ok("getUpdates")
    assert updates[0]["my_chat_member"]["new_chat_member"]["status"] == "administrator"
    assert updates[1]["message"]["new_chat_members"][0]["id"] == zhang.id
    assert updates[2]["message"]["left_chat_member"]["id"] == zhang.id
    assert updates[3]["my_chat_member"]["new_chat_member"]["status"] == "kicked"


async def test_actor(api: Api, sandbox: Sandbox) -> None:
    """Short verbs: says, taps (inline and reply keyboards), hears new and edited messages."""
    alice = sandbox.actor("Alice")
    alice.starts()
    rows = {"inline_keyboard": [[{"text": "好", "callback_data": "1"}]]}
    sent = await api.ok("sendMessage", chat_id=alice.id, text="问一", reply_markup=rows)
    assert (await alice.hears("问")).id == sent["message_id"]
    alice.taps("好")
    await api.ok("editMessageText", chat_id=alice.id, message_id=sent["message_id"], text="问二")
    await alice.hears("问二")
    with pytest.raises(TimeoutError, match="问二"):
        await alice.hears("问", timeout=0.05)
    keys = {"keyboard": [[{"text": "发手机号", "request_contact": True}], ["不发"]]}
    await api.ok("sendMessage", chat_id=alice.id, text="号码？", reply_markup=keys)
    alice.taps("发手机号")
    alice.taps("不发")
    contact, text = (await _messages(api))[-2:]
    assert contact["contact"]["user_id"] == alice.id
    assert text["text"] == "不发"
    await api.ok("sendMessage", chat_id=alice.id, text="x", reply_markup={"remove_keyboard": True})
    with pytest.raises(PersonError):
        alice.taps("不发")


async def test_message_ids(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Private chats share one sequence, a supergroup has its own."""
    li = sandbox.people.create_person("李四")
    first = sandbox.people.say(zhang.id, "x")
    second = sandbox.people.say(li.id, "x")
    assert second.id == first.id + 1
