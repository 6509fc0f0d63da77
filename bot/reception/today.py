"""Today's board (今日): what waits, what is due, what is late, for the courts of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.clock import Clock, local_day
from bot.reception.chats import ChatItem, Chats
from bot.reception.model import Breach
from bot.staff.model import Right, Who
from bot.store.board import ITEMS, BoardDays
from bot.store.reception_rows import BoardRow
from bot.store.work import Store

QUIET = timedelta(days=3)  # after a reminder, without a word: silent


@dataclass(frozen=True, slots=True)
class Pile:
    """How many there are, and the first of them."""

    count: int = 0
    items: Sequence[BoardRow] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """People who wait for our words."""

    count: int
    late: int
    soon: int
    items: Sequence[ChatItem]


@dataclass(frozen=True, slots=True)
class Board:
    """The piles of a day; ids lead to chats, obligations, payments, petitions, nodes, follow-ups and tasks."""

    waiting: Waiting
    due: Pile
    overdue: Pile
    silent: Pile
    promises: Pile
    proofs: Pile
    petitions: Pile
    nodes: Pile
    follow_ups: Pile
    broken: Pile


class Today:
    """Reads the board."""

    def __init__(self, store: Store, clock: Clock, chats: Chats, *, warn_days: int) -> None:
        self._store = store
        self._clock = clock
        self._chats = chats
        self._warn = timedelta(days=warn_days)

    async def of(self, who: Who) -> Board:
        """The board of somebody; piles for which they have no right are empty."""
        now = self._clock.now()
        today = local_day(now)
        days = BoardDays(today, today + self._warn, now - QUIET)
        waiting = await self._waiting(who)
        piles: dict[str, Pile] = {}
        async with self._store.work(read_only=True) as work:
            board = work.board
            if who.may(Right.SEE_LEDGER):
                courts = who.courts
                piles["due"] = Pile(*await board.instalments(courts, today, today))
                piles["overdue"] = Pile(*await board.instalments(courts, None, today - timedelta(days=1)))
                piles["silent"] = Pile(*await board.silent(courts, days))
                piles["promises"] = Pile(*await board.promises(courts, today))
                piles["proofs"] = Pile(*await board.proofs(courts))
                piles["broken"] = Pile(*await board.broken(courts))
            if who.may(Right.PETITION):
                piles["petitions"] = Pile(*await board.petitions(who.courts, days.warn))
            if who.may(Right.FLOW):
                piles["nodes"] = Pile(*await board.nodes(who.courts, days.warn))
            if who.may(Right.FOLLOW_UP):
                piles["follow_ups"] = Pile(*await board.follow_ups(who.courts, today))
        names = ("due", "overdue", "silent", "promises", "proofs", "petitions", "nodes", "follow_ups", "broken")
        return Board(waiting, *(piles.get(name, Pile()) for name in names))

    async def _waiting(self, who: Who) -> Waiting:
        if not who.may(Right.SEE_CHATS):
            return Waiting(0, 0, 0, ())
        chats = [c for c in await self._chats.list(who, limit=1000) if c.waiting_since is not None]
        late = sum(c.level.breach is Breach.LATE for c in chats)
        soon = sum(c.level.breach is Breach.SOON for c in chats)
        return Waiting(len(chats), late, soon, chats[:ITEMS])
