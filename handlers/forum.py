"""Telegram's group with topics: one call each, and what the server says as an error that the desk understands."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable
from typing import TypeVar

from telegram import Bot, InlineKeyboardMarkup, InputFile, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.dialogue.model import Reply
from bot.reach.files import GoneError
from bot.reception.forum import Away, Closed, Denied, ForumError, Gone, Missing, Moved, Pause, Refused, Unsure
from handlers.carrier import Documents
from handlers.files import TelegramFiles
from handlers.receive import seconds_of
from handlers.render import keyboard, to_html, to_plain
from handlers.request import NotDelivered, ServerFailed

T = TypeVar("T")

_SETTLED = ("topic_not_modified", "message is not modified")
# In the server's words, small; the first that fits tells what it is.
_MEANINGS: tuple[tuple[str, type[ForumError]], ...] = (
    ("message thread not found", Gone),
    ("topic_deleted", Gone),
    ("topic_id_invalid", Gone),
    ("topic_closed", Closed),
    ("message to copy not found", Missing),
    ("message can't be copied", Missing),
    ("message to edit not found", Missing),
    ("message can't be edited", Missing),
    ("not enough rights", Denied),
    ("have no rights", Denied),
    ("chat_admin_required", Denied),
    ("administrator rights", Denied),
    ("channel_private", Denied),
    ("chat not found", Denied),
    ("not a forum", Denied),
    ("chat_write_forbidden", Denied),
)


class TelegramForum:
    """A `Forum` over a PTB bot."""

    def __init__(self, bot: Bot, documents: Documents) -> None:
        self._bot = bot
        self._documents = documents
        self._files = TelegramFiles(bot)

    async def create(self, chat: int, name: str) -> int:
        """A new topic."""
        return (await _asked(self._bot.create_forum_topic(chat, name))).message_thread_id

    async def rename(self, chat: int, thread: int, name: str) -> None:
        """Another name."""
        await _wished(self._bot.edit_forum_topic(chat, thread, name=name))

    async def close(self, chat: int, thread: int) -> None:
        """Only administrators write there now."""
        await _wished(self._bot.close_forum_topic(chat, thread))

    async def reopen(self, chat: int, thread: int) -> None:
        """Everybody may write there again."""
        await _wished(self._bot.reopen_forum_topic(chat, thread))

    async def say(self, chat: int, thread: int, reply: Reply) -> int:
        """A message; what a server puts outside of the topic, where all would read it, is taken back."""
        try:
            send = self._paper if reply.kind == "document" else self._send
            message = await _asked(send(chat, thread, reply, to_html(reply.text), ParseMode.HTML))
        except Refused as error:
            if "can't parse entities" not in str(error).lower():
                raise
            message = await _asked(self._send(chat, thread, reply, to_plain(reply.text), None))
        if message.message_thread_id != thread:
            await _asked(self._bot.delete_message(chat, message.message_id))
            raise Gone("the server wrote outside of the topic")
        return message.message_id

    async def _send(self, chat: int, thread: int, reply: Reply, text: str, mode: str | None) -> Message:
        return await self._bot.send_message(
            chat,
            text,
            parse_mode=mode,
            reply_markup=_markup(reply),
            message_thread_id=thread,
            disable_web_page_preview=True,
        )

    async def _paper(self, chat: int, thread: int, reply: Reply, text: str, mode: str | None) -> Message:
        try:
            name, content = await self._documents.open(reply.file)
        except LookupError as error:
            raise Missing("this file is not kept any more") from error
        return await self._bot.send_document(
            chat, InputFile(content, filename=name), caption=text, parse_mode=mode, message_thread_id=thread
        )

    async def edit(self, chat: int, message: int, reply: Reply) -> None:
        """Another text and other buttons."""
        text, buttons = to_html(reply.text), _markup(reply)
        await _wished(
            self._bot.edit_message_text(text, chat, message_id=message, parse_mode=ParseMode.HTML, reply_markup=buttons)
        )

    async def copy(self, chat: int, thread: int, source: tuple[int, int], caption: str | None) -> int:
        """The same content again; a caption of ours in place of its own, with the numbers masked."""
        text = None if caption is None else to_html(caption)
        copied = await _asked(
            self._bot.copy_message(
                chat, *source, caption=text, parse_mode=ParseMode.HTML if text else None, message_thread_id=thread
            )
        )
        return copied.message_id

    async def answer(self, callback: str, text: str) -> None:
        """A toast; nobody is hurt when it does not appear."""
        with contextlib.suppress(TelegramError):
            await self._bot.answer_callback_query(callback, text=text)

    async def fetch(self, remote: str, limit: int) -> bytes:
        """A file that staff sent."""
        try:
            return await self._files.fetch(remote, limit)
        except GoneError as error:
            raise Missing(str(error)) from error


async def _wished(asked: Awaitable[object]) -> None:
    """A state that may be so already."""
    try:
        await _asked(asked)
    except Refused as error:
        if not any(words in str(error).lower() for words in _SETTLED):
            raise


async def _asked(asked: Awaitable[T]) -> T:
    """The server's answer, or what it means that there is none."""
    try:
        return await asked
    except RetryAfter as error:
        raise Pause(seconds_of(error)) from error
    except ChatMigrated as error:
        raise Moved(error.new_chat_id) from error
    except Forbidden as error:
        raise Denied(error.message) from error
    except BadRequest as error:
        said = error.message.lower()
        raise next((kind for words, kind in _MEANINGS if words in said), Refused)(error.message) from error
    except InvalidToken as error:
        raise Away("invalid token") from error
    except NetworkError as error:
        certain = isinstance(error, NotDelivered) or (isinstance(error, ServerFailed) and error.refused)
        raise (Away if certain else Unsure)(type(error).__name__) from error
    except TelegramError as error:
        raise Unsure(error.message) from error


def _markup(reply: Reply) -> InlineKeyboardMarkup | None:
    buttons = keyboard(reply)
    return InlineKeyboardMarkup.de_json(buttons) if buttons else None
