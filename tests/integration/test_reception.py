"""The reception's services on both databases: rights and courts for every method, races, deadlines, figures."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.ledger.identity import GivenParty
from bot.ledger.model import (
    Actor,
    NewCase,
    NewObligation,
    NewParty,
    NewPayment,
    ObligationKind,
    PartyKind,
    Planned,
    Settlement,
)
from bot.reach.model import Outcome, Way
from bot.reception import model
from bot.reception.intake import Conversion
from bot.reception.model import (
    Breach,
    ChatState,
    DeskError,
    FollowUpResult,
    IntakeStatus,
    NewPetition,
    NextStep,
    Node,
    PetitionKind,
    Track,
)
from bot.reception.service import Office
from bot.service import Services
from bot.staff.audit import Audit, Search
from bot.staff.model import Forbidden, Role, Who
from bot.staff.service import Staff
from bot.store.ledger_page import Wanted, WantedTasks
from tests.ledger_tables import id_number
from tests.office import HERE, INTAKE, THERE, TODAY, Crew, Objects, case, furnish, hire, staffed
from tests.world import TEXTS, World

MakeWorld = Callable[..., Any]
Call = Callable[[Services, Who, Objects], Any]


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    """A running bot, on each database in turn."""
    made: World = await make_world()
    await made.start_bot()
    return made


async def _book(s: Services, w: Who, o: Objects) -> None:
    async with s.cases.book(w, o.obligation, "test"):
        pass


async def _watch(s: Services, w: Who, o: Objects) -> None:
    await anext(aiter(s.feed.watch(w)))


SPAN = (date(2026, 11, 1), date(2026, 11, 30))
# Every method that takes a person first, as somebody would call it for an object or the court HERE.
DEEDS: dict[str, Call] = {
    "staff.invite": lambda s, w, o: s.staff.invite(w, HERE, Role.CLERK, "某"),
    "staff.disable": lambda s, w, o: s.staff.disable(w, o.account),
    "staff.enable": lambda s, w, o: s.staff.enable(w, o.account),
    "staff.login_link": lambda s, w, o: s.staff.login_link(w, o.account),
    "staff.revoke": lambda s, w, o: s.staff.revoke(w, o.session),
    "staff.revoke_all": lambda s, w, o: s.staff.revoke_all(w, o.account),
    "staff.accounts": lambda s, w, o: s.staff.accounts(w, HERE),
    "audit.search": lambda s, w, o: s.audit.search(w, Search(court=HERE)),
    "audit.exported": lambda s, w, o: s.audit.exported(w, "ledger", 1, HERE),
    "chats.list": lambda s, w, o: s.chats.list(w, court=HERE),
    "chats.thread": lambda s, w, o: s.chats.thread(w, o.chat),
    "chats.panel": lambda s, w, o: s.chats.panel(w, o.chat),
    "chats.claim": lambda s, w, o: s.chats.claim(w, o.chat),
    "chats.release": lambda s, w, o: s.chats.release(w, o.chat),
    "chats.hand_over": lambda s, w, o: s.chats.hand_over(w, o.chat, "请办", court=THERE),
    "chats.route": lambda s, w, o: s.chats.route(w, o.chat, THERE),
    "chats.note": lambda s, w, o: s.chats.note(w, o.chat, "记一笔"),
    "chats.answer": lambda s, w, o: s.chats.answer(w, o.chat, "您好"),
    "chats.correct": lambda s, w, o: s.chats.correct(w, o.chat, o.message, "改一下"),
    "chats.retract": lambda s, w, o: s.chats.retract(w, o.chat, o.message),
    "chats.pend": lambda s, w, o: s.chats.pend(w, o.chat),
    "chats.snooze": lambda s, w, o: s.chats.snooze(w, o.chat, s.clock.now() + timedelta(hours=1)),
    "chats.resolve": lambda s, w, o: s.chats.resolve(w, o.chat, "办好了"),
    "chats.reopen": lambda s, w, o: s.chats.reopen(w, o.chat),
    "chats.begin": lambda s, w, o: s.chats.begin(w, o.conversation, HERE),
    "intakes.fill": lambda s, w, o: s.intakes.fill(INTAKE, who=w),
    "intakes.list": lambda s, w, o: s.intakes.list(w, court=HERE),
    "intakes.get": lambda s, w, o: s.intakes.get(w, o.intake),
    "intakes.change": lambda s, w, o: s.intakes.change(w, o.intake, applicant="别人"),
    "intakes.move": lambda s, w, o: s.intakes.move(w, o.intake, IntakeStatus.CALLED),
    "intakes.step": lambda s, w, o: s.intakes.step(w, o.intake, NextStep.FILE),
    "intakes.convert": lambda s, w, o: s.intakes.convert(w, o.intake, Conversion("借款本金")),
    "intakes.receipt": lambda s, w, o: s.intakes.receipt(w, o.intake),
    "petitions.open": lambda s, w, o: s.petitions.open(w, NewPetition(PetitionKind.COMPLAINT, HERE, "某", "不满")),
    "petitions.list": lambda s, w, o: s.petitions.list(w, court=HERE),
    "petitions.get": lambda s, w, o: s.petitions.get(w, o.petition),
    "petitions.assign": lambda s, w, o: s.petitions.assign(w, o.petition, o.account),
    "petitions.answer": lambda s, w, o: s.petitions.answer(w, o.petition, "已核实"),
    "petitions.escalate": lambda s, w, o: s.petitions.escalate(w, o.petition, "难"),
    "petitions.figures": lambda s, w, o: s.petitions.figures(w, HERE, *SPAN),
    "follow_ups.list": lambda s, w, o: s.follow_ups.list(w, court=HERE),
    "follow_ups.record": lambda s, w, o: s.follow_ups.record(w, o.follow_up, FollowUpResult.CONTENT),
    "follow_ups.figures": lambda s, w, o: s.follow_ups.figures(w, HERE, *SPAN),
    "nodes.start": lambda s, w, o: s.nodes.start(w, o.case, Node.CLOSE),
    "nodes.finish": lambda s, w, o: s.nodes.finish(w, o.node),
    "nodes.list": lambda s, w, o: s.nodes.list(w, court=HERE),
    "nodes.figures": lambda s, w, o: s.nodes.figures(w, HERE, *SPAN),
    "notaries.assign": lambda s, w, o: s.notaries.assign(w, o.case, o.notary),
    "notaries.end": lambda s, w, o: s.notaries.end(w, o.assist),
    "cases.page": lambda s, w, o: s.cases.page(w, Wanted(court=HERE)),
    "cases.tasks": lambda s, w, o: s.cases.tasks(w, WantedTasks(court=HERE)),
    "cases.view": lambda s, w, o: s.cases.view(w, o.obligation),
    "cases.case": lambda s, w, o: s.cases.case(w, o.case_number),
    "cases.change_case": lambda s, w, o: s.cases.change_case(w, o.case_number, "补填", filed_on=TODAY),
    "cases.change_party": lambda s, w, o: s.cases.change_party(w, o.case_number, o.party, "", GivenParty(phone="13900000009")),
    "cases.history": lambda s, w, o: s.cases.history(w, o.obligation),
    "cases.negotiations": lambda s, w, o: s.cases.negotiations(w, o.obligation),
    "cases.pictures": lambda s, w, o: s.cases.pictures(w, [o.payment]),
    "cases.awaited": lambda s, w, o: s.cases.awaited(w, [o.payment]),
    "cases.picture": lambda s, w, o: s.cases.picture(w, o.payment, 0),
    "chats.file": lambda s, w, o: s.chats.file(w, o.chat, 1),
    "cases.transcript": lambda s, w, o: s.cases.transcript(w, o.obligation, "text"),
    "cases.certificate_file": lambda s, w, o: s.cases.certificate_file(w, o.certificate, "docx"),
    "cases.book": _book,
    "cases.pay": lambda s, w, o: s.cases.pay(w, o.obligation, NewPayment(100, TODAY)),
    "cases.verify": lambda s, w, o: s.cases.verify(w, o.payment),
    "cases.reject": lambda s, w, o: s.cases.reject(w, o.payment, "没收到"),
    "cases.revoke": lambda s, w, o: s.cases.revoke(w, o.payment, "错了"),
    "cases.move_due": lambda s, w, o: s.cases.move_due(w, o.instalment, TODAY + timedelta(days=9), "双方同意"),
    "cases.grant_grace": lambda s, w, o: s.cases.grant_grace(w, o.obligation, TODAY + timedelta(days=9), "有困难"),
    "cases.close_disputes": lambda s, w, o: s.cases.close_disputes(w, o.obligation, "不成立"),
    "cases.settle": lambda s, w, o: s.cases.settle(w, lambda h: h.say(o.negotiation, "请双方谈谈"), "said"),
    "cases.decide": lambda s, w, o: s.cases.decide(w, o.negotiation, agreed=True, why="同意"),
    "cases.counter": lambda s, w, o: s.cases.counter(w, o.negotiation, [(100_000, TODAY + timedelta(days=30))]),
    "cases.certify": lambda s, w, o: s.cases.certify(w, o.performed),
    "cases.close_task": lambda s, w, o: s.cases.close_task(w, o.task),
    "cases.make_link": lambda s, w, o: s.cases.make_link(w, o.party),
    "cases.invite": lambda s, w, o: s.cases.invite(w, o.case_number),
    "cases.sheets": lambda s, w, o: s.cases.sheets(w, o.case_number),
    "cases.outcome": lambda s, w, o: s.cases.outcome(w, o.party, next(iter(Way)), next(iter(Outcome)), "打过电话"),
}
# Those that name no object: they are forbidden without the right, and show nothing of another court.
LISTS: dict[str, Call] = {
    "staff.sessions": lambda s, w, o: s.staff.sessions(w),
    "staff.colleagues": lambda s, w, o: s.staff.colleagues(w, HERE),
    "chats.counts": lambda s, w, o: s.chats.counts(w),
    "chats.waiting": lambda s, w, o: s.chats.waiting(w),
    "chats.canned": lambda s, w, o: s.chats.canned(w, "执行费怎么算"),
    "feed.versions": lambda s, w, o: s.feed.versions(w),
    "feed.watch": _watch,
    "petitions.tally": lambda s, w, o: s.petitions.tally(w),
    "follow_ups.tally": lambda s, w, o: s.follow_ups.tally(w),
    "petitions.overdue": lambda s, w, o: s.petitions.overdue(w),
    "nodes.overdue": lambda s, w, o: s.nodes.overdue(w),
    "notaries.list": lambda s, w, o: s.notaries.list(w),
    "audit.people": lambda s, w, o: s.audit.people(w),
    "cases.unreached": lambda s, w, o: s.cases.unreached(w),
    "cases.unreached_file": lambda s, w, o: s.cases.unreached_file(w),
}
# No right is needed: what they show is empty without one, or they only write down what a page has shown.
OTHERS = {"today.of", "audit.seen", "audit.refused", "intakes.fill_within", "petitions.open_within", "staff.who"}
WITHIN = {"audit.note", "staff.login_within"}  # the transaction's first argument is the work; the caller has asked


def test_every_method_that_takes_a_person_is_tried() -> None:
    """A new method cannot be forgotten: it stands in one of the tables."""
    rooms: dict[str, Any] = {"staff": Staff, "audit": Audit}
    hints = inspect.get_annotations(Office, eval_str=False)
    module = inspect.getmodule(Office)
    rooms |= {name: getattr(module, kind) for name, kind in hints.items() if hasattr(module, kind)}
    found = {
        f"{room}.{name}"
        for room, kind in rooms.items()
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and "who" in inspect.signature(method).parameters
    }
    tried = {*DEEDS, *LISTS, *OTHERS, *WITHIN}
    # Rooms that other tests look after (tables, broadcasts) come with tables of their own.
    known = {"staff", "audit", "chats", "feed", "intakes", "petitions", "follow_ups", "nodes", "notaries", "today", "cases"}
    assert {f for f in found if f.split(".")[0] in known} - tried == set()


async def refusal(call: Awaitable[Any]) -> str:
    """Why a call was refused; empty when it was not."""
    try:
        await call
    except Forbidden as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - whatever else it is, it is no refusal
        return f"{type(error).__name__}: {error}"
    return ""


async def test_every_method_is_forbidden_without_the_right_and_for_another_courts_objects(world: World) -> None:
    """In the services, not only hidden: an outsider's every call is refused, and nothing has changed by it."""
    crew = await staffed(world)
    at = await furnish(world, crew)
    services = world.bot.services
    idle = Who(77, "没有身份的人", frozenset(), HERE, frozenset({HERE}))
    before = len(await services.audit.search(crew.admin, limit=10_000))
    for_right = {n: await refusal(call(services, idle, at)) for n, call in {**DEEDS, **LISTS}.items()}
    assert {n: why for n, why in for_right.items() if why != "right"} == {}
    for_court = {n: await refusal(call(services, crew.stranger, at)) for n, call in DEEDS.items()}
    # Making a way in for somebody else is nobody's right, whatever the court.
    assert for_court.pop("staff.login_link") == "right"
    assert {n: why for n, why in for_court.items() if why != "court"} == {}
    assert len(await services.audit.search(crew.admin, limit=10_000)) == before
    assert await services.ledger.check() == []


