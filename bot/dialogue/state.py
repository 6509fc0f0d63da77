"""Where a dialogue stands: a few facts in the conversation's row, never in a process's memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.consult.following import following
from bot.consult.model import Context, Decision, Verdict, Viewpoint
from bot.dialogue.labels import SEEN, Shown, pressed_by, remembered

ECHO_SECONDS = 3  # a second press within this time is the same press
_OF_THE_CHAT = ("greeted", "tokens", "tokens_at", "slowed_at")


@dataclass(slots=True)
class State:
    """What the next turn must know of the turns before: numbers and topics, never anybody's words."""

    greeted: bool = False
    topic: str | None = None  # the last topic that was answered
    topic_at: float = 0.0
    question_id: int | None = None  # the channel's number of the last question's message
    viewpoint: str | None = None
    offered: list[str] = field(default_factory=list)  # topics offered in a question back
    sides: dict[str, str] = field(default_factory=dict)  # viewpoint -> topic, after asking who asks
    clarifies: bool = False  # the last turn was a question back
    misses: int = 0  # questions in a row that found no answer
    tokens: float = -1.0  # messages that may still come in this minute; -1: not counted yet
    tokens_at: float = 0.0
    slowed_at: float = 0.0
    album: str = ""
    request: int | None = None  # number of the request for a person that was open when last looked at
    offered_press: str = ""  # the button of the offer that was just made: 好的 presses it
    pressed: str = ""  # the last button, so that a trembling finger presses it once
    pressed_at: float = 0.0
    party: bool = False  # this chat is, or was, bound to a party of a case
    told: list[list[Any]] = field(default_factory=list)  # [message, path, step] of the last answers in words
    path: bool = False  # this chat is on a guided path: words may be its answer
    shown: Shown = field(default_factory=list)  # the buttons that can still be seen
    shown_at: float = 0.0
    fixes: str = ""  # the button that changes an answer, of the result or review that was said last; "" after anything else
    asker: str = ""  # in a group: whose question the facts above belong to

    @classmethod
    def of(cls, data: dict[str, Any]) -> State:
        """From a conversation's row; unknown keys of an older or newer version are left aside."""
        known = {k: v for k, v in data.items() if k in cls.__dataclass_fields__}
        return cls(**known)

    def data(self) -> dict[str, Any]:
        """For the conversation's row: only what differs from a fresh state."""
        # Not `asdict`, which copies every list to the bottom: this runs once in each turn.
        return {k: v for k in State.__dataclass_fields__ if (v := getattr(self, k)) != getattr(_FRESH, k)}

    def context(self, now: datetime, lean: timedelta) -> Context:
        """What the matcher may lean on: the last topic counts only for a while."""
        recent = self.topic is not None and now.timestamp() - self.topic_at <= lean.total_seconds()
        return Context(
            last_topic=self.topic if recent else None,
            viewpoint=Viewpoint(self.viewpoint) if self.viewpoint in set(Viewpoint) else None,
            clarified=self.clarifies,
            offered=tuple(self.offered),
            sides=tuple((Viewpoint(side), topic) for side, topic in self.sides.items() if side in set(Viewpoint)),
        )

    def keep(self, verdict: Verdict, now: datetime) -> None:
        """Note what a verdict leaves for the next turn, by the rule that the evaluation measures."""
        after = following(self.context(now, timedelta.max), "", verdict)
        self.viewpoint = after.viewpoint.value if after.viewpoint else None
        self.offered, self.clarifies = list(after.offered), after.clarified
        self.sides = {side.value: topic for side, topic in after.sides}
        if after.last_topic and after.last_topic == verdict.best and verdict.decision is Decision.ANSWER:
            self.topic, self.topic_at = after.last_topic, now.timestamp()

    def answered(self, topic: str, now: datetime) -> None:
        """A topic was given: nothing is open any more."""
        self.topic, self.topic_at = topic, now.timestamp()
        self.nothing_open()
        self.misses = 0

    def asks_back(self, offered: list[str], sides: dict[str, str] | None = None) -> None:
        """A question back was put; the next words may choose."""
        self.offered, self.sides, self.clarifies = offered, sides or {}, True

    def nothing_open(self) -> None:
        """The next words choose nothing."""
        self.offered, self.sides, self.clarifies = [], {}, False

    def heard_from(self, person: str) -> None:
        """In a group: what one person asked and was offered is not the next person's."""
        if self.asker != person:
            kept = {name: getattr(self, name) for name in _OF_THE_CHAT}
            for name, value in {**asdict(State()), **kept, "asker": person}.items():
                setattr(self, name, value)

    def show(self, buttons: Sequence[tuple[str, str]], now: datetime) -> None:
        """Remember the buttons (label, data) of a turn: whoever types a label presses it."""
        if buttons:
            self.shown, self.shown_at = remembered(self._seen(now), buttons), now.timestamp()
            self.fixes = next((data for _, data in buttons if data.startswith("fl:") and ":fix-" in data), "")

    def button(self, text: str, now: datetime) -> str:
        """The data of the button whose label these words are; empty for any other words."""
        return pressed_by(text, self._seen(now))

    def result(self, now: datetime) -> str:
        """The data of a button that changes an answer of what was said last; "" when it can be changed by none."""
        return self.fixes if self._seen(now) else ""

    def _seen(self, now: datetime) -> Shown:
        return self.shown if now.timestamp() - self.shown_at <= SEEN.total_seconds() else []

    def is_echo(self, press: str, now: datetime) -> bool:
        """Whether the same button was pressed a moment ago; else it is noted."""
        echo = self.pressed == press and now.timestamp() - self.pressed_at < ECHO_SECONDS
        self.pressed, self.pressed_at = press, now.timestamp()
        return echo

    def allow(self, per_minute: int, now: datetime) -> bool:
        """Count one message; False when this person sends faster than agreed."""
        moment = now.timestamp()
        if self.tokens < 0:
            self.tokens, self.tokens_at = float(per_minute), moment
        self.tokens = min(float(per_minute), self.tokens + (moment - self.tokens_at) * per_minute / 60)
        self.tokens_at = moment
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


_FRESH = State()
