"""Measuring the matcher on labelled questions: each turn judged as in a real dialogue, and the figures of it."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

import numpy as np

from bot.consult.cases import Case
from bot.consult.following import Chooser, Conversation, Judge, offered
from bot.consult.lexicon import Words
from bot.consult.matcher import Matcher
from bot.consult.model import Context, Decision, Entry, Knowledge, Outside, Verdict
from bot.consult.policy import MatchSettings
from bot.consult.ranking import Labelled, Ranker, RankerSettings, labelled
from bot.consult.training import FOLDS, OUT_OF_SCOPE, Question, grouped_folds

WORST = 20
CONFUSIONS = 20
BANDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
TOP = 3
TERSE = 3  # tags on fewer questions than this say nothing

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one turn."""

    case: Case
    turn: int
    question: Question
    verdict: Verdict
    ms: float

    @property
    def topics(self) -> list[str]:
        """The candidates, best first."""
        return [each.topic for each in self.verdict.candidates]

    @property
    def score(self) -> float:
        """The probability of the first candidate."""
        return self.verdict.candidates[0].score if self.verdict.candidates else 0.0

    @property
    def right(self) -> bool:
        """Whether the first candidate is an acceptable topic."""
        return self.question.accepts(self.verdict.best)

    @property
    def answered(self) -> bool:
        """Whether an answer was given without asking back."""
        return self.verdict.decision is Decision.ANSWER

    @property
    def wrong_answer(self) -> bool:
        """Whether an answer was given that is not right: to another topic, or where none answers."""
        return self.answered and not self.right

    def within(self, most: int) -> bool:
        """Whether an acceptable topic is among the first ones."""
        return any(self.question.accepts(topic) for topic in self.topics[:most])

    def cost(self, costs: MatchSettings) -> float:
        """What this outcome costs, in units of one question back."""
        if self.answered:
            return 0.0 if self.right else costs.cost_wrong
        if self.verdict.decision is Decision.CLARIFY:
            helps = any(self.question.accepts(topic) for topic in offered(self.verdict))
            return costs.cost_clarify + (0.0 if helps else costs.cost_missed)
        return 0.0 if self.question.outside else costs.cost_handoff


@dataclass(frozen=True, slots=True)
class Figures:
    """The table of one set of questions: counts; shares are taken of them when shown."""

    name: str
    inside: int  # questions that a topic answers
    top1: int
    top3: int
    answered: int
    clarified: int
    handed_over: int
    answered_right: int
    outside: int  # questions that no topic answers
    outside_wrong: int  # of these, answered all the same
    cost: float  # mean cost of a question
    p50_ms: float
    p99_ms: float

    @property
    def answers(self) -> int:
        """All answers given, to questions inside and outside."""
        return self.answered + self.outside_wrong

    def shares(self) -> dict[str, float | None]:
        """The figures as shares from 0 to 1; None where there is nothing to take a share of."""

        def share(part: int, whole: int) -> float | None:
            return round(part / whole, 4) if whole else None

        return {
            "top1": share(self.top1, self.inside),
            "top3": share(self.top3, self.inside),
            "answered": share(self.answered, self.inside),
            "clarified": share(self.clarified, self.inside),
            "handed_over": share(self.handed_over, self.inside),
            "precision": share(self.answered_right, self.answered),
            "precision_of_all_answers": share(self.answered_right, self.answers),
            "outside_answered_wrongly": share(self.outside_wrong, self.outside),
        }

    def as_json(self) -> dict[str, object]:
        """Counts and shares."""
        return {**asdict(self), "shares": self.shares()}


@dataclass(frozen=True, slots=True)
class Band:
    """A line of the reliability table: how probable, and how often right."""

    low: float
    high: float
    count: int
    predicted: float
    right: float


# -- judging -------------------------------------------------------------------------------------


def judge_with(matcher: Matcher, today: date | None = None) -> Judge:
    """The matcher as what judges a question."""
    return lambda question, context: matcher.match(question, context, today)


def run(cases: Iterable[Case], judge: Judge, choose: Chooser | None = None) -> list[Outcome]:
    """Every turn of every case, with the context that the real dialogue would keep."""
    outcomes = []
    for case in cases:
        conversation = Conversation(judge, choose)
        for place, question in enumerate(case.turns):
            started = time.perf_counter()
            verdict = conversation.take(question.text)
            ms = (time.perf_counter() - started) * 1000
            outcomes.append(Outcome(case, place, question, verdict, ms))
    return outcomes


def cross_validated(
    knowledge: Knowledge, settings: MatchSettings | None = None, ranking: RankerSettings | None = None,
    progress: Progress = lambda _: None,
) -> list[Outcome]:
    """Each phrasing judged by an index that was built without it and without its near-duplicates."""
    texts = labelled(knowledge)
    folds = grouped_folds(texts)
    written = _written(knowledge)
    words = Words.compile(knowledge.lexicon)
    outcomes: list[Outcome] = []
    for fold in range(FOLDS):
        progress(f"cross-validation: part {fold + 1} of {FOLDS}")
        kept = [each for each, place in zip(texts, folds, strict=True) if place != fold]
        ranker = Ranker(words, kept, knowledge.entries, ranking or RankerSettings())
        matcher = Matcher(knowledge, settings, ranker=ranker)
        left_out = [each for each, place in zip(texts, folds, strict=True) if place == fold and each in written]
        outcomes += run([_case(each, knowledge) for each in left_out], judge_with(matcher))
    return outcomes


def _written(knowledge: Knowledge) -> set[Labelled]:
    """The phrasings alone: titles and keywords are no questions."""
    sources: list[Entry | Outside] = [*knowledge.entries.values(), *knowledge.outside.values()]
    return {Labelled(text, each.id) for each in sources for text in each.phrasings}