async def test_lists_show_nothing_of_another_court(world: World) -> None:
    """Chats, intakes, petitions, follow-ups, nodes, notaries, the ledger, the board: empty for a stranger."""
    crew = await staffed(world)
    await furnish(world, crew)
    s, w = world.bot.services, crew.stranger
    assert not await s.chats.list(w)
    assert not any((await s.chats.counts(w)).values())
    assert await s.feed.versions(w) == {}
    assert await s.chats.waiting(w) == 0
    assert (await s.petitions.tally(w)).every == (await s.follow_ups.tally(w)).every == 0
    assert not await s.intakes.list(w)
    assert not await s.petitions.list(w)
    assert not await s.follow_ups.list(w)
    assert not await s.nodes.list(w)
    assert not await s.notaries.list(w)
    assert not await s.cases.unreached(w)
    assert (await s.cases.page(w, Wanted())).count == 0
    assert (await s.cases.tasks(w, WantedTasks())).count == 0
    assert {a.court for a in await s.staff.colleagues(w, THERE)} <= {THERE, "anshun"}
    board = await s.today.of(w)
    assert board.waiting.count == 0
    assert not any(getattr(board, p).count for p in ("due", "overdue", "silent", "promises", "proofs", "nodes", "broken"))
    assert (await s.chats.list(crew.above))[0].court == HERE  # the intermediate court sees all


