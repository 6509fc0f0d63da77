"""Mistakes that clerks make in `faq/`, each found with its file and line, and none of them stopping the check."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.consult.check import check
from bot.consult.loader import FILES, fingerprint, read
from bot.core.faults import Problem
from tests.world import ROOT

TODAY = date(2026, 11, 23)
TOPICS = "topics/apply.yaml"


@pytest.fixture(scope="module")
def shipped() -> list[Problem]:
    """What is said of the knowledge as it ships."""
    return check(ROOT / "faq", TODAY)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ships with as few phrasings as may be, so that a check takes a moment."""
    copy = tmp_path_factory.mktemp("short") / "faq"
    shutil.copytree(ROOT / "faq", copy)
    for path in [*copy.glob("topics/*.yaml"), copy / "outside.yaml"]:
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"((?:^ +- .*\n){14})(?:^ +- .*\n)+", r"\1", text, flags=re.MULTILINE), encoding="utf-8")
    return copy


@pytest.fixture
def faq(short: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    copy = tmp_path / "faq"
    shutil.copytree(short, copy)
    return copy


def spoiled(faq: Path, file: str, old: str, new: str) -> list[Problem]:
    """The problems after one change, notices left out."""
    path = faq / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return [p for p in check(faq, TODAY) if not p.notice]


def test_what_ships_has_no_problem(shipped: list[Problem]) -> None:
    """Nothing wrong; the courts that nobody has filled in are notices."""
    assert [str(p) for p in shipped if not p.notice] == []
    assert {p.file for p in shipped} == {"courts.yaml"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("reviewed: 2026-11-23", "reviewed: 2026-02-31", "value.unreadable"),
        ("reviewed: 2026-11-23", "reviewed: 2026-11-23 10:00:00", "value.day"),
        ("reviewed: 2026-11-23", "reviewed: 下周", "value.day"),
        ("reviewed: 2026-11-23", "reviewed: 2027-11-23", "entry.reviewed"),
        ("reviewed: 2026-11-23", "reviewed: !!python/name:os.system x", "value.unreadable"),
        ("valid_to: null", "valid_to: 2026-11-22", "entry.expired"),
        ("valid_from: 2024-01-01", "valid_from: 2027-01-01", "entry.not_yet"),
        ("valid_to: null", "valid_to: 2020-01-01", "entry.days_reversed"),
        ("  title: ", "\ttitle: ", "yaml.tab"),
        ("  title: ", "  titel: x\n  title: ", "file.unknown"),
        ("  title: ", "  title: x\n  title: ", "file.twice"),
        ("  title: ", "  titel: ", "file.missing_key"),
        ("  title: ", "  title: 一个长得不得了完全放不下的标题", "entry.title_long"),
        ("  audience: [", "  audience: [farmer, ", "entry.audience"),
        ("  related: [", "  related: [apply.nothing, ", "entry.related"),
        ("  related: [", "  related: [apply.how, ", "entry.related_itself"),
        ("  answer: |\n", "  answer: |\n    **没有关上\n", "text.bold_open"),
        ("  answer: |\n", "  answer: |\n    <b>粗</b>\n", "entry.markup"),
        ("  answer: |\n", "  answer: |\n    [网站](http://x)\n", "entry.markup"),
        ("  answer: |\n", "  answer: |\n    {{nowhere}}\n", "entry.placeholder"),
        ("  answer: |\n", "  answer: |\n    " + "长" * 700 + "\n", "entry.answer_long"),
        ("- id: apply.how", "- id: apply.How", "entry.id"),
        ("- id: apply.how", "- id: apply." + "a" * 60, "entry.id"),
        ("- id: apply.how", "- id: apply.conditions", "entry.id_twice"),
        ("- id: apply.how", "- id: apply.other", "entry.not_a_topic"),
        ("  phrasings:\n", "  phrasings:\n    - 执行费怎么算\n    - 执行费，怎么算？？\n", "entry.phrasing_twice"),
        ("  phrasings:\n", "  phrasings:\n    - 问一下: 怎么申请\n", "value.colon"),
        ("  audience: [creditor]", "  audience: creditor", "value.list"),
        ("  audience: [creditor]", "  audience: []", "entry.members"),
        ("  related: [", "  related: [apply.fee, apply.fee, ", "entry.member_twice"),
        ("  title: 怎样申请强制执行", "  title: 怎样申请强制执行？", "entry.title_end"),
        ("  title: 怎样申请强制执行", "  title: 申请执行的条件", "entry.title_twice"),
        ("  answer: |\n", "  answer: |\n    {courts}\n", "entry.braces"),
        ("  answer: |\n", "  answer: |\n    {{ courts }}\n", "entry.braces"),
        ("  answer: |\n", "  answer: |\n    {{courts\n", "entry.braces"),
        ("  answer: |\n", "  answer: |\n    **粗\n\n    到这里**\n", "text.bold_open"),
        ("  answer: |\n", "  answer: |\n    ＊＊粗＊＊\n", "entry.markup"),
        ("  answer: |\n", "  answer: |\n    请打 0851-12345678\n", "entry.number"),
        ("  provisions:\n", "  provisions: 民诉法250\n  x:\n", "value.list"),
        ("  provisions:\n", "  provisions: []\n  more_provisions:\n", "entry.no_provisions"),
        ("  provisions:\n", "  provisions:\n    - 民诉法250\n", "entry.citation"),
        ("  provisions:\n", "  provisions:\n    - {law: 民诉法, article: 250, at: 二款}\n", "entry.at"),
        ("  provisions:\n", "  provisions:\n    - {law: 民诉法, law: 刑法, article: 250}\n", "file.twice"),
        ("  provisions:\n", "  provisions:\n    - {law: 民诉法, article: 999}\n", "entry.no_article"),
        ("  more_provisions:\n", "  more_provisions:\n    - {law: 假法, article: 1}\n", "entry.no_law"),
        ("  actions: [", "  actions: [documents, ", "entry.action"),
    ],
)
def test_a_mistake_in_a_topic_is_found_where_it_stands(faq: Path, old: str, new: str, said: str) -> None:
    """Each with the file and a line; the words are the catalogue's."""
    found = [p for p in spoiled(faq, TOPICS, old, new) if p.code == said]
    assert found, said
    assert found[0].file in (TOPICS, "taxonomy.yaml")
    assert found[0].line > 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("valid_to: null", "valid_to: 2026-12-31", "entry.ends_soon"),
        ("reviewed: 2026-11-23", "reviewed: 2025-11-23", "entry.old"),
    ],
)
def test_what_time_will_be_the_matter_with_is_a_notice(faq: Path, old: str, new: str, said: str) -> None:
    """An answer about to be withheld, and one that nobody has reviewed for a year: told, and no mistake."""
    assert spoiled(faq, TOPICS, old, new) == []
    (found,) = [p for p in check(faq, TODAY) if p.file == TOPICS]
    assert (found.code, found.notice) == (said, True)


