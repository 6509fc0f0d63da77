"""Cases for stories: courts, parties with numbers that they can prove, obligations; through the real ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.core.clock import local_day
from bot.ledger.model import Actor, NewCase, NewObligation, NewParty, ObligationKind, PartyKind, Planned
from bot.ledger.service import View
from tests.world import TEXTS, Person, World, plain

STAFF = Actor("staff", "story")
# Valid by their check digits, of nobody.
NUMBERS = {
    "李四": "52040219800101001X",
    "王五": "520402198506152347",
    "赵六": "520402197003033316",
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(serial: int) -> str:
    """The number of an invented person, with its right check digit."""
    body = f"5204021980{1 + serial // 28 % 12:02d}{1 + serial % 28:02d}{serial % 1000:03d}"
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, _WEIGHTS, strict=True)) % 11]


@dataclass(frozen=True)
class Owed:
    """A case with one obligation, and whom it is about."""

    obligation: int
    debtor: int
    creditor: int
    case: str
    number: str  # the debtor's
    creditor_number: str


async def owes(
    world: World,
    debtor: str,
    creditor: str = "王小二",
    amount: int = 6_047_500,
    due: date | None = None,
    *,
    case: str = "（2026）黔0402执123号",
    label: str = "货款",
    plan: tuple[Planned, ...] = (),
    serial: int = 1,
    act: str | None = None,
) -> Owed:
    """Somebody owes somebody a sum (分), due in a week unless said otherwise."""
    day = due or date.fromordinal(local_day(world.clock.now()).toordinal() + 7)
    numbers = id_number(serial), id_number(sum(map(ord, creditor)) % 400 + 500)
    async with world.bot.services.ledger.change(STAFF) as book:
        known = await book.rows.case_numbered(case)
        case_id = (
            known.id if known else await book.open_case(NewCase("xixiu", case, cause="买卖合同", responsible="陈法官"))
        )
        debtor_id = await book.party(NewParty(debtor, PartyKind.PERSON, numbers[0], "13800000001"), case_id)
        creditor_id = await book.party(NewParty(creditor, PartyKind.PERSON, numbers[1]), case_id)
        kind = ObligationKind.ACT if act else ObligationKind.MONEY
        parts = plan or (Planned(0 if act else amount, day),)
        new = NewObligation(label, kind, parts, act=act, creditors=((creditor_id, None),))
        obligation = await book.owe(case_id, debtor_id, new)
    return Owed(obligation, debtor_id, creditor_id, case, numbers[0], numbers[1])


async def link(world: World, party: int) -> str:
    """A one-time link as the counter makes it: what follows `?start=`."""
    return await world.bot.services.reach.make_link(party, STAFF)


async def opens(world: World, person: Person, start: str) -> None:
    """Somebody scans the code."""
    person.actor.starts(start)
    await world.settled()


async def bind(world: World, person: Person, party: int, name: str, number: str) -> None:
    """Somebody opens a fresh link and proves who they are."""
    await opens(world, person, await link(world, party))
    await person.taps("party.button.consent")
    await person.says(name)
    await person.says(number[-6:])
    await person.hears("核验通过")


async def view(world: World, owed: Owed) -> View:
    """The obligation as it stands now."""
    found = await world.bot.services.ledger.obligation(owed.obligation)
    assert found is not None
    return found


async def remind(world: World) -> None:
    """Let the bot plan and send what is due at this moment."""
    world.bot.services.courier.wake()
    await world.bot.services.courier.round()
    await world.settled()


async def task(world: World, kind: str) -> int:
    """The number of the one open task of that kind."""
    async with world.bot.services.store.work() as work:
        tasks = await work.tasks.open(kind)
    assert len(tasks) == 1, [t.kind for t in tasks]
    return tasks[0].number


def said(person: Person) -> str:
    """Everything that the bot has said to somebody."""
    return "\n".join(person.heard())


def words(key: str, **params: object) -> str:
    """A catalogue text as it is seen."""
    return plain(TEXTS(key, **params))
