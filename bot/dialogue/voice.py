"""Saying things to chats within a transaction: logged, queued, and sent after the commit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.core.ids import Ids
from bot.core.privacy import Vault, mask_identifiers
from bot.dialogue.model import Reply, split_text
from bot.reach.model import BindingStatus
from bot.store.rows import ConversationRow, MessageRow, OutgoingRow
from bot.store.work import Work


class Voice:
    """What a turn and a service without a turn share; both collect, whoever opened the transaction writes."""

    __slots__ = ()

    work: Work
    now: datetime
    ids: Ids
    vault: Vault
    messages: list[MessageRow]
    outgoing: list[OutgoingRow]

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
                    text=reply.logged or mask_identifiers(part),
                    sender=sender,
                    topic=reply.topic,
                    **reply.marks,
                )
            )
            self._queue(conversation, piece, logged)
        return logged

    async def say_to_party(self, party_id: int, reply: Reply, *, not_in: int | None = None) -> list[int]:
        """Say something in every proven chat of a party that takes messages; in which it could be said.

        What is said about a case is not to be forwarded.
        """
        told, reply = [], replace(reply, protect=True)
        for binding in await self.work.reach.bindings_of([party_id]):
            if binding.status != BindingStatus.PROVEN or binding.conversation_id == not_in:
                continue
            conversation = await self.work.conversations.get(binding.conversation_id)
            if conversation is None or conversation.unreachable:
                continue
            self.say_to(conversation, reply)
            told.append(conversation.id)
        return told

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
            "thread": self.thread_of(conversation),
            "free": reply.kind == "toast",
            "protect": reply.protect or None,
            "reply": reply.payload(),
        }
        if notice := reply.otherwise:
            words = Reply(notice.text, key=notice.key)
            payload["otherwise"] = {
                "id": self.ids.new(self.now),
                "lane": self.vault.pseudonym(conversation.channel, notice.chat),
                "payload": outside_dialogue(notice.chat, words),
            }
        # A press is answered beside the chat's messages, not behind them: the clock on the button runs meanwhile.
        lane = self.vault.pseudonym(conversation.lane, "press") if reply.kind == "toast" else conversation.lane
        self.outgoing.append(
            OutgoingRow(
                self.ids.new(self.now),
                lane,
                conversation.channel,
                payload,
                message_id=logged,
                created_at=self.now,
            )
        )

    def thread_of(self, _conversation: ConversationRow) -> int | None:
        """The topic of a group's chat in which to answer; none for any other chat."""
        return None


@dataclass(slots=True)
class Letters(Voice):
    """What is said to chats by a use case that no turn causes."""

    work: Work
    now: datetime
    ids: Ids
    vault: Vault
    messages: list[MessageRow] = field(default_factory=list)
    outgoing: list[OutgoingRow] = field(default_factory=list)

    async def write(self, owner: str) -> None:
        """Write them; whoever commits submits `outgoing` to the sender afterwards."""
        await self.work.log.add(self.messages)
        await self.work.outbox.add(self.outgoing, owner, self.now)


def outside_dialogue(chat: int, reply: Reply) -> dict[str, Any]:
    """What the outbox keeps of a message to a private chat that is no turn of its dialogue."""
    return {"chat": chat, "group": False, "thread": None, "free": False, "reply": reply.payload()}
