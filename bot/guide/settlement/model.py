"""The rules of a settlement negotiation: terms, versions, life cycles, figures; no I/O.

Money is integer 分, days are calendar days in Shanghai. An acceptance in the chat is a declaration of
intent: an agreement in enforcement is in writing, signed by all, and handed to the court (和解规定第1、2条).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

MOST_PARTS = 60
LONGEST = timedelta(days=366 * 9)  # how far ahead the last part may lie
WORDS = 500  # characters of a note, of security, of a comment
TIMES = 2  # a total above so many times what is owed is a slip of the keyboard
_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"  # none of them looks or sounds like another


class SettlementError(ValueError):
    """A rule of settlement is broken; `code` is a key below `settlement.wrong` in the text catalogue."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}" if params else code)


# -- kinds and life cycles -----------------------------------------------------------------------


class Side(StrEnum):
    """Who made an offer."""

    DEBTOR = "debtor"
    CREDITOR = "creditor"
    MEDIATOR = "mediator"


class Fee(StrEnum):
    """Who bears the enforcement fee (执行申请费): the parties agree, else the court decides (收费办法第38条)."""

    OPEN = "open"
    DEBTOR = "debtor"
    CREDITOR = "creditor"
    HALF = "half"


class Referral(StrEnum):
    """How a mediator came to it: 委派执行前和解 (before enforcement), 委托执行中和解 (in enforcement), or not at all."""

    NONE = "none"
    APPOINTED = "appointed"
    ENTRUSTED = "entrusted"


class Status(StrEnum):
    """A negotiation.

    talking → accepted (everybody has accepted one version) → agreed (the responsible person confirmed, the
    ledger follows it) → signed (in writing, handed to the court) → kept. talking ends as refused,
    expired, closed (by staff or the proposer's withdrawal) or urged (performed without an agreement, 督促履行). An agreement may
    become broken, from there mended (back to agreed), or resumed (the original basis is enforced again). A later
    agreement about the same makes it amended (和解规定第5条).
    """

    TALKING = "talking"
    ACCEPTED = "accepted"
    AGREED = "agreed"
    SIGNED = "signed"
    KEPT = "kept"
    BROKEN = "broken"
    RESUMED = "resumed"
    AMENDED = "amended"
    REFUSED = "refused"
    EXPIRED = "expired"
    CLOSED = "closed"
    URGED = "urged"


LIVE = (Status.TALKING, Status.ACCEPTED)
STANDING = (Status.AGREED, Status.SIGNED, Status.BROKEN)

STEPS: Mapping[Status, frozenset[Status]] = {
    Status.TALKING: frozenset(
        {Status.ACCEPTED, Status.AGREED, Status.REFUSED, Status.EXPIRED, Status.CLOSED, Status.URGED}
    ),
    Status.ACCEPTED: frozenset(
        {Status.TALKING, Status.AGREED, Status.REFUSED, Status.EXPIRED, Status.CLOSED, Status.URGED}
    ),
    Status.AGREED: frozenset({Status.SIGNED, Status.KEPT, Status.BROKEN, Status.AMENDED}),
    Status.SIGNED: frozenset({Status.KEPT, Status.BROKEN, Status.AMENDED}),
    Status.BROKEN: frozenset({Status.AGREED, Status.SIGNED, Status.RESUMED, Status.KEPT, Status.AMENDED}),
    Status.RESUMED: frozenset(),
    Status.AMENDED: frozenset(),
    Status.KEPT: frozenset(),
    Status.REFUSED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.CLOSED: frozenset(),
    Status.URGED: frozenset(),
}


def next_status(now: str, then: Status) -> Status:
    """The new status; SettlementError `step` when that step does not exist."""
    if then not in STEPS[Status(now)]:
        raise SettlementError("step", now=now, then=then.value)
    return then


class OfferStatus(StrEnum):
    """An offer, derived from what was answered: held (by the mediator) → open → accepted; or one of the ends."""

    HELD = "held"
    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    REPLACED = "replaced"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class AnswerKind(StrEnum):
    """What happened to an offer; each is a row that is never changed."""

    PASSED = "passed"  # the mediator let it through
    RETURNED = "returned"  # the mediator gave it back to whoever made it
    COMMENT = "comment"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"  # the responsible person, for the ledger
    SIGNED = "signed"


_ENDS = {
    AnswerKind.REFUSED: OfferStatus.REFUSED,
    AnswerKind.REPLACED: OfferStatus.REPLACED,
    AnswerKind.RETURNED: OfferStatus.RETURNED,
    AnswerKind.WITHDRAWN: OfferStatus.WITHDRAWN,
    AnswerKind.EXPIRED: OfferStatus.EXPIRED,
}


class Answer(Protocol):
    """An answer as stored."""

    @property
    def kind(self) -> str: ...
    @property
    def party_id(self) -> int | None: ...
    @property
    def digest(self) -> str: ...


