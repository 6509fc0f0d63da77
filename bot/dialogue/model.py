"""What comes in and what goes out, in words that fit every channel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TEXT_LIMIT = 4096  # Telegram's limit, counted in UTF-16 units after the markup is taken out
BUTTON_BYTES = 64
_NEXT_TO_STAR = re.compile(r"\*(?=\*)")
_TURNS_ROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")  # characters that reverse the line they stand in


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message: the channel's handle for it, not its bytes."""

    remote: str
    media_type: str
    size: int | None = None  # bytes, as far as the channel tells
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """Which of these topics somebody else takes the words to mean; None: none of them."""

    among: tuple[str, ...]
    topic: str | None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing that a person did in a chat."""

    channel: str  # telegram, terminal
    chat: int  # the channel's number of the chat
    chat_kind: str  # private, group
    person: int  # the channel's number of the person
    name: str
    at: datetime
    kind: str  # text, command, button, edited, photo, voice …, blocked, unblocked
    text: str = ""
    data: str = ""  # a button's code, what follows a command, or what kind was edited
    addressed: bool = True  # in a group: whether the bot was spoken to
    external_id: int | None = None
    callback: str = ""  # to be answered when kind is button
    label: str = ""  # what stands on the button, where the channel tells it
    thread: int | None = None
    album: str = ""  # several pictures sent together share it
    inbox_id: int | None = None
    file: Attachment | None = None
    opinion: Opinion | None = None  # a second one, asked for before the turn began
    typed: str = ""  # the words with the numbers that `text` has masked, for a document that needs them; never kept


@dataclass(frozen=True, slots=True)
class Button:
    """A choice under a message; `data` comes back when it is pressed."""

    label: str
    data: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.data.encode()) <= BUTTON_BYTES:
            raise ValueError(f"a button's data takes 1 to {BUTTON_BYTES} bytes: {self.data!r}")


@dataclass(frozen=True, slots=True)
class Notice:
    """Words to a chat outside its own dialogue, such as an administrator's."""

    chat: int
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a chat. The only markup is **bold**; a channel renders it its own way."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    key: str = ""  # what kind of reply this is (a key of the text catalogue), for log and tests
    # message, toast (answer to a press), strip (takes a message's buttons away), document, edit or delete (the target)
    kind: str = "message"
    target: int | None = None  # strip, edit, delete: the message
    callback: str = ""  # toast: the press
    topic: str | None = None
    marks: dict[str, Any] = field(default_factory=dict)  # score, decision … for the log
    otherwise: Notice | None = None  # who hears what if this never arrives
    file: str = ""  # document: what to send (`bot.reach.documents`)
    logged: str = ""  # what the log keeps instead of the text
    protect: bool = False  # facts of a case: the channel lets nobody forward it

    def payload(self) -> dict[str, Any]:
        """As it is kept in the outbox."""
        return {
            "kind": self.kind,
            "text": self.text,
            "key": self.key,
            "target": self.target,
            "callback": self.callback,
            "buttons": [[{"label": b.label, "data": b.data} for b in row] for row in self.buttons],
            "file": self.file,
        }


def reply_from(payload: dict[str, Any]) -> Reply:
    """The reply that `payload` describes."""
    rows = tuple(tuple(Button(b["label"], b["data"]) for b in row) for row in payload["buttons"])
    return Reply(
        payload["text"],
        rows,
        payload["key"],
        payload["kind"],
        payload["target"],
        payload["callback"],
        file=payload.get("file", ""),
    )


def utf16_length(text: str) -> int:
    """Length as Telegram counts it: characters beyond the basic plane count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_text(text: str, limit: int = TEXT_LIMIT) -> list[str]:
    """Cut a text that is too long for one message: at paragraphs, else at lines, sentences, anywhere."""
    if utf16_length(text) <= limit:
        return [text]
    for separator in ("\n\n", "\n", "。", "；", "，"):
        parts = _pack(text.split(separator), separator, limit)
        if parts:
            return _with_whole_bold(parts)
    step = limit // 2 - 8  # every character may count twice
    return _with_whole_bold([text[i : i + step] for i in range(0, len(text), step)])


def _pack(pieces: list[str], separator: str, limit: int) -> list[str]:
    parts: list[str] = []
    mark = separator.strip("\n")  # a full stop stays with its sentence; an empty line stands between paragraphs
    for index, piece in enumerate(pieces):
        tail = mark if index < len(pieces) - 1 else ""
        joined = f"{parts[-1]}{'' if mark else separator}{piece}{tail}" if parts else piece + tail
        if parts and utf16_length(joined) <= limit - 4:
            parts[-1] = joined
        elif utf16_length(piece) <= limit - 8:
            parts.append(piece + tail)
        else:
            return []
    return [p.strip("\n") for p in parts if p.strip()]


def _with_whole_bold(parts: list[str]) -> list[str]:
    """Bold that runs over the end of a piece is closed there and opened again in the next."""
    whole, is_open = [], False
    for part in parts:
        text = f"**{part}" if is_open else part
        text = text.removeprefix("****")
        is_open = text.count("**") % 2 == 1
        whole.append(text + "**" if is_open else text)
    return whole


def quoted(value: str) -> str:
    """Somebody's words inside our markup: they open no bold and turn no line round. The one place for it."""
    return _NEXT_TO_STAR.sub("*\u200b", _TURNS_ROUND.sub("", value))


def rows(buttons: Iterable[Button], per_row: int = 2) -> tuple[tuple[Button, ...], ...]:
    """Buttons laid out in rows."""
    flat = list(buttons)
    return tuple(tuple(flat[i : i + per_row]) for i in range(0, len(flat), per_row))
