"""Delivery: each message is checked again and marked as leaving, then sent, then its outcome recorded.

One process at a time sends broadcasts (the lease `bulk`), so that one rate holds over all replicas and
at most `telegram.bulk_in_flight` messages are uncertain after a crash. There is no queue besides the
rows: what the process holds in memory is a handful of row numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from bot.core.clock import Clock
from bot.core.errors import SettingsError, StoreUnavailableError
from bot.core.ids import Ids, short
from bot.core.log import get
from bot.dialogue.model import Button, Reply, rows
from bot.post.outbox import Delivered, Later, Outcome, Refused, Sender, Wait
from bot.post.pace import Rate
from bot.reminders.campaigns import Campaigns
from bot.reminders.facts import gather, judge
from bot.reminders.letters import Letter, letter
from bot.reminders.model import CampaignStatus, DeliveryStatus, Drop, Hold, Why, pause_after, retry_at
from bot.reminders.service import Reminders
from bot.reminders.wording import Guide
from bot.store.reminder_rows import DeliveryRow, NewTask, QueuedRow
from bot.store.rows import ConversationRow, MessageRow, OutgoingRow
from bot.store.work import Store, Work

log = get(__name__)

LEASE = "bulk"
LEASE_SPAN = timedelta(seconds=12)
RENEW = timedelta(seconds=4)
LAND = 15.0  # seconds that a message under way is waited for when the process stops
BUFFER = 40  # rows handed to the sender ahead of time
PLAN_EVERY = timedelta(minutes=10)
FINISH_EVERY = 10.0  # seconds
LONG_HOLD = 60.0  # seconds of 429 after which staff are told
HOLD = "bulk"
REFUSALS = 5  # refused one after the other for their words: a campaign is paused, and a person looks at it


class Throttle:
    """At most so many messages of a campaign in any minute, spread over it; whatever nights and pauses lie between."""

    def __init__(self, per_minute: int, last: datetime | None) -> None:
        burst = -(-per_minute // 60)  # what a second may hold
        self._rate = Rate((per_minute - burst + 1) / 60, burst)
        if last is not None:  # whoever sent before this process: as if it had sent all that it might
            self._rate.spend(last.timestamp())

    def room(self, now: datetime) -> int:
        """How many may leave at that moment."""
        return self._rate.room(now.timestamp())

    def take(self, now: datetime) -> None:
        """One leaves."""
        self._rate.take(now.timestamp())


class Courier:
    """Feeds the sender with deliveries whose time has come; the `Guard` that it asks about each."""

    def __init__(
        self,
        store: Store,
        sender: Sender,
        clock: Clock,
        ids: Ids,
        worker: str,
        reminders: Reminders,
        campaigns: Campaigns,
    ) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self._ids = ids
        self._worker = worker
        self._reminders = reminders
        self._campaigns = campaigns
        self._inside: dict[int, int | None] = {}  # rows that the sender holds, with their campaigns
        self._let_out = 0  # how many of these the sender has given an outcome, ever
        self._seen_out = 0  # of these, how many the last round knew of
        self._leaving: set[int] = set()  # of these, the ones that are marked as leaving and not settled
        self._throttles: dict[int, Throttle] = {}
        self._failures = 0  # in a row, whomever they concerned
        self._refusals: Counter[int] = Counter()  # in a row, by campaign
        self._leading = False
        self._renewed: datetime | None = None
        self._planned_at: datetime | None = None
        self._held_until: datetime | None = None
        self._looked_at = self._finished_at = float("-inf")  # the loop's time
        self._wake = asyncio.Event()
        self._rounds = asyncio.Lock()
        self._stopping = False
        self.beats = 0  # rounds that came to their end while nothing lay still in the sender's hands
        sender.guard_bulk(self)

    # -- the loop ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Plan, start campaigns and feed the sender until cancelled."""
        keeping = asyncio.create_task(self._keep_lease(), name="courier-lease")
        try:
            while True:
                pause = await self._safe_round()
                self._wake.clear()
                try:
                    # Not wait_for: before Python 3.12 it may swallow a cancellation.
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            self._stopping = True
            await self._landed()
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await self._let_go()

    async def _landed(self) -> None:
        """What is under way has its outcome: let go before, the next process would take it for lost."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAND):
                while self._leaving:
                    self._wake.clear()
                    await self._wake.wait()

    async def _keep_lease(self, place: str = "") -> None:
        """Writing a large campaign may take longer than the lease lasts: it is renewed meanwhile."""
        while True:
            await asyncio.sleep(RENEW.total_seconds())
            if not self._leading:
                continue
            try:
                if place:
                    await self._show_up(place)
                await self._lead(self._clock.now())
            except StoreUnavailableError as error:
                log.warning("courier.lease_not_kept", why=str(error))

    async def _safe_round(self) -> float:
        try:
            return await self.round()
        except StoreUnavailableError as error:
            log.warning("courier.no_database", why=str(error))
        except Exception:
            log.exception("courier.round_failed")
        return 3.0

    async def round(self) -> float:
        """One round: lead, plan, feed; the seconds until the next one is worth while."""
        async with self._rounds:
            pause = await self._round()
            # Rounds alone prove nothing: what the sender holds must move on, unless Telegram asked for silence.
            self.beats += not self._inside or self._let_out > self._seen_out or self._held(self._clock.now())
            self._seen_out = self._let_out
            return pause

    async def _round(self) -> float:
        now = self._clock.now()
        if not await self._lead(now):
            return 2.0
        if self._planned_at is None or not timedelta() <= now - self._planned_at < PLAN_EVERY:
            await self._plan(now)
        return await self._feed(now)

    async def once(self, place: str = "") -> Counter[str]:
        """Plan, send everything that is due now, and count what became of it; for the command line.

        `place` says where this process runs: as one that others can see, it keeps its lease.
        """
        started = self._clock.now()
        if place:
            await self._show_up(place)
        if not await self._lead(started):
            raise SettingsError("another process is sending reminders; it does what is due by itself")
        keeping = asyncio.create_task(self._keep_lease(place), name="courier-lease")
        try:
            await self._plan(started)
            while True:
                self._wake.clear()
                await self._feed(self._clock.now())
                if not self._inside:
                    break
                await self._wake.wait()
            async with self._store.work(read_only=True) as work:
                return Counter(await work.reminders.outcomes(started))
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await self._let_go()

    async def _show_up(self, place: str) -> None:
        """Be one of the running processes: from one that is none anybody may take the lease at once."""
        async with self._store.work() as work:
            await work.outbox.beat(self._worker, place, self._clock.now())
            await work.commit()

    async def _lead(self, now: datetime) -> bool:
        """Whether this process sends the broadcasts; taking that over tells what became uncertain."""
        if self._leading and self._renewed and timedelta() <= now - self._renewed < RENEW:
            return True
        async with self._store.work() as work:
            mine = await work.leases.take(LEASE, self._worker, now, LEASE_SPAN)
            if mine and not self._leading:
                await self._adrift(work, now)
            await work.commit()
        self._leading, self._renewed = mine, now
        return mine

    async def _adrift(self, work: Work, now: datetime) -> None:
        """What a process was sending when it ended is uncertain: shown to staff, not sent again."""
        for row in await work.reminders.adrift(self._worker, now):
            log.warning("delivery.unknown", delivery=row.id, kind=row.kind)
            await self._task(work, row, "unknown", "crash", now, key=f"unknown:{row.id}")

    async def _forgotten(self, now: datetime) -> None:
        """What this process began to send and, through a fault of its own, does not know of any more."""
        async with self._store.work() as work:
            for row in await work.reminders.adrift(self._worker, now, inside=list(self._inside)):
                log.error("delivery.forgotten", delivery=row.id)
                await self._task(work, row, "unknown", "fault", now, key=f"unknown:{row.id}")
            await work.commit()

    async def _let_go(self) -> None:
        """Another process may lead at once."""
        if self._leading:
            self._leading = False
            try:
                async with self._store.work() as work:
                    await work.leases.drop(LEASE, self._worker)
                    await work.commit()
            except StoreUnavailableError as error:
                log.warning("courier.lease_not_dropped", why=str(error))

    async def _plan(self, now: datetime) -> None:
        self._planned_at = now  # before it is done: what is new meanwhile wakes us, and is planned in the next round
        try:
            await self._forgotten(now)
            if missed := await self._reminders.catch_up():
                log.warning("reminders.missed", steps=missed)
            done = await self._reminders.plan()
            await self._campaigns.start_due()
        except BaseException:
            self._planned_at = None
            raise
        if done.written or done.tasks:
            log.info("reminders.planned", day=str(done.day), written=done.written, tasks=done.tasks)

    async def _feed(self, now: datetime) -> float:
        await self._look_for_campaigns()
        room = BUFFER - self._sender.bulk_waiting()
        if room <= 0:
            return 1.0
        guide = self._reminders.guide
        if not guide.window.open(now, guide.calendar):
            return 5.0
        async with self._store.work(read_only=True) as work:
            # Asked anew: another process may have been told to wait before this one led.
            told = await work.reminders.held_until(HOLD)
            self._held_until = max((m for m in (told, self._held_until) if m), default=None)
            if self._held_until is not None and self._held(now):
                return min(5.0, (self._held_until - now).total_seconds())
            rooms = await self._rooms(work, now)
            found: list[QueuedRow] = []
            for number, left in rooms.items():  # these first: they are few, and theirs is the slower pace
                if left > 0:
                    most = left + sum(c == number for c in self._inside.values())
                    some = await work.reminders.feed(now, self._sender.channels, most, only=number)
                    found += [r for r in some if r.id not in self._inside][:left]
            most = BUFFER + len(self._inside)
            found += await work.reminders.feed(now, self._sender.channels, most, without=list(rooms))
        fresh = [r for r in found if r.id not in self._inside][:room]
        self._inside.update((r.id, r.campaign_id) for r in fresh)
        self._sender.submit(OutgoingRow(r.id, r.lane, r.channel, {}, bulk=True) for r in fresh)
        idle = not fresh and not self._inside and all(left > 0 for left in rooms.values())
        await self._finish(idle=idle)
        return 0.2 if rooms else 1.0

    async def _finish(self, *, idle: bool) -> None:
        """Campaigns that are done: seen at once when nothing is left, now and then while others go on."""
        now = asyncio.get_running_loop().time()
        if idle or now - self._finished_at >= FINISH_EVERY:
            self._finished_at = now
            await self._campaigns.finish()

    async def _rooms(self, work: Work, now: datetime) -> dict[int, int]:
        """How many messages of each throttled campaign may be handed over now."""
        running = await work.reminders.campaigns((CampaignStatus.RUNNING,))
        slow = {c.number: c.per_minute for c in running if c.per_minute}
        self._throttles = {n: t for n, t in self._throttles.items() if n in slow}
        for number, per_minute in slow.items():
            if number not in self._throttles:
                self._throttles[number] = Throttle(per_minute, await work.reminders.last_claim(number))
        handed = Counter(self._inside.values())
        return {n: t.room(now) - handed[n] for n, t in self._throttles.items()}

    async def _look_for_campaigns(self) -> None:
        """Campaigns whose time has come; every second is often enough."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= 1.0:
            self._looked_at = now
            await self._campaigns.start_due()

    # -- the guard -----------------------------------------------------------------------------

    async def admit(self, row: OutgoingRow) -> OutgoingRow | None:
        """Check once more, mark as leaving, and say what is to be sent; None: not now or not at all."""
        ready: OutgoingRow | None = None
        try:
            if not self._stopping:
                ready = await self._admit(row)
        except StoreUnavailableError as error:
            log.warning("delivery.waits_for_database", delivery=row.id, why=str(error))
        except Exception:
            log.exception("delivery.not_admitted", delivery=row.id)
            await self._broken(row.id)
        finally:
            if ready is None:
                self._done_with(row.id)
            else:
                self._leaving.add(row.id)
        return ready

    async def _admit(self, row: OutgoingRow) -> OutgoingRow | None:
        now, guide = self._clock.now(), self._reminders.guide
        async with self._store.work() as work:
            # With replicas the lease in the same transaction: who has lost it sends nothing more.
            if self._store.replicated:
                self._leading = await work.leases.take(LEASE, self._worker, now, LEASE_SPAN)
                self._renewed = now
            if not self._leading:
                return None
            ready = await self._decide(work, row, now, guide)
            await work.commit()
        return ready

    async def _decide(self, work: Work, row: OutgoingRow, now: datetime, guide: Guide) -> OutgoingRow | None:
        d = await work.reminders.delivery(row.id)
        if d is None or d.status != DeliveryStatus.PLANNED or d.not_before > now or self._held(now):
            return None
        known = await gather(work, [d], now)
        decision = judge(d, known, guide, now)
        if isinstance(decision, Hold):
            await work.reminders.hold(d.id, decision.why, decision.until)
            return None
        if isinstance(decision, Drop):
            await self._drop(work, d, decision, now)
            return None
        conversation = await work.conversations.get(d.conversation_id or 0)
        if conversation is None:
            await self._drop(work, d, Drop(Why.NO_CHAT, unreachable=True), now)
            return None
        told = await letter(work, d, known, guide, now)
        ready = await self._claim(work, d, conversation, told, now)
        if ready and d.campaign_id in self._throttles:
            self._throttles[d.campaign_id].take(now)
        return ready

    async def _drop(self, work: Work, d: DeliveryRow, decision: Drop, now: datetime) -> None:
        status = DeliveryStatus.SUPPRESSED if decision.unreachable else DeliveryStatus.SKIPPED
        await work.reminders.drop(d.id, status, decision.why, now)
        if decision.unreachable:
            await self._unreachable_task(work, d, decision.why, now)

    async def _claim(
        self, work: Work, d: DeliveryRow, conversation: ConversationRow, told: Letter, now: datetime
    ) -> OutgoingRow | None:
        logged = self._ids.new(now)
        if not await work.reminders.claim(d.id, self._worker, now, logged):
            return None
        await work.log.add(
            [
                MessageRow(
                    id=logged,
                    conversation_id=conversation.id,
                    person=conversation.person,
                    at=now,
                    direction="out",
                    kind="text",
                    text=told.text,
                    sender="bot",
                    decision="reminder",
                    reason=(d.step or d.kind)[:16],
                )
            ]
        )
        labels = self._reminders.guide.buttons
        code = short(d.id)
        buttons = rows(Button(labels[name], f"rem:{code}:{name}") for name in told.buttons)
        payload = {
            "chat": conversation.address["chat"],
            "group": conversation.kind == "group",
            "thread": None,
            "free": False,
            "protect": told.protect,
            "reply": Reply(told.text, buttons, "reminder").payload(),
        }
        return OutgoingRow(
            d.id,
            conversation.lane,
            conversation.channel,
            payload,
            bulk=True,
            attempts=d.attempts,
            message_id=logged,
            created_at=d.created_at,
        )

    # -- outcomes ------------------------------------------------------------------------------

    async def settle(self, row: OutgoingRow, outcome: Outcome) -> None:
        """Record what became of it; tried until the database is there, because nothing else knows it."""
        pause = 0.2
        self._keep_still(outcome)
        try:
            while True:
                try:
                    await self._settle(row, outcome)
                    return
                except StoreUnavailableError as error:
                    if self._stopping:
                        log.warning("delivery.not_recorded", delivery=row.id, why=str(error))
                        return
                await asyncio.sleep(pause)
                pause = min(3.0, pause * 2)
        finally:
            self._leaving.discard(row.id)
            self._done_with(row.id)

    async def held(self, seconds: float) -> None:
        """An answer was refused with 429: broadcasts wait as long, whichever process sends them, after a restart too."""
        try:
            async with self._store.work() as work:
                await self._hold(work, seconds, self._clock.now())
                await work.commit()
        except StoreUnavailableError as error:
            log.warning("courier.hold_not_kept", seconds=seconds, why=str(error))

    async def _hold(self, work: Work, seconds: float, now: datetime) -> datetime:
        """Telegram asks to keep still; for long, staff are told. Until when."""
        until, why = now + timedelta(seconds=seconds), f"429 {seconds:.0f} s"
        await work.reminders.hold_until(HOLD, until, why)
        self._held_until = max(until, self._held_until or until)
        if seconds >= LONG_HOLD:
            await work.tasks.add(NewTask(kind="parked", why=why, key="parked"), now)
        return until

    def _keep_still(self, outcome: Outcome) -> None:
        """After several failures in a row it is not about a chat: whatever comes next would fail as well."""
        if isinstance(outcome, Later) and outcome.moved_to is None:
            self._failures += 1
        elif not isinstance(outcome, Wait):
            self._failures = 0
        if pause := pause_after(self._failures):
            until = self._clock.now() + pause
            self._held_until = max(until, self._held_until or until)
            log.warning("courier.keeps_still", failures=self._failures, seconds=pause.total_seconds())

    async def _settle(self, row: OutgoingRow, outcome: Outcome) -> None:
        now = self._clock.now()
        async with self._store.work() as work:
            if isinstance(outcome, Delivered):
                told = outcome.external_id
                await self._became(work, row.id, DeliveryStatus.SENT, now, external_id=told, why=None)
                if row.message_id:
                    await work.reminders.arrived(row.message_id, told)
                self._refusals.pop(self._inside.get(row.id) or 0, None)
            elif (d := await work.reminders.delivery(row.id)) is not None:
                await self._record(work, d, row, outcome, now)
            await work.commit()

    async def _record(self, work: Work, d: DeliveryRow, row: OutgoingRow, outcome: Outcome, now: datetime) -> None:
        match outcome:
            case Wait(seconds):
                until = await self._hold(work, seconds, now)
                await self._back(work, d, now, why="429", not_before=until)
            case Later(why, certain=False):
                await self._became(work, d.id, DeliveryStatus.UNKNOWN, now, why=why[:48])
                await self._task(work, d, "unknown", why, now, key=f"unknown:{d.id}")
                return
            case Later(why, moved_to=moved):
                await self._again(work, d, why, now, moved)
            case Refused(why, unreachable=True):
                await self._became(work, d.id, DeliveryStatus.SUPPRESSED, now, why=why[:48], claimed_at=None)
                await work.conversations.unreachable(row.lane, why[:32], now)
                await self._unreachable_task(work, d, why, now)
            case Refused(why):
                await self._became(work, d.id, DeliveryStatus.FAILED, now, why=why[:48], claimed_at=None)
                await self._task(work, d, "failed", why, now, key=f"failed:{d.id}")
                await self._look_at_words(work, d, why, now)
        # It certainly did not arrive: nothing was said.
        if row.message_id:
            await work.reminders.unsay(row.message_id)

    async def _look_at_words(self, work: Work, d: DeliveryRow, why: str, now: datetime) -> None:
        """One bad recipient stops nobody; several in a row are a bad text, which need not be tried on all."""
        if not d.campaign_id:
            return
        self._refusals[d.campaign_id] += 1
        if self._refusals[d.campaign_id] < REFUSALS:
            return
        campaign = await work.reminders.campaign(d.campaign_id, lock=True)
        if campaign and campaign.status == CampaignStatus.RUNNING:
            await work.reminders.change_campaign(campaign.number, status=CampaignStatus.PAUSED)
            await self._task(work, d, "campaign", why, now, key=f"campaign:{campaign.number}")
            log.error("campaign.paused", campaign=campaign.number, refusals=REFUSALS)

    async def _again(self, work: Work, d: DeliveryRow, why: str, now: datetime, moved: int | None) -> None:
        """It certainly did not arrive: later again, unless the server failed at it often enough.

        Only the server's own failures count: a line that is down, or a token that is wrong, is no fault of
        this message, and after hours of it everything still has to leave.
        """
        if moved is not None and d.conversation_id:
            await work.reminders.moved(d.conversation_id, moved)
        counts = moved is None and why.startswith("http_")
        attempts = d.attempts + counts
        soon = now + timedelta(seconds=0 if moved is not None else 15)
        at = retry_at(attempts, now) if counts else soon
        if at is None:
            await self._became(
                work, d.id, DeliveryStatus.FAILED, now, why=why[:48], attempts=attempts, claimed_at=None
            )
            await self._task(work, d, "failed", why, now, key=f"failed:{d.id}")
            return
        await self._back(work, d, now, why=why[:48], attempts=attempts, not_before=at)

    async def _back(self, work: Work, d: DeliveryRow, now: datetime, **values: Any) -> None:
        """It did not leave: planned again, unless its campaign was cancelled while it was under way."""
        campaign = await work.reminders.campaign(d.campaign_id) if d.campaign_id else None
        if campaign and campaign.status == CampaignStatus.CANCELLED:
            await self._became(work, d.id, DeliveryStatus.SKIPPED, now, why=Why.CANCELLED, claimed_at=None)
        else:
            await self._became(work, d.id, DeliveryStatus.PLANNED, now, claimed_at=None, message_id=None, **values)

    async def _became(self, work: Work, delivery_id: int, status: DeliveryStatus, now: datetime, **values: Any) -> None:
        """Record it; a late truth corrects what another process took for lost meanwhile, and closes its task."""
        if await work.reminders.settle(delivery_id, self._worker, status, now, **values):
            return
        unsure = DeliveryStatus.UNKNOWN
        if status != unsure and await work.reminders.settle(
            delivery_id, self._worker, status, now, before=unsure, **values
        ):
            await work.tasks.close_keyed(f"unknown:{delivery_id}", "bot", status, now)

    async def _broken(self, delivery_id: int) -> None:
        """One that cannot even be written must not stop the others, nor come back every second."""
        try:
            now = self._clock.now()
            async with self._store.work() as work:
                d = await work.reminders.delivery(delivery_id)
                if d is not None:
                    await work.reminders.drop(d.id, DeliveryStatus.FAILED, "broken", now)
                    await self._task(work, d, "failed", "broken", now, key=f"failed:{d.id}")
                await work.commit()
        except StoreUnavailableError as error:
            log.warning("delivery.waits_for_database", delivery=delivery_id, why=str(error))

    # -- tasks ---------------------------------------------------------------------------------

    async def _unreachable_task(self, work: Work, d: DeliveryRow, why: str, now: datetime) -> None:
        if d.party_id:
            await self._task(work, d, "unreachable", why, now, key=f"unreachable:{d.party_id}")

    async def _task(self, work: Work, d: DeliveryRow, kind: str, why: str, now: datetime, *, key: str) -> None:
        task = NewTask(
            kind=kind,
            why=why[:48],
            key=key,
            case_id=d.case_id,
            obligation_id=d.obligation_id,
            instalment_id=d.instalment_id,
            party_id=d.party_id or None,
            delivery_id=d.id,
            conversation_id=d.conversation_id,
        )
        await work.tasks.add(task, now)

    def _held(self, now: datetime) -> bool:
        """Whether Telegram has asked to keep still (429)."""
        return self._held_until is not None and self._held_until > now

    def _done_with(self, delivery_id: int) -> None:
        """The sender holds it no more."""
        self._inside.pop(delivery_id, None)
        self._let_out += 1
        self._wake_soon()

    def _wake_soon(self) -> None:
        # When half of it has left, and when all has; not for each one in between.
        if len(self._inside) in (0, BUFFER // 2) or self._stopping:
            self._wake.set()

    def wake(self) -> None:
        """Something new may have to leave: look at once."""
        self._planned_at, self._looked_at = None, float("-inf")
        self._wake.set()
