"""The matcher over the shipped knowledge: what it understands, and what it must not answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.consult.matcher import Matcher
from bot.consult.model import Context, Decision, Reason, Viewpoint
from tests.small_faq import matcher, shipped

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("老赖名单咋撤", "measures.dishonest_remove"),
        ("終本是什麼意思", "process.zhongben"),
        ("判决下来了对方不给钱怎么申清强制直行", "apply.how"),
        ("我把钱还清了，卡还是冻着的，怎么解开", "property.unfreeze"),
        ("坐不了高铁了，是不是被限制高消费", "measures.consumption"),
        ("你好", "chat.greeting"),
        ("钱什么时候到账", "process.payout"),
        ("对方没钱怎么办", "property.none"),
    ],
)
def test_understands_how_people_write(question: str, topic: str) -> None:
    """Lay words, traditional script, typos."""
    assert topic in [each.topic for each in matcher().match(question).candidates[:3]]


@pytest.mark.parametrize("question", ["执行", "怎么办", "法院", "", "？？", "https://example.com/a", "。。。"])
def test_generic_words_are_never_answered(question: str) -> None:
    """They fit everything, so they say nothing."""
    assert matcher().match(question).decision is not Decision.ANSWER


@pytest.mark.parametrize(
    "question",
    [
        "监外执行要什么条件",
        "我的游戏账号被冻结了怎么办",
        "离婚怎么分房子",
        "今天天气怎么样",
        "公司可以只设一名执行董事吗",
    ],
)
def test_other_peoples_business_is_not_answered(question: str) -> None:
    """Questions that only share a word with enforcement."""
    assert matcher().match(question).decision is not Decision.ANSWER


@pytest.mark.parametrize("question", ["我不想活了", "再不给钱我就跳楼", "我要跟他同归于尽"])
def test_danger_goes_to_a_person(question: str) -> None:
    """At once, whatever else is asked."""
    verdict = matcher().match(question)
    assert (verdict.decision, verdict.reason) == (Decision.HANDOFF, Reason.CRISIS)


def test_what_happened_to_others_is_no_danger() -> None:
    """A word of the crisis list inside a story about something else."""
    assert matcher().match("他因自杀未遂起诉我，车被保全了合法吗").reason is not Reason.CRISIS


@pytest.mark.parametrize("question", ["转人工", "帮我转人工服务", "能不能保证胜诉"])
def test_calls_for_a_person(question: str) -> None:
    """Somebody who wants a person, or a promise that nobody can give."""
    assert matcher().match(question).reason is Reason.PERSON


def test_a_turned_question_is_not_answered_blindly() -> None:
    """「不能」 turns the standard question round."""
    assert matcher().match("不能申请强制执行吗").decision is Decision.CLARIFY


def test_who_froze_the_card_is_asked_back() -> None:
    """A court, the police, a bank: different answers."""
    verdict = matcher().match("卡被冻了")
    assert (verdict.decision, verdict.reason) == (Decision.CLARIFY, Reason.AMBIGUOUS)
    assert {"property.unfreeze", "property.police_freeze"} <= {each.topic for each in verdict.candidates[:3]}


def test_a_follow_up_leans_on_the_last_topic() -> None:
    """「那要交多少钱」 after applying is about the fee of applying."""
    asked = matcher().match("那要交多少钱", Context(last_topic="apply.how"))
    assert asked.best == "apply.fee"
    alone = matcher().odds("那要交多少钱").scores["apply.fee"]
    leaning = matcher().odds("那要交多少钱", Context(last_topic="apply.how")).scores["apply.fee"]
    assert leaning > alone


def test_facts_and_further_questions_are_carried_on() -> None:
    """An amount in a fee question, and a second question in the same message."""
    verdict = matcher().match("执行50万元要交多少执行费？失信名单多久可以撤？")
    assert verdict.facts["amount"] == "500000.00"
    assert {verdict.best, *verdict.others} >= {"apply.fee", "measures.dishonest_remove"}


def test_who_asks_is_seen() -> None:
    """From the words, or as the person said before."""
    assert matcher().match("他欠我钱不还怎么办").viewpoint is Viewpoint.CREDITOR
    assert matcher().match("怎么办理", Context(viewpoint=Viewpoint.BIDDER)).viewpoint is Viewpoint.BIDDER


def test_only_topics_of_the_faq_are_candidates() -> None:
    """Never a kind outside, never more than five."""
    for question in ("怎么离婚", "执行要多久", "网贷还不上"):
        verdict = matcher().match(question)
        assert len(verdict.candidates) <= 5
        assert all(each.topic in shipped().entries for each in verdict.candidates)


def test_an_expired_answer_is_withheld() -> None:
    """Past its last day an entry is not given any more."""
    whole = shipped()
    old = replace(whole.entries["process.zhongben"], valid_to=date(2026, 1, 1))
    expired = replace(whole, entries={**whole.entries, old.id: old})
    with_old = Matcher(expired, ranker=matcher().ranker)
    assert with_old.match("终本是什么意思", today=TODAY).reason is Reason.EXPIRED
    assert with_old.match("终本是什么意思", today=date(2025, 1, 1)).decision is Decision.ANSWER


def test_the_explanation_names_the_reasons() -> None:
    """Staff see the decision, the concepts, the nearest phrasings and what spoke for the topic."""
    told = matcher().explain("老赖名单咋撤").render()
    assert "measures.dishonest_remove" in told
    assert "失信名单" in told


@settings(max_examples=60)
@given(st.text(max_size=400))
def test_any_message_gets_a_verdict(question: str) -> None:
    """Nothing that can be typed breaks the matcher, and probabilities stay probabilities."""
    verdict = matcher().match(question)
    assert all(0 <= each.score <= 1 for each in verdict.candidates)


def test_threads_may_share_a_matcher() -> None:
    """The same question gets the same verdict from any thread."""
    questions = ["执行费怎么交", "终本是什么意思", "卡被冻了", "怎么离婚"] * 5
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(matcher().match, questions))
    assert found == [matcher().match(each) for each in questions]


@pytest.mark.parametrize("question", ["查封", "冻结", "房子", "别人欠我钱", "拍卖"])
def test_a_noun_alone_is_asked_about(question: str) -> None:
    """Nobody can know what is wanted of it."""
    assert matcher().match(question).decision is Decision.CLARIFY


@pytest.mark.parametrize(
    ("before", "question"),
    [("apply.lost_doc", "要带什么"), ("process.payout", "多久能到"), ("settle.how", "怎么写")],
)
def test_what_only_asks_for_an_aspect_leans_on_the_topic_before(before: str, question: str) -> None:
    """How long, what to bring, how to write: of what was spoken about."""
    leaning = matcher().odds(question, Context(last_topic=before)).scores[before]
    assert leaning > 2 * matcher().odds(question).scores[before]


@pytest.mark.parametrize("question", ["都不是", "不是这个", "查封", "拘留"])
def test_words_that_ask_nothing_do_not_repeat_the_answer_before(question: str) -> None:
    """After an answer, too, a noun alone or 都不是 is asked about."""
    assert matcher().match(question, Context(last_topic="apply.how")).decision is Decision.CLARIFY
