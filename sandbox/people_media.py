"""Persons send pictures, files, places, telephone numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import PersonError
from sandbox.files import image_size, sample_png
from sandbox.methods.media import file_json, photo_json
from sandbox.people import PeopleBase, typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.model import Message
    from sandbox.settings import Json


class PeopleMedia(PeopleBase):
    """Everything that is not a plain text."""

    def send_photo(
        self,
        person_id: int,
        content: bytes | None = None,
        *,
        caption: str = "",
        chat_id: int | None = None,
        thread_id: int = 0,
    ) -> Message:
        """A picture (a small grey one by default)."""
        body = self._photo(content or sample_png()) | _caption(caption)
        return self._write(person_id, body, chat_id, thread_id)

    def send_album(
        self,
        person_id: int,
        photos: int | Sequence[bytes],
        *,
        caption: str = "",
        chat_id: int | None = None,
        thread_id: int = 0,
    ) -> list[Message]:
        """Several pictures at once: as many updates with one media_group_id."""
        contents = (
            [sample_png(shade=80 + number) for number in range(photos)] if isinstance(photos, int) else list(photos)
        )
        if not 1 <= len(contents) <= 10:
            raise PersonError("an album has at most ten pictures")
        album = str(self.core.world.random.randrange(10**16, 10**17))
        sent = []
        for number, content in enumerate(contents):
            body = self._photo(content) | _caption(caption if number == 0 else "")
            if len(contents) > 1:
                body = {"media_group_id": album, **body}
            sent.append(self._write(person_id, body, chat_id, thread_id))
        return sent

    def send_document(
        self,
        person_id: int,
        content: bytes = b"%PDF-1.4 sandbox",
        *,
        file_name: str = "file.pdf",
        mime: str = "",
        caption: str = "",
        chat_id: int | None = None,
        thread_id: int = 0,
    ) -> Message:
        """A file."""
        stored = self.core.files.add(content, "document", file_name, mime)
        body = {"document": file_json(stored)} | _caption(caption)
        return self._write(person_id, body, chat_id, thread_id)

    def send_voice(
        self, person_id: int, content: bytes = b"OggS", *, duration: int = 3, chat_id: int | None = None
    ) -> Message:
        """A spoken note."""
        stored = self.core.files.add(content, "voice", "", "audio/ogg")
        body = {"voice": file_json(stored, duration=duration)}
        return self._write(person_id, body, chat_id)

    def send_video(
        self, person_id: int, content: bytes = b"\x00\x00\x00\x18ftypmp42", *, duration: int = 5,
        caption: str = "", chat_id: int | None = None,
    ) -> Message:  # fmt: skip
        """A film."""
        stored = self.core.files.add(content, "video", "video.mp4", "video/mp4")
        video = file_json(stored, duration=duration, width=640, height=360)
        return self._write(person_id, {"video": video} | _caption(caption), chat_id)

    def send_sticker(self, person_id: int, emoji: str = "👍", *, chat_id: int | None = None) -> Message:
        """A sticker."""
        stored = self.core.files.add(b"RIFF0000WEBP", "sticker", "", "image/webp")
        sticker = {
            "file_id": stored.file_id, "file_unique_id": stored.unique_id, "type": "regular",
            "width": 512, "height": 512, "is_animated": False, "is_video": False,
            "emoji": emoji, "file_size": stored.size,
        }  # fmt: skip
        return self._write(person_id, {"sticker": sticker}, chat_id)

    def send_location(
        self, person_id: int, latitude: float = 26.2531, longitude: float = 105.9476, *,
        chat_id: int | None = None,
    ) -> Message:  # fmt: skip
        """A place (Anshun by default)."""
        place = {"latitude": latitude, "longitude": longitude}
        return self._write(person_id, {"location": place}, chat_id)

    def send_contact(
        self,
        person_id: int,
        *,
        phone: str = "",
        user_id: int | None = None,
        first_name: str = "",
        chat_id: int | None = None,
    ) -> Message:
        """A telephone number: the own one by default, or that of `user_id` (0: not on Telegram)."""
        owner_id = person_id if user_id is None else user_id
        owner = self.core.world.people.get(owner_id)
        name = first_name or (owner.first_name if owner else "?")
        contact: Json = {
            "phone_number": phone or (owner.phone if owner else "8613900000000"),
            "first_name": name,
        }
        if owner is not None and owner.last_name:
            contact["last_name"] = owner.last_name
        if owner_id:
            contact["user_id"] = owner_id
        return self._write(person_id, {"contact": contact}, chat_id)

    def _photo(self, content: bytes) -> Json:
        size = image_size(content)
        if size is None:
            raise PersonError("that is no picture")
        return {"photo": photo_json(self.core.files.add(content, "photo"), size)}


def _caption(text: str) -> Json:
    if not text.strip():
        return {}
    content = typed(text)
    found = {"caption": content["text"]}
    return found | ({"caption_entities": content["entities"]} if "entities" in content else {})
