"""The console's words: every label that a page names exists, and none stands there for nothing."""

from __future__ import annotations

import re

from bot.core.texts import Texts
from tests.architecture.source import ROOT

TEXTS = Texts.load(ROOT / "console" / "texts.zh-CN.yaml")
BOT = Texts.load()
SOURCES = sorted((ROOT / "console").rglob("*.py"))
NAMED = re.compile(r"""(?:\bt|\btexts|_texts|_page)\(\s*(f?)["']([a-z_]+\.[^"']+)["']""")
FAMILY = re.compile(r"""(?:page|self)\.label[(,]\s*["']([a-z_.]+)["']""")
BARE = re.compile(r"""["']((?:[a-z_]+)\.[\w.]+)["']""")


def _named() -> list[tuple[str, str]]:
    """(file, pattern) of every key that is named as such."""
    found = []
    for path in SOURCES:
        for is_pattern, key in NAMED.findall(path.read_text(encoding="utf-8")):
            pattern = re.sub(r"\\\{[^}]*\\\}", r"[\\w.-]+", re.escape(key)) if is_pattern else re.escape(key)
            found.append((path.name, pattern))
    return found


def test_every_label_that_is_named_exists() -> None:
    """A misspelt key would only fail when somebody opens the page."""
    keys = TEXTS.keys() | BOT.keys()
    wrong = [f"{file}: {p}" for file, p in _named() if not any(re.fullmatch(p, key) for key in keys)]
    assert wrong == []


def test_every_family_of_labels_exists() -> None:
    """A page that shows a status in words has words for it."""
    families = {f for path in SOURCES for f in FAMILY.findall(path.read_text(encoding="utf-8"))}
    assert sorted(f for f in families if not TEXTS.under(f) and not BOT.under(f)) == []


def test_no_label_stands_there_for_nothing() -> None:
    """A key that no page names is deleted."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    families = {f for path in SOURCES for f in FAMILY.findall(path.read_text(encoding="utf-8"))}
    bare, patterns = set(BARE.findall(source)), [p for _, p in _named()]
    indirect = ("campaign_wrong", "task")  # found by the code of a refusal
    unused = [
        key
        for key in sorted(TEXTS.keys())
        if key not in bare
        and key.partition(".")[0] not in indirect
        and not any(key.startswith(f"{f}.") for f in families)
        and not any(re.fullmatch(p, key) for p in patterns)
    ]
    assert unused == []
