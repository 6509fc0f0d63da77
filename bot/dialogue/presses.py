"""Buttons: what a press does. Its data may come from an old message, or from somebody's own program."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.consult.library import Library
from bot.consult.model import Entry, Viewpoint
from bot.core.ids import long
from bot.dialogue.answering import Answering
from bot.dialogue.desk import Desk
from bot.dialogue.turn import Turn, is_public
from bot.dialogue.words import TOOLS, Words

_LARGEST = 2**63 - 1  # what a number in the database can be


class Presses:
    """Takes the turns in which somebody pressed a button."""

    def __init__(self, library: Library, words: Words, answering: Answering, desk: Desk, per_minute: int) -> None:
        self._library = library
        self._words = words
        self._answering = answering
        self._desk = desk
        self._per_minute = per_minute
        self._actions: dict[str, Callable[[Turn, str], Awaitable[None]]] = {
            "topic": self._open,
            "more": self._more,
            "law": self._law,
            "related": self._related,
            "cat": self._category,
            "menu": self._menu,
            "tools": self._tools,
            "fb": self._feedback,
            "human": self._human,
            "none": self._none,
            "side": self._side,
            "withdraw": self._withdraw,
            "court": self._court,
            "rate": self._rate,
            "solved": self._solved,
        }

    async def take(self, turn: Turn) -> None:
        """Answer the press, so that Telegram shows no clock on the button, and do what it says."""
        if not turn.pressed(self._per_minute, self._words.texts("pace.press")):
            return
        if turn.conversation.kind == "group" and not is_public(turn.incoming.data):
            turn.say(self._words.plain("group.private"))
        else:
            await self.act(turn, turn.incoming.data)

    async def act(self, turn: Turn, data: str) -> None:
        """What a button with that data does, pressed or typed."""
        name, _, rest = data.partition(":")
        action = self._actions.get(name)
        if action is None:
            self._gone(turn)
        else:
            await action(turn, rest)

    def _gone(self, turn: Turn) -> None:
        turn.say(self._words.plain("feedback.gone", self._words.menu_button()))

    def _entry(self, turn: Turn, topic: str) -> Entry | None:
        entry = self._answering.entry(topic)
        if entry is None:  # an old button of a topic that no longer exists
            self._gone(turn)
        return entry

    # -- topics ----------------------------------------------------------------------------------

    async def _open(self, turn: Turn, rest: str) -> None:
        if entry := self._entry(turn, rest):
            turn.mark(topic=entry.id, decision="chosen")
            self._answering.give(turn, entry)

    async def _more(self, turn: Turn, rest: str) -> None:
        if entry := self._entry(turn, rest):
            self._answering.more(turn, entry)

    async def _law(self, turn: Turn, rest: str) -> None:
        if entry := self._entry(turn, rest):
            self._answering.law(turn, entry)

    async def _related(self, turn: Turn, rest: str) -> None:
        if entry := self._entry(turn, rest):
            turn.say(self._words.related(self._library.knowledge, entry))

    async def _category(self, turn: Turn, rest: str) -> None:
        category, _, page = rest.partition(":")
        if category not in self._words.texts.under("menu.categories"):
            await self._menu(turn, "")
            return
        number = int(page) if page.isdecimal() else 0
        turn.say(self._words.category(self._library.knowledge, category, number))

    async def _menu(self, turn: Turn, _rest: str) -> None:
        turn.say(self._words.menu())

    async def _tools(self, turn: Turn, rest: str) -> None:
        turn.say(self._words.tools(rest) if rest in TOOLS else self._words.menu())

    async def _side(self, turn: Turn, rest: str) -> None:
        side, _, topic = rest.partition(":")
        if (entry := self._entry(turn, topic)) and side in set(Viewpoint):
            turn.state.viewpoint = side
            turn.mark(topic=entry.id, decision="chosen")
            self._answering.give(turn, entry)

    async def _feedback(self, turn: Turn, rest: str) -> None:
        code, _, value = rest.partition(":")
        try:
            number = long(code)
        except ValueError:
            number = 0
        helpful = value == "1"
        known = 0 < number <= _LARGEST
        if not known or not await turn.work.log.feedback(number, turn.conversation.id, 1 if helpful else -1):
            self._gone(turn)
        elif helpful:
            turn.say(self._words.plain("feedback.thanks"))
        else:
            turn.say(self._words.plain("feedback.sorry", self._words.menu_button(), self._words.human()))

    # -- a person --------------------------------------------------------------------------------

    async def _human(self, turn: Turn, _rest: str) -> None:
        await self._answering.human(turn)

    async def _none(self, turn: Turn, _rest: str) -> None:
        """都不是: asked back once, so now a person."""
        await self._answering.human(turn, why="missed")

    async def _withdraw(self, turn: Turn, rest: str) -> None:
        await self._desk.withdraw(turn, int(rest) if rest.isdecimal() else 0)

    async def _court(self, turn: Turn, rest: str) -> None:
        number, _, court = rest.partition(":")
        await self._desk.choose_court(turn, _number(number), court)

    async def _rate(self, turn: Turn, rest: str) -> None:
        number, _, value = rest.partition(":")
        await self._desk.rate(turn, _number(number), _number(value))

    async def _solved(self, turn: Turn, rest: str) -> None:
        """What a person says to a clerk's answer: 解决了, or 还有问题 (a new request that names the old one)."""
        solved, _, number = rest.partition(":")
        if solved == "1":
            await self._desk.solved(turn, _number(number))
        else:
            said = self._words.texts("handoff.follows", number=number[:20])
            await self._answering.human(turn, said, key="handoff.reopened")


def _number(text: str) -> int:
    """The number in a button's data; 0 for whatever is none, or far too large."""
    return int(text) if text.isdecimal() and len(text) <= 10 else 0
