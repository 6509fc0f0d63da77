"""The tables of the ledger. Names, numbers, telephones and free words are sealed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables import Base


class Case(Base):
    """A case: court, number, kind of enforcement basis, stage, who looks after it."""

    __tablename__ = "cases"
    __table_args__ = (Index("ix_cases_filed", "filed_on"), Index("ix_cases_created", "created_at"))

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    court: Mapped[str] = mapped_column(String(16), index=True)  # an id of faq/courts.yaml
    number: Mapped[str] = mapped_column(String(64), unique=True)  # 案号, normalised
    title: Mapped[str] = mapped_column(String(12))  # TitleKind
    cause: Mapped[str] = mapped_column(String(120), default="")  # 案由
    stage: Mapped[str] = mapped_column(String(8))  # Stage
    wage: Mapped[bool] = mapped_column(Boolean, default=False)  # 涉农民工工资
    livelihood: Mapped[bool] = mapped_column(Boolean, default=False)  # 涉民生
    special: Mapped[str | None] = mapped_column(String(12))  # SpecialSubject
    series: Mapped[str | None] = mapped_column(String(64), index=True)  # 系列案
    tribunal: Mapped[str | None] = mapped_column(String(64))  # 人民法庭
    mediator: Mapped[str | None] = mapped_column(String(64))  # 特邀调解员
    responsible: Mapped[str | None] = mapped_column(String(64), index=True)  # 承办人
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    filed_on: Mapped[date | None] = mapped_column(Date)  # 立案日期


class Party(Base):
    """A person or organisation, over all its cases; the same ID or credit code is the same party."""

    __tablename__ = "parties"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    name_key: Mapped[str] = mapped_column(String(32), index=True)  # pseudonym, to find it again
    kind: Mapped[str] = mapped_column(String(12))  # PartyKind
    number: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed ID or credit code
    number_key: Mapped[str | None] = mapped_column(String(32), unique=True)
    tail_key: Mapped[str | None] = mapped_column(String(32))  # last characters, keyed by party
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CaseParty(Base):
    """What a party is in a case; an agent's row names whom it acts for (0: nobody)."""

    __tablename__ = "case_parties"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(8), primary_key=True)  # Role
    acts_for: Mapped[int] = mapped_column(BigInteger, primary_key=True, default=0)


