"""The table of Bot API methods."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.core import Core
from sandbox.params import Args

Handler: TypeAlias = Callable[[Core, Args], Awaitable[Any]]
METHODS: dict[str, tuple[str, Handler]] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """A result that comes with a description."""

    result: Any
    description: str


def method(*names: str) -> Callable[[Handler], Handler]:
    """Register a handler under one or more names (they are not case-sensitive)."""

    def register(handler: Handler) -> Handler:
        for name in names:
            METHODS[name.lower()] = (name, handler)
        return handler

    return register