async def test_every_deed_leaves_its_line_in_the_audit_log(world: World) -> None:
    """Whoever may do it all does it all; each method that changes or shows an object is then in the log."""
    crew = await staffed(world)
    at = await furnish(world, crew)
    s = world.bot.services
    boss = await hire(s, HERE, Role.ADMIN, "全能", 4711)
    silent = {"chats.list", "intakes.list", "petitions.list", "petitions.figures", "follow_ups.list", "follow_ups.figures",
              "nodes.list", "nodes.figures", "cases.page", "cases.tasks", "cases.history", "cases.negotiations",
              "cases.pictures", "cases.awaited", "staff.accounts", "audit.search", "chats.panel"}  # fmt: skip
    missing = []
    for name, call in DEEDS.items():
        if name in silent:
            continue
        before = await s.audit.search(boss, Search(actor=boss.key), limit=1)
        if await refusal(call(s, boss, at)):
            continue  # a rule of its own refused it (already claimed, done before …): nothing has happened
        after = await s.audit.search(boss, Search(actor=boss.key), limit=1)
        if [a.row.id for a in after] == [b.row.id for b in before]:
            missing.append(name)
    assert missing == []


async def test_the_figure_of_payments_leaves_out_what_was_paid_too_much(world: World) -> None:
    """Of each payment only what was still owed counts, in the order of payment; the rows add up to the figure."""
    crew = await staffed(world)
    s = world.bot.services
    _, owed, _ = await case(s, 1)  # 1,000 元
    _, other, _ = await case(s, 2)
    for day, sum_paid in ((2, 30_000), (9, 99_999_900), (16, 500)):
        async with s.ledger.change(Actor("operator")) as book:
            await book.pay(owed, NewPayment(sum_paid, date(2026, 11, day), third_party=day == 9))
    async with s.ledger.change(Actor("operator")) as book:
        await book.pay(other, NewPayment(40_000, date(2026, 10, 31)))
        await book.pay(other, NewPayment(70_000, date(2026, 11, 1)))
    first = date(2026, 11, 1)
    found = (await s.reports.month(crew.admin, first)).values
    assert found["paid_amount"][""].value == 100_000 + 60_000
    assert found["paid_third_amount"][""].value == 70_000
    rows = (await s.reports.rows(crew.admin, "paid_amount", first)).rows
    assert sorted(r.amount for r in rows) == [0, 30_000, 60_000, 70_000]


