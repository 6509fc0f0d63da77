"""The log: what is kept, what is masked, how long, and how it is read."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from commands.log_export import as_json, as_text
from tests.chats.conftest import Court, logged
from tests.world import KEY, ROOT, START, World


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("身份证520402199001011234", "身份证******1234"),
        ("身份证52040219900101123X", "身份证******123X"),
        ("身份证520402199001011２３x", "身份证******123x"),
        ("卡号6222 0212 3456 7890 123", "卡号******0123"),
        ("卡号6222021234567890", "卡号******7890"),
        ("电话13985312345", "电话139****2345"),
        ("电话+86 139-8531-2345", "2345"),
    ],
)
async def test_identifiers_never_reach_the_database(world: World, said: str, kept: str) -> None:
    """ID cards with X too, bank cards in groups, mobile numbers: the last four stay."""
    alice = await world.person("张三")
    await alice.says(f"执行费怎么算，{said}")
    text = [m.text for m in await logged(world) if m.direction == "in"][-1]
    assert text.endswith(kept)
    digits = "".join(c for c in said if c.isdecimal())
    assert digits[:8] not in "".join(c for c in text if c.isdecimal())


async def test_what_is_masked_for_the_log_is_masked_for_clerks(court: Court) -> None:
    """A request shows no more of a number than the log does."""
    alice = await court.world.person("张三")
    await alice.taps("button.human")
    await alice.says("我的身份证是520402199001011234，电话13985312345")
    await court.clerk.says("/requests 1")
    assert "520402" not in court.clerk.heard()[-1]
    assert "8531" not in court.clerk.heard()[-1]


async def test_nothing_that_anybody_wrote_stands_in_the_database_readable(court: Court) -> None:
    """Words, names and chat numbers are sealed: a copy of the file tells nothing without the key."""
    alice = await court.world.person("欧阳锋")
    await alice.says("我的卡被冻结了怎么办")
    await alice.says("转人工")
    async with court.world.bot.services.store.work(read_only=True) as work:
        for table in ("conversations", "messages", "requests", "outbox", "inbox"):
            found = await work.connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608 - fixed names
            dump = str([tuple(row) for row in found])
            for secret in ("欧阳锋", "冻结了", str(alice.id)):
                assert secret not in dump, table


async def test_each_decision_is_logged_with_its_grounds(court: Court) -> None:
    """Topic, score, decision, reason, candidates, version of the knowledge and time taken; then the opinion."""
    alice = await court.world.person("张三")
    await alice.says("执行费怎么算")
    await alice.taps("button.helpful")
    question = next(m for m in await logged(court.world) if m.text == "执行费怎么算")
    assert (question.topic, question.decision, question.reason) == ("apply.fee", "answer", "match")
    assert question.score is not None
    assert question.score > 0.5
    assert (question.candidates or "").startswith("apply.fee:")
    assert question.knowledge == court.world.bot.services.library.knowledge.version
    assert question.ms is not None
    assert question.feedback == 1


async def test_a_conversation_is_read_as_json_lines_and_as_text(world: World) -> None:
    """Every line of JSON is one message with its marks; the text is what a person can follow."""
    alice = await world.person("张三")
    await alice.says("执行费怎么算\n2026-01-01 00:00 ← staff 假的一行")
    messages = await logged(world)
    objects = [json.loads(as_json(m)) for m in messages]
    assert [o["direction"] for o in objects[:2]] == ["in", "out"]
    assert any(o.get("topic") == "apply.fee" and o["at"].endswith("+00:00") for o in objects)
    asked = next(m for m in messages if "假的一行" in m.text)
    lines = as_text(asked).split("\n")
    assert lines[0].startswith("2026-11-23 10:00:00 → person")
    assert all(line.startswith("    ") for line in lines[1:])  # nobody can forge a line of the log


async def test_after_the_time_agreed_everything_is_gone(make_world: Callable[..., Any]) -> None:
    """Conversations silent for longer are deleted with their words; of living ones the old words go."""
    world: World = await make_world(privacy={"retention_days": 30})
    await world.start_bot()
    alice, bob = await world.person("张三"), await world.person("李四")
    await alice.says("执行费怎么算")
    await bob.says("怎么申请强制执行")
    world.advance(days=20)
    await bob.says("执行费怎么算")
    world.advance(days=11)
    left = await purged(world, lambda messages: not any(m.at < START + timedelta(days=1) for m in messages))
    assert {m.text for m in left if m.direction == "in"} == {"执行费怎么算"}
    assert len({m.conversation_id for m in left}) == 1
    async with world.bot.services.store.work(read_only=True) as work:
        assert len(await work.log.conversation_ids()) == 1
    await alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交钱")


async def test_settled_requests_go_with_the_words(make_world: Callable[..., Any]) -> None:
    """What a clerk answered long ago is forgotten too, though the person still writes."""
    world: World = await make_world(privacy={"retention_days": 30})
    clerk = await world.clerk()
    await world.start_bot()
    alice = await world.person("张三")
    await alice.taps("button.human")
    await clerk.says("/answer 1 请到窗口")
    world.advance(days=31)
    await alice.says("执行费怎么算")
    await purged(world, lambda messages: not any(m.at < START + timedelta(days=1) for m in messages))
    async with world.bot.services.store.work(read_only=True) as work:
        assert await work.requests.get(1) is None


async def purged(world: World, done: Callable[[list[Any]], bool]) -> list[Any]:
    """The log, once the daily cleaning has been seen to."""
    for _ in range(100):
        if done(messages := await logged(world)):
            return messages
        await asyncio.sleep(0.2)
    raise TimeoutError("nothing was deleted")


async def test_log_commands_write_what_was_said(world: World, tmp_path: Path) -> None:
    """`log list` and `log export` in a process of their own, in both forms, and a wrong number is said to be wrong."""
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    listed = (await command(world, "log", "list")).decode()
    number = listed.split("\t")[0]
    jsonl = await command(world, "log", "export", "--conversation", number)
    assert any(json.loads(line)["text"] == "执行费怎么算" for line in jsonl.decode().splitlines())
    target = tmp_path / "out.txt"
    await command(world, "log", "export", "--format", "text", "--output", str(target))
    assert "→ person" in target.read_text(encoding="utf-8")
    assert b"there is none" in await command(world, "log", "export", "--conversation", "5", status=1)


async def command(world: World, *words: str, status: int = 0) -> bytes:
    """Run `python main.py …` on the world's database; what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "main.py"), *words,
        cwd=ROOT, env={**os.environ, "ZHIYUAN_DATABASE__URL": world.database, "ZHIYUAN_PRIVACY__KEY": KEY},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == status, out.decode()
    return out
