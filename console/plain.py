"""Pages without the frame: the way in, and what is said when a page does not exist or could not be shown."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.core.log import get
from bot.core.texts import Texts

HOME = "/desk/"
_PAGE = Template(Path(__file__).with_name("plain.html").read_text(encoding="utf-8"))

log = get(__name__)


def plain(title: str, words: str, deed: str = "") -> str:
    """A small page as HTML; `deed` is markup of ours: a form or a link."""
    return _PAGE.substitute(title=html.escape(title), words=html.escape(words), deed=deed)


class Astray:
    """What a browser is shown instead of a page: in words, with the status that is meant, and a way back."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def missing(self, _request: Request, _error: Exception) -> Response:
        """404: no such address, or one whose number or day cannot be."""
        return self._told("missing", 404)

    async def failed(self, request: Request, error: Exception) -> Response:
        """500: logged with everything; the person is told what to do."""
        log.error("desk.page_failed", path=request.url.path, exc_info=error)
        return self._told("failed", 500)

    def _told(self, what: str, status: int) -> HTMLResponse:
        home = f'<a href="{HOME}">{html.escape(self._texts("astray.home"))}</a>'
        return HTMLResponse(plain(self._texts(f"astray.{what}.title"), self._texts(f"astray.{what}.words"), home), status)
