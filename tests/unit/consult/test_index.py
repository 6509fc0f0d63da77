"""The inverted index, the linear layer over it, and the repair of homophones."""

from __future__ import annotations

import numpy as np
import pytest

from bot.consult.index import Index, Rows
from bot.consult.linear import Linear, LinearSettings
from bot.consult.pinyin import Repair, sound

TEXTS = [{"a": 1.0, "b": 1.0}, {"a": 1.0, "c": 1.0}, {"c": 1.0, "d": 1.0}, {"d": 1.0}]
TOPICS = [0, 0, 1, 1]


def index() -> Index:
    """Four small texts of two topics."""
    return Index(TEXTS, TOPICS, 2)


def test_a_text_is_nearest_to_itself() -> None:
    """Cosine one with itself, less with others, nothing with strangers."""
    built = index()
    hits = built.search(built.vector({"a": 1.0, "b": 1.0}))
    assert hits.rows[0] == pytest.approx(1.0, abs=1e-5)
    assert 0 < hits.rows[1] < 1
    assert hits.rows[3] == 0
    assert built.best_row(hits, 0) == 0
    assert built.nearest_rows(hits, 0, 5) == [0, 1]


def test_summary_agrees_with_the_rows() -> None:
    """Best and mean of the nearest, per topic, as a plain loop would find them."""
    built = index()
    hits = built.search(built.vector({"c": 1.0, "d": 0.5}))
    for topic in (0, 1):
        own = sorted(hits.rows[built.topics == topic], reverse=True)
        assert hits.best[topic] == pytest.approx(own[0])
        assert hits.nearest[topic] == pytest.approx(sum(own[:3]) / 3, abs=1e-6)


@pytest.mark.parametrize(("features", "unknown"), [({"a": 1.0}, 0.0), ({"z": 1.0}, 1.0), ({}, 1.0)])
def test_how_much_is_unknown(features: dict[str, float], unknown: float) -> None:
    """What no phrasing has is the unknown share."""
    assert index().vector(features).unknown == pytest.approx(unknown)


def test_rows_can_be_made_again_from_the_postings() -> None:
    """What learns from the phrasings finds the same ones after their memory was given back."""
    built = index()
    before = built.by_row
    rows = [dict(zip(*_row(before, row), strict=True)) for row in range(len(TEXTS))]
    built.forget_rows()
    after = built.by_row
    assert after is not before
    assert [dict(zip(*_row(after, row), strict=True)) for row in range(len(TEXTS))] == rows


def _row(rows: Rows, number: int) -> tuple[list[int], list[float]]:
    span = slice(rows.starts[number], rows.starts[number + 1])
    return rows.ids[span].tolist(), rows.weights[span].tolist()


def test_texts_may_come_one_by_one() -> None:
    """A generator is enough: no list of all features is kept."""
    built = Index(iter(TEXTS), TOPICS, 2)
    assert built.search(built.vector({"a": 1.0, "b": 1.0})).rows[0] == pytest.approx(1.0, abs=1e-5)


def test_an_empty_index_finds_nothing() -> None:
    """No phrasings, no hits, no crash."""
    empty = Index([], [], 0)
    assert not empty.search(empty.vector({"a": 1.0})).best.size


def test_the_linear_layer_tells_topics_apart() -> None:
    """What both topics have says nothing; what one has speaks for it."""
    built = index()
    layer = Linear(built, TOPICS, 2, LinearSettings(rounds=20))
    assert layer.scores(built.vector({"b": 1.0})).argmax() == 0
    assert layer.scores(built.vector({"d": 1.0})).argmax() == 1
    assert layer.weight(built.vocabulary["b"], 0) > 0


def test_fitting_is_reproducible() -> None:
    """The same knowledge gives the same weights."""
    vector = index().vector({"a": 1.0, "d": 1.0})
    first, second = (Linear(index(), TOPICS, 2).scores(vector) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("clause", "repaired"),
    [("怎么申清", "怎么申请"), ("查风房子", "查封房子"), ("申请查封", "申请查封"), ("吃饭", "吃饭"), ("申", "申"), ("", "")],
)
def test_only_unknown_pairs_are_repaired(clause: str, repaired: str) -> None:
    """A typo that sounds like one known word becomes it; what is known, or like nothing, stays."""
    known = {"申请", "查封", "怎么", "么申", "房子", "封房", "请查"}
    assert Repair(["申请", "查封"], known)(clause) == repaired


def test_a_numeral_is_never_swallowed_by_a_word() -> None:
    """「还三千行不行」 asks whether three thousand will do; it does not speak of wages in arrears (欠薪)."""
    assert Repair(["欠薪"], {"不行"})("三千行不行") == "三千行不行"
    assert Repair(["欠薪"], {"不行"})("前薪不行") == "欠薪不行"


def test_sounds_merge_as_southern_ears_do() -> None:
    """No tones; zh = z, n = l, -ng = -n."""
    assert sound("执") == sound("字")[:1] + "i"
    assert sound("兰") == sound("南")
    assert sound("情") == sound("琴")
