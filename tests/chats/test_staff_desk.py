"""Staff in chat: invited, let in, each within their court; and conversations that somebody holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.reception.chats import NewPaper
from bot.reception.model import DeskError
from bot.staff.audit import Search
from bot.staff.model import OPERATOR, Deed, Forbidden, Role
from bot.store.reminder_rows import NewTask
from tests.chats.conftest import Court, logged
from tests.office import HERE, THERE, case, hire
from tests.world import ROOT, TEXTS, Person, World, plain


@pytest.fixture
async def world(make_world: Callable[..., Any]) -> World:
    """A running bot, on each database in turn."""
    made: World = await make_world()
    await made.start_bot()
    return made


async def clerk_of(world: World, court: str, name: str, role: Role = Role.CLERK) -> Person:
    """Somebody who was invited and has opened the link."""
    services = world.bot.services
    start = await services.staff.invite(OPERATOR, court, role, name)
    person = await world.person(name, started=False)
    await person.says(f"/start {start}")
    await person.hears("staff.welcome", name=name, role=TEXTS(f"staff.role.{role}"))
    return person


async def test_a_clerk_is_invited_and_let_into_the_console(world: World) -> None:
    """The link of the invitation works once; /login gives an address; no token stands in the log."""
    clerk = await clerk_of(world, HERE, "王书记员")
    await clerk.says("/login")
    link = (await clerk.hears("/login?t=")).text
    entered = await world.bot.services.staff.enter(link.partition("/login?t=")[2].split()[0])
    assert entered.session.who.name == "王书记员"
    assert all("login?t=" not in m.text and "/start S" not in m.text for m in await logged(world))
    other = await world.person("路人")
    await other.says("/login")
    await other.hears("staff.only")
    await other.says("/start Sabcdefabcdefabcdefabcd")
    await other.hears("staff.wrong.link_gone")


async def test_requests_belong_to_the_court_that_the_person_chose(world: World) -> None:
    """Until then everybody sees them; afterwards the clerks of that court alone, by list, by number and by answer."""
    here, there = await clerk_of(world, HERE, "王书记员"), await clerk_of(world, THERE, "平坝书记员")
    alice = await world.person("张三")
    await alice.says("转人工 我想问执行费")
    await alice.hears("handoff.which_court")
    await here.hears("新的转人工")
    await there.hears("新的转人工")
    await alice.taps("西秀法院")
    await alice.hears("handoff.court", number=1, court="安顺市西秀区人民法院")
    await there.says("/requests")
    await there.hears("staff.empty")
    await there.says("/requests 1")
    await there.hears("staff.no_request", number=1)
    await there.says("/answer 1 我来答")
    assert plain(TEXTS("staff.no_request", number=1)) in there.heard()[-1]
    await here.says("/answer 1 执行费执行后再交")
    await alice.hears("执行费执行后再交")
    # The next request knows the court already, and the other court hears nothing of it.
    before = len(there.heard())
    await alice.says("转人工 还有一个问题")
    await here.hears("2 号")
    assert len(there.heard()) == before
    assert "西秀法院" not in alice.buttons()


async def test_somebody_elses_choice_of_court_is_not_taken(world: World) -> None:
    """A forged button reaches only the presser's own request, and only a court that exists."""
    alice, mallory = await world.person("张三"), await world.person("马六")
    await alice.says("转人工 我想问执行费")
    await mallory.says("你好")
    message = mallory.actor.sees()[-1]
    for data in ("court:1:pingba", "court:99999999999999999999:pingba", "rate:1:3", "rate:1:9"):
        world.sandbox.people._query(mallory.actor.person, message, data)
        await world.settled()
    async with world.bot.services.store.work(read_only=True) as work:
        ticket = await work.desk.ticket(1)
    assert ticket
    assert (ticket.court, ticket.rating) == (None, None)


