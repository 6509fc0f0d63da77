"""One call of the Bot API without PTB's objects around it, for the two that happen all the time.

PTB builds an object of everything that it sends and receives. For a message with buttons that takes ten
times as long on the processor as the call itself (docs/measurements.md), and of the answer only the
message's number is wanted. Errors are PTB's own, as with every other call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import Bot
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter  # what RequestData is made of; not exported


async def call(bot: Bot, method: str, values: Mapping[str, object], *, read_timeout: float | None = None) -> Any:
    """The `result` of the method; values that are None are left out."""
    given = {name: value for name, value in values.items() if value is not None}
    data = RequestData([RequestParameter.from_input(name, value) for name, value in given.items()])
    url = f"{bot.base_url}/{method}"
    if read_timeout is None:
        return await bot.request.post(url, data)
    return await bot.request.post(url, data, read_timeout=read_timeout)
