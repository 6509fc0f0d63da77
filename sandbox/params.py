"""The parameters of a request, whichever of Telegram's four ways they came in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.errors import ApiError, bad_request

if TYPE_CHECKING:
    from sandbox.settings import Json

_TRUE = frozenset({"true", "yes", "1"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the request."""

    name: str
    mime: str
    content: bytes


@dataclass(slots=True)
class Args:
    """Typed access to the parameters of one call."""

    method: str
    values: Json
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        value = self.values.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else str(value)

    def number(self, name: str, default: int = 0) -> int:
        """An integer; anything else counts as absent, as on the real server."""
        try:
            return int(self.values.get(name, default))
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """A boolean."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else str(value).lower() in _TRUE

    def has(self, name: str) -> bool:
        """Whether the parameter was given at all."""
        return self.values.get(name) not in (None, "")

    def structure(self, name: str, noun: str = "") -> Any:
        """A JSON object or array, which may come as text."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise bad_request(f"can't parse {noun or name} JSON object") from error

    def upload(self, value: Any, name: str) -> Upload | None:
        """The file that a parameter means: attach://field, or the field of its own name."""
        if isinstance(value, str) and value.startswith("attach://"):
            return self.files.get(value.removeprefix("attach://"))
        return self.files.get(name)

    def recorded(self) -> Json:
        """What the journal keeps: parameters, and the names of files instead of their bytes."""
        if not self.files:
            return self.values
        names = {key: {"file_name": upload.name, "size": len(upload.content)} for key, upload in self.files.items()}
        return {**self.values, **names}


async def read_args(request: web.Request, method: str) -> Args:
    """Query, form-urlencoded, JSON or multipart."""
    values: Json = dict(request.query) if request.query_string else {}
    args = Args(method, values)
    if not request.can_read_body:
        return args
    kind = request.content_type
    if kind == "multipart/form-data":
        await _read_multipart(request, args)
        return args
    body = await request.read()
    if kind == "application/json":
        values.update(_json_object(body))
    elif body:
        values.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return args


def _json_object(body: bytes) -> Json:
    try:
        value = json.loads(body) if body else {}
    except ValueError as error:
        raise ApiError(400, "Bad Request: object expected as JSON") from error
    if not isinstance(value, dict):
        raise bad_request("object expected as JSON")
    return value


async def _read_multipart(request: web.Request, args: Args) -> None:
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            args.files[name] = Upload(value.filename, value.content_type, value.file.read())
        else:
            args.values[name] = value if isinstance(value, str) else bytes(value).decode()
