"""Interest for the period of delay (迟延履行期间的债务利息): the doubled part by law, the general part by the title.

迟延利息解释第1条 to 第7条. Amounts are 元 as Decimal. How a day is counted, in which order money is
taken, and what stands in the base are conventions where the law is silent; each is told with what else
would come out. The doubled part is worked out exactly and rounded to 分 once, at the end; the general
part is rounded where a payment is set off against it, because only whole 分 can be paid.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from bot.guide.days import Span, days_without
from bot.guide.laws import CIVIL_CONTRACT, CPL, CPL_INTERPRETATION, DELAY_INTEREST, article
from bot.guide.model import CannotWorkOutError, Line, Told, checked_amount, checked_day, percent, rounded
from bot.guide.rates import Rates, Series

DAILY = Decimal("0.000175")  # 日万分之一点七五
SINCE = date(2014, 8, 1)  # the interpretation's first day; what lies before it follows the old rule
ZERO = Decimal(0)
MOST = 200  # parts of a debt, payments, or stretches taken out


@dataclass(frozen=True, slots=True)
class Due:
    """A part of the money debt and the last day on which it could be performed in time.

    `costs` (a lawyer's or appraiser's fee) and `other` (a fixed penalty) are within `amount`: they bear
    the doubled part, but no general interest.
    """

    day: date
    amount: Decimal
    costs: Decimal = ZERO
    other: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Paid:
    """Money that came in."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class General:
    """The general interest as the title words it: on the principal from a day, and what had accrued as a fixed sum.

    Either `rate` (a year, a fraction) or a published rate (`table`) times `multiple`, in force each day, or
    on the day `fixed_on`. Without both, only `accrued` counts.
    """

    since: date | None = None
    rate: Decimal | None = None
    table: str = ""
    multiple: Decimal = Decimal(1)
    fixed_on: date | None = None
    year: int = 365
    until: date | None = None
    accrued: Decimal = ZERO

    @property
    def runs(self) -> bool:
        """Whether it goes on from day to day."""
        return self.since is not None and (self.rate is not None or bool(self.table))


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be worked out: the debt, until which day, what was paid, what is not counted."""

    dues: tuple[Due, ...]
    until: date
    payments: tuple[Paid, ...] = ()
    without: tuple[Span, ...] = ()
    general: General | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch over which the base stayed the same: its days are those after `begin` up to and with `end`."""

    begin: date
    end: date
    base: Decimal
    rate: Decimal
    days: int
    interest: Decimal
    year: int = 0  # general interest: by how many days a yearly rate is divided


@dataclass(frozen=True, slots=True)
class SetOff:
    """One payment, and what it was taken for, in the legal order."""

    day: date
    amount: Decimal
    general: Decimal
    debt: Decimal
    extra: Decimal
    over: Decimal


@dataclass(slots=True)
class _Lot:
    """What is left of one part of the debt."""

    due: date
    costs: Decimal
    principal: Decimal
    other: Decimal

    @property
    def left(self) -> Decimal:
        return self.costs + self.principal + self.other

    def take(self, name: str, amount: Decimal) -> Decimal:
        """Take from one component; what was taken."""
        there: Decimal = getattr(self, name)
        taken = min(amount, there)
        setattr(self, name, there - taken)
        return taken


@dataclass(frozen=True, slots=True)
class Interest:
    """The result, with every stretch and every payment."""

    claim: Claim
    pieces: tuple[Piece, ...]
    general_pieces: tuple[Piece, ...]
    set_offs: tuple[SetOff, ...]
    extra: Decimal  # the doubled part that arose, rounded
    extra_paid: Decimal
    general: Decimal  # the general part that arose, rounded; 0 when the title gives none
    general_left: Decimal
    debt_left: Decimal
    manual: Span | None = None  # before 2014-08-01: by the old rule, not worked out here
    missing: CannotWorkOutError | None = None  # why the general part is not worked out
    stale: date | None = None  # the rate table's last entry, when it lies far back
    excluded: int = 0  # days taken out
    alternatives: dict[str, Decimal] = field(default_factory=dict)

    @property
    def extra_left(self) -> Decimal:
        """What is still owed of the doubled part."""
        return self.extra - self.extra_paid

    @property
    def owed(self) -> Decimal:
        """Everything that is still owed on the last day."""
        return self.debt_left + self.general_left + self.extra_left


