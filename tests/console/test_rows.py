"""Today's board and the figures in the browser: every row says what it is and is one click from where it belongs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from sandbox import Sandbox
from tests.cases import id_number
from tests.console.conftest import Desk, Window
from tests.unit.guide.documents.samples import credit_code

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def month(tmp_path: Path, telegram: Sandbox, browser: Browser, sqlite: str) -> AsyncIterator[tuple[Window, Desk]]:
    """The month of the demonstration, and its administrator at the desk."""
    window = Window(tmp_path, telegram, browser, sqlite)
    said = await window.run("demo")
    await window.opens()
    yield window, await window.logs_in(re.findall(r"http\S+/login\?t=\S+", said)[0])
    await window.bot.kill()


async def test_every_row_leads_to_what_it_is_about(month: tuple[Window, Desk], tmp_path: Path) -> None:
    """Over the month of the demonstration: rows of today's piles, rows behind figures, a file that cannot be read."""
    window, boss = month
    await expect(boss.at("pile-petitions").locator("a").first).to_contain_text(re.compile(r"(信访|投诉)〔\d{4}〕\d{4} 号 .*（示例）"))
    for pile, field in (("nodes", "办完"), ("follow_ups", "满意"), ("broken", "打开义务")):
        await boss.opens("/today")
        line = boss.at(f"pile-{pile}").locator("a.line")
        if await line.count():
            await line.first.click()
            await expect(boss.page.locator(".q-dialog .dialog").get_by_text(field).first).to_be_visible()
    for show in ("proofs", "promises"):
        await boss.opens("/today")
        await boss.reads("等待回复")  # the board stands
        waiting = await boss.at(f"pile-{show}").count()
        await boss.opens(f"/ledger?show={show}")
        rows = boss.at("ledger").locator("tbody tr")
        await (expect(rows.first).to_be_visible() if waiting else boss.reads("没有符合条件的义务"))
    for figure, address in (
        ("asked", "/knowledge/"), ("handed_over", "/chats/"), ("visits", "/reception/"), ("first_enforcement", "/cases/"),
        ("urged", "/obligations/"), ("paid_amount", "/obligations/"), ("settled_before", "/cases/"),
        ("follow_ups", "/obligations/"), ("node_days", "/cases/"), ("petitions", "/petitions/"),
    ):  # fmt: skip
        await boss.opens(f"/figures/{figure}")
        rows = boss.at("facts").locator("tbody tr")
        await expect(rows.first.or_(boss.page.get_by_text("这个月没有"))).to_be_visible()
        if await rows.count():
            named = rows.filter(has_not_text="没有对上主题").first
            assert "None" not in await named.inner_text()
            await named.click()
            await boss.page.wait_for_url(f"**/desk{address}*")
    await boss.opens("/ledger")
    await boss.at("import").click()
    odd = tmp_path / "月底台账.xlsx"
    odd.write_text("not a table")
    await boss.page.locator("input[type=file]").set_input_files(odd)
    await boss.reads("月底台账.xlsx：打不开")
    assert boss.faults == []
    assert "Traceback" not in window.bot.log.read_text()


async def test_those_whom_the_chat_does_not_reach_are_listed_called_and_handed_out(month: tuple[Window, Desk]) -> None:
    """Reason and what was tried in a list; a row takes what came of the call; the list and the QR sheets are files."""
    _, boss = month
    await boss.opens("/ledger")
    await boss.at("unreached").click()
    await boss.page.wait_for_url("**/desk/unreached")
    row = boss.at("unreached").locator("tbody tr").first
    number = (await row.locator("td").first.inner_text()).strip()
    await expect(row).to_contain_text(re.compile("二维码|扫|核验|屏蔽|退订|本人|隐私"))
    await row.click()
    dialog = boss.page.locator(".q-dialog .dialog")
    await dialog.get_by_text("没人接").click()
    await dialog.get_by_label("备注").fill("下午再打")
    await boss.confirms("记下")
    await boss.reads("没人接 下午再打")
    async with boss.page.expect_download() as table:
        await boss.at("export").click()
    assert (await table.value).suggested_filename.startswith("未触达-")
    await boss.opens(f"/cases/{number}")
    debtor = boss.page.locator("table.q-table").first.locator("tbody tr", has_text="义务人").first
    name = (await debtor.locator("td").nth(1).inner_text()).strip()
    good = credit_code() if "公司" in name else id_number(7)
    await debtor.click()
    field = boss.page.locator(".q-dialog .dialog").get_by_label("证件")
    await field.fill(good[:-1] + ("1" if good[-1] != "1" else "2"))
    await boss.confirms("保存")
    await expect(boss.page.locator(".q-dialog .dialog")).to_contain_text("最后一位对不上")
    await field.fill(good)
    await boss.confirms("保存")
    await expect(debtor).to_contain_text(f"{good[-4:]}")
    assert "公司" in name or good not in await boss.page.content()
    await boss.at("sheets").click()
    async with boss.page.expect_download() as sheets:
        await boss.confirms("打印二维码")
    assert (await sheets.value).suggested_filename == f"二维码-{number}.pdf"
    await boss.reads("每页下方的编号是谁的")
    assert boss.faults == []
