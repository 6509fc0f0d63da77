"""Changes of a negotiation within one transaction: each keeps the rules and is kept as a row that is never changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.core.clock import Clock, local_day
from bot.core.ids import Ids
from bot.guide.settlement.model import (
    LIVE,
    STANDING,
    WORDS,
    AnswerKind,
    Fee,
    OfferStatus,
    Part,
    SettlementError,
    Side,
    Status,
    Terms,
    check_terms,
    code,
    digest,
    divide,
    next_status,
    offer_status,
    still_fits,
    waiting,
    whole_plan,
)
from bot.ledger.book import Book
from bot.ledger.model import Actor, ObligationKind, Planned, Settlement
from bot.ledger.service import Ledger, View
from bot.store.ledger_rows import CaseRow, PartyRow
from bot.store.settlement_rows import NegotiationRow, OfferAnswerRow, OfferRow
from bot.store.work import Work

VERSIONS = 30  # offers in one negotiation; after that a person brings people together
TALKS = 6  # that came to nothing within `AGAIN`; then only staff begin another
AGAIN = timedelta(days=90)
SELF = "self"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a court decides about settlement."""

    mediated: tuple[str, ...] = ()  # courts whose offers go through the mediator first
    confirmed: tuple[str, ...] = ("*",)  # courts where the responsible person confirms before the ledger follows
    offer_days: int = 7
    grace_days: int = 3

    def mediates(self, court: str) -> bool:
        """Whether an offer waits for the mediator before the other side sees it."""
        return "*" in self.mediated or court in self.mediated

    def confirms(self, court: str) -> bool:
        """Whether the ledger follows an agreement only after the responsible person's word."""
        return "*" in self.confirmed or court in self.confirmed


@dataclass(frozen=True, slots=True)
class Version:
    """One offer with everything that happened to it."""

    row: OfferRow
    terms: Terms
    digest: str
    answers: Sequence[OfferAnswerRow]
    needed: Sequence[int]  # the parties that must accept

    @property
    def code(self) -> str:
        """The fingerprint as people read it."""
        return code(self.digest)

    @property
    def status(self) -> OfferStatus:
        """Where it stands."""
        return offer_status(held=self.row.held, answers=self.answers, needed=self.needed, digest=self.digest)

    @property
    def waiting(self) -> list[int]:
        """Who has not accepted yet."""
        return waiting(self.answers, self.needed, self.digest)


@dataclass(frozen=True, slots=True)
class Deal:
    """A negotiation as people look at it."""

    row: NegotiationRow
    case: CaseRow
    views: Sequence[View]  # the obligations that it is about
    versions: Sequence[Version]

    @property
    def id(self) -> int:
        """The negotiation's id."""
        return self.row.id

    @property
    def current(self) -> Version | None:
        """The one version on the table."""
        return next((v for v in self.versions if v.row.id == self.row.offer_id), None)

    @property
    def parties(self) -> dict[int, PartyRow]:
        """Everybody on either side."""
        return {p.id: p for v in self.views for p in (*v.debtors, *v.creditors)}

    def side(self, party_id: int | None) -> Side | None:
        """On which side a party stands."""
        for view in self.views:
            if any(p.id == party_id for p in view.debtors):
                return Side.DEBTOR
            if any(p.id == party_id for p in view.creditors):
                return Side.CREDITOR
        return None

    @property
    def balance(self) -> int:
        """What is still owed in all, in 分."""
        return sum(v.standing.balance for v in self.views)

    @property
    def act(self) -> bool:
        """Whether it is about an act, not money."""
        return all(v.row.kind == ObligationKind.ACT for v in self.views)

    @property
    def responsible(self) -> str | None:
        """Who looks after it: the mediator, else the responsible person."""
        return self.row.mediator or next((v.responsible for v in self.views), None) or self.case.responsible

    def view_of(self, party_id: int | None) -> View:
        """The obligation by which a party belongs to it."""
        mine = [v for v in self.views if any(s.party_id == party_id for s in v.sides)]
        return (mine or list(self.views))[0]


