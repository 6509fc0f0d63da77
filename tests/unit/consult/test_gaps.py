"""Which questions of the log are gaps, and which of them are the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from bot.consult.gaps import Gap, Kind, Missed, grouped, missed
from bot.consult.model import Decision, Reason, Verdict
from bot.store.gap_tables import GapDecision
from bot.store.rows import MessageRow
from tests.small_faq import matcher

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
UNKNOWN = Verdict(Decision.HANDOFF, Reason.UNKNOWN)
STRANGE = "请问贵院食堂对外开放不，外面的人能进去吃饭吗"


def line(number: int, text: str = "q", conversation: int = 1, **more: object) -> MessageRow:
    """A line of the log."""
    values = {"direction": "in", "kind": "text", **more}
    return MessageRow(number, conversation, "p", NOW + timedelta(minutes=number), text=text, **values)  # type: ignore[arg-type]


async def read(*lines: MessageRow) -> list[tuple[str, Kind, str | None, str | None]]:
    """What is missed in that log."""

    async def log() -> AsyncIterator[MessageRow]:
        for each in lines:
            yield each

    return [(each.text, each.kind, each.given, each.chosen) for each in await missed(log())]


async def test_what_found_no_topic_is_a_gap() -> None:
    """A pointer elsewhere, a person who was asked for, or a greeting is none."""
    found = await read(
        line(1, "a", decision="handoff", reason="unknown"),
        line(2, "b", decision="handoff", reason="outside"),
        line(3, "c", decision="handoff", reason="person"),
        line(4, "d", decision="answer", reason="match", topic="apply.fee"),
        line(5, "e", decision="slowed"),
        line(6, "f"),
    )
    assert found == [("a", Kind.UNANSWERED, None, None)]


async def test_a_question_back_out_of_doubt_is_a_gap_and_the_choice_tells_the_topic() -> None:
    """One asked on purpose (whose side, which meaning) is none."""
    found = await read(
        line(1, "a", decision="clarify", reason="close"),
        line(2, decision="chosen", topic="apply.fee", kind="button"),
        line(3, "b", decision="clarify", reason="viewpoint"),
        line(4, decision="chosen", topic="apply.how", kind="button"),
        line(5, "c", decision="clarify", reason="unsure"),
    )
    assert found == [("a", Kind.ASKED_BACK, None, "apply.fee"), ("c", Kind.ASKED_BACK, None, None)]


async def test_an_answer_that_did_not_help_is_a_gap() -> None:
    """The opinion stands at the question, or at the press that chose the topic."""
    found = await read(
        line(1, "a", decision="answer", reason="match", topic="apply.fee", feedback=-1),
        line(2, "b", decision="answer", reason="match", topic="apply.fee", feedback=1),
        line(3, "c", decision="clarify", reason="close"),
        line(4, decision="chosen", topic="apply.how", kind="button", feedback=-1),
    )
    assert found == [
        ("a", Kind.UNHELPFUL, "apply.fee", None),
        ("c", Kind.ASKED_BACK, None, "apply.how"),
        ("c", Kind.UNHELPFUL, "apply.how", None),
    ]


async def test_conversations_are_kept_apart_and_the_menu_has_no_question() -> None:
    """A topic opened from the menu tells nothing about what somebody else asked."""
    found = await read(
        line(1, "a", decision="clarify", reason="close"),
        line(2, decision="chosen", topic="apply.fee", conversation=2, kind="button", feedback=-1),
    )
    assert found == [("a", Kind.ASKED_BACK, None, None)]


def groups(*questions: Missed, decided: dict[str, GapDecision] | None = None, knows: bool = False) -> list[Gap]:
    """The gaps of these questions, for a matcher that answers none; the fingerprint is the comparable text itself."""
    blank: Any = SimpleNamespace(ranker=matcher().ranker, odds=matcher().odds, match=lambda _: UNKNOWN)
    return grouped(questions, matcher() if knows else blank, decided or {}, lambda normal: normal)


def asked(text: str, minutes: int = 0, kind: Kind = Kind.UNANSWERED, **more: str) -> Missed:
    """A missed question."""
    return Missed(text, NOW + timedelta(minutes=minutes), kind, **more)


def test_questions_that_are_alike_are_one_gap_newest_first() -> None:
    """Counted by kind, with the topic that people took."""
    other = "有没有学法律的免费讲座可以去听"
    found = groups(
        asked(STRANGE, 1),
        asked(other, 2),
        asked(STRANGE.replace("请问", "").replace("外面的", "外边的"), 3, Kind.ASKED_BACK, chosen="service.window"),
    )
    assert [each.newest.minute for each in found] == [3, 2]
    assert found[0].counts == {Kind.UNANSWERED: 1, Kind.ASKED_BACK: 1}
    assert found[0].proposed == "service.window"
    assert len(found[0].fingerprints) == 2


def test_what_the_knowledge_answers_by_now_is_no_gap() -> None:
    """A phrasing that was added since settles it; a wrong answer is settled by another one only."""
    known = "执行费怎么算"
    assert groups(asked(known), knows=True) == []
    assert len(groups(asked(known, kind=Kind.UNHELPFUL, given="apply.fee"), knows=True)) == 1
    assert groups(asked(known, kind=Kind.UNHELPFUL, given="apply.how"), knows=True) == []


def test_what_was_decided_does_not_come_back() -> None:
    """Accepted: these very words. Outside: whatever is like them as well."""
    (gap,) = groups(asked(STRANGE))
    alike = asked(STRANGE.replace("请问", ""), 5)
    assert groups(asked(STRANGE), decided={gap.fingerprint: GapDecision.ACCEPTED}) == []
    decided = {gap.fingerprint: GapDecision.OUTSIDE}
    assert groups(asked(STRANGE), alike, decided=decided) == []


def test_nothing_but_signs_is_no_gap() -> None:
    """A question without a word says nothing."""
    assert groups(asked("？？"), asked("。")) == []
