"""The figures of an evaluation, worked out by hand."""

from __future__ import annotations

import json

import pytest

from bot.consult.ablations import EVERYTHING, Effect, variants
from bot.consult.cases import Case
from bot.consult.evaluate import (
    Outcome,
    brier,
    by_file,
    by_tag,
    calibration_error,
    changed,
    confusions,
    figures,
    reliability,
    run,
    worst,
)
from bot.consult.model import Candidate, Context, Decision, Reason, Verdict
from bot.consult.policy import MatchSettings
from bot.consult.report import Report, comparison_table, effects_table
from bot.consult.training import Question
from tests.small_faq import shipped

COSTS = MatchSettings(cost_wrong=8, cost_clarify=1, cost_missed=3, cost_handoff=3)


def outcome(
    best: str, decision: Decision, *topics: tuple[str, float], ok: tuple[str, ...] = (), tags: tuple[str, ...] = (), ms: float = 1.0,
    turn: int = 0,
) -> Outcome:
    """One turn and what became of it."""
    question = Question(f"{best} {topics}", best, ok, tags)
    verdict = Verdict(decision, Reason.MATCH, tuple(Candidate(*each) for each in topics))
    return Outcome(Case("f.jsonl", 1, (question,) * (turn + 1)), turn, question, verdict, ms)


RIGHT = outcome("a.x", Decision.ANSWER, ("a.x", 0.95), tags=("t",))
ALSO_RIGHT = outcome("a.x", Decision.ANSWER, ("a.y", 0.9), ok=("a.y",), tags=("t",))
WRONG = outcome("a.x", Decision.ANSWER, ("b.x", 0.8), ("a.x", 0.1), tags=("t",))
HELPFUL = outcome("a.x", Decision.CLARIFY, ("b.x", 0.4), ("c.x", 0.3), ("a.x", 0.2))
USELESS = outcome("a.x", Decision.CLARIFY, ("b.x", 0.4), ("c.x", 0.3), ("d.x", 0.2), ("a.x", 0.1))
LOST = outcome("a.x", Decision.HANDOFF, ("b.x", 0.1))
OUTSIDE_OK = outcome("oos", Decision.HANDOFF, ("b.x", 0.1))
OUTSIDE_WRONG = outcome("oos", Decision.ANSWER, ("b.x", 0.9))
OUTSIDE_ACCEPTED = outcome("oos", Decision.ANSWER, ("b.x", 0.9), ok=("b.x",))
ALL = [RIGHT, ALSO_RIGHT, WRONG, HELPFUL, USELESS, LOST, OUTSIDE_OK, OUTSIDE_WRONG, OUTSIDE_ACCEPTED]


def test_the_figures_of_a_set() -> None:
    """Shares of questions in scope, precision of answers, and wrong answers from outside."""
    found = figures("all", ALL, COSTS)
    assert (found.inside, found.outside) == (6, 3)
    assert (found.top1, found.top3) == (2, 4)
    assert (found.answered, found.clarified, found.handed_over) == (3, 2, 1)
    assert (found.answered_right, found.outside_wrong) == (2, 1)
    shares = found.shares()
    assert shares["precision"] == pytest.approx(0.6667)
    assert shares["outside_answered_wrongly"] == pytest.approx(0.3333)


@pytest.mark.parametrize(
    ("one", "cost"),
    [(RIGHT, 0), (ALSO_RIGHT, 0), (WRONG, 8), (HELPFUL, 1), (USELESS, 4), (LOST, 3), (OUTSIDE_OK, 0), (OUTSIDE_WRONG, 8)],
)
def test_each_outcome_costs_what_was_stated(one: Outcome, cost: float) -> None:
    """In units of one question back."""
    assert one.cost(COSTS) == cost


def test_an_empty_set_has_no_shares() -> None:
    """Nothing is divided by zero."""
    assert set(figures("none", []).shares().values()) == {None}


def test_reliability_puts_probability_beside_truth() -> None:
    """Two in the band around 0.9, one of them right: as sure as 0.9, right in half."""
    outcomes = [outcome("a.x", Decision.ANSWER, ("a.x", 0.92)), outcome("a.x", Decision.ANSWER, ("b.x", 0.92))]
    (band,) = reliability(outcomes)
    assert (band.low, band.count, band.right) == (0.9, 2, 0.5)
    assert calibration_error([band]) == pytest.approx(0.42)
    assert brier(outcomes) == pytest.approx((0.08**2 + 0.92**2) / 2)


