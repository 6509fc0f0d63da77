"""Several copies of the bot on one PostgreSQL: one polls, the others take over when it dies."""

from __future__ import annotations

import pytest

from sandbox import Actor, Sandbox
from tests.conftest import new_postgres
from tests.integration.conftest import StartBot
from tests.integration.process import until

TEXTS = ("执行费怎么算", "卡被冻结了怎么办", "老赖名单怎么撤销")


def count(actor: Actor) -> int:
    """How often the bot has answered."""
    return sum(m.from_bot for m in actor.sees())


@pytest.mark.slow
async def test_when_the_polling_replica_is_killed_the_other_takes_over(
    telegram: Sandbox, new_sqlite_bot: StartBot, postgres_url: str
) -> None:
    """Two replicas, no conflict; after kill -9 of one, all questions are answered by the other, in order."""
    url = new_postgres(postgres_url)
    first, second = new_sqlite_bot(url=url), new_sqlite_bot(url=url)
    await first.start()
    await second.start()
    actors = [telegram.actor(f"P{n}") for n in range(12)]
    for actor in actors:
        actor.says(TEXTS[0])
    await until(lambda: all(count(a) == 1 for a in actors), 30, "the first round is answered")
    for actor in actors:
        actor.says(TEXTS[1])
    await first.kill()
    for actor in actors:
        actor.says(TEXTS[2])
    await until(lambda: all(count(a) >= 3 for a in actors), 60, "the other replica has answered")
    assert telegram.calls.statuses[409] == 0
    for actor in actors:
        said = [m.text for m in actor.sees() if m.from_bot]
        assert len(said) <= 4, "at most the one in flight twice"
    assert await second.stop() == 0
    assert "Traceback" not in second.said()


@pytest.mark.slow
async def test_replicas_behind_one_webhook_keep_each_chats_order(
    telegram: Sandbox, new_sqlite_bot: StartBot, postgres_url: str
) -> None:
    """An update may reach either replica; the answers of a chat come in the order of its questions."""
    url = new_postgres(postgres_url)
    first = new_sqlite_bot("webhook", url=url)
    await first.start()
    second = new_sqlite_bot("webhook", url=url)
    await second.start()  # the hook now points to the second
    alice = telegram.actor("张三")
    alice.says(TEXTS[0])
    await alice.hears("申请执行不用先交钱", timeout=15)
    await first.stop()
    await first.start()  # and back to the first, while the second lives on
    for _ in range(3):
        alice.says(TEXTS[0])
    await until(lambda: count(alice) == 4, 20, "all are answered")
    await second.kill()
    alice.says(TEXTS[0])
    await until(lambda: count(alice) == 5, 20, "and after the other's death")
