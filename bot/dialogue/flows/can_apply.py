"""我能申请执行吗: which title, in effect, period over, in time, which court, what to bring, what it costs.

执行规定第16条, 第18条; 民诉法第235条, 第247条, 第250条; 民诉法解释第461条. Whoever cannot apply yet, or not
at all, hears from when, or which other way there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from typing_extensions import override

from bot.core.calendar import CourtCalendar
from bot.dialogue.flows.model import (
    BACK,
    LEAVE,
    Answer,
    At,
    Choice,
    Data,
    Opening,
    Path,
    Puzzled,
    Say,
    elsewhere,
    go,
    yuan,
)
from bot.guide.effect import Title, effect, performance
from bot.guide.fees import execution_fee
from bot.guide.limitation import LAST_INSTALMENT_SINCE, Event, Interruption, Limitation, Start, from_day
from bot.guide.model import CannotWorkOutError
from bot.guide.reading import within_of
from bot.reach.saying import find_day, find_one, find_rough, says_about

SIDES = ("own", "agent", "heir", "debtor")
# What people hold, and the kind of title by which its effect is worked out.
TITLES: Mapping[str, Title | None] = {
    "judgment": Title.JUDGMENT,
    "second": Title.SECOND_INSTANCE,
    "small": Title.SMALL_CLAIM,
    "mediation": Title.MEDIATION,
    "confirmation": Title.CONFIRMATION,
    "labour": Title.LABOUR,
    "award": Title.ARBITRATION,
    "order": Title.PAYMENT_ORDER,
    "notarial": None,
}
NO_TITLE = "none"
CONTESTABLE = ("judgment", "labour", "order")  # an appeal, a lawsuit or an objection keeps them from taking effect
CLAIMS = ("money", "act", "none")
URGENT = ("wage", "support", "injury", "no")
EARLIEST = date(1991, 4, 9)


class Step(StrEnum):
    """side → basis → claim → contested | certificate → served → period → missed → last → paid → rest → again → urgent → court → ready."""

    SIDE = "side"
    BASIS = "basis"
    CLAIM = "claim"
    CONTESTED = "contested"
    CERTIFICATE = "certificate"
    SERVED = "served"
    PERIOD = "period"
    MISSED = "missed"
    LAST = "last"
    PAID = "paid"
    REST = "rest"
    AGAIN = "again"
    URGENT = "urgent"
    COURT = "court"
    READY = "ready"
    LATE = "late"
    EARLY = "early"
    PENDING = "pending"
    NO_TITLE = "no_title"
    NO_CLAIM = "no_claim"
    DEBTOR = "debtor"
    SETTLED = "settled"
    NO_CERTIFICATE = "no_certificate"


class CanApply(Path):
    """The check before an application; it decides nothing, the court does."""

    kind = "can_apply"
    Step = Step
    ends = frozenset(
        {
            Step.READY,
            Step.LATE,
            Step.EARLY,
            Step.PENDING,
            Step.NO_TITLE,
            Step.NO_CLAIM,
            Step.DEBTOR,
            Step.SETTLED,
            Step.NO_CERTIFICATE,
        }
    )
    reopens = True
    examples: ClassVar[Mapping[str, Sequence[str]]] = {
        Step.SERVED: ("2026-03-02", "2026-11-20", "2022-03-01"),
        Step.PERIOD: ("2026-06-01", "2027-03-01", "2023-02-01"),
        Step.MISSED: ("2026-06-01", "2027-03-01"),
        Step.LAST: ("2026-10-01", "2023-10-01"),
        Step.REST: ("50000",),
        Step.AGAIN: ("2026-01-05", "2020-01-05"),
        Step.COURT: ("-",),
    }

    def __init__(self, courts: CourtCalendar | None = None) -> None:
        self._courts = courts or CourtCalendar()

    # -- the way ---------------------------------------------------------------------------------

    @override
    def order(self, data: Data) -> Sequence[str]:
        """As far as the answers lead; what rules an application out ends it at once."""
        if data.get("side") == "debtor":
            return (Step.SIDE, Step.DEBTOR)
        if data.get("basis") == NO_TITLE:
            return (Step.SIDE, Step.BASIS, Step.NO_TITLE)
        steps: list[str] = [Step.SIDE, Step.BASIS, Step.CLAIM]
        if data.get("claim") == "none":
            return (*steps, Step.NO_CLAIM)
        basis = data.get("basis")
        if basis == "notarial":
            steps.append(Step.CERTIFICATE)
            if data.get("certificate") == "no":
                return (*steps, Step.NO_CERTIFICATE)
        else:
            if basis in CONTESTABLE:
                steps.append(Step.CONTESTED)
                if data.get("contested") == "yes":
                    return (*steps, Step.PENDING)
            steps.append(Step.SERVED)
            if data.get("not_yet") == Step.SERVED:
                return (*steps, Step.EARLY)
        return (*steps, *self._period(data))

    def _period(self, data: Data) -> Sequence[str]:
        steps: list[str] = [Step.PERIOD]
        if data.get("period") == "instalments":
            steps += [Step.MISSED, Step.LAST]
        if data.get("not_yet"):
            cut = steps.index(data["not_yet"]) if data["not_yet"] in steps else 0
            return (*steps[: cut + 1], Step.EARLY)
        steps.append(Step.PAID)
        if data.get("paid") == "all":
            return (*steps, Step.SETTLED)
        if data.get("claim") == "money":
            steps.append(Step.REST)
        if data.get("late"):
            steps.append(Step.AGAIN)
            if data.get("again") == "no":
                return (*steps, Step.URGENT, Step.COURT, Step.LATE)
        return (*steps, Step.URGENT, Step.COURT, Step.READY)

    @override
    def filled(self, step: str, data: Data) -> bool:
        """A step is filled by the datum of its name."""
        return step in data

    @override
    def clear(self, step: str) -> tuple[str, ...]:
        """What was worked out from an answer goes with it."""
        if step == Step.BASIS:
            return ("basis", "contested", "certificate", *self._of_days)
        if step == Step.SERVED:
            return self._of_days
        if step == Step.PERIOD:
            return ("period", "due", "doubted", "missed", "last", "again", "late", "not_yet")
        if step in (Step.MISSED, Step.LAST):
            return (step, "again", "late", "not_yet")
        return (step,)

    @property
    def _of_days(self) -> tuple[str, ...]:
        return ("served", "by", "effective", "period", "due", "doubted", "missed", "last", "again", "late", "not_yet")

    @override
    def opened(self, opening: Opening) -> Data:
        """Nothing can be told from the words that begin it."""
        return {}

    # -- questions -------------------------------------------------------------------------------

    @override
    def ask(self, at: At, today: date) -> Say:
        """One thing at a time, by buttons where there are few answers."""
        if at.step in self.ends:
            return self._result(at)
        basis = at.data.get("basis", "")
        if at.step == Step.SIDE:
            return Say("guide.apply.side", {}, (*_choices("guide.side", SIDES), LEAVE))
        if at.step == Step.BASIS:
            return Say("guide.apply.basis", {}, (*_choices("guide.basis", (*TITLES, NO_TITLE)), BACK, LEAVE))
        if at.step == Step.CLAIM:
            return Say("guide.apply.claim", {}, (*_choices("guide.claim", CLAIMS), BACK, LEAVE))
        if at.step == Step.CONTESTED:
            return Say(f"guide.apply.contested.{basis}", {}, (*_YES_NO, _UNKNOWN, BACK))
        if at.step == Step.CERTIFICATE:
            return Say("guide.apply.certificate", {}, (*_YES_NO, BACK))
        if at.step == Step.SERVED:
            return self._ask_served(at)
        if at.step == Step.PAID:
            return Say("guide.apply.paid", {}, (*_choices("guide.paid", ("none", "part", "all")), BACK))
        if at.step == Step.URGENT:
            return Say("guide.apply.urgent", {}, (*_choices("guide.urgent", URGENT), BACK))
        return self._ask_words(at)

    def _ask_served(self, at: At) -> Say:
        basis, by = at.data.get("basis", ""), at.data.get("by", "")
        if by == "effective":
            return Say("guide.apply.effective", {}, (_UNKNOWN, BACK, LEAVE))
        if by == "notice":
            return Say("guide.apply.notice", {}, (_UNKNOWN, BACK, LEAVE))
        notice = (Choice("guide.button.notice", "notice"),) if basis == "judgment" else ()
        other = (Choice("guide.button.effective", "effective"), *notice, _UNKNOWN, BACK)
        return Say(f"guide.apply.served.{basis if basis in ('award', 'mediation') else 'other'}", {}, other)

    def _ask_words(self, at: At) -> Say:
        if at.step == Step.PERIOD:
            sure = at.data.get("doubted")
            if sure:
                params = {"day": date.fromisoformat(sure), "effective": at.day("effective")}
                return Say("guide.apply.due_doubted", params, (Choice("guide.button.sure", "sure"), BACK, LEAVE))
            choices = (
                Choice("guide.button.no_period", "none"),
                Choice("guide.button.instalments", "instalments"),
                BACK,
                LEAVE,
            )
            agreed = at.data.get("basis") == "confirmation"
            return Say("guide.apply.due_agreed" if agreed else "guide.apply.due", {}, choices)
        if at.step == Step.REST:
            return Say("guide.apply.rest", {}, (_UNKNOWN, BACK, LEAVE))
        if at.step == Step.AGAIN:
            last = self._limitation(at.data)
            day: object = last.safe if last else ""
            return Say("guide.apply.again", {"day": day}, (Choice("guide.button.never", "no"), BACK, LEAVE))
        if at.step == Step.COURT:
            rule = Say(_court_rule(at.data.get("basis", "")))
            return Say("guide.apply.court", {"rule": rule}, (Choice("party.button.skip", "none"), BACK, LEAVE))
        return Say(f"guide.apply.{at.step}", {}, (BACK, LEAVE))

    # -- answers ---------------------------------------------------------------------------------

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """What cannot be is told kindly, and asked again."""
        known = {
            Step.SIDE: SIDES,
            Step.BASIS: (*TITLES, NO_TITLE),
            Step.CLAIM: CLAIMS,
            Step.CONTESTED: ("yes", "no", "unknown"),
            Step.CERTIFICATE: ("yes", "no"),
            Step.PAID: ("none", "part", "all"),
            Step.URGENT: URGENT,
        }.get(Step(at.step))
        if known:
            return {at.step: answer.choice} if answer.choice in known else Puzzled("party.flow.press")
        if at.step == Step.SERVED:
            return self._served(at, answer)
        if at.step == Step.PERIOD:
            return self._due(at, answer)
        if at.step in (Step.MISSED, Step.LAST):
            return self._instalment(at, answer)
        if at.step == Step.REST:
            return _rest(answer)
        if at.step == Step.AGAIN:
            return self._again(at, answer)
        if answer.choice in ("none", "unknown"):
            return {"court": ""}
        name = answer.text.strip()[:60]
        return {"court": name} if len(name) >= 2 and not answer.asks else Puzzled("guide.apply.no_court")

    def _served(self, at: At, answer: Answer) -> Data | Puzzled:
        if answer.choice == "unknown":
            return {"served": "unknown"}
        if answer.choice in ("effective", "notice"):
            return {"by": answer.choice}
        day = _past(answer)
        if isinstance(day, Puzzled):
            return day
        by = at.data.get("by", "served")
        try:
            effective = self._effective(at.data.get("basis", ""), by, day)
        except CannotWorkOutError as error:
            return Puzzled(error.key, error.params)
        found: Data = {"served": day.isoformat(), "effective": effective.isoformat()}
        return found | ({"not_yet": Step.SERVED} if effective > answer.today else {})

    def _effective(self, basis: str, by: str, day: date) -> date:
        title = TITLES.get(basis)
        if by == "effective" or title is None:
            return day
        if by == "notice":
            return effect(title, (), self._courts, notice=day).effective
        return effect(title, (day,), self._courts).effective

    def _due(self, at: At, answer: Answer) -> Data | Puzzled:
        effective = at.day("effective") if "effective" in at.data else None
        if answer.choice == "instalments":
            return {"period": "instalments"}
        if answer.choice == "none":
            return self._until({"period": "none"}, at, answer)
        if answer.choice == "sure" and "doubted" in at.data:
            return self._until({"period": "day", "due": at.data["doubted"]}, at, answer)
        within = within_of(answer.text)
        if within is not None:
            if effective is None:
                return Puzzled("guide.apply.due_needs_day")
            try:
                last = performance(effective, within, self._courts).last.day
            except CannotWorkOutError as error:
                return Puzzled(error.key, error.params)
            return self._until({"period": "day", "due": last.isoformat()}, at, answer)
        found = find_day(answer.text, effective or answer.today, past=effective is None)
        if found is None:
            return Puzzled("guide.apply.no_due")
        if effective and found.day < effective:
            return {"doubted": found.day.isoformat()}
        return self._until({"period": "day", "due": found.day.isoformat()}, at, answer)

    def _instalment(self, at: At, answer: Answer) -> Data | Puzzled:
        found = find_day(answer.text, answer.today, past=at.step == Step.MISSED)
        if found is None:
            return Puzzled("party.flow.no_day")
        if at.step == Step.MISSED:
            return {"missed": found.day.isoformat()} | ({"not_yet": Step.MISSED} if found.day >= answer.today else {})
        if found.day < at.day("missed"):
            return Puzzled("guide.apply.last_before_missed", {"missed": at.day("missed")}, without=("missed",))
        return self._until({"last": found.day.isoformat()}, at, answer)

    def _until(self, taken: Data, at: At, answer: Answer) -> Data:
        """The answer, and what follows from it today: not due yet, or past the two years."""
        data = at.data | taken
        if data["period"] == "day" and date.fromisoformat(data["due"]) >= answer.today:
            return taken | {"not_yet": Step.PERIOD}
        limit = self._limitation(data)
        return taken | ({"late": True} if limit and limit.safe < answer.today else {})

    def _again(self, at: At, answer: Answer) -> Data | Puzzled:
        if answer.choice == "no":
            return {"again": "no"}
        day = _past(answer)
        if isinstance(day, Puzzled):
            return day
        begun = self._start(at.data)
        if begun and day < begun[1]:
            return Puzzled("guide.apply.again_early", {"start": begun[1]})
        limit = self._limitation(at.data | {"again": day.isoformat()})
        in_time = limit is not None and limit.safe >= answer.today
        return {"again": day.isoformat() if in_time else "no"}

    def _start(self, data: Data) -> tuple[Start, date] | None:
        if "last" in data:
            return (Start.NOTARIAL if data.get("basis") == "notarial" else Start.INSTALMENTS), _day(data["last"])
        if data.get("period") == "day":
            return Start.FIXED, _day(data["due"])
        return (Start.NO_PERIOD, _day(data["effective"])) if "effective" in data else None

    def _limitation(self, data: Data) -> Limitation | None:
        """The last day to apply, as far as the answers tell it; a notarised plan counts from its first missed day."""
        begun = self._start(data)
        if begun is None or _between_laws(data):
            return None
        kind, start = begun
        if kind is Start.NOTARIAL and "missed" in data:
            kind, start = Start.FIXED, _day(data["missed"])
        again = data.get("again")
        events = (Interruption(Event.DEMAND, _day(again)),) if again and again != "no" else ()
        try:
            return from_day(kind, start, self._courts, events)
        except CannotWorkOutError:
            return None  # days beyond all use: the rule is told without one

    # -- results ---------------------------------------------------------------------------------

    def _result(self, at: At) -> Say:
        if at.step == Step.READY:
            return self._ready(at)
        if at.step == Step.LATE:
            return self._late(at)
        if at.step == Step.EARLY:
            return self._early(at)
        fix = Choice("guide.button.change", f"fix-{_DECIDED_BY[Step(at.step)]}")
        which = f"{at.step}_{at.data['basis']}" if at.step == Step.PENDING else at.step
        return Say(f"guide.apply.end.{which}", {}, (*_NEXT[Step(at.step)], fix))

    def _ready(self, at: At) -> Say:
        data, limit = at.data, self._limitation(at.data)
        remind = (elsewhere("guide.button.remind_before", f"cr:limitation:{limit.safe:%Y%m%d}"),) if limit else ()
        choices = (
            go("doc_application", carry=True),
            go("intake", carry=True),
            go("doc_clues", carry=True),
            go("calc_interest", carry=True),
            go("window", carry=True),
            *remind,
            Choice("guide.button.change_amount", "fix-rest")
            if data.get("claim") == "money"
            else Choice("guide.button.change", "fix-period"),
            elsewhere("button.human", "human"),
        )
        return Say("guide.apply.end.ready", {}, choices, tuple(self._conclusions(data)))

    def _conclusions(self, data: Data) -> Sequence[Say]:
        """What is concluded, each with its provision."""
        lines = []
        if "effective" in data:
            law = Say(f"guide.apply.law.{data['basis']}")
            lines.append(Say("guide.apply.line.effective", {"day": _day(data["effective"]), "law": law}))
        elif data.get("basis") != "notarial":
            lines.append(Say("guide.apply.line.effect_unknown"))
        limit = self._limitation(data)
        if limit:
            again = data.get("again") not in (None, "no")
            lines.append(Say(f"guide.apply.line.{'again' if again else 'until'}", {"day": limit.safe}))
        else:
            lines.append(Say("guide.apply.line.two_years"))
        if data.get("period") == "instalments":
            lines.append(Say(f"guide.apply.line.{'between_laws' if _between_laws(data) else 'instalments'}"))
        lines.append(Say(_court_rule(data.get("basis", ""))))
        lines.append(Say(f"guide.apply.line.bring.{_bring(data)}"))
        rest = data.get("rest")
        if data.get("claim") == "act":
            lines.append(Say("guide.apply.line.fee_act"))
        elif rest and rest != "unknown":
            fee = execution_fee(Decimal(rest) / 100).total
            lines.append(Say("guide.apply.line.fee", {"amount": yuan(rest), "fee": yuan(int(fee * 100))}))
        elif about := data.get("about"):
            fee = execution_fee(Decimal(about) / 100).total
            lines.append(Say("guide.apply.line.fee_about", {"amount": yuan(about), "fee": yuan(int(fee * 100))}))
        else:
            lines.append(Say("guide.apply.line.fee_rule"))
        if data.get("urgent", "no") != "no":
            lines.append(Say(f"guide.apply.line.urgent_{data['urgent']}"))
        return (*lines, Say("guide.apply.line.next"))

    def _late(self, at: At) -> Say:
        limit = self._limitation(at.data | {"again": "no"})
        choices = (
            go("doc_application", carry=True),
            go("intake", carry=True),
            go("calc_limitation", carry=True),
            Choice("guide.button.change_again", "fix-again"),
            elsewhere("button.human", "human"),
        )
        return Say("guide.apply.end.late", {"day": limit.safe if limit else ""}, choices)

    def _early(self, at: At) -> Say:
        """From which day, and what can be done until then."""
        data, why = at.data, at.data.get("not_yet")
        if why == Step.SERVED:
            params = {"day": at.day("effective")}
        else:
            last = at.day("missed" if why == Step.MISSED else "due")
            params = {"day": last + timedelta(days=1), "last": last}
        choices = (
            elsewhere("guide.button.remind_then", f"cr:apply:{params['day']:%Y%m%d}"),
            go("calc_effect", carry=True),
            go("window", carry=True),
            elsewhere("guide.button.preservation", "topic:property.preservation"),
            Choice("guide.button.change", f"fix-{data.get('not_yet', Step.PERIOD)}"),
            elsewhere("button.human", "human"),
        )
        return Say(f"guide.apply.end.early_{why}", params, choices)


_YES_NO = (Choice("guide.button.yes", "yes"), Choice("guide.button.no", "no"))
_UNKNOWN = Choice("guide.button.unknown", "unknown")
_HUMAN = elsewhere("button.human", "human")
_DECIDED_BY = {
    Step.PENDING: Step.CONTESTED,
    Step.NO_TITLE: Step.BASIS,
    Step.NO_CLAIM: Step.CLAIM,
    Step.DEBTOR: Step.SIDE,
    Step.SETTLED: Step.PAID,
    Step.NO_CERTIFICATE: Step.CERTIFICATE,
}
_NEXT: Mapping[Step, tuple[Choice, ...]] = {
    Step.PENDING: (elsewhere("guide.button.preservation", "topic:property.preservation"), _HUMAN),
    Step.NO_TITLE: (
        elsewhere("guide.button.payment_order", "topic:apply.payment_order"),
        elsewhere("guide.button.confirmation", "topic:apply.mediation"),
        _HUMAN,
    ),
    Step.NO_CLAIM: (elsewhere("guide.button.conditions", "topic:apply.conditions"), go("window", carry=True), _HUMAN),
    Step.DEBTOR: (go("debtor_options"), _HUMAN),
    Step.SETTLED: (go("calc_interest", carry=True), elsewhere("guide.button.tell_court", "topic:apply.partial"), _HUMAN),
    Step.NO_CERTIFICATE: (elsewhere("guide.button.notarial", "topic:apply.notarial"), _HUMAN),
}


def _choices(prefix: str, codes: Sequence[str]) -> tuple[Choice, ...]:
    return tuple(Choice(f"{prefix}.{code}", code) for code in codes)


def _court_rule(basis: str) -> str:
    own = ("award", "labour", "notarial", "order", "confirmation")
    return f"guide.apply.where.{basis if basis in own else 'court'}"


def _bring(data: Data) -> str:
    if data.get("side") == "heir":
        return "heir"
    if data.get("side") == "agent":
        return "agent"
    basis = data.get("basis", "")
    return basis if basis in ("award", "labour", "notarial", "judgment", "confirmation") else "other"


def _between_laws(data: Data) -> bool:
    """Whether one instalment fell due under the rule of before 2022: then nobody is told a last day."""
    return data.get("basis") != "notarial" and "missed" in data and _day(data["missed"]) < LAST_INSTALMENT_SINCE


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _past(answer: Answer) -> date | Puzzled:
    """A day that is not to come, and not before there was such a law."""
    found = find_day(answer.text, answer.today, past=True)
    if found is None:
        return Puzzled("party.flow.no_day")
    if found.day > answer.today:
        return Puzzled("guide.apply.day_to_come", {"day": found.day})
    return found.day if found.day >= EARLIEST else Puzzled("guide.apply.day_far", {"day": found.day})


def _rest(answer: Answer) -> Data | Puzzled:
    if answer.choice == "unknown":
        return {"rest": "unknown", "about": None}
    exact, rough = find_one(answer.text, answer.today), find_rough(answer.text, answer.today)
    if not (exact or rough) or (exact or rough or 0) >= 10**14:
        return Puzzled("party.flow.no_amount")
    # 50多万, 三万左右 is enough for about how much the fee is, and for nothing that is written down.
    if exact and says_about(answer.text):
        return {"rest": "unknown", "about": exact}
    return {"rest": exact, "about": None} if exact else {"rest": "unknown", "about": rough}
