"""Guided paths in chat, bound or not: from answer to action, abandoned, resumed after days and restarts, disturbed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from bot.store.reach_rows import FlowState
from sandbox.files import sample_png
from tests.cases import bind, owes, said
from tests.chats.conftest import Court, logged
from tests.world import TEXTS, Person, World

READY = "按您说的，可以去申请执行了"


@pytest.fixture
async def plain(make_world_sqlite: Callable[..., Any]) -> Court:
    """A bot with a clerk on SQLite, for what does not depend on the database."""
    world: World = await make_world_sqlite()
    clerk = await world.clerk("王书记员")
    await world.start_bot()
    await world.settled()
    return Court(world, clerk, clerk)


async def open_flow(world: World, person: Person) -> FlowState | None:
    """The path that somebody is on."""
    store = world.bot.services.store
    lane = world.bot.services.dialogue.lane("telegram", person.id)
    async with store.work(read_only=True) as work:
        row = (await work.conversations.load([lane]))[lane]
        return await work.reach.open_flow(row.id)


async def to_the_amount(person: Person) -> None:
    """As far as the question how much is missing."""
    await person.says("我能申请执行吗")
    await person.taps("guide.side.own")
    await person.taps("guide.basis.judgment")
    await person.taps("guide.claim.money")
    await person.taps("guide.button.no")
    await person.says("2026年3月2日")  # in effect since 2026-03-18
    await person.says("生效后10日内")
    await person.taps("guide.paid.part")
    await person.hears("guide.apply.rest")


async def test_from_the_question_to_the_clerk(court: Court) -> None:
    """Every conclusion with its provision; then a person takes over who need not ask again."""
    world, clerk = court.world, court.clerk
    alice = await world.person("张三")
    await to_the_amount(alice)
    await alice.says("五万")
    await alice.taps("guide.urgent.wage")
    await alice.says("西秀区法院")
    result = (await alice.hears(READY)).text
    for part in ("2026年3月18日", "2028年3月30日", "《民诉法》第250条", "第一审法院", "《民诉法》第235条", "生效证明",
                 "执行费 650 元", "《收费办法》第14条", "优先办理", "七日内立案"):  # fmt: skip
        assert part in result, part
    await alice.taps("button.go.window")
    await alice.taps("guide.window.visit")
    await alice.says("周三上午有空")
    await alice.hears("周三上午有空")
    await alice.taps("guide.window.send")
    await alice.hears("编号是 1")
    await clerk.says("/requests 1")
    await clerk.hears("西秀区法院")
    shown = said(clerk)
    assert "一审判决书" in shown
    assert "50,000.00 元" in shown
    assert "周三上午有空" in shown


async def test_left_resumed_after_days_and_a_restart(court: Court) -> None:
    """What was answered is in the database: another process goes on where somebody stopped."""
    world = court.world
    alice = await world.person("张三")
    await to_the_amount(alice)
    await world.stop_bot()
    world.advance(days=5)
    await world.start_bot()
    await alice.says("老赖名单怎么撤")  # after a day, words are no answer any more
    await alice.hears("party.flow.unfinished")
    await alice.taps("party.button.resume")
    await alice.hears("guide.apply.rest")
    await world.stop_bot()
    await world.start_bot()
    await alice.says("两万")
    await alice.taps("party.button.leave")
    await alice.hears("party.flow.left")
    await alice.taps("party.button.resume")
    await alice.taps("guide.urgent.no")
    await alice.taps("party.button.skip")
    await alice.hears(READY)
    assert await open_flow(world, alice) is None


async def test_an_old_question_is_corrected_by_its_button_and_the_end_by_its_own(plain: Court) -> None:
    """Only the corrected answer changes; the rest stays answered."""
    alice = await plain.world.person("张三")
    await to_the_amount(alice)
    await alice.says("五万")
    await alice.taps("guide.urgent.no")
    await alice.taps("party.button.skip")
    await alice.hears("执行费 650 元")
    await alice.taps("guide.button.change_amount")
    await alice.says("100万")
    await alice.hears("执行费 12,400 元")
    await alice.taps("guide.paid.all")  # a button of a question long ago
    await alice.hears("都履行了，就不用申请执行了")


async def test_a_question_in_the_middle_is_answered_and_the_path_kept(plain: Court) -> None:
    """The FAQ answers, the open question follows; a topic's button does the same."""
    alice = await plain.world.person("张三")
    await to_the_amount(alice)
    await alice.says("执行费怎么算？")
    await alice.hears("不用先交")
    await alice.hears("party.flow.back_to")
    await alice.says("老赖名单咋撤")
    await alice.hears("party.flow.back_to")
    await alice.taps("button.related")
    await alice.hears("party.flow.back_to")
    await alice.says("谢谢")
    await alice.says("三万二")
    await alice.hears("guide.apply.urgent")


