"""The reception's services, built together over one database; the doors take what they need from `Office`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.consult.library import Library
from bot.core.calendar import CourtCalendar
from bot.core.clock import Clock
from bot.core.errors import SettingsError
from bot.core.ids import Ids
from bot.core.texts import Texts
from bot.dialogue.casework import CaseWork
from bot.ledger.service import Ledger
from bot.post.outbox import Sender
from bot.reach.files import ProofStore
from bot.reach.service import Reach
from bot.reception.agencies import Agencies
from bot.reception.cases import Cases
from bot.reception.chats import Chats
from bot.reception.feed import Feed
from bot.reception.flow import Nodes, Notaries
from bot.reception.follow_ups import FollowUps
from bot.reception.hours import CourtHours
from bot.reception.intake import Intakes
from bot.reception.levels import Levels
from bot.reception.model import PetitionKind, Rule
from bot.reception.petitions import Petitions
from bot.reception.steward import Steward
from bot.reception.today import Today
from bot.staff.audit import Audit
from bot.staff.service import Staff
from bot.store.work import Store


@dataclass(frozen=True, slots=True)
class ReceptionSettings:
    """The desk's promises about time, and its rules."""

    answer: timedelta = timedelta(minutes=60)
    resolve: timedelta = timedelta(hours=14)
    warn: float = 0.75
    triage: tuple[Rule, ...] = ()
    petition_days: int = 15
    complaint_days: int = 7
    node_days: int = 5
    warn_days: int = 2
    follow_up_days: int = 7
    font: Path | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """What the services of the reception stand on."""

    store: Store
    clock: Clock
    ids: Ids
    texts: Texts
    sender: Sender
    worker: str
    staff: Staff
    audit: Audit
    ledger: Ledger
    reach: Reach
    library: Library
    files: ProofStore
    casework: CaseWork
    hours: CourtHours
    calendar: CourtCalendar
    feed: Feed
    agencies: Agencies


@dataclass(frozen=True, slots=True)
class Office:
    """All services of the reception."""

    chats: Chats
    feed: Feed
    intakes: Intakes
    petitions: Petitions
    follow_ups: FollowUps
    nodes: Nodes
    notaries: Notaries
    agencies: Agencies
    today: Today
    cases: Cases
    levels: Levels
    steward: Steward


def open_office(base: Base, settings: ReceptionSettings) -> Office:
    """Build them; nothing runs yet."""
    b, s = base, settings
    levels = Levels(b.hours, s.answer, s.resolve, s.warn)
    follow_ups = FollowUps(b.store, b.clock, audit=b.audit, calendar=b.calendar, days=s.follow_up_days)
    chats = Chats(
        b.store,
        b.clock,
        b.ids,
        b.sender,
        b.worker,
        b.texts,
        staff=b.staff,
        audit=b.audit,
        levels=levels,
        feed=b.feed,
        ledger=b.ledger,
        library=b.library,
        files=b.files,
    )
    return Office(
        chats=chats,
        feed=b.feed,
        intakes=_intakes(b, s),
        petitions=_petitions(b, s),
        follow_ups=follow_ups,
        nodes=Nodes(b.store, b.clock, audit=b.audit, limit_days=s.node_days),
        notaries=Notaries(b.store, b.clock, staff=b.staff, audit=b.audit),
        agencies=b.agencies,
        today=Today(b.store, b.clock, chats, warn_days=s.warn_days),
        cases=Cases(b.casework, b.audit),
        levels=levels,
        steward=Steward(
            b.store,
            b.clock,
            b.ids,
            b.texts,
            b.sender,
            b.worker,
            staff=b.staff,
            levels=levels,
            feed=b.feed,
            follow_ups=follow_ups,
        ),
    )


def _intakes(b: Base, s: ReceptionSettings) -> Intakes:
    return Intakes(
        b.store,
        b.clock,
        b.ids,
        b.texts,
        ledger=b.ledger,
        reach=b.reach,
        audit=b.audit,
        rules=s.triage,
        calendar=b.calendar,
        font=s.font,
    )


def _petitions(b: Base, s: ReceptionSettings) -> Petitions:
    days = {PetitionKind.PETITION: s.petition_days, PetitionKind.COMPLAINT: s.complaint_days}
    return Petitions(
        b.store,
        b.clock,
        b.ids,
        b.texts,
        b.sender,
        b.worker,
        staff=b.staff,
        audit=b.audit,
        courts=b.ledger.courts,
        days=days,
    )


def read_rules(texts: tuple[str, ...]) -> tuple[Rule, ...]:
    """The rules of triage of the settings; SettingsError names the one that cannot be read."""
    try:
        return tuple(Rule.parse(text) for text in texts)
    except ValueError as error:
        raise SettingsError(f"reception.triage: {error}") from error
