"""Tables as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.consult.tables import percent, replace_section, table, width
from bot.core.errors import SettingsError


def test_columns_line_up_although_chinese_is_twice_as_wide() -> None:
    """Every line is as wide in a terminal."""
    lines = table(["topic", "n"], [["执行费", "3"], ["a|b\nc", "12"]]).splitlines()
    assert len({width(each) for each in lines}) == 1
    assert "a/b c" in lines[3]
    assert lines[2].endswith("  3 |")


def test_a_share_of_nothing_is_a_dash() -> None:
    """Nothing is divided by zero."""
    assert (percent(1, 4), percent(1, 0)) == ("25.0 %", "–")


def test_a_section_of_a_document_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    """Twice the same is once."""
    path = tmp_path / "a.md"
    path.write_text("# T\n<!-- begin figures -->\nold\n<!-- end figures -->\nend\n", encoding="utf-8")
    for _ in range(2):
        replace_section(path, "figures", "new")
    assert path.read_text() == "# T\n<!-- begin figures -->\n\nnew\n\n<!-- end figures -->\nend\n"


@pytest.mark.parametrize("text", ["", "<!-- begin x -->", "<!-- end x --><!-- begin x -->"])
def test_a_document_without_the_section_is_left_alone(tmp_path: Path, text: str) -> None:
    """It is said which lines are needed."""
    path = tmp_path / "a.md"
    path.write_text(text)
    with pytest.raises(SettingsError, match="begin x"):
        replace_section(path, "x", "new")
    assert path.read_text() == text
