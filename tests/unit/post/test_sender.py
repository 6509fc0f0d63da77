"""The sender in virtual time: order, pace, what is tried again and what is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from bot.post.outbox import Delivered, Later, Refused, Sender, Wait
from bot.post.pace import PaceLimits
from bot.post.receipts import Receipts
from bot.store.tables import OutboxStatus
from bot.store.work import Store
from tests.unit.post.virtual import START, ListStore, LoopClock, NotingCarrier, row, run

Stage = tuple[Sender, NotingCarrier, ListStore]


def stage(limits: PaceLimits | None = None, receipts: Receipts | None = None) -> Stage:
    """A running sender over a noting carrier and a store of lists; inside a story only."""
    carrier, store = NotingCarrier(), ListStore()
    fast = limits or PaceLimits(chat_per_second=1000, chat_burst=100, replies_per_second=10_000)
    sender = Sender(cast(Store, store), {"test": carrier}, fast, LoopClock(), receipts=receipts)
    sender.start()
    return sender, carrier, store


@pytest.fixture
def live() -> Callable[..., None]:
    """Live through a story in virtual time."""
    return run


def test_a_chats_messages_leave_one_by_one_and_chats_side_by_side(live: Any) -> None:
    """Order within a chat; a slow chat does not hold up another."""

    async def story() -> None:
        sender, carrier, store = stage()
        sender.submit([row(1, "a"), row(2, "a"), row(3, "b"), row(4, "a")])
        await sender.idle()
        assert [n for _, n in carrier.seen if n != 3] == [1, 2, 4]
        assert carrier.at(2)[0] >= carrier.at(1)[0] + carrier.seconds
        assert carrier.at(3)[0] < carrier.at(2)[0]
        assert {s.status for s in store.recorded} == {OutboxStatus.SENT}
        await sender.stop()

    live(story)


def test_what_is_taken_over_goes_before_what_came_later(live: Any) -> None:
    """Rows of a lost process are older than ours: they leave first."""

    async def story() -> None:
        sender, carrier, _ = stage()
        sender.submit([row(10), row(11), row(12)])
        sender.submit([row(3)])
        await sender.idle()
        assert [n for _, n in carrier.seen] == [3, 10, 11, 12]
        await sender.stop()

    live(story)


def test_ten_thousand_broadcasts_do_not_delay_an_answer(live: Any) -> None:
    """Answers go first; broadcasts leave at their own rate."""

    async def story() -> None:
        sender, carrier, _ = stage(PaceLimits(bulk_per_second=25))
        sender.submit(row(n, f"chat{n}", bulk=True) for n in range(1, 10_001))
        await asyncio.sleep(10)
        sender.submit([row(20_000, "asks")])
        begun = asyncio.get_running_loop().time()
        await asyncio.sleep(1)
        assert carrier.at(20_000)[0] - begun < 0.1
        assert 180 <= len(carrier.seen) <= 290
        await sender.stop()

    live(story)


def test_one_person_is_not_flooded(live: Any) -> None:
    """Three at once, then one a second."""

    async def story() -> None:
        sender, carrier, _ = stage(PaceLimits(chat_per_second=1, chat_burst=3))
        sender.submit(row(n) for n in range(1, 8))
        await sender.idle()
        moments = [moment for moment, _ in carrier.seen]
        assert moments[2] < 0.5
        assert all(later - earlier > 0.9 for earlier, later in pairwise(moments[3:]))
        await sender.stop()

    live(story)


def test_after_a_429_nothing_leaves_too_early_and_order_is_kept(live: Any) -> None:
    """A short one stops everybody; the refused message is the first of its chat afterwards."""

    async def story() -> None:
        sender, carrier, _ = stage()
        carrier.outcomes[1] = [Wait(7)]
        sender.submit([row(1), row(2)])
        await asyncio.sleep(0.2)
        sender.submit([row(3, "b")])
        await sender.idle()
        after = [(moment, n) for moment, n in carrier.seen if moment > 0.01]
        assert min(moment for moment, _ in after) >= 7.05
        assert [n for _, n in after if n != 3] == [1, 2]
        await sender.stop()

    live(story)


def test_a_long_429_leaves_the_others_alone(live: Any) -> None:
    """Ten minutes for one chat: the next person is answered at once, broadcasts wait."""

    async def story() -> None:
        sender, carrier, _ = stage()
        carrier.outcomes[1] = [Wait(600)]
        sender.submit([row(1), row(2, "c", bulk=True)])
        await asyncio.sleep(1)
        sender.submit([row(3, "b"), row(4, "d", bulk=True)])
        await asyncio.sleep(1)
        assert carrier.at(3)[0] < 1.1
        assert carrier.at(4) == []
        await sender.idle()
        assert carrier.at(1)[1] >= 600.05
        assert carrier.at(4)[0] >= 600.05
        await sender.stop()

    live(story)


def test_what_did_not_arrive_is_tried_again_with_growing_pauses(live: Any) -> None:
    """And the chat's next message waits for it."""

    async def story() -> None:
        sender, carrier, store = stage()
        carrier.outcomes[1] = [Later("broken")] * 4
        sender.submit([row(1), row(2)])
        await sender.idle()
        moments = carrier.at(1)
        pauses = [b - a for a, b in pairwise(moments)]
        assert len(moments) == 5
        assert pauses == sorted(pauses)
        assert carrier.at(2)[0] > moments[-1]
        assert [s.status for s in store.recorded] == [OutboxStatus.SENT] * 2
        await sender.stop()

    live(story)


