"""Rows of reminders: deliveries and their lives, campaigns, tasks for people, holds on sending."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, delete, func, insert, or_, select, update

from bot.store.base import Rows, table_of
from bot.store.ledger_tables import Case, CaseParty, Instalment, Obligation, ObligationParty, Payment
from bot.store.ledger_tables import Promise as PromiseTable
from bot.store.reach_tables import Subscription
from bot.store.reminder_rows import CampaignRow, DeliveryRow, NewTask, QueuedRow, RecipientRow, TaskRow
from bot.store.reminder_tables import Campaign, Delivery, SendHold, Task
from bot.store.tables import Conversation, Lease, Message

_NAMES = tuple(f.name for f in fields(DeliveryRow))
_COLUMNS = tuple(getattr(Delivery, name) for name in _NAMES)
# Statuses that may have reached the person: they count towards the caps.
_COUNTED = ("sending", "sent", "unknown")


class ReminderRows(Rows):
    """Deliveries and campaigns; `bot.reminders` holds the rules."""

    # -- planning ------------------------------------------------------------------------------

    async def plan(self, rows: Sequence[DeliveryRow]) -> int:
        """Write deliveries; those whose key exists are left alone. The number handed in is told.

        One that was suppressed because nobody could be written to is planned again once somebody can.
        """
        if not rows:
            return 0
        table = table_of(Delivery)
        statement = self._upsert(Delivery)
        new = statement.excluded
        revived = and_(table.c.status == "suppressed", table.c.why == "never_linked", new.status == "planned")
        statement = statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "status": new.status,
                "why": new.why,
                "conversation_id": new.conversation_id,
                "not_before": new.not_before,
                "expires_at": new.expires_at,
            },
            where=revived,
        )
        # One statement and many values: a statement with all values in it is compiled anew each time.
        await self._connection.execute(statement, [{name: getattr(r, name) for name in _NAMES} for r in rows])
        return len(rows)

    async def known(self, keys: Sequence[str]) -> set[str]:
        """Which of these keys have a delivery that need not be planned again."""
        settled = or_(Delivery.status != "suppressed", Delivery.why != "never_linked")
        found: set[str] = set()
        for start in range(0, len(keys), 5000):
            query = select(Delivery.key).where(Delivery.key.in_(keys[start : start + 5000]), settled)
            found.update(r.key for r in await self._connection.execute(query))
        return found

    async def chats(self, keys: Sequence[str]) -> dict[str, int]:
        """The chats of the deliveries with these keys, as far as they have one."""
        query = select(Delivery.key, Delivery.conversation_id).where(Delivery.conversation_id.is_not(None))
        return {r[0]: r[1] async for r in self._by(query, Delivery.key, keys)}

    async def chats_of_campaign(self, campaign_id: int, parties: Sequence[int]) -> set[tuple[int, int]]:
        """Parties and chats for which a campaign has deliveries, whatever became of them."""
        query = select(Delivery.party_id, Delivery.conversation_id).where(
            Delivery.campaign_id == campaign_id, Delivery.conversation_id.is_not(None)
        )
        return {(r[0], r[1]) async for r in self._by(query, Delivery.party_id, parties)}

    # -- one delivery --------------------------------------------------------------------------

    async def delivery(self, delivery_id: int) -> DeliveryRow | None:
        """One delivery."""
        return await self._one(select(*_COLUMNS).where(Delivery.id == delivery_id))

    async def by_message(self, message_id: int) -> DeliveryRow | None:
        """The delivery that a logged message carried."""
        return await self._one(select(*_COLUMNS).where(Delivery.message_id == message_id))

    async def last_sent(self, conversation_id: int, since: datetime) -> DeliveryRow | None:
        """The newest delivery of a chat, which free text there answers."""
        query = select(*_COLUMNS).where(
            Delivery.conversation_id == conversation_id,
            Delivery.claimed_at >= since,
            Delivery.status.in_(_COUNTED),
        )
        return await self._one(query.order_by(Delivery.claimed_at.desc(), Delivery.id.desc()).limit(1))

    async def of(
        self, *, obligation_id: int | None = None, campaign_id: int | None = None, limit: int = 1000
    ) -> list[DeliveryRow]:
        """Deliveries of an obligation or a campaign, oldest first."""
        query = select(*_COLUMNS).order_by(Delivery.id).limit(limit)
        if obligation_id is not None:
            query = query.where(Delivery.obligation_id == obligation_id)
        if campaign_id is not None:
            query = query.where(Delivery.campaign_id == campaign_id)
        return [DeliveryRow(*r) for r in await self._connection.execute(query)]

    async def page_of(
        self, campaign_id: int, *, statuses: Sequence[str] = (), after: int = 0, limit: int = 500
    ) -> list[DeliveryRow]:
        """A page of a campaign's deliveries, oldest first; all of them or those that stand somewhere."""
        query = select(*_COLUMNS).where(Delivery.campaign_id == campaign_id, Delivery.id > after)
        if statuses:
            query = query.where(Delivery.status.in_(statuses))
        return [DeliveryRow(*r) for r in await self._connection.execute(query.order_by(Delivery.id).limit(limit))]

    async def of_day(self, begin: datetime, end: datetime) -> AsyncIterator[DeliveryRow]:
        """Deliveries that a day is about: still planned with a time before its end, or settled within it."""
        query = select(*_COLUMNS).where(
            or_(
                and_(Delivery.status == "planned", Delivery.not_before < end),
                Delivery.claimed_at.between(begin, end),
                Delivery.settled_at.between(begin, end),
            )
        )
        async with self._connection.stream(query.order_by(Delivery.id)) as rows:
            async for row in rows:
                yield DeliveryRow(*row)

    async def expired(self, kinds: Sequence[str], before: datetime) -> list[DeliveryRow]:
        """Deliveries of these kinds that are still planned though their time was over by then."""
        query = select(*_COLUMNS).where(
            Delivery.status == "planned", Delivery.kind.in_(kinds), Delivery.expires_at <= before
        )
        return [DeliveryRow(*r) for r in await self._connection.execute(query.order_by(Delivery.id))]

    async def keyed(self, keys: Sequence[str]) -> dict[str, DeliveryRow]:
        """The deliveries with these keys."""
        return {r[1]: DeliveryRow(*r) async for r in self._by(select(*_COLUMNS), Delivery.key, keys)}

    async def drawn(self, since: datetime, until: datetime) -> list[DeliveryRow]:
        """Steps of the plan written in that time for people who were drawn into an arm, oldest first."""
        query = select(*_COLUMNS).where(
            Delivery.kind == "reminder", Delivery.arm.is_not(None), Delivery.created_at.between(since, until)
        )
        return [DeliveryRow(*r) for r in await self._connection.execute(query.order_by(Delivery.id))]

    async def with_status(self, status: str, limit: int = 200) -> list[DeliveryRow]:
        """Deliveries that stand there, newest first: `unknown` for staff, for example."""
        query = select(*_COLUMNS).where(Delivery.status == status).order_by(Delivery.id.desc()).limit(limit)
        return [DeliveryRow(*r) for r in await self._connection.execute(query)]

    async def _one(self, query: Select[Any]) -> DeliveryRow | None:
        found = (await self._connection.execute(query)).first()
        return DeliveryRow(*found) if found else None

    # -- sending -------------------------------------------------------------------------------

    async def feed(
        self,
        now: datetime,
        channels: Sequence[str],
        limit: int,
        *,
        without: Sequence[int] = (),
        only: int | None = None,
    ) -> list[QueuedRow]:
        """Deliveries whose time has come, most urgent first; without some campaigns, or of one only.

        Urgent is what would be stale first, and then what is due first: where the cap lets one message
        through, the last day of one debt goes before the first notice of another.
        """
        allowed = Campaign.status == "running"
        if without:
            allowed = and_(allowed, Campaign.number.not_in(without))
        wanted = (
            or_(Delivery.campaign_id.is_(None), allowed) if only is None else and_(allowed, Campaign.number == only)
        )
        query = (
            select(Delivery.id, Conversation.lane, Conversation.channel, Delivery.campaign_id)
            .join(Conversation, Conversation.id == Delivery.conversation_id)
            .outerjoin(Campaign, Campaign.number == Delivery.campaign_id)
            .outerjoin(Instalment, Instalment.id == Delivery.instalment_id)
            .where(
                Delivery.status == "planned",
                Delivery.not_before <= now,
                Conversation.channel.in_(channels),
                wanted,
            )
            .order_by(
                Delivery.campaign_id.is_not(None),
                Delivery.expires_at,
                Instalment.expected_on.nulls_last(),
                Delivery.id,
            )
            .limit(limit)
        )
        return [QueuedRow(*r) for r in await self._connection.execute(query)]

    async def next_at(self) -> datetime | None:
        """When the next planned delivery's time comes."""
        query = select(func.min(Delivery.not_before)).where(Delivery.status == "planned")
        found: datetime | None = (await self._connection.execute(query)).scalar_one()
        return found

    async def claim(self, delivery_id: int, owner: str, now: datetime, message_id: int) -> bool:
        """Mark it as leaving now; False when somebody else has it or it has been settled."""
        result = await self._connection.execute(
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.status == "planned")
            .values(status="sending", owner=owner, claimed_at=now, message_id=message_id)
        )
        return bool(result.rowcount)

    async def settle(
        self, delivery_id: int, owner: str, status: str, now: datetime, *, before: str = "sending", **values: Any
    ) -> bool:
        """What became of one that this process claimed; False when it does not stand where it stood `before`."""
        result = await self._connection.execute(
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.owner == owner, Delivery.status == before)
            .values(status=status, settled_at=None if status == "planned" else now, **values)
        )
        return bool(result.rowcount)

    async def drop(self, delivery_id: int, status: str, why: str, now: datetime) -> None:
        """A planned one that will not be sent."""
        await self._connection.execute(
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.status == "planned")
            .values(status=status, why=why[:48], settled_at=now)
        )

    async def hold(self, delivery_id: int, why: str, until: datetime) -> None:
        """A planned one that waits."""
        await self._connection.execute(
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.status == "planned")
            .values(why=why[:48], not_before=until)
        )

    async def outcomes(self, since: datetime) -> dict[str, int]:
        """What became of deliveries since, and how many are still planned."""
        query = (
            select(Delivery.status, func.count())
            .where(or_(Delivery.settled_at >= since, Delivery.status == "planned"))
            .group_by(Delivery.status)
        )
        return {r[0]: int(r[1]) for r in await self._connection.execute(query)}

    async def adrift(self, owner: str, now: datetime, inside: Sequence[int] | None = None) -> list[DeliveryRow]:
        """Mark as `unknown` what another process was sending when it ended, and tell which.

        With `inside`, instead what this process itself began to send and does not know of any more.
        """
        lost = Delivery.owner != owner if inside is None else and_(Delivery.owner == owner, Delivery.id.not_in(inside))
        query = (
            update(Delivery)
            .where(Delivery.status == "sending", lost)
            .values(status="unknown", why="crash", settled_at=now)
            .returning(*_COLUMNS)
            .execution_options(synchronize_session=False)
        )
        return [DeliveryRow(*r) for r in await self._connection.execute(query)]

    async def last_claim(self, campaign_id: int) -> datetime | None:
        """When the newest message of a campaign left."""
        query = select(func.max(Delivery.claimed_at)).where(Delivery.campaign_id == campaign_id)
        found: datetime | None = (await self._connection.execute(query)).scalar_one()
        return found

    async def resolve(self, delivery_id: int, status: str, why: str, now: datetime, until: datetime | None) -> bool:
        """A person knows what became of an `unknown` one; False when it is not unknown (any more)."""
        values: dict[str, Any] = {"status": status, "why": why[:48], "settled_at": now}
        if until is not None:  # to be sent again
            values |= {"settled_at": None, "not_before": now, "expires_at": until, "attempts": 0, "message_id": None}
        result = await self._connection.execute(
            update(Delivery).where(Delivery.id == delivery_id, Delivery.status == "unknown").values(**values)
        )
        return bool(result.rowcount)

    async def cancel(
        self,
        why: str,
        now: datetime,
        *,
        party_id: int | None = None,
        obligation_id: int | None = None,
        campaign_id: int | None = None,
    ) -> int:
        """Drop what is planned for a party, an obligation or a campaign."""
        given = (
            (Delivery.party_id, party_id),
            (Delivery.obligation_id, obligation_id),
            (Delivery.campaign_id, campaign_id),
        )
        wanted = [column == value for column, value in given if value is not None]
        if not wanted:
            raise ValueError("cancel what? give a party, an obligation or a campaign")
        result = await self._connection.execute(
            update(Delivery)
            .where(Delivery.status == "planned", *wanted)
            .values(status="skipped", why=why[:48], settled_at=now)
        )
        return result.rowcount

    async def cancel_kind(self, conversation_id: int, kind: str, why: str, now: datetime) -> int:
        """Drop what is planned of one kind for a chat; how many."""
        result = await self._connection.execute(
            update(Delivery)
            .where(Delivery.status == "planned", Delivery.kind == kind, Delivery.conversation_id == conversation_id)
            .values(status="skipped", why=why[:48], settled_at=now)
        )
        return result.rowcount

    async def revive(self, keys: Sequence[str], why: str) -> int:
        """Plan again what was dropped for that reason and is wanted after all; how many."""
        result = await self._connection.execute(
            update(Delivery)
            .where(Delivery.key.in_(keys), Delivery.status == "skipped", Delivery.why == why)
            .values(status="planned", why=None, settled_at=None)
        )
        return result.rowcount

    async def waiting(self, conversation_id: int, kind: str) -> int:
        """How many of one kind are planned for a chat."""
        query = select(func.count()).where(
            Delivery.status == "planned", Delivery.kind == kind, Delivery.conversation_id == conversation_id
        )
        return int((await self._connection.execute(query)).scalar_one())

    async def counts(self, conversations: Sequence[int], day: datetime, week: datetime) -> dict[int, tuple[int, int]]:
        """For each chat, how many messages that nobody asked for it got since these moments."""
        query = (
            select(
                Delivery.conversation_id,
                func.count(case((Delivery.claimed_at >= day, 1))),
                func.count(case((Delivery.claimed_at >= week, 1))),
            )
            .where(Delivery.claimed_at >= min(day, week), Delivery.status.in_(_COUNTED))
            .group_by(Delivery.conversation_id)
        )
        return {r[0]: (int(r[1]), int(r[2])) async for r in self._by(query, Delivery.conversation_id, conversations)}

    async def reported(self, obligations: Sequence[int]) -> dict[int, tuple[int, int]]:
        """For each obligation what is said to be performed and not yet verified: how many reports, how much (分)."""
        query = (
            select(Payment.obligation_id, func.count(), func.coalesce(func.sum(Payment.amount), 0))
            .where(Payment.status == "reported")
            .group_by(Payment.obligation_id)
        )
        return {r[0]: (int(r[1]), int(r[2])) async for r in self._by(query, Payment.obligation_id, obligations)}

    async def standing_promises(self, promises: Sequence[int]) -> set[int]:
        """Which of these promises still stand."""
        query = select(PromiseTable.id).where(PromiseTable.withdrawn.is_(False))
        return {r[0] async for r in self._by(query, PromiseTable.id, promises)}

    async def unreachable(self, conversations: Sequence[int]) -> dict[int, str | None]:
        """For each chat that exists why nothing arrives there; None: things do."""
        query = select(Conversation.id, Conversation.unreachable)
        return {r[0]: r[1] async for r in self._by(query, Conversation.id, conversations)}

    async def subscribed(self, conversations: Sequence[int]) -> set[int]:
        """Which of these chats want education."""
        query = select(Subscription.conversation_id)
        return {r[0] async for r in self._by(query, Subscription.conversation_id, conversations)}

    async def _by(self, query: Any, column: Any, wanted: Sequence[int] | Sequence[str]) -> AsyncIterator[Any]:
        """Rows of a query for these values, in portions that every database takes."""
        for start in range(0, len(wanted), 5000):
            for row in await self._connection.execute(query.where(column.in_(wanted[start : start + 5000]))):
                yield row

    async def agents(self, cases: Sequence[int]) -> list[tuple[int, int, int]]:
        """Who acts for whom in these cases: (case, the agent's party, the party acted for)."""
        query = (
            select(CaseParty.case_id, CaseParty.party_id, CaseParty.acts_for)
            .where(CaseParty.role == "agent")
            .order_by(CaseParty.case_id, CaseParty.party_id)
        )
        return [(r[0], r[1], r[2]) async for r in self._by(query, CaseParty.case_id, cases)]

    async def parts(self, obligation_id: int) -> int:
        """How many instalments an obligation has."""
        query = select(func.count()).where(Instalment.obligation_id == obligation_id, Instalment.dropped.is_(False))
        return int((await self._connection.execute(query)).scalar_one())

    # -- holds ---------------------------------------------------------------------------------

    async def hold_until(self, name: str, until: datetime, why: str) -> None:
        """Let nothing of that name leave before; kept over a restart. A longer one stays: who asked for it meant it."""
        statement = self._upsert(SendHold).values(name=name, until=until, why=why[:80])
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["name"], set_={"until": until, "why": why[:80]}, where=SendHold.until < until
            )
        )

    async def held_until(self, name: str) -> datetime | None:
        """The moment before which nothing of that name leaves."""
        query = select(SendHold.until).where(SendHold.name == name)
        return (await self._connection.execute(query)).scalar_one_or_none()

    # -- campaigns -----------------------------------------------------------------------------

    async def add_campaign(self, values: Mapping[str, Any]) -> int:
        """Write a campaign; its number."""
        told = {**values, "audience": _json(values["audience"]), "texts": _json(values["texts"])}
        query = insert(Campaign).values(told).returning(Campaign.number)
        return int((await self._connection.execute(query)).scalar_one())

    async def campaign(self, number: int, *, lock: bool = False) -> CampaignRow | None:
        """One campaign; `lock` keeps others from changing it until the transaction ends."""
        query = select(Campaign.__table__).where(Campaign.number == number)
        found = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _campaign(found) if found else None

    async def campaigns(self, statuses: Sequence[str] = ()) -> list[CampaignRow]:
        """Campaigns, newest first."""
        query = select(Campaign.__table__).order_by(Campaign.number.desc())
        if statuses:
            query = query.where(Campaign.status.in_(statuses))
        return [_campaign(r) for r in await self._connection.execute(query)]

    async def change_campaign(self, number: int, **values: Any) -> None:
        """Change columns of a campaign."""
        await self._connection.execute(update(Campaign).where(Campaign.number == number).values(**values))

    async def progress(self, number: int) -> dict[tuple[str, str], int]:
        """How many deliveries of a campaign stand where, and why."""
        query = (
            select(Delivery.status, Delivery.why, func.count())
            .where(Delivery.campaign_id == number)
            .group_by(Delivery.status, Delivery.why)
        )
        return {(r[0], r[1] or ""): int(r[2]) for r in await self._connection.execute(query)}

    async def not_got(self, number: int, after: int, limit: int) -> list[DeliveryRow]:
        """A page of a campaign's deliveries that certainly did not arrive though they should have.

        Failed, too late, or suppressed because nobody could be reached then. Not: opted out, somebody
        else, held out, cancelled, no longer meant; and `unknown` only by a person's word.
        """
        late = and_(Delivery.status == "skipped", Delivery.why.in_(("stale", "cap", "hours")))
        query = select(*_COLUMNS).where(
            Delivery.campaign_id == number,
            Delivery.id > after,
            or_(Delivery.status.in_(("failed", "suppressed")), late),
        )
        return [DeliveryRow(*r) for r in await self._connection.execute(query.order_by(Delivery.id).limit(limit))]

    async def again(self, wanted: Sequence[tuple[int, int]], now: datetime, until: datetime) -> int:
        """Plan deliveries again, each with the chat (id, conversation) where they are to go now."""
        if wanted:
            table = table_of(Delivery)
            statement = (
                update(table)
                .where(table.c.id == bindparam("row_id"))
                .values(
                    status="planned",
                    why="retry",
                    attempts=0,
                    not_before=now,
                    expires_at=until,
                    settled_at=None,
                    claimed_at=None,
                    message_id=None,
                    conversation_id=bindparam("chat"),
                )
            )
            await self._connection.execute(statement, [{"row_id": r, "chat": c} for r, c in wanted])
        return len(wanted)

    async def got(
        self,
        after: int,
        limit: int,
        *,
        campaign_id: int | None = None,
        arm: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        step: str | None = None,
        courts: Sequence[str] = (),
    ) -> list[DeliveryRow]:
        """A page, by id, of deliveries that arrived or may have: of a campaign, or of the plan in a span of time."""
        query = select(*_COLUMNS).where(Delivery.id > after, Delivery.status.in_(_COUNTED))
        if campaign_id is not None:
            query = query.where(Delivery.campaign_id == campaign_id)
        else:
            query = query.where(Delivery.campaign_id.is_(None))
        if arm is not None:
            query = query.where(Delivery.arm == arm)
        if since is not None:
            query = query.where(Delivery.claimed_at >= since)
        if until is not None:
            query = query.where(Delivery.claimed_at < until)
        if step is not None:
            query = query.where(Delivery.step == step)
        if courts:
            query = query.where(Delivery.court.in_(courts))
        return [DeliveryRow(*r) for r in await self._connection.execute(query.order_by(Delivery.id).limit(limit))]

    async def audience(
        self,
        wanted: Mapping[str, Any],
        today: date,
        *,
        after: int = 0,
        limit: int = 1000,
        among: Sequence[int] | None = None,
    ) -> list[RecipientRow]:
        """A page of people for whom the conditions hold, each once, by party; scope is in the query.

        Someone in several cases is there on account of one of them. `among` asks about some parties only.
        """
        meant = (
            select(ObligationParty.party_id, func.min(Obligation.id).label("first"))
            .join(Obligation, Obligation.id == ObligationParty.obligation_id)
            .join(Case, Case.id == Obligation.case_id)
            .where(ObligationParty.party_id > after, *_conditions(wanted, today))
            .group_by(ObligationParty.party_id)
            .order_by(ObligationParty.party_id)
            .limit(limit)
        )
        if among is not None:
            meant = meant.where(ObligationParty.party_id.in_(among))
        found = meant.subquery()
        query = (
            select(found.c.party_id, Case.court, Case.id, Obligation.id)
            .join(Obligation, Obligation.id == found.c.first)
            .join(Case, Case.id == Obligation.case_id)
            .order_by(found.c.party_id)
        )
        return [RecipientRow(r[0], r[1], r[2], r[3]) for r in await self._connection.execute(query)]

    async def left_of(self, obligations: Sequence[int]) -> dict[int, int]:
        """What is still owed of each of these obligations, in 分."""
        query = (
            select(Instalment.obligation_id, func.sum(Instalment.amount - Instalment.settled))
            .where(Instalment.dropped.is_(False))
            .group_by(Instalment.obligation_id)
        )
        return {r[0]: int(r[1]) async for r in self._by(query, Instalment.obligation_id, obligations)}

    async def performed(self, obligation_ids: Sequence[int]) -> dict[int, tuple[date | None, list[tuple[date, int]]]]:
        """For each obligation the day it was performed and its verified payments (day, 分)."""
        found: dict[int, tuple[date | None, list[tuple[date, int]]]] = {}
        for start in range(0, len(obligation_ids), 5000):
            chunk = obligation_ids[start : start + 5000]
            done = select(Obligation.id, Obligation.performed_on).where(Obligation.id.in_(chunk))
            found |= {r[0]: (r[1], []) for r in await self._connection.execute(done)}
            paid = select(Payment.obligation_id, Payment.paid_on, Payment.amount).where(
                Payment.obligation_id.in_(chunk), Payment.status == "verified"
            )
            for r in await self._connection.execute(paid):
                found[r[0]][1].append((r[1], r[2]))
        return found

    async def moved(self, conversation_id: int, chat: int) -> None:
        """A group has become another one: its rows go there from now on."""
        found = await self._one_conversation(conversation_id)
        if found is None:
            return
        lane = self._vault.pseudonym(found.channel, chat)
        taken = select(Conversation.id).where(Conversation.lane == lane)
        address = {**self._open_json(found.address), "chat": chat}
        values: dict[str, Any] = {"address": self._seal_json(address)}
        if (await self._connection.execute(taken)).first() is None:
            values["lane"] = lane
        await self._connection.execute(update(Conversation).where(Conversation.id == conversation_id).values(**values))

    async def _one_conversation(self, conversation_id: int) -> Any:
        query = select(Conversation.channel, Conversation.address).where(Conversation.id == conversation_id)
        return (await self._connection.execute(query)).first()

    # -- the log -------------------------------------------------------------------------------

    async def arrived(self, message_id: int, external_id: int | None) -> None:
        """Note the channel's number of a logged message."""
        await self._connection.execute(update(Message).where(Message.id == message_id).values(external_id=external_id))

    async def unsay(self, message_id: int) -> None:
        """Take a message out of the log that certainly did not leave."""
        await self._connection.execute(delete(Message).where(Message.id == message_id))

    async def holder(self, lease: str, now: datetime) -> str | None:
        """Which process holds a lease."""
        query = select(Lease.holder).where(Lease.name == lease, Lease.until >= now)
        return (await self._connection.execute(query)).scalar_one_or_none()


