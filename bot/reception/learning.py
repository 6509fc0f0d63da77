"""The knowledge at the desk: why a question is answered so, how an answer fares, what was asked in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.consult.cases import Case
from bot.consult.gaps import Gap, Gaps
from bot.consult.learning import Change, propose
from bot.consult.library import Library
from bot.consult.matcher import Matcher
from bot.consult.model import Context, Decision, Entry, Knowledge
from bot.core.clock import Clock, local_day
from bot.dialogue.words import Words
from bot.reception.model import DeskError
from bot.staff.audit import Audit
from bot.staff.model import Deed, Right, Who
from bot.store.gap_tables import GapDecision
from bot.store.work import Store

_BACK = timedelta(days=90)  # how far the log is read
_LONGEST = 1500  # characters of a question


@dataclass(frozen=True, slots=True)
class Explained:
    """One candidate, and the phrasing that brought it."""

    topic: str
    title: str
    score: float
    phrasing: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the matcher makes of a question, and why."""

    decision: str
    reason: str
    normal: str
    candidates: Sequence[Explained]
    answer: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that got a topic's answer."""

    id: int
    at: datetime
    question: str
    score: float | None
    feedback: int | None
    version: str | None


class Learning:
    """Looking is for everybody at the desk, changing for those with `Right.KNOWLEDGE`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        library: Library,
        audit: Audit,
        folder: Path,
        words: Words,
        *,
        cases: Callable[[Knowledge], Sequence[Case]],
        paths: Collection[str],
    ) -> None:
        """`cases` gives the evaluation on which the effect of a phrasing is shown, `paths` the guided paths there are."""
        self._cases = cases
        self._paths = paths
        self._store = store
        self._clock = clock
        self._library = library
        self._audit = audit
        self._folder = folder
        self._words = words

    def _today(self) -> date:
        return local_day(self._clock.now())

    def _matcher(self) -> Matcher:
        matcher = self._library.matcher
        if not isinstance(matcher, Matcher):
            raise DeskError("no_matcher")
        return matcher

    def search(self, words: str) -> list[Entry]:
        """Topics whose title, question or phrasings hold some words; all of them without words."""
        wanted = words.strip()
        entries = list(self._library.knowledge.entries.values())
        if not wanted:
            return entries
        return [e for e in entries if wanted in e.id or any(wanted in t for t in (e.title, e.question, *e.phrasings))]

    def told(self, entry: Entry) -> str:
        """The answer of a topic as a person gets it, with its provisions and the day of its review."""
        return self._words.answer(self._library.knowledge, entry, 0).text

    def told_more(self, entry: Entry) -> str:
        """What stands behind 详细说说, if the topic has it."""
        return self._words.more(self._library.knowledge, entry).text if entry.more else ""

    def runs_out(self) -> list[Entry]:
        """Answers that expire soon, have expired, or were not reviewed for a year; the most urgent first."""
        today = self._today()
        entries = self._library.knowledge.entries.values()
        found = [e for e in entries if e.ends_soon(today) or e.is_old(today)]
        return sorted(found, key=lambda e: (e.valid_to or date.max, e.reviewed))

    async def explain(self, who: Who, question: str) -> Explanation:
        """What a person who asks this would get, and why."""
        who.require(Right.SEE_REPORT)
        knowledge, today = self._library.knowledge, self._today()
        found = await asyncio.to_thread(self._matcher().explain, question[:_LONGEST], Context(), today)
        near = {topic: phrasing for topic, phrasing, _ in found.nearest}
        verdict = found.verdict
        candidates = [
            Explained(c.topic, knowledge.entries[c.topic].title, c.score, near.get(c.topic, ""))
            for c in verdict.candidates
            if c.topic in knowledge.entries
        ]
        entry = knowledge.entries.get(verdict.best or "") if verdict.decision is Decision.ANSWER else None
        beyond = knowledge.outside.get(verdict.outside or "")
        answer = self.told(entry) if entry else self._words.outside(knowledge, beyond).text if beyond else ""
        return Explanation(verdict.decision.value, verdict.reason.value, found.reading.normal.text, candidates, answer)

    async def record(self, who: Who, topic: str, most: int = 100) -> list[Asked]:
        """The last questions of three months that got this topic's answer, newest first, without who asked."""
        who.require(Right.SEE_REPORT)
        async with self._store.work(read_only=True) as work:
            rows = await work.log.about(topic, self._clock.now() - _BACK, most * 3)
        found: list[Asked] = []
        thumbs: dict[int, int] = {}  # by conversation: the feedback on the answer that follows, reading backwards
        for row in rows:
            if row.direction == "out" and row.feedback is not None:
                thumbs[row.conversation_id] = row.feedback
            elif row.direction == "in" and row.decision == "answer":
                thumb = thumbs.pop(row.conversation_id, None)
                found.append(Asked(row.id, row.at, row.text, row.score, thumb, row.knowledge))
        return found[:most]

    # -- gaps ------------------------------------------------------------------------------------

    def _gaps(self) -> Gaps:
        return Gaps(self._store, self._matcher(), self._clock)

    async def gaps(self, who: Who) -> list[Gap]:
        """Groups of questions of three months that were missed, newest first."""
        who.require(Right.KNOWLEDGE)
        return await self._gaps().open(since=self._clock.now() - _BACK)

    async def _gap(self, number: int) -> Gap:
        found = await self._gaps().get(number)
        if found is None:
            raise DeskError("no_gap", number=number)
        return found

    async def outside(self, who: Who, number: int) -> None:
        """None of this desk's questions."""
        who.require(Right.KNOWLEDGE)
        await self._gaps().decide(await self._gap(number), GapDecision.OUTSIDE, None, "")
        await self._noted(who, number, "outside")

    async def propose(self, who: Who, number: int, topic: str, wording: str) -> Change:
        """What accepting a gap as a phrasing of a topic does to the evaluation; nothing is written.

        KnowledgeError tells what is wrong with the wording.
        """
        who.require(Right.KNOWLEDGE)
        gap = await self._gap(number)
        words = wording.strip() or gap.questions[0].text
        matcher = self._matcher()
        cases = self._cases(matcher.knowledge)
        return await asyncio.to_thread(
            propose, self._folder, matcher, topic, words, cases, self._today(), self._paths
        )

    async def accept(self, who: Who, number: int, change: Change) -> None:
        """Write the phrasing into the YAML, comments and order kept; the bot knows it within seconds."""
        who.require(Right.KNOWLEDGE)
        gap = await self._gap(number)
        await asyncio.to_thread(change.save)
        await self._gaps().decide(gap, GapDecision.ACCEPTED, change.owner, change.phrasing)
        await self._noted(who, number, f"{change.owner} + {change.phrasing}")

    async def _noted(self, who: Who, number: int, detail: str) -> None:
        async with self._store.work() as work:
            await self._audit.note(work, who, Deed.CHANGED, "knowledge", number, None, detail)
            await work.commit()
