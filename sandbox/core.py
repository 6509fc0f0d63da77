"""What every part of a running sandbox needs, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.events import Events
from sandbox.faults import Faults
from sandbox.files import Files
from sandbox.flood import Flood
from sandbox.journal import Journal
from sandbox.updates import Updates
from sandbox.webhook import Webhook
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.settings import Settings


@dataclass(slots=True)
class Core:
    """The services of one sandbox."""

    settings: Settings
    events: Events
    world: World
    updates: Updates
    webhook: Webhook
    flood: Flood
    faults: Faults
    journal: Journal
    files: Files


def build_core(settings: Settings) -> Core:
    """Wire the services together; opens nothing."""
    events = Events()
    updates = Updates(settings.clock, settings.limits, settings.seed)
    folder = settings.persist.with_suffix(".files") if settings.persist else None
    return Core(
        settings=settings,
        events=events,
        world=World(settings, events),
        updates=updates,
        webhook=Webhook(updates, settings.limits, settings.clock),
        flood=Flood(settings.limits, settings.clock),
        faults=Faults(),
        journal=Journal(settings.journal_size),
        files=Files(folder),
    )
