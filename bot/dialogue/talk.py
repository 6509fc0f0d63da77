"""The conversation of consultation: what is said to each thing that a person may do."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.consult.library import Library
from bot.consult.model import Decision, Entry, Reason, Verdict
from bot.core.clock import local_day
from bot.core.ids import long
from bot.core.log import get
from bot.core.privacy import mask_identifiers
from bot.dialogue.desk import Desk
from bot.dialogue.model import Reply
from bot.dialogue.turn import Turn
from bot.dialogue.words import Words

log = get(__name__)

LONGEST_QUESTION = 1500  # characters; beyond that people paste whole documents
_NUMBER = re.compile(r"^\s*(?:\D{0,2})([1-3１-３一二三])(?:\D{0,2})\s*$")
_DIGIT = {"一": 1, "二": 2, "三": 3, "１": 1, "２": 2, "３": 3}


@dataclass(frozen=True, slots=True)
class TalkSettings:
    """The few numbers that the conversation depends on."""

    messages_per_minute: int = 20
    lean: timedelta = timedelta(minutes=30)
    retention_days: int = 730


class Talk:
    """Answers one turn; everything it knows of the past stands in the turn's state."""

    def __init__(self, library: Library, words: Words, desk: Desk, settings: TalkSettings) -> None:
        self._library = library
        self._words = words
        self._texts = words.texts
        self._desk = desk
        self._settings = settings
        self._presses: dict[str, Callable[[Turn, str], Awaitable[None]]] = {
            "topic": self._open,
            "more": self._more,
            "related": self._related,
            "cat": self._category,
            "menu": self._menu,
            "fb": self._feedback,
            "human": self._human,
            "none": self._none,
            "side": self._side,
            "withdraw": self._withdraw,
            "solved": self._solved,
        }
        self._commands: dict[str, Callable[[Turn], Awaitable[None]]] = {
            "start": self._start,
            "help": self._start,
            "menu": self._menu,
            "human": self._human,
            "privacy": self._privacy,
            "requests": desk.list_requests,
            "answer": desk.answer,
        }

    async def respond(self, turn: Turn) -> None:
        """Take one turn (the `Responder` of the dialogue service)."""
        incoming = turn.incoming
        if not incoming.addressed:
            return  # a group's own talk is none of our business: not answered, not stored
        if incoming.kind == "button":
            await self._press(turn)
        elif incoming.kind in ("blocked", "unblocked"):
            self._reachability(turn)
        elif not self._allowed(turn):
            turn.heard(incoming.text, incoming.kind, decision="slowed")
        elif incoming.kind == "command" and incoming.text in self._commands:
            turn.heard(f"/{incoming.text} {incoming.data}".strip(), "command")
            await self._commands[incoming.text](turn)
        elif incoming.kind == "edited":
            await self._edited(turn)
        elif incoming.kind in ("text", "command"):
            await self._text(turn)
        else:
            self._noted(turn)

    # -- words -----------------------------------------------------------------------------------

    async def _text(self, turn: Turn, lead: str = "") -> None:
        text = turn.incoming.text.strip()
        if not text:
            turn.heard("", "text")
            turn.say(self._words.plain("noted.other", self._words.menu_button()))
            return
        if chosen := self._chosen(turn, text):
            turn.heard(text, "text", topic=chosen, decision="chosen")
            self._give(turn, self._library.knowledge.entries[chosen])
            return
        context = turn.state.context(turn.now, self._settings.lean)
        started = time.perf_counter()
        verdict = self._library.match(text[-LONGEST_QUESTION:], context, local_day(turn.now))
        ms = (time.perf_counter() - started) * 1000
        turn.heard(text, turn.incoming.kind, **self._marks(verdict, ms))
        turn.state.question = mask_identifiers(text)[-300:]
        turn.state.question_id = turn.incoming.external_id
        if verdict.viewpoint:
            turn.state.viewpoint = verdict.viewpoint.value
        await self._act(turn, verdict, lead)

    def _chosen(self, turn: Turn, text: str) -> str | None:
        """The topic that 「2」 or 「第二个」 picks from the choices offered just before."""
        found = _NUMBER.match(text)
        if not (turn.state.clarifies and found):
            return None
        digit = found.group(1)
        number = _DIGIT.get(digit) or int(digit)
        offered = [t for t in turn.state.offered if t in self._library.knowledge.entries]
        return offered[number - 1] if number <= len(offered) else None

    def _marks(self, verdict: Verdict, ms: float) -> dict[str, object]:
        best = verdict.candidates[0] if verdict.candidates else None
        return {
            "topic": verdict.outside or (best.topic if best else None),
            "score": round(best.score, 4) if best else None,
            "decision": verdict.decision.value,
            "reason": verdict.reason.value,
            "candidates": " ".join(f"{c.topic}:{c.score:.3f}" for c in verdict.candidates)[:400] or None,
            "knowledge": self._library.knowledge.version,
            "ms": round(ms, 2),
        }

    async def _act(self, turn: Turn, verdict: Verdict, lead: str) -> None:
        group = turn.conversation.kind == "group"
        if verdict.reason is Reason.CRISIS:
            await self._crisis(turn)
        elif verdict.reason is Reason.PERSON:
            await self._human(turn)
        elif verdict.decision is Decision.ANSWER and verdict.best:
            self._give(turn, self._library.knowledge.entries[verdict.best], verdict, lead)
        elif verdict.decision is Decision.CLARIFY:
            self._ask_back(turn, verdict, group=group)
        elif kind := self._library.knowledge.outside.get(verdict.outside or ""):
            turn.state.misses, turn.state.clarifies = 0, False
            turn.say(self._words.outside(kind))
        elif verdict.reason is Reason.EXPIRED:
            turn.say(self._words.plain("handoff.expired", self._words.human()))
        else:
            await self._missed(turn)

    def _give(self, turn: Turn, entry: Entry, verdict: Verdict | None = None, lead: str = "") -> None:
        """Say an entry's answer, unless it is past its day."""
        if not entry.in_force(local_day(turn.now)):
            turn.say(self._words.plain("handoff.expired", self._words.human()))
            return
        knowledge = self._library.knowledge
        others = [knowledge.entries[t] for t in verdict.others[:2] if t in knowledge.entries] if verdict else []
        lead = lead or (self._words.worked_out(entry, verdict) if verdict else "")
        reply = self._words.answer(
            knowledge, entry, turn.message_id, lead=lead, group=turn.conversation.kind == "group", others=others
        )
        turn.state.answered(entry.id, turn.now)
        turn.say(reply)

    def _ask_back(self, turn: Turn, verdict: Verdict, *, group: bool) -> None:
        entries = self._library.knowledge.entries
        known = [entries[c.topic] for c in verdict.candidates if c.topic in entries][:3]
        if verdict.ask_viewpoint:
            sides = [(side, topic) for side, topic in verdict.ask_viewpoint if topic in entries]
            turn.state.offered, turn.state.clarifies = [topic for _, topic in sides], True
            turn.say(self._words.sides(sides))
        elif known:
            turn.state.offered, turn.state.clarifies = [e.id for e in known], True
            turn.say(self._words.choices(known, group=group))
        else:
            turn.state.offered, turn.state.clarifies = [], True
            turn.say(self._words.menu("clarify.generic"))

    async def _missed(self, turn: Turn) -> None:
        """No topic: say so; the second time in a row a person takes over without being asked."""
        turn.state.misses += 1
        again = turn.state.misses >= 2 or turn.state.clarifies
        turn.state.clarifies, turn.state.offered = False, []
        if again and turn.conversation.kind == "private":
            turn.state.misses = 0
            await self._desk.register(turn, why="missed", key="handoff.missed")
        else:
            turn.say(self._words.plain("handoff.unknown", self._words.menu_button(), self._words.human()))

    async def _crisis(self, turn: Turn) -> None:
        if turn.conversation.kind == "group":
            turn.say(Reply(self._texts("crisis.group"), key="crisis.group"))
        else:
            await self._desk.register(turn, why="crisis", key="crisis.now", urgent=True)

    async def _edited(self, turn: Turn) -> None:
        """An edit is a new version in the log; if it was the last question, it is answered anew."""
        incoming = turn.incoming
        seen = await turn.work.log.versions(turn.conversation.id, incoming.external_id or 0)
        is_last = incoming.external_id is not None and incoming.external_id == turn.state.question_id
        if is_last and mask_identifiers(incoming.text)[-300:] != turn.state.question:
            await self._text(turn, lead=self._texts("answer.edited"))
        else:
            turn.heard(incoming.text, "edited")
        turn.mark(version=seen + 1, kind="edited")

    def _noted(self, turn: Turn) -> None:
        """Pictures, voice and the like: kept in the log, and told what helps instead."""
        incoming = turn.incoming
        turn.heard(incoming.text, incoming.kind)
        if incoming.album and incoming.album == turn.state.album:
            return  # one word of thanks for an album, not one per picture
        turn.state.album = incoming.album
        key = f"noted.{incoming.kind}"
        if key not in self._texts:
            key = "noted.other"
        turn.say(self._words.plain(key, self._words.menu_button(), self._words.human()))

    def _reachability(self, turn: Turn) -> None:
        blocked = turn.incoming.kind == "blocked"
        turn.heard("", turn.incoming.kind)
        turn.conversation.unreachable = "blocked" if blocked else None

    def _allowed(self, turn: Turn) -> bool:
        """Whether this person keeps to a speed that can be answered; told once a minute if not."""
        if turn.state.allow(self._settings.messages_per_minute, turn.now):
            return True
        if turn.now.timestamp() - turn.state.slowed_at >= 60:
            turn.state.slowed_at = turn.now.timestamp()
            turn.say(self._words.plain("pace.slow"))
        return False

    # -- commands --------------------------------------------------------------------------------

    async def _start(self, turn: Turn) -> None:
        first, turn.state.greeted = not turn.state.greeted, True
        turn.state.offered, turn.state.clarifies, turn.state.misses, turn.state.topic = [], False, 0, None
        if first:
            turn.say(Reply(self._texts("start.welcome"), key="start.welcome"))
            turn.say(Reply(self._texts("start.privacy", days=self._settings.retention_days), key="start.privacy"))
            turn.say(self._words.menu())
        elif turn.incoming.text == "help":
            turn.say(Reply(self._texts("start.welcome"), key="start.welcome"))
            turn.say(self._words.menu())
        else:
            turn.say(self._words.menu("start.again"))

    async def _privacy(self, turn: Turn) -> None:
        turn.say(Reply(self._texts("start.privacy", days=self._settings.retention_days), key="start.privacy"))
        self._give(turn, self._library.knowledge.entries["service.privacy"])

    # -- presses ---------------------------------------------------------------------------------

    async def _press(self, turn: Turn) -> None:
        name, _, rest = turn.incoming.data.partition(":")
        turn.heard(turn.incoming.data, "button")
        self._toast(turn)
        press = self._presses.get(name)
        if press is None:
            turn.say(self._words.plain("feedback.gone", self._words.menu_button()))
        elif turn.state.allow(self._settings.messages_per_minute * 2, turn.now):
            await press(turn, rest)

    def _toast(self, turn: Turn, text: str = "") -> None:
        """Every press is answered, or Telegram shows a clock on the button."""
        turn.say(Reply(text, kind="toast", callback=turn.incoming.callback, key="toast"))

    def _entry(self, turn: Turn, topic: str) -> Entry | None:
        entry = self._library.knowledge.entries.get(topic)
        if entry is None:  # an old button of a topic that no longer exists
            turn.say(self._words.plain("feedback.gone", self._words.menu_button()))
        return entry

    async def _open(self, turn: Turn, rest: str) -> None:
        if entry := self._entry(turn, rest):
            turn.mark(topic=entry.id, decision="chosen")
            self._give(turn, entry)

    async def _more(self, turn: Turn, rest: str) -> None:
        if entry := self._entry(turn, rest):
            turn.state.topic, turn.state.topic_at = entry.id, turn.now.timestamp()
            turn.say(self._words.more(self._library.knowledge, entry))

    async def _related(self, turn: Turn, rest: str) -> None:
        if entry := self._entry(turn, rest):
            turn.say(self._words.related(self._library.knowledge, entry))

    async def _category(self, turn: Turn, rest: str) -> None:
        category, _, page = rest.partition(":")
        if category not in self._texts.under("menu.categories"):
            turn.say(self._words.menu())
            return
        number = int(page) if page.isdecimal() else 0
        turn.say(self._words.category(self._library.knowledge, category, number))

    async def _menu(self, turn: Turn, _rest: str = "") -> None:
        turn.say(self._words.menu())

    async def _feedback(self, turn: Turn, rest: str) -> None:
        code, _, value = rest.partition(":")
        try:
            number = long(code)
        except ValueError:
            number = 0
        helpful = value == "1"
        if not await turn.work.log.feedback(number, turn.conversation.id, 1 if helpful else -1):
            turn.say(self._words.plain("feedback.gone", self._words.menu_button()))
        elif helpful:
            turn.say(self._words.plain("feedback.thanks"))
        else:
            turn.say(self._words.plain("feedback.sorry", self._words.menu_button(), self._words.human()))

    async def _human(self, turn: Turn, _rest: str = "") -> None:
        if turn.conversation.kind == "group":
            turn.say(self._words.plain("handoff.group"))
        else:
            await self._desk.register(turn, why="asked", key="handoff.registered")

    async def _none(self, turn: Turn, _rest: str) -> None:
        """都不是: asked back once, so now a person."""
        turn.state.clarifies, turn.state.offered = False, []
        if turn.conversation.kind == "group":
            turn.say(self._words.plain("handoff.group"))
        else:
            await self._desk.register(turn, why="missed", key="handoff.registered")

    async def _side(self, turn: Turn, rest: str) -> None:
        side, _, topic = rest.partition(":")
        if entry := self._entry(turn, topic):
            turn.state.viewpoint = side
            turn.mark(topic=entry.id, decision="chosen")
            self._give(turn, entry)

    async def _withdraw(self, turn: Turn, rest: str) -> None:
        await self._desk.withdraw(turn, int(rest) if rest.isdecimal() else 0)

    async def _solved(self, turn: Turn, rest: str) -> None:
        if rest == "1":
            turn.say(self._words.plain("handoff.solved"))
        else:
            await self._human(turn)
