"""Proposals to pay differently: accepted, countered or refused within the chat, applied by staff."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from bot.core.ids import long
from bot.dialogue.ends import number_of
from bot.dialogue.paths import Paths
from bot.dialogue.scene import Scene, matter
from bot.ledger.book import Book
from bot.ledger.model import Planned, Role, Settlement
from bot.ledger.service import View
from bot.reach.model import ProposalStatus
from bot.store.reach_rows import ProposalRow

WAITING = (ProposalStatus.OPEN, ProposalStatus.ACCEPTED)


class Proposals:
    """What the other side answers."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    async def press(self, scene: Scene, rest: str) -> None:
        """接受、另提方案、不接受 under a proposal."""
        code, _, word = rest.partition(":")
        proposal = await scene.turn.work.reach.proposal(_number(code))
        view = await scene.view(proposal.obligation_id) if proposal else None
        if proposal is None or view is None or scene.side(view)[1] == proposal.side:
            scene.say("feedback.gone", scene.house.words.menu_button())
            return
        party, role = scene.side(view)
        scene.about(view.id, party)
        if proposal.status != ProposalStatus.OPEN:
            scene.say("party.plan.settled")
        elif word == "yes":
            await self._accept(scene, view, proposal, party)
        elif word == "counter":
            await decide(scene, proposal, ProposalStatus.COUNTERED, scene.turn.conversation.person)
            await self._close_task(scene, proposal, "countered")
            data = {"balance": view.standing.balance, "counter": proposal.id}
            await self._paths.begin(scene, "plan", data, obligation=view.id, party=party)
        else:
            await decide(scene, proposal, ProposalStatus.REFUSED, scene.turn.conversation.person)
            await note_task(scene, proposal, f"clerk.note.refused_{role}")
            scene.say("party.plan.refused_self")
            await self._tell_proposer(scene, view, proposal, "party.plan.refused")

    async def _accept(self, scene: Scene, view: View, proposal: ProposalRow, party: int) -> None:
        """All of the other side that is reached must agree; then staff have the last word."""
        agreed = (*proposal.agreed, party)
        others = view.creditors if proposal.side == Role.DEBTOR else view.debtors[:1]
        reached = {b.party_id for b in await scene.turn.work.reach.bindings_of([p.id for p in others]) if b.proven_at}
        await scene.turn.work.reach.change(ProposalRow, proposal.id, agreed=list(agreed))
        if reached <= set(agreed):
            await decide(scene, proposal, ProposalStatus.ACCEPTED, scene.turn.conversation.person)
        await note_task(scene, proposal, "clerk.note.accepted")
        scene.say("party.plan.accepted_self", number=number_of(proposal))
        await self._tell_proposer(scene, view, proposal, "party.plan.accepted")

    async def _tell_proposer(self, scene: Scene, view: View, proposal: ProposalRow, key: str) -> None:
        params = {"matter": matter(view), "number": number_of(proposal)}
        await scene.tell_party(proposal.party_id, view.id, key, **params)

    async def _close_task(self, scene: Scene, proposal: ProposalRow, outcome: str) -> None:
        if proposal.task:
            await scene.turn.work.tasks.close(proposal.task, str(scene.actor()), outcome, scene.turn.now)


async def decide(scene: Scene, proposal: ProposalRow, status: ProposalStatus, by: str) -> None:
    """Note what became of a proposal."""
    await scene.turn.work.reach.change(
        ProposalRow, proposal.id, status=status.value, decided_at=scene.turn.now, decided_by=by
    )


async def note_task(scene: Scene, proposal: ProposalRow, key: str) -> None:
    """Let staff see it at the task."""
    if proposal.task:
        await scene.turn.work.tasks.note(proposal.task, scene.texts(key))


async def apply(book: Book, view: View, proposal: ProposalRow, why: str) -> None:
    """Write an agreed proposal into the ledger: a grace period, or a new plan for what is left.

    What is paid already stays as an instalment of its own, due before the new ones, so that the sum of
    the plan remains the sum of the obligation.
    """
    if proposal.kind == "delay":
        await book.grant_grace(view.id, proposal.until, why)
    else:
        await book.replan(view.id, _whole_plan(view, proposal.plan), why)
    await book.settle(view.id, Settlement.AGREED, why)


def _whole_plan(view: View, plan: tuple[tuple[int, date], ...]) -> list[Planned]:
    new = [Planned(amount, day) for amount, day in plan]
    settled = view.standing.settled
    if settled:
        first = min(i.due_on for i in view.instalments)
        new.insert(0, Planned(settled, min(first, new[0].due_on - timedelta(days=1))))
    rest = view.row.amount - sum(p.amount for p in new)
    # Something was paid while they talked: the last instalments shrink by it.
    while rest < 0 and new:
        last = new.pop()
        rest += last.amount
        if rest > 0:
            new.append(replace(last, amount=rest))
            rest = 0
    return new


def _number(code: str) -> int:
    try:
        number = long(code)
    except ValueError:
        return 0
    return number if 0 < number < 2**63 else 0
