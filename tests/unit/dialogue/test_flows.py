"""Every registered path: drawn as it is, reachable, leavable, and answered whatever is said to it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from bot.core.texts import Texts
from bot.dialogue.endings import ENDS, STARTS
from bot.dialogue.flows import LEADS, PATHS, Answer, At, Path
from bot.dialogue.flows.diagram import Walk, answers, unanswerable, walk
from bot.dialogue.flows.model import WISHES, Opening, Puzzled
from bot.dialogue.model import BUTTON_BYTES, TEXT_LIMIT, utf16_length
from bot.dialogue.scene import rendered
from commands.docs import DRAWN_ON, PAGE, page_of
from tests.world import library

TEXTS = Texts.load()
TODAY = DRAWN_ON
PREFIX = "fl:" + "z" * 13
# Wrong, late, contradictory and hostile: nonsense, days that cannot be, sums that cannot be, markup, commands, code.
NASTY = (
    "", " ", "?", "？？？", "随便", "不知道", "🙂" * 60, "。" * 300, "哈" * 5000, "2月30日", "0000-00-00", "9999年99月99日",
    "明年", "1900年1月1日", "2126年1月1日", "昨天前天大后天", "-5", "0", "1e9", "一千亿亿亿", "NaN", "Infinity",
    "99999999999999999999999", "0.001元", "三分之一", "**粗**体**", "<b>x</b>", "[点我](https://x.example)", "/start",
    "{amount}", "{0.__class__}", "%s%n", "'; DROP TABLE flows;--", "\x00\x07", "\u202egnp.exe", "fix-day", "yes",
    "go:can_apply", "520102199003071234", "6222020200112233445", "去你的", "我要杀了他", "转人工", "执行费怎么算？",
)  # fmt: skip
CODES = ("", "yes", "no", "none", "whole", "today", "fix-", "fix-nothing", "fix-done", "nothing", "unknown", "finished", "🙂")


def path_walk(kind: str) -> Walk:
    """The ways through a path."""
    return walk(PATHS[kind], TODAY)


KINDS = sorted(PATHS)


def test_the_diagrams_are_the_code() -> None:
    """docs/flows.md shows each path as its buttons and examples lead; `main.py docs flows --write` makes it."""
    is_, should_be = page_of(PAGE, PATHS, DRAWN_ON)
    assert is_ == should_be


@pytest.mark.parametrize("kind", KINDS)
def test_every_step_is_reached_and_none_is_a_trap(kind: str) -> None:
    """By buttons and examples one comes to every step, and from every question on to another."""
    path, found = PATHS[kind], path_walk(kind)
    assert found.steps == {s.value for s in path.Step}
    assert [at for at in found.places if unanswerable(path, at, TODAY)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_names_fit_their_columns_and_buttons(kind: str) -> None:
    """Kinds and steps have at most 24 characters, and no colon, which parts a button's data."""
    path = PATHS[kind]
    names = [kind, *(s.value for s in path.Step)]
    assert all(0 < len(n) <= 24 and ":" not in n for n in names)
    assert path.ends <= {s.value for s in path.Step}
    assert path.free | path.secret | path.identifying <= {s.value for s in path.Step}


@pytest.mark.parametrize("kind", KINDS)
def test_every_question_has_its_words_and_buttons_that_fit(kind: str) -> None:
    """All keys are in the catalogue, texts and button data keep Telegram's limits, at every place."""
    path = PATHS[kind]
    for at in path_walk(kind).places:
        if (kind, at.step) in (("identify", "notme"), ("identify", "proven")):
            continue  # these ends are told by whoever runs the path
        reply = rendered(TEXTS, path.ask(at, TODAY), f"{PREFIX}:{at.step}")
        assert 0 < utf16_length(reply.text) <= TEXT_LIMIT
        assert all(len(b.data.encode()) <= BUTTON_BYTES and b.label for row in reply.buttons for b in row)


@pytest.mark.parametrize("kind", KINDS)
def test_no_end_is_a_dead_end(kind: str) -> None:
    """An end of a path for everybody shows what can be done next, or does something itself."""
    path = PATHS[kind]
    for at in path_walk(kind).places:
        if at.step in path.ends and not path.bound and kind not in ENDS:
            assert rendered(TEXTS, path.ask(at, TODAY), f"{PREFIX}:{at.step}").buttons, at


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_said_is_answered(kind: str) -> None:
    """At every place nonsense, contradiction and malice are answered, and the place stays a sound one."""
    path = PATHS[kind]
    for at in path_walk(kind).places:
        if at.step in path.ends:
            continue
        for words in NASTY:
            for choice in ("",) if words else CODES:
                sound(path, at, Answer(TODAY, words, choice, proven=None, tries_left=3, asks=words.endswith("？")))


