"""Puts the parts together and opens the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox import control, page
from sandbox.actor import Actor
from sandbox.botapi import add_routes
from sandbox.core import build_core
from sandbox.errors import ApiError
from sandbox.people_groups import People
from sandbox.persistence import Keeper
from sandbox.roster import populate
from sandbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.faults import Fault, Faults
    from sandbox.flood import Violation
    from sandbox.journal import Journal
    from sandbox.settings import Json


class Sandbox:
    """A local Telegram: the Bot API, the persons, and the page to try it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.core = build_core(settings)
        self.people = People(self.core)
        self.base_url = ""
        self._keeper = Keeper(self.core)
        self._runner: web.AppRunner | None = None

    @property
    def token(self) -> str:
        """The only token that the server accepts."""
        return self.settings.token

    @property
    def calls(self) -> Journal:
        """Every call of the Bot API so far."""
        return self.core.journal

    @property
    def faults(self) -> Faults:
        """Faults on order."""
        return self.core.faults

    @property
    def violations(self) -> list[Violation]:
        """Requests that came although the bot had been told to wait."""
        return self.core.flood.violations

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Open the port (0: any free one); the base URL."""
        if not self._keeper.load():
            populate(self.people, self.settings.roster)
        app = web.Application(client_max_size=self.settings.limits.upload_bytes + 2**20)
        add_routes(app, self.core)
        control.add_routes(app, self)
        if self.settings.page:
            page.add_routes(app, self.core)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=2048)
        await site.start()
        address = self._runner.addresses[0]
        shown = "127.0.0.1" if host in {"0.0.0.0", ""} else host  # noqa: S104 - only compared
        self.base_url = f"http://{shown}:{address[1]}"
        await self._keeper.start()
        return self.base_url

    async def stop(self) -> None:
        """Close the port and save the state."""
        await self.core.webhook.stop()
        self.core.events.close()
        # A long poll whose bot has gone would hold the port open until its time is over.
        self.core.updates.interrupt(ApiError(502, "Bad Gateway"))
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._keeper.stop()

    def reset(self) -> None:
        """Forget everything but the roster, as on the first start."""
        core = self.core
        core.world.reset()
        core.updates.clear()
        core.journal.clear()
        core.faults.clear()
        core.files.reset()
        core.flood.reset()
        populate(self.people, self.settings.roster)
        core.events.publish("reset")

    def actor(self, first_name: str, **person: Any) -> Actor:
        """A new person with short verbs (says, taps, hears)."""
        return Actor(self.people, self.core.events, self.people.create_person(first_name, **person))

    def as_actor(self, person_id: int) -> Actor:
        """Short verbs for a person who exists."""
        return Actor(self.people, self.core.events, self.people.person(person_id))

    def inject(self, update: Json) -> int:
        """Give the bot an arbitrary update."""
        return self.core.updates.inject(update)

    def redeliver(self, update_id: int) -> None:
        """Give the bot an update a second time."""
        self.core.updates.redeliver(update_id)

    def fault(self, fault: Fault) -> Fault:
        """Order a fault."""
        return self.core.faults.add(fault)

    async def wait_for(
        self, condition: Callable[[], Any], timeout: float = 5.0  # noqa: ASYNC109 - it says so
    ) -> Any:  # fmt: skip
        """The first true value of a condition (plain or awaitable); TimeoutError otherwise."""
        return await self.core.events.wait_for(condition, timeout)


def create(settings: Settings | None = None) -> Sandbox:
    """A sandbox, not yet open."""
    return Sandbox(settings or Settings())
