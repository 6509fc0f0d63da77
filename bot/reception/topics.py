"""The staff group's topics, kept like the database: made, filled, renamed, closed, opened, made again.

Nothing waits in a queue. Each time the group may be written to, this looks at what its topics lack
and does one thing for the one that was served longest ago; what has come together for a topic
meanwhile goes into one message. So a person with two hundred lines holds up nobody, a refusal of the
server costs nothing, and a process that ends loses nothing: the next look finds the same again.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from bot.consult.library import Library
from bot.core.clock import Clock
from bot.core.errors import StoreUnavailableError
from bot.core.ids import first_at
from bot.core.log import get
from bot.core.texts import Texts
from bot.dialogue.model import Reply, reply_from
from bot.ledger.courts import Courts
from bot.reception.budget import Budget
from bot.reception.feed import LOOK, Feed
from bot.reception.forum import Away, Closed, Denied, Forum, ForumError, Gone, Missing, Moved, Pause, Refused, Unsure
from bot.reception.model import ChatState
from bot.reception.topic_words import Context, Line, TopicWords, merged
from bot.staff.service import Staff
from bot.store.reception_rows import TicketRow
from bot.store.rows import MessageRow
from bot.store.topic_rows import AsideRow, StaleTopic, TopicRow
from bot.store.topics import AGAIN
from bot.store.work import Store, Work

log = get(__name__)
T = TypeVar("T")

MARGIN = 0.05  # seconds added to what the server asked for
ADOPT = 10.0  # seconds in which the group tells of a topic whose making ended uncertainly
MAX_TRIES = 2  # such endings after which no further topic is made for that person
DENIED = 60.0  # seconds until the next attempt, when nothing is possible there
REMADE = 3  # topics of one person that may vanish within `REMADE_SPAN` before that person's topic is let be
REMADE_SPAN = 600.0  # seconds
CAPTION = 900  # characters under a file; Telegram takes 1024
_LEASE, _LEASE_SPAN = "topics", timedelta(seconds=90)
_CARD_ANSWERS = 3  # answers of the bot on a card
_BEFORE = timedelta(days=1)  # how old those may be
_OVERLAP = timedelta(minutes=10)  # what another process has written may become visible that much later


@dataclass(slots=True)
class _Case:
    """A conversation as its topic should show it."""

    row: TopicRow | None
    version: int
    context: Context
    lines: list[Line]
    answers: list[MessageRow]
    person_chat: int
    copies: bool  # whether its messages can be copied: it takes place in Telegram

    @property
    def id(self) -> int:
        return self.context.ticket.conversation_id

    @property
    def open(self) -> bool:
        return self.context.ticket.state != ChatState.RESOLVED

    @property
    def floor(self) -> int:
        return first_at(self.context.ticket.opened_at)


class Topics:
    """Runs beside the doors, in one process of those that share a database."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        texts: Texts,
        worker: str,
        *,
        staff: Staff,
        courts: Courts,
        library: Library,
        feed: Feed,
        forum: Forum,
        group: int,
        per_minute: float,
        denied: Callable[[str], Awaitable[None]],
    ) -> None:
        """`group` is the chat number of the settings, `per_minute` what may be written there.

        `denied` hears, once for each time that it becomes so, that nothing is possible there, and why.
        """
        self._store = store
        self._clock = clock
        self._worker = worker
        self._staff = staff
        self._courts = courts
        self._library = library
        self._feed = feed
        self._forum = forum
        self._words = TopicWords(texts, courts)
        self._configured = group
        self.chat = group
        self._budget = Budget(int(per_minute))
        self._not_before = float("-inf")
        self._failures = 0
        self._turns = itertools.count()
        self._served: dict[int, int] = {}
        self._tried: dict[int, float] = {}  # when a topic was asked for and nobody knows what became of it
        self._remade: dict[int, deque[float]] = {}
        self._let_be: dict[int, float] = {}  # until when nothing is tried for a person
        self._began = float("-inf")
        self._leased = float("-inf")
        self._denied = ""
        self._tell_denied = denied

    # -- running ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the topics like the database until cancelled."""
        self._began = asyncio.get_running_loop().time()
        with self._feed.listening() as changed:
            while True:
                try:
                    await self.round()
                except StoreUnavailableError as error:
                    log.warning("topics.no_database", why=str(error))
                except Exception:
                    log.exception("topics.round_failed")
                try:
                    # Not wait_for: before Python 3.12 it may swallow a cancellation.
                    async with asyncio.timeout(LOOK):
                        await changed.wait()
                except TimeoutError:
                    continue
                changed.clear()

    async def round(self) -> None:
        """Do one thing after the other, as the pace allows, until the group shows what the database knows."""
        while True:
            await self._slot()
            if not await self._mine():
                await self.where()
                return
            if not await self._one():
                return

    async def where(self) -> None:
        """Learn which number the group has now: every process takes its words, whichever writes there."""
        async with self._store.work(read_only=True) as work:
            self.chat = await work.topics.group(self._configured)

    async def _slot(self) -> None:
        """Wait until the group may be written to: only then is it chosen what, so that words come together."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._budget.ready_at() - loop.time(), self._not_before - loop.time()))

    async def _mine(self) -> bool:
        """Of several processes one writes."""
        now = asyncio.get_running_loop().time()
        if not self._store.replicated or now - self._leased < _LEASE_SPAN.total_seconds() / 3:
            return True
        async with self._store.work() as work:
            mine = await work.leases.take(_LEASE, self._worker, self._clock.now(), _LEASE_SPAN)
            await work.commit()
        self._leased = now if mine else float("-inf")
        return mine

    async def _one(self) -> bool:
        """One thing; False when there is nothing to do."""
        async with self._store.work(read_only=True) as work:
            self.chat = await work.topics.group(self._configured)
            aside = await work.topics.aside()
            behind = [] if aside else await work.topics.stale(self.chat)
        if aside:
            return await self._guarded(lambda: self._say_aside(aside), None)
        ready = [s for s in behind if self._may(s)]
        if not ready:
            return False
        # Who was never served first, then whoever was served longest ago.
        chosen = min(ready, key=lambda s: (self._served.get(s.conversation_id, -1), not s.urgent, s.number))
        self._served[chosen.conversation_id] = next(self._turns)
        self._budget.serve(chosen.conversation_id, asyncio.get_running_loop().time())
        return await self._guarded(lambda: self._serve(chosen), chosen)

    def _may(self, stale: StaleTopic) -> bool:
        """Whether something can be done for a person now."""
        now = asyncio.get_running_loop().time()
        remade = self._remade.get(stale.conversation_id)
        if remade and len(remade) == REMADE and now - remade[0] < REMADE_SPAN and stale.thread is None:
            return False
        if now < self._let_be.get(stale.conversation_id, now):
            return False
        if not self._budget.may(stale.conversation_id, now, new=stale.card is None):
            return False
        if stale.thread is not None or not stale.tries:
            return True
        asked = self._tried.get(stale.conversation_id, self._began)
        return stale.tries < MAX_TRIES and now >= asked + ADOPT

    async def _guarded(self, act: Callable[[], Awaitable[None]], stale: StaleTopic | None) -> bool:
        """Do it; what the group answers decides when the next thing is done. False: look again later."""
        now = asyncio.get_running_loop().time()
        try:
            await act()
        except Pause as error:
            self._not_before = now + error.seconds + MARGIN
            log.warning("topics.parked", seconds=error.seconds)
        except Moved as error:
            await self.moved(error.chat)
        except Denied as error:
            self._not_before = now + DENIED
            news, self._denied = not self._denied, str(error)
            if news:
                log.warning(
                    "topics.denied", why=str(error), meaning="the bot must be an administrator and manage topics"
                )
                await self._tell_denied(str(error))
            return False
        except (Away, Unsure) as error:
            self._failures += 1
            self._not_before = now + min(30.0, 0.5 * 2 ** min(self._failures, 6))
            log.warning("topics.later", why=str(error), kind=type(error).__name__)
        except Gone:
            await self._lost(stale)
        except Closed:
            if stale:
                await self._change(stale.conversation_id, closed=True)
        except ForumError as error:  # about this one thing: the others go on
            log.warning("topics.refused", why=str(error), number=stale.number if stale else None)
            if stale:
                self._let_be[stale.conversation_id] = now + DENIED
        else:
            self._failures, self._denied = 0, ""
        return True

    async def _lost(self, stale: StaleTopic | None) -> None:
        """Somebody has deleted the topic: another one takes its place, with everything of this ticket."""
        if stale is None:
            return
        times = self._remade.setdefault(stale.conversation_id, deque(maxlen=REMADE))
        times.append(asyncio.get_running_loop().time())
        log.warning("topics.gone", number=stale.number)
        async with self._store.work() as work:
            ticket = await work.desk.ticket(stale.number)
            if ticket is not None:
                await work.topics.forget(stale.conversation_id, first_at(ticket.opened_at))
            await work.commit()

    async def moved(self, chat: int) -> None:
        """The group was upgraded: it has another number, and its topics are made there."""
        async with self._store.work() as work:
            await work.topics.moved(self._configured, chat)
            await work.commit()
        log.warning("topics.moved", meaning="write the new number into telegram.staff_group")
        self.chat = chat

    # -- what the group tells --------------------------------------------------------------------

    async def made(self, thread: int, number: int) -> None:
        """The group tells of a topic of ours: adopted, if the answer to our wish for it was lost."""
        async with self._store.work() as work:
            row = await work.topics.of_number(number)
            if row is None or row.thread == thread or row.chat != self.chat:
                return
            if row.thread is None and row.tries:
                await work.topics.change(TopicRow, row.conversation_id, thread=thread, tries=0)
                await work.commit()
                self._feed.changed()
            elif row.thread is not None:
                log.warning("topics.duplicate", number=number, meaning="an empty topic may be deleted by hand")

    async def turned(self, thread: int, *, closed: bool) -> None:
        """Somebody has closed or opened a topic by hand; the database decides whether it stays so."""
        async with self._store.work() as work:
            row = await work.topics.in_thread(self.chat, thread)
            if row is None or row.closed is closed:
                return
            await work.topics.change(TopicRow, row.conversation_id, closed=closed)
            await work.commit()
        self._feed.changed()

    # -- one thing for one person ----------------------------------------------------------------

    async def _serve(self, stale: StaleTopic) -> None:
        async with self._store.work(read_only=True) as work:
            case = await self._case(work, stale.conversation_id)
        if case is None:
            return
        row = case.row
        if row is None or row.thread is None or row.chat != self.chat:
            await self._make(case, row)
            return
        ticket, mark = case.context.ticket, self._words.mark(case.context)
        if row.closed and case.open:
            await self._call(self._forum.reopen(row.chat, row.thread))
            await self._change(case.id, closed=False)
        elif row.number != ticket.number:
            await self._call(self._forum.rename(row.chat, row.thread, self._words.title(case.context)))
            floor = max(row.floor, case.floor)
            await self._change(case.id, number=ticket.number, card=None, card_mark="", floor=floor)
        elif row.card is None:
            await self._card(case, row.chat, row.thread, mark, again=row.card_mark == AGAIN)
        elif case.lines:
            await self._next(case, row.chat, row.thread)
        elif row.card_mark != mark:
            await self._new_card(case, row.chat, row.card, mark)
        elif not case.open and not row.closed:
            await self._call(self._forum.close(row.chat, row.thread))
            await self._change(case.id, closed=True, version=case.version)
        else:
            await self._settle(row, case.version)

    async def _call(self, asked: Awaitable[T]) -> T:
        """Whatever is asked of the group counts."""
        self._budget.take(asyncio.get_running_loop().time())
        return await asked

    async def _change(self, conversation_id: int, **values: object) -> None:
        async with self._store.work() as work:
            await work.topics.change(TopicRow, conversation_id, **values)
            await work.commit()

    async def _settle(self, row: TopicRow, version: int) -> None:
        async with self._store.work() as work:
            await work.topics.settle(row, version, first_at(self._clock.now() - _OVERLAP))
            await work.commit()

    async def _make(self, case: _Case, row: TopicRow | None) -> None:
        """A topic; that it was asked for is written down before, so that no crash makes one after the other."""
        tries = row.tries if row and row.chat == self.chat else 0
        again = row is not None and (row.thread is not None or row.card_mark == AGAIN)
        number, mark = case.context.ticket.number, AGAIN if again else ""
        async with self._store.work() as work:
            if row is None:
                await work.topics.add(TopicRow(case.id, number, self.chat, floor=case.floor, tries=1))
            else:
                await work.topics.forget(case.id, case.floor)
                values = {"number": number, "chat": self.chat, "card_mark": mark}
                await work.topics.change(TopicRow, case.id, **values, tries=tries + 1)
            await work.commit()
        self._tried[case.id] = asyncio.get_running_loop().time()
        try:
            thread = await self._call(self._forum.create(self.chat, self._words.title(case.context)))
        except Unsure:
            if tries + 1 >= MAX_TRIES:
                log.warning("topics.given_up", number=number, meaning="nobody knows whether its topic was made")
            raise
        except ForumError:  # it certainly was not made
            await self._change(case.id, tries=tries)
            raise
        await self._change(case.id, thread=thread, tries=0)

    async def _card(self, case: _Case, chat: int, thread: int, mark: str, *, again: bool) -> None:
        reply = self._words.card(case.context, case.answers, self._titles(case.answers))
        if again:
            reply = replace(reply, text=f"{self._words.texts('topics.again')}\n\n{reply.text}")
        card = await self._call(self._forum.say(chat, thread, reply))
        await self._change(case.id, card=card, card_mark=mark)

    async def _new_card(self, case: _Case, chat: int, card: int, mark: str) -> None:
        reply = self._words.card(case.context, case.answers, self._titles(case.answers))
        try:
            await self._call(self._forum.edit(chat, card, reply))
        except (Missing, Refused):  # somebody has deleted it: a new one follows
            await self._change(case.id, card=None)
        else:
            await self._change(case.id, card_mark=mark)

    async def _next(self, case: _Case, chat: int, thread: int) -> None:
        """The lines that fit into one message, or one file."""
        first = case.lines[0]
        if first.source is not None and case.copies:
            await self._file(case, chat, thread, first, first.source)
            return
        if first.paper:
            await self._paper(case, chat, thread, first)
            return
        lines = case.lines if case.copies else [replace(line, source=None) for line in case.lines]
        taken, parts = merged(lines)
        for part in parts:
            await self._slot()
            await self._write(chat, thread, part)
        await self._shown(case.id, taken)

    async def _write(self, chat: int, thread: int, text: str) -> None:
        try:
            await self._call(self._forum.say(chat, thread, Reply(text, key="topics.line")))
        except Refused as error:  # what cannot be shown here stands in the console; the rest must go on
            log.warning("topics.line_refused", why=str(error))

    async def _file(self, case: _Case, chat: int, thread: int, line: Line, source: int) -> None:
        caption = line.text if line.captioned else None
        if caption and len(caption) > CAPTION:
            await self._write(chat, thread, line.text)
            await self._slot()
            caption = caption[:CAPTION] + "…"
        try:
            await self._call(self._forum.copy(chat, thread, (case.person_chat, source), caption))
        except (Missing, Refused):
            await self._slot()
            await self._write(chat, thread, f"{line.text} {self._words.texts('topics.file_gone')}")
        await self._shown(case.id, [line])

    async def _paper(self, case: _Case, chat: int, thread: int, line: Line) -> None:
        """A file that staff sent in the console."""
        try:
            await self._call(self._forum.say(chat, thread, Reply(line.text, kind="document", file=line.paper)))
        except (Missing, Refused):
            await self._slot()
            await self._write(chat, thread, line.text)
        await self._shown(case.id, [line])

    async def _shown(self, conversation_id: int, lines: Sequence[Line]) -> None:
        async with self._store.work() as work:
            await work.topics.shown(conversation_id, [line.id for line in lines])
            await work.commit()

    async def _say_aside(self, aside: AsideRow) -> None:
        try:
            if aside.chat == self.chat:
                await self._call(self._forum.say(aside.chat, aside.thread, reply_from(aside.reply)))
        except (Gone, Closed, Refused) as error:
            log.warning("topics.aside_dropped", why=str(error))
        async with self._store.work() as work:
            await work.topics.drop_aside(aside.id)
            await work.commit()

    # -- what the database knows -----------------------------------------------------------------

    async def _case(self, work: Work, conversation_id: int) -> _Case | None:
        # The version first: what is written while this reads makes the topic stale again.
        version = await work.topics.version_of(conversation_id)
        row, ticket = await work.topics.topic(conversation_id), await work.topics.ticket_of(conversation_id)
        conversation = await work.conversations.get(conversation_id)
        if ticket is None or conversation is None:
            return None
        context = await self._context(work, ticket)
        floor = row.floor if row else first_at(ticket.opened_at)
        said, done = await work.topics.unsaid(conversation_id, floor), await work.topics.undone(conversation_id, floor)
        recent = await work.log.recent(conversation_id, ticket.opened_at - _BEFORE, 40)
        answers = [m for m in recent if m.sender == "bot" and m.topic and m.at <= ticket.opened_at][-_CARD_ANSWERS:]
        papers = await work.topics.papers(conversation_id, [m.id for m in said if m.sender == "staff"])
        lines = self._words.lines(context, said, done, self._titles(said), papers)
        chat = int(conversation.address["chat"])
        return _Case(row, version, context, lines, answers, chat, conversation.channel == "telegram")

    async def _context(self, work: Work, ticket: TicketRow) -> Context:
        listed = (await work.desk.listed(None, 0, number=ticket.number, limit=1))[0]
        names = await self._staff.names(work)
        court = self._courts.name(ticket.court) if ticket.court else ""
        return Context(ticket, listed.name, court, listed.question, listed.why, names)

    def _titles(self, said: Sequence[MessageRow]) -> dict[str, str]:
        entries = self._library.knowledge.entries
        return {m.topic: entries[m.topic].title for m in said if m.topic and m.topic in entries}
