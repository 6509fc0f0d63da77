"""ID numbers, credit codes, names and telephone numbers: checked and brought into one form; no I/O."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from bot.ledger.model import PROOF_LENGTH, Broken, PartyKind

_ID18 = re.compile(r"\d{17}[\dX]")
_ID15 = re.compile(r"\d{15}")
_PASSPORT = re.compile(r"(?=.*\d)[A-Z0-9]{6,14}")
_CREDIT = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_ORGANISATION = re.compile(r"[0-9A-Z]{8}[0-9X]")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_CREDIT_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{9,11}|[2-9]\d{6,7}")
_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff\u0000-\u0008\u000b-\u001f]")  # come along when text is copied
_CHARACTERS = re.compile(rf"[0-9A-Z]{{{PROOF_LENGTH},}}")


def number(text: str, kind: PartyKind) -> str:
    """An ID number (GB 11643) or credit code (GB 32100) without spaces; Broken when its check digit fails.

    Old 15-digit IDs, passports and travel permits, and nine-character organisation codes are taken as
    they are.
    """
    plain = re.sub(r"[\s\-·'’`]", "", unicodedata.normalize("NFKC", text)).upper()
    if kind is PartyKind.PERSON:
        if _ID18.fullmatch(plain):
            return _checked_id(plain)
        if _ID15.fullmatch(plain) or (_PASSPORT.fullmatch(plain) and not plain.isdigit()):
            return plain
        raise Broken("id_number")
    if _CREDIT.fullmatch(plain):
        return _checked_credit(plain)
    if _ORGANISATION.fullmatch(plain):
        return plain
    raise Broken("credit_code")


def _checked_id(plain: str) -> str:
    try:
        date(int(plain[6:10]), int(plain[10:12]), int(plain[12:14]))
    except ValueError as error:
        raise Broken("id_number") from error
    total = sum(int(c) * w for c, w in zip(plain, _ID_WEIGHTS, strict=False))
    if _ID_CHECKS[total % 11] != plain[-1]:
        raise Broken("id_check")
    return plain


def _checked_credit(plain: str) -> str:
    total = sum(_CREDIT_DIGITS.index(c) * w for c, w in zip(plain, _CREDIT_WEIGHTS, strict=False))
    if _CREDIT_DIGITS[(31 - total % 31) % 31] != plain[-1]:
        raise Broken("credit_check")
    return plain


def phone(text: str) -> str:
    """A telephone number as digits; Broken when it can be none."""
    plain = re.sub(r"[\s\-()+]", "", unicodedata.normalize("NFKC", text))
    plain = re.sub(r"^(?:0086|86)(?=1)", "", plain)
    if not (_MOBILE.fullmatch(plain) or _LANDLINE.fullmatch(plain)):
        raise Broken("phone")
    return plain


def folded(text: str) -> str:
    """A name, or a part of one, in the form in which names are stored; whether it can be a name is not asked."""
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).strip()
    plain = re.sub(r"[•・‧∙．]|(?<=[\u4e00-\u9fff])\.(?=[\u4e00-\u9fff])", "·", plain)
    plain = re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", "", plain)
    return re.sub(r"\s+", " ", plain)


def name(text: str) -> str:
    """A name in one form: widths folded, the dot of minority names (·) unified, no spaces around Chinese."""
    plain = folded(text)
    if not plain or len(plain) > 120 or not any(c.isalpha() for c in plain):
        raise Broken("name")
    return plain


def remarks(plain: str, kind: PartyKind) -> None:
    """Broken `name_remark` when brackets stand behind a person's name: who is asked for it leaves them out."""
    if kind is PartyKind.PERSON and re.search(r"[(\[【〔]", plain):
        raise Broken("name_remark")


def tail(text: str) -> str:
    """The last characters that serve as proof, of a whole number or as somebody types them.

    Empty when nothing there can be them: 后六位是01001x holds them, 我不知道 does not.
    """
    plain = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()
    runs = _CHARACTERS.findall(plain)
    return runs[0][-PROOF_LENGTH:] if len(runs) == 1 else ""


@dataclass(frozen=True, slots=True)
class GivenParty:
    """What somebody typed about a party; empty: not said."""

    name: str = ""
    number: str = ""
    phone: str = ""

    def read(self, kind: PartyKind) -> dict[str, str]:
        """What was said, checked and in its form. Broken as `name`, `number` and `phone` above."""
        found = {}
        if self.name.strip():
            found["name"] = name(self.name)
            remarks(found["name"], kind)
        if self.number.strip():
            found["number"] = number(self.number, kind)
        if self.phone.strip():
            found["phone"] = phone(self.phone)
        return found
