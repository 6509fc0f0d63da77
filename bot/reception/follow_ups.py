"""Follow-ups (回访): one for every settlement and every performance, made by themselves, each with its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.core.calendar import CourtCalendar
from bot.core.clock import SHANGHAI, Clock, local_day
from bot.core.privacy import mask_identifiers
from bot.reception.model import DeskError, FollowUpResult, Tally
from bot.staff.audit import Audit
from bot.staff.model import Deed, Right, Who
from bot.store.reception_rows import FollowUpRow
from bot.store.work import Store

_LARGEST = 2**31
_BACK = timedelta(days=60)  # what was closed longer ago, before this program, is not followed up


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up with the case that it is about."""

    row: FollowUpRow
    case_number: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class FollowUpFigures:
    """The follow-ups made in a span (回访率)."""

    made: int
    done: int
    by_result: dict[FollowUpResult, int]

    @property
    def share(self) -> float | None:
        """Done ones among those made; None when none was."""
        return self.done / self.made if self.made else None


class FollowUps:
    """Makes them, lists them, takes their results."""

    def __init__(self, store: Store, clock: Clock, *, audit: Audit, calendar: CourtCalendar, days: int) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._calendar = calendar
        self._days = timedelta(days=days)

    async def sync(self) -> int:
        """Make what is missing; how many are new. Safe to run anywhere, at any time, by several."""
        now = self._clock.now()
        since = local_day(now - _BACK)
        async with self._store.work(read_only=True) as work:
            found = await work.reception.closings(since, now - _BACK)
        if not found:
            return 0
        rows = [
            FollowUpRow(
                number=0,
                court=c.court,
                case_id=c.case_id,
                obligation_id=c.obligation_id,
                cause=c.cause,
                status="open",
                due_on=self._calendar.on_or_after(c.on + self._days),
                made_at=now,
            )
            for c in found
        ]
        async with self._store.work() as work:
            made = await work.reception.add_follow_ups(rows)
            await work.commit()
        return made

    async def list(
        self, who: Who, status: str | None = "open", *, court: str | None = None, limit: int = 500
    ) -> Sequence[FollowUp]:
        """Follow-ups, the next due first; status None: done ones too."""
        who.require(Right.FOLLOW_UP, court)
        today = local_day(self._clock.now())
        async with self._store.work(read_only=True) as work:
            rows = await work.reception.follow_ups(who.courts, status=status, court=court, limit=limit)
            cases = {c.id: c.number for c in await work.ledger.cases(ids={r.case_id for r in rows})}
        return [FollowUp(r, cases.get(r.case_id, ""), r.status == "open" and r.due_on < today) for r in rows]

    async def tally(self, who: Who) -> Tally:
        """How many were made at all, and how many are done (回访率)."""
        who.require(Right.FOLLOW_UP)
        async with self._store.work(read_only=True) as work:
            return Tally(*await work.reception.follow_up_tally(who.courts, local_day(self._clock.now())))

    async def record(self, who: Who, number: int, result: FollowUpResult, note: str = "") -> None:
        """What it found; `unreached` leaves it open, with the try noted."""
        who.require(Right.FOLLOW_UP)
        async with self._store.work() as work:
            row = await work.reception.by_key(FollowUpRow, number) if 0 < number < _LARGEST else None
            if row is None:
                raise DeskError("no_follow_up", number=number)
            who.require(Right.FOLLOW_UP, row.court)
            if row.status != "open":
                raise DeskError("done", number=number)
            done = result is not FollowUpResult.UNREACHED
            both = "\n".join(p for p in (row.note, mask_identifiers(note.strip())) if p)
            await work.reception.change(
                FollowUpRow,
                number,
                status="done" if done else "open",
                result=result.value,
                note=both or None,
                done_at=self._clock.now() if done else None,
                done_by=who.key if done else None,
            )
            await self._audit.note(work, who, Deed.CHANGED, "follow_up", number, row.court, result.value)
            await work.commit()

    async def figures(self, who: Who, court: str | None, first: date, last: date) -> FollowUpFigures:
        """What was made from the first day to the last, and what became of it."""
        who.require(Right.SEE_REPORT, court)
        span = (_begin(first), _begin(last + timedelta(days=1)))
        async with self._store.work(read_only=True) as work:
            rows = await work.reception.follow_ups(who.courts, court=court, made=span, limit=1_000_000)
        done = [r for r in rows if r.status == "done"]
        results = {result: sum(r.result == result for r in done) for result in FollowUpResult}
        return FollowUpFigures(len(rows), len(done), results)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(0), SHANGHAI)
