"""What happens in the staff group, as the desk wants it: words, files, presses, and what becomes of topics."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from telegram import Message, Update, User

from bot.dialogue.model import Attachment, Incoming
from bot.reception.room import CLOSED, CREATED, MOVED, REOPENED
from handlers.convert import from_message

_TYPES = {
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "video": "video/mp4",
    "video_note": "video/mp4",
    "animation": "video/mp4",
}


def from_room(update: Update, inbox_id: int, me: User) -> Incoming | None:
    """A message of the group; what the bot itself did there counts only where a topic was made."""
    message = update.message or update.edited_message
    if message is None:
        return None
    if (told := _told(message)) is not None:
        kind, data = told
        own = message.from_user is not None and message.from_user.id == me.id
        wanted = kind == MOVED or own is (kind == CREATED)
        return _event(message, inbox_id, kind, data) if wanted else None
    incoming = from_message(update, inbox_id, me, frozenset())
    return replace(incoming, file=incoming.file or _file(message)) if incoming is not None else None


def _told(message: Message) -> tuple[str, str] | None:
    """The kind and the content of a service message that matters to the desk."""
    if message.forum_topic_created:
        return CREATED, message.forum_topic_created.name
    if message.forum_topic_closed:
        return CLOSED, ""
    if message.forum_topic_reopened:
        return REOPENED, ""
    if message.migrate_to_chat_id:
        return MOVED, str(message.migrate_to_chat_id)
    return None


def _event(message: Message, inbox_id: int, kind: str, data: str) -> Incoming:
    return Incoming(
        channel="telegram",
        chat=message.chat.id,
        chat_kind="group",
        person=message.from_user.id if message.from_user else 0,
        name="",
        at=message.date if message.date.tzinfo else message.date.replace(tzinfo=UTC),
        kind=kind,
        data=data,
        external_id=message.message_id,
        thread=message.message_thread_id,
        inbox_id=inbox_id,
    )


def _file(message: Message) -> Attachment | None:
    """Spoken notes and films too: to the person they go as files."""
    for kind, media_type in _TYPES.items():
        if sent := getattr(message, kind):
            given, name = getattr(sent, "mime_type", None), getattr(sent, "file_name", None)
            return Attachment(sent.file_id, given or media_type, sent.file_size, name)
    return None
