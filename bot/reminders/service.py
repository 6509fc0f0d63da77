"""Planning: which step is due for whom on a day, written as deliveries; and the preview of a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from bot.core.clock import SHANGHAI, Clock, local_day
from bot.core.ids import Ids
from bot.reminders.facts import Known, case_facts, gather, judge
from bot.reminders.model import (
    HOLDOUT,
    DeliveryStatus,
    Drop,
    Go,
    Hold,
    Kind,
    Slot,
    Why,
    arm_of,
    due_dates,
    scheme_for,
    slots,
)
from bot.reminders.wording import PROMISE, Guide
from bot.store.ledger_rows import DueRow
from bot.store.reminder_rows import DeliveryRow, NewTask
from bot.store.rows import ContactRow
from bot.store.work import Store, Work

CHUNK = 500  # instalments planned in one transaction
SALT = "reminders"


@dataclass(slots=True)
class Planned:
    """What planning a day did."""

    day: date
    looked_at: int = 0  # instalments with a step on that day
    written: int = 0  # deliveries that were new
    tasks: int = 0  # tasks for people that were new
    nobody: Counter[str] = field(default_factory=Counter)  # why nothing was written


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One line of a day's preview: who would get what, or why not."""

    delivery: DeliveryRow
    row: DueRow
    outcome: str  # send, hold, drop, task
    why: str = ""
    until: datetime | None = None


