"""A window with a bot, a local Telegram, and browsers of the people who work there."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from sandbox import Limits, Sandbox, Settings, create
from sandbox.actor import Actor
from tests.integration.process import BotProcess
from tests.world import ROOT

ADMIN = 9001
expect.set_options(timeout=15_000)


@pytest.fixture
async def telegram() -> AsyncIterator[Sandbox]:
    """A local Telegram that does not throttle."""
    opened = create(Settings(limits=Limits.lifted(), page=False))
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window."""
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("chromium is missing: apt-get install chromium, or `make browser`")
    async with async_playwright() as engine:
        opened = await engine.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        await opened.close()


class Desk:
    """One of the staff at a browser."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    async def opens(self, path: str) -> None:
        """Go to a page of the desk."""
        await self.page.goto(f"{self.base}/desk{path}")

    def at(self, mark: str) -> Locator:
        """The element with that mark; an input's own field."""
        found = self.page.locator(f"[data-mark='{mark}']")
        return found.first

    async def types(self, mark: str, text: str) -> None:
        """Fill a field."""
        field = self.page.locator(f"input[data-mark='{mark}'], textarea[data-mark='{mark}'], [data-mark='{mark}'] input")
        await field.first.fill(text)

    async def confirms(self, label: str) -> None:
        """Press a button of the dialog that is opening."""
        await self.page.locator(".q-dialog .dialog").last.get_by_role("button", name=label, exact=True).click()

    async def reads(self, text: str) -> None:
        """Wait until a text is on the screen."""
        await expect(self.page.get_by_text(text).first).to_be_visible()


class House:
    """The bot as a process of its own, with its desk open."""

    def __init__(self, folder: Path, telegram: Sandbox, database: str) -> None:
        self.telegram = telegram
        self._folder = folder
        self.bot = BotProcess(folder, telegram, database, HTTP__DESK="true", RECEPTION__HOURS="00:00-23:59")

    @property
    def base(self) -> str:
        """The console's address."""
        return f"http://127.0.0.1:{self.bot.port}"

    async def opens(self) -> None:
        """Start the bot, and wait until the desk is open as well."""
        await self.bot.start()
        async with asyncio.timeout(60), aiohttp.ClientSession() as http:
            while True:
                async with http.get(f"{self.base}/desk/today", allow_redirects=False) as answer:
                    if answer.status != 503:
                        return
                await asyncio.sleep(0.05)

    async def run(self, *command: str) -> str:
        """`python main.py …` over the same database; what it printed. Fails when it does."""
        environment = {f"ZHIYUAN_{k}": v for k, v in self.bot._env.items()}
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOT / "main.py"), *command, cwd=self._folder, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        out, error = await process.communicate()
        assert process.returncode == 0, error.decode()
        return out.decode()

    async def admits(self, name: str, role: str, court: str) -> str:
        """Invite somebody and let them open the link in Telegram: the login link that the bot sends them."""
        said = await self.run("staff", "invite", "--court", court, "--role", role, "--name", name)
        start = next(word for word in said.split() if "start=" in word).partition("start=")[2]
        person = self.telegram.actor(name)
        person.starts(start)
        await person.hears(name, timeout=20)
        person.says("/login")
        told = await person.hears("/login?t=", timeout=20)
        return link_in(told.data["text"], told.data)


class Window(House):
    """The bot with its people at their browsers."""

    def __init__(self, folder: Path, telegram: Sandbox, browser: Browser, database: str) -> None:
        super().__init__(folder, telegram, database)
        self._browser = browser

    async def hires(self, name: str, role: str, court: str) -> Desk:
        """Invite somebody, let them open the link in Telegram, and log in by the link that the bot sends."""
        return await self.logs_in(await self.admits(name, role, court))

    async def logs_in(self, link: str) -> Desk:
        """Open a login link in a browser of its own."""
        context = await self._browser.new_context(viewport={"width": 1280, "height": 720}, locale="zh-CN")
        desk = Desk(await context.new_page(), self.base)
        await desk.page.goto(link.replace("localhost", "127.0.0.1"))
        await desk.page.get_by_role("button").click()
        await desk.page.wait_for_url("**/desk/today")
        return desk

    def person(self, name: str) -> Actor:
        """Somebody in chat."""
        return self.telegram.actor(name)


def link_in(text: str, message: dict[str, Any]) -> str:
    """The address in a message, from its words, its links or its buttons."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    found = [b["url"] for row in rows for b in row if "url" in b]
    found += [e["url"] for e in message.get("entities", []) if "url" in e]
    found += [word for word in text.split() if word.startswith("http")]
    return str(found[0])


@pytest.fixture
async def window(tmp_path: Path, telegram: Sandbox, browser: Browser, sqlite: str) -> AsyncIterator[Window]:
    """A bot that serves, with the desk open."""
    made = Window(tmp_path, telegram, browser, sqlite)
    await made.opens()
    yield made
    await made.bot.kill()
