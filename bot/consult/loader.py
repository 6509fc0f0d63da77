"""Reading `faq/`: YAML into knowledge, every problem named with its file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from typing_extensions import override

from bot.consult.model import Court, Entry, Instrument, Knowledge, Lexicon, Outside, Policy, Provision, Viewpoint

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

ENTRY_KEYS = (
    "id",
    "title",
    "question",
    "audience",
    "keywords",
    "phrasings",
    "answer",
    "more",
    "provisions",
    "policies",
    "reviewed",
    "valid_from",
    "valid_to",
    "related",
    "actions",
)
OPTIONAL = frozenset({"more", "policies", "actions"})
OUTSIDE_KEYS = ("id", "title", "answer", "keywords", "phrasings")
FILES = ("taxonomy", "outside", "laws", "lexicon", "courts")  # beside the folder `topics`
_ID = re.compile(r"^[a-z]+\.[a-z_]+$")
ID_LENGTH = 40  # so that a button that names a topic stays within Telegram's 64 bytes
_ARTICLE = re.compile(r"^\d+(之[一二三四五六])?$")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something in `faq/` that a person must look at."""

    file: str
    line: int
    message: str
    notice: bool = False  # worth knowing, but nothing is wrong

    @override
    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(slots=True)
class Draft:
    """What was read, before it is known to be sound."""

    entries: list[Entry] = field(default_factory=list)
    outside: list[Outside] = field(default_factory=list)
    laws: dict[str, Instrument] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    courts: dict[str, Court] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    lexicon: dict[str, object] = field(default_factory=dict)
    taxonomy: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lines: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)  # (id, key or phrasing) -> place
    version: str = ""

    def knowledge(self) -> Knowledge:
        """As one immutable value."""
        return Knowledge(
            entries={e.id: e for e in self.entries},
            outside={o.id: o for o in self.outside},
            laws=self.laws,
            policies=self.policies,
            courts=self.courts,
            places=self.places,
            lexicon=Lexicon(self.lexicon),
            version=self.version,
        )


class _Node:
    """A YAML node with its line, so that every complaint can say where."""

    def __init__(self, node: yaml.Node, file: str) -> None:
        self.node = node
        self.file = file
        self.line = node.start_mark.line + 1

    def items(self) -> list[_Node]:
        """The members of a list; empty for anything else."""
        return [_Node(n, self.file) for n in self.node.value] if isinstance(self.node, yaml.SequenceNode) else []

    def pairs(self) -> list[tuple[str, _Node]]:
        """The pairs of a mapping in the order written, repeated keys included."""
        if not isinstance(self.node, yaml.MappingNode):
            return []
        return [(str(_Node(k, self.file).value()), _Node(v, self.file)) for k, v in self.node.value]

    def value(self) -> Any:
        """The plain value; `_Bad` when there is none, such as for the 31st of February."""
        try:
            return _construct(self.node)
        except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
            raise _Bad(self.problem(f"this value cannot be read ({error})")) from error

    def problem(self, message: str) -> Problem:
        """A complaint about this place."""
        return Problem(self.file, self.line, message)


