"""Calculations in the chat: a sentence is enough, what is missing is asked for, every answer can be changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.world import TEXTS, World


async def asked(world: World, text: str) -> str:
    """What the bot says last to somebody who writes that."""
    alice = await world.person("张三")
    await alice.says(text)
    return alice.heard()[-1]


# -- a sentence is enough ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("标的50万执行费多少", ["执行费 7,400 元", "第14条第1项"]),
        ("欠款五十万，申请执行费要多少", ["执行费 7,400 元"]),
        ("3万5的案子执行费多少", ["执行费 425 元"]),
        ("保全20万要交多少", ["保全费 1,520 元", "第14条第2项"]),
        ("支付令10万要交多少钱", ["申请费 766.67 元"]),
        ("欠10万，2024年3月1日该还，现在要付多少迟延利息", ["加倍部分利息 17,447.50 元", "997 天", "迟延利息解释"]),
        ("欠10万，二〇二四年三月一日该还，现在要付多少迟延利息", ["加倍部分利息 17,447.50 元"]),
        ("判决说去年5月底前还20万，利息要多少", ["2025年5月31日之后", "加倍部分利息 18,935 元"]),
        ("判决书2024年3月1日生效，生效后30日内给付10万元，加倍利息是多少", ["2024年4月1日之后", "加倍部分利息 16,905 元"]),
        ("本金10万，2024年3月1日到期，2025年3月1日还了5万，现在要付多少迟延利息", ["2025年3月1日收到 50,000 元", "加倍部分利息 11,917.50 元"]),
        ("标的500000执行费多少", ["执行费 7,400 元"]),
        ("1万零50块执行费多少", ["申请执行 10,050 元"]),
        ("房子24年3月1日查封，什么时候到期", ["按 2027年2月28日 到期准备"]),
        ("判决书2024年5月10日生效，最晚什么时候申请执行", ["期限到 2026年5月11日", "2026年5月10日放假", "第481条"]),
        ("判决书2025年5月12日生效，最晚什么时候申请执行", ["最晚 2027年5月12日 申请执行", "第250条"]),
        ("账户2026年3月2日冻结的，什么时候到期", ["按 2027年3月1日 到期准备", "第485条", "公安机关冻结的不一样"]),
        ("车子2025年8月8日被查封，要什么时候续封", ["按 2027年8月7日 到期准备"]),
        ("一审判决2026年11月2日送达，哪天生效", ["2026年11月18日 生效", "第171条"]),
        ("10万分12期每期还多少", ["每期 8,333 元，最后一期 8,337 元"]),
    ],
)  # fmt: skip
async def test_a_sentence_with_everything_in_it_is_answered_with_the_result(
    world: World, text: str, sums: list[str]
) -> None:
    """The sum at once, with its steps, its provision and the disclaimer; the FAQ's answer is one tap away."""
    said = await asked(world, text)
    assert [s for s in sums if s not in said] == []
    assert "以法院文书为准，本结果仅供参考。" in said


async def test_the_full_answer_lies_behind_a_button(world: World) -> None:
    """完整说明 opens the topic; the question counts as one about it."""
    alice = await world.person("张三")
    await alice.says("标的50万执行费多少")
    assert "🙋 转人工" in alice.buttons()
    await alice.taps("calc.button.topic")
    await alice.hears("申请执行不用先交钱")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("申请支付令两万块费用多少", "支付令 20,000 元，申请费 100 元"),
        ("欠10万，20240301该还，迟延利息多少", "加倍部分利息 17,447.50 元"),
        ("10万块分3期从12月31号开始，每期多少", "（2026年12月31日到2027年2月28日）"),
        ("欠5万6，分半年还清，每月还多少", "56,000 元分 6 期"),
        ("欠2万，每月还1000，从明年1月15日开始，几期还完", "20,000 元分 20 期，每期 1,000 元"),
        ("判决书公告送达，2026年3月2日登报，什么时候生效", "2026年4月17日 生效"),
        ("判决10万，2024年3月1日生效，生效后一个月内付清，现在迟延利息多少", "加倍部分利息 16,905 元"),
    ],
)
async def test_what_is_told_in_passing_counts(world: World, text: str, result: str) -> None:
    """Numerals of every kind, a first day that lies ahead, a notice, a month: nothing of a sentence is dropped."""
    assert result in await asked(world, text)


