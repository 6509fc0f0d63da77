"""Reach's use cases: each owns its transaction; inside a turn, `within` works in the turn's own."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.clock import Clock
from bot.core.ids import Ids
from bot.ledger.model import Actor
from bot.ledger.service import Ledger, View
from bot.reach.model import EventKind, Outcome, ReachError, Unreached, Way, unreached
from bot.reach.register import Register
from bot.store.ledger_rows import CaseRow, PartyRow
from bot.store.reach_rows import ReachEventRow
from bot.store.work import Store, Work

TELEGRAM = "https://t.me/"


@dataclass(frozen=True, slots=True)
class NotReached:
    """A debtor whom the chat does not reach, with why, and what was tried by hand."""

    party: PartyRow
    case: CaseRow
    why: Unreached
    tried: tuple[tuple[datetime, str, str, str], ...]  # when, way, outcome, note


@dataclass(slots=True)
class Address:
    """Where the bot is found; known once the door has asked the channel."""

    bot: str = ""

    def link(self, start: str) -> str:
        """A deep link; ReachError `no_address` while the bot's name is not known."""
        if not self.bot:
            raise ReachError("no_address")
        base = self.bot if "://" in self.bot else TELEGRAM + self.bot.removeprefix("@")
        return f"{base}?start={start}"


class Reach:
    """Reaching the parties of cases."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, ledger: Ledger, link_days: int, bot: str = "") -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self.ledger = ledger
        self.lives = timedelta(days=link_days)
        self.address = Address(bot)

    def within(self, work: Work, actor: Actor) -> Register:
        """The register in a transaction that somebody else has opened and will commit."""
        return Register(work, self._clock, self._ids, actor)

    async def make_link(self, party_id: int, actor: Actor) -> str:
        """A one-time link for a party: what follows `?start=`."""
        async with self._store.work() as work:
            start = await self.within(work, actor).make_link(party_id, self.lives)
            await work.commit()
        return start

    def expires(self) -> datetime:
        """When a link made now stops being good."""
        return self._clock.now() + self.lives

    async def outcome(self, party_id: int, way: Way, outcome: Outcome, note: str, actor: Actor) -> None:
        """Note what came of a call, a text message, a visit."""
        async with self._store.work() as work:
            await self.within(work, actor).outcome(party_id, way, outcome, note)
            await work.commit()

    async def unreached(self, courts: Collection[str] | None = None) -> list[NotReached]:
        """Debtors with something left to perform whom the chat does not reach, by case; None: of all courts."""
        async with self._store.work(read_only=True) as work:
            pairs = await work.reach.debtors(courts)
            return await self._not_reached(work, pairs)

    async def _not_reached(self, work: Work, pairs: Sequence[tuple[int, int]]) -> list[NotReached]:
        found: list[NotReached] = []
        for start in range(0, len(pairs), 500):
            some = pairs[start : start + 500]
            ids = sorted({party for party, _ in some})
            bound = await work.reach.bindings_of(ids)
            chats = await work.reach.unreachable_chats([b.conversation_id for b in bound])
            links = await work.reach.links_of(ids)
            parties = await work.ledger.parties(ids)
            cases = {c.id: c for c in await work.ledger.cases(ids=sorted({case for _, case in some}))}
            events = await work.reach.events_of(ids)
            for party, case in some:
                why = unreached(
                    [link for link in links if link.party_id == party and not link.helper],
                    [b for b in bound if b.party_id == party],
                    chats,
                    self._clock.now(),
                )
                if why is not None:
                    found.append(NotReached(parties[party], cases[case], why, _tried(events, party)))
        return found

    async def views_of_case(self, number: str) -> list[View]:
        """The obligations of the case with that number."""
        found = await self.ledger.case(number)
        return list(found.obligations) if found else []


def _tried(events: Sequence[ReachEventRow], party: int) -> tuple[tuple[datetime, str, str, str], ...]:
    outcomes = [e for e in events if e.party_id == party and e.kind == EventKind.OUTCOME and e.detail]
    read = [(e.at, json.loads(e.detail or "{}")) for e in outcomes]
    return tuple((at, d["way"], d["outcome"], d.get("note", "")) for at, d in read)