async def test_what_is_no_answer_is_answered_all_the_same(plain: Court) -> None:
    """Pictures, stickers, voice, nonsense, days to come, contradictions: told kindly, and asked again."""
    world = plain.world
    alice = await world.person("张三")
    await alice.says("我能申请执行吗")
    await alice.says("嗯这个嘛")
    await alice.hears("party.flow.press")
    await alice.taps("guide.side.own")
    await alice.taps("guide.basis.judgment")
    await alice.taps("guide.claim.money")
    await alice.taps("guide.button.no")
    await alice.sends("photo", sample_png())
    await alice.hears("noted.photo")
    await alice.hears("party.flow.back_to")
    await alice.sends("sticker")
    await alice.hears("party.flow.back_to")
    await alice.says("2027年5月1日")
    await alice.hears("还没到呢")
    await alice.says("2026年3月2日")
    await alice.says("2026年1月5日")  # before the judgment took effect
    await alice.hears("履行期比生效还早")
    await alice.says("2026年5月6日")
    await alice.hears("guide.apply.paid")


async def test_who_goes_elsewhere_is_led_back_by_a_button(plain: Court) -> None:
    """/start, the menu and a person put the path aside; words are no answer to it then."""
    alice = await plain.world.person("张三")
    await to_the_amount(alice)
    await alice.says("/start")
    await alice.hears("flow.kept")
    assert await open_flow(plain.world, alice) is None
    await alice.taps("party.button.resume")
    await alice.hears("guide.apply.rest")
    await alice.says("转人工")
    await alice.hears("编号是 1")
    await alice.hears("flow.kept")
    await alice.says("我的案号忘了")
    await alice.hears("附在")
    await alice.taps("party.button.resume")
    await alice.says("八千")
    await alice.hears("guide.apply.urgent")


async def test_danger_goes_before_every_path(plain: Court) -> None:
    """Whatever is asked just then."""
    alice = await plain.world.person("张三")
    await to_the_amount(alice)
    await alice.says("我不想活了")
    await alice.hears("110")


async def test_a_trembling_finger_and_a_stranger_change_nothing(plain: Court) -> None:
    """Two presses count once; a button of somebody else's path or of none leads nowhere."""
    world = plain.world
    alice, bob = await world.person("张三"), await world.person("李四")
    await alice.says("我能申请执行吗")
    alice.actor.taps(TEXTS("guide.side.own"))
    alice.actor.taps(TEXTS("guide.side.own"))
    await world.settled()
    assert alice.heard().count(TEXTS("guide.apply.basis").replace("**", "")) == 1
    flow = await open_flow(world, alice)
    assert flow
    await bob.says("我能申请执行吗")
    bobs = await open_flow(world, bob)
    assert bobs
    assert (flow.step, bobs.step) == ("basis", "side")


