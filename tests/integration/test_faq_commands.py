"""`faq …` and `bench match` at the operator's terminal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

import main
from bot.consult.loader import read
from bot.core.errors import KnowledgeError, SettingsError
from bot.settings import Database, Faq, Privacy, Settings
from bot.store.rows import ConversationRow, MessageRow
from commands import bench_match
from commands.faq import group
from commands.program import Current
from tests.small_faq import small_faq

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MISSED = "打官司之前要不要先给法院交一笔押金才肯帮忙去要账"
SAID_SO = "押一笔钱给法院才肯去要账吗"


class Operator:
    """Somebody at the terminal, with a small knowledge of their own."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.faq = small_faq(folder)
        self.settings = Settings(
            database=Database(url=database), privacy=Privacy(key=SecretStr("11" * 32)), faq=Faq(path=self.faq)
        )
        program: Any = SimpleNamespace(open_library=main.open_library, open_store=main.open_store)
        self.here = Current(program, self.settings)

    def __call__(self, *arguments: object, status: int = 0) -> str:
        """Run `faq …`; what it said on standard output. The exit status must be the one expected."""
        done: Result = CliRunner().invoke(group, [str(a) for a in arguments], obj=self.here)
        assert done.exit_code == status, (done.output, done.exception)
        return done.stdout

    def refused(self, *arguments: object) -> str:
        """Why `faq …` refuses; `python main.py` prints it and ends with status 1."""
        done = CliRunner().invoke(group, [str(a) for a in arguments], obj=self.here)
        assert isinstance(done.exception, KnowledgeError | SettingsError), done.output
        return str(done.exception)

    def file(self, *lines: object, name: str = "some.jsonl") -> Path:
        """An evaluation file."""
        path = self.folder / name
        path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in lines), encoding="utf-8")
        return path

    def phrasing(self, topic: str) -> str:
        """A phrasing of that topic."""
        return read(self.faq).knowledge().entries[topic].phrasings[3]

    def log(self, *lines: dict[str, Any]) -> None:
        """Write a conversation into the log."""
        asyncio.run(self._log(lines))

    async def _log(self, lines: tuple[dict[str, Any], ...]) -> None:
        store = await main.open_store(self.settings)
        async with store.work() as work:
            if not await work.log.conversation_ids():
                chat = ConversationRow(1, "lane", "telegram", "private", "p", {"chat": 1, "name": "x"}, {}, NOW)
                await work.conversations.add([chat], NOW)
            count = len([1 async for _ in work.log.read()])
            rows = [
                MessageRow(count + n, 1, "p", NOW, **{"direction": "in", "kind": "text", **each})
                for n, each in enumerate(lines, 1)
            ]
            await work.log.add(rows)
            await work.commit()
        await store.close()



@pytest.fixture
def operator(tmp_path: Path, sqlite: str) -> Operator:
    """An operator with an empty log."""
    return Operator(tmp_path, sqlite)


@pytest.fixture
def replicated(tmp_path: Path, database: str) -> Operator:
    """The same on each kind of database."""
    return Operator(tmp_path, database)


QUESTIONS = (
    {"q": "我去立执行案子是不是要先掏执行费出来", "best": "apply.fee", "tags": ["fee"]},
    {"q": "外头下雨了没有", "best": "oos"},
    {"turns": [{"q": "立案执行要我先出钱吗", "best": "apply.fee"}, {"q": "那具体怎么弄", "best": "apply.how", "ok": ["apply.fee"]}]},
)


# -- faq match -----------------------------------------------------------------------------------


def test_every_citation_is_a_line(operator: Operator) -> None:
    """Those of the answers and those of what stands behind them, by instrument, article and topic."""
    lines = [line.split("\t") for line in operator("provisions").splitlines()]
    entries = read(operator.faq).knowledge().entries
    assert len(lines) == sum(len(e.cited) for e in entries.values())
    assert ["收费办法", "20", "apply.fee"] in lines
    more = entries["apply.fee"].more_provisions
    assert more
    assert all([p.law, p.article, "apply.fee"] in lines for p in more)


def test_the_words_of_replies_are_checked_with_the_rest(operator: Operator) -> None:
    """`faq check` names file and line of a mistake in replies.yaml, and ends with status 1."""
    words = Path(main.__file__).with_name("faq") / "replies.yaml"
    text = words.read_text(encoding="utf-8")
    assert "  notme:\n" in text
    (operator.faq / "replies.yaml").write_text(text.replace("  notme:\n", "  notmee:\n", 1), encoding="utf-8")
    line = text[: text.index("  notme:\n")].count("\n") + 1
    assert f"replies.yaml:{line}: 请改正或删掉“notmee”" in operator("check", status=1)


