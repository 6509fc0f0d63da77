"""The calculators behind every door: named inputs (a JSON file, a command's options, a path's answers) to a result.

Amounts are 元 as text or whole numbers, days ISO; `docs/calculators.md` tells every name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from bot.core.calendar import CourtCalendar
from bot.guide import effect, exempt, fees, instalments, interest, limitation, seizure
from bot.guide.days import Period, Span
from bot.guide.model import CannotWorkOutError, Told
from bot.guide.rates import Rates
from bot.guide.reading import amount_of, day_of, within_of

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")
KINDS = ("fee", "interest", "limitation", "effect", "seizure", "plan", "exempt")
LONGEST = 60  # characters of a value that is shown again


class Given:
    """Named inputs, each read once; what is wrong with one is said with its name."""

    def __init__(self, data: Mapping[str, Any], today: date, known: Sequence[str], within: str = "") -> None:
        """`known` are the names that are understood; another one is refused, since it is a slip."""
        self._data = {k: v for k, v in data.items() if v is not None and v != ""}
        self._today = today
        self._within = within
        for name in self._data:
            if name not in known:
                raise CannotWorkOutError("calc.wrong.name", name=self._place(name), known=", ".join(known))

    def _place(self, name: str) -> str:
        return f"{self._within}.{name}" if self._within else name

    def _wrong(self, name: str, kind: str) -> CannotWorkOutError:
        shown = str(self._data.get(name, ""))[:LONGEST]
        return CannotWorkOutError(f"calc.wrong.{kind}", name=self._place(name), value=shown)

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def need(self, *names: str) -> None:
        """CannotWorkOutError names the first of these that is missing."""
        for name in names:
            if name not in self._data:
                raise CannotWorkOutError("calc.wrong.missing", name=self._place(name))

    def amount(self, name: str) -> Decimal:
        """元."""
        self.need(name)
        value = self._data[name]
        found = amount_of(value, self._today) if isinstance(value, str | int | Decimal) else None
        if found is None or isinstance(value, bool):
            raise self._wrong(name, "not_amount")
        return found

    def number(self, name: str) -> Decimal:
        """A plain number, such as a percentage."""
        value = self._data[name]
        try:
            found = Decimal(str(value).rstrip("%")) if isinstance(value, str | int | Decimal) else None
        except InvalidOperation:
            found = None
        if found is None or not found.is_finite() or isinstance(value, bool):
            raise self._wrong(name, "not_number")
        return found

    def count(self, name: str) -> int:
        """A whole number."""
        found = self.number(name)
        if found != found.to_integral_value() or abs(found) > 10**6:
            raise self._wrong(name, "not_number")
        return int(found)

    def day(self, name: str) -> date:
        """A day that exists."""
        self.need(name)
        found = day_of(str(self._data[name]), self._today)
        if found is None:
            raise self._wrong(name, "not_day")
        return found

    def period(self, name: str) -> Period:
        """How long: days as a number, or in words (30日, 1个月)."""
        self.need(name)
        value = self._data[name]
        found = within_of(str(value)) if isinstance(value, str) and not value.isascii() else None
        try:
            return found or Period.of(value)
        except ValueError as error:
            raise self._wrong(name, "not_period") from error

    def flag(self, name: str) -> bool:
        """Whether something holds."""
        value = self._data.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "not_flag")
        return value

    def choice(self, name: str, kind: type[E], default: E) -> E:
        """One of the words of an enumeration."""
        value = str(self._data.get(name, default.value))
        if value not in {each.value for each in kind}:
            known = ", ".join(each.value for each in kind)
            raise CannotWorkOutError("calc.wrong.choice", name=self._place(name), value=value[:LONGEST], known=known)
        return kind(value)

    def text(self, name: str) -> str:
        """Words."""
        return str(self._data.get(name, ""))

    def each(self, name: str, read: Callable[[Given], T], known: Sequence[str]) -> tuple[T, ...]:
        """A list of groups of inputs."""
        value = self._data.get(name, [])
        if not isinstance(value, list | tuple):
            raise self._wrong(name, "not_list")
        found = []
        for number, entry in enumerate(value, 1):
            if not isinstance(entry, Mapping):
                raise self._wrong(name, "not_list")
            found.append(read(Given(entry, self._today, known, f"{self._place(name)}[{number}]")))
        return tuple(found)

    def days(self, name: str) -> list[date]:
        """A list of days; one alone is a list too."""
        value = self._data.get(name, [])
        if not isinstance(value, list | tuple):
            value = [value]
        found = [day_of(str(v), self._today) for v in value]
        if None in found:
            raise self._wrong(name, "not_day")
        return [d for d in found if d]

    def group(self, name: str, known: Sequence[str]) -> Given | None:
        """A group of inputs."""
        value = self._data.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self._wrong(name, "not_list")
        return Given(value, self._today, known, self._place(name))


class Calculators:
    """All calculators, with the court's calendar and the operator's table of rates."""

    def __init__(
        self,
        calendar: Callable[[], CourtCalendar] = CourtCalendar,
        rates: Rates | None = None,
    ) -> None:
        """The calendar is asked for anew with each result, so that a day that a clerk adds counts at once."""
        self._calendar = calendar
        self._rates = rates or Rates()
        self._all: dict[str, Callable[[Mapping[str, Any], date], Told]] = {
            "fee": self._fee,
            "interest": self._interest,
            "limitation": self._limitation,
            "effect": self._effect,
            "seizure": self._seizure,
            "plan": self._plan,
            "exempt": self._exempt,
        }

    def __call__(self, kind: str, data: Mapping[str, Any], today: date) -> Told:
        """The result; CannotWorkOutError says what is missing or wrong."""
        return self._all[kind](data, today)

    def _fee(self, data: Mapping[str, Any], today: date) -> Told:
        given = Given(data, today, ("kind", "amount", "recovered"))
        kind = given.choice("kind", fees.FeeKind, fees.FeeKind.EXECUTION)
        recovered = given.amount("recovered") if "recovered" in given else None
        if "amount" not in given:
            return fees.no_amount(kind)
        return fees.told(fees.FEES[kind](given.amount("amount")), recovered)

    def _interest(self, data: Mapping[str, Any], today: date) -> Told:
        known = ("amount", "due", "parts", "costs", "other", "until", "payments", "without", "general", "effective", "within")
        given = Given(data, today, known)
        part = ("day", "amount", "costs", "other")
        dues = given.each("parts", lambda g: interest.Due(g.day("day"), g.amount("amount"), *_within(g)), part)
        if not dues:
            given.need("amount", *(("due",) if "effective" not in given else ("within",)))
            dues = (interest.Due(self._due(given), given.amount("amount"), *_within(given)),)
        claim = interest.Claim(
            dues=dues,
            until=given.day("until") if "until" in given else today,
            payments=given.each(
                "payments", lambda g: interest.Paid(g.day("day"), g.amount("amount")), ("day", "amount")
            ),
            without=given.each("without", _span, ("first", "last")),
            general=_general(given),
        )
        return interest.told(interest.work_out(claim, self._rates))

    def _due(self, given: Given) -> date:
        """The last day of performance: as it is told, or counted from the day of effect."""
        if "effective" not in given:
            return given.day("due")
        return effect.performance(given.day("effective"), given.period("within"), self._calendar()).last.day

    def _limitation(self, data: Mapping[str, Any], today: date) -> Told:
        known = ("rule", "start", "days", "events", "obstacle", "applied", "terminated")
        given, courts = Given(data, today, known), self._calendar()
        if given.text("rule") == "withdraw":
            found = limitation.withdrawn(given.day("applied"), given.day("terminated"), courts)
            return limitation.told_withdrawn(found, today)
        kind = given.choice("rule", limitation.Start, limitation.Start.FIXED)
        events = given.each("events", _event, ("kind", "day", "until"))
        stop = given.group("obstacle", ("first", "last"))
        obstacle = _span(stop) if stop else None
        days = given.days("days")
        if kind is limitation.Start.NOTARIAL:
            return limitation.told(limitation.from_notarised(days or [given.day("start")], courts), today)
        if kind is limitation.Start.INSTALMENTS:
            days = days or [given.day("start")]
            return limitation.told(limitation.from_instalments(days, courts, events, obstacle), today)
        return limitation.told(limitation.from_day(kind, given.day("start"), courts, events, obstacle), today)

    def _effect(self, data: Mapping[str, Any], today: date) -> Told:
        given = Given(data, today, ("title", "served", "notice", "days", "effective", "within"))
        courts = self._calendar()
        if "effective" in given:
            given.need("within")
            return effect.told_performance(effect.performance(given.day("effective"), given.period("within"), courts))
        found = effect.effect(
            given.choice("title", effect.Title, effect.Title.JUDGMENT),
            given.days("served"),
            courts,
            notice=given.day("notice") if "notice" in given else None,
            days=given.count("days") if "days" in given else None,
        )
        then = effect.performance(found.effective, given.period("within"), courts) if "within" in given else None
        return effect.told(found, then)

    def _seizure(self, data: Mapping[str, Any], today: date) -> Told:
        given = Given(data, today, ("asset", "start", "renewed", "years", "ends", "waiting", "preservation"))
        given.need("asset")
        found = seizure.seizure(
            given.choice("asset", seizure.Asset, seizure.Asset.OTHER),
            given.day("start") if "start" in given else None,
            years=given.count("years") if "years" in given else None,
            ends=given.day("ends") if "ends" in given else None,
            waiting=given.flag("waiting"),
            preservation=given.flag("preservation"),
            renewed=given.days("renewed") if "renewed" in given else (),
        )
        return seizure.told(found, today)

    def _plan(self, data: Mapping[str, Any], today: date) -> Told:
        given = Given(data, today, ("amount", "count", "each", "first", "every", "days", "parts"))
        total = given.amount("amount")
        every = given.count("every") if "every" in given else 1
        parts = given.each("parts", lambda g: instalments.Part(g.day("day"), g.amount("amount")), ("day", "amount"))
        if parts:
            return instalments.told(instalments.listed(total, parts))
        if days := given.days("days"):
            return instalments.told(instalments.over_days(total, days))
        given.need("first")
        if "each" in given:
            count = given.count("count") if "count" in given else None
            return instalments.told(instalments.each(total, given.amount("each"), given.day("first"), every, count))
        given.need("count")
        return instalments.told(instalments.equal(total, given.count("count"), given.day("first"), every))

    def _exempt(self, data: Mapping[str, Any], today: date) -> Told:
        given = Given(data, today, ("item",))
        given.need("item")
        return exempt.told(given.choice("item", exempt.Item, exempt.Item.LIVING))


def _within(given: Given) -> tuple[Decimal, Decimal]:
    """Costs and fixed penalties within a sum."""
    return (
        given.amount("costs") if "costs" in given else interest.ZERO,
        given.amount("other") if "other" in given else interest.ZERO,
    )


def _span(given: Given) -> Span:
    first, last = given.day("first"), given.day("last")
    if last < first:
        raise CannotWorkOutError("calc.wrong.order", first=first, last=last)
    return Span(first, last)


def _event(given: Given) -> limitation.Interruption:
    kind = given.choice("kind", limitation.Event, limitation.Event.DEMAND)
    return limitation.Interruption(kind, given.day("day"), given.day("until") if "until" in given else None)


def _general(given: Given) -> interest.General | None:
    known = ("rate", "since", "table", "multiple", "fixed_on", "year", "until", "accrued")
    found = given.group("general", known)
    if found is None:
        return None
    if "rate" in found or "table" in found:
        found.need("since")
    return interest.General(
        since=found.day("since") if "since" in found else None,
        rate=found.number("rate") / 100 if "rate" in found else None,
        table=found.text("table"),
        multiple=found.number("multiple") if "multiple" in found else Decimal(1),
        fixed_on=found.day("fixed_on") if "fixed_on" in found else None,
        year=found.count("year") if "year" in found else 365,
        until=found.day("until") if "until" in found else None,
        accrued=found.amount("accrued") if "accrued" in found else interest.ZERO,
    )
