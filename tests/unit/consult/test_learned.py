"""What was learned is kept in a file, and is never trusted when it does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.consult.features import FeatureSettings
from bot.consult.loader import read
from bot.consult.matcher import Matcher
from bot.consult.model import Knowledge, Verdict
from bot.consult.ranking import RankerSettings
from tests.small_faq import small_faq

QUESTIONS = ("执行费要交多少", "起封的卡怎么办", "怎么申请强制执行", "监外执行", "老赖能坐高铁吗")


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """A few topics."""
    return read(small_faq(tmp_path_factory.mktemp("small"))).knowledge()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where it is kept; the folder is made when it is needed."""
    return tmp_path / "data" / "matcher.npz"


def verdicts(matcher: Matcher) -> list[Verdict]:
    """What it makes of a few questions."""
    return [matcher.match(each) for each in QUESTIONS]


def test_a_second_start_gives_the_same_verdicts(knowledge: Knowledge, file: Path) -> None:
    """Learned, kept, read again: the same to the last digit."""
    first = verdicts(Matcher(knowledge, kept=file))
    written = file.stat().st_mtime_ns
    assert verdicts(Matcher(knowledge, kept=file)) == first == verdicts(Matcher(knowledge))
    assert file.stat().st_mtime_ns == written
    assert [each.name for each in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_a_broken_file_is_made_anew(knowledge: Knowledge, file: Path, content: bytes) -> None:
    """It costs time, not the start."""
    file.parent.mkdir()
    file.write_bytes(content)
    assert verdicts(Matcher(knowledge, kept=file)) == verdicts(Matcher(knowledge))
    assert file.read_bytes() != content


def test_a_file_of_other_phrasings_words_or_settings_is_not_used(knowledge: Knowledge, file: Path) -> None:
    """The key holds what is learned from, the settings and the code."""
    topic, entry = next(iter(knowledge.entries.items()))
    more = replace(entry, phrasings=(*entry.phrasings, "换一种从来没有人用过的说法"))
    seen = set()
    for other in (
        replace(knowledge, entries={**knowledge.entries, topic: more}),
        replace(knowledge, lexicon=replace(knowledge.lexicon, sections={**knowledge.lexicon.sections, "asking": ["咋"]})),
        knowledge,
    ):
        Matcher(other, kept=file)
        seen.add(file.read_bytes())
    Matcher(knowledge, kept=file, ranking=RankerSettings(features=FeatureSettings(concepts=0.5)))
    assert len(seen | {file.read_bytes()}) == 4


def test_a_change_of_answers_is_not_learned_anew(knowledge: Knowledge, file: Path) -> None:
    """So that a clerk's correction of a sentence serves in a moment."""
    Matcher(knowledge, kept=file)
    written = file.stat().st_mtime_ns
    changed = {topic: replace(entry, answer="改过的回答") for topic, entry in knowledge.entries.items()}
    matcher = Matcher(replace(knowledge, entries=changed, version="another"), kept=file)
    assert file.stat().st_mtime_ns == written
    assert matcher.knowledge.version == "another"


def test_a_file_whose_parts_do_not_fit_together_is_not_used(knowledge: Knowledge, file: Path) -> None:
    """The right key alone is not believed."""
    Matcher(knowledge, kept=file)
    with np.load(file) as content:
        arrays = {name: content[name] for name in content.files}
    np.savez(file, **{**arrays, "texts": arrays["texts"][:10]})
    assert verdicts(Matcher(knowledge, kept=file)) == verdicts(Matcher(knowledge))


def test_a_folder_that_cannot_be_written_to_stops_nobody(knowledge: Knowledge, tmp_path: Path) -> None:
    """Here a file stands where the folder should be."""
    (tmp_path / "data").write_text("in the way")
    assert verdicts(Matcher(knowledge, kept=tmp_path / "data" / "matcher.npz")) == verdicts(Matcher(knowledge))
