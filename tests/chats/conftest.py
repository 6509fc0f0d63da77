"""What the stories share: a bot with clerks, and a look into the log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from bot.consult.library import Library, Matching
from bot.consult.model import Candidate, Context, Decision, Reason, Verdict, Viewpoint
from bot.core.clock import ManualClock
from bot.store.rows import MessageRow
from tests.world import ROOT, START, Person, World, library


@dataclass
class Court:
    """A running bot with two clerks who may answer."""

    world: World
    clerk: Person
    other_clerk: Person


@pytest.fixture
async def court(make_world: Callable[..., Any]) -> Court:
    """A bot with two clerks, on both databases."""
    world: World = await make_world()
    clerk, other = await world.clerk("王书记员"), await world.clerk("李法官")
    await world.start_bot()
    await world.settled()
    return Court(world, clerk, other)


async def logged(world: World) -> list[MessageRow]:
    """All of the log."""
    async with world.bot.services.store.work(read_only=True) as work:
        return [message async for message in work.log.read()]


class Scripted:
    """The real matcher, with a few verdicts laid down, for stories that must not hang on its weights."""

    def __init__(self, real: Matching) -> None:
        self._real = real

    def match(self, question: str, context: Context | None = None, today: date | None = None) -> Verdict:
        """The verdict laid down for these words, else the real one."""
        return VERDICTS.get(question) or self._real.match(question, context, today)


VERDICTS = {
    "两边不同": Verdict(
        Decision.CLARIFY,
        Reason.VIEWPOINT,
        (Candidate("property.none", 0.5), Candidate("debtor.cannot_pay", 0.4)),
        ask_viewpoint=((Viewpoint.CREDITOR, "property.none"), (Viewpoint.DEBTOR, "debtor.cannot_pay")),
    ),
    "我欠别人的钱": Verdict(
        Decision.CLARIFY, Reason.UNSURE, (Candidate("debtor.notice", 0.4),), viewpoint=Viewpoint.DEBTOR
    ),
    "两个问题": Verdict(Decision.ANSWER, Reason.MATCH, (Candidate("apply.fee", 0.9),), others=("apply.how",)),
    "听不懂的话": Verdict(Decision.HANDOFF, Reason.UNKNOWN),
    "补充一点情况": Verdict(Decision.CLARIFY, Reason.UNSURE, (Candidate("apply.how", 0.4),)),
}


@lru_cache(maxsize=1)
def scripted_library() -> Library:
    """The shipped knowledge under a scripted matcher."""
    return Library(ROOT / "faq", lambda _: Scripted(library().matcher), ManualClock(START))


@pytest.fixture
async def scripted(make_world_sqlite: Callable[..., Any]) -> World:
    """A running bot whose matcher follows the script."""
    world: World = await make_world_sqlite(library=scripted_library())
    await world.start_bot()
    return world


@pytest.fixture
async def make_world_sqlite(tmp_path: Path, sqlite: str) -> AsyncIterator[Callable[..., Any]]:
    """Makes worlds on SQLite, for what does not depend on the database."""
    made: list[World] = []

    async def make(**overrides: Any) -> World:
        made.append(World(tmp_path, sqlite, **overrides))
        return await made[-1].begin()

    yield make
    for world in made:
        await world.end()


@pytest.fixture
async def scripted_court(make_world_sqlite: Callable[..., Any]) -> Court:
    """A bot with two clerks whose matcher follows the script."""
    world: World = await make_world_sqlite(library=scripted_library())
    clerk, other = await world.clerk("王书记员"), await world.clerk("李法官")
    await world.start_bot()
    await world.settled()
    return Court(world, clerk, other)
