"""From answers to paragraphs: the same templates and the same words for the screen, the Word file and the PDF."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, Self

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from bot.core.texts import Texts
from bot.guide.documents.capitals import capitals
from bot.guide.documents.model import Field, Form, Kind, Style, Values, born


class Shown(str):
    """A value as it is written, with what else a template may want of it: `{{ sum.capitals }}`."""

    __slots__ = ("__dict__",)

    def __new__(cls, text: str, **_facts: object) -> Self:
        """The text is the value; the facts are its attributes."""
        return super().__new__(cls, text)

    def __init__(self, _text: str, **facts: object) -> None:
        self.__dict__.update(facts)


@dataclass(frozen=True, slots=True)
class Line:
    """A finished paragraph."""

    style: Style
    text: str
    bound: bool = False


@lru_cache(maxsize=2)
def environment(*, escapes: bool = False) -> SandboxedEnvironment:
    """What templates run in: nothing of Python is within reach, and an unknown name is an error."""
    return SandboxedEnvironment(autoescape=escapes, undefined=StrictUndefined)


def day_words(texts: Texts, day: date) -> str:
    """A day as documents write it."""
    return texts("documents.day", year=day.year, month=day.month, day=day.day)


def amount_words(texts: Texts, cents: int) -> str:
    """A sum as documents write it, in figures."""
    whole, rest = divmod(cents, 100)
    return texts("documents.sum", amount=f"{whole:,}" + (f".{rest:02d}" if rest else ""))


class Composer:
    """Writes forms; knows the words, not the paper."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts

    def context(self, form: Form, values: Values) -> dict[str, Any]:
        """Every field as it is written; what was not answered, or does not apply, is empty."""
        asked = {f.id for f in form.asked(values)}
        return {f.id: self._shown(f, values.get(f.id) if f.id in asked else None) for f in form.fields}

    def lines(self, form: Form, values: Values) -> list[Line]:
        """The paragraphs of the document; the small print at the end never stands on a page by itself."""
        lines = list(self._lines(form, values))
        return [*lines[:-2], *(replace(line, bound=True) for line in lines[-2:-1]), *lines[-1:]]

    def _lines(self, form: Form, values: Values) -> Iterator[Line]:
        context, counts = self.context(form, values), Counters()
        asked = {f.id: values.get(f.id) for f in form.asked(values)}
        for block in form.blocks:
            if not block.applies(asked):
                continue
            template = environment().from_string(block.text)
            for item in context[block.each] if block.each else ("",):
                text = template.render(context, item=item).strip("\n")
                number = f"{counts.next(block.counter)}. " if block.counter else ""
                if text:
                    yield Line(block.style, number + text, block.bound)

    def told(self, field: Field, values: Values) -> str:
        """An answer as the review screen shows it: a number's last four characters only; empty for none."""
        value = values.get(field.id)
        if value in (None, "", []):
            return ""
        if field.kind in (Kind.NUMBER, Kind.ACCOUNT):
            return self.texts("documents.masked", tail=str(value)[-4:])
        shown = self._shown(field, value)
        if isinstance(shown, list):
            return "\n".join(self._item(n, item) for n, item in enumerate(shown, 1))
        if field.kind is Kind.SUM:
            return self.texts("documents.sum_told", sum=shown, capitals=capitals(int(value)))
        return str(shown)

    def _item(self, number: int, item: Shown) -> str:
        return f"{number}. {item}"

    def _shown(self, field: Field, value: Any) -> Any:
        if value in (None, "", []):
            return [] if field.kind in (Kind.LIST, Kind.SCHEDULE) else Shown("", **_NOTHING)
        show: Callable[[Texts, Field, Any], Any] = _SHOWN.get(field.kind, _as_text)
        return show(self.texts, field, value)


class Counters:
    """Numbers the paragraphs of each list from 1; in a Word file's template it is called as a function."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def next(self, counter: str) -> int:
        """The next number of that list."""
        self._counts[counter] = self._counts.get(counter, 0) + 1
        return self._counts[counter]


_NOTHING: dict[str, object] = {"capitals": "", "code": "", "sex": "", "birth": "", "whole": ""}
_MARKS = "。；，、;,."
_ENDS = tuple("。！？…”）!?)")


def _as_text(texts: Texts, _field: Field, value: Any) -> Shown:
    """Words within a sentence, on one line, without the mark that ends them; `whole`: a sentence of their own."""
    said = str(value)
    whole = said if said.endswith(_ENDS) else said.rstrip(_MARKS) + texts("documents.stop")
    row = ""
    for line in filter(None, map(str.strip, said.split("\n"))):
        row += ("" if not row or row.endswith((*_MARKS, *_ENDS)) else texts("documents.comma")) + line
    return Shown(row.rstrip(_MARKS) or row, **{**_NOTHING, "whole": whole})


def _as_sum(texts: Texts, _field: Field, value: Any) -> Shown:
    return Shown(amount_words(texts, int(value)), **{**_NOTHING, "capitals": capitals(int(value))})


def _as_day(texts: Texts, _field: Field, value: Any) -> Shown:
    return Shown(day_words(texts, date.fromisoformat(value)), **_NOTHING)


def _as_choice(_texts: Texts, field: Field, value: Any) -> Shown:
    label = next((o.label for o in field.options if o.code == value), "")
    return Shown(label, **{**_NOTHING, "code": str(value)})


def _as_number(texts: Texts, _field: Field, value: Any) -> Shown:
    known = born(str(value))
    if known is None:
        return Shown(str(value), **_NOTHING)
    day, is_man = known
    sex = texts("documents.man" if is_man else "documents.woman")
    return Shown(str(value), **{**_NOTHING, "sex": sex, "birth": day_words(texts, day)})


def _as_list(_texts: Texts, _field: Field, value: Any) -> list[Shown]:
    return [Shown(str(each).rstrip(_MARKS) or str(each), no=n) for n, each in enumerate(value, 1)]


def _as_schedule(texts: Texts, _field: Field, value: Any) -> list[Shown]:
    made = []
    for number, each in enumerate(value, 1):
        day, amount = day_words(texts, date.fromisoformat(each["day"])), _as_sum(texts, _field, each["sum"])
        mark = texts("documents.stop" if number == len(value) else "documents.semicolon")
        made.append(Shown(texts("documents.item", day=day, sum=amount), no=number, day=day, sum=amount, mark=mark))
    return made


_SHOWN: dict[Kind, Callable[[Texts, Field, Any], Any]] = {
    Kind.SUM: _as_sum,
    Kind.DATE: _as_day,
    Kind.CHOICE: _as_choice,
    Kind.NUMBER: _as_number,
    Kind.LIST: _as_list,
    Kind.SCHEDULE: _as_schedule,
}
