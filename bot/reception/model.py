"""The rules of reception: states, what an intake is, triage, priorities, next steps; no I/O.

Money is integer 分, days are calendar days in Shanghai.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DeskError(ValueError):
    """A rule of the desk is broken; `code` is a key below `desk.wrong` in the text catalogue."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}" if params else code)


# -- conversations -------------------------------------------------------------------------------


class ChatState(StrEnum):
    """A ticket: open ⇄ pending (the person has to answer) ⇄ snoozed (until a moment) → resolved → open again."""

    OPEN = "open"
    PENDING = "pending"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class EventKind(StrEnum):
    """What staff did in a conversation."""

    CLAIMED = "claimed"
    RELEASED = "released"
    HANDED = "handed"
    NOTE = "note"
    ROUTED = "routed"
    PENDING = "pending"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CORRECTED = "corrected"
    RETRACTED = "retracted"
    FILE = "file"
    ESCALATED = "escalated"
    RATED = "rated"


@dataclass(frozen=True, slots=True)
class Tally:
    """Of things that must all come to an end: how many there are, how many have, how many are late."""

    every: int
    done: int
    late: int

    @property
    def share(self) -> float | None:
        """Done ones among all; None when there are none."""
        return self.done / self.every if self.every else None


@dataclass(frozen=True, slots=True)
class Handed:
    """To whom a conversation was given: a colleague, or whoever has a role (if one is named) in a court."""

    account: int = 0
    court: str = ""
    role: str = ""
    note: str = ""

    def stored(self) -> str:
        """As the event keeps it: codes, then the note."""
        return f"to={self.account} court={self.court} role={self.role}\n{self.note}"

    @classmethod
    def read(cls, text: str) -> Handed:
        """What `stored` wrote; of anything else the text as a note."""
        found = _HANDED.fullmatch(text)
        return cls(int(found[1]), found[2], found[3], found[4]) if found else cls(note=text)


_HANDED = re.compile(r"to=(\d+) court=(\S*) role=(\S*)\n(.*)", re.DOTALL)


class Breach(StrEnum):
    """How a promise about time stands: met; ok; soon (most of the time is gone); late."""

    MET = "met"
    OK = "ok"
    SOON = "soon"
    LATE = "late"


# -- intake --------------------------------------------------------------------------------------


class Track(StrEnum):
    """繁简分流: the simple or the complex track."""

    SIMPLE = "simple"
    COMPLEX = "complex"


class NextStep(StrEnum):
    """What happens first with an intake."""

    URGE = "urge"  # 先督促
    SETTLE = "settle"  # 先和解
    FILE = "file"  # 立案执行
    COMPLETE = "complete"  # the person has to bring something first


class IntakeStatus(StrEnum):
    """A first visit: waiting → called → working → done; left where the person has gone away or withdrew."""

    WAITING = "waiting"
    CALLED = "called"
    WORKING = "working"
    DONE = "done"
    LEFT = "left"


INTAKE_STEPS: Mapping[IntakeStatus, frozenset[IntakeStatus]] = {
    IntakeStatus.WAITING: frozenset({IntakeStatus.CALLED, IntakeStatus.WORKING, IntakeStatus.LEFT}),
    IntakeStatus.CALLED: frozenset({IntakeStatus.WAITING, IntakeStatus.WORKING, IntakeStatus.LEFT}),
    IntakeStatus.WORKING: frozenset({IntakeStatus.DONE, IntakeStatus.LEFT, IntakeStatus.WAITING}),
    IntakeStatus.DONE: frozenset(),
    IntakeStatus.LEFT: frozenset({IntakeStatus.WAITING}),
}

TITLES = ("judgment", "mediation", "ruling", "arbitration", "notary", "order")  # as in the ledger


@dataclass(frozen=True, slots=True)
class NewIntake:
    """What a first visit asks for; what is not known yet stays empty."""

    court: str
    applicant: str
    other: str  # the other side
    title: str  # one of TITLES
    title_number: str = ""
    amount: int | None = None  # 分; None for an act, or not known yet
    act: str = ""
    effective_on: date | None = None  # when the title took effect
    due_on: date | None = None  # the last day of the period for performance, if the title names one
    settle_first: bool | None = None
    wage: bool = False  # 涉农民工工资
    livelihood: bool = False  # 涉民生
    property_known: bool | None = None
    parties: int = 2
    phone: str = ""
    words: str = ""


