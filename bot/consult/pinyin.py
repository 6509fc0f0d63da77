"""Repairs homophone typos (申清, 起封) where, and only where, a word is unknown but sounds like a known one."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable
from functools import lru_cache

LONGEST_WORD = 4
MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
NASALS = (("ing", "in"), ("eng", "en"), ("ang", "an"))
NUMERALS = frozenset("零一二两三四五六七八九十百千万亿半几")


@lru_cache(maxsize=8192)
def sound(character: str) -> str:
    """How a character sounds to a southern ear: without tone, zh = z, n = l, -ng = -n."""
    import pypinyin  # at first use: its tables are large, and `main.py` says beforehand which of them are not needed

    said = str(pypinyin.lazy_pinyin(character)[0])
    said = "".join(each for each in unicodedata.normalize("NFD", said) if each.isascii())
    for full, short in MERGED:
        if said.startswith(full):
            said = short + said[len(full) :]
            break
    for full, short in NASALS:
        if said.endswith(full):
            return said[: -len(full)] + short
    return said


class Repair:
    """Exchanges unknown words for the one known word that sounds the same."""

    def __init__(self, words: Iterable[str], known: Container[str]) -> None:
        """Takes the words worth repairing to, and what counts as known (pairs of characters)."""
        self._known = known
        self._by_sound: dict[tuple[str, ...], str | None] = {}
        for word in sorted(set(words)):
            if 2 <= len(word) <= LONGEST_WORD:
                key = tuple(map(sound, word))
                self._by_sound[key] = word if key not in self._by_sound else None

    def __call__(self, clause: str) -> str:
        """The clause with its unknown words repaired."""
        position = 0
        while position < len(clause) - 1:
            if clause[position : position + 2] not in self._known:
                clause, position = self._repaired(clause, position)
            position += 1
        return clause

    def _repaired(self, clause: str, position: int) -> tuple[str, int]:
        """Tries the windows around an unknown pair, longest first."""
        for length in range(LONGEST_WORD, 1, -1):
            for start in range(max(0, position + 2 - length), position + 1):
                window = clause[start : start + length]
                if len(window) < length:
                    continue
                word = self._by_sound.get(tuple(map(sound, window)))
                if word and word != window and not _counts(window, word):
                    return clause[:start] + word + clause[start + length :], start + length - 1
        return clause, position


def _counts(window: str, word: str) -> bool:
    """Whether the word would swallow a numeral: 先还三千行不行 names a sum, not 欠薪."""
    return any(here in NUMERALS and here != there for here, there in zip(window, word, strict=True))
