"""What is said to a question once it is judged: an answer, a question back, a pointer, or a person."""

from __future__ import annotations

from collections.abc import Sequence

from bot.consult.following import SMALL_TALK
from bot.consult.library import Library
from bot.consult.model import Decision, Entry, Reason, Verdict
from bot.core.clock import local_day
from bot.dialogue.desk import Desk
from bot.dialogue.model import Reply
from bot.dialogue.turn import Turn
from bot.dialogue.words import Words

# Questions back that are worth less than what a person in a particular situation can be told.
_WEAK = frozenset({Reason.GENERIC, Reason.UNSURE, Reason.NEGATION})


class Answering:
    """Carries a verdict out; what it needs of the past stands in the turn's state."""

    def __init__(self, library: Library, words: Words, desk: Desk) -> None:
        self._library = library
        self._words = words
        self._desk = desk

    async def act(
        self, turn: Turn, verdict: Verdict, said: str, *, lead: str = "", instead: Reply | None = None
    ) -> None:
        """Do what the verdict says about what was `said`.

        `instead` is said where no topic is clear: somebody who waits for a person, or who sent a
        picture, hears something better than a question back.
        """
        asked_back = turn.state.clarifies
        turn.state.keep(verdict, turn.now)
        if verdict.reason is Reason.CRISIS:
            await self.crisis(turn, said)
        elif verdict.reason is Reason.PERSON:
            await self.human(turn, said)
        elif verdict.decision is Decision.ANSWER and (entry := self.entry(verdict.best)):
            self.give(turn, entry, verdict, lead, said)
        elif instead and (verdict.decision is Decision.HANDOFF or verdict.reason in _WEAK):
            turn.state.nothing_open()
            turn.say(instead)
        elif verdict.decision is Decision.CLARIFY:
            self._ask_back(turn, verdict)
        elif kind := self._library.knowledge.outside.get(verdict.outside or ""):
            turn.state.misses = 0
            turn.say(self._words.outside(self._library.knowledge, kind))
        elif verdict.reason is Reason.EXPIRED:
            self._withhold(turn)
        else:
            await self._missed(turn, said, asked_back)

    def entry(self, topic: str | None) -> Entry | None:
        """The entry of a topic, if there still is one."""
        return self._library.knowledge.entries.get(topic or "")

    # -- a topic ---------------------------------------------------------------------------------

    def give(self, turn: Turn, entry: Entry, verdict: Verdict | None = None, lead: str = "", said: str = "") -> None:
        """Say an entry's answer, unless it is past its day."""
        if not self._in_force(turn, entry):
            return
        if entry.category == SMALL_TALK:
            turn.state.misses = 0
            turn.say(self._words.small_talk(self._library.knowledge, entry))
            return
        group = turn.conversation.kind == "group"
        if verdict and not group:  # in a group not even an amount is repeated
            lead = "\n\n".join(filter(None, [lead, self._words.worked_out(entry, said, local_day(turn.now))]))
        others = self._others(entry, verdict.others if verdict else ())
        reply = self._words.answer(
            self._library.knowledge, entry, turn.message_id, lead=lead, group=group, others=others
        )
        turn.state.answered(entry.id, turn.now)
        turn.say(reply)

    def _others(self, entry: Entry, topics: Sequence[str]) -> list[Entry]:
        found = (self.entry(topic) for topic in topics if topic != entry.id)
        return [each for each in found if each and each.category != SMALL_TALK][:2]

    def more(self, turn: Turn, entry: Entry) -> None:
        """Say what stands behind 详细说说, unless it is past its day."""
        if self._in_force(turn, entry):
            turn.state.topic, turn.state.topic_at = entry.id, turn.now.timestamp()
            turn.say(self._words.more(self._library.knowledge, entry))

    def law(self, turn: Turn, entry: Entry) -> None:
        """Quote the law that an entry rests on, unless its answer is past its day."""
        if self._in_force(turn, entry):
            turn.say(self._words.law(self._library.knowledge, entry))

    def _in_force(self, turn: Turn, entry: Entry) -> bool:
        if entry.in_force(local_day(turn.now)):
            return True
        self._withhold(turn)
        return False

    def _withhold(self, turn: Turn) -> None:
        turn.state.nothing_open()
        turn.say(self._words.plain("handoff.expired", self._words.menu_button(), self._words.human()))

    # -- asking back -----------------------------------------------------------------------------

    def _ask_back(self, turn: Turn, verdict: Verdict) -> None:
        known = [entry for c in verdict.candidates if (entry := self.entry(c.topic))][:3]
        sides = [(side, topic) for side, topic in verdict.ask_viewpoint if self.entry(topic)]
        if len(sides) > 1:
            turn.say(self._words.sides(sides))
        elif known and verdict.reason is not Reason.GENERIC:
            turn.say(self._words.choices(known))
        else:
            self.invite(turn)

    def invite(self, turn: Turn) -> None:
        """Nothing was asked yet: say what a question should hold, and show the menu."""
        turn.state.asks_back([])
        turn.say(self._words.menu("clarify.generic"))

    async def _missed(self, turn: Turn, said: str, asked_back: bool) -> None:
        """No topic: say so; the second time in a row a person takes over without being asked."""
        turn.state.misses += 1
        again = turn.state.misses >= 2 or asked_back
        if again and turn.conversation.kind == "private":
            turn.state.misses = 0
            await self._desk.register(turn, why="missed", key="handoff.missed", said=said)
        else:
            turn.say(self._words.plain("handoff.unknown", self._words.menu_button(), self._words.human()))

    # -- a person --------------------------------------------------------------------------------

    async def human(self, turn: Turn, said: str = "", *, why: str = "asked", key: str = "handoff.registered") -> None:
        """转人工, pressed or said; in a group only privately."""
        turn.state.nothing_open()
        if turn.conversation.kind == "group":
            turn.say(self._words.plain("handoff.group"))
        else:
            await self._desk.register(turn, why=why, key=key, said=said)

    async def crisis(self, turn: Turn, said: str) -> None:
        """Danger to life: the emergency numbers, and people who are told at once."""
        turn.state.nothing_open()
        if turn.conversation.kind == "group":
            await self._desk.alarm(turn, said)
            turn.say(self._words.plain("crisis.group"))
        else:
            await self._desk.register(turn, why="crisis", key="crisis.now", said=said, urgent=True)
