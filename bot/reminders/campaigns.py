"""Campaigns: audience, preview, approval by a second person, start, pause, retry, correction, result per arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bot.core.clock import Clock, local_day
from bot.core.ids import Ids
from bot.core.log import get
from bot.reminders.model import (
    HOLDOUT,
    ArmResult,
    CampaignError,
    CampaignStatus,
    DeliveryStatus,
    Experiment,
    Kind,
    Why,
    arm_of,
    check_approval,
    next_campaign_status,
)
from bot.reminders.service import receivers
from bot.reminders.wording import DEFAULT_ARM, Guide, problems_of
from bot.store.reminder_rows import CampaignRow, DeliveryRow, RecipientRow
from bot.store.rows import ContactRow
from bot.store.work import Store, Work

log = get(__name__)

PAGE = 400  # people written in one transaction
SAMPLES = 5
LASTS = timedelta(days=14)  # after this nothing of a campaign leaves any more, unless it says otherwise


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """A broadcast to be drafted. `texts` by arm; with one arm it is called `name`.

    `audience` holds conditions (`bot.store.reminders`): court, title, stage, series, kind, settlement,
    wage, livelihood, special, responsible, open, disputed, overdue, due_from, due_to, role.
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


@dataclass(slots=True)
class Preview:
    """What a campaign would do: how many get it, who does not and why, and how it looks."""

    people: int = 0
    chats: int = 0
    neutral: int = 0  # get the preview only, because their identity is not proven
    not_reached: Counter[str] = field(default_factory=Counter)
    arms: Counter[str] = field(default_factory=Counter)
    samples: list[tuple[str, str]] = field(default_factory=list)  # (arm, text)


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


