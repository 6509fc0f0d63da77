"""The optional re-ranker: it chooses among vetted topics, in time, or the lexical verdict stands."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from bot.consult import rerank
from bot.consult.model import Candidate, Context, Decision, Reason, Verdict
from bot.consult.rerank import AT_ONCE, REST, Choice, Endpoint, Meaning, Option, Reranker, masked, with_choice
from bot.core.clock import ManualClock
from bot.core.errors import SettingsError

OPTIONS = (
    Option("apply.fee", "执行费", "执行费怎么算？", ("执行费怎么算",)),
    Option("apply.how", "怎样申请", "怎样申请执行？", ("怎样申请执行",)),
)
TOPICS = tuple(each.topic for each in OPTIONS)

Reply = Callable[[dict[str, Any]], Awaitable[web.Response]]


class Model:
    """A server of the tests' own that replies as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.reply: Reply = says("1")
        self.url = ""

    async def complete(self, request: web.Request) -> web.Response:
        """One chat completion."""
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        return await self.reply(self.asked[-1])


def says(content: str) -> Reply:
    """A model that says this."""

    async def reply(_: dict[str, Any]) -> web.Response:
        return web.json_response({"choices": [{"message": {"role": "assistant", "content": content}}]})

    return reply


def raw(text: str, status: int = 200) -> Reply:
    """A server that sends this."""

    async def reply(_: dict[str, Any]) -> web.Response:
        return web.Response(text=text, status=status, content_type="application/json")

    return reply