def test_the_line_is_the_one_at_which_to_look(faq: Path) -> None:
    """Counted from one, as an editor does."""
    path = faq / TOPICS
    lines = path.read_text(encoding="utf-8").split("\n")
    number = next(i for i, line in enumerate(lines, 1) if "reviewed:" in line)
    found = spoiled(faq, TOPICS, "reviewed: 2026-11-23", "reviewed: 2026-02-31")
    assert [(p.file, p.line) for p in found] == [(TOPICS, number)]


def test_a_clerk_reads_what_to_do(faq: Path) -> None:
    """About which entry, what to do, and why; in the words of the catalogue."""
    (found,) = spoiled(faq, TOPICS, "  title: ", "  titel: x\n  title: ")
    assert found.message.startswith("请改正或删掉“titel”")
    (found,) = spoiled(faq, TOPICS, "  titel: x\n  title: ", "  title: 一个长得不得了完全放不下的标题")
    assert str(found).startswith(f"{TOPICS}:{found.line}: {found.about}：请把标题（title）写短")


def test_one_mistake_is_one_complaint(faq: Path) -> None:
    """What cannot be read is not complained of again wherever something rests on it."""
    assert len(spoiled(faq, TOPICS, "  title: ", "\ttitle: ")) == 1


def test_a_phrasing_under_two_topics_is_found(faq: Path) -> None:
    """Also when only punctuation, width or a please differ."""
    found = spoiled(faq, TOPICS, "  phrasings:\n", "  phrasings:\n    - 请问，终本是啥意思？？\n    - 终本是啥意思\n")
    assert {p.code for p in found} == {"entry.phrasing_twice"}
    other = read(faq).knowledge().entries["process.resume"].phrasings[0]
    assert "entry.phrasing_in_two" in {
        p.code for p in spoiled(faq, TOPICS, "  phrasings:\n", f"  phrasings:\n    - 请问，{other}？？\n")
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("laws.yaml", "  民诉法:\n", "  民法:\n", "entry.no_law"),
        ("laws.yaml", "laws:\n", "laws:\n  假法: 5\n", "law.shape"),
        ("laws.yaml", "\npolicies:\n", "\npolicy:\n", "file.unknown"),
        ("laws.yaml", "    document: ", "    documents: x\n    document: ", "file.unknown"),
        ("laws.yaml", '    in_force: "2024-01-01"', "    in_force: 去年", "law.in_force"),
        ("laws.yaml", '      "16":\n', '      "15": 一句话\n      "16":\n', "law.clauses"),
        ("laws.yaml", '      "16":\n', "      第十六条:\n        - 一句话\n      '16':\n", "entry.article"),
        ("taxonomy.yaml", "apply.fee: ", "Apply: x\napply.fee: ", "entry.id"),
        ("taxonomy.yaml", "apply.fee: ", "apply.fee: # ", "value.text"),
        ("lexicon.yaml", "\ncrisis:\n", "\ncrisis: []\nfiller2:\n", "lexicon.empty"),
        ("lexicon.yaml", "\nasking: [", "\nasking: [{a: b}, ", "lexicon.words"),
        ("lexicon.yaml", "\nperson: [", "\nperson: [x]\nperson: [", "file.twice"),
        ("courts.yaml", "phone: null", "phone: 8512345", "court.quotes"),
        ("courts.yaml", "auction_agencies: []", "auction_agencies: 5", "court.names"),
        ("courts.yaml", "  - id: anshun", "  - idd: anshun", "court.shape"),
        ("courts.yaml", "  - id: xixiu", "  - id: anshun", "court.called_twice"),
        ("courts.yaml", "aliases: [西秀法院", "aliases: [安顺中院", "court.called_twice"),
        ("courts.yaml", "  - id: xixiu", "  - id: 西秀", "court.id"),
        ("courts.yaml", "    level: intermediate", "    level: intermedate", "court.level"),
        ("courts.yaml", "    aliases: [安顺中院", "    aliases: 安顺中院  # [", "value.list"),
        ("courts.yaml", "phone: null", "phone: '**0851**'", "court.markup"),
        ("courts.yaml", "\nunfilled: ", "\nunfiled: ", "file.missing_key"),
        ("courts.yaml", "auction_agencies: []", "auction_agencies: [{名称: 某某}]", "court.names"),
        ("courts.yaml", "address: null", f"address: {'长' * 4000}", "entry.filled_long"),
        ("outside.yaml", "- id: outside.", "- id: apply.", "entry.outside_id"),
        ("outside.yaml", "answer: |\n", "answer: |\n    {{nowhere}}\n", "entry.placeholder"),
        ("outside.yaml", "answer: |\n", "answer: |\n    " + "长" * 700 + "\n", "entry.answer_long"),
    ],
)
def test_a_mistake_in_the_other_files_is_found(faq: Path, file: str, old: str, new: str, said: str) -> None:
    """Laws, lexicon, courts and what lies outside."""
    assert any(p.code == said for p in spoiled(faq, file, old, new)), said


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"- a\n- b\n", b"words", b"\xb7\xd6", b"a: [", b"&a [*a]"])
def test_files_of_another_shape_are_problems_never_a_crash(faq: Path, content: bytes) -> None:
    """Emptied, cut short, in another encoding, something else altogether: each file is complained of."""
    names = {TOPICS, *(f"{f}.yaml" for f in FILES)}
    for name in names:
        (faq / name).write_bytes(content)
    assert names <= {p.file for p in check(faq, TODAY)}