def test_match_answers_each_line_with_one_object(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is a JSON array holds the turns of one conversation."""
    lines = ["执行费怎么算", "", json.dumps(["执行费怎么算", "谢谢"], ensure_ascii=False), "[没写完"]
    done = CliRunner().invoke(group, ["match", "--jsonl"], obj=operator.here, input="\n".join(lines))
    assert done.exit_code == 0, done.exception
    one, two, three = map(json.loads, done.stdout.splitlines())
    assert set(one) >= {"q", "decision", "topics", "ms"}
    assert one["topics"][0]["id"] == "apply.fee"
    assert [each["q"] for each in two["turns"]] == ["执行费怎么算", "谢谢"]
    assert three["q"] == "[没写完"


def test_match_says_why(operator: Operator) -> None:
    """For staff."""
    assert "apply.fee" in operator("match", "执行费怎么算", "--explain")


# -- faq eval ------------------------------------------------------------------------------------


def test_eval_prints_every_table(operator: Operator) -> None:
    """Figures, tags, calibration, confusions, the worst."""
    text = operator("eval", operator.file(*QUESTIONS))
    for part in ("Test part", "By tag", "Calibration", "Confusions", "worst", "later turns", "top-1"):
        assert part in text
    assert "Training part" not in text


def test_eval_as_json_and_into_a_document(operator: Operator) -> None:
    """The same figures for programs; the tables between the two marks of a document."""
    document = operator.folder / "m.md"
    document.write_text("a\n<!-- begin figures -->\n<!-- end figures -->\nb\n")
    content = json.loads(operator("eval", operator.file(*QUESTIONS), "--json", "--write", document))
    whole = content["test"]["figures"][-1]
    assert (whole["inside"], whole["outside"]) == (3, 1)
    assert "### Test part" in document.read_text()


def test_eval_beside_the_baselines_and_over_the_phrasings(operator: Operator) -> None:
    """Each baseline on the same questions; each phrasing unseen."""
    text = operator("eval", operator.file(*QUESTIONS), "--baseline", "--cross-validate")
    for name in ("Zhiyuan", "rapidfuzz WRatio", "BM25 over jieba", "TF-IDF", "Cross-validation"):
        assert name in text


@pytest.mark.parametrize(("line", "where"), [({"q": "a"}, "some.jsonl:1: `best`"), ({"q": "a", "best": "x.y"}, "some.jsonl:1: unknown topic")])
def test_eval_names_file_and_line_of_what_it_cannot_read(operator: Operator, line: object, where: str) -> None:
    """The input is at fault."""
    assert where in operator.refused("eval", operator.file(line))


def test_eval_refuses_a_question_that_is_a_phrasing(operator: Operator) -> None:
    """It would measure memory."""
    phrasing = operator.phrasing("apply.fee")
    said = operator.refused("eval", operator.file({"q": f"{phrasing}？", "best": "apply.fee"}))
    assert "stands among the phrasings of apply.fee" in said


def test_eval_refuses_an_empty_file(operator: Operator) -> None:
    """There is nothing to measure."""
    assert "no question" in operator.refused("eval", operator.file())


# -- faq train -----------------------------------------------------------------------------------


def test_training_twice_gives_the_same_file(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the story of how it came about; the test part is not in it."""
    monkeypatch.setattr("commands.faq_eval.ROOT", operator.folder)
    lines = [{"q": f"我有{n}万块的案子要交多少执行费", "best": "apply.fee"} for n in range(20)]
    path, weights = operator.file(*lines), [operator.folder / "a.json", operator.folder / "b.json"]
    for each in weights:
        assert "fitted on" in operator("train", path, "--output", each)
    assert weights[0].read_bytes() == weights[1].read_bytes()
    story = json.loads(weights[0].read_text())["provenance"]
    assert story["trained_on"] == "some.jsonl"
    assert 0 < story["questions"] < 20


# -- faq gaps ------------------------------------------------------------------------------------


def number_of(text: str, question: str) -> str:
    """The number that stands before a question in the list."""
    (line,) = [each for each in text.splitlines() if question[-20:] in each]
    return line.split("|")[1].strip()


def test_a_gap_becomes_a_phrasing_and_does_not_come_back(replicated: Operator) -> None:
    """Effect first, then --yes; the file is the same but for one line."""
    operator = replicated
    assert "no gaps" in operator("gaps", "--days", 3000)
    missed = {"text": MISSED, "decision": "clarify", "reason": "unsure"}
    operator.log(missed, {"text": "", "kind": "button", "decision": "chosen", "topic": "apply.fee"}, missed)
    listed = operator("gaps", "--days", 3000)
    if "no gaps" in listed:  # this matcher knows already: an unhelpful answer is a gap whatever it knows
        operator.log({"text": MISSED, "decision": "answer", "reason": "match", "topic": "apply.fee", "feedback": -1})
        listed = operator("gaps", "--days", 3000)
    number = number_of(listed, MISSED)
    assert "apply.fee" in listed
    path = operator.faq / "topics" / "few.yaml"
    before = path.read_text()
    evaluation = operator.file(*QUESTIONS)
    shown = operator("gaps", "accept", number, "apply.fee", "--as", SAID_SO, "--on", evaluation)
    assert "nothing is saved yet" in shown
    assert "→" in shown
    assert path.read_text() == before
    assert "saved" in operator("gaps", "accept", number, "apply.fee", "--as", SAID_SO, "--yes", "--on", evaluation)
    after = path.read_text().splitlines()
    (added,) = [each for each in after if SAID_SO in each]
    after.remove(added)
    assert after == before.splitlines()
    assert "no gaps" in operator("gaps", "--days", 3000)
    assert operator.refused("gaps", "accept", number, "apply.fee").startswith(f"gap {number}")


def test_a_gap_may_be_marked_as_outside(operator: Operator) -> None:
    """Alone, or as a phrasing of a kind; either way it does not come back."""
    strange, other = "交执行费的时候可以开发票给我报销不", "执行费一分都不想出怎么躲过去"
    for text in (strange, other):
        operator.log({"text": text, "decision": "answer", "reason": "match", "topic": "apply.fee", "feedback": -1})
    listed = operator("gaps", "--days", 3000)
    assert "marked as outside" in operator("gaps", "outside", number_of(listed, strange))
    operator("gaps", "outside", number_of(listed, other), "outside.divorce", "--yes", "--on", operator.file(*QUESTIONS))
    assert other in (operator.faq / "outside.yaml").read_text()
    assert "no gaps" in operator("gaps", "--days", 3000)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("accept", 1, "apply.nothing"), "no such topic"),
        (("outside", 1, "outside.nothing"), "no such kind"),
        (("accept", 99, "apply.fee"), "gap 99"),
        (("outside", 99), "gap 99"),
    ],
)
def test_what_does_not_exist_is_named(operator: Operator, arguments: tuple[object, ...], why: str) -> None:
    """Topic, kind or gap."""
    assert why in operator.refused("gaps", *arguments)


