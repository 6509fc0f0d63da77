"""The rules of the ledger: kinds, life cycles, and what follows from the facts; no I/O.

Money is integer 分. Days are calendar days in Shanghai. Nothing here is ever typed by a person that
can be derived: balance, status, and whether a promise was kept are functions of facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

MOST = 10**13  # 分 (1,000 亿元): a sum above it is a slip of the keyboard
PROOF_LENGTH = 6  # last characters of an ID or credit code that a person is asked for


class Broken(ValueError):
    """A rule of the ledger is broken; `code` is a key below `ledger.wrong` in the text catalogue."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}" if params else code)


# -- kinds ---------------------------------------------------------------------------------------


class TitleKind(StrEnum):
    """The kind of enforcement basis (执行依据)."""

    JUDGMENT = "judgment"  # 判决
    MEDIATION = "mediation"  # 调解
    RULING = "ruling"  # 裁定：司法确认等
    ARBITRATION = "arbitration"  # 仲裁
    NOTARY = "notary"  # 公证债权文书
    PAYMENT_ORDER = "order"  # 支付令


class Stage(StrEnum):
    """Where a case stands: before enforcement → in enforcement → closed (回访); and back by a person only."""

    BEFORE = "before"
    IN = "in"
    CLOSED = "closed"


class SpecialSubject(StrEnum):
    """A debtor with a path of its own (特殊主体)."""

    GOVERNMENT = "government"
    STATE_FIRM = "state_firm"
    SCHOOL = "school"
    HOSPITAL = "hospital"
    VILLAGE = "village"
    OTHER = "other"


class PartyKind(StrEnum):
    """A natural person or an organisation."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Role(StrEnum):
    """What a party is in a case."""

    CREDITOR = "creditor"  # 权利人、申请执行人
    DEBTOR = "debtor"  # 义务人、被执行人
    AGENT = "agent"  # lawyer or family member who acts for a party
    THIRD_PARTY = "third"  # 案外人 who pays or guarantees


class ObligationKind(StrEnum):
    """What is owed: money, or an act such as moving out or handing over."""

    MONEY = "money"
    ACT = "act"


class Source(StrEnum):
    """Where the news of a payment came from."""

    DEBTOR = "debtor"
    CREDITOR = "creditor"
    STAFF = "staff"
    ACCOUNT = "account"  # the court's account (一案一账号)
    OPENING = "opening"  # performed before the obligation came into this ledger


class DisputeKind(StrEnum):
    """What somebody objects to."""

    AMOUNT = "amount"
    PAID = "paid"
    PERSON = "person"  # 不是本人
    TITLE = "title"
    OTHER = "other"


# -- life cycles ---------------------------------------------------------------------------------


class Status(StrEnum):
    """Where an obligation stands; derived from the facts and the day, never typed.

    open → due (an instalment is due today) → overdue (a day later) → performed.
    While a grace period that was granted runs, what would be due or overdue is `grace`. A dispute that
    is open makes it `disputed`, whatever the day. `ended` is a person's decision (withdrawn, waived,
    handed to compulsory enforcement) and can be reopened. Performed is left again only when a
    verified payment is revoked. Precedence: ended, performed, disputed, overdue, due, grace, open.
    """

    OPEN = "open"
    DUE = "due"
    GRACE = "grace"
    OVERDUE = "overdue"
    DISPUTED = "disputed"
    PERFORMED = "performed"
    ENDED = "ended"


class PaymentStatus(StrEnum):
    """A payment, or the performance of an act: reported → verified | rejected; verified → revoked.

    Only `verified` counts towards the balance. `rejected` and `revoked` are final: what turns out to
    be true after all is reported anew, so that the history stays readable.
    """

    REPORTED = "reported"
    VERIFIED = "verified"
    REJECTED = "rejected"
    REVOKED = "revoked"


class PromiseStatus(StrEnum):
    """A promise: open → kept | broken, derived from verified payments; withdrawn when a later one replaces it.

    `claimed`: the day has come and what was reported would keep it, but nobody has verified it yet.
    """

    OPEN = "open"
    CLAIMED = "claimed"
    KEPT = "kept"
    BROKEN = "broken"
    WITHDRAWN = "withdrawn"


class Settlement(StrEnum):
    """Settlement (和解) of an obligation: none → negotiating → agreed | failed; failed → negotiating.

    An agreement that is not kept is `broken`, after which the parties may negotiate again.
    """

    NONE = "none"
    NEGOTIATING = "negotiating"
    AGREED = "agreed"
    FAILED = "failed"
    BROKEN = "broken"


PAYMENT_STEPS: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    PaymentStatus.REPORTED: frozenset({PaymentStatus.VERIFIED, PaymentStatus.REJECTED}),
    PaymentStatus.VERIFIED: frozenset({PaymentStatus.REVOKED}),
    PaymentStatus.REJECTED: frozenset(),
    PaymentStatus.REVOKED: frozenset(),
}

SETTLEMENT_STEPS: Mapping[Settlement, frozenset[Settlement]] = {
    Settlement.NONE: frozenset({Settlement.NEGOTIATING, Settlement.AGREED}),
    Settlement.NEGOTIATING: frozenset({Settlement.AGREED, Settlement.FAILED}),
    Settlement.AGREED: frozenset({Settlement.BROKEN, Settlement.NEGOTIATING}),
    Settlement.FAILED: frozenset({Settlement.NEGOTIATING, Settlement.AGREED}),
    Settlement.BROKEN: frozenset({Settlement.NEGOTIATING, Settlement.AGREED}),
}


def next_payment_status(now: str, then: PaymentStatus) -> PaymentStatus:
    """The new status; Broken `payment_step` when that step does not exist."""
    if then not in PAYMENT_STEPS[PaymentStatus(now)]:
        raise Broken("payment_step", now=now, then=then.value)
    return then


def next_settlement(now: str, then: Settlement) -> Settlement:
    """The new stage; Broken `settlement_step` when that step does not exist."""
    if then not in SETTLEMENT_STEPS[Settlement(now)]:
        raise Broken("settlement_step", now=now, then=then.value)
    return then


# -- what is written into the ledger -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something: staff, a party, an import, the program, the operator at the terminal."""

    kind: str
    key: str = ""

    @property
    def text(self) -> str:
        """The form in which events keep it."""
        return f"{self.kind}:{self.key}" if self.key else self.kind


