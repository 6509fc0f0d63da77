"""Reading `faq/`: YAML into knowledge, every problem named with its file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bot.consult.model import Court, Entry, Instrument, Knowledge, Lexicon, Outside, Policy, Provision, Viewpoint
from bot.core import written
from bot.core.faults import Fault, Problem
from bot.core.written import Node, Unreadable

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
_LISTED = ("auction_agencies", "notaries")
_ID = re.compile(r"^[a-z]+\.[a-z_]+$")
ID_LENGTH = 40  # so that a button that names a topic stays within Telegram's 64 bytes
_ARTICLE = re.compile(r"^\d+(之[一二三四五六])?$")


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


def read(folder: Path) -> Draft:
    """Read all files of the folder; problems are collected, never raised."""
    draft = Draft()
    digest = hashlib.sha256()
    for path in _files(folder):
        name = str(path.relative_to(folder))
        try:
            raw = path.read_bytes()
            digest.update(path.name.encode() + b"\0" + raw)
            _reader(path)(written.compose(raw, name), draft)
        except Unreadable as bad:
            draft.problems.append(bad.problem)
        except OSError as error:
            draft.problems.append(written.cannot_open(name, error))
    for name in FILES:
        if not (folder / f"{name}.yaml").exists():
            draft.problems.append(Problem(f"{name}.yaml", 0, Fault("file.missing")))
    draft.version = digest.hexdigest()[:12]
    if not draft.entries:
        draft.problems.append(Problem(str(folder), 0, Fault("file.no_entries")))
    return draft


def fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, times and sizes of the files: cheap to compare, so that a change is noticed."""
    stats = ((p, p.stat()) for p in _files(folder))
    return tuple((p.name, s.st_mtime_ns, s.st_size) for p, s in stats)


def _files(folder: Path) -> list[Path]:
    topics = sorted((folder / "topics").glob("*.yaml"))
    rest = [folder / f"{name}.yaml" for name in FILES]
    return topics + [p for p in rest if p.exists()]


def _once(root: Node, draft: Draft, *, deep: int) -> None:
    """Complain of keys that stand twice."""
    draft.problems += written.repeated(root, deep=deep)


def _reader(path: Path) -> Callable[[Node, Draft], None]:
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


def _read_topics(root: Node, draft: Draft) -> None:
    if not root.is_list:
        draft.problems.append(root.problem(Fault("entry.list")))
    for node in root.items():
        try:
            fields = _fields(node, ENTRY_KEYS, OPTIONAL, draft)
            if fields is None:
                continue
            entry = _entry(node, fields)
            _remember(draft, entry.id, node, fields)
        except Unreadable as bad:
            draft.problems.append(bad.problem)
            continue
        draft.entries.append(entry)


def _remember(draft: Draft, entry_id: str, node: Node, fields: Mapping[str, Node]) -> None:
    draft.lines[entry_id, ""] = (node.file, node.line)
    for key, value in fields.items():
        draft.lines[entry_id, key] = (value.file, value.line)
    for item in fields["phrasings"].items():
        draft.lines[entry_id, str(item.value())] = (item.file, item.line)


def _fields(node: Node, keys: Sequence[str], optional: frozenset[str], draft: Draft) -> dict[str, Node] | None:
    """The members of a mapping; complains of unknown, repeated and missing keys."""
    found: dict[str, Node] = {}
    pairs = node.pairs()
    if not pairs:
        draft.problems.append(node.problem(Fault("entry.bare")))
        return None
    complaints = []
    for key, value in pairs:
        if key not in keys:
            complaints.append(value.problem(Fault("file.unknown", name=key, known=keys)))
        elif key in found:
            complaints.append(value.problem(Fault("file.twice", name=key)))
        found[key] = value
    missing = [k for k in keys if k not in found and k not in optional]
    complaints += [node.problem(Fault("file.missing_key", name=k)) for k in missing]
    draft.problems += complaints
    return None if missing else found


