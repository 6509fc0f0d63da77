"""Telegram's door: how updates are stored, how texts are rendered, what an answer of the server means."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, cast

import pytest
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.core.privacy import Vault
from bot.dialogue.model import Button, Reply
from bot.post.outbox import Delivered, Later, Outcome, Refused, Wait
from bot.store.rows import OutgoingRow
from handlers.carrier import TelegramCarrier
from handlers.receive import stored_form
from handlers.render import keyboard, to_html, to_plain
from handlers.request import NotDelivered, ServerFailed

VAULT = Vault(bytes(range(32)))
CITIZEN = "52040219870317581X"
API_SAYS = b'{"ok": false, "error_code": 5, "description": "%s"}'


def test_numbers_are_masked_wherever_a_message_holds_words() -> None:
    """Text, caption, the message answered, its quote: none is stored with the number."""
    raw = {
        "update_id": 1,
        "message": {
            "chat": {"id": 5},
            "text": CITIZEN,
            "caption": f"见{CITIZEN}",
            "reply_to_message": {"text": f"我的{CITIZEN}", "reply_to_message": {"caption": CITIZEN}},
            "quote": {"text": CITIZEN},
        },
    }
    stored = stored_form(raw, VAULT)
    assert stored is not None
    assert CITIZEN not in stored.raw
    assert stored.raw.count("581X") == 5


def test_what_was_typed_goes_along_sealed_until_it_is_handled() -> None:
    """A document needs the number: beside the masked words stand those of a private message, and of nothing else."""
    private = {"update_id": 1, "message": {"chat": {"id": 5, "type": "private"}, "text": f"号码{CITIZEN}"}}
    stored = stored_form(private, VAULT)
    assert stored is not None
    raw = json.loads(stored.raw)
    assert (raw["typed"], raw["message"]["text"]) == (f"号码{CITIZEN}", "号码******581X")
    plain = {"update_id": 2, "typed": CITIZEN, "message": {"chat": {"id": 5, "type": "private"}, "text": "执行费"}}
    group = {"update_id": 3, "message": {"chat": {"id": -5, "type": "group"}, "text": CITIZEN}}
    for other in (plain, group):
        stored = stored_form(other, VAULT)
        assert stored is not None
        assert "typed" not in json.loads(stored.raw)


def test_marks_of_a_text_that_was_masked_do_not_point_elsewhere() -> None:
    """A command at the beginning stays a command; what came after is dropped with its offsets."""
    entities = [{"type": "bot_command", "offset": 0, "length": 6}, {"type": "bold", "offset": 30, "length": 2}]
    raw = {"update_id": 1, "message": {"chat": {"id": 5}, "text": f"/human {CITIZEN} 你好 谢谢", "entities": entities}}
    stored = stored_form(raw, VAULT)
    assert stored is not None
    assert json.loads(stored.raw)["message"]["entities"] == entities[:1]


@pytest.mark.parametrize(
    "part",
    [
        {"message": {"chat": {"id": 5}}},
        {"edited_message": {"chat": {"id": 5}}},
        {"callback_query": {"from": {"id": 9}, "message": {"chat": {"id": 5}}}},
        {"callback_query": {"from": {"id": 5}}},
        {"my_chat_member": {"chat": {"id": 5}}},
    ],
)
def test_an_update_stands_in_its_chats_lane(part: dict[str, Any]) -> None:
    """Presses and messages of one chat share it: their order is kept together."""
    stored = stored_form({"update_id": 1, **part}, VAULT)
    assert stored is not None
    assert stored.lane == VAULT.pseudonym("telegram", 5)


@pytest.mark.parametrize("raw", [{}, {"update_id": "1"}, {"update_id": True}, {"update_id": -1}, {"update_id": 2**63}])
def test_what_has_no_number_is_no_update(raw: dict[str, Any]) -> None:
    """It could not be told from its repetition."""
    assert stored_form(raw, VAULT) is None


@pytest.mark.parametrize(
    "message", ["words", [], {"chat": "x"}, {"chat": {"id": "x"}}, {"text": {}, "entities": 5}, None]
)
def test_no_shape_of_an_update_makes_storing_fail(message: Any) -> None:
    """One that nobody can read must not stop those behind it."""
    assert stored_form({"update_id": 1, "message": message, "callback_query": message}, VAULT) is not None


def test_half_a_character_can_be_stored() -> None:
    """JSON may carry half a surrogate pair, a database may not."""
    stored = stored_form(json.loads('{"update_id": 1, "message": {"text": "\\ud83d"}}'), VAULT)
    assert stored is not None
    stored.raw.encode()


def test_peoples_words_cannot_become_markup() -> None:
    """Everything is escaped; only our own bold is bold."""
    assert to_html("**A&B** <b>x</b> **不闭合") == "<b>A&amp;B</b> &lt;b&gt;x&lt;/b&gt; **不闭合"
    assert to_plain("**A** <b>") == "A <b>"


def test_buttons_are_rendered_row_by_row() -> None:
    """No buttons, no keyboard."""
    made = keyboard(Reply("x", ((Button("一", "a"), Button("二", "b")), (Button("三", "c"),))))
    assert made is not None
    assert [[b["text"] for b in row] for row in made["inline_keyboard"]] == [["一", "二"], ["三"]]
    assert keyboard(Reply("x")) is None


class Answering:
    """A bot whose server says just this."""

    base_url = "http://127.0.0.1/bot1:x"

    def __init__(self, said: Any) -> None:
        self._said = said
        self.request = self

    async def post(self, *_: Any, **__: Any) -> Any:
        """Fail, or answer."""
        if isinstance(self._said, Exception):
            raise self._said
        return self._said


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ChatMigrated(-1009), Later("migrated", certain=True, moved_to=-1009)),
        (Forbidden("Forbidden: bot was blocked by the user"), Refused("blocked", unreachable=True)),
        (Forbidden("Forbidden: user is deactivated"), Refused("deactivated", unreachable=True)),
        (
            Forbidden("Forbidden: bot can't initiate conversation with a user"),
            Refused("never_started", unreachable=True),
        ),
        (BadRequest("Chat not found"), Refused("not_found", unreachable=True)),
        (BadRequest("Message is too long"), Refused("Message is too long")),
        (BadRequest("Message is not modified: the same"), Delivered()),
        (TimedOut(), Later("TimedOut")),
        (NetworkError("something else"), Later("NetworkError")),
        (ServerFailed(503, b"<html>"), Later("http_503", certain=True)),
        (ServerFailed(500, API_SAYS % b"Internal Server Error"), Later("http_500", certain=True)),
        (ServerFailed(500, API_SAYS % b"Internal Server Error: restart"), Later("http_500")),
        (ServerFailed(500, b"<html>"), Later("http_500")),
        (ServerFailed(502, API_SAYS % b"Bad Gateway"), Later("http_502")),
        (ServerFailed(504, b"<html>"), Later("http_504")),
        (ServerFailed(520, b""), Later("http_520")),
        (TelegramError("Invalid server response"), Later("unreadable")),
        (TelegramError("something else"), Refused("something else")),
        (NotDelivered("no connection"), Later("NotDelivered", certain=True)),
        (InvalidToken(), Later("invalid_token", certain=True)),
    ],
)
async def test_each_answer_of_the_server_has_its_outcome(error: Exception, outcome: Outcome) -> None:
    """Later, never, or done already; and whether it can have arrived all the same."""
    payload = {"chat": 5, "group": False, "thread": None, "free": False, "reply": Reply("x").payload()}
    carrier = TelegramCarrier(cast(Bot, Answering(error)))
    assert await carrier.deliver(OutgoingRow(1, "a", "telegram", payload)) == outcome
    if isinstance(error, ChatMigrated):
        assert payload["chat"] == -1009, "the next try goes to the new chat"


@pytest.mark.parametrize(
    ("said", "outcome"),
    [({"message_id": 7}, Delivered(7)), (True, Later("unreadable")), ({"message_id": "7"}, Later("unreadable"))],
)
async def test_of_what_was_sent_only_the_number_is_read(said: Any, outcome: Outcome) -> None:
    """An answer without it may stand for a message that arrived: nobody can know."""
    payload = {"chat": 5, "group": False, "thread": None, "free": False, "reply": Reply("x").payload()}
    assert await TelegramCarrier(cast(Bot, Answering(said))).deliver(OutgoingRow(1, "a", "telegram", payload)) == outcome


async def test_a_429_says_how_long_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """In seconds, however the library gives them."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    payload = {"chat": 5, "group": False, "thread": None, "free": False, "reply": Reply("x").payload()}
    carrier = TelegramCarrier(cast(Bot, Answering(RetryAfter(timedelta(seconds=7)))))
    assert await carrier.deliver(OutgoingRow(1, "a", "telegram", payload)) == Wait(7)
