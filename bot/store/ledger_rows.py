"""What the ledger's part of the store hands out: plain values, opened (unsealed)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case."""

    id: int
    court: str
    number: str
    title: str
    cause: str
    stage: str
    wage: bool
    livelihood: bool
    special: str | None
    series: str | None
    tribunal: str | None
    mediator: str | None
    responsible: str | None
    created_at: datetime
    updated_at: datetime
    filed_on: date | None = None  # 立案日期


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A person or organisation. `number` and `phone` are whole: mask them before they are shown."""

    id: int
    name: str
    kind: str
    number: str | None
    phone: str | None
    provable: bool  # whether an ID or credit code is known that the person could prove


@dataclass(frozen=True, slots=True)
class CasePartyRow:
    """What a party is in a case; `acts_for` is the party that an agent speaks for."""

    case_id: int
    party_id: int
    role: str
    acts_for: int | None


@dataclass(frozen=True, slots=True)
class SideRow:
    """A party of one obligation: debtor, further debtor, or creditor with its share (分)."""

    obligation_id: int
    party_id: int
    role: str
    share: int | None


@dataclass(frozen=True, slots=True)
class ObligationRow:
    """What a debtor owes; `settled` and `performed_on` follow from verified payments."""

    id: int
    case_id: int
    debtor_id: int
    label: str
    kind: str
    amount: int
    act: str | None
    settlement: str
    responsible: str | None
    disputed: bool
    ended_on: date | None
    ended_why: str | None
    settled: int
    performed_on: date | None
    created_at: datetime
    updated_at: datetime
    next_due: date | None = None
    oldest_due: date | None = None


@dataclass(frozen=True, slots=True)
class InstalmentRow:
    """One instalment; `expected_on`, `settled` and `done_on` follow from grace periods and payments."""

    id: int
    obligation_id: int
    no: int
    amount: int
    due_on: date
    expected_on: date
    due_version: int
    settled: int
    done_on: date | None
    dropped: bool


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment, or with amount 0 the performance of an act."""

    id: int
    obligation_id: int
    instalment_id: int | None
    amount: int
    paid_on: date
    status: str
    source: str
    way: str | None
    payer_id: int | None
    payer_name: str | None
    third_party: bool
    reference: str | None
    note: str | None
    reported_at: datetime
    reported_by: str
    decided_at: datetime | None
    decided_by: str | None
    decided_why: str | None


@dataclass(frozen=True, slots=True)
class ShareRow:
    """How much of a payment one creditor got, in 分."""

    payment_id: int
    party_id: int
    amount: int


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A promise to perform; `whole` when it was about everything still owed then."""

    id: int
    obligation_id: int
    instalment_id: int | None
    party_id: int | None
    amount: int
    whole: bool
    made_on: date
    promised_on: date
    made_at: datetime
    withdrawn: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a proof, by hash."""

    proof_id: int
    position: int
    sha256: str
    media_type: str
    size: int
    name: str | None


@dataclass(frozen=True, slots=True)
class ProofRow:
    """Something handed in as proof; an album is one proof with several files."""

    id: int
    obligation_id: int
    payment_id: int | None
    party_id: int | None
    group_key: str | None
    note: str | None
    received_at: datetime
    files: tuple[FileRow, ...] = ()


@dataclass(frozen=True, slots=True)
class GraceRow:
    """A grace period; ended early when `lifted`."""

    id: int
    obligation_id: int
    instalment_id: int | None
    until: date
    reason: str
    granted_at: datetime
    granted_by: str
    lifted: bool


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """An objection; open until `closed_at`."""

    id: int
    obligation_id: int
    party_id: int | None
    kind: str
    text: str
    raised_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One change: who, when, why, and what was and is."""

    id: int
    case_id: int
    obligation_id: int | None
    kind: str
    subject: str
    subject_id: int
    at: datetime
    actor: str
    why: str | None
    old: dict[str, Any] | None
    new: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class DueRow:
    """An instalment with all that a plan needs to know of it, once per debtor who is to be reminded."""

    instalment_id: int
    obligation_id: int
    case_id: int
    party_id: int
    no: int
    amount: int
    settled: int
    due_on: date
    expected_on: date
    due_version: int
    done_on: date | None
    dropped: bool
    label: str
    kind: str
    disputed: bool
    ended_on: date | None
    settlement: str
    responsible: str | None
    court: str
    number: str
    title: str
    cause: str
    stage: str
    wage: bool
    livelihood: bool
    special: str | None
    series: str | None

    @property
    def left(self) -> int:
        """What is still owed of this instalment, in 分."""
        return self.amount - self.settled

    @property
    def stopped(self) -> str | None:
        """Why nobody is to be reminded of it: done, dropped, ended or disputed; None when they are."""
        if self.done_on is not None:
            return "done"
        if self.dropped:
            return "dropped"
        if self.ended_on is not None:
            return "ended"
        return "disputed" if self.disputed else None
