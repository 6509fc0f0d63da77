"""What somebody means who answers a reminder, by the words of `faq/replies.yaml`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from bot.core.faults import Problem
from bot.core.kept import Kept, stamp
from bot.reach.replies import FILE, Wordings, bare, either, read
from bot.reach.saying import (
    clauses,
    find_count,
    find_day,
    find_delay,
    find_each,
    find_share,
    find_sum,
    once_less,
    paid_by,
    waives,
)

__all__ = ["FILE", "Intent", "Meaning", "Replies", "bare", "check"]


class Intent(StrEnum):
    """What an answer wants; in the order in which they are looked for in the file."""

    STOP = "stop"
    NOTME = "notme"
    DOUBT = "doubt"
    SERVICE = "service"
    PAID = "paid"
    DISPUTE = "dispute"
    PLAN = "plan"
    HARD = "hard"
    CONTACT = "contact"
    MINE = "mine"
    WHERE = "where"
    UNPAID = "unpaid"
    REFUSE = "refuse"
    THANKS = "thanks"
    PROMISE = "promise"


_EXPLAINED = tuple(i.value for i in Intent if i is not Intent.PROMISE)
_WHOLE = (Intent.STOP, Intent.NOTME, Intent.DOUBT, Intent.THANKS)  # judged by the message, not clause by clause
_TERMS = (Intent.PAID, Intent.PLAN, Intent.PROMISE)  # each of them reads days and sums
_SHORT = 40  # letters of a message that may be nothing but a courtesy
_TAKEN_BACK = 14  # letters of the clause that takes something back


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a message is understood; one message may tell several things, and ask something beside them."""

    told: tuple[Intent, ...] = ()
    asked: tuple[Intent, ...] = ()  # what is only asked about: 能不能分期
    asks: bool = False  # whether anything is asked, be it for a yes only (三千行不行)
    explains: bool = False  # whether an explanation is asked for
    parts: tuple[tuple[Intent, str], ...] = ()  # which clauses say what has terms of its own

    @property
    def intent(self) -> Intent | None:
        """The first thing that is meant."""
        return next(iter((*self.told, *self.asked)), None)

    def without(self, intent: Intent) -> Meaning:
        """The rest of what is meant."""
        return replace(self, told=tuple(i for i in self.told if i is not intent))

    def as_plan(self) -> Meaning:
        """The same, where what sounds like a promise is a plan: 从1月10号开始每个月还5000."""
        told, asked = ([Intent.PLAN if i is Intent.PROMISE else i for i in those] for those in (self.told, self.asked))
        parts = tuple((Intent.PLAN if i is Intent.PROMISE else i, words) for i, words in self.parts)
        return replace(self, told=tuple(dict.fromkeys(told)), asked=tuple(dict.fromkeys(asked)), parts=parts)

    def words(self, intent: Intent, text: str) -> str:
        """The message without the clauses in which something else is paid, promised or proposed."""
        others = [words for i, words in self.parts if i is not intent]
        own = [words for i, words in self.parts if i is intent]
        kept = [c for c in clauses(text) if c not in others or c in own]
        return "".join(kept) if others else text


