"""The guided paths of a party: what each step takes from words; what all paths share is in tests/unit/dialogue."""

from __future__ import annotations

from datetime import date

from bot.core.texts import Texts
from bot.dialogue.flows import PATHS, Answer, At, Path
from bot.dialogue.flows.plan import plan_of

TODAY = date(2026, 11, 23)
TEXTS = Texts.load()


def walk(path: Path, data: dict[str, object], *answers: str) -> At:
    """Answer step by step: words, or a button's code with ! in front."""
    at, _ = path.begin(dict(data), TODAY)
    for given in answers:
        choice = given.removeprefix("!") if given.startswith("!") else ""
        at, _ = path.advance(at, Answer(TODAY, "" if choice else given, choice))
    return at


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
