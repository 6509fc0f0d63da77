"""What others would use instead: plain rapidfuzz, BM25 over jieba, TF-IDF over character n-grams; same phrasings.

Each gives a score per phrasing. Its two thresholds (answer, ask back) are chosen on the training part, so that
the same stated costs are least there: as fair as a single score allows.
"""

from __future__ import annotations

import importlib
import itertools
import logging
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from bot.consult.cases import Case
from bot.consult.evaluate import Progress
from bot.consult.model import Candidate, Decision, Knowledge, Reason, Verdict
from bot.consult.normalise import simplified
from bot.consult.policy import OFFERED, SHOWN, MatchSettings
from bot.consult.ranking import Labelled, labelled
from bot.consult.training import Question
from bot.core.errors import SettingsError

STEPS = 40  # values tried for each threshold
ENOUGH = 400  # questions of the training part from which the thresholds are chosen; some methods are slow

Scores = NDArray[np.float32]


class Method(Protocol):
    """Scores every phrasing for a text."""

    def scores(self, text: str) -> Scores:
        """One score per phrasing, in the order in which they were given; higher is nearer."""
        ...


class Fuzzy:
    """One of rapidfuzz's scorers against every phrasing."""

    def __init__(self, texts: Sequence[str], scorer: Callable[..., float]) -> None:
        self._texts = texts
        self._scorer = scorer

    def scores(self, text: str) -> Scores:
        """Likeness from 0 to 100."""
        return np.asarray(process.cdist([text], self._texts, scorer=self._scorer, dtype=np.float32, workers=1)[0])


class Bm25:
    """BM25 over jieba's words (bm25s)."""

    def __init__(self, texts: Sequence[str]) -> None:
        jieba = _imported("jieba")
        jieba.setLogLevel(logging.WARNING)
        self._cut: Callable[[str], Iterable[str]] = jieba.lcut
        self._engine: Any = _imported("bm25s").BM25()
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self._engine.index([list(self._cut(each)) for each in texts], show_progress=False)

    def scores(self, text: str) -> Scores:
        """BM25's score; unknown words count nothing."""
        return np.asarray(self._engine.get_scores(list(self._cut(text))), dtype=np.float32)


class Tfidf:
    """TF-IDF over one to three characters, cosine (scikit-learn)."""

    def __init__(self, texts: Sequence[str]) -> None:
        module = _imported("sklearn.feature_extraction.text", "scikit-learn")
        self._vectorizer: Any = module.TfidfVectorizer(analyzer="char", ngram_range=(1, 3), dtype=np.float32)
        self._matrix: Any = self._vectorizer.fit_transform(texts)

    def scores(self, text: str) -> Scores:
        """Cosine from 0 to 1."""
        return np.asarray((self._matrix @ self._vectorizer.transform([text]).T).toarray().ravel(), dtype=np.float32)


METHODS: dict[str, Callable[[Sequence[str]], Method]] = {
    "rapidfuzz ratio": lambda texts: Fuzzy(texts, fuzz.ratio),
    "rapidfuzz WRatio": lambda texts: Fuzzy(texts, fuzz.WRatio),
    "rapidfuzz token_set_ratio": lambda texts: Fuzzy(texts, fuzz.token_set_ratio),
    "rapidfuzz partial_ratio": lambda texts: Fuzzy(texts, fuzz.partial_ratio),
    "BM25 over jieba": Bm25,
    "TF-IDF, characters 1-3": Tfidf,
}


def _imported(module: str, package: str = "") -> ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # jieba's own use of old interfaces
            return importlib.import_module(module)
    except ImportError as error:
        name = package or module
        raise SettingsError(
            f"{name} is not installed: the baselines need `pip install -r requirements-dev.txt`"
        ) from error


def plain(text: str) -> str:
    """What every method is given: one script, one width, one case."""
    return simplified(unicodedata.normalize("NFKC", text)).lower()


@dataclass(frozen=True, slots=True)
class Ranked:
    """The labels for one question, best first."""

    question: Question
    topics: tuple[Candidate, ...]
    is_outside: bool  # the best of all is a kind that the desk does not answer