OPERATOR = Actor("operator")
SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be opened; `number` is normalised by whoever reads it (`casenumber.normalise`)."""

    court: str
    number: str
    title: TitleKind = TitleKind.JUDGMENT
    cause: str = ""
    stage: Stage = Stage.BEFORE
    wage: bool = False
    livelihood: bool = False
    special: SpecialSubject | None = None
    series: str | None = None
    tribunal: str | None = None
    mediator: str | None = None
    responsible: str | None = None
    filed_on: date | None = None  # 立案日期


@dataclass(frozen=True, slots=True)
class NewParty:
    """A person or organisation; `number` is the ID or credit code, already checked (`identity.py`)."""

    name: str
    kind: PartyKind = PartyKind.PERSON
    number: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """One instalment as agreed: how much (分; 0 for an act) and by when."""

    amount: int
    due_on: date


@dataclass(frozen=True, slots=True)
class NewObligation:
    """What a debtor owes; `creditors` are party ids with their share in 分 (None: jointly)."""

    label: str
    kind: ObligationKind
    plan: tuple[Planned, ...]
    act: str | None = None
    creditors: tuple[tuple[int, int | None], ...] = ()
    co_debtors: tuple[int, ...] = ()
    responsible: str | None = None

    @property
    def amount(self) -> int:
        """The whole sum in 分."""
        return sum(p.amount for p in self.plan)


def check_plan(kind: ObligationKind, plan: Sequence[Planned]) -> None:
    """Broken when a plan cannot be: empty, without money, days out of order, or too much."""
    if not plan:
        raise Broken("plan_empty")
    if kind is ObligationKind.ACT:
        if len(plan) > 1 or plan[0].amount:
            raise Broken("plan_act")
        return
    if any(p.amount <= 0 for p in plan):
        raise Broken("amount_positive")
    if sum(p.amount for p in plan) > MOST:
        raise Broken("amount_large")
    if any(a.due_on >= b.due_on for a, b in pairwise(plan)):
        raise Broken("plan_order")


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment, or (amount 0) the performance of an act.

    `shares` says which creditor gets how much; empty means it is not split. `payer` is a party,
    `payer_name` a third party who is none. `reference` is the bank's or the account's number, and the
    same one counts once.
    """

    amount: int
    paid_on: date
    source: Source = Source.DEBTOR
    instalment_id: int | None = None
    way: str | None = None
    payer_id: int | None = None
    payer_name: str | None = None
    third_party: bool = False
    reference: str | None = None
    note: str | None = None
    shares: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file handed in as proof; its bytes are kept elsewhere, under their hash."""

    sha256: str
    media_type: str
    size: int
    name: str | None = None


def check_payment(kind: str, payment: NewPayment, today: date) -> None:
    """Broken when a payment cannot be: wrong amount, a day to come, or shares that do not add up."""
    if kind == ObligationKind.ACT and payment.amount:
        raise Broken("payment_act")
    if kind == ObligationKind.MONEY and payment.amount <= 0:
        raise Broken("amount_positive")
    if payment.amount > MOST:
        raise Broken("amount_large")
    if payment.paid_on > today:
        raise Broken("day_to_come", day=payment.paid_on)
    if payment.shares and sum(a for _, a in payment.shares) != payment.amount:
        raise Broken("shares_sum")
    if any(a <= 0 for _, a in payment.shares):
        raise Broken("amount_positive")


# -- what follows from the facts -----------------------------------------------------------------


class Instalment(Protocol):
    """One instalment as stored."""

    @property
    def id(self) -> int: ...
    @property
    def no(self) -> int: ...
    @property
    def amount(self) -> int: ...
    @property
    def due_on(self) -> date: ...
    @property
    def dropped(self) -> bool: ...


class Payment(Protocol):
    """One payment as stored."""

    @property
    def id(self) -> int: ...
    @property
    def amount(self) -> int: ...
    @property
    def paid_on(self) -> date: ...
    @property
    def status(self) -> str: ...
    @property
    def instalment_id(self) -> int | None: ...


class Grace(Protocol):
    """A grace period as stored."""

    @property
    def instalment_id(self) -> int | None: ...
    @property
    def until(self) -> date: ...
    @property
    def lifted(self) -> bool: ...


class Promise(Protocol):
    """A promise as stored."""

    @property
    def amount(self) -> int: ...
    @property
    def made_on(self) -> date: ...
    @property
    def promised_on(self) -> date: ...
    @property
    def withdrawn(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Settled:
    """What verified payments did for one instalment: 分 so far, and the day it was complete."""

    amount: int = 0
    done_on: date | None = None


def allocate(instalments: Sequence[Instalment], payments: Iterable[Payment]) -> dict[int, Settled]:
    """What each instalment has got: a payment goes to the one it names, the rest to the oldest due.

    Payments count in the order in which they were made (day, then entry), not in the order in which
    somebody verified them, so that a late verification gives the same picture as a prompt one. What
    exceeds everything owed stays unallocated (a surplus).
    """
    current = sorted((i for i in instalments if not i.dropped), key=lambda i: (i.due_on, i.no))
    got: dict[int, Settled] = {i.id: Settled() for i in current}
    verified = (p for p in payments if p.status == PaymentStatus.VERIFIED)
    for payment in sorted(verified, key=lambda p: (p.paid_on, p.id)):
        _spread(payment, current, got)
    return got


def _spread(payment: Payment, current: Sequence[Instalment], got: dict[int, Settled]) -> None:
    named = [i for i in current if i.id == payment.instalment_id]
    left = payment.amount
    for instalment in [*named, *(i for i in current if i not in named)]:
        before = got[instalment.id]
        if before.done_on is not None:
            continue
        part = min(left, instalment.amount - before.amount)
        if not part and instalment.amount:
            return
        left -= part
        sum_now = before.amount + part
        got[instalment.id] = Settled(sum_now, payment.paid_on if sum_now == instalment.amount else None)


def expected_on(instalment: Instalment, graces: Iterable[Grace]) -> date:
    """The day by which it is asked for: the due date, or the end of a grace period that runs longer.

    A grace period of the whole obligation moves only what falls due before it ends.
    """
    ends = [g.until for g in graces if not g.lifted and g.instalment_id in (None, instalment.id)]
    return max([instalment.due_on, *ends])


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about one obligation that its standing depends on."""

    amount: int
    instalments: Sequence[Instalment]
    payments: Sequence[Payment]
    graces: Sequence[Grace] = ()
    disputed: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How an obligation stands on a day. All sums in 分.

    `reported` is what somebody says to have paid and nobody has verified; it is no part of `balance`.
    `in_time` is None until everything is performed; then whether each instalment was complete on the
    day it was asked for (a granted grace period counts).
    """

    status: Status
    balance: int
    settled: int
    surplus: int
    reported: int
    overdue: int
    next_due: date | None
    oldest_due: date | None = None  # the first due date that is not met, grace aside
    performed_on: date | None = None
    in_time: bool | None = None
    by_instalment: Mapping[int, Settled] = field(default_factory=dict)


def standing(facts: Facts, today: date) -> Standing:
    """Derive everything that is shown about an obligation from its facts."""
    current = [i for i in facts.instalments if not i.dropped]
    got = allocate(current, facts.payments)
    expected = {i.id: expected_on(i, facts.graces) for i in current}
    unmet = [i for i in current if got[i.id].done_on is None]
    settled = sum(s.amount for s in got.values())
    verified = sum(p.amount for p in facts.payments if p.status == PaymentStatus.VERIFIED)
    days = [done for s in got.values() if (done := s.done_on) is not None]
    performed_on = max(days) if not unmet and days else None
    return Standing(
        status=_status(facts, unmet, expected, today),
        balance=facts.amount - settled,
        settled=settled,
        surplus=verified - settled,
        reported=sum(p.amount for p in facts.payments if p.status == PaymentStatus.REPORTED),
        overdue=sum(i.amount - got[i.id].amount for i in unmet if expected[i.id] < today),
        next_due=min((expected[i.id] for i in unmet), default=None),
        oldest_due=min((i.due_on for i in unmet), default=None),
        performed_on=performed_on,
        in_time=_in_time(current, got, expected) if performed_on else None,
        by_instalment=got,
    )


def _in_time(current: Sequence[Instalment], got: Mapping[int, Settled], expected: Mapping[int, date]) -> bool:
    return all((done := got[i.id].done_on) is not None and done <= expected[i.id] for i in current)


def _status(facts: Facts, unmet: Sequence[Instalment], expected: Mapping[int, date], today: date) -> Status:
    if facts.ended:
        return Status.ENDED
    if not unmet:
        return Status.PERFORMED
    if facts.disputed:
        return Status.DISPUTED
    days = [expected[i.id] for i in unmet]
    if min(days) < today:
        return Status.OVERDUE
    if min(days) == today:
        return Status.DUE
    if any(i.due_on <= today < expected[i.id] for i in unmet):
        return Status.GRACE
    return Status.OPEN


def promise_status(promise: Promise, payments: Sequence[Payment], today: date) -> PromiseStatus:
    """What became of a promise: kept, broken, or still open.

    It is kept when what was paid between the day it was made and the promised day (both included), and
    was verified, reaches its amount.
    """
    if promise.withdrawn:
        return PromiseStatus.WITHDRAWN
    within = [p for p in payments if promise.made_on <= p.paid_on <= promise.promised_on]
    if _reaches(within, promise.amount, {PaymentStatus.VERIFIED}):
        return PromiseStatus.KEPT
    if today <= promise.promised_on:
        return PromiseStatus.OPEN
    if _reaches(within, promise.amount, {PaymentStatus.VERIFIED, PaymentStatus.REPORTED}):
        return PromiseStatus.CLAIMED
    return PromiseStatus.BROKEN


def _reaches(payments: Iterable[Payment], wanted: int, counted: set[PaymentStatus]) -> bool:
    found = [p.amount for p in payments if p.status in counted]
    # The promise of an act wants 0 分: then there must be a performance at all.
    return bool(found) and sum(found) >= wanted


@dataclass(frozen=True, slots=True)
class Figures:
    """A group of obligations in figures, such as the 20 workers against one debtor. Sums in 分."""

    cases: int = 0
    obligations: int = 0
    creditors: int = 0
    debtors: int = 0
    amount: int = 0
    settled: int = 0
    reported: int = 0
    by_status: Mapping[Status, int] = field(default_factory=dict)
    by_settlement: Mapping[Settlement, int] = field(default_factory=dict)

    @property
    def balance(self) -> int:
        """What is still owed, in 分."""
        return self.amount - self.settled
