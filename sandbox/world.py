"""The state of a sandbox and the elementary acts on it; both sides of the chat use these."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from sandbox.model import Callback, Group, Message, Person, StoredFile, Topic, to_json

if TYPE_CHECKING:
    from sandbox.events import Events
    from sandbox.settings import Clock, Json, Settings


class World:
    """Persons, groups and messages, as Telegram's servers would hold them."""

    def __init__(self, settings: Settings, events: Events) -> None:
        self._settings = settings
        self._clock: Clock = settings.clock
        self._events = events
        self.random = random.Random(settings.seed)  # noqa: S311 - ids, not secrets
        self.reset()

    def reset(self) -> None:
        """An empty world."""
        self.people: dict[int, Person] = {}
        self.groups: dict[int, Group] = {}
        self.messages: dict[int, dict[int, Message]] = {}
        self.callbacks: dict[str, Callback] = {}
        self.pinned: dict[int, int] = {}
        self.commands: dict[str, list[Json]] = {}
        self.about: dict[str, str] = {}
        # Private chats and basic groups share one sequence in the bot's account.
        self.last_message_id = self.random.randrange(100, 9_000)
        self._last_id = 0
        # Looked up on every message, so built once.
        self.bot: Json = {
            "id": self._settings.bot_id,
            "is_bot": True,
            "first_name": self._settings.bot_name or self._settings.username,
            "username": self._settings.username,
        }

    def now(self) -> int:
        """Unix time, the way Telegram dates things."""
        return int(self._clock.now().timestamp())

    def new_id(self, base: int) -> int:
        """A fresh id for a person or a group."""
        self._last_id += self.random.randrange(1, 97)
        return base + self._last_id

    def find(self, chat_id: int) -> Person | Group | None:
        """The chat with this id."""
        return self.people.get(chat_id) or self.groups.get(chat_id)

    def message(self, chat_id: int, message_id: int) -> Message | None:
        """A message that has not been deleted."""
        found = self.messages.get(chat_id, {}).get(message_id)
        return found if found is not None and not found.deleted else None

    def add_message(
        self,
        chat: Person | Group,
        sender: Json,
        content: Json,
        *,
        thread_id: int = 0,
        reply_to: Message | None = None,
    ) -> Message:
        """Put a message into a chat."""
        message_id = self._next_message_id(chat)
        data: Json = {
            "message_id": message_id,
            "from": sender,
            "chat": chat.chat(),
            "date": self.now(),
        }
        if thread_id and thread_id != 1:
            data |= {"message_thread_id": thread_id, "is_topic_message": True}
        replied = reply_to or self._topic_root(chat, thread_id)
        if replied is not None:
            data["reply_to_message"] = {key: value for key, value in replied.data.items() if key != "reply_to_message"}
        data |= content
        message = Message(chat.id, message_id, data, sender["is_bot"])
        self.messages.setdefault(chat.id, {})[message_id] = message
        return message

    def announce(self, message: Message, kind: str = "message") -> None:
        """Tell the onlookers about a new or changed message."""
        self._events.publish(kind, chat_id=message.chat_id, message=message.view())

    def edit(self, message: Message, content: Json, *, drop: tuple[str, ...] = ()) -> None:
        """Replace part of a message and remember how it was."""
        message.versions.append({key: value for key, value in message.data.items() if key != "reply_to_message"})
        kept = {key: value for key, value in message.data.items() if key not in drop}
        message.data = {**kept, **content, "edit_date": self.now()}
        self.announce(message, "edit")

    def delete(self, message: Message) -> None:
        """Take a message out of the chat; the record keeps it."""
        message.deleted = True
        self.announce(message, "delete")

    def topic(self, group: Group, name: str, icon_color: int, sender: Json) -> tuple[Topic, Message]:
        """Open a topic; its first message is a service message whose id is the topic's id."""
        content = {"forum_topic_created": {"name": name, "icon_color": icon_color}}
        message = self.add_message(group, sender, content)
        message.data |= {"message_thread_id": message.id, "is_topic_message": True}
        topic = Topic(message.id, name, icon_color)
        group.topics[topic.id] = topic
        self.announce(message)
        self._events.publish("group", group=to_json(group))
        return topic, message

    def publish(self, kind: str, **fields: Any) -> None:
        """Other news."""
        self._events.publish(kind, **fields)

    def _next_message_id(self, chat: Person | Group) -> int:
        if isinstance(chat, Group) and chat.kind == "supergroup":
            chat.last_message_id += 1
            return chat.last_message_id
        self.last_message_id += 1
        return self.last_message_id

    def _topic_root(self, chat: Person | Group, thread_id: int) -> Message | None:
        if not thread_id or not isinstance(chat, Group):
            return None
        return self.message(chat.id, thread_id)

    def dump(self) -> Json:
        """Everything, as JSON."""
        return {
            "people": [to_json(person) for person in self.people.values()],
            "groups": [to_json(group) for group in self.groups.values()],
            "messages": [to_json(message) for chat in self.messages.values() for message in chat.values()],
            "pinned": list(self.pinned.items()),
            "commands": self.commands,
            "about": self.about,
            "last_message_id": self.last_message_id,
            "last_id": self._last_id,
        }

    def load(self, state: Json) -> None:
        """The inverse of dump."""
        self.people = {raw["id"]: Person(**raw) for raw in state["people"]}
        self.groups = {raw["id"]: _group(raw) for raw in state["groups"]}
        self.messages = {}
        for raw in state["messages"]:
            message = Message(**raw)
            self.messages.setdefault(message.chat_id, {})[message.id] = message
        self.pinned = {int(chat): int(message) for chat, message in state["pinned"]}
        self.commands = state["commands"]
        self.about = state["about"]
        self.last_message_id = state["last_message_id"]
        self._last_id = state["last_id"]


def _group(raw: Json) -> Group:
    group = Group(**{**raw, "members": {}, "topics": {}})
    group.members = {int(key): value for key, value in raw["members"].items()}
    group.topics = {int(key): Topic(**value) for key, value in raw["topics"].items()}
    return group


def load_files(raw: list[Json]) -> list[StoredFile]:
    """Stored files from their JSON."""
    return [StoredFile(**item) for item in raw]
