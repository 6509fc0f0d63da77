"""What Telegram says about a group with topics, in the desk's words."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError, TimedOut

from bot.dialogue.model import Reply
from bot.reception.forum import Away, Closed, Denied, ForumError, Gone, Missing, Moved, Pause, Refused, Unsure
from handlers.forum import TelegramForum
from handlers.request import NotDelivered, ServerFailed

GROUP, THREAD = -1001, 7


class Server:
    """Stands in for PTB's bot: raises what it was told to, else puts messages where it was told to."""

    def __init__(self, error: Exception | None = None, thread: int | None = THREAD) -> None:
        self.error = error
        self.thread = thread
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        async def call(*_: object, **__: object) -> Any:
            self.calls.append(name)
            if self.error is not None:
                raise self.error
            return SimpleNamespace(message_id=5, message_thread_id=self.thread)

        return call


class Nothing:
    """No files at all."""

    async def open(self, ref: str) -> tuple[str, bytes]:
        """There is none."""
        raise LookupError(ref)


def forum(server: Server) -> TelegramForum:
    """The door's forum over that server."""
    return TelegramForum(cast(Any, server), Nothing())


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (BadRequest("Message thread not found"), Gone),
        (BadRequest("TOPIC_DELETED"), Gone),
        (BadRequest("TOPIC_ID_INVALID"), Gone),
        (BadRequest("TOPIC_CLOSED"), Closed),
        (BadRequest("Message to copy not found"), Missing),
        (BadRequest("Not enough rights to create a topic"), Denied),
        (BadRequest("The chat is not a forum"), Denied),
        (BadRequest("Chat not found"), Denied),
        (Forbidden("bot was kicked from the supergroup chat"), Denied),
        (BadRequest("BUTTON_DATA_INVALID"), Refused),
        (ChatMigrated(-1009), Moved),
        (TimedOut(), Unsure),
        (NotDelivered("no connection"), Away),
        (ServerFailed(503, b""), Away),
        (ServerFailed(502, b""), Unsure),
        (TelegramError("Invalid server response"), Unsure),
    ],
)
async def test_every_answer_has_one_meaning(error: Exception, meaning: type[ForumError]) -> None:
    """What is gone, closed, denied, uncertain: the desk acts on nothing else."""
    with pytest.raises(meaning) as raised:
        await forum(Server(error)).say(GROUP, THREAD, Reply("x"))
    assert type(raised.value) is meaning


async def test_a_429_says_how_long_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """In seconds, as the server wants it."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    with pytest.raises(Pause) as raised:
        await forum(Server(RetryAfter(timedelta(seconds=3)))).create(GROUP, "x")
    assert raised.value.seconds == 3


async def test_a_state_that_is_so_already_is_no_error() -> None:
    """Closing what is closed, opening what is open, the same name, the same card."""
    door = forum(Server(BadRequest("TOPIC_NOT_MODIFIED")))
    await door.close(GROUP, THREAD)
    await door.reopen(GROUP, THREAD)
    await door.rename(GROUP, THREAD, "x")
    await forum(Server(BadRequest("Message is not modified: specified new message content …"))).edit(
        GROUP, 5, Reply("x")
    )


@pytest.mark.parametrize("landed", [None, 1, 8])
async def test_nothing_of_a_case_stays_in_general(landed: int | None) -> None:
    """A server that puts a message elsewhere has it taken back, and the topic counts as gone."""
    server = Server(thread=landed)
    with pytest.raises(Gone):
        await forum(server).say(GROUP, THREAD, Reply("x"))
    assert server.calls == ["send_message", "delete_message"]


async def test_a_file_that_is_not_kept_is_missing() -> None:
    """The desk then writes its name instead."""
    with pytest.raises(Missing):
        await forum(Server()).say(GROUP, THREAD, Reply("x", kind="document", file="proof:0:x"))


async def test_a_press_that_is_too_old_hurts_nobody() -> None:
    """A toast that cannot be shown any more is let be."""
    await forum(Server(BadRequest("Query is too old"))).answer("1", "x")
