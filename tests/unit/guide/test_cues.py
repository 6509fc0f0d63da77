"""`faq/calculators.yaml` and `faq/rates.yaml`: each mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.errors import KnowledgeError
from bot.guide import cues, rates
from bot.guide.cues import FILE
from tests.small_faq import SHIPPED as FAQ
from tests.small_faq import shipped

TEXT = (FAQ / FILE).read_text(encoding="utf-8")


def test_the_shipped_files_are_sound() -> None:
    """Every topic that they name exists."""
    assert cues.read(FAQ, shipped().entries)[1] == []
    assert rates.check(FAQ / rates.FILE) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("fee:\n", "fees:\n", "file.unknown"),
        ("  not: [律师费", "  nott: [律师费", "file.unknown"),
        ("  asks: [多少", "  topics: [多少", "file.missing_key"),
        ("  asks: [多少", "  topics: [多少", "file.twice"),
        ("  topics: [apply.fee,", "  topics: [apply.nothing,", "cues.no_topic"),
        ("asks: [多少,", "asks: ['',", "value.text"),
        ("asks: [多少,", "asks: 多少 # [", "value.list"),
        ("      preservation: [保全]", "      preserved: [保全]", "file.unknown"),
        ("    asset:\n", "    assets:\n", "file.unknown"),
        ("  alone: true", "  alone: 也算", "cues.alone"),
        ("plan:\n", "plan: 3\nother:\n", "cues.names"),
        ("not: [律师费,", "not: [律师费 {", "yaml.bracket"),
    ],
)
def test_each_mistake_in_the_words_is_named_with_its_line(tmp_path: Path, old: str, new: str, code: str) -> None:
    """And a bot does not start on it."""
    assert old in TEXT
    (tmp_path / FILE).write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    found = cues.read(tmp_path, shipped().entries)[1]
    assert any(p.code == code and p.file == FILE and p.line > 0 for p in found), [str(p) for p in found]
    if code != "cues.no_topic":
        with pytest.raises(KnowledgeError, match=FILE):
            cues.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("- 1\n", "rates.table", 1),
        ("x: 5\n", "rates.series", 1),
        ("x:\n  2024-01-01: '3'\n  2024-13-01: '3'\n", "value.unreadable", 3),
        ("x:\n  2024/1/1: '3'\n", "rates.day", 2),
        ("x:\n  2024-01-01: 3.1\n", "rates.percent", 2),
        ("x:\n  2024-01-01: '3'\n  2024-01-01: '4'\n", "file.twice", 3),
        ("x:\n  2024-01-01： '3'\n", "rates.series", 2),
    ],
)
def test_each_mistake_in_the_rates_is_named_with_its_line(tmp_path: Path, text: str, code: str, line: int) -> None:
    """A float would not be exact; a day that does not exist; one that stands twice."""
    path = tmp_path / rates.FILE
    path.write_text(text, encoding="utf-8")
    assert [(p.code, p.line) for p in rates.check(path)] == [(code, line)]
