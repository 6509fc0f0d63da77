"""A whole year of simulated days: nothing outside the window, nothing twice, nothing stale, nothing after it is paid."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import pytest

from bot.consult.loader import read as read_knowledge
from bot.core.clock import SHANGHAI, ManualClock, local_day
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.ledger.courts import Courts
from bot.ledger.model import Actor, DisputeKind, NewPayment
from bot.ledger.service import Ledger
from bot.post.outbox import Delivered, Outcome, Sender
from bot.post.pace import PaceLimits
from bot.post.receipts import Receipts
from bot.reminders.campaigns import Campaigns
from bot.reminders.delivery import Courier
from bot.reminders.service import Reminders
from bot.reminders.wording import Guides
from bot.store import migrate
from bot.store.engine import open_engine
from bot.store.ledger_rows import DueRow
from bot.store.rows import OutgoingRow
from bot.store.work import Store
from commands.bench_reminders import Someone, fill
from tests.world import ROOT

BEGIN = date(2026, 1, 5)
DAYS = 365
PEOPLE = 30
# Looks at these hours: at night, in the window, in the quiet hour, in the evening.
TICKS = (time(3), time(9, 31), time(12, 40), time(20, 30))
CLERK = Actor("staff", "clerk")


class Recorder:
    """A carrier that keeps what it is given, with the moment."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.sent: list[tuple[datetime, OutgoingRow]] = []

    async def deliver(self, row: OutgoingRow) -> Outcome:
        """Always arrives."""
        self.sent.append((self._clock.now(), row))
        return Delivered(len(self.sent))


class Year:
    """A bot's reminders over a clock that jumps from hour to hour."""

    def __init__(self, store: Store, folder: object) -> None:
        self.store = store
        self.clock = ManualClock(datetime.combine(BEGIN, time(8), SHANGHAI))
        self.ids = Ids()
        self.post = Recorder(self.clock)
        knowledge = read_knowledge(ROOT / "faq").knowledge()
        self.guides = Guides(ROOT / "faq", lambda: knowledge)
        limits = PaceLimits(1e6, 1000, 1e6, 1e6, 1e6)
        self.sender = Sender(store, {"telegram": self.post}, limits, self.clock, "w", Receipts(folder, "w"))  # type: ignore[arg-type]
        self.reminders = Reminders(store, self.clock, self.ids, self.guides)
        campaigns = Campaigns(store, self.clock, self.ids, self.guides)
        self.courier = Courier(store, self.sender, self.clock, self.ids, "w", self.reminders, campaigns)
        self.ledger = Ledger(store, self.clock, self.ids, Courts.read(ROOT / "faq"))

    def at(self, day: date, hour: time) -> None:
        """Move on to that moment."""
        moment = datetime.combine(day, hour, SHANGHAI).astimezone(UTC)
        self.clock.advance(seconds=(moment - self.clock.now()).total_seconds())

    async def due(self) -> list[DueRow]:
        """Everything that is not met."""
        async with self.store.work(read_only=True) as work:
            return [row async for row in work.ledger.stream_due(BEGIN, BEGIN + timedelta(days=800))]


@pytest.fixture
async def year(database: str, tmp_path: object) -> AsyncIterator[Year]:
    """Thirty people with monthly instalments on days of their own."""
    engine = open_engine(database)
    await migrate.upgrade(engine)
    store = Store(engine, Vault(b"k" * 32))
    made = Year(store, tmp_path)
    people = [Someone(f"人{i}", i + 1) for i in range(PEOPLE)]

    def dues(index: int) -> list[date]:
        first = BEGIN + timedelta(days=5 + index * 9 % 31)
        return [first + timedelta(days=61 * k) for k in range(6)]

    await fill(store, made.clock, people, dues, made.ids)
    made.sender.start()
    yield made
    await made.sender.stop()
    await store.close()


