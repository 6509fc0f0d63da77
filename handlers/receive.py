"""How updates come in: polling and webhook store each raw update before anything confirms it."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut

from bot.core.clock import Clock
from bot.core.errors import StoreUnavailableError
from bot.core.log import get
from bot.core.privacy import Vault, mask_numbers
from bot.store.rows import NewUpdate
from bot.store.work import Store
from handlers.calls import call

log = get(__name__)

SOURCE = "telegram"
# Everything that we handle, by name: Telegram's default leaves some out, and remembers the last list.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
# Beside a message whose numbers were masked: its words as they were typed, for a document that needs the number.
# Sealed with the update, and gone with it when it is handled.
TYPED = "typed"
_WRITTEN = ("message", "edited_message", "channel_post", "edited_channel_post")
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
    """A raw update ready to be stored, identifiers in its texts masked; None if it has no number.

    It never fails for the shape of an update: what nobody can read is stored all the same, and is
    set aside when it comes to be handled. Otherwise one such update would stop all that follow.
    """
    number = raw.get("update_id")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**63:
        return None
    raw.pop(TYPED, None)
    said = _private_words(raw)
    for part in _WRITTEN:
        _mask(raw.get(part))
    if said is not None and said != _private_words(raw):
        raw[TYPED] = said
    # Half a surrogate pair is valid JSON and no valid text.
    text = json.dumps(raw, ensure_ascii=False).encode("utf-8", "replace").decode()
    return NewUpdate(SOURCE, number, vault.pseudonym(SOURCE, _chat_id(raw)), text)


def _private_words(raw: dict[str, Any]) -> str | None:
    """The words of a new message in a private chat."""
    message = raw.get("message")
    chat = message.get("chat") if isinstance(message, dict) else None
    words = message.get("text") if isinstance(message, dict) else None
    return words if isinstance(chat, dict) and chat.get("type") == "private" and isinstance(words, str) else None


def _mask(message: Any) -> None:
    """Mask a message's words, and those of the messages that it quotes or answers."""
    if not isinstance(message, dict):
        return
    for key, marks in (("text", "entities"), ("caption", "caption_entities")):
        if isinstance(message.get(key), str):
            masked = mask_numbers(message[key])
            if len(masked) != len(message[key]) and isinstance(message.get(marks), list):
                # The offsets no longer fit; what begins before the first change is still right.
                message[marks] = [e for e in message[marks] if isinstance(e, dict) and e.get("offset") == 0]
            message[key] = masked
    for key in ("reply_to_message", "quote", "pinned_message"):
        _mask(message.get(key))


def _chat_id(raw: dict[str, Any]) -> int:
    """The chat whose order the update belongs to; 0 for those that belong to none."""
    for part in _CHAT_PARTS:
        if found := _id_in(raw.get(part), "chat"):
            return found
    press = raw.get("callback_query")
    if isinstance(press, dict):
        return _id_in(press.get("message"), "chat") or _id_in(press, "from")
    return 0


def _id_in(thing: Any, key: str) -> int:
    inner = thing.get(key) if isinstance(thing, dict) else None
    number = inner.get("id") if isinstance(inner, dict) else None
    return number if isinstance(number, int) else 0


