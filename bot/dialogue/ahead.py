"""Asking for a second opinion before a turn begins, so that no transaction waits for a network."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.consult.following import settled
from bot.consult.library import Library
from bot.consult.model import Context
from bot.consult.rerank import Option, Reranker
from bot.core.clock import Clock, local_day
from bot.dialogue.model import Incoming, Opinion
from bot.dialogue.state import State
from bot.dialogue.talk import LONGEST_QUESTION
from bot.store.work import Store


class Ahead:
    """Puts the re-ranker's choice beside a doubtful question; everything else passes at once.

    The turn judges again and takes the choice only if it still concerns the same topics. Only private chats of
    people who are no party of a case and on no guided path: what somebody writes about their own case stays here.
    """

    def __init__(
        self, store: Store, library: Library, reranker: Reranker, clock: Clock, *, lean: timedelta, per_minute: int
    ) -> None:
        self._store = store
        self._library = library
        self._reranker = reranker
        self._clock = clock
        self._lean = lean
        self._per_minute = per_minute

    async def __call__(self, incoming: Incoming) -> Incoming:
        """The same, with a choice if there is one."""
        text = incoming.text.strip()
        if incoming.kind != "text" or incoming.chat_kind != "private" or not text:
            return incoming
        context = await self._context(incoming)
        if context is None:
            return incoming
        text = text[-LONGEST_QUESTION:]
        verdict = settled(context, self._library.matcher.match(text, context, local_day(self._clock.now())))
        entries = self._library.knowledge.entries
        options = [Option.of(entries[topic]) for topic in self._reranker.among(verdict) if topic in entries]
        choice = await self._reranker.choose(text, options) if options else None
        return replace(incoming, opinion=Opinion(choice.among, choice.topic)) if choice else incoming

    async def _context(self, incoming: Incoming) -> Context | None:
        """Where the dialogue stands; None when this person's words are not to be shown, or come too fast."""
        lane = self._store.vault.pseudonym(incoming.channel, incoming.chat)
        async with self._store.work(read_only=True) as work:
            row = (await work.conversations.load([lane])).get(lane)
        state = State.of(row.state) if row else State()
        now = self._clock.now()
        if state.party or state.path or not state.allow(self._per_minute, now):
            return None
        return state.context(now, self._lean)
