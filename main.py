"""The composition root: reads settings, builds the services, opens the doors, owns start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from telegram.error import InvalidToken, TelegramError

from bot.consult import rerank
from bot.consult.library import Library
from bot.consult.matcher import Matcher
from bot.consult.model import Knowledge
from bot.consult.policy import MatchSettings
from bot.consult.rerank import Reranker
from bot.core import log as logging
from bot.core.clock import Clock, SystemClock
from bot.core.errors import KnowledgeError, SettingsError
from bot.core.ids import Ids
from bot.core.metrics import KNOWLEDGE_BROKEN
from bot.core.privacy import Vault, parse_key, read_or_make_key
from bot.core.texts import Texts
from bot.dialogue.ahead import Ahead
from bot.dialogue.desk import Desk
from bot.dialogue.notices import Notices
from bot.dialogue.party import Party
from bot.dialogue.scene import House, PartySettings
from bot.dialogue.service import Dialogue
from bot.dialogue.talk import Talk, TalkSettings
from bot.dialogue.words import Words
from bot.ledger.courts import Courts
from bot.ledger.service import Ledger
from bot.post.inbox import Inbox
from bot.post.keeper import Keeper
from bot.post.outbox import Carrier, Sender
from bot.post.pace import PaceLimits
from bot.post.receipts import Receipts
from bot.reach.documents import Documents
from bot.reach.files import Files, ProofStore
from bot.reach.intents import FILE as REPLIES
from bot.reach.intents import Replies
from bot.reach.service import Reach
from bot.reminders.campaigns import Campaigns
from bot.reminders.delivery import Courier
from bot.reminders.service import Reminders
from bot.reminders.wording import Guides
from bot.service import Services, worker_id, worker_place
from bot.settings import Settings, load
from bot.store import migrate
from bot.store.engine import database_url, open_engine, reach
from bot.store.work import Store
from commands.app import build_cli
from commands.program import Program
from commands.terminal import Terminal
from console.server import HttpServer
from handlers.application import TelegramDoor, build_bot
from handlers.carrier import TelegramCarrier
from handlers.files import TelegramFiles
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
        cost_wrong=costs.cost_wrong,
        cost_clarify=costs.cost_clarify,
        cost_missed=costs.cost_missed,
        cost_handoff=costs.cost_handoff,
    )

    def matcher(knowledge: Knowledge) -> Matcher:
        return Matcher(knowledge, match)

    return Library(settings.faq.path, matcher, SystemClock(settings.clock_offset))


async def open_store(settings: Settings) -> Store:
    """The database, brought up to date."""
    engine = open_engine(settings.database.url)
    await reach(engine)
    await migrate.upgrade(engine)
    return Store(engine, open_vault(settings))


def receipts(settings: Settings, worker: str) -> Receipts:
    """The folder of receipts: beside a SQLite database, else beside the key file."""
    url = database_url(settings.database.url)
    beside = url.database if url.get_backend_name() == "sqlite" else None
    return Receipts(Path(beside).parent if beside else settings.privacy.key_file.parent, worker)


def pace(settings: Settings) -> PaceLimits:
    """Telegram's limits, from the settings."""
    t = settings.telegram
    return PaceLimits(
        chat_per_second=t.chat_per_second,
        chat_burst=t.chat_burst,
        group_per_second=t.group_per_minute / 60,
        replies_per_second=t.replies_per_second,
        bulk_per_second=t.bulk_per_second,
        bulk_in_flight=t.bulk_in_flight,
        in_flight=t.in_flight,
    )


def open_reranker(settings: Settings, clock: Clock) -> Reranker | None:
    """The second opinion on doubtful questions; None as shipped."""
    wanted = settings.rerank
    chooser = rerank.build(wanted.url, wanted.model, wanted.key.get_secret_value(), wanted.local)
    return Reranker(chooser, clock, below=wanted.below, seconds=wanted.timeout_seconds) if chooser else None


def look_ahead(settings: Settings, store: Store, library: Library, reranker: Reranker, clock: Clock) -> Ahead:
    """What asks for it before a turn begins."""
    consult = settings.consult
    lean = timedelta(minutes=consult.follow_up_minutes)
    return Ahead(store, library, reranker, clock, lean=lean, per_minute=consult.messages_per_minute)


