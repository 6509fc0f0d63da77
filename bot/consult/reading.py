"""What can be understood of a question before looking at the knowledge: who asks, what turns it round, what asks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from bot.consult.features import Extractor
from bot.consult.lexicon import Scanner, Words
from bot.consult.model import Viewpoint
from bot.consult.normalise import Normal, Normaliser, simplified
from bot.consult.pinyin import Repair

FOREIGN = "外_"  # begins the names of the lexicon's concepts that are none of this desk's business
NOT_CHINESE = re.compile(r"[^\u4e00-\u9fff]+")
EITHER_OR = re.compile(r"(.)[不没]\1")
SHORT_CALL = 2  # 人工 alone may begin another word; a call that is longer is one wherever the message goes on
SHORT = 16  # characters up to which a question may lean on the one before


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as far as its words alone tell."""

    normal: Normal
    features: Mapping[str, float]
    asking: Mapping[str, float]  # features of the sentences that ask; the same as `features` in a short text
    concepts: tuple[str, ...]
    viewpoint: Viewpoint | None
    negations: frozenset[str]  # of the part that asks
    generic: bool
    crisis: bool
    escalates: bool
    promise: bool
    person: bool
    leaning: bool  # begins like a follow-up, or is too short to stand alone
    aspect: bool  # only asks how long, how much, what to bring: of what, the message before tells
    bare: bool  # a single noun of the field, and nothing that asks
    blank: bool  # words that mean nothing by themselves, and nothing that asks: 都不是

    @property
    def text(self) -> str:
        """The comparable text."""
        return self.normal.text


class Reader:
    """Reads questions by the lexicon."""

    def __init__(self, words: Words, extractor: Extractor, repair: Repair | None = None) -> None:
        """Takes the compiled lexicon, and optionally the repair of homophone typos."""
        self.words = words
        self._normalise = Normaliser(words)
        self.extract = extractor
        self.repair = repair

    def normal(self, text: str) -> Normal:
        """The text in comparable form, typos repaired."""
        normal = self._normalise(text)
        if self.repair is None:
            return normal
        clauses = tuple(map(self.repair, normal.clauses))
        return Normal(normal.raw, clauses, normal.sentence_of, normal.facts)

    def features(self, text: str) -> Mapping[str, float]:
        """Only the features, for phrasings that go into the index."""
        return self.extract(self.normal(text))

    def __call__(self, question: str) -> Reading:
        """All that the words tell."""
        normal = self.normal(question)
        text = normal.text
        plain = simplified(unicodedata.normalize("NFKC", question)).lower()
        features = self.extract(normal)
        asking = asking_part(normal, self.words.asking)
        return Reading(
            normal=normal,
            features=features,
            asking=features if asking is normal else self.extract(asking),
            concepts=self.extract.concepts(text),
            viewpoint=viewpoint(text, self.words.viewpoints),
            negations=negations(asking.text, self.words),
            generic=all(is_generic(each, self.words) for each in normal.clauses),
            crisis=self._crisis(plain),
            escalates=self.words.escalate.any(plain),
            promise=self.words.promises.any(plain),
            person=is_person_wanted(text, self.words),
            leaning=self._leaning(normal),
            aspect=_consists_of(text, self.words.empty, self.words.generic, self.words.follow_up),
            bare=is_bare(text, self.words),
            blank=_consists_of(text, self.words.empty) and not self.words.asking.any(text),
        )

    def sentences(self, normal: Normal) -> list[Normal]:
        """The sentences of a message that ask something."""
        found = [
            _only(normal, [each == number for each in normal.sentence_of])
            for number in dict.fromkeys(normal.sentence_of)
        ]
        return [each for each in found if len(each.text) > 3 and self.words.asking.any(each.text)]

    def _crisis(self, plain: str) -> bool:
        """Danger to life, unless the words speak of something that happened to others."""
        for start, end, _ in self.words.crisis_not.find(plain):
            plain = plain[:start] + "\0" * (end - start) + plain[end:]
        return self.words.crisis.any(plain)

    def _leaning(self, normal: Normal) -> bool:
        text = normal.text
        return len(text) <= SHORT or (bool(text) and self.words.follow_up.longest(text, 0) is not None)


