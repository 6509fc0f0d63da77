"""Checks a reply_markup as strictly as Telegram does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.errors import bad_request

if TYPE_CHECKING:
    from sandbox.settings import Json, Limits

_INLINE_TYPES = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "copy_text",
    "callback_game", "pay",
)  # fmt: skip
_HTTP = re.compile(r"^(?:https?://)?[^\s/@]+\.[^\s/]+(?:[/?#]\S*)?$", re.IGNORECASE)
_OTHER = ("keyboard", "remove_keyboard", "force_reply")


def check_markup(markup: Any, limits: Limits, *, private: bool) -> tuple[Json | None, Json | None]:
    """(inline keyboard, other markup); the latter lives in the person's app, not in the message."""
    if markup is None or markup == "":
        return None, None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = _rows(markup["inline_keyboard"], "inline_keyboard", "InlineKeyboardMarkup")
        checked = [[_inline(button, limits) for button in row] for row in rows]
        _count(checked, limits)
        checked = [row for row in checked if row]
        return ({"inline_keyboard": checked} if checked else None), None
    if "keyboard" in markup:
        rows = _rows(markup["keyboard"], "keyboard", "ReplyKeyboardMarkup")
        keys = [[_key(button, private=private) for button in row] for row in rows]
        _count(keys, limits)
        return None, {**markup, "keyboard": keys}
    return None, (markup if any(markup.get(name) for name in _OTHER) else None)


def _rows(value: Any, name: str, owner: str) -> list[list[Any]]:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise bad_request(f'field "{name}" of the {owner} must be an Array of Arrays')
    return value


def _count(rows: list[list[Json]], limits: Limits) -> None:
    if sum(len(row) for row in rows) > limits.buttons:
        raise bad_request("reply markup is too long")


def _inline(button: Any, limits: Limits) -> Json:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str) or not text:
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    kinds = [kind for kind in _INLINE_TYPES if button.get(kind) not in (None, "")]
    if not kinds:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    _CHECKS.get(kinds[0], _no_check)(button, limits)
    return dict(button)


def _no_check(button: Json, limits: Limits) -> None:
    """Nothing to check for this kind of button."""


def _check_data(button: Json, limits: Limits) -> None:
    if len(str(button["callback_data"]).encode()) > limits.callback_bytes:
        raise bad_request("BUTTON_DATA_INVALID")


def _check_url(button: Json, limits: Limits) -> None:
    del limits
    url = str(button["url"])
    if not url.startswith("tg://") and not _HTTP.match(url):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _check_copy(button: Json, limits: Limits) -> None:
    inner = button["copy_text"]
    text = inner.get("text") if isinstance(inner, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= limits.copy_text_chars:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


_CHECKS = {"callback_data": _check_data, "url": _check_url, "copy_text": _check_copy}


def _key(button: Any, *, private: bool) -> Json:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request("can't parse keyboard button: KeyboardButton must be a String or an Object")
    if not button["text"]:
        raise bad_request("keyboard button text must be non-empty")
    if button.get("request_contact") and not private:
        raise bad_request("phone number can be requested in private chats only")
    if button.get("request_location") and not private:
        raise bad_request("location can be requested in private chats only")
    return button
