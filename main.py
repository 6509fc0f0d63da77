"""The composition root: reads settings, builds the services, opens the doors, owns start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from bot.consult.library import Library
from bot.consult.matcher import Matcher
from bot.consult.model import Knowledge
from bot.consult.policy import MatchSettings
from bot.core import log as logging
from bot.core.clock import SystemClock
from bot.core.errors import KnowledgeError
from bot.core.ids import Ids
from bot.core.metrics import KNOWLEDGE_BROKEN
from bot.core.privacy import Vault, parse_key, read_or_make_key
from bot.core.texts import Texts
from bot.dialogue.desk import Desk
from bot.dialogue.notices import Notices
from bot.dialogue.service import Dialogue
from bot.dialogue.talk import Talk, TalkSettings
from bot.dialogue.words import Words
from bot.post.inbox import Inbox
from bot.post.keeper import Keeper
from bot.post.outbox import Carrier, Sender
from bot.post.pace import PaceLimits
from bot.service import Services, worker_id, worker_place
from bot.settings import Settings, load
from bot.store import migrate
from bot.store.engine import open_engine
from bot.store.work import Store
from commands.app import build_cli
from commands.program import Program
from commands.terminal import Terminal
from console.server import HttpServer
from handlers.application import TelegramDoor, build_bot
from handlers.carrier import TelegramCarrier
from handlers.receive import ConflictError
from sandbox import Limits, Sandbox, create, demo_roster
from sandbox import Settings as SandboxServerSettings

log = logging.get("main")


# -- building ------------------------------------------------------------------------------------


def open_vault(settings: Settings) -> Vault:
    """The vault, with the key from the environment or from its file."""
    given = settings.privacy.key.get_secret_value()
    return Vault(parse_key(given, "privacy.key") if given else read_or_make_key(settings.privacy.key_file))


def open_library(settings: Settings) -> Library:
    """The knowledge with its matcher; KnowledgeError when `faq/` cannot be used."""
    costs = settings.consult
    match = MatchSettings(
        cost_wrong=costs.cost_wrong, cost_clarify=costs.cost_clarify,
        cost_missed=costs.cost_missed, cost_handoff=costs.cost_handoff,
    )

    def matcher(knowledge: Knowledge) -> Matcher:
        return Matcher(knowledge, match)

    return Library(settings.faq.path, matcher, SystemClock(settings.clock_offset))


async def open_store(settings: Settings) -> Store:
    """The database, brought up to date."""
    engine = open_engine(settings.database.url)
    await migrate.upgrade(engine)
    return Store(engine, open_vault(settings))


def pace(settings: Settings) -> PaceLimits:
    """Telegram's limits, from the settings."""
    t = settings.telegram
    return PaceLimits(
        chat_per_second=t.chat_per_second, chat_burst=t.chat_burst, group_per_second=t.group_per_minute / 60,
        replies_per_second=t.replies_per_second, bulk_per_second=t.bulk_per_second, in_flight=t.in_flight,
    )


async def build(settings: Settings, carriers: dict[str, Carrier]) -> Services:
    """All services over one database; nothing runs yet."""
    clock, ids, texts, worker = SystemClock(settings.clock_offset), Ids(), Texts.load(), worker_id()
    library = await asyncio.to_thread(open_library, settings)
    store = await open_store(settings)
    words = Words(texts)
    desk = Desk(words, frozenset(settings.telegram.admins))
    talk = Talk(library, words, desk, TalkSettings(
        messages_per_minute=settings.consult.messages_per_minute,
        lean=timedelta(minutes=settings.consult.follow_up_minutes),
        retention_days=settings.privacy.retention_days,
    ))
    sender = Sender(store, carriers, pace(settings), clock)
    dialogue = Dialogue(store, sender, talk, clock, ids, worker)
    return Services(settings, clock, ids, texts, store, library, Inbox(store, clock), sender, dialogue, worker)


# -- running -------------------------------------------------------------------------------------


