"""The evaluation as text: tables in Markdown, and the same figures for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from bot.consult.ablations import Effect
from bot.consult.evaluate import (
    Figures,
    Outcome,
    brier,
    by_file,
    by_tag,
    calibration_error,
    confusions,
    reliability,
    worst,
)
from bot.consult.policy import MatchSettings
from bot.consult.tables import percent, table

HEADINGS = (
    "in scope", "top-1", "top-3", "answered", "clarified", "handed over", "right of answers", "outside",
    "answered wrongly", "cost",
)
LEGEND = (
    "Shares of questions in scope, unless: *right of answers* is the share of right ones among the answers given to "
    "questions in scope, *answered wrongly* the share of questions outside that got an answer. *Cost* is the mean cost "
    "of a question in units of one question back (wrong answer {wrong:g}, question back {clarify:g}, or {missed:g} more "
    "when it does not offer what was meant, hand-over {handoff:g}); less is better."
)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run of `faq eval` found out."""

    test: Sequence[Outcome]
    training: Sequence[Outcome]
    settings: MatchSettings
    versus: Sequence[Figures] = ()  # ours and the baselines on the same questions of the test part
    effects: Sequence[Effect] = ()
    folds: Sequence[Outcome] = ()
    notes: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """All tables, the test part first."""
        parts = [*self._test(), *self._versus(), *self._effects(), *self._folds(), *self._training()]
        return "\n\n".join(part for part in parts if part) + "\n"

    def as_json(self) -> dict[str, object]:
        """The same figures for programs."""
        content: dict[str, object] = {"notes": self.notes, "test": _part(self.test, self.settings)}
        if self.training:
            content["training"] = _part(self.training, self.settings)
        if self.versus:
            content["baselines"] = [each.as_json() for each in self.versus]
        if self.effects:
            content["ablations"] = [
                {"without": each.name, "questions": each.questions.as_json(), "turns": each.turns.as_json()}
                for each in self.effects
            ]
        if self.folds:
            content["cross_validation"] = figures_json(self.folds, self.settings)
        return content

    def _test(self) -> list[str]:
        costs = self.settings
        legend = LEGEND.format(
            wrong=costs.cost_wrong, clarify=costs.cost_clarify, missed=costs.cost_missed, handoff=costs.cost_handoff
        )
        return [
            "### Test part (never trained on)",
            figures_table("set", by_file(self.test, costs), timed=True),
            legend,
            "### By tag (test part)",
            figures_table("tag", by_tag(self.test, costs)),
            "### Calibration (test part)",
            reliability_table(self.test),
            "### Confusions (test part)",
            confusion_table(self.test),
            "### The worst of the test part",
            worst_table(self.test),
        ]

    def _versus(self) -> list[str]:
        if not self.versus:
            return []
        return [
            "### Beside the baselines (test part, every question by itself, the same phrasings)",
            figures_table("method", self.versus, timed=True),
            "Each baseline has two thresholds, answer and ask back, chosen on the training part for the least cost.",
        ]

    def _effects(self) -> list[str]:
        if not self.effects:
            return []
        return [
            "### What each part brings (test part; the part switched off, the weights fitted anew)",
            effects_table(self.effects),
        ]

    def _folds(self) -> list[str]:
        if not self.folds:
            return []
        return [
            "### Cross-validation over phrasings (each judged without itself and its near-duplicates)",
            figures_table("set", by_file(self.folds, self.settings), timed=True),
        ]

    def _training(self) -> list[str]:
        if not self.training:
            return []
        return [
            "### Training part (the weights have seen these; not a measure of quality)",
            figures_table("set", by_file(self.training, self.settings)),
        ]


def figures_table(first: str, rows: Sequence[Figures], *, timed: bool = False) -> str:
    """One line per set of questions."""
    headings = [first, *HEADINGS, *(["p50 ms", "p99 ms"] if timed else [])]
    return table(headings, [_figures_row(each, timed) for each in rows])


def _figures_row(row: Figures, timed: bool) -> list[str]:
    cells = [
        row.name,
        str(row.inside),
        *(percent(part, row.inside) for part in (row.top1, row.top3, row.answered, row.clarified, row.handed_over)),
        percent(row.answered_right, row.answered),
        str(row.outside),
        percent(row.outside_wrong, row.outside),
        f"{row.cost:.2f}",
    ]
    return [*cells, f"{row.p50_ms:.2f}", f"{row.p99_ms:.2f}"] if timed else cells


