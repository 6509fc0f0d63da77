"""A turn of somebody who is bound to a party: who they are, which case it is about, who else hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from bot.core.clock import Clock, local_day
from bot.core.ids import Ids
from bot.core.texts import Texts
from bot.dialogue.flows.model import Choice, Say, yuan
from bot.dialogue.model import Button, Reply, quoted, rows
from bot.dialogue.turn import Turn
from bot.dialogue.words import Words
from bot.ledger.book import Book
from bot.ledger.model import Actor, Role, Status
from bot.ledger.service import Ledger, View
from bot.reach.files import Files
from bot.reach.intents import Replies
from bot.reach.model import BindingStatus
from bot.reach.register import Register
from bot.reach.service import Reach
from bot.store.reach_rows import BindingRow, FlowState, PartyMessageRow
from bot.store.reminder_rows import NewTask

CLOSED = (Status.PERFORMED, Status.ENDED)


@dataclass(frozen=True, slots=True)
class PartySettings:
    """What a court decides about the debtor's chat."""

    admins: frozenset[int] = frozenset()
    retention_days: int = 730
    messages_per_minute: int = 20
    ask_creditor: tuple[str, ...] = ("*",)  # courts whose creditors are asked about a proposal

    def asks_creditor(self, court: str) -> bool:
        """Whether that court wants the creditor to be asked."""
        return "*" in self.ask_creditor or court in self.ask_creditor


@dataclass(frozen=True, slots=True)
class House:
    """What the party's side of the dialogue needs of the rest of the program."""

    ledger: Ledger
    reach: Reach
    replies: Replies
    words: Words
    files: Files
    clock: Clock
    ids: Ids
    settings: PartySettings
    where: Callable[[str], str]  # place, hours and account of a court
    channel: str = "telegram"

    @property
    def texts(self) -> Texts:
        """The text catalogue."""
        return self.words.texts


