"""`calc …`: fees, interest for delay, the last day to apply, effect, seizures, instalments; the same rules as in the chat.

Inputs come as options, or all of them as JSON with `--input FILE` (`-` reads standard input).
"""

from __future__ import annotations

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.consult.loader import read as read_knowledge
from bot.core.errors import SettingsError
from bot.core.texts import Texts
from bot.guide import wording
from bot.guide.exempt import Item
from bot.guide.model import CannotWorkOutError, Told
from bot.guide.rates import FILE as RATES
from bot.guide.rates import Rates
from bot.guide.service import Calculators
from commands.program import Current, current

group = typer.Typer(no_args_is_help=True, help="Calculators: sums and days by law, with every step.")
LARGEST_INPUT = 1_000_000  # characters of a JSON file that are read; a longer one is broken by that

Amount = Annotated[str, typer.Option(help="yuan: 500000, 50万, 3万5")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of sentences")]
Input = Annotated[str, typer.Option("--input", help="a JSON file with all inputs; - is standard input")]
Today = Annotated[str, typer.Option(help="pretend that it is this day")]


@group.command()
def fee(
    context: typer.Context,
    amount: Annotated[
        str, typer.Argument(help="yuan: 500000, 50万; without it, the fee where there is no amount")
    ] = "",
    kind: Annotated[str, typer.Option(help="execution, preservation or payment_order")] = "execution",
    recovered: Annotated[str, typer.Option(help="yuan that enforcement has brought in")] = "",
    given: Input = "",
    as_json: AsJson = False,
) -> None:
    """Work out a court fee: enforcement, preservation, payment order (收费办法 13, 14)."""
    data = {"amount": amount, "kind": kind, "recovered": recovered}
    _tell(context, "fee", data, given, as_json=as_json)


@group.command()
def interest(
    context: typer.Context,
    amount: Amount = "",
    due: Annotated[str, typer.Option(help="the last day on which it could be paid in time")] = "",
    until: Annotated[str, typer.Option(help="the day of payment; today if left out")] = "",
    paid: Annotated[list[str] | None, typer.Option(help="DAY:YUAN that came in; may be repeated")] = None,
    without: Annotated[list[str] | None, typer.Option(help="FIRST:LAST not counted; may be repeated")] = None,
    rate: Annotated[str, typer.Option(help="the title's general interest, percent a year")] = "",
    table: Annotated[str, typer.Option(help=f"or a published rate of faq/{RATES}: lpr_1y")] = "",
    multiple: Annotated[str, typer.Option(help="times that published rate: 4")] = "",
    fixed_on: Annotated[str, typer.Option(help="the day whose published rate holds throughout")] = "",
    since: Annotated[str, typer.Option(help="from which day the general interest runs")] = "",
    year: Annotated[int, typer.Option(help="365 or 360 days a year, for the general interest")] = 365,
    accrued: Annotated[str, typer.Option(help="general interest that the title names as a sum, yuan")] = "",
    given: Input = "",
    today: Today = "",
    as_json: AsJson = False,
) -> None:
    """Work out interest for the period of delay (民诉法 264, 迟延利息解释 1 to 7)."""
    general = {"rate": rate, "table": table, "multiple": multiple, "fixed_on": fixed_on, "since": since}
    general = {k: v for k, v in {**general, "accrued": accrued}.items() if v}
    data: dict[str, Any] = {
        "amount": amount,
        "due": due,
        "until": until,
        "payments": [dict(zip(("day", "amount"), _pair(p), strict=True)) for p in paid or ()],
        "without": [dict(zip(("first", "last"), _pair(p), strict=True)) for p in without or ()],
        "general": {**general, "year": year} if general else None,
    }
    _tell(context, "interest", data, given, today, as_json=as_json)


@group.command()
def limitation(
    context: typer.Context,
    start: Annotated[str, typer.Option(help="the day from which the two years run")] = "",
    rule: Annotated[
        str, typer.Option(help="fixed, no_period, omission, settlement, instalments, notarial or withdraw")
    ] = "fixed",
    day: Annotated[list[str] | None, typer.Option(help="the last day of an instalment; may be repeated")] = None,
    event: Annotated[
        list[str] | None, typer.Option(help="KIND:DAY that begins it anew: demand, agreed, applied, settled; settled:DAY:LAST with the last day agreed")
    ] = None,
    obstacle: Annotated[str, typer.Option(help="FIRST:LAST of an obstacle")] = "",
    applied: Annotated[str, typer.Option(help="withdraw: the day of the application")] = "",
    terminated: Annotated[str, typer.Option(help="withdraw: the day on which enforcement ended")] = "",
    given: Input = "",
    today: Today = "",
    as_json: AsJson = False,
) -> None:
    """Find the last day to apply for enforcement (民诉法 250)."""
    data: dict[str, Any] = {
        "rule": rule,
        "start": start,
        "days": day or None,
        "events": [_event(e) for e in event or ()] or None,
        "obstacle": dict(zip(("first", "last"), _pair(obstacle), strict=True)) if obstacle else None,
        "applied": applied,
        "terminated": terminated,
    }
    _tell(context, "limitation", data, given, today, as_json=as_json)


@group.command("effect")
def effect_command(
    context: typer.Context,
    served: Annotated[list[str] | None, typer.Option(help="a day of service; one for each party")] = None,
    title: Annotated[
        str,
        typer.Option(
            help="judgment, ruling, second_instance, small_claim, mediation, confirmation, arbitration_award, "
            "labor_award, labor_final, payment_order, foreign_party"
        ),
    ] = "judgment",
    notice: Annotated[str, typer.Option(help="the last day on which a public notice was posted")] = "",
    within: Annotated[str, typer.Option(help="how long from the effect one has to perform: days, or months as 3m")] = "",
    effective: Annotated[str, typer.Option(help="the day of effect, when only --within is asked for")] = "",
    given: Input = "",
    as_json: AsJson = False,
) -> None:
    """Find the day of effect, and the end of the period of performance (民诉法 85, 158, 171)."""
    asked = {"effective": effective, "within": within} if effective else {"title": title, "within": within}
    _tell(context, "effect", {**asked, "served": served or None, "notice": notice}, given, as_json=as_json)


@group.command()
def seizure(
    context: typer.Context,
    asset: Annotated[str, typer.Option(help="deposit, movable, vehicle, realty, other or ewallet")] = "",
    start: Annotated[str, typer.Option(help="the day of the seizure")] = "",
    renewed: Annotated[list[str] | None, typer.Option(help="a day on which it was renewed; may be repeated")] = None,
    years: Annotated[int | None, typer.Option(help="years that the ruling names")] = None,
    ends: Annotated[str, typer.Option(help="the last day that the ruling names")] = "",
    preservation: Annotated[
        bool, typer.Option("--preservation", help="before judgment: renew seven days ahead")
    ] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="a waiting seizure (轮候)")] = False,
    given: Input = "",
    today: Today = "",
    as_json: AsJson = False,
) -> None:
    """Find the end of a seizure or freeze, and by when to renew it (民诉法解释 485)."""
    data = {"asset": asset, "start": start, "renewed": renewed or None, "years": years, "ends": ends}
    flags = {"preservation": preservation or None, "waiting": waiting or None}
    _tell(context, "seizure", {**data, **flags}, given, today, as_json=as_json)


