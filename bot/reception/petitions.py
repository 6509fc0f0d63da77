"""Petitions and complaints (信访、投诉): a number, a deadline, an answer; no ticket ends without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot.core.clock import SHANGHAI, Clock, local_day
from bot.core.ids import Ids
from bot.core.privacy import mask_identifiers
from bot.core.texts import Texts
from bot.dialogue.model import Reply, quoted
from bot.dialogue.voice import Letters
from bot.ledger.courts import Courts
from bot.post.outbox import Sender
from bot.reception.model import DeskError, NewPetition, PetitionKind, PetitionStatus, Tally
from bot.staff.audit import Audit
from bot.staff.model import Deed, Right, Who
from bot.staff.service import Staff
from bot.store.reception_rows import PetitionRow
from bot.store.work import Store, Work

_LARGEST = 2**31
_LONGEST = 8000  # characters


@dataclass(frozen=True, slots=True)
class Petition:
    """A petition or complaint as it stands today."""

    row: PetitionRow
    label: str  # what the person is told
    days_left: int  # until it must be answered; below 0: so many days late; 0 once answered
    assignee_name: str

    @property
    def overdue(self) -> bool:
        """Not answered though its day is past."""
        return self.row.status == PetitionStatus.OPEN and self.days_left < 0


@dataclass(frozen=True, slots=True)
class PetitionFigures:
    """How many came in a span, and what became of them (案件有着落、问题有回音)."""

    received: int
    answered: int
    in_time: int
    open: int
    overdue: int

    @property
    def share(self) -> float | None:
        """Answered ones among those received; None when none came."""
        return self.answered / self.received if self.received else None


def label_of(texts: Texts, kind: str, opened_at: datetime, number: int) -> str:
    """What a petition is called: 投诉〔2026〕0001 号."""
    return texts(f"reception.petition.label.{kind}", year=local_day(opened_at).year, number=f"{number:04}")


class Petitions:
    """The desk of petitions."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        texts: Texts,
        sender: Sender,
        worker: str,
        *,
        staff: Staff,
        audit: Audit,
        courts: Courts,
        days: dict[PetitionKind, int],
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._texts = texts
        self._sender = sender
        self._worker = worker
        self._staff = staff
        self._audit = audit
        self._courts = courts
        self._days = days

    async def open(self, who: Who | None, new: NewPetition) -> Petition:
        """Register one; `who` None: the person did so in chat."""
        async with self._store.work() as work:
            made = await self.open_within(work, who, new)
            await work.commit()
        return made

    async def open_within(self, work: Work, who: Who | None, new: NewPetition) -> Petition:
        """The same in the transaction of a turn."""
        if who is not None:
            who.require(Right.PETITION, new.court)
        if self._courts.get(new.court) is None:
            raise DeskError("no_court", court=new.court[:20])
        if not new.text.strip() or not new.name.strip():
            raise DeskError("petition_words")
        now = self._clock.now()
        row = PetitionRow(
            number=0,
            kind=new.kind.value,
            court=new.court,
            status=PetitionStatus.OPEN.value,
            conversation_id=new.conversation_id,
            case_number=new.case_number[:64] or None,
            name=new.name.strip()[:60],
            phone=new.phone or None,
            text=mask_identifiers(new.text.strip()[:_LONGEST]),
            opened_at=now,
            opened_by=who.key if who else "party",
            due_on=local_day(now) + timedelta(days=self._days[new.kind]),
        )
        row = replace(row, number=await work.reception.add_numbered(row))
        if who is not None:
            await self._audit.note(work, who, Deed.CHANGED, "petition", row.number, row.court, "entered")
        return self._petition(row, {})

    def _petition(self, row: PetitionRow, names: dict[int, str]) -> Petition:
        left = (row.due_on - local_day(self._clock.now())).days if row.status == PetitionStatus.OPEN else 0
        label = label_of(self._texts, row.kind, row.opened_at, row.number)
        return Petition(row, label, left, names.get(row.assignee or 0, ""))

    # -- reading ---------------------------------------------------------------------------------

    async def list(
        self, who: Who, status: PetitionStatus | None = None, *, court: str | None = None
    ) -> Sequence[Petition]:
        """Petitions and complaints, the next to be answered first."""
        who.require(Right.PETITION, court)
        wanted = status.value if status else None
        async with self._store.work(read_only=True) as work:
            rows = await work.reception.petitions(who.courts, status=wanted, court=court)
            names = await self._staff.names(work)
        return [self._petition(r, names) for r in rows]

    async def tally(self, who: Who) -> Tally:
        """How many came in at all, and how many are answered (案件有着落、问题有回音)."""
        who.require(Right.PETITION)
        async with self._store.work(read_only=True) as work:
            return Tally(*await work.reception.petition_tally(who.courts, local_day(self._clock.now())))

    async def overdue(self, who: Who) -> Sequence[Petition]:
        """Those that should have been answered before today."""
        return [p for p in await self.list(who, PetitionStatus.OPEN) if p.overdue]

    async def get(self, who: Who, number: int) -> Petition:
        """One of them."""
        async with self._store.work(read_only=True) as work:
            row = await self._row(work, who, number)
            names = await self._staff.names(work)
        await self._audit.seen(who, "petition", number, row.court)
        return self._petition(row, names)

    async def figures(self, who: Who, court: str | None, first: date, last: date) -> PetitionFigures:
        """What came in from the first day to the last, and how much of it is answered."""
        who.require(Right.SEE_REPORT, court)
        span = (_begin(first), _begin(last + timedelta(days=1)))
        async with self._store.work(read_only=True) as work:
            rows = await work.reception.petitions(who.courts, court=court, opened=span, limit=100_000)
        answered = [r for r in rows if r.answered_at is not None]
        late = [r for r in rows if self._petition(r, {}).overdue]
        in_time = [r for r in answered if r.answered_at and local_day(r.answered_at) <= r.due_on]
        return PetitionFigures(len(rows), len(answered), len(in_time), len(rows) - len(answered), len(late))

    async def _row(self, work: Work, who: Who, number: int) -> PetitionRow:
        who.require(Right.PETITION)
        row = await work.reception.by_key(PetitionRow, number) if 0 < number < _LARGEST else None
        if row is None:
            raise DeskError("no_petition", number=number)
        who.require(Right.PETITION, row.court)
        return row

    # -- working on it ---------------------------------------------------------------------------

    async def assign(self, who: Who, number: int, account: int) -> None:
        """Say who answers it."""
        async with self._store.work() as work:
            row = await self._row(work, who, number)
            target = await self._staff.account(work, account)
            if not target.may(Right.PETITION, row.court):
                raise DeskError("cannot_take", name=target.name)
            await work.reception.change(PetitionRow, number, assignee=account)
            await self._audit.note(work, who, Deed.CHANGED, "petition", number, row.court, f"assigned {account}")
            await work.commit()

    async def answer(self, who: Who, number: int, text: str) -> bool:
        """Answer it, once: in the chat it came from if there is one. Whether the words could be sent there."""
        words = text.strip()
        if not words:
            raise DeskError("no_words")
        async with self._store.work() as work:
            row = await self._row(work, who, number)
            letters = Letters(work, self._clock.now(), self._ids, self._store.vault)
            still_open = work.reception.is_open_petition()
            values = {"status": PetitionStatus.ANSWERED.value, "answered_at": letters.now, "answered_by": who.key}
            kept = mask_identifiers(words[:_LONGEST])
            if not await work.reception.change(PetitionRow, number, still_open, answer=kept, **values):
                raise DeskError("answered", number=number)
            chat = await work.conversations.get(row.conversation_id) if row.conversation_id else None
            told = chat is not None and not chat.unreachable
            if chat is not None and told:
                label = self._petition(row, {}).label
                said = self._texts("reception.petition.answered", label=label, text=quoted(words))
                letters.say_to(chat, Reply(said, key="reception.petition.answered"), sender="staff")
                letters.messages[:] = [replace(m, author=who.account) for m in letters.messages]
            await self._audit.note(work, who, Deed.SENT, "petition", number, row.court, words)
            await letters.write(self._worker)
            await work.commit()
        served = set(self._sender.channels)
        self._sender.submit(o for o in letters.outgoing if o.channel in served)
        return told

    async def escalate(self, who: Who, number: int, why: str) -> None:
        """Bring it before the supervisor."""
        if not why.strip():
            raise DeskError("no_words")
        async with self._store.work() as work:
            row = await self._row(work, who, number)
            if row.status != PetitionStatus.OPEN:
                raise DeskError("answered", number=number)
            values = {"escalated_at": self._clock.now(), "escalated_why": mask_identifiers(why.strip())}
            await work.reception.change(PetitionRow, number, **values)
            await self._audit.note(work, who, Deed.CHANGED, "petition", number, row.court, f"escalated {why}")
            await work.commit()


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(0), SHANGHAI)
