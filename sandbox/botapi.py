"""The HTTP face of the Bot API: token, faults, method, journal, answer."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.errors import ApiError
from sandbox.journal import Call
from sandbox.methods import METHODS, Answer
from sandbox.params import Args, read_args

if TYPE_CHECKING:
    from sandbox.core import Core
    from sandbox.faults import Fault
    from sandbox.settings import Json

_LOG = logging.getLogger(__name__)
_NOT_FOUND = ApiError(404, "Not Found")
_UNAUTHORIZED = ApiError(401, "Unauthorized")


class BotApi:
    """Answers /bot<token>/<method> and /file/bot<token>/<path>."""

    def __init__(self, core: Core) -> None:
        self._core = core
        core.webhook.call = self._call_from_webhook

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request of the bot."""
        if request.match_info["token"] != self._core.settings.token:
            return _respond(_UNAUTHORIZED.code, _UNAUTHORIZED.body())
        name, handler = METHODS.get(request.match_info["method"].lower(), ("", None))
        if handler is None:
            return _respond(_NOT_FOUND.code, _NOT_FOUND.body())
        try:
            args = await read_args(request, name)
        except ApiError as error:
            return _respond(error.code, error.body())
        except web.HTTPRequestEntityTooLarge:
            return _respond(413, ApiError(413, "Request Entity Too Large").body())
        fault = self._core.faults.take(name, args.values) if self._core.faults.orders else None
        if fault is not None:
            return await self._faulty(request, fault, args)
        status, body = await self.call(args)
        return _respond(status, body)

    async def call(self, args: Args, *, answered: bool = True) -> tuple[int, Json]:
        """Run a method and note it; (HTTP status, body)."""
        status, body = await self._run(args)
        self._note(args, status if answered else 0, body.get("result", body))
        return status, body

    async def _run(self, args: Args) -> tuple[int, Json]:
        _, handler = METHODS[args.method.lower()]
        try:
            result = await handler(self._core, args)
        except ApiError as error:
            return error.code, error.body()
        except (KeyError, TypeError, ValueError):
            # A parameter of a shape we did not foresee is the caller's fault, not ours.
            _LOG.exception("sandbox could not read the parameters of %s", args.method)
            return 400, ApiError(400, "Bad Request: wrong parameters").body()
        if isinstance(result, Answer):
            return 200, {"ok": True, "result": result.result, "description": result.description}
        return 200, {"ok": True, "result": result}

    async def _faulty(self, request: web.Request, fault: Fault, args: Args) -> web.StreamResponse:
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            status, body = await self.call(args)
            return _respond(status, body)
        if fault.kind == "drop_after":
            await self.call(args, answered=False)
        elif fault.kind == "drop_before":
            self._note(args, 0, None)
        if fault.kind.startswith("drop") and request.transport is not None:
            request.transport.abort()
            return web.Response()
        return self._refuse(fault, args)

    def _refuse(self, fault: Fault, args: Args) -> web.Response:
        if fault.kind == "flood":
            wait = fault.retry_after
            if fault.park:
                self._core.flood.park(wait, fault.chat_id)
            error = ApiError(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
        else:
            error = ApiError(fault.code, fault.description)
        self._note(args, error.code, error.body())
        return _respond(error.code, error.body())

    async def _call_from_webhook(self, name: str, params: Json) -> None:
        proper, handler = METHODS.get(name, ("", None))
        if handler is not None:
            await self.call(Args(proper, params))

    def _note(self, args: Args, status: int, result: Any) -> None:
        now = self._core.settings.clock.now()
        self._core.journal.add(Call(now, args.method, args.recorded(), status, result))
        self._core.events.touch()

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Download of a file by the path that getFile gave."""
        if request.match_info["token"] != self._core.settings.token:
            return _respond(_UNAUTHORIZED.code, _UNAUTHORIZED.body())
        stored = self._core.files.by_path(request.match_info["path"])
        content = self._core.files.content(stored.file_id) if stored else None
        if stored is None or content is None:
            return _respond(_NOT_FOUND.code, _NOT_FOUND.body())
        return web.Response(body=content, content_type="application/octet-stream")


def _respond(status: int, body: Json) -> web.Response:
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return web.Response(status=status, body=raw, content_type="application/json")


def add_routes(app: web.Application, core: Core) -> BotApi:
    """Mount the Bot API."""
    api = BotApi(core)
    app.router.add_route("*", "/bot{token}/{method}", api.handle)
    app.router.add_get("/file/bot{token}/{path:.+}", api.file)
    return api
