"""The composition root: reads settings, builds the services, opens the doors, owns start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
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
from bot.core import written
from bot.core.calendar import CourtCalendar
from bot.core.clock import Clock, SystemClock
from bot.core.errors import KnowledgeError, SettingsError
from bot.core.ids import Ids
from bot.core.kept import Looked, stamp
from bot.core.metrics import KNOWLEDGE_BROKEN
from bot.core.privacy import Vault, parse_key, read_or_make_key
from bot.core.texts import Texts
from bot.dialogue.ahead import Ahead
from bot.dialogue.casework import CaseWork
from bot.dialogue.counter import Counter
from bot.dialogue.desk import Desk
from bot.dialogue.endings import documents_of
from bot.dialogue.flows import PATHS
from bot.dialogue.followup import FollowUps
from bot.dialogue.notices import Notices
from bot.dialogue.party import Party
from bot.dialogue.pulse import Pulse
from bot.dialogue.redaction import Redacting, Redactor
from bot.dialogue.scene import House, PartySettings
from bot.dialogue.service import Dialogue
from bot.dialogue.talk import Talk, TalkSettings
from bot.dialogue.watch import Watch
from bot.dialogue.words import Words
from bot.guide import cues
from bot.guide import rates as rates_file
from bot.guide.dated import Dated
from bot.guide.documents import loader as documents_file
from bot.guide.documents.loader import FOLDER as FORMS
from bot.guide.documents.service import REFERENCE, PaperFiles, Papers
from bot.guide.rates import FILE as RATES
from bot.guide.rates import Rates
from bot.guide.reading import FILE as CALCULATORS
from bot.guide.service import Calculators
from bot.guide.settlement.paper import REFERENCE as AGREEMENT
from bot.guide.settlement.paper import Agreements
from bot.guide.settlement.service import Settlements
from bot.guide.settlement.table import Policy
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
from bot.reception.agencies import Agencies
from bot.reception.broadcasts import Broadcasts
from bot.reception.feed import Feed
from bot.reception.from_chat import FromChat
from bot.reception.hours import CourtHours
from bot.reception.learning import Learning
from bot.reception.room import Room
from bot.reception.service import Base, ReceptionSettings, open_office, read_rules
from bot.reception.tables import Tables
from bot.reception.topics import Topics
from bot.reminders.campaigns import Campaigns
from bot.reminders.delivery import Courier
from bot.reminders.service import Reminders
from bot.reminders.wording import Guides
from bot.reports.service import Reports
from bot.service import Services, worker_id, worker_place
from bot.settings import Settings, load
from bot.staff.audit import Audit
from bot.staff.service import Staff, StaffSettings
from bot.store import migrate
from bot.store.engine import database_url, open_engine, reach
from bot.store.work import Store
from commands.app import build_cli
from commands.faq_eval import own_cases
from commands.program import Program
from commands.terminal import Terminal
from console.desk import Desk as StaffDesk
from console.server import HttpServer
from handlers.application import TelegramDoor, build_bot, close_bot
from handlers.carrier import TelegramCarrier
from handlers.files import TelegramFiles
from handlers.forum import TelegramForum
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
    """The knowledge with its matcher; KnowledgeError when `faq/` cannot be used, SettingsError when there is none."""
    if not settings.faq.path.is_dir():
        raise SettingsError(Texts.load()("operator.no_knowledge", path=settings.faq.path))
    costs = settings.consult
    match = MatchSettings(
        cost_wrong=costs.cost_wrong,
        cost_clarify=costs.cost_clarify,
        cost_missed=costs.cost_missed,
        cost_handoff=costs.cost_handoff,
    )

    kept = data_folder(settings) / "matcher.npz"  # before the knowledge is read: a wrong address is told at once

    def matcher(knowledge: Knowledge) -> Matcher:
        return Matcher(knowledge, match, kept=kept)

    return Library(settings.faq.path, matcher, SystemClock(settings.clock_offset))


async def open_store(settings: Settings) -> Store:
    """The database, brought up to date."""
    engine = open_engine(settings.database.url)
    await reach(engine)
    await migrate.upgrade(engine)
    return Store(engine, open_vault(settings))


def receipts(settings: Settings, worker: str) -> Receipts:
    """The folder of receipts."""
    return Receipts(data_folder(settings), worker)


def data_folder(settings: Settings) -> Path:
    """Where files of this machine lie: beside a SQLite database, else beside the key file."""
    url = database_url(settings.database.url)
    file = url.database if url.get_backend_name() == "sqlite" else None
    return Path(file).parent if file and file != ":memory:" else settings.privacy.key_file.parent


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
    courts, calendar = Courts.read(of_faq(settings, "courts.yaml")), CourtCalendar()
    hours = court_hours(settings, courts, calendar)
    audit, feed = Audit(store, clock, ids), Feed(store)
    staff = Staff(store, clock, ids, courts, audit, staff_settings(settings), frozenset(settings.telegram.admins))
    desk = Desk(words, staff, audit, courts, lambda court, now: hours.of(court).next_open(now), feed.changed)
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
    replies = Replies(of_faq(settings, REPLIES))
    ledger = Ledger(store, clock, ids, courts)
    reach = Reach(store, clock, ids, ledger, settings.reach.link_days, settings.reach.bot)
    files = Files(store, {}, ProofStore(settings.documents.proofs, store.vault), clock, ids)
    documents = Documents(store, ledger, reach, files.proofs, texts, settings.documents.font)
    papers = Papers.read(of_faq(settings, FORMS), texts, settings.documents.font)
    documents_of(papers.forms, courts, texts)
    settlements = Settlements(store, clock, ids, ledger, settlement_policy(settings))
    house = House(
        ledger=ledger,
        settlements=settlements,
        reach=reach,
        replies=replies,
        words=words,
        desk=desk,
        files=files,
        clock=clock,
        ids=ids,
        settings=party_settings(settings),
        where=lambda court: guides().where(court),
        calculators=Calculators(lambda: guides().calendar, Rates.read(of_faq(settings, RATES) / RATES)),
        cues=cues.load(of_faq(settings, CALCULATORS)),
        dated=Dated(ids, lambda day: guides().opens(day), lambda: guides().calendar),
        laws=lambda: library.knowledge.laws,
        staff=staff,
        papers=papers,
        reception=lambda: FromChat(office.intakes),
    )
    documents.serve(REFERENCE, PaperFiles(store, papers).open)
    documents.serve(AGREEMENT, Agreements(settlements, papers, texts, courts.name).open)
    reranker = await asyncio.to_thread(open_reranker, settings, clock)
    ahead = look_ahead(settings, store, library, reranker, clock) if reranker else None
    agencies = Agencies.read(of_faq(settings, "courts.yaml"))
    party = Party(talk, library, house)
    counter = Counter(party, words, desk, staff, library, files, agencies.search, agencies.empty)
    responder = Redacting(counter, settings.privacy.redact_hours)
    dialogue = Dialogue(store, sender, responder, clock, ids, worker, ahead)
    casework = CaseWork(store, sender, house, documents, worker)
    files.tell(casework.file_lost)
    base = Base(
        store=store,
        clock=clock,
        ids=ids,
        texts=texts,
        sender=sender,
        worker=worker,
        staff=staff,
        audit=audit,
        ledger=ledger,
        reach=reach,
        library=library,
        files=files.proofs,
        casework=casework,
        hours=hours,
        calendar=calendar,
        feed=feed,
        agencies=agencies,
    )
    office = open_office(base, reception_settings(settings))
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
        casework=casework,
        settlements=settlements,
        watch=Watch(store, clock, settlements, casework),
        staff=staff,
        audit=audit,
        office=office,
        tables=Tables(ledger, texts, store, audit),
        broadcasts=Broadcasts(campaigns, store, audit),
        learning=Learning(store, clock, library, audit, settings.faq.path, words, cases=own_cases, paths=PATHS),
        reports=Reports(store, clock, courts, audit),
        looked=(replies.file, guides.file, *later(settings)),
        reranker=reranker,
    )


def later(settings: Settings) -> list[Looked]:
    """The files that are read at the start: a mistake in one would keep the program from starting again."""
    forms = of_faq(settings, FORMS) / FORMS
    calculators = of_faq(settings, CALCULATORS)
    rates = of_faq(settings, RATES) / RATES
    return [
        Looked(FORMS, lambda: stamp(written.files(forms)), lambda: documents_file.problems(forms)),
        Looked(CALCULATORS, lambda: stamp([calculators / CALCULATORS]), lambda: cues.read(calculators)[1]),
        Looked(RATES, lambda: stamp([rates]), lambda: rates_file.check(rates)),
    ]


def of_faq(settings: Settings, name: str) -> Path:
    """The folder that holds a file of `faq/`: a folder of somebody's own topics need not hold all of them."""
    own = settings.faq.path
    return own if (own / name).exists() else Path(__file__).with_name("faq")


