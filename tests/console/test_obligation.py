"""The page of an obligation in the browser: slips are asked about, two at once, and everything that happened in words."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.console.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TABLE = (
    "法院,案号,执行依据,案由,义务人,义务人类型,义务人证件号,权利人,权利人证件号,义务名称,金额（元）,履行期限,承办人\r\n"
    "西秀,（2026）黔0402民初501号,判决,装修合同,丁装修公司(示例),单位,,王小二,,工程款,5000,2030-11-25,陈法官\r\n"
)


async def test_a_slip_of_the_keyboard_and_two_at_once(window: Window) -> None:
    """Two zeros too many are asked about; the second who takes a payment back reads so, before a page that has moved on."""
    judge = await window.hires("陈法官", "judge", "xixiu")
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    boss = await window.hires("赵主任", "admin", "xixiu")
    source = window.bot.log.parent / "table.csv"
    source.write_text(TABLE, encoding="utf-8-sig")
    await window.run("ledger", "import", str(source))
    for text in ("丁装修公司（示例）", "装修公司", "民初501"):
        await clerk.opens(f"/ledger?text={text}")
        await expect(clerk.page.locator("[data-mark=ledger] tbody tr")).to_have_count(1)
        await clerk.reads("丁装修公司(示例)")
    await clerk.page.get_by_text("丁装修公司(示例)").first.click()
    await clerk.page.wait_for_url("**/desk/obligations/*")
    await judge.page.goto(clerk.page.url)
    await clerk.reads("从台账表格导入")  # the reason, not the digits of a file
    await clerk.at("do-pay").click()
    await clerk.page.locator(".q-dialog .dialog").get_by_label("金额").fill("6000")
    await clerk.confirms("记付款")
    await clerk.reads("比还没有履行的 5,000.00 元多出 1,000.00 元")
    await clerk.confirms("取消")
    await expect(clerk.at("refused")).to_contain_text("还没有记")
    await clerk.confirms("记付款")
    await clerk.confirms("确实这么多")
    await expect(clerk.at("surplus")).to_contain_text("多 1,000 元")
    await expect(clerk.at("status")).to_have_text("已履行")
    await judge.page.reload()
    for desk in (clerk, judge):
        await desk.page.get_by_role("button", name="撤销").click()
        await desk.page.locator(".q-dialog .dialog").get_by_label("原因").fill(f"{'弄错了' if desk is clerk else '我也看到了'}")
    await clerk.confirms("撤销")
    await expect(clerk.at("status")).to_have_text("履行期内")
    await expect(judge.at("status")).to_have_text("已履行")
    await judge.confirms("撤销")
    await expect(judge.at("refused")).to_have_text("这笔履行已经处理过了，现在是“已撤销”")
    await expect(judge.at("status")).to_have_text("履行期内")  # the page behind has followed
    row = judge.page.locator("tr", has_text="撤销核实").first
    await expect(row).to_contain_text("王窗口")
    await expect(row).to_contain_text("状态：已核实 → 已撤销")
    await expect(row).to_contain_text("弄错了")
    await boss.opens("/settings")
    await boss.page.get_by_role("tab", name="操作记录").click()
    lines = boss.page.locator(".q-tab-panel tbody tr")
    await expect(lines.filter(has_text="记付款 6,000.00 元")).to_contain_text("（2026）黔0402民初501号")
    await boss.types("audit-case", "民初501")
    await boss.types("audit-day", "2020-01-01")
    await expect(lines.filter(has_text="记付款")).to_have_count(0)
    assert not re.search(r"\d{15,}|import [0-9a-f]{6}", await judge.page.inner_text("body"))
    assert clerk.faults == judge.faults == boss.faults == []
    assert "Traceback" not in window.bot.log.read_text()