def test_missing_files_are_problems(faq: Path) -> None:
    """Without the lexicon nobody would hear a cry for help; without the laws nothing could be cited."""
    for name in FILES:
        (faq / f"{name}.yaml").unlink()
    missing = {p.file for p in check(faq, TODAY) if p.code == "file.missing"}
    assert missing == {f"{name}.yaml" for name in FILES}


def test_a_court_that_is_filled_in_shows_in_the_answers(faq: Path) -> None:
    """Filled by the operator: address and telephone stand where the placeholder stood, and the notice is gone."""
    path = faq / "courts.yaml"
    text = path.read_text(encoding="utf-8").replace("phone: null", 'phone: "区号-号码"', 1)
    path.write_text(text, encoding="utf-8")
    knowledge = read(faq).knowledge()
    assert "区号-号码" in knowledge.places["courts"]
    assert len([p for p in check(faq, TODAY) if p.notice]) == len(knowledge.courts) - 1


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(faq: Path) -> None:
    """The editors of a court's office write both."""
    path = faq / TOPICS
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert [p for p in check(faq, TODAY) if not p.notice] == []


def test_the_version_changes_with_any_file_and_only_then(faq: Path) -> None:
    """It is logged with every answer, so that it can be told what somebody was told."""
    before, seen = read(faq).version, fingerprint(faq)
    assert read(faq).version == before
    (faq / "courts.yaml").write_text((faq / "courts.yaml").read_text(encoding="utf-8") + "\n# x\n", encoding="utf-8")
    assert read(faq).version != before
    assert fingerprint(faq) != seen


