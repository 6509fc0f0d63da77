"""`demo`: fills an empty database with a month of invented cases, through the same services as the real ones."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import sys
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from bot.core.calendar import CourtCalendar
from bot.core.clock import SHANGHAI, ManualClock, SystemClock, local_day
from bot.core.errors import SettingsError
from bot.core.ids import short
from bot.dialogue.flows.model import yuan
from bot.dialogue.model import Incoming
from bot.dialogue.settling import Settling
from bot.guide.settlement.table import Deal
from bot.ledger.model import (
    Actor,
    DisputeKind,
    NewCase,
    NewFile,
    NewObligation,
    NewParty,
    NewPayment,
    ObligationKind,
    PartyKind,
    Planned,
    Role,
    Source,
    Stage,
)
from bot.post.outbox import Delivered, Outcome
from bot.reach.model import ReachError
from bot.reach.pdf import find_font
from bot.reception.model import FollowUpResult, IntakeStatus, NewIntake, NewPetition, Node, PetitionKind
from bot.reminders.campaigns import NewCampaign
from bot.reminders.wording import DEFAULT_ARM
from bot.service import Services
from bot.staff.model import OPERATOR, Who
from bot.staff.model import Role as StaffRole
from bot.store.ledger_page import Wanted
from bot.store.rows import OutgoingRow
from commands.program import Current, current

WORDS = Path(__file__).with_name("demo.zh-CN.yaml")
DAYS = 30
CASES = 42
WORKERS = 12
ASKERS = 60
PERSON = 7_000_000_000  # invented people's numbers in chat begin here
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_LABOUR = 2  # of the causes in the words: wages for labour
_AREA = "520499"  # no such county, so nobody's number


def demo(
    context: typer.Context,
    seed: Annotated[int, typer.Option(help="another number gives another month")] = 7,
) -> None:
    """Fill an empty database with a believable month of invented cases, and give a link to the console."""
    here = current(context)
    sys.stdout.write(asyncio.run(_fill(here, seed)) + "\n")


class _Nowhere:
    """Takes messages of invented people nowhere."""

    def __init__(self) -> None:
        self._last = 0

    async def deliver(self, row: OutgoingRow) -> Outcome:  # noqa: ARG002 - whatever it is
        """It counts as arrived."""
        self._last += 1
        return Delivered(self._last)


@dataclass(slots=True)
class _Case:
    """A case of the demonstration."""

    id: int
    obligation: int
    court: str
    number: str
    debtor: int
    name: str
    amount: int
    plan: list[tuple[date, int]]
    serial: int
    fate: str
    done: bool = False
    chat: int | None = None


@dataclass(slots=True)
class _Stage:
    """Everything that the demonstration plays with."""

    services: Services
    clock: ManualClock
    dice: random.Random
    words: Mapping[str, Any]
    until: datetime  # the real moment: nothing is played after it
    staff: dict[str, Who] = field(default_factory=dict)
    cases: list[_Case] = field(default_factory=list)
    messages: int = 0

    @property
    def today(self) -> date:
        """The day that is played."""
        return local_day(self.clock.now())

    def goes_on(self, to: datetime) -> None:
        """The clock moves on, but not beyond the real moment."""
        self.clock.advance(seconds=max(0.0, (min(to, self.until) - self.clock.now()).total_seconds()))

    def passes(self, minutes: int) -> None:
        """Some minutes go by."""
        self.goes_on(self.clock.now() + timedelta(minutes=minutes))

    def name(self) -> str:
        """An invented person, marked as such."""
        return f"{self.dice.choice(self.words['surnames'])}{self.dice.choice(self.words['given'])}{self.words['mark']}"

    def of(self, court: str, *roles: StaffRole) -> Who:
        """Somebody of a court with one of these roles, else the supervisor."""
        found = [w for w in self.staff.values() if w.court == court and w.roles & set(roles)]
        return found[0] if found else next(w for w in self.staff.values() if StaffRole.SUPERVISOR in w.roles)

    async def says(self, chat: int, text: str, *, kind: str = "text", data: str = "") -> None:
        """An invented person says something in chat."""
        self.messages += 1
        incoming = Incoming(
            channel="telegram",
            chat=chat,
            chat_kind="private",
            person=chat,
            name=f"{self.words['surnames'][chat % 30]}{self.words['mark']}",
            at=self.clock.now(),
            kind=kind,
            text=text,
            data=data,
            external_id=1_000_000 + self.messages,
        )
        await self.services.dialogue.turn(incoming)


async def _fill(here: Current, seed: int) -> str:
    words = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    now = SystemClock(here.settings.clock_offset).now()
    first = datetime.combine(local_day(now) - timedelta(days=DAYS), time(9), SHANGHAI)
    # Nobody waits for these messages at Telegram's pace.
    free = here.settings.telegram.model_copy(update={"chat_per_second": 1e6, "chat_burst": 10**6, "bulk_per_second": 1e6})
    settings = here.settings.model_copy(update={"telegram": free})
    services = await here.program.build(settings, {"telegram": _Nowhere()}, ManualClock(first))
    clock = services.clock
    if not isinstance(clock, ManualClock):
        raise TypeError("the demonstration moves its clock")
    services.reach.address.bot = services.reach.address.bot or "zhiyuan_demo_bot"
    services.staff.console = f"http://{here.settings.http.host}:{here.settings.http.port}"
    services.sender.start()
    try:
        page = await services.cases.page(OPERATOR, Wanted(limit=1))
        if page.count:
            raise SettingsError(words["full"])
        stage = _Stage(services, clock, random.Random(seed), words, now)  # noqa: S311 - no secret
        await _hire(stage)
        for number in range(DAYS):
            await _open_cases(stage, number)
            await _day(stage)
            if number == DAYS - 13:
                await _petition(stage, stage.of("xixiu", StaffRole.JUDGE), answered=False)
            stage.goes_on(first + timedelta(days=number + 1))
        stage.goes_on(now)
        await _last_day(stage)
        account = await services.staff.local_admin(words["mark"].strip("（）"))
        link = await services.staff.login_link(OPERATOR, account)
        return str(words["done"]).format(cases=len(stage.cases), people=ASKERS, link=link)
    finally:
        await services.sender.idle()
        await services.sender.stop()
        await services.store.close()


async def _hire(stage: _Stage) -> None:
    for number, given in enumerate(stage.words["staff"]):
        start = await stage.services.staff.invite(OPERATOR, given["court"], StaffRole(given["role"]), given["name"])
        async with stage.services.store.work() as work:
            stage.staff[given["name"]] = await stage.services.staff.accept(work, start, PERSON + 900 + number)
            await work.commit()


async def _open_cases(stage: _Stage, day: int) -> None:
    """The wage cases on the second day, the others a few a day in the first three weeks."""
    dice, words = stage.dice, stage.words
    courts = list(words["courts"])
    weights = (1, 8, 4, 3, 3, 2, 2)
    fates = ("pays", "pays", "pays", "late", "parts", "third", "promises", "silent", "silent", "disputes", "grace", "settles")
    others = [s for s in range(WORKERS, CASES) if s % 21 == day]
    for serial in [*(range(WORKERS) if day == 1 else ()), *others]:
        court = dice.choices(courts, weights)[0]
        wage = serial < WORKERS
        kind = dice.randrange(len(words["causes"]))
        await _open_case(
            stage,
            "xixiu" if wage else court,
            serial,
            Stage.IN if dice.random() < 0.35 and not wage else Stage.BEFORE,
            (words["wage"]["cause"], words["wage"]["label"]) if wage else (words["causes"][kind], words["labels"][kind]),
            dice.randrange(4, 30) * 100_000 if not wage else dice.randrange(30, 120) * 10_000,
            dice.choice(fates) if serial > 3 else "pays",
            wage=wage,
        )


async def _open_case(
    stage: _Stage, court: str, serial: int, at: Stage, about: tuple[str, str], amount: int, fate: str, *,
    wage: bool, due: date | None = None,
) -> None:
    words, dice = stage.words, stage.dice
    key = "in" if at is Stage.IN else "before"
    number = words["numbers"][key].format(year=stage.today.year, court=words["courts"][court], serial=serial + 100)
    judge = stage.of(court, StaffRole.JUDGE, StaffRole.CLERK)
    due = due or stage.today + timedelta(days=dice.randrange(3, 45))
    half = amount // 2
    plan = [(due, amount)] if fate != "parts" else [(due - timedelta(days=2), half), (due + timedelta(days=20), amount - half)]
    debtor = words["firms"][3] + words["mark"] if wage else stage.name()
    async with stage.services.ledger.change(Actor("staff", str(judge.account))) as book:
        case_id = await book.open_case(
            NewCase(
                court,
                number,
                cause=about[0],
                stage=at,
                filed_on=stage.today if at is Stage.IN else None,
                wage=wage,
                livelihood=about[0] == words["causes"][5],
                series=words["wage"]["series"] if wage else None,
                responsible=judge.name,
                mediator=stage.of(court, StaffRole.MEDIATOR).name if dice.random() < 0.4 else None,
            )
        )
        owes = await book.party(_debtor(debtor, serial, firm=wage), case_id)
        gets = await book.party(NewParty(stage.name()), case_id)
        await book.join(case_id, owes, Role.DEBTOR)
        await book.join(case_id, gets, Role.CREDITOR)
        planned = tuple(Planned(sum_, on) for on, sum_ in plan)
        new = NewObligation(about[1], ObligationKind.MONEY, planned, creditors=((gets, None),))
        obligation = await book.owe(case_id, owes, new)
    stage.cases.append(_Case(case_id, obligation, court, number, owes, debtor, amount, plan, serial, fate))


def _debtor(name: str, serial: int, *, firm: bool) -> NewParty:
    if firm:
        return NewParty(name, PartyKind.ORGANISATION)
    return NewParty(name, number=id_number(serial))


def id_number(serial: int) -> str:
    """The number of nobody: a county that does not exist, with a right check digit."""
    body = f"{_AREA}1980{1 + serial // 28 % 12:02d}{1 + serial % 28:02d}{serial % 1000:03d}"
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, _WEIGHTS, strict=True)) % 11]


# -- one day -------------------------------------------------------------------------------------


async def _day(stage: _Stage) -> None:
    await _people_ask(stage)
    if CourtCalendar().working(stage.today):
        await _desk(stage)
        await _visits(stage)
        await _nodes(stage)
        await _link(stage)
        stage.passes(60)
        await stage.services.courier.once()
    for case in stage.cases:
        await _fate(stage, case)
    await stage.services.sender.idle()


async def _people_ask(stage: _Stage) -> None:
    dice = stage.dice
    for _ in range(dice.randrange(2, 6)):
        chat = PERSON + dice.randrange(ASKERS)
        stage.passes(19)
        await stage.says(chat, dice.choice(stage.words["questions"]))
        if dice.random() < 0.16:
            await stage.says(chat, "human", kind="command", data=dice.choice(stage.words["asks_person"]))


async def _desk(stage: _Stage) -> None:
    """Somebody at the window answers most of those who wait."""
    services, dice, words = stage.services, stage.dice, stage.words
    clerk = stage.staff[words["staff"][0]["name"]]
    for item in await services.chats.list(clerk):
        if item.assignee not in (None, clerk.account) or dice.random() < 0.25:
            continue
        stage.passes(7)
        await services.chats.claim(clerk, item.number)
        await services.chats.answer(clerk, item.number, dice.choice(words["answers"]))
        if dice.random() < 0.3:
            await services.chats.note(clerk, item.number, words["note"])
        if dice.random() < 0.8:
            await services.chats.resolve(clerk, item.number)


async def _visits(stage: _Stage) -> None:
    services, dice, words = stage.services, stage.dice, stage.words
    if dice.random() < 0.5:
        clerk = stage.staff[words["staff"][0]["name"]]
        number = await _visit(stage, clerk)
        for status in (IntakeStatus.CALLED, IntakeStatus.WORKING, IntakeStatus.DONE) if dice.random() < 0.85 else (IntakeStatus.LEFT,):
            await services.intakes.move(clerk, number, status)
    if dice.random() < 0.25:
        await _petition(stage)
    supervisor = stage.of("anshun", StaffRole.SUPERVISOR)
    await services.follow_ups.sync()
    for follow_up in await services.follow_ups.list(supervisor):
        if dice.random() < 0.4:
            result = dice.choice((FollowUpResult.CONTENT, FollowUpResult.CONTENT, FollowUpResult.PERFORMING))
            await services.follow_ups.record(supervisor, follow_up.row.number, result, words["follow_up"])


async def _visit(stage: _Stage, clerk: Who, kind: int | None = None) -> int:
    """Somebody comes to the window; the number of the visit."""
    dice, words = stage.dice, stage.words
    kind = dice.randrange(len(words["causes"])) if kind is None else kind
    title = words["numbers"]["before"].format(year=stage.today.year, court=words["courts"][clerk.court], serial=500 + dice.randrange(400))
    made = await stage.services.intakes.fill(
        NewIntake(
            court=clerk.court,
            applicant=stage.name(),
            other=stage.name(),
            title="judgment",
            title_number=title,
            amount=dice.randrange(1, 80) * 500_000,
            effective_on=stage.today - timedelta(days=dice.randrange(20, 300)),
            settle_first=dice.choice((True, False, None)),
            wage=kind == _LABOUR,
            property_known=dice.random() < 0.4,
            words=words["labels"][kind],
        ),
        who=clerk,
    )
    return made.number


async def _petition(stage: _Stage, judge: Who | None = None, *, answered: bool | None = None) -> None:
    services, dice, words = stage.services, stage.dice, stage.words
    judge = judge or stage.of(dice.choice(("xixiu", "pingba", "zhenning")), StaffRole.JUDGE)
    kind, court = dice.choice(list(PetitionKind)), judge.court
    made = await services.petitions.open(judge, NewPetition(kind, court, stage.name(), dice.choice(words["petition"])))
    if answered if answered is not None else dice.random() < 0.7:
        await services.petitions.answer(judge, made.row.number, words["petition_answer"])


async def _nodes(stage: _Stage) -> None:
    services, dice = stage.services, stage.dice
    supervisor = stage.of("anshun", StaffRole.SUPERVISOR)
    for item in await services.nodes.list(supervisor):
        if dice.random() < 0.4:
            await services.nodes.finish(supervisor, item.row.number)
    case = dice.choice(stage.cases)
    await services.nodes.start(supervisor, case.id, dice.choice(list(Node)))


async def _link(stage: _Stage) -> None:
    """One debtor a day opens the link and proves who they are."""
    case = next((c for c in stage.cases if c.chat is None and c.serial >= WORKERS), None)
    if case is None:
        return
    who = stage.of(case.court, StaffRole.JUDGE, StaffRole.CLERK)
    case.chat = chat = PERSON + 1000 + case.serial
    invited = await stage.services.cases.invite(who, case.number)
    start = next(i.start for i in invited if i.party.id == case.debtor)
    await stage.says(chat, "start", kind="command", data=start)
    async with stage.services.store.work(read_only=True) as work:
        lane = stage.services.dialogue.lane("telegram", chat)
        conversation = (await work.conversations.load([lane]))[lane]
        flow = await work.reach.open_flow(conversation.id)
    if flow is not None:
        await stage.says(chat, "", kind="button", data=f"fl:{short(flow.id)}:consent:yes")
        await stage.says(chat, case.name)
        await stage.says(chat, id_number(case.serial)[-6:])


async def _fate(stage: _Stage, case: _Case) -> None:
    """What becomes of a case, told by its plan."""
    services, words = stage.services, stage.words
    who = stage.of(case.court, StaffRole.CLERK, StaffRole.JUDGE)
    for on, amount in case.plan:
        if case.done:
            return
        if case.fate == "settles" and stage.today == on - timedelta(days=2):
            await _settle(stage, case)
            case.done = True
        elif case.fate in ("pays", "parts") and stage.today == on - timedelta(days=1):
            await services.cases.pay(who, case.obligation, NewPayment(amount, stage.today, Source.STAFF))
        elif case.fate == "third" and stage.today == on:
            third = NewPayment(amount // 2, stage.today, Source.STAFF, third_party=True, payer_name=stage.name())
            await services.cases.pay(who, case.obligation, third)
        elif case.fate == "late" and stage.today == on + timedelta(days=4):
            await services.cases.pay(who, case.obligation, NewPayment(amount, stage.today, Source.STAFF))
        elif case.fate == "promises" and stage.today == on:
            async with services.ledger.change(Actor("party")) as book:
                await book.promise(case.obligation, stage.today + timedelta(days=5))
                await book.report_payment(case.obligation, NewPayment(amount // 4, stage.today, note=words["proof"]))
        elif case.fate == "disputes" and stage.today == on - timedelta(days=3):
            async with services.ledger.change(Actor("party")) as book:
                await book.dispute(case.obligation, DisputeKind.AMOUNT, words["dispute"])
            case.done = True
        elif case.fate == "grace" and stage.today == on:
            judge = stage.of(case.court, StaffRole.JUDGE)
            await services.cases.grant_grace(judge, case.obligation, on + timedelta(days=30), words["grace"])
            case.done = True


async def _settle(stage: _Stage, case: _Case) -> None:
    """The mediator's proposal: half now, half a month later; both sides say yes at the window."""
    services = stage.services
    who = stage.of(case.court, StaffRole.MEDIATOR, StaffRole.JUDGE)
    chief = stage.of("anshun", StaffRole.SUPERVISOR)
    view = await services.cases.view(who, case.obligation)
    talks = await services.cases.settle(who, lambda h: h.open_case(view.case, who.name), "opened")
    half = case.amount // 2
    plan = [(half, stage.today + timedelta(days=3)), (case.amount - half, stage.today + timedelta(days=33))]
    await services.cases.counter(who, talks.id, plan)
    agree = partial(_agrees, negotiation=talks.id, words=stage.words["agreed"])
    for party in (*view.debtors, *view.creditors):
        await services.cases.settle(who, partial(agree, name=party.name), "by hand")
    await services.cases.decide(chief, talks.id, agreed=True, why="")


