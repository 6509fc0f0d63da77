"""Labels of buttons that somebody types."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.dialogue.labels import LONGEST, MOST, SEEN, pressed_by, remembered
from bot.dialogue.state import State

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["📎 相关问题", "相关问题", " 相关问题。", "相關問題"])
def test_a_label_is_known_with_and_without_what_adorns_it(typed: str) -> None:
    """Pictures, marks, spaces and the script do not matter."""
    assert pressed_by(typed, remembered([], [("📎 相关问题", "related:apply.fee")])) == "related:apply.fee"


def test_the_newest_of_buttons_with_one_label_counts() -> None:
    """详细说说 belongs to the last answer."""
    shown = remembered(remembered([], [("详细说说", "more:a")]), [("详细说说", "more:b")])
    assert pressed_by("详细说说", shown) == "more:b"
    assert len(shown) == 1


def test_of_two_shown_at_once_neither_is_meant() -> None:
    """我已付款 under each of two cases: the words must say which; an older one does not come back either."""
    shown = remembered([], [("我已付款", "ob:9:paid")])
    shown = remembered(shown, [("我已付款", "ob:1:paid"), ("我已付款", "ob:2:paid")])
    assert pressed_by("我已付款", shown) == ""


@pytest.mark.parametrize(
    ("data", "known"),
    [
        ("fl:7:amount:yes", False),
        ("fl:7:go", True),
        ("fl:7:done:fix-amount", True),
        ("pp:3:yes", False),
        ("pp:3:no", True),
        ("go:can_apply", True),
    ],
)
def test_answers_and_consent_are_never_taken_from_an_old_label(data: str, known: bool) -> None:
    """A path knows its own buttons; an offer is accepted by nothing but a press."""
    assert bool(pressed_by("同意", remembered([], [("同意", data)]))) is known


def test_what_is_kept_is_short_and_holds_no_words() -> None:
    """A label may be somebody's words; so many buttons at most; a button without letters is none."""
    shown = remembered([], [(f"给王小二{n}号", f"topic:{n}") for n in range(MOST * 2)])
    assert len(shown) == MOST
    assert "王小二" not in json.dumps(shown, ensure_ascii=False)
    assert remembered([], [("👍", "fb:1:1")]) == []
    assert pressed_by("长" * (LONGEST + 1), remembered([], [("长" * (LONGEST + 1), "menu")])) == ""


def test_after_a_day_words_are_words_again() -> None:
    """A label of the day before presses nothing; a turn without buttons keeps what was shown."""
    state = State()
    state.show([("菜单", "menu"), ("改金额", "fl:7:done:fix-amount")], NOW)
    state.show([], NOW + SEEN)
    assert (state.button("菜单", NOW + SEEN), state.result(NOW + SEEN)) == ("menu", "fl:7:done:fix-amount")
    state.show([("详细说说", "more:a")], NOW + SEEN)
    assert state.result(NOW + SEEN) == ""
    state.show([("改金额", "fl:7:done:fix-amount")], NOW + SEEN)
    later = NOW + SEEN * 2.01
    assert (state.button("菜单", later), state.result(later)) == ("", "")
    state.show([("上一步", "menu")], later)
    assert state.button("菜单", later) == ""