def test_the_line_of_a_citation_is_its_own(faq: Path) -> None:
    """Among twenty provisions a clerk is led to the one that cannot be found."""
    text = (faq / TOPICS).read_text(encoding="utf-8")
    last = text.split("  more_provisions:\n")[0].splitlines()
    (found,) = spoiled(faq, TOPICS, f"{last[-1]}\n", f"{last[-1]}\n    - {{law: 民诉法, article: 999}}\n")
    assert (found.code, found.line) == ("entry.no_article", len(last) + 1)


def test_a_copy_beside_a_file_is_one_complaint_for_each_entry(faq: Path) -> None:
    """With both places; not one for each of thousands of phrasings, nor for whatever leads to them."""
    shutil.copy(faq / "topics/settle.yaml", faq / "topics/settle 副本.yaml")
    found = [p for p in check(faq, TODAY) if not p.notice]
    assert {p.code for p in found} == {"entry.id_twice"}
    assert len(found) == len({p.about for p in found}) == 6
    assert all("topics/settle 副本.yaml:" in p.message for p in found)


def test_what_editors_leave_beside_a_file_is_not_knowledge(faq: Path) -> None:
    """Locks of Emacs, shadows of a Mac, owners' files of an office suite, swap files, backups."""
    (faq / "topics/.#apply.yaml").symlink_to("clerk@desk.1234")
    for name in ("._apply.yaml", "~$apply.yaml", ".apply.yaml.swp", "apply.yaml~", "apply.yaml.bak", "4913"):
        (faq / "topics" / name).write_bytes(b"\0\1[")
    before = fingerprint(faq)
    assert [p for p in check(faq, TODAY) if not p.notice] == []
    (faq / "topics/.#apply.yaml").unlink()
    assert fingerprint(faq) == before


@pytest.mark.parametrize("name", ["new.yml", "new.yaml.txt", "new.YAML"])
def test_a_file_that_nobody_reads_is_told(faq: Path, name: str) -> None:
    """The ending is wrong, so that what a clerk wrote would never be answered."""
    (faq / "topics" / name).write_text("- id: apply.new\n", encoding="utf-8")
    found = [p for p in check(faq, TODAY) if not p.notice]
    assert [(p.file, p.code) for p in found] == [(f"topics/{name}", "file.ending")]


@pytest.mark.parametrize("change", [b"\xef\xbb\xbf", b"\r\n", b"---\n"])
def test_what_windows_editors_write_is_read(faq: Path, change: bytes) -> None:
    """A mark at the beginning, their line ends, a line of dashes: the same knowledge."""
    path = faq / TOPICS
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"\n", change) if change == b"\r\n" else change + raw)
    assert [str(p) for p in check(faq, TODAY) if not p.notice] == []


def test_courts_that_are_not_filled_in_are_told_how_to_find(faq: Path) -> None:
    """None: by 12368. Some: those, and the others by 12368. All: nothing beside them."""
    path = faq / "courts.yaml"
    text = path.read_text(encoding="utf-8")
    assert "还没有登记" in read(faq).places["courts"]
    path.write_text(text.replace("phone: null", 'phone: "电话一"', 1), encoding="utf-8")
    some = read(faq).places["courts"]
    assert some.startswith("**安顺市中级人民法院**\n· 电话一\n上面没有列出的法院：打 **12368**")
    path.write_text(text.replace("phone: null", 'phone: "电话一"'), encoding="utf-8")
    assert "12368" not in read(faq).places["courts"]
