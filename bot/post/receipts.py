"""Receipts: what has arrived is noted at once in a small file, a moment before the database hears of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

_PREFIX = "sent-"
_LIMIT = 1 << 16  # bytes; beyond that the file is written anew with what still counts
_KEPT = timedelta(days=1)


class Receipts:
    """Lines of `row id, message id` in a file of this process, in a folder that outlives it.

    The database is told of many messages together, behind whatever transaction runs just then. A
    process that is killed in between would have all of these sent again; the file, which survives
    the process (though not a power cut, and need not), says which of them have arrived. Whoever
    takes over reads it; on another machine it is not found, and those few are sent twice.
    """

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder = folder
        self._path = folder / f"{_PREFIX}{worker}"
        self._file: int | None = None
        self._size = 0

    def left(self) -> dict[int, int | None]:
        """What other processes noted and perhaps did not record: row id to message id."""
        others = [path for path in self._folder.glob(f"{_PREFIX}*") if path != self._path]
        return dict(one for path in others for one in _read(path))

    def tidy(self, now: datetime) -> None:
        """Remove the files of processes that are long gone."""
        for path in self._folder.glob(f"{_PREFIX}*"):
            if path != self._path and path.stat().st_mtime < (now - _KEPT).timestamp():
                path.unlink(missing_ok=True)

    def note(self, row_id: int, message_id: int | None) -> None:
        """This one has arrived."""
        self._write(_line(row_id, message_id))

    def settle(self, open_ones: Iterable[tuple[int, int | None]]) -> None:
        """The database knows all that was noted, except these."""
        lines = b"".join(_line(*one) for one in open_ones)
        if self._file is None or (lines and self._size < _LIMIT):
            return
        os.ftruncate(self._file, 0)
        self._size = 0
        if lines:
            self._write(lines)

    def close(self) -> None:
        """Let go of the file; nothing of it is left to be known."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
            if not self._size:
                self._path.unlink(missing_ok=True)

    def _write(self, lines: bytes) -> None:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size += os.write(self._file, lines)


def _line(row_id: int, message_id: int | None) -> bytes:
    return f"{row_id} {message_id if message_id is not None else '-'}\n".encode()


def _read(path: Path) -> list[tuple[int, int | None]]:
    try:
        lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    except FileNotFoundError:  # its process ended in order meanwhile
        return []
    # A last line without its end was being written when the process was killed.
    found = [line.split() for line in lines if line.endswith("\n")]
    return [(int(row), int(message) if message != "-" else None) for row, message in found]
