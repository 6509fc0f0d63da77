"""The pages of the desk, one file each; every page shows what services tell and does what services allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.ledger.model import Broken
from bot.staff.model import Forbidden
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
_PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")


def register(desk: Desk) -> None:
    """Let NiceGUI know every page."""
    from nicegui import ui

    ui.add_css(desk.look(), shared=True)
    ui.add_head_html(f"<script>{desk.script()}</script>", shared=True)
    for page in _ALL:
        page.register(desk)


def files(desk: Desk) -> list[BaseRoute]:
    """Addresses behind the gate that are no pages: the way home, and the pictures of proofs."""

    async def home(request: Request) -> Response:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/today", 303)

    async def proof(request: Request) -> Response:
        """One picture of a payment's proof; never as a page of ours, whatever it claims to be."""
        who, payment = session_of(request).who, request.path_params["payment"]
        if payment > LARGEST:
            return Response(status_code=404)
        try:
            found = await desk.services.cases.proof_files(who, payment)
        except (Forbidden, Broken):
            return Response(status_code=404)
        number = request.path_params["number"]
        if number >= len(found):
            return Response(status_code=404)
        picture = found[number]
        shown = picture.media_type if picture.media_type in _PICTURES else "application/octet-stream"
        way = "inline" if picture.media_type in _PICTURES else "attachment"
        headers = {
            "Content-Disposition": way,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'",
            "Cache-Control": "private, no-store",
        }
        return Response(picture.content, media_type=shown, headers=headers)

    return [Route("/", home), Route("/proofs/{payment:int}/{number:int}", proof)]