@group.command()
def plan(
    context: typer.Context,
    amount: Amount = "",
    count: Annotated[int | None, typer.Option(help="how many instalments")] = None,
    each: Annotated[str, typer.Option(help="or: so much every time, yuan")] = "",
    first: Annotated[str, typer.Option(help="the day of the first one")] = "",
    every: Annotated[int, typer.Option(help="months between them")] = 1,
    day: Annotated[list[str] | None, typer.Option(help="or: a day; may be repeated")] = None,
    part: Annotated[list[str] | None, typer.Option(help="or: DAY:YUAN; may be repeated")] = None,
    given: Input = "",
    as_json: AsJson = False,
) -> None:
    """Make a plan of instalments that adds up."""
    data = {
        "amount": amount,
        "count": count,
        "each": each,
        "first": first,
        "every": every,
        "days": day or None,
        "parts": [dict(zip(("day", "amount"), _pair(p), strict=True)) for p in part or ()] or None,
    }
    _tell(context, "plan", data, given, as_json=as_json)


@group.command("exempt")
def exempt_command(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="what it is about; without it, the whole table")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell what may be executed and what is left to the debtor (查封规定 3 to 5)."""
    for each in [item] if item else [i.value for i in Item]:
        _tell(context, "exempt", {"item": each}, "", as_json=as_json)


# -- shared --------------------------------------------------------------------------------------


def _event(text: str) -> dict[str, str]:
    """`settled:2026-03-01:2027-03-01`, with the last day agreed, or `demand:2026-03-01`."""
    kind, rest = _pair(text)
    day, _, until = rest.partition(":")
    return {"kind": kind, "day": day, "until": until}


def _pair(text: str) -> tuple[str, str]:
    """`2026-04-10:30000` in its two parts."""
    first, colon, second = text.partition(":")
    if not colon:
        raise SettingsError(f"{text}: two parts with a colon between them are expected, such as 2026-04-10:30000")
    return first, second


def _tell(
    context: typer.Context, kind: str, options: dict[str, Any], given: str, today: str = "", *, as_json: bool
) -> None:
    """Work it out and print it; what cannot be worked out is the input's fault, status 1."""
    here, texts = current(context), Texts.load()
    data = _read(given) if given else options
    try:
        result = _calculators(here)(kind, data, _day(today) if today else here.today())
    except CannotWorkOutError as error:
        raise SettingsError(wording.wrong(texts, error)) from error
    typer.echo(_shown(here, texts, result, as_json=as_json))


def _shown(here: Current, texts: Texts, result: Told, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(wording.as_json(texts, result), ensure_ascii=False)
    laws = read_knowledge(here.settings.faq.path).laws
    return wording.whole(texts, result, laws).replace("**", "") + "\n"


def _calculators(here: Current) -> Calculators:
    return Calculators(rates=Rates.read(here.settings.faq.path / RATES))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text}: not a day like 2026-03-01") from error


def _read(path: str) -> dict[str, Any]:
    """A JSON object; numbers with a point are read exactly."""
    try:
        raw = sys.stdin.read(LARGEST_INPUT) if path == "-" else Path(path).read_text(encoding="utf-8")[:LARGEST_INPUT]
        data = json.loads(raw, parse_float=Decimal, parse_constant=_no_number)
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise SettingsError(f"{path}: a JSON object with the inputs is expected")
    return data


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no amount")
