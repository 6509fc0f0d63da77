"""Pictures and numbers do not stay in the chat: what somebody sent is deleted there within two days.

Telegram lets a bot delete a person's message for 48 hours only. What is needed of a picture lies sealed
on our own disk (`bot.reach.files`), and a number that was typed in full is masked before it is stored;
the message itself would stay on Telegram's servers, and on the telephone of whoever picks it up.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.core.clock import Clock
from bot.core.errors import StoreUnavailableError
from bot.core.ids import Ids
from bot.core.log import get
from bot.core.privacy import MASK
from bot.dialogue.model import Incoming, Reply
from bot.dialogue.service import Responder
from bot.dialogue.turn import Turn
from bot.dialogue.voice import outside_dialogue
from bot.post.outbox import Sender
from bot.store.rows import OutgoingRow
from bot.store.work import Store

log = get(__name__)

LIMIT = timedelta(hours=48)  # Telegram's
PICTURES = frozenset({"photo", "document", "video"})
BATCH = 200  # messages deleted by one transaction
_LOOK_SECONDS = 60.0


def sensitive(incoming: Incoming) -> bool:
    """Whether a message must not stay in the chat: a picture or file, or an ID or card number in its words."""
    shown = incoming.kind in PICTURES or (incoming.kind == "edited" and incoming.data in PICTURES)
    return incoming.chat_kind == "private" and (shown or MASK in incoming.text)


class Redacting:
    """A responder around another one: notes what must be deleted, in the turn's own transaction."""

    def __init__(self, responder: Responder, hours: int) -> None:
        """`hours` after it was handled a message is deleted; 0: never.

        Telegram may have held it for up to 24 hours before; with 23 hours at most it is still in time.
        """
        self._responder = responder
        self._after = timedelta(hours=hours)

    async def respond(self, turn: Turn) -> None:
        """Take one turn (the `Responder` of the dialogue service)."""
        await self._responder.respond(turn)
        incoming = turn.incoming
        if self._after and incoming.external_id is not None and sensitive(incoming):
            await turn.work.reach.redact(turn.conversation.id, incoming.external_id, turn.now, self._after)


class Redactor:
    """Runs beside the doors: deletes in the chats what is due, through the sender."""

    def __init__(self, store: Store, sender: Sender, clock: Clock, ids: Ids, worker: str) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self._ids = ids
        self._worker = worker

    async def run(self) -> None:
        """Delete what is due until cancelled; a database that is away for a while is no reason to stop."""
        while True:
            try:
                while await self.round() == BATCH:
                    pass
            except StoreUnavailableError as error:
                log.warning("redaction.no_database", why=str(error))
            except Exception:
                log.exception("redaction.round_failed")
            await asyncio.sleep(_LOOK_SECONDS)

    async def round(self) -> int:
        """Have up to `BATCH` messages deleted; how many were due.

        What the bot could not do in time, because it was switched off, is too late for Telegram: it is
        logged, and nothing is tried.
        """
        async with self._store.work() as work:
            now = self._clock.now()
            due = await work.reach.take_redactions(now, BATCH)
            late = [r for r in due if now - r.sent_at >= LIMIT]
            rows = []
            for redaction in due:
                chat = await work.conversations.get(redaction.conversation_id)
                if chat is None or redaction in late:
                    continue
                reply = Reply("", kind="delete", target=redaction.external_id)
                payload = outside_dialogue(chat.address["chat"], reply)
                rows.append(OutgoingRow(self._ids.new(now), chat.lane, chat.channel, payload, created_at=now))
            await work.outbox.add(rows, self._worker, now)
            await work.commit()
        if late:
            log.warning("redaction.too_late", messages=len(late))
        served = set(self._sender.channels)
        self._sender.submit(r for r in rows if r.channel in served)
        return len(due)
