"""The desk as far as chat goes: requests for a person, and what staff do about them in a private chat."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.clock import shown
from bot.core.privacy import MASK, mask_identifiers
from bot.core.texts import Texts
from bot.dialogue.model import Button, Notice, Reply, quoted, rows
from bot.dialogue.turn import Turn
from bot.dialogue.words import Words
from bot.ledger.courts import Courts
from bot.staff.audit import Audit
from bot.staff.model import Deed, Right, Who
from bot.staff.service import Staff
from bot.store.reception_rows import ListedTicket, TicketRow
from bot.store.rows import ConversationRow, MessageRow
from bot.store.tables import RequestStatus

Opens = Callable[[str | None, datetime], datetime]  # from which moment on somebody is there, at that court

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
    """Registers who wants a person, tells those who answer, and brings their answers back."""

    def __init__(
        self,
        words: Words,
        staff: Staff,
        audit: Audit,
        courts: Courts,
        opens: Opens,
        changed: Callable[[], None],
        channel: str = "telegram",
    ) -> None:
        """`changed` wakes the screens that show conversations."""
        self._words = words
        self._texts: Texts = words.texts
        self._staff = staff
        self._audit = audit
        self._courts = courts
        self._opens = opens
        self._changed = changed
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
        court = await self._ticket(turn, number, urgent=urgent)
        if urgent or waiting is None:
            await self._announce(turn, number, question, court, urgent=urgent)
        parts, buttons = [self._texts(key, number=number)], self._registered_buttons(number, court, urgent=urgent)
        if not urgent and (opens := self._opens(court, turn.now)) > turn.now:
            parts.append(self._texts("handoff.closed_now", moment=shown(opens, "%m-%d %H:%M")))
        if len(buttons) > 1:
            parts.append(self._texts("handoff.which_court"))
        turn.say(Reply("\n".join(parts), buttons, key))

    def _registered_buttons(self, number: int, court: str | None, *, urgent: bool) -> tuple[tuple[Button, ...], ...]:
        if urgent:
            return ()
        first = ((Button(self._texts("button.withdraw"), f"withdraw:{number}"),),)
        choices = [Button(c.short, f"court:{number}:{c.id}") for c in self._courts]
        return first if court else (*first, *rows(choices))

    async def _ticket(self, turn: Turn, number: int, *, urgent: bool) -> str | None:
        """The ticket of a request, made or brought up to date; the court whose matter it is, if that is known."""
        desk, chat = turn.work.desk, turn.conversation.id
        self._changed()
        found = await desk.ticket(number)
        if found is not None:
            await desk.heard(chat, turn.now)
            if urgent and not found.urgent:
                await desk.change(TicketRow, number, urgent=True)
            return found.court
        court = await self._court(turn)
        await desk.add(
            TicketRow(number, chat, court, "open", turn.now, urgent=urgent, waiting_since=turn.now)
        )
        await desk.touch(chat, turn.now)
        return court

    async def _court(self, turn: Turn) -> str | None:
        """The court of the person's cases if it is one, else the one that they chose before."""
        bound = await turn.work.reach.bindings_of_chat(turn.conversation.id) if turn.state.party else []
        courts = await turn.work.desk.courts_of([b.party_id for b in bound])
        if len(courts) == 1:
            return courts[0]
        return await turn.work.desk.last_court(turn.conversation.id)

    async def choose_court(self, turn: Turn, number: int, court: str) -> None:
        """The person says whose matter it is; only while nobody has taken it up."""
        found = await turn.work.desk.ticket(number) if number <= _LARGEST else None
        if found is None or found.conversation_id != turn.conversation.id or self._courts.get(court) is None:
            turn.say(self._words.plain("feedback.gone", self._words.menu_button()))
            return
        if found.assignee is None and found.state != "resolved":
            await turn.work.desk.change(TicketRow, number, court=court)
            await turn.work.desk.touch(turn.conversation.id, turn.now)
            self._changed()
        turn.say(self._words.plain("handoff.court", number=number, court=self._courts.name(court)))

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
        await self.said(turn)
        return number

    async def said(self, turn: Turn) -> None:
        """The person has said something: whoever looks at the conversation sees it."""
        if await turn.work.desk.heard(turn.conversation.id, turn.now):
            self._changed()

    async def withdraw(self, turn: Turn, number: int) -> None:
        """The one who asked does not need anybody any more."""
        found = await turn.work.requests.get(number) if number <= _LARGEST else None
        if found is None or found.conversation_id != turn.conversation.id:
            turn.say(self._words.plain("feedback.gone", self._words.menu_button()))
            return
        closed = await turn.work.requests.close(number, RequestStatus.WITHDRAWN, turn.conversation.person, turn.now)
        turn.state.request = None
        if closed:
            await turn.work.desk.settle(number, turn.now)
            self._changed()
        turn.say(self._words.plain("handoff.withdrawn" if closed else "handoff.settled", number=number))

    async def solved(self, turn: Turn, number: int) -> None:
        """解决了: thanks, and once the question how it was."""
        found = await turn.work.desk.ticket(number) if 0 < number <= _LARGEST else None
        turn.say(self._words.plain("handoff.solved"))
        if found is None or found.conversation_id != turn.conversation.id or found.asked_at is not None:
            return
        await turn.work.desk.change(TicketRow, number, asked_at=turn.now)
        turn.say(asking(self._texts, number))

    async def rate(self, turn: Turn, number: int, value: int) -> None:
        """Satisfied, so-so, or not; the first word counts."""
        found = await turn.work.desk.ticket(number) if 0 < number <= _LARGEST else None
        if found is None or found.conversation_id != turn.conversation.id or value not in (1, 2, 3):
            turn.say(self._words.plain("feedback.gone", self._words.menu_button()))
            return
        if found.rating is None:
            await turn.work.desk.change(TicketRow, number, rating=value)
            await turn.work.desk.touch(turn.conversation.id, turn.now)
            self._changed()
        turn.say(self._words.plain("desk.rated"))

    async def _announce(
        self, turn: Turn, number: int, question: str, court: str | None, *, urgent: bool
    ) -> None:
        await self._tell_all(
            turn,
            court,
            "staff.new",
            number=number,
            question=quoted(_excerpt(question)),
            urgent=self._texts("staff.urgent") if urgent else "",
        )

    async def alarm(self, turn: Turn, said: str) -> None:
        """Somebody in a group is in danger: no request can be made there, but people must know at once."""
        await self._tell_all(
            turn,
            None,
            "staff.group_crisis",
            name=quoted(turn.incoming.name),
            text=quoted(_excerpt(mask_identifiers(said))),
        )

    async def _tell_all(self, turn: Turn, court: str | None, key: str, **params: object) -> None:
        for chat in await self._staff.chats(turn.work, Right.ANSWER_CHATS, court):
            turn.tell(self._channel, chat, Reply(self._texts(key, **params), key=key))

    # -- staff -----------------------------------------------------------------------------------

    async def who(self, turn: Turn, right: Right) -> Who | None:
        """Whoever of the staff sits at this chat, if they have the right; else it is said why not."""
        incoming = turn.incoming
        who = await self._staff.of_person(turn.work, incoming.channel, incoming.person, incoming.name)
        if who is None:
            turn.say(self._words.plain("staff.only"))
        elif incoming.chat_kind != "private":
            turn.say(self._words.plain("staff.private"))
        elif not who.may(right):
            turn.say(self._words.plain("staff.wrong.right", right=self._texts(f"staff.right.{right}")))
        else:
            return who
        return None

    async def list_requests(self, turn: Turn) -> None:
        """/requests: who waits, urgent ones first; /requests N: one of them, with the dialogue."""
        who = await self.who(turn, Right.SEE_CHATS)
        if who is None:
            return
        if wanted := "".join(c for c in turn.incoming.data if c.isdecimal()):
            await self._show(turn, who, int(wanted))
        else:
            await self.list_waiting(turn, who)

    async def list_waiting(self, turn: Turn, who: Who) -> None:
        """Say who waits, as far as this person of the staff may see them."""
        counts = await turn.work.desk.counts(who.courts, who.account)
        count = sum(n for state, n in counts.items() if state != "resolved")
        if not count:
            turn.say(self._words.plain("staff.empty"))
            return
        waiting = await turn.work.desk.listed(who.courts, who.account, limit=_LISTED)
        parts = [self._texts("staff.list", count=count), *(self._item(r, turn.now) for r in waiting)]
        if count > len(waiting):
            parts.append(self._texts("staff.further", count=count - len(waiting)))
        turn.say(Reply("\n\n".join([*parts, self._texts("staff.how")]), key="staff.list"))

    def _item(self, listed: ListedTicket, now: datetime, *, whole: bool = False) -> str:
        ticket = listed.ticket
        return self._texts(
            "staff.item",
            number=ticket.number,
            name=quoted(" ".join(listed.name.split())),
            waited=self._waited(ticket.opened_at, now),
            question=quoted(listed.question if whole else _excerpt(listed.question)),
            urgent=self._texts("staff.urgent") if ticket.urgent else "",
        )

    def _waited(self, since: datetime, now: datetime) -> str:
        minutes = int((now - since).total_seconds() // 60)
        if minutes < 60:
            return self._texts("staff.minutes", n=minutes)
        if minutes < 60 * 48:
            return self._texts("staff.hours", n=minutes // 60)
        return self._texts("staff.days", n=minutes // 1440)

    async def _find(self, turn: Turn, who: Who, number: int) -> ListedTicket | None:
        """The ticket of that number, if this person may see it; another court's is as good as none."""
        found = await turn.work.desk.listed(None, 0, number=number, limit=1) if 0 < number <= _LARGEST else []
        if found and who.sees_chat(found[0].ticket.court, found[0].ticket.assignee):
            return found[0]
        turn.say(self._words.plain("staff.no_request", number=str(number)[:20]))
        return None

    async def _show(self, turn: Turn, who: Who, number: int) -> None:
        listed = await self._find(turn, who, number)
        if listed is None:
            return
        ticket = listed.ticket
        since = max(ticket.opened_at, turn.now) - _DIALOGUE_DAYS
        said = await turn.work.log.recent(ticket.conversation_id, since, _DIALOGUE * 2)
        lines = "\n".join(self._lines(m for m in said if m.text and m.kind != "button"))
        parts = [self._item(listed, turn.now, whole=True), self._texts("staff.dialogue", lines=lines)]
        request = await turn.work.requests.get(number)
        if request and request.answer:
            parts.append(self._texts("staff.was_answered", text=quoted(request.answer)))
        await self._audit.note(turn.work, who, Deed.SEEN, "chat", number, ticket.court)
        turn.say(Reply("\n\n".join(parts), key="staff.dialogue"))

    def _lines(self, messages: Iterable[MessageRow]) -> list[str]:
        return [
            self._texts(f"staff.said.{m.sender}", time=shown(m.at, "%m-%d %H:%M"), text=quoted(_excerpt(m.text)))
            for m in list(messages)[-_DIALOGUE:]
        ]

    async def answer(self, turn: Turn) -> None:
        """/answer N text: the words go to the one who asked, and the request is settled."""
        who = await self.who(turn, Right.ANSWER_CHATS)
        if who is None:
            return
        number, text = _numbered(turn.incoming.data, self._texts("staff.number_sign"))
        if number is None or not text:
            turn.say(self._words.plain("staff.usage"))
        elif listed := await self._find(turn, who, number):
            await self._answer(turn, who, listed, text)

    async def _answer(self, turn: Turn, who: Who, listed: ListedTicket, text: str) -> None:
        ticket, number = listed.ticket, listed.ticket.number
        conversation = await turn.work.conversations.get(ticket.conversation_id)
        if conversation is None:
            turn.say(self._words.plain("staff.no_request", number=number))
            return
        if ticket.assignee not in (None, who.account) and ticket.state != "resolved":
            names = await self._staff.names(turn.work)
            turn.say(self._words.plain("desk.wrong.claimed", number=number, name=names.get(ticket.assignee, "")))
            return
        kept = mask_identifiers(text)
        by = turn.conversation.person
        if not await turn.work.requests.close(number, RequestStatus.ANSWERED, by, turn.now, kept):
            request = await turn.work.requests.get(number)
            withdrawn = request is not None and request.status == RequestStatus.WITHDRAWN
            turn.say(self._words.plain("staff.withdrawn" if withdrawn else "staff.too_late", number=number))
            return
        first = ticket.first_answer_at or turn.now
        await turn.work.desk.change(TicketRow, number, assignee=who.account, first_answer_at=first)
        await turn.work.desk.settle(number, turn.now)
        await self._audit.note(turn.work, who, Deed.SENT, "chat", number, ticket.court, text)
        self._changed()
        self._bring(turn, who, conversation, number, text)
        turn.say(self._words.plain("staff.sent", number=number))
        if MASK in text:  # already when it was received
            turn.say(self._words.plain("staff.masked"))

    def _bring(self, turn: Turn, who: Who, conversation: ConversationRow, number: int, text: str) -> None:
        buttons = (
            Button(self._texts("button.solved"), f"solved:1:{number}"),
            Button(self._texts("button.not_solved"), f"solved:0:{number}"),
        )
        words = self._texts("handoff.answered", number=number, text=quoted(text))
        failed = Notice(turn.incoming.chat, self._texts("staff.not_delivered", number=number), "staff.not_delivered")
        reply = Reply(words, (buttons,), "handoff.answered", otherwise=failed)
        before = len(turn.messages)
        turn.say_to(conversation, reply, sender="staff")
        turn.messages[before:] = [replace(m, author=who.account) for m in turn.messages[before:]]


def asking(texts: Texts, number: int) -> Reply:
    """The one question after closing: how was it?"""
    buttons = tuple(Button(texts(f"desk.rate.{value}"), f"rate:{number}:{value}") for value in (3, 2, 1))
    return Reply(texts("desk.closed", number=number), (buttons,), "desk.closed")


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
