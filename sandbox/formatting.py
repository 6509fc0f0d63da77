"""From the text a bot sends to the text and entities that people see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import bad_request
from sandbox.html_markup import MarkupError, parse_html
from sandbox.markdown import parse_markdown, parse_markdown_v2
from sandbox.text import clean, find_entities, in_order, trim, utf16_len

if TYPE_CHECKING:
    from sandbox.settings import Json, Limits

_PARSERS = {"html": parse_html, "markdownv2": parse_markdown_v2, "markdown": parse_markdown}
_KNOWN = frozenset({
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold",
    "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote",
    "code", "pre", "text_link", "text_mention", "custom_emoji", "date_time",
})  # fmt: skip
# The server finds these by itself; a bot that passes them is not believed.
_OWN = frozenset({"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"})


def format_text(source: str, parse_mode: str, entities: list[Json] | None, limits: Limits) -> tuple[str, list[Json]]:
    """Parse, trim and complete; a text that cannot be parsed is refused."""
    text, found = _parse(clean(source), parse_mode, entities)
    text, found = trim(text, found)
    found += find_entities(text, found)
    if len(found) > 1:
        found = in_order(found)
    return text, found[: limits.entities]


def _parse(source: str, parse_mode: str, entities: list[Json] | None) -> tuple[str, list[Json]]:
    if not parse_mode or parse_mode.lower() == "none":
        return source, _explicit(source, entities or [])
    parser = _PARSERS.get(parse_mode.lower())
    if parser is None:
        raise bad_request("unsupported parse_mode")
    try:
        return parser(source)
    except MarkupError as error:
        raise bad_request(f"can't parse entities: {error}") from error


def _explicit(text: str, entities: list[Json]) -> list[Json]:
    size = utf16_len(text)
    kept = []
    for entity in entities:
        if not isinstance(entity, dict):
            raise bad_request("can't parse MessageEntity: expected an Object")
        for key in ("type", "offset", "length"):
            if key not in entity:
                raise bad_request(f"can't parse MessageEntity: Can't find field \"{key}\"")
        offset, length = int(entity["offset"]), int(entity["length"])
        if entity["type"] not in _KNOWN:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
        if offset < 0 or length < 0 or offset + length > size:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text"
                f" at UTF-16 offset {offset + length}"
            )
        if length and entity["type"] not in _OWN:
            kept.append({**entity, "offset": offset, "length": length})
    return kept


def message_text(source: str, parse_mode: str, entities: list[Json] | None, limits: Limits) -> Json:
    """The `text` and `entities` of a message, or why not."""
    if not source:
        raise bad_request("message text is empty")
    text, found = format_text(source, parse_mode, entities, limits)
    if not text:
        raise bad_request("message text is empty")
    if utf16_len(text) > limits.text_chars:
        raise bad_request("message is too long")
    return {"text": text, "entities": found} if found else {"text": text}


def caption(source: str, parse_mode: str, entities: list[Json] | None, limits: Limits) -> Json:
    """The `caption` and `caption_entities` of a media message; both may be absent."""
    text, found = format_text(source, parse_mode, entities, limits)
    if utf16_len(text) > limits.caption_chars:
        raise bad_request("message caption is too long")
    content: Json = {"caption": text} if text else {}
    if found:
        content["caption_entities"] = found
    return content
