"""The audit log as people read it: every deed in words, about a case or a person, found by person, case and day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.core.texts import Texts
from bot.ledger.model import NewPayment, Settlement
from bot.reach.model import Outcome, Way
from bot.reception.model import FollowUpResult, IntakeStatus, NextStep, Node
from bot.staff.audit import Search
from bot.staff.model import OPERATOR, Deed, Forbidden, Right, Role
from console.audit import Telling
from console.frame import Page
from tests.architecture.source import ROOT
from tests.integration.test_reception import DEEDS, refusal
from tests.office import HERE, TODAY, furnish, hire, staffed
from tests.world import World

CODE = re.compile(r"[a-z]{3,}|\d{12,}|分$", re.IGNORECASE)
FREE = {"knowledge", "command", "certificate", "import"}  # lines with somebody's own words, numbers of papers, names of files


@pytest.fixture
async def world(make_world: Callable[..., Any]) -> World:
    """A running bot, on each database in turn."""
    made: World = await make_world()
    await made.start_bot()
    return made


def words(world: World, people: dict[str, str]) -> Telling:
    """What the desk's page says with."""
    page = cast(Any, object.__new__(Page))
    page.desk = SimpleNamespace(texts=Texts.load(ROOT / "console" / "texts.zh-CN.yaml"))
    page.services = world.bot.services
    return Telling(page, people)


async def test_every_line_of_the_log_is_in_words(world: World) -> None:
    """Whatever anybody does at the desk reads without a code, a sum in 分, or a number of eighteen digits."""
    crew = await staffed(world)
    at = await furnish(world, crew)
    s = world.bot.services
    boss = await hire(s, HERE, Role.ADMIN, "全能", 4711)
    for call in DEEDS.values():
        await refusal(call(s, boss, at))
    async with s.cases.book(boss, at.obligation, f"settlement: {Settlement.AGREED}"):
        pass
    with pytest.raises(Forbidden) as no_right:
        crew.notary.require(Right.EXPORT)
    await s.audit.refused(crew.notary, no_right.value, "obligation", at.obligation)
    telling = words(world, await s.audit.people(boss))
    lines = await s.audit.search(boss, limit=10_000)
    assert len(lines) > 50
    bare = {
        (line.row.object, line.row.detail, told)
        for line in lines
        for told in (telling.name(line), telling.object(line), telling.detail(line))
        if line.row.object not in FREE and told != "test" and CODE.search(told)  # "test": the reason a deed of the table gives
    }
    assert bare == set()


async def test_a_line_names_case_person_and_sum(world: World) -> None:
    """12,500 元 and not 1250000; the case's number and not the program's; found by person, case and day."""
    crew = await staffed(world)
    at = await furnish(world, crew)
    s = world.bot.services
    await s.cases.pay(crew.clerk, at.obligation, NewPayment(1_250_000, TODAY), surplus=True)
    await s.cases.outcome(crew.clerk, at.party, Way.PHONE, Outcome.NO_ANSWER, "")
    await s.intakes.step(crew.clerk, at.intake, NextStep.FILE)
    await s.intakes.move(crew.clerk, at.intake, IntakeStatus.CALLED)
    await s.follow_ups.record(crew.clerk, at.follow_up, FollowUpResult.PERFORMING)
    await s.nodes.start(crew.clerk, at.case, Node.NOTICE)
    await s.chats.release(crew.clerk, at.chat)
    telling = words(world, await s.audit.people(crew.admin))

    async def told(**wanted: Any) -> list[str]:
        found = await s.audit.search(crew.admin, Search(deed=Deed.CHANGED, **wanted))
        return [f"{telling.name(a)} {telling.object(a)}：{telling.detail(a)}" for a in found]

    mine = await told(actor=crew.clerk.key)
    assert mine[:7] == [
        f"王书记员 会话 {at.chat}：放回",
        "王书记员 流程节点 2 （2026）黔0402执1号：开始“发执行通知”",
        f"王书记员 回访 {at.follow_up} （2026）黔0402执2号：回访结果：正在按和解履行",
        f"王书记员 接待 {at.intake}：改为“已叫号”",
        f"王书记员 接待 {at.intake}：下一步定为“立案执行”",
        "王书记员 当事人 义务人1：电话：没人接",
        "王书记员 义务 （2026）黔0402执1号：记付款 12,500.00 元",
    ]
    of_case = await told(case="(2026)黔0402执 2")
    assert of_case
    assert all("执2号" in line or "义务人2" in line or "权利人2" in line for line in of_case)
    assert any("出具履行证明" in line for line in of_case)
    assert await told(case="执999号") == []
    now = s.clock.now()
    assert await told(since=now + timedelta(days=1)) == []
    assert len(await told(since=now - timedelta(days=1), until=now + timedelta(days=1))) > 10


async def test_lines_of_older_versions_read_like_new_ones(world: World) -> None:
    """The log cannot be changed: what stood in it before is told in the same words; own words stay as they are."""
    crew = await staffed(world)
    at = await furnish(world, crew)
    s = world.bot.services
    async with s.store.work() as work:
        for kind, key, detail in (
            ("obligation", at.obligation, "pay 1250000"),
            ("obligation", at.obligation, "申请人撤回"),
            ("node", 11, "notice started"),
            ("follow_up", 3, "performing"),
            ("party", at.party, "link"),
            ("case", at.case_number, "links"),
            ("case", at.case_number, "stage before filed_on None"),
        ):
            await s.audit.note(work, OPERATOR, Deed.CHANGED, kind, key, HERE, detail)
        await work.commit()
    telling = words(world, {})
    lines = (await s.audit.search(crew.admin, limit=7))[::-1]
    assert [(telling.name(a), telling.object(a), telling.detail(a)) for a in lines] == [
        ("系统管理员", "义务 （2026）黔0402执1号", "记付款 12,500 元"),
        ("系统管理员", "义务 （2026）黔0402执1号", "申请人撤回"),
        ("系统管理员", "流程节点 11", "开始“发执行通知”"),
        ("系统管理员", "回访 3", "回访结果：正在按和解履行"),
        ("系统管理员", "当事人 义务人1", "生成一次性链接"),
        ("系统管理员", "案件 （2026）黔0402执1号", "生成一次性链接"),
        ("系统管理员", "案件 （2026）黔0402执1号", "阶段为“执行前”，立案日期 未填"),
    ]


async def test_a_line_stands_with_the_court_whose_affair_it_is(world: World) -> None:
    """What the intermediate court looks at or does in a basic court's case, that court's supervisor finds in the log."""
    crew = await staffed(world)
    at = await furnish(world, crew)
    s = world.bot.services
    await s.cases.certificate_file(crew.above, at.certificate, "docx")
    await s.cases.transcript(crew.above, at.obligation, "text")
    await s.cases.outcome(crew.above, at.party, Way.PHONE, Outcome.NO_ANSWER, "")
    await s.cases.make_link(crew.above, at.party)
    await s.cases.close_task(crew.above, at.task, "已联系")
    own = [line.row for line in await s.audit.search(crew.admin, Search(actor=crew.above.key))]
    assert {row.object for row in own} >= {"certificate", "transcript", "party", "task"}
    assert {row.court for row in own} == {HERE}
