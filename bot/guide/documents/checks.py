"""Reads an answer as what a field wants; `Wrong` says why it cannot be, and the catalogue adds an example."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bot.core.privacy import MASK
from bot.guide.documents.model import Field, Kind, Values, Wrong, less
from bot.ledger import casenumber, identity
from bot.ledger.model import Broken, PartyKind, TitleKind
from bot.reach.saying import even_plan, find_count, find_day, find_each, find_sum

MOST_TEXT, MOST_NAME, MOST_LINE = 2000, 60, 300  # characters
MOST_LINES = 30
MOST_SUM = 10**14  # 分; what is larger is a slip
ORGANISATION = "organisation"  # the code of that choice in every definition
_KEPT = "\n"
# Invisible, reversing and half characters, and pictures that a text font has no shapes for.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_DATE = re.compile(r"(?<!\d)(\d{4})\s*[年\-/.]\s*(\d{1,2})\s*[月\-/.]\s*(\d{1,2})\s*日?(?!\d)")
_YEARS = (1949, 2100)
_NUMERAL = re.compile(r"\d[\d,.]*")
_PART = r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_DIGITS = re.compile(
    rf"(?<![\d.,])(?:{_PART}亿)?(?:{_PART}万)?(?:{_PART}(?![\d.,]*[千百十万亿wk]))?(?<=[\d万亿])(?![\d.,%期个次号月日年天])",
    re.IGNORECASE,
)
_SPOKEN = re.compile(r"\d[万亿]\d[千百]?(?![\d.,])")  # 1万5 is 15,000
_SEPARATED = re.compile(r"[\n；;]+")
_COURT = re.compile("法院")
_ENFORCED = re.compile("执")  # in the number of a case of enforcement
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_WIDE = str.maketrans("()", "（）")
_COINS = re.compile(r"(?<=[\d万亿])[元块](?=\d[角毛分]|零\d分)(?:(\d)[角毛])?零?(?:(\d)分)?(?!\d)")


def _unknown(said: str) -> str:
    """Where no courts are listed, only what calls itself one is one."""
    raise Broken("court", text=said[:40])


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known when an answer is read: the day, the answers before it, the names of the courts."""

    today: date
    values: Values
    court: Callable[[str], str] = _unknown  # the full name of the court that is meant; Broken when it is none of ours


def clean(text: str) -> str:
    """Without control and invisible characters, pictures and reversed lines; lines kept, spaces trimmed."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    kept = "".join(c for c in plain if c in _KEPT or not (_drops(c)))
    lines = (re.sub(r"[ \u3000\xa0]{2,}", " ", line).strip(" \u3000\xa0") for line in kept.split("\n"))
    # docxtpl writes {_{ as {{: so it is {{ everywhere.
    return re.sub(r"([{}%])_(?=[{}%])", r"\1", re.sub(r"\n{2,}", "\n", "\n".join(lines))).strip()


def _drops(char: str) -> bool:
    kind = unicodedata.category(char)
    return kind in _DROPPED or (kind in ("So", "Sk") and (ord(char) >= 0x1F000 or 0x2600 <= ord(char) < 0x27C0))


def read(field: Field, text: str, answer: Answer) -> Any:
    """The value of an answer in words; Wrong when it is none that the field could take."""
    said = clean(text)
    if not said:
        raise Wrong("empty")
    return _READ[field.kind](field, said, answer)


# -- one for each kind ---------------------------------------------------------------------------


def _text(field: Field, said: str, _answer: Answer) -> str:
    most = field.most or MOST_TEXT
    if len(said) > most:
        raise Wrong("long", most=most, length=len(said))
    return said


def _name(field: Field, said: str, _answer: Answer) -> str:
    try:
        name = identity.name(said)
    except Broken as error:
        raise Wrong("name") from error
    if not 2 <= len(name) <= (field.most or MOST_NAME) or any(c.isdigit() for c in name[:1]):
        raise Wrong("name")
    return name.translate(_WIDE) if _CHINESE.search(name) else name


def _number(field: Field, said: str, answer: Answer) -> str:
    if MASK in said or "**" in said:
        raise Wrong("masked")
    kind = PartyKind.ORGANISATION if answer.values.get(field.of) == ORGANISATION else PartyKind.PERSON
    try:
        return identity.number(said, kind)
    except Broken as error:
        raise Wrong(error.code) from error


def _phone(_field: Field, said: str, _answer: Answer) -> str:
    if "****" in said:
        raise Wrong("masked")
    try:
        return identity.phone(said)
    except Broken as error:
        raise Wrong("phone") from error


def _account(_field: Field, said: str, _answer: Answer) -> str:
    if MASK in said:
        raise Wrong("masked")
    plain = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", said))
    if not re.fullmatch(r"\d{8,30}", plain):
        raise Wrong("account")
    return plain


def _court(_field: Field, said: str, answer: Answer) -> str:
    try:
        return answer.court(said)
    except Broken as error:
        if len(said) > MOST_NAME or not _COURT.search(said):
            raise Wrong("court") from error
        return said


def _case(field: Field, said: str, answer: Answer) -> str:
    kind = answer.values.get(field.of)
    title = TitleKind(kind) if kind in set(TitleKind) else None
    try:
        number = casenumber.normalise(said, answer.today.year, title)
    except Broken as error:
        raise Wrong(error.code, **error.params) from error
    if field.enforced and not is_enforced(number):
        raise Wrong("case_enforced", text=number)
    return number


def is_enforced(number: str) -> bool:
    """Whether a number is that of a case of enforcement; any other is the title's."""
    return bool(_ENFORCED.search(number))