def work_out(claim: Claim, rates: Rates | None = None) -> Interest:
    """The interest of a claim, with what would come out by the other conventions.

    CannotWorkOutError for a claim that contradicts itself, or that the old rule of before 2014-08-01 governs.
    """
    _check(claim)
    table = rates or Rates()
    result = _Run(claim, table).result()
    other = _Run(claim, table, first_day=True).result().extra
    alternatives = {"inclusive_both_days": other} if other != result.extra else {}
    if claim.general and claim.general.runs and result.missing is None:
        year = 360 if claim.general.year == 365 else 365
        again = replace(claim, general=replace(claim.general, year=year))
        alternatives[f"year_basis_{year}_general_interest"] = _Run(again, table).result().general
    return replace(result, alternatives=alternatives)


def _check(claim: Claim) -> None:
    if not claim.dues:
        raise CannotWorkOutError("calc.wrong.amount")
    if max(len(claim.dues), len(claim.payments), len(claim.without)) > MOST:
        raise CannotWorkOutError("calc.wrong.too_many", most=MOST)
    for due in claim.dues:
        checked_day(due.day)
        checked_amount(due.amount)
        if due.costs < 0 or due.other < 0 or due.costs + due.other > due.amount:
            raise CannotWorkOutError("calc.wrong.parts")
    first = min(d.day for d in claim.dues)
    checked_day(claim.until)
    if claim.until < first:
        raise CannotWorkOutError("calc.wrong.not_due", day=first)
    for paid in claim.payments:
        checked_amount(paid.amount)
        if paid.day > claim.until:
            raise CannotWorkOutError("calc.wrong.paid_later", day=paid.day, until=claim.until)
        if first < SINCE and paid.day < SINCE:
            raise CannotWorkOutError("calc.wrong.paid_before_2014", day=paid.day)
    if claim.general:
        _check_general(claim.general)


def _check_general(general: General) -> None:
    if general.rate is not None and not 0 < general.rate < 1:
        raise CannotWorkOutError("calc.wrong.rate")
    if general.year not in (360, 365) or general.accrued < 0 or not 0 < general.multiple <= 10:
        raise CannotWorkOutError("calc.wrong.rate")
    if general.since is not None:
        checked_day(general.since)