def offer_status(*, held: bool, answers: Sequence[Answer], needed: Iterable[int], digest: str) -> OfferStatus:
    """Where an offer stands. Only an acceptance of exactly these terms (`digest`) counts."""
    for answer in answers:
        if end := _ENDS.get(AnswerKind(answer.kind)):
            return end
    if held and not any(a.kind == AnswerKind.PASSED for a in answers):
        return OfferStatus.HELD
    return OfferStatus.ACCEPTED if not waiting(answers, needed, digest) else OfferStatus.OPEN


def waiting(answers: Sequence[Answer], needed: Iterable[int], digest: str) -> list[int]:
    """Who of those that must agree has not accepted exactly these terms."""
    said = {a.party_id for a in answers if a.kind == AnswerKind.ACCEPTED and a.digest == digest}
    return [p for p in needed if p not in said]


# -- terms ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """One part: how much (分; 0 for an act), and by which day."""

    amount: int
    day: date


@dataclass(frozen=True, slots=True)
class Terms:
    """What is offered. `owed` is what was still owed when it was made: what the total is less of it is waived."""

    plan: tuple[Part, ...]
    owed: int
    security: str = ""
    fee: Fee = Fee.OPEN
    note: str = ""

    @property
    def total(self) -> int:
        """What is to be paid from now on, in 分."""
        return sum(p.amount for p in self.plan)

    @property
    def waived(self) -> int:
        """What the creditors would give up, in 分."""
        return max(0, self.owed - self.total)

    @property
    def extra(self) -> int:
        """What is offered on top of the ledger's balance (interest, fee), in 分."""
        return max(0, self.total - self.owed)

    @property
    def delay(self) -> bool:
        """Whether it only puts everything off to one day."""
        return len(self.plan) == 1 and self.total == self.owed


def check_terms(terms: Terms, today: date, *, act: bool = False) -> None:
    """SettlementError when terms cannot be: nothing owed, sums, days, or far too much."""
    if not terms.plan:
        raise SettlementError("empty")
    if len(terms.plan) > MOST_PARTS:
        raise SettlementError("too_many", count=len(terms.plan), most=MOST_PARTS)
    _check_sums(terms, act=act)
    if any(a.day >= b.day for a, b in pairwise(terms.plan)):
        raise SettlementError("order")
    if terms.plan[0].day <= today:
        raise SettlementError("past")
    if terms.plan[-1].day - today > LONGEST:
        raise SettlementError("far")
    if max(len(terms.security), len(terms.note)) > WORDS:
        raise SettlementError("words", most=WORDS)


def _check_sums(terms: Terms, *, act: bool) -> None:
    if act:
        if len(terms.plan) > 1 or terms.total:
            raise SettlementError("act")
        return
    if terms.owed <= 0:
        raise SettlementError("nothing_owed")
    if any(p.amount <= 0 for p in terms.plan):
        raise SettlementError("amount")
    if terms.total > terms.owed * TIMES:
        raise SettlementError("too_much")


def check_total(parts: Sequence[Part], total: int) -> None:
    """SettlementError `sum` when parts that somebody wrote down do not make the total that they named."""
    if parts and sum(p.amount for p in parts) != total:
        raise SettlementError("sum", plan=sum(p.amount for p in parts), total=total)


def still_fits(terms: Terms, today: date) -> None:
    """SettlementError `stale` when the first day has gone by while people were talking."""
    if terms.plan[0].day < today:
        raise SettlementError("stale", day=terms.plan[0].day)


def digest(terms: Terms, negotiation: int, number: int) -> str:
    """The fingerprint of one version: SHA-256 over negotiation, version and every term."""
    plain = [
        negotiation,
        number,
        [[p.amount, p.day.isoformat()] for p in terms.plan],
        terms.owed,
        terms.security,
        terms.fee.value,
        terms.note,
    ]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def code(fingerprint: str, length: int = 4) -> str:
    """The fingerprint as people read it to each other: four letters and digits."""
    number = int(fingerprint, 16)
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)


# -- into the ledger -----------------------------------------------------------------------------


def divide(plan: Sequence[Part], owed: Mapping[int, int]) -> dict[int, list[Part]]:
    """A plan over several obligations, each part in proportion to what is owed on them (分 by obligation).

    The sums are exact in both directions: every part is fully divided, and so is the whole. A share of
    0 分 makes no part.
    """
    weight = sum(owed.values())
    if weight <= 0:
        raise SettlementError("nothing_owed")
    found: dict[int, list[Part]] = {o: [] for o in owed}
    given = dict.fromkeys(owed, 0)
    so_far = 0
    for part in plan:
        so_far += part.amount
        for obligation, share in _shares(part.amount, so_far, given, owed, weight).items():
            given[obligation] += share
            found[obligation].append(Part(share, part.day))
    return found


