"""The knowledge in use: read at the start, replaced as a whole when a sound change is saved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Protocol

from bot.consult.check import WITHHELD, found
from bot.consult.loader import fingerprint, read
from bot.consult.model import Context, Knowledge, Verdict
from bot.core.clock import Clock, local_day
from bot.core.errors import KnowledgeError
from bot.core.faults import Fault
from bot.core.log import get
from bot.core.metrics import MATCH_SECONDS, QUESTIONS

log = get(__name__)


class Matching(Protocol):
    """What finds the topic of a question."""

    def match(self, question: str, context: Context | None = None, today: date | None = None) -> Verdict:
        """The verdict on one question; pure, may be called from any thread."""
        ...


class Library:
    """Holds the knowledge and its matcher together, so that one never answers from two versions."""

    def __init__(self, folder: Path, build: Callable[[Knowledge], Matching], clock: Clock) -> None:
        self.folder = folder
        self._build = build
        self._clock = clock
        self._seen = fingerprint(folder)
        self._current = self._load()

    @property
    def knowledge(self) -> Knowledge:
        """The knowledge in use."""
        return self._current[0]

    @property
    def matcher(self) -> Matching:
        """The matcher over it."""
        return self._current[1]

    def match(self, question: str, context: Context, today: date) -> Verdict:
        """The verdict of the matcher in use."""
        with MATCH_SECONDS.time():
            verdict = self.matcher.match(question, context, today)
        QUESTIONS.labels(verdict.decision.value, verdict.reason.value).inc()
        return verdict

    def _load(self) -> tuple[Knowledge, Matching]:
        knowledge = self._read()
        try:
            return knowledge, self._build(knowledge)
        except Exception as error:
            # Data that passes every check and still cannot be indexed must not stop a bot that serves.
            log.exception("knowledge.not_indexed")
            raise KnowledgeError([Fault("file.not_indexed", why=error)]) from error

    def _read(self) -> Knowledge:
        day = local_day(self._clock.now())
        try:
            draft = read(self.folder)
            # An entry past its day is withheld when asked for; it must not take the others down with it.
            wrong = [*draft.problems, *(p for p in found(draft, day) if not p.notice and p.code not in WITHHELD)]
        except Exception as error:
            # Of a shape that nobody has thought of: told like any other mistake, not in the log alone.
            log.exception("knowledge.not_read")
            raise KnowledgeError([Fault("file.shape", why=error)]) from error
        if wrong:
            raise KnowledgeError(sorted(set(wrong)))
        return draft.knowledge()

    async def watch(self, seconds: float, tell: Callable[[KnowledgeError | None], Awaitable[None]]) -> None:
        """Look for changed files for ever; `tell` hears of a broken state once, and when it is mended.

        A change counts when it has stayed for a round: editors and copying tools leave half a file,
        or for a moment none at all, and nobody should be told of mistakes that were never made.
        """
        before = self._seen
        while True:
            await asyncio.sleep(seconds)
            now = await asyncio.to_thread(fingerprint, self.folder)
            settled, before = now == before, now
            if now == self._seen or not settled:
                continue
            try:
                error = await self.reload()
                await tell(error)
            except Exception:
                # Tried again in the next round: the files are not taken for seen.
                log.exception("knowledge.watch_failed")
                continue
            self._seen = now

    async def reload(self) -> KnowledgeError | None:
        """Read again; on problems the old knowledge goes on serving and the error is returned.

        Read in a thread, exchanged here: a turn that has asked the matcher finds the same entries.
        """
        try:
            self._current = await asyncio.to_thread(self._load)
        except KnowledgeError as error:
            log.warning("knowledge.broken", problems=len(error.problems), serving=self.knowledge.version)
            return error
        log.info("knowledge.loaded", version=self.knowledge.version, entries=len(self.knowledge.entries))
        return None
