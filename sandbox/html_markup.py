"""Telegram's HTML, parsed as tdlib parses it, with tdlib's complaints."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.text import utf16_len

if TYPE_CHECKING:
    from sandbox.settings import Json

_TYPES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler", "code": "code", "pre": "pre", "a": "text_link",
    "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(lt|gt|amp|quot)(?![A-Za-z]));?")
_NAME_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_LINK = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|tg:|mailto:|tel:)?[^\s]+\.?[^\s]*$", re.IGNORECASE)


class MarkupError(ValueError):
    """The text does not follow the rules of its parse mode."""


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    at: int


@dataclass(slots=True)
class _Parser:
    """One pass over the text; `pos` is an index into `source`, offsets are UTF-16."""

    source: str
    pos: int = 0
    out: list[str] = field(default_factory=list)
    length: int = 0
    stack: list[_Open] = field(default_factory=list)
    entities: list[Json] = field(default_factory=list)

    def run(self) -> tuple[str, list[Json]]:
        while self.pos < len(self.source):
            char = self.source[self.pos]
            if char == "<":
                self._tag()
            elif char == "&":
                self._emit(self._reference())
            else:
                stop = self._plain_end()
                self._emit(self.source[self.pos : stop])
                self.pos = stop
        if self.stack:
            tag = self.stack[-1].tag
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{tag}"')
        return "".join(self.out), self.entities

    def _plain_end(self) -> int:
        ends = [self.source.find(mark, self.pos) for mark in "<&"]
        return min((end for end in ends if end >= 0), default=len(self.source))

    def _emit(self, text: str) -> None:
        self.out.append(text)
        self.length += utf16_len(text)

    def _byte(self, index: int) -> int:
        return len(self.source[:index].encode())

    def _reference(self) -> str:
        match = _REFERENCE.match(self.source, self.pos)
        text = _decode(match) if match else ""
        if not match or not text:
            self.pos += 1
            return "&"
        self.pos = match.end()
        return text

    def _tag(self) -> None:
        if self.source.startswith("/", self.pos + 1):
            self._end_tag()
        else:
            self._start_tag()

    def _word_end(self, index: int, stops: str) -> int:
        while index < len(self.source):
            if self.source[index].isspace() or self.source[index] in stops:
                break
            index += 1
        return index

    def _start_tag(self) -> None:
        begin = self.pos
        end = self._word_end(begin + 1, ">")
        if end >= len(self.source):
            raise MarkupError(f"Unclosed start tag at byte offset {self._byte(begin)}")
        tag = self.source[begin + 1 : end].lower()
        if tag not in _TYPES:
            raise MarkupError(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        self.pos = end
        argument = self._attributes(tag, begin)
        if tag == "span" and argument != "spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self.stack.append(_Open(tag, argument, self.length, len(self.out)))

    def _attributes(self, tag: str, begin: int) -> str:
        argument = ""
        while True:
            self._skip_space(begin)
            if self.source[self.pos] == ">":
                self.pos += 1
                return argument
            name, value = self._attribute(tag, begin)
            argument = _argument(tag, name, value) or argument

    def _skip_space(self, begin: int, tag: str = "") -> None:
        while self.pos < len(self.source) and self.source[self.pos].isspace():
            self.pos += 1
        if self.pos >= len(self.source):
            named = f' "{tag}"' if tag else ""
            raise MarkupError(f"Unclosed start tag{named} at byte offset {self._byte(begin)}")

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        end = self._word_end(self.pos, "=>")
        name = self.source[self.pos : end].lower()
        if not name:
            raise MarkupError(f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}')
        self.pos = end
        self._skip_space(begin)
        if self.source[self.pos] != "=":
            return name, ""
        self.pos += 1
        self._skip_space(begin, tag)
        if self.source[self.pos] in "'\"":
            return name, self._quoted(begin)
        return name, self._bare()

    def _quoted(self, begin: int) -> str:
        close = self.source.find(self.source[self.pos], self.pos + 1)
        if close < 0 or close + 1 >= len(self.source):
            raise MarkupError(f"Unclosed start tag at byte offset {self._byte(begin)}")
        raw = self.source[self.pos + 1 : close]
        self.pos = close + 1
        return _REFERENCE.sub(lambda match: _decode(match) or match.group(), raw)

    def _bare(self) -> str:
        match = _NAME_TOKEN.match(self.source, self.pos)
        end = match.end() if match else self.pos
        if end >= len(self.source) or not (self.source[end].isspace() or self.source[end] == ">"):
            raise MarkupError(f"Unexpected end of name token at byte offset {self._byte(self.pos)}")
        value = self.source[self.pos : end].lower()
        self.pos = end
        return value

    def _end_tag(self) -> None:
        begin = self.pos
        if not self.stack:
            raise MarkupError(f"Unexpected end tag at byte offset {self._byte(begin)}")
        end = self._word_end(begin + 2, ">")
        name = self.source[begin + 2 : end].lower()
        while end < len(self.source) and self.source[end].isspace():
            end += 1
        if end >= len(self.source) or self.source[end] != ">":
            raise MarkupError(f"Unclosed end tag at byte offset {self._byte(begin)}")
        opened = self.stack.pop()
        if name and name != opened.tag:
            raise MarkupError(
                f'Unmatched end tag at byte offset {self._byte(begin)}, expected "</{opened.tag}>", found "</{name}>"'
            )
        self.pos = end + 1
        if self.length > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        entity: Json = {
            "type": _TYPES[opened.tag],
            "offset": opened.offset,
            "length": self.length - opened.offset,
        }
        if opened.tag == "a":
            entity = self._link(entity, opened.argument or "".join(self.out[opened.at :]))
        elif opened.tag == "tg-emoji":
            entity["custom_emoji_id"] = opened.argument
        elif opened.tag == "blockquote" and opened.argument:
            entity["type"] = "expandable_blockquote"
        elif opened.tag in {"code", "pre"} and self._join_code(entity, opened.argument):
            return
        if entity:
            self.entities.append(entity)

    def _join_code(self, entity: Json, language: str) -> bool:
        """<pre><code class="language-x"> is one entity, not two."""
        last = self.entities[-1] if self.entities else {}
        same = all(last.get(key) == entity[key] for key in ("offset", "length"))
        if not same or {last.get("type"), entity["type"]} != {"code", "pre"}:
            if language:
                entity["_language"] = language
            return False
        found = language or last.pop("_language", "")
        last["type"] = "pre"
        if found:
            last["language"] = found
        return True

    @staticmethod
    def _link(entity: Json, url: str) -> Json:
        if url.startswith("tg://user?id=") and url[13:].isdigit():
            return {**entity, "type": "text_mention", "user_id": int(url[13:])}
        return {**entity, "url": url} if _LINK.match(url) else {}


def _decode(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED[name]
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if code == 0 or code >= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return ""
    return chr(code)


def _argument(tag: str, name: str, value: str) -> str:
    if (tag, name) == ("a", "href") or (tag, name) == ("tg-emoji", "emoji-id"):
        return value
    if (tag, name) == ("code", "class"):
        return value.removeprefix("language-") if value.startswith("language-") else ""
    if (tag, name) == ("span", "class"):
        return value.removeprefix("tg-") if value.startswith("tg-") else ""
    return "expandable" if (tag, name) == ("blockquote", "expandable") else ""


def parse_html(source: str) -> tuple[str, list[Json]]:
    """The plain text and its entities, or MarkupError."""
    text, entities = _Parser(source).run()
    for entity in entities:
        entity.pop("_language", None)
    return text, entities
