"""Keeps the state in a JSON file, so that a demonstration survives a restart."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from sandbox.updates import Pending
from sandbox.webhook import Hook
from sandbox.world import load_files

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.core import Core
    from sandbox.settings import Json

_LOG = logging.getLogger(__name__)
_EVERY = 1.0
_GAP = 1000


class Keeper:
    """Writes about once a second while something changes, and at the end."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._path: Path | None = core.settings.persist
        self._task: asyncio.Task[None] | None = None
        self._written: tuple[int, ...] = ()
        self._hook: Hook | None = None

    def load(self) -> bool:
        """Take up the saved state; False if there is none."""
        if self._path is None or not self._path.is_file():
            return False
        try:
            state: Json = json.loads(self._path.read_text("utf-8"))
            self._restore(state)
        except (ValueError, KeyError, TypeError):
            spoilt = self._path.with_suffix(".spoilt")
            _LOG.warning("state file %s cannot be read, kept as %s", self._path, spoilt)
            self._path.replace(spoilt)
            self._core.world.reset()
            return False
        return True

    async def start(self) -> None:
        """Begin to write, and to deliver to the webhook that was set."""
        if self._hook is not None:
            await self._core.webhook.set(self._hook)
        if self._path is not None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Write a last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            self.save()

    def save(self) -> None:
        """Write the state, whole or not at all."""
        if self._path is None:
            return
        version = self._version()
        if version == self._written:
            return
        text = json.dumps(self._state(), ensure_ascii=False)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(text, "utf-8")
        part.replace(self._path)
        self._written = version

    def _version(self) -> tuple[int, ...]:
        """Changes whenever something worth saving has changed."""
        updates = self._core.updates
        first = next(iter(updates.pending), 0)
        return (self._core.events.count, updates.next_id, len(updates.pending), first)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            self.save()

    def _state(self) -> Json:
        core = self._core
        hook = core.webhook.hook
        return {
            "world": core.world.dump(),
            "files": [asdict(stored) for stored in core.files.known.values()],
            "pending": [asdict(pending) for pending in core.updates.pending.values()],
            "next_update_id": core.updates.next_id,
            "allowed": core.updates.allowed,
            "hook": asdict(hook) if hook else None,
        }

    def _restore(self, state: Json) -> None:
        core = self._core
        core.world.load(state["world"])
        for stored in load_files(state["files"]):
            core.files.register(stored)
        pending = [Pending(**raw) for raw in state["pending"]]
        core.updates.pending = {update.id: update for update in pending}
        # Numbers given out after the last save must not be given out again: a bot takes them for repeated.
        core.updates.next_id = state["next_update_id"] + _GAP
        core.updates.allowed = state["allowed"]
        self._hook = Hook(**state["hook"]) if state["hook"] else None
