"""Planning: which step is due for whom on a day, written as deliveries; and the preview of a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from bot.core.clock import SHANGHAI, Clock, local_day
from bot.core.ids import Ids
from bot.reminders.facts import Foresight, Known, case_facts, gather
from bot.reminders.letters import Form, form_of, letter
from bot.reminders.model import (
    HOLDOUT,
    ArmResult,
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
from bot.reminders.results import by_plan
from bot.reminders.wording import PROMISE, Guide, PlanView
from bot.store.ledger_rows import DueRow
from bot.store.reminder_rows import DeliveryRow, NewTask
from bot.store.rows import ContactRow
from bot.store.work import Store, Work

CHUNK = 500  # instalments planned in one transaction
SALT = "reminders"
PLANNED = "planned"  # the mark of the last planning
LONGEST_GAP = 30  # days looked back at after a standstill


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
    """One line of a day: who gets what, or why not.

    `outcome` is task, send, hold, drop, or the status of what has been settled already. `form` says how
    much would be said; `row` is missing for broadcasts.
    """

    delivery: DeliveryRow
    row: DueRow | None
    name: str
    outcome: str
    why: str = ""
    until: datetime | None = None
    form: Form | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """Something that a day would bring, before it is judged."""

    delivery: DeliveryRow
    slot: Slot | None = None
    row: DueRow | None = None
    none: str = ""  # the plan that has no step on that day


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

    def plans(self) -> list[PlanView]:
        """The plans in force, each with its conditions, steps, words and the line where it is written."""
        return self.guide.plans()

    async def preview(
        self, day: date, *, texts: bool = False, broadcasts: AsyncIterator[Sequence[DeliveryRow]] | None = None
    ) -> AsyncIterator[Foreseen]:
        """What that day brings: what is settled as it is, the rest as if nothing changed until it begins.

        Nothing is written. Steps of the plan, promises, broadcasts and what waits from earlier days, with
        the caps counted among them; also who gets nothing, and why. What will have left on a day before it
        is none of it. `texts` adds the words; `broadcasts` are those that begin by then and are not written yet
        (`Campaigns.coming`).
        """
        foresight = _Day(self, day, texts=texts, broadcasts=broadcasts)
        async for line in foresight.lines():
            yield line

    async def results(self, since: datetime, until: datetime) -> list[ArmResult]:
        """What came of each arm of the experiment in `faq/reminders.yaml` (hold-out included).

        Everybody counts who was drawn in that time, once per instalment, from the day of the first step.
        """
        async with self._store.work(read_only=True) as work:
            rows = await work.reminders.drawn(since, until)
            obligations = sorted({r.obligation_id for r in rows if r.obligation_id})
            instalments = await work.ledger.instalments(obligations)
            paid = await work.reminders.performed(obligations)
        done = {i.id: i.done_on for found in instalments.values() for i in found}
        return by_plan(rows, done, {key: payments for key, (_, payments) in paid.items()})

    async def catch_up(self) -> int:
        """Once a day, and after a standstill of days: one task that says how many steps nobody will get any more.

        Yesterday's "tomorrow" is not sent; that it was not is work for a person. `remind plan --date` of
        the days in question names them.
        """
        now, guide = self._clock.now(), self.guide
        today = local_day(now)
        async with self._store.work() as work:
            before = await work.reminders.held_until(PLANNED)
            await work.reminders.hold_until(PLANNED, now, "planned")
            await work.commit()
        if before is None or local_day(before) >= today:
            return 0
        missed = await self._expired(today, guide)
        first = max(local_day(before) + timedelta(days=1), today - timedelta(days=LONGEST_GAP))
        for number in range((today - first).days):
            day = first + timedelta(days=number)
            async for chunk in self._due(day, guide):
                keys = {_key(r, s.step.id): s for r, s in chunk if not r.stopped and not s.step.task}
                gone = [key for key, slot in keys.items() if slot.last < today]
                async with self._store.work(read_only=True) as work:
                    missed |= {key: keys[key].day for key in set(gone) - await work.reminders.known(gone)}
        if missed:
            await self._say_missed(len(missed), min(missed.values()), today - timedelta(days=1), now)
        return len(missed)

    async def _expired(self, today: date, guide: Guide) -> dict[str, date]:
        """Steps that were written and could have left, and did not in time: no line, no process, no leave to send."""
        begin = datetime.combine(today, time(0), SHANGHAI)
        async with self._store.work(read_only=True) as work:
            rows = await work.reminders.expired((Kind.REMINDER, Kind.PROMISE), begin)
        return {
            d.key: local_day(d.expires_at - timedelta(seconds=1))
            for d in rows
            # Whoever could be written to only late in the evening has lost nothing by a standstill.
            if guide.window.next_open(d.created_at, guide.calendar) < d.expires_at
        }

    async def _say_missed(self, count: int, first: date, last: date, now: datetime) -> None:
        async with self._store.work() as work:
            task = NewTask(kind="gap", why=f"{count} {first} {last}", key=f"gap:{first}")
            await work.tasks.add(task, now)
            await work.commit()

    def now(self) -> datetime:
        """The present moment."""
        return self._clock.now()

    def reading(self) -> Work:
        """A transaction that only reads."""
        return self._store.work(read_only=True)

    async def _due(self, day: date, guide: Guide) -> AsyncIterator[list[tuple[DueRow, Slot]]]:
        """Instalments with a step on that day, in portions; memory does not grow with their number."""
        wanted = due_dates(guide.schemes, day, guide.calendar)
        chunk: list[tuple[DueRow, Slot]] = []
        async for row in self._stream(wanted):
            chunk += slots_of(row, wanted, guide)
            if len(chunk) >= CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    async def due_with_general(self, day: date, guide: Guide) -> AsyncIterator[list[tuple[DueRow, Slot, str]]]:
        """The same, and those who get nothing because the plan of their case has no step that others have.

        The third value names that plan; empty for those whose plan has the step.
        """
        wanted = due_dates(guide.schemes, day, guide.calendar)
        general = wanted.get(guide.schemes[-1].name, {})
        chunk: list[tuple[DueRow, Slot, str]] = []
        async for row in self._stream(wanted):
            own = slots_of(row, wanted, guide)
            chunk += [(r, slot, "") for r, slot in own]
            scheme = scheme_for(guide.schemes, case_facts(row))
            if not own and scheme and not row.stopped:
                chunk += [(row, slot, scheme.name) for slot in general.get(row.expected_on, ())]
            if len(chunk) >= CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    async def _stream(self, wanted: Mapping[str, Mapping[date, Sequence[Slot]]]) -> AsyncIterator[DueRow]:
        async with self._store.work(read_only=True) as work:
            for first, last in _spans(sorted({due for by_due in wanted.values() for due in by_due})):
                async for row in work.ledger.stream_due(first, last):
                    yield row

    async def _write(self, chunk: Sequence[tuple[DueRow, Slot]], guide: Guide, now: datetime, done: Planned) -> None:
        rows = [(row, slot) for row, slot in chunk if not row.stopped]
        done.looked_at += len(chunk)
        done.nobody.update(row.stopped for row, _ in chunk if row.stopped)
        if not rows:
            return
        async with self._store.work() as work:
            done.tasks += await self._tasks(work, [(r, s) for r, s in rows if s.step.task], guide, now)
            messages = [(row, slot) for row, slot in rows if not slot.step.task]
            deliveries = [d for d, *_ in await self.deliveries(work, messages, guide, now)]
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
            marker = self._delivery(row, slot, None, key, guide, now)
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

    async def deliveries(
        self, work: Work, rows: Sequence[tuple[DueRow, Slot]], guide: Guide, now: datetime, *, agents: bool = True
    ) -> list[tuple[DeliveryRow, DueRow, Slot]]:
        """The deliveries of steps: to every chat of the debtor, and of those who act for them in the case."""
        acting = await _acting(work, rows) if agents else {}
        parties = {row.party_id for row, _ in rows} | {a for found in acting.values() for a in found}
        contacts = _by_party(await work.reach.contacts(sorted(parties)))
        wanted: list[tuple[DueRow, DueRow, Slot, Sequence[ContactRow | None]]] = []
        for row, slot in rows:
            wanted.append((row, row, slot, receivers(contacts.get(row.party_id, ())) or [None]))
            for agent in acting.get((row.case_id, row.party_id), ()):
                # Nobody has to act for somebody here: an agent without a proven chat is no gap in reach.
                theirs = [c for c in receivers(contacts.get(agent, ())) if c.proven]
                wanted.append((row, replace(row, party_id=agent), slot, theirs))
        several = [_key(named, slot.step.id) for _, named, slot, chats in wanted if len(chats) > 1]
        first = await work.reminders.chats(several)
        found = []
        for row, named, slot, chats in wanted:
            key = _key(named, slot.step.id)
            keys = keys_of(key, [c.conversation_id if c else None for c in chats], first.get(key))
            made = [self._delivery(named, slot, c, k, guide, now) for c, k in zip(chats, keys, strict=True)]
            found += [(d, row, slot) for d in made]
        return found

    def _delivery(
        self, row: DueRow, slot: Slot, chat: ContactRow | None, key: str, guide: Guide, now: datetime
    ) -> DeliveryRow:
        arm = arm_of(guide.experiment, SALT, row.party_id)
        status, why = DeliveryStatus.PLANNED, None
        if chat is None:
            status, why = DeliveryStatus.SUPPRESSED, Why.NO_CHAT
        elif arm == HOLDOUT:
            status, why = DeliveryStatus.SKIPPED, Why.HOLDOUT
        return DeliveryRow(
            id=self._ids.new(now),
            key=key,
            kind=Kind.REMINDER,
            status=status,
            why=why,
            not_before=guide.ready(max(guide.opens(slot.day), now)),
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
            deliveries = [d for d, _ in await self.promises(work, done.day, guide, now)]
            done.looked_at += len(deliveries)
            known = await work.reminders.known([d.key for d in deliveries])
            done.written += await work.reminders.plan([d for d in deliveries if d.key not in known])
            await work.commit()

    async def promises(self, work: Work, day: date, guide: Guide, now: datetime) -> list[tuple[DeliveryRow, DueRow]]:
        """The deliveries that ask about promises on that day, each with the instalment that it is about."""
        promises = await work.ledger.promises_on(day, day + timedelta(days=20))
        open_now = [p for p in promises if slots([PROMISE], p.promised_on, guide.calendar)[0].holds(day)]
        unmet = await _unmet(work, [p.obligation_id for p in open_now])
        found = []
        for promise in open_now:
            rows = unmet.get(promise.obligation_id, [])
            row = next((r for r in rows if r.party_id == promise.party_id), rows[0] if rows else None)
            if row is None or row.stopped:
                continue
            slot = slots([PROMISE], promise.promised_on, guide.calendar)[0]
            for planned, *_ in await self.deliveries(work, [(row, slot)], guide, now, agents=False):
                key = f"p:{promise.id}:{planned.conversation_id or 0}"
                asked = replace(planned, key=key, kind=Kind.PROMISE, promise_id=promise.id, due_version=None)
                found.append((asked, row))
        return found


class _Day:
    """The preview of one day."""

    def __init__(
        self,
        reminders: Reminders,
        day: date,
        *,
        texts: bool,
        broadcasts: AsyncIterator[Sequence[DeliveryRow]] | None,
    ) -> None:
        self._reminders = reminders
        self._day = day
        self._texts = texts
        self._broadcasts = broadcasts
        self._guide = guide = reminders.guide
        self._now = reminders.now()
        self._moment = max(guide.opens(day), self._now)
        self._ahead = day > local_day(self._now)
        self._foresight = Foresight(guide, self._moment)

    async def lines(self) -> AsyncIterator[Foreseen]:
        """Those that are settled first, then what is still to come in the order in which it would leave."""
        begin = datetime.combine(self._day, time(0), SHANGHAI)
        waiting: list[_Told] = []
        async with self._reminders.reading() as work:
            written: list[DeliveryRow] = [d async for d in work.reminders.of_day(begin, begin + timedelta(days=1))]
        keys = {d.key for d in written}
        for start in range(0, len(written), CHUNK):
            some = [_Told(d) for d in written[start : start + CHUNK]]
            waiting += [t for t in some if t.delivery.status == DeliveryStatus.PLANNED and not self._before(t)]
            for line in await self._lines([t for t in some if t.delivery.status != DeliveryStatus.PLANNED]):
                yield line
        async for told in self._new(keys):
            may_leave = told.delivery.status == DeliveryStatus.PLANNED and not told.none
            if may_leave and (told.delivery.campaign_id or (told.row and not told.row.stopped)):
                waiting.append(told)
            else:
                for line in await self._lines([told]):
                    yield line
        due = await self._due_of(waiting)
        waiting.sort(key=lambda t: _urgency(t.delivery, due))
        for start in range(0, len(waiting), CHUNK):
            for line in await self._lines(waiting[start : start + CHUNK]):
                yield line

    async def _due_of(self, waiting: Sequence[_Told]) -> dict[int, date]:
        """The days by which the instalments are asked for."""
        due = {t.row.instalment_id: t.row.expected_on for t in waiting if t.row}
        ids = sorted({i for t in waiting if (i := t.delivery.instalment_id) and i not in due})
        async with self._reminders.reading() as work:
            for start in range(0, len(ids), CHUNK):
                due |= {r.instalment_id: r.expected_on for r in await work.ledger.due(ids[start : start + CHUNK])}
        return due

    def _before(self, told: _Told) -> bool:
        """Whether it leaves before that day begins: a step does, unless it is held; a broadcast may take days."""
        if not self._ahead or told.delivery.campaign_id is not None:
            return False
        soonest = max(told.delivery.not_before, self._now)
        return local_day(self._guide.window.next_open(soonest, self._guide.calendar)) < self._day

    async def _new(self, written: set[str]) -> AsyncIterator[_Told]:
        """What planning that day would write, or would not because of the case."""
        async for chunk in self._reminders.due_with_general(self._day, self._guide):
            # Ahead of time: a step that may also be taken later is taken on its own day.
            own = [c for c in chunk if not self._ahead or c[1].day == self._day]
            async with self._reminders.reading() as work:
                for told in await self._fresh(work, own):
                    if told.delivery.key not in written:
                        yield told
        async with self._reminders.reading() as work:
            for d, row in await self._reminders.promises(work, self._day, self._guide, self._moment):
                if d.key not in written and d.key not in await work.reminders.known([d.key]):
                    yield _Told(d, None, row)
        if self._broadcasts is not None:
            async for page in self._broadcasts:
                for d in page:
                    if d.key not in written:
                        yield _Told(d)

    async def _fresh(self, work: Work, chunk: Sequence[tuple[DueRow, Slot, str]]) -> list[_Told]:
        nones = {(row.instalment_id, row.party_id, slot.step.id): none for row, slot, none in chunk}
        found: list[_Told] = []
        pairs = [(row, slot) for row, slot, _ in chunk]
        for d, row, slot in await self._reminders.deliveries(work, pairs, self._guide, self._moment):
            none = nones[(row.instalment_id, row.party_id, slot.step.id)]
            if (none or slot.step.task) and d.party_id != row.party_id:
                continue  # said once, of the debtor
            if d.key.endswith(f":{row.party_id}") or not (none or slot.step.task):
                found.append(_Told(d, slot, row, none))
        known = await work.reminders.keyed([t.delivery.key for t in found])
        return [
            replace(t, delivery=known.get(t.delivery.key, t.delivery))
            for t in found
            # Settled on an earlier day: it is no news of this one.
            if t.delivery.key not in known or known[t.delivery.key].settled_at is None
        ]

    async def _lines(self, told: Sequence[_Told]) -> list[Foreseen]:
        if not told:
            return []
        async with self._reminders.reading() as work:
            rows = [t.delivery for t in told]
            known = await gather(work, rows, self._moment)
            names = await work.ledger.parties(sorted({d.party_id for d in rows if d.party_id}))
            found = []
            for one in told:
                party = names.get(one.delivery.party_id)
                line = self._line(one, party.name if party else "", known)
                found.append(await self._with_text(work, line, known) if self._texts else line)
        return found

    def _line(self, told: _Told, name: str, known: Known) -> Foreseen:
        d, row = told.delivery, told.row or known.row(told.delivery)
        if told.none:
            return Foreseen(d, row, name, "drop", f"{Why.NO_STEP} {told.none}")
        if row and row.stopped and d.kind in (Kind.REMINDER, Kind.PROMISE) and d.status == DeliveryStatus.PLANNED:
            return Foreseen(d, row, name, "drop", row.stopped)
        if d.why == "task" or (told.slot and told.slot.step.task):
            return Foreseen(d, row, name, "task", d.step)
        if d.status != DeliveryStatus.PLANNED:
            outcome = "drop" if told.slot else d.status
            return Foreseen(d, row, name, outcome, d.why or "", d.settled_at or d.claimed_at)
        form = form_of(d, known)
        match self._foresight.judge(d, known):
            case Go():
                return Foreseen(d, row, name, "send", until=max(d.not_before, self._moment), form=form)
            case Hold(why, until):
                return Foreseen(d, row, name, "hold", why, until, form)
            case Drop(why):
                return Foreseen(d, row, name, "drop", why)

    async def _with_text(self, work: Work, line: Foreseen, known: Known) -> Foreseen:
        if line.outcome not in ("send", "hold"):
            return line
        moment = line.until or self._moment
        return replace(line, text=(await letter(work, line.delivery, known, self._guide, moment)).text)


def _urgency(d: DeliveryRow, due: Mapping[int, date]) -> tuple[bool, datetime, date, int]:
    """The order in which deliveries leave (`ReminderRows.feed`)."""
    return d.campaign_id is not None, d.expires_at, due.get(d.instalment_id or 0, date.max), d.id


async def _acting(work: Work, rows: Sequence[tuple[DueRow, Slot]]) -> dict[tuple[int, int], list[int]]:
    """The agents of these debtors: (case, debtor) → parties."""
    found: dict[tuple[int, int], list[int]] = {}
    for case_id, agent, debtor in await work.reminders.agents(sorted({row.case_id for row, _ in rows})):
        found.setdefault((case_id, debtor), []).append(agent)
    return found


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


def slots_of(
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


def keys_of(key: str, chats: Sequence[int | None], first: int | None) -> list[str]:
    """A key for each chat of one person: the plain one for the first, the others with their chat.

    `first` is the chat that has the plain one already. It keeps it, whoever else comes or goes: under
    another key it would get the same message once more.
    """
    owner = chats.index(first) if first in chats else 0
    return [key if i == owner or chat is None else f"{key}:{chat}" for i, chat in enumerate(chats)]


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
