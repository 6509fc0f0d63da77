"""Rules of reminders: steps around a due date, whether a message may leave now, caps, arms; no I/O.

Days are calendar days in Shanghai, moments are aware. What is decided here is decided twice: when a
day is planned, so that people can see it, and again at the moment of sending, which alone counts.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

# -- kinds and life cycles -----------------------------------------------------------------------


class Kind(StrEnum):
    """Why a delivery exists."""

    REMINDER = "reminder"  # a step of the plan
    PROMISE = "promise"  # the day before a promised day
    CAMPAIGN = "campaign"
    CORRECTION = "correction"  # to those who got a wrong text
    DATED = "dated"  # somebody asked to be reminded of a day (`bot.guide.dated`)


class DeliveryStatus(StrEnum):
    """planned → sending → sent | unknown | suppressed | failed; planned → skipped.

    `sending` is committed before the message leaves. A row found so after a crash becomes `unknown`:
    it may have arrived, is shown to staff and never repeated by the program. sending → planned when it
    is certain that nothing arrived and it may be tried again. `suppressed`: the chat cannot be
    reached (a task is made; suppressed for want of a chat goes back to planned when there is one).
    """

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


class CampaignStatus(StrEnum):
    """draft → approved (by somebody else) → running ⇄ paused → done; cancelled from any of them.

    Changing a draft's text or audience is a new draft; an approved campaign is not changed any more.
    """

    DRAFT = "draft"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


CAMPAIGN_STEPS: Mapping[CampaignStatus, frozenset[CampaignStatus]] = {
    CampaignStatus.DRAFT: frozenset({CampaignStatus.APPROVED, CampaignStatus.CANCELLED}),
    CampaignStatus.APPROVED: frozenset({CampaignStatus.RUNNING, CampaignStatus.CANCELLED}),
    CampaignStatus.RUNNING: frozenset({CampaignStatus.PAUSED, CampaignStatus.DONE, CampaignStatus.CANCELLED}),
    CampaignStatus.PAUSED: frozenset({CampaignStatus.RUNNING, CampaignStatus.CANCELLED}),
    CampaignStatus.DONE: frozenset({CampaignStatus.RUNNING}),  # retry of those who did not get it
    CampaignStatus.CANCELLED: frozenset(),
}


class CampaignError(ValueError):
    """A campaign cannot do that; `code` says why."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}" if params else code)


def next_campaign_status(now: str, then: CampaignStatus) -> CampaignStatus:
    """The new status; CampaignError `step` when that step does not exist."""
    if then not in CAMPAIGN_STEPS[CampaignStatus(now)]:
        raise CampaignError("step", now=now, then=then.value)
    return then


def check_approval(author: str, approver: str) -> None:
    """Four eyes: who wrote a campaign does not approve it, however they write their name; nobody is nobody."""
    if not _person(approver):
        raise CampaignError("empty", field="approver")
    if _person(author) == _person(approver):
        raise CampaignError("four_eyes", author=author)


