"""The matcher: one question in, one verdict out; pure computation, safe to share between threads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from bot.consult.calibration import Weights, load_weights
from bot.consult.learned import Kept
from bot.consult.lexicon import Words
from bot.consult.model import Candidate, Context, Entry, Knowledge, Verdict, Viewpoint
from bot.consult.policy import MatchSettings, Odds, Signs, decide, expected_costs
from bot.consult.ranking import EVIDENCE, Evidence, Ranker, RankerSettings, labelled
from bot.consult.reading import Reading, negations

HUMAN = "service.human"
LISTED = 8  # likeliest topics that are listed
COMPARED = 6  # nearest phrasings among which a negation is looked for
PLAIN = ("service", "chat")  # categories for which one word says enough: 投诉, 法律援助, 谢谢
MOST_QUESTIONS = 4  # questions in one message that are looked at one by one


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a question matched, for staff."""

    verdict: Verdict
    reading: Reading
    odds: Odds
    costs: dict[str, float]
    nearest: tuple[tuple[str, str, float], ...]  # topic, its nearest phrasing, cosine
    evidence: tuple[tuple[str, dict[str, float]], ...]  # topic, evidence by name
    reasons: tuple[tuple[str, float], ...]  # what speaks most for the best topic

    def render(self) -> str:
        """The explanation as lines of text."""
        verdict, best = self.verdict, self.verdict.best or "-"
        lines = [
            f"{verdict.decision} ({verdict.reason})  {self.reading.text}",
            "concepts: " + " ".join(self.reading.concepts),
            f"viewpoint: {verdict.viewpoint or '-'}  facts: {dict(verdict.facts)}",
            "costs: " + "  ".join(f"{name} {cost:.2f}" for name, cost in self.costs.items()),
        ]
        lines += [f"{each.score:.3f}  {each.topic}" for each in self.odds.topics[:5]]
        lines += [f"{each.score:.3f}  ({each.topic})" for each in self.odds.outside[:2]]
        lines.append(f"{self.odds.beyond:.3f}  (no topic)")
        lines += [f"{cosine:.2f}  {topic}: {text}" for topic, text, cosine in self.nearest]
        lines.append(f"for {best}: " + "  ".join(f"{name} {share:+.3f}" for name, share in self.reasons))
        return "\n".join(lines)


