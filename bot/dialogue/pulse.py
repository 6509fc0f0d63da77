"""The dead-man switch of reminders: administrators hear when the courier has stood still, and when it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.core.errors import StoreUnavailableError
from bot.core.log import get
from bot.core.metrics import COURIER_STILL
from bot.dialogue.notices import Notices

log = get(__name__)

EVERY = 60.0  # seconds between two looks
STILL = 10  # looks without a beat after which it stands still; a round that plans 60,000 reminders takes half a minute


class Pulse:
    """Counts looks, not time: a clock that is set, or a machine that slept, is no alarm."""

    def __init__(self, beats: Callable[[], int], notices: Notices) -> None:
        self._beats = beats
        self._notices = notices
        self._last = -1
        self._looks = 0  # without a beat
        self._told = False

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look()
            except StoreUnavailableError as error:  # the notice waits in the database: the next look tries again
                log.warning("pulse.no_database", why=str(error))
            except Exception:
                log.exception("pulse.look_failed")

    async def look(self) -> None:
        """One look; each change is told once."""
        beats = self._beats()
        self._looks = self._looks + 1 if beats == self._last else 0
        self._last = beats
        still = self._looks >= STILL
        COURIER_STILL.set(still)
        if still == self._told:
            return
        if still:
            log.error("courier.stands_still", minutes=round(self._looks * EVERY / 60))
        await self._notices.courier(still=still, minutes=round(self._looks * EVERY / 60))
        self._told = still
