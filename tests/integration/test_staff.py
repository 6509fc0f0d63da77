"""Accounts, links, sessions, the audit log: on both databases, and against whoever tries twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.service import Services
from bot.staff.audit import Search
from bot.staff.model import OPERATOR, Deed, Forbidden, Right, Role, StaffError
from bot.store.staff_rows import AuditRow
from tests.office import ABOVE, HERE, THERE, hire, staffed
from tests.world import World

MakeWorld = Callable[..., Any]


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    """A running bot, on each database in turn."""
    made: World = await make_world()
    await made.start_bot()
    return made


@pytest.fixture
def services(world: World) -> Services:
    """Its services."""
    return world.bot.services


def token_of(link: str) -> str:
    """The token of a login link."""
    return link.partition("/login?t=")[2]


async def test_an_invitation_makes_one_account_and_the_first_use_wins(services: Services) -> None:
    """Two people open the same link at the same moment: one has the account, the other is told that it is gone."""
    start = await services.staff.invite(OPERATOR, HERE, Role.CLERK, "王书记员")

    async def accept(person: int) -> str:
        try:
            async with services.store.work() as work:
                await services.staff.accept(work, start, person)
                await work.commit()
        except StaffError as error:
            return error.code
        return "ok"

    assert sorted(await asyncio.gather(accept(501), accept(502))) == ["link_gone", "ok"]
    assert await accept(503) == "link_gone"
    accounts = await services.staff.accounts(OPERATOR)
    assert [(a.name, a.court, a.role) for a in accounts] == [("王书记员", HERE, Role.CLERK)]


async def test_an_invitation_expires_and_is_not_used_up_by_somebody_who_works_here(
    world: World, services: Services
) -> None:
    """A clerk who opens a colleague's link does not take it; after three days it is good for nobody."""
    clerk = await hire(services, HERE, Role.CLERK, "王书记员", 501)
    start = await services.staff.invite(OPERATOR, HERE, Role.JUDGE, "李法官")
    async with services.store.work() as work:
        with pytest.raises(StaffError, match="already"):
            await services.staff.accept(work, start, 501)
    world.advance(hours=73)
    async with services.store.work() as work:
        with pytest.raises(StaffError, match="link_gone"):
            await services.staff.accept(work, start, 502)
    assert clerk.roles == {Role.CLERK}


async def test_only_the_hash_of_a_token_is_kept(services: Services) -> None:
    """Neither an invitation's nor a session's token stands in the database."""
    start = await services.staff.invite(OPERATOR, HERE, Role.CLERK, "王书记员")
    clerk = await hire(services, HERE, Role.CLERK, "李书记员", 501)
    entered = await services.staff.enter(token_of(await services.staff.login_link(clerk, clerk.account)))
    async with services.store.work(read_only=True) as work:
        links = [r[0] for r in await work.connection.execute(text("SELECT token_hash FROM staff_links"))]
        sessions = [r[0] for r in await work.connection.execute(text("SELECT token_hash FROM staff_sessions"))]
    assert start[1:] not in links
    assert entered.token not in sessions
    assert len(start[1:]) >= 22  # 128 bits in base 64