def _agrees(hand: Settling, *, negotiation: int, name: str, words: str) -> Awaitable[Deal]:
    return hand.by_hand(negotiation, name, yes=True, words=words)


async def _last_day(stage: _Stage) -> None:
    """What the window finds this morning: people who wait, money that is said to be paid, cases due, a campaign, mediation."""
    services, words = stage.services, stage.words
    await _people_ask(stage)
    for number in range(3):
        await stage.says(PERSON + number, "human", kind="command", data=words["asks_person"][number])
    await _due_today(stage)
    for kind in (None, _LABOUR, None):
        await _visit(stage, stage.staff[words["staff"][0]["name"]], kind)
    clerk, supervisor = stage.staff[words["staff"][0]["name"]], stage.of("anshun", StaffRole.SUPERVISOR)
    given = words["campaign"]
    number = await services.broadcasts.new(
        clerk, NewCampaign(given["title"], {DEFAULT_ARM: given["text"]}, {"court": [clerk.court], "overdue": True}, "")
    )
    await services.broadcasts.approve(supervisor, number)
    for _ in range(2):
        notary = next(w for w in stage.staff.values() if StaffRole.NOTARY in w.roles)
        case = next(c for c in stage.cases if c.court == notary.court)
        await services.notaries.assign(supervisor, case.id, notary.account)
        stage.cases.remove(case)
        stage.cases.append(case)


