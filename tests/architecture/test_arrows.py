"""Arrows run downwards only: main → doors → features → store, core."""

from __future__ import annotations

import sys

import pytest

from tests.architecture.source import ROOT, Module, belongs, program

DOORS = ("handlers", "console", "commands", "sandbox")
INTERFACES = ("telegram", "nicegui", "starlette", "fastapi", "uvicorn", "typer", "rich")
# What each part of `bot/` may know of the others; a feature is every folder that is not listed.
BELOW = {"core": ("core",), "store": ("core", "store"), "settings": ("core", "settings")}


def part(module: Module) -> str:
    """The second part of a name: the room within `bot/`."""
    return [*module.name.split("."), ""][1]


def features() -> list[str]:
    """The rooms of `bot/` that are neither core nor store nor the two files at its top."""
    rooms = {p.name for p in (ROOT / "bot").iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    return sorted(rooms - {"core", "store"})


def violations(found: list[tuple[Module, str, int]]) -> list[str]:
    """In words."""
    return [f"{module.shown}:{line} imports {name}" for module, name, line in found]


def test_the_features_know_no_user_interface() -> None:
    """`bot/` imports neither Telegram nor the web nor the terminal, nor any door, nor main."""
    forbidden = (*INTERFACES, *DOORS, "main", "tests")
    found = [
        (m, name, line)
        for m in program()
        if belongs(m.name, "bot")
        for name, line in m.imports()
        if any(belongs(name, f) for f in forbidden)
    ]
    assert violations(found) == []


def test_core_and_store_know_nothing_above_them() -> None:
    """Core stands on nothing of ours; the store on core only; settings on core only."""
    found = [
        (m, name, line)
        for m in program()
        if belongs(m.name, "bot") and part(m) in BELOW
        for name, line in m.imports()
        if belongs(name, "bot") and name.split(".")[1] not in BELOW[part(m)]
    ]
    assert violations(found) == []


def test_no_feature_knows_the_bag_of_services() -> None:
    """`bot.service` holds all features for the doors; a feature takes what it needs, one by one."""
    found = [
        (m, name, line)
        for m in program()
        if part(m) in features() and belongs(m.name, "bot")
        for name, line in m.imports()
        if belongs(name, "bot.service")
    ]
    assert violations(found) == []


def test_features_stand_on_each_other_in_one_direction() -> None:
    """If one feature uses another, that one does not use it back, by whatever way round."""
    uses: dict[str, set[str]] = {f: set() for f in features()}
    for m in program():
        if belongs(m.name, "bot") and part(m) in uses:
            uses[part(m)] |= {n.split(".")[1] for n, _ in m.imports() if belongs(n, "bot")} & set(uses) - {part(m)}
    seen: list[str] = []
    while rest := [f for f in uses if f not in seen]:
        free = [f for f in rest if uses[f] <= set(seen)]
        assert free, f"a circle among {rest}: { {f: sorted(uses[f]) for f in rest} }"
        seen += free


def test_no_door_opens_another_door() -> None:
    """main joins them; the measuring and picture-taking commands alone may start a sandbox to measure against."""
    allowed = {("commands", "sandbox")}
    found = [
        (m, name, line)
        for m in program()
        for door in DOORS
        if belongs(m.name, door)
        for name, line in m.imports()
        for other in DOORS
        if other != door and belongs(name, other)
        if (door, other) not in allowed or "bench" not in m.name
    ]
    assert violations(found) == []


def test_only_handlers_know_telegrams_library() -> None:
    """A reply leaves through the outbox; nobody but Telegram's door calls Telegram."""
    found = [
        (m, name, line)
        for m in program()
        if not belongs(m.name, "handlers") and m.name != "main" and "bench" not in m.name
        for name, line in m.imports()
        if belongs(name, "telegram")
    ]
    assert violations(found) == []


def test_the_sandbox_stands_alone() -> None:
    """It plays Telegram: a server that knew our services would prove nothing."""
    found = [
        (m, name, line)
        for m in program()
        if belongs(m.name, "sandbox")
        for name, line in m.imports()
        if belongs(name, "bot") or belongs(name, "telegram")
    ]
    assert violations(found) == []


@pytest.mark.parametrize("feature", features())
def test_a_model_needs_nothing_but_the_standard_library(feature: str) -> None:
    """Rules and types without I/O, in `model.py` of every feature that has one."""
    found = [
        (m, name, line)
        for m in program()
        if m.name == f"bot.{feature}.model"
        for name, line in m.imports()
        if name.split(".")[0] not in sys.stdlib_module_names
    ]
    assert violations(found) == []
