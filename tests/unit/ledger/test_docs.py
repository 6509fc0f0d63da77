"""What docs/ledger.md draws and lists is what the code does."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from bot.core.texts import Texts
from bot.ledger.columns import COLUMNS, DERIVED
from bot.ledger.model import (
    PAYMENT_STEPS,
    SETTLEMENT_STEPS,
    DisputeKind,
    ObligationKind,
    PartyKind,
    PaymentStatus,
    PromiseStatus,
    Settlement,
    SpecialSubject,
    Stage,
    Status,
    TitleKind,
)

DOC = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text(encoding="utf-8")
TEXTS = Texts.load()


def drawn(place: int) -> set[tuple[str, str]]:
    """The arrows of the diagram at that place, without begin and end."""
    diagram = re.findall(r"```mermaid\n(.*?)```", DOC, re.DOTALL)[place]
    return {(a, b) for a, b in re.findall(r"(\S+) --> (\w+)", diagram) if a != "[*]"}


@pytest.mark.parametrize(("place", "kind"), [(0, Status), (1, PaymentStatus), (2, PromiseStatus), (3, Settlement)])
def test_the_life_cycles_are_drawn_with_every_status(place: int, kind: type[StrEnum]) -> None:
    """Each status of the code is a node of its diagram, and no other."""
    assert {status for arrow in drawn(place) for status in arrow} == {s.value for s in kind}


def test_the_arrows_are_the_steps_of_the_code() -> None:
    """Payments and settlements take the steps that are drawn."""
    assert drawn(1) == {(a.value, b.value) for a, steps in PAYMENT_STEPS.items() for b in steps}
    assert drawn(3) == {(a.value, b.value) for a, steps in SETTLEMENT_STEPS.items() for b in steps}


def test_every_column_is_in_the_document() -> None:
    """Nobody has to guess what a column wants."""
    for column in (*COLUMNS, *DERIVED):
        assert TEXTS(f"ledger.column.{column}").removesuffix("（只读）") in DOC
        assert TEXTS(f"ledger.note.{column}")


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("title", TitleKind),
        ("stage", Stage),
        ("special", SpecialSubject),
        ("party", PartyKind),
        ("obligation", ObligationKind),
        ("status", Status),
        ("payment", PaymentStatus),
        ("promise", PromiseStatus),
        ("settlement", Settlement),
        ("dispute", DisputeKind),
    ],
)
def test_every_kind_has_its_word(key: str, kind: type[StrEnum]) -> None:
    """The catalogue names each kind and status, and none that does not exist."""
    assert set(TEXTS.under(f"ledger.kind_of.{key}")) == {k.value for k in kind}


def test_every_broken_rule_has_its_words() -> None:
    """Each code of a broken rule, raised by the ledger or by case work, is a sentence of the catalogue."""
    source = "".join(p.read_text(encoding="utf-8") for p in (Path(__file__).parents[3] / "bot").rglob("*.py"))
    codes = set(re.findall(r'Broken\("(\w+)"', source))
    words = set(TEXTS.under("ledger.wrong"))
    assert codes <= words
    assert words - codes <= {"repeated", "disagrees", "cell_error"}