@pytest.mark.parametrize("kind", KINDS)
def test_answers_that_come_years_later_are_answered(kind: str) -> None:
    """A path that is resumed after years takes, or refuses, what was a good answer then."""
    path = PATHS[kind]
    for at in path_walk(kind).places:
        if at.step in path.ends:
            continue
        for answer in answers(path, at, TODAY + timedelta(days=1500)):
            sound(path, at, answer)


def sound(path: Path, at: At, answer: Answer) -> None:
    """Something is said, the next place exists, can be asked there and survives the database."""
    then, says = path.advance(at, answer)
    assert says, (at, answer)
    assert then.step in path.order(then.data), (at, answer)
    kept = json.loads(json.dumps(then.data))
    assert kept == then.data
    if not (path.kind == "identify" and then.step in path.ends):
        for say in says:
            rendered(TEXTS, say, f"{PREFIX}:{then.step}")


@pytest.mark.parametrize("kind", KINDS)
def test_back_from_every_step_leads_to_an_earlier_one(kind: str) -> None:
    """上一步 never leaves the path."""
    path = PATHS[kind]
    for at in path_walk(kind).places:
        order = list(path.order(at.data))
        if at.step in path.ends or at.step not in order:
            continue
        then, says = path.advance(at, Answer(TODAY, choice="back"))
        assert says
        assert order.index(then.step) <= order.index(at.step)


@pytest.mark.parametrize("kind", KINDS)
def test_the_button_of_an_earlier_question_corrects_that_answer_only(kind: str) -> None:
    """Going back to a step forgets what it filled in, and keeps the rest."""
    path = PATHS[kind]
    for at in path_walk(kind).places:
        for step in path.order(at.data):
            there = path.return_to(at, step)
            if there == at:
                continue
            assert there.step == step
            gone = at.data.keys() - there.data.keys()
            assert gone <= {*path.clear(step), "end", "confirm"}
            sound(path, there, Answer(TODAY, "随便"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_of_a_review_can_be_corrected(kind: str) -> None:
    """A button fix-STEP leads to that step, and its answer back to the review."""
    path = PATHS[kind]
    for at in path_walk(kind).places:
        for choice in path.ask(at, TODAY).choices:
            if not choice.code.startswith("fix-"):
                continue
            step = choice.code.removeprefix("fix-")
            then, says = path.advance(at, Answer(TODAY, choice=choice.code))
            assert says
            assert then.step == step, (kind, at.step, choice.code)


@pytest.mark.parametrize("kind", KINDS)
def test_any_beginning_is_a_beginning(kind: str) -> None:
    """Words, arguments and other paths' answers that mean nothing here do no harm."""
    path = PATHS[kind]
    for words in NASTY:
        for opening in (Opening(TODAY, words), Opening(TODAY, arg=words), Opening(TODAY, source=words, data={"x": words})):
            opened = path.opened(opening)
            assert json.loads(json.dumps(opened)) == opened
            if not path.bound:
                at, says = path.begin(opened, TODAY)
                assert at.step in path.order(at.data)
                assert says
    for other in PATHS:
        if path.bound:
            break
        for at in path_walk(other).places:
            begun, says = path.begin(path.opened(Opening(TODAY, source=other, data=at.data)), TODAY)
            assert rendered(TEXTS, says[0], f"{PREFIX}:{begun.step}").text


def test_every_path_has_a_button() -> None:
    """What a `go:` button says is in the catalogue, for paths and for what a party may want."""
    startable = [k for k, p in PATHS.items() if not p.bound or k in STARTS]
    assert [k for k in (*startable, *WISHES) if f"button.go.{k}" not in TEXTS] == []


def test_what_the_knowledge_leads_to_exists() -> None:
    """Actions of topics and words of replies.yaml name registered paths."""
    actions = {a.removeprefix("go:") for e in library().knowledge.entries.values() for a in e.actions if ":" in a}
    assert actions <= LEADS


def test_a_puzzled_answer_forgets_only_what_it_says() -> None:
    """Data named by `without` are asked for anew, the others stay."""
    path = PATHS["can_apply"]
    data = {"side": "own", "basis": "second", "claim": "money", "served": "2025-01-02", "effective": "2025-01-02",
            "period": "instalments", "missed": "2025-06-01"}  # fmt: skip
    at = At("last", data)
    taken = path.take(at, Answer(TODAY, "2025年3月1日"))
    assert isinstance(taken, Puzzled)
    then, _ = path.advance(at, Answer(TODAY, "2025年3月1日"))
    assert (then.step, then.data) == ("missed", {k: v for k, v in data.items() if k != "missed"})


def test_a_diagram_does_not_depend_on_the_day() -> None:
    """The page is made for one day, so that it does not change with the calendar."""
    assert date(2026, 11, 23) == DRAWN_ON
