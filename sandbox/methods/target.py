"""Which chat a request means, and whether the bot may act there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import ApiError, bad_request, forbidden
from sandbox.model import Group, Person

if TYPE_CHECKING:
    from sandbox.core import Core
    from sandbox.model import Message
    from sandbox.params import Args


def read_chat(core: Core, args: Args, name: str = "chat_id") -> Person | Group:
    """The chat, if the bot may know of it."""
    raw = args.text(name).strip()
    if not raw:
        raise bad_request(f"{name} is empty")
    chat = _find(core, raw)
    if chat is None or (isinstance(chat, Person) and chat.forgotten):
        raise bad_request("chat not found")
    if isinstance(chat, Group):
        _check_group(chat)
    return chat


def write_chat(core: Core, args: Args) -> Person | Group:
    """The chat, if the bot may write there."""
    chat = read_chat(core, args)
    if isinstance(chat, Person):
        _check_person(chat)
    elif chat.bot_status == "restricted":
        raise bad_request("not enough rights to send text messages to the chat")
    return chat


def _find(core: Core, raw: str) -> Person | Group | None:
    if raw.lstrip("-").isdigit():
        return core.world.find(int(raw))
    if raw.startswith("@"):
        groups = core.world.groups.values()
        return next((group for group in groups if group.username and group.username == raw[1:]), None)
    return None


def _check_person(person: Person) -> None:
    if person.deactivated:
        raise forbidden("user is deactivated")
    if person.blocked:
        raise forbidden("bot was blocked by the user")
    if not person.started:
        raise forbidden("bot can't initiate conversation with a user")


def _check_group(group: Group) -> None:
    if group.migrated_to:
        raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=group.migrated_to)
    kind = "group" if group.kind == "group" else "supergroup"
    if group.bot_status == "kicked":
        raise forbidden(f"bot was kicked from the {kind} chat")
    if group.bot_status == "left":
        raise forbidden(f"bot is not a member of the {kind} chat")


def thread_of(chat: Person | Group, args: Args) -> int:
    """The topic to write to (0 = none), which must be there and open."""
    thread_id = args.number("message_thread_id")
    if not thread_id:
        return 0
    if not isinstance(chat, Group) or not chat.is_forum:
        raise bad_request("message thread not found")
    if thread_id == 1:
        return 1
    topic = chat.topics.get(thread_id)
    if topic is None or topic.deleted:
        raise bad_request(topic.gone if topic else "message thread not found")
    if topic.closed and not chat.bot_can("can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")
    return thread_id


def reply_target(core: Core, chat: Person | Group, args: Args) -> Message | None:
    """The message that is answered, if any."""
    parameters = args.structure("reply_parameters", "reply parameters")
    if parameters is None:
        message_id = args.number("reply_to_message_id")
        lenient = args.flag("allow_sending_without_reply")
    elif isinstance(parameters, dict):
        message_id = int(parameters.get("message_id", 0))
        lenient = bool(parameters.get("allow_sending_without_reply"))
    else:
        raise bad_request("can't parse reply parameters: Object expected as reply parameters")
    if not message_id:
        return None
    message = core.world.message(chat.id, message_id)
    if message is None and not lenient:
        raise bad_request("message to be replied not found")
    return message


def own_message(core: Core, chat: Person | Group, args: Args, absent: str) -> Message:
    """The bot's own message that is to be changed."""
    if not args.has("message_id"):
        raise bad_request("message identifier is not specified")
    message = core.world.message(chat.id, args.number("message_id"))
    if message is None:
        raise bad_request(absent)
    if not message.from_bot:
        raise bad_request("message can't be edited")
    return message


def need(group: Person | Group, right: str, refusal: str) -> Group:
    """The group, if the bot has that administrator right in it."""
    if not isinstance(group, Group):
        raise bad_request("the chat is not a supergroup")
    if not group.bot_can(right):
        raise bad_request(refusal)
    return group


def user_of(core: Core, args: Args) -> int:
    """The user_id parameter."""
    user_id = args.number("user_id")
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    if user_id != core.settings.bot_id and user_id not in core.world.people:
        raise ApiError(400, "Bad Request: user not found")
    return user_id
