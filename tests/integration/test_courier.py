"""The courier with a line that obeys: what it does when the line is down, slow, or says no; nights and replicas."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.consult.loader import read as read_knowledge
from bot.core.clock import SHANGHAI, ManualClock
from bot.core.errors import SettingsError, StoreUnavailableError
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.post.outbox import Delivered, Later, Outcome, Refused, Sender, Wait
from bot.post.pace import PaceLimits
from bot.post.receipts import Receipts
from bot.reminders.campaigns import Campaigns, NewCampaign
from bot.reminders.delivery import Courier
from bot.reminders.service import Reminders
from bot.reminders.wording import Guides
from bot.store import migrate
from bot.store.engine import open_engine
from bot.store.reminder_rows import DeliveryRow
from bot.store.reminders import ReminderRows
from bot.store.rows import OutgoingRow
from bot.store.work import Store
from commands.bench_reminders import Someone, fill
from tests.world import ROOT

DAY = date(2026, 11, 23)  # a Monday
Answer = Callable[[OutgoingRow], Outcome]


class Line:
    """A carrier that says what it is told to, and keeps what arrived with the moment."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.answer: Answer = lambda _: Delivered(1)
        self.tried = 0
        self.arrived: list[tuple[datetime, int]] = []

    async def deliver(self, row: OutgoingRow) -> Outcome:
        """One try."""
        self.tried += 1
        outcome = self.answer(row)
        if isinstance(outcome, Delivered):
            self.arrived.append((self._clock.now(), int(row.payload["chat"])))
        return outcome


class Office:
    """One process that sends, over a clock that is moved; several may share a database."""

    def __init__(self, store: Store, folder: Path, clock: ManualClock, name: str = "a") -> None:
        self.store, self.clock, ids = store, clock, Ids()
        self.line = Line(clock)
        knowledge = read_knowledge(ROOT / "faq").knowledge()
        # A file of its own, which may be changed while it sends.
        self.file = folder / "reminders.yaml"
        shutil.copy(ROOT / "faq" / "reminders.yaml", self.file)
        guides = Guides(folder, lambda: knowledge)
        limits = PaceLimits(1e6, 1000, 1e6, 1e6, 1e6)
        receipts = Receipts(folder, name)
        self.sender = Sender(store, {"telegram": self.line}, limits, clock, name, receipts)
        self.campaigns = Campaigns(store, clock, ids, guides)
        self.courier = Courier(
            store, self.sender, clock, ids, name, Reminders(store, clock, ids, guides), self.campaigns
        )

    async def campaign(self, people: int, **values: Any) -> int:
        """An approved and started campaign to so many debtors."""
        some = [Someone(f"人{i}", i + 1) for i in range(people)]
        await fill(self.store, self.clock, some, lambda _: [DAY + timedelta(days=90)])
        number = await self.campaigns.new(NewCampaign("督促", {"name": "{salutation}您好。"}, {}, "王", **values))
        await self.campaigns.approve(number, "李")
        await self.campaigns.start(number)
        return number

    async def for_a_while(self, rounds: int, **step: float) -> None:
        """So many rounds, with the clock moved on before each."""
        for _ in range(rounds):
            self.clock.advance(**step)
            await self.courier.round()
            await self.sender.idle()

    async def tasks(self) -> list[str]:
        """Kinds of the open tasks."""
        async with self.store.work(read_only=True) as work:
            return [t.kind for t in await work.tasks.open(limit=1000)]


def at(hour: int, minute: int = 0) -> datetime:
    """That time of the day in Shanghai."""
    return datetime.combine(DAY, time(hour, minute), SHANGHAI)


