"""The HTTP server of the process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route
from typing_extensions import override

from bot.core.log import get
from bot.core.metrics import WAITING
from bot.service import Services
from console.desk import Desk
from console.status import render

log = get(__name__)


def _told(task: asyncio.Task[None]) -> None:
    """The bot goes on without the pages, but somebody must know."""
    if not task.cancelled() and task.exception():
        log.error("desk.not_open", exc_info=task.exception())


class _Server(uvicorn.Server):
    """Uvicorn without hands on the process's signals: `main.py` owns start and stop."""

    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Opens the port; `serving` turns true once the bot takes questions."""

    def __init__(self, services: Services, routes: Sequence[BaseRoute], desk: Desk | None = None) -> None:
        self._services = services
        self._desk = desk
        self._opening: asyncio.Task[None] | None = None
        self.serving = False
        app = Starlette(routes=[
            Route("/", self._status),
            Route("/healthz", self._health),
            Route("/metrics", self._metrics),
            *routes,
            *(desk.routes() if desk else ()),
        ])
        http = services.settings.http
        config = uvicorn.Config(
            app,
            host=http.host,
            port=http.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
            lifespan="off",
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Where the open port is."""
        host, port = self._server.servers[0].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    async def start(self) -> None:
        """Return when the port is open; OSError when it is taken."""
        self._task = asyncio.create_task(self._serve(), name="http")
        while not self._server.started:
            if self._task.done():
                await self._task
                return
            await asyncio.sleep(0.01)

    async def _serve(self) -> None:
        try:
            await self._server.serve()
        except SystemExit as error:  # uvicorn's way of saying that the port is taken
            http = self._services.settings.http
            raise OSError(f"http.port: {http.host}:{http.port} cannot be opened; is another copy running?") from error

    def open_desk(self) -> None:
        """Open the staff's pages; the bot answers meanwhile."""
        if self._desk is not None:
            self._opening = asyncio.create_task(self._desk.start(self._server), name="desk")
            self._opening.add_done_callback(_told)

    async def stop(self) -> None:
        """Close the port."""
        if self._desk is not None and self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
            await self._desk.stop()
        self._server.should_exit = True
        if self._task:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _health(self, request: Request) -> Response:
        state = {"status": "ok" if self.serving else "starting", "knowledge": self._services.library.knowledge.version}
        return JSONResponse(state, status_code=200 if self.serving else 503)

    async def _status(self, request: Request) -> Response:
        return HTMLResponse(await render(self._services, serving=self.serving))

    async def _metrics(self, request: Request) -> Response:
        WAITING.labels("inbox").set(self._services.inbox.waiting())
        WAITING.labels("outbox").set(self._services.sender.waiting())
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
