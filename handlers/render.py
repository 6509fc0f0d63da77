"""A channel-neutral reply as Telegram wants it: the one place where user text meets HTML."""

from __future__ import annotations

import html
import re
from typing import Any

from bot.dialogue.model import Reply

_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


def to_html(text: str) -> str:
    """Our markup as Telegram's HTML; everything else is escaped."""
    return _BOLD.sub(r"<b>\1</b>", html.escape(text, quote=False))


def to_plain(text: str) -> str:
    """Without any markup: what is sent if the server could not read the markup."""
    return _BOLD.sub(r"\1", text)


def keyboard(reply: Reply) -> dict[str, Any] | None:
    """The buttons under a message."""
    if not reply.buttons:
        return None
    return {"inline_keyboard": [[{"text": b.label, "callback_data": b.data} for b in row] for row in reply.buttons]}