@pytest.mark.slow
async def test_a_year_of_reminders_keeps_every_promise(year: Year) -> None:
    """People pay, days move, disputes open, the bot is away for days: each message is right when it leaves."""
    chance = random.Random(3)  # noqa: S311 - no secret
    guide = year.guides()
    away_until = BEGIN
    for number in range(DAYS):
        day = BEGIN + timedelta(days=number)
        year.at(day, time(0, 30))
        await live(year, chance)
        if day < away_until:
            continue
        if chance.random() < 0.03:
            away_until = day + timedelta(days=chance.randint(1, 6))
        for hour in TICKS:
            year.at(day, hour)
            sent_before = len(year.post.sent)
            await year.courier.once()
            if len(year.post.sent) == sent_before:
                continue
            open_now = {r.instalment_id: r for r in await year.due()}
            for moment, row in year.post.sent[sent_before:]:
                await check(year, guide.window.open(moment, guide.calendar), moment, row, open_now)
    async with year.store.work(read_only=True) as work:
        sent = await work.reminders.with_status("sent", 10_000)
        unknown = await work.reminders.with_status("unknown")
    keys = Counter((d.instalment_id, d.promise_id, d.step, d.due_version, d.party_id) for d in sent)
    assert max(keys.values()) == 1
    assert len(year.post.sent) == len(sent) > PEOPLE * 12
    assert not unknown
    # Whoever was away over days left steps behind that nobody gets any more: staff have heard of each time.
    async with year.store.work(read_only=True) as work:
        gaps = await work.tasks.open("gap")
    assert gaps
    assert not any(d.not_before < d.created_at - timedelta(seconds=1) for d in sent)
    per_day = Counter((row.lane, local_day(moment)) for moment, row in year.post.sent)
    assert max(per_day.values()) == 1
    days_of: dict[str, list[date]] = {}
    for lane, day in per_day:
        days_of.setdefault(lane, []).append(day)
    weeks = [sum(first <= d < first + timedelta(days=7) for d in days) for days in days_of.values() for first in days]
    assert max(weeks) <= 4
    # Once more without our own calendar: what was announced, and the hours as they are written in the file.
    local = [moment.astimezone(SHANGHAI) for moment, _ in year.post.sent]
    assert all(chinese_calendar.is_workday(m.date()) for m in local if m.year == 2026)
    assert all(time(9) <= m.time() < time(12) or time(13, 30) <= m.time() < time(20) for m in local)
    assert any(m.weekday() >= 5 for m in local), "a Saturday that is worked in exchange is a day like others"
    assert {d.step for d in sent} >= {"T-7", "T-3", "T-1", "T", "T+1", "T+7", "T+15"}


async def live(year: Year, chance: random.Random) -> None:
    """What happens in a day: somebody pays, somebody's day moves, somebody objects."""
    rows = await year.due()
    today = local_day(year.clock.now())
    near = [r for r in rows if abs((r.expected_on - today).days) < 20 and not r.stopped]
    async with year.ledger.change(CLERK) as book:
        for row in chance.sample(near, min(len(near), 2)):
            what = chance.random()
            if what < 0.25:
                await book.pay(row.obligation_id, NewPayment(row.left, today, instalment_id=row.instalment_id))
            elif what < 0.35:
                await book.move_due(row.instalment_id, row.expected_on + timedelta(days=3), "说好的")
            elif what < 0.37:
                await book.dispute(row.obligation_id, DisputeKind.AMOUNT, "数额")
            elif what < 0.45:
                await book.promise(row.obligation_id, today + timedelta(days=2))
            elif what < 0.49:
                await book.grant_grace(row.obligation_id, today + timedelta(days=12), "暂时困难", row.instalment_id)
        disputed = sorted({r.obligation_id for r in rows if r.stopped == "disputed"})
        for found in (await book.rows.disputes(disputed)).values():
            for dispute in found:
                if dispute.closed_at is None and chance.random() < 0.1:
                    await book.close_dispute(dispute.id, "核对过了")


async def check(year: Year, window_open: bool, moment: datetime, row: OutgoingRow, open_now: dict[int, DueRow]) -> None:
    """One message, at the moment at which it left."""
    text, today = str(row.payload["reply"]["text"]), local_day(moment)
    assert window_open, f"{moment} is outside the window"
    async with year.store.work(read_only=True) as work:
        d = await work.reminders.delivery(row.id)
    assert d is not None
    due = open_now.get(d.instalment_id or 0)
    assert due is not None, "nobody is reminded of what is met"
    assert due.stopped is None
    if d.promise_id is None:
        assert due.due_version == d.due_version
        days = (due.expected_on - today).days
        assert ("明天" in text) == (days == 1)
        assert ("还有" in text) == (days > 1)
        assert ("已经过了" in text) == (days < 0)
        if d.step.startswith("T-"):
            assert days > 0
