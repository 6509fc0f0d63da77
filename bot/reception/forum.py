"""What the Telegram desk needs of a group with topics, whoever implements it."""

from __future__ import annotations

from typing import Protocol

from bot.dialogue.model import Reply


class ForumError(Exception):
    """The group did not do what it was asked to."""


class Gone(ForumError):
    """The topic does not exist any more."""


class Closed(ForumError):
    """The topic is closed, and we may not write in it."""


class Missing(ForumError):
    """The message that was to be copied or changed is not there."""


class Refused(ForumError):
    """This one thing will never be taken; others may be."""


class Denied(ForumError):
    """Nothing is possible there just now: not a member, no right to make topics, no forum at all."""


class Away(ForumError):
    """It certainly was not done: the server was not reached."""


class Unsure(ForumError):
    """Nobody can know whether it was done."""


class Pause(ForumError):
    """The server wants to be left alone for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"{seconds} s")


class Moved(ForumError):
    """The group has become another one."""

    def __init__(self, chat: int) -> None:
        self.chat = chat
        super().__init__(str(chat))


class Forum(Protocol):
    """A group with topics; every method raises `ForumError` and nothing else."""

    async def create(self, chat: int, name: str) -> int:
        """A new topic; the number by which the group knows it."""
        ...

    async def rename(self, chat: int, thread: int, name: str) -> None:
        """Another name; the same name is no error."""
        ...

    async def close(self, chat: int, thread: int) -> None:
        """Nobody writes there any more; closed already is no error."""
        ...

    async def reopen(self, chat: int, thread: int) -> None:
        """Everybody may write there again; open already is no error."""
        ...

    async def say(self, chat: int, thread: int, reply: Reply) -> int:
        """Write in a topic, or send a document, and nowhere else; the number of the message. `Missing`: no such file."""
        ...

    async def edit(self, chat: int, message: int, reply: Reply) -> None:
        """Change one of our messages; the same content is no error."""
        ...

    async def copy(self, chat: int, thread: int, source: tuple[int, int], caption: str | None) -> int:
        """A message of another chat (chat, message) with its file, into a topic; with a caption instead of its own."""
        ...

    async def answer(self, callback: str, text: str) -> None:
        """Words to somebody who pressed a button; too late is no error."""
        ...

    async def fetch(self, remote: str, limit: int) -> bytes:
        """The bytes of a file that somebody sent. `Missing` when there are none to be had."""
        ...
