"""The things a sandbox holds: persons, groups, topics, messages, files."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.settings import Json

ADMIN_RIGHTS: Json = {
    "can_be_edited": False, "can_manage_chat": True, "can_change_info": True,
    "can_delete_messages": True, "can_invite_users": True, "can_restrict_members": True,
    "can_pin_messages": True, "can_manage_topics": True, "can_promote_members": False,
    "can_manage_video_chats": True, "can_post_stories": False, "can_edit_stories": False,
    "can_delete_stories": False, "is_anonymous": False,
}  # fmt: skip


@dataclass(slots=True)
class Person:
    """Somebody with a Telegram account, and her private chat with the bot.

    `started` is false until she writes or presses /start; `blocked`, `deactivated` and
    `forgotten` (Telegram knows the chat no more until she writes again) stop the bot's messages.
    """

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = "zh-hans"
    role: str = ""
    key: str = ""
    phone: str = ""
    started: bool = False
    blocked: bool = False
    deactivated: bool = False
    forgotten: bool = False

    @property
    def name(self) -> str:
        """First and last name, as the app shows them."""
        return f"{self.first_name} {self.last_name}".strip()

    def user(self) -> Json:
        """The Bot API's User."""
        user: Json = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        for key in ("last_name", "username", "language_code"):
            if value := getattr(self, key):
                user[key] = value
        return user

    def chat(self) -> Json:
        """The Bot API's Chat for the private chat."""
        chat: Json = {"id": self.id, "first_name": self.first_name}
        for key in ("last_name", "username"):
            if value := getattr(self, key):
                chat[key] = value
        chat["type"] = "private"
        return chat


@dataclass(slots=True)
class Topic:
    """A topic of a forum; `gone` is the server's answer once it is deleted."""

    id: int
    name: str
    icon_color: int = 7322096
    closed: bool = False
    deleted: bool = False
    gone: str = "message thread not found"


@dataclass(slots=True)
class Group:
    """A basic group, a supergroup or a forum (a supergroup with topics)."""

    id: int
    title: str
    kind: str
    is_forum: bool = False
    key: str = ""
    username: str = ""
    members: dict[int, str] = field(default_factory=dict)
    bot_status: str = "member"
    bot_rights: Json = field(default_factory=dict)
    migrated_to: int = 0
    topics: dict[int, Topic] = field(default_factory=dict)
    last_message_id: int = 0

    def chat(self) -> Json:
        """The Bot API's Chat."""
        chat: Json = {"id": self.id, "title": self.title, "type": self.kind}
        if self.username:
            chat["username"] = self.username
        if self.is_forum:
            chat["is_forum"] = True
        return chat

    def bot_can(self, right: str) -> bool:
        """Whether the bot is an administrator with that right."""
        return self.bot_status == "administrator" and bool(self.bot_rights.get(right))

    @property
    def bot_inside(self) -> bool:
        """Whether the bot is a member at all."""
        return self.bot_status in {"member", "administrator", "restricted"}


@dataclass(slots=True)
class Message:
    """A message of a chat; `data` is what the Bot API shows of it.

    `keyboard` is reply markup that lives in the person's app (reply keyboard, removal, force
    reply), `versions` are the earlier contents, `deleted` keeps it for the record.
    """

    chat_id: int
    id: int
    data: Json
    from_bot: bool
    keyboard: Json | None = None
    deleted: bool = False
    versions: list[Json] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Text or caption."""
        return str(self.data.get("text") or self.data.get("caption") or "")

    @property
    def buttons(self) -> list[Json]:
        """All inline buttons, row after row."""
        rows = self.data.get("reply_markup", {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]

    def view(self) -> Json:
        """The message as the chat page and other processes see it."""
        return {
            "chat_id": self.chat_id, "message_id": self.id, "from_bot": self.from_bot,
            "data": self.data, "keyboard": self.keyboard, "deleted": self.deleted,
            "edited": bool(self.versions), "versions": self.versions,
        }  # fmt: skip


@dataclass(slots=True)
class Callback:
    """A pressed button that waits for answerCallbackQuery."""

    id: str
    person_id: int
    chat_id: int
    message_id: int
    at: float
    answer: Json | None = None


@dataclass(slots=True)
class StoredFile:
    """An uploaded file."""

    file_id: str
    unique_id: str
    path: str
    size: int
    mime: str = ""
    name: str = ""


def to_json(thing: Any) -> Json:
    """A dataclass instance as plain JSON for the state file."""
    return asdict(thing)
