"""The Telegram desk: a staff group with a topic for each person who needs somebody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event

from bot.core.errors import StoreUnavailableError
from bot.reception import topics as topics_module
from bot.reception.chats import NewPaper
from bot.reception.forum import Unsure
from bot.reception.topics import Topics
from bot.staff.model import Role, Who
from handlers.forum import TelegramForum
from sandbox import Limits
from sandbox.model import Group, Message, Topic
from tests.office import HERE, THERE, hire
from tests.world import TEXTS, Person, World, plain


@dataclass
class Hall:
    """A bot, its staff group with topics, two clerks of one court and one of another."""

    world: World
    group: Group
    clerk: Who
    judge: Who
    clerk_person: Person
    judge_person: Person
    far_person: Person
    alice: Person

    @property
    def topics(self) -> list[Topic]:
        """The topics that are there."""
        return [t for t in self.group.topics.values() if not t.deleted]

    @property
    def chat(self) -> int:
        """The number of the group."""
        return self.group.id

    def seen(self, thread: int | None = None) -> list[Message]:
        """What stands in a topic (the first one unless named), oldest first."""
        thread = thread if thread is not None else self.topics[0].id
        found = self.world.sandbox.core.world.messages.get(self.chat, {}).values()
        return [m for m in found if not m.deleted and m.data.get("message_thread_id", 0) == thread]

    def texts(self, thread: int | None = None) -> str:
        """All words of a topic."""
        return "\n".join(m.text for m in self.seen(thread))

    async def shows(self, *words: str, thread: int | None = None, seconds: float = 6.0) -> None:
        """Wait until a topic shows all of these."""
        await until(lambda: bool(self.topics) and all(w in self.texts(thread) for w in words), seconds)

    async def writes(self, who: Person, text: str, thread: int | None = None) -> Message:
        """Somebody writes in a topic."""
        people = self.world.sandbox.people
        said = people.say(who.id, text, chat_id=self.chat, thread_id=thread or self.topics[0].id)
        await self.world.settled()
        return said

    async def presses(self, who: Person, name: str) -> str:
        """Somebody presses a button of the newest message that has it; the toast."""
        label = TEXTS(f"topics.do.{name}") if f"topics.do.{name}" in TEXTS else name
        message = next(m for m in reversed(self.seen()) if any(b["text"] == label for b in m.buttons))
        query = self.world.sandbox.people.press(who.id, message.id, label=label, chat_id=self.chat)
        await self.world.settled()
        await until(lambda: self.world.sandbox.people.answer(query) is not None)
        return str((self.world.sandbox.people.answer(query) or {})["text"])


async def until(true: Callable[[], bool], seconds: float = 6.0) -> None:
    """Wait until it is so."""
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        await asyncio.sleep(0.02)
    assert true()


async def hall_of(make: Callable[..., Awaitable[World]], **overrides: Any) -> Hall:
    """The group stands before the bot starts, since the settings name it."""
    telegram = overrides.pop("telegram", {})
    world = await make(**overrides)
    people = world.sandbox.people
    names = ("王书记员", "李法官", "平坝书记员", "路人")
    actors = {name: world.sandbox.actor(name) for name in names}
    group = people.create_group("工作群", "forum", members=[a.id for a in actors.values()])
    world.overrides["telegram"] = {"staff_group": group.id, **telegram}
    await world.start_bot()
    services = world.bot.services
    persons = {name: Person(world, actor) for name, actor in actors.items()}
    for person in persons.values():
        person.actor.starts()
    await world.settled()
    clerk = await hire(services, HERE, Role.CLERK, "王书记员", actors["王书记员"].id)
    judge = await hire(services, HERE, Role.JUDGE, "李法官", actors["李法官"].id)
    await hire(services, THERE, Role.CLERK, "平坝书记员", actors["平坝书记员"].id)
    alice = await world.person("张三")
    return Hall(world, group, clerk, judge, persons["王书记员"], persons["李法官"], persons["平坝书记员"], alice)


@pytest.fixture
async def hall(make_world: Callable[..., Any]) -> Hall:
    """On each database in turn."""
    return await hall_of(make_world)


@pytest.fixture
async def small(make_world_sqlite: Callable[..., Any]) -> Hall:
    """On SQLite, for what does not depend on the database."""
    return await hall_of(make_world_sqlite)


async def asks(hall: Hall, words: str = "转人工 我想问执行费", shown: str = "我想问执行费") -> None:
    """The person asks for somebody, and chooses the court."""
    await hall.alice.says(words)
    await hall.alice.taps("西秀法院")
    await hall.shows(shown)


async def test_a_request_becomes_a_topic_and_the_answer_reaches_the_person(hall: Hall) -> None:
    """Card with question and earlier answers; what a clerk writes arrives as theirs and stands in the console."""
    await hall.alice.says("执行费怎么算")
    await asks(hall, "转人工", "执行费怎么算")
    assert [t.name for t in hall.topics] == ["#1 张三"]
    card = hall.seen()[1]
    assert "执行费怎么算" in card.text
    assert TEXTS("topics.why.asked") in card.text
    assert "机器人〔" in card.text
    assert [b["text"] for b in card.buttons] == [TEXTS(f"topics.do.{n}") for n in ("claim", "hand", "done")]
    await hall.writes(hall.clerk_person, "请带身份证到窗口")
    await hall.alice.hears("请带身份证到窗口")
    await hall.shows("王书记员 认领了")
    await hall.alice.says("谢谢，几点上班")
    await hall.shows("几点上班")
    assert hall.texts().count("请带身份证到窗口") == 1  # not repeated to those who wrote it
    thread = await hall.world.bot.services.chats.thread(hall.clerk, 1)
    assert thread.item.assignee_name == "王书记员"
    assert any("请带身份证到窗口" in line.text and line.author == "王书记员" for line in thread.lines)
    general = [
        m for m in hall.world.sandbox.core.world.messages[hall.chat].values() if "message_thread_id" not in m.data
    ]
    assert not any("张三" in m.text for m in general)


async def test_pictures_and_files_go_both_ways(small: Hall) -> None:
    """A person's picture, voice and document are copied; a clerk's document arrives as a file."""
    await asks(small)
    await small.world.bot.services.chats.claim(small.clerk, 1)
    await small.alice.sends("photo", caption="收据 520102199001011234")
    await small.alice.sends("voice")
    await small.alice.sends("document", file_name="判决书.pdf")
    await until(lambda: {"photo", "voice", "document"} <= {k for m in small.seen() for k in m.data})
    photo = next(m for m in small.seen() if "photo" in m.data)
    assert "收据" in photo.text
    assert "199001011234" not in photo.text
    small.world.sandbox.people.send_document(
        small.clerk_person.id, file_name="须知.pdf", caption="请看", chat_id=small.chat, thread_id=small.topics[0].id
    )
    await small.world.settled()
    await small.alice.hears("请看")
    await until(lambda: any("document" in m.data for m in small.alice.actor.sees() if m.from_bot))
    small.world.sandbox.people._write(
        small.clerk_person.id, {"sticker": {"file_id": "x", "file_unique_id": "x"}}, small.chat, small.topics[0].id
    )
    await small.world.settled()


async def test_a_picture_that_the_person_has_deleted_is_still_named(small: Hall) -> None:
    """Nothing is lost silently: the line says where to look."""
    await asks(small)
    await small.shows("我想问执行费")
    bot = small.world.bot
    assert bot.topics
    bot.topics._not_before = asyncio.get_running_loop().time() + 1.0
    sent = await small.alice.sends("photo")
    small.world.sandbox.people.delete(small.alice.id, sent.id)
    await small.shows(plain(TEXTS("topics.file_gone")))


async def test_notes_stay_inside(small: Hall) -> None:
    """From the first marked line on nothing leaves the group; a note never becomes an answer by an edit."""
    await asks(small)
    await small.writes(small.clerk_person, "// 这个人昨天来过\n态度激动")
    mixed = await small.writes(small.clerk_person, "请您稍等\n备注：先问法官")
    await small.alice.hears("请您稍等")
    note = await small.writes(small.clerk_person, "备注 让李法官看")
    people = small.world.sandbox.people
    people.edit(small.clerk_person.id, note.id, "让李法官看看", chat_id=small.chat)
    await small.world.settled()
    people.edit(small.clerk_person.id, mixed.id, "// 不给他看", chat_id=small.chat)
    await small.shows(plain(TEXTS("topics.sent_already")))
    assert not any(w in " ".join(small.alice.heard()) for w in ("昨天", "激动", "李法官", "问法官", "不给他看"))
    notes = [
        line.text
        for line in (await small.world.bot.services.chats.thread(small.clerk, 1)).lines
        if line.sender == "note"
    ]
    assert notes == ["这个人昨天来过\n态度激动", "先问法官", "让李法官看", "让李法官看看"]


async def test_a_line_that_was_cut_off_half_way_is_finished_not_repeated(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is written, the note is not, and the update comes again: the person has the answer once, staff the note once."""
    await asks(hall)
    chats, cut = hall.world.bot.services.chats, []
    note = chats.note

    async def breaks_once(*args: Any, **values: Any) -> Any:
        if not cut:
            cut.append(1)
            raise StoreUnavailableError("gone")
        return await note(*args, **values)

    monkeypatch.setattr(chats, "note", breaks_once)
    await hall.writes(hall.clerk_person, "请您稍等\n备注：先问法官")
    await until(lambda: bool(cut))
    await hall.alice.hears("请您稍等")
    for _ in range(200):
        lines = (await chats.thread(hall.clerk, 1)).lines
        if any(line.sender == "note" for line in lines):
            break
        await asyncio.sleep(0.05)
    await hall.world.settled()
    assert [line.text for line in lines if line.sender == "note"] == ["先问法官"]
    assert sum("请您稍等" in text for text in hall.alice.heard()) == 1


