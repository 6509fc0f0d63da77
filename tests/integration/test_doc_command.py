"""`doc …` in a process of its own: forms listed, a document made from a file, mistakes named, a template written."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from docx import Document

from tests.world import ROOT

ANSWERS = {
    "case": "(2026)黔0402执123号",
    "court": "西秀法院",
    "me_name": "张三",
    "other_name": "李四",
    "other_kind": "个人",
    "clues": ["建设银行安顺分行的卡", "贵G12345小汽车"],
    "origin": "亲眼看见",
    "urgent": "no",
    "wish": "seize",
}


async def run(folder: Path, *words: str, status: int = 0) -> str:
    """`python main.py doc …`; what it wrote, by its exit status."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "main.py"), "doc", *words,
        cwd=ROOT, env={**os.environ, "ZHIYUAN_DATABASE__URL": f"sqlite:///{folder}/none.db"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == status, out.decode()
    return out.decode()


async def test_a_clerk_makes_a_document_from_a_file(tmp_path: Path) -> None:
    """Answers are read as in the chat: a court by its short name, a case number in any brackets, a choice by its label."""
    listed = await run(tmp_path, "list")
    assert "followup\t回访记录\tstaff" in listed
    assert "clues\tlist\trequired" in await run(tmp_path, "list", "--fields", "clues")
    source = tmp_path / "answers.json"
    source.write_text(json.dumps(ANSWERS, ensure_ascii=False), encoding="utf-8")
    await run(tmp_path, "make", "clues", "--input", str(source), "--out", str(tmp_path / "out"))
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["财产线索提供书.docx", "财产线索提供书.pdf"]
    words = "\n".join(p.text for p in Document(str(tmp_path / "out" / "财产线索提供书.docx")).paragraphs)
    for wanted in ("案号：（2026）黔0402执123号", "安顺市西秀区人民法院", "2. 贵G12345小汽车", "联系电话＿＿"):
        assert wanted in words


async def test_what_is_missing_or_wrong_is_named(tmp_path: Path) -> None:
    """Every mistake at once, by the field's id; nothing is written."""
    source = tmp_path / "answers.json"
    wrong = {**ANSWERS, "case": "123", "nonsense": 1, "origin": ""}
    source.write_text(json.dumps(wrong, ensure_ascii=False), encoding="utf-8")
    told = await run(tmp_path, "make", "clues", "--input", str(source), "--out", str(tmp_path / "out"), status=1)
    for field in ("case:", "nonsense:", "origin:"):
        assert field in told
    assert not (tmp_path / "out").exists()
    assert "no such form" in await run(tmp_path, "template", "poem", "--out", str(tmp_path / "x.docx"), status=1)
    source.write_text("{", encoding="utf-8")
    assert "no JSON" in await run(tmp_path, "make", "clues", "--input", str(source), status=1)
