"""What each part of the matcher brings: it is switched off, the weights are fitted anew, and the same questions asked.

A part is a piece of evidence, a kind of feature, a section of the lexicon, or a kind of knowledge.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context

from bot.consult.cases import Case
from bot.consult.evaluate import Figures, Progress, figures, judge_with, run
from bot.consult.matcher import Matcher
from bot.consult.model import Knowledge, Lexicon
from bot.consult.policy import MatchSettings
from bot.consult.ranking import EVIDENCE, RankerSettings
from bot.consult.training import train

EVERYTHING = "everything"
# Evidence that says what a label is, not what speaks for it: without it the fit has no meaning.
_NEEDED = frozenset({"outside"})
SECTIONS = {
    "lay words, dialect (replace)": ("replace",),
    "filler": ("filler", "address"),
    "which clause asks": ("asking",),
    "guard: generic questions": ("generic", "empty"),
    "guard: negations": ("negations",),
    "guard: ambiguous words": ("ambiguous",),
    "who asks (viewpoints, sides)": ("viewpoints", "sides"),
    "guard: calls for a person, promises": ("person", "promises", "escalate"),
}


@dataclass(frozen=True, slots=True)
class Variant:
    """The matcher without one part."""

    name: str
    ranking: RankerSettings = field(default_factory=RankerSettings)
    sections: tuple[str, ...] = ()  # of the lexicon, emptied
    outside: bool = True  # whether the kinds that the desk does not answer are known
    lean: bool = True  # whether a turn knows the one before it

    def knowledge(self, knowledge: Knowledge) -> Knowledge:
        """The knowledge as this variant sees it."""
        kept = {name: words for name, words in knowledge.lexicon.sections.items() if name not in self.sections}
        return replace(knowledge, lexicon=Lexicon(kept), outside=knowledge.outside if self.outside else {})


def variants() -> list[Variant]:
    """Everything, and everything without one part."""
    whole = RankerSettings()
    return [
        Variant(EVERYTHING),
        *_features(whole),
        *(Variant(f"evidence: {name}", replace(whole, without=frozenset({name}))) for name in EVIDENCE if name not in _NEEDED),
        Variant("homophone repair (pinyin)", replace(whole, repair=False)),
        *(Variant(name, sections=sections) for name, sections in SECTIONS.items()),
        Variant("kinds outside", outside=False),
        Variant("the turn before", lean=False),
    ]


def _features(whole: RankerSettings) -> Iterator[Variant]:
    features = whole.features
    yield Variant("concepts", replace(whole, features=replace(features, concepts=0.0)))
    yield Variant("story: clauses weighted", replace(whole, features=replace(features, story_weight=1.0)))
    for length in range(1, len(features.grams) + 1):
        grams = tuple(0.0 if place == length else weight for place, weight in enumerate(features.grams, 1))
        yield Variant(f"runs of {length} characters", replace(whole, features=replace(features, grams=grams)))


@dataclass(frozen=True, slots=True)
class Effect:
    """What a variant reaches on the test part: single questions and first turns, and later turns."""

    name: str
    questions: Figures
    turns: Figures


def measure(variant: Variant, knowledge: Knowledge, cases: Sequence[Case], settings: MatchSettings) -> Effect:
    """Fit on the training part, ask the test part."""
    own = variant.knowledge(knowledge)
    training = [each for each in cases if each.training]
    weights = train(
        own,
        [each.turns[0] for each in training if not each.is_dialogue],
        [each.turns for each in training if each.is_dialogue],
        ranking=variant.ranking,
    )
    matcher = Matcher(own, settings, weights=weights, ranking=variant.ranking)
    test = [each for each in cases if not each.training]
    judge = judge_with(matcher) if variant.lean else lambda question, _: matcher.match(question)
    outcomes = run(test, judge)
    return Effect(
        variant.name,
        figures(variant.name, [each for each in outcomes if not each.turn], settings),
        figures(variant.name, [each for each in outcomes if each.turn], settings),
    )


def ablations(
    knowledge: Knowledge, cases: Sequence[Case], settings: MatchSettings, progress: Progress = lambda _: None,
    chosen: Callable[[Variant], bool] = lambda _: True,
) -> list[Effect]:
    """Each variant's effect, the whole first; one process per core, since each takes most of a minute."""
    wanted = [each for each in variants() if chosen(each)]
    effects = []
    workers = min(os.cpu_count() or 1, len(wanted) or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(measure, each, knowledge, cases, settings) for each in wanted]
        for number, each in enumerate(running, 1):
            progress(f"ablations: {number} of {len(wanted)}, {wanted[number - 1].name}")
            effects.append(each.result())
    return effects