def party_settings(settings: Settings) -> PartySettings:
    """What the debtor's side of the chat needs of the settings."""
    return PartySettings(
        admins=frozenset(settings.telegram.admins),
        retention_days=settings.privacy.retention_days,
        document_days=settings.documents.keep_days,
        messages_per_minute=settings.consult.messages_per_minute,
        ask_creditor=settings.reach.ask_creditor,
    )


def settlement_policy(settings: Settings) -> Policy:
    """What the settings say about settling in chat."""
    s = settings.settlement
    return Policy(mediated=s.mediated, confirmed=s.confirmed, offer_days=s.offer_days, grace_days=s.grace_days)


def staff_settings(settings: Settings) -> StaffSettings:
    """How long links and sessions of staff are good for."""
    s = settings.staff
    return StaffSettings(
        invite=timedelta(hours=s.invite_hours),
        login=timedelta(minutes=s.login_minutes),
        idle=timedelta(minutes=s.idle_minutes),
        session=timedelta(hours=s.session_hours),
    )


def court_hours(settings: Settings, courts: Courts, calendar: CourtCalendar) -> CourtHours:
    """When somebody is there; SettingsError for hours that cannot be."""
    try:
        return CourtHours(courts, settings.reception.hours, calendar)
    except ValueError as error:
        raise SettingsError(f"reception.hours: {error}") from error


