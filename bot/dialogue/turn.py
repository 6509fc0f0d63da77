"""A turn under way: the conversation, what came in, and everything that will be written at its end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.core.ids import Ids
from bot.core.privacy import Vault, mask_identifiers
from bot.dialogue.model import Incoming, Reply, split_text
from bot.dialogue.state import State
from bot.store.rows import ConversationRow, MessageRow, OutgoingRow
from bot.store.work import Work


@dataclass(slots=True)
class Turn:
    """Collects a turn's messages; the service writes those of many turns together."""

    incoming: Incoming
    conversation: ConversationRow
    state: State
    work: Work
    now: datetime
    ids: Ids
    vault: Vault
    messages: list[MessageRow] = field(default_factory=list)
    outgoing: list[OutgoingRow] = field(default_factory=list)
    message_id: int = 0  # the logged message of what came in

    def heard(self, text: str, kind: str, **marks: Any) -> None:
        """Log what the person said, identifiers masked."""
        self.message_id = self.ids.new(self.now)
        self.messages.append(
            MessageRow(
                id=self.message_id,
                conversation_id=self.conversation.id,
                person=self._person(),
                at=self.now,
                direction="in",
                kind=kind,
                text=mask_identifiers(text),
                external_id=self.incoming.external_id,
                **marks,
            )
        )

    def _person(self) -> str:
        """Who speaks; in a group that is not always the one who spoke first."""
        if self.conversation.kind == "private":
            return self.conversation.person
        return self.vault.pseudonym(self.incoming.channel, "person", self.incoming.person)

    def mark(self, **marks: Any) -> None:
        """Add what was decided about it to the logged message that came in."""
        self.messages[0] = replace(self.messages[0], **marks)

    def say(self, reply: Reply) -> int:
        """Log a reply and queue it; the id of the logged message (its last part)."""
        return self.say_to(self.conversation, reply)

    def say_to(self, conversation: ConversationRow, reply: Reply, *, sender: str = "bot") -> int:
        """The same to another chat, such as the one that waits for a clerk's answer."""
        logged = 0
        if reply.kind != "message":
            self._queue(conversation, reply, None)
            return 0
        parts = split_text(reply.text)
        for number, part in enumerate(parts, 1):
            last = number == len(parts)
            piece = replace(
                reply, text=part, buttons=reply.buttons if last else (), otherwise=reply.otherwise if last else None
            )
            logged = self.ids.new(self.now)
            self.messages.append(
                MessageRow(
                    id=logged,
                    conversation_id=conversation.id,
                    person=conversation.person,
                    at=self.now,
                    direction="out",
                    kind="text",
                    text=mask_identifiers(part),
                    sender=sender,
                    topic=reply.topic,
                    **reply.marks,
                )
            )
            self._queue(conversation, piece, logged)
        return logged

    def next_id(self) -> int:
        """An id for an answer whose buttons must name it before it is said."""
        return self.ids.new(self.now)

    def tell(self, channel: str, chat: int, reply: Reply) -> None:
        """Queue a message to a chat outside the log: notices to administrators."""
        lane = self.vault.pseudonym(channel, chat)
        for part in split_text(reply.text):
            payload = outside_dialogue(chat, replace(reply, text=part))
            self.outgoing.append(OutgoingRow(self.ids.new(self.now), lane, channel, payload, created_at=self.now))

    def _queue(self, conversation: ConversationRow, reply: Reply, logged: int | None) -> None:
        address = conversation.address
        payload = {
            "chat": address["chat"],
            "group": conversation.kind == "group",
            "thread": self.incoming.thread if conversation is self.conversation else None,
            "free": reply.kind == "toast",
            "reply": reply.payload(),
        }
        if notice := reply.otherwise:
            words = Reply(notice.text, key=notice.key)
            payload["otherwise"] = {
                "id": self.ids.new(self.now),
                "lane": self.vault.pseudonym(conversation.channel, notice.chat),
                "payload": outside_dialogue(notice.chat, words),
            }
        self.outgoing.append(
            OutgoingRow(
                self.ids.new(self.now),
                conversation.lane,
                conversation.channel,
                payload,
                message_id=logged,
                created_at=self.now,
            )
        )


def outside_dialogue(chat: int, reply: Reply) -> dict[str, Any]:
    """What the outbox keeps of a message to a private chat that is no turn of its dialogue."""
    return {"chat": chat, "group": False, "thread": None, "free": False, "reply": reply.payload()}
