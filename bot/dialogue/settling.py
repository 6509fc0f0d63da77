"""What is done at the negotiating table, with its words to both sides and its task: by the parties, by staff, by time.

The buttons in chat, the clerk's commands and the console do the same things through this; whoever
opened the transaction commits it, and the messages leave afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.core.clock import local_day
from bot.core.ids import short
from bot.core.texts import Texts
from bot.dialogue.flows.model import Say, yuan
from bot.dialogue.flows.plan import told_part, told_total
from bot.dialogue.model import Button, Reply, quoted, rows
from bot.dialogue.scene import House, add_task, matter, worded
from bot.dialogue.voice import Voice
from bot.guide.settlement.model import (
    LIVE,
    Fee,
    OfferStatus,
    Part,
    SettlementError,
    Side,
    Status,
    Terms,
    breach,
)
from bot.guide.settlement.service import Scope, agreed, in_scope
from bot.guide.settlement.table import SELF, Deal, Table, Version
from bot.ledger.model import Actor, Broken, PaymentStatus, Stage
from bot.ledger.service import View
from bot.store.ledger_rows import CaseRow
from bot.store.reach_rows import PartyMessageRow
from bot.store.reminder_rows import NewTask

Buttons = Sequence[tuple[str, str]]  # key of the label, data
Told = Mapping[str, object]  # what fills a sentence


class Settling:
    """The hand of one actor at the negotiations of some courts.

    Every method raises `SettlementError` (or the ledger's `Broken`) when a rule would be broken; nothing is
    then written.
    """

    def __init__(
        self, house: House, voice: Voice, actor: Actor, courts: Scope = None, *, here: int | None = None
    ) -> None:
        """`here` is the chat in which the actor sits, if any: it hears nothing of what others are told."""
        self._house = house
        self._voice = voice
        self.work = voice.work
        self._actor = actor
        self._courts = courts
        self._here = here
        self._texts = house.texts

    @property
    def table(self) -> Table:
        """The negotiations in this transaction; ask `deal` first, which keeps the scope."""
        return self._house.settlements.within(self.work, self._actor)

    async def deal(self, negotiation_id: int) -> Deal:
        """One negotiation, if it is of a court in the scope."""
        return in_scope(await self.table.deal(negotiation_id), self._courts)

    # -- the parties -----------------------------------------------------------------------------

    async def propose(self, view: View, party_id: int, terms: Terms, relation: str = SELF) -> Deal:
        """A party puts an offer on the table; the negotiation begins with it if there is none."""
        table = self.table
        before = await table.open(view)
        side = before.side(party_id)
        if side is None:
            raise SettlementError("not_yours")
        deal = await table.offer(before.id, side, party_id, terms, relation)
        deal = await self._task(deal)
        if deal.current and deal.current.status is not OfferStatus.HELD:
            await self._put(deal, but=party_id)
        return deal

    async def answer(
        self, deal: Deal, offer_id: int, party_id: int, *, yes: bool, words: str = "", relation: str = SELF
    ) -> Deal:
        """A party accepts or refuses one version; the others and the responsible person hear of it."""
        after = await self.table.answer(deal.id, offer_id, party_id, yes=yes, words=words, relation=relation)
        await self._answered(after, offer_id, party_id, yes=yes, words=words, relation=relation)
        if after.row.status == Status.ACCEPTED and not self._confirms(after):
            return await self._conclude(after, self._texts("settlement.why_all"))
        return after

    async def withdraw(self, deal: Deal, offer_id: int, party_id: int) -> Deal:
        """Whoever made an offer takes it back."""
        after = await self.table.withdraw(deal.id, offer_id, party_id)
        version = _numbered(after, offer_id)
        await self._close_task(after, "withdrawn")
        await self._tell_all(after, "settlement.withdrawn", self._named(after, version), but=party_id)
        return after

    def _confirms(self, deal: Deal) -> bool:
        """Whether the ledger waits for the responsible person's word."""
        return self._house.settlements.policy.confirms(deal.case.court)

    async def _answered(
        self, deal: Deal, offer_id: int, party_id: int, *, yes: bool, words: str, relation: str, by_hand: bool = False
    ) -> None:
        version = _numbered(deal, offer_id)
        name = deal.parties[party_id].name
        key = "accepted" if yes else "refused"
        note = self._texts(f"settlement.task.{key}", name=name, version=version.row.number, code=version.code)
        if relation != SELF:
            # 和解规定第4条: whoever settles for somebody else needs special authority.
            note += self._texts("settlement.task.agent", relation=self._texts(f"party.relation.{relation}"))
        await self._note(deal, "\n".join(p for p in (note, words) if p))
        told = {**self._named(deal, version), "number": deal.row.task or "-"}
        side = deal.side(party_id)
        for party in deal.parties.values():
            if party.id == party_id and not by_hand:
                continue
            same = deal.side(party.id) is side
            who = "own" if version.row.party_id == party.id else "same" if same else "other"
            await self._tell(party.id, deal, f"settlement.{key}.{who}", told)
        if yes and deal.row.status == Status.ACCEPTED and self._confirms(deal):
            await self._tell_staff(deal, "settlement.task.all", version)

    # -- staff -----------------------------------------------------------------------------------

    async def open_case(self, case: CaseRow, mediator: str | None = None) -> Deal:
        """Staff open a negotiation about a case, perhaps with a mediator."""
        if self._courts is not None and case.court not in self._courts:
            raise Broken("other_court")
        deal = await self._task(await self.table.open_case(case, mediator))
        await self._tell_all(deal, "settlement.opened", self._matter(deal), buttons=self._start(deal))
        return deal

    async def ok(self, negotiation_id: int, words: str = "") -> Deal:
        """Pass on what is held; else confirm what everybody has accepted, and the ledger follows.

        Whoever has no chat is entered as accepting, with these words as the reason; whoever was asked in
        the chat and has not answered must answer first (`not_all`), or be entered by hand.
        """
        deal = await self.deal(negotiation_id)
        if deal.current and deal.current.status is OfferStatus.HELD:
            deal = await self.table.pass_on(deal.id, words)
            await self._put(deal, but=deal.current.row.party_id if deal.current else None, words=words)
            return deal
        why = words or self._texts("clerk.why_agreed")
        return await self._conclude(await self._represent(deal, why), why)

    async def _represent(self, deal: Deal, why: str) -> Deal:
        """Those without a chat are spoken for by whoever confirms."""
        version = deal.current
        asks = self._house.settings.asks_creditor(deal.case.court)
        for party_id in version.waiting if version else []:
            asked = asks or deal.side(party_id) is not Side.CREDITOR
            if version and not (asked and await self._reached(party_id)):
                deal = await self.table.answer(deal.id, version.row.id, party_id, yes=True, words=why, by_hand=True)
        return deal

    async def no(self, negotiation_id: int, words: str) -> Deal:
        """Give back what is held; else end the negotiation without an agreement."""
        deal = await self.deal(negotiation_id)
        held = deal.current
        if held and held.status is OfferStatus.HELD:
            deal = await self.table.give_back(deal.id, words)
            told = {**self._named(deal, held), "why": quoted(words)}
            await self._tell(held.row.party_id or 0, deal, "settlement.given_back", told, buttons=self._start(deal))
            return deal
        if not words.strip():
            raise SettlementError("reason")
        deal = await self.table.close(deal.id, Status.REFUSED, words)
        await self._close_task(deal, f"no {words}")
        await self._tell_all(deal, "settlement.ended", {**self._matter(deal), "why": quoted(words)})
        return deal

    async def counter(self, negotiation_id: int, plan: Sequence[tuple[int, date]], note: str = "") -> Deal:
        """The mediator's own version (分 and days), put to everybody."""
        deal = await self.deal(negotiation_id)
        keep = deal.current.terms if deal.current else None
        terms = Terms(
            tuple(Part(amount, day) for amount, day in plan),
            deal.balance,
            keep.security if keep else "",
            keep.fee if keep else Fee.OPEN,
            note,
        )
        deal = await self._task(await self.table.offer(deal.id, Side.MEDIATOR, None, terms))
        await self._put(deal)
        return deal

    async def by_hand(self, negotiation_id: int, name: str, *, yes: bool, words: str) -> Deal:
        """The mediator enters what somebody without a chat has said; `name` is a party's."""
        deal = await self.deal(negotiation_id)
        if deal.current is None:
            raise SettlementError("nothing_open")
        meant = [p for p in deal.parties.values() if p.name == name.strip()]
        if len(meant) != 1:
            raise SettlementError("no_name")
        if not words.strip():
            raise SettlementError("reason")
        offer, party = deal.current.row.id, meant[0].id
        deal = await self.table.answer(deal.id, offer, party, yes=yes, words=words, by_hand=True)
        await self._answered(deal, offer, party, yes=yes, words=words, relation=SELF, by_hand=True)
        return deal

    async def say(self, negotiation_id: int, words: str) -> Deal:
        """The mediator says something to both sides (while an offer is held: to whoever made it)."""
        deal = await self.table.comment((await self.deal(negotiation_id)).id, words)
        version = deal.current
        told = {**self._matter(deal), "text": quoted(words)}
        if version and version.status is OfferStatus.HELD:
            await self._tell(version.row.party_id or 0, deal, "settlement.comment", told)
        else:
            await self._tell_all(deal, "settlement.comment", told)
        return deal

    async def refer(self, negotiation_id: int, mediator: str) -> Deal:
        """Give it to a mediator (委派、委托)."""
        deal = await self.table.refer((await self.deal(negotiation_id)).id, mediator)
        told = {**self._matter(deal), "mediator": quoted(deal.row.mediator or "")}
        await self._tell_all(deal, "settlement.referred", told)
        return deal

    async def sign(self, negotiation_id: int, words: str = "") -> Deal:
        """The written agreement is signed by all and handed to the court."""
        deal = await self.table.sign((await self.deal(negotiation_id)).id, words)
        await self.work.tasks.close_key(f"sign:{deal.id}", self._actor.text, f"signed {words}".strip(), self._voice.now)
        await self._tell_all(deal, "settlement.signed", self._matter(deal))
        return deal

    async def resume(self, negotiation_id: int, why: str) -> Deal:
        """A broken agreement gives way to the original basis again."""
        deal = await self.table.resume((await self.deal(negotiation_id)).id, why)
        await self.work.tasks.close_key(f"breach:{deal.id}", self._actor.text, f"resume {why}", self._voice.now)
        await self._tell_all(deal, "settlement.resumed", self._matter(deal))
        return deal

    # -- what time brings ------------------------------------------------------------------------

    async def run_out(self, negotiation_id: int) -> bool:
        """Nobody answered in time; whether it was so."""
        deal = await self.table.run_out(negotiation_id)
        if deal is None:
            return False
        await self._close_task(deal, deal.row.status)
        key = "refused_end" if deal.row.status == Status.REFUSED else "expired"
        await self._tell_all(deal, f"settlement.{key}", self._matter(deal), buttons=self._start(deal))
        return True

    async def performed(self, negotiation_id: int) -> bool:
        """Whether nothing is left to do; what both sides hear of a payment they have heard already."""
        deal = await self.table.performed(negotiation_id)
        if deal is None:
            return False
        await self._close_task(deal, deal.row.status)
        for kind in ("sign", "breach"):
            await self.work.tasks.close_key(f"{kind}:{deal.id}", self._actor.text, deal.row.status, self._voice.now)
        return True

    async def overdue(self, negotiation_id: int) -> bool:
        """Whether the agreement is broken: then the creditors hear which ways they have, and staff get a task."""
        deal = await self.table.deal(negotiation_id, lock=True)
        found = _breach(deal, self.table)
        if found is None or deal.row.status not in (Status.AGREED, Status.SIGNED):
            return False
        missing, day = found
        deal = await self.table.break_off(deal.id)
        told = self._breach_told(deal, missing, day)
        stage = "in" if deal.row.stage == Stage.IN else "before"
        for party in deal.parties.values():
            if deal.side(party.id) is Side.CREDITOR:
                ways = self._ways(deal, party.id)
                await self._tell(party.id, deal, f"settlement.breach.{stage}", told, buttons=ways)
            else:
                await self._tell(party.id, deal, "settlement.breach.debtor", told, buttons=self._help(deal, party.id))
        note = self._texts("settlement.task.breach", **worded(self._texts, told))
        await add_task(self._house, self._voice, self._new_task(deal, "breach", note))
        return True

    def _breach_told(self, deal: Deal, missing: int, day: date) -> dict[str, object]:
        last = max(i.expected_on for v in deal.views for i in v.instalments)
        return {**self._matter(deal), "amount": yuan(missing), "day": day, "last": last}

    def broken(self, deal: Deal, party_id: int) -> Reply:
        """What a creditor can do about an agreement that is broken, told again."""
        missing, day = _breach(deal, self.table) or (deal.balance, self.table.today)
        key = f"settlement.breach.{'in' if deal.row.stage == Stage.IN else 'before'}"
        return self._sentence(key, self._breach_told(deal, missing, day), self._ways(deal, party_id))

    async def mended(self, negotiation_id: int) -> bool:
        """What was late has been paid after all."""
        deal = await self.table.deal(negotiation_id, lock=True)
        if deal.row.status != Status.BROKEN or _breach(deal, self.table) is not None:
            return False
        deal = await self.table.mend(deal.id)
        await self.work.tasks.close_key(f"breach:{deal.id}", self._actor.text, "paid", self._voice.now)
        await self._tell_all(deal, "settlement.mended", self._matter(deal))
        return True

    # -- the agreement ---------------------------------------------------------------------------

    async def _conclude(self, deal: Deal, why: str) -> Deal:
        """The ledger follows; both sides hear it, and somebody sees to the written agreement."""
        deal = await self.table.confirm(deal.id, why)
        version = agreed(deal)
        if version is None:
            raise SettlementError("nothing_open")
        await self._close_task(deal, f"ok {why}")
        told = {**self._named(deal, version), "until": version.terms.plan[-1].day}
        stage = "in" if deal.row.stage == Stage.IN else "before"
        await self._tell_all(deal, f"settlement.agreed.{stage}", told)
        await add_task(self._house, self._voice, self._new_task(deal, "sign", self._to_sign(deal, version)))
        return deal

    def _to_sign(self, deal: Deal, version: Version) -> str:
        """What whoever sees to the written agreement must know."""
        names = self._texts("document.and").join(p.name for p in deal.parties.values())
        lines = [self._texts("settlement.task.sign", matter=_matter(deal), code=version.code, names=names)]
        if version.terms.security:
            lines.append(self._texts("settlement.task.guarantor", text=version.terms.security))
        spoke = [a.relation for a in version.answers if a.relation not in (None, SELF)]
        if version.row.relation != SELF or spoke:
            lines.append(self._texts("settlement.task.authority"))
        return "\n".join([*lines, self.terms(version)])

    # -- words -----------------------------------------------------------------------------------

    def terms(self, version: Version) -> str:
        """The terms of a version, line by line."""
        terms = version.terms
        if terms.delay:
            lines = [Say("settlement.line.delay", {"day": terms.plan[0].day})]
        else:
            lines = [told_part(no, p.amount, p.day) for no, p in enumerate(terms.plan, 1)]
            lines += told_total(terms.total, terms.owed, grants=version.row.side == Side.CREDITOR)
        if terms.security:
            lines.append(Say("settlement.line.security", {"text": terms.security}))
        if terms.fee is not Fee.OPEN:
            lines.append(Say("settlement.line.fee", {"fee": Say(f"settlement.fee.{terms.fee}")}))
        if terms.note:
            lines.append(Say("settlement.line.note", {"text": terms.note}))
        return "\n".join(self._texts(s.key, **worded(self._texts, s.params, quote=True)) for s in lines)

    def shown(self, deal: Deal, version: Version, party_id: int, words: str = "") -> Reply:
        """A version as a party sees it, with the buttons by which it is answered."""
        key = "mediator" if version.row.side == Side.MEDIATOR else "counter" if version.row.answers else "first"
        if version.row.party_id == party_id:
            key = "own"
        until = deal.row.until
        stage = "in" if deal.row.stage == Stage.IN else "before"
        text = self._texts(
            "settlement.ask",
            matter=quoted(_matter(deal)),
            lead=self._texts(f"settlement.lead.{key}"),
            terms=self.terms(version),
            version=version.row.number,
            code=version.code,
            until=worded(self._texts, {"d": local_day(until)})["d"] if until else "-",
        )
        parts = [text]
        if words:
            parts.append(self._texts("settlement.mediator_says", text=quoted(words)))
        mine = party_id in version.waiting and version.status is OfferStatus.OPEN and deal.row.status in LIVE
        if mine:
            parts.append(self._texts(f"settlement.intent.{stage}"))
        buttons = self._answers(version) if mine else ()
        if version.row.party_id == party_id and deal.row.status == Status.TALKING:
            buttons = (("party.button.withdraw", f"pp:{short(version.row.id)}:withdraw"),)
        made = rows((Button(self._texts(label), data) for label, data in buttons), 2)
        return Reply("\n".join(parts), made, "settlement.ask")

    def _answers(self, version: Version) -> Buttons:
        code = short(version.row.id)
        return (
            ("party.button.accept", f"pp:{code}:yes"),
            ("party.button.counter", f"pp:{code}:counter"),
            ("party.button.refuse", f"pp:{code}:no"),
        )

    def _start(self, deal: Deal) -> Buttons:
        return (("party.button.do.settle", f"ob:{short(deal.views[0].id)}:plan"),)

    def _ways(self, deal: Deal, party_id: int) -> Buttons:
        """What a creditor can do after a breach."""
        paper = "doc_resume" if deal.row.stage == Stage.IN else "doc_application"
        known = (("settlement.button.resume" if paper == "doc_resume" else "settlement.button.apply", f"go:{paper}"),)
        return (*known, ("party.button.do.contact", f"ob:{short(deal.view_of(party_id).id)}:contact"))

    def _help(self, deal: Deal, party_id: int) -> Buttons:
        code = short(deal.view_of(party_id).id)
        return (("party.button.do.paid", f"ob:{code}:paid"), ("party.button.do.contact", f"ob:{code}:contact"))

    def _matter(self, deal: Deal) -> dict[str, object]:
        return {"matter": quoted(_matter(deal))}

    def _named(self, deal: Deal, version: Version) -> dict[str, object]:
        return {**self._matter(deal), "version": version.row.number, "code": version.code}

    # -- saying ----------------------------------------------------------------------------------

    async def _put(self, deal: Deal, *, but: int | None = None, words: str = "") -> int:
        """Show the version on the table to everybody who must answer it; how many chats were told."""
        version, told = deal.current, 0
        asks = self._house.settings.asks_creditor(deal.case.court)
        for party_id in version.waiting if version else []:
            if version and party_id != but and (asks or deal.side(party_id) is not Side.CREDITOR):
                told += await self._say(party_id, deal, self.shown(deal, version, party_id, words))
        return told

    async def _tell_all(
        self, deal: Deal, key: str, told: Told, *, but: int | None = None, buttons: Buttons = ()
    ) -> None:
        for party in deal.parties.values():
            if party.id != but:
                await self._tell(party.id, deal, key, told, buttons=buttons)

    async def _tell(self, party_id: int, deal: Deal, key: str, told: Told, *, buttons: Buttons = ()) -> int:
        """Say a sentence to a party, filled with as much of what is told as it wants."""
        return await self._say(party_id, deal, self._sentence(key, told, buttons))

    def _sentence(self, key: str, told: Told, buttons: Buttons) -> Reply:
        made = rows((Button(self._texts(label), data) for label, data in buttons), 2)
        wanted = self._texts.placeholders(key)
        text = self._texts(key, **{k: v for k, v in worded(self._texts, told).items() if k in wanted})
        return Reply(text, made, key)

    async def _say(self, party_id: int, deal: Deal, reply: Reply) -> int:
        before = len(self._voice.messages)
        told = await self._voice.say_to_party(party_id, reply, not_in=self._here)
        about = deal.view_of(party_id).id
        said = self._voice.messages[before:]
        await self.work.reach.add(
            [PartyMessageRow(m.id, about, m.conversation_id, m.at, party_id=party_id) for m in said]
        )
        return len(told)

    async def _reached(self, party_id: int) -> bool:
        """Whether a party has a proven chat that takes messages."""
        bound = [b for b in await self.work.reach.bindings_of([party_id]) if b.status == "proven"]
        chats = await self.work.reach.unreachable_chats([b.conversation_id for b in bound])
        return any(b.conversation_id in chats and chats[b.conversation_id] is None for b in bound)

    # -- tasks -----------------------------------------------------------------------------------

    async def _task(self, deal: Deal) -> Deal:
        """The standing task of a negotiation; a further version is noted at it."""
        version = deal.current
        note = _matter(deal)
        if version is not None:
            note = self._texts(
                "settlement.task.version",
                matter=_matter(deal),
                side=self._texts(f"settlement.side.{version.row.side}"),
                version=version.row.number,
                code=version.code,
                terms=self.terms(version),
            )
        if deal.row.task is not None:
            await self._note(deal, note)
            return deal
        number = await add_task(self._house, self._voice, self._new_task(deal, "plan", note))
        return await self.table.filed(deal.id, number) if number else deal

    def _new_task(self, deal: Deal, kind: str, note: str) -> NewTask:
        return NewTask(
            kind,
            deal.row.status,
            key=f"{kind}:{deal.id}",
            case_id=deal.case.id,
            obligation_id=deal.views[0].id,
            subject_id=deal.id,
            responsible=deal.responsible,
            note=note,
        )

    async def _note(self, deal: Deal, words: str) -> None:
        if deal.row.task is not None:
            await self.work.tasks.note(deal.row.task, words)

    async def _tell_staff(self, deal: Deal, key: str, version: Version) -> None:
        """The responsible person hears that it is their turn."""
        text = self._texts(key, number=deal.row.task or "-", matter=quoted(_matter(deal)), code=version.code)
        for admin in sorted(self._house.settings.admins):
            self._voice.tell(self._house.channel, admin, Reply(text, key=key))

    async def _close_task(self, deal: Deal, outcome: str) -> None:
        if deal.row.task is not None:
            await self.work.tasks.close(deal.row.task, self._actor.text, outcome, self._voice.now)


def _matter(deal: Deal) -> str:
    """Which obligation, or which case."""
    return matter(deal.views[0]) if deal.row.obligation_id is not None or len(deal.views) == 1 else deal.case.number


def _numbered(deal: Deal, offer_id: int) -> Version:
    return next(v for v in deal.versions if v.row.id == offer_id)


def _breach(deal: Deal, table: Table) -> tuple[int, date] | None:
    """What is unpaid past its day and the grace days, over all obligations of the agreement."""
    instalments = [i for v in deal.views if v.row.ended_on is None for i in v.instalments]
    waits = (PaymentStatus.REPORTED,)
    reported = sum(p.amount for v in deal.views for p in v.payments if p.status in waits)
    act_reported = deal.act and any(p.status in waits for v in deal.views for p in v.payments)
    if act_reported:
        return None
    return breach(instalments, reported, table.today, table.grace)


# -- what went wrong -----------------------------------------------------------------------------


def said(error: SettlementError) -> Say:
    """Why something cannot be done, for a path."""
    return Say(f"settlement.wrong.{error.code}", _shown(error))


def wrong(texts: Texts, error: SettlementError) -> str:
    """Why something cannot be done, in words."""
    params = _shown(error)
    if isinstance(names := params.get("names"), list):
        params["names"] = texts("document.and").join(names)
    for name in ("status", "now", "then"):
        if name in params:
            params[name] = texts(f"settlement.status.{params[name]}")
    return texts(f"settlement.wrong.{error.code}", **worded(texts, params, quote=True))


def _shown(error: SettlementError) -> dict[str, object]:
    money = ("plan", "total")
    return {k: yuan(v) if k in money and isinstance(v, int) else v for k, v in error.params.items()}
