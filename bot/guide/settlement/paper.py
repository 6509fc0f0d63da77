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
_BY_COURT = ("judgment", "mediation", "ruling", "order")
_PARTS = re.compile(r"[，,；;。、\s]+")
_SOMEBODY = re.compile(r"(?:担保人|[要由让请])?[:：]?([\u4e00-\u9fff·]{2,12}?)(?:来?(?:提供|[做作])?(?:连带)?(?:责任)?(?:担保|保证|作保)人?)?")
_THINGS = re.compile(r"[我你他她的用以拿把房车地铺厂押证]")  # not somebody's name alone
_LONGEST = 4  # characters of a name that nobody has labelled as one
_HIDDEN = re.compile(r"\*\*")


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
            "already": fields["settled"],
            "principal": fields["owed"],
            "agreed": fields["total"],
            "plan": [{"day": day.isoformat(), "sum": amount} for _, amount, day in fields["parts"]],
            "fee": "" if fields["fee"] == Fee.OPEN else fields["fee"],
            "has_guar": "yes" if fields["security"] else "no",
            "further": fields["note"],
        }
        if fields["security"]:
            known |= {"guar_kind": "person", "guar_home": blank, **self._guarantor(fields["security"], blank)}
        return known

    def _guarantor(self, said: str, blank: str) -> dict[str, Any]:
        """Who guarantees, if the words begin with a name; what is guaranteed is for the guarantor to write."""
        first, *rest = [p for p in _PARTS.split(said) if p and not _HIDDEN.search(p)] or [""]
        named = _SOMEBODY.fullmatch(first)
        name = named[1] if named and not _THINGS.search(named[1]) and len(named[1]) <= _LONGEST else ""
        more = self._texts("document.and").join(rest if name else [first, *rest])
        scope = self._texts("settlement.paper.scope")
        told = self._texts("settlement.paper.said", text=more) if more else ""
        return {"guar_name": name or blank, "guar_what": scope + told}

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
