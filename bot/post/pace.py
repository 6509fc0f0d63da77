"""Pace: how fast messages may leave, per chat and overall, answers before broadcasts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


class Rate:
    """A steady rate with a burst (GCRA): tells when the next one may go, keeps one number."""

    __slots__ = ("_interval", "_next", "_slack")

    def __init__(self, per_second: float, burst: float = 1.0) -> None:
        self._interval = 1.0 / per_second
        self._slack = (burst - 1.0) * self._interval
        self._next = float("-inf")

    def ready_at(self) -> float:
        """The moment from which the next one may go."""
        return self._next - self._slack

    def take(self, now: float) -> None:
        """One goes now."""
        self._next = max(self._next, now) + self._interval

    def charge(self, now: float, most: float) -> None:
        """One went another way and counts here too, but delays nothing by more than `most` seconds."""
        self._next = max(self._next, min(max(self._next, now) + self._interval, now + most))

    def room(self, now: float) -> int:
        """How many may go at this moment."""
        spare = now + self._slack - max(self._next, now) + 1e-6
        return int(spare / self._interval) + 1 if spare >= 0 else 0

    def give_back(self) -> None:
        """The one that was to go does not."""
        self._next -= self._interval

    def spend(self, now: float) -> None:
        """As if the whole burst had just gone at that moment."""
        self._next = now + self._slack + self._interval

    def idle(self, now: float) -> bool:
        """Whether the full burst is there again, so that this rate may be forgotten."""
        return self._next <= now


class Window:
    """At most so many within any stretch of so many seconds, however unevenly they go.

    One that has its place and has not left yet counts all the time.
    """

    __slots__ = ("_moments", "_most", "_places", "_span")

    def __init__(self, most: int, span: float) -> None:
        self._most = most
        self._span = span
        self._places = 0
        self._moments: deque[float] = deque(maxlen=most)

    def ready_at(self) -> float:
        """The moment from which the next one may go; as long as every place is held, none."""
        room = self._most - self._places
        if room <= 0:
            return float("inf")
        return self._moments[-room] + self._span if len(self._moments) >= room else float("-inf")

    def hold(self) -> None:
        """One will go in a moment."""
        self._places += 1

    def free(self) -> None:
        """One that was to go went, or did not after all."""
        self._places -= 1

    def take(self, now: float) -> None:
        """One goes now."""
        self._moments.append(now)


@dataclass(frozen=True, slots=True)
class PaceLimits:
    """How fast messages may leave (messages a second, and how many at once)."""

    chat_per_second: float = 1.0
    chat_burst: int = 3
    group_per_second: float = 0.3
    replies_per_second: float = 300.0
    bulk_per_second: float = 29.5
    in_flight: int = 64
    bulk_in_flight: int = 1


class Pace:
    """Knows when a message may leave, and keeps a 429 to the second.

    A short park (up to `LONG_PARK` seconds) stops everything: nobody is hurt by a few seconds, and
    going on regardless is what gets a bot limited for hours. A long one stops its own chat and all
    broadcasts, while answers to other people go on. Refusals of two chats within `TELLING` seconds
    are not about a chat but about all of us together: then answers leave at `CAREFUL_RATE` for a
    while, instead of running into the same wall after every park.
    """

    LONG_PARK = 30.0
    MOST_DELAY = 1.1  # seconds by which any number of answers may hold up a broadcast's next message
    GIVE_WAY = 0.25  # seconds by which a broadcast may hold up an answer
    MARGIN = 0.05  # seconds added to what the server asked for: its clock is not ours
    TELLING = 10.0
    CAREFUL = 60.0  # seconds
    CATCH_UP = 6.0  # broadcast messages that may follow each other at once after a stall
    CAREFUL_RATE = 25.0  # messages a second: below the thirty that Telegram names

    def __init__(self, limits: PaceLimits) -> None:
        self.limits = limits
        # The burst: a tenth of a second's worth, because all of it is under way before the first refusal.
        self._replies = Rate(limits.replies_per_second, max(1.0, limits.replies_per_second / 10))
        self._careful = Rate(self.CAREFUL_RATE)
        self._careful_until = float("-inf")
        self._refused: tuple[str, float] = ("", float("-inf"))
        # What a stall of the process has cost is caught up, and yet no second of any beginning holds
        # more than the thirty that Telegram names, answers counted in.
        self._bulk = Rate(limits.bulk_per_second, self.CATCH_UP)
        most = int(limits.bulk_per_second) + 1
        self._second = Window(most, most / limits.bulk_per_second)
        self._most_delay = max(self.MOST_DELAY, 1.0 / limits.bulk_per_second)
        self._bulk_turn = float("inf")  # when the last broadcast message had its turn
        self._bulk_left = float("-inf")  # when the last one left
        self._chats: dict[str, Rate] = {}
        self._parks: dict[str, float] = {}
        self._park = self._bulk_park = float("-inf")

    def open_at(self, *, bulk: bool) -> float:
        """When the next answer (or broadcast message) may leave, whatever the chat."""
        full = self._second.ready_at()
        if bulk:
            turn = min(max(self._bulk.ready_at(), full), self._bulk_turn + self._most_delay)
            # Whoever takes from the careful rate waits for it as well: else broadcasts would run it up for answers.
            return max(self._park, self._bulk_park, turn, self._careful.ready_at())
        # The thirty-first of a second is refused, whoever it is: beside a broadcast an answer waits for its
        # place, a fifth of a second at most. What many answers fill among themselves is no reason to wait.
        place = full if full <= self._bulk_left + self.GIVE_WAY else float("-inf")
        return max(self._park, self._replies.ready_at(), self._careful.ready_at(), place)

    def chat_ready_at(self, lane: str) -> float:
        """When this chat may get its next message."""
        rate = self._chats.get(lane)
        return max(self._parks.get(lane, float("-inf")), rate.ready_at() if rate else float("-inf"))

    def take(self, lane: str, now: float, *, group: bool, bulk: bool) -> None:
        """A message of that chat leaves now, or, of a broadcast, has its turn: `leaves` or `stayed` follows."""
        if bulk:
            self._bulk.take(now)
            self._bulk_turn = now
            self._second.hold()
        else:
            self._second.take(now)
            self._replies.take(now)
            # Telegram counts answers too: what they take is not there for broadcasts.
            self._bulk.charge(now, self._most_delay)
        if now < self._careful_until:
            self._careful.take(now)
        rate = self._chats.get(lane)
        if rate is None:
            if len(self._chats) >= 10_000:
                self._forget(now)
            per_second = self.limits.group_per_second if group else self.limits.chat_per_second
            rate = self._chats[lane] = Rate(per_second, self.limits.chat_burst)
        rate.take(now)

    def leaves(self, now: float) -> None:
        """The message of a broadcast that had its turn leaves: checking it once more took its time."""
        self._second.free()
        self._second.take(now)
        self._bulk_left = now

    def stayed(self) -> None:
        """It does not leave after all: the next one need not wait for its turn."""
        self._second.free()
        self._bulk.give_back()

    def park(self, lane: str, now: float, seconds: float) -> None:
        """The server said 429 for that chat: keep still until its time has really passed."""
        until = now + seconds + self.MARGIN
        self._parks[lane] = max(until, self._parks.get(lane, until))
        self._bulk_park = max(until, self._bulk_park)
        if seconds <= self.LONG_PARK:
            self._park = max(until, self._park)
        before, at = self._refused
        if before not in ("", lane) and now - at <= self.TELLING:
            self._careful_until = until + self.CAREFUL
        self._refused = (lane, now)

    def parked_for(self, now: float) -> float:
        """Seconds that everything still has to keep still."""
        return max(0.0, self._park - now)

    def bulk_parked_for(self, now: float) -> float:
        """Seconds that broadcasts still have to keep still."""
        return max(0.0, self._park - now, self._bulk_park - now)

    def _forget(self, now: float) -> None:
        self._chats = {lane: rate for lane, rate in self._chats.items() if not rate.idle(now)}
        self._parks = {lane: until for lane, until in self._parks.items() if until > now}
