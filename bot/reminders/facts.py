"""What must be known of deliveries at a moment, fetched for many at once: the plan's preview and the last check share it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from bot.core.clock import SHANGHAI, local_day
from bot.reminders.model import CampaignStatus, Decision, Go, Kind, Sendable, Why, may_leave
from bot.reminders.wording import Guide
from bot.store.ledger_rows import DueRow
from bot.store.reminder_rows import CampaignRow, DeliveryRow
from bot.store.reminders import roles_of
from bot.store.rows import ContactRow
from bot.store.work import Work


def case_facts(row: DueRow) -> dict[str, str]:
    """What conditions in `faq/reminders.yaml` may ask of a case."""
    yes = {True: "yes", False: "no"}
    return {
        "court": row.court,
        "title": row.title,
        "stage": row.stage,
        "kind": row.kind,
        "wage": yes[row.wage],
        "livelihood": yes[row.livelihood],
        "special": yes[row.special is not None],
        "settlement": row.settlement,
    }


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says now about some deliveries."""

    due: Mapping[tuple[int, int], DueRow]  # (instalment, party)
    contacts: Mapping[tuple[int, int], ContactRow]  # (party, conversation)
    unreachable: Mapping[int, str | None]
    counts: Mapping[int, tuple[int, int]]
    reported: Mapping[int, tuple[int, int]]
    promises: frozenset[int]
    subscribed: frozenset[int]
    campaigns: Mapping[int, CampaignRow]
    meant: Mapping[int, frozenset[int]] = field(default_factory=dict)  # campaign → parties of its audience
    left: Mapping[int, int] = field(default_factory=dict)  # what is still owed, 分, by obligation
    agents: Mapping[tuple[int, int], Sequence[int]] = field(default_factory=dict)  # (case, agent) → acted for

    def contact(self, d: DeliveryRow) -> ContactRow | None:
        """The chat of a delivery, as far as it still belongs to the party."""
        return self.contacts.get((d.party_id, d.conversation_id or 0))

    def row(self, d: DeliveryRow) -> DueRow | None:
        """The instalment of a delivery, on account of its party or of whom that party acts for."""
        own = self.due.get((d.instalment_id or 0, d.party_id))
        return own or self.due.get((d.instalment_id or 0, self.acts_for(d) or 0))

    def acts_for(self, d: DeliveryRow) -> int | None:
        """The debtor for whom the party of a delivery acts in that case; None: they are the debtor."""
        instalment = d.instalment_id or 0
        if (instalment, d.party_id) in self.due:
            return None
        principals = self.agents.get((d.case_id or 0, d.party_id), ())
        return next((p for p in principals if (instalment, p) in self.due), None)


async def gather(work: Work, rows: Sequence[DeliveryRow], now: datetime) -> Known:
    """Ask the database once for everything that these deliveries depend on."""
    chats = sorted({d.conversation_id for d in rows if d.conversation_id})
    parties = sorted({d.party_id for d in rows if d.party_id})
    instalments = sorted({d.instalment_id for d in rows if d.instalment_id})
    numbers = {d.campaign_id for d in rows if d.campaign_id}
    day = datetime.combine(local_day(now), time(0), SHANGHAI)
    found = {n: c for n in numbers if (c := await work.reminders.campaign(n))}
    education = {n for n, c in found.items() if c.education}
    subscribers = [d.conversation_id for d in rows if d.campaign_id in education and d.conversation_id]
    planned = sorted(
        {d.obligation_id for d in rows if d.obligation_id and (d.instalment_id or d.kind == Kind.CAMPAIGN)}
    )
    promises = [d.promise_id for d in rows if d.promise_id]
    debts = sorted({d.obligation_id for d in rows if d.obligation_id and d.kind == Kind.CAMPAIGN})
    cases = sorted({d.case_id for d in rows if d.case_id and d.instalment_id})
    return Known(
        due={(r.instalment_id, r.party_id): r for r in await work.ledger.due(instalments)} if instalments else {},
        contacts={(c.party_id, c.conversation_id): c for c in await work.reach.contacts(parties)} if parties else {},
        unreachable=await work.reminders.unreachable(chats),
        counts=await work.reminders.counts(chats, day, day - timedelta(days=6)),
        reported=await work.reminders.reported(planned) if planned else {},
        promises=frozenset(await work.reminders.standing_promises(promises)) if promises else frozenset(),
        subscribed=frozenset(await work.reminders.subscribed(subscribers)) if subscribers else frozenset(),
        campaigns=found,
        meant={n: await _meant(work, c, rows, now) for n, c in found.items() if not c.education and c.corrects is None},
        left=await work.reminders.left_of(debts) if debts else {},
        agents=_principals(await work.reminders.agents(cases)) if cases else {},
    )


