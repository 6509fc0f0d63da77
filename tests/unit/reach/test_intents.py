"""What answers to a reminder mean, by the words of faq/replies.yaml."""

from __future__ import annotations

import time
from datetime import date

import pytest

from bot.reach.intents import Intent, Replies
from tests.world import ROOT

REPLIES = Replies(ROOT / "faq")
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("退订", "stop"),
        ("TD", "stop"),
        ("停止。", "stop"),
        ("別再發了", "stop"),
        ("请不要再给我发短信了", "stop"),
        ("ＳＴＯＰ", "stop"),
        ("不想再收到这种消息", "stop"),
        ("你们发错人了", "notme"),
        ("不是我", "notme"),
        ("已还", "paid"),
        ("钱已经转过去了", "paid"),
        ("昨天转了5000", "paid"),
        ("3号还了2000", "paid"),
        ("早就还清了", "paid"),
        ("我姐夫代付了三万", "paid"),
        ("下周三还3000", "promise"),
        ("3号还2000", "promise"),
        ("月底发工资就给他", "promise"),
        ("周五前一定打过去", "promise"),
        ("想分期", "plan"),
        ("缓一缓行不行", "plan"),
        ("没得钱", "hard"),
        ("失业了还不起", "hard"),
        ("我不服", "dispute"),
        ("金额不对", "dispute"),
        ("给我打电话", "contact"),
        ("判决书没收到", "service"),
        ("谢谢", "thanks"),
        ("收到", "thanks"),
    ],
)
def test_an_answer_is_understood(words: str, intent: str) -> None:
    """In any script and width, with the words of the file."""
    assert REPLIES.meaning(words, MONDAY).intent == Intent(intent)


@pytest.mark.parametrize(
    "words", ["我没有还", "对方没钱怎么办", "怎么提异议", "还了钱怎么还在失信名单上", "开庭是哪天", "今天天气好"]
)
def test_what_is_no_answer_is_left_to_the_faq(words: str) -> None:
    """Negations and questions about the law are no reports."""
    assert REPLIES.meaning(words, MONDAY).intent is None


def test_a_question_is_told_from_a_statement() -> None:
    """能不能分期 asks; 想分期 tells."""
    assert REPLIES.meaning("能不能分期", MONDAY).asks
    assert not REPLIES.meaning("想分期", MONDAY).asks


def test_words_stand_for_buttons() -> None:
    """Typed instead of pressed."""
    assert [REPLIES.choice(w) for w in ("确认", "不对", "先不填了", "发完了", "没有凭证")] == [
        "yes",
        "no",
        "leave",
        "finished",
        "none",
    ]


def test_one_message_may_tell_several_things() -> None:
    """Each clause is read by itself; what is only asked is told apart from what is told."""
    both = REPLIES.meaning("昨天还了3000，剩下的月底还，失信怎么撤", MONDAY)
    assert both.told == (Intent.PAID, Intent.PROMISE)
    assert both.explains
    assert "3000" in both.words(Intent.PAID, "昨天还了3000，剩下的月底还")
    assert "3000" not in both.words(Intent.PROMISE, "昨天还了3000，剩下的月底还")
    assert REPLIES.meaning("判错了怎么办", MONDAY).asked == (Intent.DISPUTE,)


def test_a_question_for_a_yes_that_says_how_much_is_a_proposal() -> None:
    """先给两千行不行 tells; 能不能缓一缓 asks."""
    assert REPLIES.meaning("先给两千行不行", MONDAY).told == (Intent.PROMISE,)
    assert REPLIES.meaning("能不能缓一缓", MONDAY).told == ()


def test_a_yes_in_any_words() -> None:
    """Repeated, and with courtesies around it."""
    assert all(REPLIES.agrees(w) for w in ("好的好的", "要得嘛", "行，麻烦您了", "嗯嗯"))
    assert not any(REPLIES.agrees(w) for w in ("不要", "好多钱", "行不行", "谢谢", ""))


@pytest.mark.parametrize(
    ("words", "other"),
    [("我哥替我付的", True), ("是老板转的", True), ("转给我哥了", False), ("给我妈看病花了", False), ("儿子住院，我还了", False)],
)  # fmt: skip
def test_who_paid_is_told_from_who_got_it(words: str, other: bool) -> None:
    """Kin before the verb paid; kin behind 给 were paid."""
    assert REPLIES.by_other(words) is other


def test_no_message_takes_long() -> None:
    """However long, and however much of it is courtesy."""
    started = time.process_time()
    for text in ("好的" * 2000, "谢谢您了" * 1000, "我哥" * 2000 + "还", "不是" * 2000, "还了，" * 1300):
        REPLIES.meaning(text, MONDAY)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("不对，是8万", ("不对,", "是8万")),
        ("金额改成8万", ("金额", "8万")),
        ("写错了，应该是2024年3月1日", ("写错了,", "应该是2024年3月1日")),
        ("不对", ("不对", "")),
        ("不对，是判决以后", ("不对,", "是判决以后")),
        ("", None),
        ("。", None),
        ("金额写错了", ("金额写错了", "")),
        ("判决判错了", None),
        ("利息不对，是他们算错了", None),
        ("我还想问一下，要是法官弄错了我应该怎么办才好呢", None),
    ],
)
def test_what_is_taken_back_and_what_instead(words: str, found: tuple[str, str] | None) -> None:
    """The short clause that takes back, and the rest; what speaks of the judgment is an objection."""
    assert REPLIES.instead(words) == found