async def test_commands_follow_the_role_and_the_court(world: World) -> None:
    """A mediator may not verify a payment, a notary may not answer, another court's task is not touched."""
    services = world.bot.services
    mediator = await clerk_of(world, HERE, "陈调解员", Role.MEDIATOR)
    notary = await clerk_of(world, HERE, "周公证员", Role.NOTARY)
    stranger = await clerk_of(world, THERE, "平坝法官", Role.JUDGE)
    judge = await clerk_of(world, HERE, "李法官", Role.JUDGE)
    case_id, obligation, _ = await case(services, 1)
    async with services.store.work() as work:
        task = await work.tasks.add(
            NewTask("contact", "asked", case_id=case_id, obligation_id=obligation, note="请联系"), services.clock.now()
        )
        await work.commit()
    await mediator.says(f"/verify {task} ok")
    await mediator.hears("staff.wrong.right", right=TEXTS("staff.right.verify"))
    await notary.says("/answer 1 您好")
    await notary.hears("staff.wrong.right", right=TEXTS("staff.right.answer_chats"))
    await stranger.says("/tasks")
    await stranger.hears("clerk.no_tasks")
    await stranger.says(f"/done {task} 办好了")
    await stranger.hears("ledger.wrong.other_court")
    await stranger.says("/link （2026）黔0402执1号")
    assert "?start=" not in stranger.heard()[-1]
    await judge.says("/tasks")
    await judge.hears("请联系")
    await judge.says(f"/done {task} 已联系")
    await judge.hears("clerk.done", number=task)
    [done] = await services.audit.search(OPERATOR, Search(deed=Deed.CHANGED, object="task"))
    assert (done.row.court, done.row.object_id, done.row.detail) == (HERE, str(task), f"/done {task} 已联系")
    assert done.about == "（2026）黔0402执1号", "found by the case, like whatever is done at the desk"
    seen = await services.audit.search(OPERATOR, Search(deed=Deed.SEEN, object="command"))
    assert {line.row.object_id for line in seen} == {"tasks"}


async def test_the_bot_keeps_quiet_while_a_person_holds_the_conversation(world: World) -> None:
    """Questions, pictures and edits go to the clerk; commands, buttons and danger are answered; afterwards it is back."""
    services = world.bot.services
    clerk = await hire(services, HERE, Role.CLERK, "王书记员", world.sandbox.actor("王书记员").id)
    alice = await world.person("张三")
    await alice.says("转人工 我想问执行费")
    await services.chats.claim(clerk, 1)
    count = len(alice.heard())
    await alice.says("执行费怎么算")
    await alice.sends("photo")
    assert len(alice.heard()) == count
    held = [m for m in await logged(world) if m.decision == "held"]
    assert [m.kind for m in held] == ["text", "photo"]
    thread = await services.chats.thread(clerk, 1)
    assert any(line.shows for line in thread.lines)
    assert "执行费怎么算" in thread.item.question
    await alice.says("/menu")
    await alice.hears("menu.title")
    await alice.says("我不想活了")
    assert len(alice.heard()) > count + 1
    await services.chats.resolve(clerk, 1, "都办好了")
    await world.settled()
    await alice.hears("desk.closed", number=1)
    await alice.taps("desk.rate.3")
    await alice.hears("desk.rated")
    await alice.says("执行费怎么算")
    await alice.hears("不用先交")
    async with services.store.work(read_only=True) as work:
        ticket = await work.desk.ticket(1)
    assert ticket
    assert ticket.rating == 3


