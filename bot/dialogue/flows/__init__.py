"""Guided paths of the debtor's and creditor's chat: steps, and what an answer leads to; pure, kept as rows."""

from bot.dialogue.flows.helper import Helper
from bot.dialogue.flows.identify import Identify
from bot.dialogue.flows.model import Answer, At, Choice, Path, Say
from bot.dialogue.flows.note import Note
from bot.dialogue.flows.paid import Paid
from bot.dialogue.flows.plan import Plan
from bot.dialogue.flows.promise import Promise

PATHS: dict[str, Path] = {p.kind: p for p in (Identify(), Helper(), Paid(), Promise(), Plan(), Note())}

__all__ = ["PATHS", "Answer", "At", "Choice", "Helper", "Identify", "Note", "Paid", "Path", "Plan", "Promise", "Say"]
