"""The bot was away: administrators are told what may have been missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.world import World


@pytest.mark.parametrize(("hours", "told"), [(23, False), (25, True), (200, True)])
async def test_a_gap_longer_than_telegram_keeps_messages_is_told(
    make_world: Callable[..., Any], hours: int, told: bool
) -> None:
    """Telegram drops what nobody fetched for a day: from when to when, once, at the start."""
    world: World = await make_world()
    clerk = await world.clerk()
    await world.start_bot()
    await world.settled()
    await world.stop_bot()
    world.advance(hours=hours)
    await world.start_bot()
    await world.settled()
    said = [text for text in clerk.heard() if "可能漏收消息" in text]
    assert bool(said) is told
    if told:
        assert "2026-11-23 10:00" in said[0]
    await world.stop_bot()
    await world.start_bot()
    await world.settled()
    assert len([text for text in clerk.heard() if "可能漏收消息" in text]) == len(said)


async def test_a_quiet_week_is_no_gap(make_world: Callable[..., Any]) -> None:
    """A bot that ran and had nothing to do missed nothing."""
    world: World = await make_world()
    clerk = await world.clerk()
    await world.start_bot()
    world.advance(days=7)
    async with world.bot.services.store.work() as work:
        await work.outbox.beat(world.bot.services.worker, "here:1", world.clock.now())
        await work.commit()
    await world.stop_bot()
    await world.start_bot()
    await world.settled()
    assert not any("可能漏收消息" in text for text in clerk.heard())


async def test_the_first_start_is_no_gap(make_world: Callable[..., Any]) -> None:
    """On an empty database there is nothing to have been missed."""
    world: World = await make_world()
    clerk = await world.clerk()
    await world.start_bot()
    await world.settled()
    assert not any("可能漏收消息" in text for text in clerk.heard())
