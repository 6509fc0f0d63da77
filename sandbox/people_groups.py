"""Groups and forums: creating them, members, the bot's rights, topics, the upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import PersonError
from sandbox.methods.topics import remove_topic
from sandbox.model import ADMIN_RIGHTS, Group, Topic, to_json
from sandbox.people_media import PeopleMedia

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.model import Person
    from sandbox.settings import Json

_KINDS = {"group": ("group", False), "supergroup": ("supergroup", False), "forum": ("supergroup", True)}


class People(PeopleMedia):
    """Everything that persons can do."""

    def create_group(
        self,
        title: str,
        kind: str = "supergroup",
        *,
        members: Iterable[int] = (),
        admins: Iterable[int] = (),
        bot_admin: bool = True,
        bot_inside: bool = True,
        key: str = "",
        username: str = "",
    ) -> Group:
        """A group ("group", "supergroup" or "forum"); the first member is its creator."""
        real_kind, is_forum = _KINDS[kind]
        world = self.core.world
        base = -1_000_000_000_000 if real_kind == "supergroup" else 0
        number = world.new_id(2_300_000_000 if base else 4_300_000)
        group = Group(base - number, title, real_kind, is_forum, key, username)
        group.members = dict.fromkeys(members, "member") | dict.fromkeys(admins, "administrator")
        if group.members:
            group.members[next(iter(group.members))] = "creator"
        group.bot_status = "left"
        # Id 1 is the message that made the group; a topic must never get it (1 means General).
        group.last_message_id = world.random.randrange(1, 400)
        world.groups[group.id] = group
        if bot_inside:
            self.set_bot_rights(group.id, admin=bot_admin)
        self._tell_group(group)
        return group

    def set_bot_rights(self, chat_id: int, *, admin: bool = True, **rights: bool) -> None:
        """Make the bot administrator (with changed rights) or a plain member; it is told."""
        group = self.group(chat_id)
        old, group.bot_status = group.bot_status, "administrator" if admin else "member"
        group.bot_rights = {**ADMIN_RIGHTS, **rights} if admin else {}
        self._group_status(group, old)

    def restrict_bot(self, chat_id: int) -> None:
        """Forbid the bot to write in the group."""
        group = self.group(chat_id)
        old, group.bot_status = group.bot_status, "restricted"
        group.bot_rights = {}
        self._group_status(group, old)

    def kick_bot(self, chat_id: int) -> None:
        """Throw the bot out."""
        group = self.group(chat_id)
        old, group.bot_status = group.bot_status, "kicked"
        group.bot_rights = {}
        self._group_status(group, old)

    def join(self, person_id: int, chat_id: int, *, admin: bool = False) -> None:
        """Come into a group, with the service message that tells so."""
        person, group = self.person(person_id), self.group(chat_id)
        group.members[person.id] = "administrator" if admin else "member"
        self._service(group, person, {"new_chat_members": [person.user()]})
        self._tell_group(group)

    def leave(self, person_id: int, chat_id: int) -> None:
        """Go out of a group."""
        person, group = self.person(person_id), self.group(chat_id)
        group.members[person.id] = "left"
        self._service(group, person, {"left_chat_member": person.user()})
        self._tell_group(group)

    def upgrade_group(self, chat_id: int) -> Group:
        """Turn a basic group into a supergroup: another id, and two service messages."""
        old = self.group(chat_id)
        if old.kind != "group" or old.migrated_to:
            raise PersonError("only a basic group can be upgraded")
        number = self.core.world.new_id(2_300_000_000)
        new = Group(-1_000_000_000_000 - number, old.title, "supergroup", members=dict(old.members))
        new.bot_status, new.bot_rights = old.bot_status, dict(old.bot_rights)
        new.last_message_id = 1
        self.core.world.groups[new.id] = new
        by = self._somebody(old)
        self._service(old, by, {"migrate_to_chat_id": new.id})
        old.migrated_to = new.id
        self._service(new, by, {"migrate_from_chat_id": old.id})
        self._tell_group(old)
        self._tell_group(new)
        return new

    def create_topic(self, person_id: int, chat_id: int, name: str) -> Topic:
        """Open a topic by hand."""
        group = self.group(chat_id)
        if not group.is_forum:
            raise PersonError(f"{group.title} has no topics")
        sender = self.person(person_id).user()
        topic, message = self.core.world.topic(group, name, 7322096, sender)
        if group.bot_inside:
            self.core.updates.add("message", message.data, f"chat:{group.id}")
        return topic

    def close_topic(self, person_id: int, chat_id: int, thread_id: int) -> None:
        """Close a topic by hand."""
        group, topic = self._topic(chat_id, thread_id)
        topic.closed = True
        self._service(group, self.person(person_id), {"forum_topic_closed": {}}, topic.id)
        self._tell_group(group)

    def reopen_topic(self, person_id: int, chat_id: int, thread_id: int) -> None:
        """Open a closed topic by hand."""
        group, topic = self._topic(chat_id, thread_id)
        topic.closed = False
        self._service(group, self.person(person_id), {"forum_topic_reopened": {}}, topic.id)
        self._tell_group(group)

    def delete_topic(self, chat_id: int, thread_id: int, *, answer: str = "message thread not found") -> None:
        """Delete a topic by hand; `answer` is what sending there gets (or "TOPIC_DELETED")."""
        group, topic = self._topic(chat_id, thread_id)
        topic.gone = answer
        remove_topic(self.core, group, topic)

    def _topic(self, chat_id: int, thread_id: int) -> tuple[Group, Topic]:
        group = self.group(chat_id)
        topic = group.topics.get(thread_id)
        if topic is None or topic.deleted:
            raise PersonError(f"there is no topic {thread_id}")
        return group, topic

    def _service(self, group: Group, by: Person, content: Json, thread_id: int = 0) -> None:
        message = self.core.world.add_message(group, by.user(), content, thread_id=thread_id)
        self.core.world.announce(message)
        if group.bot_inside:
            self.core.updates.add("message", message.data, f"chat:{group.id}")

    def _somebody(self, group: Group) -> Person:
        inside = [self.core.world.people[member] for member in group.members]
        return inside[0] if inside else self.create_person("?")

    def _group_status(self, group: Group, old: str) -> None:
        self._tell_group(group)
        if old != group.bot_status:
            self._my_chat_member(group, self._somebody(group), old, group.bot_status)

    def _tell_group(self, group: Group) -> None:
        self.core.events.publish("group", group=to_json(group))
