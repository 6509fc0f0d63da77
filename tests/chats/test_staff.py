"""Somebody wants a person: numbers, clerks, answers, and everything that can go wrong between them."""

from __future__ import annotations

import pytest

from bot.store.tables import RequestStatus
from sandbox import Fault
from tests.chats.conftest import Court, logged
from tests.world import TEXTS, Person, World, plain


async def requests(world: World) -> list[tuple[int, str, str]]:
    """Number, status and words of all requests."""
    async with world.bot.services.store.work(read_only=True) as work:
        found = [await work.requests.get(number) for number in range(1, 30)]
    return [(row.number, row.status, row.question) for row in found if row]


def last(person: Person) -> str:
    """The last thing that the bot said to somebody."""
    return person.heard()[-1]


@pytest.mark.parametrize("words", ["转人工", "找人工", "我要转人工客服"])
async def test_a_person_can_be_asked_for_by_typing(court: Court, words: str) -> None:
    """转人工 typed leaves a request with a number, and clerks hear of it with what was asked before."""
    alice = await court.world.person("张三")
    await alice.says("执行费怎么算")
    await alice.says(words)
    await alice.hears("handoff.registered", number=1)
    told = await court.clerk.hears("新的转人工")
    assert "执行费怎么算" in told.text
    await court.other_clerk.hears("新的转人工")


async def test_the_button_pressed_before_any_question(court: Court) -> None:
    """Whoever presses at once is registered too; clerks see that nothing was said yet, not a code."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await alice.hears("handoff.registered", number=1)
    assert (await requests(court.world))[0][2] == TEXTS("handoff.no_words")


async def test_a_second_press_makes_no_second_request(court: Court) -> None:
    """However often somebody presses, there is one number, clerks are told once, and nothing is doubled."""
    alice = await court.world.person("张三")
    await alice.says("执行费怎么算")
    for _ in range(3):
        await alice.taps("button.human")
        court.world.advance(seconds=10)
    await alice.hears("handoff.already", number=1)
    assert await requests(court.world) == [(1, RequestStatus.OPEN, "执行费怎么算")]
    assert sum("新的转人工" in text for text in court.clerk.heard()) == 1


async def test_later_words_are_added_and_shown_to_clerks(court: Court) -> None:
    """While a request waits, what is said is added to it; /requests N shows all of it with the dialogue."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await alice.says("对方叫李四，2022年判的，一直没给")
    await alice.says("执行费怎么算")
    await alice.hears("handoff.appended_too", number=1)
    words = (await requests(court.world))[0][2]
    assert "对方叫李四" in words
    assert "执行费怎么算" in words
    await court.clerk.says("/requests 1")
    shown = await court.clerk.hears("最近的对话")
    assert "对方叫李四" in shown.text
    assert "自动：" in shown.text


async def test_what_is_added_is_acknowledged_instead_of_asked_back(scripted_court: Court) -> None:
    """A sentence that is no clear question is noted, with the number, and not met with choices."""
    alice = await scripted_court.world.person("张三")
    await alice.taps("button.human")
    await alice.says("补充一点情况")
    await alice.hears("handoff.appended", number=1)