async def test_of_two_who_claim_one_wins(hall: Hall) -> None:
    """By button and by writing: the second is told who was first, and nothing of theirs is sent."""
    await asks(hall)
    assert await hall.presses(hall.clerk_person, "claim") == TEXTS("topics.done.claim")
    await until(lambda: any(b["text"] == TEXTS("topics.do.release") for b in hall.seen()[1].buttons))
    heard = len(hall.alice.heard())
    await hall.writes(hall.judge_person, "我来答复")
    await hall.shows(plain(TEXTS("desk.wrong.claimed", number=1, name="王书记员")))
    assert len(hall.alice.heard()) == heard


async def test_what_the_console_does_shows_in_the_topic(hall: Hall) -> None:
    """Claim, answer, note, hand over, snooze: the database is the truth, the group follows."""
    await asks(hall)
    chats = hall.world.bot.services.chats
    await chats.claim(hall.judge, 1)
    await hall.shows("李法官 认领了")
    await chats.note(hall.judge, 1, "卷宗在二楼")
    await chats.answer(hall.judge, 1, "您的案子在办", NewPaper("通知.pdf", "application/pdf", b"%PDF"))
    await hall.shows("备注： 卷宗在二楼", "您的案子在办", "通知.pdf")
    assert any("document" in m.data for m in hall.seen())
    await until(lambda: "李法官" in hall.seen()[1].text)
    await chats.hand_over(hall.judge, 1, "请接", to=hall.clerk.account)
    await hall.shows("李法官 转交给 王书记员")
    line = next(m for m in (await chats.thread(hall.judge, 1)).lines if m.sender == "staff" and "在办" in m.text)
    await chats.correct(hall.judge, 1, line.message_id or 0, "您的案子办好了")
    await hall.shows("您的案子办好了")


