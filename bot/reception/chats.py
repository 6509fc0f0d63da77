"""The conversation inbox: who waits, who holds what, what was said; answers, notes, handing over, closing."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.consult.library import Library
from bot.consult.model import Context
from bot.core.clock import Clock, local_day
from bot.core.ids import Ids
from bot.core.privacy import mask_identifiers
from bot.core.texts import Texts
from bot.dialogue.desk import asking
from bot.dialogue.model import Notice, Reply, quoted
from bot.dialogue.voice import Letters
from bot.ledger.courts import Courts
from bot.ledger.service import Ledger, View
from bot.post.outbox import Sender
from bot.reach.files import ProofStore
from bot.reception.feed import Feed
from bot.reception.levels import Level, Levels
from bot.reception.model import ChatState, DeskError, EventKind, Handed
from bot.reception.words import about
from bot.staff.audit import Audit
from bot.staff.model import Deed, Forbidden, Right, Role, Who
from bot.staff.service import Staff
from bot.store.reach_rows import IncomingFileRow
from bot.store.reception import OPEN_STATES
from bot.store.reception_rows import DeskEventRow, ListedTicket, TicketRow
from bot.store.rows import ConversationRow, MessageRow
from bot.store.tables import RequestStatus
from bot.store.work import Store, Work

# What else belongs into the transaction of a deed, such as where staff wrote it; gets the ids of the lines it made.
Also = Callable[[Work, Sequence[int]], Awaitable[None]]

PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")  # what a browser may show as it is
_LARGEST = 10**9  # no request has a larger number
_SHOWN_DAYS = timedelta(days=90)  # how far back a thread is shown
_LONGEST = 4000  # characters of an answer
_FILE_BYTES = 20 * 2**20  # what staff may send


@dataclass(frozen=True, slots=True)
class ChatItem:
    """A ticket as a list shows it."""

    number: int
    conversation_id: int
    name: str
    court: str | None
    state: ChatState
    assignee: int | None
    assignee_name: str
    role: str | None
    urgent: bool
    question: str
    why: str
    opened_at: datetime
    waiting_since: datetime | None
    first_answer_at: datetime | None
    snoozed_until: datetime | None
    resolved_at: datetime | None
    version: int
    rating: int | None
    level: Level


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that stands in a thread; `sha256` is empty until it is fetched."""

    name: str
    media_type: str
    sha256: str = ""
    refused: bool = False  # too large, or not there any more


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in a thread: a message, or what staff did (kind `note` or another `EventKind`)."""

    id: int
    at: datetime
    sender: str  # person, bot, staff, note, event
    kind: str
    text: str
    author: str = ""
    message_id: int | None = None
    topic: str | None = None
    score: float | None = None
    decision: str | None = None
    candidates: str | None = None
    feedback: int | None = None
    version: int = 1
    file: Attached | None = None

    @property
    def shows(self) -> bool:
        """Whether its file is here, and a picture that a browser shows."""
        return self.file is not None and bool(self.file.sha256) and self.file.media_type in PICTURES

    @property
    def edited(self) -> bool:
        """Whether it replaces an earlier version."""
        return self.version > 1


@dataclass(frozen=True, slots=True)
class Thread:
    """A ticket with what was said and done."""

    item: ChatItem
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class PanelPerson:
    """A party to whom a chat is bound; numbers masked."""

    party_id: int
    name: str
    number: str
    phone: str
    relation: str
    proven: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """What is known beside a thread; only cases of courts that the reader sees."""

    persons: Sequence[PanelPerson]
    obligations: Sequence[View]
    hidden: int  # obligations of other courts


@dataclass(frozen=True, slots=True)
class Canned:
    """An answer of the FAQ, ready to be sent."""

    topic: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class NewPaper:
    """A file that staff send."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class _Open:
    """A ticket under change, with its transaction."""

    work: Work
    who: Who
    ticket: TicketRow
    conversation: ConversationRow
    letters: Letters


