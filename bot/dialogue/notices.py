"""Notices that no turn causes: to administrators about the knowledge and failures, to people whose turn failed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from bot.core.clock import Clock, shown
from bot.core.errors import KnowledgeError
from bot.core.faults import Problem
from bot.core.ids import Ids
from bot.core.kept import Looked
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
        self._told: dict[str, list[str]] = {}  # problems by file (empty: the knowledge), as they were told last

    async def knowledge(self, error: KnowledgeError | None, version: str) -> None:
        """Tell the administrators that `faq/` is broken, with file and line, or that it is mended."""
        wrong = error.problems if error else []
        news = self._texts("staff.knowledge_mended", version=version)
        await self._tell("", wrong, self._texts("staff.knowledge_wrong", count=len(wrong)), news)

    async def file(self, looked: Looked, problems: Sequence[Problem]) -> None:
        """The same for a file beside the knowledge; to be called as often as one likes, each state is told once."""
        texts, wrong = self._texts, [str(p) for p in problems]
        if looked.live:
            head, news = "staff.file_wrong", "staff.file_mended"
        else:
            head, news = "staff.file_wrong_later", "staff.file_mended_later"
        await self._tell(looked.name, wrong, texts(head, file=looked.name, count=len(wrong)), texts(news, file=looked.name))

    async def _tell(self, file: str, wrong: list[str], head: str, mended: str) -> None:
        """What is wrong, unless it was told already (saved again with the same mistakes), or that it is mended."""
        if wrong == self._told.get(file, []):
            return
        if wrong:
            lines = [f"· {quoted(p)}" for p in wrong[:_SHOWN]]
            lines += [self._texts("staff.wrong_more", count=len(wrong) - _SHOWN)] if len(wrong) > _SHOWN else []
            await self.admins("\n".join([head, *lines]), "staff.knowledge_wrong")
        else:
            await self.admins(mended, "staff.knowledge_mended")
        self._told[file] = wrong

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

    async def group_denied(self, why: str) -> None:
        """Tell the administrators that the staff group cannot be written to; the console goes on meanwhile."""
        await self.admins(self._texts("staff.group_denied", why=quoted(why)), "staff.group_denied")

    async def courier(self, *, still: bool, minutes: int) -> None:
        """Tell the administrators that reminders have stood still for so long, or that they go on."""
        key = "staff.courier_still" if still else "staff.courier_goes_on"
        await self.admins(self._texts(key, minutes=minutes), key)

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