async def test_a_login_link_opens_one_session(services: Services) -> None:
    """The second use is refused, and so is somebody else's account."""
    clerk = await hire(services, HERE, Role.CLERK, "王书记员", 501)
    other = await hire(services, HERE, Role.ADMIN, "赵主任", 502)
    token = token_of(await services.staff.login_link(clerk, clerk.account))
    results = await asyncio.gather(*(services.staff.enter(token) for _ in range(2)), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["Entered", "StaffError"]
    with pytest.raises(Forbidden):
        await services.staff.login_link(other, clerk.account)  # an administrator cannot become somebody else


async def test_a_session_ends_when_idle_and_at_its_last_hour(world: World, services: Services) -> None:
    """An hour without a sign of life ends it; twelve hours end it even for somebody who never stops."""
    clerk = await hire(services, HERE, Role.CLERK, "王书记员", 501)

    async def enter() -> str:
        link = await services.staff.login_link(clerk, clerk.account)
        return (await services.staff.enter(token_of(link))).token

    idle = await enter()
    world.advance(minutes=59)
    assert await services.staff.session(idle)
    world.advance(minutes=59)
    assert await services.staff.session(idle)
    world.advance(minutes=61)
    assert await services.staff.session(idle) is None

    busy = await enter()
    for _ in range(11 * 2 + 1):
        world.advance(minutes=30)
        assert await services.staff.session(busy)
    world.advance(minutes=31)
    assert await services.staff.session(busy) is None


async def test_an_unattended_page_keeps_no_session_alive(world: World, services: Services) -> None:
    """A page that looks anew every few seconds is no sign of anybody: the session ends as if nothing had been asked."""
    clerk = await hire(services, HERE, Role.CLERK, "王书记员", 501)
    token = (await services.staff.enter(token_of(await services.staff.login_link(clerk, clerk.account)))).token
    for _ in range(6):
        world.advance(minutes=10)
        found = await services.staff.session(token, alive=False)
    assert found is None
    assert await services.staff.session(token) is None


async def test_a_session_is_revoked_and_a_form_needs_its_own_token(services: Services) -> None:
    """One session, all of an account, or by logging out; a form of another session does not fit."""
    clerk = await hire(services, HERE, Role.CLERK, "王书记员", 501)
    tokens = []
    for _ in range(4):
        link = await services.staff.login_link(clerk, clerk.account)
        tokens.append((await services.staff.enter(token_of(link), "浏览器", "127.0.0.1")).token)
    first, second = [await services.staff.session(t) for t in tokens[:2]]
    assert first
    assert second
    assert services.staff.csrf_fits(tokens[0], first.csrf)
    assert not services.staff.csrf_fits(tokens[0], second.csrf)
    await services.staff.revoke(clerk, first.id)
    await services.staff.leave(tokens[1])
    assert [bool(await services.staff.session(t)) for t in tokens] == [False, False, True, True]
    assert len(await services.staff.sessions(clerk, clerk.account)) == 2
    assert await services.staff.revoke_all(clerk, clerk.account) == 2
    assert not any([await services.staff.session(t) for t in tokens])


async def test_a_disabled_account_is_shut_out_everywhere_at_once(world: World, services: Services) -> None:
    """Sessions end, unused links are void, the chat commands are closed, and held conversations are free."""
    crew = await staffed(world)
    await crew.alice.says("转人工 我想问执行费")
    number = (await services.chats.list(crew.clerk))[0].number
    await services.chats.claim(crew.clerk, number)
    unused = token_of(await services.staff.login_link(crew.clerk, crew.clerk.account))
    token = (await services.staff.enter(token_of(await services.staff.login_link(crew.clerk, crew.clerk.account)))).token
    await services.staff.disable(crew.admin, crew.clerk.account)
    assert await services.staff.session(token) is None
    with pytest.raises(StaffError, match="link_gone"):
        await services.staff.enter(unused)
    item = (await services.chats.list(crew.above))[0]
    assert (item.assignee, item.number) == (None, number)
    async with services.store.work() as work:
        chats = await services.staff.chats(work, Right.ANSWER_CHATS, HERE)
    assert crew.people["王书记员"].id not in chats
    with pytest.raises(StaffError, match="oneself"):
        await services.staff.disable(crew.admin, crew.admin.account)


async def test_whoever_is_shut_out_has_left_no_way_back(world: World, services: Services) -> None:
    """An administrator who knew what was coming invited themselves: the invitation is void once they are disabled."""
    crew = await staffed(world)
    second = await hire(services, HERE, Role.ADMIN, "李主任", 701)
    back = await services.staff.invite(second, HERE, Role.ADMIN, "李主任")
    others = await services.staff.invite(crew.admin, HERE, Role.CLERK, "新来的")
    await services.staff.disable(crew.admin, second.account)
    async with services.store.work() as work:
        with pytest.raises(StaffError, match="link_gone"):
            await services.staff.accept(work, back, 702)
        assert (await services.staff.accept(work, others, 703)).name == "新来的"
    with pytest.raises(StaffError, match="no_court"):
        await services.staff.invite(crew.admin, "", Role.ADMIN, "无院")
    with pytest.raises(StaffError, match="no_court"):
        await services.staff.invite(OPERATOR, "guiyang", Role.ADMIN, "外院")


async def test_an_administrator_of_the_settings_is_one_as_long_as_they_name_them(make_world: MakeWorld) -> None:
    """telegram.admins opens the door the first time; taken out of it, the account is good for nothing."""
    world: World = await make_world()
    boss = await world.clerk("管理员")
    await world.start_bot()
    await world.settled()
    await boss.says("/login")
    link = (await boss.hears("/login?t=")).text
    token = token_of(link.strip().splitlines()[-1])
    entered = await world.bot.services.staff.enter(token)
    assert entered.session.who.courts is None
    await world.stop_bot()
    world.admins.clear()
    await world.start_bot()
    assert await world.bot.services.staff.session(entered.token) is None


async def test_a_basic_court_manages_its_own_people_only(world: World, services: Services) -> None:
    """Invite, list, disable, sessions: the intermediate court's administrator reaches all, others their own."""
    crew = await staffed(world)
    above = await hire(services, ABOVE, Role.ADMIN, "中院管理员", 999)
    assert {a.court for a in await services.staff.accounts(crew.admin)} == {HERE}
    assert {a.court for a in await services.staff.accounts(above)} == {HERE, THERE, ABOVE}
    with pytest.raises(Forbidden):
        await services.staff.invite(crew.admin, THERE, Role.CLERK, "某人")
    with pytest.raises(Forbidden):
        await services.staff.disable(crew.stranger, crew.clerk.account)
    await services.staff.disable(above, crew.clerk.account)
    await services.staff.enable(crew.admin, crew.clerk.account)


async def test_the_audit_log_only_grows(services: Services) -> None:
    """The database itself refuses to change or delete a line."""
    await services.staff.invite(OPERATOR, HERE, Role.CLERK, "王书记员")
    for statement in ("UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log"):
        async with services.store.work() as work:
            with pytest.raises(DBAPIError, match="only grows"):
                await work.connection.execute(text(statement))


async def test_the_audit_log_says_who_did_what_without_numbers_that_identify(world: World, services: Services) -> None:
    """Searchable by person, court, deed and object; ID numbers are masked; another court's lines are not shown."""
    crew = await staffed(world)
    await crew.alice.says("转人工 我想问执行费")
    number = (await services.chats.list(crew.clerk))[0].number
    await services.chats.route(crew.clerk, number, HERE)
    await services.chats.thread(crew.clerk, number)
    await services.chats.answer(crew.clerk, number, "您的身份证 520402199001011234 已核对")
    lines = await services.audit.search(crew.admin, Search(object="chat", object_id=str(number)))
    assert [(line.name, line.row.deed) for line in lines] == [
        ("王书记员", Deed.SENT),
        ("王书记员", Deed.CHANGED),  # claimed by answering
        ("王书记员", Deed.SEEN),
        ("王书记员", Deed.CHANGED),  # routed
    ]
    assert "520402199001011234" not in (lines[0].row.detail or "")
    assert await services.audit.search(crew.stranger, Search(object="chat", object_id=str(number))) == []
    assert await services.audit.search(crew.admin, Search(deed=Deed.EXPORTED)) == []
    with pytest.raises(Forbidden):
        await services.audit.search(crew.clerk)
    page = await services.audit.search(crew.admin, limit=2)
    older = await services.audit.search(crew.admin, limit=2, before=page[-1].row.id)
    assert isinstance(page[0].row, AuditRow)
    assert older[0].row.id < page[-1].row.id
