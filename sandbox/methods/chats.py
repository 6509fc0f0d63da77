"""Looking at chats and their members, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import bad_request
from sandbox.methods.registry import method
from sandbox.methods.target import read_chat, user_of
from sandbox.model import ADMIN_RIGHTS, Group, Person, to_json

if TYPE_CHECKING:
    from sandbox.core import Core
    from sandbox.params import Args
    from sandbox.settings import Json

_PERMISSIONS: Json = dict.fromkeys(
    (
        "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos",
        "can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls",
        "can_send_other_messages", "can_add_web_page_previews", "can_change_info",
        "can_invite_users", "can_pin_messages", "can_manage_topics",
    ),
    True,
)  # fmt: skip


@method("getChat")
async def get_chat(core: Core, args: Args) -> Json:
    """ChatFullInfo."""
    chat = read_chat(core, args)
    info: Json = chat.chat() | {
        "accent_color_id": chat.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            (
                "unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription",
                "gifts_from_channels",
            ),
            False,
        ),
    }  # fmt: skip
    if isinstance(chat, Group):
        info["permissions"] = _PERMISSIONS
    pinned = core.world.message(chat.id, core.world.pinned.get(chat.id, 0))
    if pinned is not None:
        info["pinned_message"] = pinned.data
    return info


def member_json(core: Core, chat: Group, user_id: int) -> Json:
    """The Bot API's ChatMember."""
    if user_id == core.settings.bot_id:
        status, user, rights = chat.bot_status, core.world.bot, chat.bot_rights
    else:
        status, user = chat.members.get(user_id, "left"), core.world.people[user_id].user()
        rights = ADMIN_RIGHTS
    member: Json = {"status": status, "user": user}
    if status == "administrator":
        member |= {**ADMIN_RIGHTS, **dict.fromkeys(ADMIN_RIGHTS, False), **rights}
    elif status == "creator":
        member["is_anonymous"] = False
    elif status == "kicked":
        member["until_date"] = 0
    elif status == "restricted":
        member |= {**dict.fromkeys(_PERMISSIONS, False), "is_member": True, "until_date": 0}
    return member


@method("getChatMember")
async def get_chat_member(core: Core, args: Args) -> Json:
    """One member's status."""
    chat = read_chat(core, args)
    user_id = user_of(core, args)
    if isinstance(chat, Person):
        if user_id not in {chat.id, core.settings.bot_id}:
            raise bad_request("user not found")
        user = core.world.bot if user_id == core.settings.bot_id else chat.user()
        return {"status": "member", "user": user}
    return member_json(core, chat, user_id)


@method("getChatAdministrators")
async def get_chat_administrators(core: Core, args: Args) -> list[Json]:
    """Everybody who rules the group, other bots excepted."""
    chat = read_chat(core, args)
    if isinstance(chat, Person):
        raise bad_request("there are no administrators in the private chat")
    chiefs = [user_id for user_id, status in chat.members.items() if status in {"creator", "administrator"}]
    if chat.bot_status == "administrator":
        chiefs.append(core.settings.bot_id)
    return [member_json(core, chat, user_id) for user_id in chiefs]


@method("getChatMemberCount", "getChatMembersCount")
async def get_chat_member_count(core: Core, args: Args) -> int:
    """How many are in the chat."""
    chat = read_chat(core, args)
    if isinstance(chat, Person):
        return 2
    inside = [status for status in chat.members.values() if status not in {"left", "kicked"}]
    return len(inside) + chat.bot_inside


@method("leaveChat")
async def leave_chat(core: Core, args: Args) -> bool:
    """The bot walks out of a group."""
    chat = read_chat(core, args)
    if isinstance(chat, Person):
        raise bad_request("chat member status can't be changed in private chats")
    chat.bot_status = "left"
    core.events.publish("group", group=to_json(chat))
    return True
