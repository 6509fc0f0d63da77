"""The inbox and the dialogs in the browser: nothing that was typed is lost, and everybody sees who does what."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from sandbox.actor import Actor
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


async def _ask_for_somebody(window: Window, *names: str) -> Actor:
    """Each asks for a person, in this order; the first of them."""
    people = [window.person(name) for name in names]
    for person in people:
        person.starts()
        person.says("转人工")
        await person.hears("编号", timeout=20)
    return people[0]


async def test_what_is_being_written_is_seen_and_kept(window: Window) -> None:
    """Beginning an answer claims, taking the words back releases; a draft outlives another chat and a restart."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    colleague = await window.hires("李窗口", "clerk", "xixiu")
    person = await _ask_for_somebody(window, "张三", "李四")
    await clerk.opens("/chats/1")
    await colleague.opens("/chats/1")
    await colleague.reads("无人认领")
    answer = clerk.page.locator("textarea[data-mark=answer]")
    await answer.press_sequentially("写到")
    await expect(colleague.at("holder")).to_have_text("王窗口 正在处理")
    await answer.fill("")
    await expect(colleague.at("holder")).to_have_text("无人认领")
    await answer.fill("写到一半的答复")
    await expect(clerk.at("holder")).to_have_text("王窗口 正在处理")
    await clerk.at("chat-2").click()
    await clerk.page.wait_for_url("**/chats/2")
    await expect(answer).to_have_value("")
    await clerk.at("chat-1").click()
    await expect(answer).to_have_value("写到一半的答复")
    await window.bot.kill()
    await answer.press_sequentially("，断线时接着写")
    await window.opens()
    await clerk.page.reload()
    await expect(answer).to_have_value("写到一半的答复，断线时接着写")
    await clerk.at("do-answer").click()
    await person.hears("断线时接着写", timeout=20)
    await expect(answer).to_have_value("")
    await clerk.page.reload()
    await clerk.reads("断线时接着写")
    await expect(answer).to_have_value("")
    await clerk.opens("/chats/2")  # put aside, then given away: open again, and told in words
    await clerk.at("do-snooze").click()
    await clerk.confirms("搁置")
    await expect(clerk.page.locator(".said.event").last).to_contain_text("搁置到")
    await clerk.at("do-hand_over").click()
    await clerk.page.locator(".q-dialog .q-select input").first.fill("李窗口")
    await clerk.page.get_by_role("option", name="李窗口").click()
    await clerk.confirms("转交")
    await expect(clerk.page.locator(".said.event").last).to_contain_text("转交给 李窗口")
    await expect(clerk.page.locator(".talk .tag").first).to_have_text("待处理")
    assert clerk.faults == []
    log = window.bot.log.read_text()
    assert "Traceback" not in log, log[log.find("Traceback") - 500 :][:3000]


