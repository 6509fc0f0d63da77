"""The knowledge in use: exchanged as a whole, or not at all."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.consult.library import Library
from bot.consult.model import Context, Decision, Knowledge, Reason, Verdict
from bot.core.clock import ManualClock
from bot.core.errors import KnowledgeError
from tests.world import ROOT

CLOCK = ManualClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))


class Fixed:
    """A matcher that says which knowledge it was built from."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.version = knowledge.version

    def match(self, question: str, context: Context | None = None, today: date | None = None) -> Verdict:
        """Always the same."""
        return Verdict(Decision.HANDOFF, Reason.UNKNOWN)


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    copy = tmp_path / "faq"
    shutil.copytree(ROOT / "faq", copy)
    return copy


def spoil(faq: Path, old: str = "reviewed: 2026-11-23", new: str = "reviewed: 2026-02-31") -> None:
    """Change the first topic file."""
    path = faq / "topics/apply.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


def test_a_bot_does_not_start_on_broken_knowledge(faq: Path) -> None:
    """All problems are named at once."""
    spoil(faq)
    with pytest.raises(KnowledgeError) as raised:
        Library(faq, Fixed, CLOCK)
    assert raised.value.problems[0].startswith("topics/apply.yaml:")


def test_an_expired_answer_does_not_keep_a_bot_from_starting(faq: Path) -> None:
    """It is withheld when asked for; the other hundred serve."""
    spoil(faq, "valid_to: null", "valid_to: 2026-11-22")
    assert len(Library(faq, Fixed, CLOCK).knowledge.entries) > 100


async def test_a_sound_change_exchanges_knowledge_and_matcher_together(faq: Path) -> None:
    """Never one of the old and the other of the new."""
    library = Library(faq, Fixed, CLOCK)
    before = library.knowledge.version
    spoil(faq, "reviewed: 2026-11-23", "reviewed: 2026-11-22")
    assert await library.reload() is None
    assert library.knowledge.version != before
    matcher = library.matcher
    assert isinstance(matcher, Fixed)
    assert matcher.version == library.knowledge.version


async def test_a_broken_change_leaves_the_old_in_use(faq: Path) -> None:
    """And says what is wrong."""
    library = Library(faq, Fixed, CLOCK)
    before = library.knowledge
    spoil(faq)
    error = await library.reload()
    assert error is not None
    assert len(error.problems) == 1
    assert library.knowledge is before


async def test_knowledge_that_cannot_be_indexed_is_a_problem_not_a_crash(faq: Path) -> None:
    """What passes every check and still breaks the matcher must not stop a bot that serves."""
    fail = False

    def build(knowledge: Knowledge) -> Fixed:
        if fail:
            raise ValueError("no index")
        return Fixed(knowledge)

    library = Library(faq, build, CLOCK)
    fail = True
    error = await library.reload()
    assert error is not None
    assert "no index" in error.problems[0]


async def test_the_watch_survives_whoever_is_told(faq: Path) -> None:
    """If the notice cannot be written, the change is looked at again in the next round."""
    library = Library(faq, Fixed, CLOCK)
    told: list[KnowledgeError | None] = []
    heard = asyncio.Event()

    async def tell(error: KnowledgeError | None) -> None:
        told.append(error)
        if len(told) == 1:
            raise ConnectionError("the database is away")
        heard.set()

    watch = asyncio.create_task(library.watch(0.01, tell))
    spoil(faq)
    await asyncio.wait_for(heard.wait(), 20)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    assert [type(error) for error in told] == [KnowledgeError, KnowledgeError]


async def test_a_file_that_is_being_saved_is_waited_for(faq: Path) -> None:
    """Half of it, then none at all, then the whole: nobody is told of mistakes that were never made."""
    library = Library(faq, Fixed, CLOCK)
    version = library.knowledge.version
    told: list[KnowledgeError | None] = []
    heard = asyncio.Event()

    async def tell(error: KnowledgeError | None) -> None:
        told.append(error)
        heard.set()

    path = faq / "topics/apply.yaml"
    text = path.read_text(encoding="utf-8").replace("reviewed: 2026-11-23", "reviewed: 2026-11-22", 1)
    watch = asyncio.create_task(library.watch(0.2, tell))
    for part in range(1, 10):  # longer than three rounds, each state shorter than one
        path.write_text(text[: len(text) * part // 10], encoding="utf-8")
        await asyncio.sleep(0.1)
    path.unlink()
    path.with_suffix(".new").write_text(text, encoding="utf-8")
    path.with_suffix(".new").rename(path)
    await asyncio.wait_for(heard.wait(), 20)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    assert told == [None]
    assert library.knowledge.version != version


async def test_a_shape_that_nobody_thought_of_is_told_too(faq: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old knowledge goes on serving, and it does not stand in the log alone."""
    library = Library(faq, Fixed, CLOCK)

    def burst(folder: Path) -> None:
        raise AttributeError("no such thing")

    monkeypatch.setattr("bot.consult.library.read", burst)
    error = await library.reload()
    assert error is not None
    assert "no such thing" in error.problems[0]
