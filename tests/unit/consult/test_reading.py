"""What is understood of a question before looking at the knowledge."""

from __future__ import annotations

import pytest

from bot.consult.features import CONCEPT, Extractor, FeatureSettings
from bot.consult.lexicon import Words
from bot.consult.model import Viewpoint
from bot.consult.reading import Reader
from tests.small_faq import shipped

WORDS = Words.compile(shipped().lexicon)
reader = Reader(WORDS, Extractor(WORDS))


def test_concepts_join_lay_words() -> None:
    """Different surface forms, the same concept."""
    assert set(reader("老赖").concepts) & set(reader("失信被执行人").concepts)


def test_pairs_of_concepts_are_features() -> None:
    """What occurs together tells a long story."""
    features = reader("失信名单怎么撤").features
    assert any(name.startswith(CONCEPT) and "&" in name for name in features)


def test_in_a_story_the_question_weighs_more() -> None:
    """Clauses that tell count less than the clause that asks; in a short text all count alike."""
    extractor = Extractor(WORDS, FeatureSettings(story_length=20, story_weight=0.5))
    long = Reader(WORDS, extractor).normal("前年他从我这里拉走了一车木材，打了个条子就走了，后来判了。怎么申请执行？")
    weights = extractor.clause_weights(long)
    assert min(weights) == 0.5
    assert weights[-1] == 1.0
    assert set(extractor.clause_weights(reader.normal("判了，不给，咋办"))) == {1.0}


def test_the_asking_part_of_a_story() -> None:
    """The sentences that ask are looked at apart from the story."""
    reading = reader("我前年把木材卖给他。他打了条子。怎么申请强制执行？")
    assert len(reading.asking) < len(reading.features)


@pytest.mark.parametrize(
    ("question", "side"),
    [
        ("他欠我钱不还", Viewpoint.CREDITOR),
        ("我还不上钱了", Viewpoint.DEBTOR),
        ("我拍到一套房子", Viewpoint.BIDDER),
        ("执行要多久", None),
    ],
)
def test_viewpoint(question: str, side: Viewpoint | None) -> None:
    """Who asks, where the words tell."""
    assert reader(question).viewpoint is side


@pytest.mark.parametrize(
    ("question", "generic"), [("执行", True), ("执行怎么办", True), ("执行要多久", False), ("终本", False)]
)
def test_generic(question: str, generic: bool) -> None:
    """Empty words and at most one noun that fits everything."""
    assert reader(question).generic is generic


def test_short_questions_may_lean() -> None:
    """A short question, or one that begins like a continuation, may lean on the last topic."""
    assert reader("要带什么").leaning
    assert not reader("我想知道法院判决生效以后对方一直不给钱该怎么申请强制执行").leaning
