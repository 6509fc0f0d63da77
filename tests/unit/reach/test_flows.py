"""The guided paths: every step answered, puzzled, corrected; their diagrams in docs/reach.md are their steps."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bot.core.texts import Texts
from bot.dialogue.flows import PATHS, Answer, At, Path
from bot.dialogue.flows.plan import plan_of
from bot.dialogue.model import BUTTON_BYTES, TEXT_LIMIT
from bot.dialogue.scene import rendered
from tests.world import ROOT

TODAY = date(2026, 11, 23)
TEXTS = Texts.load()


def walk(path: Path, data: dict[str, object], *answers: str) -> At:
    """Answer step by step: words, or a button's code with ! in front."""
    at, _ = path.begin(dict(data), TODAY)
    for given in answers:
        choice = given.removeprefix("!") if given.startswith("!") else ""
        at, _ = path.advance(at, Answer(TODAY, "" if choice else given, choice))
    return at


@pytest.mark.parametrize("kind", sorted(PATHS))
def test_each_diagram_shows_exactly_the_steps(kind: str) -> None:
    """docs/reach.md draws every path; a step that is added or goes must be drawn or go there too."""
    text = (ROOT / "docs/reach.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- path: {kind} -->\n```mermaid\n(.*?)```", text, re.DOTALL)
    assert found, kind
    nodes = set(re.findall(r"\b([a-z]+)\b(?=\s*(?:-->|$|\n))|-->(?:\|[^|]*\|)?\s*([a-z]+)", found.group(1)))
    drawn = {n for pair in nodes for n in pair if n} - {"stateDiagram", "flowchart"}
    assert drawn == {s.value for s in PATHS[kind].Step}


def samples(path: Path) -> list[At]:
    """A place at every step of a path."""
    data = {
        "days": 1, "name": "n", "balance": 100_000, "day": "2026-11-20", "amount": 5, "way": "bank", "payer": "p",
        "proof": "none", "files": 1, "kind": "instalment", "count": 3, "first": "2026-12-01", "until": "2026-12-31",
        "reason": "", "about": "dispute", "task": 7, "relation": "lawyer", "consent": True, "text": "t",
    }  # fmt: skip
    if path.kind == "note":
        data["kind"] = "amount"
    return [At(s.value, data) for s in path.Step]


@pytest.mark.parametrize("kind", sorted(PATHS))
def test_every_question_has_its_words_and_buttons_that_fit(kind: str) -> None:
    """All keys are in the catalogue, texts and button data keep Telegram's limits, at every step."""
    path = PATHS[kind]
    for at in samples(path):
        if kind == "identify" and at.step in ("notme", "proven"):
            continue  # these ends are told by whoever runs the path
        reply = rendered(TEXTS, path.ask(at, TODAY), f"fl:{'z' * 13}:{at.step}")
        assert 0 < len(reply.text) <= TEXT_LIMIT
        assert all(len(b.data.encode()) <= BUTTON_BYTES for row in reply.buttons for b in row)


@pytest.mark.parametrize("kind", sorted(PATHS))
def test_unexpected_words_are_answered_at_every_step(kind: str) -> None:
    """Whatever is said, something is said back or the path goes on; nothing raises, no end is left."""
    path = PATHS[kind]
    for at in samples(path):
        for words in ("?", "随便", "", "12月3号", "🙂" * 50, "1e9", "-5"):
            then, says = path.advance(at, Answer(TODAY, words, proven=None, tries_left=3))
            assert says or at.step in path.ends
            assert then.step in {s.value for s in path.Step}


@pytest.mark.parametrize("kind", sorted(PATHS))
def test_back_from_every_step_leads_to_an_earlier_one(kind: str) -> None:
    """上一步 never leaves the path."""
    path = PATHS[kind]
    for at in samples(path):
        then, _ = path.advance(at, Answer(TODAY, choice="back"))
        order = list(path.order(at.data))
        if at.step in order and at.step not in path.ends:
            assert order.index(then.step) <= order.index(at.step)


def test_paid_takes_all_from_one_sentence() -> None:
    """Day and sum in one go; then way, proof, confirmation."""
    at = walk(PATHS["paid"], {"balance": 6_047_500}, "昨天还了三万")
    assert (at.step, at.data["day"], at.data["amount"]) == ("way", "2026-11-22", 3_000_000)


def test_paid_refuses_a_day_to_come() -> None:
    """Nobody has paid tomorrow."""
    assert walk(PATHS["paid"], {"balance": 1}, "明年1月1日").step == "day"


def test_a_third_party_is_asked_for_by_name_and_an_act_for_no_sum() -> None:
    """The steps depend on what is told."""
    assert walk(PATHS["paid"], {"balance": 1}, "!today", "5", "!third").step == "payer"
    assert walk(PATHS["paid"], {"balance": 0, "act": True}, "!today").step == "proof"


def test_a_promise_is_said_back_before_it_counts() -> None:
    """Confirm, change the day, drop."""
    at = walk(PATHS["promise"], {"balance": 500_000}, "下周三还3000")
    assert at.step == "confirm"
    assert walk(PATHS["promise"], {"balance": 500_000}, "下周三还3000", "!fix-day").step == "day"
    assert walk(PATHS["promise"], {"balance": 500_000}, "下周三还3000", "!no").step == "dropped"
    assert walk(PATHS["promise"], {"balance": 500_000}, "下周三还3000", "!yes").step == "done"


def test_a_proposal_of_instalments_adds_up() -> None:
    """每月2000 of 10,000 is five instalments; a count that cannot be is said so."""
    at = walk(PATHS["plan"], {"balance": 1_000_000}, "!instalment", "每月2000", "12月10日", "!none")
    assert at.step == "confirm"
    assert [a for a, _ in plan_of(at.data)] == [200_000] * 5
    assert walk(PATHS["plan"], {"balance": 1_000_000}, "!instalment", "每月1块").step == "count"


def test_identity_forgets_the_name_after_a_wrong_pair_and_locks_at_zero() -> None:
    """A wrong pair costs a try and begins with the name; without tries left the path is locked."""
    path = PATHS["identify"]
    at = walk(path, {"days": 1}, "!yes", "李大山")
    wrong, _ = path.advance(at, Answer(TODAY, "000000", proven=False, tries_left=2))
    assert (wrong.step, "name" in wrong.data) == ("name", False)
    locked, _ = path.advance(at, Answer(TODAY, "000000", proven=False, tries_left=0))
    assert locked.step == "locked"


def test_a_button_of_an_earlier_question_corrects_that_answer() -> None:
    """An old button is not dead: its step is asked again with the new answer."""
    path = PATHS["paid"]
    at = walk(path, {"balance": 500}, "昨天", "5")
    back = path.return_to(at, "day")
    assert (back.step, "day" in back.data, back.data["amount"]) == ("day", False, 500)
    assert path.return_to(at, "confirm") == at
