"""The desk as far as chat goes: requests for a person, and what administrators do about them."""

from __future__ import annotations

from datetime import datetime

from bot.core.texts import Texts
from bot.dialogue.model import Button, Incoming, Reply, quoted
from bot.dialogue.turn import Turn
from bot.dialogue.words import Words
from bot.store.rows import RequestRow
from bot.store.tables import RequestStatus

_EXCERPT = 160  # characters of a question in a list


class Desk:
    """Registers who wants a person, tells the administrators, and brings their answers back."""

    def __init__(self, words: Words, admins: frozenset[int], channel: str = "telegram") -> None:
        self._words = words
        self._texts: Texts = words.texts
        self._admins = admins
        self._channel = channel

    # -- those who ask ---------------------------------------------------------------------------

    async def register(self, turn: Turn, *, why: str, key: str, urgent: bool = False) -> None:
        """Leave a request with a number; a second one while the first waits is added to it."""
        question = turn.state.question or turn.messages[0].text
        waiting = await turn.work.requests.open_of(turn.conversation.id)
        if waiting:
            await turn.work.requests.append(waiting.number, question, urgent=urgent)
            number = waiting.number
            key = key if urgent else "handoff.already"
        else:
            number = await turn.work.requests.open(turn.conversation.id, question, why, turn.now, urgent=urgent)
        if urgent or not waiting:
            self._notify(turn, number, question, urgent=urgent)
        buttons = () if urgent else ((Button(self._texts("button.withdraw"), f"withdraw:{number}"),),)
        turn.say(Reply(self._texts(key, number=number), buttons, key))

    async def withdraw(self, turn: Turn, number: int) -> None:
        """The one who asked does not need anybody any more."""
        found = await turn.work.requests.get(number)
        if found is None or found.conversation_id != turn.conversation.id:
            turn.say(self._words.plain("feedback.gone", self._words.menu_button()))
            return
        await turn.work.requests.close(number, RequestStatus.WITHDRAWN, turn.conversation.person, turn.now)
        turn.say(self._words.plain("handoff.withdrawn", number=number))

    def _notify(self, turn: Turn, number: int, question: str, *, urgent: bool) -> None:
        text = self._texts(
            "staff.new",
            number=number,
            question=quoted(_excerpt(question)),
            urgent=self._texts("staff.urgent") if urgent else "",
        )
        for admin in sorted(self._admins):
            turn.tell(self._channel, admin, Reply(text, key="staff.new"))

    # -- administrators --------------------------------------------------------------------------

    def is_admin(self, incoming: Incoming) -> bool:
        """Only configured people, and only where nobody else reads along."""
        return incoming.person in self._admins and incoming.chat_kind == "private"

    async def list_requests(self, turn: Turn) -> None:
        """/requests: who waits, urgent ones first."""
        if not self.is_admin(turn.incoming):
            turn.say(self._words.plain("staff.only"))
            return
        waiting = await turn.work.requests.waiting()
        if not waiting:
            turn.say(self._words.plain("staff.empty"))
            return
        items = [self._item(r, turn.now) for r in waiting]
        text = "\n\n".join([self._texts("staff.list", count=len(waiting)), *items, self._texts("staff.how")])
        turn.say(Reply(text, key="staff.list"))

    def _item(self, request: RequestRow, now: datetime) -> str:
        return self._texts(
            "staff.item",
            number=request.number,
            name=quoted(str(request.address.get("name", ""))),
            waited=self._waited(request.created_at, now),
            question=quoted(_excerpt(request.question)),
            urgent=self._texts("staff.urgent") if request.urgent else "",
        )

    def _waited(self, since: datetime, now: datetime) -> str:
        minutes = int((now - since).total_seconds() // 60)
        if minutes < 60:
            return self._texts("staff.minutes", n=minutes)
        if minutes < 60 * 48:
            return self._texts("staff.hours", n=minutes // 60)
        return self._texts("staff.days", n=minutes // 1440)

    async def answer(self, turn: Turn) -> None:
        """/answer N text: the words go to the one who asked, and the request is settled."""
        if not self.is_admin(turn.incoming):
            turn.say(self._words.plain("staff.only"))
            return
        number, _, text = turn.incoming.data.strip().partition(" ")
        if not number.isdecimal() or not text.strip():
            turn.say(self._words.plain("staff.usage"))
            return
        await self._answer(turn, int(number), text.strip())

    async def _answer(self, turn: Turn, number: int, text: str) -> None:
        request = await turn.work.requests.get(number)
        conversation = await turn.work.conversations.get(request.conversation_id) if request else None
        closed = (
            request
            and conversation
            and await turn.work.requests.close(number, RequestStatus.ANSWERED, turn.conversation.person, turn.now, text)
        )
        if not closed or conversation is None:
            turn.say(self._words.plain("staff.no_request", number=number))
            return
        buttons = (
            Button(self._texts("button.solved"), "solved:1"),
            Button(self._texts("button.not_solved"), "solved:0"),
        )
        words = self._texts("handoff.answered", number=number, text=quoted(text))
        turn.say_to(conversation, Reply(words, (buttons,), "handoff.answered"), sender="staff")
        turn.say(self._words.plain("staff.sent", number=number))


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"
