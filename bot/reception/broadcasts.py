"""Broadcasts at the desk: written by one, approved by another, within the courts that both of them see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.reminders.campaigns import Campaigns, NewCampaign, Preview, Progress, Recipient
from bot.reminders.model import ArmResult, CampaignError
from bot.staff.audit import Audit
from bot.staff.model import Deed, Forbidden, Right, Who
from bot.store.reminder_rows import CampaignRow
from bot.store.work import Store


class Broadcasts:
    """Raises `Forbidden` without the right or for another court's campaign, and `CampaignError`."""

    def __init__(self, campaigns: Campaigns, store: Store, audit: Audit) -> None:
        self._campaigns = campaigns
        self._store = store
        self._audit = audit

    async def all(self, who: Who) -> list[CampaignRow]:
        """The campaigns that this person may see, newest first."""
        who.require(Right.WRITE_CAMPAIGN)
        return [c for c in await self._campaigns.all() if self._sees(who, c)]

    def _sees(self, who: Who, campaign: CampaignRow) -> bool:
        """A campaign to courts that somebody does not see is not theirs; one without courts goes to all of them."""
        if who.courts is None:
            return True
        courts = campaign.audience.get("court") or ()
        named = [courts] if isinstance(courts, str) else list(courts)
        return bool(named) and all(who.sees(c) for c in named)

    async def _get(self, who: Who, number: int, right: Right = Right.WRITE_CAMPAIGN) -> Progress:
        who.require(right)
        found = await self._campaigns.progress(number)
        if not self._sees(who, found.row):
            raise Forbidden("court", court="")
        return found

    async def new(self, who: Who, draft: NewCampaign) -> int:
        """Write a draft; to the courts that this person sees, whatever it says. Its number."""
        who.require(Right.WRITE_CAMPAIGN)
        courts = None if who.courts is None else tuple(sorted(who.courts))
        number = await self._campaigns.new(replace(draft, author=who.key, courts=courts))
        await self._noted(who, number, "draft")
        return number

    async def progress(self, who: Who, number: int) -> Progress:
        """Where a campaign stands."""
        return await self._get(who, number)

    async def preview(self, who: Who, number: int) -> Preview:
        """Counts and samples."""
        await self._get(who, number)
        return await self._campaigns.preview(number)

    async def recipients(
        self, who: Who, number: int, *, statuses: Sequence[str] = (), after: int = 0, limit: int = 200
    ) -> list[Recipient]:
        """What became of each message."""
        await self._get(who, number)
        return await self._campaigns.recipients(number, statuses=statuses, after=after, limit=limit)

    async def results(self, who: Who, number: int) -> list[ArmResult]:
        """What each wording brought."""
        await self._get(who, number)
        return await self._campaigns.results(number)

    async def approve(self, who: Who, number: int) -> None:
        """The second person says yes."""
        await self._get(who, number, Right.APPROVE_CAMPAIGN)
        await self._campaigns.approve(number, who.key)
        await self._noted(who, number, "approved")

    async def start(self, who: Who, number: int, at: datetime | None = None) -> None:
        """Let it begin now, or at a moment."""
        await self._get(who, number)
        await self._campaigns.start(number, at)
        await self._noted(who, number, "started", Deed.SENT)

    async def pause(self, who: Who, number: int) -> None:
        """Hold it."""
        await self._get(who, number)
        await self._campaigns.pause(number, who.key)
        await self._noted(who, number, "paused")

    async def resume(self, who: Who, number: int) -> None:
        """Let it go on."""
        await self._get(who, number)
        await self._campaigns.resume(number, who.key)
        await self._noted(who, number, "resumed", Deed.SENT)

    async def cancel(self, who: Who, number: int) -> int:
        """Stop it for good; how many had not left."""
        await self._get(who, number)
        dropped = await self._campaigns.cancel(number, who.key)
        await self._noted(who, number, f"cancelled, {dropped} dropped")
        return dropped

    async def retry(self, who: Who, number: int) -> int:
        """Once more to those who did not get it; how many."""
        await self._get(who, number)
        count = await self._campaigns.retry(number)
        await self._noted(who, number, f"retry of {count}", Deed.SENT)
        return count

    async def correct(self, who: Who, number: int, text: str) -> int:
        """Draft a correction to all who got it; its number."""
        await self._get(who, number)
        drafted = await self._campaigns.correct(number, text, who.key)
        await self._noted(who, drafted, f"corrects {number}")
        return drafted

    async def unknown(self, who: Who) -> list[Recipient]:
        """Messages of which nobody knows whether they arrived."""
        who.require(Right.WRITE_CAMPAIGN)
        return [r for r in await self._campaigns.unknown() if who.sees(r.delivery.court)]

    async def resolve(self, who: Who, delivery_id: int, *, arrived: bool) -> None:
        """Say what became of an uncertain message."""
        if not any(r.delivery.id == delivery_id for r in await self.unknown(who)):
            raise CampaignError("not_unknown", delivery=delivery_id)
        await self._campaigns.resolve(delivery_id, arrived=arrived, by=who.key)
        await self._noted(who, delivery_id, "arrived" if arrived else "again", kind="delivery")

    async def _noted(self, who: Who, number: int, detail: str, deed: Deed = Deed.CHANGED, kind: str = "campaign") -> None:
        async with self._store.work() as work:
            await self._audit.note(work, who, deed, kind, number, None, detail)
            await work.commit()
