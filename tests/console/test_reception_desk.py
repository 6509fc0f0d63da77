"""The desk's forms and addresses in the browser: what cannot be read is said, what is wrong is put right."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.console.conftest import Window
from tests.unit.guide.documents.samples import credit_code

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CREDIT_CODE = credit_code()


async def test_an_address_that_leads_nowhere_is_told_in_words(window: Window) -> None:
    """404 in Chinese with a way back: for no page, no number, a number that is too large, nothing of that number."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    for path, words in (
        ("/nonexistent", "没有这个页面"),
        ("/obligations/abc", "没有这个页面"),
        ("/obligations/99999999999999999999", "没有这个页面"),
        ("/reception?chat=99999999999999999999", "没有这个页面"),
        ("/obligations/7", "没有这条义务"),
        ("/reception/7", "没有这条登记"),
        ("/figures/nonsense", "没有这个指标"),
    ):
        answer = await clerk.page.goto(f"{window.base}/desk{path}")
        assert answer is not None
        assert answer.status == 404, path
        await clerk.reads(words)
        assert "Exception" not in await clerk.page.content(), path
        assert "Error" not in await clerk.page.locator("body").inner_text(), path
    await clerk.opens("/nonexistent")
    await clerk.page.get_by_role("link", name="回到工作台").click()
    await clerk.page.wait_for_url("**/desk/today")


async def test_a_day_that_is_none_is_refused_by_name_and_a_visit_is_corrected(window: Window) -> None:
    """Nothing is stored with a day left out in silence; 更正 works everything out anew."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    await clerk.opens("/reception")
    await clerk.types("applicant", "王小二")
    await clerk.types("other", "李大山")
    await clerk.types("title-number", "2026黔0402民初88号")
    await clerk.types("amount", "六万")
    await clerk.at("fill").click()
    await clerk.reads("“标的额”里写的“六万”不是一个金额")
    await clerk.types("amount", "60475")
    await clerk.page.get_by_label("生效日").fill("2026-13-45")
    await clerk.at("fill").click()
    await clerk.reads("“生效日”里写的“2026-13-45”不是一个日期")
    assert clerk.page.url.endswith("/reception")
    await clerk.page.get_by_label("生效日").fill("2026年9月1日")
    await clerk.at("fill").click()
    await clerk.page.wait_for_url("**/desk/reception/*")
    await clerk.reads("2026-09-01")
    await clerk.reads("（2026）黔0402民初88号")
    await clerk.at("correct").click()
    await clerk.types("amount", "70000")
    await clerk.at("keep").click()
    await clerk.reads("已更正")
    await clerk.reads("70,000")
    await clerk.reads("950")  # 70,000 × 1.5 % − 100
    await clerk.at("convert").click()
    await clerk.page.get_by_label("对方应在哪天前履行").fill("2026-2-30")
    await clerk.confirms("转入台账")
    await clerk.reads("“对方应在哪天前履行”里写的“2026-2-30”不是一个日期")
    await expect(clerk.at("correct")).to_be_visible()
    await clerk.page.get_by_label("对方应在哪天前履行").fill("2026.12.30")
    await clerk.confirms("转入台账")
    await clerk.confirms("打开")
    await clerk.page.wait_for_url("**/desk/obligations/*")
    await clerk.reads("2026-12-30")
    await clerk.at("do-pay").click()
    await clerk.confirms("记付款")
    await clerk.reads("请填“金额”")
    await clerk.page.locator(".q-dialog").get_by_label("金额").fill("100")
    await clerk.page.locator(".q-dialog").get_by_label("付款日").fill("2026-2-30")
    await clerk.confirms("记付款")
    await clerk.reads("“付款日”里写的“2026-2-30”不是一个日期")
    assert clerk.faults == []


async def test_a_form_is_worked_out_while_it_is_filled_and_outlives_a_restart(window: Window) -> None:
    """What follows stands beside the form; killed in the middle of it, everything typed and chosen is still there."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    page = clerk.page
    await clerk.opens("/reception")
    await clerk.types("applicant", "王小二")
    await clerk.types("other", "某某装修公司")
    await clerk.types("amount", "六万多")
    await expect(clerk.at("follows")).to_contain_text("不是一个金额")
    await clerk.types("amount", "60475")
    await expect(clerk.at("follows")).to_contain_text("807.13")  # 60,475 × 1.5 % − 100
    await page.get_by_role("checkbox", name="农民工工资").click()
    await expect(clerk.at("follows")).to_contain_text("民生优先")
    await window.bot.kill()
    await page.get_by_label("补充说明").press_sequentially("断线时接着写的")
    await window.opens()
    await clerk.opens("/reception")
    await expect(page.get_by_label("补充说明")).to_have_value("断线时接着写的")
    await expect(page.get_by_label("标的额")).to_have_value("60475")
    await expect(page.get_by_role("checkbox", name="农民工工资")).to_be_checked()
    await clerk.types("title-number", "（2026）黔0402民初88号")
    await clerk.at("fill").click()
    await page.wait_for_url("**/desk/reception/1")
    await clerk.opens("/reception")
    await expect(page.get_by_label("补充说明")).to_have_value("")  # done: nothing of it is left
    await clerk.at("next").click()
    await page.wait_for_url("**/desk/reception/1")
    await expect(clerk.at("status")).to_have_text("已叫号")
    await clerk.at("convert").click()
    await page.get_by_label("对方应在哪天前履行").fill("2026-12-20")
    await page.get_by_label("对方证件号").fill(CREDIT_CODE)  # a firm, as its name ends
    await clerk.confirms("转入台账")
    await expect(clerk.at("link")).to_be_visible()
    await clerk.confirms("打开")
    await page.wait_for_url("**/desk/obligations/*")
    await expect(page.get_by_text("王窗口").last).to_be_visible()  # who converted it is responsible
    assert clerk.faults == []
