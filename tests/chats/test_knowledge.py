"""The knowledge is changed while the bot runs: well, badly, and by the calendar."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.world import ROOT, TEXTS, Person, World, plain


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    """A copy of the shipped knowledge that a story may change."""
    copy = tmp_path / "faq"
    shutil.copytree(ROOT / "faq", copy)
    return copy


@pytest.fixture
async def editing(make_world_sqlite: Callable[..., Any], faq: Path) -> tuple[World, Person]:
    """A running bot on that copy, and a clerk."""
    world: World = await make_world_sqlite(faq=faq)
    clerk = await world.clerk()
    await world.start_bot()
    await world.settled()
    return world, clerk


def change(faq: Path, old: str, new: str, times: int = -1) -> None:
    """Save the topics of applying with some words changed."""
    path = faq / "topics/apply.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, times), encoding="utf-8")


def rename(faq: Path) -> None:
    """Give a topic another id, wherever it is named."""
    for path in [*faq.glob("topics/*.yaml"), faq / "taxonomy.yaml", faq / "lexicon.yaml"]:
        path.write_text(path.read_text(encoding="utf-8").replace("apply.fee", "apply.costs"), encoding="utf-8")


def remove(path: Path) -> None:
    """Delete a file."""
    path.unlink()


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something has happened by itself."""
    for _ in range(2400):  # a machine that is busy with other tests learns slowly
        if happened():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("it did not happen")


async def test_a_good_change_serves_within_seconds(editing: tuple[World, Person], faq: Path) -> None:
    """What a clerk saves is what the next asker reads, without a restart."""
    world, clerk = editing
    version = world.bot.services.library.knowledge.version
    change(faq, "**申请执行不用先交钱", "**申请执行不用先交一分钱")
    await until(lambda: world.bot.services.library.knowledge.version != version)
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交一分钱")
    assert not any("知识库" in text for text in clerk.heard())


async def test_a_broken_file_leaves_the_old_serving_and_is_told_once(editing: tuple[World, Person], faq: Path) -> None:
    """Administrators hear file and line, once for the same mistake; and again when it is mended."""
    world, clerk = editing
    change(faq, "reviewed: 2026-11-23", "reviewed: 2026-02-31", times=1)
    told = await clerk.actor.hears("知识库有 1 处错误", timeout=20)
    assert "topics/apply.yaml:" in told.text
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交钱")
    change(faq, "reviewed: 2026-02-31", "reviewed: 2026-02-31 ")
    await asyncio.sleep(3)
    assert sum("知识库有" in text for text in clerk.heard()) == 1
    change(faq, "reviewed: 2026-02-31 ", "reviewed: 2026-11-22")
    await clerk.actor.hears("知识库已更新", timeout=20)


async def test_a_deleted_or_empty_file_is_a_mistake_not_a_change(editing: tuple[World, Person], faq: Path) -> None:
    """Without the lexicon nobody would hear a cry for help: such a state is never taken over."""
    world, clerk = editing
    remove(faq / "lexicon.yaml")
    assert "lexicon.yaml" in (await clerk.actor.hears("知识库有", timeout=20)).text
    alice = await world.person("张三")
    await alice.says("我不想活了")
    await alice.hears("您现在的安全最要紧")


async def test_a_topic_removed_leaves_dead_buttons_only(editing: tuple[World, Person], faq: Path) -> None:
    """Old messages keep their buttons; a press on one that leads nowhere is answered kindly."""
    world, _ = editing
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    old = alice.actor.sees()[-1]
    rename(faq)
    await until(lambda: "apply.costs" in world.bot.services.library.knowledge.entries)
    alice.actor.taps(TEXTS("button.related"), old)
    await alice.hears("feedback.gone")


async def test_an_answer_past_its_day_is_withheld(editing: tuple[World, Person], faq: Path) -> None:
    """Asked, opened by an old button or read on: from the day after, it is not told, and a person is offered."""
    world, clerk = editing
    version = world.bot.services.library.knowledge.version
    text = (faq / "topics/apply.yaml").read_text(encoding="utf-8")
    head, fee = text.split("- id: apply.fee\n")
    fee = fee.replace("valid_to: null", "valid_to: 2026-12-31", 1)
    (faq / "topics/apply.yaml").write_text(f"{head}- id: apply.fee\n{fee}", encoding="utf-8")
    await until(lambda: world.bot.services.library.knowledge.version != version)
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交钱")
    world.advance(days=39)  # the first of January
    before = len(alice.heard())
    await alice.says("执行费怎么算")
    alice.actor.taps(TEXTS("button.more"))
    await world.settled()
    withheld = plain(TEXTS("handoff.expired"))
    assert alice.heard()[before:] == [withheld, withheld]
    assert TEXTS("button.human") in alice.buttons()
    change(faq, "reviewed: 2026-11-23", "reviewed: 2026-11-24")  # the rest can still be changed
    await until(lambda: world.bot.services.library.knowledge.version != version)
    assert not any("知识库有" in text for text in clerk.heard())


def save(path: Path, old: str, new: str) -> None:
    """Save a file with some words changed."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


async def test_faults_beside_the_topics_are_told_once_and_the_old_words_go_on(
    editing: tuple[World, Person], faq: Path
) -> None:
    """Replies, reminders, forms, words of the calculators and rates: file, line and what to do; and when it is mended."""
    world, clerk = editing
    alice = await world.person("张三")
    save(faq / "replies.yaml", "  notme:\n", "  notmee:\n")
    told = await clerk.actor.hears("faq/replies.yaml 有", timeout=20)
    line = (faq / "replies.yaml").read_text(encoding="utf-8").split("  notmee:\n")[0].count("\n") + 1
    assert f"replies.yaml:{line}: 请改正或删掉“notmee”" in told.text
    assert "仍用旧的内容" in told.text
    await alice.says("算执行费")  # the words of the old file still set out on a path
    await alice.hears("按多少钱算")
    save(faq / "replies.yaml", "  notmee:\n", "  notmee: \n")  # another state with the same mistake
    save(faq / "reminders.yaml", "per_day: 1", "per_day: 很多")
    told = await clerk.actor.hears("faq/reminders.yaml 有 1 处错误", timeout=20)
    assert "请把“per_day”写成" in told.text
    save(faq / "forms" / "clues.yaml", "side: ", "sides: ")
    told = await clerk.actor.hears("faq/forms 有 1 处错误", timeout=20)
    assert "forms/clues.yaml:" in told.text
    assert "下次就启动不了" in told.text
    save(faq / "rates.yaml", "lpr_1y: {}", "lpr_1y: {2026-01-20: 3.1}")
    assert "rates.yaml:10: lpr_1y：" in (await clerk.actor.hears("faq/rates.yaml 有 1 处错误", timeout=20)).text
    save(faq / "calculators.yaml", "interest:\n", "interest:\n\t")
    assert "换成空格" in (await clerk.actor.hears("faq/calculators.yaml 有 1 处错误", timeout=20)).text
    assert sum("faq/replies.yaml 有" in text for text in clerk.heard()) == 1
    save(faq / "replies.yaml", "  notmee: \n", "  notme:\n")
    await clerk.actor.hears("faq/replies.yaml 已改好", timeout=20)
    save(faq / "forms" / "clues.yaml", "sides: ", "side: ")
    await clerk.actor.hears("faq/forms 已改好，程序重新启动后生效", timeout=20)
