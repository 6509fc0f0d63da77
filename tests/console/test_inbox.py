"""The inbox and the dialogs in the browser: nothing that was typed is lost, and everybody sees who does what."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.console.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_what_is_refused_stays_in_its_dialog(window: Window) -> None:
    """A petition without a name, a case with a wrong number: told in the dialog, with everything as it was typed."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    await clerk.opens("/petitions")
    await clerk.at("new").click()
    dialog = clerk.page.locator(".q-dialog .dialog")
    await expect(dialog.get_by_label("类别")).to_have_count(1)
    await expect(dialog.get_by_label("法院")).to_have_count(1)
    await dialog.get_by_label("反映的事情").fill("很久没有进展，写了很多行")
    await clerk.confirms("登记")
    await expect(clerk.at("refused")).to_contain_text("姓名")
    await expect(dialog.get_by_label("反映的事情")).to_have_value("很久没有进展，写了很多行")
    await clerk.page.mouse.click(5, 5)  # beside the dialog
    await dialog.get_by_label("姓名").fill("张三")
    await clerk.confirms("登记")
    await clerk.page.wait_for_url("**/desk/petitions/1")
    await clerk.at("do-answer").click()
    await clerk.confirms("答复")
    await expect(clerk.at("refused")).to_be_visible()
    await clerk.page.goto(f"{clerk.base}/desk/reception")  # away with a dialog open
    await clerk.types("applicant", "王小二")
    await clerk.types("other", "李大山")
    await clerk.types("title-number", "（2026）黔0402民初88号")
    await clerk.types("amount", "1000")
    await clerk.at("fill").click()
    await clerk.page.wait_for_url("**/desk/reception/*")
    await clerk.at("convert").click()
    await dialog.get_by_label("对方应在哪天前履行").fill("2026-12-20")
    await dialog.get_by_label("对方证件号").fill("520402198001010011")
    await clerk.confirms("转入台账")
    await expect(clerk.at("refused")).to_be_visible()
    await expect(dialog.get_by_label("对方证件号")).to_have_value("520402198001010011")
    await expect(dialog.get_by_label("对方应在哪天前履行")).to_have_value("2026-12-20")
    await dialog.get_by_label("对方证件号").fill("52040219800101001X")
    await clerk.confirms("转入台账")
    await expect(clerk.at("link")).to_be_visible()
    assert clerk.faults == []
    assert "Traceback" not in window.bot.log.read_text()
