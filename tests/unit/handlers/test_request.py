"""PTB over aiohttp: what goes wrong on the way is told apart, and never tells the token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from telegram import Bot
from telegram.error import NetworkError, RetryAfter, TimedOut

from handlers.receive import seconds_of
from handlers.request import AiohttpRequest, NotDelivered, ServerFailed
from tests.integration.process import free_port

TOKEN = "123456789:AAtokentokentokentokentokentokentok"
Serve = Callable[[Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]], Awaitable[Bot]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server of a few lines and hands out a bot that talks to it."""
    servers: list[asyncio.Server] = []
    requests: list[AiohttpRequest] = []

    async def start(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> Bot:
        servers.append(await asyncio.start_server(answer, "127.0.0.1", 0))
        return await bot_at(servers[-1].sockets[0].getsockname()[1], requests)

    yield start
    for request in requests:
        await request.shutdown()
    for server in servers:
        server.close()


async def bot_at(port: int, requests: list[AiohttpRequest]) -> Bot:
    """A bot over our request, with little patience."""
    request = AiohttpRequest(read_timeout=0.3, connect_timeout=0.3)
    requests.append(request)
    await request.initialize()
    return Bot(TOKEN, base_url=f"http://127.0.0.1:{port}/bot", request=request)


async def test_a_good_answer_is_read(serve: Serve) -> None:
    """The body is JSON, and the parameters arrive."""
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head + await reader.read(1000))
        body = b'{"ok":true,"result":{"message_id":7,"date":1,"chat":{"id":5,"type":"private"}}}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()

    bot = await serve(answer)
    assert (await bot.send_message(5, "执行费")).message_id == 7
    assert b"chat_id" in seen[0]


async def test_nobody_listening_is_known_not_to_have_arrived() -> None:
    """Such a request may be repeated without doubling anything."""
    requests: list[AiohttpRequest] = []
    bot = await bot_at(free_port(), requests)
    with pytest.raises(NotDelivered) as caught:
        await bot.send_message(5, "执行费")
    assert TOKEN not in repr(caught.value)
    await requests[0].shutdown()


@pytest.mark.parametrize(
    ("code", "body", "refused"),
    [
        (500, b'{"ok":false,"error_code":500,"description":"Internal Server Error"}', True),
        (502, b"<html>Bad Gateway</html>", False),
        (503, b"", True),
    ],
)
async def test_a_server_that_fails_says_whether_it_can_have_acted(
    serve: Serve, code: int, body: bytes, refused: bool
) -> None:
    """Its own refusal may be repeated; what a gateway says of a lost answer may not."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d Wrong\r\nContent-Length: %d\r\n\r\n%s" % (code, len(body), body))
        await writer.drain()

    with pytest.raises(ServerFailed) as caught:
        await (await serve(answer)).send_message(5, "执行费")
    assert (caught.value.code, caught.value.refused) == (code, refused)


@pytest.mark.parametrize(
    ("head", "body", "seconds"),
    [
        (b"", b'{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":31}}', 31),
        (b"", b'{"ok":false,"error_code":429,"description":"Too Many Requests"}', 5),
        (b"Retry-After: 17\r\n", b"<html>slow down</html>", 17),
        (b"Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", b"", 5),
    ],
)
async def test_who_is_told_to_slow_down_waits_whoever_says_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, head: bytes, body: bytes, seconds: int
) -> None:
    """A 429 means that the message was not taken, also when a gateway says it, or nobody says for how long."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 429 Slow\r\n%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
        await writer.drain()

    with pytest.raises(RetryAfter) as caught:
        await (await serve(answer)).send_message(5, "执行费")
    assert seconds_of(caught.value) == seconds


async def test_silence_is_a_timeout(serve: Serve) -> None:
    """It may have arrived or not."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        await asyncio.sleep(1)

    with pytest.raises(TimedOut):
        await (await serve(answer)).send_message(5, "执行费")


async def test_a_connection_that_breaks_names_neither_address_nor_token(serve: Serve) -> None:
    """An error's own text may hold the URL, and the URL holds the token."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    with pytest.raises(NetworkError) as caught:
        await (await serve(answer)).send_message(5, "执行费")
    assert TOKEN not in repr(caught.value) + str(caught.value.__cause__) + str(caught.value.__context__ or "")
