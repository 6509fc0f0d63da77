"""What a turn leaves for the next one to lean on: one rule for the dialogue, `faq match` and the evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.consult.model import Candidate, Context, Decision, Reason, Verdict

SMALL_TALK = "chat"  # the category of greetings and thanks: no topic that the next question may lean on
OFFERED = 3  # choices in a question back

Judge = Callable[[str, Context], Verdict]
Chooser = Callable[[str], int | None]  # which of the choices offered a message means, counted from 1


def following(context: Context, question: str, verdict: Verdict) -> Context:
    """What the next turn may lean on after this one."""
    viewpoint = verdict.viewpoint or context.viewpoint
    if is_small_talk(verdict):
        return replace(context, viewpoint=viewpoint)
    answered = verdict.decision is Decision.ANSWER
    asked_back = verdict.decision is Decision.CLARIFY
    sides = verdict.ask_viewpoint if asked_back and len(verdict.ask_viewpoint) > 1 else ()
    return Context(
        last_topic=verdict.best if answered else context.last_topic,
        viewpoint=viewpoint,
        clarified=asked_back,
        offered=offered(verdict) if asked_back else (),
        last_question=question,
        sides=sides,
    )


def offered(verdict: Verdict) -> tuple[str, ...]:
    """The topics that a question back shows as choices."""
    if len(verdict.ask_viewpoint) > 1:
        return tuple(topic for _, topic in verdict.ask_viewpoint)
    if verdict.reason is Reason.GENERIC:
        return ()
    return tuple(each.topic for each in verdict.candidates[:OFFERED])


def is_small_talk(verdict: Verdict) -> bool:
    """Whether a greeting is returned: nothing that was open is closed by it."""
    return verdict.decision is Decision.ANSWER and (verdict.best or "").partition(".")[0] == SMALL_TALK


def settled(context: Context, verdict: Verdict) -> Verdict:
    """The verdict, unless the turn before asked whose side this is and these words tell it.

    A cry for help, or for a person, goes first.
    """
    topic = dict(context.sides).get(verdict.viewpoint) if verdict.viewpoint else None
    urgent = verdict.reason in (Reason.CRISIS, Reason.PERSON)
    if topic is None or urgent or verdict.decision is Decision.ANSWER:
        return verdict
    return given(verdict, topic, Reason.VIEWPOINT)


def given(verdict: Verdict, topic: str, reason: Reason) -> Verdict:
    """The same verdict with that topic as its answer."""
    score = next((each.score for each in verdict.candidates if each.topic == topic), 1.0)
    rest = tuple(each for each in verdict.candidates if each.topic != topic)
    return replace(
        verdict,
        decision=Decision.ANSWER,
        reason=reason,
        candidates=(Candidate(topic, score), *rest)[: max(1, len(verdict.candidates))],
        outside=None,
        ask_viewpoint=(),
    )


class Conversation:
    """The turns of one person, each judged with what the ones before it left."""

    def __init__(self, judge: Judge, choose: Chooser | None = None) -> None:
        """Takes what judges a question, and what hears 「第二个」 as a choice (the door knows the words)."""
        self._judge = judge
        self._choose = choose
        self.context = Context()

    def take(self, question: str) -> Verdict:
        """The verdict on the next turn."""
        verdict = self._chosen(question) or settled(self.context, self._judge(question, self.context))
        self.context = following(self.context, question, verdict)
        return verdict

    def _chosen(self, question: str) -> Verdict | None:
        """The choice that these words name among what was offered."""
        number = self._choose(question) if self._choose and self.context.clarified else None
        if number is None or number > len(self.context.offered):
            return None
        topic = self.context.offered[number - 1]
        side = next((side for side, about in self.context.sides if about == topic), self.context.viewpoint)
        return Verdict(Decision.ANSWER, Reason.MATCH, (Candidate(topic, 1.0),), viewpoint=side)
