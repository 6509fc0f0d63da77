"""A turn under way: the conversation, what came in, and everything that will be written at its end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from typing_extensions import override

from bot.core.ids import Ids
from bot.core.privacy import Vault, mask_identifiers
from bot.dialogue.model import Incoming, Reply
from bot.dialogue.state import State
from bot.dialogue.voice import Voice
from bot.store.rows import ConversationRow, MessageRow, OutgoingRow
from bot.store.work import Work

# Buttons that show what everybody may read. All others are about the one who presses, and not for a group.
_PUBLIC = frozenset({"topic", "more", "related", "cat", "menu", "side"})


def is_public(press: str) -> bool:
    """Whether the button with that data shows nothing of anybody's own matter."""
    return press.partition(":")[0] in _PUBLIC


@dataclass(slots=True)
class Turn(Voice):
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

    def pressed(self, per_minute: int, too_fast: str) -> bool:
        """Take note of a press and answer it, so that no clock stays on the button; False: it counts for nothing.

        A label that was typed is no press to be answered: whoever types too fast is told in words.
        """
        incoming, state = self.incoming, self.state
        self.heard(incoming.label or incoming.data, "button")
        slow = not state.allow(per_minute, self.now)
        echo = state.is_echo(f"{incoming.external_id} {incoming.data}", self.now)
        if incoming.callback:
            self.say(Reply(too_fast if slow else "", kind="toast", callback=incoming.callback, key="toast"))
        elif slow:
            self.say(Reply(too_fast, key="pace.press"))
        return not slow and not echo

    def typed(self, data: str) -> None:
        """What came in was the label of a button with that data, typed: from here on it is its press."""
        self.incoming = replace(self.incoming, kind="button", data=data, label=self.incoming.text.strip())

    def remember(self) -> None:
        """Keep in mind what the person sees now, whose labels they may type."""
        said = [o.payload["reply"] for o in self.outgoing if o.lane == self.conversation.lane]
        seen = [(b["label"], b["data"]) for reply in said for row in reply["buttons"] for b in row]
        self.state.show(seen, self.now)

    def say(self, reply: Reply) -> int:
        """Log a reply and queue it; the id of the logged message (its last part).

        In a group without the buttons that lead into somebody's own matter.
        """
        if self.conversation.kind == "group":
            public = (tuple(b for b in row if is_public(b.data)) for row in reply.buttons)
            reply = replace(reply, buttons=tuple(row for row in public if row))
        return self.say_to(self.conversation, reply)

    @override
    def thread_of(self, _conversation: ConversationRow) -> int | None:
        return self.incoming.thread if _conversation is self.conversation else None