async def test_handing_over_by_button(small: Hall) -> None:
    """The colleagues who may take it are offered; another court's are not."""
    await asks(small)
    await small.presses(small.clerk_person, "claim")
    assert await small.presses(small.clerk_person, "hand") == TEXTS("topics.done.hand")
    await small.shows(plain(TEXTS("topics.to_whom", number=1)))
    offered = [b["text"] for b in small.seen()[-1].buttons]
    assert offered == ["李法官"]
    assert await small.presses(small.clerk_person, "李法官") == TEXTS("topics.done.to")
    item = (await small.world.bot.services.chats.thread(small.judge, 1)).item
    assert item.assignee == small.judge.account


async def test_a_strangers_words_go_nowhere(small: Hall) -> None:
    """Without an account nothing is sent, and that is said, not at each line; another court's clerk is refused each time."""
    await asks(small)
    bob = next(p for p in small.world.sandbox.core.world.people.values() if p.first_name == "路人")
    people = small.world.sandbox.people
    heard = len(small.alice.heard())
    for text in ("你好", "有人吗"):
        people.say(bob.id, text, chat_id=small.chat, thread_id=small.topics[0].id)
        await small.world.settled()
    await small.shows(plain(TEXTS("topics.stranger", name="路人")))
    await small.writes(small.far_person, "我们法院来答")
    await small.shows(plain(TEXTS("staff.wrong.court")))
    assert small.texts().count(plain(TEXTS("topics.stranger", name="路人"))) == 1
    small.world.advance(hours=1)  # whoever comes back must not believe that this line has left
    people.say(bob.id, "在吗", chat_id=small.chat, thread_id=small.topics[0].id)
    await small.world.settled()
    await until(lambda: small.texts().count(plain(TEXTS("topics.stranger", name="路人"))) == 2)
    people.say(bob.id, "在 General 里说话", chat_id=small.chat)
    await small.world.settled()
    assert len(small.alice.heard()) == heard


