"""Every refusal in the words of the real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox import Group, Person, Sandbox

if TYPE_CHECKING:
    from conftest import Api, HandClock


@pytest.fixture
def zhang(sandbox: Sandbox) -> Person:
    return sandbox.people.create_person("张三", started=True)


@pytest.fixture
def forum(sandbox: Sandbox, zhang: Person) -> Group:
    return sandbox.people.create_group("工作群", "forum", members=[zhang.id])


async def test_unknown_method(api: Api) -> None:
    """404 Not Found."""
    assert await api("sendNothing") == {"ok": False, "error_code": 404, "description": "Not Found"}


async def test_wrong_token(api: Api, sandbox: Sandbox) -> None:
    """401 Unauthorized, for methods and files."""
    for path in ("bot1:wrong/getMe", "file/bot1:wrong/photos/file_0.jpg"):
        async with api.session.get(f"{sandbox.base_url}/{path}") as answer:
            assert (await answer.json())["description"] == "Unauthorized"
            assert answer.status == 401


async def test_method_names_ignore_case_and_get_works(api: Api) -> None:
    """GETME is getMe."""
    async with api.session.get(api.url("GETME")) as answer:
        assert (await answer.json())["result"]["is_bot"] is True


@pytest.mark.parametrize("way", ["json", "form", "query", "multipart"])
async def test_four_ways_of_passing_parameters(api: Api, zhang: Person, way: str) -> None:
    """JSON, form-urlencoded, query, multipart."""
    import aiohttp

    params = {"chat_id": str(zhang.id), "text": "<b>好</b>", "parse_mode": "HTML"}
    kwargs: dict[str, Any] = {"json": {"json": params}, "form": {"data": params}, "query": {"params": params}}.get(
        way, {}
    )
    if way == "multipart":
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in params.items():
            form.add_field(name, value)
        kwargs = {"data": form}
    async with api.session.post(api.url("sendMessage"), **kwargs) as answer:
        assert (await answer.json())["result"]["entities"][0]["type"] == "bold"


async def test_who_cannot_be_written_to(api: Api, sandbox: Sandbox) -> None:
    """Unknown, never started, blocked, deactivated, forgotten."""
    people = sandbox.people
    never = people.create_person("甲")
    blocked = people.create_person("乙", started=True)
    people.block(blocked.id)
    gone = people.create_person("丙", started=True)
    people.deactivate(gone.id)
    forgotten = people.create_person("丁", started=True)
    people.forget(forgotten.id)
    refusals = {
        99: "400 Bad Request: chat not found",
        never.id: "403 Forbidden: bot can't initiate conversation with a user",
        blocked.id: "403 Forbidden: bot was blocked by the user",
        gone.id: "403 Forbidden: user is deactivated",
        forgotten.id: "400 Bad Request: chat not found",
        "": "400 Bad Request: chat_id is empty",
        "@nobody": "400 Bad Request: chat not found",
    }
    for chat_id, refusal in refusals.items():
        assert await api.refused("sendMessage", chat_id=chat_id, text="x") == refusal
    people.say(forgotten.id, "又来了")
    people.start(blocked.id)
    for person in (forgotten, blocked):
        await api.ok("sendMessage", chat_id=person.id, text="x")


async def test_upgraded_group(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """400 with the new id; the new id works."""
    old = sandbox.people.create_group("群", "group", members=[zhang.id])
    new = sandbox.people.upgrade_group(old.id)
    body = await api("sendMessage", chat_id=old.id, text="x")
    assert body["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert body["parameters"] == {"migrate_to_chat_id": new.id}
    await api.ok("sendMessage", chat_id=new.id, text="x")


async def test_group_that_does_not_want_the_bot(api: Api, sandbox: Sandbox, forum: Group) -> None:
    """Kicked, restricted, left."""
    sandbox.people.restrict_bot(forum.id)
    assert await api.refused("sendMessage", chat_id=forum.id, text="x") == (
        "400 Bad Request: not enough rights to send text messages to the chat"
    )
    sandbox.people.kick_bot(forum.id)
    assert await api.refused("sendMessage", chat_id=forum.id, text="x") == (
        "403 Forbidden: bot was kicked from the supergroup chat"
    )
    sandbox.people.set_bot_rights(forum.id)
    await api.ok("leaveChat", chat_id=forum.id)
    assert await api.refused("sendMessage", chat_id=forum.id, text="x") == (
        "403 Forbidden: bot is not a member of the supergroup chat"
    )


def _button(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "按", **button}]]}


@pytest.mark.parametrize(
    ("markup", "refusal"),
    [
        (_button(callback_data="中" * 22), "BUTTON_DATA_INVALID"),
        (_button(callback_data="x" * 65), "BUTTON_DATA_INVALID"),
        (_button(), "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        (
            _button(callback_data=""),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (_button(url="没有"), "inline keyboard button URL '没有' is invalid: Wrong HTTP URL"),
        (_button(copy_text={"text": "x" * 257}), "BUTTON_COPY_TEXT_INVALID"),
        (
            {"inline_keyboard": [{"text": "x"}]},
            'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
        ),
        ({"inline_keyboard": [[{"text": "x", "callback_data": "1"}] * 101]}, "reply markup is too long"),
        ([], "object expected as reply markup"),
        ("{", "can't parse reply keyboard markup JSON object"),
    ],
)
async def test_bad_keyboards(api: Api, zhang: Person, markup: Any, refusal: str) -> None:
    """Bytes are counted, not characters; a button must do something."""
    answer = await api.refused("sendMessage", chat_id=zhang.id, text="x", reply_markup=markup)
    assert answer == f"400 Bad Request: {refusal}"


async def test_good_keyboards(api: Api, zhang: Person, forum: Group) -> None:
    """64 bytes fit; a reply keyboard is not part of the message; contacts only in private."""
    for button in ({"callback_data": "中" * 21 + "x"}, {"url": "https://a.cn"}, {"copy_text": {"text": "x" * 256}}):
        markup = _button(**button)
        sent = await api.ok("sendMessage", chat_id=zhang.id, text="x", reply_markup=markup)
        assert sent["reply_markup"] == markup
    contact = {"keyboard": [["甲", {"text": "号码", "request_contact": True}]]}
    sent = await api.ok("sendMessage", chat_id=zhang.id, text="x", reply_markup=contact)
    assert "reply_markup" not in sent
    assert await api.refused("sendMessage", chat_id=forum.id, text="x", reply_markup=contact) == (
        "400 Bad Request: phone number can be requested in private chats only"
    )


async def test_editing(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Not modified, not found, not ours, too long; the keyboard goes unless repeated."""
    markup = _button(callback_data="1")
    sent = await api.ok("sendMessage", chat_id=zhang.id, text="<b>一</b>", parse_mode="HTML", reply_markup=markup)
    at = {"chat_id": zhang.id, "message_id": sent["message_id"]}
    same = {"text": "<b>一</b>", "parse_mode": "HTML", "reply_markup": markup}
    assert await api.refused("editMessageText", **at, **same) == (
        "400 Bad Request: message is not modified: specified new message content and reply markup"
        " are exactly the same as a current content and reply markup of the message"
    )
    edited = await api.ok("editMessageText", **at, text="一")
    assert "reply_markup" not in edited
    assert "entities" not in edited
    assert edited["edit_date"]
    assert "message is not modified" in await api.refused("editMessageReplyMarkup", **at)
    assert await api.refused("editMessageText", **at, text="x" * 4097) == "400 Bad Request: message is too long"
    mine = sandbox.people.say(zhang.id, "我的")
    assert await api.refused("editMessageText", chat_id=zhang.id, message_id=mine.id, text="x") == (
        "400 Bad Request: message can't be edited"
    )
    assert await api.refused("editMessageText", chat_id=zhang.id, message_id=1, text="x") == (
        "400 Bad Request: message to edit not found"
    )


