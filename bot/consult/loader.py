"""Reading `faq/`: YAML into knowledge, every problem named with its file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bot.consult.model import Court, Entry, Instrument, Knowledge, Lexicon, Outside, Policy, Provision, Viewpoint
from bot.core import written
from bot.core.faults import Fault, Problem
from bot.core.kept import stamp
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
    "more_provisions",
    "policies",
    "reviewed",
    "valid_from",
    "valid_to",
    "related",
    "actions",
)
OPTIONAL = frozenset({"more", "more_provisions", "policies", "actions"})
OUTSIDE_KEYS = ("id", "title", "answer", "keywords", "phrasings")
FILES = ("taxonomy", "outside", "laws", "lexicon", "courts")  # beside the folder of the topics
TOPICS = "topics"
_SECTIONS = ("laws", "policies")
_OF_LAWS = ("title", "document", "in_force", "review", "articles")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_LISTED = ("auction_agencies", "notaries")
_OF_COURTS = ("id", "name", "aliases", "level", "area", "address", "phone", "hours", "window_note")
_LEVELS = ("basic", "intermediate")
_OF_PLACES = ("courts", "unfilled", "others", *(f"{name}{end}" for name in _LISTED for end in ("", "_empty")))
_COURT = re.compile(r"^[a-z][a-z0-9_]{0,30}$")
_ID = re.compile(r"^[a-z]+\.[a-z_]+$")
OUTSIDE = "outside"  # before the dot in the ids of what this desk does not answer
ID_LENGTH = 40  # so that a button that names a topic stays within Telegram's 64 bytes
_ARTICLE = re.compile(r"^\d+(之[一二三四五六])?$")
_AT = re.compile(r"^第\d+(款(第\d+项)?|项)$")


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
    for path in written.misnamed(folder / TOPICS):
        draft.problems.append(Problem(str(path.relative_to(folder)), 0, Fault("file.ending")))
    draft.version = digest.hexdigest()[:12]
    if not draft.entries and not any(p.file.startswith(f"{TOPICS}/") for p in draft.problems):
        draft.problems.append(Problem(TOPICS, 0, Fault("file.no_entries")))
    return draft


def fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, times and sizes of the files: cheap to compare, so that a change is noticed."""
    return stamp([*_files(folder), *written.misnamed(folder / TOPICS)])


def _files(folder: Path) -> list[Path]:
    topics = written.files(folder / TOPICS)
    rest = [folder / f"{name}.yaml" for name in FILES]
    return topics + [p for p in rest if p.exists()]


def _once(root: Node, draft: Draft, *, deep: int) -> None:
    """Complain of keys that stand twice."""
    draft.problems += written.repeated(root, deep=deep)


def _reader(path: Path) -> Callable[[Node, Draft], None]:
    if path.parent.name == TOPICS:
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
    for key in ("phrasings", "provisions", "more_provisions"):
        for item in fields[key].items() if key in fields else ():
            name = _provision(item).label() if item.is_mapping else str(item.value())
            draft.lines[entry_id, name] = (item.file, item.line)


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
        audience=frozenset(map(_side, _members(fields["audience"]))),
        keywords=_texts(fields["keywords"]),
        phrasings=_texts(fields["phrasings"]),
        answer=_text(fields["answer"]),
        more=_text(fields["more"], empty=True) if "more" in fields else "",
        provisions=_provisions(fields["provisions"]),
        policies=_texts(fields["policies"]) if "policies" in fields else (),
        reviewed=_date(fields["reviewed"]),
        valid_from=_date(fields["valid_from"]),
        valid_to=_date(fields["valid_to"]) if fields["valid_to"].value() is not None else None,
        related=_texts(fields["related"]),
        actions=_texts(fields["actions"]) if "actions" in fields else (),
        more_provisions=_provisions(fields["more_provisions"]) if "more_provisions" in fields else (),
        file=node.file,
        line=node.line,
    )


def _text(node: Node, *, empty: bool = False) -> str:
    value = node.value()
    if value is None and empty:
        return ""
    if node.is_mapping:  # 问一下: 怎么申请
        raise node.unreadable(Fault("value.colon"))
    if not isinstance(value, str) or not (value.strip() or empty):
        raise node.unreadable(Fault("value.text"))
    return value


def _members(node: Node) -> list[Node]:
    if not node.is_list and node.value() is not None:
        raise node.unreadable(Fault("value.list"))
    return node.items()


def _texts(node: Node) -> tuple[str, ...]:
    return tuple(map(_text, _members(node)))


