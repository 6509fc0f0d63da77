"""What the ledger tells people: why it refuses, and what an event of its history changed; sums in 元, codes in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.core.privacy import mask_identifiers
from bot.core.texts import Texts
from bot.ledger.cells import yuan
from bot.ledger.model import Broken
from bot.store.ledger_rows import EventRow

_GROUPS = {"payment_step": "payment", "settlement_step": "settlement"}
_SUMS = ("surplus",)  # rules whose numbers are 分
_MONEY = ("amount", "settled", "balance")
# Where the words of a code are: by its field, or by what the event is about and its field.
_CODES: Mapping[str, str] = {
    "settlement": "ledger.kind_of.settlement",
    "stage": "ledger.kind_of.stage",
    "title": "ledger.kind_of.title",
    "special": "ledger.kind_of.special",
    "source": "ledger.kind_of.source",
    "way": "party.way",
    "role": "reach.role",
    "payment.status": "ledger.kind_of.payment",
    "obligation.kind": "ledger.kind_of.obligation",
    "party.kind": "ledger.kind_of.party",
    "dispute.kind": "ledger.kind_of.dispute",
}
_IMPORT = re.compile(r"import [0-9a-f]{6,}")


def named(texts: Texts, error: Broken) -> dict[str, object]:
    """The parameters of a broken rule as its sentence (`ledger.wrong.<code>`) takes them."""
    if error.code in _SUMS:
        return {k: yuan(v) if isinstance(v, int) else v for k, v in error.params.items()}
    group = _GROUPS.get(error.code)
    if group is None:
        return dict(error.params)
    return {k: texts(f"ledger.kind_of.{group}.{v}") for k, v in error.params.items()}


def told(texts: Texts, error: Broken) -> str:
    """The sentence."""
    return texts(f"ledger.wrong.{error.code}", **named(texts, error))


def why(texts: Texts, event: EventRow) -> str:
    """The reason of an event, in words."""
    given = event.why or ""
    return texts("ledger.imported") if _IMPORT.fullmatch(given) else mask_identifiers(given)


def changed(texts: Texts, event: EventRow) -> list[str]:
    """What an event changed, a line for each field: what it was, what it is; identifiers masked.

    Left out is what only the program needs, and the reason, which `why` tells.
    """
    old, new, lines = event.old or {}, event.new or {}, []
    for name in sorted({*old, *new}, key=_place(texts)):
        was, now = old.get(name), new.get(name)
        key = next((k for k in (f"ledger.field.{event.subject}_{name}", f"ledger.field.{name}") if k in texts), "")
        if not key or was == now or (event.why and event.why in (was, now)):
            continue
        before, after = (_value(texts, event.subject, name, v) for v in (was, now))
        if before and after:
            lines.append(texts("ledger.field_changed", field=texts(key), old=before, new=after))
        elif before or after:
            lines.append(texts("ledger.field_set" if after else "ledger.field_gone", field=texts(key), value=after or before))
    return lines


def _place(texts: Texts) -> Any:
    order = {name: at for at, name in enumerate(texts.under("ledger.field"))}
    return lambda name: (order.get(name, len(order)), name)


def _value(texts: Texts, subject: str, name: str, value: object) -> str:
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return texts("ledger.yes_word" if value else "ledger.no_word")
    if name == "plan" and isinstance(value, list):
        return texts("ledger.field_and").join(_part(texts, part) for part in value)
    if name == "files" and isinstance(value, list):
        return texts("ledger.files", count=len(value))
    if name in _MONEY and isinstance(value, int):
        return texts("ledger.report.money", amount=yuan(value)) if value else ""
    family = _CODES.get(f"{subject}.{name}") or _CODES.get(name)
    key = f"{family}.{value}"
    return texts(key) if family and key in texts else mask_identifiers(str(value))


def _part(texts: Texts, part: Mapping[str, Any]) -> str:
    amount = part.get("amount")
    money = texts("ledger.report.money", amount=yuan(amount)) if amount else ""
    return f"{part.get('due_on', '')} {money}".strip()
