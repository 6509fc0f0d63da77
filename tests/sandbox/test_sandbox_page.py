"""The chat page in a real browser, with a real bot behind it."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import Limits, Sandbox, Settings, create, demo_roster
from sandbox.files import sample_png

if TYPE_CHECKING:
    from conftest import Api

STATIC = Path(__file__).parents[2] / "sandbox" / "static"
CHROMIUM = shutil.which("chromium")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    opened = create(Settings(limits=Limits.lifted(), roster=demo_roster()))
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
def chromium() -> str:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    return CHROMIUM


@pytest.fixture
async def tab(chromium: str, sandbox: Sandbox) -> AsyncIterator[Any]:
    playwright = pytest.importorskip("playwright.async_api")
    async with playwright.async_playwright() as engine:
        browser = await engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 720}, locale="zh-CN")
        page.set_default_timeout(5000)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(sandbox.base_url)
        yield page
        await browser.close()
        assert problems == []


async def _bot(api: Api) -> None:
    """A bot that answers texts with bold words and a button, and presses with a toast."""
    offset = 0
    while True:
        for update in await api.ok("getUpdates", offset=offset, timeout=5):
            offset = update["update_id"] + 1
            if query := update.get("callback_query"):
                await api.ok("answerCallbackQuery", callback_query_id=query["id"], text="已登记")
                continue
            if (message := update.get("message")) is None:
                continue
            await api.ok("sendChatAction", chat_id=message["chat"]["id"], action="typing")
            rows = [[{"text": "转人工窗口", "callback_data": "h"}]]
            await api.ok(
                "sendMessage", chat_id=message["chat"]["id"], parse_mode="HTML",
                text=f"<b>您问</b>\n{message.get('text', '').replace('<', '&lt;')}",
                reply_markup={"inline_keyboard": rows},
            )  # fmt: skip


@pytest.fixture
async def bot(api: Api) -> AsyncIterator[None]:
    task = asyncio.create_task(_bot(api))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.browser
@pytest.mark.usefixtures("bot")
async def test_a_newcomer_talks_to_the_bot(tab: Any) -> None:
    """Choose a person, press 开始, ask, read the answer, press a button, see the toast."""
    assert "这里不是 Telegram" in await tab.inner_text("#banner")
    await tab.click("text=李四")
    await tab.click("#start")
    await tab.wait_for_selector(".bubble:has-text('/start') >> nth=1")
    await tab.fill("#text", "<img src=x onerror=alert(1)> 要交钱吗")
    await tab.press("#text", "Enter")
    answer = tab.locator(".theirs .text", has_text="要交钱吗")
    await answer.wait_for()
    assert await answer.locator("strong").inner_text() == "您问"
    assert await tab.locator("img").count() == 0
    await tab.locator(".key", has_text="转人工窗口").last.click()
    await tab.wait_for_selector("#toast:has-text('已登记')")


@pytest.mark.browser
async def test_page_follows_the_news(tab: Any, api: Api, sandbox: Sandbox) -> None:
    """Unread badges, edits, deletions, albums, reply keyboards, blocking, invitations."""
    zhang = next(iter(sandbox.core.world.people.values()))
    await tab.wait_for_selector(".entry")
    await tab.goto(f"{sandbox.base_url}/?start=abc")
    await tab.click("text=张三")
    await tab.wait_for_selector(".mine:has-text('/start abc')")
    await tab.click("text=李四")
    keys = {"keyboard": [["我要申请执行"], [{"text": "手机号", "request_contact": True}]]}
    sent = await api.ok("sendMessage", chat_id=zhang.id, text="一", reply_markup=keys)
    await tab.wait_for_selector(".entry:has-text('张三') em:has-text('1')")
    await tab.click("text=张三")
    await api.ok("editMessageText", chat_id=zhang.id, message_id=sent["message_id"], text="二")
    await tab.wait_for_selector(".theirs:has-text('二') >> text=已编辑")
    await tab.click("#keys >> text=手机号")
    await tab.click("dialog >> text=发送手机号")
    await sandbox.wait_for(lambda: any("contact" in m.data for m in sandbox.people.messages(zhang.id)))
    photos = [{"name": f"{n}.png", "mimeType": "image/png", "buffer": sample_png()} for n in (1, 2)]
    await tab.set_input_files("#pick-photo", photos)
    await tab.wait_for_selector(".album img >> nth=1")
    await api.ok("deleteMessage", chat_id=zhang.id, message_id=sent["message_id"])
    await tab.wait_for_selector(".deleted:has-text('消息已删除')")
    await tab.click("#block")
    await tab.wait_for_selector("#start:visible")
    assert zhang.blocked
    await tab.click("#start")
    await tab.wait_for_selector("#form:visible")
    assert not zhang.blocked


@pytest.mark.browser
async def test_staff_forum(tab: Any, api: Api, sandbox: Sandbox) -> None:
    """Topics as chips; what staff write in a topic reaches the bot with its thread."""
    group = next(iter(sandbox.core.world.groups.values()))
    topic = await api.ok("createForumTopic", chat_id=group.id, name="张三的咨询")
    await tab.click(".entry:has-text('接待窗口工作群')")
    await tab.click(".chip:has-text('张三的咨询')")
    await tab.fill("#text", "请带身份证")
    await tab.press("#text", "Enter")
    await tab.wait_for_selector(".mine:has-text('请带身份证')")
    message = (await api.ok("getUpdates"))[-1]["message"]
    assert (message["message_thread_id"], message["text"]) == (topic["message_thread_id"], "请带身份证")


@pytest.mark.browser
async def test_phone_width(tab: Any) -> None:
    """On a phone there is one thing at a time, and nothing sticks out."""
    await tab.set_viewport_size({"width": 390, "height": 844})
    assert not await tab.is_visible("#chat")
    await tab.click("text=张三")
    await tab.wait_for_selector("#start:visible")
    assert not await tab.is_visible("#side")
    assert await tab.evaluate("document.documentElement.scrollWidth") == 390
    await tab.click("#back")
    await tab.wait_for_selector("#side:visible")


async def test_page_runs_offline_and_safely(api: Api, sandbox: Sandbox) -> None:
    """Nothing is loaded from elsewhere, no inline script; files cannot run as pages."""
    async with api.session.get(sandbox.base_url) as answer:
        html = await answer.text()
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "http" not in html.replace("http-equiv", "")
    person = next(iter(sandbox.core.world.people.values()))
    sent = sandbox.people.send_document(person.id, b"<script>", file_name="a.html")
    url = f"{sandbox.base_url}/page/files/{sent.data['document']['file_id']}"
    async with api.session.get(url) as answer:
        assert answer.headers["Content-Disposition"] == "attachment"


def test_words_are_all_there_and_all_used() -> None:
    """The catalogue and the script agree; no Chinese in the script."""
    words = set(json.loads((STATIC / "words.zh.json").read_text("utf-8"))) - {"roster"}
    scripts = "".join((STATIC / name).read_text("utf-8") for name in ("app.js", "render.js"))
    unused = {word for word in words if f".{word}" not in scripts and f'"{word}"' not in scripts}
    assert unused == set()
    chinese = [char for char in scripts if "一" <= char <= "鿿"]
    assert set(chinese) <= set("周星")
