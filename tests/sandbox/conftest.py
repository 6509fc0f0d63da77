"""Fixtures of the sandbox's own tests: an open sandbox, its clock, and a raw API client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from sandbox import Limits, Sandbox, Settings, create


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, **delta: float) -> None:
        self.moment += timedelta(**delta)


class Api:
    """Calls the Bot API and hands back the JSON as it is."""

    def __init__(self, session: aiohttp.ClientSession, sandbox: Sandbox) -> None:
        self.session = session
        self.sandbox = sandbox

    def url(self, method: str) -> str:
        return f"{self.sandbox.base_url}/bot{self.sandbox.token}/{method}"

    async def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        async with self.session.post(self.url(method), json=params) as answer:
            body: dict[str, Any] = await answer.json()
            assert body["ok"] is (answer.status == 200)
            return body

    async def ok(self, method: str, **params: Any) -> Any:
        body = await self(method, **params)
        assert body["ok"], body
        return body["result"]

    async def refused(self, method: str, **params: Any) -> str:
        body = await self(method, **params)
        assert not body["ok"], body
        return f"{body['error_code']} {body['description']}"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs chromium")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def limits() -> Limits:
    return Limits.lifted(webhook_retry_first=0.01, webhook_retry_max=0.05, webhook_timeout=2)


@pytest.fixture
async def sandbox(clock: HandClock, limits: Limits) -> AsyncIterator[Sandbox]:
    opened = create(Settings(clock=clock, limits=limits, seed=7))
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(session, sandbox)
