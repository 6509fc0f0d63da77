"""What a document consists of: fields that are asked for, blocks that are written, and which of them apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

Values = Mapping[str, Any]  # JSON values: texts, sums in 分, days in ISO form, lists; "" for what is left open

KIND = "doc_"  # begins the kind of a document's path; what follows is the form's name
ID_LENGTH = 12  # of a field: it is a step of a path, whose column and buttons are that short
NAME_LENGTH = 16  # of a form: `doc_` and the name are the kind of a path


class Kind(StrEnum):
    """What a field holds, and so how its answer is read."""

    NAME = "name"  # of a person or an organisation
    NUMBER = "number"  # ID card number (GB 11643) or unified social credit code (GB 32100); `of` tells which
    PHONE = "phone"
    ACCOUNT = "account"  # of a bank
    COURT = "court"
    SUM = "sum"
    DATE = "date"
    CASE = "case"  # a case number
    TEXT = "text"
    CHOICE = "choice"
    LIST = "list"  # several lines of text
    SCHEDULE = "schedule"  # several days with sums


class Style(StrEnum):
    """How a paragraph stands on the page."""

    TITLE = "title"
    HEADING = "heading"
    BODY = "body"
    ATTACHED = "attached"  # where the list of what is handed in with it begins
    FLUSH = "flush"  # without indent: the court that is addressed
    SIGN = "sign"  # on the right: signature and date
    NOTE = "note"  # small, at the end


class Side(StrEnum):
    """Who writes a document."""

    CREDITOR = "creditor"
    DEBTOR = "debtor"
    EITHER = "either"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Source:
    """A provision: short name of the instrument (as in `faq/laws.yaml`) and number of the article."""

    law: str
    article: str


@dataclass(frozen=True, slots=True)
class Condition:
    """`field`, `!field`, `field=code`: answered, not answered, or answered with that choice."""

    field: str
    code: str = ""
    negated: bool = False

    @classmethod
    def of(cls, text: str) -> Condition:
        """From how it is written in a definition."""
        name, _, code = text.strip().removeprefix("!").partition("=")
        return cls(name.strip(), code.strip(), text.strip().startswith("!"))

    def holds(self, values: Values) -> bool:
        """Whether it is so with these values."""
        given = values.get(self.field)
        return ((given == self.code) if self.code else bool(given)) is not self.negated

    def jinja(self) -> str:
        """The same for the template of a Word file."""
        test = f"{self.field}.code == '{self.code}'" if self.code else self.field
        return f"(not {test})" if self.negated else f"({test})"


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers to a choice."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a document needs to know."""

    id: str
    label: str
    ask: str
    kind: Kind
    required: bool = False
    by_hand: bool = False  # may be left open and filled in on paper
    options: tuple[Option, ...] = ()
    when: tuple[Condition, ...] = ()
    help: str = ""
    known: str = ""  # the fact of a proven case that fills it
    of: str = ""  # the field that decides how this one is read
    past: bool = False  # a day that cannot be in the future
    future: bool = False  # a day that cannot be past
    total: str = ""  # a schedule: the field whose sum it must make up
    rest: tuple[str, ...] = ()  # a sum: the first field less the others is offered as the answer
    exact: bool = False  # with `rest`: no other sum can be the answer
    enforced: bool = False  # a case number: that of a case of enforcement
    unlike: str = ""  # a name: the party that cannot be the same one
    barred: tuple[tuple[str, Condition], ...] = ()  # a choice: options that cannot be while a condition holds
    most: int = 0  # characters; 0: as many as the kind allows
    sources: tuple[Source, ...] = ()  # what demands it

    def applies(self, values: Values) -> bool:
        """Whether it is asked for with these answers."""
        return all(c.holds(values) for c in self.when)

    def offered(self, values: Values) -> tuple[Option, ...]:
        """The options that can be chosen with these answers."""
        out = {code for code, condition in self.barred if condition.holds(values)}
        return tuple(o for o in self.options if o.code not in out)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph: its text is a template over the fields; with `each` once per item of a list."""

    style: Style
    text: str
    when: tuple[Condition, ...] = ()
    each: str = ""
    counter: str = ""  # paragraphs of one counter are numbered through
    bound: bool = False  # not to be parted from the next one by the end of a page

    def applies(self, values: Values) -> bool:
        """Whether it is written with these answers."""
        return all(c.holds(values) for c in self.when) and (not self.each or bool(values.get(self.each)))


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of document, as `faq/forms/NAME.yaml` defines it."""

    name: str
    title: str
    about: str  # when it is used, and what to have at hand
    side: Side
    sources: tuple[Source, ...]
    words: tuple[str, ...]  # what people call it
    fields: tuple[Field, ...]
    blocks: tuple[Block, ...]
    after: str = ""  # what to do with the finished paper

    def field(self, name: str) -> Field:
        """The field of that id; KeyError when there is none."""
        for each in self.fields:
            if each.id == name:
                return each
        raise KeyError(name)

    def asked(self, values: Values) -> Iterator[Field]:
        """The fields that apply with these values, in order."""
        return (f for f in self.fields if f.applies(values))

    def missing(self, values: Values) -> list[Field]:
        """Required fields without an answer."""
        return [f for f in self.asked(values) if f.required and not f.by_hand and not values.get(f.id)]

    def depending(self, name: str) -> tuple[str, ...]:
        """A field and those that are read differently when it changes."""
        return (name, *(f.id for f in self.fields if f.of == name or f.total == name))


class Wrong(Exception):
    """An answer that cannot be taken; `code` is a key below `documents.wrong` in the catalogue.

    `field` is the one to ask for anew, where it is another than the one that was answered.
    """

    field = ""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(code)

    def at(self, field: str) -> Wrong:
        """The same, said of that field."""
        self.field = field
        return self


def rest_of(field: Field, values: Values) -> int | None:
    """What remains of the first sum after the others, in 分; None while one of them is not known, or below zero."""
    left = less(field, values)
    return left if left is not None and left >= 0 else None


def less(field: Field, values: Values) -> int | None:
    """The first sum less the others, also below zero; None while the first is not known."""
    if not field.rest:
        return None
    first, *others = field.rest
    if not isinstance(values.get(first), int):
        return None
    left = int(values[first])
    for name in others:
        given = values.get(name) or 0
        left -= sum(item["sum"] for item in given) if isinstance(given, list) else int(given)
    return left


def born(number: str) -> tuple[date, bool] | None:
    """Day of birth and whether a man, from an 18-digit ID number (GB 11643); None for any other."""
    if len(number) != 18 or not number[:17].isdigit():
        return None
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14])), int(number[16]) % 2 == 1
