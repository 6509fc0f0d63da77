"""Somebody asks in many ways: choosing, leaning on what was said, asking too much or too little."""

from __future__ import annotations

import pytest

from tests.chats.conftest import logged
from tests.world import TEXTS, World

FROZEN = "我的卡被冻结了怎么办"  # by whom? the lexicon has it as a word of several meanings


async def test_the_menu_leads_by_category_and_page_to_an_answer(world: World) -> None:
    """/menu → category → next page → topic: every step is a button, and every topic can be reached."""
    alice = await world.person("张三")
    await alice.says("/menu")
    await alice.taps("menu.categories.property")
    await alice.hears("想问的是哪一个")
    first = [label for label in alice.buttons() if not label.startswith("‹")]
    assert TEXTS("menu.next") in alice.buttons()
    await alice.taps("menu.next")
    second = alice.buttons()
    assert TEXTS("menu.previous") in second
    assert not set(first[:-1]) & set(second)
    await alice.taps(second[0])
    assert "核对" in alice.heard()[-1]


async def test_every_topic_of_the_menu_can_be_opened(world: World) -> None:
    """Each topic stands in exactly one category that the menu shows, small talk excepted."""
    knowledge = world.bot.services.library.knowledge
    shown = set(TEXTS.under("menu.categories"))
    missing = [e.id for e in knowledge.entries.values() if e.category not in shown | {"chat"}]
    assert missing == []


async def test_an_unclear_word_is_asked_back_with_at_most_three_choices(world: World) -> None:
    """Who froze the card decides the answer, so the bot asks; 都不是 and a person are offered too."""
    alice = await world.person("张三")
    await alice.says(FROZEN)
    await alice.hears("您想问的是哪一个")
    numbered = [label for label in alice.buttons() if label[0].isdecimal()]
    assert 2 <= len(numbered) <= 3
    assert TEXTS("button.none") in alice.buttons()


@pytest.mark.parametrize("typed", ["2", "２", "第二个", "二", "选2", "第二个吧。", " 2. ", "②"])
async def test_a_choice_can_be_typed(world: World, typed: str) -> None:
    """Whoever cannot find the button types the number in any of the usual ways."""
    alice = await world.person("张三")
    await alice.says(FROZEN)
    second = next(label for label in alice.buttons() if label.startswith("2"))
    await alice.says(typed)
    answers = [m for m in await logged(world) if m.direction == "out" and m.topic]
    entry = world.bot.services.library.knowledge.entries[answers[-1].topic or ""]
    assert second == f"2. {entry.title}"


@pytest.mark.parametrize("typed", ["二审", "三年", "一个月", "第一次来"])
async def test_a_word_with_a_number_in_it_is_no_choice(world: World, typed: str) -> None:
    """「二审」 is not the second choice, and 「三年」 not the third."""
    alice = await world.person("张三")
    await alice.says(FROZEN)
    await alice.says(typed)
    assert not any(m.decision == "chosen" for m in await logged(world))
    assert not any(m.topic in ("property.unfreeze", "property.police_freeze") and m.direction == "out"
                   for m in await logged(world))  # fmt: skip


async def test_a_number_without_choices_is_met_with_the_menu(world: World) -> None:
    """「2」 out of the blue is no question: the bot says what it needs, and nobody is troubled."""
    alice = await world.person("张三")
    await alice.says("2")
    await alice.hears("clarify.generic")
    assert "申请执行" in alice.buttons()


async def test_none_of_these_brings_a_person(world: World) -> None:
    """都不是, pressed or typed, after a question back: somebody takes over."""
    alice, bob = await world.person("张三"), await world.person("李四")
    for person, act in ((alice, alice.taps), (bob, bob.says)):
        await person.says(FROZEN)
        await act("都不是")
        await person.hears("已转给工作人员")


