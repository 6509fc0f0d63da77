"""Fixtures of the integration tests: a local Telegram, and bots that are processes of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sandbox import Limits, Sandbox, Settings, create
from tests.integration.process import BotProcess

StartBot = Callable[..., BotProcess]


@pytest.fixture
async def telegram() -> AsyncIterator[Sandbox]:
    """A local Telegram that does not throttle and calls a webhook again soon."""
    opened = create(Settings(limits=Limits.lifted(webhook_retry_first=0.05, webhook_retry_max=0.4), page=False))
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
async def new_bot(tmp_path: Path, telegram: Sandbox, database: str) -> AsyncIterator[StartBot]:
    """Makes bots over one database of each kind in turn; whatever still runs is killed at the end."""
    async for make in _maker(tmp_path, telegram, database):
        yield make


@pytest.fixture
async def new_sqlite_bot(tmp_path: Path, telegram: Sandbox, sqlite: str) -> AsyncIterator[StartBot]:
    """The same on SQLite only."""
    async for make in _maker(tmp_path, telegram, sqlite):
        yield make


async def _maker(folder: Path, telegram: Sandbox, database: str) -> AsyncIterator[StartBot]:
    made: list[BotProcess] = []

    def make(mode: str = "polling", **extra: str) -> BotProcess:
        made.append(BotProcess(folder, telegram, extra.pop("url", database), mode, **extra))
        return made[-1]

    yield make
    for bot in made:
        await bot.kill()
