"""Runs the guided paths of a chat: begun, answered, left, resumed, corrected; what their ends do is `ends`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.core.ids import short
from bot.core.privacy import mask_identifiers
from bot.dialogue.ends import Ends
from bot.dialogue.flows import PATHS, Answer, At, Say
from bot.dialogue.flows.model import Puzzled
from bot.dialogue.model import Reply
from bot.dialogue.scene import Scene, rendered
from bot.ledger.model import Broken
from bot.store.reach_rows import FlowState

FRESH = timedelta(hours=24)  # after this, words are no answer to the last question any more
# Steps at which whatever somebody writes is the answer.
FREE = {
    ("identify", "name"),
    ("identify", "tail"),
    ("helper", "name"),
    ("paid", "payer"),
    ("plan", "reason"),
    ("note", "text"),
}
SECRET = ("identify", "tail")


class Paths:
    """Keeps each path's place as a row."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends

    async def begin(
        self, scene: Scene, kind: str, data: dict[str, Any], *, obligation: int | None = None, party: int | None = None
    ) -> None:
        """Set out on a path; another one that is open can be resumed later."""
        turn = scene.turn
        await turn.work.reach.leave_flows(turn.conversation.id)
        at, says = PATHS[kind].begin(data, scene.today)
        flow = FlowState(
            id=turn.next_id(),
            conversation_id=turn.conversation.id,
            kind=kind,
            step=at.step,
            begun_at=turn.now,
            moved_at=turn.now,
            data=at.data,
            party_id=party,
            obligation_id=obligation,
            delivery_id=scene.delivery,
        )
        scene.flow = flow
        scene.about(obligation, party)
        await turn.work.reach.add([flow])
        self._say(scene, flow, says)

    def fresh(self, scene: Scene) -> bool:
        """Whether words in this chat are an answer to a path's question."""
        flow = scene.flow
        return flow is not None and flow.status == "open" and scene.turn.now - flow.moved_at < FRESH

    def is_free(self, flow: FlowState) -> bool:
        """Whether anything that is written now is the answer."""
        return (flow.kind, flow.step) in FREE

    async def answer(
        self, scene: Scene, flow: FlowState, text: str = "", choice: str = "", files: int = 0, *, insist: bool = True
    ) -> bool:
        """Take an answer; False, and nothing said, when it is none at this step and nobody insists."""
        path, at = PATHS[flow.kind], At(flow.step, flow.data)
        scene.about(flow.obligation_id, flow.party_id, flow.delivery_id)
        given = await self._given(scene, flow, text, choice, files)
        if not insist and not self.is_free(flow) and isinstance(path.take(at, given), Puzzled):
            return False
        then, says = path.advance(at, given)
        flow.step, flow.data, flow.moved_at = then.step, then.data, scene.turn.now
        if "consent" in then.data and "consent" not in at.data:
            await self._ends.consented(scene, flow)
        if then.step in path.ends and flow.status == "open":
            says = await self._end(scene, flow)
        self._say(scene, flow, says)
        await scene.turn.work.reach.write_flow(flow)
        return True

    async def _given(self, scene: Scene, flow: FlowState, text: str, choice: str, files: int) -> Answer:
        plain = Answer(scene.today, mask_identifiers(text), choice, files)
        if (flow.kind, flow.step) != SECRET or choice or flow.party_id is None:
            return plain
        binding = await scene.turn.work.reach.binding(flow.party_id, flow.conversation_id)
        if binding is None:
            return plain
        checked = await scene.register().check(binding, flow.data.get("name", ""), text)
        return Answer(scene.today, proven=checked.proven, tries_left=checked.left)

    async def _end(self, scene: Scene, flow: FlowState) -> tuple[Say, ...]:
        """Do what the path was for; what the ledger refuses is said, and the last question put again."""
        path = PATHS[flow.kind]
        try:
            await self._ends.reached(scene, flow)
        except Broken as error:
            order = path.order(flow.data)
            before = order[-2]
            flow.data = {k: v for k, v in flow.data.items() if k not in path.clear(before)}
            flow.step = before
            told = Say(f"ledger.wrong.{error.code}", error.params)
            return (told, path.ask(At(before, flow.data), scene.today))
        flow.status = "done"
        return () if flow.data.pop("quiet", False) else (path.ask(At(flow.step, flow.data), scene.today),)

    def ask_again(self, scene: Scene, flow: FlowState, lead: str = "") -> None:
        """Put the question of the step once more."""
        say = PATHS[flow.kind].ask(At(flow.step, flow.data), scene.today)
        reply = rendered(scene.texts, say, _prefix(flow))
        text = f"{scene.texts(lead)}\n{reply.text}" if lead else reply.text
        scene.turn.say(Reply(text, reply.buttons, reply.key))

    def _say(self, scene: Scene, flow: FlowState, says: tuple[Say, ...]) -> None:
        """Several sentences at once are one message: what is wrong, and the question again."""
        replies = [rendered(scene.texts, s, _prefix(flow)) for s in says]
        if replies:
            last = replies[-1]
            scene.turn.say(Reply("\n\n".join(r.text for r in replies), last.buttons, replies[0].key))

    # -- buttons ---------------------------------------------------------------------------------

    async def press(self, scene: Scene, flow: FlowState, step: str, choice: str) -> None:
        """A button of a path, perhaps of an earlier question: then that answer is corrected."""
        scene.about(flow.obligation_id, flow.party_id, flow.delivery_id)
        if flow.status == "done":
            scene.say("party.flow.done_already", scene.button("party.button.mine", "pt:mine"))
            return
        if flow.status == "left":
            await scene.turn.work.reach.leave_flows(flow.conversation_id)
            flow.status = "open"
        if choice == "leave":
            await self.leave(scene, flow)
            return
        if choice == "go":
            flow.moved_at = scene.turn.now
            await scene.turn.work.reach.write_flow(flow)
            self.ask_again(scene, flow)
            return
        at = PATHS[flow.kind].return_to(At(flow.step, flow.data), step)
        flow.step, flow.data = at.step, at.data
        if flow.step != step:
            self.ask_again(scene, flow)
            await scene.turn.work.reach.write_flow(flow)
            return
        files = len(await scene.turn.work.reach.files_of_flow(flow.id)) if flow.kind == "paid" else 0
        await self.answer(scene, flow, choice=choice, files=files)

    async def leave(self, scene: Scene, flow: FlowState) -> None:
        """Not now: what was answered is kept."""
        flow.status = "left"
        await scene.turn.work.reach.write_flow(flow)
        scene.say("party.flow.left", scene.button("party.button.resume", f"{_prefix(flow)}:go"))

    def hint(self, scene: Scene, flow: FlowState) -> None:
        """After a day of silence, remind of what is half filled in."""
        scene.say("party.flow.unfinished", scene.button("party.button.resume", f"{_prefix(flow)}:go"))

    async def forget(self, scene: Scene) -> None:
        """Whatever is open in this chat is closed for good: a wrong person has no path to go on."""
        if scene.flow:
            scene.flow.status = "done"
            await scene.turn.work.reach.write_flow(scene.flow)


def _prefix(flow: FlowState) -> str:
    return f"fl:{short(flow.id)}:{flow.step}"