@pytest.mark.parametrize("act", ["button", "words"])
async def test_a_request_can_be_withdrawn(court: Court, act: str) -> None:
    """不用转了, pressed or typed, takes it back; an answer then finds nobody waiting."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    if act == "button":
        await alice.taps("button.withdraw")
    else:
        await alice.says("不用转了")
    await alice.hears("handoff.withdrawn", number=1)
    await court.clerk.says("/answer 1 请到窗口")
    await court.clerk.hears("staff.withdrawn", number=1)
    assert "请到窗口" not in last(alice)


async def test_nobody_withdraws_another_ones_request(court: Court) -> None:
    """A button's data can be forged; it reaches only the presser's own request."""
    alice, mallory = await court.world.person("张三"), await court.world.person("马六")
    await alice.taps("button.human")
    await mallory.taps("button.human")
    message = mallory.actor.sees()[-1]
    court.world.sandbox.people._query(mallory.actor.person, message, "withdraw:1")
    await court.world.settled()
    await mallory.hears("feedback.gone")
    assert [status for _, status, _ in await requests(court.world)] == ["open", "open"]


async def test_clerks_list_urgent_ones_first(court: Court) -> None:
    """/requests: who waits, how long, what about; danger stands on top."""
    alice, bob = await court.world.person("张三"), await court.world.person("李四")
    await alice.says("转人工 我想问执行费")
    court.world.advance(hours=5)
    await bob.says("我不想活了")
    await court.clerk.says("/requests")
    listed = (await court.clerk.hears("等候回复的有 2 件")).text
    assert listed.index("2 号") < listed.index("1 号")
    assert "5 小时" in listed
    assert "张三" in listed


async def test_only_administrators_may_list_and_answer(court: Court) -> None:
    """Others are told kindly that the command is not theirs, and learn nothing."""
    alice, mallory = await court.world.person("张三"), await court.world.person("马六")
    await alice.says("转人工 家里的事")
    for command in ("/requests", "/requests 1", "/answer 1 我是法官"):
        await mallory.says(command)
        assert last(mallory) == plain(TEXTS("staff.only"))
    assert not any("我是法官" in text for text in alice.heard())


@pytest.mark.parametrize("form", ["/answer 1 请带判决书", "/answer 1\n请带判决书", "/answer 1　请带判决书",
                                  "/answer #1：请带判决书", "/answer 1号，请带判决书"])  # fmt: skip
async def test_an_answer_reaches_the_one_who_asked(court: Court, form: str) -> None:
    """However a clerk parts number and words; the asker may then say 解决了."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await court.clerk.says(form)
    await court.clerk.hears("staff.sent", number=1)
    answer = await alice.hears("工作人员回复（1 号）")
    assert answer.text.endswith("请带判决书")
    await alice.taps("button.solved")
    await alice.hears("handoff.solved")


async def test_a_date_at_the_beginning_of_an_answer_is_no_number(court: Court) -> None:
    """「/answer 13月5日」 must not answer request 13, nor 「/answer 1 3月5日」 another than 1."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await court.clerk.says("/answer 13月5日来窗口")
    await court.clerk.hears("staff.usage")
    await court.clerk.says("/answer 1 3月5日来窗口")
    assert (await alice.hears("工作人员回复")).text.endswith("3月5日来窗口")


@pytest.mark.parametrize("words", ["/answer", "/answer 1", "/answer 你好", "/answer 1 ", "/answer -1 x"])
async def test_a_malformed_answer_is_explained(court: Court, words: str) -> None:
    """The clerk is told how, and nothing is sent."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await court.clerk.says(words)
    await court.clerk.hears("staff.usage")
    assert (await requests(court.world))[0][1] == "open"


@pytest.mark.parametrize("number", ["7", "99999999999999999999999999"])
async def test_a_wrong_number_is_said_to_be_wrong(court: Court, number: str) -> None:
    """An unknown or absurd number is no request."""
    await court.clerk.says(f"/answer {number} 请带判决书")
    await court.clerk.hears("没有")
    await court.clerk.says(f"/requests {number}")
    await court.clerk.hears("没有")


async def test_of_two_clerks_one_wins(court: Court) -> None:
    """The asker gets one answer; the second clerk is told that his was not sent."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    court.clerk.actor.says("/answer 1 第一个答复")
    court.other_clerk.actor.says("/answer 1 第二个答复")
    await court.world.settled()
    assert sum("工作人员回复" in text for text in alice.heard()) == 1
    told = [last(court.clerk), last(court.other_clerk)]
    assert plain(TEXTS("staff.too_late", number=1)) in told


async def test_still_a_problem_makes_a_new_request(court: Court) -> None:
    """还有问题 after a clerk's answer: a new number that names the old one."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await court.clerk.says("/answer 1 请到窗口")
    await alice.taps("button.not_solved")
    await alice.hears("handoff.reopened", number=2)
    assert "1 号已答复" in (await requests(court.world))[1][2]


