"""Documents in the chat: what a proven case tells at the beginning, and the files that are sent at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from bot.core.ids import long
from bot.dialogue.flows import PATHS
from bot.dialogue.flows.document import DocumentPath, shipped
from bot.dialogue.flows.model import Begun, Data, Opening
from bot.dialogue.model import Reply
from bot.dialogue.scene import Scene
from bot.guide.documents.model import KIND, Form, Side
from bot.guide.documents.service import DOCX, PDF, REFERENCE
from bot.ledger.model import ObligationKind, Role
from bot.ledger.service import View
from bot.store.reach_rows import FlowState

_ENFORCED = "执"  # in the number of a case of enforcement; any other number is the title's


async def begin(kind: str, scene: Scene, opening: Opening) -> Begun | None:
    """What is known of the case of a proven party, and what a former document may lend."""
    path = PATHS[kind]
    if not isinstance(path, DocumentPath):
        raise TypeError(f"{kind} is no document")
    view = await _case(scene, opening)
    data: Data = {"days": scene.house.settings.document_days}
    if view is not None:
        data |= path.taken_over(from_case(path.form, facts(scene, view, await _original(scene, view))))
    if earlier := await _earlier(scene, path):
        data["earlier"] = earlier
    return Begun(data, view.id if view is not None else None)


async def _case(scene: Scene, opening: Opening) -> View | None:
    """The obligation that is meant; None where there is none, or more than one could be."""
    if not scene.proven:
        return None
    wanted = _number(opening.arg) or scene.obligation
    if wanted and (found := await scene.view(wanted)):
        return found
    views = await scene.views(None)
    return views[0] if len(views) == 1 else None


async def _earlier(scene: Scene, path: DocumentPath) -> Data:
    """Answers of this chat's last documents that are not deleted yet; taken over only if their writer says so."""
    turn = scene.turn
    since = turn.now - timedelta(days=scene.house.settings.document_days)
    found: Data = {}
    for flow in await turn.work.reach.flows_since(turn.conversation.id, KIND, since):
        found |= path.reusable(flow.data)
    return found


async def finish(scene: Scene, flow: FlowState) -> None:
    """Send the Word file and, where there is a font, the PDF; they are made when they leave."""
    papers = scene.house.papers
    form = papers.forms[flow.kind.removeprefix(KIND)]
    flow.data["earlier"] = {}
    for kind in (DOCX, PDF) if papers.prints else (DOCX,):
        text = scene.texts("documents.file", title=form.title, kind=scene.texts(f"documents.kind.{kind}"))
        file = f"{REFERENCE}:{flow.id}:{kind}"
        scene.turn.say(Reply(text, key="documents.file", kind="document", file=file))


async def _original(scene: Scene, view: View) -> int:
    """What the title orders less what was paid, in 分: an agreement that is not kept leads back to it (和解规定第9条、第17条)."""
    table = scene.house.settlements.within(scene.turn.work, scene.actor())
    deal = await table.standing(view)
    kept = (deal.row.before or {}).get(str(view.id)) if deal else None
    if kept is None:
        return view.standing.balance
    return max(0, sum(int(amount) for amount, _ in kept["plan"]) - view.standing.settled)


def facts(scene: Scene, view: View, original: int) -> dict[str, Any]:
    """What the ledger tells a party of its own case; no number and no telephone of anybody."""
    _, role = scene.side(view)
    sides = {"creditor": view.creditors, "debtor": view.debtors}
    own, opposite = ("creditor", "debtor") if role is Role.CREDITOR else ("debtor", "creditor")
    found: dict[str, Any] = {"court": scene.house.ledger.courts.name(view.case.court), "title": view.case.title}
    for name, parties in (*sides.items(), ("me", sides[own]), ("other", sides[opposite])):
        if parties:
            found |= {f"{name}.name": parties[0].name, f"{name}.kind": parties[0].kind}
    found["others"] = [p.name for p in view.debtors[1:]]
    number = view.case.number
    # The number of a case of enforcement says so; any other number is the title's.
    found |= {"number": number, "case" if scene.texts("documents.enforced") in number else "basis": number}
    if view.row.kind == ObligationKind.MONEY:
        found |= {
            "amount": view.row.amount,
            "settled": view.standing.settled,
            "balance": view.standing.balance,
            "original": original,
        }
    found["role"] = "creditor" if role is Role.CREDITOR else "debtor"
    return found


def from_case(form: Form, known: Mapping[str, Any]) -> Data:
    """The fields that the facts fill in; none when the document is the other side's."""
    if form.side in (Side.CREDITOR, Side.DEBTOR) and known["role"] != form.side:
        return {}
    return {f.id: known[f.known] for f in form.fields if f.known in known and known[f.known] not in ("", [], 0)}


def _number(code: str) -> int:
    try:
        return long(code) if code else 0
    except ValueError:
        return 0


ENDS: dict[str, Callable[[Scene, FlowState], Awaitable[None]]] = dict.fromkeys(shipped(), finish)
STARTS: dict[str, Callable[[Scene, Opening], Awaitable[Begun | None]]] = {k: partial(begin, k) for k in shipped()}
