"""Flood control: who sends faster than Telegram allows is told to wait, and is watched."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.errors import too_many

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.settings import Clock, Limits


@dataclass(frozen=True, slots=True)
class Violation:
    """A request that came although the bot had been told to wait."""

    at: datetime
    method: str
    chat_id: int
    scope: str
    remaining: float


@dataclass(slots=True)
class _Bucket:
    level: float
    stamp: float

    def wait(self, cost: float, now: float, rate: float, burst: float) -> float:
        """Seconds until `cost` fits; nothing is taken yet."""
        self.level = min(burst, self.level + (now - self.stamp) * rate)
        self.stamp = now
        # An album may cost more than the burst: it goes through when the bucket is full.
        missing = min(cost, burst) - self.level
        return 0.0 if missing <= 1e-9 else missing / rate


class Flood:
    """Buckets per private chat and overall, a sliding minute per group."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self.violations: list[Violation] = []
        self.refusals = 0
        self._clock = clock
        self._private: dict[int, _Bucket] = {}
        self._groups: dict[int, deque[float]] = {}
        self._overall: _Bucket | None = None
        self._parked: dict[int, float] = {}  # chat id, or 0 for all chats -> until

    def reset(self) -> None:
        """Full buckets, nobody parked, no record."""
        self.violations.clear()
        self.refusals = 0
        self._private.clear()
        self._groups.clear()
        self._parked.clear()
        self._overall = None

    def spend(self, method: str, chat_id: int, cost: int = 1) -> None:
        """Account for one request, or raise 429."""
        now = asyncio.get_running_loop().time()
        self._check_parked(method, chat_id, now)
        if wait := self._overall_wait(cost, now):
            self._park(0, wait, now)
        if wait := self._chat_wait(chat_id, cost, now):
            self._park(chat_id, wait, now)
        self._take(chat_id, cost, now)

    def park(self, seconds: float, chat_id: int = 0) -> None:
        """Tell the bot to wait, whatever it did (0 = everywhere)."""
        self._parked[chat_id] = asyncio.get_running_loop().time() + seconds

    def _check_parked(self, method: str, chat_id: int, now: float) -> None:
        for scope in (0, chat_id):
            until = self._parked.get(scope)
            if until is None:
                continue
            # A clock's grain: asking again in the very millisecond of the release is no offence.
            if now >= until - 0.002:
                del self._parked[scope]
                continue
            name = "chat" if scope else "overall"
            self.violations.append(Violation(self._clock.now(), method, chat_id, name, until - now))
            self.refusals += 1
            raise too_many(math.ceil(until - now))

    def _park(self, scope: int, wait: float, now: float) -> None:
        seconds = max(1, math.ceil(wait))
        self._parked[scope] = now + seconds
        self.refusals += 1
        raise too_many(seconds)

    def _overall_wait(self, cost: int, now: float) -> float:
        rate, burst = self.limits.overall_per_second, self.limits.overall_burst
        if rate is None:
            return 0.0
        if self._overall is None:
            self._overall = _Bucket(burst, now)
        return self._overall.wait(cost, now, rate, burst)

    def _chat_wait(self, chat_id: int, cost: int, now: float) -> float:
        if chat_id < 0:
            return self._group_wait(chat_id, cost, now)
        rate, burst = self.limits.private_per_second, self.limits.private_burst
        if rate is None:
            return 0.0
        bucket = self._private.setdefault(chat_id, _Bucket(burst, now))
        return bucket.wait(cost, now, rate, burst)

    def _group_wait(self, chat_id: int, cost: int, now: float) -> float:
        most = self.limits.group_per_minute
        if most is None:
            return 0.0
        sent = self._groups.setdefault(chat_id, deque())
        while sent and sent[0] <= now - 60:
            sent.popleft()
        excess = len(sent) + min(cost, most) - most
        return sent[excess - 1] + 60 - now if excess > 0 else 0.0

    def _take(self, chat_id: int, cost: int, now: float) -> None:
        if self._overall is not None:
            self._overall.level -= cost
        if chat_id < 0:
            if self.limits.group_per_minute is not None:
                self._groups[chat_id].extend([now] * cost)
        elif chat_id in self._private:
            self._private[chat_id].level -= cost