class Reminders:
    """Writes the deliveries of a day; calling it again adds only what is new."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, guide: Callable[[], Guide]) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._guide = guide

    @property
    def guide(self) -> Guide:
        """The steps and words in force."""
        return self._guide()

    # -- planning ------------------------------------------------------------------------------

    async def plan(self, day: date | None = None) -> Planned:
        """Write the deliveries and tasks of a day (today); those written before are left alone."""
        now, guide = self._clock.now(), self.guide
        done = Planned(day or local_day(now))
        async for chunk in self._due(done.day, guide):
            await self._write(chunk, guide, now, done)
        await self._plan_promises(guide, now, done)
        return done

    async def preview(self, day: date) -> AsyncIterator[Foreseen]:
        """What that day would bring if nothing changed until it begins; nothing is written."""
        guide = self.guide
        moment = max(guide.opens(day), self._clock.now())
        async for chunk in self._due(day, guide):
            async with self._store.work(read_only=True) as work:
                for line in await self._foresee(work, chunk, guide, moment):
                    yield line

    async def _due(self, day: date, guide: Guide) -> AsyncIterator[list[tuple[DueRow, Slot]]]:
        """Instalments with a step on that day, in portions; memory does not grow with their number."""
        wanted = due_dates(guide.schemes, day, guide.calendar)
        chunk: list[tuple[DueRow, Slot]] = []
        async with self._store.work(read_only=True) as work:
            for first, last in _spans(sorted({due for by_due in wanted.values() for due in by_due})):
                async for row in work.ledger.stream_due(first, last):
                    chunk += _slots_of(row, wanted, guide)
                    if len(chunk) >= CHUNK:
                        yield chunk
                        chunk = []
        if chunk:
            yield chunk

    async def _write(self, chunk: Sequence[tuple[DueRow, Slot]], guide: Guide, now: datetime, done: Planned) -> None:
        rows = [(row, slot) for row, slot in chunk if not row.stopped]
        done.looked_at += len(chunk)
        done.nobody.update(row.stopped for row, _ in chunk if row.stopped)
        if not rows:
            return
        async with self._store.work() as work:
            done.tasks += await self._tasks(work, [(r, s) for r, s in rows if s.step.task], guide, now)
            messages = [(row, slot) for row, slot in rows if not slot.step.task]
            deliveries = await self._deliveries(work, messages, guide, now)
            known = await work.reminders.known([d.key for d in deliveries])
            done.written += await work.reminders.plan([d for d in deliveries if d.key not in known])
            await work.commit()

    async def _tasks(self, work: Work, rows: Sequence[tuple[DueRow, Slot]], guide: Guide, now: datetime) -> int:
        """The last step: a person takes over. Once per instalment and due version, also after it is closed."""
        known = await work.reminders.known([_key(row, slot.step.id) for row, slot in rows])
        markers, tasks = [], []
        for row, slot in rows:
            key = _key(row, slot.step.id)
            if key in known:
                continue
            marker = self._delivery(row, slot, None, guide, now)
            markers.append(replace(marker, status=DeliveryStatus.SKIPPED, why="task", settled_at=now))
            tasks.append(
                NewTask(
                    kind="overdue",
                    why=slot.step.id,
                    key=f"t:{key}",
                    case_id=row.case_id,
                    obligation_id=row.obligation_id,
                    instalment_id=row.instalment_id,
                    party_id=row.party_id,
                    delivery_id=marker.id,
                    responsible=row.responsible,
                )
            )
        await work.reminders.plan(markers)
        await work.tasks.add_many(tasks, now)
        return len(tasks)

    async def _deliveries(
        self, work: Work, rows: Sequence[tuple[DueRow, Slot]], guide: Guide, now: datetime
    ) -> list[DeliveryRow]:
        contacts = _by_party(await work.reach.contacts(sorted({row.party_id for row, _ in rows})))
        found = []
        for row, slot in rows:
            chats: Sequence[ContactRow | None] = receivers(contacts.get(row.party_id, ())) or [None]
            found += [self._delivery(row, slot, chat, guide, now, extra=i) for i, chat in enumerate(chats)]
        return found

    def _delivery(
        self, row: DueRow, slot: Slot, chat: ContactRow | None, guide: Guide, now: datetime, *, extra: int = 0
    ) -> DeliveryRow:
        arm = arm_of(guide.experiment, SALT, row.party_id)
        status, why = DeliveryStatus.PLANNED, None
        if chat is None:
            status, why = DeliveryStatus.SUPPRESSED, Why.NO_CHAT
        elif arm == HOLDOUT:
            status, why = DeliveryStatus.SKIPPED, Why.HOLDOUT
        return DeliveryRow(
            id=self._ids.new(now),
            key=_key(row, slot.step.id) + (f":{chat.conversation_id}" if chat and extra else ""),
            kind=Kind.REMINDER,
            status=status,
            why=why,
            not_before=max(guide.opens(slot.day), now),
            expires_at=datetime.combine(slot.last + timedelta(days=1), time(0), SHANGHAI),
            created_at=now,
            court=row.court,
            case_id=row.case_id,
            obligation_id=row.obligation_id,
            instalment_id=row.instalment_id,
            step=slot.step.id,
            due_version=row.due_version,
            party_id=row.party_id,
            conversation_id=chat.conversation_id if chat else None,
            arm=arm,
        )

    # -- promises ------------------------------------------------------------------------------

    async def _plan_promises(self, guide: Guide, now: datetime, done: Planned) -> None:
        """Ask again on the working day before a promised day."""
        async with self._store.work() as work:
            promises = await work.ledger.promises_on(done.day, done.day + timedelta(days=20))
            open_now = [p for p in promises if slots([PROMISE], p.promised_on, guide.calendar)[0].holds(done.day)]
            unmet = await _unmet(work, [p.obligation_id for p in open_now])
            deliveries = []
            for promise in open_now:
                rows = unmet.get(promise.obligation_id, [])
                row = next((r for r in rows if r.party_id == promise.party_id), rows[0] if rows else None)
                if row is None or row.stopped:
                    continue
                slot = slots([PROMISE], promise.promised_on, guide.calendar)[0]
                for planned in await self._deliveries(work, [(row, slot)], guide, now):
                    key = f"p:{promise.id}:{planned.conversation_id or 0}"
                    deliveries.append(
                        replace(planned, key=key, kind=Kind.PROMISE, promise_id=promise.id, due_version=None)
                    )
            done.looked_at += len(open_now)
            done.written += await work.reminders.plan(deliveries)
            await work.commit()

    # -- the preview ---------------------------------------------------------------------------

    async def _foresee(
        self, work: Work, chunk: Sequence[tuple[DueRow, Slot]], guide: Guide, moment: datetime
    ) -> list[Foreseen]:
        contacts = _by_party(await work.reach.contacts(sorted({row.party_id for row, _ in chunk})))
        pairs = []
        for row, slot in chunk:
            chats: Sequence[ContactRow | None] = receivers(contacts.get(row.party_id, ())) or [None]
            pairs += [(self._delivery(row, slot, chat, guide, moment), row, slot) for chat in chats]
        known = await gather(work, [d for d, *_ in pairs], moment)
        return [_foreseen(d, row, slot, known, guide, moment) for d, row, slot in pairs]


def _foreseen(d: DeliveryRow, row: DueRow, slot: Slot, known: Known, guide: Guide, moment: datetime) -> Foreseen:
    if row.stopped:
        return Foreseen(d, row, "drop", row.stopped)
    if slot.step.task:
        return Foreseen(d, row, "task", slot.step.id)
    if d.status != DeliveryStatus.PLANNED:
        return Foreseen(d, row, "drop", d.why or "")
    match judge(d, known, guide, moment):
        case Go():
            return Foreseen(d, row, "send")
        case Hold(why, until):
            return Foreseen(d, row, "hold", why, until)
        case Drop(why):
            return Foreseen(d, row, "drop", why)


def receivers(chats: Sequence[ContactRow]) -> list[ContactRow]:
    """The chats of a party that get a message: every proven one, else the newest that opened the link.

    One whose owner has said that they are somebody else never; one that has opted out stands in the
    plan with that reason, as long as there is no other.
    """
    right = [c for c in chats if not c.wrong_person]
    proven = [c for c in right if c.proven]
    willing = [c for c in proven or right if not c.stopped]
    if proven:
        return willing or proven[-1:]
    return (willing or right)[-1:]


def _by_party(contacts: Sequence[ContactRow]) -> Mapping[int, list[ContactRow]]:
    found: dict[int, list[ContactRow]] = {}
    for contact in contacts:
        found.setdefault(contact.party_id, []).append(contact)
    return found


def _slots_of(
    row: DueRow, wanted: Mapping[str, Mapping[date, Sequence[Slot]]], guide: Guide
) -> list[tuple[DueRow, Slot]]:
    scheme = scheme_for(guide.schemes, case_facts(row))
    by_due = wanted.get(scheme.name, {}) if scheme else {}
    return [(row, slot) for slot in by_due.get(row.expected_on, ())]


def _spans(days: Sequence[date]) -> list[tuple[date, date]]:
    """Days as spans of neighbours, so that a handful of queries finds them all."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and day - spans[-1][1] <= timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def _key(row: DueRow, step: str) -> str:
    return f"r:{row.obligation_id}:{row.instalment_id}:{step}:{row.due_version}:{row.party_id}"


async def _unmet(work: Work, obligations: Sequence[int]) -> dict[int, list[DueRow]]:
    """The oldest instalment of each obligation that is not met, once per debtor."""
    found: dict[int, list[DueRow]] = {}
    instalments = await work.ledger.instalments(obligations) if obligations else {}
    ids = [i.id for rows in instalments.values() for i in rows if i.done_on is None and not i.dropped]
    for row in await work.ledger.due(ids) if ids else []:
        rows = found.setdefault(row.obligation_id, [])
        if not rows or rows[0].instalment_id == row.instalment_id:
            rows.append(row)
    return found
