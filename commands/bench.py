"""`bench …`: measurements with the alternative beside them in the same run."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import platform
import random
import re
import signal
import socket
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.core.errors import SettingsError
from commands import bench_desk, bench_ledger, bench_match, bench_reminders
from commands.program import Current, current

group = typer.Typer(no_args_is_help=True, help="Measurements.")
group.command("match")(bench_match.match)
group.command("plan")(bench_reminders.plan)
group.command("deliver")(bench_reminders.deliver)
group.command("import")(bench_ledger.import_table)
group.command("desk")(bench_desk.desk)

ROOT = Path(__file__).parent.parent
ECHO = "PTB echo, default client"
_MATCH = re.compile(r"^zhiyuan_match_seconds_sum (\S+)", re.MULTILINE)
# Our own limits are below Telegram's; in these runs nobody is to wait for them.
_LIFTED = {
    "TELEGRAM__CHAT_PER_SECOND": "100000",
    "TELEGRAM__CHAT_BURST": "1000",
    "TELEGRAM__REPLIES_PER_SECOND": "100000",
    "CONSULT__MESSAGES_PER_MINUTE": "1000000",
}


@dataclass(frozen=True, slots=True)
class Load:
    """What the people do: a closed loop of `people`, then `rate` questions a second."""

    people: int
    seconds: float
    rate: float
    questions: list[str]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one contestant reached."""

    name: str
    closed: dict[str, float]
    open: dict[str, float]
    cpu_ms: float  # of the bot's process, per question of the closed loop
    match_ms: float | None  # finding the topic, by the wall clock


@group.command()
def answer(
    context: typer.Context,
    people: Annotated[int, typer.Option(help="people in the closed loop")] = 100,
    seconds: Annotated[float, typer.Option(help="length of each run")] = 15.0,
    rate: Annotated[float, typer.Option(help="questions a second in the open loop")] = 50.0,
    postgres: Annotated[str, typer.Option(help="URL of an empty PostgreSQL database; default: one started here")] = "",
) -> None:
    """Questions answered per second, and how long people wait, beside a bare PTB echo."""
    here = current(context)
    load = Load(people, seconds, rate, _questions(here))
    contestants: list[Figures] = []
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        _postgres(postgres, Path(folder)) as postgres_url,
    ):
        contestants.append(asyncio.run(_measure(ECHO, load, Path(folder), None)))
        url = f"sqlite:///{folder}/bench.db"
        contestants.append(asyncio.run(_measure("Zhiyuan, SQLite", load, Path(folder), url)))
        if postgres_url:
            contestants.append(asyncio.run(_measure("Zhiyuan, PostgreSQL", load, Path(folder), postgres_url)))
    _print(contestants, load)


def _questions(here: Current) -> list[str]:
    """Phrasings of all topics, some of each: what people write, in the mixture of the knowledge."""
    knowledge = here.program.open_library(here.settings).knowledge
    choose = random.Random(11)  # noqa: S311 - no secret
    return [
        p for entry in knowledge.entries.values() for p in choose.sample(entry.phrasings, min(3, len(entry.phrasings)))
    ]


# -- the contestants -----------------------------------------------------------------------------


async def _measure(name: str, load: Load, folder: Path, database: str | None) -> Figures:
    """One bot against a fresh local Telegram; each of the two is a process of its own."""
    asked = {"questions": load.questions}
    async with _people() as (crowd, town), _bot(town, folder, database) as (pid, address):
        await _job(crowd, {"job": "closed", "people": 10, "seconds": 2, **asked})  # warms up
        matching, spent = _match_seconds(address), _cpu_seconds(pid)
        closed = await _job(crowd, {"job": "closed", "people": load.people, "seconds": load.seconds, **asked})
        matching, spent = _match_seconds(address) - matching, _cpu_seconds(pid) - spent
        opened = await _job(crowd, {"job": "open", "rate": load.rate, "seconds": load.seconds, **asked})
    per_question = 1000 / max(1, closed["answered"])
    return Figures(name, closed, opened, spent * per_question, matching * per_question if database else None)


@asynccontextmanager
async def _people() -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, str]]]:
    pipe = asyncio.subprocess.PIPE
    crowd = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.load", cwd=ROOT, stdin=pipe, stdout=pipe, limit=2**20
    )
    assert crowd.stdout  # noqa: S101 - narrows the type
    try:
        yield crowd, json.loads(await crowd.stdout.readline())
    finally:
        crowd.kill()
        await crowd.wait()