async def slow(_: dict[str, Any]) -> web.Response:
    """A server that takes its time."""
    await asyncio.sleep(2)
    return web.Response()


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    """The server, on a free port."""
    made = Model()
    application = web.Application()
    application.router.add_post("/v1/chat/completions", made.complete)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield made
    await runner.cleanup()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that obeys."""
    return ManualClock(datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture
async def reranker(model: Model, clock: ManualClock) -> AsyncIterator[Reranker]:
    """A re-ranker over that server."""
    made = Reranker(Endpoint(model.url + "/", "m", "sk-secret"), clock, below=0.85, seconds=0.3)
    yield made
    await made.close()


@pytest.mark.parametrize(("said", "topic"), [("2", "apply.how"), (" 1.\n", "apply.fee"), ("答：2", "apply.how"), ("0", None)])
async def test_the_number_that_the_model_says_is_the_choice(model: Model, reranker: Reranker, said: str, topic: str | None) -> None:
    """0 is none of them."""
    model.reply = says(said)
    assert await reranker.choose("多少钱", OPTIONS) == Choice(TOPICS, topic)


async def test_the_model_sees_the_titles_and_the_masked_question_only(model: Model, reranker: Reranker) -> None:
    """Identity, telephone, card and case numbers never leave."""
    await reranker.choose("我是520402199001011234，电话13985012345，（2026）黔0402执123号要交多少", OPTIONS)
    (asked,) = model.asked
    text = json.dumps(asked, ensure_ascii=False)
    assert "怎样申请执行" in text
    for secret in ("520402199001011234", "13985012345", "黔0402", "123号"):
        assert secret not in text
    assert asked["temperature"] == 0
    assert model.headers[0]["Authorization"] == "Bearer sk-secret"


@pytest.mark.parametrize(
    "reply",
    [
        slow, raw("<html>"), raw("[]"), raw('{"choices": []}'), raw("{}", 500), raw("{}", 429), says("9"), says("-"),
        says(""), says("1 or 2"), says("property.bank"), says("9" * 5000),
    ],
    ids=["slow", "html", "list", "empty", "500", "429", "unknown", "sign", "nothing", "two", "words", "huge"],
)
async def test_whatever_goes_wrong_leaves_no_choice(model: Model, reranker: Reranker, reply: Reply) -> None:
    """Slow, broken, or a topic that was not offered."""
    model.reply = reply
    assert await reranker.choose("多少钱", OPTIONS) is None


async def test_a_server_that_is_away_leaves_no_choice(clock: ManualClock) -> None:
    """Nobody listens there."""
    reranker = Reranker(Endpoint("http://127.0.0.1:9", "m"), clock, below=0.85, seconds=0.3)
    assert await reranker.choose("多少钱", OPTIONS) is None
    await reranker.close()


async def test_after_a_failure_nobody_waits_for_a_while(model: Model, reranker: Reranker, clock: ManualClock) -> None:
    """One person waits for a dead server, not everybody."""
    model.reply = raw("{}", 500)
    await reranker.choose("a", OPTIONS)
    model.reply = says("1")
    assert await reranker.choose("b", OPTIONS) is None
    assert len(model.asked) == 1
    clock.advance(seconds=REST.seconds + 1)
    assert await reranker.choose("c", OPTIONS) == Choice(TOPICS, "apply.fee")


async def test_only_so_many_questions_are_under_way(model: Model, reranker: Reranker) -> None:
    """In a rush the others are answered without it."""
    release, full = asyncio.Event(), asyncio.Event()

    async def held(asked: dict[str, Any]) -> web.Response:
        if len(model.asked) == AT_ONCE:
            full.set()
        await release.wait()
        return await says("1")(asked)

    model.reply = held
    waiting = [asyncio.create_task(reranker.choose(str(n), OPTIONS)) for n in range(AT_ONCE)]
    await full.wait()
    assert await reranker.choose("one more", OPTIONS) is None
    release.set()
    assert all(await asyncio.gather(*waiting))


# -- what a choice changes -----------------------------------------------------------------------


def verdict(decision: Decision, reason: Reason, score: float = 0.5) -> Verdict:
    """A verdict on the two topics."""
    return Verdict(decision, reason, (Candidate("apply.fee", score), Candidate("apply.how", 0.2)), outside="outside.x")


CASES = [
    (Decision.CLARIFY, Reason.CLOSE, "apply.how", Decision.ANSWER, "apply.how"),
    (Decision.CLARIFY, Reason.UNSURE, "apply.fee", Decision.ANSWER, "apply.fee"),
    (Decision.CLARIFY, Reason.UNSURE, None, Decision.CLARIFY, "apply.fee"),
    (Decision.ANSWER, Reason.MATCH, "apply.fee", Decision.ANSWER, "apply.fee"),
    (Decision.ANSWER, Reason.MATCH, "apply.how", Decision.CLARIFY, "apply.how"),
    (Decision.ANSWER, Reason.MATCH, None, Decision.CLARIFY, "apply.fee"),
    (Decision.HANDOFF, Reason.UNKNOWN, "apply.how", Decision.CLARIFY, "apply.how"),
    (Decision.HANDOFF, Reason.UNKNOWN, None, Decision.HANDOFF, "apply.fee"),
]


@pytest.mark.parametrize(("decision", "reason", "choice", "then", "best"), CASES)
def test_a_choice_settles_doubt_and_disagreement_asks_back(
    decision: Decision, reason: Reason, choice: str | None, then: Decision, best: str
) -> None:
    """Two opinions against each other are no ground for an answer."""
    found = with_choice(verdict(decision, reason), Choice(TOPICS, choice), Context())
    assert (found.decision, found.best) == (then, best)
    assert (found.reason is Reason.RERANKED) == (found.decision is not decision or (decision is Decision.CLARIFY and choice is not None))
    assert {each.topic for each in found.candidates} == set(TOPICS)


@pytest.mark.parametrize(
    "reason", [Reason.CRISIS, Reason.PERSON, Reason.NEGATION, Reason.VIEWPOINT, Reason.AMBIGUOUS, Reason.GENERIC, Reason.EXPIRED, Reason.OUTSIDE]
)
def test_what_a_guard_decided_stays(reason: Reason, clock: ManualClock) -> None:
    """Danger, a negation, whose side: no model is asked, and none could change it."""
    one = verdict(Decision.CLARIFY, reason)
    assert Reranker(Meaning(Fake({})), clock, below=0.85, seconds=1).among(one) == ()
    assert with_choice(one, Choice(TOPICS, "apply.how"), Context()) is one


def test_a_clear_verdict_needs_no_second_opinion(clock: ManualClock) -> None:
    """Only below the probability of the settings."""
    reranker = Reranker(Meaning(Fake({})), clock, below=0.85, seconds=1)
    assert reranker.among(verdict(Decision.ANSWER, Reason.MATCH, 0.9)) == ()
    assert reranker.among(verdict(Decision.ANSWER, Reason.MATCH, 0.8)) == TOPICS
    assert reranker.among(Verdict(Decision.HANDOFF, Reason.UNKNOWN)) == ()


def test_a_choice_among_other_topics_is_not_taken() -> None:
    """The knowledge, or the conversation, changed between asking and the turn."""
    one = verdict(Decision.CLARIFY, Reason.CLOSE)
    assert with_choice(one, Choice(("apply.fee",), "apply.fee"), Context()) is one


def test_nobody_is_asked_back_twice() -> None:
    """After a question back a disagreement leaves the lexical verdict."""
    one = verdict(Decision.ANSWER, Reason.MATCH)
    assert with_choice(one, Choice(TOPICS, "apply.how"), Context(clarified=True)) is one


# -- a local model -------------------------------------------------------------------------------


class Fake:
    """A sentence-embedding model that knows a few sentences."""

    def __init__(self, known: dict[str, tuple[float, float]]) -> None:
        self.known = known
        self.encoded: list[str] = []

    def encode(self, sentences: list[str]) -> list[tuple[float, float]]:
        """A vector per sentence; an unknown one points nowhere near."""
        self.encoded += sentences
        return [self.known.get(each, (0.0, 0.0)) for each in sentences]


async def test_a_local_model_chooses_what_is_nearest_in_meaning() -> None:
    """Its vectors of the FAQ are worked out once."""
    fake = Fake({"执行费怎么算": (1, 0), "怎样申请执行": (0, 2), "要掏钱不": (3, 1), "天气": (-1, -1), "都像": (1, 1)})
    meaning = Meaning(fake)
    assert await meaning.choose("要掏钱不", OPTIONS) == "apply.fee"
    assert await meaning.choose("天气", OPTIONS) is None
    assert fake.encoded.count("执行费怎么算") == 1
    with pytest.raises(rerank.RerankError):
        await meaning.choose("都像", OPTIONS)


def test_the_settings_name_one_re_ranker_or_none() -> None:
    """Off as shipped; half of a setting is an error that names the other half."""
    assert rerank.build("", "", "", "") is None
    assert isinstance(rerank.build("http://x/v1", "m", "", ""), Endpoint)
    assert isinstance(rerank.build("", "", "", "some", lambda name: Fake({})), Meaning)
    with pytest.raises(SettingsError, match=r"rerank\.model"):
        rerank.build("http://x/v1", "", "", "")
    with pytest.raises(SettingsError, match="not both"):
        rerank.build("http://x/v1", "m", "", "some")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install, or to leave empty."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(SettingsError, match="pip install sentence-transformers"):
        rerank.load_encoder("some")


def test_masking_leaves_the_question_readable() -> None:
    """Only numbers that name somebody go."""
    assert masked("执行费10000元怎么算") == "执行费10000元怎么算"
