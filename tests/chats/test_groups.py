"""Groups: silent unless spoken to, nothing of anybody's case, and people kept apart."""

from __future__ import annotations

import pytest

from sandbox.model import Group
from tests.chats.conftest import Court, logged
from tests.world import TEXTS, Person, World, plain


async def group_of(world: World, *people: Person, kind: str = "supergroup") -> Group:
    """A group with the bot and these people in it."""
    made = world.sandbox.people.create_group("村里的群", kind, members=[p.id for p in people])
    await world.settled()
    return made


async def speaks(world: World, who: Person, group: Group, text: str, **details: int) -> None:
    """Say something in a group."""
    world.sandbox.people.say(who.id, text, chat_id=group.id, **details)
    await world.settled()


def said(world: World, group: Group) -> list[str]:
    """What the bot said in a group."""
    return [m.text for m in world.sandbox.people.messages(group.id) if m.from_bot]


NAME = "@zhiyuan_sandbox_bot"


async def test_talk_among_people_is_neither_answered_nor_kept(world: World) -> None:
    """Even a question about enforcement is none of the bot's business while nobody addresses it."""
    alice = await world.person("张三")
    group = await group_of(world, alice)
    for words in ("执行费怎么算", "我不想理他", "/balance", "@zhiyuan_sandbox_bot2 执行费怎么算"):
        await speaks(world, alice, group, words)
    assert said(world, group) == []
    async with world.bot.services.store.work(read_only=True) as work:
        kinds = [c.kind for i in await work.log.conversation_ids() if (c := await work.conversations.get(i))]
    assert "group" not in kinds


@pytest.mark.parametrize("words", [f"{NAME} 执行费怎么算", "执行费怎么算 @Zhiyuan_Sandbox_Bot"])
async def test_a_mention_is_answered(world: World, words: str) -> None:
    """In whatever case; the answer has no buttons for personal matters and points to the private chat."""
    alice = await world.person("张三")
    group = await group_of(world, alice)
    await speaks(world, alice, group, words)
    message = [m for m in world.sandbox.people.messages(group.id) if m.from_bot][-1]
    assert "申请执行不用先交钱" in message.text
    assert plain(TEXTS("answer.group_more")) in message.text
    assert TEXTS("button.human") not in [b["text"] for b in message.buttons]


async def test_a_reply_to_the_bot_and_a_command_to_it_are_answered(world: World) -> None:
    """A reply needs no mention; a command names the bot."""
    alice = await world.person("张三")
    group = await group_of(world, alice)
    await speaks(world, alice, group, f"/menu{NAME}")
    assert said(world, group) == [plain(TEXTS("menu.title"))]
    menu = [m for m in world.sandbox.people.messages(group.id) if m.from_bot][-1]
    await speaks(world, alice, group, "执行费怎么算", reply_to=menu.id)
    assert "申请执行不用先交钱" in said(world, group)[-1]


async def test_in_a_topic_only_a_real_reply_counts(world: World) -> None:
    """Everything in a topic answers its first message technically; that is no address."""
    alice = await world.person("张三")
    group = await group_of(world, alice, kind="forum")
    topic = world.sandbox.people.create_topic(alice.id, group.id, "问事")
    await speaks(world, alice, group, "执行费怎么算", thread_id=topic.id)
    assert said(world, group) == []
    await speaks(world, alice, group, f"{NAME} 执行费怎么算", thread_id=topic.id)
    answer = [m for m in world.sandbox.people.messages(group.id) if m.from_bot][-1]
    assert answer.data["message_thread_id"] == topic.id
    await speaks(world, alice, group, "怎么申请强制执行", thread_id=topic.id, reply_to=answer.id)
    assert len(said(world, group)) == 2


