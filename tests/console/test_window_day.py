"""A day at the window, in the browser: people who ask, clerks who answer, cases that are performed."""

from __future__ import annotations

import re

import aiohttp
import pytest
from playwright.async_api import expect

from tests.console.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_without_a_session_nobody_sees_anything(window: Window) -> None:
    """Every page leads to the way in; a used link is refused; another site's form is not taken."""
    async with aiohttp.ClientSession() as http:
        for path in ("/desk/", "/desk/today", "/desk/ledger", "/desk/obligations/1", "/desk/proofs/1/0", "/desk/settings"):
            async with http.get(window.base + path, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (303, "/login"), path
        async with http.post(f"{window.base}/login", data={"t": "x" * 22}) as answer:
            assert answer.status == 403
        link = (await window.run("staff", "login-link")).split()[-1]
        async with http.get(link) as answer:  # a program that looks at links does not use it up
            assert answer.status == 200
        token = link.partition("t=")[2]
        async with http.post(f"{window.base}/login", data={"t": token}, headers={"Origin": "http://evil.example"}) as answer:
            assert answer.status == 403
        async with http.post(f"{window.base}/login", data={"t": token}, allow_redirects=False) as answer:
            cookie = answer.headers["Set-Cookie"]
            assert answer.status == 303
            assert "HttpOnly" in cookie
            assert re.search("SameSite=strict", cookie, re.IGNORECASE)
        async with http.post(f"{window.base}/login", data={"t": token}) as answer:
            assert answer.status == 403


async def test_a_question_is_handed_over_claimed_and_answered(window: Window) -> None:
    """The clerk sees it without reloading, a colleague sees who holds it, the person gets the answer, and it is closed."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    colleague = await window.hires("李窗口", "clerk", "xixiu")
    await clerk.opens("/chats")
    await clerk.reads("没有会话")
    person = window.person("张三")
    person.starts()
    person.says("我姐夫的挖机被人开走了怎么办")
    person.says("转人工")
    await person.hears("编号", timeout=20)
    await clerk.reads("张三")  # appeared by itself
    await clerk.at("chat-1").click()
    await clerk.at("do-claim").click()
    await clerk.reads("王窗口 正在处理")
    await colleague.opens("/chats/1")
    await colleague.reads("王窗口 正在处理")
    await clerk.page.locator("textarea").first.fill("您好，请带身份证和判决书到窗口。")
    await clerk.at("do-answer").click()
    await person.hears("请带身份证和判决书到窗口", timeout=20)
    await colleague.reads("请带身份证和判决书到窗口")  # without reloading
    person.says("好的谢谢")
    await clerk.reads("好的谢谢")
    await clerk.page.locator("textarea").first.fill("已电话联系")
    await clerk.at("do-note").click()
    await clerk.reads("已电话联系")
    await clerk.at("do-resolve").click()
    await clerk.confirms("办结")
    await clerk.reads("已办结")
    assert not [m for m in person.sees() if "已电话联系" in m.text], "a note is for colleagues"
    assert clerk.faults == []


async def test_a_visit_becomes_a_case_is_urged_paid_and_certified(window: Window) -> None:
    """Registered, converted, the debtor opens the link and reports a payment with a picture; verified; the figures move."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    judge = await window.hires("陈法官", "judge", "xixiu")
    await clerk.opens("/reception")
    await clerk.types("applicant", "王小二")
    await clerk.types("other", "李大山")
    await clerk.types("title-number", "（2026）黔0402民初123号")
    await clerk.types("amount", "60475")
    await clerk.page.get_by_label("生效日").fill("2026-09-01")
    await clerk.reads("807.13")  # 60,475 × 1.5 % − 100
    await clerk.at("fill").click()
    await clerk.page.wait_for_url("**/desk/reception/*")
    await clerk.reads("王小二")
    await clerk.at("convert").click()
    await clerk.page.get_by_label("对方应在哪天前履行").fill("2026-12-20")
    await clerk.page.get_by_label("对方证件号").fill("52040219800101001X")
    await clerk.confirms("转入台账")
    link = await clerk.at("link").inner_text()
    await clerk.confirms("打开")
    await clerk.page.wait_for_url("**/desk/obligations/*")
    await clerk.reads("60,475")
    debtor = window.person("李大山")
    debtor.starts(link.partition("start=")[2])
    await debtor.hears("同意", timeout=20)
    debtor.taps("同意，开始核验")
    debtor.says("李大山")
    await debtor.hears("后六位", timeout=20)
    debtor.says("01001X")
    await debtor.hears("核验通过", timeout=20)
    debtor.says("我今天已经付了60475元，银行转账")  # of this month, also on its first day
    await debtor.hears("凭证", timeout=20)
    window.telegram.people.send_photo(debtor.id)
    await debtor.hears("收到", timeout=20)
    debtor.taps("发完了")
    await debtor.hears("60,475", timeout=20)
    debtor.taps("✅ 没错，提交")
    await debtor.hears("核实", timeout=20)
    await clerk.opens("/today")
    await expect(clerk.at("count-proofs")).to_have_text("1")
    await clerk.at("pile-proofs").locator("a").first.click()
    await clerk.page.wait_for_url("**/desk/obligations/*")
    await expect(clerk.page.locator("img.proof")).to_have_count(1)
    picture = await clerk.page.locator(".proofs a").get_attribute("href")
    assert (await clerk.page.request.get(f"{window.base}{picture}")).headers["content-type"] == "image/jpeg"
    await clerk.at("verify").click()
    await expect(clerk.page.locator(".q-dialog img.proof")).to_be_visible()  # one decides with the picture in view
    await clerk.confirms("核实")
    await expect(clerk.at("status")).to_have_text("已履行")
    await debtor.hears("履行", timeout=20)
    await judge.page.goto(clerk.page.url)
    await judge.at("do-certify").click()
    async with judge.page.expect_download() as download:
        await judge.confirms("出具履行证明")
    assert (await download.value).suggested_filename.endswith(".pdf")
    await judge.opens("/figures")
    await expect(judge.at("figure-performed_before")).to_have_text("1")
    assert clerk.faults == judge.faults == []


async def test_a_clerk_of_another_court_gets_nowhere(window: Window) -> None:
    """Neither by address nor by list: the case, the chat, the visit of another court stay closed."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    other = await window.hires("周窗口", "clerk", "pingba")
    await clerk.opens("/reception")
    await clerk.types("applicant", "王小二")
    await clerk.types("other", "李大山")
    await clerk.types("title-number", "（2026）黔0402民初77号")
    await clerk.types("amount", "1000")
    await clerk.at("fill").click()
    await clerk.page.wait_for_url("**/desk/reception/*")
    await clerk.at("convert").click()
    await clerk.page.get_by_label("对方应在哪天前履行").fill("2026-12-20")
    await clerk.confirms("转入台账")
    await clerk.confirms("打开")
    await clerk.page.wait_for_url("**/desk/obligations/*")
    address = clerk.page.url
    for path in ("/reception/1", "/cases/（2026）黔0402民初77号"):
        await other.opens(path)
        await expect(other.page.get_by_text("李大山")).to_have_count(0)
        await other.reads("属于别的法院")
    await other.page.goto(address)
    await other.reads("属于别的法院")
    await other.opens("/ledger")
    await other.reads("没有符合条件的义务")
    await other.opens("/campaigns")
    await other.reads("还没有群发")
    await other.opens("/settings")
    await expect(other.page.get_by_role("tab", name="人员")).to_have_count(0)


async def test_a_restart_in_the_middle_of_work_loses_nothing(window: Window) -> None:
    """The session holds, the conversation stands as it was, and the answer goes out."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    person = window.person("张三")
    person.starts()
    person.says("转人工")
    await person.hears("编号", timeout=20)
    await clerk.opens("/chats/1")
    await clerk.at("do-claim").click()
    await clerk.reads("王窗口 正在处理")
    await window.bot.kill()
    await window.opens()
    await clerk.opens("/chats/1")
    await clerk.reads("王窗口 正在处理")
    await clerk.page.locator("textarea").first.fill("重启以后也能回复")
    await clerk.at("do-answer").click()
    await person.hears("重启以后也能回复", timeout=20)


async def test_a_revoked_session_does_nothing_more(window: Window) -> None:
    """A page that is still open is sent to the way in by its next deed."""
    clerk = await window.hires("王窗口", "clerk", "xixiu")
    await clerk.opens("/petitions")
    await window.run("staff", "disable", "1")
    await clerk.at("new").click()
    await clerk.page.get_by_label("姓名").fill("张三")
    await clerk.page.get_by_label("反映的事情").fill("很久没有进展")
    await clerk.confirms("登记")
    await clerk.page.wait_for_url("**/login")


async def test_the_judge_sees_why_a_question_is_answered_and_settles_a_gap(window: Window) -> None:
    """The knowledge page tries a question as a person would ask it; a gap marked as outside is gone."""
    judge = await window.hires("陈法官", "judge", "xixiu")
    person = window.person("张三")
    person.starts()
    person.says("我家鸡跑到邻居院坝里头了咋整嘛")
    await person.hears("", timeout=20)
    await judge.opens("/knowledge")
    await judge.types("question", "执行费怎么算")
    await judge.at("try").click()
    await judge.reads("直接回答")
    await judge.reads("执行费怎么算谁承担")
    await judge.opens("/knowledge/apply.fee")
    await expect(judge.page.locator(".sample b").first).to_be_visible()  # bold, as the person sees it
    await expect(judge.page.get_by_text("**")).to_have_count(0)
    await judge.opens("/knowledge")
    row = judge.page.get_by_text("我家鸡跑到邻居院坝里头了咋整嘛")
    if await row.count():  # where the knowledge knows such questions as outside there is no gap
        await row.first.click()
        await judge.confirms("看影响")
        await judge.reads("已保存")
        await expect(row).to_have_count(0)
    assert judge.faults == []
