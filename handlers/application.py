"""The PTB application and its life: opened, fed with stored updates, stopped in order."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.routing import Route
from telegram import BotCommand
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application, ApplicationBuilder, CallbackContext, ExtBot

from bot.core.errors import SettingsError
from bot.core.log import get
from bot.dialogue.service import Dialogue
from bot.service import Services
from bot.settings import Telegram
from bot.store.rows import StoredUpdate
from handlers.readable import read_update
from handlers.receive import ALLOWED_UPDATES, Poller, Webhook, seconds_of
from handlers.request import AiohttpRequest
from handlers.routes import ChatHandlers, StaffRoom
from handlers.ticket import CURRENT, Ticket

log = get(__name__)

App = Application[ExtBot[None], CallbackContext[Any, Any, Any, Any], Any, Any, Any, None]
TELEGRAM = "https://api.telegram.org"
WEBHOOK_PATH = "/telegram/webhook"


def build_bot(settings: Telegram) -> ExtBot[None]:
    """The bot over aiohttp; nothing is opened yet."""
    os.environ.setdefault("PTB_TIMEDELTA", "true")  # PTB's switch: spans of time as such, without a warning each time
    base = settings.base_url.rstrip("/") or TELEGRAM
    return ExtBot(
        token=settings.token.get_secret_value(),
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=AiohttpRequest(connections=settings.in_flight * 2),
        get_updates_request=AiohttpRequest(connections=2, read_timeout=60.0),
    )


async def close_bot(bot: ExtBot[None]) -> None:
    """Close its connections, also those of a bot whose start failed half-way, which PTB leaves open."""
    await bot.shutdown()
    for request in bot._request:  # PTB shows only one of the two
        await request.shutdown()


class TelegramDoor:
    """Telegram's side of the process: receives, dispatches through PTB, and stops in order."""

    def __init__(self, bot: ExtBot[None], settings: Telegram, services: Services) -> None:
        self.bot = bot
        self._settings = settings
        self._store = services.store
        self._inbox = services.inbox
        self._clock = services.clock
        self._texts = services.texts
        self._worker = services.worker
        # No updater and no job queue: updates come from the inbox, schedules from the database.
        self.application: App = ApplicationBuilder().bot(bot).updater(None).job_queue(None).build()
        self.poller: Poller | None = None
        self._ready = False

    def connect(self, dialogue: Dialogue, room: StaffRoom | None = None) -> None:
        """Register the handlers."""
        chat = ChatHandlers(dialogue, self._clock, frozenset(self._texts.under("commands")), room)
        self.application.add_handlers(chat.handlers())
        self.application.add_error_handler(chat.failed)

    def routes(self) -> list[Route]:
        """What the HTTP server must offer for webhook mode."""
        if self._settings.mode != "webhook":
            return []
        webhook = Webhook(self._settings.webhook_secret.get_secret_value(), self._store, self._inbox.accept)
        path = urlsplit(self._settings.webhook_url).path or WEBHOOK_PATH
        return [Route(path, webhook.endpoint, methods=["POST"])]

    async def start(self) -> None:
        """Open the connection to Telegram; waits and says so when the server is not there yet."""
        await self._until_done(self.application.initialize)
        self._ready = True
        await self._until_done(self._announce)
        await self.application.start()

    async def _until_done(self, step: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while True:
            try:
                return await step()
            except (InvalidToken, BadRequest):
                raise
            except RetryAfter as error:
                await asyncio.sleep(seconds_of(error))
            except TelegramError as error:
                failures += 1
                if failures in (1, 10) or failures % 60 == 0:
                    log.warning("telegram.unreachable", error=type(error).__name__, failures=failures)
                await asyncio.sleep(min(10.0, 0.3 * 2 ** min(failures, 6)))

    async def _announce(self) -> None:
        """Where updates go, without which the bot would be deaf, and the commands for the menu."""
        if self._settings.mode == "webhook":
            await self._set_webhook()
        else:
            await self.bot.delete_webhook(drop_pending_updates=False)
        try:
            await self.bot.set_my_commands(
                [BotCommand(name, text) for name, text in self._texts.under("commands").items()]
            )
        except TelegramError as error:  # a menu less is no reason not to serve
            log.warning("telegram.no_commands", error=str(error))

    async def _set_webhook(self) -> None:
        try:
            await self.bot.set_webhook(
                self._settings.webhook_url,
                secret_token=self._settings.webhook_secret.get_secret_value(),
                allowed_updates=ALLOWED_UPDATES,
                max_connections=100,
            )
        except BadRequest as error:
            raise SettingsError(f"telegram.webhook_url: Telegram refuses it: {error}") from error

    async def receive(self) -> None:
        """Take updates until cancelled; in webhook mode they come through `routes`."""
        if self._settings.mode == "webhook":
            await self._watch_webhook()
        self.poller = Poller(self.bot, self._store, self._inbox.accept, self._clock, self._worker)
        await self.poller.run()

    async def _watch_webhook(self) -> None:
        """Look now and then whether Telegram still calls us: whoever asks for updates elsewhere ends that silently."""
        while True:
            await asyncio.sleep(self._settings.webhook_check_seconds)
            try:
                found = await self.bot.get_webhook_info()
                if found.url == self._settings.webhook_url:
                    continue
                log.warning("telegram.webhook_gone", meaning="the webhook was removed or set elsewhere; set again")
                await self._set_webhook()
            except TelegramError as error:
                log.warning("telegram.unreachable", error=type(error).__name__)

    async def handle(self, stored: StoredUpdate) -> None:
        """Dispatch one stored update through PTB; raises what its handler raised."""
        ticket = Ticket(stored.id)
        CURRENT.set(ticket)
        update = read_update(json.loads(stored.raw), self.bot)
        await self.application.process_update(update)
        if ticket.error is not None:
            raise ticket.error
        if not ticket.taken:
            async with self._store.work() as work:
                await work.inbox.done([stored.id], self._clock.now())
                await work.commit()

    async def stop(self) -> None:
        """Stop PTB and close its connections."""
        if self._ready:
            if self.application.running:
                await self.application.stop()
            await self.application.shutdown()
        await close_bot(self.bot)
