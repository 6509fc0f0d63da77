"""A person in a test: short verbs, and ears that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import PersonError

if TYPE_CHECKING:
    from sandbox.events import Events
    from sandbox.model import Message, Person
    from sandbox.people_groups import People
    from sandbox.settings import Json


class Actor:
    """One person in her private chat with the bot."""

    def __init__(self, people: People, events: Events, person: Person) -> None:
        self._people = people
        self._events = events
        self.person = person
        self._heard: set[tuple[int, int]] = set()

    @property
    def id(self) -> int:
        """Her user id, which is also the chat id."""
        return self.person.id

    def starts(self, payload: str = "") -> Message:
        """Press 开始."""
        return self._people.start(self.id, payload)

    def says(self, text: str, *, reply_to: int | None = None) -> Message:
        """Write a text."""
        return self._people.say(self.id, text, reply_to=reply_to)

    def taps(self, label: str, message: Message | None = None) -> str:
        """Press a button of the latest message that has it: inline, or of the reply keyboard."""
        for found in [message] if message else reversed(self.sees()):
            if any(label in button["text"] for button in found.buttons):
                return self._people.press(self.id, found.id, label=label)
        if any(label in key["text"] for key in self.keys()):
            return self._tap_key(label)
        raise PersonError(f"{self.person.name} sees no button {label!r}")

    def _tap_key(self, label: str) -> str:
        key = next(key for key in self.keys() if label in key["text"])
        if key.get("request_contact"):
            self._people.send_contact(self.id)
        else:
            self.says(key["text"])
        return ""

    def sees(self) -> list[Message]:
        """The whole chat, deleted messages excepted."""
        return self._people.messages(self.id)

    def keys(self) -> list[Json]:
        """The reply keyboard that is open now."""
        for message in reversed(self.sees()):
            if message.keyboard and "keyboard" in message.keyboard:
                return [key for row in message.keyboard["keyboard"] for key in row]
            if message.keyboard and message.keyboard.get("remove_keyboard"):
                return []
        return []

    async def hears(self, fragment: str = "", *, timeout: float = 5.0) -> Message:  # noqa: ASYNC109
        """The next new or edited message of the bot with the fragment; it passes others over."""

        def look() -> Message | None:
            passed: list[tuple[int, int]] = []
            for message in self.sees():
                state = (message.id, len(message.versions))
                if not message.from_bot or state in self._heard:
                    continue
                passed.append(state)
                if fragment in message.text:
                    self._heard.update(passed)
                    return message
            return None

        try:
            found: Message = await self._events.wait_for(look, timeout)
        except TimeoutError:
            last = [message.text for message in self.sees()][-5:]
            raise TimeoutError(f"{self.person.name} did not hear {fragment!r}; the chat ends with {last}") from None
        return found
