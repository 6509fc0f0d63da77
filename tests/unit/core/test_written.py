"""YAML that cannot be read: the likeliest cause in Chinese, the parser's own words at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.faults import Problem
from bot.core.written import Unreadable, compose, read


def problem(text: str) -> Problem:
    """What is said of a file with that text."""
    with pytest.raises(Unreadable) as raised:
        compose(text.encode("utf-8"), "x.yaml").value()
    return raised.value.problem


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\n\tb: 2\n", "yaml.tab", 2),
        ("- a: 1\n\t b: 2\n", "yaml.tab", 2),
        ("- a: 1\n-\tb: 2\n", "yaml.tab", 2),
        ("- a: 1\n\u3000b: 2\n", "yaml.space", 2),
        ("- a: 1\n\u00a0\u00a0b: 2\n", "yaml.space", 2),
        ("a: 'x\nb: 2\n", "yaml.quote", 3),
        ('a: "x\nb: "y"\n', "yaml.quotes", 2),
        ('a: "x" y\n', "yaml.quotes", 1),
        ('a: "\\q"\n', "yaml.escape", 1),
        ("b: 2\na 1\nc: 3\n", "yaml.colon", 3),
        ("b: 2\na：1\nc: 3\n", "yaml.colon", 3),
        ("a：1\nb: 2\n", "yaml.colons", 2),
        ("a: b: c\n", "yaml.colons", 1),
        ("a: 1\n  b: 2\n", "yaml.colons", 2),
        ("a:\n  - b\n c: 1\n", "yaml.indent", 3),
        ("- a: 1\n b: 2\n", "yaml.indent", 2),
        ("a: |\n  x\n y\nb: 1\n", "yaml.indent", 3),
        ("a: [1, 2\nb: 3\n", "yaml.bracket", 2),
        ("a: {x: 1\nb: 3\n", "yaml.bracket", 2),
        ("a: @x\n", "yaml.symbol", 1),
        ("a: **粗** x\n", "yaml.symbol", 1),
        ("a: *x\n", "yaml.symbol", 1),
        ("a: 1\n---\nb: 2\n", "yaml.document", 2),
        ("a: - b\n", "yaml.dash", 1),
        ("a:\n  - b: !x y\n    c: 2026-02-31\n", "value.unreadable", 2),
        ("a: &x [*x]\n", "yaml.deep", 1),
        ("执: 1\na: \x07\n", "yaml.hidden", 2),
        ("a: 2026-02-31\n", "value.unreadable", 1),
        ("# 什么也没有\n", "file.empty", 1),
    ],
)
def test_the_likeliest_cause_is_told(text: str, code: str, line: int) -> None:
    """Tab, quotation mark, colon, indentation, bracket, symbol; with the parser's line."""
    found = problem(text)
    assert (found.code, found.line) == (code, line), str(found)


def test_the_parsers_words_stand_in_brackets_at_the_end() -> None:
    """For whoever helps the clerk; and the line on which it began, when that is another one."""
    said = str(problem("b: 2\na：1\nc: 3\n"))
    assert said.startswith("x.yaml:3: 请检查第 2 行：")
    assert said.endswith("could not find expected ':'）")


def test_a_file_of_another_encoding_or_none_is_told(tmp_path: Path) -> None:
    """Saved by an old editor; deleted; a folder in its place."""
    with pytest.raises(Unreadable) as raised:
        compose("a: 1\n# 退订".encode("gb18030"), "x.yaml")
    assert (raised.value.problem.code, raised.value.problem.line) == ("file.encoding", 2)
    with pytest.raises(Unreadable) as raised:
        read(tmp_path / "x.yaml")
    assert raised.value.problem.code == "file.missing"
    with pytest.raises(Unreadable) as raised:
        read(tmp_path, "x.yaml")
    assert raised.value.problem.code == "file.closed"