def _id(node: Node) -> str:
    value = str(node.value())
    if not _well_formed(value):
        raise node.unreadable(Fault("entry.id", most=ID_LENGTH, value=value))
    return value


def _well_formed(topic: str) -> bool:
    return bool(_ID.match(topic)) and len(topic) <= ID_LENGTH


def _date(node: Node) -> date:
    value = node.value()
    if type(value) is not date:  # not isinstance: a date with a time is a datetime, and is no day
        raise node.unreadable(Fault("value.day", value=value))
    return value


def _side(node: Node) -> Viewpoint:
    try:
        return Viewpoint(str(node.value()))
    except ValueError:
        raise node.unreadable(Fault("entry.audience", value=node.value(), known=Viewpoint)) from None


def _provisions(node: Node) -> tuple[Provision, ...]:
    return tuple(map(_provision, _members(node)))


def _provision(node: Node) -> Provision:
    for problem in written.repeated(node, deep=0):
        raise Unreadable(problem)
    known = dict(node.pairs())
    if unknown := set(known) - {"law", "article", "at"}:
        raise node.unreadable(Fault("entry.citation_keys", names=sorted(unknown)))
    if "law" not in known or "article" not in known:
        raise node.unreadable(Fault("entry.citation"))
    article = str(known["article"].value())
    if not _ARTICLE.match(article):
        raise known["article"].unreadable(Fault("entry.article", value=article))
    at = _text(known["at"]) if "at" in known else ""
    if at and not _AT.match(at):
        raise known["at"].unreadable(Fault("entry.at", value=at))
    return Provision(_text(known["law"]), article, at)


# -- the other files -----------------------------------------------------------------------------


def _read_taxonomy(root: Node, draft: Draft) -> None:
    _once(root, draft, deep=0)
    if not root.pairs():
        draft.problems.append(root.problem(Fault("entry.taxonomy")))
    for key, node in root.pairs():
        draft.lines["taxonomy", key] = (node.file, node.line)
        try:
            if not _well_formed(key):
                raise node.unreadable(Fault("entry.id", most=ID_LENGTH, value=key))
            draft.taxonomy[key] = _text(node)
        except Unreadable as bad:
            draft.problems.append(bad.problem)


def _read_outside(root: Node, draft: Draft) -> None:
    if not root.items():
        draft.problems.append(root.problem(Fault("entry.list")))
    for node in root.items():
        try:
            fields = _fields(node, OUTSIDE_KEYS, frozenset({"keywords"}), draft)
            if fields is None:
                continue
            kind = Outside(
                id=_outside_id(fields["id"]),
                title=_text(fields["title"]),
                answer=_text(fields["answer"]),
                phrasings=_texts(fields["phrasings"]),
                keywords=_texts(fields["keywords"]) if "keywords" in fields else (),
                file=node.file,
                line=node.line,
            )
        except Unreadable as bad:
            draft.problems.append(bad.problem)
            continue
        draft.outside.append(kind)
        _remember(draft, kind.id, node, fields)


def _outside_id(node: Node) -> str:
    value = _id(node)
    if not value.startswith(f"{OUTSIDE}."):
        raise node.unreadable(Fault("entry.outside_id", value=value))
    return value


def _read_laws(root: Node, draft: Draft) -> None:
    _once(root, draft, deep=3)
    sections = dict(root.pairs())
    draft.problems += _unknown(root, _SECTIONS)
    if "laws" not in sections or not sections["laws"].is_mapping:
        draft.problems.append(root.problem(Fault("law.section")))
    for short, node in sections["laws"].pairs() if "laws" in sections else []:
        try:
            draft.laws[short] = _instrument(short, node, draft)
        except Unreadable as bad:
            draft.problems.append(bad.problem)
    if "policies" in sections and not sections["policies"].is_mapping:
        draft.problems.append(sections["policies"].problem(Fault("law.policy")))
    for name, node in sections["policies"].pairs() if "policies" in sections else []:
        values = dict(node.pairs())
        try:
            draft.problems += _unknown(node, ("title", "clause"))
            if not {"title", "clause"} <= set(values):
                raise node.unreadable(Fault("law.policy"), name)
            draft.policies[name] = Policy(name, _text(values["title"]), _text(values["clause"]))
        except Unreadable as bad:
            draft.problems.append(bad.problem)