def asking_part(normal: Normal, asking: Scanner[str]) -> Normal:
    """The last sentences of a story that ask; the text itself when there is only one sentence, or none asks."""
    numbers = set(normal.sentence_of)
    if len(normal.clauses) < 2:
        return normal
    if len(numbers) > 1:
        wanted = {
            number
            for number, sentence in zip(dict.fromkeys(normal.sentence_of), normal.sentences, strict=True)
            if asking.any(sentence)
        }
        if wanted and wanted != numbers:
            return _only(normal, [number in wanted for number in normal.sentence_of])
    flags = [asking.any(clause) for clause in normal.clauses]
    if not any(flags) or all(flags):
        return normal
    return _only(normal, flags)


def _only(normal: Normal, flags: list[bool]) -> Normal:
    pairs = [
        pair for pair, flag in zip(zip(normal.clauses, normal.sentence_of, strict=True), flags, strict=True) if flag
    ]
    clauses, numbers = zip(*pairs, strict=True)
    return Normal(normal.raw, clauses, numbers, normal.facts)


def negations(text: str, words: Words) -> frozenset[str]:
    """The negations of a text; 能不能, 要不要 and the like ask, they do not deny."""
    return frozenset(word for _, _, word in words.negations.find(EITHER_OR.sub("\0", text)))


def viewpoint(text: str, sides: Mapping[Viewpoint, Scanner[str]]) -> Viewpoint | None:
    """The side whose words are in the text; None when no side or several have as many."""
    counts = {side: len(scanner.find(text)) for side, scanner in sides.items()}
    most = max(counts.values(), default=0)
    leading = [side for side, count in counts.items() if count == most]
    return leading[0] if most and len(leading) == 1 else None


def is_generic(text: str, words: Words) -> bool:
    """Whether nothing is left beside empty words and at most one noun that fits everything."""
    nouns: set[str] = set()
    text = NOT_CHINESE.sub("", text)
    position = 0
    while position < len(text):
        noun = words.generic.longest(text, position)
        empty = words.empty.longest(text, position)
        if noun is not None and (empty is None or noun[0] >= empty[0]):
            nouns.add(noun[1])
            position = noun[0]
        elif empty is not None:
            position = empty[0]
        else:
            return False
    return len(nouns) <= 1


def _consists_of(text: str, *scanners: Scanner[str]) -> bool:
    """Whether these words, one after the other, make up the whole text."""
    position = 0
    while position < len(text):
        ends = [hit[0] for scanner in scanners if (hit := scanner.longest(text, position)) is not None]
        if not ends:
            return False
        position = max(ends)
    return bool(text)


def is_bare(text: str, words: Words) -> bool:
    """Whether the text is one word of the field and words that mean nothing by themselves."""
    position, nouns = 0, 0
    if len(text) > SHORT:
        return False
    if any(name.startswith(FOREIGN) for _, _, names in words.concepts.find(text) for name in names):
        return False
    while position < len(text):
        noun = words.concepts.longest(text, position)
        empty = words.empty.longest(text, position)
        if noun is not None and (empty is None or noun[0] > empty[0]):
            nouns, position = nouns + 1, noun[0]
        elif empty is not None:
            position = empty[0]
        else:
            return False
    return nouns == 1 and not words.asking.any(text)


def is_person_wanted(text: str, words: Words) -> bool:
    """Whether the message begins with a call for a person (转人工 …), or is little more than one."""
    found = words.person.find(text)
    calls = any(start == 0 and end > SHORT_CALL for start, end, _ in found)
    return bool(found) and (calls or len(text) - max(end - start for start, end, _ in found) <= 6)
