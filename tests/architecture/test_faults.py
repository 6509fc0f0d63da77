"""Faults of the knowledge: every code has its Chinese sentence, every sentence is told, and what fills it fits."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from bot.core.faults import Fault, Problem, words
from tests.architecture.source import CHINESE, belongs, program

CATALOGUE = "bot.core.faults"
WORDS = words()
FAULTS = sorted(WORDS.keys() - {"about", "check.summary"})


def told() -> Iterator[tuple[str, str, set[str]]]:
    """Where a sentence is filled, its code, and with which names: `Fault("…", …)`, and `words()("…", …)`."""
    for m in program():
        own = {name for name, _ in m.imports() if belongs(name, CATALOGUE)}
        own |= {f"{CATALOGUE}.words"} if m.name == CATALOGUE else set()
        for call in ast.walk(m.tree) if own else ():
            if not isinstance(call, ast.Call) or f"{CATALOGUE}.{_called(call)}" not in own:
                continue
            assert call.args, f"{m.shown}:{call.lineno}: the code comes first"
            code = call.args[0]
            if m.name == CATALOGUE and not isinstance(code, ast.Constant):
                continue  # the one place that takes the code of a fault
            assert isinstance(code, ast.Constant), f"{m.shown}:{call.lineno}: the code is written out"
            yield f"{m.shown}:{call.lineno}", str(code.value), {str(k.arg) for k in call.keywords}


def _called(call: ast.Call) -> str:
    """`Fault` of `Fault(…)`, `words` of `words()(…)`, else nothing."""
    if isinstance(call.func, ast.Call):
        return "words" if getattr(call.func.func, "id", "") == "words" else ""
    return "Fault" if getattr(call.func, "id", "") == "Fault" else ""


def test_every_code_has_a_sentence_that_its_values_fill() -> None:
    """No name is missing when a fault is told, and none is given in vain."""
    wrong = [
        f"{where} {code} gets {sorted(given)}"
        for where, code, given in told()
        if code not in WORDS or WORDS.placeholders(code) != given
    ]
    assert wrong == []


def test_every_sentence_is_told_somewhere() -> None:
    """A code that nobody uses is deleted."""
    assert sorted(WORDS.keys() - {code for _, code, _ in told()}) == []


@pytest.mark.parametrize("code", FAULTS)
def test_a_sentence_is_chinese_and_short(code: str) -> None:
    """Clerks read it on a telephone, several at once; it ends like a sentence."""
    text = WORDS(code, **dict.fromkeys(WORDS.placeholders(code), ""))
    assert CHINESE.search(text)
    assert len(text) <= 80
    assert text.endswith(("。", "）"))
    assert not re.search(r"</?[a-z]+>|`", text)


def test_values_are_listed_as_a_clerk_would() -> None:
    """Several with the Chinese comma; equal faults are one, and they can be put in order."""
    fault = Fault("file.unknown", name="titel", known=("id", "title"))
    assert "id、title" in str(fault)
    assert len({fault, Fault("file.unknown", name="titel", known=["id", "title"])}) == 1
    problems = [Problem("b.yaml", 1, fault), Problem("a.yaml", 12, fault, "apply.how"), Problem("a.yaml", 2, fault)]
    assert [(p.file, p.line) for p in sorted(problems)] == [("a.yaml", 2), ("a.yaml", 12), ("b.yaml", 1)]
    assert str(problems[1]).startswith("a.yaml:12: apply.how：请改正或删掉“titel”")
