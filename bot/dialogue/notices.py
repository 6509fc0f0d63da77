"""Notices that no turn causes: to administrators about the knowledge and failures, to people whose turn failed."""

from __future__ import annotations

import json
from datetime import timedelta

from bot.core.clock import Clock, shown
from bot.core.errors import KnowledgeError
from bot.core.ids import Ids
from bot.core.log import get
from bot.core.texts import Texts
from bot.dialogue.model import Reply, quoted, split_text
from bot.dialogue.voice import outside_dialogue
from bot.post.outbox import Sender
from bot.store.rows import OutgoingRow, StoredUpdate
from bot.store.work import Store

log = get(__name__)

_SHOWN = 12  # problems that a notice lists
KEPT_BY_TELEGRAM = timedelta(hours=24)  # what nobody fetched is dropped after that


class Notices:
    """Writes messages into the outbox outside of any turn."""

    def __init__(
        self,
        store: Store,
        sender: Sender,
        texts: Texts,
        clock: Clock,
        ids: Ids,
        *,
        worker: str,
        admins: frozenset[int],
        channel: str = "telegram",
    ) -> None:
        self._store = store
        self._sender = sender
        self._texts = texts
        self._clock = clock
        self._ids = ids
        self._worker = worker
        self._admins = admins
        self._channel = channel
        self._problems: list[str] = []  # of the knowledge, as they were told last

    async def knowledge(self, error: KnowledgeError | None, version: str) -> None:
        """Tell the administrators that `faq/` is broken, with file and line, or that it is mended."""
        texts = self._texts
        if error is not None:
            if error.problems == self._problems:
                return  # saved again with the same mistakes: they were told already
            self._problems = error.problems
            problems = "\n".join(f"· {quoted(p)}" for p in error.problems[:_SHOWN])
            await self.admins(
                texts("staff.knowledge_broken", count=len(error.problems), problems=problems), "staff.knowledge_broken"
            )
        elif self._problems:
            self._problems = []
            await self.admins(texts("staff.knowledge_mended", version=version), "staff.knowledge_mended")

    async def gap(self) -> None:
        """At the start: tell the administrators if nobody fetched messages for longer than Telegram keeps them.

        To be called before this process says that it lives: a bot that had nothing to do was not away.
        """
        async with self._store.work(read_only=True) as work:
            seen = [moment for _, _, moment in await work.outbox.workers()]
        now = self._clock.now()
        if not seen or now - max(seen) <= KEPT_BY_TELEGRAM:
            return
        log.warning("gap", since=max(seen).isoformat())
        await self.admins(self._texts("staff.gap", since=shown(max(seen)), until=shown(now)), "staff.gap")

    async def update_failed(self, update: StoredUpdate) -> None:
        """An update was given up: its sender hears an apology, the administrators where to look."""
        words = self._texts("staff.failed", number=update.id)
        rows = [row for admin in sorted(self._admins) for row in self._rows(admin, words, "staff.failed")]
        chat = _chat_of(update.raw)
        if chat and chat > 0:
            rows += self._rows(chat, self._texts("error.apology"), "error.apology")
        await self._send(rows)

    async def admins(self, text: str, key: str) -> None:
        """The same words to every administrator."""
        await self._send([row for admin in sorted(self._admins) for row in self._rows(admin, text, key)])

    def _rows(self, chat: int, text: str, key: str) -> list[OutgoingRow]:
        now, lane = self._clock.now(), self._store.vault.pseudonym(self._channel, chat)
        payloads = [outside_dialogue(chat, Reply(part, key=key)) for part in split_text(text)]
        return [OutgoingRow(self._ids.new(now), lane, self._channel, p, created_at=now) for p in payloads]

    async def _send(self, rows: list[OutgoingRow]) -> None:
        if not rows:
            return
        async with self._store.work() as work:
            await work.outbox.add(rows, self._worker, self._clock.now())
            await work.commit()
        self._sender.submit(rows)


def _chat_of(raw: str) -> int | None:
    """The chat of a raw update, as far as it can be told: it failed, so it may have any shape."""
    update = json.loads(raw)
    for part in update.values():
        if not isinstance(part, dict):
            continue
        message = part.get("message")
        chat = part.get("chat") or (message.get("chat") if isinstance(message, dict) else None)
        number = chat.get("id") if isinstance(chat, dict) else None
        if isinstance(number, int):
            return number
    return None
