"""Words stand where they belong: sentences in the catalogue, purposes in docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from string import Formatter

import pytest

from bot.core.texts import Texts
from tests.architecture.source import CHINESE, Module, program, stories

TEXTS = Texts.load()
ROOTS = {key.split(".")[0] for key in TEXTS.keys()}  # noqa: SIM118 - not a mapping
# Calls whose first argument is a key of the catalogue and whose keywords fill it.
FILLING = {"texts", "_texts", "TEXTS", "plain", "menu"}
CLASS = re.compile(r"\[[^\]]*\]")  # a character class of a pattern
SENTENCE = re.compile("[，。！？；：“”]")
GLOSS = re.compile("\\([\u4e00-\u9fff]+\\)|[元万]")  # an English text that names the field's own term
# Where Chinese stands in Python because it is grammar: numerals, units, days and the form of citations
# and case numbers. They are written by the language, not by us, and a clerk has nothing to change there.
GRAMMAR = {
    "bot/consult/loader.py",
    "bot/consult/model.py",
    "bot/consult/normalise.py",
    "bot/consult/pinyin.py",
    "bot/consult/reading.py",
    "bot/dialogue/ends_documents.py",
    "bot/dialogue/flows/document.py",
    "bot/guide/laws.py",
    "bot/guide/reading.py",
    "bot/guide/documents/capitals.py",
    "bot/guide/documents/checks.py",
    "bot/guide/settlement/paper.py",
    "bot/guide/settlement/reading.py",
    "bot/ledger/casenumber.py",
    "bot/ledger/cells.py",
    "bot/ledger/columns.py",
    "bot/ledger/courts.py",
    "bot/reach/amounts.py",
    "bot/reach/saying.py",
    "bot/store/reports.py",
}


def test_every_module_says_first_what_it_is_for() -> None:
    """A docstring on the first line, ending like a sentence."""
    wrong = [
        m.shown
        for m in (*program(), *stories())
        if not (ast.get_docstring(m.tree) or "").split("\n")[0].rstrip().endswith((".", ":", "?"))
        or not m.path.read_text(encoding="utf-8").startswith(('"""', 'r"""'))
    ]
    assert wrong == []


def test_every_test_states_its_rule() -> None:
    """In one line of plain words, as a docstring."""
    wrong = [
        f"{m.shown}:{node.lineno} {node.name}"
        for m in stories()
        for node in ast.walk(m.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if not ast.get_docstring(node)
    ]
    assert wrong == []


def test_no_chinese_sentence_stands_in_python() -> None:
    """What a person reads is in the catalogue or in faq/; a character class of a pattern is no sentence."""
    wrong = [
        f"{m.shown}:{line} {text!r}"
        for m in program()
        for text, line in m.strings()
        if (words := CHINESE.findall(GLOSS.sub("", CLASS.sub("", text))))
        if m.shown not in GRAMMAR or (len(words) > 3 and SENTENCE.search(CLASS.sub("", text)))
    ]
    assert wrong == []


def used_keys() -> Iterator[tuple[Module, int, str, bool]]:
    """Keys and beginnings of keys that the program names: module, line, text or pattern, whether a pattern."""
    for m in program():
        pieces = {id(v) for n in ast.walk(m.tree) if isinstance(n, ast.JoinedStr) for v in n.values}
        for node in ast.walk(m.tree):
            if id(node) in pieces:
                continue
            if isinstance(node, ast.JoinedStr):
                pattern = "".join(
                    re.escape(str(v.value)) if isinstance(v, ast.Constant) else r"[\w.-]+" for v in node.values
                )
                if "\\." in pattern:
                    yield m, node.lineno, pattern, True
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield m, node.lineno, node.value, False


def test_every_key_that_is_named_exists() -> None:
    """A misspelt key would only fail when the sentence is said."""
    wrong = []
    for m, line, text, is_pattern in used_keys():
        known_room = text.replace("\\", "").split(".")[0] in ROOTS and "." in text
        if not known_room or not re.fullmatch(r"[\w.\\\[\]+-]+", text):
            continue
        if is_pattern:
            exists = any(re.fullmatch(text, key) for key in TEXTS.keys())  # noqa: SIM118 - not a mapping
        else:
            exists = text in TEXTS or bool(TEXTS.under(text))
        if not exists and is_a_key(m, line):
            wrong.append(f"{m.shown}:{line} {text}")
    assert wrong == []


def is_a_key(module: Module, line: int) -> bool:
    """Whether a text of that line is handed to something that looks keys up."""
    source = module.path.read_text(encoding="utf-8").split("\n")[line - 1]
    return bool(re.search(r"texts?\(|TEXTS\(|plain\([f'\"]|\.menu\(|key=|\.say\(|\.under\(", source))


def test_every_sentence_is_said_somewhere() -> None:
    """A key that nobody names is a promise that nobody keeps."""
    exact, patterns = set(), set()
    for _, _, text, is_pattern in used_keys():
        (patterns if is_pattern else exact).add(text)
    heads = {t for m in program() for t in _under(m)}
    unused = [
        key
        for key in sorted(TEXTS.keys())
        if key not in exact
        and not any(re.fullmatch(p, key) for p in patterns)
        and not any(key.startswith(f"{head}.") for head in heads)
    ]
    assert unused == []


def _under(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "under" and node.args:
            if isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
            elif isinstance(node.args[0], ast.JoinedStr) and isinstance(node.args[0].values[0], ast.Constant):
                yield str(node.args[0].values[0].value).rstrip(".")


def filled() -> Iterator[tuple[str, str, set[str]]]:
    """Calls that fill a sentence: where, which key, with which names."""
    for m in program():
        for node in ast.walk(m.tree):
            if not isinstance(node, ast.Call) or not node.args or any(k.arg is None for k in node.keywords):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if name in FILLING and isinstance(first, ast.Constant) and first.value in TEXTS:
                yield f"{m.shown}:{node.lineno}", str(first.value), {str(k.arg) for k in node.keywords}


def test_placeholders_and_what_fills_them_agree() -> None:
    """No name is missing when a sentence is said, and none is given in vain."""
    wrong = [
        f"{where} {key}: wants {sorted(TEXTS.placeholders(key))}, gets {sorted(given)}"
        for where, key, given in filled()
        if given != TEXTS.placeholders(key)
    ]
    assert wrong == []
    assert sum(1 for _ in filled()) > 20  # the search itself has not gone blind


@pytest.mark.parametrize("key", sorted(TEXTS.keys()))
def test_a_sentence_can_be_sent(key: str) -> None:
    """Bold is closed, no other markup is used, and it fits into one message with room for what fills it."""
    text = TEXTS(key, **dict.fromkeys(TEXTS.placeholders(key), "1"))
    assert text
    assert len(text) <= 1500
    assert text.count("**") % 2 == 0
    assert not re.search(r"</?[a-z]+>|\]\(", text)
    assert all(conversion is None and not spec for _, _, spec, conversion in Formatter().parse(TEXTS._entries[key]))


def test_labels_fit_on_a_telephone() -> None:
    """Two buttons stand beside each other; longer words would be cut."""
    long = [k for k, label in TEXTS.under("button").items() if len(label) > 12]
    assert long == []


def test_no_key_was_read_as_yes_or_no() -> None:
    """YAML takes an unquoted `on`, `off`, `yes` or `no` for a truth value, and the key is gone."""
    parts = {part for key in TEXTS.keys() for part in key.split(".")}  # noqa: SIM118 - not a mapping
    assert not parts & {"True", "False", "None"}
