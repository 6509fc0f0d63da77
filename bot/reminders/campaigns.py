"""Campaigns: audience, preview, approval by a second person, start, pause, retry, correction, result per arm.

Everything that a door needs is a method here, with plain values in and out; no door needs SQL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bot.core.clock import Clock, local_day, shown
from bot.core.ids import Ids
from bot.core.log import get
from bot.reminders.facts import Foresight, Known, gather
from bot.reminders.letters import Form, form_of, letter
from bot.reminders.model import (
    HOLDOUT,
    ArmResult,
    CampaignError,
    CampaignStatus,
    DeliveryStatus,
    Drop,
    Experiment,
    Hold,
    Kind,
    Why,
    arm_of,
    check_approval,
    check_scope,
    next_campaign_status,
)
from bot.reminders.results import by_campaign
from bot.reminders.service import receivers
from bot.reminders.wording import DEFAULT_ARM, Guide, problems_of
from bot.store.reminder_rows import CampaignRow, DeliveryRow, RecipientRow
from bot.store.reminders import words_of
from bot.store.rows import ContactRow
from bot.store.work import Store, Work

log = get(__name__)

PAGE = 400  # people written in one transaction
SAMPLES = 5
LASTS = timedelta(days=14)  # after this nothing of a campaign leaves any more, unless it says otherwise
AGAIN = timedelta(days=3)  # so long at least what is planned again may leave
THE_PLAN = 0  # `corrects`: not a campaign, but steps of the plan


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """A broadcast to be drafted. `texts` by arm; with one arm it is called `name`.

    `audience` holds conditions (`bot.store.reminders`): court, title, stage, series, kind, settlement,
    wage, livelihood, special, responsible, open, disputed, overdue, due_from, due_to, role. Debtors
    who have performed or object are left out unless it asks for them. `courts` are those that the
    author may write to (None: all).
    """

    title: str
    texts: Mapping[str, str]
    audience: Mapping[str, Any]
    author: str
    education: bool = False
    holdout: float = 0.0
    per_minute: int | None = None
    until: datetime | None = None
    corrects: int | None = None
    courts: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class WrongReminders:
    """Steps of the plan whose words were wrong: those that left in a span of time, of one step or of all."""

    since: datetime
    until: datetime
    step: str | None = None
    arm: str | None = None
    courts: tuple[str, ...] = ()

    def audience(self) -> dict[str, Any]:
        """The form in which a correction keeps it."""
        told = {"since": self.since.isoformat(), "until": self.until.isoformat(), "step": self.step, "arm": self.arm}
        return {k: v for k, v in told.items() if v} | ({"court": list(self.courts)} if self.courts else {})


@dataclass(frozen=True, slots=True)
class Sample:
    """One message as it will look."""

    arm: str
    form: str  # bot.reminders.letters.Form
    text: str


@dataclass(slots=True)
class Preview:
    """What a campaign would do: how many get it, who does not and why, and how it looks."""

    people: int = 0
    chats: int = 0  # would get it
    neutral: int = 0  # of these, get the preview only, because their identity is not proven
    held: Counter[str] = field(default_factory=Counter)  # would get it later: hours, cap
    not_reached: Counter[str] = field(default_factory=Counter)
    arms: Counter[str] = field(default_factory=Counter)  # people drawn
    samples: list[Sample] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recipient:
    """What became of one message of a campaign."""

    delivery: DeliveryRow
    name: str  # empty for education, which knows nobody
    case: str  # the case's number

    @property
    def status(self) -> str:
        """`DeliveryStatus`."""
        return self.delivery.status

    @property
    def why(self) -> str:
        """The reason of that status; empty when there is none."""
        return self.delivery.why or ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a campaign stands; `left` are still to be sent."""

    row: CampaignRow
    counts: Mapping[tuple[str, str], int]

    def of(self, *statuses: str) -> int:
        """How many deliveries stand in one of these statuses."""
        return sum(n for (status, _), n in self.counts.items() if status in statuses)

    @property
    def total(self) -> int:
        """All deliveries of the campaign, hold-out included."""
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """Deliveries that still have to leave."""
        return self.of(DeliveryStatus.PLANNED, DeliveryStatus.SENDING)