def reception_settings(settings: Settings) -> ReceptionSettings:
    """The desk's promises about time, and its rules."""
    r = settings.reception
    return ReceptionSettings(
        answer=timedelta(minutes=r.answer_minutes),
        resolve=timedelta(hours=r.resolve_hours),
        warn=r.warn_percent / 100,
        triage=read_rules(r.triage),
        petition_days=r.petition_days,
        complaint_days=r.complaint_days,
        node_days=r.node_days,
        warn_days=r.warn_days,
        follow_up_days=r.follow_up_days,
        font=settings.documents.font,
    )


# -- running -------------------------------------------------------------------------------------


def open_topics(services: Services, door: TelegramDoor, notices: Notices) -> Topics | None:
    """The staff group's topics, if there is such a group."""
    telegram = services.settings.telegram
    if not telegram.staff_group:
        return None
    return Topics(
        services.store,
        services.clock,
        services.texts,
        services.worker,
        staff=services.staff,
        courts=services.ledger.courts,
        library=services.library,
        feed=services.feed,
        forum=TelegramForum(door.bot, services.documents),
        group=telegram.staff_group,
        per_minute=telegram.group_per_minute,
        denied=notices.group_denied,
    )


def open_room(services: Services, door: TelegramDoor, topics: Topics) -> Room:
    """What takes the words of the staff group."""
    return Room(
        services.store,
        services.clock,
        services.ids,
        services.texts,
        staff=services.staff,
        chats=services.chats,
        feed=services.feed,
        forum=TelegramForum(door.bot, services.documents),
        topics=topics,
    )


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
        self.pulse = Pulse(lambda: services.courier.beats, self.notices)
        self.redactor = Redactor(services.store, services.sender, services.clock, services.ids, services.worker)
        self.http = HttpServer(services, door.routes(), StaffDesk(services) if settings.http.desk else None)
        self._keeper = Keeper(
            services.store,
            services.inbox,
            services.sender,
            services.clock,
            worker=services.worker,
            place=worker_place(),
            retention_days=settings.privacy.retention_days,
            document_days=settings.documents.keep_days,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: dict[str, bool] = {}  # by file, whether it is saved with a mistake
        self.topics = open_topics(services, door, self.notices)
        door.connect(services.dialogue, open_room(services, door, self.topics) if self.topics else None)
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
        self.services.staff.console = self.services.settings.staff.console_url.rstrip("/") or self.http.address
        await self.door.start()
        address = self.services.reach.address
        address.bot = address.bot or self.door.bot.username
        self.services.sender.start()
        if not self.services.settings.telegram.admins:
            log.warning("admins.missing", meaning=self.services.texts("operator.no_admins"))
        await self.notices.gap()
        await self._keeper.begin()
        if self.topics:
            await self.topics.where()  # before anything that was said in the group is handled
        self.services.inbox.open()
        library, seconds = self.services.library, self.services.settings.faq.reload_seconds
        self._tasks = {
            asyncio.create_task(self.door.receive(), name="receive"),
            asyncio.create_task(self._keeper.run(), name="keeper"),
            asyncio.create_task(self.services.courier.run(), name="courier"),
            asyncio.create_task(self.pulse.run(), name="pulse"),
            asyncio.create_task(self.services.files.run(), name="files"),
            asyncio.create_task(self.services.office.steward.run(), name="steward"),
            asyncio.create_task(self.redactor.run(), name="redactor"),
            asyncio.create_task(FollowUps(self.services.casework).run(), name="follow-ups"),
            asyncio.create_task(self.services.watch.run(), name="watch"),
            asyncio.create_task(library.watch(seconds, self._knowledge_changed), name="knowledge"),
            asyncio.create_task(self._look(seconds), name="files of the knowledge"),
        }
        if self.topics:
            self._tasks.add(asyncio.create_task(self.topics.run(), name="topics"))
        self.http.serving = True
        self.http.open_desk()
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
        self._broken["topics"] = error is not None
        KNOWLEDGE_BROKEN.set(any(self._broken.values()))
        await self.notices.knowledge(error, self.services.library.knowledge.version)

    async def _look(self, seconds: float) -> None:
        """Look for ever at the files beside the topics; administrators hear of each new state once."""
        while True:
            await asyncio.sleep(seconds)
            for looked in self.services.looked:
                try:
                    faults = await asyncio.to_thread(looked.faults)
                    self._broken[looked.name] = bool(faults)
                    await self.notices.file(looked, faults)
                except Exception:
                    log.exception("knowledge.watch_failed", file=looked.name)  # told in the next round
            KNOWLEDGE_BROKEN.set(any(self._broken.values()))


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
        outcome = await services.courier.once(worker_place())
        sys.stdout.write("".join(f"{name}\t{count}\n" for name, count in sorted(outcome.items())))
    finally:
        await services.sender.stop()
        await close_bot(bot)
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
        await close_bot(bot)


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
    # The matcher asks how single characters sound; the table of phrases would cost a quarter of a second at each start.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    # Reading the knowledge makes many objects that stay; looking through them for garbage is a fifth of the start.
    gc.set_threshold(50_000, 20, 100)
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
            build=build,
        )
    )()


if __name__ == "__main__":
    main()