class _Run:
    """Goes through the days of a claim once, from event to event."""

    def __init__(self, claim: Claim, rates: Rates, *, first_day: bool = False) -> None:
        """`first_day`: the last day of performance itself is counted too (the other reading of 第2条)."""
        self._claim = claim
        self._rates = rates
        self._shift = timedelta(days=1 if first_day else 0)
        self._lots = [
            _Lot(d.day, d.costs, d.amount - d.costs - d.other, d.other) for d in sorted(claim.dues, key=lambda d: d.day)
        ]
        self._paid: dict[date, Decimal] = {}
        for p in claim.payments:
            self._paid[p.day] = self._paid.get(p.day, ZERO) + p.amount
        self._general = claim.general
        self._missing: CannotWorkOutError | None = None
        self._series = Series("")
        if self._general and self._general.runs and self._general.rate is None:
            self._series = rates(self._general.table)
            self._look_up(self._general)
        self._pieces: list[Piece] = []
        self._general_pieces: list[Piece] = []
        self._set_offs: list[SetOff] = []
        self._extra = ZERO  # exact
        self._extra_paid = ZERO
        # General interest since the last set-off, times the days of a year: a third cannot be written exactly,
        # and must not be rounded before the sum is.
        self._running = ZERO
        self._general_left = claim.general.accrued if claim.general else ZERO
        self._general_all = self._general_left

    def _look_up(self, general: General) -> None:
        """Without the rates that it needs the general part is left out, and it is told what is missing."""
        try:
            self._series.on(general.fixed_on or (general.since or SINCE) + timedelta(days=1))
        except CannotWorkOutError as error:
            self._missing = error
            self._general = replace(general, table="", rate=None)

    def result(self) -> Interest:
        """Walk from event to event and put the result together."""
        claim = self._claim
        paid = self._paid
        edges = self._edges(set(paid))
        at = edges[0]
        self._settle(at, paid.get(at, ZERO))
        for edge in edges[1:]:
            self._stretch(at, edge)
            at = edge
            self._settle(at, paid.get(at, ZERO))
        self._close_general()
        first = self._lots[0].due
        counted = (claim.until - first).days if first <= claim.until else 0
        return Interest(
            claim=claim,
            pieces=tuple(self._pieces),
            general_pieces=tuple(self._general_pieces),
            set_offs=tuple(self._set_offs),
            extra=rounded(self._extra),
            extra_paid=self._extra_paid,
            general=self._general_all,
            general_left=self._general_left,
            debt_left=sum((lot.left for lot in self._lots), ZERO),
            manual=_before(first, claim.until),
            missing=self._missing,
            stale=None if self._missing else self._series.stale(claim.until),
            excluded=counted - days_without(first, claim.until, claim.without),
        )

    def _edges(self, paid: set[date]) -> list[date]:
        """The days on which something changes, the first of anything and `until` among them."""
        claim, general = self._claim, self._general
        edges = {claim.until, SINCE - timedelta(days=1), *paid, *(lot.due - self._shift for lot in self._lots)}
        if general and general.runs and general.since is not None:
            end = min(general.until or claim.until, claim.until)
            edges |= {general.since, end}
            if general.fixed_on is None:  # a rate holds from its own day on
                edges |= {d - timedelta(days=1) for d in self._series.changes(general.since, end)}
        begin = min({*paid, *(lot.due - self._shift for lot in self._lots), (general and general.since) or claim.until})
        return sorted(e for e in edges if begin <= e <= claim.until)

    def _stretch(self, begin: date, end: date) -> None:
        base = sum((lot.left for lot in self._lots if lot.due - self._shift <= begin), ZERO)
        if base and begin >= SINCE - timedelta(days=1):
            days = days_without(begin, end, self._claim.without)
            piece = Piece(begin, end, base, DAILY, days, base * DAILY * days)
            _add(self._pieces, piece, self._paid)
            self._extra += piece.interest
        self._general_stretch(begin, end)

    def _general_stretch(self, begin: date, end: date) -> None:
        general = self._general
        if not (general and general.runs and general.since is not None):
            return
        last = min(general.until or end, end)
        principal = sum((lot.principal for lot in self._lots), ZERO)
        if begin < general.since or last <= begin or not principal:
            return
        rate = self._rate(general, begin)
        days = (last - begin).days
        of_a_year = principal * rate * days
        piece = Piece(begin, last, principal, rate, days, of_a_year / general.year, general.year)
        _add(self._general_pieces, piece, self._paid)
        self._running += of_a_year

    def _rate(self, general: General, begin: date) -> Decimal:
        if general.rate is not None:
            return general.rate
        return self._series.on(general.fixed_on or begin + timedelta(days=1)) * general.multiple

    def _close_general(self) -> None:
        """What ran since the last set-off becomes whole 分."""
        year = self._general.year if self._general else 1
        whole, self._running = rounded(self._running / year), ZERO
        self._general_left += whole
        self._general_all += whole

    def _settle(self, day: date, amount: Decimal) -> None:
        """A payment: costs, general interest, principal, the rest of the debt, and last the doubled part.

        迟延利息解释第4条 puts the money debt before the doubled part; 民法典合同第561条 orders what
        stands within the money debt.
        """
        if not amount:
            return
        self._close_general()
        left = amount
        debt = ZERO
        for lot in self._lots:
            debt += lot.take("costs", left - debt)
        left -= debt
        general = min(left, self._general_left)
        self._general_left -= general
        left -= general
        rest = ZERO
        for name in ("principal", "other"):
            for lot in self._lots:
                rest += lot.take(name, left - rest)
        left -= rest
        extra = min(left, rounded(self._extra) - self._extra_paid)
        self._extra_paid += extra
        self._set_offs.append(SetOff(day, amount, general, debt + rest, extra, left - extra))


def _add(pieces: list[Piece], piece: Piece, paid: Container[date]) -> None:
    """Append a stretch; it is one with that before it where nothing changed between them that it depends on."""
    last = pieces[-1] if pieces else None
    same = last is not None and (last.end, last.base, last.rate) == (piece.begin, piece.base, piece.rate)
    if last is None or not same or piece.begin in paid:
        pieces.append(piece)
        return
    days = last.days + piece.days
    pieces[-1] = replace(last, end=piece.end, days=days, interest=last.base * last.rate * days / (last.year or 1))


def _before(first: date, until: date) -> Span | None:
    """The days of delay before the interpretation's first day."""
    last = min(until, SINCE - timedelta(days=1))
    return Span(first + timedelta(days=1), last) if first < last else None


# -- told ----------------------------------------------------------------------------------------

BASIS = (article(CPL, 264), article(DELAY_INTEREST, 1), article(DELAY_INTEREST, 2), article(DELAY_INTEREST, 3))


