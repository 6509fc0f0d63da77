"""The same dialogue in a terminal, for trying out and for places without a browser."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import getpass
import os
import re
import signal
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.texts import Texts
from bot.dialogue.model import Button, Incoming, Reply, reply_from
from bot.post.outbox import Delivered, Outcome
from bot.reach.documents import Documents
from bot.service import Services
from bot.store.rows import OutgoingRow

_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_ME = 1  # there is one person at a terminal


@dataclass(slots=True)
class Terminal:
    """A carrier that prints, and the loop that reads."""

    texts: Texts = field(default_factory=Texts.load)
    choices: list[Button] = field(default_factory=list)  # the buttons shown, by number
    documents: Documents | None = None  # where files come from; known once the services are there

    async def deliver(self, row: OutgoingRow) -> Outcome:
        """Print a reply with its buttons numbered."""
        reply = reply_from(row.payload["reply"])
        if reply.kind == "message":
            self._show(reply)
        if reply.kind == "document" and self.documents:
            name, content = await self.documents.open(reply.file)
            await asyncio.to_thread(Path(name).write_bytes, content)  # where the program was started
            self._show(Reply(self.texts("terminal.file", caption=reply.text, name=name)))
        return Delivered()

    def _show(self, reply: Reply) -> None:
        bold = "\033[1m\\1\033[0m" if sys.stdout.isatty() else r"\1"
        lines = ["", _BOLD.sub(bold, reply.text)]
        for row in reply.buttons:
            for button in row:
                self.choices.append(button)
                lines.append(self.texts("terminal.button", number=len(self.choices), label=button.label))
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()

    async def converse(self, services: Services) -> int:
        """Read lines until the end of input, or Ctrl-C."""
        loop, lines = asyncio.get_running_loop(), asyncio.Queue[str]()
        loop.add_signal_handler(signal.SIGINT, lines.put_nowait, "")
        threading.Thread(target=_listen, args=(loop, lines), daemon=True).start()
        self.documents = services.documents
        services.sender.start()
        sys.stdout.write(self.texts("terminal.hello") + "\n")
        while True:
            sys.stdout.write("\n" + self.texts("terminal.you"))
            sys.stdout.flush()
            line = await lines.get()
            if not line:
                sys.stdout.write("\n")
                return 0
            if line.strip():
                await self._turn(services, line.strip())

    async def _turn(self, services: Services, line: str) -> None:
        incoming = self._incoming(services, line)
        if incoming is None:
            sys.stdout.write(self.texts("terminal.no_button") + "\n")
            return
        self.choices.clear()
        await services.dialogue.turn(incoming)
        await services.sender.idle()

    def _incoming(self, services: Services, line: str) -> Incoming | None:
        kind, text, data, label = "text", line, "", ""
        if line.startswith("#") and line[1:].isdecimal():
            number = int(line[1:])
            if not 1 <= number <= len(self.choices):
                return None
            pressed = self.choices[number - 1]
            kind, text, data, label = "button", "", pressed.data, pressed.label
        elif line.startswith("/"):
            name, _, data = line[1:].partition(" ")
            kind, text = "command", name.lower()
        return Incoming(
            channel="terminal",
            chat=_ME,
            chat_kind="private",
            person=_ME,
            name=getpass.getuser(),
            at=services.clock.now(),
            kind=kind,
            text=text,
            data=data,
            label=label,
        )


def _listen(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str]) -> None:
    """Hand on what is typed, line by line, and an empty text at the end.

    In a thread of its own and not through `sys.stdin`: the program could not end while somebody waits there.
    """
    decode, typed = codecs.getincrementaldecoder("utf-8")("replace").decode, ""
    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        while data := _read():
            *whole, typed = (typed + decode(data)).split("\n")
            for line in whole:
                loop.call_soon_threadsafe(lines.put_nowait, line + "\n")
        if typed:
            loop.call_soon_threadsafe(lines.put_nowait, typed)
        loop.call_soon_threadsafe(lines.put_nowait, "")


def _read() -> bytes:
    try:
        return os.read(0, 1 << 16)
    except OSError:  # the terminal is gone
        return b""
