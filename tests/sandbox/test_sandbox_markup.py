"""HTML, MarkdownV2 and the entities that the server finds by itself."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import ApiError, Limits
from sandbox.formatting import message_text
from sandbox.html_markup import MarkupError, parse_html
from sandbox.markdown import parse_markdown_v2
from sandbox.text import find_entities, utf16_len, utf16_slice


def _text(source: str, mode: str = "", entities: list[dict[str, Any]] | None = None) -> Any:
    return message_text(source, mode, entities, Limits.telegram())


def _spans(text: str, entities: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(e["type"], utf16_slice(text, e["offset"], e["length"])) for e in entities]


@pytest.mark.parametrize(
    ("source", "text", "spans"),
    [
        ("<b>粗</b> <i>斜</i>", "粗 斜", [("bold", "粗"), ("italic", "斜")]),
        ("😀<b>执行</b>😀", "😀执行😀", [("bold", "执行")]),
        ("<u><s>x</s></u>", "x", [("strikethrough", "x"), ("underline", "x")]),
        ("a &lt;b&gt; &amp; &quot; &#20013; &#x1F600; &nbsp;", 'a <b> & " 中 😀 &nbsp;', []),
        ("<a href='https://a.cn/?x=1&amp;y=2'>网</a>", "网", [("text_link", "网")]),
        ('<a href="tg://user?id=42">他</a>', "他", [("text_mention", "他")]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", "x")]),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", "x")]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", "x")]),
        ("<b></b>空", "空", []),
        ("<B>x</B>", "x", [("bold", "x")]),
    ],
)
def test_html_becomes_text_and_entities(source: str, text: str, spans: Any) -> None:
    """Tags vanish, entities are counted in UTF-16, four named references are known."""
    found, entities = parse_html(source)
    assert found == text
    assert _spans(found, entities) == spans


def test_offsets_are_utf16() -> None:
    """An emoji counts as two."""
    assert utf16_len("😀a") == 3
    assert parse_html("😀😀<b>x😀</b>")[1] == [{"type": "bold", "offset": 4, "length": 3}]


def test_link_keeps_its_address() -> None:
    """References in an attribute are decoded."""
    assert parse_html("<a href='https://a.cn/?x=1&amp;y=2'>网</a>")[1][0]["url"] == "https://a.cn/?x=1&y=2"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("🏟 🏟&lt;<abac>", 'Unsupported start tag "abac" at byte offset 13'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'),
        ("🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"),
        ("🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"),
        ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        (
            "🏟 🏟&lt;<i>a</em   >",
            'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"',
        ),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("a<b", "Unclosed start tag at byte offset 1"),
    ],
)
def test_html_is_refused_in_the_words_of_the_real_server(source: str, complaint: str) -> None:
    """Byte offsets and wording are tdlib's."""
    with pytest.raises(MarkupError) as caught:
        parse_html(source)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("source", "text", "spans"),
    [
        ("*粗* _斜_ __线__ ~删~ ||藏||", "粗 斜 线 删 藏",
         [("bold", "粗"), ("italic", "斜"), ("underline", "线"), ("strikethrough", "删"), ("spoiler", "藏")]),
        ("1\\. 😀*x*", "1. 😀x", [("bold", "x")]),
        ("[网](https://a.cn/\\)x)", "网", [("text_link", "网")]),
        ("`a*b` ```py\ncode```", "a*b code", [("code", "a*b"), ("pre", "code")]),
        (">一\n>二\n三", "一\n二\n三", [("blockquote", "一\n二")]),
    ],
)  # fmt: skip
def test_markdown_v2(source: str, text: str, spans: Any) -> None:
    """The newer Markdown."""
    found, entities = parse_markdown_v2(source)
    assert found == text
    assert _spans(found, entities) == spans


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("第1.条", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("(a)", "Character '(' is reserved and must be escaped with the preceding '\\'"),
        ("*a", "Can't find end of Bold entity at byte offset 0"),
        ("粗__a", "Can't find end of Underline entity at byte offset 3"),
        ("`a", "Can't find end of Code entity at byte offset 0"),
    ],
)
def test_markdown_v2_is_refused(source: str, complaint: str) -> None:
    """Reserved characters and open ends."""
    with pytest.raises(MarkupError) as caught:
        parse_markdown_v2(source)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("/start abc", [("bot_command", "/start")]),
        ("/start@some_bot", [("bot_command", "/start@some_bot")]),
        ("请/start", []),
        ("/开始", []),
        ("问@zhang_san 吧", []),
        ("问 @zhang_san 吧", [("mention", "@zhang_san")]),
        ("见 https://court.gov.cn/a?b=1。好", [("url", "https://court.gov.cn/a?b=1")]),
        ("😀 www.court.gov.cn", [("url", "www.court.gov.cn")]),
        ("#执行 a@b.cn", [("hashtag", "#执行"), ("email", "a@b.cn")]),
    ],
)
def test_server_finds_commands_and_addresses(text: str, spans: Any) -> None:
    """What the app or server would underline."""
    assert _spans(text, find_entities(text, [])) == spans


def test_nothing_is_found_inside_code() -> None:
    """A command in <code> stays code."""
    assert _text("<code>/start</code> /help", "HTML")["entities"] == [
        {"type": "code", "offset": 0, "length": 6},
        {"type": "bot_command", "offset": 7, "length": 5},
    ]


def test_text_is_trimmed_and_entities_move() -> None:
    """White space at the ends is not sent."""
    assert _text("\n  <b>x </b>\n", "HTML") == {
        "text": "x", "entities": [{"type": "bold", "offset": 0, "length": 1}]
    }  # fmt: skip


def test_length_is_counted_after_parsing() -> None:
    """4096 UTF-16 units without the tags; an emoji is two of them."""
    assert len(_text("<b>" + "x" * 4096 + "</b>", "HTML")["text"]) == 4096
    for source in ("x" * 4097, "😀" * 2049):
        with pytest.raises(ApiError, match=r"^Bad Request: message is too long$"):
            _text(source)


@pytest.mark.parametrize("source", ["", "   ", "\n", "<b></b>"])
def test_empty_text_is_refused(source: str) -> None:
    """Nothing, blanks, and tags around nothing."""
    with pytest.raises(ApiError, match=r"^Bad Request: message text is empty$"):
        _text(source, "HTML")


def test_explicit_entities() -> None:
    """They are taken as they are, if they fit, and cost no parsing."""
    bold = {"type": "bold", "offset": 0, "length": 2}
    assert _text("😀<b>", entities=[bold]) == {"text": "😀<b>", "entities": [bold]}
    with pytest.raises(ApiError, match="ends after the end of the text"):
        _text("x", entities=[bold])
    with pytest.raises(ApiError, match="unsupported parse_mode"):
        _text("x", "XML")
    with pytest.raises(ApiError, match="can't parse entities: Unexpected end tag"):
        _text("x</b>", "HTML")


def test_at_most_a_hundred_entities() -> None:
    """The rest is silently dropped."""
    assert len(_text("<b>x</b> " * 150, "HTML")["entities"]) == 100
