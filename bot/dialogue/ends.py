"""What the end of a path does: identity proven, payment reported, promise noted, proposal made, words passed on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from bot.core.ids import short
from bot.dialogue.flows import plan
from bot.dialogue.flows.model import yuan
from bot.dialogue.model import Button
from bot.dialogue.scene import Scene, matter
from bot.ledger.model import Broken, DisputeKind, NewPayment, Role, Settlement, Source
from bot.ledger.service import View
from bot.reach.files import attach
from bot.reach.model import ProposalStatus, Relation
from bot.store.reach_rows import FlowState, ProposalRow
from bot.store.reminder_rows import NewTask


class Ends:
    """Carries out what a path collected, in the turn's transaction."""

    async def consented(self, scene: Scene, flow: FlowState) -> None:
        """The privacy notice was agreed to."""
        if flow.party_id is not None:
            binding = await scene.turn.work.reach.binding(flow.party_id, flow.conversation_id)
            if binding:
                await scene.register().consent(binding)

    async def reached(self, scene: Scene, flow: FlowState) -> None:
        """The path is at its end. Broken when the ledger's rules do not allow what it was for."""
        if flow.kind == "identify":
            await self._identified(scene, flow)
        elif flow.kind == "helper":
            await self._helper(scene, flow)
        elif flow.kind == "paid":
            await self._paid(scene, flow)
        elif flow.kind == "promise":
            await self._promise(scene, flow)
        elif flow.kind == "plan":
            await self._proposal(scene, flow)
        else:
            await self._noted(scene, flow)

    # -- who is it -------------------------------------------------------------------------------

    async def _identified(self, scene: Scene, flow: FlowState) -> None:
        binding = await scene.turn.work.reach.binding(flow.party_id or 0, flow.conversation_id)
        if binding is None:
            return
        register = scene.register()
        flow.data.pop("name", None)  # proven or not, it is not needed any more
        if flow.step == "proven":
            for other in await register.prove(binding):
                await self._moved_away(scene, other.conversation_id)
            scene.bindings = await scene.turn.work.reach.bindings_of_chat(scene.turn.conversation.id)
            await self._welcome(scene, flow)
        elif flow.step == "declined":
            await register.decline(binding)
        elif flow.step == "notme":
            await wrong_person(scene, binding.id)
            flow.data["quiet"] = True
        elif flow.step == "locked":
            await scene.task(NewTask("identity", "locked", key=f"identity:{binding.id}", party_id=binding.party_id))

    async def _moved_away(self, scene: Scene, conversation_id: int) -> None:
        """The old account hears that another one took its place: if that was not them, they can say so."""
        conversation = await scene.turn.work.conversations.get(conversation_id)
        if conversation and not conversation.unreachable:
            scene.turn.say_to(
                conversation, scene.house.words.plain("party.identify.replaced", scene.house.words.human())
            )

    async def _welcome(self, scene: Scene, flow: FlowState) -> None:
        party = (await scene.turn.work.ledger.parties([flow.party_id or 0])).get(flow.party_id or 0)
        views = await scene.views(None)
        flow.data["quiet"] = True
        buttons = (scene.button("party.button.mine", "pt:mine"), scene.button("party.button.helper", "pt:helper"))
        scene.say("party.identify.proven", *buttons, name=party.name if party else "", count=len(views))

    async def _helper(self, scene: Scene, flow: FlowState) -> None:
        register = scene.register()
        binding = await scene.turn.work.reach.binding(flow.party_id or 0, flow.conversation_id)
        if binding is None:
            return
        if flow.step == "declined":
            await register.decline(binding)
            return
        relation, name = Relation(flow.data["relation"]), flow.data["name"]
        await register.helper_asks(binding, name, relation)
        buttons = (
            ("party.button.helper_yes", f"hp:{short(binding.id)}:yes"),
            ("party.button.helper_no", f"hp:{short(binding.id)}:no"),
        )
        who = scene.texts(f"party.relation.{relation}")
        await scene.tell_party(binding.party_id, 0, "party.helper.ask_party", *buttons, name=name, relation=who)

    # -- paid, promised --------------------------------------------------------------------------

    async def _paid(self, scene: Scene, flow: FlowState) -> None:
        view = await self._view(scene, flow)
        data = flow.data
        party, role = scene.side(view)
        third = data.get("way") == "third"
        payment = NewPayment(
            amount=0 if data.get("act") else data["amount"],
            paid_on=date.fromisoformat(data["day"]),
            source=Source.CREDITOR if role is Role.CREDITOR else Source.DEBTOR,
            way=data.get("way"),
            payer_id=party if role is Role.DEBTOR and not third else None,
            payer_name=data.get("payer"),
            third_party=third,
        )
        book = scene.book()
        flow.result_id = await book.report_payment(view.id, payment)
        await scene.turn.work.reach.write_flow(flow)
        files = await scene.turn.work.reach.files_of_flow(flow.id)
        await attach(book, flow, files)
        note = scene.texts(
            "clerk.note.verify",
            matter=matter(view),
            amount=yuan(payment.amount),
            day=data["day"],
            way=scene.texts(f"party.way.{data['way']}") if data.get("way") else "-",
            files=len(files),
        )
        data["task"] = await scene.task(
            NewTask(
                "verify",
                "reported",
                key=f"verify:{flow.result_id}",
                **_where(scene, view, flow),
                subject_id=flow.result_id,
                note=note,
            )
        )

    async def _promise(self, scene: Scene, flow: FlowState) -> None:
        if flow.step == "dropped":
            return
        view = await self._view(scene, flow)
        party, _ = scene.side(view)
        amount = None if flow.data.get("act") or flow.data["amount"] >= view.standing.balance else flow.data["amount"]
        day = date.fromisoformat(flow.data["day"])
        flow.result_id = await scene.book().promise(view.id, day, amount, party_id=party)

    # -- proposals -------------------------------------------------------------------------------

    async def _proposal(self, scene: Scene, flow: FlowState) -> None:
        view = await self._view(scene, flow)
        party, role = scene.side(view)
        made = plan.plan_of(flow.data)
        number = scene.turn.next_id()
        answers = flow.data.get("counter")
        proposal = ProposalRow(
            id=number,
            obligation_id=view.id,
            kind=flow.data["kind"],
            plan=tuple(made),
            until=made[-1][1],
            reason=flow.data.get("reason") or None,
            side=role,
            party_id=party,
            status=ProposalStatus.OPEN,
            made_at=scene.turn.now,
            answers=answers,
        )
        flow.result_id = number
        if view.row.settlement not in (Settlement.NEGOTIATING, Settlement.AGREED):
            await scene.book().settle(view.id, Settlement.NEGOTIATING, "proposal")
        await propose(scene, view, proposal)
        flow.data["task"] = number_of(await scene.turn.work.reach.proposal(number))

    # -- words for a person ----------------------------------------------------------------------

    async def _noted(self, scene: Scene, flow: FlowState) -> None:
        text, kind = flow.data.get("text", ""), flow.data.get("kind")
        if flow.data.get("task") and (text or kind):
            words = "\n".join(p for p in (scene.texts(f"party.dispute.{kind}") if kind else "", text) if p)
            await scene.turn.work.tasks.note(flow.data["task"], words)
        if flow.data.get("dispute") and (text or kind):
            about = DisputeKind(kind) if kind else None
            await scene.book().describe_dispute(flow.data["dispute"], about, text)

    async def _view(self, scene: Scene, flow: FlowState) -> View:
        found = await scene.view(flow.obligation_id or 0)
        if found is None:
            raise Broken("no_obligation")
        return found


