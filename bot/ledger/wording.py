"""A broken rule of the ledger as people read it: states and steps by their names, sums in 元."""

from __future__ import annotations

from bot.core.texts import Texts
from bot.ledger.cells import yuan
from bot.ledger.model import Broken

_GROUPS = {"payment_step": "payment", "settlement_step": "settlement"}
_SUMS = ("surplus",)  # rules whose numbers are 分


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
