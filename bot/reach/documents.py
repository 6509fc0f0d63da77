"""The files that the bot hands out: made or opened when they leave, so that no copy lies in a queue."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.core.texts import Texts
from bot.ledger.service import Ledger
from bot.reach import transcript as transcripts
from bot.reach.certificate import Paper, as_docx, as_pdf, start_of
from bot.reach.files import ProofStore
from bot.reach.model import ReachError
from bot.reach.pdf import find_font
from bot.reach.service import Reach
from bot.store.work import Store


class Documents:
    """Knows what the references in replies mean: `certificate:NUMBER:pdf`, `proof:SHA256:MEDIA TYPE`."""

    def __init__(
        self, store: Store, ledger: Ledger, reach: Reach, proofs: ProofStore, texts: Texts, font: Path | None
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._reach = reach
        self._proofs = proofs
        self._texts = texts
        self._font = font
        self._openers: dict[str, Callable[[str], Awaitable[tuple[str, bytes]]]] = {}

    def serve(self, kind: str, opener: Callable[[str], Awaitable[tuple[str, bytes]]]) -> None:
        """References that begin with `kind:` are opened there; what follows is handed over."""
        self._openers[kind] = opener

    def font(self) -> Path:
        """The font of Chinese papers; ReachError `no_font` where there is none."""
        return find_font(self._font)

    async def open(self, ref: str) -> tuple[str, bytes]:
        """File name and bytes; LookupError when there is no such thing (any more)."""
        kind, _, rest = ref.partition(":")
        if kind in self._openers:
            return await self._openers[kind](rest)
        name, _, form = rest.partition(":")
        if kind == "certificate":
            return await self._certificate(name, form)
        if kind == "proof":
            return await self._proof(name, form)
        raise LookupError(ref)

    async def _certificate(self, number: str, form: str) -> tuple[str, bytes]:
        paper = await self.paper(number)
        title = self._texts("document.certificate.title")
        if form == "pdf":
            try:
                font = find_font(self._font)
            except ReachError:
                form = "docx"  # no Chinese font here: the same paper as a Word file
            else:
                return f"{title}-{number}.pdf", await asyncio.to_thread(as_pdf, paper, self._texts, font)
        return f"{title}-{number}.{form}", await asyncio.to_thread(as_docx, paper, self._texts)

    async def paper(self, number: str) -> Paper:
        """What a certificate says; LookupError when there is none of that number."""
        async with self._store.work(read_only=True) as work:
            row = await work.reach.certificate(number)
        view = await self._ledger.obligation(row.obligation_id) if row else None
        if row is None or view is None:
            raise LookupError(number)
        try:
            link = self._reach.address.link(start_of(row))
        except ReachError:
            link = ""
        return Paper(row, view, self._ledger.courts.name(view.case.court), link)

    async def transcript(self, obligation_id: int, form: str) -> tuple[str, bytes]:
        """Every word about an obligation as `text`, `xlsx` or `pdf`: file name and bytes.

        LookupError when there is no such obligation; ReachError when a PDF has no font.
        """
        found = await transcripts.gather(self._store, self._ledger, obligation_id, self._texts)
        if found is None:
            raise LookupError(obligation_id)
        view, lines = found
        name = self._texts("document.transcript.file", number=view.case.number)
        if form == "pdf":
            font = find_font(self._font)
            return f"{name}.pdf", await asyncio.to_thread(transcripts.as_pdf, view, lines, self._texts, font)
        if form == "xlsx":
            return f"{name}.xlsx", await asyncio.to_thread(transcripts.as_excel, view, lines, self._texts)
        return f"{name}.txt", transcripts.as_text(view, lines, self._texts).encode()

    async def _proof(self, sha256: str, media_type: str) -> tuple[str, bytes]:
        try:
            content = await asyncio.to_thread(self._proofs.get, sha256)
        except FileNotFoundError as error:
            raise LookupError(sha256) from error
        return f"{sha256[:12]}{mimetypes.guess_extension(media_type) or '.bin'}", content
