"""The pages of the desk, one file each; every page shows what services tell and does what services allow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.ledger.model import Broken
from bot.reception.chats import PICTURES
from bot.reception.model import DeskError
from bot.staff.model import Forbidden, Who
from console.fields import LARGEST
from console.gate import session_of
from console.pages import (
    campaigns,
    case,
    chats,
    figures,
    flow,
    follow_ups,
    knowledge,
    ledger,
    obligation,
    petitions,
    reception,
    settings,
    tasks,
    today,
    unreached,
)

if TYPE_CHECKING:
    from console.desk import Desk

_ALL = (
    today, chats, reception, ledger, obligation, case, campaigns, petitions, follow_ups, flow, knowledge, figures, settings, tasks,
    unreached,
)


def register(desk: Desk) -> None:
    """Let NiceGUI know every page."""
    from nicegui import ui

    ui.add_css(desk.look(), shared=True)
    ui.add_head_html('<link rel="icon" href="data:,">', shared=True)
    ui.add_head_html(f"<script>{desk.script()}</script>", shared=True)
    for page in _ALL:
        page.register(desk)


def files(desk: Desk) -> list[BaseRoute]:
    """Addresses behind the gate that are no pages: the way home, and files that people have sent."""

    async def home(request: Request) -> Response:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/today", 303)

    async def handed(request: Request, fetch: Callable[[Who], Awaitable[tuple[str, str, bytes]]]) -> Response:
        """A file that somebody sent; never as a page of ours, whatever it claims to be."""
        who = session_of(request).who
        if any(number > LARGEST for number in request.path_params.values()):
            return Response(status_code=404)
        try:
            name, media_type, content = await fetch(who)
        except Forbidden as error:
            await desk.services.audit.refused(who, error, "page", request.scope["path"])
            return Response(status_code=404)
        except (Broken, DeskError):
            return Response(status_code=404)
        picture = media_type in PICTURES
        headers = {
            "Content-Disposition": f"{'inline' if picture else 'attachment'}; filename*=UTF-8''{quote(name)}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'",
            "Cache-Control": "private, no-store",
        }
        return Response(content, media_type=media_type if picture else "application/octet-stream", headers=headers)

    async def proof(request: Request) -> Response:
        """One file of a payment's proof."""

        async def fetch(who: Who) -> tuple[str, str, bytes]:
            found = await desk.services.cases.picture(who, request.path_params["payment"], request.path_params["number"])
            return found.name, found.media_type, found.content

        return await handed(request, fetch)

    async def sent(request: Request) -> Response:
        """One file of a conversation."""

        async def fetch(who: Who) -> tuple[str, str, bytes]:
            found = await desk.services.chats.file(who, request.path_params["chat"], request.path_params["message"])
            return found.name, found.media_type, found.content

        return await handed(request, fetch)

    return [
        Route("/", home),
        Route("/proofs/{payment:int}/{number:int}", proof),
        Route("/chats/{chat:int}/files/{message:int}", sent),
    ]
