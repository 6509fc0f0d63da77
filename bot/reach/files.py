"""Files that people send: fetched after the turn that noted them, sealed on disk under their hash.

The turn only writes a row. This fetcher then takes the file from the channel, so that no transaction
waits for a network and a crash in between loses nothing: what is still pending is fetched after the
restart. The channel's own link (Telegram's holds the token) never leaves the door that fetches.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from bot.core.clock import Clock
from bot.core.ids import Ids
from bot.core.log import get
from bot.core.privacy import Vault
from bot.ledger.book import Book
from bot.ledger.model import SYSTEM, NewFile
from bot.store.reach_rows import FlowState, IncomingFileRow
from bot.store.work import Store, Work

log = get(__name__)

LIMIT = 20 * 1024 * 1024  # bytes; Telegram lets bots fetch no more
MAX_TRIES = 5
REFUSED, REPLACED = "refused", "replaced"  # given up; given up, and another one was sent for it
TOO_LARGE = "too large"  # why it was given up: said at once
PATIENCE = timedelta(minutes=2)  # after this a fetch that did not end is taken up again
_LOOK_SECONDS = 2.0


class GoneError(Exception):
    """The channel does not have the file (any more), or it is too large; no use in trying again."""


Lost = Callable[[Work, IncomingFileRow], Awaitable[Callable[[], None]]]


class FileSource(Protocol):
    """Where a channel's files come from; implemented by the door."""

    async def fetch(self, remote: str, limit: int) -> bytes:
        """The bytes. GoneError when there will never be any; anything else may be tried again."""
        ...


class ProofStore:
    """Sealed files under their SHA-256, two folders deep; the same bytes are kept once."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder = folder
        self._vault = vault

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keep the bytes; their hash. The file is complete or not there at all."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_bytes(self._vault.seal_bytes(content))
            part.replace(path)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes; FileNotFoundError when they are not kept here."""
        return self._vault.open_bytes(self._path(sha256).read_bytes())


class Files:
    """Runs beside the doors: fetches what turns have noted."""

    def __init__(
        self, store: Store, sources: Mapping[str, FileSource], proofs: ProofStore, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._sources = dict(sources)
        self.proofs = proofs
        self._clock = clock
        self._ids = ids
        self._lost: Lost | None = None
        self._wake = asyncio.Event()
        self._busy = asyncio.Lock()

    def serve(self, channel: str, source: FileSource) -> None:
        """Files of this channel come from there."""
        self._sources[channel] = source

    def tell(self, lost: Lost) -> None:
        """Who says, in the transaction that gives a file up, that it did not come; what that returns is done after it."""
        self._lost = lost

    def wake(self) -> None:
        """Something was noted a moment ago."""
        self._wake.set()

    async def run(self) -> None:
        """Fetch until cancelled; a database or a channel that is away for a while is no reason to stop."""
        while True:
            with contextlib.suppress(TimeoutError):
                # Not wait_for: before Python 3.12 it may swallow a cancellation.
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self.fetch_all()
            except Exception:
                log.exception("files.round_failed")

    async def fetch_all(self) -> int:
        """Fetch what is pending now; how many were settled."""
        settled = 0
        async with self._busy:
            while claimed := await self._claim():
                results = await asyncio.gather(*(self._one(row) for row in claimed))
                settled += sum(results)
                if not any(results):
                    break
        return settled

    async def _claim(self) -> list[IncomingFileRow]:
        async with self._store.work() as work:
            rows = await work.reach.claim_files(self._clock.now(), PATIENCE)
            await work.commit()
        return [r for r in rows if r.channel in self._sources]

    async def _one(self, row: IncomingFileRow) -> bool:
        try:
            content = await self._sources[row.channel].fetch(row.remote or "", LIMIT)
        except GoneError as error:
            return await self._refuse(row, str(error))
        except Exception as error:  # noqa: BLE001 - whatever a channel raises, the file is tried again
            log.warning("files.not_fetched", file=row.id, tries=row.tries, error=type(error).__name__)
            if row.tries >= MAX_TRIES:
                return await self._refuse(row, type(error).__name__)
            return False
        sha256 = await asyncio.to_thread(self.proofs.put, content)
        async with self._store.work() as work:
            values = {"sha256": sha256, "size": len(content), "status": "stored", "remote": None}
            await work.reach.change(IncomingFileRow, row.id, **values)
            if await work.desk.open_of(row.conversation_id):
                await work.desk.touch(row.conversation_id, self._clock.now())  # whoever looks at it sees the file now
            if row.flow_id is not None and (flow := await work.reach.flow(row.flow_id)):
                book = Book(work, self._clock, self._ids, SYSTEM)
                await attach(book, flow, await work.reach.files_of_flow(flow.id))
            await work.commit()
        return True

    async def _refuse(self, row: IncomingFileRow, why: str) -> bool:
        async with self._store.work() as work:
            told = await self._lost(work, row) if self._lost else None
            await work.reach.change(IncomingFileRow, row.id, status=REFUSED, error=why[:80], remote=None)
            await work.commit()
        log.warning("files.refused", file=row.id, why=why[:80])
        if told:
            told()
        return True


def that_came(files: Iterable[IncomingFileRow]) -> list[IncomingFileRow]:
    """Those of a report that are here or on their way; one that was given up is no proof."""
    return [f for f in files if f.status not in (REFUSED, REPLACED)]


def lost(files: Iterable[IncomingFileRow]) -> list[IncomingFileRow]:
    """Those that did not come, and that somebody was asked to send again."""
    return [f for f in files if f.status == REFUSED and f.error != TOO_LARGE]


async def attach(book: Book, flow: FlowState, files: list[IncomingFileRow]) -> None:
    """Put the stored files of a reported payment into its proof; nothing before it is reported.

    All files of one report are one proof, whenever they arrive: an album, a second picture, one that
    was still being fetched when the process was killed.
    """
    if flow.kind != "paid" or flow.result_id is None or flow.obligation_id is None:
        return
    stored = [NewFile(f.sha256, f.media_type, f.size or 0, f.name) for f in files if f.sha256]
    if stored:
        await book.add_proof(
            flow.obligation_id,
            stored,
            payment_id=flow.result_id,
            party_id=flow.party_id,
            group_key=f"flow:{flow.id}",
        )


async def note(work: Work, row: IncomingFileRow) -> bool:
    """Write down that a file came in; False when it was noted before."""
    if await work.reach.file_known(row.conversation_id, row.external_id):
        return False
    await work.reach.add([row])
    return True
