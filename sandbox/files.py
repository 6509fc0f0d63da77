"""Uploaded files: kept in memory, and beside the state file if there is one."""

from __future__ import annotations

import hashlib
import mimetypes
import secrets
import struct
import zlib
from typing import TYPE_CHECKING

from sandbox.model import StoredFile

if TYPE_CHECKING:
    from pathlib import Path

_FOLDERS = {
    "photo": "photos", "document": "documents", "voice": "voice", "video": "videos",
    "sticker": "stickers", "audio": "music",
}  # fmt: skip
_PREFIXES = {"photo": "AgACAgIAAxk", "document": "BQACAgIAAxk", "voice": "AwACAgIAAxk"}
_SUFFIXES = {"photo": ".jpg", "voice": ".oga", "video": ".mp4", "sticker": ".webp"}


class Files:
    """Contents by file_id."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.known: dict[str, StoredFile] = {}
        self._paths: dict[str, str] = {}
        self._contents: dict[str, bytes] = {}

    def add(self, content: bytes, kind: str, name: str = "", mime: str = "") -> StoredFile:
        """Keep a file and give it an id."""
        suffix = _SUFFIXES.get(kind) or (f".{name.rpartition('.')[2]}" if "." in name else "")
        number = len(self.known)
        stored = StoredFile(
            file_id=_PREFIXES.get(kind, "CgACAgIAAxk") + secrets.token_urlsafe(36),
            unique_id="AQAD" + hashlib.sha256(content).hexdigest()[:12],
            path=f"{_FOLDERS.get(kind, 'documents')}/file_{number}{suffix}",
            size=len(content),
            mime=mime or mimetypes.guess_type(name)[0] or "application/octet-stream",
            name=name,
        )
        self.register(stored)
        self._contents[stored.file_id] = content
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / stored.file_id).write_bytes(content)
        return stored

    def register(self, stored: StoredFile) -> None:
        """Make a file known (its content may lie in the folder)."""
        self.known[stored.file_id] = stored
        self._paths[stored.path] = stored.file_id

    def content(self, file_id: str) -> bytes | None:
        """The bytes, or None if there is no such file."""
        if file_id not in self._contents and self._folder is not None:
            path = self._folder / file_id
            if file_id in self.known and path.is_file():
                self._contents[file_id] = path.read_bytes()
        return self._contents.get(file_id)

    def by_path(self, path: str) -> StoredFile | None:
        """The file that getFile calls by this path."""
        return self.known.get(self._paths.get(path, ""))

    def reset(self) -> None:
        """Forget everything."""
        self.known.clear()
        self._paths.clear()
        self._contents.clear()


def image_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF or JPEG; None if it is no image that Telegram would take."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    if content[:6] in {b"GIF87a", b"GIF89a"}:
        width, height = struct.unpack("<HH", content[6:10])
        return width, height
    if content.startswith(b"\xff\xd8"):
        return _jpeg_size(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return 512, 512
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    pos = 2
    while pos + 9 < len(content):
        marker, size = content[pos + 1], int.from_bytes(content[pos + 2 : pos + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", content[pos + 5 : pos + 9])
            return width, height
        pos += 2 + size
    return None


def sample_png(width: int = 90, height: int = 60, shade: int = 200) -> bytes:
    """A small plain picture, for persons who send "a photo"."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\x00" + bytes([shade]) * width for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )  # fmt: skip
