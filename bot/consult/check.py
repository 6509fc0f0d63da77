"""Checking `faq/` as a whole: everything that reading a single line cannot tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import date
from pathlib import Path

from bot.consult.lexicon import LexiconError, Words
from bot.consult.loader import Draft, Problem, read
from bot.consult.model import Entry, Lexicon, Outside, Provision
from bot.consult.normalise import Normaliser

FIRST_MESSAGE = 600  # characters of `answer`: what a small screen shows without scrolling twice
MESSAGE = 3500  # characters of `more`: one Telegram message (4096) with room for what is added
TITLE = 14
PHRASINGS = 12
KEYWORDS = (3, 12)
RELATED = (2, 5)
ACTIONS = frozenset(["human", "materials", "window", "documents", "scam_check"])
PATH = "go:"  # an action that begins so leads to the guided path of that name
_NEEDED = ("crisis", "person", "negations", "generic")  # without these the guards are blind
_PLACEHOLDER = re.compile(r"\{\{(\w*)\}\}")
_MARKUP = re.compile(r"</?[a-zA-Z][^>]*>|\[[^\]]+\]\([^)]+\)|(?<!\*)\*(?!\*)|__|`")


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
                known = ", ".join(sorted(paths))
                yield _at(draft, entry.id, "actions", f"{action} leads to no guided path; there are {known}")


def found(draft: Draft, today: date) -> Iterator[Problem]:
    """What is wrong with a draft beyond its form."""
    yield from _repeated(draft)
    yield from _words(draft)
    # While something could not be read, whatever rests on it would be complained of as well: one
    # wrong date would stand behind fifty complaints, and the clerk would look in the wrong place.
    rules = _OWN_RULES if draft.problems else (*_OWN_RULES, *_RULES_BETWEEN_FILES)
    if not draft.problems:
        yield from _coverage(draft)
    for entry in draft.entries:
        for rule in rules:
            yield from rule(draft, entry, today)
    for kind in draft.outside:
        yield from _outside(draft, kind)
    for court in draft.courts.values():
        if not court.filled:
            yield _at(draft, court.id, "", f"{court.name}: address, phone and hours are not filled in", notice=True)


def _at(draft: Draft, entry: str, key: str, message: str, *, notice: bool = False) -> Problem:
    file, line = draft.lines.get((entry, key)) or draft.lines.get((entry, ""), ("", 0))
    return Problem(file, line, message if not entry or entry in message else f"{entry}: {message}", notice)


def _repeated(draft: Draft) -> Iterator[Problem]:
    ids = Counter([e.id for e in draft.entries] + [o.id for o in draft.outside])
    for entry, count in ids.items():
        if count > 1:
            yield _at(draft, entry, "id", f"the id {entry} is given {count} times")


def _words(draft: Draft) -> Iterator[Problem]:
    """What the lexicon must hold, and phrasings that stand twice by its measure."""
    if not draft.lexicon:
        return
    for section in _NEEDED:
        if not draft.lexicon.get(section):
            yield _at(draft, "lexicon", section, f"lexicon: the section {section} must not be empty")
    try:
        words = Words.compile(Lexicon(draft.lexicon))
    except LexiconError as error:
        yield _at(draft, "lexicon", _section(str(error)), str(error))
    else:
        yield from _phrasings_in_two(draft, Normaliser(words))


def _section(message: str) -> str:
    """The section that a complaint of the lexicon is about, to find its line."""
    words = message.removeprefix("lexicon: ").removeprefix("unknown section ")
    return re.split(r"[ .,:]", words, maxsplit=1)[0]


def _coverage(draft: Draft) -> Iterator[Problem]:
    if not draft.taxonomy:
        return
    written = {e.id for e in draft.entries}
    for topic in draft.taxonomy:
        if topic not in written:
            yield _at(draft, "taxonomy", topic, f"no entry is written for {topic}")
    for entry in draft.entries:
        if entry.id not in draft.taxonomy:
            yield _at(draft, entry.id, "id", f"{entry.id} is not a topic of taxonomy.yaml")


def _phrasings_in_two(draft: Draft, normalise: Normaliser) -> Iterator[Problem]:
    """A phrasing that stands twice, also when only punctuation, width or filler differ."""
    owners: dict[str, tuple[str, str]] = {}
    written = [(e.id, e.phrasings) for e in draft.entries] + [(o.id, o.phrasings) for o in draft.outside]
    for owner, phrasings in written:
        for phrasing in phrasings:
            key = normalise(phrasing).text
            if not key:
                yield _at(draft, owner, phrasing, f"{phrasing!r} has no word left after normalising")
            elif key in owners:
                other, text = owners[key]
                where = "twice" if other == owner else f"also under {other}"
                yield _at(draft, owner, phrasing, f"{owner}: {phrasing!r} stands {where} ({text!r})")
            else:
                owners[key] = (owner, phrasing)


def _lengths(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    if len(entry.title) > TITLE:
        yield _at(draft, entry.id, "title", f"title has {len(entry.title)} characters; {TITLE} fit on a button")
    if len(entry.answer) > FIRST_MESSAGE:
        yield _at(
            draft,
            entry.id,
            "answer",
            f"answer has {len(entry.answer)} characters; at most {FIRST_MESSAGE}, the rest goes to `more`",
        )
    if len(entry.more) > MESSAGE:
        yield _at(
            draft, entry.id, "more", f"more has {len(entry.more)} characters; at most {MESSAGE} fit into a message"
        )
    if len(entry.phrasings) < PHRASINGS:
        yield _at(draft, entry.id, "phrasings", f"{len(entry.phrasings)} phrasings; at least {PHRASINGS} are needed")
    for name, members, (least, most) in (("keywords", entry.keywords, KEYWORDS), ("related", entry.related, RELATED)):
        if not least <= len(members) <= most:
            yield _at(draft, entry.id, name, f"{len(members)} {name}; {least} to {most} are expected")


def _outside(draft: Draft, kind: Outside) -> Iterator[Problem]:
    yield from _markup(draft, kind.id, "answer", kind.answer)
    if len(kind.answer) > FIRST_MESSAGE:
        yield _at(draft, kind.id, "answer", f"answer has {len(kind.answer)} characters; at most {FIRST_MESSAGE}")
    if len(kind.phrasings) < PHRASINGS:
        yield _at(draft, kind.id, "phrasings", f"{len(kind.phrasings)} phrasings; at least {PHRASINGS} are needed")


def _markups(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    for key in ("answer", "more"):
        yield from _markup(draft, entry.id, key, getattr(entry, key))


def _places(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    for key in ("answer", "more"):
        text = getattr(entry, key)
        for name in _PLACEHOLDER.findall(text):
            if name not in draft.places:
                yield _at(draft, entry.id, key, f"unknown placeholder {{{{{name}}}}}")


def _markup(draft: Draft, entry: str, key: str, text: str) -> Iterator[Problem]:
    if text.count("**") % 2:
        yield _at(draft, entry, key, "a ** is not closed")
    if odd := _MARKUP.search(text.replace("**", "")):
        yield _at(draft, entry, key, f"only **bold** is known as markup, not {odd.group()!r}")


def _law(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    for provision in entry.provisions:
        if why := _unresolved(draft, provision):
            yield _at(draft, entry.id, "provisions", f"{provision.label()}: {why}")
    for policy in entry.policies:
        if policy not in draft.policies:
            yield _at(draft, entry.id, "policies", f"{policy} is not in laws.yaml")


def _unresolved(draft: Draft, provision: Provision) -> str | None:
    instrument = draft.laws.get(provision.law)
    if instrument is None:
        return f"{provision.law} is not in laws.yaml"
    if provision.article not in instrument.clauses:
        return "laws.yaml quotes no clause of that article"
    return None


def _dates(draft: Draft, entry: Entry, today: date) -> Iterator[Problem]:
    if entry.valid_to and entry.valid_to < entry.valid_from:
        yield _at(draft, entry.id, "valid_to", "valid_to is before valid_from")
    if entry.valid_to and entry.valid_to < today:
        yield _at(draft, entry.id, "valid_to", f"expired on {entry.valid_to}; the answer is withheld")
    if entry.valid_from > today:
        yield _at(draft, entry.id, "valid_from", f"not in force before {entry.valid_from}; the answer is withheld")
    if entry.reviewed > today:
        yield _at(draft, entry.id, "reviewed", f"reviewed in the future ({entry.reviewed})")


def _links(draft: Draft, entry: Entry, _today: date) -> Iterator[Problem]:
    known = {e.id for e in draft.entries}
    for topic in entry.related:
        if topic not in known:
            yield _at(draft, entry.id, "related", f"related topic {topic} does not exist")
        if topic == entry.id:
            yield _at(draft, entry.id, "related", "an entry is not related to itself")
    for action in entry.actions:
        if action not in ACTIONS and not action.startswith(PATH):
            yield _at(draft, entry.id, "actions", f"unknown action {action}; one of {', '.join(sorted(ACTIONS))}")


_Rule = Callable[[Draft, Entry, date], Iterator[Problem]]
_OWN_RULES: tuple[_Rule, ...] = (_lengths, _markups, _dates)
_RULES_BETWEEN_FILES: tuple[_Rule, ...] = (_places, _law, _links)
