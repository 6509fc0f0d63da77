"""A discriminative layer over the index: which features speak for a topic *rather than* its neighbours.

Retrieval alone asks what a question resembles; this layer learns what tells topics apart. It is a
multi-class passive-aggressive classifier (Crammer et al. 2006, PA-I) with averaged weights: no
library beyond numpy, fitted from the phrasings whenever the knowledge is loaded, in about a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.consult.index import Floats, Index, Ints, Vector

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
        only: Callable[[str], bool] | None = None,
    ) -> None:
        """Fits the layer to tell the `count` classes of the index's rows apart, by all features or `only` some."""
        count = max(count, 2)
        self._columns, self._size = _columns(index, MOST_CELLS // count, only)
        self._partial = only is not None or self._size < len(index.vocabulary)
        fitted = self._fitted(index, np.asarray(truth), count, settings or LinearSettings())
        self._weights = fitted.astype(np.float16)

    def scores(self, vector: Vector) -> Floats:
        """One score per class; about 0 for neutral, 1 and more for clear."""
        places, values = self._part(vector.ids, vector.weights)
        return np.asarray(values @ self._weights.take(places, axis=0).astype(np.float32))

    def weight(self, feature: int, topic: int) -> float:
        """How much a feature speaks for a class, for explanations."""
        place = self._columns[feature]
        return float(self._weights[place, topic]) if place < self._size else 0.0

    def _part(self, ids: Ints, values: Floats) -> tuple[NDArray[np.int64], Floats]:
        """The features that this layer looks at, brought to length one again."""
        places = self._columns[ids]
        if not self._partial:
            return places, values
        seen = places < self._size
        places, values = places[seen], values[seen]
        length = float(np.sqrt(values @ values))
        return places, values / length if length else values

    def _fitted(self, index: Index, truths: NDArray[np.int64], count: int, settings: LinearSettings) -> Floats:
        """Goes over the phrasings a few rounds; a mistake moves the true class up and its best rival down.

        What was right with room to spare twice running is looked at again only in the last round. The
        result is the mean of the weights after each round, the first rounds left out.
        """
        weights = np.zeros((self._size, count), dtype=np.float32)
        mean, flat = np.zeros_like(weights), weights.reshape(-1)
        rows = [self._part(*index.row(row)) for row in range(index.size)]
        cells = [places * count for places, _ in rows]
        calm = np.zeros(index.size, dtype=np.int8)
        generator = np.random.default_rng(settings.seed)
        rounds = max(1, min(settings.rounds, MOST_STEPS // max(index.size, 1)))
        for number in range(rounds):
            order = generator.permutation(index.size)[:MOST_STEPS]
            for row in order[calm[order] < CALM].tolist() if number < rounds - 1 else order.tolist():
                places, values = rows[row]
                scores = values @ weights.take(places, axis=0)
                truth = truths[row]
                own, scores[truth] = scores[truth], -np.inf
                rival = int(scores.argmax())
                loss = settings.margin - own + scores[rival]
                calm[row] = calm[row] + 1 if loss <= 0 else 0
                if loss > 0:
                    move = min(settings.boldness, loss / 2) * values
                    flat[cells[row] + truth] += move
                    flat[cells[row] + rival] -= move
            if number >= rounds // 4:
                mean += weights
        return np.asarray(mean / (rounds - rounds // 4), dtype=np.float32)


def _columns(index: Index, most: int, only: Callable[[str], bool] | None) -> tuple[NDArray[np.int64], int]:
    """The matrix row of each feature, and the number of rows; a feature that is left out has a row beyond."""
    wanted = np.arange(len(index.vocabulary))
    if only is not None:
        wanted = np.array([number for feature, number in index.vocabulary.items() if only(feature)], dtype=np.int64)
    if len(wanted) > most:
        wanted = wanted[np.argsort(-index.frequency[wanted], kind="stable")[:most]]
    columns = np.full(len(index.vocabulary), len(wanted), dtype=np.int64)
    columns[np.sort(wanted)] = np.arange(len(wanted))
    return columns, len(wanted)