@dataclass(slots=True)
class Scene:
    """One turn, with everything that is known about the one whose turn it is."""

    house: House
    turn: Turn
    bindings: list[BindingRow]
    flow: FlowState | None
    obligation: int | None = None
    delivery: int | None = None
    party: int | None = None
    said_elsewhere: dict[int, tuple[int, int | None]] = field(default_factory=dict)

    @property
    def texts(self) -> Texts:
        """The text catalogue."""
        return self.house.texts

    @property
    def today(self) -> date:
        """The day in Shanghai."""
        return local_day(self.turn.now)

    @property
    def proven(self) -> list[BindingRow]:
        """The parties whose cases may be shown here."""
        return [b for b in self.bindings if b.status == BindingStatus.PROVEN]

    @property
    def linked(self) -> BindingRow | None:
        """The newest party for whom identity is not proven yet."""
        waiting = (BindingStatus.LINKED, BindingStatus.LOCKED)
        return next((b for b in reversed(self.bindings) if b.status in waiting), None)

    def actor(self) -> Actor:
        """Whoever is at this chat."""
        return Actor("party", self.turn.conversation.person)

    def book(self) -> Book:
        """The ledger, in this turn's transaction."""
        return self.house.ledger.within(self.turn.work, self.actor())

    def register(self) -> Register:
        """The register of chats, in this turn's transaction."""
        return self.house.reach.within(self.turn.work, self.actor())

    # -- which case ------------------------------------------------------------------------------

    async def views(self, role: Role | None = Role.DEBTOR, *, closed: bool = False) -> list[View]:
        """The obligations of the parties of this chat, as far as something is left to do."""
        found: dict[int, View] = {}
        for binding in self.proven:
            for view in await self.house.ledger.of_party(binding.party_id, role, self.turn.work):
                if closed or view.standing.status not in CLOSED:
                    found[view.id] = view
        return list(found.values())

    async def view(self, obligation_id: int) -> View | None:
        """An obligation, if a party of this chat stands on one of its sides."""
        own = {b.party_id for b in self.proven}
        found = await self.house.ledger.obligation(obligation_id, self.turn.work)
        return found if found and own & {s.party_id for s in found.sides} else None

    def side(self, view: View) -> tuple[int, Role]:
        """As whom this chat speaks about an obligation: (party, role)."""
        own = {b.party_id for b in self.proven}
        for role in (Role.DEBTOR, Role.CREDITOR, Role.THIRD_PARTY):
            for side in view.sides:
                if side.party_id in own and side.role == role:
                    return side.party_id, role
        raise LookupError("this chat has no part in that obligation")

    def about(self, obligation: int | None, party: int | None = None, delivery: int | None = None) -> None:
        """What this turn belongs to, for the log."""
        self.obligation, self.party = obligation, party
        self.delivery = delivery or self.delivery

    # -- saying ----------------------------------------------------------------------------------

    def phrase(self, key: str, **params: object) -> str:
        """A catalogue sentence; days among its parameters are written out with their weekday."""
        return self.texts(key, **worded(self.texts, params))

    def say(self, key: str, *buttons: Button, **params: object) -> None:
        """A catalogue sentence in this chat."""
        self.turn.say(Reply(self.phrase(key, **params), rows(buttons), key))

    def say_text(self, text: str, key: str, *buttons: Button) -> None:
        """Words that are no catalogue sentence, such as a court's place and hours."""
        self.turn.say(Reply(text, rows(buttons), key))

    def button(self, key: str, data: str, **params: object) -> Button:
        """A button with a label of the catalogue."""
        return Button(self.texts(key, **params), data)

    async def tell_party(
        self, party_id: int, obligation_id: int, key: str, *buttons: tuple[str, str], **params: object
    ) -> int:
        """Say something in every proven chat of a party; in how many it could be said."""
        told = 0
        for binding in await self.turn.work.reach.bindings_of([party_id]):
            here = binding.conversation_id == self.turn.conversation.id
            if binding.status != BindingStatus.PROVEN or here:
                continue
            conversation = await self.turn.work.conversations.get(binding.conversation_id)
            if conversation is None or conversation.unreachable:
                continue
            made = rows((Button(self.texts(label), data) for label, data in buttons), 2)
            self.turn.say_to(conversation, Reply(self.phrase(key, **params), made, key))
            self.said_elsewhere[conversation.id] = (obligation_id, party_id)
            told += 1
        return told

    async def task(self, task: NewTask) -> int | None:
        """Work for a person, told to the administrators; None when it stands already."""
        number = await self.turn.work.tasks.add(task, self.turn.now)
        if number is not None:
            text = self.texts(
                "clerk.new", number=number, kind=self.texts(f"clerk.kind.{task.kind}"), note=quoted(task.note or "-")
            )
            how = self.texts(f"clerk.how.{task.kind}", number=number)
            for admin in sorted(self.house.settings.admins):
                self.turn.tell(self.house.channel, admin, Reply(f"{text}\n{how}", key="clerk.new"))
        return number

    # -- log -------------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Write which obligation and delivery the turn's messages belong to."""
        kept = []
        here = self.turn.conversation.id
        for message in self.turn.messages:
            if message.conversation_id == here:
                obligation, party, delivery = self.obligation, self.party, self.delivery
            else:
                obligation, party = self.said_elsewhere.get(message.conversation_id, (None, None))
                delivery = None
            if obligation is not None:
                kept.append(
                    PartyMessageRow(
                        message_id=message.id,
                        obligation_id=obligation,
                        conversation_id=message.conversation_id,
                        at=message.at,
                        delivery_id=delivery,
                        party_id=party,
                        external_id=message.external_id if message.direction == "in" else None,
                    )
                )
        await self.turn.work.reach.add(kept)


def matter(view: View) -> str:
    """Which obligation is meant, as people recognise it."""
    return f"{view.case.number} {view.row.label}"


def rendered(texts: Texts, say: Say, prefix: str) -> Reply:
    """A path's sentence with its buttons, whose data begin with `prefix`."""
    params = worded(texts, say.params)
    if "way" in params:
        params["way"] = texts(f"party.way.{params['way']}")
    buttons = [Button(_label(texts, c), f"{prefix}:{c.code}") for c in say.choices]
    return Reply(texts(say.key, **params), rows(buttons), say.key)


def worded(texts: Texts, params: Mapping[str, object]) -> dict[str, object]:
    """Parameters as a sentence takes them: a day with its weekday, since 下周三 is easily misheard."""
    return {k: spelled(texts, v) if isinstance(v, date) else v for k, v in params.items()}


def spelled(texts: Texts, day: date) -> str:
    """A day in full."""
    weekday = texts(f"party.weekday.{day.isoweekday()}")
    return texts("party.day", year=day.year, month=day.month, day=day.day, weekday=weekday)


def _label(texts: Texts, choice: Choice) -> str:
    return texts(choice.label, **choice.params)


def sums(view: View) -> dict[str, object]:
    """The sums of an obligation for a sentence."""
    s = view.standing
    return {"amount": yuan(view.row.amount), "settled": yuan(s.settled), "balance": yuan(s.balance)}