async def build(
    settings: Settings, carriers: dict[str, Carrier], clock: Clock, library: Library | None = None
) -> Services:
    """All services over one database; nothing runs yet."""
    ids, texts, worker = Ids(), Texts.load(), worker_id()
    if library is None:
        library = await asyncio.to_thread(open_library, settings)
    store = await open_store(settings)
    words = Words(texts)
    desk = Desk(words, frozenset(settings.telegram.admins))
    talk = Talk(
        library,
        words,
        desk,
        TalkSettings(
            messages_per_minute=settings.consult.messages_per_minute,
            lean=timedelta(minutes=settings.consult.follow_up_minutes),
            retention_days=settings.privacy.retention_days,
        ),
    )
    sender = Sender(store, carriers, pace(settings), clock, worker, receipts(settings, worker))
    guides = Guides(settings.faq.path, lambda: library.knowledge)
    ledger = Ledger(store, clock, ids, Courts.read(of_faq(settings, "courts.yaml")))
    reach = Reach(store, clock, ids, ledger, settings.reach.link_days, settings.reach.bot)
    files = Files(store, {}, ProofStore(settings.documents.proofs, store.vault), clock, ids)
    documents = Documents(store, ledger, reach, files.proofs, texts, settings.documents.font)
    house = House(
        ledger=ledger,
        reach=reach,
        replies=Replies.read(of_faq(settings, REPLIES)),
        words=words,
        files=files,
        clock=clock,
        ids=ids,
        settings=party_settings(settings),
        where=lambda court: guides().where(court),
    )
    reranker = await asyncio.to_thread(open_reranker, settings, clock)
    ahead = look_ahead(settings, store, library, reranker, clock) if reranker else None
    dialogue = Dialogue(store, sender, Party(talk, library, house), clock, ids, worker, ahead)
    reminders, campaigns = Reminders(store, clock, ids, guides), Campaigns(store, clock, ids, guides)
    courier = Courier(store, sender, clock, ids, worker, reminders, campaigns)
    inbox = Inbox(store, clock)
    return Services(
        settings=settings,
        clock=clock,
        ids=ids,
        texts=texts,
        store=store,
        library=library,
        inbox=inbox,
        sender=sender,
        dialogue=dialogue,
        worker=worker,
        reminders=reminders,
        campaigns=campaigns,
        courier=courier,
        ledger=ledger,
        reach=reach,
        files=files,
        documents=documents,
        reranker=reranker,
    )


def of_faq(settings: Settings, name: str) -> Path:
    """The folder that holds a file of `faq/`: a folder of somebody's own topics need not hold all of them."""
    own = settings.faq.path
    return own if (own / name).exists() else Path(__file__).with_name("faq")


def party_settings(settings: Settings) -> PartySettings:
    """What the debtor's side of the chat needs of the settings."""
    return PartySettings(
        admins=frozenset(settings.telegram.admins),
        retention_days=settings.privacy.retention_days,
        messages_per_minute=settings.consult.messages_per_minute,
        ask_creditor=settings.reach.ask_creditor,
    )


# -- running -------------------------------------------------------------------------------------