def _shares(amount: int, so_far: int, given: Mapping[int, int], owed: Mapping[int, int], weight: int) -> dict[int, int]:
    """One part divided: first what each lacks of its whole 分, then the odd 分 to whoever lacks most."""
    lacks = {o: so_far * share // weight - given[o] for o, share in owed.items()}
    odd = {o: so_far * share % weight + weight * lacks[o] for o, share in owed.items()}
    shares: dict[int, int] = {}
    left = amount
    for obligation in sorted(owed, key=lambda o: -odd[o]):
        if part := min(left, max(0, lacks[obligation])):
            shares[obligation] = part
            left -= part
    for obligation in sorted(owed, key=lambda o: (weight * shares.get(o, 0)) - odd[o]):
        if left:
            shares[obligation] = shares.get(obligation, 0) + 1
            left -= 1
    return shares


def whole_plan(parts: Sequence[Part], settled_then: int, settled_now: int, first_due: date) -> list[Part]:
    """The plan as the ledger keeps it: what is paid already as a part of its own, then what was agreed.

    What was paid while people were talking counts: the last parts shrink by it.
    """
    if not parts:
        return [Part(settled_now, first_due)] if settled_now else []
    target = settled_then + sum(p.amount for p in parts)
    left = max(0, target - settled_now)
    made: list[Part] = []
    for part in parts:
        amount = min(part.amount, left)
        left -= amount
        if amount:
            made.append(Part(amount, part.day))
    if settled_now:
        before = min(first_due, (made[0].day if made else parts[0].day) - timedelta(days=1))
        made.insert(0, Part(settled_now, before))
    return made


# -- breach --------------------------------------------------------------------------------------


class Owing(Protocol):
    """An instalment of the ledger, with what verified payments did for it."""

    @property
    def amount(self) -> int: ...
    @property
    def expected_on(self) -> date: ...
    @property
    def settled(self) -> int: ...
    @property
    def done_on(self) -> date | None: ...


def breach(instalments: Sequence[Owing], reported: int, today: date, grace: timedelta) -> tuple[int, date] | None:
    """What is unpaid past its day and the grace days: (分, the oldest such day); None when nothing is.

    What somebody reports to have paid and nobody has verified (`reported`, 分) is held in their favour.
    """
    late = [i for i in instalments if i.done_on is None and i.expected_on + grace < today]
    missing = sum(i.amount - i.settled for i in late)
    if not late or (missing and missing <= reported):
        return None
    return missing, min(i.expected_on for i in late)


# -- figures -------------------------------------------------------------------------------------


class Told(Protocol):
    """A negotiation as far as figures need it: days in Shanghai."""

    @property
    def court(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def opened_on(self) -> date: ...
    @property
    def referred_on(self) -> date | None: ...
    @property
    def agreed_on(self) -> date | None: ...
    @property
    def signed_on(self) -> date | None: ...
    @property
    def broken_on(self) -> date | None: ...
    @property
    def closed_on(self) -> date | None: ...
    @property
    def amount(self) -> int: ...


@dataclass(slots=True)
class Counts:
    """One court, month and stage in figures; each event counts in the month in which it happened.

    `succeeded` (和解成功) counts agreements that the responsible person confirmed; `urged` (督促履行) what was
    performed in full while people were still talking. `amount` is the agreed total in 分.
    """

    opened: int = 0
    referred: int = 0  # 委派 where the stage is before enforcement, 委托 in enforcement
    succeeded: int = 0
    succeeded_referred: int = 0
    signed: int = 0
    kept: int = 0
    urged: int = 0
    broken: int = 0
    resumed: int = 0
    refused: int = 0
    expired: int = 0
    closed: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """Which figures: a court, a month (its first day), a stage."""

    court: str
    month: date
    stage: str


@dataclass(slots=True)
class Report:
    """Figures per court, month and stage."""

    cells: dict[Cell, Counts] = field(default_factory=dict)

    def add(self, told: Told) -> None:
        """Count one negotiation."""
        self._count(told, told.opened_on, "opened")
        if told.referred_on:
            self._count(told, told.referred_on, "referred")
        if told.agreed_on:
            cell = self._count(told, told.agreed_on, "succeeded")
            cell.amount += told.amount
            cell.succeeded_referred += told.referred_on is not None
        if told.signed_on:
            self._count(told, told.signed_on, "signed")
        if told.broken_on:
            self._count(told, told.broken_on, "broken")
        if told.closed_on and told.status in _COUNTED:
            self._count(told, told.closed_on, told.status)

    def _count(self, told: Told, day: date, name: str) -> Counts:
        cell = self.cells.setdefault(Cell(told.court, day.replace(day=1), told.stage), Counts())
        setattr(cell, name, getattr(cell, name) + 1)
        return cell


_COUNTED = frozenset({Status.KEPT, Status.URGED, Status.RESUMED, Status.REFUSED, Status.EXPIRED, Status.CLOSED})
