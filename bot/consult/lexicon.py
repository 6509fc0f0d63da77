"""The words of `faq/lexicon.yaml` compiled for matching: typed, checked, ready to scan a text with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bot.consult.model import Lexicon, Viewpoint
from bot.core.faults import Fault

Value = TypeVar("Value")

NOWHERE = re.compile(r"(?!)")

SECTIONS = frozenset(
    [
        "replace",
        "filler",
        "address",
        "generic",
        "empty",
        "concepts",
        "asking",
        "negations",
        "conditions",
        "crisis",
        "crisis_not",
        "promises",
        "escalate",
        "person",
        "viewpoints",
        "sides",
        "ambiguous",
        "follow_up",
    ]
)
LISTS = [
    "filler",
    "address",
    "generic",
    "empty",
    "asking",
    "negations",
    "conditions",
    "crisis",
    "crisis_not",
    "promises",
    "escalate",
    "person",
    "follow_up",
]


class LexiconError(ValueError):
    """A section of the lexicon has a shape that cannot be used; the message names the key."""

    def __init__(self, section: str, fault: Fault) -> None:
        self.section = section
        self.fault = fault
        super().__init__(str(fault))


class Scanner(Generic[Value]):
    """Finds many words in a text at once: longest first, in time linear in the text."""

    def __init__(self, words: Mapping[str, Value]) -> None:
        """Takes each word with the value that stands for it."""
        self._words = dict(words)
        self._longest = max(map(len, self._words), default=0)
        lengths: dict[str, set[int]] = {}
        for word in self._words:
            if word:
                lengths.setdefault(word[0], set()).add(len(word))
        self._lengths = {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}
        # Where a word may begin is found by `re`, several times faster than by asking at every character.
        self._firsts = re.compile(f"[{re.escape(''.join(lengths))}]") if lengths else NOWHERE

    def __len__(self) -> int:
        """How many words it looks for."""
        return len(self._words)

    def __contains__(self, word: str) -> bool:
        """Whether that very word is known."""
        return word in self._words

    def longest(self, text: str, start: int) -> tuple[int, Value] | None:
        """The end and value of the longest word that begins at `start`."""
        for length in self._lengths.get(text[start], ()):
            value = self._words.get(text[start : start + length])
            if value is not None and start + length <= len(text):
                return start + length, value
        return None

    def ending(self, text: str) -> int | None:
        """Where the longest word begins with which the text ends."""
        for start in range(max(0, len(text) - self._longest), len(text)):
            if text[start:] in self._words:
                return start
        return None

    def find(self, text: str) -> list[tuple[int, int, Value]]:
        """All words in the text, except those that lie inside a longer one."""
        found: list[tuple[int, int, Value]] = []
        covered = 0
        for first in self._firsts.finditer(text):
            start = first.start()
            hit = self.longest(text, start)
            if hit is not None and hit[0] > covered:
                covered = hit[0]
                found.append((start, hit[0], hit[1]))
        return found

    def any(self, text: str) -> bool:
        """Whether at least one word is in the text."""
        return any(self.longest(text, first.start()) is not None for first in self._firsts.finditer(text))

    def replace(self: Scanner[str], text: str) -> str:
        """The text with each word exchanged for its value, from left to right, longest first."""
        out: list[str] = []
        position = 0
        for first in self._firsts.finditer(text):
            start = first.start()
            hit = self.longest(text, start) if start >= position else None
            if hit is not None:
                out += (text[position:start], hit[1])
                position = hit[0]
        return "".join(out) + text[position:]


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A word of several meanings, and the topics to offer when nothing tells which is meant."""

    name: str
    words: Scanner[str]
    companions: Scanner[str]
    cues: Scanner[str]
    topics: tuple[str, ...]

    def applies(self, text: str) -> bool:
        """Whether the word is there, its companion too, and nothing that tells the meaning."""
        return (
            self.words.any(text) and (not len(self.companions) or self.companions.any(text)) and not self.cues.any(text)
        )


