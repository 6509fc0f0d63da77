"""Evaluation files: every fault is named, the halves are stable, and no question is a phrasing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.consult.cases import Case, overlaps, read_cases
from bot.consult.training import Question, in_training_part
from bot.core.errors import KnowledgeError
from commands.faq_eval import ROOT, own_files
from tests.small_faq import shipped

TOPICS = {"apply.fee", "apply.how"}


def written(folder: Path, *lines: object) -> Path:
    """A file with these lines."""
    path = folder / "some.jsonl"
    path.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines), encoding="utf-8")
    return path


def test_questions_and_dialogues_are_read(tmp_path: Path) -> None:
    """Blank lines are skipped; tags stand on the line or on the turn."""
    turns = [{"q": "费用", "best": "apply.fee"}, {"q": "怎么交", "best": "apply.fee", "ok": ["apply.how"]}]
    path = written(tmp_path, {"q": "离婚", "best": "oos", "tags": ["x"]}, "", {"turns": turns, "tags": ["fee"]})
    one, two = read_cases([path], TOPICS)
    assert one.turns[0].outside
    assert one.tags == ("x",)
    assert (two.line, two.is_dialogue, two.turns[1].ok) == (3, True, ("apply.how",))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "no JSON"),
        ("[1]", "an object"),
        ({"best": "apply.fee"}, "`q` must be a text"),
        ({"q": " ", "best": "apply.fee"}, "`q` must be a text"),
        ({"q": "a", "best": "apply.nothing"}, "unknown topic apply.nothing"),
        ({"q": "a", "best": "apply.fee", "ok": "apply.how"}, "`ok` must be a list"),
        ({"turns": []}, "`turns` must be a list"),
        ({"turns": [{"q": "a"}]}, "`best` must be a text"),
    ],
)
def test_a_faulty_line_is_named_with_file_and_line(tmp_path: Path, line: object, why: str) -> None:
    """All faulty lines at once, none guessed at."""
    path = written(tmp_path, {"q": "a", "best": "apply.fee"}, line, line)
    with pytest.raises(KnowledgeError) as caught:
        read_cases([path], TOPICS)
    assert [each.split(": ")[0] for each in caught.value.problems] == [f"{path}:2", f"{path}:3"]
    assert why in caught.value.problems[0]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are the file's fault, not ours."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\xff\xfe{")
    with pytest.raises(KnowledgeError, match="not UTF-8"):
        read_cases([path], TOPICS)


def test_a_foreign_file_is_wholly_test(tmp_path: Path) -> None:
    """Only files inside the project have a half that may be trained on."""
    path = written(tmp_path, *({"q": f"问题{n}", "best": "apply.fee"} for n in range(40)))
    assert not any(each.training for each in read_cases([path], TOPICS))
    assert not any(each.training for each in read_cases([path], TOPICS, ROOT))
    halved = read_cases([path], TOPICS, tmp_path)
    assert {each.training for each in halved} == {True, False}
    assert all(each.training == in_training_part(each.turns[0].text) for each in halved)


def case(text: str) -> Case:
    """A question by itself."""
    return Case("x.jsonl", 1, (Question(text, "apply.fee"),))


@pytest.mark.parametrize("change", ["{}", "{}？", "请问{}", "「{}」。"])
def test_a_question_that_differs_only_trivially_from_a_phrasing_is_found(change: str) -> None:
    """Punctuation, width and filler make no new question."""
    entry = shipped().entries["apply.fee"]
    text = max(entry.phrasings, key=len)
    knowledge = replace(shipped(), entries={"apply.fee": entry}, outside={})
    found = overlaps([case(change.format(text)), case("律师费能不能让对方出")], knowledge)
    assert [each.phrasing for each in found] == [text]
    assert "x.jsonl:1" in str(found[0])


def test_no_question_of_the_evaluation_stands_among_the_phrasings() -> None:
    """The evaluation measures understanding, not memory."""
    cases = read_cases(own_files(), shipped().entries, ROOT)
    assert [str(each) for each in overlaps(cases, shipped())] == []


def test_the_evaluation_is_as_large_and_as_varied_as_promised() -> None:
    """800 questions, every topic, 200 from outside, 60 dialogues."""
    cases = read_cases(own_files(), shipped().entries, ROOT)
    single = [each.turns[0] for each in cases if not each.is_dialogue]
    assert sum(not each.outside for each in single) >= 800
    assert sum(each.outside for each in single) >= 200
    assert sum(each.is_dialogue for each in cases) >= 60
    assert {each.best for each in single if not each.outside} == set(shipped().entries)
