"""Pictures, voice, albums, corrections: everything that is no plain text gets a sensible word."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chats.conftest import Court, logged
from tests.world import TEXTS, World, plain


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("photo", "noted.photo"),
        ("voice", "noted.voice"),
        ("video", "noted.video"),
        ("document", "noted.document"),
        ("sticker", "noted.sticker"),
        ("contact", "noted.contact"),
        ("location", "noted.location"),
    ],
)
async def test_each_kind_is_met_with_what_helps_instead(world: World, kind: str, key: str) -> None:
    """The bot says what it cannot read and how to go on, and logs the kind."""
    alice = await world.person("张三")
    await alice.sends(kind)
    await alice.hears(key)
    assert [m.kind for m in await logged(world) if m.direction == "in"][-1] == kind


@pytest.mark.parametrize("content", [{"dice": {"emoji": "🎲", "value": 3}}, {"brand_new_thing": {"a": 1}},
                                     {"poll": {"id": "1", "question": "?", "options": [], "total_voter_count": 0,
                                               "is_closed": False, "is_anonymous": True, "type": "regular",
                                               "allows_multiple_answers": False, "allows_revoting": False, "members_only": False}}])  # fmt: skip
async def test_kinds_that_nobody_thought_of_get_a_word_too(world: World, content: dict[str, Any]) -> None:
    """Dice, polls and what Telegram invents next year."""
    alice = await world.person("张三")
    world.sandbox.people._write(alice.id, content)
    await world.settled()
    await alice.hears("noted.other")


async def test_what_ptb_cannot_read_costs_nobody_the_answer(court: Court) -> None:
    """A poll without a field that this version demands, a question with a reply of a shape that it does not know."""
    alice = await court.world.person("张三")
    before = len(court.clerk.heard())
    court.world.sandbox.people._write(alice.id, {"poll": {"id": "1", "question": "?", "options": [], "type": "quiz"}})
    await court.world.settled()
    await alice.hears("noted.other")
    court.world.sandbox.people._write(
        alice.id, {"text": "执行费怎么算", "external_reply": {"of": "next year"}, "checklist": {"title": 1}}
    )
    await court.world.settled()
    await alice.hears("申请执行不用先交钱")
    assert len(court.clerk.heard()) == before, "nothing was set aside"


@pytest.mark.parametrize("update", [{"brand_new_update": {"x": 1}}, {"poll_answer": {"poll_id": "1", "option_ids": []}},
                                    {"message": {"message_id": 1}}, {"message": None}, {"callback_query": {}}])  # fmt: skip
async def test_unknown_and_broken_updates_stop_nothing(world: World, update: dict[str, Any]) -> None:
    """They are stored and let be; the next question is answered."""
    alice = await world.person("张三")
    world.sandbox.inject(update)
    await alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交钱")


async def test_service_messages_are_not_answered(world: World) -> None:
    """Pinning a message says nothing to the bot."""
    alice = await world.person("张三")
    before = len(alice.heard())
    pinned = alice.actor.sees()[0].data
    world.sandbox.people._write(alice.id, {"pinned_message": pinned})
    await world.settled()
    assert len(alice.heard()) == before


async def test_words_under_a_picture_are_a_question(world: World) -> None:
    """A caption is answered, and it is said that the picture itself was not read."""
    alice = await world.person("张三")
    await alice.sends("photo", caption="执行费怎么算")
    answer = await alice.hears("申请执行不用先交钱")
    assert plain(TEXTS("noted.caption")) in answer.text


async def test_an_album_gets_one_reply(world: World) -> None:
    """Ten pictures sent together are one thing, and do not use up the allowance of a minute."""
    alice = await world.person("张三")
    for _ in range(3):
        before = len(alice.heard())
        await alice.sends("album", 10)
        assert alice.heard()[before:] == [plain(TEXTS("noted.photo"))]
    await alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交钱")
    assert sum(m.kind == "photo" for m in await logged(world)) == 30


async def test_a_picture_while_a_request_waits_is_told_to_the_clerk(court: Court) -> None:
    """The clerk learns that something was sent; the sender learns that it did not get through."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await alice.sends("photo")
    await alice.hears("noted.while_waiting", number=1)
    await court.clerk.says("/requests 1")
    assert "（发来图片）" in court.clerk.heard()[-1]