def _entry(node: Node, fields: dict[str, Node]) -> Entry:
    return Entry(
        id=_id(fields["id"]),
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


def _text(node: Node, *, empty: bool = False) -> str:
    value = node.value()
    if value is None and empty:
        return ""
    if not isinstance(value, str) or not (value.strip() or empty):
        raise node.unreadable(Fault("value.text"))
    return value


def _texts(node: Node) -> tuple[str, ...]:
    if node.value() is not None and not node.is_list:
        raise node.unreadable(Fault("value.list"))
    return tuple(_text(n) for n in node.items())


def _id(node: Node) -> str:
    value = str(node.value())
    if not _ID.match(value) or len(value) > ID_LENGTH:
        raise node.unreadable(Fault("entry.id", most=ID_LENGTH, value=value))
    return value


def _date(node: Node) -> date:
    value = node.value()
    if type(value) is not date:  # not isinstance: a date with a time is a datetime, and is no day
        raise node.unreadable(Fault("value.day", value=value))
    return value


def _audience(node: Node) -> Iterator[Viewpoint]:
    for item in node.items():
        try:
            yield Viewpoint(str(item.value()))
        except ValueError:
            raise item.unreadable(Fault("entry.audience", value=item.value(), known=Viewpoint)) from None


def _provision(node: Node) -> Provision:
    known = dict(node.pairs())
    if unknown := set(known) - {"law", "article", "at"}:
        raise node.unreadable(Fault("entry.citation_keys", names=sorted(unknown)))
    if "law" not in known or "article" not in known:
        raise node.unreadable(Fault("entry.citation"))
    article = str(known["article"].value())
    if not _ARTICLE.match(article):
        raise known["article"].unreadable(Fault("entry.article", value=article))
    return Provision(_text(known["law"]), article, _text(known["at"]) if "at" in known else "")


# -- the other files -----------------------------------------------------------------------------


def _read_taxonomy(root: Node, draft: Draft) -> None:
    _once(root, draft, deep=0)
    if not root.pairs():
        draft.problems.append(root.problem(Fault("entry.taxonomy")))
    draft.taxonomy = {key: str(node.value()) for key, node in root.pairs()}
    draft.lines.update({("taxonomy", key): (node.file, node.line) for key, node in root.pairs()})


def _read_outside(root: Node, draft: Draft) -> None:
    if not root.items():
        draft.problems.append(root.problem(Fault("entry.list")))
    for node in root.items():
        try:
            fields = _fields(node, OUTSIDE_KEYS, frozenset({"keywords"}), draft)
            if fields is None:
                continue
            kind = Outside(
                id=_id(fields["id"]),
                title=_text(fields["title"]),
                answer=_text(fields["answer"]),
                phrasings=_texts(fields["phrasings"]),
                keywords=_texts(fields["keywords"]) if "keywords" in fields else (),
            )
        except Unreadable as bad:
            draft.problems.append(bad.problem)
            continue
        draft.outside.append(kind)
        _remember(draft, kind.id, node, fields)


def _read_laws(root: Node, draft: Draft) -> None:
    _once(root, draft, deep=3)
    sections = dict(root.pairs())
    if "laws" not in sections:
        draft.problems.append(root.problem(Fault("law.section")))
    for short, node in sections["laws"].pairs() if "laws" in sections else []:
        values = node.value()
        try:
            clauses = {str(a): tuple(map(str, [*c])) for a, c in values["articles"].items() if isinstance(c, list)}
            if len(clauses) < len(values["articles"]):
                draft.problems.append(node.problem(Fault("law.clauses"), short))
            draft.laws[short] = Instrument(
                short,
                str(values["title"]),
                str(values.get("document") or ""),
                str(values.get("in_force") or ""),
                clauses,
            )
        except (KeyError, TypeError, AttributeError):
            draft.problems.append(node.problem(Fault("law.shape"), short))
    for name, node in sections["policies"].pairs() if "policies" in sections else []:
        values = node.value()
        if not isinstance(values, dict) or not {"title", "clause"} <= set(values):
            draft.problems.append(node.problem(Fault("law.policy"), name))
            continue
        draft.policies[name] = Policy(name, str(values["title"]), str(values["clause"]))


def _read_lexicon(root: Node, draft: Draft) -> None:
    _once(root, draft, deep=1)
    value = root.value()
    if isinstance(value, dict):
        draft.lexicon = value
        draft.lines["lexicon", ""] = (root.file, root.line)
        draft.lines.update({("lexicon", key): (node.file, node.line) for key, node in root.pairs()})
    else:
        draft.problems.append(root.problem(Fault("lexicon.shape")))


def _read_courts(root: Node, draft: Draft) -> None:
    _once(root, draft, deep=0)
    data = root.value()
    if not isinstance(data, dict) or not isinstance(data.get("courts"), list):
        draft.problems.append(root.problem(Fault("court.list")))
        return
    keys = set(Court.__dataclass_fields__)
    for node, court in zip(dict(root.pairs())["courts"].items(), data["courts"], strict=True):
        if not isinstance(court, dict) or not set(court) <= keys or "id" not in court or "name" not in court:
            draft.problems.append(node.problem(Fault("court.shape", known=sorted(keys))))
            continue
        if wrong := [k for k, v in court.items() if k != "aliases" and not isinstance(v, str | None)]:
            draft.problems.append(node.problem(Fault("court.quotes", names=wrong)))
            continue
        court["aliases"] = tuple(map(str, court.get("aliases") or ()))
        draft.courts[str(court["id"])] = Court(**{"level": "", "area": "", **court})
        draft.lines[str(court["id"]), ""] = (node.file, node.line)
    for name, node in root.pairs():
        if name in _LISTED and not node.is_list and node.value() is not None:
            draft.problems.append(node.problem(Fault("court.names", name=name)))
    draft.places = _places(draft.courts, data)


def _places(courts: Mapping[str, Court], data: Mapping[str, Any]) -> dict[str, str]:
    """What `{{courts}}`, `{{auction_agencies}}` and `{{notaries}}` stand for."""
    filled = [_court_lines(c) for c in courts.values() if c.filled]
    places = {"courts": "\n".join(filled) or str(data.get("unfilled") or "").strip()}
    for name in _LISTED:
        listed = data.get(name)
        lines = [f"· {each}" for each in listed] if isinstance(listed, list) else []
        places[name] = "\n".join(lines) or str(data.get(f"{name}_empty") or "").strip()
    return places


def _court_lines(court: Court) -> str:
    known = [v for v in (court.address, court.phone, court.hours, court.window_note) if v]
    return f"**{court.name}**\n" + "\n".join(f"· {v}" for v in known)
