"""A result in words: the sum first, then the way to it, the law, and what the law leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from bot.consult.model import Instrument, Provision
from bot.core.texts import Texts
from bot.guide.model import CannotWorkOutError, Cited, Line, Told


def whole(texts: Texts, told: Told, laws: Mapping[str, Instrument] | None = None) -> str:
    """The result as one message; `laws` are the instruments known by their short names."""
    parts = [f"**{sentence(texts, told.head)}**"]
    if told.steps:
        parts.append(_section(texts, "calc.section.steps", told.steps))
    if told.notes:
        parts.append("\n".join(sentence(texts, n) for n in told.notes))
    if told.conventions:
        parts.append(_section(texts, "calc.section.open", told.conventions))
    if told.basis:
        parts.append(texts("calc.section.basis", provisions=cited(told.basis, laws)))
    parts.append(texts("calc.disclaimer"))
    return "\n\n".join(parts)


def _section(texts: Texts, title: str, lines: Iterable[Line]) -> str:
    return "\n".join([texts(title), *(texts("calc.section.line", text=sentence(texts, line)) for line in lines)])


def sentence(texts: Texts, line: Line) -> str:
    """One sentence with its numbers."""
    return texts(line.key, **{name: shown(texts, value) for name, value in line.params.items()})


def wrong(texts: Texts, error: CannotWorkOutError) -> str:
    """Why something cannot be worked out."""
    return sentence(texts, Line(error.key, error.params))


def shown(texts: Texts, value: object) -> object:
    """A sum as 7,400.01, a day as people say it, a line as its sentence, anything else as it is."""
    if isinstance(value, Line):
        return sentence(texts, value)
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, date):
        return texts("calc.day", year=value.year, month=value.month, day=value.day)
    return value


def money(amount: Decimal) -> str:
    """An amount in 元 as people write it: 7,400 or 7,400.01."""
    return f"{amount:,.2f}".removesuffix(".00")


def cited(basis: Iterable[Cited], laws: Mapping[str, Instrument] | None = None) -> str:
    """The provisions, those of one instrument together."""
    by_law: dict[str, list[str]] = {}
    for each in basis:
        label = Provision(each.law, each.article, each.at).label().removeprefix(each.law)
        by_law.setdefault(each.law, []).append(label)
    known = laws or {}
    joined = (
        (f"《{law}》" if law in known else law) + "、".join(dict.fromkeys(places)) for law, places in by_law.items()
    )
    return "；".join(joined)


def as_json(texts: Texts, told: Told) -> dict[str, Any]:
    """The result for another program: the values, and every sentence beside its key."""

    def line(each: Line) -> dict[str, Any]:
        params = {n: sentence(texts, v) if isinstance(v, Line) else v for n, v in each.params.items()}
        return {"key": each.key, "params": plain(params), "text": sentence(texts, each)}

    return {
        "kind": told.kind,
        **plain(dict(told.values)),
        "head": sentence(texts, told.head),
        "steps": [line(s) for s in told.steps],
        "conventions": [line(s) for s in told.conventions],
        "notes": [line(s) for s in told.notes],
        "basis": [asdict(b) for b in told.basis],
        "disclaimer": texts("calc.disclaimer"),
    }


def plain(value: Any) -> Any:
    """A value as JSON has it: sums as text with two places, days in ISO form."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value
