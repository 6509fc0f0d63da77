"""YAML as clerks write it: every node knows its line, and what cannot be read is told in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bot.core.faults import Fault, Problem

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INDENT = ("did not find expected", "expected <block end>")
_BESIDE = (".", "~")  # .#fees.yaml of Emacs, ._fees.yaml of a Mac, ~$fees.yaml of an office suite
_MEANT = (".yml", ".yaml", ".yml.txt", ".yaml.txt")
_WIDE_SPACES = frozenset("\u3000\u00a0")  # of a Chinese keyboard, and of words copied from a web page
_SYMBOL = ("cannot start any token", "alias", "anchor", "tag", "directive", "alphabetic or numeric")


class Unreadable(Exception):
    """What is written at a place cannot be used."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class Node:
    """A YAML node with its line, so that every complaint can say where."""

    def __init__(self, node: yaml.Node, file: str) -> None:
        self.node = node
        self.file = file
        self.line = node.start_mark.line + 1

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_mapping(self) -> bool:
        """Whether it holds names with values."""
        return isinstance(self.node, yaml.MappingNode)

    def items(self) -> list[Node]:
        """The members of a list; empty for anything else."""
        return [Node(n, self.file) for n in self.node.value] if isinstance(self.node, yaml.SequenceNode) else []

    def pairs(self) -> list[tuple[str, Node]]:
        """The pairs of a mapping in the order written, repeated keys included."""
        if not isinstance(self.node, yaml.MappingNode):
            return []
        return [(str(Node(k, self.file).value()), Node(v, self.file)) for k, v in self.node.value]

    def value(self) -> Any:
        """The plain value; `Unreadable` when there is none, such as for the 31st of February."""
        try:
            return _construct(self.node)
        except RecursionError as error:
            raise self.unreadable(Fault("yaml.deep", parser=error)) from error
        except (ValueError, TypeError, yaml.YAMLError) as error:
            if "recursive" in str(error):  # it holds itself
                raise self.unreadable(Fault("yaml.deep", parser=_plain(error))) from error
            for member in (*self.items(), *(value for _, value in self.pairs())):
                member.value()  # tells its own line, if it is the one that cannot be read
            why = error.problem if isinstance(error, yaml.MarkedYAMLError) else _plain(error)
            raise self.unreadable(Fault("value.unreadable", why=why)) from error

    def problem(self, fault: Fault, about: str = "") -> Problem:
        """A complaint about this place."""
        return Problem(self.file, self.line, fault, about)

    def unreadable(self, fault: Fault, about: str = "") -> Unreadable:
        """The same, to be raised."""
        return Unreadable(self.problem(fault, about))


def _construct(node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        # Composing has already resolved the tag; only the few plain types occur.
        return yaml.constructor.SafeConstructor().construct_object(node)
    constructor = yaml.constructor.SafeConstructor()
    return constructor.construct_object(node, deep=True)


def read(path: Path, name: str | None = None) -> Node:
    """The file's root node, as `name` in complaints; `Unreadable` says where and why it cannot be read."""
    name = name or path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(cannot_open(name, error)) from error
    return compose(raw, name)


def files(folder: Path) -> list[Path]:
    """The YAML files of a folder by name, without what editors put beside them while somebody works."""
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith(_BESIDE))


def misnamed(folder: Path) -> Iterator[Path]:
    """Files that were meant for knowledge, and that nobody reads for the end of their name."""
    for path in sorted(folder.glob("*")):
        name = path.name
        if not name.startswith(_BESIDE) and not name.endswith(".yaml") and name.lower().endswith(_MEANT):
            yield path


def cannot_open(name: str, error: OSError) -> Problem:
    """A file that is not there, or that may not be read."""
    if isinstance(error, FileNotFoundError):
        return Problem(name, 0, Fault("file.missing"))
    return Problem(name, 0, Fault("file.closed", why=error.strerror or error))


def compose(raw: bytes, name: str) -> Node:
    """The root node of what stands in a file; `Unreadable` with the line at which it cannot be read."""
    try:
        node = yaml.compose(raw.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Unreadable(Problem(name, line, Fault("file.encoding"))) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Unreadable(_syntax(error, raw.decode("utf-8"), name)) from error
    if node is None:
        raise Unreadable(Problem(name, 1, Fault("file.empty")))
    return Node(node, name)


# -- what is most likely wrong where YAML cannot be read -----------------------------------------


def _syntax(error: yaml.YAMLError | RecursionError, text: str, name: str) -> Problem:
    if isinstance(error, RecursionError):
        return Problem(name, 0, Fault("yaml.deep", parser=error))
    if isinstance(error, yaml.reader.ReaderError):
        at = text.find(chr(error.character)) if isinstance(error.character, int) else -1
        return Problem(name, text[: max(at, 0)].count("\n") + 1, Fault("yaml.hidden", parser=error.reason))
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(name, 0, Fault("yaml.other", parser=_plain(error)))
    mark = error.problem_mark or error.context_mark
    return Problem(name, mark.line + 1 if mark else 0, _likely(error, text.splitlines(), mark))


def _likely(error: yaml.MarkedYAMLError, lines: list[str], mark: yaml.Mark | None) -> Fault:
    """What a clerk should look at first; the parser's own words stay at the end."""
    context, problem = error.context or "", error.problem or ""
    parser = "; ".join(filter(None, (context, problem)))
    here = lines[mark.line] if mark and mark.line < len(lines) else ""
    before = here[: len(here) - len(here.lstrip())]
    since = error.context_mark.line + 1 if error.context_mark else mark.line + 1 if mark else 0
    if "\t" in before or "tab character" in problem or (mark and here[mark.column : mark.column + 1] == "\t"):
        return Fault("yaml.tab", parser=parser)
    if set(before) & _WIDE_SPACES:
        return Fault("yaml.space", parser=parser)
    if "quoted scalar" in context and "end of" in problem:
        return Fault("yaml.quote", since=since, parser=parser)
    if "escape" in problem:
        return Fault("yaml.escape", parser=parser)
    if "could not find expected ':'" in problem:
        return Fault("yaml.colon", since=since, parser=parser)
    if "flow" in context:
        return Fault("yaml.bracket", since=since, parser=parser)
    if "mapping values are not allowed" in problem:
        return Fault("yaml.colons", parser=parser)
    if "block sequence entries are not allowed" in problem:
        return Fault("yaml.dash", parser=parser)
    if "another document" in problem:
        return Fault("yaml.document", parser=parser)
    if any(words in f"{context} {problem}" for words in _SYMBOL):
        return Fault("yaml.symbol", parser=parser)
    if any(problem.startswith(words) for words in _INDENT):
        return Fault("yaml.quotes", parser=parser) if _quotes(here) else Fault("yaml.indent", parser=parser)
    return Fault("yaml.other", parser=parser)


def _quotes(line: str) -> bool:
    """Whether quotation marks are a likelier cause than indentation: one has no other, or words follow the second."""
    return any(line.count(mark) % 2 or f": {mark}" in line or f"- {mark}" in line for mark in "'\"")


def _plain(error: BaseException) -> str:
    """An error's own words, on one line."""
    return " ".join(str(error).split())


def repeated(root: Node, *, deep: int) -> Iterator[Problem]:
    """Keys that stand twice: of two sections with one name YAML keeps the last, silently."""
    seen: set[str] = set()
    for name, node in root.pairs():
        if name in seen:
            yield node.problem(Fault("file.twice", name=name))
        seen.add(name)
        if deep:
            yield from repeated(node, deep=deep - 1)
