"""Who is bound to which chat: changes within one transaction, each with its event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.clock import Clock
from bot.core.ids import Ids
from bot.ledger import identity
from bot.ledger.model import PROOF_LENGTH, Actor, Broken
from bot.reach.model import (
    LINK_PREFIX,
    PRIVACY_VERSION,
    TRIES,
    BindingStatus,
    EventKind,
    Outcome,
    ReachError,
    Relation,
    Way,
    new_token,
)
from bot.reach.saying import said_characters, said_name
from bot.store.reach import as_json
from bot.store.reach_rows import BindingRow, LinkRow, ReachEventRow
from bot.store.work import Work


@dataclass(frozen=True, slots=True)
class Checked:
    """What a proof of identity gave; `proven` None when there was nothing to compare."""

    proven: bool | None
    left: int


class Register:
    """The register of bound chats in one transaction, in the hand of one actor; the opener commits."""

    def __init__(self, work: Work, clock: Clock, ids: Ids, actor: Actor) -> None:
        self.work = work
        self.rows = work.reach
        self.now: datetime = clock.now()
        self.actor = actor.text
        self._ids = ids

    # -- links -----------------------------------------------------------------------------------

    async def make_link(self, party_id: int, lives: timedelta, *, helper: bool = False) -> str:
        """A fresh link for a party. Whoever has several cases gets several: any of them serves, once.

        The answer is what follows `?start=`; it is not kept. ReachError `no_party`, or `no_number` when
        nothing is known by which the person could prove who they are.
        """
        found = (await self.work.ledger.parties([party_id])).get(party_id)
        if found is None:
            raise ReachError("no_party")
        if not helper and not found.provable:
            raise ReachError("no_number")
        token = new_token()
        if helper:  # one person asks for one helper at a time
            await self.rows.revoke_links(party_id, self.now, helper=True)
        key = self.rows.token_key(token)
        link = LinkRow(self._id(), key, party_id, helper, self.now, self.actor, self.now + lives)
        await self.rows.add([link, self.event(EventKind.LINK_MADE, party_id, detail={"helper": helper})])
        return LINK_PREFIX + token

    async def open_link(self, start: str, conversation_id: int) -> tuple[LinkRow, BindingRow] | None:
        """The first chat takes the link; None for any other, a late one, or no link at all.

        The chat that took it may open it again, and so may whoever is proven there already, be it with the
        code of another notice. Whether the link existed is not told to anybody.
        """
        link = await self.rows.link(start.removeprefix(LINK_PREFIX))
        if link is None:
            return None
        binding = await self.rows.binding(link.party_id, conversation_id)
        if binding and binding.status == BindingStatus.PROVEN and not link.helper:
            return link, binding
        again = link.used_by == conversation_id and link.revoked_at is None
        if not again and not await self.rows.use_link(link.id, conversation_id, self.now):
            await self.rows.add([self.event(EventKind.LINK_REFUSED, link.party_id, conversation_id)])
            return None
        if binding is None:
            binding = self._bound(link, conversation_id)
            await self.rows.add([binding, self.event(EventKind.LINK_USED, link.party_id, conversation_id)])
        elif not again and binding.status in _LINKED_ANEW:
            # A link that staff made since then, for this very person, begins the count of tries anew;
            # one from an older envelope does not.
            anew = link.made_at >= binding.changed_at
            status = BindingStatus.ASKED if link.helper else BindingStatus.LINKED
            if binding.status == BindingStatus.LOCKED and not anew:
                status = BindingStatus.LOCKED
            tries = 0 if anew else binding.tries
            binding = await self._change(binding, status=status, tries=tries, stopped=False)
            await self.rows.add([self.event(EventKind.LINK_USED, link.party_id, conversation_id)])
        return link, binding

    def _bound(self, link: LinkRow, conversation_id: int) -> BindingRow:
        status = BindingStatus.ASKED if link.helper else BindingStatus.LINKED
        relation = Relation.FAMILY if link.helper else Relation.SELF
        return BindingRow(self._id(), link.party_id, conversation_id, relation, status, self.now, self.now)

    # -- identity --------------------------------------------------------------------------------

    async def consent(self, binding: BindingRow) -> BindingRow:
        """They agreed to the privacy notice, in this version."""
        await self._note(EventKind.CONSENT, binding, {"version": PRIVACY_VERSION})
        return await self._change(binding, consent_at=self.now, consent_to=PRIVACY_VERSION)

    async def decline(self, binding: BindingRow) -> None:
        """They do not agree: nothing more is asked, and nothing sent."""
        await self._note(EventKind.DECLINED, binding)
        await self._change(binding, status=BindingStatus.DECLINED)

    async def check(self, binding: BindingRow, name: str, tail: str) -> Checked:
        """Compare name and last characters; a wrong pair costs a try, and after `TRIES` the chat is locked.

        The last characters alone are enough when somebody typed the whole number and it was masked
        before it was stored: then there is nothing to compare and no try is lost.
        """
        left = TRIES - binding.tries
        given = identity.tail(said_characters(tail))
        if binding.status == BindingStatus.LOCKED or left <= 0:
            return Checked(proven=False, left=0)
        if len(given) < PROOF_LENGTH or "*" in tail:
            return Checked(proven=None, left=left)
        for said in dict.fromkeys((_name(name), _name(said_name(name)))):
            if await self.work.ledger.tail_matches(binding.party_id, said, given):
                return Checked(proven=True, left=left)
        left -= 1
        await self._note(EventKind.PROOF_FAILED, binding, {"left": left})
        status = binding.status if left else BindingStatus.LOCKED
        await self._change(binding, tries=binding.tries + 1, status=status)
        if not left:
            await self._note(EventKind.LOCKED, binding)
        return Checked(proven=False, left=left)

    async def prove(self, binding: BindingRow) -> list[BindingRow]:
        """Identity is proven; the answer is the party's other accounts, which this one replaces."""
        await self._note(EventKind.PROVEN, binding)
        await self.rows.revoke_links(binding.party_id, self.now, helper=False)  # those of other notices
        await self._change(binding, status=BindingStatus.PROVEN, proven_at=self.now, tries=0, stopped=False)
        earlier = [
            b
            for b in await self.rows.bindings_of([binding.party_id])
            if b.id != binding.id and b.relation == Relation.SELF and b.status == BindingStatus.PROVEN
        ]
        for other in earlier:
            await self._note(EventKind.REPLACED, other)
            await self._change(other, status=BindingStatus.REPLACED)
        return earlier

    async def wrong_person(self, binding: BindingRow) -> BindingRow:
        """不是本人: nothing about this party goes to that chat any more."""
        await self._note(EventKind.WRONG_PERSON, binding)
        return await self._change(binding, status=BindingStatus.WRONG)

    async def not_wrong(self, binding: BindingRow) -> BindingRow:
        """Pressed by mistake: the chat is linked again, and identity must be proven again."""
        await self._note(EventKind.NOT_WRONG, binding)
        return await self._change(binding, status=BindingStatus.LINKED)

    # -- helpers ---------------------------------------------------------------------------------

    async def helper_asks(self, binding: BindingRow, name: str, relation: Relation) -> BindingRow:
        """A lawyer or family member has told who they are; the party must agree."""
        await self._note(EventKind.HELPER_ASKED, binding, {"name": name, "relation": relation})
        return await self._change(binding, name=name, relation=relation)

    async def helper_decided(self, binding: BindingRow, *, agreed: bool) -> BindingRow:
        """The party's word."""
        await self._note(EventKind.HELPER_AGREED if agreed else EventKind.HELPER_REFUSED, binding)
        status = BindingStatus.PROVEN if agreed else BindingStatus.DECLINED
        return await self._change(binding, status=status, proven_at=self.now if agreed else None)

    async def helper_ended(self, binding: BindingRow) -> BindingRow:
        """The party takes it back."""
        await self._note(EventKind.HELPER_ENDED, binding)
        return await self._change(binding, status=BindingStatus.ENDED)

    # -- wishes ----------------------------------------------------------------------------------

    async def stop(self, conversation_id: int) -> bool:
        """No more reminders and no education to this chat; False when there was nothing to stop."""
        bindings = await self.rows.bindings_of_chat(conversation_id)
        for binding in bindings:
            if not binding.stopped:
                await self._note(EventKind.STOPPED, binding)
                await self._change(binding, stopped=True)
        subscribed = await self.rows.unsubscribe(conversation_id)
        if subscribed:
            await self.rows.add([self.event(EventKind.UNSUBSCRIBED, None, conversation_id)])
        return bool(bindings) or subscribed

    async def resume(self, conversation_id: int) -> bool:
        """Reminders again; False when none were stopped."""
        stopped = [b for b in await self.rows.bindings_of_chat(conversation_id) if b.stopped]
        for binding in stopped:
            await self._note(EventKind.RESUMED, binding)
            await self._change(binding, stopped=False)
        return bool(stopped)

    async def subscribe(self, conversation_id: int) -> None:
        """Wants to read about the law now and then."""
        await self.rows.subscribe(conversation_id, self.now)
        await self.rows.add([self.event(EventKind.SUBSCRIBED, None, conversation_id)])

    async def outcome(self, party_id: int, way: Way, outcome: Outcome, note: str = "") -> None:
        """What came of a call, a text message, a visit. ReachError `no_party`."""
        if party_id not in await self.work.ledger.parties([party_id]):
            raise ReachError("no_party")
        detail = {"way": way.value, "outcome": outcome.value} | ({"note": note} if note else {})
        await self.rows.add([self.event(EventKind.OUTCOME, party_id, detail=detail)])

    # -- writing ---------------------------------------------------------------------------------

    def event(
        self,
        kind: EventKind,
        party_id: int | None,
        conversation_id: int | None = None,
        detail: dict[str, Any] | None = None,
    ) -> ReachEventRow:
        """What happened, by whom."""
        written = as_json(detail) if detail else None
        return ReachEventRow(self._id(), party_id, conversation_id, self.now, kind, self.actor, written)

    async def _note(self, kind: EventKind, binding: BindingRow, detail: dict[str, Any] | None = None) -> None:
        await self.rows.add([self.event(kind, binding.party_id, binding.conversation_id, detail)])

    async def _change(self, binding: BindingRow, **values: Any) -> BindingRow:
        await self.rows.change(BindingRow, binding.id, **values, changed_at=self.now)
        return replace(binding, **values, changed_at=self.now)

    def _id(self) -> int:
        return self._ids.new(self.now)


_LINKED_ANEW = (
    BindingStatus.LINKED,
    BindingStatus.LOCKED,
    BindingStatus.DECLINED,
    BindingStatus.WRONG,
    BindingStatus.REPLACED,
    BindingStatus.ENDED,
)


def _name(text: str) -> str:
    try:
        return identity.name(text)
    except Broken:
        return text


def own(bindings: Iterable[BindingRow]) -> list[BindingRow]:
    """Those bindings through which a chat may see a party's cases."""
    return [b for b in bindings if b.status == BindingStatus.PROVEN]
