"""Fields of the console's forms, and how what was typed in them is read."""

from __future__ import annotations

from datetime import date
from typing import Any

from nicegui import ui

from bot.ledger.cells import amount as read_amount
from bot.ledger.cells import yuan
from bot.ledger.model import Broken


def text_field(label: str, value: str = "") -> ui.input:
    """A line of text."""
    return ui.input(label, value=value).props("outlined dense maxlength=200")


def money_field(label: str, cents_given: int | None = None) -> ui.input:
    """A sum in 元, typed as people write it."""
    value = "" if cents_given is None else str(yuan(cents_given))
    return ui.input(label, value=value).props('outlined dense suffix="元" inputmode="decimal"')


def day_field(label: str, value: date | None) -> Any:
    """A calendar day, typed or chosen."""
    return ui.date_input(label, value=value.isoformat() if value else None).props("outlined dense")


def cents(text: str | None) -> int | None:
    """What `money_field` holds, in 分; None when it is no sum."""
    try:
        return read_amount(text or "")
    except Broken:
        return None


def day_of(text: str | None) -> date | None:
    """What `day_field` holds; None when it is no day."""
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError:
        return None
