"""Adding a phrasing to a YAML file of `faq/` so that every other byte of it stays as the clerk wrote it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bot.core.errors import KnowledgeError
from bot.core.faults import Fault

LONGEST = 200  # characters of a phrasing: beyond that it is somebody's story


def with_phrasing(text: str, owner: str, phrasing: str) -> str:
    """The file's text with one more phrasing at the end of that entry's list.

    KnowledgeError when there is no such entry, or when the result would not read back as meant.
    """
    phrasings = _phrasings(text, owner)
    lines = text.splitlines(keepends=True)
    place = _offset(lines, phrasings.value[-1].end_mark)
    if phrasings.flow_style:
        added = f", {json.dumps(phrasing, ensure_ascii=False)}"
    else:
        # After the last item's own line, so that a comment at its end stays with it.
        place = text.find("\n", place)
        place = len(text) if place < 0 else place
        place -= text[:place].endswith("\r")
        newline = "\r\n" if "\r\n" in text else "\n"
        added = f"{newline}{' ' * phrasings.start_mark.column}- {_scalar(phrasing)}"
    changed = text[:place] + added + text[place:]
    _confirm(text, changed, owner, phrasing)
    return changed


def _phrasings(text: str, owner: str) -> yaml.SequenceNode:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for entry in root.value if isinstance(root, yaml.SequenceNode) else []:
        fields = {key.value: value for key, value in entry.value} if isinstance(entry, yaml.MappingNode) else {}
        if getattr(fields.get("id"), "value", None) != owner:
            continue
        found = fields.get("phrasings")
        if isinstance(found, yaml.SequenceNode) and found.value:
            return found
    raise KnowledgeError([Fault("phrasing.no_entry", topic=owner)])


def _offset(lines: list[str], mark: yaml.Mark) -> int:
    return sum(map(len, lines[: mark.line])) + mark.column


def _scalar(text: str) -> str:
    """As a clerk would write it: bare where YAML allows it, else in quotes."""
    try:
        bare = yaml.safe_load(f"- {text}") == [text] and "\n" not in text
    except yaml.YAMLError:
        bare = False
    return text if bare else json.dumps(text, ensure_ascii=False)


def _confirm(before: str, after: str, owner: str, phrasing: str) -> None:
    """Read both back: exactly the one phrasing more, and nothing else."""
    expected = yaml.safe_load(before)
    for entry in expected:
        if entry.get("id") == owner:
            entry["phrasings"].append(phrasing)
    if _loaded(after) != expected:
        raise KnowledgeError([Fault("phrasing.by_hand", topic=owner)])


def _loaded(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def read_text(path: Path) -> str:
    """The file's text with its own line ends."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def replace_text(path: Path, text: str) -> None:
    """Exchange the file as a whole, so that whoever reads it meanwhile sees the old one or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def problems_of(phrasing: str) -> Iterator[Fault]:
    """Why a text is no phrasing yet."""
    if not phrasing.strip() or "\n" in phrasing:
        yield Fault("phrasing.one_line")
    if len(phrasing) > LONGEST:
        yield Fault("phrasing.long", most=LONGEST)
    if "**" in phrasing:
        yield Fault("phrasing.masked")