def number_of(proposal: ProposalRow | None) -> int | str:
    """The task's number under which staff look at a proposal."""
    return proposal.task if proposal and proposal.task else ""


def _where(scene: Scene, view: View, flow: FlowState | None = None) -> dict[str, Any]:
    """What a task belongs to."""
    return {
        "case_id": view.row.case_id,
        "obligation_id": view.id,
        "party_id": scene.party,
        "delivery_id": flow.delivery_id if flow else scene.delivery,
        "conversation_id": scene.turn.conversation.id,
        "responsible": view.responsible,
    }


async def wrong_person(scene: Scene, binding_id: int) -> None:
    """不是本人: stops at once; a task, and a button for the one who slipped."""
    binding = await scene.turn.work.reach.binding_numbered(binding_id)
    if binding is None:
        return
    proven = binding in scene.proven
    if proven:
        for view in await scene.house.ledger.of_party(binding.party_id, Role.DEBTOR, scene.turn.work):
            if view.standing.performed_on is None and view.row.ended_on is None:
                await scene.book().dispute(view.id, DisputeKind.PERSON, party_id=binding.party_id)
    await scene.register().wrong_person(binding)
    await scene.task(
        NewTask(
            "wrong_person",
            "said_so",
            key=f"wrong_person:{binding.id}",
            party_id=binding.party_id,
            obligation_id=scene.obligation,
            delivery_id=scene.delivery,
            conversation_id=scene.turn.conversation.id,
            note=scene.texts("clerk.note.wrong_person"),
        )
    )
    scene.say("party.notme", Button(scene.texts("party.button.notme_slip"), f"pt:undo:{short(binding.id)}"))


async def propose(scene: Scene, view: View, proposal: ProposalRow) -> None:
    """Put a proposal before the other side and before staff."""
    text = told_plan(scene, proposal)
    note = scene.texts("clerk.note.plan", matter=matter(view), plan=text, reason=proposal.reason or "-")
    where = _where(scene, view)
    task = await scene.task(
        NewTask("plan", proposal.side, key=f"plan:{proposal.id}", **where, subject_id=proposal.id, note=note)
    )
    await scene.turn.work.reach.add([_with_task(proposal, task)])
    code = short(proposal.id)
    buttons = (
        ("party.button.accept", f"pp:{code}:yes"),
        ("party.button.counter", f"pp:{code}:counter"),
        ("party.button.refuse", f"pp:{code}:no"),
    )
    if proposal.side == Role.DEBTOR:
        if scene.house.settings.asks_creditor(view.case.court):
            for creditor in view.creditors:
                await scene.tell_party(
                    creditor.id, view.id, "party.plan.ask_creditor", *buttons, matter=matter(view), plan=text
                )
    else:
        for debtor in view.debtors:
            await scene.tell_party(
                debtor.id, view.id, "party.plan.ask_debtor", *buttons, matter=matter(view), plan=text
            )


def _with_task(proposal: ProposalRow, task: int | None) -> ProposalRow:

    return replace(proposal, task=task)


def told_plan(scene: Scene, proposal: ProposalRow) -> str:
    """A proposal in words."""
    if proposal.kind == "delay":
        return scene.phrase("party.plan.told_delay", day=proposal.until)
    lines = [
        scene.phrase("party.plan.told_part", no=no, day=day, amount=yuan(amount))
        for no, (amount, day) in enumerate(proposal.plan, 1)
    ]
    return "\n".join(lines)