async def test_the_ledger_is_searched_as_people_write(world: World) -> None:
    """Full-width brackets or half ones, a part of a firm's name: the same lines."""
    crew = await staffed(world)
    s = world.bot.services
    async with s.ledger.change(Actor("operator")) as book:
        case_id = await book.open_case(NewCase(HERE, "（2026）黔0402执9号"))
        debtor = await book.party(NewParty("丁装修公司(示例)", PartyKind.ORGANISATION), case_id)
        await book.owe(case_id, debtor, NewObligation("工程款", ObligationKind.MONEY, (Planned(100_000, TODAY),)))
    for text in ("丁装修公司(示例)", "丁装修公司（示例）", " 丁装修 ", "（示例）", "（2026）黔0402执9", "执9号"):
        page = await s.cases.page(crew.clerk, Wanted(text=text))
        assert [r.debtor for r in page.rows] == ["丁装修公司(示例)"], text


# -- conversations -------------------------------------------------------------------------------


async def waiting(world: World, crew: Crew) -> int:
    """Somebody waits; the number."""
    await crew.alice.says("转人工 我想问执行费")
    number = (await world.bot.services.chats.list(crew.above))[0].number
    await world.bot.services.chats.route(crew.above, number, HERE)
    return number


async def test_who_gives_a_conversation_away_still_sees_who_has_it(world: World) -> None:
    """One that belongs to no court yet becomes the court's of whoever gets it."""
    crew, s = await staffed(world), world.bot.services
    await crew.alice.says("转人工 我想问执行费")
    number = (await s.chats.list(crew.clerk))[0].number
    await s.chats.hand_over(crew.clerk, number, "", to=crew.mediator.account)
    item = (await s.chats.thread(crew.clerk, number)).item
    assert (item.assignee_name, item.court) == ("陈调解员", HERE)


