"""Evidence becomes probability: a conditional logit with a few readable weights, and a choice "none of them".

P(topic | question) = exp(w · evidence(topic)) / (exp(v · nothing) + sum over all topics and outside kinds).
The weights are fitted by maximum likelihood on questions whose phrasings the index has not seen
(`training.py`), and kept in a small file that a person can read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.consult.ranking import EVIDENCE, NOTHING, Evidence

WEIGHTS_FILE = Path(__file__).with_name("weights.json")
STEPS = 300  # of the search for the best weights, at most
NEAR = 1e-5  # steepness below which the search is at its end
PULL = 0.0002  # how strongly weights are drawn to zero
FREE = NOTHING.index("nothing")  # not drawn: the weight of what is always 1


@dataclass(frozen=True, slots=True)
class Example:
    """One question for fitting: its evidence, the acceptable rows, and how much it counts.

    The row after the last one stands for "none of them".
    """

    evidence: Evidence
    right: tuple[int, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Weights:
    """The fitted weights with the story of how they came about."""

    topics: NDArray[np.float64]
    nothing: NDArray[np.float64]
    provenance: Mapping[str, object] = field(default_factory=dict)

    def probabilities(self, evidence: Evidence) -> tuple[NDArray[np.float64], float]:
        """The probability of each topic, and that it is none of them."""
        scores = np.append(evidence.topics @ self.topics, evidence.nothing @ self.nothing)
        scores = np.exp(scores - scores.max())
        scores /= scores.sum()
        return scores[:-1], float(scores[-1])

    def as_json(self) -> str:
        """The file's content."""
        content = {
            "evidence": {name: round(float(value), 4) for name, value in zip(EVIDENCE, self.topics, strict=True)},
            "nothing": {name: round(float(value), 4) for name, value in zip(NOTHING, self.nothing, strict=True)},
            "provenance": dict(self.provenance),
        }
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"

    def save(self, path: Path = WEIGHTS_FILE) -> None:
        """Writes the file."""
        path.write_text(self.as_json(), encoding="utf-8")


def load_weights(path: Path = WEIGHTS_FILE) -> Weights:
    """Reads the file; a weight that it lacks is zero."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Weights(
        np.array([float(content["evidence"].get(name, 0.0)) for name in EVIDENCE]),
        np.array([float(content["nothing"].get(name, 0.0)) for name in NOTHING]),
        content.get("provenance", {}),
    )


@dataclass(frozen=True, slots=True)
class _Stack:
    """All examples as arrays, padded to the same number of topics."""

    topics: NDArray[np.float32]  # example × topic × evidence
    nothing: NDArray[np.float64]  # example × evidence
    present: NDArray[np.bool_]  # example × topic: not padding
    right: NDArray[np.bool_]  # example × topic, and "none of them" in the last column
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> _Stack:
        """Stacks the examples."""
        count, width = len(examples), max(len(each.evidence.topics) for each in examples)
        topics = np.zeros((count, width, len(EVIDENCE)), dtype=np.float32)
        present = np.zeros((count, width), dtype=np.bool_)
        right = np.zeros((count, width + 1), dtype=np.bool_)
        for place, each in enumerate(examples):
            topics[place, : len(each.evidence.topics)] = each.evidence.topics
            present[place, : len(each.evidence.topics)] = True
            right[place, [width if row >= len(each.evidence.topics) else row for row in each.right]] = True
        nothing = np.array([each.evidence.nothing for each in examples])
        return cls(topics, nothing, present, right, np.array([each.weight for each in examples]))

    def loss(self, parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The mean negative log-likelihood with the pull to zero, and its gradient."""
        split, (count, width, kinds) = len(EVIDENCE), self.topics.shape
        scores = (self.topics.reshape(-1, kinds) @ parameters[:split].astype(np.float32)).reshape(count, width)
        scores = np.column_stack([np.where(self.present, scores, -np.inf), self.nothing @ parameters[split:]])
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        wanted = np.where(self.right, np.maximum(likely, 1e-12), 0.0)
        sure = wanted.sum(axis=1, keepdims=True)
        excess = (likely - wanted / sure) * self.weight[:, None]
        of_topics = excess[:, :-1].astype(np.float32).reshape(-1) @ self.topics.reshape(-1, kinds)
        slope = np.concatenate([of_topics, excess[:, -1] @ self.nothing]) / self.weight.sum()
        pull = np.full(len(parameters), PULL)
        pull[split + FREE] = 0.0
        loss = -float(self.weight @ np.log(sure[:, 0])) / self.weight.sum() + 0.5 * float(pull @ parameters**2)
        return loss, slope + pull * parameters


def fit(examples: Sequence[Example], provenance: Mapping[str, object] | None = None) -> Weights:
    """Maximum likelihood with a weak pull to zero, by BFGS over all examples at once; deterministic."""
    stack = _Stack.of([each for each in examples if each.right])
    start = np.ones(len(EVIDENCE) + len(NOTHING))
    start[EVIDENCE.index("outside")] = 0.0
    found = _least(stack.loss, start)
    return Weights(found[: len(EVIDENCE)], found[len(EVIDENCE) :], provenance or {})


def _least(
    loss: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where a smooth function of a few parameters is least: BFGS with a step that is halved until it helps."""
    place, curve = start, np.eye(len(start))
    now, slope = loss(place)
    for _ in range(STEPS):
        way = -curve @ slope
        reach = 1.0
        while reach > NEAR:
            after, later = loss(place + reach * way)
            if after <= now + 1e-4 * reach * float(slope @ way):
                break
            reach /= 2
        else:
            break
        step, bend = reach * way, later - slope
        place, now, slope = place + step, after, later
        if np.abs(slope).max() < NEAR:
            break
        if (turn := float(step @ bend)) > 0:
            side = np.eye(len(start)) - np.outer(step, bend) / turn
            curve = side @ curve @ side.T + np.outer(step, step) / turn
    return place