def wording_for(campaign: CampaignRow, arm: str | None) -> str:
    """The text that somebody of that arm gets."""
    return campaign.texts.get(arm or "") or next(iter(campaign.texts.values()))


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
        for arm, text in draft.texts.items():
            if wrong := problems_of(text, guide, education=draft.education):
                raise CampaignError("text", arm=arm, problem="; ".join(wrong))
        if not draft.texts or not draft.author.strip() or not draft.title.strip():
            raise CampaignError("empty")
        async with self._store.work() as work:
            try:
                Experiment(tuple(draft.texts), draft.holdout)
                await work.reminders.audience(draft.audience, local_day(now), limit=1)
            except (ValueError, TypeError, AttributeError) as error:
                raise CampaignError("audience", problem=str(error)) from error
            number = await work.reminders.add_campaign(
                {
                    "title": draft.title[:120],
                    "education": draft.education,
                    "audience": dict(draft.audience),
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
        """Counts and rendered samples; nothing is written."""
        campaign, guide, seen = await self._get(number), self._guide(), Preview()
        async with self._store.work(read_only=True) as work:
            async for people in self._people(work, campaign):
                for recipient, chats in people:
                    await self._look(work, campaign, guide, recipient, chats, seen)
        return seen

    async def _look(
        self,
        work: Work,
        campaign: CampaignRow,
        guide: Guide,
        recipient: RecipientRow,
        chats: Sequence[ContactRow],
        seen: Preview,
    ) -> None:
        seen.people += 1
        arm = self._arm(campaign, recipient)
        seen.arms[arm or DEFAULT_ARM] += 1
        whys = await self._whys(work, chats, education=campaign.education)
        seen.not_reached.update([w for w in whys if w] if chats else [Why.NO_CHAT])
        good = [chat for chat, why in zip(chats, whys, strict=True) if not why]
        if not good or arm == HOLDOUT:
            return
        seen.chats += len(good)
        seen.neutral += sum(not c.proven and not campaign.education for c in good)
        if len(seen.samples) < SAMPLES:
            text = await self._sample(work, campaign, guide, recipient, good[0], arm)
            seen.samples.append((arm or DEFAULT_ARM, text))

    async def _whys(self, work: Work, chats: Sequence[ContactRow], *, education: bool) -> list[str]:
        """For each chat why it will get nothing; empty: it will."""
        unreachable = await work.reminders.unreachable([c.conversation_id for c in chats])
        found = []
        for c in chats:
            why = unreachable.get(c.conversation_id, Why.NO_CHAT) or ""
            if c.wrong_person:
                why = Why.WRONG_PERSON
            elif c.stopped and not education:
                why = Why.STOPPED
            found.append(str(why))
        return found

    async def _sample(
        self,
        work: Work,
        campaign: CampaignRow,
        guide: Guide,
        recipient: RecipientRow,
        chat: ContactRow,
        arm: str | None,
    ) -> str:
        text = wording_for(campaign, arm)
        if campaign.education:
            return guide.campaign(text, None, recipient.court, education=True)
        if not chat.proven:
            return guide.preview(recipient.court)
        name = (await work.ledger.parties([recipient.party_id]))[recipient.party_id].name
        if campaign.corrects:
            return guide.corrected(text, recipient.court, name)
        return guide.campaign(text, name, recipient.court, education=False)

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
        """Let an approved campaign begin at that moment (now); the running bot takes it from there."""
        async with self._store.work() as work:
            campaign = await self._locked(work, number)
            if campaign.status != CampaignStatus.APPROVED:
                raise CampaignError("not_approved", status=campaign.status)
            await work.reminders.change_campaign(number, start_at=at or self._clock.now())
            await work.commit()

    async def pause(self, number: int) -> None:
        """Nothing of it leaves until it is resumed."""
        await self._move(number, CampaignStatus.PAUSED)

    async def resume(self, number: int) -> None:
        """Go on where it stopped."""
        await self._move(number, CampaignStatus.RUNNING)

    async def cancel(self, number: int, by: str) -> int:
        """For good; how many that had not left are dropped."""
        async with self._store.work() as work:
            now, campaign = self._clock.now(), await self._locked(work, number)
            await self._step(work, campaign, CampaignStatus.CANCELLED, ended_at=now, ended_by=by[:80])
            dropped = await work.reminders.cancel(Why.CANCELLED, now, campaign_id=number)
            await work.commit()
        return dropped

    async def retry(self, number: int) -> int:
        """Plan again those who certainly did not get it; how many."""
        async with self._store.work() as work:
            now, campaign = self._clock.now(), await self._locked(work, number)
            if campaign.status not in (CampaignStatus.DONE, CampaignStatus.RUNNING):
                raise CampaignError("step", now=campaign.status, then="retry")
            until = max(campaign.until, now + timedelta(days=3))
            count = await work.reminders.retry(number, now, until)
            if count and campaign.status == CampaignStatus.DONE:
                await self._step(work, campaign, CampaignStatus.RUNNING, until=until, ended_at=None)
            await work.commit()
        return count

    async def correct(self, number: int, text: str, author: str) -> int:
        """Draft a correction to everybody who got (or may have got) that campaign's text; its number."""
        wrong = await self._get(number)
        return await self.new(
            NewCampaign(
                title=wrong.title,
                texts={DEFAULT_ARM: text},
                audience=wrong.audience,
                author=author,
                education=wrong.education,
                corrects=number,
            )
        )

    async def progress(self, number: int) -> Progress:
        """Where it stands."""
        campaign = await self._get(number)
        async with self._store.work(read_only=True) as work:
            return Progress(campaign, await work.reminders.progress(number))

    async def all(self) -> list[CampaignRow]:
        """All campaigns, newest first."""
        async with self._store.work(read_only=True) as work:
            return await work.reminders.campaigns()

    async def _move(self, number: int, then: CampaignStatus) -> None:
        async with self._store.work() as work:
            await self._step(work, await self._locked(work, number), then)
            await work.commit()

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
        if campaign.corrects:
            return await self._write_correction(campaign, campaign.corrects, now)
        written, place = 0, 0
        async with self._store.work(read_only=True) as reading:
            async for people in self._people(reading, campaign):
                rows = []
                for recipient, chats in people:
                    either: Sequence[ContactRow | None] = chats or [None]
                    for index, chat in enumerate(either):
                        rows.append(self._delivery(campaign, recipient, chat, index, place, now))
                        place += rows[-1].status == DeliveryStatus.PLANNED
                async with self._store.work() as work:
                    known = await work.reminders.known([r.key for r in rows])
                    written += await work.reminders.plan([r for r in rows if r.key not in known])
                    await work.commit()
        return written

    async def _write_correction(self, campaign: CampaignRow, wrong: int, now: datetime) -> int:
        written, after = 0, 0
        while True:
            async with self._store.work() as work:
                page = await work.reminders.got(wrong, after, PAGE)
                if not page:
                    return written
                written += await work.reminders.plan([self._correction(campaign, d, now) for d in page])
                await work.commit()
            after = page[-1].id

    def _correction(self, campaign: CampaignRow, got: DeliveryRow, now: datetime) -> DeliveryRow:
        return DeliveryRow(
            id=self._ids.new(now),
            key=f"x:{campaign.number}:{got.id}",
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
        place: int,
        now: datetime,
    ) -> DeliveryRow:
        arm = self._arm(campaign, recipient)
        status, why = DeliveryStatus.PLANNED, None
        if chat is None:
            status, why = DeliveryStatus.SUPPRESSED, Why.NO_CHAT
        elif arm == HOLDOUT:
            status, why = DeliveryStatus.SKIPPED, Why.HOLDOUT
        person = chat.conversation_id if campaign.education and chat else recipient.party_id
        wait = timedelta(seconds=60 * place / campaign.per_minute) if campaign.per_minute else timedelta()
        return DeliveryRow(
            id=self._ids.new(now),
            key=f"c:{campaign.number}:{person}" + (f":{chat.conversation_id}" if chat and index else ""),
            kind=Kind.CAMPAIGN,
            status=status,
            why=why,
            not_before=now + wait,
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

    def _arm(self, campaign: CampaignRow, recipient: RecipientRow) -> str | None:
        arms = tuple(campaign.texts) if len(campaign.texts) > 1 else ()
        return arm_of(Experiment(arms, campaign.holdout), f"campaign:{campaign.number}", recipient.party_id)

    # -- who -----------------------------------------------------------------------------------

    async def _people(
        self, work: Work, campaign: CampaignRow
    ) -> AsyncIterator[list[tuple[RecipientRow, list[ContactRow]]]]:
        """The audience in portions, with the chats of each."""
        if campaign.education:
            subscribers = await work.reach.education()
            for start in range(0, len(subscribers), PAGE):
                yield [(RecipientRow(c.party_id, ""), [c]) for c in subscribers[start : start + PAGE]]
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
        return arm_results(rows, performed, local_day(campaign.started_at))


def arm_results(
    rows: Sequence[DeliveryRow],
    performed: Mapping[int, tuple[date | None, Sequence[tuple[date, int]]]],
    begin: date,
) -> list[ArmResult]:
    """Per arm: people, how many got it, performed and paid within 14 and 30 days of the beginning."""
    found: dict[str, ArmResult] = {}
    seen: set[int] = set()
    for row in rows:
        if row.obligation_id is None or row.obligation_id not in performed:
            continue
        done_on, payments = performed[row.obligation_id]
        result = found.setdefault(row.arm or DEFAULT_ARM, ArmResult(row.arm or DEFAULT_ARM))
        if done_on is not None and done_on < begin:
            continue
        result.sent += row.status in (DeliveryStatus.SENT, DeliveryStatus.UNKNOWN)
        if row.party_id in seen:
            continue
        seen.add(row.party_id)
        result.people += 1
        for days in (14, 30):
            end = begin + timedelta(days=days)
            paid = sum(amount for day, amount in payments if begin <= day <= end)
            kept = done_on is not None and done_on <= end
            if days == 14:
                result.performed_14, result.settled_14 = result.performed_14 + kept, result.settled_14 + paid
            else:
                result.performed_30, result.settled_30 = result.performed_30 + kept, result.settled_30 + paid
    return sorted(found.values(), key=lambda r: r.arm)
