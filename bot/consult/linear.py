"""A discriminative layer over the index: which features speak for a topic *rather than* its neighbours.

Retrieval alone asks what a question resembles; this layer learns what tells topics apart. It is a
multi-class passive-aggressive classifier (Crammer et al. 2006, PA-I) with averaged weights: no
library beyond numpy, fitted from the phrasings whenever the knowledge has changed, in about a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.consult.index import Floats, Index, Ints, Rows, Vector

MOST_CELLS = 30_000_000  # of the weight matrix: 120 MB while it is fitted, half of it afterwards
MOST_STEPS = 80_000
CALM = 2  # rounds without a mistake after which a phrasing rests


@dataclass(frozen=True, slots=True)
class LinearSettings:
    """How the layer is fitted."""

    rounds: int = 8
    boldness: float = 0.2  # PA-I's C: the largest step that one example may cause
    margin: float = 1.0
    seed: int = 20261123


class Linear:
    """Scores of all classes for a question, learned from the index's own rows."""

    def __init__(
        self,
        index: Index,
        truth: Sequence[int],
        count: int,
        settings: LinearSettings | None = None,
    ) -> None:
        """Fits the layer to tell the `count` classes of the index's rows apart."""
        count = max(count, 2)
        self._columns, self._size = _columns(index, MOST_CELLS // count)
        self._partial = self._size < len(index.vocabulary)
        fitted = self._fitted(self._seen(index.by_row), np.asarray(truth), count, settings or LinearSettings())
        self._weights = fitted.astype(np.float16)

    @classmethod
    def of(cls, columns: Ints, size: int, weights: NDArray[np.float16]) -> Linear:
        """The layer with weights that were fitted before."""
        layer = cls.__new__(cls)
        layer._columns, layer._size, layer._weights = columns, size, weights
        layer._partial = size < len(columns)
        return layer

    @property
    def fitted(self) -> tuple[Ints, int, NDArray[np.float16]]:
        """What `of` takes."""
        return self._columns, self._size, self._weights

    def scores(self, vector: Vector) -> Floats:
        """One score per class; about 0 for neutral, 1 and more for clear."""
        places, values = self._part(vector.ids, vector.weights)
        return np.asarray(values @ self._weights.take(places, axis=0).astype(np.float32))

    def weight(self, feature: int, topic: int) -> float:
        """How much a feature speaks for a class, for explanations."""
        place = self._columns[feature]
        return float(self._weights[place, topic]) if place < self._size else 0.0

    def _part(self, ids: Ints, values: Floats) -> tuple[Ints, Floats]:
        """The features that this layer looks at, brought to length one again."""
        places = self._columns[ids]
        if not self._partial:
            return places, values
        seen = places < self._size
        places, values = places[seen], values[seen]
        length = float(np.sqrt(values @ values))
        return places, values / length if length else values

    def _seen(self, rows: Rows) -> Rows:
        """The phrasings as this layer sees them, like `_part` of each."""
        places = self._columns[rows.ids]
        if not self._partial:
            return Rows(places, rows.weights, rows.starts)
        seen = places < self._size
        numbers, weights, count = rows.numbers[seen], rows.weights[seen], len(rows.starts) - 1
        squares = np.bincount(numbers, weights=np.square(weights), minlength=count)
        lengths = np.sqrt(np.where(squares, squares, 1)).astype(np.float32)
        return Rows(
            places[seen], weights / lengths[numbers], np.searchsorted(numbers, np.arange(count + 1)).astype(np.int64)
        )

    def _fitted(self, rows: Rows, truths: NDArray[np.int64], count: int, settings: LinearSettings) -> Floats:
        """Goes over the phrasings a few rounds; a mistake moves the true class up and its best rival down.

        What was right with room to spare twice running is looked at again only in the last round. The
        result is the mean of the weights after each round, the first rounds left out.
        """
        size, starts = len(truths), rows.starts.tolist()
        weights = np.zeros((self._size, count), dtype=np.float32)
        flat = weights.reshape(-1)
        calm = np.zeros(size, dtype=np.int8)
        generator = np.random.default_rng(settings.seed)
        rounds = max(1, min(settings.rounds, MOST_STEPS // max(size, 1)))
        mean = weights if rounds == 1 else np.zeros_like(weights)
        for number in range(rounds):
            order = generator.permutation(size)[:MOST_STEPS]
            for row in order[calm[order] < CALM].tolist() if number < rounds - 1 else order.tolist():
                span = slice(starts[row], starts[row + 1])
                places, values = rows.ids[span], rows.weights[span]
                scores = values @ weights.take(places, axis=0)
                truth = truths[row]
                own, scores[truth] = scores[truth], -np.inf
                rival = int(scores.argmax())
                loss = settings.margin - own + scores[rival]
                calm[row] = calm[row] + 1 if loss <= 0 else 0
                if loss > 0:
                    move = min(settings.boldness, loss / 2) * values
                    cells = places * count
                    flat[cells + truth] += move
                    flat[cells + rival] -= move
            if rounds > 1 and number >= rounds // 4:
                mean += weights
        if rounds > 1:
            mean /= rounds - rounds // 4
        return mean


def _columns(index: Index, most: int) -> tuple[Ints, int]:
    """The matrix row of each feature, and the number of rows; the rarest features have a row beyond if there are more."""
    count = len(index.vocabulary)
    if count <= most:
        return np.arange(count, dtype=np.int32), count
    wanted = np.argsort(-index.frequency, kind="stable")[:most]
    columns = np.full(count, most, dtype=np.int32)
    columns[np.sort(wanted)] = np.arange(most)
    return columns, most
