"""Adding a phrasing to a YAML file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.consult.writing import LONGEST, problems_of, read_text, replace_text, with_phrasing
from bot.core.errors import KnowledgeError
from tests.small_faq import SHIPPED

TEXT = """# head
- id: a.x   # first
  phrasings:
    - 一   # stays
    # between
    - "二"

  # before the answer
  answer: |
    words
- id: b.x
  phrasings: [三, '四']
  answer: x
"""


def test_a_phrasing_is_added_below_the_last_and_comments_stay() -> None:
    """Only one line more."""
    assert with_phrasing(TEXT, "a.x", "怎么办理") == TEXT.replace('    - "二"\n', '    - "二"\n    - 怎么办理\n')


def test_a_list_in_brackets_grows_within_them() -> None:
    """The other way in which a clerk may write a list."""
    assert with_phrasing(TEXT, "b.x", "五") == TEXT.replace("'四']", "'四', \"五\"]")


@pytest.mark.parametrize("phrasing", ["a: b", "- 一", "#x", "是", "yes", "123", '他说"不"', "a\\b", "null", "问: 答 # 注", " x"])
def test_whatever_people_write_reads_back_as_written(phrasing: str) -> None:
    """What YAML would take for something else is put in quotes."""
    for owner, place in (("a.x", 0), ("b.x", 1)):
        assert yaml.safe_load(with_phrasing(TEXT, owner, phrasing))[place]["phrasings"][-1] == phrasing


def test_line_ends_of_another_system_are_kept() -> None:
    """A file written on Windows stays one."""
    text = TEXT.replace("\n", "\r\n")
    added = with_phrasing(text, "a.x", "怎么办理")
    assert added == text.replace('"二"\r\n', '"二"\r\n    - 怎么办理\r\n')


def test_a_file_without_a_last_line_end_is_no_obstacle() -> None:
    """The last entry's list at the very end."""
    text = "- id: a.x\n  phrasings:\n  - 一"
    assert with_phrasing(text, "a.x", "二") == text + "\n  - 二"


@pytest.mark.parametrize("text", ["", "x: 1", "- id: a.y\n  phrasings: [b]", "- id: a.x\n  phrasings: []", "- id: a.x"])
def test_an_entry_that_is_not_there_is_named(text: str) -> None:
    """Nothing is written to a wrong place."""
    with pytest.raises(KnowledgeError, match=r"a\.x"):
        with_phrasing(text, "a.x", "b")


@pytest.mark.parametrize("path", sorted((SHIPPED / "topics").glob("*.yaml"))[:3], ids=lambda path: path.name)
def test_the_shipped_files_can_be_added_to_byte_for_byte(path: Path) -> None:
    """Taking the new line out again gives the file as it was."""
    text = read_text(path)
    owner = yaml.load(text, Loader=yaml.CSafeLoader)[-1]["id"]
    added = with_phrasing(text, owner, "这是一句新的问法")
    (line,) = [each for each in added.splitlines(keepends=True) if "这是一句新的问法" in each]
    assert added.replace(line, "") == text


def test_the_file_is_exchanged_as_a_whole(tmp_path: Path) -> None:
    """Mode and neighbours stay; no half-written file is left behind."""
    path = tmp_path / "a.yaml"
    path.write_text("old")
    path.chmod(0o640)
    replace_text(path, "新\r\n")
    assert path.read_bytes() == "新\r\n".encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "a\nb", "我的卡******1234", "长" * (LONGEST + 1)])
def test_what_is_no_phrasing_is_refused(text: str) -> None:
    """Stories and masked numbers are to be said in general words first."""
    assert list(problems_of(text))
    assert not list(problems_of("执行费怎么算"))