class Campaigns:
    """Use cases of broadcasts; each owns its transactions."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, guide: Callable[[], Guide]) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._guide = guide

    # -- drafting ------------------------------------------------------------------------------

    async def new(self, draft: NewCampaign) -> int:
        """Write a draft; its number. CampaignError `text` or `audience` says what is wrong."""
        guide, now = self._guide(), self._clock.now()
        audience = check_scope(draft.audience, draft.courts) if draft.corrects is None else dict(draft.audience)
        named = bool(_only_court(audience)) or not draft.education
        for arm, text in draft.texts.items():
            if wrong := problems_of(text, guide, education=draft.education, court=named):
                raise CampaignError("text", arm=arm, problem="".join(map(str, wrong)))
        if not draft.texts or not draft.author.strip() or not draft.title.strip():
            raise CampaignError("empty")
        if draft.per_minute is not None and draft.per_minute < 1:
            raise CampaignError("per_minute", given=draft.per_minute)
        if draft.until is not None and draft.until <= now:
            raise CampaignError("over", until=shown(draft.until))
        async with self._store.work() as work:
            try:
                Experiment(tuple(draft.texts), draft.holdout)
                if draft.corrects is None:
                    await work.reminders.audience(audience, local_day(now), limit=1)
            except (ValueError, TypeError, AttributeError) as error:
                raise CampaignError("audience", problem=str(error)) from error
            number = await work.reminders.add_campaign(
                {
                    "title": draft.title[:120],
                    "education": draft.education,
                    "audience": audience,
                    "texts": dict(draft.texts),
                    "holdout": draft.holdout,
                    "per_minute": draft.per_minute,
                    "status": CampaignStatus.DRAFT,
                    "corrects": draft.corrects,
                    "author": draft.author[:80],
                    "created_at": now,
                    "until": draft.until or now + LASTS,
                }
            )
            await work.commit()
        return number

    async def preview(self, number: int) -> Preview:
        """Counts and rendered samples, as at the moment at which it would begin; nothing is written."""
        campaign, guide, seen = await self._get(number), self._guide(), Preview()
        begin = max(campaign.start_at or self._clock.now(), self._clock.now())
        moment = guide.window.next_open(begin, guide.calendar)
        foresight, samples, people = Foresight(guide, moment), _Samples(len(campaign.texts)), set[int]()
        async with self._store.work(read_only=True) as work:
            async for page in self._pages(work, campaign, moment):
                known = await gather(work, page, moment)
                for d in page:
                    who = d.party_id or d.conversation_id or 0
                    if who not in people:
                        people.add(who)
                        seen.arms[d.arm or DEFAULT_ARM] += 1
                    if not self._would_get(d, known, foresight, seen):
                        continue
                    seen.neutral += form_of(d, known) is Form.NEUTRAL
                    if samples.wants(d.arm or DEFAULT_ARM):
                        told = await letter(work, d, known, guide, moment)
                        samples.add(Sample(d.arm or DEFAULT_ARM, told.form, told.text))
        seen.people = len(people)
        seen.samples = samples.chosen()
        return seen

    async def coming(self, day: date) -> AsyncIterator[Sequence[DeliveryRow]]:
        """Deliveries of the approved campaigns whose first messages leave on that day, in portions; none is written."""
        guide, now = self._guide(), self._clock.now()
        async with self._store.work(read_only=True) as work:
            for campaign in await work.reminders.campaigns((CampaignStatus.APPROVED,)):
                if campaign.start_at is None:
                    continue
                first = guide.window.next_open(max(campaign.start_at, now), guide.calendar)
                if local_day(first) == day and first < campaign.until:
                    async for page in self._pages(work, campaign, first):
                        yield page

    def _would_get(self, d: DeliveryRow, known: Known, foresight: Foresight, seen: Preview) -> bool:
        """Count one delivery; whether it would leave, now or later."""
        if d.status != DeliveryStatus.PLANNED:
            seen.not_reached[d.why or ""] += 1
            return False
        match foresight.judge(d, known):
            case Drop(why):
                seen.not_reached[why] += 1
                return False
            case Hold(why):
                seen.held[why] += 1
        seen.chats += 1
        return True

    # -- the life of a campaign ----------------------------------------------------------------

    async def approve(self, number: int, approver: str) -> None:
        """A second person says yes; CampaignError `four_eyes` for the author."""
        async with self._store.work() as work:
            campaign = await self._locked(work, number)
            check_approval(campaign.author, approver)
            now = self._clock.now()
            await self._step(work, campaign, CampaignStatus.APPROVED, approver=approver[:80], approved_at=now)
            await work.commit()

    async def start(self, number: int, at: datetime | None = None) -> None:
        """Let an approved campaign begin at that moment (now); the running bot takes it from there.

        Until it has begun, another moment may be set. CampaignError `over` when that is after its end.
        """
        async with self._store.work() as work:
            campaign = await self._locked(work, number)
            if campaign.status != CampaignStatus.APPROVED:
                raise CampaignError("not_approved", status=campaign.status)
            if (at or self._clock.now()) >= campaign.until:
                raise CampaignError("over", until=shown(campaign.until))
            await work.reminders.change_campaign(number, start_at=at or self._clock.now())
            await work.commit()

    async def pause(self, number: int, by: str = "") -> None:
        """Nothing of it leaves until it is resumed."""
        await self._move(number, CampaignStatus.PAUSED, by)

    async def resume(self, number: int, by: str = "") -> None:
        """Go on where it stopped; CampaignError `step` when it was not paused."""
        campaign = await self._get(number)
        if campaign.status != CampaignStatus.PAUSED:
            raise CampaignError("step", now=campaign.status, then="resume")
        await self._move(number, CampaignStatus.RUNNING, by)

    async def cancel(self, number: int, by: str) -> int:
        """For good; how many that had not left are dropped."""
        async with self._store.work() as work:
            now, campaign = self._clock.now(), await self._locked(work, number)
            await self._step(work, campaign, CampaignStatus.CANCELLED, ended_at=now, ended_by=by[:80])
            dropped = await work.reminders.cancel(Why.CANCELLED, now, campaign_id=number)
            await work.commit()
        return dropped

    async def retry(self, number: int) -> int:
        """Plan again those who certainly did not get it and can be reached now; how many.

        Never those whose message is uncertain (`resolve` says what became of them), who do not want it,
        or who were held out.
        """
        count, after = 0, 0
        async with self._store.work() as work:
            now, campaign = self._clock.now(), await self._locked(work, number)
            if campaign.status not in (CampaignStatus.DONE, CampaignStatus.RUNNING):
                raise CampaignError("step", now=campaign.status, then="retry")
            until = max(campaign.until, now + AGAIN)
            while page := await work.reminders.not_got(number, after, PAGE):
                count += await work.reminders.again(await _reachable(work, page, number), now, until)
                after = page[-1].id
            if count and campaign.status == CampaignStatus.DONE:
                await self._step(work, campaign, CampaignStatus.RUNNING, until=until, ended_at=None)
            await work.commit()
        return count

    async def correct(self, number: int, text: str, author: str, arm: str | None = None) -> int:
        """Draft a correction to everybody who got (or may have got) that campaign's text; its number.

        With `arm`, only to those who got that arm's words. Whoever only got the neutral preview is left out.
        """
        wrong = await self._get(number)
        if arm is not None and arm not in wrong.texts:
            raise CampaignError("arm", arm=arm)
        return await self.new(
            NewCampaign(
                title=wrong.title,
                texts={DEFAULT_ARM: text},
                # Its courts too: they say who may see and approve it.
                audience={k: v for k, v in {"arm": arm, "court": wrong.audience.get("court")}.items() if v},
                author=author,
                education=wrong.education,
                corrects=number,
            )
        )

    async def correct_reminders(self, wrong: WrongReminders, title: str, text: str, author: str) -> int:
        """Draft a correction to everybody who got a step of the plan with wrong words; its number."""
        if wrong.since >= wrong.until:
            raise CampaignError("audience", problem="the time ends before it begins")
        return await self.new(NewCampaign(title, {DEFAULT_ARM: text}, wrong.audience(), author, corrects=THE_PLAN))

    async def recipients(
        self, number: int, *, statuses: Sequence[str] = (), after: int = 0, limit: int = 500
    ) -> list[Recipient]:
        """A page of what became of each message, by the delivery's id; `statuses` picks some."""
        await self._get(number)
        async with self._store.work(read_only=True) as work:
            page = await work.reminders.page_of(number, statuses=statuses, after=after, limit=limit)
            return await _told(work, page)

    async def unknown(self, number: int | None = None) -> list[Recipient]:
        """Messages of which nobody knows whether they arrived, of a campaign or of everything, newest first."""
        async with self._store.work(read_only=True) as work:
            rows = await work.reminders.with_status(DeliveryStatus.UNKNOWN, 1000)
            return await _told(work, [d for d in rows if number in (None, d.campaign_id)])

    async def resolve(self, delivery_id: int, *, arrived: bool, by: str) -> None:
        """A person has found out what became of an uncertain message: it counts as sent, or is sent again.

        Sent again only while it still makes sense: everything is checked anew then. CampaignError
        `not_unknown` when it is not uncertain (any more).
        """
        async with self._store.work() as work:
            now, d = self._clock.now(), await work.reminders.delivery(delivery_id)
            status = DeliveryStatus.SENT if arrived else DeliveryStatus.PLANNED
            until = None if arrived or d is None else d.expires_at
            campaign = await work.reminders.campaign(d.campaign_id, lock=True) if d and d.campaign_id else None
            if campaign and until and campaign.status in (CampaignStatus.DONE, CampaignStatus.RUNNING):
                until = max(campaign.until, now + AGAIN)
            if d is None or not await work.reminders.resolve(d.id, status, f"by {by}", now, until):
                raise CampaignError("not_unknown", delivery=delivery_id)
            if d.message_id and not arrived:
                await work.reminders.unsay(d.message_id)
            if campaign and not arrived and campaign.status == CampaignStatus.DONE:
                await self._step(work, campaign, CampaignStatus.RUNNING, until=until, ended_at=None)
            await work.tasks.close_keyed(f"unknown:{d.id}", by, status, now)
            await work.commit()

    async def progress(self, number: int) -> Progress:
        """Where it stands."""
        campaign = await self._get(number)
        async with self._store.work(read_only=True) as work:
            return Progress(campaign, await work.reminders.progress(number))

    async def all(self) -> list[CampaignRow]:
        """All campaigns, newest first."""
        async with self._store.work(read_only=True) as work:
            return await work.reminders.campaigns()

    async def _move(self, number: int, then: CampaignStatus, by: str) -> None:
        async with self._store.work() as work:
            await self._step(work, await self._locked(work, number), then)
            await work.commit()
        log.info("campaign.moved", campaign=number, to=then.value, by=by or None)

    async def _step(self, work: Work, campaign: CampaignRow, then: CampaignStatus, **values: Any) -> None:
        next_campaign_status(campaign.status, then)
        await work.reminders.change_campaign(campaign.number, status=then, **values)

    async def _get(self, number: int) -> CampaignRow:
        async with self._store.work(read_only=True) as work:
            found = await work.reminders.campaign(number)
        if found is None:
            raise CampaignError("unknown", number=number)
        return found

    async def _locked(self, work: Work, number: int) -> CampaignRow:
        found = await work.reminders.campaign(number, lock=True)
        if found is None:
            raise CampaignError("unknown", number=number)
        return found

    # -- what the courier calls ----------------------------------------------------------------

    async def start_due(self) -> None:
        """Write the deliveries of approved campaigns whose time has come.

        In portions, each committed; a crash in between is continued, because the keys are the same.
        The campaign runs once all are written.
        """
        now = self._clock.now()
        async with self._store.work(read_only=True) as work:
            due = [
                c
                for c in await work.reminders.campaigns((CampaignStatus.APPROVED,))
                if c.start_at is not None and c.start_at <= now
            ]
        for campaign in due:
            written = await self._write(campaign, now)
            async with self._store.work() as work:
                fresh = await self._locked(work, campaign.number)
                if fresh.status == CampaignStatus.APPROVED:
                    await self._step(work, fresh, CampaignStatus.RUNNING, started_at=now)
                elif fresh.status == CampaignStatus.CANCELLED:  # while it was being written
                    await work.reminders.cancel(Why.CANCELLED, now, campaign_id=campaign.number)
                await work.commit()
            log.info("campaign.started", campaign=campaign.number, deliveries=written)

    async def finish(self) -> None:
        """Campaigns of which nothing is left are done."""
        async with self._store.work(read_only=True) as work:
            running = await work.reminders.campaigns((CampaignStatus.RUNNING,))
            counts = {c.number: await work.reminders.progress(c.number) for c in running}
        for campaign in running:
            if Progress(campaign, counts[campaign.number]).left:
                continue
            async with self._store.work() as work:
                fresh = await self._locked(work, campaign.number)
                if fresh.status == CampaignStatus.RUNNING:
                    await self._step(work, fresh, CampaignStatus.DONE, ended_at=self._clock.now())
                await work.commit()
            log.info("campaign.done", campaign=campaign.number)

    async def _write(self, campaign: CampaignRow, now: datetime) -> int:
        written = 0
        async with self._store.work(read_only=True) as reading:
            async for page in self._pages(reading, campaign, now):
                async with self._store.work() as work:
                    known = await work.reminders.known([r.key for r in page])
                    written += await work.reminders.plan([r for r in page if r.key not in known])
                    await work.commit()
        return written

    async def _pages(self, work: Work, campaign: CampaignRow, now: datetime) -> AsyncIterator[list[DeliveryRow]]:
        """The deliveries of a campaign, in portions; the same keys whenever it is asked."""
        if campaign.corrects is not None:
            async for page in self._corrections(work, campaign, now):
                yield page
            return
        async for people in self._people(work, campaign):
            rows = []
            for recipient, chats in people:
                either: Sequence[ContactRow | None] = chats or [None]
                rows += [self._delivery(campaign, recipient, chat, i, now) for i, chat in enumerate(either)]
            yield rows

    async def _corrections(self, work: Work, campaign: CampaignRow, now: datetime) -> AsyncIterator[list[DeliveryRow]]:
        told, after = campaign.audience, 0
        wrong = campaign.corrects or None
        # What has left after the correction was drafted is meant as well: it may still run.
        since, until = (datetime.fromisoformat(told[k]) if k in told else None for k in ("since", "until"))
        seen: set[str] = set()
        while page := await work.reminders.got(
            after,
            PAGE,
            campaign_id=wrong,
            arm=told.get("arm"),
            since=since,
            until=until,
            step=told.get("step"),
            courts=words_of(told.get("court", ())),
        ):
            rows = {d.key: d for d in (self._correction(campaign, d, now) for d in page)}
            yield [d for key, d in rows.items() if key not in seen]
            seen.update(rows)
            after = page[-1].id

    def _correction(self, campaign: CampaignRow, got: DeliveryRow, now: datetime) -> DeliveryRow:
        return DeliveryRow(
            id=self._ids.new(now),
            key=f"x:{campaign.number}:{got.party_id}-{got.conversation_id}",  # once, however often they got it
            kind=Kind.CORRECTION,
            status=DeliveryStatus.PLANNED,
            not_before=now,
            expires_at=campaign.until,
            created_at=now,
            court=got.court,
            case_id=got.case_id,
            obligation_id=got.obligation_id,
            campaign_id=campaign.number,
            step="correction",
            party_id=got.party_id,
            conversation_id=got.conversation_id,
        )

    def _delivery(
        self,
        campaign: CampaignRow,
        recipient: RecipientRow,
        chat: ContactRow | None,
        index: int,
        now: datetime,
    ) -> DeliveryRow:
        # Subscribers need not be anybody's debtors: of them only the chat tells one from another.
        person = chat.conversation_id if campaign.education and chat else recipient.party_id
        arm = self._arm(campaign, person)
        status, why = DeliveryStatus.PLANNED, None
        if chat is None:
            status, why = DeliveryStatus.SUPPRESSED, Why.NO_CHAT
        elif arm == HOLDOUT:
            status, why = DeliveryStatus.SKIPPED, Why.HOLDOUT
        return DeliveryRow(
            id=self._ids.new(now),
            key=f"c:{campaign.number}:{person}" + (f":{chat.conversation_id}" if chat and index else ""),
            kind=Kind.CAMPAIGN,
            status=status,
            why=why,
            not_before=now,
            expires_at=campaign.until,
            created_at=now,
            court=recipient.court,
            case_id=recipient.case_id,
            obligation_id=recipient.obligation_id,
            campaign_id=campaign.number,
            step="campaign",
            party_id=0 if campaign.education else recipient.party_id,
            conversation_id=chat.conversation_id if chat else None,
            arm=arm,
        )

    def _arm(self, campaign: CampaignRow, person: int) -> str | None:
        arms = tuple(campaign.texts) if len(campaign.texts) > 1 else ()
        return arm_of(Experiment(arms, campaign.holdout), f"campaign:{campaign.number}", person)

    # -- who -----------------------------------------------------------------------------------

    async def _people(
        self, work: Work, campaign: CampaignRow
    ) -> AsyncIterator[list[tuple[RecipientRow, list[ContactRow]]]]:
        """The audience in portions, with the chats of each."""
        if campaign.education:
            subscribers, court = await work.reach.education(), _only_court(campaign.audience)
            for start in range(0, len(subscribers), PAGE):
                yield [(RecipientRow(c.party_id, court), [c]) for c in subscribers[start : start + PAGE]]
            return
        after, today = 0, local_day(self._clock.now())
        while people := await work.reminders.audience(campaign.audience, today, after=after, limit=PAGE):
            chats: dict[int, list[ContactRow]] = {}
            for contact in await work.reach.contacts([p.party_id for p in people]):
                chats.setdefault(contact.party_id, []).append(contact)
            yield [(p, receivers(chats.get(p.party_id, ()))) for p in people]
            after = people[-1].party_id

    # -- results -------------------------------------------------------------------------------

    async def results(self, number: int) -> list[ArmResult]:
        """What came of each arm (hold-out included), counted from the campaign's start.

        By intention: everybody who was drawn counts, whether the message arrived or not; who had
        performed before is left out. Sums in 分.
        """
        campaign = await self._get(number)
        if campaign.started_at is None:
            raise CampaignError("not_started", number=number)
        async with self._store.work(read_only=True) as work:
            rows = await work.reminders.of(campaign_id=number, limit=10_000_000)
            performed = await work.reminders.performed(sorted({r.obligation_id for r in rows if r.obligation_id}))
        return by_campaign(rows, performed, local_day(campaign.started_at))


