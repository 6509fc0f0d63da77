"""The end of the path to an offer: it is put on the table."""

from __future__ import annotations

from bot.core.ids import short
from bot.core.privacy import mask_identifiers
from bot.dialogue.flows.model import Refused, Say
from bot.dialogue.flows.plan import Step, plan_of
from bot.dialogue.scene import Scene
from bot.dialogue.settling import Settling, said
from bot.guide.settlement.model import Fee, Part, SettlementError, Terms
from bot.guide.settlement.table import SELF
from bot.ledger.model import Broken
from bot.store.reach_rows import FlowState

_STEP_OF = {"past": Step.COUNT, "order": Step.COUNT, "sum": Step.COUNT, "far": Step.COUNT, "too_much": Step.TOTAL}


async def _offered(scene: Scene, flow: FlowState) -> None:
    """Put what was composed on the table; a version that came in between is shown first."""
    view = await scene.view(flow.obligation_id or 0)
    if view is None:
        raise Broken("no_obligation")
    data, party = flow.data, flow.party_id or scene.side(view)[0]
    turn = scene.turn
    hand = Settling(scene.house, turn, scene.actor(), here=turn.conversation.id)
    live = await hand.table.live(view)
    current = live.current if live else None
    if live and current and current.row.id != data.get("seen", data.get("counter")) and current.row.party_id != party:
        # Somebody else was faster: nobody answers an offer that they have not seen.
        data["seen"] = current.row.id
        turn.say(hand.shown(live, current, party))
        raise Refused(Say("settlement.crossed"), Step.CONFIRM)
    terms = Terms(
        tuple(Part(amount, day) for amount, day in plan_of(data)),
        live.balance if live else view.standing.balance,
        mask_identifiers(data.get("security", "")),
        Fee(data.get("fee", Fee.OPEN)),
        data.get("reason", ""),
    )
    if terms.owed != data.get("balance", terms.owed):
        data["balance"] = terms.owed
        raise Refused(Say("settlement.wrong.ledger_changed"), _sums(data))
    relation = next((b.relation for b in scene.proven if b.party_id == party), SELF)
    try:
        deal = await hand.propose(view, party, terms, relation)
    except SettlementError as error:
        raise Refused(said(error), _step(data, error)) from error
    version = deal.current
    if version is not None:
        flow.result_id = version.row.id
        data |= {"number": deal.row.task or "-", "version": version.row.number, "code": version.code}
        data["offer"] = short(version.row.id)


def _sums(data: dict[str, object]) -> str:
    return {"instalment": Step.COUNT, "lump": Step.TOTAL}.get(str(data["kind"]), Step.UNTIL)


def _step(data: dict[str, object], error: SettlementError) -> str:
    """Which answer is asked for again."""
    step = _STEP_OF.get(error.code, Step.CONFIRM)
    if step is Step.COUNT and data["kind"] != "instalment":
        return Step.UNTIL
    return step


ENDS = {"plan": _offered}
