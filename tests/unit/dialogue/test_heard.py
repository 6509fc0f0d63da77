"""Short words that stand for a button."""

from __future__ import annotations

import pytest

from bot.core.texts import Texts
from bot.dialogue.heard import CHOICES, Heard, bare

HEARD = Heard(Texts.load())


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1", 1),
        ("２", 2),
        ("③", 3),
        ("第一个", 1),
        ("第 2 个。", 2),
        ("选三", 3),
        ("二吧", 2),
        ("1、", 1),
        ("我选第二个呢", 2),
    ],
)
def test_a_choice_in_its_usual_forms(typed: str, number: int) -> None:
    """Digits of any width, numerals, ordinals, with a particle or a full stop behind."""
    assert HEARD.choice(typed) == number


@pytest.mark.parametrize("typed", ["二审", "三年", "12", "第二次", "一", "4", "第四个", "1号线", "", "。"])
def test_what_only_contains_a_number_is_no_choice(typed: str) -> None:
    """Except 一 alone, which is one."""
    assert HEARD.choice(typed) == (1 if typed == "一" else None)


def test_no_word_means_two_things() -> None:
    """A word stands below one meaning, and every choice has its words."""
    groups = Texts.load().under("heard")
    words = [bare(word) for said in groups.values() for word in said.split()]
    assert len(words) == len(set(words))
    assert set(CHOICES) <= set(groups)


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("算一算", "tools:calc"), ("🧮 算一算", "tools:calc"), ("帮我算一下", "tools:calc"), ("计算器", "tools:calc"),
        ("写文书", "tools:doc"), ("📝写文书", "tools:doc"), ("看目录", "menu"), ("窗口和服务", "cat:service:0"),
    ],
)  # fmt: skip
def test_what_stands_on_the_menu_can_be_typed(typed: str, place: str) -> None:
    """With its picture or without, as it stands there."""
    assert HEARD.place(typed) == place


def test_every_label_of_the_menu_is_a_place_of_its_own() -> None:
    """Categories and lists; a question is none."""
    texts = Texts.load()
    names = {**texts.under("menu.categories"), **texts.under("menu.tools")}
    assert len({HEARD.place(name) for name in names.values()} - {None}) == len(names)
    assert HEARD.place("执行费怎么算") is None
