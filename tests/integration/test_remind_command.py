"""`remind …` and `campaign …` at a terminal: what a day brings, sending it, and a broadcast from draft to result."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.clock import ManualClock
from bot.core.privacy import Vault
from bot.store import migrate
from bot.store.engine import open_engine
from bot.store.work import Store
from commands.bench_reminders import Someone, fill
from sandbox import Sandbox
from tests.world import KEY, ROOT

NOW = "2026-11-23T10:00"
MOMENT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class Operator:
    """Somebody at a terminal, with the settings of one bot."""

    def __init__(self, folder: Path, database: str, telegram: Sandbox) -> None:
        self.folder = folder
        self._env = {
            "TELEGRAM__TOKEN": telegram.token,
            "TELEGRAM__BASE_URL": telegram.base_url,
            "DATABASE__URL": database,
            "FAQ__PATH": str(ROOT / "faq"),
            "PRIVACY__KEY": KEY,
            "LOG__LEVEL": "ERROR",
        }

    async def types(self, *words: str) -> tuple[int, str]:
        """Run a command; its status and what it printed."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("ZHIYUAN_")}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "main.py"),
            *words,
            cwd=self.folder,
            env=clean | {f"ZHIYUAN_{k}": v for k, v in self._env.items()},
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()


async def test_an_operator_sees_a_day_sends_it_and_makes_a_campaign(
    tmp_path: Path, sqlite: str, telegram: Sandbox
) -> None:
    """Plan, run, run again; then new, preview, approve (four eyes), start, status."""
    store = Store(open_engine(sqlite), Vault(bytes.fromhex(KEY)))
    await migrate.upgrade(store.engine)
    (person,) = telegram.people.create_people(1)
    due = MOMENT.date() + timedelta(days=1)
    await fill(store, ManualClock(MOMENT), [Someone("张三", person.id)], lambda _: [due])
    await store.close()
    operator = Operator(tmp_path, sqlite, telegram)
    _, seen = await operator.types("remind", "plan", "--now", NOW, "--text")
    line = next(x for x in seen.splitlines() if x.startswith("张三"))
    assert line.split("\t")[3:8] == ["due 2026-11-24", "T-1", "send", "", "named"]
    assert "张三您好，请在**11月24日 周二**（明天）前" in seen
    _, sums = await operator.types("remind", "plan", "--date", "2026-11-25", "--now", NOW, "--sums")
    assert "张三" not in sums
    assert "2026-11-25: 1 in all" in sums  # T+1
    _, plans = await operator.types("remind", "plans")
    assert plans.splitlines()[-1].split("\t")[1:3] == ["通用", "every case"]
    assert not telegram.people.messages(person.id)
    assert await operator.types("remind", "run", "--now", NOW) == (0, "sent\t1\n")
    await operator.types("remind", "run", "--now", NOW)
    assert len(telegram.people.messages(person.id)) == 1
    words = tmp_path / "words.txt"
    words.write_text("{salutation}您好，{court}提醒您。", encoding="utf-8")
    status, made = await operator.types("campaign", "new", "--title", "督促", "--by", "王", "--text", str(words))
    assert (status, made) == (0, "campaign 1\n")
    _, shown = await operator.types("campaign", "preview", "1")
    assert "张三您好" in shown
    status, refused = await operator.types("campaign", "approve", "1", "--by", "王")
    assert status == 1
    assert "four_eyes" in refused
    assert (await operator.types("campaign", "approve", "1", "--by", "李"))[0] == 0
    assert (await operator.types("campaign", "start", "1"))[0] == 0
    assert await operator.types("campaign", "recipients", "1") == (0, "")
    status, refused = await operator.types("campaign", "recipients", "1", "--status", "lost")
    assert (status, "one of planned" in refused) == (1, True)
    assert await operator.types("remind", "unknown") == (0, "")
    status, refused = await operator.types("remind", "resolve", "1", "--by", "李", "--arrived")
    assert (status, "not_unknown" in refused) == (1, True)
    moments = ("--since", "2026-11-23T00:00", "--until", "2026-11-24T00:00")
    status, made = await operator.types("campaign", "correct", "0", "--by", "王", "--text", str(words), *moments)
    assert (status, made) == (0, "campaign 2\n")
    _, listed = await operator.types("campaign", "status")
    listed = "\n".join(listed.splitlines()[1:])
    assert listed.startswith("1\tapproved\t督促\t王\t李")


async def test_a_campaign_that_cannot_be_is_refused_with_the_reason(
    tmp_path: Path, sqlite: str, telegram: Sandbox
) -> None:
    """An unknown name in braces, an unknown condition, a time that is none: status 1 and why."""
    operator = Operator(tmp_path, sqlite, telegram)
    words = tmp_path / "words.txt"
    words.write_text("{amount}", encoding="utf-8")
    new = ("campaign", "new", "--title", "督促", "--by", "王", "--text", str(words))
    status, said = await operator.types(*new)
    assert status == 1
    assert "“amount”" in said
    words.write_text("您好", encoding="utf-8")
    status, said = await operator.types(*new, "--audience", '{"weather": "rain"}')
    assert status == 1
    assert "unknown condition weather" in said
    for audience, why in (
        ('{"role": ["creditors"]}', "role: creditors is not one of creditor, debtor, agent, third"),
        ('{"overdue": ["yes"]}', "overdue: true or false"),
        ('{"stage": [1]}', "stage: a word or a list of words"),
        ('{"due_to": 20261231}', "due_to: a day such as 2026-11-23"),
        ('["xixiu"]', "conditions in braces"),
    ):
        status, said = await operator.types(*new, "--audience", audience)
        assert status == 1
        assert why in said
        assert "Traceback" not in said
    listed = '{"court": ["xixiu"], "role": ["creditor"], "responsible": ["王法官", "李法官"]}'
    assert (await operator.types(*new, "--audience", listed))[0] == 0
    status, said = await operator.types("remind", "plan", "--now", "soon")
    assert status == 1
    assert "soon" in said