async def test_who_asks_decides_and_is_asked(scripted: World) -> None:
    """The same words from the other side have another answer: the bot asks which side, and remembers."""
    alice = await scripted.person("张三")
    await alice.says("两边不同")
    await alice.hears("clarify.viewpoint")
    assert TEXTS("clarify.side.creditor") in alice.buttons()
    await alice.taps("clarify.side.debtor")
    await alice.hears("如实报告")
    bob = await scripted.person("李四")
    await bob.says("两边不同")
    await bob.says("我欠别人的钱")
    await bob.hears("如实报告")
    carol = await scripted.person("王五")
    await carol.says("两边不同")
    await carol.says("1")
    assert "如实报告" not in carol.heard()[-1]


async def test_a_follow_up_leans_on_the_topic_before(world: World) -> None:
    """「那要交多少钱」 after asking how to apply is about the fee of applying."""
    alice = await world.person("张三")
    await alice.says("怎么申请强制执行")
    await alice.says("那要交多少钱")
    await alice.hears("申请执行不用先交钱")


async def test_thanks_in_between_do_not_cut_the_thread(world: World) -> None:
    """A thank-you is answered kindly and is no new topic."""
    alice = await world.person("张三")
    await alice.says("怎么申请强制执行")
    await alice.says("谢谢")
    await alice.says("那要交多少钱")
    await alice.hears("申请执行不用先交钱")


async def test_small_talk_carries_no_provisions(world: World) -> None:
    """A greeting is returned as one, without 依据 and without 有帮助."""
    alice = await world.person("张三")
    await alice.says("你好")
    assert "核对" not in alice.heard()[-1]
    assert TEXTS("button.helpful") not in alice.buttons()


async def test_an_hour_later_nothing_is_leaned_on(world: World) -> None:
    """A follow-up counts only for a while; later the same words are a new, unclear question."""
    alice = await world.person("张三")
    await alice.says("怎么申请强制执行")
    world.advance(hours=2)
    await alice.says("那要交多少钱")
    answers = [m for m in await logged(world) if m.direction == "in" and m.decision]
    assert answers[-1].reason != "follow_up"


async def test_several_questions_get_one_answer_and_buttons_to_the_rest(scripted: World) -> None:
    """The first is answered, the others stand below it to be opened."""
    alice = await scripted.person("张三")
    await alice.says("两个问题")
    await alice.hears("answer.others")
    other = scripted.bot.services.library.knowledge.entries["apply.how"].title
    assert other in alice.buttons()
    await alice.taps(other)
    assert "核对" in alice.heard()[-1]


@pytest.mark.parametrize("question", ["离婚后孩子归谁", "今天天气怎么样"])
async def test_what_the_desk_does_not_answer_gets_a_pointer(world: World, question: str) -> None:
    """Out of scope is said kindly, without provisions and without a request for a person."""
    alice = await world.person("张三")
    before = len(alice.heard())
    await alice.says(question)
    said = alice.heard()[before:]
    assert said
    assert not any("依据：" in text or "您的编号" in text for text in said)


@pytest.mark.parametrize("words", ["执行", "怎么办", "法院", "钱", "怎么办啊"])
async def test_words_that_fit_everything_are_never_answered(world: World, words: str) -> None:
    """A generic word is asked back with the menu, never answered with some topic."""
    alice = await world.person("张三")
    await alice.says(words)
    await alice.hears("clarify.generic")


async def test_a_negation_is_not_answered_with_the_opposite(world: World) -> None:
    """「不能申请强制执行吗」 must not be told how to apply as if nothing stood against it."""
    alice = await world.person("张三")
    await alice.says("不能申请强制执行吗")
    decision = [m.decision for m in await logged(world) if m.direction == "in"][-1]
    assert decision == "clarify"


async def test_twice_not_understood_brings_a_person(scripted: World) -> None:
    """The first time the bot says so and offers help; the second time somebody takes over by himself."""
    alice = await scripted.person("张三")
    await alice.says("听不懂的话")
    await alice.hears("handoff.unknown")
    await alice.says("听不懂的话")
    await alice.hears("对不起，我没听明白")


async def test_typed_button_labels_do_what_the_buttons_do(world: World) -> None:
    """「详细说说」 and 「目录」 typed are as good as pressed."""
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    before = alice.heard()[-1]
    await alice.says("详细说说")
    assert alice.heard()[-1] != before
    await alice.says("目录")
    await alice.hears("menu.title")