async def test_two_clerks_claim_and_one_wins(world: World) -> None:
    """Twenty times at once: one holds it, all the others are told who."""
    crew, s = await staffed(world), world.bot.services
    number = await waiting(world, crew)
    rivals = [crew.clerk, crew.admin, crew.mediator, crew.above] * 5

    async def claim(who: Who) -> str:
        try:
            await s.chats.claim(who, number)
        except DeskError as error:
            return f"{error.code} {error.params['name']}"
        return who.name

    outcomes = await asyncio.gather(*(claim(w) for w in rivals))
    item = (await s.chats.list(crew.clerk))[0]
    assert set(outcomes) == {item.assignee_name, f"claimed {item.assignee_name}"}
    with pytest.raises(DeskError, match="claimed"):
        await s.chats.answer(next(w for w in rivals if w.account != item.assignee), number, "我来答")


async def test_a_conversation_goes_through_its_states(world: World) -> None:
    """Claimed, answered, put aside, woken by the person, handed over with a note, resolved, taken up again."""
    crew, s = await staffed(world), world.bot.services
    number = await waiting(world, crew)
    first = (await s.feed.versions(crew.clerk))[number]
    await s.chats.answer(crew.clerk, number, "请带身份证到窗口")
    await crew.alice.hears("请带身份证到窗口")
    item = (await s.chats.list(crew.clerk))[0]
    assert (item.assignee_name, item.waiting_since, item.level.breach) == ("王书记员", None, Breach.OK)
    await s.chats.snooze(crew.clerk, number, s.clock.now() + timedelta(hours=2))
    assert (await s.chats.list(crew.clerk))[0].state is ChatState.SNOOZED
    await crew.alice.says("好的，我明天来")
    item = (await s.chats.list(crew.clerk))[0]
    assert (item.state, item.waiting_since is not None) == (ChatState.OPEN, True)
    await s.chats.note(crew.clerk, number, "当事人说明天来")
    await s.chats.hand_over(crew.clerk, number, "请接待", to=crew.mediator.account)
    with pytest.raises(DeskError, match="cannot_take"):
        await s.chats.hand_over(crew.mediator, number, "", to=crew.notary.account)
    await s.chats.snooze(crew.mediator, number, s.clock.now() + timedelta(hours=2))
    await s.chats.hand_over(crew.mediator, number, "请跟进", court="xixiu", role=Role.JUDGE)
    item = (await s.chats.list(crew.clerk))[0]
    assert (item.state, item.snoozed_until, item.assignee) == (ChatState.OPEN, None, None)  # whoever gets it, sees it
    await s.chats.resolve(crew.mediator, number, "已办好")
    assert await s.chats.list(crew.clerk) == []
    await s.chats.reopen(crew.admin, number)
    thread = await s.chats.thread(crew.admin, number)
    kinds = [line.kind for line in thread.lines if line.sender in ("note", "event")]
    assert kinds == ["routed", "claimed", "snoozed", "note", "handed", "snoozed", "handed", "claimed", "resolved", "reopened"]
    handed = [line.text for line in thread.lines if line.kind == "handed"]
    assert handed == ["陈调解员\n请接待", "安顺市西秀区人民法院执行法官\n请跟进"]
    assert all(re.fullmatch(r"\d\d-\d\d \d\d:\d\d", line.text) for line in thread.lines if line.kind == "snoozed")
    assert [line.author for line in thread.lines if line.sender == "staff"] == ["王书记员", "陈调解员"]
    assert (await s.feed.versions(crew.clerk))[number] > first
    heard = "\n".join(crew.alice.heard())
    assert "当事人说明天来" not in heard  # a note is for colleagues


async def test_an_answer_is_corrected_and_taken_back(world: World) -> None:
    """The message changes in the chat and disappears from it; the log keeps every version, with marks."""
    crew, s = await staffed(world), world.bot.services
    number = await waiting(world, crew)
    message = await s.chats.answer(crew.clerk, number, "请周一来")
    await world.settled()
    await s.chats.correct(crew.clerk, number, message, "请周二来")
    await world.settled()
    assert "请周二来" in crew.alice.heard()[-1]
    assert not any("请周一来" in text for text in crew.alice.heard())
    await s.chats.retract(crew.clerk, number, message)
    await world.settled()
    assert not any("请周二来" in text for text in crew.alice.heard())
    lines = (await s.chats.thread(crew.clerk, number)).lines
    assert [(li.edited, "周一" in li.text) for li in lines if li.sender == "staff"] == [(False, True), (True, False)]
    assert [li.kind for li in lines if li.sender == "event"][-2:] == ["corrected", "retracted"]


async def test_a_change_is_heard_without_asking(world: World) -> None:
    """Whoever watches hears of a new message, in this process at once."""
    crew, s = await staffed(world), world.bot.services
    number = await waiting(world, crew)
    watching = s.feed.watch(crew.clerk)
    heard = asyncio.ensure_future(anext(watching))
    await asyncio.sleep(0.05)
    await crew.alice.says("我补充一句")
    assert await asyncio.wait_for(heard, 3) == {number}
    await watching.aclose()


