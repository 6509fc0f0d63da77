"""The mediator's commands in chat: /settle, to see and to lead negotiations; what they do is `bot.dialogue.settling`."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from bot.core.clock import shown
from bot.dialogue.flows.plan import contradicts
from bot.dialogue.model import Reply, quoted
from bot.dialogue.scene import Scene, matter
from bot.dialogue.settling import Settling
from bot.guide.settlement.model import OfferStatus, SettlementError
from bot.guide.settlement.paper import REFERENCE
from bot.guide.settlement.service import Event, agreed, history, referral
from bot.guide.settlement.table import Deal
from bot.ledger import casenumber
from bot.ledger.model import Actor
from bot.reach.model import ReachError
from bot.reach.saying import even_plan, find_count, find_day, find_each, pays_off

_NUMBERED = re.compile(r"[#＃]?\s*(\d{1,9})(?:\s+(\w+)[\s:：,，]*(.*)|\s*(.*))", re.DOTALL)
_KINDS = ("plan", "sign", "breach")
_LISTED = 15
Verb = Callable[[Scene, Settling, Deal, str], Awaitable[None]]


class Mediator:
    """Only called for staff: the clerk's commands look after that."""

    def __init__(self) -> None:
        self._verbs: dict[str, Verb] = {
            "ok": self._ok,
            "yes": self._ok,
            "y": self._ok,
            "no": self._no,
            "n": self._no,
            "say": self._say,
            "accept": self._accept,
            "refuse": self._refuse,
            "refer": self._refer,
            "signed": self._signed,
            "resume": self._resume,
        }

    async def take(self, scene: Scene, rest: str) -> None:
        """/settle, /settle 案号, /settle N, /settle N word …; raises what the table refuses."""
        turn, who = scene.turn, scene.who
        actor = Actor("staff", str(who.account))
        hand = Settling(scene.house, turn, actor, who.courts, here=turn.conversation.id)
        found = _NUMBERED.fullmatch(rest)
        if not rest:
            await self._list(scene)
        elif found is None:
            await self._open(scene, hand, rest)
        else:
            await self._one(scene, hand, found)

    async def _one(self, scene: Scene, hand: Settling, found: re.Match[str]) -> None:
        task = await scene.turn.work.tasks.get(int(found.group(1)))
        if task is None or task.kind not in _KINDS or not task.subject_id:
            scene.say("settlement.clerk.usage")
            return
        deal = await hand.deal(task.subject_id)
        word, text = (found.group(2) or "").lower(), (found.group(3) or found.group(4) or "").strip()
        if not word and not text:
            self._show(scene, hand, deal)
        elif word == "doc":
            self._paper(scene, deal)
        elif verb := self._verbs.get(word):
            await verb(scene, hand, deal, text)
        else:
            await self._counter(scene, hand, deal, f"{word} {text}".strip())

    # -- seeing ----------------------------------------------------------------------------------

    async def _list(self, scene: Scene) -> None:
        """What is under way."""
        rows = await scene.turn.work.settlement.listed(("talking", "accepted", "broken"))
        if not rows:
            scene.say("settlement.clerk.none")
            return
        table = scene.house.settlements.within(scene.turn.work, scene.actor())
        deals = [d for row in rows[:_LISTED] if scene.who.sees((d := await table.deal(row.id)).case.court)]
        lines = [
            scene.texts(
                "settlement.clerk.item", number=d.row.task or "-", matter=quoted(_matter(d)), status=_status(scene, d)
            )
            for d in deals
        ]
        title = scene.texts("settlement.clerk.list", count=len(deals))
        scene.turn.say(Reply("\n".join([title, *lines]), key="settlement.clerk.list"))

    def _show(self, scene: Scene, hand: Settling, deal: Deal) -> None:
        """The whole history, the terms on the table, and who has not answered."""
        texts = scene.texts
        parts = [texts("settlement.clerk.head", matter=quoted(_matter(deal)), status=_status(scene, deal))]
        if deal.row.mediator:
            how = texts(f"settlement.referral.{referral(deal.row)}")
            parts.append(texts("settlement.clerk.mediator", name=quoted(deal.row.mediator), how=how))
        parts += [self._line(scene, event) for event in history(deal)]
        version = agreed(deal) or deal.current
        if version is not None:
            parts.append(hand.terms(version))
            if version.waiting:
                names = texts("document.and").join(deal.parties[p].name for p in version.waiting)
                parts.append(texts("settlement.clerk.waiting", names=quoted(names)))
        scene.turn.say(Reply("\n".join(parts), key="settlement.clerk.head"))

    def _line(self, scene: Scene, event: Event) -> str:
        texts = scene.texts
        at, who = shown(event.at, "%m-%d %H:%M"), quoted(event.who)
        if event.kind == "offered":
            return texts("settlement.clerk.offered", at=at, who=who, version=event.number, code=event.code)
        what = texts(f"settlement.event.{event.kind}")
        if event.by_hand:
            what = texts("settlement.clerk.by_hand") + what
        words = f" {quoted(event.words)}" if event.words else ""
        return texts("settlement.clerk.event", at=at, who=who, what=what, version=event.number, words=words)

    # -- leading ---------------------------------------------------------------------------------

    async def _open(self, scene: Scene, hand: Settling, rest: str) -> None:
        """/settle 案号 [mediator]: both sides are asked to talk."""
        number, _, mediator = rest.partition(" ")
        number = casenumber.sought(number, scene.today.year)
        found = await scene.house.ledger.case(number, scene.turn.work)
        if found is None:
            raise ReachError("no_case", number=number)
        deal = await hand.open_case(found.row, mediator.strip() or None)
        scene.say("settlement.clerk.opened", number=deal.row.task or "-", matter=quoted(_matter(deal)))

    async def _ok(self, scene: Scene, hand: Settling, deal: Deal, text: str) -> None:
        held = deal.current is not None and deal.current.status is OfferStatus.HELD
        after = await hand.ok(deal.id, text)
        scene.say("settlement.clerk.passed" if held else "clerk.applied", matter=quoted(_matter(after)))

    async def _no(self, scene: Scene, hand: Settling, deal: Deal, text: str) -> None:
        held = deal.current is not None and deal.current.status is OfferStatus.HELD
        after = await hand.no(deal.id, text)
        scene.say("settlement.clerk.given_back" if held else "clerk.refused", matter=quoted(_matter(after)))

    async def _counter(self, scene: Scene, hand: Settling, deal: Deal, text: str) -> None:
        """Other days or sums, put to everybody: 分6期从12月10日起."""
        found, count, each = find_day(text, scene.today), find_count(text), find_each(text, scene.today)
        if found is None or found.day <= scene.today:
            scene.say("settlement.clerk.usage")
            return
        balance = deal.balance
        if each and count and not pays_off(balance, each, count):
            wrong = contradicts(balance, each, count)
            scene.say(wrong.key, **wrong.params)
            return
        try:
            plan = even_plan(balance, count, found.day, each) if count or each else [(balance, found.day)]
        except ValueError:
            scene.say("party.plan.impossible")
            return
        after = await hand.counter(deal.id, plan)
        scene.say("settlement.clerk.countered", matter=quoted(_matter(after)))

    async def _say(self, scene: Scene, hand: Settling, deal: Deal, text: str) -> None:
        scene.say("settlement.clerk.said", matter=quoted(_matter(await hand.say(deal.id, text))))

    async def _accept(self, scene: Scene, hand: Settling, deal: Deal, text: str) -> None:
        await self._entered(scene, hand, deal, text, yes=True)

    async def _refuse(self, scene: Scene, hand: Settling, deal: Deal, text: str) -> None:
        await self._entered(scene, hand, deal, text, yes=False)

    async def _entered(self, scene: Scene, hand: Settling, deal: Deal, text: str, *, yes: bool) -> None:
        """What somebody without a chat has said at the counter or on the telephone."""
        name, _, words = text.partition(" ")
        after = await hand.by_hand(deal.id, name, yes=yes, words=words)
        scene.say("settlement.clerk.noted", matter=quoted(_matter(after)))

    async def _refer(self, scene: Scene, hand: Settling, deal: Deal, text: str) -> None:
        after = await hand.refer(deal.id, text)
        told = {"mediator": quoted(after.row.mediator or ""), "matter": quoted(_matter(after))}
        scene.say("settlement.clerk.referred", **told)

    def _paper(self, scene: Scene, deal: Deal) -> None:
        """The written agreement as a draft, for money only."""
        if deal.act or not (agreed(deal) or deal.current):
            raise SettlementError("nothing_open")
        file = f"{REFERENCE}:{deal.id}:docx"
        scene.turn.say(
            Reply(scene.texts("settlement.paper.file"), key="settlement.paper.file", kind="document", file=file)
        )

    async def _signed(self, scene: Scene, hand: Settling, deal: Deal, text: str) -> None:
        scene.say("settlement.clerk.signed", matter=quoted(_matter(await hand.sign(deal.id, text))))

    async def _resume(self, scene: Scene, hand: Settling, deal: Deal, text: str) -> None:
        if not text:
            raise SettlementError("reason")
        scene.say("settlement.clerk.resumed", matter=quoted(_matter(await hand.resume(deal.id, text))))


def _matter(deal: Deal) -> str:
    return matter(deal.views[0]) if len(deal.views) == 1 else deal.case.number


def _status(scene: Scene, deal: Deal) -> str:
    return scene.texts(f"settlement.status.{deal.row.status}")
