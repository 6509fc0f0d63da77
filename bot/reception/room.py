"""The staff group's side of the Telegram desk: what staff write and press in a topic becomes a deed of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.core.clock import Clock
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.core.texts import Texts
from bot.dialogue.model import Button, Incoming, Reply, quoted, rows
from bot.post.inbox import NotYet
from bot.reception.chats import Also, Chats, NewPaper
from bot.reception.feed import Feed
from bot.reception.forum import Forum, Missing
from bot.reception.model import DeskError
from bot.reception.topics import Topics
from bot.reception.words import REFUSALS, Refusal, told
from bot.staff.model import Right, Who
from bot.staff.service import Staff
from bot.store.topic_rows import AsideRow, TopicLineRow, TopicRow
from bot.store.work import Store, Work

CREATED, CLOSED, REOPENED, MOVED = "topic_created", "topic_closed", "topic_reopened", "moved"
FILE_BYTES = 20 * 2**20  # what a bot may fetch
ANONYMOUS = 1087968824  # the account under which Telegram shows administrators who hide their name
TOAST = 190  # characters that Telegram shows of an answer to a press
_COLLEAGUES = 20
_ARRIVES = timedelta(seconds=10)  # in which an answer reaches the person, as a rule
_TOLD_AGAIN = timedelta(minutes=15)  # after which somebody without an account is told so anew
_LARGEST = 10**9


class Room:
    """Takes what happens in the group; nothing of it reaches the bot's dialogue."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        texts: Texts,
        *,
        staff: Staff,
        chats: Chats,
        feed: Feed,
        forum: Forum,
        topics: Topics,
        channel: str = "telegram",
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._texts = texts
        self._staff = staff
        self._chats = chats
        self._feed = feed
        self._forum = forum
        self._topics = topics
        self._channel = channel
        self._marks = tuple(texts("topics.note_marks").split())

    def owns(self, chat: int) -> bool:
        """Whether that is the staff group."""
        return chat == self._topics.chat

    async def take(self, incoming: Incoming) -> None:
        """One thing that happened in the group; outside of our topics nothing counts."""
        if incoming.kind == MOVED:
            await self._topics.moved(int(incoming.data))
        elif incoming.kind == CREATED:
            await self._topics.made(incoming.thread or 0, _first_number(incoming.data))
        elif incoming.kind in (CLOSED, REOPENED):
            await self._topics.turned(incoming.thread or 0, closed=incoming.kind == CLOSED)
        elif incoming.kind == "button":
            await self._pressed(incoming)
        elif incoming.thread is not None:
            await self._written(incoming, incoming.thread)

    async def _who(self, work: Work, incoming: Incoming) -> Who | None:
        return await self._staff.of_person(work, incoming.channel, incoming.person, incoming.name)

    # -- writing ---------------------------------------------------------------------------------

    async def _written(self, incoming: Incoming, thread: int) -> None:
        async with self._store.work() as work:
            row = await work.topics.in_thread(incoming.chat, thread)
            if row is None:  # a topic of somebody's own
                return
            who = await self._who(work, incoming)
            if who is None:
                await self._strange(work, incoming, thread)
            before = await work.topics.written(row.conversation_id, incoming.external_id or 0)
            await work.commit()
        if who is None:
            self._feed.changed()
            return
        try:
            if incoming.kind == "edited":
                await self._edited(who, row, incoming, before)
            elif incoming.kind == "command":
                await self._aside(incoming, thread, Reply(self._texts("topics.how"), key="topics.how"))
            else:
                await self._new(who, row, incoming, before)
        except REFUSALS as error:
            await self._refuse(incoming, thread, error)

    async def _strange(self, work: Work, incoming: Incoming, thread: int) -> None:
        """Somebody without an account, or behind the group's name: told so, not at each line, and nothing reaches anybody."""
        vault: Vault = self._store.vault
        person = vault.pseudonym(incoming.channel, "person", incoming.person)
        if await work.topics.stranger(person, self._clock.now(), _TOLD_AGAIN):
            key = "topics.anonymous" if incoming.person == ANONYMOUS else "topics.stranger"
            text = self._texts(key, **({} if incoming.person == ANONYMOUS else {"name": quoted(incoming.name)}))
            await work.topics.add(self._aside_row(incoming, thread, Reply(text, key=key)))

    async def _new(self, who: Who, row: TopicRow, incoming: Incoming, before: Sequence[TopicLineRow]) -> None:
        words, note = self._parted(incoming.text.strip())
        handled = [line for line in before if not line.note]  # by an attempt that a crash cut off
        if (words or incoming.file) and not handled:
            file = await self._paper(incoming)
            await self._chats.answer(who, row.number, words, file, also=self._also(row, incoming, final=not note))
        if note and not any(line.note for line in before):
            await self._chats.note(who, row.number, note, also=self._also(row, incoming, note=True))
        if not words and not note and incoming.file is None:
            raise DeskError("no_words") if incoming.kind == "text" else _Told("topics.kind")

    async def _edited(self, who: Who, row: TopicRow, incoming: Incoming, before: Sequence[TopicLineRow]) -> None:
        """An answer is corrected at the person's; a note gets a further one; neither ever becomes the other."""
        words, note = self._parted(incoming.text.strip())
        sent = [line for line in before if not line.note]
        if not before:
            raise _Told("topics.never_sent")
        if sent and (note or not words):
            raise _Told("topics.sent_already")
        if not sent:
            await self._chats.note(who, row.number, note or words, also=self._also(row, incoming, note=True))
            return
        async with self._store.work(read_only=True) as work:
            said = [m for m in [await work.log.message(line.line_id) for line in sent] if m and m.kind != "document"]
        if not said:  # a file that went without words has none to be changed
            raise _Told("topics.file_sent")
        try:
            await self._chats.correct(who, row.number, said[-1].id, words, also=self._also(row, incoming))
        except DeskError as error:
            # On its way to the person still: the same update comes again in a moment.
            if error.code == "not_arrived" and self._clock.now() - incoming.at < _ARRIVES:
                raise NotYet from error
            raise

    def _parted(self, text: str) -> tuple[str, str]:
        """Words to the person, and a note: everything from the first line on that begins with a mark."""
        lines = text.splitlines()
        for number, line in enumerate(lines):
            mark = next((m for m in self._marks if line.strip().startswith(m)), None)
            if mark is not None:
                note = "\n".join([line.strip().removeprefix(mark).lstrip(" :：,，"), *lines[number + 1 :]])
                return "\n".join(lines[:number]).strip(), note.strip()
        return text, ""

    async def _paper(self, incoming: Incoming) -> NewPaper | None:
        file = incoming.file
        if file is None:
            return None
        if (file.size or 0) > FILE_BYTES:
            raise DeskError("file_size", limit=FILE_BYTES // 2**20)
        try:
            content = await self._forum.fetch(file.remote, FILE_BYTES)
        except Missing as error:
            raise _Told("topics.no_file") from error
        kind = self._texts(f"kinds.{incoming.kind}" if f"kinds.{incoming.kind}" in self._texts else "kinds.other")
        return NewPaper(file.name or f"{kind}.{file.media_type.rpartition('/')[2]}", file.media_type, content)

    def _also(self, row: TopicRow, incoming: Incoming, *, note: bool = False, final: bool = True) -> Also:
        """With the deed: these lines stand in the topic already, and the update is done with."""

        async def write(work: Work, lines: Sequence[int]) -> None:
            await work.topics.shown(row.conversation_id, lines, incoming.external_id, note=note)
            if final and incoming.inbox_id is not None:
                await work.inbox.done([incoming.inbox_id], self._clock.now())

        return write

    # -- pressing --------------------------------------------------------------------------------

    async def _pressed(self, incoming: Incoming) -> None:
        parts = incoming.data.split(":")
        if len(parts) < 3 or parts[0] != "desk" or not all(p.isdecimal() and int(p) <= _LARGEST for p in parts[2:]):
            await self._forum.answer(incoming.callback, self._texts("topics.gone"))
            return
        async with self._store.work() as work:
            who = await self._who(work, incoming)
            await work.commit()
        if who is None:
            words = self._texts("topics.stranger", name=incoming.name)
        else:
            try:
                words = await self._act(who, incoming, parts[1], [int(p) for p in parts[2:]])
            except REFUSALS as error:
                words = told(self._texts, error)
        await self._forum.answer(incoming.callback, words[:TOAST])

    async def _act(self, who: Who, incoming: Incoming, name: str, numbers: list[int]) -> str:
        number = numbers[0]
        if name == "claim":
            await self._chats.claim(who, number)
        elif name == "release":
            await self._chats.release(who, number)
        elif name == "done":
            await self._chats.resolve(who, number)
        elif name == "reopen":
            await self._chats.reopen(who, number)
        elif name == "to" and len(numbers) == 2:
            await self._chats.hand_over(who, number, self._texts("topics.hand_note"), to=numbers[1])
        elif name == "hand":
            return await self._offer(who, incoming, number)
        else:
            return self._texts("topics.gone")
        return self._texts(f"topics.done.{name}")

    async def _offer(self, who: Who, incoming: Incoming, number: int) -> str:
        """Who may take it, as buttons in the topic."""
        who.require(Right.ANSWER_CHATS)
        async with self._store.work(read_only=True) as work:
            ticket = await work.desk.ticket(number)
        if ticket is None or incoming.thread is None:
            return self._texts("topics.gone")
        others = [a for a in await self._staff.colleagues(who, ticket.court) if a.id != who.account][:_COLLEAGUES]
        if not others:
            return self._texts("topics.alone")
        buttons = rows(Button(a.name[:20], f"desk:to:{number}:{a.id}") for a in others)
        text = self._texts("topics.to_whom", number=number)
        await self._aside(incoming, incoming.thread, Reply(text, buttons, "topics.to_whom"))
        return self._texts("topics.done.hand")

    # -- words to staff --------------------------------------------------------------------------

    async def _refuse(self, incoming: Incoming, thread: int, error: Refusal) -> None:
        why = self._texts(error.code) if isinstance(error, _Told) else told(self._texts, error)
        text = self._texts("topics.not_sent", why=why)
        await self._aside(incoming, thread, Reply(text, key="topics.not_sent"))

    async def _aside(self, incoming: Incoming, thread: int, reply: Reply) -> None:
        async with self._store.work() as work:
            await work.topics.add(self._aside_row(incoming, thread, reply))
            if incoming.inbox_id is not None:
                await work.inbox.done([incoming.inbox_id], self._clock.now())
            await work.commit()
        self._feed.changed()

    def _aside_row(self, incoming: Incoming, thread: int, reply: Reply) -> AsideRow:
        now = self._clock.now()
        return AsideRow(self._ids.new(now), incoming.chat, thread, reply.payload(), now)


class _Told(DeskError):
    """A refusal that has its own sentence."""


def _first_number(title: str) -> int:
    """The number in a topic's name; 0 for a name that is not ours."""
    digits = title.removeprefix("#").split(" ")[0]
    return int(digits) if title.startswith("#") and digits.isdecimal() and len(digits) <= 9 else 0