async def run(settings: Settings) -> int:
    """Serve until a signal comes; the exit status."""
    async with rehearsal(settings) as settings:
        bot = build_bot(settings.telegram)
        services = await build(settings, {"telegram": TelegramCarrier(bot)})
        notices = Notices(services, frozenset(settings.telegram.admins))
        door = TelegramDoor(bot, settings.telegram, services.store, services.inbox, services.clock, services.texts,
                            services.worker)
        door.connect(services.dialogue)
        services.inbox.handle_with(door.handle, notices.update_failed)
        http = HttpServer(services, door.routes())
        keeper = Keeper(services.store, services.inbox, services.sender, services.clock, worker=services.worker,
                        place=worker_place(), retention_days=settings.privacy.retention_days)
        return await _serve(services, door, http, keeper, notices)


async def _serve(services: Services, door: TelegramDoor, http: HttpServer, keeper: Keeper, notices: Notices) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tasks: set[asyncio.Task[None]] = set()
    try:
        await http.start()
        starting = asyncio.create_task(door.start())
        await asyncio.wait([starting, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            return 0
        await starting
        services.sender.start()
        await keeper.begin()

        async def knowledge_changed(error: KnowledgeError | None) -> None:
            KNOWLEDGE_BROKEN.set(error is not None)
            await notices.knowledge(error)

        tasks = {
            asyncio.create_task(door.receive(), name="receive"),
            asyncio.create_task(keeper.run(), name="keeper"),
            asyncio.create_task(services.library.watch(services.settings.faq.reload_seconds, knowledge_changed)),
        }
        http.serving = True
        log.info("serving", entries=len(services.library.knowledge.entries), mode=services.settings.telegram.mode)
        waiting = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait({*tasks, waiting}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {waiting}:
            task.result()
        return 0
    except ConflictError as error:
        log.critical("telegram.conflict", meaning=services.texts(f"operator.conflict.{error}"))
        return 1
    except OSError as error:
        log.critical("start.failed", meaning=str(error))
        return 1
    finally:
        http.serving = False
        await _stop(services, door, http, tasks)


async def _stop(services: Services, door: TelegramDoor, http: HttpServer, tasks: set[asyncio.Task[None]]) -> None:
    """In order: nothing new comes in, what is being handled finishes, its replies leave."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await http.stop()
    await services.inbox.stop()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(services.sender.idle(), 5)
    await services.sender.stop()
    await door.stop()
    await services.store.close()


@contextlib.asynccontextmanager
async def rehearsal(settings: Settings) -> AsyncIterator[Settings]:
    """Without token and address the sandbox stands in for Telegram; the settings then point to it."""
    if settings.clock.offset:
        log.warning("clock.moved", seconds=settings.clock.offset)
    if not settings.rehearsal:
        yield settings
        return
    roster = demo_roster()
    sandbox = create(SandboxServerSettings(
        limits=Limits.telegram(overall_per_second=None), roster=roster, persist=settings.sandbox.keep,
        clock=SystemClock(settings.clock_offset),
    ))
    base = await sandbox.start(settings.sandbox.host, settings.sandbox.port)
    texts = Texts.load()
    print(texts("operator.chat_page", address=base), file=sys.stderr, flush=True)  # noqa: T201 - the first thing a newcomer reads
    telegram = settings.telegram.model_copy(update={
        "base_url": base, "token": SecretStr(sandbox.token), "mode": "polling",
        "admins": settings.telegram.admins or staff_of(sandbox),
    })
    try:
        yield settings.model_copy(update={"telegram": telegram})
    finally:
        await sandbox.stop()


def staff_of(sandbox: Sandbox) -> tuple[int, ...]:
    """The people of the sandbox who play the staff."""
    return tuple(p.id for p in sandbox.core.world.people.values() if p.key == "staff")


async def chat(settings: Settings) -> int:
    """The same dialogue in a terminal."""
    terminal = Terminal()
    services = await build(settings, {"terminal": terminal})
    try:
        return await terminal.converse(services)
    finally:
        await services.sender.stop()
        await services.store.close()


def main() -> None:
    """What `python main.py` does."""
    build_cli(Program(load=load, run=run, chat=chat, open_library=open_library, open_store=open_store,
                      open_vault=open_vault))()


if __name__ == "__main__":
    main()
