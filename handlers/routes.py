"""Every handler of the bot, in order; a test keeps the list, because the order matters."""

from __future__ import annotations

from typing import Any, Protocol

from telegram import Update
from telegram.ext import (
    BaseHandler,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    ExtBot,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.core.clock import Clock
from bot.dialogue.model import Incoming
from bot.dialogue.service import Dialogue
from handlers.convert import from_membership, from_message, from_press
from handlers.room import from_room
from handlers.ticket import CURRENT

Context = CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[Any, Any]]


class StaffRoom(Protocol):
    """The staff group, if there is one: what happens there goes to the desk and not into the dialogue."""

    def owns(self, chat: int) -> bool:
        """Whether that is the group."""
        ...

    async def take(self, incoming: Incoming) -> None:
        """One thing that happened there."""
        ...


class ChatHandlers:
    """Parse an update, make one call to the dialogue; what cannot be parsed is noted and done."""

    def __init__(
        self, dialogue: Dialogue, clock: Clock, commands: frozenset[str], room: StaffRoom | None = None
    ) -> None:
        """Takes the commands that the bot offers: in a group any other is meant for another bot."""
        self._room = room
        self._commands = commands
        self._dialogue = dialogue
        self._clock = clock

    def handlers(self) -> list[BaseHandler[Any, Context, Any]]:
        """In the order in which PTB tries them; the first that fits takes the update."""
        return [
            CallbackQueryHandler(self.press),
            MessageHandler(filters.UpdateType.MESSAGE | filters.UpdateType.EDITED_MESSAGE, self.message),
            ChatMemberHandler(self.membership, ChatMemberHandler.MY_CHAT_MEMBER),
            TypeHandler(Update, self.unknown),
        ]

    async def message(self, update: Update, context: Context) -> None:
        """Words, pictures, voice, commands; new or edited."""
        if room := self._staff_room(update):
            if (incoming := from_room(update, CURRENT.get().inbox_id, context.bot.bot)) is not None:
                await room.take(incoming)
            return
        await self._turn(from_message(update, CURRENT.get().inbox_id, context.bot.bot, self._commands))

    async def press(self, update: Update, context: Context) -> None:
        """A button."""
        incoming = from_press(update, CURRENT.get().inbox_id, self._clock.now())
        if incoming is not None and (room := self._staff_room(update)):
            await room.take(incoming)
            return
        await self._turn(incoming)

    async def membership(self, update: Update, context: Context) -> None:
        """Blocked or unblocked."""
        await self._turn(from_membership(update, CURRENT.get().inbox_id))

    async def unknown(self, update: Update, context: Context) -> None:
        """A kind of update that did not exist when this was written: stored, and let be."""

    async def failed(self, update: object, context: Context) -> None:
        """PTB's error handler: hands the exception to whoever dispatched the update."""
        CURRENT.get().error = context.error

    def _staff_room(self, update: Update) -> StaffRoom | None:
        chat = update.effective_chat
        return self._room if self._room and chat and self._room.owns(chat.id) else None

    async def _turn(self, incoming: Incoming | None) -> None:
        # A group's own talk is none of our business: not answered, not kept.
        if incoming is not None and incoming.addressed:
            await self._dialogue.turn(incoming)
            CURRENT.get().taken = True
