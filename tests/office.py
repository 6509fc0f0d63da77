"""A staffed desk for tests: accounts in two courts, and one object of every kind in one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.ledger.model import Actor, NewCase, NewObligation, NewParty, NewPayment, ObligationKind, Planned, Role
from bot.reception.model import NewIntake, NewPetition, Node, PetitionKind
from bot.service import Services
from bot.staff import model as staff
from bot.staff.model import OPERATOR, Who
from bot.store.reminder_rows import NewTask
from tests.ledger_tables import id_number
from tests.world import Person, World

HERE, THERE, ABOVE = "xixiu", "pingba", "anshun"
TODAY = date(2026, 11, 23)
INTAKE = NewIntake(
    court=HERE,
    applicant="张三",
    other="李四",
    title="judgment",
    title_number="（2026）黔0402民初88号",
    amount=5_000_000,
    effective_on=date(2026, 9, 1),
    due_on=date(2026, 9, 15),
    phone="13900000001",
)


async def hire(services: Services, court: str, role: staff.Role, name: str, person: int) -> Who:
    """An account, made the way it is made: invited, and accepted in Telegram."""
    start = await services.staff.invite(OPERATOR, court, role, name)
    async with services.store.work() as work:
        who = await services.staff.accept(work, start, person)
        await work.commit()
    return who


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works at the desk of a test, and one person who asks."""

    clerk: Who  # HERE
    admin: Who  # HERE
    notary: Who  # HERE
    mediator: Who  # HERE
    stranger: Who  # an administrator THERE
    above: Who  # a supervisor of the intermediate court
    alice: Person
    people: dict[str, Person]  # the staff's own chats, by name


async def staffed(world: World) -> Crew:
    """A running bot with its crew."""
    services = world.bot.services

    people: dict[str, Person] = {}

    async def one(court: str, role: staff.Role, name: str) -> Who:
        people[name] = await world.person(name)
        return await hire(services, court, role, name, people[name].id)

    return Crew(
        clerk=await one(HERE, staff.Role.CLERK, "王书记员"),
        admin=await one(HERE, staff.Role.ADMIN, "赵主任"),
        notary=await one(HERE, staff.Role.NOTARY, "周公证员"),
        mediator=await one(HERE, staff.Role.MEDIATOR, "陈调解员"),
        stranger=await one(THERE, staff.Role.ADMIN, "平坝管理员"),
        above=await one(ABOVE, staff.Role.SUPERVISOR, "中院负责人"),
        alice=await world.person("张三"),
        people=people,
    )


@dataclass(slots=True)
class Objects:
    """One of each, all of the court HERE."""

    case: int
    case_number: str
    obligation: int
    instalment: int
    payment: int
    party: int
    performed: int
    certificate: str
    negotiation: int
    task: int
    chat: int
    conversation: int
    message: int
    intake: int
    petition: int
    follow_up: int
    node: int
    assist: int
    session: int
    account: int
    notary: int


async def case(services: Services, number: int, court: str = HERE, due: date = TODAY) -> tuple[int, int, int]:
    """A case with a debtor who owes 1,000 元: ids of the case, the obligation and the debtor."""
    async with services.ledger.change(Actor("operator")) as book:
        case_id = await book.open_case(NewCase(court, f"（2026）黔0402执{number}号"))
        debtor = await book.party(NewParty(f"义务人{number}", number=id_number(number)), case_id)
        creditor = await book.party(NewParty(f"权利人{number}", number=id_number(number + 500)), case_id)
        owed = NewObligation("借款本金", ObligationKind.MONEY, (Planned(100_000, due),), creditors=((creditor, None),))
        obligation = await book.owe(case_id, debtor, owed)
        await book.join(case_id, debtor, Role.DEBTOR)
    return case_id, obligation, debtor


async def furnish(world: World, crew: Crew) -> Objects:
    """One object of every kind, made through the services themselves."""
    s, clerk, admin, notary = world.bot.services, crew.clerk, crew.admin, crew.notary
    case_id, obligation, debtor = await case(s, 1)
    _, performed, _ = await case(s, 2)
    view = await s.ledger.obligation(obligation)
    assert view is not None
    async with s.ledger.change(Actor("operator")) as book:
        payment = await book.report_payment(obligation, NewPayment(10_000, TODAY))
        await book.pay(performed, NewPayment(100_000, TODAY))
    async with s.store.work() as work:
        task = await work.tasks.add(
            NewTask("contact", "asked", case_id=case_id, obligation_id=obligation, note="请联系"), s.clock.now()
        )
        await work.commit()
    certificate = await s.cases.certify(admin, performed)
    deal = await s.cases.settle(admin, lambda h: h.open_case(view.case), "opened")
    await crew.alice.says("转人工 我想问执行费")
    chat = (await s.chats.list(admin))[0]
    await s.chats.route(admin, chat.number, HERE)
    message = await s.chats.answer(clerk, chat.number, "请带身份证到窗口")
    await world.settled()
    await s.follow_ups.sync()
    entered = await s.staff.enter((await s.staff.login_link(clerk, clerk.account)).partition("t=")[2])
    return Objects(
        case=case_id,
        case_number=view.case.number,
        obligation=obligation,
        instalment=view.instalments[0].id,
        payment=payment,
        party=debtor,
        performed=performed,
        certificate=certificate.number,
        negotiation=deal.id,
        task=task or 0,
        chat=chat.number,
        conversation=chat.conversation_id,
        message=message,
        intake=(await s.intakes.fill(INTAKE, who=clerk)).number,
        petition=(await s.petitions.open(clerk, NewPetition(PetitionKind.PETITION, HERE, "王五", "拖了半年"))).row.number,
        follow_up=(await s.follow_ups.list(clerk))[0].row.number,
        node=await s.nodes.start(clerk, case_id, Node.ASSIGN, TODAY - timedelta(days=6)),
        assist=await s.notaries.assign(admin, case_id, notary.account, "送达"),
        session=entered.session.id,
        account=clerk.account,
        notary=notary.account,
    )


def nothing_of(found: Any) -> bool:
    """Whether a list, a page or a board holds no row."""
    rows = getattr(found, "rows", found)
    return not rows
