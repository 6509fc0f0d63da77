"""Reading the program's own source, for the tests of the house."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("bot", "handlers", "console", "commands", "sandbox")
CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True)
class Module:
    """A file of the program, parsed."""

    name: str  # bot.dialogue.talk
    path: Path
    tree: ast.Module

    @property
    def shown(self) -> str:
        """The path as a reader looks for it."""
        return str(self.path.relative_to(ROOT))

    def imports(self) -> Iterator[tuple[str, int]]:
        """Full names of what it imports, with the line; also inside functions and `if TYPE_CHECKING`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    yield f"{node.module}.{alias.name}", node.lineno

    def strings(self) -> Iterator[tuple[str, int]]:
        """String literals that are no docstrings, parts of f-strings included."""
        documentation = set(_docstrings(self.tree))
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                yield node.value, node.lineno


def _docstrings(tree: ast.Module) -> Iterator[int]:
    """Ids of the nodes of docstrings, those below class attributes included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


@lru_cache(maxsize=1)
def program() -> tuple[Module, ...]:
    """All modules of the program, tests excepted."""
    paths = [ROOT / "main.py", *(p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py")))]
    return tuple(_parsed(p) for p in paths)


@lru_cache(maxsize=1)
def stories() -> tuple[Module, ...]:
    """All modules of the tests."""
    return tuple(_parsed(p) for p in sorted((ROOT / "tests").rglob("*.py")))


def _parsed(path: Path) -> Module:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    return Module(name, path, ast.parse(path.read_text(encoding="utf-8")))


def belongs(name: str, package: str) -> bool:
    """Whether a dotted name is that package or lies in it."""
    return name == package or name.startswith(f"{package}.")
