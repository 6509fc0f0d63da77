"""Errors as facts: a code that is a key of the text catalogue, and its parameters; never prose."""

from __future__ import annotations

from collections.abc import Iterable


class ZhiyuanError(Exception):
    """Something that a person must hear about; `code` is its key in the text catalogue."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}" if params else code)


class SettingsError(Exception):
    """A setting is unknown, missing or impossible; the message names it and says what to do."""


class StoreUnavailableError(Exception):
    """The database cannot be reached or written just now; the same may be tried again later."""


class KnowledgeError(Exception):
    """The knowledge in `faq/` cannot be used; `problems` lists file, line and reason."""

    def __init__(self, problems: Iterable[object]) -> None:
        """Problems, faults without a place, or lines."""
        self.problems = [str(problem) for problem in problems]
        super().__init__("\n".join(self.problems))
