"""Runs the guided paths of a chat: begun, answered, left, resumed, corrected; what their ends do is `endings`."""

from __future__ import annotations

from datetime import timedelta

from bot.core.ids import short
from bot.core.privacy import mask_identifiers
from bot.dialogue.endings import ENDS
from bot.dialogue.ends import consented
from bot.dialogue.flows import PATHS, Answer, At, Path, Say
from bot.dialogue.flows.model import Begun, Puzzled, Refused
from bot.dialogue.model import Reply
from bot.dialogue.scene import Scene, label, rendered
from bot.ledger.model import Broken
from bot.reach.intents import bare
from bot.store.reach_rows import FlowState

_STEERING = frozenset(("", "yes", "no", "back", "leave"))  # buttons that only their own words stand for
LOST = 2  # answers in a row that were not understood, after which a person is offered
FRESH = timedelta(hours=24)  # after this, words are no answer to the last question any more


class Paths:
    """Keeps each path's place as a row; whether a chat is on one stands in the conversation's state."""

    async def begin(self, scene: Scene, kind: str, begun: Begun) -> None:
        """Set out on a path; another one that is open can be resumed later."""
        turn = scene.turn
        await turn.work.reach.leave_flows(turn.conversation.id)
        at, says = PATHS[kind].begin(begun.data, scene.today)
        flow = FlowState(
            id=turn.next_id(),
            conversation_id=turn.conversation.id,
            kind=kind,
            step=at.step,
            begun_at=turn.now,
            moved_at=turn.now,
            data=at.data,
            party_id=begun.party,
            obligation_id=begun.obligation,
            delivery_id=scene.delivery,
        )
        scene.flow = flow
        turn.state.path = True
        scene.about(begun.obligation, begun.party)
        await turn.work.reach.add([flow])
        await self._arrive(scene, flow, says)

    def fresh(self, scene: Scene) -> bool:
        """Whether words in this chat are an answer to a path's question."""
        flow = scene.flow
        return flow is not None and flow.status == "open" and scene.turn.now - flow.moved_at < FRESH

    def is_free(self, flow: FlowState) -> bool:
        """Whether anything that is written now is the answer."""
        return flow.step in PATHS[flow.kind].free

    def is_secret(self, flow: FlowState) -> bool:
        """Whether what is written now is kept out of the log."""
        return flow.step in PATHS[flow.kind].secret

    def logged(self, scene: Scene, flow: FlowState, text: str) -> str:
        """What the log keeps of an answer: neither a proof of identity nor what goes into a document."""
        if PATHS[flow.kind].hides(flow.step, text):
            return scene.texts("party.logged_secret")
        return scene.texts("documents.logged") if PATHS[flow.kind].unlogged else text

    def named(self, scene: Scene, flow: FlowState, text: str) -> str:
        """The code of the button whose label somebody typed; empty when it is none's."""
        say = PATHS[flow.kind].ask(At(flow.step, flow.data), scene.today)
        typed = bare(text)
        own = (c for c in say.choices if c.code and bare(label(scene.texts, c)) == typed)
        return next((c.code for c in own), "") if typed else ""

    async def answer(
        self,
        scene: Scene,
        flow: FlowState,
        text: str = "",
        choice: str = "",
        files: int = 0,
        *,
        asks: bool = False,
        insist: bool = True,
    ) -> bool:
        """Take an answer; False, and nothing said, when it is none at this step and nobody insists."""
        path, at = PATHS[flow.kind], At(flow.step, flow.data)
        scene.about(flow.obligation_id, flow.party_id, flow.delivery_id)
        given = await self._given(scene, flow, text, choice, files, asks)
        steers = choice == "back" or choice.startswith("fix-")
        if not insist and not steers:
            taken = path.take(at, given)
            if isinstance(taken, Puzzled) and (asks or not taken.understood):
                return False
        lost = not steers and isinstance(path.take(at, given), Puzzled)
        then, says = path.advance(at, given)
        flow.step, flow.moved_at = then.step, scene.turn.now
        flow.data = {**then.data, "lost": flow.data.get("lost", 0) + 1 if lost else 0}
        if "consent" in then.data and "consent" not in at.data:
            await consented(scene, flow)
        await self._arrive(scene, flow, says)
        if path.bound and flow.status == "open" and flow.data["lost"] >= LOST:
            flow.data["lost"] = 0
            scene.say("party.flow.lost", scene.house.words.human())
        return True

    async def _given(self, scene: Scene, flow: FlowState, text: str, choice: str, files: int, asks: bool) -> Answer:
        identifying = flow.step in PATHS[flow.kind].identifying
        words = (scene.turn.incoming.typed or text) if identifying and text else mask_identifiers(text)
        replies, step = scene.house.replies, PATHS[flow.kind].ask(At(flow.step, flow.data), scene.today)
        own = {c.code for c in step.choices} - _STEERING
        plain = Answer(
            scene.today,
            words,
            choice,
            files,
            asks=asks,
            by_other=bool(text) and replies.by_other(text),
            named=replies.named(text, own) if text else "",
            corrects=bool(text) and replies.corrects(text),
        )
        if not self.is_secret(flow) or choice or flow.party_id is None:
            return plain
        binding = await scene.turn.work.reach.binding(flow.party_id, flow.conversation_id)
        if binding is None:
            return plain
        checked = await scene.register().check(binding, flow.data.get("name", ""), text)
        return Answer(scene.today, proven=checked.proven, tries_left=checked.left)

    async def _arrive(self, scene: Scene, flow: FlowState, says: tuple[Say, ...]) -> None:
        """Say what follows; at an end first do what the path was for."""
        if flow.step in PATHS[flow.kind].ends and flow.status == "open":
            says = await self._end(scene, flow)
        self._say(scene, flow, says)
        await scene.turn.work.reach.write_flow(flow)

    async def _end(self, scene: Scene, flow: FlowState) -> tuple[Say, ...]:
        """Do what the path was for; what is refused is said, and the last question put again."""
        path = PATHS[flow.kind]
        try:
            if end := ENDS.get(flow.kind):
                await end(scene, flow)
        except Broken as error:
            return self._once_more(scene, flow, path, Say(f"ledger.wrong.{error.code}", error.params))
        except Refused as refusal:
            return self._once_more(scene, flow, path, refusal.say, refusal.step)
        flow.status = "done"
        scene.turn.state.path = False
        return () if flow.data.pop("quiet", False) else (path.ask(At(flow.step, flow.data), scene.today),)

    def _once_more(self, scene: Scene, flow: FlowState, path: Path, told: Say, step: str = "") -> tuple[Say, ...]:
        before = step or path.order(flow.data)[-2]
        flow.data = {k: v for k, v in flow.data.items() if k not in path.clear(before)}
        flow.step = before
        return (told, path.ask(At(before, flow.data), scene.today))

    def ask_again(self, scene: Scene, flow: FlowState, lead: str = "") -> None:
        """Put the question of the step once more."""
        say = PATHS[flow.kind].ask(At(flow.step, flow.data), scene.today)
        reply = rendered(scene.texts, say, _prefix(flow))
        text = f"{scene.texts(lead)}\n{reply.text}" if lead else reply.text
        scene.turn.say(Reply(text, reply.buttons, reply.key, logged=self._instead(scene, flow, reply.key)))

    def _say(self, scene: Scene, flow: FlowState, says: tuple[Say, ...]) -> None:
        """Several sentences at once are one message: what is wrong, and the question again."""
        replies = [rendered(scene.texts, s, _prefix(flow)) for s in says]
        if replies:
            last, key = replies[-1], replies[0].key
            text = "\n\n".join(r.text for r in replies)
            scene.turn.say(Reply(text, last.buttons, key, logged=self._instead(scene, flow, key)))

    def _instead(self, scene: Scene, flow: FlowState, key: str) -> str:
        """What the log keeps of a path's words where answers are not to be kept: which words they were."""
        return scene.texts("documents.logged_reply", what=key) if PATHS[flow.kind].unlogged else ""

    # -- buttons ---------------------------------------------------------------------------------

    async def press(self, scene: Scene, flow: FlowState, step: str, choice: str) -> None:
        """A button of a path, perhaps of an earlier question: then that answer is corrected."""
        scene.about(flow.obligation_id, flow.party_id, flow.delivery_id)
        path = PATHS[flow.kind]
        if choice == "leave" and flow.status != "done":
            await self.leave(scene, flow)
            return
        steers = choice.startswith("fix-")
        again = path.reopens and choice != "go" and (steers or step in path.order(flow.data))
        if flow.status == "done" and not again:
            mine = scene.button("party.button.mine", "pt:mine") if path.bound else scene.house.words.menu_button()
            scene.say("party.flow.done_already" if path.bound else "flow.done_already", mine)
            return
        await self._open(scene, flow)
        if choice == "go":
            flow.moved_at = scene.turn.now
            await scene.turn.work.reach.write_flow(flow)
            self.ask_again(scene, flow)
            return
        at = At(flow.step, flow.data) if steers else path.return_to(At(flow.step, flow.data), step)
        flow.step, flow.data = at.step, at.data
        if flow.step != step and not steers:
            self.ask_again(scene, flow)
            await scene.turn.work.reach.write_flow(flow)
            return
        files = len(await scene.turn.work.reach.files_of_flow(flow.id)) if flow.kind == "paid" else 0
        await self.answer(scene, flow, choice=choice, files=files)

    async def anew(self, scene: Scene, flow: FlowState, step: str, text: str, choice: str) -> None:
        """Answer an earlier step once more, with other words."""
        await self._open(scene, flow)
        at = PATHS[flow.kind].return_to(At(flow.step, flow.data), step)
        flow.step, flow.data = at.step, at.data
        await self.answer(scene, flow, text, "" if self.is_free(flow) and choice != "none" else choice)

    async def _open(self, scene: Scene, flow: FlowState) -> None:
        """Be on this path again, whatever else was begun meanwhile."""
        if flow.status != "open":
            await scene.turn.work.reach.leave_flows(flow.conversation_id)
            flow.status = "open"
        scene.turn.state.path = True

    async def leave(self, scene: Scene, flow: FlowState) -> None:
        """Not now: what was answered is kept."""
        await self.put_aside(scene, flow, "party.flow.left")

    async def put_aside(self, scene: Scene, flow: FlowState, key: str) -> None:
        """Words are no answer to this path any more; a button leads back to it."""
        if flow.status == "open":
            scene.turn.state.path = False
        flow.status = "left"
        await scene.turn.work.reach.write_flow(flow)
        scene.say(key, scene.button("party.button.resume", f"{_prefix(flow)}:go"))

    async def forget(self, scene: Scene) -> None:
        """Whatever is open in this chat is closed for good: a wrong person has no path to go on."""
        if scene.flow:
            scene.flow.status = "done"
            scene.turn.state.path = False
            await scene.turn.work.reach.write_flow(scene.flow)


def _prefix(flow: FlowState) -> str:
    return f"fl:{short(flow.id)}:{flow.step}"
