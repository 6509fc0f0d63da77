"""PTB's HTTP client over aiohttp: pooled connections, five times as fast as the default (docs/why.md)."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
from telegram.error import NetworkError, RetryAfter, TimedOut
from telegram.request import BaseRequest, RequestData
from typing_extensions import override

from bot.core.log import get

log = get(__name__)

UNTOLD = 5  # seconds to keep still after a 429 that does not say how long


class NotDelivered(NetworkError):
    """The request never reached the server: it may be repeated without doubling anything."""


class Interrupted(NetworkError):
    """The connection broke on the way: nobody can know whether the server has acted."""


class ServerFailed(NetworkError):
    """The server answered 5xx; `refused` tells that it certainly has not acted.

    503 says that the request was not taken up. 500 in the Bot API's own words says that it failed; only
    with "restart" it gave up on something that may have left already. 502 and 504 are a gateway's, which
    has lost the answer of a server that may have acted (RFC 9110, 15.6.3 and 15.6.5).
    """

    def __init__(self, code: int, payload: bytes) -> None:
        said = _description(payload)
        self.code = code
        self.refused = code == 503 or (code == 500 and said != "" and "restart" not in said.lower())
        super().__init__(f"{said or 'server error'} ({code})")


class AiohttpRequest(BaseRequest):
    """A `telegram.request.BaseRequest`; one for the process's life, opened by `initialize`."""

    def __init__(self, *, connections: int = 128, read_timeout: float = 10.0, connect_timeout: float = 5.0) -> None:
        self._connections = connections
        self._read_timeout = read_timeout
        self._connect_timeout = connect_timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    @override
    def read_timeout(self) -> float | None:
        """Seconds that an answer may take."""
        return self._read_timeout

    @override
    async def initialize(self) -> None:
        """Open the connection pool; a second call changes nothing."""
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=60)
            self._session = aiohttp.ClientSession(connector=connector)

    @override
    async def shutdown(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()

    @override
    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send one request; TimedOut and NetworkError as PTB defines them."""
        if self._session is None:
            raise RuntimeError("the request object is not open; call initialize() first")
        read = self._read_timeout if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        timeout = aiohttp.ClientTimeout(total=None, connect=self._connect_timeout, sock_read=read)
        try:
            async with self._session.request(method, url, timeout=timeout, **_body(request_data)) as response:
                status, payload, headers = response.status, await response.read(), response.headers
        except aiohttp.ConnectionTimeoutError as error:
            raise NotDelivered("connecting took too long") from error
        except aiohttp.ClientConnectorError as error:
            raise NotDelivered(f"no connection: {type(error.os_error).__name__}") from error
        except (TimeoutError, aiohttp.SocketTimeoutError) as error:
            raise TimedOut("no answer in time") from error
        except aiohttp.ClientError as error:
            # Never the error's own text: it may hold the URL, and the URL holds the token.
            raise Interrupted(f"connection broke: {type(error).__name__}") from None
        if status >= 500:
            raise ServerFailed(status, payload)
        if status == 429 and not _told(payload).get("parameters"):
            # A gateway's: the message was not taken, and PTB would know neither that nor how long to wait.
            said = headers.get("Retry-After", "")
            raise RetryAfter(int(said) if said.isdecimal() and int(said) else UNTOLD)
        return status, payload


def _told(payload: bytes) -> dict[str, Any]:
    """The Bot API's own answer when it refuses; empty when somebody else has answered."""
    try:
        told = json.loads(payload)
    except ValueError:
        return {}
    return told if isinstance(told, dict) and told.get("ok") is False else {}


def _description(payload: bytes) -> str:
    """What the Bot API itself says of a failure; empty when somebody else has answered."""
    return str(_told(payload).get("description", ""))


def _body(data: RequestData | None) -> dict[str, Any]:
    """The parameters in the form that suits them: multipart only where there are files."""
    if data is None:
        return {}
    if not data.contains_files:
        return {"data": data.json_payload, "headers": {"Content-Type": "application/json"}}
    # Names of files as they are: quoted, a Chinese one would reach people as %E8%87%AA….
    form = aiohttp.FormData(quote_fields=False)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return {"data": form}