class TaskRows(Rows):
    """Work for people."""

    async def add(self, task: NewTask, now: datetime) -> int | None:
        """Write a task; None when the same one (by key) is open already."""
        values = asdict(task)
        note = values.pop("note")
        values |= {"note": self._vault.seal(note) if note else None, "status": "open", "created_at": now}
        query = self._upsert(Task).values(values).on_conflict_do_nothing(index_elements=["key"]).returning(Task.number)
        found = (await self._connection.execute(query)).scalar_one_or_none()
        return None if found is None else int(found)

    async def add_many(self, tasks: Sequence[NewTask], now: datetime) -> None:
        """Write tasks with keys, those that are open already left out; no notes."""
        if tasks:
            statement = self._upsert(Task).on_conflict_do_nothing(index_elements=["key"])
            values = [{**asdict(t), "note": None, "status": "open", "created_at": now} for t in tasks]
            await self._connection.execute(statement, values)

    async def get(self, number: int) -> TaskRow | None:
        """One task."""
        found = (await self._connection.execute(_task_query().where(Task.number == number))).first()
        return self._row(found) if found else None

    async def open(self, kind: str | None = None, *, responsible: str | None = None, limit: int = 200) -> list[TaskRow]:
        """Tasks that wait, oldest first."""
        query = _task_query().where(Task.status == "open").order_by(Task.number).limit(limit)
        if kind is not None:
            query = query.where(Task.kind == kind)
        if responsible is not None:
            query = query.where(Task.responsible == responsible)
        return [self._row(r) for r in await self._connection.execute(query)]

    async def about(self, number: int, subject_id: int) -> None:
        """A task is about something else now: the counter-proposal instead of the proposal."""
        await self._connection.execute(update(Task).where(Task.number == number).values(subject_id=subject_id))

    async def note(self, number: int, words: str) -> None:
        """Add words to a task's note."""
        found = await self.get(number)
        if found is not None and words:
            both = "\n".join(p for p in (found.note, words) if p)[-4000:]
            await self._connection.execute(
                update(Task).where(Task.number == number).values(note=self._vault.seal(both))
            )

    async def close(self, number: int, by: str, outcome: str, now: datetime) -> bool:
        """Note what came of a task; False when it was closed before."""
        result = await self._connection.execute(
            update(Task)
            .where(Task.number == number, Task.status == "open")
            .values(status="done", key=None, closed_at=now, closed_by=by[:80], outcome=self._vault.seal(outcome))
        )
        return bool(result.rowcount)

    async def close_key(self, key: str, by: str, outcome: str, now: datetime) -> bool:
        """The same for the open task of that key; False when there is none."""
        found = (await self._connection.execute(select(Task.number).where(Task.key == key))).scalar_one_or_none()
        return found is not None and await self.close(found, by, outcome, now)

    async def known_about(self, kind: str, subject_ids: Sequence[int]) -> set[int]:
        """Which of these subjects have, or had, a task of that kind."""
        query = select(Task.subject_id).where(Task.kind == kind, Task.subject_id.in_(subject_ids))
        return {int(s) for s in (await self._connection.execute(query)).scalars() if s is not None}

    async def open_about(self, obligation_id: int, kinds: Sequence[str]) -> list[int]:
        """Numbers of the open tasks of these kinds that are about an obligation."""
        query = select(Task.number).where(
            Task.obligation_id == obligation_id, Task.status == "open", Task.kind.in_(kinds)
        )
        return list((await self._connection.execute(query.order_by(Task.number))).scalars())

    async def close_keyed(self, key: str, by: str, outcome: str, now: datetime) -> bool:
        """Note what came of the task that stands under a key; False when none does."""
        query = select(Task.number).where(Task.key == key, Task.status == "open")
        number = (await self._connection.execute(query)).scalar_one_or_none()
        return number is not None and await self.close(number, by, outcome, now)

    def _row(self, r: Any) -> TaskRow:
        values = dict(r._mapping)
        for name in ("note", "outcome"):
            values[name] = self._vault.open(values[name]) if values[name] else None
        return TaskRow(**values)


