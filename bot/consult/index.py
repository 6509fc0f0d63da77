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


class Index:
    """Phrasings by topic as TF-IDF vectors, with postings per feature.

    Rows are sorted by topic, so that the best row of each topic is one `reduceat`.
    """

    def __init__(self, texts: Sequence[Mapping[str, float]], topics: Sequence[int], count: int) -> None:
        """Takes the features of each phrasing with its topic's number (ascending), and the number of topics."""
        self.topics: Ints = np.asarray(topics, dtype=np.int32)
        self.size = len(texts)
        self.count = count
        self.vocabulary: dict[str, int] = {}
        ids, weights, ends = _flattened(texts, self.vocabulary)
        frequency = np.bincount(ids, minlength=len(self.vocabulary))
        self.frequency: Ints = frequency.astype(np.int32)
        self.rarity: Floats = (np.log((1 + self.size) / (1 + frequency)) + 1).astype(np.float32)
        self._rarest = float(np.log(1 + self.size) + 1)
        rows = np.repeat(np.arange(self.size, dtype=np.int32), np.diff(ends))
        weights = weights * self.rarity[ids]
        lengths = np.sqrt(np.bincount(rows, weights=weights * weights, minlength=self.size))
        weights = (weights / np.maximum(lengths, 1e-9)[rows]).astype(np.float32)
        self.row_ids, self.row_weights, self.row_ends = ids, weights, ends
        order = np.argsort(ids, kind="stable")
        self._rows: Ints = rows[order]
        self._weights: Floats = weights[order]
        self._starts = np.concatenate(([0], np.cumsum(frequency))).tolist()
        present, starts = np.unique(self.topics, return_index=True)
        self._present, self._topic_starts = present, starts
        self._topic_sizes = np.diff(np.append(starts, self.size))
        self._bounds: list[int] = np.searchsorted(self.topics, np.arange(count + 1)).tolist()

    def row(self, number: int) -> tuple[Ints, Floats]:
        """The feature numbers and weights of one phrasing."""
        span = slice(self.row_ends[number], self.row_ends[number + 1])
        return self.row_ids[span], self.row_weights[span]

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
            where = np.concatenate([self._rows[span] for span, _ in spans])
            what = np.concatenate([self._weights[span] * weight for span, weight in spans])
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
            left = np.where(left < np.repeat(top, self._topic_sizes), left, np.float32(0))
        return Hits(rows, best, nearest)


def _flattened(
    texts: Iterable[Mapping[str, float]], vocabulary: dict[str, int]
) -> tuple[Ints, Floats, NDArray[np.int64]]:
    """All features of all texts in a row, numbered as they come."""
    ids, weights, ends = array("i"), array("f"), [0]
    for features in texts:
        for feature, weight in features.items():
            ids.append(vocabulary.setdefault(feature, len(vocabulary)))
            weights.append(weight)
        ends.append(len(ids))
    return (
        np.frombuffer(ids, dtype=np.int32) if ids else np.zeros(0, np.int32),
        np.frombuffer(weights, dtype=np.float32) if weights else np.zeros(0, np.float32),
        np.asarray(ends, dtype=np.int64),
    )
