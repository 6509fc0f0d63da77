"""Telegram's MarkdownV2 (and the old Markdown), with tdlib's complaints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.html_markup import MarkupError
from sandbox.text import utf16_len

if TYPE_CHECKING:
    from sandbox.settings import Json

_RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
_MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler"}
_SHOWN = {
    "bold": "Bold", "italic": "Italic", "underline": "Underline",
    "strikethrough": "Strikethrough", "spoiler": "Spoiler", "code": "Code", "pre": "Pre",
    "text_link": "TextUrl",
}  # fmt: skip


@dataclass(slots=True)
class _V2:
    source: str
    pos: int = 0
    out: list[str] = field(default_factory=list)
    length: int = 0
    stack: list[tuple[str, int, int]] = field(default_factory=list)
    entities: list[Json] = field(default_factory=list)

    def run(self) -> tuple[str, list[Json]]:
        while self.pos < len(self.source):
            self._step()
        if self.stack:
            kind, _, begin = self.stack[-1]
            raise MarkupError(f"Can't find end of {_SHOWN[kind]} entity at byte offset {self._byte(begin)}")
        return "".join(self.out), self.entities

    def _byte(self, index: int) -> int:
        return len(self.source[:index].encode())

    def _emit(self, text: str, width: int) -> None:
        self.out.append(text)
        self.length += utf16_len(text)
        self.pos += width

    def _step(self) -> None:
        char = self.source[self.pos]
        following = self.source[self.pos + 1 : self.pos + 2]
        if char == "\\" and following and "\x01" <= following <= "\x7e":
            self._emit(following, 2)
        elif char == "`":
            self._code()
        elif char == "[":
            self.stack.append(("text_link", self.length, self.pos))
            self.pos += 1
        elif char == "]" and self.stack and self.stack[-1][0] == "text_link":
            self._link()
        elif char == ">" and (self.pos == 0 or self.source[self.pos - 1] == "\n"):
            self._quote()
        elif (mark := self._mark()) is not None:
            self._toggle(mark)
        elif char in _RESERVED:
            raise MarkupError(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
        else:
            self._emit(char, 1)

    def _mark(self) -> str | None:
        two = self.source[self.pos : self.pos + 2]
        if two in _MARKS:
            return two
        return self.source[self.pos] if self.source[self.pos] in "*_~" else None

    def _toggle(self, mark: str) -> None:
        kind = _MARKS[mark]
        if self.stack and self.stack[-1][0] == kind:
            _, start, _ = self.stack.pop()
            self._add(kind, start)
        else:
            self.stack.append((kind, self.length, self.pos))
        self.pos += len(mark)

    def _add(self, kind: str, start: int, **extra: str) -> None:
        if self.length > start:
            self.entities.append({"type": kind, "offset": start, "length": self.length - start, **extra})

    def _code(self) -> None:
        fence = "```" if self.source.startswith("```", self.pos) else "`"
        begin, kind = self.pos, "pre" if len(fence) == 3 else "code"
        close = self.source.find(fence, begin + len(fence))
        if close < 0:
            raise MarkupError(f"Can't find end of {_SHOWN[kind]} entity at byte offset {self._byte(begin)}")
        body = self.source[begin + len(fence) : close]
        extra: dict[str, str] = {}
        head, newline, rest = body.partition("\n")
        if kind == "pre" and newline and head and " " not in head:
            extra, body = {"language": head}, rest
        body = body.removeprefix("\n") if kind == "pre" else body
        start = self.length
        self._emit(body.replace("\\`", "`").replace("\\\\", "\\"), 0)
        self._add(kind, start, **extra)
        self.pos = close + len(fence)

    def _link(self) -> None:
        _, start, begin = self.stack.pop()
        if self.source[self.pos + 1 : self.pos + 2] != "(":
            raise MarkupError(f"Can't find end of TextUrl entity at byte offset {self._byte(begin)}")
        close = self.source.find(")", self.pos)
        while close > 0 and self.source[close - 1] == "\\":
            close = self.source.find(")", close + 1)
        if close < 0:
            raise MarkupError(f"Can't find end of a URL at byte offset {self._byte(self.pos + 2)}")
        url = self.source[self.pos + 2 : close].replace("\\", "")
        self._add("text_link", start, url=url)
        self.pos = close + 1

    def _quote(self) -> None:
        self.pos += 1
        line_end = self.source.find("\n", self.pos)
        line_end = len(self.source) if line_end < 0 else line_end
        start = self.length
        while self.pos < line_end:
            self._step()
        last = self.entities[-1] if self.entities else {}
        if last.get("type") == "blockquote" and last["offset"] + last["length"] + 1 == start:
            last["length"] += 1 + self.length - start
        else:
            self._add("blockquote", start)


def parse_markdown_v2(source: str) -> tuple[str, list[Json]]:
    """The plain text and its entities, or MarkupError."""
    return _V2(source).run()


def parse_markdown(source: str) -> tuple[str, list[Json]]:
    """The old Markdown: *bold*, _italic_, `code`, ```pre```, [text](url); no nesting."""
    out: list[str] = []
    entities: list[Json] = []
    pos = length = 0
    kinds = {"*": "bold", "_": "italic", "`": "code", "```": "pre", "[": "text_link"}
    while pos < len(source):
        if source[pos] == "\\" and source[pos + 1 : pos + 2] in set("_*`["):
            out.append(source[pos + 1])
            pos, length = pos + 2, length + 1
            continue
        mark = "```" if source.startswith("```", pos) else source[pos]
        if mark not in kinds:
            out.append(mark)
            pos, length = pos + 1, length + utf16_len(mark)
            continue
        close = source.find("]" if mark == "[" else mark, pos + len(mark))
        if close < 0:
            at = len(source[:pos].encode())
            raise MarkupError(f"Can't find end of the entity starting at byte offset {at}")
        body = source[pos + len(mark) : close]
        entity: Json = {"type": kinds[mark], "offset": length, "length": utf16_len(body)}
        pos = close + len(mark)
        if mark == "[" and source.startswith("(", pos):
            stop = source.find(")", pos)
            entity["url"], pos = source[pos + 1 : stop], stop + 1
        if body and (mark != "[" or "url" in entity):
            entities.append(entity)
        out.append(body)
        length += entity["length"]
    return "".join(out), entities
