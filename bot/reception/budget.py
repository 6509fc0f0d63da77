"""What a group may be written: so many messages in any minute, a part of them kept for people not served lately."""

from __future__ import annotations

from collections import deque

SPAN = 60.5  # seconds; Telegram counts by the minute, and its clock is not ours
GAP = 5.0  # seconds between two messages of one topic once the minute is filling up: words come together meanwhile


class Budget:
    """Counts what went to the group, and says who may be served.

    A person who writes line after line must not use up the minute: a third of it is kept for those
    who were not served within it, and from a third on a topic waits a little between its messages.
    """

    def __init__(self, most: int) -> None:
        self._most = max(1, most)
        self._kept = self._most // 3
        self._moments: deque[float] = deque(maxlen=self._most)
        self._served: dict[int, float] = {}

    def ready_at(self) -> float:
        """The moment from which anything at all may be sent."""
        return self._moments[0] + SPAN if len(self._moments) == self._most else float("-inf")

    def take(self, now: float) -> None:
        """One goes now."""
        self._moments.append(now)

    def serve(self, who: int, now: float) -> None:
        """Somebody is served now."""
        if len(self._served) > 1000:
            self._served = {w: at for w, at in self._served.items() if now - at < SPAN}
        self._served[who] = now

    def may(self, who: int, now: float, *, new: bool) -> bool:
        """Whether somebody may be served now; `new` are those whose topic is just being made."""
        used = sum(now - at < SPAN for at in self._moments)
        before = self._served.get(who)
        if new or before is None or now - before >= SPAN:
            return used < self._most
        return used < self._most - self._kept and (used < self._kept or now - before >= GAP)
