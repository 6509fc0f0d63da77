"""The desk in the browser: NiceGUI behind the gate, opened once the bot serves."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.core.texts import Texts
from bot.service import Services
from bot.staff.service import Session
from console.gate import Door, Gate, session_of
from console.plain import Astray

TEXTS = Path(__file__).with_name("texts.zh-CN.yaml")
LOOK = Path(__file__).with_name("look.css")
SCRIPT = Path(__file__).with_name("desk.js")
_OF_A_PAGE = ("handshake", "event", "javascript_response", "ack", "log")  # what a browser sends to a page of ours


class Desk:
    """The staff's pages below `/desk`, and the way in at `/login`.

    NiceGUI takes most of a second to import and nobody needs it to answer a question, so it is
    imported in a thread once the bot serves; until then `/desk` asks to wait.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self.texts = Texts.load(TEXTS)
        self._app: ASGIApp | None = None
        self._open = AsyncExitStack()

    def routes(self) -> list[BaseRoute]:
        """What the HTTP server has to offer for it."""
        door = Door(self.services.staff, self.texts)
        return [
            Route("/login", door.show, methods=["GET"]),
            Route("/login", door.enter, methods=["POST"]),
            Route("/logout", door.leave, methods=["POST"]),
            Mount("/desk", self._late),
        ]

    def look(self) -> str:
        """The style sheet of all pages."""
        return LOOK.read_text(encoding="utf-8")

    def script(self) -> str:
        """What all pages do in the browser itself."""
        return SCRIPT.read_text(encoding="utf-8")

    async def start(self, server: uvicorn.Server) -> None:
        """Open the pages."""
        await asyncio.to_thread(importlib.import_module, "nicegui")
        self._app = await self._open.enter_async_context(_pages(self, server))

    async def stop(self) -> None:
        """Close them; who has a page open sees that the connection is gone."""
        self._app = None
        await self._open.aclose()

    async def _late(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            page = HTMLResponse(self.texts("frame.starting"), 503, headers={"Retry-After": "2", "Refresh": "2"})
            await page(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1013})


@contextlib.asynccontextmanager
async def _pages(desk: Desk, server: uvicorn.Server) -> AsyncIterator[ASGIApp]:
    """NiceGUI's application with our pages in it, running."""
    import nicegui
    from nicegui.server import Server

    from console.pages import files, register

    inner = FastAPI(routes=files(desk), docs_url=None, redoc_url=None, openapi_url=None)
    nicegui.ui.run_with(
        inner,
        title=desk.texts("frame.title"),
        language="zh-CN",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10.0,
    )
    Server.instance = server
    astray = Astray(desk.texts)
    nicegui.app.add_exception_handler(404, astray.missing)
    nicegui.app.add_exception_handler(RequestValidationError, astray.missing)  # a number in an address that is none
    nicegui.app.add_exception_handler(Exception, astray.failed)
    register(desk)
    _keep_apart()
    async with inner.router.lifespan_context(inner):
        yield Gate(desk.services.staff, inner, _owner, (f"/_nicegui/{nicegui.__version__}/",))


def _owner(page: str) -> Session | None:
    """Whose session opened the page of that id."""
    import nicegui

    client = nicegui.Client.instances.get(page)
    return session_of(client.request) if client else None


def _keep_apart() -> None:
    """What comes over a connection reaches only pages of the session that the connection belongs to.

    NiceGUI takes an event for any page whose id it names, and does it as whoever opened that page.
    """
    from nicegui.core import sio

    def foreign(page: str, scope: Scope) -> bool:
        owner = _owner(page)
        return owner is not None and owner.id != session_of(HTTPConnection(scope)).id

    handlers = sio.handlers["/"]
    for name in _OF_A_PAGE:
        heard = inspect.unwrap(handlers[name])  # the desk may be opened more than once in a process

        @functools.wraps(heard)
        async def own(sid: str, message: dict[str, Any], heard: Callable[..., Any] = heard) -> Any:
            if foreign(message["client_id"], sio.get_environ(sid)["asgi.scope"]):
                return False
            result = heard(sid, message)
            return await result if inspect.isawaitable(result) else result

        handlers[name] = own

    connect = inspect.unwrap(handlers["connect"])

    @functools.wraps(connect)
    async def connected(sid: str, environ: dict[str, Any], *more: Any) -> Any:
        scope = environ["asgi.scope"]
        if foreign(HTTPConnection(scope).query_params.get("client_id", ""), scope):
            # As for a page that is gone: the browser loads its own anew.
            environ = environ | {"QUERY_STRING": "implicit_handshake=true&client_id=gone"}
        return await connect(sid, environ, *more)

    handlers["connect"] = connected
