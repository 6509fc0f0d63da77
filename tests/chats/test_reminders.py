"""Debtors are reminded: the right words at the right time, and nothing that should not be said."""

from __future__ import annotations

from datetime import date, timedelta

from bot.core.clock import local_day
from bot.ledger.courts import Courts
from bot.ledger.model import DisputeKind, NewPayment
from bot.ledger.service import Ledger
from bot.ledger.model import Actor
from bot.store.ledger_rows import DueRow
from bot.store.reminder_rows import DeliveryRow
from commands.bench_reminders import Someone, fill
from tests.world import ROOT, START, Person, World

CLERK = Actor("staff", "clerk")
TODAY = local_day(START)  # Monday 2026-11-23


async def remind(world: World) -> None:
    """Let the bot plan and send what is due at this moment."""
    courier = world.bot.services.courier
    courier.wake()
    await courier.round()
    await world.settled()


async def owes(world: World, person: Person, *days: date) -> None:
    """Somebody owes 1,000 yuan on each of these days, and has proven who they are."""
    await fill(world.bot.services.store, world.clock, [Someone(person.actor.person.name, person.id)], lambda _: days)