def _task_query() -> Select[Any]:
    return select(*(getattr(Task, f.name) for f in fields(TaskRow)))


_ROLES = ("creditor", "debtor", "agent", "third")  # as in the ledger
_FLAGS = ("wage", "livelihood", "special", "open", "disputed", "overdue")


def roles_of(audience: Mapping[str, object]) -> list[object]:
    """Whom an audience means by what they are in the case: debtors, unless it says otherwise."""
    return words_of(audience.get("role", "debtor"))


def words_of(value: Any) -> list[Any]:
    """The words of a condition, which may be a single one."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _conditions(wanted: Mapping[str, Any], today: date) -> list[Any]:
    """SQL for an audience's conditions; ValueError for one that nobody knows, TypeError for one of another kind.

    A word may be a list of words: any of them. Debtors who have performed or object are left out unless
    the conditions ask for them.
    """
    columns: dict[str, Any] = {
        "court": Case.court,
        "title": Case.title,
        "stage": Case.stage,
        "series": Case.series,
        "kind": Obligation.kind,
        "settlement": Obligation.settlement,
        "responsible": func.coalesce(Obligation.responsible, Case.responsible),
        "role": ObligationParty.role,
    }
    if "debtor" in roles_of(wanted):
        wanted = {"open": True, "disputed": False, **wanted}
    found: list[Any] = [Obligation.ended_on.is_(None)]
    for key, value in ({"role": roles_of(wanted)} | dict(wanted)).items():
        if key in columns:
            found.append(columns[key].in_(_words(key, value)))
        elif key in _FLAGS:
            found.append(_flagged(key, value, today))
        elif key in ("due_from", "due_to"):
            found.append(_due(key, value))
        else:
            raise ValueError(f"unknown condition {key}")
    return found


def _words(key: str, value: Any) -> list[str]:
    words = words_of(value)
    if not words or not all(isinstance(w, str) for w in words):
        raise ValueError(f"{key}: a word or a list of words")
    if key == "role" and (odd := [w for w in words if w not in _ROLES]):
        raise ValueError(f"role: {odd[0]} is not one of {', '.join(_ROLES)}")
    return words


def _flagged(key: str, value: Any, today: date) -> Any:
    if not isinstance(value, bool):
        raise TypeError(f"{key}: true or false")
    holds = {
        "wage": Case.wage.is_(True),
        "livelihood": Case.livelihood.is_(True),
        "special": Case.special.is_not(None),
        "open": Obligation.performed_on.is_(None),
        "disputed": Obligation.disputed.is_(True),
        "overdue": _unmet().where(Instalment.expected_on < today).exists(),
    }[key]
    return holds if value else ~holds


def _due(key: str, value: Any) -> Any:
    """Whether the obligation has an unmet instalment due from or up to a day."""
    try:
        day = date.fromisoformat(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{key}: a day such as 2026-11-23") from error
    column = Instalment.expected_on
    return _unmet().where(column >= day if key == "due_from" else column <= day).exists()


def _unmet() -> Any:
    return select(Instalment.id).where(
        Instalment.obligation_id == Obligation.id, Instalment.done_on.is_(None), Instalment.dropped.is_(False)
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _campaign(row: Any) -> CampaignRow:
    values = dict(row._mapping)
    return CampaignRow(**{**values, "audience": json.loads(values["audience"]), "texts": json.loads(values["texts"])})
