"""Fetches the files that people sent; Telegram's link to them, which holds the token, stays in here."""

from __future__ import annotations

from telegram import Bot
from telegram.error import BadRequest

from bot.reach.files import GoneError


class TelegramFiles:
    """A `FileSource` over a PTB bot."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def fetch(self, remote: str, limit: int) -> bytes:
        """The bytes of a file by its file_id; GoneError when it is too large or not there."""
        try:
            file = await self._bot.get_file(remote)
        except BadRequest as error:
            raise GoneError(error.message) from error
        if file.file_size is not None and file.file_size > limit:
            raise GoneError("file is too big")
        content = bytes(await file.download_as_bytearray())
        if len(content) > limit:
            raise GoneError("file is too big")
        return content
