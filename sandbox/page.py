"""The chat page: static files, files of messages, and live news."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from sandbox.core import Core

_STATIC = Path(__file__).parent / "static"
_HEARTBEAT = 15.0
# The page shows what a bot sends; nothing of that may run or load from elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_SAFE_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class Page:
    """Serves the page of one sandbox."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def index(self, request: web.Request) -> web.Response:
        """The one HTML file."""
        del request
        return _static("index.html", "text/html")

    async def static(self, request: web.Request) -> web.Response:
        """Script, style, words."""
        name = request.match_info["name"]
        kinds = {"app.js": "text/javascript", "render.js": "text/javascript",
                 "style.css": "text/css", "words.zh.json": "application/json"}  # fmt: skip
        if name not in kinds:
            raise web.HTTPNotFound
        return _static(name, kinds[name])

    async def file(self, request: web.Request) -> web.Response:
        """The content of a file in a message."""
        file_id = request.match_info["file_id"]
        stored = self._core.files.known.get(file_id)
        content = self._core.files.content(file_id)
        if stored is None or content is None:
            raise web.HTTPNotFound
        kind = _image_type(content) or stored.mime
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        if kind not in _SAFE_INLINE:
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=content, content_type=kind, headers=headers)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: every change of the world."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        queue = self._core.events.listen()
        try:
            await response.prepare(request)
            await response.write(b"retry: 1000\n\n")
            while True:
                line = await self._next(queue)
                if line is None:
                    return response
                await response.write(line)
        except ConnectionError:
            return response
        finally:
            self._core.events.forget(queue)

    @staticmethod
    async def _next(queue: asyncio.Queue[dict[str, object] | None]) -> bytes | None:
        with suppress(TimeoutError):
            event = await asyncio.wait_for(queue.get(), _HEARTBEAT)
            if event is None:
                return None
            return f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        return b": still here\n\n"


def _image_type(content: bytes) -> str:
    signs = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
    return next((kind for sign, kind in signs.items() if content.startswith(sign)), "")


def _static(name: str, kind: str) -> web.Response:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
    body = (_STATIC / name).read_bytes()
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)


def add_routes(app: web.Application, core: Core) -> None:
    """Mount the page."""
    page = Page(core)
    app.router.add_get("/", page.index)
    app.router.add_get("/static/{name}", page.static)
    app.router.add_get("/page/files/{file_id}", page.file)
    app.router.add_get("/page/events", page.events)
