"""The record of every call of the Bot API."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sandbox.settings import Json


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot and what became of it (status 0: the connection was dropped)."""

    at: datetime
    method: str
    params: Json
    status: int
    result: Any

    @property
    def ok(self) -> bool:
        """Whether the method did its work."""
        return self.status == 200

    def json(self) -> Json:
        """The call for another process."""
        return {
            "at": self.at.isoformat(), "method": self.method, "params": self.params,
            "status": self.status, "result": self.result,
        }  # fmt: skip


class Journal:
    """Calls in order, the latest `size` of them, and counters of all."""

    def __init__(self, size: int) -> None:
        self._calls: deque[Call] = deque(maxlen=size)
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    def add(self, call: Call) -> None:
        """Note a call; an empty poll only counts."""
        self.counts[call.method] += 1
        self.statuses[call.status] += 1
        if call.method != "getUpdates" or call.result:
            self._calls.append(call)

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, index: int) -> Call:
        return self._calls[index]

    def of(self, *methods: str, ok: bool | None = None, chat_id: int | None = None) -> list[Call]:
        """The calls of some methods, perhaps only good ones, perhaps only for one chat."""
        return [
            call
            for call in self._calls
            if (not methods or call.method in methods)
            and (ok is None or call.ok is ok)
            and (chat_id is None or str(call.params.get("chat_id")) == str(chat_id))
        ]

    def clear(self) -> None:
        """Begin a new record."""
        self._calls.clear()
        self.counts.clear()
        self.statuses.clear()
