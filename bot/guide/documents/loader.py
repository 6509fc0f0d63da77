"""Reads the definitions in `faq/forms`: YAML into forms, every problem named with its file and line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import TemplateSyntaxError, meta

from bot.core import written
from bot.core.errors import KnowledgeError
from bot.core.faults import Fault, Problem
from bot.core.written import Node, Unreadable
from bot.guide.documents.compose import environment
from bot.guide.documents.model import (
    ID_LENGTH,
    NAME_LENGTH,
    Block,
    Condition,
    Field,
    Form,
    Kind,
    Option,
    Side,
    Source,
    Style,
)

FOLDER = "forms"  # below `faq/`
PARTS = "parts.yaml"  # what several forms share
# What a proven case can tell; whose side `me` and `other` are is known when a document is begun.
FACTS = frozenset(
    f"{side}.{what}" for side in ("me", "other", "creditor", "debtor") for what in ("name", "kind")
) | frozenset(["others", "court", "case", "number", "basis", "title", "amount", "settled", "balance", "original"])
_FORM_KEYS = frozenset(["name", "title", "about", "side", "sources", "words", "fields", "paper", "after"])
_FIELD_KEYS = frozenset(
    [
        *("id", "label", "ask", "kind", "required", "by_hand", "options", "when", "help", "known", "of"),
        *("past", "future", "total", "rest", "exact", "enforced", "unlike", "barred", "most", "sources"),
    ]
)
_PARTY_KEYS = frozenset(["party", "label", "role", "own", "unlike", "when", "sources"])
_BLOCK_KEYS = frozenset(["text", "heading", "party", "items", "each", "to", "sign", "attach", "when"])
RESERVED = frozenset(["start", "review", "done", "confirm", "earlier", "more", "quiet", "end", "days", "item"])
TAKEN = frozenset(["leave", "back", "go", "none", "finished", "rest"])
ANNOUNCES = "："  # ends a paragraph that is nothing without the next one
LABEL = 14  # characters that fit on a button
_SHOWN = 30  # characters of a paragraph, to find it again
_ITEM_KEYS = frozenset(["text", "when", "each", "plain"])
_ID = re.compile(r"[a-z][a-z_]*")
_SOURCE = re.compile(r"(\S+) (\d+(?:[之][一二三四五六])?)")
_LINE = "__line__"
E = TypeVar("E", bound=StrEnum)


class _Bad(Exception):
    """What is wrong at a line."""

    def __init__(self, line: int, fault: Fault, about: str = "") -> None:
        self.line = line
        self.fault = fault
        self.about = about
        super().__init__(str(fault))

    def problem(self, file: str) -> Problem:
        """With the file in which it stands."""
        return Problem(f"{FOLDER}/{file}", self.line, self.fault, self.about)


@dataclass(slots=True)
class Draft:
    """What was read, and what is wrong with it."""

    forms: list[Form] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)  # (form, field or `paper`) -> line


def read(folder: Path) -> Draft:
    """All definitions of that folder (`faq/forms`)."""
    draft = Draft()
    try:
        parts = _yaml(folder / PARTS)
    except Unreadable as bad:
        draft.problems.append(bad.problem)
        return draft
    for path in written.files(folder):
        if path.name == PARTS:
            continue
        try:
            _one(path, parts, draft)
        except Unreadable as bad:
            draft.problems.append(bad.problem)
        except _Bad as bad:
            draft.problems.append(bad.problem(path.name))
    return draft


def forms(folder: Path) -> dict[str, Form]:
    """The forms by name; KnowledgeError names every problem."""
    draft = read(folder)
    wrong = [*draft.problems, *check(draft)]
    if wrong or not draft.forms:
        raise KnowledgeError(wrong or [Problem(FOLDER, 0, Fault("form.none"))])
    return {form.name: form for form in draft.forms}


def problems(folder: Path, laws: Mapping[str, Collection[str]] | None = None) -> list[Problem]:
    """Everything that is wrong with the definitions; `laws` are the articles that `laws.yaml` quotes."""
    draft = read(folder)
    found = [*draft.problems, *check(draft, laws)]
    try:
        _asking(folder)
    except Unreadable as bad:
        found.append(bad.problem)
    return sorted(set(found))


def asking(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before, and what after, a document's name when somebody wants to write it."""
    try:
        return _asking(folder)
    except Unreadable as bad:
        raise KnowledgeError([bad.problem]) from bad


