"""Rows of gaps: a lasting number for each missed question, and what was decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from bot.store.base import Rows
from bot.store.gap_tables import Gap, GapDecision

_AT_ONCE = 500  # values in one statement; SQLite knows a limit


class GapRows(Rows):
    """Numbers and decisions, by fingerprint."""

    async def decisions(self) -> dict[str, GapDecision]:
        """Every gap about which something was decided."""
        query = select(Gap.fingerprint, Gap.decision).where(Gap.decision != GapDecision.OPEN)
        return {r.fingerprint: GapDecision(r.decision) for r in await self._connection.execute(query)}

    async def numbered(self, fingerprints: Sequence[str], now: datetime) -> dict[str, int]:
        """The number of each; one that is seen for the first time gets the next free one."""
        found: dict[str, int] = {}
        for start in range(0, len(fingerprints), _AT_ONCE):
            part = list(dict.fromkeys(fingerprints[start : start + _AT_ONCE]))
            known = await self._numbers(part)
            new = [each for each in part if each not in known]
            if new:
                rows = [{"fingerprint": each, "decision": GapDecision.OPEN, "seen_at": now} for each in new]
                await self._connection.execute(self._upsert(Gap).on_conflict_do_nothing(), rows)
                known = await self._numbers(part)
            found |= known
        return found

    async def _numbers(self, fingerprints: Sequence[str]) -> dict[str, int]:
        query = select(Gap.fingerprint, Gap.number).where(Gap.fingerprint.in_(fingerprints))
        return {r.fingerprint: r.number for r in await self._connection.execute(query)}

    async def decide(
        self, fingerprints: Sequence[str], decision: GapDecision, target: str | None, now: datetime
    ) -> None:
        """Remember what became of these; whoever decides again decides anew."""
        await self.numbered(fingerprints, now)
        for start in range(0, len(fingerprints), _AT_ONCE):
            part = list(fingerprints[start : start + _AT_ONCE])
            await self._connection.execute(
                update(Gap)
                .where(Gap.fingerprint.in_(part))
                .values(decision=decision, target=target, decided_at=now)
            )
