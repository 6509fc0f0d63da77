"""`faq/calculators.yaml`: which words ask for which calculation, read with the line of every mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from bot.core import written
from bot.core.errors import KnowledgeError
from bot.core.faults import Fault, Problem
from bot.core.written import Node, Unreadable
from bot.guide.effect import Title
from bot.guide.fees import FeeKind
from bot.guide.limitation import Start
from bot.guide.reading import FILE, Cue, Cues
from bot.guide.seizure import Asset
from bot.reach.saying import plain

_KEYS = ("topics", "asks", "not", "roles", "alone")
# What each calculator can tell from words, and which values it knows; None: any name may be given.
ROLES: Mapping[str, Mapping[str, type[StrEnum] | None]] = {
    "fee": {"kind": FeeKind},
    "interest": {"unsure": None},
    "limitation": {"rule": Start},
    "effect": {"by": None, "title": Title},
    "seizure": {"asset": Asset},
    "plan": {},
}


def load(folder: Path) -> Cues:
    """The words of the folder `faq/`; KnowledgeError names every problem."""
    cues, problems = read(folder)
    if problems:
        raise KnowledgeError(problems)
    return cues


def read(folder: Path, topics: Collection[str] | None = None) -> tuple[Cues, list[Problem]]:
    """The words and everything that is wrong with them; `topics` are those that there are (None: not asked)."""
    try:
        root = written.read(folder / FILE)
        reader = _Reader(topics)
        cues = list(reader.read(root))
    except Unreadable as bad:
        return Cues([]), [bad.problem]
    return Cues(cues), sorted(set(reader.problems))


class _Reader:
    """Goes through the file once and collects complaints."""

    def __init__(self, topics: Collection[str] | None) -> None:
        self._topics = topics
        self.problems: list[Problem] = []

    def read(self, root: Node) -> Iterator[Cue]:
        """The whole file."""
        for kind, node in self._pairs(root, ROLES):
            parts = dict(self._pairs(node, _KEYS))
            if "asks" not in parts:
                self.problems.append(node.problem(Fault("file.missing_key", name="asks"), kind))
            yield Cue(
                kind,
                frozenset(self._topics_of(parts.get("topics"))),
                self._words(parts.get("asks")),
                self._words(parts.get("not")),
                dict(self._roles(kind, parts.get("roles"))),
                self._alone(parts.get("alone")),
            )

    def _topics_of(self, node: Node | None) -> list[str]:
        listed = self._texts(node)
        for topic, at in listed:
            if self._topics is not None and topic not in self._topics:
                self.problems.append(at.problem(Fault("cues.no_topic", topic=topic)))
        return [topic for topic, _ in listed]

    def _roles(self, kind: str, node: Node | None) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
        for role, values in self._pairs(node, ROLES[kind]):
            known = ROLES[kind][role]
            yield role, {value: self._words(words) for value, words in self._pairs(values, known)}

    def _alone(self, node: Node | None) -> bool:
        value = node.value() if node is not None else False
        if node is not None and not isinstance(value, bool):
            self.problems.append(node.problem(Fault("cues.alone")))
        return bool(value)

    def _words(self, node: Node | None) -> tuple[str, ...]:
        return tuple(plain(word) for word, _ in self._texts(node))

    def _texts(self, node: Node | None) -> list[tuple[str, Node]]:
        """The members of a list, as they are written; an empty word would be in every sentence."""
        if node is not None and not node.is_list:
            self.problems.append(node.problem(Fault("value.list")))
        found = [(str(item.value() or "").strip(), item) for item in (node.items() if node is not None else [])]
        for word, at in found:
            if not word:
                self.problems.append(at.problem(Fault("value.text")))
        return found

    def _pairs(self, node: Node | None, known: Collection[str] | type[StrEnum] | None) -> Iterator[tuple[str, Node]]:
        """Name and value of a mapping; names must be among the known ones and stand once."""
        if node is None:
            return
        if not node.is_mapping:
            self.problems.append(node.problem(Fault("cues.names")))
        self.problems += written.repeated(node, deep=0)
        names = None if known is None else {str(each) for each in known}
        for name, value in node.pairs():
            if names is not None and name not in names:
                self.problems.append(value.problem(Fault("file.unknown", name=name, known=known)))
            else:
                yield name, value
