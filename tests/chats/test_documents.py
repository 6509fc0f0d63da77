"""Documents in the chat: asked for one thing at a time, corrected, sent as files, and forgotten."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

from docx import Document

from bot.guide.documents.model import Form, Kind
from tests.cases import bind, id_number, owes, said
from tests.chats.conftest import logged
from tests.unit.guide.documents.samples import papers
from tests.unit.guide.documents.samples import words as good_words
from tests.unit.guide.documents.test_forms import pdf_text
from tests.world import TEXTS, Person, World

MakeWorld = Callable[..., Any]
NUMBER = id_number(7)


async def fill(
    world: World, person: Person, form: Form, *, until: str = "", known: str = "", **given: str
) -> dict[str, Any]:
    """Answer every question of a form as slowly as people do, with `given` words where there are some."""
    values: dict[str, Any] = {}
    for field in form.fields:
        if not field.applies(values) or field.id in known.split():
            continue
        world.advance(seconds=20)
        if field.id == until:
            break
        words = given.get(field.id)
        if field.kind is Kind.CHOICE:
            assert field.options[0].label in person.buttons()[0], (field.id, person.heard()[-1])
            option = next((o for o in field.options if o.code == words), field.options[0])
            await person.taps(option.label)
            values[field.id] = option.code
        elif words is None and not field.required:
            await person.taps("documents.button.skip")
        else:
            await person.says(words or good_words(field, values))
            values[field.id] = words or "said"
            if TEXTS("documents.button.finished") in person.buttons():
                await person.taps("documents.button.finished")
    return values


def files(world: World, person: Person) -> list[tuple[str, bytes]]:
    """The files that the bot has sent to somebody: name and content."""
    sent = [m.data["document"] for m in person.actor.sees() if m.from_bot and "document" in m.data]
    store = world.sandbox.core.files
    return [(d["file_name"], store.content(d["file_id"]) or b"") for d in sent]


def text_of(content: bytes) -> str:
    """The words of a Word file."""
    return "\n".join(p.text for p in Document(io.BytesIO(content)).paragraphs)


async def test_an_application_from_the_first_word_to_the_two_files(make_world: MakeWorld) -> None:
    """「帮我写个执行申请书」: question by question, a line corrected, then Word and PDF with what was said."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.says("帮我写个执行申请书")
    await alice.hears("强制执行申请书")
    await alice.taps("documents.button.begin")
    await alice.hears("申请执行人是个人，还是公司、单位？")
    form = papers().forms["application"]
    await fill(world, alice, form, me_name="张三", me_number=NUMBER, other_name="李四", principal="6万3000元", others="王五，住安顺市")
    review = await alice.hears("请核对")
    assert "63,000元（大写：陆万叁仟元整）" in review.text
    assert NUMBER not in said(alice)
    assert f"尾号 {NUMBER[-4:]}" in review.text
    await alice.taps("改本金")
    await alice.says("12万")
    await alice.hears("120,000元（大写：壹拾贰万元整）")
    await alice.taps("documents.button.make")
    await alice.hears("文书做好了")
    sent = files(world, alice)
    assert [name for name, _ in sent] == ["强制执行申请书.docx", "强制执行申请书.pdf"]
    words = text_of(sent[0][1])
    pdf = pdf_text(sent[1][1])
    for wanted in (f"申请执行人：张三，男，1980年1月8日出生，公民身份号码{NUMBER}", "120,000元", "壹拾贰万元整", "此致", "被执行人：李四"):
        assert wanted in words
        assert wanted in pdf


async def test_numbers_and_answers_do_not_stay(make_world: MakeWorld) -> None:
    """The log keeps neither numbers nor what was answered; after the days of the setting the answers are gone too."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.says("授权委托书模板")
    await alice.taps("documents.button.begin")
    form = papers().forms["authority"]
    await fill(world, alice, form, me_name="赵钱孙", me_number=NUMBER, me_home="安顺市某某路8号")
    await alice.taps("documents.button.make")
    await alice.hears("文书做好了")
    log = "\n".join(m.text for m in await logged(world))
    for secret in (NUMBER, "赵钱孙", "某某路8号", "13800000000"):
        assert secret not in log
    store = world.bot.services.store
    async with store.work(read_only=True) as work:
        raw = (await work.connection.exec_driver_sql("SELECT raw FROM inbox WHERE status = 'done'")).scalars().all()
        assert set(raw) == {None}
        rows = (await work.connection.exec_driver_sql("SELECT data FROM flows")).scalars().all()
    assert len(rows) == 1
    assert all(secret.encode() not in bytes(row) for row in rows for secret in (NUMBER, "赵钱孙"))
    assert NUMBER in store.vault.open(bytes(rows[0]))
    world.advance(days=8)
    for _ in range(100):
        async with store.work(read_only=True) as work:
            if not (await work.connection.exec_driver_sql("SELECT count(*) FROM flows")).scalar():
                break
        await asyncio.sleep(0.2)
    else:
        raise TimeoutError("the answers were not deleted")
    await alice.taps("documents.button.change")
    await alice.hears("feedback.gone")


async def test_left_and_resumed_after_a_restart(make_world: MakeWorld) -> None:
    """Half of a document survives the restart; two days later it is offered, not imposed, and goes on where it was."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    form = papers().forms["clues"]
    await alice.says("怎么写财产线索")
    await alice.taps("documents.button.begin")
    await fill(world, alice, form, until="clues")
    await alice.hears("有哪些财产")
    await world.stop_bot()
    world.advance(days=2)
    await world.start_bot()
    await alice.says("执行费怎么算")
    await alice.hears("party.flow.unfinished")
    await alice.taps("party.button.resume")
    await alice.hears("有哪些财产")
    await alice.says("建设银行的卡")
    await alice.hears("documents.more", count=1)
    await alice.says("贵G12345小汽车")
    await alice.hears("documents.more", count=2)
    await alice.taps("documents.button.finished")
    await alice.hears("您是怎么知道的")


