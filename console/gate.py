"""The gate of the desk: whoever has no session is shown the way in; nobody comes in from another site."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.core.texts import Texts
from bot.staff.model import StaffError
from bot.staff.service import Session, Staff
from console.plain import HOME, plain

COOKIE = "zhiyuan"
_LONGEST = 4096  # bytes of a form; a token and a button need far less
_SAFE = ("GET", "HEAD", "OPTIONS")
_LIVE = "/_nicegui_ws/"  # where a page's connection is, by websocket or by polling
_OF_PAGE = "/_nicegui/client/"  # followed by the id of a page: where its uploads go
# Neither another site's frame nor its scripts; the framework's own scripts are inline.
_HEADERS = {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",  # with `no-referrer` a form would come from nowhere
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

Owner = Callable[[str], Session | None]  # whose session opened the page of that id; None when there is no such page


def session_of(connection: HTTPConnection) -> Session:
    """The session that the gate found; only for what stands behind it."""
    found: Session = connection.scope["state"]["session"]
    return found


def token_of(connection: HTTPConnection) -> str:
    """The token in the cookie, or nothing."""
    return connection.cookies.get(COOKIE, "")


def same_site(connection: HTTPConnection) -> bool:
    """Whether a call comes from a page of this very address. A browser always tells where it comes from."""
    headers = Headers(scope=connection.scope)
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return urlsplit(origin).netloc == headers.get("host")


class Gate:
    """Wraps the desk's application; the session it finds stands in the call's state."""

    def __init__(self, staff: Staff, app: ASGIApp, owner: Owner, open_paths: tuple[str, ...] = ()) -> None:
        """`open_paths` are files of the framework, the same for everybody."""
        self._staff = staff
        self._app = app
        self._owner = owner
        self._open = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in or turn away."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["type"] == "http" and scope["method"] in _SAFE and path.startswith(self._open):
            await self._app(scope, receive, send)
            return
        live = path.startswith(_LIVE)
        session = None
        if (scope["type"] == "http" and scope["method"] in _SAFE and not live) or same_site(connection):
            # That a page keeps its connection says nothing about whether somebody sits before it.
            session = await self._staff.session(token_of(connection), alive=not live)
        if session is None or not self._own(path, session):
            await self._refuse(scope, receive, send)
            return
        scope.setdefault("state", {})["session"] = session
        await self._app(scope, receive, _guarded(send))

    def _own(self, path: str, session: Session) -> bool:
        """Whether the page to which a file is sent, if one is, was opened in this very session."""
        owner = self._owner(path.removeprefix(_OF_PAGE).partition("/")[0]) if path.startswith(_OF_PAGE) else None
        return owner is None or owner.id == session.id

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
        elif scope["method"] == "GET":
            await RedirectResponse("/login", 303)(scope, receive, send)
        else:
            await Response(status_code=403)(scope, receive, send)


def _guarded(send: Send) -> Send:
    """What leaves through the gate, with the headers that keep other sites out; an answer's own ones stay."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent


class Door:
    """The pages before the gate: how to come in, coming in, going out."""

    def __init__(self, staff: Staff, texts: Texts) -> None:
        self._staff = staff
        self._texts = texts

    async def show(self, request: Request) -> Response:
        """GET /login: never uses a link up, since programs look at links before people do."""
        token = request.query_params.get("t", "")
        return self._page("login.ready" if token else "login.how", token)

    async def enter(self, request: Request) -> Response:
        """POST /login with the link's token: a session, if the link is good."""
        form = await _form(request)
        if not same_site(request):
            return self._page("login.elsewhere", status=403)
        client = request.client.host if request.client else ""
        try:
            entered = await self._staff.enter(form.get("t", ""), request.headers.get("user-agent", "")[:120], client)
        except StaffError:
            # The same words for used, expired and made up: nothing can be learnt by trying.
            return self._page("login.refused", status=403)
        response = RedirectResponse(HOME, 303)
        response.set_cookie(
            COOKIE,
            entered.token,
            httponly=True,
            samesite="strict",
            # Behind a proxy that speaks TLS for us the call itself is plain; the console's address tells.
            secure="https" in (request.url.scheme, urlsplit(self._staff.console).scheme),
            path="/",
        )
        return response

    async def leave(self, request: Request) -> Response:
        """POST /logout: the session ends; another site cannot end it."""
        form, token = await _form(request), token_of(request)
        if not same_site(request) or not self._staff.csrf_fits(token, form.get("csrf", "")):
            return self._page("login.elsewhere", status=403)
        await self._staff.leave(token)
        response = self._page("login.left")
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    def _page(self, key: str, token: str = "", status: int = 200) -> HTMLResponse:
        button = self._texts("login.enter")
        form = (
            f'<form method="post" action="/login"><input type="hidden" name="t" value="{html.escape(token)}">'
            f'<button autofocus>{html.escape(button)}</button></form>'
            if token
            else ""
        )
        return HTMLResponse(plain(self._texts("login.title"), self._texts(key), form), status, headers=_HEADERS)


async def _form(request: Request) -> Mapping[str, str]:
    """A small form, read without a parser for files."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