def _person(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_scope(audience: Mapping[str, object], courts: Sequence[str] | None) -> dict[str, object]:
    """The audience within the courts that its author may write to (None: all of them).

    Without a court in the conditions it is those courts; CampaignError `scope` names one too many.
    """
    if courts is None:
        return dict(audience)
    wanted = audience.get("court", list(courts))
    asked = wanted if isinstance(wanted, list) else [wanted]
    if odd := [str(c) for c in asked if c not in courts]:
        raise CampaignError("scope", courts=", ".join(odd))
    return {**audience, "court": list(asked)}


# -- the plan ------------------------------------------------------------------------------------


class Days(Protocol):
    """The calendar, as far as a plan asks."""

    def on_or_after(self, day: date) -> date: ...
    def on_or_before(self, day: date) -> date: ...
    def shift(self, day: date, days: int) -> date: ...


@dataclass(frozen=True, slots=True)
class Step:
    """A step relative to the due date; `late` working days later it is stale and is dropped.

    A step before or on the due date that falls on a day of rest goes out on the working day before;
    one after it on the working day after. `task` makes work for a person instead of a message.
    """

    id: str
    days: int
    late: int = 0
    working: bool = False  # `days` counts working days
    task: bool = False

    def day(self, due: date, calendar: Days) -> date:
        """The working day on which the step is taken."""
        if self.days <= 0:
            if self.working:
                return calendar.shift(calendar.on_or_before(due), self.days)
            return calendar.on_or_before(due + timedelta(days=self.days))
        if self.working:
            return calendar.shift(due, self.days)
        return calendar.on_or_after(due + timedelta(days=self.days))


@dataclass(frozen=True, slots=True)
class Slot:
    """A step of one due date: the day it is taken and the last day on which it still makes sense."""

    step: Step
    day: date
    last: date

    def holds(self, day: date) -> bool:
        """Whether the step may be taken on that day."""
        return self.day <= day <= self.last


def slots(steps: Sequence[Step], due: date, calendar: Days) -> list[Slot]:
    """The steps of a due date in order; of several that holidays push onto one day the last is kept."""
    placed: list[tuple[Step, date]] = []
    for step in sorted(steps, key=lambda s: s.days):
        day = step.day(due, calendar)
        if placed and placed[-1][1] >= day:
            if step.task:  # whoever was written to last has a working day to answer
                day = calendar.shift(placed[-1][1], 1)
            elif not placed[-1][0].task:
                placed.pop()
        placed.append((step, day))
    return [_slot(placed, index, due, calendar) for index in range(len(placed))]


def _slot(placed: Sequence[tuple[Step, date]], index: int, due: date, calendar: Days) -> Slot:
    step, day = placed[index]
    last = calendar.shift(day, step.late)
    if step.days < 0:
        last = min(last, due - timedelta(days=1))
    elif step.days == 0:
        last = min(last, due)
    if index + 1 < len(placed):
        last = min(last, placed[index + 1][1] - timedelta(days=1))
    return Slot(step, day, max(last, day))


@dataclass(frozen=True, slots=True)
class Scheme:
    """Steps for the cases that match; an empty condition matches every case."""

    name: str
    steps: tuple[Step, ...]
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    line: int = 0  # where it stands in its file

    def matches(self, facts: Mapping[str, str]) -> bool:
        """Whether a case with these facts follows this scheme."""
        return all(facts.get(key, "") in wanted for key, wanted in self.when.items())


def scheme_for(schemes: Sequence[Scheme], facts: Mapping[str, str]) -> Scheme | None:
    """The first scheme that matches; None: this kind of case is not reminded."""
    return next((s for s in schemes if s.matches(facts)), None)


def due_dates(
    schemes: Sequence[Scheme], day: date, calendar: Days, reach: int = 45
) -> dict[str, dict[date, list[Slot]]]:
    """For each scheme the due dates that have a step on that day, with the steps.

    `reach` is how far (days) holidays may move a step: a Spring Festival that is not announced yet is
    taken for forty at most.
    """
    found: dict[str, dict[date, list[Slot]]] = {}
    for scheme in schemes:
        if not scheme.steps:
            continue
        # Twice: working days are spread over no more than twice as many days.
        low = day - timedelta(days=max(s.days + s.late for s in scheme.steps) * 2 + reach)
        high = day - timedelta(days=min(s.days for s in scheme.steps) * 2 - reach)
        due = low
        while due <= high:
            open_slots = [s for s in slots(scheme.steps, due, calendar) if s.holds(day)]
            if open_slots:
                found.setdefault(scheme.name, {})[due] = open_slots
            due += timedelta(days=1)
    return found


# -- the moment of sending -----------------------------------------------------------------------


class Why(StrEnum):
    """Why a message does not leave (now)."""

    HOLDOUT = "holdout"
    DONE = "done"  # performed
    REPORTED = "reported"  # somebody says it is paid; staff verify first
    DROPPED = "dropped"  # the plan was replaced
    ENDED = "ended"
    DISPUTED = "disputed"
    MOVED = "moved"  # another due date or sum
    WITHDRAWN = "withdrawn"  # the promise was replaced
    STALE = "stale"
    STOPPED = "stopped"  # opted out
    NOT_OPTED_IN = "not_opted_in"
    WRONG_PERSON = "wrong_person"
    NO_CHAT = "never_linked"
    UNPROVEN = "unproven"  # a correction of words that were never said there
    NOT_MEANT = "not_meant"  # not in the campaign's audience any more
    NO_STEP = "no_step"  # the plan of this kind of case has no step on that day
    CAP = "cap"
    CLOSED_HOURS = "hours"
    PAUSED = "paused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Caps:
    """How many messages that nobody asked for a person gets, over all cases."""

    per_day: int = 1
    per_week: int = 4


@dataclass(frozen=True, slots=True)
class Sendable:
    """What must be known of a delivery at the moment of sending."""

    expires_at: datetime
    stopped_by_ledger: str | None = None  # done, dropped, ended, disputed; `reported`
    planned_version: int | None = None
    current_version: int | None = None
    chat: bool = True
    unreachable: str | None = None
    opted_out: bool = False
    wrong_person: bool = False
    opted_in: bool = True  # education only
    campaign: str | None = None  # CampaignStatus
    sent_today: int = 0
    sent_this_week: int = 0
    exempt_from_cap: bool = False  # corrections
    meant: bool = True  # the campaign's conditions still hold for them
    proven: bool = True  # or nothing was said there that needs a correction


@dataclass(frozen=True, slots=True)
class Go:
    """It may leave now."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now; look again at `until`."""

    why: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    """Not at all; `unreachable` when a person must try another way."""

    why: str
    unreachable: bool = False


Decision = Go | Hold | Drop


def may_leave(facts: Sendable, now: datetime, next_open: datetime, tomorrow_open: datetime, caps: Caps) -> Decision:
    """Whether a message may leave now.

    `next_open` is the next moment of the sending window (now itself when it is open),
    `tomorrow_open` the first one of a later day.
    """
    if why := _never(facts):
        return why
    if now >= facts.expires_at:
        return Drop(Why.STALE)
    if facts.campaign == CampaignStatus.PAUSED:
        return Hold(Why.PAUSED, now + timedelta(minutes=1))
    if next_open > now:
        return _wait(Why.CLOSED_HOURS, next_open, facts.expires_at)
    if not facts.exempt_from_cap and (facts.sent_today >= caps.per_day or facts.sent_this_week >= caps.per_week):
        return _wait(Why.CAP, tomorrow_open, facts.expires_at)
    return Go()


def _never(facts: Sendable) -> Drop | None:
    if facts.stopped_by_ledger:
        return Drop(facts.stopped_by_ledger)
    if facts.planned_version != facts.current_version:
        return Drop(Why.MOVED)
    if facts.campaign == CampaignStatus.CANCELLED:
        return Drop(Why.CANCELLED)
    if facts.wrong_person:
        return Drop(Why.WRONG_PERSON)
    if facts.opted_out:
        return Drop(Why.STOPPED)
    if not facts.chat:
        return Drop(Why.NO_CHAT, unreachable=True)
    if facts.unreachable:
        return Drop(facts.unreachable, unreachable=True)
    if not facts.opted_in:
        return Drop(Why.NOT_OPTED_IN)
    if not facts.meant:
        return Drop(Why.NOT_MEANT)
    return None if facts.proven else Drop(Why.UNPROVEN)


def _wait(why: Why, until: datetime, expires_at: datetime) -> Decision:
    """Held, unless it would be stale by then: saying nothing is better than saying it late."""
    return Hold(why, until) if until < expires_at else Drop(Why.CAP if why is Why.CAP else Why.STALE)


# -- repeated tries ------------------------------------------------------------------------------

TRIES = 6


def retry_at(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many tries that certainly did not arrive; None: give up."""
    return None if attempts >= TRIES else now + timedelta(seconds=15 * 4 ** (attempts - 1))


def pause_after(failures: int) -> timedelta:
    """How long all broadcasts keep still after so many failures in a row, whomever they concerned.

    Three may be chance. Then it is the way there or the server, and going on would make each further
    message fail, or leave it uncertain: 1 s, 2 s, 4 s … 5 minutes.
    """
    return timedelta(seconds=min(300, 2 ** (failures - 4))) if failures > 3 else timedelta()


# -- arms ----------------------------------------------------------------------------------------

HOLDOUT = "holdout"


@dataclass(frozen=True, slots=True)
class Experiment:
    """Wordings that are compared, and the share of people who get none of them (0 to 0.5)."""

    arms: tuple[str, ...] = ()
    holdout: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.holdout <= 0.5:
            raise ValueError("the hold-out is a share between 0 and 0.5")


def arm_of(experiment: Experiment, salt: str, person: int) -> str | None:
    """The arm of a person: random over people, the same whenever it is asked; None without arms.

    A hash instead of a stored draw: the assignment can be checked afterwards by anybody.
    """
    if not experiment.arms and not experiment.holdout:
        return None
    number = int.from_bytes(hashlib.sha256(f"{salt}\x1f{person}".encode()).digest()[:8], "big") / 2**64
    if number < experiment.holdout:
        return HOLDOUT
    if not experiment.arms:
        return None
    share = (number - experiment.holdout) / (1 - experiment.holdout)
    return experiment.arms[min(int(share * len(experiment.arms)), len(experiment.arms) - 1)]


@dataclass(slots=True)
class ArmResult:
    """What became of the people of one arm, counted from the day of their message (or their draw)."""

    arm: str
    people: int = 0
    sent: int = 0
    performed_14: int = 0
    performed_30: int = 0
    settled_14: int = 0  # 分
    settled_30: int = 0  # 分

    @property
    def rate_14(self) -> float:
        """Share that performed in full within 14 days."""
        return self.performed_14 / self.people if self.people else 0.0

    @property
    def rate_30(self) -> float:
        """Share that performed in full within 30 days."""
        return self.performed_30 / self.people if self.people else 0.0