async def test_a_deleted_topic_is_made_again_and_nothing_is_lost(hall: Hall) -> None:
    """By either answer of the server: a new topic, a new card, everything of this ticket, and the new words."""
    await asks(hall)
    await hall.world.bot.services.chats.claim(hall.clerk, 1)
    for number, answer in enumerate(("message thread not found", "TOPIC_DELETED")):
        hall.world.sandbox.people.delete_topic(hall.chat, hall.topics[0].id, answer=answer)
        await hall.alice.says(f"第 {number} 次补充")
        await hall.shows("第 0 次补充", f"第 {number} 次补充", plain(TEXTS("topics.again"))[:10])
        assert len(hall.topics) == 1
    await hall.writes(hall.clerk_person, "都看到了")
    await hall.alice.hears("都看到了")


async def test_a_topic_that_vanishes_again_and_again_is_let_be(small: Hall) -> None:
    """A group that loses every topic of one person: no endless row of new ones, others are served, nothing is dropped."""
    await asks(small)
    await small.world.bot.services.chats.claim(small.clerk, 1)
    people = small.world.sandbox.people

    def made() -> int:
        return len(small.world.sandbox.calls.of("createForumTopic", ok=True))

    for number in range(6):
        for topic in small.topics:
            people.delete_topic(small.chat, topic.id)
        await small.alice.says(f"第 {number} 次补充")
        await asyncio.sleep(0.3)
    await asyncio.sleep(1.0)
    assert 2 <= made() <= 4
    bob = await small.world.person("李四")
    await bob.says("转人工 我想问立案")
    await bob.taps("西秀法院")
    await until(lambda: any(t.name.startswith("#2 ") for t in small.topics))
    lines = [line.text for line in (await small.world.bot.services.chats.thread(small.clerk, 1)).lines]
    assert {f"第 {n} 次补充" for n in range(6)} <= set(lines)


async def test_what_is_written_ninety_days_later_is_not_lost(hall: Hall) -> None:
    """A topic that has been quiet for long, over a restart, open or closed: it reaches the person, or is said not to."""
    await asks(hall)
    await hall.writes(hall.clerk_person, "请稍等")
    await hall.alice.hears("请稍等")
    await hall.world.stop_bot()
    hall.world.advance(days=90)
    await hall.world.start_bot()
    await hall.writes(hall.clerk_person, "让您久等了")
    await hall.alice.hears("让您久等了")
    await hall.presses(hall.clerk_person, "done")
    await until(lambda: hall.topics[0].closed)
    before = len(hall.alice.heard())
    await hall.writes(hall.clerk_person, "还有一句话")
    await hall.shows(plain(TEXTS("desk.wrong.resolved", number=1)))
    assert len(hall.alice.heard()) == before
    await hall.alice.says("好的，我还想问一下执行费怎么算")
    assert len(hall.alice.heard()) > before
    async with hall.world.bot.services.store.work(read_only=True) as work:
        assert "好的，我还想问一下执行费怎么算" in [m.text async for m in work.log.read() if m.direction == "in"]


async def test_a_topic_closed_by_hand_opens_again(small: Hall) -> None:
    """While the ticket is open its topic is; what is said meanwhile arrives."""
    await asks(small)
    small.world.sandbox.people.close_topic(small.clerk_person.id, small.chat, small.topics[0].id)
    await small.alice.says("我还有话说")
    await small.shows("我还有话说")
    await until(lambda: not small.topics[0].closed)


async def test_resolved_closes_and_a_new_request_opens_the_same_topic(hall: Hall) -> None:
    """One topic for a person: closed with the ticket, renamed and opened with the next one."""
    await asks(hall)
    assert await hall.presses(hall.clerk_person, "done") == plain(TEXTS("desk.wrong.unanswered"))
    await hall.writes(hall.clerk_person, "已经办好")
    assert await hall.presses(hall.clerk_person, "done") == TEXTS("topics.done.done")
    await hall.alice.hears("desk.closed", number=1)
    await until(lambda: hall.topics[0].closed)
    assert TEXTS("topics.state.resolved") in hall.seen()[1].text
    await hall.alice.says("转人工 又有一个问题")
    await hall.shows("又有一个问题")
    assert [t.name for t in hall.topics] == ["#2 张三"]
    assert not hall.topics[0].closed