def test_a_phrasing_must_be_fit_to_stand_in_the_faq(operator: Operator) -> None:
    """No masked number, no phrasing of another topic, no question of the evaluation."""
    text = "我身份证******1234的案子执行费怎么算"
    operator.log({"text": text, "decision": "answer", "reason": "match", "topic": "apply.fee", "feedback": -1})
    number = number_of(operator("gaps", "--days", 3000), text)
    evaluation = operator.file(*QUESTIONS)
    accept: Callable[[str], str] = lambda wording: operator.refused(  # noqa: E731 - three times the same
        "gaps", "accept", number, "apply.fee", "--yes", "--on", evaluation, *(["--as", wording] if wording else [])
    )
    assert "打了星号的号码" in accept("")
    assert "和 apply.how 的" in accept(operator.phrasing("apply.how") + "？")
    assert "测评用的题" in accept("我去立执行案子是不是要先掏执行费出来")


# -- bench match ---------------------------------------------------------------------------------


def test_the_bench_grows_the_knowledge_in_the_same_way_every_time(operator: Operator) -> None:
    """Fewer are drawn, more are made of two of one topic; none stands twice."""
    texts = bench_match.labelled(bench_match.read(operator.faq).knowledge())
    for size in (20, len(texts) * 4):
        grown = bench_match.grown(texts, size)
        assert grown == bench_match.grown(texts, size)
        assert len(set(grown)) == size
        assert {each.label for each in grown} <= {each.label for each in texts}


def test_the_bench_measures_each_contestant_in_a_process_of_its_own(operator: Operator) -> None:
    """A table with ratios, ours beside the others."""
    found = [bench_match.measured(operator.faq, name, 60, 20) for name in (bench_match.OURS, "rapidfuzz ratio")]
    assert all(each.p99_ms >= each.p50_ms > 0 for each in found)
    text = bench_match.rendered(found)
    assert "1.0 ×" in text
    assert "rapidfuzz ratio" in text


def test_the_bench_names_a_size_that_is_none(operator: Operator) -> None:
    """The input is at fault."""
    from commands.bench import group as bench

    done = CliRunner().invoke(bench, ["match", "--sizes", "many"], obj=operator.here)
    assert isinstance(done.exception, SettingsError)


def test_one_contest_can_be_run_by_itself(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process of a contestant does."""
    speed = bench_match.contest(operator.faq, bench_match.OURS, 60, 20)
    assert speed.size == 60
