"""A world for stories: people in a local Telegram, the real bot, and a clock that obeys.

async def test_fee(world):
    alice = await world.person("张三")
    await alice.says("执行费怎么算")
    await alice.hears("不用先交钱")
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.consult.library import Library
from bot.core.clock import ManualClock
from bot.core.texts import Texts
from bot.settings import Database, DocumentSettings, Faq, Http, Privacy, Settings, Telegram
from main import Server, data_folder, open_library
from sandbox import Actor, Limits, Sandbox, create
from sandbox import Settings as SandboxSettings
from sandbox.model import Message

ROOT = Path(__file__).parent.parent
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, ten in the morning in Shanghai
KEY = "11" * 32
TEXTS = Texts.load()


@lru_cache(maxsize=1)
def library() -> Library:
    """The shipped knowledge, read once for all tests that do not change it."""
    return open_library(Settings(faq=Faq(path=ROOT / "faq")))


@lru_cache(maxsize=1)
def learned() -> Path:
    """The file of what was learned from it, for the processes of other tests: learning takes most of a start."""
    library()
    return (data_folder(Settings()) / "matcher.npz").resolve()


class Person:
    """Somebody in a chat with the bot: says, taps, hears."""

    def __init__(self, world: World, actor: Actor) -> None:
        self._world = world
        self.actor = actor
        self.id = actor.id

    async def starts(self) -> None:
        """Press 开始, and let the bot finish."""
        self.actor.starts()
        await self._world.settled()

    async def says(self, text: str) -> None:
        """Write, and let the bot finish."""
        self.actor.says(text)
        await self._world.settled()

    async def taps(self, key: str, **params: object) -> None:
        """Press the button with that label (a key of the catalogue, or the label itself)."""
        self.actor.taps(TEXTS(key, **params) if key in TEXTS else key)
        await self._world.settled()

    async def hears(self, key: str, **params: object) -> Message:
        """The bot's next message that holds these words (a key of the catalogue, or words)."""
        words = plain(TEXTS(key, **params)) if key in TEXTS else key
        return await self.actor.hears(words)

    async def sends(self, kind: str, *args: Any, **details: Any) -> Any:
        """Send a photo, voice, video, document, sticker, contact, location or album."""
        sent = getattr(self._world.sandbox.people, f"send_{kind}")(self.id, *args, **details)
        await self._world.settled()
        return sent

    async def edits(self, message: Message, text: str) -> None:
        """Change an own message."""
        self._world.sandbox.people.edit(self.id, message.id, text)
        await self._world.settled()

    def heard(self) -> list[str]:
        """All that the bot has said here."""
        return [m.text for m in self.actor.sees() if m.from_bot]

    def buttons(self) -> list[str]:
        """The labels under the bot's last message."""
        said = [m for m in self.actor.sees() if m.from_bot]
        return [b["text"] for b in said[-1].buttons] if said else []


def plain(text: str) -> str:
    """A catalogue text as it is seen."""
    return text.replace("**", "").strip()


class World:
    """The local Telegram and the bot, over one database."""

    def __init__(self, folder: Path, database: str, **overrides: Any) -> None:
        self.folder = folder
        self.database = database
        self.clock = ManualClock(START)
        self.sandbox: Sandbox = create(SandboxSettings(limits=overrides.pop("limits", Limits.lifted()), page=False))
        self.library: Library | None = overrides.pop("library", None)
        self.admins: list[int] = []
        self.overrides = overrides
        self.server: Server | None = None

    @property
    def bot(self) -> Server:
        """The running bot."""
        assert self.server is not None
        return self.server

    def settings(self) -> Settings:
        """The bot's settings in this world."""
        return Settings(
            telegram=Telegram(
                **{
                    "token": SecretStr(self.sandbox.token),
                    "base_url": self.sandbox.base_url,
                    "chat_burst": 50,
                    "chat_per_second": 1000,
                    "group_per_minute": 6000,
                    "admins": tuple(self.admins),
                    **self.overrides.get("telegram", {}),
                }
            ),
            database=Database(url=self.database),
            http=Http(**{"port": 0, "desk": False, **self.overrides.get("http", {})}),
            faq=Faq(path=self.overrides.get("faq", ROOT / "faq"), reload_seconds=0.05),
            privacy=Privacy(key=SecretStr(KEY), key_file=self.folder / "secret.key", **self.overrides.get("privacy", {})),
            documents=DocumentSettings(proofs=self.folder / "proofs"),
            **{k: v for k, v in self.overrides.items() if k not in ("telegram", "privacy", "faq", "http")},
        )

    async def begin(self) -> World:
        """Open the local Telegram."""
        await self.sandbox.start()
        return self

    async def start_bot(self) -> None:
        """Start the bot (again)."""
        knowledge = None if "faq" in self.overrides else self.library or library()
        self.server = await Server.build(self.settings(), self.clock, knowledge)
        await self.server.start()

    async def stop_bot(self) -> None:
        """Stop the bot in order."""
        if self.server:
            await self.server.stop()
            self.server = None

    async def end(self) -> None:
        """Stop everything."""
        await self.stop_bot()
        await self.sandbox.stop()

    async def person(self, name: str, *, started: bool = True) -> Person:
        """Somebody; as a rule they have pressed 开始 already."""
        person = Person(self, self.sandbox.actor(name))
        if started:
            person.actor.starts()
            if self.server:
                await self.settled()
        return person

    async def clerk(self, name: str = "工作人员") -> Person:
        """Somebody who may use staff commands; call before the bot starts."""
        actor = self.sandbox.actor(name)
        self.admins.append(actor.id)
        person = Person(self, actor)
        actor.starts()
        return person

    async def settled(self) -> None:
        """Return when every update is handled and every reply has left."""
        if not self.server:
            return
        services = self.server.services
        for _ in range(2000):
            if not self.sandbox.core.updates.pending:
                await services.inbox.idle()
                await services.files.fetch_all()
                await services.sender.idle()
                if not self.sandbox.core.updates.pending and not services.inbox.waiting():
                    return
            await asyncio.sleep(0.005)
        raise TimeoutError("the bot did not settle")

    def advance(self, **delta: float) -> None:
        """Let time pass."""
        self.clock.advance(**delta)
