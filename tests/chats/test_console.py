"""The console's first page and the addresses beside it."""

from __future__ import annotations

import aiohttp

from tests.world import World


async def _get(world: World, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(world.bot.http.address + path) as response:
        return response.status, await response.text()


async def test_the_status_page_shows_figures_and_nobodys_words(world: World) -> None:
    """Who waits is counted; what they wrote is not shown."""
    alice = await world.person("张三")
    await alice.says("转人工")
    status, page = await _get(world, "/")
    assert status == 200
    assert "正在回答" in page
    assert "109" in page
    assert "张三" not in page


async def test_health_and_metrics_answer(world: World) -> None:
    """200 once questions are answered; Prometheus text with our figures."""
    assert (await _get(world, "/healthz"))[0] == 200
    status, text = await _get(world, "/metrics")
    assert status == 200
    assert "zhiyuan_waiting" in text
