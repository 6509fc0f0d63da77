"""A chat on a guided path: what counts as an answer, and how everything else is answered beside it.

Whoever asks something in between gets the answer and then the open question again; whoever goes
elsewhere (/start, the menu, a person) leaves the path, and a button leads back to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.consult.library import Library
from bot.consult.model import Context, Decision, Reason
from bot.core.ids import long
from bot.core.privacy import mask_identifiers
from bot.dialogue.endings import STARTS
from bot.dialogue.ends import wrong_person
from bot.dialogue.flows import PATHS
from bot.dialogue.flows.model import CARRY, Begun, Opening
from bot.dialogue.flows.paid import WAYS
from bot.dialogue.heard import Heard
from bot.dialogue.model import Incoming
from bot.dialogue.paths import Paths
from bot.dialogue.scene import House, Scene
from bot.dialogue.service import Responder
from bot.dialogue.sums import Sums
from bot.dialogue.turn import Turn
from bot.guide.documents.model import KIND
from bot.reach.files import that_came
from bot.reach.intents import Intent, bare
from bot.reach.saying import tries
from bot.store.reach_rows import FlowState

Wanted = Callable[[Scene, str], Awaitable[bool]]
_ANSWERS = 12  # messages whose edits still count
QUESTION = 1500  # characters that are looked at
AT_ONCE = 8  # a wish for a person in so few characters is one, even where anything may be written
_SHOWS_TOPIC = ("topic", "more", "related", "side")  # presses after which the open question is put again
_LEADS_AWAY = ("menu", "cat", "tools", "human", "none")  # and those after which it is only offered


class Guided:
    """Sets out on paths and keeps a chat on them."""

    def __init__(self, talk: Responder, library: Library, house: House, paths: Paths) -> None:
        self._talk = talk
        self._library = library
        self._house = house
        self._paths = paths
        self._heard = Heard(house.texts)
        self._labels = {bare(label): kind for kind, label in house.texts.under("button.go").items()}
        self._sums = Sums(library, house, self.begin)

    # -- setting out -----------------------------------------------------------------------------

    def wants(self, text: str) -> bool:
        """Whether words may set out on a path; without looking anything up."""
        paths = self._labelled(text) or any(kind in PATHS for kind, _ in self._house.replies.paths(text))
        return bool(paths) or bool(self._house.papers.asked_for(text)) or self._sums.wants(text)

    async def begin_by_words(self, scene: Scene, text: str) -> bool:
        """Set out on the path that the words ask for, with what they tell already."""
        if not await self._set_out(scene, text):
            return False
        self._note(scene)
        return True

    def _labelled(self, text: str) -> str:
        """The path whose button in the menu has these words on it; empty for none."""
        kind = self._labels.get(bare(text), "")
        return kind if kind in PATHS and not PATHS[kind].bound else ""

    def _note(self, scene: Scene, step: str = "") -> None:
        """Which message told what, so that an edit of it counts; no step: it set out on the path."""
        state, flow, said = scene.turn.state, scene.flow, scene.turn.incoming.external_id
        if flow is None or said is None or PATHS[flow.kind].bound:
            return
        if not step:
            state.question_id = said
        kept = [a for a in state.told if step and a[0] != said]
        state.told = [*kept, [said, flow.id, step]][-_ANSWERS:]

    async def _set_out(self, scene: Scene, text: str) -> bool:
        if label := self._labelled(text):
            scene.turn.heard(text, scene.turn.incoming.kind, decision="path")
            await self.begin(scene, label, Opening(scene.today))
            return True
        for kind, needed in self._house.replies.paths(text):
            path = PATHS.get(kind)
            if path is None:
                continue
            opening = Opening(scene.today, text)
            if all(name in path.opened(opening) for name in needed):
                scene.turn.heard(text, scene.turn.incoming.kind, decision="path")
                await self.begin(scene, kind, opening)
                return True
        if form := self._house.papers.asked_for(text):
            scene.turn.heard(text, scene.turn.incoming.kind, decision="path")
            await self.begin(scene, KIND + form, Opening(scene.today, text))
            return True
        return await self._sums.begin_by_words(scene, text)

    async def go(self, scene: Scene, kind: str, arg: str) -> None:
        """The button `go:<kind>[:<arg>]`; an argument that begins with @ is the path whose answers are used."""
        if kind not in PATHS:
            self._gone(scene)
            return
        source = await self._own(scene, arg.removeprefix(CARRY)) if arg.startswith(CARRY) else None
        if source:
            opening = Opening(scene.today, source=source.kind, data=source.data)
        else:
            opening = Opening(scene.today, arg="" if arg.startswith(CARRY) else arg)
        await self.begin(scene, kind, opening)

    async def begin(self, scene: Scene, kind: str, opening: Opening) -> None:
        """Set out; one of the same kind that is half way goes on, unless something new was said."""
        path, flow = PATHS[kind], scene.flow
        new = opening.text or opening.source or opening.arg
        if flow and flow.kind == kind and self._paths.fresh(scene) and not new:
            self._paths.ask_again(scene, flow)
            return
        if path.bound and not scene.proven:
            linked = scene.linked
            scene.say("party.case.prove_first" if linked else "party.case.none", self._house.words.human())
            return
        start = STARTS.get(kind)
        begun = await start(scene, opening) if start else Begun({})
        if begun is None:
            return
        if path.bound and begun.obligation is None and begun.party is None:
            self._gone(scene)
            return
        data = begun.data | path.opened(opening)
        await self._paths.begin(scene, kind, Begun(data, begun.obligation, begun.party))

    # -- buttons ---------------------------------------------------------------------------------

    async def press(self, scene: Scene, rest: str) -> None:
        """A button of a path: `fl:<id>:<step>:<choice>`."""
        code, step, choice = (*rest.split(":"), "", "")[:3]
        if "go" in (step, choice):
            choice = "go"
        flow = await self._own(scene, code)
        if flow is None or not choice:
            self._gone(scene)
            return
        scene.flow = flow
        if PATHS[flow.kind].unlogged and scene.turn.messages:
            scene.turn.mark(text=self._paths.logged(scene, flow, ""))
        await self._paths.press(scene, flow, step, choice)

    async def _own(self, scene: Scene, code: str) -> FlowState | None:
        """A path of this chat by the id in a button."""
        flow = await scene.turn.work.reach.flow(number(code))
        known = flow and flow.conversation_id == scene.turn.conversation.id and flow.kind in PATHS
        return flow if known else None

    def _gone(self, scene: Scene) -> None:
        scene.say("feedback.gone", self._house.words.menu_button())

    async def pressed_elsewhere(self, scene: Scene, incoming: Incoming) -> bool:
        """A button that is no path's, while a path is open."""
        name = incoming.data.partition(":")[0]
        before = self._before(scene)
        await self._talk.respond(scene.turn)
        flow = scene.flow
        if flow is None or not self._has_said(scene, before):
            return True
        if name in _SHOWS_TOPIC:
            self._paths.ask_again(scene, flow, "party.flow.back_to")
        elif name in _LEADS_AWAY:
            await self._paths.put_aside(scene, flow, "flow.kept")
        return True

    # -- words -----------------------------------------------------------------------------------

    async def answer(self, scene: Scene, text: str, press: Wanted, wanted: Wanted) -> bool:
        """Words while a path is open: its answer, a wish to leave, or something else; False: too fast.

        `press` takes the label of a button that is not the question's own, `wanted` does what a party wants who
        does not answer the question.
        """
        turn, flow = scene.turn, scene.flow
        # An answer costs a person less than a question, so twice as many are let through, as of buttons.
        if flow is None or not turn.state.allow(self._house.settings.messages_per_minute * 2, turn.now):
            return False
        replies = self._house.replies
        choice = self._paths.choice(scene, flow, text)
        if choice == "leave" or (replies.stops(text) and not turn.state.party):
            turn.heard(text, "text", decision="left")
            await self._paths.leave(scene, flow)
            return True
        meaning = replies.meaning(text, scene.today)
        slip = choice == "back"  # 打错了 speaks of what was just answered
        if meaning.intent is Intent.NOTME and not slip and flow.party_id is not None and await self._wrong(scene, flow, text):
            return True
        turn.heard(self._paths.logged(scene, flow, text), "text", decision="answer")
        if self._paths.is_free(flow) and choice not in ("none", "back", *WAYS) and not choice.startswith("fix-"):
            choice = ""  # here words are words: 好 may be somebody's name
        files, step = await self._files(scene, flow), flow.step
        if self._paths.is_secret(flow):  # every try counts, and its words are nobody else's business
            return await self._paths.answer(scene, flow, text, choice, files)
        if await self._paths.put_right(scene, flow, text) or (slip and await self._paths.which(scene, flow, text)):
            return True
        # Tried without saying anything first: a question may still hold the answer (明天行吗).
        if await self._paths.answer(scene, flow, text, choice, files, asks=meaning.asks, insist=False):
            self._note(scene, step)
            return True
        if await self._paths.which(scene, flow, text):
            return True
        if await self._beside(scene, flow, text, (press, self.begin_by_words, wanted), asks=meaning.asks):
            return True
        return await self._paths.answer(scene, flow, text, choice, files, asks=meaning.asks)

    async def _beside(
        self, scene: Scene, flow: FlowState, text: str, ways: Sequence[Wanted], *, asks: bool
    ) -> bool:
        """Words that are no answer: another path, the menu, a question. False: nothing of the kind."""
        turn = scene.turn
        logged = list(turn.messages)
        turn.messages.clear()  # whoever answers logs it, with what was made of it
        for way in ways:
            if await way(scene, text):
                return True
        if self._heard.place(text):
            turn.state.tokens += 1
            await self._talk.respond(turn)
            await self._paths.put_aside(scene, flow, "flow.kept")
            return True
        if asks or (self.is_topic(scene, text) and not tries(text)):
            turn.state.tokens += 1  # one message, counted once
            await self._talk.respond(turn)
            self._paths.ask_again(scene, flow, "party.flow.back_to")
            return True
        turn.messages.extend(logged)
        return False

    def is_topic(self, scene: Scene, text: str) -> bool:
        """Whether the FAQ has an answer to these words."""
        return self._library.match(text[-QUESTION:], Context(), scene.today).decision is Decision.ANSWER

    def is_known(self, scene: Scene, text: str) -> bool:
        """Whether the consultation has something to say to these words: an answer, a place of the menu, a short word."""
        return self._heard(text) is not None or self._heard.place(text) is not None or self.is_topic(scene, text)

    async def _files(self, scene: Scene, flow: FlowState) -> int:
        return len(that_came(await scene.turn.work.reach.files_of_flow(flow.id))) if flow.kind == "paid" else 0

    async def _wrong(self, scene: Scene, flow: FlowState, text: str) -> bool:
        binding = await scene.turn.work.reach.binding(flow.party_id or 0, scene.turn.conversation.id)
        if binding is None:
            return False
        scene.turn.heard(text, "text", decision="notme")
        await self._paths.forget(scene)
        await wrong_person(scene, binding.id)
        return True

    def in_danger(self, scene: Scene, text: str) -> bool:
        """A crisis goes before everything, and so does the wish for a person, unless anything may be written here."""
        flow = scene.flow if self._paths.fresh(scene) else None
        if flow and self._paths.is_secret(flow):
            return False
        reason = self._library.match(text[-QUESTION:], Context(), scene.today).reason
        if reason is Reason.PERSON and flow and self._paths.is_free(flow):
            return len(bare(text)) <= AT_ONCE
        return reason in (Reason.CRISIS, Reason.PERSON)

    async def lead_away(self, scene: Scene) -> None:
        """What was said is not this path's business; it is put aside and offered again."""
        await self._talk.respond(scene.turn)
        if scene.flow and self._paths.fresh(scene):
            await self._paths.put_aside(scene, scene.flow, "flow.kept")

    # -- everything else -------------------------------------------------------------------------

    async def other(self, scene: Scene, incoming: Incoming) -> bool:
        """A picture, a voice message, a sticker: words under it may be the answer, the rest is told what helps."""
        flow, text, turn = scene.flow, incoming.text.strip(), scene.turn
        if flow is not None and text and not self._paths.is_secret(flow) and not self.in_danger(scene, text):
            turn.heard(self._paths.logged(scene, flow, text), incoming.kind, decision="answer")
            scene.say("noted.caption")
            choice = self._paths.choice(scene, flow, text)
            if await self._paths.answer(scene, flow, text, choice, insist=False):
                return True
            turn.messages.clear()
            turn.outgoing.clear()
        before = self._before(scene)
        await self._talk.respond(turn)
        if flow is not None and self._has_said(scene, before):
            self._paths.ask_again(scene, flow, "party.flow.back_to")
        return True

    def puts_right(self, turn: Turn) -> bool:
        """Whether words after a result may put one of its answers right: 不对，是8万; without looking anything up."""
        return bool(turn.state.result(turn.now)) and self._house.replies.instead(turn.incoming.text) is not None

    async def put_right(self, scene: Scene, text: str) -> bool:
        """Words after a result that take an answer back; the result is worked out anew."""
        turn = scene.turn
        flow = await self._own(scene, turn.state.result(turn.now).split(":")[1]) if self.puts_right(turn) else None
        if flow is None or not PATHS[flow.kind].reopens:
            return False
        scene.flow = flow
        turn.heard(self._paths.logged(scene, flow, text), "text", decision="answer")
        if await self._paths.put_right(scene, flow, text) or await self._paths.which(scene, flow, text):
            return True
        turn.messages.clear()
        return False

    def corrects(self, turn: Turn) -> bool:
        """Whether an edited message is one that a path was told something by."""
        said, state = turn.incoming.external_id, turn.state
        asked = said is not None and said == state.question_id and self.wants(turn.incoming.text)
        return asked or any(a[0] == said for a in state.told)

    async def corrected(self, scene: Scene, incoming: Incoming) -> bool:
        """An edited answer counts as the answer, an edited question is worked out anew; False where it is neither."""
        turn, text = scene.turn, incoming.text.strip()
        if not text or incoming.data == "location" or not self.corrects(turn) or self.in_danger(scene, text):
            return False
        seen = await turn.work.log.versions(turn.conversation.id, incoming.external_id or 0)
        if seen and seen[-1].text == mask_identifiers(text):
            return False
        told = next((a for a in turn.state.told if a[0] == incoming.external_id), None)
        step = str(told[2]) if told else ""
        scene.say("answer.edited")
        done = await self._anew(scene, int(told[1]), step, text) if told and step else await self.begin_by_words(scene, text)
        if not done:
            turn.outgoing.clear()
            turn.messages.clear()
            return False
        turn.mark(version=len(seen) + 1, kind="edited")
        return True

    async def _anew(self, scene: Scene, flow_id: int, step: str, text: str) -> bool:
        """Take an edited answer to an earlier question of a path, which then goes on from there."""
        turn, flow = scene.turn, await scene.turn.work.reach.flow(flow_id)
        if flow is None or flow.kind not in PATHS or flow.conversation_id != turn.conversation.id or not flow.data:
            return False
        turn.heard(self._paths.logged(scene, flow, text), "edited", decision="answer")
        if flow.status == "done" and not PATHS[flow.kind].reopens:
            turn.outgoing.clear()
            scene.say("party.edited_done", self._house.words.menu_button())
            return True
        scene.flow = flow
        choice = self._paths.choice(scene, flow, text, step)
        await self._paths.anew(scene, flow, step, text, choice)
        return True

    async def edited(self, scene: Scene, incoming: Incoming) -> bool:
        """An edited answer of a case changes nothing by itself; the open question is put again."""
        text = incoming.text.strip()
        if not text or incoming.data == "location" or scene.flow is None or self.in_danger(scene, text):
            return False
        scene.turn.heard(self._paths.logged(scene, scene.flow, text), "edited", decision="edited")
        self._paths.ask_again(scene, scene.flow, "party.edited_flow")
        return True

    async def after_command(self, scene: Scene) -> bool:
        """/start, /menu and the like lead away from the path; a button leads back."""
        await self.lead_away(scene)
        return True

    async def offer(self, scene: Scene) -> None:
        """After a day of silence, say once what is half filled in."""
        flow = scene.flow
        if flow and flow.status == "open" and not self._paths.fresh(scene):
            await self._paths.put_aside(scene, flow, "party.flow.unfinished")

    def _before(self, scene: Scene) -> int:
        return sum(m.direction == "out" for m in scene.turn.messages)

    def _has_said(self, scene: Scene, before: int) -> bool:
        return self._before(scene) > before


def number(code: str) -> int:
    """The id in a button's data; 0, which nothing has, for what is none."""
    try:
        found = long(code)
    except ValueError:
        return 0
    return found if 0 < found < 2**63 else 0
