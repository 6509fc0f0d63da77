"""Too much, too fast, too odd: trembling fingers, walls of text, strange characters."""

from __future__ import annotations

import asyncio

import pytest

from bot.dialogue.model import BUTTON_BYTES
from sandbox import Limits
from tests.chats.conftest import logged
from tests.world import TEXTS, World, plain


async def test_who_writes_too_fast_is_told_once_and_nothing_is_lost(world: World) -> None:
    """Of thirty messages in a minute twenty are answered; all are kept, one word of patience is said."""
    alice = await world.person("张三")
    for _ in range(30):
        alice.actor.says("执行费怎么算")
    await world.settled()
    assert sum("核对" in text for text in alice.heard()) == 19  # 开始 was the first of the twenty
    assert alice.heard().count(plain(TEXTS("pace.slow"))) == 1
    assert sum(m.text == "执行费怎么算" for m in await logged(world)) == 30
    world.advance(minutes=1)
    await alice.says("怎么申请强制执行")
    assert "核对" in alice.heard()[-1]


async def test_one_who_floods_does_not_slow_the_others(world: World) -> None:
    """The allowance is each person's own."""
    alice, bob = await world.person("张三"), await world.person("李四")
    for _ in range(40):
        alice.actor.says("执行费怎么算")
    await bob.says("执行费怎么算")
    await bob.hears("申请执行不用先交钱")


async def test_a_button_pressed_twenty_times_is_pressed_once(world: World) -> None:
    """Every press is answered, or the telephone shows a clock; the answer comes once."""
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    before = len(alice.heard())
    for _ in range(20):
        alice.actor.taps(TEXTS("button.helpful"))
    await world.settled()
    assert alice.heard()[before:] == [plain(TEXTS("feedback.thanks"))]
    assert len(world.sandbox.calls.of("answerCallbackQuery", ok=True)) == 20


async def test_many_different_buttons_are_slowed_down_kindly(world: World) -> None:
    """Beyond the allowance a press shows a word on the telephone instead of another message."""
    alice = await world.person("张三")
    await alice.says("/menu")
    menu = alice.actor.sees()[-1]
    for number in range(60):
        labels = [b["text"] for b in menu.buttons][:8]
        alice.actor.taps(labels[number % 8], menu)
    await world.settled()
    shown = [call.params.get("text") for call in world.sandbox.calls.of("answerCallbackQuery", ok=True)]
    assert len(shown) == 60
    assert TEXTS("pace.press") in shown


async def test_old_and_forged_buttons_do_no_harm(world: World) -> None:
    """A topic that no longer exists, numbers beyond any database, sides that nobody has."""
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    message = alice.actor.sees()[-1]
    for data in (
        "topic:gone.topic", "more:gone.topic", "related:x", "fb:zzzzzzzzzzzzzzzzzzz:1", "fb::1", "fb:!:0", "fb:-1:1",
        "cat:apply:99999999999999999999", "cat:nothing:0", "withdraw:99999999999999999999", "withdraw:x", "side:nobody:apply.fee",
        "side:debtor:gone", "solved:0:99999999999999999999999999", "nothing", ":", "none:x",
    ):  # fmt: skip
        world.sandbox.people._query(alice.actor.person, message, data)
        await world.settled()
        world.advance(seconds=10)
    assert not any(plain(TEXTS("error.apology")) in text for text in alice.heard())
    await alice.says("执行费怎么算")
    assert "核对" in alice.heard()[-1]


@pytest.mark.parametrize("words", ["👍", "🙏🙏🙏", "。。。", "？？", "…", "\u200f\u200f!", "❤️‍🔥", "---"])
async def test_signs_and_smileys_trouble_nobody(world: World, words: str) -> None:
    """Neither an answer nor a miss: three of them do not bring a clerk."""
    alice = await world.person("张三")
    for _ in range(3):
        await alice.says(words)
    assert alice.heard()[-1] == plain(TEXTS("noted.sticker"))


