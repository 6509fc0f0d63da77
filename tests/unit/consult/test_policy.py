"""From probabilities to a decision: costs, guards, and what is offered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.consult.model import Candidate, Context, Decision, Reason, Viewpoint
from bot.consult.policy import MatchSettings, Odds, Signs, answer_threshold, decide

COSTS = MatchSettings(cost_wrong=8, cost_clarify=1, cost_missed=3, cost_handoff=3)


def odds(*scores: float, beyond: float | None = None) -> Odds:
    """Topics a, b, c … with these probabilities."""
    topics = tuple(Candidate(name, score) for name, score in zip("abcdefg", scores, strict=False))
    rest = 1 - sum(scores) if beyond is None else beyond
    return Odds(topics, (Candidate("outside.x", rest),), rest, {each.topic: each.score for each in topics})


@pytest.mark.parametrize(
    ("given", "decision", "reason"),
    [
        (odds(0.95), Decision.ANSWER, Reason.MATCH),
        (odds(0.5, 0.4), Decision.CLARIFY, Reason.CLOSE),
        (odds(0.6, 0.2, 0.15), Decision.CLARIFY, Reason.UNSURE),
        (odds(0.02, beyond=0.98), Decision.HANDOFF, Reason.UNKNOWN),
        (Odds((), (), 1.0), Decision.HANDOFF, Reason.UNKNOWN),
    ],
)
def test_the_cheapest_decision(given: Odds, decision: Decision, reason: Reason) -> None:
    """Sure: answer; torn: ask back; nothing near: a person."""
    verdict = decide(given, Signs(), Context(), COSTS)
    assert (verdict.decision, verdict.reason) == (decision, reason)


@pytest.mark.parametrize(
    ("signs", "decision", "reason"),
    [
        (Signs(crisis=True, generic=True), Decision.HANDOFF, Reason.CRISIS),
        (Signs(person=True), Decision.HANDOFF, Reason.PERSON),
        (Signs(generic=True), Decision.CLARIFY, Reason.GENERIC),
        (Signs(turned=True), Decision.CLARIFY, Reason.NEGATION),
        (Signs(ambiguous=("b", "c")), Decision.CLARIFY, Reason.AMBIGUOUS),
        (Signs(sides=((Viewpoint.CREDITOR, "a"), (Viewpoint.DEBTOR, "b"))), Decision.CLARIFY, Reason.VIEWPOINT),
        (Signs(expired=True), Decision.HANDOFF, Reason.EXPIRED),
        (Signs(leaning=True), Decision.ANSWER, Reason.FOLLOW_UP),
    ],
)
def test_guards_come_before_probability(signs: Signs, decision: Decision, reason: Reason) -> None:
    """Even a likely answer is held back when something speaks against it."""
    verdict = decide(odds(0.97, 0.01, 0.01), signs, Context(), COSTS)
    assert (verdict.decision, verdict.reason) == (decision, reason)


def test_asked_back_only_once() -> None:
    """Whoever was just asked back, and is still unclear, gets a person."""
    assert decide(odds(0.5, 0.4), Signs(), Context(clarified=True), COSTS).decision is Decision.HANDOFF


def test_what_must_be_chosen_among_is_offered() -> None:
    """Topics of an ambiguous word are among the first three, however unlikely; the likeliest comes first."""
    verdict = decide(odds(0.5, 0.3, 0.1, 0.02, 0.01), Signs(ambiguous=("d", "e")), Context(), COSTS)
    first = [each.topic for each in verdict.candidates[:3]]
    assert first == ["a", "d", "e"]


def test_a_pointer_elsewhere_needs_a_clear_kind() -> None:
    """The kind is named only when the words name it and no topic is likely."""
    far = odds(0.02, beyond=0.98)
    assert decide(far, Signs(kind="outside.x"), Context(), COSTS).outside == "outside.x"
    assert decide(far, Signs(), Context(), COSTS).outside is None


def test_fear_of_wrong_answers_raises_the_bar() -> None:
    """The threshold follows from the costs."""
    assert answer_threshold(COSTS) == pytest.approx(0.875)
    bold = replace(COSTS, cost_wrong=2)
    assert decide(odds(0.6, 0.1), Signs(), Context(), bold).decision is Decision.ANSWER
    assert decide(odds(0.6, 0.1), Signs(), Context(), COSTS).decision is not Decision.ANSWER


def test_a_single_noun_is_asked_about_with_three_choices() -> None:
    """However sure the first topic is; after a question back it is answered, since nobody is asked twice."""
    sure = odds(0.97, 0.01, 0.01)
    verdict = decide(sure, Signs(bare=True), Context(), COSTS)
    assert (verdict.decision, verdict.reason) == (Decision.CLARIFY, Reason.UNSURE)
    assert [each.topic for each in verdict.candidates[:3]] == ["a", "b", "c"]
    assert decide(sure, Signs(bare=True), Context(clarified=True), COSTS).decision is Decision.ANSWER