def reliability_table(outcomes: Sequence[Outcome]) -> str:
    """How often the first candidate is right, by its probability."""
    bands = reliability(outcomes)
    rows = [
        [f"{each.low:.2f}–{each.high:.2f}", str(each.count), f"{each.predicted:.2f}", f"{each.right:.2f}"]
        for each in bands
    ]
    text = table(["probability", "questions", "mean", "right"], rows)
    return f"{text}\n\nExpected calibration error {calibration_error(bands):.3f}, Brier score {brier(outcomes):.3f}."


def confusion_table(outcomes: Sequence[Outcome]) -> str:
    """Which topic is put first instead of which."""
    rows = [[wanted, got, str(count), str(given)] for wanted, got, count, given in confusions(outcomes)]
    return table(["wanted", "put first", "times", "answered so"], rows) if rows else "None."


def worst_table(outcomes: Sequence[Outcome]) -> str:
    """The surest wrong answers, then what was missed."""
    rows = [
        [
            f"{each.score:.2f}",
            each.verdict.decision.value,
            each.verdict.reason.value,
            each.question.best,
            " ".join(f"{one.topic} {one.score:.2f}" for one in each.verdict.candidates[:3]),
            excerpt(each.question.text),
        ]
        for each in worst(outcomes)
    ]
    return table(["score", "decision", "reason", "wanted", "got", "question"], rows) if rows else "None."


def effects_table(effects: Sequence[Effect]) -> str:
    """Figures of the whole, and differences to it."""
    headings = ["without", "top-1", "top-3", "answered", "right of answers", "outside wrong", "cost", "later turns top-1"]
    return table(headings, [_effect_row(each, effects[0], place == 0) for place, each in enumerate(effects)])


def _effect_row(effect: Effect, whole: Effect, is_whole: bool) -> list[str]:
    pairs = [
        *((effect.questions.shares()[key], whole.questions.shares()[key])
          for key in ("top1", "top3", "answered", "precision", "outside_answered_wrongly")),
        (effect.turns.shares()["top1"], whole.turns.shares()["top1"]),
    ]
    shares = [_difference(own, other, is_whole) for own, other in pairs]
    cost = f"{effect.questions.cost:.2f}" if is_whole else f"{effect.questions.cost - whole.questions.cost:+.2f}"
    return ["(nothing)" if is_whole else effect.name, *shares[:5], cost, shares[5]]


def _difference(own: float | None, other: float | None, is_whole: bool) -> str:
    if own is None or other is None:
        return "–"
    return f"{100 * own:.1f} %" if is_whole else f"{100 * (own - other):+.1f}"


def comparison_table(before: Sequence[Figures], after: Sequence[Figures]) -> str:
    """The same sets before and after a change."""
    keys = ("top1", "top3", "answered", "precision", "outside_answered_wrongly")
    rows = [
        [old.name, *(f"{_share(old, key)} → {_share(new, key)}" for key in keys), f"{old.cost:.3f} → {new.cost:.3f}"]
        for old, new in zip(before, after, strict=True)
    ]
    return table(["set", "top-1", "top-3", "answered", "right of answers", "outside wrong", "cost"], rows)


def _share(row: Figures, key: str) -> str:
    value = row.shares()[key]
    return "–" if value is None else f"{100 * value:.1f}"


def figures_json(outcomes: Sequence[Outcome], settings: MatchSettings) -> list[dict[str, object]]:
    """Figures by file."""
    return [each.as_json() for each in by_file(outcomes, settings)]


def _part(outcomes: Sequence[Outcome], settings: MatchSettings) -> dict[str, object]:
    bands = reliability(outcomes)
    return {
        "figures": figures_json(outcomes, settings),
        "tags": [each.as_json() for each in by_tag(outcomes, settings)],
        "reliability": [asdict(each) for each in bands],
        "calibration_error": round(calibration_error(bands), 4),
        "brier": round(brier(outcomes), 4),
        "confusions": [
            {"wanted": wanted, "got": got, "times": times, "answered": given}
            for wanted, got, times, given in confusions(outcomes)
        ],
        "worst": [_outcome_json(each) for each in worst(outcomes)],
    }


def _outcome_json(outcome: Outcome) -> dict[str, object]:
    return {
        "file": outcome.case.file,
        "line": outcome.case.line,
        "turn": outcome.turn + 1,
        "q": outcome.question.text,
        "best": outcome.question.best,
        "ok": list(outcome.question.ok),
        "decision": outcome.verdict.decision.value,
        "reason": outcome.verdict.reason.value,
        "topics": [{"id": each.topic, "score": round(each.score, 4)} for each in outcome.verdict.candidates],
    }


def excerpt(text: str, most: int = 60) -> str:
    """A question in one line of a table; of a long one the end, where people ask."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"…{text[-most:]}"
