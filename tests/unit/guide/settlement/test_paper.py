"""The guarantor in a written agreement: the name first, and a line for what is guaranteed."""

from __future__ import annotations

from typing import cast

import pytest

from bot.guide.settlement.paper import Agreements
from bot.guide.settlement.service import Settlements
from tests.unit.guide.documents.samples import TEXTS, papers

LINE, BLANK = "＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿", "＿＿＿＿＿＿＿＿"


@pytest.mark.parametrize(
    ("said", "name", "what"),
    [
        ("李四，身份证******0011", "李四", LINE),
        ("要李四担保", "李四", LINE),
        ("由欧阳晓芳提供担保，连带责任", "欧阳晓芳", f"{LINE}（协商时说的是：连带责任）"),
        ("用我的房子抵押", BLANK, f"{LINE}（协商时说的是：用我的房子抵押）"),
        ("******0011", BLANK, LINE),
    ],
)
def test_a_guarantor_is_named_and_writes_the_scope(said: str, name: str, what: str) -> None:
    """A masked number is no scope of a guarantee, and what nobody has said is left open."""
    agreements = Agreements(cast("Settlements", None), papers(), TEXTS, str)
    fields = {
        "case_number": "（2026）黔0402执123号", "title": "judgment", "court": "西秀法院", "owed": 100, "settled": 0, "total": 100,
        "creditors": [{"name": "王小二", "kind": "person"}], "debtors": [{"name": "李大山", "kind": "person"}],
        "parts": [], "fee": "open", "security": said, "note": "",
    }  # fmt: skip
    values = agreements.values(fields)
    assert (values["guar_name"], values["guar_what"]) == (name, what)
    text = "\n".join(line.text for line in papers().composer.lines(papers().forms["settlement"], values))
    assert f"{name}提供担保，担保范围和方式为：{what}。" in text
