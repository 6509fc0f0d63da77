"""The courts of this installation: the fixed list of `faq/courts.yaml`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core import written
from bot.core.errors import KnowledgeError
from bot.core.faults import Fault
from bot.core.written import Unreadable
from bot.ledger.model import Broken


@dataclass(frozen=True, slots=True)
class Court:
    """A court: its id in the ledger and its full name."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    level: str = "basic"  # intermediate: sees the cases of all
    hours: str = ""  # when the window is open, in the operator's words; empty: not filled in

    @property
    def short(self) -> str:
        """What people call it."""
        return self.aliases[0] if self.aliases else self.name


class Courts:
    """The courts by id, by name, and by what people call them."""

    def __init__(self, courts: tuple[Court, ...]) -> None:
        self._courts = {c.id: c for c in courts}
        self._called = {word: c.id for c in courts for word in (c.id, c.name, *c.aliases)}

    @classmethod
    def read(cls, folder: Path) -> Courts:
        """The courts of `courts.yaml` in that folder; KnowledgeError when it cannot be used."""
        path = folder / "courts.yaml"
        try:
            root = written.read(path, str(path))
            data = root.value()
        except Unreadable as bad:
            raise KnowledgeError([bad.problem]) from bad
        try:
            return cls(tuple(_court(c) for c in data["courts"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise KnowledgeError([root.problem(Fault("court.list"))]) from error

    def __iter__(self) -> Iterator[Court]:
        return iter(self._courts.values())

    def get(self, court_id: str) -> Court | None:
        """The court with that id."""
        return self._courts.get(court_id)

    def sees_all(self, court_id: str) -> bool:
        """Whether the cases of all courts are that court's business."""
        return court_id in self._courts and self._courts[court_id].level == "intermediate"

    def first(self) -> str:
        """The court of whoever belongs to none: the intermediate one, else the first of the list."""
        above = [c.id for c in self if c.level == "intermediate"]
        return next(iter([*above, *self._courts]), "")

    def name(self, court_id: str) -> str:
        """The full name; the id itself for a court that has left the list."""
        return self._courts[court_id].name if court_id in self._courts else court_id

    def find(self, text: str) -> str:
        """The id of the court that is meant; Broken `court` when it is none of the list."""
        called = unicodedata.normalize("NFKC", text).strip()
        found = self._called.get(called) or self._called.get(called.removeprefix("贵州省"))
        if found is None:
            raise Broken("court", text=text[:40])
        return found


def _court(given: dict[str, Any]) -> Court:
    return Court(
        id=str(given["id"]),
        name=str(given["name"]),
        aliases=tuple(given.get("aliases") or ()),
        level=str(given.get("level") or "basic"),
        hours=str(given.get("hours") or ""),
    )
