"""Letters: what one delivery says to one person at a moment; previews and the sender share it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.clock import local_day
from bot.guide.dated import read_step
from bot.reminders.facts import Known, case_facts
from bot.reminders.model import Kind
from bot.reminders.wording import Guide, Subject
from bot.store.ledger_rows import DueRow
from bot.store.reminder_rows import CampaignRow, DeliveryRow
from bot.store.work import Work

PROVEN = ("paid", "plan", "hard", "dispute", "notme", "contact", "where", "stop")
UNPROVEN = ("verify", "notme", "stop")
CAMPAIGN = ("contact", "stop")


class Form(StrEnum):
    """How much a letter says."""

    NEUTRAL = "neutral"  # identity is not proven: that a notice waits
    NAMED = "named"
    AGENT = "agent"  # named, to somebody who acts for the debtor
    OPEN = "open"  # education: nothing about anybody


@dataclass(frozen=True, slots=True)
class Letter:
    """What leaves: the words, the buttons, whether they must not be forwarded."""

    text: str
    buttons: tuple[str, ...]
    protect: bool
    form: Form


def wording_for(campaign: CampaignRow, arm: str | None) -> str:
    """The text that somebody of that arm gets."""
    return campaign.texts.get(arm or "") or next(iter(campaign.texts.values()))


def form_of(d: DeliveryRow, known: Known) -> Form:
    """How much may be said to whoever gets that delivery."""
    campaign, contact = known.campaigns.get(d.campaign_id or 0), known.contact(d)
    if campaign and campaign.education:
        return Form.OPEN
    if contact is None or not contact.proven:
        return Form.NEUTRAL
    return Form.AGENT if known.acts_for(d) else Form.NAMED


async def letter(work: Work, d: DeliveryRow, known: Known, guide: Guide, now: datetime) -> Letter:
    """The letter of a delivery, with names and distances in days as they are now; LookupError without its instalment."""
    if d.kind == Kind.DATED:  # they asked for it themselves, and it names nobody
        return Letter(guide.dated(*read_step(d.step), local_day(now)), ("stop",), False, Form.OPEN)
    form, campaign = form_of(d, known), known.campaigns.get(d.campaign_id or 0)
    if form is Form.NEUTRAL:
        return Letter(guide.preview(d.court), UNPROVEN, True, form)
    if campaign:
        name = None if form is Form.OPEN else await _name(work, d.party_id)
        text = wording_for(campaign, d.arm)
        if d.kind == Kind.CORRECTION:
            told = guide.corrected(text, d.court, name)
        else:
            told = guide.campaign(text, name, d.court, education=campaign.education)
        return Letter(told, () if form is Form.OPEN else CAMPAIGN, form is not Form.OPEN, form)
    row = known.row(d)
    if row is None:
        raise LookupError(f"delivery {d.id} has no instalment")
    return Letter(guide.reminder(await _subject(work, d, row, known, guide), d.step, d.arm, now), PROVEN, True, form)


async def _subject(work: Work, d: DeliveryRow, row: DueRow, known: Known, guide: Guide) -> Subject:
    due = row.expected_on
    if d.promise_id and (promise := await work.ledger.promise(d.promise_id)):
        due = promise.promised_on
    debtor = known.acts_for(d)
    return Subject(
        name=await _name(work, d.party_id),
        court=guide.court_name(row.court),
        court_id=row.court,
        officer=row.responsible,
        cause=row.cause,
        no=row.no,
        parts=await work.reminders.parts(row.obligation_id),
        due=due,
        facts=case_facts(row),
        acts_for=await _name(work, debtor) if debtor else None,
    )


async def _name(work: Work, party_id: int) -> str:
    return (await work.ledger.parties([party_id]))[party_id].name
