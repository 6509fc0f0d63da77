"""A sentence that asks for a sum or a day and names what it takes sets out on the calculator's path at once.

The matcher's topic decides what it is about, the words of `faq/calculators.yaml` whether a result is
wanted. Whatever is missing is asked for; whatever is not clear stays with the FAQ.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.consult.library import Library
from bot.consult.model import Context, Reason, Verdict
from bot.dialogue.flows.calc import WORDS
from bot.dialogue.flows.model import Opening
from bot.dialogue.scene import House, Scene
from bot.guide.instalments import check_parts
from bot.guide.model import CannotWorkOutError, checked_amount
from bot.guide.reading import LONGEST, Meant, impossible_day, unclear_amount
from bot.reach.amounts import foreign
from bot.reach.saying import plain

SURE = 0.3  # the probability from which a topic counts, beside words that ask for a result and name its data
Begin = Callable[[Scene, str, Opening], Awaitable[None]]


class Sums:
    """Finds calculations among what people write."""

    def __init__(self, library: Library, house: House, begin: Begin) -> None:
        """`begin` sets out on a path."""
        self._library = library
        self._house = house
        self._begin = begin

    def wants(self, text: str) -> bool:
        """Whether words may ask for a calculation; without looking anything up."""
        return len(text) <= LONGEST and self._house.cues.wants(text)

    async def begin_by_words(self, scene: Scene, text: str) -> bool:
        """Set out on the calculation that the words ask for, with what they tell already."""
        if not self.wants(text):
            return False
        verdict = self._library.match(text, Context(), scene.today)
        if verdict.reason in (Reason.CRISIS, Reason.PERSON):
            return False
        meant = self._house.cues.find(text, _topic(verdict), scene.today)
        if meant is None or not scene.turn.state.allow(self._house.settings.messages_per_minute, scene.turn.now):
            return False
        scene.turn.heard(text, scene.turn.incoming.kind, topic=meant.topic or None, decision="path")
        self._object(scene, text, meant)
        await self._begin(scene, f"calc_{meant.kind}", Opening(scene.today, text, source=WORDS, data=meant.data))
        return True

    def _object(self, scene: Scene, text: str, meant: Meant) -> None:
        """Say what cannot be: a day that does not exist, a sum beyond all use. It is then asked for."""
        if odd := impossible_day(text):
            scene.say("calc.wrong.no_such_day", day=odd)
            return
        if foreign(plain(text)):
            scene.say("calc.ask.foreign")
            return
        if "amount" not in meant.data and unclear_amount(text, scene.today):
            scene.say("calc.ask.which_amount")
            return
        try:
            if "amount" in meant.data:
                checked_amount(meant.data["amount"])
        except CannotWorkOutError as error:
            meant.data.pop("amount")
            scene.say(error.key, **error.params)
            return
        try:
            if {"amount", "each", "count"} <= meant.data.keys():
                check_parts(meant.data["amount"], meant.data["each"], meant.data["count"])
        except CannotWorkOutError as error:
            del meant.data["each"], meant.data["count"]
            scene.say(error.key, **error.params)


def _topic(verdict: Verdict) -> str:
    """The topic that the words are about, as far as it is sure; empty when they are about none."""
    best = verdict.candidates[0] if verdict.candidates else None
    return best.topic if best and best.score >= SURE and verdict.reason is not Reason.OUTSIDE else ""
