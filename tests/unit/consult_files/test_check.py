"""Mistakes that clerks make in `faq/`, each found with its file and line, and none of them stopping the check."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.consult.check import check
from bot.consult.loader import FILES, Problem, fingerprint, read
from tests.world import ROOT

TODAY = date(2026, 11, 23)
TOPICS = "topics/apply.yaml"


@pytest.fixture(scope="module")
def shipped() -> list[Problem]:
    """What is said of the knowledge as it ships."""
    return check(ROOT / "faq", TODAY)


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    copy = tmp_path / "faq"
    shutil.copytree(ROOT / "faq", copy)
    return copy


def spoiled(faq: Path, file: str, old: str, new: str) -> list[Problem]:
    """The problems after one change, notices left out."""
    path = faq / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return [p for p in check(faq, TODAY) if not p.notice]


def test_what_ships_has_no_problem(shipped: list[Problem]) -> None:
    """Nothing wrong; the courts that nobody has filled in are notices."""
    assert [str(p) for p in shipped if not p.notice] == []
    assert {p.file for p in shipped} == {"courts.yaml"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("reviewed: 2026-11-23", "reviewed: 2026-02-31", "cannot be read"),
        ("reviewed: 2026-11-23", "reviewed: 2026-11-23 10:00:00", "a date such as"),
        ("reviewed: 2026-11-23", "reviewed: 下周", "a date such as"),
        ("reviewed: 2026-11-23", "reviewed: 2027-11-23", "in the future"),
        ("reviewed: 2026-11-23", "reviewed: !!python/name:os.system x", "cannot be read"),
        ("valid_to: null", "valid_to: 2026-11-22", "expired on 2026-11-22"),
        ("valid_from: 2024-01-01", "valid_from: 2027-01-01", "not in force before"),
        ("valid_to: null", "valid_to: 2020-01-01", "valid_to is before valid_from"),
        ("  title: ", "\ttitle: ", "tab character"),
        ("  title: ", "  titel: x\n  title: ", "unknown key `titel`"),
        ("  title: ", "  title: x\n  title: ", "key `title` stands twice"),
        ("  title: ", "  titel: ", "key `title` is missing"),
        ("  title: ", "  title: 一个长得不得了完全放不下的标题", "fit on a button"),
        ("  audience: [", "  audience: [farmer, ", "unknown audience"),
        ("  related: [", "  related: [apply.nothing, ", "related topic apply.nothing does not exist"),
        ("  related: [", "  related: [apply.how, ", "not related to itself"),
        ("  answer: |\n", "  answer: |\n    **没有关上\n", "a ** is not closed"),
        ("  answer: |\n", "  answer: |\n    <b>粗</b>\n", "only **bold** is known"),
        ("  answer: |\n", "  answer: |\n    [网站](http://x)\n", "only **bold** is known"),
        ("  answer: |\n", "  answer: |\n    {{nowhere}}\n", "unknown placeholder"),
        ("  answer: |\n", "  answer: |\n    " + "长" * 700 + "\n", "at most 600"),
        ("- id: apply.how", "- id: apply.How", "an id such as"),
        ("- id: apply.how", "- id: apply." + "a" * 60, "an id such as"),
        ("- id: apply.how", "- id: apply.conditions", "is given 2 times"),
        ("- id: apply.how", "- id: apply.other", "is not a topic of taxonomy"),
        ("  phrasings:\n", "  phrasings:\n    - 执行费怎么算\n    - 执行费，怎么算？？\n", "stands twice"),
    ],
)
def test_a_mistake_in_a_topic_is_found_where_it_stands(faq: Path, old: str, new: str, said: str) -> None:
    """Each with the file, a line, and words that say what is expected."""
    found = [p for p in spoiled(faq, TOPICS, old, new) if said in p.message]
    assert found, said
    assert found[0].file in (TOPICS, "taxonomy.yaml")
    assert found[0].line > 0


def test_the_line_is_the_one_at_which_to_look(faq: Path) -> None:
    """Counted from one, as an editor does."""
    path = faq / TOPICS
    lines = path.read_text(encoding="utf-8").split("\n")
    number = next(i for i, line in enumerate(lines, 1) if "reviewed:" in line)
    found = spoiled(faq, TOPICS, "reviewed: 2026-11-23", "reviewed: 2026-02-31")
    assert [(p.file, p.line) for p in found] == [(TOPICS, number)]


def test_one_mistake_is_one_complaint(faq: Path) -> None:
    """What cannot be read is not complained of again wherever something rests on it."""
    assert len(spoiled(faq, TOPICS, "  title: ", "\ttitle: ")) == 1


def test_a_phrasing_under_two_topics_is_found(faq: Path) -> None:
    """Also when only punctuation, width or a please differ."""
    found = spoiled(faq, TOPICS, "  phrasings:\n", "  phrasings:\n    - 请问，终本是啥意思？？\n    - 终本是啥意思\n")
    assert any("stands" in p.message for p in found)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("laws.yaml", "  民诉法:\n", "  民法:\n", "民诉法 is not in laws.yaml"),
        ("laws.yaml", "laws:\n", "laws:\n  假法: 5\n", "title and articles"),
        ("lexicon.yaml", "\ncrisis:\n", "\ncrisis: []\nfiller2:\n", "crisis must not be empty"),
        ("lexicon.yaml", "\nasking: [", "\nasking: [{a: b}, ", "must be a list of words"),
        ("lexicon.yaml", "\nperson: [", "\nperson: [x]\nperson: [", "`person` stands twice"),
        ("courts.yaml", "phone: null", "phone: 8512345", "in quotes"),
        ("courts.yaml", "  - id: anshun", "  - idd: anshun", "id and name are needed"),
        ("outside.yaml", "answer: |\n", "answer: |\n    " + "长" * 700 + "\n", "at most 600"),
    ],
)
def test_a_mistake_in_the_other_files_is_found(faq: Path, file: str, old: str, new: str, said: str) -> None:
    """Laws, lexicon, courts and what lies outside."""
    assert any(said in p.message for p in spoiled(faq, file, old, new)), said


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"- a\n- b\n", b"words", b"\xb7\xd6", b"a: [", b"&a [*a]"])
def test_files_of_another_shape_are_problems_never_a_crash(faq: Path, content: bytes) -> None:
    """Emptied, cut short, in another encoding, something else altogether: each file is complained of."""
    names = {TOPICS, *(f"{f}.yaml" for f in FILES)}
    for name in names:
        (faq / name).write_bytes(content)
    assert names <= {p.file for p in check(faq, TODAY)}


def test_missing_files_are_problems(faq: Path) -> None:
    """Without the lexicon nobody would hear a cry for help; without the laws nothing could be cited."""
    for name in FILES:
        (faq / f"{name}.yaml").unlink()
    missing = {p.file for p in check(faq, TODAY) if "missing" in p.message}
    assert missing == {f"{name}.yaml" for name in FILES}


def test_a_court_that_is_filled_in_shows_in_the_answers(faq: Path) -> None:
    """Filled by the operator: address and telephone stand where the placeholder stood, and the notice is gone."""
    path = faq / "courts.yaml"
    text = path.read_text(encoding="utf-8").replace("phone: null", 'phone: "区号-号码"', 1)
    path.write_text(text, encoding="utf-8")
    knowledge = read(faq).knowledge()
    assert "区号-号码" in knowledge.places["courts"]
    assert len([p for p in check(faq, TODAY) if p.notice]) == len(knowledge.courts) - 1


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(faq: Path) -> None:
    """The editors of a court's office write both."""
    path = faq / TOPICS
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert [p for p in check(faq, TODAY) if not p.notice] == []


def test_the_version_changes_with_any_file_and_only_then(faq: Path) -> None:
    """It is logged with every answer, so that it can be told what somebody was told."""
    before, seen = read(faq).version, fingerprint(faq)
    assert read(faq).version == before
    (faq / "courts.yaml").write_text((faq / "courts.yaml").read_text(encoding="utf-8") + "\n# x\n", encoding="utf-8")
    assert read(faq).version != before
    assert fingerprint(faq) != seen
