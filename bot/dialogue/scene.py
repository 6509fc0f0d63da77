"""A turn of somebody who is bound to a party: who they are, which case it is about, who else hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from bot.consult.model import Instrument
from bot.core.clock import Clock, local_day
from bot.core.ids import Ids
from bot.core.texts import Texts
from bot.dialogue.desk import Desk
from bot.dialogue.flows import LEADS
from bot.dialogue.flows.model import CARRY, Choice, Say, yuan
from bot.dialogue.model import Button, Reply, quoted, rows
from bot.dialogue.turn import Turn
from bot.dialogue.voice import Voice
from bot.dialogue.words import Words
from bot.guide.dated import Dated
from bot.guide.documents.service import Papers
from bot.guide.reading import Cues
from bot.guide.service import Calculators
from bot.guide.settlement.service import Settlements
from bot.ledger.book import Book
from bot.ledger.model import Actor, Role, Status
from bot.ledger.service import Ledger, View
from bot.reach.files import Files
from bot.reach.intents import Replies
from bot.reach.model import BindingStatus
from bot.reach.register import Register
from bot.reach.service import Reach
from bot.staff.model import NOBODY, Right, Who
from bot.staff.service import Staff
from bot.store.reach_rows import BindingRow, FlowState, PartyMessageRow
from bot.store.reminder_rows import NewTask
from bot.store.work import Work

CLOSED = (Status.PERFORMED, Status.ENDED)


@dataclass(frozen=True, slots=True)
class PartySettings:
    """What a court decides about the debtor's chat."""

    admins: frozenset[int] = frozenset()
    retention_days: int = 730
    document_days: int = 7  # what was answered for a document is deleted after so many
    messages_per_minute: int = 20
    ask_creditor: tuple[str, ...] = ("*",)  # courts whose creditors are asked about a proposal

    def asks_creditor(self, court: str) -> bool:
        """Whether that court wants the creditor to be asked."""
        return "*" in self.ask_creditor or court in self.ask_creditor


@dataclass(frozen=True, slots=True)
class Entered:
    """A first visit that has been entered: what the person is told."""

    label: str
    court: str
    materials: tuple[str, ...]


class Reception(Protocol):
    """The reception as far as the dialogue knows it."""

    async def enter(self, work: Work, conversation_id: int, given: Mapping[str, Any]) -> Entered:
        """Register a first visit within the turn; Refused when a rule is broken."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """What the party's side of the dialogue needs of the rest of the program."""

    ledger: Ledger
    settlements: Settlements
    reach: Reach
    replies: Replies
    words: Words
    desk: Desk
    files: Files
    clock: Clock
    ids: Ids
    settings: PartySettings
    where: Callable[[str], str]  # place, hours and account of a court
    calculators: Calculators
    cues: Cues  # which words ask for a calculation
    dated: Dated  # reminders of days that were worked out
    laws: Callable[[], Mapping[str, Instrument]]
    staff: Staff
    papers: Papers
    reception: Callable[[], Reception]
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
    who: Who = NOBODY  # whose command it is, where it is one of staff
    subject: tuple[str, str] | None = None  # what a command of staff is about, as the audit log names it
    acts: dict[int, int] = field(default_factory=dict)  # obligation → the party for whom this chat acts in it

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
        own: list[tuple[int, int | None]] = [(b.party_id, None) for b in self.proven]
        for party, case in own + await self._acting():
            for view in await self.house.ledger.of_party(party, role, self.turn.work):
                if case in (None, view.row.case_id) and (closed or view.standing.status not in CLOSED):
                    if case is not None:
                        self.acts.setdefault(view.id, party)
                    found[view.id] = view
        return list(found.values())

    async def view(self, obligation_id: int) -> View | None:
        """An obligation, if a party of this chat stands on one of its sides, or acts for one in its case."""
        own = {b.party_id for b in self.proven}
        found = await self.house.ledger.obligation(obligation_id, self.turn.work)
        if found is None:
            return None
        sides = {s.party_id for s in found.sides}
        if own & sides:
            return found
        for party, case in await self._acting():
            if case == found.row.case_id and party in sides:
                self.acts[found.id] = party
                return found
        return None

    async def _acting(self) -> list[tuple[int, int | None]]:
        """For whom an agent at this chat acts, and in which case: the ledger holds their authority."""
        return [
            (role.acts_for, role.case_id)
            for binding in self.proven
            for role in await self.turn.work.ledger.roles_of(binding.party_id)
            if role.role == Role.AGENT and role.acts_for
        ]

    def side(self, view: View) -> tuple[int, Role]:
        """As whom this chat speaks about an obligation: (party, role)."""
        own = {b.party_id for b in self.proven} | {self.acts.get(view.id)}
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

    def say_text(self, text: str, key: str, *buttons: Button, protect: bool = False) -> None:
        """Words that are no catalogue sentence, such as a court's place and hours; case facts are protected."""
        self.turn.say(Reply(text, rows(buttons), key, protect=protect))

    def button(self, key: str, data: str, **params: object) -> Button:
        """A button with a label of the catalogue."""
        return Button(self.texts(key, **params), data)

    async def tell_party(
        self, party_id: int, obligation_id: int, key: str, *buttons: tuple[str, str], **params: object
    ) -> int:
        """Say something in every proven chat of a party; in how many it could be said."""
        made = rows((Button(self.texts(label), data) for label, data in buttons), 2)
        reply = Reply(self.phrase(key, **params), made, key)
        told = await self.turn.say_to_party(party_id, reply, not_in=self.turn.conversation.id)
        for conversation_id in told:
            self.said_elsewhere[conversation_id] = (obligation_id, party_id)
        return len(told)

    async def task(self, task: NewTask) -> int | None:
        """Work for a person, told to the administrators; None when it stands already."""
        return await add_task(self.house, self.turn, task)

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


