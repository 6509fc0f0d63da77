"""Where each feature stands: an inverted index over all phrasings, searched in one numpy pass."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

LONGEST_POSTING = 20_000  # a feature in more phrasings than this tells nothing and costs time
NEAREST = 3  # phrasings of a topic that are averaged beside its best one


@dataclass(frozen=True, slots=True)
class Vector:
    """A text as feature numbers with weights of length one, and how much of it is unknown."""

    ids: Ints
    weights: Floats
    unknown: float  # share of the text's weight that no phrasing has

    def __bool__(self) -> bool:
        """Whether anything of the text is known."""
        return bool(len(self.ids))


@dataclass(frozen=True, slots=True)
class Hits:
    """What the index found: closeness of each phrasing, and per topic the best and the mean of the nearest."""

    rows: Floats
    best: Floats
    nearest: Floats


@dataclass(frozen=True, slots=True)
class Rows:
    """All phrasings by row: feature numbers and weights in one line, and where each row begins."""

    ids: Ints
    weights: Floats
    starts: NDArray[np.int64]

    @property
    def numbers(self) -> Ints:
        """The row to which each weight belongs."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))


@dataclass(frozen=True, slots=True)
class Postings:
    """For each feature the phrasings that have it, in one line, and each phrasing's topic."""

    vocabulary: dict[str, int]
    frequency: Ints
    rows: Ints
    weights: Floats
    topics: Ints


class Index:
    """Phrasings by topic as TF-IDF vectors, with postings per feature.

    Rows are sorted by topic, so that the best row of each topic is one `reduceat`.
    """

    def __init__(self, texts: Iterable[Mapping[str, float]], topics: Sequence[int], count: int) -> None:
        """Takes the features of each phrasing with its topic's number (ascending), and the number of topics.

        The phrasings are taken one after the other: none is kept but as numbers.
        """
        vocabulary: dict[str, int] = {}
        ids, weights, starts = _flattened(texts, vocabulary)
        size = len(starts) - 1
        frequency = np.bincount(ids, minlength=len(vocabulary)).astype(np.int32)
        rarity = _rarity(frequency, size)
        weights *= rarity[ids]
        rows = Rows(ids, weights, starts).numbers
        lengths = np.sqrt(np.bincount(rows, weights=np.square(weights), minlength=size))
        weights /= np.maximum(lengths, 1e-9).astype(np.float32)[rows]
        order = np.argsort(ids, kind="stable")
        postings = Postings(vocabulary, frequency, rows[order], weights[order], np.asarray(topics, dtype=np.int32))
        self._take(postings, count)
        self._by_row: Rows | None = Rows(ids, weights, starts)

    @classmethod
    def of(cls, postings: Postings, count: int) -> Index:
        """The index over postings that another one had."""
        index = cls.__new__(cls)
        index._take(postings, count)
        index._by_row = None
        return index

    def _take(self, postings: Postings, count: int) -> None:
        self.postings = postings
        self.vocabulary = postings.vocabulary
        self.frequency = postings.frequency
        self.topics = postings.topics
        self.size, self.count = len(postings.topics), count
        self.rarity = _rarity(postings.frequency, self.size)
        self._rarest = float(np.log(1 + self.size) + 1)
        self._starts: list[int] = np.concatenate(([0], np.cumsum(postings.frequency, dtype=np.int64))).tolist()
        self._present, self._topic_starts = np.unique(self.topics, return_index=True)
        self._topic_sizes = np.diff(np.append(self._topic_starts, self.size))
        self._bounds: list[int] = np.searchsorted(self.topics, np.arange(count + 1)).tolist()

    @property
    def by_row(self) -> Rows:
        """The phrasings by row, for what learns from them; made anew from the postings when it was forgotten."""
        if self._by_row is None:
            order = np.argsort(self.postings.rows, kind="stable")
            ids = np.repeat(np.arange(len(self.frequency), dtype=np.int32), self.frequency)[order]
            starts = np.searchsorted(self.postings.rows[order], np.arange(self.size + 1))
            self._by_row = Rows(ids, self.postings.weights[order], starts.astype(np.int64))
        return self._by_row

    def forget_rows(self) -> None:
        """Gives the memory of `by_row` back; searching needs the postings only."""
        self._by_row = None

    def vector(self, features: Mapping[str, float]) -> Vector:
        """A question's features in the index's terms."""
        known: list[int] = []
        raw: list[float] = []
        lost = 0.0
        for feature, weight in features.items():
            number = self.vocabulary.get(feature)
            if number is None:
                lost += (weight * self._rarest) ** 2
            else:
                known.append(number)
                raw.append(weight)
        ids = np.asarray(known, dtype=np.int32)
        weights = np.asarray(raw, dtype=np.float32) * self.rarity[ids]
        kept = float(weights @ weights)
        if kept:
            weights /= np.sqrt(kept)
        return Vector(ids, weights, lost / (lost + kept) if lost + kept else 1.0)

    def search(self, vector: Vector) -> Hits:
        """Closeness (cosine) of all phrasings to a question, and its summary per topic."""
        rows = np.zeros(self.size, dtype=np.float32)
        starts = self._starts
        spans = [
            (slice(starts[number], starts[number + 1]), weight)
            for number, weight in zip(vector.ids.tolist(), vector.weights.tolist(), strict=True)
            if starts[number + 1] - starts[number] <= LONGEST_POSTING
        ]
        if spans:
            where = np.concatenate([self.postings.rows[span] for span, _ in spans])
            what = np.concatenate([self.postings.weights[span] * weight for span, weight in spans])
            rows = np.bincount(where, weights=what, minlength=self.size).astype(np.float32)
        return self._summary(rows)

    def best_row(self, hits: Hits, topic: int) -> int:
        """The topic's nearest phrasing."""
        start, end = self._bounds[topic], self._bounds[topic + 1]
        return start + int(np.argmax(hits.rows[start:end])) if end > start else 0

    def nearest_rows(self, hits: Hits, topic: int, most: int) -> list[int]:
        """The topic's nearest phrasings, nearest first."""
        start, end = self._bounds[topic], self._bounds[topic + 1]
        order = np.argsort(-hits.rows[start:end], kind="stable")[:most]
        return [start + int(each) for each in order]

    def _summary(self, rows: Floats) -> Hits:
        """Per topic the best closeness and the mean of the nearest, by repeated maxima over its rows."""
        best = np.zeros(self.count, dtype=np.float32)
        nearest = np.zeros(self.count, dtype=np.float32)
        left = rows
        for turn in range(NEAREST if self.size else 0):
            top = np.maximum.reduceat(left, self._topic_starts)
            nearest[self._present] += top / NEAREST
            if turn == 0:
                best[self._present] = top
            if turn < NEAREST - 1:
                left = np.where(left < np.repeat(top, self._topic_sizes), left, np.float32(0))
        return Hits(rows, best, nearest)


def _rarity(frequency: Ints, size: int) -> Floats:
    return (np.log((1 + size) / (1 + frequency)) + 1).astype(np.float32)


def _flattened(
    texts: Iterable[Mapping[str, float]], vocabulary: dict[str, int]
) -> tuple[Ints, Floats, NDArray[np.int64]]:
    """All features of all texts in a row, numbered as they come."""
    ids, weights, starts = array("i"), array("f"), array("q", [0])
    for features in texts:
        ids.extend([vocabulary.setdefault(feature, len(vocabulary)) for feature in features])
        weights.extend(features.values())
        starts.append(len(ids))
    # Copies: what grew step by step holds more room than it needs.
    return np.array(ids, dtype=np.int32), np.array(weights, dtype=np.float32), np.array(starts, dtype=np.int64)