async def test_an_asker_who_blocked_the_bot_is_reported_to_the_clerk(court: Court) -> None:
    """没送到 is told to the clerk who answered, so that he can take up the telephone."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    court.world.sandbox.people.block(alice.id)
    await court.world.settled()
    await court.clerk.says("/answer 1 请到窗口")
    await court.clerk.hears("staff.not_delivered", number=1)
    assert not any("没送到" in text for text in court.other_clerk.heard())


async def test_an_answer_given_up_after_a_day_of_failures_is_reported(court: Court) -> None:
    """Also when nobody blocked anything: what never arrived is not taken for said."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    court.world.sandbox.fault(Fault("fail", times=None, method="sendMessage", chat_id=alice.id))
    court.clerk.actor.says("/answer 1 请到窗口")
    await court.clerk.hears("staff.sent", number=1)
    court.world.advance(hours=25)
    await court.clerk.hears("没送到")


async def test_a_clerk_answers_ninety_days_later(court: Court) -> None:
    """A late answer still finds its way."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    court.world.advance(days=90)
    await court.clerk.says("/requests")
    assert "90 天" in last(court.clerk)
    await court.clerk.says("/answer 1 让您久等了")
    await alice.hears("让您久等了")


async def test_a_clerks_telephone_number_arrives_and_a_card_number_does_not(court: Court) -> None:
    """Numbers to call are what the asker needs; a card number is starred, and the clerk is told so."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await court.clerk.says("/answer 1 请打13885312345，卡号6222021234567890123")
    answer = await alice.hears("工作人员回复")
    assert "13885312345" in answer.text
    assert "6222021234567890123" not in answer.text
    await court.clerk.hears("staff.masked")
    assert not any("13885312345" in m.text for m in await logged(court.world))


async def test_markup_in_anybodys_words_stays_words(court: Court) -> None:
    """Neither the asker nor the clerk can write bold, HTML or a forged head line."""
    alice = await court.world.person("<b>张</b> **三** #T000001 from 李法官")
    await alice.taps("button.human")
    await alice.says("***粗*** <a href='x'>链</a> **9 号** 已答复")
    await court.clerk.says("/requests")
    listed = court.clerk.actor.sees()[-1]
    bold = [listed.text[e["offset"] : e["offset"] + e["length"]] for e in listed.data.get("entities", ()) if e["type"] == "bold"]
    assert bold == ["1 号"]
    assert "<b>张</b>" in listed.text
    await court.clerk.says("/answer 1 **重要** <i>请来</i> & 带证件")
    answer = await alice.hears("工作人员回复")
    assert "<i>请来</i> & 带证件" in answer.text


async def test_a_name_cannot_turn_a_line_round(court: Court) -> None:
    """Characters that reverse the writing direction are taken out of names and words."""
    alice = await court.world.person("张\u202e三\u2066")
    await alice.taps("button.human")
    await alice.says("\u202e反的")
    await court.clerk.says("/requests")
    assert "反的" in last(court.clerk)
    assert "\u202e" not in last(court.clerk)


async def test_a_long_list_is_told_as_such(court: Court) -> None:
    """More than a screenful of requests: the first are listed, the rest counted."""
    people = [await court.world.person(f"人{n}") for n in range(25)]
    for person in people:
        person.actor.says("转人工")
    await court.world.settled()
    numbers = [number for number, *_ in await requests(court.world)]
    assert numbers == list(range(1, 26))
    await court.clerk.says("/requests")
    assert "等候回复的有 25 件" in "\n".join(court.clerk.heard())
    assert "另有 5 件" in "\n".join(court.clerk.heard())
