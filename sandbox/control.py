"""The control endpoints under /sandbox/: what persons do, for the page and for other processes."""

from __future__ import annotations

import base64
import inspect
import json
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.errors import PersonError
from sandbox.faults import KINDS, Fault
from sandbox.model import Message, to_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.server import Sandbox
    from sandbox.settings import Json

# What POST /sandbox/do/<action> may call; the arguments are those of the method.
ACTIONS = frozenset({
    "create_person", "create_people", "create_group", "say", "start", "edit", "delete", "press",
    "answer", "block", "unblock", "deactivate", "forget", "send_photo", "send_album",
    "send_document", "send_voice", "send_video", "send_sticker", "send_location", "send_contact",
    "set_bot_rights", "restrict_bot", "kick_bot", "join", "leave", "upgrade_group",
    "create_topic", "close_topic", "reopen_topic", "delete_topic",
})  # fmt: skip
_FAULT_FIELDS = frozenset(field.name for field in fields(Fault)) - {"when", "hits"}


class Control:
    """JSON in, JSON out."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._core = sandbox.core

    async def state(self, request: web.Request) -> web.Response:
        """Persons, groups, the bot."""
        del request
        world = self._core.world
        return _json(
            {
                "bot": world.bot,
                "title": self._core.settings.page_title,
                "people": [to_json(person) for person in world.people.values()],
                "groups": [to_json(group) for group in world.groups.values()],
                "commands": world.commands,
                "about": world.about,
                "last": {str(chat): self._last(chat) for chat in world.messages},
            }
        )

    def _last(self, chat_id: int) -> Json | None:
        found = self._sandbox.people.messages(chat_id)
        return found[-1].view() if found else None

    async def messages(self, request: web.Request) -> web.Response:
        """Messages of a chat after an id; with `wait` seconds, wait until there is one."""
        chat_id = int(request.match_info["chat_id"])
        after = int(request.query.get("after", 0))

        def found() -> list[Json]:
            messages = self._sandbox.people.messages(chat_id, deleted=True)
            return [message.view() for message in messages if message.id > after]

        wait = float(request.query.get("wait", 0))
        if wait and not found():
            try:
                await self._sandbox.wait_for(found, min(wait, 60))
            except TimeoutError:
                return _json([])
        return _json(found())

    async def act(self, request: web.Request) -> web.Response:
        """A person does something."""
        action = request.match_info["action"]
        if action not in ACTIONS:
            raise web.HTTPNotFound(text=f"no action {action}")
        arguments = await _arguments(request)
        function: Callable[..., Any] = getattr(self._sandbox.people, action)
        try:
            inspect.signature(function).bind(**arguments)
        except TypeError as error:
            raise PersonError(f"{action}: {error}") from error
        return _json(_plain(function(**arguments)))

    async def calls(self, request: web.Request) -> web.Response:
        """The journal: ?method=a,b&after=n, with counters."""
        wanted = [name for name in request.query.get("method", "").split(",") if name]
        calls = self._core.journal.of(*wanted)
        start = int(request.query.get("after", 0))
        return _json(
            {
                "total": len(calls),
                "calls": [call.json() for call in calls[start:]],
                "counts": self._core.journal.counts,
                "statuses": self._core.journal.statuses,
            }
        )

    async def clear_calls(self, request: web.Request) -> web.Response:
        """Begin a new record of calls and violations."""
        del request
        self._core.journal.clear()
        self._core.flood.violations.clear()
        return _json(True)

    async def violations(self, request: web.Request) -> web.Response:
        """Requests that came although the bot had been told to wait."""
        del request
        return _json(
            [{**asdict(violation), "at": violation.at.isoformat()} for violation in self._core.flood.violations]
        )

    async def order_fault(self, request: web.Request) -> web.Response:
        """Order a fault: {"kind": "fail", "times": 3, "method": "sendMessage", …}."""
        arguments = await _arguments(request)
        if arguments.get("kind") not in KINDS or not set(arguments) <= _FAULT_FIELDS:
            raise PersonError(f"a fault has {sorted(_FAULT_FIELDS)}; kinds are {list(KINDS)}")
        self._core.faults.add(Fault(**arguments))
        return _json(True)

    async def clear_faults(self, request: web.Request) -> web.Response:
        """No more faults."""
        del request
        self._core.faults.clear()
        return _json(True)

    async def inject(self, request: web.Request) -> web.Response:
        """An arbitrary update; its id."""
        return _json(self._sandbox.inject(await _arguments(request)))

    async def redeliver(self, request: web.Request) -> web.Response:
        """An update once more: {"update_id": n}."""
        arguments = await _arguments(request)
        try:
            self._sandbox.redeliver(int(arguments["update_id"]))
        except LookupError as error:
            raise PersonError(str(error)) from error
        return _json(True)

    async def reset(self, request: web.Request) -> web.Response:
        """Back to the roster."""
        del request
        self._sandbox.reset()
        return _json(True)


async def _arguments(request: web.Request) -> Json:
    """JSON (bytes as `content_base64`), or a form with a file `content` or several `photos`."""
    if request.content_type == "multipart/form-data":
        return await _form(request)
    try:
        arguments = await request.json() if request.can_read_body else {}
    except ValueError as error:
        raise PersonError("the body must be a JSON object") from error
    if not isinstance(arguments, dict):
        raise PersonError("the body must be a JSON object")
    if "content_base64" in arguments:
        arguments["content"] = base64.b64decode(arguments.pop("content_base64"))
    return arguments


async def _form(request: web.Request) -> Json:
    arguments: Json = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField) and name == "photos":
            arguments.setdefault(name, []).append(value.file.read())
        elif isinstance(value, web.FileField):
            arguments[name] = value.file.read()
        else:
            text = value if isinstance(value, str) else bytes(value).decode()
            arguments[name] = int(text) if name.endswith("_id") else text
    return arguments


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return value.view()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _json(value: Any) -> web.Response:
    return web.json_response(value, dumps=lambda thing: json.dumps(thing, ensure_ascii=False))


@web.middleware
async def guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Other web sites in the same browser must not act here; mistakes become readable 400s."""
    origin = request.headers.get("Origin")
    if origin and request.method != "GET" and origin.partition("://")[2] != request.host:
        raise web.HTTPForbidden(text="another site may not do that")
    try:
        return await handler(request)
    except (PersonError, ValueError) as error:
        return web.json_response({"error": str(error)}, status=400)


def add_routes(app: web.Application, sandbox: Sandbox) -> None:
    """Mount /sandbox/."""
    control = Control(sandbox)
    inner = web.Application(middlewares=[guard], client_max_size=sandbox.settings.limits.upload_bytes + 2**20)
    inner.router.add_get("/state", control.state)
    inner.router.add_get("/chats/{chat_id:-?\\d+}/messages", control.messages)
    inner.router.add_post("/do/{action}", control.act)
    inner.router.add_get("/calls", control.calls)
    inner.router.add_delete("/calls", control.clear_calls)
    inner.router.add_get("/violations", control.violations)
    inner.router.add_post("/faults", control.order_fault)
    inner.router.add_delete("/faults", control.clear_faults)
    inner.router.add_post("/inject", control.inject)
    inner.router.add_post("/redeliver", control.redeliver)
    inner.router.add_post("/reset", control.reset)
    app.add_subapp("/sandbox/", inner)
