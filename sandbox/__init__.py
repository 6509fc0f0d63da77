"""A local Telegram: Bot API server, persons and a chat page, for trying out and for tests."""

from sandbox.actor import Actor
from sandbox.errors import ApiError, PersonError
from sandbox.faults import Fault
from sandbox.model import Group, Message, Person, Topic
from sandbox.roster import demo_roster
from sandbox.server import Sandbox, create
from sandbox.settings import (
    Clock,
    Limits,
    Roster,
    RosterGroup,
    RosterPerson,
    Settings,
    SystemClock,
)

__all__ = [
    "Actor",
    "ApiError",
    "Clock",
    "Fault",
    "Group",
    "Limits",
    "Message",
    "Person",
    "PersonError",
    "Roster",
    "RosterGroup",
    "RosterPerson",
    "Sandbox",
    "Settings",
    "SystemClock",
    "Topic",
    "create",
    "demo_roster",
]