async def test_a_check_that_fails_says_from_when_and_what_then(plain: Court) -> None:
    """Not in effect, not due, out of time, no title: each with its day, its provision and a way on."""
    world = plain.world
    alice = await world.person("张三")
    await alice.says("我能申请执行吗")
    await alice.taps("guide.side.own")
    await alice.taps("guide.basis.judgment")
    await alice.taps("guide.claim.money")
    await alice.taps("guide.button.no")
    await alice.says("昨天")
    await alice.hears("2026年12月8日")
    await alice.taps("guide.button.remind_then")
    await alice.hears("记下了")
    await alice.taps("guide.button.change")
    await alice.says("2022年3月1日")
    await alice.says("2022年5月1日")
    await alice.taps("guide.paid.none")
    await alice.says("三万")
    await alice.hears("guide.apply.again", day="2024年5月6日（周一）")
    await alice.taps("guide.button.never")
    await alice.taps("guide.urgent.no")
    await alice.taps("party.button.skip")
    await alice.hears("《民诉法解释》第481条")
    await alice.taps("guide.button.change_again")
    await alice.says("2025年6月3日")  # too late: the two years were over
    await alice.hears("《民诉法解释》第481条")
    bob = await world.person("李四")
    await bob.says("我能申请执行吗")
    await bob.taps("guide.side.own")
    await bob.taps("guide.basis.none")
    await bob.hears("支付令")


async def test_a_first_visit_is_entered_from_the_check(court: Court) -> None:
    """What was answered goes along; the place in the queue, the court and what to bring come back."""
    world = court.world
    alice = await world.person("张三")
    await to_the_amount(alice)
    await alice.says("五万")
    await alice.taps("guide.urgent.wage")
    await alice.taps("party.button.skip")
    await alice.taps("button.go.intake")
    world.advance(minutes=1)  # nobody writes so fast
    await alice.taps("西秀法院")
    await alice.says("执行费怎么算？")  # no name
    await alice.hears("party.flow.back_to")
    await alice.says("张三")
    await alice.says("张三")
    await alice.hears("guide.intake.wrong.same")
    await alice.says("李四")
    await alice.says("12345")
    await alice.hears("guide.intake.wrong.number")
    await alice.says("(2025)黔0402民初99号")
    await alice.taps("guide.intake.answer.no")
    await alice.taps("guide.intake.answer.yes")
    await alice.says("13985312345")
    review = (await alice.hears("flow.review")).text
    for part in ("西秀法院", "张三", "李四", "（2025）黔0402民初99号", "50,000 元", "工资、劳务费", "13985312345"):
        assert part in review
    await alice.taps("flow.fix", name=TEXTS("guide.intake.name.opponent"))
    await alice.says("李小四")
    await alice.hears("李小四")
    await alice.taps("guide.intake.send")
    told = (await alice.hears("登记好了")).text
    assert "西秀区人民法院" in told
    assert "身份证" in told
    lane = world.bot.services.dialogue.lane("telegram", alice.id)
    async with world.bot.services.store.work(read_only=True) as work:
        row = (await work.conversations.load([lane]))[lane]
    (intake,) = await world.bot.services.intakes.of_chat(row.id)
    new = intake.new
    assert (new.court, new.applicant, new.other, new.amount) == ("xixiu", "张三", "李小四", 5_000_000)
    assert (new.title, new.due_on, new.wage, new.settle_first) == ("judgment", date(2026, 3, 30), True, True)


async def test_on_the_day_somebody_is_told_that_they_can_apply(plain: Court) -> None:
    """A check that came too early ends in a reminder for the day, if it is wanted."""
    world = plain.world
    alice = await world.person("张三")
    await alice.says("我能申请执行吗")
    await alice.taps("guide.side.own")
    await alice.taps("guide.basis.second")
    await alice.taps("guide.claim.money")
    await alice.says("2026年11月2日")
    await alice.says("2026年12月1日")
    await alice.hears("12月2日")
    await alice.taps("guide.button.remind_then")
    world.advance(days=8)
    await world.bot.services.courier.once()
    await world.settled()
    assert "到日子了" not in said(alice)
    world.advance(days=1)
    await world.bot.services.courier.once()
    await world.settled()
    await alice.hears("到日子了")


