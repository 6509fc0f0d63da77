"""What the end of a path does: identity proven, payment reported, promise noted, words passed on."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.core.ids import short
from bot.dialogue.flows.model import yuan
from bot.dialogue.model import Button, quoted
from bot.dialogue.scene import Scene, matter
from bot.ledger.model import Broken, DisputeKind, NewPayment, Role, Source
from bot.ledger.service import View
from bot.reach.files import attach, that_came
from bot.reach.model import Relation
from bot.store.reach_rows import BindingRow, FlowState
from bot.store.reminder_rows import NewTask


async def consented(scene: Scene, flow: FlowState) -> None:
    """The privacy notice was agreed to."""
    if flow.party_id is not None:
        binding = await scene.turn.work.reach.binding(flow.party_id, flow.conversation_id)
        if binding:
            await scene.register().consent(binding)


# -- who is it -------------------------------------------------------------------------------


async def _identified(scene: Scene, flow: FlowState) -> None:
    binding = await scene.turn.work.reach.binding(flow.party_id or 0, flow.conversation_id)
    if binding is None:
        return
    register = scene.register()
    flow.data.pop("name", None)  # proven or not, it is not needed any more
    if flow.step == "proven":
        for other in await register.prove(binding):
            await _moved_away(scene, other.conversation_id)
        scene.bindings = await scene.turn.work.reach.bindings_of_chat(scene.turn.conversation.id)
        await _welcome(scene, flow)
    elif flow.step == "declined":
        await register.decline(binding)
    elif flow.step == "notme":
        await wrong_person(scene, binding.id)
        flow.data["quiet"] = True
    elif flow.step == "locked":
        await _locked(scene, binding)


async def _locked(scene: Scene, binding: BindingRow) -> None:
    """A person must help now, and reads which case it is about."""
    roles = await scene.turn.work.ledger.roles_of(binding.party_id)
    cases = await scene.turn.work.ledger.cases(ids={r.case_id for r in roles})
    numbers = [c.number for c in sorted(cases, key=lambda c: c.id)]
    more = [scene.texts("clerk.note.and_more", count=len(numbers))] if len(numbers) > 1 else []
    note = scene.texts("clerk.note.identity", case="".join([*numbers[:1], *more]))
    task = NewTask(
        "identity",
        "locked",
        key=f"identity:{binding.id}",
        party_id=binding.party_id,
        case_id=cases[0].id if len(cases) == 1 else None,
        note=note,
    )
    await scene.task(task)


async def _moved_away(scene: Scene, conversation_id: int) -> None:
    """The old account hears that another one took its place: if that was not them, they can say so."""
    conversation = await scene.turn.work.conversations.get(conversation_id)
    if conversation and not conversation.unreachable:
        scene.turn.say_to(conversation, scene.house.words.plain("party.identify.replaced", scene.house.words.human()))


async def _welcome(scene: Scene, flow: FlowState) -> None:
    party = (await scene.turn.work.ledger.parties([flow.party_id or 0])).get(flow.party_id or 0)
    views = await scene.views(None)
    flow.data["quiet"] = True
    buttons = (scene.button("party.button.mine", "pt:mine"), scene.button("party.button.helper", "pt:helper"))
    scene.say("party.identify.proven", *buttons, name=party.name if party else "", count=len(views))


async def _helper(scene: Scene, flow: FlowState) -> None:
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


# -- paid, promised -------------------------------------------------------------------------------


async def _paid(scene: Scene, flow: FlowState) -> None:
    view = await _view(scene, flow)
    data = flow.data
    party, role = scene.side(view)
    third = data.get("way") == "third"
    payment = NewPayment(
        amount=0 if data.get("act") else data["amount"],
        paid_on=date.fromisoformat(data["day"]),
        source=Source.CREDITOR if role is Role.CREDITOR else Source.DEBTOR,
        way=data.get("way"),
        payer_id=party if role is Role.DEBTOR and not third else None,
        payer_name=data.get("payer") if third else None,
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
        way=_way(scene, data),
        files=len(that_came(files)),
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


def _way(scene: Scene, data: dict[str, Any]) -> str:
    """By which way it was paid, and by whom if not by the debtor."""
    if data.get("way") == "third":
        return scene.texts("party.way.by", payer=quoted(data.get("payer") or "-"))
    return scene.texts(f"party.way.{data['way']}") if data.get("way") else "-"


async def _promise(scene: Scene, flow: FlowState) -> None:
    if flow.step == "dropped":
        return
    view = await _view(scene, flow)
    party, _ = scene.side(view)
    amount = None if flow.data.get("act") or flow.data["amount"] >= view.standing.balance else flow.data["amount"]
    day = date.fromisoformat(flow.data["day"])
    flow.result_id = await scene.book().promise(view.id, day, amount, party_id=party)


# -- words for a person ---------------------------------------------------------------------------


async def _noted(scene: Scene, flow: FlowState) -> None:
    text, kind = flow.data.get("text", ""), flow.data.get("kind")
    if flow.data.get("task") and (text or kind):
        words = "\n".join(p for p in (scene.texts(f"party.dispute.{kind}") if kind else "", text) if p)
        await scene.turn.work.tasks.note(flow.data["task"], words)
    if flow.data.get("dispute") and (text or kind):
        about = DisputeKind(kind) if kind else None
        await scene.book().describe_dispute(flow.data["dispute"], about, text)


async def _view(scene: Scene, flow: FlowState) -> View:
    found = await scene.view(flow.obligation_id or 0)
    if found is None:
        raise Broken("no_obligation")
    return found


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
    about = await scene.house.ledger.obligation(scene.obligation, scene.turn.work) if scene.obligation else None
    await scene.task(
        NewTask(
            "wrong_person",
            "said_so",
            key=f"wrong_person:{binding.id}",
            party_id=binding.party_id,
            obligation_id=scene.obligation,
            delivery_id=scene.delivery,
            conversation_id=scene.turn.conversation.id,
            note="\n".join([*([matter(about)] if about is not None else []), scene.texts("clerk.note.wrong_person")]),
        )
    )
    scene.say("party.notme", Button(scene.texts("party.button.notme_slip"), f"pt:undo:{short(binding.id)}"))


ENDS = {
    "identify": _identified,
    "helper": _helper,
    "paid": _paid,
    "promise": _promise,
    "note": _noted,
}
