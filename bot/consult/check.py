"""Checking `faq/` as a whole: everything that reading a single line cannot tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from pathlib import Path

from bot.consult.lexicon import LexiconError, Words
from bot.consult.loader import Draft, read
from bot.consult.model import Court, Entry, Lexicon, Outside, Viewpoint
from bot.consult.normalise import Normaliser
from bot.core.faults import Fault, Problem

FIRST_MESSAGE = 600  # characters of `answer`: what a small screen shows without scrolling twice
MESSAGE = 3500  # characters of `more`: one Telegram message (4096) with room for what is added
TITLE = 14
PHRASINGS = 12
KEYWORDS = (3, 12)
RELATED = (2, 5)
ACTIONS = frozenset(["materials", "window", "scam_check"])  # each opens a topic; a person can always be asked for
PATH = "go:"  # an action that begins so leads to the guided path of that name
WITHHELD = frozenset(["entry.expired", "entry.not_yet"])  # codes of what only time is the matter with
_NEEDED = ("crisis", "person", "negations", "generic")  # without these the guards are blind
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_MARKUP = re.compile(r"</?[a-zA-Z][^>]*>|\[[^\]]+\]\([^)]+\)|(?<!\*)\*(?!\*)|__|`|＊")
_NUMBER = re.compile(r"(?<!\d)(?:0\d{2,3}[-—－ ]?\d{7,8}|1[3-9]\d{9}|[48]00[-—－ ]?\d{3}[-—－ ]?\d{4})(?!\d)")
_END = re.compile(r"[\s。，、；：？！,.;:?!]$")
SERVICE = frozenset(["service", "chat"])  # categories that speak of this desk, not of the law


def check(folder: Path, today: date, paths: Collection[str] | None = None) -> list[Problem]:
    """Every problem and notice of the knowledge in that folder, by file and line.

    With the names of the guided `paths` that the program has, actions that lead to another are found too.
    """
    draft = read(folder)
    unknown = [] if paths is None else list(_paths(draft, paths))
    return sorted({*draft.problems, *found(draft, today), *unknown})


def _paths(draft: Draft, paths: Collection[str]) -> Iterator[Problem]:
    for entry in draft.entries:
        for action in entry.actions:
            if action.startswith(PATH) and action.removeprefix(PATH) not in paths:
                yield _at(draft, entry.id, "actions", Fault("entry.path", action=action, known=sorted(paths)))


def found(draft: Draft, today: date) -> Iterator[Problem]:
    """What is wrong with a draft beyond its form."""
    repeated = list(_repeated(draft))
    yield from repeated
    yield from _words(draft)
    # While something could not be read, whatever rests on it would be complained of as well: one
    # wrong date would stand behind fifty complaints, and the clerk would look in the wrong place.
    whole = not draft.problems and not repeated
    rules = (*_OWN_RULES, *_RULES_BETWEEN_FILES) if whole else _OWN_RULES
    if whole:
        yield from _coverage(draft)
        yield from _titles(draft)
    for entry in draft.entries:
        for rule in rules:
            yield from rule(draft, entry, today)
    for kind in draft.outside:
        yield from _outside(draft, kind, whole=whole)
    for court in draft.courts.values():
        yield from _court(draft, court)


def _at(
    draft: Draft, entry: str, key: str, fault: Fault, *, about: str | None = None, notice: bool = False
) -> Problem:
    file, line = draft.lines.get((entry, key)) or draft.lines.get((entry, ""), ("", 0))
    return Problem(file, line, fault, entry if about is None else about, notice)


def _repeated(draft: Draft) -> Iterator[Problem]:
    """Ids that stand twice, such as when a copy of a file lies beside it."""
    first: dict[str, str] = {}
    everything: list[Entry | Outside] = [*draft.entries, *draft.outside]
    for each in everything:
        place = f"{each.file}:{each.line}"
        if each.id in first:
            yield Problem(each.file, each.line, Fault("entry.id_twice", other=first[each.id]), each.id)
        first.setdefault(each.id, place)


def _titles(draft: Draft) -> Iterator[Problem]:
    """Two buttons with one label: nobody could tell which is which."""
    owners: dict[str, str] = {}
    for entry in draft.entries:
        if entry.title in owners:
            yield _at(draft, entry.id, "title", Fault("entry.title_twice", other=owners[entry.title]))
        owners.setdefault(entry.title, entry.id)


def _words(draft: Draft) -> Iterator[Problem]:
    """What the lexicon must hold, and phrasings that stand twice by its measure."""
    if not draft.lexicon:
        return
    for section in _NEEDED:
        if not draft.lexicon.get(section):
            yield _at(draft, "lexicon", section, Fault("lexicon.empty", name=section), about="")
    try:
        words = Words.compile(Lexicon(draft.lexicon))
    except LexiconError as error:
        yield _at(draft, "lexicon", error.section, error.fault, about="")
    else:
        yield from _phrasings_in_two(draft, Normaliser(words))


def _coverage(draft: Draft) -> Iterator[Problem]:
    if not draft.taxonomy:
        return
    written = {e.id for e in draft.entries}
    for topic in draft.taxonomy:
        if topic not in written:
            yield _at(draft, "taxonomy", topic, Fault("entry.not_written"), about=topic)
    for entry in draft.entries:
        if entry.id not in draft.taxonomy:
            yield _at(draft, entry.id, "id", Fault("entry.not_a_topic"))


def _phrasings_in_two(draft: Draft, normalise: Normaliser) -> Iterator[Problem]:
    """A phrasing that stands twice, also when only punctuation, width or filler differ."""
    owners: dict[str, tuple[str, str]] = {}
    # Of entries with one id only the last: the id is complained of, not each of their phrasings.
    written = {e.id: (e.question, *e.phrasings) for e in draft.entries} | {o.id: o.phrasings for o in draft.outside}
    questions = {(e.id, e.question) for e in draft.entries}
    for owner, phrasings in written.items():
        for phrasing in phrasings:
            key = normalise(phrasing).text
            if not key:
                yield _at(draft, owner, phrasing, Fault("entry.phrasing_bare", phrasing=phrasing))
            elif key in owners:
                other, text = owners[key]
                if (owner, text) in questions and other == owner:
                    continue  # the standard question is often one of the ways in which people ask
                if other == owner:
                    fault = Fault("entry.phrasing_twice", phrasing=phrasing, same=text)
                else:
                    fault = Fault("entry.phrasing_in_two", phrasing=phrasing, same=text, other=other)
                yield _at(draft, owner, phrasing, fault)
            else:
                owners[key] = (owner, phrasing)


def _lengths(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    if len(entry.title) > TITLE:
        yield _at(draft, entry.id, "title", Fault("entry.title_long", count=len(entry.title), most=TITLE))
    if _END.search(entry.title) or "\n" in entry.title:
        yield _at(draft, entry.id, "title", Fault("entry.title_end"))
    yield from _answer(draft, entry)
    if len(entry.more) > MESSAGE:
        yield _at(draft, entry.id, "more", Fault("entry.more_long", count=len(entry.more), most=MESSAGE))
    lists = (
        ("audience", tuple(entry.audience), (1, len(Viewpoint))),
        ("keywords", entry.keywords, KEYWORDS),
        ("related", entry.related, RELATED),
    )
    for name, members, (least, most) in lists:
        if not least <= len(members) <= most:
            fault = Fault("entry.members", name=name, count=len(members), least=least, most=most)
            yield _at(draft, entry.id, name, fault)


def _twice(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    """What stands twice in a list: a slip of copying, and something else may be missing for it."""
    for name in ("keywords", "related", "actions", "policies"):
        yield from _members_twice(draft, entry, name, getattr(entry, name))
    for name in ("provisions", "more_provisions"):
        yield from _members_twice(draft, entry, name, [p.label() for p in getattr(entry, name)])


def _members_twice(draft: Draft, entry: Entry, name: str, members: Sequence[str]) -> Iterator[Problem]:
    for member, count in Counter(members).items():
        if count > 1:
            yield _at(draft, entry.id, name, Fault("entry.member_twice", name=name, member=member))


def _answer(draft: Draft, entry: Entry | Outside) -> Iterator[Problem]:
    if len(entry.answer) > FIRST_MESSAGE:
        yield _at(draft, entry.id, "answer", Fault("entry.answer_long", count=len(entry.answer), most=FIRST_MESSAGE))
    if len(entry.phrasings) < PHRASINGS:
        fault = Fault("entry.phrasings_few", count=len(entry.phrasings), least=PHRASINGS)
        yield _at(draft, entry.id, "phrasings", fault)


def _outside(draft: Draft, kind: Outside, *, whole: bool) -> Iterator[Problem]:
    yield from _text(draft, kind.id, "answer", kind.answer)
    yield from _answer(draft, kind)
    if whole:
        yield from _filled(draft, kind.id, "answer", kind.answer)


def _texts(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    for key in ("answer", "more"):
        yield from _text(draft, entry.id, key, getattr(entry, key))


def _text(draft: Draft, entry: str, key: str, text: str) -> Iterator[Problem]:
    """Whether a text shows as it was meant; a bold phrase ends within its paragraph, where a message may be cut."""
    if any(paragraph.count("**") % 2 for paragraph in text.split("\n\n")):
        yield _at(draft, entry, key, Fault("text.bold_open"))
    if odd := _MARKUP.search(text.replace("**", "")):
        yield _at(draft, entry, key, Fault("entry.markup", found=odd.group()))
    if set("{}") & set(_PLACEHOLDER.sub("", text)):
        yield _at(draft, entry, key, Fault("entry.braces"))
    if number := _NUMBER.search(text):
        yield _at(draft, entry, key, Fault("entry.number", number=number.group()))


def _places(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    for key in ("answer", "more"):
        yield from _filled(draft, entry.id, key, getattr(entry, key))


def _filled(draft: Draft, entry: str, key: str, text: str) -> Iterator[Problem]:
    """A text with what stands in `courts.yaml`, as people will read it."""
    names = _PLACEHOLDER.findall(text)
    for name in names:
        if name not in draft.places:
            yield _at(draft, entry, key, Fault("entry.placeholder", name=name, known=draft.places))
    long = len(_PLACEHOLDER.sub(lambda found: draft.places.get(found[1], ""), text))
    if names and long > MESSAGE:
        yield _at(draft, entry, key, Fault("entry.filled_long", count=long, most=MESSAGE))


def _court(draft: Draft, court: Court) -> Iterator[Problem]:
    """What the operator filled in is shown to people as it stands."""
    for name in ("address", "phone", "hours", "window_note"):
        value = getattr(court, name) or ""
        if "**" in value or _MARKUP.search(value):
            yield _at(draft, court.id, "", Fault("court.markup", name=name), about=court.name)
    if not court.filled:
        yield _at(draft, court.id, "", Fault("court.not_filled"), about=court.name, notice=True)


def _basis(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    if not entry.provisions and not entry.policies and entry.category not in SERVICE:
        yield _at(draft, entry.id, "provisions", Fault("entry.no_provisions"))


def _law(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    for provision in entry.cited:
        instrument = draft.laws.get(provision.law)
        if instrument is None:
            yield _at(draft, entry.id, provision.label(), Fault("entry.no_law", law=provision.law))
        elif provision.article not in instrument.clauses:
            yield _at(draft, entry.id, provision.label(), Fault("entry.no_article", provision=provision.label()))
    for policy in entry.policies:
        if policy not in draft.policies:
            yield _at(draft, entry.id, "policies", Fault("entry.no_policy", policy=policy))


def _dates(draft: Draft, entry: Entry, today: date) -> Iterator[Problem]:
    if entry.valid_to and entry.valid_to < entry.valid_from:
        yield _at(draft, entry.id, "valid_to", Fault("entry.days_reversed"))
    if entry.valid_to and entry.valid_to < today:
        yield _at(draft, entry.id, "valid_to", Fault("entry.expired", day=entry.valid_to))
    if entry.valid_from > today:
        yield _at(draft, entry.id, "valid_from", Fault("entry.not_yet", day=entry.valid_from))
    if entry.reviewed > today:
        yield _at(draft, entry.id, "reviewed", Fault("entry.reviewed", day=entry.reviewed))
    if entry.ends_soon(today) and entry.in_force(today):
        yield _at(draft, entry.id, "valid_to", Fault("entry.ends_soon", day=entry.valid_to), notice=True)
    if entry.is_old(today):
        yield _at(draft, entry.id, "reviewed", Fault("entry.old", day=entry.reviewed), notice=True)


def _links(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    known = {e.id for e in draft.entries} | set(draft.taxonomy)  # one that is not written yet is told once, there
    for topic in entry.related:
        if topic not in known:
            yield _at(draft, entry.id, "related", Fault("entry.related", topic=topic))
        if topic == entry.id:
            yield _at(draft, entry.id, "related", Fault("entry.related_itself"))
    for action in entry.actions:
        if action not in ACTIONS and not action.startswith(PATH):
            yield _at(draft, entry.id, "actions", Fault("entry.action", action=action, known=sorted(ACTIONS)))


_Rule = Callable[[Draft, Entry, date], Iterator[Problem]]
_OWN_RULES: tuple[_Rule, ...] = (_lengths, _twice, _texts, _basis, _dates)
_RULES_BETWEEN_FILES: tuple[_Rule, ...] = (_places, _law, _links)
