"""Identity and secrecy: pseudonymous keys, sealed texts, and masks for what nobody should store."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.core.errors import SettingsError

_NONCE = 12
MASK = "*" * 6  # what stands for the hidden digits of an identifier
# What people put between the groups of a number: spaces of any width, dashes of any length, dots, strokes.
_GAP = r"[ \t\u00a0\u2000-\u200b\u202f\u3000\-\u2010-\u2015\u2212\uff0d_.·•/]"
# What any of the numbers below holds at least: most texts hold no such thing and are done with one look.
_MANY = re.compile(rf"\d(?:{_GAP}{{0,3}}\d){{10}}")
# Digits in one piece, as many as an ID card (18, or the old 15) or a bank card (16–19) has, or more: nobody
# needs them in a log.
_LONG = re.compile(r"(?<![\d.])\d{14,}[\dXx](?!\d)")
# In groups: only what has the form of a card, or holds the day of birth where an ID has it. Sums, days and
# telephone numbers in a row are no such number.
_CARD = re.compile(rf"(?<!\d)\d{{4}}(?:{_GAP}{{1,3}}\d{{4}}){{2}}{_GAP}{{1,3}}\d{{3,4}}(?:{_GAP}{{1,3}}\d{{1,4}})?(?!\d)")
_UNIONPAY = re.compile(rf"(?<!\d)6{_GAP}{{0,2}}2(?:{_GAP}{{0,2}}\d){{14,17}}(?!\d)")
_ID = re.compile(rf"(?<!\d)(?:\d{_GAP}{{0,3}}){{17}}[\dXx](?!\d)")
_OLD_ID = re.compile(rf"(?<!\d)(?:\d{_GAP}{{0,3}}){{14}}\d(?!\d)")
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]")  # GB/T 2260: where an ID was issued
_BORN = re.compile(r"(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")  # full width, bold, Arabic …
_SPACE = r"[ \t\u00a0\u2000-\u200b\u202f\u3000\-\u2010-\u2015\u2212\uff0d·]{0,2}"
_MOBILE = re.compile(
    rf"(?<!\d)(?:(?:\+|00)?86{_SPACE})?1[3-9]\d(?:{_SPACE}\d{{4}}{_SPACE}\d{{4}}|\.\d{{4}}\.\d{{4}})(?!\d)"
)
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
    if not _MANY.search(text):
        return text
    text = _OTHER_DIGIT.sub(lambda m: str(unicodedata.decimal(m.group())), text).replace("Ｘ", "X").replace("ｘ", "x")
    for form, holds in _FORMS:
        text = _masked(text, form, holds)
    return text


def _masked(text: str, form: re.Pattern[str], holds: Callable[[str], bool]) -> str:
    """Every number of that form masked of which `holds` is true for its digits."""
    parts, done, look = [], 0, 0
    while found := form.search(text, look):
        digits = "".join(c for c in found.group() if c.isalnum())
        if holds(digits):
            parts += [text[done : found.start()], MASK, digits[-4:]]
            done = look = found.end()
        else:  # a number may begin in the middle of what was none
            look = found.start() + 1
    return "".join([*parts, text[done:]]) if done else text


def _is_any(_digits: str) -> bool:
    return True


def _is_id(digits: str) -> bool:
    """A place where people are registered, and a day of birth, where an ID card has them."""
    born = digits[6:14] if len(digits) == 18 else "19" + digits[6:12]
    return bool(_PROVINCE.match(digits)) and bool(_BORN.fullmatch(born))


def _adds_up(digits: str) -> bool:
    """The check of bank cards (ISO/IEC 7812): every second digit doubled, the sum ends in 0."""
    doubled = [sum(divmod(2 * int(d), 10)) for d in digits[-2::-2]]
    return (sum(doubled) + sum(int(d) for d in digits[-1::-2])) % 10 == 0


_FORMS: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (_ID, _is_id),
    (_OLD_ID, _is_id),
    (_LONG, _is_any),
    (_CARD, _is_any),
    (_UNIONPAY, _adds_up),
)


def mask_identifiers(text: str) -> str:
    """The same, mobile numbers too: for whatever is kept, in the database's log or in log files."""
    text = mask_numbers(text)
    return _MOBILE.sub(lambda m: m.group()[:3] + "****" + m.group()[-4:], text) if _MANY.search(text) else text


def redact(text: str, *secrets: str) -> str:
    """A log line without bot tokens and without the given secrets."""
    text = _TOKEN.sub("***", text)
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return mask_identifiers(text)