def told(result: Interest) -> Told:
    """The result as it is told."""
    claim = result.claim
    general = claim.general is not None
    head = "calc.interest.head.both" if general and not result.missing else "calc.interest.head.extra"
    basis = [*BASIS]
    if claim.payments:
        basis += [article(DELAY_INTEREST, 4), article(CIVIL_CONTRACT, 561)]
    if result.manual:
        basis.append(article(DELAY_INTEREST, 7))
    return Told(
        kind="interest",
        head=Line(
            head,
            {
                "extra": result.extra,
                "general": result.general,
                "sum": result.extra + result.general,
                "until": claim.until,
            },
        ),
        steps=tuple(_steps(result)),
        basis=(*basis, article(CPL_INTERPRETATION, 207)),
        conventions=tuple(_conventions(result)),
        notes=tuple(_notes(result)),
        values=_values(result),
    )


def _steps(result: Interest) -> list[Line]:
    steps = [
        Line(
            "calc.interest.piece",
            {
                "begin": p.begin,
                "end": p.end,
                "days": p.days,
                "base": p.base,
                "rate": percent(p.rate),
                "interest": rounded(p.interest),
            },
        )
        for p in result.pieces
    ]
    if len(steps) > 1:
        steps.append(Line("calc.interest.sum", {"extra": result.extra}))
    if not steps and not result.manual:
        steps = [Line("calc.interest.none", {"until": result.claim.until})]
    accrued = result.claim.general.accrued if result.claim.general else ZERO
    if accrued:
        steps.append(Line("calc.interest.accrued", {"amount": accrued}))
    for p in result.general_pieces:
        params = {"begin": p.begin, "end": p.end, "days": p.days, "base": p.base, "rate": percent(p.rate)}
        steps.append(Line("calc.interest.general", {**params, "year": p.year, "interest": rounded(p.interest)}))
    if len(result.general_pieces) + bool(accrued) > 1:
        steps.append(Line("calc.interest.general_sum", {"general": result.general}))
    for s in result.set_offs:
        params = {"day": s.day, "amount": s.amount, "general": s.general, "debt": s.debt, "extra": s.extra}
        steps.append(Line("calc.interest.paid", params))
        if s.over:
            steps.append(Line("calc.interest.over", {"over": s.over}))
    if result.set_offs:
        left = {"debt": result.debt_left, "general": result.general_left, "extra": result.extra_left}
        steps.append(Line("calc.interest.left", {**left, "until": result.claim.until}))
    return steps


def _conventions(result: Interest) -> list[Line]:
    lines = []
    if other := result.alternatives.get("inclusive_both_days"):
        lines.append(Line("calc.interest.days_open", {"other": other}))
    years = ((year, result.alternatives.get(f"year_basis_{year}_general_interest")) for year in (360, 365))
    lines += [Line("calc.interest.year_open", {"year": year, "sum": sum_}) for year, sum_ in years if sum_ is not None]
    if result.claim.payments:
        lines.append(Line("calc.interest.order"))
    if any(p.interest != rounded(p.interest) for p in (*result.pieces, *result.general_pieces)):
        lines.append(Line("calc.convention.rounding"))
    lines.append(Line("calc.interest.base"))
    return lines


def _notes(result: Interest) -> list[Line]:
    notes = []
    if result.manual:
        notes.append(Line("calc.interest.before_2014", {"first": result.manual.first, "last": result.manual.last}))
    if result.excluded:
        notes.append(Line("calc.interest.excluded", {"days": result.excluded}))
    if result.claim.general is None:
        notes.append(Line("calc.interest.no_general"))
    if result.missing:
        notes.append(Line("calc.interest.missing", result.missing.params))
    if result.claim.payments and (result.missing or result.claim.general is None):
        notes.append(Line("calc.interest.general_first"))
    if result.stale:
        notes.append(Line("calc.interest.stale", {"day": result.stale}))
    return notes


def _values(result: Interest) -> dict[str, object]:
    return {
        "extra_interest": result.extra,
        "general_interest": None if result.missing or result.claim.general is None else result.general,
        "days": sum(p.days for p in result.pieces),
        "pieces": [
            {"begin": p.begin, "end": p.end, "days": p.days, "base": p.base, "interest": rounded(p.interest)}
            for p in result.pieces
        ],
        "principal_left": result.debt_left,
        "general_left": result.general_left,
        "extra_paid": result.extra_paid,
        "extra_left": result.extra_left,
        "manual_part": [result.manual.first, result.manual.last] if result.manual else None,
        "alt": dict(result.alternatives),
    }
