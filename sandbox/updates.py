"""The queue of updates for the bot, and getUpdates."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from sandbox.errors import POLL_CONFLICT, ApiError, conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.settings import Clock, Json, Limits

# Kinds that a bot gets only if it asks for them.
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(slots=True)
class Pending:
    """An update that the bot has not confirmed.

    `queue` is Telegram's delivery queue for webhooks: one update of a queue at a time.
    """

    id: int
    kind: str
    body: Json
    queue: str
    born: float
    lives: float

    def json(self) -> Json:
        """The Bot API's Update."""
        return {"update_id": self.id, **self.body}


class Updates:
    """Pending updates in order of arrival."""

    def __init__(self, clock: Clock, limits: Limits, seed: int | None) -> None:
        self._clock = clock
        self._limits = limits
        # Ids start anywhere, as on Telegram; a bot must not rely on small numbers.
        self.next_id = random.Random(seed).randrange(10**8, 9 * 10**8)  # noqa: S311 - not a secret
        self.pending: dict[int, Pending] = {}
        self.past: deque[Pending] = deque(maxlen=10_000)
        self.allowed: list[str] = []
        self.dropped = 0
        self._disorderly = False
        self._again: deque[Pending] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._last_poll: tuple[int, float] = (0, float("-inf"))
        # Set by the webhook: says whether it takes the update.
        self.on_new: Callable[[Pending], bool] = lambda _: False

    def wanted(self, kind: str) -> bool:
        """Whether the bot asked for updates of this kind."""
        return kind in self.allowed if self.allowed else kind not in _ON_REQUEST

    def add(self, kind: str, payload: Json, queue: str, lives: float | None = None) -> int | None:
        """Queue an update; None if the bot does not want that kind."""
        if not self.wanted(kind):
            return None
        pending = Pending(
            self.next_id, kind, {kind: payload}, queue, self._now(),
            lives if lives is not None else self._limits.update_hours * 3600,
        )  # fmt: skip
        self.next_id += 1
        self._enqueue(pending)
        return pending.id

    def inject(self, body: Json) -> int:
        """Queue an update as it stands, even one of an unknown kind; it may bring its own id."""
        body = dict(body)
        own_id = body.pop("update_id", None)
        update_id = int(own_id) if own_id is not None else self.next_id
        if own_id is None:
            self.next_id += 1
        else:
            self._disorderly = True
        kind = next(iter(body), "unknown")
        payload = body.get(kind)
        chat = payload.get("chat", {}) if isinstance(payload, dict) else {}
        queue = f"chat:{chat['id']}" if "id" in chat else f"{kind}:{update_id}"
        lives = self._limits.update_hours * 3600
        self._enqueue(Pending(update_id, kind, body, queue, self._now(), lives))
        return update_id

    def redeliver(self, update_id: int) -> None:
        """Hand an update over once more, whether it was confirmed or not."""
        known = self.pending.get(update_id) or next(
            (past for past in reversed(self.past) if past.id == update_id), None
        )
        if known is None:
            raise LookupError(f"update {update_id} is not known")
        if not self.on_new(known) and update_id not in self.pending:
            self._again.append(known)
        self._wake()

    def confirm(self, update_id: int) -> None:
        """The bot has taken this one."""
        if pending := self.pending.pop(update_id, None):
            self.past.append(pending)

    def clear(self) -> None:
        """drop_pending_updates."""
        self.pending.clear()
        self._again.clear()

    def expire(self) -> None:
        """Telegram keeps updates for 24 hours."""
        now = self._now()
        while self.pending:
            oldest = next(iter(self.pending.values()))
            if oldest.born + oldest.lives > now:
                return
            del self.pending[oldest.id]
            self.dropped += 1

    def interrupt(self, error: ApiError) -> None:
        """End the poll that waits, if any, with an error."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    async def poll(self, offset: int, limit: int, wait: float) -> list[Json]:
        """getUpdates: confirm below offset, return up to limit, wait if there is none."""
        self.interrupt(conflict(POLL_CONFLICT))
        wait = self._held_back(offset, min(wait, self._limits.poll_seconds))
        self._forget_below(offset)
        if not self.pending and not self._again and wait > 0:
            await self._wait(wait)
        self.expire()
        batch = [self._again.popleft() for _ in range(min(limit, len(self._again)))]
        for pending in self.pending.values():
            if len(batch) >= limit:
                break
            batch.append(pending)
        return [pending.json() for pending in batch]

    def _held_back(self, offset: int, wait: float) -> float:
        now = asyncio.get_running_loop().time()
        last_offset, last_time = self._last_poll
        self._last_poll = (offset, now)
        hold = self._limits.repeat_poll_seconds
        return hold if offset == last_offset and wait < hold and now < last_time + hold else wait

    def _forget_below(self, offset: int) -> None:
        if offset < 0:
            for update_id in list(self.pending)[:offset]:
                self.confirm(update_id)
        elif offset > 0:
            self._confirm_below(offset)

    def _confirm_below(self, offset: int) -> None:
        # Ids rise, unless a test has injected its own: then look at all of them.
        known = sorted(self.pending) if self._disorderly else self.pending
        for update_id in list(takewhile(offset.__gt__, known)):
            self.confirm(update_id)

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = loop.call_later(seconds, self._wake)
        try:
            await waiter
        finally:
            timer.cancel()
            if self._waiter is waiter:
                self._waiter = None

    def _enqueue(self, pending: Pending) -> None:
        self.pending[pending.id] = pending
        self._wake()
        self.on_new(pending)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _now(self) -> float:
        return self._clock.now().timestamp()
