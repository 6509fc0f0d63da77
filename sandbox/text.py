"""Text as Telegram counts it: UTF-16 lengths, and the entities that it finds by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.settings import Json

_FOUND = re.compile(
    r"(?P<email>[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})"
    r"|(?P<url>(?:https?://|(?<![\w@.])www\.)[^\s<>\"'，。；、）】》]+"
    r"|(?<![\w@./:-])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:com|cn|net|org|me)(?![\w-])(?:/[^\s<>\"'，。；、）】》]*)?)"
    r"|(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{1,32})?(?![\w/<>]))"
    r"|(?P<mention>(?<![\w@])@[A-Za-z0-9_]{4,32}(?!\w))"
    r"|(?P<hashtag>(?<![\w#])#\w*[^\W\d]\w*)"
)
_TRIGGERS = frozenset("/@#.")
# Inside these the server does not look for anything.
_OPAQUE = frozenset({"code", "pre", "text_link", "text_mention", "custom_emoji"})


def utf16_len(text: str) -> int:
    """The length in UTF-16 code units, the unit of all of Telegram's offsets."""
    if text.isascii() or max(text, default="") <= "\uffff":
        return len(text)
    return len(text) + sum(char > "\uffff" for char in text)


def utf16_slice(text: str, offset: int, length: int) -> str:
    """The part of a text that an entity covers."""
    raw = text.encode("utf-16-le")[2 * offset : 2 * (offset + length)]
    return raw.decode("utf-16-le", "replace")


def clean(text: str) -> str:
    """Drop carriage returns and turn other control characters into spaces, as the server does."""
    if text.isprintable():
        return text
    text = text.replace("\r", "")
    return re.sub(r"[\x00-\x09\x0b-\x1f]", " ", text)


def find_entities(text: str, taken: list[Json]) -> list[Json]:
    """Commands, mentions, hashtags, addresses that are not part of an opaque entity."""
    if _TRIGGERS.isdisjoint(text):
        return []
    found = []
    for match in _FOUND.finditer(text):
        entity: Json = {
            "type": match.lastgroup,
            "offset": utf16_len(text[: match.start()]),
            "length": utf16_len(match.group()),
        }
        if not any(_collide(entity, other) for other in taken):
            found.append(entity)
    return found


def _collide(entity: Json, other: Json) -> bool:
    start, end = entity["offset"], entity["offset"] + entity["length"]
    other_start, other_end = other["offset"], other["offset"] + other["length"]
    if start >= other_end or end <= other_start:
        return False
    inside = other_start <= start and end <= other_end
    return other["type"] in _OPAQUE or not inside


def trim(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Strip white space at both ends and move the entities along."""
    stripped = text.strip()
    if stripped == text:
        return text, entities
    lead = utf16_len(text[: len(text) - len(text.lstrip())])
    size = utf16_len(stripped)
    moved = []
    for entity in entities:
        start = max(0, entity["offset"] - lead)
        end = min(size, entity["offset"] + entity["length"] - lead)
        if end > start:
            moved.append({**entity, "offset": start, "length": end - start})
    return stripped, moved


def in_order(entities: list[Json]) -> list[Json]:
    """Sorted as the server returns them: outer before inner."""
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))
