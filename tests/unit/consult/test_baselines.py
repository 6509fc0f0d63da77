"""The baselines are as good as their methods allow, and as fair."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from bot.consult import baselines
from bot.consult.baselines import METHODS, Baseline
from bot.consult.cases import Case
from bot.consult.model import Decision, Knowledge
from bot.consult.policy import MatchSettings
from bot.consult.training import Question
from bot.core.errors import SettingsError
from tests.small_faq import KINDS, TOPICS, shipped


@pytest.fixture(scope="module")
def few() -> Knowledge:
    """A few topics and kinds."""
    whole = shipped()
    return replace(
        whole,
        entries={each: whole.entries[each] for each in TOPICS},
        outside={each: whole.outside[each] for each in KINDS},
    )


@pytest.mark.parametrize("name", METHODS)
def test_a_phrasing_finds_its_own_topic(name: str, few: Knowledge) -> None:
    """With every method; an outside kind is seen as one."""
    made = Baseline(name, few)
    topics, is_outside = made.rank(few.entries["apply.fee"].phrasings[3])
    assert topics[0].topic == "apply.fee"
    assert not is_outside
    assert made.rank(few.outside["outside.divorce"].phrasings[0])[1]


def test_thresholds_are_chosen_for_the_least_cost(few: Knowledge) -> None:
    """What is surely right is answered; where a wrong answer is dear, doubt is not."""
    made = Baseline("rapidfuzz ratio", few)
    assert made.judge("执行费怎么算").decision is Decision.HANDOFF
    known = [Question(text, each.id) for each in few.entries.values() for text in each.phrasings[:10]]
    strange = [Question("今晚吃点什么好呢", "oos"), Question("帮我写一首关于春天的诗", "oos")]
    made.choose_thresholds([Case("f", 1, (each,)) for each in [*known, *strange]], MatchSettings())
    assert made.judge(known[0].text).decision is Decision.ANSWER
    assert all(made.judge(each.text).decision is not Decision.ANSWER for each in strange)
    assert made.clarify <= made.answer


def test_a_missing_library_is_named(few: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install."""
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(SettingsError, match=r"bm25s is not installed.*requirements-dev"):
        baselines.baselines(few, [], MatchSettings())
