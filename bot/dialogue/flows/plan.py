"""和解、分期或延期的方案: what is offered, step by step; also the counter-offer of the other side."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import ClassVar

from typing_extensions import override

from bot.dialogue.flows.model import BACK, LEAVE, Answer, At, Choice, Data, Opening, Path, Puzzled, Say, elsewhere, yuan
from bot.guide.days import after_months
from bot.guide.settlement.model import MOST_PARTS, TIMES, Fee
from bot.guide.settlement.reading import leftover, names_first, read_down, read_schedule, speaks_of_rest
from bot.reach.saying import (
    by_parts,
    even_plan,
    find_count,
    find_day,
    find_delay,
    find_each,
    find_one,
    find_sum,
    once_less,
    pays_off,
    waives,
    whole,
)

LONGEST = 366 * 3  # days that the first day of an offer may lie ahead
WORDS = 300  # characters of what is offered as security
KINDS = ("instalment", "lump", "delay")
WISHED = frozenset({"total", "security", "fee"})  # asked when somebody chooses them on the last screen
FEES = (Fee.DEBTOR, Fee.CREDITOR, Fee.HALF)
_NEGATIVE = re.compile(r"[-\u2212负]\s*\d")
_CODES = {"c": "count", "e": "each", "d": "down", "f": "first", "t": "total"}  # in a button
_SHORT = {"i": "instalment", "l": "lump"}
_FIGURES = 13
_TIMES = re.compile(r"(\d+)\s*[个]?[期次笔月]")


class Step(StrEnum):
    """kind → total (less, at once) → count → first (instalments) | until → reason → confirm → done.

    security, fee and (with instalments) total are asked only when somebody chooses them on the last screen.
    """

    KIND = "kind"
    TOTAL = "total"
    COUNT = "count"
    FIRST = "first"
    UNTIL = "until"
    SECURITY = "security"
    FEE = "fee"
    REASON = "reason"
    CONFIRM = "confirm"
    DONE = "done"


class Plan(Path):
    """The path to an offer; data `act`, `balance` (分), `due` (the day that counts now) and `enforced` (there is
    an enforcement fee) come with it.

    `grants` tells that a creditor makes it, `counter` is the offer that it answers, `seen` the one that was
    on the table when it began.
    """

    kind = "plan"
    Step = Step
    ends = frozenset({Step.DONE})
    free = frozenset({Step.REASON, Step.SECURITY})
    bound = True
    examples: ClassVar[Mapping[str, Sequence[str]]] = {
        Step.TOTAL: ("3000",),
        Step.COUNT: ("6", "2026-12-10 2000; 2027-01-10 3000"),
        Step.FIRST: ("2026-12-01",),
        Step.UNTIL: ("2026-12-31",),
        Step.SECURITY: ("Li",),
        Step.REASON: ("-",),
    }
    starts: ClassVar[Sequence[Data]] = (
        {"balance": 500_000},
        {"balance": 500_000, "counter": 1, "enforced": True},
        {"balance": 0, "act": True},
    )

    @override
    def order(self, data: Data) -> Sequence[str]:
        """An act can only be put off; a counter-offer needs no reason; some things are asked only on wish."""
        kind = data.get("kind")
        reason = () if data.get("counter") else (Step.REASON,)
        wished = tuple(s for s in (Step.SECURITY, Step.FEE) if data.get("ask") == s or data.get(s))
        end = (*reason, *wished, Step.CONFIRM, Step.DONE)
        if kind == "lump":
            return (Step.KIND, Step.TOTAL, Step.UNTIL, *end)
        if kind != "instalment":
            return (Step.KIND, Step.UNTIL, *end)
        total = (Step.TOTAL,) if data.get("ask") == Step.TOTAL or data.get("total") else ()
        first = () if data.get("parts") else (Step.FIRST,)
        return (Step.KIND, *total, Step.COUNT, *first, *end)

    @override
    def filled(self, step: str, data: Data) -> bool:
        """`count` may also be told by the sum of each instalment, or by every day and sum."""
        if step in WISHED and data.get("ask") == step:
            return False
        if step == Step.COUNT:
            return any(data.get(name) for name in ("count", "each", "parts"))
        return step in data

    @override
    def clear(self, step: str) -> tuple[str, ...]:
        """Count, sum of each and a schedule go together; a new total needs a new schedule."""
        if step == Step.COUNT:
            return ("count", "each", "parts", "down")
        return ("total", "parts") if step == Step.TOTAL else (step,)

    @override
    def opened(self, opening: Opening) -> Data:
        """分12期, 每月2000, 一次性付清, 晚一个月 in the words that set out on it."""
        text = opening.text
        if opening.arg == "delay" and text:
            return {"kind": "delay"} | _until(text, opening.today, opening.due)
        if opening.arg:
            return from_arg(opening.arg)
        if find_delay(text, opening.today):
            return {"kind": "delay"} | _until(text, opening.today, opening.due)
        count, each = find_count(text), find_each(once_less(text), opening.today)
        down = read_down(text, opening.today)
        if speaks_of_rest(text) and not (down and (count or each)):
            return {"kind": "instalment"}  # several parts, which are asked for
        if count or each:
            found = find_day(text, opening.today) if names_first(text) or down else None
            ahead = (found.day - opening.today).days if found else 0
            first = {"first": found.day.isoformat()} if found and 0 < ahead <= LONGEST else {}
            data = {name: value for name, value in (("each", each), ("count", count)) if value}
            return {"kind": "instalment"} | data | first | ({"down": down} if down else {})
        if text and whole(text) and by_parts(text):
            return {"kind": "instalment"}  # 一个月还一点，慢慢还清
        if text and whole(text):
            amount = None if waives(text) else find_sum(text, opening.today)
            return {"kind": "lump"} | ({"total": amount} if amount else {})
        return {}

    # -- asking ----------------------------------------------------------------------------------

    @override
    def ask(self, at: At, today: date) -> Say:
        """Kind by button; the rest in words."""
        if at.step == Step.KIND:
            kinds = ("delay",) if at.data.get("act") else KINDS
            return Say("party.plan.kind", {}, (*(Choice(f"party.button.{k}", k) for k in kinds), LEAVE))
        if at.step in (Step.COUNT, Step.TOTAL):
            return Say(f"party.plan.{at.step}", {"balance": yuan(at.data.get("balance", 0))}, (BACK, LEAVE))
        if at.step in (Step.REASON, Step.SECURITY):
            return Say(f"party.plan.{at.step}", {}, (Choice("party.button.skip", "none"), BACK, LEAVE))
        if at.step == Step.FEE:
            fees = (*(Choice(f"settlement.fee.{f}", f.value) for f in FEES), Choice("party.button.skip", "open"))
            return Say("party.plan.fee", {}, (*fees, BACK))
        if at.step == Step.CONFIRM:
            return self._confirm(at)
        if at.step == Step.DONE:
            known = {name: at.data.get(name, "") for name in ("number", "version", "code")}
            back = elsewhere("party.button.withdraw", f"pp:{at.data.get('offer', '0')}:withdraw")
            return Say("party.plan.done", known, (back,))
        return Say(f"party.plan.{at.step}", {}, (BACK, LEAVE))

    def _confirm(self, at: At) -> Say:
        data, more = at.data, self._more(at.data)
        changes = [Choice("party.button.fix.plan", "fix-count" if data["kind"] == "instalment" else "fix-until")]
        changes += [Choice(f"party.button.fix.{step}", step) for step in self._wishes(data)]
        choices = (Choice("party.button.send", "yes"), *changes, LEAVE)
        if data["kind"] == "delay":
            return Say("party.plan.confirm_delay", {"day": at.day("until")}, choices, more)
        plan = plan_of(data)
        if data["kind"] == "lump":
            return Say("party.plan.confirm_lump", {"day": plan[0][1], "amount": yuan(plan[0][0])}, choices, more)
        if data.get("parts") or data.get("down"):
            parts = tuple(told_part(no, amount, day) for no, (amount, day) in enumerate(plan, 1))
            return Say("party.plan.confirm_parts", {"count": len(plan)}, choices, (*parts, *more))
        params = {
            "count": len(plan),
            "amount": yuan(plan[0][0]),
            "last": yuan(plan[-1][0]),
            "first": plan[0][1],
            "until": plan[-1][1],
        }
        over = plan[-1][0] - plan[0][0]
        added = (Say("party.plan.added", {"amount": yuan(over)}),) if data.get("each") and over > 0 else ()
        return Say("party.plan.confirm_instalment", params, choices, (*added, *more))

    def _wishes(self, data: Data) -> tuple[str, ...]:
        """What may be added on the last screen."""
        if data.get("act"):
            return ()
        total = () if data["kind"] == "delay" else (Step.TOTAL.value,)
        fee = (Step.FEE.value,) if data.get("enforced") else ()
        return (*total, Step.SECURITY.value, *fee)

    def _more(self, data: Data) -> tuple[Say, ...]:
        """Total, waiver, security, fee and note, as far as they were told."""
        lines = []
        if not data.get("act") and data["kind"] != "delay":
            lines += told_total(total_of(data), data.get("balance", 0), grants=bool(data.get("grants")))
        if data.get("security"):
            lines.append(Say("settlement.line.security", {"text": data["security"]}))
        if data.get("fee", Fee.OPEN) != Fee.OPEN:
            lines.append(Say("settlement.line.fee", {"fee": Say(f"settlement.fee.{data['fee']}")}))
        if data.get("reason"):
            lines.append(Say("settlement.line.note", {"text": data["reason"]}))
        return tuple(lines)

    # -- taking ----------------------------------------------------------------------------------

    @override
    def take(self, at: At, answer: Answer) -> Data | Puzzled | Say:
        """What cannot be (61 instalments, a day gone by, a negative sum) is said, and asked again."""
        step, text = at.step, answer.text.strip()
        if step in (Step.COUNT, Step.TOTAL) and _NEGATIVE.search(text) and not find_day(text, answer.today):
            return Puzzled("party.plan.negative")
        if step == Step.KIND:
            return self._kind(at, answer)
        if step == Step.TOTAL:
            return self._total(at, answer)
        if step == Step.COUNT:
            return self._count(at, answer)
        if step in (Step.FIRST, Step.UNTIL):
            return self._day(at, answer)
        if step == Step.SECURITY:
            return {"security": "" if answer.choice == "none" else text[:WORDS], "ask": ""}
        if step == Step.FEE:
            wanted = answer.choice if answer.choice in list(Fee) else ""
            return {"fee": wanted, "ask": ""} if wanted else Puzzled("party.flow.press")
        if step == Step.REASON:
            return {"reason": "" if answer.choice == "none" else text[:500]}
        if answer.choice in self._wishes(at.data):
            return {"ask": answer.choice}
        return {"confirm": True} if answer.choice == "yes" else Puzzled("party.flow.press")

    def _kind(self, at: At, answer: Answer) -> Data | Puzzled:
        if answer.choice in KINDS and not (at.data.get("act") and answer.choice != "delay"):
            return {"kind": answer.choice}
        told = {} if at.data.get("act") else self.opened(Opening(answer.today, answer.text))
        return possible(at.data | told, told, answer.today) or Puzzled("party.flow.press")

    def _total(self, at: At, answer: Answer) -> Data | Puzzled:
        balance = at.data.get("balance", 0)
        amount = balance if answer.choice == "whole" else find_one(answer.text, answer.today)
        if not amount:
            return Puzzled("party.flow.no_amount")
        if amount > balance * TIMES:
            return Puzzled("settlement.wrong.too_much")
        # Parts that somebody wrote down made the former total; a count may be too many for the new one.
        data: Data = {"total": amount, "ask": "", "parts": None}
        try:
            even_plan(amount - at.data.get("down", 0), at.data.get("count"), answer.today, at.data.get("each"))
        except ValueError:
            data |= {"count": None, "each": None, "down": None}
        return data

    def _count(self, at: At, answer: Answer) -> Data | Puzzled:
        total, text = total_of(at.data), answer.text
        if parts := read_schedule(text, answer.today, total):
            return self._parts(at.data, parts, answer.today)
        each, count, down = find_each(text, answer.today), find_count(text), read_down(text, answer.today)
        if count is None and text.strip().isdecimal() and 2 <= int(text) <= MOST_PARTS:
            count = int(text)
        if not each and not count:
            many = _TIMES.search(text) or text.strip().isdecimal()
            return Puzzled("party.plan.impossible" if many else "party.plan.no_count")
        if other := leftover(text, answer.today, each or 0, down, total):
            one = Say("party.plan.each", {"amount": yuan(each)}) if each else Say("party.plan.parts", {"count": count})
            return Puzzled("party.plan.leftover", {"understood": one, "amount": yuan(other)}, understood=True)
        if each and count and not pays_off(total - down, each, count):
            return contradicts(total - down, each, count)
        try:
            even_plan(total - down, count, answer.today, each)
        except ValueError:
            return Puzzled("party.plan.impossible")
        found = find_day(text, answer.today)
        first = {"first": found.day.isoformat()} if found and found.day > answer.today else {}
        told = {name: value for name, value in (("each", each), ("count", count), ("down", down)) if value}
        return told | first

    def _parts(self, data: Data, parts: Sequence[tuple[int, date]], today: date) -> Data | Puzzled:
        """Days and sums as somebody wrote them down."""
        total, made = total_of(data), sum(amount for amount, _ in parts)
        if made != total:
            return Puzzled("settlement.wrong.sum", {"plan": yuan(made), "total": yuan(total)})
        days = [day for _, day in parts]
        if days[0] <= today or days != sorted(set(days)):
            return Puzzled("settlement.wrong.past" if days[0] <= today else "settlement.wrong.order")
        if len(parts) > MOST_PARTS:
            return Puzzled("party.plan.impossible")
        return {"parts": [[amount, day.isoformat()] for amount, day in parts]}

    def _day(self, at: At, answer: Answer) -> Data | Puzzled:
        due = at.data.get("due")
        later = _until(answer.text, answer.today, date.fromisoformat(due) if due else None)
        if at.step == Step.UNTIL and later:
            return later
        found = find_day(answer.text, answer.today)
        if found is None:
            return Puzzled("party.flow.no_day")
        if not 0 < (found.day - answer.today).days <= LONGEST:
            return Puzzled("party.promise.day_wrong")
        return {at.step: found.day.isoformat()}


def _until(text: str, today: date, due: date | None) -> Data:
    """Until when more time is wanted: 晚一个月 counts from the day that is due, 到下月底 is a day."""
    found = find_day(text, today)
    day = find_delay(text, max(due or today, today)) or (found.day if found else None)
    return {"until": day.isoformat()} if day and 0 < (day - today).days <= LONGEST else {}


def as_arg(told: Data) -> str:
    """What was told of a plan, short enough for a button: `i-c12-f20270110`."""
    codes = [f"{letter}{str(told[name]).replace('-', '')}" for letter, name in _CODES.items() if told.get(name)]
    kind = told.get("kind", "")
    return "-".join([next(s for s, k in _SHORT.items() if k == kind), *codes]) if codes else kind


def from_arg(arg: str) -> Data:
    """The same back; what a button cannot have made is left out."""
    kind, *codes = arg.split("-")
    kind = _SHORT.get(kind, kind)
    data: Data = {"kind": kind} if kind in KINDS else {}
    for code in codes if data else ():
        name, figures = _CODES.get(code[:1], ""), code[1:]
        if not name or not (figures.isascii() and figures.isdecimal() and len(figures) <= _FIGURES):
            continue
        try:
            data[name] = date.fromisoformat(figures).isoformat() if name == "first" else int(figures)
        except ValueError:
            continue
    return data


def possible(data: Data, told: Data, today: date) -> Data:
    """What was told, if such a plan can be; else nothing, and it is asked."""
    if told.get("kind") == "instalment":
        count, each = told.get("count"), told.get("each")
        try:
            even_plan(data.get("balance", 0) - told.get("down", 0), count or (None if each else 2), today, each)
        except ValueError:
            return {"kind": "instalment"}
    if told.get("total", 0) > data.get("balance", 0) * TIMES:
        return {k: v for k, v in told.items() if k != "total"}
    return told


def contradicts(total: int, each: int, count: int) -> Puzzled:
    """每月6万分3期 of 60,475: in how many parts it would be paid (all sums 分)."""
    params = {"amount": yuan(each), "count": count, "made": -(-total // each)}
    return Puzzled("party.plan.contradicts", params, understood=True)


def total_of(data: Data) -> int:
    """What is to be paid in all, in 分."""
    return int(data.get("total") or data.get("balance", 0))


def plan_of(data: Data) -> list[tuple[int, date]]:
    """The instalments of a finished path: (分, day); a delay is one of them."""
    if data["kind"] == "delay":
        return [(data.get("balance", 0), date.fromisoformat(data["until"]))]
    if data["kind"] == "lump":
        return [(total_of(data), date.fromisoformat(data["until"]))]
    if data.get("parts"):
        return [(amount, date.fromisoformat(day)) for amount, day in data["parts"]]
    first, down = date.fromisoformat(data["first"]), data.get("down", 0)
    then = after_months(first, 1) if down else first
    rest = even_plan(total_of(data) - down, data.get("count"), then, data.get("each"))
    return [(down, first), *rest] if down else rest


def told_part(no: int, amount: int, day: date) -> Say:
    """One part in words."""
    return Say("settlement.line.part", {"no": no, "day": day, "amount": yuan(amount)})


def told_total(total: int, owed: int, *, grants: bool = False) -> list[Say]:
    """The total, and what is waived or comes on top of what is owed (分); a creditor grants what others ask for."""
    lines = [Say("settlement.line.total", {"total": yuan(total), "owed": yuan(owed)})]
    if total < owed:
        key = "settlement.line.granted" if grants else "settlement.line.waived"
        lines.append(Say(key, {"amount": yuan(owed - total)}))
    if total > owed:
        lines.append(Say("settlement.line.extra", {"amount": yuan(total - owed)}))
    return lines
