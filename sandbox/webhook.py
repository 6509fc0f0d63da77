"""Delivers updates to a webhook the way Telegram does: per queue one at a time, with patience."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.settings import Clock, Json, Limits
    from sandbox.updates import Pending, Updates

_REFUSED_IN_REPLY = ("get", "setwebhook", "deletewebhook", "close", "logout")


@dataclass(frozen=True, slots=True)
class Hook:
    """What setWebhook was told."""

    url: str
    secret_token: str = ""
    max_connections: int = 40
    allowed_updates: list[str] = field(default_factory=list)


class Webhook:
    """One task per queue that has something to deliver, `max_connections` at work at a time."""

    def __init__(self, updates: Updates, limits: Limits, clock: Clock) -> None:
        self._updates = updates
        self._limits = limits
        self._clock = clock
        self.hook: Hook | None = None
        self.last_error: tuple[int, str] | None = None
        self.call: Callable[[str, Json], Awaitable[None]] | None = None
        self._session: aiohttp.ClientSession | None = None
        self._gate = asyncio.Semaphore(40)
        self._queues: dict[str, deque[Pending]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        updates.on_new = self._offer

    async def set(self, hook: Hook) -> None:
        """Deliver there from now on, beginning with what is pending."""
        await self.stop()
        self.hook = hook
        self.last_error = None
        self._gate = asyncio.Semaphore(hook.max_connections)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._limits.webhook_timeout),
            connector=aiohttp.TCPConnector(limit=0),
        )
        for pending in self._updates.pending.values():
            self._offer(pending)

    async def stop(self) -> None:
        """No more deliveries; what was not confirmed stays pending."""
        self.hook = None
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._queues.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def clear(self) -> None:
        """drop_pending_updates."""
        for queue in self._queues.values():
            queue.clear()

    def _offer(self, pending: Pending) -> bool:
        if self.hook is None:
            return False
        self._queues.setdefault(pending.queue, deque()).append(pending)
        if pending.queue not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._drain(pending.queue))
            self._tasks[pending.queue] = task
        return True

    async def _drain(self, name: str) -> None:
        queue = self._queues[name]
        fails = 0
        while queue:
            pending = queue[0]
            if self._too_old(pending):
                fails = 0
                queue.popleft()
                continue
            async with self._gate:
                wait = await self._deliver(pending, fails)
            if wait is None:
                fails = 0
                if queue and queue[0] is pending:
                    queue.popleft()
                self._updates.confirm(pending.id)
            else:
                fails += 1
                await asyncio.sleep(wait)
        del self._queues[name], self._tasks[name]

    def _too_old(self, pending: Pending) -> bool:
        if pending.born + pending.lives > self._clock.now().timestamp():
            return False
        self._updates.expire()
        return True

    async def _deliver(self, pending: Pending, fails: int) -> float | None:
        """None when the bot took it, else the seconds to wait before the next try."""
        if self.hook is None or self._session is None:
            return 0.0
        headers = {}
        if self.hook.secret_token:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.hook.secret_token
        try:
            async with self._session.post(self.hook.url, json=pending.json(), headers=headers) as answer:
                body = await answer.read()
                if 200 <= answer.status < 300:
                    await self._reply(answer.content_type, body)
                    return None
                error = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                asked = _seconds(answer.headers.get("Retry-After", ""))
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            error, asked = _explain(problem), 0.0
        self.last_error = (int(self._clock.now().timestamp()), error)
        return asked or self._delay(fails)

    def _delay(self, fails: int) -> float:
        grown = self._limits.webhook_retry_first * self._limits.webhook_retry_factor**fails
        return min(grown, self._limits.webhook_retry_max)

    async def _reply(self, content_type: str, body: bytes) -> None:
        """The bot may call one method in its answer; it never learns the result."""
        params = _method_call(content_type, body)
        method = str(params.pop("method", "")).lower()
        if method and self.call is not None and not method.startswith(_REFUSED_IN_REPLY):
            await self.call(method, params)


def _method_call(content_type: str, body: bytes) -> Json:
    if content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    if content_type == "application/json" and body.strip():
        try:
            value = json.loads(body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}
    return {}


def _seconds(value: str) -> float:
    return min(float(value), 3600.0) if value.isdigit() else 0.0


def _explain(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return "Read timeout expired"
    if isinstance(problem, aiohttp.ClientConnectorError):
        return "Connection refused"
    return "Webhook connection closed"