async def _job(crowd: asyncio.subprocess.Process, job: dict[str, Any]) -> dict[str, float]:
    assert crowd.stdin  # noqa: S101 - narrows the type
    assert crowd.stdout  # noqa: S101
    crowd.stdin.write(json.dumps(job).encode() + b"\n")
    await crowd.stdin.drain()
    figures: dict[str, float] = json.loads(await crowd.stdout.readline())
    return figures


@asynccontextmanager
async def _bot(town: dict[str, str], folder: Path, database: str | None) -> AsyncIterator[tuple[int, str]]:
    """The bot as a process, ours over that database or the echo: its number, and its HTTP server's address."""
    port = _free_port()
    if database is None:
        command = [sys.executable, "-m", "commands.bench_echo", town["base_url"], town["token"]]
        given = {}
    else:
        command = [sys.executable, str(ROOT / "main.py"), "run"]
        given = {
            "TELEGRAM__TOKEN": town["token"],
            "TELEGRAM__BASE_URL": town["base_url"],
            "DATABASE__URL": database,
            "HTTP__PORT": str(port),
            "FAQ__PATH": str(ROOT / "faq"),
            "PRIVACY__KEY_FILE": str(folder / "secret.key"),
            "LOG__LEVEL": "WARNING",
            **_LIFTED,
        }
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ZHIYUAN_")}
    bot = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT if database is None else folder, env=clean | {f"ZHIYUAN_{k}": v for k, v in given.items()}
    )
    try:
        address = f"http://127.0.0.1:{port}" if database else ""
        await _serving(bot, address)
        yield bot.pid, address
    finally:
        if bot.returncode is None:
            bot.send_signal(signal.SIGTERM)
        await bot.wait()


async def _serving(bot: asyncio.subprocess.Process, address: str) -> None:
    for _ in range(600):
        if bot.returncode is not None:
            raise SettingsError(f"bench: the bot ended with status {bot.returncode}")
        if not address:  # the echo has no address; the warm-up waits for it
            return
        if await asyncio.to_thread(_get, f"{address}/healthz") is not None:
            return
        await asyncio.sleep(0.1)
    raise SettingsError("bench: the bot did not begin to serve within a minute")


def _get(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
            return str(answer.read(), "utf-8")
    except OSError:
        return None


def _match_seconds(address: str) -> float:
    found = _MATCH.search(_get(f"{address}/metrics") or "") if address else None
    return float(found.group(1)) if found else 0.0


def _cpu_seconds(pid: int) -> float:
    """Time that a process has had on the processor, where the system tells (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _postgres(given: str, folder: Path) -> Iterator[str]:
    """The URL given, or a server of our own if `pgserver` is installed, or nothing."""
    if given:
        yield given
        return
    try:
        pgserver = importlib.import_module("pgserver")
    except ImportError:
        sys.stderr.write("PostgreSQL is left out: give --postgres URL, or install requirements-dev.txt\n")
        yield ""
        return
    logging.getLogger("pgserver").setLevel(logging.WARNING)
    server = pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


# -- the table -----------------------------------------------------------------------------------


def _print(contestants: list[Figures], load: Load) -> None:
    echo = contestants[0]
    table = Table(title=f"bench answer: {load.people} people in a closed loop, then {load.rate:g} questions a second")
    for heading in (
        "bot",
        "answers/s",
        "× echo",
        "p99 ms",
        "CPU ms/q",
        "matching",
        "p50 ms @rate",
        "p99 ms @rate",
        "lost",
    ):
        table.add_column(heading, justify="left" if heading == "bot" else "right")
    for one in contestants:
        share = "–" if one.match_ms is None else f"{one.match_ms:.2f} ms"
        table.add_row(
            one.name,
            f"{one.closed['per_second']:.0f}",
            f"{one.closed['per_second'] / echo.closed['per_second']:.2f}",
            f"{one.closed['p99_ms']:.0f}",
            f"{one.cpu_ms:.2f}",
            share,
            f"{one.open['p50_ms']:.1f}",
            f"{one.open['p99_ms']:.1f}",
            f"{one.closed['missing'] + one.open['missing']:.0f}",
        )
    console = Console(width=130)
    console.print(table)
    console.print(
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {load.seconds:g} s a run. "
        "The local Telegram and the people are a process of their own. Our own limits (messages per person and "
        "second, answers per second) are lifted for this; the echo has none."
    )