async def test_an_unbound_debtor_is_never_left_without_a_way(plain: Court) -> None:
    """Every situation ends in advice with its provision and something to press."""
    world = plain.world
    bob = await world.person("李四")
    for situation, detail in (("paid", "creditor"), ("cannot", "living"), ("frozen", "police"), ("listed", "performed")):
        await bob.says("/menu")
        await bob.taps("button.go.debtor_options")
        await bob.taps(f"guide.debtor.situation.{situation}")
        await bob.taps(f"guide.debtor.{situation}.is_{detail}")
        await bob.hears(TEXTS(f"guide.debtor.{situation}.{detail}").replace("**", "")[:20])
        assert TEXTS("button.human") in bob.buttons()
    await bob.taps("guide.button.other_matter")
    await bob.hears("guide.debtor.ask")


async def test_a_bound_debtor_acts_in_the_own_case(court: Court) -> None:
    """From the check straight to the report of a payment in the one case."""
    world = court.world
    owed = await owes(world, "李大山", due=date(2026, 11, 30))
    debtor = await world.person("甲")
    await bind(world, debtor, owed.debtor, "李大山", owed.number)
    await debtor.says("我是被执行人怎么办")
    await debtor.taps("guide.debtor.situation.paid")
    await debtor.taps("guide.debtor.paid.is_part")
    await debtor.taps("button.go.paid")
    await debtor.hears("party.paid.day")


async def test_an_unbound_chat_gets_no_path_of_a_case(plain: Court) -> None:
    """A forged button leads to the explanation how a chat is bound, and to nobody's case."""
    bob = await plain.world.person("李四")
    for data in ("go:paid", "go:plan", "go:identify", "go:nothing", "fl:zzz:day:today", "fl:", "go:", "go:window:@zzz"):
        await press(plain.world, bob, data)
    flow = await open_flow(plain.world, bob)
    assert flow
    assert (flow.kind, flow.data) == ("window", {})


async def press(world: World, person: Person, data: str) -> None:
    """A press whose data somebody's own program made up."""
    shown = [m for m in person.actor.sees() if m.from_bot][-1]
    shown.data["reply_markup"] = {"inline_keyboard": [[{"text": "x", "callback_data": data}]]}
    world.sandbox.people.press(person.id, shown.id, data=data)
    await world.settled()


async def test_a_chat_on_no_path_asks_the_database_nothing_more(plain: Court) -> None:
    """The flag stands in the state that is read anyway; on a path it is set, and cleared at its end."""
    world = plain.world
    alice = await world.person("张三")
    lane = world.bot.services.dialogue.lane("telegram", alice.id)

    async def flagged() -> bool:
        async with world.bot.services.store.work(read_only=True) as work:
            return bool((await work.conversations.load([lane]))[lane].state.get("path"))

    assert not await flagged()
    await alice.says("我能申请执行吗")
    assert await flagged()
    await alice.taps("guide.side.debtor")
    assert not await flagged()


async def test_nothing_that_identifies_somebody_is_logged(plain: Court, capfd: pytest.CaptureFixture[str]) -> None:
    """Numbers written at a wrong place are masked in the message log, and nothing of words is in the program's."""
    alice = await plain.world.person("张三")
    await to_the_amount(alice)
    await alice.says("我身份证520102199003071234，卡号6222020200112233445")
    kept = json.dumps([m.text for m in await logged(plain.world)], ensure_ascii=False)
    assert "199003071234" not in kept
    assert "0200112233445" not in kept
    assert "1990030712" not in "".join(capfd.readouterr())


async def test_the_menu_leads_to_checks_calculators_and_documents(plain: Court) -> None:
    """One press shows what can be worked out or written; a forged list shows the menu."""
    alice = await plain.world.person("张三")
    await alice.says("/menu")
    assert {TEXTS("button.go.can_apply"), TEXTS("button.go.debtor_options")} <= set(alice.buttons())
    await alice.taps("menu.tools.calc")
    assert TEXTS("button.go.calc_fee") in alice.buttons()
    await alice.taps("menu.back")
    await alice.taps("menu.tools.doc")
    assert TEXTS("button.go.doc_application") in alice.buttons()
    await press(plain.world, alice, "tools:nothing")
    await alice.hears("menu.title")


