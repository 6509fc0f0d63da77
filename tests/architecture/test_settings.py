"""Every setting is explained, and time and secrets come from one place."""

from __future__ import annotations

import ast
import re

import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.settings import PREFIX, Settings
from tests.architecture.source import ROOT, program

DOCUMENT = ROOT / "docs" / "configuration.md"
ROW = re.compile(r"^\| `(?P<key>[\w.]+)` \| (?P<default>.*?) \| `(?P<name>\w+)` \| (?P<meaning>.+?) \|$", re.MULTILINE)


def every_setting() -> dict[str, FieldInfo]:
    """All keys with their fields."""
    found = {}
    for section, field in Settings.model_fields.items():
        model = field.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        found |= {f"{section}.{key}": inner for key, inner in model.model_fields.items()}
    return found


def shown(value: object) -> str:
    """A default as the document writes it."""
    if isinstance(value, SecretStr) or value in ("", (), None):
        return "empty"
    if isinstance(value, tuple):
        return f"`{','.join(map(str, value))}`"
    return f"`{value}`"


def test_every_setting_is_explained_with_its_default_and_its_variable() -> None:
    """A row for each, none for what does not exist, and the default that the program really has."""
    rows = {row["key"]: row for row in ROW.finditer(DOCUMENT.read_text(encoding="utf-8"))}
    settings = every_setting()
    assert sorted(set(settings) - set(rows)) == [], "not in docs/configuration.md"
    assert sorted(set(rows) - set(settings)) == [], "explained, and does not exist"
    for key, field in settings.items():
        assert rows[key]["default"] == shown(field.default), key
        assert rows[key]["name"] == PREFIX + key.upper().replace(".", "__"), key
        assert len(rows[key]["meaning"]) > 10, key


def test_every_setting_says_what_it_means() -> None:
    """In the field itself, where the next developer looks."""
    assert [key for key, field in every_setting().items() if not field.description] == []


def test_the_settings_file_holds_what_is_the_default() -> None:
    """config.yaml shows the usual keys with the values that they have without it, and no secret."""
    given = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    assert Settings.model_validate(given) == Settings()
    secret = {key for key, field in every_setting().items() if isinstance(field.default, SecretStr)}
    assert not {f"{section}.{key}" for section, keys in given.items() for key in keys} & secret


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    """Everything else is told the time, so that a test or a rehearsal can move it."""
    allowed = {"bot/core/clock.py", "sandbox/settings.py"}
    asking = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
    found = [
        f"{m.shown}:{node.lineno}"
        for m in program()
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Attribute) and m.shown not in allowed
        if (getattr(node.value, "id", getattr(node.value, "attr", "")), node.attr) in asking
    ]
    assert found == []


def test_the_environment_is_read_in_one_place() -> None:
    """Within the bot settings alone look at variables; no secret is picked up elsewhere."""
    found = [
        f"{m.shown}:{node.lineno}"
        for m in program()
        if m.name.startswith("bot.") and m.name != "bot.settings"
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]
    assert found == []
