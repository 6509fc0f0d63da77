"""Rules of reach: tokens, why somebody is not reached, sealed files, cells that run no formula."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.privacy import Vault
from bot.reach.files import ProofStore
from bot.reach.model import LINK_PREFIX, ReachError, Unreached, new_code, new_token, unreached
from bot.reach.pdf import find_font, qr_png
from bot.reach.transcript import printable, safe_cell

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Link:
    """A link as the rule sees it."""

    used_at: datetime | None = None
    revoked_at: datetime | None = None
    expires_at: datetime = NOW + timedelta(days=1)


@dataclass(frozen=True)
class Bound:
    """A binding as the rule sees it."""

    status: str
    stopped: bool = False
    conversation_id: int = 1


def test_a_token_has_128_bits_and_fits_a_deep_link() -> None:
    """Telegram takes 64 characters of A–Z a–z 0–9 _ -."""
    tokens = {LINK_PREFIX + new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(t) == 23 and t.replace("-", "").replace("_", "").isalnum() for t in tokens)
    assert not set("".join(new_code() for _ in range(300))) & set("01OILU")


@pytest.mark.parametrize(
    ("links", "bound", "chats", "why"),
    [
        ([], [], {}, Unreached.NO_LINK),
        ([Link()], [], {}, Unreached.NEVER_LINKED),
        ([Link(expires_at=NOW)], [], {}, Unreached.EXPIRED),
        ([Link(revoked_at=NOW)], [], {}, Unreached.NO_LINK),
        ([Link(used_at=NOW)], [Bound("linked")], {1: None}, Unreached.NOT_PROVEN),
        ([], [Bound("linked")], {1: "blocked"}, Unreached.BLOCKED),
        ([], [Bound("locked")], {1: None}, Unreached.LOCKED),
        ([], [Bound("wrong")], {1: None}, Unreached.WRONG_PERSON),
        ([], [Bound("declined")], {1: None}, Unreached.DECLINED),
        ([], [Bound("proven")], {1: None}, None),
        ([], [Bound("proven")], {1: "blocked"}, Unreached.BLOCKED),
        ([], [Bound("proven", stopped=True)], {1: None}, Unreached.STOPPED),
        ([], [Bound("proven", stopped=True), Bound("proven", conversation_id=2)], {1: None, 2: None}, None),
        ([Link()], [Bound("proven")], {}, Unreached.NEVER_LINKED),
    ],
)
def test_why_a_debtor_is_not_reached(
    links: list[Link], bound: list[Bound], chats: dict[int, str | None], why: Unreached | None
) -> None:
    """The reason of the best chat there is; a chat that was deleted counts for nothing."""
    assert unreached(links, bound, chats, NOW) == why


def test_files_lie_sealed_and_once(tmp_path: Path) -> None:
    """The bytes cannot be read without the key; the same file twice is one file."""
    store = ProofStore(tmp_path, Vault(b"k" * 32))
    first, second = store.put(b"receipt " * 50), store.put(b"receipt " * 50)
    assert first == second
    [path] = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert b"receipt" not in path.read_bytes()
    assert store.get(first) == b"receipt " * 50


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5", "@x", "\t=1"])
def test_a_cell_never_runs_a_formula(text: str) -> None:
    """What people wrote is text in a spreadsheet."""
    assert safe_cell(text).startswith("'")
    assert safe_cell("好") == "好"
    assert safe_cell("\x0b\x01=1") == "'=1"


def test_qr_codes_and_fonts(tmp_path: Path) -> None:
    """A code is a PNG; a font that is not there is named."""
    assert qr_png("https://t.me/x?start=L")[:4] == b"\x89PNG"
    with pytest.raises(ReachError, match="font_missing"):
        find_font(tmp_path / "none.ttf")
    assert printable("好🙂") == "好"
