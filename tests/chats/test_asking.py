"""Somebody asks and is answered."""

from __future__ import annotations

from tests.world import World


async def test_a_newcomer_is_welcomed_told_about_privacy_and_shown_the_menu(world: World) -> None:
    """/start says what the bot can do, what is kept, and where to begin."""
    alice = await world.person("张三")
    await alice.hears("start.welcome")
    await alice.hears("start.privacy", days=730)
    await alice.hears("menu.title")
    assert "申请执行" in alice.buttons()


async def test_a_question_gets_the_vetted_answer_with_its_provisions(world: World) -> None:
    """The answer names instrument, article and the day it was reviewed."""
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    answer = await alice.hears("申请执行不用先交钱")
    assert "依据：" in answer.text
    assert "第14条" in answer.text
    assert "2026-11-23" in answer.text


async def test_more_and_related_lie_behind_buttons(world: World) -> None:
    """详细说说 and 相关问题 lead on."""
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交钱")
    await alice.taps("button.related")
    assert len(alice.buttons()) >= 3
    await alice.taps("button.more")
    assert alice.heard()[-1] != ""


async def test_the_law_itself_can_be_read(world: World) -> None:
    """What stands behind 详细说说 names its provisions too, and 法条原文 quotes them with their full titles."""
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    await alice.taps("button.more")
    assert "第44条第1款" in (await alice.hears("交费确有困难的")).text
    await alice.taps("button.law")
    quoted = await alice.hears("诉讼费用交纳办法")
    assert "“超过1000万元的部分，按照0.1%交纳”" in quoted.text or "执行申请费执行后交纳" in quoted.text
    await alice.taps("执行费怎么算谁承担")  # and back to the answer
    await alice.hears("申请执行不用先交钱")


async def test_the_opinion_on_an_answer_is_kept(world: World) -> None:
    """有帮助 is written to the answer that it stands under; 没帮助 offers a person."""
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    await alice.taps("button.helpful")
    await alice.hears("feedback.thanks")
    await alice.taps("button.unhelpful")
    await alice.hears("feedback.sorry")
    async with world.bot.services.store.work() as work:
        opinions = [m.feedback async for m in work.log.read() if m.feedback]
    assert opinions == [-1]
