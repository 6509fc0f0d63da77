"""Answer, ask back or hand over: the decision with the least expected cost, behind guards.

A wrong legal answer is far worse than a question back, and handing over what the desk could have
answered costs a clerk's time. `MatchSettings` states these costs; the thresholds follow from them
and from the probabilities, and there is nothing else to tune.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.consult.model import Candidate, Context, Decision, Reason, Verdict, Viewpoint

SHOWN = 5  # candidates in a verdict
OFFERED = 3  # choices in a question back
KIND_NAMED = 0.6  # the probability of "no topic" from which a pointer elsewhere is given


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """What each outcome costs, in units of one question back; `config.yaml` may change them."""

    cost_wrong: float = 4.0  # a wrong answer given as if it were right
    cost_clarify: float = 1.0  # a question back
    cost_missed: float = 3.0  # a question back that does not offer what was meant
    cost_handoff: float = 3.0  # a person for what the desk could have answered
    least_margin: float = 0.15  # an answer must be this much likelier than the next topic
    least_offer: float = 0.04  # a topic less likely than this is no choice to offer
    least_other: float = 0.35  # a further question in the same message must lead by this much (linear layer)


@dataclass(frozen=True, slots=True)
class Odds:
    """The calibrated probabilities of one question; `scores` has those of every topic and outside kind."""

    topics: tuple[Candidate, ...]  # the likeliest topics of the FAQ, best first
    outside: tuple[Candidate, ...]  # the likeliest kinds that the desk does not answer, best first
    beyond: float  # the probability that no topic of the FAQ answers
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks against an answer although it is likely."""

    crisis: bool = False
    person: bool = False
    generic: bool = False
    bare: bool = False  # a single noun: nobody can know what is asked about it
    turned: bool = False  # a negation that the phrasings of the best topic do not have
    ambiguous: tuple[str, ...] = ()  # topics among which the person must choose
    sides: tuple[tuple[Viewpoint, str], ...] = ()  # sides between which the answer changes
    kind: str | None = None  # the kind of outside question that the words clearly name
    expired: bool = False
    leaning: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    viewpoint: Viewpoint | None = None
    others: tuple[str, ...] = ()


def decide(odds: Odds, signs: Signs, context: Context, settings: MatchSettings) -> Verdict:
    """The verdict: guards first, then the cheapest decision."""
    decision, reason = _guarded(odds, signs, context) or _cheapest(odds, signs, context, settings)
    if decision is Decision.CLARIFY and context.clarified and reason not in (Reason.AMBIGUOUS, Reason.VIEWPOINT):
        decision = Decision.HANDOFF
    clarify = decision is Decision.CLARIFY
    return Verdict(
        decision=decision,
        reason=reason,
        candidates=_offered(odds, signs, settings) if clarify else odds.topics[:SHOWN],
        outside=signs.kind if reason is Reason.OUTSIDE else None,
        ask_viewpoint=signs.sides if reason is Reason.VIEWPOINT else (),
        others=signs.others,
        viewpoint=signs.viewpoint,
        facts=signs.facts,
    )


def _guarded(odds: Odds, signs: Signs, context: Context) -> tuple[Decision, Reason] | None:
    """What is decided without weighing."""
    if signs.crisis:
        return Decision.HANDOFF, Reason.CRISIS
    if signs.person:
        return Decision.HANDOFF, Reason.PERSON
    if not odds.topics:
        return Decision.HANDOFF, Reason.UNKNOWN
    if signs.ambiguous and not context.clarified:
        return Decision.CLARIFY, Reason.AMBIGUOUS
    if signs.generic and not context.clarified:
        return Decision.CLARIFY, Reason.GENERIC
    if signs.bare and not context.clarified:
        return Decision.CLARIFY, Reason.UNSURE
    return None


def _cheapest(odds: Odds, signs: Signs, context: Context, settings: MatchSettings) -> tuple[Decision, Reason]:
    """The decision with the least expected cost."""
    costs = expected_costs(odds, settings)
    decision = min(costs, key=lambda each: costs[each])
    margin = odds.topics[0].score - (odds.topics[1].score if len(odds.topics) > 1 else 0.0)
    if decision is Decision.ANSWER:
        if signs.expired:
            return Decision.HANDOFF, Reason.EXPIRED
        if signs.sides and not context.clarified:
            return Decision.CLARIFY, Reason.VIEWPOINT
        if signs.turned:
            return Decision.CLARIFY, Reason.NEGATION
        if margin < settings.least_margin:
            return Decision.CLARIFY, Reason.CLOSE
        return decision, Reason.FOLLOW_UP if signs.leaning else Reason.MATCH
    if decision is Decision.CLARIFY:
        if signs.sides and not context.clarified:
            return decision, Reason.VIEWPOINT
        return decision, Reason.CLOSE if margin < settings.least_margin else Reason.UNSURE
    known = bool(signs.kind) and odds.beyond > KIND_NAMED
    return decision, Reason.OUTSIDE if known else Reason.UNKNOWN


def expected_costs(odds: Odds, settings: MatchSettings) -> dict[Decision, float]:
    """What each decision is expected to cost, by the probabilities."""
    best = odds.topics[0].score
    offered = sum(each.score for each in odds.topics[:OFFERED])
    return {
        Decision.ANSWER: (1 - best) * settings.cost_wrong,
        Decision.CLARIFY: settings.cost_clarify + (1 - offered) * settings.cost_missed,
        Decision.HANDOFF: (1 - odds.beyond) * settings.cost_handoff,
    }


def answer_threshold(settings: MatchSettings) -> float:
    """The probability above which an answer is always cheaper than a question back that surely helps."""
    return 1 - settings.cost_clarify / settings.cost_wrong


def _offered(odds: Odds, signs: Signs, settings: MatchSettings) -> tuple[Candidate, ...]:
    """The likeliest topics; those among which the person must choose are always among the first three."""
    wanted = set(signs.ambiguous) | {topic for _, topic in signs.sides}
    must = [Candidate(topic, odds.scores[topic]) for topic in wanted if topic in odds.scores]
    must = sorted(must, key=lambda each: -each.score)[:OFFERED]
    likely = [
        each
        for place, each in enumerate(odds.topics[:SHOWN])
        if each.topic not in wanted and (place < 1 or signs.bare or each.score >= settings.least_offer)
    ]
    first = sorted([*must, *likely[: OFFERED - len(must)]], key=lambda each: -each.score)
    return (*first, *likely[OFFERED - len(must) :])[:SHOWN]
