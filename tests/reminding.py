"""Stories of reminders and campaigns: debtors, what they hear, and what became of each delivery."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from bot.core.clock import local_day
from bot.ledger.courts import Courts
from bot.ledger.model import Actor
from bot.ledger.service import Ledger
from bot.reminders.campaigns import NewCampaign
from bot.reminders.service import Foreseen
from bot.store.reach_rows import BindingRow
from bot.store.reminder_rows import DeliveryRow
from commands.bench_reminders import Someone, fill
from tests.world import ROOT, START, Person, World

CLERK = Actor("staff", "clerk")
TODAY = local_day(START)  # Monday 2026-11-23, ten in the morning
TOMORROW = TODAY + timedelta(days=1)
LATER = TODAY + timedelta(days=90)  # no step is near
STATUSES = ("planned", "sending", "sent", "unknown", "skipped", "suppressed", "failed")


async def remind(world: World) -> None:
    """Let the bot plan and send what is due at this moment."""
    courier = world.bot.services.courier
    for _ in range(3):  # what was handed back at once is looked at again
        courier.wake()
        await courier.round()
        await world.settled()


async def debtor(world: World, name: str, *days: date, chat: bool = True) -> Person:
    """Somebody who owes 1,000 yuan on each of these days and has proven who they are."""
    person = await world.person(name)
    await owes_more(world, person, name, *days, chat=chat)
    return person


async def owes_more(world: World, person: Person, name: str, *days: date, chat: bool = True) -> None:
    """One more case of somebody."""
    someone = Someone(name, person.id if chat else None)
    await fill(world.bot.services.store, world.clock, [someone], lambda _: days, world.bot.services.ids)


async def bindings(world: World) -> list[BindingRow]:
    """All bound chats."""
    async with world.bot.services.store.work(read_only=True) as work:
        conversations = await work.log.conversation_ids()
        return [b for c in conversations for b in await work.reach.bindings_of_chat(c)]


async def deliveries(world: World) -> list[DeliveryRow]:
    """All deliveries, oldest first."""
    async with world.bot.services.store.work(read_only=True) as work:
        found = [d for status in STATUSES for d in await work.reminders.with_status(status, 5000)]
    return sorted(found, key=lambda d: d.id)


async def outcomes(world: World) -> list[tuple[str, str, str | None]]:
    """Step, status and reason of all deliveries."""
    return [(d.step, d.status, d.why) for d in await deliveries(world)]


async def tasks(world: World) -> list[tuple[str, str]]:
    """Kind and reason of the open tasks."""
    async with world.bot.services.store.work(read_only=True) as work:
        return [(t.kind, t.why) for t in await work.tasks.open()]


async def plan_of(world: World, day: date, *, texts: bool = False) -> list[Foreseen]:
    """What `remind plan --date` shows."""
    services = world.bot.services
    coming = services.campaigns.coming(day)
    return [line async for line in services.reminders.preview(day, texts=texts, broadcasts=coming)]


def own_faq(folder: Path, old: str, new: str) -> Path:
    """The shipped knowledge in a folder of one's own, with a change in `reminders.yaml`; that file."""
    for file in (ROOT / "faq").rglob("*.yaml"):
        target = folder / file.relative_to(ROOT / "faq")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    changed = folder / "reminders.yaml"
    text = changed.read_text(encoding="utf-8")
    assert old in text
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    return changed


def ledger(world: World) -> Ledger:
    """The ledger of this world."""
    services = world.bot.services
    return Ledger(services.store, world.clock, services.ids, Courts.read(ROOT / "faq"))


def reminders(person: Person) -> list[str]:
    """What a debtor was reminded of."""
    return [text for text in person.heard() if "自动" in text and "12368" in text and "退订" in text]


async def broadcast(world: World, draft: NewCampaign | None = None) -> int:
    """A campaign, approved and started; its number."""
    campaigns = world.bot.services.campaigns
    number = await campaigns.new(draft or NewCampaign("年底", {"name": "{salutation}您好，{court}提醒您。"}, {}, "王"))
    await campaigns.approve(number, "李")
    await campaigns.start(number)
    return number