async def test_what_is_late_goes_to_the_supervisor_once(world: World) -> None:
    """After an hour of working time; the mark stands in the thread, and a second round says nothing more."""
    crew, s = await staffed(world), world.bot.services
    number = await waiting(world, crew)
    world.advance(minutes=50)
    assert (await s.chats.list(crew.clerk))[0].level.breach is Breach.SOON
    world.advance(minutes=15)
    for _ in range(3):
        await s.office.steward.round()
    await world.settled()
    late = [text for text in crew.people["中院负责人"].heard() if "还没有人回复" in text]
    assert len(late) == 1
    assert str(number) in late[0]
    assert (await s.chats.thread(crew.clerk, number)).lines[-1].kind == "escalated"

    def told() -> int:
        return sum("还没有人回复" in text for text in crew.people["中院负责人"].heard())

    # Answered, and left waiting again: that is late as well; putting it aside hides nothing.
    await s.chats.answer(crew.clerk, number, "请带材料来")
    world.advance(minutes=1)
    await crew.alice.says("要带哪些材料？")
    await s.chats.snooze(crew.clerk, number, world.clock.now() + timedelta(days=3))
    world.advance(hours=4)  # over noon, when nobody is there
    for _ in range(2):
        await s.office.steward.round()
    await world.settled()
    assert told() == 2
    assert (await s.chats.list(crew.clerk))[0].state is ChatState.SNOOZED


async def test_what_is_settled_is_never_late(world: World) -> None:
    """Resolved, or withdrawn by the person: hours later nobody is alarmed; nor over a night in which nobody is there."""
    crew, s = await staffed(world), world.bot.services
    number = await waiting(world, crew)
    await s.chats.answer(crew.clerk, number, "请带身份证到窗口")
    await s.chats.resolve(crew.clerk, number)
    await crew.alice.says("谢谢")
    bob = await world.person("李四")
    await bob.says("转人工 我想问立案")
    await bob.taps("西秀法院")
    await bob.taps("button.withdraw")
    world.advance(hours=5)
    await s.office.steward.round()
    world.advance(hours=3, minutes=50)  # ten to seven in the evening
    late = await world.person("王五")
    await late.says("转人工 我想问冻结")
    await late.taps("西秀法院")
    world.advance(hours=13)
    await s.office.steward.round()
    await world.settled()
    assert not any("还没有人回复" in text for person in crew.people.values() for text in person.heard())


# -- first visits --------------------------------------------------------------------------------


async def test_a_first_visit_is_registered_sorted_and_becomes_a_case(world: World) -> None:
    """Limit, fee, jurisdiction, materials, track with its reason, queue number; then a case with a link."""
    crew, s = await staffed(world), world.bot.services
    made = await s.intakes.fill(INTAKE, who=crew.clerk)
    a = made.assessment
    assert (a.last_day, a.fee, a.track, a.next_step) == (date(2028, 9, 15), 65_000, Track.SIMPLE, NextStep.URGE)
    assert a.rule == "amount<=50000:simple"
    assert "民诉法第235条" in a.jurisdiction
    assert len(a.materials) >= 6
    assert (made.queue, made.label) == (1, "1123-001")
    done = await s.intakes.convert(
        crew.clerk, made.number, Conversion("借款本金", debtor_number=id_number(9), due_on=date(2026, 12, 20))
    )
    view = await s.ledger.obligation(done.obligation_id)
    assert view
    assert (view.row.amount, view.case.court, view.debtor.name) == (5_000_000, HERE, "李四")
    assert done.link
    assert "?start=L" in done.link
    with pytest.raises(DeskError, match="converted"):
        await s.intakes.convert(crew.clerk, made.number, Conversion("借款本金"))


async def test_a_number_without_brackets_is_the_same_at_the_window_and_in_the_ledger(world: World) -> None:
    """The number of the title is kept in its one form; one in a form of nobody's stays as written."""
    crew, s = await staffed(world), world.bot.services
    made = await s.intakes.fill(replace(INTAKE, title_number="2026黔0402民初88号"), who=crew.clerk)
    assert made.new.title_number == "（2026）黔0402民初88号"
    done = await s.intakes.convert(crew.clerk, made.number, Conversion("借款本金", case_number="2026黔0402民初88号"))
    view = await s.ledger.obligation(done.obligation_id)
    assert view
    assert view.case.number == "（2026）黔0402民初88号"
    odd = await s.intakes.fill(replace(INTAKE, title_number="还没拿到"), who=crew.clerk)
    assert odd.new.title_number == "还没拿到"