@pytest.mark.parametrize(
    ("text", "question", "answer", "result"),
    [
        ("2024年3月1日该还，现在要付多少迟延利息", "文书判对方付多少钱", "10万", "17,447.50 元"),
        ("欠10万，现在要付多少迟延利息", "最后付款日是哪天", "2024年3月1日", "17,447.50 元"),
        ("2026年3月2日查封的，什么时候到期", "封的、冻的是什么", "calc.choice.seizure.deposit", "2027年3月1日"),
    ],
)
async def test_only_what_is_missing_is_asked_for(
    world: World, text: str, question: str, answer: str, result: str
) -> None:
    """One question, then the result."""
    alice = await world.person("张三")
    await alice.says(text)
    assert question in alice.heard()[-1]
    if answer.startswith("calc."):
        await alice.taps(answer)
    else:
        await alice.says(answer)
    assert result in alice.heard()[-1]


@pytest.mark.parametrize(
    "text",
    [
        "老板欠我工资3万怎么申请执行",
        "罚金5万不交会怎样",
        "律师费10万怎么收",
        "我的卡2025年3月1日被公安冻结了什么时候到期",
        "执行费怎么算",
    ],
)
async def test_other_questions_are_not_worked_out(world: World, text: str) -> None:
    """A salary, a fine, a lawyer's fee, a police freeze, or a question without a number."""
    assert "以法院文书为准，本结果仅供参考。" not in await asked(world, text)


async def test_a_part_payment_is_not_worked_out_from_one_sentence(world: World) -> None:
    """Two sums cannot be told apart: the answer comes with a button that asks one thing at a time."""
    alice = await world.person("张三")
    await alice.says("欠10万，还了2万，2024年3月1日该还，迟延履行利息怎么算")
    assert "以法院文书为准，本结果仅供参考。" not in alice.heard()[-1]
    assert "🧮 算迟延利息" in alice.buttons()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("标的99999999999万执行费多少", "金额太大了"),
        ("账户2月30日冻结的，什么时候到期", "没有“2月30日”这一天"),
    ],
)
async def test_what_cannot_be_is_said_and_asked_for_again(world: World, text: str, answer: str) -> None:
    """Nothing crashes, nothing is guessed."""
    alice = await world.person("张三")
    await alice.says(text)
    assert any(answer in said for said in alice.heard())
    assert "？" in alice.heard()[-1]


@pytest.mark.parametrize(
    ("text", "said", "asked_for"),
    [
        ("50万美元执行费多少", "按人民币", "按多少钱算"),
        ("欠5万美元，2024年3月1日该还，迟延利息多少", "按人民币", "文书判对方付多少钱"),
        ("50多万执行费多少", "不是一个确切的数", "按多少钱算"),
        ("房子抵押200万，欠80万，执行费多少", "不止一个", "按多少钱算"),
        ("10万，2027年3月1日该还，迟延利息多少", "到 2027年3月1日 才到期", "最后付款日是哪天"),
        ("标的-50万执行费多少", "不是一个确切的数", "按多少钱算"),
        ("欠-10万，2024年3月1日该还，迟延利息多少", "不是一个确切的数", "文书判对方付多少钱"),
        ("本金10万利息2万，2024年3月1日该还，迟延利息多少", "不止一个", "不含利息和诉讼费"),
        ("10万元分0期每期多少", "怎么分", "怎么分"),
        ("10万每月3000分3期，每月还多少", "要 34 期才付得完，和 3 期对不上", "怎么分"),
        ("支付令2026年3月2日公告送达，什么时候生效", "不用公告送达", "最后一方是哪天收到的"),
        ("9万的保全费和执行费各多少", "哪一种费", "哪一种费"),
        ("欠10万，按LPR四倍，2024年3月1日该还，现在要付多少利息", "从哪天起算", "从哪天起算"),
    ],
)
async def test_what_is_not_clear_is_asked_and_never_worked_out(
    world: World, text: str, said: str, asked_for: str
) -> None:
    """No sum in another currency, none that is vague, none chosen among several; a rate that is told is not lost."""
    alice = await world.person("张三")
    before = len(alice.heard())
    await alice.says(text)
    heard = alice.heard()[before:]
    assert any(said in each for each in heard)
    assert asked_for in heard[-1]
    assert not any("执行费 7,400 元" in each or "50 元算" in each for each in heard)


