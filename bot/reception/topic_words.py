"""What stands in a topic: its name, the card with the buttons, a line for everything said and done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.clock import shown
from bot.core.texts import Texts
from bot.dialogue.model import Button, Reply, quoted, split_text, utf16_length
from bot.ledger.courts import Courts
from bot.reception.model import ChatState
from bot.reception.words import about
from bot.store.reception_rows import DeskEventRow, TicketRow
from bot.store.rows import MessageRow

NAME_LIMIT = 128  # characters of a topic's name
MERGED = 3800  # UTF-16 units of several lines in one message; below Telegram's limit of 4096
_EXCERPT = 200  # characters of an answer of the bot
_QUESTION = 1500  # characters of a question on the card
_FILES = frozenset({"photo", "voice", "video", "document", "animation", "sticker", "location", "contact"})
_CAPTIONED = frozenset({"photo", "voice", "video", "document", "animation"})


@dataclass(frozen=True, slots=True)
class Context:
    """What the words about one ticket need to know."""

    ticket: TicketRow
    name: str  # of the person
    court: str
    question: str
    why: str
    names: Mapping[int, str]  # of the staff, by account

    @property
    def holder(self) -> str:
        """Who holds the ticket; empty for nobody."""
        return self.names.get(self.ticket.assignee or 0, "")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a topic; `source` is the person's message to be copied, `paper` the file of staff to be shown."""

    id: int
    text: str
    source: int | None = None
    captioned: bool = False
    paper: str = ""


class TopicWords:
    """Puts things into words, by the catalogue."""

    def __init__(self, texts: Texts, courts: Courts) -> None:
        self.texts = texts
        self._courts = courts

    def title(self, context: Context) -> str:
        """The name of the topic."""
        name = " ".join(context.name.split())
        return self.texts("topics.name", number=context.ticket.number, name=name)[:NAME_LIMIT]

    # -- the card --------------------------------------------------------------------------------

    def card(self, context: Context, answers: Sequence[MessageRow], titles: Mapping[str, str]) -> Reply:
        """Who waits for what since when, what the bot said before, and what can be done."""
        ticket, texts = context.ticket, self.texts
        why = f"topics.why.{context.why}"
        said = [self._answered(m, titles) for m in answers]
        text = texts(
            "topics.card",
            number=ticket.number,
            name=quoted(context.name),
            urgent=texts("staff.urgent") if ticket.urgent else "",
            court=context.court or texts("topics.no_court"),
            question=quoted(context.question[:_QUESTION]),
            why=texts(why if why in texts else "topics.why.asked"),
            since=shown(ticket.waiting_since or ticket.opened_at, "%m-%d %H:%M"),
            state=texts(f"topics.state.{ticket.state}"),
            holder=quoted(context.holder) or texts("topics.nobody"),
        )
        if said:
            text += "\n\n" + texts("topics.answers", lines="\n".join(said))
        return Reply(text, self._buttons(ticket), "topics.card")

    def mark(self, context: Context) -> str:
        """What of the card may change, shortened: as long as it is the same, the card is."""
        t = context.ticket
        facts = (t.number, t.state, t.court, t.urgent, context.holder, t.waiting_since)
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def _answered(self, message: MessageRow, titles: Mapping[str, str]) -> str:
        return self.texts(
            "topics.answer",
            title=titles.get(message.topic or "", message.topic or ""),
            score="" if message.score is None else f"{message.score:.2f}",
            text=_excerpt(message.text.replace("**", "")),
        )

    def _buttons(self, ticket: TicketRow) -> tuple[tuple[Button, ...], ...]:
        if ticket.state == ChatState.RESOLVED:
            return ((Button(self.texts("topics.do.reopen"), f"desk:reopen:{ticket.number}"),),)
        first = "claim" if ticket.assignee is None else "release"
        return (
            tuple(
                Button(self.texts(f"topics.do.{name}"), f"desk:{name}:{ticket.number}")
                for name in (first, "hand", "done")
            ),
        )

    # -- lines -----------------------------------------------------------------------------------

    def lines(
        self,
        context: Context,
        said: Iterable[MessageRow],
        done: Iterable[DeskEventRow],
        titles: Mapping[str, str],
        papers: Mapping[int, str],
    ) -> list[Line]:
        """Everything that does not stand in the topic yet, in its order; `papers` are the files by their message."""
        spoken = [replace(self._said(context, m, titles), paper=papers.get(m.id, "")) for m in said]
        deeds = [self._done(context, e) for e in done]
        return sorted([*spoken, *deeds], key=lambda line: line.id)

    def _said(self, context: Context, m: MessageRow, titles: Mapping[str, str]) -> Line:
        at, text = _time(m.at), quoted(m.text)
        if m.sender == "staff":
            name = quoted(context.names.get(m.author or 0, self.texts("topics.staff")))
            key = "topics.line.sent_file" if m.kind == "document" else "topics.line.staff"
            key = "topics.line.edited" if m.version > 1 else key
            # As the person has it: our own bold, the words in it made harmless when they were sent.
            return Line(m.id, self.texts(key, time=at, name=name, text=m.text))
        if m.direction == "out":
            return Line(m.id, f"{at} " + self._answered(m, titles))
        name = quoted(context.name)
        if m.kind in _FILES:
            kind = self.texts(f"kinds.{m.kind}" if f"kinds.{m.kind}" in self.texts else "kinds.other")
            words = self.texts("topics.line.file", time=at, name=name, kind=kind, text=text)
            return Line(m.id, words, m.external_id, m.kind in _CAPTIONED)
        key = "topics.line.edited" if m.version > 1 else "topics.line.person"
        return Line(m.id, self.texts(key, time=at, name=name, text=text))

    def _done(self, context: Context, e: DeskEventRow) -> Line:
        name = quoted(context.names.get(e.author or 0, self.texts("topics.program")))
        text = quoted(about(self.texts, self._courts, context.names, e))
        said = self.texts(f"topics.event.{e.kind}")
        return Line(e.id, self.texts("topics.line.event", time=_time(e.at), name=name, event=said, text=text).rstrip())


def merged(lines: Sequence[Line]) -> tuple[list[Line], list[str]]:
    """As many lines from the beginning as fit into one message, and the message; of one that is too long, its parts."""
    taken: list[Line] = []
    length = 0
    for line in lines:
        length += utf16_length(line.text) + 1
        if line.source is not None or line.paper or (taken and length > MERGED):
            break
        taken.append(line)
    return taken, split_text("\n".join(line.text for line in taken))


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _EXCERPT else flat[:_EXCERPT] + "…"


def _time(at: datetime) -> str:
    return shown(at, "%H:%M")
