"""What stands before every other responder: staff's way in, and chats that somebody of the staff holds.

While a person of the staff holds a conversation the bot keeps quiet in it: what is said goes to them,
with a mark in the log. Commands and buttons still work, for somebody pressed them to get an answer, and
words of danger are answered at once as everywhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.consult.library import Library
from bot.consult.model import Context, Reason
from bot.core.clock import local_day
from bot.core.privacy import mask_identifiers
from bot.dialogue.desk import Desk
from bot.dialogue.model import Incoming, Reply, quoted
from bot.dialogue.service import Responder
from bot.dialogue.turn import Turn
from bot.dialogue.words import Words
from bot.reach.files import LIMIT, REFUSED, TOO_LARGE, Files, note
from bot.staff.model import LINK_PREFIX, Right, StaffError, Who
from bot.staff.service import Staff
from bot.store.reach_rows import IncomingFileRow

HELD = "held"  # the mark in the log: not answered by the bot, since a person holds the conversation
_LISTED = 20
_PASSED_ON = frozenset({"command", "button", "blocked", "unblocked"})


class Counter:
    """A responder around another one."""

    def __init__(
        self,
        responder: Responder,
        words: Words,
        desk: Desk,
        staff: Staff,
        library: Library,
        files: Files,
        agencies: Callable[[str], Sequence[str]],
        no_agencies: str,
    ) -> None:
        """`agencies` searches the list of auction agencies; `no_agencies` is said when none is filled in."""
        self._responder = responder
        self._words = words
        self._desk = desk
        self._staff = staff
        self._library = library
        self._files = files
        self._agencies = agencies
        self._no_agencies = no_agencies
        self._commands: dict[str, Callable[[Turn], Awaitable[None]]] = {
            "login": self._login,
            "agencies": self._find_agencies,
        }

    async def respond(self, turn: Turn) -> None:
        """Take one turn (the `Responder` of the dialogue service)."""
        incoming = turn.incoming
        private = turn.conversation.kind == "private"
        if incoming.kind == "command" and private and incoming.text in self._commands:
            turn.heard(f"/{incoming.text} {incoming.data}".strip(), "command")
            await self._commands[incoming.text](turn)
        elif incoming.kind == "command" and private and _is_invitation(incoming):
            turn.heard("/start", "command")  # never the token
            await self._accept(turn)
        elif incoming.kind == "command" and private and incoming.text == "start":
            await self._responder.respond(turn)
            await self._greet_staff(turn)
        elif turn.conversation.held is not None and incoming.kind not in _PASSED_ON and not self._danger(turn):
            await self._keep(turn)
        else:
            await self._responder.respond(turn)
            if incoming.file is not None and await turn.work.desk.open_of(turn.conversation.id):
                await self._keep_file(turn)  # whoever will take the conversation up wants to see it

    # -- staff's way in --------------------------------------------------------------------------

    async def _accept(self, turn: Turn) -> None:
        """An invitation is opened: the first one who does so has the account."""
        try:
            who = await self._staff.accept(turn.work, turn.incoming.data, turn.incoming.person)
        except StaffError as error:
            turn.say(self._words.plain(f"staff.wrong.{error.code}", **error.params))
            return
        self._welcome(turn, who)

    async def _greet_staff(self, turn: Turn) -> None:
        """Staff who press 开始 see what they can do here and who waits: before that, no notice could reach them."""
        incoming = turn.incoming
        who = await self._staff.of_person(turn.work, incoming.channel, incoming.person, incoming.name)
        if who is not None:
            self._welcome(turn, who)
            if who.may(Right.SEE_CHATS):
                await self._desk.list_waiting(turn, who)

    def _welcome(self, turn: Turn, who: Who) -> None:
        role = self._words.texts(f"staff.role.{next(iter(who.roles))}")
        turn.say(self._words.plain("staff.welcome", name=quoted(who.name), role=role))

    async def _login(self, turn: Turn) -> None:
        """/login: the one-time address of the console."""
        incoming = turn.incoming
        who = await self._staff.of_person(turn.work, incoming.channel, incoming.person, incoming.name)
        if who is None:
            turn.say(self._words.plain("staff.only"))
            return
        try:
            link = await self._staff.login_within(turn.work, who, who.account)
        except StaffError as error:
            turn.say(self._words.plain(f"staff.wrong.{error.code}", **error.params))
            return
        # Outside the log: whoever reads the conversation later must not find a way in.
        turn.tell(incoming.channel, incoming.chat, Reply(self._words.texts("staff.login", link=link), key="staff.login"))

    async def _find_agencies(self, turn: Turn) -> None:
        """/agencies words: the list of agencies that assist with auctions, searched."""
        found = self._agencies(turn.incoming.data)
        if found:
            lines = "\n".join(f"· {quoted(line)}" for line in found[:_LISTED])
            turn.say(self._words.plain("reception.agencies", count=len(found), lines=lines))
        elif turn.incoming.data.strip() and self._agencies(""):
            turn.say(self._words.plain("reception.no_agency", words=quoted(turn.incoming.data.strip()[:40])))
        else:
            turn.say(Reply(self._no_agencies, key="reception.agencies"))

    # -- chats that somebody holds ---------------------------------------------------------------

    def _danger(self, turn: Turn) -> bool:
        """Whether these words are a cry for help, which nobody keeps waiting."""
        text = turn.incoming.text.strip()
        if not text:
            return False
        return self._library.match(text[-1500:], Context(), local_day(turn.now)).reason is Reason.CRISIS

    async def _keep(self, turn: Turn) -> None:
        """Log it, add it to the request, keep the file; the bot says nothing."""
        incoming, text = turn.incoming, turn.incoming.text.strip()
        seen = await turn.work.log.versions(turn.conversation.id, incoming.external_id or 0)
        is_edit = incoming.kind == "edited"
        turn.heard(text, incoming.kind, decision=HELD)
        if is_edit:
            turn.mark(version=len(seen) + 1)
        ticket = await turn.work.desk.open_of(turn.conversation.id)
        if ticket is not None and text:
            await turn.work.requests.append(ticket.number, mask_identifiers(text))
        await self._keep_file(turn)
        await self._desk.said(turn)

    async def _keep_file(self, turn: Turn) -> None:
        """Have the file of a message fetched, once."""
        incoming, file = turn.incoming, turn.incoming.file
        if file is None or incoming.external_id is None:
            return
        too_large = (file.size or 0) > LIMIT
        row = IncomingFileRow(
            id=turn.next_id(),
            conversation_id=turn.conversation.id,
            external_id=incoming.external_id or 0,
            flow_id=None,
            channel=incoming.channel,
            remote=file.remote,
            album=incoming.album,
            media_type=file.media_type[:80],
            name=file.name,
            size=file.size,
            status=REFUSED if too_large else "pending",
            received_at=turn.now,
            error=TOO_LARGE if too_large else None,
        )
        await note(turn.work, row)
        self._files.wake()


def _is_invitation(incoming: Incoming) -> bool:
    return incoming.text == "start" and incoming.data.startswith(LINK_PREFIX)