class Matcher:
    """Finds the topic of a question, and knows when not to."""

    def __init__(
        self,
        knowledge: Knowledge,
        settings: MatchSettings | None = None,
        *,
        weights: Weights | None = None,
        ranker: Ranker | None = None,
        ranking: RankerSettings | None = None,
        kept: Path | None = None,
    ) -> None:
        """Builds the index from the knowledge; the weights are those that ship unless others are given.

        What is learned from the phrasings and the lexicon is read from the file `kept` when it fits, else learned and put there.
        """
        self.knowledge = knowledge
        self.settings = settings or MatchSettings()
        self.weights = weights or load_weights()
        self.words = Words.compile(knowledge.lexicon)
        if ranker is None:
            ranking = ranking or RankerSettings()
            asked = labelled(knowledge)
            # Of what it learns from, not of the whole knowledge: a word changed in an answer teaches nothing new.
            file = Kept(kept, asked, knowledge.lexicon.sections, ranking) if kept else None
            ranker = Ranker(self.words, asked, knowledge.entries, ranking, file)
        self.ranker = ranker

    def match(self, question: str, context: Context | None = None, today: date | None = None) -> Verdict:
        """What to do with a question."""
        return self._judged(question, context or Context(), today)[0]

    def odds(self, question: str, context: Context | None = None) -> Odds:
        """The probabilities alone, before any guard."""
        reading = self.ranker.reader(question)
        return self._odds(self.ranker.evidence(reading, context or Context()))

    def explain(self, question: str, context: Context | None = None, today: date | None = None) -> Explanation:
        """Why the verdict is what it is."""
        verdict, reading, evidence, odds = self._judged(question, context or Context(), today)
        number = self.ranker.number
        shown = [each.topic for each in odds.topics[:3]]
        row = {topic: self.ranker.index.best_row(evidence.hits, number[topic]) for topic in shown}
        return Explanation(
            verdict=verdict,
            reading=reading,
            odds=odds,
            costs={str(name): cost for name, cost in expected_costs(odds, self.settings).items()} if shown else {},
            nearest=tuple(
                (topic, self.ranker.texts[row[topic]], float(evidence.hits.rows[row[topic]])) for topic in shown
            ),
            evidence=tuple(
                (topic, dict(zip(EVIDENCE, evidence.topics[number[topic]].tolist(), strict=True))) for topic in shown
            ),
            reasons=tuple(self.ranker.reasons(reading, shown[0])) if shown else (),
        )

    def _judged(self, question: str, context: Context, today: date | None) -> tuple[Verdict, Reading, Evidence, Odds]:
        reading = self.ranker.reader(question)
        evidence = self.ranker.evidence(reading, context)
        odds = self._odds(evidence)
        signs = self._signs(reading, evidence, odds, context, today)
        if signs.person and HUMAN in self.knowledge.entries:
            odds = _first(odds, HUMAN)
        return decide(odds, signs, context, self.settings), reading, evidence, odds

    def _odds(self, evidence: Evidence) -> Odds:
        chances, _ = self.weights.probabilities(evidence)
        labels, outside = self.ranker.labels, self.ranker.is_outside
        order = np.argsort(-chances, kind="stable").tolist()
        inside = [place for place in order if not outside[place]]
        beyond = [place for place in order if outside[place]]
        return Odds(
            topics=tuple(Candidate(labels[place], float(chances[place])) for place in inside[:LISTED]),
            outside=tuple(Candidate(labels[place], float(chances[place])) for place in beyond[:LISTED]),
            beyond=1.0 - float(chances[inside].sum()),
            scores=dict(zip(labels, chances.tolist(), strict=True)),
        )

    def _signs(self, reading: Reading, evidence: Evidence, odds: Odds, context: Context, today: date | None) -> Signs:
        """What speaks against an answer, and what else the message holds."""
        best = self.knowledge.entries[odds.topics[0].topic] if odds.topics else None
        return Signs(
            crisis=reading.crisis,
            person=reading.person or reading.promise or reading.escalates,
            generic=reading.generic and (reading.blank or not (context.last_topic and reading.leaning)),
            bare=self._bare(reading, context) and (best is None or best.category not in PLAIN),
            turned=best is not None and self._turned(reading, evidence, best),
            ambiguous=self._ambiguous(reading, context),
            sides=self._sides(reading, odds, context),
            kind=self._kind(evidence),
            expired=best is not None and today is not None and not best.in_force(today),
            leaning=bool(context.last_topic) and reading.leaning,
            facts=reading.normal.facts,
            viewpoint=context.viewpoint or reading.viewpoint,
            others=self._others(reading, odds),
        )

    def _bare(self, reading: Reading, context: Context) -> bool:
        """Whether a noun stands alone: 限高呢 leans on the topic before, 限高 does not."""
        leans = reading.aspect or reading.normal.raw.strip() != reading.text
        return reading.bare and not (context.last_topic and leans)

    def _kind(self, evidence: Evidence) -> str | None:
        """The kind of outside question, when by the linear layer nothing speaks more for a topic."""
        place = int(evidence.topics[:, EVIDENCE.index("linear")].argmax())
        return self.ranker.labels[place] if self.ranker.is_outside[place] else None

    def _turned(self, reading: Reading, evidence: Evidence, best: Entry) -> bool:
        """Whether the question has a negation that none of the topic's nearest phrasings has."""
        if not reading.negations:
            return False
        near = self.ranker.index.nearest_rows(evidence.hits, self.ranker.number[best.id], COMPARED)
        return not any(negations(self.ranker.texts[row], self.words) for row in near)

    def _ambiguous(self, reading: Reading, context: Context) -> tuple[str, ...]:
        if context.last_topic:
            return ()
        for each in self.words.ambiguous:
            if each.applies(reading.text):
                return tuple(topic for topic in each.topics if topic in self.knowledge.entries)
        return ()

    def _sides(self, reading: Reading, odds: Odds, context: Context) -> tuple[tuple[Viewpoint, str], ...]:
        """The sides between which the answer changes, when nothing tells who asks."""
        if context.viewpoint or reading.viewpoint or len(odds.topics) < 2:
            return ()
        near = {each.topic: each.score for each in odds.topics[:3]}
        for sides in self.words.sides:
            topics = set(sides.values())
            if odds.topics[0].topic in topics and topics <= near.keys() and min(near[each] for each in topics) > 0.2:
                return tuple(sides.items())
        return ()

    def _others(self, reading: Reading, odds: Odds) -> tuple[str, ...]:
        """Topics of further questions in the same message, each clear by itself."""
        questions = self.ranker.reader.sentences(reading.normal)
        if not 2 <= len(questions) <= MOST_QUESTIONS or not odds.topics:
            return ()
        found: dict[str, None] = {}
        for question in questions:
            topic = self.ranker.clear_topic(question, self.settings.least_other)
            if topic in self.knowledge.entries:
                found[topic] = None
        found.pop(odds.topics[0].topic, None)
        return tuple(found)


def _first(odds: Odds, topic: str) -> Odds:
    """The same odds with one topic put first."""
    chosen = Candidate(topic, odds.scores.get(topic, 0.0))
    return replace(odds, topics=(chosen, *[each for each in odds.topics if each.topic != topic]))