@pytest.fixture
async def make_office(database: str, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Makes offices over one database of each kind."""
    engine = open_engine(database)
    await migrate.upgrade(engine)
    store, made = Store(engine, Vault(b"k" * 32)), list[Office]()

    def make(moment: datetime, name: str = "a", clock: ManualClock | None = None) -> Office:
        made.append(Office(store, tmp_path, clock or ManualClock(moment), name))
        made[-1].sender.start()
        return made[-1]

    yield make
    for office in made:
        await office.sender.stop()
    await store.close()


async def test_hours_without_a_line_cost_nobody_their_message(make_office: Callable[..., Any]) -> None:
    """Nothing reaches the server for three hours: no row is given up, no task is made, then all leave once."""
    office: Office = make_office(at(14))
    number = await office.campaign(30)
    office.line.answer = lambda _: Later("NotDelivered", certain=True)
    await office.for_a_while(180, minutes=1)
    progress = await office.campaigns.progress(number)
    assert (progress.left, progress.total) == (30, 30)
    assert office.line.tried < 180, "it must not hammer a line that is down"
    assert await office.tasks() == []
    office.line.answer = lambda _: Delivered(1)
    await office.for_a_while(40, seconds=30)
    assert Counter(chat for _, chat in office.line.arrived) == Counter(range(1, 31))
    assert (await office.campaigns.progress(number)).row.status == "done"


async def test_a_line_that_swallows_everything_leaves_a_handful_uncertain_not_all(
    make_office: Callable[..., Any],
) -> None:
    """An hour of time-outs: each try is one uncertain message, so the tries become rare; afterwards the rest leaves."""
    office: Office = make_office(at(14))
    number = await office.campaign(100)
    office.line.answer = lambda _: Later("TimedOut")
    await office.for_a_while(360, seconds=10)
    unknown = (await office.campaigns.progress(number)).of("unknown")
    assert 10 <= unknown <= 30
    assert (await office.tasks()).count("unknown") == unknown
    office.line.answer = lambda _: Delivered(1)
    await office.for_a_while(60, seconds=30)
    assert Counter(chat for _, chat in office.line.arrived).most_common(1)[0][1] == 1
    assert len(office.line.arrived) == 100 - unknown


@pytest.mark.parametrize("per_minute", [7, 90])
async def test_a_throttle_holds_over_pauses_and_nights(make_office: Callable[..., Any], per_minute: int) -> None:
    """What piled up over the noon pause does not leave at once: never more in any minute than was said."""
    office: Office = make_office(at(11, 59))
    people = per_minute * 3
    number = await office.campaign(people, per_minute=per_minute)
    for _ in range(3000):
        if (await office.campaigns.progress(number)).row.status == "done":
            break
        noon = office.clock.now() < at(13, 29)
        await office.for_a_while(1, seconds=20 if noon and office.clock.now() > at(12, 0) else 0.5)
    moments = [moment for moment, _ in office.line.arrived]
    assert len(moments) == people
    most = max(sum(begin <= m < begin + timedelta(minutes=1) for m in moments) for begin in moments)
    assert most <= per_minute
    assert any(m < at(12) for m in moments)
    assert moments[-1] < at(13, 35), "and it is no slower than that either"


async def test_a_slow_campaign_does_not_keep_a_quick_one_waiting(make_office: Callable[..., Any]) -> None:
    """A throttled one with a long queue goes its way, and the other one leaves beside it at full speed."""
    office: Office = make_office(at(14))
    text = office.file.read_text(encoding="utf-8")  # both go to the same people: let them have two a day
    office.file.write_text(text.replace("per_day: 1", "per_day: 2"), encoding="utf-8")
    slow = await office.campaign(300, per_minute=120)
    await office.courier.round()
    quick = await office.campaigns.new(NewCampaign("急", {"name": "{salutation}您好。"}, {}, "王"))
    await office.campaigns.approve(quick, "李")
    await office.campaigns.start(quick)
    office.courier.wake()
    await office.for_a_while(20, seconds=1)
    assert (await office.campaigns.progress(quick)).of("sent") == 300
    assert 20 < (await office.campaigns.progress(slow)).of("sent") < 60


async def test_a_text_that_is_refused_again_and_again_stops_its_campaign(make_office: Callable[..., Any]) -> None:
    """One bad recipient stops nobody; five refusals in a row pause the campaign, and one task says why."""
    office: Office = make_office(at(14))
    number = await office.campaign(40)
    office.line.answer = lambda row: Refused("bad words") if row.payload["chat"] % 3 == 0 else Delivered(1)
    await office.for_a_while(1, seconds=1)
    assert (await office.campaigns.progress(number)).of("failed") > 3
    assert (await office.campaigns.progress(number)).row.status == "running"
    second = await office.campaigns.new(NewCampaign("另一条", {"name": "{salutation}您好。"}, {}, "王"))
    await office.for_a_while(5, seconds=1)
    await office.campaigns.approve(second, "李")
    await office.campaigns.start(second)
    office.line.answer = lambda _: Refused("bad words")
    await office.for_a_while(3, days=1)
    progress = await office.campaigns.progress(second)
    assert (progress.row.status, progress.of("failed")) == ("paused", 5)
    assert (await office.tasks()).count("campaign") == 1
    office.line.answer = lambda _: Delivered(1)
    await office.campaigns.resume(second, "李")
    await office.for_a_while(3, minutes=2)
    assert (await office.campaigns.progress(second)).of("sent") == 35


async def test_a_storm_of_429_loses_nobody_and_sends_nothing_early(make_office: Callable[..., Any]) -> None:
    """Refused four times in five: nothing leaves before its time, tries are not counted, all arrive once."""
    office: Office = make_office(at(14))
    number = await office.campaign(20)
    parked = office.clock.now()

    def stormy(_: OutgoingRow) -> Outcome:
        nonlocal parked
        assert office.clock.now() >= parked, "too early"
        if office.line.tried % 5:
            parked = office.clock.now() + timedelta(seconds=3)
            return Wait(3)
        return Delivered(1)

    office.sender._pace.park = lambda *_: None  # type: ignore[method-assign]  # the real clock would wait for real
    office.line.answer = stormy
    for _ in range(900):
        await office.for_a_while(1, seconds=1)
        if (await office.campaigns.progress(number)).row.status == "done":
            break
    assert Counter(chat for _, chat in office.line.arrived) == Counter(range(1, 21))


async def test_the_command_holds_its_lease_against_a_bot_that_starts_meanwhile(
    make_office: Callable[..., Any],
) -> None:
    """`remind run` is one of the running processes: whoever comes later does not send beside it, nor it beside them."""
    command: Office = make_office(at(14), "command")
    bot: Office = make_office(at(14), "bot", command.clock)
    await command.campaign(12)
    async with bot.store.work() as work:
        await work.outbox.beat("bot", "here:2", bot.clock.now())
        await work.commit()
    overtaken = asyncio.Event()

    async def slowly(row: OutgoingRow) -> Outcome:
        command.line.arrived.append((command.clock.now(), int(row.payload["chat"])))
        await bot.courier.round()
        await bot.sender.idle()
        overtaken.set()
        return Delivered(1)

    command.line.deliver = slowly  # type: ignore[method-assign]
    done = await command.courier.once("here:1")
    assert overtaken.is_set()
    assert (done["sent"], bot.line.tried) == (12, 0)
    await bot.courier.round()
    with pytest.raises(SettingsError, match="another process"):
        await command.courier.once("here:1")


async def test_what_was_begun_and_forgotten_is_found(make_office: Callable[..., Any]) -> None:
    """A fault of the program between sending and recording: uncertain, a task, and the campaign ends."""
    office: Office = make_office(at(14))
    number = await office.campaign(3)
    real = office.courier._settle
    broken = 0

    async def fails_once(row: OutgoingRow, outcome: Outcome) -> None:
        nonlocal broken
        broken += 1
        if broken == 1:
            raise RuntimeError("a fault")
        await real(row, outcome)

    office.courier._settle = fails_once  # type: ignore[method-assign]
    await office.for_a_while(1, seconds=1)
    assert (await office.campaigns.progress(number)).of("sending") == 1
    await office.for_a_while(2, minutes=11)
    progress = await office.campaigns.progress(number)
    assert (progress.of("sent"), progress.of("unknown"), progress.row.status) == (2, 1, "done")
    assert await office.tasks() == ["unknown"]


async def test_a_change_of_the_file_while_it_sends_neither_stops_nor_repeats(make_office: Callable[..., Any]) -> None:
    """New hours and words are taken up in the middle of a campaign, and so is a slip of the keyboard: not at all."""
    office: Office = make_office(at(14))
    number = await office.campaign(60, per_minute=20)
    await office.for_a_while(30, seconds=2)
    assert 0 < len(office.line.arrived) < 60
    text = office.file.read_text(encoding="utf-8")
    office.file.write_text(text.replace('hours: "09:00-20:00"', 'hours: "09:00-14:02"'), encoding="utf-8")
    await office.for_a_while(60, seconds=30)
    early = len(office.line.arrived)
    assert early < 60
    assert all(moment < at(14, 2) for moment, _ in office.line.arrived)
    office.file.write_text(text.replace("hours:", "ours:"), encoding="utf-8")
    await office.for_a_while(5, seconds=30)
    assert len(office.line.arrived) == early
    office.file.write_text(text, encoding="utf-8")
    await office.for_a_while(60, seconds=10)
    assert Counter(chat for _, chat in office.line.arrived) == Counter(range(1, 61))
    assert (await office.campaigns.progress(number)).row.status == "done"


async def test_a_campaign_whose_writing_was_cut_off_is_written_to_its_end(make_office: Callable[..., Any]) -> None:
    """The database goes away after the first portion: the next round writes the rest, and nobody twice."""
    office: Office = make_office(at(14))
    number = await office.campaign(450)
    real = ReminderRows.plan
    portions = 0

    async def breaks(self: ReminderRows, rows: Sequence[DeliveryRow]) -> int:
        nonlocal portions
        portions += bool(rows)
        if rows and portions == 2:
            raise ConnectionError("gone")
        return await real(self, rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReminderRows, "plan", breaks)
        with pytest.raises(StoreUnavailableError):
            await office.courier.round()
        progress = await office.campaigns.progress(number)
        assert (progress.row.status, progress.total) == ("approved", 400)
        await office.for_a_while(30, seconds=1)
    assert Counter(chat for _, chat in office.line.arrived) == Counter(range(1, 451))
    assert (await office.campaigns.progress(number)).row.status == "done"


async def test_a_late_truth_corrects_what_was_taken_for_lost_and_closes_its_task(
    make_office: Callable[..., Any],
) -> None:
    """A process stands still while its message is under way; another one marks it uncertain; then it turns out sent."""
    slow: Office = make_office(at(14), "slow")
    other: Office = make_office(at(14), "other", slow.clock)
    number = await slow.campaign(1)

    async def slowly(row: OutgoingRow) -> Outcome:
        slow.clock.advance(seconds=30)  # longer than the lease
        await other.courier.round()
        assert (await other.campaigns.progress(number)).of("unknown") == 1
        assert await other.tasks() == ["unknown"]
        return Delivered(7)

    slow.line.deliver = slowly  # type: ignore[method-assign]
    await slow.courier.round()
    await slow.sender.idle()
    progress = await slow.campaigns.progress(number)
    assert (progress.of("sent"), progress.of("unknown")) == (1, 0)
    assert await slow.tasks() == []
    assert other.line.tried == 0


async def test_who_stops_in_order_leaves_nothing_uncertain_to_the_next(make_office: Callable[..., Any]) -> None:
    """The lease is given back when the message under way has its answer, not before."""
    first: Office = make_office(at(14), "first")
    second: Office = make_office(at(14), "second", first.clock)
    number = await first.campaign(5)
    async with first.store.work() as work:
        for place, name in enumerate(("first", "second")):
            await work.outbox.beat(name, f"here:{place}", first.clock.now())
        await work.commit()
    under_way, answer = asyncio.Event(), asyncio.Event()

    async def slowly(row: OutgoingRow) -> Outcome:
        under_way.set()
        await answer.wait()
        return Delivered(1)

    first.line.deliver = slowly  # type: ignore[method-assign]
    running = asyncio.create_task(first.courier.run())
    await under_way.wait()
    running.cancel()
    for _ in range(5):
        await asyncio.sleep(0.05)
        await second.courier.round()
    assert second.line.tried == 0
    answer.set()
    await asyncio.gather(running, return_exceptions=True)
    await second.courier.round()
    await second.sender.idle()
    progress = await second.campaigns.progress(number)
    assert (progress.of("sent"), progress.of("unknown")) == (5, 0)
    assert (second.line.tried, await second.tasks()) == (4, [])


async def test_what_was_under_way_when_its_campaign_was_cancelled_does_not_stay_planned(
    make_office: Callable[..., Any],
) -> None:
    """Refused with 429 after the cancellation: dropped like the others, nothing is left of the campaign."""
    office: Office = make_office(at(14))
    number = await office.campaign(3)

    async def cancelled(row: OutgoingRow) -> Outcome:
        if office.line.tried == 0:
            await office.campaigns.cancel(number, "李")
        office.line.tried += 1
        return Wait(1)

    office.line.deliver = cancelled  # type: ignore[method-assign]
    await office.courier.round()
    await office.sender.idle()
    progress = await office.campaigns.progress(number)
    assert (office.line.tried, progress.left, progress.counts) == (1, 0, {("skipped", "cancelled"): 3})


async def test_what_is_new_while_the_day_is_planned_is_planned_in_the_next_round(
    make_office: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A debtor who proves themselves while the plan is made is not passed over until the plan is made again."""
    office: Office = make_office(at(14))
    planned, plan = 0, office.courier._reminders.plan

    async def slow() -> Any:
        nonlocal planned
        planned += 1
        done = await plan()
        if planned == 1:
            await fill(office.store, office.clock, [Someone("后来的人", 1)], lambda _: [DAY])
            office.courier.wake()
        return done

    monkeypatch.setattr(office.courier._reminders, "plan", slow)
    await office.for_a_while(2)
    assert planned == 2
    assert [chat for _, chat in office.line.arrived] == [1]
