"""What the doors share: the services of a running process, built once by `main.py`."""

from __future__ import annotations

import os
import platform
import secrets
from dataclasses import dataclass
from pathlib import Path

from bot.consult.library import Library
from bot.consult.rerank import Reranker
from bot.core.clock import Clock
from bot.core.ids import Ids
from bot.core.texts import Texts
from bot.dialogue.service import Dialogue
from bot.ledger.service import Ledger
from bot.post.inbox import Inbox
from bot.post.outbox import Sender
from bot.reach.documents import Documents
from bot.reach.files import Files
from bot.reach.service import Reach
from bot.reminders.campaigns import Campaigns
from bot.reminders.delivery import Courier
from bot.reminders.service import Reminders
from bot.settings import Settings
from bot.store.work import Store


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a door may call."""

    settings: Settings
    clock: Clock
    ids: Ids
    texts: Texts
    store: Store
    library: Library
    inbox: Inbox
    sender: Sender
    dialogue: Dialogue
    worker: str
    reminders: Reminders
    campaigns: Campaigns
    courier: Courier
    ledger: Ledger
    reach: Reach
    files: Files
    documents: Documents
    reranker: Reranker | None = None


def worker_id() -> str:
    """A name for this process among those that share the database."""
    return secrets.token_hex(8)


def worker_place() -> str:
    """Host and process number, so that a process on the same machine can be seen to be gone.

    With the kernel's process namespace, where there is one: containers may share a host's name while
    none of them sees the others' processes.
    """
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        namespace = ""
    return f"{platform.node()[:60]}/{namespace}:{os.getpid()}"
