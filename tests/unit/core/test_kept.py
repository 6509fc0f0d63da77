"""What was read from files is exchanged for a sound change only."""

from __future__ import annotations

import pytest

from bot.core.errors import KnowledgeError
from bot.core.faults import Fault, Problem
from bot.core.kept import Kept, Looked

FAULT = Problem("x.yaml", 3, Fault("file.empty"))


class File:
    """A file as a test sets it."""

    def __init__(self) -> None:
        self.state = 0
        self.value: str | None = "old"
        self.problems: list[Problem] = []
        self.reads = 0

    def read(self) -> tuple[str | None, list[Problem]]:
        """The value with what is wrong."""
        self.reads += 1
        return self.value, self.problems

    def save(self, value: str | None, *problems: Problem) -> None:
        """Another state."""
        self.state += 1
        self.value, self.problems = value, list(problems)


def test_a_sound_change_counts_and_a_mistake_does_not() -> None:
    """Read once for each state; the old value serves while there is a fault."""
    file = File()
    kept = Kept("x.yaml", lambda: file.state, file.read)
    assert (kept(), list(kept.faults()), file.reads) == ("old", [], 1)
    file.save("bad", FAULT)
    assert (kept(), list(kept.faults()), file.reads) == ("old", [FAULT], 2)
    file.save("new", Problem("x.yaml", 3, Fault("file.empty"), notice=True))
    assert (kept(), list(kept.faults()), file.reads) == ("new", [], 3)
    file.save(None, FAULT)
    assert kept() == "new"


def test_nothing_starts_on_a_broken_file() -> None:
    """All problems are named."""
    file = File()
    file.save(None, FAULT)
    with pytest.raises(KnowledgeError, match=r"x\.yaml:3: "):
        Kept("x.yaml", lambda: file.state, file.read)


def test_a_file_of_a_shape_that_nobody_thought_of_is_a_fault() -> None:
    """Whatever reading breaks on: a bot that serves must not stop for it."""
    state = 0

    def check() -> list[Problem]:
        raise AttributeError("no such thing")

    looked = Looked("x.yaml", lambda: state, check)
    assert looked.faults() == []
    state = 1
    assert [p.code for p in looked.faults()] == ["file.shape"]
