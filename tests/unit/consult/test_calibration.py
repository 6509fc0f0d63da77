"""Evidence into probability, and the file that keeps the weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bot.consult.calibration import Example, Weights, fit, load_weights
from bot.consult.index import Hits
from bot.consult.ranking import EVIDENCE, NOTHING, Evidence, Labelled, lead
from bot.consult.training import Question, grouped_folds, in_training_part

HITS = Hits(*(np.zeros(0, dtype=np.float32) for _ in range(3)))


def evidence(*linear: float) -> Evidence:
    """Topics told apart by the linear layer only."""
    topics = np.zeros((len(linear), len(EVIDENCE)))
    topics[:, EVIDENCE.index("linear")] = linear
    nothing = np.zeros(len(NOTHING))
    nothing[0] = 1.0
    return Evidence(topics, nothing, HITS)


def test_probabilities_sum_to_one() -> None:
    """Every topic, and none of them."""
    topics, nothing = load_weights().probabilities(evidence(1.0, 0.2, 0.0))
    assert topics.sum() + nothing == pytest.approx(1.0)
    assert topics.argmax() == 0


def test_the_fit_learns_what_was_right() -> None:
    """Evidence that comes with right topics gets weight, and "none" where nothing stands out."""
    examples = [Example(evidence(1.0, 0.0), (0,)), Example(evidence(0.0, 1.0), (1,)), Example(evidence(0.0, 0.0), (2,))]
    weights = fit(examples * 5)
    assert weights.topics[EVIDENCE.index("linear")] > 1
    clear, none_clear = weights.probabilities(evidence(1.0, 0.0))
    _, none_blank = weights.probabilities(evidence(0.0, 0.0))
    assert clear[0] > 0.6
    assert none_blank > none_clear


def test_questions_whose_topic_is_gone_are_left_out() -> None:
    """An example without a right row neither helps nor breaks the fit."""
    known = [Example(evidence(1.0, 0.0), (0,))]
    assert np.array_equal(fit(known).topics, fit([*known, Example(evidence(0.5, 0.5), ())]).topics)


def test_weights_survive_the_file(tmp_path: Path) -> None:
    """Written and read they are the same, rounded, with their story."""
    weights = Weights(np.arange(len(EVIDENCE)) / 7, np.arange(len(NOTHING)) / 3, {"questions": 3})
    weights.save(tmp_path / "weights.json")
    again = load_weights(tmp_path / "weights.json")
    assert np.allclose(again.topics, weights.topics, atol=1e-4)
    assert again.provenance == {"questions": 3}


def test_the_shipped_weights_name_their_evidence_and_origin() -> None:
    """No weight for evidence that is gone, none missing, and where they come from."""
    path = Path(__file__).parents[3] / "bot" / "consult" / "weights.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    assert tuple(content["evidence"]) == EVIDENCE
    assert tuple(content["nothing"]) == NOTHING
    assert content["provenance"]["questions"] > 0


def test_lead_is_the_distance_to_the_best_other() -> None:
    """Positive only for the first."""
    assert lead(np.array([0.2, 0.9, 0.5], dtype=np.float32)) == pytest.approx([-0.7, 0.4, -0.4], abs=1e-6)


def test_near_duplicates_share_a_fold() -> None:
    """Otherwise cross-validation would ask what it has just been told."""
    texts = [
        Labelled("判决下来怎么申请执行", "a"),
        Labelled("判决下来怎么申请执行啊", "a"),
        Labelled("要交多少钱", "a"),
    ]
    folds = grouped_folds(texts)
    assert folds[0] == folds[1]


def test_the_halves_are_stable() -> None:
    """A question stays in its half whatever is added; both halves have about as many."""
    assert in_training_part("终本是什么意思 ") == in_training_part("终本是什么意思")
    share = sum(in_training_part(f"问题{number}") for number in range(1000)) / 1000
    assert 0.4 < share < 0.6


def test_a_question_accepts_best_and_ok() -> None:
    """Best or acceptable is right; nothing is never right."""
    question = Question.of({"q": "x", "best": "a.b", "ok": ["c.d"]})
    assert question.accepts("a.b")
    assert question.accepts("c.d")
    assert not question.accepts(None)
    assert Question.of({"q": "x", "best": "oos"}).outside