class Replies:
    """Understands messages by `faq/replies.yaml`: read at the start, read again when a sound change is saved.

    A change with a mistake is not taken over: what was read before goes on counting, and `file.faults` (and
    `faq check`) name file and line.
    """

    def __init__(self, folder: Path) -> None:
        """KnowledgeError with file and line of every problem when the file cannot be used."""
        self.file: Kept[_Words] = Kept(FILE, lambda: stamp([folder / FILE]), lambda: _read(folder))

    @property
    def _now(self) -> Wordings:
        """What counts now."""
        return self.file().all

    def meaning(self, text: str, today: date) -> Meaning:
        """What a free message means; stop and 不是本人 count even in a question."""
        return _Reader(self.file(), today).read(text)

    def paths(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        """The guided paths that the words may ask for, and what they must tell for it, in the file's order."""
        words = bare(text)
        return [(kind, needed) for kind, rule, needed in self._now.paths if rule.fits(words)]

    def verdict(self, text: str) -> str:
        """What is said to an offer that waits ("no", "yes") or to an agreement ("breach"); "" when it is neither."""
        words, offers = bare(text), self._now.offers
        return next((name for name in ("breach", "no", "yes") if name in offers and offers[name].fits(words)), "")

    def stops(self, text: str) -> bool:
        """Whether somebody wants no more messages, in any clear wording."""
        return _Reader(self.file(), date.min).fits(Intent.STOP, text)

    def agrees(self, text: str) -> bool:
        """Whether somebody says yes and nothing else: 好的好的, 要得嘛, 行，麻烦您了."""
        return self.file().says(self.file().agreement, bare(text))

    def choice(self, text: str) -> str:
        """The code of the button that these words stand for; empty when they stand for none."""
        words, answers = bare(text), self._now.answers
        return answers.get(words) or answers.get(self.file().core(words), "") or ("yes" if self.agrees(text) else "")

    def named(self, text: str, codes: Collection[str]) -> str:
        """Which of some buttons a sentence names (微信转的 is app); empty when it names none, or several."""
        words, answers = bare(text), self._now.answers
        said = {w: code for w, code in answers.items() if code in codes and len(w) > 1 and w in words}
        found = {code for w, code in said.items() if not any(w != other and w in other for other in said)}
        return found.pop() if len(found) == 1 else ""

    def corrects(self, text: str) -> bool:
        """Whether somebody takes back what they wrote just now: 不对，是两万五."""
        return self._now.corrections.fits(bare(text))

    def instead(self, text: str) -> tuple[str, str] | None:
        """What is taken back, and what stands in its place: 不对，是8万; 金额改成8万. None: nothing of the kind.

        Nothing may stand in its place: 不对, 金额写错了.
        """
        if self.corrects(text) and (found := self.file().instead.match(text.strip())):
            return found[1], found[2]
        first, *rest = clauses(text) or [""]
        # The first clause alone: in 不对，是判决以后 the second one is the answer, and no objection to a judgment.
        taken_back = len(bare(first)) <= _TAKEN_BACK and self.corrects(first + "".join(rest)[:1])
        return (first, "".join(rest)) if taken_back else None

    def core(self, text: str) -> str:
        """A short message without its courtesies, bare."""
        return self.file().core(bare(text))

    def delays(self, text: str) -> bool:
        """Whether more time is wanted, rather than parts or a lower sum."""
        return self._now.delay.fits(bare(text))

    def by_other(self, text: str) -> bool:
        """Whether somebody else paid: 替我, 代付, 我哥付的."""
        return any(self.file().by_other(bare(c)) for c in clauses(text))


def check(folder: Path, paths: Collection[str]) -> list[Problem]:
    """Every problem and notice of `faq/replies.yaml`, with its line."""
    return read(folder, _EXPLAINED, paths)[1]


def _read(folder: Path) -> tuple[_Words, list[Problem]]:
    found, problems = read(folder, _EXPLAINED)
    return _Words(found), problems


# -- the words of the file, made ready -----------------------------------------------------------


class _Words:
    """The file's words as patterns."""

    def __init__(self, found: Wordings) -> None:
        self.all = found
        self.agreement = [w for w, code in found.answers.items() if code == "yes"]

    @cached_property
    def asking(self) -> re.Pattern[str]:
        """Asks for an explanation."""
        return either(self.all.asking)

    @cached_property
    def consent(self) -> re.Pattern[str]:
        """Asks for a yes."""
        return either(self.all.consent)

    @cached_property
    def rhetorical(self) -> re.Pattern[str]:
        """Looks like a question and is none."""
        return either(self.all.rhetorical)

    @cached_property
    def first(self) -> re.Pattern[str]:
        """Makes a sum a promise."""
        return either(self.all.first)

    @cached_property
    def will(self) -> re.Pattern[str]:
        """A promise without its day."""
        return either(self.all.will)

    @cached_property
    def instead(self) -> re.Pattern[str]:
        """(What is taken back) 改成 (what stands in its place)."""
        words = "|".join(map(re.escape, self.all.instead)) or "(?!)"
        return re.compile(rf"(.{{0,{_TAKEN_BACK}}}?)(?:{words})(.+)", re.DOTALL)

    @cached_property
    def _payer(self) -> re.Pattern[str]:
        return paid_by(either(self.all.kin).pattern)

    def core(self, words: str) -> str:
        """What is left of a short bare message without the courtesies at both ends."""
        if len(words) > _SHORT:
            return words
        longest = sorted(self.all.courtesy, key=len, reverse=True)
        while begin := next((w for w in longest if words.startswith(w)), ""):
            words = words[len(begin) :]
        while end := next((w for w in longest if words.endswith(w)), ""):
            words = words[: -len(end)]
        return words

    def says(self, meant: Collection[str], words: str) -> bool:
        """Whether a short bare message consists of these words (once at least) and courtesies."""
        if not 0 < len(words) <= _SHORT:
            return False
        reached = [{False}] + [set[bool]() for _ in words]  # up to each letter: whether one of them was among it
        for at in range(len(words)):
            for said in reached[at]:
                for word in meant:
                    if words.startswith(word, at):
                        reached[at + len(word)].add(True)
                for word in self.all.courtesy:
                    if words.startswith(word, at):
                        reached[at + len(word)].add(said)
        return True in reached[-1]

    def by_other(self, words: str) -> bool:
        """Whether a bare clause says that somebody else paid."""
        return self.all.payers.fits(words) or bool(self._payer.search(words))

    @cached_property
    def signs(self) -> frozenset[str]:
        """Smileys that mean thanks."""
        return frozenset(self.all.signs)


class _Reader:
    """Reads one message."""

    def __init__(self, words: _Words, today: date) -> None:
        self._words = words
        self._today = today

    def read(self, text: str) -> Meaning:
        """All that a message tells and asks."""
        whole = [i for i in _WHOLE if self.fits(i, text)]
        found = [self._clause(c) for c in clauses(text)]
        told = {i for clause in found for i in clause.told}
        if told:  # 没钱了，能不能缓一缓: beside something that is told, what asks for a yes only is a wish
            told |= {i for clause in found if not clause.explains for i in clause.asked}
        asked = {i for clause in found for i in clause.asked} - told
        parts = [(i, clause.text) for clause in found for i in clause.told if i in _TERMS]
        if not told & set(_TERMS) and not asked:  # 下周三，还3000 makes sense only together
            told |= {i for i in self._clause(text).told if i in _TERMS}
        told, parts = self._settled(told, parts, found)
        told |= {i for i in whole if i is not Intent.THANKS}
        if not told and not asked and Intent.THANKS in whole:
            told = {Intent.THANKS}
        if Intent.STOP in told or Intent.NOTME in told:
            told.discard(Intent.DOUBT)
        if told - {Intent.REFUSE, *OWN, Intent.THANKS}:
            told -= {Intent.REFUSE, *OWN}  # 我还欠多少，月底还一半: what somebody does tell comes first
        return Meaning(
            tuple(i for i in Intent if i in told),
            tuple(i for i in Intent if i in asked),
            any(clause.asks for clause in found),
            any(clause.explains for clause in found),
            tuple(parts),
        )

    def fits(self, intent: Intent, text: str) -> bool:
        """Whether the message as a whole means that; courtesies at its ends do not count."""
        words, now = bare(text), self._words
        rule = now.all.intents[intent]
        if intent is Intent.THANKS:
            signs = any(sign in text for sign in now.signs)
            return now.says(rule.only, words) if words else signs
        if rule.fits(words) or now.says(rule.only, words):
            return True
        return any(rule.within(bare(c)) for c in clauses(text))

    def _clause(self, text: str) -> _Clause:
        """What one clause says."""
        now = self._words
        words = bare(text)
        found: list[Intent] = []
        spans: list[tuple[int, int]] = []
        for name, rule in now.all.intents.items():
            intent = Intent(name)
            if intent in _WHOLE:
                continue
            where = rule.within(words)
            if where or words in rule.only or now.core(words) in rule.only:
                found.append(intent)
                spans += where or [(0, len(words))]
        if Intent.PAID not in found and now.by_other(words) and not now.all.intents[Intent.PAID].within(words):
            found.append(Intent.PAID)
        if own := tuple(i for i in found if i in OWN):
            return _Clause(text, own, asks=True, explains=False, only_asked=False)
        parts = find_delay(text, self._today) or find_each(once_less(text), self._today)
        if parts and Intent.PLAN not in found:
            found.append(Intent.PLAN)
        rest = now.rhetorical.sub(" ", _without(words, spans))
        consents, asks = bool(now.consent.search(words)), bool(now.asking.search(now.consent.sub(" ", rest)))
        asks = asks or (not consents and text.rstrip().endswith("?"))
        found = self._promised(found, words, text, consents=consents)
        terms = Intent.PROMISE in found or (Intent.PLAN in found and self._has_terms(text))
        only_asked = asks or (consents and not terms)
        return _Clause(text, tuple(found), consents or asks, asks, only_asked)

    def _has_terms(self, text: str) -> bool:
        """Whether a proposal says how much or until when."""
        today = self._today
        return bool(find_delay(text, today) or find_count(text) or find_day(text, today) or find_sum(text, today))

    def _promised(self, found: list[Intent], words: str, text: str, *, consents: bool) -> list[Intent]:
        """With the promise that a clause holds: 下周三还3000, 先给两千行不行, 我一定还."""
        now = self._words
        if find_delay(text, self._today) or (
            Intent.PLAN in found and (find_count(text) or find_each(once_less(text), self._today))
        ):
            return found  # a sum every month, or later: a proposal
        rule = now.all.promise
        dated = _is_promise(now.all, words, text, self._today)
        day = find_day(text, self._today)
        said = _without(words, now.all.intents[Intent.REFUSE].within(words))  # 剩下的不还了 is nothing that was done
        behind = any(w in said for w in now.all.done) or (day is not None and day.day < self._today)
        sum_told = not behind and not waives(text) and bool(find_sum(text, self._today) or find_share(text))
        offered = sum_told and (consents or bool(now.first.search(words))) and not any(w in words for w in rule.against)
        vague = bool(now.will.search(words)) and not behind
        if not (dated or offered or vague):
            return found
        if Intent.PLAN in found and not (sum_told and (dated or offered)):
            return found
        without = (Intent.PAID, Intent.PLAN) if sum_told else (Intent.PAID,)
        return [i for i in found if i not in without] + [Intent.PROMISE]

    def _settled(
        self, told: set[Intent], parts: list[tuple[Intent, str]], found: Sequence[_Clause]
    ) -> tuple[set[Intent], list[tuple[Intent, str]]]:
        """A day beside a wish for more time is that wish's; a promise with a sum stands by itself."""
        if Intent.PLAN in told and Intent.PROMISE in told:
            sums = any(find_sum(c.text, self._today) or find_share(c.text) for c in found if Intent.PROMISE in c.told)
            if not sums:
                told = told - {Intent.PROMISE}
                parts = [(i, text) for i, text in parts if i is not Intent.PROMISE]
        return told, parts


@dataclass(frozen=True, slots=True)
class _Clause:
    """What one clause says."""

    text: str
    found: tuple[Intent, ...]
    asks: bool
    explains: bool
    only_asked: bool

    @property
    def told(self) -> tuple[Intent, ...]:
        """What it tells."""
        return tuple(i for i in self.found if not self.only_asked or i in _ALWAYS)

    @property
    def asked(self) -> tuple[Intent, ...]:
        """What it asks about."""
        return tuple(i for i in self.found if i not in self.told)


OWN = (Intent.MINE, Intent.WHERE)  # questions about one's own case, which the ledger answers and no topic
_ALWAYS = (Intent.SERVICE, Intent.CONTACT, *OWN, Intent.UNPAID, Intent.REFUSE)  # 法官电话多少: a wish, however it is put


def _without(words: str, spans: Sequence[tuple[int, int]]) -> str:
    """The words around what was understood: 凭什么要我还 asks nothing."""
    kept = list(words)
    for begin, end in spans:
        kept[begin:end] = " " * (end - begin)
    return "".join(kept)


def _is_promise(now: Wordings, words: str, text: str, today: date) -> bool:
    """A day to come and a verb of performing: 下周三还3000."""
    if not now.promise.fits(words):
        return False
    found = find_day(text, today)
    past = find_day(text, today, past=True)
    # 3号还了 names a day that may be past or to come; words of what is done settle it.
    behind = past is not None and past.day <= today and any(w in words for w in now.done)
    return found is not None and found.day >= today and not behind