@dataclass(frozen=True, slots=True)
class Words:
    """All sections of the lexicon, compiled."""

    replace: Scanner[str]
    filler: Scanner[str]
    address: Scanner[str]
    generic: Scanner[str]
    empty: Scanner[str]
    concepts: Scanner[tuple[str, ...]]
    asking: Scanner[str]
    negations: Scanner[str]
    conditions: Scanner[str]
    crisis: Scanner[str]
    crisis_not: Scanner[str]
    promises: Scanner[str]
    escalate: Scanner[str]
    person: Scanner[str]
    viewpoints: Mapping[Viewpoint, Scanner[str]]
    sides: tuple[Mapping[Viewpoint, str], ...]
    ambiguous: tuple[Ambiguity, ...]
    follow_up: Scanner[str]
    vocabulary: frozenset[str]  # words of two characters or more, for repairing typos

    @classmethod
    def compile(cls, lexicon: Lexicon) -> Words:
        """Compiles what the clerk wrote; LexiconError names what cannot be used."""
        sections = lexicon.sections
        unknown = sorted(set(sections) - SECTIONS)
        if unknown:
            raise LexiconError(unknown[0], Fault("lexicon.unknown", names=unknown, known=sorted(SECTIONS)))
        replace = _replacing(sections)
        concepts = {
            name: tuple(map(replace.replace, words))
            for name, words in _groups(sections.get("concepts"), "concepts").items()
        }
        lists = {name: _plain(map(replace.replace, _strings(sections.get(name), name))) for name in LISTS}
        return cls(
            replace=replace,
            concepts=Scanner(_inverted(concepts)),
            viewpoints=_viewpoints(sections.get("viewpoints"), replace),
            sides=tuple(_side(each) for each in _items(sections.get("sides"), "sides")),
            ambiguous=tuple(_ambiguity(each) for each in _items(sections.get("ambiguous"), "ambiguous")),
            vocabulary=frozenset(
                word for words in concepts.values() for word in words if len(word) > 1 and word.isalpha()
            ),
            **lists,
        )


def _replacing(sections: Mapping[str, object]) -> Scanner[str]:
    """The wording that all other words are brought into as well."""
    groups = _groups(sections.get("replace"), "replace")
    return Scanner({word: name for name, words in groups.items() for word in (*words, name)})


def _strings(value: object, where: str) -> tuple[str, ...]:
    """A list of words; numbers are taken as they are written."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(each, str | int) for each in value):
        raise LexiconError(where.partition(".")[0], Fault("lexicon.words", where=where))
    return tuple(str(each).strip().lower() for each in value if str(each).strip())


def _items(value: object, where: str) -> list[Mapping[str, Any]]:
    """A list of mappings."""
    if value is None:
        return []
    if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
        raise LexiconError(where, Fault("lexicon.mappings", where=where))
    return list(value)


def _groups(value: object, where: str) -> dict[str, tuple[str, ...]]:
    """A mapping from a name to its words."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise LexiconError(where, Fault("lexicon.groups", where=where))
    return {str(name): _strings(words, f"{where}.{name}") for name, words in value.items()}


def _plain(words: Iterable[str]) -> Scanner[str]:
    return Scanner({word: word for word in words})


def _inverted(groups: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """From each word to all concepts that name it."""
    found: dict[str, list[str]] = {}
    for name, words in groups.items():
        for word in dict.fromkeys(words):
            found.setdefault(word, []).append(name)
    return {word: tuple(names) for word, names in found.items()}


def _viewpoints(value: object, replace: Scanner[str]) -> dict[Viewpoint, Scanner[str]]:
    groups = _groups(value, "viewpoints")
    unknown = sorted(set(groups) - {str(side) for side in Viewpoint})
    if unknown:
        raise LexiconError("viewpoints", Fault("lexicon.viewpoints", names=unknown, known=Viewpoint))
    return {Viewpoint(name): _plain(map(replace.replace, words)) for name, words in groups.items()}


def _side(value: Mapping[str, Any]) -> dict[Viewpoint, str]:
    try:
        return {Viewpoint(name): str(topic) for name, topic in value.items()}
    except ValueError as error:
        raise LexiconError("sides", Fault("lexicon.sides", names=value, known=Viewpoint)) from error


def _ambiguity(value: Mapping[str, Any]) -> Ambiguity:
    name = str(value.get("name", ""))
    words = {key: _strings(value.get(key), f"ambiguous.{name}.{key}") for key in ("words", "with", "cues", "topics")}
    if not words["words"] or not words["topics"]:
        raise LexiconError("ambiguous", Fault("lexicon.ambiguous", name=name))
    return Ambiguity(name, _plain(words["words"]), _plain(words["with"]), _plain(words["cues"]), words["topics"])