def check_intake(new: NewIntake, today: date) -> None:
    """DeskError for an intake that cannot be."""
    if not new.applicant.strip() or not new.other.strip():
        raise DeskError("names")
    if new.title not in TITLES:
        raise DeskError("title", title=new.title[:20])
    if new.amount is not None and not 0 < new.amount <= 10**13:
        raise DeskError("amount")
    if new.effective_on is not None and new.effective_on > today:
        raise DeskError("effective_to_come", day=new.effective_on)
    if not 2 <= new.parties <= 10_000:
        raise DeskError("parties")


# -- triage --------------------------------------------------------------------------------------

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
}
_RULE = re.compile(r"\s*(\w+)\s*(>=|<=|>|<|=)\s*([\w.]+)\s*:\s*(\w+)\s*")
_NUMBERS = ("amount", "parties")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "title": TITLES,
    "property": ("known", "unknown"),
    "wage": ("yes", "no"),
    "livelihood": ("yes", "no"),
    "act": ("yes", "no"),
    "settle": ("yes", "no", "unknown"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of triage, such as `amount>500000:complex` (amounts in 元)."""

    text: str
    fact: str
    compare: str
    value: str
    track: Track

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read a rule; ValueError says what is wrong with it."""
        found = _RULE.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r}: a rule is written like amount>500000:complex")
        fact, compare, value, track = found.groups()
        if track not in set(Track):
            raise ValueError(f"{text!r}: {track} is neither simple nor complex")
        if fact in _NUMBERS:
            float(value)
        elif fact not in _WORDS:
            raise ValueError(f"{text!r}: {fact} is not one of {', '.join((*_NUMBERS, *_WORDS))}")
        elif value not in _WORDS[fact] or compare != "=":
            raise ValueError(f"{text!r}: {fact} is = one of {', '.join(_WORDS[fact])}")
        return cls(text.strip(), fact, compare, value, Track(track))

    def holds(self, new: NewIntake) -> bool:
        """Whether it applies; an amount that is not known makes no rule about amounts apply."""
        if self.fact == "amount":
            yuan = None if new.amount is None else new.amount / 100
            return yuan is not None and _COMPARE[self.compare](yuan, float(self.value))
        if self.fact == "parties":
            return _COMPARE[self.compare](new.parties, float(self.value))
        return _fact(self.fact, new) == self.value


def _fact(fact: str, new: NewIntake) -> str:
    if fact == "title":
        return new.title
    if fact == "property":
        return "known" if new.property_known else "unknown"
    if fact == "settle":
        return "unknown" if new.settle_first is None else _yes(new.settle_first)
    if fact == "act":
        return _yes(bool(new.act))
    return _yes(new.wage if fact == "wage" else new.livelihood)


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def triage(new: NewIntake, rules: Sequence[Rule]) -> tuple[Track, Rule | None]:
    """The track and the rule that decided it: the first that applies; simple when none does."""
    for rule in rules:
        if rule.holds(new):
            return rule.track, rule
    return Track.SIMPLE, None


def next_step(new: NewIntake) -> NextStep:
    """What to propose first: complete what is missing, else settle if they wish to, else urge the other side."""
    if not new.title_number or (new.amount is None and not new.act) or new.effective_on is None:
        return NextStep.COMPLETE
    if new.settle_first:
        return NextStep.SETTLE
    return NextStep.FILE if new.settle_first is False and new.property_known else NextStep.URGE


# -- petitions, follow-ups, nodes ----------------------------------------------------------------


class PetitionKind(StrEnum):
    """信访 or 投诉."""

    PETITION = "petition"
    COMPLAINT = "complaint"


class PetitionStatus(StrEnum):
    """Open → answered. There is no other way out: no ticket ends without an answer."""

    OPEN = "open"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class NewPetition:
    """A petition or complaint as it comes in."""

    kind: PetitionKind
    court: str
    name: str
    text: str
    phone: str = ""
    case_number: str = ""
    conversation_id: int | None = None


class FollowUpResult(StrEnum):
    """What a follow-up found."""

    CONTENT = "content"  # 当事人满意, nothing open
    PERFORMING = "performing"  # the settlement is being kept
    BROKEN = "broken"  # the settlement is not kept
    NEEDS = "needs"  # something has to be done
    UNREACHED = "unreached"  # nobody could be reached


class Node(StrEnum):
    """The nodes of a case's flow that have a limit."""

    ACCEPT = "accept"  # 立案
    ASSIGN = "assign"  # 分案
    NOTICE = "notice"  # 发执行通知
    INQUIRY = "inquiry"  # 财产查控
    HANDOVER = "handover"  # 移送承办
    PAYOUT = "payout"  # 案款发放
    CLOSE = "close"  # 结案
