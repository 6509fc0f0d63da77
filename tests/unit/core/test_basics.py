"""Clock, ids and settings: small things that everything stands on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.clock import ManualClock, SystemClock, local_day, shown
from bot.core.errors import SettingsError
from bot.core.ids import Ids, long, short
from bot.settings import load

NOW = datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC)


def test_the_legal_day_is_that_of_shanghai() -> None:
    """One second before four in the afternoon UTC is still the same day there, four o'clock is the next."""
    assert local_day(NOW) == date(2026, 11, 23)
    assert local_day(NOW + timedelta(seconds=1)) == date(2026, 11, 24)
    assert shown(NOW) == "2026-11-23 23:59"


def test_clocks_tell_aware_utc() -> None:
    """A moved clock is ahead by its offset; a manual one stands still and refuses naive times."""
    moved = SystemClock(timedelta(days=3)).now() - SystemClock().now()
    assert timedelta(days=2, hours=23) < moved < timedelta(days=3, hours=1)
    clock = ManualClock(NOW)
    assert clock.now() == clock.now() == NOW
    assert clock.advance(days=1) == NOW + timedelta(days=1)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_ids_grow_and_never_repeat() -> None:
    """Within a moment, over time, and when the clock stands still."""
    ids = Ids()
    made = [ids.new(NOW) for _ in range(10_000)] + [ids.new(NOW + timedelta(seconds=1))]
    assert made == sorted(set(made))
    assert made[-1] < 2**63
    assert long(short(made[-1])) == made[-1]
    assert len(short(made[-1])) <= 13


def test_the_environment_goes_before_the_file_and_unknown_keys_are_named(tmp_path: Path) -> None:
    """All wrong keys at once, each by its name."""
    file = tmp_path / "config.yaml"
    file.write_text("http:\n  port: 9000\n", encoding="utf-8")
    assert load(file, {"ZHIYUAN_HTTP__PORT": "9001"}).http.port == 9001
    assert load(file, {"ZHIYUAN_TELEGRAM__ADMINS": "5, 6"}).telegram.admins == (5, 6)
    file.write_text("http:\n  prot: 1\nlog:\n  level: LOUD\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file, {})
    assert "http.prot" in str(caught.value)
    assert "log.level" in str(caught.value)


@pytest.mark.parametrize("text", ["[1, 2]", "http: 8080", "a: [", "\tx: 1"])
def test_a_file_that_is_no_settings_file_is_refused(tmp_path: Path, text: str) -> None:
    """The message names the file."""
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"config\.yaml"):
        load(file, {})


def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder, or what is no text: a message, not a traceback."""
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("folder.yaml", "binary.yaml"):
        with pytest.raises(SettingsError, match=name):
            load(tmp_path / name, {})


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:8081", "ftp://host", "http://", "http://a b"])
def test_what_is_no_address_is_refused_at_once(address: str) -> None:
    """Instead of a bot that tries for ever to reach it."""
    with pytest.raises(SettingsError, match=r"telegram\.base_url"):
        load(None, {"ZHIYUAN_TELEGRAM__BASE_URL": address, "ZHIYUAN_TELEGRAM__TOKEN": "1:x"})


def test_a_moved_clock_is_refused_with_telegrams_own_server() -> None:
    """Rehearsals must not write to real people."""
    env = {"ZHIYUAN_TELEGRAM__TOKEN": "1:a", "ZHIYUAN_CLOCK__OFFSET": "60"}
    with pytest.raises(SettingsError, match=r"clock\.offset"):
        load(None, env)
    assert load(None, env | {"ZHIYUAN_TELEGRAM__BASE_URL": "http://127.0.0.1:1"}).clock.offset == 60
