"""Who the bot is: getMe, commands, descriptions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sandbox.errors import bad_request
from sandbox.methods.registry import method
from sandbox.methods.target import read_chat

if TYPE_CHECKING:
    from sandbox.core import Core
    from sandbox.params import Args
    from sandbox.settings import Json

_COMMAND = re.compile(r"^[a-z0-9_]{1,32}$")
_ABOUT = {"description": 512, "short_description": 120, "name": 64}


@method("getMe")
async def get_me(core: Core, args: Args) -> Json:
    """The bot itself."""
    del args
    return core.world.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": not core.settings.privacy_mode,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
    }


def _scope(core: Core, args: Args) -> str:
    scope = args.structure("scope", "BotCommandScope") or {"type": "default"}
    if not isinstance(scope, dict):
        raise bad_request("can't parse BotCommandScope: BotCommandScope must be an Object")
    if "chat_id" in scope:
        read_chat(core, type(args)(args.method, scope))
    return f"{json.dumps(scope, sort_keys=True)}|{args.text('language_code')}"


@method("setMyCommands")
async def set_my_commands(core: Core, args: Args) -> bool:
    """The menu of commands."""
    commands = args.structure("commands", "commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands JSON object")
    if len(commands) > core.settings.limits.commands:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    core.world.commands[_scope(core, args)] = [_command(raw) for raw in commands]
    core.events.publish("commands")
    return True


def _command(raw: Any) -> Json:
    if not isinstance(raw, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    name = str(raw.get("command", "")).removeprefix("/")
    description = str(raw.get("description", ""))
    if not _COMMAND.match(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


@method("getMyCommands")
async def get_my_commands(core: Core, args: Args) -> list[Json]:
    """The menu for a scope and language."""
    return core.world.commands.get(_scope(core, args), [])


@method("deleteMyCommands")
async def delete_my_commands(core: Core, args: Args) -> bool:
    """No menu for a scope and language."""
    core.world.commands.pop(_scope(core, args), None)
    core.events.publish("commands")
    return True


def _set_about(core: Core, args: Args, field: str) -> bool:
    text = args.text(field)
    if len(text) > _ABOUT[field]:
        raise bad_request(f"{field.upper().replace('_', ' ').lower()} is too long")
    core.world.about[f"{field}|{args.text('language_code')}"] = text
    if field == "name" and text:
        core.world.bot["first_name"] = text
    core.events.publish("about")
    return True


def _get_about(core: Core, args: Args, field: str) -> Json:
    about = core.world.about
    default = core.world.bot["first_name"] if field == "name" else ""
    text = about.get(f"{field}|{args.text('language_code')}", about.get(f"{field}|", default))
    return {field: text}


@method("setMyDescription")
async def set_my_description(core: Core, args: Args) -> bool:
    """What an empty chat shows."""
    return _set_about(core, args, "description")


@method("getMyDescription")
async def get_my_description(core: Core, args: Args) -> Json:
    """What an empty chat shows."""
    return _get_about(core, args, "description")


@method("setMyShortDescription")
async def set_my_short_description(core: Core, args: Args) -> bool:
    """What the profile shows."""
    return _set_about(core, args, "short_description")


@method("getMyShortDescription")
async def get_my_short_description(core: Core, args: Args) -> Json:
    """What the profile shows."""
    return _get_about(core, args, "short_description")


@method("setMyName")
async def set_my_name(core: Core, args: Args) -> bool:
    """The bot's name."""
    return _set_about(core, args, "name")


@method("getMyName")
async def get_my_name(core: Core, args: Args) -> Json:
    """The bot's name."""
    return _get_about(core, args, "name")


@method("setChatMenuButton")
async def set_chat_menu_button(core: Core, args: Args) -> bool:
    """Accepted and forgotten: the page has its own menu."""
    del core, args
    return True


@method("logOut", "close")
async def log_out(core: Core, args: Args) -> bool:
    """Accepted: there is no other server to move to."""
    del core, args
    return True