class Obligation(Base):
    """What one debtor owes under a case; found again by case, debtor and label.

    `settled`, `performed_on` and `disputed` repeat what payments and disputes say, `next_due` and
    `oldest_due` (the first day by which something unmet is asked for, and its first due date) what the
    instalments say; written in the same transaction by the ledger's service, so that a plan over a
    million of them is one query, and a page of a table too.
    """

    __tablename__ = "obligations"
    __table_args__ = (
        UniqueConstraint("case_id", "debtor_id", "label", name="uq_obligations_natural"),
        Index("ix_obligations_performed", "performed_on"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    debtor_id: Mapped[int] = mapped_column(ForeignKey("parties.id"), index=True)
    label: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(8))  # ObligationKind
    amount: Mapped[int] = mapped_column(BigInteger)  # 分
    act: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    settlement: Mapped[str] = mapped_column(String(12), default="none")  # Settlement
    responsible: Mapped[str | None] = mapped_column(String(64), index=True)  # over the case's, when set
    disputed: Mapped[bool] = mapped_column(Boolean, default=False)
    ended_on: Mapped[date | None] = mapped_column(Date)
    ended_why: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    settled: Mapped[int] = mapped_column(BigInteger, default=0)  # 分
    performed_on: Mapped[date | None] = mapped_column(Date)
    next_due: Mapped[date | None] = mapped_column(Date, index=True)
    oldest_due: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ObligationParty(Base):
    """Who stands on which side of an obligation; several debtors answer for it together."""

    __tablename__ = "obligation_parties"

    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id", ondelete="CASCADE"), primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(8), primary_key=True)  # creditor, debtor, third
    share: Mapped[int | None] = mapped_column(BigInteger)  # 分


class Instalment(Base):
    """One instalment; an obligation without a plan has exactly one.

    `due_version` grows whenever the day changes by which it is asked for, or its sum: a reminder that
    was planned for an older version is not sent. A replaced instalment stays, `dropped`.
    """

    __tablename__ = "instalments"
    __table_args__ = (
        UniqueConstraint("obligation_id", "no", name="uq_instalments_no"),
        Index("ix_instalments_expected", "expected_on", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id", ondelete="CASCADE"))
    no: Mapped[int] = mapped_column(SmallInteger)
    amount: Mapped[int] = mapped_column(BigInteger)  # 分; 0 for an act
    due_on: Mapped[date] = mapped_column(Date)
    expected_on: Mapped[date] = mapped_column(Date)  # derived: due date, or the end of a grace period
    due_version: Mapped[int] = mapped_column(Integer, default=1)
    settled: Mapped[int] = mapped_column(BigInteger, default=0)  # derived, 分
    done_on: Mapped[date | None] = mapped_column(Date)  # derived
    dropped: Mapped[bool] = mapped_column(Boolean, default=False)


class Payment(Base):
    """A payment; its life is told in `bot.ledger.model.PaymentStatus`."""

    __tablename__ = "payments"
    __table_args__ = (
        Index("ix_payments_status", "status", "id"),
        Index("ix_payments_reference", "reference_key"),
        Index("ix_payments_day", "status", "paid_on"),
        Index("ix_payments_obligation", "obligation_id", "status", "paid_on"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id", ondelete="CASCADE"))
    instalment_id: Mapped[int | None] = mapped_column(ForeignKey("instalments.id"))
    amount: Mapped[int] = mapped_column(BigInteger)  # 分
    paid_on: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(String(8))
    way: Mapped[str | None] = mapped_column(String(24))
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    payer_name: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    third_party: Mapped[bool] = mapped_column(Boolean, default=False)
    reference: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    reference_key: Mapped[str | None] = mapped_column(String(32))
    note: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    reported_at: Mapped[datetime]
    reported_by: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_why: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed


class PaymentShare(Base):
    """How much of a payment one creditor got."""

    __tablename__ = "payment_shares"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id", ondelete="CASCADE"), primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)  # 分


class Promise(Base):
    """A promise to perform by a day; kept or broken is derived."""

    __tablename__ = "promises"
    __table_args__ = (Index("ix_promises_day", "promised_on", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id", ondelete="CASCADE"), index=True)
    instalment_id: Mapped[int | None] = mapped_column(ForeignKey("instalments.id"))
    party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    amount: Mapped[int] = mapped_column(BigInteger)  # 分
    whole: Mapped[bool] = mapped_column(Boolean, default=False)
    made_on: Mapped[date] = mapped_column(Date)
    promised_on: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime]
    withdrawn: Mapped[bool] = mapped_column(Boolean, default=False)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed


class Proof(Base):
    """A proof; `group_key` (Telegram's album) makes the photos of one album one proof, across a restart."""

    __tablename__ = "proofs"
    __table_args__ = (UniqueConstraint("obligation_id", "group_key", name="uq_proofs_group"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id", ondelete="CASCADE"), index=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id"), index=True)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    group_key: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    received_at: Mapped[datetime]


class ProofFile(Base):
    """One file of a proof; its bytes lie sealed under its hash."""

    __tablename__ = "proof_files"

    proof_id: Mapped[int] = mapped_column(ForeignKey("proofs.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(Integer)
    name: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed


class GracePeriod(Base):
    """A grace period (宽限) for an obligation or one instalment, with its reason and its end."""

    __tablename__ = "graces"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id", ondelete="CASCADE"), index=True)
    instalment_id: Mapped[int | None] = mapped_column(ForeignKey("instalments.id"))
    until: Mapped[date] = mapped_column(Date)
    reason: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(String(80))
    lifted: Mapped[bool] = mapped_column(Boolean, default=False)


class Dispute(Base):
    """An objection: open → closed by a person, with the outcome."""

    __tablename__ = "disputes"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id", ondelete="CASCADE"), index=True)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    kind: Mapped[str] = mapped_column(String(8))  # DisputeKind
    text: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(80))
    outcome: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed


class LedgerEvent(Base):
    """One change of the ledger: who, when, why, old and new value. Never changed, never deleted alone."""

    __tablename__ = "ledger_events"
    __table_args__ = (
        Index("ix_ledger_events_obligation", "obligation_id", "id"),
        Index("ix_ledger_events_case", "case_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    obligation_id: Mapped[int | None] = mapped_column(ForeignKey("obligations.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    why: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    old: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed JSON
    new: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed JSON
