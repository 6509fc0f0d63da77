"""A small `faq/` made from the shipped one: a few topics and kinds, so that tests may change and train it quickly."""

from __future__ import annotations

import shutil
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

from bot.consult.loader import read
from bot.consult.matcher import Matcher
from bot.consult.model import Knowledge

SHIPPED = Path(__file__).parent.parent / "faq"
TODAY = date(2026, 11, 23)
TOPICS = ("apply.fee", "apply.how", "apply.time_limit", "measures.consumption", "property.bank", "chat.greeting")
KINDS = ("outside.divorce", "outside.prison")
PHRASINGS = 14


def small_faq(folder: Path) -> Path:
    """The folder with the small knowledge, sound by `faq check`."""
    target = folder / "faq"
    (target / "topics").mkdir(parents=True)
    for name in ("laws", "lexicon", "courts"):
        shutil.copy(SHIPPED / f"{name}.yaml", target / f"{name}.yaml")
    entries = [each for path in sorted((SHIPPED / "topics").glob("*.yaml")) for each in _loaded(path)]
    chosen = [_shortened(each) for each in entries if each["id"] in TOPICS]
    _write(target / "topics" / "few.yaml", chosen)
    kinds = [each for each in _loaded(SHIPPED / "outside.yaml") if each["id"] in KINDS or each["id"].endswith("police")]
    _write(target / "outside.yaml", [{**each, "phrasings": each["phrasings"][:PHRASINGS]} for each in kinds])
    _write(target / "taxonomy.yaml", {each["id"]: each["title"] for each in chosen})
    return target


def _shortened(entry: dict[str, object]) -> dict[str, object]:
    phrasings = entry["phrasings"]
    assert isinstance(phrasings, list)
    related = [each for each in TOPICS if each != entry["id"]][:2]
    return {**entry, "phrasings": phrasings[:PHRASINGS], "related": related}


def _loaded(path: Path) -> list[dict[str, object]]:
    return list(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


def _write(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1000), encoding="utf-8")


@lru_cache(maxsize=1)
def shipped() -> Knowledge:
    """The shipped knowledge, read once."""
    return read(SHIPPED).knowledge()


@lru_cache(maxsize=1)
def matcher() -> Matcher:
    """The matcher over the shipped knowledge, built once."""
    return Matcher(shipped())
