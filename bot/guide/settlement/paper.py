"""The written agreement (执行和解协议) of a negotiation: what was agreed, put into the form; made when it leaves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any

from bot.core.texts import Texts
from bot.guide.documents.model import Values
from bot.guide.documents.service import PDF, Papers
from bot.guide.settlement.model import Fee
from bot.guide.settlement.service import Settlements, agreement_fields

FORM = "settlement"
REFERENCE = "agreement"  # of the files in replies: `agreement:<negotiation>:docx`
_ENFORCED = re.compile(r"\u6267")  # 执, in the number of a case of enforcement; any other number is the title's
_BY_COURT = ("judgment", "mediation", "order")


class Agreements:
    """Opens agreements for staff: what nobody has said in the chat is left open, to be filled in by hand."""

    def __init__(self, settlements: Settlements, papers: Papers, texts: Texts, court: Callable[[str], str]) -> None:
        self._settlements = settlements
        self._papers = papers
        self._texts = texts
        self._court = court

    async def open(self, ref: str) -> tuple[str, bytes]:
        """File name and bytes of `<negotiation>:docx|pdf`; LookupError where there is no money to agree about."""
        code, _, kind = ref.partition(":")
        if not code.isdecimal():
            raise LookupError(ref)
        deal = await self._settlements.deal(int(code))
        if deal.act:
            raise LookupError(ref)
        form = self._papers.forms[FORM]
        make = self._papers.pdf if kind == PDF else self._papers.docx
        values = self.values(agreement_fields(deal))
        name = f"{form.title}-{deal.case.number}.{kind}"
        return name, await asyncio.to_thread(make, form, values)

    def values(self, fields: dict[str, Any]) -> Values:
        """The form's answers: sums in 分, days in ISO form."""
        number, blank = fields["case_number"], self._texts("settlement.paper.blank")
        enforced = bool(_ENFORCED.search(number))
        court = self._court(fields["court"])
        made_by = court if not enforced and fields["title"] in _BY_COURT else blank
        known: dict[str, Any] = {
            **self._party("cred", fields["creditors"], blank),
            **self._party("debt", fields["debtors"], blank),
            "title": fields["title"],
            "made_by": made_by,
            "basis": blank if enforced else number,
            "case": number if enforced else "",
            "court": court,
            "principal": fields["owed"],
            "agreed": fields["total"],
            "plan": [{"day": day.isoformat(), "sum": amount} for _, amount, day in fields["parts"]],
            "fee": "" if fields["fee"] == Fee.OPEN else fields["fee"],
            "has_guar": "yes" if fields["security"] else "no",
            "further": fields["note"],
        }
        if fields["security"]:
            known |= {"guar_kind": "person", "guar_name": blank, "guar_home": blank, "guar_what": fields["security"]}
        return known

    def _party(self, side: str, people: Sequence[dict[str, Any]], blank: str) -> dict[str, Any]:
        """One party; several of a side by all their names, the numbers then by hand."""
        one = people[0] if len(people) == 1 else {}
        return {
            f"{side}_kind": people[0]["kind"],
            f"{side}_name": self._texts("document.and").join(p["name"] for p in people),
            f"{side}_number": one.get("number") or "",
            f"{side}_phone": one.get("phone") or "",
            f"{side}_home": blank,
            f"{side}_head": blank,
        }
