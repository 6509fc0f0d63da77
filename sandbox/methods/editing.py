"""Changing and deleting messages, pinning, answering pressed buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import NOT_MODIFIED, QUERY_TOO_OLD, bad_request
from sandbox.formatting import caption, message_text
from sandbox.keyboards import check_markup
from sandbox.methods.registry import method
from sandbox.methods.target import own_message, read_chat, write_chat
from sandbox.model import Group, Person

if TYPE_CHECKING:
    from sandbox.core import Core
    from sandbox.model import Message
    from sandbox.params import Args
    from sandbox.settings import Json

_TEXT_PARTS = ("text", "entities", "reply_markup", "link_preview_options")
_CAPTION_PARTS = ("caption", "caption_entities", "reply_markup")


def _editable(core: Core, args: Args) -> tuple[Person | Group, Message]:
    if args.has("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = write_chat(core, args)
    return chat, own_message(core, chat, args, "message to edit not found")


def _inline(core: Core, args: Args, chat: Person | Group) -> Json:
    markup = args.structure("reply_markup", "reply keyboard markup")
    inline, other = check_markup(markup, core.settings.limits, private=isinstance(chat, Person))
    if other is not None:
        raise bad_request("inline keyboard expected")
    return {"reply_markup": inline} if inline else {}


def _replace(core: Core, args: Args, message: Message, parts: tuple[str, ...], content: Json) -> Json:
    current = {key: message.data[key] for key in parts if key in message.data}
    if current == content:
        raise bad_request(NOT_MODIFIED)
    if message.chat_id < 0:
        core.flood.spend(args.method, message.chat_id)
    core.world.edit(message, content, drop=parts)
    return message.data


@method("editMessageText")
async def edit_message_text(core: Core, args: Args) -> Json:
    """Another text."""
    chat, message = _editable(core, args)
    content = message_text(args.text("text"), args.text("parse_mode"), args.structure("entities"), core.settings.limits)
    content |= _inline(core, args, chat)
    if options := args.structure("link_preview_options"):
        content["link_preview_options"] = options
    if "text" not in message.data:
        raise bad_request("there is no text in the message to edit")
    return _replace(core, args, message, _TEXT_PARTS, content)


@method("editMessageCaption")
async def edit_message_caption(core: Core, args: Args) -> Json:
    """Another caption."""
    chat, message = _editable(core, args)
    if "text" in message.data:
        raise bad_request("there is no caption in the message to edit")
    content = caption(
        args.text("caption"),
        args.text("parse_mode"),
        args.structure("caption_entities"),
        core.settings.limits,
    )
    content |= _inline(core, args, chat)
    return _replace(core, args, message, _CAPTION_PARTS, content)


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(core: Core, args: Args) -> Json:
    """Other buttons, or none."""
    chat, message = _editable(core, args)
    content = _inline(core, args, chat)
    return _replace(core, args, message, ("reply_markup",), content)


@method("deleteMessage")
async def delete_message(core: Core, args: Args) -> bool:
    """Delete for everyone, within 48 hours."""
    chat = read_chat(core, args)
    message = core.world.message(chat.id, args.number("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    _check_deletable(core, chat, message)
    core.world.delete(message)
    return True


@method("deleteMessages")
async def delete_messages(core: Core, args: Args) -> bool:
    """Delete several; those that are not there are skipped."""
    chat = read_chat(core, args)
    ids = args.structure("message_ids", "message identifiers")
    if not isinstance(ids, list) or not ids:
        raise bad_request("message identifiers are not specified")
    if len(ids) > 100:
        raise bad_request("too many message identifiers specified")
    found = [core.world.message(chat.id, int(message_id)) for message_id in ids]
    for message in found:
        if message is not None:
            _check_deletable(core, chat, message)
    for message in found:
        if message is not None:
            core.world.delete(message)
    return True


def _check_deletable(core: Core, chat: Person | Group, message: Message) -> None:
    admin = isinstance(chat, Group) and chat.bot_can("can_delete_messages")
    if isinstance(chat, Group) and not message.from_bot and not admin:
        raise bad_request("message can't be deleted")
    age = core.world.now() - int(message.data["date"])
    if age > core.settings.limits.delete_hours * 3600 and not admin:
        raise bad_request("message can't be deleted for everyone")


@method("pinChatMessage")
async def pin_chat_message(core: Core, args: Args) -> bool:
    """Pin, with a service message in the chat."""
    chat = write_chat(core, args)
    if isinstance(chat, Group) and not chat.bot_can("can_pin_messages"):
        raise bad_request("not enough rights to manage pinned messages in the chat")
    message = core.world.message(chat.id, args.number("message_id"))
    if message is None:
        raise bad_request("message to pin not found")
    core.world.pinned[chat.id] = message.id
    core.flood.spend(args.method, chat.id)
    thread_id = int(message.data.get("message_thread_id", 0))
    notice = core.world.add_message(chat, core.world.bot, {"pinned_message": message.data}, thread_id=thread_id)
    core.world.announce(notice)
    core.updates.add("message", notice.data, f"chat:{chat.id}")
    return True


@method("unpinChatMessage", "unpinAllChatMessages")
async def unpin_chat_message(core: Core, args: Args) -> bool:
    """Nothing is pinned any more."""
    chat = write_chat(core, args)
    core.world.pinned.pop(chat.id, None)
    return True


@method("answerCallbackQuery")
async def answer_callback_query(core: Core, args: Args) -> bool:
    """Stop the button's clock, perhaps with a toast or an alert; once, and soon."""
    query = core.world.callbacks.get(args.text("callback_query_id"))
    age = core.settings.clock.now().timestamp() - query.at if query else 0.0
    if query is None or query.answer is not None or age > core.settings.limits.callback_seconds:
        raise bad_request(QUERY_TOO_OLD)
    text = args.text("text")
    if len(text) > core.settings.limits.callback_answer_chars:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answer = {"text": text, "show_alert": args.flag("show_alert"), "url": args.text("url")}
    core.events.publish(
        "answer", person_id=query.person_id, chat_id=query.chat_id,
        message_id=query.message_id, callback_query_id=query.id, **query.answer,
    )  # fmt: skip
    return True
