"""First visits (首次接待): what is asked, what follows from it, the queue, and the way into the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.core.calendar import CourtCalendar
from bot.core.clock import Clock, local_day
from bot.core.ids import Ids
from bot.core.privacy import mask_identifiers
from bot.core.texts import Texts
from bot.guide.fees import execution_fee
from bot.guide.limitation import Start, from_day, from_notarised
from bot.ledger import casenumber, identity
from bot.ledger.book import Book
from bot.ledger.model import (
    Actor,
    Broken,
    NewCase,
    NewObligation,
    NewParty,
    ObligationKind,
    PartyKind,
    Planned,
    Stage,
    TitleKind,
)
from bot.ledger.service import Ledger
from bot.reach.model import ReachError
from bot.reach.pdf import find_font
from bot.reach.service import Reach
from bot.reception.model import (
    INTAKE_STEPS,
    TITLES,
    DeskError,
    IntakeStatus,
    NewIntake,
    NextStep,
    Rule,
    Track,
    check_intake,
    next_step,
    triage,
)
from bot.reception.receipt import Receipt, receipt_pdf
from bot.staff.audit import Audit
from bot.staff.model import Deed, Forbidden, Right, Who
from bot.store.ledger import Taken
from bot.store.ledger_rows import CaseRow
from bot.store.reception_rows import IntakeRow
from bot.store.work import Store, Work

_LARGEST = 2**31  # no intake has a larger number
_FIELDS = frozenset(f.name for f in fields(NewIntake))
_DAYS = ("effective_on", "due_on")


@dataclass(frozen=True, slots=True)
class Assessment:
    """What follows from an intake; sentences are of the catalogue."""

    last_day: date | None  # until when to apply (民诉法第250条); None while the days are not known
    days_left: int | None
    fee: int | None  # 分; None for an act or while the amount is not known
    jurisdiction: str
    materials: tuple[str, ...]
    track: Track
    rule: str  # the rule of config.yaml that decided, empty when none did
    reason: str
    priority: bool
    next_step: NextStep


@dataclass(frozen=True, slots=True)
class Intake:
    """A first visit as stored, with what follows from it today."""

    number: int
    label: str  # what the person is told
    queue: int
    court: str
    day: date
    status: IntakeStatus
    next_step: NextStep
    new: NewIntake
    assessment: Assessment
    conversation_id: int | None
    case_id: int | None
    obligation_id: int | None
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """What the ledger needs beyond the intake itself."""

    label: str
    due_on: date | None = None  # the day by which the debtor is to perform; the intake's own if it has one
    case_number: str = ""  # the intake's title number if empty
    cause: str = ""
    filed_on: date | None = None  # 立案日期, once there is an enforcement case
    debtor_kind: PartyKind = PartyKind.PERSON
    debtor_number: str | None = None
    debtor_phone: str | None = None
    creditor_kind: PartyKind = PartyKind.PERSON
    creditor_number: str | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """The case and the obligation that an intake has become; the link is for the debtor, if there can be one."""

    case_id: int
    obligation_id: int
    link: str | None


class Intakes:
    """The reception of first visits."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        texts: Texts,
        *,
        ledger: Ledger,
        reach: Reach,
        audit: Audit,
        rules: Sequence[Rule],
        calendar: CourtCalendar,
        font: Path | None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._texts = texts
        self._ledger = ledger
        self._reach = reach
        self._audit = audit
        self._rules = tuple(rules)
        self._calendar = calendar
        self._font = font

    # -- what follows ----------------------------------------------------------------------------

    def preview(self, new: NewIntake) -> Assessment:
        """What follows from an intake, without storing anything. DeskError for one that cannot be."""
        today = local_day(self._clock.now())
        check_intake(new, today)
        last = self._last_day(new)
        track, rule = triage(new, self._rules)
        key = f"reception.reason.{rule.fact}_{rule.track}" if rule else "reception.reason.none"
        reason = self._texts(key) if key in self._texts else self._texts("reception.reason.rule", rule=rule.text if rule else "")
        return Assessment(
            last_day=last,
            days_left=(last - today).days if last else None,
            fee=_fee(new.amount),
            jurisdiction=self._texts(f"reception.jurisdiction.{new.title}"),
            materials=self._materials(new),
            track=track,
            rule=rule.text if rule else "",
            reason=reason,
            priority=new.wage or new.livelihood,
            next_step=next_step(new),
        )

    def _tidy(self, new: NewIntake) -> NewIntake:
        """With the number of the title in its one form; one that is in none of ours stays as it was written."""
        if not new.title_number.strip() or new.title not in TITLES:
            return new
        year = local_day(self._clock.now()).year
        try:
            return replace(new, title_number=casenumber.normalise(new.title_number, year, TitleKind(new.title)))
        except Broken:
            return replace(new, title_number=new.title_number.strip())

    def _last_day(self, new: NewIntake) -> date | None:
        if new.due_on is not None:
            if new.title == TitleKind.NOTARY:
                return from_notarised([new.due_on], self._calendar).safe
            return from_day(Start.FIXED, new.due_on, self._calendar).safe
        if new.effective_on is not None:
            return from_day(Start.NO_PERIOD, new.effective_on, self._calendar).safe
        return None

    def _materials(self, new: NewIntake) -> tuple[str, ...]:
        common, own = self._texts.under("reception.material"), f"reception.material_of.{new.title}"
        extra = (self._texts(own),) if own in self._texts else ()
        return (*common.values(), *extra)

    # -- coming in -------------------------------------------------------------------------------

    async def fill(self, new: NewIntake, *, who: Who | None = None, conversation_id: int | None = None) -> Intake:
        """Register a first visit: by a clerk, or (without `who`) by the applicant in chat; a queue number is given."""
        async with self._store.work() as work:
            intake = await self.fill_within(work, new, who=who, conversation_id=conversation_id)
            await work.commit()
        return intake

    async def fill_within(
        self, work: Work, new: NewIntake, *, who: Who | None = None, conversation_id: int | None = None
    ) -> Intake:
        """The same in the transaction of a turn."""
        if who is not None:
            who.require(Right.INTAKE, new.court)
        if self._ledger.courts.get(new.court) is None:
            raise DeskError("no_court", court=new.court[:20])
        new = self._tidy(new)
        made, now = self.preview(new), self._clock.now()
        day = local_day(now)
        row = IntakeRow(
            number=0,
            court=new.court,
            day=day,
            queue=await work.reception.next_in_queue(new.court, day),
            status=IntakeStatus.WAITING.value,
            next_step=made.next_step.value,
            track=made.track.value,
            rule=made.rule[:80],
            priority=made.priority,
            conversation_id=conversation_id,
            data=_written(new),
            made_at=now,
            made_by=who.key if who else "party",
            moved_at=now,
        )
        row = replace(row, number=await work.reception.add_numbered(row))
        if who is not None:
            await self._audit.note(work, who, Deed.CHANGED, "intake", row.number, row.court, "entered")
        return self._intake(row)

    def _intake(self, row: IntakeRow) -> Intake:
        new = _read(row.data)
        return Intake(
            number=row.number,
            label=self._texts("reception.label", queue=f"{row.queue:03}", day=f"{row.day:%m%d}"),
            queue=row.queue,
            court=row.court,
            day=row.day,
            status=IntakeStatus(row.status),
            next_step=NextStep(row.next_step),
            new=new,
            assessment=self.preview(new),
            conversation_id=row.conversation_id,
            case_id=row.case_id,
            obligation_id=row.obligation_id,
            made_at=row.made_at,
            made_by=row.made_by,
        )

    # -- working on it ---------------------------------------------------------------------------

    async def list(
        self, who: Who, status: IntakeStatus | None = None, *, court: str | None = None, day: date | None = None
    ) -> Sequence[Intake]:
        """First visits: 民生 first, then by number; without a status those that are not done."""
        who.require(Right.INTAKE, court)
        still = (IntakeStatus.WAITING.value, IntakeStatus.CALLED.value, IntakeStatus.WORKING.value)
        statuses = still if status is None else (status.value,)
        async with self._store.work(read_only=True) as work:
            rows = await work.reception.intakes(who.courts, statuses=statuses, court=court, day=day)
        return [self._intake(r) for r in rows]

    async def get(self, who: Who, number: int) -> Intake:
        """One first visit."""
        async with self._store.work(read_only=True) as work:
            row = await self._row(work, who, number)
        await self._audit.seen(who, "intake", number, row.court)
        return self._intake(row)

    async def of_chat(self, conversation_id: int) -> Sequence[Intake]:
        """What the person of a chat has entered, the newest first."""
        async with self._store.work(read_only=True) as work:
            return [self._intake(r) for r in await work.reception.intakes_of_chat(conversation_id)]

    async def _row(self, work: Work, who: Who, number: int) -> IntakeRow:
        who.require(Right.INTAKE)
        row = await work.reception.by_key(IntakeRow, number) if 0 < number < _LARGEST else None
        if row is None:
            raise DeskError("no_intake", number=number)
        who.require(Right.INTAKE, row.court)
        return row

    async def change(self, who: Who, number: int, **values: Any) -> Intake:
        """Correct fields of `NewIntake` (not the court); what follows is worked out anew.

        The next step too, unless a person has decided on another one than what follows.
        """
        if unknown := (set(values) - _FIELDS) | (set(values) & {"court"}):
            raise DeskError("field", field=min(unknown))
        async with self._store.work() as work:
            row = await self._row(work, who, number)
            if row.obligation_id is not None:
                raise DeskError("converted", number=number)
            old = _read(row.data)
            new = self._tidy(replace(old, **values))
            made = self.preview(new)
            decided = row.next_step != self.preview(old).next_step.value
            derived = {"track": made.track.value, "rule": made.rule[:80], "priority": made.priority}
            changed: dict[str, Any] = {"data": _written(new), **derived}
            changed["next_step"] = row.next_step if decided else made.next_step.value
            await work.reception.change(IntakeRow, number, **changed, moved_at=self._clock.now())
            await self._audit.note(work, who, Deed.CHANGED, "intake", number, row.court, " ".join(sorted(values)))
            await work.commit()
        return self._intake(replace(row, **changed))

    async def move(self, who: Who, number: int, status: IntakeStatus, why: str = "") -> None:
        """Call the person, begin, end. DeskError `step` for a way that does not exist."""
        async with self._store.work() as work:
            row = await self._row(work, who, number)
            if status not in INTAKE_STEPS[IntakeStatus(row.status)]:
                raise DeskError("step", old=row.status, new=status.value)
            await work.reception.change(IntakeRow, number, status=status.value, moved_at=self._clock.now())
            await self._audit.note(work, who, Deed.CHANGED, "intake", number, row.court, f"{status.value} {why}")
            await work.commit()

    async def step(self, who: Who, number: int, step: NextStep, why: str = "") -> None:
        """Decide what happens first: urge, settle, file."""
        async with self._store.work() as work:
            row = await self._row(work, who, number)
            await work.reception.change(IntakeRow, number, next_step=step.value, moved_at=self._clock.now())
            await self._audit.note(work, who, Deed.CHANGED, "intake", number, row.court, f"{step.value} {why}")
            await work.commit()

    # -- into the ledger -------------------------------------------------------------------------

    async def convert(self, who: Who, number: int, given: Conversion) -> Converted:
        """Make a case and an obligation of it, and a link for the debtor whose number is known.

        Raises `Broken` for what the ledger refuses; nothing is then written.
        """
        who.require(Right.EDIT_LEDGER)
        try:
            async with self._store.work() as work:
                row = await self._row(work, who, number)
                if row.obligation_id is not None:
                    raise DeskError("converted", number=number)
                made = await self._enter(work, who, row, given)
                values = {"status": IntakeStatus.DONE.value, "case_id": made.case_id}
                await work.reception.change(IntakeRow, number, obligation_id=made.obligation_id, **values)
                await self._audit.note(
                    work, who, Deed.CHANGED, "intake", number, row.court, f"obligation {made.obligation_id}"
                )
                await work.commit()
        except Taken as error:
            raise Broken("meanwhile") from error
        return made

    async def _enter(self, work: Work, who: Who, row: IntakeRow, given: Conversion) -> Converted:
        new, actor = _read(row.data), Actor("staff", str(who.account))
        who.require(Right.EDIT_LEDGER, row.court)
        due_on = given.due_on or new.due_on
        if due_on is None:
            raise DeskError("no_due_day")
        if new.amount is None and not new.act:
            raise DeskError("no_amount")
        book = self._ledger.within(work, actor)
        case = await self._case(work, book, who, row.court, new, given)
        debtor = await book.party(_party(new.other, given.debtor_kind, given.debtor_number, given.debtor_phone), case)
        creditor_phone = new.phone or None
        creditor = await book.party(
            _party(new.applicant, given.creditor_kind, given.creditor_number, creditor_phone), case
        )
        kind = ObligationKind.MONEY if new.amount is not None else ObligationKind.ACT
        obligation = NewObligation(
            label=given.label,
            kind=kind,
            plan=(Planned(new.amount or 0, due_on),),
            act=new.act or None,
            creditors=((creditor, None),),
        )
        made = await book.owe(case, debtor, obligation, self._texts("reception.why", number=row.number))
        link = None
        if given.debtor_number:
            start = await self._reach.within(work, actor).make_link(debtor, self._reach.lives)
            try:
                link = self._reach.address.link(start)
            except ReachError:
                link = None  # the bot's address is not known yet: the link is made anew from the case later
        return Converted(case, made, link)

    async def _case(
        self, work: Work, book: Book, who: Who, court: str, new: NewIntake, given: Conversion
    ) -> int:
        """The case of that number, opened if the ledger does not have it."""
        title, year = TitleKind(new.title), local_day(self._clock.now()).year
        number = casenumber.normalise(given.case_number or new.title_number, year, title)
        known: CaseRow | None = await work.ledger.case_numbered(number)
        if known is not None:
            if known.court != court or not who.sees(known.court):
                raise Forbidden("court", court=known.court)
            if given.filed_on:
                await book.change_case(known.id, filed_on=given.filed_on)
            return known.id
        return await book.open_case(
            NewCase(
                court,
                number,
                title=title,
                cause=given.cause,
                stage=Stage.IN if given.filed_on else Stage.BEFORE,
                wage=new.wage,
                livelihood=new.livelihood,
                filed_on=given.filed_on,
                responsible=who.name,  # until somebody else is
            )
        )

    # -- on paper --------------------------------------------------------------------------------

    async def receipt(self, who: Who, number: int) -> tuple[str, bytes]:
        """The receipt for the person: file name and PDF. ReachError `no_font` without a Chinese font here."""
        intake = await self.get(who, number)
        return await self.paper(intake)

    async def paper(self, intake: Intake) -> tuple[str, bytes]:
        """The receipt of an intake that the caller may show."""
        font, name = find_font(self._font), self._ledger.courts.name(intake.court)
        content = await asyncio.to_thread(receipt_pdf, Receipt.of(intake.new, intake.assessment, intake, name), self._texts, font)
        return f"{self._texts('reception.receipt.title')}-{intake.court}-{intake.day:%Y%m%d}-{intake.queue:03}.pdf", content


def _fee(amount: int | None) -> int | None:
    return None if amount is None else int(execution_fee(Decimal(amount) / 100).total * 100)


def _party(name: str, kind: PartyKind, number: str | None, phone: str | None) -> NewParty:
    return NewParty(
        identity.name(name),
        kind,
        identity.number(number, kind) if number else None,
        identity.phone(phone) if phone else None,
    )


def _written(new: NewIntake) -> dict[str, Any]:
    values = asdict(new)
    values["words"] = mask_identifiers(new.words)
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in values.items()}


def _read(data: dict[str, Any]) -> NewIntake:
    values = {k: v for k, v in data.items() if k in _FIELDS}
    for name in _DAYS:
        if values.get(name):
            values[name] = date.fromisoformat(values[name])
    return NewIntake(**values)
