"""The desk as far as chat goes: requests for a person, and what administrators do about them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.core.clock import shown
from bot.core.privacy import MASK, mask_identifiers
from bot.core.texts import Texts
from bot.dialogue.model import Button, Incoming, Notice, Reply, quoted
from bot.dialogue.turn import Turn
from bot.dialogue.words import Words
from bot.store.rows import ConversationRow, MessageRow, RequestRow
from bot.store.tables import RequestStatus

_EXCERPT = 160  # characters of a question in a list
_LISTED = 20  # requests in a list; a clerk does not read more at once
_ASKED_BEFORE = timedelta(hours=24)  # words older than that are another matter
_QUOTED = 3  # of a person's last messages that a new request begins with
_DIALOGUE = 12  # messages shown with one request
_DIALOGUE_DAYS = timedelta(days=30)
_LARGEST = 10**9  # no request has a larger number; the database would refuse one that is far larger
_NUMBERED = re.compile(r"[#＃]?\s*(\d+)(.*)", re.DOTALL)
_PARTS = " \t\r\n\u3000,，:：、"  # what may stand between a number and the words


class Desk:
    """Registers who wants a person, tells the administrators, and brings their answers back."""

    def __init__(self, words: Words, admins: frozenset[int], channel: str = "telegram") -> None:
        self._words = words
        self._texts: Texts = words.texts
        self._admins = admins
        self._channel = channel

    # -- those who ask ---------------------------------------------------------------------------

    async def register(self, turn: Turn, *, why: str, key: str, said: str = "", urgent: bool = False) -> None:
        """Leave a request with a number; while one waits, what is `said` is added to it."""
        said = mask_identifiers(said)
        waiting = await turn.work.requests.open_of(turn.conversation.id)
        if waiting is None:
            question = "\n".join([*await self._asked_before(turn), *([said] if said else [])])
            question = question or self._texts("handoff.no_words")
            number = await turn.work.requests.open(turn.conversation.id, question, why, turn.now, urgent=urgent)
        else:
            question, number = said or waiting.question, waiting.number
            key = key if urgent else "handoff.already"
            if said or urgent:
                await turn.work.requests.append(number, said, urgent=urgent)
        turn.state.request = number
        if urgent or waiting is None:
            self._announce(turn, number, question, urgent=urgent)
        buttons = () if urgent else ((Button(self._texts("button.withdraw"), f"withdraw:{number}"),),)
        turn.say(Reply(self._texts(key, number=number), buttons, key))

    async def _asked_before(self, turn: Turn) -> list[str]:
        """What this person wrote shortly before, so that a clerk need not ask again."""
        recent = await turn.work.log.recent(turn.conversation.id, turn.now - _ASKED_BEFORE, 20)
        own = {m.external_id or m.id: m.text for m in recent if m.direction == "in" and m.decision and m.text}
        return [text for text in own.values() if text][-_QUOTED:]

    async def add(self, turn: Turn, said: str) -> int | None:
        """Add words to this person's waiting request; its number, or None when nothing waits."""
        number = turn.state.request
        if number is None:
            return None
        found = await turn.work.requests.get(number)
        if found is None or found.status != RequestStatus.OPEN:
            turn.state.request = None
            return None
        if said:
            await turn.work.requests.append(number, mask_identifiers(said))
        return number

    async def withdraw(self, turn: Turn, number: int) -> None:
        """The one who asked does not need anybody any more."""
        found = await turn.work.requests.get(number) if number <= _LARGEST else None
        if found is None or found.conversation_id != turn.conversation.id:
            turn.say(self._words.plain("feedback.gone", self._words.menu_button()))
            return
        closed = await turn.work.requests.close(number, RequestStatus.WITHDRAWN, turn.conversation.person, turn.now)
        turn.state.request = None
        turn.say(self._words.plain("handoff.withdrawn" if closed else "handoff.settled", number=number))

    def _announce(self, turn: Turn, number: int, question: str, *, urgent: bool) -> None:
        self._tell_all(
            turn,
            "staff.new",
            number=number,
            question=quoted(_excerpt(question)),
            urgent=self._texts("staff.urgent") if urgent else "",
        )

    def alarm(self, turn: Turn, said: str) -> None:
        """Somebody in a group is in danger: no request can be made there, but people must know at once."""
        self._tell_all(
            turn,
            "staff.group_crisis",
            name=quoted(turn.incoming.name),
            text=quoted(_excerpt(mask_identifiers(said))),
        )

    def _tell_all(self, turn: Turn, key: str, **params: object) -> None:
        for admin in sorted(self._admins):
            turn.tell(self._channel, admin, Reply(self._texts(key, **params), key=key))

    # -- administrators --------------------------------------------------------------------------

    def may_not(self, incoming: Incoming) -> str | None:
        """Why this person may not use staff commands here (a key of the catalogue), or None."""
        if incoming.person not in self._admins or incoming.channel != self._channel:
            return "staff.only"
        return None if incoming.chat_kind == "private" else "staff.private"

    async def list_requests(self, turn: Turn) -> None:
        """/requests: who waits, urgent ones first; /requests N: one of them, with the dialogue."""
        if refused := self.may_not(turn.incoming):
            turn.say(self._words.plain(refused))
        elif wanted := "".join(c for c in turn.incoming.data if c.isdecimal()):
            await self._show(turn, int(wanted))
        else:
            await self._list(turn)

    async def _list(self, turn: Turn) -> None:
        count = await turn.work.requests.count_waiting()
        if not count:
            turn.say(self._words.plain("staff.empty"))
            return
        waiting = await turn.work.requests.waiting(_LISTED)
        parts = [self._texts("staff.list", count=count), *(self._item(r, turn.now) for r in waiting)]
        if count > len(waiting):
            parts.append(self._texts("staff.further", count=count - len(waiting)))
        turn.say(Reply("\n\n".join([*parts, self._texts("staff.how")]), key="staff.list"))

    def _item(self, request: RequestRow, now: datetime, *, whole: bool = False) -> str:
        return self._texts(
            "staff.item",
            number=request.number,
            name=quoted(" ".join(str(request.address.get("name", "")).split())),
            waited=self._waited(request.created_at, now),
            question=quoted(request.question if whole else _excerpt(request.question)),
            urgent=self._texts("staff.urgent") if request.urgent else "",
        )

    def _waited(self, since: datetime, now: datetime) -> str:
        minutes = int((now - since).total_seconds() // 60)
        if minutes < 60:
            return self._texts("staff.minutes", n=minutes)
        if minutes < 60 * 48:
            return self._texts("staff.hours", n=minutes // 60)
        return self._texts("staff.days", n=minutes // 1440)

    async def _show(self, turn: Turn, number: int) -> None:
        request = await turn.work.requests.get(number) if number <= _LARGEST else None
        if request is None:
            turn.say(self._words.plain("staff.no_request", number=number))
            return
        since = max(request.created_at, turn.now) - _DIALOGUE_DAYS
        said = await turn.work.log.recent(request.conversation_id, since, _DIALOGUE * 2)
        lines = "\n".join(self._lines(m for m in said if m.text and m.kind != "button"))
        parts = [self._item(request, turn.now, whole=True), self._texts("staff.dialogue", lines=lines)]
        if request.answer:
            parts.append(self._texts("staff.was_answered", text=quoted(request.answer)))
        turn.say(Reply("\n\n".join(parts), key="staff.dialogue"))

    def _lines(self, messages: Iterable[MessageRow]) -> list[str]:
        return [
            self._texts(f"staff.said.{m.sender}", time=shown(m.at, "%m-%d %H:%M"), text=quoted(_excerpt(m.text)))
            for m in list(messages)[-_DIALOGUE:]
        ]

    async def answer(self, turn: Turn) -> None:
        """/answer N text: the words go to the one who asked, and the request is settled."""
        if refused := self.may_not(turn.incoming):
            turn.say(self._words.plain(refused))
            return
        number, text = _numbered(turn.incoming.data, self._texts("staff.number_sign"))
        if number is None or not text:
            turn.say(self._words.plain("staff.usage"))
        elif number > _LARGEST:
            turn.say(self._words.plain("staff.no_request", number=str(number)[:20]))
        else:
            await self._answer(turn, number, text)

    async def _answer(self, turn: Turn, number: int, text: str) -> None:
        request = await turn.work.requests.get(number)
        conversation = await turn.work.conversations.get(request.conversation_id) if request else None
        if request is None or conversation is None:
            turn.say(self._words.plain("staff.no_request", number=number))
            return
        kept = mask_identifiers(text)
        by = turn.conversation.person
        if not await turn.work.requests.close(number, RequestStatus.ANSWERED, by, turn.now, kept):
            withdrawn = request.status == RequestStatus.WITHDRAWN
            turn.say(self._words.plain("staff.withdrawn" if withdrawn else "staff.too_late", number=number))
            return
        self._bring(turn, conversation, number, text)
        turn.say(self._words.plain("staff.sent", number=number))
        if MASK in text:  # already when it was received
            turn.say(self._words.plain("staff.masked"))

    def _bring(self, turn: Turn, conversation: ConversationRow, number: int, text: str) -> None:
        buttons = (
            Button(self._texts("button.solved"), f"solved:1:{number}"),
            Button(self._texts("button.not_solved"), f"solved:0:{number}"),
        )
        words = self._texts("handoff.answered", number=number, text=quoted(text))
        failed = Notice(turn.incoming.chat, self._texts("staff.not_delivered", number=number), "staff.not_delivered")
        reply = Reply(words, (buttons,), "handoff.answered", otherwise=failed)
        turn.say_to(conversation, reply, sender="staff")


def _numbered(text: str, sign: str) -> tuple[int | None, str]:
    """The number that a clerk's words begin with, and the words after it.

    Something must part the two, or a date at the beginning of an answer would change the number.
    """
    found = _NUMBERED.match(text.strip())
    if not found:
        return None, ""
    rest = found[2]
    if rest.lstrip().startswith(sign):
        return int(found[1]), rest.lstrip()[len(sign) :].strip(_PARTS)
    if rest and rest[0] not in _PARTS:
        return None, ""
    return int(found[1]), rest.strip(_PARTS)


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"
