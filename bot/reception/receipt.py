"""The receipt of a first visit, on one page: queue number, what was said, what follows, what to bring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from bot.core.texts import Texts
from bot.reach.pdf import Page
from bot.reception.model import NewIntake, NextStep, Track


class _Assessed(Protocol):
    """What the receipt tells of an assessment."""

    @property
    def last_day(self) -> date | None: ...
    @property
    def fee(self) -> int | None: ...
    @property
    def jurisdiction(self) -> str: ...
    @property
    def materials(self) -> tuple[str, ...]: ...
    @property
    def track(self) -> Track: ...


class _Registered(Protocol):
    """What the receipt tells of the registration."""

    @property
    def label(self) -> str: ...
    @property
    def day(self) -> date: ...
    @property
    def next_step(self) -> NextStep: ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the page says."""

    court: str
    label: str
    day: date
    new: NewIntake
    last_day: date | None
    fee: int | None
    jurisdiction: str
    materials: tuple[str, ...]
    track: Track
    next_step: NextStep

    @classmethod
    def of(cls, new: NewIntake, made: _Assessed, registered: _Registered, court: str) -> Receipt:
        """From an intake and what follows from it."""
        return cls(
            court=court,
            label=registered.label,
            day=registered.day,
            new=new,
            last_day=made.last_day,
            fee=made.fee,
            jurisdiction=made.jurisdiction,
            materials=made.materials,
            track=made.track,
            next_step=registered.next_step,
        )

    def lines(self, texts: Texts) -> list[str]:
        """The body, line by line."""
        unknown, new = texts("reception.receipt.unknown"), self.new
        amount = f"{new.amount / 100:,.2f}" if new.amount is not None else new.act or unknown
        return [
            texts("reception.receipt.parties", applicant=new.applicant, other=new.other),
            texts(
                "reception.receipt.basis",
                title=texts(f"ledger.kind_of.title.{new.title}"),
                number=new.title_number or unknown,
            ),
            texts("reception.receipt.amount", amount=amount),
            texts("reception.receipt.last_day", day=self.last_day or unknown),
            texts("reception.receipt.fee", fee=f"{self.fee / 100:,.2f}" if self.fee is not None else unknown),
            texts("reception.receipt.track", track=texts(f"reception.track.{self.track}")),
            texts("reception.receipt.next", step=texts(f"reception.step.{self.next_step}")),
        ]


def receipt_pdf(receipt: Receipt, texts: Texts, font: Path) -> bytes:
    """As PDF."""
    page = Page(font)
    page.line(receipt.court, 15, align="C").line(texts("reception.receipt.title"), 20, align="C").gap(3)
    page.line(receipt.label, 26, align="C").line(f"{receipt.day:%Y-%m-%d}", 10, align="C").gap(4).rule()
    page.lines(receipt.lines(texts), 12).gap(2)
    page.line(receipt.jurisdiction, 10).gap(2).rule()
    page.line(texts("reception.receipt.materials"), 13)
    page.lines([f"{n}. {m}" for n, m in enumerate(receipt.materials, 1)], 11).gap(2).rule()
    return page.line(texts("reception.receipt.foot"), 9).content()
