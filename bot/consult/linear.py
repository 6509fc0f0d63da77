"""A discriminative layer over the index: which features speak for a topic *rather than* its neighbours.

Retrieval alone asks what a question resembles; this layer learns what tells topics apart. It is a
multi-class passive-aggressive classifier (Crammer et al. 2006, PA-I) with averaged weights: no
library beyond numpy, fitted from the phrasings whenever the knowledge is loaded, in well under a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.consult.index import Floats, Index, Ints, Vector

MOST_FEATURES = 60_000  # with the weight matrix below 40 MB at 150 topics
MOST_STEPS = 40_000


@dataclass(frozen=True, slots=True)
class LinearSettings:
    """How the layer is fitted."""

    rounds: int = 4
    boldness: float = 0.25  # PA-I's C: the largest step that one example may cause
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
        self._columns, self._size = _columns(index, only)
        self._partial = only is not None or self._size < len(index.vocabulary)
        self._weights = np.zeros((self._size, max(count, 2)), dtype=np.float32)
        self._fit(index, np.asarray(truth), settings or LinearSettings())

    def scores(self, vector: Vector) -> Floats:
        """One score per class; about 0 for neutral, 1 and more for clear."""
        places, values = self._part(vector.ids, vector.weights)
        return np.asarray(values @ self._weights[places], dtype=np.float32)

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

    def _fit(self, index: Index, truths: NDArray[np.int64], settings: LinearSettings) -> None:
        """Goes over the phrasings a few rounds; a mistake moves the true class up and its best rival down."""
        weights, late_moves = self._weights, np.zeros_like(self._weights)
        rows = [self._part(*index.row(row)) for row in range(index.size)]
        steps = _order(index.size, settings)
        for number, row in enumerate(steps):
            places, values = rows[row]
            scores = values @ weights[places]
            truth = truths[row]
            own, scores[truth] = scores[truth], -np.inf
            rival = int(scores.argmax())
            loss = settings.margin - own + scores[rival]
            if loss > 0:
                move = min(settings.boldness, loss / 2) * values
                weights[places, truth] += move
                weights[places, rival] -= move
                late = number / len(steps) * move  # taken off again at the end: the average over time
                late_moves[places, truth] += late
                late_moves[places, rival] -= late
        weights -= late_moves


def _columns(index: Index, only: Callable[[str], bool] | None) -> tuple[NDArray[np.int64], int]:
    """The matrix row of each feature, and the number of rows; a feature that is left out has a row beyond."""
    wanted = np.arange(len(index.vocabulary))
    if only is not None:
        wanted = np.array([number for feature, number in index.vocabulary.items() if only(feature)], dtype=np.int64)
    if len(wanted) > MOST_FEATURES:
        wanted = wanted[np.argsort(-index.frequency[wanted], kind="stable")[:MOST_FEATURES]]
    columns = np.full(len(index.vocabulary), len(wanted), dtype=np.int64)
    columns[np.sort(wanted)] = np.arange(len(wanted))
    return columns, len(wanted)


def _order(size: int, settings: LinearSettings) -> list[int]:
    """The rows in the order in which they are learned: reshuffled each round, bounded in number."""
    generator = np.random.default_rng(settings.seed)
    order: list[int] = []
    for _ in range(settings.rounds):
        order.extend(generator.permutation(size).tolist())
        if len(order) > MOST_STEPS:
            break
    return order[:MOST_STEPS]
