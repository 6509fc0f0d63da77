"""Runs the guided paths of a chat: begun, answered, left, resumed, corrected; what their ends do is `endings`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.core.ids import short
from bot.core.privacy import mask_identifiers
from bot.core.texts import Texts
from bot.dialogue.endings import ENDS
from bot.dialogue.ends import consented
from bot.dialogue.flows import PATHS, Answer, At, Path, Say
from bot.dialogue.flows.calc import Calculation
from bot.dialogue.flows.model import Begun, Choice, Line, Puzzled, Refused
from bot.dialogue.model import Reply
from bot.dialogue.scene import Scene, label, rendered
from bot.ledger.model import Broken
from bot.reach.files import that_came
from bot.reach.intents import bare
from bot.store.reach_rows import FlowState

_STEERING = frozenset(("", "yes", "no", "back", "leave"))  # buttons that only their own words stand for
_NOTHING = frozenset(("none", "no", "finished", "nothing"))  # 没有了: whichever of them the question has
ANSWERED = "answered"  # among a path's data: the step that was answered last, which 不对，是8万 speaks of
LOST = 2  # answers in a row that were not understood, after which a person is offered
_LEAST, _MOST = 2, 20  # letters of words that may stand for a part of a label, or hold one
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

    def choice(self, scene: Scene, flow: FlowState, text: str, step: str = "") -> str:
        """The code of the button that these words stand for: its label, a word for it, or a part that it alone has.

        `step` is an earlier question, where an answer to that one is put right. A word for a button that this
        question has not (今天) is told all the same: some answers have no button. Empty: nothing of the kind.
        """
        path, at, replies = PATHS[flow.kind], At(flow.step, flow.data), scene.house.replies
        at = path.return_to(at, step) if step else at
        labels = {bare(label(scene.texts, c)): c.code for c in path.ask(at, scene.today).choices if c.code}
        if named := labels.get(bare(text)) or labels.get(replies.core(text)):
            return named
        spoken, codes = replies.choice(text), set(labels.values())
        if spoken in codes | _STEERING - {""} or at.step in path.free | path.secret:
            return spoken
        if replies.meaning(text, scene.today).asks:
            return spoken
        part = "" if spoken else _alone(scene.texts, labels, text)
        if part and isinstance(path.take(at, self._plain(scene, path, at, text)), Puzzled):
            return part  # 昨天我哥替我转的三万 tells more than the button 昨天
        if isinstance(path, Calculation) and at.step in path.worded and len(bare(text)) <= _MOST:
            spoken = scene.house.cues.role(path.calculator, at.step, text) or spoken
        nothing = codes & _NOTHING if spoken in _NOTHING and not path.bound else set()
        return nothing.pop() if len(nothing) == 1 else spoken

    async def put_right(self, scene: Scene, flow: FlowState, text: str) -> bool:
        """不对，是8万; 金额改成8万: the answer that is taken back is given anew. False, and nothing done: none is.

        It is the one whose name is said, else the last one, else the only one that it can be. What is written
        freely is never guessed at.
        """
        path, at = PATHS[flow.kind], At(flow.step, flow.data)
        found = scene.house.replies.instead(text)
        if path.bound or not found or not found[1] or at.step in path.free | path.secret:
            return False
        words, whole = found[1], bare(text)
        steps = {line.step: bare(_name(scene.texts, line)) for line in _lines(path, at)}
        named = [step for step, name in steps.items() if name in whole]
        last = flow.data.get(ANSWERED, "")
        can = [s for s in named or [last] if await self._takes(scene, flow, s, words)]
        if not can and not named:
            can = [s for s in steps if s != last and await self._takes(scene, flow, s, words)]
        if len(can) != 1:
            return False
        await self.anew(scene, flow, can[0], words, self.choice(scene, flow, words, can[0]), lead="flow.put_right")
        return True

    async def _takes(self, scene: Scene, flow: FlowState, step: str, words: str) -> bool:
        """Whether words are an answer to an earlier question."""
        path = PATHS[flow.kind]
        there = path.return_to(At(flow.step, flow.data), step)
        if there.step != step or step in path.free | path.secret:
            return False
        choice = self.choice(scene, flow, words, step)
        given = await self._given(scene, replace(flow, step=step, data=there.data), words, choice, 0, asks=False)
        return not isinstance(path.take(there, given), Puzzled)

    async def which(self, scene: Scene, flow: FlowState, text: str) -> bool:
        """Something is to be put right, and it is not clear to what, or what: that one is asked again, or which.

        False, and nothing said: nothing is.
        """
        path, at = PATHS[flow.kind], At(flow.step, flow.data)
        lines = () if path.bound or flow.step in path.free else _lines(path, at)
        if not lines or not scene.house.replies.instead(text):
            return False
        named = [line.step for line in lines if bare(_name(scene.texts, line)) in bare(text)]
        if len(named) == 1:
            await self.press(scene, flow, flow.step, f"fix-{named[0]}")
            return True
        fixes = tuple(Choice("flow.fix", f"fix-{line.step}", {"name": Say(line.label)}) for line in lines)
        scene.turn.say(rendered(scene.texts, Say("flow.which", {}, fixes), _prefix(flow)))
        return True

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
        lead: str = "",
    ) -> bool:
        """Take an answer; False, and nothing said, when it is none at this step and nobody insists."""
        path, at = PATHS[flow.kind], At(flow.step, flow.data)
        scene.about(flow.obligation_id, flow.party_id, flow.delivery_id)
        given = await self._given(scene, flow, text, choice, files, asks=asks)
        steers = choice == "back" or choice.startswith("fix-")
        if not insist and not steers:
            taken = path.take(at, given)
            if isinstance(taken, Puzzled) and (asks or not taken.understood):
                return False
        lost = not steers and isinstance(path.take(at, given), Puzzled)
        then, says = path.advance(at, given)
        flow.step, flow.moved_at = then.step, scene.turn.now
        answered = {} if lost or steers else {ANSWERED: at.step}
        flow.data = {**then.data, **answered, "lost": flow.data.get("lost", 0) + 1 if lost else 0}
        if "consent" in then.data and "consent" not in at.data:
            await consented(scene, flow)
        await self._arrive(scene, flow, (Say(lead), *says) if lead and not lost else says)
        if path.bound and flow.status == "open" and flow.data["lost"] >= LOST:
            flow.data["lost"] = 0
            scene.say("party.flow.lost", scene.house.words.human())
        return True

    async def _given(self, scene: Scene, flow: FlowState, text: str, choice: str, files: int, *, asks: bool) -> Answer:
        path, at = PATHS[flow.kind], At(flow.step, flow.data)
        plain = replace(self._plain(scene, path, at, text), choice=choice, files=files, asks=asks)
        if not self.is_secret(flow) or choice or flow.party_id is None:
            return plain
        binding = await scene.turn.work.reach.binding(flow.party_id, flow.conversation_id)
        if binding is None:
            return plain
        checked = await scene.register().check(binding, flow.data.get("name", ""), text)
        return Answer(scene.today, proven=checked.proven, tries_left=checked.left)

    def _plain(self, scene: Scene, path: Path, at: At, text: str) -> Answer:
        """Words as far as they are read without looking anything up."""
        typed = scene.turn.incoming.typed if at.step in path.identifying and text else ""
        replies = scene.house.replies
        own = {c.code for c in path.ask(at, scene.today).choices} - _STEERING
        return Answer(
            scene.today,
            typed or (text if at.step in path.identifying else mask_identifiers(text)),
            by_other=bool(text) and replies.by_other(text),
            named=replies.named(text, own) if text else "",
            told=replies.meaning(text, scene.today).told if text else (),
            corrects=bool(text) and replies.corrects(text),
        )

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
        files = len(that_came(await scene.turn.work.reach.files_of_flow(flow.id))) if flow.kind == "paid" else 0
        await self.answer(scene, flow, choice=choice, files=files)

    async def anew(
        self, scene: Scene, flow: FlowState, step: str, text: str, choice: str, *, lead: str = ""
    ) -> None:
        """Answer an earlier step once more, with other words; `lead` says so before the question that follows."""
        await self._open(scene, flow)
        at = PATHS[flow.kind].return_to(At(flow.step, flow.data), step)
        flow.step, flow.data = at.step, at.data
        own = "" if self.is_free(flow) and choice != "none" else choice
        await self.answer(scene, flow, text, own, lead=lead)

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


def _alone(texts: Texts, labels: Mapping[str, str], text: str) -> str:
    """The code of the one label that holds these words, or that they hold; none where figures or a no are among them.

    调解书 is 法院调解书, 我这是法院调解书 too; 判决书 could be several.
    """
    words = bare(text)
    if not _LEAST <= len(words) <= _MOST or any(c.isdigit() for c in words):
        return ""
    holding = {code for name, code in labels.items() if words in name}
    if len(holding) == 1:
        return holding.pop()
    held = [name for name in labels if len(name) >= _LEAST and name in words]
    held = [name for name in held if not any(name != other and name in other for other in held)]
    if len(held) != 1 or any(c in texts("heard_denies") for c in words.replace(held[0], "")):
        return ""
    return labels[held[0]]


def _lines(path: Path, at: At) -> Sequence[Line]:
    """What can be put right by its name: where every answer is there, on the review and after it."""
    return path.lines(at) if at.step in path.order(at.data)[-2:] else ()


def _name(texts: Texts, line: Line) -> str:
    """What a line of the review is called."""
    return texts(line.label) if line.label in texts else line.label


def _prefix(flow: FlowState) -> str:
    return f"fl:{short(flow.id)}:{flow.step}"
