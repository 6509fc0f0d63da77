"""`faq/replies.yaml` as data: read with the file and line of every problem, by which answers to reminders are understood."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bot.consult.normalise import simplified
from bot.core import written
from bot.core.faults import Fault, Problem
from bot.core.written import Unreadable

FILE = "replies.yaml"
SHORTEST = 2  # characters of a word that counts anywhere in a message: one alone is in every second sentence
_SECTIONS = ("intents", "promise", "offers", "asking", "answers", "paths")
_OPTIONAL = ("offers", "paths")
_VERDICTS = ("no", "yes")
_RULE = ("only", "has", "not")


@dataclass(frozen=True, slots=True)
class Rule:
    """Words by which a meaning is told: the whole message, part of it, and what speaks against it."""

    only: frozenset[str] = frozenset()
    has: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    def fits(self, text: str) -> bool:
        """Whether a message (already bare) means that."""
        if text in self.only:
            return True
        return any(w in text for w in self.has) and not any(w in text for w in self.against)


@dataclass(slots=True)
class Wordings:
    """Everything that the file says; words are bare."""

    intents: dict[str, Rule] = field(default_factory=dict)
    promise: Rule = field(default_factory=Rule)
    done: tuple[str, ...] = ()
    offers: dict[str, Rule] = field(default_factory=dict)  # no, yes: what is said to an offer that waits
    asking: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)  # word -> code of the button that it stands for
    paths: tuple[tuple[str, Rule, tuple[str, ...]], ...] = ()  # kind, words, what must be told with them


def bare(text: str) -> str:
    """Simplified script, one width and case, letters and digits only."""
    plain = simplified(unicodedata.normalize("NFKC", text)).lower()
    return "".join(c for c in plain if c.isalnum())


def read(folder: Path, intents: Sequence[str], paths: Collection[str] | None = None) -> tuple[Wordings, list[Problem]]:
    """The wordings and everything that is wrong with them; with a real problem they must not be used.

    `intents` are the meanings that the file must explain, `paths` the guided paths that there are (None:
    not asked).
    """
    try:
        root = written.read(folder / FILE).node
    except Unreadable as bad:
        return Wordings(), [bad.problem]
    reader = _Reader(intents, paths)
    reader.read(root)
    return reader.found, sorted(set(reader.problems))


class _Reader:
    """Goes through the file once; complaints are collected, and what can be used is used."""

    def __init__(self, intents: Sequence[str], paths: Collection[str] | None) -> None:
        self._intents = intents
        self._paths = paths
        self.found = Wordings()
        self.problems: list[Problem] = []

    def read(self, root: yaml.Node) -> None:
        """The whole file."""
        sections = dict(self._pairs(root, _SECTIONS))
        for name in _SECTIONS:
            if name not in sections and name not in _OPTIONAL:
                self._wrong(None, Fault("file.missing_key", name=name))
        if "intents" in sections:
            self._read_intents(sections["intents"])
        if "promise" in sections:
            parts = dict(self._pairs(sections["promise"], (*_RULE, "done")))
            self.found.promise = self._rule(parts, shortest=1)
            self.found.done = tuple(w for w, _ in self._words(parts.get("done")))
        if "offers" in sections:
            for name, inner in self._pairs(sections["offers"], _VERDICTS):
                self.found.offers[name] = self._rule(dict(self._pairs(inner, _RULE)))
        self.found.asking = tuple(w for w, _ in self._words(sections.get("asking")))
        if "answers" in sections:
            self._read_answers(sections["answers"])
        if "paths" in sections:
            self._read_paths(sections["paths"])

    def _read_intents(self, node: yaml.Node) -> None:
        whole: dict[str, str] = {}
        for name, inner in self._pairs(node, self._intents):
            parts = dict(self._pairs(inner, _RULE))
            self.found.intents[name] = self._rule(parts)
            for word, at in self._words(parts.get("only"), quietly=True):
                if other := whole.get(word):
                    self._notice(at, Fault("reply.shadowed", word=word, other=other))
                whole.setdefault(word, name)
        for name in self._intents:
            if name not in self.found.intents:
                self._wrong(node, Fault("reply.no_meaning", name=name))

    def _read_answers(self, node: yaml.Node) -> None:
        for code, inner in self._pairs(node, None):
            for word, at in self._words(inner):
                if word in self.found.answers:
                    self._wrong(at, Fault("reply.answer_twice", word=word, other=self.found.answers[word]))
                self.found.answers.setdefault(word, code)

    def _read_paths(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return  # nothing stands below it
        found = []
        for kind, inner in self._pairs(node, self._paths):
            parts = dict(self._pairs(inner, (*_RULE, "with")))
            needed = tuple(n.value for n in self._members(parts.get("with")))
            found.append((kind, self._rule(parts), needed))
        self.found.paths = tuple(found)

    def _rule(self, parts: dict[str, yaml.Node], shortest: int = SHORTEST) -> Rule:
        only = frozenset(w for w, _ in self._words(parts.get("only")))
        against = tuple(w for w, _ in self._words(parts.get("not")))
        has = []
        for word, at in self._words(parts.get("has")):
            if len(word) < shortest:
                self._wrong(at, Fault("reply.short", word=word))
            if stopped := next((w for w in against if w in word), None):
                self._wrong(at, Fault("reply.never", word=word, stopped=stopped))
            has.append(word)
        return Rule(only, tuple(has), against)

    # -- nodes -----------------------------------------------------------------------------------

    def _pairs(self, node: yaml.Node | None, known: Collection[str] | None) -> Iterator[tuple[str, yaml.Node]]:
        """Key and value of a mapping; keys must be among the known ones and stand once."""
        if not isinstance(node, yaml.MappingNode):
            if node is not None:
                self._wrong(node, Fault("reply.names"))
            return
        seen = set()
        for key, value in node.value:
            name = str(key.value)
            if known is not None and name not in known:
                self._wrong(key, Fault("file.unknown", name=name, known=known))
            elif name in seen:
                self._wrong(key, Fault("file.twice", name=name))
            else:
                yield name, value
            seen.add(name)

    def _members(self, node: yaml.Node | None) -> list[yaml.ScalarNode]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._wrong(node, Fault("reply.list"))
            return []
        plain = [n for n in node.value if isinstance(n, yaml.ScalarNode)]
        for member in node.value:
            if not isinstance(member, yaml.ScalarNode):
                self._wrong(member, Fault("reply.word"))
        return plain

    def _words(self, node: yaml.Node | None, *, quietly: bool = False) -> list[tuple[str, yaml.Node]]:
        """The words of a list, bare, with their places; as they are written, whatever YAML takes them for."""
        found: dict[str, yaml.Node] = {}
        kept = len(self.problems)
        for member in self._members(node):
            word = bare(member.value)
            if not word:
                self._wrong(member, Fault("reply.bare", word=member.value))
            elif word in found:
                self._notice(member, Fault("reply.word_twice", word=member.value))
            else:
                found[word] = member
        if quietly:
            del self.problems[kept:]
        return list(found.items())

    def _wrong(self, node: yaml.Node | None, fault: Fault) -> None:
        self.problems.append(Problem(FILE, node.start_mark.line + 1 if node is not None else 1, fault))

    def _notice(self, node: yaml.Node, fault: Fault) -> None:
        self.problems.append(Problem(FILE, node.start_mark.line + 1, fault, notice=True))
