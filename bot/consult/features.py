"""What of a question is compared: runs of characters, and concepts of the lexicon."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.consult.lexicon import Words
from bot.consult.normalise import Normal

CONCEPT = "@"  # marks a concept among the features: @限高


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Which features are used and how much each kind weighs; the ablations switch them off."""

    grams: tuple[float, ...] = (1.0, 1.0, 0.25)  # weights of single characters, pairs, triples …
    concepts: float = 0.8
    story_length: int = 45  # characters from which a text counts as a story
    story_weight: float = 0.6  # of clauses of a story that do not ask


@dataclass(frozen=True, slots=True)
class Extractor:
    """Turns comparable text into weighted features."""

    words: Words
    settings: FeatureSettings = field(default_factory=FeatureSettings)

    def concepts(self, text: str) -> tuple[str, ...]:
        """The concepts that a text names, in order, each once."""
        found: dict[str, None] = {}
        for _, _, names in self.words.concepts.find(text):
            for name in names:
                found[name] = None
        return tuple(found)

    def __call__(self, normal: Normal) -> dict[str, float]:
        """Feature → weight (term frequency; the index adds rarity)."""
        out: dict[str, float] = {}
        weights = self.clause_weights(normal)
        for clause, weight in zip(normal.clauses, weights, strict=True):
            self._grams(clause, weight, out)
        if self.settings.concepts:
            self._meaning(normal, weights, out)
        return out

    def clause_weights(self, normal: Normal) -> tuple[float, ...]:
        """How much each clause counts: in a story, what asks counts more than what tells."""
        if sum(map(len, normal.clauses)) < self.settings.story_length:
            return (1.0,) * len(normal.clauses)
        asks = [self.words.asking.any(clause) for clause in normal.clauses]
        if not any(asks):
            return (1.0,) * len(normal.clauses)
        return tuple(1.0 if each else self.settings.story_weight for each in asks)

    def _grams(self, clause: str, weight: float, out: dict[str, float]) -> None:
        for length, share in enumerate(self.settings.grams, start=1):
            if share:
                for start in range(len(clause) - length + 1):
                    gram = clause[start : start + length]
                    out[gram] = out.get(gram, 0.0) + weight * share

    def _meaning(self, normal: Normal, weights: tuple[float, ...], out: dict[str, float]) -> None:
        """Concepts, each as heavy as the heaviest clause that names it."""
        for clause, weight in zip(normal.clauses, weights, strict=True):
            for name in self.concepts(clause):
                feature = CONCEPT + name
                out[feature] = max(out.get(feature, 0.0), self.settings.concepts * weight)
