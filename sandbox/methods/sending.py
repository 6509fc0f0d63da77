"""sendMessage and its kin without media."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.errors import bad_request
from sandbox.formatting import caption, message_text
from sandbox.keyboards import check_markup
from sandbox.methods.registry import method
from sandbox.methods.target import read_chat, reply_target, thread_of, write_chat
from sandbox.model import Person

if TYPE_CHECKING:
    from sandbox.core import Core
    from sandbox.model import Group, Message
    from sandbox.params import Args
    from sandbox.settings import Json

_ACTIONS = frozenset({
    "cancel", "typing", "upload_photo", "record_video", "upload_video", "record_voice",
    "upload_voice", "record_audio", "upload_audio", "upload_document", "choose_sticker",
    "find_location", "pick_up_location", "record_video_note", "upload_video_note",
})  # fmt: skip
_CONTENT = (
    "text", "entities", "caption", "caption_entities", "photo", "document", "voice", "video",
    "sticker", "location", "contact", "link_preview_options",
)  # fmt: skip


def post(
    core: Core,
    args: Args,
    chat: Person | Group,
    content: Json,
    *,
    flood_cost: int = 1,
) -> Message:
    """The last steps of every send method: reply, keyboard, flood control, into the chat."""
    thread_id = thread_of(chat, args)
    reply_to = reply_target(core, chat, args)
    private = isinstance(chat, Person)
    markup = args.structure("reply_markup", "reply keyboard markup")
    inline, keyboard = check_markup(markup, core.settings.limits, private=private)
    if flood_cost:
        core.flood.spend(args.method, chat.id, flood_cost)
    if inline is not None:
        content["reply_markup"] = inline
    if args.flag("protect_content"):
        content["has_protected_content"] = True
    message = core.world.add_message(chat, core.world.bot, content, thread_id=thread_id, reply_to=reply_to)
    message.keyboard = keyboard
    core.world.announce(message)
    return message


@method("sendMessage")
async def send_message(core: Core, args: Args) -> Json:
    """A text."""
    chat = write_chat(core, args)
    content = message_text(args.text("text"), args.text("parse_mode"), args.structure("entities"), core.settings.limits)
    if options := args.structure("link_preview_options"):
        content["link_preview_options"] = options
    return post(core, args, chat, content).data


@method("sendLocation")
async def send_location(core: Core, args: Args) -> Json:
    """A place."""
    chat = write_chat(core, args)
    place = {"latitude": float(args.text("latitude")), "longitude": float(args.text("longitude"))}
    return post(core, args, chat, {"location": place}).data


@method("sendContact")
async def send_contact(core: Core, args: Args) -> Json:
    """A telephone number."""
    chat = write_chat(core, args)
    names = ("phone_number", "first_name", "last_name")
    contact = {name: args.text(name) for name in names if args.has(name)}
    return post(core, args, chat, {"contact": contact}).data


@method("sendChatAction")
async def send_chat_action(core: Core, args: Args) -> bool:
    """ "is typing"; shown on the page for some seconds."""
    chat = write_chat(core, args)
    if args.text("action").lower() not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    thread_id = thread_of(chat, args)
    core.events.publish("action", chat_id=chat.id, action=args.text("action"), thread_id=thread_id)
    return True


def source_message(core: Core, args: Args, verb: str) -> Message:
    """The message to copy or forward."""
    source = read_chat(core, args, "from_chat_id")
    message = core.world.message(source.id, args.number("message_id"))
    if message is None:
        raise bad_request(f"message to {verb} not found")
    if message.data.get("has_protected_content"):
        raise bad_request(f"message can't be {'copied' if verb == 'copy' else 'forwarded'}")
    return message


@method("copyMessage")
async def copy_message(core: Core, args: Args) -> Json:
    """The same content again, without a trace of the original."""
    chat = write_chat(core, args)
    source = source_message(core, args, "copy")
    content = {key: source.data[key] for key in _CONTENT if key in source.data}
    if not content:
        raise bad_request("message can't be copied")
    if args.has("caption"):
        content |= _new_caption(core, args)
    return {"message_id": post(core, args, chat, content).id}


def _new_caption(core: Core, args: Args) -> Json:
    return caption(
        args.text("caption"),
        args.text("parse_mode"),
        args.structure("caption_entities"),
        core.settings.limits,
    )


@method("forwardMessage")
async def forward_message(core: Core, args: Args) -> Json:
    """The message with its origin."""
    chat = write_chat(core, args)
    source = source_message(core, args, "forward")
    content: dict[str, Any] = {key: source.data[key] for key in _CONTENT if key in source.data}
    if not content:
        raise bad_request("message can't be forwarded")
    origin = {"type": "user", "date": source.data["date"], "sender_user": source.data["from"]}
    return post(core, args, chat, {"forward_origin": origin, **content}).data