def _only_court(audience: Mapping[str, Any]) -> str:
    """The court in whose name something goes to people who are nobody's debtors; empty without exactly one."""
    courts = words_of(audience.get("court") or ())
    return str(courts[0]) if len(courts) == 1 else ""


class _Samples:
    """Five messages out of all, each arm with its share, different forms before more of the same."""

    def __init__(self, arms: int) -> None:
        self._share = max(1, SAMPLES // max(1, arms))
        self._of: dict[str, list[Sample]] = {}
        self._seen: Counter[str] = Counter()

    def wants(self, arm: str) -> bool:
        """Whether one more of that arm is worth its work."""
        self._seen[arm] += 1
        return len(self._of.get(arm, ())) < SAMPLES

    def add(self, sample: Sample) -> None:
        """Keep one."""
        self._of.setdefault(sample.arm, []).append(sample)

    def chosen(self) -> list[Sample]:
        """At most five."""
        first = [s for found in self._of.values() for s in found[: self._share]]
        rest = [s for found in self._of.values() for s in found[self._share :]]
        return sorted((first + rest)[:SAMPLES], key=lambda s: s.arm)


async def _reachable(work: Work, page: Sequence[DeliveryRow], number: int) -> list[tuple[int, int]]:
    """Those that can be sent now, each with its chat: the old one while it is the party's, else the new one.

    Never one in which that party has this campaign's message already, by a delivery of its own.
    """
    chats: dict[int, list[int]] = {}
    contacts = await work.reach.contacts(sorted({d.party_id for d in page if d.party_id}))
    for c in sorted(contacts, key=lambda c: c.proven):  # the newest proven one last
        if not (c.stopped or c.wrong_person):
            chats.setdefault(c.party_id, []).append(c.conversation_id)
    wanted = {c for found in chats.values() for c in found} | {d.conversation_id for d in page if d.conversation_id}
    open_now = {c for c, why in (await work.reminders.unreachable(sorted(wanted))).items() if why is None}
    taken = await work.reminders.chats_of_campaign(number, sorted(chats))
    found = []
    for d in page:
        own = d.conversation_id
        theirs = chats.get(d.party_id, ()) if d.party_id else [c for c in (own,) if c]
        good = [c for c in theirs if c in open_now and (c == own or (d.party_id, c) not in taken)]
        if good:
            chat = own if own in good else good[-1]
            taken.add((d.party_id, chat))
            found.append((d.id, chat))
    return found


async def _told(work: Work, rows: Sequence[DeliveryRow]) -> list[Recipient]:
    """Deliveries with the names and case numbers that people know them by."""
    names = await work.ledger.parties(sorted({d.party_id for d in rows if d.party_id}))
    cases = {c.id: c.number for c in await work.ledger.cases(ids=sorted({d.case_id for d in rows if d.case_id}))}
    return [
        Recipient(d, names[d.party_id].name if d.party_id in names else "", cases.get(d.case_id or 0, "")) for d in rows
    ]
