"""Start and stop: what is wrong is named, secrets stay secret, and what is under way is finished."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from sandbox import Fault, Sandbox
from tests.integration.conftest import StartBot
from tests.integration.process import SECRET, BotProcess, until


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("HTTP__PROT", "80", "http.prot"),
        ("COFFEE__CUPS", "2", "coffee"),
        ("DATABASE__URL", "mysql://nobody@nowhere/x", "database.url"),
        ("PRIVACY__KEY", "not hexadecimal", "privacy.key"),
        ("FAQ__PATH", "/nowhere/faq", "/nowhere/faq"),
    ],
)
async def test_a_wrong_setting_is_named_and_ends_the_start(
    telegram: Sandbox, new_sqlite_bot: StartBot, name: str, value: str, key: str
) -> None:
    """Status 1 and one message with the key; no traceback."""
    bot = new_sqlite_bot(**{name: value})
    await bot.spawn()
    assert await bot.ended(60) == 1
    assert key in bot.said()
    assert "Traceback" not in bot.said()


async def test_a_webhook_without_its_secret_is_refused(new_sqlite_bot: StartBot) -> None:
    """Anybody could forge updates then; the program says so and ends."""
    bot = new_sqlite_bot("webhook", TELEGRAM__WEBHOOK_SECRET="")
    await bot.spawn()
    assert await bot.ended(60) == 1
    assert "telegram.webhook_secret" in bot.said()


async def test_a_port_that_is_taken_is_named(new_sqlite_bot: StartBot) -> None:
    """Status 1 and the address; the most likely reason is another copy."""
    bot = new_sqlite_bot()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", bot.port))
        taken.listen()
        await bot.spawn()
        assert await bot.ended(60) == 1
    assert f"127.0.0.1:{bot.port}" in bot.said()
    assert "http.port" in bot.said()
    assert "Traceback" not in bot.said()


async def test_a_database_that_is_not_there_is_named(new_sqlite_bot: StartBot) -> None:
    """Status 1, the setting and the address, without the password."""
    bot = new_sqlite_bot(DATABASE__URL="postgresql://clerk:sesame@127.0.0.1:1/x")
    await bot.spawn()
    assert await bot.ended(60) == 1
    assert "database.url" in bot.said()
    assert "sesame" not in bot.said()
    assert "Traceback" not in bot.said()


async def test_a_token_that_telegram_does_not_know_is_named(new_sqlite_bot: StartBot) -> None:
    """Status 1 and the name of the setting; the token itself is not repeated."""
    token = "123456789:AAwrongwrongwrongwrongwrongwrongwro"
    bot = new_sqlite_bot(TELEGRAM__TOKEN=token)
    await bot.spawn()
    assert await bot.ended(60) == 1
    assert "ZHIYUAN_TELEGRAM__TOKEN" in bot.said()
    assert token not in bot.said()
    assert "Unclosed" not in bot.said()


async def test_it_waits_for_a_telegram_that_is_not_there_yet(telegram: Sandbox, new_sqlite_bot: StartBot) -> None:
    """502 at the start is no reason to give up, nor to start deaf."""
    fault = telegram.fault(Fault("fail", times=4, code=502))
    bot = new_sqlite_bot("webhook")
    await bot.start()
    assert fault.hits == 4
    alice = telegram.actor("张三")
    alice.says("执行费怎么算")
    await alice.hears("申请执行不用先交钱", timeout=15)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_sigterm_finishes_what_is_under_way(telegram: Sandbox, new_bot: StartBot, mode: str) -> None:
    """Status 0; what is taken is answered, and the rest waits for the next start; nothing twice."""
    bot = new_bot(mode)
    await bot.start()
    actors = [telegram.actor(f"P{n}") for n in range(20)]
    for actor in actors:
        actor.says("执行费怎么算")
    await asyncio.sleep(0.15)
    assert await bot.stop() == 0
    await bot.start()

    def counts() -> list[int]:
        return [sum(m.from_bot for m in a.sees()) for a in actors]

    await until(lambda: all(counts()), 30, "everybody is answered")
    await asyncio.sleep(0.5)
    assert counts() == [1] * len(actors)
    assert "Traceback" not in bot.said()


@pytest.mark.slow
async def test_no_secret_and_no_number_is_ever_logged(telegram: Sandbox, new_sqlite_bot: StartBot) -> None:
    """Not at the chattiest level, not when the way breaks, not in tracebacks: token, webhook secret, numbers."""
    bot = new_sqlite_bot("webhook", LOG__LEVEL="DEBUG")
    await bot.start()
    alice = telegram.actor("张三")
    telegram.fault(Fault("drop_before", times=1, method="sendMessage"))
    telegram.fault(Fault("fail", times=1, method="sendMessage", code=500))
    alice.says("我的身份证52040219870317581X，电话13985312345，执行费怎么算")
    await alice.hears(timeout=20)
    assert await bot.stop() == 0
    said = bot.said()
    assert "serving" in said
    for secret in (telegram.token, telegram.token.partition(":")[2], SECRET, "52040219870317581X", "13985312345"):
        assert secret not in said


async def test_a_second_demonstration_says_which_port_is_taken(tmp_path: Path, telegram: Sandbox) -> None:
    """`make run` twice: the second names the chat page's port and ends with status 1."""
    taken = telegram.base_url.rpartition(":")[2]
    bot = BotProcess(
        tmp_path, telegram, f"sqlite:///{tmp_path}/x.db", TELEGRAM__TOKEN="", TELEGRAM__BASE_URL="", SANDBOX__PORT=taken
    )
    await bot.spawn()
    assert await bot.ended(60) == 1
    assert "sandbox.port" in bot.said()
    assert "Traceback" not in bot.said()
