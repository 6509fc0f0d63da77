"""Guided paths: steps, and what an answer leads to; pure, kept as rows. A path is registered here by one line."""

from bot.dialogue.flows.calc_effect import CalcEffect
from bot.dialogue.flows.calc_fee import CalcFee
from bot.dialogue.flows.calc_interest import CalcInterest
from bot.dialogue.flows.calc_limitation import CalcLimitation
from bot.dialogue.flows.calc_plan import CalcPlan
from bot.dialogue.flows.calc_seizure import CalcSeizure
from bot.dialogue.flows.can_apply import CanApply
from bot.dialogue.flows.debtor_options import DebtorOptions
from bot.dialogue.flows.document import shipped
from bot.dialogue.flows.helper import Helper
from bot.dialogue.flows.identify import Identify
from bot.dialogue.flows.intake import Intake
from bot.dialogue.flows.model import WISHES, Answer, At, Choice, Path, Say
from bot.dialogue.flows.note import Note
from bot.dialogue.flows.paid import Paid
from bot.dialogue.flows.plan import Plan
from bot.dialogue.flows.promise import Promise
from bot.dialogue.flows.window import Window

PATHS: dict[str, Path] = {
    p.kind: p
    for p in (
        Identify(),
        Helper(),
        Paid(),
        Promise(),
        Plan(),
        Note(),
        CalcFee(),
        CalcInterest(),
        CalcLimitation(),
        CalcEffect(),
        CalcSeizure(),
        CalcPlan(),
        CanApply(),
        DebtorOptions(),
        Window(),
        Intake(),
    )
} | shipped()
# What a button `go:` may name: a path, or what the party of a case may want of it.
LEADS = frozenset({*PATHS, *WISHES})

__all__ = ["LEADS", "PATHS", "Answer", "At", "Choice", "Helper", "Identify", "Note", "Paid", "Path", "Plan", "Promise", "Say"]
