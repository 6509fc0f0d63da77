"""The list of handlers, in order: the first that fits takes the update."""

from __future__ import annotations

from typing import Any, cast

from telegram.ext import CallbackQueryHandler, ChatMemberHandler, MessageHandler, TypeHandler

from bot.core.clock import SystemClock
from handlers.receive import ALLOWED_UPDATES
from handlers.routes import ChatHandlers


def test_the_handlers_stand_in_this_order() -> None:
    """A change of the list is a change of this test: order matters, and so does what is left out."""
    chat = ChatHandlers(cast(Any, None), SystemClock(), frozenset())
    listed = [(type(handler), getattr(handler.callback, "__name__", "")) for handler in chat.handlers()]
    assert listed == [
        (CallbackQueryHandler, "press"),
        (MessageHandler, "message"),
        (ChatMemberHandler, "membership"),
        (TypeHandler, "unknown"),
    ]


def test_every_kind_of_update_that_is_handled_is_asked_for() -> None:
    """Telegram sends only what is named, and remembers the list of the time before."""
    assert ALLOWED_UPDATES == ("message", "edited_message", "callback_query", "my_chat_member")
