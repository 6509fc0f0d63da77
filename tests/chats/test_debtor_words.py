"""What debtors answer to reminders, in their own words: what must come of each; measured over all of them at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.dialogue.flows.model import yuan
from bot.store.reach_rows import FlowState
from tests.cases import Owed, bind, owes, remind, task, view
from tests.world import TEXTS as T
from tests.world import Person, World, plain

DUE = date(2026, 11, 30)  # a Monday; the story begins a week before
OWED = 6_000_000

# Words, and what comes of them: tasks and paths by their names; `stop`, `thanks`, `doubt`; `faq` (an answer, or the
# offer to do it now), `mine` (their case), `where` (place and account), `refuse` and `unsure` (what can be done, as
# buttons). A path is followed by what it has understood already.
SAID = """
收到，谢谢法官 | thanks
我知道了，谢谢 | thanks
好的好的，辛苦你们了🙏 | thanks
晓得了晓得了 | thanks
👍👍 | thanks
要得，麻烦您们提醒了 | thanks
嗯嗯，明白了，谢谢老师 | thanks
收到 谢谢 | thanks
OK，知道啦 | thanks
不好意思，看到了，多谢 | thanks
这钱我早就给过了，判决判错了，我不认 | dispute paid
我还了两万的，账算错了 | dispute paid amount=20000
我不服，判得不公平 | dispute
哪点欠他六万哦，明明只欠三万 | dispute
利息咋个算的，算多了嘛 | faq dispute
凭啥子要我还，凭什么要我还！ | dispute
字不是我签的，欠条是假的 | dispute
法官你们判的不对，我是担保的又不是我借的 | dispute
我不认这个账 | dispute
我要申诉 | dispute
我没借这么多钱，本金才两万 | dispute
利息我不认，本金我还 | dispute
法官，我确实还不上，孩子刚考上大学，能不能宽限到明年3月1号 | hardship plan kind=delay until=2027-03-01
没钱，能不能缓一缓 | hardship plan kind=delay
我一下子没得这么多钱 | hardship
给我半个月时间嘛 | plan kind=delay until=2026-12-15
我跟他早就两清了 | paid
等甲方付款了再付 | promise
周五前转2000可否 | promise amount=2000 day=2026-11-27
年前保证还一半 | promise amount=30000
我爸过世了，我是他儿子 | contact
我不认识字，叫我儿给你们回 | contact
我又不是不还，你们催什么催 | unsure
我最近生病住院了，实在没钱，晚一个月行吗 | hardship plan kind=delay until=2026-12-30
老板还没发工资，没得钱，缓两个星期要得不 | hardship plan kind=delay until=2026-12-14
家里有病人，宽限到下个月底嘛 | hardship plan kind=delay until=2026-12-31
没得钱没得钱，拿命还嗦 | hardship
我是低保户，残疾人，咋个还嘛 | hardship
婆娘做手术，钱都花完了 | hardship
失业半年了，饭都吃不起 | hardship
今年包工程亏完了，手头紧得很 | hardship
我想每个月还一万，分六个月还清 | plan kind=instalment each=10000 count=6
没钱，分12期还可以不 | hardship plan kind=instalment count=12
我一个月只能还五百 | plan kind=instalment
能不能分6期 | plan kind=instalment count=6
晚二十天给 | plan kind=delay until=2026-12-20
延期到明年3月1号 | plan kind=delay until=2027-03-01
年底一次付清，少两万要得不 | plan kind=lump
我已经履行完了你们别再发了 | stop paid
钱昨天就给他了，不要再给我发了！！ | stop paid day=2026-11-22
我已经还清了，别再催了 | stop paid
别再发了，我没钱 | stop hardship
不要再发了，我不服 | stop dispute
莫再发了，烦得很 | stop
滚 | stop
退訂，謝謝 | stop
钱是我哥替我付的，付了三万 | paid amount=30000 way=third
昨天我老板转的两万，转给他了 | paid amount=20000 way=third day=2026-11-22
我儿子帮我还了 | paid way=third
担保人代付了五千 | paid amount=5000 way=third
昨天微信转了五千给他 | paid amount=5000 day=2026-11-22 way=app
转给我哥了，他拿给他的 | paid
打了3千块过去了 | paid amount=3000
房子上个月就搬空了 | paid
昨天还了三千，剩下的下个月15号还 | paid amount=3000 day=2026-11-22 later
我还了两万，剩下的想分期 | paid amount=20000 later
我下周三先还三千行不行 | promise amount=3000 day=2026-12-02
先给两千行不行 | promise amount=2000
五千行吗 | promise amount=5000
月底前给一半可以吗 | promise amount=30000 day=2026-11-30
要得嘛，下个月五号给他一万 | promise amount=10000 day=2026-12-05
等工地结账了就还 | promise
在外省打工，过年回来还 | promise
手头只有八千，周五先打过去嘛 | promise amount=8000 day=2026-11-27
月底一定还清 | promise amount=60000 day=2026-11-30
莫催嘛，月底发工资就还三千 | promise amount=3000 day=2026-11-30
12月10号付2万，行不？ | promise amount=20000 day=2026-12-10
你们催什么催，我月底还！ | promise day=2026-11-30
老婆住院，没钱，下月十号先还两千 | hardship promise amount=2000 day=2026-12-10
你们发错人了，我不是李大山 | wrong_person
不是我，打错了 | wrong_person
号码换人了，我不认识他 | wrong_person
你们是骗子吧 | doubt
真的假的哦，是不是诈骗 | doubt
你是真法院还是假法院 | doubt
法官给我打个电话嘛，我不会打字 | contact
判决书我没收到过 | service
会不会上失信名单 | faq
执行费怎么算 | faq
失信名单怎么撤 | faq
我想问一下能不能分期付 | faq
判错了怎么办 | faq
没钱会不会坐牢 | faq
我已经还清了，失信名单怎么撤 | faq paid
我还欠多少 | mine
还剩好多钱没还 | mine
什么时候到期 | mine
最迟哪天要还 | mine
我的案子怎么样了 | mine
谁告的我 | mine
什么案子 | mine
账号是多少 | where
钱打给谁 | where
把钱打到哪里 | faq
老子就是不还 | refuse
我不还了 | refuse
不还又怎么样 | refuse
要钱没有要命一条 | refuse
不给 | refuse
我凭什么还 | dispute
我根本不欠他钱 | dispute
是他欠我的 | dispute
对方答应我不用还了 | dispute
我们私下已经和解了 | dispute
他说剩下的不要了 | dispute
我都不晓得这回事 | dispute
我已经申请再审了 | dispute
法院扣了我的钱了 | paid way=court
钱我交给法官了 | paid way=court
昨天微信转了五千 | paid amount=5000 day=2026-11-22 way=app
上个月20号给了他现金五千块钱没打条子 | paid amount=5000 day=2026-10-20 way=cash
昨天转了一万二今天又转了八千 | paid day=2026-11-22
我叫我弟拿了一万块钱给他 | paid amount=10000 way=third
我老婆已经把钱转给他老婆了 | paid way=third
还款了 | paid
己还 | paid
我还没转过去 | unsure
15号 | promise day=2026-12-15
月底 | promise day=2026-11-30
明天 | promise day=2026-11-24
年底之前一定还完 | promise amount=60000 day=2026-12-31
等发工资 | promise
我没那么多钱只能还两万剩下的不还了 | hardship promise amount=20000
我工资都被你们冻结了拿什么还 | hardship
现在一个月三千多，能不能一个月还1000，慢慢还清 | plan kind=instalment each=1000
再等等 | plan kind=delay
等我出院再说 | plan kind=delay
用房子抵 | plan
我爸死了 | contact
本人已经死亡我是家属 | contact
他在坐牢我是他老婆 | contact
公司早就注销了 | contact
叫你们领导来 | contact
我想跟法官说几句话 | contact
我已经不是这家公司的人了 | wrong_person
不想再看到你们的消息 | stop
别发短信了我换号 | stop
退定 | stop
下月15 | unsure
呵呵 | unsure
他妈的 | unsure
等不起了 | unsure
"""
CASES = [tuple(part.strip() for part in line.split("|")) for line in SAID.strip().splitlines()]


@pytest.fixture
async def world(tmp_path: Path, sqlite: str) -> AsyncIterator[World]:
    """A bot on SQLite: what is said does not depend on the database."""
    made = World(tmp_path, sqlite)
    await made.begin()
    await made.start_bot()
    yield made
    await made.end()


@dataclass(frozen=True)
class Debtor:
    """Somebody who has been reminded."""

    person: Person
    owed: Owed

    async def flow(self, world: World) -> FlowState | None:
        """The path that is open here."""
        async with world.bot.services.store.work(read_only=True) as work:
            found = await work.reach.bindings_of([self.owed.debtor])
            return await work.reach.open_flow(found[-1].conversation_id) if found else None


async def reminded(world: World, serial: int = 1) -> Debtor:
    """A debtor with a reminder on the screen."""
    person = await world.person(f"甲{serial}")
    owed = await owes(world, "李大山", amount=OWED, due=DUE, case=f"（2026）黔0402执{serial}号", serial=serial)
    await bind(world, person, owed.debtor, "李大山", owed.number)
    return Debtor(person, owed)


async def became(world: World, debtor: Debtor, before: int) -> str:
    """What came of the last message, as the table puts it."""
    said = [plain(text) for text in debtor.person.heard()[before:]]
    found: list[str] = []
    if any(text == plain(T("party.stop.done")) for text in said):
        found.append("stop")
    if plain(T("party.thanks")) in said:
        found.append("thanks")
    if plain(T("party.doubt")) in said:
        found.append("doubt")
    found += [name for name, mark in _MARKS if any(text.startswith(mark) for text in said)]
    if any("依据" in text or "要现在就办" in text for text in said):
        found.append("faq")
    async with world.bot.services.store.work(read_only=True) as work:
        kinds = {t.kind for t in await work.tasks.open() if debtor.owed.obligation == t.obligation_id}
    found += [k for k in ("wrong_person", "contact", "service", "dispute", "hardship") if k in kinds]
    if "dispute" in kinds and "wrong_person" not in kinds:
        assert (await view(world, debtor.owed)).row.disputed
    flow = await debtor.flow(world)
    if flow and flow.kind in ("paid", "promise", "plan"):
        found += [flow.kind, *(f"{k}={_told(k, v)}" for k, v in flow.data.items() if k in _TOLD)]
    if any(plain(T("party.also.later")) in text for text in said):
        found.append("later")
    return " ".join(found)


_MARKS = (
    ("mine", "（2026）黔0402执"),
    ("where", plain(T("party.button.do.where"))),
    ("refuse", plain(T("party.refused"))[:20]),
    ("unsure", plain(T("party.unsure", matter=""))[:7]),
)
_TOLD = ("kind", "amount", "day", "until", "count", "each", "way")


def _told(name: str, value: Any) -> str:
    return yuan(value).replace(",", "") if name in ("amount", "each") else str(value)


async def test_what_debtors_answer_is_understood(world: World) -> None:
    """Each of them, elderly, angry, in dialect or with two wishes at once: nothing is lost, and nothing made up."""
    debtors = [await reminded(world, serial) for serial in range(1, len(CASES) + 1)]
    await remind(world)
    wrong = []
    for debtor, (words, due) in zip(debtors, CASES, strict=True):
        before = len(debtor.person.heard())
        await debtor.person.says(words)
        got = await became(world, debtor, before)
        if set(got.split()) - {"kind=instalment"} != set(due.split()) - {"kind=instalment"}:
            wrong.append(f"{words} | {due} | {got} | {debtor.person.heard()[before:]}")
    right = len(CASES) - len(wrong)
    print(f"understood: {right} of {len(CASES)}")
    assert not wrong, f"{right} of {len(CASES)}\n" + "\n".join(wrong)


# -- while a path is open, and after an offer ------------------------------------------------------


async def at_day(world: World) -> Debtor:
    """A debtor who is asked on which day they paid."""
    debtor = await reminded(world)
    await remind(world)
    await debtor.person.taps("party.button.do.paid")
    await debtor.person.hears("party.paid.day")
    return debtor


async def test_a_dispute_counts_whatever_path_is_open(world: World) -> None:
    """It stops the reminders and is a task at once, and the path goes on where it stood, with what else was said."""
    debtor = await at_day(world)
    await debtor.person.says("这钱判决判错了，我不认")
    await debtor.person.hears("提醒先停下")
    await debtor.person.hears("party.flow.back_to")
    assert (await view(world, debtor.owed)).row.disputed
    await task(world, "dispute")
    await debtor.person.says("我前天就给过了，判得不公平")
    await debtor.person.hears("party.also.noted", number=await task(world, "dispute"))
    await debtor.person.hears("party.paid.amount")
    assert len((await view(world, debtor.owed)).disputes) == 1


async def test_a_doubt_on_a_path_hears_how_to_verify_and_may_go_on_later(world: World) -> None:
    """12368, and a button that leads back."""
    debtor = await at_day(world)
    await debtor.person.says("你们是骗子吧")
    await debtor.person.hears("12368")
    await debtor.person.taps("party.button.resume")
    await debtor.person.hears("party.paid.day")


async def test_hardship_and_thanks_on_a_path_are_no_wrong_dates(world: World) -> None:
    """Thanks get a kind word and the question again; hardship is a task and a proposal."""
    debtor = await at_day(world)
    await debtor.person.says("好的，谢谢法官")
    await debtor.person.hears("party.thanks")
    await debtor.person.hears("party.paid.day")
    await debtor.person.says("其实还没给，生病住院没得钱，晚一个月嘛")
    await debtor.person.hears("party.also.hard", number=await task(world, "hardship"))
    await debtor.person.hears("延到 2026年12月30日（周三）")
    await debtor.person.taps("party.button.send")
    await task(world, "plan")


async def test_who_paid_for_the_debtor_stands_in_the_ledger(world: World) -> None:
    """钱是我哥替我付的: asked who it was, typed 转账 is no name, and the review names them."""
    debtor = await reminded(world)
    await remind(world)
    person = debtor.person
    await person.says("钱是我哥替我付的，付了三万")
    await person.taps("party.button.yesterday")
    await person.hears("party.paid.payer")
    await person.says("转账")
    await person.hears("party.paid.no_payer")
    await person.says("李大海，我哥")
    await person.taps("party.button.no_proof")
    await person.hears("别人代付（李大海，我哥）")
    await person.taps("party.button.confirm")
    [payment] = (await view(world, debtor.owed)).payments
    assert (payment.amount, payment.way, payment.third_party, payment.payer_name) == (
        3_000_000,
        "third",
        True,
        "李大海，我哥",
    )


@pytest.mark.parametrize("words", ["昨天我哥替我转的三万", "我姐夫付的"])
async def test_a_third_party_named_at_a_later_question_counts(world: World, words: str) -> None:
    """With the day, or when asked by which way."""
    debtor = await at_day(world)
    if "昨天" not in words:
        await debtor.person.says("昨天")
        await debtor.person.says("三万")
    await debtor.person.says(words)
    flow = await debtor.flow(world)
    assert flow
    assert (flow.data["way"], flow.data["day"], flow.step) == ("third", "2026-11-22", "payer")


@pytest.mark.parametrize("words", ["好的", "行", "可以", "要", "要得嘛", "好的，麻烦您了", "嗯，办吧"])
async def test_a_plain_yes_presses_the_button_that_was_offered(world: World, words: str) -> None:
    """After 要现在就办…吗？ a yes is the button, in whatever words."""
    debtor = await reminded(world)
    await remind(world)
    await debtor.person.says("我想问一下能不能分期付")
    await debtor.person.hears("要现在就办")
    await debtor.person.says(words)
    await debtor.person.hears("party.plan.kind")


async def test_no_thanks_presses_nothing_and_an_old_offer_is_gone(world: World) -> None:
    """不用了 is heard; 好的 later on is thanks again."""
    debtor = await reminded(world)
    await remind(world)
    await debtor.person.says("我想问一下能不能分期付")
    await debtor.person.says("不用了，谢谢")
    await debtor.person.hears("party.not_now")
    await debtor.person.says("好的")
    await debtor.person.hears("party.thanks")


async def test_what_was_just_answered_is_put_right_and_no_objection(world: World) -> None:
    """金额不对，是两万五 on the way to a report changes the sum; the case is not disputed, and nobody is a stranger."""
    debtor = await reminded(world)
    await remind(world)
    await debtor.person.says("昨天微信转了两万给他")
    await debtor.person.hears("party.paid.proof")
    await debtor.person.says("金额不对，是两万五")
    await debtor.person.says("没打条子")
    await debtor.person.hears("25,000 元")
    await debtor.person.says("打错了")
    await debtor.person.hears("party.paid.proof")
    await debtor.person.says("没有")
    await debtor.person.says("不对不对，应该是前天，2万6")
    await debtor.person.says("不是微信转的，其实是21号")
    seen = await debtor.person.hears("26,000 元")
    assert "2026年11月21日" in seen.text
    await debtor.person.says("确认")
    paid = (await view(world, debtor.owed)).payments
    assert [(p.amount, p.paid_on, p.way) for p in paid] == [(2_600_000, date(2026, 11, 21), "app")]
    assert not (await view(world, debtor.owed)).disputes


async def test_a_promise_is_put_right_before_it_is_noted(world: World) -> None:
    """改成两万, 还是20号吧 at the last question change what is said back; 算了，不还了 notes nothing."""
    debtor = await reminded(world)
    await remind(world)
    await debtor.person.says("15号还一万")
    await debtor.person.says("还是20号吧")
    await debtor.person.hears("2026年12月20日")
    await debtor.person.says("改成两万")
    await debtor.person.hears("20,000 元")
    await debtor.person.says("算了，不还了")
    await debtor.person.hears(plain(T("party.refused"))[:20])
    assert not (await view(world, debtor.owed)).promises


async def test_a_creditor_who_got_nothing_is_heard_where_the_report_is_verified(world: World) -> None:
    """没收到 stands beside the report that waits; without one it is a task; a creditor is asked as the one who got it."""
    debtor = await reminded(world)
    creditor = await world.person("债权人")
    await bind(world, creditor, debtor.owed.creditor, "王小二", debtor.owed.creditor_number)
    await creditor.says("钱没收到啊")
    assert await task(world, "contact")
    await creditor.says("先不填了")
    await debtor.person.says("昨天微信转了两万给他，没有凭证")
    await debtor.person.says("没有凭证")
    await debtor.person.says("确认")
    await creditor.says("他骗人，没打给我")
    await creditor.hears("party.unpaid")
    async with world.bot.services.store.work() as work:
        (verify,) = await work.tasks.open("verify")
    assert "没打给我" in (verify.note or "")
    await creditor.says("他哥转了五千给我")
    await creditor.hears("party.paid.received.day")


async def test_two_answers_that_are_not_understood_offer_a_person(world: World) -> None:
    """Nobody is asked for a day for ever."""
    debtor = await reminded(world)
    await remind(world)
    await debtor.person.says("还了")
    await debtor.person.says("嗯哼")
    await debtor.person.says("填不来")
    await debtor.person.hears("party.flow.lost")


async def test_the_same_once_more_is_asked_for_and_something_else_begins(world: World) -> None:
    """都说了还了 while a day is asked for gets the question, no lesson in law; 剩下的月底还 sets out on a promise."""
    debtor = await reminded(world)
    await remind(world)
    await debtor.person.says("还了")
    before = len(debtor.person.heard())
    await debtor.person.says("都说了还了")
    assert debtor.person.heard()[before:] == [plain(T("party.paid.day"))]
    await debtor.person.says("剩下的月底还")
    await debtor.person.hears("2026年11月30日")