async def test_files_of_a_conversation_are_opened_at_the_desk_and_that_is_recorded(world: World) -> None:
    """What the person sent and what staff sent, by whoever may see the conversation; another court's clerk gets nothing."""
    services = world.bot.services
    clerk = await hire(services, HERE, Role.CLERK, "王书记员", world.sandbox.actor("王书记员").id)
    stranger = await hire(services, THERE, Role.ADMIN, "平坝管理员", world.sandbox.actor("平坝管理员").id)
    alice = await world.person("张三")
    await alice.says("转人工 我想问执行费")
    await services.chats.claim(clerk, 1)
    await alice.sends("photo")
    await services.files.fetch_all()
    await services.chats.answer(clerk, 1, "请看须知", NewPaper("须知.pdf", "application/pdf", b"%PDF-1.4 x"))
    lines = [line for line in (await services.chats.thread(clerk, 1)).lines if line.file]
    assert [(line.sender, line.shows) for line in lines] == [("person", True), ("staff", False)]
    photo, paper = [await services.chats.file(clerk, 1, line.message_id or 0) for line in lines]
    assert photo.content[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")
    assert (paper.name, paper.content) == ("须知.pdf", b"%PDF-1.4 x")
    await world.settled()
    with pytest.raises(DeskError, match="file_words"):
        await services.chats.correct(clerk, 1, lines[1].message_id or 0, "改成别的")
    assert any("document" in m.data for m in alice.actor.sees())
    await services.chats.retract(clerk, 1, lines[1].message_id or 0)
    await world.settled()
    assert not any("document" in m.data for m in alice.actor.sees()), "a file can be taken back like words"
    for line in lines:
        with pytest.raises(Forbidden):
            await services.chats.file(stranger, 1, line.message_id or 0)
    words = next(line for line in (await services.chats.thread(clerk, 1)).lines if line.sender == "person" and not line.file)
    for number in (words.message_id or 0, 0, 2**60):
        with pytest.raises(DeskError, match="no_file"):
            await services.chats.file(clerk, 1, number)
    seen = await services.audit.search(OPERATOR, Search(actor=clerk.key, deed=Deed.SEEN, object="chat"))
    assert sum(line.row.detail == "file" for line in seen) == 2


async def test_a_released_conversation_is_the_bots_again(world: World) -> None:
    """Whoever lets it go leaves nobody without an answer."""
    services = world.bot.services
    clerk = await hire(services, HERE, Role.CLERK, "王书记员", 501)
    alice = await world.person("张三")
    await alice.says("转人工 我想问执行费")
    await services.chats.claim(clerk, 1)
    await services.chats.release(clerk, 1)
    await alice.says("执行费怎么算")
    await alice.hears("不用先交")


async def test_out_of_hours_the_person_hears_when_somebody_will_answer(world: World) -> None:
    """On a Saturday evening: on Monday at nine; within the hours nothing is said about it."""
    alice, bob = await world.person("张三"), await world.person("李四")
    await bob.says("转人工 我想问执行费")
    assert not any("下班时间" in text for text in bob.heard())
    world.advance(days=5, hours=9)  # Saturday, seven in the evening
    await alice.says("转人工 我想问执行费")
    await alice.hears("handoff.closed_now", moment="11-30 09:00")
    await bob.says("执行费怎么算")  # what the bot answers itself has no hours
    await bob.hears("申请执行不用先交钱")
    assert not any("下班时间" in text for text in bob.heard())


async def test_satisfaction_is_asked_once(world: World) -> None:
    """After 解决了 to an answer in chat; a second press asks nothing more, and the first word counts."""
    here = await clerk_of(world, HERE, "王书记员")
    alice = await world.person("张三")
    await alice.says("转人工 我想问执行费")
    await here.says("/answer 1 执行后再交")
    await alice.taps("button.solved")
    await alice.hears("desk.closed", number=1)
    await alice.taps("desk.rate.1")
    world.advance(seconds=10)
    await alice.taps("desk.rate.3")
    async with world.bot.services.store.work(read_only=True) as work:
        ticket = await work.desk.ticket(1)
    assert ticket
    assert (ticket.rating, ticket.state) == (1, "resolved")
    assert sum(plain(TEXTS("desk.closed", number=1)) in text for text in alice.heard()) == 1


async def test_the_list_of_agencies_is_searched_in_chat(make_world: Callable[..., Any], tmp_path: Path) -> None:
    """Every word must be found; an empty list says so in the operator's words."""
    faq = tmp_path / "faq"
    shutil.copytree(ROOT / "faq", faq)
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.says("/agencies")
    await alice.hears("还没有登记本地法院公布的辅助机构名单")
    await world.stop_bot()
    data = yaml.safe_load((faq / "courts.yaml").read_text(encoding="utf-8"))
    data["auction_agencies"] = ["甲拍卖公司（安顺中院委托；看样）", "乙公司（西秀法院委托）"]
    (faq / "courts.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    world.overrides["faq"] = faq
    await world.start_bot()
    await alice.says("/agencies 看样")
    found = await alice.hears("甲拍卖公司")
    assert "乙公司" not in found.text
    await alice.says("/agencies 丙")
    await alice.hears("reception.no_agency", words="丙")


async def test_staff_who_press_start_see_what_they_can_do_and_who_waits(court: Court) -> None:
    """A bot cannot write first: whoever came before they pressed 开始 is in the list."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await court.clerk.says("/start")
    await court.clerk.hears("staff.welcome", name="王书记员", role=TEXTS("staff.role.admin"))
    assert "1 号 · 张三" in court.clerk.heard()[-1]
    await alice.says("/start")
    assert not any("/requests" in text for text in alice.heard())