async def _due_today(stage: _Stage) -> None:
    """At one court: two obligations whose day it is, a promise for today, and a transfer that is to be verified."""
    words, court = stage.words, stage.words["staff"][0]["court"]
    for serial in range(CASES, CASES + 4):
        kind = serial % len(words["causes"])
        due = stage.today if serial < CASES + 2 else stage.today + timedelta(days=5)
        about = (words["causes"][kind], words["labels"][kind])
        await _open_case(stage, court, serial, Stage.BEFORE, about, 1_200_000, "silent", wage=False, due=due)
    promises, pays = stage.cases[-2:]
    async with stage.services.ledger.change(Actor("party")) as book:
        await book.promise(promises.obligation, stage.today, 500_000)
        reported = NewPayment(600_000, stage.today - timedelta(days=1), note=words["proof"])
        payment = await book.report_payment(pays.obligation, reported)
        with contextlib.suppress(ReachError):  # no Chinese font here: then without the picture
            content = _slip(stage, pays, reported)
            sha256 = stage.services.files.proofs.put(content)
            await book.add_proof(pays.obligation, [NewFile(sha256, "image/png", len(content))], payment_id=payment)


def _slip(stage: _Stage, case: _Case, payment: NewPayment) -> bytes:
    """A picture of a transfer that never was, and that says so."""
    from PIL import Image, ImageDraw, ImageFont  # nothing else in a start needs it

    font = find_font(stage.services.settings.documents.font)
    large, small = (ImageFont.truetype(str(font), size) for size in (34, 22))
    picture = Image.new("RGB", (720, 420), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 719, 419), outline="#9aa5b1", width=3)
    slip = stage.words["slip"]
    draw.text((40, 34), slip["title"], "#1d2733", large)
    given = {"name": case.name, "amount": yuan(payment.amount), "day": payment.paid_on.isoformat(), "number": case.number}
    for line, text in enumerate(slip["lines"]):
        draw.text((40, 110 + 52 * line), text.format(**given), "#1d2733", small)
    draw.text((40, 360), slip["mark"], "#a8322a", small)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
