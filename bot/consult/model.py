"""Knowledge and verdicts as plain values: what an entry is, and what the matcher may say of a question.

Standard library only, like every `model.py`: rules and types without I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

SOON = timedelta(days=60)  # an answer that expires within this is to be looked at
OLD = timedelta(days=365)  # one that was not reviewed for so long as well


class Decision(StrEnum):
    """What the assistant does with a question (the contract's three words)."""

    ANSWER = "answer"  # one topic, given at once
    CLARIFY = "clarify"  # at most three topics as buttons, or one question back
    HANDOFF = "handoff"  # no topic: a pointer elsewhere, or a person


class Reason(StrEnum):
    """Why the decision was taken; logged with every question and shown to staff."""

    MATCH = "match"  # one topic is likely enough, and far enough ahead
    CLOSE = "close"  # several topics are near each other
    UNSURE = "unsure"  # one topic is plausible, not likely enough
    GENERIC = "generic"  # only words that fit everything (怎么办, 执行)
    NEGATION = "negation"  # a negation or condition turns the question round
    VIEWPOINT = "viewpoint"  # the answer depends on who asks
    AMBIGUOUS = "ambiguous"  # a word with several meanings decides (冻结 by whom?)
    FOLLOW_UP = "follow_up"  # understood as leaning on the last topic
    OUTSIDE = "outside"  # a kind of question that this desk does not answer
    UNKNOWN = "unknown"  # nothing is near
    CRISIS = "crisis"  # danger to life: a person at once
    PERSON = "person"  # asks for a person, or for a promise of outcome
    EXPIRED = "expired"  # the best entry is past its valid_to
    RERANKED = "reranked"  # chosen by the optional semantic re-ranker


class Viewpoint(StrEnum):
    """Who asks: the same words mean different things from the other side."""

    CREDITOR = "creditor"  # 申请执行人
    DEBTOR = "debtor"  # 被执行人
    THIRD_PARTY = "third_party"  # 案外人
    BIDDER = "bidder"  # 竞买人
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Provision:
    """A citation: an article of an instrument, by the short name used in `faq/laws.yaml`."""

    law: str
    article: str  # "250", "165之一"
    at: str = ""  # "第1款", "第2款第3项"

    def label(self) -> str:
        """The citation as a person reads it: 民诉法第250条第1款."""
        number, _, rest = self.article.partition("之")
        return f"{self.law}第{number}条{'之' + rest if rest else ''}{self.at}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One topic of the FAQ as its author wrote it (`docs/faq.md` tells each key)."""

    id: str
    title: str
    question: str
    audience: frozenset[Viewpoint]
    keywords: tuple[str, ...]
    phrasings: tuple[str, ...]
    answer: str
    more: str
    provisions: tuple[Provision, ...]
    policies: tuple[str, ...]
    reviewed: date
    valid_from: date
    valid_to: date | None
    related: tuple[str, ...]
    actions: tuple[str, ...]
    more_provisions: tuple[Provision, ...] = ()  # what only `more` rests on
    file: str = ""
    line: int = 0

    @property
    def cited(self) -> tuple[Provision, ...]:
        """Every provision that the entry rests on, those of `more` last."""
        return self.provisions + self.more_provisions

    @property
    def category(self) -> str:
        """The part of the id before the dot: `apply`, `process`, …"""
        return self.id.partition(".")[0]

    def in_force(self, today: date) -> bool:
        """Whether the answer may be given on that day."""
        return self.valid_from <= today and (self.valid_to is None or today <= self.valid_to)

    def ends_soon(self, today: date) -> bool:
        """Whether the answer expires before long, or has expired."""
        return self.valid_to is not None and self.valid_to - today <= SOON

    def is_old(self, today: date) -> bool:
        """Whether nobody has reviewed it for too long."""
        return today - self.reviewed >= OLD


@dataclass(frozen=True, slots=True)
class Outside:
    """A kind of question that this desk does not answer, with a kind pointer to who does."""

    id: str
    title: str
    answer: str
    phrasings: tuple[str, ...]
    keywords: tuple[str, ...]
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Instrument:
    """A law or interpretation, with the clauses that answers rest on."""

    short: str
    title: str
    document: str
    in_force: str
    clauses: Mapping[str, tuple[str, ...]]  # article -> quoted clauses


@dataclass(frozen=True, slots=True)
class Policy:
    """A normative document that is no statute or judicial interpretation."""

    id: str
    title: str
    clause: str


@dataclass(frozen=True, slots=True)
class Court:
    """A court as people name it, and its contact data as far as the operator has filled them in."""

    id: str
    name: str
    aliases: tuple[str, ...]
    level: str
    area: str
    address: str | None = None
    phone: str | None = None
    hours: str | None = None
    window_note: str | None = None

    @property
    def filled(self) -> bool:
        """Whether there is anything to tell people beyond the name."""
        return any((self.address, self.phone, self.hours))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of `faq/lexicon.yaml`, as the clerk wrote them."""

    sections: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All of `faq/` at one moment; immutable, replaced as a whole when a file changes."""

    entries: Mapping[str, Entry]
    outside: Mapping[str, Outside]
    laws: Mapping[str, Instrument]
    policies: Mapping[str, Policy]
    courts: Mapping[str, Court]
    places: Mapping[str, str]  # placeholder -> text that replaces it
    lexicon: Lexicon
    version: str  # hash of the files' content, logged with every answer

    def entry(self, topic: str) -> Entry:
        """The entry of a topic; KeyError for an unknown id."""
        return self.entries[topic]

    def filled(self, text: str) -> str:
        """Words of an entry with what their placeholders stand for."""
        for name, value in self.places.items():
            text = text.replace("{{" + name + "}}", value)
        return text.strip()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A topic that may be meant, with the calibrated probability that its answer is right."""

    topic: str
    score: float


@dataclass(frozen=True, slots=True)
class Context:
    """What the conversation already knows when a question arrives."""

    last_topic: str | None = None
    viewpoint: Viewpoint | None = None  # as the person said it, or chose it
    clarified: bool = False  # the turn before was already a question back
    offered: tuple[str, ...] = ()  # the topics offered there
    last_question: str = ""
    sides: tuple[tuple[Viewpoint, str], ...] = ()  # the sides offered there, and the topic of each


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the matcher makes of one question."""

    decision: Decision
    reason: Reason
    candidates: tuple[Candidate, ...] = ()  # best first, at most five, entries of the FAQ only
    outside: str | None = None  # id in `faq/outside.yaml` when reason is OUTSIDE
    ask_viewpoint: tuple[tuple[Viewpoint, str], ...] = ()  # the two or more sides, and the topic of each
    others: tuple[str, ...] = ()  # topics of further questions in the same message
    viewpoint: Viewpoint | None = None  # who seems to ask
    facts: Mapping[str, str] = field(default_factory=dict)  # "amount" -> 500000.00, "case_number" -> …

    @property
    def best(self) -> str | None:
        """The first candidate's topic."""
        return self.candidates[0].topic if self.candidates else None