def test_after_a_day_an_answer_is_given_up(live: Any) -> None:
    """It helps nobody any more; it is recorded as failed, with the reason."""

    async def story() -> None:
        sender, carrier, store = stage()
        carrier.outcomes[1] = [Later("broken")]
        sender.submit([row(1, created=START - timedelta(hours=25))])
        await sender.idle()
        assert [(s.status, s.error) for s in store.recorded] == [(OutboxStatus.FAILED, "broken")]
        await sender.stop()

    live(story)


def test_a_refusal_is_recorded_and_not_repeated(live: Any) -> None:
    """Blocked: failed, the chat is noted as unreachable, the next message is tried all the same."""

    async def story() -> None:
        sender, carrier, store = stage()
        carrier.outcomes[1] = [Refused("blocked", unreachable=True)]
        sender.submit([row(1), row(2)])
        await sender.idle()
        assert [s.status for s in store.recorded] == [OutboxStatus.FAILED, OutboxStatus.SENT]
        assert store.unreachable == [("a", "blocked")]
        assert len(carrier.at(1)) == 1
        await sender.stop()

    live(story)


def test_a_database_that_is_away_makes_nothing_leave_twice(live: Any) -> None:
    """What was sent is recorded once the database is back; the chat's next message waits for that."""

    async def story() -> None:
        sender, carrier, store = stage()
        store.away = True
        sender.submit([row(1), row(2)])
        await asyncio.sleep(60)
        assert [n for _, n in carrier.seen] == [1]
        store.away = False
        await sender.idle()
        assert [n for _, n in carrier.seen] == [1, 2]
        assert [s.id for s in store.recorded] == [1, 2]
        await sender.stop()

    live(story)


def test_stopping_does_not_wait_for_a_database_that_is_away(live: Any) -> None:
    """The process must end; what was sent is in the receipts, or is sent once more."""

    async def story() -> None:
        sender, _, store = stage()
        store.away = True
        sender.submit([row(1)])
        await asyncio.sleep(1)
        await asyncio.wait_for(sender.stop(), 30)

    live(story)


def test_no_more_requests_are_under_way_than_needed(live: Any) -> None:
    """One while nobody waits; more when people do: what is under way at a crash may come twice."""

    async def story() -> None:
        sender, carrier, _ = stage()
        for number in range(1, 11):
            sender.submit([row(number, f"chat{number}")])
            await asyncio.sleep(0.06)
        assert carrier.most == 1
        sender.submit(row(number, f"chat{number}") for number in range(100, 400))
        begun = asyncio.get_running_loop().time()
        await sender.idle()
        assert 5 <= carrier.most <= 64
        assert asyncio.get_running_loop().time() - begun < 3
        await sender.stop()

    live(story)


def test_what_a_dead_process_noted_as_arrived_is_not_sent_again(live: Any, tmp_path: Path) -> None:
    """Its receipts are read by whoever takes over; a line cut short by the crash does not count."""
    dead = Receipts(tmp_path, "dead")
    dead.note(1, 501)
    dead.note(2, None)
    with next(tmp_path.iterdir()).open("a") as file:
        file.write("3 50")

    async def story() -> None:
        sender, carrier, store = stage(receipts=Receipts(tmp_path, "living"))
        await sender.resume([row(1), row(2), row(3), row(4)])
        await sender.idle()
        assert [n for _, n in carrier.seen] == [3, 4]
        assert sorted(s.id for s in store.recorded) == [1, 2, 3, 4]
        assert next(s.external_id for s in store.recorded if s.id == 1) == 501
        await sender.stop()

    live(story)
    assert [p.name for p in tmp_path.iterdir()] == ["sent-dead"], "its own is gone after a stop in order"


def test_receipts_hold_only_what_the_database_does_not_know(tmp_path: Path) -> None:
    """The file does not grow with the number of messages."""
    receipts, reader = Receipts(tmp_path, "one"), Receipts(tmp_path, "two")
    for number in range(20_000):
        receipts.note(number, number)
        receipts.settle([(number, number)] if number % 50 else [])
    receipts.note(7, 8)
    receipts.settle([(7, 8)])
    assert 7 in reader.left()
    assert (tmp_path / "sent-one").stat().st_size < 100_000
    receipts.settle([])
    assert reader.left() == {}
    reader.tidy(START + timedelta(days=400))
    assert not (tmp_path / "sent-one").exists()


def test_outcomes_are_facts() -> None:
    """A delivered message carries the server's number."""
    assert Delivered(5).external_id == 5
