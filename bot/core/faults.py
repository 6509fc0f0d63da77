"""Faults of what clerks write in `faq/`: a place, a code and values; the sentence stands in `faults.zh-CN.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from typing_extensions import override

from bot.core.texts import Texts

CATALOGUE = Path(__file__).with_name("faults.zh-CN.yaml")
_BETWEEN = "、"


@lru_cache(maxsize=1)
def words() -> Texts:
    """The sentences, read when the first fault is told."""
    return Texts.load(CATALOGUE)


@dataclass(frozen=True, order=True, init=False, slots=True)
class Fault:
    """What is wrong: `Fault("file.missing_key", name="title")` fills the sentence of that code."""

    code: str
    values: tuple[tuple[str, str], ...]

    def __init__(self, code: str, /, **values: object) -> None:
        """Several values of one name are listed; anything else is written as it is."""
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "values", tuple((name, _written(value)) for name, value in values.items()))

    @override
    def __str__(self) -> str:
        return words()(self.code, **dict(self.values))


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """A fault with its place: something in `faq/` that a person must look at."""

    file: str
    line: int
    fault: Fault
    about: str = ""  # the entry, field or court that it is about
    notice: bool = False  # worth knowing, but nothing is wrong

    @property
    def code(self) -> str:
        """Which fault it is."""
        return self.fault.code

    @property
    def message(self) -> str:
        """What a clerk reads: about what, what to do, and why."""
        return words()("about", about=self.about, said=self.fault) if self.about else str(self.fault)

    @override
    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def _written(value: object) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return _BETWEEN.join(map(str, value))
    return str(value)