class Chats:
    """What staff do with conversations."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        sender: Sender,
        worker: str,
        texts: Texts,
        *,
        staff: Staff,
        audit: Audit,
        levels: Levels,
        feed: Feed,
        ledger: Ledger,
        library: Library,
        files: ProofStore,
        channel: str = "telegram",
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._sender = sender
        self._worker = worker
        self._texts = texts
        self._staff = staff
        self._audit = audit
        self._levels = levels
        self._feed = feed
        self._ledger = ledger
        self._library = library
        self._files = files
        self._channel = channel

    @property
    def courts(self) -> Courts:
        """The courts to which a conversation may be routed."""
        return self._ledger.courts

    # -- reading ---------------------------------------------------------------------------------

    async def list(
        self,
        who: Who,
        state: ChatState | None = None,
        *,
        mine: bool = False,
        court: str | None = None,
        limit: int = 200,
    ) -> Sequence[ChatItem]:
        """Tickets that this person may see; without a state, all that are not resolved."""
        who.require(Right.SEE_CHATS, court)
        states = OPEN_STATES if state is None else (state.value,)
        async with self._store.work(read_only=True) as work:
            rows = await work.desk.listed(who.courts, who.account, states=states, mine=mine, court=court, limit=limit)
            names = await self._staff.names(work)
        now = self._clock.now()
        return [self._item(r, names, now) for r in rows]

    async def counts(self, who: Who) -> dict[ChatState, int]:
        """How many tickets stand in each state."""
        who.require(Right.SEE_CHATS)
        async with self._store.work(read_only=True) as work:
            found = await work.desk.counts(who.courts, who.account)
        return {state: found.get(state.value, 0) for state in ChatState}

    async def waiting(self, who: Who) -> int:
        """How many people wait for words of this person: those whom nobody else holds."""
        who.require(Right.SEE_CHATS)
        async with self._store.work(read_only=True) as work:
            return await work.desk.waiting(who.courts, who.account)

    def _item(self, row: ListedTicket, names: dict[int, str], now: datetime) -> ChatItem:
        t = row.ticket
        return ChatItem(
            number=t.number,
            conversation_id=t.conversation_id,
            name=row.name,
            court=t.court,
            state=ChatState(t.state),
            assignee=t.assignee,
            assignee_name=names.get(t.assignee or 0, ""),
            role=t.role,
            urgent=t.urgent,
            question=row.question,
            why=row.why,
            opened_at=t.opened_at,
            waiting_since=t.waiting_since,
            first_answer_at=t.first_answer_at,
            snoozed_until=t.snoozed_until,
            resolved_at=t.resolved_at,
            version=row.version,
            rating=t.rating,
            level=self._levels.of(t, now),
        )

    async def thread(self, who: Who, number: int, *, refresh: bool = False, limit: int = 200) -> Thread:
        """Everything said and done in the conversation of a ticket; a `refresh` of it is not audited again."""
        async with self._store.work(read_only=True) as work:
            listed = await self._seen(work, who, number, Right.SEE_CHATS)
            names = await self._staff.names(work)
            ticket, since = listed.ticket, self._clock.now() - _SHOWN_DAYS
            said = await work.log.recent(ticket.conversation_id, since, limit)
            done = await work.desk.events(ticket.conversation_id, since)
            came = {f.external_id: _came(f) for f in await work.reach.files_of_chat(ticket.conversation_id)}
        if not refresh:
            await self._audit.seen(who, "chat", number, ticket.court)
        # A file of ours stands in the log as a message, and among the deeds with what it is.
        sent = {e.message_id: _sent(e.text or "") for e in done if e.kind == EventKind.FILE}
        lines = [_said(m, names, sent.get(m.id) or (came.get(m.external_id or 0) if m.direction == "in" else None)) for m in said]
        lines += [self._done(e, names) for e in done if e.kind != EventKind.FILE]
        return Thread(self._item(listed, names, self._clock.now()), sorted(lines, key=lambda line: line.id))

    def _done(self, e: DeskEventRow, names: dict[int, str]) -> Line:
        return Line(
            id=e.id,
            at=e.at,
            sender="note" if e.kind == EventKind.NOTE else "event",
            kind=e.kind,
            text=about(self._texts, self.courts, names, e),
            author=names.get(e.author or 0, ""),
            message_id=e.message_id,
        )

    async def file(self, who: Who, number: int, message_id: int) -> NewPaper:
        """The file of a message in the conversation of a ticket. DeskError `no_file` when it is not here."""
        async with self._store.work(read_only=True) as work:
            listed = await self._seen(work, who, number, Right.SEE_CHATS)
            message = await work.log.message(message_id)
            if message is None or message.conversation_id != listed.ticket.conversation_id:
                raise DeskError("no_file")
            if message.direction == "in":
                rows = await work.reach.files_of_chat(message.conversation_id, message.external_id or 0)
                found = _came(rows[0]) if rows else None
            else:
                ref = (await work.topics.papers(message.conversation_id, [message_id])).get(message_id)
                found = replace(_sent(ref), name=message.text) if ref else None
        if found is None or not found.sha256:
            raise DeskError("no_file")
        try:
            content = await asyncio.to_thread(self._files.get, found.sha256)
        except FileNotFoundError as error:
            raise DeskError("no_file") from error
        await self._audit.seen(who, "chat", number, listed.ticket.court, "file")
        name = found.name or f"{number}-{message_id}{mimetypes.guess_extension(found.media_type) or ''}"
        return NewPaper(name, found.media_type, content)

    async def panel(self, who: Who, number: int) -> Panel:
        """Who stands behind a chat, and their cases as far as this person sees them."""
        who.require(Right.SEE_LEDGER)
        async with self._store.work(read_only=True) as work:
            listed = await self._seen(work, who, number, Right.SEE_CHATS)
            bindings = await work.reach.bindings_of_chat(listed.ticket.conversation_id)
            parties = await work.ledger.parties({b.party_id for b in bindings})
            views: dict[int, View] = {}
            for party in parties:
                views |= {v.id: v for v in await self._ledger.of_party(party, work=work)}
        shown = [v for v in views.values() if who.sees(v.case.court)]
        persons = [
            PanelPerson(
                party_id=b.party_id,
                name=parties[b.party_id].name,
                number=mask_identifiers(parties[b.party_id].number or ""),
                phone=mask_identifiers(parties[b.party_id].phone or ""),
                relation=b.relation,
                proven=b.proven_at is not None,
            )
            for b in bindings
            if b.party_id in parties and (who.courts is None or _stands_in(b.party_id, shown) or not views)
        ]
        return Panel(persons, shown, len(views) - len(shown))

    async def canned(self, who: Who, query: str, limit: int = 8) -> Sequence[Canned]:
        """Answers of the FAQ that fit some words, best first; withheld ones are left out."""
        who.require(Right.SEE_CHATS)
        today, knowledge = local_day(self._clock.now()), self._library.knowledge
        verdict = self._library.match(query, Context(), today)
        entries = [knowledge.entries[c.topic] for c in verdict.candidates if c.topic in knowledge.entries]
        words = query.strip()
        entries += [e for e in knowledge.entries.values() if words and words in e.title and e not in entries]
        good = [e for e in entries if e.in_force(today)]
        return [Canned(e.id, e.title, knowledge.filled(e.answer)) for e in good[:limit]]

    async def _seen(self, work: Work, who: Who, number: int, right: Right) -> ListedTicket:
        """The ticket of that number. DeskError `no_chat`; Forbidden when it is another court's."""
        who.require(right)
        found = await work.desk.listed(None, 0, number=number, limit=1) if 0 < number < _LARGEST else []
        if not found:
            raise DeskError("no_chat", number=number)
        ticket = found[0].ticket
        if not who.sees_chat(ticket.court, ticket.assignee):
            raise Forbidden("court", court=ticket.court or "")
        return found[0]

    # -- holding ---------------------------------------------------------------------------------

    @asynccontextmanager
    async def _changing(
        self, who: Who, number: int, right: Right = Right.ANSWER_CHATS, *, resolved: bool = False
    ) -> AsyncIterator[_Open]:
        """A ticket in a transaction: committed at the end of the block, its messages then sent, watchers woken."""
        async with self._store.work() as work:
            listed = await self._seen(work, who, number, right)
            conversation = await work.conversations.get(listed.ticket.conversation_id)
            if conversation is None:
                raise DeskError("no_chat", number=number)
            if listed.ticket.state == ChatState.RESOLVED and not resolved:
                raise DeskError("resolved", number=number)
            letters = Letters(work, self._clock.now(), self._ids, self._store.vault)
            yield _Open(work, who, listed.ticket, conversation, letters)
            await work.desk.touch(conversation.id, letters.now)
            await letters.write(self._worker)
            await work.commit()
        served = set(self._sender.channels)
        self._sender.submit(o for o in letters.outgoing if o.channel in served)
        self._feed.changed()

    async def _note(self, at: _Open, kind: EventKind, text: str = "", message_id: int | None = None) -> int:
        row = DeskEventRow(
            id=self._ids.new(at.letters.now),
            conversation_id=at.conversation.id,
            number=at.ticket.number,
            at=at.letters.now,
            kind=kind.value,
            author=at.who.account,
            # A reference to a file is no words: masked, a hash with many digits in a row would name nothing.
            text=(text if kind is EventKind.FILE else mask_identifiers(text)) or None,
            message_id=message_id,
        )
        await at.work.desk.add(row)
        return row.id

    async def _audited(self, at: _Open, deed: Deed, detail: str) -> None:
        await self._audit.note(at.work, at.who, deed, "chat", at.ticket.number, at.ticket.court, detail)

    async def claim(self, who: Who, number: int) -> None:
        """Take a ticket: the bot keeps quiet in it. DeskError `claimed` with the name of whoever has it."""
        async with self._changing(who, number) as at:
            await self._take(at)

    async def _take(self, at: _Open) -> None:
        """Hold the ticket, if nobody else does; once held, nothing happens."""
        if at.ticket.assignee == at.who.account and at.who.account:
            return
        if not at.who.account:
            raise DeskError("no_account")
        if not await at.work.desk.claim(at.ticket.number, at.who.account, at.letters.now):
            fresh = await at.work.desk.ticket(at.ticket.number)
            names = await self._staff.names(at.work)
            raise DeskError("claimed", number=at.ticket.number, name=names.get(fresh.assignee or 0, "") if fresh else "")
        at.ticket = replace(at.ticket, assignee=at.who.account)
        if not at.ticket.court and at.who.courts is not None:
            # Whoever takes it takes it for their court, so that their colleagues see who has it.
            await at.work.desk.change(TicketRow, at.ticket.number, court=at.who.court)
            at.ticket = replace(at.ticket, court=at.who.court)
        await at.work.conversations.hold(at.conversation.id, at.who.account)
        await self._note(at, EventKind.CLAIMED)
        await self._audited(at, Deed.CHANGED, "claimed")

    async def release(self, who: Who, number: int) -> None:
        """Let a ticket go: anybody may take it, and the bot answers again meanwhile."""
        async with self._changing(who, number) as at:
            self._must_hold(at)
            await at.work.desk.change(TicketRow, number, assignee=None, claimed_at=None)
            await at.work.conversations.hold(at.conversation.id, None)
            await self._note(at, EventKind.RELEASED)
            await self._audited(at, Deed.CHANGED, "released")

    def _must_hold(self, at: _Open) -> None:
        """Others' tickets are touched only by those who may assign."""
        if at.ticket.assignee != at.who.account:
            at.who.require(Right.ASSIGN, at.ticket.court)

    async def hand_over(
        self,
        who: Who,
        number: int,
        note: str,
        *,
        to: int | None = None,
        court: str | None = None,
        role: Role | None = None,
    ) -> None:
        """Give a ticket to a colleague, or to whoever has a role in a court; they hear of it with the note."""
        if to is None and court is None and role is None:
            raise DeskError("to_whom")
        if court is not None and self.courts.get(court) is None:
            raise DeskError("no_court", court=court)
        async with self._changing(who, number) as at:
            if at.ticket.assignee is not None:
                self._must_hold(at)
            target = await self._staff.account(at.work, to) if to is not None else None
            there = court or at.ticket.court
            if not there:  # so that whoever gives it away still sees who has it
                there = next((w.court for w in (target, who) if w is not None and w.courts is not None), None)
            if target is not None and not target.may(Right.ANSWER_CHATS, there):
                raise DeskError("cannot_take", name=target.name)
            values = {"assignee": to, "claimed_at": at.letters.now if to else None, "role": role.value if role else None}
            if at.ticket.state == ChatState.SNOOZED:  # whoever gets it has not put it aside
                values |= {"state": ChatState.OPEN.value, "snoozed_until": None}
            await at.work.desk.change(TicketRow, number, court=there, **values)
            await at.work.conversations.hold(at.conversation.id, to)
            given = Handed(to or 0, there or "", role.value if role else "", note.strip())
            await self._note(at, EventKind.HANDED, given.stored())
            await self._audited(at, Deed.CHANGED, f"handed to {to or there} {role.value if role else ''}")
            await self._tell_staff(at, target, there, role, note)

    async def _tell_staff(
        self, at: _Open, target: Who | None, court: str | None, role: Role | None, note: str
    ) -> None:
        """A notice in the chats of those whose ticket it is now."""
        text = self._texts("desk.handed", number=at.ticket.number, name=quoted(at.who.name), note=quoted(note or "-"))
        for row in await at.work.staff.accounts(status="active"):
            who = self._staff.who(row)
            wanted = row.id == target.account if target else role in (None, Role(row.role))
            if row.chat and wanted and row.id != at.who.account and who.may(Right.ANSWER_CHATS, court):
                at.letters.tell(self._channel, int(row.chat), Reply(text, key="desk.handed"))

    async def route(self, who: Who, number: int, court: str) -> None:
        """Say which court's matter it is; the clerks of that court see it from now on."""
        if self.courts.get(court) is None:
            raise DeskError("no_court", court=court)
        async with self._changing(who, number) as at:
            await at.work.desk.change(TicketRow, number, court=court)
            await self._note(at, EventKind.ROUTED, self.courts.name(court))
            await self._audited(at, Deed.CHANGED, f"routed to {court}")

    # -- saying ----------------------------------------------------------------------------------

    async def note(self, who: Who, number: int, text: str, *, also: Also | None = None) -> None:
        """An internal note; the person never sees it."""
        words = _words(text)
        async with self._changing(who, number, resolved=True) as at:
            line = await self._note(at, EventKind.NOTE, words)
            await self._audited(at, Deed.CHANGED, "note")
            if also is not None:
                await also(at.work, [line])

    async def answer(
        self, who: Who, number: int, text: str = "", file: NewPaper | None = None, *, also: Also | None = None
    ) -> int:
        """Words or a file to the person; whoever answers holds the ticket. The id of the logged message."""
        if not text.strip() and file is None:
            raise DeskError("no_words")
        if file is not None and not 0 < len(file.content) <= _FILE_BYTES:
            raise DeskError("file_size", limit=_FILE_BYTES // 2**20)
        sha256 = self._files.put(file.content) if file is not None else ""
        async with self._changing(who, number) as at:
            await self._take(at)
            logged = await self._say(at, _words(text)) if text.strip() else 0
            if file is not None:
                logged = await self._send_file(at, file, sha256)
            await self._answered(at)
            if also is not None:
                await also(at.work, [m.id for m in at.letters.messages])
        return logged

    async def _answered(self, at: _Open) -> None:
        first = at.ticket.first_answer_at or at.letters.now
        state = ChatState.OPEN if at.ticket.state == ChatState.SNOOZED else at.ticket.state
        await at.work.desk.change(
            TicketRow, at.ticket.number, first_answer_at=first, waiting_since=None, snoozed_until=None, state=state
        )
        at.ticket = replace(at.ticket, first_answer_at=first, waiting_since=None)

    async def _say(self, at: _Open, text: str) -> int:
        number = at.ticket.number
        words = self._texts("handoff.answered", number=number, text=quoted(text))
        notice = await self._if_lost(at)
        before = len(at.letters.messages)
        logged = at.letters.say_to(
            at.conversation, Reply(words, key="handoff.answered", otherwise=notice), sender="staff"
        )
        at.letters.messages[before:] = [replace(m, author=at.who.account) for m in at.letters.messages[before:]]
        await self._audited(at, Deed.SENT, text)
        return logged

    async def _if_lost(self, at: _Open) -> Notice | None:
        """The clerk hears it when the words never arrive."""
        row = await at.work.staff.account(at.who.account)
        if row is None or not row.chat:
            return None
        text = self._texts("staff.not_delivered", number=at.ticket.number)
        return Notice(int(row.chat), text, "staff.not_delivered")

    async def _send_file(self, at: _Open, file: NewPaper, sha256: str) -> int:
        ref = f"proof:{sha256}:{file.media_type}"
        name = file.name.strip()[:80]
        caption = self._texts("desk.file", number=at.ticket.number, name=quoted(name))
        notice = await self._if_lost(at)
        at.letters.say_to(at.conversation, Reply(caption, key="desk.file", kind="document", file=ref, otherwise=notice))
        logged = at.letters.next_id()
        # So that it is known under which number it has arrived, and it can be taken back.
        at.letters.outgoing[-1] = replace(at.letters.outgoing[-1], message_id=logged)
        at.letters.messages.append(
            MessageRow(
                id=logged,
                conversation_id=at.conversation.id,
                person=at.conversation.person,
                at=at.letters.now,
                direction="out",
                kind="document",
                text=mask_identifiers(name),
                sender="staff",
                author=at.who.account,
            )
        )
        await self._note(at, EventKind.FILE, ref, logged)
        await self._audited(at, Deed.SENT, f"file {name}")
        return logged

    async def correct(
        self, who: Who, number: int, message_id: int, text: str, *, also: Also | None = None
    ) -> None:
        """Change an answer that was sent: a new version in the log, and the message itself changes; `file_words` for a file."""
        words = _words(text)
        async with self._changing(who, number, resolved=True) as at:
            old = await self._own(at, message_id)
            if old.kind == "document":
                raise DeskError("file_words")
            shown = self._texts("handoff.answered", number=number, text=quoted(words))
            at.letters.say_to(at.conversation, Reply(shown, key="handoff.answered", kind="edit", target=old.external_id))
            new = replace(
                old,
                id=at.letters.next_id(),
                at=at.letters.now,
                text=mask_identifiers(shown),
                version=old.version + 1,
                author=who.account,
            )
            at.letters.messages.append(new)
            await self._note(at, EventKind.CORRECTED, "", message_id)
            await self._audited(at, Deed.SENT, f"corrected: {words}")
            if also is not None:
                await also(at.work, [new.id])

    async def retract(self, who: Who, number: int, message_id: int) -> None:
        """Take an answer back: it disappears from the chat, and stays in the log with a mark."""
        async with self._changing(who, number, resolved=True) as at:
            old = await self._own(at, message_id)
            at.letters.say_to(at.conversation, Reply("", key="handoff.answered", kind="delete", target=old.external_id))
            await self._note(at, EventKind.RETRACTED, "", message_id)
            await self._audited(at, Deed.SENT, f"retracted {message_id}")

    async def _own(self, at: _Open, message_id: int) -> MessageRow:
        """A message of staff in this conversation that has arrived; others' only for those who may assign."""
        found = await at.work.log.message(message_id)
        if found is None or found.conversation_id != at.conversation.id or found.sender != "staff":
            raise DeskError("no_message")
        if found.external_id is None:
            raise DeskError("not_arrived")
        if found.author != at.who.account:
            at.who.require(Right.ASSIGN, at.ticket.court)
        return found

    # -- states ----------------------------------------------------------------------------------

    async def pend(self, who: Who, number: int) -> None:
        """It is the person's turn; their next words open it again."""
        async with self._changing(who, number) as at:
            await at.work.desk.change(TicketRow, number, state=ChatState.PENDING.value, snoozed_until=None)
            await self._note(at, EventKind.PENDING)
            await self._audited(at, Deed.CHANGED, "pending")

    async def snooze(self, who: Who, number: int, until: datetime) -> None:
        """Put it aside until a moment; the person's words, or the moment, open it again."""
        if until <= self._clock.now():
            raise DeskError("past")
        async with self._changing(who, number) as at:
            await at.work.desk.change(TicketRow, number, state=ChatState.SNOOZED.value, snoozed_until=until)
            await self._note(at, EventKind.SNOOZED, until.isoformat())
            await self._audited(at, Deed.CHANGED, "snoozed")

    async def resolve(self, who: Who, number: int, text: str = "") -> None:
        """Close it, with last words if given; the bot answers again, and the person is asked once how it was.

        DeskError `unanswered` when nobody has said anything to the person.
        """
        async with self._changing(who, number) as at:
            await self._take(at)
            if text.strip():
                await self._say(at, _words(text))
                await self._answered(at)
            if at.ticket.first_answer_at is None:
                raise DeskError("unanswered", number=number)
            await self._close_request(at, text)
            await at.work.desk.settle(number, at.letters.now)
            if at.ticket.asked_at is None:
                await at.work.desk.change(TicketRow, number, asked_at=at.letters.now)
                at.letters.say_to(at.conversation, asking(self._texts, number))
            await self._note(at, EventKind.RESOLVED)
            await self._audited(at, Deed.CHANGED, "resolved")

    async def _close_request(self, at: _Open, text: str) -> None:
        said = text.strip()
        if not said:
            recent = await at.work.log.recent(at.conversation.id, at.ticket.opened_at, 200)
            said = next((m.text for m in reversed(recent) if m.sender == "staff"), "")
        by = at.who.person or at.who.key
        await at.work.requests.close(
            at.ticket.number, RequestStatus.ANSWERED, by[:32], at.letters.now, mask_identifiers(said) or None
        )

    async def reopen(self, who: Who, number: int) -> None:
        """Take a resolved ticket up again, under its old number."""
        async with self._changing(who, number, resolved=True) as at:
            if at.ticket.state != ChatState.RESOLVED:
                raise DeskError("not_resolved", number=number)
            if other := await at.work.desk.open_of(at.conversation.id):
                raise DeskError("other_open", number=other.number)
            if not who.account:
                raise DeskError("no_account")
            await at.work.desk.reopen_request(number)
            values = {"state": ChatState.OPEN.value, "resolved_at": None, "assignee": who.account}
            await at.work.desk.change(TicketRow, number, claimed_at=at.letters.now, **values)
            await at.work.conversations.hold(at.conversation.id, who.account)
            await self._note(at, EventKind.REOPENED)
            await self._audited(at, Deed.CHANGED, "reopened")

    async def begin(self, who: Who, conversation_id: int, court: str) -> int:
        """Staff write first: a ticket of their own, in a chat that belongs to a party of a case of that court."""
        who.require(Right.ANSWER_CHATS, court)
        if not who.account:
            raise DeskError("no_account")
        async with self._store.work() as work:
            conversation = await work.conversations.get(conversation_id)
            bound = await work.reach.bindings_of_chat(conversation_id)
            courts = await work.desk.courts_of([b.party_id for b in bound])
            if conversation is None or conversation.unreachable or conversation.kind != "private":
                raise DeskError("no_person")
            if court not in courts:
                raise DeskError("not_theirs")
            if other := await work.desk.open_of(conversation_id):
                raise DeskError("other_open", number=other.number)
            now = self._clock.now()
            number = await work.requests.open(conversation_id, self._texts("desk.begun"), "staff", now)
            ticket = TicketRow(
                number, conversation_id, court, ChatState.OPEN.value, now, assignee=who.account, claimed_at=now
            )
            await work.desk.add(ticket)
            await work.conversations.hold(conversation_id, who.account)
            await work.desk.touch(conversation_id, now)
            await self._audit.note(work, who, Deed.CHANGED, "chat", number, court, "begun")
            await work.commit()
        self._feed.changed()
        return number


def _words(text: str) -> str:
    words = text.strip()
    if not words:
        raise DeskError("no_words")
    if len(words) > _LONGEST:
        raise DeskError("too_long", limit=_LONGEST)
    return words


def _stands_in(party_id: int, views: Sequence[View]) -> bool:
    return any(party_id == s.party_id for v in views for s in v.sides)


def _came(row: IncomingFileRow) -> Attached:
    return Attached(row.name or "", row.media_type, row.sha256 or "", row.status == "refused")


def _sent(ref: str) -> Attached:
    """What `proof:SHA:TYPE` refers to."""
    _, sha256, media_type = ref.split(":", 2)
    return Attached("", media_type, sha256)


def _said(m: MessageRow, names: dict[int, str], file: Attached | None) -> Line:
    return Line(
        id=m.id,
        at=m.at,
        sender=m.sender,
        kind=m.kind,
        text=m.text,
        author=names.get(m.author or 0, ""),
        message_id=m.id,
        topic=m.topic,
        score=m.score,
        decision=m.decision,
        candidates=m.candidates,
        feedback=m.feedback,
        version=m.version,
        file=file,
    )
