"""Bringing what people type into comparable form, and taking facts out of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.consult.lexicon import LexiconError, Scanner, Words
from bot.consult.model import Lexicon, Viewpoint
from bot.consult.normalise import Normaliser
from tests.small_faq import shipped

WORDS = Words.compile(
    Lexicon(
        {
            "replace": {"怎么": ["咋个", "咋"], "怎么办": ["咋办"]},
            "filler": ["你好", "请问"],
            "address": ["律师"],
            "concepts": {"失信名单": ["老赖名单", "老赖"], "名单": ["名单"]},
        }
    )
)
normal = Normaliser(WORDS)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("請問怎麼申請強制執行", "怎么申请强制执行"),
        ("ＡＢＣ执行", "abc执行"),
        ("咋办", "怎么办"),
        ("律师，你好，咋个执行", "怎么执行"),
        ("联系不上律师", "联系不上律师"),
        ("你好", "你好"),
        ("要撤销合同吗要撤销合同吗", "要撤销合同吗"),
        ("好好好好的", "好的"),
        ("", ""),
        ("？！", ""),
    ],
)
def test_comparable_text(typed: str, text: str) -> None:
    """One script, one width, one wording; filler only at the edges, and never all that there is."""
    assert normal(typed).text == text


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("欠我50万元", "500000.00"),
        ("欠3万5", "35000.00"),
        ("十五万的货款", "150000.00"),
        ("一共1,500元", "1500.00"),
        ("两万块", "20000.00"),
        ("关15天", None),
        ("千万不要", None),
        ("一块地", None),
        ("2023年判的", None),
        ("两万三千", "23000.00"),
        ("15万8千", "158000.00"),
        ("三万五怎么收费", "35000.00"),
        ("四万零五百", "40500.00"),
        ("先还三千五行不行", "3500.00"),
        ("还欠2000没给", "2000.00"),
        ("给三百人发工资", None),
        ("欠我2019年的工资", None),
    ],
)
def test_amounts_are_facts(typed: str, amount: str | None) -> None:
    """An amount is carried on as a fact; days, years and idioms are none."""
    assert normal(typed).facts.get("amount") == amount


@pytest.mark.parametrize(
    "typed", ["（2024）黔0402执123号", "(2024)黔0402执123号", "2024黔0402执123号", "〔2024〕黔0402执123号"]
)
def test_case_numbers_in_any_bracket(typed: str) -> None:
    """The number is kept as the court writes it and leaves a mask."""
    found = normal(f"我的案子{typed}到哪一步了")
    assert found.facts["case_number"] == "（2024）黔0402执123号"
    assert "0402" not in found.text


@given(st.text(max_size=300))
def test_any_text_can_be_read(typed: str) -> None:
    """Nothing that can be typed breaks the normaliser, and it forgets no sentence numbers."""
    found = normal(typed)
    assert len(found.clauses) == len(found.sentence_of)


def test_the_longest_word_wins() -> None:
    """A word inside a longer one is not found beside it."""
    assert [names for _, _, names in WORDS.concepts.find("老赖名单")] == [("失信名单",)]


def test_scanner_finds_what_is_there() -> None:
    """Start, end and value of each word."""
    scanner = Scanner({"执行": 1, "执行局": 2})
    assert scanner.find("去执行局申请执行") == [(1, 4, 2), (6, 8, 1)]
    assert not scanner.any("法院")


@pytest.mark.parametrize(
    "sections",
    [
        {"filter": []},
        {"filler": "你好"},
        {"concepts": ["a"]},
        {"viewpoints": {"judge": []}},
        {"sides": [{"judge": "a.b"}]},
    ],
)
def test_a_lexicon_of_the_wrong_shape_is_named(sections: dict[str, object]) -> None:
    """The clerk is told which section cannot be used."""
    with pytest.raises(LexiconError, match=next(iter(sections))):
        Words.compile(Lexicon(sections))


def test_the_shipped_lexicon_compiles() -> None:
    """Every section of faq/lexicon.yaml is understood, and every topic that it names exists."""
    words = Words.compile(shipped().lexicon)
    named = {topic for sides in words.sides for topic in sides.values()}
    named |= {topic for each in words.ambiguous for topic in each.topics}
    assert named <= shipped().entries.keys()
    assert set(words.viewpoints) >= {Viewpoint.CREDITOR, Viewpoint.DEBTOR}
