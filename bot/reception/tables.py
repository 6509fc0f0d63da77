"""Tables at the desk: the ledger imported with a preview and exported, within the courts of whoever does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from bot.core.texts import Texts
from bot.ledger.columns import Words
from bot.ledger.importing import Importer, Result
from bot.ledger.service import Ledger
from bot.ledger.sheet import write_template
from bot.reception.cases import actor_of
from bot.staff.audit import Audit
from bot.staff.model import Deed, Right, Who
from bot.store.work import Store

Progress = Callable[[int, int | None], None]


class Tables:
    """The ledger as Excel tables."""

    def __init__(self, ledger: Ledger, texts: Texts, store: Store, audit: Audit) -> None:
        self._ledger = ledger
        self._texts = texts
        self._store = store
        self._audit = audit

    async def template(self, target: Path) -> None:
        """Write the empty table; anybody may have it."""
        await asyncio.to_thread(write_template, target, self._texts, Words(self._texts, self._ledger.courts))

    async def preview(self, who: Who, source: Path, errors: Path, progress: Progress | None = None) -> Result:
        """What an import would change; nothing is written but the workbook of bad rows."""
        who.require(Right.EDIT_LEDGER)
        return await self._importer(who).preview(source, errors, progress)

    async def run(
        self, who: Who, source: Path, errors: Path, *, only_good: bool, progress: Progress | None = None
    ) -> Result:
        """Import a table: nothing while a row is bad, or with `only_good` all good rows."""
        who.require(Right.EDIT_LEDGER)
        result = await self._importer(who).run(
            source, actor_of(who), only_good=only_good, errors=errors, writing=progress
        )
        if result.written:
            async with self._store.work() as work:
                told = f"{result.new} new, {result.changed} changed, {result.wrong} wrong"
                await self._audit.note(work, who, Deed.CHANGED, "import", source.name, who.court, told)
                await work.commit()
        return result

    async def export(
        self, who: Who, target: Path, *, personal: bool = False, court: str | None = None, progress: Progress | None = None
    ) -> int:
        """Write the ledger of the courts that this person sees (or of one of them); how many rows."""
        detail = "personal" if personal else ""
        await self._audit.exported(who, "ledger", court or "", court, detail)
        return await self._importer(who).export(target, personal=personal, court=court, progress=progress)

    def _importer(self, who: Who) -> Importer:
        return Importer(self._ledger, self._texts, who.courts)