class Baseline:
    """A method with labels, and thresholds once they are chosen."""

    def __init__(self, name: str, knowledge: Knowledge, texts: Sequence[Labelled] | None = None) -> None:
        """Builds the method's index."""
        texts = sorted(texts or labelled(knowledge), key=lambda each: each.label)
        self.name = name
        self._known = knowledge.entries
        self.method = METHODS[name]([plain(each.text) for each in texts])
        self._labels = [label for label, _ in itertools.groupby(each.label for each in texts)]
        sizes = [len(list(group)) for _, group in itertools.groupby(each.label for each in texts)]
        self._starts = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.intp)
        self.answer, self.clarify = np.inf, np.inf

    def rank(self, text: str) -> tuple[tuple[Candidate, ...], bool]:
        """The FAQ's topics by their best phrasing, and whether an outside kind is better than all of them."""
        best = np.maximum.reduceat(self.method.scores(plain(text)), self._starts)
        order = np.argsort(-best, kind="stable")
        first = self._labels[order[0]]
        topics = [
            Candidate(self._labels[place], float(best[place])) for place in order if self._labels[place] in self._known
        ]
        return tuple(topics[:SHOWN]), first not in self._known

    def judge(self, text: str) -> Verdict:
        """The verdict by the two thresholds."""
        topics, is_outside = self.rank(text)
        decision = self._decision(topics, is_outside, self.answer, self.clarify)
        return Verdict(decision, Reason.OUTSIDE if is_outside else Reason.MATCH, topics)

    @staticmethod
    def _decision(topics: Sequence[Candidate], is_outside: bool, answer: float, clarify: float) -> Decision:
        if is_outside or not topics or topics[0].score < clarify:
            return Decision.HANDOFF
        return Decision.ANSWER if topics[0].score >= answer else Decision.CLARIFY

    def choose_thresholds(self, cases: Iterable[Case], costs: MatchSettings) -> None:
        """Take the two thresholds with the least mean cost on these questions (the training part)."""
        questions = [each.turns[0] for each in cases]
        questions = questions[:: max(1, len(questions) // ENOUGH)]
        ranked = [Ranked(each, *self.rank(each.text)) for each in questions]
        if not ranked:
            return
        scores = np.array([each.topics[0].score if each.topics else 0.0 for each in ranked])
        costs_of = np.array([_costs(each, costs) for each in ranked])  # question × (answer, clarify, hand over)
        outside = np.array([each.is_outside for each in ranked])
        tried = [*np.unique(np.quantile(scores, np.linspace(0, 1, STEPS))).tolist(), np.inf]
        best = np.inf
        for clarify, answer in itertools.combinations_with_replacement(tried, 2):
            hand_over = outside | (scores < clarify)
            choice = np.where(hand_over, 2, np.where(scores >= answer, 0, 1))
            total = float(costs_of[np.arange(len(ranked)), choice].mean())
            if total < best:
                best, self.answer, self.clarify = total, answer, clarify


def _costs(ranked: Ranked, costs: MatchSettings) -> tuple[float, float, float]:
    """What answering, asking back and handing over would cost."""
    question = ranked.question
    right = bool(ranked.topics) and question.accepts(ranked.topics[0].topic)
    offered = any(question.accepts(each.topic) for each in ranked.topics[:OFFERED])
    return (
        0.0 if right else costs.cost_wrong,
        costs.cost_clarify + (0.0 if offered else costs.cost_missed),
        0.0 if question.outside else costs.cost_handoff,
    )


def baselines(
    knowledge: Knowledge, training: Sequence[Case], costs: MatchSettings, progress: Progress = lambda _: None
) -> list[Baseline]:
    """All methods with their thresholds; SettingsError when a library is missing."""
    for module, package in (("jieba", ""), ("bm25s", ""), ("sklearn", "scikit-learn")):
        _imported(module, package)
    found = []
    for name in METHODS:
        progress(f"baseline: {name}")
        made = Baseline(name, knowledge)
        made.choose_thresholds(training, costs)
        found.append(made)
    return found
