"""Evaluation files: labelled questions and dialogues, read with every fault named, split into two halves.

One JSON object a line: `{"q", "best", "ok", "tags"}` or `{"turns": [such objects], "tags"}`.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process
from typing_extensions import override

from bot.consult.lexicon import Words
from bot.consult.model import Knowledge
from bot.consult.normalise import Normaliser
from bot.consult.training import OUT_OF_SCOPE, Dialogue, Question, in_training_part
from bot.core.errors import KnowledgeError

ALIKE = 95  # rapidfuzz ratio from which a question differs only trivially from a phrasing


@dataclass(frozen=True, slots=True)
class Case:
    """One line of an evaluation file: a question, or the turns of a dialogue."""

    file: str
    line: int
    turns: Dialogue
    tags: tuple[str, ...] = ()
    training: bool = False  # whether it belongs to the half that may be trained on

    @property
    def is_dialogue(self) -> bool:
        """Whether it has more than one turn."""
        return len(self.turns) > 1


@dataclass(frozen=True, slots=True)
class Overlap:
    """A question of the evaluation that stands among the phrasings as well."""

    case: Case
    question: str
    owner: str
    phrasing: str
    likeness: float

    @override
    def __str__(self) -> str:
        return (
            f"{self.case.file}:{self.case.line}: {self.question!r} stands among the phrasings of {self.owner} "
            f"as {self.phrasing!r} (likeness {self.likeness:.0f})"
        )


def read_cases(files: Iterable[Path], topics: Container[str] | None = None, project: Path | None = None) -> list[Case]:
    """All lines of the files; KnowledgeError names file and line of everything that cannot be used.

    Only files inside `project` have a training half; any other file is wholly test. Without `topics` any id is taken.
    """
    cases: list[Case] = []
    problems: list[str] = []
    for path in files:
        halved = project is not None and path.resolve().is_relative_to(project.resolve())
        for number, text in enumerate(_lines(path), 1):
            if not text.strip():
                continue
            try:
                turns, tags = _turns(json.loads(text), topics)
            except ValueError as error:
                problems.append(f"{path}:{number}: {_reason(error)}")
                continue
            cases.append(Case(path.name, number, turns, tags, halved and in_training_part(turns[0].text)))
    if problems:
        raise KnowledgeError(problems)
    return cases


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise KnowledgeError([f"{path}:0: the file is not UTF-8 ({error.reason})"]) from error
    except OSError as error:
        raise KnowledgeError([f"{path}:0: the file cannot be read ({error.strerror})"]) from error


def _reason(error: ValueError) -> str:
    return f"this is no JSON ({error.msg})" if isinstance(error, json.JSONDecodeError) else str(error)


def _turns(row: Any, topics: Container[str] | None) -> tuple[Dialogue, tuple[str, ...]]:
    if not isinstance(row, dict):
        raise ValueError('an object {"q", "best", "ok"} or {"turns"} is expected')  # noqa: TRY004 - input at fault
    tags = _strings(row, "tags")
    if "turns" not in row:
        return (_question(row, topics),), tags
    turns = row["turns"]
    if not isinstance(turns, list) or not turns or not all(isinstance(each, dict) for each in turns):
        raise ValueError("`turns` must be a list of objects")
    return tuple(_question(each, topics) for each in turns), tags


def _question(row: Mapping[str, Any], topics: Container[str] | None) -> Question:
    for key in ("q", "best"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise ValueError(f"`{key}` must be a text")
    for topic in (row["best"], *_strings(row, "ok")):
        if topics is not None and topic != OUT_OF_SCOPE and topic not in topics:
            raise ValueError(f"unknown topic {topic}")
    _strings(row, "tags")
    return Question.of(row)


def _strings(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = row.get(key) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"`{key}` must be a list of texts")
    return tuple(value)


def overlaps(cases: Sequence[Case], knowledge: Knowledge) -> list[Overlap]:
    """Questions that stand among the FAQ's phrasings, or differ only trivially from one.

    Later turns of a dialogue are left out: 「谢谢」 and 「要多久」 are what everybody says.
    """
    normalise = Normaliser(Words.compile(knowledge.lexicon))
    written = [(each.id, text) for each in knowledge.entries.values() for text in each.phrasings]
    written += [(each.id, text) for each in knowledge.outside.values() for text in each.phrasings]
    known = [normalise(text).text for _, text in written]
    found = []
    for case in cases:
        asked = normalise(case.turns[0].text).text
        best = process.extractOne(asked, known, scorer=fuzz.ratio, score_cutoff=ALIKE)
        if best:
            owner, phrasing = written[best[2]]
            found.append(Overlap(case, case.turns[0].text, owner, phrasing, best[1]))
    return found
