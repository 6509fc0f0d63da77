"""The gate against whoever has no business there: cookies, other sites' forms, links used twice, other people's pages."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import pytest_asyncio

from sandbox import Limits, Settings, create
from tests.console.conftest import House

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("gate")]

_SOCKET = "/desk/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
_ELSEWHERE = {"Origin": "http://evil.example"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A bot that serves, with the desk open."""
    folder = tmp_path_factory.mktemp("gate")
    telegram = create(Settings(limits=Limits.lifted(), page=False))
    await telegram.start()
    made = House(folder, telegram, f"sqlite:///{folder / 'gate.db'}")
    await made.opens()
    yield made
    await made.bot.kill()
    await telegram.stop()


async def boss_link(house: House) -> str:
    """A way into the console for the administrator."""
    return (await house.run("staff", "login-link")).strip()


class Caller:
    """Somebody who calls the console's addresses by hand, with the cookie of a session or none."""

    def __init__(self, house: House, http: aiohttp.ClientSession) -> None:
        self._base, self._http = house.base, http

    async def gets(self, path: str, **headers: str) -> tuple[int, str, str]:
        """The status, where it leads, and the body."""
        async with self._http.get(self._base + path, allow_redirects=False, headers=headers) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()

    async def posts(self, path: str, headers: dict[str, str] | None = None, **form: str) -> int:
        """The status."""
        async with self._http.post(self._base + path, data=form, allow_redirects=False, headers=headers) as answer:
            return answer.status

    async def enters(self, link: str) -> int:
        """Press the button behind a login link."""
        return await self.posts("/login", t=link.partition("t=")[2])

    async def page(self, path: str = "/desk/today") -> str:
        """Open a page of the desk; the id by which the server knows it."""
        status, _, body = await self.gets(path)
        assert status == 200
        found = re.search(r"client_id[^0-9a-f]+([0-9a-f-]{36})", body)
        assert found
        return found[1]

    async def connects(self, page: str, *events: tuple[str, object], **headers: str) -> list[str]:
        """Open the connection of a page as a browser does, send events, and read what comes within a moment."""
        headers = {"Origin": self._base} | headers
        try:
            async with self._http.ws_connect(f"{self._base}{_SOCKET}&client_id={page}", headers=headers) as socket:
                await socket.receive(timeout=5)
                await socket.send_str("40{}")
                await socket.receive(timeout=5)
                for number, event in enumerate(events):
                    await socket.send_str(f"42{number}{json.dumps(event)}")
                heard = []
                while True:
                    try:
                        heard.append(str((await socket.receive(timeout=1)).data))
                    except TimeoutError:
                        return heard
        except aiohttp.WSServerHandshakeError as error:
            return [str(error.status)]


@asynccontextmanager
async def caller(house: House, cookie: str = "", link: str = "") -> AsyncIterator[Caller]:
    """Somebody with that cookie, or who comes in by that link."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, cookies={"zhiyuan": cookie} if cookie else None) as http:
        made = Caller(house, http)
        if link:
            assert await made.enters(link) == 303
        yield made


def handshake(page: str) -> tuple[str, object]:
    """How a browser tells which page it shows."""
    return "handshake", {"client_id": page, "tab_id": "tab", "document_id": "document", "next_message_id": 0}


async def test_without_a_good_cookie_there_is_only_the_way_in(house: House) -> None:
    """None, a made-up one, one that was revoked; a link that was used; and what is open to everybody tells nothing."""
    link = await boss_link(house)
    for cookie in ("", "x" * 43):
        async with caller(house, cookie) as stranger:
            assert await stranger.enters("t=" + "y" * 22) == 403
            for path in ("/desk/", "/desk/today", "/desk/ledger", "/desk/proofs/1/0", "/desk/settings", "/desk/nowhere"):
                assert (await stranger.gets(path))[:2] == (303, "/login")
            assert await stranger.posts("/desk/today") == 403
            assert await stranger.connects("0" * 36) == ["403"]
            assert "zhiyuan_" in (await stranger.gets("/metrics"))[2]
    async with caller(house, link=link) as boss, caller(house) as thief:
        assert await thief.enters(link) == 403
        page = await boss.page()
        await house.run("staff", "revoke", "1")
        assert (await boss.gets("/desk/today"))[:2] == (303, "/login")
        assert await boss.connects(page) == ["403"]


async def test_nobody_comes_in_from_another_site(house: House) -> None:
    """Forms and connections of another site are refused, whatever cookie the browser sends; frames are forbidden."""
    async with caller(house, link=await boss_link(house)) as boss:
        page = await boss.page()
        for foreign in (_ELSEWHERE, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            assert await boss.posts("/desk/today", foreign) == 403
            assert await boss.posts("/logout", foreign) == 403
            assert (await boss.gets("/desk/_nicegui_ws/socket.io/?EIO=4&transport=polling", **foreign))[0] == 303
        assert await boss.connects(page, **_ELSEWHERE) == ["403"]
        assert await boss.posts("/logout") == 403  # of this site, but without the session's own mark
        unused = await boss_link(house)
        assert await boss.posts("/login", _ELSEWHERE, t=unused.partition("t=")[2]) == 403
        async with boss._http.get(f"{house.base}/desk/ledger") as answer:
            assert answer.status == 200
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
            assert answer.headers["Cache-Control"] == "no-store"


async def test_somebody_elses_page_is_out_of_reach(house: House) -> None:
    """A clerk who knows the id of a colleague's open page neither sees what it shows nor presses anything in it."""
    colleague = (await house.admits("王书记员", "clerk", "xixiu")).replace("localhost", "127.0.0.1")
    async with caller(house, link=await boss_link(house)) as boss, caller(house, link=colleague) as clerk:
        theirs, own = await boss.page("/desk/settings"), await clerk.page()
        assert await clerk.posts(f"/desk/_nicegui/client/{theirs}/upload/5", {"Origin": house.base}) == 403
        told = await clerk.connects(theirs + "&implicit_handshake=true&tab_id=tab&document_id=document", handshake(theirs))
        assert not any(theirs in words or "update" in words for words in told)
        assert (await clerk.gets("/desk/chats/1"))[0] == (await clerk.gets("/desk/chats/1/files/1"))[0] == 404
        press = ("event", {"id": 0, "client_id": theirs, "listener_id": "", "args": []})
        told = await clerk.connects(own, handshake(theirs), press, handshake(own))
        assert told[:2] == ["430[false]", "431[false]"]
        assert "432[true]" in told
        assert "430[true]" in await boss.connects(theirs, handshake(theirs))