def _sum(field: Field, said: str, answer: Answer) -> int | str:
    if not field.required and re.fullmatch(r"[0零〇](?:\.0+)?元?整?", unicodedata.normalize("NFKC", said)):
        return ""  # nothing is left: the line is not written
    return _amount(said, answer.today)


def _amount(said: str, today: date) -> int:
    """One sum in 分. Two numbers are never one sum, and none of them is chosen."""
    plain = _COINS.sub(_decimal, re.sub(r"\s+", "", unicodedata.normalize("NFKC", said)))
    if re.search(r"[-−负]\d", plain):
        raise Wrong("amount")
    spoken = _SPOKEN.search(plain)
    found = None if spoken else _compound(plain)
    if found is None:
        if len(_NUMERAL.findall(plain)) > (2 if spoken else 1):
            raise Wrong("amount_one")
        found = find_sum(plain, today, strict=False)
    if not found:
        raise Wrong("amount")
    if found > MOST_SUM:
        raise Wrong("amount_large")
    return found


def _decimal(coins: re.Match[str]) -> str:
    """7角8分 after figures, as a decimal fraction."""
    whole = "" if coins.string[coins.start() - 1].isdigit() else "0"
    return f"{whole}.{coins[1] or 0}{coins[2] or 0}元"


def _compound(plain: str) -> int | None:
    """A sum in digits with 亿 and 万 between: 12万3456.78元."""
    parts = _DIGITS.search(plain)
    if parts is None or not parts.group() or _NUMERAL.search(plain[: parts.start()] + "，" + plain[parts.end() :]):
        return None
    sections = ((g.replace(",", ""), unit) for g, unit in zip(parts.groups(), (10**8, 10**4, 1), strict=True) if g)
    cents = sum((Decimal(digits) * unit for digits, unit in sections), Decimal(0)) * 100
    return int(cents) if cents == cents.to_integral_value() else None


def _date(field: Field, said: str, answer: Answer) -> str:
    return _day(field, said, answer.today)[0].isoformat()


def _day(field: Field, said: str, today: date) -> tuple[date, str]:
    """The day, and the words without it."""
    plain = unicodedata.normalize("NFKC", said)
    if full := _DATE.search(plain):
        try:
            day = date(*(int(g) for g in full.groups()))
        except ValueError as error:
            raise Wrong("no_such_day", text=full.group()) from error
        rest = plain[: full.start()] + "，" + plain[full.end() :]
    else:
        found = find_day(plain, today, past=field.past)
        if found is None:
            raise Wrong("day")
        day, squeezed = found.day, re.sub(r"\s+", "", plain)
        rest = squeezed[: found.begin] + "，" + squeezed[found.end :]
    _fits(field, day, today)
    return day, rest


def _fits(field: Field, day: date, today: date) -> None:
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise Wrong("day_year", year=day.year)
    if field.past and day > today:
        raise Wrong("day_future", day=day)
    if field.future and day < today:
        raise Wrong("day_past", day=day)


