"""Words that speak of danger: a person at once, and the emergency numbers."""

from __future__ import annotations

import pytest

from tests.chats.conftest import Court
from tests.world import World


@pytest.mark.parametrize("words", ["我不想活了", "活着没意思了，我要跳楼", "再不给钱我就杀了他全家"])
async def test_danger_goes_to_a_person_at_once(court: Court, words: str) -> None:
    """110 and 120 in the same second, an urgent request, and every administrator told without delay."""
    alice = await court.world.person("张三")
    await alice.says(words)
    said = await alice.hears("您现在的安全最要紧")
    assert "110" in said.text
    assert "120" in said.text
    assert "编号 1" in said.text
    for clerk in (court.clerk, court.other_clerk):
        assert "🔴 紧急" in (await clerk.hears("新的转人工")).text


@pytest.mark.parametrize("words", ["你们能不能保证胜诉", "再不给钱我就去北京上访", "给法官送点礼能快点吗", "我要找记者曝光你们"])
async def test_what_no_machine_may_answer_goes_to_a_person_at_once(court: Court, words: str) -> None:
    """A promise of success, a favour, a threat to go over the court's head: no topic is told, a clerk hears of it."""
    alice = await court.world.person("张三")
    before = len(alice.heard())
    await alice.says(words)
    assert not any("依据：" in text for text in alice.heard()[before:])
    await court.clerk.hears("新的转人工")


async def test_a_waiting_request_becomes_urgent(court: Court) -> None:
    """Somebody who waits already keeps the number, and clerks are told again, now urgently."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await alice.says("我不想活了")
    assert "编号 1" in (await alice.hears("您现在的安全最要紧")).text
    await court.clerk.hears("🔴 紧急")


async def test_danger_is_heard_through_the_rate_limit(court: Court) -> None:
    """Whoever writes too fast is slowed down, but never when it is about life."""
    alice = await court.world.person("张三")
    for number in range(25):
        alice.actor.says(f"执行费怎么算 {number}")
    await court.world.settled()
    await alice.says("我不想活了")
    await alice.hears("您现在的安全最要紧")


async def test_danger_in_a_corrected_message_or_under_a_picture_is_heard(world: World) -> None:
    """It does not matter where the words stand: an edit of any message, a caption."""
    alice, bob = await world.person("张三"), await world.person("李四")
    message = alice.actor.says("执行费怎么算")
    await alice.says("怎么申请强制执行")
    await alice.edits(message, "我不想活了")
    await alice.hears("您现在的安全最要紧")
    await bob.sends("photo", caption="我不想活了")
    await bob.hears("您现在的安全最要紧")


async def test_afterwards_more_words_reach_the_same_people(court: Court) -> None:
    """What somebody adds after a cry for help belongs to the same request."""
    alice = await court.world.person("张三")
    await alice.says("我不想活了")
    await alice.says("我在老家的房子里")
    await court.clerk.says("/requests 1")
    assert "老家" in (await court.clerk.hears("最近的对话")).text


async def test_a_case_about_a_death_is_no_crisis(world: World) -> None:
    """Speaking of somebody who died is a question of law, not a cry for help."""
    alice = await world.person("张三")
    await alice.says("被执行人死亡了还能执行吗")
    assert not any("您现在的安全最要紧" in text for text in alice.heard())
