"""Fields of the console's forms, and how what was typed in them is read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Path, Query
from nicegui import ui

from bot.core.clock import SHANGHAI
from bot.ledger.cells import amount as read_amount
from bot.ledger.cells import day as read_day
from bot.ledger.cells import yuan
from bot.ledger.model import Broken

LARGEST = 2**63 - 1  # what a number in the database can be
_MOMENT = "YYYY-MM-DD HH:mm"
Number = Annotated[int, Path(gt=0, le=LARGEST)]  # of something, in a page's address
MaybeNumber = Annotated[int, Query(ge=0, le=LARGEST)]  # after its question mark; 0: none


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


class Unread(ValueError):
    """What somebody typed cannot be read; `key` is what is said about it."""

    def __init__(self, key: str, **params: object) -> None:
        self.key, self.params = key, params
        super().__init__(key)


def given_day(name: str, text: str | None) -> date | None:
    """The day in the field of that name, in any usual form; None when nothing is typed. Raises `Unread`."""
    if not (text or "").strip():
        return None
    try:
        return read_day(text)
    except Broken:
        raise Unread("frame.bad_day", name=name, given=str(text)[:20]) from None


def needed_day(name: str, text: str | None) -> date:
    """The same for a field that must not be empty."""
    found = given_day(name, text)
    if found is None:
        raise Unread("frame.no_value", name=name)
    return found


def needed_sum(name: str, text: str | None) -> int:
    """The sum in the field of that name, in 分. Raises `Unread`, for an empty field too."""
    found = given_sum(name, text)
    if found is None:
        raise Unread("frame.no_value", name=name)
    return found


def given_sum(name: str, text: str | None) -> int | None:
    """The sum in the field of that name, in 分; None when nothing is typed. Raises `Unread`."""
    if not (text or "").strip():
        return None
    try:
        return read_amount(text)
    except Broken as broken:
        if broken.code != "amount":  # too large, negative, parts of a 分: the ledger says it better
            raise
        raise Unread("frame.bad_sum", name=name, given=str(text)[:20]) from None


def moment_field(label: str, hint: str) -> ui.input:
    """A moment of a day, typed or chosen; empty is none. Not the browser's own field, which speaks the browser's language."""
    field = ui.input(label, placeholder=hint).props("outlined dense")
    with field.add_slot("append"), ui.button(icon="edit_calendar", color=None).props("flat round"), ui.menu(), ui.row().style("gap: 0"):
        ui.date(mask=_MOMENT).bind_value(field).props(f'mask="{_MOMENT}"')
        ui.time(mask=_MOMENT).bind_value(field).props(f'format24h mask="{_MOMENT}"')
    return field


def given_moment(name: str, text: str | None) -> datetime | None:
    """The moment in the field of that name, in Shanghai; None when nothing is chosen. Raises `Unread`."""
    if not (text or "").strip():
        return None
    try:
        return datetime.fromisoformat(str(text).strip()).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Unread("frame.bad_moment", name=name, given=str(text)[:20]) from None


def given_count(name: str, text: str | None) -> int | None:
    """The whole number in the field of that name; None when nothing is typed. Raises `Unread`."""
    plain = (text or "").strip()
    if plain and not (plain.isascii() and plain.isdecimal() and len(plain) < 10):
        raise Unread("frame.bad_count", name=name, given=plain[:20])
    return int(plain) if plain else None
