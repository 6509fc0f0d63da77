"""The debtor's and the creditor's side of the chat: reminders answered, links opened, wishes heard.

Stands before the consultation (`Talk`): whatever is no business of a case goes on to it, and every
message of a bound chat is noted with the obligation and the delivery that it belongs to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from bot.consult.library import Library
from bot.core.clock import local_day
from bot.core.ids import short
from bot.core.privacy import mask_identifiers
from bot.dialogue.cases import Cases
from bot.dialogue.clerk import Clerk
from bot.dialogue.ends import wrong_person
from bot.dialogue.ends_calc import remind
from bot.dialogue.flows import PATHS
from bot.dialogue.flows.model import WISHES, Begun, Data, Opening
from bot.dialogue.flows.paid import WAYS
from bot.dialogue.flows.plan import as_arg
from bot.dialogue.flows.promise import sum_of
from bot.dialogue.guided import AT_ONCE, Guided, number
from bot.dialogue.model import Button, Incoming, Reply
from bot.dialogue.offers import Offers
from bot.dialogue.paths import Paths
from bot.dialogue.scene import CLOSED, House, Scene, matter
from bot.dialogue.service import Responder
from bot.dialogue.turn import Turn
from bot.guide.dated import KIND as DATED
from bot.ledger.model import DisputeKind, ObligationKind, PaymentStatus, Role
from bot.ledger.service import View
from bot.reach.files import LIMIT, REFUSED, REPLACED, TOO_LARGE, note, that_came
from bot.reach.intents import OWN, Intent, Meaning, bare
from bot.reach.model import CERTIFICATE_PREFIX, LINK_PREFIX, BindingStatus, Relation
from bot.reach.saying import find_day, find_sum, find_sums
from bot.store.reach_rows import BindingRow, FlowState, IncomingFileRow
from bot.store.reminder_rows import DeliveryRow, NewTask

ANSWERS_FOR = timedelta(days=30)  # a reminder sent so long ago is what free words answer
SENT_AGAIN = timedelta(days=2)  # a picture sent so long after one that did not come stands for that one
PRESSES = ("rem", "ob", "fl", "go", "pp", "hp", "pt", "cr")
COMMANDS = ("mine", "stop", "news")
_ACTIONS = {
    Intent.PAID: "paid",
    Intent.PROMISE: "promise",
    Intent.PLAN: "plan",
    Intent.HARD: "hard",
    Intent.DISPUTE: "dispute",
    Intent.CONTACT: "contact",
    Intent.SERVICE: "service",
}
_FLOW_OF = {"paid": "paid", "promise": "promise", "plan": "plan", "settle": "plan"}
_AT_ONCE = ("contact", "service", "hard", "dispute")  # go to a person; the last one of them collects further words
_IN_TURN = ("paid", "promise", "plan")  # paths; of several wishes the first begins, the others are offered
_TASKS = {"hard": "hardship", "dispute": "dispute", "contact": "contact", "service": "service"}


class Party:
    """Takes the turns of people who are bound to a party; hands the others to `talk`."""

    def __init__(self, talk: Responder, library: Library, house: House) -> None:
        self._talk = talk
        self._library = library
        self._house = house
        self._paths = Paths()
        self._guided = Guided(talk, library, house, self._paths)
        self._cases = Cases()
        self._offers = Offers(self._paths)
        self._clerk = Clerk()
        self._presses: dict[str, Callable[[Scene, str], Awaitable[None]]] = {
            "rem": self._answer_reminder,
            "ob": self._answer_case,
            "fl": self._guided.press,
            "go": self._go,
            "pp": self._offers.press,
            "hp": self._helper_decided,
            "pt": self._wish,
            "cr": remind,
        }

    async def respond(self, turn: Turn) -> None:
        """Take one turn (the `Responder` of the dialogue service)."""
        incoming, private = turn.incoming, turn.conversation.kind == "private"
        if private and incoming.kind == "text" and not turn.state.path and (press := self._typed(turn, incoming.text)):
            turn.typed(press)
        if not self._concerns(turn):
            await self._talk.respond(turn)
            return
        scene = await self._scene(turn)
        if not await self._take(scene):
            await self._talk.respond(turn)
        await scene.keep()
        self._house.files.wake()

    def _concerns(self, turn: Turn) -> bool:
        """Whether this turn may be about a case at all; most turns are not, and cost no query."""
        incoming = turn.incoming
        if turn.conversation.kind != "private" or incoming.kind in ("blocked", "unblocked"):
            return False
        if turn.state.party or turn.state.path:
            return True
        if incoming.kind == "command":
            start = incoming.text == "start" and incoming.data.startswith((LINK_PREFIX, CERTIFICATE_PREFIX))
            return start or incoming.text in COMMANDS or incoming.text in self._clerk.commands
        if incoming.kind == "button":
            return incoming.data.partition(":")[0] in PRESSES
        if incoming.kind == "edited":
            return self._guided.corrects(turn)
        return incoming.kind == "text" and (
            self._house.replies.stops(incoming.text)
            or self._guided.wants(incoming.text)
            or self._guided.puts_right(turn)
        )

    async def _scene(self, turn: Turn) -> Scene:
        bindings = await turn.work.reach.bindings_of_chat(turn.conversation.id)
        flow = await turn.work.reach.open_flow(turn.conversation.id)
        if flow is None or flow.kind not in PATHS:
            flow, turn.state.path = None, False
        scene = Scene(self._house, turn, bindings, flow)
        if turn.state.party:
            await self._find_subject(scene)
        return scene

    async def _find_subject(self, scene: Scene) -> None:
        """What words in this chat are about, unless they say something else: the last reminder, or the one case."""
        turn = scene.turn
        sent = await turn.work.reminders.last_sent(turn.conversation.id, turn.now - ANSWERS_FOR)
        if sent and sent.obligation_id and any(b.party_id == sent.party_id for b in scene.bindings):
            scene.about(sent.obligation_id, sent.party_id, sent.id)
        elif len(views := await scene.views(None)) == 1:
            scene.about(views[0].id, scene.side(views[0])[0])

    async def _take(self, scene: Scene) -> bool:
        """Whether the turn was about a case, and has been answered."""
        incoming, on_path = scene.turn.incoming, self._paths.fresh(scene)
        state = scene.turn.state
        offered, state.offered_press = state.offered_press, ""  # an offer is answered at once or not at all
        if incoming.kind == "command":
            return await self._command(scene, incoming) or (on_path and await self._guided.after_command(scene))
        if incoming.kind == "button":
            return await self._press(scene, incoming) or (
                on_path and await self._guided.pressed_elsewhere(scene, incoming)
            )
        if incoming.kind == "edited":
            return (
                await self._guided.corrected(scene, incoming)
                or await self._edited(scene, incoming)
                or (on_path and await self._guided.edited(scene, incoming))
            )
        if incoming.kind == "text" and incoming.text.strip():
            return await self._text(scene, incoming.text.strip(), offered)
        own = scene.flow and not PATHS[scene.flow.kind].bound and on_path  # a path that takes no proofs
        if incoming.file is not None and incoming.kind in ("photo", "document") and not own:
            return await self._file(scene, incoming) or (on_path and await self._guided.other(scene, incoming))
        return on_path and await self._guided.other(scene, incoming)

    # -- commands, links -------------------------------------------------------------------------

    async def _command(self, scene: Scene, incoming: Incoming) -> bool:
        turn = scene.turn
        if incoming.text in self._clerk.commands:
            turn.heard(f"/{incoming.text} {incoming.data}".strip(), "command")
            await self._clerk.take(scene, incoming.text, incoming.data)
            return True
        if incoming.text == "start" and incoming.data.startswith(LINK_PREFIX):
            turn.heard("/start", "command")  # never the token
            await self._open_link(scene, incoming.data)
            return True
        if incoming.text == "start" and incoming.data.startswith(CERTIFICATE_PREFIX):
            turn.heard("/start", "command")
            await self._cases.check_certificate(scene, incoming.data)
            return True
        if incoming.text not in COMMANDS:
            return False
        turn.heard(f"/{incoming.text}", "command")
        await self._wish(scene, incoming.text)
        return True

    async def _open_link(self, scene: Scene, start: str) -> None:
        turn = scene.turn
        opened = await scene.register().open_link(start, turn.conversation.id)
        if opened is None:
            # The same words for used, expired, revoked and made up: nothing can be learnt by trying.
            scene.say("party.link.refused")
            return
        link, binding = opened
        turn.state.party = True
        scene.bindings = await turn.work.reach.bindings_of_chat(turn.conversation.id)
        if binding.status == BindingStatus.PROVEN:
            await self._cases.show(scene)
        elif link.helper:
            data = {"days": self._house.settings.retention_days}
            await self._paths.begin(scene, "helper", Begun(data, party=binding.party_id))
        else:
            await self._identify(scene, binding)

    async def _identify(self, scene: Scene, binding: BindingRow) -> None:
        if binding.status == BindingStatus.LOCKED:
            scene.say("party.identify.locked")
            return
        known = {"consent": True} if binding.consent_at else {}
        data: dict[str, Any] = {"days": self._house.settings.retention_days, **known}
        await self._paths.begin(scene, "identify", Begun(data, party=binding.party_id))

    # -- buttons ---------------------------------------------------------------------------------

    async def _press(self, scene: Scene, incoming: Incoming) -> bool:
        name, _, rest = incoming.data.partition(":")
        if name not in PRESSES:
            return False
        if scene.turn.pressed(self._house.settings.messages_per_minute * 2, scene.texts("pace.press")):
            await self._presses[name](scene, rest)
        return True

    def _typed(self, turn: Turn, text: str) -> str:
        """The data of the visible button whose label these words are; empty for other words.

        What says something of a case is understood as words, which know (or ask) which case is meant.
        """
        data = turn.state.button(text, turn.now)
        if data.startswith("ob:") and self._house.replies.meaning(text, local_day(turn.now)).intent:
            return ""
        return data

    async def _press_typed(self, scene: Scene, text: str) -> bool:
        """Words that are the label of a button which can still be seen press it."""
        turn, on_path = scene.turn, self._paths.fresh(scene)
        if not (press := self._typed(turn, text)):
            return False
        turn.typed(press)
        if on_path:
            turn.state.tokens += 1  # one message, counted once
        if await self._press(scene, turn.incoming):
            return True
        if on_path:
            return await self._guided.pressed_elsewhere(scene, turn.incoming)
        await self._talk.respond(turn)
        return True

    async def _answer_reminder(self, scene: Scene, rest: str) -> None:
        """A button under a reminder: it counts only in the chat that the reminder was sent to."""
        code, _, action = rest.partition(":")
        delivery = await scene.turn.work.reminders.delivery(number(code))
        if delivery and delivery.kind == DATED and delivery.conversation_id == scene.turn.conversation.id:
            await remind(scene, "stop")
            return
        binding = _bound(scene, delivery)
        if delivery is None or binding is None:
            self._gone(scene)
            return
        if delivery.status == "unknown":
            await self._arrived(scene, delivery.id)
        scene.about(delivery.obligation_id, delivery.party_id, delivery.id)
        if action == "stop":
            await self._stop(scene)
        elif action == "notme":
            await self._wrong(scene, binding)
        elif binding.status != BindingStatus.PROVEN:
            await self._identify(scene, binding)
        elif action != "verify" and delivery.obligation_id:
            await self._do(scene, action, delivery.obligation_id)
        else:
            await self._cases.show(scene)

    async def _arrived(self, scene: Scene, delivery_id: int) -> None:
        """Whoever presses a button under a reminder has got it: nobody need ask any more whether it arrived."""
        work, now = scene.turn.work, scene.turn.now
        await work.reminders.resolve(delivery_id, "sent", "answered", now, None)
        await work.tasks.close_keyed(f"unknown:{delivery_id}", scene.actor().text, "sent", now)

    async def _answer_case(self, scene: Scene, rest: str) -> None:
        code, _, action = rest.partition(":")
        await self._do(scene, action, number(code))

    async def _do(self, scene: Scene, action: str, obligation: int, text: str = "", *, reason: str = "") -> None:
        """What somebody wants about one obligation, and what they have said of why."""
        action, _, arg = action.partition(".")
        view = await scene.view(obligation)
        if view is None:
            self._gone(scene)
            return
        party, role = scene.side(view)
        scene.about(view.id, party)
        if action == "where":
            scene.say_text(self._house.where(view.case.court), "party.where")
        elif action == "show":
            await self._cases.show_one(scene, view)
        elif action == "notme":
            # An agent is bound as themselves, not as the one they act for.
            binding = next((b for b in scene.proven if b.party_id == party), scene.proven[-1])
            await self._wrong(scene, binding)
        elif view.standing.performed_on and action != "contact":
            await self._cases.show_one(scene, view, "party.case.performed")
        elif action in _FLOW_OF:
            await self._path(scene, _FLOW_OF[action], view, role, text, arg, reason)
        elif action in _TASKS:
            await self._hand_over(scene, action, view, text)
        else:
            self._gone(scene)

    async def _path(
        self, scene: Scene, kind: str, view: View, role: Role, text: str, arg: str = "", reason: str = ""
    ) -> None:
        """Set out on paid, promise or plan, with what was said already; one that is open goes on."""
        if scene.flow and (scene.flow.kind, scene.flow.obligation_id) == (kind, view.id) and not text:
            self._paths.ask_again(scene, scene.flow)
            return
        if kind == "plan":
            arg = arg or ("delay" if self._delays(view, text) else "")
            await self._offers.begin(scene, view, scene.party or scene.side(view)[0], text, arg, reason=reason)
            return
        data: dict[str, Any] = {"balance": view.standing.balance}
        if view.row.kind == ObligationKind.ACT:
            data["act"] = True
        if role is Role.CREDITOR:
            data["received"] = True
        if text:
            data |= self._said(scene, kind, text, data)
        if role is Role.CREDITOR and kind != "paid":
            self._gone(scene)
            return
        await self._paths.begin(scene, kind, Begun(data, view.id, scene.party))

    def _delays(self, view: View, text: str) -> bool:
        """Whether more time is all that is wanted; an act can be put off only."""
        if not text:
            return False
        return view.row.kind == ObligationKind.ACT or self._house.replies.delays(text)

    def _said(self, scene: Scene, kind: str, text: str, known: dict[str, Any]) -> dict[str, Any]:
        """Day, sum and way that a sentence names."""
        found, act = find_day(text, scene.today, past=kind == "paid"), "act" in known
        said: dict[str, Any] = {"from": scene.turn.incoming.external_id}
        if found and ((found.day <= scene.today) if kind == "paid" else (found.day >= scene.today)):
            said["day"] = found.day.isoformat()
        if act:
            return said
        if kind == "paid":
            told = set(find_sums(text, scene.today))
            amount = told.pop() if len(told) == 1 else None  # of two sums none is taken: it is asked for
            replies = self._house.replies
            way = "third" if replies.by_other(text) else replies.choice(text) or replies.named(text, WAYS)
            said |= {"way": way} if way in WAYS else {}
        else:
            amount = sum_of(text, scene.today, known["balance"])
        if amount:
            said["amount"] = amount
        return said

    async def _hand_over(self, scene: Scene, action: str, view: View, text: str, *, alone: bool = True) -> None:
        """A person takes it: the task stands before any further word is asked for; a dispute stops reminders.

        Unless it is `alone`, no further word is asked for: something else goes on.
        """
        data: dict[str, Any] = {"about": action}
        if standing := await scene.turn.work.tasks.open_about(view.id, (_TASKS[action],)):
            await scene.turn.work.tasks.note(standing[0], mask_identifiers(text))
        if action == "dispute" and not (standing and view.row.disputed):
            data["dispute"] = await scene.book().dispute(view.id, DisputeKind.OTHER, text, scene.party)
        number = (
            None
            if standing
            else await scene.task(
                NewTask(
                    _TASKS[action],
                    action,
                    key=f"{action}:{view.id}:{scene.turn.conversation.id}",
                    case_id=view.row.case_id,
                    obligation_id=view.id,
                    party_id=scene.party,
                    delivery_id=scene.delivery,
                    conversation_id=scene.turn.conversation.id,
                    responsible=view.responsible,
                    note="\n".join(p for p in (matter(view), mask_identifiers(text)) if p),
                )
            )
        )
        data["task"] = number
        if not alone:
            told = number or (standing[0] if standing else "-")
            scene.say("party.also.noted" if number is None else f"party.also.{action}", number=told)
        elif number is None:
            scene.say("party.note.already", scene.button("party.button.mine", "pt:mine"))
        else:
            await self._paths.begin(scene, "note", Begun(data, view.id, scene.party))

    async def _go(self, scene: Scene, rest: str) -> None:
        """A button that leads to a path, or to what a party may want of its case."""
        kind, _, arg = rest.partition(":")
        if kind not in WISHES:
            await self._guided.go(scene, kind, arg)
        elif not scene.proven or not await self._pressed_for(scene, kind):
            await self._show(scene)

    def _gone(self, scene: Scene) -> None:
        scene.say("feedback.gone", self._house.words.menu_button())

    async def _show(self, scene: Scene) -> None:
        """我的案子; whoever has opened a link and not proven who they are goes on with that first."""
        flow = scene.flow if self._paths.fresh(scene) else None
        if scene.proven or scene.linked is None:
            await self._cases.show(scene)
        elif flow and flow.kind == "identify":
            self._paths.ask_again(scene, flow, "party.case.prove_now")
        else:
            await self._identify(scene, scene.linked)

    # -- wishes ----------------------------------------------------------------------------------

    async def _wish(self, scene: Scene, rest: str) -> None:
        name, _, code = rest.partition(":")
        if name == "mine":
            await self._show(scene)
        elif name == "stop":
            await self._stop(scene)
        elif name == "resume":
            await scene.register().resume(scene.turn.conversation.id)
            scene.say("party.stop.resumed")
        elif name == "news":
            await scene.register().subscribe(scene.turn.conversation.id)
            scene.say("party.news.subscribed", scene.button("party.button.stop", "pt:stop"))
        elif name == "helper":
            await self._invite(scene)
        elif name == "undo":
            await self._undo(scene, number(code))
        elif name == "no_payment":
            await self._no_payment(scene)
        else:
            self._gone(scene)

    async def _stop(self, scene: Scene) -> None:
        stopped = await scene.register().stop(scene.turn.conversation.id)
        dated = await self._house.dated.cancel(scene.turn.work, scene.turn.conversation.id, scene.turn.now)
        if dated and not stopped:
            scene.say("calc.remind.stopped")
            return
        if not stopped:
            scene.say("party.stop.nothing")
            return
        scene.say("party.stop.done", scene.button("party.button.remind_again", "pt:resume"))

    async def _invite(self, scene: Scene) -> None:
        """A link for a lawyer or a family member, made by the party."""
        own = [b for b in scene.proven if b.relation == Relation.SELF]
        if not own:
            self._gone(scene)
            return
        start = await scene.register().make_link(own[-1].party_id, self._house.reach.lives, helper=True)
        scene.say("party.helper.link", link=self._house.reach.address.link(start))

    async def _helper_decided(self, scene: Scene, rest: str) -> None:
        code, _, word = rest.partition(":")
        asked = await scene.turn.work.reach.binding_numbered(number(code))
        own = {b.party_id for b in scene.proven if b.relation == Relation.SELF}
        if (
            asked is None
            or asked.party_id not in own
            or asked.status not in (BindingStatus.ASKED, BindingStatus.PROVEN)
        ):
            self._gone(scene)
            return
        register = scene.register()
        if asked.status == BindingStatus.PROVEN:
            await register.helper_ended(asked)
            scene.say("party.helper.ended", name=asked.name or "")
            return
        agreed = word == "yes"
        await register.helper_decided(asked, agreed=agreed)
        key = "party.helper.agreed" if agreed else "party.helper.refused"
        buttons = (scene.button("party.button.helper_end", f"hp:{short(asked.id)}:end"),) if agreed else ()
        scene.say(key, *buttons, name=asked.name or "")
        conversation = await scene.turn.work.conversations.get(asked.conversation_id)
        if conversation:
            told = "party.helper.welcome" if agreed else "party.helper.not_agreed"
            scene.turn.say_to(conversation, self._house.words.plain(told))

    async def _wrong(self, scene: Scene, binding: BindingRow) -> None:
        await self._paths.forget(scene)
        await wrong_person(scene, binding.id)

    async def _undo(self, scene: Scene, binding_id: int) -> None:
        binding = await scene.turn.work.reach.binding_numbered(binding_id)
        here = binding and binding.conversation_id == scene.turn.conversation.id
        if binding is None or not here or binding.status != BindingStatus.WRONG:
            self._gone(scene)
            return
        await self._identify(scene, await scene.register().not_wrong(binding))

    # -- words -----------------------------------------------------------------------------------

    async def _text(self, scene: Scene, text: str, offered: str = "") -> bool:
        turn, on_path = scene.turn, self._paths.fresh(scene)
        replies = self._house.replies
        if not on_path and (await self._press_typed(scene, text) or await self._guided.put_right(scene, text)):
            return True
        meaning = replies.meaning(text, scene.today)
        if Intent.STOP in meaning.told and (turn.state.party or not on_path):
            turn.heard(text, "text", decision="stop")
            await self._stop(scene)
            await self._beside(scene, text, meaning.without(Intent.STOP))
            return True
        if self._guided.in_danger(scene, text):
            await self._guided.lead_away(scene)
            return True
        if offered and not on_path and await self._to_offer(scene, text, offered):
            return True
        if on_path:
            if turn.state.party and await self._first(scene, text, meaning):
                return True
            return await self._guided.answer(scene, text, self._press_typed, self._beside)
        if await self._guided.begin_by_words(scene, text):
            return True
        if turn.state.party and (await self._free(scene, text, meaning) or await self._unsure(scene, text, meaning)):
            return True
        await self._talk.respond(turn)
        await self._guided.offer(scene)
        return True

    async def _to_offer(self, scene: Scene, text: str, offered: str) -> bool:
        """好的 or 不用了 to the button that was offered a moment ago; False: something else was said."""
        replies = self._house.replies
        if replies.agrees(text):
            scene.turn.heard(text, "text", decision="agreed")
            name, _, rest = offered.partition(":")
            await self._presses[name](scene, rest)
            return True
        if replies.choice(text) == "no":
            scene.turn.heard(text, "text", decision="not_now")
            scene.say("party.not_now")
            return True
        return False

    async def _first(self, scene: Scene, text: str, meaning: Meaning) -> bool:
        """What counts on any path before it is taken for an answer: a doubt, an objection, a payment."""
        flow = scene.flow
        if flow is None or self._paths.is_secret(flow) or not PATHS[flow.kind].bound:
            return False
        if Intent.DOUBT in meaning.told and (not self._paths.is_free(flow) or len(bare(text)) <= AT_ONCE):
            scene.turn.heard(text, "text", decision="doubt")
            self._reassure(scene)
            await self._paths.put_aside(scene, flow, "flow.kept")
            return True
        if not scene.proven or Intent.NOTME in meaning.told:
            return False
        if Intent.PAID in meaning.told and flow.kind in ("promise", "plan") and not self._paths.is_free(flow):
            return await self._wanted(scene, meaning, text)
        if self._puts_right(scene, flow, text):
            return False
        if Intent.DISPUTE in meaning.told and not (flow.kind == "note" and flow.data.get("about") == "dispute"):
            return await self._dispute_beside(scene, flow, text, meaning)
        return False

    def _puts_right(self, scene: Scene, flow: FlowState, text: str) -> bool:
        """Whether 金额不对，是两万五 is about what was just answered, and no objection to the case."""
        told = {"amount", "each", "total", "day"} & flow.data.keys()
        anew = find_sum(text, scene.today, strict=False) or find_day(text, scene.today, past=flow.kind == "paid")
        return bool(told and anew) and flow.kind in _IN_TURN and self._house.replies.corrects(text)

    async def _dispute_beside(self, scene: Scene, flow: FlowState, text: str, meaning: Meaning) -> bool:
        """An objection stops the reminders whatever path is open; the path goes on with what else was said."""
        view = await scene.view(flow.obligation_id or 0)
        if view is None or view.standing.performed_on:
            return False
        scene.about(view.id, scene.side(view)[0], flow.delivery_id)
        self._hear(scene, text, "dispute")
        await self._hand_over(scene, "dispute", view, text, alone=False)
        rest = meaning.without(Intent.DISPUTE)
        if flow.kind in ("promise", "plan") and Intent.PAID in rest.told:
            return await self._wanted(scene, rest, text)
        words_wanted = self._paths.is_free(flow) and flow.kind in ("note", "plan")
        answers = words_wanted or not self._paths.is_free(flow)
        if not answers or not await self._paths.answer(scene, flow, text, insist=words_wanted):
            self._paths.ask_again(scene, flow, "party.flow.back_to")
        return True

    async def _beside(self, scene: Scene, text: str, meaning: Meaning | None = None) -> bool:
        """Words on a path that are no answer there, or that are said with 别再发了: is something wanted all the same?"""
        meaning = meaning or self._house.replies.meaning(text, scene.today)
        if not scene.turn.state.party:
            return False
        if set(meaning.told) & {*OWN, Intent.REFUSE, Intent.UNPAID}:
            return await self._own_beside(scene, text, meaning)
        if not scene.proven:
            return False
        if meaning.told == (Intent.THANKS,):
            self._hear(scene, text, "thanks")
            scene.say("party.thanks")
            if scene.flow and self._paths.fresh(scene):
                self._paths.ask_again(scene, scene.flow, "party.flow.back_to")
            return True
        if not any(i in _ACTIONS for i in meaning.told):
            return False
        own = scene.flow if self._paths.fresh(scene) else None
        if own and (same := [i for i in meaning.told if _FLOW_OF.get(_ACTIONS.get(i, "")) == own.kind]):
            if meaning.explains:
                return False
            for intent in same:
                meaning = meaning.without(intent)
            if not any(i in _ACTIONS for i in meaning.told):  # the same once more, without what was asked for
                self._hear(scene, text, own.kind)
                self._paths.ask_again(scene, own)
                return True
        return await self._wanted(scene, meaning, text)

    async def _own_beside(self, scene: Scene, text: str, meaning: Meaning) -> bool:
        """A question about one's own case while a path is open; the path's question follows again."""
        if not await self._own(scene, text, meaning):
            return False
        flow = scene.flow if self._paths.fresh(scene) and scene.proven else None
        if flow and Intent.REFUSE in meaning.told:
            await self._paths.put_aside(scene, flow, "flow.kept")
        elif flow:
            self._paths.ask_again(scene, flow, "party.flow.back_to")
        return True

    async def _own(self, scene: Scene, text: str, meaning: Meaning) -> bool:
        """What only the ledger knows: 我还欠多少, 钱打给谁; and 就是不还, which wants a way out, not a reproach."""
        if Intent.UNPAID in meaning.told and await self._unpaid(scene, text):
            return True
        told = next((i for i in meaning.told if i in (*OWN, Intent.REFUSE)), None)
        if told is None or (told is Intent.WHERE and self._guided.is_topic(scene, text)):
            return False
        views = await scene.views(None)
        view = next((v for v in views if v.id == scene.obligation), views[0] if len(views) == 1 else None)
        debtor = view is not None and scene.side(view)[1] is Role.DEBTOR
        if told is Intent.MINE:
            self._hear(scene, text, told)
            await self._show(scene)
            return True
        if view is None or not debtor:
            return False
        self._hear(scene, text, told)
        if told is Intent.WHERE:
            await self._do(scene, "where", view.id)
        else:
            scene.about(view.id, scene.side(view)[0])
            scene.say("party.refused", *self._ways(scene, view, ("plan", "hard", "dispute", "contact")))
        return True

    async def _unpaid(self, scene: Scene, text: str) -> bool:
        """A creditor says that no money came: whoever verifies the report reads it; without one it is a task."""
        views = await scene.views(Role.CREDITOR, closed=True)
        view = next((v for v in views if v.id == scene.obligation), views[0] if len(views) == 1 else None)
        if view is None:
            return False
        self._hear(scene, text, "unpaid")
        scene.about(view.id, scene.side(view)[0])
        standing = await scene.turn.work.tasks.open_about(view.id, ("verify",))
        note = scene.texts("clerk.note.unpaid", words=mask_identifiers(text))
        for report in standing:
            await scene.turn.work.tasks.note(report, note)
        if standing:
            scene.say("party.unpaid", scene.button("party.button.do.contact", f"ob:{short(view.id)}:contact"))
        else:
            await self._hand_over(scene, "contact", view, note)
        return True

    def _ways(self, scene: Scene, view: View, actions: Sequence[str]) -> list[Button]:
        """What somebody may want about an obligation, as buttons."""
        return [scene.button(f"party.button.do.{a}", f"ob:{short(view.id)}:{a}") for a in actions]

    async def _unsure(self, scene: Scene, text: str, meaning: Meaning) -> bool:
        """Words after a reminder that tell nothing we know: what can be said about the case, as buttons.

        A day or a sum alone answers the reminder. Questions, and what the FAQ knows, are its business, and so
        is a second miss in a row, which a person hears.
        """
        state = scene.turn.state
        if not scene.proven or scene.delivery is None or meaning.asks or state.request or state.clarifies:
            return False
        view = await scene.view(scene.obligation) if scene.obligation else None
        if view is None or view.standing.status in CLOSED or scene.side(view)[1] is not Role.DEBTOR:
            return False
        if len(bare(text)) <= AT_ONCE and PATHS["promise"].opened(Opening(scene.today, text)):
            self._hear(scene, text, "promise")
            await self._do(scene, "promise", view.id, text)
            return True
        if not bare(text) or state.misses or self._guided.is_known(scene, text):
            return False
        self._hear(scene, text, "unsure")
        state.misses = 1
        scene.about(view.id, scene.side(view)[0])
        actions = ("paid", "plan", "hard", "dispute", "notme", "contact")
        buttons = (*self._ways(scene, view, actions), scene.button("party.button.mine", "pt:mine"))
        scene.say("party.unsure", *buttons, matter=matter(view))
        return True

    async def _free(self, scene: Scene, text: str, meaning: Meaning) -> bool:
        """Words that nobody asked for just now: what do they want? False: a question, or small talk."""
        turn = scene.turn
        if Intent.NOTME in (*meaning.told, *meaning.asked):
            binding = self._meant(scene)
            if binding is None:
                return False
            turn.heard(text, "text", decision="notme")
            await self._wrong(scene, binding)
            return True
        if meaning.told == (Intent.DOUBT,) and scene.bindings:
            turn.heard(text, "text", decision="doubt")
            self._reassure(scene)
            return True
        if scene.proven and await self._offers.heard(scene, text):
            return True
        if meaning.intent is Intent.PROMISE and self._told(scene, text).get("kind") == "instalment":
            meaning = meaning.as_plan()  # 从1月10号开始每月还5000 names a day, and means a plan
        if meaning.intent is not None and scene.bindings and await self._own(scene, text, meaning):
            return True
        if not scene.proven or meaning.intent is None:
            return False
        if meaning.told == (Intent.THANKS,):
            turn.heard(text, "text", decision="thanks")
            scene.say("party.thanks")
            return True
        if any(i in _ACTIONS for i in meaning.told):
            return await self._wanted(scene, meaning, text)
        if not meaning.asked:
            return False
        await self._ask_and_offer(scene, _ACTIONS[meaning.asked[0]], text)
        return True

    def _reassure(self, scene: Scene) -> None:
        """Whoever takes us for swindlers hears how to find out."""
        scene.say("party.doubt", scene.button("party.button.doubt", "topic:debtor.scam"))

    def _hear(self, scene: Scene, text: str, decision: str) -> None:
        """Log the words, unless that was done already."""
        if not any(m.direction == "in" for m in scene.turn.messages):
            scene.turn.heard(text, scene.turn.incoming.kind, decision=decision)
        scene.turn.state.misses = 0  # understood

    def _meant(self, scene: Scene) -> BindingRow | None:
        """The party whom 不是我 means: that of the last reminder, else the newest."""
        live = [b for b in scene.bindings if b.status in (BindingStatus.LINKED, BindingStatus.PROVEN)]
        return next((b for b in live if b.party_id == scene.party), live[-1] if live else None)

    async def _ask_and_offer(self, scene: Scene, action: str, text: str) -> None:
        """A question about paying later and the like: answered from the FAQ, and the way there offered."""
        if self._guided.is_topic(scene, text):
            await self._talk.respond(scene.turn)
        else:
            self._hear(scene, text, action)
        view = await scene.view(scene.obligation) if scene.obligation else None
        if view and view.standing.performed_on is None:
            label = f"party.button.do.{action}"
            told = self._told(scene, text) if action == "plan" else {}
            arg = as_arg(told) or ("delay" if action == "plan" and self._house.replies.delays(text) else "")
            data = f"ob:{short(view.id)}:{action}" + (f".{arg}" if arg else "")
            scene.say("party.offer", scene.button(label, data), matter=matter(view))
            scene.turn.state.offered_press = data

    def _told(self, scene: Scene, text: str) -> Data:
        """What words tell of a plan."""
        return PATHS["plan"].opened(Opening(scene.today, text))

    async def _wanted(self, scene: Scene, meaning: Meaning, text: str) -> bool:
        """Do everything that was told: what goes to a person first, then one path; another one is offered."""
        actions = [_ACTIONS[i] for i in meaning.told if i in _ACTIONS]
        handed = [a for a in _AT_ONCE if a in actions]
        paths = [a for a in _IN_TURN if a in actions]
        chosen = await self._chosen(scene, (*handed, *paths), text)
        if not isinstance(chosen, View):
            return chosen
        if meaning.explains and self._guided.is_topic(scene, text) and not scene.turn.messages:
            await self._talk.respond(scene.turn)
        self._hear(scene, text, (handed + paths)[0])
        if chosen.standing.performed_on:
            await self._do(scene, (handed + paths)[0], chosen.id, text)
            return True
        scene.about(chosen.id, scene.side(chosen)[0])
        for action in handed if paths else handed[:-1]:
            await self._hand_over(scene, action, chosen, text, alone=False)
        for action in paths[1:]:
            label = scene.button(f"party.button.do.{action}", f"ob:{short(chosen.id)}:{action}")
            scene.say("party.also.later", label)
        if not paths:
            await self._do(scene, handed[-1], chosen.id, text)
            return True
        own = meaning.words(next(i for i in meaning.told if _ACTIONS.get(i) == paths[0]), text)
        reason = text if "hard" in handed else ""
        await self._do(scene, paths[0], chosen.id, own, reason=reason)
        return True

    async def _pressed_for(self, scene: Scene, action: str) -> bool:
        """A button that names no obligation."""
        chosen = await self._chosen(scene, (action,), "")
        if isinstance(chosen, View):
            await self._do(scene, action, chosen.id)
            return True
        return chosen

    async def _chosen(self, scene: Scene, actions: Sequence[str], text: str) -> View | bool:
        """The obligation that is meant. True: it was asked which; False: this chat owes nothing."""
        views = await scene.views(Role.DEBTOR)
        if not views and set(actions) & {"paid", "plan", "settle"}:
            views = await scene.views(Role.CREDITOR)
        if not views:
            return False
        flow = scene.flow.obligation_id if scene.flow and self._paths.fresh(scene) else None
        meant = flow or scene.obligation
        chosen = next((v for v in views if v.id == meant), views[0] if len(views) == 1 else None)
        if chosen is None:
            if text:  # else a button, which is logged already
                self._hear(scene, text, actions[0])
            buttons = [Button(matter(v)[:60], f"ob:{short(v.id)}:{actions[0]}") for v in views[:8]]
            scene.turn.say(Reply(scene.texts("party.which"), tuple((b,) for b in buttons), "party.which"))
            return True
        return chosen

    # -- edits -----------------------------------------------------------------------------------

    async def _edited(self, scene: Scene, incoming: Incoming) -> bool:
        """An edit never changes what was noted: it is logged, and the way to change it is shown."""
        turn = scene.turn
        if incoming.data == "location" or incoming.external_id is None:
            return False
        known = await turn.work.reach.message_heard(turn.conversation.id, incoming.external_id)
        text = incoming.text.strip()
        meaning = self._house.replies.meaning(text, scene.today) if text else None
        speaks = meaning and (
            meaning.intent or find_sum(text, scene.today, strict=False) or find_day(text, scene.today)
        )
        if not known or not speaks:
            return False
        if meaning and meaning.intent is Intent.STOP:
            turn.heard(text, "edited", decision="stop")
            await self._stop(scene)
            return True
        version = len(await turn.work.log.versions(turn.conversation.id, incoming.external_id)) + 1
        turn.heard(text, "edited", decision="edited", version=version)
        obligation = known[-1].obligation_id
        scene.about(obligation, known[-1].party_id, known[-1].delivery_id)
        if scene.flow and self._paths.fresh(scene):
            self._paths.ask_again(scene, scene.flow, "party.edited_flow")
            return True
        code = short(obligation)
        scene.say(
            "party.edited",
            scene.button("party.button.do.promise", f"ob:{code}:promise"),
            scene.button("party.button.do.paid", f"ob:{code}:paid"),
        )
        return True

    # -- files -----------------------------------------------------------------------------------

    async def _file(self, scene: Scene, incoming: Incoming) -> bool:
        """A picture or document: proof of what is being reported, or the beginning of a report."""
        turn, work = scene.turn, scene.turn.work
        if not scene.proven or incoming.file is None or incoming.external_id is None:
            return False
        album = incoming.album
        flow_id = await work.reach.flow_of_album(turn.conversation.id, album) if album else None
        flow = await work.reach.flow(flow_id) if flow_id else scene.flow
        if flow and not flow_id and not (flow.kind in ("paid", "note") and self._paths.fresh(scene)):
            flow = None
        turn.heard(incoming.text, incoming.kind)
        too_large = (incoming.file.size or 0) > LIMIT
        again = None if flow else await self._missing(scene)
        flow = flow or again
        if flow is None and too_large:
            scene.say("party.photo.too_large")
            return True
        begun = flow is None
        if flow is None and not (flow := await self._begin_report(scene, incoming.text)):
            scene.say("party.photo.which", self._house.words.human())
            return True
        scene.about(flow.obligation_id, flow.party_id, flow.delivery_id)
        row = IncomingFileRow(
            id=turn.next_id(),
            conversation_id=turn.conversation.id,
            external_id=incoming.external_id,
            flow_id=flow.id,
            channel=incoming.channel,
            remote=incoming.file.remote,
            album=album,
            media_type=incoming.file.media_type[:80],
            name=incoming.file.name,
            size=incoming.file.size,
            status=REFUSED if too_large else "pending",
            received_at=turn.now,
            error=TOO_LARGE if too_large else None,
        )
        if await note(work, row) and not too_large:
            await self._replaces(scene, row)
        if too_large and flow.status == "open":
            self._paths.ask_again(scene, flow, "party.photo.too_large")
        elif too_large:
            scene.say("party.photo.too_large")
        elif not begun and not flow_id:
            await self._proof(scene, flow, incoming.text)
        return True

    async def _missing(self, scene: Scene) -> FlowState | None:
        """The report that waits for a file which did not come: it was asked for again, and the payment is not decided."""
        work = scene.turn.work
        flow = await work.reach.flow_missing_file(scene.turn.conversation.id, scene.turn.now - SENT_AGAIN)
        payment = await work.ledger.payment(flow.result_id or 0) if flow else None
        return flow if payment and payment.status == PaymentStatus.REPORTED else None

    async def _replaces(self, scene: Scene, row: IncomingFileRow) -> None:
        """A further file of a report stands for one that did not come."""
        reach = scene.turn.work.reach
        lost = [f for f in await reach.files_of_flow(row.flow_id or 0) if f.status == REFUSED]
        if lost:
            await reach.change(IncomingFileRow, lost[0].id, status=REPLACED)

    async def _begin_report(self, scene: Scene, caption: str) -> FlowState | None:
        """A picture without a word: taken for proof of a payment, said so, and easily undone."""
        views = await scene.views(Role.DEBTOR)
        chosen = next((v for v in views if v.id == scene.obligation), views[0] if len(views) == 1 else None)
        if chosen is None:
            return None
        party, role = scene.side(chosen)
        scene.about(chosen.id, party)
        scene.say("party.photo.taken", scene.button("party.button.no_payment", "pt:no_payment"))
        scene.flow = None
        await self._path(scene, "paid", chosen, role, caption or " ")
        return scene.flow

    async def _proof(self, scene: Scene, flow: FlowState, caption: str) -> None:
        if flow.status == "done":
            scene.say("party.photo.added")
            return
        files = that_came(await scene.turn.work.reach.files_of_flow(flow.id))
        at_proof = flow.kind == "paid" and flow.step == "proof"
        if at_proof or flow.kind == "note":
            await self._paths.answer(scene, flow, caption, "", len(files))
        else:
            self._paths.ask_again(scene, flow, "party.photo.early")

    async def _no_payment(self, scene: Scene) -> None:
        """The picture was something else: no report, and a person is offered."""
        if scene.flow and scene.flow.kind == "paid":
            scene.flow.status = "done"
            await scene.turn.work.reach.write_flow(scene.flow)
        scene.say("party.photo.other", self._house.words.human(), scene.button("party.button.mine", "pt:mine"))


def _bound(scene: Scene, delivery: DeliveryRow | None) -> BindingRow | None:
    if delivery is None or delivery.conversation_id != scene.turn.conversation.id:
        return None
    live = [b for b in scene.bindings if b.party_id == delivery.party_id]
    return live[-1] if live else None