def _principals(rows: Sequence[tuple[int, int, int]]) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for case_id, agent, acts_for in rows:
        found.setdefault((case_id, agent), []).append(acts_for)
    return found


async def _meant(work: Work, campaign: CampaignRow, rows: Sequence[DeliveryRow], now: datetime) -> frozenset[int]:
    """Those of a campaign's people for whom its conditions hold now: who has paid meanwhile is none of them."""
    parties = sorted({d.party_id for d in rows if d.campaign_id == campaign.number})
    today, found = local_day(now), set[int]()
    for start in range(0, len(parties), 5000):
        some = parties[start : start + 5000]
        people = await work.reminders.audience(campaign.audience, today, limit=len(some), among=some)
        found.update(p.party_id for p in people)
    return frozenset(found)


def judge(d: DeliveryRow, known: Known, guide: Guide, now: datetime) -> Decision:
    """Whether a delivery may leave at that moment, and if not why."""
    tomorrow = guide.opens(local_day(now) + timedelta(days=1))
    return may_leave(sendable(d, known), now, guide.window.next_open(now, guide.calendar), tomorrow, guide.caps)


class Foresight:
    """Judges many deliveries of one moment as if each that may leave had left: the caps hold among them too."""

    def __init__(self, guide: Guide, moment: datetime) -> None:
        self._guide = guide
        self._moment = moment
        self._left: Counter[int] = Counter()

    def judge(self, d: DeliveryRow, known: Known) -> Decision:
        """Whether a delivery would leave, after those judged before it."""
        chat = d.conversation_id or 0
        today, week = known.counts.get(chat, (0, 0))
        more = self._left[chat]
        seen = replace(known, counts={chat: (today + more, week + more)}) if more else known
        decision = judge(d, seen, self._guide, self._moment)
        if isinstance(decision, Go):
            self._left[chat] += 1
        return decision


def sendable(d: DeliveryRow, known: Known) -> Sendable:
    """The facts of one delivery."""
    contact, row = known.contact(d), known.row(d)
    campaign = known.campaigns.get(d.campaign_id or 0)
    chat = d.conversation_id is not None and d.conversation_id in known.unreachable
    if d.party_id and contact is None:
        chat = False
    today, week = known.counts.get(d.conversation_id or 0, (0, 0))
    planned = d.kind in (Kind.REMINDER, Kind.PROMISE)
    education = bool(campaign and campaign.education)
    return Sendable(
        expires_at=d.expires_at,
        stopped_by_ledger=_stopped(d, row, known) if planned else _said_paid(d, campaign, known),
        planned_version=d.due_version,
        current_version=row.due_version if planned and row and d.kind == Kind.REMINDER else d.due_version,
        chat=chat,
        unreachable=known.unreachable.get(d.conversation_id or 0),
        opted_out=bool(contact and contact.stopped) and not education,
        wrong_person=bool(contact and contact.wrong_person),
        opted_in=not education or d.conversation_id in known.subscribed,
        campaign=(campaign.status if campaign else CampaignStatus.CANCELLED) if d.campaign_id else None,
        sent_today=today,
        sent_this_week=week,
        exempt_from_cap=d.kind == Kind.CORRECTION,
        meant=d.party_id in known.meant.get(d.campaign_id or 0, (d.party_id,)),
        # Before identity is proven only the neutral preview is sent, and there is nothing wrong in that.
        proven=d.kind != Kind.CORRECTION or education or bool(contact and contact.proven),
    )


def _said_paid(d: DeliveryRow, campaign: CampaignRow | None, known: Known) -> str | None:
    """Whether a debtor says that all they owe is paid, and staff have not looked yet: nothing is urged meanwhile."""
    if d.kind != Kind.CAMPAIGN or campaign is None or "debtor" not in roles_of(campaign.audience):
        return None
    reports, amount = known.reported.get(d.obligation_id or 0, (0, 0))
    return Why.REPORTED if reports and amount >= known.left.get(d.obligation_id or 0, 0) else None


def _stopped(d: DeliveryRow, row: DueRow | None, known: Known) -> str | None:
    """Why the ledger says that nobody is to be reminded of it."""
    if row is None:
        return Why.DROPPED
    if row.stopped:
        return row.stopped
    if d.kind == Kind.PROMISE and d.promise_id not in known.promises:
        return Why.WITHDRAWN
    reports, amount = known.reported.get(row.obligation_id, (0, 0))
    if reports and (row.kind == "act" or amount >= row.left):
        return Why.REPORTED
    return None
