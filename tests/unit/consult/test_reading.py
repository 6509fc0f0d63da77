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


def test_concepts_are_features() -> None:
    """What is meant counts beside how it is written."""
    assert CONCEPT + "失信名单" in reader("老赖怎么撤").features


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("能不能申请执行", set()),
        ("要不要交钱", set()),
        ("有没有别的办法", set()),
        ("没钱就不能申请执行吗", {"不能"}),
        ("他说不用还。我怎么申请执行？", set()),
    ],
)
def test_negations_are_those_of_what_is_asked(question: str, found: set[str]) -> None:
    """能不能 asks and does not deny; what a story denies turns no question round."""
    assert reader(question).negations == found


@pytest.mark.parametrize(
    ("question", "bare"),
    [("查封", True), ("失信了", True), ("拍卖", True), ("怎么解封", False), ("查封房子要多久", False), ("", False), ("天气", False)],
)
def test_a_single_noun_is_bare(question: str, bare: bool) -> None:
    """One word of the field, and nothing that asks."""
    assert reader(question).bare is bare


@pytest.mark.parametrize(
    ("question", "aspect"), [("要多久", True), ("要带什么材料", True), ("多少钱呢", True), ("冻结多久", False), ("", False)]
)
def test_an_aspect_needs_a_topic(question: str, aspect: bool) -> None:
    """How long, how much, what to bring: of what, only the message before can tell."""
    assert reader(question).aspect is aspect


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
    ("question", "generic"),
    [
        ("执行", True),
        ("执行怎么办", True),
        ("执行要多久", False),
        ("终本", False),
        ("要带什么材料，去哪里交，要多少钱？", True),
        ("立案要带什么材料，去哪里交，要多少钱？", False),
    ],
)
def test_generic(question: str, generic: bool) -> None:
    """Empty words and at most one noun that fits everything, in each clause."""
    assert reader(question).generic is generic


def test_short_questions_may_lean() -> None:
    """A short question, or one that begins like a continuation, may lean on the last topic."""
    assert reader("要带什么").leaning
    assert not reader("我想知道法院判决生效以后对方一直不给钱该怎么申请强制执行").leaning
