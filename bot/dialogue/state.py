"""Where a dialogue stands: a few facts in the conversation's row, never in a process's memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.consult.model import Context, Viewpoint


@dataclass(slots=True)
class State:
    """What the next turn must know of the turns before."""

    greeted: bool = False
    topic: str | None = None  # the last topic that was answered
    topic_at: float = 0.0
    question: str = ""  # the last question
    question_id: int | None = None  # the channel's number of the message that asked it
    viewpoint: str | None = None
    offered: list[str] = field(default_factory=list)  # topics offered in a question back
    clarifies: bool = False  # the last turn was a question back
    misses: int = 0  # questions in a row that found no answer
    tokens: float = -1.0  # messages that may still come in this minute; -1: not counted yet
    tokens_at: float = 0.0
    slowed_at: float = 0.0
    album: str = ""

    @classmethod
    def of(cls, data: dict[str, Any]) -> State:
        """From a conversation's row; unknown keys of an older or newer version are left aside."""
        known = {k: v for k, v in data.items() if k in cls.__dataclass_fields__}
        return cls(**known)

    def data(self) -> dict[str, Any]:
        """For the conversation's row: only what differs from a fresh state."""
        fresh = asdict(State())
        return {k: v for k, v in asdict(self).items() if v != fresh[k]}

    def context(self, now: datetime, lean: timedelta) -> Context:
        """What the matcher may lean on: the last topic counts only for a while."""
        recent = self.topic is not None and now.timestamp() - self.topic_at <= lean.total_seconds()
        return Context(
            last_topic=self.topic if recent else None,
            viewpoint=Viewpoint(self.viewpoint) if self.viewpoint else None,
            clarified=self.clarifies,
            offered=tuple(self.offered),
            last_question=self.question if recent or self.clarifies else "",
        )

    def answered(self, topic: str, now: datetime) -> None:
        """A topic was given: nothing is open any more."""
        self.topic, self.topic_at = topic, now.timestamp()
        self.offered, self.clarifies, self.misses = [], False, 0

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