async def test_a_proven_party_is_not_asked_what_the_case_tells(make_world: MakeWorld) -> None:
    """Names, court, number and balance come from the case of whoever proved to be its party; no ID number does."""
    world: World = await make_world()
    await world.start_bot()
    debtor = await world.person("李四")
    owed = await owes(world, "李四", amount=6_047_500)
    await bind(world, debtor, owed.debtor, "李四", owed.number)
    await debtor.says("写个分期履行申请书")
    start = await debtor.hears("延期（分期）履行申请书")
    for known in ("李四", "王小二", "安顺市西秀区人民法院", owed.case, "60,475元"):
        assert known in start.text
    assert owed.number not in start.text
    await debtor.taps("documents.button.begin")
    known = "me_kind me_name other_name court case left"
    await fill(world, debtor, papers().forms["delay"], known=known, me_number=NUMBER, plan="分2期从2026年12月10日起")
    await debtor.hears("请核对")
    await debtor.taps("documents.button.make")
    words = text_of(files(world, debtor)[0][1])
    assert f"案号：{owed.case}" in words
    assert "第2期：2027年1月10日（含当日）前支付30,238元" in words


async def test_the_creditors_form_takes_nothing_from_the_debtors_side(make_world: MakeWorld) -> None:
    """A debtor who begins a creditor's document is asked everything: the case does not speak for the other side."""
    world: World = await make_world()
    await world.start_bot()
    debtor = await world.person("李四")
    owed = await owes(world, "李四")
    await bind(world, debtor, owed.debtor, "李四", owed.number)
    await debtor.says("强制执行申请书模板")
    start = await debtor.hears("强制执行申请书")
    assert owed.case not in start.text


async def test_a_second_document_may_use_what_was_said_for_the_first(make_world: MakeWorld) -> None:
    """Name, number and address are taken over only when their writer presses the button for it."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.says("授权委托书模板")
    await alice.taps("documents.button.begin")
    await fill(world, alice, papers().forms["authority"], me_name="张三", me_number=NUMBER)
    await alice.taps("documents.button.make")
    await alice.says("写一份恢复执行申请书")
    start = await alice.hears("恢复执行申请书")
    assert NUMBER not in start.text
    await alice.taps("documents.button.reuse")
    await alice.hears("被执行人是个人")  # everything about the writer is known


async def test_wrong_answers_are_told_what_is_wrong(make_world: MakeWorld) -> None:
    """Check digits, days to come, case numbers, sums that do not add up: said plainly, and asked again."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.says("写和解协议")
    await alice.taps("documents.button.begin")
    await alice.taps("个人")
    await alice.says("张三")
    wrong = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")
    await alice.says(wrong)
    await alice.hears("documents.wrong.id_check")
    await alice.says("12345")
    await alice.hears("documents.wrong.id_number")
    await alice.taps("documents.button.by_hand")
    await alice.hears("住在哪里")
    await alice.says("安顺市")
    await alice.says("12345")
    await alice.hears("documents.wrong.phone")
    await alice.says("转人工")
    await alice.hears("handoff.registered", number=1)
    await alice.taps("party.button.resume")
    await alice.hears("联系电话")