async def add_task(house: House, voice: Voice, task: NewTask) -> int | None:
    """Work for a person, told to those who may do it in the case's court; None when it stands already."""
    number = await voice.work.tasks.add(task, voice.now)
    if number is not None:
        texts = house.texts
        case = await voice.work.ledger.case(task.case_id) if task.case_id else None
        kind = texts(f"clerk.kind.{task.kind}")
        text = texts("clerk.new", number=number, kind=kind, note=quoted(task.note or "-"))
        how = texts(f"clerk.how.{task.kind}", number=number)
        for chat in await house.staff.chats(voice.work, Right.CLOSE_TASK, case.court if case else None):
            voice.tell(house.channel, chat, Reply(f"{text}\n{how}", key="clerk.new"))
    return number


def matter(view: View) -> str:
    """Which obligation is meant, as people recognise it."""
    return f"{view.case.number} {view.row.label}"


def rendered(texts: Texts, say: Say, prefix: str) -> Reply:
    """A path's sentences with their buttons, whose data begin with `prefix` (`fl:<id of the path>:<step>`)."""
    lines = [texts(s.key, **worded(texts, s.params, quote=True)) for s in (say, *say.also)]
    buttons = [b for c in say.choices if (b := _button(texts, c, prefix))]
    return Reply("\n".join(lines), rows(buttons), say.key)


def worded(texts: Texts, params: Mapping[str, object], *, quote: bool = False) -> dict[str, object]:
    """Parameters as a sentence takes them: a day with its weekday, since 下周三 is easily misheard; a `Say` as words.

    With `quote` plain words are somebody's own, and open no bold.
    """
    return {k: _word(texts, v, quote) for k, v in params.items()}


def _word(texts: Texts, value: object, quote: bool) -> object:
    if isinstance(value, date):
        return spelled(texts, value)
    if isinstance(value, Say):
        return texts(value.key, **worded(texts, value.params, quote=quote))
    return quoted(value) if quote and isinstance(value, str) else value


def spelled(texts: Texts, day: date) -> str:
    """A day in full."""
    weekday = texts(f"party.weekday.{day.isoweekday()}")
    return texts("party.day", year=day.year, month=day.month, day=day.day, weekday=weekday)


def label(texts: Texts, choice: Choice) -> str:
    """What stands on a path's button."""
    return texts(choice.label, **worded(texts, choice.params))


def _button(texts: Texts, choice: Choice, prefix: str) -> Button | None:
    """None for a path that this program does not have."""
    if not choice.data:
        return Button(label(texts, choice), f"{prefix}:{choice.code}")
    name, _, rest = choice.data.partition(":")
    if name == "go" and rest.partition(":")[0] not in LEADS:
        return None
    own = prefix.split(":")[1]
    data = f"{choice.data}{own}" if choice.data.endswith(f":{CARRY}") else choice.data
    return Button(label(texts, choice), data)


def sums(view: View) -> dict[str, object]:
    """The sums of an obligation for a sentence."""
    s = view.standing
    return {"amount": yuan(view.row.amount), "settled": yuan(s.settled), "balance": yuan(s.balance)}
