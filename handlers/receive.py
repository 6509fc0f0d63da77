"""How updates come in: polling and webhook store each raw update before anything confirms it."""

from __future__ import annotations

import asyncio
import hmac
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.core.clock import Clock
from bot.core.log import get
from bot.core.privacy import Vault, mask_numbers
from bot.store.rows import NewUpdate
from bot.store.work import Store

log = get(__name__)

SOURCE = "telegram"
# Everything that we handle, by name: Telegram's default leaves some out, and remembers the last list.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_CHAT_PARTS = (
    "message",
    "edited_message",
    "my_chat_member",
    "channel_post",
    "edited_channel_post",
    "chat_member",
    "message_reaction",
    "chat_join_request",
)

Accept = Callable[[Sequence[NewUpdate]], Awaitable[None]]


class ConflictError(Exception):
    """Another program polls with the same token and does not stop."""


def stored_form(raw: dict[str, Any], vault: Vault) -> NewUpdate | None:
    """A raw update ready to be stored, identifiers in its texts masked; None if it has no number."""
    number = raw.get("update_id")
    if not isinstance(number, int):
        return None
    for part in ("message", "edited_message"):
        _mask(raw.get(part))
    return NewUpdate(SOURCE, number, vault.pseudonym(SOURCE, _chat_id(raw)), json.dumps(raw, ensure_ascii=False))


def _mask(message: Any) -> None:
    if not isinstance(message, dict):
        return
    for key in ("text", "caption"):
        if isinstance(message.get(key), str):
            masked = mask_numbers(message[key])
            if len(masked) != len(message[key]):
                # The offsets no longer fit; what begins before the first change is still right.
                message["entities"] = [e for e in message.get("entities", ()) if e.get("offset") == 0]
            message[key] = masked


def _chat_id(raw: dict[str, Any]) -> int:
    for part in _CHAT_PARTS:
        chat = (raw.get(part) or {}).get("chat") if isinstance(raw.get(part), dict) else None
        if chat:
            return int(chat.get("id", 0))
    press = raw.get("callback_query")
    if isinstance(press, dict):
        message = press.get("message") or {}
        return int((message.get("chat") or press.get("from") or {}).get("id", 0))
    return 0


class Poller:
    """Long polling that confirms updates only once they are stored.

    PTB's own updater confirms when an update is queued in memory; killed then, it loses the queue.
    """

    PATIENCE = 20.0  # seconds of conflict before giving up; a killed predecessor's poll ends sooner

    def __init__(self, bot: Bot, store: Store, accept: Accept, clock: Clock, worker: str, *, wait: int = 25) -> None:
        self._bot = bot
        self._store = store
        self._accept = accept
        self._clock = clock
        self._worker = worker
        self._wait = wait
        self._offset: int | None = None
        self._conflict_since: float | None = None
        self._failures = 0
        self.alive_at = float("-inf")

    async def run(self) -> None:
        """Poll for ever; raises `ConflictError` when another program keeps polling this token."""
        lease = f"poll:{self._store.vault.pseudonym(self._bot.token)}"
        try:
            while True:
                if self._store.replicated and not await self._lead(lease):
                    await asyncio.sleep(2)
                    continue
                await self._once()
        finally:
            if self._store.replicated:
                async with self._store.work() as work:
                    await work.leases.drop(lease, self._worker)
                    await work.commit()

    async def _lead(self, lease: str) -> bool:
        """Of several replicas on one database one polls; the next takes over when it is gone."""
        async with self._store.work() as work:
            span = timedelta(seconds=self._wait + 15)
            mine = await work.leases.take(lease, self._worker, self._clock.now(), span)
            await work.commit()
        return mine

    async def _once(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            updates = await self._get()
            accepted = [u for raw in updates if (u := stored_form(raw, self._store.vault))]
            await self._accept(accepted)
            if updates:
                self._offset = max(int(u["update_id"]) for u in updates) + 1
            self._failures, self._conflict_since, self.alive_at = 0, None, loop.time()
        except Conflict:
            await self._conflict(loop.time())
        except RetryAfter as error:
            after = error.retry_after
            await asyncio.sleep(after.total_seconds() if isinstance(after, timedelta) else after)
        except TimedOut:
            self.alive_at = loop.time()
        except InvalidToken as error:
            raise ConflictError("token") from error
        except (NetworkError, TelegramError, OSError) as error:
            await self._pause(error)

    async def _get(self) -> list[dict[str, Any]]:
        updates = await self._bot.get_updates(
            offset=self._offset,
            limit=100,
            timeout=self._wait,
            allowed_updates=ALLOWED_UPDATES,
            read_timeout=self._wait + 10,
        )
        # Back into the raw form, which keeps what this version of the library does not know.
        return [update.to_dict() for update in updates]

    async def _conflict(self, now: float) -> None:
        if self._conflict_since is None:
            self._conflict_since = now
            log.warning("telegram.conflict", meaning="another program polls with this token; waiting for it to stop")
        # A random part, so that of two programs that both wait one gives up and the other goes on.
        elif now - self._conflict_since > self.PATIENCE * random.uniform(0.8, 1.2):  # noqa: S311 - no secret
            raise ConflictError("polling")
        await asyncio.sleep(2)

    async def _pause(self, error: Exception) -> None:
        """Back off; say so once and then only now and then, instead of a line per attempt."""
        self._failures += 1
        if self._failures in (1, 10) or self._failures % 100 == 0:
            log.warning("telegram.unreachable", error=type(error).__name__, failures=self._failures)
        await asyncio.sleep(min(15.0, 0.2 * 2 ** min(self._failures, 7)))


class Webhook:
    """The address that Telegram calls: checks the secret, stores, and only then says 200."""

    def __init__(self, secret: str, store: Store, accept: Accept) -> None:
        self._secret = secret.encode()
        self._store = store
        self._accept = accept

    async def endpoint(self, request: Request) -> Response:
        """One update; 403 without the secret, 400 for what is no update, 503 if it cannot be stored."""
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), self._secret):
            return Response(status_code=403)
        try:
            raw = await request.json()
        except ValueError:
            return Response(status_code=400)
        update = stored_form(raw, self._store.vault) if isinstance(raw, dict) else None
        if update is None:
            return Response(status_code=400)
        try:
            await self._accept([update])
        except Exception:
            log.exception("webhook.not_stored")
            return Response(status_code=503)
        return Response(status_code=200)
