"""What persons do in their Telegram app: write, press, block, send files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.errors import PersonError
from sandbox.model import ADMIN_RIGHTS, Callback, Group, Message, Person, to_json
from sandbox.text import clean, find_entities, trim

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.core import Core
    from sandbox.settings import Json

_CAPTIONED = frozenset({"animation", "audio", "document", "photo", "video", "voice"})
_PAYLOAD = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_ALONE = ("member", "kicked")


class PeopleBase:
    """Creating persons and writing messages; the other parts build on this."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def create_person(
        self,
        first_name: str,
        last_name: str = "",
        *,
        username: str = "",
        language_code: str = "zh-hans",
        id: int | None = None,
        role: str = "",
        key: str = "",
        phone: str = "",
        started: bool = False,
    ) -> Person:
        """Somebody new, who does not know the bot yet (unless `started`)."""
        world = self.core.world
        person_id = id if id is not None else world.new_id(5_100_000_000)
        if world.find(person_id) is not None:
            raise PersonError(f"id {person_id} is taken")
        person = Person(
            person_id, first_name, last_name, username, language_code, role, key,
            phone or f"86139{person_id % 10**8:08d}", started,
        )  # fmt: skip
        world.people[person.id] = person
        self._tell_person(person)
        return person

    def create_people(self, count: int, *, started: bool = True) -> list[Person]:
        """Many persons at once, for load tests."""
        return [self.create_person(f"P{number}", started=started) for number in range(count)]

    def person(self, person_id: int) -> Person:
        """The person with that id."""
        found = self.core.world.people.get(person_id)
        if found is None:
            raise PersonError(f"nobody has the id {person_id}")
        return found

    def group(self, chat_id: int) -> Group:
        """The group with that id."""
        found = self.core.world.groups.get(chat_id)
        if found is None:
            raise PersonError(f"there is no group {chat_id}")
        return found

    def _tell_person(self, person: Person) -> None:
        self.core.events.publish("person", person=to_json(person))

    def _enter(self, person_id: int, chat_id: int | None, thread_id: int) -> Person | Group:
        """The chat a person writes to, if the app would let her."""
        person = self.person(person_id)
        if person.deactivated:
            raise PersonError(f"{person.name} has no account any more")
        if chat_id is None or chat_id == person_id:
            if person.blocked:
                raise PersonError(f"{person.name} has blocked the bot")
            if not person.started or person.forgotten:
                person.started, person.forgotten = True, False
                self._tell_person(person)
            return person
        group = self.group(chat_id)
        self._check_may_write(group, person, thread_id)
        return group

    @staticmethod
    def _check_may_write(group: Group, person: Person, thread_id: int) -> None:
        status = group.members.get(person.id, "left")
        if status in {"left", "kicked"}:
            raise PersonError(f"{person.name} is not in {group.title}")
        if group.migrated_to:
            raise PersonError(f"{group.title} has become {group.migrated_to}")
        topic = group.topics.get(thread_id)
        if thread_id > 1 and (topic is None or topic.deleted):
            raise PersonError(f"there is no topic {thread_id}")
        if topic is not None and topic.closed and status not in {"creator", "administrator"}:
            raise PersonError(f"topic {topic.name} is closed")

    def _write(
        self,
        person_id: int,
        content: Json,
        chat_id: int | None = None,
        thread_id: int = 0,
        reply_to: int | None = None,
    ) -> Message:
        chat = self._enter(person_id, chat_id, thread_id)
        world = self.core.world
        replied = world.message(chat.id, reply_to) if reply_to else None
        if reply_to and replied is None:
            raise PersonError(f"there is no message {reply_to}")
        if replied is not None and not thread_id:
            thread_id = int(replied.data.get("message_thread_id", 0))
        sender = world.people[person_id].user()
        message = world.add_message(chat, sender, content, thread_id=thread_id, reply_to=replied)
        world.announce(message)
        if self._bot_sees(chat, message):
            self.core.updates.add("message", message.data, f"chat:{chat.id}")
        return message

    def _bot_sees(self, chat: Person | Group, message: Message) -> bool:
        """In groups the privacy mode hides what is not for the bot, unless it is administrator."""
        if isinstance(chat, Person):
            return True
        if not chat.bot_inside:
            return False
        if chat.bot_status == "administrator" or not self.core.settings.privacy_mode:
            return True
        replied = message.data.get("reply_to_message", {}).get("from", {})
        if replied.get("id") == self.core.settings.bot_id:
            return True
        found = message.data.get("entities", [])
        command = any(entity["type"] == "bot_command" for entity in found)
        return command or f"@{self.core.settings.username}" in message.text

    def say(
        self,
        person_id: int,
        text: str,
        *,
        chat_id: int | None = None,
        thread_id: int = 0,
        reply_to: int | None = None,
    ) -> Message:
        """Write a text, in the private chat or in a group."""
        content = typed(text)
        return self._write(person_id, content, chat_id, thread_id, reply_to)

    def start(self, person_id: int, payload: str = "") -> Message:
        """Press 开始, perhaps after following a deep link; it also unblocks."""
        if payload and not _PAYLOAD.match(payload):
            raise PersonError("a deep link carries 1-64 of A-Z a-z 0-9 _ -")
        if self.person(person_id).blocked:
            self.unblock(person_id)
        return self.say(person_id, f"/start {payload}".strip())

    def edit(self, person_id: int, message_id: int, text: str, *, chat_id: int | None = None) -> Message:
        """Change an own text, or the words under an own file."""
        message = self._own(person_id, message_id, chat_id)
        if "text" in message.data:
            self.core.world.edit(message, typed(text), drop=("text", "entities"))
        elif message.data.keys() & _CAPTIONED:
            words = {name.replace("text", "caption").replace("entities", "caption_entities"): value for name, value in typed(text).items()}
            self.core.world.edit(message, words, drop=("caption", "caption_entities"))
        else:
            raise PersonError("only words can be edited")
        chat = self.core.world.find(message.chat_id)
        if chat is not None and self._bot_sees(chat, message):
            self.core.updates.add("edited_message", message.data, f"chat:{message.chat_id}")
        return message

    def delete(self, person_id: int, message_id: int, *, chat_id: int | None = None) -> None:
        """Delete a message; in the private chat the bot's as well. The bot is not told."""
        chat = chat_id if chat_id is not None else person_id
        message = self.core.world.message(chat, message_id)
        if message is None:
            raise PersonError(f"there is no message {message_id}")
        if chat != person_id:
            message = self._own(person_id, message_id, chat_id)
        self.core.world.delete(message)

    def _own(self, person_id: int, message_id: int, chat_id: int | None) -> Message:
        chat = chat_id if chat_id is not None else person_id
        message = self.core.world.message(chat, message_id)
        if message is None:
            raise PersonError(f"there is no message {message_id}")
        if message.data["from"]["id"] != person_id:
            raise PersonError("that is somebody else's message")
        return message

    def press(
        self,
        person_id: int,
        message_id: int,
        *,
        data: str | None = None,
        label: str | None = None,
        chat_id: int | None = None,
    ) -> str:
        """Press an inline button, found by its data or its label; the id of the query."""
        chat = chat_id if chat_id is not None else person_id
        if chat != person_id:
            self._check_may_write(self.group(chat), self.person(person_id), 0)
        message = self.core.world.message(chat, message_id)
        if message is None:
            raise PersonError(f"there is no message {message_id}")
        button = _button(message, data, label)
        if "callback_data" not in button:
            raise PersonError(f"{button['text']} does not call the bot")
        return self._query(self.person(person_id), message, str(button["callback_data"]))

    def _query(self, person: Person, message: Message, data: str) -> str:
        query_id = str(self.core.world.random.randrange(10**17, 10**18))
        now = self.core.settings.clock.now().timestamp()
        self.core.world.callbacks[query_id] = Callback(query_id, person.id, message.chat_id, message.id, now)
        payload = {
            "id": query_id,
            "from": person.user(),
            "message": message.data,
            "chat_instance": str(message.chat_id * 7919),
            "data": data,
        }
        lives = self.core.settings.limits.update_hours * 3600
        self.core.updates.add("callback_query", payload, f"callback:{person.id}", lives)
        return query_id

    def answer(self, query_id: str) -> Json | None:
        """What the bot answered to a pressed button, if it did."""
        query = self.core.world.callbacks.get(query_id)
        return query.answer if query else None

    def block(self, person_id: int) -> None:
        """Stop the bot; it is told by my_chat_member."""
        person = self.person(person_id)
        if not person.blocked:
            person.blocked = True
            self._private_status(person, *_ALONE)

    def unblock(self, person_id: int) -> None:
        """Let the bot write again."""
        person = self.person(person_id)
        if person.blocked:
            person.blocked = False
            self._private_status(person, *reversed(_ALONE))

    def deactivate(self, person_id: int) -> None:
        """Delete the account. Nobody tells the bot."""
        person = self.person(person_id)
        person.deactivated = True
        self._tell_person(person)

    def forget(self, person_id: int) -> None:
        """Telegram has forgotten the chat: "chat not found" until the person writes again."""
        person = self.person(person_id)
        person.forgotten = True
        self._tell_person(person)

    def _private_status(self, person: Person, old: str, new: str) -> None:
        self._tell_person(person)
        self._my_chat_member(person, person, old, new)

    def _my_chat_member(self, chat: Person | Group, by: Person, old: str, new: str) -> None:
        def member(status: str) -> Json:
            rights = ADMIN_RIGHTS if status == "administrator" else {}
            until = {"until_date": 0} if status in {"kicked", "restricted"} else {}
            return {"user": self.core.world.bot, "status": status, **until, **rights}

        payload = {
            "chat": chat.chat(),
            "from": by.user(),
            "date": self.core.world.now(),
            "old_chat_member": member(old),
            "new_chat_member": member(new),
        }
        self.core.updates.add("my_chat_member", payload, f"member:{chat.id}")

    def messages(self, chat_id: int, *, deleted: bool = False) -> list[Message]:
        """The chat's messages in order, without the deleted ones unless asked for."""
        found: Iterable[Message] = self.core.world.messages.get(chat_id, {}).values()
        return [message for message in found if deleted or not message.deleted]


def typed(text: str) -> Json:
    """The content of a text as the app sends it: trimmed, with the entities that it finds."""
    text, _ = trim(clean(text), [])
    if not text:
        raise PersonError("the app does not send an empty message")
    found = find_entities(text, [])
    return {"text": text, "entities": found} if found else {"text": text}


def _button(message: Message, data: str | None, label: str | None) -> Json:
    for button in message.buttons:
        if data is not None and button.get("callback_data") == data:
            return button
        if data is None and label is not None and button["text"] == label:
            return button
    if data is None and label is not None:
        near = [button for button in message.buttons if label in button["text"]]
        if len(near) == 1:
            return near[0]
    names = [button["text"] for button in message.buttons]
    raise PersonError(f"no button {label or data!r} under message {message.id}: {names}")
