"""Texts that fit, words that stay words, buttons within 64 bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.model import TEXT_LIMIT, Button, Reply, quoted, reply_from, rows, split_text, utf16_length
from handlers.render import to_html, to_plain


def test_a_text_that_fits_is_left_alone() -> None:
    """Exactly 4096 units are one message."""
    text = "字" * TEXT_LIMIT
    assert split_text(text) == [text]


def test_a_long_text_is_cut_at_paragraphs() -> None:
    """Each paragraph stays whole, and their order is kept."""
    paragraphs = [f"{n}" + "字" * 900 for n in range(12)]
    pieces = split_text("\n\n".join(paragraphs))
    assert "\n\n".join(pieces).split("\n\n") == paragraphs
    assert all(utf16_length(p) <= TEXT_LIMIT for p in pieces)


def test_a_paragraph_that_is_too_long_is_cut_at_sentences() -> None:
    """No sentence is torn while there is a full stop to cut at."""
    sentence = "这是一句话" * 30 + "。"
    pieces = split_text(sentence * 60)
    assert all(p.endswith("。") for p in pieces)
    assert "".join(pieces) == sentence * 60


@pytest.mark.parametrize("character", ["字", "👍", "a"])
def test_a_text_without_any_pause_is_cut_all_the_same(character: str) -> None:
    """Counted as Telegram counts: a smiley is two."""
    pieces = split_text(character * 9000)
    assert "".join(pieces) == character * 9000
    assert all(utf16_length(p) <= TEXT_LIMIT for p in pieces)


def test_bold_that_is_cut_through_is_closed_and_opened_again() -> None:
    """Each piece parses by itself, and all that was bold still is."""
    text = "开头\n\n**" + "\n\n".join("粗" * 1500 for _ in range(4)) + "**\n\n结尾"
    pieces = split_text(text)
    assert len(pieces) > 1
    assert all(p.count("**") % 2 == 0 for p in pieces)
    bold = "".join(part for p in pieces for part in p.split("**")[1::2])
    assert bold.count("粗") == 6000


@given(st.text(alphabet="字a*。\n，👍 ", max_size=300), st.integers(24, 80))
def test_cutting_loses_no_word(text: str, limit: int) -> None:
    """Whatever is cut, wherever: every letter comes out once, in its order, and each piece fits."""
    pieces = split_text(text, limit)
    assert [c for p in pieces for c in p if c in "字a👍"] == [c for c in text if c in "字a👍"]
    assert all(utf16_length(p.replace("**", "")) <= limit for p in pieces)


@given(st.text(alphabet="*字_<b>&", max_size=40))
def test_nobodys_words_open_bold(value: str) -> None:
    """However many stars stand in a row, between our own bold too."""
    html = to_html(f"**头**\n{quoted(value)}\n**尾**")
    assert html.count("<b>") == 2
    assert html.startswith("<b>头</b>")
    assert html.endswith("<b>尾</b>")


def test_nobodys_words_turn_a_line_round() -> None:
    """Direction overrides are dropped; letters of languages written from the right stay."""
    assert quoted("a\u202eb\u2066c") == "abc"
    assert quoted("ئۇيغۇر") == "ئۇيغۇر"


def test_everything_but_bold_is_escaped() -> None:
    """The one place where words meet HTML."""
    assert to_html("<a href='x'>&amp; **粗**") == "&lt;a href='x'&gt;&amp;amp; <b>粗</b>"
    assert to_plain("**粗** <b>") == "粗 <b>"


@pytest.mark.parametrize("data", ["", "字" * 22])
def test_a_button_that_telegram_would_refuse_cannot_be_made(data: str) -> None:
    """1 to 64 bytes, counted in UTF-8: a Chinese character is three."""
    with pytest.raises(ValueError, match="64 bytes"):
        Button("x", data)


def test_a_reply_survives_the_outbox() -> None:
    """What is stored as a payload comes back the same."""
    reply = Reply("词", rows([Button("a", "x"), Button("b", "y"), Button("c", "z")]), "answer")
    assert reply_from(reply.payload()) == reply
    assert [len(row) for row in reply.buttons] == [2, 1]
