"""Learning from a gap: a phrasing that may be added, with its effect on the evaluation shown before anything is saved."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.consult.cases import Case, overlaps
from bot.consult.check import check
from bot.consult.evaluate import Outcome, by_file, changed, judge_with, run
from bot.consult.following import Chooser
from bot.consult.loader import Draft, read
from bot.consult.matcher import Matcher
from bot.consult.policy import MatchSettings
from bot.consult.report import comparison_table, excerpt
from bot.consult.writing import problems_of, read_text, replace_text, with_phrasing
from bot.core.errors import KnowledgeError
from bot.core.faults import Fault

_SHOWN_CHANGES = 20

@dataclass(frozen=True, slots=True)
class Change:
    """A phrasing that may be added: the file as it would be, and the evaluation before and after."""

    owner: str  # topic, or kind in outside.yaml
    phrasing: str
    file: Path
    original: str
    text: str
    before: list[Outcome]
    after: list[Outcome]
    costs: MatchSettings

    @property
    def effect(self) -> str:
        """The evaluation before and after, and the questions that are decided differently."""
        parts = [comparison_table(by_file(self.before, self.costs), by_file(self.after, self.costs))]
        differing = changed(self.before, self.after)
        parts += [
            f"{_mark(old)} {old.verdict.decision} {old.verdict.best} → {_mark(new)} {new.verdict.decision} "
            f"{new.verdict.best}: {excerpt(new.question.text)}"
            for old, new in differing[:_SHOWN_CHANGES]
        ]
        parts.append(f"{len(differing)} of {len(self.before)} questions are decided differently")
        return "\n".join(parts)

    def save(self) -> None:
        """Write the file, comments and order kept. KnowledgeError when somebody changed it meanwhile."""
        if read_text(self.file) != self.original:
            raise KnowledgeError([Fault("phrasing.changed_meanwhile", file=self.file)])
        replace_text(self.file, self.text)


def propose(
    folder: Path,
    matcher: Matcher,
    owner: str,
    phrasing: str,
    cases: Sequence[Case],
    today: date,
    paths: Collection[str] | None = None,
    choose: Chooser | None = None,
) -> Change:
    """The change and its effect, worked out on a copy of `folder`; KnowledgeError when the copy has a fault."""
    if wrong := list(problems_of(phrasing)):
        raise KnowledgeError(wrong)
    file = _file_of(read(folder), owner)
    original = read_text(folder / file)
    text = with_phrasing(original, owner, phrasing)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "faq"
        shutil.copytree(folder, copy)
        replace_text(copy / file, text)
        if faults := [each for each in check(copy, today, paths) if not each.notice]:
            raise KnowledgeError(faults)
        knowledge = read(copy).knowledge()
    if found := overlaps(cases, knowledge):
        raise KnowledgeError(Fault("phrasing.in_evaluation", question=each.question) for each in found)
    then = Matcher(knowledge, matcher.settings, weights=matcher.weights)
    before, after = run(cases, judge_with(matcher), choose), run(cases, judge_with(then), choose)
    return Change(owner, phrasing, folder / file, original, text, before, after, matcher.settings)


def _file_of(draft: Draft, owner: str) -> str:
    place = draft.lines.get((owner, ""))
    if place is None:
        raise KnowledgeError([Fault("phrasing.no_entry", topic=owner)])
    return place[0]


def _mark(outcome: Outcome) -> str:
    if outcome.question.outside:
        return "✗" if outcome.wrong_answer else "✓"
    return "✓" if outcome.right else "✗"