async def test_words_for_nothing_to_say_are_no_answer(make_world: MakeWorld) -> None:
    """没判, 不知道, 没有了 skip what may be skipped, the number too; they are never printed."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.says("帮我写个执行申请书")
    await alice.taps("documents.button.begin")
    unknown = dict.fromkeys(("other_number", "other_head", "other_home", "other_phone", "property", "bank"), "不知道")
    form = papers().forms["application"]
    given = {"other_kind": "organisation", "other_name": "贵州好（集团）有限公司", "interest": "没判", "costs": "没有判", "story": "没有了"}
    await fill(world, alice, form, known="serve bank account agent", me_name="张三", others="没有", paid="没给过", **given, **unknown)
    await alice.says("不知道")  # where to send letters must be told
    await alice.hears("这一项不能空着")
    await alice.says("安顺市西秀区1号")
    await alice.says("不知道")  # the bank may be written by hand
    await alice.says("不清楚")
    await alice.taps("自己办")
    await alice.taps("documents.button.make")
    paper = text_of(files(world, alice)[0][1])
    for word in ("没判", "不知道", "没有了", "没给过", "被执行人：没有"):
        assert word not in paper
    assert "贵州好（集团）有限公司" in paper
    assert "不清楚，请法院查询" in paper
    assert "开户行＿＿" in paper


async def test_a_court_is_told_nothing_that_does_not_add_up(make_world: MakeWorld) -> None:
    """50,000 owed, 30,000 paid: skipping what is left is no 「全部付清」; nor can more be paid than is owed."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.says("帮我写履行情况说明")
    await alice.taps("documents.button.begin")
    form = papers().forms["performance"]
    await fill(world, alice, form, until="paid", me_name="张三", other_name="李四", total="5万")
    await alice.says("2025年9月1日 8万")
    await alice.taps("documents.button.finished")
    await alice.hears("比应付总额 50,000 元还多")
    await alice.says("2025年9月1日 3万")
    await alice.taps("documents.button.finished")
    await alice.says("转账")
    await alice.taps("documents.button.skip")
    await alice.hears("还剩 20,000 元")
    await alice.says("5千")
    await alice.says("没有了")
    assert said(alice).count("还剩 20,000 元") == 3
    await alice.says("2万")
    await alice.taps("documents.button.skip")
    await alice.taps("改应付总额")
    await alice.says("6万")
    await alice.taps("documents.button.make")
    await alice.hears("还剩 30,000 元")
    await alice.says("3万")
    await alice.taps("documents.button.make")
    paper = text_of(files(world, alice)[0][1])
    assert "尚欠金额：30,000元" in paper
    assert "全部付清" not in paper
    assert "附：" not in paper


async def test_answers_that_contradict_each_other_are_asked_about(make_world: MakeWorld) -> None:
    """One person on both sides, a judgment's number for a case of enforcement, a company's close relatives."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.says("帮我写恢复执行申请书")
    await alice.taps("documents.button.begin")
    form = papers().forms["resume"]
    await fill(world, alice, form, until="other_name", me_name="张三")
    await alice.says("张三")
    await alice.hears("和另一方的名字一样")
    await alice.says("李四")
    for _ in range(3):
        await alice.taps("documents.button.skip")
    await alice.says("西秀法院")
    await alice.says("（2025）黔0402民初9号")
    await alice.hears("不是执行案号")
    await alice.says("（2025）黔0402执9号")
    await alice.taps("终本后发现财产")
    await alice.says("授权委托书模板")
    await alice.taps("party.button.leave")
    await alice.says("授权委托书模板")
    await alice.taps("documents.button.begin")
    form = papers().forms["authority"]
    await fill(world, alice, form, until="agent", me_kind="organisation", me_name="贵州好公司")
    assert "近亲属" not in alice.buttons()
    assert "本单位工作人员" in alice.buttons()


async def test_a_document_can_be_chosen_from_the_menu(make_world: MakeWorld) -> None:
    """写文书 lists every document for everybody; records of staff are not among them."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.taps("menu.tools.doc")
    await alice.hears("menu.choose.doc")
    shown = alice.buttons()
    for name, form in papers().forms.items():
        assert (f"button.go.doc_{name}" in TEXTS and TEXTS(f"button.go.doc_{name}") in shown) is (form.side != "staff")
    await alice.taps("button.go.doc_objection")
    await alice.hears("执行异议书")


async def test_a_question_is_nobodys_name_and_nobodys_address(world: World) -> None:
    """什么是失信 is answered, and the open question put again; nothing of it is written down."""
    alice = await world.person("张三")
    await alice.says("写授权委托书")
    await alice.taps("documents.button.begin")
    await alice.says("个人")
    await alice.says("失信多久能撤销？")
    assert "委托人的姓名是什么" in alice.heard()[-1]
    await alice.says("欧阳晓芳")
    await alice.says(NUMBER)
    await alice.says("什么是失信")
    assert "委托人住在哪里" in alice.heard()[-1]
    assert any("失信" in said or "3个工作日" in said for said in alice.heard()[-2:-1])


async def test_it_begins_in_words_and_its_introduction_is_not_said_again_and_again(make_world: MakeWorld) -> None:
    """Who types answers before the beginning is told what to do, shortly; 好的，开始吧 begins, 怎么开始 asks."""
    world: World = await make_world()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.says("写执行申请书")
    for words in ("张三", "13985312345"):
        await alice.says(words)
        assert TEXTS("documents.press_begin") in alice.heard()[-1]
    assert "手边请准备" not in alice.heard()[-1]
    assert TEXTS("documents.button.begin") in alice.buttons()
    await alice.says("好的，开始吧")
    await alice.hears("申请执行人是个人，还是公司、单位？")
    for words in ("个人", "张三", "不想发", "贵州省安顺市西秀区东大街1号", "没有电话"):
        await alice.says(words)
    assert "不对" not in alice.heard()[-1]
    assert "申请执行人" not in alice.heard()[-1]  # the five questions of who applies are through
