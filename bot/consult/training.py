"""Fits the weights of `calibration.py`: one reproducible command, from phrasings not seen and from the training part.

Two sources. (1) Every phrasing of the knowledge, judged by a ranker that was built without it and without
its near-duplicates (cross-validation in folds); in each fold some kinds of outside questions are left out
altogether, so that "none of them" is learned from kinds that the index has never heard of. (2) The training part
of the evaluation, judged by the ranker of the whole knowledge. The test part is never looked at here.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from bot.consult.calibration import Example, Weights, fit
from bot.consult.lexicon import Words
from bot.consult.model import Context, Knowledge
from bot.consult.ranking import Labelled, Ranker, RankerSettings, labelled

OUT_OF_SCOPE = "oos"
FOLDS = 5
ALIKE = 80  # rapidfuzz ratio from which two phrasings of a topic must share a fold
WEIGHT_PHRASING = 0.005  # phrasings are many and clean; questions are few and real
WEIGHT_QUESTION = 1.0


@dataclass(frozen=True, slots=True)
class Question:
    """A labelled question of an evaluation: the best topic (or `oos`), other acceptable ones, tags."""

    text: str
    best: str
    ok: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def outside(self) -> bool:
        """Whether no topic answers it."""
        return self.best == OUT_OF_SCOPE

    def accepts(self, topic: str | None) -> bool:
        """Whether that topic's answer is right."""
        return topic is not None and (topic == self.best or topic in self.ok)

    @classmethod
    def of(cls, row: Mapping[str, object]) -> Question:
        """From one object of an evaluation file."""
        ok, tags = row.get("ok") or (), row.get("tags") or ()
        return cls(
            str(row["q"]),
            str(row["best"]),
            tuple(map(str, ok)) if isinstance(ok, list | tuple) else (),
            tuple(map(str, tags)) if isinstance(tags, list | tuple) else (),
        )


Dialogue = tuple[Question, ...]


def in_training_part(text: str) -> bool:
    """The half of an evaluation that may be trained on, by a hash of the question: stable when questions are added."""
    return zlib.crc32(text.strip().encode()) % 2 == 0


def train(
    knowledge: Knowledge,
    questions: Iterable[Question],
    dialogues: Iterable[Dialogue] = (),
    *,
    trained_on: str = "",
    ranking: RankerSettings | None = None,
) -> Weights:
    """The fitted weights; only the training part of the questions and dialogues is used."""
    ranking = ranking or RankerSettings()
    questions = [each for each in questions if in_training_part(each.text)]
    dialogues = [each for each in dialogues if in_training_part(each[0].text)]
    words = Words.compile(knowledge.lexicon)
    ranker = Ranker(words, labelled(knowledge), knowledge.entries, ranking)
    from_phrasings = phrasing_examples(words, knowledge, ranking)
    from_questions = [example(ranker, each, Context()) for each in questions]
    from_dialogues = dialogue_examples(ranker, dialogues)
    return fit(
        [*from_phrasings, *from_questions, *from_dialogues],
        {
            "command": "python main.py faq train",
            "trained_on": trained_on,
            "knowledge": knowledge.version,
            "phrasings": len(from_phrasings),
            "questions": len(from_questions),
            "turns": len(from_dialogues),
            "questions_hash": _digest(each.text for each in questions),
        },
    )


def example(ranker: Ranker, question: Question, context: Context, weight: float = WEIGHT_QUESTION) -> Example:
    """One question as the fit sees it. For an outside question every outside kind is right, and so is none."""
    evidence = ranker.evidence(ranker.reader(question.text), context)
    if question.outside:
        right = [place for place, outside in enumerate(ranker.is_outside) if outside]
        return Example(evidence, (*right, len(ranker.labels)), weight)
    wanted = sorted({question.best, *question.ok} & ranker.number.keys())
    return Example(evidence, tuple(ranker.number[each] for each in wanted), weight)


def dialogue_examples(ranker: Ranker, dialogues: Iterable[Dialogue]) -> list[Example]:
    """The turns after the first, each with the true topic before it."""
    out: list[Example] = []
    for turns in dialogues:
        last: str | None = None
        for place, turn in enumerate(turns):
            if place:
                out.append(example(ranker, turn, Context(last_topic=last)))
            last = None if turn.outside else turn.best
    return out


def phrasing_examples(words: Words, knowledge: Knowledge, ranking: RankerSettings) -> list[Example]:
    """Each phrasing judged without itself, its near-duplicates, and a share of the outside kinds."""
    texts = labelled(knowledge)
    folds = grouped_folds(texts)
    kinds = sorted(knowledge.outside)
    out: list[Example] = []
    for fold in range(FOLDS):
        unknown = set(kinds[fold::FOLDS])
        kept = [each for each, place in zip(texts, folds, strict=True) if place != fold and each.label not in unknown]
        ranker = Ranker(words, kept, knowledge.entries, ranking)
        for each, place in zip(texts, folds, strict=True):
            if each.label in unknown or place == fold:
                best = each.label if each.label in knowledge.entries else OUT_OF_SCOPE
                out.append(example(ranker, Question(each.text, best), Context(), WEIGHT_PHRASING))
    return out


def grouped_folds(texts: Sequence[Labelled]) -> list[int]:
    """A fold for each text; texts of one topic that are nearly the same share theirs."""
    folds: list[int] = []
    seen: dict[str, list[tuple[str, int]]] = {}
    for each in texts:
        before = seen.setdefault(each.label, [])
        alike = next((fold for text, fold in before if fuzz.ratio(text, each.text) >= ALIKE), None)
        fold = zlib.crc32(each.text.encode()) % FOLDS if alike is None else alike
        before.append((each.text, fold))
        folds.append(fold)
    return folds


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:16]