async def test_a_due_day_may_be_a_period_or_several_days(world: World) -> None:
    """生效后十日内 alone is no day; with the day of effect it is; instalments are counted each from its own day."""
    alice = await world.person("张三")
    await alice.says("迟延履行利息怎么算")
    await alice.taps("button.go.calc_interest")
    await alice.says("15万")
    await alice.says("生效后十日内")
    assert "看不出最后是哪一天" in "".join(alice.heard()[-2:])
    await alice.says("第一期2024年6月1日5万，第二期2024年12月1日8万")
    assert "对不上" in "".join(alice.heard()[-2:])
    await alice.says("第一期2024年6月1日5万，第二期2024年12月1日10万")
    await alice.says("2025年6月1日，2026年6月1日")
    assert "只要一个日子" in "".join(alice.heard()[-2:])
    await alice.taps("calc.choice.today")
    await alice.taps("calc.choice.nothing_paid")
    await alice.says("LPR加50个基点")
    assert "写成年利率" in "".join(alice.heard()[-2:])
    await alice.taps("calc.choice.no_general")
    assert "分 2 期，按写的日子和金额" in alice.heard()[-1]
    await alice.taps("calc.choice.work_out")
    # 50,000 x 0.000175 x 905 + 100,000 x 0.000175 x 722
    assert "加倍部分利息 20,553.75 元" in alice.heard()[-1]


async def test_in_a_group_nothing_is_worked_out(world: World) -> None:
    """Not even an amount is repeated where others read along."""
    alice = await world.person("张三")
    group = world.sandbox.people.create_group("村里的群", "supergroup", members=[alice.id])
    world.sandbox.people.say(alice.id, "@zhiyuan_sandbox_bot 标的50万执行费多少", chat_id=group.id)
    await world.settled()
    said = [m.text for m in world.sandbox.people.messages(group.id) if m.from_bot]
    assert said
    assert all("7,400" not in text for text in said)


# -- one question at a time ----------------------------------------------------------------------


async def test_the_interest_with_everything_is_asked_one_thing_at_a_time(world: World) -> None:
    """Two payments, a rate by the title, the review, a correction on it, and the result in the legal order."""
    alice = await world.person("张三")
    await alice.says("迟延履行利息怎么算")
    await alice.taps("button.go.calc_interest")
    for answer in ("100000", "2026年1月31日", "2026年4月11日"):
        await alice.says(answer)
    await alice.says("昨天还了一些")
    await alice.hears("calc.ask.no_payment")
    await alice.says("2026年4月11日 5万")
    await alice.taps("calc.choice.no_more")
    await alice.says("年利率12%")
    await alice.says("2026年1月1日")
    review = alice.heard()[-1]
    assert [w for w in ("100,000 元", "1 笔，共 50,000 元", "年利率 12%") if w not in review] == []
    await alice.taps("calc.choice.work_out")
    said = alice.heard()[-1]
    # 100 days at 12 %, 70 days at 0.0175 % a day; 50,000 goes to the interest first (民法典第561条).
    assert "一般利息 3,287.67 元 + 加倍部分 1,225 元" in said
    assert "欠款 53,287.67 元" in said
    assert "360 天，一般利息是 3,333.33 元" in said
    await alice.taps("改还过的钱")
    await alice.taps("calc.choice.nothing_paid")
    await alice.taps("calc.choice.work_out")
    assert "53,287.67" not in alice.heard()[-1]


async def test_lpr_without_a_table_says_what_is_missing(world: World) -> None:
    """The doubled part is worked out; no rate is invented for the general part."""
    alice = await world.person("张三")
    await alice.says("迟延履行利息怎么算")
    await alice.taps("button.go.calc_interest")
    for answer in ("10万", "2026年1月31日"):
        await alice.says(answer)
    await alice.taps("calc.choice.today")
    await alice.taps("calc.choice.nothing_paid")
    await alice.says("按LPR四倍")
    await alice.says("2025年1月1日")
    assert "LPR 的 4 倍" in alice.heard()[-1]
    await alice.taps("calc.choice.work_out")
    said = alice.heard()[-1]
    assert "加倍部分利息 5,180 元" in said
    assert "这里还没有录入 2025年1月2日 的一年期 LPR" in said