class Table:
    """The negotiating table in one transaction, in the hand of one actor; whoever opened it commits.

    Every method takes the negotiation's lock, looks again, and raises `SettlementError` (or the
    ledger's `Broken`) before anything is written when a rule would be broken.
    """

    def __init__(self, work: Work, clock: Clock, ids: Ids, actor: Actor, ledger: Ledger, policy: Policy) -> None:
        self.rows = work.settlement
        self.work = work
        self.now: datetime = clock.now()
        self.today: date = local_day(self.now)
        self.actor = actor
        self.policy = policy
        self._ids = ids
        self._ledger = ledger

    @property
    def book(self) -> Book:
        """The ledger in this transaction."""
        return self._ledger.within(self.work, self.actor)

    @property
    def grace(self) -> timedelta:
        """How long after its day a part may be unpaid before the agreement counts as broken."""
        return timedelta(days=self.policy.grace_days)

    # -- looking ---------------------------------------------------------------------------------

    async def deal(self, negotiation_id: int, *, lock: bool = False) -> Deal:
        """One negotiation. SettlementError `none`."""
        row = await self.rows.negotiation(negotiation_id, lock=lock)
        if row is None:
            raise SettlementError("none")
        views = await self._views(row)
        case = views[0].case if views else await self.work.ledger.case(row.case_id)
        if case is None:
            raise SettlementError("none")
        answers: dict[int, list[OfferAnswerRow]] = {}
        for answer in await self.rows.answers(row.id):
            answers.setdefault(answer.offer_id, []).append(answer)
        parties = list(dict.fromkeys(p.id for v in views for p in (*v.debtors, *v.creditors)))
        offers = await self.rows.offers(row.id)
        versions = [_version(o, answers.get(o.id, []), [p for p in parties if p != o.party_id]) for o in offers]
        return Deal(row, case, views, versions)

    async def _views(self, row: NegotiationRow) -> list[View]:
        """What it is about: one obligation, or all money of the case that is still owed (as agreed, once agreed)."""
        if row.obligation_id is not None:
            return await self._ledger.views(ids=[row.obligation_id], work=self.work)
        if row.before:
            return await self._ledger.views(ids=[int(o) for o in row.before], work=self.work)
        found = await self._ledger.views(case_ids=[row.case_id], work=self.work)
        left = [v for v in found if v.row.kind == ObligationKind.MONEY and v.row.ended_on is None]
        return [v for v in left if v.standing.performed_on is None] or left

    async def live(self, view: View) -> Deal | None:
        """The negotiation under way about an obligation, or about the whole case."""
        found = await self.rows.about([view.row.case_id], [view.id], LIVE)
        money = view.row.kind == ObligationKind.MONEY
        fitting = [n for n in found if n.obligation_id == view.id or money]
        return await self.deal(fitting[0].id) if fitting else None

    async def standing(self, view: View) -> Deal | None:
        """The newest agreement that stands (or is broken) about an obligation."""
        found = await self.rows.about([view.row.case_id], [view.id], STANDING)
        return await self.deal(found[0].id) if found else None

    # -- beginning -------------------------------------------------------------------------------

    async def open(self, view: View, mediator: str | None = None) -> Deal:
        """The negotiation about an obligation: the one under way, else a new one."""
        await self.work.ledger.obligation(view.id, lock=True)
        if (known := await self.live(view)) is not None:
            return known
        if view.standing.performed_on or view.row.ended_on:
            raise SettlementError("nothing_owed")
        await self._not_again_and_again(view)
        return await self._begin(view.case, view.id, [view], mediator)

    async def _not_again_and_again(self, view: View) -> None:
        """Nobody is reminded while people talk: to begin again and again would be a way out of every reminder."""
        if self.actor.kind != "party":
            return
        over = await self.rows.about([view.row.case_id], [view.id], (Status.REFUSED, Status.EXPIRED, Status.CLOSED))
        if sum(n.opened_at > self.now - AGAIN for n in over) >= TALKS:
            raise SettlementError("too_often", most=TALKS)

    async def open_case(self, case: CaseRow, mediator: str | None = None) -> Deal:
        """A negotiation about all money of a case that is still owed. SettlementError `talking_already`."""
        views = await self._ledger.views(case_ids=[case.id], work=self.work)
        for view in views:
            await self.work.ledger.obligation(view.id, lock=True)
        if await self.rows.about([case.id], None, LIVE):
            raise SettlementError("talking_already")
        left = [
            v for v in views if v.row.kind == ObligationKind.MONEY and v.standing.balance > 0 and not v.row.ended_on
        ]
        if not left:
            raise SettlementError("nothing_owed")
        return await self._begin(case, None, left, mediator)

    async def _begin(self, case: CaseRow, obligation: int | None, views: Sequence[View], mediator: str | None) -> Deal:
        mediator = mediator or case.mediator
        row = NegotiationRow(
            id=self._ids.new(self.now),
            case_id=case.id,
            obligation_id=obligation,
            stage=case.stage,
            status=Status.TALKING,
            opened_at=self.now,
            opened_by=self.actor.text,
            mediator=mediator,
            until=self._runs_out(),
            referred_at=self.now if mediator else None,
        )
        await self.rows.add(row)
        for view in views:
            # An agreement that stands goes on until a new one takes its place (和解规定第5条).
            if view.row.settlement not in (Settlement.NEGOTIATING, Settlement.AGREED):
                await self.book.settle(view.id, Settlement.NEGOTIATING, "settlement")
        return await self.deal(row.id)

    async def refer(self, negotiation_id: int, mediator: str) -> Deal:
        """Give it to a mediator: 委派 before enforcement, 委托 in enforcement."""
        deal = await self._live(negotiation_id)
        name = mediator.strip()[:64]
        if not name:
            raise SettlementError("no_name")
        await self._change(deal, mediator=name, referred_at=deal.row.referred_at or self.now)
        return await self.deal(deal.id)

    async def filed(self, negotiation_id: int, task: int) -> Deal:
        """Staff find it under this task."""
        await self.rows.change(NegotiationRow, negotiation_id, task=task)
        return await self.deal(negotiation_id)

    def _runs_out(self) -> datetime:
        return self.now + timedelta(days=self.policy.offer_days)

    # -- offers ----------------------------------------------------------------------------------

    async def offer(
        self, negotiation_id: int, side: Side, party_id: int | None, terms: Terms, relation: str = SELF
    ) -> Deal:
        """Put a version on the table; it takes the place of the one before."""
        deal = await self._live(negotiation_id)
        if deal.row.status == Status.ACCEPTED and side is not Side.MEDIATOR:
            raise SettlementError("accepted_already")
        if side is not Side.MEDIATOR and deal.side(party_id) is not side:
            raise SettlementError("not_yours")
        if len(deal.versions) >= VERSIONS:
            raise SettlementError("too_often", most=VERSIONS)
        check_terms(terms, self.today, act=deal.act)
        before = deal.current
        if before is not None:
            await self._note(before, AnswerKind.REPLACED, party_id)
        row = OfferRow(
            id=self._ids.new(self.now),
            negotiation_id=deal.id,
            number=len(deal.versions) + 1,
            side=side,
            party_id=party_id,
            relation=relation,
            made_at=self.now,
            made_by=self.actor.text,
            expires_at=self._runs_out(),
            held=side is not Side.MEDIATOR and self.policy.mediates(deal.case.court),
            owed=terms.owed,
            plan=[[p.amount, p.day.isoformat()] for p in terms.plan],
            base={str(v.id): [v.standing.balance, v.standing.settled] for v in deal.views},
            security=terms.security or None,
            fee=terms.fee,
            note=terms.note or None,
            answers=before.row.id if before and before.row.party_id != party_id else None,
        )
        await self.rows.add(row)
        await self._change(deal, status=Status.TALKING, offer_id=row.id, until=row.expires_at)
        return await self.deal(deal.id)

    async def pass_on(self, negotiation_id: int, words: str = "") -> Deal:
        """The mediator lets a version through; its time begins now."""
        deal, version = await self._on_table(negotiation_id)
        if version.status is not OfferStatus.HELD:
            raise SettlementError("not_held")
        await self._note(version, AnswerKind.PASSED, words=words)
        await self._change(deal, until=self._runs_out())
        return await self.deal(deal.id)

    async def give_back(self, negotiation_id: int, words: str) -> Deal:
        """The mediator does not let a version through, and says why."""
        deal, version = await self._on_table(negotiation_id)
        if version.status is not OfferStatus.HELD:
            raise SettlementError("not_held")
        await self._note(version, AnswerKind.RETURNED, words=_said(words))
        await self._change(deal, offer_id=None, until=self._runs_out())
        return await self.deal(deal.id)

    async def comment(self, negotiation_id: int, words: str) -> Deal:
        """The mediator says something about the version on the table."""
        deal, version = await self._on_table(negotiation_id)
        await self._note(version, AnswerKind.COMMENT, words=_said(words))
        return await self.deal(deal.id)

    async def withdraw(self, negotiation_id: int, offer_id: int, party_id: int) -> Deal:
        """Whoever made the version takes it back, and the negotiation ends."""
        deal, version = await self._on_table(negotiation_id, offer_id)
        if version.row.party_id != party_id:
            raise SettlementError("not_yours")
        if deal.row.status == Status.ACCEPTED:
            raise SettlementError("accepted_already")
        await self._note(version, AnswerKind.WITHDRAWN, party_id)
        return await self._end(deal, Status.CLOSED, "withdrawn")

    # -- answers ---------------------------------------------------------------------------------

    async def answer(
        self,
        negotiation_id: int,
        offer_id: int,
        party_id: int,
        *,
        yes: bool,
        words: str = "",
        relation: str = SELF,
        by_hand: bool = False,
    ) -> Deal:
        """A party accepts or refuses exactly one version; `replaced`, `expired`, `not_yours` … when it cannot.

        To accept twice is to accept once.
        """
        deal, version = await self._on_table(negotiation_id, offer_id)
        if version.status is OfferStatus.HELD:
            raise SettlementError("held")
        if party_id not in version.needed:
            raise SettlementError("not_yours")
        if not yes:
            await self._note(version, AnswerKind.REFUSED, party_id, words, relation, by_hand=by_hand)
            await self._change(deal, status=Status.TALKING, offer_id=None, until=self._runs_out())
            return await self.deal(deal.id)
        still_fits(version.terms, self.today)
        if party_id in version.waiting:
            await self._note(version, AnswerKind.ACCEPTED, party_id, words, relation, by_hand=by_hand)
        found = await self.deal(deal.id)
        if found.current is not None and not found.current.waiting and found.row.status == Status.TALKING:
            # From here on a person decides: it does not run out any more.
            await self._change(found, status=Status.ACCEPTED, until=None)
        return await self.deal(deal.id)

    # -- the agreement ---------------------------------------------------------------------------

    async def confirm(self, negotiation_id: int, why: str) -> Deal:
        """Everybody has accepted, and the ledger follows: new days and sums, the stage of settlement, reminders.

        SettlementError `not_all` while somebody has not answered; `stale` when its first day has gone by;
        `ledger_changed` when what is owed is another sum than the one that was talked about.
        """
        deal, version = await self._on_table(negotiation_id)
        if version.status is OfferStatus.HELD:
            raise SettlementError("held")
        if version.waiting:
            raise SettlementError("not_all", names=[deal.parties[p].name for p in version.waiting])
        still_fits(version.terms, self.today)
        earlier = await self._amended(deal)
        await self._note(version, AnswerKind.CONFIRMED, words=why)
        kept = await self._into_ledger(deal, version, why) | earlier
        await self._change(
            deal, status=Status.AGREED, until=None, agreed_at=self.now, amount=version.terms.total, before=kept
        )
        return await self.deal(deal.id)

    async def _amended(self, deal: Deal) -> dict[str, Any]:
        """An agreement that stood until now gives way; what it had replaced stays what a breach leads back to."""
        kept: dict[str, Any] = {}
        mine = [v.id for v in deal.views]
        for row in await self.rows.about([deal.row.case_id], mine, STANDING):
            if row.id == deal.id:
                continue
            kept = {o: b for o, b in (row.before or {}).items() if int(o) in mine} | kept
            await self.rows.change(
                NegotiationRow, row.id, status=next_status(row.status, Status.AMENDED).value, closed_at=self.now
            )
        return kept

    async def _into_ledger(self, deal: Deal, version: Version, why: str) -> dict[str, Any]:
        """Write the terms into the ledger; the answer is how it was before."""
        terms, base, before = version.terms, version.row.base or {}, {}
        shares: dict[int, list[Part]] = {}
        if not deal.act:
            shares = divide(terms.plan, _weights(deal, base))
        for view in deal.views:
            was = base.get(str(view.id))
            if was is not None and sum(was) != view.row.amount:
                raise SettlementError("ledger_changed")
            plan = [[i.amount, i.due_on.isoformat()] for i in view.instalments]
            grace = None
            latest = max((i.expected_on for i in view.instalments if i.done_on is None), default=self.today)
            if terms.delay and terms.plan[-1].day > latest:
                grace = await self.book.grant_grace(view.id, terms.plan[-1].day, why)
            elif deal.act:
                await self._replan(view, [Part(0, terms.plan[-1].day)], why)
            elif shares.get(view.id):
                first = min(i.due_on for i in view.instalments)
                settled = was[1] if was else view.standing.settled
                await self._replan(view, whole_plan(shares[view.id], settled, view.standing.settled, first), why)
            await self.book.settle(view.id, Settlement.AGREED, why)
            before[str(view.id)] = {"plan": plan, "grace": grace}
        return before

    async def _replan(self, view: View, parts: Sequence[Part], why: str) -> None:
        """New days and sums; a grace period for the old ones would move them, and goes."""
        for grace in view.graces:
            if not grace.lifted:
                await self.book.lift_grace(grace.id, why)
        await self.book.replan(view.id, [Planned(p.amount, p.day) for p in parts], why)

    async def sign(self, negotiation_id: int, words: str = "") -> Deal:
        """The written agreement is signed by all and handed to the court (和解规定第2条)."""
        deal = await self.deal(negotiation_id, lock=True)
        version = deal.current
        if version is None:
            raise SettlementError("nothing_open")
        _ = next_status(deal.row.status, Status.SIGNED)
        await self._note(version, AnswerKind.SIGNED, words=words)
        # Signed late does not mend what is broken.
        status = deal.row.status if deal.row.status == Status.BROKEN else Status.SIGNED
        await self.rows.change(NegotiationRow, deal.id, status=str(status), signed_at=self.now)
        return await self.deal(deal.id)

    # -- ends ------------------------------------------------------------------------------------

    async def close(self, negotiation_id: int, status: Status, why: str) -> Deal:
        """End a negotiation under way: refused, closed, expired, urged."""
        return await self._end(await self._live(negotiation_id), status, why)

    async def run_out(self, negotiation_id: int) -> Deal | None:
        """Its time is over: expired, or refused where the last word was a refusal; None when it is not so any more."""
        deal = await self.deal(negotiation_id, lock=True)
        if deal.row.status not in LIVE or deal.row.until is None or deal.row.until > self.now:
            return None
        version = deal.current
        if version is not None:
            await self._note(version, AnswerKind.EXPIRED)
            return await self._end(deal, Status.EXPIRED, "expired")
        last = deal.versions[-1].status if deal.versions else OfferStatus.EXPIRED
        refused = last is OfferStatus.REFUSED
        return await self._end(deal, Status.REFUSED if refused else Status.EXPIRED, last.value)

    async def performed(self, negotiation_id: int) -> Deal | None:
        """Nothing is left to do: an agreement is kept, a negotiation without one has urged somebody to perform."""
        deal = await self.deal(negotiation_id, lock=True)
        if any(v.standing.performed_on is None and v.row.ended_on is None for v in deal.views):
            return None
        done = any(v.standing.performed_on for v in deal.views)
        if deal.row.status in LIVE:
            return await self._end(deal, Status.URGED if done else Status.CLOSED, "performed" if done else "ended")
        if deal.row.status not in STANDING:
            return None
        await self._change(deal, status=Status.KEPT if done else Status.AMENDED, closed_at=self.now)
        return await self.deal(deal.id)

    async def break_off(self, negotiation_id: int) -> Deal:
        """An agreement is not kept: noted in the ledger."""
        deal = await self.deal(negotiation_id, lock=True)
        await self._change(deal, status=Status.BROKEN, broken_at=deal.row.broken_at or self.now)
        for view in deal.views:
            if view.row.settlement == Settlement.AGREED:
                await self.book.settle(view.id, Settlement.BROKEN, "overdue")
        return await self.deal(deal.id)

    async def mend(self, negotiation_id: int) -> Deal:
        """What was late has been paid: the agreement stands again."""
        deal = await self.deal(negotiation_id, lock=True)
        await self._change(deal, status=Status.SIGNED if deal.row.signed_at else Status.AGREED)
        for view in deal.views:
            if view.row.settlement == Settlement.BROKEN:
                await self.book.settle(view.id, Settlement.AGREED, "paid")
        return await self.deal(deal.id)

    async def resume(self, negotiation_id: int, why: str) -> Deal:
        """The original basis is enforced again: the ledger has its days and sums back, what was paid counts (和解规定第17条)."""
        deal = await self.deal(negotiation_id, lock=True)
        _ = next_status(deal.row.status, Status.RESUMED)
        for view in deal.views:
            was = (deal.row.before or {}).get(str(view.id))
            if was is None:
                continue
            if was["grace"] and any(g.id == was["grace"] and not g.lifted for g in view.graces):
                await self.book.lift_grace(was["grace"], _said(why))
            await self.book.replan(view.id, [Planned(a, date.fromisoformat(d)) for a, d in was["plan"]], _said(why))
        await self._change(deal, status=Status.RESUMED, closed_at=self.now, closed_why=why)
        return await self.deal(deal.id)

    # -- inside ----------------------------------------------------------------------------------

    async def _live(self, negotiation_id: int) -> Deal:
        deal = await self.deal(negotiation_id, lock=True)
        if deal.row.status not in LIVE:
            raise SettlementError("over", status=deal.row.status)
        return deal

    async def _on_table(self, negotiation_id: int, offer_id: int | None = None) -> tuple[Deal, Version]:
        """The version on the table; `replaced` when another one was meant, `expired` when its time is over."""
        deal = await self._live(negotiation_id)
        version = deal.current
        if offer_id is not None and (version is None or version.row.id != offer_id):
            meant = next((v for v in deal.versions if v.row.id == offer_id), None)
            raise SettlementError(meant.status.value if meant else "none")
        if version is None:
            raise SettlementError("nothing_open")
        if deal.row.until is not None and deal.row.until <= self.now:
            raise SettlementError("expired")
        return deal, version

    async def _end(self, deal: Deal, status: Status, why: str) -> Deal:
        await self._change(deal, status=status, offer_id=None, until=None, closed_at=self.now, closed_why=why)
        for view in deal.views:
            other = await self.rows.about([view.row.case_id], [view.id], LIVE)
            if view.row.settlement == Settlement.NEGOTIATING and not any(n.id != deal.id for n in other):
                await self.book.settle(view.id, Settlement.FAILED, why)
        return await self.deal(deal.id)

    async def _change(self, deal: Deal, **values: Any) -> None:
        status = values.get("status")
        if status is not None:
            values["status"] = (status if status == deal.row.status else next_status(deal.row.status, status)).value
        await self.rows.change(NegotiationRow, deal.id, **values)

    async def _note(
        self,
        version: Version,
        kind: AnswerKind,
        party_id: int | None = None,
        words: str = "",
        relation: str | None = None,
        *,
        by_hand: bool = False,
    ) -> None:
        row = OfferAnswerRow(
            id=self._ids.new(self.now),
            negotiation_id=version.row.negotiation_id,
            offer_id=version.row.id,
            kind=kind,
            at=self.now,
            made_by=self.actor.text,
            digest=version.digest,
            party_id=party_id,
            relation=relation,
            by_hand=by_hand,
            words=words.strip()[:WORDS] or None,
        )
        await self.rows.add(row)


def _version(row: OfferRow, answers: Sequence[OfferAnswerRow], needed: Iterable[int]) -> Version:
    plan = tuple(Part(a, date.fromisoformat(d)) for a, d in row.plan)
    terms = Terms(plan, row.owed, row.security or "", Fee(row.fee), row.note or "")
    return Version(row, terms, digest(terms, row.negotiation_id, row.number), answers, list(needed))


def _weights(deal: Deal, base: dict[str, list[int]]) -> dict[int, int]:
    """What was owed on each obligation when the offer was made, in 分."""
    return {v.id: base[str(v.id)][0] if str(v.id) in base else v.standing.balance for v in deal.views}


def _said(words: str) -> str:
    """Words that must not be missing. SettlementError `reason`."""
    if not words.strip():
        raise SettlementError("reason")
    return words