def _construct(node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        # Composing has already resolved the tag; only the few plain types occur.
        return yaml.constructor.SafeConstructor().construct_object(node)
    constructor = yaml.constructor.SafeConstructor()
    return constructor.construct_object(node, deep=True)


def read(folder: Path) -> Draft:
    """Read all files of the folder; problems are collected, never raised."""
    draft = Draft()
    digest = hashlib.sha256()
    for path in _files(folder):
        raw = path.read_bytes()
        digest.update(path.name.encode() + b"\0" + raw)
        name = str(path.relative_to(folder))
        try:
            _reader(path)(_compose(raw, name), draft)
        except _Bad as bad:
            draft.problems.append(bad.problem)
    for name in FILES:
        if not (folder / f"{name}.yaml").exists():
            draft.problems.append(Problem(f"{name}.yaml", 0, "the file is missing"))
    draft.version = digest.hexdigest()[:12]
    if not draft.entries:
        draft.problems.append(Problem(str(folder), 0, "no entries found in topics/*.yaml"))
    return draft


def fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, times and sizes of the files: cheap to compare, so that a change is noticed."""
    stats = ((p, p.stat()) for p in _files(folder))
    return tuple((p.name, s.st_mtime_ns, s.st_size) for p, s in stats)


def _files(folder: Path) -> list[Path]:
    topics = sorted((folder / "topics").glob("*.yaml"))
    rest = [folder / f"{name}.yaml" for name in FILES]
    return topics + [p for p in rest if p.exists()]


def _compose(raw: bytes, name: str) -> _Node:
    """The file's root node; `_Bad` with the line at which it cannot be read."""
    try:
        node = yaml.compose(raw.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _Bad(Problem(name, line, "not UTF-8; save the file as UTF-8")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise _Bad(Problem(name, line, f"YAML: {error.problem or error.context}")) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise _Bad(Problem(name, 0, f"YAML: {error}")) from error
    if node is None:
        raise _Bad(Problem(name, 1, "the file is empty"))
    return _Node(node, name)


def _once(root: _Node, draft: Draft, *, deep: int) -> None:
    """Complain of keys that stand twice: of two sections with one name YAML keeps the last, silently."""
    seen: set[str] = set()
    for key, node in root.pairs():
        if key in seen:
            draft.problems.append(node.problem(f"`{key}` stands twice"))
        seen.add(key)
        if deep:
            _once(node, draft, deep=deep - 1)


def _reader(path: Path) -> Callable[[_Node, Draft], None]:
    if path.parent.name == "topics":
        return _read_topics
    return {
        "taxonomy": _read_taxonomy,
        "outside": _read_outside,
        "laws": _read_laws,
        "lexicon": _read_lexicon,
        "courts": _read_courts,
    }[path.stem]


# -- topics --------------------------------------------------------------------------------------


def _read_topics(root: _Node, draft: Draft) -> None:
    if not isinstance(root.node, yaml.SequenceNode):
        draft.problems.append(root.problem("a list of entries is expected, each beginning with `- id:`"))
    for node in root.items():
        try:
            fields = _fields(node, ENTRY_KEYS, OPTIONAL, draft)
            if fields is None:
                continue
            entry = _entry(node, fields)
            _remember(draft, entry.id, node, fields)
        except _Bad as bad:
            draft.problems.append(bad.problem)
            continue
        draft.entries.append(entry)


def _remember(draft: Draft, entry_id: str, node: _Node, fields: Mapping[str, _Node]) -> None:
    draft.lines[entry_id, ""] = (node.file, node.line)
    for key, value in fields.items():
        draft.lines[entry_id, key] = (value.file, value.line)
    for item in fields["phrasings"].items():
        draft.lines[entry_id, str(item.value())] = (item.file, item.line)


def _fields(node: _Node, keys: Sequence[str], optional: frozenset[str], draft: Draft) -> dict[str, _Node] | None:
    """The members of a mapping; complains of unknown, repeated and missing keys."""
    found: dict[str, _Node] = {}
    pairs = node.pairs()
    if not pairs:
        draft.problems.append(node.problem("an entry with keys is expected"))
        return None
    complaints = []
    for key, value in pairs:
        if key not in keys:
            complaints.append(value.problem(f"unknown key `{key}`"))
        elif key in found:
            complaints.append(value.problem(f"key `{key}` stands twice"))
        found[key] = value
    missing = [k for k in keys if k not in found and k not in optional]
    complaints += [node.problem(f"key `{k}` is missing") for k in missing]
    draft.problems += complaints
    return None if missing else found


class _Bad(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _entry(node: _Node, fields: dict[str, _Node]) -> Entry:
    return Entry(
        id=_matching(fields["id"], _ID, "an id such as apply.how"),
        title=_text(fields["title"]),
        question=_text(fields["question"]),
        audience=frozenset(_audience(fields["audience"])),
        keywords=_texts(fields["keywords"]),
        phrasings=_texts(fields["phrasings"]),
        answer=_text(fields["answer"]),
        more=_text(fields["more"], empty=True) if "more" in fields else "",
        provisions=tuple(_provision(n) for n in fields["provisions"].items()),
        policies=_texts(fields["policies"]) if "policies" in fields else (),
        reviewed=_date(fields["reviewed"]),
        valid_from=_date(fields["valid_from"]),
        valid_to=_date(fields["valid_to"]) if fields["valid_to"].value() is not None else None,
        related=_texts(fields["related"]),
        actions=_texts(fields["actions"]) if "actions" in fields else (),
        file=node.file,
        line=node.line,
    )


def _text(node: _Node, *, empty: bool = False) -> str:
    value = node.value()
    if value is None and empty:
        return ""
    if not isinstance(value, str) or not (value.strip() or empty):
        raise _Bad(node.problem("a text is expected; put it in quotes if it looks like a number or date"))
    return value


def _texts(node: _Node) -> tuple[str, ...]:
    if node.value() is not None and not isinstance(node.node, yaml.SequenceNode):
        raise _Bad(node.problem("a list is expected"))
    return tuple(_text(n) for n in node.items())


def _matching(node: _Node, pattern: re.Pattern[str], what: str) -> str:
    value = str(node.value())
    if not pattern.match(value) or len(value) > ID_LENGTH:
        raise _Bad(node.problem(f"{what} is expected (at most {ID_LENGTH} characters), not {value!r}"))
    return value


def _date(node: _Node) -> date:
    value = node.value()
    if type(value) is not date:  # not isinstance: a date with a time is a datetime, and is no day
        raise _Bad(node.problem("a date such as 2026-11-23 is expected"))
    return value


def _audience(node: _Node) -> Iterator[Viewpoint]:
    for item in node.items():
        try:
            yield Viewpoint(str(item.value()))
        except ValueError:
            known = ", ".join(Viewpoint)
            raise _Bad(item.problem(f"unknown audience {item.value()!r}; one of {known}")) from None


def _provision(node: _Node) -> Provision:
    known = dict(node.pairs())
    if unknown := set(known) - {"law", "article", "at"}:
        raise _Bad(node.problem(f"a citation has law, article and at, not {', '.join(sorted(unknown))}"))
    if "law" not in known or "article" not in known:
        raise _Bad(node.problem("a citation needs law and article"))
    article = _matching(known["article"], _ARTICLE, "an article number")
    return Provision(_text(known["law"]), article, _text(known["at"]) if "at" in known else "")


# -- the other files -----------------------------------------------------------------------------


def _read_taxonomy(root: _Node, draft: Draft) -> None:
    _once(root, draft, deep=0)
    if not root.pairs():
        draft.problems.append(root.problem("topic ids with their titles are expected"))
    draft.taxonomy = {key: str(node.value()) for key, node in root.pairs()}
    draft.lines.update({("taxonomy", key): (node.file, node.line) for key, node in root.pairs()})


def _read_outside(root: _Node, draft: Draft) -> None:
    if not root.items():
        draft.problems.append(root.problem("a list of kinds is expected, each beginning with `- id:`"))
    for node in root.items():
        try:
            fields = _fields(node, OUTSIDE_KEYS, frozenset({"keywords"}), draft)
            if fields is None:
                continue
            kind = Outside(
                id=_matching(fields["id"], _ID, "an id such as outside.divorce"),
                title=_text(fields["title"]),
                answer=_text(fields["answer"]),
                phrasings=_texts(fields["phrasings"]),
                keywords=_texts(fields["keywords"]) if "keywords" in fields else (),
            )
        except _Bad as bad:
            draft.problems.append(bad.problem)
            continue
        draft.outside.append(kind)
        _remember(draft, kind.id, node, fields)


def _read_laws(root: _Node, draft: Draft) -> None:
    _once(root, draft, deep=3)
    sections = dict(root.pairs())
    if "laws" not in sections:
        draft.problems.append(root.problem("a section `laws` is expected"))
    for short, node in sections["laws"].pairs() if "laws" in sections else []:
        values = node.value()
        try:
            clauses = {str(a): tuple(map(str, [*c])) for a, c in values["articles"].items() if isinstance(c, list)}
            if len(clauses) < len(values["articles"]):
                draft.problems.append(node.problem(f"{short}: an article has a list of clauses, each with a dash"))
            draft.laws[short] = Instrument(
                short,
                str(values["title"]),
                str(values.get("document") or ""),
                str(values.get("in_force") or ""),
                clauses,
            )
        except (KeyError, TypeError, AttributeError) as error:
            draft.problems.append(
                node.problem(f"{short}: title and articles (number: [clauses]) are expected ({error})")
            )
    for name, node in sections["policies"].pairs() if "policies" in sections else []:
        values = node.value()
        if not isinstance(values, dict) or not {"title", "clause"} <= set(values):
            draft.problems.append(node.problem(f"{name}: title and clause are expected"))
            continue
        draft.policies[name] = Policy(name, str(values["title"]), str(values["clause"]))


def _read_lexicon(root: _Node, draft: Draft) -> None:
    _once(root, draft, deep=1)
    value = root.value()
    if isinstance(value, dict):
        draft.lexicon = value
        draft.lines["lexicon", ""] = (root.file, root.line)
        draft.lines.update({("lexicon", key): (node.file, node.line) for key, node in root.pairs()})
    else:
        draft.problems.append(root.problem("sections with keys are expected"))


def _read_courts(root: _Node, draft: Draft) -> None:
    _once(root, draft, deep=0)
    data = root.value()
    if not isinstance(data, dict) or not isinstance(data.get("courts"), list):
        draft.problems.append(root.problem("a list `courts` is expected"))
        return
    keys = set(Court.__dataclass_fields__)
    for node, court in zip(dict(root.pairs())["courts"].items(), data["courts"], strict=True):
        if not isinstance(court, dict) or not set(court) <= keys or "id" not in court or "name" not in court:
            draft.problems.append(
                node.problem(f"a court has the keys {', '.join(sorted(keys))}; id and name are needed")
            )
            continue
        if wrong := [k for k, v in court.items() if k != "aliases" and not isinstance(v, str | None)]:
            draft.problems.append(node.problem(f"put the value of {', '.join(wrong)} in quotes"))
            continue
        court["aliases"] = tuple(map(str, court.get("aliases") or ()))
        draft.courts[str(court["id"])] = Court(**{"level": "", "area": "", **court})
        draft.lines[str(court["id"]), ""] = (node.file, node.line)
    draft.places = _places(draft.courts, data)


def _places(courts: Mapping[str, Court], data: Mapping[str, Any]) -> dict[str, str]:
    """What `{{courts}}`, `{{auction_agencies}}` and `{{notaries}}` stand for."""
    filled = [_court_lines(c) for c in courts.values() if c.filled]
    places = {"courts": "\n".join(filled) or str(data.get("unfilled") or "").strip()}
    for name in ("auction_agencies", "notaries"):
        section = data.get(name) or {}
        entries = section.get("list") or [] if isinstance(section, dict) else section
        empty = section.get("empty", "") if isinstance(section, dict) else data.get(f"{name}_empty", "")
        places[name] = "\n".join(f"· {e}" for e in entries) or str(empty or "").strip()
    return places


def _court_lines(court: Court) -> str:
    known = [v for v in (court.address, court.phone, court.hours, court.window_note) if v]
    return f"**{court.name}**\n" + "\n".join(f"· {v}" for v in known)
