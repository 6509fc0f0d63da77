"""The columns of the ledger as a table, and the words of their drop-downs; no I/O."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.texts import Texts
from bot.ledger.cells import Cell
from bot.ledger.courts import Courts

COLUMNS = (
    "court",
    "number",
    "title",
    "cause",
    "stage",
    "filed_on",
    "wage",
    "livelihood",
    "special",
    "series",
    "tribunal",
    "mediator",
    "responsible",
    "debtor",
    "debtor_kind",
    "debtor_number",
    "debtor_phone",
    "co_debtor",
    "co_debtor_kind",
    "co_debtor_number",
    "creditor",
    "creditor_kind",
    "creditor_number",
    "creditor_phone",
    "label",
    "kind",
    "amount",
    "due",
    "plan",
    "act",
    "paid",
    "paid_on",
)
DERIVED = ("status", "settled", "balance", "next_due")  # written in exports, not read
REQUIRED = ("court", "number", "title", "debtor", "creditor")
EXTRA = ("source_row", "reason")  # in the workbook of rows that were refused


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file: its number there, and its cells by column."""

    row: int
    cells: dict[str, Cell]


class Words:
    """The words of drop-downs, both ways."""

    def __init__(self, texts: Texts, courts: Courts) -> None:
        yes, no = texts("ledger.yes_word"), texts("ledger.no_word")
        kinds = {
            "title": texts.under("ledger.kind_of.title"),
            "stage": texts.under("ledger.kind_of.stage"),
            "special": texts.under("ledger.kind_of.special"),
            "debtor_kind": texts.under("ledger.kind_of.party"),
            "co_debtor_kind": texts.under("ledger.kind_of.party"),
            "creditor_kind": texts.under("ledger.kind_of.party"),
            "kind": texts.under("ledger.kind_of.obligation"),
        }
        self.options: dict[str, tuple[str, ...]] = {
            "court": tuple(c.name for c in courts),
            "wage": (yes, no),
            "livelihood": (yes, no),
            **{column: tuple(words.values()) for column, words in kinds.items()},
        }
        self._codes = {column: {word: code for code, word in words.items()} for column, words in kinds.items()}
        self._words = kinds
        self.yes = yes
        self._no = no

    def code(self, column: str, word: str) -> str | None:
        """The code of a word, as 判决 → judgment (判决书 too); None when it is none of the options."""
        codes = self._codes[column]
        return codes.get(word) or codes.get(word.removesuffix("书"))

    def word(self, column: str, code: str | None) -> str:
        """The word of a code."""
        return self._words[column].get(code or "", "")

    def truth(self, word: str) -> bool | None:
        """是 or 否; None when it is neither."""
        if word in (self.yes, "1", "√", "Y", "y"):
            return True
        return False if word in (self._no, "0", "N", "n") else None

    def flag(self, value: bool) -> str:
        """是 or 否."""
        return self.yes if value else self._no
