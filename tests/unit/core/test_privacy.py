"""Secrecy: seals, pseudonyms, masks, and a key that is made once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.core.errors import SettingsError
from bot.core.privacy import Vault, mask_identifiers, mask_numbers, parse_key, read_or_make_key, redact

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("身份证52040219870317581X。", "******581X"),
        ("身份证 520402 19870317 5816", "******5816"),
        ("５２０４０２１９８７０３１７５８１Ｘ", "******581X"),
        ("旧证520402870317581", "******7581"),
        ("卡号6222021234567890123", "******0123"),
        ("卡号6222 0212 3456 7890 123", "******0123"),
        ("卡号6222-0212-3456-7890", "******7890"),
        ("卡号6222　0212　3456　7890　123", "******0123"),
        ("卡号6222  0212  3456  7890", "******7890"),
        ("卡号6222.0212.3456.7890", "******7890"),
        ("卡号622202 1234567890 128", "******0128"),
        ("5204 0219 8703 1758 16", "******5816"),
        ("520402–19870317–581x", "******581x"),
        ("520402 1987.03.17 5816", "******5816"),
        ("5 2 0 4 0 2 1 9 8 7 0 3 1 7 5 8 1 6", "******5816"),
        ("旧证520402 870317 581", "******7581"),
        ("卡和证6222021234567890123520402198703175816", "******5816"),
        ("𝟓𝟐𝟎𝟒𝟎𝟐𝟏𝟗𝟖𝟕𝟎𝟑𝟏𝟕𝟓𝟖𝟏𝟔", "******5816"),
    ],
)
def test_numbers_that_identify_people_keep_their_last_four(said: str, kept: str) -> None:
    """ID cards old and new, bank cards, in groups, in full width."""
    masked = mask_numbers(said)
    assert kept in masked
    assert sum(c.isdigit() for c in masked) <= 4


@pytest.mark.parametrize(
    "said",
    [
        "（2024）黔0402执1234号",
        "欠款1,234,567.89元",
        "2026年11月23日10:30",
        "从2024-03-01 2024-05-10",
        "2024-3-1-2024-12-31",
        "12368",
        "拨打0851-33222333",
        "0851-33221100 0851-33221101",
        "13985312345 13985312346",
        "2026-03-01 50000 2026-04-01 50000",
        "50000 20000 30000",
        "1500.50 2300.20 1800.00",
        "从2024/03/01至2024/12/31",
    ],
)
def test_case_numbers_sums_and_dates_stay(said: str) -> None:
    """What a clerk needs to read is not masked."""
    assert mask_numbers(said) == said


def test_mobile_numbers_are_masked_in_what_is_kept() -> None:
    """The first three and the last four stay."""
    for shape in ("139 8531 2345", "139　8531　2345", "139.8531.2345", "139—8531—2345", "１３９８５３１２３４５", "008613985312345"):
        kept = mask_identifiers(f"电话{shape}。")
        assert kept.endswith("****2345。")
        assert "8531" not in kept
    assert mask_identifiers("13985312345 13985312346") == "139****2345 139****2346"
    assert mask_identifiers("电话13985312345或+86 139-8531-2345") == "电话139****2345或+86****2345"


def test_a_log_line_holds_no_token_and_no_given_secret() -> None:
    """Tokens by their form, secrets by name, and numbers on top."""
    line = redact("POST /bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/getMe hook-secret 13985312345", "hook-secret")
    assert "AAHdq" not in line
    assert "hook-secret" not in line
    assert "13985312345" not in line


def test_what_is_sealed_opens_with_the_same_key_only() -> None:
    """Twice the same text seals differently; another key says so instead of returning rubbish."""
    vault = Vault(KEY)
    first, second = vault.seal("执行费"), vault.seal("执行费")
    assert first != second
    assert vault.open(first) == vault.open(second) == "执行费"
    with pytest.raises(SettingsError, match="another key"):
        Vault(bytes(32)).open(first)


def test_a_pseudonym_is_stable_and_tells_parts_apart() -> None:
    """The same person has the same key; joined parts cannot be confused."""
    vault = Vault(KEY)
    assert vault.pseudonym("telegram", 5) == vault.pseudonym("telegram", "5")
    assert vault.pseudonym("ab", "c") != vault.pseudonym("a", "bc")
    assert vault.pseudonym("telegram", 5) != Vault(bytes(32)).pseudonym("telegram", 5)


def test_copies_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    """The file is made once, whole, and readable by its owner only."""
    path = tmp_path / "data" / "secret.key"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: read_or_make_key(path), range(8)))
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("text", ["zz" * 32, "11" * 31])
def test_a_bad_key_is_refused(text: str) -> None:
    """Not hexadecimal, or too short."""
    with pytest.raises(SettingsError):
        Vault(parse_key(text, "privacy.key"))
