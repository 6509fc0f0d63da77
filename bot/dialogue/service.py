"""Turns in groups: each turn's effects, log and replies are committed together, then sent.

What arrives while one transaction runs shares the next one, so that a busy hour costs few commits.
If anything in a group fails, its turns are taken one by one, so that one bad message harms no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.clock import Clock
from bot.core.ids import Ids
from bot.core.log import get
from bot.core.metrics import TURN_SECONDS
from bot.dialogue.model import Incoming
from bot.dialogue.state import State
from bot.dialogue.turn import Turn
from bot.post.inbox import NotYet
from bot.post.outbox import Sender
from bot.store.rows import ConversationRow
from bot.store.work import Store, Work

log = get(__name__)

# Turns that share one transaction at most. More would save commits, but the records of what was sent
# wait for the transaction to end, and what is not recorded when the process is killed is sent again.
GROUP = 8
OVERTAKE_AFTER = timedelta(seconds=60)  # an answer that another process cannot get rid of is overtaken then


class Responder(Protocol):
    """Decides what a turn says and does."""

    async def respond(self, turn: Turn) -> None:
        """Take one turn; what it writes goes through the turn's unit of work."""
        ...


class Dialogue:
    """The one way in for everything that a person does in a chat."""

    def __init__(
        self,
        store: Store,
        sender: Sender,
        responder: Responder,
        clock: Clock,
        ids: Ids,
        worker: str,
        ahead: Callable[[Incoming], Awaitable[Incoming]] | None = None,
    ) -> None:
        """`ahead` may add to what came in before its turn begins: it may wait for others, a turn may not."""
        self._store = store
        self._sender = sender
        self._responder = responder
        self._clock = clock
        self._ids = ids
        self._worker = worker
        self._ahead = ahead
        self._pending: list[tuple[Incoming, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    def lane(self, channel: str, chat: int) -> str:
        """The pseudonymous key of a chat."""
        return self._store.vault.pseudonym(channel, chat)

    async def turn(self, incoming: Incoming) -> None:
        """Return when the turn is committed and its replies are on their way.

        Raises what the turn raised (nothing of it is then kept), and `NotYet` while another
        process holds this chat.
        """
        if self._ahead:
            incoming = await self._ahead(incoming)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((incoming, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work_off(), name="dialogue")
        await future

    async def _work_off(self) -> None:
        while self._pending:
            group = self._next_group()
            try:
                held = await self._take([incoming for incoming, _ in group])
            except Exception as error:  # noqa: BLE001 - sorted out below, one by one
                if len(group) == 1:
                    _settle(group[0][1], error)
                else:
                    await self._one_by_one(group)
                continue
            for incoming, future in group:
                _settle(future, NotYet() if incoming in held else None)

    def _next_group(self) -> list[tuple[Incoming, asyncio.Future[None]]]:
        """Up to `GROUP` turns, of each chat at most one."""
        group: list[tuple[Incoming, asyncio.Future[None]]] = []
        rest: list[tuple[Incoming, asyncio.Future[None]]] = []
        chats: set[tuple[str, int]] = set()
        for item in self._pending:
            key = (item[0].channel, item[0].chat)
            if key in chats or len(group) >= GROUP:
                rest.append(item)
            else:
                chats.add(key)
                group.append(item)
        self._pending = rest
        return group

    async def _one_by_one(self, group: Sequence[tuple[Incoming, asyncio.Future[None]]]) -> None:
        for incoming, future in group:
            try:
                held = await self._take([incoming])
            except Exception as error:  # noqa: BLE001 - handed to the one whose turn it was
                _settle(future, error)
            else:
                _settle(future, NotYet() if held else None)

    async def _take(self, group: Sequence[Incoming]) -> list[Incoming]:
        """Take these turns in one transaction; the answer is those that another process holds."""
        with TURN_SECONDS.time():
            turns, held = await self._commit(group)
        # A channel that this process does not serve (a notice to Telegram out of the terminal) waits for one that does.
        served = set(self._sender.channels)
        self._sender.submit(o for t in turns for o in t.outgoing if o.channel in served)
        return held

    async def _commit(self, group: Sequence[Incoming]) -> tuple[list[Turn], list[Incoming]]:
        async with self._store.work() as work:
            now = self._clock.now()
            lanes = {self.lane(i.channel, i.chat): i for i in group}
            mine, held = await self._claim(work, lanes, now)
            known = await work.conversations.load(list(mine))
            turns = [self._turn(work, known.get(lane), lane, incoming) for lane, incoming in mine.items()]
            # Before anything is decided: what a turn writes, such as a request, points to its conversation.
            await work.conversations.add([t.conversation for t in turns if t.conversation.is_new], now)
            for turn in turns:
                await asyncio.sleep(0)  # finding a topic takes a while: let what has arrived be looked at
                await self._responder.respond(turn)
                turn.remember()
                turn.conversation.state = turn.state.data()
            await work.conversations.save([t.conversation for t in turns], now)
            await work.log.add([m for t in turns for m in t.messages])
            await work.outbox.add([o for t in turns for o in t.outgoing], self._worker, now)
            await work.inbox.done([i.inbox_id for i in mine.values() if i.inbox_id is not None], now)
            await work.commit()
        return turns, held

    async def _claim(
        self, work: Work, lanes: dict[str, Incoming], now: datetime
    ) -> tuple[dict[str, Incoming], list[Incoming]]:
        """The turns that this process may take now, and those that it must try again later.

        With replicas a turn is ours when the chat's lock is ours, its update is the chat's oldest
        unhandled one, and no other process still has an answer to send there. What stands in
        neither answer was handled by another process meanwhile.
        """
        if not self._store.replicated:
            return lanes, []
        locked = await work.conversations.lock(list(lanes))
        locked -= await work.outbox.held_elsewhere(list(locked), self._worker, now - OVERTAKE_AFTER)
        oldest = await work.inbox.first_waiting(list(locked))
        mine, held = {}, []
        for lane, incoming in lanes.items():
            number = incoming.inbox_id
            if lane in locked and (number is None or oldest.get(lane) == number):
                mine[lane] = incoming
            elif lane not in locked or (number is not None and oldest.get(lane, number + 1) < number):
                held.append(incoming)
        return mine, held

    def _turn(self, work: Work, row: ConversationRow | None, lane: str, incoming: Incoming) -> Turn:
        now = self._clock.now()
        if row is None:
            row = ConversationRow(
                id=self._ids.new(now),
                lane=lane,
                channel=incoming.channel,
                kind=incoming.chat_kind,
                person=self._store.vault.pseudonym(incoming.channel, "person", incoming.person),
                address={"chat": incoming.chat, "name": incoming.name},
                state={},
                created_at=now,
                is_new=True,
            )
        if incoming.kind != "blocked":
            row.unreachable = None  # whoever writes can be reached again
        return Turn(incoming, row, State.of(row.state), work, now, self._ids, self._store.vault)


def _settle(future: asyncio.Future[None], error: Exception | None) -> None:
    if future.done():
        return
    if error:
        future.set_exception(error)
    else:
        future.set_result(None)
