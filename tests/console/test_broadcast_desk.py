"""Broadcasts in the browser: what may stand in braces is offered, what is refused is said once, the start is scheduled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.core.clock import SystemClock, local_day
from bot.core.privacy import Vault
from bot.store.engine import open_engine
from bot.store.work import Store
from commands.bench_reminders import Someone, fill
from tests.console.conftest import Window
from tests.world import KEY

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_a_broadcast_is_written_approved_and_scheduled(window: Window) -> None:
    """Names are put in by buttons; an unknown one leaves one sentence; the begin may be a moment to come."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    boss = await window.hires("赵主任", "supervisor", "xixiu")
    await clerk.opens("/campaigns/new")
    await clerk.types("title", "年底督促")
    await clerk.types("text", "{name}您好")
    for _ in range(2):
        await clerk.at("draft").click()
        await expect(clerk.page.get_by_text("没有这个名称")).to_have_count(1)
    await expect(clerk.at("refused")).to_contain_text("“name”")
    await clerk.types("text", "您好，请尽快履行。")
    await clerk.page.locator("textarea[data-mark=text]").press("Home")
    await clerk.at("name-salutation").click()
    await expect(clerk.page.locator("textarea[data-mark=text]")).to_have_value("{salutation}您好，请尽快履行。")
    await clerk.types("per-minute", "很多")
    await clerk.at("draft").click()
    await expect(clerk.at("refused")).to_contain_text("“每分钟最多几条”")
    await clerk.types("per-minute", "20")
    await clerk.at("education").click()
    await expect(clerk.at("name-salutation")).to_have_count(0)
    await expect(clerk.at("name-court")).to_be_visible()
    await clerk.at("education").click()
    await clerk.at("draft").click()
    await clerk.page.wait_for_url("**/desk/campaigns/1")
    await expect(clerk.at("status")).to_have_text("草稿")
    await boss.opens("/campaigns/1")
    await boss.at("do-approve").click()
    await expect(boss.at("status")).to_have_text("已审批")
    await boss.at("do-start").click()
    await boss.page.locator(".q-dialog input").fill("2030-01-01T09:00")
    await boss.confirms("开始发送")
    await expect(boss.at("refused")).to_contain_text("截止时间")
    await boss.page.locator(".q-dialog input").fill("")
    await boss.confirms("开始发送")
    await expect(boss.at("status")).not_to_have_text("已审批", timeout=30_000)
    assert clerk.faults == boss.faults == []


async def test_what_became_of_every_message_can_be_read_to_the_last(
    window: Window, sqlite: str, tmp_path: Path
) -> None:
    """Two hundred on a page, the rest after a press; those who stand somewhere by a choice that says how many."""
    store, clock = Store(open_engine(sqlite), Vault(bytes.fromhex(KEY))), SystemClock()
    reached = window.telegram.actor("债务人")
    people = [Someone(f"债务人{n}", None if n else reached.id) for n in range(230)]
    await fill(store, clock, people, lambda _: [local_day(clock.now()) + timedelta(days=90)])
    reached.starts()  # in working hours the message leaves while the page is looked at
    await store.close()
    words = tmp_path / "words.txt"
    words.write_text("{salutation}您好。", encoding="utf-8")
    await window.run("campaign", "new", "--title", "年底", "--by", "王", "--text", str(words), "--holdout", "0")
    await window.run("campaign", "approve", "1", "--by", "李")
    await window.run("campaign", "start", "1")
    boss = await window.hires("赵主任", "supervisor", "anshun")
    await boss.opens("/campaigns/1")
    rows = boss.page.locator("[data-mark=recipients] tbody tr")
    await expect(rows).to_have_count(200, timeout=30_000)
    await boss.at("more").click()
    await expect(rows).to_have_count(230)
    await expect(boss.at("more")).to_be_hidden()
    await boss.at("only").click()
    await boss.page.get_by_role("option", name="收不到 229").click()
    await expect(rows).to_have_count(200)
    await boss.at("more").click()
    await expect(rows).to_have_count(229)
    assert boss.faults == []
