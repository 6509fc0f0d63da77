"""What a turn leaves for the next one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.consult.following import Conversation, following, offered, settled
from bot.consult.model import Candidate, Context, Decision, Reason, Verdict, Viewpoint
from bot.dialogue.state import State

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SIDES = ((Viewpoint.CREDITOR, "apply.how"), (Viewpoint.DEBTOR, "debtor.notice"))


def verdict(decision: Decision, *topics: str, reason: Reason = Reason.MATCH, **more: object) -> Verdict:
    """A verdict with these candidates."""
    return Verdict(decision, reason, tuple(Candidate(each, 0.5) for each in topics), **more)  # type: ignore[arg-type]


ANSWER = verdict(Decision.ANSWER, "apply.fee", "apply.how")
CLARIFY = verdict(Decision.CLARIFY, "apply.fee", "apply.how", "apply.court", "apply.review", reason=Reason.CLOSE)
HANDOFF = verdict(Decision.HANDOFF, "apply.fee", reason=Reason.UNKNOWN)
GREETING = verdict(Decision.ANSWER, "chat.greeting")
SIDED = verdict(Decision.CLARIFY, "apply.how", reason=Reason.VIEWPOINT, ask_viewpoint=SIDES)


def test_an_answer_is_what_the_next_question_may_lean_on() -> None:
    """The topic stays, nothing is open."""
    after = following(Context(clarified=True, offered=("x",)), "q", ANSWER)
    assert (after.last_topic, after.clarified, after.offered) == ("apply.fee", False, ())


def test_a_question_back_keeps_the_topic_and_what_was_offered() -> None:
    """At most three choices are offered, as the dialogue shows them."""
    after = following(Context(last_topic="settle.what"), "q", CLARIFY)
    assert after.last_topic == "settle.what"
    assert after.offered == ("apply.fee", "apply.how", "apply.court")
    assert after.clarified


def test_a_greeting_neither_closes_nor_opens_anything() -> None:
    """「谢谢」 is no topic to lean on."""
    before = Context(last_topic="apply.fee", clarified=True, offered=("apply.how",))
    assert following(before, "谢谢", GREETING) == before


def test_a_hand_over_closes_what_was_offered() -> None:
    """The next number chooses nothing."""
    after = following(Context(last_topic="apply.fee", clarified=True, offered=("x",)), "q", HANDOFF)
    assert (after.last_topic, after.offered, after.clarified) == ("apply.fee", (), False)


def test_a_generic_question_back_offers_no_topics() -> None:
    """「怎么办」 shows the menu."""
    assert offered(verdict(Decision.CLARIFY, "apply.fee", reason=Reason.GENERIC)) == ()


def test_saying_the_side_after_being_asked_for_it_is_answered() -> None:
    """「我是被执行人」 after the question whose side this is."""
    context = following(Context(), "q", SIDED)
    said = verdict(Decision.CLARIFY, "apply.court", reason=Reason.UNSURE, viewpoint=Viewpoint.DEBTOR)
    assert settled(context, said).best == "debtor.notice"
    assert settled(context, said).decision is Decision.ANSWER
    assert settled(Context(), said) == said


def test_a_cry_for_help_goes_before_the_side() -> None:
    """Whoever was asked for the side and despairs instead is not given an answer on notices."""
    context = following(Context(), "q", SIDED)
    crisis = verdict(Decision.HANDOFF, reason=Reason.CRISIS, viewpoint=Viewpoint.DEBTOR)
    assert settled(context, crisis) is crisis


@pytest.mark.parametrize("one", [ANSWER, CLARIFY, HANDOFF, GREETING, SIDED])
@pytest.mark.parametrize("before", [None, ANSWER, CLARIFY, SIDED])
def test_the_dialogue_keeps_what_the_evaluation_measures(before: Verdict | None, one: Verdict) -> None:
    """The state of a chat, read back as a context, is the same as that of a measured conversation."""
    state, context = State(), Context()
    for each in (before, one) if before else (one,):
        state.keep(each, NOW)
        context = following(context, "", each)
    assert state.context(NOW, timedelta(minutes=30)) == context


def test_a_choice_said_in_words_is_taken_from_what_was_offered() -> None:
    """「第二个」 after a question back; without one it is a question like any other."""
    conversation = Conversation(lambda question, _: CLARIFY, {"第二个": 2, "第九个": 9}.get)
    assert conversation.take("第二个").decision is Decision.CLARIFY
    chosen = conversation.take("第二个")
    assert (chosen.decision, chosen.best) == (Decision.ANSWER, "apply.how")
    assert conversation.context.last_topic == "apply.how"
    conversation.take("费用")
    assert conversation.take("第九个").decision is Decision.CLARIFY


def test_a_choice_of_a_side_is_remembered_as_the_side() -> None:
    """The second of two sides makes the person the debtor."""
    conversation = Conversation(lambda question, _: SIDED, lambda text: 2 if text == "2" else None)
    conversation.take("怎么办理")
    assert conversation.take("2").viewpoint is Viewpoint.DEBTOR
