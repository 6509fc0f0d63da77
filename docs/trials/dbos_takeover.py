"""Does DBOS carry a broadcast over the loss of one of two replicas? The figures in `docs/why.md` come from here.

In an environment of its own, with a PostgreSQL that may be written to:

    pip install dbos==3.4.0
    python docs/trials/dbos_takeover.py postgresql://…/trial

Two processes share a database. The first begins a workflow of 20 steps of 0.3 s and is killed (-9) after
five. Then it is watched for 43 s whether the second one goes on, and whether the first one does when it
is started again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

STEPS, PAUSE, WATCH = 20, 0.3, 43.0
LOG = Path("/tmp") / f"dbos-trial-{os.getpid()}.log"  # noqa: S108 - a trial's own file


def worker(url: str, name: str, log: Path, begin: str) -> None:
    """One replica: launches DBOS, begins the workflow if told to, and stays."""
    from dbos import DBOS, DBOSConfig  # type: ignore[import-not-found,unused-ignore]

    config: DBOSConfig = {"name": "trial", "system_database_url": url, "executor_id": name, "log_level": "ERROR"}
    DBOS(config=config)

    @DBOS.step()
    def step(number: int) -> None:
        time.sleep(PAUSE)
        with log.open("a", encoding="utf-8") as out:
            out.write(f"{name} {number}\n")

    @DBOS.workflow()
    def broadcast() -> None:
        for number in range(STEPS):
            step(number)

    DBOS.launch()
    with log.open("a", encoding="utf-8") as out:
        out.write(f"{name} launched\n")
    if begin:
        DBOS.start_workflow(broadcast)
    signal.pause()


def start(url: str, name: str, begin: bool) -> subprocess.Popen[bytes]:
    """A replica as a process of its own, once it has launched."""
    before = lines()
    process = subprocess.Popen([sys.executable, __file__, url, name, str(LOG), "begin" if begin else ""])  # noqa: S603
    until(lambda: f"{name} launched" in lines()[len(before) :], 60)
    return process


def lines() -> list[str]:
    """What the replicas have noted."""
    return LOG.read_text(encoding="utf-8").splitlines() if LOG.exists() else []


def steps() -> list[str]:
    """The steps that were done, with who did them."""
    return [line for line in lines() if not line.endswith("launched")]


def until(condition: object, seconds: float) -> bool:
    """Whether the condition came true in that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def main(url: str) -> None:
    """Kill, watch, start again, and say what was seen."""
    second = start(url, "second", begin=False)
    first = start(url, "first", begin=True)
    until(lambda: len(steps()) >= 5, 60)
    first.kill()
    first.wait()
    done = len(steps())
    begun = time.monotonic()
    went_on = until(lambda: len(steps()) > done, WATCH)
    after = f"after {time.monotonic() - begun:.1f} s" if went_on else f"not within {WATCH:g} s"
    print(f"killed after step {done}; the other replica went on: {after}")  # noqa: T201
    begun = time.monotonic()
    first = start(url, "first", begin=False)
    again = until(lambda: len(steps()) > done, 60)
    print(f"the first one, started again, went on: {time.monotonic() - begun:.1f} s later" if again else "it did not")  # noqa: T201
    until(lambda: len(steps()) >= STEPS, 30)
    print(f"steps done: {len(steps())}, of them twice: {len(steps()) - len({s.split()[1] for s in steps()})}")  # noqa: T201
    for process in (first, second):
        process.kill()
    LOG.unlink()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        worker(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4])
    else:
        main(sys.argv[1])
