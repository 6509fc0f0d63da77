"""The conversation of consultation: what is said to each thing that a person may do."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.consult.following import settled
from bot.consult.library import Library
from bot.consult.model import Context, Reason, Verdict
from bot.consult.rerank import Choice, with_choice
from bot.core.clock import local_day
from bot.core.privacy import mask_identifiers
from bot.dialogue.answering import Answering
from bot.dialogue.desk import Desk
from bot.dialogue.heard import Heard, bare
from bot.dialogue.model import Reply
from bot.dialogue.presses import Presses
from bot.dialogue.turn import Turn
from bot.dialogue.words import Words

LONGEST_QUESTION = 1500  # characters; beyond that people paste whole documents
_SILENT_KINDS = frozenset({"location"})  # when edited: a live location moves on its own, every few seconds


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
        self._heard = Heard(words.texts)
        self._answering = Answering(library, words, desk)
        # A button costs a person less than a sentence, so twice as many are let through.
        self._presses = Presses(library, words, self._answering, desk, settings.messages_per_minute * 2)
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
        if turn.conversation.kind == "group":
            turn.state.heard_from(turn.vault.pseudonym(incoming.channel, "person", incoming.person))
        if incoming.kind == "button":
            await self._presses.take(turn)
        elif incoming.kind in ("blocked", "unblocked"):
            self._reachability(turn)
        elif incoming.album and incoming.album == turn.state.album and not incoming.text:
            turn.heard("", incoming.kind)  # one word about an album, not one per picture
        elif not turn.state.allow(self._settings.messages_per_minute, turn.now):
            await self._slowed(turn)
        elif incoming.kind == "command":
            await self._command(turn)
        elif incoming.kind == "edited":
            await self._edited(turn)
        elif incoming.kind == "text":
            await self._text(turn, incoming.text.strip())
        else:
            await self._noted(turn)

    # -- words -----------------------------------------------------------------------------------

    async def _text(self, turn: Turn, text: str, lead: str = "") -> None:
        """Somebody wrote something: a choice among what was offered, or a question."""
        if not bare(text):  # signs and smileys only
            turn.heard(text, turn.incoming.kind)
            turn.say(self._words.plain("noted.sticker", self._words.menu_button()))
        elif not await self._shorthand(turn, text):
            await self._question(turn, text, lead)

    async def _question(self, turn: Turn, text: str, lead: str) -> None:
        verdict, ms = self._judge(turn, text)
        turn.heard(text, turn.incoming.kind, **self._marks(verdict, ms))
        turn.state.question_id = turn.incoming.external_id
        number = None
        if verdict.reason not in (Reason.PERSON, Reason.CRISIS):  # those add the words themselves
            number = await self._desk.add(turn, text)
        if number and not lead:
            lead = self._texts("handoff.appended_too", number=number)
        await self._answering.act(turn, verdict, text, lead=lead, instead=self._instead(turn, text, number))

    def _judge(self, turn: Turn, text: str) -> tuple[Verdict, float]:
        """The verdict on a question, and the milliseconds that it took."""
        context = turn.state.context(turn.now, self._settings.lean)
        if len(text) > LONGEST_QUESTION:  # a whole story leans on nothing that was said before
            context = Context(viewpoint=context.viewpoint)
        started = time.perf_counter()
        verdict = settled(context, self._library.match(text[-LONGEST_QUESTION:], context, local_day(turn.now)))
        if opinion := turn.incoming.opinion:
            verdict = with_choice(verdict, Choice(opinion.among, opinion.topic), context)
        return verdict, (time.perf_counter() - started) * 1000

    def _instead(self, turn: Turn, text: str, number: int | None) -> Reply | None:
        """What to say where no topic is clear, if this person's situation knows something better."""
        if number:
            return self._words.plain("handoff.appended", number=number)
        if turn.incoming.kind not in ("text", "edited", "command"):
            return self._about(turn.incoming.kind)
        if len(text) > LONGEST_QUESTION:
            return self._words.plain("noted.too_long", self._words.menu_button(), self._words.human())
        return None

    async def _shorthand(self, turn: Turn, text: str) -> bool:
        """Whether the words only stood for a button, which is then pressed."""
        state, meaning, press = turn.state, self._heard(text), self._heard.place(text)
        if meaning is None and press is None:
            return False
        choice = self._heard.choice(text)
        if choice:
            press = self._chosen(turn, choice)
        elif meaning == "none" and state.clarifies:
            press = "none"
        elif meaning in ("more", "related") and state.topic:
            press = f"{meaning}:{state.topic}"
        elif meaning == "withdraw" and state.request:
            press = f"withdraw:{state.request}"
        elif meaning == "solved":
            press = "solved:1"
        if press is None and not choice:
            return False
        turn.heard(text, turn.incoming.kind)
        if press:
            await self._presses.act(turn, press)
        else:
            self._answering.invite(turn)  # a number, and nothing to choose from
        return True

    def _chosen(self, turn: Turn, choice: int) -> str | None:
        """The button that 「第二个」 stands for."""
        state = turn.state
        if not state.clarifies or choice > len(state.offered):
            return None
        topic = state.offered[choice - 1]
        side = next((side for side, about in state.sides.items() if about == topic), None)
        return f"side:{side}:{topic}" if side else f"topic:{topic}"

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

    # -- what is no new question -----------------------------------------------------------------

    async def _edited(self, turn: Turn) -> None:
        """An edit is a new version in the log; if it was the last question, it is answered anew."""
        incoming, text = turn.incoming, turn.incoming.text.strip()
        if not text and incoming.data in _SILENT_KINDS:
            return
        seen = await turn.work.log.versions(turn.conversation.id, incoming.external_id or 0)
        is_last = incoming.external_id is not None and incoming.external_id == turn.state.question_id
        is_new = not seen or seen[-1].text != mask_identifiers(text)
        if is_new and text and (is_last or self._is_crisis(turn, text)):
            await self._text(turn, text, lead=self._texts("answer.edited"))
        else:
            turn.heard(text, "edited")
            if is_new and text:
                await self._desk.add(turn, text)
        turn.mark(version=len(seen) + 1, kind="edited")

    async def _noted(self, turn: Turn) -> None:
        """Pictures, voice and the like: words written under them count, else it is told what helps instead."""
        incoming, text = turn.incoming, turn.incoming.text.strip()
        turn.state.album = incoming.album
        if bare(text):
            await self._text(turn, text, lead=self._texts("noted.caption"))
            return
        turn.heard(text, incoming.kind)
        sent = "" if incoming.kind == "sticker" else self._texts("noted.in_request", kind=self._kind(incoming.kind))
        number = await self._desk.add(turn, sent) if sent else None  # a smiley is nothing to hand in
        turn.say(self._words.plain("noted.while_waiting", number=number) if number else self._about(incoming.kind))

    def _kind(self, kind: str) -> str:
        return self._texts(f"kinds.{kind}" if f"kinds.{kind}" in self._texts else "kinds.other")

    def _about(self, kind: str) -> Reply:
        key = f"noted.{kind}" if f"noted.{kind}" in self._texts else "noted.other"
        return self._words.plain(key, self._words.menu_button(), self._words.human())

    async def _slowed(self, turn: Turn) -> None:
        """Faster than can be answered: kept, told so once a minute; a cry for help is heard all the same."""
        incoming = turn.incoming
        turn.heard(incoming.text, incoming.kind, decision="slowed")
        if self._is_crisis(turn, incoming.text):
            await self._answering.crisis(turn, incoming.text)
            return
        await self._desk.add(turn, incoming.text)
        if turn.now.timestamp() - turn.state.slowed_at >= 60:
            turn.state.slowed_at = turn.now.timestamp()
            turn.say(self._words.plain("pace.slow"))

    def _is_crisis(self, turn: Turn, text: str) -> bool:
        return bool(text) and self._judge(turn, text)[0].reason is Reason.CRISIS

    def _reachability(self, turn: Turn) -> None:
        turn.heard("", turn.incoming.kind)
        turn.conversation.unreachable = "blocked" if turn.incoming.kind == "blocked" else None

    # -- commands --------------------------------------------------------------------------------

    async def _command(self, turn: Turn) -> None:
        incoming = turn.incoming
        action = self._commands.get(incoming.text)
        if action:
            turn.heard(f"/{incoming.text} {incoming.data}".strip(), "command")
            await action(turn)
        elif turn.conversation.kind == "private":
            await self._text(turn, incoming.data or incoming.text)
        else:  # what works in private only, such as /mine
            turn.heard(f"/{incoming.text}", "command")
            turn.say(self._words.plain("group.private"))

    async def _start(self, turn: Turn) -> None:
        first, turn.state.greeted = not turn.state.greeted, True
        turn.state.nothing_open()
        turn.state.misses, turn.state.topic = 0, None
        if first or turn.incoming.text == "help":
            turn.say(self._words.plain("start.welcome"))
            if first:
                turn.say(self._words.plain("start.privacy", days=self._settings.retention_days))
            turn.say(self._words.menu())
        else:
            turn.say(self._words.menu("start.again"))

    async def _menu(self, turn: Turn) -> None:
        turn.say(self._words.menu())

    async def _human(self, turn: Turn) -> None:
        await self._answering.human(turn, turn.incoming.data)

    async def _privacy(self, turn: Turn) -> None:
        turn.say(self._words.plain("start.privacy", days=self._settings.retention_days))
        turn.say(self._words.plain("privacy.contact", self._words.human()))