def _choice(field: Field, said: str, answer: Answer) -> str:
    words, offered = _bare(said), field.offered(answer.values)
    for number, option in enumerate(offered, 1):
        if words in (_bare(option.label), str(number), option.code):
            return option.code
    fits = [o.code for o in offered if len(words) > 1 and words in _bare(o.label)]
    if len(fits) != 1:
        raise Wrong("choice")
    return fits[0]


def _list(field: Field, said: str, _answer: Answer) -> list[str]:
    lines = _lines(said)
    most = field.most or MOST_LINE
    for line in lines:
        if len(line) > most:
            raise Wrong("line_long", most=most, length=len(line))
    return lines


def _lines(said: str) -> list[str]:
    lines = [
        re.sub(r"^\s*(?:\d{1,2}|[一二三四五六七八九十]{1,2})\s*[.、．)）]\s*", "", p).strip()
        for p in _SEPARATED.split(said)
    ]
    lines = [line for line in lines if line]
    if not lines:
        raise Wrong("empty")
    if len(lines) > MOST_LINES:
        raise Wrong("many", most=MOST_LINES)
    return lines


def _schedule(field: Field, said: str, answer: Answer) -> list[dict[str, Any]]:
    if even := _evenly(field, said, answer):
        return even
    found = []
    for number, line in enumerate(_lines(said), 1):
        try:
            day, rest = _day(field, line, answer.today)
            amount = _amount(rest, answer.today)
        except Wrong as error:
            if error.code in ("day_future", "day_past", "day_year", "no_such_day"):
                raise
            raise Wrong("schedule", number=number, line=line[:40]) from error
        found.append({"day": day.isoformat(), "sum": amount})
    return sorted(found, key=lambda item: str(item["day"]))


def _evenly(field: Field, said: str, answer: Answer) -> list[dict[str, Any]]:
    """Equal monthly parts of a sum that is known: so many, or so much each time, from a day on."""
    whole, first = answer.values.get(field.total), find_day(said, answer.today)
    count, each = find_count(said), find_each(said, answer.today)
    if not isinstance(whole, int) or first is None or not (count or each):
        return []
    _fits(field, first.day, answer.today)
    try:
        plan = even_plan(whole, count or 2, first.day, each)
    except ValueError as error:
        raise Wrong("plan") from error
    return [{"day": day.isoformat(), "sum": amount} for amount, day in plan]


def check_total(field: Field, items: list[dict[str, Any]], values: Values) -> None:
    """A schedule must make up the sum it belongs to; Wrong names both."""
    wanted = values.get(field.total)
    made = sum(item["sum"] for item in items)
    if isinstance(wanted, int) and made != wanted:
        raise Wrong("total", made=made, wanted=wanted).at(field.id)


def check_values(fields: Collection[Field], values: Values) -> None:
    """What no single answer shows; Wrong when the answers do not go together."""
    for field in fields:
        check_value(field, values)


def check_value(field: Field, values: Values) -> None:
    """The same for one answer and those before it."""
    value = values.get(field.id)
    if field.total and isinstance(value, list):
        check_total(field, value, values)
    if field.exact:
        check_rest(field, values)
    if field.unlike and value and value == values.get(field.unlike):
        raise Wrong("same_name", name=value).at(field.id)
    if value and field.options and value not in {o.code for o in field.offered(values)}:
        raise Wrong("choice").at(field.id)


def check_rest(field: Field, values: Values) -> None:
    """What is left must be the first sum less the others; nothing is said only where nothing is left."""
    left = less(field, values)
    if left is None:
        return
    if left < 0:
        wanted = int(values[field.rest[0]])
        raise Wrong("overpaid", made=wanted - left, wanted=wanted).at(field.rest[-1])
    if (values.get(field.id) or 0) != left:
        raise Wrong("rest", left=left).at(field.id)


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


_READ: dict[Kind, Callable[[Field, str, Answer], Any]] = {
    Kind.NAME: _name,
    Kind.NUMBER: _number,
    Kind.PHONE: _phone,
    Kind.ACCOUNT: _account,
    Kind.COURT: _court,
    Kind.CASE: _case,
    Kind.SUM: _sum,
    Kind.DATE: _date,
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.LIST: _list,
    Kind.SCHEDULE: _schedule,
}
