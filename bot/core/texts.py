"""The text catalogue: every sentence that a person reads, by dotted key, outside Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter

import yaml

DEFAULT = Path(__file__).with_name("texts.zh-CN.yaml")


class Texts:
    """Sentences by key; `texts("handoff.registered", number=3)` fills the placeholders."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._entries = dict(entries)

    @classmethod
    @cache
    def load(cls, path: Path = DEFAULT) -> Texts:
        """Read a catalogue file: nested mappings, joined with dots. It is part of the program, so it is read once."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C, ten times as fast, where it is installed
        return cls(dict(_flat(yaml.load(path.read_text(encoding="utf-8"), loader))))  # noqa: S506 - a safe loader

    def __call__(self, key: str, **params: object) -> str:
        """The sentence of that key. KeyError for an unknown key or a missing placeholder."""
        return self._entries[key].rstrip("\n").format(**params)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def keys(self) -> frozenset[str]:
        """All keys, for the test that compares them with those used."""
        return frozenset(self._entries)

    def under(self, prefix: str) -> dict[str, str]:
        """The sentences below a key, by the rest of their key, in the file's order."""
        head = prefix + "."
        return {k[len(head) :]: v for k, v in self._entries.items() if k.startswith(head)}

    def placeholders(self, key: str) -> frozenset[str]:
        """Names that a sentence wants filled."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self._entries[key]) if name)


def _flat(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from _flat(value, path)
        else:
            yield path, str(value)
