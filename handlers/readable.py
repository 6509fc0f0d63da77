"""A stored update as PTB's object, also where it holds something that this version of PTB cannot read."""

from __future__ import annotations

from typing import Any

from telegram import Bot, Update

from bot.core.log import get
from handlers.receive import TYPED

log = get(__name__)

# What a message needs in order to be answered, and nothing that PTB could stumble over.
_MESSAGE = (
    "message_id",
    "message_thread_id",
    "is_topic_message",
    "from",
    "sender_chat",
    "date",
    "edit_date",
    "chat",
    "media_group_id",
    "text",
    "entities",
    "caption",
    "caption_entities",
)
_PRESS = ("id", "from", "chat_instance", "data")


def read_update(raw: dict[str, Any], bot: Bot) -> Update:
    """The update; of a message or a press that PTB cannot read, who, where, when and which words.

    The Bot API grows several times a year. A new field inside a kind of message that we do handle (a
    poll of a new sort, say) must not cost its sender the answer.
    """
    try:
        return Update.de_json(dict(raw), bot)
    except Exception as error:  # noqa: BLE001 - PTB raises whatever its parts raise: TypeError, KeyError …
        parts = sorted(key for key in raw if key != "update_id")
        log.warning("update.unreadable", parts=parts, error=type(error).__name__)
    return Update.de_json(_bare(raw), bot)


def _bare(raw: dict[str, Any]) -> dict[str, Any]:
    kept = _only(raw, ("update_id", TYPED))
    for part in ("message", "edited_message"):
        if isinstance(raw.get(part), dict):
            kept[part] = _only(raw[part], _MESSAGE)
    press = raw.get("callback_query")
    if isinstance(press, dict):
        kept["callback_query"] = _only(press, _PRESS)
        if isinstance(press.get("message"), dict):
            kept["callback_query"]["message"] = _only(press["message"], _MESSAGE)
    return kept


def _only(thing: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: thing[key] for key in keys if key in thing}
