"""An update as the dialogue wants it: who, where, what kind, which words."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from telegram import Chat, ChatMember, Message, MessageEntity, Update, User
from telegram.ext import filters

from bot.dialogue.model import Attachment, Incoming

# In the order in which a message is looked at; the first part that it has gives the kind.
_KINDS = ("photo", "voice", "audio", "video", "video_note", "animation", "document", "sticker", "contact", "location")
_SAME = {"audio": "voice", "video_note": "video", "animation": "video"}


def from_message(update: Update, inbox_id: int, me: User, commands: frozenset[str]) -> Incoming | None:
    """A message or an edited one; None when nobody in particular sent it, or nobody said anything.

    Service messages (pinned, joined, renamed …) are messages to Telegram, not to us.
    """
    message = update.message or update.edited_message
    if message is None or message.from_user is None or filters.StatusUpdate.ALL.check_update(update):
        return None
    text = message.text or message.caption or ""
    kind, data = _kind(message, me)
    if update.edited_message:
        kind, data = "edited", kind
    elif kind == "command":
        text = text.split()[0].lstrip("/").partition("@")[0].lower()
    if message.chat.type != Chat.PRIVATE:
        text = _mention(me).sub(" ", text).strip()
    return Incoming(
        channel="telegram",
        chat=message.chat.id,
        chat_kind=_chat_kind(message.chat),
        person=message.from_user.id,
        name=message.from_user.full_name,
        at=_aware(message.edit_date or message.date),
        kind=kind,
        text=text,
        data=data,
        addressed=_addressed(message, me, commands),
        external_id=message.message_id,
        thread=message.message_thread_id if message.is_topic_message else None,
        album=message.media_group_id or "",
        inbox_id=inbox_id,
        file=_attachment(message),
        typed=str(update.api_kwargs.get("typed", "")) if kind == "text" else "",
    )


def from_press(update: Update, inbox_id: int, now: datetime) -> Incoming | None:
    """A press on a button under one of our messages; Telegram does not tell when, so `now` does."""
    query = update.callback_query
    if query is None or query.message is None:
        return None
    chat = query.message.chat
    message = query.message if isinstance(query.message, Message) else None  # else: too old for Telegram to tell
    keyboard = message.reply_markup.inline_keyboard if message and message.reply_markup else ()
    return Incoming(
        channel="telegram",
        chat=chat.id,
        chat_kind=_chat_kind(chat),
        person=query.from_user.id,
        name=query.from_user.full_name,
        at=now,
        kind="button",
        data=query.data or "",
        external_id=query.message.message_id,
        callback=query.id,
        label=next((b.text for row in keyboard for b in row if b.callback_data == query.data), ""),
        thread=message.message_thread_id if message else None,
        inbox_id=inbox_id,
    )


def from_membership(update: Update, inbox_id: int) -> Incoming | None:
    """Blocking or unblocking in a private chat; other changes of membership say nothing to us."""
    change = update.my_chat_member
    if change is None or change.chat.type != Chat.PRIVATE:
        return None
    blocked = change.new_chat_member.status in (ChatMember.BANNED, ChatMember.LEFT)
    return Incoming(
        channel="telegram",
        chat=change.chat.id,
        chat_kind="private",
        person=change.from_user.id,
        name=change.from_user.full_name,
        at=_aware(change.date),
        kind="blocked" if blocked else "unblocked",
        inbox_id=inbox_id,
    )


def _kind(message: Message, me: User) -> tuple[str, str]:
    if message.text is not None:
        first = message.entities[0] if message.entities else None
        if first and first.type == MessageEntity.BOT_COMMAND and first.offset == 0:
            _, _, target = message.text[: first.length].partition("@")
            if not target or target.lower() == (me.username or "").lower():
                return "command", message.text[first.length :].strip()
        return "text", ""
    for kind in _KINDS:
        if getattr(message, kind):
            return _SAME.get(kind, kind), ""
    return "other", ""


def _addressed(message: Message, me: User, commands: frozenset[str]) -> bool:
    """In a group the bot speaks only when spoken to: a mention, a reply to it, or a command of its own."""
    if message.chat.type == Chat.PRIVATE:
        return True
    text = message.text or message.caption or ""
    if text.startswith("/"):  # also under one of our messages: it may be meant for another bot
        name = text.split()[0].lstrip("/").lower()
        return name in commands or bool(_mention(me).search(name))
    answered = message.reply_to_message
    # In a topic everything counts as a reply to the message that opened it.
    if answered and answered.from_user and answered.from_user.id == me.id and not answered.forum_topic_created:
        return True
    return bool(_mention(me).search(text))


def _mention(me: User) -> re.Pattern[str]:
    """Our name as people call it, and not as the beginning of another bot's."""
    return re.compile(rf"@{re.escape(me.username or '')}(?![A-Za-z0-9_])", re.IGNORECASE)


def _attachment(message: Message) -> Attachment | None:
    """A picture (the largest size that Telegram made of it) or a document."""
    if message.photo:
        largest = message.photo[-1]
        return Attachment(largest.file_id, "image/jpeg", largest.file_size)
    if message.document:
        sent = message.document
        return Attachment(sent.file_id, sent.mime_type or "application/octet-stream", sent.file_size, sent.file_name)
    return None


def _chat_kind(chat: Chat) -> str:
    return "private" if chat.type == Chat.PRIVATE else "group"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