async def test_the_period_to_apply_with_an_event(world: World) -> None:
    """Asked for after it was due: the two years run anew from that day."""
    alice = await world.person("张三")
    await alice.says("申请执行的期限是多久")
    await alice.taps("button.go.calc_limitation")
    await alice.taps("calc.choice.limitation.fixed")
    await alice.says("2024年3月1日")
    await alice.taps("calc.choice.limitation.demand")
    await alice.says("2023年1月1日")
    assert "在起算的 2024年3月1日" in alice.heard()[-1]
    await alice.says("2025年8月20日")
    await alice.taps("calc.choice.limitation.no_obstacle")
    await alice.taps("calc.choice.work_out")
    said = alice.heard()[-1]
    assert "最晚 2027年8月20日 申请执行" in said
    assert "2027年的放假安排还没有公布" in said


async def test_answers_that_contradict_each_other_are_asked_again(world: World) -> None:
    """Instalments that do not add up: the figures are told, and how to divide is asked anew."""
    alice = await world.person("张三")
    await alice.says("10万分12期每期还多少")
    await alice.taps("改怎么分")
    await alice.says("2027年1月1日 3万\n2027年2月1日 5万")
    await alice.taps("calc.choice.work_out")
    assert "各期加起来是 80,000 元，和总额 100,000 元对不上" in alice.heard()[-1]
    await alice.says("2027年1月1日 3万\n2027年2月1日 7万")
    await alice.taps("calc.choice.work_out")
    assert "第 2 期　2027年2月1日　70,000 元" in alice.heard()[-1]


async def test_public_notice_and_the_period_of_performance(world: World) -> None:
    """The notice makes the day of service; the days to perform are counted from the day of effect."""
    alice = await world.person("张三")
    await alice.says("判决书什么时候生效")
    await alice.taps("button.go.calc_effect")
    await alice.taps("calc.choice.effect.judgment")
    await alice.taps("calc.choice.effect.notice")
    await alice.says("2026年3月2日")
    await alice.says("十日内")
    said = alice.heard()[-1]
    assert "2026年4月17日 生效，最晚 2026年4月27日 履行" in said
    assert "前后一日" not in said
    assert "以法院认定为准" in said
    await alice.taps("改履行期")
    await alice.says("2026年5月1日")
    assert "没看出是多久" in alice.heard()[-1]
    await alice.says("一个月内")
    assert "2026年4月17日 生效，最晚 2026年5月18日 履行" in alice.heard()[-1]


async def test_a_settlement_has_a_day_and_a_last_day(world: World) -> None:
    """What runs anew runs from the last day agreed, though that is still to come when it is signed."""
    alice = await world.person("张三")
    await alice.says("算申请期限")
    await alice.taps("calc.choice.limitation.fixed")
    await alice.says("2024年12月10日")
    await alice.taps("calc.choice.limitation.settled")
    await alice.says("2026年5月1日")
    await alice.says("2026年4月1日")
    assert "顺序反了" in alice.heard()[-1]
    await alice.says("2027年6月1日")
    await alice.taps("calc.choice.limitation.no_obstacle")
    assert "约定的最后一天：2027年6月1日" in alice.heard()[-1]
    await alice.taps("calc.choice.work_out")
    assert "最晚 2029年6月1日 申请执行" in alice.heard()[-1]


# -- reminded in time ----------------------------------------------------------------------------


async def noticed(world: World, hours: float) -> None:
    """Time passes; whatever is due by then leaves."""
    world.advance(hours=hours)
    for _ in range(40):
        await world.bot.services.courier.round()
        await world.bot.services.sender.idle()
    await world.settled()


async def test_a_seizure_is_reminded_of_30_and_7_days_before_once_each(make_world: Callable[..., Any]) -> None:
    """In working hours, across a restart, never twice, and no more once somebody has had enough."""
    world = await make_world()
    await world.start_bot()
    alice, bob = await world.person("张三"), await world.person("李四")
    for person in (alice, bob):
        await person.says("账户2025年12月31日冻结的，什么时候到期")
        await person.taps("calc.button.remind")
        # The day before the corresponding day; 30 days before it is the 30th of November, 7 the 23rd of December.
        assert "2026年11月30日和2026年12月23日" in person.heard()[-1]
    await bob.says("退订")
    await bob.hears("calc.remind.stopped")
    await noticed(world, 24 * 6)
    assert "到期提醒" not in alice.heard()[-1]
    await world.stop_bot()
    await world.start_bot()
    await noticed(world, 25)
    assert "按 2026年12月30日 周三 到期准备，还有30天" in alice.heard()[-1]
    count = len(alice.heard())
    await noticed(world, 24)
    assert len(alice.heard()) == count
    await noticed(world, 24 * 22)
    assert "还有7天" in alice.heard()[-1]
    await noticed(world, 24 * 30)
    assert len(alice.heard()) == count + 1
    assert all("到期提醒" not in said for said in bob.heard())