async def test_an_answer_leads_to_what_can_be_done(plain: Court) -> None:
    """Under an answer of the FAQ stand the paths that it names."""
    alice = await plain.world.person("张三")
    await alice.says("执行费怎么算")
    await alice.taps("button.go.calc_fee")
    assert (await open_flow(plain.world, alice)) is not None


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("帮我写一份强制执行申请书", "doc_application"),
        ("写个执行异议书", "doc_objection"),
        ("帮我写和解协议", "doc_settlement"),
        ("我要到窗口登记", "intake"),
        ("我能申请执行吗？", "can_apply"),
        ("我是被执行人怎么办", "debtor_options"),
        ("执行申请书要交几份", None),
        ("执行费怎么算", None),
    ],
)
async def test_words_set_out_on_a_path_and_questions_do_not(plain: Court, words: str, kind: str | None) -> None:
    """Whoever wants it done is led through it; whoever asks how it is done gets the answer."""
    alice = await plain.world.person("张三")
    await alice.says(words)
    flow = await open_flow(plain.world, alice)
    assert (flow.kind if flow else None) == kind


@pytest.mark.parametrize("label", ["算一算", "🧮 算一算", "帮我算一下", "写文书", "窗口和服务", "📝 写执行异议书"])
async def test_the_menus_words_can_be_typed(world: World, label: str) -> None:
    """Whoever types what stands on a button, with or without its picture, gets what the button gives."""
    alice = await world.person("张三")
    await alice.says(label)
    wanted = {"算": "🧮 算执行费", "写": "📝 写执行申请书", "窗": "menu.back", "📝": "documents.button.begin", "🧮": "🧮 算执行费", "帮": "🧮 算执行费"}
    key = wanted[label[0]]
    assert (TEXTS(key) if key in TEXTS else key) in alice.buttons()


# -- labels that are typed, answers that are taken back ---------------------------------------------


async def test_the_label_of_any_visible_button_can_be_typed(plain: Court) -> None:
    """Under an answer, in a question's midst, with another button of that label since: as if it were pressed."""
    world = plain.world
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    await alice.says("相关问题")
    await alice.hears("有关的问题：")
    await alice.says("有帮助")
    await alice.hears("feedback.thanks")
    await to_the_amount(alice)
    await alice.says("详细说说")  # of the answer before the path, which is still to be seen
    assert TEXTS("party.flow.back_to") in "".join(alice.heard()[-1:])
    await alice.says("五万")
    await alice.hears("guide.apply.urgent")
    await alice.says("先不填了")
    await alice.hears("party.flow.left")
    await alice.says(TEXTS("party.button.resume"))
    await alice.hears("guide.apply.urgent")
    log = await logged(world)
    assert ("button", "有帮助") in [(m.kind, m.text) for m in log]


async def test_after_a_day_a_label_is_words_again(plain: Court) -> None:
    """Nothing is pressed that nobody has before their eyes any more."""
    world = plain.world
    alice = await world.person("张三")
    await alice.says("50万执行费多少")
    await alice.says("改金额")
    await alice.hears("calc.ask.fee.amount")
    await alice.says("60万")
    world.advance(days=1, seconds=1)
    await alice.says("改金额")
    assert TEXTS("calc.ask.fee.amount") not in alice.heard()[-1]


@pytest.mark.parametrize(
    ("words", "answer"),
    [("我这是司法确认裁定书", "guide.apply.claim"), ("调解书", "guide.apply.claim"), ("判决书", "party.flow.press"),
     ("支付令怎么执行", "party.flow.back_to"), ("不是支付令", "party.flow.press"), ("支付令的话呢？", "party.flow.press"), ("不清楚是哪种判决", "party.flow.press")],
)  # fmt: skip
async def test_part_of_a_label_is_enough_where_it_is_one_only(plain: Court, words: str, answer: str) -> None:
    """In a sentence too; not with a no in it, not in a question, not where it may be several."""
    alice = await plain.world.person("张三")
    await alice.says("我能申请执行吗")
    await alice.says("判给我的")
    await alice.says(words)
    said_last = alice.heard()[-1]
    assert (TEXTS("guide.apply.claim") in said_last) is (answer == "guide.apply.claim")