async def test_a_correction_keeps_what_a_person_decided_and_is_in_the_audit_log(world: World) -> None:
    """The next step follows from the facts unless somebody has chosen another one."""
    crew, s = await staffed(world), world.bot.services
    made = await s.intakes.fill(replace(INTAKE, effective_on=None), who=crew.clerk)
    assert made.next_step is NextStep.COMPLETE
    changed = await s.intakes.change(crew.clerk, made.number, effective_on=date(2026, 9, 1))
    assert changed.next_step is NextStep.URGE
    await s.intakes.step(crew.clerk, made.number, NextStep.FILE, "双方都同意")
    again = await s.intakes.change(crew.clerk, made.number, phone="13900000002")
    assert (again.next_step, again.new.effective_on) == (NextStep.FILE, date(2026, 9, 1))
    lines = await s.audit.search(crew.admin, Search(object="intake", object_id=str(made.number)))
    assert "effective_on" in {line.row.detail for line in lines}


async def test_queue_numbers_are_given_out_once_per_court_and_day(world: World) -> None:
    """Forty people at once get forty numbers; another court and another day begin at one; wages go first."""
    crew, s = await staffed(world), world.bot.services
    made = await asyncio.gather(*(s.intakes.fill(INTAKE, who=crew.clerk) for _ in range(40)))
    assert sorted(m.queue for m in made) == list(range(1, 41))
    assert (await s.intakes.fill(_at(THERE), who=crew.stranger)).queue == 1
    world.advance(days=1)
    worker = await s.intakes.fill(_wage(), conversation_id=5)  # by the applicant in chat
    assert (worker.queue, worker.made_by) == (1, "party")
    assert (await s.intakes.list(crew.clerk))[0].number == worker.number
    assert [i.number for i in await s.intakes.of_chat(5)] == [worker.number]


def _at(court: str) -> model.NewIntake:
    return replace(INTAKE, court=court)


def _wage() -> model.NewIntake:
    return replace(INTAKE, wage=True)


async def test_an_intake_is_corrected_called_and_left(world: World) -> None:
    """What follows is worked out anew; a way that does not exist is refused; the receipt is a page."""
    crew, s = await staffed(world), world.bot.services
    made = await s.intakes.fill(INTAKE, who=crew.clerk)
    changed = await s.intakes.change(crew.clerk, made.number, amount=80_000_000, parties=21)
    assert (changed.assessment.track, changed.assessment.rule) == (Track.COMPLEX, "amount>500000:complex")
    with pytest.raises(DeskError, match="field"):
        await s.intakes.change(crew.clerk, made.number, court=THERE)
    await s.intakes.move(crew.clerk, made.number, IntakeStatus.CALLED)
    with pytest.raises(DeskError, match="step"):
        await s.intakes.move(crew.clerk, made.number, IntakeStatus.DONE)
    await s.intakes.move(crew.clerk, made.number, IntakeStatus.LEFT)
    assert not await s.intakes.list(crew.clerk)
    name, pdf = await s.intakes.receipt(crew.clerk, made.number)
    assert name.endswith("-xixiu-20261123-001.pdf")
    assert pdf.startswith(b"%PDF")


# -- petitions, follow-ups, nodes ----------------------------------------------------------------


async def test_every_petition_has_a_deadline_and_an_answer(world: World) -> None:
    """Late ones are listed and brought before the supervisor once; an answer goes to the chat, and counts once."""
    crew, s = await staffed(world), world.bot.services
    await crew.alice.says("你好")
    async with s.store.work(read_only=True) as work:
        chat = (await work.conversations.load([s.dialogue.lane("telegram", crew.alice.id)])).popitem()[1]
    made = await s.petitions.open(
        None, NewPetition(PetitionKind.COMPLAINT, HERE, "张三", "没人接电话", conversation_id=chat.id)
    )
    assert (made.label, made.days_left) == ("投诉〔2026〕0001 号", 7)
    world.advance(days=8)
    assert [p.row.number for p in await s.petitions.overdue(crew.clerk)] == [made.row.number]
    await s.office.steward.round()
    await s.office.steward.round()
    await world.settled()
    assert sum("信访投诉" in text for text in crew.people["中院负责人"].heard()) == 1
    assert await s.petitions.answer(crew.clerk, made.row.number, "已经核实，明天给您回电话")
    await crew.alice.hears("已经核实")
    with pytest.raises(DeskError, match="answered"):
        await s.petitions.answer(crew.admin, made.row.number, "再答一次")
    figures = await s.petitions.figures(crew.clerk, HERE, TODAY, TODAY + timedelta(days=9))
    assert (figures.received, figures.answered, figures.in_time, figures.share) == (1, 1, 0, 1.0)


