"""Reads an answer as what a field wants; `Wrong` says why it cannot be, and the catalogue adds an example."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.core.calendar import CourtCalendar
from bot.core.privacy import MASK
from bot.guide.documents.model import Field, Kind, Values, Wrong, less
from bot.guide.effect import performance
from bot.guide.model import CannotWorkOutError
from bot.guide.reading import days_of, vague_period, within_of
from bot.ledger import casenumber, identity
from bot.ledger.model import Broken, PartyKind, TitleKind
from bot.reach.amounts import foreign
from bot.reach.saying import FULL, even_plan, find_count, find_day, find_each, find_sums, pays_off, plain

MOST_TEXT, MOST_NAME, MOST_LINE = 2000, 60, 300  # characters
MOST_LINES = 30
MOST_SUM = 10**14  # 分; what is larger is a slip
ORGANISATION = "organisation"  # the code of that choice in every definition
_KEPT = "\n"
# Invisible, reversing and half characters, and pictures that a text font has no shapes for.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_YEARS = (1949, 2100)
_NUMERAL = re.compile(r"\d[\d,.]*")
_SEPARATED = re.compile(r"[\n；;]+")
_COURT = re.compile("法院")
_ENFORCED = re.compile("执")  # in the number of a case of enforcement
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_WIDE = str.maketrans("()", "（）")


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


_NUMBERED_AS = {"labour": TitleKind.ARBITRATION}  # a body of its own, with numbers in a form of its own


def _case(field: Field, said: str, answer: Answer) -> str:
    kind = answer.values.get(field.of)
    title = _NUMBERED_AS.get(str(kind)) or (TitleKind(kind) if kind in set(TitleKind) else None)
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
    """One sum in 分. Two numbers are never one sum, none of them is chosen, and what is not exact is no sum."""
    if re.search(r"[-−负]\d", plain(said)):
        raise Wrong("amount")
    if foreign(plain(said)):
        raise Wrong("amount_foreign")
    found = set(find_sums(said, today, strict=False))
    if len(found) > 1:
        raise Wrong("amount_one")
    if not found:
        raise Wrong("amount_one" if len(_NUMERAL.findall(plain(said))) > 1 else "amount")
    amount = found.pop()
    if amount > MOST_SUM:
        raise Wrong("amount_large")
    return amount


def _date(field: Field, said: str, answer: Answer) -> str:
    """One day; where the field follows a day of effect, 生效后十日内 is counted from that."""
    if vague_period(said) and (field.of or field.past):
        return _performed(field, said, answer)
    if len(days_of(said, answer.today, past=field.past)) > 1:
        raise Wrong("day_one")
    return _day(field, said, answer.today)[0].isoformat()


def _performed(field: Field, said: str, answer: Answer) -> str:
    """The last day of a period of performance (民诉法第85条); Wrong where nobody knows from which day it runs."""
    effective, within = answer.values.get(field.of), within_of(said)
    if not effective or within is None or days_of(said, answer.today):
        raise Wrong("day_period")
    try:
        last = performance(date.fromisoformat(str(effective)), within, CourtCalendar()).last.day
    except CannotWorkOutError as error:
        raise Wrong("day_period") from error
    _fits(field, last, answer.today)
    return last.isoformat()


def _day(field: Field, said: str, today: date) -> tuple[date, str]:
    """The day, and the words without it."""
    words = plain(said)
    if full := FULL.search(words):
        try:
            day = date(*(int(g) for g in full.groups()))
        except ValueError as error:
            raise Wrong("no_such_day", text=full.group()) from error
        begin, end = full.span()
    else:
        found = find_day(words, today, past=field.past)
        if found is None:
            raise Wrong("day")
        day, begin, end = found.day, found.begin, found.end
    _fits(field, day, today)
    return day, words[:begin] + "，" + words[end:]


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
    if each and count and not pays_off(whole, each, count):
        raise Wrong("parts", count=count, made=-(-whole // each))
    try:
        plan = even_plan(whole, count, first.day, each)
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
    if field.kind is Kind.DATE and field.of and value and value < str(values.get(field.of) or ""):
        raise Wrong("day_before", day=date.fromisoformat(value), first=date.fromisoformat(values[field.of])).at(
            field.id
        )
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
