"""Fills an empty world with the persons and groups of the settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.settings import Roster, RosterGroup, RosterPerson

if TYPE_CHECKING:
    from sandbox.people_groups import People

_WORDS = Path(__file__).parent / "static" / "words.zh.json"


def demo_roster() -> Roster:
    """The persons and the staff group that a newcomer finds."""
    raw = json.loads(_WORDS.read_text("utf-8"))["roster"]
    return Roster(
        people=tuple(RosterPerson(**person) for person in raw["people"]),
        groups=tuple(RosterGroup(**{**group, "members": tuple(group["members"])}) for group in raw["groups"]),
    )


def populate(people: People, roster: Roster) -> None:
    """Create the roster; nobody knows the bot yet."""
    ids: dict[str, int] = {}
    for entry in roster.people:
        person = people.create_person(
            entry.first_name,
            entry.last_name,
            username=entry.username,
            language_code=entry.language_code,
            role=entry.role,
            key=entry.key,
            phone=entry.phone,
        )
        ids[entry.key] = person.id
    for group in roster.groups:
        members = [ids[key] for key in group.members]
        people.create_group(group.title, group.kind, members=members, bot_admin=group.bot_admin, key=group.key)
