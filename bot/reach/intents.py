"""What somebody means who answers a reminder, by the words of `faq/replies.yaml`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from bot.consult.normalise import simplified
from bot.core.errors import KnowledgeError
from bot.reach.saying import find_day

FILE = "replies.yaml"


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


@dataclass(frozen=True, slots=True)
class Rule:
    """Words by which an intent is told: the whole message, part of it, and what speaks against it."""

    only: frozenset[str] = frozenset()
    has: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    def fits(self, text: str) -> bool:
        """Whether a message (already bare) means that."""
        if text in self.only:
            return True
        return any(w in text for w in self.has) and not any(w in text for w in self.against)


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a message is understood: its intent, and whether it asks rather than tells."""

    intent: Intent | None
    asks: bool


class Replies:
    """Reads messages; built from `faq/replies.yaml`."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._rules = {Intent(name): _rule(given) for name, given in data["intents"].items()}
        self._promise = _rule(data["promise"])
        self._done = _bared(data["promise"].get("done", ()))
        self._asking = _bared(data["asking"])
        self._answers: dict[str, str] = {
            word: str(code) for code, words in data["answers"].items() for word in _bared(words)
        }

    @classmethod
    def read(cls, folder: Path) -> Replies:
        """From the folder `faq/`; KnowledgeError names the file when it cannot be used."""
        path = folder / FILE
        try:
            return cls(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise KnowledgeError([f"{path}: {error}"]) from error

    def meaning(self, text: str, today: date) -> Meaning:
        """What a free message means; stop and 不是本人 count even in a question."""
        words = bare(text)
        asks = text.rstrip().endswith(("?", "？")) or any(w in words for w in self._asking)
        for intent, rule in self._rules.items():
            if intent is Intent.PAID and self._is_promise(words, text, today):
                return Meaning(Intent.PROMISE, asks)
            if rule.fits(words):
                return Meaning(intent, asks)
        return Meaning(Intent.PROMISE if self._is_promise(words, text, today) else None, asks)

    def _is_promise(self, words: str, text: str, today: date) -> bool:
        """A day to come and a verb of performing: 下周三还3000."""
        if not self._promise.fits(words):
            return False
        found = find_day(text, today)
        past = find_day(text, today, past=True)
        # 3号还了 names a day that may be past or to come; words of what is done settle it.
        behind = past is not None and past.day <= today and any(w in words for w in self._done)
        return found is not None and found.day >= today and not behind

    def stops(self, text: str) -> bool:
        """Whether somebody wants no more messages, in any clear wording."""
        return self._rules[Intent.STOP].fits(bare(text))

    def choice(self, text: str) -> str:
        """The code of the button that these words stand for; empty when they stand for none."""
        return self._answers.get(bare(text), "")


def bare(text: str) -> str:
    """Simplified script, one width and case, letters and digits only."""
    plain = simplified(unicodedata.normalize("NFKC", text)).lower()
    return "".join(c for c in plain if c.isalnum())


def _bared(words: Iterable[object]) -> tuple[str, ...]:
    # YAML reads 是 and 好 as words, but on and off as truth values: an author may well write those.
    return tuple(bare(str(w)) for w in words)


def _rule(given: Mapping[str, Any]) -> Rule:
    return Rule(frozenset(_bared(given.get("only", ()))), _bared(given.get("has", ())), _bared(given.get("not", ())))