def _instrument(short: str, node: Node, draft: Draft) -> Instrument:
    values = dict(node.pairs())
    if "title" not in values or not values.get("articles", node).is_mapping or "articles" not in values:
        raise node.unreadable(Fault("law.shape"), short)
    draft.problems += _unknown(node, _OF_LAWS)
    in_force = _text(values["in_force"], empty=True) if "in_force" in values else ""
    if in_force and not _DAY.match(in_force):
        raise values["in_force"].unreadable(Fault("law.in_force", value=in_force), short)
    clauses = {}
    for article, quoted in values["articles"].pairs():
        if not _ARTICLE.match(article):
            raise quoted.unreadable(Fault("entry.article", value=article), short)
        if not quoted.items():
            raise quoted.unreadable(Fault("law.clauses"), short)
        clauses[article] = _texts(quoted)
    document = _text(values["document"], empty=True) if "document" in values else ""
    return Instrument(short, _text(values["title"]), document, in_force, clauses)


def _unknown(node: Node, known: Sequence[str]) -> Iterator[Problem]:
    """Complain of names that nobody reads: a slip of the keyboard would switch something off, silently."""
    for key, value in node.pairs():
        if key not in known:
            yield value.problem(Fault("file.unknown", name=key, known=known))


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
    sections = dict(root.pairs())
    draft.problems += _unknown(root, _OF_PLACES)
    if "courts" not in sections or not sections["courts"].is_list:
        draft.problems.append(root.problem(Fault("court.list")))
        return
    called: dict[str, str] = {}
    for node in sections["courts"].items():
        try:
            court = _court(node, draft)
        except Unreadable as bad:
            draft.problems.append(bad.problem)
            continue
        for word in dict.fromkeys((court.id, court.name, *court.aliases)):
            if word in called:
                draft.problems.append(node.problem(Fault("court.called_twice", word=word, other=called[word])))
            called.setdefault(word, court.name)
        draft.courts[court.id] = court
        draft.lines[court.id, ""] = (node.file, node.line)
    listed = {name: _names(sections[name], name, draft) if name in sections else () for name in _LISTED}
    said = {}
    for name in ("unfilled", "others", *(f"{each}_empty" for each in _LISTED)):
        try:
            said[name] = _text(sections[name]).strip() if name in sections else ""
        except Unreadable as bad:
            draft.problems.append(bad.problem)
            continue
        if not said[name]:
            draft.problems.append(root.problem(Fault("file.missing_key", name=name)))
    draft.places = _places(draft.courts, listed, said)


def _court(node: Node, draft: Draft) -> Court:
    draft.problems += written.repeated(node, deep=0)
    values = dict(node.pairs())
    if not set(values) <= set(_OF_COURTS) or not {"id", "name"} <= set(values):
        raise node.unreadable(Fault("court.shape", known=_OF_COURTS))
    given = {key: value.value() for key, value in values.items() if key != "aliases"}
    if wrong := [key for key, value in given.items() if not isinstance(value, str | None)]:
        raise values[wrong[0]].unreadable(Fault("court.quotes", names=wrong))
    name = _text(values["name"])
    if not _COURT.match(str(given["id"])):
        raise values["id"].unreadable(Fault("court.id", value=given["id"]), name)
    if given.get("level") not in _LEVELS:
        raise values.get("level", node).unreadable(Fault("court.level", value=given.get("level")), name)
    aliases = _texts(values["aliases"]) if "aliases" in values else ()
    return Court(**{**given, "area": given.get("area") or "", "aliases": aliases})


def _names(node: Node, name: str, draft: Draft) -> tuple[str, ...]:
    try:
        return _texts(node)
    except Unreadable:
        draft.problems.append(node.problem(Fault("court.names", name=name)))
        return ()


def _places(
    courts: Mapping[str, Court], listed: Mapping[str, Sequence[str]], said: Mapping[str, str]
) -> dict[str, str]:
    """What `{{courts}}`, `{{auction_agencies}}` and `{{notaries}}` stand for."""
    filled = [_court_lines(c) for c in courts.values() if c.filled]
    rest = said.get("others", "") if len(filled) < len(courts) else ""
    places = {"courts": "\n".join(filter(None, [*filled, rest])) if filled else said.get("unfilled", "")}
    for name, lines in listed.items():
        places[name] = "\n".join(f"· {line}" for line in lines) or said.get(f"{name}_empty", "")
    return places


def _court_lines(court: Court) -> str:
    known = [v for v in (court.address, court.phone, court.hours, court.window_note) if v]
    return f"**{court.name}**\n" + "\n".join(f"· {v}" for v in known)