def _case(text: Labelled, knowledge: Knowledge) -> Case:
    best = text.label if text.label in knowledge.entries else OUT_OF_SCOPE
    return Case("faq", 0, (Question(text.text, best),))


# -- figures -------------------------------------------------------------------------------------


def figures(name: str, outcomes: Sequence[Outcome], costs: MatchSettings | None = None) -> Figures:
    """The counts of one set."""
    costs = costs or MatchSettings()
    inside = [each for each in outcomes if not each.question.outside]
    outside = [each for each in outcomes if each.question.outside]
    decisions = Counter(each.verdict.decision for each in inside)
    times = [each.ms for each in outcomes] or [0.0]
    return Figures(
        name=name,
        inside=len(inside),
        top1=sum(each.right for each in inside),
        top3=sum(each.within(TOP) for each in inside),
        answered=decisions[Decision.ANSWER],
        clarified=decisions[Decision.CLARIFY],
        handed_over=decisions[Decision.HANDOFF],
        answered_right=sum(each.answered and each.right for each in inside),
        outside=len(outside),
        outside_wrong=sum(each.wrong_answer for each in outside),
        cost=sum(each.cost(costs) for each in outcomes) / max(1, len(outcomes)),
        p50_ms=float(np.percentile(times, 50)),
        p99_ms=float(np.percentile(times, 99)),
    )


def by_file(outcomes: Sequence[Outcome], costs: MatchSettings | None = None) -> list[Figures]:
    """Figures of each file, dialogues split into first and later turns, and of everything."""
    groups: dict[str, list[Outcome]] = {}
    for each in outcomes:
        name = each.case.file
        if each.case.is_dialogue:
            name += ", later turns" if each.turn else ", first turns"
        groups.setdefault(name, []).append(each)
    rows = [figures(name, group, costs) for name, group in groups.items()]
    return rows if len(rows) < 2 else [*rows, figures("all", outcomes, costs)]


def by_tag(outcomes: Sequence[Outcome], costs: MatchSettings | None = None) -> list[Figures]:
    """Figures of each tag that stands on enough questions, most frequent first."""
    groups: dict[str, list[Outcome]] = {}
    for each in outcomes:
        for tag in dict.fromkeys((*each.case.tags, *each.question.tags)):
            groups.setdefault(tag, []).append(each)
    most = sorted(groups, key=lambda tag: (-len(groups[tag]), tag))
    return [figures(tag, groups[tag], costs) for tag in most if len(groups[tag]) >= TERSE]


def reliability(outcomes: Sequence[Outcome]) -> list[Band]:
    """How often the first candidate is right, by the probability that it was given."""
    scores = np.array([each.score for each in outcomes])
    right = np.array([each.right for each in outcomes], dtype=float)
    bands = []
    for low, high in itertools.pairwise(BANDS):
        inside = (scores >= low) & ((scores < high) | (high >= 1.0))
        if count := int(inside.sum()):
            bands.append(Band(low, high, count, float(scores[inside].mean()), float(right[inside].mean())))
    return bands


def calibration_error(bands: Sequence[Band]) -> float:
    """The expected calibration error: how far probability and truth lie apart, on average."""
    total = sum(each.count for each in bands)
    return sum(each.count * abs(each.predicted - each.right) for each in bands) / total if total else 0.0


def brier(outcomes: Sequence[Outcome]) -> float:
    """The mean squared distance between probability and truth; 0 is perfect."""
    return sum((each.score - each.right) ** 2 for each in outcomes) / max(1, len(outcomes))


def confusions(outcomes: Sequence[Outcome], most: int = CONFUSIONS) -> list[tuple[str, str, int, int]]:
    """Pairs (wanted, put first instead, how often, how often answered so), most frequent first.

    An outside question counts only when it was answered.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    given: Counter[tuple[str, str]] = Counter()
    for each in outcomes:
        if each.right or (each.question.outside and not each.answered):
            continue
        pair = (each.question.best, each.verdict.best or "-")
        pairs[pair] += 1
        given[pair] += each.answered
    ranked = sorted(pairs, key=lambda pair: (-pairs[pair], -given[pair], pair))[:most]
    return [(*pair, pairs[pair], given[pair]) for pair in ranked]


def worst(outcomes: Sequence[Outcome], most: int = WORST) -> list[Outcome]:
    """Wrong answers first, the surest of them on top; then what was missed altogether."""
    wrong = [each for each in outcomes if each.wrong_answer]
    missed = [each for each in outcomes if not each.answered and not each.question.outside and not each.within(TOP)]
    wrong.sort(key=lambda each: -each.score)
    missed.sort(key=lambda each: (each.verdict.decision is Decision.CLARIFY, -each.score))
    return [*wrong, *missed][:most]


def changed(before: Sequence[Outcome], after: Sequence[Outcome]) -> list[tuple[Outcome, Outcome]]:
    """Turns whose decision or first topic differ between two runs over the same cases."""
    return [
        (old, new)
        for old, new in zip(before, after, strict=True)
        if (old.verdict.decision, old.verdict.best) != (new.verdict.decision, new.verdict.best)
    ]


def alone(outcomes: Iterable[Outcome]) -> list[Case]:
    """The cases that need no context, each once: what a method without memory can be measured on."""
    found = {(each.case.file, each.case.line): each.case for each in outcomes}
    return [replace(case, turns=case.turns[:1]) for case in found.values()]


def without_context(judge: Callable[[str], Verdict]) -> Judge:
    """A judge that remembers nothing."""

    def judged(question: str, _: Context) -> Verdict:
        return judge(question)

    return judged
