"""Evidence becomes probability: a conditional logit with a few readable weights, and a choice "none of them".

P(topic | question) = exp(w · evidence(topic)) / (exp(v · nothing) + sum over all topics and outside kinds).
The weights are fitted by maximum likelihood on questions whose phrasings the index has not seen
(`training.py`), and kept in a small file that a person can read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.consult.ranking import EVIDENCE, NOTHING, Evidence

WEIGHTS_FILE = Path(__file__).with_name("weights.json")
STEPS = 250
PULL = 0.002  # how strongly weights are drawn to zero


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

    topics: NDArray[np.float64]  # example × topic × evidence
    nothing: NDArray[np.float64]  # example × evidence
    present: NDArray[np.bool_]  # example × topic: not padding
    right: NDArray[np.bool_]  # example × topic, and "none of them" in the last column
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> _Stack:
        """Stacks the examples."""
        count, width = len(examples), max(len(each.evidence.topics) for each in examples)
        topics = np.zeros((count, width, len(EVIDENCE)))
        present = np.zeros((count, width), dtype=np.bool_)
        right = np.zeros((count, width + 1), dtype=np.bool_)
        for place, each in enumerate(examples):
            topics[place, : len(each.evidence.topics)] = each.evidence.topics
            present[place, : len(each.evidence.topics)] = True
            right[place, [width if row >= len(each.evidence.topics) else row for row in each.right]] = True
        nothing = np.array([each.evidence.nothing for each in examples])
        return cls(topics, nothing, present, right, np.array([each.weight for each in examples]))

    def slope(self, parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        """The gradient of the mean negative log-likelihood."""
        split = len(EVIDENCE)
        scores = np.where(self.present, self.topics @ parameters[:split], -np.inf)
        scores = np.column_stack([scores, self.nothing @ parameters[split:]])
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        wanted = np.where(self.right, np.maximum(likely, 1e-12), 0.0)
        wanted /= wanted.sum(axis=1, keepdims=True)
        excess = (likely - wanted) * self.weight[:, None]
        slope = np.concatenate([np.einsum("nt,nte->e", excess[:, :-1], self.topics), excess[:, -1] @ self.nothing])
        return np.asarray(slope / self.weight.sum())


def fit(examples: Sequence[Example], provenance: Mapping[str, object] | None = None) -> Weights:
    """Maximum likelihood with a weak pull to zero, by Adam over all examples at once; deterministic."""
    stack = _Stack.of([each for each in examples if each.right])
    parameters = np.concatenate([np.full(len(EVIDENCE), 1.0), np.ones(len(NOTHING))])
    parameters[EVIDENCE.index("outside")] = 0.0
    momentum, speed = np.zeros_like(parameters), np.zeros_like(parameters)
    for step in range(1, STEPS + 1):
        slope = stack.slope(parameters) + PULL * parameters
        momentum = 0.9 * momentum + 0.1 * slope
        speed = 0.99 * speed + 0.01 * slope * slope
        pace = 0.3 * (1 - step / (STEPS + 1))
        parameters = parameters - pace * (momentum / (1 - 0.9**step)) / (np.sqrt(speed / (1 - 0.99**step)) + 1e-8)
    return Weights(parameters[: len(EVIDENCE)], parameters[len(EVIDENCE) :], provenance or {})
