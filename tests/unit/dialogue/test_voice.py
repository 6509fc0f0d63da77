"""What a reply becomes in the outbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.dialogue.model import Reply
from bot.dialogue.voice import Letters
from bot.store.rows import ConversationRow
from bot.store.work import Work

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_a_press_is_answered_beside_the_messages_of_its_chat() -> None:
    """A lane of its own, the same for all presses of a chat; messages stay in the chat's lane."""
    chat = ConversationRow(1, "lane", "telegram", "private", "person", {"chat": 5, "name": "张三"}, {}, NOW)
    letters = Letters(cast(Work, None), NOW, Ids(), Vault(bytes(range(32))))
    for reply in (Reply("一"), Reply("", kind="toast", callback="1"), Reply("", kind="toast", callback="2"), Reply("二")):
        letters.say_to(chat, reply)
    lanes = [row.lane for row in letters.outgoing]
    assert lanes[0] == lanes[3] == "lane"
    assert lanes[1] == lanes[2] != "lane"
    assert [row.payload["free"] for row in letters.outgoing] == [False, True, True, False]