class Poller:
    """Long polling that confirms updates only once they are stored.

    PTB's own updater confirms when an update is queued in memory; killed then, it loses the queue.
    """

    PATIENCE = 15.0  # seconds of conflict before giving up; a killed predecessor's poll ends sooner
    FORGIVE = 30.0  # seconds without conflict after which the next one counts as the first

    def __init__(self, bot: Bot, store: Store, accept: Accept, clock: Clock, worker: str, *, wait: int = 25) -> None:
        self._bot = bot
        self._store = store
        self._accept = accept
        self._clock = clock
        self._worker = worker
        self._wait = wait
        self._offset: int | None = None
        self._conflicts = (float("inf"), float("-inf"))  # the first and the last of a series
        self._failures = 0

    async def run(self) -> None:
        """Poll for ever; raises `ConflictError` when another program keeps polling this token."""
        lease = f"poll:{self._store.vault.pseudonym(self._bot.token)}"
        try:
            while True:
                if await self._lead(lease):
                    await self._once()
                else:
                    await asyncio.sleep(2)
        finally:
            with contextlib.suppress(StoreUnavailableError):
                await self._give_back(lease)

    async def _lead(self, lease: str) -> bool:
        """Of several replicas on one database one polls; the next takes over when it is gone."""
        if not self._store.replicated:
            return True
        try:
            async with self._store.work() as work:
                span = timedelta(seconds=self._wait + 15)
                mine = await work.leases.take(lease, self._worker, self._clock.now(), span)
                await work.commit()
        except StoreUnavailableError as error:
            await self._pause(error)
            return False
        return mine

    async def _give_back(self, lease: str) -> None:
        if self._store.replicated:
            async with self._store.work() as work:
                await work.leases.drop(lease, self._worker)
                await work.commit()

    async def _once(self) -> None:
        try:
            updates = await self._get()
            await self._accept([u for raw in updates if (u := stored_form(raw, self._store.vault))])
            # Nothing left: ask without a number, for after a quiet week Telegram may begin with lower ones.
            self._offset = max(int(u["update_id"]) for u in updates) + 1 if updates else None
            self._failures = 0
        except Conflict as error:
            await self._conflict(error)
        except RetryAfter as error:
            await asyncio.sleep(seconds_of(error))
        except TimedOut:
            return
        except InvalidToken as error:
            raise ConflictError("token") from error
        except (TelegramError, StoreUnavailableError, OSError) as error:
            await self._pause(error)

    async def _get(self) -> list[dict[str, Any]]:
        """Raw updates: they are stored as they came, also what this version of PTB does not know.

        `Bot.get_updates` would build objects of all of them first, and one that it cannot read
        would then stop all others.
        """
        wanted = {"limit": 100, "timeout": self._wait, "allowed_updates": ALLOWED_UPDATES, "offset": self._offset}
        found = await call(self._bot, "getUpdates", wanted, read_timeout=self._wait + 10)
        return [raw for raw in found if isinstance(raw, dict)]

    async def _conflict(self, error: Conflict) -> None:
        now = asyncio.get_running_loop().time()
        first, last = self._conflicts
        if now - last > self.FORGIVE:
            first = now
            log.warning("telegram.conflict", meaning="another program receives with this token; waiting for it to stop")
        self._conflicts = (first, now)
        # A random part, so that of two programs that both wait one gives up and the other goes on.
        if now - first > self.PATIENCE * random.uniform(0.8, 1.2):  # noqa: S311 - no secret
            raise ConflictError("webhook" if "webhook" in str(error).lower() else "polling")
        await asyncio.sleep(2)

    async def _pause(self, error: Exception) -> None:
        """Back off; say so once and then only now and then, instead of a line per attempt."""
        self._failures += 1
        if self._failures in (1, 10) or self._failures % 100 == 0:
            log.warning("receive.unreachable", error=type(error).__name__, failures=self._failures)
        await asyncio.sleep(min(15.0, 0.2 * 2 ** min(self._failures, 7)))


def seconds_of(error: RetryAfter) -> float:
    """How long the server wants to be left alone; PTB gives a number or, as `build_bot` asks it to, a timedelta."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


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
        except (ValueError, RecursionError):  # no JSON, or nested without end
            return Response(status_code=400)
        update = stored_form(raw, self._store.vault) if isinstance(raw, dict) else None
        if update is None:
            return Response(status_code=400)
        try:
            await self._accept([update])
        except StoreUnavailableError as error:
            log.warning("webhook.not_stored", why=str(error))
            return Response(status_code=503)  # Telegram tries again
        except Exception:
            log.exception("webhook.not_stored")
            return Response(status_code=503)
        return Response(status_code=200)