def test_a_sure_score_belongs_to_the_last_band() -> None:
    """A probability of 1 is not lost at the border."""
    assert sum(each.count for each in reliability([outcome("a.x", Decision.ANSWER, ("a.x", 1.0))])) == 1


def test_confusions_count_outside_questions_only_when_answered() -> None:
    """A stranger's question that was handed over is no confusion."""
    pairs = confusions([WRONG, WRONG, LOST, OUTSIDE_OK, OUTSIDE_WRONG])
    assert pairs == [("a.x", "b.x", 3, 2), ("oos", "b.x", 1, 1)]


def test_the_worst_begin_with_the_surest_wrong_answers() -> None:
    """Wrong answers by score, then what was missed."""
    assert worst([RIGHT, LOST, WRONG, OUTSIDE_WRONG, HELPFUL]) == [OUTSIDE_WRONG, WRONG, LOST]
    assert len(worst([WRONG] * 50)) == 20


def test_tags_and_files_have_their_own_lines() -> None:
    """Later turns of a dialogue stand apart from first ones."""
    assert [(each.name, each.inside) for each in by_tag(ALL)] == [("t", 3)]
    later = outcome("a.x", Decision.ANSWER, ("a.x", 0.9), turn=1)
    assert [each.name for each in by_file([RIGHT, later])] == ["f.jsonl", "f.jsonl, later turns", "all"]


def test_a_dialogue_is_judged_turn_by_turn_with_what_the_turn_before_left() -> None:
    """The second turn knows the first one's topic."""
    seen: list[str | None] = []

    def judge(question: str, context: Context) -> Verdict:
        seen.append(context.last_topic)
        return Verdict(Decision.ANSWER, Reason.MATCH, (Candidate(question, 0.9),))

    turns = (Question("a.x", "a.x"), Question("b.x", "b.x"))
    outcomes = run([Case("d", 1, turns), Case("d", 2, turns[:1])], judge)
    assert seen == [None, "a.x", None]
    assert [each.turn for each in outcomes] == [0, 1, 0]


def test_what_a_change_decides_differently_is_listed() -> None:
    """Pairs of before and after."""
    assert changed([RIGHT, LOST], [RIGHT, HELPFUL]) == [(LOST, HELPFUL)]


def test_the_report_shows_the_test_part_first_and_the_training_part_apart() -> None:
    """Nobody can take a trained figure for a measured one."""
    report = Report(ALL, [RIGHT], COSTS, versus=[figures("ratio", ALL)], folds=[RIGHT])
    text = report.text()
    assert text.startswith("### Test part")
    assert text.index("### Test part") < text.index("ratio") < text.index("### Training part")
    content = json.loads(json.dumps(report.as_json()))
    assert set(content) >= {"test", "training", "baselines", "cross_validation"}
    assert content["test"]["worst"][0]["q"] == OUTSIDE_WRONG.question.text
    assert "training" not in Report(ALL, [], COSTS).as_json()


def test_effects_are_shown_as_differences_to_the_whole() -> None:
    """The first line tells the whole in shares, the others what is lost or won."""
    whole, less = figures("all", [RIGHT, WRONG], COSTS), figures("less", [WRONG, WRONG], COSTS)
    text = effects_table([Effect(EVERYTHING, whole, whole), Effect("grams", less, less)])
    assert "50.0 %" in text.splitlines()[2]
    assert "-50.0" in text.splitlines()[3]
    assert "+4.00" in text.splitlines()[3]


def test_a_comparison_shows_before_and_after() -> None:
    """As a clerk sees it before saving a phrasing."""
    text = comparison_table([figures("all", [WRONG])], [figures("all", [RIGHT])])
    assert "0.0 → 100.0" in text


def test_every_ablation_can_be_applied_to_the_shipped_knowledge() -> None:
    """Sections named there exist, so that a renamed one cannot be measured as if it brought nothing."""
    sections = set(shipped().lexicon.sections)
    names = [each.name for each in variants()]
    assert names[0] == EVERYTHING
    assert len(names) == len(set(names))
    for each in variants():
        assert set(each.sections) <= sections, each.name
        assert set(each.knowledge(shipped()).lexicon.sections) == sections - set(each.sections)
