"""Short words that stand for a button: 「2」, 「第二个」, 「都不是」; which ones, the catalogue says."""

from __future__ import annotations

import unicodedata

from bot.core.texts import Texts

CHOICES = {"first": 1, "second": 2, "third": 3}
PLACES = {"menu": "menu", "calc": "tools:calc", "doc": "tools:doc"}  # meanings that are places of the menu


class Heard:
    """Knows what a person means who types what stands on a button."""

    def __init__(self, texts: Texts) -> None:
        self._tails = texts("heard_tails")
        groups = texts.under("heard").items()
        self._meant = {bare(word): meaning for meaning, words in groups for word in words.split()}
        labels = {f"cat:{c}:0": name for c, name in texts.under("menu.categories").items()}
        labels |= {f"tools:{t}": name for t, name in texts.under("menu.tools").items()}
        self._places = {bare(name): data for data, name in labels.items()}

    def __call__(self, text: str) -> str | None:
        """The meaning (a key below `heard` in the catalogue) of a message that holds nothing else."""
        words = bare(text)
        return self._meant.get(words) or self._meant.get(words.rstrip(self._tails))

    def place(self, text: str) -> str | None:
        """The data of the menu's button whose label, or whose words, these are; with or without its picture."""
        return self._places.get(bare(text)) or PLACES.get(self(text) or "")

    def choice(self, text: str) -> int | None:
        """Which of the choices offered is meant, counted from 1."""
        return CHOICES.get(self(text) or "")


def bare(text: str) -> str:
    """Letters and digits only, in one width and case."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())
