"""The list of agencies that assist with online auctions (网拍辅助机构名单库), as the operator fills it in."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core import written
from bot.core.errors import KnowledgeError
from bot.core.faults import Fault
from bot.core.written import Unreadable


@dataclass(frozen=True, slots=True)
class Agencies:
    """One line per agency, in the operator's words; `empty` is said when none is filled in."""

    lines: tuple[str, ...]
    empty: str

    @classmethod
    def read(cls, folder: Path) -> Agencies:
        """From `auction_agencies` of `courts.yaml`; KnowledgeError when it cannot be read."""
        path = folder / "courts.yaml"
        try:
            root = written.read(path, str(path))
            data = root.value()
        except Unreadable as bad:
            raise KnowledgeError([bad.problem]) from bad
        try:
            lines = tuple(str(line).strip() for line in data.get("auction_agencies") or ())
            return cls(lines, str(data.get("auction_agencies_empty") or "").strip())
        except (AttributeError, TypeError) as error:
            raise KnowledgeError([root.problem(Fault("court.names", name="auction_agencies"))]) from error

    def search(self, text: str = "") -> Sequence[str]:
        """The agencies whose line holds every word of `text`; all without words. Anybody may ask."""
        words = _folded(text).split()
        return [line for line in self.lines if all(word in _folded(line) for word in words)]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
