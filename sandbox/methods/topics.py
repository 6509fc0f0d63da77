"""Forum topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import bad_request
from sandbox.methods.registry import method
from sandbox.methods.target import need, write_chat
from sandbox.model import Group, to_json

if TYPE_CHECKING:
    from sandbox.core import Core
    from sandbox.model import Topic
    from sandbox.params import Args
    from sandbox.settings import Json

_COLORS = frozenset({7322096, 16766590, 13338331, 9367192, 16749490, 16478047})


def _forum(core: Core, args: Args, refusal: str) -> Group:
    chat = write_chat(core, args)
    if not isinstance(chat, Group) or not chat.is_forum:
        raise bad_request("the chat is not a forum")
    return need(chat, "can_manage_topics", refusal)


def _topic(group: Group, args: Args) -> Topic:
    topic = group.topics.get(args.number("message_thread_id"))
    if topic is None:
        raise bad_request("TOPIC_ID_INVALID")
    if topic.deleted:
        raise bad_request("TOPIC_DELETED")
    return topic


def _name(args: Args) -> str:
    name = args.text("name").strip()
    if not name:
        raise bad_request("TOPIC_TITLE_EMPTY")
    return name[:128]


def _notice(core: Core, group: Group, topic: Topic, content: Json) -> None:
    """The service message of a change, which the bot itself gets as an update."""
    message = core.world.add_message(group, core.world.bot, content, thread_id=topic.id)
    core.world.announce(message)
    core.updates.add("message", message.data, f"chat:{group.id}")
    core.events.publish("group", group=to_json(group))


@method("createForumTopic")
async def create_forum_topic(core: Core, args: Args) -> Json:
    """A new topic."""
    group = _forum(core, args, "not enough rights to create a topic")
    name = _name(args)
    color = args.number("icon_color", 7322096)
    if color not in _COLORS:
        raise bad_request("TOPIC_ICON_COLOR_INVALID")
    core.flood.spend(args.method, group.id)
    topic, message = core.world.topic(group, name, color, core.world.bot)
    core.updates.add("message", message.data, f"chat:{group.id}")
    return {"message_thread_id": topic.id, "name": topic.name, "icon_color": topic.icon_color}


@method("editForumTopic")
async def edit_forum_topic(core: Core, args: Args) -> bool:
    """Another name."""
    group = _forum(core, args, "not enough rights to edit the topic")
    topic = _topic(group, args)
    name = _name(args) if args.has("name") else topic.name
    if name == topic.name:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.name = name
    core.flood.spend(args.method, group.id)
    _notice(core, group, topic, {"forum_topic_edited": {"name": name}})
    return True


@method("closeForumTopic")
async def close_forum_topic(core: Core, args: Args) -> bool:
    """Only administrators may write there now."""
    group = _forum(core, args, "not enough rights to close or open the topic")
    topic = _topic(group, args)
    if topic.closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = True
    _notice(core, group, topic, {"forum_topic_closed": {}})
    return True


@method("reopenForumTopic")
async def reopen_forum_topic(core: Core, args: Args) -> bool:
    """Everybody may write there again."""
    group = _forum(core, args, "not enough rights to close or open the topic")
    topic = _topic(group, args)
    if not topic.closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = False
    _notice(core, group, topic, {"forum_topic_reopened": {}})
    return True


@method("deleteForumTopic")
async def delete_forum_topic(core: Core, args: Args) -> bool:
    """The topic and all its messages go."""
    chat = write_chat(core, args)
    if not isinstance(chat, Group) or not chat.is_forum:
        raise bad_request("the chat is not a forum")
    group = need(chat, "can_delete_messages", "not enough rights to delete the topic")
    remove_topic(core, group, _topic(group, args))
    return True


def remove_topic(core: Core, group: Group, topic: Topic) -> None:
    """Delete a topic, whoever does it; Telegram sends no update about that."""
    topic.deleted = True
    for message in core.world.messages.get(group.id, {}).values():
        if message.data.get("message_thread_id") == topic.id and not message.deleted:
            core.world.delete(message)
    core.events.publish("group", group=to_json(group))
