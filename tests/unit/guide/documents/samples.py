"""Answers for every form: everything answered, and no more than what must be."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from bot.core.texts import Texts
from bot.guide.documents import checks
from bot.guide.documents.model import Field, Form, Kind
from bot.guide.documents.service import Papers
from tests.cases import id_number
from tests.world import ROOT

TODAY = date(2026, 11, 23)
TEXTS = Texts.load()
CREDIT_CODE = "91520402MA6HX0TJ1P"  # of nobody; its check character is made right below
_WORDS = {
    Kind.NAME: "欧阳晓芳",
    Kind.PHONE: "13800000000",
    Kind.ACCOUNT: "6222 0212 3456 7890 123",
    Kind.COURT: "安顺市西秀区人民法院",
    Kind.SUM: "12万3456.78元",  # less the two payments of a schedule: 10万8456.78元
    Kind.CASE: "(2026)黔0402民初123号",
    Kind.TEXT: "贵州省安顺市西秀区若飞大道100号3栋2单元501室，2025年3月1日以后一直在此居住。",
    Kind.LIST: "1. 中国建设银行安顺分行账户\n2. 贵G12345小型轿车，停在西秀区某小区地下车库\n某某商贸有限公司30%的股权",
}


@lru_cache(maxsize=1)
def papers() -> Papers:
    """The shipped forms."""
    return Papers.read(ROOT / "faq", TEXTS)


def credit_code() -> str:
    """An invented organisation's code with its right check character (GB 32100)."""
    digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = CREDIT_CODE[:17]
    total = sum(digits.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + digits[(31 - total % 31) % 31]


def words(field: Field, values: dict[str, Any]) -> str:
    """A good answer to a field, as somebody would write it."""
    if field.unlike:
        return "司马相如"
    if field.enforced:
        return "(2026)黔0402执123号"
    if field.exact:
        return "10万8456.78元"
    if field.kind is Kind.NUMBER:
        return credit_code() if values.get(field.of) == checks.ORGANISATION else id_number(7)
    if field.kind is Kind.DATE:
        return "2025年3月1日" if not field.future else "2027-06-30"
    if field.kind is Kind.SCHEDULE and field.total:
        return "分3期从2026年12月10日起"
    if field.kind is Kind.SCHEDULE:
        return "2026年9月1日 5000元\n2026年10月1日 1万元"
    return _WORDS[field.kind][: field.most or None]


def answers(form: Form, *, full: bool, last: bool = False) -> dict[str, Any]:
    """Answers read as in the chat; `last` takes the last option of every choice instead of the first."""
    values: dict[str, Any] = {}
    for field in form.fields:
        if not field.applies(values) or not (full or (field.required and not field.by_hand)):
            continue
        if field.kind is Kind.CHOICE:
            values[field.id] = field.offered(values)[-1 if last else 0].code
        else:
            values[field.id] = checks.read(field, words(field, values), checks.Answer(TODAY, values))
    return values
