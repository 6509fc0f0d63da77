"""A discriminative layer over the index: which features speak for a topic *rather than* its neighbours.

Retrieval alone asks what a question resembles; this layer learns what tells topics apart. It is a
multi-class passive-aggressive classifier (Crammer et al. 2006, PA-I) with averaged weights: no
library beyond numpy, fitted from the phrasings whenever the knowledge is loaded, in well under a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.consult.index import Floats, Index, Vector

MOST_FEATURES = 60_000  # with the weight matrix below 40 MB at 150 topics
MOST_STEPS = 45_000


@dataclass(frozen=True, slots=True)
class LinearSettings:
    """How the layer is fitted."""

    rounds: int = 8
    boldness: float = 0.25  # PA-I's C: the largest step that one example may cause
    margin: float = 1.0
    forgetting: float = 0.0  # share of a phrasing's features that is hidden at each step, against rote learning
    seed: int = 20261123


class Linear:
    """Scores of all topics for a question, learned from the index's own rows."""

    def __init__(self, index: Index, settings: LinearSettings | None = None) -> None:
        """Fits the layer."""
        settings = settings or LinearSettings()
        self._columns = _columns(index)
        self._weights = _fitted(index, self._columns, settings)

    def scores(self, vector: Vector) -> Floats:
        """One score per topic; about 0 for neutral, 1 and more for clear."""
        columns = self._columns[vector.ids]
        return np.asarray(vector.weights @ self._weights[columns], dtype=np.float32)

    def weight(self, feature: int, topic: int) -> float:
        """How much a feature speaks for a topic, for explanations."""
        return float(self._weights[self._columns[feature], topic])


def _columns(index: Index) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The matrix row of each feature; rare ones share the last row, which stays zero, when there are too many."""
    total = len(index.vocabulary)
    columns = np.arange(total, dtype=np.int64)
    if total > MOST_FEATURES:
        kept = np.sort(np.argsort(-index.frequency, kind="stable")[:MOST_FEATURES])
        columns = np.full(total, MOST_FEATURES, dtype=np.int64)
        columns[kept] = np.arange(MOST_FEATURES)
    return columns


def _fitted(index: Index, columns: np.ndarray[tuple[int], np.dtype[np.int64]], settings: LinearSettings) -> Floats:
    """Goes over the phrasings a few rounds; each mistake moves the true topic up and the best rival down."""
    size = min(len(index.vocabulary), MOST_FEATURES) + 1
    weights = np.zeros((size, max(index.count, 2)), dtype=np.float32)
    total = np.zeros_like(weights)
    steps = _order(index.size, settings)
    generator = np.random.default_rng(settings.seed)
    for number, row in enumerate(steps):
        ids, values = index.row(row)
        if settings.forgetting:
            kept = generator.random(len(ids)) >= settings.forgetting
            ids, values = ids[kept], values[kept]
        places = columns[ids]
        scores = values @ weights[places]
        truth = index.topics[row]
        own, scores[truth] = scores[truth], -np.inf
        rival = int(scores.argmax())
        loss = settings.margin - own + scores[rival]
        if loss > 0:
            move = min(settings.boldness, loss / 2) * values
            weights[places, truth] += move
            weights[places, rival] -= move
            late = number / len(steps)  # the average over time, kept as a correction
            total[places, truth] += late * move
            total[places, rival] -= late * move
    weights -= total
    weights[-1] = 0
    return weights


def _order(size: int, settings: LinearSettings) -> list[int]:
    """The rows in the order in which they are learned: reshuffled each round, bounded in number."""
    generator = np.random.default_rng(settings.seed)
    order: list[int] = []
    for _ in range(settings.rounds):
        order.extend(generator.permutation(size).tolist())
        if len(order) > MOST_STEPS:
            break
    return order[:MOST_STEPS]
