"""Looks after negotiations as time passes: offers that ran out, agreements kept, broken, mended."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.core.clock import Clock, local_day
from bot.core.errors import StoreUnavailableError
from bot.core.log import get
from bot.dialogue.casework import CaseWork
from bot.dialogue.settling import Settling
from bot.guide.settlement.model import SettlementError
from bot.guide.settlement.service import Settlements
from bot.ledger.model import SYSTEM, Broken
from bot.store.work import Store, Work

log = get(__name__)

EVERY = 60.0  # seconds between two looks


class Watch:
    """Each negotiation that changes is a transaction of its own; to look twice changes nothing more."""

    def __init__(self, store: Store, clock: Clock, settlements: Settlements, casework: CaseWork) -> None:
        self._store = store
        self._clock = clock
        self._settlements = settlements
        self._casework = casework

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                await self.sweep()
            except StoreUnavailableError as error:
                log.warning("watch.no_database", why=str(error))
            except Exception:
                log.exception("watch.round_failed")
            await asyncio.sleep(EVERY)

    async def sweep(self) -> Counter[str]:
        """One look at everything; how many changed, by what became of them."""
        done: Counter[str] = Counter()
        late = local_day(self._clock.now()) - timedelta(days=self._settlements.policy.grace_days)
        await self._each(done, "performed", lambda w, after: w.settlement.performed(after), Settling.performed)
        await self._each(
            done, "run_out", lambda w, after: w.settlement.run_out(self._clock.now(), after), Settling.run_out
        )
        await self._each(done, "broken", lambda w, after: w.settlement.overdue(late, after), Settling.overdue)
        await self._each(done, "mended", lambda w, after: w.settlement.mended(late, after), Settling.mended)
        return done

    async def _each(
        self,
        done: Counter[str],
        name: str,
        look: Callable[[Work, int], Awaitable[list[int]]],
        act: Callable[[Settling, int], Awaitable[bool]],
    ) -> None:
        after = 0
        while True:
            async with self._store.work(read_only=True) as work:
                found = await look(work, after)
            if not found:
                return
            for number in found:
                await self._one(done, name, number, act)
            after = found[-1]

    async def _one(
        self, done: Counter[str], name: str, number: int, act: Callable[[Settling, int], Awaitable[bool]]
    ) -> None:
        """One that cannot be looked after (its case is locked, the ledger refuses) holds up no other."""
        try:
            async with self._casework.settling(SYSTEM, None) as hand:
                changed = await act(hand, number)
        except (SettlementError, Broken) as error:
            log.warning("watch.refused", negotiation=number, why=str(error))
        else:
            done[name] += changed
