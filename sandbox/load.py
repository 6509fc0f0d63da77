"""Many people at once, for measurements: `python -m sandbox.load`, told what to do line by line.

It is a process of its own, so that the people do not steal time from the bot that they measure. The
first line that it prints is `{"base_url", "token"}`; each line of JSON on standard input is a job,
and each job's figures are printed as one line:

    {"job": "closed", "people": 100, "seconds": 10, "questions": […]}  everybody asks again once answered
    {"job": "open", "rate": 50, "seconds": 20, "questions": […]}       questions come at their own pace
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from sandbox.journal import Call, Journal
from sandbox.server import Sandbox, create
from sandbox.settings import Limits, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.settings import Json

_PATIENCE = 30.0  # seconds after which a question counts as not answered


class _Listening(Journal):
    """Keeps no record of calls; tells whoever waits in a chat that an answer has come."""

    def __init__(self) -> None:
        super().__init__(1)
        self.waiting: dict[int, asyncio.Future[float]] = {}
        self.answers = 0

    @override
    def add(self, call: Call) -> None:
        self.counts[call.method] += 1
        self.statuses[call.status] += 1
        if call.method != "sendMessage" or not call.ok:
            return
        self.answers += 1
        future = self.waiting.pop(int(call.params["chat_id"]), None)
        if future is not None and not future.done():
            future.set_result(asyncio.get_running_loop().time())


class Crowd:
    """The people, and how long each of them waited."""

    def __init__(self, sandbox: Sandbox, journal: _Listening) -> None:
        self._sandbox = sandbox
        self._journal = journal
        self._people: list[int] = []
        self._random = random.Random(7)  # noqa: S311 - no secret
        self._waits: list[float] = []
        self._missing = 0

    async def closed(self, people: int, seconds: float, questions: Sequence[str]) -> Json:
        """Everybody asks, waits for the answer and asks again: how many answers a second at most."""
        loop = asyncio.get_running_loop()
        begin = self._begin(people)
        end = begin + seconds

        async def one(person: int) -> None:
            while loop.time() < end:
                await self._ask(person, self._random.choice(questions), loop.time())

        await asyncio.gather(*(one(person) for person in self._people[:people]))
        return self._figures(loop.time() - begin)

    async def open(self, rate: float, seconds: float, questions: Sequence[str], people: int = 1000) -> Json:
        """Questions come at a rate, whether or not the ones before are answered: how long people wait."""
        loop = asyncio.get_running_loop()
        begin = self._begin(people)
        asked: list[asyncio.Task[None]] = []
        for number in range(int(rate * seconds)):
            due = begin + number / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            person = self._people[number % people]
            asked.append(asyncio.create_task(self._ask(person, self._random.choice(questions), due)))
        await asyncio.gather(*asked)
        return self._figures(loop.time() - begin)

    def _begin(self, people: int) -> float:
        missing = people - len(self._people)
        if missing > 0:
            self._people += [p.id for p in self._sandbox.people.create_people(missing)]
        self._waits, self._missing, self._journal.answers = [], 0, 0
        return asyncio.get_running_loop().time()

    async def _ask(self, person: int, question: str, since: float) -> None:
        """Ask and wait; the wait counts from `since`, the moment at which the question was due."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._journal.waiting[person] = future
        self._sandbox.people.say(person, question)
        try:
            self._waits.append(await asyncio.wait_for(future, _PATIENCE) - since)
        except TimeoutError:
            self._missing += 1

    def _figures(self, seconds: float) -> Json:
        waits = sorted(self._waits)
        cuts = statistics.quantiles(waits, n=100, method="inclusive") if len(waits) > 1 else [0.0] * 99
        return {
            "answered": len(waits),
            "missing": self._missing,
            "messages": self._journal.answers,
            "per_second": len(waits) / seconds,
            "p50_ms": cuts[49] * 1000,
            "p99_ms": cuts[98] * 1000,
            "max_ms": waits[-1] * 1000 if waits else 0.0,
        }


async def _run() -> None:
    sandbox = create(Settings(limits=Limits.lifted(), page=False))
    journal = sandbox.core.journal = _Listening()
    _say({"base_url": await sandbox.start(), "token": sandbox.token})
    crowd = Crowd(sandbox, journal)
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            job: dict[str, Any] = json.loads(line)
            closed = job.pop("job") == "closed"
            _say(await (crowd.closed(**job) if closed else crowd.open(**job)))
    finally:
        await sandbox.stop()


def _say(value: Json) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_run())
