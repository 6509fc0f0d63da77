"""From a question to evidence for each topic: retrieval, the linear layer and closeness, over one knowledge.

A `Ranker` is built from labelled texts, so that cross-validation can build one from a part of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from bot.consult.features import CONCEPT, Extractor, FeatureSettings
from bot.consult.index import Floats, Hits, Index
from bot.consult.learned import Kept, Learned
from bot.consult.lexicon import Words
from bot.consult.linear import Linear, LinearSettings
from bot.consult.model import Context, Entry, Knowledge, Viewpoint
from bot.consult.normalise import Normal
from bot.consult.pinyin import Repair
from bot.consult.reading import Reader, Reading

EVIDENCE = (
    "linear",  # the discriminative layer, on the whole message
    "nearest",  # mean cosine to the topic's three nearest phrasings
    "nearest_asking",  # the same for the sentences that ask
    "closeness",  # rapidfuzz: how alike question and nearest phrasing are, letter by letter
    "linear_lead",  # distance of its linear score to the best other one
    "nearest_lead",  # the same for `nearest`
    "first",  # 1 for the topic with the best linear score
    "inside",  # for topics: how much the words speak for this desk at all (a layer of its own)
    "outside",  # 1 for a kind of question that this desk does not answer
    "side",  # who asks fits whom the entry is for (1), does not (-1), unknown (0)
    "lean_linear",  # follow-up: the linear layer on last topic's title + question
    "lean_related",  # follow-up: the topic is related to the last one
    "lean_same",  # follow-up: it is the last one itself
    "lean_aspect",  # the same, when the question only asks how long, how much, what to bring
)
NOTHING = (
    "nothing",  # always 1
    "nothing_best",  # the best cosine of all
    "nothing_linear",  # the best linear score of all
    "nothing_margin",  # its distance to the second
    "nothing_unknown",  # share of the question that no phrasing has
    "nothing_story",  # how long the message is, on a logarithmic scale
)
CLOSEST = 8  # topics whose nearest phrasing is compared letter by letter


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text of the knowledge with the topic or outside kind that it belongs to."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each topic (rows as in `Ranker.labels`), and for none of them."""

    topics: NDArray[np.float64]
    nothing: NDArray[np.float64]
    hits: Hits


@dataclass(frozen=True, slots=True)
class RankerSettings:
    """How features and the linear layer are built; parts can be switched off for ablations."""

    features: FeatureSettings = field(default_factory=FeatureSettings)
    linear: LinearSettings = field(default_factory=LinearSettings)
    inside: LinearSettings = field(default_factory=lambda: LinearSettings(rounds=3))
    without: frozenset[str] = frozenset()  # names of evidence that is held at zero
    repair: bool = True


