"""A broadcast watched from the other side: `python -m sandbox.bulk PEOPLE RATE`.

A process of its own, with Telegram's limits. The first line that it prints is `{"base_url", "token",
"people"}`. The next line on standard input is a question: it asks it RATE times a second as somebody
else, until all PEOPLE have got a message, and prints what it saw: the rate that was kept, refusals (429), who got
nothing or two copies, and how long the questions waited.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from sandbox.journal import Call, Journal
from sandbox.server import create
from sandbox.settings import Limits, Settings

if TYPE_CHECKING:
    from sandbox.server import Sandbox

_ASKERS = 200  # they take turns, so that nobody asks faster than a person may


class _Watching(Journal):
    """Counts copies per chat and keeps the moment of each; wakes whoever waits for an answer."""

    def __init__(self, people: set[int]) -> None:
        super().__init__(1)
        self.people = people
        self.copies: Counter[int] = Counter()
        self.moments: list[float] = []
        self.refused = 0
        self.waiting: dict[int, asyncio.Future[float]] = {}

    @override
    def add(self, call: Call) -> None:
        self.refused += call.status == 429
        if call.method != "sendMessage" or not call.ok:
            return
        now, chat = asyncio.get_running_loop().time(), int(call.params["chat_id"])
        if chat in self.people:
            self.copies[chat] += 1
            self.moments.append(now)
        elif (future := self.waiting.pop(chat, None)) and not future.done():
            future.set_result(now)


async def _ask(sandbox: Sandbox, journal: _Watching, asker: int, question: str, waits: list[float]) -> None:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[float] = loop.create_future()
    journal.waiting[asker] = future
    begin = loop.time()
    sandbox.people.say(asker, question)
    try:
        waits.append(await asyncio.wait_for(future, 60) - begin)
    except TimeoutError:
        waits.append(60.0)


async def _watch(sandbox: Sandbox, journal: _Watching, question: str, rate: float, patience: float) -> dict[str, Any]:
    askers = [p.id for p in sandbox.people.create_people(_ASKERS)]
    waits: list[float] = []
    asked: list[asyncio.Task[None]] = []
    end = asyncio.get_running_loop().time() + patience
    while len(journal.copies) < len(journal.people) and asyncio.get_running_loop().time() < end:
        if rate:
            asker = askers[len(asked) % _ASKERS]
            asked.append(asyncio.create_task(_ask(sandbox, journal, asker, question, waits)))
        await asyncio.sleep(1 / rate if rate else 0.2)
    await asyncio.gather(*asked)
    span = journal.moments[-1] - journal.moments[0] if len(journal.moments) > 1 else 1.0
    cuts = statistics.quantiles(waits, n=100, method="inclusive") if len(waits) > 1 else [0.0] * 99
    return {
        "sent": len(journal.moments),
        "per_second": (len(journal.moments) - 1) / span,
        "seconds": span,
        "refused": journal.refused,
        "nothing": len(journal.people) - len(journal.copies),
        "twice": sum(n > 1 for n in journal.copies.values()),
        "asked": len(waits),
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "max_ms": max(waits, default=0.0) * 1000,
    }


async def _run(people: int, rate: float) -> None:
    sandbox = create(Settings(limits=Limits.telegram(), page=False))
    crowd = [p.id for p in sandbox.people.create_people(people)]
    journal = sandbox.core.journal = _Watching(set(crowd))
    _say({"base_url": await sandbox.start(), "token": sandbox.token, "people": crowd})
    try:
        question = (await asyncio.to_thread(sys.stdin.readline)).strip()
        _say(await _watch(sandbox, journal, question, rate, 120 + people / 10))
    finally:
        await sandbox.stop()


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]), float(sys.argv[2])))
