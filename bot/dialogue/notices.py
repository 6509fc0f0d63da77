"""Notices that no turn causes: to administrators about the knowledge and failures, to people whose turn failed."""

from __future__ import annotations

import json

from bot.core.errors import KnowledgeError
from bot.core.log import get
from bot.dialogue.model import Reply, quoted
from bot.service import Services
from bot.store.rows import OutgoingRow, StoredUpdate

log = get(__name__)

_SHOWN = 12  # problems that a notice lists


class Notices:
    """Writes messages into the outbox outside of any turn."""

    def __init__(self, services: Services, admins: frozenset[int], channel: str = "telegram") -> None:
        self._services = services
        self._admins = admins
        self._channel = channel
        self._broken = False

    async def knowledge(self, error: KnowledgeError | None) -> None:
        """Tell the administrators that `faq/` is broken, with file and line, or that it is mended."""
        texts = self._services.texts
        if error is not None:
            self._broken = True
            problems = "\n".join(f"· {quoted(p)}" for p in error.problems[:_SHOWN])
            await self.admins(
                texts("staff.knowledge_broken", count=len(error.problems), problems=problems), "staff.knowledge_broken"
            )
        elif self._broken:
            self._broken = False
            await self.admins(
                texts("staff.knowledge_mended", version=self._services.library.knowledge.version),
                "staff.knowledge_mended",
            )

    async def update_failed(self, update: StoredUpdate) -> None:
        """An update was given up: its sender hears an apology, the administrators where to look."""
        texts = self._services.texts
        rows = [
            self._row(admin, texts("staff.failed", number=update.id), "staff.failed") for admin in sorted(self._admins)
        ]
        chat = _chat_of(update.raw)
        if chat and chat > 0:
            rows.append(self._row(chat, texts("error.apology"), "error.apology"))
        await self._send(rows)

    async def admins(self, text: str, key: str) -> None:
        """The same words to every administrator."""
        await self._send([self._row(admin, text, key) for admin in sorted(self._admins)])

    def _row(self, chat: int, text: str, key: str) -> OutgoingRow:
        s = self._services
        payload = {"chat": chat, "group": False, "thread": None, "free": False, "reply": Reply(text, key=key).payload()}
        now = s.clock.now()
        return OutgoingRow(
            s.ids.new(now), s.store.vault.pseudonym(self._channel, chat), self._channel, payload, created_at=now
        )

    async def _send(self, rows: list[OutgoingRow]) -> None:
        if not rows:
            return
        s = self._services
        async with s.store.work() as work:
            await work.outbox.add(rows, s.worker, s.clock.now())
            await work.commit()
        s.sender.submit(rows)


def _chat_of(raw: str) -> int | None:
    """The chat of a raw update, as far as it can be told."""
    update = json.loads(raw)
    for part in update.values():
        if isinstance(part, dict):
            chat = part.get("chat") or (part.get("message") or {}).get("chat")
            if isinstance(chat, dict):
                return int(chat.get("id", 0)) or None
    return None