class Server:
    """A bot with its doors, from the open port to the last reply."""

    def __init__(self, services: Services, door: TelegramDoor) -> None:
        settings = services.settings
        self.services = services
        self.door = door
        self.notices = Notices(
            services.store,
            services.sender,
            services.texts,
            services.clock,
            services.ids,
            worker=services.worker,
            admins=frozenset(settings.telegram.admins),
        )
        self.http = HttpServer(services, door.routes())
        self._keeper = Keeper(
            services.store,
            services.inbox,
            services.sender,
            services.clock,
            worker=services.worker,
            place=worker_place(),
            retention_days=settings.privacy.retention_days,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        door.connect(services.dialogue)
        services.inbox.handle_with(door.handle, self.notices.update_failed)

    @classmethod
    async def build(cls, settings: Settings, clock: Clock | None = None, library: Library | None = None) -> Server:
        """Put everything together; nothing runs yet."""
        bot = build_bot(settings.telegram)
        clock = clock or SystemClock(settings.clock_offset)
        carrier = TelegramCarrier(bot)
        services = await build(settings, {"telegram": carrier}, clock, library)
        carrier.documents = services.documents
        services.files.serve("telegram", TelegramFiles(bot))
        return cls(services, TelegramDoor(bot, settings.telegram, services))

    async def start(self) -> None:
        """Open the doors; returns when questions are being answered."""
        await self.http.start()
        await self.door.start()
        address = self.services.reach.address
        address.bot = address.bot or self.door.bot.username
        self.services.sender.start()
        if not self.services.settings.telegram.admins:
            log.warning("desk.nobody", meaning=self.services.texts("operator.no_admins"))
        await self.notices.gap()
        await self._keeper.begin()
        self.services.inbox.open()
        library, seconds = self.services.library, self.services.settings.faq.reload_seconds
        self._tasks = {
            asyncio.create_task(self.door.receive(), name="receive"),
            asyncio.create_task(self._keeper.run(), name="keeper"),
            asyncio.create_task(self.services.courier.run(), name="courier"),
            asyncio.create_task(self.services.files.run(), name="files"),
            asyncio.create_task(library.watch(seconds, self._knowledge_changed), name="knowledge"),
        }
        self.http.serving = True
        log.info("serving", entries=len(library.knowledge.entries), mode=self.services.settings.telegram.mode)

    async def broken(self) -> None:
        """Return, or raise, when a part of the server has ended by itself."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """In order: nothing new comes in, what is being handled finishes, its replies leave."""
        self.http.serving = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.http.stop()
        await self.services.inbox.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.services.sender.idle(), 5)
        await self.services.sender.stop()
        await self.door.stop()
        if self.services.reranker:
            await self.services.reranker.close()
        await self.services.store.close()

    async def _knowledge_changed(self, error: KnowledgeError | None) -> None:
        KNOWLEDGE_BROKEN.set(error is not None)
        await self.notices.knowledge(error, self.services.library.knowledge.version)


async def run(settings: Settings) -> int:
    """Serve until a signal comes; the exit status."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with rehearsal(settings) as settings:
        server = await Server.build(settings)
        try:
            return await _until(stop, server)
        except ConflictError as error:
            log.critical("telegram.conflict", meaning=server.services.texts(f"operator.conflict.{error}"))
            return 1
        except InvalidToken:
            log.critical("telegram.conflict", meaning=server.services.texts("operator.conflict.token"))
            return 1
        except OSError as error:
            log.critical("start.failed", meaning=str(error))
            return 1
        finally:
            await server.stop()


async def _until(stop: asyncio.Event, server: Server) -> int:
    """Start, and serve until told to stop or until a part gives up."""
    stopped = asyncio.create_task(stop.wait())

    async def serve() -> None:
        await server.start()
        await server.broken()

    serving = asyncio.create_task(serve())
    await asyncio.wait({stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    serving.cancel()
    stopped.cancel()
    await asyncio.gather(serving, stopped, return_exceptions=True)
    return 0


@contextlib.asynccontextmanager
async def rehearsal(settings: Settings) -> AsyncIterator[Settings]:
    """Without token and address the sandbox stands in for Telegram; the settings then point to it."""
    if settings.clock.offset:
        log.warning("clock.moved", seconds=settings.clock.offset)
    if not settings.rehearsal:
        yield settings
        return
    roster = demo_roster()
    sandbox = create(
        SandboxServerSettings(
            limits=Limits.telegram(overall_per_second=None),
            roster=roster,
            persist=settings.sandbox.keep,
            clock=SystemClock(settings.clock_offset),
        )
    )
    host, port = settings.sandbox.host, settings.sandbox.port
    try:
        base = await sandbox.start(host, port)
    except OSError as error:
        await sandbox.stop()
        raise SettingsError(f"sandbox.port: {host}:{port} cannot be opened; is another copy running?") from error
    texts = Texts.load()
    console = f"http://{settings.http.host}:{settings.http.port}"
    print(texts("operator.chat_page", address=base, console=console), file=sys.stderr, flush=True)  # noqa: T201 - the first thing a newcomer reads
    telegram = settings.telegram.model_copy(
        update={
            "base_url": base,
            "token": SecretStr(sandbox.token),
            "mode": "polling",
            "admins": settings.telegram.admins or staff_of(sandbox),
        }
    )
    try:
        yield settings.model_copy(update={"telegram": telegram})
    finally:
        await sandbox.stop()


def staff_of(sandbox: Sandbox) -> tuple[int, ...]:
    """The people of the sandbox who play the staff."""
    return tuple(p.id for p in sandbox.core.world.people.values() if p.key == "staff")


async def remind(settings: Settings, moment: datetime | None) -> int:
    """Plan and send what is due, then end; at another moment only in a rehearsal."""
    telegram = settings.telegram
    if settings.rehearsal:
        raise SettingsError("telegram.token: reminders need a bot; set ZHIYUAN_TELEGRAM__TOKEN")
    if moment is not None and not telegram.base_url:
        raise SettingsError("--now: another moment is for rehearsals and is refused with Telegram's own server")
    real = SystemClock(settings.clock_offset)
    clock = real if moment is None else SystemClock(real.offset + (moment - real.now()))
    bot = build_bot(telegram)
    services = await build(settings, {"telegram": TelegramCarrier(bot)}, clock)
    try:
        await bot.initialize()
        services.sender.start()
        outcome = await services.courier.once()
        sys.stdout.write("".join(f"{name}\t{count}\n" for name, count in sorted(outcome.items())))
    finally:
        await services.sender.stop()
        await bot.shutdown()
        await services.store.close()
    return 0


async def bot_name(settings: Settings) -> str:
    """The bot's user name, asked of Telegram; in a rehearsal, that of the sandbox."""
    if settings.rehearsal:
        return SandboxServerSettings().username
    bot = build_bot(settings.telegram)
    try:
        await bot.initialize()
        return bot.username
    except TelegramError as error:
        raise SettingsError(f"reach.bot: Telegram does not tell the bot's name ({error}); write it there") from error
    finally:
        await bot.shutdown()


async def chat(settings: Settings) -> int:
    """The same dialogue in a terminal."""
    terminal = Terminal()
    services = await build(settings, {"terminal": terminal}, SystemClock(settings.clock_offset))
    try:
        return await terminal.converse(services)
    finally:
        await services.sender.stop()
        if services.reranker:
            await services.reranker.close()
        await services.store.close()


def main() -> None:
    """What `python main.py` does."""
    build_cli(
        Program(
            load=load,
            run=run,
            chat=chat,
            remind=remind,
            bot_name=bot_name,
            open_library=open_library,
            open_store=open_store,
            open_vault=open_vault,
        )
    )()


if __name__ == "__main__":
    main()
