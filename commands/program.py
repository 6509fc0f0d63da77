"""What a command knows of the program it belongs to."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer

from bot.consult.library import Library
from bot.core.clock import Clock, SystemClock, local_day
from bot.core.ids import Ids
from bot.core.privacy import Vault
from bot.post.outbox import Carrier
from bot.service import Services
from bot.settings import Settings
from bot.staff.audit import Audit
from bot.staff.model import OPERATOR
from bot.store.work import Store

Exit = Coroutine[Any, Any, int]


@dataclass(frozen=True, slots=True)
class Program:
    """What the commands need of the composition root, handed in so that they need not import it."""

    load: Callable[[Path | None], Settings]
    run: Callable[[Settings], Exit]
    chat: Callable[[Settings], Exit]
    remind: Callable[[Settings, datetime | None], Exit]
    bot_name: Callable[[Settings], Coroutine[Any, Any, str]]
    open_library: Callable[[Settings], Library]
    open_store: Callable[[Settings], Coroutine[Any, Any, Store]]
    open_vault: Callable[[Settings], Vault]
    build: Callable[[Settings, dict[str, Carrier], Clock], Coroutine[Any, Any, Services]]


@dataclass(slots=True)
class Current:
    """The program and the settings of this call."""

    program: Program
    settings: Settings

    def today(self) -> date:
        """The day in Shanghai, by the settings' clock."""
        return local_day(SystemClock(self.settings.clock_offset).now())


def current(context: typer.Context) -> Current:
    """The program of this call."""
    found = context.obj
    if not isinstance(found, Current):
        raise TypeError("the command line was not built by build_cli")
    return found


async def note_export(
    here: Current, store: Store, object: str, key: object, court: str | None = None, detail: str = ""
) -> None:
    """Somebody at the machine takes something out of the house: a line in the audit log, with the account of the system."""
    clock, ids = SystemClock(here.settings.clock_offset), Ids()
    await Audit(store, clock, ids).exported(OPERATOR, object, key, court, f"{getpass.getuser()[:32]} {detail}".strip())
