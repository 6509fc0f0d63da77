"""Who did something in the ledger, by name: staff, parties, and those who act for a party."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.texts import Texts
from bot.ledger.service import View
from bot.reach.model import Relation
from bot.store.reach_rows import BindingRow
from bot.store.work import Work


async def names(work: Work, actors: Iterable[str], view: View, texts: Texts) -> dict[str, str]:
    """What to call each of these actors of the ledger (`staff:7`, `party:…`, `operator:root`, `system`)."""
    wanted = set(actors)
    people = {a.partition(":")[2] for a in wanted if a.startswith("party:")}
    bound = await work.reach.bound_people(people) if people else {}
    accounts = {f"staff:{a.id}": a.name for a in await work.staff.accounts()}
    found = {}
    for actor in wanted:
        kind, _, key = actor.partition(":")
        one = texts(f"ledger.actor.{kind}") if f"ledger.actor.{kind}" in texts else texts("ledger.actor.system")
        found[actor] = accounts.get(actor) or party(bound.get(key, []), view, texts) or one
    return found


def party(bound: Iterable[BindingRow], view: View, texts: Texts) -> str:
    """The name of whoever is bound so to a party of this obligation; empty when it is none of them."""
    for binding in bound:
        name = view.parties[binding.party_id].name if binding.party_id in view.parties else ""
        if name and binding.relation != Relation.SELF:
            return texts("ledger.actor.acting", name=binding.name or "", party=name).strip()
        if name:
            return name
    return ""