async def test_the_inbox_by_keys_on_a_phone_and_with_its_filter(window: Window) -> None:
    """Rows and deeds have keys, the filter stands in the address, and on a phone a conversation fits the screen."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    person = await _ask_for_somebody(window, "张三", "李四")
    page = clerk.page
    await clerk.opens("/chats")
    await clerk.reads("李四")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(clerk.at("chat-2")).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/chats/1")
    await clerk.reads("张三")
    await page.keyboard.press("c")
    await expect(clerk.at("holder")).to_have_text("王窗口 正在处理")
    await page.keyboard.press("r")
    await page.keyboard.type("请带身份证来")
    await page.keyboard.press("Control+Enter")
    await person.hears("请带身份证来", timeout=20)
    await expect(page.locator("textarea[data-mark=answer]")).to_have_value("")  # the page has taken note as well
    await page.keyboard.press("Escape")
    await expect(page.locator("textarea[data-mark=answer]")).not_to_be_focused()
    await page.keyboard.press("e")
    await expect(page.locator(".q-dialog textarea")).to_be_focused()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".talk .tag").first).to_have_text("已办结")
    await expect(page.locator(".q-dialog")).to_have_count(0)
    await page.keyboard.press("?")
    await clerk.reads("会话里：办结")
    await page.keyboard.press("Escape")
    await expect(page.locator(".q-dialog")).to_have_count(0)
    await page.locator(".list .q-select").first.click()
    await page.get_by_role("option", name="已办结").click()
    await clerk.at("chat-1").click()
    await page.wait_for_url("**/chats/1?show=resolved")
    await expect(page.locator(".chat-row")).to_have_count(1)
    await expect(page.locator(".list .q-select").first).to_contain_text("已办结")
    await page.set_viewport_size({"width": 390, "height": 844})
    await clerk.opens("/chats")
    await clerk.at("chat-2").click()
    await page.wait_for_url("**/chats/2")
    await expect(page.locator("textarea[data-mark=answer]")).to_be_in_viewport(ratio=1)
    await expect(clerk.at("do-answer")).to_be_in_viewport(ratio=1)
    await expect(clerk.at("chat-1")).to_be_hidden()
    await clerk.at("back").click()
    await expect(clerk.at("chat-2")).to_be_visible()
    assert clerk.faults == []


async def test_the_ledgers_filter_outlives_a_look_at_a_case(window: Window) -> None:
    """Search, open a row with Enter, go back: the words are still there, and so is the row."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    page = clerk.page
    for number in ("88", "99"):
        await clerk.opens("/reception")
        await clerk.types("applicant", "王小二")
        await clerk.types("other", "李大山")
        await clerk.types("title-number", f"（2026）黔0402民初{number}号")
        await clerk.types("amount", "1000")
        await clerk.at("fill").click()
        await page.wait_for_url("**/desk/reception/*")
        await clerk.at("convert").click()
        await page.get_by_label("对方应在哪天前履行").fill("2026-12-20")
        await clerk.confirms("转入台账")
        await clerk.confirms("打开")
        await page.wait_for_url("**/desk/obligations/*")
    await clerk.opens("/ledger")
    rows = page.locator("[data-mark=ledger] tbody tr")
    await expect(rows).to_have_count(2)
    await page.locator(".search input").fill("初88")
    await expect(rows).to_have_count(1)
    await page.locator(".search input").press("Escape")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/obligations/*")
    await page.go_back()
    await expect(rows).to_have_count(1)
    await expect(page.locator(".search input")).to_have_value("初88")
    assert clerk.faults == []


async def test_what_a_person_sends_is_seen_and_what_is_offered_can_be_sent(window: Window) -> None:
    """A picture sent before anybody took it up stands in the thread, for nobody of another court; canned answers are whole."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    other = await window.hires("周窗口", "clerk", "pingba")
    person = await _ask_for_somebody(window, "张三")
    person.taps("西秀法院")
    await person.hears("西秀", timeout=20)
    window.telegram.people.send_photo(person.id, caption="这是判决书")
    await person.hears("", timeout=20)
    await clerk.opens("/today")
    await expect(clerk.at("waiting")).to_have_text("1")  # the menu says so on every page
    await expect(clerk.page).to_have_title(re.compile(r"^\(1\) 今日"))
    await clerk.at("pile-waiting").locator("a").first.click()
    await clerk.page.wait_for_url("**/chats/1")
    picture = clerk.at("attached").locator("img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)")
    address = await clerk.at("attached").get_attribute("href")
    assert await picture.get_attribute("src") == address
    for desk, status in ((clerk, 200), (other, 404)):
        assert (await desk.page.request.get(f"{window.base}{address}")).status == status
    await clerk.page.get_by_role("button", name="常用答复").click()
    await clerk.page.locator(".q-dialog input").fill("执行窗口的地址电话")
    await clerk.page.locator(".q-dialog .q-expansion-item").filter(has_text="执行窗口地址电话").first.click()
    offered = clerk.page.locator(".q-dialog .sample").first
    await expect(offered).to_contain_text("执行窗口")
    await expect(offered).not_to_contain_text("{{")
    await expect(offered).not_to_contain_text("**")
    await clerk.page.get_by_role("button", name="用这一条").first.click()
    await clerk.at("do-answer").click()
    heard = await person.hears("执行窗口", timeout=20)
    assert "{{" not in heard.text
    await expect(clerk.at("waiting")).to_be_hidden()
    assert clerk.faults == []