async def test_a_reminder_can_be_taken_back_and_set_again(world: World) -> None:
    """不用提醒了, and the button once more."""
    alice = await world.person("张三")
    await alice.says("账户2026年3月2日冻结的，什么时候到期")
    result = len(alice.heard())
    await alice.taps("calc.button.remind")
    await alice.taps("calc.button.forget")
    await alice.hears("calc.remind.stopped")
    assert len(alice.heard()) == result + 2
    world.advance(minutes=1)
    await alice.taps("calc.button.remind")
    assert "我会在" in alice.heard()[-1]
    async with world.bot.services.store.work(read_only=True) as work:
        assert len(await work.reminders.with_status("planned")) == 2


@pytest.mark.parametrize(
    "data",
    ["cr:seizure:99999999", "cr:seizure:", "cr:other:20270101", "cr:seizure:20261125", "cr:seizure:20990101", "cr:"],
)
async def test_a_forged_reminder_writes_nothing(world: World, data: str) -> None:
    """Buttons of somebody's own program: impossible days, days gone by, days out of sight."""
    alice = await world.person("张三")
    shown = [m for m in alice.actor.sees() if m.from_bot][-1]
    shown.data["reply_markup"] = {"inline_keyboard": [[{"text": "x", "callback_data": data}]]}
    world.sandbox.people.press(alice.id, shown.id, data=data)
    await world.settled()
    async with world.bot.services.store.work(read_only=True) as work:
        assert await work.reminders.with_status("planned") == []
    assert alice.heard()[-1]


@pytest.mark.parametrize(
    ("words", "told"),
    [("我的房子", "一次最多封 3 年"), ("工资卡里的钱", "一次最多冻 1 年"), ("面包车", "一次最多封 2 年"), ("微信零钱", "网络账户按 1 年算")],
)
async def test_what_was_seized_is_told_in_words(world: World, words: str, told: str) -> None:
    """What people call it, not what stands on the button."""
    alice = await world.person("张三")
    await alice.says("算查封到期日")
    for answer in (words, "没写", "2026年3月2日", "判决以后"):
        await alice.says(answer)
    assert told in alice.heard()[-1]


async def test_a_slip_is_told_on_the_review_and_after_the_result(world: World) -> None:
    """写错了 on the review asks which line; 不对，是判决以后 after a result is that button, 不对，是存款 the other."""
    alice = await world.person("张三")
    await alice.says("算查封到期日")
    for answer in ("房子", "没写", "2026年3月2日", "保全"):
        await alice.says(answer)
    await alice.hears("保全的要在届满七天前申请")
    await alice.says("不对，是判决以后")
    assert "保全的要在届满七天前申请" not in alice.heard()[-1]
    assert "一次最多封 3 年" in alice.heard()[-1]
    await alice.says("不对，是存款")
    assert "一次最多冻 1 年" in alice.heard()[-1]
    await alice.says("算申请期限")
    for answer in ("执行中和解了", "2025年3月5日", "没有", "没有"):
        await alice.says(answer)
    await alice.hears("flow.review")
    await alice.says("写错了")
    await alice.hears("flow.which")
    await alice.taps("改起算的日子")
    await alice.says("2025年4月5日")
    await alice.hears("flow.review")
    await alice.says("上一步")
    assert TEXTS("flow.review") not in alice.heard()[-1]


async def test_a_question_about_a_house_is_no_answer(world: World) -> None:
    """房子会被拍卖吗 at the question what was seized is answered, and the question stays."""
    alice = await world.person("张三")
    await alice.says("算查封到期日")
    await alice.says("唯一的房子会被拍卖吗")
    await alice.hears("party.flow.back_to")
