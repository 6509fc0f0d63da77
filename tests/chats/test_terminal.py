"""The same dialogue in a terminal, as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.world import KEY, ROOT, TEXTS, plain


def chat(tmp_path: Path, *lines: str, **env: str) -> str:
    """Type these lines into `python main.py chat`; what it printed."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "chat"],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={
            **os.environ,
            "ZHIYUAN_DATABASE__URL": f"sqlite:///{tmp_path}/chat.db",
            "ZHIYUAN_PRIVACY__KEY": KEY,
            **env,
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_asking_choosing_and_leaving(tmp_path: Path) -> None:
    """A welcome, an answer, a button by its number, a wrong number, and the end of input ends it."""
    out = chat(tmp_path, "/start", "执行费怎么算", "#1", "#99", "")
    assert plain(TEXTS("start.welcome")).split("\n")[0] in out
    assert "申请执行不用先交钱" in out
    assert TEXTS("terminal.no_button") in out
    assert "**" not in out


def test_a_person_can_be_asked_for_although_telegram_is_not_served(tmp_path: Path) -> None:
    """The notice to administrators waits for the process that can deliver it; the terminal goes on."""
    out = chat(tmp_path, "转人工", "执行费怎么算", "/requests", ZHIYUAN_TELEGRAM__ADMINS="4711")
    assert "您的编号是 1" in out
    assert "申请执行不用先交钱" in out
    assert plain(TEXTS("staff.only")) in out


def test_control_c_ends_it_at_once(tmp_path: Path) -> None:
    """Without another line being typed, with status 0 and no traceback."""
    env = {**os.environ, "ZHIYUAN_DATABASE__URL": f"sqlite:///{tmp_path}/chat.db", "ZHIYUAN_PRIVACY__KEY": KEY}
    pipe = subprocess.PIPE
    command = [sys.executable, str(ROOT / "main.py"), "chat"]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT, env=env, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert TEXTS("terminal.hello") in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
        assert "Traceback" not in running.stderr.read()