async def test_an_answer_is_taken_back_in_words(plain: Court) -> None:
    """After a result the one that it can be, or the one that is named; without anything in its place it is asked."""
    alice = await plain.world.person("张三")
    await alice.says("50万执行费多少")
    await alice.hears("执行费 7,400 元")
    await alice.says("不对，是80万")
    await alice.hears("执行费 10,400 元")
    await alice.says("金额写错了")
    await alice.says("20万")
    await alice.hears("执行费 2,900 元")
    await alice.says("不对")
    await alice.hears("flow.which")
    await alice.taps("改金额")
    await alice.says("8万")
    await alice.hears("执行费 1,100 元")
    await alice.says("失信名单怎么撤")
    before = len(alice.heard())
    await alice.says("不对，是9万")  # of something else by now
    assert not any("执行费 1,250 元" in each for each in alice.heard()[before:])


async def test_on_a_path_the_last_answer_is_taken_back(plain: Court) -> None:
    """不对，是三万二 puts the last answer right and goes on; 三万左右 is enough for about how much the fee is."""
    alice = await plain.world.person("张三")
    await to_the_amount(alice)
    await alice.says("五万")
    await alice.says("不对，是三万二")
    await alice.hears("flow.put_right")
    assert (await open_flow(plain.world, alice)).data["rest"] == 3_200_000  # type: ignore[union-attr]
    await alice.says("返回")
    await alice.says("三万左右")
    flow = await open_flow(plain.world, alice)
    assert flow is not None
    assert (flow.step, flow.data["rest"], flow.data["about"]) == ("urgent", "unknown", 3_000_000)


async def test_what_is_confirmed_by_a_court_can_be_applied_for(plain: Court) -> None:
    """A ruling that confirms a mediated agreement: its own court, what to bring, and the day of its effect."""
    alice = await plain.world.person("张三")
    for words in ("我能申请执行吗", "判给我的", "司法确认裁定", "要钱的", "2026年3月2日"):
        await alice.says(words)
    assert TEXTS("guide.apply.due_agreed").splitlines()[1] in alice.heard()[-1]
    for words in ("裁定生效后10日内", "一分钱都没给", "五万", "没有", "没有"):
        await alice.says(words)
    told = alice.heard()[-1]
    assert "作出裁定的法院" in told
    assert "法院确认的调解协议" in told


@pytest.mark.parametrize(
    ("words", "situation"),
    [
        ("没钱，还不起", "cannot"),
        ("没钱了，能不能分期", "parts"),
        ("钱我早就还给他了", "paid"),
        ("判决判错了，我不认", "disagree"),
        ("你们发错人了", "notme"),
    ],
)
async def test_a_debtor_tells_their_situation_in_words(plain: Court, words: str, situation: str) -> None:
    """What is told plainly is the answer; the next question follows, and no lecture."""
    alice = await plain.world.person("张三")
    await alice.says("我是被执行人怎么办")
    await alice.says(words)
    assert TEXTS(f"guide.debtor.{situation}.ask") in alice.heard()[-1]


async def test_a_question_about_a_situation_is_a_question(plain: Court) -> None:
    """没钱会坐牢吗 is answered by the FAQ, and the open question stays."""
    alice = await plain.world.person("张三")
    await alice.says("我是被执行人怎么办")
    await alice.says("没钱还会坐牢吗？")
    await alice.hears("party.flow.back_to")


async def test_an_attempt_at_an_answer_is_no_question(plain: Court) -> None:
    """去年底收到的 at the question of a day is asked again; what is asked in between is answered."""
    alice = await plain.world.person("张三")
    await alice.says("迟延履行利息怎么算")
    await alice.taps("button.go.calc_interest")
    for words in ("10万", "2026年1月31日", "今天"):
        await alice.says(words)
    for words in ("昨天还了一些", "去年还了两三万", "上个月老板给了一点"):
        await alice.says(words)
        assert TEXTS("calc.ask.no_payment") in alice.heard()[-1]
    await alice.says("他还了一部分怎么申请执行？")
    await alice.hears("party.flow.back_to")
    await alice.says("2026年4月11日 5万")
    await alice.taps("calc.choice.no_more")
