"""What somebody means who answers a reminder, by the words of `faq/replies.yaml`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from bot.core.faults import Problem
from bot.core.kept import Kept, stamp
from bot.reach.replies import FILE, Wordings, bare, read
from bot.reach.saying import find_day

__all__ = ["FILE", "Intent", "Meaning", "Replies", "bare", "check"]


class Intent(StrEnum):
    """What an answer wants; in the order in which they are looked for in the file."""

    STOP = "stop"
    NOTME = "notme"
    SERVICE = "service"
    PAID = "paid"
    DISPUTE = "dispute"
    PLAN = "plan"
    HARD = "hard"
    CONTACT = "contact"
    THANKS = "thanks"
    PROMISE = "promise"


_EXPLAINED = tuple(i.value for i in Intent if i is not Intent.PROMISE)


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a message is understood: its intent, and whether it asks rather than tells."""

    intent: Intent | None
    asks: bool


class Replies:
    """Understands messages by `faq/replies.yaml`: read at the start, read again when a sound change is saved.

    A change with a mistake is not taken over: what was read before goes on counting, and `file.faults` (and
    `faq check`) name file and line.
    """

    def __init__(self, folder: Path) -> None:
        """KnowledgeError with file and line of every problem when the file cannot be used."""
        self.file: Kept[Wordings] = Kept(FILE, lambda: stamp([folder / FILE]), lambda: read(folder, _EXPLAINED))

    @property
    def _now(self) -> Wordings:
        """What counts now."""
        return self.file()

    def meaning(self, text: str, today: date) -> Meaning:
        """What a free message means; stop and 不是本人 count even in a question."""
        now, words = self._now, bare(text)
        asks = text.rstrip().endswith(("?", "？")) or any(w in words for w in now.asking)
        promises = _is_promise(now, words, text, today)
        for name, rule in now.intents.items():
            if name == Intent.PAID and promises:
                return Meaning(Intent.PROMISE, asks)
            if rule.fits(words):
                return Meaning(Intent(name), asks)
        return Meaning(Intent.PROMISE if promises else None, asks)

    def paths(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        """The guided paths that the words may ask for, and what they must tell for it, in the file's order."""
        words = bare(text)
        return [(kind, needed) for kind, rule, needed in self._now.paths if rule.fits(words)]

    def verdict(self, text: str) -> str:
        """What is said to an offer that waits for an answer: "no", "yes", or "" when it is neither."""
        words = bare(text)
        return next(
            (name for name in ("no", "yes") if name in self._now.offers and self._now.offers[name].fits(words)), ""
        )

    def stops(self, text: str) -> bool:
        """Whether somebody wants no more messages, in any clear wording."""
        return self._now.intents[Intent.STOP].fits(bare(text))

    def choice(self, text: str) -> str:
        """The code of the button that these words stand for; empty when they stand for none."""
        return self._now.answers.get(bare(text), "")


def check(folder: Path, paths: Collection[str]) -> list[Problem]:
    """Every problem and notice of `faq/replies.yaml`, with its line."""
    return read(folder, _EXPLAINED, paths)[1]


def _is_promise(now: Wordings, words: str, text: str, today: date) -> bool:
    """A day to come and a verb of performing: 下周三还3000."""
    if not now.promise.fits(words):
        return False
    found = find_day(text, today)
    past = find_day(text, today, past=True)
    # 3号还了 names a day that may be past or to come; words of what is done settle it.
    behind = past is not None and past.day <= today and any(w in words for w in now.done)
    return found is not None and found.day >= today and not behind