async def test_every_settlement_and_performance_gets_its_follow_up(world: World) -> None:
    """Made by themselves, once; one that reached nobody stays open; the rate counts those with a result."""
    crew, s = await staffed(world), world.bot.services
    _, first, _ = await case(s, 1)
    _, second, _ = await case(s, 2)
    async with s.ledger.change(Actor("operator")) as book:
        await book.settle(first, Settlement.NEGOTIATING)
        await book.settle(first, Settlement.AGREED)
        await book.pay(second, NewPayment(100_000, TODAY))
    await s.follow_ups.sync()  # the steward may have been first
    assert [await s.follow_ups.sync() for _ in range(2)] == [0, 0]
    made = await s.follow_ups.list(crew.clerk)
    assert {(f.row.cause, f.row.obligation_id) for f in made} == {("settled", first), ("performed", second)}
    assert all(f.row.due_on == date(2026, 11, 30) for f in made)
    await s.follow_ups.record(crew.clerk, made[0].row.number, FollowUpResult.UNREACHED, "没接电话")
    await s.follow_ups.record(crew.clerk, made[0].row.number, FollowUpResult.CONTENT, "满意")
    figures = await s.follow_ups.figures(crew.clerk, HERE, TODAY, TODAY)
    assert (figures.made, figures.done, figures.share) == (2, 1, 0.5)
    with pytest.raises(DeskError, match="done"):
        await s.follow_ups.record(crew.clerk, made[0].row.number, FollowUpResult.CONTENT)


async def test_case_flow_is_timed_against_its_limit(world: World) -> None:
    """Five days: what takes longer is overdue; average and share come from what is finished."""
    crew, s = await staffed(world), world.bot.services
    case_id, _, _ = await case(s, 1)
    quick = await s.nodes.start(crew.clerk, case_id, Node.ASSIGN)
    slow = await s.nodes.start(crew.clerk, case_id, Node.NOTICE)
    with pytest.raises(DeskError, match="node_runs"):
        await s.nodes.start(crew.clerk, case_id, Node.ASSIGN)
    world.advance(days=3)
    await s.nodes.finish(crew.clerk, quick)
    world.advance(days=3)
    assert [n.row.number for n in await s.nodes.overdue(crew.clerk)] == [slow]
    await s.nodes.finish(crew.clerk, slow)
    figures = await s.nodes.figures(crew.clerk, HERE, TODAY, TODAY + timedelta(days=30))
    assert (figures.count, figures.average_days, figures.within, figures.share) == (2, 4.5, 1, 0.5)


async def test_a_notary_is_assigned_and_sees_their_own_cases(world: World) -> None:
    """Only a notary of that court, once per case; the assignment ends with its day."""
    crew, s = await staffed(world), world.bot.services
    case_id, _, _ = await case(s, 1)
    number = await s.notaries.assign(crew.admin, case_id, crew.notary.account, "送达")
    with pytest.raises(DeskError, match="no_notary"):
        await s.notaries.assign(crew.admin, case_id, crew.clerk.account)
    with pytest.raises(DeskError, match="assigned"):
        await s.notaries.assign(crew.admin, case_id, crew.notary.account)
    assert [(c, n) for _, c, n in await s.notaries.list(crew.notary)] == [("（2026）黔0402执1号", "周公证员")]
    await s.notaries.end(crew.admin, number)
    assert not await s.notaries.list(crew.notary)


async def test_todays_board_has_each_pile_with_its_ids(world: World) -> None:
    """Waiting, due, overdue, promises, proofs, petitions, nodes, follow-ups: counted and one click from the deed."""
    crew, s = await staffed(world), world.bot.services
    at = await furnish(world, crew)
    _, late, _ = await case(s, 7, due=TODAY - timedelta(days=3))
    async with s.ledger.change(Actor("operator")) as book:
        await book.promise(late, TODAY)
    await crew.alice.says("还在吗")
    board = await s.today.of(crew.clerk)
    assert [c.number for c in board.waiting.items] == [at.chat]
    assert [i.obligation_id for i in board.due.items] == [at.obligation]
    assert [i.obligation_id for i in board.overdue.items] == [late]
    assert [i.obligation_id for i in board.promises.items] == [late]
    assert [i.id for i in board.proofs.items] == [at.payment]
    assert [i.id for i in board.nodes.items] == [at.node]
    assert board.petitions.count == 0
    world.advance(days=14)
    board = await s.today.of(crew.clerk)
    assert [(i.id, i.name) for i in board.petitions.items] == [(at.petition, "王五")]
    assert [i.id for i in board.follow_ups.items] == [at.follow_up]
    assert (await s.today.of(crew.notary)).petitions.count == 0  # no right, no pile


def test_every_refusal_has_its_words() -> None:
    """Each code of the services is a key of the catalogue."""
    root = Path(__file__).parents[2] / "bot"
    for folder, error, head in (("reception", "DeskError", "desk"), ("staff", "StaffError", "staff")):
        source = "\n".join(p.read_text(encoding="utf-8") for p in (root / folder).glob("*.py"))
        for code in set(re.findall(rf'raise {error}\("(\w+)"', source)):
            assert f"{head}.wrong.{code}" in TEXTS, code