async def test_deleting(api: Api, sandbox: Sandbox, zhang: Person, forum: Group, clock: HandClock) -> None:
    """Within 48 hours; in a group only with the right to delete what others wrote."""
    theirs = sandbox.people.say(zhang.id, "身份证照片")
    await api.ok("deleteMessage", chat_id=zhang.id, message_id=theirs.id)
    assert theirs.deleted
    assert await api.refused("deleteMessage", chat_id=zhang.id, message_id=theirs.id) == (
        "400 Bad Request: message to delete not found"
    )
    old = await api.ok("sendMessage", chat_id=zhang.id, text="x")
    clock.advance(hours=48, seconds=1)
    assert await api.refused("deleteMessage", chat_id=zhang.id, message_id=old["message_id"]) == (
        "400 Bad Request: message can't be deleted for everyone"
    )
    sandbox.people.set_bot_rights(forum.id, can_delete_messages=False)
    other = sandbox.people.say(zhang.id, "群里", chat_id=forum.id)
    assert await api.refused("deleteMessage", chat_id=forum.id, message_id=other.id) == (
        "400 Bad Request: message can't be deleted"
    )


async def test_answering_a_pressed_button(api: Api, sandbox: Sandbox, zhang: Person, clock: HandClock) -> None:
    """Once, in time, with at most 200 characters."""
    sent = await api.ok("sendMessage", chat_id=zhang.id, text="x", reply_markup=_button(callback_data="1"))
    too_old = "400 Bad Request: query is too old and response timeout expired or query ID is invalid"
    first = sandbox.people.press(zhang.id, sent["message_id"], label="按")
    long = await api.refused("answerCallbackQuery", callback_query_id=first, text="x" * 201)
    assert long == "400 Bad Request: MESSAGE_TOO_LONG"
    await api.ok("answerCallbackQuery", callback_query_id=first, text="x" * 200, show_alert=True)
    assert sandbox.people.answer(first) == {"text": "x" * 200, "show_alert": True, "url": ""}
    assert await api.refused("answerCallbackQuery", callback_query_id=first) == too_old
    assert await api.refused("answerCallbackQuery", callback_query_id="0") == too_old
    second = sandbox.people.press(zhang.id, sent["message_id"], data="1")
    clock.advance(seconds=61)
    assert await api.refused("answerCallbackQuery", callback_query_id=second) == too_old


