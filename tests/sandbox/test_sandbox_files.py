"""Photos, documents, albums, downloads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from sandbox import Limits, Person, Sandbox
from sandbox.files import sample_png

if TYPE_CHECKING:
    from conftest import Api


@pytest.fixture
def zhang(sandbox: Sandbox) -> Person:
    return sandbox.people.create_person("张三", started=True)


@pytest.fixture
def limits() -> Limits:
    return Limits.lifted(download_bytes=1000, upload_bytes=5000, photo_bytes=4000)


async def _post(api: Api, method: str, files: dict[str, bytes], **fields: Any) -> dict[str, Any]:
    form = aiohttp.FormData()
    for name, value in fields.items():
        form.add_field(name, value if isinstance(value, str) else json.dumps(value))
    for name, content in files.items():
        form.add_field(name, content, filename=f"{name}.pdf")
    async with api.session.post(api.url(method), data=form) as answer:
        body: dict[str, Any] = await answer.json()
        return body


async def test_document_goes_up_and_down(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Upload, getFile, download, and sending again by file_id."""
    body = await _post(
        api, "sendDocument", {"document": b"%PDF"}, chat_id=str(zhang.id), caption="<b>证明</b>", parse_mode="HTML"
    )
    document = body["result"]["document"]
    assert document["file_name"] == "document.pdf"
    assert body["result"]["caption_entities"][0]["type"] == "bold"
    path = (await api.ok("getFile", file_id=document["file_id"]))["file_path"]
    async with api.session.get(f"{sandbox.base_url}/file/bot{sandbox.token}/{path}") as answer:
        assert await answer.read() == b"%PDF"
    again = await api.ok("sendDocument", chat_id=zhang.id, document=document["file_id"])
    assert again["document"] == document


async def test_file_refusals(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Too big to fetch, to send; unknown ids; no image; long captions."""
    big = sandbox.people.send_document(zhang.id, b"x" * 1001).data["document"]["file_id"]
    assert await api.refused("getFile", file_id=big) == "400 Bad Request: file is too big"
    assert await api.refused("getFile", file_id="x") == "400 Bad Request: invalid file_id"
    to = {"chat_id": str(zhang.id)}
    assert await api.refused("sendDocument", **to, document="x") == (
        "400 Bad Request: wrong file identifier/HTTP URL specified"
    )
    assert await api.refused("sendPhoto", **to) == "400 Bad Request: there is no photo in the request"
    assert (await _post(api, "sendPhoto", {"photo": b"no image"}, **to))["description"] == (
        "Bad Request: IMAGE_PROCESS_FAILED"
    )
    assert (await _post(api, "sendDocument", {"document": b"x" * 5001}, **to))["error_code"] == 413
    caption = await _post(api, "sendPhoto", {"photo": sample_png()}, **to, caption="x" * 1025)
    assert caption["description"] == "Bad Request: message caption is too long"


async def test_albums_of_the_bot(api: Api, zhang: Person) -> None:
    """Two to ten items, uploaded side by side."""
    media = [{"type": "photo", "media": f"attach://p{number}"} for number in range(2)]
    files = {f"p{number}": sample_png() for number in range(2)}
    body = await _post(api, "sendMediaGroup", files, chat_id=str(zhang.id), media=media)
    assert len({message["media_group_id"] for message in body["result"]}) == 1
    one = {"type": "photo", "media": body["result"][0]["photo"][0]["file_id"]}
    for count, text in {0: "there are no messages to send", 1: "media must include 2-10 items",
                        11: "too many messages to send as an album"}.items():  # fmt: skip
        answer = await api.refused("sendMediaGroup", chat_id=zhang.id, media=[one] * count)
        assert answer == f"400 Bad Request: {text}"
    await api.ok("sendMediaGroup", chat_id=zhang.id, media=[one] * 10)


@pytest.mark.parametrize("count", [1, 3, 10])
async def test_albums_of_persons(api: Api, sandbox: Sandbox, zhang: Person, count: int) -> None:
    """As many updates as pictures, one media_group_id; a single picture has none."""
    sandbox.people.send_album(zhang.id, count, caption="付款凭证")
    updates = await api.ok("getUpdates")
    assert len(updates) == count
    groups = {update["message"].get("media_group_id") for update in updates}
    assert len(groups) == 1
    assert (groups == {None}) is (count == 1)
    assert updates[0]["message"]["caption"] == "付款凭证"


async def test_what_else_persons_send(api: Api, sandbox: Sandbox, zhang: Person) -> None:
    """Voice, video, sticker, place, and telephone numbers: one's own or another's."""
    people = sandbox.people
    other = people.create_person("李四")
    people.send_voice(zhang.id)
    people.send_video(zhang.id)
    people.send_sticker(zhang.id)
    people.send_location(zhang.id)
    people.send_contact(zhang.id)
    people.send_contact(zhang.id, user_id=other.id)
    messages = [update["message"] for update in await api.ok("getUpdates")]
    kinds = ["voice", "video", "sticker", "location", "contact", "contact"]
    assert [next(kind for kind in kinds if kind in message) for message in messages] == kinds
    assert [message["contact"]["user_id"] for message in messages[-2:]] == [zhang.id, other.id]