async def test_edits_are_followed_on_both_sides(small: Hall) -> None:
    """A person's edit is a new line that says so; a clerk's edit changes what the person has."""
    await asks(small)
    answer = await small.writes(small.clerk_person, "请周一来")
    await small.alice.hears("请周一来")
    small.world.sandbox.people.edit(small.clerk_person.id, answer.id, "请周二来", chat_id=small.chat)
    await small.world.settled()
    await small.alice.hears("请周二来")
    small.world.sandbox.people.edit(small.clerk_person.id, answer.id, "请周三来", chat_id=small.chat)
    await small.world.settled()
    await small.alice.hears("请周三来")
    said = small.alice.actor.says("我周二去")
    await small.world.settled()
    await small.alice.edits(said, "我周三去")
    await small.shows("我周二去", "（改过）：我周三去")
    assert "请周三来" not in "\n".join(m.text for m in small.seen() if m.from_bot)


async def test_a_files_words_are_corrected_and_a_file_without_words_is_not(small: Hall) -> None:
    """The words under a file went as a message of their own, which changes; where there were none, it is said so."""
    await asks(small)
    people, thread = small.world.sandbox.people, small.topics[0].id
    sent = people.send_document(
        small.clerk_person.id, file_name="须知.pdf", caption="请周一带来", chat_id=small.chat, thread_id=thread
    )
    await small.world.settled()
    await small.alice.hears("请周一带来")
    people.edit(small.clerk_person.id, sent.id, "请周二带来", chat_id=small.chat)
    await small.world.settled()
    await small.alice.hears("请周二带来")
    bare = people.send_document(small.clerk_person.id, file_name="表.pdf", chat_id=small.chat, thread_id=thread)
    await small.world.settled()
    people.edit(small.clerk_person.id, bare.id, "这是表", chat_id=small.chat)
    await small.world.settled()
    await small.shows(plain(TEXTS("topics.file_sent")))


async def test_many_lines_of_one_person_hold_up_nobody(make_world_sqlite: Callable[..., Any]) -> None:
    """Twenty messages a minute for the group, strictly: lines come together, and the next person is not last."""
    hall = await hall_of(
        make_world_sqlite,
        limits=Limits.telegram(overall_per_second=None, private_per_second=None),
        telegram={"group_per_minute": 18, "chat_per_second": 1000},
    )
    await asks(hall)
    await hall.world.bot.services.chats.claim(hall.clerk, 1)
    for number in range(200):
        hall.alice.actor.says(f"第 {number} 句")
    bob = await hall.world.person("李四")
    await bob.says("转人工 我想问执行费")
    await until(lambda: len(hall.topics) == 2, 30)
    second = max(t.id for t in hall.topics)
    await hall.shows("我想问执行费", thread=second, seconds=10)
    await hall.shows("第 0 句", "第 199 句", thread=min(t.id for t in hall.topics), seconds=30)
    spent = hall.world.sandbox.core.flood
    assert spent.refusals == 0
    assert not spent.violations


async def test_a_refusal_of_the_group_is_waited_for(small: Hall) -> None:
    """429: nothing is sent before its time, nothing is lost, and private chats go on meanwhile."""
    await asks(small)
    small.world.sandbox.core.flood.park(2.0, small.chat)
    await small.alice.says("这句要等一等")
    await small.alice.says("执行费怎么算")
    await small.shows("这句要等一等", seconds=10)
    assert small.world.sandbox.core.flood.refusals == 1  # the one by which we learn of it