class Ranker:
    """Evidence for every topic, from labelled texts."""

    def __init__(
        self,
        words: Words,
        texts: Sequence[Labelled],
        entries: Mapping[str, Entry],
        settings: RankerSettings,
        kept: Kept | None = None,
    ) -> None:
        """Builds the index and fits the linear layers, unless `kept` has them from an earlier start."""
        self.settings = settings
        self._entries = entries
        self.labels = sorted({each.label for each in texts})
        self.number = {label: number for number, label in enumerate(self.labels)}
        self.reader = Reader(words, Extractor(words, settings.features))
        self.is_outside = np.array([label not in entries for label in self.labels], dtype=np.float64)
        learned = kept.learned(len(self.labels)) if kept else None
        if learned is None:
            learned = self._learned(texts)
            if kept:
                kept.keep(learned)
        self.texts, self.index = learned.texts, learned.index
        self.linear, self.inside = learned.linear, learned.inside
        if settings.repair:
            self.reader.repair = Repair(words.vocabulary, self.index.vocabulary)
        self._audience = [
            entries[label].audience if label in entries else frozenset((Viewpoint.ANYONE,)) for label in self.labels
        ]

    def _learned(self, texts: Sequence[Labelled]) -> Learned:
        """What is learned from the texts: it depends on them and on the settings alone."""
        ordered = sorted(texts, key=lambda each: self.number[each.label])
        read: list[str] = []
        index = Index(self._read(ordered, read), [self.number[each.label] for each in ordered], len(self.labels))
        linear = Linear(index, index.topics.tolist(), len(self.labels), self.settings.linear)
        inside = (1 - self.is_outside[index.topics].astype(int)).tolist()
        learned = Learned(read, index, linear, Linear(index, inside, 2, self.settings.inside))
        index.forget_rows()
        return learned

    def _read(self, texts: Iterable[Labelled], read: list[str]) -> Iterator[Mapping[str, float]]:
        """The features of each text; its comparable form is added to `read`."""
        for each in texts:
            normal = self.reader.normal(each.text)
            read.append(normal.text)
            yield self.reader.extract(normal)

    def evidence(self, reading: Reading, context: Context) -> Evidence:
        """What speaks for each topic."""
        whole = self.index.vector(reading.features)
        hits = self.index.search(whole)
        linear = self.linear.scores(whole)
        if reading.asking is reading.features:
            nearest_asking = hits.nearest
        else:
            nearest_asking = self.index.search(self.index.vector(reading.asking)).nearest
        columns = {
            "linear": linear,
            "nearest": hits.nearest,
            "nearest_asking": nearest_asking,
            "closeness": self._closeness(reading.text, linear, hits),
            "linear_lead": lead(linear),
            "nearest_lead": lead(hits.nearest),
            "first": (linear >= linear.max(initial=0.0)).astype(np.float64),
            "inside": (1 - self.is_outside) * np.subtract(*self.inside.scores(whole)[::-1]),
            "outside": self.is_outside,
            "side": self._side(reading, context),
            **self._leaning(reading, context),
        }
        topics = np.zeros((len(self.labels), len(EVIDENCE)))
        for place, name in enumerate(EVIDENCE):
            if name not in self.settings.without:
                topics[:, place] = columns[name]
        top = np.sort(linear)[-2:] if len(linear) > 1 else np.zeros(2)
        nothing = np.array(
            [1.0, hits.best.max(initial=0.0), top[-1], top[-1] - top[0], whole.unknown, np.log1p(len(reading.text)) / 4]
        )
        for place, name in enumerate(NOTHING):
            if name in self.settings.without:
                nothing[place] = 0.0
        return Evidence(topics, nothing, hits)

    def _closeness(self, text: str, linear: Floats, hits: Hits) -> NDArray[np.float64]:
        """Letter-by-letter likeness for the few topics that are in question at all."""
        out = np.zeros(len(self.labels))
        for topic in np.argsort(-(linear + hits.nearest), kind="stable")[:CLOSEST].tolist():
            if hits.best[topic] > 0:
                out[topic] = fuzz.ratio(text, self.texts[self.index.best_row(hits, topic)]) / 100
        return out

    def _side(self, reading: Reading, context: Context) -> NDArray[np.float64]:
        """Whether who asks fits whom an entry is for."""
        side = context.viewpoint or reading.viewpoint
        out = np.zeros(len(self.labels))
        if side is None or side is Viewpoint.ANYONE:
            return out
        for number, audience in enumerate(self._audience):
            if Viewpoint.ANYONE not in audience and audience:
                out[number] = 1.0 if side in audience else -1.0
        return out

    def _leaning(self, reading: Reading, context: Context) -> dict[str, Floats]:
        """What speaks for a topic when the question leans on what was said before."""
        names = ("lean_linear", "lean_related", "lean_same", "lean_aspect")
        found = {name: np.zeros(len(self.labels), dtype=np.float32) for name in names}
        entry = self._entries.get(context.last_topic or "")
        if entry is None or not reading.leaning:
            return found
        merged = dict(self.reader.features(entry.title))
        for feature, weight in reading.features.items():
            merged[feature] = merged.get(feature, 0.0) + weight
        found["lean_linear"] = self.linear.scores(self.index.vector(merged))
        for label, number in self.number.items():
            if label == entry.id:
                found["lean_same"][number] = 1.0
                found["lean_aspect"][number] = float(reading.aspect)
            elif label in entry.related:
                found["lean_related"][number] = 1.0
            elif label.partition(".")[0] == entry.category:
                found["lean_related"][number] = 0.5
        return found

    def clear_topic(self, sentence: Normal, least_lead: float) -> str:
        """The label that a sentence clearly means by the linear layer alone; empty when none leads enough."""
        scores = self.linear.scores(self.index.vector(self.reader.extract(sentence)))
        second, first = np.partition(scores, -2)[-2:] if len(scores) > 1 else (0.0, 0.0)
        return self.labels[int(scores.argmax())] if first - second >= least_lead else ""

    def reasons(self, reading: Reading, topic: str, most: int = 8) -> list[tuple[str, float]]:
        """The features that speak most for a topic, for staff."""
        vector = self.index.vector(reading.features)
        names = {number: name for name, number in self.index.vocabulary.items()} if vector else {}
        place = self.number[topic]
        shares = [
            (names[number].replace(CONCEPT, ""), weight * self.linear.weight(number, place))
            for number, weight in zip(vector.ids.tolist(), vector.weights.tolist(), strict=True)
        ]
        return sorted(shares, key=lambda pair: -abs(pair[1]))[:most]


def lead(scores: Floats) -> NDArray[np.float64]:
    """How far each score is ahead of the best of the others."""
    if len(scores) < 2:
        return np.zeros(len(scores))
    second, first = np.partition(scores, -2)[-2:]
    return np.asarray(np.where(scores == first, first - second, scores - first), dtype=np.float64)


def labelled(knowledge: Knowledge) -> list[Labelled]:
    """All texts of a knowledge by which a topic is recognised."""
    found = [
        (entry.id, (entry.title, entry.question, *entry.phrasings, "，".join(entry.keywords)))
        for entry in knowledge.entries.values()
    ]
    found += [(kind.id, (kind.title, *kind.phrasings, "，".join(kind.keywords))) for kind in knowledge.outside.values()]
    return [Labelled(text, label) for label, texts in found for text in dict.fromkeys(texts) if text.strip()]
