"""The command line of the calculators: sums for a terminal, JSON for a program, and what is the user's fault."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def calc(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run `python main.py calc …` in a process of its own."""
    command = [sys.executable, "main.py", "calc", *arguments]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True, timeout=60, check=False)


def result(*arguments: str, given: str = "") -> dict[str, Any]:
    """The JSON of a call that succeeds."""
    done = calc(*arguments, "--json", given=given)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (("fee", "50万"), {"fee": "7400.00"}),
        (("fee", "--kind", "preservation", "200000"), {"fee": "1520.00"}),
        (
            ("interest", "--amount", "80000", "--due", "2025-12-31", "--until", "2026-07-19", "--paid", "2026-04-10:30000"),
            {"extra_interest": "2275.00", "principal_left": "50000.00"},
        ),
        (("limitation", "--start", "2024-03-15", "--today", "2026-01-05"), {"last_day": "2026-03-16", "expired": False}),
        (("effect", "--served", "2026-03-02", "--within", "10"), {"effective": "2026-03-18", "performance_last_day": "2026-03-30"}),
        (("effect", "--effective", "2026-03-18", "--within", "1m"), {"performance_last_day": "2026-04-20"}),
        (
            ("limitation", "--start", "2024-12-10", "--event", "settled:2026-05-01:2027-06-01", "--today", "2026-12-20"),
            {"last_day": "2029-06-01", "expired": False},
        ),
        (("seizure", "--asset", "deposit", "--start", "2024-02-29"), {"latest": "2025-02-28", "reminder_basis": "2025-02-27"}),
        (
            ("seizure", "--asset", "deposit", "--start", "2025-03-01", "--renewed", "2026-02-25", "--today", "2026-11-23"),
            {"latest": "2027-02-25", "expired": False},
        ),
        (("effect", "--title", "confirmation", "--served", "2026-03-02", "--within", "10"), {"effective": "2026-03-02"}),
        (("plan", "--amount", "100", "--count", "3", "--first", "2026-12-31"), {"total": "100.00"}),
        (("plan", "--amount", "100", "--count", "3", "--each", "30", "--first", "2026-12-31"), {"total": "100.00"}),
        (("exempt", "medical"), {"outcome": "exempt"}),
    ],
)  # fmt: skip
def test_each_calculator_answers_in_json(arguments: tuple[str, ...], values: dict[str, Any]) -> None:
    """Sums as text with two places, days in ISO form, the steps and the provisions beside them."""
    found = result(*arguments)
    assert {name: found[name] for name in values} == values
    assert found["basis"]
    assert found["disclaimer"]


def test_periods_and_payments_come_as_a_file(tmp_path: Path) -> None:
    """`--input FILE`, or standard input; numbers with a point are read exactly."""
    data = {
        "parts": [{"day": "2026-01-31", "amount": 100000.10}],
        "until": "2026-04-11",
        "payments": [{"day": "2026-04-11", "amount": "50000"}],
        "general": {"rate": 12, "since": "2026-01-01"},
    }
    path = tmp_path / "claim.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    found = result("interest", "--input", str(path))
    assert (found["general_interest"], found["principal_left"]) == ("3287.67", "53287.77")
    assert result("interest", "--input", "-", given=json.dumps(data)) == found


def test_a_terminal_gets_sentences_without_markup() -> None:
    """The sum first, then the way to it, the law and the disclaimer."""
    done = calc("fee", "500000")
    assert done.returncode == 0
    assert done.stdout.startswith("申请执行 500,000 元，执行费 7,400 元")
    assert "《收费办法》第14条第1项" in done.stdout
    assert "**" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (("fee", "--", "-1"), "", "金额要大于 0"),
        (("fee", "1e30"), "", "金额太大"),
        (("fee", "abc"), "", "abc"),
        (("fee", "1", "--kind", "other"), "", "execution"),
        (("interest", "--amount", "1"), "", "due"),
        (("interest", "--amount", "1", "--due", "2026-02-30"), "", "2026-02-30"),
        (("interest", "--amount", "1", "--due", "2026-01-01", "--paid", "nonsense"), "", "nonsense"),
        (("interest", "--input", "/nonexistent.json"), "", "/nonexistent.json"),
        (("interest", "--input", "-"), "{", "-"),
        (("interest", "--input", "-"), "[1]", "object"),
        (("interest", "--input", "-"), '{"amount": NaN}', "NaN"),
        (("interest", "--input", "-"), "[" * 100_000, "-"),
        (("seizure", "--asset", "deposit", "--start", "2026-01-01", "--years", "2"), "", "最长 1 年"),
        (("limitation", "--start", "2026-01-01", "--today", "x"), "", "x"),
    ],
)  # fmt: skip
def test_bad_input_is_told_and_ends_with_status_1(arguments: tuple[str, ...], given: str, words: str) -> None:
    """No traceback; the message names what is wrong."""
    done = calc(*arguments, given=given)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [("fee", "--bogus"), ("nothing",), ("seizure", "--years", "x")])
def test_wrong_usage_ends_with_status_2(arguments: tuple[str, ...]) -> None:
    """An option, a command or a number that does not exist."""
    assert calc(*arguments).returncode == 2
