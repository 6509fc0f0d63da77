"""`faq/replies.yaml` as data: read with the file and line of every problem, by which answers to reminders are understood."""

from __future__ import annotations

import re
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
GAP = "…"  # within a word: up to so many characters may stand here (判…错: 判决判错了, 判得不对是错的)
_WIDEST = 6
_SECTIONS = (
    "intents",
    "courtesy",
    "signs",
    "promise",
    "delay",
    "corrections",
    "payers",
    "offers",
    "asking",
    "consent",
    "rhetorical",
    "answers",
    "paths",
)
_OPTIONAL = ("courtesy", "signs", "delay", "corrections", "payers", "offers", "consent", "rhetorical", "paths")
_VERDICTS = ("breach", "no", "yes")
_RULE = ("only", "has", "not")


@dataclass(frozen=True, slots=True)
class Rule:
    """Words by which a meaning is told: the whole message, part of it, and what speaks against it."""

    only: frozenset[str] = frozenset()
    has: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    _has: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _against: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_has", either(self.has))
        object.__setattr__(self, "_against", either(self.against))

    def fits(self, text: str) -> bool:
        """Whether a message (already bare) means that."""
        return text in self.only or bool(self.within(text))

    def within(self, text: str) -> list[tuple[int, int]]:
        """Where in a message its words stand; nowhere when something speaks against it."""
        return [] if self._against.search(text) else [m.span() for m in self._has.finditer(text)]


def either(words: Collection[str]) -> re.Pattern[str]:
    """A pattern for any of these words; for none when there are none."""
    gap = f".{{0,{_WIDEST}}}?"
    longest = sorted(words, key=len, reverse=True)
    return re.compile("|".join(gap.join(map(re.escape, w.split(GAP))) for w in longest) or r"(?!)")


@dataclass(slots=True)
class Wordings:
    """Everything that the file says; words are bare."""

    intents: dict[str, Rule] = field(default_factory=dict)
    promise: Rule = field(default_factory=Rule)
    done: tuple[str, ...] = ()
    first: tuple[str, ...] = ()  # 先, 最多: with a sum they promise it, even without a day
    will: tuple[str, ...] = ()  # 一定还, 就还: a promise that lacks its day
    courtesy: tuple[str, ...] = ()  # 法官, 您, 麻烦: says nothing by itself, and may stand around everything
    signs: tuple[str, ...] = ()  # smileys that mean thanks
    delay: Rule = field(default_factory=Rule)
    corrections: Rule = field(default_factory=Rule)  # 不对, 打错了: what was written just now is taken back
    instead: tuple[str, ...] = ()  # 改成: what follows stands in its place
    payers: Rule = field(default_factory=Rule)  # somebody else paid
    kin: tuple[str, ...] = ()  # 哥, 老板: who it may be
    offers: dict[str, Rule] = field(default_factory=dict)  # what is said to an offer that waits (no, yes), or of an agreement
    asking: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()  # 行不行: asks for a yes to what is told, not for an explanation
    rhetorical: tuple[str, ...] = ()  # 不是…吗: looks like a question and is none
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
            parts = dict(self._pairs(sections["promise"], (*_RULE, "done", "first", "will")))
            self.found.promise = self._rule(parts, shortest=1)
            self.found.done, self.found.first, self.found.will = map(
                self._list, map(parts.get, ("done", "first", "will"))
            )
        if "delay" in sections:
            self.found.delay = self._rule(dict(self._pairs(sections["delay"], _RULE)))
        if "corrections" in sections:
            parts = dict(self._pairs(sections["corrections"], (*_RULE, "instead")))
            self.found.corrections, self.found.instead = self._rule(parts), self._list(parts.get("instead"))
        if "payers" in sections:
            parts = dict(self._pairs(sections["payers"], (*_RULE, "who")))
            self.found.payers, self.found.kin = self._rule(parts), self._list(parts.get("who"))
        for name in ("courtesy", "consent", "rhetorical"):
            setattr(self.found, name, self._list(sections.get(name)))
        self.found.signs = tuple(n.value for n in self._members(sections.get("signs")))
        if "offers" in sections:
            for name, inner in self._pairs(sections["offers"], _VERDICTS):
                self.found.offers[name] = self._rule(dict(self._pairs(inner, _RULE)))
        self.found.asking = self._list(sections.get("asking"))
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

    def _list(self, node: yaml.Node | None) -> tuple[str, ...]:
        """The words of a list, without their places."""
        return tuple(w for w, _ in self._words(node))

    def _words(self, node: yaml.Node | None, *, quietly: bool = False) -> list[tuple[str, yaml.Node]]:
        """The words of a list, bare, with their places; as they are written, whatever YAML takes them for."""
        found: dict[str, yaml.Node] = {}
        kept = len(self.problems)
        for member in self._members(node):
            word = GAP.join(filter(None, map(bare, member.value.split(GAP))))
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