async def test_no_personal_request_in_a_group(court: Court) -> None:
    """转人工, 都不是 and /human lead to the private chat; no number is given where others read."""
    alice = await court.world.person("张三")
    group = await group_of(court.world, alice)
    for words in (f"{NAME} 转人工", f"/human{NAME}", f"/requests{NAME}"):
        await speaks(court.world, alice, group, words)
    assert said(court.world, group)[:2] == [plain(TEXTS("handoff.group"))] * 2
    assert not any("编号" in text for text in said(court.world, group))
    async with court.world.bot.services.store.work(read_only=True) as work:
        assert await work.requests.count_waiting() == 0


async def test_clerks_commands_show_nothing_in_a_group(court: Court) -> None:
    """Even an administrator gets no list of people where others read along."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    group = await group_of(court.world, court.clerk)
    await speaks(court.world, court.clerk, group, f"/requests{NAME}")
    assert said(court.world, group) == [plain(TEXTS("staff.private"))]


async def test_what_concerns_ones_own_matter_is_offered_in_private_only(world: World) -> None:
    """The menu has no paths in a group; a button forwarded or left from before, and /mine, lead to the private chat."""
    alice = await world.person("张三")
    group = await group_of(world, alice)
    await speaks(world, alice, group, f"/menu{NAME}")
    menu = [m for m in world.sandbox.people.messages(group.id) if m.from_bot][-1]
    assert {b["callback_data"].partition(":")[0] for b in menu.buttons} == {"cat"}
    await speaks(world, alice, group, f"/mine{NAME}")
    assert said(world, group)[-1] == plain(TEXTS("group.private"))
    private = [m for m in world.sandbox.people.messages(alice.id) if m.from_bot and m.buttons][-1]
    assert private.buttons[0]["callback_data"].startswith("go:")
    before = len(said(world, group))
    for words in ("/ban", "/mine"):
        await speaks(world, alice, group, words, reply_to=menu.id)
    assert len(said(world, group)) == before, "a command without our name may be another bot's"


async def test_an_amount_is_not_repeated_in_a_group(world: World) -> None:
    """What somebody says of the own case is not said back where others read."""
    alice = await world.person("张三")
    group = await group_of(world, alice)
    await speaks(world, alice, group, f"{NAME} 50万执行费多少")
    assert "50" not in said(world, group)[-1].split("\n")[0]
    assert "按您说的" not in said(world, group)[-1]


async def test_danger_in_a_group_reaches_the_administrators(court: Court) -> None:
    """The numbers to call in the group, an alarm to the clerks, and no request number in public."""
    alice = await court.world.person("张三")
    group = await group_of(court.world, alice)
    await speaks(court.world, alice, group, f"{NAME} 我不想活了")
    assert said(court.world, group) == [plain(TEXTS("crisis.group"))]
    alarm = await court.clerk.hears("🔴 紧急")
    assert "张三" in alarm.text
    assert "我不想活了" in alarm.text


async def test_two_people_in_a_group_are_not_mixed_up(world: World) -> None:
    """One is asked back, the other answers 「第二个」: that chooses nothing, and leans on nothing."""
    alice, bob = await world.person("张三"), await world.person("李四")
    group = await group_of(world, alice, bob)
    await speaks(world, alice, group, f"{NAME} 我的卡被冻结了怎么办")
    await speaks(world, bob, group, f"{NAME} 第二个")
    assert not any(m.decision == "chosen" or (m.direction == "out" and m.topic) for m in await logged(world))


async def test_the_log_of_a_group_tells_who_spoke(world: World) -> None:
    """Each message carries its own speaker's pseudonym, not that of the first one."""
    alice, bob = await world.person("张三"), await world.person("李四")
    group = await group_of(world, alice, bob)
    await speaks(world, alice, group, f"{NAME} 执行费怎么算")
    await speaks(world, bob, group, f"{NAME} 执行费怎么算")
    speakers = [m.person for m in await logged(world) if m.direction == "in" and m.text == "执行费怎么算"]
    assert len(set(speakers)) == 2
