"""kill -9 at any moment, and every question is answered: in order, and at most the one in flight twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from bot.core.privacy import Vault
from bot.store.engine import open_engine
from bot.store.rows import MessageRow
from bot.store.work import Store
from handlers.render import to_plain
from sandbox import Actor, Sandbox
from tests.integration.conftest import StartBot
from tests.integration.process import repeats, until
from tests.world import KEY

PEOPLE, QUESTIONS, KILLS = 30, 6, 3
# Different enough that no two neighbours are answered alike, so that a repeated answer can be told
# from the answer to the next question.
WORDS = (
    "执行费怎么算",
    "申请执行要带什么材料",
    "老赖名单怎么撤销",
    "什么是终本",
    "卡被冻结了怎么办",
    "怎么申请强制执行",
)


def question(person: int, number: int) -> str:
    """The words of somebody's question with that number."""
    return f"{WORDS[(person + number) % len(WORDS)]}（第{number + 1}问）"


async def ask(actor: Actor, person: int, chance: random.Random) -> None:
    """Ask all questions, at moments of one's own."""
    for number in range(QUESTIONS):
        await asyncio.sleep(chance.uniform(0.0, 1.6))
        actor.says(question(person, number))


def answers(actor: Actor) -> list[str]:
    """What the bot said in a chat, in order."""
    return [m.text for m in actor.sees() if m.from_bot]


async def logged(database: str) -> dict[int, list[MessageRow]]:
    """The log of all conversations, in order."""
    store = Store(open_engine(database), Vault(bytes.fromhex(KEY)))
    found: dict[int, list[MessageRow]] = {}
    async with store.work(read_only=True) as work:
        async for row in work.log.read():
            found.setdefault(row.conversation_id, []).append(row)
    await store.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_no_question_is_lost_doubled_or_misordered_when_the_bot_is_killed(
    telegram: Sandbox, new_bot: StartBot, database: str, mode: str
) -> None:
    """Thirty people ask while the bot is killed again and again: all are answered, in their order."""
    chance = random.Random(20261123)  # noqa: S311 - the same moments in every run
    actors = [telegram.actor(f"P{n}") for n in range(PEOPLE)]
    bot = new_bot(mode)
    await bot.start()
    asking = asyncio.gather(*(ask(actor, n, chance) for n, actor in enumerate(actors)))
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.2, 1.2))
        await bot.kill()
        await bot.start()
    await asking
    await until(lambda: all(len(set(answers(a))) for a in actors), 30, "everybody has an answer")
    await quiet(telegram)
    assert await bot.stop() == 0

    log = await logged(database)
    assert len(log) == PEOPLE
    doubled = 0
    for person, actor in enumerate(actors):
        rows = conversation_of(log, actor)
        asked = [r.text for r in rows if r.direction == "in"]
        assert asked == [question(person, n) for n in range(QUESTIONS)]
        decided = [to_plain(r.text) for r in rows if r.direction == "out"]
        assert len(decided) == QUESTIONS, "one answer to each question"
        seen, repeated = repeats(answers(actor))
        assert seen == repeats(decided)[0]
        doubled += repeated - repeats(decided)[1]
    assert doubled <= KILLS * 5, "only what was on the wire when the bot was killed may come twice"
    statuses = await outbox_statuses(database)
    assert set(statuses) == {"sent"}


def conversation_of(log: dict[int, list[MessageRow]], actor: Actor) -> list[MessageRow]:
    """Somebody's conversation, found by the number of the first message that only this chat has."""
    mine = {(m.id, m.text) for m in actor.sees() if not m.from_bot}
    for rows in log.values():
        if {(r.external_id, r.text) for r in rows if r.direction == "in"} == mine:
            return rows
    raise AssertionError(f"{actor.person.name}'s questions are not in the log as they were asked")


async def outbox_statuses(database: str) -> Counter[str]:
    """How many messages ended how."""
    engine = open_engine(database)
    async with engine.connect() as connection:
        found = await connection.exec_driver_sql("SELECT status FROM outbox")
        counted = Counter(row[0] for row in found)
    await engine.dispose()
    return counted


async def quiet(telegram: Sandbox, seconds: float = 1.5) -> None:
    """Return when nothing has been sent for a while and no update waits."""
    loop = asyncio.get_running_loop()
    count, since = -1, loop.time()
    end = since + 60
    while loop.time() - since < seconds:
        now = len(telegram.calls.of("sendMessage"))
        if now != count or telegram.core.updates.pending:
            count, since = now, loop.time()
        assert loop.time() < end, "the bot does not come to rest"
        await asyncio.sleep(0.05)
