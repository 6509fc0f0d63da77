"""A second opinion in a chat: it settles doubt, and nobody else waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import pytest
from aiohttp import web

from bot.consult.library import Library
from bot.consult.model import Candidate, Context, Decision, Knowledge, Reason, Verdict
from bot.core.clock import ManualClock
from bot.settings import Rerank
from tests import cases
from tests.world import ROOT, START, World


class Doubtful:
    """A matcher that is always in doubt between two topics."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def match(self, question: str, context: Context | None = None, today: date | None = None) -> Verdict:
        """Fee, or how to apply."""
        topics = (Candidate("apply.fee", 0.5), Candidate("apply.how", 0.4))
        return Verdict(Decision.CLARIFY, Reason.CLOSE, topics)


class Model:
    """An endpoint that says 2, when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may = asyncio.Event()
        self.may.set()
        self.begun = asyncio.Event()
        self.status = 200

    async def complete(self, request: web.Request) -> web.Response:
        """One chat completion."""
        self.asked.append((await request.json())["messages"][-1]["content"])
        self.begun.set()
        await self.may.wait()
        return web.json_response({"choices": [{"message": {"content": "2"}}]}, status=self.status)


@pytest.fixture
async def model() -> Model:
    """The endpoint's behaviour."""
    return Model()


@pytest.fixture
async def asking(model: Model, make_world: Callable[..., Any]) -> AsyncIterator[World]:
    """A bot that asks it."""
    application = web.Application()
    application.router.add_post("/v1/chat/completions", model.complete)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    library = Library(ROOT / "faq", Doubtful, ManualClock(START))
    world: World = await make_world(library=library, rerank=Rerank(url=url, model="m", timeout_seconds=5))
    await world.start_bot()
    yield world
    model.may.set()
    await world.stop_bot()
    await runner.cleanup()


async def test_the_topic_that_the_model_chose_is_answered(asking: World, model: Model) -> None:
    """The words are those of the FAQ; the log says that the choice was the model's."""
    alice = await asking.person("张三")
    await alice.says("我想问问这个事情咋个弄，电话13985012345")
    await alice.hears("您可以在两年内向法院申请强制执行")
    assert "13985012345" not in model.asked[0]
    async with asking.bot.services.store.work() as work:
        logged = [m async for m in work.log.read() if m.decision]
    assert [(m.decision, m.reason, m.topic) for m in logged] == [("answer", "reranked", "apply.how")]


async def test_a_failing_model_leaves_the_question_back(asking: World, model: Model) -> None:
    """As if there were none."""
    model.status = 500
    alice = await asking.person("张三")
    await alice.says("我想问问这个事情咋个弄")
    await alice.hears("clarify.choose")


async def test_nobody_waits_while_the_model_thinks(asking: World, model: Model) -> None:
    """No transaction is open, and the turns of others go on."""
    alice, bob = await asking.person("张三"), await asking.person("李四")
    model.may.clear()
    alice.actor.says("我想问问这个事情咋个弄")
    await model.begun.wait()
    bob.actor.says("/menu")
    await bob.hears("menu.title")
    async with asking.bot.services.store.work() as work:
        await work.log.conversation_ids()
    model.may.set()
    await asking.settled()
    await alice.hears("您可以在两年内向法院申请强制执行")


async def test_the_words_of_a_party_of_a_case_never_leave(asking: World, model: Model) -> None:
    """Whoever has opened the link of a case is answered without a second opinion."""
    owed = await cases.owes(asking, "李大山")
    debtor = await asking.person("手机用户")
    await cases.opens(asking, debtor, await cases.link(asking, owed.debtor))
    await debtor.says("我想问问这个事情咋个弄")
    assert model.asked == []
