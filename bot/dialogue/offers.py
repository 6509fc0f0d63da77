"""A party at the negotiating table in chat: answers an offer by button or in words, counters it, takes it back."""

from __future__ import annotations

from bot.core.ids import short
from bot.core.privacy import mask_identifiers
from bot.dialogue.flows import PATHS
from bot.dialogue.flows.model import Begun, Data, Opening
from bot.dialogue.flows.plan import possible
from bot.dialogue.guided import number
from bot.dialogue.model import Reply
from bot.dialogue.paths import Paths
from bot.dialogue.scene import Scene
from bot.dialogue.settling import Settling, wrong
from bot.guide.settlement.model import LIVE, STANDING, OfferStatus, SettlementError, Status
from bot.guide.settlement.table import SELF, Deal, Version
from bot.ledger.model import Broken, ObligationKind, Role, Stage
from bot.ledger.service import View
from bot.reach.intents import Intent
from bot.store.reach_rows import BindingRow

_SHOWN = 3  # offers that are shown at once to somebody who answers in words


def settling(scene: Scene) -> Settling:
    """The table, in this turn's transaction, in the hand of whoever is at this chat."""
    turn = scene.turn
    return Settling(scene.house, turn, scene.actor(), here=turn.conversation.id)


class Offers:
    """Answers to offers, and what is known when somebody sets out to make one."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    # -- buttons ---------------------------------------------------------------------------------

    async def press(self, scene: Scene, rest: str) -> None:
        """同意、另提方案、不同意、撤回 under an offer: only for somebody on one of its sides."""
        code, _, word = rest.partition(":")
        row = await scene.turn.work.settlement.offer(number(code))
        deal = await settling(scene).deal(row.negotiation_id) if row else None
        mine = self._mine(scene, deal) if deal else []
        if row is None or deal is None or not mine:
            scene.say("feedback.gone", scene.house.words.menu_button())
            return
        version = next(v for v in deal.versions if v.row.id == row.id)
        binding = self._speaker(mine, version, word)
        scene.about(deal.view_of(binding.party_id).id, binding.party_id)
        try:
            await self._do(scene, deal, version, binding, word)
        except SettlementError as error:
            await self._refused(scene, deal, binding, error)
        except Broken as error:
            scene.say(f"ledger.wrong.{error.code}", **error.params)

    def _mine(self, scene: Scene, deal: Deal) -> list[BindingRow]:
        return [b for b in scene.proven if deal.side(b.party_id) is not None]

    def _speaker(self, mine: list[BindingRow], version: Version, word: str) -> BindingRow:
        """As whom somebody with several parties speaks: the one whose turn it is."""
        wanted = [version.row.party_id] if word == "withdraw" else version.waiting
        return next((b for b in mine if b.party_id in wanted), mine[0])

    async def _do(self, scene: Scene, deal: Deal, version: Version, binding: BindingRow, word: str) -> None:
        hand, party = settling(scene), binding.party_id
        told = {"version": version.row.number, "code": version.code, "number": deal.row.task or "-"}
        if word == "withdraw":
            await hand.withdraw(deal, version.row.id, party)
            scene.say("settlement.withdrawn_self", **told)
        elif word == "counter":
            await self._counter(scene, deal, version, binding, {})
        elif word in ("yes", "no"):
            yes = word == "yes"
            await hand.answer(deal, version.row.id, party, yes=yes, relation=binding.relation)
            if yes:
                stage = "in" if deal.row.stage == Stage.IN else "before"
                parts = [scene.texts("settlement.accepted_self", **told), scene.texts(f"settlement.intent.{stage}")]
                parts += [scene.texts("settlement.agent")] if binding.relation != SELF else []
                scene.turn.say(Reply("\n".join(parts), key="settlement.accepted_self"))
            else:
                again = scene.button("party.button.counter_again", f"ob:{short(deal.view_of(party).id)}:plan")
                scene.say("settlement.refused_self", again, **told)
        else:
            scene.say("feedback.gone", scene.house.words.menu_button())

    async def _refused(self, scene: Scene, deal: Deal, binding: BindingRow, error: SettlementError) -> None:
        """It cannot be done: kindly why, and the version that is on the table now."""
        scene.say_text(wrong(scene.texts, error), f"settlement.wrong.{error.code}")
        current = deal.current
        if current and error.code in ("replaced", "refused", "returned") and current.status is OfferStatus.OPEN:
            scene.turn.say(settling(scene).shown(deal, current, binding.party_id))

    async def _counter(self, scene: Scene, deal: Deal, version: Version, binding: BindingRow, told: Data) -> None:
        """Set out on the path to another offer."""
        if deal.row.status != Status.TALKING:
            raise SettlementError("accepted_already" if deal.row.status == Status.ACCEPTED else "over")
        if deal.row.offer_id != version.row.id:
            raise SettlementError("replaced")
        view = deal.view_of(binding.party_id)
        data = self._facts(scene, deal, view) | {"counter": version.row.id}
        data |= possible(data | told, told, scene.today)
        await self._paths.begin(scene, "plan", Begun(data, view.id, binding.party_id))

    # -- setting out -----------------------------------------------------------------------------

    def _facts(self, scene: Scene, deal: Deal | None, view: View) -> Data:
        """What the path to an offer is about, and who makes it."""
        data: Data = {"balance": deal.balance if deal else view.standing.balance}
        if due := view.standing.next_due:
            data["due"] = due.isoformat()
        if view.row.kind == ObligationKind.ACT:
            data["act"] = True
        if view.case.stage == Stage.IN:
            data["enforced"] = True
        if scene.side(view)[1] is Role.CREDITOR:
            data["grants"] = True
        if deal and deal.row.offer_id:
            data["seen"] = deal.row.offer_id
        return data

    async def begin(self, scene: Scene, view: View, party: int, text: str, arg: str = "", *, reason: str = "") -> None:
        """Somebody wants to settle, in parts or later: an offer that waits for them is shown first.

        `reason` is what they have said already of why.
        """
        deal = await settling(scene).table.live(view)
        version = deal.current if deal else None
        if deal and deal.row.status == Status.ACCEPTED:
            scene.say_text(wrong(scene.texts, SettlementError("accepted_already")), "settlement.wrong.accepted_already")
            return
        told = PATHS["plan"].opened(Opening(scene.today, text, arg, due=view.standing.next_due))
        if deal and version and party in version.waiting and version.status is OfferStatus.OPEN and not told:
            scene.turn.say(settling(scene).shown(deal, version, party))
            return
        data = self._facts(scene, deal, view)
        if "act" not in data or told.get("kind") == "delay":
            can = possible(data | told, told, scene.today)
            data |= can
            if {"each", "count"} & (told.keys() - can.keys()):
                scene.say("party.plan.impossible")
        if reason:
            data["reason"] = mask_identifiers(reason)
        await self._paths.begin(scene, "plan", Begun(data, view.id, party))

    # -- words -----------------------------------------------------------------------------------

    async def heard(self, scene: Scene, text: str) -> bool:
        """Words while an offer waits for this chat: 同意, 不同意, 分10期吧. Nothing is accepted without a button.

        False: nobody offers anything, or the words are about something else.
        """
        verdict = scene.house.replies.verdict(text)
        if verdict == "breach":
            return await self._broken(scene, text)
        told = PATHS["plan"].opened(Opening(scene.today, text))
        meaning = scene.house.replies.meaning(text, scene.today)
        counters = bool(told) and meaning.intent in (None, Intent.PLAN)
        if not verdict and not counters:
            return False
        waiting = await self._waiting(scene)
        if counters and not waiting:
            return await self._again(scene, text)
        if not waiting or (meaning.asks and not counters):
            return False
        scene.turn.heard(text, "text", decision="offer")
        if counters and verdict != "yes" and len(waiting) == 1:
            deal, version, binding = waiting[0]
            await self._counter(scene, deal, version, binding, told)
            return True
        for deal, version, binding in waiting[:_SHOWN]:
            scene.about(deal.view_of(binding.party_id).id, binding.party_id)
            shown = settling(scene).shown(deal, version, binding.party_id)
            lead = scene.texts(f"settlement.meant.{verdict or 'counter'}")
            scene.turn.say(Reply(f"{lead}\n{shown.text}", shown.buttons, f"settlement.meant.{verdict or 'counter'}"))
        return True

    async def _broken(self, scene: Scene, text: str) -> bool:
        """A creditor speaks of a broken agreement: both ways that the law gives (和解规定第9条). False: none is broken."""
        hand = settling(scene)
        for view in await scene.views(Role.CREDITOR):
            deal = await hand.table.standing(view)
            if deal is not None and deal.row.status == Status.BROKEN:
                scene.turn.heard(text, "text", decision="breach")
                scene.about(view.id, scene.side(view)[0])
                scene.turn.say(hand.broken(deal, scene.side(view)[0]))
                return True
        return False

    async def _again(self, scene: Scene, text: str) -> bool:
        """分8期吧 from somebody whose own offer is on the table, was given back, or was agreed: a new offer."""
        views = {v.id: v for v in await scene.views(None)}
        cases = list({v.row.case_id for v in views.values()})
        rows = await scene.turn.work.settlement.about(cases, list(views), (*LIVE, *STANDING)) if cases else []
        meant = [v for v in views.values() if any(n.obligation_id in (None, v.id) for n in rows)]
        view = next((v for v in meant if v.id == scene.obligation), meant[0] if meant else None)
        if view is None:
            return False
        party, _ = scene.side(view)
        scene.turn.heard(text, "text", decision="offer")
        scene.about(view.id, party)
        await self.begin(scene, view, party, text)
        return True

    async def _waiting(self, scene: Scene) -> list[tuple[Deal, Version, BindingRow]]:
        """The versions that somebody at this chat may answer now."""
        views = await scene.views(None)
        cases, obligations = list({v.row.case_id for v in views}), [v.id for v in views]
        if not cases:
            return []
        found, table = [], settling(scene).table
        for row in await scene.turn.work.settlement.about(cases, obligations, LIVE):
            deal = await table.deal(row.id)
            version = deal.current
            if version is None or version.status is not OfferStatus.OPEN:
                continue
            mine = next((b for b in self._mine(scene, deal) if b.party_id in version.waiting), None)
            if mine:
                found.append((deal, version, mine))
        return found
