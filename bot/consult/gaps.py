"""What the knowledge missed: unanswered and thumbs-down questions of the log, grouped, each with the nearest topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rapidfuzz import fuzz, process

from bot.consult.matcher import Matcher
from bot.consult.model import Decision, Reason
from bot.core.clock import Clock
from bot.store.gap_tables import GapDecision
from bot.store.rows import MessageRow
from bot.store.work import Store

ALIKE = 68  # rapidfuzz ratio of comparable texts from which two questions are one gap
CONCEPTS = 2  # as many concepts in common, and none apart, make two questions alike as well
SHORTEST = 2  # characters; less says nothing

# Questions back that a better phrasing could have spared. The others are asked on purpose.
_DOUBT = frozenset({Reason.CLOSE, Reason.UNSURE, Reason.NEGATION})
_QUESTIONS = frozenset(str(each) for each in Decision)

Fingerprint = Callable[[str], str]


class Kind(StrEnum):
    """How a question was missed."""

    UNANSWERED = "unanswered"  # nothing was near
    ASKED_BACK = "asked_back"  # answered only after a question back, or not at all
    UNHELPFUL = "unhelpful"  # answered, and the answer was not what was wanted


@dataclass(slots=True)
class Missed:
    """One question of the log that was missed; its identifiers were masked when it was logged."""

    text: str
    at: datetime
    kind: Kind
    given: str | None = None  # the topic whose answer did not help
    chosen: str | None = None  # the topic that the person took after a question back


@dataclass(slots=True)
class Gap:
    """Questions that mean the same, newest first, and the topic that may be meant."""

    fingerprint: str
    normal: str
    questions: list[Missed]
    fingerprints: set[str]
    nearest: str | None
    score: float
    concepts: frozenset[str] = frozenset()
    number: int = 0

    @property
    def newest(self) -> datetime:
        """When it was asked last."""
        return max(each.at for each in self.questions)

    @property
    def counts(self) -> Counter[Kind]:
        """How often it was missed, by kind."""
        return Counter(each.kind for each in self.questions)

    @property
    def proposed(self) -> str | None:
        """The topic that people chose themselves, else the nearest one."""
        chosen = Counter(each.chosen for each in self.questions if each.chosen)
        return chosen.most_common(1)[0][0] if chosen else self.nearest


@dataclass(slots=True)
class _Reading:
    """Where the reading of one conversation stands."""

    conversation: int = 0
    question: MessageRow | None = None
    found: list[Missed] = field(default_factory=list)
    last: Missed | None = None  # what was found of the present question

    def take(self, message: MessageRow) -> None:
        """The next line of the log."""
        if message.conversation_id != self.conversation:
            self.conversation, self.question, self.last = message.conversation_id, None, None
        if message.direction == "in" and message.decision in _QUESTIONS:
            self._asked(message)
        if message.decision == "chosen":
            self._chosen(message)
        elif message.feedback == -1 and message.topic:
            self._note(Kind.UNHELPFUL, given=message.topic)

    def _chosen(self, press: MessageRow) -> None:
        """A topic taken from a question back tells what was meant; from the menu it has no question."""
        if self.last is None or self.last.kind is not Kind.ASKED_BACK:
            return
        self.last.chosen = self.last.chosen or press.topic
        if press.feedback == -1:
            self._note(Kind.UNHELPFUL, given=press.topic)

    def _asked(self, message: MessageRow) -> None:
        self.question, self.last = message, None
        if message.decision == Decision.HANDOFF and message.reason == Reason.UNKNOWN:
            self._note(Kind.UNANSWERED)
        elif message.decision == Decision.CLARIFY and message.reason in _DOUBT:
            self._note(Kind.ASKED_BACK)

    def _note(self, kind: Kind, given: str | None = None) -> None:
        if self.question is not None:
            self.last = Missed(self.question.text, self.question.at, kind, given)
            self.found.append(self.last)


async def missed(messages: AsyncIterable[MessageRow]) -> list[Missed]:
    """The missed questions of a log that is read conversation by conversation, oldest first."""
    reading = _Reading()
    async for message in messages:
        reading.take(message)
    return sorted(reading.found, key=lambda each: each.at)


def grouped(
    questions: Iterable[Missed], matcher: Matcher, decided: Mapping[str, GapDecision], fingerprint: Fingerprint
) -> list[Gap]:
    """The open gaps, newest first: what is answered by now, and what was decided, does not come back."""
    gaps: list[Gap] = []
    for question in questions:
        gap = _alone(question, matcher, fingerprint)
        if len(gap.normal) < SHORTEST or _settled(gap, matcher, decided):
            continue
        like = _like(gap, gaps)
        if like is None:
            gaps.append(gap)
        else:
            like.questions.insert(0, question)
            like.fingerprints.add(gap.fingerprint)
    open_ones = [each for each in gaps if decided.get(each.fingerprint) != GapDecision.OUTSIDE]
    return sorted(open_ones, key=lambda each: each.newest, reverse=True)


def _alone(question: Missed, matcher: Matcher, fingerprint: Fingerprint) -> Gap:
    reading = matcher.ranker.reader(question.text)
    odds = matcher.odds(question.text)
    best = odds.topics[0] if odds.topics else None
    key = fingerprint(reading.text)
    return Gap(
        key,
        reading.text,
        [question],
        {key},
        best.topic if best else None,
        best.score if best else 0.0,
        frozenset(reading.concepts),
    )


def _settled(gap: Gap, matcher: Matcher, decided: Mapping[str, GapDecision]) -> bool:
    """Whether it was accepted, or the knowledge of today does better.

    What was marked as outside stays among the groups for now, so that what is like it joins it.
    """
    decision = decided.get(gap.fingerprint)
    if decision is not None:
        return decision == GapDecision.ACCEPTED
    question = gap.questions[0]
    verdict = matcher.match(question.text)
    if verdict.decision is Decision.ANSWER:
        return question.kind is not Kind.UNHELPFUL or verdict.best != question.given
    return verdict.reason in (Reason.OUTSIDE, Reason.CRISIS, Reason.PERSON)


def _like(gap: Gap, gaps: Sequence[Gap]) -> Gap | None:
    """The group that asks the same."""
    best = process.extractOne(gap.normal, [each.normal for each in gaps], scorer=fuzz.ratio, score_cutoff=ALIKE)
    if best:
        return gaps[best[2]]
    if len(gap.concepts) >= CONCEPTS:
        return next((each for each in gaps if each.concepts == gap.concepts and each.nearest == gap.nearest), None)
    return None


class Gaps:
    """The gaps of a database, with lasting numbers and the decisions about them."""

    def __init__(self, store: Store, matcher: Matcher, clock: Clock) -> None:
        self._store = store
        self._matcher = matcher
        self._clock = clock

    def fingerprint(self, normal: str) -> str:
        """What stands for a question's words where they are not kept."""
        return self._store.vault.pseudonym("gap", normal)

    async def open(self, since: datetime | None = None) -> list[Gap]:
        """The open gaps, newest first."""
        async with self._store.work(read_only=True) as work:
            questions = await missed(work.log.read(since=since))
            decided = await work.gaps.decisions()
        found = grouped(questions, self._matcher, decided, self.fingerprint)
        async with self._store.work() as work:
            numbers = await work.gaps.numbered([each.fingerprint for each in found], self._clock.now())
            await work.commit()
        for each in found:
            each.number = numbers[each.fingerprint]
        return found

    async def get(self, number: int) -> Gap | None:
        """The open gap with that number."""
        return next((each for each in await self.open() if each.number == number), None)

    async def decide(self, gap: Gap, decision: GapDecision, target: str | None, phrasing: str = "") -> None:
        """Remember what became of a gap, and of every wording in it."""
        keys = sorted(gap.fingerprints)
        if phrasing:
            keys.append(self.fingerprint(self._matcher.ranker.reader.normal(phrasing).text))
        async with self._store.work() as work:
            await work.gaps.decide(list(dict.fromkeys(keys)), decision, target, self._clock.now())
            await work.commit()
