"""Photos, documents, albums, and downloading files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.errors import ApiError, bad_request
from sandbox.files import image_size
from sandbox.formatting import caption
from sandbox.methods.registry import method
from sandbox.methods.sending import post
from sandbox.methods.target import reply_target, thread_of, write_chat

if TYPE_CHECKING:
    from sandbox.core import Core
    from sandbox.model import Message, StoredFile
    from sandbox.params import Args, Upload
    from sandbox.settings import Json


def photo_json(stored: StoredFile, size: tuple[int, int]) -> list[Json]:
    """The Bot API's list of PhotoSize."""
    width, height = size
    return [{
        "file_id": stored.file_id, "file_unique_id": stored.unique_id,
        "width": width, "height": height, "file_size": stored.size,
    }]  # fmt: skip


def file_json(stored: StoredFile, **extra: Any) -> Json:
    """The Bot API's Document, Voice, Video …"""
    data: Json = {"file_id": stored.file_id, "file_unique_id": stored.unique_id}
    if stored.name:
        data["file_name"] = stored.name
    return {**data, "mime_type": stored.mime, "file_size": stored.size, **extra}


def media_content(core: Core, args: Args, kind: str, value: Any) -> Json:
    """The part of a message that is the medium, from an upload or a known file_id."""
    upload = args.upload(value, kind)
    stored = _known(core, value, kind) if upload is None else _store(core, upload, kind)
    if kind != "photo":
        return {kind: file_json(stored)}
    size = image_size(core.files.content(stored.file_id) or b"")
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    return {kind: photo_json(stored, size)}


def _store(core: Core, upload: Upload, kind: str) -> StoredFile:
    limits = core.settings.limits
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > limits.upload_bytes:
        raise ApiError(413, "Request Entity Too Large")
    if kind == "photo" and len(upload.content) > limits.photo_bytes:
        raise bad_request("file is too big")
    return core.files.add(upload.content, kind, "" if kind == "photo" else upload.name, upload.mime)


def _known(core: Core, value: Any, kind: str) -> StoredFile:
    if not value:
        raise bad_request(f"there is no {kind} in the request")
    stored = core.files.known.get(str(value))
    if stored is None and str(value).startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    if stored is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return stored


def _caption(core: Core, source: Args) -> Json:
    return caption(
        source.text("caption"),
        source.text("parse_mode"),
        source.structure("caption_entities"),
        core.settings.limits,
    )


async def _send(core: Core, args: Args, kind: str) -> Json:
    chat = write_chat(core, args)
    content = _caption(core, args)
    content = media_content(core, args, kind, args.values.get(kind)) | content
    return post(core, args, chat, content).data


@method("sendPhoto")
async def send_photo(core: Core, args: Args) -> Json:
    """A picture."""
    return await _send(core, args, "photo")


@method("sendDocument")
async def send_document(core: Core, args: Args) -> Json:
    """A file."""
    return await _send(core, args, "document")


@method("sendVoice")
async def send_voice(core: Core, args: Args) -> Json:
    """A spoken note."""
    return await _send(core, args, "voice")


@method("sendVideo")
async def send_video(core: Core, args: Args) -> Json:
    """A film."""
    return await _send(core, args, "video")


@method("sendMediaGroup")
async def send_media_group(core: Core, args: Args) -> list[Json]:
    """An album of two to ten."""
    chat = write_chat(core, args)
    items = args.structure("media", "media")
    _check_album(items, core.settings.limits.album_items)
    thread_of(chat, args)
    reply_target(core, chat, args)
    contents = [_album_item(core, args, item) for item in items]
    core.flood.spend(args.method, chat.id, len(items))
    album = str(core.world.random.randrange(10**16, 10**17))
    posted: list[Message] = []
    for content in contents:
        message = post(core, args, chat, {"media_group_id": album, **content}, flood_cost=0)
        posted.append(message)
    return [message.data for message in posted]


def _check_album(items: Any, most: int) -> None:
    if not isinstance(items, list):
        raise bad_request('parameter "media" is required')
    if not items:
        raise bad_request("there are no messages to send")
    if len(items) > most:
        raise bad_request("too many messages to send as an album")
    # The real server lets one pass; its documentation says 2-10, and so do we.
    if len(items) < 2:
        raise bad_request("media must include 2-10 items")
    kinds = {item.get("type") if isinstance(item, dict) else None for item in items}
    if not kinds <= {"photo", "video", "document", "audio"}:
        raise bad_request("can't parse InputMedia: type can't be used in sendMediaGroup")
    if "document" in kinds and len(kinds) > 1:
        raise bad_request("document can't be mixed with other media types")


def _album_item(core: Core, args: Args, item: Json) -> Json:
    media = item.get("media")
    if not media:
        raise bad_request("can't parse InputMedia: media not found")
    inner = type(args)(args.method, item, args.files)
    return media_content(core, args, str(item["type"]), media) | _caption(core, inner)


@method("getFile")
async def get_file(core: Core, args: Args) -> Json:
    """Where to download a file."""
    if not args.has("file_id"):
        raise bad_request("file_id is empty")
    stored = core.files.known.get(args.text("file_id"))
    if stored is None:
        raise bad_request("invalid file_id")
    if stored.size > core.settings.limits.download_bytes:
        raise bad_request("file is too big")
    return {
        "file_id": stored.file_id, "file_unique_id": stored.unique_id,
        "file_size": stored.size, "file_path": stored.path,
    }  # fmt: skip
