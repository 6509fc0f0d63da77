"""Identity and secrecy: pseudonymous keys, sealed texts, and masks for what nobody should store."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import re
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.core.errors import SettingsError

_NONCE = 12
MASK = "*" * 6  # what stands for the hidden digits of an identifier
# A citizen's ID (18, or the old 15) and a bank card (16–19), also with spaces or dashes between
# groups. Digits of any width count; longer runs are masked too: nobody needs them in a log.
_ID_OR_CARD = re.compile(r"(?<![\d.])\d(?:[ \-]?\d){13,22}[ \-]?[\dXx](?!\d)")
# Several days in a row (2024-03-01 2024-05-10) look like groups of such a number, and are none.
_DAYS = re.compile(r"(?:19|20)\d\d-\d{1,2}-\d{1,2}(?:[ \-](?:19|20)\d\d-\d{1,2}-\d{1,2})*")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[ \-]?)?1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}(?!\d)")
_TOKEN = re.compile(r"\b(?:bot)?\d{6,12}:[A-Za-z0-9_-]{30,}")


class Vault:
    """Seals texts at rest (AES-256-GCM) and turns outside identifiers into pseudonymous keys.

    One 32-byte secret serves both, through separate derived keys. Losing it means losing the
    sealed texts; that is why `db backup` reminds the operator of the key file.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            raise SettingsError("privacy.key: at least 32 bytes are needed (64 hexadecimal digits)")
        self._aead = AESGCM(_derived(secret, b"seal"))
        self._names = _derived(secret, b"names")

    def seal(self, text: str) -> bytes:
        """The text, encrypted and authenticated, with its nonce in front."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """The text that was sealed; SettingsError when the key is another one."""
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], None).decode()
        except InvalidTag as error:
            raise SettingsError(
                "privacy.key: this database was written with another key; restore data/secret.key "
                "from the backup, or set ZHIYUAN_PRIVACY__KEY to the old one"
            ) from error

    def seal_bytes(self, content: bytes) -> bytes:
        """The same for a file."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, content, None)

    def open_bytes(self, sealed: bytes) -> bytes:
        """The file that was sealed; SettingsError when the key is another one."""
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except InvalidTag as error:
            raise SettingsError("privacy.key: this file was sealed with another key") from error

    def pseudonym(self, *parts: object) -> str:
        """A stable key for an outside identifier that does not give it away (96 bits, base 32)."""
        text = "\x1f".join(map(str, parts)).encode()
        digest = hmac.new(self._names, text, hashlib.sha256).digest()[:12]
        return base64.b32encode(digest).decode().rstrip("=").lower()


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, b"zhiyuan/" + purpose, hashlib.sha256).digest()


def read_or_make_key(path: Path) -> bytes:
    """The key file's 32 bytes; made at the first start, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written elsewhere and then given its name, which only one of two copies starting at once can
        # do: neither makes a second key, and neither reads a file that is still empty.
        draft = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(os.urandom(32).hex())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return parse_key(path.read_text().strip(), str(path))


def parse_key(text: str, where: str) -> bytes:
    """A key of hexadecimal digits as bytes; SettingsError names where it stood."""
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise SettingsError(f"{where}: the key must be hexadecimal digits (64 of them)") from error


def mask_numbers(text: str) -> str:
    """Free text with ID-card and bank-card numbers masked: the last four characters stay.

    Applied to an update before it is stored at all. Telephone numbers stay, since a clerk's reply may
    have to carry one.
    """
    text = text.translate(_WIDE_DIGITS)
    return _ID_OR_CARD.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    number = found.group()
    return number if _DAYS.fullmatch(number) else MASK + re.sub(r"[ \-]", "", number)[-4:]


def mask_identifiers(text: str) -> str:
    """The same, mobile numbers too: for whatever is kept, in the database's log or in log files."""
    return _MOBILE.sub(lambda m: m.group()[:3] + "****" + m.group()[-4:], mask_numbers(text))


_WIDE_DIGITS = str.maketrans("０１２３４５６７８９Ｘ", "0123456789X")


def redact(text: str, *secrets: str) -> str:
    """A log line without bot tokens and without the given secrets."""
    text = _TOKEN.sub("***", text)
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return mask_identifiers(text)
