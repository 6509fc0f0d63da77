"""`faq/replies.yaml` is checked with file and line, and taken over when a sound change is saved."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.core.errors import KnowledgeError
from bot.dialogue.flows import PATHS
from bot.reach.intents import FILE, Intent, Replies, check
from tests.world import ROOT

MONDAY = date(2026, 11, 23)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the shipped file."""
    shutil.copy(ROOT / "faq" / FILE, tmp_path / FILE)
    return tmp_path


def changed(folder: Path, old: str, new: str) -> int:
    """Change the file; the line at which the change begins."""
    path = folder / FILE
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    return before[: before.index(old)].count("\n") + 1


def wrong(folder: Path) -> list[str]:
    """What is wrong with the file, with its line."""
    return [f"{p.file}:{p.line}: {p.code} {p}" for p in check(folder, PATHS) if not p.notice]


def test_the_shipped_file_is_sound() -> None:
    """No problem, and every stop word that a reminder names is understood."""
    assert wrong(ROOT / "faq") == []
    replies = Replies(ROOT / "faq")
    assert all(replies.stops(word) for word in ("退订", "停止", "TD", "STOP", "t"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  notme:\n", "  notmee:\n", "file.unknown"),
        ("  thanks:\n", "  plan:\n", "file.twice"),
        ("[退订, 停止,", "退订 # [停止,", "reply.list"),
        ("has: [退订,", "has: [停, 退订,", "reply.short"),
        ("has: [退订,", "has: [怎么退订, 退订,", "reply.never"),
        ("has: [退订,", "has: ['！！', 退订,", "reply.bare"),
        ("back: [上一步,", "back: [取消, 上一步,", "reply.answer_twice"),
        ("asking: [吗,", "askings: [吗,", "file.unknown"),
        ("paths:\n", "paths:\n  no_such_path: {has: [开始办理]}\n", "file.unknown"),
    ],
)
def test_every_mistake_is_named_with_its_line(folder: Path, old: str, new: str, said: str) -> None:
    """Unknown and repeated names, what is no list, words that count nowhere or everywhere."""
    line = changed(folder, old, new)
    lines = range(line, line + 30)
    assert any(said in p and int(p.split(":")[1]) in lines for p in wrong(folder)), wrong(folder)


def test_a_word_may_have_a_gap(folder: Path) -> None:
    """乱…判 stands for both with a few letters between them."""
    changed(folder, "has: [有异议,", "has: [乱…判, 有异议,")
    replies = Replies(folder)
    assert replies.meaning("乱鸡儿判", MONDAY).intent is Intent.DISPUTE
    assert replies.meaning("乱，七八糟的一些话，判", MONDAY).intent is None


def test_what_is_no_yaml_or_not_there_is_named(folder: Path) -> None:
    """The line at which reading stops; a file in another encoding; a missing section; no file."""
    line = changed(folder, "  notme:\n", "  notme: [\n")
    assert any(int(p.split(":")[1]) >= line for p in wrong(folder))
    (folder / FILE).write_bytes("intents: {}\n# 退订".encode("gb18030"))
    assert [each.split(" ")[:2] for each in wrong(folder)] == [[f"{FILE}:2:", "file.encoding"]]
    (folder / FILE).write_text("intents: {}\n", encoding="utf-8")
    assert any("file.missing_key" in p and "answers" in p for p in wrong(folder))
    assert any("reply.no_meaning" in p and "stop" in p for p in wrong(folder))
    (folder / FILE).unlink()
    with pytest.raises(KnowledgeError, match=FILE):
        Replies(folder)


def test_a_saved_change_counts_with_the_next_message_and_a_mistake_does_not(folder: Path) -> None:
    """Read again when the file has changed; a broken one leaves what was read before in force, until it is mended."""
    replies = Replies(folder)
    assert not replies.stops("冇得兴趣")
    changed(folder, "only: [退订,", "only: [冇得兴趣, 退订,")
    assert replies.stops("冇得兴趣")
    changed(folder, "  notme:\n", "  notmee:\n")
    assert replies.stops("冇得兴趣")
    assert replies.meaning("不是我", MONDAY).intent is Intent.NOTME
    changed(folder, "only: [冇得兴趣, ", "only: [冇得意思, ")
    changed(folder, "  notmee:\n", "  notme:\n")
    assert replies.stops("冇得意思")
    assert not replies.stops("冇得兴趣")
