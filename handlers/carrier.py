"""Takes one row of the outbox to Telegram and tells what became of it."""

from __future__ import annotations

from typing import Protocol

from telegram import Bot, InputFile
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.dialogue.model import Reply, reply_from
from bot.post.outbox import Delivered, Later, Outcome, Refused, Wait
from bot.store.rows import OutgoingRow
from handlers.calls import call
from handlers.receive import seconds_of
from handlers.render import keyboard, to_html, to_plain
from handlers.request import NotDelivered, ServerFailed

# What the server says when nothing is wrong any more: the wish is already fulfilled, or too late to matter.
_SETTLED = (
    "message is not modified",
    "query is too old",
    "query id is invalid",
    "message to edit not found",
    "message to delete not found",
)
_UNREACHABLE = {
    "bot was blocked": "blocked",
    "user is deactivated": "deactivated",
    "can't initiate": "never_started",
    "bot was kicked": "kicked",
    "bot is not a member": "kicked",
    "chat not found": "not_found",
    "not enough rights": "no_rights",
    "have no rights": "no_rights",
}


class Documents(Protocol):
    """Where the files come from that a reply names."""

    async def open(self, ref: str) -> tuple[str, bytes]:
        """File name and bytes."""
        ...


class TelegramCarrier:
    """A `Carrier` over a PTB bot."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self.documents: Documents | None = None  # set once the services are there

    async def deliver(self, row: OutgoingRow) -> Outcome:
        """Send it; whatever Telegram says becomes an outcome."""
        try:
            return Delivered(await self._send(row))
        except RetryAfter as error:
            return Wait(seconds_of(error))
        except ChatMigrated as error:
            row.payload["chat"] = error.new_chat_id
            return Later("migrated", certain=True, moved_to=error.new_chat_id)
        except (Forbidden, BadRequest) as error:
            return _refusal(error)
        except InvalidToken:
            return Later("invalid_token", certain=True)
        except NetworkError as error:
            return Later(_why(error), certain=_not_processed(error))
        except TelegramError as error:
            # A good status with a body that nobody can read: it may have arrived.
            return Later("unreadable") if "invalid server response" in str(error).lower() else Refused(str(error))

    async def _send(self, row: OutgoingRow) -> int | None:
        reply = reply_from(row.payload["reply"])
        if reply.kind == "toast":
            await self._bot.answer_callback_query(reply.callback, text=reply.text or None)
            return None
        if reply.kind == "strip":
            await self._bot.edit_message_reply_markup(row.payload["chat"], message_id=reply.target)
            return None
        if reply.kind == "edit":
            await self._bot.edit_message_text(
                to_html(reply.text), row.payload["chat"], message_id=reply.target, parse_mode=ParseMode.HTML
            )
            return None
        if reply.kind == "delete":
            await self._bot.delete_message(row.payload["chat"], reply.target or 0)
            return None
        if reply.kind == "document":
            return await self._document(row, reply)
        try:
            return await self._message(row, reply, to_html(reply.text), ParseMode.HTML)
        except BadRequest as error:
            if "can't parse entities" not in str(error).lower():
                raise
            return await self._message(row, reply, to_plain(reply.text), None)

    async def _document(self, row: OutgoingRow, reply: Reply) -> int:
        """A file: made or opened just now, so that no copy of it lies in the outbox."""
        if self.documents is None:
            raise TelegramError("no documents are served here")
        try:
            name, content = await self.documents.open(reply.file)
        except LookupError as error:
            raise TelegramError(f"this document is not kept any more: {reply.file.partition(':')[0]}") from error
        message = await self._bot.send_document(
            row.payload["chat"],
            InputFile(content, filename=name),
            caption=to_html(reply.text),
            parse_mode=ParseMode.HTML,
            message_thread_id=row.payload["thread"],
        )
        return message.message_id

    async def _message(self, row: OutgoingRow, reply: Reply, text: str, mode: str | None) -> int:
        values = {
            "chat_id": row.payload["chat"],
            "text": text,
            "parse_mode": mode,
            "reply_markup": keyboard(reply),
            "message_thread_id": row.payload["thread"],
            "link_preview_options": {"is_disabled": True},
            "protect_content": row.payload.get("protect"),  # case facts are not to be forwarded
        }
        sent = await call(self._bot, "sendMessage", values)
        number = sent.get("message_id") if isinstance(sent, dict) else None
        if not isinstance(number, int):
            raise TelegramError("Invalid server response")
        return number


def _why(error: NetworkError) -> str:
    """A short name for what went wrong on the way."""
    return f"http_{error.code}" if isinstance(error, ServerFailed) else type(error).__name__


def _not_processed(error: NetworkError) -> bool:
    """Whether the server cannot have taken the message: never reached, or it says itself that it refused.

    After a time-out, a connection that broke, or a gateway's answer (502, 504) nobody can know, and a
    broadcast is not repeated.
    """
    return isinstance(error, NotDelivered) or (isinstance(error, ServerFailed) and error.refused)


def _refusal(error: TelegramError) -> Outcome:
    said = str(error).lower()
    if any(words in said for words in _SETTLED):
        return Delivered()
    for words, reason in _UNREACHABLE.items():
        if words in said:
            return Refused(reason, unreachable=True)
    return Refused(str(error))
