"""Makes the pictures of the READMEs: `make screenshots`."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Page, async_playwright
from pydantic import SecretStr

from bot.settings import Database, Http, Privacy, Settings, Telegram
from main import Server
from sandbox import Limits, create, demo_roster
from sandbox import Settings as SandboxSettings
from tests.integration.process import free_port
from tests.world import ROOT

IMAGES = ROOT / "docs" / "images"


async def main() -> None:
    """Talk to the bot on the chat page and take pictures on the way."""
    with tempfile.TemporaryDirectory() as folder:
        sandbox = create(SandboxSettings(limits=Limits.lifted(), roster=demo_roster()))
        base = await sandbox.start()
        staff = next(p.id for p in sandbox.core.world.people.values() if p.key == "staff")
        server = await Server.build(Settings(
            telegram=Telegram(token=SecretStr(sandbox.token), base_url=base, admins=(staff,), chat_burst=20),
            database=Database(url=f"sqlite:///{folder}/shots.db"), http=Http(port=0, desk=False),
            privacy=Privacy(key=SecretStr("22" * 32)),
        ))
        await server.start()
        try:
            await _pictures(base)
        finally:
            await server.stop()
            await sandbox.stop()
        await _desk(Path(folder))


async def _desk(folder: Path) -> None:
    """The desk over a month of invented cases."""
    port = free_port()
    given = {"DATABASE__URL": f"sqlite:///{folder}/demo.db", "PRIVACY__KEY": "33" * 32, "HTTP__PORT": str(port)}
    environment = {**os.environ, **{f"ZHIYUAN_{k}": v for k, v in given.items()}}
    program = [sys.executable, str(ROOT / "main.py")]
    filled = await asyncio.create_subprocess_exec(
        *program, "demo", env=environment, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    said = (await filled.communicate())[0].decode()
    link = next(word for word in said.split() if "/login?t=" in word).rpartition("http")
    bot = await asyncio.create_subprocess_exec(*program, "run", env=environment, cwd=ROOT)
    try:
        async with async_playwright() as engine:
            browser = await engine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1280, "height": 720}, locale="zh-CN")
            await _wait(f"http://127.0.0.1:{port}/desk/today")
            await page.goto("http" + link[2])
            await page.get_by_role("button").click()
            await page.wait_for_url("**/desk/today")
            await _shot(page, "desk-today")
            for name, path in (("desk-ledger", "ledger"), ("desk-figures", "figures"), ("desk-reception", "reception")):
                await page.goto(f"http://127.0.0.1:{port}/desk/{path}")
                await _shot(page, name)
            await page.goto(f"http://127.0.0.1:{port}/desk/chats")
            await page.locator(".chat-row").first.click()
            await page.wait_for_url("**/desk/chats/*")
            await _shot(page, "desk-chat")
            await page.set_viewport_size({"width": 390, "height": 800})
            await page.goto(f"http://127.0.0.1:{port}/desk/today")
            await _shot(page, "desk-phone")
            await browser.close()
    finally:
        bot.terminate()
        await bot.wait()


async def _shot(page: Page, name: str) -> None:
    await page.wait_for_timeout(1500)  # charts and tables draw themselves
    await page.screenshot(path=IMAGES / f"{name}.png")


async def _wait(url: str) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(60):
        while True:
            try:
                async with http.get(url, allow_redirects=False) as answer:
                    if answer.status != 503:
                        return
            except aiohttp.ClientError:
                pass  # the port is not open yet
            await asyncio.sleep(0.2)


async def _pictures(base: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as engine:
        browser = await engine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="zh-CN", timezone_id="Asia/Shanghai")
        await page.goto(base)
        await _talk(page, "张三", ["对方欠钱不还，法院判了怎么申请执行？", "那要交多少钱"])
        await page.screenshot(path=IMAGES / "chat-page.png")
        await browser.close()
        await _phone(engine, base)


async def _phone(engine: Any, base: str) -> None:
    browser = await engine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = await browser.new_page(viewport={"width": 390, "height": 800}, locale="zh-CN", timezone_id="Asia/Shanghai")
    await page.goto(base)
    await _talk(page, "李四", ["老赖名单咋撤", "上了失信名单娃娃读书受影响不"])
    await page.screenshot(path=IMAGES / "chat-phone.png")
    await browser.close()


async def _talk(page: Page, name: str, questions: list[str]) -> None:
    await page.get_by_text(name, exact=False).first.click()
    await page.get_by_role("button", name="开始").first.click()
    await asyncio.sleep(1.5)
    for question in questions:
        await page.locator("textarea, input[type=text]").first.fill(question)
        await page.keyboard.press("Enter")
        await asyncio.sleep(1.5)


if __name__ == "__main__":
    Path.mkdir(IMAGES, parents=True, exist_ok=True)
    asyncio.run(main())
