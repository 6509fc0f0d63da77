"""The bot as a process of its own, to be killed and started again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import aiohttp

from sandbox import Sandbox
from tests.world import KEY, ROOT, learned

SECRET = "hook-secret_0123456789-ABCDEF"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class BotProcess:
    """`python main.py run` against a sandbox; its log is kept in a file."""

    def __init__(self, folder: Path, sandbox: Sandbox, database: str, mode: str = "polling", **extra: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / f"bot-{self.port}.log"
        self.process: asyncio.subprocess.Process | None = None
        self._env = {
            "TELEGRAM__TOKEN": sandbox.token,
            "TELEGRAM__BASE_URL": sandbox.base_url,
            "TELEGRAM__MODE": mode,
            "TELEGRAM__WEBHOOK_URL": f"http://127.0.0.1:{self.port}/telegram/webhook",
            "TELEGRAM__WEBHOOK_SECRET": SECRET,
            # Limits of our own that are below Telegram's would only make these stories longer.
            "TELEGRAM__CHAT_PER_SECOND": "1000",
            "TELEGRAM__CHAT_BURST": "50",
            "CONSULT__MESSAGES_PER_MINUTE": "100000",
            "DATABASE__URL": database,
            "HTTP__PORT": str(self.port),
            "HTTP__DESK": "false",
            "FAQ__PATH": str(ROOT / "faq"),
            "PRIVACY__KEY": KEY,
            **extra,
        }

    async def spawn(self) -> None:
        """Start the program; returns at once. It has learned the shipped knowledge before."""
        for place in (self.folder, self.folder / "data"):  # beside SQLite's file, or beside the key
            if not (place / learned().name).exists():
                place.mkdir(exist_ok=True)
                shutil.copy(learned(), place)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("ZHIYUAN_")}
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(ROOT / "main.py"),
                "run",
                cwd=self.folder,
                env=clean | {f"ZHIYUAN_{name}": value for name, value in self._env.items()},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def start(self) -> None:
        """Start the program and return when `/healthz` says that it serves."""
        await self.spawn()
        await self.serving()

    async def serving(self) -> None:
        """Return when it serves; fails with its log if it ends or takes too long."""
        assert self.process is not None
        async with asyncio.timeout(60), aiohttp.ClientSession() as http:
            while self.process.returncode is None:
                try:
                    async with http.get(f"http://127.0.0.1:{self.port}/healthz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass  # the port is not open yet
                await asyncio.sleep(0.02)
        raise AssertionError(f"the bot ended with {self.process.returncode}:\n{self.said()}")

    async def kill(self) -> None:
        """kill -9: no chance to tidy up."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM, as a service manager does; the exit status."""
        return await self._end(signal.SIGTERM)

    async def ended(self, seconds: float) -> int:
        """The exit status of a program that ends by itself."""
        assert self.process is not None
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    async def _end(self, number: signal.Signals) -> int:
        if self.process is None:
            return 0
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.process.wait()

    def said(self) -> str:
        """All that the program has written so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


async def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return when the condition holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        if loop.time() > end:
            raise AssertionError(f"after {seconds} s still not: {what}")
        await asyncio.sleep(0.02)


def repeats(seen: Iterable[object]) -> tuple[list[object], int]:
    """A sequence without immediate repetitions, and how many there were."""
    kept: list[object] = []
    count = 0
    for item in seen:
        if kept and kept[-1] == item:
            count += 1
        else:
            kept.append(item)
    return kept, count
