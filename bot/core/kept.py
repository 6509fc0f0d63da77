"""Files that clerks may save while the program runs: looked at when they have changed; a mistake replaces nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from bot.core.errors import KnowledgeError
from bot.core.faults import Fault, Problem
from bot.core.log import get

T = TypeVar("T")
log = get(__name__)


def stamp(paths: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """Names, times and sizes of files: cheap to compare, so that a change is noticed; zeros for what is not there."""
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return path.name, 0, 0
    return path.name, found.st_mtime_ns, found.st_size


class Looked:
    """Files that count after a restart: what is wrong with them is found when they are saved."""

    live = False  # whether a sound change counts at once

    def __init__(self, name: str, state: Callable[[], object], check: Callable[[], Sequence[Problem]]) -> None:
        """`state` tells whether anything has changed, `check` what is wrong; the files are sound to begin with."""
        self.name = name
        self._state = state
        self._check = check
        self._seen = state()
        self._faults: list[Problem] = []

    def faults(self) -> Sequence[Problem]:
        """What is wrong with the files as they are now; they are read only when they have changed."""
        now = self._state()
        if now != self._seen:
            self._seen = now
            self._faults = [p for p in self._checked() if not p.notice]
            if self._faults:
                log.warning("file.broken", file=self.name, problems=[str(p) for p in self._faults])
            else:
                log.info("file.sound", file=self.name)
        return self._faults

    def _checked(self) -> Sequence[Problem]:
        try:
            return self._check()
        except Exception as error:
            # Of a shape that nobody has thought of: a bot that serves must not stop for it.
            log.exception("file.unread", file=self.name)
            return [Problem(self.name, 0, Fault("file.shape", why=error))]


class Kept(Looked, Generic[T]):
    """What was read from files: exchanged when a sound change is saved, kept when it is not."""

    live = True

    def __init__(
        self, name: str, state: Callable[[], object], read: Callable[[], tuple[T | None, Sequence[Problem]]]
    ) -> None:
        """`read` gives None, or real problems, for what cannot be used; KnowledgeError if that is so at the start."""
        super().__init__(name, state, self._again)
        self._read = read
        value, problems = read()
        wrong = [p for p in problems if not p.notice]
        if value is None or wrong:
            raise KnowledgeError(wrong)
        self._value: T = value

    def __call__(self) -> T:
        """What is in force; looks whether the files have changed, which costs microseconds."""
        self.faults()
        return self._value

    def _again(self) -> Sequence[Problem]:
        value, problems = self._read()
        if value is not None and all(p.notice for p in problems):
            self._value = value
        return problems