async def test_the_group_is_followed_when_it_is_upgraded(make_world_sqlite: Callable[..., Any]) -> None:
    """A basic group cannot have topics; after the upgrade it has another number and the topics are made there."""
    world: World = await make_world_sqlite()
    clerk = world.sandbox.actor("王书记员")
    old = world.sandbox.people.create_group("工作群", "group", members=[clerk.id])
    world.overrides["telegram"] = {"staff_group": old.id}
    await world.start_bot()
    alice = await world.person("张三")
    await alice.says("转人工 我想问执行费")
    assert world.bot.topics
    new = world.sandbox.people.upgrade_group(old.id)
    new.is_forum = True
    await world.settled()
    world.bot.topics._not_before = 0.0
    await until(lambda: bool(new.topics))
    assert world.bot.topics.chat == new.id
    await hire(world.bot.services, HERE, Role.CLERK, "王书记员", clerk.id)
    await world.stop_bot()
    # The setting has the old number still; what was written meanwhile is the first thing that the bot finds.
    world.sandbox.people.say(clerk.id, "请带材料来", chat_id=new.id, thread_id=next(iter(new.topics)))
    await world.start_bot()
    await alice.hears("请带材料来")
    await alice.says("再补充一句")
    thread = next(iter(new.topics))
    messages = world.sandbox.core.world.messages[new.id]
    await until(
        lambda: any("再补充一句" in m.text and m.data.get("message_thread_id") == thread for m in messages.values())
    )


async def test_an_uncertain_making_is_adopted_or_repeated_once(small: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nobody knows whether a topic was made the group's own notice is waited for; then one more, and no third."""
    monkeypatch.setattr(topics_module, "ADOPT", 0.3)
    real, made = TelegramForum.create, []

    async def lost(self: TelegramForum, chat: int, name: str) -> int:
        made.append(await real(self, chat, name))
        raise Unsure("the answer is lost")

    monkeypatch.setattr(TelegramForum, "create", lost)
    await small.alice.says("转人工 我想问执行费")
    await small.shows("我想问执行费")
    assert len(made) == 1
    # The same without the notice: a second one, and then none.
    monkeypatch.setattr(Topics, "made", _deaf)
    bob = await small.world.person("李四")
    await bob.says("转人工 我想问执行费")
    await until(lambda: len(made) == 3, 10)
    await asyncio.sleep(1.5)
    assert len(made) == 3
    async with small.world.bot.services.store.work(read_only=True) as work:
        row = await work.topics.of_number(2)
    assert row
    assert (row.thread, row.tries) == (None, 2)


async def _deaf(self: Topics, thread: int, number: int) -> None:
    """A group whose notices are lost."""


async def test_a_restart_repeats_nothing(hall: Hall) -> None:
    """What stands in the topic is known to the next process: no second topic, card or line."""
    await asks(hall)
    await hall.writes(hall.clerk_person, "请稍等")
    await hall.shows("认领了")
    await until(lambda: "王书记员" in hall.seen()[1].text)
    before = [m.text for m in hall.seen()]
    await hall.world.stop_bot()
    hall.alice.actor.says("重启时说的话")
    await hall.world.start_bot()
    await hall.shows("重启时说的话")
    assert [m.text for m in hall.seen()][2 : len(before)] == before[2:]  # the card itself goes with the ticket
    assert sum("请带" in m.text or m.text.startswith("#1") for m in hall.seen()) == 1
    assert len(hall.topics) == 1
    await hall.writes(hall.clerk_person, "收到")
    await hall.alice.hears("收到")


async def test_without_rights_the_desk_goes_on(make_world_sqlite: Callable[..., Any]) -> None:
    """A bot that may not make topics says so in its log and tries again; once it may, nothing is missing."""
    hall = await hall_of(make_world_sqlite)
    boss = await hall.world.person("管理员")
    hall.world.bot.notices._admins = frozenset({boss.id})
    hall.world.sandbox.people.set_bot_rights(hall.chat, can_manage_topics=False)
    await hall.alice.says("转人工 我想问执行费")
    await hall.alice.hears("handoff.which_court")
    await boss.hears("工作群发不进去了")
    assert hall.world.bot.topics
    await until(lambda: bool(hall.world.bot.topics and hall.world.bot.topics._denied))
    assert not hall.topics
    hall.world.sandbox.people.set_bot_rights(hall.chat)
    hall.world.bot.topics._not_before = 0.0
    await hall.shows("我想问执行费")


async def test_as_shipped_it_costs_nothing(make_world_sqlite: Callable[..., Any]) -> None:
    """Without a group there is no task, no handler's question, and no query about topics."""
    world: World = await make_world_sqlite()
    await world.start_bot()
    asked: list[str] = []
    engine = world.bot.services.store.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(str(args[2])))
    alice = await world.person("张三")
    await alice.says("转人工 我想问执行费")
    assert world.bot.topics is None
    assert asked
    assert not [q for q in asked if "topic_" in q or " topics" in q]