async def test_the_last_question_corrected_is_answered_anew(world: World) -> None:
    """The answer says that it is about the new words, and the log has both versions."""
    alice = await world.person("张三")
    message = alice.actor.says("怎么申请强制执行")
    await world.settled()
    await alice.edits(message, "执行费怎么算")
    answer = await alice.hears("申请执行不用先交钱")
    assert plain(TEXTS("answer.edited")) in answer.text
    versions = [(m.version, m.text) for m in await logged(world) if m.external_id == message.id and m.direction == "in"]
    assert versions == [(1, "怎么申请强制执行"), (2, "执行费怎么算")]


async def test_a_sum_is_worked_out_anew_when_its_question_is_corrected(world: World) -> None:
    """50万 edited to 60万: the new sum is told, and said to be for the new words; also in an answer on the way."""
    alice = await world.person("张三")
    message = alice.actor.says("标的50万执行费多少")
    await world.settled()
    await alice.hears("执行费 7,400 元")
    await alice.edits(message, "标的60万执行费多少")
    await alice.hears("answer.edited")
    await alice.hears("执行费 8,400 元")
    before = len(alice.heard())
    await alice.edits(message, "标的60万执行费多少")
    assert len(alice.heard()) == before
    await alice.says("帮我算执行费")
    answer = alice.actor.says("50万")
    await world.settled()
    await alice.edits(answer, "70万")
    await alice.hears("执行费 9,400 元")
    question = alice.actor.says("执行费怎么算")
    await world.settled()
    await alice.edits(question, "标的80万执行费多少")
    await alice.hears("10,400 元")


async def test_an_earlier_answer_corrected_counts_in_a_document(world: World) -> None:
    """The name that was corrected in the chat is the one that is kept, and the open question stays open."""
    alice = await world.person("张三")
    await alice.says("写强制执行申请书")
    await alice.taps("documents.button.begin")
    await alice.taps("个人")
    name = alice.actor.says("张山")
    await world.settled()
    await alice.taps("documents.button.by_hand")
    await alice.edits(name, "张三峰")
    await alice.hears("answer.edited")
    assert "住在哪里" in alice.heard()[-1]
    async with world.bot.services.store.work(read_only=True) as work:
        sealed = (await work.connection.exec_driver_sql("SELECT data FROM flows")).scalars().all()
    assert ["张三峰" in world.bot.services.store.vault.open(bytes(s)) for s in sealed] == [True]


async def test_an_older_message_corrected_is_a_version_only(world: World) -> None:
    """Only the last question is answered again; the log keeps every version of any."""
    alice = await world.person("张三")
    message = alice.actor.says("怎么申请强制执行")
    await alice.says("执行费怎么算")
    before = len(alice.heard())
    await alice.edits(message, "怎么申请恢复执行")
    assert len(alice.heard()) == before
    assert [m.version for m in await logged(world) if m.external_id == message.id and m.direction == "in"] == [1, 2]


async def test_an_edit_that_changes_nothing_is_not_answered(world: World) -> None:
    """Telegram also reports edits in which no word changed, such as a link's preview."""
    alice = await world.person("张三")
    message = alice.actor.says("执行费怎么算")
    await world.settled()
    before = len(alice.heard())
    await alice.edits(message, "执行费怎么算")
    assert len(alice.heard()) == before


async def test_a_live_location_is_answered_once(world: World) -> None:
    """It is edited every few seconds by itself; that is no talk."""
    alice = await world.person("张三")
    sent = await alice.sends("location")
    before = len(alice.heard())
    for _ in range(5):
        world.sandbox.inject({"edited_message": {**sent.data, "edit_date": sent.data["date"]}})
        await world.settled()
    assert len(alice.heard()) == before
