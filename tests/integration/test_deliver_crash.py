"""kill -9 in the middle of a campaign: nobody is left out, nobody gets it twice, at most one is uncertain."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from datetime import datetime, time, timedelta

import pytest

from bot.consult.loader import read as read_knowledge
from bot.core.calendar import CourtCalendar
from bot.core.clock import SHANGHAI, SystemClock, local_day
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.reminders.campaigns import Campaigns, NewCampaign, Progress
from bot.reminders.wording import Guides
from bot.store import migrate
from bot.store.engine import open_engine
from bot.store.work import Store
from commands.bench_reminders import Someone, fill
from sandbox import Sandbox
from tests.integration.conftest import StartBot
from tests.integration.process import BotProcess
from tests.world import KEY, ROOT

PEOPLE = int(os.environ.get("CAMPAIGN_PEOPLE", "300"))
RATE = os.environ.get("CAMPAIGN_RATE", "60")
KILLS = int(os.environ.get("CAMPAIGN_KILLS", "4"))


def working_hours() -> timedelta:
    """How far the clock must be ahead for it to be two in the afternoon of a working day."""
    now = SystemClock().now()
    day = CourtCalendar().on_or_after(local_day(now) + timedelta(days=1))
    return datetime.combine(day, time(14), SHANGHAI) - now


class Office:
    """Whoever makes a campaign, over the database that the bots share."""

    def __init__(self, database: str, ahead: timedelta) -> None:
        self.store = Store(open_engine(database), Vault(bytes.fromhex(KEY)))
        self.clock = SystemClock(ahead)
        knowledge = read_knowledge(ROOT / "faq").knowledge()
        guides = Guides(ROOT / "faq", lambda: knowledge)
        self.campaigns = Campaigns(self.store, self.clock, Ids(), guides)

    async def begin(self, telegram: Sandbox, people: int) -> int:
        """A campaign to so many debtors, approved and started; its number."""
        await migrate.upgrade(self.store.engine)
        persons = telegram.people.create_people(people)
        due = local_day(self.clock.now()) + timedelta(days=60)
        await fill(self.store, self.clock, [Someone(p.first_name, p.id) for p in persons], lambda _: [due])
        draft = NewCampaign("岁末督促", {"name": "{salutation}您好，{court}提醒您按期履行。"}, {"court": "xixiu"}, "甲")
        number = await self.campaigns.new(draft)
        await self.campaigns.approve(number, "乙")
        await self.campaigns.start(number)
        return number

    async def done(self, number: int, seconds: float) -> Progress:
        """The campaign's progress once nothing is left of it."""
        async with asyncio.timeout(seconds):
            while True:
                progress = await self.campaigns.progress(number)
                if progress.row.status == "done":
                    return progress
                await asyncio.sleep(0.2)


def copies(telegram: Sandbox) -> Counter[int]:
    """How many copies each chat got."""
    found: Counter[int] = Counter()
    for person in telegram.core.world.people.values():
        found[sum(m.from_bot for m in telegram.people.messages(person.id))] += 1
    return found


async def sent(telegram: Sandbox, count: int) -> None:
    """Return when so many messages have left."""
    async with asyncio.timeout(120 + 2 * PEOPLE / float(RATE)):
        while telegram.core.journal.counts["sendMessage"] < count:  # noqa: ASYNC110 - the other side knows nothing of us
            await asyncio.sleep(0.005)


@pytest.mark.slow
async def test_a_campaign_survives_being_killed(telegram: Sandbox, new_bot: StartBot, database: str) -> None:
    """Over any number of kills: 0 lost, none twice, and at most one uncertain per kill, shown as such."""
    ahead = working_hours()
    office = Office(database, ahead)
    number = await office.begin(telegram, PEOPLE)
    settings = {"CLOCK__OFFSET": str(int(ahead.total_seconds())), "TELEGRAM__BULK_PER_SECOND": RATE}
    replicated = office.store.replicated
    bots: list[BotProcess] = [new_bot(**settings) for _ in range(2 if replicated else 1)]
    if replicated:
        for bot in bots:  # of two on one token one polls; webhooks would do the same
            bot._env["TELEGRAM__MODE"] = "webhook"
    await asyncio.gather(*(bot.start() for bot in bots))
    chance = random.Random(7)  # noqa: S311 - no secret
    # By how many have left, not by the clock: a machine that is busy must not make this story end early.
    points = sorted(chance.sample(range(PEOPLE // 20, PEOPLE - PEOPLE // 10), KILLS))
    begun: list[asyncio.Task[None]] = []
    for point in points:
        await sent(telegram, point)
        victim = chance.choice(bots)
        await asyncio.gather(*begun)  # whoever is still starting is let start
        await victim.kill()
        begun = [asyncio.create_task(victim.start())]
        if not replicated:
            await begun[0]
    await asyncio.gather(*begun)
    kills = len(points)
    progress = await office.done(number, 60 + 2 * PEOPLE / float(RATE))
    await office.store.close()
    got = copies(telegram)
    unknown = progress.of("unknown")
    print(f"{PEOPLE} people, {kills} kills, {unknown} uncertain, copies {dict(got)}, {dict(progress.counts)}")
    assert progress.of("sent", "unknown") == progress.total == PEOPLE
    assert unknown <= kills, f"{unknown} uncertain after {kills} kills"
    assert set(got) <= {0, 1}, f"copies: {got}"
    assert got[0] <= unknown, f"{got[0]} got nothing, {unknown} uncertain"
