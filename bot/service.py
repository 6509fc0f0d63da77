"""What the doors share: the services of a running process, built once by `main.py`."""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.consult.library import Library
from bot.consult.rerank import Reranker
from bot.core.clock import Clock
from bot.core.ids import Ids
from bot.core.kept import Looked
from bot.core.texts import Texts
from bot.dialogue.casework import CaseWork
from bot.dialogue.service import Dialogue
from bot.dialogue.watch import Watch
from bot.guide.settlement.service import Settlements
from bot.ledger.service import Ledger
from bot.post.inbox import Inbox
from bot.post.outbox import Sender
from bot.reach.documents import Documents
from bot.reach.files import Files
from bot.reach.service import Reach
from bot.reception.agencies import Agencies
from bot.reception.broadcasts import Broadcasts
from bot.reception.cases import Cases
from bot.reception.chats import Chats
from bot.reception.feed import Feed
from bot.reception.flow import Nodes, Notaries
from bot.reception.follow_ups import FollowUps
from bot.reception.intake import Intakes
from bot.reception.learning import Learning
from bot.reception.petitions import Petitions
from bot.reception.service import Office
from bot.reception.tables import Tables
from bot.reception.today import Today
from bot.reminders.campaigns import Campaigns
from bot.reminders.delivery import Courier
from bot.reminders.service import Reminders
from bot.reports.service import Reports
from bot.settings import Settings
from bot.staff.audit import Audit
from bot.staff.service import Staff
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
    casework: CaseWork
    settlements: Settlements
    watch: Watch
    staff: Staff
    audit: Audit
    office: Office
    tables: Tables
    broadcasts: Broadcasts
    learning: Learning
    reports: Reports
    looked: Sequence[Looked]  # files beside the knowledge that clerks may save while the program runs
    reranker: Reranker | None = None

    @property
    def chats(self) -> Chats:
        """Conversations that wait for a person, or are in the hands of one."""
        return self.office.chats

    @property
    def feed(self) -> Feed:
        """The change feed of conversations."""
        return self.office.feed

    @property
    def intakes(self) -> Intakes:
        """First visits."""
        return self.office.intakes

    @property
    def petitions(self) -> Petitions:
        """Petitions and complaints."""
        return self.office.petitions

    @property
    def follow_ups(self) -> FollowUps:
        """Follow-ups after settlement or performance."""
        return self.office.follow_ups

    @property
    def nodes(self) -> Nodes:
        """Case-flow timers."""
        return self.office.nodes

    @property
    def notaries(self) -> Notaries:
        """Notaries who help with cases."""
        return self.office.notaries

    @property
    def agencies(self) -> Agencies:
        """The list of auction agencies."""
        return self.office.agencies

    @property
    def today(self) -> Today:
        """Today's board."""
        return self.office.today

    @property
    def cases(self) -> Cases:
        """The ledger with rights."""
        return self.office.cases


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