async def test_replies(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """The message must be there, unless the bot does not mind."""
    question = sandbox.people.say(zhang.id, "问")
    sent = await api.ok("sendMessage", chat_id=zhang.id, text="答", reply_parameters={"message_id": question.id})
    assert sent["reply_to_message"]["text"] == "问"
    gone = {"message_id": 1}
    assert await api.refused("sendMessage", chat_id=zhang.id, text="x", reply_parameters=gone) == (
        "400 Bad Request: message to be replied not found"
    )
    lenient = {**gone, "allow_sending_without_reply": True}
    await api.ok("sendMessage", chat_id=zhang.id, text="x", reply_parameters=lenient)


async def test_topics(api: Api, sandbox: Sandbox, forum: Group, zhang: Person) -> None:
    """Open, rename, close, reopen, delete; and writing to one that is gone."""
    topic = await api.ok("createForumTopic", chat_id=forum.id, name="张三")
    at = {"chat_id": forum.id, "message_thread_id": topic["message_thread_id"]}
    sent = await api.ok("sendMessage", **at, text="x")
    assert sent["is_topic_message"] is True
    assert sent["reply_to_message"]["forum_topic_created"]["name"] == "张三"
    assert await api.refused("editForumTopic", **at, name="张三") == "400 Bad Request: TOPIC_NOT_MODIFIED"
    await api.ok("editForumTopic", **at, name="张三 2")
    await api.ok("closeForumTopic", **at)
    assert await api.refused("closeForumTopic", **at) == "400 Bad Request: TOPIC_NOT_MODIFIED"
    await api.ok("sendMessage", **at, text="管理员还能写")
    await api.ok("reopenForumTopic", **at)
    await api.ok("deleteForumTopic", **at)
    gone = "400 Bad Request: message thread not found"
    assert await api.refused("sendMessage", **at, text="x") == gone
    assert await api.refused("closeForumTopic", **at) == "400 Bad Request: TOPIC_DELETED"
    assert await api.refused("sendMessage", chat_id=forum.id, message_thread_id=99, text="x") == gone
    assert await api.refused("sendMessage", chat_id=zhang.id, message_thread_id=99, text="x") == gone
    other = await api.ok("createForumTopic", chat_id=forum.id, name="李四")
    sandbox.people.delete_topic(forum.id, other["message_thread_id"], answer="TOPIC_DELETED")
    at["message_thread_id"] = other["message_thread_id"]
    assert await api.refused("sendMessage", **at, text="x") == "400 Bad Request: TOPIC_DELETED"


async def test_topics_need_rights(api: Api, sandbox: Sandbox, forum: Group, zhang: Person) -> None:
    """Administrator with can_manage_topics, in a forum."""
    topic = sandbox.people.create_topic(zhang.id, forum.id, "手工")
    sandbox.people.set_bot_rights(forum.id, can_manage_topics=False)
    assert await api.refused("createForumTopic", chat_id=forum.id, name="x") == (
        "400 Bad Request: not enough rights to create a topic"
    )
    at = {"chat_id": forum.id, "message_thread_id": topic.id}
    assert await api.refused("closeForumTopic", **at) == (
        "400 Bad Request: not enough rights to close or open the topic"
    )
    sandbox.people.close_topic(zhang.id, forum.id, topic.id)
    assert await api.refused("sendMessage", **at, text="x") == "400 Bad Request: TOPIC_CLOSED"
    plain = sandbox.people.create_group("群", "supergroup", members=[zhang.id])
    assert await api.refused("createForumTopic", chat_id=plain.id, name="x") == (
        "400 Bad Request: the chat is not a forum"
    )


async def test_pinning_and_copying(api: Api, sandbox: Sandbox, forum: Group, zhang: Person) -> None:
    """Rights to pin; protected content cannot be copied or forwarded."""
    sent = await api.ok("sendMessage", chat_id=zhang.id, text="案情", protect_content=True)
    assert sent["has_protected_content"] is True
    source = {"chat_id": forum.id, "from_chat_id": zhang.id, "message_id": sent["message_id"]}
    assert await api.refused("copyMessage", **source) == "400 Bad Request: message can't be copied"
    assert await api.refused("forwardMessage", **source) == "400 Bad Request: message can't be forwarded"
    source["message_id"] = sandbox.people.say(zhang.id, "我要咨询").id
    assert set(await api.ok("copyMessage", **source)) == {"message_id"}
    forwarded = await api.ok("forwardMessage", **source)
    assert forwarded["forward_origin"]["sender_user"]["id"] == zhang.id
    at = {"chat_id": forum.id, "message_id": forwarded["message_id"]}
    await api.ok("pinChatMessage", **at)
    sandbox.people.set_bot_rights(forum.id, can_pin_messages=False)
    assert await api.refused("pinChatMessage", **at) == (
        "400 Bad Request: not enough rights to manage pinned messages in the chat"
    )


async def test_other_parameters(api: Api, zhang: Person, forum: Group) -> None:
    """Chat action, commands, user ids."""
    await api.ok("sendChatAction", chat_id=zhang.id, action="typing")
    assert await api.refused("sendChatAction", chat_id=zhang.id, action="x") == (
        "400 Bad Request: wrong parameter action in request"
    )
    commands = [{"command": "start", "description": "开始"}]
    await api.ok("setMyCommands", commands=commands)
    assert await api.ok("getMyCommands") == commands
    await api.ok("deleteMyCommands")
    assert await api.ok("getMyCommands") == []
    bad = [{"command": "开始", "description": "x"}]
    assert await api.refused("setMyCommands", commands=bad) == "400 Bad Request: BOT_COMMAND_INVALID"
    await api.ok("setMyDescription", description="甲")
    assert await api.ok("getMyDescription") == {"description": "甲"}
    assert await api.refused("getChatMember", chat_id=forum.id, user_id=0) == (
        "400 Bad Request: invalid user_id specified"
    )
    member = await api.ok("getChatMember", chat_id=forum.id, user_id=zhang.id)
    assert member["status"] == "creator"
