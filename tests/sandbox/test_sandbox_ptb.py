"""The real python-telegram-bot against the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
)
from telegram.ext import Application, ApplicationBuilder, CallbackQueryHandler, MessageHandler, filters

from sandbox import Fault, Sandbox
from sandbox.files import sample_png


def _build(sandbox: Sandbox, token: str = "") -> Any:
    builder = ApplicationBuilder().token(token or sandbox.token)
    return builder.base_url(f"{sandbox.base_url}/bot").base_file_url(f"{sandbox.base_url}/file/bot").build()


async def _echo(update: Update, context: Any) -> None:
    message = update.effective_message
    assert message is not None
    button = InlineKeyboardButton("好", callback_data="ok")
    await message.reply_html(f"<b>您说</b> {message.text}", reply_markup=InlineKeyboardMarkup([[button]]))


async def _pressed(update: Update, context: Any) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer("谢谢")
    await update.callback_query.edit_message_text("好的")


@pytest.fixture
async def application(sandbox: Sandbox) -> AsyncIterator[Application[Any, Any, Any, Any, Any, Any]]:
    app = _build(sandbox)
    app.add_handler(CallbackQueryHandler(_pressed))
    app.add_handler(MessageHandler(filters.TEXT, _echo))
    async with app:
        await app.start()
        yield app
        await app.stop()


async def test_polling(sandbox: Sandbox, application: Any) -> None:
    """Updater.start_polling brings messages and presses, answers go back."""
    await application.updater.start_polling(poll_interval=0)
    alice = sandbox.actor("张三")
    alice.starts("abc")
    heard = await alice.hears("您说")
    assert heard.data["entities"][0] == {"type": "bold", "offset": 0, "length": 2}
    query = alice.taps("好")
    await alice.hears("好的")
    assert sandbox.people.answer(query) == {"text": "谢谢", "show_alert": False, "url": ""}
    await application.updater.stop()


async def test_two_instances_conflict(sandbox: Sandbox, application: Any) -> None:
    """The first poller learns that there is another."""
    errors: list[Exception] = []
    await application.updater.start_polling(poll_interval=0, error_callback=errors.append)
    await asyncio.sleep(0.05)
    other = _build(sandbox)
    async with other:
        await other.bot.get_updates(timeout=0)
    await sandbox.wait_for(lambda: errors)
    assert isinstance(errors[0], Conflict)
    await application.updater.stop()


async def test_errors_become_ptb_errors(
    sandbox: Sandbox, application: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each refusal arrives as the exception that a bot would catch in earnest."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as handlers.application does; another test may have, too
    bot, people = application.bot, sandbox.people
    person = people.create_person("张三")
    with pytest.raises(Forbidden, match="can't initiate conversation"):
        await bot.send_message(person.id, "x")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(1, "x")
    people.start(person.id)
    with pytest.raises(BadRequest, match="Can't parse entities"):
        await bot.send_message(person.id, "<x>", parse_mode="HTML")
    group = people.create_group("群", "group", members=[person.id])
    new = people.upgrade_group(group.id)
    with pytest.raises(ChatMigrated) as migrated:
        await bot.send_message(group.id, "x")
    assert migrated.value.new_chat_id == new.id
    sandbox.fault(Fault("flood", retry_after=7))
    with pytest.raises(RetryAfter) as flooded:
        await bot.send_message(person.id, "x")
    assert flooded.value.retry_after == timedelta(seconds=7)
    for kind in ("drop_before", "drop_after"):
        sandbox.fault(Fault(kind))  # type: ignore[arg-type]
        with pytest.raises(NetworkError):
            await bot.send_message(person.id, kind)
    assert [m.text for m in people.messages(person.id) if m.from_bot] == ["drop_after"]
    with pytest.raises(InvalidToken):
        await _build(sandbox, "1:x").bot.initialize()


async def test_media_and_forums(sandbox: Sandbox, application: Any) -> None:
    """Files, albums, topics, members through PTB's own objects."""
    bot = application.bot
    person = sandbox.people.create_person("张三", started=True)
    sent = await bot.send_photo(person.id, sample_png(), caption="图")
    file = await bot.get_file(sent.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == sample_png()
    album = await bot.send_media_group(person.id, [InputMediaPhoto(sample_png()) for _ in range(3)])
    assert len({message.media_group_id for message in album}) == 1
    forum = sandbox.people.create_group("工作群", "forum", members=[person.id])
    topic = await bot.create_forum_topic(forum.id, "张三的咨询")
    message = await bot.send_message(forum.id, "x", message_thread_id=topic.message_thread_id)
    assert message.is_topic_message
    assert (await bot.get_chat(forum.id)).is_forum
    assert [m.user.id for m in await bot.get_chat_administrators(forum.id)] == [person.id, bot.id]
    assert await bot.get_my_commands() == ()


async def test_webhook(sandbox: Sandbox, application: Any) -> None:
    """An application fed by the webhook deliverer answers as well as a polling one."""

    async def feed(request: web.Request) -> web.Response:
        await application.update_queue.put(Update.de_json(await request.json(), application.bot))
        return web.Response()

    app = web.Application()
    app.router.add_post("/telegram", feed)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/telegram"
    await application.bot.set_webhook(url, secret_token="s3cret")
    alice = sandbox.actor("张三")
    alice.says("好")
    await alice.hears("您说 好")
    await application.bot.delete_webhook()
    await runner.cleanup()