async def test_a_wall_of_text_is_kept_and_asked_about(world: World) -> None:
    """Nobody finds the question in ten thousand characters; all of them are stored."""
    alice = await world.person("张三")
    story = "我和他是同村的，从前常来往，地里的活也一起干。" * 175
    for part in (story[:4000], story[:4000], story[:2500]):
        await alice.says(part)
    assert sum(len(m.text) for m in await logged(world) if m.direction == "in" and m.kind == "text") >= 10_000
    assert plain(TEXTS("noted.too_long")) in alice.heard()


async def test_a_long_answer_of_a_clerk_arrives_in_pieces(scripted: World) -> None:
    """More than 4096 UTF-16 units are cut at paragraphs; the buttons stand under the last piece."""
    clerk = await scripted.clerk()
    await scripted.stop_bot()
    await scripted.start_bot()
    alice = await scripted.person("张三")
    await alice.taps("button.human")
    text = "\n\n".join(f"第{n}段" + "👍" * 60 for n in range(31)) + "\n\n" + "完" * 190
    await clerk.says(f"/answer 1 {text}")
    pieces = [m for m in alice.actor.sees() if m.from_bot][-2:]
    assert "".join(p.text for p in pieces).count("👍") == 60 * 31
    assert not pieces[0].buttons
    assert pieces[1].buttons
    assert pieces[0].text.endswith("👍" * 60)


async def test_every_button_of_every_answer_fits_into_64_bytes(world: World) -> None:
    """Topic ids, sides and numbers as they are, in every reply that the knowledge can make."""
    knowledge = world.bot.services.library.knowledge
    for topic in knowledge.entries:
        assert max(len(f"{head}{topic}".encode()) for head in ("related:", "side:third_party:")) <= BUTTON_BYTES


@pytest.mark.parametrize("name", ["<b>x</b>", "**张**三", "#T000001 from", "👨‍👩‍👧‍👦", "\u202e三张", "名" * 60, "a&b;"])
async def test_odd_names_are_only_names(scripted: World, name: str) -> None:
    """They neither break a message nor look like anything else in a clerk's list."""
    clerk = await scripted.clerk()
    await scripted.stop_bot()
    await scripted.start_bot()
    alice = await scripted.person(name)
    await alice.taps("button.human")
    await clerk.says("/requests")
    await clerk.hears("等候回复的有 1 件")
    assert scripted.sandbox.calls.of("sendMessage", ok=False) == []


@pytest.mark.parametrize(
    "words", ["执\x00行费", "执行费\ud83d怎么算", "<script>", "&lt;b&gt;", "/" * 50, "{number}", "%s {0}"]
)
async def test_odd_words_are_only_words(world: World, words: str) -> None:
    """Whatever is typed is handled in one try, without an apology."""
    alice = await world.person("张三")
    chat = alice.actor.person.chat()
    user = alice.actor.person.user()
    world.sandbox.inject(
        {"message": {"message_id": 77, "date": 1_790_000_000, "chat": chat, "from": user, "text": words}}
    )
    await world.settled()
    assert plain(TEXTS("error.apology")) not in alice.heard()
    assert any(m.external_id == 77 for m in await logged(world))


async def test_two_people_at_once_are_never_mixed_up(world: World) -> None:
    """A hundred interleaved messages: everybody gets answers to the own questions only."""
    alice, bob = await world.person("张三"), await world.person("李四")
    for _ in range(8):
        alice.actor.says("执行费怎么算")
        bob.actor.says("怎么申请强制执行")
        await asyncio.sleep(0)
    await world.settled()
    fee, how = "申请执行不用先交钱", world.bot.services.library.knowledge.entries["apply.how"].answer[2:12]
    assert sum(fee in text for text in alice.heard()) == 8
    assert sum(how in text for text in bob.heard()) == 8
    assert not any(fee in text for text in bob.heard())


async def test_telegrams_own_pace_is_kept(make_world_sqlite: object) -> None:
    """With Telegram's limits on, a busy chat is never told to slow down by the server."""
    world: World = await make_world_sqlite(  # type: ignore[operator]
        limits=Limits.telegram(), telegram={"chat_burst": 3, "chat_per_second": 1.0, "group_per_minute": 18.0}
    )
    await world.start_bot()
    alice = await world.person("张三")
    for _ in range(4):
        alice.actor.says("执行费怎么算")
    await world.settled()
    assert world.sandbox.violations == []
    assert sum("核对" in text for text in alice.heard()) == 4
