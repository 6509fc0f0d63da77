"""`python -m sandbox --port 8081`: the sandbox alone, for a bot in another process."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sandbox.roster import demo_roster
from sandbox.server import create
from sandbox.settings import Limits, Settings

_LOG = logging.getLogger("sandbox")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", default=Settings().token)
    parser.add_argument("--persist", type=Path, help="JSON file that keeps the state")
    parser.add_argument("--empty", action="store_true", help="without the demonstration roster")
    parser.add_argument("--lifted", action="store_true", help="without rate limits")
    return parser.parse_args(arguments)


async def _run(options: argparse.Namespace) -> None:
    settings = Settings(token=options.token, persist=options.persist)
    if not options.empty:
        settings = replace(settings, roster=demo_roster())
    if options.lifted:
        settings = replace(settings, limits=Limits.lifted())
    sandbox = create(settings)
    base_url = await sandbox.start(options.host, options.port)
    _LOG.info("chat page  %s/", base_url)
    _LOG.info("Bot API    %s/bot%s/<method>", base_url, sandbox.token)
    try:
        await asyncio.Event().wait()
    finally:
        await sandbox.stop()


def main() -> int:
    """Run until Ctrl+C."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(_parse(sys.argv[1:])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