def _asking(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    data = _yaml(folder / PARTS)
    try:
        words = data["asking"]
        return tuple(map(str, words["before"])), tuple(map(str, words["after"]))
    except (KeyError, TypeError) as error:
        raise Unreadable(Problem(f"{FOLDER}/{PARTS}", data[_LINE], Fault("form.asking"))) from error


def _yaml(path: Path) -> dict[str, Any]:
    root = written.read(path, f"{FOLDER}/{path.name}")
    if not root.is_mapping:
        raise root.unreadable(Fault("form.mapping"))
    try:
        data: dict[str, Any] = _lined(root)
    except RecursionError as error:
        raise root.unreadable(Fault("yaml.deep", parser=error)) from error
    return data


def _lined(node: Node) -> Any:
    """Plain data; every mapping notes on which line it begins."""
    if node.is_mapping:
        for problem in written.repeated(node, deep=0):
            raise Unreadable(problem)
        return {**{name: _lined(value) for name, value in node.pairs()}, _LINE: node.line}
    return [_lined(item) for item in node.items()] if node.is_list else node.value()


def _one(path: Path, parts: Mapping[str, Any], draft: Draft) -> None:
    data = _yaml(path)
    _keys(data, _FORM_KEYS)
    try:
        fields = tuple(_fields(data["fields"], parts))
        blocks = tuple(_blocks(data, parts))
        form = Form(
            name=str(data["name"]),
            title=str(data["title"]),
            about=str(data["about"]).strip(),
            side=_chosen(Side, data["side"], data[_LINE], "side"),
            sources=_sources(data, data[_LINE]),
            words=tuple(str(w) for w in data["words"]),
            fields=fields,
            blocks=blocks,
            after=str(data.get("after", "")).strip(),
        )
    except KeyError as error:
        raise _Bad(data[_LINE], Fault("file.missing_key", name=error.args[0])) from error
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise _Bad(data[_LINE], Fault("file.shape", why=error)) from error
    if form.name != path.stem or not _ID.fullmatch(form.name) or len(form.name) > NAME_LENGTH:
        raise _Bad(data[_LINE], Fault("form.name", name=form.name, file=path.stem, most=NAME_LENGTH))
    draft.forms.append(form)
    draft.lines[form.name, ""] = data[_LINE]
    for given in data["fields"]:
        for each in _group(given, parts):
            draft.lines[form.name, str(each["id"])] = given[_LINE]


def _keys(data: Mapping[str, Any], known: Collection[str]) -> None:
    for key in data:
        if key != _LINE and key not in known:
            raise _Bad(data[_LINE], Fault("file.unknown", name=key, known=sorted(known)))


def _chosen(kind: type[E], value: object, line: int, name: str) -> E:
    """One of the words of an enumeration."""
    try:
        return kind(str(value))
    except ValueError as error:
        raise _Bad(line, Fault("form.choice", name=name, value=value, known=kind)) from error


# -- fields --------------------------------------------------------------------------------------


def _group(given: Mapping[str, Any], parts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A party is several fields; anything else is one."""
    if "party" not in given:
        return [dict(given)]
    _keys(given, _PARTY_KEYS)
    made = _filled(_part(parts, given)["fields"], given)
    shared = {"sources": given["sources"]} if "sources" in given else {}
    if other := given.get("unlike"):
        made = [
            {**each, "unlike": f"{other}_name"} if each["id"] == f"{given['party']}_name" else each for each in made
        ]
    return [{**each, **shared, "when": [*given.get("when", ()), *each.get("when", ())]} for each in made]


def _part(parts: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """Whoever writes the document is asked for more than the other side."""
    return parts["own" if given.get("own") else "other"]


def _filled(part: Any, given: Mapping[str, Any]) -> Any:
    """A shared part with the party's own id, label and side put in."""
    if isinstance(part, dict):
        return {key: _filled(value, given) for key, value in part.items()}
    if isinstance(part, list):
        return [_filled(each, given) for each in part]
    if not isinstance(part, str):
        return part
    role = str(given.get("role") or "")
    text = part.replace("@label", str(given["label"])).replace("@role.", f"{role}." if role else "@role.")
    return "" if "@role." in text else text.replace("@", str(given["party"]))


def _fields(listed: list[Any], parts: Mapping[str, Any]) -> Iterator[Field]:
    for given in listed:
        for each in _group(given, parts):
            yield _field(each, int(given[_LINE]))


def _field(given: Mapping[str, Any], line: int) -> Field:
    _keys({**given, _LINE: line}, _FIELD_KEYS)
    try:
        name, kind = str(given["id"]), _chosen(Kind, given["kind"], line, "kind")
        options = given.get("options", {})
        return Field(
            id=name,
            label=str(given["label"]),
            ask=str(given["ask"]).strip(),
            kind=kind,
            required=bool(given.get("required", False)),
            by_hand=bool(given.get("by_hand", False)),
            options=tuple(Option(str(c), str(w)) for c, w in options.items() if c != _LINE),
            when=tuple(Condition.of(str(c)) for c in given.get("when", ())),
            help=str(given.get("help", "")).strip(),
            known=str(given.get("known", "")),
            of=str(given.get("of", "")),
            past=bool(given.get("past", False)),
            future=bool(given.get("future", False)),
            total=str(given.get("total", "")),
            rest=tuple(given.get("rest", ())),
            exact=bool(given.get("exact", False)),
            enforced=bool(given.get("enforced", False)),
            unlike=str(given.get("unlike", "")),
            barred=tuple((str(c), Condition.of(str(w))) for c, w in given.get("barred", {}).items() if c != _LINE),
            most=int(given.get("most", 0)),
            sources=_sources(given, line),
        )
    except KeyError as error:
        raise _Bad(line, Fault("file.missing_key", name=error.args[0]), str(given.get("id", ""))) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise _Bad(line, Fault("file.shape", why=error), str(given.get("id", ""))) from error


def _sources(given: Mapping[str, Any], line: int) -> tuple[Source, ...]:
    found = []
    for text in given.get("sources", ()):
        read_as = _SOURCE.fullmatch(str(text))
        if read_as is None:
            raise _Bad(line, Fault("form.source", value=text))
        found.append(Source(read_as.group(1), read_as.group(2)))
    return tuple(found)


# -- what is written -----------------------------------------------------------------------------


def _blocks(data: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[Block]:
    yield Block(Style.TITLE, str(data["title"]))
    parties = {str(f["party"]): f for f in data["fields"] if "party" in f}
    for position, given in enumerate(data["paper"]):
        given = {"text": given, _LINE: data[_LINE]} if isinstance(given, str) else given
        _keys(given, _BLOCK_KEYS)
        when = tuple(Condition.of(str(c)) for c in given.get("when", ()))
        yield from _written(given, when, f"n{position}", parties, parts)
    yield Block(Style.NOTE, str(parts["note"]).strip())  # `Composer` keeps the line before it there


def _written(
    given: Mapping[str, Any],
    when: tuple[Condition, ...],
    counter: str,
    parties: Mapping[str, Any],
    parts: Mapping[str, Any],
) -> Iterator[Block]:
    if "party" in given:
        party = parties.get(str(given["party"]))
        if party is None:
            raise _Bad(given[_LINE], Fault("form.no_party", name=given["party"], known=parties))
        for each in _filled(_part(parts, party)["text"], party):
            own = tuple(Condition.of(str(c)) for c in each["when"])
            yield Block(Style.BODY, each["text"], (*when, *own))
    elif "heading" in given:
        yield Block(Style.HEADING, str(given["heading"]), when, bound=True)
    elif "items" in given:
        yield from _items(given["items"], when, counter)
    elif "to" in given:
        for number, text in enumerate(parts["to"]):
            yield Block(Style.FLUSH if number else Style.BODY, str(text), when, bound=True)
    elif "sign" in given:
        for label in given["sign"]:
            yield Block(Style.SIGN, str(parts["sign"]).replace("@label", str(label)), when, bound=True)
            yield Block(Style.SIGN, str(parts["date"]), when)
    elif "attach" in given:
        yield Block(Style.ATTACHED, str(parts["attach"]), when, bound=True)
        yield from _items(given["attach"], when, counter)
    else:
        yield _paragraph(given, when)


def _items(listed: list[Any], when: tuple[Condition, ...], counter: str) -> Iterator[Block]:
    for item in listed:
        given = item if isinstance(item, dict) else {"text": item}
        _keys({_LINE: 0, **given}, _ITEM_KEYS)
        own = tuple(Condition.of(str(c)) for c in given.get("when", ()))
        yield _paragraph(given, (*when, *own), "" if given.get("plain") else counter)


def _paragraph(given: Mapping[str, Any], when: tuple[Condition, ...], counter: str = "") -> Block:
    """What announces a list stays with its first line."""
    text = str(given["text"]).strip()
    return Block(Style.BODY, text, when, str(given.get("each", "")), counter, text.endswith(ANNOUNCES))


# -- whether it is sound -------------------------------------------------------------------------


def check(draft: Draft, laws: Mapping[str, Collection[str]] | None = None) -> Iterator[Problem]:
    """What reading a single line cannot tell; `laws` are the articles that `laws.yaml` quotes."""
    for form in draft.forms:
        for name, fault, about in _wrong(form, laws):
            line = draft.lines.get((form.name, name)) or draft.lines[form.name, ""]
            yield Problem(f"{FOLDER}/{form.name}.yaml", line, fault, about)


def _wrong(form: Form, laws: Mapping[str, Collection[str]] | None) -> Iterator[tuple[str, Fault, str]]:
    """The field where it stands (empty: the form), what is wrong, and what it is about."""
    ids = [f.id for f in form.fields]
    for name in {i for i in ids if ids.count(i) > 1}:
        yield name, Fault("form.field_twice"), name
    for each in form.fields:
        yield from ((each.id, fault, each.id) for fault in _wrong_field(each, ids))
    for block in form.blocks:
        yield from (("", fault, block.text[:_SHOWN]) for fault in _wrong_block(form, block))
    if laws is not None:
        for where, sources in (("", form.sources), *((f.id, f.sources) for f in form.fields)):
            for source in sources:
                if source.article not in laws.get(source.law, ()):
                    yield where, Fault("form.no_article", law=source.law, article=source.article), where


def _wrong_field(each: Field, ids: list[str]) -> Iterator[Fault]:
    if not _ID.fullmatch(each.id) or len(each.id) > ID_LENGTH:
        yield Fault("form.id", most=ID_LENGTH)
    if each.id in RESERVED:
        yield Fault("form.reserved")
    if (each.kind is Kind.CHOICE) != bool(each.options):
        yield Fault("form.options")
    for option in each.options:
        if option.code in TAKEN or not _ID.fullmatch(option.code):
            yield Fault("form.option", code=option.code, taken=sorted(TAKEN))
    if each.known and each.known not in FACTS:
        yield Fault("form.fact", value=each.known, known=sorted(FACTS))
    if len(each.label) > LABEL:
        yield Fault("form.label", count=len(each.label), most=LABEL)
    before = ids[: ids.index(each.id)]
    conditions = (*each.when, *(c for _, c in each.barred))
    for name in (each.of, each.total, each.unlike, *each.rest, *(c.field for c in conditions)):
        if name and name not in before:
            yield Fault("form.not_before", name=name)


def _wrong_block(form: Form, block: Block) -> Iterator[Fault]:
    ids = {f.id for f in form.fields}
    for condition in block.when:
        if condition.field not in ids:
            yield Fault("form.no_field", name=condition.field)
        elif condition.code and condition.code not in {o.code for o in form.field(condition.field).options}:
            yield Fault("form.no_option", name=condition.field, code=condition.code)
    if block.each and (block.each not in ids or form.field(block.each).kind not in (Kind.LIST, Kind.SCHEDULE)):
        yield Fault("form.no_list", name=block.each)
    try:
        names = _names_in(block.text)
    except TemplateSyntaxError as error:
        yield Fault("form.template", parser=error.message)
        return
    for name in sorted(names - ids - {"item"}):
        yield Fault("form.no_field", name=name)


@lru_cache(maxsize=4096)  # the watch over the files checks all forms again, and nearly all blocks are as they were
def _names_in(template: str) -> frozenset[str]:
    """The names that a template wants; TemplateSyntaxError when it is none."""
    return frozenset(meta.find_undeclared_variables(environment().parse(template)))
