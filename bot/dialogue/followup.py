"""Follows up as days pass: promises that were not kept become work for a person."""

from __future__ import annotations

import asyncio

from bot.core.errors import StoreUnavailableError
from bot.core.log import get
from bot.dialogue.casework import CaseWork

log = get(__name__)

EVERY = 600.0  # seconds between two looks; looking twice makes nothing twice


class FollowUps:
    """Runs beside the doors for as long as the process does."""

    def __init__(self, casework: CaseWork) -> None:
        self._casework = casework

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                made = await self._casework.follow_promises()
                if made:
                    log.info("promises.broken", tasks=made)
            except StoreUnavailableError as error:
                log.warning("followup.no_database", why=str(error))
            except Exception:
                log.exception("followup.round_failed")
            await asyncio.sleep(EVERY)
